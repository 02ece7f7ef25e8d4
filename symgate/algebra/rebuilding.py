"""Expressions made anew from their parts: what a rewriting leaves as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import Expr

from symgate.algebra.fold import Semantics
from symgate.algebra.values import RightTimes, StepProduct
from symgate.algebra.vectors import MatVec, Stack


class Rebuilt(Semantics):
    """Each value made of its parts, matrices of parameters as they are.

    A subclass says what it writes otherwise.
    """

    def unknown(self, e: Any) -> Any:
        """What is not taken apart: a variable, a parameter, a number, an operator."""
        return e

    def made(self, e: Expr) -> Expr:
        """What becomes of a value that was made of its parts."""
        return e

    def add(self, parts: Sequence[Expr], e: Expr) -> Expr:
        return self.made(e.func(*parts))

    multiply = add

    def apply(self, arguments: Sequence[Expr], e: Expr) -> Expr:
        return self.made(e.func(*arguments))

    def power(self, base: Expr, exponent: Expr, e: Expr) -> Expr:
        return self.made(e.func(base, exponent))

    def dot(self, u: Expr, v: Expr, e: Expr) -> Expr:
        return self.made(e.func(u, v))

    dyad = dot

    def matvec(self, matrix: Any, vector: Expr, e: MatVec) -> Expr:
        return self.made(MatVec(e.matrix, vector))

    def stack(self, parts: Sequence[Expr], e: Stack) -> Expr:
        return Stack(parts, e.sizes)

    def total(self, vector: Expr, e: Any) -> Expr:
        return self.made(e.func(vector, *e.args[1:]))

    mean = norm = spread = mixing = across = down = total

    def act(self, matrix: Expr, operand: Expr, e: StepProduct) -> Expr:
        return self.made(StepProduct(matrix, operand, e.transposed))

    def right_times(self, value: Expr, matrix: Any, e: RightTimes) -> Expr:
        return self.made(RightTimes(value, e.matrix))
