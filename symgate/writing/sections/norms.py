"""How large, how small: a bound of every path, when the gradient must vanish, when it is
carried, and what remains when a gate closes or opens."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product as tuples
from typing import Any

from sympy import Add, Expr, Integer, MatAdd

from symgate.algebra.norms import MaxNorm, SpectralNorm
from symgate.algebra.vectors import variable
from symgate.linear.bounds import Bounds, bounds
from symgate.linear.limits import Limit, gates, limits
from symgate.linear.paths import count
from symgate.writing.formulas import Formula, Line, Part, Step, Words, line, listed
from symgate.writing.marks import Acting, AtLimit
from symgate.writing.sections.lags import carries, carry_coefficient
from symgate.writing.subject import MAX_PATHS, K, Subject

TITLE = "How large, how small"


def steps(subject: Subject) -> Iterator[Step]:
    found = bounds(subject.cell)
    yield _ranges(subject)
    yield _bounds(subject, found)
    yield _vanish(subject, found)
    yield _carried(subject)
    yield from _limits(subject)


def _ranges(subject: Subject) -> Step:
    """What is known of the states themselves."""
    words: list[Any] = []
    for state in subject.states:
        interval = subject.ranges.before[state]
        if not interval.is_bounded:
            words += [subject.now(state), " has no bound that holds for all weights. "]
            continue
        span = subject.span(interval)
        if state in subject.ranges.assumed:
            words += [subject.now(state), " is a weighted mean or a bounded sum, and stays in ",
                      span, " if it starts there. "]  # fmt: skip
        else:
            words += [subject.now(state), " lies in ", span, " after every step. "]
    words.append("States that start at zero are in all of these ranges.")
    if not any(subject.ranges.before[s].is_bounded for s in subject.states):
        words.pop()
    return Step(("The states",), tuple(words))


def _bounds(subject: Subject, found: Bounds) -> Step:
    formulas, terms = [], []
    for (of, wrt), entries in found.blocks.items():
        left = SpectralNorm(subject.partial(of, wrt))
        if len(entries) > MAX_PATHS or len(subject.states) > 2:
            formulas.append(Formula((line(left, found.total(of, wrt), relation="≤"),)))
            continue
        alike = [e.path for e in entries]
        parts = tuple(Part(e.bound, subject.path_name(e.path, alike)) for e in entries)
        formulas.append(Formula((Line(left, parts, "≤"),)))
        terms += [t for e in entries for t in e.path.terms]
    if not formulas:
        reason: Words = ("No state depends on an old one.",)
        return Step(("A bound of each path",), reason)
    unbounded = found.matrix().atoms(MaxNorm)
    words: list[Any] = [
        "The norm of a sum is at most the sum of the norms, that of a product at most the "
        "product. A diagonal has the norm of its largest component, which its range bounds; ",
        *_norm_letters(found), ":",
    ]  # fmt: skip
    if unbounded:
        words[-1] = "; what has no bound stays in the formula, by its largest component:"
    return Step(("A bound of each path",), tuple(words), tuple(formulas), None,
                tuple(dict.fromkeys(terms)))  # fmt: skip


def _norm_letters(found: Bounds) -> list[Any]:
    one = next(iter(sorted(found.matrix().atoms(SpectralNorm), key=str)), None)
    if one is None:
        return ["no weight matrix enters"]
    return ["a weight matrix has its largest singular value, as ", one]


def _constant(bound: Expr) -> Expr:
    """What is left of a bound when all weights are zero."""
    return Add(*(part for part in Add.make_args(bound.expand()) if part.is_number))


def _vanish(subject: Subject, found: Bounds) -> Step:
    heading: Words = ("When it must vanish",)
    states = subject.states
    totals = [found.total(s, s) for s in states]
    if all(found.total(of, wrt) == 0 for of in states for wrt in states):
        return Step(heading, ("Always, after one step.",))
    free = any(_constant(total) >= 1 for total in totals)
    if free:
        return Step(heading, _no_verdict(subject, found))
    if len(states) == 1:
        return _single(subject, found, totals[0])
    reason: Words = (
        "Put the bounds of the blocks into a matrix of numbers. If its largest eigenvalue is "
        "below 1 (it has no negative entry, so that this bounds every product), the gradient "
        "vanishes at least as fast as its powers. The test must use the norms, that is the "
        "largest singular values of the weights, and not their eigenvalues.",
    )  # fmt: skip
    return Step(heading, reason)


def _no_verdict(subject: Subject, found: Bounds) -> Words:
    """Where the carry alone allows 1."""
    whole = found.matrix()
    weights = whole.atoms(SpectralNorm) or whole.atoms(MaxNorm)
    words: list[Any] = [
        "No choice of weights makes this bound fall below 1, because the carry alone is bounded "
        "by 1: the gradient need not vanish."
    ]
    if len(subject.states) == 1 and not weights and whole[0, 0] == 1:
        words.append(" Nor can it explode, as the bound is exactly 1.")
    else:
        words.append(" Nothing here keeps it from growing either: explosion is not excluded.")
    return tuple(words)


def _single(subject: Subject, found: Bounds, total: Expr) -> Step:
    state = subject.states[0]
    left = SpectralNorm(subject.partial(state, state, lag=K))
    lines = (line(left, total**K, relation="≤"),)
    words: list[Any] = ["Over k steps the bound is taken to the power k. If ", total,
                        " < 1, the gradient vanishes at least geometrically:"]  # fmt: skip
    matrices = total.atoms(SpectralNorm)
    if total.is_number:
        words = ["Over k steps the bound is taken to the power k",
                 ", so that the gradient cannot explode:" if total <= 1 else ":"]  # fmt: skip
    variables = total.atoms(MaxNorm)
    if any(v.vector.has(variable("t").func) for v in variables):
        words[-1] = " < 1 at every step, the gradient vanishes at least geometrically:"
    step = Step(("When it must vanish",), tuple(words), (Formula(lines),))
    if not matrices:
        return step
    extra = _singular(next(iter(sorted(matrices, key=str))))
    return Step(step.heading, (*words, *()), step.formulas, None, ()) if not extra else Step(
        step.heading, (*words[:-1], str(words[-1])[:-1] + ". ", *extra, ":"), step.formulas
    )  # fmt: skip


def _singular(norm: SpectralNorm) -> Words:
    """Why the largest singular value and not the eigenvalue."""
    return (
        norm, " is the largest singular value, not the largest eigenvalue: the diagonals change "
        "with the step, and eigenvalues of the factors do not bound a product. A matrix whose "
        "eigenvalues are all zero, with rows (8, 8) and (−8, −8), has singular value 16, and "
        "with tanh it gives gradients that double at every step",
    )  # fmt: skip


def _carried(subject: Subject) -> Step:
    heading: Words = ("When it can be carried",)
    words: list[Any] = []
    can_close = gates(subject.cell)
    for state in subject.states:
        found = carries(subject, state)
        if not found:
            continue
        coefficient = carry_coefficient(found)
        about: list[Any] = ["The carry of ", subject.now(state)]
        if coefficient == 1:
            words += [*about, " is the identity: whatever the gates do, a change of it is handed "
                      "on unchanged. "]  # fmt: skip
            continue
        held = [g for g in can_close if coefficient.has(variable(g))][:4]
        settings = [
            dict(zip(held, values, strict=True))
            for values in tuples((1, 0), repeat=len(held))
            if coefficient.xreplace({variable(g): Integer(v) for g, v in zip(
                held, values, strict=True)}) == 1
        ]  # fmt: skip
        if held and settings:
            named = listed([(variable(g), f" → {v}") for g, v in settings[0].items()])
            words += [*about, " has the factor ", coefficient, ", which is 1 for ", *named,
                      ": then a change is handed on unchanged, and the gradient neither "
                      "vanishes nor explodes along it. "]  # fmt: skip
        else:
            words += [*about, " has the factor ", coefficient, "; the gradient is carried where "
                      "that is near 1. "]  # fmt: skip
    if not words:
        return Step(heading, ("There is no carry, so that no gate can hand a change on unchanged; "
                              "it passes through the weights at every step.",))  # fmt: skip
    return Step(heading, tuple(words))


def _limits(subject: Subject) -> Iterator[Step]:
    heading: Words = ("What remains when a gate closes or opens",)
    found = limits(subject.cell)
    if not found:
        yield Step(heading, ("The cell has no gate with values between 0 and 1.",))
        return
    formulas, quiet = [], []
    for limit in found:
        lines = _limit_lines(subject, limit)
        if lines:
            formulas.append(Formula(tuple(lines)))
        else:
            quiet.append(limit)
    words: list[Any] = [
        "At 0 and at 1 the slope of a gate is 0, so that the paths through it close, and what it "
        "multiplies is cut off or let through; the other values are held:"
    ]
    if len(subject.states) > 2:
        words[0] = (
            str(words[0])[:-1]
            + ". The blocks of each state by itself; the others lose the same paths:"
        )
    if quiet:
        names = listed([(subject.now(g),) for g in dict.fromkeys(q.gate for q in quiet)])
        words[0] = str(words[0])[:-1] + "."
        words += [" ", *names, " acts on no state directly."]
    yield Step(heading, tuple(words), tuple(formulas))


def _limit_lines(subject: Subject, limit: Limit) -> list[Line]:
    lines = []
    for (of, wrt), block in limit.blocks.items():
        if count(subject.lin, of, wrt) > MAX_PATHS or (len(subject.states) > 2 and of != wrt):
            continue
        pieces = block.args if isinstance(block, MatAdd) else (block,)
        shown = [subject.acting(p) for p in pieces]
        left: Any = AtLimit(variable(limit.gate), limit.value, subject.partial(of, wrt))
        if subject.form == "hadamard":
            left = Acting(left, subject.direction)
        lines.append(Line(left, tuple(Part(p) for p in shown)))
    return lines
