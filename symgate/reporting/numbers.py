"""How numbers of the data are written on the page, each way under a name.

A number that is None in the data was not finite: a gradient that does not fall has no
half-life. A test reads page and data, and writes each number again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from symgate.decaying.table import scientific


def steps(value: float | None) -> str:
    """A number of steps, to three digits.

    >>> steps(1.43302), steps(5177.7), steps(None)
    ('1.43', '5,178', 'does not fall')
    """
    if value is None:
        return "does not fall"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def rate(value: float | None) -> str:
    """A rate per step.

    >>> rate(-0.48369), rate(None)
    ('−0.4837', 'none')
    """
    return "none" if value is None else f"{value:+.4f}".replace("-", "−")


def whole(value: int | None) -> str:
    """A count.

    >>> whole(131584), whole(None)
    ('131,584', '–')
    """
    return "–" if value is None else f"{value:,}"


def share(value: float | None) -> str:
    """A part of the whole.

    >>> share(0.92154), share(None)
    ('92.2%', '–')
    """
    return "–" if value is None else f"{100 * value:.1f}%"


def power(log10: float | None) -> str:
    """A number given by its log10, however small; digits and exponent with an e between.

    >>> power(-332.6678), power(-0.5656), power(4.0535), power(None)
    ('2.1e-333', '0.272', '11,311', '0')
    """
    if log10 is None:
        return "0"
    if -3 <= log10 < 5:
        return steps(10**log10)
    digits, exponent = scientific(log10)
    return f"{digits}e{exponent}"


def value(number: float | None) -> str:
    """Any other number, to four digits.

    >>> value(6.90675), value(0.99), value(None)
    ('6.907', '0.99', '–')
    """
    return "–" if number is None else f"{number:.4g}".replace("-", "−")


def words(text: Any) -> str:
    """What is not a number."""
    return str(text)


NUMBER_FORMATS: Mapping[str, Callable[[Any], str]] = {
    form.__name__: form for form in (steps, rate, whole, share, power, value, words)
}
