"""Which names are scalars, vectors or matrices of the step, found from how they are used.

Takes the checked syntax of a cell; gives the rank of every name with a time: 0, 1 or 2.
Nothing is declared: outer(v, k) is a matrix, dot(u, v) a number, what `@` stands behind with a
vector of the step is a matrix, what multiplies a matrix is a number. What nothing tells is a
vector. A parameter is what it stands beside; `names.py` sorts those.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TypeGuard

from symgate.algebra.names import is_scalar_name
from symgate.equations.syntax import MIXING, TO_MATRIX, TO_NUMBER, ParsedLine, reference

#: Below every rank: a number, which stands beside anything.
NUMBER = -1


class Ranks:
    """The ranks of the names with a time, and of expressions in them."""

    def __init__(self, lines: tuple[ParsedLine, ...]) -> None:
        self.lines = {line.name: line.right for line in lines}
        every = [node for line in lines for node in ast.walk(line.right)]
        nodes = [node for node in every if isinstance(node, ast.expr)]
        self.timed: set[int] = set()
        for node in reversed(nodes):  # what stands in a node comes after it
            inside = map(id, ast.iter_child_nodes(node))
            if isinstance(node, ast.Subscript) or not self.timed.isdisjoint(inside):
                self.timed.add(id(node))
        inputs = {found[0] for n in nodes if (found := _timed(n)) and found[0] not in self.lines}
        self.inputs = dict.fromkeys(sorted(inputs), 1)
        self.vectors = {name for node in nodes for name in _vectors(node)}
        self.targets: dict[str, int] = {}
        for _ in range(len(self.inputs) + 2):
            self._settle()
            if not sum(map(self._told_by, nodes)):
                break

    def __getitem__(self, name: str) -> int:
        return self.targets.get(name, self.inputs.get(name, 1))

    def as_mapping(self) -> Mapping[str, int]:
        """Every name with its rank."""
        return {**self.targets, **self.inputs}

    def _settle(self) -> None:
        """The least ranks that agree with the equations; what stays a number is a vector."""
        self.targets = dict.fromkeys(self.lines, NUMBER)
        for unknown in (NUMBER, 1):
            changed = NUMBER in self.targets.values()
            self.targets = {n: unknown if r == NUMBER else r for n, r in self.targets.items()}
            while changed:
                found = {n: max(self.targets[n], self.of(r)) for n, r in self.lines.items()}
                changed, self.targets = found != self.targets, found

    def _told_by(self, node: ast.expr) -> bool:
        """Whether a node tells that an input is not a vector; it is noted then."""
        match node:
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                if not (_timed(left) and self.has_variable(right)):
                    return False
                row = not _is_capital(left) and (self.of(right) == 2 or _is_capital(right))
                return self._is(right if row else left, 2)
            case ast.Attribute(value=value) if _is_capital(value):
                return self._is(value, 2)
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                pairs = ((left, right), (right, left))
                return sum(self._is_number(a) for a, b in pairs if self.of(b) == 2) > 0
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return self.of(left) == 2 and self._is_number(right)
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
                pairs = ((left, right), (right, left))
                told = [self._is(a, rank) for a, b in pairs if (rank := self.of(b)) in (0, 2)]
                return any(told)
        return False

    def _is_number(self, node: ast.expr) -> bool:
        """Whether what multiplies a matrix tells of an input that it is a number."""
        if self._is(node, 0):
            return True
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            return False
        if isinstance(node, ast.Call) and _function(node) in (*TO_NUMBER, *TO_MATRIX, *MIXING):
            return False
        parts = [n for n in ast.iter_child_nodes(node) if isinstance(n, ast.expr)]
        if isinstance(node, ast.Subscript) or any(self.of(part) == 2 for part in parts):
            return False
        return sum(map(self._is_number, parts)) > 0

    def _is(self, node: ast.expr, rank: int) -> bool:
        """Whether a node is an input of whose rank nothing was told yet; it has this one then."""
        found = _timed(node)
        if (
            found is None
            or self.inputs.get(found[0]) != 1
            or (not rank and found[0] in self.vectors)
        ):
            return False
        self.inputs[found[0]] = rank
        return True

    def of(self, node: ast.expr) -> int:
        """The rank of an expression; a parameter has that of a vector until it is sorted."""
        found = reference(node)
        if found is not None:
            name, lag = found
            if lag is not None:
                return self[name]
            return 2 if name == "I" else NUMBER if is_scalar_name(name) else 1
        match node:
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                return self._product(left, right)
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub()):
                return self._sum(node)
            case ast.BinOp(left=left, right=right):
                return max(self.of(left), self.of(right))
            case ast.UnaryOp(operand=operand):
                return self.of(operand)
            case ast.List():
                return 1
            case ast.Attribute(value=value):
                return self.of(value) if self.has_variable(value) else 2
            case ast.Call(func=ast.Name(id=name), args=arguments):
                if name in TO_NUMBER:
                    return 0
                if name in TO_MATRIX:
                    return 2
                if name in MIXING:
                    return 1
                return max(map(self.of, arguments), default=NUMBER)
        return NUMBER

    def has_variable(self, node: ast.expr) -> bool:
        """Whether an expression of the lines holds a name with a time."""
        return id(node) in self.timed

    def is_value(self, node: ast.expr) -> bool:
        """Whether an expression is a matrix of the step: S[t-1], outer(v[t], k[t]), a[t] * I."""
        if self.of(node) != 2 or _function(node) == "diag":
            return False
        return (
            _function(node) == "outer"
            or isinstance(node, ast.Subscript)
            or any(
                self.is_number(below) or self.is_value(below)
                for below in ast.iter_child_nodes(node)
                if isinstance(below, ast.expr)
            )
        )

    def is_number(self, node: ast.expr) -> bool:
        """Whether an expression is a number that changes with the step: a[t], 1 - dot(u, v)."""
        return self.of(node) == 0 and (self.has_variable(node) or isinstance(node, ast.Call))

    def _product(self, left: ast.expr, right: ast.expr) -> int:
        if isinstance(left, ast.List) or isinstance(right, ast.List):
            return 1
        one, other = self.of(left), self.of(right)
        if self.has_variable(left) and one != 2:
            return 1  # a row vector
        if not self.has_variable(right) and _is_name(right):
            return 2 if one == 2 and right.id[:1].isupper() else 1
        return max(other, 1)

    def _sum(self, node: ast.expr) -> int:
        """A parameter in a sum has the rank of what it is added to."""
        parts = summands(node)
        told = [
            rank
            for part in parts
            if not _is_name(part) and ((rank := self.of(part)) < 2 or self.has_variable(part))
        ]
        if any(rank >= 0 for rank in told):
            return max(told)
        return max([*told, *(self.of(part) for part in parts if not told or _is_name(part))])


def summands(node: ast.expr) -> list[ast.expr]:
    """The parts of a sum, in order; of anything else itself."""
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            return [*summands(left), *summands(right)]
        case ast.UnaryOp(operand=operand):
            return summands(operand)
    return [node]


def _is_name(node: ast.expr) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and node.id != "I" and not is_scalar_name(node.id)


def _is_capital(node: ast.expr) -> bool:
    """Whether it is one name with a time, in a capital letter, as people write matrices."""
    found = _timed(node)
    return found is not None and found[0][:1].isupper()


def _function(node: ast.expr) -> str:
    """The name of the function that a node calls."""
    called = node.func if isinstance(node, ast.Call) else None
    return called.id if isinstance(called, ast.Name) else ""


def _vectors(node: ast.expr) -> list[str]:
    """The names with a time that stand where only a vector can."""
    match node:
        case ast.Call(args=arguments) if _function(node) in (*TO_NUMBER, *TO_MATRIX, *MIXING):
            places = arguments
        case ast.BinOp(left=ast.Name(), op=ast.MatMult(), right=right):
            places = [right]
        case _:
            return []
    return [found[0] for place in places if (found := _timed(place))]


def _timed(node: ast.expr) -> tuple[str, int | None] | None:
    return reference(node) if isinstance(node, ast.Subscript) else None
