"""A Decay: the curves of ∂of_t/∂wrt_{t-k} over the lag k, and what is read from them."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import symgate
from symgate.asked import asked
from symgate.decaying.paths import paths
from symgate.decaying.samples import singular_values
from symgate.decaying.saving import save
from symgate.decaying.table import html, in_words
from symgate.decaying.tail import Rate, fitted, passes, quantile, reaches
from symgate.errors import SymgateError
from symgate.files import write_file
from symgate.instead import DECAY, signs, tells
from symgate.numerals import counted
from symgate.numerics.plain import plain
from symgate.tables import data_frame, fields_html, log10_columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from symgate.decaying.ceilings import Ceilings
    from symgate.decaying.paths import Paths
    from symgate.decaying.predictions import Predictions
    from symgate.numerics.run import Run

Array = NDArray[Any]


@signs("a setting")
@dataclass(frozen=True)
class Setting:
    """What a curve was measured on, so that it can be measured again.

    `positions` are the steps t whose gradients were followed back, in each of `sequences`
    sequences of each of `networks` networks. `scheme` and `seed` are None where a run was
    given. `command` measures it again; `needs` says what that takes beside it, if anything.
    """

    cell: str
    equations: str
    sizes: Mapping[str, int]
    networks: int
    sequences: int
    steps: int
    positions: tuple[int, ...]
    inputs: str
    scheme: str | None
    seed: int | None
    gain: float | None
    bias: Mapping[str, float]
    t_max: float | None
    command: str
    needs: str
    version: str

    _repr_html_ = fields_html

    @property
    def averaged_over(self) -> str:
        """What the samples are, in words."""
        runs = f"{counted(self.sequences, 'sequence', 'a')} of {self.inputs}"
        if self.networks > 1:
            runs = f"{self.networks} networks, with {runs} each"
        elif self.scheme is not None:
            runs = f"one network, {runs}"
        last = self.positions == (self.steps - 1,)
        at = ", ".join(map(str, self.positions[:6])) + (", …" if len(self.positions) > 6 else "")
        where = "the last step" if last else f"step{'s' * (len(self.positions) > 1)} {at}"
        return f"{runs}, {counted(self.steps, 'step')}, followed back from {where}"


@tells("a curve", DECAY)
@dataclass(frozen=True, eq=False)
class Decay:
    """The norm of ∂of_t/∂wrt_{t-k} for k = 0 … K, as log10, for each sample.

    `lags` is (K + 1,), `log10_norm` (K + 1, samples): network by network, in each sequence by
    sequence, the positions of a sequence next to each other, and -inf only where the gradient
    is exactly zero; `norm` is 10 to these powers, `norm_name` which of `NORMS` it is.
    `singular` maps the lags that were asked for to log10 of all singular values (samples, n);
    None where none were asked for. Rates are natural: the norm goes with e^(rate · k) on the
    tail; of a curve cut short `whole` is the rate of the whole. `runs` holds a run for each
    network, `beside` the bounds, predictions and paths that were worked out, by name.

    >>> import symgate as sg
    >>> d = sg.decay("rnn", hidden=8, lags=40)
    >>> d.log10_norm.shape, d.rate < 0, round(d.half_life, 2)
    ((41, 4), True, 0.76)
    """

    setting: Setting
    of: str
    wrt: str
    norm_name: str
    lags: Array
    log10_norm: Array
    singular: Mapping[int, Array] | None = None
    notes: tuple[str, ...] = ()
    runs: tuple[Run, ...] = field(default=(), repr=False)
    whole: Rate | None = field(default=None, repr=False)
    beside: dict[str, Any] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        return (
            f"<Decay of {self.setting.cell}: ∂{self.of}/∂{self.wrt} over {self.lags[-1]} lags, "
            f"half-life {in_words(self)}>"
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.log10_norm, dtype=dtype)

    def __len__(self) -> int:
        return len(self.lags)

    def __iter__(self) -> Iterator[Array]:
        return iter(self.log10_norm)

    def __getitem__(self, place: Any) -> Any:
        return self.log10_norm[place]

    @property
    def run(self) -> Run | None:
        """The run of the first network; None if loaded from a file."""
        return self.runs[0] if self.runs else None

    @property
    def parts(self) -> tuple[Decay, ...]:
        """The curves of each network alone; none if loaded from a file."""
        width = self.log10_norm.shape[1] // self.setting.networks
        alone = replace(self.setting, networks=1)
        return tuple(
            replace(
                self,
                setting=alone,
                log10_norm=self.log10_norm[:, i * width : (i + 1) * width],
                singular={},
                runs=(run,),
                whole=None,
                beside={},
            )
            for i, run in enumerate(self.runs)
        )

    @property
    def cell(self) -> str:
        """The name of the cell."""
        return self.setting.cell

    @property
    def width(self) -> int:
        """How many singular values the Jacobian has at most: the larger norm is at most √ of
        this times the smaller."""
        if self.runs:
            run = self.runs[0]
            return min(math.prod(run.shape(name)) for name in (self.of, self.wrt))
        return self.setting.sizes.get("n", 1)

    # -- the curve ------------------------------------------------------------------------

    @property
    def norm(self) -> Array:
        """(K + 1, samples): the norms as plain numbers, 0 where they are below any float."""
        return np.asarray(10.0**self.log10_norm)

    @cached_property
    def median(self) -> Array:
        """(K + 1,): the median over the samples."""
        return quantile(self.log10_norm, 0.5)

    @cached_property
    def band(self) -> tuple[Array, Array]:
        """The 10% and 90% quantiles over the samples."""
        return quantile(self.log10_norm, 0.1), quantile(self.log10_norm, 0.9)

    @cached_property
    def fit(self) -> Rate:
        """The rate with its interval and the lags that it was fitted on; of a curve cut short,
        that of the whole."""
        setting = self.setting
        return self.whole or fitted(self.log10_norm, setting.sequences, setting.networks)

    @property
    def rate(self) -> float:
        """The slope of ln of the norm per step, on the tail."""
        return self.fit.value

    @property
    def half_life(self) -> float:
        """Steps in which the norm halves, on the tail; inf where it does not fall, or halves
        later than any lag that was measured."""
        found = self.fit.half_life
        return found if found <= self.lags[-1] else math.inf

    @cached_property
    def reaches(self) -> int:
        """The last lag at which the median lies above 1/e of its start."""
        return reaches(self.median)

    @property
    def time_constant(self) -> float:
        """Steps in which the norm falls to 1/e, on the tail."""
        return self.fit.time_constant

    @cached_property
    def passes(self) -> dict[str, int | None]:
        """The lags at which the median falls below 1e-3 and 1e-6 of its start."""
        return {"1e-3": passes(self.median, 3), "1e-6": passes(self.median, 6)}

    @cached_property
    def singular_values(self) -> Mapping[int, Array]:
        """log10 of all singular values (samples, n) at some lags; worked out when first asked
        for, unless `singular=` named the lags."""
        if self.singular is not None:
            return self.singular
        last, at = int(self.lags[-1]), self.setting.positions
        return singular_values(self.runs, self.of, self.wrt, last, at, self.norm_name)

    # -- singular values ------------------------------------------------------------------

    @cached_property
    def effective_rank(self) -> dict[int, float]:
        """exp of the entropy of the singular values, median over the samples, at some lags.

        It is 1 where one direction is left and n where all are alike (Roy and Vetterli).
        """
        return {k: float(np.median([_entropy(s) for s in v])) for k, v in self._held.items()}

    @cached_property
    def condition(self) -> dict[int, float]:
        """Largest over smallest singular value, at some lags; inf from about 1e13 on."""
        found = {}
        for lag, values in self._held.items():
            logs = np.where(np.isfinite(values[:, -1]), values[:, 0] - values[:, -1], np.inf)
            found[lag] = float(np.median(np.where(logs < 13, 10.0 ** np.minimum(logs, 13), np.inf)))
        return found

    @property
    def _held(self) -> dict[int, Array]:
        return {k: v for k, v in self.singular_values.items() if np.isfinite(v[:, 0]).all()}

    @property
    def is_block(self) -> bool:
        """Whether it is a block of the whole state's product: bounds, predictions and paths
        are known of these alone."""
        return not self.runs or {self.of, self.wrt} <= {*self.runs[0].cell.states}

    def check_block(self, what: str) -> None:
        """Raise where `what` is not known of this curve: it is no block, or from a file."""
        if not self.runs:
            raise SymgateError(f"{what} need the runs; this curve was loaded from a file")
        if not self.is_block:
            mend = f"∂{self.of}/∂{self.wrt} is of another kind"
            raise SymgateError(f"{what} are known from state to state; {mend}")

    # -- beside the curve -------------------------------------------------------------------

    @property
    def bounds(self) -> Ceilings | None:
        """The worst case, the run's own bound and the spectral radius line; None if loaded
        from a file without them."""
        return self._beside("bounds", symgate.bounds_of)

    @property
    def bound_log10(self) -> Array | None:
        """(K + 1,): log10 of the worst case, which no lag of any sample exceeds."""
        return None if self.bounds is None else self.bounds.worst_log10

    @property
    def predictions(self) -> Predictions | None:
        """What biases, mean gates and the Lyapunov exponent promise, and how far off it is."""
        return self._beside("predictions", symgate.predictions_of)

    @property
    def paths(self) -> Paths | None:
        """The curve without each path, the carry alone, and the shares; worked out on first
        use, from the last position of each sequence; None of what is no block of the state."""
        return self._beside("paths", Decay.measure_paths)

    def _beside(self, name: str, made: Callable[[Decay], Any]) -> Any:
        if name not in self.beside and self.runs and self.is_block:
            self.beside[name] = made(self)
        return self.beside.get(name)

    @asked()
    def measure_paths(self, progress: Callable[[int, int], None] | None = None) -> Paths:
        """Work out `paths` now, with a hook for the progress."""
        self.check_block("paths")
        found = paths(
            self.runs,
            self.of,
            self.wrt,
            len(self.lags) - 1,
            at=self.setting.positions[-1],
            norm=self.norm_name,
            progress=progress,
        )
        self.beside["paths"] = found
        return found

    # -- out ----------------------------------------------------------------------------------

    def summary(self) -> dict[str, Any]:
        """The numbers of the table: rate, half-life and where it passes 1e-3 and 1e-6."""
        return {
            "cell": self.cell,
            "rate": self.rate,
            "rate_interval": self.fit.interval,
            "interval_over": self.fit.over,
            "rate_between": self.fit.between,
            "rate_within": self.fit.within,
            "fitted_on_lags": self.fit.lags,
            "half_life": self.half_life,
            "reaches": self.reaches,
            "time_constant": self.time_constant,
            "passes": self.passes,
            "last_log10": float(self.median[-1]),
        }

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON. A number that is not finite is None: the log10 of an exact
        zero, or the half-life of what does not fall."""
        low, high = self.band
        data = {
            "setting": {**vars(self.setting), "averaged_over": self.setting.averaged_over},
            "of": self.of,
            "wrt": self.wrt,
            "norm": self.norm_name,
            **self.summary(),
            "effective_rank": self.effective_rank,
            "condition": self.condition,
            "notes": self.notes,
            "lags": self.lags,
            "median_log10": self.median,
            "low_log10": low,
            "high_log10": high,
            "log10_norm": self.log10_norm,
            **{name: part.to_dict() for name, part in self.beside.items()},
        }
        found: dict[str, Any] = plain(data)
        return found

    @asked()
    def to_csv(self, path: str | Path | None = None) -> str:
        """A row a lag: median, band, every sample; written to `path` where one is given."""
        columns = self._columns()
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["cell", *columns])
        for lag, *row in zip(*columns.values(), strict=True):
            writer.writerow([self.cell, int(lag), *map(float, row)])
        if path is not None:
            write_file(path, out.getvalue())
        return out.getvalue()

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row a lag: median, band and every sample, all log10."""
        return data_frame(self._columns(), index="lag")

    def _columns(self) -> dict[str, Array]:
        """The curves of a table, a row a lag."""
        low, high = self.band
        middle = {"median_log10": self.median, "low_log10": low, "high_log10": high}
        return {"lag": self.lags, **middle, **log10_columns("sample", self.log10_norm)}

    @asked()
    def save(self, path: str | Path) -> Path:
        """Write everything to a file that `sg.load` reads: arrays and JSON, no pickle."""
        return save(self, path)

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the curve on `ax`, or on pyplot's axes; see `symgate.plots.curve`."""
        return symgate.plots.curve(self, ax, **options)

    def _repr_html_(self) -> str:
        return html([self])


def _entropy(log10_values: Array) -> float:
    weights = 10.0 ** (log10_values - log10_values.max())
    shares = weights[weights > 0] / weights.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))
