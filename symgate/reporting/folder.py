"""The folder of a report: one run at a time writes to it; files are put into place at once.

A run holds a lock. It writes everything beside, names that folder ready, and then moves its
files, the page last. A run that was killed while it moved them is finished by the next.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from symgate.errors import SymgateError
from symgate.files import message, sole

#: Lists the files of the last report, so that the next one can remove what it no longer has.
LIST = "data/files.json"

#: The folder in which a whole report waits for its place, and what is told there of it.
READY, LAST = ".report-ready", ".last.json"


@contextmanager
def opened(folder: str | Path) -> Iterator[Path]:
    """A folder that can be written to, made if it is not there, and by this run alone."""
    path = Path(folder)
    try:
        if path.exists() and not path.is_dir():
            raise SymgateError(f"cannot write the report to {path}: it is a file; name a folder")
        path.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:
        raise SymgateError(message(path, error)) from None
    try:
        with tempfile.TemporaryFile(dir=path):
            pass
        with sole(path / ".lock", f"another report is being written to {path}"):
            _finish(path)
            for left in path.glob(".report-*"):
                shutil.rmtree(left, ignore_errors=True)
            yield path
    except OSError as error:
        raise SymgateError(message(path / "index.html", error)) from None


def put(folder: Path, files: Mapping[str, bytes], page: str) -> None:
    """Put all files into a folder, the page last; what was there stays whole until then."""
    names = sorted(name for name in files if name != page)
    listed = json.dumps(sorted([*files, LIST]), indent=1) + "\n"
    everything = {**{name: files[name] for name in names}, LIST: listed.encode()}
    everything[page] = files[page]
    beside = ""
    try:
        beside = tempfile.mkdtemp(prefix=".report-", dir=folder)
        for name, content in everything.items():
            path = Path(beside, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        gone = sorted(listed_in(folder) - set(everything))
        Path(beside, LAST).write_text(json.dumps({"names": [*everything], "gone": gone}))
        os.rename(beside, folder / READY)
        _finish(folder)
    except OSError as error:
        raise SymgateError(message(folder / page, error)) from None
    finally:
        if beside:
            shutil.rmtree(beside, ignore_errors=True)


def _finish(folder: Path) -> None:
    """Move the files of a report that is ready; those that were moved already are not there."""
    ready = folder / READY
    try:
        told = json.loads((ready / LAST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    for name in told["names"]:
        if (ready / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(ready / name, folder / name)
    for name in told["gone"]:
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(ready)


def listed_in(folder: Path) -> set[str]:
    """The files of the last report in a folder; only such as a report makes."""
    try:
        names = json.loads((folder / LIST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    kinds = ("figures", "data", "derivations")
    return {
        name
        for name in (names if isinstance(names, list) else [])
        if isinstance(name, str)
        and len(Path(name).parts) == 2
        and Path(name).parts[0] in kinds
        and Path(name).parts[1] not in ("..", ".")
    }
