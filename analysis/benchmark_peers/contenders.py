"""The contenders: each makes a function that gives log10 norms at the lags 1 … K.

All get the same cell, parameters and input. Heavy packages are imported where they are
used, so that the figures of one hold nothing of another.
"""

from __future__ import annotations

from collections.abc import Callable

Run = Callable[[], list[float]]


def set_up(n: int, lags: int, slow: bool, sequences: int = 1):
    """The cell, its parameters and the input: the same for every contender."""
    import numpy as np

    import symgate as sg

    cell = sg.cell("gru")
    params = sg.init(cell, hidden=n, input=n, seed=0)
    if slow:  # slow modes: the update gate stays open, and the rank stays full
        rng = np.random.default_rng(1)
        params["b_z"][:] = 4
        for gate in "zrn":
            params[f"U_{gate}"] = rng.normal(size=(n, n)) * 1.5 / np.sqrt(n)
    shape = (lags, n) if sequences == 1 else (lags, sequences, n)
    return cell, params, np.random.default_rng(0).normal(size=shape)


def symgate_run(engine: str) -> Callable[[int, int, bool, int], Run]:
    def made(n: int, lags: int, slow: bool, sequences: int) -> Run:
        import symgate as sg

        cell, params, x = set_up(n, lags, slow, sequences)

        def run() -> list[float]:
            found = sg.simulate(cell, params, x, batch_first=False, engine=engine)
            curve = sg.lag_norms(found, lags=lags, norm="frobenius", engine=engine).log10_norm[1:]
            return curve.ravel().tolist()

        return run

    return made


def floor_run(n: int, lags: int, slow: bool, sequences: int) -> Run:
    import numpy as np

    _, params, _ = set_up(n, 1, slow)
    stacked = np.concatenate([params[f"U_{gate}"] for gate in "zrn"])
    columns, out = np.eye(n), np.empty((3 * n, n))

    def run() -> list[float]:
        for _ in range(lags * sequences):
            np.matmul(stacked, columns, out=out)
        return []

    return run


def torch_step(params, h, x):
    import torch

    z = torch.sigmoid(params["W_z"] @ x + params["U_z"] @ h + params["b_z"])
    r = torch.sigmoid(params["W_r"] @ x + params["U_r"] @ h + params["b_r"])
    n = torch.tanh(params["W_n"] @ x + params["U_n"] @ (r * h) + params["b_n"])
    return z * h + (1 - z) * n


def torch_batched(n: int, lags: int, slow: bool, sequences: int) -> Run:
    import torch

    torch.set_num_threads(1)
    _, params, x = set_up(n, lags, slow)
    params = {name: torch.tensor(array) for name, array in params.items()}
    x = torch.tensor(x)

    def run() -> list[float]:
        states = [torch.zeros(n, dtype=torch.float64, requires_grad=True)]
        for row in x:
            states.append(torch_step(params, states[-1], row))
        found = torch.autograd.grad(
            states[-1], states[:-1], torch.eye(n, dtype=torch.float64), is_grads_batched=True
        )
        return [float(torch.log10(torch.linalg.norm(g))) for g in reversed(found)]

    return run


def torch_jacrev(n: int, lags: int, slow: bool, sequences: int) -> Run:
    import torch

    torch.set_num_threads(1)
    _, params, x = set_up(n, lags, slow)
    params = {name: torch.tensor(array) for name, array in params.items()}
    x = torch.tensor(x)

    def after(h, first):
        for row in x[first:]:
            h = torch_step(params, h, row)
        return h

    def run() -> list[float]:
        states = [torch.zeros(n, dtype=torch.float64)]
        for row in x:
            states.append(torch_step(params, states[-1], row))
        out = []
        for first in reversed(range(lags)):
            jacobian = torch.func.jacrev(lambda h, first=first: after(h, first))(states[first])
            out.append(float(torch.log10(torch.linalg.norm(jacobian))))
        return out

    return run


def jax_parts(n: int, lags: int, slow: bool, sequences: int = 1):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    _, params, x = set_up(n, lags, slow, sequences)

    def step(params, h, x):
        z = jax.nn.sigmoid(params["W_z"] @ x + params["U_z"] @ h + params["b_z"])
        r = jax.nn.sigmoid(params["W_r"] @ x + params["U_r"] @ h + params["b_r"])
        m = jnp.tanh(params["W_n"] @ x + params["U_n"] @ (r * h) + params["b_n"])
        return z * h + (1 - z) * m

    return jax, jnp, step, params, x


def jax_jacrev(n: int, lags: int, slow: bool, sequences: int) -> Run:
    jax, jnp, step, params, x = jax_parts(n, lags, slow)

    def last(offsets, params, x):
        h = jnp.zeros(n)

        def body(h, inputs):
            row, offset = inputs
            return step(params, h + offset, row), None

        return jax.lax.scan(body, h, (x, offsets))[0]

    jacobians = jax.jit(jax.jacrev(last))

    def run() -> list[float]:
        found = jacobians(jnp.zeros((lags, n)), params, x)
        norms = jnp.log10(jnp.sqrt((found**2).sum(axis=(0, 2))))
        return norms[::-1].tolist()

    return run


def jax_scan(n: int, lags: int, slow: bool, sequences: int) -> Run:
    jax, jnp, step, params, x = jax_parts(n, lags, slow, sequences)

    def curve(params, x):
        _, states = jax.lax.scan(lambda h, row: (step(params, h, row), h), jnp.zeros(n), x)

        def back(carry, inputs):
            rows, log = carry
            h, row = inputs
            _, pull = jax.vjp(lambda h: step(params, h, row), h)
            rows = jax.vmap(lambda v: pull(v)[0])(rows)
            norm = jnp.linalg.norm(rows)
            log = log + jnp.log10(norm)
            return (rows / norm, log), log

        _, logs = jax.lax.scan(back, (jnp.eye(n), 0.0), (states, x), reverse=True)
        return logs[::-1]

    if sequences > 1:
        curve = jax.vmap(curve, in_axes=(None, 1), out_axes=1)
    compiled = jax.jit(curve)
    return lambda: compiled(params, x).ravel().tolist()


CONTENDERS = {
    "symgate": symgate_run("c"),
    "numpy engine": symgate_run("numpy"),
    "floor": floor_run,
    "torch batched": torch_batched,
    "torch jacrev": torch_jacrev,
    "jax jacrev": jax_jacrev,
    "jax scan": jax_scan,
}
