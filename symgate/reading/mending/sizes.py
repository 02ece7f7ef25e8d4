"""The sizes that a note states: W_h ∈ ℝ^{n×n}, x_t ∈ ℝ^d."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

#: A letter with its scripts; how fonts are written, which tell nothing.
_SYMBOL = r"\{?[A-Za-z]\}?(?:\s*[_^](?:\{[^{}\n]{1,20}\}|\w))*"
_FONT = re.compile(r"\\(?:mathbf|mathrm|mathit|boldsymbol|bm|vec|text)\b\s*")
_STATED = re.compile(
    rf"(?P<names>{_SYMBOL}(?:\s*,\s*{_SYMBOL}){{0,12}})\s*(?:\\in\b|∈)\s*"
    r"(?:\\mathbb\s*\{?\s*R\s*\}?|ℝ|\\R\b|R)\s*\^\s*(?P<size>\{[^{}\n]{1,40}\}|\w)"
)


@lru_cache(maxsize=1)  # of the document that is being read, for each of its cells
def stated(text: str) -> Mapping[str, tuple[str, ...]]:
    r"""The sizes of what a text says to be real, by its name without marks.

    >>> stated(r"$W_{hh} \in \mathbb{R}^{n\times n}$, $x_t, h_t \in \mathbb{R}^d$")
    {'Whh': ('n', 'n'), 'xt': ('d',), 'ht': ('d',)}
    """
    found: dict[str, tuple[str, ...]] = {}
    for own in _STATED.finditer(_FONT.sub("", text)):
        sizes = re.split(r"\\times|×|\\cdot", own["size"].strip("{}"))
        for name in own["names"].split(","):
            kept = tuple(size.strip() for size in sizes if size.strip() != "1")
            found.setdefault(re.sub(r"[\s{}_^]", "", name), kept)
    return found
