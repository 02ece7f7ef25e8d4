"""The normal form of a cell: each state as a polynomial in the vector algebra.

Gates are put in, matrices distribute over sums, a matrix on a stack splits into blocks,
σ becomes tanh, and odd functions lose the sign of their argument. Two cells whose normal
forms agree compute the same function at every size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, reduce
from typing import Any

from sympy import (
    Expr,
    Identity,
    Indexed,
    MatAdd,
    MatMul,
    MatrixSymbol,
    Pow,
    Rational,
    S,
    Symbol,
    Transpose,
)
from sympy.core.basic import Basic

from symgate.algebra.activations import OF_TWO, record_of
from symgate.algebra.elementwise import A, Activation, K
from symgate.algebra.fold import Semantics, fold
from symgate.algebra.operators import Diag
from symgate.algebra.vectors import MatVec, Stack, name_of, rank, time_of, variable
from symgate.comparing import polynomials as poly
from symgate.comparing.changes import (
    OnGenerators,
    apply,
    everything,
    renamed,
    variables,
)
from symgate.comparing.coefficients import kind, nodes_of
from symgate.comparing.identities import activation, power, simpler
from symgate.comparing.polynomials import (
    ONE,
    ROOT,
    Act,
    AtTime,
    Exp,
    Generator,
    InverseFactor,
    MatrixFactor,
    Param,
    Polynomial,
    generator,
    number,
)
from symgate.equations.cell import Cell, Parameter


class Unsupported(Exception):
    """What the normal form cannot say; the text says what that is."""


@dataclass(frozen=True)
class Normal:
    """A cell in normal form: `states`, `outputs` and all `gates` by name.

    `merged` maps doubled states to those they equal; `blocks` names, for each matrix that
    acts on a stack, its blocks in order, and `widths` tells their sizes.
    """

    cell: Cell
    states: Mapping[str, Polynomial]
    gates: Mapping[str, Polynomial]
    outputs: tuple[str, ...]
    merged: Mapping[str, str]
    blocks: Mapping[str, tuple[str, ...]]
    widths: Mapping[str, tuple[Expr, ...]]

    @property
    def observed(self) -> dict[str, Polynomial]:
        """What two cells must agree in: states and outputs."""
        return {**self.states, **{name: self.gates[name] for name in self.outputs}}

    def doubled(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Values of variables, with those of the states that are merged."""
        return {**variables, **{name: variables[kept] for name, kept in self.merged.items()}}

    @property
    def unknowns(self) -> list[tuple[Parameter, tuple[str, str]]]:
        """Every parameter, each block of a matrix on a stack, by the name and the block."""
        parameters = self.cell.parameters.values()
        return [
            (p, (p.name, block)) for p in parameters for block in self.blocks.get(p.name, ("",))
        ]

    @property
    def free_sizes(self) -> set[Expr]:
        """Sizes of parameters that no state, output or input has."""
        shapes = [self.cell.size(name) for name in (*self.observed, *self.cell.inputs)]
        own = {s for size in shapes for s in size.free_symbols}
        parameters = self.cell.parameters.values()
        return {s for p in parameters for size in p.shape for s in size.free_symbols} - own

    def is_gate(self, state: str) -> bool:
        """Whether some equation reads a state in the step in which it is made."""
        return any(e.has(variable(state)) for e in self.cell.equations.values())

    def changed(self, change: Any) -> Normal:
        """The same cell with every polynomial sent through a function."""
        return replace(
            self,
            states={s: change(p) for s, p in self.states.items()},
            gates={g: change(p) for g, p in self.gates.items()},
        )


def normal(cell: Cell) -> Normal:
    """Bring a cell to its normal form."""
    for name, shape in cell.shapes.items():
        if len(shape) != 1:
            raise Unsupported(
                f"{name} is not a vector; such cells are compared by their names, their lines, the "
                f"rows and the transposes of their matrices and parameters at 0 and 1 alone, and "
                f"nothing was found that way"
            )
    polynomials = _Polynomials()
    for name, expression in cell.equations.items():
        polynomials.defined[name] = _whole(fold(expression, polynomials))
    found = Normal(
        cell,
        {s: polynomials.defined[s] for s in cell.states},
        {g: polynomials.defined[g] for g in cell.gates},
        (),
        {},
        {name: blocks for name, blocks in polynomials.splits.items() if blocks != ("",)},
        polynomials.widths,
    )
    found = _without_doubles(_without_mirrors(found))
    return replace(found, outputs=_outputs(found))


def _outputs(found: Normal) -> tuple[str, ...]:
    """Gates that no equation reads: what a cell computes beside its states."""
    read = {
        name_of(v)
        for e in found.cell.equations.values()
        for v in e.atoms(Indexed)
        if time_of(v) == 0
    }
    states = list(found.states.values())
    return tuple(g for g in found.cell.gates if g not in read and found.gates[g] not in states)


@dataclass(frozen=True)
class _Stacked:
    """Vectors one above the other, for a matrix to act on, and their sizes."""

    parts: tuple[Polynomial, ...]
    sizes: tuple[Expr, ...]


#: A matrix is what it does to a vector.
Operator = Callable[[Any], Polynomial]


class _Polynomials(Semantics):
    """Equations as polynomials; `defined` has those of the lines before."""

    def __init__(self) -> None:
        self.defined: dict[str, Polynomial] = {}
        self.splits: dict[str, tuple[str, ...]] = {}
        self.widths: dict[str, tuple[Expr, ...]] = {}

    def variable(self, e: Indexed) -> Polynomial:
        name, lag = name_of(e), -int(time_of(e))
        found = self.defined.get(name) if lag == 0 else None
        return found if found is not None else generator(AtTime(name, lag))

    def parameter(self, e: Symbol) -> Polynomial:
        return generator(Param(e.name, rank(e) == 0))

    def number(self, e: Expr) -> Polynomial:
        if isinstance(e, Rational):
            return number(Fraction(int(e.p), int(e.q)))
        if isinstance(e, Pow) and isinstance(e.base, Rational) and isinstance(e.exp, Rational):
            return poly.power(self.number(e.base), Fraction(int(e.exp.p), int(e.exp.q)))
        if e is S.Exp1:
            return generator(Exp(ONE))
        raise Unsupported(f"the number {e} has no ratio")

    def add(self, parts: Sequence[Polynomial], e: Expr) -> Polynomial:
        return poly.total(parts)

    def multiply(self, parts: Sequence[Polynomial], e: Expr) -> Polynomial:
        return reduce(lambda one, other: simpler(one * other), parts)

    def power(self, base: Polynomial, exponent: Polynomial, e: Pow) -> Polynomial:
        if exponent.constant is None:
            raise Unsupported(f"the exponent of {e} is not a number")
        return power(base, exponent.constant)

    def apply(self, arguments: Sequence[Polynomial], e: Any) -> Polynomial:
        record = record_of(e)
        name, constants = record.name, arguments[1:] or [self.number(record.default)]
        if (form := reduced(record)) is not None:
            return _whole(fold(form, self, {A: arguments[0], K: constants[0]}))
        if name in OF_TWO:
            b, a = sorted(arguments, key=_place)
            return b + activation("relu", a - b) if name == "max" else b - activation("relu", b - a)
        return activation(name, arguments[0], *(k.constant for k in arguments[1:]))

    def matvec(self, matrix: Operator, vector: Any, e: MatVec) -> Polynomial:
        return matrix(vector)

    def stack(self, parts: Sequence[Polynomial], e: Stack) -> _Stacked:
        return _Stacked(tuple(parts), tuple(e.sizes))

    def symbol(self, e: MatrixSymbol) -> Operator:
        return lambda vector: self.applied(MatrixFactor(e.name), vector)

    def transpose(self, matrix: Operator, e: Transpose) -> Operator:
        if not isinstance(e.arg, MatrixSymbol):
            raise Unsupported(f"{e} is the transpose of no parameter")
        return lambda vector: self.applied(MatrixFactor(e.arg.name, True), vector)

    def applied(self, matrix: MatrixFactor, vector: Any) -> Polynomial:
        """A matrix parameter on a vector, block by block on a stack."""
        stacked = isinstance(vector, _Stacked)
        names = _blocks(vector.sizes, rows=matrix.transposed) if stacked else ("",)
        if self.splits.setdefault(matrix.name, names) != names:
            raise Unsupported(f"{matrix.name} is split in two ways")
        if not stacked:
            return apply(matrix, vector)
        self.widths[matrix.name] = vector.sizes
        parts = zip(names, vector.parts, strict=True)
        return poly.total(apply(replace(matrix, block=name), part) for name, part in parts)

    def identity(self, e: Identity) -> Operator:
        return _whole

    def diagonal(self, vector: Polynomial, e: Diag) -> Operator:
        return lambda other: vector * _whole(other)

    def matadd(self, parts: Sequence[Operator], e: MatAdd) -> Operator:
        return lambda vector: poly.total(part(vector) for part in parts)

    def matmul(self, scale: Polynomial | None, matrices: Sequence[Operator], e: MatMul) -> Operator:
        def product(vector: Any) -> Polynomial:
            for matrix in reversed(matrices):
                vector = matrix(vector)
            return vector if scale is None else scale * _whole(vector)

        return product

    def unknown(self, e: Basic) -> Any:
        raise Unsupported(f"{e} is none of what a comparison understands")


@cache
def reduced(record: Activation) -> Expr | None:
    """What is compared in place of a function; None where it is compared as it is, by what its
    record says, as a user's is whose formula has a root or a quotient."""
    if not record.formula:
        return record.reduced
    plain = fold(record.closed, _Polynomials(), {A: generator(AtTime("a", 0))})
    kinds = {kind(g).split()[0] for g in nodes_of([plain])}
    return None if kinds & {ROOT.name, InverseFactor.__name__} else record.closed


def _place(p: Polynomial) -> tuple[Any, ...]:
    """Sorts what a function of two takes, however it is typed: a number first, names last."""
    kinds = sorted((type(g).__name__, getattr(g, "lag", 0)) for g in everything(p))
    return p.constant is None, kinds, sorted(map(poly.order, p.terms))


def _whole(vector: Any) -> Polynomial:
    if isinstance(vector, _Stacked):
        raise Unsupported("a concatenation stands outside a matrix")
    return vector


def _blocks(sizes: Iterable[Expr], rows: bool) -> tuple[str, ...]:
    """A name for each block of a matrix on a stack: its indices, `:, 0:n` or `0:n, :`."""
    start: Expr = S.Zero
    names = []
    for size in sizes:
        part = f"{start}:{start + size}"
        names.append(f"{part}, :" if rows else f":, {part}")
        start = start + size
    return tuple(names)


def is_of_rows(block: str) -> bool:
    """Whether a block is some rows of its matrix, as in [h, x] @ W, and not some columns."""
    return block.endswith(", :")


class Mirrored(OnGenerators):
    """Writes some f(a) as f(-a) + a."""

    def __init__(self, mirrored: set[Act]) -> None:
        super().__init__()
        self.mirrored = mirrored

    def made(self, g: Generator) -> Polynomial:
        if isinstance(g, Act) and g in self.mirrored:
            inside = self(g.argument)
            return activation(g.kind, -inside, g.extra) + inside
        return super().made(g)


def with_mirrors(polynomials: Iterable[Polynomial]) -> set[Act]:
    """The activations f in polynomials of which f(-a) is f(a) - a."""
    return {
        g
        for p in polynomials
        for g in everything(p)
        if isinstance(g, Act) and g.parity == "turned" and g.argument
    }


def _without_mirrors(found: Normal) -> Normal:
    """With f(-a) as f(a) - a where both stand in a cell."""
    acts = with_mirrors((*found.states.values(), *found.gates.values()))
    twice = {
        g
        for g in acts
        if poly.leading(g.argument) < 0 and Act(g.kind, -g.argument, g.extra) in acts
    }
    twice |= {g for g in acts if g.kind == "relu" and _is_clipped(g, acts)}
    return found.changed(Mirrored(twice)) if twice else found


def _is_clipped(one: Act, acts: set[Act]) -> bool:
    """Whether relu(c - a) stands beside a relu(d - a), as where a is held in a range."""
    inner = one.argument - poly.number(one.argument.terms.get(ONE, Fraction(0)))
    if not inner or poly.leading(inner) > 0:
        return False
    return any(
        other != one and other.kind == one.kind and (one.argument - other.argument).constant
        for other in acts
    )


def _without_doubles(found: Normal) -> Normal:
    """Merge states that are always equal, as h and c where h[t] = c[t]."""
    for one in found.states:
        for other in found.states:
            if one == other:
                break
            if found.states[one] == found.states[other]:
                kept, dropped = _kept(found, other, one)
                merged = found.changed(renamed({dropped: kept}))
                states = {s: p for s, p in merged.states.items() if s != dropped}
                gates = {**merged.gates, dropped: merged.states[kept]}
                return _without_doubles(
                    replace(
                        merged, states=states, gates=gates, merged={**found.merged, dropped: kept}
                    )
                )
    return found


def _kept(found: Normal, one: str, other: str) -> tuple[str, str]:
    """Of two equal states the one that more equations read."""

    def reads(name: str) -> int:
        return sum(AtTime(name, 1) in variables(p) for p in found.states.values())

    return (one, other) if reads(one) >= reads(other) else (other, one)
