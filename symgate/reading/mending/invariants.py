"""What holds in every cell, whatever its family and its letters.

Each looks at a sketch and tells where it is broken; none knows of the others. `fixed` says
that such a place is a slip even where nobody can tell what was meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from symgate.reading.mending import holding_functions as functions
from symgate.reading.mending import holding_names as names
from symgate.reading.mending import holding_states as states
from symgate.reading.mending import holding_sums as sums
from symgate.reading.mending import holding_updates as updates
from symgate.reading.mending import weighing
from symgate.reading.mending.broken import Broken
from symgate.reading.mending.sketch import Sketch


@dataclass(frozen=True)
class Invariant:
    """What holds in every cell; `rule` yields the places where it does not.

    `mends` are the kinds of changes that mend it by themselves, where they lead to no known
    cell. One that is mended in another line than the one where it is broken has `elsewhere`;
    one that the polynomials do not show, so that it may be broken in a known cell, `unseen`.
    """

    rule: Callable[[Sketch], Iterator[Broken]]
    mends: tuple[str, ...] = ()
    elsewhere: bool = False
    unseen: bool = False

    @property
    def name(self) -> str:
        return self.rule.__name__


#: Every invariant by the name of its rule.
INVARIANTS = {
    invariant.name: invariant
    for invariant in (
        Invariant(names.read, elsewhere=True),
        Invariant(names.defined, elsewhere=True),
        Invariant(names.lettered),
        Invariant(names.closed, elsewhere=True),
        Invariant(names.grounded, elsewhere=True, mends=("wrong_time_index",)),
        Invariant(names.timely, mends=("wrong_time_index", "extra_tilde")),
        Invariant(names.dated, unseen=True),
        Invariant(names.cased, unseen=True, mends=("case_mismatch",)),
        Invariant(names.bare),
        Invariant(names.labelled, unseen=True, mends=("wrong_weight_index",)),
        Invariant(names.sized, unseen=True, mends=("wrong_weight_index",)),
        Invariant(states.let_go),
        Invariant(states.own_past, mends=("wrong_state",)),
        Invariant(updates.within_a_step, mends=("wrong_time_index",)),
        Invariant(updates.between, mends=("wrong_activation",)),
        Invariant(updates.shared_out),
        Invariant(updates.gated),
        Invariant(updates.paired, mends=("wrong_gate",)),
        Invariant(updates.kept),
        Invariant(
            updates.different, unseen=True, mends=("missing_tilde", "extra_tilde", "wrong_state")
        ),
        Invariant(
            updates.both_sides, mends=("missing_complement", "spurious_factor", "wrong_gate")
        ),
        Invariant(
            updates.twins,
            mends=("wrong_gate", "wrong_symbol", "spurious_factor", "swapped_gates"),
        ),
        Invariant(updates.added_biases, mends=("missing_operator",)),
        Invariant(updates.stepless),
        Invariant(updates.added_weights, mends=("wrong_operator", "missing_operator")),
        Invariant(updates.added_gates, mends=("wrong_operator", "misplaced_parenthesis")),
        Invariant(sums.siblings, mends=("wrong_state", "wrong_symbol")),
        Invariant(sums.peeping),
        Invariant(sums.unseen, mends=("spurious_term",)),
        Invariant(sums.biased, unseen=True),
        Invariant(sums.weighted, mends=("missing_weight", "misplaced_reset")),
        Invariant(sums.weighted_input, mends=("missing_weight",)),
        Invariant(sums.apart, mends=("concatenation_became_sum", "misplaced_parenthesis")),
        Invariant(sums.once, unseen=True, mends=("missing_term", "wrong_state")),
        Invariant(sums.with_and_without, mends=("spurious_term",)),
        Invariant(sums.positive, unseen=True, mends=("wrong_sign",)),
        Invariant(sums.enclosed, mends=("bias_outside_activation", "misplaced_parenthesis")),
        Invariant(sums.on_weights, mends=("misplaced_parenthesis",)),
        Invariant(sums.reset_inside, mends=("misplaced_factor",)),
        Invariant(functions.like_functions, mends=("wrong_activation",)),
        Invariant(functions.functions_of_gates, mends=("missing_activation",)),
        Invariant(functions.unlike_gates, mends=("wrong_activation",)),
        Invariant(functions.bent, mends=("missing_activation",)),
        Invariant(sums.oriented, unseen=True, mends=("shape_mismatch",)),
        Invariant(sums.one_vector, unseen=True, mends=("symbol_reused",)),
        Invariant(sums.transposed, unseen=True, mends=("missing_transpose", "spurious_transpose")),
        Invariant(sums.transposed_rows, unseen=True, mends=("missing_transpose",)),
        Invariant(sums.matrix_signs, unseen=True, mends=("wrong_product",)),
        Invariant(weighing.weighs, mends=("wrong_activation",)),
        Invariant(weighing.acted, unseen=True),
        Invariant(weighing.summed, mends=("wrong_operator", "missing_operator")),
        Invariant(weighing.alike),
    )
}


def broken(sketch: Sketch, rules: Iterable[str] = INVARIANTS) -> list[Broken]:
    """Every place where something does not hold."""
    return [replace(b, rule=n) for n in rules for b in INVARIANTS[n].rule(sketch)]
