"""What derivations write besides values and matrices: dh, ∂h/∂c, J_t, a sum over time.

They are SymPy nodes, so that they stand in the same sums and products as all else.
"""

from __future__ import annotations

from typing import Any

from sympy import Expr, Indexed, MatrixExpr, Symbol
from sympy.core.basic import Basic

from symgate.algebra.operators import Operator
from symgate.algebra.vectors import Opaque, rank


class Differential(Opaque):
    """d of a variable: a small change of it.

    >>> from symgate.algebra.vectors import variable
    >>> print(Differential(variable("h", 1)))
    dh_{t-1}
    """

    def __new__(cls, of: Indexed) -> Differential:
        return Basic.__new__(cls, of)

    of = property(lambda self: self.args[0])

    @property
    def rank(self) -> int:
        return rank(self.args[0])


class Along(Opaque):
    """The component-wise product of a vector over time: at t, t - 1, … t - count + 1."""

    def __new__(cls, vector: Expr, index: Symbol, count: Expr) -> Along:
        return Basic.__new__(cls, vector, index, count)

    vector = property(lambda self: self.args[0])
    index = property(lambda self: self.args[1])
    count = property(lambda self: self.args[2])


class Ordered(Opaque):
    """A product by components whose factors keep their order: a ⊙ (U v)."""

    def __new__(cls, *factors: Expr) -> Expr:
        flat = [f for g in factors for f in (g.args if isinstance(g, Ordered) else (g,))]
        return flat[0] if len(flat) == 1 else Basic.__new__(cls, *flat)


class Partial(Operator):
    """∂ of / ∂ wrt, not yet worked out.

    >>> from symgate.algebra.vectors import variable
    >>> print(Partial(variable("h"), variable("c", 1), Symbol("n"), Symbol("n")))
    ∂h_t/∂c_{t-1}
    """

    def __new__(cls, of: Expr, wrt: Expr, rows: Any, cols: Any) -> Partial:
        return Basic.__new__(cls, of, wrt, rows, cols)

    of = property(lambda self: self.args[0])
    wrt = property(lambda self: self.args[1])

    @property
    def shape(self) -> tuple[Any, Any]:
        return self.args[2], self.args[3]


class OneStep(Operator):
    """J at a time (t, t - 1, …): the one-step Jacobian of the whole state, as a letter."""

    def __new__(cls, time: Expr, size: Any) -> OneStep:
        return Basic.__new__(cls, time, size)

    time = property(lambda self: self.args[0])

    @property
    def shape(self) -> tuple[Any, Any]:
        return self.args[1], self.args[1]


class Dots(Operator):
    """The dots in J_t J_{t-1} ⋯ J_{t-k+1}."""

    def __new__(cls, size: Any) -> Dots:
        return Basic.__new__(cls, size)

    @property
    def shape(self) -> tuple[Any, Any]:
        return self.args[0], self.args[0]


class Gradient(Opaque):
    """∂L/∂p of a parameter, or of the sum over time of what each step adds."""

    def __new__(cls, parameter: Basic) -> Gradient:
        return Basic.__new__(cls, parameter)

    parameter = property(lambda self: self.args[0])


class OverTime(Operator):
    """The sum over all steps of what one step adds."""

    def __new__(cls, summand: Basic) -> OverTime:
        return Basic.__new__(cls, summand)

    summand = property(lambda self: self.args[0])

    @property
    def shape(self) -> tuple[Any, Any]:
        summand = self.args[0]
        return summand.shape if isinstance(summand, MatrixExpr) else (1, 1)
