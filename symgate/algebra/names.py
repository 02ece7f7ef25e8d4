"""How a name is taken apart: base letter, accent, subscripts, Greek.

`h_tilde` is an h with a tilde, `Gamma_f` a capital gamma with subscript f,
`W_x_f` a W with subscripts x and f. The writers decide how each part looks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho "
    "sigma tau upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi "
    "Omega"
)
GREEK = dict(zip(_GREEK.split(), "αβγδεζηθικλμνξοπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", strict=True))

#: `lambda` is a word of Python's, so that people write it otherwise.
_SPELLINGS = {"lamda": "lambda", "lam": "lambda", "Lamda": "Lambda", "eps": "epsilon"}

#: A letter with a number behind it: h2 is the h of the second layer.
_LAYERED = re.compile(r"([A-Za-z]+)([0-9]+)")

ACCENTS = {"tilde": "\u0303", "hat": "\u0302", "bar": "\u0304", "dot": "\u0307", "prime": "′"}


@dataclass(frozen=True)
class NameParts:
    """A name, taken apart; `greek` is the Greek letter's English name, or None, `layer` the
    number behind the letter."""

    base: str
    greek: str | None
    accents: tuple[str, ...]
    subscripts: tuple[str, ...]
    layer: str = ""


@lru_cache(maxsize=4096)
def name_parts(name: str) -> NameParts:
    """Take a name apart; what is named after another value has that one below as a whole.

    >>> name_parts("h_tilde").accents, name_parts("U_z").subscripts, name_parts("alpha").greek
    (('tilde',), ('z',), 'alpha')
    >>> name_parts("delta_a_z").subscripts, name_parts("U_z_1").subscripts
    (('a_z',), ('z', '1'))
    """
    base, *rest = [part for part in name.split("_") if part] or [name]
    if base in ("a", "delta") and len(rest) > 1 and rest[0] not in ACCENTS:
        rest = ["_".join(rest)]
    accents = tuple(part for part in rest if part in ACCENTS)
    subscripts = tuple(part for part in rest if part not in ACCENTS)
    found = _LAYERED.fullmatch(base)
    layer = ""
    if found and (len(found[1]) == 1 or _SPELLINGS.get(found[1], found[1]) in GREEK):
        base, layer = found[1], found[2]
    greek = _SPELLINGS.get(base, base)
    return NameParts(base, greek if greek in GREEK else None, accents, subscripts, layer)


def is_scalar_name(name: str) -> bool:
    """Whether a parameter of this name is a scalar by the convention of the field.

    Greek letters are scalars (a leak alpha, a step Delta), Latin letters are vectors.

    >>> is_scalar_name("alpha"), is_scalar_name("Delta"), is_scalar_name("b_z")
    (True, True, False)
    """
    return name_parts(name).greek is not None
