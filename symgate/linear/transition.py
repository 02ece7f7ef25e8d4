"""One step of the whole state in blocks of nested sums: whole, or by its paths.

    block = diag(d) + sum over branches of  diag(c) A block'

Paths that begin with the same diagonal and matrix share a branch, so that each matrix
product is done once. This is what the NumPy program runs, forward and backward.

A path is named by the gates that it passes: the carry, "f", "n, r". Where one state reads
another of the same step through no gate (h = o tanh(c) reads c), that reading is shared by
all paths and named by none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from sympy import Add, Expr, Indexed, MatrixExpr, Mul, S

from symgate.algebra.vectors import variable
from symgate.equations.cell import Cell
from symgate.equations.zoo import once_a_cell
from symgate.errors import SymgateError
from symgate.linear.linearise import linearise
from symgate.linear.paths import CARRY, DIRECT, MAX_SUMMANDS, Path, followed, path_count
from symgate.linear.products import Chain, merged
from symgate.linear.sums import sums
from symgate.linear.terms import Linearisation, reached

#: Past this number of letters a path is called by the names on it, not by their roles.
MAX_TITLE = 32


@dataclass(frozen=True)
class Branch:
    """diag(coefficient) . matrix . rest"""

    coefficient: Expr
    matrix: MatrixExpr
    rest: StepBlock


@dataclass(frozen=True)
class StepBlock:
    """diag(diagonal) + branches; a diagonal of 0 is none."""

    diagonal: Expr
    branches: tuple[Branch, ...]

    @property
    def is_identity(self) -> bool:
        return self.diagonal == 1 and not self.branches


@dataclass(frozen=True)
class Transition:
    """One step of the whole state in two moves.

    `within` holds (value, other value of the same step, block) in the order in which a
    backward pass folds them; `across` holds (value, state before, block). The values are
    the states, and every node where the paths between states are too many to list.
    """

    cell: Cell
    values: tuple[str, ...]
    within: tuple[tuple[str, str, StepBlock], ...]
    across: tuple[tuple[str, str, StepBlock], ...]

    @cached_property
    def leading(self) -> Mapping[str, Transition]:
        """The parts that lead back to each value, by its name."""
        return {value: _leading(self, value) for value in (*self.values, *self.cell.states)}


@once_a_cell
def transition(cell: Cell) -> Transition:
    """The step of a cell's whole state: h reads c of the same step, c reads c before.

    >>> import symgate as sg
    >>> [(a, b) for a, b, _ in transition(sg.cell("lstm")).within]
    [('h', 'c')]
    """
    lin = linearise(cell)
    many = _most_paths(lin) > MAX_SUMMANDS
    order = [node.name for node in lin if many or node.name in cell.states]
    before = [variable(s, 1) for s in cell.states]
    found: dict[tuple[str, Indexed], list[Chain]] = {}
    for value in order:
        others = {variable(v) for v in order if v != value}
        ends = sums(lin, value, others.union(before))
        found |= {(value, source): products for source, products in ends.items()}
    return _transition(cell, order, found)


def _most_paths(lin: Linearisation) -> int:
    before = [variable(s, 1) for s in lin.cell.states]
    return max(path_count(lin, s, before) for s in lin.cell.states)


def _transition(
    cell: Cell, order: Sequence[str], found: Mapping[tuple[str, Indexed], Iterable[Chain]]
) -> Transition:
    """A step from the products between values and what they read, by pairs of these."""
    backward = [*reversed(order)]
    within, across = (
        tuple(
            (value, other, nested(found[value, variable(other, lag)]))
            for value in backward
            for other in others
            if (value, variable(other, lag)) in found
        )
        for lag, others in ((0, backward), (1, cell.states))
    )
    return Transition(cell, tuple(order), within, across)


def leading_to(step: Transition, state: str) -> Transition:
    """The parts of a step that lead back to a state, over any number of steps.

    The others never reach the derivative by it, and may outgrow by far what does.

    >>> import symgate as sg
    >>> scrn = transition(sg.cell("scrn"))  # s passes on to h and never sees it
    >>> [(a, b) for a, b, _ in scrn.across], [(a, b) for a, b, _ in leading_to(scrn, "h").across]
    ([('h', 'h'), ('s', 's')], [('h', 'h')])
    """
    return step.leading[state]


def _leading(step: Transition, state: str) -> Transition:
    edges = {(value, other) for value, other, _ in (*step.within, *step.across)}
    leading = reached([state], lambda at: (value for value, other in edges if other == at))
    if all(other in leading for _, other in edges):
        return step
    return replace(
        step,
        within=tuple(part for part in step.within if part[1] in leading),
        across=tuple(part for part in step.across if part[1] in leading),
    )


@dataclass(frozen=True)
class NamedPaths:
    """All paths of a cell's step, by name."""

    cell: Cell
    paths: tuple[Path, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names, the carry first, then in the order of the equations."""
        order = [node.name for node in linearise(self.cell)]
        across = [p for p in self.paths if not p.is_within]
        found = dict.fromkeys(p.name for p in sorted(across, key=lambda p: order.index(p.of)))
        return tuple(sorted(found, key=lambda name: name != CARRY))

    def kept(self, keep: Callable[[str], bool]) -> list[Path]:
        """The paths whose name is kept, and how states of a step read one another."""
        return [path for path in self.paths if path.is_within or keep(path.name)]

    def step(self, keep: Callable[[str], bool]) -> Transition:
        """The step with only the paths whose name is kept.

        >>> import symgate as sg
        >>> alone = named_paths(sg.cell("lstm")).step(lambda name: name == "carry")
        >>> [(value, other, block.diagonal) for value, other, block in alone.across]
        [('c', 'c', f_t)]
        """
        groups: dict[tuple[str, Indexed], list[Path]] = {}
        for path in self.kept(keep):
            groups.setdefault((path.of, path.source), []).append(path)
        states = [node.name for node in linearise(self.cell) if node.name in self.cell.states]
        found = {pair: merged(path.product for path in group) for pair, group in groups.items()}
        return _transition(self.cell, states, found)


@once_a_cell
def named_paths(cell: Cell) -> NamedPaths:
    """Every path of a step, by name.

    >>> import symgate as sg
    >>> named_paths(sg.cell("lstm")).names, named_paths(sg.cell("gru")).names
    (('carry', 'f', 'i', 'g', 'o'), ('carry', 'z', 'n', 'n, r'))
    """
    lin = linearise(cell)
    most = _most_paths(lin)
    if most > MAX_SUMMANDS:
        raise SymgateError(
            f"{cell.name} has {most} paths through one step, too many to tell apart (the limit "
            f"is {MAX_SUMMANDS}); its curve and its bounds are there without them"
        )
    old = [lin.variable(s, 1) for s in cell.states]
    found = _between(lin, old)
    if all(_is_named_by_its_end(path) for path in found):
        found = _between(lin, [*old, *map(lin.variable, cell.states)])
    return NamedPaths(cell, tuple(found))


def _between(lin: Linearisation, ends: Sequence[Indexed]) -> list[Path]:
    """The paths from each state to the ends, where they stop."""
    return [
        path
        for state in lin.cell.states
        for found in followed(lin, state, [e for e in ends if e != lin.variable(state)]).values()
        for path in found
    ]


def _is_named_by_its_end(path: Path) -> bool:
    """Whether how the new state reads the last state on the way passes no gate."""
    last = max(i for i, node in enumerate(path.nodes) if i == 0 or node.kind == "state")
    return Path(path.links[last:]).gates == path.gates


def nested(products: Iterable[Chain]) -> StepBlock:
    """Nest products by what they begin with."""
    diagonal: Expr = S.Zero
    groups: dict[tuple[Expr, MatrixExpr], list[Chain]] = {}
    for p in products:
        if p.pairs:
            (factors, matrix), *rest = p.pairs
            inner = Chain(tuple(rest), p.last)
            groups.setdefault((Mul(*factors), matrix), []).append(inner)
        else:
            diagonal = Add(diagonal, Mul(*p.last))
    branches = tuple(Branch(c, matrix, nested(rest)) for (c, matrix), rest in groups.items())
    return StepBlock(diagonal, branches)


def roles_on(cell: Cell, names: Sequence[str]) -> list[str]:
    """What the values on a path are called; "" where their names say it: where another value
    is called the same, or all of them together are too long."""
    called = Counter(map(cell.role, cell.equations))
    roles = [role if called[role := cell.role(name)] == 1 else "" for name in names]
    return roles if len(" and ".join(roles)) <= MAX_TITLE or len(roles) < 2 else [""] * len(roles)


def path_title(cell: Cell, name: str) -> str:
    """The name of paths in words, as they stand in derivations, tables and pictures.

    >>> import symgate as sg
    >>> path_title(sg.cell("gru"), "n, r"), path_title(sg.cell("rnn"), "U")
    ('candidate and reset gate', 'through U')
    """
    names = name.split(", ")
    *most, last = [role or n for role, n in zip(roles_on(cell, names), names, strict=True)]
    said = f"{', '.join(most)} and {last}" if most else last
    return said if name in (CARRY, DIRECT) or names[0] in cell.equations else f"through {said}"
