"""Paths of the gradient, exactly: the carry alone, everything without one, and the shares.

Each one-step Jacobian is the sum of its paths. A path over many steps is the product of
the Jacobians with only its terms (alone) or with all others (without), so that nothing
is approximated; the shares of one step add up to 1. All blocks of a row are followed at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.decaying.tail import quantile
from symgate.instead import tells
from symgate.linear.paths import CARRY
from symgate.linear.transition import NamedPaths, named_paths, path_title
from symgate.numerals import counted, share
from symgate.numerics.block import AskedBlock
from symgate.numerics.dense import places
from symgate.numerics.general import is_general
from symgate.numerics.general_pull import general_lag_norms
from symgate.numerics.general_ways import Pull
from symgate.numerics.product import block_norms
from symgate.numerics.run import Run
from symgate.numerics.steps import Steps
from symgate.tables import data_frame, html_table

Array = NDArray[Any]
Progress = Callable[[int, int], None]
Keep = Callable[[str], bool]

#: How many steps the shares are averaged over, spread over the run.
STEPS = 8

#: The carry alone, beside the names of the paths that are left out.
ALONE = "carry alone"

#: Up to this lag every one is noted, and so many more up to the last.
EVERY, LATER = 64, 128


@dataclass(frozen=True, eq=False)
class PathBlock:
    """One block ∂of_t/∂wrt_{t-k} of the whole state, log10 norms at the lags of `Paths`, each
    the median over the sequences.

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

    def __repr__(self) -> str:
        return f"<Block ∂{self.of}/∂{self.wrt} by {len(self.share)} paths>"


@tells("a set of paths", {"plot": "sg.plots.path_curves(d.paths)"})
@dataclass(frozen=True, eq=False)
class Paths:
    """The paths of some runs, for every block of the whole state that was asked for.

    They were followed back from step `at` of `sequences` sequences, of `networks` networks
    together; `over` says so in words. `lags` holds each lag up to 64, then 128 more up to the
    last. `titles` maps each path to words, `share` each to its part in one step of the whole
    state, all blocks together: these add up to 1.
    """

    cell: str
    norm: str
    at: int
    networks: int
    sequences: int
    lags: Array
    titles: Mapping[str, str]
    share: Mapping[str, float]
    blocks: Mapping[tuple[str, str], PathBlock]

    @property
    def names(self) -> tuple[str, ...]:
        """The paths, the carry first."""
        return tuple(self.titles)

    @property
    def over(self) -> str:
        """What the medians are taken over, in words."""
        if self.sequences == 1:
            return "one sequence"
        if self.networks == 1:
            return f"median of {self.sequences} sequences"
        each = self.sequences // self.networks
        return f"median of {self.networks} networks, {counted(each, 'sequence', 'a')} each"

    def __repr__(self) -> str:
        shares = ", ".join(f"{name} {share(part)}" for name, part in self.share.items())
        return f"<Paths of {self.cell} over {self.lags[-1]} lags: {shares[:600] or 'none'}>"

    def _repr_html_(self) -> str:
        head = ("path", "share per step", *(f"{of} / {wrt}" for of, wrt in self.blocks))
        rows = [
            (
                title,
                share(self.share[name]),
                *(share(block.share[name]) for block in self.blocks.values()),
            )
            for name, title in self.titles.items()
        ]
        return html_table(rows, head)

    def largest(self) -> list[tuple[str, str]]:
        """Each path in words with its share of one step in per cent, the small ones together."""
        seen = [n for n in self.titles if abs(self.share[n]) >= 0.0005]
        rest = [self.share[n] for n in self.titles if n not in seen]
        found = [(self.titles[n], share(self.share[n])) for n in seen]
        if rest:
            others = f"{len(rest)} others, each under 0.05%"
            found.append((others, share(sum(rest))))
        return found

    def to_frame(self) -> Any:
        """A pandas DataFrame: log10 norms of each block over the lag, whole and by path."""
        columns: dict[str, Any] = {}
        for (of, wrt), block in self.blocks.items():
            columns[f"{of},{wrt}"] = block.whole
            if block.carry is not None:
                columns[f"{of},{wrt}: {ALONE}"] = block.carry
            columns |= {f"{of},{wrt} without {name}": v for name, v in block.without.items()}
        logs = {f"{name}, log10": values for name, values in columns.items()}
        return data_frame({"lag": self.lags, **logs}, index="lag")

    def __getitem__(self, block: tuple[str, str]) -> PathBlock:
        return self.blocks[block]

    def to_dict(self) -> dict[str, Any]:
        """Plain fields; a block's name is "of,wrt"."""
        blocks = {f"{of},{wrt}": dict(vars(b)) for (of, wrt), b in self.blocks.items()}
        return {**vars(self), "blocks": blocks}


def paths(
    runs: Sequence[Run],
    of: str,
    wrt: str,
    lags: int,
    *,
    at: int | None = None,
    norm: str = "spectral",
    progress: Progress | None = None,
) -> Paths:
    """Measure the paths of runs of one cell: medians and means over all their sequences.

    The block (of, wrt) comes first; a cell with two states gets all four blocks.

    >>> import symgate as sg
    >>> d = sg.decay("lstm", hidden=8, lags=30)
    >>> d.paths.names
    ('carry', 'f', 'i', 'g', 'o')
    >>> round(sum(d.paths.share.values()), 12), round(sum(d.paths["c", "h"].share.values()), 12)
    (1.0, 1.0)
    """
    first = runs[0]
    cell, states = first.cell, first.cell.states
    named = named_paths(cell)
    wanted = [(of, wrt)]
    if len(states) == 2:
        wanted += [(a, b) for a in states for b in states if (a, b) != (of, wrt)]
    together, shares = _shares(runs, named, wanted)
    noted = noted_lags(lags)
    rows = {a: [b for one, b in wanted if one == a] for a, _ in wanted}
    keeps: dict[str | None, Keep | None] = {None: None}
    keeps |= {n: n.__ne__ for n in named.names}
    if CARRY in named.names:
        keeps[ALONE] = CARRY.__eq__
    follow = _general_norms if is_general(cell) else _vector_norms
    curves: dict[tuple[str | None, str, str], list[Array]] = {}
    tasks = list(product(keeps, rows, runs))
    last = first.steps - 1 if at is None else at
    for place, (kind, a, run) in enumerate(tasks):
        asked = AskedBlock.of_run(run, a, rows[a][0], lags, last, norm, noted)
        norms = follow(asked, named, keeps[kind], rows[a])
        for b in rows[a]:
            curves.setdefault((kind, a, b), []).append(norms[b])
        if progress is not None:
            progress(place + 1, len(tasks))
    medians = {key: quantile(np.concatenate(all_, axis=1), 0.5) for key, all_ in curves.items()}
    blocks = {
        (a, b): PathBlock(
            a,
            b,
            medians[None, a, b],
            medians.get((ALONE, a, b)),
            {name: medians[name, a, b] for name in named.names},
            *shares[a, b],
        )
        for a, b in wanted
    }
    titles = {name: path_title(cell, name) for name in named.names}
    sequences = sum(run.samples for run in runs)
    return Paths(cell.name, norm, last, len(runs), sequences, noted, titles, together, blocks)


def _vector_norms(
    asked: AskedBlock, named: NamedPaths, keep: Keep | None, wrt: Sequence[str]
) -> Mapping[str, Array]:
    """The norms of some blocks of a row at the lags that are noted, with some paths alone or
    all."""
    return block_norms(asked, wrt, None if keep is None else named.step(keep))


def _general_norms(
    asked: AskedBlock, named: NamedPaths, keep: Keep | None, wrt: Sequence[str]
) -> Mapping[str, Array]:
    """The same, of a cell whose step is not one of vectors alone."""
    kept = None if keep is None else named.kept(keep)
    return {b: general_lag_norms(replace(asked, wrt=b), paths=kept)[asked.noted] for b in wrt}


def noted_lags(lags: int) -> Array:
    """The lags at which paths are noted.

    >>> noted_lags(3), len(noted_lags(1000)), noted_lags(1000)[-3:]
    (array([0, 1, 2, 3]), 193, array([ 985,  993, 1000]))
    """
    if lags <= EVERY + LATER:
        return np.arange(lags + 1)
    later = np.linspace(EVERY, lags, LATER + 1).round().astype(int)
    return np.concatenate([np.arange(EVERY), later])


_Share = tuple[dict[str, float], dict[str, float]]


def _shares(
    runs: Sequence[Run], named: NamedPaths, wanted: list[tuple[str, str]]
) -> tuple[dict[str, float], dict[tuple[str, str], _Share]]:
    """Share of each path in one step of the whole state, share and size in its blocks: means
    over steps and sequences."""
    if not named.names:  # no state reads a state before
        return {}, {pair: ({}, {}) for pair in wanted}
    together: list[Array] = []
    found: dict[tuple[str, str], list[Array]] = {w: [] for w in wanted}
    split = _general_parts if is_general(named.cell) else _vector_parts
    for run in runs:
        parts = split(run, named)
        for t in np.unique(np.linspace(0, run.steps - 1, STEPS).astype(int)):
            whole, blocks = parts(int(t))
            together.append(_part_of(whole))
            for pair in wanted:
                found[pair].append(_part_of(blocks[pair]))
    means = {key: _means(named.names, values) for key, values in found.items()}
    return _means(named.names, together)[0], means


_Parts = Callable[[int], tuple[Array, Mapping[tuple[str, str], Array]]]


def _vector_parts(run: Run, named: NamedPaths) -> _Parts:
    """The whole Jacobian of a step by paths, (paths, B, N, N), and its blocks."""
    place = places(run)
    steps = [Steps(run, named.step(n.__eq__)) for n in named.names]

    def at(t: int) -> tuple[Array, Mapping[tuple[str, str], Array]]:
        parts = np.stack([step_jacobian(s, t) for s in steps])
        return parts, {(a, b): parts[..., place[a], place[b]] for a in place for b in place}

    return at


def _general_parts(run: Run, named: NamedPaths) -> _Parts:
    """The same; where the rows of a matrix go alike, one row with the weight of all."""
    pairs = [(a, b) for a in run.cell.states for b in run.cell.states]
    every = {(a, b): Pull(run, a, b, named.paths) for a, b in pairs}
    alone = [{(a, b): Pull(run, a, b, named.kept(n.__eq__)) for a, b in pairs} for n in named.names]

    def block(a: str, b: str, t: int) -> Array:
        many = every[a, b].many
        rows = every[a, b].basis() * math.sqrt(many)
        shape = (run.samples, len(rows), math.prod(run.shape(b)) // many)
        found = [pulls[a, b].step(t, {a: rows})[1].get(b) for pulls in alone]
        parts = [np.zeros(shape) if f is None else np.moveaxis(f, 0, 1) for f in found]
        return np.stack([part.reshape(shape) for part in parts])

    def at(t: int) -> tuple[Array, Mapping[tuple[str, str], Array]]:
        blocks = {(a, b): block(a, b, t) for a, b in pairs}
        flat = [part.reshape(*part.shape[:2], -1, 1) for part in blocks.values()]
        return np.concatenate(flat, axis=2), blocks

    return at


def _part_of(parts: Array) -> Array:
    """Share and size (2, paths, B) of parts (paths, B, n, m) in their sum."""
    total = parts.sum(axis=0)
    square = np.einsum("bij,bij->b", total, total)
    kept = square > 0
    share = np.einsum("pbij,bij->pb", parts, total)[:, kept] / square[kept]
    size = np.linalg.norm(parts, axis=(2, 3))[:, kept] / np.sqrt(square[kept])
    return np.stack([share, size])


def _means(names: Sequence[str], values: list[Array]) -> _Share:
    held = np.concatenate(values, axis=2)
    means = held.mean(axis=2) if held.size else np.zeros((2, len(names)))
    share, size = (dict(zip(names, map(float, row), strict=True)) for row in means)
    return share, size


def step_jacobian(steps: Steps, t: int) -> Array:
    """The whole state's Jacobian of step t of each sequence, (B, N, N)."""
    return steps.segment(t, t + 1).whole(0, 1)[0]
