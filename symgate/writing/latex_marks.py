"""What stands in sentences and tables, or is set together in blocks, as LaTeX."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from symgate.algebra.printing import PRODUCT
from symgate.writing.formulas import Count, Named, Scientific, Shape, Span, Written
from symgate.writing.glyphs import FUNCTIONS, escaped
from symgate.writing.marks import Acting, AtLimit, Concatenation, Equal, Slope, Stacked
from symgate.writing.notation import Glyph

if TYPE_CHECKING:
    from symgate.writing.latex import LatexPrinter


def marked(printer: LatexPrinter, expression: Any) -> str | None:
    """One of the marks of a derivation; None where it is an ordinary expression."""
    match expression:
        case Concatenation(glyph=None):
            return printer.block_matrix([[printer.show(p) for p in row] for row in expression.rows])
        case Concatenation(glyph=Glyph() as glyph):
            return printer.glyph(glyph, bold=printer.bold and expression.is_vector)
        case Stacked():
            return _stacked(printer, expression)
        case Slope():
            head = FUNCTIONS.get(type(expression.function).__name__, "")
            name = rf"\operatorname{{{escaped(type(expression.function).__name__)}}}"
            return f"{head or name}'({printer.name(expression.letter, None)})"
        case Equal():
            return " = ".join(map(printer.show, expression.parts))
        case AtLimit():
            to = rf"{printer.show(expression.gate)} \to {expression.value}"
            return rf"\lim_{{{to}}} {printer.show(expression.partial)}"
        case Acting():
            return rf"{printer.show(expression.operator)} \, {printer.show(expression.vector)}"
        case Named():
            return printer.name(expression.name, expression.time)
        case Span():
            return _span(printer, expression)
        case Scientific():
            if expression.digit == 0:
                return "0"
            digit = "" if expression.digit == 1 else rf"{expression.digit} \cdot "
            return rf"{digit}10^{{{expression.exponent}}}"
        case Written():
            return expression.latex
        case Count():
            terms = [printer._signed_term(term) for term in expression.of.as_ordered_terms()]
            return printer.joined(terms).replace(printer.scalar_times, " ")
        case Shape():
            sizes = [printer.show(s, PRODUCT) for s in expression.sizes]
            return r" \times ".join(sizes) if sizes else "1"
    return None


def _stacked(printer: LatexPrinter, stack: Stacked) -> str:
    """act(W [h; x] + b), the activations in a column."""
    calls = [stack.cell.equations[g] for g in stack.gates]
    heads = [[FUNCTIONS.get(type(c).__name__, type(c).__name__)] for c in calls]
    acted = printer.block_matrix([[printer.show(v)] for v in stack.vectors])
    inside = f"{printer.glyph(stack.matrix)} {acted}"
    if stack.bias is not None:
        inside += f" + {printer.glyph(stack.bias, bold=printer.bold)}"
    return f"{printer.block_matrix(heads)} {printer.parenthesised(inside)}"


def _span(printer: LatexPrinter, span: Span) -> str:
    """An interval, closed where it has an end."""
    if span.low is None and span.high is None:
        return r"\mathbb{R}"
    low = r"(-\infty" if span.low is None else f"[{printer.show(span.low)}"
    high = r"\infty)" if span.high is None else f"{printer.show(span.high)}]"
    return f"{low}, {high}"
