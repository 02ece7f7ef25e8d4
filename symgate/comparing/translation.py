"""A map in numbers: the parameters of one cell from those of another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sympy import Symbol

from symgate.comparing.coefficients import Token, Unknown
from symgate.comparing.normal import Normal, is_of_rows
from symgate.comparing.numbers import Array, Sizes, Values, block, shape
from symgate.comparing.polynomials import MatrixFactor
from symgate.comparing.search import ProvedMap
from symgate.comparing.solving import Value
from symgate.equations.cell import Cell
from symgate.errors import ShapeError


def corresponding(one: Normal, other: Normal, found: ProvedMap, known: Values) -> Values:
    """The second cell's parameters from the first's, at the sizes of the arrays."""
    for name in one.cell.parameters:
        if name not in known:
            raise ShapeError(f"the parameter {name} of {one.cell.name} is missing")
    sizes = _sizes(one.cell, known)
    there: dict[Any, int] = {}
    for name in (*other.states, *other.cell.inputs):
        size = other.cell.size(name)
        if isinstance(size, Symbol):
            known_size = one.cell.size(found.names[name]).subs(sizes)
            if known_size.free_symbols:
                raise ShapeError(f"no parameter says how long {name} of {other.cell.name} is")
            there[size] = int(known_size)
    for p in other.cell.parameters.values():  # a size that is chosen at will
        for _, tokens in found.there.values.get((p.name, ""), ()):
            lengths = _product(tokens, known, one, sizes).shape if tokens else ()
            there |= {s: n for s, n in zip(p.shape, lengths, strict=False) if s.is_Symbol}
    return translated(other, found.there.values, known, one, sizes, there)


def _sizes(cell: Cell, known: Values) -> dict[Any, int]:
    """The sizes of a cell from its arrays; a ShapeError where they do not fit."""
    sizes: dict[Any, int] = {}
    dimensions = [
        (p.name, size, length)
        for p in cell.parameters.values()
        for size, length in zip(p.shape, np.shape(known[p.name]), strict=False)
    ]
    for _ in dimensions:
        for _, size, length in dimensions:
            free = [s for s in size.free_symbols if s not in sizes]
            if len(free) == 1:
                sizes[free[0]] = int(length - size.subs({**sizes, free[0]: 0}))
    for p in cell.parameters.values():
        if np.shape(known[p.name]) != shape(p.shape, sizes):
            raise ShapeError(
                f"{p.name} has the shape {np.shape(known[p.name])}, not {shape(p.shape, sizes)}"
            )
    return sizes


def translated(
    cell: Normal,
    solution: Mapping[Unknown, Value],
    known: Values,
    other: Normal,
    known_sizes: Sizes,
    sizes: Sizes,
) -> Values:
    """The parameters of a cell from a solution and the numbers, of another, that it refers to."""
    result: Values = {}
    for p in cell.cell.parameters.values():
        pieces = []
        widths = cell.widths.get(p.name, p.shape[1:])
        for part, width in zip(cell.blocks.get(p.name, ("",)), widths or (None,), strict=True):
            unit: Array = np.eye(shape(p.shape, sizes)[0]) if p.kind == "matrix" else np.ones(())
            parts = [
                float(c) * (_product(tokens, known, other, known_sizes) if tokens else unit)
                for c, tokens in solution.get((p.name, part), ())
            ]
            rows = is_of_rows(part)
            whole = p.shape
            if width is not None:
                whole = (width, p.shape[-1]) if rows else (p.shape[0], width)
            flat = all(size in sizes or not size.free_symbols - sizes.keys() for size in whole)
            piece: Array = np.zeros(shape(whole, sizes)) if flat else np.zeros(())
            for term in parts:
                piece = piece + term
            pieces.append(piece)
        result[p.name] = (
            pieces[0] if len(pieces) == 1 else np.concatenate(pieces, -2 if rows else -1)
        )
    return result


def _product(tokens: tuple[Token, ...], known: Values, cell: Normal, sizes: Sizes) -> Array:
    result: Array = np.ones(())
    for token in reversed(tokens):
        if isinstance(token, MatrixFactor):
            matrix = block(known[token.name], token, cell, sizes)
            result = matrix @ result if result.ndim == 2 else matrix * result
        else:
            vector = known[token[0].name] ** float(token[1])
            tall = result.ndim == 2 and np.ndim(vector)
            result = (vector[:, None] if tall else vector) * result
    return result
