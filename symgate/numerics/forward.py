"""The steps of a cell written onto a tape for the compiled engine.

The tape is written once for a cell and its sizes. A run binds it to arrays: the samples of a
step lie one below the other, (steps, B, n), and the arrays that come out are views of them in
the layout of a run, (steps, n, B).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from ctypes import CDLL
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Add, Expr, Indexed, Symbol

from symgate.algebra.structure import leaves
from symgate.algebra.vectors import MatVec, as_product
from symgate.equations.cell import Cell
from symgate.numerics.arrays import number_of
from symgate.numerics.loop import Loop, Progress, advance
from symgate.numerics.recipe import Instructions, Leaf, NotForTape, Register, recipe
from symgate.numerics.run import Run, Window, matrix_of
from symgate.numerics.schedule import (
    ActivationBlock,
    ElementwiseBlock,
    ProductBlock,
    schedule,
    split_stacks,
)
from symgate.numerics.tape import TAPES, Bound, Place, Same, Tape, aligned, packed
from symgate.numerics.threads import ONE_THREAD

Array = NDArray[Any]

#: A number that stands for all components, or where a vector lies at a step.
Value = float | Place


class CompiledLoop:
    """As a `Loop`: runs any segment of a sequence in the compiled engine."""

    def __init__(self, planned: Run, library: CDLL) -> None:
        self.planned, self.library = planned, library
        self.written: ForwardTape | None = None
        try:
            cell, samples, scalars = planned.cell, planned.samples, scalars_of(planned)
            vector = int(library.symgate_vector())
            self.written = TAPES.get(
                (Same(cell), frozenset(planned.sizes.items()), samples, scalars, vector),
                lambda: ForwardTape(cell, planned.sizes, samples, dict(scalars), vector),
            )
        except NotForTape:
            self.loop = Loop(planned)
            return
        plan = self.written.plan
        self.packs = {
            ("pack", i): packed(matrix_of(planned, *op.matrices).T, vector)
            for i, op in enumerate(plan.operations)
            if isinstance(op, ProductBlock)
        }
        self.drives = {
            source: matrix_of(planned, *(p.matrix for p in products))
            for source, products in plan.input_products.items()
        }

    def run(
        self, start: int, stop: int, state: Mapping[str, Array], progress: Progress | None = None
    ) -> dict[str, Array]:
        """The kept values of the steps start … stop - 1; states have the one before first."""
        text, planned, length = self.written, self.planned, stop - start
        if text is None:
            return self.loop.run(start, stop, state, progress)
        arrays = {key: empty(length + more, n, planned.samples) for key, n, more in text.made}
        kept = {
            name: arrays[key][:, first : first + n] for name, (key, first, n) in text.kept.items()
        }
        for name, value in state.items():
            kept[name][0] = value
        with ONE_THREAD, np.errstate(all="ignore"):
            window = self.ahead(start, stop, kept)
            for name in text.driven:
                kept[name][len(kept[name]) - length :] = window[text.body(name)]
            for key in text.read:
                arrays[key] = self.known(key, window)
        bound = Bound(text.tape, self.library, {**self.packs, **arrays})

        def some(first: int, last: int) -> None:
            bound.run(first, last, (0, planned.samples))

        advance(planned, kept, start, length, some, progress)
        return kept

    def ahead(self, start: int, stop: int, kept: Mapping[str, Array]) -> Window:
        """What the inputs alone decide, with their products for all steps at once."""
        window = Window(self.planned, start, stop, kept, start)
        self.driven = {}
        for source, stacked in self.drives.items():
            vectors = window[source].swapaxes(1, 2)
            steps, samples, units = vectors.shape
            found = vectors.reshape(steps * samples, units) @ stacked.T
            whole = found.reshape(steps, samples, len(stacked)).swapaxes(1, 2)
            self.driven["drive", source] = whole
            row = 0
            assert self.written is not None
            for product in self.written.plan.input_products[source]:
                height = self.planned.size(product.matrix.rows)
                window.known[product] = whole[:, row : row + height]
                row += height
        return window

    def known(self, key: Any, window: Window) -> Array:
        """What the tape reads and a run knows before it runs."""
        kind, what = key
        if kind == "drive":
            return self.driven[key]
        if kind == "parameter":
            return np.ascontiguousarray(self.planned.params[what])
        if kind == "fixed":  # vectors of parameters, one below the other
            parts = [float(e) if e.is_number else np.ravel(window[e]) for e, _ in what]
            widths = [n for _, n in what]
            return np.concatenate(
                [np.broadcast_to(p, n) for p, n in zip(parts, widths, strict=True)]
            )
        assert kind == "ahead"
        return window[what]


def empty(steps: int, width: int, samples: int) -> Array:
    """(steps, n, B) whose components lie side by side."""
    return aligned(steps * samples * width).reshape(steps, samples, width).swapaxes(1, 2)


def scalars_of(run: Run) -> tuple[tuple[str, float], ...]:
    """The parameters that are a number: a tape holds them."""
    return tuple((name, float(a)) for name, a in run.params.items() if a.ndim == 0)


class ForwardTape:
    """A step on a tape, with the names of the arrays that it needs.

    `made` lists (name, width, one step more) of the arrays that it fills, `kept` where each
    kept value lies in them, `driven` what is known ahead, `read` the names of what it reads.
    """

    def __init__(
        self,
        cell: Cell,
        sizes: Mapping[Symbol, int],
        samples: int,
        scalars: Mapping[str, float],
        vector: int,
    ) -> None:
        self.cell, self.plan, self.samples, self.scalars = cell, schedule(cell), samples, scalars
        self.lin, self.blocks, self.sizes = self.plan.lin, recipe(cell), sizes
        self.tape = Tape(vector)
        self.made: list[tuple[Any, int, int]] = []
        self.kept: dict[str, tuple[Any, int, int]] = {}
        self.read: dict[Any, None] = {}
        self.products: dict[Expr, Place] = {}
        self.held: dict[Register, Value] = {}
        for state in cell.states:
            self.keep(state, more=1)
        for name in self.plan.driven:
            if name in self.plan.kept and name not in self.kept:
                self.keep(name)
        self.driven = [name for name in self.plan.driven if name in self.kept]
        self.uses = self.count_uses()
        self.drives = {
            product: drive
            for op in self.plan.operations
            if isinstance(op, ActivationBlock)
            for product, drive in zip(op.products, op.drives, strict=True)
            if product is not None and self.uses[product] == 1
        }
        for place, op in enumerate(self.plan.operations):
            if isinstance(op, ProductBlock):
                self.product(place, op)
            elif isinstance(op, ActivationBlock):
                self.activation(op, self.blocks[place])
            else:
                self.block(self.blocks[place])
        self.kept = {name: self.kept[name] for name in self.plan.kept}
        self.tape.text()

    def size(self, size: Expr) -> int:
        return int(number_of(size, self.sizes))

    def width(self, name: str) -> int:
        return self.size(self.lin.size(name))

    def body(self, name: str) -> Expr:
        return split_stacks(self.lin[name].expression)

    def keep(self, name: str, more: int = 0) -> None:
        """An array for the values of a node alone."""
        self.made.append((("own", name), self.width(name), more))
        self.kept[name] = ("own", name), 0, self.width(name)

    def own(self, name: str, before: bool = False) -> Place:
        """Where the value of a node lies at its step, or at the step before."""
        if name not in self.kept:
            self.keep(name)
        key, first, n = self.kept[name]
        origin = int(name in self.cell.states and not before)
        return Place(key, n, first, moves=True, origin=origin)

    def count_uses(self) -> Counter[Expr]:
        """How often each product is read; elsewhere than in an activation counts twice."""
        found: Counter[Expr] = Counter()
        for op in self.plan.operations:
            if isinstance(op, ActivationBlock):
                found.update(p for p in op.products if p is not None)
            elif isinstance(op, ElementwiseBlock):
                found.update(
                    2 * [leaf for e in op.expressions for leaf in leaves(e, Indexed, MatVec)]
                )
            else:
                found.update({op.source: 2})
        return found

    # -- operations ------------------------------------------------------------------------

    def product(self, place: int, op: ProductBlock) -> None:
        """A product; what one activation alone adds to it is there before it is."""
        made = self.blocks[place]
        self.block(made)
        source = self.value(made.source)
        assert isinstance(source, Place)
        heights = [self.size(m.rows) for m in op.matrices]
        out = self.tape.rows(self.samples, sum(heights))
        row, parts = 0, []
        for target, height in zip(op.targets, heights, strict=True):
            self.products[target] = out.part(row, height)
            parts.append((self.products[target], self.drives.get(target)))
            row += height
        name = "times"
        if any(drive is not None for _, drive in parts):
            name = "times_add"
            self.drive(parts)
        self.tape.do(name, out, source, Place(("pack", place), out.n, row=0), k=source.n)

    def drive(self, parts: Sequence[tuple[Place, Expr | None]]) -> None:
        """Bring drives to places that lie side by side: what moves plus what does not."""
        terms = [self.terms(drive, out.n) for out, drive in parts]
        fixed = tuple((f, out.n) for (out, _), (_, f) in zip(parts, terms, strict=True))
        whole = sum(n for _, n in fixed)
        first, one = parts[0][0], Place(self.needed("fixed", fixed), whole, row=0)
        if all(not moving for moving, _ in terms):
            self.tape.do("copy", first.part(0, whole), one)
            return
        column = 0
        sums: list[tuple[Place, Place, Place]] = []
        rest: list[tuple[Place, Place]] = []
        for (out, _), (moving, _) in zip(parts, terms, strict=True):
            part = one.part(column, out.n)
            column += out.n
            if not moving:
                self.tape.do("copy", out, part)
                continue
            sums.append((out, moving[0], part))
            rest += [(out, other) for other in moving[1:]]
        for out, moves, part in merged(sums):
            self.tape.do("add", out, moves, part)
        for out, other in rest:
            self.tape.do("add", out, out, other)

    def terms(self, drive: Expr | None, n: int) -> tuple[list[Place], Expr]:
        """The parts of a drive that move with the steps, and the sum of those that do not."""
        moving: list[Expr] = []
        fixed: list[Expr] = []
        for term in Add.make_args(drive) if drive is not None else ():
            (moving if term.atoms(Indexed) else fixed).append(term)
        return [self.moving(term, n) for term in moving], Add(*fixed)

    def moving(self, term: Expr, n: int) -> Place:
        if (product := as_product(term)) is not None:
            products = self.plan.input_products.get(product.vector, ())
            if product in products:
                before = products[: products.index(product)]
                first = sum(self.size(p.matrix.rows) for p in before)
                return Place(self.needed("drive", product.vector), n, first, moves=True)
        return Place(self.needed("ahead", term), n, moves=True)

    def needed(self, kind: str, what: Any) -> Any:
        self.read[kind, what] = None
        return kind, what

    def activation(self, op: ActivationBlock, made: Instructions) -> None:
        """One activation of a block of nodes, from their drives to where they are kept."""
        widths = [self.width(name) for name in op.nodes]
        key, first = ("block", op.nodes), 0
        alone = any(name in self.cell.states for name in op.nodes)
        parts: list[tuple[Place, Place]] = []
        for name, product, drive, n in zip(op.nodes, op.products, op.drives, widths, strict=True):
            if not alone:
                self.kept[name] = key, first, n
                first += n
            if product in self.drives:
                source = self.products[product]
            else:
                source = self.tape.rows(self.samples, n)
                self.drive([(source, drive)])
                if product is not None:
                    self.tape.do("add", source, source, self.products[product])
            parts.append((self.own(name), source))
        if not alone:
            self.made.append((key, first, 0))
        for out, source in merged(parts):
            self.block(made, source, out)

    def block(
        self, block: Instructions, source: Place | None = None, now: Place | None = None
    ) -> None:
        """Instructions; those without a name to write to bring `source` to `now`."""
        if block.source is not None and source is not None:
            self.held[block.source] = source
        for do in block.instructions:
            parts = [p if isinstance(p, float) else self.value(p) for p in do.parts]
            if isinstance(do.out, Register):
                self.held[do.out] = self.tape.element(do.name, parts, self.samples)
                continue
            out = now if now is not None and not do.out else self.own(do.out)
            self.tape.element(do.name, parts, self.samples, out)
        if source is not None and now is not None and all(do.out for do in block.instructions):
            self.tape.do("copy", now, source)

    # -- values ----------------------------------------------------------------------------

    def value(self, register: Register | None) -> Value:
        assert register is not None
        if register not in self.held:
            assert register.leaf is not None
            self.held[register] = self.place(register.leaf)
        return self.held[register]

    def place(self, leaf: Leaf) -> Value:
        """Where something that a step reads lies."""
        if leaf.kind == "parameter":
            if leaf.name in self.scalars:
                return self.scalars[leaf.name]
            width = self.size(self.cell.parameters[leaf.name].shape[0])
            return Place(self.needed("parameter", leaf.name), width, row=0)
        if leaf.kind == "product":
            if leaf.expression in self.products:
                return self.products[leaf.expression]
            return self.moving(leaf.expression, self.size(leaf.size))
        if leaf.name in self.kept:
            return self.own(leaf.name, leaf.kind == "before")
        return Place(self.needed("ahead", leaf.expression), self.size(leaf.size), moves=True)


def merged(parts: Iterable[tuple[Place, ...]]) -> list[tuple[Place, ...]]:
    """Instructions on neighbours, of which each operand goes on where the last ended, as one."""
    found: list[tuple[Place, ...]] = []
    for places in parts:
        last = found[-1] if found else None
        if last and all(a.part(a.n, b.n) == b for a, b in zip(last, places, strict=True)):
            n = last[0].n + places[0].n
            found[-1] = tuple(place.part(0, n) for place in last)
        else:
            found.append(places)
    return found
