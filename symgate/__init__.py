"""symgate: gate equations in, exact Jacobians, derivations and gradient curves out.

Every name here is loaded when it is first used, so that `import symgate` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Adjoint": "symgate.linear.adjoint",
    "Cell": "symgate.equations.cell",
    "Diverged": "symgate.errors",
    "Comparison": "symgate.comparing.comparison",
    "EquationError": "symgate.errors",
    "Linearisation": "symgate.linear.linearise",
    "Run": "symgate.numerics.run",
    "ShapeError": "symgate.errors",
    "SymgateError": "symgate.errors",
    "UnknownName": "symgate.errors",
    "adjoint": "symgate.linear.adjoint",
    "cell": "symgate.cells",
    "compare": "symgate.comparing.comparison",
    "init": "symgate.numerics.initialise",
    "jacobian": "symgate.linear.jacobian",
    "lambdify": "symgate.numerics.evaluate",
    "latex": "symgate.writing.latex",
    "linearise": "symgate.linear.linearise",
    "read": "symgate.reading.reader",
    "notations": "symgate.writing.latex",
    "simulate": "symgate.numerics.simulate",
    "text": "symgate.algebra.printing",
    "zoo": "symgate.cells",
}

if TYPE_CHECKING:
    from symgate.algebra.printing import text
    from symgate.cells import cell, zoo
    from symgate.comparing.comparison import Comparison, compare
    from symgate.equations.cell import Cell
    from symgate.errors import Diverged, EquationError, ShapeError, SymgateError, UnknownName
    from symgate.linear.adjoint import Adjoint, adjoint
    from symgate.linear.jacobian import jacobian
    from symgate.linear.linearise import Linearisation, linearise
    from symgate.numerics.evaluate import lambdify
    from symgate.numerics.initialise import init
    from symgate.numerics.run import Run
    from symgate.numerics.simulate import simulate
    from symgate.reading.reader import read
    from symgate.writing.latex import latex, notations

__all__ = [
    "Adjoint",
    "Cell",
    "Comparison",
    "Diverged",
    "EquationError",
    "Linearisation",
    "Run",
    "ShapeError",
    "SymgateError",
    "UnknownName",
    "__version__",
    "adjoint",
    "cell",
    "compare",
    "init",
    "jacobian",
    "lambdify",
    "latex",
    "linearise",
    "notations",
    "read",
    "simulate",
    "text",
    "zoo",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'symgate' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
