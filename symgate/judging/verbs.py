"""The verbs of the claims: what an expression of the data can call, by name.

Most are the library's own, bound to the way in which claims use them; a claim that needs
another measurement gets another verb, and a sentence never stands here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from itertools import product as tuples
from typing import Any

import sympy as sp
from sympy import Dummy, Expr, Indexed, MatrixSymbol, S

from symgate.algebra.activations import sigmoid
from symgate.algebra.norms import SpectralNorm
from symgate.algebra.vectors import MatVec, is_variable, name_of, time_of, variable
from symgate.bounds.intervals import Between
from symgate.bounds.limits import gates
from symgate.bounds.norms import bounds
from symgate.bounds.ranges import ranges
from symgate.comparing.comparison import compare
from symgate.equations.cell import Cell
from symgate.errors import UnknownName
from symgate.judging import formulas
from symgate.linear.jacobian import jacobian
from symgate.linear.linearise import linearise
from symgate.linear.paths import Carry, paths
from symgate.linear.paths import carry as carry_in
from symgate.linear.paths import count as count_in
from symgate.writing.tree import listed as words_in_a_row

#: The weight of all recurrent connections of a single unit.
U = sp.Symbol("u")

#: Gates that together hold a state are looked for in groups of up to so many.
HOLDING = 2

#: Verbs that are the library's own, or Python's.
LIBRARY: dict[str, Any] = {
    **{f.__name__: f for f in (abs, int, len, list, max, min)},
    **{f.__name__: f for f in (bounds, compare, ranges, variable, sp.cancel, sp.expand)},
    "symbol": sp.Symbol,
    "norm": SpectralNorm,
    "jacobian_of": jacobian,
    "every": dict.fromkeys,
    "log": math.log,
}


# -- names --------------------------------------------------------------------------------


def listed(names: Iterable[str]) -> str:
    """Names in a sentence.

    >>> listed(["i", "f", "o"])
    'i, f and o'
    """
    return "".join(words_in_a_row([(name,) for name in names]))


def right(cell: Cell, name: str) -> Expr:
    """The right side of an equation."""
    if name not in cell.equations:
        raise UnknownName(f"the value of {cell.name}", name, cell.equations)
    return cell.equations[name]


def present(cell: Cell, names: Sequence[str]) -> list[str]:
    """Those of some gates that the cell has."""
    return [name for name in names if name in cell.gates]


def less(names: Iterable[str], others: Sequence[str]) -> list[str]:
    return [name for name in names if name not in others]


def matrices(cell: Cell, name: str | None = None) -> list[str]:
    """The parameters that are matrices: all, or those of one equation."""
    if name is not None:
        return sorted(str(m) for m in right(cell, name).atoms(MatrixSymbol))
    return [p.name for p in cell.parameters.values() if p.kind == "matrix"]


def users(cell: Cell, names: Sequence[str]) -> list[str]:
    """The equations in which one of some matrices acts."""
    return [name for name in cell.equations if {*matrices(cell, name)} & {*names}]


def reads(cell: Cell, name: str, gate: str) -> bool:
    """Whether a value depends on a gate within the step."""
    used = {name_of(v) for v in right(cell, name).atoms(Indexed) if time_of(v) == 0}
    return gate in used or any(
        reads(cell, other, gate) for other in used if other in cell.equations and other != name
    )


def no_longer_read(one: Cell, two: Cell, name: str) -> list[str]:
    """The gates on which a value depends in the first cell alone."""
    return [g for g in one.gates if reads(one, name, g) and not reads(two, name, g)]


def inputs_of(cell: Cell, name: str) -> list[str]:
    """What an equation reads, as it is written in a sentence."""
    found = sorted(right(cell, name).atoms(Indexed), key=str)
    return [f"{name_of(v)}_{'{t-1}' if time_of(v) else 't'}" for v in found]


def readers(cell: Cell, state: str) -> list[str]:
    """The equations of other values that read a state, old or new."""
    symbols = (variable(state, 1), variable(state))
    return [name for name, e in cell.equations.items() if name != state and e.has(*symbols)]


def gate_readers(cell: Cell, state: str) -> list[str]:
    """The gates that read the old value of a state."""
    return [gate for gate in cell.gates if cell.equations[gate].has(variable(state, 1))]


def towards(ends: Mapping[str, int]) -> str:
    return " and ".join(f"{gate} → {value}" for gate, value in ends.items())


def in_words(conditions: Iterable[Iterable[str]]) -> str:
    """The conditions of a comparison, in a sentence.

    >>> in_words([["n = 1", "c_n = 0"], ["U_n is diagonal"]])
    'n = 1 and c_n = 0, or if U_n is diagonal'
    """
    return ", or if ".join(map(" and ".join, conditions))


# -- ranges -------------------------------------------------------------------------------


def within(interval: Between) -> str:
    """An interval in words.

    >>> from symgate.bounds.intervals import EVERYTHING, UNIT
    >>> within(UNIT), within(EVERYTHING)
    ('lies in [0, 1]', 'has no bound')
    """
    if not interval.is_bounded:
        return "has no bound"
    return f"lies in [{interval.low}, {interval.high}]"


def interval_of(cell: Cell, state: str) -> str:
    """The interval of a state in words, and what it rests on."""
    known = ranges(cell)
    start = ", started at 0," if known[state].is_bounded and state in known.assumed else ""
    return f"{start} {within(known[state])}"


def beyond(cell: Cell, names: Iterable[str]) -> list[str]:
    """Those of some values that may leave [0, 1]."""
    return [name for name in names if not ranges(cell)[name].within(0, 1)]


def outside(cell: Cell, names: Iterable[str]) -> list[str]:
    return [f"{n} of {cell.name} {within(ranges(cell)[n])}." for n in beyond(cell, names)]


def are_sigmoids(cell: Cell, names: Iterable[str]) -> bool:
    return all(cell.equations[name].func == sigmoid for name in names)


# -- algebra ------------------------------------------------------------------------------


def carry(cell: Cell, state: str) -> Carry | None:
    """How a state passes to itself, where it does."""
    return carry_in(linearise(cell), state)


def count(cell: Cell, of: str, wrt: str) -> int:
    """How many paths lead from one state to another in a step."""
    return count_in(linearise(cell), of, wrt)


def count_around(cell: Cell, state: str) -> int:
    """How many paths of two steps lead a state to itself through other states."""
    others = [s for s in cell.states if s != state]
    return sum(count(cell, state, s) * count(cell, s, state) for s in others)


def slope_in(expression: Expr, atom: Expr) -> Expr | None:
    """The factor of a variable in an expression that is affine in it, else None."""
    if any(m.has(atom) for m in expression.atoms(MatVec)):
        return None
    stand_in = Dummy(real=True)
    slope = expression.xreplace({atom: stand_in}).diff(stand_in)
    return None if slope.has(stand_in) else slope.xreplace({stand_in: atom})


def put(cell: Cell, name: str, ends: Mapping[str, int]) -> Expr:
    """An equation with gates at 0 or 1, A 0 = 0 carried out."""
    fixed = {variable(gate): sp.Integer(value) for gate, value in ends.items()}
    expression = right(cell, name).xreplace(fixed)
    return expression.xreplace({m: S.Zero for m in expression.atoms(MatVec) if m.vector == 0})


def given(cell: Cell, gate: str, value: int, name: str) -> formulas.FormulaText:
    """An equation with a gate at an end."""
    expression = put(cell, name, {gate: value})
    return formulas.equation(cell, name, expression, variable(gate), "=", value)


def limit(cell: Cell, state: str, ends: Mapping[str, int]) -> formulas.FormulaText:
    """The gates that hold a state, and what its Jacobian then is."""
    parts = [p for gate, value in ends.items() for p in (",", variable(gate), "→", value)][1:]
    own = formulas.partial_of(cell, state, state)
    parts += ["⇒", own, "→", sp.Identity(cell.size(state))]
    for other in cell.states:
        if other != state and count(cell, state, other):
            zero = sp.ZeroMatrix(cell.size(state), cell.size(other))
            parts += [",", formulas.partial_of(cell, state, other), "→", zero]
    return formulas.write(cell, *parts)


def end_of(cell: Cell, state: str, gate: str, value: int) -> str:
    """What a gate that is exactly 0 or 1 does to a state: keeps, erases, takes or neither.

    "takes" is that the state becomes another value of the step and forgets the old one.
    """
    expression, old = put(cell, state, {gate: value}), variable(state, 1)
    if slope_in(expression, old) == 1:
        return "keeps" if sp.expand(expression - old) == 0 else "keeps and adds"
    if not expression.has(old):
        return "takes" if is_variable(expression) else "erases"
    return "neither"


def leaking(cell: Cell, state: str, gate: str) -> tuple[str, list[str]] | None:
    """Another state that keeps of a state, and the gates by which it still enters at gate 0."""
    closed = put(cell, state, {gate: 0})
    for other in cell.states:
        names = [n for n in gate_readers(cell, other) if closed.has(variable(n))]
        if other != state and cell.equations[other].has(variable(state)) and names:
            return other, names
    return None


def holding(cell: Cell, state: str) -> dict[str, int] | None:
    """The fewest gates at 0 or 1 with which the state's Jacobian is the identity, all other
    paths to it closed.

    >>> import symgate as sg
    >>> holding(sg.cell("gru"), "h"), holding(sg.cell("lstm"), "c")
    ({'z': 1}, {'i': 0, 'f': 1})
    """
    used = {name_of(v) for v in right(cell, state).atoms(Indexed)}
    own = [gate for gate in gates(cell) if gate in used]
    for size in range(HOLDING + 1):
        for names in combinations(own, size):
            for values in tuples((0, 1), repeat=size):
                ends = dict(zip(names, values, strict=True))
                if _is_identity(cell, state, ends):
                    return ends
    return None


def _is_identity(cell: Cell, state: str, ends: Mapping[str, int]) -> bool:
    fixed = {variable(gate): sp.Integer(value) for gate, value in ends.items()}
    through = []
    for wrt in cell.states:
        for path in paths(linearise(cell), state, wrt):
            factors = [f.xreplace(fixed) for term in path.terms for f in term.coefficient]
            if 0 not in factors:
                through.append(wrt == state and not path.matrices and {*factors} <= {S.One})
    return through == [True]


def eigenvalue_at_rest(cell: Cell) -> Expr | None:
    """The eigenvalue of the step of one unit at 0, where it is a single one, linear in U.

    >>> import symgate as sg
    >>> eigenvalue_at_rest(sg.cell("lstm"))
    u/4 + 1/2
    """
    tiny = cell.explicit(n=1, m=1)
    names = recurrent_names(cell)
    at = {
        entry: U if name in names else S.Zero
        for name, matrix in tiny.parameters.items()
        for entry in matrix
    }
    at |= dict.fromkeys((*tiny.state, *tiny.input), S.Zero)
    if any(entry.subs(at) != 0 for entry in tiny.next_state):
        return None
    step = tiny.jacobian().subs(at).subs(sigmoid(0), sp.Rational(1, 2))
    found = [e for e in step.eigenvals() if e != 0]
    linear = len(found) == 1 and found[0].has(U) and found[0].is_polynomial(U)
    return sp.expand(found[0]) if linear and sp.degree(found[0], U) == 1 else None


def recurrent_names(cell: Cell) -> set[str]:
    """The matrices that the paths from state to state meet."""
    terms = (term for node in linearise(cell) for term in node.terms)
    found = (t.matrix for t in terms if t.matrix is not None)
    return {symbol.name for matrix in found for symbol in matrix.atoms(MatrixSymbol)}


def root(expression: Expr) -> float:
    return float(sp.solve(expression, U)[0])


def is_positive(count: Expr) -> bool:
    """Whether a polynomial of sizes is larger than 0 at every size."""
    return (count.is_number and count > 0) or all(c > 0 for c in sp.Poly(count).coeffs())


def work(cell: Cell) -> Expr:
    """Multiplications in the matrix products of one step forward, each product worked out once.

    >>> import symgate as sg
    >>> work(sg.cell("rnn"))
    m*n + n**2
    """
    products = {m for e in cell.equations.values() for m in e.atoms(MatVec)}
    return sp.expand(sum((sp.Mul(*m.matrix.shape) for m in products), S.Zero))


def at_size(work: Expr, hidden: int) -> int:
    return int(work.subs(dict.fromkeys(work.free_symbols, hidden)))


def stages(cell: Cell) -> int:
    """How many matrix products of one step wait for one another at most."""
    depth: dict[Expr, int] = {}
    for node in linearise(cell):
        found = [depth.get(t.source, 0) + (t.matrix is not None) for t in node.terms]
        depth[variable(node.name)] = max(found, default=0)
    return max(depth.values())
