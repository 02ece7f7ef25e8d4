"""What the search for misprints is given: a cell's lines, its parts, and the document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symgate.reading.faults import Edit, FoundFault, Placed
from symgate.reading.names import Reference
from symgate.reading.source import Document
from symgate.reading.structure import Structure
from symgate.reading.terms import AnyTerm, Par, Var, subterms
from symgate.reading.understood import Understanding, Understood


@dataclass(frozen=True)
class Readable:
    """A cell with all that is known of it."""

    document: Document
    found: Understanding
    parts: Structure

    def printed(self, start: int, stop: int) -> str:
        """What stands in the document from start to stop."""
        return self.document.text[start:stop]

    def exchanged(
        self, kind: str, why: str, place: Placed, meant: str, certainty: float, broken: bool = False
    ) -> FoundFault:
        """The fault of a place where something else is meant; `broken` says: ill formed."""
        start, stop = place.start, place.stop
        edits = (Edit(start, stop, meant),)
        return FoundFault(
            kind, why, start, stop, self.printed(start, stop), meant, edits, certainty, broken
        )

    def terms(self) -> Iterator[tuple[Understood, AnyTerm]]:
        """Every term of every line."""
        for u in self.found.lines:
            if u.term is not None:
                for term in subterms(u.term):
                    yield u, term

    def variables(self) -> Iterator[tuple[Understood, Var]]:
        for u, term in self.terms():
            if isinstance(term, Var):
                yield u, term

    def parameters(self, u: Understood) -> Iterator[Par]:
        """The parameters of a line, each where it stands."""
        if u.term is not None:
            for term in subterms(u.term):
                if isinstance(term, Par):
                    yield term

    def timed(self) -> dict[str, Reference]:
        """A reference with a time for each name that has one somewhere."""
        result: dict[str, Reference] = {}
        for u in self.found.lines:
            if u.line.target.time is not None:
                result.setdefault(u.name, u.line.target)
        for _, var in self.variables():
            if var.ref.time is not None:
                result.setdefault(var.name, var.ref)
        return result
