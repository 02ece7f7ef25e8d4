"""A name in LaTeX: a letter with its accents, its indices and its time."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr

from symgate.algebra.names import name_parts
from symgate.algebra.shown import offset
from symgate.writing.notation import Glyph

_ACCENTS = {"tilde": r"\tilde", "hat": r"\hat", "bar": r"\bar", "dot": r"\dot"}


def glyph_latex(
    glyph: Glyph, time: Expr | None = None, *, above: bool = False, bold: bool = False
) -> str:
    r"""A glyph at a time, which stands below, or above in angle brackets.

    A layer then stands in square brackets before it.

    >>> from sympy import Integer
    >>> print(glyph_latex(Glyph("Gamma", below=("u",)), Integer(-1), above=True))
    \Gamma_u^{\langle t-1 \rangle}
    """
    base = rf"\mathtt{{{escaped(glyph.base)}}}" if glyph.verbatim else _letter(glyph.base)
    if bold:
        base = rf"\boldsymbol{{{base}}}" if base.startswith("\\") else rf"\mathbf{{{base}}}"
    for accent in glyph.accents:
        base = f"{{{base}'}}" if accent == "prime" else f"{_ACCENTS[accent]}{{{base}}}"
    below = _pieces(glyph.below, above)
    index = _run(below) if glyph.tight else ",".join(below)
    raised = _run(_pieces(glyph.above, above))
    if raised:
        raised = f"[{raised}]" if above else f"({raised})"
    if time is not None:
        moment = "t" if time == 0 else f"t{offset(time)}"
        if above:
            raised += rf"\langle {moment} \rangle"
        else:
            index = f"{index},{moment}" if index else moment
    return f"{base}{_attached('_', index)}{_attached('^', raised)}"


def escaped(identifier: str) -> str:
    return identifier.replace("_", r"\_")


def _pieces(pieces: Sequence[str | Glyph], above: bool) -> list[str]:
    return [_script(p) if isinstance(p, str) else glyph_latex(p, above=above) for p in pieces]


def _letter(base: str) -> str:
    parts = name_parts(base)
    if parts.greek and parts.greek == base:
        return "o" if base == "omicron" else rf"\{base}"
    return base if len(base) == 1 else rf"\mathit{{{escaped(base)}}}"


def _script(subscript: str) -> str:
    parts = name_parts(subscript)
    if parts.greek:
        return _letter(parts.greek)
    short = len(subscript) == 1 or subscript.isdigit()
    return subscript if short else rf"\mathit{{{escaped(subscript)}}}"


def _run(pieces: Sequence[str]) -> str:
    """Letters side by side, a command kept apart from the letter after it."""
    out = ""
    for piece in pieces:
        clash = out[-1:].isalpha() and piece[:1].isalpha() and "\\" in out.split("{")[-1]
        out += f" {piece}" if clash else piece
    return out


def _attached(sign: str, script: str) -> str:
    if not script:
        return ""
    return f"{sign}{script}" if len(script) == 1 else f"{sign}{{{script}}}"
