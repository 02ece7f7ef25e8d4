"""The state 0 without input: the eigenvalues of the Jacobian there, where they have a form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sympy import Add, Expr, Integer, Mul, Pow, Symbol

from symgate.algebra.names import GREEK
from symgate.algebra.operators import factored, transposed
from symgate.algebra.structure import diagonal, one_side, update
from symgate.algebra.values import Norm
from symgate.algebra.vectors import rank
from symgate.bounds.origin import MU, Origin, origin
from symgate.bounds.rest import NotAtRest
from symgate.writing.marks import Equal
from symgate.writing.subject import Subject
from symgate.writing.tree import (
    Formula,
    FormulaLine,
    NameWord,
    Part,
    Step,
    Written,
    line,
    listed,
    worded,
)

HEADING = "Near the state 0"


def steps(subject: Subject) -> Iterator[Step]:
    """The eigenvalues, or why they have no closed form."""
    if any(len(subject.lin.shape(s)) == 2 for s in subject.states):
        yield from _of_matrix(subject)
        return
    try:
        found = origin(subject.cell)
    except NotAtRest as error:
        yield _none(error.why)
        return
    if any(_has_root(e) for e in found.eigenvalues):
        yield _none("they are roots, which no short formula shows")
    else:
        yield _step(subject, found)


def _of_matrix(subject: Subject) -> Iterator[Step]:
    """The eigenvalues of what acts on each row of a matrix: a I, diag(w), a I − b u uᵀ."""
    state, *others = subject.states
    scale, (inner, *rest) = factored(subject.block(state, state))
    inner = one_side(inner)
    factors, found = diagonal(inner), update(inner)
    if others or rest or (found is None and factors is None):
        return
    number, along, square = found or (Mul(*(factors or ())), Integer(0), None)
    across, along = scale * number, scale * along
    vector = square and square.args[0]
    said = "the components of {across}" if rank(across) else "all {across}"
    if vector is not None:
        said = (
            "{along} for what is stored along {vector}, and {across} for what is orthogonal to it"
        )
        one_long = subject.ranges.lengths.get(vector) == 1
        along *= Integer(1) if one_long else Norm(vector) ** 2
    found = worded(
        f"Whatever the state, the eigenvalues of {{block}} are {said}.",
        block=subject.partial(state, state),
        across=across,
        along=across + along,
        vector=vector,
    )
    yield Step(("The eigenvalues",), found)


def _none(why: str) -> Step:
    found = "No closed form was found for the eigenvalues of the Jacobian there"
    return Step((HEADING,), (f"{found}: {why}.",))


def _has_root(e: Expr) -> bool:
    return any(not power.exp.is_Integer for power in e.atoms(Pow))


def _step(subject: Subject, found: Origin) -> Step:
    own = _letter(subject, "lambda", "rho", "xi")
    mu = _letter(subject, "mu", "nu", "kappa")
    lines = []
    for e in found.eigenvalues:
        parts = sorted(Add.make_args(e.xreplace({MU: mu})), key=lambda part: part.has(mu))
        lines.append(FormulaLine(own, tuple(map(Part, parts))))
    said = "Without input{zero} the state 0 is a fixed point."
    vectors = {p.name for p in subject.cell.parameters.values() if p.kind == "vector"}
    if any(str(s) in vectors for e in found.eigenvalues for s in e.free_symbols):
        said += (
            " If every parameter vector holds the same number for all units, each diagonal "
            "matrix there is a number times the identity."
        )
    matrix = found.matrix
    if matrix is None:
        said += " No weight matrix remains, and the Jacobian has the eigenvalues {own}. "
    else:
        matrix = transposed(matrix) if subject.naming.notation.row else matrix
        said += (
            " {matrix} is the only matrix that remains, and each of its eigenvalues {mu} gives "
            "eigenvalues {own} of the Jacobian. "
        )
    reached = [] if MU in found.eigenvalues else [v.xreplace({MU: mu}) for v in found.marginal]
    lines += [line(mu, value, "where ", Equal((own, 1))) for value in reached]
    reason = worded(
        f"{said}The Jacobian there is the same at every step, so a small change dies out if every "
        "{small}:",
        zero=worded(
            " and with {all},", all=listed([(Equal((NameWord(z), 0)),) for z in found.zero])
        )
        if found.zero
        else "",
        matrix=matrix,
        mu=mu,
        own=own,
        small=_below_one(own),
    )
    return Step((HEADING,), reason, (Formula(tuple(lines)),))


def _below_one(letter: Symbol) -> Written:
    """|λ| < 1."""
    base, sign, index = letter.name.removeprefix("letter:").partition("_")
    shown = f"{base}{sign}{index}"
    return Written(rf"\left| \{shown} \right| < 1", f"|{GREEK[base]}{sign}{index}| < 1")


def _letter(subject: Subject, *wanted: str) -> Any:
    return Symbol(f"letter:{subject.free_letter(*wanted)}", real=True)
