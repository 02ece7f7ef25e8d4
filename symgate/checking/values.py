"""What a formula can say of a cell: numbers, vectors and operators, each with its place.

A vector in a row or a column of its own is an operator too: δ_t x_tᵀ is a product of two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from math import prod
from typing import Any

from sympy import Expr

from symgate.checking.summands import Summands
from symgate.reading.trees import Tree

#: What may be read in two ways: the first way of each is the one that is meant as a rule.
WAYS = {
    "beside": ("diag", "product"),
    "broadcast": ("rows", "columns"),
    "partial": ("total", "direct"),
    "slope": ("as written", "of the gate"),
    "one": ("identity",),
    "time": ("now", "before"),
    "delta": ("value", "argument"),
    "small": ("of the loss", "change"),
    "loss": ("each step", "last step"),
    "share": ("of the step", "all"),
    "tensor": ("of products", "of factors"),
    "handed": ("all", "by itself"),
    "gradient": ("column", "row"),
    "order": ("later to the left", "as it runs"),
    "reach": ("to the end", "the bracket"),
}

WHY = {
    "beside": "a vector beside a matrix may be meant as diag(…) or as a product",
    "broadcast": "a product by components may scale the matrix's rows or its columns",
    "partial": "a partial derivative may hold the other values fixed or not",
    "slope": "the slope is taken of a gate's value, not of what the gate acts on",
    "one": "a number stands where a matrix belongs",
    "time": "a state stands without its time",
    "delta": "δ may be the derivative by the state or by what its activation acts on",
    "small": "δ may be the derivative of the loss or a small change",
    "loss": "the loss may read every step or the last one only",
    "share": "L_t may be what the loss reads at t or all of it",
    "handed": "δ of a state may hold what goes through the other states of its step, or not",
    "gradient": "the derivative of the loss may be a column or a row",
    "tensor": "⊗ may bind before or after what stands side by side",
    "order": "a product may run from either end",
    "reach": "a product over steps may run over all that follows or over the bracket alone",
}

#: What is meant in one way throughout, of each derivative or of all: where both are wrong,
#: nothing else can be meant.
CLOSED = {
    "delta",
    "small",
    "loss",
    "share",
    "order",
    "reach",
    "tensor",
    "handed",
    "gradient",
    "partial",
    "beside",
}

#: What is said of a reading that is not the first.
NOTES = {
    ("partial", "direct"): "∂a/∂b holds the other values fixed",
    ("delta", "argument"): "δ is the derivative by what the activation acts on",
    ("small", "change"): "δ is a small change",
    ("share", "all"): "L_t is all of the loss",
    ("loss", "last step"): "the loss reads the last step only",
    ("handed", "by itself"): "δ of a state is what later steps pass back to it by itself",
    ("gradient", "row"): "the derivative of the loss is a row",
    ("order", "as it runs"): "the later steps of a product are meant to stand on the left",
}


class NotUnderstood(Exception):
    """What a formula says is not clear; where."""

    def __init__(self, message: str, at: Any, mend: str = "") -> None:
        super().__init__(message)
        self.message, self.start, self.stop, self.mend = message, at.start, at.stop, mend


class NoSuchName(NotUnderstood):
    """A name that is none of the cell's."""


def further(one: NotUnderstood, other: NotUnderstood) -> bool:
    """Whether one reading went further than another before it failed."""
    names = isinstance(one, NoSuchName), isinstance(other, NoSuchName)
    return one.start > other.start if names[0] == names[1] else names[1]


class Later(NotUnderstood):
    """A value of a step later than the one that a claim is read at."""

    def __init__(self, steps: int, at: Any) -> None:
        super().__init__("this lies in a later step", at)
        self.steps = steps


class Mentions(NotUnderstood):
    """Something that changes how the rest is read: a change of an input, a part of a δ."""

    def __init__(self, what: str, at: Any) -> None:
        super().__init__("this is not understood here", at)
        self.what = what


@dataclass(frozen=True)
class VectorRead:
    """A vector expression; a number where it has no size, and I where it is a `unit`.

    `ones` is "column" or "row" where it is a vector of ones, of whatever length is due.
    """

    expr: Expr
    size: Expr | None
    unit: bool = False
    ones: str = ""


@dataclass(frozen=True)
class Transform:
    """A matrix as a sum of products; `factors` are what it was multiplied out of, `grid` are the
    rows of matrices that it was put together from.

    The change of a matrix of the step is a column (or a row) that remembers that one's shape.
    """

    parts: Summands
    rows: Expr
    cols: Expr
    factors: tuple[Transform, ...] = field(default=(), compare=False, repr=False)
    grid: tuple[tuple[Transform, ...], ...] = field(default=(), compare=False, repr=False)
    matrix: tuple[Expr, Expr] | None = field(default=None, compare=False, repr=False)

    def at(self, place: Any) -> Transform:
        """The same, found at a place of the text."""
        parts = tuple(replace(s, start=place.start, stop=place.stop) for s in self.parts)
        return replace(self, parts=parts)

    def scaled(self, number: Expr) -> Transform:
        """A number times it."""
        parts = tuple(s.scaled(number) for s in self.parts)
        return replace(self, parts=parts, factors=(), grid=())

    @property
    def turned(self) -> Transform:
        parts = tuple(s.turned() for s in self.parts)
        return Transform(parts, self.cols, self.rows, matrix=self.matrix)


Value = VectorRead | Transform


@dataclass(frozen=True)
class Extent:
    """A place in the text: its first character, and the one behind its last."""

    start: int
    stop: int


Place = Tree | Extent


@dataclass(frozen=True)
class NamedMoment:
    """A name of the cell at a time: 0 for t, -1 for t - 1."""

    name: str
    time: int


@dataclass
class Seen:
    """What a reader met: the variables with their places, and what had two readings."""

    moments: list[tuple[NamedMoment, int, int]] = field(default_factory=list)
    chosen: dict[str, str] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)

    def forget(self) -> None:
        """Begin anew: the same text is read again."""
        self.moments.clear()
        self.chosen.clear()
        self.times.clear()

    def doubts(self, all_tried: bool) -> Iterable[str]:
        """What could have been meant otherwise still."""
        for key in self.chosen:
            kind = kind_of(key)
            often = self.times[key] > 1 or len(WAYS[kind]) == 1 or kind == "time"
            if (often and kind not in CLOSED) or not all_tried:
                yield kind


def kind_of(key: str) -> str:
    """What of two readings this is: "partial" of "partial: h c 1"."""
    return key.partition(":")[0]


#: So many ways to choose are laid out; beyond them each kind is read in one way throughout.
MOST_WAYS = 4096


def too_many(keys: Sequence[str]) -> bool:
    """Whether so much can be read in two ways that not every choice is laid out."""
    return prod(len(WAYS[kind_of(key)]) for key in keys) > MOST_WAYS


def choices(keys: Sequence[str]) -> list[dict[str, str]]:
    """All ways to choose, those first that read each kind in one way throughout."""
    if too_many(keys):
        kinds = list(dict.fromkeys(map(kind_of, keys)))
        alike = (dict(zip(kinds, w, strict=True)) for w in product(*(WAYS[k] for k in kinds)))
        return [{key: ways[kind_of(key)] for key in keys} for ways in alike]
    made = [
        dict(zip(keys, ways, strict=True)) for ways in product(*(WAYS[kind_of(k)] for k in keys))
    ]
    return sorted(made, key=lambda chosen: len({(kind_of(k), way) for k, way in chosen.items()}))
