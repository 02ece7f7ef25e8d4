"""The values beyond element-wise ones: scalars of a step, matrices, and what mixes components.

    Dot(u, v), Mean(v), Norm(v)     a number of the step: uᵀ v, the mean, ‖v‖ (and Total: the sum)
    Softmax(v), LayerNorm(v, ε),    a vector of which each component depends on all of v
    RmsNorm(v, ε)
    Dyad(u, v)                      the matrix u vᵀ
    StepProduct(S, w)               a matrix of the step times a vector or a matrix, S w; with
                                    True behind, Sᵀ w
    RightTimes(S, A)                a matrix of the step times a matrix of parameters
    Across(w), Down(w)              1 wᵀ and w 1ᵀ: S ⊙ 1 wᵀ is S diag(w), w 1ᵀ ⊙ S is diag(w) S

They are opaque to SymPy; `symgate.algebra.maps` says how they change with their parts.
"""

from __future__ import annotations

from typing import Any

from sympy import Expr, MatrixExpr, Rational, S, default_sort_key, sqrt
from sympy.core.basic import Basic

from symgate.algebra.vectors import Opaque, Total, rank

#: What layer_norm and rms_norm add to the mean square, where nothing else is given.
EPSILON = Rational(1, 100_000)


class _Number(Opaque):
    """A number of the step."""

    @property
    def rank(self) -> int:
        return 0


class Dot(_Number):
    """The inner product uᵀ v of two vectors; with the vector of ones it is a sum."""

    sign, multiplies = "·", 2

    is_nonnegative = property(lambda self: self.args[0] == self.args[1] or None)

    def __new__(cls, u: Expr, v: Expr) -> Expr:
        if S.One in (u, v) and u != v:
            return Total(v if u == 1 else u)
        return Basic.__new__(cls, *sorted((u, v), key=default_sort_key))


class Mean(_Number):
    """The mean of a vector's components."""

    sign, multiplies = "mean", 1

    def __new__(cls, vector: Expr) -> Mean:
        return Basic.__new__(cls, vector)


class Norm(_Number):
    """The Euclidean length of a vector."""

    sign = "norm"

    is_nonnegative = True

    def __new__(cls, vector: Expr) -> Norm:
        return Basic.__new__(cls, vector)


class Spread(_Number):
    """What a norm divides by: √(mean of squares + ε), of v or (`centred`) of v minus its mean."""

    sign = "sd"

    is_positive = True

    def __new__(cls, vector: Expr, epsilon: Expr, centred: Any) -> Spread:
        return Basic.__new__(cls, vector, epsilon, S.true if centred else S.false)

    vector = property(lambda self: self.args[0])
    epsilon = property(lambda self: self.args[1])
    centred = property(lambda self: bool(self.args[2]))


class Mixing(Opaque):
    """A vector of which each component depends on all components of another."""

    name = ""

    @property
    def vector(self) -> Expr:
        return self.args[0]

    @property
    def scale(self) -> tuple[Expr, ...]:
        """What its derivative in its own value is multiplied by, if anything."""
        return ()

    def longest(self, size: Expr) -> Expr:
        """A bound of its length."""
        return sqrt(size)


class Softmax(Mixing):
    """exp(v) over its sum: positive components that add up to 1."""

    name = sign = "softmax"
    is_positive = True

    def __new__(cls, vector: Expr) -> Softmax:
        return Basic.__new__(cls, vector)

    def longest(self, size: Expr) -> Expr:
        return S.One


class _Normed(Mixing):
    def __new__(cls, vector: Expr, epsilon: Expr = EPSILON) -> _Normed:
        return Basic.__new__(cls, vector, epsilon)

    @property
    def epsilon(self) -> Expr:
        return self.args[1]

    @property
    def spread(self) -> Spread:
        """What it divides by."""
        return Spread(self.vector, self.epsilon, isinstance(self, LayerNorm))

    @property
    def scale(self) -> tuple[Expr, ...]:
        return (1 / self.spread,)


class LayerNorm(_Normed):
    """(v - mean) / √(variance + ε)."""

    name, sign = "layer_norm", "layer norm"


class RmsNorm(_Normed):
    """v / √(mean of squares + ε)."""

    name, sign = "rms_norm", "rms norm"


class _Matrix(Opaque):
    """A matrix of the step."""

    @property
    def rank(self) -> int:
        return 2


class Dyad(_Matrix):
    """The matrix u vᵀ."""

    sign, multiplies = "⊗", 2

    def __new__(cls, u: Expr, v: Expr) -> Dyad:
        return Basic.__new__(cls, u, v)


class StepProduct(Opaque):
    """A matrix of the step (or its transpose) times a vector or another matrix of the step."""

    sign, multiplies = "@", 2

    def __new__(cls, matrix: Expr, operand: Expr, transposed: bool = False) -> StepProduct:
        return Basic.__new__(cls, matrix, operand, S.true if transposed else S.false)

    matrix = property(lambda self: self.args[0])
    operand = property(lambda self: self.args[1])
    transposed = property(lambda self: bool(self.args[2]))

    @property
    def rank(self) -> int:
        return max(1, rank(self.args[1]))


class RightTimes(_Matrix):
    """A matrix of the step times a matrix of parameters."""

    sign, multiplies = "@", 2

    def __new__(cls, value: Expr, matrix: MatrixExpr) -> RightTimes:
        return Basic.__new__(cls, value, matrix)

    value = property(lambda self: self.args[0])
    matrix = property(lambda self: self.args[1])


class Across(_Matrix):
    """1 wᵀ: the vector w as every row."""

    axis = 0

    sign = "×"

    def __new__(cls, vector: Expr) -> Across:
        return Basic.__new__(cls, vector)


class Down(_Matrix):
    """w 1ᵀ: the vector w as every column."""

    axis = -1

    sign = "×"

    def __new__(cls, vector: Expr) -> Down:
        return Basic.__new__(cls, vector)
