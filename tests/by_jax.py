"""The functions of the language by JAX, for `tests.oracles.Text`, and gradients by it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tests.oracles import Arrays, Text

# each function is compiled for one call: to optimise it costs more than it gains
os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
)
jax.config.update("jax_enable_x64", True)


def _between(a: Any, low: float, high: float) -> Any:
    return jnp.where(a <= low, low, jnp.where(a >= high, high, a))


#: The functions of the language; at a kink, the slope that symgate states.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "relu": lambda a: jnp.where(a > 0, a, 0.0),
    "leaky_relu": lambda a, k=0.01: jnp.where(a > 0, a, k * a),
    "elu": lambda a, k=1.0: jnp.where(a > 0, a, k * jnp.expm1(jnp.where(a > 0, 0.0, a))),
    "gelu": lambda a: jax.nn.gelu(a, approximate=False),
    "silu": lambda a: a * jax.nn.sigmoid(a),
    "softplus": jax.nn.softplus,
    "softsign": lambda a: a / (1 + jnp.abs(a)),
    "hard_sigmoid": lambda a, k=1 / 6: _between(k * a + 0.5, 0.0, 1.0),
    "hard_tanh": lambda a, k=1.0: _between(k * a, -1.0, 1.0),
    "exp": jnp.exp,
    "log": jnp.log,
    "sqrt": jnp.sqrt,
    "abs": jnp.abs,
    "sin": jnp.sin,
    "cos": jnp.cos,
    "identity": lambda a: a,
    "diag": jnp.diag,
    "stack": lambda *parts: jnp.concatenate([jnp.atleast_1d(part) for part in parts]),
    "broadcast": jnp.broadcast_to,
}


def gradients(
    text: Text, parameters: Arrays, inputs: list[Arrays], before: Arrays, weights: list[Arrays]
) -> tuple[Arrays, list[Arrays], Arrays]:
    """What `text.gradients` returns, by one backward pass of JAX over the same lines."""
    by_jax = Text(text.text, text.sizes, FUNCTIONS)

    def loss(parameters: Arrays, inputs: list[Arrays], before: Arrays) -> Any:
        values = by_jax.run(parameters, inputs, before)
        return sum(
            jnp.vdot(weight, at[name])
            for at, given in zip(values, weights, strict=True)
            for name, weight in given.items()
        )

    arrays = jax.tree.map(jnp.asarray, (parameters, inputs, before))
    found = jax.jit(jax.grad(loss, argnums=(0, 1, 2)))(*arrays)
    return tuple(jax.tree.map(np.asarray, found))  # type: ignore[return-value]
