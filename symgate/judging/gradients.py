"""Checks of gradients over many steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sympy as sp

from symgate.algebra.printing import text
from symgate.algebra.vectors import name_of, variable
from symgate.equations.cell import Cell
from symgate.judging.finding import CONDITIONS, FALSE, LIMIT, PROVED, Finding, power_of_ten
from symgate.judging.probes import biased, carry_of, curve, keeping, usual, zeros
from symgate.linear.bounds import bounds
from symgate.linear.linearise import linearise
from symgate.linear.ranges import ranges


def removes_vanishing(cells: Sequence[Cell], state: str, hidden: int, lags: int) -> Finding:
    """Whether a gradient survives: as initialised, and as its carry gate is opened."""
    (cell,) = cells
    start = usual(cell, state, hidden, lags)[-1]
    said = f"initialised as usual, ‖∂{state}_t/∂{state}_{{t-{lags}}}‖₂ = {power_of_ten(start)}"
    numbers: dict[str, float | int | str] = {"log10 as initialised": float(start)}
    if start > -1:
        return Finding(CONDITIONS, f"{said}: at this size and these weights it does not vanish")
    if carry_of(cell, state) is None or not keeping(cell, state, 1.0):
        return Finding(FALSE, f"{said}, and no gate can hold {state}", numbers)
    half = []
    for bias in (0.0, 2.0, 5.0, 10.0):
        params = biased(cell, 4, keeping(cell, state, bias))
        rate = float(curve(cell, state, params, 50)[-1]) / 50
        half.append((bias, np.log10(0.5) / rate if rate < 0 else np.inf))
        numbers[f"half-life at bias {bias:g}"] = float(half[-1][1])
    listed = ", ".join(f"{life:.3g} at {bias:g}" for bias, life in half)
    told = f"{said}; with the carry gate's bias alone the half-life in steps is {listed}"
    if half[-1][1] > 20 * half[1][1]:
        return Finding(
            LIMIT, f"{told}: it vanishes at every finite bias, ever more slowly", numbers
        )
    return Finding(FALSE, told, numbers)


def safe_from_exploding(cells: Sequence[Cell], state: str, gain: float, lags: int) -> Finding:
    """Looks for weights with which the gradient grows: recurrent matrices gain · I."""
    (cell,) = cells
    params = zeros(cell, 4)
    lin = linearise(cell)
    for node in lin:
        for term in node.terms:
            if term.matrix is not None and name_of(term.source) in cell.states:
                for symbol in term.matrix.atoms(sp.MatrixSymbol):
                    if params[symbol.name].shape == (4, 4):
                        params[symbol.name] = gain * np.eye(4)
    found = curve(cell, state, params, lags)
    numbers = {"log10 of the norm": float(found[-1]), "lags": lags}
    grown = f"{power_of_ten(float(found[-1]))} after {lags} steps"
    if found[-1] > 3:
        return Finding(
            FALSE,
            f"recurrent matrices {gain:g} I, biases, inputs and states 0: "
            f"‖∂{state}_t/∂{state}_{{t-k}}‖₂ = {grown}. {_carry_told(cell, state)} "
            f"paths through the gates and matrices grow",
            numbers,
        )
    return Finding(CONDITIONS, f"with recurrent matrices {gain:g} I it is {grown}", numbers)


def deep_and_untrainable(cells: Sequence[Cell], state: str, hidden: int, lags: int) -> Finding:
    """The gradient over very many steps: as initialised, and with weights that keep it."""
    (cell,) = cells
    start = usual(cell, state, hidden, lags)[-1]
    params = zeros(cell, 4)
    for p in cell.parameters.values():
        if p.kind == "matrix" and p.shape[0] == p.shape[1]:
            params[p.name] = np.eye(4)
    kept = curve(cell, state, params, lags)[-1]
    numbers = {"log10 as initialised": float(start), "log10 with U = I": float(kept)}
    bound = bounds(cell).total(state, state)
    said = (
        f"unrolled it is {lags} layers that share one set of weights. As initialised the gradient "
        f"over {lags} steps is {power_of_ten(float(start))}"
    )
    if start > -1:
        return Finding(FALSE, f"{said}: nothing is lost", numbers)
    if kept > -1:
        return Finding(
            CONDITIONS,
            f"{said}; but with U = I at rest it is {power_of_ten(float(kept))}. Proved bound of "
            f"one step: {bound}; below 1 the gradient must vanish, above it need not",
            numbers,
        )
    return Finding(PROVED, f"{said}, and {power_of_ten(float(kept))} with U = I", numbers)


def addition_keeps(cells: Sequence[Cell], state: str) -> Finding:
    """Whether what is added leaves the gradient alone, and what the factor before it does."""
    (cell,) = cells
    carry = carry_of(cell, state)
    if carry is None:
        return Finding(FALSE, f"{state}_t has no direct term in {state}_{{t-1}}")
    product = sp.Mul(*carry.coefficient)
    factor = text(product)
    added = sp.expand(cell.equations[state] - product * variable(state, 1))
    if added == 0:
        return Finding(FALSE, f"nothing is added: {state}_t = {factor} {state}_{{t-1}}")
    if not carry.gates:
        return Finding(PROVED, f"the direct term is diag({factor}), which no gate can shrink")
    found = {
        bias: float(curve(cell, state, biased(cell, 4, keeping(cell, state, bias)), 100)[-1])
        for bias in (0.0, 5.0)
    }
    listed = ", ".join(f"{power_of_ten(v)} at bias {b:g}" for b, v in found.items())
    return Finding(
        CONDITIONS,
        f"the sum passes the gradient on with factor 1, so that the direct term is diag({factor}); "
        f"the addition keeps nothing by itself, the factor does: over 100 steps {listed}",
        {f"log10 at bias {b:g}": v for b, v in found.items()},
    )


def _carry_told(cell: Cell, state: str) -> str:
    """What the carry alone does to the gradient."""
    carry = carry_of(cell, state)
    if carry is None:
        return "The"
    factor = sp.Mul(*carry.coefficient)
    if ranges(cell).of(factor).within(0, 1):
        return f"The carry alone never grows ({text(factor)} lies in [0, 1]), but the"
    return f"The carry {text(factor)} and the"
