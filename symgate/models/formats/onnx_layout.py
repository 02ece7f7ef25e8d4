"""What a recurrent node of ONNX reads: the graph's input, or another's output laid out anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

#: Operations that hand on what they get, and those that only lay it out anew.
PASSING = ("Identity", "Cast", "Dropout")
LAYING = (*PASSING, "Squeeze", "Unsqueeze", "Transpose", "Reshape")

Constant = Callable[[str], Any]


def said(node: Any) -> dict[str, Any]:
    """The attributes of a node by name."""
    return {a.name: a for a in node.attribute}


def way_to(name: str, makers: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """The value that a value is, laid out anew by some operations, the first of them first."""
    way: list[Any] = []
    while (node := makers.get(name)) is not None and node.op_type in LAYING and len(way) < 50:
        way.insert(0, node)
        name = node.input[0]
    return name, way


def is_handed_on(maker: Any, way: list[Any], reader: Any, constant: Constant) -> bool:
    """Whether what `reader` reads is the output of `maker` step by step, sample by sample, both
    directions side by side.

    The axes are followed by name: t steps, b samples, d directions, h units, 1 of size one.
    """
    about = said(maker)
    alone = "direction" not in about or about["direction"].s != b"bidirectional"
    d = "1" if alone else "d"
    axes: list[str] | None = ["b", "t", d, "h"] if _first(about) else ["t", d, "b", "h"]
    for node in way:
        axes = None if axes is None else _after(node, axes, constant)
    lead = ["b", "t"] if _first(said(reader)) else ["t", "b"]
    return axes == [*lead, "h" if alone else "dh"]


def _first(about: Mapping[str, Any]) -> bool:
    return "layout" in about and bool(about["layout"].i)


def _after(node: Any, axes: list[str], constant: Constant) -> list[str] | None:
    """The axes after an operation; nothing where they are no longer known."""
    about, kind = said(node), node.op_type
    given = constant(node.input[1]) if len(node.input) > 1 and kind not in PASSING else None
    if kind == "Transpose":
        order = list(about["perm"].ints) if "perm" in about else range(len(axes))[::-1]
        return [axes[i] for i in order] if len(order) == len(axes) else None
    if kind == "Reshape":
        return None if given is None else _reshaped(axes, [int(n) for n in given])
    if kind in PASSING:
        return axes
    where = about["axes"].ints if "axes" in about else given
    if where is None:
        return [a for a in axes if a != "1"] if kind == "Squeeze" else None
    places = {int(i) for i in np.atleast_1d(where)}
    count = len(axes) + (len(places) if kind == "Unsqueeze" else 0)
    places = {i % count for i in places}
    if kind == "Squeeze":
        kept = [a for i, a in enumerate(axes) if i not in places]
        return kept if all(axes[i] == "1" for i in places) else None
    rest = iter(axes)
    return ["1" if i in places else next(rest) for i in range(count)]


def _reshaped(axes: list[str], shape: list[int]) -> list[str] | None:
    """The axes after a reshape that keeps the leading ones and joins the others; a size in
    numbers could be that of another axis."""
    lead = len(shape) - 1
    if shape[:lead] != [0] * lead or lead >= len(axes):
        return None
    axis = "".join(a for a in axes[lead:] if a != "1")
    return [*axes[:lead], axis] if axis in ("h", "dh") else None
