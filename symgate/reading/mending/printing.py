"""How the author of a cell writes things, to write what was meant in the same way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import accumulate, pairwise

from symgate.reading.characters import LOWERED
from symgate.reading.faults import Edit, edited
from symgate.reading.mending.sketch import Facts, Sketch, WeightedSum, times
from symgate.reading.terms import (
    AnyTerm,
    Apply,
    Call,
    Cat,
    Num,
    Par,
    Plus,
    Times,
    Var,
    subterms,
    text,
)

_SIGNS = (
    "\\odot",
    "\\circ",
    "\\otimes",
    "\\bullet",
    "\\ast",
    "\\cdot",
    "⊙",
    "∘",
    "*",
    "\\times",
    "×",
    "·",
    "∗",
)


class Printing:
    """The document as its author writes it, where `edits` are made with what was meant."""

    def __init__(self, document: str, sketch: Sketch, edits: Sequence[Edit] = ()) -> None:
        self.document, self.sketch, self.edits = document, sketch, [*edits]

    def printed(self, start: int, stop: int) -> str:
        return edited(self.document, self.edits, start, stop)

    def of(self, term: AnyTerm) -> str:
        return self.printed(term.start, term.stop)

    def bare(self, term: AnyTerm) -> str:
        """A term as printed, without brackets around all of it."""
        shown = self.of(term).strip()
        open_at = accumulate((c == "(") - (c == ")") for c in shown[:-1])
        return shown[1:-1].strip() if shown[-1:] == ")" and all(n > 0 for n in open_at) else shown

    def edited(self, term: AnyTerm, *edits: Edit) -> str:
        start = min([term.start, *(e.start for e in edits)])
        return edited(self.document, list(edits), start, term.stop)

    @cached_property
    def sign(self) -> str:
        """The sign that the author writes between vectors."""
        counts = Counter(
            self.printed(one.stop, other.start).strip()
            for own in self.sketch.lines.values()
            for t in own.terms
            if isinstance(t, Times)
            for one, other in pairwise(t.factors)
        )
        return max(_SIGNS, key=lambda sign: (counts[sign], -_SIGNS.index(sign)))

    @cached_property
    def tanh(self) -> str:
        latex = any(
            "\\" in own.u.line.equation.piece.text
            for own in self.sketch.lines.values()
            if own.u.line.equation.piece is not None
        )
        return "\\tanh" if latex else "tanh"

    def transposed(self, shown: str, wanted: bool) -> str:
        """A weight as printed with the author's mark of a transpose, or without any."""
        every = re.findall(
            r"\^(?:\\(?:top|intercal)\b|T\b|\{\s*\\?\w+\s*\})|\.T\b|ᵀ", self.document
        )
        marks = [mark for mark in every if re.search(r"T|top|intercal|ᵀ", mark)]
        if wanted:
            return shown + (marks[0] if marks else "^T")
        for mark in {*marks}:
            shown = shown.replace(mark, "")
        return shown

    # -- names ---------------------------------------------------------------------------

    def name(self, name: str, time: int) -> str:
        """How the author writes a name at a step; "" where that cannot be told."""
        return self._names.get((name, time)) or self._made(name, time)

    @cached_property
    def _names(self) -> dict[tuple[str, int], str]:
        found: dict[tuple[str, int], str] = {}
        for own in self.sketch.lines.values():
            target = own.u.line.target
            shown = self.printed(target.start, target.stop)
            if own.u.line.printed:
                shown = next((f.meant for f in own.u.faults if f.printed == shown), "")
            found.setdefault((own.name, 0), shown)
            for v in own.variables:
                if v.stop > v.start:
                    found.setdefault((v.name, v.time or 0), self.of(v))
        return found

    def _made(self, name: str, time: int) -> str:
        known = self._names.get((name, -1 - time), "")
        return stepped(known, 2 * time + 1, self.sketch.found.context.indices.time)

    def sign_before(self, term: Plus, at: int) -> int | None:
        """Where the sign before a term of a sum stands."""
        stop = term.terms[at][1].start
        start = term.terms[at - 1][1].stop if at else max(term.start - 3, 0)
        if stop < start:
            return None
        between = self.document[start:stop]
        found = [i for i, c in enumerate(between) if c in "+-−–"]
        return start + found[-1] if found else None

    def between(self, one: AnyTerm, other: AnyTerm) -> tuple[int, int] | None:
        """The sign between two factors; None where brackets stand between them."""
        shown = self.document[one.stop : other.start]
        bare = shown.strip()
        return (one.stop, other.start) if bare in _SIGNS or not bare else None

    def without(self, factors: Sequence[AnyTerm], at: int) -> Edit:
        """A factor and the sign beside it, taken out."""
        if at + 1 < len(factors):
            return Edit(factors[at].start, factors[at + 1].start, "")
        return Edit(factors[at - 1].stop, factors[at].stop, "")

    def function(self, call: Call, wanted: str) -> str:
        """The name of another function, as the author writes it."""
        start, stop = call.head
        printed = self.printed(start, stop)
        for own in self.sketch.lines.values():
            for term in own.terms:
                if (
                    isinstance(term, Call)
                    and term.function == wanted
                    and term.head[0] < term.head[1]
                ):
                    found = self.printed(*term.head)
                    after = self.document[stop : stop + 1]
                    return f"{found} " if found.startswith("\\") and after.isalpha() else found
        if "\\" in printed:
            return {"tanh": "\\tanh", "sigmoid": "\\sigma"}[wanted]
        return wanted if wanted == "tanh" or printed.isascii() else "σ"

    def written(self, term: AnyTerm) -> str:
        """A term without weights as the author would write it; "" where a name cannot be told."""
        match term:
            case Var(name=name, time=time):
                return self.name(name, time or 0)
            case Num(text=number):
                return number
            case Call(function=function, argument=argument):
                inner = self.written(argument)
                head = self.tanh if function == "tanh" else function
                return inner and f"{head}({inner})"
            case Times(factors=factors):
                shown = [self.written(f) for f in factors]
                closed = [
                    f"({f})" if isinstance(t, Plus) else f
                    for f, t in zip(shown, factors, strict=True)
                ]
                return f" {self.sign} ".join(closed) if all(shown) else ""
            case Plus(terms=terms):
                shown = [self.written(t) for _, t in terms]
                signs = ["+" if sign > 0 else "-" for sign, _ in terms]
                summed = " ".join(f"{s} {t}" for s, t in zip(signs, shown, strict=True))
                return summed.removeprefix("+ ") if all(shown) else ""
        return ""

    # -- brackets ------------------------------------------------------------------------

    def closed(self, last: AnyTerm, holder: AnyTerm) -> tuple[str, Edit, Edit]:
        """A bracket that closes behind `last` in place of at the end."""
        close = self.document.rfind(")", last.stop, holder.stop + 8)
        edits = (Edit(last.stop, last.stop, ")"), Edit(close, close + 1, ""))
        return self.edited(holder, *edits), *edits

    def reopened(self, call: Call, term: Times | Plus) -> tuple[str, Edit, Edit]:
        """What stands behind a function, taken into its brackets."""
        close = self.document.rfind(")", call.start, call.stop + 1)
        begin = close - len("\\right") if self.document[:close].endswith("\\right") else close
        end, last = self.document[begin : close + 1], len(self.document[:begin].rstrip())
        edits = (Edit(last, close + 1, ""), Edit(term.stop, term.stop, end))
        return self.edited(term, *edits), *edits

    def opened(
        self, first: AnyTerm, last: AnyTerm, holder: AnyTerm
    ) -> tuple[str, *tuple[Edit, ...]]:
        """The brackets around `first` to `last` taken away; no edits where they have none."""
        before = self.document.rfind("(", holder.start, first.start)
        behind = self.document.find(")", last.stop, holder.stop + 8)
        if before < 0 or behind < 0:
            return ("",)
        edits = (Edit(before, before + 1, ""), Edit(behind, behind + 1, ""))
        return self.edited(replace(holder, stop=behind + 1), *edits), *edits

    # -- what the other lines have -------------------------------------------------------

    def missing(self, sketch: Sketch, own: Facts, s: WeightedSum) -> Iterator[tuple[AnyTerm, str]]:
        """The terms of the other lines' sums that a sum lacks, with this line's marks."""
        have = {_shape(p.term) for p in s.parts}
        for other in sketch.lines.values():
            if other is own:
                continue
            for model in other.sums:
                for part in model.parts:
                    shape = _shape(part.term)
                    if part.sign < 0 or shape in have or part.term.stop <= part.term.start:
                        continue
                    have.add(shape)
                    yield part.term, remarked(self.of(part.term), other, own)
                for acted in model.applied:
                    bare = _last_alone(acted)
                    if bare is not None and _shape(bare) not in have:
                        have.add(_shape(bare))
                        matrix = remarked(self.of(acted.matrix), other, own)
                        yield bare, f"{matrix} {self.of(bare.vector)}"

    def weight(self, sketch: Sketch, own: Facts, var: Var) -> tuple[Par, str] | None:
        """The weight by which the other lines read a variable, with this line's mark."""
        for other in sketch.lines.values():
            for s in other.sums:
                for a in s.applied:
                    alike = isinstance(a.vector, Var) and (a.vector.name, a.vector.time) == (
                        var.name,
                        var.time,
                    )
                    if other is not own and alike and isinstance(a.matrix, Par):
                        return a.matrix, remarked(self.of(a.matrix), other, own)
        matrices = [a.matrix for s in own.sums for a in s.applied if isinstance(a.matrix, Par)]
        marked = [
            (m, a.vector)
            for s in own.sums
            for a in s.applied
            if isinstance(m := a.matrix, Par) and m.ref.labels
        ]
        for m, read in marked:
            letter = read.ref.letter if isinstance(read, Var) and read.name != var.name else ""
            if letter and m.ref.labels[0].count(letter) == 1:  # W_{xh} x beside W_{hh} h
                return m, var.ref.letter.join(self.of(m).rsplit(letter, 1))
        return (matrices[0], "U") if matrices and not marked else None

    def column(self, sketch: Sketch, own: Facts) -> tuple[Cat, str] | None:
        """The column that the other lines' weights act on."""
        for other in sketch.lines.values():
            for term in other.terms:
                if (
                    other is not own
                    and isinstance(term, Cat)
                    and term.stop > term.start
                    and all(isinstance(p, Var) for p in term.parts)
                ):
                    return term, self.of(term)
        return None


def _last_alone(acted: Apply) -> Apply | None:
    """U h for U (r ⊙ h): what a weight acts on without the gate before it."""
    vector = acted.vector
    last = [f for f in times(vector) if isinstance(f, Var) and f.time == -1]
    return replace(acted, vector=last[0], stop=last[0].stop) if len(last) == 1 else None


def _shape(term: AnyTerm) -> str:
    """What a term of a sum reads, whatever its parameters are called."""
    if isinstance(term, Par):
        return "bias"
    return " ".join(sorted(text(v) for v in subterms(term) if isinstance(v, Var)))


def stepped(printed: str, step: int, letters: Collection[str] = ("t",)) -> str:
    r"""A symbol as printed, with its index moved to t-1 or to t; "" where it has none.

    >>> stepped(r"\bar{x}_k", -1, {"k"}), stepped("h^{(t-1)}", 1), stepped("hₜ", -1)
    ('\\bar{x}_{k-1}', 'h^{(t)}', 'hₜ₋₁')
    """
    every = "|".join([rf"\\{name}" if len(name) > 1 else name for name in letters])
    low = "".join(c for c, plain in LOWERED.items() if plain in letters) or "ₜ"
    late, alone = rf"({every})\s*[-−]\s*1", rf"(?<=[_^])(?:{every})(?!\w)"
    wrapped = rf"(?:(?<=[{{<(\[,])|(?<=\\langle))\s*(?:{every})\s*(?=[}}>)\],]|\\rangle)"
    if step > 0:
        found = re.sub(rf"([{low}])₋₁", r"\1", re.sub(late, r"\1", printed))
    else:
        found = re.sub(alone, r"{\g<0>-1}", re.sub(wrapped, r"\g<0>-1", printed))
        found = re.sub(rf"[{low}](?!₋)", r"\g<0>₋₁", found)
    return found if found != printed else ""


def remarked(printed: str, other: Facts, own: Facts) -> str:
    """Parameters of another line with this line's mark: U_r h becomes U_z h."""
    theirs = set(_marks(other))
    mine = next(iter(_marks(own)), "")

    def change(found: re.Match[str]) -> str:
        index = found.group(2)
        for mark in theirs:
            if mark in index:
                return found.group(1) + index[::-1].replace(mark[::-1], mine[::-1], 1)[::-1]
        return found.group()

    if not mine:
        return printed
    return re.sub(
        r"((?<![A-Za-z\\])(?:\\\w+\s*)?[A-Z]?[Wwb]?\}?[_^])(\{[^{}]*\}|\w)", change, printed
    )


def _marks(own: Facts) -> list[str]:
    """The letters by which a line marks its parameters."""
    target = own.u.line.target
    known = {c for t in own.terms if isinstance(t, Par) for c in "".join(t.ref.labels)}
    letters = [*target.labels, target.letter, target.letter.lower(), target.letter.upper()]
    return [m for m in letters if len(m) == 1 and m in known]
