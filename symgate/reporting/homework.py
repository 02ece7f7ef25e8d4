"""A homework, checked, as a picture: a derivation with one slip of the pen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.mathtext import MathTextParser
from matplotlib.offsetbox import AnchoredOffsetbox, HPacker, TextArea, VPacker
from sympy import MatrixExpr

from symgate.checking.check import Check, Fault, check
from symgate.checking.page import SIGNS
from symgate.drawing.palette import GREEN, RED, for_words
from symgate.equations.cell import Cell
from symgate.errors import SymgateError
from symgate.linear.jacobian import jacobian
from symgate.plots.style import LETTERS, WIDTH, caption, page, points, styled
from symgate.reporting.measuring import drawn
from symgate.reporting.pieces import Made
from symgate.sheets.slips import slipped
from symgate.writing.latex import latex
from symgate.writing.subject import Subject

#: The room for a line of the picture, in inches.
LINE = 0.28

#: The most summands that a picture has room for.
MOST = 6

#: A word that mathematics sets too close to a factor before it, and how it is set apart.
THIN = r"\\, \g<0>"
_DIAG = re.compile(r"(?<![-+=]) \\operatorname")


def homework(cells: Sequence[Cell], notation: str, seed: int) -> Made:
    """The homework of the last cell that has a slip to find, its check and its picture."""
    for cell in reversed(cells):
        rows = _written(cell, notation, seed)
        if rows:
            body = " \\\\\n".join(head + " &" + tail for head, tail in rows)
            claim = f"\\begin{{align}}\n{body}\n\\end{{align}}\n"
            found = check(cell, claim)
            data = {"cell": cell.name, **found.to_dict()}
            return data, {
                "data/homework.tex": claim.encode(),
                **drawn("homework", marked(found, rows)),
            }
    return {}, {}


def _written(cell: Cell, notation: str, seed: int) -> list[tuple[str, str]]:
    """Left and right of each line: the gates' partials, then one summand a line of the step."""
    subject = Subject.of(cell, notation)
    of = cell.output
    try:
        found = slipped(subject, of, of, Random(seed))
    except SymgateError:
        return []
    if found is None or len(found[0]) > MOST:
        return []

    def shown(operator: MatrixExpr) -> str:
        return latex(operator, notation, cell=cell)

    partials = {gate: jacobian(cell, gate, of, lag=1) for gate in cell.gates}
    rows = [
        (shown(subject.partial(gate, of)), f"= {shown(partial)}")
        for gate, partial in partials.items()
        if not partial.is_ZeroMatrix
    ]
    wrong = [shown(summand.operator) for summand in found[0]]
    rows.append((shown(subject.partial(of, of)), f"= {wrong[0]}"))
    return rows + [("", f"+ {summand}") for summand in wrong[1:]]


@styled
def marked(found: Check, rows: Sequence[tuple[str, str]]) -> Figure:
    """The lines of a check, each with its sign, and what is wrong below it."""
    signs = {said.line: said.verdict for said in found.lines}
    lines: list[Artist] = []
    for number, (head, tail) in enumerate(rows, 2):  # the first line opens the formula
        verdict = signs.get(number, "")
        faults = [fault for fault in found.faults if fault.line == number]
        colour = GREEN if verdict in ("right", "transposed") else RED
        sign = _words(SIGNS[verdict] if verdict else " ", colour)
        line = _line(head, tail, faults)
        lines.append(HPacker(children=[sign, *line], align="baseline", sep=8))
        for fault in faults:
            said = (w if isinstance(w, str) else _set(w.latex) for w in fault.words)
            lines.append(_words(f"        ▲ {''.join(said)}", for_words(RED), 0.9))
    figure = page(WIDTH, LINE * len(lines))
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    packed = VPacker(children=lines, align="left", sep=6)
    axes.add_artist(AnchoredOffsetbox("upper left", child=packed, frameon=False))
    return figure


def _line(head: str, tail: str, faults: Sequence[Fault]) -> list[Artist]:
    """A line as mathematics, with the first fault's place in red where it stands by itself."""
    before = head or r"\quad\; {}"
    if not faults:
        return [_maths(f"{before} {tail}", "black")]
    start = faults[0].column - 1 - len(f"{head} &")
    stop = start + faults[0].length
    pieces = [tail[: max(start, 0)], tail[max(start, 0) : stop], tail[stop:]]
    if start < 0 or any(piece.count("{") != piece.count("}") for piece in pieces):
        return [_maths(f"{before} {tail}", RED)]
    pieces[0] = f"{before} {pieces[0]}"
    shown: list[Artist] = [
        _maths(p, RED if i == 1 else "black") for i, p in enumerate(pieces) if p.strip()
    ]
    return [HPacker(children=shown, align="baseline", sep=0, pad=0)]


def _maths(source: str, colour: str) -> TextArea:
    """LaTeX as the pictures' own mathematics takes it."""
    return _words(_set(source.strip()), colour, 1.1)


def _set(source: str) -> str:
    """The same for words of a picture, with room before diag."""
    close = source.replace(r"\, \operatorname", r"\operatorname")
    set_as = f"${_DIAG.sub(THIN, close)}$"
    try:
        MathTextParser("path").parse(set_as)
    except ValueError:  # a name that the pictures cannot set
        return caption(source)
    return set_as


def _words(text: str, colour: str, size: float = 1.0) -> TextArea:
    return TextArea(text, textprops={"color": colour, "fontsize": points(size * LETTERS)})
