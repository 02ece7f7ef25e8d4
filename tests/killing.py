"""Kill -9 at many moments; and a long sweep whose workers die.

    python -m tests.killing sweep --moments 50     # also: derive, report
    python -m tests.killing workers --points 2000  # a worker is killed every 100 points

After each kill what is there is the old or the new, whole; the next run ends with the same
bytes and leaves nothing else behind.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import symgate as sg

COMMANDS = {
    "sweep": ("sweep", "rnn", "--hidden", "2", "--lags", "9", "--bias", "h=0:2:40", "--keep", "k"),
    "derive": ("derive", "gru", "-o", "gru.html"),
    "report": (
        *("report", "rnn", "-o", "out", "--hidden", "4", "--lags", "20", "--long", "30"),
        *("--samples", "1"),
    ),
}


def started(name: str, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "symgate", *COMMANDS[name]]
    paths = os.pathsep.join([os.getcwd(), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def files(folder: Path) -> dict[str, bytes]:
    """What is there but what is kept between runs of a report."""
    found = (p for p in folder.rglob("*") if p.is_file() and ".pieces" not in p.parts)
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(found)}


def killed(name: str, moments: int, seed: int) -> int:
    """How often something was wrong."""
    rng, wrong = random.Random(seed), 0
    with TemporaryDirectory() as first, TemporaryDirectory() as second:
        begun = time.monotonic()
        started(name, Path(first)).wait()
        length, whole = time.monotonic() - begun, files(Path(first))
        for moment in range(moments):
            process = started(name, Path(second))
            time.sleep(length * (moment + rng.random()) / moments)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            started(name, Path(second)).wait()
            again = files(Path(second))
            if again != whole:
                wrong += 1
                parted = {n for n in {*whole, *again} if whole.get(n) != again.get(n)}
                print(f"{name}, moment {moment}: {sorted(parted)[:5]}", flush=True)
            if name == "sweep":
                Path(second, "k").unlink(missing_ok=True)
    print(f"{name}: killed {moments} times, {wrong} wrong")
    return wrong


def workers(points: int) -> int:
    """A sweep of so many points, one of its workers killed every 100; the kept bytes compared."""
    gains = [1 + i / points for i in range(points)]
    small = {"hidden": 2, "gain": gains, "lags": 3, "samples": 1, "limit": points}
    died = 0

    def progress(done: int, _: int) -> None:
        nonlocal died
        if done % 100 == 0 and (running := multiprocessing.active_children()):
            os.kill(running[0].pid or 0, signal.SIGKILL)
            died += 1

    with TemporaryDirectory() as folder:
        one, two = Path(folder, "one"), Path(folder, "two")
        sg.sweep("rnn", keep=one, **small)  # type: ignore[arg-type]
        sg.sweep("rnn", keep=two, jobs=2, progress=progress, **small)  # type: ignore[arg-type]
        same = one.read_bytes() == two.read_bytes()
    print(f"{points} points, {died} workers killed, the same bytes: {same}")
    return not same


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=(*COMMANDS, "workers"))
    parser.add_argument("--moments", type=int, default=50)
    parser.add_argument("--points", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.what == "workers":
        return workers(arguments.points)
    return killed(arguments.what, arguments.moments, arguments.seed)


if __name__ == "__main__":
    sys.exit(main())
