"""Where the values of an activation lie, and those of its derivative.

All ends are exact; where a function has to be rounded it is rounded outward. A function that
is not named here has any value.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from sympy import Expr

from symgate.linear.intervals import EVERYTHING, End, Interval, exact, rounded


def _sigmoid(a: float) -> float:
    return 1 / (1 + math.exp(-a)) if a > -700 else 0.0


#: Functions that never fall: their limits at both ends, and their value between.
_RISING: dict[str, tuple[float, float, Callable[[float], float]]] = {
    "sigmoid": (0, 1, _sigmoid),
    "tanh": (-1, 1, math.tanh),
    "exp": (0, math.inf, lambda a: math.exp(a) if a < 700 else math.inf),
    "log": (-math.inf, math.inf, lambda a: math.log(a) if a > 0 else -math.inf),
    "sqrt": (0, math.inf, lambda a: math.sqrt(max(a, 0))),
    "relu": (0, math.inf, lambda a: max(a, 0)),
    "softplus": (0, math.inf, lambda a: math.log1p(math.exp(a)) if a < 700 else a),
    "softsign": (-1, 1, lambda a: a / (1 + abs(a))),
    "normal_cdf": (0, 1, lambda a: (1 + math.erf(a / math.sqrt(2))) / 2),
    "step": (0, 1, lambda a: float(a > 0)),
    "hard_sigmoid": (0, 1, lambda a: 0.0 if a <= -100 else 1.0 if a >= 100 else math.nan),
    "hard_tanh": (-1, 1, lambda a: math.nan),
    "elu": (-math.inf, math.inf, lambda a: math.nan),
    "leaky_relu": (-math.inf, math.inf, lambda a: math.nan),
}

#: What other functions never leave, whatever they act on.
_ALWAYS: dict[str, tuple[Fraction, End]] = {
    "sin": (Fraction(-1), Fraction(1)),
    "cos": (Fraction(-1), Fraction(1)),
    "normal_pdf": (Fraction(0), Fraction(2, 5)),
    "gelu": (Fraction(-171, 1000), math.inf),
    "silu": (Fraction(-279, 1000), math.inf),
}

#: The range of the derivative, whatever the function acts on.
_SLOPES: dict[str, tuple[Fraction, Fraction]] = {
    "sigmoid": (Fraction(0), Fraction(1, 4)),
    "tanh": (Fraction(0), Fraction(1)),
    "relu": (Fraction(0), Fraction(1)),
    "softplus": (Fraction(0), Fraction(1)),
    "softsign": (Fraction(0), Fraction(1)),
    "sin": (Fraction(-1), Fraction(1)),
    "cos": (Fraction(-1), Fraction(1)),
    "normal_cdf": (Fraction(0), Fraction(2, 5)),
    "gelu": (Fraction(-13, 100), Fraction(113, 100)),
    "silu": (Fraction(-1, 10), Fraction(11, 10)),
    "Abs": (Fraction(-1), Fraction(1)),
}

#: Where the derivative's range depends on the function's constant.
_SLOPES_WITH_CONSTANT: dict[str, Callable[[Fraction], tuple[Fraction, Fraction]]] = {
    "leaky_relu": lambda k: (min(k, Fraction(1)), max(k, Fraction(1))),
    "elu": lambda k: (Fraction(0), max(k, Fraction(1))),
    "hard_sigmoid": lambda k: (Fraction(0), k),
    "hard_tanh": lambda k: (Fraction(0), k),
}
_CONSTANTS = {
    "leaky_relu": Fraction(1, 100), "elu": Fraction(1), "hard_sigmoid": Fraction(1, 6),
    "hard_tanh": Fraction(1),
}  # fmt: skip


def slope_range(function: Expr) -> Interval | None:
    """The range of an activation's derivative; None where it has no bound.

    >>> from sympy import Symbol
    >>> from symgate.algebra.activations import sigmoid
    >>> slope_range(sigmoid(Symbol("a")))
    Interval(0, 1/4)
    """
    name = type(function).__name__
    if name in _SLOPES:
        return Interval(*_SLOPES[name])
    if name in _SLOPES_WITH_CONSTANT:
        return Interval(*_SLOPES_WITH_CONSTANT[name](_constant(function)))
    return None


def _constant(function: Expr) -> Fraction:
    if len(function.args) > 1:
        return Fraction(int(function.args[1].p), int(function.args[1].q))
    return _CONSTANTS[type(function).__name__]


def image(function: Expr, argument: Interval) -> Interval:
    """Where the values of a function lie when what it acts on lies in `argument`."""
    name = type(function).__name__
    if name in _ALWAYS:
        return Interval(*_ALWAYS[name])
    if name == "Abs":
        if argument.low <= 0 <= argument.high:
            return Interval(Fraction(0), argument.magnitude)
        return argument if argument.low > 0 else Interval(-argument.high, -argument.low)
    if name not in _RISING:
        return EVERYTHING
    low, high, value = _RISING[name]
    if math.isfinite(low) and math.isfinite(high) and not function.is_number:
        return Interval(exact(low), exact(high))  # the ends that everybody knows
    if name == "elu":
        low = -float(_constant(function))
    least, most = value(float(argument.low)) if math.isfinite(argument.low) else low, (
        value(float(argument.high)) if math.isfinite(argument.high) else high
    )  # fmt: skip
    inside = Interval(rounded(least, low, -1), rounded(most, high, 1))
    if name in ("relu", "sqrt", "exp", "softplus", "elu"):
        return inside.meet(Interval(exact(low), math.inf))
    return inside.meet(Interval(exact(low), exact(high)))
