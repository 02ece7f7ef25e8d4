"""A zip, read with distrust: entries by exact name, no paths out of it, sizes that add up."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path, PurePosixPath

from symgate.errors import SymgateError
from symgate.stored.arrays import LARGEST, unpacked

#: What Python raises where an entry is cut off, changed, encrypted or packed in a strange way.
BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError)


class Archive:
    """The entries of a zip by name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: dict[str, zipfile.ZipInfo] = {}
        try:
            self.zip = zipfile.ZipFile(path)
        except (*BROKEN, ValueError) as error:
            raise SymgateError(f"{path} is not a whole zip: {error}; it was cut off") from None
        whole = path.stat().st_size
        for entry in self.zip.infolist():
            name = entry.filename
            if "\\" in name or ".." in PurePosixPath(name).parts or name.startswith("/"):
                raise SymgateError(f"{path} has an entry with a path out of it, {name!r}; refused")
            if name in self.entries:
                raise SymgateError(f"{path} has two entries named {name!r}; refused")
            packed = min(entry.compress_size, whole)
            room = packed if entry.compress_type == zipfile.ZIP_STORED else unpacked(packed)
            if entry.file_size > room:
                raise SymgateError(
                    f"{path}: the entry {name!r} claims {entry.file_size:,} bytes, and its "
                    f"{packed:,} in the file do not hold them; the header lies, or it is empty"
                )
            self.entries[name] = entry

    def read(self, name: str, most: int = LARGEST) -> bytes:
        """The bytes of an entry."""
        entry = self.entries.get(name)
        if entry is None:
            raise SymgateError(f"{self.path} has no entry {name!r}; it was cut off or changed")
        if entry.file_size > most:
            raise SymgateError(
                f"{self.path}: {name!r} has {entry.file_size:,} bytes, more than the limit of "
                f"{most:,}"
            )
        try:
            return self.zip.read(entry)
        except BROKEN as error:
            raise SymgateError(f"{self.path}: {name!r} cannot be read: {error}") from None
