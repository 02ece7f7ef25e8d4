"""Cells whose lines hold outer and inner products, norms or softmax, read by their ranks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from symgate.cells import entries
from symgate.comparing.comparison import compare
from symgate.equations.cell import Cell, cell_of_text
from symgate.equations.zoo import cell as zoo_cell
from symgate.errors import SymgateError
from symgate.reading.faults import Edit, FoundFault
from symgate.reading.grouping import Draft
from symgate.reading.lines import LaidOutLine
from symgate.reading.memories import FAMILIES as FAMILIES_OF_MEMORIES
from symgate.reading.memories import family, turned
from symgate.reading.mending.printing import stepped
from symgate.reading.ranked_lines import in_text, unlike
from symgate.reading.ranks import MATRIX, NUMBER
from symgate.reading.reading import Reading, ReadLine
from symgate.reading.second_cells import of_itself
from symgate.reading.source import Document
from symgate.reading.symbols import WHOLE
from symgate.reading.terms import AnyTerm, Times, Var, subterms
from symgate.reading.trees import Factors, Scripted, Spelled, Tree, subtrees
from symgate.reading.understood import Understanding, Understood
from symgate.reading.zoo_match import ZooMatch

#: The families of the zoo whose cells have numbers or matrices of the step.
FAMILIES = ("linear attention", "memory", "spiking")
#: Other cells that have norms, and their families.
NAMES = {"layer-norm-lstm": "lstm"}


@dataclass(frozen=True)
class RankedCell:
    """Such a cell: its lines in the language by name, its family, the zoo's cell that it is."""

    lines: Sequence[LaidOutLine]
    texts: Mapping[str, str]
    family: str
    cell: Cell | None
    name: str = ""
    verdict: str = ""

    @property
    def proved(self) -> bool:
        """Whether it is that cell of the zoo; else that one is the nearest."""
        return self.verdict in ("identical", "equal")


def ranked(draft: Draft, found: Understanding) -> RankedCell | None:
    """The cell of a draft by its ranks; None where it needs none or is none."""
    normalised = any(name in WHOLE for name in found.context.notes)
    needed = any(map(_needs, found.lines)) or any(map(_multiplies, found.outputs))
    circled = any(map(_is_circled, found.lines))
    if not needed and not normalised and not circled:
        return None
    lines = sorted([*draft.lines, *draft.outputs], key=lambda line: line.number)
    read = in_text(lines, found.context)
    if read is None:
        lines = list(draft.lines)
        read = in_text(lines, found.context)
    if read is None:  # without what is made for the states in lines that are not read
        draft = Draft([line for line in lines if any(r.time == -1 for r in line.references)])
        lines = draft.lines
        read = in_text(lines, found.context) if lines else None
    if read is None:
        found.clash = unlike(lines, found.context)
        return None
    texts, kinds = read.texts, read.kinds
    kept = _readouts(draft, texts)
    lines = [line for line in lines if line.name in kept]
    own = {name: text for name, text in texts.items() if name in kept}
    ranks = {name: {NUMBER: 0, MATRIX: 2}.get(kind, 1) for name, kind in kinds.items()}
    memory = next((n for n, text in own.items() if f"{n}[t-1]" in text and "outer(" in text), "")
    needed = needed or (circled and bool(memory))
    if not needed and not normalised:
        return None
    cell = _cell(own, memory, draft)
    named = family(own, ranks) if needed else ""
    name, verdict = _proved(cell) if cell is not None else ("", "")
    named = NAMES.get(name, name.removesuffix("-row")) or named
    if (
        not named
        and cell is None
        and not any(of_itself(own) and "outer(" in texts[own.name] for own in lines)
    ):
        return None
    if not name and named in entries():
        name, verdict = named, "near"
    if named == "mamba2":
        named = "ssm" if "x[t]" in own.get(memory, "") else "linear_attention"
    return RankedCell(lines, own, FAMILIES_OF_MEMORIES.get(named, named), cell, name, verdict)


def faults(found: Understanding, document: str) -> Iterator[FoundFault]:
    """What cannot be meant in the line of a memory: it reads itself, or adds what is no matrix."""
    if found.clash is not None:
        why, start, stop = found.clash.message, found.clash.start, found.clash.stop
        yield FoundFault("shape_mismatch", why, start, stop, document[start:stop], "", (), 0.6)
    for own in found.ranked.lines if found.ranked is not None else ():
        for ref in own.references if of_itself(own) else ():
            if (ref.name, ref.time) == (own.name, own.target.time):
                why = f"{own.name} is defined by its own value of the same step"
                printed = document[ref.start : ref.stop]
                meant = stepped(printed, -1, found.context.indices.time)
                edits = (Edit(ref.start, ref.stop, meant),) if meant else ()
                yield FoundFault(
                    "wrong_time_index", why, ref.start, ref.stop, printed, meant, edits, 0.9
                )


def _needs(u: Understood) -> bool:
    """Whether a line is not read without ranks, or a matrix has the name of one of each step."""
    foreign = u.error is not None and u.error.kind == "foreign"
    foreign = foreign or any(map(_is_written, subterms(u.term) if u.term is not None else ()))
    target = u.line.target
    namesake = any(r.name == u.name and r.time is None for r in u.line.references)
    return foreign or (namesake and target.time == 0 and target.letter.isupper())


def _is_circled(u: Understood) -> bool:
    """Whether v ⊗ k stands in the line of a state with a capital letter, both small."""
    every = [n.factors for n in subtrees(u.line.right) if isinstance(n, Factors)]
    pairs = [
        (one, other) for own in every for (_, one), (s, other) in pairwise(own) if s == "tensor"
    ]
    small = any(all(map(_is_small, pair)) for pair in pairs)
    return small and u.line.target.letter.isupper()


def _is_small(node: Tree) -> bool:
    base = node.base if isinstance(node, Scripted) else node
    return isinstance(base, Spelled) and base.name.islower()


def _is_written(term: AnyTerm) -> bool:
    """Whether a term is a key times a value that no lines define, K_t V_t: they are written."""
    names = [f.ref for f in term.factors if isinstance(f, Var)] if isinstance(term, Times) else []
    return {ref.name.lower() for ref in names} == {"k", "v"} == {r.letter.lower() for r in names}


def _readouts(draft: Draft, texts: Mapping[str, str]) -> set[str]:
    """The lines of the states, what is read from these at their step, and what that needs."""
    states = {line.name for line in draft.lines if f"{line.name}[t-1]" in texts[line.name]}
    kept = {line.name for line in draft.lines}
    for line in draft.outputs:
        shown = texts.get(line.name, "").partition(" = ")[2]
        again = any(shown in text for name, text in texts.items() if name != line.name)
        if shown and not again and any(f"{s}[t]" in shown for s in states):
            kept.add(line.name)
    read = [line.name for line in draft.outputs if line.name in kept]
    for line in draft.outputs:  # h = o ⊙ h̃, where h̃ is read from the memory
        shown = texts.get(line.name, "").partition(" = ")[2]
        if " * " in shown and "@" not in shown and any(f"{name}[t]" in shown for name in read):
            kept.add(line.name)
    waiting = list(kept)
    while waiting:
        text = texts[waiting.pop()]
        new = {n for n in texts if n not in kept and f"{n}[t]" in text.partition(" = ")[2]}
        kept |= new
        waiting.extend(new)
    return kept


def _cell(texts: Mapping[str, str], memory: str, draft: Draft) -> Cell | None:
    """The cell of some lines; the other way up where its memory is written so."""
    lines = list(texts.values())
    for tried in (lines, turned(lines, memory)) if memory else (lines,):
        try:
            return cell_of_text("\n".join(tried), "cell")
        except SymgateError:
            continue
    return None


def _proved(cell: Cell) -> tuple[str, str]:
    """The zoo's cell with matrices or numbers that a cell is: first the one with its names."""
    equal = ""
    for name, entry in entries().items():
        if entry.family not in FAMILIES and name not in NAMES:
            continue
        other = zoo_cell(name)
        sizes = [[len(c.states), len(c.equations), len(c.parameters)] for c in (other, cell)]
        alike = sizes[0] == sizes[1]
        verdict = compare(other, cell).verdict if alike else ""
        if verdict == "identical":
            return name, verdict
        equal = equal or (name if verdict == "equal" else "")
    return equal, "equal" if equal else ""


def left_out(found: Understanding) -> list[str]:
    """The normalisations that were left out; those of the language stand in a cell by ranks."""
    every = [name for name, what in found.context.notes.items() if what == "normalisation"]
    return [name for name in every if found.ranked is None or name not in WHOLE]


def by_ranks(
    own: Reading, document: Document, found: RankedCell | None, meant: RankedCell | None
) -> Reading:
    """A reading with the lines and the cell that it has by its ranks, as printed and as meant."""
    if found is None:
        return own
    known = {line.name for line in own.lines}
    lines = [replace(line, text=_shown(line, found)) for line in own.lines]
    for line in found.lines:
        if line.name not in known:
            at, stop = line.equation.start, line.equation.stop
            source = document.text[at:stop]
            lines.append(
                ReadLine(line.name, found.texts[line.name], *document.place(at), source, "output")
            )
    broken = any(line.text is None for line in lines)
    meant = meant or found
    cell, whole = (
        None if ranked.cell is None else cell_of_text(str(ranked.cell), own.name)
        for ranked in (found, meant)
    )
    near = [n for n, kind in NAMES.items() if kind == own.family and "layer_norm(" in str(whole)]
    name = meant.name or "".join(near)
    zoo = None if whole is None or not name else ZooMatch(name, meant.verdict or "near", whole)
    if zoo is not None and meant is not found:
        printed = found.verdict if found.name == name and cell is not None else "near"
        zoo = ZooMatch(name, printed, cell or zoo.cell, zoo.verdict)
    return replace(
        own,
        states=tuple(n for n, text in found.texts.items() if f"{n}[t-1]" in text),
        lines=tuple(sorted(lines, key=lambda line: (line.line, line.column))),
        cell=None if broken else cell,
        meant=whole,
        zoo=zoo,
    )


def sound(faults: Sequence[FoundFault], found: RankedCell | None) -> list[FoundFault]:
    """The faults that do not come of reading lines without their ranks."""
    if found is None:
        return list(faults)
    own = [fault for line in found.lines for fault in line.faults]
    same = [n for n, text in found.texts.items() if re.search(rf"\b{n}\b(?!\[)", text)]
    kept = [f for f in faults if not found.proved and f.printed.strip("{}") not in same]
    return [*own, *(f for f in kept if f not in own)]


def _shown(line: ReadLine, found: RankedCell) -> str | None:
    """A line as it is printed; wᵀ x with a weight w stays so."""
    text = found.texts.get(line.name)
    if text is None or line.text is None:
        return text if line.text is None else line.text
    same = re.sub(r"dot\((\w+), (\w+\[t\])\)", r"\1.T @ \2", text) == line.text
    return line.text if same else text


def _multiplies(u: Understood) -> bool:
    return u.error is not None and "product" in u.error.message
