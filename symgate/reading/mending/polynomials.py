"""Lines as polynomials without the names of parameters, to see what a cell is at a glance.

Gates are written out, concatenations opened, products multiplied out; each weight is its place
alone. Two cells with the same polynomials are the same cell under other names, as long as
each parameter stands in one place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import product

from symgate.reading.terms import (
    AnyTerm,
    Apply,
    Call,
    Cat,
    Num,
    Par,
    Plus,
    Quot,
    Raised,
    Times,
    Var,
    subterms,
    text,
)

#: Coefficients by monomial; a monomial is its factors in order, each as text.
Polynomial = Mapping[tuple[str, ...], float]

#: The most terms that one line may have when it is written out, and the most factors of one.
MOST, MOST_FACTORS = 64, 16
ACTED = "A{"
BIAS = "b"


class TooLong(Exception):
    """A line that has too many terms or factors when its gates are written out."""


def polynomial(
    term: AnyTerm, value: Callable[[Var], Polynomial], coarse: bool = False
) -> Polynomial:
    """A term as a polynomial; `value` says what each variable is.

    With `coarse` a weight that multiplies component by component counts as a matrix.
    """

    def of(inner: AnyTerm) -> Polynomial:
        return polynomial(inner, value, coarse)

    match term:
        case Var():
            return value(term)
        case Num(text=number):
            return {(): float(number)} if number.replace(".", "", 1).isdigit() else {(number,): 1.0}
        case Par(kind=kind):
            return {({"vector": BIAS, "scalar": "k"}.get(kind, "m"),): 1.0}
        case Plus(terms=terms):
            return summed((of(inner), sign) for sign, inner in terms)
        case Times(factors=factors):
            if coarse and len(factors) == 2 and _is_weight(factors[0]):
                return acted("", of(factors[1]))
            return multiplied({("d",): 1.0} if _is_weight(f) else of(f) for f in factors)
        case Apply(matrix=matrix, vector=vector):
            parts = vector.parts if isinstance(vector, Cat) else (vector,)
            name = "" if isinstance(matrix, Par) else re.sub(r"[^\W\d]\w*", "m", text(matrix))
            return summed((acted(name, of(part)), 1) for part in parts)
        case Call(function=function, argument=argument):
            inner = frozen(without_biases(of(argument)))
            return {(f"{function}({inner}){_mark(term)}",): 1.0}
        case Cat(parts=parts):
            return {("[" + ", ".join(frozen(of(p)) for p in parts) + "]",): 1.0}
        case Quot(above=above, below=below):
            under = of(below)
            if under.keys() == {()}:
                return multiplied([of(above), {(): 1 / under[()]}])
            return multiplied([of(above), {(f"1/({frozen(under)})",): 1.0}])
        case Raised(base=base, exponent=exponent):
            return {(f"({frozen(of(base))})^{exponent}",): 1.0}


def _mark(call: Call) -> str:
    """What tells a function from another of the same form, until all is multiplied out."""
    names = sorted({t.name for t in subterms(call.argument) if isinstance(t, Par | Var)})
    return f"\0{' '.join(names)}\1"


_MARKS = re.compile("\0[^\1]*\1")


def unmarked(shown: str) -> str:
    """A text without the marks of its functions."""
    return _MARKS.sub("", shown) if "\0" in shown else shown


def _is_weight(term: AnyTerm) -> bool:
    return isinstance(term, Par) and term.kind == "vector"


def acted(name: str, vector: Polynomial) -> Polynomial:
    """A matrix on a vector: one place, whatever the vector is."""
    return {(f"{name}{ACTED}{frozen(vector)}}}",): 1.0}


def summed(parts: Iterable[tuple[Polynomial, float]]) -> Polynomial:
    found: dict[tuple[str, ...], float] = {}
    for part, sign in parts:
        for monomial, coefficient in part.items():
            found[monomial] = found.get(monomial, 0.0) + sign * coefficient
    return {m: c for m, c in found.items() if c}


def multiplied(parts: Iterable[Polynomial]) -> Polynomial:
    result: Polynomial = {(): 1.0}
    for part in parts:
        if len(result) * len(part) > MOST:
            raise TooLong
        if max(map(len, result), default=0) + max(map(len, part), default=0) > MOST_FACTORS:
            raise TooLong
        found: dict[tuple[str, ...], float] = {}
        for (m1, c1), (m2, c2) in product(result.items(), part.items()):
            monomial = tuple(sorted((*m1, *m2), key=_order))
            found[monomial] = found.get(monomial, 0.0) + c1 * c2
        result = {m: c for m, c in found.items() if c}
    return result


def without_biases(found: Polynomial) -> Polynomial:
    """Without the biases beside weights, and with weights that have taken up their signs.

    >>> without_biases({("A{x}",): -1.0, ("b",): 1.0})
    {('A{x}',): 1.0}
    """
    weighted = [m for m in found if any(ACTED in f and not f.endswith(("\1", ")")) for f in m)]
    if not weighted:
        return found
    return {
        m: 1.0 if m in weighted else c
        for m, c in found.items()
        if m in weighted or (m and BIAS not in m)  # a number beside weights is a bias too
    }


@lru_cache(maxsize=8_192)
def _order(factor: str) -> tuple[str, str]:
    return unmarked(factor), factor


def frozen(found: Polynomial) -> str:
    """A polynomial as one text, the same for equal ones, whatever the names in its marks."""

    def key(item: tuple[tuple[str, ...], float]) -> tuple[list[str], float, tuple[str, ...]]:
        return [_order(factor)[0] for factor in item[0]], item[1], item[0]

    return " + ".join(
        (f"{c:g} " if c != 1 or not m else "") + " ".join(m)
        for m, c in sorted(found.items(), key=key)
    )
