"""A Decay as a file: a npz with plain arrays and one JSON text, no pickle.

Files are written beside and renamed, hold no date, and say which format they have.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from symgate import __version__
from symgate.decaying.paths import PathBlock
from symgate.errors import SymgateError
from symgate.files import write_file
from symgate.stored.npz import packed

if TYPE_CHECKING:
    from symgate.decaying.curve import Decay

Array = NDArray[Any]

#: How other files of a curve are written.
_ELSEWHERE = {".csv": "d.to_csv(path) writes a table", ".json": "d.to_dict() is what JSON holds"}
_ELSEWHERE |= dict.fromkeys((".pdf", ".png", ".svg"), "d.plot().figure.savefig(path) draws it")

#: Raised whenever files of before can no longer be read.
FORMAT = 5


def save(decay: Decay, path: str | Path) -> Path:
    """Write a Decay, with its bounds and predictions, and its paths where they are known."""
    ending = Path(path).suffix.lower()
    if ending != ".npz":
        mend = _ELSEWHERE.get(ending, "take a name that ends in .npz")
        raise SymgateError(f"a curve is kept in a .npz file, not in {path}; {mend}")
    arrays: dict[str, Array] = {"lags": decay.lags, "log10_norm": decay.log10_norm}
    for lag, values in decay.singular_values.items():
        arrays[f"singular/{lag}"] = values
    beside = {"bounds": decay.bounds, "predictions": decay.predictions, **decay.beside}
    about = {
        "format": FORMAT,
        "symgate": __version__,
        "setting": dict(vars(decay.setting)),
        "of": decay.of,
        "wrt": decay.wrt,
        "norm": decay.norm_name,
        "notes": list(decay.notes),
        "beside": {
            name: _packed(part.to_dict(), arrays, name)
            for name, part in beside.items()
            if part is not None
        },
    }
    return write_file(path, packed(about, arrays))


def _packed(value: Any, arrays: dict[str, Array], key: str) -> Any:
    """A value for JSON, its arrays put aside under names."""
    if isinstance(value, Mapping):
        return {str(k): _packed(v, arrays, f"{key}/{k}") for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_packed(v, arrays, f"{key}/{i}") for i, v in enumerate(value)]
    if isinstance(value, PathBlock):
        return _packed(dict(vars(value)), arrays, key)
    if isinstance(value, np.ndarray | float):
        name = f"beside/{key}".replace(" ", "_")
        arrays[name] = np.asarray(value)
        return {"array": name}
    return value
