"""What is known of the symbols of a group of equations while they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symgate.algebra.names import is_scalar_name
from symgate.reading.indices import Indices
from symgate.reading.tokens import FormulaError
from symgate.reading.trees import Tree

#: The most steps that reading one line may take: all but absurd formulas need under 300.
MAX_STEPS = 20_000


class Foreign(FormulaError):
    """A formula that is well formed, but not of the language: softmax, a norm, v kᵀ."""

    def __init__(self, what: str, tree: Tree) -> None:
        super().__init__(what, tree.start, tree.stop, "foreign")


@dataclass
class Context:
    """What is known of the symbols of a group of equations.

    `defined` are the names on left sides, `timed` those that stand with a time anywhere;
    `kinds` says what each parameter is, `row` whether vectors stand left of matrices; `past`
    are pairs of a line and a name whose last value it reads, where no times are printed. `late`
    are the names that are read at the step before; `spelled_products` says whether products with
    matrices are spelled with @. `functions` are activations by the names they have here.
    """

    indices: Indices = field(default_factory=Indices)
    defined: frozenset[str] = frozenset()
    defined_untimed: frozenset[str] = frozenset()
    timed: frozenset[str] = frozenset()
    inputs: frozenset[str] = frozenset()
    kinds: dict[str, str] = field(default_factory=dict)
    olds: frozenset[str] = frozenset()
    past: frozenset[tuple[str, str]] = frozenset()
    late: frozenset[str] = frozenset()
    row: bool = False
    spelled_products: bool = False
    target: str = ""
    functions: Mapping[str, str] = field(default_factory=dict)
    evidence: dict[str, set[str]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    row_votes: int = 0
    column_votes: int = 0
    steps: int = 0

    def saw(self, name: str, what: str) -> None:
        self.evidence.setdefault(name, set()).add(what)

    def step(self, node: Tree, count: int = 1) -> None:
        """Count the work of a line; a FormulaError where it is too much."""
        self.steps += count
        if self.steps > MAX_STEPS:
            raise FormulaError("the formula takes too long to read", node.start, node.stop)


def settled(context: Context) -> Mapping[str, str]:
    """What each parameter is, from all the places where it stands."""
    kinds: dict[str, str] = {}
    capitals = any(
        name[:1].isupper() and places & {"before", "behind"}
        for name, places in context.evidence.items()
    )
    alike = {
        (name[0].lower(), place)
        for name, places in context.evidence.items()
        for place in places
        if name[:1].isupper()
    }
    for name, places in context.evidence.items():
        scalar = is_scalar_name(name)
        capital = name[:1].isupper()
        if scalar and "acts" not in places:
            if "hadamard" in places:
                kinds[name] = "vector"
            elif "alone" in places and not capital and "before" not in places:
                kinds[name] = "scalar"
            continue
        if "acts" in places:
            kinds[name] = "matrix"
        elif "alone" in places or "hadamard" in places:
            kinds[name] = "vector"
        elif places & {"before", "behind"}:
            beside = any((name[0], place) in alike for place in places if " " in place)
            kinds[name] = "matrix" if capital or not capitals or beside else "vector"
    return kinds
