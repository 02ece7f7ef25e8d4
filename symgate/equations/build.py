"""From the checked syntax of a cell to SymPy expressions.

Each equation becomes an element-wise expression in which `MatVec` is the only node that
mixes components. Numbers are exact rationals. What SymPy would turn into infinity or an
imaginary number is an error here.
"""

from __future__ import annotations

import ast
from functools import reduce
from typing import TypeGuard

import sympy as sp
from sympy import Expr, Identity, MatrixExpr, MatrixSymbol, Rational, Symbol
from sympy.core.basic import Basic

from symgate.algebra.activations import FUNCTIONS, OF_TWO, WITH_CONSTANT
from symgate.algebra.operators import Diag, OperatorProduct, OperatorSum, factored, transposed
from symgate.algebra.signs import Sign, sign_of
from symgate.algebra.structure import addends, applied, diagonal, scaling
from symgate.algebra.values import Dyad
from symgate.algebra.vectors import MatVec, Stack, Vector, rank, variable
from symgate.equations.matrices import left_applied, multiplied, right_applied, turned
from symgate.equations.names import Names, is_matrix
from symgate.equations.names import rank as rank_of
from symgate.equations.shapes import Shapes
from symgate.equations.source import Source
from symgate.equations.syntax import MIXING, TO_NUMBER, ParsedLine, reference
from symgate.errors import EquationError, SymgateError

_NOT_REAL = {sp.zoo, sp.nan, sp.oo, -sp.oo, sp.I}
_NUMBERS = (sp.Number, type(sp.zoo), type(sp.I))

MAX_POWER = 100
MAX_NUMBER = 10**100


class Builder:
    """Builds the expressions of one cell, and notes the order in which names appear."""

    def __init__(self, source: Source, names: Names, shapes: Shapes) -> None:
        self.source, self.names, self.shapes = source, names, shapes
        self.appeared: dict[Basic, ast.expr] = {}
        self.defined: dict[Expr, Expr] = {}

    def equation(self, line: ParsedLine) -> tuple[Expr, dict[Basic, int]]:
        """The right side of a line, and the place at which each symbol first stands in it."""
        self.appeared = {}
        expression = self.vector(line.right)
        for symbol, node in self.appeared.items():
            if not expression.has(symbol):
                raise self.source.error(
                    node, f"{self.source.written(node)} cancels out of this equation; leave it out"
                )
        defined = variable(line.name, 0, self.names.ranks[line.name])
        self.defined[defined] = expression
        return expression, {symbol: place for place, symbol in enumerate(self.appeared)}

    def appear(self, node: ast.expr, symbol: Basic) -> Basic:
        self.appeared.setdefault(symbol, node)
        return symbol

    def vector(self, node: ast.expr) -> Expr:
        expression = self.expression(node)
        if fault := _fault(expression):
            raise self.source.error(node, fault)
        return expression

    def expression(self, node: ast.expr) -> Expr:
        found = reference(node)
        if found is not None:
            return self.appear(node, self.symbol(*found))
        match node:
            case ast.Constant(value=value):
                return number(value)
            case ast.UnaryOp(op=op, operand=operand):
                return self.vector(operand) * (-1 if isinstance(op, ast.USub) else 1)
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                return self.matrix_vector(left, right)
            case ast.BinOp(op=ast.Pow()):
                return self.power(node)
            case ast.BinOp(left=left, op=op, right=right):
                return self.arithmetic(node, self.vector(left), op, self.vector(right))
            case ast.Call(func=ast.Name(id=function), args=arguments):
                return self.call(node, function, arguments)
            case ast.Attribute():
                raise self.source.error(node, "S.T may stand only beside @, as in S[t-1].T @ q[t]")
        raise self.source.error(node, "this is not an expression of the language")

    def symbol(self, name: str, lag: int | None) -> Basic:
        if lag is not None:
            return variable(name, lag, self.names.ranks[name])
        kind = Vector if self.names.kinds[name] == "vector" else Symbol
        return kind(name, real=True)

    def arithmetic(self, node: ast.expr, one: Expr, op: ast.operator, other: Expr) -> Expr:
        match op:
            case ast.Add():
                return one + other
            case ast.Sub():
                return one - other
            case ast.Mult():
                return one * other
        if other.is_zero:
            raise self.source.error(node, "a division by zero")
        return one / other

    def power(self, node: ast.BinOp) -> Expr:
        exponent, base = constant(node.right), self.vector(node.left)
        if exponent is None and any(isinstance(n, ast.Name) for n in ast.walk(node.right)):
            return self.variable_power(node, base)
        if exponent is None or abs(exponent) > MAX_POWER:
            raise self.source.error(
                node.right, "an exponent must be a plain number from -100 to 100, as in h[t-1]**2"
            )
        if base.is_zero and exponent <= 0:
            raise self.source.error(node, f"zero to the power {exponent} is not defined")
        return _settled(base**exponent)

    def of_vector(self, function: str, node: ast.expr) -> Expr:
        """What must be a vector, also after SymPy has simplified it."""
        value = self.vector(node)
        if rank(value) != 1:
            raise self.source.error(node, f"{function} takes a vector, and this is {value}")
        return value

    def variable_power(self, node: ast.BinOp, base: Expr) -> Expr:
        """A power whose exponent is an expression: its base is proved positive."""
        signs: dict[Expr, Sign] = {}
        for symbol, expression in self.defined.items():
            signs[symbol] = sign_of(expression, signs)
        if sign_of(base, signs) < Sign.POSITIVE:
            raise self.source.error(
                node.left,
                "a power with an expression as exponent needs a base that is certain to be positive"
                f", as sigmoid(…) or exp(…); {self.source.written(node.left)} may be zero or less",
            )
        return base ** self.vector(node.right)

    def call(self, node: ast.Call, function: str, arguments: list[ast.expr]) -> Expr:
        if function in TO_NUMBER:
            return TO_NUMBER[function](*(self.of_vector(function, a) for a in arguments))
        if function == "outer":
            return Dyad(*(self.of_vector(function, a) for a in arguments))
        if function == "diag":
            raise self.source.error(
                node, "diag(…) must act on something: write diag(v) @ h[t-1] or S[t-1] @ diag(v)"
            )
        inner = self.vector(arguments[0])
        if function in OF_TWO:
            return FUNCTIONS[function](inner, self.vector(arguments[1]))
        constants = [constant(argument) for argument in arguments[1:]]
        for argument, value in zip(arguments[1:], constants, strict=True):
            if value is None or not 0 < value <= 100:
                what = WITH_CONSTANT.get(function, "what is added to the mean square")
                raise self.source.error(argument, f"{what} must be a number above 0, up to 100")
        if function in MIXING:
            return MIXING[function](self.of_vector(function, arguments[0]), *constants)
        return _settled(FUNCTIONS[function](inner, *constants))

    def matrix_vector(self, left: ast.expr, right: ast.expr) -> Expr:
        if self.names.ranks.is_value(left) or self.names.ranks.is_value(right):
            return self.with_value(left, right)
        if is_matrix(right, self.names):  # a row vector: x @ W is Wᵀ x
            vector, matrix = self.stacked(left), transposed(self.matrix(right))
        else:
            matrix, vector = self.matrix(left), self.stacked(right)
        return _acting(matrix, vector)

    def with_value(self, left: ast.expr, right: ast.expr) -> Expr:
        """A product in which one side is a matrix of the step."""
        if self.names.ranks.is_value(left) and self.is_of_operators(left):
            return self.vector(_at(left, left.left, _at(left, left.right, right)))
        before, after = self.factors(left), self.factors(right)
        if len(before) > 1:
            return self.vector(reduce(lambda v, m: _at(left, m, v), reversed(before), right))
        if len(after) > 1:
            return self.vector(reduce(lambda v, m: _at(right, v, m), after, left))
        if rank_of(left, self.names) == 1:
            return right_applied(self.vector(left), self.parts(right))
        if rank_of(right, self.names) == 1:
            return left_applied(self.parts(left), self.vector(right))
        try:
            return multiplied(self.parts(left), self.parts(right))
        except EquationError:
            raise
        except SymgateError as error:
            raise self.source.error(left, str(error)) from None

    def is_of_operators(self, node: ast.expr) -> TypeGuard[ast.BinOp]:
        """Whether it is a product with no state, gate or input that is a matrix."""
        product = isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)
        values = (n for n in ast.walk(node) if isinstance(n, ast.Subscript))
        return product and all(rank_of(n, self.names) != 2 for n in values)

    def factors(self, node: ast.expr) -> list[ast.expr]:
        """The factors of a product of parameters with diag(…) of a value between them."""
        if self.names.ranks.is_value(node) or not is_matrix(node, self.names):
            return [node]
        return _factors(node) if self.matrix(node).has(sp.Indexed) else [node]

    def parts(self, node: ast.expr) -> list[tuple[Expr, MatrixExpr | Expr]]:
        """A matrix expression as a sum: a number and a matrix, of parameters or of the step."""
        if not self.names.ranks.is_value(node):
            return [(sp.S.One, self.matrix(node))]
        match node:
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
                sign = -1 if isinstance(op, ast.Sub) else 1
                return [*self.parts(left), *((sign * c, m) for c, m in self.parts(right))]
            case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
                ranks = [rank_of(side, self.names) for side in (left, right)]
                if ranks != [2, 2]:
                    matrix, number = (left, right) if ranks[0] == 2 else (right, left)
                    scale = self.vector(number) ** (-1 if isinstance(op, ast.Div) else 1)
                    return [(scale * c, m) for c, m in self.parts(matrix)]
            case ast.UnaryOp(op=op, operand=operand):
                sign = -1 if isinstance(op, ast.USub) else 1
                return [(sign * c, m) for c, m in self.parts(operand)]
            case ast.Attribute(value=value):
                return [(c, turned(m)) for c, m in self.parts(value)]
        return [(sp.S.One, self.vector(node))]

    def stacked(self, node: ast.expr) -> Expr:
        """What a matrix acts on: a vector or a concatenation."""
        parts = node.elts if isinstance(node, ast.List) else [node]
        vectors = [self.vector(part) for part in parts]
        for part, vector in zip(parts, vectors, strict=True):
            if rank(vector) != 1:
                raise self.source.error(part, f"a matrix acts on a vector, and this is {vector}")
        if len(parts) == 1:
            return vectors[0]
        return Stack(vectors, [self.shapes.parts[id(part)] for part in parts])

    def matrix(self, node: ast.expr) -> MatrixExpr:
        match node:
            case ast.Name(id="I"):
                return Identity(self.shapes.identities[id(node)])
            case ast.Name(id=name):
                return self.appear(node, MatrixSymbol(name, *self.shapes.matrices[name]))
            case ast.Attribute(value=value):
                return transposed(self.matrix(value))
            case ast.UnaryOp(op=op, operand=operand):
                inner = self.matrix(operand)
                return _scaled(sp.S.NegativeOne, inner) if isinstance(op, ast.USub) else inner
            case ast.Call(args=arguments):
                return Diag(self.shapes.parts[id(node)], self.vector(arguments[0]))
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                return _chain(self.matrix(left), self.matrix(right))
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
                one, other = self.whole(left), self.whole(right)
                if isinstance(op, ast.Sub):
                    other = _scaled(sp.S.NegativeOne, other)
                return OperatorSum(*addends(one), *addends(other))
            case ast.BinOp(left=left, op=op, right=right):
                if is_matrix(right, self.names):
                    return _scaled(self.scalar(left), self.whole(right))
                scale = self.scalar(right)
                return _scaled(1 / scale if isinstance(op, ast.Div) else scale, self.whole(left))
        raise self.source.error(node, "this is not a matrix")

    def whole(self, node: ast.expr) -> MatrixExpr:
        """A matrix that stands in a larger expression: it cannot change with the step."""
        matrix = self.matrix(node)
        if matrix.has(sp.Indexed):
            raise self.source.error(
                node,
                "diag(…) of a gate or a state must stand alone: (A + diag(z[t])) @ h[t-1] is "
                "A @ h[t-1] + z[t] * h[t-1]",
            )
        return matrix

    def scalar(self, node: ast.expr) -> Expr:
        value = self.vector(node)
        if value.is_zero:
            raise self.source.error(
                node, "a matrix is multiplied or divided by zero here; leave it out"
            )
        return value


def _fault(expression: Expr) -> str:
    """What is wrong with the numbers of an expression, if anything is."""
    powers, numbers = expression.atoms(sp.Pow), expression.atoms(*_NUMBERS)
    if numbers & _NOT_REAL or not all(e.is_real for e in (expression, *powers) if e.is_number):
        return (
            "this is not a real number (a division by zero, or the root or logarithm of a "
            "negative number)"
        )
    size = abs(expression.evalf(15)) if expression.is_number and not expression.is_Rational else 0
    if size > MAX_NUMBER or any(max(abs(n.p), n.q) > MAX_NUMBER for n in numbers if n.is_Rational):
        return "a number with more than 100 digits comes out of this"
    if any(abs(power.exp) > MAX_POWER for power in powers if power.exp.is_number):
        return f"a power above {MAX_POWER} comes out of this"
    return ""


def number(value: object) -> Expr:
    """A number as an exact rational: 0.1 is 1/10."""
    return Rational(str(value))


def constant(node: ast.expr) -> Expr | None:
    """The value of a number, its negative or a ratio of numbers; None for anything else."""
    match node:
        case ast.Constant(value=value):
            return number(value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = constant(operand)
            return None if inner is None else -inner
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            above, below = constant(left), constant(right)
            return above / below if above is not None and below else None
    return None


def _settled(expression: Expr) -> Expr:
    """SymPy's simplifications carried to their end: its abs(-abs(a)) is abs(abs(a)) at first."""
    while expression.args:
        before, expression = expression, expression.func(*expression.args)
        if expression == before:
            break
    return expression


def _scaled(scale: Expr, matrix: MatrixExpr) -> MatrixExpr:
    return _chain(matrix, scale=scale)


def _factors(node: ast.expr) -> list[ast.expr]:
    """The factors of a product of matrices, those of its transpose turned round."""
    match node:
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            return [*_factors(left), *_factors(right)]
        case ast.Attribute(value=value) if len(inner := _factors(value)) > 1:
            return [
                ast.copy_location(ast.Attribute(value=factor, attr="T"), node)
                for factor in reversed(inner)
            ]
    return [node]


def _at(place: ast.expr, left: ast.expr, right: ast.expr) -> ast.expr:
    return ast.copy_location(ast.BinOp(left=left, op=ast.MatMult(), right=right), place)


def _acting(matrix: MatrixExpr, vector: Expr) -> Expr:
    """A matrix on a vector; diag(…) of a value is a factor, also between parameters."""
    apart = matrix.has(sp.Indexed) or not matrix.is_MatMul
    return applied(matrix, vector, _scaling) if apart else MatVec(matrix, vector)


def _scaling(diag: MatrixExpr, vector: Expr) -> Expr:
    """A diagonal on a vector; that of a parameter alone stays a matrix."""
    (factor, *others) = diag.factors
    stays = rank(factor) == 1 and factor.is_Symbol and not others
    return MatVec(diag, vector) if stays else scaling(diag, vector)


def _chain(*matrices: MatrixExpr, scale: Expr = sp.S.One) -> MatrixExpr:
    """scale A B …, with one number in front and no identity where it says nothing."""
    factors: list[MatrixExpr] = []
    for matrix in matrices:
        own, parts = factored(matrix)
        scale *= own
        factors.extend(parts)
    shaped = [f for f in factors if diagonal(f) != ()] or factors[:1]
    if scale == 1 and len(shaped) == 1:
        return shaped[0]
    if len(shaped) == 1 and len(summands := addends(shaped[0])) > 1:
        return OperatorSum(*(_scaled(scale, part) for part in summands))
    return OperatorProduct(*shaped) if scale == 1 else OperatorProduct(scale, *shaped)
