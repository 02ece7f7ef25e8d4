"""The kinds of question: each takes a cell and makes a question with its answer, or None.

All that they show is the engine's: Jacobians, paths, bounds, limits and the adjoint, through
the sections of the derivation. What they say stands in kinds.toml.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from random import Random
from typing import Any

from sympy import Integer, Symbol

from symgate.algebra.marks import Gradient
from symgate.algebra.vectors import Vector, variable
from symgate.bounds.limits import limits
from symgate.bounds.norms import bounds
from symgate.decaying.solve import solved
from symgate.errors import SymgateError
from symgate.linear.adjoint import delta
from symgate.linear.jacobian import jacobian
from symgate.linear.paths import carries
from symgate.sheets.slips import slipped
from symgate.writing.sections import backward, norms, step
from symgate.writing.subject import Subject
from symgate.writing.tree import (
    Formula,
    FormulaLine,
    NameWord,
    Part,
    Words,
    Written,
    line,
    listed,
    worded,
)

LEVELS = ("easy", "medium", "hard")


@dataclass(frozen=True)
class Question:
    """A question and its answer, in words and formulas; `kind` is one of `KINDS`."""

    kind: str
    level: str
    ask: Words
    shown: tuple[Formula, ...]
    answer: Words
    solved: tuple[Formula, ...]

    def same(self, other: Question) -> bool:
        """Whether another question asks and answers just this."""
        mine, its = ([q.ask, *(f.lines for f in (*q.shown, *q.solved))] for q in (self, other))
        return mine == its


@lru_cache(maxsize=1)
def texts() -> Mapping[str, Mapping[str, str]]:
    """What each kind says."""
    found = resources.files("symgate.sheets").joinpath("kinds.toml").read_text("utf-8")
    return tomllib.loads(found)


def question(
    kind: str, solution: tuple[Formula, ...], shown: tuple[Formula, ...] = (), **values: Any
) -> Question:
    said = texts()[kind]
    answer = worded(said["answer"], **values)
    return Question(kind, said["level"], worded(said["ask"], **values), shown, answer, solution)


def partial(subject: Subject, random: Random) -> Question | None:
    """∂gate/∂state of one gate; of a cell without gates, of the state by the input."""
    cell = subject.cell
    pairs = [(g, s, 1) for g in cell.gates for s in cell.states]
    pairs = pairs or [(s, x, 0) for s in cell.states for x in cell.inputs]
    random.shuffle(pairs)
    for of, wrt, lag in pairs:
        found = jacobian(cell, of, wrt, lag=lag)
        if not found.is_ZeroMatrix:
            left, held = subject.partial(of, wrt, lag), "input" if lag else "state before"
            solved = (_equal(subject, left, found),)
            return question("partial", solved, partial=left, held=held)
    return None


def one_step(subject: Subject, random: Random) -> Question | None:
    """∂state/∂state, one line a path."""
    pairs = _pairs(subject)
    branching = [p for p in pairs if len(subject.paths(*p) or []) > 1] or pairs
    if not branching:
        return None
    of, wrt = random.choice(branching)
    found = Formula((step.block(subject, of, wrt),))
    return question("step", (found,), partial=subject.partial(of, wrt))


def two_steps(subject: Subject, random: Random) -> Question | None:
    """∂state/∂state over two steps, of the state that takes fewest lines."""
    cell = subject.cell
    if len(cell.states) > 2:
        return None
    state = min(cell.states, key=lambda s: _lines(subject, s))
    left = subject.partial(state, state, 2)
    blocks = {(a, b): step.block(subject, a, b) for a in cell.states for b in cell.states}
    ways = [
        Part(subject.partial(state, s) * subject.partial(s, state, 2, 1))
        for s in cell.states
        if blocks[state, s].parts and blocks[s, state].parts
    ]
    lines = [FormulaLine(left, tuple(ways)), *(block for block in blocks.values() if block.parts)]
    found = jacobian(cell, state, state, lag=2)
    if _long(subject, state):
        same = "; the Jacobian of the step before is the same one step earlier"
        return question("two", (Formula(tuple(lines)),), partial=left, same=same)
    return question("two", (_equal(subject, left, found),), partial=left, same="")


def adjoint(subject: Subject, random: Random) -> Question | None:
    """What one step hands back to the states before it."""
    if len(subject.states) > 2:
        return None
    recursion, handed, *_ = backward.steps(subject)
    before: list[Words] = [(NameWord(s, Integer(-1)),) for s in subject.states]
    first = subject.states[0]
    return question(
        "adjoint",
        (*recursion.formulas, *handed.formulas),
        delta=delta(first),
        gradient=Gradient(variable(first)),
        t=Written("t", "t"),
        back=listed(before),
        loss=variable(backward.LOSS + first),
        now=subject.now(first),
        later=variable(backward.LATER + first),
        next=Written("t + 1", "t + 1"),
    )


def gradient(subject: Subject, random: Random) -> Question | None:
    """∂L/∂W of one matrix."""
    *_, gradients = backward.steps(subject)
    rows = [row for f in gradients.formulas for row in f.lines]
    kept = []
    for name, parameter in subject.cell.parameters.items():
        inner = [n.name for n in subject.lin if any(t.parameter == name for t in n.parameter_terms)]
        own = next((r for r in rows if str(r.left.args[0]) == name), None)
        if parameter.kind == "matrix" and len(inner) == 1 and own is not None:
            kept.append((own, inner[0]))
    if not kept:
        return None
    row, inner_name = random.choice(kept)
    return question(
        "gradient",
        (Formula((row,)),),
        weight=row.left,
        delta=delta(inner_name),
        inner=subject.now(inner_name),
    )


def limit(subject: Subject, random: Random) -> Question | None:
    """What is left of a Jacobian where a gate is closed or open."""
    known = [
        (found, row) for found in limits(subject.cell) for row in norms.limit_lines(subject, found)
    ]
    if not known:
        return None
    found, row = random.choice(known)
    return question(
        "limit",
        (Formula((row,)),),
        gate=subject.now(found.gate),
        value=str(found.value),
        partial=row.left.partial,
    )


def misprint(subject: Subject, random: Random) -> Question | None:
    """A Jacobian with one slip."""
    for of, wrt in random.sample(_pairs(subject), len(_pairs(subject))):
        found = slipped(subject, of, wrt, random)
        if found is not None:
            wrong, right, fault = found
            left = subject.partial(of, wrt)
            shown = FormulaLine(left, tuple(Part(s.operator) for s in wrong), order=subject.order)
            due = FormulaLine(left, tuple(Part(s.operator) for s in right), order=subject.order)
            return question("misprint", (Formula((due,)),), (Formula((shown,)),), fault=fault)
    return None


def bound(subject: Subject, random: Random) -> Question | None:
    """A bound of the one-step Jacobian by the norms of the matrices."""
    if len(subject.states) > 2:
        return None
    formulas = norms.bound_step(subject, bounds(subject.cell)).formulas
    rows = [row for f in formulas for row in f.lines if len(row.parts) > 1]
    if not rows:
        return None
    row = random.choice(rows)
    of, wrt = row.left.args[0].of, row.left.args[0].wrt
    made = question("bound", (Formula((row,)),), partial=row.left.args[0])
    from_step = Formula((step.block(subject, _name(of), _name(wrt)),))
    return replace(made, solved=(from_step, *made.solved))


def bias(subject: Subject, random: Random) -> Question | None:
    """Which bias gives a memory of T steps."""
    cell = subject.cell
    steps = random.choice([20, 50, 100, 200, 500])
    letter = Symbol("T")
    for carry in carries(subject.lin):
        try:
            found = solved(cell, letter, float(steps), carry.state)
        except SymgateError:
            continue
        state, parameter = found.state, found.parameter
        if found.kept or len(found.values) > 1 or cell.parameters[parameter].kind != "vector":
            continue
        return question(
            "bias",
            (Formula((step.block(subject, state, state),)),),
            bias=Vector(parameter, real=True),
            state=subject.now(state),
            steps=str(steps),
            letter=Written("T", "T"),
            share=Written(r"1 - \tfrac{1}{T}", "1 - 1/T"),
            formula=found.formula.subs(letter, steps),
            number=f"{found.values[parameter]:.3f}",
        )
    return None


#: The kinds, in the order in which a sheet takes them.
KINDS: Mapping[str, Callable[[Subject, Random], Question | None]] = {
    "partial": partial,
    "step": one_step,
    "misprint": misprint,
    "adjoint": adjoint,
    "limit": limit,
    "bound": bound,
    "gradient": gradient,
    "two": two_steps,
    "bias": bias,
}


def _equal(subject: Subject, left: Any, right: Any) -> Formula:
    return Formula((line(left, right, order=subject.order),))


def _pairs(subject: Subject) -> list[tuple[str, str]]:
    """The blocks of the one-step Jacobian that have something to say, and not too much."""
    states = subject.states
    pairs = [(a, b) for a in states for b in states]
    return [p for p in pairs if 1 <= len(subject.paths(*p) or []) <= 8]


def _lines(subject: Subject, state: str) -> int:
    return len(subject.paths(state, state) or [])


def _long(subject: Subject, state: str) -> bool:
    """Whether two steps are told by their blocks, as written out they fill a page."""
    return len(subject.states) > 1 or _lines(subject, state) > 3


def _name(value: Any) -> str:
    return str(value.base.label)
