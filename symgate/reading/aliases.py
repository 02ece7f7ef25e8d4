"""Left sides that were meant to be another name: the one that is used and never defined.

α^{<t>} = tanh(… a^{<t-1>} …) was meant to be a; h_t = tanh(…) beside h_t = … h̃_t was h̃_t.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from symgate.reading.faults import Edit, Fault
from symgate.reading.lines import Line
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


def with_aliases(lines: Sequence[Line], text: str) -> list[Line]:
    """The lines, with a left side renamed where another name was meant."""
    result = list(lines)
    for i, name in [*_misspelt(result), *_other_states(result), *_without_accents(result)]:
        ref = next(r for line in lines for r in line.references if r.name == name)
        result[i] = _renamed(result[i], ref, text)
    return result


def _misspelt(lines: Sequence[Line]) -> Iterator[tuple[int, str]]:
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


def other_cases(lines: Sequence[Line]) -> list[tuple[str, str]]:
    """Names that are read in one case and defined in the other: c_{t-1} beside C_t = …"""
    defined = {line.name for line in lines}
    missing = {**_undefined(lines, 0), **_undefined(lines, -1)}
    pairs = []
    for name, ref in missing.items():
        other = "_".join((ref.letter.swapcase(), *ref.accents, *ref.labels))
        own = next((line for line in lines if line.name == other), None)
        kept = own is not None and (_reads(own, other, -1) or own.target.time is None)
        if len(ref.letter) == 1 and kept and name not in defined:
            pairs.append((name, other))
    return pairs


def with_one_case(lines: Sequence[Line], same: Sequence[tuple[str, str]], text: str) -> list[Line]:
    """The lines with one fault where a name of one step is written in two cases."""
    result = list(lines)
    for name, other in same:
        at = next(i for i, line in enumerate(result) if line.name == other)
        target = result[at].target
        uses = [r for line in result for r in line.references if r.name == other]
        odd = [r for r in uses if text[r.start : r.stop].lstrip("\\{")[:1] == name[:1]]
        if target.time is None or not odd:
            continue
        printed, first = text[odd[0].start : odd[0].stop], odd[0]
        why = f"{name} and {other} are one name in two cases"
        fault = Fault(
            "case_mismatch", why, first.start, first.stop, printed, printed.swapcase(), (), 0.8
        )
        result[at] = replace(result[at], faults=(*result[at].faults, fault))
    return result


def without_matrices(lines: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """The lines without those of matrices made of parameters: A = exp(Δ A) beside h = A h + B x."""
    timed = [line.target for line in lines if line.target.time is not None]
    small = any(target.letter[:1].islower() for target in timed)
    made = [
        line
        for line in lines
        if small
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


def _other_states(lines: Sequence[Line]) -> Iterator[tuple[int, str]]:
    """An update without a function of a state that nothing defines: G = (1 - z) h + z h̃."""
    used = {ref.name for line in lines for ref in line.references}
    missing = _undefined(lines, -1)
    for name in missing:
        readers = [i for i, line in enumerate(lines) if _reads(line, name, -1)]
        updates = [
            i
            for i in readers
            if lines[i].name not in used
            and len(lines[i].references) >= 3
            and not any(r.kind == "FUNCTION" or r.letter == "sigma" for r in lines[i].references)
            and any(r.time == 0 and r.accents for r in lines[i].references)
        ]
        if len(readers) >= 3 and len(updates) == 1:
            yield updates[0], name


def _without_accents(lines: Sequence[Line]) -> Iterator[tuple[int, str]]:
    """A name that is defined twice, once where its candidate was meant: h = tanh(…) for h̃."""
    for name, ref in _undefined(lines, 0).items():
        if not ref.accents:
            continue
        bare = "_".join((ref.letter, *ref.labels))
        places = [i for i, line in enumerate(lines) if line.name == bare]
        own = [i for i in places if not _reads(lines[i], name, 0)]
        if len(places) == 2 and len(own) == 1:
            yield own[0], name


def _undefined(lines: Sequence[Line], time: int) -> dict[str, Reference]:
    defined = {line.name for line in lines}
    return {
        ref.name: ref
        for line in lines
        for ref in line.references
        if ref.time == time and ref.name not in defined
    }


def _reads(line: Line, name: str, time: int) -> bool:
    return any(ref.name == name and ref.time == time for ref in line.references)


def _renamed(line: Line, ref: Reference, text: str) -> Line:
    """The line with its left side as it was meant, and the fault."""
    start, stop = line.target.start, line.target.stop
    printed = text[start:stop]
    meant = text[ref.start : ref.stop]
    for old in ("_{t-1}", "<t-1>", "(t-1)", "_{t - 1}", "t-1", "t - 1"):
        if line.target.time is not None and ref.time == -1 and old in meant:
            meant = meant.replace(old, old.replace("-1", "").replace(" - 1", ""))
            break
    fault = Fault(
        "wrong_symbol",
        f"nothing defines {ref.name}, which this line must be",
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
