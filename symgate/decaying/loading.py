"""A Decay read from a file that `Decay.save` wrote, without trust in what stands there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import numpy as np
from numpy.typing import NDArray

from symgate import __version__
from symgate.asked import asked, path, shown
from symgate.decaying.ceilings import Ceilings
from symgate.decaying.curve import Decay, Setting
from symgate.decaying.fields import fitting, from_fields
from symgate.decaying.paths import Paths
from symgate.decaying.predictions import Predictions
from symgate.decaying.saving import FORMAT
from symgate.errors import SymgateError
from symgate.files import unread
from symgate.numerics.norms import NORMS
from symgate.stored import npz
from symgate.stored.archive import Archive
from symgate.stored.arrays import Stored

Array = NDArray[Any]

#: No norm has so many digits.
FAR = 1e12


@asked(path=path)
def load(path: str | Path) -> Decay:
    """Read a Decay that `Decay.save` wrote.

    >>> import symgate as sg, tempfile
    >>> d = sg.decay(sg.cell("rnn"), hidden=4, lags=20)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = sg.load(d.save(f"{folder}/rnn.npz"))
    >>> bool((again.log10_norm == d.log10_norm).all()), again.setting == d.setting
    (True, True)
    """
    try:
        with open(path, "rb") as file:
            if not is_zipfile(file):
                raise ValueError("no zip")
            stored = npz.arrays(Archive(Path(path)))
        about = _about(path, stored)
        arrays = {name: each.read() for name, each in stored.items() if name != "about"}
        return _decay(about, arrays)
    except SymgateError:
        raise
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        raise unread(path, error) from None
    except MemoryError:
        raise SymgateError(f"the memory of this machine does not hold what is in {path}") from None
    except (
        OSError,
        ValueError,
        LookupError,
        TypeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        raise SymgateError(
            f"{path} is not a whole file of symgate ({type(error).__name__}): it was cut off, "
            f"changed, or is something else; save the curve again. A trained network is read by "
            f"sg.model(path)"
        ) from None


def _about(path: str | Path, stored: Mapping[str, Stored]) -> dict[str, Any]:
    if "about" not in stored:
        raise SymgateError(
            f"{path} holds no curve of symgate; save one with decay.save(path). A trained network "
            f"is read by sg.model(path)"
        )
    about = npz.about(stored)
    if about["format"] != FORMAT:
        raise SymgateError(
            f"{path} has format {shown(about['format'])}, and symgate {__version__} reads format "
            f"{FORMAT}: measure the curve again with symgate decay"
        )
    return about


def _decay(about: dict[str, Any], arrays: dict[str, Array]) -> Decay:
    setting = from_fields(Setting, about["setting"])
    singular = {
        int(name.split("/")[1]): array
        for name, array in arrays.items()
        if name.startswith("singular/")
    }
    lags, log10_norm = arrays["lags"], arrays["log10_norm"]
    if log10_norm.ndim != 2 or not log10_norm.size or log10_norm.dtype != float:
        raise ValueError("shapes")
    if log10_norm.shape[1] != setting.networks * setting.sequences * len(setting.positions):
        raise ValueError("samples")
    if not (log10_norm < FAR).all() or (log10_norm[np.isfinite(log10_norm)] <= -FAR).any():
        raise ValueError("values")
    if not np.array_equal(lags, np.arange(len(log10_norm))):
        raise ValueError("lags")
    if any(v.ndim != 2 or not v.size or v.dtype != float for v in singular.values()):
        raise ValueError("singular values")
    beside = {k: _BUILD[k](_unpacked(packed, arrays)) for k, packed in about["beside"].items()}
    _aligned(lags, beside)
    of, wrt, norm = (fitting(str, about[name], name) for name in ("of", "wrt", "norm"))
    if norm not in NORMS or getattr(beside.get("paths"), "norm", norm) != norm:
        raise ValueError("norm")
    notes = fitting(tuple[str, ...], about["notes"], "notes")
    singular = dict(sorted(singular.items()))
    return Decay(setting, of, wrt, norm, lags, log10_norm, singular, notes, beside=beside)


def _aligned(lags: Array, beside: Mapping[str, Any]) -> None:
    """Every curve beside the measured one has a value a lag."""
    bounds, paths = beside.get("bounds"), beside.get("paths")
    curves = [entry.log10_norm for entry in getattr(beside.get("predictions"), "entries", ())]
    if bounds is not None:
        curves += [bounds.worst_log10, bounds.run_log10, bounds.radius_log10]
    if any(curve is not None and curve.shape[:1] != lags.shape for curve in curves):
        raise ValueError("lags of a curve")
    if paths is not None:
        inner = [(b.whole, b.carry, *b.without.values()) for b in paths.blocks.values()]
        if any(c is not None and c.shape != paths.lags.shape for each in inner for c in each):
            raise ValueError("lags of a path")


def _unpacked(value: Any, arrays: Mapping[str, Array]) -> Any:
    if isinstance(value, dict):
        if set(value) == {"array"}:
            array = arrays[value["array"]]
            return array if array.ndim else float(array)
        return {k: _unpacked(v, arrays) for k, v in value.items()}
    return [_unpacked(v, arrays) for v in value] if isinstance(value, list) else value


def _paths(data: Any) -> Paths:
    blocks = {(b["of"], b["wrt"]): b for b in data["blocks"].values()}
    return from_fields(Paths, {**data, "blocks": blocks})


#: How each part beside the curve is made again from its fields.
_BUILD: Mapping[str, Callable[[Any], Any]] = {
    "bounds": partial(from_fields, Ceilings),
    "predictions": partial(from_fields, Predictions),
    "paths": _paths,
}
