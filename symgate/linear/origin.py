"""The Jacobian at the state 0 with input 0, and the condition on its eigenvalues.

Every gate gets the value that its equation has there (σ(b_z), tanh(0) = 0), which is put into
the coefficients of the routes. Where one matrix is left, and each bias is the same for all
units, the Jacobian is a polynomial in that matrix, and its eigenvalues follow from those of
the matrix. No formula of a cell stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import sympy as sp
from sympy import Expr, Indexed, MatrixExpr, Mul, S, Symbol

from symgate.algebra.activations import Elementwise, step
from symgate.algebra.text import text
from symgate.algebra.vectors import MatVec, Stack, Vector, variable
from symgate.equations.cell import Cell, once_a_cell
from symgate.errors import SymgateError
from symgate.linear.linearise import Linearisation, linearise
from symgate.linear.paths import Product, sums

#: An eigenvalue of the one matrix that is left.
MU = Symbol("mu", complex=True)

#: How many biases are tried together in the search for those that must be 0.
MAX_TOGETHER = 3


class NoOrigin(SymgateError):
    """The eigenvalues at 0 have no closed form; `why` says it in general words."""

    def __init__(self, message: str, why: str) -> None:
        super().__init__(message, why)
        self.message, self.why = message, why

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Origin:
    """A cell at its fixed point 0.

    `zero` are the parameters that must be 0 for it to be one; `values` the values of gates
    there. `matrix` is the one matrix that is left, None where there is none; `eigenvalues`
    of the whole state's Jacobian are expressions in `MU`, an eigenvalue of that matrix,
    each with how many of them there are for each eigenvalue. `marginal` is where the
    largest reaches 1: μ as an expression. A bias stands for the same number in all units.
    """

    cell: Cell
    zero: tuple[str, ...]
    values: Mapping[str, Expr]
    matrix: MatrixExpr | None
    eigenvalues: Mapping[Expr, int]
    marginal: tuple[Expr, ...]

    def latex(self, notation: str = "symgate") -> str:
        """The eigenvalues and the condition, in LaTeX, in one of `symgate.notations`.

        >>> import symgate as sg
        >>> print(sg.origin(sg.cell("rnn")).latex())
        \\lambda = \\mu, \\quad \\mu \\in \\operatorname{eig}\\left(U\\right), \\quad \
\\lambda = 1 \\text{ at } \\mu = 1
        """
        from symgate.writing.latex import latex

        def written(e: Any) -> str:
            return latex(e, notation, cell=self.cell)

        shown = ", \\quad ".join(rf"\lambda = {written(e)}" for e in self.eigenvalues)
        if self.matrix is None:
            return shown
        shown += rf", \quad \mu \in \operatorname{{eig}}\left({written(self.matrix)}\right)"
        for value in self.marginal:
            shown += rf", \quad \lambda = 1 \text{{ at }} \mu = {written(value)}"
        return shown

    def text(self) -> str:
        """The same in plain characters."""
        shown = ", ".join(f"λ = {text(e)}" for e in self.eigenvalues)
        if self.matrix is None:
            return shown
        shown += f" with μ an eigenvalue of {text(self.matrix)}"
        return shown + "".join(f"; λ = 1 at μ = {text(v)}" for v in self.marginal)

    def __str__(self) -> str:
        return self.text()

    def _repr_latex_(self) -> str:
        return f"$${self.latex()}$$"

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "cell": self.cell.name,
            "zero": list(self.zero),
            "values": {name: text(value) for name, value in self.values.items()},
            "matrix": None if self.matrix is None else text(self.matrix),
            "eigenvalues": {text(e): count for e, count in self.eigenvalues.items()},
            "marginal": [text(v) for v in self.marginal],
            "latex": self.latex(),
        }


@once_a_cell
def origin(cell: Cell) -> Origin:
    """The eigenvalues of a cell's Jacobian at its zero fixed point, with no input.

    >>> import symgate as sg
    >>> print(origin(sg.cell("gru")))
    λ = σ(b_z) + μ σ(b_r) (1 - σ(b_z)) with μ an eigenvalue of U_n; λ = 1 at μ = 1 / σ(b_r)
    >>> print(origin(sg.cell("lstm")))
    λ = 0, λ = σ(b_f) + μ σ(b_i) σ(b_o) with μ an eigenvalue of U_g; λ = 1 at ...
    """
    lin = linearise(cell)
    zero = _zero_biases(lin)
    values = _values(lin, dict.fromkeys(zero, S.Zero))
    before = [variable(s, 1) for s in cell.states]
    found: dict[tuple[int, int], list[tuple[tuple[MatrixExpr, ...], Expr]]] = {}
    for i, state in enumerate(cell.states):
        for source, products in sums(lin, state, before).items():
            parts = [_scalar(part, values) for part in products]
            kept = [part for part in parts if part[1] != 0]
            found[i, before.index(source)] = kept
    matrices = {m for parts in found.values() for product, _ in parts for m in product}
    if len(matrices) > 1:
        names = ", ".join(sorted(map(text, matrices)))
        raise NoOrigin(
            f"at 0 the Jacobian of {cell.name} holds several matrices ({names}), which need not "
            f"share eigenvectors: its eigenvalues have no closed form; see sg.fixed_points",
            "several weight matrices are left in it, which need not share eigenvectors",
        )
    matrix = next(iter(matrices), None)
    size = len(cell.states)
    block = sp.Matrix(
        size,
        size,
        lambda i, j: sp.Add(*(c * MU ** len(m) for m, c in found.get((i, j), []))),
    )
    eigenvalues = {_tidy(e): count for e, count in block.eigenvals().items()}
    ordered = dict(sorted(eigenvalues.items(), key=lambda e: (e[0].has(MU), str(e[0]))))
    marginal = [_upright(sp.factor(v)) for e in ordered if e.has(MU) for v in sp.solve(e - 1, MU)]
    shown = {n.name: values[variable(n.name)] for n in lin if n.kind == "gate"}
    return Origin(cell, zero, shown, matrix, ordered, tuple(marginal))


def _zero_biases(lin: Linearisation) -> tuple[str, ...]:
    """The fewest vectors that must be 0 for every state to be 0."""
    left = _residuals(lin, {})
    if not left:
        return ()
    involved = sorted(
        {s.name for e in left for s in e.atoms(Symbol)}
        & {p.name for p in lin.cell.parameters.values() if p.kind == "vector"}
    )
    for count in range(1, min(MAX_TOGETHER, len(involved)) + 1):
        for chosen in combinations(involved, count):
            if not _residuals(lin, dict.fromkeys(chosen, S.Zero)):
                return chosen
    raise NoOrigin(
        f"0 is no fixed point of {lin.cell.name}, whichever biases are 0",
        "without input the state 0 does not stay where it is, whichever biases are 0",
    )


def _residuals(lin: Linearisation, fixed: Mapping[str, Expr]) -> list[Expr]:
    values = _values(lin, fixed)
    return [v for s in lin.cell.states if (v := values[variable(s)]) != 0]


def _values(lin: Linearisation, fixed: Mapping[str, Expr]) -> dict[Any, Expr]:
    """The value of every node where states and inputs are 0."""
    values: dict[Any, Expr] = {variable(name): S.Zero for name in lin.cell.inputs}
    values |= {variable(s, 1): S.Zero for s in lin.cell.states}
    for p in lin.cell.parameters.values():
        if p.kind == "vector":  # the same number in all units
            number = fixed.get(p.name, Symbol(p.name, real=True))
            values[Vector(p.name, real=True)] = number
    for node in lin:
        value = _put_in(node.expression, values)
        if value.has(sp.nan, sp.zoo):
            raise NoOrigin(
                f"{node.name} of {lin.cell.name} has no value at 0",
                "not every value of the cell exists there",
            )
        values[variable(node.name)] = value
    return values


def _put_in(e: Expr, values: Mapping[Any, Expr]) -> Expr:
    """An expression with values put in; a matrix times 0 is 0."""
    if isinstance(e, MatVec):
        parts = e.vector.parts if isinstance(e.vector, Stack) else (e.vector,)
        if all(_put_in(part, values) == 0 for part in parts):
            return S.Zero
        return e.xreplace(dict(values))
    if isinstance(e, Indexed | Symbol):
        return values.get(e, e)
    if not e.args:
        return e
    arguments = [_put_in(a, values) for a in e.args]
    if isinstance(e, step) and arguments[0] == 0:
        raise NoOrigin(
            "the derivative jumps where a unit is 0 (relu): it has none there",
            "the slope of an activation jumps there",
        )
    made = e.func(*arguments)
    if isinstance(made, Elementwise) and all(a.is_number for a in arguments):
        return made.closed_form()
    return made


def _scalar(part: Product, values: Mapping[Any, Expr]) -> tuple[tuple[MatrixExpr, ...], Expr]:
    """The matrices of a product, and all its diagonals as one number."""
    factors = [f for diagonal, _ in part.pairs for f in diagonal]
    number = Mul(*(_put_in(f, values) for f in (*factors, *part.last)))
    return tuple(matrix for _, matrix in part.pairs), number


def _tidy(e: Expr) -> Expr:
    """Constants apart, and what multiplies μ as one product with 1 - z in it, not z - 1."""
    e = sp.expand(e)
    if not e.is_polynomial(MU):
        return _upright(sp.factor(sp.together(e)))
    apart = sp.Poly(e, MU).all_coeffs()[::-1]
    return sp.Add(*(_upright(sp.factor(c)) * MU**k for k, c in enumerate(apart)))


def _upright(e: Expr) -> Expr:
    """-a (z - 1) as a (1 - z)."""
    for factor in Mul.make_args(e):
        if isinstance(factor, sp.Add) and factor.as_coeff_Add()[0].is_negative:
            return Mul(-1, -factor, e / factor)
    return e
