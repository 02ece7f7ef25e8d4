"""How maps and conditions read: as text here, as LaTeX in `symgate.comparing.formulas`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from symgate.comparing.changes import DIAGONAL, diagonal_name, plain_name
from symgate.comparing.coefficients import Token
from symgate.comparing.intervals import ALL, POSITIVE, Between, range_of
from symgate.comparing.normal import Normal, is_of_rows
from symgate.comparing.polynomials import ONE, MatrixFactor, Param, Polynomial, total
from symgate.comparing.proof import Restriction, Substituted
from symgate.comparing.search import ProvedMap
from symgate.comparing.solving import Value
from symgate.equations.cell import Cell


@dataclass(frozen=True)
class Map:
    """What to put in for the second cell's names: each value is in the first's names."""

    states: Mapping[str, str]
    inputs: Mapping[str, str]
    gates: Mapping[str, str]
    parameters: Mapping[str, str]

    def to_dict(self) -> dict[str, dict[str, str]]:
        return {kind: dict(names) for kind, names in vars(self).items()}

    def __str__(self) -> str:
        shown = [
            f"{name} → {value}"
            for names in vars(self).values()
            for name, value in names.items()
            if name != value
        ]
        return "; ".join(shown) if shown else "the same names"


def map_in_words(one: Normal, other: Normal, found: ProvedMap) -> Map:
    """The map of a relation in words."""
    return Map(
        {s: found.names.get(s, s) for s in other.states},
        {x: found.names.get(x, x) for x in other.cell.inputs},
        {gate: gate_text(*value) for gate, value in gates(one, other, found).items()},
        {name: _value(one, other, found, name) for name in other.cell.parameters},
    )


def _value(one: Normal, other: Normal, found: ProvedMap, name: str) -> str:
    whole = whole_matrix(one, other, found, name)
    if whole is not None:
        return _token(whole)
    matrix = other.cell.parameters[name].kind == "matrix"
    texts = [
        "I" if (name, block) in found.identity_second else value_text(value, matrix)
        for block, value in values(other, found, name)
    ]
    between = "; " if is_of_rows(other.blocks.get(name, ("",))[0]) else ", "
    return texts[0] if len(texts) == 1 else f"[{between.join(texts)}]"


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


def gate_text(constant: int, sign: int, name: str) -> str:
    if constant:
        return f"{constant} {'-' if sign < 0 else '+'} {name}"
    return f"-{name}" if sign < 0 else name


def conditions_in_words(found: ProvedMap, first: Cell, second: Cell) -> tuple[str, ...]:
    """The conditions of one alternative, each as a short text."""
    shown = ["n = 1"] if found.single_unit else []
    shown += found.sizes
    both = _ambiguous(found)
    sides = (
        (found.diagonal_first, found.identity_first, found.of_first, first),
        (found.diagonal_second, found.identity_second, found.of_second, second),
    )
    for diagonal, identity, restrictions, cell in sides:
        of = f" in {cell.name}" if first.name != second.name and both else ""
        shown += [f"{_columns(*name)} diagonal{of}" for name in diagonal]
        shown += [f"{_columns(*name)} = I{of}" for name in identity]
        order = list(cell.parameters)
        shown += [
            _restriction(r, cell.parameters[r.plain].kind == "matrix") + of
            for r in sorted(restrictions, key=lambda r: (order.index(r.plain), r.name[1]))
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
        what = value_text(value, param.kind == "matrix")
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
        g.name: CLOSED_FORMS[g.name.partition("(")[0]]
        for m, _ in p
        for g, _ in m
        if isinstance(g, Param) and g.name.partition("(")[0] in CLOSED_FORMS
    }
    reach = range_of(p, known)
    return (
        ""
        if reach == ALL or any(isinstance(t, MatrixFactor) for _, ts in value for t in ts)
        else f", in {reach}"
    )


#: The values of what stands as a parameter of its own, by the function it begins with.
CLOSED_FORMS = {
    "exp": POSITIVE,
    "sigmoid": Between(0, 1, True, True),
    "tanh": Between(-1, 1, True, True),
}


def _is_any(token: Token, kind: str, cell: Cell) -> bool:
    """Whether a parameter of this kind can be any of its kind: a free one, to the first power."""
    if isinstance(token, MatrixFactor):
        return True
    param, power = token
    wide = kind != "vector" or not param.scalar
    return wide and power == 1 and plain_name(param.name) in cell.parameters


def _ambiguous(found: ProvedMap) -> bool:
    """Whether both cells have conditions that are not the same words."""
    first: set[object] = {*found.diagonal_first, *found.identity_first}
    second: set[object] = {*found.diagonal_second, *found.identity_second}
    first |= {_restriction(r) for r in found.of_first}
    second |= {_restriction(r) for r in found.of_second}
    return bool(first and second) and not (first <= second or second <= first)


def _restriction(r: Restriction, matrix: bool = False) -> str:
    block = r.name[1] or r.name[0].partition("|")[2]
    value = value_text(r.value, matrix or r.of_matrix)
    return f"{_columns(r.plain, block)} = {value}"


def _columns(name: str, block: str) -> str:
    return f"{name}[{block}]" if block else name


def value_text(value: Value, matrix: bool = False) -> str:
    """A sum of products of parameters as text; of a matrix, what is not one is a diagonal.

    >>> from fractions import Fraction
    >>> value_text(((Fraction(-1), (MatrixFactor("W_z"),)),)), value_text(())
    ('-W_z', '0')
    >>> b = Param("b", scalar=False)
    >>> value_text(((Fraction(1), (MatrixFactor("U"),)), (Fraction(-2), ((b, Fraction(1)),))), True)
    'U - 2 * diag(b)'
    """
    text = ""
    for c, tokens in sorted(value, key=lambda term: term[0] < 0):
        size = abs(c)
        parts = [str(size)] * (size != 1)
        if matrix:
            scalars, rest = scalars_apart(tokens)
            shown = [_token(t) if is_matrix(t) else f"diag({_token(t)})" for t in rest]
            parts += [*map(_token, scalars), " @ ".join(shown) or "I"]
        else:
            parts += map(_token, tokens)
        term = " * ".join(parts) or "1"
        sign = "-" if c < 0 else "+"
        text = f"{text} {sign} {term}" if text else f"{'-' if c < 0 else ''}{term}"
    return text or "0"


def is_matrix(token: Token) -> bool:
    """Whether a factor is a matrix, perhaps one that is taken to be diagonal."""
    return isinstance(token, MatrixFactor) or token[0].name.startswith(DIAGONAL)


def scalars_apart(tokens: tuple[Token, ...]) -> tuple[list[Token], list[Token]]:
    """The factors of a product that are numbers, and the others in their order."""
    scalars: list[Token] = [t for t in tokens if not isinstance(t, MatrixFactor) and t[0].scalar]
    return scalars, [t for t in tokens if t not in scalars]


def _token(token: Token) -> str:
    if isinstance(token, MatrixFactor):
        return f"{_columns(token.name, token.block)}{'.T' if token.transposed else ''}"
    param, exponent = token
    name = _columns(plain_name(param.name), param.name.partition("|")[2])
    return name if exponent == 1 else f"{name}**{exponent}"
