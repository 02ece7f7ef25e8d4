"""Formulas as LaTeX, in a subset that pdflatex, MathML converters and KaTeX all take."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from typing import Any

from sympy import Expr, Integer, MatrixExpr
from sympy import cos as _cos
from sympy import sin as _sin
from sympy import tanh as _tanh

from symgate.algebra.elementwise import Activation
from symgate.algebra.marks import Differential, Dots
from symgate.algebra.operators import Diag
from symgate.algebra.shown import (
    ATOM,
    MATVEC,
    POWER,
    PRODUCT,
    Order,
    Shown,
    interspersed,
    is_below,
    is_vector,
    level_of,
    made,
)
from symgate.algebra.text import numbers_first
from symgate.algebra.vectors import rank
from symgate.asked import asked, formula
from symgate.equations.cell import Cell
from symgate.equations.zoo import cell_of
from symgate.errors import UnknownName
from symgate.writing.escape import label_text
from symgate.writing.glyphs import escaped, glyph_latex
from symgate.writing.marks import AtLimit, Slope, StackedGates
from symgate.writing.naming import Naming
from symgate.writing.notation import Glyph, names
from symgate.writing.notation import notation as notation_named
from symgate.writing.noted import Noted
from symgate.writing.tree import Scientific, ValueRange, Written
from symgate.writing.width import FACTOR, HARD, SOFT, aligned, beneath, lines, plain

#: The notations that formulas can be written in.
notations = names()

HADAMARD = {"odot": r"\odot", "circ": r"\circ"}

#: A little room, at which a line may be broken.
THIN = rf"{FACTOR} \, "


class LatexPrinter(Noted):
    """Prints in a notation; the default is z_t, U_z, ⊙ and diag.

    Sums and products carry invisible marks where a line may be broken (symgate.writing.
    width); `width` is the room, in em, that anything in parentheses has.
    """

    scalar_times, pi = THIN, r"\prod"
    by = r" \times "

    def __init__(
        self,
        order: Order | None = None,
        naming: Naming | None = None,
        *,
        hadamard: str | None = None,
        bold: bool = False,
        width: float = 1e9,
    ) -> None:
        super().__init__(order, naming or Naming(None, notation_named("symgate")))
        self.hadamard = rf"{SOFT} {HADAMARD[hadamard or self.notation.hadamard]} "
        self.matvec_times = rf" {SOFT}\cdot " if self.notation.matvec == "cdot" else f"{FACTOR} "
        self.bold, self.width = bold, width
        self.fractions = width < 1e9  # in derivations
        self.slanted = False

    # -- names and numbers -------------------------------------------------------------------

    def glyph(self, glyph: Glyph, time: Expr | None = None, *, bold: bool = False) -> str:
        return glyph_latex(glyph, time, above=self.notation.time == "above", bold=bold)

    def of_loss(self, shown: Shown) -> Shown:
        return self.over_bar([r"\partial L_t"], [r"\partial ", shown])

    def ratio(self, above: int, below: int) -> Shown:
        return Shown(rf"\tfrac{{{above}}}{{{below}}}", PRODUCT)

    # -- vectors -----------------------------------------------------------------------------

    def parenthesised(self, inside: Shown) -> Shown:
        return self.grouped("(", inside, ")")

    def grouped(self, left: str, inside: Shown, right: str) -> Shown:
        """In brackets, which grow only where something tall stands in them."""
        rows = lines(inside.text, self.width, 0.0)
        text = beneath(rows)
        if inside.tall or len(rows) > 1:
            return Shown(rf"\left{left}{text}\right{right}", tall=True)
        return Shown(f"{left}{text}{right}")

    def bracketed(self, parts: Sequence[Shown]) -> Shown:
        inside = made(0, *interspersed(parts, ", "))
        return self.grouped("[", flat(inside), "]")

    def call(self, function: str, arguments: Sequence[Shown]) -> Shown:
        return made(ATOM, function, self.parenthesised(made(0, *interspersed(arguments, ", "))))

    def bars(self, function: str, arguments: Sequence[Shown]) -> Shown:
        return made(ATOM, r"\left| ", flat(made(0, *arguments)), r" \right|", tall=True)

    def spelled(self, record: Activation) -> str:
        return record.latex or rf"\operatorname{{{escaped(record.name)}}}"

    def over_bar(self, above: Sequence[str | Shown], below: Sequence[str | Shown]) -> Shown:
        """A fraction: its bar holds it together, and it takes no index as it is."""
        inside = [r"\frac{", *above, "}{", *below, "}"]
        return flat(made(ATOM, *inside, tall=True, raised=True))

    def fraction(self, numerator: Sequence[Expr], denominator: Sequence[Expr]) -> Shown:
        return self.over_bar([self.product(numerator, 0)], [self.product(denominator, 0)])

    def power(self, base: Expr, exponent: Expr) -> Shown:
        raised = rf"^{{{plain(self.show(exponent))}}}"
        if isinstance(base, _tanh | _sin | _cos):
            inside = self.parenthesised(self.at(base.args[0], 0))
            return made(POWER, self.function(base), raised, inside)
        shown = flat(self.at(base, ATOM))
        shown = self.parenthesised(shown) if shown.raised else shown
        return made(POWER, shown, raised, raised=True)

    def root(self, base: Expr) -> Shown:
        return flat(made(ATOM, r"\sqrt{", self.at(base, 0), "}"))

    def sign(self, negative: bool) -> str:
        return f"{HARD} - " if negative else f"{HARD} + "

    def print_Total(self, e: Any) -> Shown:
        inside = self.parenthesised(self.at(e.args[0], 0))
        one, turned = self.one(), self.transposed(self.one())
        if rank(e.args[0]) == 2:
            first, last = (one, turned) if self.notation.row else (turned, one)
            return made(ATOM, first, " ", inside, " ", last, raised=True)
        if self.notation.row:
            return made(MATVEC, inside, " ", turned)
        return made(ATOM, turned, " ", inside, raised=True)

    kronecker = r" \otimes "

    def word(self, name: str) -> str:
        return rf"\operatorname{{{escaped(name)}}}"

    def print_Norm(self, e: Any) -> Shown:
        return made(ATOM, r"\left\| ", flat(self.at(e.args[0], 0)), r" \right\|", tall=True)

    def norm(self, inside: Shown, kind: str) -> Shown:
        index = "2" if kind == "2" else r"\infty"
        return made(ATOM, r"\left\| ", flat(inside), rf" \right\|_{{{index}}}", tall=True)

    # -- operators ---------------------------------------------------------------------------

    def times(self, vector: Expr) -> str:
        return THIN if isinstance(vector, Differential) else self.matvec_times

    def one(self) -> Shown:
        return Shown(r"\mathbf{1}")

    def transposed(self, shown: Shown) -> Shown:
        shown = self.parenthesised(shown) if shown.raised else shown
        return made(ATOM, shown, r"^{\mathsf{T}}", raised=True)

    def beside(self, matrices: Sequence[MatrixExpr]) -> Shown:
        """Factors side by side, with a little room after a parenthesis."""
        bits: list[str | Shown] = []
        closes = False
        for i, matrix in enumerate(matrices):
            if i:
                dots = isinstance(matrices[i - 1], Dots) or isinstance(matrix, Dots)
                bits.append(" " if dots else THIN if closes else self.matvec_times)
            shown = self.shown(matrix)
            grouped = shown.binds < level_of(matrix, len(matrices) > 1)
            bits.append(self.parenthesised(shown) if grouped else shown)
            closes = (grouped or isinstance(matrix, Diag)) and self.notation.matvec != "cdot"
        return made(PRODUCT, *bits)

    def print_Diag(self, e: Diag) -> Shown:
        numbers, rest = numbers_first([e])
        if numbers and not rest:
            return self.product(numbers, 0) if e.rows == 1 else self.chain([e])
        factors = sorted(e.factors, key=is_vector)  # scalars first
        below = [1 / f for f in factors if is_below(f)]
        above = [f for f in factors if not is_below(f)]
        inside = self.product(above or (Integer(1),), 0)
        if below:
            inside = self.over_bar([inside], [self.product(below, 0)])
        return made(ATOM, r"\operatorname{diag}", self.parenthesised(inside))

    def square(self, inside: Shown) -> Shown:
        return self.grouped("[", replace(inside, tall=True), "]")

    def blocks(self, rows: Sequence[Sequence[Any]]) -> Shown:
        inner = copy(self)
        inner.slanted = True
        text = inner.block_matrix([[self.folded(inner.show(p)) for p in row] for row in rows])
        return Shown(text, tall=True, raised=True)

    def folded(self, shown: Any) -> str:
        """An entry of a matrix, on several lines where it is wider than a group may be."""
        return beneath(lines(str(shown), self.width, 0.0))

    def block_matrix(self, rows: Sequence[Sequence[str]]) -> str:
        """Formulas in rows and columns, as a matrix."""
        body = r" \\ ".join(" & ".join(map(plain, row)) for row in rows)
        return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"

    # -- marks of derivations ----------------------------------------------------------------

    def derivative(self, of: str, wrt: str, lag: Expr) -> str:
        above, below = self.name(of, Integer(0)), self.name(wrt, -lag)
        return self.over_bar([r"\partial ", above], [r"\partial ", below]).text

    def print_Differential(self, e: Any) -> Shown:
        shown = self.at(e.of, 0)
        return made(ATOM, r"\mathrm{d}", shown, raised=shown.raised)

    def print_Partial(self, e: Any) -> Shown:
        above, below = self.at(e.of, 0), self.at(e.wrt, 0)
        if self.slanted:
            return made(PRODUCT, r"\partial ", above, r" / \partial ", below)
        return self.over_bar([r"\partial ", above], [r"\partial ", below])

    def print_Dots(self, e: Any) -> Shown:
        return Shown(r"\cdots")

    def print_Gradient(self, e: Any) -> Shown:
        name = getattr(e.parameter, "name", "")
        below = self.at(e.parameter, 0) if e.parameter.is_Indexed else self.named(name, None)
        return self.over_bar([r"\partial L"], [r"\partial ", below])

    def print_OverTime(self, e: Any) -> Shown:
        last = self.naming.free("T", "N")
        return made(PRODUCT, rf"\sum_{{t=1}}^{{{last}}} ", self.at(e.summand, PRODUCT), tall=True)

    # -- words -------------------------------------------------------------------------------

    def print_Slope(self, e: Slope) -> Shown:
        letter = self.name(e.letter, None)
        if e.is_spelled_out:
            by = self.over_bar([r"\mathrm{d}"], [r"\mathrm{d}", letter])
            return made(PRODUCT, by, " ", self.at(e.function, PRODUCT))
        return Shown(f"{self.function(e.function)}'({letter})")

    def print_AtLimit(self, e: AtLimit) -> Shown:
        to = rf"\lim_{{{self.show(e.gate)} \to {e.value}}} "
        return made(PRODUCT, to, self.at(e.partial, 0))

    def print_ValueRange(self, e: ValueRange) -> Shown:
        if e.low is None and e.high is None:
            return Shown(r"\mathbb{R}")
        low = r"(-\infty" if e.low is None else f"[{self.show(e.low)}"
        high = r"\infty)" if e.high is None else f"{self.show(e.high)}]"
        return Shown(f"{low}, {high}")

    def print_Scientific(self, e: Scientific) -> Shown:
        if e.digit == 0:
            return Shown("0")
        digit = "" if e.digit == 1 else rf"{e.digit} \cdot "
        return Shown(rf"{digit}10^{{{e.exponent}}}")

    def print_Written(self, e: Written) -> Shown:
        return Shown(e.latex)

    def print_StackedGates(self, e: StackedGates) -> Shown:
        """act(W [h; x] + b), the activations in a column."""
        heads = self.block_matrix([[self.function(e.cell.equations[g])] for g in e.gates])
        inside = made(0, self.glyph(e.matrix), " ", self.blocks([[v] for v in e.vectors]))
        if e.bias is not None:
            inside = made(0, inside, " + ", self.glyph(e.bias, bold=self.bold))
        return made(PRODUCT, heads, " ", self.parenthesised(inside))


def flat(shown: Shown) -> Shown:
    """The same on one line: without the marks where it may be broken."""
    return replace(shown, text=plain(shown.text))


@asked(expression=None)
def latex(
    expression: Any,
    notation: str = "symgate",
    order: Order | None = None,
    *,
    cell: Cell | str | None = None,
    hadamard: str | None = None,
    bold: bool = False,
) -> str:
    r"""An operator or a vector expression as LaTeX, in one of `symgate.notations`.

    A cell, or its name, gives its equations as an `aligned` block. With `cell` the letters
    follow the roles of its gates; without, the names' spelling.
    `hadamard` is "odot" or "circ", `bold` sets vectors in bold.

    >>> import symgate as sg
    >>> gru = sg.cell("gru")
    >>> print(sg.latex(sg.jacobian(gru, of="z"), notation="cho"))
    \operatorname{diag}(z_t \odot (1 - z_t)) \, U^{(z)}
    >>> print(sg.latex(gru.equations["h"], notation="row", cell=gru))
    Z_t \odot H_{t-1} + (1 - Z_t) \odot \tilde{H}_t
    """
    if isinstance(expression, Cell | str):
        return equations(cell_of(expression), notation)
    formula("expression", expression)
    cell = None if cell is None else cell_of(cell)
    naming = Naming(cell, notation_named(notation))
    if order is None and cell is not None:  # an equation is printed as it was typed
        order = next((cell.orders[n] for n, e in cell.equations.items() if e == expression), None)
    if hadamard is not None and hadamard not in HADAMARD:
        raise UnknownName("the sign of the Hadamard product", hadamard, tuple(HADAMARD))
    return plain(LatexPrinter(order, naming, hadamard=hadamard, bold=bold).show(expression))


def equations(cell: Cell, notation: str = "symgate", *, roles: bool = False) -> str:
    """The equations of a cell as an `aligned` block; with `roles` what each does beside it."""
    naming = Naming(cell, notation_named(notation))
    rows = []
    for name, e in cell.equations.items():
        printer = LatexPrinter(cell.orders[name], naming)
        row = plain(f"{printer.name(name, Integer(0))} &= {printer.show(e)}")
        role = cell.roles.get(name, "") if roles else ""
        rows.append(rf"{row} && \text{{{label_text(role)}}}" if role else row)
    return aligned(rows)


__all__ = ["LatexPrinter", "equations", "latex", "notations"]
