"""The folder of a report: everything is written beside, then put into place at once."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from symgate.errors import SymgateError
from symgate.writing.files import message

#: Lists the files of the last report, so that the next one can remove what it no longer has.
LIST = "data/files.json"


def checked(folder: str | Path) -> Path:
    """A folder that can be written to, made if it is not there."""
    path = Path(folder)
    if path.exists() and not path.is_dir():
        raise SymgateError(f"cannot write the report to {path}: it is a file; name a folder")
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise SymgateError(message(path / "index.html", error)) from None
    return path


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
        before = listed_in(folder)
        for name in everything:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            os.replace(Path(beside, name), path)
        for name in before - set(everything):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise SymgateError(message(folder / page, error)) from None
    finally:
        if beside:
            shutil.rmtree(beside, ignore_errors=True)


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
