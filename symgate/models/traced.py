"""Expressions of a traced module: affine parts keep their matrices, so that they can be cut.

`z, r = self.gates(torch.cat([x, h])).chunk(2)` is one matrix in the module and two gates in the
cell: an affine part is cut by its rows, and what stands around it by cutting what is inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class TracedNumber:
    """A constant."""

    value: float


@dataclass(frozen=True, eq=False)
class Variable:
    """An input, a state or an equation that is written already, by its text: h[t-1]."""

    text: str
    rows: int | None = None


@dataclass(frozen=True, eq=False)
class Concatenated:
    """Vectors one above the other."""

    parts: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Weights:
    """A parameter of the module: a vector, or a matrix before it is used."""

    array: Array


@dataclass(frozen=True, eq=False)
class Affine:
    """A sum of matrices times expressions, and a bias."""

    terms: tuple[tuple[Array, Any], ...]
    bias: Array | None


@dataclass(frozen=True, eq=False)
class TracedCall:
    """An operation on expressions; `form` has a place {} for each."""

    form: str
    args: tuple[Any, ...]
    loose: bool = False


class Uncut(Exception):
    """A slice of something whose rows are not known."""


def rows(e: Any) -> int | None:
    """How many rows an expression has, where that is known."""
    if isinstance(e, Affine):
        return len(e.terms[0][0])
    if isinstance(e, Weights):
        return len(e.array) if e.array.ndim else None
    if isinstance(e, Variable):
        return e.rows
    if isinstance(e, TracedCall):
        return next((r for a in e.args if (r := rows(a)) is not None), None)
    return None


def cut(e: Any, first: int, last: int) -> Any:
    """Some rows of an expression."""
    if isinstance(e, Affine):
        bias = None if e.bias is None else e.bias[first:last]
        return Affine(tuple((m[first:last], v) for m, v in e.terms), bias)
    if isinstance(e, Weights) and e.array.ndim == 1 and len(e.array) > 1:
        return Weights(e.array[first:last])
    if isinstance(e, TracedNumber | Weights):
        return e
    if isinstance(e, TracedCall):
        return replace(e, args=tuple(cut(a, first, last) for a in e.args))
    raise Uncut


def added(a: Any, b: Any) -> Any:
    """A sum; affine parts become one."""
    if isinstance(a, Weights) and isinstance(b, Affine):
        a, b = b, a
    if isinstance(a, Affine) and isinstance(b, Affine):
        bias = b.bias if a.bias is None else a.bias if b.bias is None else a.bias + b.bias
        return Affine((*a.terms, *b.terms), bias)
    if isinstance(a, Affine) and isinstance(b, Weights) and b.array.ndim == 1:
        return Affine(a.terms, b.array if a.bias is None else a.bias + b.array)
    return TracedCall("{} + {}", (a, b), loose=True)


def is_plain(e: Any) -> bool:
    """Whether an expression is better written where it is used than as an equation."""
    return isinstance(e, Affine | Weights | TracedNumber | Variable | Concatenated | tuple | list)


class TracedWriter:
    """Writes expressions in the language, and names their weights by the equation they are in."""

    def __init__(self, inputs: tuple[str, ...]) -> None:
        self.inputs = inputs
        self.params: dict[str, Array] = {}
        self.written: dict[int, tuple[Any, str]] = {}
        self.hints: dict[int, str] = {}

    def text(self, e: Any, name: str, inside: bool = False) -> str:
        """An expression for the equation `name`; a sum in parentheses where it is `inside`."""
        if isinstance(e, TracedNumber):
            return f"{e.value:g}" if float(f"{e.value:g}") == e.value else repr(e.value)
        if isinstance(e, Variable):
            return e.text
        if isinstance(e, Concatenated):
            return f"[{', '.join(self.text(p, name) for p in e.parts)}]"
        if isinstance(e, TracedCall):
            bare = e.form.startswith("{}") or e.form.startswith("-")
            found = e.form.format(*(self.text(a, name, bare) for a in e.args))
            return f"({found})" if inside and bare else found
        if id(e) not in self.written:
            self.written[id(e)] = (e, self.weights(e, self.hints.get(id(e), name)))
        found = self.written[id(e)][1]
        return f"({found})" if inside and isinstance(e, Affine) else found

    def weights(self, e: Any, name: str) -> str:
        if isinstance(e, Weights):
            if e.array.size == 1:
                return self.kept("s", name, e.array.reshape(()))
            return self.kept("p", name, e.array)
        parts = []
        for matrix, vector in e.terms:
            is_state = isinstance(vector, Variable) and vector.text.endswith("[t-1]")
            letter = "U" if is_state else "W"
            shown = self.text(vector, name, inside=True)
            parts.append(f"{self.kept(letter, name, matrix)} @ {shown}")
        if e.bias is not None:
            parts.append(self.kept("b", name, e.bias))
        return " + ".join(parts)

    def kept(self, letter: str, name: str, array: Array) -> str:
        """A free name for a parameter: W_z, then V_z; b_z, then c_z."""
        following: Mapping[str, str] = {"W": "WVQR", "U": "UMNK", "b": "bcde", "p": "pq", "s": "sk"}
        names = [f"{x}_{name}" for x in following[letter]]
        names += [f"{letter}{k}_{name}" for k in range(2, 100)]
        free = next(n for n in names if n not in self.params)
        self.params[free] = np.array(array, dtype=np.float64)
        return free
