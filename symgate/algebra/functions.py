"""The activation functions that SymPy does not have.

Each derivative is written in the function's own value wherever that is possible:
sigmoid' = s (1 - s), so that it is a polynomial in the gate, is finite at any input and
prints as people write it. NumPy versions live in `symgate.numerics`, not here.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Abs, Expr, Function, Integer, Rational, S
from sympy.core.function import ArgumentIndexError


class Elementwise(Function):
    """A real function that acts component by component: value and derivative."""

    is_real = True
    is_extended_real = True
    is_finite = True

    def slope(self) -> Expr:
        """The derivative by the first argument."""
        raise NotImplementedError(type(self).__name__)

    def closed_form(self) -> Expr:
        """The same value in SymPy's own functions."""
        raise NotImplementedError(type(self).__name__)

    def fdiff(self, argindex: int = 1) -> Expr:
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return self.slope()

    def _eval_evalf(self, prec: int) -> Any:
        if not all(a.is_number for a in self.args):
            return None
        return self.closed_form()._eval_evalf(prec)

    def _eval_rewrite(self, rule: Any, args: Any, **hints: Any) -> Any:
        return self.closed_form() if rule in (sp.exp, sp.Piecewise) else None


class sigmoid(Elementwise):
    """The logistic function 1 / (1 + exp(-a)).

    >>> from sympy import Symbol
    >>> a = Symbol("a")
    >>> sigmoid(a).diff(a)
    (1 - sigmoid(a))*sigmoid(a)
    """

    nargs = (1,)

    def slope(self) -> Expr:
        return self * (1 - self)

    def closed_form(self) -> Expr:
        return 1 / (1 + sp.exp(-self.args[0]))


class step(Elementwise):
    """1 where the argument is positive, else 0: the slope of relu.

    It has no derivative at 0 and is not differentiated: asking for it raises.
    """

    nargs = (1,)

    @classmethod
    def eval(cls, a: Expr) -> Expr | None:
        if a.is_number and a.is_comparable:
            return Integer(1) if a.is_positive else Integer(0)
        return None

    def slope(self) -> Expr:
        raise ValueError("a step has no derivative: relu cannot be differentiated twice")

    def closed_form(self) -> Expr:
        return sp.Piecewise((1, self.args[0] > 0), (0, True))


class relu(Elementwise):
    """max(a, 0); its slope at 0 is taken as 0."""

    nargs = (1,)

    def slope(self) -> Expr:
        return step(self)

    def closed_form(self) -> Expr:
        return sp.Max(self.args[0], 0)


class leaky_relu(Elementwise):
    """a where a > 0, else k a; k is 0.01 unless given."""

    nargs = (1, 2)

    def slope(self) -> Expr:
        k = _constant(self, Rational(1, 100))
        return k + (1 - k) * step(self)

    def closed_form(self) -> Expr:
        a, k = self.args[0], _constant(self, Rational(1, 100))
        return sp.Piecewise((a, a > 0), (k * a, True))


class elu(Elementwise):
    """a where a > 0, else k (exp(a) - 1); k is 1 unless given."""

    nargs = (1, 2)

    def slope(self) -> Expr:
        return step(self) + (1 - step(self)) * (self + _constant(self, S.One))

    def closed_form(self) -> Expr:
        a, k = self.args[0], _constant(self, S.One)
        return sp.Piecewise((a, a > 0), (k * (sp.exp(a) - 1), True))


class normal_cdf(Elementwise):
    """The distribution function of the standard normal, Φ(a)."""

    nargs = (1,)

    def slope(self) -> Expr:
        return normal_pdf(self.args[0])

    def closed_form(self) -> Expr:
        return (1 + sp.erf(self.args[0] / sp.sqrt(2))) / 2


class normal_pdf(Elementwise):
    """The density of the standard normal, φ(a)."""

    nargs = (1,)

    def slope(self) -> Expr:
        return -self.args[0] * self

    def closed_form(self) -> Expr:
        return sp.exp(-(self.args[0] ** 2) / 2) / sp.sqrt(2 * sp.pi)


class gelu(Elementwise):
    """a Φ(a), with the exact distribution function."""

    nargs = (1,)

    def slope(self) -> Expr:
        a = self.args[0]
        return normal_cdf(a) + a * normal_pdf(a)

    def closed_form(self) -> Expr:
        return self.args[0] * normal_cdf(self.args[0]).closed_form()


class silu(Elementwise):
    """a sigmoid(a), also called swish."""

    nargs = (1,)

    def slope(self) -> Expr:
        s = sigmoid(self.args[0])
        return s + self * (1 - s)

    def closed_form(self) -> Expr:
        return self.args[0] / (1 + sp.exp(-self.args[0]))


class softplus(Elementwise):
    """log(1 + exp(a)); its slope is sigmoid(a)."""

    nargs = (1,)

    def slope(self) -> Expr:
        return sigmoid(self.args[0])

    def closed_form(self) -> Expr:
        return sp.log(1 + sp.exp(self.args[0]))


class softsign(Elementwise):
    """a / (1 + |a|); its slope is (1 - |value|)²."""

    nargs = (1,)

    def slope(self) -> Expr:
        return (1 - Abs(self)) ** 2

    def closed_form(self) -> Expr:
        return self.args[0] / (1 + Abs(self.args[0]))


class hard_sigmoid(Elementwise):
    """k a + 1/2 cut to [0, 1]; k is 1/6 unless given.

    1/6 is the slope of PyTorch and Keras 3, 0.2 that of Theano and Keras 2, 0.5 that of
    BinaryConnect.
    """

    nargs = (1, 2)

    def slope(self) -> Expr:
        return _constant(self, Rational(1, 6)) * step(self) * step(1 - self)

    def closed_form(self) -> Expr:
        k = _constant(self, Rational(1, 6))
        return sp.Max(0, sp.Min(1, k * self.args[0] + Rational(1, 2)))


class hard_tanh(Elementwise):
    """k a cut to [-1, 1]; k is 1 unless given."""

    nargs = (1, 2)

    def slope(self) -> Expr:
        return _constant(self, S.One) * step(1 + self) * step(1 - self)

    def closed_form(self) -> Expr:
        return sp.Max(-1, sp.Min(1, _constant(self, S.One) * self.args[0]))


def _constant(function: Function, default: Expr) -> Expr:
    return function.args[1] if len(function.args) > 1 else default


#: The functions of the language of equations, by the name they have there.
FUNCTIONS: dict[str, Any] = {
    "sigmoid": sigmoid,
    "tanh": sp.tanh,
    "relu": relu,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "gelu": gelu,
    "silu": silu,
    "softplus": softplus,
    "softsign": softsign,
    "hard_sigmoid": hard_sigmoid,
    "hard_tanh": hard_tanh,
    "exp": sp.exp,
    "log": sp.log,
    "sqrt": sp.sqrt,
    "abs": Abs,
    "sin": sp.sin,
    "cos": sp.cos,
    "identity": lambda a: a,
}

#: Those that take a constant as a second argument, and what it must be.
WITH_CONSTANT = {
    "leaky_relu": "the slope left of zero",
    "elu": "the depth left of zero",
    "hard_sigmoid": "the slope",
    "hard_tanh": "the slope",
}
