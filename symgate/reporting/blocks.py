"""What a page is made of, before anybody decides how it looks: sections of blocks.

A sentence is a row of words: text, mathematics, numbers of the data, code, links. Nothing
here is HTML, Markdown or LaTeX.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from symgate.writing.derivation import Derivation


@dataclass(frozen=True)
class Maths:
    """LaTeX for the middle of a sentence."""

    latex: str


@dataclass(frozen=True)
class Datum:
    """A number of the data: where it stands there, how it is written, and the writing."""

    key: str
    form: str
    text: str


@dataclass(frozen=True)
class Code:
    """Something to type, or a name in a program."""

    text: str


@dataclass(frozen=True)
class Strong:
    """Words that stand out."""

    words: tuple[Any, ...]


@dataclass(frozen=True)
class Link:
    """Words that lead to a file beside the page, or to a place on it (#…)."""

    text: str
    target: str


#: A sentence: str, Maths, Number, Code, Strong, Link.
Words: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True)
class Paragraph:
    """One or a few sentences; `leads` is what a reader in a hurry reads."""

    words: Words
    leads: bool = False


@dataclass(frozen=True)
class Listing:
    """Sentences that belong side by side."""

    items: tuple[Words, ...]


@dataclass(frozen=True)
class Display:
    """A formula on lines of its own, as LaTeX."""

    latex: str


@dataclass(frozen=True)
class DataTable:
    """A table; `name` is read out, `numeric` names the columns that are set to the right."""

    name: str
    caption: Words
    header: tuple[Words, ...]
    rows: tuple[tuple[Words, ...], ...]
    numeric: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Picture:
    """A figure: `name` is its file without the ending, `alternative` says it in words."""

    name: str
    alternative: str
    caption: Words


@dataclass(frozen=True)
class Fold:
    """Blocks that open on a click."""

    title: str
    blocks: tuple[Any, ...]


@dataclass(frozen=True)
class Derived:
    """A whole derivation."""

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
class Chapter:
    """A part of the page; parts of it may be sections as well."""

    name: str
    title: str
    blocks: tuple[Any, ...]
    sections: tuple[Chapter, ...] = ()


@dataclass(frozen=True)
class Page:
    """The whole report."""

    title: str
    summary: str
    sections: tuple[Chapter, ...]
