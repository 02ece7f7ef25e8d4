"""The compiled engine: engine.c built by the machine's compiler, kept, and loaded.

The library lies in a folder of the user's own, under a name made of its text, the compiler
and the processor, beside the hash of its bytes. Whatever goes wrong, NumPy does the work,
and a warning says so once.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import warnings
from contextlib import suppress
from functools import cache
from pathlib import Path

from symgate.errors import known_name

ENGINES = ("auto", "c", "numpy")

TEXT = Path(__file__).with_name("engine.c")
_FLAGS = "-O3 -march=native -fno-math-errno -fno-trapping-math -std=gnu11 -shared -fPIC"
FLAGS = tuple(_FLAGS.split())

#: Seconds after which a compiler is given up.
PATIENCE = 60

_lock = threading.Lock()


class NoEngine(Exception):
    """Why there is no compiled engine."""


def engine(wanted: str | None = None) -> ctypes.CDLL | None:
    """The compiled engine, or None where NumPy is to do the work.

    `wanted` is "auto", "c", "numpy", or None for what SYMGATE_ENGINE says. With "auto" a
    machine without a compiler runs on NumPy in silence; any other failure is said once.

    >>> engine("numpy") is None
    True
    """
    given = os.environ.get("SYMGATE_ENGINE", "auto") if wanted is None else wanted
    chosen = known_name("the engine", given, ENGINES)
    if chosen == "numpy":
        return None
    with _lock:
        found = _loaded(os.environ.get("CC", "cc"))
    if isinstance(found, ctypes.CDLL):
        return found
    if chosen == "c" or found != _NO_COMPILER:
        _say(f"no compiled engine: {found}; NumPy does the work")
    return None


_NO_COMPILER = "there is no C compiler"


@cache
def _say(text: str) -> None:
    warnings.warn(text, stacklevel=4)


@cache
def _loaded(compiler: str) -> ctypes.CDLL | str:
    """The library, or why there is none."""
    try:
        path = shutil.which(compiler)
        if path is None:
            return _NO_COMPILER
        folder = _own_folder()
        name = f"engine-{_hash(path)}.so"
        if not _is_whole(folder / name):
            _compile(path, folder, name)
        return _opened(folder / name)
    except NoEngine as error:
        return str(error)
    except (OSError, AttributeError) as error:
        return f"the compiled engine cannot be used ({error})"


def _hash(compiler: str) -> str:
    """What the library depends on: its text, its flags, the compiler and the processor."""
    found = Path(compiler).resolve().stat()
    key = (TEXT.read_bytes(), FLAGS, compiler, found.st_size, found.st_mtime_ns, _processor())
    return hashlib.sha256(repr(key).encode()).hexdigest()[:24]


def _processor() -> str:
    """The machine's processor with what it can do."""
    with suppress(OSError, UnicodeDecodeError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0].splitlines()
        told = [
            line for line in lines if line.startswith(("model name", "flags", "Features", "CPU"))
        ]
        return platform.machine() + "".join(told)
    return f"{platform.machine()} {platform.processor()} {platform.node()}"


def _own_folder() -> Path:
    """The folder of kept libraries, which nobody else may write to or read."""
    root = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    folder = Path(root).expanduser() / "symgate"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except (OSError, RuntimeError) as error:
        raise NoEngine(f"{folder} cannot be made ({error})") from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise NoEngine(f"{folder} is not a folder of yours")
    if found.st_mode & 0o077:
        with suppress(OSError):
            folder.chmod(0o700)
        if folder.stat().st_mode & 0o022:
            raise NoEngine(f"others may write to {folder}; make it yours alone (chmod 700)")
    return folder


def _is_whole(path: Path) -> bool:
    """Whether a kept library is there, whole, and the user's own."""
    try:
        found = path.lstat()
        expected = path.with_suffix(".sha256").read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return False
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise NoEngine(f"{path} is not a file that only you can write")
    return hashlib.sha256(path.read_bytes()).hexdigest() == expected


def _compile(compiler: str, folder: Path, name: str) -> None:
    """Build under a name of its own, then move it to its place: others may do the same."""
    try:
        work = Path(tempfile.mkdtemp(prefix="build-", dir=folder))
    except OSError as error:
        raise NoEngine(f"{folder} cannot be written ({error.strerror})") from None
    try:
        made = work / name
        _call([compiler, *FLAGS, "-o", str(made), str(TEXT), "-lm"])
        made.chmod(0o600)
        _opened(made)
        proof = made.with_suffix(".sha256")
        proof.write_text(hashlib.sha256(made.read_bytes()).hexdigest(), encoding="ascii")
        made.replace(folder / name)
        proof.replace(folder / proof.name)
    except OSError as error:
        raise NoEngine(f"{folder} cannot be written ({error.strerror or error})") from None
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _call(command: list[str]) -> None:
    """Run the compiler; one that hangs is ended with all that it started."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        _, said = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise NoEngine(f"{command[0]} did not end within {PATIENCE} seconds") from None
    if process.returncode:
        lines = [line for line in said.splitlines() if line.strip()] or ["it says nothing"]
        told = next((line for line in lines if "error" in line), lines[0])
        raise NoEngine(f"{command[0]} failed with {process.returncode}: {told}")


def _opened(path: Path) -> ctypes.CDLL:
    library = ctypes.CDLL(str(path))
    whole, number, pointer = ctypes.c_int64, ctypes.c_double, ctypes.c_void_p
    library.symgate_run.restype = library.symgate_vector.restype = whole
    library.symgate_run.argtypes = [pointer, *[whole] * 6, number, number, pointer]
    library.symgate_reduce.restype = None
    library.symgate_reduce.argtypes = [pointer, *[whole] * 3, pointer, whole, pointer, pointer]
    library.symgate_spectral.restype = None
    library.symgate_spectral.argtypes = [pointer, *[whole] * 3, pointer]
    if library.symgate_vector() not in (2, 4, 8):
        raise NoEngine(f"{path} is no engine")
    return library
