"""How expressions print: one walk over vector and operator expressions, several styles.

`Printer` knows the order in which people write things: a sum starts with its positive
terms, 1 - z stays 1 - z, the factors of a diagonal keep the order of the chain rule.
`language` prints what the parser reads back; `text` prints as on a board; the LaTeX
writer is a third style, in `symgate.writing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sympy as sp
from sympy import (
    Add,
    Expr,
    Identity,
    Indexed,
    MatAdd,
    MatMul,
    MatPow,
    MatrixExpr,
    MatrixSymbol,
    Mul,
    OneMatrix,
    Pow,
    Rational,
    S,
    Symbol,
    Transpose,
    ZeroMatrix,
)
from sympy.core.basic import Basic
from sympy.core.function import Function
from sympy.matrices.expressions.blockmatrix import BlockMatrix

from symgate.algebra.marks import (
    Along,
    Differential,
    Dots,
    Gradient,
    Ordered,
    OverTime,
    Partial,
    Power,
    Step,
)
from symgate.algebra.names import ACCENTS, GREEK, name_parts
from symgate.algebra.norms import MaxNorm, SpectralNorm
from symgate.algebra.operators import ColumnBlock, Diag, OrderedProduct
from symgate.algebra.vectors import (
    MatVec,
    Outer,
    Stack,
    Total,
    Vector,
    name_of,
    shifted,
    t,
    time_of,
)

SUM, PRODUCT, MATVEC, POWER, ATOM = range(1, 6)

Order = Mapping[Basic, int]


def by_appearance(order: Order | None, expression: Basic) -> tuple[Any, ...]:
    """A sort key: where the symbols of an expression first appear in its equation."""
    parts = 0 if isinstance(expression, Indexed | Symbol) else len(expression.args)
    if order is None:
        return (parts, sp.default_sort_key(expression))
    atoms = expression.atoms(Indexed, Symbol, MatrixSymbol)
    places = sorted({order[a] for a in atoms if a in order})
    return (places, parts, sp.default_sort_key(expression))


def in_order(expressions: Iterable[Expr], order: Order | None) -> list[Expr]:
    """Sort the parts of a product or a sum as their equation wrote them."""
    return sorted(expressions, key=lambda e: (not e.is_number, *by_appearance(order, e)))


def is_vector(expression: Basic) -> bool:
    """Whether an expression holds a vector, so that a product with it is Hadamard's."""
    if isinstance(expression, SpectralNorm | MaxNorm):
        return False
    if isinstance(expression, Indexed | Vector | MatVec):
        return True
    return any(map(is_vector, expression.args))


class Printer:
    """Prints vector expressions and operators: here in the language of equations.

    A style is a subclass that overrides what the first methods decide.
    """

    hadamard, scalar_times, matvec_times, minus = " * ", " * ", " @ ", "-"

    #: Whether what is printed reads back to the same expression, sign by sign.
    reads_back = True

    def __init__(self, order: Order | None = None) -> None:
        self.order = order

    # -- what a style decides ------------------------------------------------------------

    def name(self, name: str, time: Expr | None) -> str:
        """A variable at a time relative to t, or (time None) a parameter."""
        if time is None:
            return name
        return f"{name}[t]" if time == 0 else f"{name}[t{_signed(time)}]"

    def number(self, value: Expr) -> str:
        return _decimal(value)

    def call(self, function: str, arguments: Sequence[str]) -> str:
        return f"{function}({', '.join(arguments)})"

    def fraction(self, numerator: Sequence[Expr], denominator: Sequence[Expr]) -> str:
        above = self.factors(numerator)
        below = self.factors(denominator, POWER)
        return f"{above} / {f'({below})' if len(denominator) > 1 else below}"

    def power(self, base: Expr, exponent: Expr) -> str:
        return f"{self.show(base, ATOM)}**{self.show(exponent, ATOM)}"

    def root(self, base: Expr) -> str:
        return self.call("sqrt", [self.show(base)])

    def parenthesised(self, text: str) -> str:
        return f"({text})"

    def stack(self, parts: Sequence[str]) -> str:
        return f"[{', '.join(parts)}]"

    def transposed(self, matrix: Expr) -> str:
        return f"{self.show(matrix, ATOM)}.T"

    def diagonal(self, factors: Sequence[Expr]) -> str:
        return f"diag({self.hadamard_product(factors)})"

    def column_block(self, block: ColumnBlock) -> str:
        stop = block.start + block.width
        return f"{self.show(block.matrix, ATOM)}[:, {block.start}:{stop}]"

    def ordered_product(self, product: OrderedProduct) -> str:
        shown = self.show(shifted(product.factor, product.index))
        return f"prod_{{{product.index}=0}}^{{{_last(product)}}} ({shown})"

    def block_matrix(self, rows: Sequence[Sequence[str]]) -> str:
        return "[" + "; ".join(", ".join(row) for row in rows) + "]"

    def outer(self, u: Expr, v: Expr) -> str:
        return f"outer({self.show(u)}, {self.show(v)})"

    def ones(self) -> str:
        return "1"

    def summed(self, vector: Expr) -> str:
        return f"sum({self.show(vector)})"

    def matvec(self, matrix: MatrixExpr, vector: Expr) -> str:
        left, right = self.show(matrix, MATVEC), self.show(vector, POWER)
        return f"{left}{self.matvec_times}{right}"

    def matrix_name(self, name: str) -> str:
        return self.name(name, None)

    def norm(self, inside: str, kind: str) -> str:
        """`kind` is "2" for the spectral norm, "oo" for the largest component."""
        return f"norm({inside}, {kind})"

    def mark(self, e: Basic) -> tuple[str, int]:
        """What derivations write besides values: dh, ∂h/∂c, J_t (symgate.algebra.marks)."""
        return str(e), 0

    def derivative(self, of: str, wrt: str, lag: Expr) -> str:
        return f"∂{self.name(of, S.Zero)}/∂{self.name(wrt, -lag)}"

    # -- the walk ------------------------------------------------------------------------

    def show(self, expression: Any, at_least: int = 0) -> str:
        """Print an expression, in parentheses where it binds less than `at_least`."""
        text, binds = self._shown(expression)
        return self.parenthesised(text) if binds < at_least else text

    def hadamard_product(self, factors: Sequence[Expr]) -> str:
        """Factors in the order given; a single one needs no parentheses."""
        if len(factors) == 1:
            return self.show(factors[0])
        return self.factors(factors)

    def factors(self, factors: Sequence[Expr], binds: int = PRODUCT + 1) -> str:
        shown = self.show(factors[0], binds) if len(factors) == 1 else None
        if shown is not None:
            return shown
        out, vector_before = "", False
        for i, factor in enumerate(factors):
            vector = is_vector(factor)
            if i:
                out += self.hadamard if vector and vector_before else self.scalar_times
            out += self.show(factor, self.in_product(factor))
            vector_before = vector_before or vector
        return out

    def in_product(self, factor: Expr) -> int:
        """How tightly a factor of a product must bind to stand without parentheses."""
        return MATVEC + 1

    def _shown(self, e: Any) -> tuple[str, int]:
        if isinstance(e, MatrixExpr):
            return self._operator(e)
        if isinstance(e, Indexed):
            return self.name(name_of(e), time_of(e)), ATOM
        if isinstance(e, Symbol):
            return self.name(e.name, None), ATOM
        if isinstance(e, MatVec):
            return self.matvec(e.matrix, e.vector), MATVEC
        if isinstance(e, SpectralNorm | MaxNorm):
            kind = "2" if isinstance(e, SpectralNorm) else "oo"
            return self.norm(self.show(e.args[0]), kind), ATOM
        if isinstance(e, Ordered):
            return self.factors(e.args), PRODUCT
        if isinstance(e, Differential | Along | Gradient):
            return self.mark(e)
        if isinstance(e, Total):
            return self.summed(e.args[0]), ATOM
        if isinstance(e, Stack):
            return self.stack([self.show(part) for part in e.parts]), ATOM
        if e is S.Exp1:
            return self.call("exp", ["1"]), ATOM
        if isinstance(e, Rational | sp.Float):
            shown = self.number(e)
            ratio = "/" in shown or "frac" in shown
            return shown, SUM if e.is_negative else PRODUCT if ratio else ATOM
        if isinstance(e, Add):
            return self._sum(e), SUM
        if isinstance(e, Mul):
            return self._product(e)
        if isinstance(e, Pow):
            return self._power(e)
        if isinstance(e, Function):
            name = {"Abs": "abs"}.get(type(e).__name__, type(e).__name__)
            return self.call(name, [self.show(a) for a in e.args]), ATOM
        return str(e), 0

    def _sum(self, e: Add) -> str:
        terms = in_order(e.args, self.order)
        terms.sort(key=self.is_last)
        signed = [self._signed_term(term) for term in terms]
        if signed[0][0]:
            signed[0] = False, self.show(terms[0])
        return self.joined(signed)

    def _signed_term(self, term: Expr) -> tuple[bool, str]:
        if self.is_negative(term) and not isinstance(term, Add):
            return True, self.show(-term, PRODUCT)
        return False, self.show(term, PRODUCT if isinstance(term, Add) else 0)

    def joined(self, terms: Sequence[tuple[bool, str]]) -> str:
        """Join (is negative, text) pairs with + and -."""
        out = ""
        for i, (negative, shown) in enumerate(terms):
            if i:
                out += " - " if negative else " + "
            elif negative:
                out += self.minus
            out += shown
        return out

    def _product(self, e: Mul) -> tuple[str, int]:
        if self.is_negative(e):
            binds = self.after_sign(self.numerator(-e))
            return f"{self.minus}{self.show(-e, binds)}", SUM
        number, rest = e.as_coeff_Mul()
        if self.reads_back and number != 1 and isinstance(self.numerator(rest)[0], Add):
            return f"{self.show(number, POWER)}{self.scalar_times}{self.show(rest, ATOM)}", PRODUCT
        below = [1 / factor for factor in in_order(e.args, self.order) if _is_below(factor)]
        if below:
            return self.fraction(self.numerator(e), below), PRODUCT
        return self.factors(self.numerator(e)), PRODUCT

    def is_negative(self, e: Expr) -> bool:
        """Whether an expression prints with a minus in front."""
        if self.reads_back:
            return bool(e.as_coeff_Mul()[0].is_negative)
        return bool(e.could_extract_minus_sign())

    def is_last(self, term: Expr) -> bool:
        """Whether a term stands behind the others: what is subtracted, or its number only."""
        return self.is_negative(term) and (term.is_number or not self.reads_back)

    def numerator(self, e: Expr) -> list[Expr]:
        """The factors of a product above the fraction bar, as they are printed."""
        return [f for f in in_order(Mul.make_args(e), self.order) if not _is_below(f)] or [S.One]

    def after_sign(self, factors: Sequence[Expr]) -> int:
        """How tightly a product must bind to stand without parentheses behind a minus.

        The parser takes a minus for the sign of the first factor alone; it multiplies it
        into a sum, and takes -A @ v for (-A) @ v.
        """
        if self.reads_back and isinstance(factors[0], Add):
            return ATOM
        if len(factors) == 1 and isinstance(factors[0], MatVec | Add):
            return ATOM if self.reads_back else self.in_product(factors[0])
        return PRODUCT

    def _power(self, e: Pow) -> tuple[str, int]:
        if _is_below(e):
            return self.fraction([S.One], [1 / e]), PRODUCT
        if e.exp == S.Half:
            return self.root(e.base), ATOM
        return self.power(e.base, e.exp), POWER

    def _operator(self, e: MatrixExpr) -> tuple[str, int]:
        if isinstance(e, MatrixSymbol):
            return self.matrix_name(e.name), ATOM
        if isinstance(e, Partial | Step | Dots | OverTime | Power):
            return self.mark(e)
        if isinstance(e, Diag):
            return self.diagonal(e.factors), ATOM
        if isinstance(e, Identity):
            return "I", ATOM
        if isinstance(e, ZeroMatrix):
            return "0", ATOM
        if isinstance(e, OneMatrix):
            return self.ones(), ATOM
        if isinstance(e, Transpose):
            return self.transposed(e.arg), ATOM
        if isinstance(e, ColumnBlock):
            return self.column_block(e), ATOM
        if isinstance(e, OrderedProduct):
            return self.ordered_product(e), PRODUCT
        if isinstance(e, Outer):
            return self.outer(e.args[0], e.args[1]), ATOM
        if isinstance(e, BlockMatrix):
            rows, cols = e.blocks.shape
            shown = [[self.show(e.blocks[i, j]) for j in range(cols)] for i in range(rows)]
            return self.block_matrix(shown), ATOM
        if isinstance(e, MatPow):
            return self.power(e.base, e.exp), POWER
        if isinstance(e, MatAdd):
            return self.joined([self._signed_operator(a) for a in e.args]), SUM
        if isinstance(e, MatMul):
            negative, text = self._signed_operator(e)
            return (f"{self.minus}{text}", SUM) if negative else (text, PRODUCT)
        return str(e), 0

    def _signed_operator(self, e: MatrixExpr) -> tuple[bool, str]:
        """An operator's sign and the rest, with its number in front."""
        if isinstance(e, MatMul):
            number, matrices = e.as_coeff_matrices()
            negative = self.is_negative(number)
            shown = [self.show(m, PRODUCT) for m in matrices]
            if (
                self.reads_back
                and number != 1
                and len(shown) > 1
                and isinstance(matrices[0], MatAdd)
            ):
                shown = [self.parenthesised(self.chain(shown))]
            number = -number if negative else number
            if number != 1:
                binds = self.after_sign(self.numerator(number)) if negative else PRODUCT
                return negative, self.scaled_operator(self.show(number, binds), shown)
            return negative, self.chain(shown)
        return False, self.show(e, PRODUCT)

    def scaled_operator(self, number: str, matrices: Sequence[str]) -> str:
        return f"{number}{self.scalar_times}{self.chain(matrices)}"

    def chain(self, matrices: Sequence[str]) -> str:
        return self.matvec_times.join(matrices)


class _Text(Printer):
    """As on a board, in Unicode, for a terminal."""

    reads_back = False
    hadamard, scalar_times, matvec_times = " ⊙ ", " ", " "

    def name(self, name: str, time: Expr | None) -> str:
        parts = name_parts(name)
        base = GREEK[parts.greek] if parts.greek else parts.base
        base += "".join(ACCENTS[accent] for accent in parts.accents)
        below = list(parts.subscripts)
        if time is not None:
            below.append("t" if time == 0 else f"t{_signed(time)}")
        if not below:
            return base
        script = ",".join(below)
        return f"{base}_{script}" if script.isalnum() else f"{base}_{{{script}}}"

    def transposed(self, matrix: Expr) -> str:
        return f"{self.show(matrix, ATOM)}ᵀ"

    def diagonal(self, factors: Sequence[Expr]) -> str:
        if not any(map(is_vector, factors)):  # the same number for every component
            return f"{self.factors(factors, MATVEC + 1)} I"
        return super().diagonal(sorted(factors, key=is_vector))

    def chain(self, matrices: Sequence[str]) -> str:
        numbers = [m.removesuffix(" I") for m in matrices if m.endswith(" I")]
        rest = [m for m in matrices if not m.endswith(" I")]
        return super().chain([*numbers, *rest] if rest else [*numbers, "I"])

    def column_block(self, block: ColumnBlock) -> str:
        if isinstance(block.matrix, MatrixSymbol):
            return self.name(f"{block.matrix.name}_{block.source.name}", None)
        return f"{self.show(block.matrix, ATOM)}_{{{self.name(block.source.name, None)}}}"

    def ordered_product(self, product: OrderedProduct) -> str:
        shown = self.show(shifted(product.factor, product.index))
        return f"∏_{{{product.index}=0}}^{{{_last(product)}}} [{shown}]"

    def power(self, base: Expr, exponent: Expr) -> str:
        shown = self.show(base, ATOM)
        return f"{shown}²" if exponent == 2 else f"{shown}^{self.show(exponent, ATOM)}"

    def call(self, function: str, arguments: Sequence[str]) -> str:
        return super().call({"sigmoid": "σ"}.get(function, function), arguments)

    def in_product(self, factor: Expr) -> int:
        return PRODUCT + 1

    def outer(self, u: Expr, v: Expr) -> str:
        return f"{self.show(u, ATOM)} {self.show(v, ATOM)}ᵀ"

    def norm(self, inside: str, kind: str) -> str:
        return f"‖{inside}‖{'₂' if kind == '2' else '_∞'}"

    def mark(self, e: Basic) -> tuple[str, int]:
        match e:
            case Differential():
                return f"d{self.show(e.of)}", ATOM
            case Partial():
                return f"∂{self.show(e.of)}/∂{self.show(e.wrt)}", ATOM
            case Step():
                return self.name("J", e.time - t), ATOM
            case Dots():
                return "⋯", ATOM
            case Gradient():
                return f"∂L/∂{self.show(e.parameter)}", ATOM
            case Along():
                inside = self.show(shifted(e.vector, e.index), PRODUCT + 1)
                return (
                    f"∏_{{{e.index}=0}}^{{{str(e.count - 1).replace(' ', '')}}} {inside}",
                    PRODUCT,
                )
            case OverTime():
                return f"∑_t {self.show(e.summand, PRODUCT)}", PRODUCT
            case Power():
                return f"{self.show(e.matrix, ATOM)}^{e.exponent}", POWER
        return super().mark(e)


def language(expression: Any, order: Order | None = None) -> str:
    """Print an expression in the language of equations; the parser reads it back."""
    return Printer(order).show(expression)


def text(expression: Any, order: Order | None = None) -> str:
    """Print an expression as on a board, in plain Unicode.

    >>> import symgate as sg
    >>> print(sg.text(sg.jacobian(sg.cell("rnn"), of="h", wrt="h")))
    diag(1 - h_t²) U
    """
    return _Text(order).show(expression)


def partial(of: str, wrt: str, lag: int | str, printer: Printer | None = None) -> str:
    """The left side of a Jacobian, for a lag that is a number or the name of a symbol.

    >>> print(partial("h_tilde", "h", "k"))
    ∂h̃_t/∂h_{t-k}
    """
    return (printer or _Text()).derivative(of, wrt, Symbol(lag) if isinstance(lag, str) else S(lag))


def _is_below(factor: Expr) -> bool:
    """Whether a factor stands below the fraction bar."""
    return isinstance(factor, Pow) and factor.exp.is_number and bool(factor.exp.is_negative)


def _last(product: OrderedProduct) -> str:
    """The last value of a product's index: "k-1"."""
    return str(product.count - 1).replace(" ", "")


def _signed(time: Expr) -> str:
    """The part after t: "-1", "-j", "-j-1"."""
    number, rest = time.as_coeff_Add()
    shown = "" if rest == 0 else str(rest).replace(" ", "")
    if shown and not shown.startswith("-"):
        shown = f"+{shown}"
    return shown + (f"{int(number):+d}" if number else "")


def _decimal(value: Expr) -> str:
    """A number as people write it: exact decimals as decimals, thirds as fractions."""
    if not isinstance(value, Rational) or value.is_Integer:
        return str(value)
    denominator = int(value.q)
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    if denominator == 1:
        digits = _exact_decimal(value)
        if len(digits) <= 12:
            return digits
    return f"{value.p}/{value.q}"


def _exact_decimal(value: Rational) -> str:
    places = 0
    scaled = abs(value)
    while scaled.q != 1:
        scaled *= 10
        places += 1
    digits = str(scaled.p).rjust(places + 1, "0")
    sign = "-" if value.is_negative else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


__all__ = ["Printer", "by_appearance", "in_order", "is_vector", "language", "t", "text"]
