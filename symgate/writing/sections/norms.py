"""Norm bounds: a bound for every path, when the gradient must vanish, when it is carried, and
what remains when a gate closes or opens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product as tuples
from typing import Any

from sympy import Add, Expr, Indexed, Integer, Mul

from symgate.algebra.marks import Along
from symgate.algebra.norms import MaxNorm, SpectralNorm
from symgate.algebra.values import Across, Down
from symgate.algebra.vectors import is_variable, name_of, variable
from symgate.bounds.limits import GateLimit, gates, limits
from symgate.bounds.norms import Bounds, bounds, path_bound, term_bound
from symgate.linear.paths import carries, followed
from symgate.writing.marks import Acting, AtLimit
from symgate.writing.sections import fixed_point
from symgate.writing.subject import J, K, Subject
from symgate.writing.tree import (
    Formula,
    FormulaLine,
    Part,
    Step,
    Words,
    Written,
    line,
    listed,
    worded,
)

TITLE = "Norm bounds"

#: Past this many factors on paths that gates leave open only what collapses is shown.
MAX_LEFT = 60


def steps(subject: Subject) -> Iterator[Step]:
    found = bounds(subject.cell)
    yield _ranges(subject)
    yield from _factors(subject, found)
    yield bound_step(subject, found)
    yield from _vanish(subject, found)
    yield _carried(subject)
    yield from _limits(subject)
    yield from fixed_point.steps(subject)


def _ranges(subject: Subject) -> Step:
    """What is known of the states themselves."""
    words: Words = ()
    free = []
    for state in subject.states:
        interval = subject.ranges.before[state]
        if not interval.is_bounded:
            free.append((subject.now(state),))
            continue
        said = "{now} lies in {span} after every step. "
        if state in subject.ranges.assumed:
            said = "{now} stays in {span} if it starts there, for instance at 0. "
        words += worded(said, now=subject.now(state), span=subject.span(interval))
    if free:
        words += worded("The equations alone give no bound for {free}.", free=listed(free))
    return Step(("The states",), words)


def _factors(subject: Subject, found: Bounds) -> Iterator[Step]:
    """What bounds the diagonals: each coefficient that is more than a value by itself."""
    lines: dict[Expr, FormulaLine] = {}
    for entries in found.blocks.values():
        for entry in entries:
            for node, term in zip(entry.path.nodes, entry.path.terms, strict=True):
                coefficient = Mul(*term.coefficient)
                if coefficient.as_coeff_Mul()[0].is_negative:
                    coefficient = -coefficient
                if not coefficient.has(Indexed) or is_variable(coefficient):
                    continue
                most = term_bound(found.ranges, node, replace(term, matrix=None))
                if most.is_number:
                    left = MaxNorm(coefficient)
                    lines[left] = line(left, most, relation="≤", order=node.order)
    if not lines:
        return
    heading = "The diagonals"
    said = (
        "The norm of a diagonal matrix is its largest entry in absolute value, which is bounded "
        "by the ranges above:"
    )
    if subject.is_scalar:
        heading, said = "The factors", "The ranges above bound their absolute values:"
    rows = [3] * (len(lines) // 3) + [len(lines) % 3] * (len(lines) % 3 > 0)
    yield Step((heading,), (said,), (Formula(tuple(lines.values()), tuple(rows)),))


def bound_step(subject: Subject, found: Bounds) -> Step:
    heading: Words = ("A bound for each path",)
    lines, terms = [], []
    for (of, wrt), entries in found.blocks.items():
        left = SpectralNorm(subject.partial(of, wrt))
        layers = subject.by_layers(of, wrt)
        if layers is not None:
            ends = dict.fromkeys(end for part in layers.args for end in (part.of, part.wrt))
            order = {end: place for place, end in enumerate(ends)}
            most = Mul(*map(SpectralNorm, layers.args))
            lines.append(line(left, most, relation="≤", order=order))
            continue
        together = (of, wrt) in found.whole and len(entries) > 1
        if not entries or len(subject.states) > 2 or together:
            lines.append(line(left, found.total(of, wrt), relation="≤"))
            continue
        alike = [e.path for e in entries]
        parts = tuple(Part(e.bound, subject.path_name(e.path, alike)) for e in entries)
        lines.append(FormulaLine(left, parts, "≤"))
        terms += [t for e in entries for t in e.path.terms]
    for of in subject.states:
        for wrt in dict.fromkeys(v for s in subject.states if (v := subject.seam(of, s))):
            ways = followed(subject.lin, of, [wrt])[wrt]
            most = Add(*(path_bound(found.ranges, way) for way in ways))
            lines.append(line(SpectralNorm(subject.by(of, wrt)), most, relation="≤"))
    if not lines:
        return Step(heading, ("No state depends on a previous one.",))
    what, these = ("absolute value", "absolute values") if subject.is_scalar else ("norm", "norms")
    said = (
        f"The {what} of a sum is at most the sum of the {these}, and that of a product at most the "
        "product; "
    )
    one = next(iter(sorted(found.matrix().atoms(SpectralNorm), key=str)), None)
    said += (
        "no weight matrix appears"
        if one is None
        else "the norm of a matrix, such as {one}, is its largest singular value"
    )
    if any(w < found.apart(*pair) for pair, w in found.whole.items()):
        said += (
            ". What has the form {whole} is bounded as a whole, by its eigenvalues {across} and "
            "{along}"
        )
    if any(norm.vector.has(Indexed) for norm in found.matrix().atoms(MaxNorm)):
        said += ". A value that has no bound enters through its largest component"
    reason = worded(
        f"{said}:",
        one=one,
        whole=Written(r"a I - b \, u u^{\mathsf{T}}", "a I − b u uᵀ"),
        across=Written("a", "a"),
        along=Written(r"a - b \left\| u \right\|^{2}", "a − b ‖u‖²"),
    )
    formulas, unique = (Formula(tuple(lines)),), tuple(dict.fromkeys(terms))
    return Step(heading, reason, formulas, None, unique, core=True)


def _constant(bound: Expr) -> Expr:
    """What is left of a bound when all weights are zero."""
    return Add(*(part for part in Add.make_args(bound.expand()) if part.is_number))


def _vanish(subject: Subject, found: Bounds) -> Iterator[Step]:
    heading: Words = ("When it must vanish",)
    states = subject.states
    fixed = {s: _constant(found.total(s, s)) for s in states}
    state = max(fixed, key=fixed.__getitem__)
    if all(found.total(of, wrt) == 0 for of in states for wrt in states):
        yield Step(heading, ("Always, after one step.",))
    elif fixed[state] >= 1:
        yield Step(heading, _no_verdict(subject, found, state, fixed[state]))
    elif len(states) == 1:
        yield from _single(subject, heading, found.total(state, state))
    else:
        yield Step(heading, _by_powers(found))


def _by_powers(found: Bounds) -> Words:
    """Several states: a matrix of bounds."""
    steady = not any(n.vector.has(Indexed) for n in found.matrix().atoms(MaxNorm))
    return (
        "Collect the bounds of the blocks in a matrix of numbers"
        + (". " if steady else ", taking the largest values that occur at any step. ")
        + "None of its entries is negative, so its powers bound every product: if its largest "
        "eigenvalue is below 1, the gradient must vanish. Its entries come from the largest "
        "singular values of the weights; the eigenvalues of the weights would not do.",
    )


def _no_verdict(subject: Subject, found: Bounds, state: str, least: Expr) -> Words:
    """Where the bound of a state is 1 or more with all weights zero."""
    whole = found.matrix()
    weights = whole.atoms(SpectralNorm) or whole.atoms(MaxNorm)
    if not weights and whole.is_diagonal() and max(whole.diagonal()) == 1:
        return (
            "The bound is exactly 1 whatever the weights: the gradient cannot explode; whether it "
            "vanishes, the bound does not say.",
        )
    why = (
        "Even with all weights zero, the bound on {block} is {least}"
        if weights
        else "The bound on {block} does not depend on the weights, and is at least 1"
    )
    return worded(
        f"{why}. The bounds therefore never show that the gradient vanishes, nor do they rule out "
        "that it explodes.",
        block=subject.partial(state, state),
        least=least,
    )


def _single(subject: Subject, heading: Words, total: Expr) -> Iterator[Step]:
    """One state: the bound to the power k, and what it takes to be below 1."""
    state = subject.states[0]
    left = SpectralNorm(subject.partial(state, state, lag=K))
    changes = any(norm.vector.has(Indexed) for norm in total.atoms(MaxNorm))
    said = "Over {k} steps the bound is raised to the power {k}"
    if changes:
        said = (
            "Over {k} steps the bounds multiply. If the bounds of all steps stay below some fixed "
            "number less than 1, the gradient vanishes at least geometrically"
        )
    elif not total.is_number:
        said += (
            ". If the bound of one step is below 1, the gradient vanishes at least geometrically"
        )
    elif total <= 1:
        said += ", so the gradient cannot explode"
    most = Along(total, J, K) if changes else total**K
    powers = [Formula((line(left, most, relation="≤"),))]
    if not total.is_number:
        powers.append(Formula((line(total, Integer(1), "the gradient vanishes", relation="<"),)))
    yield Step(heading, worded(f"{said}:", k=K), tuple(powers))
    matrices = sorted(total.atoms(SpectralNorm), key=str)
    if matrices:
        yield Step(("Why not the eigenvalue",), _singular(matrices[0]))


def _singular(norm: SpectralNorm) -> Words:
    """Why the largest singular value and not the eigenvalue."""
    return (
        norm,
        " is the largest singular value, not the largest eigenvalue: the diagonals change from "
        "step to step, and the eigenvalues of the factors do not bound a product. The matrix with "
        "rows (8, 8) and (−8, −8), whose eigenvalues are both zero, has largest singular value 16, "
        "and with tanh it can make the gradient double at every step.",
    )


def _carried(subject: Subject) -> Step:
    heading: Words = ("When it can be carried",)
    alike: dict[tuple[str, Expr], list[Words]] = {}
    for carry in carries(subject.lin):
        known = _multiplied(carry.coefficient)
        alike.setdefault(known, []).append((subject.now(carry.state),))
    can_close = set(gates(subject.cell))
    words: Words = ()
    for (multiplies, coefficient), carried in alike.items():
        held = sorted((v for v in coefficient.atoms(Indexed) if name_of(v) in can_close), key=str)[
            :4
        ]
        settings = [
            found
            for values in tuples(map(Integer, (1, 0)), repeat=len(held))
            if coefficient.xreplace(found := dict(zip(held, values, strict=True))) == 1
        ]
        said = "The carry of {carried}{multiplies}{coefficient}"
        named: Words = ()
        if coefficient == 1:
            said = (
                "The carry of {carried} is the identity: a change passes along it unchanged, "
                "whatever the weights. "
            )
        elif held and settings:
            named = listed([(gate, f" → {end}") for gate, end in settings[0].items()])
            tends = "," if coefficient in held else ", this tends to 1:"
            said += (
                f". As {{named}}{tends} a change passes unchanged, and along this path the "
                "gradient neither vanishes nor explodes. "
            )
        else:
            said += "; the gradient is preserved where this is near 1. "
        words += worded(
            said,
            carried=listed(carried),
            multiplies=multiplies,
            coefficient=coefficient,
            named=named,
        )
    if not words:
        reason = (
            "There is no carry: at every step a change passes through weights or an activation, "
            "and no gate can let it through unchanged."
        )
        return Step(heading, (reason,))
    return Step(heading, words)


def _multiplied(carry: Expr) -> tuple[str, Expr]:
    """What a carry multiplies, and by what: the columns of a matrix in S diag(w)."""
    sides = {type(e) for e in carry.atoms(Across, Down)}
    if len(sides) != 1:
        return " multiplies by ", carry
    what = "columns" if Across in sides else "rows"
    vector = carry.xreplace({e: e.args[0] for e in carry.atoms(Across, Down)})
    return f" multiplies its {what} by the components of ", vector


def _limits(subject: Subject) -> Iterator[Step]:
    heading: Words = ("What remains when a gate closes or opens",)
    found = limits(subject.cell)
    if not found:
        yield Step(heading, ("The cell has no gate with values between 0 and 1.",))
        return
    lines: list[FormulaLine] = []
    quiet = []
    for limit in found:
        known = limit_lines(subject, limit)
        lines += known
        if not known:
            quiet.append(limit.gate)
    words: list[Any] = [
        "A gate at 0 or at 1 has slope 0: the paths through it close, and what it multiplies is "
        "cut off or passed on unchanged. The other values are held fixed."
    ]
    if len(subject.states) > 2:
        words.append(" Only the blocks of a state with respect to itself are shown.")
    if sum(len(part.expression.args) for one in lines for part in one.parts) > MAX_LEFT:
        lines = [one for one in lines if len(one.parts) == 1]
        words.append(" A block is shown only where at most one of its paths is left.")
    still = [g for g in dict.fromkeys(quiet) if quiet.count(g) == 2]
    if still and len(subject.states) <= 2:
        names = listed([(subject.now(g),) for g in still])
        words += [
            " ",
            *names,
            " changes nothing here." if len(still) == 1 else " change nothing here.",
        ]
    if lines:
        words.append(" Blocks that do not depend on the gate are left out:")
    formulas = (Formula(tuple(lines)),) if lines else ()
    yield Step(heading, tuple(words), formulas)


def limit_lines(subject: Subject, limit: GateLimit) -> list[FormulaLine]:
    lines = []
    for (of, wrt), block in limit.blocks.items():
        if block == subject.block(of, wrt):
            continue
        left: Any = AtLimit(variable(limit.gate), limit.value, subject.partial(of, wrt))
        if subject.form == "hadamard":
            left = Acting(left, subject.direction)
        lines.append(FormulaLine(left, subject.summands(block), order=subject.order))
    return lines
