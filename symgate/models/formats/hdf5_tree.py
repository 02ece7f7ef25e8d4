"""A program of its own: walk an HDF5 file as the reader will, under limits.

The HDF5 library is not made for files that lie: some send it round in circles, some end the
process. So each file is walked here first, where nothing is lost by that. It takes the limit of
memory, and the file's path, or - for its bytes on standard input.
"""

from __future__ import annotations

import io
import sys
from importlib import import_module
from typing import Any

#: Seconds of processor time.
SECONDS = 3

#: An array is read in full up to so many bytes.
SMALL = 1 << 22


def visit(h5py: Any, group: Any, depth: int, seen: list[int]) -> None:
    """Look at whatever the reader looks at."""
    for name in group:
        seen[0] += 1
        if seen[0] > 100_000 or depth > 31:
            return
        if isinstance(group.get(name, getlink=True), h5py.HardLink):
            item = group[name]
            _ = [item.attrs[key] for key in ("name",) if key in item.attrs]
            is_array = isinstance(item, h5py.Dataset)
            if not is_array:
                visit(h5py, item, depth + 1, seen)
            elif not (item.is_virtual or item.external) and size(item) < SMALL:
                item[()]


def size(item: Any) -> int:
    """The bytes that an array takes, in the file or in memory."""
    return int(max(item.id.get_storage_size(), (item.size or 0) * item.dtype.itemsize))


def main() -> int:
    """0 where the file was walked, or where the reader says for itself what is wrong with it."""
    try:
        import resource
    except ImportError:  # a system without limits
        pass
    else:
        limit = (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_AS, int(sys.argv[1]))
        for kind, most in (*limit, (resource.RLIMIT_CORE, 0)):
            hard = resource.getrlimit(kind)[1]
            least = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (least, least))
    h5py = import_module("h5py")

    source = io.BytesIO(sys.stdin.buffer.read()) if sys.argv[2] == "-" else sys.argv[2]
    try:
        with h5py.File(source, "r") as file:
            _ = [file.attrs[key] for key in ("keras_version", "model_config") if key in file.attrs]
            visit(h5py, file, 0, [0])
    except MemoryError:
        return 3
    except Exception:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
