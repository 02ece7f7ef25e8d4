"""LaTeX to MathML: the one place that knows math-core.

math-core is young and has renamed its methods before: it stays here, within one minor version,
and tests/test_mathml.py holds what it writes.
"""

from __future__ import annotations

import re
from functools import lru_cache

from math_core import LatexError, LatexToMathML

from symgate.errors import SymgateError


@lru_cache(maxsize=1)
def _converter() -> LatexToMathML:
    return LatexToMathML(pretty_print="never", fancy_error=False)


@lru_cache(maxsize=8192)
def mathml(formula: str, *, display: bool = False) -> str:
    """A formula as a <math> element.

    >>> mathml("z_t")
    '<math><msub><mi>z</mi><mi>t</mi></msub></math>'
    """
    try:
        shown = _converter().convert_with_local_state(formula, displaystyle=display)
    except LatexError as error:
        raise SymgateError(
            f"this formula does not convert to MathML: {formula} ({error})"
        ) from None
    return shorter(str(shown))


def shorter(shown: str) -> str:
    """The same with half the bytes: what a style sheet says once is left out, and an index
    of several letters becomes one identifier, in the italic letters that it is set in."""
    for long, short in _SHORTER.items():
        shown = shown.replace(long, short)
    shown = _ALONE.sub(r"\1", _WORD.sub(r"<mi>\1</mi>", shown))
    return _INDEX.sub(lambda found: f"<mi>{_run(found.group(1))}</mi>", shown)


_SHORTER = {
    ' style="text-align: right;justify-items: end;padding-right: 0;"': "",
    ' style="text-align: left;justify-items: start;padding-left: 0;"': "",
    "<mspace/>": "",
    "<mrow></mrow>": "<mrow/>",
    ' scriptlevel="0"': "",
    "0.16666667em": ".17em",
    '<mo lspace="0.2222em" rspace="0.2222em">⊙</mo>': "<mo>⊙</mo>",  # what it has anyway
}
_WORD = re.compile(r'<mo lspace="0" rspace="0">([A-Za-z]{2,})</mo>')
_ALONE = re.compile(r'<mrow>(<mi mathvariant="normal">[^<]*</mi>)</mrow>')
_SIGN = r'<mo (?:lspace="0" rspace="0"|stretchy="false")>[−+⟨⟩()\[\]]</mo>|<mo>,</mo>'
_INDEX = re.compile(rf"<mrow>((?:<mi>[A-Za-zα-ω]</mi>|<mn>[0-9]+</mn>|{_SIGN})+)</mrow>")
_TAG = re.compile(r"<mi>(.)</mi>|<[^>]*>")


def _run(tokens: str) -> str:
    """The tokens of an index in one run of text."""
    return _TAG.sub(lambda found: _italic(found.group(1)) if found.group(1) else "", tokens)


def _italic(letter: str) -> str:
    """The mathematical italic of a letter."""
    code = ord(letter)
    if letter == "h":
        return "ℎ"
    if "A" <= letter <= "Z":
        return chr(0x1D434 + code - ord("A"))
    return chr(0x1D44E + code - ord("a")) if letter.isascii() else chr(0x1D6FC + code - ord("α"))
