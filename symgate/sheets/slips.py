"""A Jacobian with one slip of the pen, and what the slip is."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from random import Random

from sympy import Add, Expr, Indexed, Integer, Mul

from symgate.algebra.operators import Diag
from symgate.algebra.structure import is_diagonal
from symgate.algebra.vectors import name_of, time_of
from symgate.checking.check import check
from symgate.checking.slips import exchanged, put
from symgate.checking.summands import Addend, Summands, added, exact
from symgate.writing.latex import latex
from symgate.writing.subject import Subject
from symgate.writing.tree import Words

Slip = tuple[Addend, Words]


def slipped(
    subject: Subject, of: str, wrt: str, random: Random
) -> tuple[Summands, Summands, Words] | None:
    """The summands with one slip, those that are due, and what is wrong; None where every
    slip leaves the Jacobian as it is."""
    right = exact(subject.cell, of, wrt, 1)
    found = [(i, slip) for i, summand in enumerate(right) for slip in _slips(subject, summand)]
    random.shuffle(found)
    for i, (summand, words) in found[:4]:
        wrong = (*right[:i], summand, *right[i + 1 :])
        claim = latex(added(wrong, summand.rows, summand.cols), cell=subject.cell)
        if check(subject.cell, claim, of=of, wrt=wrt, lag=1).verdict == "wrong":
            return wrong, right, words
    return None


def _slips(subject: Subject, summand: Addend) -> Iterator[Slip]:
    if summand.factors:
        yield summand.scaled(Integer(-1)), ("the sign of the summand ", summand.operator)
    for i, (one, other) in enumerate(pairwise(summand.factors)):
        if is_diagonal(one) != is_diagonal(other) and one.rows == other.cols:
            diag, matrix = (one, other) if is_diagonal(one) else (other, one)
            words: Words = (diag, " stands on the wrong side of ", matrix)
            yield exchanged(summand, i), words
    for i, factor in enumerate(summand.factors):
        for vector, words in _vectors(subject, factor) if is_diagonal(factor) else ():
            yield put(summand, i, factor.vector, vector), words


def _vectors(subject: Subject, diag: Diag) -> Iterator[tuple[Expr, Words]]:
    """What a diagonal may be written as by mistake."""
    vector, cell = diag.vector, subject.cell
    parts = [f for f in Mul.make_args(vector) if not f.is_number]
    for part in parts:
        if len(parts) > 1:
            yield vector / part, ("the factor ", part, " is missing")
        if isinstance(part, Add) and len(part.args) == 2:
            new = part.args[0] - part.args[1]
            yield vector / part * new, (new, " stands where ", part, " belongs")
    for old in sorted(vector.atoms(Indexed), key=str):
        size = cell.shapes.get(name_of(old))
        others = [cell.variable(g) for g in cell.gates if cell.shapes[g] == size]
        if name_of(old) in cell.states:
            others = [cell.variable(name_of(old), 1 + int(time_of(old)))]
        for new in others:
            if new != old:
                yield vector.xreplace({old: new}), (new, " stands where ", old, " belongs")
