"""A cell is its equations, not the order of its lines: the same numbers in every order."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import symgate as sg
from symgate.numerics.block import AskedBlock
from symgate.numerics.product import block_norms
from symgate.numerics.schedule import ProductBlock, schedule
from tests.chosen import CELLS
from tests.numbers import Numbers, numbers
from tests.oracles import sample
from tests.random_cells import random_cell

#: Orders a zoo cell is tried in; by hand SYMGATE_ORDERS=24.
ORDERS = int(os.environ.get("SYMGATE_ORDERS", "2"))
IFGO = """
    i[t] = sigmoid(W_i @ x[t] + U_i @ h[t-1] + b_i)
    f[t] = sigmoid(W_f @ x[t] + U_f @ h[t-1] + b_f)
    g[t] = tanh(W_g @ x[t] + U_g @ h[t-1] + b_g)
    o[t] = sigmoid(W_o @ x[t] + U_o @ h[t-1] + b_o)
    c[t] = f[t] * c[t-1] + i[t] * g[t]
    h[t] = o[t] * tanh(c[t])
"""
SHARED = """
    r[t] = (B @ h[t-1])**2
    f[t] = sigmoid(A @ h[t-1] + W @ x[t])
    d[t] = tanh(D @ h[t-1])
    g[t] = sigmoid(B @ h[t-1])
    o[t] = sigmoid(C @ h[t-1])
    h[t] = f[t] * h[t-1] + g[t] * d[t] - o[t] * r[t]
"""
TWICE = """
    f[t] = sigmoid(A @ h[t-1])
    d[t] = tanh(A @ h[t-1] + W @ x[t])
    g[t] = sigmoid(B @ h[t-1])
    e[t] = sigmoid(A @ h[t-1] + b)
    o[t] = sigmoid(B @ h[t-1] + A @ h[t-1])
    h[t] = f[t] * h[t-1] + g[t] * d[t] * e[t] - o[t]
"""
NESTED = """
    g[t] = sigmoid(E @ (A + B @ C) @ D @ h[t-1] + ((A + B @ C) @ D) @ x[t])
    h[t] = tanh(((A + B @ C) @ D) @ (g[t] * h[t-1]) + (-E / 2) @ (B @ C - A).T @ b)
"""


def shuffled(text: str, seed: int, roles: Mapping[str, str] | None = None) -> sg.Cell:
    lines = [line for line in text.splitlines() if line.split("#")[0].strip()]
    random.Random(seed).shuffle(lines)
    return sg.Cell.from_text("\n".join(line.strip() for line in lines), roles=roles)


def all_numbers(cell: sg.Cell, given: Numbers, of: str) -> dict[str, Any]:
    """Everything that a run of a cell leads to, by name."""
    run = Numbers(cell, {}, given.params, given.inputs, given.initial, given.steps).run()
    found = {name: run[name] for name in cell.equations}
    back = sg.gradients(run, np.cos(np.arange(run[of].size)).reshape(run[of].shape), state=of)
    found |= {f"∂{n}": array for n, array in {**back.parameters, **back.inputs}.items()}
    found |= {f"∂{s}_0": array for s, array in back.initial.items()}
    curves = block_norms(AskedBlock.of_run(run, of, of, run.steps), sorted(cell.states))
    return found | {f"∂{of}/∂{s}": curve for s, curve in curves.items()}


def assert_same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        scale = max(1.0, float(np.abs(value[np.isfinite(value)]).max(initial=0)))
        np.testing.assert_allclose(found[name], value, rtol=1e-10, atol=1e-10 * scale, err_msg=name)


@pytest.mark.parametrize("name", [*CELLS, "ifgo", "shared", "twice"])
def test_the_order_of_lines_changes_no_number(name: str) -> None:
    text = {"ifgo": IFGO, "shared": SHARED, "twice": TWICE}.get(name) or str(sg.cell(name))
    cell = sg.Cell.from_text(text)
    given = numbers(cell, n=4, m=3, steps=6)
    expected = all_numbers(cell, given, cell.states[0])
    for seed in range(ORDERS):
        assert_same(all_numbers(shuffled(text, seed), given, cell.states[0]), expected)


#: |r| of a product that SymPy would write with its matrices turned; a gate that is a number.
ABSOLUTE = """
    r[t] = -((W - W.T) @ h[t-1])
    f[t] = abs(r[t])
    h[t] = tanh(U @ h[t-1] + f[t])
"""
CONSTANT = "f[t] = 1\nh[t] = tanh(U @ h[t-1] + f[t])"


@pytest.mark.parametrize("text", [ABSOLUTE, CONSTANT])
@pytest.mark.parametrize("engine", ["numpy", "c"])
def test_what_a_step_reads_has_been_made(
    text: str, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYMGATE_ENGINE", engine)
    assert_as_duals(sg.Cell.from_text(text), 1)


@pytest.mark.parametrize("text", [IFGO, SHARED, TWICE, NESTED])
@pytest.mark.parametrize("seed", range(4))
def test_any_order_against_duals(text: str, seed: int) -> None:
    assert_as_duals(shuffled(text, seed), seed)


@pytest.mark.parametrize("seed", range(10 * ORDERS))
def test_random_cells_in_random_orders(seed: int) -> None:
    assert_as_duals(shuffled(random_cell(random.Random(seed)).text, seed), seed)


def assert_as_duals(cell: sg.Cell, seed: int) -> None:
    """Values, gradients and the curve of a cell with several units are those of dual numbers."""
    drawn = sample(cell, seed, n=3, m=2, steps=4)
    x = {name: np.stack([at[name] for at in drawn.inputs]) for name in cell.inputs}
    steps = None if x else len(drawn.inputs)
    run = sg.simulate(cell, drawn.parameters, x or None, drawn.before, steps=steps)
    for name in cell.equations:
        close(run[name], np.stack([at[name] for at in drawn.values]), name)
    of = cell.states[0]
    rng = np.random.default_rng(seed)
    loss = rng.normal(size=run[of].shape)
    weights = [{of: row} for row in loss]
    by_parameter, by_input, by_start = drawn.text.gradients(*drawn.given, weights)
    back = sg.gradients(run, loss, state=of)
    for name, value in by_parameter.items():
        close(back.parameters[name], value, f"∂{name}")
    for name in cell.inputs:
        close(back.inputs[name], np.stack([at[name] for at in by_input]), f"∂{name}")
    for name, value in by_start.items():
        close(back.initial[name], value, f"∂{name}_0")
    jacobian = drawn.text.jacobians(*drawn.given)
    for state, curve in block_norms(AskedBlock.of_run(run, of, of, run.steps), cell.states).items():
        last = np.linalg.norm(jacobian(of, state, run.steps))
        close(10.0 ** curve[-1, 0], last, f"∂{of}/∂{state}")


def close(found: Any, expected: Any, name: str) -> None:
    expected = np.asarray(expected)
    scale = max(1.0, float(np.abs(expected).max(initial=0)))
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10 * scale, err_msg=name)


@pytest.mark.parametrize("name", ["gru", "lstm", "scrn", "mgu", "rhn"])
@pytest.mark.parametrize("scheme", ["pytorch", "keras", "orthogonal", "gaussian"])
def test_draws_belong_to_the_name(name: str, scheme: str) -> None:
    cell = sg.cell(name)
    expected = sg.init(cell, 4, 3, scheme, seed=5)
    for seed in range(3):
        found = sg.init(shuffled(str(cell), seed, cell.roles), 4, 3, scheme, seed=5)
        assert found.keys() == expected.keys()
        for parameter, array in expected.items():
            np.testing.assert_array_equal(found[parameter], array, err_msg=parameter)


def test_a_cell_with_more_draws_the_same_for_what_it_shares() -> None:
    one = sg.init(sg.Cell.from_text("h[t] = tanh(U @ h[t-1] + W @ x[t])"), 3, seed=2)
    two = sg.init(sg.Cell.from_text("h[t] = tanh(A @ h[t-1] + U @ h[t-1] + W @ x[t])"), 3, seed=2)
    np.testing.assert_array_equal(one["U"], two["U"])
    assert not np.array_equal(two["U"], two["A"])


def test_products_used_in_another_order_are_one_product_and_one_addition() -> None:
    plan = schedule(sg.Cell.from_text(IFGO))
    products = [op for op in plan.operations if isinstance(op, ProductBlock)]
    assert [len(product.matrices) for product in products] == [4]
