"""Formulas as LaTeX, in a subset that pdflatex, MathML converters and KaTeX all take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import Expr, Indexed, Integer, MatrixExpr, MatrixSymbol, Rational, Symbol
from sympy.core.basic import Basic
from sympy.matrices.expressions.blockmatrix import BlockMatrix

from symgate.algebra.marks import (
    Along,
    Differential,
    Dots,
    Gradient,
    OverTime,
    Partial,
    Power,
    Step,
)
from symgate.algebra.norms import SpectralNorm
from symgate.algebra.operators import ColumnBlock, OrderedProduct
from symgate.algebra.printing import (
    ATOM,
    MATVEC,
    POWER,
    PRODUCT,
    SUM,
    Order,
    Printer,
    is_vector,
)
from symgate.algebra.vectors import MatVec, Stack, shifted, t
from symgate.equations.cell import Cell
from symgate.linear.adjoint import transposed
from symgate.writing.glyphs import FUNCTIONS, escaped, glyph_latex
from symgate.writing.latex_marks import marked
from symgate.writing.naming import Naming
from symgate.writing.notation import Glyph, names
from symgate.writing.notation import notation as notation_named
from symgate.writing.width import HARD, SOFT, broken, plain

#: The notations that formulas can be written in.
notations = names()

#: What follows a number that stands for a diagonal, until a matrix or vector follows it.
_TIMES_I = r" \, I"

_TALL = (r"\frac", r"\begin", r"\prod", r"\sum", r"\left")

HADAMARD = {"odot": r"\odot", "circ": r"\circ"}


class LatexPrinter(Printer):
    """Prints in a notation; the default is z_t, U_z, ⊙ and diag.

    Sums and products carry invisible marks where a line may be broken (symgate.writing.
    width); `width` is the room, in em, that anything in parentheses has.
    """

    reads_back = False
    scalar_times = rf"{SOFT} \, "

    def __init__(
        self,
        order: Order | None = None,
        naming: Naming | None = None,
        *,
        hadamard: str | None = None,
        bold: bool = False,
        width: float = 1e9,
    ) -> None:
        super().__init__(order)
        self.naming = naming or Naming(None, notation_named("symgate"))
        self.notation = self.naming.notation
        self.hadamard = rf"{SOFT} {HADAMARD[hadamard or self.notation.hadamard]} "
        self.matvec_times = rf" {SOFT}\cdot " if self.notation.matvec == "cdot" else f"{SOFT} "
        self.bold, self.width = bold, width
        self.fractions = width < 1e9  # 1/4 and not 0.25, in derivations
        self.slanted = False

    # -- names ---------------------------------------------------------------------------

    def name(self, name: str, time: Expr | None) -> str:
        if name.startswith("loss:"):
            return rf"\frac{{\partial L_t}}{{\partial {self.name(name[5:], time)}}}"
        return self.glyph(self.naming.glyph(name), time, bold=self.is_bold(name, time))

    def is_bold(self, name: str, time: Expr | None) -> bool:
        """Whether a name is a vector's; a parameter is one where the cell says so."""
        if not self.bold:
            return False
        cell = self.naming.cell
        known = cell.parameters.get(name) if cell is not None else None
        return time is not None or (known is not None and known.kind == "vector")

    def glyph(self, glyph: Glyph, time: Expr | None = None, *, bold: bool = False) -> str:
        return glyph_latex(glyph, time, above=self.notation.time == "above", bold=bold)

    def _shown(self, e: Any) -> tuple[str, int]:
        if isinstance(e, Symbol) and e.is_integer:  # a size, a lag: no name of the cell
            return self.glyph(Glyph.of(e.name)), ATOM
        if isinstance(e, SpectralNorm) and self.notation.row:  # a transpose has the same
            written = e.matrix if isinstance(e.matrix, Partial) else transposed(e.matrix)
            return self.norm(self.show(written), "2"), ATOM
        if isinstance(e, BlockMatrix):
            self.slanted = True
            shown = super()._shown(e)
            self.slanted = False
            return shown
        return super()._shown(e)

    def _product(self, e: Any) -> tuple[str, int]:
        if isinstance(-e, MatVec):
            return f"-{self.show(-e, MATVEC)}", SUM
        return _fraction_is_one_sign(super()._product(e))

    def _power(self, e: Any) -> tuple[str, int]:
        return _fraction_is_one_sign(super()._power(e))

    # -- scalars and vectors -----------------------------------------------------------------

    def number(self, value: Expr) -> str:
        if isinstance(value, Rational) and not value.is_Integer:
            shown = super().number(value)
            if "/" in shown or (self.fractions and value.q in (2, 4, 8, 16)):
                sign = "-" if value.is_negative else ""
                return rf"{sign}\tfrac{{{abs(value.p)}}}{{{value.q}}}"
            return shown
        return super().number(value)

    def call(self, function: str, arguments: Sequence[str]) -> str:
        inside = ", ".join(arguments)
        if function in ("abs", "Abs"):
            return rf"\left| {plain(inside)} \right|"
        head = FUNCTIONS.get(function)
        if head is None:
            head = rf"\operatorname{{{escaped(function)}}}"
        return head + self.parenthesised(inside)

    def fraction(self, numerator: Sequence[Expr], denominator: Sequence[Expr]) -> str:
        above = self.factors(numerator, 0)
        return plain(rf"\frac{{{above}}}{{{self.factors(denominator, 0)}}}")

    def power(self, base: Expr, exponent: Expr) -> str:
        raised = rf"^{{{self.number(exponent) if exponent.is_number else self.show(exponent)}}}"
        if type(base).__name__ in ("tanh", "sin", "cos"):
            head = FUNCTIONS[type(base).__name__]
            return f"{head}{raised}{self.parenthesised(self.show(base.args[0]))}"
        shown = plain(self.show(base, ATOM))
        if isinstance(base, Indexed | Symbol) and "^" in shown:
            shown = self.parenthesised(shown)
        return f"{shown}{raised}"

    def root(self, base: Expr) -> str:
        return plain(rf"\sqrt{{{self.show(base)}}}")

    def parenthesised(self, text: str) -> str:
        """In parentheses, which grow only where something tall stands in them."""
        inside = broken(text, self.width)
        if any(tall in inside for tall in _TALL):
            return rf"\left({inside}\right)"
        return f"({inside})"

    def stack(self, parts: Sequence[str]) -> str:
        inside = plain(", ".join(parts))
        return rf"\left[{inside}\right]" if any(x in inside for x in _TALL) else f"[{inside}]"

    def in_product(self, factor: Expr) -> int:
        return 0 if factor.is_Rational and factor.is_positive else MATVEC + 1

    def matvec(self, matrix: MatrixExpr, vector: Expr) -> str:
        moved = isinstance(vector, Differential)
        times = rf"{SOFT} \, " if moved else self.matvec_times
        level = PRODUCT if moved else MATVEC  # A B dh needs no parentheses
        if self.notation.row:
            right = self.show(transposed(matrix), level)
            if right.endswith(_TIMES_I):  # a number stands in front
                return f"{right.removesuffix(_TIMES_I)}{times}{self.show(vector, POWER)}"
            return f"{self.show(vector, POWER)}{times}{right}"
        left = self.show(matrix, level).removesuffix(_TIMES_I)
        return f"{left}{times}{self.show(vector, POWER)}"

    def _sum(self, e: Any) -> str:
        joined = self._joined(e) if self.naming.joined else None
        return joined if joined is not None else super()._sum(e)

    def _joined(self, e: Any) -> str | None:
        """U h + W x as W [h, x], where the notation has one matrix for both."""
        products = [
            a for a in e.args if isinstance(a, MatVec) and isinstance(a.matrix, MatrixSymbol)
        ]
        for one in products:
            for other in products:
                glyph = self.naming.joint(one.matrix, other.matrix)
                if (
                    glyph is None
                    or one is other
                    or self.naming.uses[one.matrix.name].kind == "input"
                ):
                    continue
                inside = self.stack([self.show(one.vector), self.show(other.vector)])
                first = self.glyph(glyph) + self.matvec_times + inside
                rest = [self._signed_term(a) for a in e.args if a not in (one, other)]
                return self.joined([(False, first), *sorted(rest, key=lambda term: term[0])])
        return None

    def joined(self, terms: Sequence[tuple[bool, str]]) -> str:
        out = ""
        for i, (negative, shown) in enumerate(terms):
            if i:
                out += f"{HARD} - " if negative else f"{HARD} + "
            elif negative:
                out += self.minus
            out += shown
        return out

    def ones(self) -> str:
        return r"\mathbf{1}"

    def summed(self, vector: Expr) -> str:
        inside = self.parenthesised(self.show(vector))
        if self.notation.row:
            return rf"{inside} \mathbf{{1}}^{{\mathsf{{T}}}}"
        return rf"\mathbf{{1}}^{{\mathsf{{T}}}} {inside}"

    def norm(self, inside: str, kind: str) -> str:
        return rf"\left\| {plain(inside)} \right\|_{{{'2' if kind == '2' else chr(92) + 'infty'}}}"

    # -- operators -------------------------------------------------------------------------

    def matrix_name(self, name: str) -> str:
        shown = self.name(name, None)
        return self._transpose_of(shown) if self.notation.row else shown

    def transposed(self, matrix: Expr) -> str:
        if self.notation.row and isinstance(matrix, MatrixSymbol):
            return self.name(matrix.name, None)
        if self.notation.row and isinstance(matrix, ColumnBlock):
            return self._block_name(matrix)
        return self._transpose_of(self.show(matrix, ATOM))

    def _transpose_of(self, shown: str) -> str:
        if "^" in shown or shown.startswith(r"\frac"):
            shown = self.parenthesised(shown)
        return rf"{shown}^{{\mathsf{{T}}}}"

    def chain(self, matrices: Sequence[str]) -> str:
        """Factors side by side, with a little room after a parenthesis."""
        numbers = [m.removesuffix(_TIMES_I) for m in matrices if m.endswith(_TIMES_I)]
        rest = [m for m in matrices if not m.endswith(_TIMES_I)]
        matrices = [*numbers, *rest] if rest else [*numbers, "I"]
        out = matrices[0]
        for matrix in matrices[1:]:
            close = out.endswith(")") and self.notation.matvec != "cdot"
            dots = r"\cdots" in (out[-6:], matrix)
            out += (" " if dots else rf"{SOFT} \, " if close else self.matvec_times) + matrix
        return out

    def diagonal(self, factors: Sequence[Expr]) -> str:
        if not any(map(is_vector, factors)):  # the same number for every component
            return self.factors(factors, MATVEC + 1) + _TIMES_I
        factors = sorted(factors, key=is_vector)  # scalars first
        below = [1 / f for f in factors if f.is_Pow and f.exp.is_negative]
        above = [f for f in factors if not (f.is_Pow and f.exp.is_negative)]
        inside = self.hadamard_product(above or (Integer(1),))
        if below:
            inside = plain(rf"\frac{{{inside}}}{{{self.factors(below, 0)}}}")
        return rf"\operatorname{{diag}}{self.parenthesised(inside)}"

    def column_block(self, block: ColumnBlock) -> str:
        shown = self._block_name(block)
        return self._transpose_of(shown) if self.notation.row else shown

    def _block_name(self, block: ColumnBlock) -> str:
        if isinstance(block.matrix, MatrixSymbol):
            return self.glyph(self.naming.block(block.matrix.name, block.source.name))
        return rf"{self.show(block.matrix, ATOM)}_{{{self.name(block.source.name, None)}}}"

    def ordered_product(self, product: OrderedProduct) -> str:
        shown = self.show(shifted(product.factor, product.index))
        bounds = self._limits(product.index, product.count)
        if isinstance(product.factor, Step):
            return rf"\prod{bounds} {shown}"
        return rf"\prod{bounds} \left[{broken(shown, self.width)}\right]"

    def _limits(self, index: Expr, count: Expr) -> str:
        last = str(count - 1).replace(" ", "")
        return rf"_{{{index}=0}}^{{{last}}}"

    def block_matrix(self, rows: Sequence[Sequence[str]]) -> str:
        body = r" \\ ".join(" & ".join(map(plain, row)) for row in rows)
        return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"

    def outer(self, u: Expr, v: Expr) -> str:
        if self.notation.row:
            u, v = v, u
            return rf"{self._transpose_of(self._factor(u))} \, {self._factor(v)}"
        return rf"{self._factor(u)} \, {self._transpose_of(self._factor(v))}"

    def _factor(self, e: Expr) -> str:
        return self.show(e, 0 if isinstance(e, Stack) else ATOM)

    def show(self, expression: Any, at_least: int = 0) -> str:
        described = marked(self, expression)
        return super().show(expression, at_least) if described is None else described

    def derivative(self, of: str, wrt: str, lag: Expr) -> str:
        above, below = self.name(of, Integer(0)), self.name(wrt, -lag)
        return rf"\frac{{\partial {above}}}{{\partial {below}}}"

    def mark(self, e: Basic) -> tuple[str, int]:
        match e:
            case Differential():
                return rf"\mathrm{{d}}{self.show(e.of)}", ATOM
            case Partial():
                above, below = self.show(e.of), self.show(e.wrt)
                if self.slanted:
                    return rf"\partial {above} / \partial {below}", PRODUCT
                return rf"\frac{{\partial {above}}}{{\partial {below}}}", ATOM
            case Step():
                return self.glyph(Glyph(self.naming.jacobian), e.time - t), ATOM
            case Dots():
                return r"\cdots", ATOM
            case Gradient():
                return rf"\frac{{\partial L}}{{\partial {self._parameter(e.parameter)}}}", ATOM
            case Along():
                inside = self.show(shifted(e.vector, e.index), PRODUCT + 1)
                return rf"\prod{self._limits(e.index, e.count)} {inside}", PRODUCT
            case OverTime():
                last = self.naming.free("T", "N")
                return rf"\sum_{{t=1}}^{{{last}}} {self.show(e.summand, PRODUCT)}", PRODUCT
            case Power():
                return rf"{self.show(e.matrix, ATOM)}^{{{e.exponent}}}", POWER
        return super().mark(e)

    def _parameter(self, parameter: Any) -> str:
        return self.show(parameter) if isinstance(parameter, Indexed) else self.name(
            parameter.name, None
        )  # fmt: skip


def _fraction_is_one_sign(shown: tuple[str, int]) -> tuple[str, int]:
    """A fraction needs no parentheses, as its bar holds it together."""
    text, binds = shown
    return (text, ATOM) if text.startswith(r"\frac{") else (text, binds)


def latex(
    expression: Any,
    notation: str = "symgate",
    order: Order | None = None,
    *,
    cell: Cell | None = None,
    hadamard: str | None = None,
    bold: bool = False,
) -> str:
    r"""An operator or a vector expression as LaTeX, in one of `symgate.notations`.

    With `cell` the letters follow the roles of its gates; without, the names' spelling.
    `hadamard` is "odot" or "circ", `bold` sets vectors in bold.

    >>> import symgate as sg
    >>> gru = sg.cell("gru")
    >>> print(sg.latex(sg.jacobian(gru, of="z"), notation="cho"))
    \operatorname{diag}(z_t \odot (1 - z_t)) \, U^{(z)}
    >>> print(sg.latex(gru.equations["h"], notation="row", cell=gru))
    Z_t \odot H_{t-1} + (1 - Z_t) \odot \tilde{H}_t
    """
    naming = Naming(cell, notation_named(notation))
    if order is None and cell is not None:  # an equation is printed as it was typed
        order = next((cell.orders[n] for n, e in cell.equations.items() if e == expression), None)
    return plain(LatexPrinter(order, naming, hadamard=hadamard, bold=bold).show(expression))


def equations(cell: Cell, notation: str = "symgate") -> str:
    """The equations of a cell as an `aligned` block."""
    naming = Naming(cell, notation_named(notation))
    lines = []
    for name, e in cell.equations.items():
        printer = LatexPrinter(cell.orders[name], naming)
        lines.append(plain(f"{printer.name(name, Rational(0))} &= {printer.show(e)}"))
    return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}"


__all__ = ["LatexPrinter", "equations", "latex", "notations"]
