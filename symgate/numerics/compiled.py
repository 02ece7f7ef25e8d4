"""Vector expressions compiled to NumPy: all at once, through SymPy's lambdify with cse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sympy import Dummy, Expr, Indexed, Symbol, lambdify
from sympy.printing.numpy import NumPyPrinter

from symgate.algebra.structure import leaves
from symgate.algebra.vectors import MatVec, Total

Array = NDArray[Any]


#: NumPy's words for lambdify, which on its own imports all of NumPy.
NAMES = {
    **{name: value for name, value in vars(np).items() if isinstance(value, np.ufunc)},
    **{name: getattr(np, name) for name in ("where", "select", "array", "pi", "e", "nan", "inf")},
    "reduce": reduce,
}


def _printer() -> NumPyPrinter:
    return NumPyPrinter(
        {
            "fully_qualified_modules": False,
            "inline": True,
            "allow_unknown_functions": True,
        }
    )


class Values(Protocol):
    """Whatever gives an array for an expression: a mapping, or the window of a run."""

    def __getitem__(self, key: Any, /) -> Array: ...


@dataclass(frozen=True)
class CompiledElementwise:
    """Several element-wise expressions as one NumPy function.

    `inputs` are what it needs: variables, parameters and matrix products, as expressions.
    """

    inputs: tuple[Expr, ...]
    function: Callable[..., Sequence[Array]]

    def __call__(self, values: Values) -> list[Array]:
        return list(self.function(*(values[i] for i in self.inputs)))


@lru_cache(maxsize=1024)
def elementwise(expressions: tuple[Expr, ...]) -> CompiledElementwise:
    """Compile expressions in which every symbol is a vector; matrix products are inputs."""
    held = dict.fromkeys(v for e in expressions for v in leaves(e, Total, Indexed, Symbol, MatVec))
    inputs = {e: Dummy(f"v{i}", real=True) for i, e in enumerate(held)}
    bodies = [e.xreplace(inputs) for e in expressions]
    function = lambdify(
        list(inputs.values()), bodies, modules=[NAMES], printer=_printer(), cse=True
    )
    return CompiledElementwise(tuple(inputs), function)
