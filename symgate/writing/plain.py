"""Derivations as plain Unicode, for a terminal."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sympy import Expr

from symgate.algebra.names import ACCENTS, GREEK
from symgate.algebra.shown import PRODUCT, Order, Shown, made, offset
from symgate.numerals import raised
from symgate.writing.marks import AtLimit, Slope, StackedGates
from symgate.writing.naming import Naming
from symgate.writing.notation import Glyph
from symgate.writing.noted import Noted
from symgate.writing.tree import (
    Formula,
    FormulaLine,
    Scientific,
    Step,
    Table,
    ValueRange,
    Words,
    Written,
)

if TYPE_CHECKING:
    from symgate.writing.derivation import Derivation

WIDTH = 96


class TextPrinter(Noted):
    """Prints in a notation, in Unicode."""

    def __init__(self, order: Order | None, naming: Naming, hadamard: str) -> None:
        super().__init__(order, naming)
        self.hadamard = f" {'∘' if hadamard == 'circ' else '⊙'} "
        if naming.notation.matvec == "cdot":
            self.matvec_times = " · "

    def glyph(self, glyph: Glyph, time: Expr | None = None, *, bold: bool = False) -> str:
        base = GREEK.get(glyph.base, glyph.base) if not glyph.verbatim else glyph.base
        base += "".join(ACCENTS[a] for a in glyph.accents)
        below = [self._piece(p) for p in glyph.below]
        index = "".join(below) if glyph.tight else ",".join(below)
        above = "".join(self._piece(p) for p in glyph.above)
        base += f"^({above})" if above else ""
        if time is not None:
            moment = "t" if time == 0 else f"t{offset(time)}"
            if self.notation.time == "above":
                return f"{base}{_index(index)}⟨{moment}⟩"
            index = f"{index},{moment}" if index else moment
        return base + _index(index)

    def _piece(self, piece: str | Glyph) -> str:
        return GREEK.get(piece, piece) if isinstance(piece, str) else self.glyph(piece)

    # -- words -------------------------------------------------------------------------------

    def print_Slope(self, e: Slope) -> Shown:
        letter = self.name(e.letter, None)
        if e.is_spelled_out:
            return made(PRODUCT, "d", self.at(e.function, PRODUCT), f"/d{letter}")
        return Shown(f"{self.function(e.function)}'({letter})")

    def print_AtLimit(self, e: AtLimit) -> Shown:
        return made(PRODUCT, f"lim {self.show(e.gate)} → {e.value}: ", self.at(e.partial, 0))

    def print_ValueRange(self, e: ValueRange) -> Shown:
        if e.low is None and e.high is None:
            return Shown("ℝ")
        low = "(-∞" if e.low is None else f"[{self.show(e.low)}"
        return Shown(f"{low}, ∞)" if e.high is None else f"{low}, {self.show(e.high)}]")

    def print_Scientific(self, e: Scientific) -> Shown:
        power = f"10{raised(e.exponent)}"
        return Shown("0" if not e.digit else power if e.digit == 1 else f"{e.digit}·{power}")

    def print_Written(self, e: Written) -> Shown:
        return Shown(e.text)

    def print_StackedGates(self, e: StackedGates) -> Shown:
        heads = "; ".join(self.function(e.cell.equations[g]) for g in e.gates)
        acted = "; ".join(self.show(v) for v in e.vectors)
        bias = f" + {self.glyph(e.bias)}" if e.bias is not None else ""
        return Shown(f"[{heads}] ({self.glyph(e.matrix)} [{acted}]{bias})", PRODUCT)


def _index(index: str) -> str:
    if not index:
        return ""
    return f"_{index}" if len(index) == 1 else f"_{{{index}}}"


def text(derivations: Sequence[Derivation]) -> str:
    """The derivations, one below the other."""
    out = []
    for d in derivations:
        writer = _Writer(d)
        out.append(f"{d.title}\n{'=' * len(d.title)}")
        for section in d.sections:
            out.append(f"{section.title}\n{'-' * len(section.title)}")
            out += [writer.step(step) for step in section.steps]
    return "\n\n".join(out) + "\n"


class _Writer:
    def __init__(self, derivation: Derivation) -> None:
        self.derivation = derivation

    def printer(self, order: Order | None = None) -> TextPrinter:
        return TextPrinter(order, self.derivation.naming, self.derivation.hadamard)

    def words(self, words: Words) -> str:
        printer = self.printer()
        return "".join(w if isinstance(w, str) else printer.show(w) for w in words)

    def step(self, step: Step) -> str:
        head = f"{self.words(step.heading)}. {self.words(step.reason)}".rstrip()
        out = [textwrap.fill(head, WIDTH)]
        out += [self.formula(f) for f in step.formulas]
        if step.table is not None:
            out.append(self.table(step.table))
        return "\n\n".join(out)

    def formula(self, formula: Formula) -> str:
        return "\n".join(row for one in formula.lines for row in self.line(one))

    def line(self, one: FormulaLine) -> list[str]:
        printer = self.printer(one.order)
        left = "" if one.left is None else f"{printer.show(one.left)} "
        indent = " " * (8 if one.left is None and one.relation else 4)  # the line before goes on
        head = f"{indent}{left}{one.relation} " if one.relation else indent
        labelled = any(p.label for p in one.parts[1:])
        rows, text = [], head
        for i, part in enumerate(one.parts):
            negative, term = printer.signed(part.expression)
            sign = (" - " if negative else " + ") if i else printer.minus * negative
            shown = term.text
            label = f"   [{self.words(part.label)}]" if part.label else ""
            if i and (labelled or len(text) + len(sign + shown) > WIDTH):
                rows.append(text.rstrip())
                text = f"        {sign.strip()} {shown}{label}"
            else:
                text += f"{sign}{shown}{label}"
        return [piece for row in (*rows, text.rstrip()) for piece in _folded(row)]

    def table(self, table: Table) -> str:
        rows = [
            [self.words(h) for h in table.header],
            *([self.words(c) for c in row] for row in table.rows),
        ]
        widths = [max(_width(row[i]) for row in rows) for i in range(len(rows[0]))]
        lines = []
        for row in rows:
            cells = [c + " " * max(0, w - _width(c)) for c, w in zip(row, widths, strict=True)]
            lines.append("    " + "  ".join(cells).rstrip())
        lines.insert(1, "    " + "  ".join("-" * w for w in widths))
        return "\n".join(lines)


def _folded(row: str) -> list[str]:
    """A row on as many lines as it needs, broken before a + or − or a group."""
    if _width(row) <= WIDTH or "(" not in row:
        return [row]
    out = [""]
    for piece in re.split(r"(?= [+-] (?:diag|\w+ᵀ|\())|(?<=\)) (?=\()", row):
        if out[-1].strip() and _width(out[-1] + piece) > WIDTH:
            out.append(f"            {piece.strip()}")
        else:
            out[-1] += piece if not piece.startswith("(") or not out[-1] else f" {piece}"
    return out


def _width(text: str) -> int:
    """How many columns a text takes: accents above a letter take none."""
    return len(re.sub("[\u0300-\u036f]", "", text))
