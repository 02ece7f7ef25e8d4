"""A state that is used but never defined, beside a name like it that is never used.

α^{<t>} = tanh(… a^{<t-1>} …): the left side was meant to be a.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from symgate.reading.faults import Edit, Fault
from symgate.reading.lines import Line

_ALIKE = [
    {"alpha", "a"}, {"nu", "v", "upsilon", "u"}, {"omega", "w"}, {"rho", "p"}, {"kappa", "k"},
    {"chi", "x"}, {"eta", "n"}, {"gamma", "y"}, {"sigma", "o", "0", "O"}, {"iota", "i"},
    {"tau", "t"}, {"l", "1"}, {"zeta", "z"}, {"beta", "b", "B"}, {"epsilon", "e"}, {"delta", "d"},
]  # fmt: skip


def with_aliases(lines: Sequence[Line], text: str) -> list[Line]:
    """The lines, with a left side renamed to the state that it was meant to be."""
    defined = {line.name for line in lines}
    missing = {
        ref.name: ref for line in lines for ref in line.references
        if ref.time == -1 and ref.name not in defined
    }  # fmt: skip
    used = {ref.name for line in lines for ref in line.references}
    result = list(lines)
    for name, ref in missing.items():
        readers = [
            ln for ln in lines if any(r.name == name and r.time == -1 for r in ln.references)
        ]
        if len(readers) != 1:
            continue
        for i, line in enumerate(result):
            if (
                line.name in used
                or line.right is None
                or not _alike(line.target.letter, ref.letter)
            ):
                continue
            if line.target.labels != ref.labels or name not in {r.name for r in line.references}:
                continue
            start = line.target.start
            printed = text[start : line.target.stop]
            letter = re.match(r"\\?[A-Za-z]*", printed)
            stop = start + max(letter.end() if letter else 0, 1)
            fault = Fault(
                "wrong_symbol", f"nothing defines {name}, and nothing uses {line.name}",
                start, line.target.stop, printed, ref.letter + printed[stop - start :],
                (Edit(start, stop, ref.letter),), 0.85,
            )  # fmt: skip
            target = replace(line.target, name=name, letter=ref.letter, accents=ref.accents)
            result[i] = replace(
                line, target=target, faults=(*line.faults, fault), printed=line.name
            )
            break
    return result


def _alike(one: str, other: str) -> bool:
    return one != other and (
        one.lower() == other.lower() or any({one, other} <= group for group in _ALIKE)
    )
