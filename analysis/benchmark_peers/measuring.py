"""One contender in a process of its own, and one row of the table: all of them, compared."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass

from analysis.benchmark_peers.contenders import CONTENDERS

THREADS = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}

#: A run from how many seconds on is done once and not again; how long one may take in all.
LONG, LIMIT = 5.0, 240.0


@dataclass(frozen=True)
class Worth:
    """Up to how many lags, and numbers in all of its Jacobians, a peer is asked; else why not."""

    lags: int
    numbers: float
    why: str


WORTH = {
    "numpy engine": Worth(10_000, 1e9, "it is slower than ours"),
    "torch batched": Worth(200, 1e8, "it keeps a graph and all K Jacobians"),
    "torch jacrev": Worth(200, 4e6, "it runs all later steps again for each lag"),
    "jax jacrev": Worth(200, 1e8, "it keeps all K Jacobians"),
    "jax scan": Worth(10_000, 1e9, "it needs minutes"),
}


#: The contenders that take several sequences, and how often each is measured, in turn.
SEVERAL, ROUNDS = ("numpy engine", "jax scan"), 2


def left_out(name: str, n: int, lags: int, sequences: int) -> str | None:
    """Why a peer is not asked for a row, or None."""
    if sequences > 1:
        return None if name in SEVERAL else "it takes one sequence"
    worth = WORTH[name]
    if lags <= worth.lags and n * n * lags <= worth.numbers:
        return None
    return worth.why


def work(name: str, n: int, lags: int, slow: bool, sequences: int) -> None:
    """One contender on one processor; prints its figures as JSON."""
    if hasattr(os, "sched_setaffinity"):  # whatever a library makes of its options
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    run = CONTENDERS[name](n, lags, slow, sequences)
    times: list[float] = []
    start = time.process_time()
    curve = run()
    warm = time.process_time() - start
    if warm > LONG and not name.startswith("jax"):
        times.append(warm)  # nothing to compile
    while not times or (times[0] < LONG and (len(times) < 3 or sum(times) < 1)):
        start = time.process_time()
        curve = run()
        times.append(time.process_time() - start)
        if len(times) >= 200:
            break
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": min(times), "peak_mb": peak, "curve": curve}))


def measured(name: str, n: int, lags: int, slow: bool, sequences: int) -> dict | str:
    """The figures of a contender, or why there are none.

    One that is stopped at LIMIT has no memory and no curve; its seconds are at least that.
    """
    command = [sys.executable, "-m", "analysis.benchmark_peers", "--one", name]
    command += ["--sizes", str(n), "--lags", str(lags), *(["--slow"] if slow else [])]
    command += ["--sequences", str(sequences)]
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **THREADS},
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT,
        )
    except subprocess.TimeoutExpired:
        return {"seconds": LIMIT, "peak_mb": None}
    if done.returncode:
        said = done.stderr.strip().splitlines()
        return said[-1][:60] if said else "killed: out of memory"
    return json.loads(done.stdout)


def row(n: int, lags: int, slow: bool, sequences: int, peers: list[str]) -> dict:
    """All contenders of one line of the table, in turn, their curves held against ours."""
    at_most = min(lags, max(20, int(4e9 / n**3)))  # the floor's steps are all alike
    figures: dict[str, dict | str] = {}
    for _ in range(ROUNDS):
        for name in ("floor", "symgate", *peers):
            best = figures.get(name)
            if isinstance(best, str) or (best and name != "floor" and best["seconds"] > LONG):
                continue  # once is enough
            why = left_out(name, n, lags, sequences) if name in peers else None
            count = at_most if name == "floor" else lags
            found = why or measured(name, n, count, slow, sequences)
            if name not in peers and "curve" not in found:
                raise SystemExit(f"{name}, n = {n}, {lags} lags: {found}")
            if isinstance(found, dict) and name == "floor":
                found["seconds"] *= lags / at_most
            if best is None or (isinstance(found, dict) and found["seconds"] < best["seconds"]):
                figures[name] = found
    ours = figures["symgate"].pop("curve")
    for name in figures:
        theirs = figures[name]
        if isinstance(theirs, dict) and "curve" in theirs:
            curve = theirs.pop("curve")
            if curve:
                check(ours, curve, name)
    return {"n": n, "lags": lags, "slow": slow, "sequences": sequences, "figures": figures}


def check(ours: list[float], theirs: list[float], name: str) -> None:
    """Both curves must agree, but where the peer's has underflowed."""
    for lag, (a, b) in enumerate(zip(ours, theirs, strict=True), start=1):
        if b > -290 and abs(a - b) > 1e-8:
            raise SystemExit(f"{name} disagrees at lag {lag}: {b} against {a}")
