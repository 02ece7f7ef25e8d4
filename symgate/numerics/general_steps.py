"""The steps of a run with scalars or matrices of the step, forward: the tangent of the whole state.

It answers what `Steps` and its segments answer for cells of vectors, for the passes that follow
directions of the whole state: a matrix state lies in it row by row.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from sympy import Expr, Mul

from symgate.algebra.vectors import name_of, time_of, variable
from symgate.errors import Diverged, SymgateError
from symgate.linear.linearise import linearise
from symgate.linear.terms import Linearisation
from symgate.numerics.general import Moment, is_general
from symgate.numerics.run import Run
from symgate.numerics.steps import Array, Rows, Steps

#: Numbers that the Jacobian of the whole state may hold.
MOST = 1 << 26


class GeneralSteps:
    """The terms of a step as pushes of arrays; each step of the run is one moment."""

    def __init__(self, run: Run) -> None:
        self.run, self.moment, self.lin = run, Moment(run), linearise(run.cell)
        self.states = run.cell.states
        alive = {*self.states}
        self.pushed: dict[str, list[Expr]] = {}
        for node in self.lin:
            terms = []
            for term in node.terms:
                source, time = name_of(term.source), time_of(term.source)
                if source in (self.pushed if time == 0 else alive):
                    change = moved(source, time, self.lin)
                    change = change if term.map is None else term.map.push(change)
                    terms.append(Mul(*term.coefficient) * change)
            if terms or node.name in alive:
                self.pushed[node.name] = terms
        self.symbols = self.moment.needed(e for terms in self.pushed.values() for e in terms)

    def size(self, name: str) -> int:
        """How many numbers a value holds."""
        return self.run.size(self.lin.size(name))

    @cached_property
    def width(self) -> int:
        """How many numbers the whole state holds."""
        return sum(map(self.size, self.states))

    def prefers_dense(self, rows: int) -> bool:
        """Directions go through the terms; only the whole spectrum needs the Jacobian."""
        return False

    def segment(self, start: int, stop: int) -> GeneralSegment:
        """The steps start … stop - 1."""
        return GeneralSegment(self, start)


class GeneralSegment:
    """Some steps of a run."""

    def __init__(self, steps: GeneralSteps, start: int) -> None:
        self.steps, self.start = steps, start

    def push(self, i: int, d: Rows) -> Rows:
        """One step forward on directions {state before: (B, r, n)}."""
        steps, shapes = self.steps, self.steps.moment.shapes
        arrays = steps.moment.at(self.start + i, steps.symbols)
        assert arrays.known is not None
        for name, rows in d.items():
            change = np.swapaxes(rows, 0, 1)
            shaped = change.reshape((*change.shape[:2], *shapes[name]))
            arrays.known[moved(name, -1, steps.lin)] = shaped
        count, now = next(iter(d.values())).shape[1], dict[str, Array]()
        for name, terms in steps.pushed.items():
            shape = (count, steps.run.samples, *shapes[name])
            total = np.zeros(shape, steps.run.dtype)
            for term in terms:
                total = total + arrays.shaped(term, steps.lin.shape(name))
            arrays.known[moved(name, 0, steps.lin)] = now[name] = total
        out = {}
        for state in steps.states:
            if not np.isfinite(now[state]).all():
                raise Diverged(
                    f"the Jacobian of {steps.run.cell.name} is not finite at step "
                    f"{self.start + i}: a slope overflows or divides by zero"
                )
            out[state] = np.swapaxes(now[state].reshape(count, steps.run.samples, -1), 0, 1)
        return out

    def whole(self, first: int, last: int) -> Array:
        """The whole state's Jacobian of some steps, (last - first, B, N, N)."""
        width, samples = self.steps.width, self.steps.run.samples
        if samples * width**2 > MOST:
            raise SymgateError(
                f"the Jacobian of all {width} numbers of the state of {self.steps.run.cell.name} "
                f"is too large; take fewer units or directions, or the cell for one row of it"
            )
        ends = np.cumsum([self.steps.size(s) for s in self.steps.states])[:-1]
        rows = np.broadcast_to(np.eye(width, dtype=self.steps.run.dtype), (samples, width, width))
        basis = dict(zip(self.steps.states, np.split(rows, ends, axis=2), strict=True))
        found = []
        for i in range(first, last):
            now = self.push(i, basis)
            found.append(np.swapaxes(np.concatenate([*now.values()], axis=2), 1, 2))
        return np.stack(found)


def moved(name: str, time: Expr | int, lin: Linearisation) -> Expr:
    """The change of a value of the step, or of a state before it, as a variable."""
    mark = "change" if time == 0 else "before"
    return variable(f"{mark}:{name}", 0, len(lin.shape(name)))


def steps_of(run: Run) -> Steps | GeneralSteps:
    """The steps of a run, of whatever values."""
    return GeneralSteps(run) if is_general(run.cell) else Steps(run)
