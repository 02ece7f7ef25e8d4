"""How the values of a wide random cell are distributed, from the cell's own terms.

Weights are independent and Gaussian, and drawn anew at each step (*untied*): then what a
matrix gives is Gaussian, with the gain squared times the second moment of what it acts on, and
all else is a function of Gaussians. Averages of squared coefficients along the routes through
a step say how fast a gradient's square grows. No formula of a cell stands here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from sympy import Expr, Indexed, MatrixExpr, MatrixSymbol, Mul, Symbol

from symgate.algebra.matrices import pieces
from symgate.algebra.structure import is_diagonal
from symgate.algebra.vectors import MatVec, Vector, name_now, variable
from symgate.asked import either, number, table
from symgate.equations.cell import Cell
from symgate.errors import SymgateError, UnknownName
from symgate.linear.linearise import linearise
from symgate.linear.sums import sums
from symgate.linear.terms import Linearisation, Node
from symgate.numerics.biases import given_biases
from symgate.numerics.general import is_general
from symgate.numerics.initialise import SCALAR
from symgate.theory.averages import (
    Entangled,
    Law,
    atoms,
    average,
    gaussian,
    on_grid,
    on_values,
    with_numbers,
)

#: When an iteration has settled, how many there may be (where a rough answer does, too), and
#: what counts as without bound.
SETTLED, ITERATIONS, FEW, BOUND = 1e-13, 3000, 400, 1e12

#: From which iteration on and how often the limit is guessed from the last three.
SLOW, EVERY = 40, 5

#: What a gain may be: of all matrices, or of those named.
GAIN = either(table(number(least=0)), number(least=0))

#: A second moment that counts as 0.
NOTHING = 1e-20


class Laws:
    """The laws of a cell's values with n → ∞ units, iterated from step to step."""

    def __init__(
        self,
        cell: Cell,
        gain: float | Mapping[str, float],
        input_variance: float,
        bias: Mapping[str, float],
        values: Mapping[str, float],
    ) -> None:
        self.cell, self.lin = cell, linearise(cell)
        if is_general(cell):
            raise SymgateError(
                f"the mean field takes matrices of weights and element-wise functions, and "
                f"{cell.name} has values that are no vectors, or that mix their components; "
                f"measure it with sg.decay"
            )
        self.input_variance = input_variance
        self.gains = _gains(self.lin, gain)
        self.given = {*values}
        self.numbers: dict[Any, float] = {}
        self.names: dict[Expr, str] = {}
        self.known: dict[str, tuple[Expr, dict[Expr, Symbol]]] = {}
        for p in cell.parameters.values():
            if p.kind == "vector":
                self.numbers[Vector(p.name, real=True)] = 0.0
            elif p.kind == "scalar":
                self.numbers[Symbol(p.name, real=True)] = SCALAR
        given = given_biases(cell, bias) | dict(values)
        for name, value in given.items():
            kind = cell.parameters[name].kind if name in cell.parameters else ""
            if kind not in ("vector", "scalar"):
                known = [p.name for p in cell.parameters.values() if p.kind != "matrix"]
                raise UnknownName(f"a vector or scalar of {cell.name} named", name, known)
            symbol = (Vector if kind == "vector" else Symbol)(name, real=True)
            self.numbers[symbol] = value

    def settled(self, start: float, strict: bool = True) -> tuple[dict[Any, Law], int]:
        """The laws of all values once the moments of the states stay, and after how many
        iterations; `start` is the second moment that the states begin with. Where they do
        not stay in time, that is an error, or, if not `strict`, the last of a few are given."""
        first = gaussian("start", 0.0, start)
        before = {s: _earlier(s, first) for s in self.cell.states}
        older, most = before, ITERATIONS if strict else FEW
        for iteration in range(1, most + 1):
            laws = self.step(before)
            after = {s: laws[variable(s)] for s in self.cell.states}
            change = max(_change(before[s], after[s]) for s in after)
            if not max(law.second for law in after.values()) < BOUND:
                raise SymgateError(
                    f"the mean field of {self.cell.name} has no solution at this gain, input "
                    f"and bias: the second moment of a state grows without bound"
                )
            oldest, older = older, before
            before = {s: _earlier(s, law) for s, law in after.items()}
            if change <= SETTLED:
                return self.step(before), iteration
            if iteration >= SLOW and iteration % EVERY == 0:
                before = {s: _ahead(oldest[s], older[s], law) for s, law in before.items()}
        if not strict:
            return self.step(before), most
        raise SymgateError(
            f"the mean field of {self.cell.name} did not settle in {ITERATIONS} iterations (the "
            f"last one changed it by {change:.1e}): it is critical here, or grows for ever; move "
            f"the gain, the input or the bias a little"
        )

    def notes(self) -> tuple[str, ...]:
        """Where drawing the weights anew at each step differs from using them again."""
        notes = []
        unset = [
            p.name
            for p in self.cell.parameters.values()
            if p.kind == "vector" and p.name not in self.given and self.multiplies(p.name)
        ]
        if unset:
            notes.append(
                f"taken as 0, though it multiplies: {', '.join(unset)}; set it by values={{…}}"
            )
        if any(
            term.matrix is None and term.source == variable(s, 1)
            for s in self.cell.states
            for term in self.lin[s].terms
        ):
            notes.append(
                "a state that carries over meets the same weights again at each step, and these "
                "averages take them as drawn anew: the gradient of one network can grow much "
                "faster; put .measured() beside"
            )
        return tuple(notes)

    def multiplies(self, name: str) -> bool:
        """Whether a vector is a factor of a variable or a product somewhere: no bias."""
        coefficients = [
            (factor, node.symbol)
            for node in self.lin
            for term in node.parameter_terms
            if term.parameter == name
            for factor in term.coefficient
        ]
        return any(
            factor.has(MatVec) or bool(factor.atoms(Indexed) - {own})
            for factor, own in coefficients
        )

    def step(self, before: Mapping[str, Law]) -> dict[Any, Law]:
        """The law of every value of a step, from those of the states before."""
        laws: dict[Any, Law] = {variable(s, 1): law for s, law in before.items()}
        for name in self.cell.inputs:
            laws[variable(name)] = gaussian(name, 0.0, self.input_variance)
        for node in self.lin:
            laws[variable(node.name)] = self.law(node, laws)
        return laws

    def law(self, node: Node, laws: dict[Any, Law]) -> Law:
        """Products with a matrix are Gaussian; the rest follows from what a node reads."""
        e, stand_in = self.prepared(node)
        for product in stand_in:
            if product not in laws:
                variance = sum(
                    self.matrix_gain(matrix) * self.second(vector, laws)
                    for matrix, vector in pieces(product)
                )
                laws[product] = gaussian(self.printed(product), 0.0, float(variance))
        local = {**laws, **{symbol: laws[p] for p, symbol in stand_in.items()}}
        parts = _linear_in_normal(e, local)
        if parts is not None:
            mean, variance = parts
            return gaussian(f"{node.name} now", mean, variance)
        held = atoms(e)
        if any(a not in local for a in held):
            raise SymgateError(
                f"the mean field of {self.cell.name} does not close: {node.name} multiplies "
                f"matrix products in a way that it has no law for; measure it with "
                f"sg.measured_growth"
            )
        roots = {local[a].root for a in held}
        if len(roots) == 1 and all(local[a].values is not None for a in held):
            return on_grid(str(roots.pop()), on_values(e, local))
        try:
            moments = average(e, local, {}), average(e**2, local, {})
        except Entangled as error:
            raise SymgateError(
                f"the mean field of {self.cell.name} does not close: {node.name} is no product "
                f"of independent values ({error}); measure it with sg.measured_growth"
            ) from None
        random = frozenset([f"{node.name} now"]).union(*(local[a].depends for a in held))
        return Law(f"{node.name} now", None, moments, False, random)

    def printed(self, product: Expr) -> str:
        """The name of what a product draws from."""
        if product not in self.names:
            self.names[product] = str(product)
        return self.names[product]

    def prepared(self, node: Node) -> tuple[Expr, dict[Expr, Symbol]]:
        """A node's expression with numbers for parameters and symbols for matrix products."""
        if node.name not in self.known:
            e = with_numbers(node.expression, tuple(self.numbers.items()))
            products = sorted(e.atoms(MatVec), key=str)
            stand_in = {p: Symbol(f"product{i}", real=True) for i, p in enumerate(products)}
            self.known[node.name] = e.xreplace(stand_in), stand_in
        return self.known[node.name]

    def second(self, vector: Expr, laws: Mapping[Any, Law]) -> float:
        if vector in laws:
            return laws[vector].second
        if vector.has(MatVec):
            raise SymgateError(
                f"the mean field takes a matrix as acting on independent values, and in "
                f"{self.cell.name} one acts on a product of another; measure it with "
                f"sg.measured_growth"
            )
        return average(vector**2, laws, self.numbers)

    def matrix_gain(self, matrix: MatrixExpr) -> float:
        """The variance that a matrix gives for a second moment of 1."""
        symbols = matrix.atoms(MatrixSymbol)
        if len(symbols) != 1 or is_diagonal(matrix):
            raise SymgateError(
                f"the mean field takes matrices as independent draws, and {self.cell.name} "
                f"multiplies by {matrix}; measure it with sg.measured_growth"
            )
        return self.gains[next(iter(symbols)).name] ** 2

    def growth(self, laws: Mapping[Any, Law]) -> float:
        """χ: the largest eigenvalue of the averages of squared routes between states."""
        states = self.cell.states
        before = [variable(s, 1) for s in states]
        table = np.zeros((len(states), len(states)))
        for i, state in enumerate(states):
            for source, found in sums(self.lin, state, before).items():
                for part in found:
                    factor = self.squared(Mul(*part.last), laws)
                    for factors, matrix in part.pairs:
                        factor *= self.squared(Mul(*factors), laws) * self.matrix_gain(matrix)
                    table[i, before.index(source)] += factor
        return float(np.abs(np.linalg.eigvals(table)).max())

    def squared(self, coefficient: Expr, laws: Mapping[Any, Law]) -> float:
        """⟨coefficient²⟩; matrix products in it have the laws that they got in the step."""
        products = sorted(coefficient.atoms(MatVec), key=str)
        stand_in = {p: Symbol(f"product{i}", real=True) for i, p in enumerate(products)}
        local = {**laws, **{symbol: laws[p] for p, symbol in stand_in.items()}}
        try:
            return average(coefficient.xreplace(stand_in) ** 2, local, self.numbers)
        except Entangled as error:
            raise SymgateError(
                f"the mean field of {self.cell.name} does not close: a slope is no product of "
                f"independent values ({error}); measure it with sg.measured_growth"
            ) from None


def _gains(lin: Linearisation, gain: float | Mapping[str, float]) -> dict[str, float]:
    """Each matrix with its gain; those that act on inputs alone have 1."""
    matrices = {p.name for p in lin.cell.parameters.values() if p.kind == "matrix"}
    driven = set()
    for name in matrices:
        acted_on = [
            v
            for node in lin
            for product in node.expression.atoms(MatVec)
            for m, v in pieces(product)
            if name in {s.name for s in m.atoms(MatrixSymbol)}
        ]
        if all(_is_input(v, lin.cell) for v in acted_on):
            driven.add(name)
    if not isinstance(gain, Mapping):
        return {m: 1.0 if m in driven else gain for m in matrices}
    for name in gain:
        if name not in matrices:
            raise UnknownName(f"a matrix of {lin.cell.name} named", name, matrices)
    return {m: gain.get(m, 1.0) for m in matrices}


def _is_input(vector: Expr, cell: Cell) -> bool:
    return name_now(vector) in cell.inputs


def _linear_in_normal(e: Expr, laws: Mapping[Any, Law]) -> tuple[float, float] | None:
    """Mean and variance of a sum of independent Gaussians and a number; else None."""
    parts = _linear(e)
    if parts is None:
        return None
    mean, variance, roots = 0.0, 0.0, set()
    for factor, value in parts:
        if value is None:
            mean += factor
            continue
        law = laws[value]
        if not law.normal or law.root in roots:
            return None
        roots.add(law.root)
        mean += factor * law.mean
        variance += factor**2 * (law.second - law.mean**2)
    return mean, variance


@lru_cache(maxsize=1024)
def _linear(e: Expr) -> tuple[tuple[float, Any], ...] | None:
    """A sum of numbers times values as (number, value or None)s, else None."""
    out: list[tuple[float, Any]] = []
    for term in sp.Add.make_args(sp.expand(e)):
        factor, rest = term.as_coeff_Mul()
        if rest != 1 and rest not in atoms(e):
            return None
        out.append((float(factor), None if rest == 1 else rest))
    return tuple(out)


def _earlier(state: str, law: Law) -> Law:
    """The same law, of the step before: independent of all that is drawn at this step."""
    depends = frozenset(["the step before"])
    return Law(f"{state} before", law.values, law.moments, law.normal, depends)


def _ahead(first: Law, second: Law, third: Law) -> Law:
    """The last of three iterations in a row with the mean and variance that they tend to."""
    laws = first, second, third
    mean = _limit(*(law.mean for law in laws))
    variances = [law.second - law.mean**2 for law in laws]
    variance = max(_limit(*variances), variances[2] / 1000)
    if variances[2] <= 0:
        return third
    values = third.values
    if values is not None:
        values = mean + (values - third.mean) * math.sqrt(variance / variances[2])
    return replace(third, values=values, moments=(mean, variance + mean**2))


def _limit(first: float, second: float, third: float) -> float:
    """Aitken's: what three numbers tend to whose differences shrink by one ratio."""
    before, last = second - first, third - second
    ratio = last / before if before else 0.0
    return third + last * ratio / (1 - ratio) if 0 < ratio < 1 - 1e-4 else third


def _change(before: Law, after: Law) -> float:
    size = max(NOTHING, abs(after.second), abs(before.second))
    return max(abs(after.second - before.second) / size, abs(after.mean - before.mean))
