"""The adjoint: against gradients by dual numbers, and against the tangent in the inner product."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from random import Random

import numpy as np
import pytest
import sympy as sp

import symgate as sg
from symgate.algebra.vectors import variable
from tests.chosen import CELLS
from tests.oracles import Sample, sample
from tests.random_cells import random_cell

STEPS = 2


@lru_cache(maxsize=2000)
def compiled(cell: sg.Cell, expression: sp.Basic) -> Callable[..., np.ndarray]:
    return sg.lambdify(cell, expression)


def gradients_by_the_adjoint(
    cell: sg.Cell, numbers: Sample, weights: list[dict[str, np.ndarray]]
) -> tuple[dict[str, np.ndarray], list[dict[str, np.ndarray]], dict[str, np.ndarray]]:
    """Back-propagation with nothing but the printed formulas, each made a NumPy function."""
    back = sg.adjoint(cell)
    total = {name: np.zeros_like(array) for name, array in numbers.parameters.items()}
    by_input: list[dict[str, np.ndarray]] = []
    carried = {s: np.zeros_like(array) for s, array in numbers.before.items()}
    for step in reversed(range(len(numbers.inputs))):
        arguments = numbers.window(1, step)
        deltas: dict[str, np.ndarray] = {}

        def value(expression: sp.Basic, arguments=arguments, deltas=deltas) -> np.ndarray:
            function = compiled(cell, expression)
            needed = {n: deltas[n.removeprefix("delta_")] for n in function.needs if "delta_" in n}
            return function(numbers.parameters, **arguments, **needed)

        for name, expression in back.deltas.items():
            size = numbers.values[step][name].shape if name in numbers.values[step] else None
            deltas[name] = np.broadcast_to(value(expression), size or value(variable(name)).shape)
            deltas[name] = deltas[name] + weights[step].get(name, 0) + carried.get(name, 0)
        for name, expression in back.gradients.items():
            total[name] = total[name] + np.reshape(
                np.broadcast_to(value(expression), total[name].shape), total[name].shape
            )
        by_input.insert(0, {x: value(e) + np.zeros_like(arguments[x])
                            for x, e in back.inputs.items()})  # fmt: skip
        carried = {s: value(e) + np.zeros_like(arguments[s]) for s, e in back.previous.items()}
    return total, by_input, carried


def assert_equals_duals(cell: sg.Cell) -> None:
    numbers = sample(cell, seed=2, n=5, m=3, steps=STEPS)
    rng = np.random.default_rng(0)
    weights = [
        {s: rng.normal(size=array.shape) for s, array in numbers.before.items()}
        for _ in range(STEPS)
    ]
    expected = numbers.text.gradients(*numbers.given, weights)
    found = gradients_by_the_adjoint(cell, numbers, weights)
    pairs = [
        (found[0], expected[0]),
        (found[2], expected[2]),
        *zip(found[1], expected[1], strict=True),
    ]
    for ours, theirs in pairs:
        for name, array in ours.items():
            wanted = np.asarray(theirs[name])
            scale = max(np.abs(wanted).max(initial=0), 1e-3)
            np.testing.assert_allclose(array, wanted, rtol=0, atol=1e-12 * scale, err_msg=name)


@pytest.mark.parametrize("name", CELLS)
def test_zoo_equals_duals(name: str) -> None:
    assert_equals_duals(sg.cell(name))


@pytest.mark.parametrize("seed", range(100, 120))
def test_random_cells_equal_duals(seed: int) -> None:
    assert_equals_duals(random_cell(Random(seed)))


@pytest.mark.parametrize("name", CELLS)
def test_adjoint_and_tangent_agree_in_the_inner_product(name: str) -> None:
    """⟨δ, J d⟩ by the Jacobian is ⟨Jᵀ δ, d⟩ by the adjoint."""
    cell = sg.cell(name)
    numbers = sample(cell, seed=3, n=5, m=3)
    rng = np.random.default_rng(1)
    change = {s: rng.normal(size=a.shape) for s, a in numbers.before.items()}
    weight = {s: rng.normal(size=a.shape) for s, a in numbers.before.items()}
    forward = 0.0
    for of in cell.states:
        for wrt in cell.states:
            jacobian = compiled(cell, sg.jacobian(cell, of, wrt))
            block = jacobian(numbers.parameters, **numbers.window(1, 0))
            forward += weight[of] @ block @ change[wrt]
    _, _, carried = gradients_by_the_adjoint(cell, numbers, [weight])
    backward = sum(carried[s] @ change[s] for s in cell.states)
    assert backward == pytest.approx(forward, rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("name", CELLS)
def test_small_parameters_equal_duals(name: str) -> None:
    """∂/∂(vector or scalar) as an operator."""
    cell = sg.cell(name)
    numbers = sample(cell, seed=4, n=5, m=3)
    for parameter in cell.parameters.values():
        if parameter.kind == "matrix":
            continue
        expected = numbers.text.by_parameter(
            numbers.parameters, numbers.inputs[0], numbers.before, parameter.name
        )
        for of in cell.states:
            found = compiled(cell, sg.jacobian(cell, of, parameter.name))(
                numbers.parameters, **numbers.window(1, 0)
            )
            wanted = np.asarray(expected[of]).reshape(found.shape)
            np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12, err_msg=parameter.name)
