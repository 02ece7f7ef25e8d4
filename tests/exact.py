"""What expressions mean, in exact numbers or in 60 digits.

`Meaning` evaluates the component form (plain SymPy) and the engine's vector and matrix
expressions in one number system, so that two derivations can be compared beyond rounding:

Residues    integers modulo a prime of 61 bits, where an activation is a random function of
            its argument. Two expressions that agree there are equal as rational functions
            of the values of the activations, but for a chance of 1e-15. It refuses what
            obeys laws of its own (exp, roots, |a|), because a random function would not.
Decimals    mpmath with 60 digits and the true activations, for all that Residues refuses.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

import mpmath
import sympy as sp
from sympy import (
    Add,
    BlockMatrix,
    Expr,
    Identity,
    MatAdd,
    MatMul,
    MatrixExpr,
    MatrixSymbol,
    Mul,
    OneMatrix,
    Pow,
    Rational,
    Symbol,
    Transpose,
    ZeroMatrix,
)

from symgate import Cell, linearise
from symgate.algebra.activations import softsign
from symgate.algebra.matrices import ColumnBlock
from symgate.algebra.operators import Column, Diag
from symgate.algebra.vectors import MatVec, Stack, Vector, shifted, variable

PRIME = 2**61 - 1
DIGITS = 60

Matrix = list[list[Any]]


class NotExact(Exception):
    """An expression that has no meaning modulo a prime."""


class Residue:
    """An integer modulo the prime."""

    __slots__ = ("value",)

    def __init__(self, value: int) -> None:
        self.value = value % PRIME

    def __add__(self, other: Residue) -> Residue:
        return Residue(self.value + other.value)

    def __mul__(self, other: Residue) -> Residue:
        return Residue(self.value * other.value)

    def __pow__(self, exponent: int) -> Residue:
        return Residue(pow(self.value, exponent, PRIME))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Residue) and self.value == other.value

    def __repr__(self) -> str:
        return str(self.value)


class Numbers(Protocol):
    """A number system: its random numbers, its functions, when two numbers are equal."""

    def rational(self, value: Rational) -> Any: ...
    def drawn(self, rng: random.Random) -> Any: ...
    def call(self, name: str, *arguments: Any) -> Any: ...
    def power(self, base: Any, exponent: Expr) -> Any: ...
    def equal(self, one: Any, other: Any) -> bool: ...


class Residues:
    """Numbers modulo the prime; a function's value is drawn by its name and argument."""

    def rational(self, value: Rational) -> Residue:
        return Residue(int(value.p)) * Residue(int(value.q)) ** -1

    def drawn(self, rng: random.Random) -> Residue:
        return Residue(rng.randrange(PRIME))

    def call(self, name: str, *arguments: Residue) -> Residue:
        if name in ("exp", "Abs", "sign"):
            raise NotExact(name)
        first = arguments[0].value
        # SymPy takes a minus sign out of these, so that they must be odd or even here too.
        turned = name in ("tanh", "sin", "cos") and first > PRIME // 2
        key = (name, PRIME - first if turned else first, *(a.value for a in arguments[1:]))
        value = Residue(random.Random(repr(key)).randrange(PRIME))
        return Residue(-value.value) if turned and name != "cos" else value

    def power(self, base: Residue, exponent: Expr) -> Residue:
        if not exponent.is_Integer:
            raise NotExact("a root")
        return base ** int(exponent)

    def equal(self, one: Residue, other: Residue) -> bool:
        return one == other


def is_exact(cell: Cell) -> bool:
    """Whether Residues carry a cell: no exp, no root, no |a|, also not in a derivative."""
    return not any(
        e.has(sp.exp, sp.Abs, softsign) or any(not p.exp.is_Integer for p in e.atoms(Pow))
        for e in cell.equations.values()
    )


def _between(a: Any, low: int, high: int) -> Any:
    return max(mpmath.mpf(low), min(mpmath.mpf(high), a))


#: The activations of the language and what their slopes are made of, by mpmath.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sigmoid": lambda a: 1 / (1 + mpmath.exp(-a)),
    "step": lambda a: mpmath.mpf(a > 0),
    "relu": lambda a: max(a, mpmath.mpf(0)),
    "leaky_relu": lambda a, k=None: a if a > 0 else a * (mpmath.mpf(1) / 100 if k is None else k),
    "elu": lambda a, k=1: a if a > 0 else k * mpmath.expm1(a),
    "gelu": lambda a: a * mpmath.ncdf(a),
    "normal_cdf": mpmath.ncdf,
    "normal_pdf": mpmath.npdf,
    "silu": lambda a: a / (1 + mpmath.exp(-a)),
    "softplus": lambda a: mpmath.log1p(mpmath.exp(a)),
    "softsign": lambda a: a / (1 + abs(a)),
    "hard_sigmoid": lambda a, k=None: _between(
        a * (mpmath.mpf(1) / 6 if k is None else k) + 0.5, 0, 1
    ),
    "hard_tanh": lambda a, k=1: _between(k * a, -1, 1),
    "Abs": abs,
    "tanh": mpmath.tanh,
    "exp": mpmath.exp,
    "log": mpmath.log,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "sign": mpmath.sign,
}


class Decimals:
    """Numbers of 60 digits (where the caller works with so many), equal to 1e-35."""

    def rational(self, value: Rational) -> Any:
        return mpmath.mpf(int(value.p)) / int(value.q)

    def drawn(self, rng: random.Random) -> Any:
        return mpmath.mpf(rng.randint(-1500, 1500)) / 1009

    def call(self, name: str, *arguments: Any) -> Any:
        return FUNCTIONS[name](*arguments)

    def power(self, base: Any, exponent: Expr) -> Any:
        return base ** self.rational(exponent)

    def equal(self, one: Any, other: Any) -> bool:
        return abs(one - other) <= mpmath.mpf("1e-35") * max(1, abs(other))


class Meaning:
    """Evaluates expressions; `values` says what their atoms are.

    A vector is a list of numbers, a scalar a number, a matrix a list of rows.
    """

    def __init__(self, numbers: Numbers, values: dict[Any, Any], sizes: dict[Symbol, int]) -> None:
        self.numbers, self.values, self.sizes = numbers, dict(values), sizes

    def size(self, size: Expr) -> int:
        return int(size.subs(self.sizes))

    def vector(self, e: Expr) -> Any:
        if e not in self.values:
            self.values[e] = self._vector(e)
        return self.values[e]

    def sized(self, e: Expr, size: Expr) -> list[Any]:
        """A vector of that size; a scalar stands for all components."""
        value = self.vector(e)
        return value if isinstance(value, list) else [value] * self.size(size)

    def _vector(self, e: Expr) -> Any:
        if isinstance(e, Rational):
            return self.numbers.rational(e)
        if isinstance(e, MatVec):
            vector = self.sized(e.vector, e.matrix.cols)
            return [self._dot(row, vector) for row in self.matrix(e.matrix)]
        if isinstance(e, Stack):
            sized = [self.sized(*part) for part in zip(e.parts, e.sizes, strict=True)]
            return [number for part in sized for number in part]
        if isinstance(e, Pow):
            return _mapped(lambda a: self.numbers.power(a, e.exp), self.vector(e.base))
        arguments = [self.vector(a) for a in e.args]
        if isinstance(e, Add):
            return _mapped(self._sum, *arguments)
        if isinstance(e, Mul):
            return _mapped(self._product, *arguments)
        if isinstance(e, sp.Function):
            return _mapped(lambda *a: self.numbers.call(type(e).__name__, *a), *arguments)
        if e is sp.S.Exp1:
            return self.numbers.call("exp", self.numbers.rational(sp.S.One))
        raise NotExact(str(type(e)))

    def matrix(self, a: MatrixExpr) -> Matrix:
        if a not in self.values:
            self.values[a] = self._matrix(a)
        return self.values[a]

    def _matrix(self, a: MatrixExpr) -> Matrix:
        zero, one = (self.numbers.rational(number) for number in (sp.S.Zero, sp.S.One))
        match a:
            case Transpose():
                return [list(column) for column in zip(*self.matrix(a.arg), strict=True)]
            case Diag():
                vector = self.sized(a.vector, a.rows)
                return [[v if i == j else zero for j in range(len(vector))]
                        for i, v in enumerate(vector)]  # fmt: skip
            case Column():
                return [[v] for v in self.sized(a.vector, a.rows)]
            case Identity():
                return self._matrix(Diag(a.rows, sp.S.One))
            case ZeroMatrix() | OneMatrix():
                entry = zero if isinstance(a, ZeroMatrix) else one
                return [[entry] * self.size(a.cols) for _ in range(self.size(a.rows))]
            case ColumnBlock():
                start, width = self.size(a.start), self.size(a.width)
                return [row[start : start + width] for row in self.matrix(a.matrix)]
            case BlockMatrix():
                rows, cols = a.blocks.shape
                return [
                    [number for j in range(cols) for number in self.matrix(a.blocks[i, j])[k]]
                    for i in range(rows)
                    for k in range(self.size(a.blocks[i, 0].rows))
                ]
            case MatAdd():
                parts = [self.matrix(part) for part in a.args]
                return [[self._sum(*entries) for entries in zip(*rows, strict=True)]
                        for rows in zip(*parts, strict=True)]  # fmt: skip
            case MatMul():
                result, scale = None, one
                for factor in a.args:
                    if not isinstance(factor, MatrixExpr):
                        scale = scale * self.vector(factor)
                    elif result is None:
                        result = self.matrix(factor)
                    else:
                        columns = list(zip(*self.matrix(factor), strict=True))
                        result = [[self._dot(row, column) for column in columns] for row in result]
                assert result is not None
                return [[scale * entry for entry in row] for row in result]
        raise NotExact(str(type(a)))

    def _sum(self, *parts: Any) -> Any:
        return sum(parts[1:], parts[0])

    def _product(self, *factors: Any) -> Any:
        result = factors[0]
        for factor in factors[1:]:
            result = result * factor
        return result

    def _dot(self, row: Any, column: Any) -> Any:
        return self._sum(*(a * b for a, b in zip(row, column, strict=True)))


def _mapped(function: Callable[..., Any], *arguments: Any) -> Any:
    """Component by component, a scalar standing for all components."""
    lengths = {len(a) for a in arguments if isinstance(a, list)}
    if not lengths:
        return function(*arguments)
    (length,) = lengths
    wide = [a if isinstance(a, list) else [a] * length for a in arguments]
    return [function(*at) for at in zip(*wide, strict=True)]


class Components:
    """A cell at n units and m inputs with numbers for its parameters, states and inputs."""

    def __init__(self, cell: Cell, numbers: Numbers, *, n: int = 2, m: int = 1) -> None:
        self.cell, self.numbers = cell, numbers
        self.sizes = {size: m if letter == "m" else n for letter, size in cell.sizes.items()}
        self.explicit = cell.explicit(n=n, m=m)
        rng = random.Random(f"{cell} {n} {m}")
        self.parameters: dict[Any, Any] = {}
        self.symbols: dict[Symbol, Any] = {}
        for name, parameter in cell.parameters.items():
            symbols = self.explicit.parameters[name]
            drawn = [[self._drawn(s, rng) for s in symbols.row(i)] for i in range(symbols.rows)]
            if parameter.kind == "matrix":
                self.parameters[MatrixSymbol(name, *parameter.shape)] = drawn
            elif parameter.kind == "vector":
                self.parameters[Vector(name, real=True)] = [row[0] for row in drawn]
            else:
                self.parameters[Symbol(name, real=True)] = drawn[0][0]
        self.columns = {
            **_cut(self.explicit.state, [(s, self.number(s)) for s in cell.states]),
            **_cut(self.explicit.input, [(x, self.number(x)) for x in cell.inputs]),
        }
        self.start = {name: [self._drawn(s, rng) for s in column]
                      for name, column in self.columns.items()}  # fmt: skip
        if "n" in cell.states:  # a normaliser, that sLSTM divides by
            self.start["n"] = [numbers.power(v, sp.Integer(2)) for v in self.start["n"]]
            self.symbols.update(zip(self.columns["n"], self.start["n"], strict=True))

    def number(self, name: str) -> int:
        return int(self.cell.size(name).subs(self.sizes))

    def _drawn(self, symbol: Symbol, rng: random.Random) -> Any:
        self.symbols[symbol] = self.numbers.drawn(rng)
        return self.symbols[symbol]

    def vectors(self, steps: list[dict[str, list[Any]]]) -> Meaning:
        """The meaning of the engine's expressions at the last of some steps.

        `steps` holds the states before the first step, and the inputs of each; the names
        that the engine gave to parts of equations are computed here, step by step.
        """
        values = dict(self.parameters)
        before = {s: steps[0][s] for s in self.cell.states}
        reach = len(steps)
        values.update({variable(s, reach): v for s, v in before.items()})
        meaning = Meaning(self.numbers, values, self.sizes)
        for i, given in enumerate(steps):
            lag = reach - 1 - i
            for x in self.cell.inputs:
                meaning.values[variable(x, lag)] = given[x]
            for node in linearise(self.cell):
                value = meaning.sized(shifted(node.expression, lag), node.size)
                meaning.values[variable(node.name, lag)] = value
        return meaning


def composed(
    components: Components, lags: int
) -> tuple[Callable[[str, str, int], Matrix], list[dict[str, list[Any]]]]:
    """The component form composed with itself, and differentiated by central differences.

    Gives a function (of, wrt, lag) and what `Components.vectors` takes: the states before
    the first step and the inputs of each. Call it with more than 100 digits.
    """
    cell, rng, epsilon = components.cell, random.Random(0), mpmath.mpf(10) ** -40
    names = [*cell.states, *cell.inputs]
    fixed = [s for s in components.symbols if not any(s in components.columns[x] for x in names)]
    function = sp.lambdify(
        [[s for name in names for s in components.columns[name]], fixed],
        [list(components.explicit.values[name]) for name in cell.equations],
        modules=[FUNCTIONS, "mpmath"],
        cse=True,
    )
    parameters = [components.symbols[s] for s in fixed]
    start = components.start
    drawn = {x: [[components.numbers.drawn(rng) for _ in start[x]] for _ in range(lags)]
             for x in cell.inputs}  # fmt: skip
    steps = [start, *({x: drawn[x][i] for x in cell.inputs} for i in range(lags))]

    def run(varied: str, place: int, by: Any) -> list[dict[str, list[Any]]]:
        at = {**start, varied: list(start[varied])}
        at[varied][place] += by
        values = []
        for given in steps:
            at.update({x: given[x] for x in cell.inputs if values})
            flat = [number for name in names for number in at[name]]
            values.append(dict(zip(cell.equations, function(flat, parameters), strict=True)))
            at.update({s: values[-1][s] for s in cell.states})
        return values

    @cache
    def slopes(wrt: str) -> list[list[dict[str, list[Any]]]]:
        return [[run(wrt, j, sign * epsilon) for sign in (1, -1)]
                for j in range(len(start[wrt]))]  # fmt: skip

    def difference(of: str, wrt: str, lag: int) -> Matrix:
        at = lag - (wrt in cell.states)
        columns = [
            [(a - b) / (2 * epsilon) for a, b in zip(up[at][of], down[at][of], strict=True)]
            for up, down in slopes(wrt)
        ]
        return [list(row) for row in zip(*columns, strict=True)]

    return difference, steps


def _cut(column: sp.Matrix, lengths: list[tuple[str, int]]) -> dict[str, list[Symbol]]:
    entries, cut = list(column), {}
    for name, length in lengths:
        cut[name], entries = entries[:length], entries[length:]
    return cut
