"""Predictions of the decay without following the gradient, and how far off each is.

The carry with every gate at its bias; the carry with the mean of its log over the run; the
Lyapunov exponent of the run; of a matrix state the law for keys in
random directions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr

from symgate.algebra.vectors import rank
from symgate.decaying.curve import Decay
from symgate.equations.cell import Cell
from symgate.errors import Diverged, SymgateError
from symgate.instead import tells
from symgate.linear.linearise import linearise
from symgate.linear.paths import carries
from symgate.numerics.general import is_general, over_steps
from symgate.numerics.general_pull import general_step_norms
from symgate.numerics.norms import NORMS
from symgate.numerics.run import Run
from symgate.numerics.simulate import simulate
from symgate.tables import data_frame, html_table
from symgate.theory.lyapunov import lyapunov

Array = NDArray[Any]

LN10 = math.log(10)

#: Steps whose carry is looked at together.
SEGMENT = 512


@dataclass(frozen=True, eq=False)
class Prediction:
    """A rate per step, its curve of log10 norms (K + 1,) from the start of the measured
    one, and how far off both are: `rate_off` predicted minus measured rate, `decades_off`
    predicted minus measured log10 norm at the last lag."""

    name: str
    rate: float
    log10_norm: Array
    rate_off: float
    decades_off: float

    def __repr__(self) -> str:
        return (
            f"<Prediction from the {self.name}: {self.rate:+.4f} a step, {self.rate_off:+.4f} off>"
        )


@tells("a set of predictions", {"plot": "sg.plots.decay_curves([d], predictions=True)"})
@dataclass(frozen=True, eq=False)
class Predictions:
    """What was predicted; `notes` says what could not be."""

    entries: tuple[Prediction, ...]
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        return "<Predictions: " + ", ".join(f"{e.name} {e.rate:+.4f}" for e in self.entries) + ">"

    def __getitem__(self, name: str) -> Prediction:
        return next(entry for entry in self.entries if entry.name == name)

    def _repr_html_(self) -> str:
        rows = [
            (e.name, f"{e.rate:+.4f}", f"{e.rate_off:+.4f}", f"{e.decades_off:+.1f}")
            for e in self.entries
        ]
        header = ("predicted from the", "rate per step", "rate error", "error in decades")
        return html_table(rows, header, notes=self.notes)

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row a lag and a column of log10 norms a prediction."""
        return data_frame({f"{e.name}, log10": e.log10_norm for e in self.entries})

    def to_dict(self) -> dict[str, Any]:
        """Plain fields."""
        return {"entries": [dict(vars(e)) for e in self.entries], "notes": self.notes}


def predictions(decay: Decay) -> Predictions:
    """Predict a measured curve.

    >>> import symgate as sg
    >>> d = sg.decay(sg.cell("lstm"), "c", "c", hidden=8, lags=60, bias={"f": 2})
    >>> [p.name for p in d.predictions.entries]
    ['biases', 'mean gates', 'Lyapunov exponent']
    >>> round(d.predictions["biases"].rate, 4)
    -0.1269
    """
    run = decay.run
    if run is None:
        raise SymgateError("predictions need the run; this curve was loaded from a file")
    lags = decay.lags.astype(float)
    entries, notes = [], []
    coefficient = carry_coefficient(run.cell, decay.wrt)
    if coefficient is None:
        notes.append("no state is carried: biases and mean gates predict nothing")
    else:
        made = [("mean gates", _mean_log(run, coefficient))]
        try:
            with np.errstate(divide="ignore"):
                made.insert(0, ("biases", np.log(np.abs(_at_rest(run, coefficient)))))
        except Diverged:  # v / norm(v) without input
            notes.append("a step is not defined without input: biases predict nothing")
        for name, logs in made:
            entries.append(_prediction(decay, name, _diagonal_power(logs, lags, decay.norm_name)))
    if is_general(run.cell) and decay.norm_name == "frobenius" and decay.of == decay.wrt:
        rate = mean_square(run, decay.of) * LN10 / 2
        entries.append(_prediction(decay, "random directions", lags * rate / LN10))
    exponent = float(np.mean(lyapunov(run, count=1).largest))
    with np.errstate(invalid="ignore"):
        line = np.where(lags > 0, lags * exponent / LN10, 0.0)
    entries.append(_prediction(decay, "Lyapunov exponent", line))
    return Predictions(tuple(entries), tuple(notes))


def mean_square(run: Run, state: str) -> float:
    """log10 of how ‖·‖_F² falls at a step if what it meets lies in random directions.

    A step J then leaves ‖J‖_F²/n of it in the mean: of I - β k kᵀ with ‖k‖ = 1 that is
    1 - (2β - β²)/n, the law for keys in random directions.
    """
    norms, size = general_step_norms(run, state, state, "frobenius")
    return float(np.log10(np.mean(norms**2) / size))


def carry_coefficient(cell: Cell, state: str) -> Expr | None:
    """The diagonal that carries a state on; where it has none, that of the first that has.

    >>> import symgate as sg
    >>> carry_coefficient(sg.cell("gru-z-takes-new"), "h")
    1 - z_t
    """
    found = {
        c.state: c.coefficient for c in sorted(carries(linearise(cell)), key=lambda c: c.state)
    }
    return found.get(state) or next(iter(found.values()), None)


def _at_rest(run: Run, coefficient: Expr) -> Array:
    """The carry (n,) with inputs and states 0, so that each gate is at its bias."""
    cell = run.cell
    x = {name: np.zeros((1, run.inputs[name].shape[1])) for name in cell.inputs}
    state = {s: np.zeros(run.shape(s)) for s in cell.states}
    still = simulate(cell, run.params, x or None, state, steps=None if x else 1)
    return _over_steps(still, coefficient, 0, 1).ravel()


def _mean_log(run: Run, coefficient: Expr) -> Array:
    """The mean over steps and sequences of ln |carry|, for each unit."""
    total: Any = 0.0
    with np.errstate(divide="ignore"):
        for start in range(0, run.steps, SEGMENT):
            carried = _over_steps(run, coefficient, start, min(start + SEGMENT, run.steps))
            total = total + np.log(np.abs(carried)).mean(axis=1).sum(axis=0)
    return np.asarray(total / run.steps)


def _over_steps(run: Run, coefficient: Expr, start: int, stop: int) -> Array:
    """A coefficient over some steps, (steps, samples, units)."""
    value = over_steps(run, coefficient, start, stop).astype(float)
    own = value.shape[value.ndim - rank(coefficient) :]
    whole = np.broadcast_to(value, (stop - start, run.samples, *own))
    return whole.reshape(len(whole), run.samples, -1)


def _diagonal_power(logs: Array, lags: Array, norm: str) -> Array:
    """log10 of the norm of diag(e^logs)^k."""
    most = float(np.max(logs))
    if not math.isfinite(most):
        return np.where(lags > 0, -np.inf, 0.0)
    out = lags * most / LN10
    below = np.maximum(logs - most, -1e6)  # a unit that is shut counts at lag 0 alone
    spread = NORMS[norm].of_diagonals(np.exp(lags[:, None, None] * below))
    return out + 0.5 * np.log10(spread / NORMS[norm].of_identity(len(logs)))


def _prediction(decay: Decay, name: str, line: Array) -> Prediction:
    finite = np.flatnonzero(np.isfinite(decay.median))
    start = float(decay.median[finite[0]]) if len(finite) else 0.0
    curve = line + start
    with np.errstate(invalid="ignore"):
        rate = float((line[-1] - line[len(line) // 2]) / (len(line) - 1 - len(line) // 2)) * LN10
        rate = -math.inf if math.isnan(rate) else rate  # a carry that is 0 at some step
        rate_off = rate - decay.rate
        decades_off = float(curve[-1] - decay.median[-1])
    return Prediction(name, rate, curve, rate_off, decades_off)
