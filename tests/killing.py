"""Kill -9 at many moments; and a long sweep whose workers die.

    python -m tests.killing sweep --moments 50     # also: derive, report
    python -m tests.killing workers --points 2000  # a worker is killed every 100 points

After each kill every file that is there is the old or the new, whole; the next run ends with
the same bytes and leaves nothing else behind.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import random
import shutil
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


#: What makes the older result another.
OLDER = {"derive": ("--notation", "cho"), "report": ("--seed", "1")}


def started(name: str, folder: Path, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "symgate", *COMMANDS[name], *more]
    paths = os.pathsep.join([os.getcwd(), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def spent(group: int) -> float:
    """Seconds of processor time of all processes of a group: no other load moves a moment."""
    ticks = 0
    for each in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = each.read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15])) * (int(fields[2]) == group)
    return ticks / os.sysconf("SC_CLK_TCK")


def files(folder: Path) -> dict[str, bytes]:
    """What is there but what is kept between runs of a report."""
    found = (p for p in folder.rglob("*") if p.is_file() and ".pieces" not in p.parts)
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(found)}


def killed(name: str, moments: int, seed: int) -> int:
    """How often something was wrong, in a folder where an older result stands."""
    rng, wrong, length = random.Random(seed), 0, 0.0
    with TemporaryDirectory() as folder:
        old, first, second = (Path(folder, each) for each in ("old", "first", "second"))
        old.mkdir()
        if name != "sweep":
            started(name, old, *OLDER[name]).wait()
        shutil.copytree(old, first)
        process = started(name, first)
        while process.poll() is None:
            length = max(length, spent(process.pid))
            time.sleep(0.02)
        before, whole = files(old), files(first)
        print(f"{name}: {len(whole)} files in {length:.1f} s", flush=True)
        for moment in range(moments):
            shutil.copytree(old, second)
            process, stop = started(name, second), length * (moment + rng.random()) / moments
            while process.poll() is None and spent(process.pid) < stop:
                time.sleep(0.005)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            left = files(second)
            started(name, second).wait()
            again = files(second)
            parted = sorted(n for n in {*whole, *again} if whole.get(n) != again.get(n))
            torn = sorted(
                n for n in left if n in whole and left[n] not in (whole[n], before.get(n))
            )
            if parted or (torn and name != "sweep"):
                wrong += 1
                print(f"{name}, moment {moment}: {parted[:5]}, torn {torn[:5]}", flush=True)
            shutil.rmtree(second)
            if moment % 10 == 9:
                print(f"{name}: {moment + 1} moments, {wrong} wrong", flush=True)
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
