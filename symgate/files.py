"""Writing files so that a failure never harms what was there: beside, then renamed."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
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
    target = path.resolve() if path.is_symlink() else path  # a link stays a link
    data = content.encode("utf-8") if isinstance(content, str) else content
    beside = ""
    try:
        handle, beside = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, _mode(target))
        os.replace(beside, target)
    except OSError as error:
        if beside and os.path.exists(beside):
            os.unlink(beside)
        raise SymgateError(message(target, error)) from None
    return path


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
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _mode(path: Path) -> int:
    """The rights of the file that is replaced, or those of a new one."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def message(path: Path, error: OSError) -> str:
    """Why a file could not be written, and how to mend it."""
    if not path.parent.exists():
        return f"cannot write {path}: there is no folder {path.parent}; make it first"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT):
        return f"cannot write {path}: the folder {path.parent} may not be written to"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"cannot write {path}: the disk is full; what was there is unchanged"
    if error.errno == errno.EISDIR or path.is_dir():
        return f"cannot write {path}: it is a folder; name a file in it"
    return f"cannot write {path}: {error.strerror or error}"
