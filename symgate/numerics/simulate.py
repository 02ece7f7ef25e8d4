"""`simulate`: run a cell over sequences; every gate and state at every step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from symgate.asked import asked
from symgate.equations.cell import Cell
from symgate.equations.zoo import cell_of
from symgate.errors import ShapeError
from symgate.numerics.arrays import checked_parameters
from symgate.numerics.checkpoints import Checkpoints, loop_of
from symgate.numerics.chunks import in_chunks
from symgate.numerics.general import GeneralLoop
from symgate.numerics.loop import Loop, Progress
from symgate.numerics.room import must_fit
from symgate.numerics.run import Run
from symgate.numerics.sequences import (
    are_sequences,
    checked_inputs,
    checked_states,
    column,
    inward,
    say_if_swapped,
    say_what_is_converted,
    sizes_of,
    with_starts,
)

Array = NDArray[Any]


@overload
def simulate(
    cell: Cell | str, params: Mapping[str, Any], x: list[Any] | tuple[Any, ...], **options: Any
) -> Any: ...


@overload
def simulate(
    cell: Cell | str,
    params: Mapping[str, Any],
    x: Any = None,
    state: Mapping[str, Any] | None = None,
    *,
    steps: int | None = None,
    checkpoint: bool = False,
    progress: Progress | None = None,
    engine: str | None = None,
    batch_first: bool | None = None,
    **start: Any,
) -> Run: ...


@asked(start=None)
def simulate(
    cell: Cell | str,
    params: Mapping[str, Any],
    x: Any = None,
    state: Mapping[str, Any] | None = None,
    *,
    steps: int | None = None,
    checkpoint: bool = False,
    progress: Progress | None = None,
    engine: str | None = None,
    batch_first: bool | None = None,
    **start: Any,
) -> Any:
    """Run a cell over a sequence x (T, m), or a batch of them (T, B, m).

    `state` maps states to their values before the first step, (n,) or (B, n), and h0=, c0=, …
    set one of them; a state that is left out starts at 0. Arrays may be tensors or frames.
    A list of sequences, each (T, m) with a T of its own, gives a list of runs. A cell with
    several inputs takes a mapping of names to arrays, one without inputs takes `steps`. With
    `checkpoint` only every √T-th state is kept, and the rest is computed again where it is
    needed. `engine` is "c", "numpy" or "auto"; without it SYMGATE_ENGINE says. With
    `batch_first` True a batch lies (B, T, m); False says that it does not, where it has more
    samples than steps.

    >>> import numpy as np, symgate as sg
    >>> cell = sg.cell("gru")
    >>> run = simulate(cell, sg.init(cell, hidden=4, input=2), np.ones((10, 2)))
    >>> run["h"].shape, run["z"].shape
    ((10, 4), (10, 4))
    """
    cell = cell_of(cell)
    state = with_starts(cell, state, start)
    if are_sequences(cell, x):
        if state:
            raise ShapeError("a state is for one batch; run sequences with states one by one")
        options = {"checkpoint": checkpoint, "progress": progress, "engine": engine}
        return [simulate(cell, params, one, steps=steps, **options) for one in x]
    numbers = checked_parameters(cell, params)
    inputs, length, batch = checked_inputs(cell, x, steps, batch_first)
    initial, batch = checked_states(cell, state, batch, inputs)
    sizes = sizes_of(cell, numbers, inputs, initial)
    if batch_first is None:
        say_if_swapped(cell, x)
    say_what_is_converted(cell, params, {} if x is None else x, state or {})
    dtype = np.result_type(*numbers.values(), *inputs.values(), *initial.values())
    planned = Run(
        cell,
        {name: np.asarray(array, dtype) for name, array in numbers.items()},
        sizes,
        length,
        batch,
        dtype,
        {name: inward(array, batch, dtype) for name, array in inputs.items()},
        {},
        {},
    )
    widths = sum(math.prod(planned.shape(name)) for name in cell.equations)
    kept = 2 * math.isqrt(length) if checkpoint else length
    mend = "take fewer units, steps or samples, or checkpoint=True"
    must_fit(f"{cell.name} over {length} steps", kept * widths * planned.samples, mend)
    first = {
        s: np.zeros((planned.size(cell.size(s)), planned.samples), dtype)
        if initial.get(s) is None
        else column(initial[s], len(cell.shapes[s]), planned.samples, dtype)
        for s in cell.states
    }
    planned = replace(planned, initial=first)
    if checkpoint:
        return replace(planned, recompute=Checkpoints(planned, first, engine, progress))
    loop = loop_of(planned, engine)
    if isinstance(loop, GeneralLoop):
        return replace(planned, values=loop.whole(first, progress))
    values = in_chunks(planned, first) if isinstance(loop, Loop) else None
    if values is None:
        values = loop.run(0, length, first, progress)
    elif progress is not None:
        progress(length, length)
    return replace(planned, values=values)
