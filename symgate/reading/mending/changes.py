"""Every single slip that may have made a line what it is, taken back, one at a time.

Each kind of slip has one function; none knows which cell is meant.
"""

from __future__ import annotations

from collections.abc import Iterator

from symgate.reading.mending import changes_of_names as names
from symgate.reading.mending import changes_of_products as products
from symgate.reading.mending import changes_of_sums as sums
from symgate.reading.mending.change import Change, Maker
from symgate.reading.mending.printing import Printing
from symgate.reading.mending.sketch import Facts, Sketch
from symgate.reading.structure import affine
from symgate.reading.terms import Apply, Call, Par, Plus, Times, Var


def changes(sketch: Sketch, printing: Printing) -> Iterator[Change]:
    """Every change of every line."""
    for own in sketch.lines.values():
        yield from in_line(sketch, own, printing)


def in_line(sketch: Sketch, own: Facts, printing: Printing) -> Iterator[Change]:
    """Every change of one line."""
    maker = Maker(sketch, own, printing)
    for term in own.terms:
        match term:
            case Var():
                yield from names.names(maker, term)
                yield from names.inserted_gates(maker, term)
            case Par():
                yield from names.indexed(maker, term)
            case Plus():
                yield from sums.signs(maker, term)
                yield from sums.sums_for_products(maker, term)
                yield from sums.dropped_terms(maker, term)
                yield from sums.brackets_closed_late(maker, term)
                yield from sums.resets_beside(maker, term)
                yield from products.brackets_closed_early(maker, term)
            case Times():
                yield from products.complements(maker, term)
                yield from products.products_for_sums(maker, term)
                yield from products.dropped_factors(maker, term)
                yield from products.brackets_closed_early(maker, term)
                yield from products.moved_gates(maker, term)
                yield from products.brackets_over_sums(maker, term)
            case Call():
                yield from products.functions(maker, term)
                if not affine(term):
                    yield from names.inserted_gates(maker, term)
            case Apply():
                yield from products.missing_product(maker, term)
                yield from products.turned(maker, term)
                yield from products.transposed(maker, term)
                yield from names.renamed(maker, term)
    yield from products.bent(maker)
    yield from names.updates(maker)
    yield from names.lone_gates(maker)
    yield from sums.inserted_terms(maker)
    yield from names.swaps(maker)
    yield from names.exchanged_weights(maker)
