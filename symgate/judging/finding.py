"""The verdicts, what a check finds, and numbers as sentences say them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from symgate.decaying.table import scientific
from symgate.judging.formulas import Formula

FALSE = "false"

#: The five verdicts.
VERDICTS = (
    "proved",
    "true under stated conditions",
    "true only in a limit",
    "a matter of convention",
    FALSE,
)

#: In place of a verdict where the check could not be run on a cell; the sentence says why.
NOT_JUDGED = "not judged"

Number = float | int

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Decision:
    """What a check found: a verdict, sentences, the numbers that they say, and formulas."""

    verdict: str
    sentences: tuple[str, ...]
    numbers: Mapping[str, Number] = field(default_factory=lambda: MappingProxyType({}))
    formulas: tuple[Formula, ...] = ()


def shown(value: Number, digits: int = 3) -> str:
    """A number for a sentence; a whole number in full, others to some digits.

    >>> shown(10000), shown(15271.4), shown(0.36603), shown(1.2e-9), shown(float("inf"))
    ('10,000', '15,300', '0.366', '1.20·10⁻⁹', '∞')
    """
    if isinstance(value, int):
        return f"{value:,}"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        return _plain(value, digits)
    return ("-" if value < 0 else "") + _scientific(math.log10(abs(value)), digits)


def power_of_ten(log10: float, digits: int = 3) -> str:
    """A number that may be too small for a float, from its logarithm.

    >>> power_of_ten(-2518.7), power_of_ten(-0.5), power_of_ten(0), power_of_ten(39.79)
    ('2.00·10⁻²⁵¹⁹', '0.316', '1', '6.17·10³⁹')
    """
    if log10 == -math.inf:
        return "0"
    return _plain(10.0**log10, digits) if -4 < log10 < 6 else _scientific(log10, digits)


def _plain(value: float, digits: int) -> str:
    rounded = float(f"{value:.{digits}g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 1000 else f"{rounded:.{digits}g}"


def _scientific(log10: float, digits: int) -> str:
    mantissa, exponent = scientific(log10, digits)
    return f"{mantissa}·10{str(exponent).translate(_SUPERSCRIPT)}"
