"""`mean_field`: what a wide random cell does on average, and how fast its gradient grows.

The second moments of the states are iterated until they stay (laws.py); the averages of the
squared coefficients along the routes through a step are the growth factor χ of the gradient's
square: (1/n) ‖J_t … J_{t-k+1}‖² ≈ χ^k.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sympy import Expr

import symgate
from symgate.algebra.vectors import variable
from symgate.asked import asked, having, number, table
from symgate.equations.cell import Cell
from symgate.equations.zoo import cell_of
from symgate.errors import SymgateError, UnknownName
from symgate.instead import tells
from symgate.numerics.plain import plain
from symgate.numerics.setup import Setup
from symgate.tables import html_table
from symgate.theory.averages import Law, average
from symgate.theory.laws import FEW, GAIN, Laws
from symgate.theory.measured import measured_growth

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from symgate.theory.measured import Growth


@tells("a mean field")
@dataclass(frozen=True, eq=False)
class MeanField:
    """The order parameters of a cell and the growth of its gradient.

    `second` holds the second moment of every value at a step, `mean` its mean, `variance`
    that of every pre-activation. `chi` is the growth factor of the squared gradient a step,
    `xi` = -1/ln χ the steps after which it has fallen to 1/e (inf at χ = 1, negative above),
    `exponent` = ½ ln χ the largest Lyapunov exponent that this predicts.
    """

    cell: str
    gain: float | Mapping[str, float]
    input_variance: float
    bias: Mapping[str, float]
    values: Mapping[str, float]
    second: Mapping[str, float]
    mean: Mapping[str, float]
    variance: Mapping[str, float]
    chi: float
    iterations: int
    notes: tuple[str, ...]
    _laws: Laws = field(repr=False)
    _found: Mapping[Any, Law] = field(repr=False)

    def __repr__(self) -> str:
        return (
            f"<MeanField of {self.cell}: χ = {self.chi:.6g}, ξ = {self.xi:.4g} steps"
            f"{'; ' if self.notes else ''}{'; '.join(self.notes)}>"
        )

    def _repr_html_(self) -> str:
        rows = [
            (name, f"{self.mean[name]:.6g}", f"{second:.6g}")
            for name, second in self.second.items()
        ]
        caption = f"{self.cell}: χ = {self.chi:.6g}, ξ = {self.xi:.4g} steps"
        header = ("value", "mean", "second moment")
        return html_table(rows, header, caption=caption, notes=self.notes)

    @property
    def xi(self) -> float:
        """-1/ln χ: the time constant of the squared gradient, in steps."""
        if self.chi <= 0:
            return 0.0
        return math.inf if self.chi == 1 else -1 / math.log(self.chi)

    @property
    def exponent(self) -> float:
        """½ ln χ, in nats per step."""
        return 0.5 * math.log(self.chi) if self.chi > 0 else -math.inf

    @asked(expression=having("xreplace", "an expression, such as cell.variable('h')"))
    def average(self, expression: Expr) -> float:
        """⟨expression⟩ of the cell's values at t and states at t - 1."""
        try:
            return average(expression, self._found, self._laws.numbers)
        except KeyError as error:
            what = "a value of the mean field named"
            raise UnknownName(what, str(error.args[0]), map(str, self._found)) from None

    def measured(self, hidden: int = 400, lags: int = 30, seed: int = 0) -> Growth:
        """The same numbers from a simulated network of `hidden` units; see `measured_growth`."""
        return measured_growth(
            self._laws.cell,
            self.gain,
            self.input_variance,
            self.bias,
            values=self.values,
            hidden=hidden,
            lags=lags,
            seed=seed,
        )

    @asked(measured=having("log_square", "what sg.measured_growth(…) gives"))
    def plot(self, ax: Axes | None = None, measured: Growth | None = None, **line: Any) -> Axes:
        """Predicted against measured growth over the lag, on `ax` or on pyplot's axes; without
        `measured` it is measured."""
        return symgate.plots.growth_on(ax, measured or self.measured(), self, **line)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {**plain(self), "xi": plain(self.xi), "exponent": plain(self.exponent)}


@asked(gain=GAIN, values=table(number()), start=number(least=0))
def mean_field(
    cell: Cell | str,
    gain: float | Mapping[str, float] = Setup.gain,
    input_variance: float = 0.0,
    bias: Mapping[str, float] | None = None,
    *,
    values: Mapping[str, float] | None = None,
    start: float = 1.0,
) -> MeanField:
    """Solve the mean field of a cell with n → ∞ units and white-noise input.

    `gain` is that of all matrices but those that act on inputs alone (g: entries
    N(0, g²/n)); those have gain 1, so that `input_variance` is what they add. A mapping sets
    any matrix by name. `bias` is the mean of a gate's bias, 0 where it is left out, `values`
    any vector or scalar parameter (scalars are 1/2). `start` is the second moment from which
    the states are iterated.

    >>> import symgate as sg
    >>> found = mean_field(sg.cell("rnn"), gain=1.5, input_variance=0.5)
    >>> round(found.variance["a_h"], 4), round(found.chi, 4)
    (1.5731, 0.871)
    """
    cell = cell_of(cell)
    solver = Laws(cell, gain, input_variance, bias or {}, values or {})
    laws, iterations = solver.settled(start)
    now = {node.name: laws[variable(node.name)] for node in solver.lin}
    return MeanField(
        cell=cell.name,
        gain=gain,
        input_variance=input_variance,
        bias=dict(bias or {}),
        values=dict(values or {}),
        second={name: law.second for name, law in now.items()},
        mean={name: law.mean for name, law in now.items()},
        variance={n: law.second - law.mean**2 for n, law in now.items() if law.normal},
        chi=solver.growth(laws),
        iterations=iterations,
        notes=solver.notes(),
        _laws=solver,
        _found=laws,
    )


@asked(values=table(number()))
def critical_gain(
    cell: Cell | str,
    input_variance: float = 0.0,
    bias: Mapping[str, float] | None = None,
    *,
    low: float = 0.05,
    high: float = 20.0,
    values: Mapping[str, float] | None = None,
) -> float:
    """The gain at which χ = 1: below it the gradient vanishes, above it explodes.

    Searched between `low` and `high`; an error says that χ does not cross 1 there. Where the
    iteration slows down beside the line (no input), the gain is good to about 10⁻³.

    >>> import symgate as sg
    >>> round(critical_gain(sg.cell("rnn"), input_variance=0.18614), 4)
    1.5
    """
    cell = cell_of(cell)

    def distance(gain: float) -> tuple[float, bool]:
        """χ - 1 at a gain, and whether the iteration settled there."""
        solver = Laws(cell, gain, input_variance, bias or {}, values or {})
        laws, iterations = solver.settled(1.0, strict=False)
        return solver.growth(laws) - 1, iterations < FEW

    if not 0 <= low < high:
        raise SymgateError(f"the search needs 0 <= low < high, not {low!r} and {high!r}")
    below, above = distance(low)[0], distance(high)[0]
    if (below > 0) == (above > 0):
        raise SymgateError(
            f"χ of {cell.name} does not cross 1 between the gains {low:g} and {high:g}: it is "
            f"{below + 1:.4g} and {above + 1:.4g}"
        )
    exact = {"low": True, "high": True}
    last, widths = "", [math.inf, math.inf]
    for _ in range(100):
        known = all(exact.values())
        if high - low <= (1e-10 if known else 5e-4) * high:
            break
        middle = (low + high) / 2
        if known and high - low <= widths[-2] / 2:
            # the chord, in which an end that stays counts less and less
            middle = low + (high - low) * below / (below - above)
        widths.append(high - low)
        now, settled = distance(middle)
        if now == 0:
            return middle
        side = "high" if (now > 0) == (above > 0) else "low"
        exact[side] = settled
        if side == "high":
            high, above, below = middle, now, below / 2 if side == last else below
        else:
            low, below, above = middle, now, above / 2 if side == last else above
        last = side
    return (low + high) / 2
