"""Gradients as people write them: numbers in front, uᵀ δ for a sum of products."""

from __future__ import annotations

from sympy import Add, Basic, Expr, MatrixExpr, Mul

from symgate.algebra.values import Dot, Dyad, StepProduct
from symgate.algebra.vectors import MatVec, Total, name_of, rank


def gathered(e: Expr) -> Expr:
    """The same value: β δᵀ v for (β δ)ᵀ v, uᵀ δ for 1ᵀ (u ⊙ δ), uᵀ δ v for 1ᵀ (δ ⊙ u vᵀ) 1.

    >>> from symgate.algebra.vectors import variable
    >>> h, d = variable("h"), variable("delta_h")
    >>> print(gathered(Total(-2 * h * d)))
    -2*δ_{h,t}ᵀ h_t
    """
    return e.replace(StepProduct, _applied).replace(MatVec, _acted).replace(Total, _summed)


def _numbers_apart(e: Expr) -> tuple[Expr, Expr]:
    numbers = [f for f in Mul.make_args(e) if rank(f) == 0]
    return Mul(*numbers), Mul(*(f for f in Mul.make_args(e) if rank(f) > 0))


def _applied(matrix: Expr, operand: Expr, transposed: Basic) -> Expr:
    (one, inner), (other, vector) = map(_numbers_apart, (matrix, operand))
    return one * other * StepProduct(inner, vector, bool(transposed))


def _acted(matrix: MatrixExpr, vector: Expr) -> Expr:
    number, rest = _numbers_apart(vector)
    return number * MatVec(matrix, rest)


def _summed(summed: Expr) -> Expr:
    """The sum of all components of a product with a δ in it."""
    number, rest = _numbers_apart(summed)
    found = [f for f in Mul.make_args(rest) if f.is_Indexed and name_of(f).startswith("delta_")]
    delta = max(found, key=rank, default=rest)
    if rest == delta:
        return number * Total(rest)
    if rank(delta) < 2:
        return number * Dot(rest / delta, delta)
    sides: dict[Expr, Expr] = {}
    for part in Add.make_args((rest / delta).expand()):
        scale, dyad = _numbers_apart(part)
        if type(dyad) is not Dyad:
            return number * Total(rest)
        u, v = dyad.args
        sides[v] = sides.get(v, 0) + scale * u
    return number * Add(*(Dot(u, StepProduct(delta, v)) for v, u in sides.items()))
