"""The tests' own differentiation (`tests/duals.py`) against JAX: the same values and slopes."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

import symgate as sg
from tests import by_jax
from tests.oracles import sample
from tests.random_cells import random_cell

#: A cell for each thing that may be special: stacks, matrix expressions, diagonal matrices,
#: scalars in functions, a normaliser.
SPECIAL = ["lstm-concat", "antisymmetric-rnn", "lru", "fast-rnn", "slstm"]
#: All functions of the language in two cells, each with a matrix in front of it.
FUNCTIONS = (
    """
    h[t] = sigmoid(A @ h[t-1]) + relu(B @ h[t-1]) * gelu(C @ x[t]) + silu(D @ h[t-1]) / 2
    c[t] = leaky_relu(A @ c[t-1]) * elu(B @ x[t], 0.5) + softplus(h[t]) - softsign(C @ h[t])
    s[t] = hard_sigmoid(h[t]) * hard_tanh(c[t], 2) + leaky_relu(F @ s[t-1], 0.2)
    """,
    """
    h[t] = tanh(A @ h[t-1] + B.T @ x[t]) + exp(-softplus(C @ c[t-1])) * identity(c[t-1])
    c[t] = log(2 + sin(h[t])) * sqrt(2 + cos(x[t] @ B)) + abs(D @ h[t-1])**1.5
    s[t] = elu(s[t-1]) / (1 + c[t]**2) + hard_sigmoid(diag(h[t]) @ (E @ [x[t], c[t]]), 0.2)
    """,
)


def assert_alike(cell: sg.Cell) -> None:
    at = sample(cell, n=4, m=2, steps=3)
    rng = np.random.default_rng(1)
    weights = [{name: rng.normal(size=v.shape) for name, v in now.items()} for now in at.values]
    mine = at.text.gradients(*at.given, weights)
    other = by_jax.gradients(at.text, *at.given, weights)
    for a, b in zip(_leaves(mine), _leaves(other), strict=True):
        scale = max(1.0, float(np.abs(b).max(initial=0)))
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-12 * scale)


def _leaves(nest: Any) -> list[Any]:
    if isinstance(nest, dict):
        return [leaf for key in sorted(nest) for leaf in _leaves(nest[key])]
    if isinstance(nest, list | tuple):
        return [leaf for part in nest for leaf in _leaves(part)]
    return [nest]


@pytest.mark.parametrize("name", SPECIAL)
def test_cells_of_the_zoo(name: str) -> None:
    assert_alike(sg.cell(name))


@pytest.mark.parametrize("text", FUNCTIONS)
def test_every_function(text: str) -> None:
    assert_alike(sg.Cell.from_text(text))


@pytest.mark.parametrize("seed", range(8))
def test_random_cells(seed: int) -> None:
    assert_alike(random_cell(Random(seed)))
