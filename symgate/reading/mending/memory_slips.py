"""Slips in cells whose memory is a matrix: with one change its update is that of a known memory.

What holds there: the update is one that the zoo has, or a form of it; what divides the memory
is kept and written as the memory is; a query meets keys, not values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from symgate.reading.context import Context
from symgate.reading.faults import Edit, FoundFault, edited
from symgate.reading.lines import LaidOutLine
from symgate.reading.memories import chains, family
from symgate.reading.mending.printing import stepped
from symgate.reading.names import Reference, reference
from symgate.reading.ranked_lines import InText, in_text
from symgate.reading.ranks import MATRIX, NUMBER
from symgate.reading.tokens import Token
from symgate.reading.trees import Scripted, Terms, Tree, exchanged, subtrees

#: How likely each kind of slip is, beside the others.
PRIOR = {"wrong_time_index": 0.9, "wrong_sign": 0.8, "swapped_vectors": 0.7, "wrong_symbol": 0.6}


@dataclass(frozen=True)
class _LineChange:
    """A line with other symbols or signs in some places, and the characters that say so."""

    kind: str
    line: LaidOutLine
    start: int
    stop: int
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class _MemoryLine:
    """The lines of a cell in the language, with what the names in them are."""

    read: InText

    @property
    def texts(self) -> Mapping[str, str]:
        return self.read.texts

    @property
    def ranks(self) -> Mapping[str, int]:
        kinds = self.read.kinds
        return {name: {NUMBER: 0, MATRIX: 2}.get(kind, 1) for name, kind in kinds.items()}

    @property
    def name(self) -> str:
        """The state that is a matrix."""
        own = (n for n, text in self.texts.items() if f"{n}[t-1]" in text and "outer(" in text)
        return next(own, "")

    def value(self, name: str) -> str:
        return self.texts[name].partition(" = ")[2]

    @property
    def wrong(self) -> tuple[str, str]:
        """A line and what does not hold of it, in words; both "" where all holds."""
        if self.late:
            return self.name, f"{self.late} is computed and used within one step"
        if not chains(self.value(self.name), self.name, self.ranks):
            return "", ""
        if not family(self.texts, self.ranks):
            return self.name, f"no known memory is updated like {self.name}"
        other = next((n for n in self.divisors if not self._is_twin(n)), "")
        if other:
            return other, f"{other} normalises {self.name}, so both must be kept and written alike"
        if self.pair and self.side is not None and self.pair[self.side] == "v":
            return self.name, "the query is matched with v, the value, not with k, the key"
        return "", ""

    @property
    def late(self) -> str:
        """A key or value of this step that is read at the next one alone; "" where none is."""
        every = " ".join(self.texts.values())
        for name in re.findall(r"\b(\w+)\[t-1\]", self.value(self.name)):
            once = len(re.findall(rf"\b{name}\[t\]", every)) == 1
            if once and f"{name}[t-1]" not in self.texts.get(name, f"{name}[t-1]"):
                return name
        return ""

    @property
    def divisors(self) -> list[str]:
        """The other states that something is divided by."""
        below = " ".join(text.partition("/")[2] for text in self.texts.values())
        states = [n for n, text in self.texts.items() if f"{n}[t-1]" in text]
        return [n for n in states if n != self.name and re.search(rf"\b{n}\[t\]", below)]

    @property
    def side(self) -> int | None:
        """Which of two vectors a query meets: 0 for k in S = S + k vᵀ beside q S, else -1."""
        every, own = " ".join(self.texts.values()), re.escape(self.name)
        left = re.search(rf"@ {own}\[t\](?!\.T)|{own}\[t\]\.T @", every)
        right = re.search(rf"@ {own}\[t\]\.T|{own}\[t\] @", every)
        return None if bool(left) == bool(right) else 0 if left else -1

    @property
    def pair(self) -> tuple[str, ...]:
        """The vectors that are written, where they are called k and v."""
        written = re.findall(r"outer\((\w+)\[t\], (\w+)\[t\]\)", self.value(self.name))
        return written[0] if len(written) == 1 and {*written[0]} == {"k", "v"} else ()

    def _is_twin(self, name: str) -> bool:
        """Whether each part of a state's update is one of the memory's, with its key alone."""
        own = chains(self.value(name), name, self.ranks)
        whole = chains(self.value(self.name), self.name, self.ranks)
        if not own or len(own) != len(whole):
            return True  # of another form: nothing is said of it
        sides = (0, -1) if self.side is None else (self.side,)
        keys = [
            (scalars, chain if "S" in chain else (chain[at].strip("'"),))
            for scalars, chain in whole
            for at in sides
        ]
        return all(key in keys for key in own)


def faults(lines: Sequence[LaidOutLine], context: Context, document: str) -> Iterator[FoundFault]:
    """The one change after which a memory is a known one, where it is none as printed."""
    read = in_text(lines, context)
    own = _MemoryLine(read) if read is not None else None
    if own is None or not own.name or not own.wrong[1]:
        return
    blamed, why = own.wrong
    touched = [line for line in lines if line.name in (own.name, *own.divisors)]
    best: _LineChange | None = None
    score = 0.0
    for line in touched:
        for change in _changes(line, touched, context, document):
            likely = PRIOR[change.kind] - 0.2 * (line.name != blamed)
            again = own.read.changed(change.line) if likely > score else None
            after = _MemoryLine(again) if again is not None else None
            if after is None or after.name != own.name or after.wrong[1]:
                continue
            if bool(after.pair) >= bool(own.pair):
                best, score = change, likely
    if best is not None:
        start, stop, edits = best.start, best.stop, best.edits
        meant = edited(document, list(edits), start, stop)
        yield FoundFault(best.kind, why, start, stop, document[start:stop], meant, edits, 0.75)


def _changes(
    line: LaidOutLine, lines: Sequence[LaidOutLine], context: Context, document: str
) -> Iterator[_LineChange]:
    """Signs turned, values of this step for the last, two symbols exchanged, one for another."""

    def changed(
        kind: str, start: int, stop: int, new: Mapping[int, Tree], *edits: Edit
    ) -> _LineChange:
        right = None if line.right is None else exchanged(line.right, lambda t: new.get(id(t)))
        return _LineChange(kind, replace(line, right=right), start, stop, edits)

    for node in subtrees(line.right):
        if not isinstance(node, Terms):
            continue
        for i, (sign, inner) in enumerate(node.terms):
            before = node.terms[i - 1][1].stop if i else inner.start
            at = max(document.rfind(c, before, inner.start) for c in "+-−")
            if at >= 0:
                terms = (*node.terms[:i], (-sign, inner), *node.terms[i + 1 :])
                edit = Edit(at, at + 1, "+" if sign < 0 else "-")
                signed = replace(node, terms=terms)
                yield changed("wrong_sign", at, inner.stop, {id(node): signed}, edit)
    states = {own.name for own in lines}
    for node in subtrees(line.right):
        ref = reference(node, context.indices) if isinstance(node, Scripted) else None
        if isinstance(node, Scripted) and ref and ref.time == -1 and ref.name not in states:
            now = stepped(document[node.start : node.stop], 1, context.indices.time)
            new = replace(node, scripts=tuple(map(_of_this_step, node.scripts)))
            edit = Edit(node.start, node.stop, now)
            yield changed("wrong_time_index", node.start, node.stop, {id(node): new}, edit)
    uses = list(_symbols(line, context))
    every = {ref.name: base for o in lines for ref, base in _symbols(o, context)}
    for (one, a), (other, b) in combinations(uses, 2):
        if one.name != other.name:
            edits = (_put(a, b, document), _put(b, a, document))
            yield changed("swapped_vectors", one.start, other.stop, {id(a): b, id(b): a}, *edits)
    for ref, base in uses:
        for name, put in every.items():
            if name not in (ref.name, line.name):
                edit = _put(base, put, document)
                yield changed("wrong_symbol", ref.start, ref.stop, {id(base): put}, edit)


def _of_this_step(script: Token) -> Token:
    """The script t for t-1; any other as it is."""
    late = [t.kind for t in script.inside[1:]] == ["MINUS", "NUMBER"]
    return replace(script, inside=script.inside[:1]) if late else script


def _put(place: Tree, new: Tree, document: str) -> Edit:
    return Edit(place.start, place.stop, document[new.start : new.stop])


def _symbols(line: LaidOutLine, context: Context) -> Iterator[tuple[Reference, Tree]]:
    """The names of this step in a line, each with its letter as a node."""
    for node in subtrees(line.right):
        ref = reference(node, context.indices) if isinstance(node, Scripted) else None
        if ref is not None and ref.time == 0 and not ref.labels and ref.kind != "FUNCTION":
            yield ref, node.base if isinstance(node, Scripted) else node
