"""The steps of a cell written onto a tape for the compiled engine: a semantics of `fold`.

The samples of a step lie one below the other, (steps, B, n); the arrays that come out are
views of them in the layout of a run, (steps, n, B).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from ctypes import CDLL
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Rational

from symgate.algebra.fold import Semantics, fold, function_name
from symgate.algebra.vectors import MatVec, name_of, rank, time_of, variable
from symgate.numerics.loop import Loop, Progress, advance
from symgate.numerics.run import Run, Window
from symgate.numerics.schedule import Activation, Elementwise, Product, leaves, split_stacks
from symgate.numerics.tape import OPERATIONS, Place, Tape

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Minus:
    """The negative of a place, not yet worked out: a sum subtracts it."""

    of: Place


#: A number that stands for all components, or where a vector lies at a step.
Value = float | Place | Minus

#: The instructions on numbers alone.
NUMBERS: dict[str, Callable[..., Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": np.divide,
    "neg": operator.neg, "pow": np.power, "max": max, "min": min, "abs": abs, "erf": math.erf,
    "erfc": math.erfc, "step": lambda a: a > 0, "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    **{n: getattr(np, n) for n in ("tanh", "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos")},
    "sign": np.sign,
}  # fmt: skip


class NotForTape(Exception):
    """Something that the compiled engine has no instruction for."""


class CompiledLoop:
    """As a `Loop`: runs any stretch of a sequence in the compiled engine."""

    def __init__(self, frame: Run, library: CDLL) -> None:
        self.frame, self.library, self.loop = frame, library, Loop(frame)

    def run(
        self, start: int, stop: int, state: Mapping[str, Array], progress: Progress | None = None
    ) -> dict[str, Array]:
        """The kept values of the steps start … stop - 1; states have the one before first."""
        try:
            written = _Written(self.loop, self.library, start, stop)
        except NotForTape:
            return self.loop.run(start, stop, state, progress)
        for name, value in state.items():
            written.arrays[name][0] = value.T
        samples = self.frame.samples

        def some(first: int, last: int) -> None:
            written.tape.run(first, last, (0, samples))

        advance(self.frame, written.kept, start, stop - start, some, progress)
        return {name: written.kept[name] for name in self.loop.plan.kept}


class _Written(Semantics):
    """A stretch of steps on a tape, with its arrays."""

    known: dict[Any, Any]

    def __init__(self, loop: Loop, library: CDLL, start: int, stop: int) -> None:
        self.loop, self.frame, self.plan = loop, loop.frame, loop.plan
        self.known = {}
        self.tape, self.length = Tape(library), stop - start
        self.arrays: dict[str, Array] = {
            name: self.empty(self.length + 1, loop.rows(name)) for name in loop.lin.cell.states
        }
        self.kept = {name: _inward(array) for name, array in self.arrays.items()}
        self.ahead = Window(self.frame, start, stop, self.kept, start)
        with np.errstate(all="ignore"):
            loop.drive(self.ahead)
            for name in self.plan.driven:
                whole = self.values(split_stacks(loop.lin[name].expression), loop.rows(name))
                if name in loop.lin.cell.states:
                    self.arrays[name][1:] = whole
                elif name in self.plan.kept:
                    self.keep(name, np.array(whole, order="C"))
            for op in self.plan.operations:
                if isinstance(op, Product):
                    self.product(op)
                elif isinstance(op, Activation):
                    self.activation(op)
                else:
                    self.elementwise(op)

    def empty(self, steps: int, width: int) -> Array:
        return np.empty((steps, self.frame.samples, width))

    def keep(self, name: str, array: Array) -> None:
        self.arrays[name], self.kept[name] = array, _inward(array)

    def values(self, e: Expr, width: int) -> Array:
        """What is known ahead, (steps, B, n)."""
        found = np.broadcast_to(self.ahead.value(e), (self.length, width, self.frame.samples))
        return np.moveaxis(found, -1, -2)

    # -- operations ------------------------------------------------------------------------

    def product(self, op: Product) -> None:
        stacked = self.loop.stacks[id(op)].T
        source = self.leaf(op.source)
        out = self.tape.rows(self.frame.samples, stacked.shape[1])
        whole = Place(out, stacked.shape[1])
        if not isinstance(source, Place):
            raise NotForTape
        self.tape.do("times", whole, source, self.tape.packed(stacked), k=len(stacked))
        row = 0
        for target, matrix in zip(op.targets, op.matrices, strict=True):
            height = self.frame.size(matrix.rows)
            self.known[target] = Place(out, height, first=row)
            row += height

    def activation(self, op: Activation) -> None:
        """One activation of a block of nodes, in place over their drives."""
        heights = [self.loop.rows(name) for name in op.nodes]
        firsts = np.cumsum([0, *heights]).tolist()
        block = self.empty(self.length, firsts[-1])
        for name, drive, first, height in zip(op.nodes, op.drives, firsts, heights, strict=False):
            part = block[..., first : first + height]
            part[...] = self.values(drive, height)
            if name not in self.loop.lin.cell.states:
                self.keep(name, part)
        for first, product in self.summands(op, firsts):
            place = Place(block, product.n, moves=True, first=first)
            self.tape.do("add", place, place, product)
        now = Place(block, firsts[-1], moves=True)
        constants = [self.number(a) for a in op.function.args[1:]]
        self.write(now, self.apply([now, *constants], op.function))
        for name, first, height in zip(op.nodes, firsts, heights, strict=False):
            if name in self.loop.lin.cell.states:
                self.tape.do("copy", self.own(name), Place(block, height, moves=True, first=first))

    def summands(self, op: Activation, firsts: Sequence[int]) -> list[tuple[int, Place]]:
        """(first column, what to add there): products that lie beside each other in the order
        in which the block uses them are added at once."""
        found: list[tuple[int, Place]] = []
        for product, first in zip(op.products, firsts, strict=False):
            if product is None:
                continue
            part = self.known[product]
            start, last = found[-1] if found else (0, part)
            joins = last.array is part.array and last.first + last.n == part.first
            if joins and start + last.n == first:
                found[-1] = start, Place(last.array, last.n + part.n, first=last.first)
            else:
                found.append((first, part))
        return found

    def elementwise(self, op: Elementwise) -> None:
        for name, expression in zip(op.nodes, op.expressions, strict=True):
            for leaf in leaves(expression):
                self.leaf(leaf)
            value = fold(expression, self)
            if name in self.plan.kept:
                if name not in self.arrays:
                    self.keep(name, self.empty(self.length, self.loop.rows(name)))
                self.write(self.own(name), value)
                value = self.own(name)
            self.known[variable(name)] = value

    def own(self, name: str) -> Place:
        """Where the value of a node lies at its step."""
        array = self.arrays[name]
        return Place(array, array.shape[-1], moves=True, origin=len(array) - self.length)

    def leaf(self, e: Expr) -> Value:
        """A variable, parameter or product that is known before the expression it stands in."""
        if e not in self.known:
            self.known[e] = self.found(e)
        return self.known[e]

    def found(self, e: Expr) -> Value:
        if e.is_Symbol:
            value = self.frame.params[name_of(e)]
            return Place(np.ascontiguousarray(value), len(value)) if value.ndim else float(value)
        if rank(e) != 1:
            raise NotForTape
        name = None if isinstance(e, MatVec) else name_of(e)
        if name in self.arrays:
            if time_of(e) == 0:
                return self.own(name)
            return Place(self.arrays[name], self.arrays[name].shape[-1], moves=True)
        width = self.frame.size(e.matrix.rows if name is None else self.loop.lin.size(name))
        array = np.ascontiguousarray(self.values(e, width))
        return Place(array, width, moves=True)

    def write(self, out: Place, value: Value) -> None:
        """Bring a value to a place; what has just been worked out goes there at once."""
        if isinstance(value, Place) and self.tape.redirect(value, out):
            for key, held in self.known.items():
                if held is value:
                    self.known[key] = out
        elif value is not out:
            self.tape.do("copy", out, self.spread(value, out.n))

    # -- the meaning of nodes --------------------------------------------------------------

    def parameter(self, e: Any) -> Value:
        return self.found(e)

    def number(self, e: Expr) -> float:
        return float(e.p) / float(e.q) if isinstance(e, Rational) else float(e)

    def add(self, parts: Sequence[Value], e: Any) -> Value:
        plus = [p for p in parts if not isinstance(p, Minus)]
        value = self.chained("add", plus) if plus else 0.0
        for part in parts:
            if isinstance(part, Minus):
                value = self.do("sub", [value, part.of])
        return value

    def multiply(self, parts: Sequence[Value], e: Any) -> Value:
        rest = [p for p in parts if not isinstance(p, float) or p != -1]
        value = self.chained("mul", rest)
        if (len(parts) - len(rest)) % 2 == 0:
            return value
        return Minus(value) if isinstance(value, Place) else self.do("neg", [value])

    def chained(self, name: str, parts: Sequence[Value]) -> Value:
        if not parts:
            return 1.0
        value, *rest = sorted(parts, key=lambda p: not isinstance(p, Place))
        for part in rest:
            value = self.do(name, [value, part])
        return value

    def power(self, base: Value, exponent: Value, e: Any) -> Value:
        if not isinstance(exponent, float) or not exponent.is_integer() or abs(exponent) > 16:
            return self.do("sqrt", [base]) if exponent == 0.5 else self.do("pow", [base, exponent])
        if exponent < 0:
            return self.do("div", [1.0, self.power(base, -exponent, e)])
        if exponent == 1:
            return base
        half = self.power(base, exponent // 2, e)
        square = self.do("mul", [half, half])
        return self.do("mul", [square, base]) if exponent % 2 else square

    def apply(self, arguments: Sequence[Value], e: Any) -> Value:
        name = function_name(e)
        if name in OPERATIONS:
            return self.do(name, arguments)
        value: Value = super().apply(arguments, e)
        return value

    def do(self, name: str, parts: Sequence[Value]) -> Value:
        """One instruction on values of one width; a number is spread over it."""
        parts = [self.do("neg", [p.of]) if isinstance(p, Minus) else p for p in parts]
        widths = {p.n for p in parts if isinstance(p, Place)}
        if not widths:
            return float(NUMBERS[name](*parts))
        if len(widths) != 1:
            raise NotForTape
        width = widths.pop()
        out = Place(np.empty((self.frame.samples, width)), width)
        self.tape.do(name, out, *(self.spread(p, width) for p in parts))
        return out

    def spread(self, value: Value, width: int) -> Place:
        if isinstance(value, Minus):
            value = self.do("neg", [value.of])
        if isinstance(value, Place):
            return value
        key = value, width
        if key not in self.known:
            self.known[key] = Place(np.full(width, value), width)
        return self.known[key]


def _inward(array: Array) -> Array:
    """(steps, B, n) seen as (steps, n, B)."""
    return np.moveaxis(array, -1, -2)
