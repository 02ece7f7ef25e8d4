"""What `sympy.lambdify` writes for our nodes: a call with the arrays of the symbols in them.

SymPy's printer for NumPy asks a node for its text. That is the name of an `Evaluated`, which
lambdify imports from here, called with the symbols of the node; its values are those of
`Arrays`, as everywhere. A vector has one axis, a matrix two; there are no batches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Symbol, solve
from sympy.core.basic import Basic

from symgate.algebra.matrices import symbols_in
from symgate.algebra.vectors import variable
from symgate.errors import ShapeError, SymgateError
from symgate.numerics.arrays import number_of, real
from symgate.numerics.evaluate import check_lags
from symgate.numerics.functions import MODULE
from symgate.numerics.values import Arrays

Array = NDArray[Any]

#: The nodes that were written, by their names in the text, and those of each printer: they last
#: as long as it, or a function that was made of its text.
_WRITTEN: WeakValueDictionary[str, Evaluated] = WeakValueDictionary()
_PRINTED: WeakKeyDictionary[Any, list[Evaluated]] = WeakKeyDictionary()
_NUMBERS = count(1)


def numpy_code(node: Basic, printer: Any) -> str:
    """A node in the text of SymPy's printer for NumPy.

    >>> import sympy as sp, symgate as sg
    >>> rnn = sg.cell("rnn")
    >>> U, h = rnn.parameters["U"].symbol, rnn.variable("h")
    >>> jacobian = sp.lambdify([U, h], sg.jacobian(rnn))
    >>> jacobian([[1, 2], [3, 4]], [0.5, 0]).tolist()
    [[0.75, 1.5], [3.0, 4.0]]
    """
    check_lags(node)
    leaves = list(dict.fromkeys(symbols_in(node)))
    plain = {e: Symbol(f"v{i}") for i, e in enumerate(leaves) if not _is_sized(e)}
    found = Evaluated(node.xreplace(plain), tuple(plain.get(e, e) for e in leaves))
    name = f"operator_{next(_NUMBERS)}"
    _WRITTEN[name] = found
    _PRINTED.setdefault(printer, []).append(found)
    arguments = ", ".join(map(printer._print, leaves))
    return f"{printer._module_format(f'{__name__}.{name}')}({arguments})"


def function_code(function: Any, printer: Any) -> str:
    """An activation in that text: its careful form where there is one."""
    name = type(function).__name__
    if name not in MODULE:
        return str(printer._print(function.closed_form()))
    arguments = ", ".join(map(printer._print, function.args))
    return f"{printer._module_format(f'symgate.numerics.functions.{name}')}({arguments})"


def __getattr__(name: str) -> Evaluated:
    if name in _WRITTEN:
        return _WRITTEN[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _is_sized(e: Any) -> bool:
    """Whether a symbol says itself what it is, as matrices and sizes do."""
    return e.is_Matrix or _is_size(e)


def _is_size(e: Any) -> bool:
    return bool(e.is_integer and e.is_positive)


@dataclass(frozen=True)
class Evaluated:
    """A node as a function of the arrays of its symbols."""

    node: Any
    leaves: tuple[Any, ...]

    def __call__(self, *given: Any) -> Array:
        arrays: dict[Any, Array] = {}
        for leaf, value in zip(self.leaves, given, strict=True):
            if not getattr(value, "is_symbol", False):
                arrays[leaf] = real(str(leaf), value)
            elif not _is_size(leaf):  # lambdify puts the symbol where it has no argument
                raise SymgateError(f"{value} is not among the arguments of lambdify")
        sizes = {e: int(array) for e, array in arrays.items() if _is_size(e)}
        _fit({e: array for e, array in arrays.items() if e.is_Matrix}, sizes)
        axes = tuple((e, a.ndim) for e, a in arrays.items() if not _is_sized(e))
        typed = {e: variable(e.name, 0, rank) for e, rank in axes}
        values: dict[Basic, Any] = {typed.get(e, e): array for e, array in arrays.items()}
        return _Sized(values, sizes).value(_typed(self.node, axes))


@lru_cache(maxsize=1024)
def _typed(node: Basic, axes: tuple[tuple[Any, int], ...]) -> Basic:
    """A node with variables of the ranks that the arrays have, which lambdify took away."""
    return node.xreplace({e: variable(e.name, 0, rank) for e, rank in axes})


def _fit(matrices: Mapping[Any, Array], sizes: dict[Symbol, int]) -> None:
    """Note the sizes that the arrays of matrices tell, those of one letter first."""
    told: list[tuple[Expr, int]] = []
    for e, array in matrices.items():
        if array.ndim != 2:
            raise ShapeError(f"{e} has shape {array.shape}; expected {e.shape}")
        told += zip(e.shape, array.shape, strict=True)
    for size, number in sorted(told, key=lambda pair: len(pair[0].free_symbols)):
        rest = size.subs(sizes)
        if len(rest.free_symbols) == 1:
            letter = rest.free_symbols.pop()
            sizes[letter] = int(solve(rest - number, letter)[0])
        elif rest != number:
            raise ShapeError(f"the arrays do not go together: {size} is {rest} and {number}")


class _Sized(Arrays):
    """The arrays of a node where the sizes are those that its arrays have."""

    def __init__(self, values: dict[Basic, Any], sizes: dict[Symbol, int]) -> None:
        super().__init__(values, self._number)
        self.sizes = sizes

    def _number(self, size: Expr) -> int:
        number = number_of(size, self.sizes)
        if not isinstance(number, int):
            raise SymgateError(f"no array tells the size {size}: add it to lambdify's arguments")
        return number

    def sized(self, vector: Any, size: Expr, have: int = 1) -> Array:
        known = isinstance(number_of(size, self.sizes), int)
        return super().sized(vector, size, have) if known or not have else np.asarray(vector)
