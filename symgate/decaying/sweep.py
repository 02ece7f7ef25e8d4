"""`sweep`: half-lives over a grid of sizes, gains and biases, in any executor, resumable.

Each point is measured from the same seed, so that neighbours differ by what was changed.
"""

from __future__ import annotations

import csv
import io
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, cast

import numpy as np
from numpy.typing import NDArray

import symgate
from symgate import __version__
from symgate.asked import asked, number, several, table, units, word, words
from symgate.decaying.measure import decay
from symgate.decaying.progress import Journal
from symgate.decaying.table import HEADER, half_life, reach
from symgate.decaying.tail import Rate
from symgate.decaying.workers import in_order
from symgate.equations.cell import Cell
from symgate.equations.zoo import cell_of
from symgate.errors import Diverged, SymgateError, UnknownName, held, known_name
from symgate.files import write_file
from symgate.instead import tells
from symgate.numerals import counted, power, rate
from symgate.numerals import whole as whole_number
from symgate.numerics.biases import all_biases, bias_of
from symgate.numerics.block import ends
from symgate.numerics.initialise import SCHEMES, init
from symgate.numerics.norms import NORMS
from symgate.numerics.plain import plain
from symgate.numerics.setup import USUAL, Measuring, Setup, setup
from symgate.tables import data_frame, html_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[Any]
Progress = Callable[[int, int], None]

#: How many points a grid may have unless the caller says otherwise.
LIMIT = 2000

#: What of a `Setup` the axes of a grid hold.
_VARIED = ("hidden", "gain", "scheme", "bias")

#: What is kept of each point.
RESULTS = (
    *("rate", "rate_low", "rate_high", "half_life", "time_constant"),
    *("passes_1e-3", "passes_1e-6", "last_log10", "note"),
)


@tells("a sweep")
@dataclass(frozen=True, eq=False)
class Sweep:
    """A table: `axes` maps each name that varies to its values, `rows` has a mapping a point,
    in the order of the grid (the last axis fastest). A half-life is inf where the gradient
    does not fall; `rate_low` and `rate_high`, the 95% interval of the rate, are None for a
    single sequence. A point whose state diverged has `nan` and a note. `sweep[0]` is the first
    row, `sweep["rate"]` a column."""

    cell: str
    setting: Mapping[str, Any]
    axes: Mapping[str, tuple[Any, ...]]
    rows: tuple[Mapping[str, Any], ...]

    @asked(result=word)
    def grid(self, result: str = "half_life") -> Array:
        """One result as an array with an axis for each of `axes`.

        >>> import symgate as sg
        >>> s = sg.sweep(sg.cell("lstm"), hidden=[4, 8], bias={"f": [0, 2]}, lags=30, samples=1)
        >>> s.grid("rate").shape, list(s.axes)
        ((2, 2), ['hidden', 'bias f'])
        """
        if result not in RESULTS[:-1]:
            raise UnknownName("a result named", result, RESULTS[:-1])
        values = [math.nan if row[result] is None else row[result] for row in self.rows]
        return np.array(values, float).reshape([len(v) for v in self.axes.values()])

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: Any) -> Any:
        if not isinstance(place, str):
            return self.rows[place]
        held("a column named", self.rows[0], place)
        values = [row[place] for row in self.rows]
        return np.array([math.nan if value is None else value for value in values])

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; what is not finite is None."""
        found: dict[str, Any] = plain(dict(vars(self)))
        return found

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row a point."""
        return data_frame({name: list(self[name]) for name in self.rows[0]})

    def __repr__(self) -> str:
        shape = " × ".join(f"{len(v)} {k}" for k, v in self.axes.items())
        return f"<Sweep of {self.cell}: {shape}>"

    def _repr_html_(self) -> str:
        head, *rows = self.table()
        more = [f"… {len(rows) - 50} further points"] if len(rows) > 50 else []
        return html_table(rows[:50], head, notes=[*more, measured_on(self)])

    @asked()
    def to_csv(self, path: str | Path | None = None) -> str:
        """A row a point; written to `path` where one is given."""
        out = io.StringIO()
        writer = csv.DictWriter(out, list(self.rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        if path is not None:
            write_file(path, out.getvalue())
        return out.getvalue()

    def table(self) -> list[tuple[str, ...]]:
        """A header and a row a point, in words."""
        head = (*self.axes, *HEADER[2:])
        out = [head]
        for row in self.rows:
            where = [
                f"{v:g}" if isinstance(v, int | float) else str(v)
                for v in (row[name] for name in self.axes)
            ]
            if math.isnan(row["rate"]):
                out.append((*where, "diverged", *"-----"))
                continue
            fit = fit_of(row)
            found = (
                rate(fit.value),
                reach(fit),
                half_life(fit, self.setting["lags"]),
                whole_number(row["passes_1e-3"]),
                whole_number(row["passes_1e-6"]),
                power(row["last_log10"]),
            )
            out.append((*where, *found))
        return out

    @asked(result=word)
    def plot(self, ax: Axes | None = None, result: str = "half_life", **line: Any) -> Axes:
        """Draw a heat map over two axes, or a line over one, on `ax` or on pyplot's axes; other
        keywords go to the map or the line."""
        return symgate.plots.sweep_on(ax, self, result, **line)


def fit_of(row: Mapping[str, Any]) -> Rate:
    """The rate of a point with its interval."""
    low = row["rate_low"]
    interval = None if low is None else (low, row["rate_high"])
    return Rate(row["rate"], interval, (0, 0))


def measured_on(found: Sweep) -> str:
    """Which norm of what the numbers are, and over how many networks.

    >>> import symgate as sg
    >>> measured_on(sg.sweep("lstm", hidden=[2, 3], lags=20))
    'lstm: the spectral norm of ∂h/∂h over 20 lags; 2 networks at each point'
    """
    made = found.setting
    lags = counted(made["lags"], "lag")
    of = f"the {made['norm']} norm of ∂{made['of']}/∂{made['wrt']} over {lags}"
    networks = counted(made["networks"], "network", "one")
    each = f", {made['samples']} sequences each" if made["samples"] > 1 else ""
    return f"{found.cell}: {of}; {networks} at each point{each}"


@asked(
    hidden=several(units(1)),
    gain=several(number()),
    bias=table(several(number())),
    scheme=words,
)
def sweep(
    cell: str | Cell,
    *,
    hidden: Sequence[int] | int = Setup.hidden,
    gain: Sequence[float] | float = Setup.gain,
    bias: Mapping[str, Sequence[float] | float] | None = None,
    scheme: Sequence[str] | str = Setup.scheme,
    of: str | None = None,
    wrt: str | None = None,
    norm: str = "spectral",
    limit: int = LIMIT,
    keep: str | Path | None = None,
    jobs: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
    **options: Unpack[Measuring],
) -> Sweep:
    """Measure every combination of sizes, gains, schemes and biases of gates.

    The other keywords are those of `decay` (input, sizes, seed, t_max, networks, samples,
    lags, steps, at), 2 networks where none are named. `jobs` is the number of processes;
    `executor`, any of `concurrent.futures`, takes their place: threads, MPI, a cluster. The
    result is the same whatever runs it. `keep` names a file to which each point is added as
    soon as those before it are known. A sweep that was interrupted goes on from it, and its
    file ends with the same bytes. A grid of more than `limit` points is refused.
    """
    cell = cell_of(cell)
    by_name = cast("dict[str, Any]", options)
    for name in [*by_name]:
        if name in all_biases(cell) and np.ndim(by_name[name]):
            bias = {**(bias or {}), name: several(number())(name, by_name.pop(name))}
    axes = _axes(hidden, gain, scheme, bias)
    count = math.prod(map(len, axes.values()))
    if count == 0:
        empty = next(name for name, values in axes.items() if not values)
        raise SymgateError(f"the grid has no points: {empty} has no values")
    if count > limit:
        shape = " × ".join(str(len(v)) for v in axes.values())
        raise SymgateError(
            f"the grid has {shape} = {count:,} points, more than the limit of {limit:,}; take "
            f"fewer values, or raise the limit (limit=…, --limit)"
        )
    known_name("the norm", norm, NORMS)
    of, wrt = ends(cell, of, wrt)
    named: dict[str, str] = {}
    for gate in bias or {}:
        if (first := named.setdefault(bias_of(cell, gate), gate)) != gate:
            raise SymgateError(f"{first} and {gate} are the same bias; vary one of them")
    if wrt not in cell.states and options.get("steps") is None:
        options["steps"] = (options.get("lags") or Setup.lags) + 1
    if options.get("networks") is None and options.get("samples") is None:
        options["networks"] = USUAL["sweep"]["networks"]
    points = list(_points(axes))
    tasks = [_GridPoint(_setup(cell, point, options), of, wrt, norm) for point in points]
    shared = {k: v for k, v in vars(tasks[0].made).items() if k not in ("cell", *_VARIED)}
    setting = plain(
        {
            "symgate": __version__,
            "cell": cell.name,
            "equations": cell.text,
            "of": of,
            "wrt": wrt,
            "norm": norm,
            **shared,
        }
    )
    init(cell, 1, scheme=points[0]["scheme"], seed=tasks[0].made.seed, t_max=tasks[0].made.t_max)
    about = {**setting, "axes": {k: list(v) for k, v in axes.items()}, "results": RESULTS}
    with Journal(keep, about) as journal:
        known = list(itertools.takewhile(bool, (journal.known(i, p) for i, p in enumerate(points))))
        done = len(known)
        if progress is not None:
            for i in range(done):
                progress(i + 1, count)
        for found in in_order(_measured, tasks[done:], jobs, executor):
            journal.add({**points[done], **found})
            done += 1
            if progress is not None:
                progress(done, count)
        return Sweep(cell.name, setting, _varying(axes), tuple(journal.rows[:count]))


def _setup(cell: Cell, point: Mapping[str, Any], options: Measuring) -> Setup:
    bias = {name[5:]: value for name, value in point.items() if name.startswith("bias ")}
    varied: Any = {name: point[name] for name in ("hidden", "gain", "scheme")}
    return setup(cell, **options, **varied, bias=bias)


def _axes(
    hidden: Any, gain: Any, scheme: Any, bias: Mapping[str, Any] | None
) -> dict[str, tuple[Any, ...]]:
    given = {"hidden": hidden, "gain": gain, "scheme": scheme}
    given.update({f"bias {gate}": values for gate, values in (bias or {}).items()})
    axes = {}
    for name, values in given.items():
        listed = [values] if isinstance(values, str | int | float) else list(values)
        axes[name] = tuple(v.item() if isinstance(v, np.generic) else v for v in listed)
        if len(set(axes[name])) != len(axes[name]):
            raise SymgateError(f"{name} names a value twice: {', '.join(map(str, axes[name]))}")
    for scheme in axes["scheme"]:
        known_name("the scheme", scheme, SCHEMES)
    return axes


def _varying(axes: Mapping[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    """The axes with several values; of a single point the sizes."""
    found = {name: values for name, values in axes.items() if len(values) > 1}
    return found or {"hidden": axes["hidden"]}


def _points(axes: Mapping[str, tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    for values in itertools.product(*axes.values()):
        yield dict(zip(axes, values, strict=True))


@dataclass(frozen=True)
class _GridPoint:
    """One point: what is drawn, and which norm of which block."""

    made: Setup
    of: str
    wrt: str
    norm: str


def _measured(task: _GridPoint) -> dict[str, Any]:
    try:
        found = decay(task.made, task.of, task.wrt, norm=task.norm, singular=())
    except Diverged as error:
        return {**dict.fromkeys(RESULTS, math.nan), "note": str(error)}
    low, high = found.fit.interval or (None, None)
    return {
        "rate": found.rate,
        "rate_low": low,
        "rate_high": high,
        "half_life": found.fit.half_life,
        "time_constant": found.time_constant,
        "passes_1e-3": found.passes["1e-3"],
        "passes_1e-6": found.passes["1e-6"],
        "last_log10": float(found.median[-1]),
        "note": "; ".join(found.notes),
    }
