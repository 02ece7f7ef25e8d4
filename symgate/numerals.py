"""Numbers as people read them: whole, to a few digits, in powers of ten.

A number that is None was not finite: a gradient that does not fall has no half-life.
"""

from __future__ import annotations

import math

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def whole(value: int | None) -> str:
    """A count, or a dash.

    >>> whole(131584), whole(None)
    ('131,584', '–')
    """
    return "–" if value is None else f"{value:,}"


def counted(number: int, thing: str, one: str = "1") -> str:
    """So many things, or `one` of them.

    >>> counted(4, "network"), counted(1, "sequence", "a"), counted(0, "step")
    ('4 networks', 'a sequence', '0 steps')
    """
    return f"{one} {thing}" if number == 1 else f"{number:,} {thing}s"


def decimal(value: float, digits: int = 3) -> str:
    """A number to some digits, or to the unit where it has more of them before the point.

    >>> decimal(1.43302), decimal(5177.7), decimal(0.36603, 2), decimal(-math.inf)
    ('1.43', '5,178', '0.37', '−∞')
    """
    whole_part = abs(float(f"{value:.{digits}g}")) >= 10**digits
    return formatted(value, ",.0f" if whole_part else f",.{digits}g")


def formatted(value: float, form: str = "g") -> str:
    """A number in a format of Python's, with the signs of minus and infinity."""
    return format(value, form).replace("inf", "∞").replace("-", "−")


def steps(value: float | None) -> str:
    """A number of steps; none are so many where a gradient does not fall.

    >>> steps(148.9), steps(math.inf)
    ('149', 'does not fall')
    """
    return "does not fall" if value is None or math.isinf(value) else decimal(value)


def power(log10: float | None, digits: int = 2) -> str:
    """A number given by its log10, however small.

    >>> power(-332.66), power(-0.3), power(-math.inf), power(39.79, 3)
    ('2.2·10⁻³³³', '0.501', '0', '6.17·10³⁹')
    """
    if log10 is None or math.isinf(log10):
        return "0" if log10 is None or log10 < 0 else "∞"
    if -4 <= log10 < 6:
        return decimal(10**log10, max(digits, 3))
    exponent = math.floor(log10)
    shown = f"{10 ** (log10 - exponent):.{digits - 1}f}"
    if shown.startswith("10"):  # rounded up
        shown, exponent = f"{1:.{digits - 1}f}", exponent + 1
    return f"{shown}·10{raised(exponent)}"


def amount(value: float, digits: int = 3) -> str:
    """A number for a sentence; a whole number in full, others to some digits.

    >>> amount(10000), amount(15271.4), amount(0.36603), amount(-1.2e-9), amount(float("inf"))
    ('10,000', '15,271', '0.366', '−1.20·10⁻⁹', '∞')
    """
    if isinstance(value, int):
        return whole(value)
    if value == 0 or math.isinf(value) or 1e-4 <= abs(value) < 1e6:
        return decimal(value, digits)
    return "−" * (value < 0) + power(math.log10(abs(value)), digits)


def raised(exponent: int) -> str:
    """An exponent as it stands above the line.

    >>> raised(-12)
    '⁻¹²'
    """
    return str(exponent).translate(_RAISED)


def rate(value: float | None, form: str = "+.4f") -> str:
    """A rate per step, or the words for one that is not finite.

    >>> rate(-0.48369), rate(None), rate(-math.inf)
    ('−0.4837', 'none', 'zero')
    """
    if value is None or not math.isfinite(value):
        return "zero" if value is not None and value < 0 else "none"
    return formatted(value, form)


def share(value: float | None) -> str:
    """A part of the whole.

    >>> share(0.92154), share(None)
    ('92.2%', '–')
    """
    return "–" if value is None else f"{round(100 * value, 1) + 0.0:.1f}%"
