"""Which names are scalars, vectors or matrices of the step, found from how they are used.

Takes the checked syntax of a cell; gives the rank of every name with a time: 0, 1 or 2.
Nothing is declared: outer(v, k) is a matrix, dot(u, v) a number, what `@` stands behind with a
vector of the step is a matrix, what multiplies a matrix is a number. What nothing tells is a
vector. A parameter is what it stands beside; `names.py` sorts those.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import TypeGuard

from symgate.algebra.names import is_scalar_name
from symgate.equations.syntax import MIXING, TO_MATRIX, TO_NUMBER, ParsedLine, reference

#: Below every rank: a number, which stands beside anything.
NUMBER = -1


class Ranks:
    """The ranks of the names with a time, and of expressions in them."""

    def __init__(self, lines: tuple[ParsedLine, ...]) -> None:
        self.lines = {line.name: line.right for line in lines}
        nodes = [node for line in lines for node in _below(line.right)]
        self.timed = {id(node) for node in nodes if isinstance(node, ast.Subscript)}
        for node in reversed(nodes):  # what stands in a node comes after it
            if any(id(child) in self.timed for child in ast.iter_child_nodes(node)):
                self.timed.add(id(node))
        inputs = {found[0] for n in nodes if (found := _timed(n)) and found[0] not in self.lines}
        self.inputs = dict.fromkeys(sorted(inputs), 1)
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
        changed = True
        while changed:
            found = {n: max(self.targets[n], self.of(right)) for n, right in self.lines.items()}
            changed, self.targets = found != self.targets, found
        if NUMBER in self.targets.values():
            for name, rank in self.targets.items():
                if rank == NUMBER:
                    self.targets[name] = 1
            changed = True
            while changed:
                found = {n: max(self.targets[n], self.of(r)) for n, r in self.lines.items()}
                changed, self.targets = found != self.targets, found

    def _told_by(self, node: ast.expr) -> bool:
        """Whether a node tells that an input is not a vector; it is noted then."""
        match node:
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                return self._is(left, 2) if self.has_variable(right) and _timed(left) else False
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                pairs = ((left, right), (right, left))
                return sum(self._is(a, 0) for a, b in pairs if self.of(b) == 2) > 0
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
                pairs = ((left, right), (right, left))
                told = [self._is(a, rank) for a, b in pairs if (rank := self.of(b)) in (0, 2)]
                return any(told)
        return False

    def _is(self, node: ast.expr, rank: int) -> bool:
        found = _timed(node)
        if found is None or self.inputs.get(found[0], rank) == rank:
            return False
        if rank == 2 and self.inputs[found[0]] != 1:
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
        return self.of(node) == 2 and any(
            (isinstance(n, ast.Name) and n.id == "outer")
            or (isinstance(n, ast.Subscript) and self.of(n) == 2)
            or self.is_number(n)
            for n in ast.walk(node)
            if isinstance(n, ast.expr)
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
        parts = list(summands(node))
        told = [
            rank
            for part in parts
            if not _is_name(part) and ((rank := self.of(part)) < 2 or self.has_variable(part))
        ]
        if any(rank >= 0 for rank in told):
            return max(told)
        return max([*told, *(self.of(part) for part in parts if not told or _is_name(part))])


def summands(node: ast.expr) -> Iterator[ast.expr]:
    """The parts of a sum, in order; of anything else itself."""
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            yield from summands(left)
            yield from summands(right)
        case ast.UnaryOp(operand=operand):
            yield from summands(operand)
        case _:
            yield node


def _is_name(node: ast.expr) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and node.id != "I" and not is_scalar_name(node.id)


def _timed(node: ast.expr) -> tuple[str, int | None] | None:
    return reference(node) if isinstance(node, ast.Subscript) else None


def _below(node: ast.expr) -> list[ast.expr]:
    return [n for n in ast.walk(node) if isinstance(n, ast.expr)]
