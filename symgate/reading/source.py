"""A text that was taken out of a document, and where each character of it stood there."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

#: How the names of documents end.
ENDINGS = (
    *(".md", ".markdown", ".mdx", ".rmd", ".qmd", ".tex", ".rst", ".txt", ".ipynb", ".py"),
    *(".html", ".htm", ".org", ".adoc", ".typ"),
)


@dataclass(frozen=True)
class Document:
    """A whole text, with its lines; places count lines and columns from 1."""

    text: str
    path: str = ""

    @cached_property
    def starts(self) -> list[int]:
        starts, at = [0], self.text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.text.find("\n", at + 1)
        return starts

    def place(self, offset: int) -> tuple[int, int]:
        """The line and the column of a character.

        >>> Document("ab\\ncd").place(4)
        (2, 2)
        """
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def line(self, number: int) -> str:
        start = self.starts[number - 1]
        stop = self.starts[number] - 1 if number < len(self.starts) else len(self.text)
        return self.text[start:stop]


@dataclass(frozen=True)
class Piece:
    """A part of a document, perhaps decoded: character i stood at `offsets[i]`.

    `kind` is "latex" or "plain"; `display` says whether it stood on lines of its own.
    """

    text: str
    offsets: Sequence[int]
    kind: str = "latex"
    display: bool = True
    delimiters: tuple[str, str] = ("", "")

    @classmethod
    def slice(cls, document: str, start: int, stop: int, **fields: Any) -> Piece:
        return cls(document[start:stop], range(start, stop), **fields)

    def at(self, index: int) -> int:
        """Where in the document a character stood; past the end, where the text ended."""
        if not self.offsets:
            return 0
        if index >= len(self.offsets):
            return self.offsets[-1] + 1
        return self.offsets[max(index, 0)]
