"""`measured_growth`: the mean field's numbers from a simulated network, for any cell.

One wide network with the same gains, biases and noise is run, and the growth of its gradient's
square is measured over the lag. It stands beside a prediction, and in its place where a cell
has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import symgate
from symgate.asked import asked, number, table, whole
from symgate.equations.cell import Cell
from symgate.equations.zoo import cell_of
from symgate.instead import tells
from symgate.numerics.arrays import draws_of
from symgate.numerics.initialise import init
from symgate.numerics.plain import plain
from symgate.numerics.product import lag_norms
from symgate.numerics.room import must_end
from symgate.numerics.setup import Setup
from symgate.numerics.simulate import simulate
from symgate.tables import html_table
from symgate.theory.laws import GAIN, Laws

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[Any]


@tells("a growth")
@dataclass(frozen=True, eq=False)
class Growth:
    """The growth of a network's gradient, measured.

    `log_square` (K + 1,) is ln of (1/n) ‖∂h_t/∂h_{t-k}‖² over the lag, the mean over the
    sequences; `second` the second moment of every value over units, sequences and steps.
    """

    cell: str
    hidden: int
    samples: int
    log_square: Array
    second: Mapping[str, float]

    def __repr__(self) -> str:
        return f"<Growth of {self.cell}: χ = {self.chi:.4g} measured at n = {self.hidden}>"

    def _repr_html_(self) -> str:
        rows = [("χ", f"{self.chi:.5g}"), *((k, f"{v:.4g}") for k, v in self.second.items())]
        return html_table(rows, ("measured", "value"), caption=f"Growth of {self.cell}")

    @property
    def chi(self) -> float:
        """The mean growth of the squared gradient a step, over the later half of the lags;
        0 where it has died."""
        if np.isneginf(self.log_square[-1]):
            return 0.0
        half = len(self.log_square) // 2
        rise = self.log_square[-1] - self.log_square[half]
        return float(np.exp(rise / (len(self.log_square) - 1 - half)))

    def plot(self, ax: Axes | None = None, **line: Any) -> Axes:
        """The curve over the lag, on `ax` or on pyplot's axes."""
        return symgate.plots.growth_on(ax, self, None, **line)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON; -inf is None."""
        return {**plain(self), "chi": self.chi}


@asked(
    gain=GAIN,
    values=table(number()),
    hidden=whole(2, 20_000),
    lags=whole(2, 10**6),
    samples=whole(1, 10**4),
    burn_in=whole(0, 10**6),
)
def measured_growth(
    cell: Cell | str,
    gain: float | Mapping[str, float] = Setup.gain,
    input_variance: float = 0.0,
    bias: Mapping[str, float] | None = None,
    *,
    values: Mapping[str, float] | None = None,
    hidden: int = 400,
    lags: int = 30,
    samples: int = 4,
    burn_in: int = 100,
    seed: int = Setup.seed,
) -> Growth:
    """Measure what `mean_field` predicts, with the same arguments, in one network.

    Its `hidden` units meet the same weights at every step, as those of a network do.
    `samples` sequences of noise run `burn_in` steps before the `lags` that are measured.

    >>> import symgate as sg
    >>> found = measured_growth(sg.cell("rnn"), gain=1.0, input_variance=0.1, hidden=200, lags=20)
    >>> bool(abs(found.chi - sg.mean_field(sg.cell("rnn"), 1.0, 0.1).chi) < 0.05)
    True
    """
    cell = cell_of(cell)
    setting = Laws(cell, gain, input_variance, bias or {}, values or {})
    must_end(
        f"to follow {hidden:,} units over {lags:,} lags, in {samples:,} sequences,",
        hidden**3 * lags * samples,
        "take fewer units, lags or samples",
    )
    params = init(cell, hidden, hidden)
    numbers = {symbol.name: number for symbol, number in setting.numbers.items()}
    for name, array in params.items():
        if name in numbers:
            params[name] = np.full_like(array, numbers[name])
        else:
            spread = setting.gains[name] / np.sqrt(array.shape[-1])
            params[name] = spread * draws_of(name, seed).normal(size=array.shape)
    steps = burn_in + lags
    spread, shape = np.sqrt(setting.input_variance), (samples, hidden)
    x = {n: spread * draws_of(n, seed).normal(size=(steps, *shape)) for n in cell.inputs}
    start = {s: draws_of(s, seed).normal(size=shape) for s in cell.states}
    run = simulate(cell, params, x or None, start, steps=None if x else steps)
    found = lag_norms(run, lags=lags, norm="frobenius")
    log10 = np.asarray(found.log10_norm).reshape(lags + 1, -1)
    with np.errstate(divide="ignore"):
        square = np.logaddexp.reduce(2 * np.log(10) * log10, axis=1)
    return Growth(
        cell=cell.name,
        hidden=hidden,
        samples=samples,
        log_square=square - np.log(samples * hidden),
        second={name: float((run[name][burn_in:] ** 2).mean()) for name in cell.equations},
    )
