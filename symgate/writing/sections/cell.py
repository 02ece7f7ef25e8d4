"""The cell: its equations, what each value does, the names inside, the parameters."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Add, Expr, Integer, MatrixSymbol, S

from symgate.algebra.vectors import Vector, as_product, variable
from symgate.equations.cell import Cell
from symgate.linear.terms import Node
from symgate.writing.marks import Concatenation, StackedGates
from symgate.writing.notation import Glyph
from symgate.writing.subject import Subject
from symgate.writing.tree import (
    Count,
    Formula,
    NameWord,
    Shape,
    Step,
    Table,
    ValueRange,
    Words,
    Written,
    line,
    listed,
    worded,
)

TITLE = "The cell"


def steps(subject: Subject) -> Iterator[Step]:
    yield equations(subject)
    if subject.naming.notation.stack:
        yield from _stacked(subject)
    if subject.naming.concatenated:
        yield _blocks(subject)
    yield _values(subject)
    yield from inside(subject)
    yield _parameters(subject)


def equations(subject: Subject) -> Step:
    cell = subject.cell
    lines = [
        line(
            variable(name),
            expression,
            *((role,) if (role := cell.role(name)) else ()),
            order=cell.orders[name],
        )
        for name, expression in cell.equations.items()
    ]
    return Step(("Equations",), _preface(subject), (Formula(tuple(lines)),), core=True)


def _preface(subject: Subject) -> Words:
    """One sentence on the step, the notation and the layout."""
    cell, notation = subject.cell, subject.naming.notation
    before: list[Words] = [(NameWord(s, S.NegativeOne),) for s in cell.states]
    inputs: list[Words] = [(subject.now(x),) for x in cell.inputs]
    if inputs:
        inputs[0] = ("the input " if len(inputs) == 1 else "the inputs ", *inputs[0])
    i, j = ("i", "j") if subject.layout == "numerator" else ("j", "i")
    said = "One step takes {before} to {now}. "
    if not subject.is_scalar:
        said += f"The symbol {subject.sign} denotes the element-wise product. "
    said += "Derivatives are in {layout} layout: entry {place} of {jacobian} is {entry}."
    if any(len(cell.shapes[s]) == 2 for s in cell.states):
        said += (
            " Under ∂ a matrix is read row by row, as one long vector: {left} acts on each of its "
            "rows, {right}."
        )
    if notation.row:
        said += " Vectors are rows, and matrices act on them from the right."
    said += f" Notation: {notation.title}." if notation.letters else ""
    unknown, alike = subject.naming.fallen_back, subject.naming.collided
    if len(unknown) == 1:
        said += " It has no letter for {unknown}, which keeps its own name."
    elif unknown:
        said += " It has no letters for {unknown}, which keep their own names."
    if alike:
        said += " To keep any two parameters from looking alike, {alike} are written as typed."
    return worded(
        said,
        before=listed([*before, *inputs]),
        now=listed([(subject.now(s),) for s in cell.states]),
        layout="numerator" if subject.layout == "numerator" else "transposed (denominator)",
        place=Written("(i, j)", "(i, j)"),
        jacobian=Written(r"\partial a / \partial b", "∂a/∂b"),
        entry=Written(rf"\partial a_{i} / \partial b_{j}", f"∂a_{i}/∂b_{j}"),
        left=Written(r"I \otimes A", "I ⊗ A"),
        right=Written(r"X \mapsto X A^{\mathsf{T}}", "X ↦ X Aᵀ"),
        unknown=listed([(subject.now(n),) for n in unknown]),
        alike=listed([(NameWord(n),) for n in alike]),
    )


def _blocks(subject: Subject) -> Step:
    """The concatenated matrices of a notation in their blocks."""
    lines = []
    for pair, glyph in subject.naming.concatenated.items():
        parts = _beside(subject, _pair(subject, pair))
        lines.append(line(Concatenation(glyph, parts), Concatenation(None, parts)))
    reason = (
        "Each of these matrices acts on two vectors stacked one above the other, so it consists of "
        "two blocks side by side:",
    )
    return Step(("Blocks of the matrices",), reason, (Formula(tuple(lines)),))


def _pair(subject: Subject, pair: frozenset[str]) -> list[MatrixSymbol]:
    """U and W of a gate, the one that acts on the state first."""
    uses, parameters = subject.naming.uses, subject.cell.parameters
    ordered = sorted(pair, key=lambda p: uses[p].kind, reverse=True)
    return [MatrixSymbol(p, *parameters[p].shape) for p in ordered]


def _beside(subject: Subject, parts: list[MatrixSymbol]) -> tuple[tuple[MatrixSymbol, ...], ...]:
    """Side by side; one above the other where vectors are rows."""
    return tuple((p,) for p in parts) if subject.naming.notation.row else (tuple(parts),)


def _stacked(subject: Subject) -> Iterator[Step]:
    """The gates that one product computes, in notations that stack them."""
    groups: dict[tuple[Expr, ...], list[tuple[str, list[MatrixSymbol], Expr | None]]] = {}
    for node in subject.lin:
        found = _of_one_product(subject, node)
        if found is not None:
            vectors, matrices, bias = found
            groups.setdefault((*vectors, Integer(bias is not None)), []).append(
                (node.name, matrices, bias)
            )
    groups = {key: members for key, members in groups.items() if len(members) > 1}
    for i, (key, members) in enumerate(groups.items()):
        index = (str(i + 1),) if len(groups) > 1 else ()
        free = subject.naming.free
        matrix = Glyph("W", below=index) if not index else Glyph(free("W", "M", "K"), below=index)
        bias = Glyph(free("b", "d", "e"), below=index) if members[0][2] is not None else None
        column = tuple((variable(name),) for name, _, _ in members)
        names = tuple(name for name, _, _ in members)
        lines = [
            line(
                Concatenation(None, column),
                StackedGates(subject.cell, names, matrix, key[:-1], bias),
            ),
            line(
                Concatenation(matrix, ()),
                Concatenation(None, tuple(tuple(m) for _, m, _ in members)),
            ),
        ]
        if bias is not None:
            rows = tuple((b,) for _, _, b in members)
            lines.append(line(Concatenation(bias, (), is_vector=True), Concatenation(None, rows)))
        reason = (
            "The gates that read the same vectors can be computed by one product, with their rows "
            "stacked one above the other:",
        )
        yield Step(("Stacked",), reason, tuple(Formula((one,)) for one in lines))


def _of_one_product(
    subject: Subject, node: Node
) -> tuple[tuple[Expr, ...], list[MatrixSymbol], Expr | None] | None:
    """The vectors, blocks and bias of a gate that is act(W [h, x] + b), else None."""
    if node.argument is None or node.kind not in ("gate", "state"):
        return None
    parts = Add.make_args(subject.cell.equations[node.name].args[0])
    found = [p for part in parts if (p := as_product(part)) is not None]
    products = [p for p in found if isinstance(p.matrix, MatrixSymbol)]
    rest = [p for p in parts if p not in products]
    if len(rest) > 1 or any(not isinstance(r, Vector) for r in rest) or len(products) != 2:
        return None
    pair = frozenset(p.matrix.name for p in products)
    if pair not in subject.naming.concatenated:
        return None
    matrices = _pair(subject, pair)
    vectors = tuple(next(p.vector for p in products if p.matrix == m) for m in matrices)
    return vectors, matrices, rest[0] if rest else None


def _values(subject: Subject) -> Step:
    rows: list[tuple[Words, ...]] = []
    cell = subject.cell
    for name in cell.inputs:
        rows.append(
            ((subject.now(name),), ("input",), (ValueRange(None, None),), (_shape(cell, name),))
        )
    for name in cell.equations:
        kind = "state" if name in cell.states else "gate"
        role = cell.roles.get(name, kind)
        span = subject.span(subject.ranges[name])
        rows.append(((subject.now(name),), (role,), (span,), (_shape(cell, name),)))
    letters = _letters(subject)
    reason: Words = (
        "The ranges follow from the equations, for states that start at zero. ",
        *letters,
    )
    header = (("symbol",), ("what it is",), ("range",), ("size",))
    return Step(("What each value does",), reason, (), Table(header, tuple(rows)))


def _shape(cell: Cell, name: str) -> Shape:
    return Shape(tuple(cell.shapes[name]))


def _letters(subject: Subject) -> Words:
    """What the letters of the sizes stand for."""
    cell = subject.cell
    of_states = [str(cell.size(s)) for s in cell.states]
    units = "n" if "n" in of_states else of_states[0]
    counted = {str(cell.size(x)): "inputs" for x in cell.inputs} | {units: "units"}
    named: list[Words] = []
    for letter, symbol in cell.sizes.items():
        if letter in counted:
            named.append((symbol, f" is the number of {counted[letter]}"))
        else:
            sized = [n for n in (*cell.states, *cell.gates) if str(cell.size(n)) == letter]
            sized = sized or [n.name for n in subject.lin if str(n.size) == letter]
            named.append((symbol, " is the size of ", *listed([(subject.now(n),) for n in sized])))
    return (*listed(named), ".")


def inside(subject: Subject, below: bool = True) -> Iterator[Step]:
    """The names that the engine gives to what lies inside the equations; `below` says that the
    chain rule follows."""
    made = [n for n in subject.lin if n.kind in ("pre", "inner", "part")]
    if not made:
        return
    lines = [line(variable(n.name), n.expression, order=n.order) for n in made]
    said = "The argument of each activation and each vector that a matrix acts on is given a name"
    if below:
        said += (
            ", so that every term of the chain rule below has at most one diagonal and one matrix"
        )
    yield Step(("Intermediate values",), (f"{said}:",), (Formula(tuple(lines)),))


def _parameters(subject: Subject) -> Step:
    cell = subject.cell
    if not cell.parameters:
        return Step(("Parameters",), ("The cell has no parameters.",))
    groups: dict[tuple[object, ...], list[str]] = {}
    for p in cell.parameters.values():
        groups.setdefault((p.kind, *p.shape), []).append(p.name)
    rows = []
    for (kind, *shape), names in groups.items():
        symbols = listed([(NameWord(n),) for n in names], last="and")
        each = Shape(tuple(reversed(shape) if subject.naming.notation.row else shape))
        total = sum((cell.parameters[n].count for n in names), S.Zero)
        rows.append((symbols, (str(kind),), (each,), (Count(total),)))
    reason = ("There are ", Count(cell.parameter_count()), " numbers in all.")
    header = (("parameters",), ("kind",), ("shape",), ("numbers",))
    return Step(("Parameters",), reason, (), Table(header, tuple(rows)))
