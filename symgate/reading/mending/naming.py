"""What holds of the names of weights and biases: siblings differ by their own letter alone.

Beside W_{xi}, W_{hi}, b_i and W_{xf}, W_{hf}, b_f no other gate's bias is b_f: what stands in one
place of every line, on the input, on the state or alone, has one pattern, and one mark of the
line fills the patterns in all its places. The patterns and marks that explain most names are
the author's; a name that they do not explain is a slip.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

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

    @property
    def without(self) -> str:
        """A name of the pattern without a mark."""
        return self.before.rstrip("_") + self.behind

    def mark(self, name: str) -> str:
        """What fills the pattern in a name; "" where the name has another pattern."""
        small, stop = name.lower(), len(name) - len(self.behind)
        fits = small.startswith(self.before) and small.endswith(self.behind)
        return small[len(self.before) : stop].strip("_").split("_")[0] if fits else ""


@dataclass(frozen=True)
class Scheme:
    """How an author names parameters: the pattern of each place, the mark of each line."""

    patterns: Mapping[Place, Pattern]
    marks: tuple[str, ...]
    explained: int


def misnamed(sketch: Sketch, printing: Printing) -> Iterator[FoundFault]:
    """Parameters that break the scheme which the others keep: b_i in the forget gate."""
    lines = [
        Sibling(own, places)
        for own in sketch.lines.values()
        for s in own.sums
        if s.call is not None and (places := _places(sketch, s))
    ]
    if 1 < len(lines) < MANY:
        yield from _copied(lines, printing)
        yield from _shared(lines, printing)
        scheme = _scheme(lines)
        scheme = replace(scheme, marks=tuple(_own_marks(lines, scheme.marks)))
        for i in range(len(lines)):
            yield from _other_cases(lines, scheme, i, printing)
            yield from _odd_ones(lines, scheme, i, printing)


def _scheme(lines: Sequence[Sibling]) -> Scheme:
    """The scheme that explains most names: from the lines' letters, or from one place's pattern."""
    named = {
        at: {i: line.by_place[at] for i, line in enumerate(lines) if at in line.by_place}
        for at in dict.fromkeys(at for line in lines for at in line.by_place)
    }
    options = {
        at: dict.fromkeys(p for par in held.values() for p in _patterns(par))
        for at, held in named.items()
        if len({par.name for par in held.values()}) > 1 or len(held) == 2
    }
    seeds = [[line.letters for line in lines]]
    for at, patterns in options.items():
        for p in patterns:
            marks = {i: p.mark(par.name) for i, par in named[at].items()}
            if len({*marks.values()} - {""}) > 1:
                seeds.append([{marks.get(i, "")} - {""} for i in range(len(lines))])
    return max((_fitted(lines, named, options, seed) for seed in seeds), key=lambda s: s.explained)


def _fitted(
    lines: Sequence[Sibling],
    named: Mapping[Place, Mapping[int, Par]],
    options: Mapping[Place, Iterable[Pattern]],
    marks: Sequence[set[str]],
) -> Scheme:
    """The patterns that fit the marks best, then the marks that fit the patterns."""
    patterns: dict[Place, Pattern] = {}
    every = frozenset[str]().union(*marks)
    for at, choices in options.items():

        def support(p: Pattern, held: Mapping[int, Par] = named[at]) -> float:
            filled = {i: p.mark(par.name) for i, par in held.items()}
            own = sum(mark in marks[i] for i, mark in filled.items())
            return own + 0.4 * sum(m in every for m in filled.values()) - (p in patterns.values())

        best = max(choices, key=lambda p: (support(p), len(p.before)), default=None)
        if best is not None and support(best) > -0.5:
            patterns[at] = best
    found: list[str] = []
    for line in lines:
        counts = Counter(
            p.mark(line.by_place[at].name) for at, p in patterns.items() if at in line.by_place
        )
        del counts[""]
        found.append(max(counts, key=lambda m: (counts[m], m in line.letters), default=""))
    found = _distinct(lines, found)
    explained = sum(
        p.mark(line.by_place[at].name) == mark != ""
        for line, mark in zip(lines, found, strict=True)
        for at, p in patterns.items()
        if at in line.by_place
    )
    return Scheme(patterns, tuple(found), explained)


def _distinct(lines: Sequence[Sibling], marks: Sequence[str]) -> list[str]:
    """Each mark with one line: the other takes its own letter, or has none."""
    owner = {
        mark: max(
            (i for i, m in enumerate(marks) if m == mark), key=lambda i: mark in lines[i].letters
        )
        for mark in marks
    }
    found = []
    for i, (line, mark) in enumerate(zip(lines, marks, strict=True)):
        own = [m for m in sorted(line.letters) if len(m) == 1 and m not in owner]
        lent = mark in lines[owner[mark]].letters
        found.append(mark if owner[mark] == i else own[0] if lent and len(own) == 1 else "")
    return found


def _patterns(par: Par) -> Iterator[Pattern]:
    """The patterns that a name may have: its mark is an index, W_{xi}, or Wi in plain text."""
    name, letter = par.name.lower(), par.ref.letter.lower()
    plain = not par.ref.labels
    if plain and not (1 < len(letter) < 5 and letter.isascii()):
        return
    for start in range(1 if plain else len(letter), len(name)):
        for stop in range(start + 1, len(name) + 1):
            pattern = Pattern(name[:start], name[stop:])
            if pattern.mark(name) and name[start] != "_":
                yield pattern


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


def _shared(lines: Sequence[Sibling], printing: Printing) -> Iterator[FoundFault]:
    """W_x in all of three lines or more, each of which has a weight of its own for the state."""
    names: dict[Place, list[str]] = {}
    for line in lines:
        for at, par in line.by_place.items():
            names.setdefault(at, []).append(par.name)
    weights = {at: own for at, own in names.items() if isinstance(at, frozenset)}
    apart = any(len(own) == len({*own}) == len(lines) for own in weights.values())
    for at, own in weights.items():
        if apart and len(own) == len(lines) > 2 and len({*own}) == 1:
            par = lines[0].by_place[at]
            why = f"{par.name} is one weight in every line; the others differ from line to line"
            shown = printing.of(par)
            yield FoundFault("symbol_reused", why, par.start, par.stop, shown, "", (), 0.7)


def _other_cases(
    lines: Sequence[Sibling], scheme: Scheme, i: int, printing: Printing
) -> Iterator[FoundFault]:
    """b_f for b_F and for B_f beside W_f and U_f, where the other lines have one case."""
    line, mark = lines[i], scheme.marks[i]
    kept = {
        at: p
        for at, p in scheme.patterns.items()
        if at in line.by_place and mark and p.mark(line.by_place[at].name) == mark
    }
    target = line.own.u.line.target
    inner = [line.by_place[at].name[len(p.before) :][: len(mark)] for at, p in kept.items()]
    own = (target.letter, *target.labels)
    usual = max(inner, key=lambda shown: (inner.count(shown), shown in own), default="")
    for at, p in kept.items():
        par, behind = line.by_place[at], len(line.by_place[at].name) - len(p.behind)
        beside = [o.by_place[at] for o in lines if o is not line and at in o.by_place]
        others = [o.name for o in beside if o.transposed == par.transposed]
        heads = [name[: len(p.before)] for name in (par.name, *others) if p.mark(name)]
        head = max(heads, key=lambda h: (heads.count(h), h[0].isupper()))
        meant = head + usual + par.name[behind:]
        if par.name != meant and par.name.lower() == meant.lower():
            shown = printing.of(par)
            old, new = next((a, b) for a, b in zip(par.name, meant, strict=True) if a != b)
            if target.letter.isupper() and (old.islower() or old == target.letter):
                continue  # b_c beside W_C for a C_t is how many write it
            place = shown.find(old) if par.name[0] == old else shown.rfind(old)
            told = shown[:place] + new + shown[place + 1 :]
            why = f"the other parameters are in one case; {par.name} is not"
            edits = (Edit(par.start, par.stop, told),)
            yield FoundFault("case_mismatch", why, par.start, par.stop, shown, told, edits, 0.8)


def _odd_ones(
    lines: Sequence[Sibling], scheme: Scheme, i: int, printing: Printing
) -> list[FoundFault]:
    """The parameters of a line that do not bear its mark; one fault where none does."""
    line, mark = lines[i], scheme.marks[i]
    places = [at for at in line.by_place if at in scheme.patterns]
    marks = {at: scheme.patterns[at].mark(line.by_place[at].name) for at in places}
    owners = [m for m, other in zip(scheme.marks, lines, strict=True) if m in other.letters]
    twice = {at for at in places if line.by_place[at].ref.labels == (mark * 2,)}  # W_{cc} c_{t-1}
    bare = {
        at
        for at in places
        if scheme.patterns[at].without.startswith(line.by_place[at].name.lower())
    }
    letters = frozenset[str]().union(*(other.letters for other in lines))
    few = {
        at
        for at in places
        if marks[at] not in letters and sum(at in other.by_place for other in lines) < 3
    }
    odd = [at for at in places if mark and marks[at] != mark and at not in twice | bare | few]
    right = len(places) - len(odd) - len(twice | bare | few)
    strange = [at for at in odd if marks[at] not in letters]
    sure = right > 1 or mark in line.letters
    if not sure or len(strange) > right or 2 * len(owners) <= len(lines):
        return []
    faults = [_fault(lines, scheme, i, at, printing) for at in odd]
    if not right and len(odd) > 1:
        edits = tuple(e for f in faults for e in f.edits)
        return [replace(min(faults, key=lambda f: f.start), edits=edits)]
    return [f for f in faults if f.meant != f.printed]


def _own_marks(lines: Sequence[Sibling], marks: Sequence[str]) -> Iterator[str]:
    """The mark of each line; its own letter where r bears the f of a line f, and f an i."""
    for line, mark in zip(lines, marks, strict=True):
        own = [m for m in sorted(line.letters) if len(m) == 1]
        others = [o.letters for o in lines if o is not line]
        taken = any(mark in letters for letters in others) or line.letters & {*marks}
        yield own[0] if mark and mark not in line.letters and taken and len(own) == 1 else mark


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


def _fault(
    lines: Sequence[Sibling], scheme: Scheme, i: int, at: Place, printing: Printing
) -> FoundFault:
    """The parameter as a sibling has it, with the line's own mark."""
    line, pattern, mark = lines[i], scheme.patterns[at], scheme.marks[i]
    par, meant = line.by_place[at], ""
    like = next(
        o.by_place[at] for o in lines if at in o.by_place and pattern.mark(o.by_place[at].name)
    )
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
