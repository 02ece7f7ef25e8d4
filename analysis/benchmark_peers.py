"""How long does the curve of ‖∂h_t/∂h_{t-k}‖ over all lags take, and what else could one use?

    python -m analysis.benchmark_peers                 one table and a plot, a few minutes
    python -m analysis.benchmark_peers --sizes 128 --lags 200 1000 10000

Every contender computes the Frobenius norm of the full Jacobian at every lag, for the same
default-initialised GRU and the same input, in double precision on one thread, each in a
process of its own. Curves are compared before any time is printed. The floor is nothing but
the matrix products of the textbook recursion, (3n × n)·(n × n) a step, with NumPy's BLAS.
Times are the best of a few runs after a warm-up; our time includes the forward run, JAX's
leaves compilation out. Peers that are not installed are named as left out.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

THREADS = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}

#: What a contender may need at most: floor seconds beyond which it is left out.
WORTH = {
    "torch batched": (200, 60.0),
    "torch jacrev": (200, 0.002),
    "jax jacrev": (200, 0.02),
    "jax scan": (10_000, 60.0),
}


def set_up(n: int, lags: int, slow: bool):
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
    return cell, params, np.random.default_rng(0).normal(size=(lags, n))


def symgate_run(n: int, lags: int, slow: bool) -> Callable[[], list[float]]:
    import symgate as sg

    cell, params, x = set_up(n, lags, slow)
    return lambda: sg.lag_norms(sg.simulate(cell, params, x), lags=lags).log10_norm[1:].tolist()


def floor_run(n: int, lags: int, slow: bool) -> Callable[[], list[float]]:
    import numpy as np

    _, params, _ = set_up(n, 1, slow)
    stacked = np.concatenate([params[f"U_{gate}"] for gate in "zrn"])
    columns, out = np.eye(n), np.empty((3 * n, n))

    def run() -> list[float]:
        for _ in range(lags):
            np.matmul(stacked, columns, out=out)
        return []

    return run


def torch_step(params, h, x):
    import torch

    z = torch.sigmoid(params["W_z"] @ x + params["U_z"] @ h + params["b_z"])
    r = torch.sigmoid(params["W_r"] @ x + params["U_r"] @ h + params["b_r"])
    n = torch.tanh(params["W_n"] @ x + params["U_n"] @ (r * h) + params["b_n"])
    return z * h + (1 - z) * n


def torch_batched(n: int, lags: int, slow: bool) -> Callable[[], list[float]]:
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


def torch_jacrev(n: int, lags: int, slow: bool) -> Callable[[], list[float]]:
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


def jax_parts(n: int, lags: int, slow: bool):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    _, params, x = set_up(n, lags, slow)

    def step(params, h, x):
        z = jax.nn.sigmoid(params["W_z"] @ x + params["U_z"] @ h + params["b_z"])
        r = jax.nn.sigmoid(params["W_r"] @ x + params["U_r"] @ h + params["b_r"])
        m = jnp.tanh(params["W_n"] @ x + params["U_n"] @ (r * h) + params["b_n"])
        return z * h + (1 - z) * m

    return jax, jnp, step, params, x


def jax_jacrev(n: int, lags: int, slow: bool) -> Callable[[], list[float]]:
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


def jax_scan(n: int, lags: int, slow: bool) -> Callable[[], list[float]]:
    jax, jnp, step, params, x = jax_parts(n, lags, slow)

    @jax.jit
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

    return lambda: curve(params, x).tolist()


CONTENDERS = {
    "symgate": symgate_run,
    "floor": floor_run,
    "torch batched": torch_batched,
    "torch jacrev": torch_jacrev,
    "jax jacrev": jax_jacrev,
    "jax scan": jax_scan,
}


def work(name: str, n: int, lags: int, slow: bool) -> None:
    """One contender in a process of its own; prints its figures as JSON."""
    run = CONTENDERS[name](n, lags, slow)
    curve, times = None, []
    start = time.perf_counter()
    curve = run()
    warm = time.perf_counter() - start
    repeats = 1 if warm > 20 else 3 if warm > 2 else 7
    for _ in range(repeats):
        start = time.perf_counter()
        curve = run()
        times.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": min(times), "peak_mb": peak, "curve": curve}))


def measured(name: str, n: int, lags: int, slow: bool) -> dict | str:
    """The figures of a contender, or why there are none."""
    command = [sys.executable, "-m", "analysis.benchmark_peers", "--one", name]
    command += ["--sizes", str(n), "--lags", str(lags), *(["--slow-modes"] if slow else [])]
    done = subprocess.run(
        command, env={**os.environ, **THREADS}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no memory"
        return reason[:60]
    return json.loads(done.stdout)


def row(n: int, lags: int, slow: bool, names: list[str]) -> dict:
    """All contenders of one line of the table, their curves held against ours."""
    at_most = min(lags, max(20, int(4e9 / n**3)))  # the floor's steps are all alike
    floor = measured("floor", n, at_most, slow)
    floor["seconds"] *= lags / at_most
    figures = {"floor": floor, "symgate": measured("symgate", n, lags, slow)}
    for name in names:
        longest, worth = WORTH[name]
        if lags > longest or floor["seconds"] > worth:
            figures[name] = "too long"
            continue
        figures[name] = measured(name, n, lags, slow)
        if isinstance(figures[name], dict):
            check(figures["symgate"]["curve"], figures[name]["curve"], name)
    return {"n": n, "lags": lags, "slow": slow, "figures": figures}


def check(ours: list[float], theirs: list[float], name: str) -> None:
    """Both curves must agree, but where the peer's has underflowed."""
    for lag, (a, b) in enumerate(zip(ours, theirs, strict=True), start=1):
        if b > -290 and abs(a - b) > 1e-8:
            raise SystemExit(f"{name} disagrees at lag {lag}: {b} against {a}")


def shown(line: dict) -> str:
    """One line of the table: our time and memory, then each peer's time as a multiple of it."""
    figures = line["figures"]
    ours = figures["symgate"]
    cells = [f"{line['n']:>4} {line['lags']:>6} {'slow' if line['slow'] else '':4}"]
    cells.append(f"{ours['seconds'] * 1e3:>9.1f} ms {ours['peak_mb']:>5.0f} MB")
    cells.append(f"{ours['seconds'] / figures['floor']['seconds']:>7.2f}")
    for name, found in figures.items():
        if name in ("symgate", "floor"):
            continue
        if isinstance(found, dict):
            ratio = found["seconds"] / ours["seconds"]
            cells.append(f"{ratio:>8.2f}x {found['peak_mb']:>5.0f} MB")
        else:
            cells.append(f"{found:>17.17}")
    return "  ".join(cells)


def plot(lines: list[dict], path: Path) -> None:
    """Time against lags for each size, ours and the floor's, with the slopes of the fits."""
    import numpy as np
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.add_subplot()
    for shade, n in enumerate(sorted({line["n"] for line in lines})):
        chosen = [line for line in lines if line["n"] == n]
        lags = [line["lags"] for line in chosen]
        ours = [line["figures"]["symgate"]["seconds"] for line in chosen]
        floor = [line["figures"]["floor"]["seconds"] for line in chosen]
        colour = f"C{shade}"
        slope = np.polyfit(np.log(lags), np.log(ours), 1)[0] if len(lags) > 1 else float("nan")
        axes.loglog(lags, ours, "o-", color=colour)
        axes.loglog(lags, floor, "--", color=colour, alpha=0.6)
        axes.annotate(f" n = {n}, slope {slope:.2f}", (lags[-1], ours[-1]), color=colour)
    axes.set_xlabel("lags")
    axes.set_ylabel("seconds (solid: symgate, dashed: products alone)")
    axes.margins(x=0.3)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[8, 32, 64, 128, 256, 512])
    parser.add_argument("--lags", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--slow-modes", action="store_true", help="b_z = 4, U of gain 1.5")
    parser.add_argument("--peers", nargs="*", default=list(WORTH), choices=list(WORTH))
    parser.add_argument("--plot", type=Path, default=Path("reports/benchmark.svg"))
    parser.add_argument("--one", choices=list(CONTENDERS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        work(options.one, options.sizes[0], options.lags[0], options.slow_modes)
        return
    from importlib.util import find_spec

    peers = [p for p in options.peers if find_spec(p.split()[0])]
    for missing in sorted({p.split()[0] for p in options.peers} - {p.split()[0] for p in peers}):
        print(f"left out: {missing} is not installed", file=sys.stderr)
    print("one thread, double precision, default-initialised GRU; ours / floor, then peer / ours")
    head = "   n   lags           symgate        /floor  "
    print(head + "  ".join(f"{name:>17}" for name in peers))
    lines = []
    for lags in options.lags:
        for n in options.sizes:
            lines.append(row(n, lags, options.slow_modes, peers))
            print(shown(lines[-1]), flush=True)
    plot(lines, options.plot)
    print(f"figure: {options.plot}", file=sys.stderr)


if __name__ == "__main__":
    main()
