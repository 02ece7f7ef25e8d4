"""Lines: one name and what it is, taken from equations of every form.

A chain y = h = … becomes two lines, a column of gates one line each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from symgate.reading.faults import Edit, FoundFault
from symgate.reading.grammar import tree as parsed
from symgate.reading.indices import Indices, tree_time
from symgate.reading.names import Reference, is_value, reference
from symgate.reading.references import references
from symgate.reading.rows import Equation
from symgate.reading.tokens import FormulaError, Token
from symgate.reading.trees import (
    Digits,
    Factors,
    Fraction,
    Group,
    Scripted,
    Spelled,
    Terms,
    Tree,
    WrittenMatrix,
)


@dataclass(frozen=True)
class LaidOutLine:
    """A name with its right side as laid out; `stacked` picks a row of a column of functions.

    `number` counts the equations of the document, so that lines of one equation share it.
    `printed` is the name as it stands, where another was meant.
    """

    target: Reference
    right: Tree | None
    equation: Equation
    number: int
    references: tuple[Reference, ...] = ()
    stacked: tuple[Tree | None, str] | None = None
    faults: tuple[FoundFault, ...] = field(default=())
    printed: str = ""

    @property
    def name(self) -> str:
        return self.target.name

    def is_candidate_of(self, other: LaidOutLine) -> bool:
        """Whether a line is h̃_t beside h_t = … h_t, which reads itself and not the candidate."""
        own, state = self.target, other.target
        itself = any((r.name, r.time) == (state.name, state.time) for r in other.references)
        alike = (own.letter, own.labels) == (state.letter, state.labels)
        return is_value(own) and not state.accents and alike and itself

    @property
    def key(self) -> str:
        """What stands on the right, without spaces, to see what is repeated."""
        return "".join(_flat(self.equation.sides[-1]))


def _flat(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.kind not in ("SPACE", "GAP", "NEWLINE", "AMP", "WIDE", "SOFTROW", "DOT", "COMMA"):
            yield token.value
            yield from _flat(token.inside)


@dataclass(frozen=True)
class LeftOut:
    """An equation that defines no part of a cell, and why it was left."""

    equation: Equation
    why: str
    error: FormulaError | None = None


def lines(equation: Equation, number: int, indices: Indices) -> Iterator[LaidOutLine | LeftOut]:
    """The lines of one equation, or why it has none."""
    try:
        sides = [parsed(side)[0] for side in equation.sides]
    except FormulaError as error:
        target = _first_reference(equation, indices)
        if target is None:
            yield LeftOut(equation, _what_it_is(equation.sides[0]) or error.message, error)
        else:
            why = f"an equation that was not read ({error.message})"
            yield LeftOut(equation, why, error)
            yield LaidOutLine(target, None, equation, number, faults=equation.faults)
        return
    column = _column(sides[0])
    if column is not None:
        yield from _stacked(equation, number, column, sides[1], indices)
        return
    pairs = _pairs(sides, indices)
    if pairs is not None:
        for ref, value in pairs:
            yield LaidOutLine(ref, value, equation, number, tuple(references(value, indices)))
        return
    *names, right = sides
    values = [right]
    while len(names) > 1 and _target(names[-1], indices) is None:
        values.append(names.pop())
    inner = [_target(name, indices) for name in names[1:]]
    last = [found for found in inner if found is not None and found.time == -1]
    if last or (len(values) > 1 and any(isinstance(v[0], Digits) for v in values)):
        yield LeftOut(equation, "the value of an example")  # x_t = h_{t-1} = 0
        return
    right = next((v for v in values if any(_reads_last(t, indices) for t in v)), values[-1])
    yield from _chain(equation, number, names, right, indices)


def _pairs(
    sides: Sequence[tuple[Tree, ...]], indices: Indices
) -> list[tuple[Reference, Tree]] | None:
    """The lines of f, i = …, …: as many names as values; None for anything else."""
    if len(sides) != 2 or len(sides[0]) != len(sides[1]) or len(sides[0]) < 2:
        return None
    refs = [_target((part,), indices) for part in sides[0]]
    if any(ref is None for ref in refs):
        return None
    return [(ref, value) for ref, value in zip(refs, sides[1], strict=True) if ref is not None]


def _chain(
    equation: Equation,
    number: int,
    names: Sequence[tuple[Tree, ...]],
    right: tuple[Tree, ...],
    indices: Indices,
) -> Iterator[LaidOutLine | LeftOut]:
    """Each name of a chain; all but the last are equal to the next one."""
    faults = list(equation.faults)
    targets: list[tuple[Reference, Tree]] = []
    for name in names:
        if len(name) > 1:
            found = [(_target((part,), indices), part) for part in name]
            if any(ref is None for ref, _ in found) or len(right) > 1:
                yield LeftOut(equation, "several values at once")
                return
            faults.append(_comma_fault(name))
            targets.extend((ref, part) for ref, part in found if ref is not None)
            continue
        ref = _target(name, indices)
        if ref is None:
            yield LeftOut(equation, _why_no_target(name[0]))
            return
        targets.append((ref, name[0]))
    if len(right) == 1 and _is_generic(right[0]):
        yield LeftOut(equation, "a form without its formula")
        read = tuple(references(right[0], indices))
        ref = targets[0][0]
        if {"fwd", "bwd"} & set(ref.accents):  # which way a state runs is said all the same
            yield LaidOutLine(ref, None, equation, number, read)
        return
    value = (
        right[0]
        if len(right) == 1
        else Group(right[0].start, right[-1].stop, "(", right, (",",) * (len(right) - 1))
    )
    for i, (ref, _) in enumerate(targets):
        last = i == len(targets) - 1
        tree = value if last else targets[i + 1][1]
        yield LaidOutLine(
            ref,
            tree,
            equation,
            number,
            tuple(references(tree, indices)),
            faults=tuple(faults) if last else (),
        )


def _reads_last(tree: Tree, indices: Indices) -> bool:
    """Whether a side of a chain says how the last state enters."""
    return any(ref.time == -1 for ref in references(tree, indices))


def _is_generic(tree: Tree) -> bool:
    """Whether a right side only says what is read, as f(x_t, h_{t-1})."""
    if not isinstance(tree, Factors) or len(tree.factors) != 2:
        return False
    (_, head), (_, group) = tree.factors
    if not isinstance(group, Group) or group.opening != "(" or len(group.items) < 2:
        return False
    base = head.base if isinstance(head, Scripted) else head
    if isinstance(base, Spelled) and base.name in ("max", "min"):
        return False
    if any(isinstance(item, Terms | Factors) for item in group.items):
        return False
    return isinstance(base, Spelled) and (not base.name[0].isupper() or len(base.name) > 1)


def _comma_fault(name: Sequence[Tree]) -> FoundFault:
    start, stop = name[0].stop, name[1].start
    return FoundFault(
        "wrong_operator",
        "a comma stands between two names with one value; = is meant",
        start,
        stop,
        ",",
        "=",
        (Edit(start, stop, " = "),),
        0.8,
    )


def _target(items: tuple[Tree, ...], indices: Indices) -> Reference | None:
    """The name that a left side defines, or None where it is not a name."""
    if len(items) != 1:
        return None
    tree = items[0]
    inner = tree.base if isinstance(tree, Scripted) else None
    if isinstance(inner, Group) and inner.opening == "[" and len(inner.items) == 1:
        tree = inner.items[0]
    if isinstance(tree, Group) and tree.opening == "[" and len(tree.items) == 1:
        tree = tree.items[0]
    if isinstance(tree, Factors) and len(tree.factors) == 2:
        (_, first), (sign, second) = tree.factors
        group = second.base if isinstance(second, Scripted) else second
        if sign == "" and isinstance(group, Group) and len(group.items) == 1:
            time = tree_time(group.items[0], indices)
            ref = reference(first, indices)
            if time is not None and ref is not None and ref.time is None:
                return replace(ref, time=time, stop=tree.stop, style="call")
        return None
    ref = reference(tree, indices)
    if ref is None or ref.kind in ("PARTIAL", "SUM", "DOTS", "TEXT") or ref.transposed or ref.power:
        return None
    if ref.kind == "FUNCTION":
        return None
    return ref


def _what_it_is(left: Sequence[Token]) -> str:
    """What a formula is that was not read, by its left side: a loss, as L(x) = …, a gradient."""
    letters = [token.value for token in left if token.kind == "LETTER"]
    if any(token.kind == "PARTIAL" for token in left):
        return "a gradient"
    return "a loss" if letters[:1] in (["L"], ["J"], ["E"]) else ""


def _why_no_target(tree: Tree) -> str:
    first = tree.factors[0][1] if isinstance(tree, Factors) else tree
    base = first.base if isinstance(first, Scripted) else first
    if isinstance(base, Spelled) and base.kind == "PARTIAL":
        return "a gradient"
    if isinstance(tree, Fraction):
        return "a derivative"
    if isinstance(tree, Factors):
        (_, first), (_, second) = tree.factors[:2]
        named = isinstance(first, Spelled) and first.name in ("d", "delta", "partial", "nabla")
        if named and not isinstance(second, Group):
            return "a gradient, which runs backward"
        if isinstance(first, Spelled) and first.kind in ("FUNCTION", "LETTER"):
            return "the definition of a function"
    return "no name stands on the left"


def _first_reference(equation: Equation, indices: Indices) -> Reference | None:
    try:
        return _target(parsed(equation.sides[0])[0], indices)
    except FormulaError:
        return None


def _column(items: tuple[Tree, ...]) -> list[Tree] | None:
    """The names of a column of gates on the left side, or None."""
    if len(items) != 1:
        return None
    tree = items[0]
    if (
        isinstance(tree, Group)
        and len(tree.items) == 1
        and isinstance(tree.items[0], WrittenMatrix)
    ):
        tree = tree.items[0]
    if isinstance(tree, WrittenMatrix):
        return [cell for row in tree.rows for cell in row if cell is not None]
    if isinstance(tree, Group) and tree.opening in "[(" and len(tree.items) > 1:
        return list(tree.items)
    return None


def _stacked(
    equation: Equation,
    number: int,
    column: Sequence[Tree],
    right: tuple[Tree, ...],
    indices: Indices,
) -> Iterator[LaidOutLine | LeftOut]:
    """A line for each gate of a column: its function at its rows of the one matrix."""
    refs = [_target((tree,), indices) for tree in column]
    if any(ref is None for ref in refs) or len(right) != 1:
        yield LeftOut(equation, "a column that is no column of names")
        return
    if _is_generic(right[0]):
        yield LeftOut(equation, "a form without its formula")
        return
    functions, inner = _functions(right[0])
    if len(functions) not in (1, len(refs)):
        yield LeftOut(equation, "a column without a column of activations")
        return
    found = tuple(references(inner, indices))
    for i, ref in enumerate(refs):
        assert ref is not None
        function = functions[i if len(functions) > 1 else 0]
        yield LaidOutLine(
            ref,
            inner,
            equation,
            number,
            found,
            (function, ref.name),
            equation.faults if i == 0 else (),
        )


def _functions(tree: Tree) -> tuple[Sequence[Tree | None], Tree]:
    """The activations in front of a stacked product, one None for none, and the product."""
    if not isinstance(tree, Factors):
        return [None], tree
    first = tree.factors[0][1]
    if (
        isinstance(first, Group)
        and len(first.items) == 1
        and isinstance(first.items[0], WrittenMatrix)
    ):
        first = first.items[0]
    rest = tree.factors[1:]
    inner = (
        rest[0][1]
        if len(rest) == 1
        else Factors(rest[0][1].start, tree.stop, (("", rest[0][1]), *rest[1:]))
    )
    if isinstance(first, WrittenMatrix):
        return [cell for row in first.rows for cell in row if cell is not None], inner
    if isinstance(first, Group) and len(first.items) > 1:
        return list(first.items), inner
    if isinstance(first, Spelled) or (
        isinstance(first, Scripted) and isinstance(first.base, Spelled)
    ):
        return [first], inner
    return [None], tree
