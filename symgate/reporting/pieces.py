"""Pieces of a report: what was computed once is found again by what it depends on.

A piece is plain data and some files. It lies in a folder of its own, whose name is a hash
of its subject, of symgate's own code and of the libraries that computed it, so that a
second run with nothing changed computes nothing, and one with a change only that.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from symgate.errors import SymgateError
from symgate.files import message
from symgate.numerics.plain import plain

#: What computes or draws the numbers, beside this package.
LIBRARIES = ("numpy", "sympy", "matplotlib")

Made = tuple[Mapping[str, Any], Mapping[str, bytes]]

#: What no picture of ours holds: it would run or load something in the page.
_LIVELY = re.compile(
    rb"<\s*(script|foreignObject|iframe|embed|object|!ENTITY)|<[^>]*\son\w+\s*=|javascript:"
    rb"|href\s*=\s*[\"'](?!#|data:image/png)|url\(\s*(?![\"']?#)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class ReportPiece:
    """Data, and files by their path in the report's folder."""

    folder: Path
    data: Mapping[str, Any]
    names: tuple[str, ...]

    def path(self, name: str) -> Path:
        """Where a file lies."""
        return self.folder / f"{self.names.index(name)}{Path(name).suffix}"

    def bytes(self, name: str) -> bytes:
        """What a file holds."""
        return self.path(name).read_bytes()


class Store:
    """Pieces in a folder. What this run did not ask for is removed at its end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.used: set[str] = set()

    def found(self, subject: Mapping[str, Any]) -> ReportPiece | None:
        """The piece of a subject, if it was made before and is whole."""
        folder = self.folder / self._key(subject)
        try:
            about = json.loads((folder / "piece.json").read_text(encoding="utf-8"))
            piece = ReportPiece(folder, about["data"], tuple(about["sums"]))
            for name, known in about["sums"].items():
                content = piece.bytes(name)
                lively = name.startswith("inline/") and _LIVELY.search(content)
                if sha256(content).hexdigest() != known or lively:
                    return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return piece

    def keep(self, subject: Mapping[str, Any], made: Made) -> ReportPiece:
        """The piece of a subject that was made now."""
        (data, files), key = made, self._key(subject)
        beside = self.folder
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            beside = Path(tempfile.mkdtemp(prefix=".new-", dir=self.folder))
            for i, (name, content) in enumerate(files.items()):
                (beside / f"{i}{Path(name).suffix}").write_bytes(content)
            sums = {name: sha256(content).hexdigest() for name, content in files.items()}
            kept = {"data": plain(data), "sums": sums}
            about = json.dumps(kept, ensure_ascii=False)
            (beside / "piece.json").write_text(about, encoding="utf-8")
            shutil.rmtree(self.folder / key, ignore_errors=True)
            beside.rename(self.folder / key)
        except OSError as error:
            raise SymgateError(message(self.folder / key, error)) from None
        finally:
            if beside != self.folder:
                shutil.rmtree(beside, ignore_errors=True)
        found = self.found(subject)
        assert found is not None
        return found

    def _key(self, subject: Mapping[str, Any]) -> str:
        """The name of a subject's folder, which is in use from now on."""
        asked = json.dumps(plain({**subject, "made by": fingerprint()}), sort_keys=True)
        key = sha256(asked.encode()).hexdigest()[:32]
        self.used.add(key)
        return key

    def prune(self) -> None:
        """Remove what this run did not use."""
        for folder in self.folder.iterdir() if self.folder.is_dir() else ():
            if folder.name not in self.used:
                shutil.rmtree(folder, ignore_errors=True)


@lru_cache(maxsize=1)
def fingerprint() -> dict[str, str]:
    """What the numbers were made by: Python, the libraries, and a hash of our own files."""
    found = {name: metadata.version(name) for name in LIBRARIES}
    found["python"] = ".".join(map(str, sys.version_info[:2]))
    whole = sha256()
    root = resources.files("symgate")
    with resources.as_file(root) as folder:
        for path in sorted(Path(folder).rglob("*")):
            if path.suffix in (".py", ".toml", ".css", ".j2", ".lark", ".cell"):
                whole.update(str(path.relative_to(folder)).encode())
                whole.update(path.read_bytes())
    found["symgate"] = whole.hexdigest()
    return found
