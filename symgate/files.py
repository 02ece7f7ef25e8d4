"""Writing files so that a failure never harms what was there: beside, then renamed."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from secrets import token_hex
from typing import IO, Any

from symgate.errors import SymgateError

#: POSIX locks; on a system without them nothing guards a file.
fcntl = import_module("fcntl") if find_spec("fcntl") else None


def write_file(path: str | Path, content: str | bytes) -> Path:
    """Write a whole file, or leave the old one as it is and say why.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_file(f"{folder}/a.txt", "done").read_text()
    'done'
    """
    path = Path(path)
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        target = path.resolve() if path.is_symlink() else path  # a link stays a link
        if is_special(target):
            target.write_bytes(data)
        else:
            _write_beside(target, data)
    except (OSError, RuntimeError) as error:  # RuntimeError: a link that leads to itself
        raise SymgateError(message(path, error)) from None
    return path


def _write_beside(target: Path, data: bytes) -> None:
    beside = target.parent / f".{target.name[:40]}.{token_hex(6)}"
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():  # with the rights that it had
            beside.chmod(target.stat().st_mode & 0o777)
        beside.replace(target)
    finally:
        with suppress(OSError):
            beside.unlink()


def lock(file: IO[Any]) -> bool:
    """Hold an open file until it is closed; False where another process holds it."""
    if fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


@contextmanager
def sole(path: Path, why: str) -> Iterator[None]:
    """Hold the lock at a path, which is removed afterwards; an error says `why` not, and who.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with sole(Path(folder, ".lock"), "it is written"):
    ...         Path(folder, ".lock").exists()
    True
    """
    while True:
        file = path.open("a+", encoding="utf-8")
        if not lock(file):
            file.seek(0)
            who = file.read(20).strip()
            file.close()
            raise SymgateError(
                f"{why}{f' (by process {who})' if who.isdigit() else ''}; wait for it, or name "
                f"another place"
            )
        if fcntl is None:
            break
        if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
            break
        file.close()  # it was removed in between
    with file:
        try:
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            yield
        finally:
            path.unlink(missing_ok=True)


def is_special(path: Path) -> bool:
    """Whether a path is a pipe or a device, which is written to and never replaced."""
    return path.exists() and not path.is_file() and not path.is_dir()


def writable(*paths: str | Path | None) -> None:
    """Raise before any work where a file could not be written at its end."""
    for path in [Path(p) for p in paths if p is not None]:
        if path.is_dir() or not path.parent.is_dir():
            raise SymgateError(message(path, OSError()))
        if not is_special(path) and not os.access(path.parent, os.W_OK):
            raise SymgateError(message(path, PermissionError(errno.EACCES, "")))


def unread(path: str | Path, error: OSError | ValueError) -> SymgateError:
    """Why a file could not be read.

    >>> print(unread("a.tex", FileNotFoundError()))
    there is no file a.tex
    """
    if isinstance(error, FileNotFoundError):
        return SymgateError(f"there is no file {error.filename or path}")
    if isinstance(error, IsADirectoryError):
        return SymgateError(f"{path} is a folder; name a file in it")
    why = error.strerror or error if isinstance(error, OSError) else "no file can have this name"
    return SymgateError(f"cannot read {path}: {why}")


def message(path: Path, error: OSError | RuntimeError) -> str:
    """Why a file could not be written, and how to mend it."""
    kind = getattr(error, "errno", None)
    if isinstance(error, RuntimeError) or kind == errno.ELOOP:
        return f"cannot write {path}: it is a link that leads to itself"
    if kind == errno.ENAMETOOLONG:
        return f"cannot write {path}: its name is too long"
    if kind in (errno.ENOENT, errno.EEXIST) and path.is_symlink() and not path.exists():
        return f"cannot write {path}: it is a link to {path.readlink()}, which is not there"
    if not path.parent.exists():
        return f"cannot write {path}: there is no folder {path.parent}; make it first"
    if not path.parent.is_dir():
        return f"cannot write {path}: {path.parent} is a file, not a folder"
    if kind == errno.EISDIR or path.is_dir():
        return f"cannot write {path}: it is a folder; name a file in it"
    if kind in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT):
        return f"cannot write {path}: the folder {path.parent} may not be written to"
    if kind in (errno.ENOSPC, errno.EDQUOT):
        return f"cannot write {path}: the disk is full; what was there is unchanged"
    return f"cannot write {path}: {getattr(error, 'strerror', '') or error}"
