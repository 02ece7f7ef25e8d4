"""One step: the chain rule from the new state inward, then collected, one line a path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sympy import Add, MatrixExpr, Mul
from sympy.matrices.expressions.blockmatrix import BlockMatrix

from symgate.algebra.marks import Differential, Ordered
from symgate.algebra.marks import OneStep as StepMatrix
from symgate.algebra.operators import Diag, factored, product
from symgate.algebra.structure import diagonal
from symgate.algebra.vectors import MatVec, name_of, rank, t, variable
from symgate.linear.paths import count, followed
from symgate.linear.products import term_operator
from symgate.linear.terms import Node, Term
from symgate.writing.subject import Subject
from symgate.writing.tree import Formula, FormulaLine, Part, Step, Words, line, listed, worded

TITLE = "One step"


def steps(subject: Subject) -> Iterator[Step]:
    yield _outside_in(subject)
    for of in subject.states:
        yield _collected(subject, of, of == subject.states[0])
    yield _whole(subject)


def _outside_in(subject: Subject) -> Step:
    alive = subject.lin.leading_to([subject.lin.variable(s, 1) for s in subject.cell.states])
    lines, terms = [], []
    for node in subject.lin.backward():
        if node.symbol not in alive:
            continue
        kept = [x for x in node.terms if x.source in alive]
        parts = tuple(Part(_change(subject, node, x)) for x in kept)
        lines.append(FormulaLine(Differential(variable(node.name)), parts, order=node.order))
        terms += kept
    reason: list[Any] = [
        "Hold the input and the parameters fixed and let d denote a small change. "
        "Differentiate each equation with respect to every value it contains, starting from the "
        "new state:"
    ]
    still = [n.name for n in subject.lin if n.symbol not in alive and n.kind in ("gate", "state")]
    if still:
        names = listed([(Differential(variable(n)), " = 0") for n in still])
        depend = "depends" if len(still) == 1 else "depend"
        values = listed([(subject.now(n),) for n in still])
        reason[:0] = [*values, f" {depend} on the input alone, so ", *names, ". "]
    formulas = (Formula(tuple(lines)),) if lines else ()
    return Step(("Differentials",), tuple(reason), formulas, None, tuple(terms))


def _change(subject: Subject, node: Node, term: Term) -> Any:
    """diag(coefficient) matrix d(source), or coefficient ⊙ (matrix d(source))."""
    moved = Differential(term.source)
    acted = moved if term.map is None else term.map.push(moved)
    if rank(term.source) == 2 or (node.rank == 2 and rank(acted) == 2):
        if node.rank == 2 or rank(Mul(*term.coefficient)) == 0:
            return Mul(*term.coefficient, acted)
        return MatVec(Diag(node.size, *term.coefficient), acted)
    if subject.form == "hadamard":
        acted = moved if term.matrix is None else MatVec(term.matrix, moved)
        numbers = [f for f in term.coefficient if f.is_number]
        return Mul(*numbers) * Ordered(*(f for f in term.coefficient if not f.is_number), acted)
    head = term_operator(subject.lin, node, term)
    number, matrices = factored(head)
    whole = product(matrices, node.size)
    return number * (moved if diagonal(whole) == () else MatVec(whole, moved))


def _collected(subject: Subject, of: str, first: bool) -> Step:
    lines: list[FormulaLine] = []
    terms: list[Term] = []
    zero = []
    for wrt in subject.states:
        if count(subject.lin, of, wrt) == 0:
            zero.append(wrt)
            continue
        lines.append(block(subject, of, wrt))
        found = subject.paths(of, wrt) or []
        terms += [x for p in found for x in p.terms]
    lines += _across(subject, of)
    several = len(subject.states) > 1
    reason: list[Any] = []
    if zero:
        names = listed([(subject.partial(of, w), " = 0") for w in zero])
        reason += [*names, ", because no path leads there. "]
    if lines:
        reason += [_collecting(subject)] if first else ["Likewise:"]
    heading: Words = ("The change of ", subject.now(of)) if several else ("Collected",)
    unique = tuple(dict.fromkeys(terms))
    formulas = (Formula(tuple(lines)),) if lines else ()
    return Step(heading, tuple(reason), formulas, None, unique, core=True)


def _collecting(subject: Subject) -> str:
    """What is done, and what the carry is, where one stands among the paths."""
    found = [p for s in subject.states for w in subject.states for p in subject.paths(s, w) or []]
    said = (
        " The carry is the direct path from a state to its next value, which passes through no "
        "weight matrix; in an LSTM it is the constant error carousel."
    )
    carried = said if any(p.is_carry for p in found) else ""
    return (
        "Substituting and collecting terms gives one line per path, named after what it passes "
        f"through.{carried}"
    )


def block(subject: Subject, of: str, wrt: str) -> FormulaLine:
    left = subject.left(subject.partial(of, wrt))
    whole: Any = subject.by_layers(of, wrt)
    if whole is not None:
        return line(left, subject.written(whole))
    found = subject.paths(of, wrt)
    if found is None:
        whole = subject.block(of, wrt)
        many = f"all {count(subject.lin, of, wrt)} paths"
        return FormulaLine(left, (Part(subject.acting(whole), (many,)),), order=subject.order)
    return FormulaLine(left, subject.by_path(found), order=subject.order)


def _across(subject: Subject, of: str) -> list[FormulaLine]:
    """By what the layer below sends up in the same step: the block that joins two layers."""
    wrt = next((v for s in subject.states if (v := subject.seam(of, s)) is not None), None)
    if wrt is None:
        return []
    left = subject.left(subject.partial(of, name_of(wrt), 0))
    found = followed(subject.lin, of, [wrt])[wrt]
    return [FormulaLine(left, subject.by_path(found), order=subject.order)]


def _gathered(subject: Subject, state: str) -> MatrixExpr | None:
    """The paths of a matrix state in one: I ⊗ (I − β k kᵀ)."""
    found = subject.paths(state, state)
    if found is None or len(found) < 2 or len(subject.lin.shape(state)) < 2:
        return None
    return subject.laid_out(subject.block(state, state))


def _whole(subject: Subject) -> Step:
    """J_t: the block, or the matrix of all blocks."""
    states = subject.states
    size = Add(*(subject.lin.size(s) for s in states))
    letter = StepMatrix(t, size)
    if len(states) == 1:
        (state,) = states
        left = subject.partial(state, state)
        reason: Words = ("From here on ", left, " is called ", letter)
        gathered = _gathered(subject, state)
        if gathered is None:
            return Step(("The one-step Jacobian",), (*reason, "."), ())
        formula = Formula((line(letter, gathered, order=subject.order),))
        return Step(("The one-step Jacobian",), (*reason, ":"), (formula,), core=True)
    pairs = [[(of, wrt) for wrt in states] for of in states]
    if subject.layout == "transposed":
        pairs = [list(row) for row in zip(*pairs, strict=True)]
    matrix = BlockMatrix([[subject.partial(of, wrt) for of, wrt in row] for row in pairs])
    reason = worded(
        "The state is {states} together, so its one-step Jacobian has one block for each pair:",
        states=listed([(subject.now(s),) for s in states]),
    )
    heading = ("The one-step Jacobian of the whole state",)
    return Step(heading, reason, (Formula((line(letter, matrix),)),))
