"""`gradients`: back-propagation through time, as a user asks for it and gets it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate.asked import asked
from symgate.errors import ShapeError, known_name
from symgate.instead import tells
from symgate.numerics.arrays import checked
from symgate.numerics.backward import Backward
from symgate.numerics.plain import plain
from symgate.numerics.run import Run, checked_run, outward
from symgate.numerics.sequences import inward
from symgate.tables import data_frame, html_table

Array = NDArray[Any]
Progress = Callable[[int, int], None]


@tells("gradients")
@dataclass(frozen=True, eq=False)
class Gradients:
    """∂L by every parameter, input and initial state, in the shapes that these have.

    `gradients["U_z"]` finds any of the first two by name.
    """

    parameters: Mapping[str, Array]
    inputs: Mapping[str, Array]
    initial: Mapping[str, Array]

    def __repr__(self) -> str:
        named = {**self.parameters, **self.inputs}
        sizes = ", ".join(f"{k} {v.shape}" for k, v in named.items())
        return f"<Gradients by {sizes[:800]}>"

    def _repr_html_(self) -> str:
        rows = [(n, self[n].shape, f"{np.linalg.norm(self[n]):.4g}") for n in self.keys()]
        return html_table(rows, ("gradient by", "shape", "norm"))

    def keys(self) -> tuple[str, ...]:
        """The parameters and inputs."""
        return (*self.parameters, *self.inputs)

    def __getitem__(self, name: str) -> Array:
        found = {**self.inputs, **self.parameters}
        return found[known_name("a gradient by", name, found)]

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row a parameter or input: its shape and the norm of ∂L."""
        named = {name: self[name] for name in self.keys()}
        columns = {"shape": [a.shape for a in named.values()]}
        norms = [float(np.linalg.norm(a)) for a in named.values()]
        return data_frame(
            {"gradient by": list(named), **columns, "norm": norms}, index="gradient by"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        found: dict[str, Any] = plain(self)
        return found


@asked()
def gradients(
    run: Run, loss: Any, *, state: str | None = None, progress: Progress | None = None
) -> Gradients:
    """∂L by everything, from ∂L/∂h_t at every step: back-propagation through time.

    `loss` is ∂L/∂h with the shape of `run["h"]`, (T, n) or (T, B, n), or a mapping of states
    to such arrays; without a mapping it belongs to `state`, by default the output.

    >>> import numpy as np, symgate as sg
    >>> cell = sg.cell("gru")
    >>> run = sg.simulate(cell, sg.init(cell, hidden=4, input=2), np.ones((10, 2)))
    >>> gradients(run, np.ones((10, 4)))["U_z"].shape
    (4, 4)
    """
    checked_run(run)
    backward = Backward(run, _losses(run, loss, state))
    initial = backward.back(progress)
    return Gradients(
        backward.parameters,
        {name: outward(run, array, name) for name, array in backward.inputs.items()},
        {s: outward(run, value, s) for s, value in initial.items()},
    )


def _losses(run: Run, loss: Any, state: str | None) -> dict[str, Array]:
    what, states = f"a state of {run.cell.name} named", run.cell.states
    of = run.cell.output if state is None else known_name(what, state, states)
    out = {}
    for name, value in (loss if isinstance(loss, Mapping) else {of: loss}).items():
        known_name(what, name, states)
        array = checked(f"∂L/∂{name}", value).astype(run.dtype, copy=False)
        shape = run.shape(name)
        expected = (run.steps, *(() if run.batch is None else (run.batch,)), *shape)
        if array.shape != expected:
            raise ShapeError(
                f"∂L/∂{name} has shape {array.shape}; expected {expected}, as run[{name!r}]"
            )
        out[name] = inward(array, run.batch, run.dtype)
    return out
