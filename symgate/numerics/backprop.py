"""Back-propagation through time: the terms of the linearisation, transposed, over a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, MatMul, Mul, S

from symgate.algebra.operators import Diag
from symgate.algebra.vectors import name_of, time_of
from symgate.asked import asked
from symgate.errors import Diverged, ShapeError
from symgate.instead import tells
from symgate.linear.linearise import linearise
from symgate.linear.terms import Node, ParameterTerm
from symgate.numerics.arrays import checked
from symgate.numerics.general import is_general
from symgate.numerics.general_pull import general_gradients
from symgate.numerics.options import known_name
from symgate.numerics.plain import plain
from symgate.numerics.run import Run, Window, checked_run, matrix_of, outward, window_of
from symgate.numerics.sequences import inward
from symgate.tables import frame, html_table

Array = NDArray[Any]
Progress = Callable[[int, int], None]

#: Steps whose coefficients are worked out together.
SEGMENT = 128


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
        return frame({"gradient by": list(named), **columns, "norm": norms}, index="gradient by")

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
    to such arrays; without a mapping it belongs to `state`, by default the first.

    >>> import numpy as np, symgate as sg
    >>> cell = sg.cell("gru")
    >>> run = sg.simulate(cell, sg.init(cell, hidden=4, input=2), np.ones((10, 2)))
    >>> gradients(run, np.ones((10, 4)))["U_z"].shape
    (4, 4)
    """
    checked_run(run)
    losses = _losses(run, loss, state)
    if not is_general(run.cell):
        return _Backward(run, losses).run_back(progress)
    parameters, inputs, initial = general_gradients(run, losses, progress)
    return Gradients(
        parameters,
        {name: outward(run, array, name) for name, array in inputs.items()},
        {s: outward(run, value, s) for s, value in initial.items()},
    )


class _Backward:
    def __init__(self, run: Run, losses: Mapping[str, Array]) -> None:
        self.run, self.losses, self.lin = run, losses, linearise(run.cell)
        self.nodes = self.lin.backward()
        self.parameters = {name: np.zeros_like(array) for name, array in run.params.items()}
        self.inputs = {name: np.zeros_like(array) for name, array in run.inputs.items()}
        self.matrices: dict[Any, Array] = {}

    def matrix(self, matrix: Any) -> Array:
        if matrix not in self.matrices:
            self.matrices[matrix] = matrix_of(self.run, matrix)
        return self.matrices[matrix]

    def run_back(self, progress: Progress | None) -> Gradients:
        carried = {s: np.zeros_like(value) for s, value in self.run.initial.items()}
        stop = self.run.steps
        while stop > 0:
            start = max(0, stop - SEGMENT)
            with np.errstate(all="ignore"):
                carried = self.segment(start, stop, carried)
            if progress is not None:
                progress(self.run.steps - start, self.run.steps)
            stop = start
        return Gradients(
            self.parameters,
            {name: outward(self.run, array, name) for name, array in self.inputs.items()},
            {s: outward(self.run, value, s) for s, value in carried.items()},
        )

    def segment(self, start: int, stop: int, carried: dict[str, Array]) -> dict[str, Array]:
        """Some steps backward: δ of every node, then what each parameter gets from them."""
        window = window_of(self.run, start, stop)
        values = self.coefficients(window)
        deltas = {
            node.name: np.zeros(
                (stop - start, self.run.size(node.size), self.run.samples), self.run.dtype
            )
            for node in self.nodes
        }
        for i in reversed(range(stop - start)):
            for s, loss in self.losses.items():
                deltas[s][i] += loss[start + i]
            for s, value in carried.items():
                deltas[s][i] += value
            carried = {s: np.zeros_like(value) for s, value in carried.items()}
            for node in self.nodes:
                self.node(node, i, deltas, values, carried)
        self.check(deltas, start)
        for node in self.nodes:
            for term in node.parameter_terms:
                self.parameter(term, deltas[node.name], window, values)
            self.input(node, deltas[node.name], values, start, stop)
        return carried

    def check(self, deltas: Mapping[str, Array], start: int) -> None:
        """A gradient that is no longer finite raises `Diverged`."""
        for state in self.run.cell.states:
            bad = np.flatnonzero(~np.isfinite(deltas[state]).all(axis=(1, 2)))
            if bad.size:
                raise Diverged(
                    f"∂L/∂{state} of {self.run.cell.name} is not finite from step "
                    f"{start + bad[-1]} back (of {self.run.steps}): it explodes; use a shorter "
                    f"run, or sg.vector_norms for its logarithm"
                )

    def coefficients(self, window: Window) -> dict[Expr, Array]:
        """The products of all coefficients, each (steps, n, B)."""
        products = [Mul(*t.coefficient) for n in self.nodes for t in n.terms]
        products += [Mul(*t.coefficient) for n in self.nodes for t in n.parameter_terms]
        wanted = tuple(dict.fromkeys(products))
        wanted = tuple(c for c in wanted if c != S.One)
        length = window.stop - window.start
        found = {S.One: np.ones((1, 1, 1), self.run.dtype)}
        for c, value in zip(wanted, window.all(wanted), strict=True):
            wide = value if value.ndim == 3 else np.reshape(value, (1, 1, 1))
            found[c] = np.broadcast_to(wide, (length, *wide.shape[1:]))
        return found

    def node(
        self,
        node: Node,
        i: int,
        deltas: Mapping[str, Array],
        values: Mapping[Expr, Array],
        carried: Mapping[str, Array],
    ) -> None:
        """Pass δ of a node on to what it reads, but for the inputs."""
        delta = deltas[node.name][i]
        for term in node.terms:
            name = name_of(term.source)
            if name in self.run.inputs:
                continue
            c = Mul(*term.coefficient)
            pushed = delta if c == S.One else values[c][i] * delta
            if term.matrix is not None:
                pushed = self.matrix(term.matrix).T @ pushed
            into = carried[name] if time_of(term.source) != 0 else deltas[name][i]
            into += pushed

    def input(
        self, node: Node, delta: Array, values: Mapping[Expr, Array], start: int, stop: int
    ) -> None:
        for term in node.terms:
            if name_of(term.source) in self.run.inputs:
                pushed = values[Mul(*term.coefficient)] * delta
                if term.matrix is not None:
                    pushed = self.matrix(term.matrix).T @ pushed
                self.inputs[name_of(term.source)][start:stop] += pushed

    def parameter(
        self, term: ParameterTerm, delta: Array, window: Window, values: Mapping[Expr, Array]
    ) -> None:
        """Add what these steps give to the gradient of a parameter."""
        total = self.parameters[term.parameter]
        u = values[Mul(*term.coefficient)] * delta
        if total.ndim == 0:
            total += u.sum()
            return
        if term.left is not None:
            u = self.left(term.left, u, window)
        if term.vector is None:
            total += u.sum(axis=(0, 2))
            return
        found = window[term.vector]
        v = np.broadcast_to(found, (len(u), found.shape[1], u.shape[2]))
        if term.right is not None:
            v = self.matrix(term.right) @ v
        if term.transposed:
            u, v = v, u
        total += np.tensordot(u, v, axes=((0, 2), (0, 2)))

    def left(self, left: Any, u: Array, window: Window) -> Array:
        """leftᵀ u; the diagonals in it may hold values of the run."""
        scale, factors = left.as_coeff_matrices() if isinstance(left, MatMul) else (S.One, (left,))
        if scale != S.One:
            u = window[scale] * u
        for factor in factors:
            diagonal = isinstance(factor, Diag)
            u = window[factor.vector] * u if diagonal else self.matrix(factor).T @ u
        return u


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
