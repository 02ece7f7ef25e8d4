"""Marks that only some notations need: one matrix in blocks, gates stacked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Expr, Function, Indexed

from symgate.algebra.activations import record_of
from symgate.algebra.marks import Partial
from symgate.equations.cell import Cell
from symgate.writing.notation import Glyph


@dataclass(frozen=True)
class Concatenation:
    """Matrices or vectors set together in rows and columns; with a glyph, their one name."""

    glyph: Glyph | None
    rows: tuple[tuple[Any, ...], ...]
    is_vector: bool = False


@dataclass(frozen=True)
class StackedGates:
    """How several gates are computed together: activations (W [h; x] + b)."""

    cell: Cell
    gates: tuple[str, ...]
    matrix: Glyph
    vectors: tuple[Expr, ...]
    bias: Glyph | None


@dataclass(frozen=True)
class Equal:
    """Several things that are the same: a = b."""

    parts: tuple[Any, ...]


@dataclass(frozen=True)
class AtLimit:
    """A partial with a gate at 0 or 1: lim (z → 1) ∂h/∂h."""

    gate: Indexed
    value: int
    partial: Partial


@dataclass(frozen=True)
class Acting:
    """What an operator that is no expression does to a vector."""

    operator: AtLimit
    vector: Expr


@dataclass(frozen=True)
class Slope:
    """The derivative of an activation: σ'(v), and where no name stands for it d|v|/dv."""

    function: Function
    letter: str

    @property
    def is_spelled_out(self) -> bool:
        """Whether its function has no name to put a prime on, or more than one argument."""
        return len(self.function.args) > 1 or record_of(self.function).bars
