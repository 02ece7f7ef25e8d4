"""Left sides that were meant to be another name: the one that is used and never defined.

α^{<t>} = tanh(… a^{<t-1>} …) was meant to be a; h_t = tanh(…) beside h_t = … h̃_t was h̃_t.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from symgate.reading.faults import Edit, FoundFault, relettered
from symgate.reading.lines import LaidOutLine
from symgate.reading.mending.printing import stepped
from symgate.reading.names import Reference

_ALIKE = [
    {"alpha", "a"},
    {"nu", "v", "upsilon", "u"},
    {"omega", "w"},
    {"rho", "p"},
    {"kappa", "k"},
    {"chi", "x"},
    {"eta", "n"},
    {"gamma", "y"},
    {"sigma", "o", "0", "O"},
    {"iota", "i"},
    {"tau", "t"},
    {"l", "1"},
    {"zeta", "z"},
    {"beta", "b", "B"},
    {"epsilon", "e"},
    {"delta", "d"},
]

#: How far a weight stands from what it multiplies at the most, as in W · x.
NEAR = 8


def with_aliases(lines: Sequence[LaidOutLine], text: str) -> list[LaidOutLine]:
    """The lines, with a left side renamed where another name was meant."""
    result = list(lines)
    for i, ref in _without_layer(result):
        target = replace(result[i].target, name=ref.name, labels=ref.labels)
        result[i] = replace(result[i], target=target)
    rules = (_misspelt, _indexed, _without_accents, _shown, _other_gates)
    for i, name in [found for rule in rules for found in rule(result)]:
        ref = next(r for line in lines for r in line.references if r.name == name)
        result[i] = _renamed(result[i], ref, text)
    for i in list(_candidates(result)):
        result[i] = _accented(result[i], text)
    return result


def _without_layer(lines: Sequence[LaidOutLine]) -> list[tuple[int, Reference]]:
    """h_t = … h_{t-1,l}, where nothing else is h_{t,l}: the left side is of the same layer."""
    used = {ref.name for line in lines for ref in line.references}
    return [
        (i, ref)
        for ref in _undefined(lines, -1).values()
        for i, line in enumerate(lines)
        if line.target.name == ref.letter
        and line.name not in used
        and _reads(line, ref.name, -1)
        and not ref.accents
    ]


def _misspelt(lines: Sequence[LaidOutLine]) -> Iterator[tuple[int, str]]:
    """A left side like the one state that its own line reads, and that nothing defines."""
    defined = {line.name for line in lines}
    used = {ref.name for line in lines for ref in line.references}
    for name, ref in _undefined(lines, -1).items():
        readers = [i for i, line in enumerate(lines) if _reads(line, name, -1)]
        if len(readers) != 1 or name in defined:
            continue
        line = lines[readers[0]]
        alike = _alike(line.target.letter, ref.letter) and line.target.labels == ref.labels
        if alike and line.name not in used and line.right is not None:
            yield readers[0], name


def _indexed(lines: Sequence[LaidOutLine]) -> Iterator[tuple[int, str]]:
    """h_i = … h_{t-1}: a left side with an index where its last value has the step."""
    used = {ref.name for line in lines for ref in line.references}
    for name, ref in _undefined(lines, -1).items():
        own = [
            i
            for i, line in enumerate(lines)
            if (line.target.letter, line.target.accents) == (ref.letter, ref.accents)
            and line.target.time is None
            and [len(label) for label in line.target.labels] == [1]
            and line.name not in used
            and _reads(line, name, -1)
        ]
        if len(own) == 1 and not ref.labels:
            yield own[0], name


def other_cases(lines: Sequence[LaidOutLine]) -> list[tuple[str, str]]:
    """Names that are read in one case and defined in the other: c_{t-1} beside C_t = …, Γ_R."""
    missing = {**_undefined(lines, 0), **_undefined(lines, -1)}
    pairs = []
    for name, ref in missing.items():
        other = "_".join((ref.letter.swapcase(), *ref.accents, *ref.labels))
        own = next((line for line in lines if line.name == other), None)
        if len(ref.letter) == 1 and own is not None and _is_one(lines, own, ref):
            pairs.append((name, other))
    gates = {line.name.lower(): line.name for line in lines if line.target.letter == "Gamma"}
    pairs += [(n, gates[n.lower()]) for n in _undefined(lines, None) if n.lower() in gates]
    return pairs


def _is_one(lines: Sequence[LaidOutLine], own: LaidOutLine, ref: Reference) -> bool:
    """Whether a name that nothing defines is that of a line in the other case.

    It is where that is a state, or no step is printed, or where no line reads that otherwise
    and the name is no input: read at t-1, or a gate, on which no weight acts.
    """
    kept = any(_reads(line, own.name, -1) for line in lines) and _reads(own, ref.name, -1)
    if own.target.time is None or _reads(own, own.name, -1) or kept:
        return True
    read = any(r.name == own.name for line in lines for r in line.references)
    acted = any(_weighs(line, ref.name) for line in lines)
    shown = ref.time == -1 and not _reads(own, ref.name, -1)  # H_t = o tanh(c) beside h_{t-1}
    return not read and (shown or (ref.time == 0 and not acted and _has_function(own)))


def accented_states(lines: Sequence[LaidOutLine]) -> list[tuple[str, str]]:
    """States that are defined with an accent and read without: c_{t-1} in c̄_t = f c_{t-1} + …"""
    defined = {line.name for line in lines}
    missing = _undefined(lines, -1)
    return [
        (line.name, bare)
        for line in lines
        if line.target.accents
        and (bare := "_".join((line.target.letter, *line.target.labels))) in missing
        and bare not in defined
        and _reads(line, bare, -1)
        and not _has_function(line)
    ]


def with_one_name(
    lines: Sequence[LaidOutLine], same: Sequence[tuple[str, str]], text: str
) -> list[LaidOutLine]:
    """The lines with a fault where a state's own line has an accent that its last value lacks."""
    result = list(lines)
    for name, bare in same:
        at = next(i for i, line in enumerate(result) if line.name == bare)
        start, stop = result[at].target.start, result[at].target.stop
        why = f"its last value is {bare}, without the accent of {name}"
        fault = FoundFault("extra_accent", why, start, stop, text[start:stop], "", (), 0.7)
        result[at] = replace(result[at], faults=(*result[at].faults, fault))
    return result


def with_one_case(
    lines: Sequence[LaidOutLine], same: Sequence[tuple[str, str]], text: str
) -> list[LaidOutLine]:
    """The lines with one fault where a name of one step is written in two cases."""
    result = list(lines)
    for name, other in same:
        at = next(i for i, line in enumerate(result) if line.name == other)
        target = result[at].target
        uses = [target, *(r for line in result for r in line.references if r.name == other)]
        parts = zip(name.split("_"), other.split("_"), strict=True)
        own, meant = next((a, b) for a, b in parts if a != b)
        shown = {r: text[r.start : r.stop] for r in uses}
        odd = [r for r in uses if own in shown[r] and meant not in shown[r]]
        if len(odd) == len(uses) - 1 > 1:  # its left side alone is in the other case
            own, meant, odd = meant, own, [target]
        if (target.time is None and target.letter != "Gamma") or not odd:
            continue
        edits = tuple(Edit(r.start, r.stop, relettered(shown[r], own, meant)) for r in odd)
        start, stop, put = edits[0].start, edits[0].stop, edits[0].text
        why = f"{name} and {other} are one name in two cases"
        fault = FoundFault("case_mismatch", why, start, stop, shown[odd[0]], put, edits, 0.8)
        result[at] = replace(result[at], faults=(*result[at].faults, fault))
    return result


def without_matrices(lines: Sequence[LaidOutLine]) -> tuple[list[LaidOutLine], list[LaidOutLine]]:
    """The lines without those of matrices made of parameters: A = exp(Δ A) beside h = A h + B x."""
    timed = [line.target for line in lines if line.target.time is not None]
    small = any(target.letter[:1].islower() for target in timed)
    made = [
        line
        for line in lines
        if small
        and not any(r.letter in ("sigma", "sigmoid", "tanh") for r in line.references)
        and line.target.time is None
        and line.target.letter[:1].isupper()
        and line.target.letter.isalpha()
        and len(line.target.letter) == 1
        and line.references
        and all(r.time is None or (r.time == 0 and len(r.letter) > 1) for r in line.references)
        and any(
            r.name == line.name
            for other in lines
            for r in other.references
            if other.target.time is not None
        )
    ]
    return [line for line in lines if line not in made], made


def _without_accents(lines: Sequence[LaidOutLine]) -> Iterator[tuple[int, str]]:
    """A name that is defined twice, once where its candidate was meant: h = tanh(…) for h̃."""
    for name, ref in _undefined(lines, 0).items():
        if not ref.accents:
            continue
        bare = "_".join((ref.letter, *ref.labels))
        places = [i for i, line in enumerate(lines) if line.name == bare]
        own = [i for i in places if not _reads(lines[i], name, 0)]
        if len(places) == 2 and len(own) == 1:
            yield own[0], name


def _shown(lines: Sequence[LaidOutLine]) -> Iterator[tuple[int, str]]:
    """c = o ⊙ tanh(c), a second line of c, where h_{t-1} is read and nothing defines h."""
    missing = [name for name in _undefined(lines, -1) if len(name) == 1]
    for i, line, other in _doubles(lines) if len(missing) == 1 else ():
        itself = _reads(line, line.name, 0) and not _reads(line, line.name, -1)
        if itself and not _reads(other, line.name, 0):
            yield i, missing[0]


def _candidates(lines: Sequence[LaidOutLine]) -> Iterator[int]:
    """h = tanh(…) above h = (1 - z) ⊙ h_{t-1} + z ⊙ h: it lacks its tilde."""
    defined = {line.name for line in lines}
    for i, line, other in _doubles(lines):
        first = _has_function(line) and not _reads(line, line.name, 0) and not line.target.accents
        if first and line.target.time == 0:
            near = [r for r in other.references if r.letter == line.target.letter]
            has_line = any(r.accents and r.name in defined for r in near)
            if {0, -1} <= {r.time for r in near} and not has_line and not _has_function(other):
                yield i


def _doubles(lines: Sequence[LaidOutLine]) -> Iterator[tuple[int, LaidOutLine, LaidOutLine]]:
    """The lines whose name just one other line has too, each with that."""
    places: dict[str, list[int]] = {}
    for i, line in enumerate(lines):
        places.setdefault(line.name, []).append(i)
    for one, other in (own for own in places.values() if len(own) == 2):
        yield one, lines[one], lines[other]
        yield other, lines[other], lines[one]


def _accented(line: LaidOutLine, text: str) -> LaidOutLine:
    """The line of a candidate whose tilde is missing, and the fault."""
    target = line.target
    printed = text[target.start : target.stop]
    meant = relettered(printed, target.letter, f"\\tilde{{{target.letter}}}", 1)
    why = f"{target.name} is the candidate here: its own line reads it"
    edits = (Edit(target.start, target.stop, meant),)
    fault = FoundFault("missing_tilde", why, target.start, target.stop, printed, meant, edits, 0.85)
    name = "_".join((target.letter, "tilde", *target.labels))
    accented = replace(target, name=name, accents=("tilde",))
    return replace(line, target=accented, faults=(*line.faults, fault), printed=line.name)


def _other_gates(lines: Sequence[LaidOutLine]) -> Iterator[tuple[int, str]]:
    """s = σ(…), which nothing reads, beside (1 - z) h + z h̃ with a z that nothing defines."""
    used = {ref.name for line in lines for ref in line.references}
    missing = _undefined(lines, 0)
    unread = [i for i, line in enumerate(lines) if line.name not in used and _has_function(line)]
    gates = [
        name
        for name in missing
        if not any(_reads(line, name, 0) and _has_function(line) for line in lines)
        and not any(_weighs(line, name) for line in lines)
        and sum(r.name == name for line in lines for r in line.references) > 1
    ]
    gate_lines = [i for i in unread if any(r.time == -1 for r in lines[i].references)]
    if len(gates) == 1 and len(gate_lines) == 1:
        yield gate_lines[0], gates[0]


def _weighs(line: LaidOutLine, name: str) -> bool:
    """Whether a parameter stands right before a name: W x_t."""
    return any(
        one.time is None and one.kind != "FUNCTION" and other.start - one.stop < NEAR
        for one, other in pairwise(line.references)
        if other.name == name
    )


def _has_function(line: LaidOutLine) -> bool:
    return any(r.kind == "FUNCTION" or r.letter == "sigma" for r in line.references)


def _undefined(lines: Sequence[LaidOutLine], time: int | None) -> dict[str, Reference]:
    defined = {line.name for line in lines}
    return {
        ref.name: ref
        for line in lines
        for ref in line.references
        if ref.time == time and ref.name not in defined
    }


def _reads(line: LaidOutLine, name: str, time: int) -> bool:
    return any(ref.name == name and ref.time == time for ref in line.references)


def _renamed(line: LaidOutLine, ref: Reference, text: str) -> LaidOutLine:
    """The line with its left side as it was meant, and the fault."""
    start, stop = line.target.start, line.target.stop
    printed = text[start:stop]
    meant = text[ref.start : ref.stop]
    meant = (ref.time == -1 and stepped(meant, 1)) or meant
    fault = FoundFault(
        "wrong_symbol",
        f"{ref.name} is used and never defined: this line must be it",
        start,
        stop,
        printed,
        meant,
        (Edit(start, stop, meant),),
        0.8,
    )
    target = replace(
        line.target, name=ref.name, letter=ref.letter, accents=ref.accents, labels=ref.labels
    )
    return replace(line, target=target, faults=(*line.faults, fault), printed=line.name)


def _alike(one: str, other: str) -> bool:
    return one != other and (
        one.lower() == other.lower() or any({one, other} <= group for group in _ALIKE)
    )
