"""Lines that are no part of any cell: examples, members, sums over another index, learning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from itertools import pairwise

from symgate.reading.indices import Indices
from symgate.reading.lines import LaidOutLine
from symgate.reading.names import reference
from symgate.reading.trees import Group, Scripted, Spelled, Tree, subtrees


def without_asides(
    lines: Sequence[LaidOutLine], known: Indices
) -> tuple[list[LaidOutLine], list[tuple[LaidOutLine, str]], Mapping[str, Tree]]:
    """The lines that may be of a cell, the others with the reason, numbers made of parameters."""
    defined = {line.name for line in lines}
    examples = [_is_example(line, known, defined) for line in lines]
    told = {line.name for line, once in zip(lines, examples, strict=True) if not once}
    used = {ref.name for line in lines for ref in line.references}
    skipped, kept = [], []
    for line, once in zip(lines, examples, strict=True):
        given = line.target.time is None or line.target.letter in ("x", "u")
        if once and (line.name in told or (given and line.name in used)):
            why = "the value of an example"
        else:
            why = _why(line, defined)
        if why:
            skipped.append((line, why))
        else:
            kept.append(line)
    timed = {line.name for line in kept if line.target.time is not None}
    made = [u for u in kept if u.name in timed and _is_of_parameters(u, told)]
    numbers = {u.name: u.right for u in made if u.right is not None}
    return [u for u in kept if u not in made], skipped, numbers


def _why(line: LaidOutLine, defined: Set[str]) -> str:
    """Why a line is no part of any cell; "" for one that may be."""
    nodes = list(subtrees(line.right)) if line.right is not None else []
    kinds = {node.kind for node in nodes if isinstance(node, Spelled)}
    if _is_gradient(line):
        return "a gradient, which runs backward"
    if "PARTIAL" in kinds:
        itself = any(ref.name == line.name for ref in line.references)
        return "a rule of learning" if itself else "a gradient"
    if _lists_members(line):
        return "a list of members"
    if "SUM" in kinds and _sums_others(line, nodes):
        return "a sum over another index"
    if _is_one_component(line, defined):
        return "one component of a line"
    return ""


def _lists_members(line: LaidOutLine) -> bool:
    """Whether a line lists members: x = (x_1, …, x_T)."""
    items = line.right.items if isinstance(line.right, Group) else ()
    if len(items) == 1 and isinstance(items[0], Group):
        items = items[0].items
    dots = [item for item in items if isinstance(item, Spelled) and item.kind == "DOTS"]
    signs = [token.kind for token in line.equation.sides[-1]]
    spelled = [pair for pair in pairwise(signs) if set(pair) == {"DOT"}]
    return bool(dots) or (line.right is None and bool(spelled))


def _sums_others(line: LaidOutLine, nodes: Sequence[Tree]) -> bool:
    """Whether a line sums what has an index of its own: c_t = Σ_j α_{tj} h_j."""
    letters = {
        token.value
        for node in nodes
        if isinstance(node, Scripted) and isinstance(node.base, Spelled) and node.base.kind == "SUM"
        for script in node.scripts
        for token in script.inside[:1]
    }
    return any(letters & set("".join(ref.labels)) for ref in line.references)


def _is_example(line: LaidOutLine, known: Indices, defined: Set[str]) -> bool:
    """Whether a line says what a name is once: z_t = 1, b_f = 1, W = 0.5, h_t = h_{t-1}."""
    own, right = line.target, line.right
    if right is None:
        return False
    one = reference(right, known)
    if one is not None:
        said = one.name in defined and one.time in (0, -1)
        return one.name == "I" or (own.time == 0 and said)
    return not line.references


def _is_one_component(line: LaidOutLine, defined: Set[str]) -> bool:
    """Whether a line is that of one unit: h_{n,t} = σ(w_n x_t + u_n h_{n,t-1}) beside h_t."""
    own = line.target
    *rest, unit = own.labels or ("",)
    whole = "_".join((own.letter, *own.accents, *rest))
    every = [r for r in line.references if r.kind == "LETTER" and r.letter != "sigma"]
    given = [r for r in every if r.time is None]
    itself = any(r.name == own.name and r.time == -1 for r in line.references)
    marked = len(given) > 1 and all(r.labels[-1:] == (unit,) for r in given)
    return len(unit) == 1 and unit.islower() and whole in defined and itself and marked


def _is_gradient(line: LaidOutLine) -> bool:
    """Whether a line is of back-propagation: δ_t = … δ_{t+1}."""
    own = line.target
    return own.letter == "delta" and any(
        r.name == own.name and r.time == 1 for r in line.references
    )


def _is_of_parameters(line: LaidOutLine, names: Set[str]) -> bool:
    """Whether a line without a time is made of parameters alone: a = σ(Λ) beside a_t = …"""
    refs = [r for r in line.references if r.kind != "FUNCTION"]
    given = all(r.time is None and r.name not in names for r in refs)
    return line.target.time is None and line.right is not None and bool(refs) and given
