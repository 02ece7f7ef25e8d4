"""What holds of the names of weights and biases: siblings differ by their own letter alone.

Beside W_{xi}, W_{hi}, b_i and W_{xf}, W_{hf}, b_f no other gate's bias is b_f: what stands in one
place of every line, on the input, on the state or alone, has one pattern, and one mark of the
line fills the patterns in all its places.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from symgate.reading.faults import Edit, FoundFault
from symgate.reading.mending.printing import Printing
from symgate.reading.mending.sketch import Facts, Sketch, WeightedSum
from symgate.reading.terms import Par, Var, subterms

#: From so many sums on nothing is compared: no cell has as many.
MANY = 24
#: Where a parameter stands in a sum: on which vectors, or as which of how many biases.
Place = frozenset[str] | tuple[int, int]


@dataclass(frozen=True)
class Sibling:
    """A line with its parameters by place; `letters` are those by which it may mark them."""

    own: Facts
    by_place: Mapping[Place, Par]

    @property
    def letters(self) -> set[str]:
        target = self.own.u.line.target
        return {m.lower() for m in (*target.labels, target.letter)} - {"gamma"}


@dataclass(frozen=True)
class Pattern:
    """What stands before and behind the mark in one place of every line."""

    before: str
    behind: str

    def mark(self, name: str) -> str:
        """What fills the pattern in a name; "" where the name has another pattern."""
        stop = len(name) - len(self.behind)
        fits = name.startswith(self.before) and name.endswith(self.behind)
        inner = name[len(self.before) : stop].strip("_").lower() if fits else ""
        return inner.split("_")[0]


def misnamed(sketch: Sketch, printing: Printing) -> Iterator[FoundFault]:
    """Parameters that break the pattern which the other lines keep: b_i in the forget gate."""
    lines = [
        Sibling(own, places)
        for own in sketch.lines.values()
        for s in own.sums
        if s.call is not None and (places := _places(sketch, s))
    ]
    if 2 < len(lines) < MANY:
        yield from _copied(lines, printing)
    for line in lines if len(lines) < MANY else ():
        others = [o for o in lines if o.own is not line.own]
        yield from _other_cases(line, _patterns(others, line), printing)
        for left_out in (None, *others) if len(others) > 2 else (None,):
            kept = [o for o in others if o is not left_out]
            patterns = _patterns(kept, line)
            taken = _taken(kept, patterns)
            if taken:
                yield from _odd_ones(line, kept, patterns, taken, printing)
                break


def _copied(lines: Sequence[Sibling], printing: Printing) -> Iterator[FoundFault]:
    """W_o in every line, though o is one gate of several: a line copied and not renamed."""
    for at in dict.fromkeys(at for line in lines for at in line.by_place):
        held = [line for line in lines if at in line.by_place]
        names = {line.by_place[at].name for line in held}
        mark = held[0].by_place[at].name[-1].lower()
        owners = [line for line in held if mark in line.letters]
        if len(held) < 3 or len(names) != 1 or len(owners) != 1:
            continue
        for line in held:
            par, letter = line.by_place[at], line.own.u.line.target.letter
            shown = printing.of(par)
            place = shown.lower().rfind(mark)
            if line is owners[0] or len(letter) != 1 or not par.ref.labels or place < 1:
                continue
            meant = shown[:place] + letter + shown[place + 1 :]
            why = f"{par.name} stands in every line, and {mark} is {owners[0].own.name} alone"
            yield _wrong_index(at, par, shown, meant, why)


def _other_cases(
    line: Sibling, patterns: Mapping[Place, Pattern], printing: Printing
) -> Iterator[FoundFault]:
    """b_f for b_F and for B_f beside W_f and U_f, where the other lines have one case."""
    inner = {at: _within(line.by_place[at].name, p) for at, p in patterns.items()}
    target = line.own.u.line.target
    usual = max(
        inner.values(),
        key=lambda mark: ([*inner.values()].count(mark), mark in (target.letter, *target.labels)),
        default="",
    )
    for at, p in patterns.items():
        par, meant = line.by_place[at], f"{p.before}{usual}{p.behind}"
        weighs = not isinstance(at, tuple) and par.name[0] != meant[0]  # w is a vector, W is not
        if usual and not weighs and par.name != meant and par.name.lower() == meant.lower():
            shown = printing.of(par)
            old, new = next((a, b) for a, b in zip(par.name, meant, strict=True) if a != b)
            if target.letter.isupper() and old.islower():
                continue  # b_c beside W_C for a C_t is how many write it
            at_start = par.name[0] == old
            place = shown.find(old) if at_start else shown.rfind(old)
            told = shown[:place] + new + shown[place + 1 :]
            why = f"the other parameters are in one case; {par.name} is not"
            edits = (Edit(par.start, par.stop, told),)
            yield FoundFault("case_mismatch", why, par.start, par.stop, shown, told, edits, 0.8)


def _within(name: str, pattern: Pattern) -> str:
    """What fills a pattern in a name, in its own case, whatever the case of the pattern."""
    before, behind = len(pattern.before), len(name) - len(pattern.behind)
    small = name.lower()
    fits = small.startswith(pattern.before.lower()) and small.endswith(pattern.behind.lower())
    return name[before:behind] if fits else ""


def _places(sketch: Sketch, own: WeightedSum) -> dict[Place, Par]:
    """The parameters of a sum by place; none where two stand in the same one."""
    found: list[tuple[Place, Par]] = [
        ((i, len(own.biases)), bias) for i, bias in enumerate(own.biases)
    ]
    terms = [t for line in sketch.lines.values() for t in line.terms]
    uses = Counter(t.name for t in terms if isinstance(t, Par))
    for a in own.applied:
        read = [v for v in subterms(a.vector) if isinstance(v, Var)]
        inner = [v.name for v in read if v.name not in sketch.lines or v.name in sketch.states]
        gates = {v.ref.letter for v in read if v.name not in inner}
        if not isinstance(a.matrix, Par) or not inner:
            continue
        lent = gates & {*"".join(a.matrix.ref.labels)[:1]}  # U_r (r ⊙ h), where r has no U_r
        if not lent or uses[a.matrix.name] > 1:
            found.append((frozenset(inner), a.matrix))
    for part in own.parts:
        match part.factors:
            case (Par() as weight, Var(name=seen)):  # w ⊙ c_{t-1}
                found.append((frozenset({seen}), weight))
    counts = Counter(at for at, _ in found)
    return {at: par for at, par in found if counts[at] == 1 and par.kind != "scalar"}


def _patterns(others: Sequence[Sibling], line: Sibling) -> dict[Place, Pattern]:
    """For each place of a line the pattern that the names of the other lines share there."""
    result: dict[Place, Pattern] = {}
    for at, par in line.by_place.items():
        names = {o.by_place[at].name for o in others if at in o.by_place}
        if names == {par.name} and len(others) == 1:
            result[at] = Pattern(par.name[:-1], "")
        elif len(names) > 1:
            before = _start(names)
            behind = _start([name[len(before) :][::-1] for name in names])[::-1]
            result[at] = Pattern(before, behind)
    return {at: p for at, p in result.items() if _is_indexed(at, line.by_place[at], p)}


def _is_indexed(at: Place, par: Par, pattern: Pattern) -> bool:
    """Whether the mark is an index of the parameter: W_{xi}, or Wi in plain text."""
    letter = par.ref.letter
    if par.ref.labels:
        alone = isinstance(at, tuple) and pattern.before.startswith(letter.lower())
        return alone or pattern.before.startswith(letter)
    return len(letter) == 2 and letter.isascii() and pattern.before == letter[0]


def _start(names: Iterable[str]) -> str:
    """With what all names begin."""
    alike = takewhile(lambda letters: len({*letters}) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in alike)


def _taken(others: Sequence[Sibling], patterns: Mapping[Place, Pattern]) -> dict[str, Sibling]:
    """The mark of each other line; nothing where one has two marks, or two have the same."""
    result: dict[str, Sibling] = {}
    for o in others:
        marks = {p.mark(o.by_place[at].name) for at, p in patterns.items() if at in o.by_place}
        if len(marks) != 1 or marks & {*result, ""}:
            return {}
        result[marks.pop()] = o
    own = sum(mark in o.letters for mark, o in result.items())
    return result if 2 * own > len(result) else {}


def _odd_ones(
    line: Sibling,
    others: Sequence[Sibling],
    patterns: Mapping[Place, Pattern],
    taken: Mapping[str, Sibling],
    printing: Printing,
) -> list[FoundFault]:
    """The parameters of a line that do not bear its mark; one fault where none does."""
    marks = {at: p.mark(line.by_place[at].name) for at, p in patterns.items()}
    mark = _own_mark(line, list(marks.values()), taken)
    twice = {at for at in marks if line.by_place[at].ref.labels == (mark * 2,)}  # W_{cc} c_{t-1}
    odd = [at for at in marks.keys() - twice if mark and marks[at] != mark]
    strange = [at for at in odd if marks[at] not in taken]
    if len(strange) > len(marks) - len(odd):
        return []
    faults = []
    for at in odd:
        model = next(o for o in others if at in o.by_place)
        faults.append(_fault(line, model, at, patterns[at], mark, printing))
    if len(odd) == len(marks) > 1:
        edits = tuple(e for f in faults for e in f.edits)
        return [replace(min(faults, key=lambda f: f.start), edits=edits)]
    return [f for f in faults if f.meant != f.printed]


def _own_mark(line: Sibling, marks: Sequence[str], taken: Mapping[str, Sibling]) -> str:
    """The mark of a line: what most of its parameters bear and no other line has."""
    free = Counter(mark for mark in marks if mark and mark not in taken)
    if not free:
        lent = {m for m in marks if m in taken and m in taken[m].letters}
        own = [m for m in line.letters if len(m) == 1 and m not in taken]
        return own[0] if lent == set(marks) and len(lent) == len(own) == 1 else ""
    best = max(free, key=lambda mark: (free[mark], mark in line.letters))
    return best if free[best] > 1 or best in line.letters else ""


def _fault(
    line: Sibling, model: Sibling, at: Place, pattern: Pattern, mark: str, printing: Printing
) -> FoundFault:
    """The parameter as a sibling has it, with the line's own mark."""
    par, like = line.by_place[at], model.by_place[at]
    shown, other = printing.of(like), pattern.mark(like.name)
    font = re.match(r"(?:\\[A-Za-z]+\s*\{?)*", shown)
    least = (font.end() if font else 0) + 1
    small = shown.lower()
    found = small.find(other, least) if pattern.behind else small.rfind(other, least)
    meant = shown[:found] + mark + shown[found + len(other) :] if found > 0 else ""
    why = f"the other parameters of {line.own.name} carry the index {mark}"
    return _wrong_index(at, par, printing.of(par), meant, why)


def _wrong_index(at: Place, par: Par, printed: str, meant: str, why: str) -> FoundFault:
    """The fault of a weight or a bias; "" where nobody can tell what is meant."""
    kind = "wrong_bias_index" if isinstance(at, tuple) else "wrong_weight_index"
    edits = (Edit(par.start, par.stop, meant),) if meant else ()
    return FoundFault(kind, why, par.start, par.stop, printed, meant, edits, 0.85)
