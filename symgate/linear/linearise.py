"""The heart: for each equation, the list of its terms.

    d(target) = sum over terms of  diag(coefficient) . matrix . d(source)

An equation is first split into nodes, so that one diagonal and one matrix are enough:
what an activation acts on becomes a pre-activation `a_z`, what a matrix acts on becomes
`s_n` where it is not a plain variable, an activation inside a larger expression gets a
name of its own. Coefficients are in the values of the nodes: z (1 - z), never exp(-a).

This list is the one source of all that follows. It knows no LaTeX, no NumPy and no cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

import sympy as sp
from sympy import (
    Add,
    Dummy,
    Expr,
    Function,
    Identity,
    Indexed,
    MatAdd,
    MatMul,
    MatrixExpr,
    MatrixSymbol,
    Mul,
    Symbol,
)
from sympy.core.basic import Basic

from symgate.algebra.maps import Composed, Everywhere, Hadamard, Map
from symgate.algebra.operators import Diag, product, transposed
from symgate.algebra.shown import by_appearance
from symgate.algebra.structure import leaves, upright
from symgate.algebra.values import Across, Down, Mixing, RightTimes
from symgate.algebra.vectors import (
    MatVec,
    Opaque,
    Stack,
    Vector,
    as_product,
    parts_of,
    rank,
    time_of,
    variable,
)
from symgate.equations.cell import Cell
from symgate.equations.zoo import once_a_cell
from symgate.linear.terms import Factors, Linearisation, Node, ParameterTerm, Term
from symgate.linear.ways import Dependences, Shape, Way


@once_a_cell
def linearise(cell: Cell) -> Linearisation:
    """Split a cell into nodes and differentiate each by what it reads.

    >>> import symgate as sg
    >>> for term in sg.linearise(sg.cell("gru"))["h"].terms:
    ...     print(term.coefficient, term.source)
    (z_t,) h_{t-1}
    (h_{t-1} - n_t,) z_t
    (1 - z_t,) n_t
    """
    split = _Split(cell)
    for name in cell.equations:
        split.equation(name)
    return Linearisation(cell, MappingProxyType(split.nodes))


class _Split:
    """Names what an equation leaves nameless, so that each node has simple terms."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.nodes: dict[str, Node] = {}
        self.parts: dict[tuple[str, Expr], Indexed] = {}  # by equation: equal ones are one node
        self.taken = {*cell.equations, *cell.inputs, *cell.parameters}
        self.dependences = Dependences(self.shape_by_name)

    def equation(self, name: str) -> None:
        self.owner, self.order = name, dict(self.cell.orders[name])
        kind = "state" if name in self.cell.states else "gate"
        self.activation(kind, self.cell.equations[name], self.cell.shapes[name])

    def activation(self, kind: str, expression: Expr, shape: Shape) -> str:
        """A node; what its outermost activation acts on becomes a node before it."""
        if not isinstance(expression, Function | Mixing):
            self.add(self.owner, kind, self.plain(expression), shape)
            return self.owner
        name = self.owner
        if kind == "part":  # after those inside it
            for argument in expression.args:
                self.plain(argument)
            name = self.free(f"v_{name}")
        held = [self.before(name, a) if _is_compound(a) else a for a in expression.args]
        self.add(name, kind, expression.func(*held), shape)
        return name

    def before(self, name: str, argument: Expr) -> Indexed:
        """What an activation acts on, as a node."""
        inner = self.free(f"a_{name}")
        plain = self.plain(argument)
        if isinstance(plain, Indexed):
            self.taken.remove(inner)
            return plain
        symbol = self.add(inner, "pre", plain, self.shape(argument))
        self.order[symbol] = 0
        return symbol

    def plain(self, expression: Expr) -> Expr:
        """The expression with a name for each activation of a matrix product in it, and
        for each compound value that a matrix or an inner product acts on."""
        if isinstance(expression, Mixing) or (
            isinstance(expression, Function) and expression.has(Opaque)
        ):
            if (self.owner, expression) not in self.parts:
                shape = self.shape(expression)
                name = self.activation("part", expression, shape)
                self.parts[self.owner, expression] = self.named(name, expression)
            return self.parts[self.owner, expression]
        if (product := as_product(expression)) is not None:
            vector = self.acted_on(product.vector, product.matrix.cols)
            return MatVec(product.matrix, vector)
        if isinstance(expression, Opaque):
            parts = [a if _is_flag(a) else self.acted_on(a) for a in expression.args]
            return expression.func(*parts)
        if not expression.has(Opaque):
            return expression
        return expression.func(*map(self.plain, expression.args))

    def acted_on(self, vector: Expr, size: Expr | None = None) -> Expr:
        if parts_of(vector):
            parts = zip(vector.parts, vector.sizes, strict=True)
            return Stack([self.acted_on(*part) for part in parts], vector.sizes)
        if isinstance(vector, Indexed | Vector) or not vector.free_symbols:
            return vector
        same = [n for n in self.nodes.values() if n.kind == "inner" and n.owner == self.owner]
        plain = self.plain(vector)
        if isinstance(plain, Indexed):
            return plain
        for node in same:
            if node.expression == plain:
                return node.symbol
        name = self.free(f"s_{self.owner}")
        shape = (size,) if size is not None and rank(vector) < 2 else self.shape(vector)
        self.add(name, "inner", plain, shape)
        return self.named(name, vector)

    def named(self, name: str, expression: Expr) -> Indexed:
        symbol = self.nodes[name].symbol
        places = [self.order[a] for a in expression.atoms(Indexed, Symbol) if a in self.order]
        self.order[symbol] = min(places, default=0)
        return symbol

    def free(self, name: str) -> str:
        """A name that the cell does not use."""
        candidate, count = name, 1
        while candidate in self.taken:
            count += 1
            candidate = f"{name}_{count}"
        self.taken.add(candidate)
        return candidate

    def shape(self, expression: Expr) -> Shape:
        """The shape of an expression, from that of what stands in it."""
        found = self.dependences(expression).shape
        return self.cell.shapes[self.owner] if found is None else found

    def shape_by_name(self, name: str) -> Shape:
        if name in self.nodes:
            return self.nodes[name].shape
        if name in self.cell.parameters:
            return self.cell.parameters[name].shape
        return self.cell.shapes[name]

    def add(self, name: str, kind: str, expression: Expr, shape: Shape) -> Indexed:
        order = MappingProxyType(dict(self.order))
        symbol = variable(name, 0, len(shape))
        within = Dependences(self.shape_by_name, symbol, shape)
        partials = _partials(expression, symbol, order)
        found = [t for atom, c in partials for t in _terms(atom, c, shape, within(atom).ways)]
        terms = tuple(t for t in found if isinstance(t, Term))
        direct = tuple(t for t in found if isinstance(t, ParameterTerm))
        self.nodes[name] = Node(name, kind, expression, shape, self.owner, order, terms, direct)
        return symbol


def _terms(
    atom: Expr, coefficient: Factors, shape: Shape, ways: Iterable[Way]
) -> Iterator[Term | ParameterTerm]:
    """The terms of one atom: by the values and by the parameters that stand in it."""
    for way in ways:
        through = _spread_over(way.map, rank(atom), shape)
        factors, through = _scaled_apart((*coefficient, *way.factors), through, shape)
        matrix = None if through is None else through.operator
        if isinstance(way.source, Indexed):
            yield Term(factors, matrix, way.source, through)
        elif isinstance(way.source, Symbol):
            yield ParameterTerm(factors, way.source.name, left=matrix, map=through)
    if (product := as_product(atom)) is not None:
        yield from _matrix_terms(product.matrix, coefficient, product.vector, (), ())
    elif isinstance(atom, RightTimes):
        turned = transposed(atom.matrix)
        for term in _matrix_terms(turned, coefficient, atom.value, (), ()):
            yield replace(term, by_rows=True)


def _spread_over(through: Map | None, have: int, shape: Shape) -> Map | None:
    """A map onto a scalar, made one onto every component of a larger shape."""
    if have == len(shape) or have > 0:
        return through
    everywhere = Everywhere(Mul(*shape))
    return everywhere if through is None else Composed(everywhere, through)


def _scaled_apart(
    factors: Factors, through: Map | None, shape: Shape
) -> tuple[Factors, Map | None]:
    """Factors 1 wᵀ and w 1ᵀ as maps: they scale the columns and the rows of a matrix."""
    kept = []
    for factor in factors:
        if not isinstance(factor, Across | Down):
            kept.append(factor)
            continue
        scale = Hadamard(factor, *shape)
        through = scale if through is None else Composed(scale, through)
    return tuple(kept), through


def _is_flag(argument: Basic) -> bool:
    return not isinstance(argument, Expr) or isinstance(argument, MatrixExpr) or argument.is_number


def _is_compound(argument: Expr) -> bool:
    """Whether the argument of a function is neither a plain value nor a number."""
    return not isinstance(argument, Indexed | Symbol) and argument.has(Indexed, Opaque)


def _partials(
    expression: Expr, target: Indexed, order: Mapping[Basic, int]
) -> list[tuple[Expr, Factors]]:
    """Each atom of an expression with the factors of the derivative by it.

    An activation's derivative is written in the node's own value; so is that of softmax,
    whose map is in it.
    """
    if isinstance(expression, Mixing):
        return [(expression, ())]
    order = {**order, target: -1}
    atoms = sorted(
        leaves(expression, Opaque, Indexed, Symbol),
        key=lambda a: (not _is_past(a), *by_appearance(order, a)),
    )
    stand_in = {atom: Dummy(real=True) for atom in atoms}
    back = {dummy: atom for atom, dummy in stand_in.items()}
    plain = expression.xreplace(stand_in)
    own_value = {plain: target} if isinstance(expression, Function) else {}
    out = []
    for atom, dummy in stand_in.items():
        derivative = plain.diff(dummy).xreplace(own_value).xreplace(back)
        if derivative.has(sp.Derivative, sp.Subs):
            raise ValueError(f"{expression} cannot be differentiated by {atom}")
        sides = derivative.has(Across, Down)  # diag(u) S diag(w): a term of its own each
        for part in Add.make_args(derivative.expand()) if sides else (derivative,):
            if part != 0:
                out.append((atom, factors_of(part, order)))
    return out


def _is_past(atom: Expr) -> bool:
    """Whether an atom is a state of the step before: what it carries comes first."""
    return isinstance(atom, Indexed) and time_of(atom) != 0


def factors_of(expression: Expr, order: Mapping[Basic, int] | None = None) -> Factors:
    """The factors of a coefficient in the order people write them: number, z, 1 - z.

    >>> z = variable("z")
    >>> factors_of(z * (1 - z)), factors_of(sp.Integer(1))
    ((z_t, 1 - z_t), ())
    """
    if expression == 1:
        return ()
    factors = list(Mul.make_args(expression))
    return tuple(sorted(factors, key=lambda f: (not f.is_number, *by_appearance(order, f))))


def _matrix_terms(
    matrix: MatrixExpr,
    coefficient: Factors,
    vector: Expr,
    left: tuple[MatrixExpr, ...],
    right: tuple[MatrixExpr, ...],
) -> Iterator[ParameterTerm]:
    """The terms of diag(coefficient) . left . d(matrix) . right . vector."""
    rest = (coefficient, vector, left, right)
    stem, turned = upright(matrix)
    match matrix:
        case _ if turned or isinstance(stem, MatrixSymbol):
            yield _matrix_term(stem, *rest, transposed=turned)
        case MatAdd():
            for part in matrix.args:
                yield from _matrix_terms(part, *rest)
        case Diag():
            through = _applied(right, vector)
            for symbol in leaves(matrix.vector, Opaque, Indexed, Symbol):
                if not isinstance(symbol, Symbol):
                    continue
                slope = matrix.vector.diff(symbol) * through
                if isinstance(symbol, Vector):
                    lead = (*left, Diag(matrix.rows, slope))
                    yield ParameterTerm(coefficient, symbol.name, left=product(lead, matrix.rows))
                else:
                    yield ParameterTerm((*coefficient, _applied(left, slope)), symbol.name)
        case MatMul():
            scale, matrices = matrix.as_coeff_matrices()
            for symbol in sorted(scale.free_symbols, key=str):
                applied = _applied((*left, *matrices, *right), vector)
                yield ParameterTerm((*coefficient, scale.diff(symbol), applied), symbol.name)
            scaled = coefficient if scale == 1 else (scale, *coefficient)
            for i, factor in enumerate(matrices):
                before, after = (*left, *matrices[:i]), (*matrices[i + 1 :], *right)
                yield from _matrix_terms(factor, scaled, vector, before, after)


def _matrix_term(
    symbol: MatrixSymbol,
    coefficient: Factors,
    vector: Expr,
    left: tuple[MatrixExpr, ...],
    right: tuple[MatrixExpr, ...],
    *,
    transposed: bool,
) -> ParameterTerm:
    return ParameterTerm(
        coefficient,
        symbol.name,
        vector,
        product(left, left[0].rows) if left else None,
        product(right, right[0].rows) if right else None,
        transposed,
    )


def _applied(matrices: tuple[MatrixExpr, ...], vector: Expr) -> Expr:
    kept = [m for m in matrices if not isinstance(m, Identity)]
    return MatVec(product(kept, kept[0].rows), vector) if kept else vector
