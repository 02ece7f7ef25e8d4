"""Checks of what gates are and do, by algebra and interval arithmetic."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import sympy as sp
from sympy import Expr, Indexed, S

from symgate.algebra.activations import sigmoid
from symgate.algebra.vectors import MatVec, name_of, time_of, variable
from symgate.bounds.ranges import ranges
from symgate.comparing.comparison import compare
from symgate.equations.cell import Cell
from symgate.judging.finding import (
    CONDITIONS,
    CONVENTION,
    FALSE,
    LIMIT,
    PROVED,
    Finding,
    Number,
)
from symgate.judging.formulas import Board, Formula, mapped
from symgate.judging.probes import affine_slope, at_rest, biased, carry_of, curve, half_life, within
from symgate.numerics import functions
from symgate.writing.formulas import Span

#: The value of a gate that people call open, and over how many steps it is looked at.
OPEN, STEPS, LONG = 0.99, 100, 1000


def within_unit(cells: Sequence[Cell], gates: Sequence[Sequence[str]]) -> Finding:
    """Whether gates lie in [0, 1], by interval arithmetic over all inputs and weights."""
    told, out, formulas = [], [], []
    smooth = True
    for cell, names in zip(cells, gates, strict=True):
        there = [gate for gate in names if gate in cell.gates]
        for gate in there:
            found = ranges(cell)[gate]
            smooth = smooth and isinstance(cell.equations[gate], sigmoid)
            if not found.within(0, 1):
                out.append(f"{gate} of {cell.name} {within(found)}.")
        told.append(f"{listed(there)} of {cell.name}")
        vectors = [part for gate in there for part in (",", variable(gate))][1:]
        formulas.append(Board(cell).write(*vectors, "∈", Span(S.Zero, S.One)))
    if out:
        return Finding(FALSE, ("By interval arithmetic:", *out))
    sentences = [
        "Interval arithmetic over the equations, for any weights, inputs and states, puts "
        f"{' and '.join(told)} in [0, 1]."
    ]
    numbers: dict[str, Number] = {}
    if smooth:
        numbers = {
            "one_from": _first(lambda a: functions.sigmoid(a) == 1.0),
            "zero_from": -_first(lambda a: functions.sigmoid(-a) == 0.0),
        }
        sentences.append(
            "In exact arithmetic σ reaches neither end. In double precision, as computed here, "
            "σ(a) is 1 from a = {one_from} on and 0 from a = {zero_from} down."
        )
    return Finding(PROVED, tuple(sentences), numbers, tuple(formulas))


def end_of(cell: Cell, state: str, gate: str, value: int) -> str:
    """What a gate that is exactly 0 or 1 does to a state: keeps, erases, takes or neither.

    "takes" is that the state becomes another value of the step and forgets the old one.
    """
    expression = put(cell, state, {gate: value})
    old = variable(state, 1)
    slope = affine_slope(expression, old)
    if slope == 1 and sp.expand(expression - old) == 0:
        return "keeps"
    if slope == 1:
        return "keeps and adds"
    if not expression.has(old):
        return "takes" if isinstance(expression, Indexed) else "erases"
    return "neither"


def gate_ends(cells: Sequence[Cell], state: str, gate: str, at_zero: str, at_one: str) -> Finding:
    """Whether a gate does what is said where it is 0 and where it is 1."""
    (cell,) = cells
    formulas = _both_ends(cell, state, gate)
    found = {value: end_of(cell, state, gate, value) for value in (0, 1)}
    if not (found[0].startswith(at_zero) and found[1].startswith(at_one)):
        said = (
            f"With {gate} = 0 it {found[0]}, with {gate} = 1 it {found[1]}, which is not what is "
            f"claimed."
        )
        return Finding(FALSE, (said,), {}, formulas)
    needed = 0.5 ** (1 / LONG)
    numbers: dict[str, Number] = {
        "open": OPEN,
        "steps": STEPS,
        "left": OPEN**STEPS,
        "long": LONG,
        "needed": needed,
        "bias": math.log(needed / (1 - needed)),
    }
    told = [
        f"Substituted into the equation, {gate} = 0 removes {state}_{{t-1}} and {gate} = 1 keeps "
        f"all of it. A sigmoid reaches neither value.",
        f"At {gate} = {{open}}, a share of {{left}} remains after {{steps}} steps. To keep half "
        f"over {{long}} steps, {gate} has to be {{needed:5}}: with weights 0, a bias of {{bias}}.",
    ]
    ways = [
        (other, name)
        for other in cell.states
        if other != state and cell.equations[other].has(variable(state))
        for name in _readers(cell, other)
        if put(cell, state, {gate: 0}).has(variable(name))
    ]
    if ways:
        other = ways[0][0]
        names = listed(dict.fromkeys(name for _, name in ways))
        told.append(
            f"What {other}_{{t-1}} has kept of {state}_{{t-1}} still enters through {names}."
        )
    return Finding(LIMIT, tuple(told), numbers, formulas)


def convention(
    cells: Sequence[Cell], state: str, gate: str, value: int, does: str, bias: float
) -> Finding:
    """A sentence about a gate near an end, held against two ways of writing one cell."""
    found = {cell.name: end_of(cell, state, gate, value) for cell in cells}
    formulas = tuple(
        Board(cell).equation(state, put(cell, state, {gate: value}), variable(gate), "=", value)
        for cell in cells
    )
    words = {"keeps": "the old state", "takes": "the candidate"}
    told = " and ".join(f"{words.get(end, 'neither')} in {name}" for name, end in found.items())
    said = f"{gate} = {value} gives {told}."
    right = [name for name, end in found.items() if end == does]
    if not right:
        return Finding(FALSE, (said,), {}, formulas)
    if len(right) == len(cells):
        return Finding(LIMIT, (said, "A sigmoid does not reach that value."), {}, formulas)
    same = compare(*cells)
    if not same or same.map is None:
        also = f"True of {right[0]} alone: the two cells are {same.verdict}."
        return Finding(CONDITIONS, (said, also), {}, formulas)
    numbers: dict[str, Number] = {"bias": float(bias)}
    for name, cell in zip(("first", "second"), cells, strict=True):
        numbers[f"half_life_{name}"] = half_life(
            curve(at_rest(cell, biased(cell, 1, {gate: bias}), 50), state)
        )
    one, two = cells
    changed = mapped(one, two, same.map)
    formulas += (changed,) if changed is not None else ()
    return Finding(
        CONVENTION,
        (
            said,
            "The two are the same function up to a change of parameters, proved for all sizes "
            "under "
            f"the map below (names of {two.name} on the left).",
            f"The convention matters for the bias: {{bias}} in {gate} gives a half-life of "
            f"{{half_life_first}} steps in {one.name} and of {{half_life_second}} in {two.name}.",
        ),
        numbers,
        formulas,
    )


def reset_gate(
    cells: Sequence[Cell], state: str, candidate: str, gate: str, bias: float
) -> Finding:
    """Whether a reset gate of 0 hides the old state from the candidate, and 1 shows it all."""
    (cell,) = cells
    closed, opened = (put(cell, candidate, {gate: value}) for value in (0, 1))
    old = variable(state, 1)
    formulas = _both_ends(cell, candidate, gate)
    if not cell.equations[candidate].has(variable(gate)):
        return Finding(FALSE, (f"{candidate} does not depend on {gate}.",), {}, formulas)
    if closed.has(old) or not opened.has(old):
        return Finding(FALSE, ("It does not hold at 0 and 1.",), {}, formulas)
    params = biased(cell, 1, {gate: bias})
    numbers: dict[str, Number] = {
        "bias": float(bias),
        "share": float(at_rest(cell, params, 1)[gate][0, 0]),
    }
    told = [
        f"Substituted into the equation, {gate} = 0 leaves no {state}_{{t-1}} in the candidate and "
        f"{gate} = 1 leaves all of it. A sigmoid reaches neither value: at bias {{bias}} it is "
        "{share}.",
    ]
    if carry_of(cell, state) is not None:
        told.append(f"Whatever {gate} is, the new state still keeps its share of {state}_{{t-1}}.")
    return Finding(LIMIT, tuple(told), numbers, formulas)


def opposite_gates(
    cells: Sequence[Cell], state: str, candidate: str, keeper: str, resetter: str
) -> Finding:
    """Whether one gate undoes what the other does: they are put at their ends in turn."""
    (cell,) = cells
    board, old = Board(cell), variable(state, 1)
    kept = put(cell, state, {keeper: 1})
    formulas = (
        board.equation(state, kept, variable(keeper), "=", 1),
        *_both_ends(cell, candidate, resetter),
    )
    if kept != old or not reads(cell, state, resetter):
        said = f"With {keeper} = 1 the old state is not all that remains."
        return Finding(CONDITIONS, (said,), {}, formulas)
    told = (
        f"Counterexample: with {keeper} = 1 the old state is kept whole even if {resetter} = 0. "
        f"{resetter} acts only inside the candidate, {keeper} on the state itself.",
        f"Nor are they opposite in sign: near 1, both let the past through. {resetter} matters "
        f"only "
        f"to the extent that {keeper} is below 1.",
    )
    return Finding(FALSE, told, {}, formulas)


def same_inputs(cells: Sequence[Cell], gates: Sequence[str]) -> Finding:
    """Whether gates read the same values."""
    (cell,) = cells
    board = Board(cell)
    formulas = tuple(board.equation(gate) for gate in gates if gate in cell.gates)
    reads = [
        set(cell.equations[gate].atoms(Indexed)) if gate in cell.gates else set() for gate in gates
    ]
    names = listed(_moment(v) for v in sorted(reads[0], key=str))
    if any(other != reads[0] for other in reads[1:]):
        return Finding(FALSE, ("They read different values.",), {}, formulas)
    told = f"{listed(gates)} each read {names}, and nothing else; only their weights differ."
    return Finding(PROVED, (told,), {}, formulas)


def gate_reads(cells: Sequence[Cell], gate: str, value: str, output: str) -> Finding:
    """Whether a gate reads a value of the same step: in the first cell, and in a variant."""
    cell, variant = cells
    now = variable(value)
    formulas = (
        Board(cell).equation(gate),
        Board(cell).equation(output),
        Board(variant).equation(gate),
    )
    mine, others = (c.equations[gate].has(now) for c in cells)
    if mine:
        return Finding(PROVED, (f"{gate}_t reads {value}_t.",), {}, formulas)
    if not cell.equations[output].has(now):
        said = f"Neither {gate}_t nor {output}_t reads {value}_t."
        return Finding(FALSE, (said,), {}, formulas)
    told = f"True of the output {output}_t, not of the gate: {gate}_t does not read {value}_t."
    also = f"In {variant.name} it does." if others else f"Nor does it in {variant.name}."
    return Finding(CONDITIONS, (told, also), {}, formulas)


def four_gates(cells: Sequence[Cell], gates: Sequence[str]) -> Finding:
    """Which of the values that are called gates lie in [0, 1]."""
    (cell,) = cells
    known = ranges(cell)
    there = [g for g in gates if g in cell.gates]
    closing = [g for g in there if known[g].within(0, 1)]
    others = [g for g in there if g not in closing]
    formulas = tuple(Board(cell).equation(g) for g in there)
    numbers: dict[str, Number] = {"called": len(gates), "closing": len(closing)}
    if len(there) < len(gates) or not closing:
        return Finding(FALSE, ("It does not have these gates.",), {}, formulas)
    if not others:
        return Finding(PROVED, ("All {called} lie in [0, 1].",), numbers, formulas)
    told = (
        f"{{closing}} of the {{called}} ({listed(closing)}) lie in [0, 1] and scale something. "
        f"{listed(others)} {within(known[others[0]])}: it is what is scaled, and most texts call "
        "it the candidate.",
        "All {called} have the same form up to the activation, so the count is a matter of naming.",
    )
    return Finding(CONVENTION, told, numbers, formulas)


# -- what a gate at its end leaves --------------------------------------------------------


def put(cell: Cell, name: str, ends: dict[str, int]) -> Expr:
    """An equation with gates at 0 or 1, A 0 = 0 carried out."""
    fixed = {variable(gate): sp.Integer(value) for gate, value in ends.items()}
    expression = cell.equations[name].xreplace(fixed)
    zeros = {m: S.Zero for m in expression.atoms(MatVec) if m.vector == 0}
    return expression.xreplace(zeros)


def listed(names: Iterable[str]) -> str:
    """Names in a sentence.

    >>> listed(["i", "f", "o"])
    'i, f and o'
    """
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def reads(cell: Cell, name: str, gate: str) -> bool:
    """Whether a value depends on a gate within the step."""
    used = {name_of(v) for v in cell.equations[name].atoms(Indexed) if time_of(v) == 0}
    return gate in used or any(
        reads(cell, other, gate) for other in used if other in cell.equations and other != name
    )


def _both_ends(cell: Cell, name: str, gate: str) -> tuple[Formula, ...]:
    return tuple(_given(cell, {gate: value}, name) for value in (0, 1))


def _given(cell: Cell, ends: dict[str, int], name: str) -> Formula:
    given = [p for gate, value in ends.items() for p in (",", variable(gate), "=", value)][1:]
    return Board(cell).equation(name, put(cell, name, ends), *given)


def _readers(cell: Cell, state: str) -> list[str]:
    """The gates that read the old value of a state."""
    return [gate for gate in cell.gates if cell.equations[gate].has(variable(state, 1))]


def _moment(v: Indexed) -> str:
    return f"{name_of(v)}_t" if time_of(v) == 0 else f"{name_of(v)}_{{t-1}}"


def _first(holds: object) -> int:
    """The first whole number at which something holds."""
    assert callable(holds)
    with np.errstate(over="ignore"):
        return next(a for a in range(1000) if holds(np.float64(a)))
