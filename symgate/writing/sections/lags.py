"""k steps: the product, the carry alone in closed form, two steps written out, the paths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from itertools import product as tuples
from typing import Any

from sympy import Add, Identity, Indexed, Matrix, MatrixExpr, Mul, Pow

from symgate.algebra.marks import Along, Dots, Partial
from symgate.algebra.marks import OneStep as StepMatrix
from symgate.algebra.matrices import OrderedProduct
from symgate.algebra.operators import Diag, OperatorProduct, kronecker, product, total
from symgate.algebra.values import Across, Down
from symgate.algebra.vectors import MatVec, Stack, rank, shifted, t, variable
from symgate.linear.jacobian import jacobian
from symgate.linear.paths import carries, count, paths
from symgate.numerals import whole
from symgate.writing.subject import J, K, Subject
from symgate.writing.tree import (
    Formula,
    FormulaLine,
    Part,
    Step,
    Table,
    Words,
    Written,
    line,
    listed,
    worded,
)

TITLE = "Many steps"

#: Past this many products a lag is not written out.
MAX_PRODUCTS = 16

#: Past this many paths of one step two steps are not written out in the gates.
MAX_TERMS = 6

#: Past this many matrices on the paths of a block neither: nobody reads such a product.
MAX_FACTORS = 9


def steps(subject: Subject) -> Iterator[Step]:
    yield _product(subject)
    yield _carry(subject)
    yield from _written_out(subject)
    yield _number_of_paths(subject)


def _letter(subject: Subject, lag: Any = 0) -> StepMatrix:
    return StepMatrix(t - lag, _size(subject))


def _size(subject: Subject) -> Any:
    return Add(*(subject.lin.size(s) for s in subject.states))


def _product(subject: Subject) -> Step:
    size, states = _size(subject), subject.states
    factors: list[MatrixExpr] = [
        _letter(subject),
        _letter(subject, 1),
        Dots(size),
        _letter(subject, K - 1),
    ]
    said = "By the chain rule the Jacobians of the steps multiply, the latest on the left"
    if subject.layout == "transposed":
        factors.reverse()
        said = (
            "By the chain rule the Jacobians of the steps multiply; in this layout the latest "
            "stands on the right"
        )
    block = subject.partial(states[0], states[0], lag=K)
    left: Any = block
    if len(states) > 1:
        left = _whole(subject, K)
        said += (
            ". A single block, such as {block}, is a block of this product, not a product of blocks"
        )
    reason = worded(f"{said}:", block=block)
    lines: tuple[FormulaLine, ...] = (line(left, OperatorProduct(*factors)),)
    if subject.layout == "numerator":
        over = OrderedProduct(_letter(subject), J, K)
        lines = (FormulaLine(left, (Part(over),)), line(None, OperatorProduct(*factors)))
    return Step(("The product",), reason, (Formula(lines),), core=True)


def _whole(subject: Subject, lag: Any) -> Any:
    """∂[h_t, c_t] / ∂[h_{t-k}, c_{t-k}]."""
    sizes = [subject.lin.size(s) for s in subject.states]
    now = Stack([variable(s) for s in subject.states], sizes)
    before = Stack([shifted(variable(s), lag) for s in subject.states], sizes)
    return Partial(now, before, _size(subject), _size(subject))


def _carry(subject: Subject) -> Step:
    lines, terms, named = [], [], []
    found = carries(subject.lin)
    for carry in found:
        named.append(carry.state)
        terms += [term for path in carry.paths for term in path.terms]
        label: Words = ("carry of ", subject.now(carry.state)) if len(found) > 1 else ()
        shown = closed_form(carry.coefficient, subject.lin.shape(carry.state))
        lines.append(line(None, shown, *label, relation="", order=subject.order))
    if not lines:
        none = (
            "There is no carry: at every step, every path from a state to itself passes through a "
            "weight matrix or an activation."
        )
        return Step(("The carry alone",), (none,))
    each = "" if len(named) == 1 else " in each case"
    reason = worded(
        "The path that takes the carry at every step contains no weight matrix. Its share of "
        f"{{wholes}} has a closed form{each}:",
        wholes=listed([(subject.partial(s, s, lag=K),) for s in named]),
    )
    formulas = tuple(Formula((one,)) for one in lines)
    return Step(("The carry alone",), reason, formulas, None, tuple(terms), core=True)


def closed_form(coefficient: Any, shape: Sequence[Any]) -> MatrixExpr:
    """The k-fold product of diag(coefficient): diag(∏ f), or a power where f is constant.

    Of S diag(w) it is I ⊗ diag(∏ w), of a number of the step that number's product.
    """
    factors = Mul.make_args(coefficient)
    rest = Mul(*(f for f in factors if not isinstance(f, Across | Down)))
    sides = [
        _closed(Mul(*(f.args[0] for f in factors if isinstance(f, kind))), size)
        for kind, size in zip((Down, Across), shape, strict=len(shape) == 2)
        if len(shape) == 2
    ]
    size = Mul(*shape)
    if not sides:
        return _closed(rest, size)
    inside = kronecker(*sides)
    return inside if rest == 1 else product([_closed(rest, size), inside], size)


def _closed(coefficient: Any, size: Any) -> Any:
    if coefficient == 1:
        return Identity(size)
    moves = coefficient.has(Indexed, MatVec)
    power = Along(coefficient, J, K) if moves else Pow(coefficient, K)
    if size == 1:
        return power
    return Diag(size, power) if rank(coefficient) else product([power, Identity(size)], size)


def _factors(subject: Subject, of: str, wrt: str) -> int:
    """How many matrices and other maps stand on the paths of a block, all together."""
    terms = [term for path in paths(subject.lin, of, wrt) for term in path.terms]
    return sum(term.map is not None or term.matrix is not None for term in terms)


def _written_out(subject: Subject) -> Iterator[Step]:
    """The blocks of the product over a few steps: in blocks, then in the gates."""
    lag, states = subject.lag, subject.states
    heading: Words = (f"{_number(lag)} steps written out",)
    if lag == 1:
        yield Step(("One step written out",), ("This is the one-step Jacobian above.",))
        return
    if len(states) ** (lag - 1) > MAX_PRODUCTS:
        reason: Words = (
            f"Written out, {lag} steps would take {len(states) ** (lag - 1)} products "
            "for each block; the product above says the same thing.",
        )
        yield Step(heading, reason)
        return
    shown = states if len(states) <= 2 else states[:1]
    ways = {(of, wrt): _ways(subject, of, wrt) for of in shown for wrt in shown}
    ways = {pair: found for pair, found in ways.items() if found}
    if not ways:
        yield Step(heading, ("No path leads that far.",))
        return
    lines = [_in_blocks(subject, found) for found in ways.values()]
    numbers = [count(subject.lin, of, wrt) for of in states for wrt in states]
    in_gates = lag == 2 and len(states) <= 2 and max(numbers) <= MAX_TERMS
    in_gates = in_gates and max(_factors(subject, *pair) for pair in ways) <= MAX_FACTORS
    if len(states) == 1:
        if in_gates:
            lines.append(line(None, _in_gates(subject, *ways.values())))
        reason = ("Each factor is the one-step Jacobian above, taken at its own time:",)
        yield Step(heading, reason, (Formula(tuple(lines)),))
        return
    likewise = "; the other blocks follow likewise:" if len(states) > 2 else ":"
    reason = (f"A row of blocks times a column of blocks, each at its own time{likewise}",)
    yield Step(heading, reason, (Formula(tuple(lines)),))
    if in_gates:
        formulas = [
            Formula((line(subject.partial(*pair, lag=lag), _in_gates(subject, found)),))
            for pair, found in ways.items()
        ]
        earlier = Written("t - 1", "t − 1")
        reason = ("Substituting the blocks, with those of the previous step at time ", earlier, ":")
        yield Step(("Two steps in the gates",), reason, tuple(formulas))


def _ways(subject: Subject, of: str, wrt: str) -> list[tuple[str, ...]]:
    """The states that a change passes through over the steps that are written out."""
    through = tuples(subject.states, repeat=subject.lag - 1)
    ways = [(of, *between, wrt) for between in through]
    return [w for w in ways if all(count(subject.lin, a, b) for a, b in pairwise(w))]


def _in_blocks(subject: Subject, ways: list[tuple[str, ...]]) -> FormulaLine:
    """∂h_t/∂h_{t-2} = ∂h_t/∂h_{t-1} ∂h_{t-1}/∂h_{t-2} + …, one summand a way."""
    parts = []
    for way in ways:
        chain = [subject.partial(a, b, lag=i + 1, at=i) for i, (a, b) in enumerate(pairwise(way))]
        if subject.layout == "transposed":
            chain.reverse()
        label: Words = ()
        if len(subject.states) > 1:
            via = [(variable(s, i + 1),) for i, s in enumerate(way[1:-1])]
            label = ("via ", *listed(via))
        parts.append(Part(OperatorProduct(*chain), label))
    left = subject.partial(ways[0][0], ways[0][-1], lag=subject.lag)
    return FormulaLine(left, tuple(parts))


def _in_gates(subject: Subject, ways: list[tuple[str, ...]]) -> MatrixExpr:
    """The same with every block as the sum of its paths."""
    summands = []
    for way in ways:
        pairs = enumerate(pairwise(way))
        blocks = [shifted(jacobian(subject.cell, a, b), i) for i, (a, b) in pairs]
        summands.append(product(blocks, subject.lin.size(way[0])))
    size, last = (subject.lin.size(ways[0][i]) for i in (0, -1))
    return subject.laid_out(total(summands, size, last))


def _number(lag: int) -> str:
    return {2: "Two", 3: "Three", 4: "Four"}.get(lag, str(lag))


def _number_of_paths(subject: Subject) -> Step:
    states = subject.states
    steps_of = Matrix([[count(subject.lin, of, wrt) for wrt in states] for of in states])
    if len(states) == 1:
        (number,) = steps_of
        carried = next(iter(carries(subject.lin)), None)
        if number == 0:
            return Step(("The number of paths",), ("There is none.",))
        if number == 1:
            what = "it is the carry" if carried else "it passes through the weights at every step"
            return Step(("The number of paths",), (f"One at each lag; {what}.",))
        alone = " One of them is the carry alone." if carried and len(carried.paths) == 1 else ""
        reason = worded(
            f"One step has {number} paths, so {{k}} steps have {{all}}: {whole(int(number**2))} "
            f"over two steps, {whole(int(number**3))} over three.{alone}",
            k=K,
            all=Pow(number, K),
        )
        return Step(("The number of paths",), reason)
    if all(steps_of[i, j] == (i == j) for i in range(len(states)) for j in range(len(states))):
        return Step(("The number of paths",), ("One from each state to itself, at each lag.",))
    pairs = [(i, j) for i in range(len(states)) for j in range(len(states))]
    pairs = [p for p in pairs if any((steps_of**k)[p] for k in (1, 2, 3))]
    if len(pairs) > 4:
        pairs = [p for p in pairs if p[0] == p[1] or p == (0, 1)][:5]
    header: list[Words] = [(K,)]
    header += [(shifted(variable(states[j]), K), " to ", variable(states[i])) for i, j in pairs]
    rows: list[tuple[Words, ...]] = []
    for k in (1, 2, 3, 6):
        powered = steps_of**k
        rows.append(((f"{k}",), *((whole(int(powered[p])),) for p in pairs)))
    reason = (
        "Multiplied out, each choice of one path per step gives one product of matrices and "
        "diagonals:",
    )
    return Step(("The number of paths",), reason, (), Table(tuple(header), tuple(rows)))
