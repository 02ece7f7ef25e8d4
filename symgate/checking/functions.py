"""A user's function for a Jacobian, held against the exact one at random points.

Where it differs, the difference is fitted by the paths' matrices, so that the answer names
the path, and what stands before its matrix in place of what is due.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Indexed, Integer, MatrixExpr, Mul

from symgate.algebra.operators import Diag, transposed
from symgate.algebra.text import text
from symgate.algebra.vectors import name_of
from symgate.checking.summands import Summand, added, exact
from symgate.equations.cell import Cell
from symgate.errors import SymgateError
from symgate.linear.linearise import linearise
from symgate.numerics.arrays import as_array
from symgate.numerics.evaluate import lambdify

Array = NDArray[Any]
Slot = Callable[[Array], Any]

#: At how many points, of which sizes.
POINTS, SIZES = 3, (5, 4, 3, 6)

#: How far a Jacobian may lie off, beside its largest entry: exact, by differences, in float32.
CLOSE, CLOSE32 = 1e-5, 2e-3

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


def judged(cell: Cell, function: Callable[..., Any], of: str, wrt: str, lag: int) -> Finding:
    """Hold a function against ∂ of_t / ∂ wrt_{t-lag}, for a lag of 0 or 1."""
    if lag > 1:
        raise SymgateError("a function is held against one step: lag is 0 or 1")
    drawn = list(_points(cell))
    parts = exact(cell, of, wrt, lag)
    shape = linearise(cell).size(of), linearise(cell).size(wrt)
    due = _numbers(cell, added(parts, *shape), drawn)
    called = _caller(cell, function, drawn[0])
    found = [as_array("the function's value", called(point)) for point in drawn]
    small = any(a.dtype.itemsize < 8 for a in found if a.dtype.kind == "f")
    close = CLOSE32 if small else CLOSE
    for a, b in zip(found, due, strict=True):
        if a.dtype.kind not in "fiub":
            return Finding("wrong", (("the function gives what are no real numbers", ""),))
        if a.shape != b.shape and a.shape != b.T.shape:
            said = f"the function gives {_shape(a)}, and {_shape(b)} is expected"
            return Finding("wrong", ((said, ""),))
        if not np.isfinite(a).all():
            return Finding("wrong", (("the function gives what are no finite numbers", ""),))
    if all(_same(a, b, close) for a, b in zip(found, due, strict=True)):
        return Finding("right")
    if all(_same(a, b.T, close) for a, b in zip(found, due, strict=True)):
        return Finding("transposed")
    if any(a.shape != b.shape for a, b in zip(found, due, strict=True)):
        return Finding("wrong", ((f"{_shape(due[0])} is expected", "transpose it"),))
    if not _same(as_array("the function's value", called(drawn[0])), found[0], close):
        return Finding(
            "wrong", (("the function gives another matrix when it is called again", ""),)
        )
    if not parts:
        return Finding("wrong", (("every entry is 0", ""),))
    fit = _Fit(cell, parts, drawn, found, close)
    with np.errstate(all="ignore"):
        told = tuple(fit.said()) or tuple(fit.shared())
    many = f"which of the {len(parts)} paths is off is not told"
    said = many if len(parts) > MOST_PATHS else "it differs in no single path"
    return Finding("wrong", told or ((said, ""),))


def _shape(a: Array) -> str:
    return " × ".join(map(str, a.shape)) or "a number"


def _same(a: Array, b: Array, close: float) -> bool:
    return a.shape == b.shape and bool(np.abs(a - b).max() <= close * (1e-30 + np.abs(b).max()))


def _points(cell: Cell) -> Iterator[NamedPoint]:
    random = np.random.default_rng(0)
    sizes = {size: SIZES[min(i, 3)] for i, size in enumerate(cell.sizes.values())}

    def draw(shape: Sequence[Expr], positive: bool) -> Array:
        drawn = random.uniform(0.3, 1.0, [int(size.subs(sizes)) for size in shape])
        return drawn if positive else drawn * random.choice([-1.0, 1.0], drawn.shape)

    for _ in range(POINTS):
        params = {p.name: draw(p.shape, not p.shape) for p in cell.parameters.values()}
        values = {x: draw(cell.shapes[x], False) for x in cell.inputs}
        values |= {s: draw(cell.shapes[s], True) for s in cell.states}
        yield NamedPoint(params, values)


def _numbers(cell: Cell, expression: Any, points: Sequence[NamedPoint]) -> list[Array]:
    compiled = lambdify(cell, expression)
    return [np.asarray(compiled(p.params, **p.values)) for p in points]


# -- calling -------------------------------------------------------------------------------------


def _slots() -> Iterator[Slot]:
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
    for slot in _slots():
        for by_name in (False, True):
            for whole in (len(cell.states) > 1, len(cell.states) == 1):
                call = _call(cell, function, slot, by_name, whole)
                try:
                    call(first)
                except Exception as fault:
                    faults.append(fault)
                else:
                    return call
    what = f"{type(faults[0]).__name__}: {faults[0]}"
    raise SymgateError(f"the function fails on (params, x, state): {what}") from None


def _call(
    cell: Cell, function: Callable[..., Any], slot: Slot, by_name: bool, whole: bool
) -> Callable[[NamedPoint], Any]:
    def called(point: NamedPoint) -> Any:
        params = {name: slot(a.copy()) for name, a in point.params.items()}
        values = {name: slot(a.copy()) for name, a in point.values.items()}
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
    parts: Sequence[Summand]
    points: Sequence[NamedPoint]
    found: Sequence[Array]
    close: float

    def said(self) -> Iterator[tuple[str, str]]:
        """What is off, path by path: a number before it, else what stands before its matrix."""
        columns = [_numbers(self.cell, s.operator, self.points) for s in self.parts]
        design = np.stack([np.concatenate([a.ravel() for a in c]) for c in columns], axis=1)
        target = np.concatenate([a.ravel() for a in self.found])
        weights, *_ = np.linalg.lstsq(design, target, rcond=None)
        rest = np.abs(design @ weights - target).max()
        if rest <= self.close * np.abs(target).max():
            for part, weight in zip(self.parts, weights, strict=True):
                if abs(weight - 1) > 100 * self.close:
                    yield self._number(part, float(weight))
            return
        for i, part in enumerate(self.parts if len(self.parts) <= MOST_PATHS else ()):
            others = sum(
                (np.stack(c) for j, c in enumerate(columns) if j != i), np.zeros_like(self.found)
            )
            yield from self._factor(part, [a - b for a, b in zip(self.found, others, strict=True)])

    def _number(self, part: Summand, weight: float) -> tuple[str, str]:
        where = _route(part)
        if abs(weight) < 100 * self.close:
            return f"{where} is missing", f"add {text(part.operator)}"
        if abs(weight + 1) < 100 * self.close:
            return f"the sign of {where} is turned", "turn the sign"
        return f"{where} counts {weight:.3g} times", f"divide it by {weight:.3g}"

    def _factor(self, part: Summand, share: Sequence[Array]) -> Iterator[tuple[str, str]]:
        """A factor of the path that stands for another one, where that explains all."""
        scale = max(np.abs(a).max() for a in self.found)
        for factors, message, mend in self._others(part):
            slipped = Summand(part.number, factors, part.rows, part.cols)
            numbers = _numbers(self.cell, slipped.operator, self.points)
            pairs = zip(numbers, share, strict=True)
            if all(np.abs(a - b).max() <= self.close * scale for a, b in pairs):
                yield f"in {_route(part)}, {message}", mend
                return

    def shared(self) -> Iterator[tuple[str, str]]:
        """A factor of several paths that stands for another one in all of them."""
        if len(self.parts) > MOST_PATHS:
            return
        size = self.parts[0].rows
        own = (d for p in self.parts for d in p.factors if d.rows == size)
        due = list(dict.fromkeys(f for d in own for f in _once(d)))
        known = self._values(size)
        others = (*due, Integer(1), *known, *(1 - v for v in known))
        vectors = {v: self._vector(size, v) for v in others}
        whole = _numbers(self.cell, added(self.parts, size, self.parts[0].cols), self.points)
        for one in due:
            held = [(p, at) for p in self.parts if (at := _place(p, one, size)) is not None]
            if len(held) < 2:
                continue
            around = [self._around(p, at) for p, at in held]
            for other, new in vectors.items() if len(held) <= MOST_SHARED else ():
                moves = [
                    [(left * (v * (b / a - 1))) @ right for left, v, right in shares]
                    for a, b, *shares in zip(vectors[one], new, *around, strict=True)
                ]
                places = range(len(held))
                for some in (c for n in range(len(held), 1, -1) for c in combinations(places, n)):
                    made = (w + sum(m[i] for i in some) for w, m in zip(whole, moves, strict=True))
                    if other != one and all(
                        _same(a, b, self.close) for a, b in zip(made, self.found, strict=True)
                    ):
                        where = ", ".join(_route(held[i][0]) for i in some)
                        yield _stands(where, one, other)
                        return

    def _around(self, part: Summand, at: int) -> list[tuple[Array, Array, Array]]:
        """What stands before and behind a diagonal, and its entries, at each point."""
        own = part.factors[at]
        before = Summand(part.number, part.factors[:at], part.rows, own.rows).operator
        behind = Summand(Integer(1), part.factors[at + 1 :], own.rows, part.cols).operator
        both = (_numbers(self.cell, each, self.points) for each in (before, behind))
        middle = [np.diagonal(a) for a in _numbers(self.cell, own, self.points)]
        return [(a, v, b) for (a, b), v in zip(zip(*both, strict=True), middle, strict=True)]

    def _vector(self, size: Expr, vector: Expr) -> list[Array]:
        numbers = _numbers(self.cell, Diag(size, vector), self.points)
        return [np.diagonal(a) for a in numbers]

    def _values(self, size: Expr) -> list[Expr]:
        """The values of a size: gates, and states now and before."""
        cell = self.cell
        names = [n for n in (*cell.gates, *cell.states) if cell.shapes[n] == (size,)]
        before = [cell.variable(n, 1) for n in names if n in cell.states]
        return [*map(cell.variable, names), *before]

    def _others(self, part: Summand) -> Iterator[tuple[tuple[MatrixExpr, ...], str, str]]:
        """The path with one slip, and what that is called."""
        factors = part.factors
        for at, factor in enumerate(factors):
            before, after = factors[:at], factors[at + 1 :]
            if isinstance(factor, Diag):
                for vector, message, mend in self._slips(factor.vector, factor.rows):
                    yield (*before, Diag(factor.rows, vector), *after), message, mend
            elif factor.rows == factor.cols:
                turned = transposed(factor)
                message = f"{text(turned)} stands where {text(factor)} belongs"
                yield (*before, turned, *after), message, f"write {text(factor)}"
            if after and factor.rows == factor.cols == after[0].rows == after[0].cols:
                message = f"{text(factor)} and {text(after[0])} are the wrong way round"
                yield (*before, after[0], factor, *after[1:]), message, "let them change places"

    def _slips(self, vector: Expr, size: Expr) -> Iterator[tuple[Expr, str, str]]:
        """What may stand in the place of a diagonal, with what that is called."""
        known = self._values(size)
        due = [f.base if f.is_Pow else f for f in Mul.make_args(vector)]
        for one in due:
            yield vector / one, f"the factor {text(one)} is missing", f"multiply by {text(one)}"
            atoms = [v for v in known if v != one]
            for other in dict.fromkeys([*atoms, *(1 - v for v in atoms), *(d for d in due)]):
                if other != one:
                    message = f"{text(other)} stands where {text(one)} belongs"
                    yield vector / one * other, message, f"write {text(one)}"
            own = [] if isinstance(one, Indexed) else sorted(one.atoms(Indexed), key=str)
            for inner in own:
                fits = self.cell.shapes.get(name_of(inner)) == (size,)
                for other in atoms if fits else ():
                    swapped = one.xreplace({inner: other})
                    message = f"{text(swapped)} stands where {text(one)} belongs"
                    yield vector / one * swapped, message, f"write {text(one)}"
        for other in known:
            message = f"the factor {text(other)} is too much"
            yield vector * other, message, f"take {text(other)} away"


def _stands(where: str, one: Expr, other: Expr) -> tuple[str, str]:
    if other == 1:
        return f"in {where}: the factor {text(one)} is missing", f"multiply by {text(one)}"
    return f"in {where}: {text(other)} stands where {text(one)} belongs", f"write {text(one)}"


def _once(factor: MatrixExpr) -> list[Expr]:
    """The factors of a diagonal, a power as its base."""
    found = Mul.make_args(factor.vector) if isinstance(factor, Diag) else ()
    return [f.base if f.is_Pow else f for f in found if f.atoms(Indexed)]


def _place(part: Summand, one: Expr, size: Expr) -> int | None:
    """Where in a path the first diagonal of a size stands that has a factor."""
    found = (i for i, f in enumerate(part.factors) if f.rows == size and one in _once(f))
    return next(found, None)


def _route(part: Summand) -> str:
    return f"the path through {' … '.join(part.path)}" if part.path else "the path of no matrix"
