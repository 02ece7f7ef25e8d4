"""Misprints: lines that are read, but that can hardly be meant as they stand.

Each module looks for one kind and knows nothing of the others:

    parameters   the index of a weight or a bias, a weight used twice
    matrices     which matrix acts on what
    times        a time index that is missing, wrong or written in another way
    names        a symbol that nothing defines, a name that is defined twice
    shapes       an activation, a factor or a bias in the wrong place, in gates and candidates
    updates      the same, and a 1 - …, in the updates of states and in outputs
    layout       delimiters and commands
    nearest      the one place in which a cell differs from a common one
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symgate.reading.faults import Fault
from symgate.reading.misprints import layout, matrices, names, parameters, shapes, times, updates
from symgate.reading.misprints.cell import Readable
from symgate.reading.source import Document


def faults(cell: Readable) -> list[Fault]:
    """Every misprint of a cell that is not known from reading its lines, in order."""
    found: list[Fault] = []
    for module in (layout, names, times, parameters, matrices, shapes, updates):
        found.extend(module.faults(cell))
    return distinct(found)


def merged(found: Sequence[Fault], document: Document) -> list[Fault]:
    """With the line breaks that a block lacks as one fault, which mends them all."""
    result: list[Fault] = []
    for fault in found:
        before = next((f for f in result if f.kind == fault.kind), None)
        if before is None or not fault.kind.endswith("line_separator"):
            result.append(fault)
            continue
        between = document.text[min(f.stop for f in (before, fault)) : fault.start]
        if "$$" in between or "\\]" in between or "\\end{" in between:
            result.append(fault)
        else:
            at = result.index(before)
            result[at] = replace(before, edits=(*before.edits, *fault.edits))
    return result


def distinct(found: Sequence[Fault]) -> list[Fault]:
    """Without second faults at the same place, and in the order of the source."""
    result: list[Fault] = []
    for fault in found:
        if not any(f.start == fault.start and f.stop == fault.stop for f in result):
            result.append(fault)
    return sorted(result, key=lambda f: (f.start, f.stop))
