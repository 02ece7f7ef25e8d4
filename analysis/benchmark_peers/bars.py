"""The bars: what the figures of some rows have to reach, and whether they do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """A bound on the rows of some sizes, for a number of lags.

    Against the products alone: our time over theirs, at most `bound`. Against a peer: its
    time over ours, at least `bound`. Without `against`: our memory in MB, at most `bound`.
    """

    against: str | None
    lags: int
    sizes: tuple[int, ...]
    bound: float
    slow: bool = False

    def figure(self, figures: dict) -> float | None:
        ours = figures["symgate"]
        if self.against is None:
            return ours["peak_mb"]
        theirs = figures.get(self.against)
        if not isinstance(theirs, dict):
            return None
        ratio = theirs["seconds"] / ours["seconds"]
        return 1 / ratio if self.against == "floor" else ratio

    def is_met(self, figure: float) -> bool:
        at_least = self.against not in (None, "floor")
        return figure >= self.bound if at_least else figure <= self.bound

    def told(self, n: int) -> tuple[str, str]:
        """Which row the bar is about, and its bound."""
        modes = ", slow modes" if self.slow else ""
        row = f"n = {n}, {self.lags} lags{modes}"
        if self.against is None:
            return f"{row}: peak memory", f"at most {self.bound:g} MB"
        if self.against == "floor":
            return f"{row}: time over that of the products", f"at most {self.bound:g}"
        bound = "no slower" if self.bound == 1 else f"at least {self.bound:.3g}"
        return f"{row}: time of {self.against} over ours", bound


BARS = (
    Bar("torch batched", 200, (8, 32, 64), 8),
    Bar("torch batched", 200, (128, 256, 512), 18),
    Bar("floor", 200, (128,), 1.2),
    Bar("floor", 200, (256, 512), 1.1),
    Bar("floor", 1000, (128, 256), 0.45),
    Bar("floor", 10_000, (128,), 0.25),
    Bar("jax scan", 1000, (8, 32, 64), 1 / 3),
    Bar("jax scan", 1000, (128, 256, 512), 1),
    Bar("jax scan", 10_000, (128,), 2.5),
    Bar("jax scan", 10_000, (256,), 5),
    Bar("floor", 1000, (128,), 1.4, slow=True),
    Bar("floor", 1000, (256,), 1.2, slow=True),
    Bar(None, 10_000, (512,), 600),
)


def verdicts(rows: list[dict]) -> Iterator[list[str]]:
    """One line for each bar and row that was asked for: what it wants, what was found."""
    yield ["bar", "wanted", "found", "verdict"]
    by_key = {(row["n"], row["lags"], row["slow"]): row["figures"] for row in rows}
    for bar in BARS:
        for n in bar.sizes:
            figures = by_key.get((n, bar.lags, bar.slow))
            if figures is None:
                continue
            figure = bar.figure(figures)
            if figure is None:
                yield [*bar.told(n), "-", "not measured"]
                continue
            shown = f"{figure:.0f} MB" if bar.against is None else f"{figure:.2f}"
            yield [*bar.told(n), shown, "met" if bar.is_met(figure) else "MISSED"]
