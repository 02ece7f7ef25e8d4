"""Numbers put into normal forms: fingerprints of candidates, and counterexamples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr

from symgate.comparing.filling import Unknown, Value
from symgate.comparing.polynomials import (
    Act,
    Applied,
    Exp,
    Generator,
    Inverse,
    Matrix,
    Param,
    Polynomial,
    Var,
    of_monomial,
)
from symgate.comparing.slots import Token
from symgate.equations.cell import Cell
from symgate.numerics.functions import MODULE

Array = NDArray[np.float64]
Values = dict[str, Array]


def sizes(cell: Cell, n: int) -> dict[Any, int]:
    """Every size of a cell as n; inputs as one number where n is 1."""
    return dict.fromkeys(cell.sizes.values(), n)


def shape(cell: Cell, expressions: tuple[Expr, ...], n: int) -> tuple[int, ...]:
    return tuple(int(e.subs(sizes(cell, n))) for e in expressions)


class Evaluation:
    """The value of polynomials at given numbers."""

    def __init__(self, values: Mapping[str, Array], blocks: Mapping[str, tuple[str, ...]], n: int):
        self.values, self.blocks, self.n = values, blocks, n
        self.known: dict[Generator, Array] = {}

    def __call__(self, p: Polynomial) -> Array:
        result = np.zeros(self.n)
        for monomial, coefficient in p:
            term = np.full(self.n, float(coefficient))
            for g, e in monomial:
                value = self.generator(g)
                term = term * (value if e == 1 else value ** float(e))
            result = result + term
        return result

    def generator(self, g: Generator) -> Array:
        found = self.known.get(g)
        if found is None:
            found = self.known[g] = self.made(g)
        return found

    def made(self, g: Generator) -> Array:
        match g:
            case Var(name=name) | Param(name=name):
                return self.values[name] * np.ones(self.n)
            case Applied(matrix=matrix, feature=feature):
                return self.matrix(matrix) @ self(of_monomial(feature))
            case Act(kind=kind, argument=argument, extra=extra):
                value = self(argument)
                if kind.startswith("power "):
                    top, _, bottom = kind.removeprefix("power ").partition("/")
                    return np.asarray(value ** (int(top) / int(bottom or 1)))
                constants = [] if extra is None else [float(extra)]
                return np.asarray(_function(kind)(value, *constants))
            case Inverse(of=of):
                return np.asarray(1 / self(of))
            case Exp(of=monomial):
                return np.asarray(np.exp(self(of_monomial(monomial))))

    def matrix(self, matrix: Matrix) -> Array:
        return block(self.values[matrix.name], matrix, self.blocks)


def block(array: Array, matrix: Matrix, blocks: Mapping[str, tuple[str, ...]]) -> Array:
    """The array of a matrix token: a block of it, transposed if it says so."""
    if matrix.block:
        parts = blocks[matrix.name]
        axis = 0 if matrix.transposed else 1
        array = np.split(array, len(parts), axis=axis)[parts.index(matrix.block)]
    return array.T if matrix.transposed else array


def _function(kind: str) -> Any:
    return MODULE.get(kind) or getattr(np, kind.lower())


def translated(
    cell: Cell,
    blocks: Mapping[str, tuple[str, ...]],
    solution: Mapping[Unknown, Value],
    known: Values,
    known_blocks: Mapping[str, tuple[str, ...]],
    n: int,
) -> Values:
    """The parameters of a cell from a solution and the numbers it refers to."""
    result: Values = {}
    for p in cell.parameters.values():
        parts = blocks.get(p.name, ("",))
        width = shape(cell, p.shape, n)
        pieces = []
        for part in parts:
            piece_shape = (width[0], width[1] // len(parts)) if len(width) == 2 else width
            piece = np.zeros(piece_shape)
            for c, tokens in solution.get((p.name, part), ()):
                piece = piece + float(c) * _product(tokens, known, known_blocks)
            pieces.append(piece)
        result[p.name] = pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=-1)
    return result


def _product(
    tokens: tuple[Token, ...], known: Values, blocks: Mapping[str, tuple[str, ...]]
) -> Array:
    result: Array = np.ones(())
    for token in reversed(tokens):
        if isinstance(token, Matrix):
            matrix = block(known[token.name], token, blocks)
            result = matrix * result if result.ndim != 2 else matrix @ result
        else:
            vector = known[token[0].name] ** float(token[1])
            result = (
                vector[:, None] * result
                if np.ndim(result) == 2 and np.ndim(vector)
                else (vector * result)
            )
    return result


@dataclass(frozen=True)
class Draw:
    """Numbers for a cell: parameters, inputs and states before the step."""

    n: int
    parameters: Values
    variables: Values


def draws(cell: Cell, count: int, seed: int = 0) -> Iterator[Draw]:
    """Small round numbers for a cell, at one unit first and then at two."""
    for n in (1, 2):
        rng = np.random.default_rng(seed)
        for i in range(count):
            plain = n == 1 and i == 0
            parameters = {
                p.name: _some(rng, shape(cell, p.shape, n), plain) for p in cell.parameters.values()
            }
            variables = {
                name: _some(rng, shape(cell, (cell.size(name),), n), plain)
                for name in (*cell.inputs, *cell.states)
            }
            yield Draw(n, parameters, variables)


def _some(rng: np.random.Generator, width: tuple[int, ...], plain: bool) -> Array:
    if plain:
        return np.ones(width)
    return rng.choice([-2.0, -1.0, -0.5, 0.5, 1.0, 2.0], size=width)
