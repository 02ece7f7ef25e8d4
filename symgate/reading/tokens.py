"""Tokens: the pieces that formulas are made of, each with its place in the document."""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_TOKENS = 6_000
MAX_DEPTH = 60


class FormulaError(Exception):
    """A formula that cannot be read: what is wrong, and where in the document."""

    def __init__(self, message: str, start: int, stop: int, kind: str = "unreadable") -> None:
        super().__init__(message)
        self.message, self.start, self.stop, self.kind = message, start, stop, kind


@dataclass(frozen=True)
class Token:
    """`kind` is a terminal of the grammar; `inside` holds a script's own tokens."""

    kind: str
    value: str
    start: int
    stop: int
    inside: tuple[Token, ...] = field(default=())
    spaced: bool = False
    braced: bool = True

    def __str__(self) -> str:
        return self.value
