"""Formulas beside a judgement: each as LaTeX, in the portable subset, and as plain text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Integer, S

from symgate.algebra.marks import Partial
from symgate.algebra.vectors import variable
from symgate.comparing.comparison import Comparison
from symgate.equations.cell import Cell
from symgate.errors import UnknownName
from symgate.linear.jacobian import jacobian as exact
from symgate.linear.linearise import linearise
from symgate.linear.paths import count
from symgate.writing.escape import label_text
from symgate.writing.latex import LatexPrinter
from symgate.writing.naming import Naming
from symgate.writing.notation import notation
from symgate.writing.plain import TextPrinter
from symgate.writing.tree import Count, ValueRange, Written
from symgate.writing.width import lines, plain

#: The room for a row, in em.
ROOM = 40.0

#: The signs between the parts of a formula, in LaTeX and as text.
_SIGNS = {
    "=": (" = ", " = "),
    "≤": (r" \leq ", " ≤ "),
    "<": (" < ", " < "),
    "→": (r" \to ", " → "),
    "∈": (r" \in ", " ∈ "),
    "⇒": (r" \quad \Rightarrow \quad ", " ⇒ "),
    ",": (r", \quad ", ", "),
    "≠": (r" \neq ", " ≠ "),
}


@dataclass(frozen=True)
class FormulaText:
    """A formula, as LaTeX without signs around it and as a line of text.

    `rows` is the LaTeX broken at + and - where it is long, `cell` the name of the cell that
    it is about.
    """

    latex: str
    text: str
    rows: tuple[str, ...] = ()
    cell: str = ""

    def to_dict(self) -> dict[str, str]:
        return {"latex": self.latex, "text": self.text, "cell": self.cell}


def write(cell: Cell, *parts: Any, like: str | None = None) -> FormulaText:
    r"""Expressions with signs between them; `like` names the equation whose order they keep.

    >>> import symgate as sg
    >>> formula = write(sg.cell("gru"), 0, "≤", variable("z"), "≤", 1)
    >>> print(formula.latex, "and", formula.text)
    0 \leq z_t \leq 1 and 0 ≤ z_t ≤ 1
    """
    latex, text = _printers(cell, like)
    shown = [Integer(p) if isinstance(p, int) else p for p in parts]
    marked, in_text = (
        "".join(_SIGNS[p][way] if isinstance(p, str) else printer.show(p) for p in shown)
        for way, printer in enumerate((latex, text))
    )
    rows = tuple(lines(marked, ROOM, 2.0))
    return FormulaText(plain(marked), in_text, rows, cell.name)


def equation(cell: Cell, name: str, expression: Expr | None = None, *given: Any) -> FormulaText:
    """An equation, or its left side with another right side, after what is `given`."""
    if name not in cell.equations:
        raise UnknownName(f"the value of {cell.name}", name, cell.equations)
    right = cell.equations[name] if expression is None else expression
    head = (*given, "⇒") if given else ()
    return write(cell, *head, variable(name), "=", right, like=name)


def equations(cell: Cell, names: Iterable[str]) -> tuple[FormulaText, ...]:
    """Several equations."""
    return tuple(equation(cell, name) for name in names)


def jacobian(cell: Cell, of: str, wrt: str) -> FormulaText:
    """A one-step Jacobian, exact."""
    return write(cell, partial_of(cell, of, wrt), "=", exact(cell, of, wrt))


def jacobians(cell: Cell, state: str) -> tuple[FormulaText, ...]:
    """The exact Jacobian of a state by each state that it depends on."""
    lin = linearise(cell)
    return tuple(jacobian(cell, state, wrt) for wrt in cell.states if count(lin, state, wrt))


def letters(cell: Cell, of: str) -> tuple[FormulaText, ...]:
    """What the letters stand for that the engine gives to activations inside a value."""
    lin = linearise(cell)
    inner = {variable(n.name): n.expression for n in lin if n.kind in ("pre", "inner")}
    return tuple(
        write(cell, variable(node.name), "=", node.expression.xreplace(inner), like=of)
        for node in lin
        if node.kind == "part" and node.owner == of
    )


def partial_of(cell: Cell, of: str, wrt: str) -> Partial:
    """∂of_t/∂wrt_{t-1}, not worked out."""
    return Partial(variable(of), variable(wrt, 1), cell.size(of), cell.size(wrt))


def in_unit(cell: Cell, names: Iterable[str]) -> FormulaText:
    """Values in [0, 1]."""
    vectors = [part for name in names for part in (",", variable(name))][1:]
    return write(cell, *vectors, "∈", ValueRange(S.Zero, S.One))


def counted(cell: Cell, what: str, number: Expr) -> FormulaText:
    """How many of something a cell has; a word stands upright."""
    letter = what if len(what) == 1 else rf"\mathrm{{{what}}}"
    shown = Written(rf"{letter}_{{{named(cell.name)}}}", f"{what}_{cell.name}")
    return write(cell, shown, "=", Count(number))


def largest(cell: Cell, *expressions: Any) -> Written:
    """The larger of some expressions."""
    latex, text = _printers(cell, None)
    shown = [Integer(e) if isinstance(e, int) else e for e in expressions]
    return Written(
        rf"\max({', '.join(plain(latex.show(e)) for e in shown)})",
        f"max({', '.join(map(text.show, shown))})",
    )


def from_start(cell: Cell, state: str) -> Written:
    """The size of a state at the start plus the number of steps."""
    latex, text = _printers(cell, None)
    return Written(
        rf"\left| {{{plain(latex.name(state, None))}}}_0 \right| + t",
        f"|{text.name(state, None)}_0| + t",
    )


def _printers(cell: Cell, like: str | None) -> tuple[LatexPrinter, TextPrinter]:
    naming = Naming(cell, notation("symgate"))
    order = cell.orders[like] if like is not None else None
    return LatexPrinter(order, naming), TextPrinter(order, naming, "odot")


def named(cell: str) -> str:
    r"""The name of a cell inside a formula.

    >>> print(named("lstm-concat"))
    \text{lstm-concat}
    """
    return rf"\text{{{label_text(cell)}}}"


def mapped(found: Comparison) -> FormulaText | None:
    """What the names of the second cell are in the first, where they are something else."""
    changed = {} if found.map is None else found.map.changed
    if not changed:
        return None
    told = [rf"\text{{{label_text(a)}}} \to \text{{{label_text(b)}}}" for a, b in changed.items()]
    latex = found.latex() or r", \quad ".join(told)
    return FormulaText(latex, str(found.map), (latex,))
