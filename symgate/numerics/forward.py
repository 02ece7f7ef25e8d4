"""The steps of a cell written onto a tape for the compiled engine.

The samples of a step lie one below the other, (steps, B, n); the arrays that come out are
views of them in the layout of a run, (steps, n, B).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ctypes import CDLL
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Add, Expr

from symgate.numerics.loop import Loop, Progress, advance
from symgate.numerics.recipe import Block, Leaf, NotForTape, Register, recipe
from symgate.numerics.run import Run, Window
from symgate.numerics.schedule import Activation, Product, split_stacks
from symgate.numerics.tape import Place, Tape

Array = NDArray[Any]

#: A number that stands for all components, or where a vector lies at a step.
Value = float | Place


class CompiledLoop:
    """As a `Loop`: runs any stretch of a sequence in the compiled engine."""

    def __init__(self, frame: Run, library: CDLL) -> None:
        self.frame, self.library, self.loop = frame, library, Loop(frame)

    def run(
        self, start: int, stop: int, state: Mapping[str, Array], progress: Progress | None = None
    ) -> dict[str, Array]:
        """The kept values of the steps start … stop - 1; states have the one before first."""
        try:
            blocks = recipe(self.frame.cell)
        except NotForTape:
            return self.loop.run(start, stop, state, progress)
        written = _Written(self.loop, blocks, self.library, start, stop)
        for name, value in state.items():
            written.arrays[name][0] = value.T
        samples = self.frame.samples

        def some(first: int, last: int) -> None:
            written.tape.run(first, last, (0, samples))

        advance(self.frame, written.kept, start, stop - start, some, progress)
        return {name: written.kept[name] for name in self.loop.plan.kept}


class _Written:
    """A stretch of steps on a tape, with its arrays."""

    def __init__(
        self, loop: Loop, blocks: Mapping[int, Block], library: CDLL, start: int, stop: int
    ) -> None:
        self.loop, self.frame, self.plan = loop, loop.frame, loop.plan
        self.tape, self.length = Tape(library), stop - start
        self.states = loop.lin.cell.states
        self.arrays = {s: self.empty(self.length + 1, loop.rows(s)) for s in self.states}
        self.kept = {name: _inward(array) for name, array in self.arrays.items()}
        self.ahead = Window(self.frame, start, stop, self.kept, start)
        self.products: dict[Expr, Place] = {}
        self.held: dict[Register, Value] = {}
        with np.errstate(all="ignore"):
            loop.drive(self.ahead)
            for name in self.plan.driven:
                whole = self.values(split_stacks(loop.lin[name].expression), loop.rows(name))
                if name in self.states:
                    self.arrays[name][1:] = whole
                elif name in self.plan.kept:
                    self.keep(name, np.array(whole, order="C"))
            for place, op in enumerate(self.plan.operations):
                if isinstance(op, Product):
                    self.product(op, blocks[place])
                elif isinstance(op, Activation):
                    self.activation(op, blocks[place])
                else:
                    self.block(blocks[place], None)

    def empty(self, steps: int, width: int) -> Array:
        return np.empty((steps, self.frame.samples, width))

    def keep(self, name: str, array: Array) -> None:
        self.arrays[name], self.kept[name] = array, _inward(array)

    def values(self, e: Expr, width: int) -> Array:
        """What is known ahead, (steps, B, n)."""
        found = np.broadcast_to(self.ahead[e], (self.length, width, self.frame.samples))
        return _inward(found)

    def own(self, name: str, before: bool = False) -> Place:
        """Where the value of a node lies at its step, or at the step before."""
        if name not in self.arrays:
            self.keep(name, self.empty(self.length, self.loop.rows(name)))
        array = self.arrays[name]
        origin = 0 if before else len(array) - self.length
        return Place(array, array.shape[-1], moves=True, origin=origin)

    # -- operations ------------------------------------------------------------------------

    def product(self, op: Product, made: Block) -> None:
        self.block(made, None)
        stacked = self.loop.stacks[id(op)].T
        out = self.tape.rows(self.frame.samples, stacked.shape[1])
        whole, source = Place(out, stacked.shape[1]), self.value(made.source)
        assert isinstance(source, Place)
        self.tape.do("times", whole, source, self.tape.packed(stacked), k=len(stacked))
        row = 0
        for target, matrix in zip(op.targets, op.matrices, strict=True):
            height = self.frame.size(matrix.rows)
            self.products[target] = Place(out, height, first=row)
            row += height

    def activation(self, op: Activation, made: Block) -> None:
        """One activation of a block of nodes, in place over their drives."""
        heights = [self.loop.rows(name) for name in op.nodes]
        firsts = np.cumsum([0, *heights]).tolist()
        block = self.empty(self.length, firsts[-1])
        for name, drive, first, height in zip(op.nodes, op.drives, firsts, heights, strict=False):
            part = block[..., first : first + height]
            one, *others = (self.values(term, height) for term in Add.make_args(drive))
            np.add(one, others.pop(), out=part) if others else np.copyto(part, one)
            for other in others:
                part += other
            if name not in self.states:
                self.keep(name, part)
        for first, product in self.summands(op, firsts):
            place = Place(block, product.n, moves=True, first=first)
            self.tape.do("add", place, place, product)
        self.block(made, Place(block, firsts[-1], moves=True))
        for name, first, height in zip(op.nodes, firsts, heights, strict=False):
            if name in self.states:
                self.tape.do("copy", self.own(name), Place(block, height, moves=True, first=first))

    def summands(self, op: Activation, firsts: Sequence[int]) -> list[tuple[int, Place]]:
        """(first column, what to add there): products that lie beside each other in the order
        in which the block uses them are added at once."""
        found: list[tuple[int, Place]] = []
        for product, first in zip(op.products, firsts, strict=False):
            if product is None:
                continue
            part = self.products[product]
            start, last = found[-1] if found else (0, part)
            joins = last.array is part.array and last.first + last.n == part.first
            if joins and start + last.n == first:
                found[-1] = start, Place(last.array, last.n + part.n, first=last.first)
            else:
                found.append((first, part))
        return found

    def block(self, block: Block, now: Place | None) -> None:
        """Instructions; one without a name to write to works on what is activated."""
        if now is not None and block.source is not None:
            self.held[block.source] = now
        for do in block.instructions:
            parts = [p if isinstance(p, float) else self.value(p) for p in do.parts]
            if isinstance(do.out, Register):
                self.held[do.out] = self.tape.element(do.name, parts, self.frame.samples)
                continue
            out = now if now is not None and not do.out else self.own(do.out)
            self.tape.element(do.name, parts, self.frame.samples, out)

    # -- values ----------------------------------------------------------------------------

    def value(self, register: Register | None) -> Value:
        assert register is not None
        if register in self.held:
            return self.held[register]
        assert register.leaf is not None
        value = self.held[register] = self.read(register.leaf)
        return value

    def read(self, leaf: Leaf) -> Value:
        """Where something that a step reads lies; what is known ahead is worked out here."""
        if leaf.kind == "parameter":
            array = self.frame.params[leaf.name]
            return Place(np.ascontiguousarray(array), len(array)) if array.ndim else float(array)
        if leaf.kind == "product" and leaf.expression in self.products:
            return self.products[leaf.expression]
        if leaf.name in self.arrays:
            return self.own(leaf.name, leaf.kind == "before")
        width = self.frame.size(leaf.size)
        array = np.ascontiguousarray(self.values(leaf.expression, width))
        return Place(array, width, moves=True)


def _inward(array: Array) -> Array:
    """(steps, B, n) seen as (steps, n, B), and the other way."""
    return array.swapaxes(-1, -2)
