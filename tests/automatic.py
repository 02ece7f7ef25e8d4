"""Curves of a run by JAX: the Jacobian of a state by each state before, by jacrev.

The text of the cell is evaluated line by line with jax.numpy; nothing of symgate's
linearisation or numerics is used.
"""

from __future__ import annotations

import re
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import symgate as sg

jax.config.update("jax_enable_x64", True)

FUNCTIONS = {
    "sigmoid": jax.nn.sigmoid, "tanh": jnp.tanh, "relu": jax.nn.relu, "exp": jnp.exp,
    "diag": jnp.diag,
}  # fmt: skip


def log10_curve(run: sg.Run, state: str) -> Any:
    """log10 of the spectral norm of ∂state_t/∂state_{t-k}, t the last step, k = 0 … T.

    One step's Jacobian of the whole state by jacrev, multiplied with renormalisation.
    """
    cell = run.cell
    names = cell.states
    sizes = [int(run.initial[s].shape[0]) for s in names]
    ends = np.cumsum(sizes)
    params = {k: jnp.asarray(v) for k, v in run.params.items()}

    def step(joined: Any, inputs: Any) -> Any:
        before = dict(zip(names, jnp.split(joined, ends[:-1]), strict=True))
        now = dict(inputs)
        for line in _lines(cell.text):
            target, body = line
            now[target] = eval(body, {**FUNCTIONS, "now": now, "before": before, "p": params,
                                      "joint": _joint})  # fmt: skip
        return jnp.concatenate([now[s] for s in names])

    values = np.concatenate([_before(run, s) for s in names], axis=1)
    at = slice(int(ends[names.index(state)]) - sizes[names.index(state)],
               int(ends[names.index(state)]))  # fmt: skip
    inputs = {x: jnp.asarray(run.inputs[x][..., 0]) for x in cell.inputs}
    jacobians = np.asarray(jax.vmap(jax.jacrev(step))(jnp.asarray(values), inputs))
    rows, log = np.eye(int(ends[-1]))[at], 0.0
    out = [0.0]
    for t in reversed(range(run.steps)):
        rows = rows @ jacobians[t]
        size = float(np.abs(rows).max())
        rows, log = rows / size, log + np.log10(size)
        out.append(float(np.log10(np.linalg.norm(rows[:, at], 2)) + log))
    return np.array(out)


def _before(run: sg.Run, state: str) -> Any:
    values = np.asarray(run[state]).reshape(run.steps, -1)
    return np.concatenate([run.initial[state][:, 0][None], values[:-1]])


def _joint(*parts: Any) -> Any:
    return jnp.concatenate(parts)


def _lines(text: str) -> list[tuple[str, str]]:
    """Each equation as a target and a Python expression in now, before and p."""
    stripped = [line.split("#")[0].strip() for line in text.splitlines()]
    pairs = [tuple(part.strip() for part in line.split("=", 1)) for line in stripped if line]
    targets = [re.sub(r"\[t\]$", "", left) for left, _ in pairs]

    def replaced(match: re.Match[str]) -> str:
        name, time = match[1], match[2]
        if time is not None:
            return f"{'before' if '-1' in time else 'now'}[{name!r}]"
        if name in FUNCTIONS:
            return name
        return f"now[{name!r}]" if name in targets else f"p[{name!r}]"

    out = []
    for target, (_, right) in zip(targets, pairs, strict=True):
        body = re.sub(r"\b([A-Za-z_]\w*)(\[t(?:-1)?\])?", replaced, right)
        body = re.sub(r"@ \[([^@]*?\][^@]*?\])\]", r"@ joint(\1)", body)
        out.append((target, body))
    return out
