"""What no peer does: a point of a sweep, two processes on one sweep, a fresh process, a report.

Processor time, the least of some runs; of the two processes and of the report the wall time,
which means something on an idle machine alone. Byte code is kept, as in any installation.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass

from analysis.benchmark_peers.measuring import THREADS

#: Runs in one process, runs of fresh processes, points of the sweep of two processes.
RUNS, FRESH, POINTS = 60, 6, 400


@dataclass(frozen=True)
class Other:
    """A row: what is measured, by what, in which unit, and the bar."""

    what: str
    measure: Callable[[], float]
    unit: str
    bound: float
    at_least: bool = False

    def told(self, figure: float) -> list[str]:
        """The line of the table."""
        is_met = figure >= self.bound if self.at_least else figure < self.bound
        wanted = f"{'at least' if self.at_least else 'under'} {self.bound:g}{self.unit}"
        return [self.what, wanted, f"{figure:.3g}{self.unit}", "met" if is_met else "MISSED"]


def sweep_point() -> float:
    """Milliseconds of a point: n = 32, 200 lags, 2 samples, spectral norm."""
    import symgate as sg

    times = []
    for seed in range(RUNS):
        start = time.process_time()
        sg.decay("gru", hidden=32, lags=200, networks=1, samples=2, norm="spectral", seed=seed)
        times.append(time.process_time() - start)
    return 1e3 * min(times[1:])


def two_processes() -> float:
    """How many times as fast two processes are as one, on a sweep that takes seconds."""
    import symgate as sg

    best = {}
    for _ in range(2):
        for jobs in (1, 2):
            start = time.perf_counter()
            gains = [0.5 + i / POINTS for i in range(POINTS)]
            sg.sweep("gru", hidden=32, gain=gains, samples=2, lags=200, jobs=jobs)
            taken = time.perf_counter() - start
            best[jobs] = min(taken, best.get(jobs, taken))
    return best[1] / best[2]


def fresh(*arguments: str) -> float:
    """Seconds of processor time of a fresh Python process."""
    times = []
    with tempfile.TemporaryDirectory() as kept:
        env = {**os.environ, **THREADS, "PYTHONPYCACHEPREFIX": kept}
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        for _ in range(FRESH):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *arguments], env=env, check=True, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times[1:])


def report(again: bool = False) -> float:
    """Seconds of wall time of the report on the default cells, or of a second run."""
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(1 + again):
            start = time.perf_counter()
            command = [sys.executable, "-m", "symgate", "report", "-o", folder]
            subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - start


DECAY = 'import symgate as sg; sg.decay("gru", hidden=32, lags=200)'

OTHERS = (
    Other("a sweep point, n = 32, 200 lags, 2 samples, spectral", sweep_point, " ms", 6),
    Other("two processes over one on a sweep, wall time", two_processes, "x", 1.7, at_least=True),
    Other("fresh process, decay(gru, 32, 200)", lambda: fresh("-c", DECAY), " s", 0.7),
    Other("symgate show gru", lambda: fresh("-m", "symgate", "show", "gru"), " s", 0.5),
    Other("symgate --help", lambda: fresh("-m", "symgate", "--help"), " s", 0.1),
    Other("symgate report, wall time", report, " s", 25),
    Other("symgate report again, wall time", lambda: report(again=True), " s", 2),
)


def others() -> list[list[str]]:
    """The rows with their verdicts, each measured now in a process of its own."""
    found = []
    for place, other in enumerate(OTHERS):
        code = f"import analysis.benchmark_peers.others as o; print(o.OTHERS[{place}].measure())"
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, **THREADS},
            check=True,
            capture_output=True,
            text=True,
        )
        found.append(other.told(float(done.stdout)))
    return found
