"""`sweep`: half-lives over a grid of sizes, gains and biases, in one process, resumable.

Each point is measured from the same seed, so that neighbours differ by what was changed.
"""

from __future__ import annotations

import csv
import io
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from symgate import __version__
from symgate.asked import asked, number, several, table, whole, words
from symgate.cells import cell_of
from symgate.equations.cell import Cell
from symgate.errors import Diverged, SymgateError, UnknownName
from symgate.flow.measure import chosen_states, decay
from symgate.flow.plain import plain
from symgate.flow.progress import Journal
from symgate.flow.table import half_life
from symgate.numerics.initialise import SCHEMES, bias_of, init

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[Any]
Progress = Callable[[int, int], None]

#: How many points a grid may have unless the caller says otherwise.
LIMIT = 2000

#: What is kept of each point.
RESULTS = ("rate", "half_life", "time_constant", "passes_1e-3", "passes_1e-6", "last_log10", "note")


@dataclass(frozen=True, eq=False)
class Sweep:
    """A table: `axes` maps each name that varies to its values, `rows` has a mapping a point,
    in the order of the grid (the last axis fastest). A half-life is inf where the gradient
    does not fall; a point whose state diverged has `nan` and a note."""

    cell: str
    setting: Mapping[str, Any]
    axes: Mapping[str, tuple[Any, ...]]
    rows: tuple[Mapping[str, Any], ...]

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

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; what is not finite is None."""
        found: dict[str, Any] = plain(dict(vars(self)))
        return found

    def to_csv(self, path: str | Path | None = None) -> str:
        """A row a point; written to `path` where one is given."""
        out = io.StringIO()
        writer = csv.DictWriter(out, list(self.rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        if path is not None:
            from symgate.writing.files import write_file

            write_file(path, out.getvalue())
        return out.getvalue()

    def table(self) -> list[tuple[str, ...]]:
        """A header and a row a point, in words."""
        from symgate.flow.table import lag, number, power

        head = (*self.axes, "rate a step", "half-life", "1e-3 at", "1e-6 at", "last")
        out = [head]
        for row in self.rows:
            where = [f"{v:g}" if isinstance(v, int | float) else str(v) for v in
                     (row[name] for name in self.axes)]  # fmt: skip
            if math.isnan(row["rate"]):
                out.append((*where, "diverged", "-", "-", "-", "-"))
                continue
            found = (
                number(row["rate"], "+.4f"), self._half_life(row), lag(row["passes_1e-3"]),
                lag(row["passes_1e-6"]), power(row["last_log10"]),
            )  # fmt: skip
            out.append((*where, *found))
        return out

    def _half_life(self, row: Mapping[str, Any]) -> str:
        return half_life(row["half_life"], row["rate"], self.setting["lags"])

    def plot(self, ax: Axes | None = None, result: str = "half_life") -> Axes:
        """Draw a heat map over two axes, or a line over one."""
        from symgate.plots.heat import sweep_map

        return sweep_map(self, result, ax=ax)


@asked(
    hidden=several(whole(1, 100_000)),
    gain=several(number()),
    bias=table(several(number())),
    scheme=words,
)
def sweep(
    cell: Cell | str,
    *,
    hidden: Sequence[int] | int = (64,),
    gain: Sequence[float] | float = (1.0,),
    bias: Mapping[str, Sequence[float] | float] | None = None,
    scheme: Sequence[str] | str = ("pytorch",),
    of: str | None = None,
    wrt: str | None = None,
    input: int | None = None,
    lags: int = 200,
    samples: int = 2,
    seed: int = 0,
    t_max: float | None = None,
    norm: str = "spectral",
    limit: int = LIMIT,
    keep: str | Path | None = None,
    progress: Progress | None = None,
) -> Sweep:
    """Measure every combination of sizes, gains, schemes and biases of gates.

    `keep` names a file to which each point is added as soon as it is known. A sweep that
    was interrupted goes on from it, and its file ends with the same bytes. A grid of more
    than `limit` points is refused.
    """
    cell = cell_of(cell)
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
    of, wrt = chosen_states(cell, of, wrt)
    for gate in bias or {}:
        bias_of(cell, gate)
    setting = {
        "symgate": __version__, "cell": cell.name, "equations": cell.text, "of": of, "wrt": wrt,
        "input": input, "lags": lags, "samples": samples, "seed": seed, "t_max": t_max,
        "norm": norm,
    }  # fmt: skip
    first = next(iter(_points(axes)))
    init(cell, 1, scheme=first["scheme"], seed=seed, t_max=t_max)
    journal = Journal(keep, {**setting, "axes": {k: list(v) for k, v in axes.items()}})
    rows = []
    for place, point in enumerate(_points(axes)):
        row = journal.known(place, point)
        if row is None:
            row = {**point, **_measured(cell, point, setting)}
            journal.add(row)
        rows.append(row)
        if progress is not None:
            progress(place + 1, count)
    return Sweep(cell.name, setting, _varying(axes), tuple(rows))


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
        for value in axes[name]:
            _check(name, value)
    return axes


def _check(name: str, value: Any) -> None:
    if name == "scheme":
        if value not in SCHEMES:
            raise UnknownName("the scheme", str(value), SCHEMES)
        return
    number = isinstance(value, int | float) and not isinstance(value, bool)
    whole = name != "hidden" or (isinstance(value, int) and value >= 1)
    if not (number and whole and math.isfinite(value)):
        kind = "a whole number from 1" if name == "hidden" else "a number"
        raise SymgateError(f"{name} takes {kind}, not {value!r}")


def _varying(axes: Mapping[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    """The axes with several values; of a single point the sizes."""
    found = {name: values for name, values in axes.items() if len(values) > 1}
    return found or {"hidden": axes["hidden"]}


def _points(axes: Mapping[str, tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    for values in itertools.product(*axes.values()):
        yield dict(zip(axes, values, strict=True))


def _measured(cell: Cell, point: Mapping[str, Any], setting: Mapping[str, Any]) -> dict[str, Any]:
    bias = {name[5:]: value for name, value in point.items() if name.startswith("bias ")}
    try:
        found = decay(
            cell, setting["of"], setting["wrt"], hidden=point["hidden"],
            input=setting["input"], lags=setting["lags"], samples=setting["samples"],
            seed=setting["seed"], scheme=point["scheme"], gain=point["gain"], bias=bias,
            t_max=setting["t_max"], norm=setting["norm"], singular=(),
        )  # fmt: skip
    except Diverged as error:
        return {**dict.fromkeys(RESULTS, math.nan), "note": str(error)}
    return {
        "rate": found.rate,
        "half_life": found.fit.half_life,
        "time_constant": found.time_constant,
        "passes_1e-3": found.passes["1e-3"],
        "passes_1e-6": found.passes["1e-6"],
        "last_log10": float(found.median[-1]),
        "note": "; ".join(found.notes),
    }
