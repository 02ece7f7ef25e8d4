"""`compare`: what two cells have to do with each other, proved or refuted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from symgate.cells import cell as by_name
from symgate.comparing.counterexample import Counterexample, counterexample
from symgate.comparing.filling import Value
from symgate.comparing.normal import Normal, Unsupported, normal
from symgate.comparing.numbers import translated
from symgate.comparing.polynomials import ONE, Matrix, Polynomial, TooLarge
from symgate.comparing.proof import Restriction, Substituted
from symgate.comparing.search import Found, search
from symgate.comparing.slots import Token
from symgate.equations.cell import Cell
from symgate.errors import ShapeError


@dataclass(frozen=True)
class Map:
    """How the second cell's names read in the first: each value is in the first's names."""

    states: Mapping[str, str]
    inputs: Mapping[str, str]
    gates: Mapping[str, str]
    parameters: Mapping[str, str]

    def to_dict(self) -> dict[str, dict[str, str]]:
        return {kind: dict(names) for kind, names in vars(self).items()}

    def __str__(self) -> str:
        shown = [
            f"{name} = {value}"
            for names in vars(self).values()
            for name, value in names.items()
            if name != value
        ]
        return "; ".join(shown) if shown else "the same names"


@dataclass(frozen=True)
class Comparison:
    """The relation of two cells; `verdict` is one of five words.

    "identical": equal up to names; "equal": under a change of parameters; "conditional":
    under one of the alternatives in `conditions`; "different": see `counterexample`;
    "undecided": see `reason`. The first three are proved for all sizes.
    """

    first: Cell
    second: Cell
    verdict: str
    map: Map | None = None
    conditions: tuple[tuple[str, ...], ...] = ()
    counterexample: Counterexample | None = None
    reason: str = ""
    found: Found | None = None

    def __bool__(self) -> bool:
        return self.verdict in ("identical", "equal")

    def parameters(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Numbers for the second cell's parameters that make it the first with `params`.

        All sizes are taken to be those of the arrays; stacked matrices are joined.
        """
        if self.found is None or not self.found.unconditional:
            raise ShapeError(f"{self.verdict} cells have no map of their parameters")
        known = {name: np.asarray(value, dtype=float) for name, value in params.items()}
        return _numbers(self, known)

    def to_dict(self) -> dict[str, Any]:
        example = self.counterexample
        shown = None if example is None else example.to_dict()
        return {
            "first": self.first.name,
            "second": self.second.name,
            "verdict": self.verdict,
            "map": None if self.map is None else self.map.to_dict(),
            "conditions": [list(alternative) for alternative in self.conditions],
            "counterexample": shown,
            "reason": self.reason,
        }

    def __str__(self) -> str:
        head = f"{self.first.name} and {self.second.name}: {self.verdict}"
        lines = [head]
        if self.map is not None:
            lines.append(f"  map: {self.map}")
        for i, alternative in enumerate(self.conditions):
            lines.append(f"  {'or' if i else 'if'} {' and '.join(alternative)}")
        if self.reason:
            lines.append(f"  {self.reason}")
        if self.counterexample is not None:
            intro = "not without, for example" if self.conditions else "for example"
            lines.append(f"  {intro} " + str(self.counterexample).replace("\n", "\n  "))
        return "\n".join(lines)


def compare(first: Cell | str, second: Cell | str) -> Comparison:
    """Compare two cells; zoo names and paths are taken too.

    >>> import symgate as sg
    >>> found = sg.compare(sg.cell("gru"), sg.cell("gru-z-takes-new"))
    >>> found.verdict, found.map.gates["z"], found.map.parameters["U_z"]
    ('equal', '1 - z', '-U_z')
    >>> sg.compare("gru", "gru-reset-after").conditions
    (('n = 1', 'c_n = 0'), ('U_n diagonal', 'c_n = 0'))
    """
    one = by_name(first) if not isinstance(first, Cell) else first
    other = by_name(second) if not isinstance(second, Cell) else second
    try:
        left, right = normal_form(one), normal_form(other)
        relations = list(search(left, right))
    except TooLarge:
        return Comparison(one, other, "undecided", reason="the cells are too large to compare")
    except Unsupported as error:
        return Comparison(one, other, "undecided", reason=str(error))
    if relations and relations[0].unconditional:
        return _equal(left, right, relations[0])
    return _unequal(left, right, relations)


@lru_cache(maxsize=256)
def normal_form(cell: Cell) -> Normal:
    """The normal form of a cell, remembered."""
    return normal(cell)


def _equal(one: Normal, other: Normal, found: Found) -> Comparison:
    same = (
        found.there.renaming and found.back.renaming and not one.blocks and not other.blocks
    ) or _same_blocks(one, other, found)
    verdict = "identical" if same else "equal"
    return Comparison(one.cell, other.cell, verdict, _map(one, other, found), found=found)


def _same_blocks(one: Normal, other: Normal, found: Found) -> bool:
    """Whether stacked matrices are the same on both sides, so that only names change."""
    if not (found.there.renaming and found.back.renaming):
        return False
    whole: dict[str, set[str]] = {}
    for (name, block), value in found.there.values.items():
        token = value[0][1][0]
        if bool(block) != (isinstance(token, Matrix) and bool(token.block)):
            return False
        if isinstance(token, Matrix) and block:
            if other.blocks[name].index(block) != one.blocks[token.name].index(token.block):
                return False
            whole.setdefault(name, set()).add(token.name)
    return all(len(names) == 1 for names in whole.values())


def _unequal(one: Normal, other: Normal, relations: list[Found]) -> Comparison:
    found = relations[0] if relations else None
    try:
        example = counterexample(one, other, found) or counterexample(one, other)
    except (TooLarge, FloatingPointError):
        example = None
    cells = (one.cell, other.cell)
    if found is not None:
        conditions = tuple(_conditions(r, *cells) for r in relations)
        return Comparison(
            *cells, "conditional", _map(one, other, relations[-1]), conditions, example,
            found=relations[-1],
        )  # fmt: skip
    if example is None:
        reason = "no map between them was found, and no numbers at which they differ"
        return Comparison(*cells, "undecided", reason=reason)
    return Comparison(*cells, "different", None, (), example, _structure(one, other))


def _structure(one: Normal, other: Normal) -> str:
    """What can be said of two different cells without numbers."""
    for what, left, right in (
        ("states", tuple(one.states), tuple(other.states)),
        ("outputs beside the states", one.outputs, other.outputs),
        ("inputs", one.cell.inputs, other.cell.inputs),
    ):
        if len(left) != len(right):
            shown = [", ".join(names) or "none" for names in (left, right)]
            return f"{what}: {shown[0]} in the first, {shown[1]} in the second"
    return ""


# -- how maps and conditions read ---------------------------------------------------------


def _conditions(found: Found, first: Cell, second: Cell) -> tuple[str, ...]:
    """The conditions of one alternative, each as a short text."""
    shown = ["n = 1"] if found.single_unit else []
    sides = (
        (found.diagonal_first, found.of_first, first),
        (found.diagonal_second, found.of_second, second),
    )
    for diagonal, restrictions, cell in sides:
        of = f" in {cell.name}" if first.name != second.name and _ambiguous(found) else ""
        shown += [f"{name} diagonal{of}" for name in diagonal]
        order = list(cell.parameters)
        shown += [
            _restriction(r) + of
            for r in sorted(restrictions, key=lambda r: (order.index(r.name[0]), r.name[1]))
        ]
    return tuple(dict.fromkeys(shown))


def _ambiguous(found: Found) -> bool:
    """Whether both cells have conditions that are not the same words."""
    first = {*found.diagonal_first, *map(_restriction, found.of_first)}
    second = {*found.diagonal_second, *map(_restriction, found.of_second)}
    return bool(first and second) and not (first <= second or second <= first)


def _restriction(r: Restriction) -> str:
    name, block = r.name
    return f"{name}{f'[:, {block}]' if block else ''} = {value_text(r.value)}"


def _map(one: Normal, other: Normal, found: Found) -> Map:
    parameters = {}
    for name in other.cell.parameters:
        parts = other.blocks.get(name, ("",))
        texts = [
            value_text(found.there.values.get((name, part),
                       found.there.values.get((f"diag {name}", ""), ())))
            for part in parts
        ]  # fmt: skip
        parameters[name] = texts[0] if len(texts) == 1 else _stacked(one, other, found, name, texts)
    return Map(
        {s: found.names.get(s, s) for s in other.states},
        {x: found.names.get(x, x) for x in other.cell.inputs},
        _gates(one, other, found),
        parameters,
    )


def _stacked(one: Normal, other: Normal, found: Found, name: str, texts: list[str]) -> str:
    """Blocks that are all the blocks of one matrix, in order, are that matrix."""
    tokens = [found.there.values.get((name, part), ()) for part in other.blocks[name]]
    single = [v[0][1][0] for v in tokens if len(v) == 1 and v[0][0] == 1 and len(v[0][1]) == 1]
    matrices = [t for t in single if isinstance(t, Matrix)]
    if len(matrices) == len(texts) and len({m.name for m in matrices}) == 1:
        whole = matrices[0]
        if one.blocks.get(whole.name) == tuple(m.block for m in matrices):
            return f"{whole.name}.T" if whole.transposed else whole.name
    return f"[{', '.join(texts)}]"


def _gates(one: Normal, other: Normal, found: Found) -> dict[str, str]:
    """Each gate of the second cell as a gate of the first, or as 1 minus one."""
    put = Substituted(found.there.values, found.names)
    mine = {**one.gates, **one.states}
    known: dict[Polynomial, str] = {}
    for name, p in mine.items():
        known.setdefault(p, name)
        known.setdefault(Polynomial({ONE: Fraction(1)}) - p, f"1 - {name}")
        known.setdefault(-p, f"-{name}")
    result = {}
    for name in other.cell.gates:
        value = put(other.gates[name])
        if value in known:
            result[name] = known[value]
    return result


def value_text(value: Value) -> str:
    """A sum of products of parameters as text.

    >>> from fractions import Fraction
    >>> value_text(((Fraction(-1), (Matrix("W_z"),)),)), value_text(())
    ('-W_z', '0')
    """
    text = ""
    for c, tokens in value:
        product = " * ".join(map(_token, tokens))
        size = abs(c)
        term = product if size == 1 and product else f"{size} * {product}" if product else str(size)
        sign = "-" if c < 0 else "+"
        text = f"{text} {sign} {term}" if text else f"{'-' if c < 0 else ''}{term}"
    return text or "0"


def _token(token: Token) -> str:
    if isinstance(token, Matrix):
        columns = f"[:, {token.block}]" if token.block else ""
        return f"{token.name}{columns}{'.T' if token.transposed else ''}"
    param, exponent = token
    name = param.name.removeprefix("diag ")
    return name if exponent == 1 else f"{name}**{exponent}"


def _numbers(comparison: Comparison, known: dict[str, Any]) -> dict[str, Any]:
    assert comparison.found is not None
    one, other = normal_form(comparison.first), normal_form(comparison.second)
    return translated(other.cell, other.blocks, comparison.found.there.values, known, one.blocks,
                      _common_size(comparison.first, known))  # fmt: skip


def _common_size(cell: Cell, known: Mapping[str, Any]) -> int:
    lengths = {length for p in cell.parameters.values() if p.name in known
               for length, size in zip(np.shape(known[p.name]), p.shape, strict=True)
               if size.is_Symbol}  # fmt: skip
    if len(lengths) > 1:
        raise ShapeError("the map of numbers takes all sizes equal; give n = m")
    return lengths.pop() if lengths else 1
