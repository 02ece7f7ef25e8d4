"""A cell's own text run by JAX, with scalars, vectors and matrices of the step.

Each line is a Python expression; it is evaluated with jax.numpy, and nothing of symgate has a
part in it but the sizes of the arrays. A value of any step can be moved by a `push`, so that
derivatives by it are derivatives by the push.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

import symgate as sg
import tests.by_jax  # how JAX is set up  # noqa: F401


class _Identity:
    """I, or a multiple of it, of the size that it stands beside."""

    def __init__(self, scale: Any = 1.0) -> None:
        self.scale = scale

    def __mul__(self, number: Any) -> _Identity:
        return _Identity(self.scale * number)

    def __rmatmul__(self, matrix: Any) -> Any:
        return matrix * self.scale

    def __neg__(self) -> _Identity:
        return self * -1

    def __add__(self, other: Any) -> Any:
        return self.scale * jnp.eye(len(other)) + other

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __rsub__(self, other: Any) -> Any:
        return other + -self

    __radd__, __rmul__ = __add__, __mul__
    __array_ufunc__ = None


def _apart(v: Any, centred: bool, epsilon: float) -> Any:
    apart = v - jnp.mean(v) if centred else v
    return apart / jnp.sqrt(jnp.mean(apart**2) + epsilon)


@jax.custom_jvp
def _spike(v: Any, k: float) -> Any:
    return jnp.where(v > 0, 1.0, 0.0)


@_spike.defjvp
def _surrogate(primals: Any, tangents: Any) -> Any:
    v, k = primals
    return _spike(v, k), tangents[0] / (1 + k * jnp.abs(v)) ** 2


FUNCTIONS: dict[str, Any] = {
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "exp": jnp.exp,
    "log": jnp.log,
    "sqrt": jnp.sqrt,
    "abs": jnp.abs,
    "relu": jax.nn.relu,
    "silu": jax.nn.silu,
    "elu": jax.nn.elu,
    "sin": jnp.sin,
    "cos": jnp.cos,
    "hard_sigmoid": lambda v, k=1 / 6: jnp.clip(k * v + 0.5, 0, 1),
    "joined": lambda *parts: jnp.concatenate(parts),
    "softplus": jax.nn.softplus,
    "dot": jnp.vdot,
    "sum": jnp.sum,
    "mean": jnp.mean,
    "norm": jnp.linalg.norm,
    "max": lambda a, b: jnp.where(a > b, a, b),
    "min": lambda a, b: jnp.where(a < b, a, b),
    "softmax": jax.nn.softmax,
    "layer_norm": lambda v, e=1e-5: _apart(v, True, e),
    "rms_norm": lambda v, e=1e-5: _apart(v, False, e),
    "outer": jnp.outer,
    "diag": jnp.diag,
    "spike": lambda v, k=1.0: _spike(v, k),
    "identity": lambda a: a,
    "I": _Identity(),
}

Arrays = Mapping[str, Any]


def lines(text: str) -> list[tuple[str, str]]:
    """Each equation as a name and a Python expression in `now`, `before` and `p`."""
    code = [line.split("#")[0].strip() for line in text.splitlines()]
    code = [
        re.sub(r"(?<![\w])\[((?:[^\[\]]|\[t[^\]]*\])*)\]", r"joined(\1)", line) for line in code
    ]
    pairs = [[part.strip() for part in line.split("=", 1)] for line in code if line]
    targets = [left.removesuffix("[t]") for left, _ in pairs]

    def replaced(match: re.Match[str]) -> str:
        name, time = match[1], match[2]
        if time is not None:
            return f"{'before' if '-' in time else 'now'}[{name!r}]"
        if name in FUNCTIONS:
            return name
        return f"now[{name!r}]" if name in targets else f"p[{name!r}]"

    return [
        (target, re.sub(r"(?<![.\w])([A-Za-z_]\w*)(\[t(?:\s*-\s*1)?\])?", replaced, right))
        for target, (_, right) in zip(targets, pairs, strict=True)
    ]


def run(
    cell: sg.Cell,
    p: Arrays,
    xs: Arrays,
    start: Arrays,
    push: tuple[int, Arrays] = (-1, {}),
) -> list[dict[str, Any]]:
    """Every value at every step; `push` has a step and what is added to its values, by name."""
    before, out = dict(start), []
    code = lines(cell.text)
    steps = len(next(iter(xs.values())))
    by_name = dict(code)
    for t in range(steps):
        moved = push[1] if push[0] == t else {}
        now = {name: array[t] + moved.get(name, 0.0) for name, array in xs.items()}
        for name in cell.equations:
            held = {"now": now, "before": before, "p": p, **FUNCTIONS}
            shape = jnp.shape(start[name]) if name in start else None
            value = eval(by_name[name], {}, held)
            value = value if shape is None else jnp.broadcast_to(value, shape)
            last = t == steps - 1  # by a state: by what the next step reads, and at lag 0
            if name in moved and (last or name not in cell.states):
                value = value + moved[name]
            now[name] = value
        out.append(now)
        before = {s: now[s] + moved.get(s, 0.0) for s in cell.states}
    return out
