"""The signs that are certain, whatever the values: what a power needs of its base."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from sympy import Add, Expr, Function, Mul, Pow

from symgate.algebra.activations import record_of


class Sign(IntEnum):
    """What is known of a value, the most at last."""

    UNKNOWN = 0
    NOT_NEGATIVE = 1
    POSITIVE = 2
    WITHIN_ONE = 3  # above 0 and below 1


def sign_of(e: Expr, known: Mapping[Expr, Sign]) -> Sign:
    """What is certain of an expression by what is known of its variables.

    >>> from symgate.algebra.activations import A, FUNCTIONS
    >>> sign_of(FUNCTIONS["sigmoid"](A) / 2, {}).name, sign_of(1 + A**2, {}).name
    ('WITHIN_ONE', 'POSITIVE')
    >>> sign_of(1 - A, {A: Sign.WITHIN_ONE}).name, sign_of(1 - A, {A: Sign.POSITIVE}).name
    ('WITHIN_ONE', 'UNKNOWN')
    """
    if e in known:
        return known[e]
    if e.is_number:
        if e.is_positive:
            return Sign.WITHIN_ONE if (1 - e).is_positive else Sign.POSITIVE
        return Sign.NOT_NEGATIVE if e.is_zero else Sign.UNKNOWN
    if isinstance(e, Mul):
        return min(sign_of(factor, known) for factor in e.args)
    if isinstance(e, Pow):
        return _of_power(sign_of(e.base, known), e.exp, known)
    if isinstance(e, Add):
        return _of_sum(e, known)
    if isinstance(e, Function):
        return _of_function(e)
    return Sign.POSITIVE if e.is_positive else Sign(bool(e.is_nonnegative))


def _of_power(base: Sign, exponent: Expr, known: Mapping[Expr, Sign]) -> Sign:
    if base is Sign.WITHIN_ONE and sign_of(exponent, known) >= Sign.POSITIVE:
        return Sign.WITHIN_ONE
    if base >= Sign.POSITIVE:
        return Sign.POSITIVE
    return Sign.NOT_NEGATIVE if exponent.is_even and exponent.is_positive else Sign.UNKNOWN


def _of_sum(e: Expr, known: Mapping[Expr, Sign]) -> Sign:
    number, rest = e.as_coeff_Add()
    if number >= 1 and sign_of(-rest, known) is Sign.WITHIN_ONE:  # 1 - z
        return Sign.WITHIN_ONE if number == 1 else Sign.POSITIVE
    signs = [sign_of(term, known) for term in e.args]
    return min(Sign.POSITIVE, max(signs)) if all(signs) else Sign.UNKNOWN


def _of_function(e: Function) -> Sign:
    record = record_of(e)
    low, high = record.range
    if record.open and low == 0:
        return Sign.WITHIN_ONE if high <= 1 else Sign.POSITIVE
    return Sign.POSITIVE if low > 0 else Sign.NOT_NEGATIVE if low == 0 else Sign.UNKNOWN
