"""The verdicts, and what a check finds: a verdict, the reason, and the numbers behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

PROVED = "proved"
CONDITIONS = "true under stated conditions"
LIMIT = "true only in a limit"
CONVENTION = "a matter of convention"
FALSE = "false"

#: The five verdicts.
VERDICTS = (PROVED, CONDITIONS, LIMIT, CONVENTION, FALSE)

Number = float | int | str


@dataclass(frozen=True)
class Finding:
    """What a check found: `reason` is the proof or the counterexample in words."""

    verdict: str
    reason: str
    numbers: Mapping[str, Number] = field(default_factory=lambda: MappingProxyType({}))


def power_of_ten(log10: float) -> str:
    """A number that may be too small to print, from its logarithm.

    >>> power_of_ten(-2518.7), power_of_ten(-0.5), power_of_ten(0), power_of_ten(39.79)
    ('2e-2519', '0.316', '1', '6.17e+39')
    """
    if log10 == float("-inf"):
        return "0"
    if -300 < log10 < 300:
        return f"{10**log10:.3g}"
    whole = int(log10 // 1)
    mantissa = round(10 ** (log10 - whole))
    return f"{mantissa}e{whole:+d}" if mantissa < 10 else f"1e{whole + 1:+d}"
