"""Averages over independent random values: what a mean field is made of.

A `Law` says how one component of a value is distributed: a function of one root, given by its
values on a grid of that root. Values with different roots are independent. An expression is
expanded, each product is split by roots, and the averages over the roots are multiplied.
The trapezoid rule on a fine grid is exact to rounding for what is smooth here, also for steep
functions, where Gauss-Hermite with as many points as are affordable is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from sympy import Expr, Indexed, Mul, Symbol

from symgate.algebra.length import summands
from symgate.algebra.structure import leaves
from symgate.errors import SymgateError
from symgate.numerics.compiled import elementwise

Array = NDArray[Any]

#: The grid of a standard normal value and its weights, which add up to 1.
GRID = np.linspace(-12.0, 12.0, 4801)
WEIGHTS = np.exp(-(GRID**2) / 2)
WEIGHTS = WEIGHTS / WEIGHTS.sum()

#: What has more products when it is multiplied out is not averaged.
MOST_SUMMANDS = 10_000


class Entangled(SymgateError):
    """An average of values that are neither independent nor functions of one root."""


@dataclass(frozen=True, eq=False)
class Law:
    """The distribution of one component: its values on the grid of a root.

    `root` is None for a constant, and for a value of which only the `moments` are known
    (mean and second moment). `normal` marks a Gaussian; `depends` names all that is random in
    the value: values that share any of it are not independent.
    """

    root: str | None
    values: Array | None
    moments: tuple[float, float]
    normal: bool = False
    depends: frozenset[str] = frozenset()

    @property
    def mean(self) -> float:
        return self.moments[0]

    @property
    def second(self) -> float:
        return self.moments[1]


def gaussian(root: str, mean: float, variance: float) -> Law:
    """A Gaussian root.

    >>> gaussian("a", 1.0, 4.0).second
    5.0
    """
    values = mean + np.sqrt(max(variance, 0.0)) * GRID
    return Law(root, values, (mean, variance + mean**2), True, frozenset([root]))


def on_grid(root: str, values: Array) -> Law:
    """A function of a root."""
    spread = np.broadcast_to(values, GRID.shape)
    moments = float(WEIGHTS @ spread), float(WEIGHTS @ spread**2)
    return Law(root, spread, moments, False, frozenset([root]))


#: A value with its root, whether only its moments are known, and what it depends on.
#: One product of an expanded expression: what depends on each root, and the powers of values
#: of which only the moments are known.
Known = tuple[Any, "str | None", bool, frozenset[str]]
Split = tuple[tuple[Expr, ...], tuple[tuple[Any, int], ...]]


def average(e: Expr, laws: Mapping[Any, Law], numbers: Mapping[Any, float]) -> float:
    """⟨e⟩, for an expression in values with laws and parameters with numbers."""
    e = with_numbers(sp.sympify(e), tuple(numbers.items()))
    known = tuple((a, laws[a].root, laws[a].values is None, laws[a].depends) for a in atoms(e))
    total = 0.0
    for groups, powers in _splits(e, known):
        product = 1.0
        for base, power in powers:
            product *= laws[base].moments[power - 1]
        for group in groups:
            product *= over_grid(group, laws)
        total += product
    return total


@lru_cache(maxsize=4096)
def with_numbers(e: Expr, numbers: tuple[tuple[Any, float], ...]) -> Expr:
    """An expression with numbers for its parameters."""
    return e.xreplace({s: sp.Float(v) for s, v in numbers})


def atoms(e: Expr) -> tuple[Any, ...]:
    """The values that an expression holds."""
    return tuple(sorted(leaves(e, Indexed, Symbol), key=str))


def over_grid(e: Expr, laws: Mapping[Any, Law]) -> float:
    """The average of a function of at most one root."""
    return float(WEIGHTS @ np.broadcast_to(on_values(e, laws), GRID.shape))


def on_values(e: Expr, laws: Mapping[Any, Law]) -> Array:
    """An expression at every point of the grid."""
    compiled = elementwise((e,))
    with np.errstate(all="ignore"):
        return np.asarray(compiled.function(*(laws[i].values for i in compiled.inputs))[0])


@lru_cache(maxsize=4096)
def _splits(e: Expr, known: tuple[Known, ...]) -> tuple[Split, ...]:
    roots = {atom: root for atom, root, _, _ in known}
    bare = {atom for atom, _, is_bare, _ in known if is_bare}
    if not bare and len(set(roots.values())) <= 1:
        return (((e,), ()),)
    depends = {atom: random for atom, _, _, random in known}
    if summands(e, MOST_SUMMANDS, {}) > MOST_SUMMANDS:
        raise Entangled("multiplied out, it is too long")
    terms = sp.Add.make_args(sp.expand(e))
    return tuple(_split(term, roots, bare, depends) for term in terms)


def _split(
    term: Expr,
    roots: Mapping[Any, str | None],
    bare: set[Any],
    depends: Mapping[Any, frozenset[str]],
) -> Split:
    """The factors of a product by root; more than one root in a factor is no product."""
    groups: dict[str | None, list[Expr]] = {}
    powers = []
    for factor in Mul.make_args(term):
        held = atoms(factor)
        if bare & set(held):
            base, power = factor.as_base_exp()
            if base not in bare or power not in (1, 2):
                raise Entangled(f"⟨{factor}⟩ needs more than its first two moments")
            powers.append((base, int(power)))
            continue
        found = {roots[a] for a in held}
        if len(found) > 1:
            raise Entangled(f"{factor} mixes values that do not come apart")
        groups.setdefault(next(iter(found), None), []).append(factor)
    parts = [depends[base] for base, _ in powers]
    parts += [frozenset().union(*(depends[a] for a in atoms(Mul(*g)))) for g in groups.values()]
    if sum(map(len, parts)) > len(frozenset().union(*parts)):
        raise Entangled(f"{term} multiplies values that are not independent")
    return tuple(Mul(*factors) for factors in groups.values()), tuple(powers)
