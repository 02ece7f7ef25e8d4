"""LaTeX to MathML: the one place that knows math-core.

math-core is young and has renamed its methods before, so that it is pinned and stays here.
"""

from __future__ import annotations

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
    """Without styles that a page's style sheet says once for all: they are half the bytes."""
    right = ' style="text-align: right;justify-items: end;padding-right: 0;"'
    left = ' style="text-align: left;justify-items: start;padding-left: 0;"'
    shown = shown.replace(f"<mtd{right}>", '<mtd class="r">').replace(
        f"<mtd{left}>", '<mtd class="l">'
    )
    return shown.replace(' displaystyle="true" scriptlevel="0"', ' displaystyle="true"').replace(
        "<mspace/>", ""
    )
