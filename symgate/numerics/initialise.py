"""`init`: parameters of any cell by a scheme, from shapes and roles."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Unpack

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sympy import Expr, Symbol, exp

from symgate.algebra.names import name_parts
from symgate.asked import asked, shown, table, units
from symgate.equations.cell import Cell, Parameter
from symgate.equations.zoo import cell_of
from symgate.errors import ShapeError, SymgateError, UnknownName, known_name
from symgate.instead import ARGUMENTS
from symgate.linear.linearise import linearise
from symgate.linear.paths import carries
from symgate.numerics.arrays import PRECISIONS, checked, number_of
from symgate.numerics.biases import (
    _stacks,
    acts_on_input,
    all_biases,
    bias_of,
    double_biases,
    given_biases,
    own_bias,
)
from symgate.numerics.room import must_fit
from symgate.numerics.setup import Drawn, Setup, setup

Array = NDArray[Any]

#: Draws a matrix of so many rows and columns.
_Make = Callable[[np.random.Generator, int, int], Array]

#: Scalars (a leak, a step size) have no scheme in the literature; they start here.
SCALAR = 0.5

#: Above so many units their parameters may not fit into memory.
LARGE = 1000


@asked(bias=table(), hidden=None, input=None, sizes=table())
def init(
    cell: Cell | str,
    hidden: int | Sequence[int],
    input: int | None = None,
    scheme: str = Setup.scheme,
    seed: int = Setup.seed,
    *,
    gain: float = Setup.gain,
    t_max: float | None = None,
    bias: Mapping[str, float] | None = None,
    values: Mapping[str, Any] | None = None,
    sizes: Mapping[str, int] | None = None,
    dtype: DTypeLike = float,
    **biases: float,
) -> dict[str, Array]:
    """Draw the parameters of a cell: a mapping of names to arrays.

    `hidden` sets the size n, `input` the size m (as `hidden` where it is left out), `sizes`
    any other. Schemes: "pytorch" (all uniform in ±1/√n,
    the recurrent matrices times gain; a bias beside an input matrix and a recurrent one is the
    sum of two draws, as nn.RNN, nn.GRU and nn.LSTM add one for each matrix), "keras" (Glorot
    input matrices, orthogonal recurrent ones, biases 0, forget bias 1), "orthogonal" (gain
    times an orthogonal matrix), "gaussian" (recurrent entries N(0, gain²/n)), "identity" (gain
    times the identity) and "chrono" (as keras, the carry gates' biases ln U[1, t_max - 1]).
    Each parameter is drawn by the seed and its own name.
    `bias` sets the bias of a gate ({"f": 1}, or b_f=1 as a keyword), `values` any parameter
    outright.

    >>> import symgate as sg
    >>> params = init(sg.cell("gru"), hidden=4, input=2, b_z=3)
    >>> params["W_z"].shape, params["b_z"]
    ((4, 2), array([3., 3., 3., 3.]))
    """
    cell = cell_of(cell)
    known_name("the scheme", scheme, SCHEMES)
    numbers = chosen_sizes(cell, hidden, input, sizes)
    kind = _precision(dtype)
    if max(numbers.values(), default=0) > LARGE:
        count = int(cell.parameter_count(**numbers))
        must_fit(f"the parameters of {cell.name} with {hidden} units", count, "take fewer units")
    draw = _ParameterDraw(cell, numbers, seed, gain, t_max)
    out = {name: SCHEMES[scheme](draw, p) for name, p in cell.parameters.items()}
    if scheme == "chrono":
        out.update(draw.chrono_biases(out))
    for name, value in given_biases(cell, {**(bias or {}), **biases}).items():
        out[name] = np.full_like(out[name], value)
    for name, value in (values or {}).items():
        known_name(f"a parameter of {cell.name} named", name, out)
        out[name] = _spread(name, value, out[name].shape)
    return {name: np.asarray(array, dtype=kind) for name, array in out.items()}


def seed_of(made: Setup, network: int) -> int:
    """The seed of a network: of the first the set-up's own, so that `init` with it draws it."""
    if not network:
        return made.seed
    return int(np.random.SeedSequence([made.seed, network]).generate_state(1)[0])


def parameters_of(made: Setup, network: int = 0) -> dict[str, Array]:
    """The parameters of one of the networks that a `Setup` draws."""
    return init(
        made.cell,
        made.hidden,
        made.input,
        made.scheme,
        seed_of(made, network),
        gain=made.gain,
        t_max=made.t_max,
        bias=made.bias,
        sizes=made.sizes,
    )


def network_of(
    verb: str, what: Cell | str, params: Mapping[str, Any] | None, **options: Unpack[Drawn]
) -> tuple[Cell, Mapping[str, Any], int]:
    """A cell, its parameters, as given or drawn as the options say, and the seed of what a verb
    draws beside them."""
    cell, given = cell_of(what), {name for name, value in options.items() if value is not None}
    for name in given - Drawn.__optional_keys__ - {*cell.parameters}:
        mend = ARGUMENTS.get((verb, name), "")
        raise UnknownName("the option", name, () if mend else sorted(Drawn.__optional_keys__), mend)
    if params is not None and (unused := given - {"seed"}):
        raise SymgateError(f"{min(unused)} is for parameters that are drawn, without params")
    made = setup(cell, **options)
    return cell, parameters_of(made) if params is None else params, made.seed


def chosen_sizes(
    cell: Cell, hidden: int | Sequence[int], input: int | None, sizes: Mapping[str, int] | None
) -> dict[str, int]:
    """A number for each letter of the cell's sizes; several `hidden` are a layer's each."""
    sizes = sizes or {}
    if isinstance(hidden, list | tuple | np.ndarray):
        hidden, sizes = _by_layer(cell, list(hidden), sizes)
    given: dict[str, Any] = {"n": hidden, **({} if input is None else {"m": input})}
    for letter, value in given.items():
        told = letter in sizes and (letter, value) != ("n", Setup.hidden)
        if told and sizes[letter] != value:
            raise SymgateError(f"the size {letter} is said twice: {value} and {sizes[letter]}")
    given |= sizes
    for letter, value in given.items():
        units(least=0 if letter == "m" else 1)(f"the size {letter}", value)
    if input is not None and "m" not in cell.sizes and cell.inputs and input != hidden:
        raise SymgateError(
            f"the input of {cell.name} is as long as its state: input = {input} does not fit "
            f"hidden = {hidden}"
        )
    layers = [s for s in cell.states if name_parts(s).layer]
    input_is_state = any(str(size) == "m" for s in layers for size in cell.shapes[s])
    if input is not None and input_is_state and input != sizes.get("m", hidden):
        raise SymgateError(
            f"a layer of {cell.name} is as long as its input: input = {input} does not fit "
            f"hidden = {sizes.get('m', hidden)}"
        )
    for letter in sizes:
        known_name(f"a size of {cell.name} named", letter, cell.sizes)
    return {letter: int(given.get(letter, hidden)) for letter in cell.sizes}


def _by_layer(
    cell: Cell, hidden: list[int], sizes: Mapping[str, int]
) -> tuple[int, Mapping[str, int]]:
    """The first layer's units, and a size for each of the others."""
    if len(hidden) != max(len(cell.outputs), 1):
        has = f"has {len(cell.outputs)} layers" if cell.outputs else "is one layer: give one number"
        raise SymgateError(f"hidden has {len(hidden)} numbers, and {cell.name} {has}")
    found: dict[str, int] = {}
    for output, width in zip(cell.outputs, hidden, strict=False):
        letter = str(cell.shapes[output][0])
        if found.setdefault(letter, width) != width:
            raise SymgateError(
                f"the layers of {cell.name} have one size, {letter}: they cannot have "
                f"{found[letter]} and {width} units"
            )
    return hidden[0], {**found, **sizes}


@dataclass(frozen=True)
class _ParameterDraw:
    cell: Cell
    sizes: Mapping[str, int]
    seed: int
    gain: float
    t_max: float | None

    @cached_property
    def numbers(self) -> dict[Symbol, int]:
        """The sizes by symbol."""
        return {self.cell.sizes[letter]: n for letter, n in self.sizes.items()}

    def rng(self, name: str) -> np.random.Generator:
        """A parameter's own: what else a cell has, and in which order, changes no draw."""
        return np.random.default_rng([self.seed, *name.encode()])

    def shape(self, p: Parameter) -> tuple[int, ...]:
        return tuple(map(self.number, p.shape))

    def number(self, size: Expr) -> int:
        """The number of a symbolic size."""
        return int(number_of(size, self.numbers))

    def uniform_all(self, p: Parameter) -> Array:
        bound = 1 / math.sqrt(self.units(p))
        if not p.shape:
            return np.array(SCALAR)
        rng = self.rng(p.name)
        drawn = rng.uniform(-bound, bound, self.shape(p))
        if p.name in double_biases(self.cell):
            drawn += rng.uniform(-bound, bound, self.shape(p))
        if p.kind == "matrix" and not acts_on_input(self.cell).get(p.name, False):
            drawn *= self.gains(p)
        return drawn

    def units(self, p: Parameter) -> int:
        """The units of a parameter's layer."""
        layer = name_parts(p.name).layer
        if self.cell.outputs and layer:
            output = self.cell.outputs[int(layer) - 1]
            return self.sizes[str(self.cell.shapes[output][0])]
        return self.sizes.get("n", 1)

    def gains(self, p: Parameter) -> Array:
        """The gain of each column, of a row in [h, x] @ W: 1 where it acts on x."""
        widths = self.widths(p) or [("", self.shape(p)[1])]
        found = np.concatenate(
            [np.full(width, 1.0 if x in self.cell.inputs else self.gain) for x, width in widths]
        )
        return found if len(found) == self.shape(p)[1] else found[:, None]

    def recurrent(self, p: Parameter, make: _Make) -> Array:
        """Matrices on states by `make`, on inputs Glorot; vectors 0 (weights of states 1/2)."""
        if p.kind == "scalar":
            return np.array(SCALAR)
        if p.kind == "vector":
            return self.vector(p)
        rows, cols = self.shape(p)
        rng = self.rng(p.name)
        if acts_on_input(self.cell).get(p.name, False):
            return self.glorot(rng, rows, cols)
        widths = self.widths(p)
        if widths is None:
            return make(rng, rows, cols)
        turned = sum(width for _, width in widths) != cols  # [h, x] @ W
        height = cols if turned else rows
        parts = [
            (self.glorot if name in self.cell.inputs else make)(rng, height, width)
            for name, width in widths
        ]
        found = np.concatenate(parts, axis=1)
        return found.T if turned else found

    def widths(self, p: Parameter) -> list[tuple[str, int]] | None:
        """The parts and their numbers of columns, where a matrix acts on [h, x]."""
        parts = _stacks(self.cell).get(p.name)
        return None if parts is None else [(name, self.number(size)) for name, size in parts]

    def vector(self, p: Parameter) -> Array:
        """A bias is 0; a vector that weighs a state is drawn like a diagonal matrix."""
        shape = self.shape(p)
        if p.name in all_biases(self.cell):
            return np.zeros(shape)
        return self.rng(p.name).uniform(0, min(self.gain, 1.0), shape)

    def glorot(self, rng: np.random.Generator, rows: int, cols: int) -> Array:
        bound = math.sqrt(6 / max(rows + cols, 1))
        return rng.uniform(-bound, bound, (rows, cols))

    def orthogonal(self, rng: np.random.Generator, rows: int, cols: int) -> Array:
        tall = rng.normal(size=(max(rows, cols), min(rows, cols)))
        q, r = np.linalg.qr(tall)
        q = q * np.sign(np.diag(r))
        return self.gain * (q if rows >= cols else q.T)

    def gaussian(self, rng: np.random.Generator, rows: int, cols: int) -> Array:
        return rng.normal(size=(rows, cols)) * (self.gain / math.sqrt(max(cols, 1)))

    def identity(self, rng: np.random.Generator, rows: int, cols: int) -> Array:
        return self.gain * np.eye(rows, cols)

    def keras(self, p: Parameter) -> Array:
        array = self.recurrent(p, self.orthogonal)
        for gate in self.cell.equations:
            if self.is_role(gate, "forget", "f") and own_bias(self.cell, gate) == p.name:
                return np.ones_like(array)
        return array

    def is_role(self, gate: str, word: str, letter: str) -> bool:
        role = self.cell.roles.get(gate)
        return word in role.lower() if role else gate == letter

    def chrono_biases(self, drawn: Mapping[str, Array]) -> dict[str, Array]:
        """b = ln U[1, t_max - 1] for a gate that keeps, -b for one that lets in."""
        if self.t_max is None:
            raise SymgateError("the scheme chrono needs t_max, the longest memory, of 2 or more")
        keeping: dict[str, bool] = {}
        for carry in carries(linearise(self.cell)):
            keeping.update(carry.gates)
        if not keeping:
            raise SymgateError(
                f"{self.cell.name} carries no state through a gate; chrono does not apply"
            )
        out: dict[str, Array] = {}
        for gate, keeps in keeping.items():
            if self.cell.equations[gate].has(exp):
                raise SymgateError(
                    f"gate {gate!r} of {self.cell.name} is exponential; chrono does not apply"
                )
            name = bias_of(self.cell, gate)
            b = np.log(self.rng(name).uniform(1, self.t_max - 1, drawn[name].shape))
            out[name] = b if keeps else -b
            for other in self.cell.equations:
                if other not in keeping and self.is_role(other, "input gate", "i"):
                    opposite = own_bias(self.cell, other)
                    if opposite is not None and opposite not in out:
                        out[opposite] = -out[name]
        return out


def _precision(dtype: Any) -> np.dtype[Any]:
    for kind in map(np.dtype, PRECISIONS):
        with suppress(TypeError, ValueError):
            if np.dtype(dtype) == kind:
                return kind
    raise SymgateError(f"dtype is {' or '.join(PRECISIONS)}, not {shown(dtype)}")


def _spread(name: str, value: Any, shape: tuple[int, ...]) -> Array:
    array = checked(name, value, 0)
    try:
        return np.array(np.broadcast_to(array, shape), dtype=float)
    except ValueError:
        raise ShapeError(f"{name} has shape {array.shape}; expected {shape}") from None


#: What the schemes are called that are a framework's own.
FRAMEWORKS = {"pytorch": "PyTorch", "keras": "Keras"}

#: Each scheme: how it draws one parameter.
SCHEMES: dict[str, Callable[[_ParameterDraw, Parameter], Array]] = {
    "pytorch": _ParameterDraw.uniform_all,
    "keras": _ParameterDraw.keras,
    "orthogonal": lambda draw, p: draw.recurrent(p, draw.orthogonal),
    "gaussian": lambda draw, p: draw.recurrent(p, draw.gaussian),
    "identity": lambda draw, p: draw.recurrent(p, draw.identity),
    "chrono": lambda draw, p: draw.recurrent(p, draw.orthogonal),
}
