"""What SymPy's own calls make of matrices of ours: real ones that keep their order and style."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from sympy import (
    Dummy,
    Expr,
    MatAdd,
    MatMul,
    MatrixExpr,
    NDimArray,
    NumberSymbol,
    Rational,
    S,
    Sum,
    sympify,
)
from sympy.core.basic import Basic

from symgate.algebra.printed import Printed
from symgate.algebra.vectors import component


class RealMatrix(Printed, MatrixExpr):
    """A matrix whose class says what sums and products of it are, and its transpose."""

    _op_priority, __array_ufunc__ = 12.0, None  # it decides, beside SymPy's own and NumPy's

    #: What stands on a diagonal matrix's diagonal.
    on_diagonal: Expr | None = None

    def added(self, *parts: Any) -> MatrixExpr:
        """The sum of matrices in the order given."""
        raise NotImplementedError

    def multiplied(self, *parts: Any) -> MatrixExpr:
        """The product of matrices and numbers in the order given."""
        raise NotImplementedError

    def __add__(self, other: Any) -> MatrixExpr:
        return self.added(*_terms(self, other))

    def __radd__(self, other: Any) -> MatrixExpr:
        return self.added(*_terms(other, self))

    def __sub__(self, other: Any) -> MatrixExpr:
        return self.added(*_terms(self, -other))

    def __rsub__(self, other: Any) -> MatrixExpr:
        return self.added(*_terms(other, -self))

    def __neg__(self) -> MatrixExpr:
        return self.multiplied(S.NegativeOne, self)

    def __mul__(self, other: Any) -> MatrixExpr:
        return self.multiplied(self, _made(other))

    def __rmul__(self, other: Any) -> MatrixExpr:
        return self.multiplied(_made(other), self)

    __matmul__, __rmatmul__ = __mul__, __rmul__

    def __truediv__(self, other: Any) -> MatrixExpr:
        return self.multiplied(1 / sympify(other), self)

    def __pow__(self, other: Any) -> MatrixExpr:
        exponent = sympify(other)
        if not exponent.is_Integer:
            return self._eval_power(exponent)
        factor = self.inverse() if exponent < 0 else self
        return self.multiplied(*[factor] * abs(int(exponent)))

    def _eval_inverse(self) -> MatrixExpr:
        if isinstance(self, MatMul) and all(m.is_square for m in self.args if m.is_Matrix):
            return self.multiplied(
                *(1 / m if not m.is_Matrix else m.inverse() for m in self.args[::-1])
            )
        return self._eval_power(S.NegativeOne)

    def expand(self, **hints: Any) -> MatrixExpr:
        """Multiplied out, in the order of the factors."""
        if isinstance(self, MatAdd):
            return self.added(*_terms(*(part.expand(**hints) for part in self.args)))
        if not isinstance(self, MatMul):
            return self
        sums = [m.args if isinstance(m, MatAdd) else (m,) for m in self.args]
        return self.added(*(self.multiplied(*factors) for factors in product(*sums)))

    def doit(self, **hints: Any) -> MatrixExpr:
        return Basic.doit(self, **hints)

    def evalf(self, n: int = 15, subs: Any = None, **options: Any) -> MatrixExpr:
        """With decimals; sizes and exponents stay whole."""
        filled = self.subs(subs or {})
        numbers = {e for e in filled.atoms(Rational, NumberSymbol) if not e.is_Integer}
        return filled.xreplace({e: e.evalf(n, **options) for e in numbers})

    n = evalf

    def conjugate(self) -> MatrixExpr:
        return self

    def adjoint(self) -> MatrixExpr:
        return self.transpose()

    _eval_conjugate, _eval_adjoint = conjugate, adjoint

    def _entry(self, i: Any, j: Any, **kwargs: Any) -> Expr:
        if not isinstance(self, MatMul):
            return super()._entry(i, j, **kwargs)
        number, matrices = self.as_coeff_matrices()
        return number * _entry(matrices, i, j)


def _made(value: Any) -> Any:
    """A matrix or a number of anybody's; NumPy's arrays are matrices."""
    made = sympify(value)
    if isinstance(made, NDimArray):
        return made.tomatrix().as_immutable()
    if not isinstance(made, Basic):
        raise TypeError(f"a matrix has no sum or product with {value!r}")
    return made


def _terms(*parts: Any) -> Iterator[MatrixExpr]:
    """The summands of matrices; 0 has none."""
    for part in map(_made, parts):
        if part.is_Matrix:
            yield from part.args if isinstance(part, MatAdd) else [part]
        elif part != 0:
            raise TypeError(f"{part} is no matrix; for a multiple of I take sympy.Identity")


def _entry(matrices: list[Any], i: Any, j: Any) -> Expr:
    """An entry of a product, summed where two matrices meet."""
    first, *others = matrices
    if not others:
        return first[i, j]
    diagonals = [getattr(m, "on_diagonal", None) for m in matrices]
    if diagonals[0] is not None:
        return component(diagonals[0], i) * _entry(others, i, j)
    if len(others) == 1 and diagonals[1] is not None:
        return first[i, j] * component(diagonals[1], j)
    k = Dummy("k", integer=True, nonnegative=True)
    entry = Sum(first[i, k] * _entry(others, k, j), (k, 0, first.cols - 1))
    return entry.doit() if first.cols.is_Integer else entry
