"""Values of vector expressions and operators with many digits, entry by entry.

Nothing of the linearisation or of NumPy has a part in it. All arithmetic is done with whole
numbers inside mpmath, in a context of its own, so that every machine and every thread gets the
same digits and nobody else's precision is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import mpmath
import sympy as sp
from sympy import Expr, Rational

from symgate.algebra.fold import function_name
from symgate.equations.entries import Entries, Table, Tables, each, flat, spread_over, turned

DIGITS = 40

#: For a function with a surrogate slope, the smooth function whose slope that is.
INTEGRALS = {"spike": lambda a, k=1: a / (1 + k * abs(a))}


class NotReal(ArithmeticError):
    """A function that has no real value where it was evaluated."""


def context() -> Any:
    """An mpmath context with `DIGITS` digits. Its functions raise the precision while they
    work, so that threads must not share one."""
    made = mpmath.MPContext()
    made.dps = DIGITS
    return made


class ManyDigits(Entries):
    """The numbers of vector expressions and operators at one step, with many digits."""

    floating = False

    def __init__(
        self,
        mp: Any,
        size: Callable[[Expr], int],
        parameters: Tables,
        before: Sequence[Tables],
        inputs: Tables,
    ) -> None:
        super().__init__(size, parameters, before, inputs)
        self.mp, self.functions = mp, {**_functions(mp), **INTEGRALS}

    # -- what is done with entries -----------------------------------------------------------

    def sum(self, entries: Iterable[Any]) -> Any:
        return sum(entries, self.mp.mpf(0))

    def product(self, *entries: Any) -> Any:
        return self.mp.fprod(entries)

    def raised(self, base: Any, exponent: Any) -> Any:
        if exponent == int(exponent):
            return base ** int(exponent)
        return _real(self.mp, self.mp.power(base, exponent))

    def root(self, entry: Any) -> Any:
        return self.mp.sqrt(entry)

    def exponential(self, entry: Any) -> Any:
        return self.mp.exp(entry)

    # -- values ------------------------------------------------------------------------------

    def parameter(self, e: Any) -> Table:
        known = e.name in self.parameters and not e.is_positive
        return self.parameters[e.name] if known else [[self.mp.mpf(self.size(e))]]

    def number(self, e: Expr) -> Table:
        if isinstance(e, Rational):
            return [[self.mp.mpf(int(e.p)) / int(e.q)]]
        return [[self.mp.mpf(sp.N(e, DIGITS))]]

    def apply(self, arguments: Sequence[Table], e: Any) -> Table:
        known = self.functions.get(function_name(e))
        worked_out = super(Entries, self).apply  # from the function's record
        return worked_out(arguments, e) if known is None else each(known, arguments)

    # -- operators ---------------------------------------------------------------------------

    def zeros(self, e: Any) -> Table:
        return spread_over(self.number(sp.S.Zero), self.size(e.rows), self.size(e.cols))

    def ones(self, e: Any) -> Table:
        return spread_over(self.number(sp.S.One), self.size(e.rows), self.size(e.cols))

    def row(self, vector: Table, e: Any) -> Table:
        return turned(spread_over(vector, self.size(e.cols), 1))

    def matrix_of(self, value: Table, e: Any) -> Table:
        return value

    def kronecker(self, parts: Sequence[Table], e: Any) -> Table:
        left, right = parts
        return [[a * b for a in p for b in q] for p in left for q in right]

    def gram(self, u: Table, v: Table, e: Any) -> Table:
        return self.times(turned(u), v)

    def columns(self, matrix: Table, e: Any) -> Table:
        start, width = self.size(e.start), self.size(e.width)
        return [row[start : start + width] for row in matrix]

    def outer(self, u: Table, v: Table, e: Any) -> Table:
        rows, cols = self.size(e.rows), self.size(e.cols)
        if len(u) == rows and len(v) == cols:  # of two matrices the sum over their columns
            return self.times(u, turned(v))
        sized = (([[x] for x in flat(w)], size) for w, size in ((u, rows), (v, cols)))
        one, other = (spread_over(w, size, 1) for w, size in sized)
        return self.times(one, turned(other))

    def blocks(self, rows: Sequence[Sequence[Table]], e: Any) -> Table:
        return [[v for b in row for v in b[i]] for row in rows for i in range(len(row[0]))]


def _real(mp: Any, value: Any) -> Any:
    if not isinstance(value, mp.mpf):
        raise NotReal
    return value


def _functions(mp: Any) -> dict[str, Callable[..., Any]]:
    """What mpmath knows by name; the rest follows from each function's record."""
    return {
        "tanh": mp.tanh,
        "exp": mp.exp,
        "log": lambda a: _real(mp, mp.log(a)),
        "sin": mp.sin,
        "cos": mp.cos,
        "erf": mp.erf,
        "abs": abs,
        "step": lambda a: mp.mpf(a > 0),
        "max": max,
        "min": min,
    }
