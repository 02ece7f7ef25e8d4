"""Derivations as plain Unicode, for a terminal."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy import Expr, MatrixExpr, MatrixSymbol

from symgate.algebra.marks import Differential, Partial
from symgate.algebra.marks import Step as Moment
from symgate.algebra.names import ACCENTS, GREEK
from symgate.algebra.norms import SpectralNorm
from symgate.algebra.operators import ColumnBlock, OrderedProduct
from symgate.algebra.printing import (
    ATOM,
    MATVEC,
    POWER,
    PRODUCT,
    SUM,
    Order,
    _signed,
    _Text,
)
from symgate.algebra.vectors import MatVec, Stack, t
from symgate.linear.adjoint import transposed
from symgate.writing.formulas import (
    Count,
    Formula,
    Line,
    Named,
    Scientific,
    Shape,
    Span,
    Step,
    Table,
    Words,
    Written,
)
from symgate.writing.marks import Acting, AtLimit, Concatenation, Equal, Slope, Stacked
from symgate.writing.naming import Naming
from symgate.writing.notation import Glyph

if TYPE_CHECKING:
    from symgate.writing.derivation import Derivation

WIDTH = 96
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class TextPrinter(_Text):
    """Prints in a notation, in Unicode."""

    def __init__(self, order: Order | None, naming: Naming, hadamard: str) -> None:
        super().__init__(order)
        self.naming = naming
        self.hadamard = f" {'∘' if hadamard == 'circ' else '⊙'} "
        if naming.notation.matvec == "cdot":
            self.matvec_times = " · "

    def name(self, name: str, time: Expr | None) -> str:
        if name.startswith("loss:"):
            return f"∂L_t/∂{self.name(name[5:], time)}"
        return self.glyph(self.naming.glyph(name), time)

    def glyph(self, glyph: Glyph, time: Expr | None = None) -> str:
        base = GREEK.get(glyph.base, glyph.base) if not glyph.verbatim else glyph.base
        base += "".join(ACCENTS[a] for a in glyph.accents)
        below = [self._piece(p) for p in glyph.below]
        index = "".join(below) if glyph.tight else ",".join(below)
        above = "".join(self._piece(p) for p in glyph.above)
        base += f"^({above})" if above else ""
        if time is not None:
            moment = "t" if time == 0 else f"t{_signed(time)}"
            if self.naming.notation.time == "above":
                index_shown = _index(index)
                return f"{base}{index_shown}⟨{moment}⟩"
            index = f"{index},{moment}" if index else moment
        return base + _index(index)

    def _piece(self, piece: str | Glyph) -> str:
        return GREEK.get(piece, piece) if isinstance(piece, str) else self.glyph(piece)

    def in_product(self, factor: Expr) -> int:
        return 0 if factor.is_Rational and factor.is_positive else MATVEC + 1

    def call(self, function: str, arguments: Sequence[str]) -> str:
        if function in ("abs", "Abs"):
            return f"|{arguments[0]}|"
        return super().call(function, arguments)

    def number(self, value: Expr) -> str:
        small = value.is_Rational and value.q in (2, 4, 8, 16)
        return f"{value.p}/{value.q}" if small else super().number(value)

    def ordered_product(self, product: OrderedProduct) -> str:
        shown = super().ordered_product(product)
        return (
            shown.replace("[", "").replace("]", "") if isinstance(product.factor, Moment) else shown
        )

    def matvec(self, matrix: MatrixExpr, vector: Expr) -> str:
        level = PRODUCT if isinstance(vector, Differential) else MATVEC
        if self.naming.notation.row:
            right = self.show(transposed(matrix), level)
            if right.endswith(" I"):  # a number stands in front
                return f"{right.removesuffix(' I')} {self.show(vector, POWER)}"
            return f"{self.show(vector, POWER)}{self.matvec_times}{right}"
        left = self.show(matrix, level).removesuffix(" I")
        return f"{left}{self.matvec_times}{self.show(vector, POWER)}"

    def matrix_name(self, name: str) -> str:
        shown = self.name(name, None)
        return f"{shown}ᵀ" if self.naming.notation.row else shown

    def transposed(self, matrix: Expr) -> str:
        if self.naming.notation.row and isinstance(matrix, MatrixSymbol):
            return self.name(matrix.name, None)
        if self.naming.notation.row and isinstance(matrix, ColumnBlock):
            return self._block_name(matrix)
        return f"{self.show(matrix, ATOM)}ᵀ"

    def column_block(self, block: ColumnBlock) -> str:
        shown = self._block_name(block)
        return f"{shown}ᵀ" if self.naming.notation.row else shown

    def _block_name(self, block: ColumnBlock) -> str:
        if isinstance(block.matrix, MatrixSymbol):
            return self.glyph(self.naming.block(block.matrix.name, block.source.name))
        return super().column_block(block)

    def outer(self, u: Expr, v: Expr) -> str:
        if self.naming.notation.row:
            return f"{self._factor(v)}ᵀ {self._factor(u)}"
        return f"{self._factor(u)} {self._factor(v)}ᵀ"

    def _factor(self, e: Expr) -> str:
        return self.show(e, 0 if isinstance(e, Stack) else ATOM)

    def _sum(self, e: Any) -> str:
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
                rest = [self._signed_term(a) for a in e.args if a not in (one, other)]
                first = f"{self.glyph(glyph)}{self.matvec_times}{inside}"
                return self.joined([(False, first), *sorted(rest, key=lambda term: term[0])])
        return super()._sum(e)

    def show(self, expression: Any, at_least: int = 0) -> str:
        match expression:
            case Concatenation(glyph=None):
                rows = [" ".join(map(self.show, row)) for row in expression.rows]
                return f"[{'; '.join(rows)}]"
            case Concatenation(glyph=Glyph() as glyph):
                return self.glyph(glyph)
            case Stacked():
                return self._stacked(expression)
            case Slope():
                return (
                    f"{self.function(expression.function)}'({self.name(expression.letter, None)})"
                )
            case Equal():
                return " = ".join(map(self.show, expression.parts))
            case AtLimit():
                to = f"{self.show(expression.gate)} → {expression.value}"
                return f"lim {to}: {self.show(expression.partial)}"
            case Acting():
                return f"{self.show(expression.operator)} {self.show(expression.vector)}"
            case Named():
                return self.name(expression.name, expression.time)
            case Span():
                low = "-∞" if expression.low is None else self.show(expression.low)
                high = "∞" if expression.high is None else self.show(expression.high)
                unbounded = expression.low is None and expression.high is None
                return "ℝ" if unbounded else (
                    f"{'(' if expression.low is None else '['}{low}, {high}"
                    f"{')' if expression.high is None else ']'}"
                )  # fmt: skip
            case Scientific():
                power = f"10{str(expression.exponent).translate(_SUPERSCRIPT)}"
                return power if expression.digit == 1 else (
                    "0" if expression.digit == 0 else f"{expression.digit}·{power}"
                )  # fmt: skip
            case Written():
                return expression.text
            case Count():
                return self.joined([self._signed_term(t) for t in expression.of.as_ordered_terms()])
            case Shape():
                return " × ".join(self.show(s, 2) for s in expression.sizes) or "1"
        return super().show(expression, at_least)

    def _shown(self, e: Any) -> tuple[str, int]:
        if isinstance(e, sp.Symbol) and e.is_integer:  # a size, a lag: no name of the cell
            return self.glyph(Glyph.of(e.name)), ATOM
        if isinstance(e, SpectralNorm) and self.naming.notation.row:
            written = e.matrix if isinstance(e.matrix, Partial) else transposed(e.matrix)
            return self.norm(self.show(written), "2"), ATOM
        if isinstance(e, Moment):
            return self.glyph(Glyph(self.naming.jacobian), e.time - t), ATOM
        return super()._shown(e)

    def _product(self, e: Any) -> tuple[str, int]:
        if isinstance(-e, MatVec):
            return f"-{self.show(-e, MATVEC)}", SUM
        return super()._product(e)

    def function(self, function: Any) -> str:
        name = type(function).__name__
        return {"sigmoid": "σ"}.get(name, name)

    def _stacked(self, stack: Stacked) -> str:
        heads = "; ".join(self.function(stack.cell.equations[g]) for g in stack.gates)
        acted = "; ".join(self.show(v) for v in stack.vectors)
        bias = f" + {self.glyph(stack.bias)}" if stack.bias is not None else ""
        return f"[{heads}] ({self.glyph(stack.matrix)} [{acted}]{bias})"


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

    def line(self, one: Line) -> list[str]:
        printer = self.printer(one.order)
        left = "" if one.left is None else f"{printer.show(one.left)} "
        indent = " " * (8 if one.left is None and one.relation else 4)  # the line before goes on
        head = f"{indent}{left}{one.relation} " if one.relation else indent
        labelled = any(p.label for p in one.parts[1:])
        rows, text = [], head
        for i, part in enumerate(one.parts):
            shown = printer.show(part.expression)
            sign = ""
            if i:
                negative = shown.startswith("-")
                sign, shown = (" - ", shown[1:].lstrip()) if negative else (" + ", shown)
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
        widths = [min(60, max(_width(row[i]) for row in rows)) for i in range(len(rows[0]))]
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
