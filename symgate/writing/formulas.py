"""What a derivation is made of, before anybody decides how it looks.

Steps hold sentences and formulas; formulas hold lines of expressions. Nothing here is
LaTeX, HTML or text: the writers print the same structure, each in its own way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sympy import Expr
from sympy.core.basic import Basic

from symgate.linear.terms import Term


@dataclass(frozen=True)
class Named:
    """A name in a sentence or a table; without a time it is a parameter, or any moment."""

    name: str
    time: Expr | None = None


@dataclass(frozen=True)
class Span:
    """An interval, as [0, 1] or (-∞, ∞); the ends are SymPy numbers or None for infinite."""

    low: Expr | None
    high: Expr | None


@dataclass(frozen=True)
class Scientific:
    """A number as a digit times a power of ten."""

    digit: int
    exponent: int


@dataclass(frozen=True)
class Count:
    """How many numbers there are, highest powers first."""

    of: Expr


@dataclass(frozen=True)
class Written:
    """Mathematics in general letters, that are no names of the cell: as LaTeX and as text."""

    latex: str
    text: str


@dataclass(frozen=True)
class Shape:
    """The shape of a parameter, as n × m."""

    sizes: tuple[Expr, ...]


#: A sentence: text, and the mathematics in it.
#: str, Named, Span, Scientific, Count, Shape, or any expression.
Words: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True)
class Part:
    """One summand of a right side, with what it is called."""

    expression: Any
    label: Words = ()


@dataclass(frozen=True)
class FormulaLine:
    """left = the sum of the parts. No left side means that the line before goes on."""

    left: Any
    parts: tuple[Part, ...]
    relation: str = "="
    order: Mapping[Basic, int] | None = None


@dataclass(frozen=True, eq=False)
class Formula:
    """Lines that are aligned at their relation.

    `beside` says how many of them stand side by side in each row, where there is room.
    """

    lines: tuple[FormulaLine, ...]
    beside: tuple[int, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table of words."""

    header: tuple[Words, ...]
    rows: tuple[tuple[Words, ...], ...]


@dataclass(frozen=True)
class Step:
    """One step: a heading, a reason, what is shown, and the engine's terms in it; `core`
    where a handout of one page keeps it."""

    heading: Words
    reason: Words = ()
    formulas: tuple[Formula, ...] = ()
    table: Table | None = None
    terms: tuple[Term, ...] = ()
    core: bool = False


@dataclass(frozen=True)
class Section:
    """A part of a derivation; its name is what `--sections` takes."""

    name: str
    title: str
    steps: tuple[Step, ...]


def line(left: Any, right: Any, *label: Any, relation: str = "=", order: Any = None) -> FormulaLine:
    """A line with one right side."""
    return FormulaLine(left, (Part(right, tuple(label)),), relation, order)


def listed(items: Sequence[Words], last: str = "and") -> Words:
    """Words in a row: a, b and c.

    >>> listed([("a",), ("b",), ("c",)])
    ('a', ', ', 'b', ' and ', 'c')
    """
    out: list[Any] = []
    for i, item in enumerate(items):
        if i:
            out.append(f" {last} " if i == len(items) - 1 else ", ")
        out.extend(item)
    return tuple(out)


def worded(template: str, **slots: Any) -> Words:
    """A sentence whose slots, names in braces, hold mathematics, or words in a row.

    >>> worded("{all} from {x}.", all=("a", " and b"), x=Named("x"))
    ('a', ' and b', ' from ', Named(name='x', time=None), '.')
    """
    words: list[Any] = []
    for i, piece in enumerate(re.split(r"\{(\w+)\}", template)):
        held = slots[piece] if i % 2 else piece
        words += held if isinstance(held, tuple) else [held] if held != "" else []
    return tuple(words)
