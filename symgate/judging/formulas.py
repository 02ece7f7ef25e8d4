"""Formulas beside a judgement: each as LaTeX, in the portable subset, and as plain text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Integer

from symgate.algebra.marks import Partial
from symgate.algebra.vectors import variable
from symgate.comparing.comparison import Map
from symgate.equations.cell import Cell
from symgate.linear.jacobian import jacobian
from symgate.linear.linearise import linearise
from symgate.linear.terms import Linearisation
from symgate.writing.escape import label_text
from symgate.writing.formulas import Written
from symgate.writing.latex import LatexPrinter
from symgate.writing.naming import Naming
from symgate.writing.notation import notation
from symgate.writing.plain import TextPrinter
from symgate.writing.width import continued, lines, plain

#: The room for a row, in em.
ROOM = 40.0

#: The signs between the parts of a formula, in LaTeX.
_SIGNS = {
    "=": "=",
    "≤": r"\leq",
    "<": "<",
    "→": r"\to",
    "∈": r"\in",
    "⇒": r"\quad \Rightarrow \quad",
    ",": r", \quad",
    "≠": r"\neq",
}
_NAME = re.compile(r"[A-Za-z]\w*")


@dataclass(frozen=True)
class Formula:
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


def aligned(rows: Sequence[str]) -> str:
    """Rows below each other, as one block of LaTeX."""
    return r"\begin{aligned} & " + r" \\ & ".join(rows) + r" \end{aligned}"


@dataclass(frozen=True)
class Board:
    """Writes formulas about one cell."""

    cell: Cell

    def write(self, *parts: Any, like: str | None = None) -> Formula:
        r"""Expressions with signs between them; `like` names the equation whose order they keep.

        >>> import symgate as sg
        >>> formula = Board(sg.cell("gru")).write(0, "≤", variable("z"), "≤", 1)
        >>> print(formula.latex, "and", formula.text)
        0 \leq z_t \leq 1 and 0 ≤ z_t ≤ 1
        """
        latex, text = self._printers(like)
        shown = [p if isinstance(p, str) else _expression(p) for p in parts]
        in_latex = " ".join(_SIGNS[p] if isinstance(p, str) else latex.show(p) for p in shown)
        in_text = " ".join(p if isinstance(p, str) else text.show(p) for p in shown)
        marked = in_latex.replace(" ,", ",")
        rows = [continued(line) if i else line for i, line in enumerate(lines(marked, ROOM, 2.0))]
        return Formula(plain(marked), in_text.replace(" ,", ","), tuple(rows), self.cell.name)

    def equation(self, name: str, expression: Expr | None = None, *given: Any) -> Formula:
        """An equation, or its left side with another right side, after what is `given`."""
        right = self.cell.equations[name] if expression is None else expression
        head = (*given, "⇒") if given else ()
        return self.write(*head, variable(name), "=", right, like=name)

    def jacobian(self, of: str, wrt: str) -> Formula:
        """A one-step Jacobian, exact."""
        return self.write(self.partial(of, wrt), "=", jacobian(self.cell, of, wrt))

    def parts(self, of: str) -> tuple[Formula, ...]:
        """What the letters stand for that the engine gives to activations inside a value."""
        lin = linearise(self.cell)
        return tuple(
            self.write(variable(node.name), "=", _spelt(node.expression, lin), like=of)
            for node in lin
            if node.kind == "part" and node.owner == of
        )

    def partial(self, of: str, wrt: str) -> Partial:
        """∂of_t/∂wrt_{t-1}, not worked out."""
        return Partial(variable(of), variable(wrt, 1), self.cell.size(of), self.cell.size(wrt))

    def largest(self, *expressions: Expr) -> Written:
        """The larger of some expressions."""
        latex, text = self._printers(None)
        return Written(
            rf"\max({', '.join(plain(latex.show(e)) for e in expressions)})",
            f"max({', '.join(map(text.show, expressions))})",
        )

    def from_start(self, state: str) -> Written:
        """The size of a state at the start plus the number of steps."""
        latex, text = self._printers(None)
        return Written(
            rf"\left| {{{plain(latex.name(state, None))}}}_0 \right| + t",
            f"|{text.name(state, None)}_0| + t",
        )

    def _printers(self, like: str | None) -> tuple[LatexPrinter, TextPrinter]:
        naming = Naming(self.cell, notation("symgate"))
        order = self.cell.orders[like] if like is not None else None
        return LatexPrinter(order, naming), TextPrinter(order, naming, "odot")


def named(cell: str) -> str:
    r"""The name of a cell inside a formula.

    >>> print(named("lstm-concat"))
    \text{lstm-concat}
    """
    return rf"\text{{{label_text(cell)}}}"


def mapped(first: Cell, second: Cell, found: Map) -> Formula | None:
    """What the names of the second cell are in the first, where they are something else."""
    changed = [
        (name, value)
        for names in (found.states, found.inputs, found.gates, found.parameters)
        for name, value in names.items()
        if name != value
    ]
    if not changed:
        return None
    left, right = (LatexPrinter(None, Naming(c, notation("symgate"))) for c in (second, first))
    latex = ", ".join(
        rf"{plain(left.name(name, None))} \mapsto {_with_names(value, right)}"
        for name, value in changed
    )
    text = ", ".join(f"{name} ↦ {value}" for name, value in changed)
    return Formula(latex, text, (latex,))


def _with_names(value: str, printer: LatexPrinter) -> str:
    return _NAME.sub(lambda name: plain(printer.name(name.group(), None)), value)


def _spelt(expression: Expr, lin: Linearisation) -> Expr:
    """An expression with what the engine named put back."""
    inner = {variable(n.name): n.expression for n in lin if n.kind in ("pre", "inner")}
    return expression.xreplace(inner)


def _expression(part: Any) -> Any:
    return Integer(part) if isinstance(part, int) else part
