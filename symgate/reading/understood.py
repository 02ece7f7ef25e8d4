"""What is understood of a text: its lines, each with its term, and what was assumed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from symgate.reading.context import Context
from symgate.reading.faults import FoundFault
from symgate.reading.lines import LaidOutLine
from symgate.reading.terms import AnyTerm, text, time_text
from symgate.reading.tokens import FormulaError

if TYPE_CHECKING:
    from symgate.reading.modern import RankedCell


@dataclass(frozen=True)
class Understood:
    """A line with its meaning; `term` is None where it has none, `error` says why."""

    line: LaidOutLine
    name: str
    time: int | None
    term: AnyTerm | None
    faults: tuple[FoundFault, ...] = ()
    error: FormulaError | None = None

    @property
    def ill_formed(self) -> bool:
        return self.term is None or any(f.ill_formed for f in self.faults)

    @property
    def text(self) -> str | None:
        """The line in the language, as printed; None where it has no meaning."""
        if self.term is None:
            return None
        return f"{self.name}{time_text(self.time)} = {text(self.term)}"

    @property
    def printed(self) -> str | None:
        """The line with the name that stands on its left side, also where another was meant."""
        if self.text is None or not self.line.printed:
            return self.text
        return self.text.replace(self.name, self.line.printed, 1)


@dataclass
class Understanding:
    """The lines of a cell, and what is known of the names in them.

    `repeats` are the places of lines that are printed once more.
    """

    lines: list[Understood]
    outputs: list[Understood]
    doubled: list[Understood]
    context: Context
    inlined: list[Understood] = field(default_factory=list)
    repeats: list[LaidOutLine] = field(default_factory=list)
    backwards: set[str] = field(default_factory=set)
    convolution: bool = False
    ranked: RankedCell | None = None
    clash: FormulaError | None = None

    def line(self, name: str) -> Understood | None:
        return next((line for line in self.lines if line.name == name), None)
