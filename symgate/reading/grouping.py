"""Which lines of a document form one cell.

Lines are taken in order. When a name is defined again, either a second cell has begun (both
parts stand on their own), or the line repeats an earlier one, or it is a slip within one
cell. Then each group is cut into parts that have nothing to do with each other, and what
feeds no state is skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from symgate.reading.lines import LaidOutLine

_COMMANDS = re.compile(r"\\[A-Za-z]+(?:\{[a-z]+\*?\})?|```\w*|<[^<>]{0,80}>")
_WORDS = re.compile(r"[^\W\d_]{2,}|#")


@dataclass
class Draft:
    """The lines of one cell; `doubled` are second definitions, `outputs` read the states only."""

    lines: list[LaidOutLine]
    doubled: list[LaidOutLine] = field(default_factory=list)
    outputs: list[LaidOutLine] = field(default_factory=list)


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
    everywhere = {line.name for line in lines}
    lacking = {n for own in lines for n, time in _times(own) if time == 0} - everywhere
    for at, line in enumerate(lines):
        before = next((k for k, own in enumerate(current) if own.name == line.name), None)
        if before is None:
            current.append(line)
            continue
        if _same(current[before], line):
            skipped.append((line, "repeated"))
            continue
        if line.stacked is not None and current[before].stacked is None:
            skipped.append((line, "repeated, as one column"))
            continue
        if _written_out(line, current):
            skipped.append((line, "repeated, with its gates written out"))
            continue
        cut = _cut(current, before, lines[at:], everywhere)
        read = {name for name, _ in _times(line) | _times(current[before])}
        if cut is not None and not is_cell(current[:cut], everywhere) and lacking - read:
            doubled.append(line)
        elif cut is not None and _told_apart([*current, line], cut, text):
            head, tail = current[:cut], current[cut:]
            if is_cell(head, everywhere):
                groups.append(Draft(head, [d for d in doubled if d.number <= head[-1].number]))
                doubled = [d for d in doubled if d.number > head[-1].number]
            else:
                skipped.extend((own, "an explanation before the cell") for own in head)
            current = [*tail, line]
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
    if current:
        groups.append(Draft(current, doubled))
    drafts: list[Draft] = []
    for group in groups:
        drafts.extend(_parted(group, skipped))
    return Grouped(drafts, skipped)


def _written_out(line: LaidOutLine, current: Sequence[LaidOutLine]) -> bool:
    """Whether a line repeats an update that reads gates: c = σ(…) c + σ(…) tanh(…)."""
    now = {name for name, time in _times(line) if time != -1}
    functions = [r for r in line.references if r.kind == "FUNCTION" or r.letter == "sigma"]
    itself = any(r.name == line.name and r.time == -1 for r in line.references)
    first = next(own for own in current if own.name == line.name)
    names = {own.name for own in current}
    gated = {name for name, time in _times(first) if time != -1} & names
    return itself and len(functions) > 1 and bool(gated) and not now & names


def _told_apart(lines: Sequence[LaidOutLine], cut: int, text: str) -> bool:
    """Whether words stand before a second cell, or what begins it reads none of these lines."""
    between = text[lines[cut - 1].equation.stop : lines[cut].equation.start]
    now = {name for name, time in _times(lines[-1]) if time == 0}
    own = {line.name for line in lines[:-1]}
    return not now & own or _WORDS.search(_COMMANDS.sub("", between)) is not None


def _same(one: LaidOutLine, other: LaidOutLine) -> bool:
    if one.key == other.key:
        return True
    loose = [
        re.sub(r"\\(?:odot|circ|cdot|times|bullet|otimes)|\*|\\|[{}()\[\]]", "", k)
        for k in (one.key, other.key)
    ]
    return loose[0] == loose[1] and bool(loose[0])


def _times(line: LaidOutLine) -> set[tuple[str, int | None]]:
    return {(ref.name, ref.time) for ref in line.references}


def states(lines: Iterable[LaidOutLine]) -> set[str]:
    """Names that are defined and used a step earlier than they are defined."""
    lines = list(lines)
    defined: dict[str, int | None] = {}
    for line in lines:
        defined.setdefault(line.name, line.target.time)
    found = set()
    for line in lines:
        for name, time in _times(line):
            if name in defined and time is not None and time < (defined[name] or 0):
                found.add(name)
            if name in defined and time is not None and time > (defined[name] or 0):
                found.add(name)  # a state that runs backwards in time
        if _of_itself(line):
            found.add(line.name)  # its last value was meant
    return found


def is_cell(lines: Sequence[LaidOutLine], everywhere: set[str]) -> bool:
    """Whether lines have a state, and define every gate that the document defines somewhere."""
    if not states(lines):
        return False
    own = {line.name for line in lines}
    used = {name for line in lines for name, _ in _times(line)}
    needed = {name for name in used if name in everywhere}
    reached = _reached(lines)
    needed_by_state = {
        name
        for line in lines
        if line.name in reached
        for name, _ in _times(line)
        if name in everywhere
    }
    return (needed & needed_by_state) <= own


def _reached(lines: Sequence[LaidOutLine]) -> set[str]:
    """The names that the states of some lines are made of."""
    by_name = {line.name: line for line in lines}
    waiting = list(states(lines))
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        waiting.extend(other for other, _ in _times(by_name[name]) if other in by_name)
    return found


def _cut(
    current: Sequence[LaidOutLine],
    before: int,
    following: Sequence[LaidOutLine],
    everywhere: set[str],
) -> int | None:
    """Where the second cell begins in the current lines, if one does."""
    for cut in (*range(len(current), before, -1), *range(-before - 1, -len(current) - 1, -1)):
        whole = cut > 0  # first where both parts are cells, then where the second is one
        cut = abs(cut)
        head = current[:cut]
        tail = [*current[cut:]]
        names = {line.name for line in tail}
        for line in following:
            if line.name in names:
                break
            tail.append(line)
            names.add(line.name)
        if not is_cell(tail, everywhere) or any(map(_of_itself, head)):
            continue
        if is_cell(head, everywhere) if whole else names & {line.name for line in head}:
            return cut
    return None


def _of_itself(line: LaidOutLine) -> bool:
    """Whether a name is defined by its own value of the same step."""
    return (line.name, line.target.time) in _times(line)


def _better(line: LaidOutLine, other: LaidOutLine, current: Sequence[LaidOutLine]) -> bool:
    """Whether the second of two definitions is the likelier one."""
    return _soundness(line, current) > _soundness(other, current)


def _soundness(line: LaidOutLine, current: Sequence[LaidOutLine]) -> int:
    if line.right is None or any(f.ill_formed for f in line.faults):
        return -5
    known = {own.name for own in current}
    score = 0
    used = _times(line)
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
    links = {line.name: {name for name, _ in _times(line) if name in names} for line in lines}
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
        drafts.append(Draft(own, [d for d in group.doubled if d.name in part], outputs))
    left = [line for line in lines if line.name not in taken]
    if not drafts and _incomplete(lines):
        return [Draft(lines, group.doubled)]
    skipped.extend((line, "no state depends on it") for line in left)
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
