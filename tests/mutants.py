"""Break the code in many small ways, one at a time, and see whether a test notices.

    python -m tests.mutants [--only TEXT] [--jobs 2]

`tests/data/mutants.toml` states the mutants: a file, a text that stands in it once, what
stands there instead, and the tests that should see it. Each is applied in a scratch copy;
before that the tests have to pass without it. Exit code 1 where one survives, where its old
text is not found any more (STALE), or where its tests fail as they stand (RED).
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

ROOT = Path(__file__).parent.parent
STATED = ROOT / "tests/data/mutants.toml"
#: What a scratch copy needs.
PARTS = ("symgate", "tests", "analysis", "pyproject.toml", "README.md")
#: Processor time of one run: a mutant that no longer ends is seen too, on a busy machine as well.
SECONDS = 600
#: What every run of tests imports; it is imported once, before the runs fork off.
HEAVY = ("numpy", "sympy", "mpmath", "pytest", "lark", "matplotlib.figure")


@dataclass(frozen=True)
class Mutant:
    """One small mutation, and the tests that should see it."""

    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.file}: {self.old.strip()} → {self.new.strip()}"

    @property
    def is_stale(self) -> bool:
        return (ROOT / self.file).read_text("utf-8").count(self.old) != 1


def mutants() -> list[Mutant]:
    """All that are stated."""
    data = tomllib.loads(STATED.read_text("utf-8"))["mutants"]
    return [Mutant(m["file"], m["old"], m["new"], tuple(m["tests"])) for m in data]


@dataclass
class Job:
    """A mutant in a scratch copy, and the process that runs its tests there."""

    mutant: Mutant
    copy: Path
    process: BaseProcess

    def outcome(self) -> str:
        """ "killed", "SURVIVED" or, where the tests could not run, "BROKEN"; "" while they run."""
        if self.process.is_alive():
            return ""
        restored(self.mutant, self.copy)
        return {0: "SURVIVED", 4: "BROKEN", 5: "BROKEN"}.get(self.process.exitcode or 0, "killed")


def copied(folder: Path) -> Path:
    """A copy of the project."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            leave = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / part, ignore=leave)
        else:
            shutil.copy(source, folder / part)
    return folder


def restored(mutant: Mutant, copy: Path) -> None:
    shutil.copy(ROOT / mutant.file, copy / mutant.file)


def started(mutant: Mutant, copy: Path) -> Job:
    place = copy / mutant.file
    place.write_text(place.read_text("utf-8").replace(mutant.old, mutant.new), "utf-8")
    process = get_context("fork").Process(target=_test, args=(copy, mutant.tests))
    process.start()
    return Job(mutant, copy, process)


def _test(copy: Path, tests: tuple[str, ...]) -> None:
    """Run tests in a copy and leave with pytest's exit code."""
    import pytest

    os.chdir(copy)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    for name in [n for n in sys.modules if n.split(".")[0] in ("symgate", "tests")]:
        del sys.modules[name]
    sys.path[:] = [str(copy), *(p for p in sys.path if p and Path(p) != ROOT)]
    sys.dont_write_bytecode = True
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os._exit(int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-n", "0", *tests])))


def outcomes(mutants: list[Mutant], copies: list[Path]) -> Iterator[tuple[Mutant, str]]:
    """What becomes of each mutant, as many at a time as there are copies."""
    waiting, free, running = list(mutants), list(copies), []
    while waiting or running:
        while waiting and free:
            running.append(started(waiting.pop(0), free.pop()))
        time.sleep(0.1)
        for job in list(running):
            if found := job.outcome():
                yield job.mutant, found
                running.remove(job)
                free.append(job.copy)


def main() -> int:
    parser = argparse.ArgumentParser(description="break the code in many small ways")
    parser.add_argument("--only", default="", help="those with this text in file or mutation")
    parser.add_argument("--jobs", type=int, default=2)
    wanted = parser.parse_args()
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    for name in HEAVY:
        import_module(name)
    chosen = [m for m in mutants() if wanted.only in str(m)]
    with tempfile.TemporaryDirectory() as folder:
        copies = [copied(Path(folder) / str(i)) for i in range(wanted.jobs)]
        words = dict.fromkeys(word for m in chosen for word in m.tests)
        untouched = [Mutant("pyproject.toml", "", "", (word,)) for word in words]
        red = {m.tests[0] for m, found in outcomes(untouched, copies) if found != "SURVIVED"}
        for word in sorted(red):
            print(f"RED       {word} fails as it stands; what names it says nothing", flush=True)
        left = [m for m in chosen if m.is_stale or red & {*m.tests}]
        for mutant in left:
            print(f"{'STALE' if mutant.is_stale else 'RED':9} {mutant}", flush=True)
        for mutant, found in outcomes([m for m in chosen if m not in left], copies):
            print(f"{found:9} {mutant}", flush=True)
            left += [mutant] if found != "killed" else []
    count = len(chosen)
    print(f"{count} mutants, {count - len(left)} killed, {len(left)} not")
    return bool(left)


if __name__ == "__main__":
    sys.exit(main())
