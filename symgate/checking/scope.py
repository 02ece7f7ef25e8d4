"""What the names of a formula stand for, and at which step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from symgate.algebra.matrices import ColumnBlock, MatrixOf
from symgate.checking.names import Names, key
from symgate.checking.summands import expanded
from symgate.checking.values import (
    WAYS,
    Later,
    NamedMoment,
    NoSuchName,
    NotUnderstood,
    Place,
    Seen,
    Transform,
    Value,
    VectorRead,
)
from symgate.equations.cell import Cell
from symgate.errors import did_you_mean
from symgate.linear.linearise import linearise
from symgate.linear.terms import Linearisation
from symgate.reading.indices import Indices, tree_time
from symgate.reading.names import Reference, reference
from symgate.reading.trees import Group, Scripted, Tree

#: How many steps back of t a claim may look.
DEEPEST = 8


@dataclass(frozen=True)
class Definition:
    """A name that the claim gives to a formula of its own, at a time."""

    tree: Tree
    indices: Indices
    time: int | None


@dataclass(frozen=True)
class WayToRead:
    """One way to read: which names, from which step, by which ways."""

    cell: Cell
    names: Names
    blocks: Mapping[str, ColumnBlock] = field(default_factory=dict)
    indices: Indices = field(default_factory=Indices)
    ways: Mapping[str, str] = field(default_factory=dict)
    shift: int = 0
    row: bool = False
    text: str = ""
    defined: Mapping[str, Definition] = field(default_factory=dict)
    mentions: frozenset[str] = frozenset()
    seen: Seen = field(default_factory=Seen)

    @property
    def lin(self) -> Linearisation:
        return linearise(self.cell)

    @property
    def numbers(self) -> dict[str, int]:
        """What letters of time are, counted from t."""
        return dict(self.indices.numbers) or dict.fromkeys(self.indices.time, 0)

    def way(self, kind: str, about: str = "") -> str:
        """The way that something ambiguous is read; it is noted, and counted. What it is
        `about` may be read in a way of its own."""
        key = f"{kind}:{about}" if about else kind
        self.seen.chosen[key] = self.ways.get(key, WAYS[kind][0])
        self.seen.times[key] = self.seen.times.get(key, 0) + 1
        return self.seen.chosen[key]

    def line(self, column: Transform) -> Transform:
        """A column, or the row that it is where vectors are rows."""
        return column.turned if self.row else column

    def with_letter(self, letter: str, value: int) -> WayToRead:
        numbers = {**self.numbers, letter: value}
        return replace(self, indices=Indices(numbers=tuple(numbers.items())))

    def earlier(self, steps: int) -> WayToRead:
        """As a formula reads that is written for t and meant for so many steps before."""
        return replace(self, shift=self.shift + steps)

    # -- names -------------------------------------------------------------------------------

    def reference(self, tree: Tree) -> Reference | None:
        """A name with its time; U_i is a matrix also where i counts steps."""
        plain = reference(tree, Indices()) if self.indices.numbers else None
        own = self.names.get(key(plain.name)) if plain is not None else None
        if own in self.cell.parameters:
            return plain
        return reference(tree, self.indices)

    def moment(self, tree: Tree) -> NamedMoment | None:
        """The value at a time that a tree names."""
        ref = self.reference(tree)
        name = self.names.get(key(ref.name)) if ref is not None else None
        if ref is None or name is None or (ref.time is None and name not in self.cell.parameters):
            return None
        return NamedMoment(name, (ref.time or 0) - self.shift)

    def timed(self, tree: Tree, after: Tree) -> NamedMoment | None:
        """h[t-1] and h(t-1), where the time stands in brackets behind the name."""
        bracket = after.base if isinstance(after, Scripted) else after
        if not (isinstance(bracket, Group) and bracket.opening in ("[", "(")):
            return None
        time = tree_time(bracket.items[0], self.indices) if len(bracket.items) == 1 else None
        ref = self.reference(tree)
        name = self.names.get(key(ref.name)) if ref is not None else None
        if time is None or ref is None or name is None or ref.time is not None:
            return None
        return None if name in self.cell.parameters else NamedMoment(name, time - self.shift)

    def unknown(self, ref: Reference, at: Place) -> NotUnderstood:
        known = dict.fromkeys(name for name in self.names.values() if name != ref.name)
        near = did_you_mean(ref.name, known)
        return NoSuchName(f"{ref.name!r} is not a name of {self.cell.name}{near}", at)

    # -- values ------------------------------------------------------------------------------

    def value_of(self, name: str, ref: Reference, at: Place) -> Value:
        time = ref.time
        if time is None and name not in self.cell.parameters:
            time = 0
            if name in self.cell.states:
                time = -1 if self.way("time") == "before" else 0
        return self.value_at(NamedMoment(name, (time or 0) - self.shift), at)

    def value_at(self, moment: NamedMoment, at: Place) -> Value:
        name = moment.name
        if name in self.cell.parameters:
            symbol = self.cell.parameters[name].symbol
            if self.cell.parameters[name].kind == "matrix":
                found = Transform(expanded(symbol), symbol.rows, symbol.cols).at(at)
                return self.line(found)
            shape = self.cell.parameters[name].shape
            return VectorRead(symbol, shape[0] if shape else None)
        self.check_time(moment, at)
        shape = self.lin.shape(name)
        self.seen.moments.append((moment, at.start, at.stop))
        variable = self.lin.variable(name, -moment.time)
        if len(shape) > 1:
            return Transform(expanded(MatrixOf(variable, *shape)), *shape).at(at)
        return VectorRead(variable, shape[0] if shape else None)

    def check_time(self, moment: NamedMoment, at: Place) -> None:
        if moment.time > 0:
            raise Later(moment.time, at)
        if moment.time < -DEEPEST:
            raise NotUnderstood("this lies too many steps back", at)

    def block(self, ref: Reference, at: Place) -> Transform | None:
        """W_{z,h}: those columns of W_z that act on h."""
        found = self.blocks.get(key(ref.name))
        if found is None:
            return None
        block = Transform(expanded(found), *found.shape).at(at)
        return self.line(block)
