"""How long does the curve of ‖∂h_t/∂h_{t-k}‖ over all lags take, and what else could one use?

    python -m analysis.benchmark_peers                 one table and a plot, about ten minutes
    python -m analysis.benchmark_peers --sizes 512 --add      these rows beside those saved
    python -m analysis.benchmark_peers --slow-modes --sizes 128 256 --lags 1000 --peers

Every contender computes the Frobenius norm of the full Jacobian at every lag, for the same
default-initialised GRU and the same input, in double precision on one thread, each in a
process of its own. Curves are compared before any time is printed. The floor is nothing but
the matrix products of the textbook recursion, (3n × n)·(n × n) a step, with NumPy's BLAS.
Times are the best of some runs (a second of them, 3 at least) after a warm-up; our time
includes the forward run, JAX's leaves compilation out. Peers that are not installed are named
as left out, as are those that would need minutes or gigabytes for a row.
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
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

THREADS = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}

#: The lags and the floor's seconds up to which a peer is asked: beyond, it needs minutes or
#: gigabytes.
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
    """One contender in a process of its own, on one processor; prints its figures as JSON."""
    if hasattr(os, "sched_setaffinity"):  # whatever a library makes of its options
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    run = CONTENDERS[name](n, lags, slow)
    curve, times = None, []
    start = time.perf_counter()
    curve = run()
    warm = time.perf_counter() - start
    if warm > 20 and not name.startswith("jax"):
        times.append(warm)  # nothing to compile
    while not times or (warm < 20 and len(times) < 3) or (sum(times) < 1 and len(times) < 200):
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


def table(lines: list[dict], peers: list[str]) -> list[list[str]]:
    """Our time and memory, our time over the floor's, then each peer's time over ours."""
    out = [["n", "lags", "symgate", "memory", "/ products", *peers]]
    for line in lines:
        figures = line["figures"]
        ours = figures["symgate"]
        cells = [str(line["n"]), f"{line['lags']}{' slow' if line['slow'] else ''}"]
        cells += [f"{ours['seconds'] * 1e3:.1f} ms", f"{ours['peak_mb']:.0f} MB"]
        cells.append(f"{ours['seconds'] / figures['floor']['seconds']:.2f}")
        for name in peers:
            found = figures.get(name, "not asked")
            if isinstance(found, dict):
                ratio = found["seconds"] / ours["seconds"]
                cells.append(f"{ratio:.2f}x {found['peak_mb']:.0f} MB")
            else:
                cells.append(found)
        out.append(cells)
    return out


def markdown(rows: list[list[str]]) -> str:
    widths = [max(3, *map(len, column)) for column in zip(*rows, strict=True)]
    lines = [" | ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
    rule = " | ".join("-" * (w - 1) + ":" for w in widths)
    return "\n".join(f"| {line} |" for line in (lines[0], rule, *lines[1:]))


def plot(lines: list[dict], path: Path) -> None:
    """Time against lags and against n, ours and the floor's, with the slopes of the fits."""
    import matplotlib
    from matplotlib.figure import Figure

    lines = [line for line in lines if not line["slow"]]
    figure = Figure(figsize=(10, 5), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, along, apart in ((left, "lags", "n"), (right, "n", "lags")):
        for place, value in enumerate(sorted({line[apart] for line in lines})):
            chosen = sorted((x for x in lines if x[apart] == value), key=lambda x: x[along])
            draw(axes, chosen, along, f"{apart} = {value}", place)
        axes.set_xlabel(along)
        values = sorted({line[along] for line in lines})
        axes.set_xticks(values, labels=list(map(str, values)))
        axes.minorticks_off()
        axes.grid(alpha=0.3, linewidth=0.5)
        axes.legend(
            fontsize=7.5,
            handlelength=1.2,
            columnspacing=1,
            frameon=False,
            ncol=2,
            loc="upper center",
            bbox_to_anchor=(0.5, -0.13),
            title="slopes of the log-log fits",
            title_fontsize=8,
        )
    left.set_ylabel("seconds (solid: symgate, dotted: products alone)")
    path.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context({"svg.hashsalt": "symgate", "svg.fonttype": "none"}):
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def draw(axes, lines: list[dict], along: str, label: str, place: int) -> None:
    """One curve of ours and one of the floor's, each with its slope in the legend."""
    import matplotlib
    import numpy as np

    colour = matplotlib.colormaps["viridis"](0.05 + 0.16 * place)
    x = [line[along] for line in lines]
    slopes = []
    for name, style in (("symgate", "o-"), ("floor", ":")):
        y = [line["figures"][name]["seconds"] for line in lines]
        if len(x) > 1:
            slopes.append(np.polyfit(np.log(x), np.log(y), 1)[0])
        axes.loglog(x, y, style, color=colour, markersize=3 + place)
    told = f": {slopes[0]:.2f}, products {slopes[1]:.2f}" if slopes else ""
    axes.plot([], [], "o-", color=colour, markersize=3 + place, label=label + told)


def saved(path: Path) -> list[dict]:
    """The rows of an earlier run."""
    return json.loads(path.read_text()) if path.exists() else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[8, 32, 64, 128, 256, 512])
    parser.add_argument("--lags", type=int, nargs="+", default=[200, 1000, 10_000])
    parser.add_argument("--slow-modes", action="store_true", help="b_z = 4, U of gain 1.5")
    parser.add_argument("--peers", nargs="*", default=list(WORTH), choices=list(WORTH))
    parser.add_argument("--add", action="store_true", help="keep the other rows that are saved")
    parser.add_argument("-o", type=Path, default=Path("reports/benchmark.svg"), help="the plot")
    parser.add_argument("--one", choices=list(CONTENDERS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        work(options.one, options.sizes[0], options.lags[0], options.slow_modes)
        return
    peers = [p for p in options.peers if find_spec(p.split()[0])]
    packages = dict.fromkeys(["numpy", *(p.split()[0] for p in peers)])
    told = "double precision, default-initialised GRU, 1 thread; "
    told += ", ".join(f"{name} {version(name)}" for name in packages)
    missing = sorted({p.split()[0] for p in options.peers} - {p.split()[0] for p in peers})
    told += "".join(f"\nleft out: {name} is not installed" for name in missing)
    print(told, file=sys.stderr)
    rows = options.o.with_suffix(".json")
    kept = saved(rows) if options.add else []
    for n in options.sizes:
        for lags in options.lags:
            line = row(n, lags, options.slow_modes, peers)
            for found in line["figures"].values():
                if isinstance(found, dict):
                    del found["curve"]
            key = (n, lags, options.slow_modes)
            kept = [k for k in kept if (k["n"], k["lags"], k["slow"]) != key] + [line]
            kept.sort(key=lambda k: (k["slow"], k["n"], k["lags"]))
            print(" ".join(table([line], peers)[1]), file=sys.stderr, flush=True)
    rows.parent.mkdir(parents=True, exist_ok=True)
    rows.write_text("[\n" + ",\n".join(json.dumps(line) for line in kept) + "\n]\n")
    names = [p for p in WORTH if any(p in line["figures"] for line in kept)]
    shown = markdown(table(kept, names))
    print(shown)
    head = f"{told}.\nColumns: our time and peak memory, our time over that of the matrix "
    head += "products alone, each peer's time over ours and its memory.\n\n"
    options.o.with_suffix(".md").write_text(head + shown + "\n")
    plot(kept, options.o)
    print(f"figure: {options.o}", file=sys.stderr)


if __name__ == "__main__":
    main()
