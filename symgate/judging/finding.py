"""The verdicts, and what a check finds: a verdict, sentences, numbers and formulas.

A sentence names the numbers that it uses, {half_life}, and gets them when it is read, so
that no sentence can say another number than the data. A number whose name starts with
log10_ is the logarithm of what is said.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from symgate.flow.table import scientific
from symgate.judging.formulas import Formula

PROVED = "proved"
CONDITIONS = "true under stated conditions"
LIMIT = "true only in a limit"
CONVENTION = "a matter of convention"
FALSE = "false"

#: The five verdicts.
VERDICTS = (PROVED, CONDITIONS, LIMIT, CONVENTION, FALSE)

#: In place of a verdict where the check could not be run on a cell; the sentence says why.
NOT_JUDGED = "not judged"

Number = float | int

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_PLACE = re.compile(r"\{(\w+)(?::(\d+))?\}")


@dataclass(frozen=True)
class Finding:
    """What a check found.

    `told` are sentences with places for numbers, {name} or {name:digits}.
    """

    verdict: str
    told: tuple[str, ...]
    numbers: Mapping[str, Number] = field(default_factory=lambda: MappingProxyType({}))
    formulas: tuple[Formula, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """The sentences with their numbers.

        >>> Finding(FALSE, ("It is {log10_norm} after {lags} steps.",),
        ...         {"log10_norm": -2518.7, "lags": 10000}).sentences
        ('It is 2.00·10⁻²⁵¹⁹ after 10,000 steps.',)
        """
        return tuple(_PLACE.sub(self._number, sentence) for sentence in self.told)

    def _number(self, place: re.Match[str]) -> str:
        name, digits = place.group(1), int(place.group(2) or 3)
        value = self.numbers[name]
        return power_of_ten(value, digits) if name.startswith("log10_") else shown(value, digits)


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
