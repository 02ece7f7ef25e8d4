"""Paths of the gradient, exactly: the carry alone, everything without one, and the shares.

Each one-step Jacobian is the sum of its routes. A path over many steps is the product of
the Jacobians with only its routes (alone) or with all others (without), so that nothing
is approximated; the shares of one step add up to 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.flow.tail import quantile
from symgate.linear.routes import CARRY, DIRECT, Routes, routes_of
from symgate.numerics.dense import whole
from symgate.numerics.product import lag_norms
from symgate.numerics.run import Run
from symgate.numerics.steps import Steps

Array = NDArray[Any]
Progress = Callable[[int, int], None]

#: How many steps the shares are averaged over, spread over the run.
STEPS = 8


@dataclass(frozen=True, eq=False)
class Block:
    """One block ∂of_t/∂wrt_{t-k} of the whole state, log10 norms (K + 1,), each the median
    over the sequences.

    `carry` is the carry alone (None without one), `without` the curve with one path closed
    at every step. `share` is each path's part in one step, ⟨J_path, J⟩ / ‖J‖², which add up
    to 1, and `size` is ‖J_path‖ / ‖J‖, Frobenius, both means over some steps of each sequence.
    """

    of: str
    wrt: str
    whole: Array
    carry: Array | None
    without: Mapping[str, Array]
    share: Mapping[str, float]
    size: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Paths:
    """The paths of a run, for every block of the whole state that was asked for.

    They were followed back from step `at` of each of `sequences` sequences. `titles` maps
    each path to words.
    """

    cell: str
    norm: str
    at: int
    sequences: int
    lags: Array
    titles: Mapping[str, str]
    blocks: Mapping[tuple[str, str], Block]

    @property
    def names(self) -> tuple[str, ...]:
        """The paths, the carry first."""
        return tuple(self.titles)

    def __getitem__(self, block: tuple[str, str]) -> Block:
        return self.blocks[block]

    def to_dict(self) -> dict[str, Any]:
        """Plain fields; a block's name is "of,wrt"."""
        blocks = {f"{of},{wrt}": dict(vars(b)) for (of, wrt), b in self.blocks.items()}
        return {**vars(self), "blocks": blocks}


def paths(
    run: Run,
    of: str,
    wrt: str,
    lags: int,
    *,
    at: int | None = None,
    norm: str = "spectral",
    progress: Progress | None = None,
) -> Paths:
    """Measure the paths of a run: medians and means over all its sequences.

    The block (of, wrt) comes first; a cell with two states gets all four blocks.

    >>> import symgate as sg
    >>> d = sg.decay(sg.cell("lstm"), hidden=8, lags=30)
    >>> d.paths.names
    ('carry', 'f', 'i', 'g', 'o')
    >>> round(sum(d.paths["c", "h"].share.values()), 12)
    1.0
    """
    cell = run.cell
    routes = routes_of(cell)
    states = cell.states
    wanted = [(of, wrt)]
    if len(states) == 2:
        wanted += [(a, b) for a in states for b in states if (a, b) != (of, wrt)]
    steps = {
        name: Steps(run, routes.step(lambda other, name=name: other == name))  # type: ignore[misc]
        for name in routes.names
    }
    shares = _shares(run, steps, wanted)
    done, total = 0, len(wanted) * (1 + len(routes.names) + (CARRY in routes.names))

    def curve(a: str, b: str, keep: Callable[[str], bool] | None) -> Array:
        nonlocal done
        step = None if keep is None else routes.step(keep)
        norms = lag_norms(run, a, b, lags, at=at, norm=norm, step=step).log10_norm
        done += 1
        if progress is not None:
            progress(done, total)
        return quantile(norms.reshape(lags + 1, -1), 0.5)

    blocks = {}
    for a, b in wanted:
        without = {
            name: curve(a, b, lambda other, name=name: other != name)  # type: ignore[misc]
            for name in routes.names
        }
        alone = curve(a, b, lambda other: other == CARRY) if CARRY in routes.names else None
        blocks[a, b] = Block(a, b, curve(a, b, None), alone, without, *shares[a, b])
    titles = {name: _title(routes, name) for name in routes.names}
    step = run.steps - 1 if at is None else at
    return Paths(cell.name, norm, step, run.samples, np.arange(lags + 1), titles, blocks)


def _title(routes: Routes, name: str) -> str:
    """A path in words: "through n, r (candidate, reset gate)"."""
    if name == CARRY:
        return "the carry"
    if name == DIRECT:
        return "direct, through no gate"
    roles = [routes.cell.roles.get(gate, "").split(":")[0].split(",")[0] for gate in
             name.split(", ")]  # fmt: skip
    return f"through {name}" + (f" ({', '.join(roles)})" if all(roles) else "")


def _shares(
    run: Run, steps: Mapping[str, Steps], wanted: list[tuple[str, str]]
) -> dict[tuple[str, str], tuple[dict[str, float], dict[str, float]]]:
    """Share and size of each path in the blocks of one step, means over steps and sequences."""
    some = np.unique(np.linspace(0, run.steps - 1, STEPS).astype(int))
    place = places(run)
    found: dict[tuple[str, str], list[Array]] = {w: [] for w in wanted}
    for t in some:
        parts = np.stack([step_jacobian(s, int(t)) for s in steps.values()])
        for a, b in wanted:
            blocks = parts[..., place[a], place[b]]
            total = blocks.sum(axis=0)
            square = np.einsum("bij,bij->b", total, total)
            kept = square > 0
            share = np.einsum("pbij,bij->pb", blocks, total)[:, kept] / square[kept]
            size = np.linalg.norm(blocks, axis=(2, 3))[:, kept] / np.sqrt(square[kept])
            found[a, b].append(np.stack([share, size]))
    out = {}
    for block, values in found.items():
        held = np.concatenate(values, axis=2)
        means = held.mean(axis=2) if held.size else np.zeros((2, len(steps)))
        shares, sizes = (dict(zip(steps, map(float, row), strict=True)) for row in means)
        out[block] = shares, sizes
    return out


def step_jacobian(steps: Steps, t: int) -> Array:
    """The whole state's Jacobian of step t of each sequence, (B, N, N)."""
    return whole(steps, steps.stretch(t, t + 1).dense(0, 1), 1)[0]


def places(run: Run) -> dict[str, slice]:
    """Where each state lies in the whole state."""
    sizes = [run.size(run.cell.size(s)) for s in run.cell.states]
    ends = np.cumsum(sizes)
    return {
        s: slice(int(end) - n, int(end))
        for s, n, end in zip(run.cell.states, sizes, ends, strict=True)
    }
