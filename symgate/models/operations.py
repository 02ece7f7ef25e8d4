"""What a traced step may do: each operation of PyTorch as one on expressions."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from symgate.models.traced import (
    Affine,
    Concatenated,
    TracedCall,
    TracedNumber,
    Uncut,
    Weights,
    added,
    cut,
    rows,
)

#: Functions of one vector: by the name in PyTorch, that in the language.
WORDS = "sigmoid tanh relu softplus silu gelu softsign exp log sqrt abs sin cos softmax"
FUNCTIONS = {w: w for w in WORDS.split()}
FUNCTIONS |= {"hardsigmoid": "hard_sigmoid", "hardtanh": "hard_tanh"}


def _number(e: Any) -> int:
    if not isinstance(e, TracedNumber):
        raise ValueError
    return int(e.value)


def _parts(args: list[Any], options: dict[str, Any]) -> Any:
    """chunk: so many equal parts."""
    whole = rows(args[0])
    count = _number(args[1] if len(args) > 1 else options["chunks"])
    if whole is None or whole % count:
        raise Uncut
    size = whole // count
    return tuple(cut(args[0], k * size, (k + 1) * size) for k in range(count))


def _split(args: list[Any], options: dict[str, Any]) -> Any:
    """split: parts of a size, or of several."""
    size = args[1] if len(args) > 1 else next(v for k, v in options.items() if k != "dim")
    whole = rows(args[0])
    if whole is None:
        raise Uncut
    sizes = (
        [_number(s) for s in size]
        if isinstance(size, list | tuple)
        else ([_number(size)] * (whole // _number(size)))
    )
    ends = np.cumsum([0, *sizes])
    return tuple(cut(args[0], int(a), int(b)) for a, b in pairwise(ends))


def _item(args: list[Any], options: dict[str, Any]) -> Any:
    whole, index = args
    if isinstance(whole, tuple | list):
        return whole[_number(index)]
    last = index[-1] if isinstance(index, tuple) else index
    size = rows(whole)
    if not isinstance(last, slice) or size is None:
        raise Uncut
    first, end, _ = slice(*(p if p is None else int(p) for p in (last.start, last.stop))).indices(
        size
    )
    return cut(whole, first, end)


def _matmul(args: list[Any], options: dict[str, Any]) -> Any:
    a, b = args
    if isinstance(b, Weights) and b.array.ndim == 2:  # a row times a matrix
        return Affine(((b.array.T, a),), None)
    if isinstance(a, Weights) and a.array.ndim == 2:
        return Affine(((a.array, b),), None)
    raise Uncut


def _linear(args: list[Any], options: dict[str, Any]) -> Any:
    bias = args[2] if len(args) > 2 else options.get("bias")
    matrix = args[1] if len(args) > 1 else options["weight"]
    return Affine(((matrix.array, args[0]),), None if bias is None else bias.array)


def _addmm(args: list[Any], options: dict[str, Any]) -> Any:
    return added(_matmul(args[1:], {}), args[0])


def _transposed(args: list[Any], options: dict[str, Any]) -> Any:
    return Weights(args[0].array.T)


def _attribute(args: list[Any], options: dict[str, Any]) -> Any:
    if args[1] not in ("T", "mT"):
        raise Uncut
    return Weights(args[0].array.T)


def _minus(args: list[Any], options: dict[str, Any]) -> Any:
    a, b = args
    if isinstance(b, Affine):
        b = Affine(tuple((-m, v) for m, v in b.terms), None if b.bias is None else -b.bias)
        return (
            added(a, b) if isinstance(a, Affine | Weights) else TracedCall("{} + {}", (a, b), True)
        )
    return TracedCall("{} - {}", (a, b), loose=True)


Operation = Callable[[list[Any], dict[str, Any]], Any]

#: What else a step may do.
OPERATIONS: dict[str, Operation] = {
    "add": lambda a, o: added(*a),
    "sub": _minus,
    "rsub": lambda a, o: _minus(a[::-1], o),
    "mul": lambda a, o: TracedCall("{} * {}", tuple(a)),
    "truediv": lambda a, o: TracedCall("{} / {}", tuple(a)),
    "div": lambda a, o: TracedCall("{} / {}", tuple(a)),
    "neg": lambda a, o: TracedCall("-{}", (a[0],)),
    "pow": lambda a, o: TracedCall("{} ** {}", tuple(a)),
    "square": lambda a, o: TracedCall("{} ** 2", (a[0],)),
    "chunk": _parts,
    "split": _split,
    "getitem": _item,
    "cat": lambda a, o: Concatenated(tuple(a[0])),
    "concat": lambda a, o: Concatenated(tuple(a[0])),
    "matmul": _matmul,
    "mm": _matmul,
    "linear": _linear,
    "addmm": _addmm,
    "t": _transposed,
    "transpose": _transposed,
    "getattr": _attribute,
    "contiguous": lambda a, o: a[0],
    "clone": lambda a, o: a[0],
}
