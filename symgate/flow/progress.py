"""The journal of a long computation: a line a result, so that it can go on where it stopped.

The first line says what is computed; each further line is one result, in order. A line that
was cut off is dropped. The file is the same whether or not it was interrupted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from symgate.errors import SymgateError
from symgate.writing.files import write_file


class Journal:
    """Results by their place; without a path nothing is kept."""

    def __init__(self, path: str | Path | None, about: Mapping[str, Any]) -> None:
        self.path = None if path is None else Path(path)
        self.about = json.loads(_line(about))
        self.rows: list[dict[str, Any]] = []
        if self.path is None:
            return
        if self.path.exists():
            self.rows = self._read(self.path)
            self._write()

    def _read(self, path: Path) -> list[dict[str, Any]]:
        try:
            lines = path.read_text(encoding="utf-8").split("\n")[:-1]
            about, *rows = map(json.loads, lines)
        except OSError as error:
            raise SymgateError(f"cannot read {path}: {error.strerror}") from None
        except ValueError:
            about, rows = None, []
        if about is None:
            raise SymgateError(f"{path} is no file of a sweep; name another, or remove it")
        if about != self.about:
            raise SymgateError(
                f"{path} holds another sweep ({_difference(about, self.about)}); name another "
                f"file, or remove it"
            )
        return rows

    def _write(self) -> None:
        """The whole file anew, without a line that was cut off."""
        assert self.path is not None
        write_file(self.path, "".join(map(_line, [self.about, *self.rows])))

    def known(self, place: int, key: Mapping[str, Any]) -> dict[str, Any] | None:
        """The result of a place, if it is there."""
        if place >= len(self.rows):
            return None
        row = self.rows[place]
        if any(row.get(name) != value for name, value in key.items()):
            raise SymgateError(f"{self.path}, line {place + 2}: not the point that belongs there")
        return row

    def add(self, row: Mapping[str, Any]) -> None:
        """Write the next result to the file."""
        self.rows.append(dict(row))
        if self.path is None:
            return
        if len(self.rows) == 1:
            self._write()
            return
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(_line(row))
        except OSError as error:
            raise SymgateError(f"cannot write {self.path}: {error.strerror}") from None


def _line(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False) + "\n"


def _difference(one: Any, other: Mapping[str, Any]) -> str:
    if not isinstance(one, dict):
        return "its first line is not a sweep's"
    name = next(k for k in {**other, **one} if one.get(k) != other.get(k))
    return f"{name} is {one.get(name)!r} there and {other.get(name)!r} here"
