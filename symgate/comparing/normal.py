"""The normal form of a cell: each state as a polynomial in the vector algebra.

Gates are put in, matrices distribute over sums, a matrix on a stack splits into blocks,
σ becomes tanh, and odd functions lose the sign of their argument. Two cells whose normal
forms agree compute the same function at every size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
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

from symgate.algebra.activations import OF_TWO
from symgate.algebra.fold import Semantics, fold, function_name
from symgate.algebra.operators import Diag
from symgate.algebra.vectors import MatVec, Stack, Vector, name_of, time_of
from symgate.comparing import polynomials as poly
from symgate.comparing.polynomials import (
    ONE,
    Act,
    Applied,
    Exp,
    Generator,
    Inverse,
    Matrix,
    Monomial,
    Param,
    Polynomial,
    Var,
    generator,
    number,
    of_monomial,
)
from symgate.equations.cell import Cell

HALF = Fraction(1, 2)
ODD = ("tanh", "softsign", "sin")
EVEN = ("cos",)
ANGLES = ("sin", "cos")

#: Activations with f(-a) = f(a) - a.
MIRRORED = ("relu", "softplus", "gelu")


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
            raise Unsupported(f"{name} is no vector; only vectors are compared as yet")
    walk = _Polynomials()
    for name, expression in cell.equations.items():
        walk.defined[name] = _whole(fold(expression, walk))
    found = Normal(
        cell,
        {s: walk.defined[s] for s in cell.states},
        {g: walk.defined[g] for g in cell.gates},
        (),
        {},
        {name: blocks for name, blocks in walk.splits.items() if blocks != ("",)},
        walk.widths,
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
        return found if found is not None else generator(Var(name, lag))

    def parameter(self, e: Symbol) -> Polynomial:
        return generator(Param(e.name, not isinstance(e, Vector)))

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
        return reduce(lambda one, other: one_angle(one * other), parts)

    def power(self, base: Polynomial, exponent: Polynomial, e: Pow) -> Polynomial:
        if exponent.constant is None:
            raise Unsupported(f"the exponent of {e} is no number")
        return one_angle(poly.power(base, exponent.constant))

    def apply(self, arguments: Sequence[Polynomial], e: Expr) -> Polynomial:
        name = function_name(e)
        if name in OF_TWO:
            a, b = arguments
            return b + activation("relu", a - b) if name == "max" else a - activation("relu", a - b)
        return activation(name, arguments[0], *(k.constant for k in arguments[1:]))

    def matvec(self, matrix: Operator, vector: Any, e: MatVec) -> Polynomial:
        return matrix(vector)

    def stack(self, parts: Sequence[Polynomial], e: Stack) -> _Stacked:
        return _Stacked(tuple(parts), tuple(e.sizes))

    def symbol(self, e: MatrixSymbol) -> Operator:
        return lambda vector: self.applied(Matrix(e.name), vector)

    def transpose(self, matrix: Operator, e: Transpose) -> Operator:
        if not isinstance(e.arg, MatrixSymbol):
            raise Unsupported(f"{e} is the transpose of no parameter")
        return lambda vector: self.applied(Matrix(e.arg.name, True), vector)

    def applied(self, matrix: Matrix, vector: Any) -> Polynomial:
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


def apply(matrix: Matrix, vector: Polynomial) -> Polynomial:
    """A matrix on a polynomial: scalars go in front, the rest is what the matrix acts on."""
    result = poly.ZERO
    for monomial, coefficient in vector:
        scalars = frozenset((g, e) for g, e in monomial if is_scalar(g))
        feature = monomial - scalars
        acted = generator(Applied(matrix, feature))
        result = result + acted * of_monomial(scalars, coefficient)
    return result


def is_scalar(g: Generator) -> bool:
    """Whether a generator is one number for all components."""
    match g:
        case Param(scalar=scalar):
            return scalar
        case Act(argument=inner) | Inverse(of=inner):
            return all(is_scalar(h) for m, _ in inner for h, _ in m)
        case Exp(of=monomial):
            return all(is_scalar(h) for h, _ in monomial)
    return False


def activation(kind: str, a: Polynomial, extra: Fraction | None = None) -> Polynomial:
    """An activation in the functions that the normal form keeps."""
    match kind:
        case "sigmoid":
            return activation("tanh", a.scaled(HALF)).scaled(HALF) + number(HALF)
        case "silu":
            return a * activation("sigmoid", a)
        case "exp":
            return _exponential(a)
        case "leaky_relu":
            slope = extra if extra is not None else Fraction(1, 100)
            return a.scaled(slope) + activation("relu", a).scaled(1 - slope)
        case "hard_sigmoid":
            b = a.scaled(extra if extra is not None else Fraction(1, 6))
            return activation("relu", b + number(HALF)) - activation("relu", b - number(HALF))
        case "hard_tanh":
            b = a.scaled(extra if extra is not None else Fraction(1))
            return activation("relu", b + number(1)) - activation("relu", b - number(1)) - number(1)
        case "abs":
            return activation("relu", a).scaled(Fraction(2)) - a
    if not a and kind in (*ODD, "relu", "gelu", "elu"):
        return poly.ZERO
    if not a and kind == "cos":
        return poly.UNIT
    if kind in ODD and poly.leading(a) < 0:
        return -generator(Act(kind, -a, extra))
    if kind in EVEN and a and poly.leading(a) < 0:
        return generator(Act(kind, -a, extra))
    if kind == "relu":
        scale = poly.content(a)
        return generator(Act(kind, a.scaled(1 / scale))).scaled(scale)
    return generator(Act(kind, a, extra))


def _exponential(a: Polynomial) -> Polynomial:
    """e to a sum is the product of e to its terms."""
    powers: dict[Generator, Fraction] = {}
    for monomial, coefficient in a:
        powers[Exp(monomial)] = coefficient
    return of_monomial(frozenset(powers.items()))


def one_angle(p: Polynomial) -> Polynomial:
    """Products of sin and cos written as sums, by 2 sin a sin b = cos(a - b) - cos(a + b)."""
    result = poly.ZERO
    changed = False
    for monomial, coefficient in p:
        angles = [
            g
            for g, e in monomial
            if isinstance(g, Act) and g.kind in ANGLES
            for _ in range(int(e) if e.denominator == 1 and e > 0 else 0)
        ]
        if len(angles) < 2:
            result = result + of_monomial(monomial, coefficient)
            continue
        changed = True
        one, other = angles[:2]
        rest = poly.times(monomial, frozenset({(one, Fraction(-1))}))
        rest = poly.times(rest, frozenset({(other, Fraction(-1))}))
        a, b = one.argument, other.argument
        if one.kind == other.kind:
            sign = 1 if one.kind == "cos" else -1
            both = activation("cos", a - b) + activation("cos", a + b).scaled(Fraction(sign))
        else:
            if one.kind == "cos":
                a, b = b, a
            both = activation("sin", a + b) + activation("sin", a - b)
        result = result + both * of_monomial(rest, coefficient / 2)
    return one_angle(result) if changed else result


class Change:
    """Sends every generator of a polynomial, however deep, through a function."""

    def __init__(self) -> None:
        self.known: dict[Generator, Polynomial] = {}

    def __call__(self, p: Polynomial) -> Polynomial:
        return one_angle(poly.rebuilt(p, self.generator))

    def generator(self, g: Generator) -> Polynomial:
        found = self.known.get(g)
        if found is None:
            found = self.known[g] = self.made(g)
        return found

    def made(self, g: Generator) -> Polynomial:
        match g:
            case Var():
                return self.variable(g)
            case Param():
                return self.parameter(g)
            case Applied(matrix=matrix, feature=feature):
                return self.matrix(matrix, self(of_monomial(feature)))
            case Act(kind=kind, argument=argument, extra=extra):
                if kind.startswith("power "):
                    return poly.power(self(argument), Fraction(kind.removeprefix("power ")))
                return activation(kind, self(argument), extra)
            case Inverse(of=of):
                return poly.power(self(of), Fraction(-1))
            case Exp(of=monomial):
                return _exponential(self(of_monomial(monomial)))

    def variable(self, g: Var) -> Polynomial:
        return generator(g)

    def parameter(self, g: Param) -> Polynomial:
        return generator(g)

    def matrix(self, matrix: Matrix, vector: Polynomial) -> Polynomial:
        return apply(matrix, vector)


class Renamed(Change):
    """Gives variables other names."""

    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__()
        self.names = names

    def variable(self, g: Var) -> Polynomial:
        return generator(Var(self.names.get(g.name, g.name), g.lag))


class Diagonal(Change):
    """Takes some square matrices, or blocks, to be diagonal: U v becomes u ⊙ v."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        self.names = frozenset(names)

    def matrix(self, matrix: Matrix, vector: Polynomial) -> Polynomial:
        if (matrix.name, matrix.block) in self.names:
            return generator(Param(diagonal_name(matrix.name, matrix.block), False)) * vector
        return apply(matrix, vector)


class Alone(Change):
    """Takes one matrix to be the identity."""

    def __init__(self, name: tuple[str, str]) -> None:
        super().__init__()
        self.name = name

    def matrix(self, matrix: Matrix, vector: Polynomial) -> Polynomial:
        return vector if (matrix.name, matrix.block) == self.name else apply(matrix, vector)


DIAGONAL = "diag "


def diagonal_name(name: str, block: str = "") -> str:
    """The name of the vector that stands for a diagonal matrix, or for a block of one."""
    return f"{DIAGONAL}{name}{'|' + block if block else ''}"


def plain_name(name: str) -> str:
    """The parameter that a name stands for: itself, or the matrix of a diagonal."""
    return name.removeprefix(DIAGONAL).partition("|")[0]


class _Mirrored(Change):
    """Writes f(-a) as f(a) - a where both stand in a cell."""

    def __init__(self, mirrored: set[Act]) -> None:
        super().__init__()
        self.mirrored = mirrored

    def made(self, g: Generator) -> Polynomial:
        if isinstance(g, Act) and g in self.mirrored:
            inside = self(g.argument)
            return activation(g.kind, -inside, g.extra) + inside
        return super().made(g)


def _without_mirrors(found: Normal) -> Normal:
    acts = {
        g
        for p in (*found.states.values(), *found.gates.values())
        for g in everything(p)
        if isinstance(g, Act) and g.kind in MIRRORED and g.argument
    }
    twice = {
        g
        for g in acts
        if poly.leading(g.argument) < 0 and Act(g.kind, -g.argument, g.extra) in acts
    }
    return found.changed(_Mirrored(twice)) if twice else found


def _without_doubles(found: Normal) -> Normal:
    """Merge states that are always equal, as h and c where h[t] = c[t]."""
    for one in found.states:
        for other in found.states:
            if one == other:
                break
            if found.states[one] == found.states[other]:
                kept, dropped = _kept(found, other, one)
                merged = found.changed(Renamed({dropped: kept}))
                states = {s: p for s, p in merged.states.items() if s != dropped}
                gates = {**merged.gates, dropped: merged.states[kept]}
                return _without_doubles(
                    replace(merged, states=states, gates=gates,
                            merged={**found.merged, dropped: kept})
                )  # fmt: skip
    return found


def _kept(found: Normal, one: str, other: str) -> tuple[str, str]:
    """Of two equal states the one that more equations read."""

    def reads(name: str) -> int:
        return sum(Var(name, 1) in variables(p) for p in found.states.values())

    return (one, other) if reads(one) >= reads(other) else (other, one)


def variables(p: Polynomial) -> set[Var]:
    """All variables in a polynomial, however deep."""
    return {g for g in everything(p) if isinstance(g, Var)}


def everything(p: Polynomial) -> set[Generator]:
    """All generators in a polynomial, however deep."""
    found: set[Generator] = set()
    waiting: list[Monomial] = [m for m, _ in p]
    while waiting:
        for g, _ in waiting.pop():
            if g in found:
                continue
            found.add(g)
            match g:
                case Applied(feature=feature):
                    waiting.append(feature)
                case Act(argument=inner) | Inverse(of=inner):
                    waiting.extend(m for m, _ in inner)
                case Exp(of=monomial):
                    waiting.append(monomial)
    return found
