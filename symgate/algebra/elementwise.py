"""What is known of a function that acts component by component: its record.

A record says all of a function: its closed form, its slope in its own value, the form that
floating point needs, its range, that of its slope, its parity, its kinks, and how it is
spelled. It is written in `A` (what the function acts on), `Y` (its own value) and `K` (its
constant, where it takes one). The records themselves stand in `symgate.algebra.activations`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy import Expr, Function, Integer, S, Symbol, oo
from sympy.core.function import ArgumentIndexError

import symgate

A = Symbol("a", real=True)
B = Symbol("b", real=True)
Y = Symbol("y", real=True)
K = Symbol("k", positive=True)


@dataclass(frozen=True)
class Activation:
    """What is known of a function that acts component by component.

    `function` is its SymPy class. `slope` is the derivative by the argument in A, Y and K,
    and `closed` the value in functions that are better known; both are None for SymPy's own,
    which SymPy differentiates. `stable` is the form for floating point, where the closed form
    overflows or cancels. `range` and `slopes` hold the lowest and highest value, over all real
    arguments, of the function and of its slope. `parity` is "odd", "even", "", for
    f(-a) = 1 - f(a) "mirrored", and for f(-a) = f(a) - a "turned". `rising` says that it never
    falls. At `kinks` it has no derivative. `open` says that it never reaches the ends of its
    range. `ends` are what it is at -∞ and at ∞, where the rest falls exponentially. `inverse` is
    an argument at which it has the value Y. `reduced` is the value in the functions that a
    comparison keeps, where it is none of these. `constant` says what a second argument is, and
    `default` is its value. `latex`, `text` and `spellings` are how it is written and what else it
    is called, and `bars` says that on a board it is written as bars round its argument; `formula`
    is what a user wrote who registered it.
    """

    name: str
    function: Any
    closed: Expr | None = None
    slope: Expr | None = None
    stable: Expr | None = None
    range: tuple[Expr, Expr] = (-oo, oo)
    slopes: tuple[Expr, Expr] = (-oo, oo)
    parity: str = ""
    rising: bool = False
    kinks: tuple[Expr, ...] = ()
    open: bool = False
    ends: tuple[Expr, Expr] | None = None
    reduced: Expr | None = None
    inverse: Expr | None = None
    constant: str = ""
    default: Expr = S.One
    latex: str = ""
    text: str = ""
    bars: bool = False
    spellings: tuple[str, ...] = ()
    surrogate: bool = False
    in_language: bool = True
    formula: str = ""

    @property
    def opens(self) -> bool:
        """Whether it goes from 0 to 1 about 1/2, as gates do."""
        return self.range == (0, 1) and self.parity == "mirrored"

    def bound(self, form: Expr, function: Expr, value: Expr | None = None) -> Expr:
        """A form of this record for one function of an argument: A, Y (`value`, where that is
        another than the function itself) and K put in.

        >>> from symgate.algebra.activations import hard_sigmoid, record_of
        >>> record_of(hard_sigmoid).bound(Y / K, hard_sigmoid(A, 3))
        hard_sigmoid(a, 3)/3
        """
        arguments = function.args
        other = arguments[1] if len(arguments) > 1 else self.default
        return form.xreplace(
            {A: arguments[0], B: other, K: other, Y: function if value is None else value}
        )


#: The record of every function, by its class.
RECORDS: dict[Any, Activation] = {}


class Elementwise(Function):
    """A real function that acts component by component; its record says the rest."""

    is_real = True
    is_extended_real = True
    is_finite = True

    def fdiff(self, argindex: int = 1) -> Expr:
        record = RECORDS[self.func]
        if argindex != 1 or record.slope is None:
            raise ArgumentIndexError(self, argindex)
        return record.bound(record.slope, self)

    def closed_form(self) -> Expr:
        """The same value in functions that are better known."""
        record = RECORDS[self.func]
        if record.closed is None:
            raise TypeError(f"{self.func.__name__} has no closed form")
        return record.bound(record.closed, self)

    def _eval_evalf(self, prec: int) -> Any:
        if not all(a.is_number for a in self.args):
            return None
        return self.closed_form()._eval_evalf(prec)

    def _numpycode(self, printer: Any) -> str:
        return symgate.function_code(self, printer)

    def _pythoncode(self, printer: Any) -> str:
        return str(printer._print(self.closed_form()))

    _jaxcode = _ccode = _pythoncode

    def _eval_rewrite(self, rule: Any, args: Any, **hints: Any) -> Any:
        if rule in (sp.exp, sp.Piecewise):
            return self.closed_form().rewrite(rule)
        return None


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

    def fdiff(self, argindex: int = 1) -> Expr:
        raise ValueError("a step has no derivative: relu cannot be differentiated twice")

    def closed_form(self) -> Expr:
        return sp.Piecewise((1, self.args[0] > 0), (0, True))


class _OfTwo(Elementwise):
    """max and min: the slope goes to the argument that is taken, at a tie to the second."""

    @classmethod
    def eval(cls, a: Expr, b: Expr) -> Expr | None:
        if a.is_number and b.is_number and a.is_comparable and b.is_comparable:
            return (sp.Max if cls is maximum else sp.Min)(a, b)
        return None

    def fdiff(self, argindex: int = 1) -> Expr:
        one, other = self.args
        first = step(one - other if isinstance(self, maximum) else other - one)
        return first if argindex == 1 else 1 - first

    def closed_form(self) -> Expr:
        return (sp.Max if isinstance(self, maximum) else sp.Min)(*self.args)


class maximum(_OfTwo):
    nargs = (2,)


class minimum(_OfTwo):
    nargs = (2,)
