"""The known cell that is nearest to a broken one, and the slips that part them.

Line is set beside line, whatever the names, and each line that differs is changed until it is
the other: several slips are found one after another, though none of them mends the cell alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations, islice, product

from symgate.reading.faults import Edit
from symgate.reading.mending.book import MEANT, Lines, forms, known
from symgate.reading.mending.change import Change
from symgate.reading.mending.changes import in_line
from symgate.reading.mending.polynomials import (
    ACTED,
    Polynomial,
    TooLong,
    polynomial,
    unmarked,
    without_biases,
)
from symgate.reading.mending.printing import Printing
from symgate.reading.mending.sketch import Sketch, times
from symgate.reading.structure import variables
from symgate.reading.terms import AnyTerm, Apply, Call, Cat, Par, Var, mapped, subterms

#: How many slips a line may have, and a cell; how many lines a cell.
IN_LINE, IN_CELL, MOST = 3, 6, 7
#: How many ways to set lines beside lines are sought and how many weighed, for each known cell;
#: to how many of these changes are sought.
WAYS, FEW, CELLS = 48, 8, 4
#: The functions of the cells that are compared.
FUNCTIONS = {"sigmoid", "tanh", "relu"}
#: Cells that differ by more in what they are are not the same cell spoilt.
FAR = 8.0


@dataclass(frozen=True)
class LineShape:
    """What a line is: the function around it, and its polynomial."""

    function: str
    sum: Polynomial


def shape(term: AnyTerm, named: Callable[[str], str]) -> LineShape:
    """A line under other names."""

    def value(var: Var) -> Polynomial:
        time = "-" if var.time == -1 else "" if not var.time else str(var.time)
        return {(f"{named(var.name)}{time}",): 1.0}

    call = term.function if isinstance(term, Call) else ""
    whole = polynomial(term.argument if isinstance(term, Call) else term, value, True)
    kept = without_biases(whole)
    counted = {m: abs(whole[m]) if any(ACTED in f for f in m) else kept[m] for m in kept}
    return LineShape(call, {tuple(sorted(map(unmarked, m))): c for m, c in counted.items()})


def difference(one: LineShape, other: LineShape) -> float:
    """How much two lines differ: 0 for equal ones, about 1 for each slip."""
    left = {m: c for m, c in one.sum.items() if other.sum.get(m) != c}
    right = {m: c for m, c in other.sum.items() if one.sum.get(m) != c}
    found = float(one.function != other.function)
    pairs = sorted(
        (_apart(a, b) + 0.5 * (left[a] != right[b]), a, b) for a, b in product(left, right)
    )
    for apart, a, b in pairs:
        if a in left and b in right:
            found += apart
            del left[a], right[b]
    return found + sum(1 + 0.25 * len(m) for m in (*left, *right))


@lru_cache(maxsize=4_096)
def _apart(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """How much two products differ, factor by factor."""
    left, right = Counter(one), Counter(other)
    lone, ltwo = list((left - right).elements()), list((right - left).elements())
    alike = sum(
        a.partition("(")[0] == b.partition("(")[0] and "(" in a
        for a, b in zip(lone, ltwo, strict=False)
    )
    return max(len(lone), len(ltwo)) - 0.4 * alike


def path(sketch: Sketch, printing: Printing) -> tuple[list[Change], str]:
    """The fewest changes that make a cell one of the known ones near to it, and its name."""
    found: list[tuple[int, bool, int, list[Change], str]] = []
    small = sketch.whole and len(sketch.lines) <= MOST
    try:
        near = _nearest(sketch) if small else []
    except TooLong:
        near = []
    for i, (lines, matched) in enumerate(near):
        changes, after = _climbed(sketch, printing, lines, matched)
        name = known(after.terms) if changes else ""
        if name:
            count = sum(3 if change.kind == "wrong_equation" else 1 for change in changes)
            found.append((count, name not in MEANT, i, changes, name))
    return min(found)[3:] if found else ([], "")


def exchanged_lines(sketch: Sketch, printing: Printing) -> tuple[list[Change], str]:
    """The changes that give two lines each other's name, where that makes a common cell of it."""
    inner = sketch.parts.gates | sketch.spare
    outer = [n for n in sketch.lines if n not in inner] if sketch.whole else []
    for one, other in combinations(outer, 2):
        for late in (True, False):
            names = {one: other, other: one}

            def put(term: AnyTerm, names: Mapping[str, str] = names, late: bool = late) -> AnyTerm:
                if isinstance(term, Var) and (late or term.time != -1):
                    return replace(term, name=names.get(term.name, term.name))
                return term

            terms = {n: mapped(sketch.terms[n], put) for n in names}
            name = known({**sketch.terms, **{names[n]: term for n, term in terms.items()}})
            if name in MEANT:
                changes = [_renamed(sketch, printing, n, names, terms[n], late) for n in names]
                return changes, name if all(all(e.text for e in c.edits) for c in changes) else ""
    return [], ""


def retargeted(sketch: Sketch, printing: Printing) -> Change | None:
    """The left side that bears another name than the state that every line reads: x_t = z h + …."""
    lacking = {name for name, time in sketch.reads if time == -1 and not sketch.reads[name, 0]}
    lacking -= sketch.named
    for name in sketch.lines if sketch.whole and len(lacking) == 1 else ():
        state, own = *lacking, sketch.lines[name]
        kept = any(isinstance(f, Var) and f.name == state for t in own.terms for f in times(t))
        others = [o for o in sketch.lines.values() if o is not own]
        sums = [a.vector for o in others for s in o.sums for a in s.applied]
        read = any(isinstance(v, Var) and v.name == name for a in sums for v in subterms(a))
        meant, target = printing.name(state, 0), own.u.line.target
        if meant and kept and read:
            edits = (Edit(target.start, target.stop, meant),)
            start, stop = target.start, target.stop
            return Change(name, own.term, own.term, "wrong_symbol", edits, start, stop, meant)
    return None


def _renamed(
    sketch: Sketch,
    printing: Printing,
    name: str,
    names: Mapping[str, str],
    term: AnyTerm,
    late: bool,
) -> Change:
    """One of two lines under the other's name."""
    own, meant = sketch.lines[name], printing.name(names[name], 0)
    target = own.u.line.target
    read = [v for v in own.variables if v.name in names and (late or v.time != -1)]
    edits = [Edit(v.start, v.stop, printing.name(names[v.name], v.time or 0)) for v in read]
    whole = (Edit(target.start, target.stop, meant), *edits)
    kind = "swapped_symbols"
    return Change(names[name], own.term, term, kind, whole, target.start, target.stop, meant)


def _nearest(sketch: Sketch) -> list[tuple[Lines, Mapping[str, str]]]:
    """The known cells near to a cell, nearest first, with the names that their lines have in it."""
    entering = _named(dict.fromkeys(sketch.entering, "x"))
    blank = {
        own: shape(term, lambda name: "x" if name in sketch.entering else "v")
        for own, term in sketch.terms.items()
    }
    own = {name: shape(term, entering) for name, term in sketch.terms.items()}
    ways = [
        (far, i, matched)
        for i, (_, theirs) in enumerate(_fitting(len(sketch.lines)))
        for far, matched in islice(_ways(sketch, blank, theirs), FEW)
    ]
    found: dict[int, tuple[float, int, Lines, Mapping[str, str]]] = {}
    for k, (_, i, matched) in enumerate(sorted(ways, key=lambda way: way[:2])):
        lines, names = _fitting(len(sketch.lines))[i][0], _named(matched)
        far = sum(
            difference(own[name], shape(lines[theirs], names)) for theirs, name in matched.items()
        )
        odd = sum(_strange(sketch, name, n, blank[name]) for n, name in matched.items())
        if 0 < far <= FAR and (i not in found or far + odd < found[i][0]):
            found[i] = (far + odd, k, lines, matched)
    return [way[2:] for way in sorted(found.values(), key=lambda way: way[:2])[:CELLS]]


@lru_cache(maxsize=8)
def _fitting(count: int) -> Sequence[tuple[Lines, Mapping[str, LineShape]]]:
    """The known cells of so many lines; also with a candidate in the line that reads it."""
    found: list[Lines] = []
    for lines in forms():
        functions = {t.function for s in lines.values() for t in subterms(s) if isinstance(t, Call)}
        if functions <= FUNCTIONS and len(lines) == count:
            found.append(lines)
        elif functions <= FUNCTIONS and len(lines) == count + 1:
            found += list(_inlined(lines))
    return [(lines, _blank(lines)) for lines in found]


def _blank(lines: Lines) -> Mapping[str, LineShape]:
    return {n: shape(term, lambda name: "v" if name in lines else "x") for n, term in lines.items()}


def _inlined(lines: Lines) -> Iterator[Lines]:
    reads = Counter(v.name for term in lines.values() for v in variables(term))
    late = {v.name for term in lines.values() for v in variables(term) if v.time == -1}
    for name, term in lines.items():
        if reads[name] == 1 and name not in late and getattr(term, "function", "") != "sigmoid":

            def put(inner: AnyTerm, name: str = name, term: AnyTerm = term) -> AnyTerm:
                return term if isinstance(inner, Var) and inner.name == name else inner

            yield {n: mapped(t, put) for n, t in lines.items() if n != name}


def _ways(
    sketch: Sketch, blank: Mapping[str, LineShape], theirs: Mapping[str, LineShape]
) -> Iterator[tuple[float, Mapping[str, str]]]:
    """The likeliest ways to set the lines of a known cell beside those of a cell."""
    cost = {
        (name, own): difference(blank[own], theirs[name])
        + _strange(sketch, own, name, theirs[name])
        for name, own in product(theirs, blank)
    }
    found: list[tuple[float, tuple[str, ...]]] = [(0.0, ())]
    for name in theirs:
        longer = [
            (far + cost[name, own], (*taken, own))
            for far, taken in found
            for own in blank
            if own not in taken
        ]
        found = sorted(way for way in longer if way[0] <= FAR)[:WAYS]
    return ((far, dict(zip(theirs, taken, strict=True))) for far, taken in found)


def _strange(sketch: Sketch, own: str, name: str, theirs: LineShape) -> float:
    """How little a name speaks for the part that it plays: i for the gate i, c̃ for g."""
    target = sketch.lines[own].u.line.target
    letter = target.letter.lower()
    candidate = theirs.function == "tanh"
    fits = letter == name or (candidate and bool(target.accents))
    taken = letter != name and name in map(sketch.letter, sketch.lines)  # i for f, where i stands
    return 0.0 if fits and candidate >= bool(target.accents) else 0.5 if taken else 0.2


def _named(names: Mapping[str, str]) -> Callable[[str], str]:
    """The names of `names`; others stay."""
    return lambda name: names.get(name, name)


def _climbed(
    sketch: Sketch, printing: Printing, lines: Lines, matched: Mapping[str, str]
) -> tuple[list[Change], Sketch]:
    """The changes by which each line becomes the known one; none where one cannot."""
    found: list[Change] = []
    entering = _named(dict.fromkeys(sketch.entering, "x"))
    for theirs, own in matched.items():
        wanted = shape(lines[theirs], _named(matched))
        left = difference(shape(sketch.terms[own], entering), wanted)
        before, made = sketch, len(found)
        for _ in range(IN_LINE):
            best: tuple[float, float, int, Change] | None = None
            for i, change in enumerate(
                in_line(sketch, sketch.lines[own], printing) if left else ()
            ):
                try:
                    after = difference(shape(change.term, entering), wanted)
                except TooLong:
                    continue
                better = (after, -change.prior, i, change)
                if after < left - 0.2 and (best is None or better[:3] < best[:3]):
                    best = better
            if best is None:
                break
            found.append(best[3])
            left = best[0]
            sketch = sketch.changed(own, best[3].term).restructured()
        if left:
            whole = _whole(before, printing, own, lines[theirs], matched)
            if whole is None or any(change.kind == whole.kind for change in found[:made]):
                return [], sketch
            found[made:] = [whole]
            sketch = before.changed(own, whole.term).restructured()
        if len(found) > IN_CELL:
            return [], sketch
    return found, sketch


def _whole(
    sketch: Sketch, printing: Printing, own: str, theirs: AnyTerm, matched: Mapping[str, str]
) -> Change | None:
    """The line of the known cell in place of one that no change leads to; None for a sum."""

    names = {"x": min(sketch.entering, default="x"), **matched}

    def put(term: AnyTerm) -> AnyTerm:
        return replace(term, name=names[term.name]) if isinstance(term, Var) else term

    every = (*subterms(theirs), *subterms(sketch.terms[own]))
    if any(isinstance(t, Apply | Par | Cat) for t in every) or own in sketch.parts.carried:
        return None
    old, new = sketch.terms[own], mapped(theirs, put)
    meant = printing.written(new)
    edits = (Edit(old.start, old.stop, meant),)
    return (
        Change(own, old, new, "wrong_equation", edits, old.start, old.stop, meant)
        if meant
        else None
    )
