"""What the words beside a formula call a gate, where two gates have each other's name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from symgate.reading.faults import FoundFault
from symgate.reading.mending.readable import Readable
from symgate.reading.structure import gate_name

#: What a gate is called that does each part.
_WORDS = {
    "resets": r"reset gate|relevance gate|重置门|重設閘|리셋 ?게이트",
    "updates": r"update gate|更新门|更新閘|업데이트 ?게이트",
    "keeps": r"forget gate|遗忘门|遺忘閘|망각 ?게이트",
    "takes": r"input gate|输入门|輸入閘|입력 ?게이트",
    "shows": r"output gate|输出门|輸出閘|출력 ?게이트",
}
#: How many characters before a formula belong to it.
NEAR = 90


def faults(cell: Readable) -> Iterator[FoundFault]:
    """Reset Gate above z and Update Gate above r: two gates, each called what the other is."""
    parts, called = dict(_parts(cell)), dict(_called(cell))
    for name, part in parts.items():
        other = next((n for n, p in parts.items() if p == called.get(name) != part), "")
        u = cell.found.line(name)
        if u is not None and called.get(other) == part:
            start, stop = u.line.target.start, u.line.target.stop
            why = f"{name} {part}; the words beside it say that it {called[name]}"
            printed = cell.printed(start, stop)
            yield FoundFault("wrong_attribution", why, start, stop, printed, "", (), 0.8)


def _parts(cell: Readable) -> Iterator[tuple[str, str]]:
    """What each gate does: it resets and updates, or keeps, takes and shows."""
    parts = cell.parts
    for name in parts.resets - parts.candidates:
        yield name, "resets"
    for state in parts.carried:
        kept = {gate_name(k) for k in parts.keepers[state]} - {""}
        taken = {gate_name(f) for s in parts.news[state] for f in s.factors} - {""}
        for name in (kept | taken) - parts.resets - parts.candidates:
            yield name, "updates" if parts.resets else "keeps" if name in kept else "takes"


def _called(cell: Readable) -> Iterator[tuple[str, str]]:
    """The last word for a gate beside a formula, or between it and the one before it."""
    lines = sorted(cell.found.lines, key=lambda u: u.line.equation.start)
    text, before = cell.document.text, 0
    for u in lines:
        start = u.line.equation.start
        words = (u.line.equation.remark or text[max(before, start - NEAR) : start]).lower()
        found = [(m.end(), part) for part, word in _WORDS.items() for m in re.finditer(word, words)]
        if found:
            yield u.name, max(found)[1]
        before = max(text.find("\n", u.line.equation.stop), u.line.equation.stop)
