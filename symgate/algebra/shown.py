"""What printers say of a formula besides its text, in which order its parts stand, and numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy import Expr, Indexed, KroneckerProduct, MatrixExpr, MatrixSymbol, Pow, Rational, Symbol
from sympy.core.basic import Basic

from symgate.algebra.norms import MaxNorm, SpectralNorm
from symgate.algebra.vectors import rank

#: How tightly what is printed binds: a sum least, a name or what stands in brackets most.
SUM, PRODUCT, MATVEC, POWER, ATOM = range(1, 6)

Order = Mapping[Basic, int]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a rule printed, and what whoever stands around it has to know.

    `binds` is how tightly it holds together, `tall` that it is higher than a line of text,
    `raised` that it has an upper index already.
    """

    text: str
    binds: int = ATOM
    tall: bool = False
    raised: bool = False


def made(binds: int, *bits: str | Shown, tall: bool = False, raised: bool = False) -> Shown:
    """Pieces set side by side; they are tall where one of them is.

    >>> made(SUM, Shown("a"), " + ", Shown("b", tall=True))
    Shown(text='a + b', binds=1, tall=True, raised=False)
    """
    text = "".join(bit if isinstance(bit, str) else bit.text for bit in bits)
    return Shown(text, binds, tall or any(not isinstance(b, str) and b.tall for b in bits), raised)


def interspersed(parts: Iterable[Shown], sign: str) -> list[str | Shown]:
    """Pieces with a sign between each two."""
    return [bit for part in parts for bit in (sign, part)][1:]


def by_appearance(order: Order | None, expression: Basic) -> tuple[Any, ...]:
    """A sort key: where the symbols of an expression first appear in its equation."""
    parts = 0 if isinstance(expression, Indexed | Symbol) else len(expression.args)
    if order is None:
        return (parts, sp.default_sort_key(expression))
    atoms = expression.atoms(Indexed, Symbol, MatrixSymbol)
    places = sorted({order[a] for a in atoms if a in order})
    return (places, parts, sp.default_sort_key(expression))


def in_order(expressions: Iterable[Expr], order: Order | None) -> list[Expr]:
    """Sort the parts of a product or a sum as their equation wrote them."""
    return sorted(expressions, key=lambda e: (not e.is_number, *by_appearance(order, e)))


def is_vector(expression: Basic) -> bool:
    """Whether an expression is not a number, so that a product with it is Hadamard's."""
    return rank(expression) > 0


def is_below(factor: Expr) -> bool:
    """Whether a factor stands below the fraction bar."""
    return isinstance(factor, Pow) and factor.exp.is_number and bool(factor.exp.is_negative)


def is_beside_numbers(factor: Expr) -> bool:
    """Whether a number of the step stands in front of a factor, which is none itself."""
    alone = is_vector(factor) or not factor.has(Indexed) or factor.has(MaxNorm, SpectralNorm)
    return alone and not factor.is_number


def level_of(matrix: MatrixExpr, among: bool) -> int:
    """How tightly a factor has to bind, among others: A ⊗ B in parentheses, as sums are."""
    return PRODUCT + (among and isinstance(matrix, KroneckerProduct))


def last_of(count: Expr) -> str:
    """The last value of an index that counts from 0: "k-1"."""
    return str(count - 1).replace(" ", "")


def offset(time: Expr) -> str:
    """The part after t: "-1", "-j", "-j-1"."""
    number, rest = time.as_coeff_Add()
    negative = rest.could_extract_minus_sign()
    shown = "" if rest == 0 else ("-" if negative else "+") + str(-rest if negative else rest)
    return shown.replace(" ", "") + (f"{int(number):+d}" if number else "")


def decimal(value: Rational) -> str | None:
    """A number as people write it, 0.25; None where it has no short decimals, as a third.

    >>> decimal(Rational(1, 4)), decimal(Rational(-7)), decimal(Rational(1, 3))
    ('0.25', '-7', None)
    """
    rest = int(value.q)
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return None
    places = 0
    while (abs(value) * 10**places).q != 1:
        places += 1
    digits = str(abs(value) * 10**places).rjust(places + 1, "0")
    whole = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    shown = f"-{whole}" if value.is_negative else whole
    return shown if len(shown) <= 12 or value.is_Integer else None
