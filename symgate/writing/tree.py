"""What a document is made of, before anybody decides how it looks: sections of blocks.

A sentence is a row of words: text, mathematics, numbers of the data, code, links. A formula
holds lines of expressions. Nothing here is HTML, Markdown or text: the writers print the same
structure, each in its own way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from sympy import Expr
from sympy.core.basic import Basic

from symgate.linear.terms import Term
from symgate.writing.glyphs import glyph_latex
from symgate.writing.notation import Glyph

if TYPE_CHECKING:
    from symgate.writing.derivation import Derivation


@dataclass(frozen=True)
class NameWord:
    """A name in a sentence or a table; without a time it is a parameter, or any moment."""

    name: str
    time: Expr | None = None


@dataclass(frozen=True)
class ValueRange:
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
    """Mathematics in general letters, that are no names of the cell: as LaTeX and, where a
    terminal shows it, as text."""

    latex: str
    text: str = ""


@dataclass(frozen=True)
class Shape:
    """The shape of a parameter, as n × m."""

    sizes: tuple[Expr, ...]


@dataclass(frozen=True)
class Datum:
    """A number of the data: where it stands there, how it is written, the writing, itself."""

    key: str
    form: str
    text: str
    value: Any


@dataclass(frozen=True)
class Code:
    """Something to type, or a name in a program."""

    text: str


@dataclass(frozen=True)
class Strong:
    """Words that stand out."""

    words: tuple[Any, ...]


@dataclass(frozen=True)
class Marked:
    """Words of a kind, which a style sheet colours."""

    words: tuple[Any, ...]
    kind: str


@dataclass(frozen=True)
class Link:
    """Words that lead to a file beside the page, or to a place on it (#…)."""

    text: str
    target: str


#: A sentence: text, and what stands in it: str, Datum, Code, Strong, Marked, Link, and
#: mathematics: NameWord, ValueRange, Scientific, Count, Shape, Written, or any expression.
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
class Paragraph:
    """One or a few sentences; `leads` is what a reader in a hurry reads."""

    words: Words
    leads: bool = False


@dataclass(frozen=True)
class Preformatted:
    """A text with its lines as they are."""

    words: Words


@dataclass(frozen=True)
class Listing:
    """Sentences that belong side by side."""

    items: tuple[Words, ...]


@dataclass(frozen=True)
class Display:
    """A formula on lines of its own, that is LaTeX already."""

    latex: str


@dataclass(frozen=True)
class Table:
    """A table of words; where it stands alone it has a name, which is read out, and a caption.
    `numeric` names the columns that are set to the right."""

    header: tuple[Words, ...]
    rows: tuple[tuple[Words, ...], ...]
    name: str = ""
    caption: Words = ()
    numeric: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Picture:
    """A figure: `name` is its file without the ending, `alternative` says it in words."""

    name: str
    alternative: str
    caption: Words


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
class Fold:
    """Blocks that open on a click."""

    title: str
    blocks: tuple[Any, ...]


@dataclass(frozen=True)
class Derived:
    """A whole derivation, in its own notation."""

    derivation: Derivation


@dataclass(frozen=True)
class Verdict:
    """A claim with its verdict, and the blocks that prove it."""

    name: str
    says: Words
    verdict: str
    kind: str
    blocks: tuple[Any, ...]


@dataclass(frozen=True)
class Section:
    """A part of a document, with parts of its own below its blocks; of a derivation its name
    is what `--sections` takes."""

    name: str
    title: str
    blocks: tuple[Any, ...]
    sections: tuple[Section, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of a derivation among the blocks."""
        return tuple(block for block in self.blocks if isinstance(block, Step))


@dataclass(frozen=True)
class Page:
    """A whole document: its title, what it says in a sentence, its sections."""

    title: str
    summary: str
    sections: tuple[Section, ...]


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


def worded(template: str, **values: Any) -> Words:
    """A sentence whose names in braces hold mathematics, or words in a row.

    >>> worded("{all} from {x}.", all=("a", " and b"), x=NameWord("x"))
    ('a', ' and b', ' from ', NameWord(name='x', time=None), '.')
    """
    words: list[Any] = []
    for i, piece in enumerate(re.split(r"\{(\w+)\}", template)):
        held = values[piece] if i % 2 else piece
        words += held if isinstance(held, tuple) else [held] if held != "" else []
    return tuple(words)


#: A name with an index in a sentence, or a partial derivative of such names.
_NAME = r"∂?[A-Za-z]_(?:\{[^{}]+\}|[A-Za-z0-9](?![A-Za-z0-9]))"
_ACCENTED = r"[A-Za-z]_(?:tilde|prime|hat|bar)(?![A-Za-z0-9_])"
_MATHS = re.compile(rf"‖{_NAME}‖_[∞2]|{_NAME}(?:/{_NAME})?|σ\([a-z]\)\^[a-z]|(?P<name>{_ACCENTED})")

#: Signs of a sentence as LaTeX; a bar is one of a pair, so that both print alike.
_SIGNS = {"∂": r"\partial ", "σ": r"\sigma", "‖": r"\| ", "_∞": r"_{\infty}"}


def with_maths(text: str) -> Words:
    """A sentence in which names with an index are mathematics.

    >>> with_maths("A part of h_{t-1} is kept.")
    ('A part of ', Written(latex='h_{t-1}', text=''), ' is kept.')
    >>> with_maths("‖c_t‖_∞")
    (Written(latex='\\\\| c_t\\\\| _{\\\\infty}', text=''),)
    >>> with_maths("h_tilde")
    (Written(latex='\\\\tilde{h}', text=''),)
    """
    out: list[object] = []
    end = 0
    for found in _MATHS.finditer(text):
        latex = glyph_latex(Glyph.of(name)) if (name := found["name"]) else found.group()
        for sign, command in _SIGNS.items():
            latex = latex.replace(sign, command)
        out += [text[end : found.start()], Written(latex)]
        end = found.end()
    return tuple(part for part in (*out, text[end:]) if part)
