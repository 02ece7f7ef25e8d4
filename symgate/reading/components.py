"""Letters that number components: i and j in h_i = f(A_{ij} h_j)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from symgate.reading.indices import Indices
from symgate.reading.names import reference
from symgate.reading.trees import Group, Scripted, Spelled, Tree, subtrees

_COMPONENT = frozenset("ijklmnuvd")


def component_letters(
    left: Iterable[Tree], right: Iterable[Tree], known: Indices
) -> frozenset[str]:
    """Letters that number components, as below a bracket, or in the sum A_{ij} h_j."""
    found: set[str] = set()
    raised: set[str] = set()
    summed: set[str] = set()
    doubled: set[str] = set()
    single: set[str] = set()
    for side in right:
        for node in subtrees(side):
            if not isinstance(node, Scripted):
                continue
            if isinstance(node.base, Group) and node.base.opening in "[(":
                alone = [(s.kind, s.inside[0].value) for s in node.scripts if len(s.inside) == 1]
                found |= {letter for kind, letter in alone if kind == "SUB"}
                raised |= {letter for kind, letter in alone if kind == "SUP"}
            if is_sum(node):
                summed |= {s.inside[0].value for s in node.scripts if s.kind == "SUB" and s.inside}
            ref = reference(node, known)
            if ref is None:
                continue
            labels = [label for label in ref.labels if set(label) <= _COMPONENT]
            if ref.time is None and ref.letter.isupper():
                doubled |= {label for label in labels if len(label) == 2}
                letters = [label for label in labels if len(label) == 1]
                doubled |= {a + b for a, b in pairwise(letters)}
            elif ref.time is not None:
                single |= {label for label in labels if len(label) == 1}
    outer = {
        label
        for side in left
        if (ref := reference(side, known)) is not None and ref.time is not None
        for label in ref.labels
    }
    for pair in doubled:
        if pair[0] in outer and (pair[1] in single or pair[1] in summed) and pair[0] != pair[1]:
            found |= set(pair)
    return frozenset((found | (raised & outer)) & _COMPONENT)


def is_sum(node: Tree) -> bool:
    """Whether a node is the sign of a sum, with what it runs over."""
    base = node.base if isinstance(node, Scripted) else node
    return isinstance(base, Spelled) and base.kind == "SUM"
