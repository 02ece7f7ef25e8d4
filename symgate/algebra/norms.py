"""Norms as symbols: the spectral norm of a matrix, the largest component of a vector.

Bounds are ordinary SymPy expressions in these, in |alpha| and in numbers.
"""

from __future__ import annotations

from sympy import Expr, MatrixExpr
from sympy.core.basic import Basic

from symgate.algebra.printed import Printed
from symgate.algebra.vectors import Ranked


class _NormSymbol(Ranked, Printed, Expr):
    is_commutative = True
    is_real = True
    is_extended_real = True
    is_nonnegative = True

    @property
    def rank(self) -> int:
        return 0


class SpectralNorm(_NormSymbol):
    """The largest singular value of a matrix.

    >>> from sympy import MatrixSymbol
    >>> print(SpectralNorm(MatrixSymbol("U", 2, 2)))
    ‖U‖₂
    """

    def __new__(cls, matrix: MatrixExpr) -> SpectralNorm:
        return Basic.__new__(cls, matrix)

    matrix = property(lambda self: self.args[0])


class MaxNorm(_NormSymbol):
    """The largest magnitude among the components of a vector.

    >>> from symgate.algebra.vectors import variable
    >>> print(MaxNorm(variable("c", 1)))
    ‖c_{t-1}‖_∞
    """

    def __new__(cls, vector: Expr) -> MaxNorm:
        return Basic.__new__(cls, vector)

    vector = property(lambda self: self.args[0])
