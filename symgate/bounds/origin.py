"""The Jacobian at the state 0 with input 0, and the condition on its eigenvalues.

Every gate gets the value that its equation has there (σ(b_z), tanh(0) = 0), which is put into
the coefficients of the routes. Where one matrix is left, or one product of matrices, and each
bias is the same for all units, the eigenvalues of the Jacobian follow from those of that
matrix. No formula of a cell stands here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import sympy as sp
from sympy import Dummy, Expr, Function, Indexed, MatrixExpr, Mul, S, Symbol

import symgate
from symgate.algebra.fold import fold
from symgate.algebra.operators import product
from symgate.algebra.text import text
from symgate.algebra.vectors import MatVec, Vector, name_of
from symgate.bounds.rest import NotAtRest, Rest
from symgate.bounds.words import Word, alike, connected, powers
from symgate.equations.cell import Cell
from symgate.equations.zoo import once_a_cell
from symgate.instead import tells
from symgate.linear.linearise import linearise
from symgate.linear.paths import MAX_FOLLOWED, path_count
from symgate.linear.sums import sums
from symgate.linear.terms import Linearisation

#: An eigenvalue of the one matrix that is left.
MU = Symbol("mu", complex=True)

#: How many biases are tried together in the search for those that must be 0.
MAX_TOGETHER = 3

_LAMBDA = Dummy("lambda")


class NoOrigin(NotAtRest):
    """No formula was found for the eigenvalues at 0; `why` says it in general words."""


@tells("an origin")
@dataclass(frozen=True)
class Origin:
    """A cell at its fixed point 0.

    `zero` are the parameters that must be 0 for it to be one; `values` the values of gates
    there. `matrix` is the one matrix that is left, None where there is none; `eigenvalues`
    of the whole state's Jacobian are expressions in `MU`, an eigenvalue of that matrix,
    each with how many of them there are for each eigenvalue. `marginal` is where the
    largest reaches 1: μ as an expression. A bias stands for the same number in all units.
    Of a product of matrices μ = 0 is not counted: states of other sizes may add it.
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

        def written(e: Any) -> str:
            return symgate.latex(e, notation, cell=self.cell)

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
    rest = _Jacobian(lin, _uniform(lin, zero))
    blocks = _blocks(lin, rest)
    words = {ends: list(numbers) for ends, numbers in blocks.items()}
    matrix: Word = ()
    eigenvalues: dict[Expr, int] = {}
    marginal: list[Expr] = []
    for group in connected(words, cell.states):
        inside = {(i, j): words[i, j] for i in group for j in group if (i, j) in words}
        try:
            one, power = powers(inside, group)
        except ValueError:
            raise _several(cell, [w for parts in inside.values() for w in parts]) from None
        if one and matrix and not alike(one, matrix):
            raise _several(cell, [one, matrix])
        matrix = matrix or one
        table = sp.Matrix(
            len(group),
            len(group),
            lambda a, b, g=group, p=power: sp.Add(
                *(c * MU ** p[g[a], g[b], w] for w, c in blocks.get((g[a], g[b]), {}).items())
            ),
        )
        for factor, count in _factors(table):
            for value in _roots(factor, cell):
                eigenvalues[value] = eigenvalues.get(value, 0) + count
            reached = factor.as_expr().xreplace({_LAMBDA: S.One})
            if reached.has(MU):
                marginal += [_upright(sp.factor(v)) for v in sp.roots(sp.Poly(reached, MU))]
    ordered = dict(sorted(eigenvalues.items(), key=lambda e: (e[0].has(MU), str(e[0]))))
    shown = {n.name: fold(n.symbol, rest) for n in lin if n.kind == "gate"}
    left = product(matrix, matrix[0].rows) if matrix else None
    return Origin(cell, zero, shown, left, ordered, tuple(dict.fromkeys(marginal)))


def _several(cell: Cell, words: Sequence[Word]) -> NoOrigin:
    names = ", ".join(sorted({text(letter) for word in words for letter in word}))
    return NoOrigin(
        f"no closed form was found for the eigenvalues of {cell.name} at 0: its Jacobian there "
        f"holds several matrices ({names}), which need not share eigenvectors; "
        f"see sg.fixed_points",
        "several weight matrices are left in it, which need not share eigenvectors",
    )


# -- the fixed point ----------------------------------------------------------------------


def _uniform(lin: Linearisation, zero: Sequence[str]) -> dict[Expr, Expr]:
    """Each parameter vector as one number, the same in all units."""
    return {
        Vector(p.name, real=True): S.Zero if p.name in zero else Symbol(p.name, real=True)
        for p in lin.cell.parameters.values()
        if p.kind == "vector"
    }


def _zero_biases(lin: Linearisation) -> tuple[str, ...]:
    """The fewest vectors that must be 0 for every state to be 0; of many, those all needed."""
    left = _residuals(lin, ())
    if not left:
        return ()
    involved = sorted(
        {s.name for e in left for s in e.atoms(Symbol)}
        & {p.name for p in lin.cell.parameters.values() if p.kind == "vector"}
    )
    for count in range(1, min(MAX_TOGETHER, len(involved)) + 1):
        for chosen in combinations(involved, count):
            if not _residuals(lin, chosen):
                return chosen
    if len(involved) > MAX_TOGETHER and not _residuals(lin, involved):
        needed = involved
        for name in involved:
            without = [n for n in needed if n != name]
            needed = needed if _residuals(lin, without) else without
        return tuple(needed)
    raise NoOrigin(
        f"0 is no fixed point of {lin.cell.name}, whichever biases are 0",
        "without input the state 0 does not stay where it is, whichever biases are 0",
    )


def _residuals(lin: Linearisation, zero: Sequence[str]) -> list[Expr]:
    """What the states become that do not stay at 0."""
    rest = Rest(lin, _uniform(lin, zero))
    for node in lin:
        if fold(node.symbol, rest).has(sp.nan, sp.zoo):
            raise NoOrigin(
                f"{node.name} of {lin.cell.name} has no value at 0",
                "not every value of the cell exists there",
            )
    found = [fold(lin.variable(s), rest) for s in lin.cell.states]
    return [value for value in found if value != 0]


# -- its Jacobian -------------------------------------------------------------------------

#: A product of diagonals and matrices at rest: a number, and the matrices.
Scaled = tuple[Expr, Word]


class _Jacobian(Rest):
    """Values at rest, and of operators the number and the word of matrices that they are."""

    def unknown(self, e: Any) -> Any:
        return (
            (S.One, (e,))
            if isinstance(e, MatrixExpr) and not e.has(Indexed)
            else super().unknown(e)
        )

    def identity(self, e: Any) -> Scaled:
        return S.One, ()

    def diagonal(self, vector: Expr, e: Any) -> Scaled:
        return vector, ()

    def matmul(self, scale: Expr | None, matrices: Sequence[Scaled], e: Any) -> Scaled:
        numbers = [S.One if scale is None else scale, *(number for number, _ in matrices)]
        return Mul(*numbers), tuple(letter for _, word in matrices for letter in word)


def _blocks(lin: Linearisation, rest: _Jacobian) -> dict[tuple[str, str], dict[Word, Expr]]:
    """The blocks of the Jacobian at rest: words of matrices with their numbers."""
    before = [lin.variable(s, 1) for s in lin.cell.states]
    blocks: dict[tuple[str, str], dict[Word, Expr]] = {}
    for state in lin.cell.states:
        if (number := path_count(lin, state, before)) > MAX_FOLLOWED:
            raise NoOrigin(
                f"no closed form was looked for: {lin.cell.name} has {number:,} paths back from "
                f"{state}, too many to add up (the limit is {MAX_FOLLOWED:,}); see sg.fixed_points",
                f"there are {number:,} paths to add up",
            )
        for source, found in sums(lin, state, before).items():
            numbers: dict[Word, Expr] = {}
            for part in found:
                operator = part.operator(lin.size(state), lin.size(name_of(source)))
                number, word = fold(operator, rest)
                if number.has(MatVec):
                    raise NoOrigin(
                        f"no closed form was found for the eigenvalues of {lin.cell.name} at 0: "
                        f"its units differ there by {text(number)}",
                        "the slopes differ from unit to unit there",
                    )
                numbers[word] = numbers.get(word, S.Zero) + number
            blocks[state, name_of(source)] = {w: n for w, n in numbers.items() if n != 0}
    return blocks


# -- its eigenvalues ----------------------------------------------------------------------


def _factors(table: sp.Matrix) -> Iterator[tuple[sp.Poly, int]]:
    """The factors of the characteristic polynomial, functions of biases taken as letters."""
    letters = {f: Dummy() for f in table.atoms(Function) if not f.has(MU)}
    back = {letter: f for f, letter in letters.items()}
    plain = table.xreplace(letters).charpoly(_LAMBDA).as_expr(_LAMBDA)
    for factor, count in sp.factor_list(sp.numer(sp.together(plain)))[1]:
        if factor.has(_LAMBDA):
            yield sp.Poly(factor.xreplace(back), _LAMBDA), count


def _roots(factor: sp.Poly, cell: Cell) -> list[Expr]:
    if factor.degree() > 2:
        raise NoOrigin(
            f"no closed form was found for the eigenvalues of {cell.name} at 0: they are roots "
            f"of a polynomial of degree {factor.degree()}; see sg.fixed_points",
            f"they are roots of a polynomial of degree {factor.degree()}",
        )
    return [_tidy(root) for root in sp.roots(factor)]


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
