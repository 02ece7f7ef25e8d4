"""Values and slopes of a cell at rest: inputs and states are 0, each gate is at its bias."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sympy import Add, Expr, Indexed, MatrixExpr, Mul, Pow, S, Symbol

from symgate.algebra.activations import record_of
from symgate.algebra.elementwise import Elementwise
from symgate.algebra.fold import Semantics, fold
from symgate.algebra.length import MOST_WRITTEN, length
from symgate.algebra.text import text
from symgate.algebra.vectors import MatVec, Stack, name_of, time_of
from symgate.errors import SymgateError
from symgate.linear.terms import Linearisation

#: A number of more symbols is not kept exact.
LONGEST = 200


class NotAtRest(SymgateError):
    """A value or a slope that there is not at rest; `why` says it in general words."""

    def __init__(self, message: str, why: str) -> None:
        super().__init__(message, why)
        self.message, self.why = message, why

    def __str__(self) -> str:
        return self.message


class Rest(Semantics):
    """What an expression is at rest, in parameters; `given` puts something else for some.

    >>> import symgate as sg
    >>> from symgate.algebra.vectors import variable
    >>> fold(1 - variable("z"), Rest(sg.linearise(sg.cell("gru"))))
    1 - sigmoid(b_z)
    """

    def __init__(self, lin: Linearisation, given: Mapping[Expr, Expr] | None = None) -> None:
        self.lin, self.given, self.known = lin, given or {}, {}

    def variable(self, e: Indexed) -> Expr:
        name = name_of(e)
        if time_of(e) != 0 or name not in self.lin.nodes:
            return S.Zero
        value: Expr = fold(self.lin[name].expression, self)
        if length([value]) > (LONGEST if value.is_number else MOST_WRITTEN):
            raise NotAtRest(
                f"{name} at 0 is too long to be written", "its values there are too long"
            )
        return value

    def parameter(self, e: Symbol) -> Expr:
        return self.given.get(e, e)

    def number(self, e: Expr) -> Expr:
        return e

    def add(self, parts: Sequence[Expr], e: Expr) -> Expr:
        return Add(*parts)

    def multiply(self, parts: Sequence[Expr], e: Expr) -> Expr:
        return Mul(*parts)

    def power(self, base: Expr, exponent: Expr, e: Expr) -> Expr:
        return Pow(base, exponent)

    def apply(self, arguments: Sequence[Expr], e: Any) -> Expr:
        if record_of(e).name in ("step", "sign") and arguments[0] == 0:
            raise NotAtRest(
                "the derivative of an activation jumps at 0 (relu, abs): it has none there",
                "the slope of an activation jumps there",
            )
        made = e.func(*arguments)
        numbers = isinstance(made, Elementwise) and all(a.is_number for a in arguments)
        return made.closed_form() if numbers else made

    def stack(self, parts: Sequence[Expr], e: Stack) -> Expr:
        return Stack(parts, e.sizes) if any(part != 0 for part in parts) else S.Zero

    def matvec(self, matrix: Any, vector: Expr, e: MatVec) -> Expr:
        return MatVec(e.matrix, vector) if vector != 0 else S.Zero

    def total(self, vector: Expr, e: Any) -> Expr:
        return self.vanishing(vector)

    def dot(self, u: Expr, v: Expr, e: Any) -> Expr:
        return self.vanishing(u * v)

    def mean(self, vector: Expr, e: Any) -> Expr:
        return vector if not vector.has(MatVec) else self.vanishing(vector)

    def mixing(self, vector: Expr, e: Any) -> Expr:
        return S.Zero if vector == 0 and e.name != "softmax" else self.unknown(e)

    def dyad(self, u: Expr, v: Expr, e: Any) -> Expr:
        return self.vanishing(u * v)

    def vanishing(self, value: Expr) -> Expr:
        """What is 0 where that is 0, and has no short form else."""
        if value != 0:
            raise NotAtRest("a value at 0 is a sum over units", "its values are sums over units")
        return S.Zero

    def unknown(self, e: Any) -> Any:
        if isinstance(e, MatrixExpr) and not e.has(Indexed):
            return e
        raise NotAtRest(f"{text(e)} has no short form at 0", "its values have no short form there")
