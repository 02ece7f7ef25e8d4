"""The component form of a cell: plain SymPy matrices, for those who want plain SymPy.

It is also the oracle that the engine is tested against, and shares nothing with the
linearisation: it writes the equations out component by component.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sympy import Expr, ImmutableMatrix, Symbol

from symgate.algebra.length import length
from symgate.asked import whole
from symgate.equations.entries import Entries, flat, width
from symgate.errors import SymgateError
from symgate.instead import signs
from symgate.tables import fields_html

if TYPE_CHECKING:
    from symgate.equations.cell import Cell

MAX_SIZE = 64

#: A component of more symbols is not written out.
MOST = 100_000

#: The symbols that SymPy differentiates: some minutes.
MOST_DERIVED = 20_000_000


@signs("a component form")
@dataclass(frozen=True)
class Explicit:
    """A cell in components.

    `state`, `next_state` and `input` are columns of all states (inputs), one below the
    other; `parameters` and `values` map names to matrices. Everything is ordinary SymPy.
    """

    state: ImmutableMatrix
    next_state: ImmutableMatrix
    input: ImmutableMatrix
    parameters: Mapping[str, ImmutableMatrix]
    values: Mapping[str, ImmutableMatrix]

    _repr_html_ = fields_html

    def __repr__(self) -> str:
        return f"<Explicit: {len(self.state)} components of states, {len(self.input)} of inputs>"

    def jacobian(self) -> ImmutableMatrix:
        """∂ next_state / ∂ state, by SymPy's own `Matrix.jacobian`."""
        symbols = len(self.state) * sum(length([e]) for e in self.next_state)
        if symbols > MOST_DERIVED:
            raise SymgateError(
                f"SymPy would differentiate {len(self.state):,} × {len(self.next_state):,} "
                f"components, {symbols:,} symbols in all (the limit is {MOST_DERIVED:,}); take "
                f"fewer units, or symgate.jacobian"
            )
        return self.next_state.jacobian(self.state)


def explicit(cell: Cell, sizes: Mapping[str, int]) -> Explicit:
    """Write a cell out in components; sizes that are not given are n."""
    unknown = set(sizes) - set(cell.sizes) - {"n", "m"}
    if unknown:
        raise SymgateError(
            f"{min(unknown)!r} is not a size of {cell.name}: {', '.join(cell.sizes)}"
        )
    for letter, value in sizes.items():
        least = 0 if letter == "m" else 1
        whole(least, MAX_SIZE)(f"the size {letter}", value)
    given = {symbol: sizes.get(letter, sizes["n"]) for letter, symbol in cell.sizes.items()}

    def number_of(size: Expr) -> int:
        return int(size.subs(given))

    def symbols(names: Iterable[str]) -> dict[str, ImmutableMatrix]:
        shapes = {n: p.shape for n, p in cell.parameters.items()} | dict(cell.shapes)
        return {n: _symbols(n, *map(number_of, shapes[n])) for n in names}

    parameters, state, inputs = map(symbols, (cell.parameters, cell.states, cell.inputs))
    tables = [{n: m.tolist() for n, m in made.items()} for made in (parameters, state, inputs)]
    entries = Entries(number_of, tables[0], [tables[1]], tables[2])
    entries.known = {}
    values = dict(inputs)
    for name, expression in cell.equations.items():
        found = entries.now[name] = entries.shaped(expression, cell.shapes[name])
        values[name] = ImmutableMatrix(len(found), width(found), flat(found))
        if (symbols_held := max((length([e]) for e in flat(found)), default=0)) > MOST:
            raise SymgateError(
                f"a component of {name} of {cell.name} would hold {symbols_held:,} symbols, "
                f"written out (the limit is {MOST:,}); take fewer units, or symgate.jacobian"
            )
    return Explicit(
        state=_column(state.values()),
        next_state=_column(values[s] for s in cell.states),
        input=_column(inputs.values()),
        parameters=parameters,
        values=values,
    )


def _symbols(name: str, *shape: int) -> ImmutableMatrix:
    """A scalar's name, a vector's components a_1, a_2, … or a matrix's entries A_1,1, …"""

    def named(i: Any, j: Any) -> Symbol:
        places = ",".join(str(int(place) + 1) for place in (i, j)[: len(shape)])
        return Symbol(f"{name}_{places}" if places else name, real=True)

    return ImmutableMatrix(*(*shape, 1, 1)[:2], named)


def _column(parts: Iterable[ImmutableMatrix]) -> ImmutableMatrix:
    stacked = [entry for part in parts for entry in part]
    return ImmutableMatrix(len(stacked), 1, stacked)
