"""What the search for misprints is given: a cell's lines, its parts, and the document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from symgate.reading.faults import Edit, FoundFault, Placed
from symgate.reading.mending.printing import stepped
from symgate.reading.names import Reference
from symgate.reading.source import Document
from symgate.reading.structure import Structure, variables
from symgate.reading.terms import AnyTerm, Par, Var, subterms
from symgate.reading.understanding import needed
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

    def uses(self) -> Iterator[tuple[int | None, Reference]]:
        """Every name of the lines that bears a step, with the step, as defined and as read."""
        for u in self.found.lines:
            if u.line.target.time is not None:
                yield u.time, u.line.target
        for _, var in self.variables():
            if var.ref.time is not None:
                yield var.time, var.ref

    def at_step(
        self, model: Reference, time: int, uses: Sequence[tuple[int | None, Reference]] = ()
    ) -> str:
        """How the author writes a name at a step, if need be made of how it stands at another.

        `uses` are the places that count, where not every one does.
        """
        for own, ref in uses or self.uses():
            if (ref.name, own, ref.transposed) == (model.name, time, False):
                return self.printed(ref.start, ref.stop)
        shown = self.printed(model.start, model.stop)
        return stepped(shown, 2 * time + 1, self.found.context.indices.time)

    def needs(self, name: str, other: str) -> bool:
        """Whether a name is made, within a step, of another one or is that itself."""
        now = {
            u.name: {v.name for v in variables(u.term) if v.time != -1}
            for u in self.found.lines
            if u.term is not None
        }
        return other == name or other in needed(name, now)
