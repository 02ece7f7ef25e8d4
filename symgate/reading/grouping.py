"""Which lines of a document form one cell.

Lines are taken in order. When a name is defined again, either a second cell has begun (both
parts stand on their own), or the line repeats an earlier one, or it is a slip within one
cell. Then each group is cut into parts that have nothing to do with each other, and what
feeds no state is skipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from symgate.reading.lines import LaidOutLine
from symgate.reading.second_cells import (
    are_two,
    is_cell,
    other_form,
    same,
    second_cell,
    states,
    tail_of,
    times,
    told_apart,
)


@dataclass
class Draft:
    """The lines of one cell; `doubled` are second definitions, `outputs` read the states only.

    `repeats` are lines that stand in the document once more.
    """

    lines: list[LaidOutLine]
    doubled: list[LaidOutLine] = field(default_factory=list)
    outputs: list[LaidOutLine] = field(default_factory=list)
    repeats: list[LaidOutLine] = field(default_factory=list)


@dataclass
class Grouped:
    """The cells of a document, and the lines that were skipped, with the reason."""

    drafts: list[Draft]
    skipped: list[tuple[LaidOutLine, str]]


def grouped(lines: Sequence[LaidOutLine], text: str) -> Grouped:
    """Group the lines of a document into cells."""
    skipped: list[tuple[LaidOutLine, str]] = []
    groups: list[Draft] = []
    current: list[LaidOutLine] = []
    doubled: list[LaidOutLine] = []
    repeats: list[tuple[int, LaidOutLine]] = []  # behind how many lines, a line of before
    everywhere = {line.name for line in lines}
    lacking = {n for own in lines for n, time in times(own) if time == 0} - everywhere
    for at, line in enumerate(lines):
        before = next((k for k, own in enumerate(current) if own.name == line.name), None)
        if before is None:
            current.append(line)
            continue
        if same(current[before], line):
            repeats.append((len(current), line))
            continue
        if line.stacked is not None and current[before].stacked is None:
            skipped.append((line, "repeated, as one column"))
            continue
        if _written_out(line, current):
            skipped.append((line, "repeated, with its gates written out"))
            continue
        if other_form(current[before], line, text):
            skipped.append((line, "another form of the same update"))
            continue
        cut = second_cell(current, before, lines[at:], repeats, everywhere)
        read = {name for name, _ in times(line) | times(current[before])}
        if cut is not None and not is_cell(current[:cut], everywhere) and lacking - read:
            doubled.append(line)
        elif cut is not None and (
            told_apart([*current, line], cut, text)
            or are_two(
                current[:cut], tail_of(current, cut, lines[at : at + 1], repeats), everywhere
            )
            or are_two(current[:cut], tail_of(current, cut, lines[at:], repeats), everywhere)
        ):
            head, tail = current[:cut], current[cut:]
            if is_cell(head, everywhere):
                groups.append(Draft(head, [d for d in doubled if d.number <= head[-1].number]))
                doubled = [d for d in doubled if d.number > head[-1].number]
            else:
                skipped.extend((own, "an explanation before the cell") for own in head)
            tail += [own for behind, own in repeats if behind >= cut]
            skipped.extend((own, "repeated") for behind, own in repeats if behind < cut)
            repeats = []
            current = sorted([*tail, line], key=lambda own: own.number)
        elif cut is not None:  # a slip: the lines that follow make the cell
            again = {own.name for own in lines[at:]}
            doubled += [own for own in current if own.name in again]
            current = [*(own for own in current if own.name not in again), line]
        else:
            dropped = line
            if _better(line, current[before], current):
                dropped = current.pop(before)
                current.append(line)
            doubled.append(dropped)
    skipped.extend((line, "repeated") for _, line in repeats)
    if current:
        groups.append(Draft(current, doubled, repeats=[line for _, line in repeats]))
    return Grouped([draft for group in groups for draft in _parted(group, skipped)], skipped)


def _written_out(line: LaidOutLine, current: Sequence[LaidOutLine]) -> bool:
    """Whether a line repeats an update that reads gates: c = σ(…) c + σ(…) tanh(…)."""
    now = {name for name, time in times(line) if time != -1}
    functions = [r for r in line.references if r.kind == "FUNCTION" or r.letter == "sigma"]
    itself = any(r.name == line.name and r.time == -1 for r in line.references)
    first = next(own for own in current if own.name == line.name)
    names = {own.name for own in current}
    gated = {name for name, time in times(first) if time != -1} & names
    return itself and len(functions) > 1 and bool(gated) and not now & names


def _better(line: LaidOutLine, other: LaidOutLine, current: Sequence[LaidOutLine]) -> bool:
    """Whether the second of two definitions is the likelier one."""
    return _soundness(line, current) > _soundness(other, current)


def _soundness(line: LaidOutLine, current: Sequence[LaidOutLine]) -> int:
    if line.right is None or any(f.ill_formed for f in line.faults):
        return -5
    known = {own.name for own in current}
    score = 0
    used = times(line)
    if (line.name, line.target.time) in used:
        score -= 3
    score += any(ref.kind == "FUNCTION" or ref.letter == "sigma" for ref in line.references)
    score += any(ref.time == -1 and ref.name == line.name for ref in line.references)
    lone = [name for name, time in used if time == 0 and name not in known]
    return score - (len(used) == len(lone) == 1)


def _parted(group: Draft, skipped: list[tuple[LaidOutLine, str]]) -> list[Draft]:
    """The parts of a group that share no names, without what feeds no state."""
    lines = group.lines
    names = {line.name for line in lines}
    links = {line.name: {name for name, _ in times(line) if name in names} for line in lines}
    recurrent = states(lines) or _timeless_states(lines) or _circles(links, names)
    parts: list[set[str]] = []
    for state in sorted(recurrent, key=lambda s: [line.name for line in lines].index(s)):
        reached = _closure(state, links)
        for part in [p for p in parts if p & reached]:
            parts.remove(part)
            reached |= part
        parts.append(reached)
    directed = {line.name for line in lines if {"fwd", "bwd"} & set(line.target.accents)}
    joining = [*(links[line.name] for line in lines), directed]
    for linked in joining:  # an output of two parts, as [forward; backward], makes them one
        shared = [p for p in parts if p & linked]
        if len(shared) > 1:
            for part in shared:
                parts.remove(part)
            parts.append(set().union(*shared))
    drafts = []
    taken: set[str] = set().union(*parts) if parts else set()
    for part in parts:
        own = [line for line in lines if line.name in part]
        outputs: list[LaidOutLine] = []
        more = True
        while more:
            more = False
            for line in lines:
                if line.name in taken or line.name in {o.name for o in outputs}:
                    continue
                if links[line.name] & (part | {o.name for o in outputs}):
                    outputs.append(line)
                    more = True
        feeding = set().union(*(_closure(o.name, links) for o in outputs)) if outputs else set()
        known = taken | {o.name for o in outputs}
        outputs = [*(line for line in lines if line.name in feeding - known), *outputs]
        taken |= {o.name for o in outputs}
        doubled, repeats = (
            [d for d in every if d.name in part] for every in (group.doubled, group.repeats)
        )
        drafts.append(Draft(own, doubled, outputs, repeats))
    left = [line for line in lines if line.name not in taken]
    if not drafts and _incomplete(lines):
        return [Draft(lines, group.doubled)]
    skipped.extend((line, "a line that no state depends on") for line in left)
    return drafts


def _closure(start: str, links: dict[str, set[str]]) -> set[str]:
    waiting, found = [start], set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(links[name])
    return found


def _circles(links: dict[str, set[str]], names: set[str]) -> set[str]:
    """Where nothing has a last value: a = W h + U x beside h = tanh(a), with h_{t-1} meant."""
    around = {n for n in names if any(n in _closure(other, links) for other in links[n])}
    return around if len(around) == 2 else set()


def _timeless_states(lines: Sequence[LaidOutLine]) -> set[str]:
    """Where no last value has a time: names with a mark of the new, as h' or h_new beside h."""
    used = {ref.name for line in lines for ref in line.references}
    if any(ref.time is not None for line in lines for ref in line.references):
        return set()
    own = {line.name for line in lines}
    return {
        line.name
        for line in lines
        if (line.target.accents and line.target.letter in used and line.target.letter not in own)
        or (line.target.time == 0 and line.name in used)
    }


def _incomplete(lines: Sequence[LaidOutLine]) -> bool:
    """Whether gates are given without the update of the state they read."""
    gates = [
        line
        for line in lines
        if any(ref.time == -1 for ref in line.references)
        and any(ref.kind == "FUNCTION" or ref.letter == "sigma" for ref in line.references)
    ]
    return len(gates) >= 2
