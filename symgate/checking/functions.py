"""A user's function for a Jacobian, held against the exact one at random points.

Where it differs, the difference is fitted by the paths' matrices, so that the answer names
the path, and what stands before its matrix in place of what is due.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
from sympy import Expr, Integer, MatrixExpr

from symgate.algebra.operators import transposed
from symgate.algebra.structure import is_diagonal
from symgate.algebra.text import text
from symgate.checking.points import CLOSE, POINTS, Array, Points, points, same
from symgate.checking.slips import Lapse, exchanged, factors_of, in_diagonals, put, slips
from symgate.checking.summands import Addend, exact
from symgate.equations.cell import Cell
from symgate.errors import SymgateError
from symgate.linear.linearise import linearise
from symgate.numerics.arrays import as_array

ToArray = Callable[[Array], Any]

#: How many times more than by rounding a Jacobian may lie off: exact or by differences, and in
#: float32.
ROUGH, ROUGH32 = 1e6, 2e8

#: In how many paths one slip is looked for, and of how many paths.
MOST_SHARED, MOST_PATHS = 6, 10


@dataclass(frozen=True)
class Finding:
    """The verdict of a function, and what is said of each path that is off."""

    verdict: str
    said: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class NamedPoint:
    """Parameters, inputs and states before, by name."""

    params: Mapping[str, Array]
    values: Mapping[str, Array]

    @classmethod
    def of(cls, cell: Cell, drawn: Points, at: int) -> NamedPoint:
        """One of the points that are drawn together."""
        values = {name: cell.variable(name) for name in cell.inputs}
        values |= {name: cell.variable(name, 1) for name in cell.states}
        params = {p.name: drawn.given[p.symbol][at] for p in cell.parameters.values()}
        return cls(params, {name: drawn.given[symbol][at] for name, symbol in values.items()})


def judged(cell: Cell, function: Callable[..., Any], of: str, wrt: str, lag: int) -> Finding:
    """Hold a function against ∂ of_t / ∂ wrt_{t-lag}, for a lag of 0 or 1."""
    if lag > 1:
        raise SymgateError("a function is held against one step: lag is 0 or 1")
    drawn = points(cell, 1)
    parts = exact(cell, of, wrt, lag)
    due = drawn.numbers(parts, linearise(cell).size(of), linearise(cell).size(wrt))
    each = [NamedPoint.of(cell, drawn, at) for at in range(POINTS)]
    called = _caller(cell, function, each[0])
    found = [  # of the first point twice; a matrix or a masked array as a plain one
        np.asarray(as_array("the function's value", called(point))) for point in [*each, each[0]]
    ]
    shape = due.shape[1:]
    for a in found:
        if a.dtype.kind not in "fiub":
            return Finding("wrong", (("the function gives what are no real numbers", ""),))
        if a.shape not in (shape, shape[::-1]):
            said = f"the function gives {_shape(a.shape)}, and {_shape(shape)} is expected"
            return Finding("wrong", ((said, ""),))
        if not np.isfinite(a).all():
            return Finding("wrong", (("the function gives what are no finite numbers", ""),))
    if any(a.shape != found[0].shape for a in found):
        return Finding("wrong", ((f"{_shape(shape)} is expected", ""),))
    whole, again = np.split(np.stack(found).astype(float), [POINTS])
    small = any(a.dtype.itemsize < 8 for a in found if a.dtype.kind == "f")
    rough = ROUGH32 if small else ROUGH
    if same(whole, due, rough):
        return Finding("right")
    if same(whole, due.mT, rough):
        return Finding("transposed")
    if whole.shape != due.shape:
        return Finding("wrong", ((f"{_shape(shape)} is expected", "transpose it"),))
    if not same(again, whole[:1], rough):
        return Finding(
            "wrong", (("the function gives another matrix when it is called again", ""),)
        )
    if not parts:
        return Finding("wrong", (("every entry is 0", ""),))
    fit = _Fit(cell, parts, drawn, whole, rough)
    with np.errstate(all="ignore"):
        told = tuple(fit.said()) or tuple(fit.shared())
    many = f"which of the {len(parts)} paths is off is not told"
    said = many if len(parts) > MOST_PATHS else "it differs in no single path"
    return Finding("wrong", told or ((said, ""),))


def _shape(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape)) or "a number"


# -- calling -------------------------------------------------------------------------------------


def _array_kinds() -> Iterator[ToArray]:
    """How arrays are handed over: as NumPy's own, as tensors, as JAX's arrays."""
    import sys

    yield lambda a: a
    torch, jax = sys.modules.get("torch"), sys.modules.get("jax")
    if torch is not None:
        yield lambda a: torch.tensor(a)
    if jax is not None:
        yield lambda a: jax.numpy.asarray(a)


def _caller(
    cell: Cell, function: Callable[..., Any], first: NamedPoint
) -> Callable[[NamedPoint], Any]:
    """How a function wants its arguments: (params, x, state), where state is a mapping or, of
    a cell with one state, its array; or by name, as f(params, x=…, h=…)."""
    faults: list[Exception] = []
    for to_array in _array_kinds():
        for by_name in (False, True):
            for whole in (len(cell.states) > 1, len(cell.states) == 1):
                call = _call(cell, function, to_array, by_name, whole)
                try:
                    call(first)
                except Exception as fault:
                    faults.append(fault)
                else:
                    return call
    what = f"{type(faults[0]).__name__}: {faults[0]}"
    raise SymgateError(f"the function fails on (params, x, state): {what}") from None


def _call(
    cell: Cell, function: Callable[..., Any], to_array: ToArray, by_name: bool, whole: bool
) -> Callable[[NamedPoint], Any]:
    def called(point: NamedPoint) -> Any:
        params = {name: to_array(a.copy()) for name, a in point.params.items()}
        values = {name: to_array(a.copy()) for name, a in point.values.items()}
        if by_name:
            return function(params, **values)
        states = {s: values[s] for s in cell.states}
        inputs = [values[x] for x in cell.inputs]
        if len(inputs) != 1:
            inputs = [{x: values[x] for x in cell.inputs}]
        return function(params, *inputs, states if whole else values[cell.states[0]])

    return called


def place(function: Callable[..., Any]) -> str:
    """What a function is called, for the answer."""
    name = getattr(function, "__name__", type(function).__name__)
    try:
        return f"{name}{inspect.signature(function)}"
    except (TypeError, ValueError):
        return str(name)


# -- where it differs ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Fit:
    """The difference, fitted by the matrices of the paths."""

    cell: Cell
    parts: Sequence[Addend]
    points: Points
    found: Array
    rough: float

    def said(self) -> Iterator[tuple[str, str]]:
        """What is off, path by path: a number before it, else what stands before its matrix."""
        own = [self._numbers([part]) for part in self.parts]
        design = np.stack([a.ravel() for a in own], axis=1)
        weights, *_ = np.linalg.lstsq(design, self.found.ravel(), rcond=None)
        if same((design @ weights).reshape(self.found.shape), self.found, self.rough):
            for part, weight in zip(self.parts, weights, strict=True):
                if abs(weight - 1) > 100 * self.rough * CLOSE:
                    yield self._number(part, float(weight))
            return
        if len(self.parts) <= MOST_PATHS:
            rest = self.found - sum(own)
            for part, numbers in zip(self.parts, own, strict=True):
                yield from self._factor(part, rest + numbers)

    def _numbers(self, parts: Sequence[Addend]) -> Array:
        return self.points.numbers(parts, self.parts[0].rows, self.parts[0].cols)

    def _number(self, part: Addend, weight: float) -> tuple[str, str]:
        where = _route(part)
        if abs(weight) < 100 * self.rough * CLOSE:
            return f"{where} is missing", f"add {text(part.operator)}"
        if abs(weight + 1) < 100 * self.rough * CLOSE:
            return f"the sign of {where} is turned", "turn the sign"
        return f"{where} counts {weight:.3g} times", f"divide it by {weight:.3g}"

    def _factor(self, part: Addend, share: Array) -> Iterator[tuple[str, str]]:
        """A factor of the path that stands for another one, where that explains all."""
        known = self._values()
        candidates = [*known, *(1 - v for v in known), *in_diagonals([part])]
        for slip in (*slips(part, candidates, known), *_of_matrices(part)):
            if self.points.gives([slip.made()], share, self.rough):
                message, mend = _said(slip)
                yield f"in {_route(part)}, {message}", mend
                return

    def shared(self) -> Iterator[tuple[str, str]]:
        """A factor of several paths that stands for another one in all of them."""
        if len(self.parts) > MOST_PATHS:
            return
        due, known = in_diagonals(self.parts), self._values()
        whole = self._numbers(self.parts)
        for one in due:
            held = [(p, at) for p in self.parts if (at := _place(p, one)) is not None]
            if not 2 <= len(held) <= MOST_SHARED:
                continue
            for other in (*due, Integer(1), *known, *(1 - v for v in known)):
                try:
                    moves = [
                        self._numbers([put(p, at, one, other)]) - self._numbers([p])
                        for p, at in held
                    ]
                except (ValueError, ArithmeticError):  # it has another size
                    continue
                places = range(len(held))
                for some in (c for n in range(len(held), 1, -1) for c in combinations(places, n)):
                    made = whole + sum(moves[i] for i in some)
                    if other != one and same(made, self.found, self.rough):
                        where = ", ".join(_route(held[i][0]) for i in some)
                        message, mend = _said(Lapse(0, lambda: self.parts[0], one, other))
                        yield f"in {where}: {message}", mend
                        return

    def _values(self) -> list[Expr]:
        """The vectors of the cell: gates, and states now and before."""
        cell = self.cell
        names = [n for n in (*cell.gates, *cell.states) if len(cell.shapes[n]) == 1]
        before = [cell.variable(n, 1) for n in names if n in cell.states]
        return [*map(cell.variable, names), *before]


def _of_matrices(part: Addend) -> Iterator[Lapse]:
    """The path with a matrix transposed, or with two square ones in each other's place."""
    for at, factor in enumerate(part.factors):
        if factor.rows == factor.cols and not is_diagonal(factor):
            turned = transposed(factor)
            inner = (*part.factors[:at], turned, *part.factors[at + 1 :])
            yield Lapse(0, partial(replace, part, factors=inner), factor, turned)
            if at + 1 < len(part.factors):
                yield Lapse(0, partial(exchanged, part, at), factor, beside=part.factors[at + 1])


def _said(slip: Lapse) -> tuple[str, str]:
    """What is wrong with a path that is right without a slip."""
    old, new, beside = slip.old, slip.new, slip.beside
    if old is None:
        return f"the factor {text(new)} is too much", f"take {text(new)} away"
    if beside is not None:
        if isinstance(old, MatrixExpr):
            message = f"{text(old)} and {text(beside)} are the wrong way round"
            return message, "let them change places"
        return f"{text(old)} stands on the wrong side of {text(beside)}", "let it change sides"
    if new in (None, 1):
        return f"the factor {text(old)} is missing", f"multiply by {text(old)}"
    return f"{text(new)} stands where {text(old)} belongs", f"write {text(old)}"


def _place(part: Addend, one: Expr) -> int | None:
    """Where in a path the first diagonal stands that has a factor."""
    found = (
        i for i, f in enumerate(part.factors) if is_diagonal(f) and one in factors_of(f.vector)
    )
    return next(found, None)


def _route(part: Addend) -> str:
    return f"the path through {' … '.join(part.path)}" if part.path else "the path of no matrix"
