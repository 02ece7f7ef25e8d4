"""What holds in every cell, whatever its family and its letters.

Each looks at a sketch and tells where it is broken; none knows of the others. `fixed` says
that such a place is a slip even where nobody can tell what was meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from symgate.reading.mending import holding_functions as functions
from symgate.reading.mending import holding_names as names
from symgate.reading.mending import holding_sums as sums
from symgate.reading.mending import holding_updates as updates
from symgate.reading.mending import weighing
from symgate.reading.mending.broken import Broken
from symgate.reading.mending.sketch import Sketch

Invariant = Callable[[Sketch], Iterator[Broken]]

INVARIANTS: tuple[Invariant, ...] = (
    names.read,
    names.defined,
    names.lettered,
    names.closed,
    names.grounded,
    names.timely,
    names.dated,
    names.cased,
    names.bare,
    updates.within_a_step,
    updates.between,
    updates.shared_out,
    updates.gated,
    updates.paired,
    updates.kept,
    updates.different,
    updates.both_sides,
    updates.added_biases,
    updates.stepless,
    updates.added_weights,
    updates.added_gates,
    sums.siblings,
    sums.peeping,
    sums.biased,
    sums.weighted,
    sums.weighted_input,
    sums.apart,
    sums.once,
    sums.with_and_without,
    sums.positive,
    sums.enclosed,
    sums.reset_inside,
    functions.like_functions,
    functions.functions_of_gates,
    functions.unlike_gates,
    functions.bent,
    sums.oriented,
    sums.one_vector,
    sums.transposed,
    sums.transposed_rows,
    sums.matrix_signs,
    weighing.weighs,
    weighing.acted,
    weighing.summed,
    weighing.alike,
)


def broken(sketch: Sketch) -> list[Broken]:
    """Every place where something does not hold."""
    return [replace(b, rule=rule.__name__) for rule in INVARIANTS for b in rule(sketch)]
