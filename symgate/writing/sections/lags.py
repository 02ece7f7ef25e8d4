"""k steps: the product, the carry alone in closed form, two steps written out, the paths."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from itertools import product as tuples
from typing import Any

from sympy import Add, Identity, Indexed, Matrix, MatrixExpr, Mul, Pow

from symgate.algebra.marks import Along, Dots
from symgate.algebra.marks import Step as StepMatrix
from symgate.algebra.operators import Chain, Diag, OrderedProduct
from symgate.algebra.vectors import MatVec, Stack, shifted, t, variable
from symgate.linear.jacobian import jacobian
from symgate.linear.paths import Path, count, paths
from symgate.writing.formulas import Formula, Line, Part, Step, Table, Words, Written, line, listed
from symgate.writing.subject import J, K, Subject

TITLE = "Many steps"

#: Past this many products a lag is not written out.
MAX_PRODUCTS = 16


def steps(subject: Subject) -> Iterator[Step]:
    yield _product(subject)
    yield _carry(subject)
    yield _written_out(subject)
    yield _number_of_paths(subject)


def _letter(subject: Subject, lag: Any = 0) -> StepMatrix:
    return StepMatrix(t - lag, _size(subject))


def _size(subject: Subject) -> Any:
    return Add(*(subject.lin.size(s) for s in subject.states))


def _product(subject: Subject) -> Step:
    size, states = _size(subject), subject.states
    factors: list[MatrixExpr] = [_letter(subject), _letter(subject, 1), Dots(size),
                                 _letter(subject, K - 1)]  # fmt: skip
    reason: Words = (
        "A change passes from step to step, so that the Jacobians are multiplied, the latest "
        "on the left:",
    )  # fmt: skip
    if subject.layout == "transposed":
        factors.reverse()
        reason = ("A change passes from step to step, so that the Jacobians are multiplied; "
                  "transposed, the latest stands on the right:",)  # fmt: skip
    if len(states) == 1:
        left: Any = subject.partial(states[0], states[0], lag=K)
    else:
        left = _whole(subject, K)
        reason = (
            *reason[:-1], str(reason[-1])[:-1] + ". A single block, such as ",
            subject.partial(states[0], states[0], lag=K),
            ", is a block of this product, not a product of blocks:",
        )  # fmt: skip
    if subject.layout == "numerator":
        over = OrderedProduct(_letter(subject), J, K)
        lines = (Line(left, (Part(over),)), line(None, Chain(*factors)))
    else:
        lines = (line(left, Chain(*factors)),)  # type: ignore[assignment]
    return Step(("The product",), reason, (Formula(lines),))


def _whole(subject: Subject, lag: Any) -> Any:
    """∂[h_t, c_t] / ∂[h_{t-k}, c_{t-k}]."""
    from symgate.algebra.marks import Partial

    sizes = [subject.lin.size(s) for s in subject.states]
    now = Stack([variable(s) for s in subject.states], sizes)
    before = Stack([shifted(variable(s), lag) for s in subject.states], sizes)
    return Partial(now, before, _size(subject), _size(subject))


def carries(subject: Subject, state: str) -> list[Path]:
    """The paths that carry a state to itself, without a matrix."""
    return [p for p in paths(subject.lin, state, state) if p.is_carry]


def carry_coefficient(found: list[Path]) -> Any:
    """The diagonal of the carry: the product of its coefficients, summed over its paths."""
    return Add(*(Mul(*(f for term in p.terms for f in term.coefficient)) for p in found))


def _carry(subject: Subject) -> Step:
    lines, terms, named = [], [], []
    several = sum(bool(carries(subject, state)) for state in subject.states) > 1
    for state in subject.states:
        found = carries(subject, state)
        if not found:
            continue
        named.append(state)
        terms += [term for p in found for term in p.terms]
        size = subject.lin.size(state)
        coefficient = carry_coefficient(found)
        label: Words = ("carry of ", subject.now(state)) if several else ()
        shown = closed_form(coefficient, size)
        lines.append(line(None, shown, *label, relation="", order=subject.order))
    if not lines:
        reason: Words = ("There is no carry: every path from a state to itself passes through a "
                         "weight matrix at every step.",)  # fmt: skip
        return Step(("The carry alone",), reason)
    wholes = listed([(subject.partial(s, s, lag=K),) for s in named])
    reason = (
        "The path that takes the carry at every step holds no weight matrix. Its part of ",
        *wholes, ", in closed form:" if len(named) == 1 else ", each in closed form:",
    )  # fmt: skip
    return Step(("The carry alone",), reason, tuple(Formula((one,)) for one in lines), None,
                tuple(terms))  # fmt: skip


def closed_form(coefficient: Any, size: Any) -> MatrixExpr:
    """The k-fold product of diag(coefficient): diag(∏ f), or a power where f is constant."""
    if coefficient == 1:
        return Identity(size)
    if coefficient.has(Indexed, MatVec):
        return Diag(size, Along(coefficient, J, K))
    power = Pow(coefficient, K)
    return Diag(size, power)


def _written_out(subject: Subject) -> Step:
    lag, states = subject.lag, subject.states
    heading: Words = (f"{_number(lag)} steps written out",)
    if len(states) ** (lag - 1) > MAX_PRODUCTS:
        reason: Words = (f"Written out, {lag} steps would be {len(states) ** (lag - 1)} products "
                         "for each block; the product above says the same.",)  # fmt: skip
        return Step(heading, reason)
    lines = []
    for of in states[:1] if len(states) > 1 else states:
        for wrt in states if len(states) <= 2 else states[:1]:
            parts = []
            for between in tuples(states, repeat=lag - 1):
                way = (of, *between, wrt)
                if all(count(subject.lin, a, b) for a, b in pairwise(way)):
                    chain = [subject.partial(a, b, lag=i + 1, at=i)
                             for i, (a, b) in enumerate(pairwise(way))]  # fmt: skip
                    if subject.layout == "transposed":
                        chain.reverse()
                    label: Words = ()
                    if len(states) > 1:
                        via = [(variable(s, i + 1),) for i, s in enumerate(between)]
                        label = ("by way of ", *listed(via))
                    parts.append(Part(Chain(*chain) if len(chain) > 1 else chain[0], label))
            if parts:
                lines.append(Line(subject.partial(of, wrt, lag=lag), tuple(parts)))
    formulas = [Formula((one,)) for one in lines]
    if len(states) == 1 and lag == 2 and 0 < count(subject.lin, states[0], states[0]) <= 6:
        whole = subject.laid_out(jacobian(subject.cell, states[0], states[0], 2))
        formulas = [Formula((*lines, line(None, whole)))]
    reason = ("Each factor is the one-step Jacobian above, at its own time:",) if len(
        states
    ) == 1 else (
        "A row of blocks times a column of blocks, each written out above, at its own time:",
    )  # fmt: skip
    if not lines:
        return Step(heading, ("No path leads that far.",))
    return Step(heading, reason, tuple(formulas))


def _grouped(number: Any) -> Written:
    """A large number in groups of three digits."""
    return Written(f"{int(number):,}".replace(",", r"\,"), f"{int(number):,}".replace(",", " "))


def _number(lag: int) -> str:
    return {1: "One", 2: "Two", 3: "Three", 4: "Four"}.get(lag, str(lag))


def _number_of_paths(subject: Subject) -> Step:
    states = subject.states
    steps_of = Matrix([[count(subject.lin, of, wrt) for wrt in states] for of in states])
    if len(states) == 1:
        (number,) = steps_of
        carried = len(carries(subject, states[0]))
        if number == 0:
            return Step(("The number of paths",), ("There is none.",))
        if number == 1:
            what = "it is the carry" if carried else "it passes through the weights at every step"
            return Step(("The number of paths",), (f"One at every lag; {what}.",))
        reason: Words = (
            f"One step has {number} paths, so that ", K, " steps have ", Pow(number, K),
            f": {number**2} over two steps, {number**3} over three."
            + (" One of them is the carry alone." if carried == 1 else ""),
        )  # fmt: skip
        return Step(("The number of paths",), reason)
    pairs = [(i, j) for i in range(len(states)) for j in range(len(states))]
    pairs = [p for p in pairs if any((steps_of**k)[p] for k in (1, 2, 3))]
    if len(pairs) > 4:
        pairs = [p for p in pairs if p[0] == p[1] or p == (0, 1)][:5]
    header: list[Words] = [(K,)]
    header += [(shifted(variable(states[j]), K), " to ", variable(states[i])) for i, j in pairs]
    rows: list[tuple[Words, ...]] = []
    for k in (1, 2, 3, 10):
        powered = steps_of**k
        rows.append(((f"{k}",), *((_grouped(powered[p]),) for p in pairs)))
    reason = ("Multiplied out, every way of choosing a path at each step is one product of "
              "matrices and diagonals:",)  # fmt: skip
    return Step(("The number of paths",), reason, (), Table(tuple(header), tuple(rows)))
