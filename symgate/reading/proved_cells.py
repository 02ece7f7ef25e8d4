"""The cells of the zoo that some lines are by themselves, whatever stands beside them.

Every name is taken as its nearest line says. Where the lines that a state is made of are proved
to be a cell of the zoo, what else a document says is beside it: readouts, special cases, limits,
toy recurrences, both directions joined, a gate in general. It can neither break that cell nor
make another one of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from symgate.reading.grouping import Draft
from symgate.reading.lines import LaidOutLine
from symgate.reading.mending.book import known
from symgate.reading.names import Reference
from symgate.reading.outputs import made_of_input
from symgate.reading.second_cells import same, times, words_between
from symgate.reading.understood import Understanding

#: The most lines of a document among which cells are sought.
MOST = 400


class Proof:
    """The cells that are proved among some lines, and the lines that are beside them."""

    def __init__(
        self, lines: Sequence[LaidOutLine], text: str, read: Callable[[Draft], Understanding]
    ) -> None:
        self.text, self.read = text, read
        self.drafts: list[Draft] = []
        self.skipped: list[tuple[LaidOutLine, str]] = []
        self.others = list(lines)
        shown = [True, False] if any(map(is_shown, lines)) else [False]
        for display in shown if len(lines) <= MOST else ():
            while (draft := next(self._cells(display), None)) is not None:
                taken = [*draft.lines, *draft.outputs]
                self.others = [own for own in self.others if own not in taken]
                if display or not self._is_special(draft):
                    self.drafts.append(draft)
                else:
                    self.skipped += [(line, "a special case") for line in draft.lines]

    def beside(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Those of the other cells that stand by themselves; the lines of the rest are skipped."""
        kept = []
        for draft in drafts:
            lines = [*draft.lines, *draft.doubled, *draft.outputs]
            defined = {line.name for line in lines}
            ours = {line.name for own in self.drafts for line in own.lines}
            read = {name for line in lines for name, _ in times(line)}
            again = defined & ours and not any(map(is_shown, lines))
            if again or (read - defined) & ours:
                self.skipped += [(line, self._why(line)) for line in lines]
            else:
                kept.append(draft)
        return kept

    def _why(self, line: LaidOutLine) -> str:
        every = [own for draft in self.drafts for own in draft.lines if own.name == line.name]
        if any(same(own, line) for own in every):
            return "repeated"
        return "a special case" if every else "beside the cell"

    def _is_special(self, draft: Draft) -> bool:
        """Whether a cell within a sentence is a limit: another's names, or its states alone."""
        own, states = _names(draft), {line.name for line in draft.lines}
        linear = not any(r.kind == "FUNCTION" or r.letter == "sigma" for r in _references(draft))
        return any(
            own <= _names(other) or (linear and states <= {line.name for line in other.lines})
            for other in self.drafts
        )

    def _cells(self, display: bool) -> Iterator[Draft]:
        """The cells that are proved: displayed ones by what is displayed, or by all lines."""
        shown = [own for own in self.others if is_shown(own) == display]
        tried: list[list[LaidOutLine]] = []
        for among in (shown, self.others):
            for head in shown:
                own = _made_of(head, among)
                if own not in tried and _closes(own):
                    tried.append(own)
                    rest = [u for u in (shown if display else self.others) if u not in own]
                    if not self._is_opposed(own, rest) and (draft := self._proved(own, rest)):
                        yield draft

    def _proved(self, own: Sequence[LaidOutLine], rest: Sequence[LaidOutLine]) -> Draft | None:
        """The draft of some lines and what is read from them; None for no cell of the zoo."""
        outputs = _outputs(own, rest)
        while True:
            draft = Draft(list(own), [], outputs)
            found = self.read(draft)
            terms = {u.name: u.term for u in found.lines if u.term is not None}
            if len(terms) < len(found.lines):
                return None
            if known(terms):
                return draft
            promoted = [u.line for u in found.lines if u.line in outputs]
            if promoted and all(self._is_apart(line, [*own, *rest]) for line in promoted):
                outputs = [line for line in outputs if line not in promoted]
            elif not promoted and (given := made_of_input(found, draft)):
                own = [line for line in own if line not in given]
            else:
                return None

    def _is_opposed(self, own: Sequence[LaidOutLine], rest: Sequence[LaidOutLine]) -> bool:
        """Whether what stands beside a cell belongs to it, or needs it.

        A second state that reads it, the other direction, a gate that nothing reads, a line
        of which one name is lacking, a second definition that no words set apart.
        """
        names = {line.name for line in own}
        letters = {line.target.letter for line in own}
        defined = names | {line.name for line in rest}
        for line in rest:
            part = _made_of(line, [*own, *rest])
            theirs = [other for other in part if other not in own]
            kept = {name for other in theirs for name, time in times(other) if time in (-1, 1)}
            lacking = {r.letter for r in line.references if r.time == 0 and r.name not in defined}
            recurrent = kept & {other.name for other in theirs}
            if line.name in names:
                opposed = not self._is_apart(line, [*own, *rest])
            else:
                opposed = bool(kept & names or (recurrent and len(theirs) < len(part)))
            if opposed or (recurrent and (lacking & letters or _is_directed(line))):
                return True
        return False

    def _is_apart(self, line: LaidOutLine, lines: Sequence[LaidOutLine]) -> bool:
        """Whether words stand before a line and behind it, where other lines do."""
        start, stop = line.equation.start, line.equation.stop
        before = [own.equation.stop for own in lines if own.equation.stop <= start]
        behind = [own.equation.start for own in lines if own.equation.start >= stop]
        return (not before or words_between(self.text, max(before), start)) and (
            not behind or words_between(self.text, stop, min(behind))
        )


def is_shown(line: LaidOutLine) -> bool:
    """Whether a line is displayed, and no formula within a sentence."""
    piece = line.equation.piece
    return piece is not None and piece.display


def _references(draft: Draft) -> list[Reference]:
    return [ref for line in draft.lines for ref in (line.target, *line.references)]


def _names(draft: Draft) -> set[str]:
    """All names in the lines of a draft, parameters too."""
    return {ref.name for ref in _references(draft)}


def _made_of(head: LaidOutLine, lines: Sequence[LaidOutLine]) -> list[LaidOutLine]:
    """The lines that a line is made of, each name as its nearest line says."""

    def distance(line: LaidOutLine) -> tuple[bool, int]:
        one, other = line.equation, head.equation
        return one.piece is not other.piece, abs(one.start - other.start)

    chosen, waiting = {head.name: head}, [head]
    while waiting:
        for name in {name for name, _ in times(waiting.pop())} - chosen.keys():
            every = [own for own in lines if own.name == name]
            if every:
                chosen[name] = min(every, key=distance)
                waiting.append(chosen[name])
    return sorted(chosen.values(), key=lambda own: (own.number, own.target.start))


def _closes(lines: Sequence[LaidOutLine]) -> bool:
    """Whether some lines have a state, and define every name whose last value they read."""
    names = {line.name for line in lines}
    last = {name for line in lines for name, time in times(line) if time == -1}
    fit = not any(_is_directed(line) or line.faults for line in lines)
    return bool(last & names) and last - names <= {"x"} and fit


def _is_directed(line: LaidOutLine) -> bool:
    return bool({"fwd", "bwd"} & set(line.target.accents))


def _outputs(own: Sequence[LaidOutLine], rest: Sequence[LaidOutLine]) -> list[LaidOutLine]:
    """The lines beside a cell that are read from it, with what they need, and keep nothing."""
    names = {line.name for line in own}
    others = [line for line in rest if line.name not in names]
    found: list[LaidOutLine] = []
    for line in others:
        part = [other for other in _made_of(line, [*own, *others]) if other not in own]
        read = {name for other in part for name, time in times(other) if time != -1}
        kept = {name for other in part for name, time in times(other) if time == -1}
        if read & names and not kept & {other.name for other in part} and line not in found:
            found += [other for other in part if other not in found]
    return sorted(found, key=lambda line: (line.number, line.target.start))
