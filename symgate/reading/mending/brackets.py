"""Where a bracket closes that is printed without its end: where the cell then breaks least."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from symgate.reading.faults import Edit, FoundFault
from symgate.reading.mending.book import known
from symgate.reading.mending.invariants import broken
from symgate.reading.mending.sketch import Sketch

#: The most places that are tried.
MOST = 12
#: A sign outside the braces of a script; a bracket may close before it.
_SIGN = re.compile(r"\s*(?:[-+−⊙∘*]|\\odot\b|\\circ\b)(?![^{}]*\})")
_ENDS = {")": "(", "]": "["}


def closed(
    fault: FoundFault, document: str, read: Callable[[FoundFault], Sketch | None]
) -> FoundFault:
    """A missing end of a bracket where it makes a known cell, or else breaks least.

    `read` gives the cell that is read with a fault mended. U (r ⊙ h + b is U (r ⊙ h) + b
    where the other lines add their biases outside of U.
    """
    if fault.kind != "missing_parenthesis" or fault.edits[0].text not in _ENDS:
        return fault

    def holds(own: FoundFault) -> tuple[bool, int]:
        cell = read(own)
        return (bool(known(cell.terms)), -len(broken(cell))) if cell else (False, -MOST)

    return max([fault, *islice(_elsewhere(fault, document), MOST)], key=holds)


def _elsewhere(fault: FoundFault, document: str) -> Iterator[FoundFault]:
    """The same end before each sign of a sum, then before those of products.

    The bracket that it then closes is the innermost one.
    """
    end, signs = fault.edits[0].text, _SIGN.finditer(document, fault.start, fault.stop)
    for sign in sorted(signs, key=lambda found: found[0].strip() not in "+-−"):
        stop, opened = sign.start(), list[int]()
        for at in range(fault.start, stop):
            if document[at] == _ENDS[end]:
                opened.append(at)
            elif document[at] == end and opened:
                opened.pop()
        if opened:
            yield replace(fault, start=opened[-1], stop=stop, edits=(Edit(stop, stop, end),))
