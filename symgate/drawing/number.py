"""Numbers in files: at most two places, so that the bytes are the same everywhere."""

from __future__ import annotations


def number(value: float, digits: int = 2) -> str:
    """A coordinate as text.

    >>> number(12.0), number(3.14159), number(-0.001)
    ('12', '3.14', '0')
    """
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
