"""What checks look at: the carry of a state, its curve of gradients, parameters set by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations
from itertools import product as tuples
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Dummy, Expr, Indexed, Integer, MatrixSymbol

from symgate.algebra.vectors import MatVec, name_of, variable
from symgate.bounds.intervals import Interval
from symgate.bounds.limits import gates
from symgate.equations.cell import Cell
from symgate.linear.carry import Carry, carry
from symgate.linear.linearise import linearise
from symgate.linear.paths import CARRY, paths
from symgate.linear.transition import named_paths
from symgate.numerics.biases import bias_of
from symgate.numerics.initialise import init
from symgate.numerics.product import lag_norms
from symgate.numerics.run import Run
from symgate.numerics.simulate import simulate

Array = NDArray[Any]
Numbers = dict[str, Array]

#: The bias of a gate that is taken as wide open: σ(20) differs from 1 by 2e-9.
WIDE = 20

#: Gates that together hold a state are looked for in groups of up to so many.
HOLDING = 2


# -- by algebra ---------------------------------------------------------------------------


def carry_of(cell: Cell, state: str) -> Carry | None:
    """How a state passes to itself, where it does."""
    return carry(linearise(cell), state)


def within(interval: Interval) -> str:
    """An interval in words.

    >>> from symgate.bounds.intervals import EVERYTHING, UNIT
    >>> within(UNIT), within(EVERYTHING)
    ('lies in [0, 1]', 'has no bound')
    """
    if not interval.is_bounded:
        return "has no bound"
    return f"lies in [{interval.low}, {interval.high}]"


def affine_slope(expression: Expr, atom: Expr) -> Expr | None:
    """The factor of a variable in an expression that is affine in it, else None."""
    if any(m.has(atom) for m in expression.atoms(MatVec)):
        return None
    stand_in = Dummy(real=True)
    slope = expression.xreplace({atom: stand_in}).diff(stand_in)
    return None if slope.has(stand_in) else slope.xreplace({stand_in: atom})


def holding(cell: Cell, state: str) -> dict[str, int] | None:
    """The fewest gates at 0 or 1 with which the state's Jacobian is the identity, all other
    paths to it closed.

    >>> import symgate as sg
    >>> holding(sg.cell("gru"), "h"), holding(sg.cell("lstm"), "c")
    ({'z': 1}, {'i': 0, 'f': 1})
    """
    used = {name_of(v) for v in cell.equations[state].atoms(Indexed)}
    own = [gate for gate in gates(cell) if gate in used]
    for count in range(HOLDING + 1):
        for names in combinations(own, count):
            for values in tuples((0, 1), repeat=count):
                if _is_identity(cell, state, dict(zip(names, values, strict=True))):
                    return dict(zip(names, values, strict=True))
    return None


def _is_identity(cell: Cell, state: str, ends: Mapping[str, int]) -> bool:
    lin = linearise(cell)
    fixed = {variable(gate): Integer(value) for gate, value in ends.items()}
    through = []
    for wrt in cell.states:
        for path in paths(lin, state, wrt):
            factors = [f.xreplace(fixed) for term in path.terms for f in term.coefficient]
            if 0 not in factors:
                through.append((wrt, path, factors))
    if len(through) != 1:
        return False
    ((wrt, path, factors),) = through
    return wrt == state and not path.matrices and all(f == 1 for f in factors)


def keeping(cell: Cell, state: str, bias: float) -> dict[str, float]:
    """The biases that open the carry of a state: +bias for f, -bias for z in 1 - z."""
    found = carry_of(cell, state)
    gates = {} if found is None else found.gates
    return {gate: bias if keeps else -bias for gate, keeps in gates.items()}


# -- by numbers ---------------------------------------------------------------------------


def zeros(cell: Cell, hidden: int) -> Numbers:
    """All parameters zero."""
    return {k: np.zeros_like(v) for k, v in init(cell, hidden=hidden, input=hidden).items()}


def biased(cell: Cell, hidden: int, biases: Mapping[str, float]) -> Numbers:
    """All weights zero, and the biases of some gates as given."""
    params = zeros(cell, hidden)
    for gate, value in biases.items():
        params[bias_of(cell, gate)] += value
    return params


def recurrent(cell: Cell, hidden: int, gain: float) -> Numbers:
    """Each matrix that acts on a state gain · I, all other parameters zero."""
    names = recurrent_names(cell)
    return {
        name: gain * np.eye(*value.shape) if name in names else value
        for name, value in zeros(cell, hidden).items()
    }


def recurrent_names(cell: Cell) -> set[str]:
    """The matrices that the paths from state to state meet."""
    return {
        symbol.name
        for node in linearise(cell)
        for term in node.terms
        if term.matrix is not None
        for symbol in term.matrix.atoms(MatrixSymbol)
    }


def at_rest(cell: Cell, params: Numbers, steps: int) -> Run:
    """A run without input, from states 0."""
    return simulate(cell, params, np.zeros((steps, input_size(cell, params))))


def on_noise(cell: Cell, hidden: int, steps: int, **options: Any) -> Run:
    """A run on standard normal inputs, as initialised."""
    params = init(cell, hidden=hidden, input=hidden, seed=0, **options)
    return simulate(cell, params, np.random.default_rng(0).standard_normal((steps, hidden)))


def curve(run: Run, state: str, *, carry_alone: bool = False) -> Array:
    """log10 of ‖∂state_t/∂state_{t-k}‖₂ for all lags of a run, or of the carry's share."""
    step = named_paths(run.cell).step(lambda name: name == CARRY) if carry_alone else None
    norms = lag_norms(run, state, state, run.steps, norm="spectral", step=step)
    return np.asarray(norms.log10_norm)


def slope(curve: Array) -> float:
    """Decades a step, over the second half of a curve."""
    half = len(curve) // 2
    with np.errstate(invalid="ignore"):  # -inf where a gradient is zero
        return float(curve[-1] - curve[half]) / (len(curve) - 1 - half)


def half_life(curve: Array) -> float:
    """Steps in which a curve of log10 norms falls by half; infinite where it does not."""
    fall = -slope(curve)
    return math.log10(2) / fall if fall > 0 else math.inf


def input_size(cell: Cell, params: Numbers) -> int:
    """How many inputs the parameters take."""
    letter = str(cell.size(cell.inputs[0]))
    for p in cell.parameters.values():
        for size, length in zip(p.shape, params[p.name].shape, strict=True):
            if str(size) == letter:
                return int(length)
    return 1
