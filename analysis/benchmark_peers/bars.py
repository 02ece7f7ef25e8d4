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
    sequences: int = 1
    ours: str = "symgate"

    def figure(self, figures: dict) -> float | None:
        ours = figures[self.ours]
        if self.against is None:
            return ours["peak_mb"]
        theirs = figures.get(self.against)
        if not isinstance(theirs, dict) or not isinstance(ours, dict):
            return None
        ratio = theirs["seconds"] / ours["seconds"]
        return 1 / ratio if self.against == "floor" else ratio

    def is_met(self, figure: float) -> bool:
        at_least = self.against not in (None, "floor")
        return figure >= self.bound if at_least else figure <= self.bound

    def told(self, n: int) -> tuple[str, str]:
        """Which row the bar is about, and its bound."""
        modes = ", slow modes" if self.slow else ""
        many = f", {self.sequences} sequences" if self.sequences > 1 else ""
        alone = ", NumPy engine" if self.ours != "symgate" else ""
        row = f"n = {n}, {self.lags} lags{modes}{many}{alone}"
        if self.against is None:
            return f"{row}: peak memory", f"at most {self.bound:g} MB"
        if self.against == "floor":
            return f"{row}: time over that of the products", f"at most {self.bound:g}"
        bound = "no slower" if self.bound == 1 else f"at least {self.bound:.3g}"
        return f"{row}: time of {self.against} over ours", bound


BARS = (
    *(Bar("jax scan", 1000, (n,), b) for n, b in ((8, 2.5), (32, 3), (64, 3), (128, 3), (256, 4))),
    *(Bar("jax scan", 200, (n,), b) for n, b in ((32, 1), (64, 1.2), (128, 1.2), (256, 1.5))),
    *(Bar("jax scan", 10_000, (n,), b) for n, b in ((128, 7), (256, 8))),
    *(Bar("floor", 200, (n,), b) for n, b in ((128, 0.85), (256, 0.75))),
    *(Bar("floor", 1000, (n,), b) for n, b in ((128, 0.35), (256, 0.25))),
    *(Bar("floor", 10_000, (n,), b) for n, b in ((128, 0.12), (256, 0.10))),
    Bar("floor", 1000, (128,), 0.85, slow=True),
    *(Bar("torch batched", 200, (n,), b) for n, b in ((8, 30), (64, 15), (256, 15))),
    *(Bar("jax scan", 200, (32,), 1.2, sequences=b) for b in (8, 32, 256)),
    *(
        Bar("jax scan", 1000, (n,), b, ours="numpy engine")
        for n, b in ((32, 0.7), (64, 1), (128, 2))
    ),
    Bar(None, 10_000, (512,), 450),
)


def key(row: dict) -> tuple[int, int, bool, int]:
    """What a row is about: n, lags, slow modes, sequences."""
    return row["n"], row["lags"], row["slow"], row["sequences"]


def asked_by_bars() -> dict[tuple[int, int, bool, int], set[str]]:
    """The rows that the bars are about, with the peers they ask for; beside them the NumPy
    engine, where it takes a second at most."""
    found: dict[tuple[int, int, bool, int], set[str]] = {}
    for bar in BARS:
        for n in bar.sizes:
            row = (n, bar.lags, bar.slow, bar.sequences)
            found.setdefault(row, set()).update({bar.against or "floor", bar.ours})
    for n, lags, slow, sequences in found:
        if lags <= 1000 and n <= 256:
            found[n, lags, slow, sequences].add("numpy engine")
    return found


def verdicts(rows: list[dict]) -> Iterator[list[str]]:
    """One line for each bar and row that was asked for: what it wants, what was found."""
    yield ["bar", "wanted", "found", "verdict"]
    by_key = {key(row): row["figures"] for row in rows}
    for bar in BARS:
        for n in bar.sizes:
            figures = by_key.get((n, bar.lags, bar.slow, bar.sequences))
            if figures is None:
                continue
            figure = bar.figure(figures)
            if figure is None:
                yield [*bar.told(n), "-", "not measured"]
                continue
            shown = f"{figure:.0f} MB" if bar.against is None else f"{figure:.2f}"
            yield [*bar.told(n), shown, "met" if bar.is_met(figure) else "MISSED"]
