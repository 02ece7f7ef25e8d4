"""How maps and conditions read: as text here, as LaTeX in `symgate.comparing.formulas`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from symgate.algebra.activations import ACTIVATIONS
from symgate.bounds.intervals import EVERYTHING
from symgate.comparing.changes import DIAGONAL, diagonal_name, plain_name
from symgate.comparing.coefficients import Token
from symgate.comparing.intervals import image, range_of
from symgate.comparing.normal import Normal, is_of_rows
from symgate.comparing.polynomials import (
    ONE,
    ZERO,
    Act,
    MatrixFactor,
    Param,
    Polynomial,
    signed,
    total,
)
from symgate.comparing.proof import Restriction, Substituted
from symgate.comparing.search import ProvedMap
from symgate.comparing.solving import Value
from symgate.equations.cell import Cell


@dataclass(frozen=True)
class CellMap:
    """What to put in for the second cell's names: each value is in the first's names."""

    states: Mapping[str, str]
    inputs: Mapping[str, str]
    gates: Mapping[str, str]
    parameters: Mapping[str, str]

    def to_dict(self) -> dict[str, dict[str, str]]:
        return {kind: dict(names) for kind, names in vars(self).items()}

    @property
    def changed(self) -> Mapping[str, str]:
        """What has another name, or is something else, in the first cell."""
        told = (pair for names in vars(self).values() for pair in names.items())
        return {name: value for name, value in told if name != value}

    def __str__(self) -> str:
        shown = [f"{name} → {value}" for name, value in self.changed.items()]
        return "; ".join(shown) if shown else "the same names"


def map_in_words(one: Normal, other: Normal, found: ProvedMap) -> CellMap:
    """The map of a relation in words."""
    told: dict[str, dict[str, str]] = {kind: {} for kind in ("state", "input", "gate", "parameter")}
    for kind, name, value in entries(one, other, found, InWords()):
        told[kind][name] = value
    return CellMap(*told.values())


class InWords:
    """How names and products of parameters read: as text; LaTeX is a subclass."""

    times, matrix_times = " * ", " @ "

    def variable(self, name: str) -> str:
        return name

    def size(self, number: Fraction) -> str:
        return str(number)

    def token(self, token: Token) -> str:
        if isinstance(token, MatrixFactor):
            return f"{_columns(token.name, token.block)}{'.T' if token.transposed else ''}"
        param, exponent = token
        name = _columns(plain_name(param.name), param.name.partition("|")[2])
        return name if exponent == 1 else f"{name}**{exponent}"

    def diagonal(self, shown: str) -> str:
        return f"diag({shown})"

    def beside(self, blocks: list[str], rows: bool) -> str:
        """Blocks of one matrix, one above the other where they are `rows` of it."""
        return f"[{('; ' if rows else ', ').join(blocks)}]"

    def value(self, value: Value, matrix: bool = False) -> str:
        """A sum of products of parameters; of a matrix, what is not one is a diagonal.

        >>> from fractions import Fraction
        >>> words = InWords()
        >>> words.value(((Fraction(-1), (MatrixFactor("W_z"),)),)), words.value(())
        ('-W_z', '0')
        >>> b = (Param("b", scalar=False), Fraction(1))
        >>> words.value(((Fraction(1), (MatrixFactor("U"),)), (Fraction(-2), (b,))), True)
        'U - 2 * diag(b)'
        """
        return signed((c, self.product(abs(c), tokens, matrix)) for c, tokens in value)

    def product(self, size: Fraction, tokens: tuple[Token, ...], matrix: bool) -> str:
        parts = [self.size(size)] * (size != 1)
        if matrix:
            scalars = [t for t in tokens if not isinstance(t, MatrixFactor) and t[0].scalar]
            rest = [t for t in tokens if t not in scalars]
            shown = [self.token(t) if is_matrix(t) else self.diagonal(self.token(t)) for t in rest]
            parts += [*map(self.token, scalars), self.matrix_times.join(shown) or "I"]
        else:
            parts += map(self.token, tokens)
        return self.times.join(parts) or "1"


def entries(
    one: Normal, other: Normal, found: ProvedMap, words: InWords
) -> Iterator[tuple[str, str, str]]:
    """What each name of the second cell is in the first's: its kind, the name, and that."""
    for kind, names in (("state", other.states), ("input", other.cell.inputs)):
        for name in names:
            yield kind, name, words.variable(found.names.get(name, name))
    for name, (constant, sign, gate) in gates(one, other, found).items():
        terms = [(Fraction(1), str(constant))] * bool(constant)
        yield "gate", name, signed([*terms, (Fraction(sign), words.variable(gate))])
    for name, parameter in other.cell.parameters.items():
        whole = whole_matrix(one, other, found, name)
        blocks = [
            "I"
            if (name, block) in found.second.identity
            else words.value(value, parameter.kind == "matrix")
            for block, value in values(other, found, name)
        ]
        rows = is_of_rows(other.blocks.get(name, ("",))[0])
        told = blocks[0] if len(blocks) == 1 else words.beside(blocks, rows)
        yield "parameter", name, told if whole is None else words.token(whole)


def values(other: Normal, found: ProvedMap, name: str) -> list[tuple[str, Value]]:
    """What each block of a parameter of the second cell is in the first's."""
    known = found.there.values
    return [
        (block, known.get((name, block), known.get((diagonal_name(name, block), ""), ())))
        for block in other.blocks.get(name, ("",))
    ]


def whole_matrix(one: Normal, other: Normal, found: ProvedMap, name: str) -> MatrixFactor | None:
    """The matrix whose blocks, in order, are the blocks of a stacked one."""
    if name not in other.blocks:
        return None
    parts = [value for _, value in values(other, found, name)]
    single = [v[0][1][0] for v in parts if len(v) == 1 and v[0][0] == 1 and len(v[0][1]) == 1]
    matrices = [t for t in single if isinstance(t, MatrixFactor)]
    if len(matrices) < len(parts) or len({(m.name, m.transposed) for m in matrices}) > 1:
        return None
    whole = matrices[0]
    if one.blocks.get(whole.name) != tuple(m.block for m in matrices):
        return None
    return MatrixFactor(whole.name, whole.transposed)


def gates(one: Normal, other: Normal, found: ProvedMap) -> dict[str, tuple[int, int, str]]:
    """Each gate of the second cell as a constant plus a sign times a gate of the first."""
    put = Substituted(found.there.values, found.names)
    known: dict[Polynomial, tuple[int, int, str]] = {}
    for name, p in {**one.gates, **one.states}.items():
        known.setdefault(p, (0, 1, name))
        known.setdefault(Polynomial({ONE: Fraction(1)}) - p, (1, -1, name))
        known.setdefault(-p, (0, -1, name))
    found_values = {name: put(other.gates[name]) for name in other.cell.gates}
    return {name: known[value] for name, value in found_values.items() if value in known}


def conditions_in_words(found: ProvedMap, first: Cell, second: Cell) -> tuple[str, ...]:
    """The conditions of one alternative, each as a short text."""
    shown = ["n = 1"] if found.single_unit else []
    shown += found.sizes
    both = _ambiguous(found)
    for asked, cell in ((found.first, first), (found.second, second)):
        of = f" in {cell.name}" if first.name != second.name and both else ""
        shown += [f"{_columns(*name)} is diagonal{of}" for name in asked.diagonal]
        shown += [f"{_columns(*name)} = I{of}" for name in asked.identity]
        order = list(cell.parameters)
        shown += [
            _restriction(r, cell.parameters[r.plain].kind == "matrix") + of
            for r in sorted(asked.equal, key=lambda r: (order.index(r.plain), r.name[1]))
        ]
    if found.image:
        shown += _image(found, *((first, second) if found.image == "second" else (second, first)))
    return tuple(dict.fromkeys([*shown, *found.readings]))


def _image(found: ProvedMap, known: Cell, cell: Cell) -> list[str]:
    """What the parameters of the larger cell have to be, in those of the smaller one."""
    solution = found.there if found.image == "second" else found.back
    own, its = known.name, cell.name
    if own == its:
        own, its = ("first", "second") if found.image == "second" else ("second", "first")
    uses = Counter(v[0][1] for v in solution.values.values() if len(v) == 1)
    shown = []
    for (name, block), value in solution.values.items():
        plain = len(value) == 1 and uses[value[0][1]] == 1 and len(value[0][1]) == 1
        param = cell.parameters[name]
        if plain and _is_any(value[0][1][0], param.kind, known):
            continue
        what = InWords().value(value, param.kind == "matrix")
        if any(t for _, t in value):
            what = f"{what} of {own}{_reach(value)}"
        shown.append(f"{_columns(name, block)} of {its} is {what}")
    return shown


def _reach(value: Value) -> str:
    """The numbers that a value takes, where these are not all."""
    p = total(
        Polynomial({frozenset(t for t in tokens if not isinstance(t, MatrixFactor)): c})
        for c, tokens in value
        if not any(isinstance(t, MatrixFactor) for t in tokens)
    )
    known = {
        g.name: image(Act(g.name.partition("(")[0], ZERO), EVERYTHING)
        for m, _ in p
        for g, _ in m
        if isinstance(g, Param) and g.name.partition("(")[0] in ACTIVATIONS
    }
    reach = range_of(p, known)
    return (
        ""
        if reach == EVERYTHING or any(isinstance(t, MatrixFactor) for _, ts in value for t in ts)
        else f", in {reach}"
    )


def _is_any(token: Token, kind: str, cell: Cell) -> bool:
    """Whether a parameter of this kind can be any of its kind: a free one, to the first power."""
    if isinstance(token, MatrixFactor):
        return True
    param, power = token
    wide = kind != "vector" or not param.scalar
    return wide and power == 1 and plain_name(param.name) in cell.parameters


def _ambiguous(found: ProvedMap) -> bool:
    """Whether both cells have conditions that are not the same words."""
    first, second = (
        {*asked.diagonal, *asked.identity, *map(_restriction, asked.equal)}
        for asked in (found.first, found.second)
    )
    return bool(first and second) and not (first <= second or second <= first)


def _restriction(r: Restriction, matrix: bool = False) -> str:
    block = r.name[1] or r.name[0].partition("|")[2]
    value = InWords().value(r.value, matrix or r.of_matrix)
    return f"{_columns(r.plain, block)} = {value}"


def _columns(name: str, block: str) -> str:
    return f"{name}[{block}]" if block else name


def is_matrix(token: Token) -> bool:
    """Whether a factor is a matrix, perhaps one that is taken to be diagonal."""
    return isinstance(token, MatrixFactor) or token[0].name.startswith(DIAGONAL)
