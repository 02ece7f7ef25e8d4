"""A comparison as LaTeX in a notation, and as HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sympy import Integer, Rational

from symgate.algebra.shown import Shown
from symgate.comparing.changes import plain_name
from symgate.comparing.coefficients import Token
from symgate.comparing.normal import is_of_rows
from symgate.comparing.polynomials import MatrixFactor
from symgate.comparing.solving import Value
from symgate.comparing.wording import gates, is_matrix, scalars_apart, values, whole_matrix
from symgate.tables import html_table
from symgate.writing.latex import LatexPrinter
from symgate.writing.naming import Naming
from symgate.writing.notation import notation as notation_named
from symgate.writing.width import plain

if TYPE_CHECKING:
    from symgate.comparing.comparison import Comparison
    from symgate.comparing.normal import Normal
    from symgate.comparing.search import ProvedMap

NOW = Integer(0)


def map_latex(one: Normal, other: Normal, found: ProvedMap, notation: str = "symgate") -> str:
    """The lines of a map as an `aligned` block: the second's names in the first's.

    Names that stay as they are are left out.
    """
    style = notation_named(notation)
    mine, theirs = (LatexPrinter(None, Naming(cell.cell, style)) for cell in (one, other))
    lines = []
    for name in (*other.states, *other.cell.inputs):
        lines.append((theirs.name(name, NOW), mine.name(found.names.get(name, name), NOW)))
    for name, (constant, sign, gate) in gates(one, other, found).items():
        shown = mine.name(gate, NOW)
        shown = f"{constant} - {shown}" if constant else f"-{shown}" if sign < 0 else shown
        lines.append((theirs.name(name, NOW), shown))
    for name in other.cell.parameters:
        whole = whole_matrix(one, other, found, name)
        if whole is not None:
            shown = _token(mine, whole)
        else:
            matrix = other.cell.parameters[name].kind == "matrix"
            blocks = [
                "I" if (name, block) in found.identity_second else _value(mine, value, matrix)
                for block, value in values(other, found, name)
            ]
            rows = is_of_rows(other.blocks.get(name, ("",))[0])
            whole_rows = [[b] for b in blocks] if rows else [blocks]
            shown = blocks[0] if len(blocks) == 1 else mine.block_matrix(whole_rows)
        lines.append((_name(theirs, name), shown))
    kept = [pair for pair in lines if pair[0] != pair[1]] or lines[:1]
    body = r" \\ ".join(rf"{plain(left)} &\to {plain(right)}" for left, right in kept)
    return rf"\begin{{aligned}} {body} \end{{aligned}}"


def _value(printer: LatexPrinter, value: Value, matrix: bool) -> str:
    shown = ""
    for c, tokens in sorted(value, key=lambda term: term[0] < 0):
        size = abs(c)
        parts = [printer.show(Rational(size.numerator, size.denominator))] * (size != 1)
        if matrix:
            scalars, rest = scalars_apart(tokens)
            parts += [_token(printer, t) for t in scalars]
            parts += [_factor(printer, t) for t in rest] or ["I"]
        else:
            parts += [_token(printer, token) for token in tokens]
        term = r" \, ".join(parts) or "1"
        sign = "-" if c < 0 else "+"
        shown = f"{shown} {sign} {term}" if shown else f"{'-' if c < 0 else ''}{term}"
    return shown or "0"


def _factor(printer: LatexPrinter, token: Token) -> str:
    shown = _token(printer, token)
    return shown if is_matrix(token) else rf"\operatorname{{diag}}({shown})"


def _token(printer: LatexPrinter, token: Token) -> str:
    if not isinstance(token, MatrixFactor):
        param, exponent = token
        shown = _name(printer, plain_name(param.name))
        return shown if exponent == 1 else f"{{{shown}}}^{{{exponent}}}"
    whole = printer.named(token.name, None)
    if token.block:
        indices = token.block.replace(", ", r",\,")
        whole = Shown(rf"\left({whole.text}\right)_{{{indices}}}")
    return printer.transposed(whole).text if token.transposed else whole.text


def _name(printer: LatexPrinter, name: str) -> str:
    return printer.name(name, None)


def html(found: Comparison) -> str:
    """A comparison for a notebook: the verdict, the map and the numbers as tables."""
    head = f"{found.first.name} and {found.second.name}: {found.verdict}"
    return html_table(found.rows(), caption=head)
