"""Which block of the product is asked for: of what, by what, from which step, over which lags."""

from __future__ import annotations

from collections.abc import Iterable
from ctypes import CDLL
from dataclasses import dataclass

import numpy as np

from symgate.asked import is_whole
from symgate.equations.cell import Cell
from symgate.errors import ShapeError, SymgateError, known_name
from symgate.numerics import native
from symgate.numerics.general import is_general
from symgate.numerics.run import Run, checked_run


def beyond_states(run: object, of: object, wrt: object) -> bool:
    """Whether a block needs the general walk: a cell with scalars or matrices of the step, or
    an end that is not a state."""
    checked_run(run)
    assert isinstance(run, Run)
    known = (*run.cell.gates, *run.cell.inputs)
    return is_general(run.cell) or any(n in known for n in (of, wrt))


@dataclass(frozen=True, eq=False)
class AskedBlock:
    """Which block, from which step, over how many lags; `library` is the engine in C, or None."""

    run: Run
    of: str
    wrt: str
    at: int
    lags: int
    library: CDLL | None

    @classmethod
    def of_run(
        cls,
        run: Run,
        of: str | None,
        wrt: str | None,
        at: int | None,
        lags: int | None,
        engine: str | None,
    ) -> AskedBlock:
        checked_run(run)
        what, states = f"a state of {run.cell.name} named", run.cell.states
        first, second = (known_name(what, name, states) for name in ends(run.cell, of, wrt))
        step = step_of(run, at)
        library = native.engine(engine)
        if run.dtype != np.float64 or run.samples == 0:
            library = None
        return cls(run, first, second, step, lags_of(lags, step), library)


def ends(cell: Cell, of: str | None, wrt: str | None) -> tuple[str, str]:
    """The values that are asked for: states and gates, and inputs for `wrt`. What is left out is
    the state that the cell gives out."""
    for name, known in ((of, ()), (wrt, cell.inputs)):
        if name is not None:
            known_name(f"a value of {cell.name} named", name, (*cell.equations, *known))
    return of or cell.output, wrt or cell.output


def chosen_lags(singular: Iterable[int], lags: int) -> tuple[int, ...]:
    """The lags at which all singular values are wanted."""
    if isinstance(singular, str) or not isinstance(singular, Iterable):
        raise SymgateError(f"singular must be a list of lags, not {singular!r}")
    chosen = []
    for k in singular:
        if not is_whole(k) or not 0 <= k <= lags:
            raise SymgateError(f"singular values are wanted at lag {k}, and there are {lags} lags")
        chosen.append(int(k))
    return tuple(chosen)


def step_of(run: Run, at: int | None) -> int:
    step = run.steps - 1 if at is None else at
    if not is_whole(step):
        raise SymgateError(f"at must be a whole number, not {at!r}")
    if not 0 <= step < run.steps:
        raise ShapeError(f"step {step} is not in the run, which has steps 0 to {run.steps - 1}")
    return int(step)


def lags_of(lags: int | None, at: int) -> int:
    count = at + 1 if lags is None else lags
    if not is_whole(count) or count < 0:
        raise SymgateError(f"lags must be a whole number, 0 or more, not {lags!r}")
    if count > at + 1:
        raise ShapeError(
            f"lag {count} reaches before the start: from step {at} there are {at + 1} lags"
        )
    return int(count)
