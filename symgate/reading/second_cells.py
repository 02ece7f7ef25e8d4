"""Where a second cell begins among the lines of a document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain

from symgate.reading.lines import LaidOutLine

_COMMANDS = re.compile(r"\\[A-Za-z]+(?:\{[a-z]+\*?\})?|```\w*|<[^<>]{0,80}(?:>|\Z)")
#: How far apart two forms of one update may stand.
NEAR = 600
_WORDS = re.compile(r"[^\W\d_]{2,}|#")


def told_apart(lines: Sequence[LaidOutLine], cut: int, text: str) -> bool:
    """Whether words stand before a second cell, or what begins it reads none of these lines."""
    now = {name for name, time in times(lines[-1]) if time == 0}
    own = {line.name for line in lines[:-1]}
    start, stop = lines[cut - 1].equation.stop, lines[cut].equation.start
    return not now & own or words_between(text, start, stop)


def words_between(text: str, start: int, stop: int) -> bool:
    """Whether words, or a heading, stand between two places of a document."""
    return _WORDS.search(_COMMANDS.sub("", text[start:stop])) is not None


def other_form(one: LaidOutLine, other: LaidOutLine, text: str) -> bool:
    """Whether words stand between two updates of the same parts: "others write h_t = …"."""
    between = text[one.equation.stop : other.equation.start]
    itself = any(ref.name == one.name and ref.time == -1 for ref in one.references)
    if not itself or times(one) != times(other) or len(between) > NEAR:
        return False
    between = _COMMANDS.sub("", between)
    return "=" not in between and _WORDS.search(between) is not None


def same(one: LaidOutLine, other: LaidOutLine) -> bool:
    """Whether two lines are the same but for signs of products and brackets."""
    if one.key == other.key:
        return True
    loose = [
        re.sub(r"\\(?:odot|circ|cdot|times|bullet|otimes)|\*|\\|[{}()\[\]]", "", k)
        for k in (one.key, other.key)
    ]
    return loose[0] == loose[1] and bool(loose[0])


def times(line: LaidOutLine) -> set[tuple[str, int | None]]:
    """What a line reads: names, each with its step."""
    return {(ref.name, ref.time) for ref in line.references}


def states(lines: Iterable[LaidOutLine]) -> set[str]:
    """Names that are defined and used a step earlier than they are defined."""
    lines = list(lines)
    defined: dict[str, int | None] = {}
    for line in lines:
        defined.setdefault(line.name, line.target.time)
    found = set()
    for line in lines:
        for name, time in times(line):
            if name in defined and time is not None and time < (defined[name] or 0):
                found.add(name)
            if name in defined and time is not None and time > (defined[name] or 0):
                found.add(name)  # a state that runs backwards in time
        if of_itself(line):
            found.add(line.name)  # its last value was meant
    return found


def is_cell(lines: Sequence[LaidOutLine], everywhere: set[str]) -> bool:
    """Whether lines have a state, and define every gate that the document defines somewhere."""
    if not states(lines):
        return False
    own = {line.name for line in lines}
    used = {name for line in lines for name, _ in times(line)}
    needed = {name for name in used if name in everywhere}
    reached = _reached(lines)
    needed_by_state = {
        name
        for line in lines
        if line.name in reached
        for name, _ in times(line)
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
        waiting.extend(other for other, _ in times(by_name[name]) if other in by_name)
    return found


def second_cell(
    current: Sequence[LaidOutLine],
    before: int,
    following: Sequence[LaidOutLine],
    repeats: Sequence[tuple[int, LaidOutLine]],
    everywhere: set[str],
) -> int | None:
    """Where the second cell begins in the current lines, if one does."""
    sound = [
        cut
        for cut in range(len(current), before, -1)
        if not any(map(of_itself, current[:cut]))
        and is_cell(tail_of(current, cut, following, repeats), everywhere)
    ]
    both = [cut for cut in sound if is_cell(current[:cut], everywhere)]
    whole = (cut for cut in both if _is_whole(current[:cut]))
    second = (cut for cut in reversed(sound) if _share_a_name(current, cut, following, repeats))
    return next(chain(whole, both, second), None)


def _share_a_name(
    current: Sequence[LaidOutLine],
    cut: int,
    following: Sequence[LaidOutLine],
    repeats: Sequence[tuple[int, LaidOutLine]],
) -> bool:
    """Whether a second cell defines a name anew."""
    head = {line.name for line in current[:cut]}
    return any(line.name in head for line in tail_of(current, cut, following, repeats))


def tail_of(
    current: Sequence[LaidOutLine],
    cut: int,
    following: Sequence[LaidOutLine],
    repeats: Sequence[tuple[int, LaidOutLine]],
) -> list[LaidOutLine]:
    """The second cell, from a cut on until a name comes again; two have no update in common."""
    first = {line.name: line for line in current[:cut]}
    updates = [line for line in following[:3] if _reads_itself(line) and line.name in first]
    one = any(same(first[line.name], line) for line in updates)
    again = [] if one else [line for behind, line in repeats if behind >= cut]
    tail = [*current[cut:], *again]
    names = {line.name for line in tail}
    for line in following:
        if line.name in names:
            break
        tail.append(line)
        names.add(line.name)
    return tail


def _is_whole(lines: Sequence[LaidOutLine]) -> bool:
    """Whether the states of some lines are made of all of them, but for what reads a state."""
    reached, names = _reached(lines), {line.name for line in lines}
    return all(
        line.name in reached or any(n in names and t != -1 for n, t in times(line))
        for line in lines
    )


def are_two(head: Sequence[LaidOutLine], tail: Sequence[LaidOutLine], everywhere: set[str]) -> bool:
    """Whether each of two parts is a cell by itself, and the second reads no line of the first."""
    own = {line.name for line in tail}
    read, first = ({n for own in part for n, t in times(own) if t == 0} for part in (tail, head))
    theirs = {line.name for line in head} - own
    return (
        min(len(head), len(tail)) > 1
        and is_cell(head, everywhere)
        and _is_whole(head)
        and is_cell(tail, everywhere)
        and _is_whole(tail)
        and not read & theirs
        and first - everywhere <= read | own
    )


def _reads_itself(line: LaidOutLine) -> bool:
    return (line.name, -1) in times(line)


def of_itself(line: LaidOutLine) -> bool:
    """Whether a name is defined by its own value of the same step."""
    return (line.name, line.target.time) in times(line)
