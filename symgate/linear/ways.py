"""How a value of the step depends on what stands in it: by which linear map on which source.

Takes one atom of an element-wise expression (a variable, a parameter, A v, uᵀ v, S q, …) and
gives its ways: factors, a map, a source. This is the table of differentials of the language:
a new kind of value is one rule here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sympy import Expr, Indexed, MatrixExpr, S, Symbol

from symgate.algebra.maps import (
    Averaged,
    ByValue,
    FromLeft,
    FromRight,
    Inner,
    Map,
    MatrixTimes,
    Mixed,
    OnColumns,
    OnRows,
    ToColumns,
    ToRows,
)
from symgate.algebra.matrices import ColumnBlock
from symgate.algebra.operators import Diag
from symgate.algebra.values import (
    Across,
    Dot,
    Down,
    Dyad,
    Mean,
    Mixing,
    Norm,
    RightTimes,
    Spread,
    StepProduct,
    _Normed,
)
from symgate.algebra.vectors import MatVec, Opaque, Stack, Total, Vector, name_of, rank

Shape = tuple[Expr, ...]
ShapeOf = Callable[[str], Shape]


@dataclass(frozen=True)
class Way:
    """factors ⊙ map(d(source)); no map is the identity."""

    factors: tuple[Expr, ...]
    map: Map | None
    source: Expr


class Within(Opaque):
    """A node that mixes components (softmax of a value) with its own value beside it."""

    def __new__(cls, node: Mixing, value: Indexed) -> Within:
        made: Within = Expr.__new__(cls, node, value)
        return made


def ways(atom: Expr, shape_by_name: ShapeOf) -> Iterator[Way]:
    """The ways in which an atom depends on what stands in it."""

    def shape(e: Expr) -> Shape:
        return shape_of(e, shape_by_name) or ()

    match atom:
        case Indexed() | Symbol():
            yield Way((), None, atom)
        case MatVec() if rank(atom.vector) == 2:
            yield Way((), FromLeft(atom.matrix, shape(atom.vector)[1]), atom.vector)
        case MatVec():
            yield from _of_product(atom)
        case Dot():
            u, v = atom.args
            size = shape(u)[0] if rank(u) else shape(v)[0]
            yield Way((), Inner(v, size), u)
            yield Way((), Inner(u, size), v)
        case Total():
            yield Way((), Inner(S.One, shape(atom.args[0])[0]), atom.args[0])
        case Mean():
            yield Way((), Averaged(S.One, shape(atom.args[0])[0]), atom.args[0])
        case Norm():
            v = atom.args[0]
            yield Way((1 / atom,), Inner(v, shape(v)[0]), v)
        case Dyad():
            u, v = atom.args
            (rows,), (cols,) = shape(u), shape(v)
            yield Way((), ToRows(v, rows, cols), u)
            yield Way((), ToColumns(u, rows, cols), v)
        case StepProduct():
            rows, cols = shape(atom.matrix)
            on = OnColumns if atom.transposed else OnRows
            yield Way((), on(atom.operand, rows, cols), atom.matrix)
            by = ByValue(atom.matrix, rows, cols, atom.transposed)
            yield Way((), by, atom.operand)
        case RightTimes():
            yield Way((), FromRight(atom.matrix, shape(atom.value)[0]), atom.value)
        case Within():
            node, value = atom.args
            size = shape(node.vector)[0]
            factors = (1 / node.spread,) if isinstance(node, _Normed) else ()
            yield Way(factors, Mixed(node, value, size), node.vector)


def beside(atom: Expr, shape: Shape) -> Iterator[Way]:
    """The ways of 1 wᵀ and w 1ᵀ, whose other side has the size of what they stand beside."""
    rows, cols = shape
    if isinstance(atom, Across):
        yield Way((), ToColumns(S.One, rows, cols), atom.args[0])
    elif isinstance(atom, Down):
        yield Way((), ToRows(S.One, rows, cols), atom.args[0])


def _of_product(atom: MatVec) -> Iterator[Way]:
    for matrix, vector in pieces(atom):
        if isinstance(vector, Indexed) and isinstance(matrix, Diag):
            yield Way(matrix.factors, None, vector)
        elif isinstance(vector, Indexed | Vector):
            yield Way((), MatrixTimes(matrix), vector)


def pieces(atom: MatVec) -> Iterator[tuple[MatrixExpr, Expr]]:
    """A matrix product as a sum of matrix times plain vector: one piece a stacked part."""
    if not isinstance(atom.vector, Stack):
        yield atom.matrix, atom.vector
        return
    start: Expr = S.Zero
    for part, width in zip(atom.vector.parts, atom.vector.sizes, strict=True):
        label = Symbol(name_of(part)) if isinstance(part, Indexed | Symbol) else Symbol("c")
        yield ColumnBlock(atom.matrix, label, start, width), part
        start = start + width


def shape_of(e: Expr, shape_by_name: ShapeOf) -> Shape | None:
    """The symbolic shape of a value; None where nothing in it has one."""
    match e:
        case Indexed() | Symbol():
            return shape_by_name(name_of(e)) if isinstance(e, Indexed | Vector) else ()
        case MatVec():
            if rank(e) == 2:
                inner = shape_of(e.vector, shape_by_name)
                return None if inner is None else (e.matrix.rows, inner[1])
            return (e.matrix.rows,)
        case Dot() | Mean() | Total() | Norm() | Spread():
            return ()
        case Dyad():
            u, v = (shape_of(part, shape_by_name) for part in e.args)
            return None if u is None or v is None else (*u, *v)
        case StepProduct():
            whole = shape_of(e.matrix, shape_by_name)
            return None if whole is None else (whole[int(e.transposed)],)
        case RightTimes():
            inner = shape_of(e.value, shape_by_name)
            return None if inner is None else (inner[0], e.matrix.cols)
        case Across() | Down():
            return None
        case Mixing() | Within():
            return shape_of(e.args[0], shape_by_name)
    want = rank(e)
    found = (shape_of(a, shape_by_name) for a in e.args if rank(a) == want and a.free_symbols)
    return next((shape for shape in found if shape is not None), () if want == 0 else None)
