"""The syntax trees of formulas, as they are laid out: nothing here knows what a symbol is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from symgate.reading.tokens import Token


@dataclass(frozen=True)
class TreeNode:
    start: int
    stop: int


@dataclass(frozen=True)
class Spelled(TreeNode):
    """A letter, a name or a function's name; `kind` is LETTER, NAME, MACRO, FUNCTION, …"""

    name: str
    kind: str


@dataclass(frozen=True)
class Digits(TreeNode):
    text: str


@dataclass(frozen=True)
class Accent(TreeNode):
    accent: str
    base: Tree


@dataclass(frozen=True)
class Scripted(TreeNode):
    """A base with its scripts in the order they stand: SUB, SUP and PRIME tokens."""

    base: Tree
    scripts: tuple[Token, ...]


@dataclass(frozen=True)
class Group(TreeNode):
    """A list in brackets; `opening` is the bracket."""

    opening: str
    items: tuple[Tree, ...]
    separators: tuple[str, ...]


@dataclass(frozen=True)
class Fraction(TreeNode):
    above: Tree
    below: Tree


@dataclass(frozen=True)
class WrittenRoot(TreeNode):
    inside: Tree


@dataclass(frozen=True)
class WrittenMatrix(TreeNode):
    """A matrix as rows of cells."""

    rows: tuple[tuple[Tree | None, ...], ...]


@dataclass(frozen=True)
class Factors(TreeNode):
    """Factors with the sign before each: "", "times", "at", "hadamard", "tensor", "/", "concat"."""

    factors: tuple[tuple[str, Tree], ...]


@dataclass(frozen=True)
class Terms(TreeNode):
    """Terms with their signs, +1 or -1."""

    terms: tuple[tuple[int, Tree], ...]


Tree = (
    Spelled
    | Digits
    | Accent
    | Scripted
    | Group
    | Fraction
    | WrittenRoot
    | WrittenMatrix
    | Factors
    | Terms
)


def subtrees(tree: Tree | None) -> Iterator[Tree]:
    """Every node of a tree, outer ones first."""
    waiting: list[Any] = [tree]
    while waiting:
        node = waiting.pop()
        if node is None:
            continue
        yield node
        match node:
            case Accent(base=base) | Scripted(base=base):
                waiting.append(base)
            case Group(items=items):
                waiting.extend(reversed(items))
            case Fraction(above=above, below=below):
                waiting.extend((below, above))
            case WrittenRoot(inside=inside):
                waiting.append(inside)
            case WrittenMatrix(rows=rows):
                waiting.extend(cell for row in reversed(rows) for cell in reversed(row))
            case Factors(factors=pairs):
                waiting.extend(factor for _, factor in reversed(pairs))
            case Terms(terms=terms):
                waiting.extend(term for _, term in reversed(terms))


def exchanged(tree: Any, new: Callable[[Tree], Tree | None]) -> Any:
    """A tree with those of its nodes, outer ones first, for which `new` has another."""
    if isinstance(tree, tuple):
        return tuple(exchanged(part, new) for part in tree)
    if not isinstance(tree, Tree):
        return tree
    other = new(tree)
    if other is not None or isinstance(tree, Spelled):
        return other or tree
    return replace(tree, **{f.name: exchanged(getattr(tree, f.name), new) for f in fields(tree)})


@dataclass(frozen=True)
class TimedSymbol:
    """A symbol with its time in brackets behind it, as h(t-1)."""

    symbol: Tree
    bracket: Tree
    time: int

    @property
    def start(self) -> int:
        return self.symbol.start

    @property
    def stop(self) -> int:
        return self.bracket.stop
