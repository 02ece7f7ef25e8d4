"""Which block of the product is asked for: of what, by what, from which step, over which lags."""

from __future__ import annotations

from collections.abc import Iterable
from ctypes import CDLL
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.equations.cell import Cell
from symgate.errors import SymgateError, known_name
from symgate.numerics import native
from symgate.numerics.general import is_general
from symgate.numerics.norms import NORMS
from symgate.numerics.run import Run, checked_run
from symgate.numerics.setup import lags_before, step_in

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class AskedBlock:
    """Which block, from which step, over how many lags, in which norm; `noted` are the lags that
    count (all where it is None), `library` is the engine in C, or None."""

    run: Run
    of: str
    wrt: str
    at: int
    lags: int
    norm: str
    noted: Array | None
    library: CDLL | None

    @classmethod
    def of_run(
        cls,
        run: Run,
        of: str | None,
        wrt: str | None,
        lags: int | None,
        at: int | None = None,
        norm: str = "frobenius",
        noted: Array | None = None,
        engine: str | None = None,
    ) -> AskedBlock:
        checked_run(run)
        first, second = ends(run.cell, of, wrt)
        known_name("the norm", norm, NORMS)
        step = step_in(at, run.steps)
        count = lags_before(lags, step, of_state=second in run.cell.states)
        library = native.engine(engine)
        if run.dtype != np.float64 or run.samples == 0:
            library = None
        return cls(run, first, second, step, count, norm, noted, library)

    @property
    def is_general(self) -> bool:
        """Whether it needs the general walk: a cell with scalars or matrices of the step, or an
        end that is not a state."""
        cell = self.run.cell
        return is_general(cell) or not {self.of, self.wrt} <= {*cell.states}


def ends(cell: Cell, of: str | None, wrt: str | None) -> tuple[str, str]:
    """The values that are asked for: states and gates, and inputs for `wrt`. What is left out is
    the state that the cell gives out."""
    for name, known in ((of, ()), (wrt, cell.inputs)):
        if name is not None:
            known_name(f"a value of {cell.name} named", name, (*cell.equations, *known))
    return of or cell.output, wrt or cell.output


def chosen_lags(singular: Iterable[int] | int | None, lags: int) -> tuple[int, ...]:
    """The lags at which all singular values are wanted, in order."""
    several = singular if isinstance(singular, Iterable) else () if singular is None else [singular]
    chosen = sorted({*several})
    if chosen and chosen[-1] > lags:
        raise SymgateError(
            f"singular values are wanted at lag {chosen[-1]}, and there are {lags} lags"
        )
    return tuple(chosen)
