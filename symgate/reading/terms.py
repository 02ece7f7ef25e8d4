"""Equations with their meaning: what is a vector, a matrix, an activation, and where it stands.

A term prints itself in the language of equations, as the document has it, faults and all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from symgate.algebra.names import is_scalar_name
from symgate.reading.names import Reference

SUM, PRODUCT, APPLY, POWER, ATOM = 1, 2, 3, 4, 5


@dataclass(frozen=True)
class ReadTerm:
    start: int
    stop: int


@dataclass(frozen=True)
class Var(ReadTerm):
    """A state, gate or input at a time; `time` None is one that stands without."""

    name: str
    time: int | None
    ref: Reference


@dataclass(frozen=True)
class Par(ReadTerm):
    """A parameter: `kind` is matrix, vector or scalar."""

    name: str
    kind: str
    ref: Reference
    transposed: bool = False


@dataclass(frozen=True)
class Num(ReadTerm):
    text: str


@dataclass(frozen=True)
class Plus(ReadTerm):
    terms: tuple[tuple[int, AnyTerm], ...]


@dataclass(frozen=True)
class Times(ReadTerm):
    """A product component by component; `signs` are those printed, "" for none."""

    factors: tuple[AnyTerm, ...]
    signs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Apply(ReadTerm):
    """A matrix on a vector; `row` where the vector stands left. `sign` is the one printed."""

    matrix: AnyTerm
    vector: AnyTerm
    row: bool = False
    sign: str = ""


@dataclass(frozen=True)
class Call(ReadTerm):
    """A function of the language; `printed` is its name in the document.

    `assumed` says that the document names no particular function there; `head` is the
    place of the name alone.
    """

    function: str
    printed: str
    argument: AnyTerm
    head: tuple[int, int]
    assumed: bool = False


@dataclass(frozen=True)
class Cat(ReadTerm):
    """Vectors one above the other."""

    parts: tuple[AnyTerm, ...]


@dataclass(frozen=True)
class Quot(ReadTerm):
    above: AnyTerm
    below: AnyTerm


@dataclass(frozen=True)
class Raised(ReadTerm):
    base: AnyTerm
    exponent: str


AnyTerm = Var | Par | Num | Plus | Times | Apply | Call | Cat | Quot | Raised


def text(term: AnyTerm, binds: int = 0) -> str:
    """A term in the language of equations."""
    shown, own = _text(term)
    return f"({shown})" if own < binds else shown


def _text(term: AnyTerm) -> tuple[str, int]:
    match term:
        case Var(name=name, time=time):
            return f"{name}{time_text(time)}", ATOM
        case Par(name=name, transposed=transposed):
            return f"{name}.T" if transposed else name, ATOM
        case Num(text=value):
            return value, ATOM
        case Plus(terms=terms):
            out = ""
            for sign, inner in terms:
                term_text = text(inner, PRODUCT)
                minus = " - " if out else "-"
                plus = " + " if out else ""
                out += (minus if sign < 0 else plus) + term_text
            return out, SUM
        case Times(factors=factors) if (own := _greek_vector(factors)) is not None:
            rest = [f for f in factors if f is not own]
            product = rest[0] if len(rest) == 1 else Times(term.start, term.stop, tuple(rest))
            return f"diag({own.name}) @ {text(product, POWER)}", APPLY
        case Times(factors=factors):
            shown = [
                f"({text(f)})" if isinstance(f, Apply) else text(f, APPLY + 1) for f in factors
            ]
            return " * ".join(shown), PRODUCT
        case Apply(matrix=matrix, vector=vector, row=row):
            left = text(matrix) if isinstance(matrix, Apply) else text(matrix, POWER)
            right = text(vector, POWER)
            return (f"{right} @ {left}" if row else f"{left} @ {right}"), APPLY
        case Call(function=function, argument=argument):
            return f"{function}({text(argument)})", ATOM
        case Cat(parts=parts):
            return f"[{', '.join(map(text, parts))}]", ATOM
        case Quot(above=above, below=below):
            return f"{text(above, APPLY)} / {text(below, POWER)}", PRODUCT
        case Raised(base=base, exponent=exponent):
            power = f"({exponent})" if exponent.startswith("-") else exponent
            return f"{text(base, ATOM)}**{power}", POWER


def _greek_vector(factors: tuple[AnyTerm, ...]) -> Par | None:
    """A factor that is a vector under a name that the language takes for a scalar."""
    return next(
        (
            f
            for f in factors
            if isinstance(f, Par)
            and f.kind == "vector"
            and is_scalar_name(f.name)
            and len(factors) > 1
        ),
        None,
    )


def time_text(time: int | None) -> str:
    """[t], [t-1], or nothing."""
    if time is None:
        return ""
    return "[t]" if time == 0 else f"[t{time:+d}]"


def children(term: AnyTerm) -> Iterator[AnyTerm]:
    """The terms that a term is made of."""
    match term:
        case Plus(terms=terms):
            yield from (inner for _, inner in terms)
        case Times(factors=factors):
            yield from factors
        case Apply(matrix=matrix, vector=vector):
            yield matrix
            yield vector
        case Call(argument=argument):
            yield argument
        case Cat(parts=parts):
            yield from parts
        case Quot(above=above, below=below):
            yield above
            yield below
        case Raised(base=base):
            yield base


def subterms(term: AnyTerm) -> Iterator[AnyTerm]:
    """Every term in a term, outer ones first."""
    yield term
    for child in children(term):
        yield from subterms(child)


def mapped(term: AnyTerm, change: Callable[[AnyTerm], AnyTerm]) -> AnyTerm:
    """The term with every term in it changed, inner ones first."""
    values: dict[str, Any] = {}
    for field in fields(term):
        value = getattr(term, field.name)
        if isinstance(value, AnyTerm):
            values[field.name] = mapped(value, change)
        elif field.name in ("factors", "parts"):
            values[field.name] = tuple(mapped(v, change) for v in value)
        elif field.name == "terms":
            values[field.name] = tuple((sign, mapped(v, change)) for sign, v in value)
    return change(replace(term, **values) if values else term)
