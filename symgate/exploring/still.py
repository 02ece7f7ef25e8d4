"""The still picture of a live page: the curves as an SVG, for readers without JavaScript."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from symgate.numerals import formatted

#: Width and height of the plot, and the room left and below for words.
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 320, 48, 90, 12, 34

#: Letters of a name that fit beside the plot.
MOST_LETTERS = 12

#: The floor of the picture, in decades.
FLOOR = -12


def still_picture(curves: Mapping[str, Sequence[float | None]]) -> str:
    """Curves of log10 norms over the lag, by name, as one <svg> element.

    >>> still_picture({"a": [0.0, -1.0]}).startswith('<svg viewBox="0 0 720 320"')
    True
    """
    known = [v for curve in curves.values() for v in curve if v is not None]
    low = max(FLOOR, math.floor(min(known, default=-1.0)))
    high = min(-FLOOR, max(0, math.ceil(max(known, default=0.0))))
    low = min(low, high - 1)
    lags = max((len(curve) - 1 for curve in curves.values()), default=1) or 1

    def x(k: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * k / lags

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    parts = []
    for decade in range(low, high + 1, max(1, (high - low) // 6)):
        parts.append(
            f'<path d="M{LEFT} {y(decade):.1f}H{WIDTH - RIGHT}" class="grid"/>'
            f'<text x="{LEFT - 6}" y="{y(decade) + 4:.1f}" text-anchor="end">10'
            f'<tspan dy="-5" font-size="9">{formatted(decade)}</tspan></text>'
        )
    for k in (0, lags // 2, lags):
        parts.append(f'<text x="{x(k):.0f}" y="{HEIGHT - 16}" text-anchor="middle">{k}</text>')
    parts.append(f'<text x="{x(lags / 2):.0f}" y="{HEIGHT - 2}" text-anchor="middle">lag</text>')
    words: list[str] = []  # over every line
    named: list[tuple[float, float, float]] = []
    for place, (name, curve) in enumerate(curves.items()):
        seen = [(k, v) for k, v in enumerate(curve) if v is not None and low <= v <= high]
        if not seen:
            continue
        line = "L".join(f"{x(k):.1f} {y(v):.1f}" for k, v in seen)
        word = name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 1]}…"
        end, height, wide = x(seen[-1][0]) + 6, y(seen[-1][1]) + 4, 7.5 * len(word)
        rows = sorted(range(TOP + 10, HEIGHT - BOTTOM), key=lambda row: abs(row - height))
        free = (
            row
            for row in rows
            if not any(a < end + wide and end < b and abs(row - c) < 14 for a, b, c in named)
        )
        last = next(free, round(height))
        named.append((end, end + wide, last))
        parts.append(f'<path d="M{line}" class="still still{place % 6}"/>')
        words.append(f'<text x="{end:.0f}" y="{last:.0f}">{escape(word)}</text>')
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="How the gradient decays over the lag">{"".join(parts + words)}</svg>'
    )
