"""The journal of a long computation: a line a result, so that it can go on where it stopped.

The first line says what is computed; each further line is one result, in order. A line that
was cut off is dropped. The file is the same whether or not it was interrupted, and locked
while a computation writes to it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from symgate.errors import SymgateError
from symgate.files import is_special, lock, message, writable


class Journal:
    """Results by their place; without a path nothing is kept. Use it in a `with`."""

    def __init__(self, path: str | Path | None, about: Mapping[str, Any]) -> None:
        self.path = None if path is None else Path(path)
        self.about = json.loads(_line(about))
        self.rows: list[dict[str, Any]] = []
        self.file: IO[bytes] | None = None
        if self.path is not None:
            writable(self.path)
            if is_special(self.path):
                raise SymgateError(f"cannot keep results in {self.path}: it is a device")
            try:
                while self.file is None:
                    self.file = self.path.open("a+b")
                    self._lock()
                self._read()
            except OSError as error:
                self.close()
                raise SymgateError(message(self.path, error)) from None
            except SymgateError:
                self.close()
                raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let others write; a file in which nothing stands is removed."""
        if self.file is not None:
            if self.path is not None and os.fstat(self.file.fileno()).st_size == 0:
                self.path.unlink(missing_ok=True)
            with suppress(OSError):  # what a full disk did not take before is not taken now
                self.file.close()
            self.file = None

    def _lock(self) -> None:
        assert self.file is not None
        if not lock(self.file):
            self.file.close()
            self.file = None
            raise SymgateError(
                f"{self.path} is being written by another sweep; wait for it, or name another file"
            )
        if not self._there():
            self.file.close()  # another sweep ended and removed it in between
            self.file = None

    def _there(self) -> bool:
        assert self.path is not None
        assert self.file is not None
        there = self.path.exists()
        return there and os.path.samestat(os.fstat(self.file.fileno()), self.path.stat())

    def _read(self) -> None:
        """The rows that stand in the file; a line that was cut off is cut away."""
        assert self.file is not None
        self.file.seek(0)
        content = self.file.read()
        whole = content[: content.rfind(b"\n") + 1]
        if not content:
            return
        try:
            about, *rows = [json.loads(line) for line in whole.decode("utf-8").splitlines()]
        except (ValueError, RecursionError):
            about, rows = None, []
        if about is None or not all(isinstance(row, dict) for row in rows):
            raise SymgateError(f"{self.path} is not a file of a sweep; name another, or remove it")
        if about != self.about:
            raise SymgateError(
                f"{self.path} holds another sweep ({_difference(about, self.about)}); name another "
                f"file, or remove it"
            )
        self.rows = rows
        self.file.truncate(len(whole))

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
        if self.file is None or self.path is None:
            return
        first = self.file.seek(0, 2) == 0
        try:
            self.file.write(((_line(self.about) if first else "") + _line(row)).encode())
            self.file.flush()
        except OSError as error:
            raise SymgateError(message(self.path, error)) from None


def _line(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False) + "\n"


def _difference(one: Any, other: Mapping[str, Any]) -> str:
    if not isinstance(one, dict):
        return "its first line is not a sweep's"
    name = next(k for k in {**other, **one} if one.get(k) != other.get(k))
    return f"{name} is {one.get(name)!r} there and {other.get(name)!r} here"
