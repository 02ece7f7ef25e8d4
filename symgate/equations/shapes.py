"""Sizes by unification: every vector and matrix of a cell gets a symbolic shape.

A size is a variable, or a sum of variables where vectors are stacked. Two sizes that
must be equal are unified; where they cannot be, the error names both, the equation and
the place. At the end each class of sizes gets a letter, whatever the order of the lines and
however they are split: n for the states' size that most parameters have, m for the
input, then p, q, …
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from sympy import Add, Expr, Symbol

from symgate.equations.names import Names, is_matrix, of_matrix, rank
from symgate.equations.source import Source
from symgate.equations.syntax import MIXING, TO_NUMBER, ParsedLine, reference
from symgate.equations.unify import Mismatch, Size, Unifier

LETTERS = ("n", "m", "p", "q", "l", "r", "s", "u", "v", "w")

#: What is said of two sides whose sizes do not fit.
_SIZES = "{left} has size {one}, and {right} has size {other}"
_RIGHT_SIDE = "{left} has size {one}, and its right side has size {other}"
_ACTS = "{left} takes a vector of size {one}, and {right} has size {other}"
_ROW = "{right} takes a row vector of size {one}, and {left} has size {other}"
_INNER = "the columns of {left} are {one}, and the rows of {right} are {other}"
_ROWS = "the rows of {left} are {one}, and those of {right} are {other}"
_COLUMNS = "the columns of {left} are {one}, and those of {right} are {other}"


@dataclass(frozen=True)
class Shapes:
    """The symbolic sizes of a cell: of each vector by name, of each matrix, and their letters."""

    values: dict[str, tuple[Expr, ...]]
    matrices: dict[str, tuple[Expr, Expr]]
    identities: dict[int, Expr]
    parts: dict[int, Expr]
    sizes: dict[str, Symbol]


def infer(source: Source, lines: tuple[ParsedLine, ...], names: Names, output: str) -> Shapes:
    """Infer every size of a cell; `output` is the state that it gives out."""
    inference = _Inference(source, names, Unifier(), output)
    for line in lines:
        inference.equation(line)
    return inference.named()


class _Inference:
    def __init__(self, source: Source, names: Names, sizes: Unifier, output: str) -> None:
        self.source, self.names, self.sizes, self.output = source, names, sizes, output
        ranked = names.ranks.as_mapping()
        vectors = [*names.targets, *names.inputs, *names.of_kind("vector")]
        self.vector = {name: sizes.fresh() for name in vectors if ranked.get(name, 1) == 1}
        self.value = {n: (sizes.fresh(), sizes.fresh()) for n, r in ranked.items() if r == 2}
        self.matrix = {n: (sizes.fresh(), sizes.fresh()) for n in names.of_kind("matrix")}
        self.identity: dict[int, Size] = {}
        self.part: dict[int, Size] = {}

    def equation(self, line: ParsedLine) -> None:
        sides = (line.target, line.right)
        if line.name in self.value:
            self.same_shape(line.right, self.value[line.name], self.shape(line.right), sides)
            return
        size = self.size(line.right)
        if size is not None and line.name in self.vector:
            self.equal(line.right, self.vector[line.name], size, _RIGHT_SIDE, sides)

    def size(self, node: ast.expr) -> Size | None:
        """The size of a vector expression; None for a number or a scalar."""
        found = reference(node)
        if found is not None:
            if found[0] in self.value:
                shown = self.source.written(node)
                raise self.source.error(
                    node,
                    f"{shown} is a matrix, and a vector is expected here: {shown} @ q[t] makes one",
                )
            return self.vector.get(found[0])
        match node:
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                return self.matrix_vector(node, left, right)
            case ast.Call(func=ast.Name(id=name)) if name in TO_NUMBER:
                self.check_vectors(node, name)
                return None
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in MIXING:
                return self.vector_size(arguments[0], name)
            case ast.Call(func=ast.Name(id="max" | "min"), args=[left, right]):
                return self.same_size(node, left, right)
            case ast.BinOp(left=left, right=right):
                if is_matrix(left, self.names) or is_matrix(right, self.names):
                    raise self.source.error(
                        node, "this matrix has no vector to act on; write A @ v"
                    )
                return self.same_size(node, left, right)
            case ast.UnaryOp(operand=operand):
                return self.size(operand)
            case ast.Call(args=arguments):
                if is_matrix(node, self.names):
                    raise self.source.error(node, "diag(…) is a matrix; write diag(v) @ h[t-1]")
                return self.size(arguments[0])
            case ast.Attribute():
                raise self.source.error(node, "a transposed matrix may stand only left of @")
        return None

    def same_size(self, node: ast.expr, left: ast.expr, right: ast.expr) -> Size | None:
        one, other = self.size(left), self.size(right)
        if one is None or other is None:
            return one or other
        self.equal(node, one, other, _SIZES, (left, right))
        return one

    def check_vectors(self, node: ast.Call, name: str) -> None:
        sizes = [self.vector_size(argument, name) for argument in node.args]
        if len(sizes) == 2:
            self.equal(node, sizes[0], sizes[1], _SIZES, (node.args[0], node.args[1]))

    def vector_size(self, node: ast.expr, name: str) -> Size:
        """The size of what must be a vector."""
        if rank(node, self.names) == 2:
            raise of_matrix(self.source, node, name)
        size = self.size(node)
        if size is None:
            raise self.source.error(
                node,
                f"{name} takes a vector, and {self.source.written(node)} is a number, which "
                f"multiplies a vector or a matrix with *",
            )
        return size

    def same_shape(
        self,
        node: ast.expr,
        one: tuple[Size, Size],
        other: tuple[Size, Size],
        sides: tuple[ast.expr, ast.expr],
    ) -> tuple[Size, Size]:
        self.equal(node, one[0], other[0], _ROWS, sides)
        self.equal(node, one[1], other[1], _COLUMNS, sides)
        return one

    def stacked(self, parts: list[ast.expr]) -> Size:
        sizes: list[int] = []
        for part in parts:
            size = self.size(part)
            if size is None:
                shown = self.source.written(part)
                raise self.source.error(
                    part, f"{shown} is a number, which cannot be stacked in [a, b]"
                )
            self.part[id(part)] = size
            sizes.extend(size)
        return tuple(sizes)

    def matrix_vector(self, node: ast.expr, left: ast.expr, right: ast.expr) -> Size:
        row = rank(left, self.names) == 1 and rank(right, self.names) == 2
        matrix, vector = (right, left) if row else (left, right)
        shape = self.shape(matrix)
        outer, inner = reversed(shape) if row else shape
        size = self.stacked(vector.elts) if isinstance(vector, ast.List) else self.size(vector)
        if size is None:
            shown, by = map(self.source.written, (vector, matrix))
            raise self.source.error(
                vector,
                f"{by} is a matrix, which acts on a vector, and {shown} is a number: it multiplies "
                f"a vector or a matrix with *, as in {shown} * h[t-1]",
            )
        self.equal(node, inner, size, _ROW if row else _ACTS, (left, right))
        return outer

    def shape(self, node: ast.expr) -> tuple[Size, Size]:
        """The rows and columns of a matrix expression."""
        match node:
            case ast.Name(id="I"):
                size = self.identity.setdefault(id(node), self.sizes.fresh())
                return size, size
            case ast.Name(id=name) if name in self.matrix:
                return self.matrix[name]
            case ast.Subscript(value=ast.Name(id=name)) if name in self.value:
                return self.value[name]
            case ast.Call(func=ast.Name(id="outer"), args=[left, right]):
                return self.vector_size(left, "outer"), self.vector_size(right, "outer")
            case ast.Attribute(value=value):
                rows, cols = self.shape(value)
                return cols, rows
            case ast.UnaryOp(operand=operand):
                return self.shape(operand)
            case ast.Call(func=ast.Name(id="diag"), args=arguments):
                inner_size = self.size(arguments[0])
                if inner_size is None:
                    raise self.source.error(node, "diag takes a vector, and this is a number")
                self.part[id(node)] = inner_size
                return inner_size, inner_size
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                (rows, inner), (other, cols) = self.shape(left), self.shape(right)
                self.equal(node, inner, other, _INNER, (left, right))
                return rows, cols
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
                if self.is_changing(node) and 0 in (self.rank(left), self.rank(right)):
                    raise self.source.error(
                        node,
                        f"a number is added to a matrix here: {self.source.written(left)} and "
                        f"{self.source.written(right)}",
                    )
                self.no_vector_beside(left, right)
                sides = (left, right)
                return self.same_shape(node, self.shape(left), self.shape(right), sides)
            case ast.BinOp(left=left, op=ast.Mult() | ast.Div() | ast.Pow(), right=right) if (
                self.is_changing(node)
            ):
                return self.scaled(node, left, right)
            case ast.Call(func=ast.Name(id="max" | "min"), args=[left, right]) if self.is_changing(
                node
            ):
                self.no_vector_beside(left, right)
                return self.scaled(node, left, right)
            case ast.Call(args=[argument, *_]) if self.is_changing(node):
                return self.shape(argument)
            case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
                matrices = [side for side in (left, right) if is_matrix(side, self.names)]
                if len(matrices) == 2 or (isinstance(op, ast.Div) and matrices == [right]):
                    raise self.source.error(
                        node, "matrices are multiplied with @, and nothing is divided by one"
                    )
                if matrices:
                    scale = left if matrices == [right] else right
                    if self.size(scale) is not None:
                        raise self.source.error(
                            scale,
                            "a matrix may be multiplied only by a number; for a vector "
                            "write diag(v) @ A",
                        )
                    return self.shape(matrices[0])
        if self.rank(node) == 1:
            given = f"{self.source.written(node)} is a vector, and a matrix is expected here"
            raise self.source.error(node, f"{given}: outer(v, k) or diag(v) makes one")
        if self.rank(node) == 0 and any(isinstance(part, ast.Subscript) for part in ast.walk(node)):
            given = f"{self.source.written(node)} is a number, and a matrix is expected here"
            raise self.source.error(
                node, f"{given}: a number multiplies it with *, as in a[t] * S[t-1]"
            )
        raise self.source.error(
            node, "a matrix is expected here: a name, a sum, A.T, a multiple 2 * A, I or diag(v)"
        )

    def rank(self, node: ast.expr) -> int:
        return rank(node, self.names)

    def no_vector_beside(self, left: ast.expr, right: ast.expr) -> None:
        """A vector does not stand beside a matrix of the step in a sum, max or min."""
        for vector, matrix in ((left, right), (right, left)):
            if (self.rank(vector), self.rank(matrix)) == (1, 2):
                shown, by = map(self.source.written, (vector, matrix))
                raise self.source.error(
                    vector,
                    f"{shown} is a vector, and a matrix is expected beside the matrix {by}: "
                    f"outer(v, k) or diag(v) makes one",
                )

    def is_changing(self, node: ast.expr) -> bool:
        """Whether a matrix changes with the step."""
        return self.names.ranks.is_value(node)

    def scaled(self, node: ast.expr, left: ast.expr, right: ast.expr) -> tuple[Size, Size]:
        """A matrix of the step times or over a number, or another matrix by components."""
        ranks = (self.rank(left), self.rank(right))
        if 1 in ranks:
            vector, matrix = (left, right) if ranks[0] == 1 else (right, left)
            shown, by = self.source.written(vector), self.source.written(matrix)
            raise self.source.error(
                node,
                f"{shown} is a vector and {by} a matrix: write diag({shown}) @ {by} to scale its "
                f"rows, {by} @ diag({shown}) to scale its columns",
            )
        if ranks == (2, 2):
            return self.same_shape(node, self.shape(left), self.shape(right), (left, right))
        self.size(left if ranks[0] != 2 else right)  # checks what stands inside
        return self.shape(left if ranks[0] == 2 else right)

    def equal(
        self, node: ast.expr, one: Size, other: Size, said: str, sides: tuple[ast.expr, ast.expr]
    ) -> None:
        try:
            self.sizes.unify(one, other)
        except Mismatch:
            letters = self.letters()
            left, right = map(self.source.written, sides)
            a, b = (self.shown(size, letters) for size in (one, other))
            message = said.format(left=left, right=right, one=a, other=b)
            raise self.source.error(node, f"sizes do not fit: {message}") from None

    def shown(self, size: Size, letters: dict[int, str]) -> Expr:
        return Add(
            *(Symbol(letters[v], integer=True, positive=True) for v in self.sizes.resolved(size))
        )

    def letters(self) -> dict[int, str]:
        """A letter for each free variable, in the order in which people name them; those of
        stacked vectors, whose parts are in no order, last."""
        names = self.names
        states, parameters = _by_name(names.states), [*names.of_kind("vector"), *self.matrix]
        first, inputs = self.first(), self.sizes_of(_by_name(names.inputs, "x"))
        others = self.sizes_of([*states, *_by_name(parameters), *_by_name(names.targets)])
        ordered = [*first, *inputs, *others, *map(self.sizes.resolved, self.identity.values())]
        known = LETTERS if {*inputs} - {*first} else ("n", *LETTERS[2:])
        letters: dict[int, str] = {}
        for variable in chain(*sorted(ordered, key=_is_sum)):
            taken = len(letters)
            letters.setdefault(variable, known[taken] if taken < len(known) else f"d_{taken}")
        return letters

    def first(self) -> list[Size]:
        """The size n: of the states' sizes that which most parameters have, a matrix by its
        rows; that of h or the output where two tie; none of numbers."""
        named = ("h", self.output, *_by_name(self.names.states))
        found = [size for name in named for size in self.sizes_of([name])[:1]]
        parameters = [*self.names.of_kind("vector"), *self.matrix]
        rows = Counter(self.sizes_of([name])[-1] for name in parameters)
        return sorted(found, key=rows.__getitem__, reverse=True)[:1]

    def sizes_of(self, names: list[str]) -> list[Size]:
        """The sizes by name: none of a number; of a matrix its columns, then its rows."""
        found: list[Size] = []
        for name in names:
            if name in self.vector:
                found.append(self.vector[name])
            else:
                found += (self.value.get(name) or self.matrix.get(name) or ())[::-1]
        return list(map(self.sizes.resolved, found))

    def shape_of(self, name: str) -> tuple[Size, ...]:
        """The shape of a value: () of a number, rows and columns of a matrix."""
        return (self.vector[name],) if name in self.vector else self.value.get(name, ())

    def named(self) -> Shapes:
        letters = self.letters()
        symbols = {
            letter: Symbol(letter, integer=True, positive=True) for letter in letters.values()
        }
        return Shapes(
            values={
                name: tuple(self.shown(size, letters) for size in self.shape_of(name))
                for name in (*self.vector, *self.value, *self.names.targets, *self.names.inputs)
            },
            matrices={
                name: (self.shown(rows, letters), self.shown(cols, letters))
                for name, (rows, cols) in self.matrix.items()
            },
            identities={key: self.shown(size, letters) for key, size in self.identity.items()},
            parts={key: self.shown(size, letters) for key, size in self.part.items()},
            sizes=symbols,
        )


def _is_sum(size: Size) -> bool:
    return len(size) > 1


def _by_name(names: Iterable[str], first: str = "") -> list[str]:
    """Names in an order of their own, not in that of the lines."""
    return sorted(names, key=lambda name: (name != first, name))
