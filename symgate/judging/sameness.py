"""Checks of two cells against one another: the same, alike in part, larger, slower."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import sympy as sp
from sympy import MatrixSymbol

from symgate.algebra.vectors import MatVec, variable
from symgate.bounds.ranges import ranges
from symgate.comparing.comparison import compare
from symgate.equations.cell import Cell
from symgate.errors import SymgateError
from symgate.judging.finding import CONDITIONS, FALSE, PROVED, Finding, Number
from symgate.judging.formulas import Board, mapped, named
from symgate.judging.gates import listed, reads
from symgate.judging.probes import WIDE, at_rest, carry_of, input_size, within, zeros
from symgate.linear.linearise import linearise
from symgate.numerics.biases import bias_of
from symgate.numerics.simulate import simulate
from symgate.writing.formulas import Count, Written


def same_cell(cells: Sequence[Cell], equation: str) -> Finding:
    """Whether two ways of writing a cell say the same, by comparing their normal forms."""
    one, two = cells
    formulas = tuple(Board(c).equation(equation) for c in cells if equation in c.equations)
    found = compare(one, two)
    if found and found.map is not None:
        changed = mapped(one, two, found.map)
        told = f"{two.name} and {one.name} are the same function, proved for all sizes"
        told += (
            f" under the map below (names of {two.name} on the left)."
            if changed is not None
            else ", name by name."
        )
        return Finding(PROVED, (told,), {}, (*formulas, *([changed] if changed else [])))
    parted, numbers = _parted(one, two)
    if found.conditions:
        ways = ", or if ".join(" and ".join(map(_condition, way)) for way in found.conditions)
        told = f"It makes no difference if {ways}: proved. In general it does."
        return Finding(CONDITIONS, (told, parted), numbers, formulas)
    return Finding(
        FALSE, (f"{one.name} and {two.name} are not the same cell.", parted), numbers, formulas
    )


def one_state(cells: Sequence[Cell]) -> Finding:
    """Whether the first cell does with one state what the second does with two."""
    one, two = cells
    numbers: dict[str, Number] = {"states_first": len(one.states), "states_second": len(two.states)}
    plural = "states" if len(one.states) > 1 else "state"
    counts = (
        f"{one.name} has {{states_first}} {plural} ({listed(one.states)}), {two.name} "
        f"{{states_second}} ({listed(two.states)})."
    )
    if len(one.states) >= len(two.states):
        return Finding(FALSE, (counts,), numbers)
    state = one.output
    carried = carry_of(one, state) is not None
    readers = [g for g in one.gates if one.equations[g].has(variable(state, 1))]
    formulas = (Board(one).equation(state), *(Board(two).equation(s) for s in two.states))
    if not (carried and readers):
        also = f"But {state} is not both carried and read by the gates."
        return Finding(FALSE, (counts, also), numbers, formulas)
    found = compare(one, two)
    roles = (
        f"{state} of {one.name} is carried through a gate, as the cell state is, and read by "
        f"{listed(readers)}, as the output is: it plays both parts."
    )
    if found:
        return Finding(PROVED, (counts, roles, "The two are the same function."), numbers, formulas)
    return Finding(
        CONDITIONS,
        (counts, roles, f"As functions, the two cells are {found.verdict}."),
        numbers,
        formulas,
    )


def plays_part(cells: Sequence[Cell], states: Sequence[str]) -> Finding:
    """Whether a state of one cell is carried as a state of another is."""
    sizes, readers, formulas = [], [], []
    for cell, state in zip(cells, states, strict=True):
        carry = carry_of(cell, state)
        if carry is None:
            return Finding(FALSE, (f"{state} of {cell.name} does not pass straight to itself.",))
        formulas.append(Board(cell).equation(state))
        if not carry.gates:
            said = f"In {cell.name} no gate decides what {state} keeps."
            return Finding(FALSE, (said,), {}, tuple(formulas))
        interval = ranges(cell)[state]
        start = ", started at 0," if interval.is_bounded and state in ranges(cell).assumed else ""
        sizes.append(f"{state} of {cell.name}{start} {within(interval)}")
        read = _readers(cell, state)
        readers.append(f"{state} of {cell.name} is read by {listed(read) if read else 'nothing'}")
    gates = [
        f"{listed(carry.gates)} in {cell.name}"
        for cell, state in zip(cells, states, strict=True)
        if (carry := carry_of(cell, state)) is not None
    ]
    return Finding(
        CONDITIONS,
        (
            f"As the carrier of the gradient, it does: each has one direct term without a "
            f"matrix, whose "
            f"factor is a gate ({', '.join(gates)}).",
            f"In other respects it does not: {', '.join(sizes)}; {', '.join(readers)}.",
        ),
        {},
        tuple(formulas),
    )


def more_parameters(cells: Sequence[Cell], sizes: Sequence[Sequence[int]]) -> Finding:
    """Whether the first cell has more parameters than the second, at any size."""
    one, two = cells
    a, b = sp.expand(one.parameter_count()), sp.expand(two.parameter_count())
    ratio = sp.cancel(a / b)
    numbers: dict[str, Number] = {}
    said = []
    for i, (n, m) in enumerate(sizes):
        both = [int(sp.Integer(c.parameter_count(n=n, m=m))) for c in cells]
        numbers |= {f"n_{i}": n, f"m_{i}": m, f"first_{i}": both[0], f"second_{i}": both[1]}
        said.append(f"{{first_{i}}} to {{second_{i}}} at n = {{n_{i}}} and m = {{m_{i}}}")
    formulas = tuple(
        Board(c).write(Written(rf"N_{{{named(c.name)}}}", f"N_{c.name}"), "=", Count(count))
        for c, count in ((one, a), (two, b))
    )
    told = f"{one.name} to {two.name}: {', '.join(said)}."
    difference = sp.Poly(a - b)
    more = all(c > 0 for c in difference.coeffs())
    if ratio.is_number:
        numbers |= {"parts": int(ratio.p), "of": int(ratio.q)}
        first = (
            "The ratio is {parts} to {of} at every size: a block of weights for each gate and "
            "candidate."
        )
    else:
        first = "The ratio depends on the sizes."
    return Finding(PROVED if more else FALSE, (first, told), numbers, formulas)


def more_work(cells: Sequence[Cell], hidden: int) -> Finding:
    """Multiply-adds a step, which decide, and how many products wait for one another."""
    one, two = cells
    works = [_multiply_adds(cell) for cell in cells]
    sizes = [int(work.subs(dict.fromkeys(work.free_symbols, hidden))) for work in works]
    numbers: dict[str, Number] = {
        "hidden": hidden,
        "work_first": sizes[0],
        "work_second": sizes[1],
        "work_ratio": sizes[0] / sizes[1],
        "stages_first": _stages(one),
        "stages_second": _stages(two),
    }
    told = [
        f"One step of {one.name} takes {{work_first}} multiply-adds in its matrices, one step of "
        f"{two.name} takes {{work_second}} (n = m = {{hidden}}): a ratio of {{work_ratio}}.",
    ]
    if numbers["stages_first"] != numbers["stages_second"]:
        told.append(
            f"They also parallelise differently: the matrix products of a step form "
            f"{{stages_first}} stage{'s' * (_stages(one) > 1)} in {one.name} and "
            f"{{stages_second}} in {two.name}, and each stage waits for the one before."
        )
    told.append(
        "The time itself depends on the machine and the sizes, and how many steps training needs "
        "is another question."
    )
    formulas = tuple(
        Board(c).write(
            Written(rf"\mathrm{{work}}_{{{named(c.name)}}}", f"work_{c.name}"), "=", Count(work)
        )
        for c, work in zip(cells, works, strict=True)
    )
    verdict = CONDITIONS if sizes[0] > sizes[1] else FALSE
    return Finding(verdict, tuple(told), numbers, formulas)


def previous_output(cells: Sequence[Cell], output: str, state: str) -> Finding:
    """Whether the output reads the old value of a state in place of the new: then it is late."""
    right, said = cells
    same = same_cell([right, said], output)
    if same.verdict == PROVED:
        return same
    lost = [
        gate for gate in right.gates if reads(right, output, gate) and not reads(said, output, gate)
    ]
    late = (
        f"With {state}_{{t-1}} the output is a step late: {listed(lost)} of a step would no longer "
        f"reach {output}_t. The formula beside the sentence has {state}_t, and is right."
        if lost
        else f"{output}_t depends on the same gates in both."
    )
    return Finding(FALSE, (late, *same.told[1:]), same.numbers, same.formulas)


def less_memory(cells: Sequence[Cell]) -> Finding:
    """Whether the first cell has less to keep than the second: states, values of a step,
    parameters."""
    one, two = cells
    numbers: dict[str, Number] = {}
    for name, cell in (("first", one), ("second", two)):
        numbers |= {f"states_{name}": len(cell.states), f"values_{name}": len(cell.equations)}
    ratio = sp.cancel(sp.expand(one.parameter_count()) / sp.expand(two.parameter_count()))
    told = [
        f"The number of vectors passed to the next step is {{states_first}} in {one.name} and "
        f"{{states_second}} in {two.name}; one step computes {{values_first}} and "
        "{values_second}, which the backward pass needs."
    ]
    less = [numbers[f"{what}_first"] < numbers[f"{what}_second"] for what in ("states", "values")]
    if ratio.is_number:
        numbers |= {"parts": int(ratio.p), "of": int(ratio.q)}
        told.append("The parameters are in the ratio {parts} to {of}.")
        less.append(bool(ratio < 1))
    formulas = tuple(Board(cell).equation(name) for cell in cells for name in cell.states)
    return Finding(PROVED if all(less) else FALSE, tuple(told), numbers, formulas)


def can_count(cells: Sequence[Cell], states: Sequence[str], steps: int) -> Finding:
    """Whether the first cell can count steps in a state and the second cannot."""
    one, two = cells
    mine, theirs = states
    params = zeros(one, 1)
    for gate in one.gates:
        with suppress(SymgateError):
            params[bias_of(one, gate)] += WIDE
    run = at_rest(one, params, steps)
    numbers: dict[str, Number] = {"steps": steps, "counted": float(run[mine][-1, 0])}
    bounded = ranges(two)[theirs]
    formulas = (Board(one).equation(mine), Board(two).equation(theirs))
    told = [
        f"With all gates open, {mine} of {one.name} is {{counted:8}} after {{steps}} steps: it "
        f"counts them. {theirs} of {two.name}, started at 0, {within(bounded)}: it cannot count."
    ]
    if numbers["counted"] < steps / 2 or not bounded.is_bounded:
        said = f"{mine} of {one.name} is {{counted:8}} after {{steps}} steps with all gates open."
        return Finding(FALSE, (said,), numbers, formulas)
    if not compare(one, two):
        told.append(
            "In other respects neither contains the other: no map of parameters turns one into the "
            "other, and which of them learns a task better is not a question of algebra."
        )
    return Finding(CONDITIONS, tuple(told), numbers, formulas)


def weight_matrices(cells: Sequence[Cell], claimed: Sequence[str]) -> Finding:
    """Whether a cell has no weight matrices but those that are named."""
    (cell,) = cells
    found = [p.name for p in cell.parameters.values() if p.kind == "matrix"]
    board = Board(cell)
    numbers: dict[str, Number] = {"matrices": len(found), "claimed": len(claimed)}
    missing = [name for name in found if name not in claimed]
    formulas = tuple(
        board.equation(name)
        for name, e in cell.equations.items()
        if {s.name for m in e.atoms(MatVec) for s in m.matrix.atoms(MatrixSymbol)} & set(missing)
    )
    if not missing:
        return Finding(PROVED, (f"Its matrices are {listed(found)}.",), numbers)
    told = f"It has {{matrices}} matrices, not {{claimed}}: the list lacks {listed(missing)}."
    also = "A gate only scales; without the candidate's weights there is nothing to write."
    return Finding(FALSE, (told, also), numbers, formulas)


def _condition(words: str) -> str:
    """A condition of a comparison, in a sentence.

    >>> _condition("n = 1"), _condition("U_n diagonal")
    ('there is one unit', 'U_n is diagonal')
    """
    if words == "n = 1":
        return "there is one unit"
    return f"{words.removesuffix(' diagonal')} is diagonal" if words.endswith("nal") else words


def _multiply_adds(cell: Cell) -> sp.Expr:
    """One multiply-add for each entry of a matrix, as often as the matrix is used."""
    total = sp.S.Zero
    for expression in cell.equations.values():
        for product in expression.atoms(MatVec):
            rows, cols = product.matrix.shape
            total += rows * cols
    return sp.expand(total)


def _stages(cell: Cell) -> int:
    """How many matrix products of one step wait for one another at most."""
    depth: dict[sp.Expr, int] = {}
    for node in linearise(cell):
        found = [depth.get(t.source, 0) + (t.matrix is not None) for t in node.terms]
        depth[variable(node.name)] = max(found, default=0)
    return max(depth.values())


def _readers(cell: Cell, state: str) -> list[str]:
    symbols = (variable(state, 1), variable(state))
    return [name for name, e in cell.equations.items() if name != state and e.has(*symbols)]


def _parted(one: Cell, two: Cell) -> tuple[str, dict[str, Number]]:
    """How far two cells part that are given the same numbers, as far as names are the same."""
    if set(one.states) != set(two.states) or one.inputs != two.inputs:
        return f"States {listed(one.states)} in one, {listed(two.states)} in the other.", {}
    rng = np.random.default_rng(0)
    params = {k: rng.integers(-9, 10, v.shape) / 10 for k, v in zeros(one, 2).items()}
    other = {k: params.get(k, v) for k, v in zeros(two, 2).items()}
    start = {s: np.array([1.0, -1.0]) for s in one.states}
    x = np.ones((1, input_size(one, params)))
    state = one.states[-1] if "h" not in one.states else "h"
    try:
        ends = [simulate(cell, p, x, start)[state][0] for cell, p in ((one, params), (two, other))]
    except SymgateError:
        return "Their parameters have different shapes.", {}
    numbers = {
        f"{which}_{unit + 1}": float(end[unit])
        for which, end in zip(("first", "second"), ends, strict=True)
        for unit in (0, 1)
    }
    return (
        f"With the same numbers for both (two units, x = 1, {state} = (1, -1), seed 0, and 0 "
        f"for what only one of them has), the next {state} is ({{first_1:4}}, {{first_2:4}}) in "
        f"{one.name} and ({{second_1:4}}, {{second_2:4}}) in {two.name}."
    ), numbers
