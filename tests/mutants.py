"""Break the code in many small ways, one at a time, and see whether a test notices.

    python -m tests.mutants [--only TEXT] [--jobs 2]

`tests/data/mutants.toml` states the mutants: a file, a text that stands in it once, what
stands there instead, and the tests that should see it. Each is applied in a scratch copy.
Exit code 1 where one survives, or where its old text is not found any more.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

ROOT = Path(__file__).parent.parent
STATED = ROOT / "tests/data/mutants.toml"
#: What a scratch copy needs.
PARTS = ("symgate", "tests", "analysis", "pyproject.toml", "README.md")
SECONDS = 900


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


@contextmanager
def scratch(count: int) -> Iterator[Queue[Path]]:
    """Copies of the project, one for each job."""
    with tempfile.TemporaryDirectory() as folder:
        copies: Queue[Path] = Queue()
        for i in range(count):
            copy = Path(folder) / str(i)
            for part in PARTS:
                source = ROOT / part
                if source.is_dir():
                    shutil.copytree(
                        source, copy / part, ignore=shutil.ignore_patterns("__pycache__")
                    )
                else:
                    shutil.copy(source, copy / part)
            copies.put(copy)
        yield copies


def outcome(mutant: Mutant, copies: Queue[Path]) -> str:
    """ "killed", "SURVIVED", "STALE" or, where the tests could not run, "BROKEN"."""
    if mutant.is_stale:
        return "STALE"
    copy = copies.get()
    place = copy / mutant.file
    original = place.read_text("utf-8")
    try:
        place.write_text(original.replace(mutant.old, mutant.new), "utf-8")
        code = pytest(copy, mutant.tests)
    finally:
        place.write_text(original, "utf-8")
        copies.put(copy)
    return {0: "SURVIVED", 1: "killed", 2: "killed"}.get(code, "BROKEN")


def pytest(folder: Path, tests: tuple[str, ...]) -> int:
    words = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-n", "0", *tests]
    quiet = {"OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        return subprocess.run(
            [sys.executable, "-m", "pytest", *words],
            cwd=folder,
            env={**os.environ, **quiet},
            capture_output=True,
            timeout=SECONDS,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired:
        return 1  # it no longer ends: that is seen too


def main() -> int:
    parser = argparse.ArgumentParser(description="break the code in many small ways")
    parser.add_argument("--only", default="", help="those with this text in file or mutation")
    parser.add_argument("--jobs", type=int, default=2)
    wanted = parser.parse_args()
    chosen = [m for m in mutants() if wanted.only in str(m)]
    left = []
    with scratch(wanted.jobs) as copies, ThreadPoolExecutor(wanted.jobs) as pool:
        outcomes = pool.map(lambda mutant: outcome(mutant, copies), chosen)
        for mutant, found in zip(chosen, outcomes, strict=True):
            print(f"{found:9} {mutant}", flush=True)
            if found != "killed":
                left.append(mutant)
    print(f"{len(chosen)} mutants, {len(chosen) - len(left)} killed, {len(left)} not")
    return bool(left)


if __name__ == "__main__":
    sys.exit(main())
