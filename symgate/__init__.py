"""symgate: gate equations in, exact Jacobians, derivations and gradient curves out.

Every name here is loaded when it is first used, so that `import symgate` costs nothing.
"""

from __future__ import annotations

import copyreg
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "BackwardStep": "symgate.linear.adjoint",
    "Cell": "symgate.equations.cell",
    "Check": "symgate.checking.check",
    "Comparison": "symgate.comparing.comparison",
    "Decay": "symgate.decaying.curve",
    "Derivation": "symgate.writing.derivation",
    "Diagram": "symgate.drawing.diagram",
    "Diverged": "symgate.errors",
    "EquationError": "symgate.errors",
    "EquationWarning": "symgate.errors",
    "Exercises": "symgate.sheets.sheet",
    "Explore": "symgate.exploring.explore",
    "FixedPoints": "symgate.theory.fixed_points",
    "Gradients": "symgate.numerics.backprop",
    "Growth": "symgate.theory.measured",
    "Judgement": "symgate.judging.claims",
    "Judgements": "symgate.judging.claims",
    "LagNorms": "symgate.numerics.product",
    "Linearisation": "symgate.linear.terms",
    "Lyapunov": "symgate.theory.lyapunov",
    "MeanField": "symgate.theory.mean_field",
    "Memory": "symgate.decaying.memory",
    "Network": "symgate.models.network",
    "Origin": "symgate.bounds.origin",
    "Report": "symgate.reporting.report",
    "Run": "symgate.numerics.run",
    "ShapeError": "symgate.errors",
    "Sweep": "symgate.decaying.sweep",
    "SymgateError": "symgate.errors",
    "Tangent": "symgate.numerics.tangent",
    "UnknownName": "symgate.errors",
    "activation": "symgate.equations.registering",
    "adjoint": "symgate.linear.adjoint",
    "cell": "symgate.equations.zoo",
    "check": "symgate.checking.check",
    "compare": "symgate.comparing.comparison",
    "critical_gain": "symgate.theory.mean_field",
    "decay": "symgate.decaying.measure",
    "derive": "symgate.writing.derivation",
    "diagram": "symgate.drawing.diagram",
    "exercises": "symgate.sheets.sheet",
    "explore": "symgate.exploring.explore",
    "fixed_points": "symgate.theory.fixed_points",
    "gradients": "symgate.numerics.backprop",
    "init": "symgate.numerics.initialise",
    "jacobian": "symgate.linear.jacobian",
    "judge": "symgate.judging.claims",
    "lag_norms": "symgate.numerics.product",
    "lambdify": "symgate.numerics.evaluate",
    "latex": "symgate.writing.latex",
    "linearise": "symgate.linear.linearise",
    "load": "symgate.decaying.loading",
    "lyapunov": "symgate.theory.lyapunov",
    "mean_field": "symgate.theory.mean_field",
    "measured_growth": "symgate.theory.measured",
    "memory": "symgate.decaying.memory",
    "model": "symgate.models.model",
    "notations": "symgate.writing.latex",
    "origin": "symgate.bounds.origin",
    "reach": "symgate.models.reach",
    "read": "symgate.reading.reader",
    "report": "symgate.reporting.report",
    "simulate": "symgate.numerics.simulate",
    "stack": "symgate.equations.stack",
    "sweep": "symgate.decaying.sweep",
    "tangent": "symgate.numerics.tangent",
    "text": "symgate.algebra.text",
    "trace": "symgate.models.tracing",
    "vector_norms": "symgate.numerics.product",
    "watch": "symgate.models.watching",
    "zoo": "symgate.equations.zoo",
}

#: What a room below calls in a room above, or the command line only when it is asked.
_HOMES |= {
    "board_lines": "symgate.algebra.text",
    "bounds_of": "symgate.decaying.beside",
    "cell_html": "symgate.writing.html",
    "cell_of_latex": "symgate.reading.reader",
    "on_board": "symgate.algebra.text",
    "predictions_of": "symgate.decaying.beside",
    "function_code": "symgate.numerics.lambdified",
    "named": "symgate.cells",
    "notebook_table": "symgate.writing.html",
    "numpy_code": "symgate.numerics.lambdified",
    "read_npy": "symgate.stored.npz",
    "scene_image": "symgate.drawing.image",
}

if TYPE_CHECKING:
    from symgate import plots
    from symgate.algebra.text import board_lines as board_lines
    from symgate.algebra.text import on_board as on_board
    from symgate.algebra.text import text
    from symgate.bounds.origin import Origin, origin
    from symgate.cells import named as named
    from symgate.checking.check import Check, check
    from symgate.comparing.comparison import Comparison, compare
    from symgate.decaying.beside import bounds_of as bounds_of
    from symgate.decaying.beside import predictions_of as predictions_of
    from symgate.decaying.curve import Decay
    from symgate.decaying.loading import load
    from symgate.decaying.measure import decay
    from symgate.decaying.memory import Memory, memory
    from symgate.decaying.sweep import Sweep, sweep
    from symgate.drawing.diagram import Diagram, diagram
    from symgate.drawing.image import scene_image as scene_image
    from symgate.equations.cell import Cell
    from symgate.equations.registering import activation
    from symgate.equations.stack import stack
    from symgate.equations.zoo import cell, zoo
    from symgate.errors import (
        Diverged,
        EquationError,
        EquationWarning,
        ShapeError,
        SymgateError,
        UnknownName,
    )
    from symgate.exploring.explore import Explore, explore
    from symgate.judging.claims import Judgement, Judgements, judge
    from symgate.linear.adjoint import BackwardStep, adjoint
    from symgate.linear.jacobian import jacobian
    from symgate.linear.linearise import linearise
    from symgate.linear.terms import Linearisation
    from symgate.models.model import model
    from symgate.models.network import Network
    from symgate.models.reach import reach
    from symgate.models.tracing import trace
    from symgate.models.watching import watch
    from symgate.numerics.backprop import Gradients, gradients
    from symgate.numerics.evaluate import lambdify
    from symgate.numerics.initialise import init
    from symgate.numerics.lambdified import function_code as function_code
    from symgate.numerics.lambdified import numpy_code as numpy_code
    from symgate.numerics.product import LagNorms, lag_norms, vector_norms
    from symgate.numerics.run import Run
    from symgate.numerics.simulate import simulate
    from symgate.numerics.tangent import Tangent, tangent
    from symgate.reading.reader import cell_of_latex as cell_of_latex
    from symgate.reading.reader import read
    from symgate.reporting.report import Report, report
    from symgate.sheets.sheet import Exercises, exercises
    from symgate.stored.npz import read_npy as read_npy
    from symgate.theory.fixed_points import FixedPoints, fixed_points
    from symgate.theory.lyapunov import Lyapunov, lyapunov
    from symgate.theory.mean_field import MeanField, critical_gain, mean_field
    from symgate.theory.measured import Growth, measured_growth
    from symgate.writing.derivation import Derivation, derive
    from symgate.writing.html import cell_html as cell_html
    from symgate.writing.html import notebook_table as notebook_table
    from symgate.writing.latex import latex, notations

__all__ = [
    "BackwardStep",
    "Cell",
    "Check",
    "Comparison",
    "Decay",
    "Derivation",
    "Diagram",
    "Diverged",
    "EquationError",
    "EquationWarning",
    "Exercises",
    "Explore",
    "FixedPoints",
    "Gradients",
    "Growth",
    "Judgement",
    "Judgements",
    "LagNorms",
    "Linearisation",
    "Lyapunov",
    "MeanField",
    "Memory",
    "Network",
    "Origin",
    "Report",
    "Run",
    "ShapeError",
    "Sweep",
    "SymgateError",
    "Tangent",
    "UnknownName",
    "__version__",
    "activation",
    "adjoint",
    "cell",
    "check",
    "compare",
    "critical_gain",
    "decay",
    "derive",
    "diagram",
    "exercises",
    "explore",
    "fixed_points",
    "gradients",
    "init",
    "jacobian",
    "judge",
    "lag_norms",
    "lambdify",
    "latex",
    "linearise",
    "load",
    "lyapunov",
    "mean_field",
    "measured_growth",
    "memory",
    "model",
    "notations",
    "origin",
    "plots",
    "reach",
    "read",
    "report",
    "simulate",
    "stack",
    "sweep",
    "tangent",
    "text",
    "trace",
    "vector_norms",
    "watch",
    "zoo",
]


#: Rooms that are reached by name: sg.plots.decay_curves.
_ROOMS = ("plots",)


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"symgate.{name}")
    if name not in _HOMES:
        from symgate.cells import named
        from symgate.instead import SYMGATE, absent

        zoo = named(name.lower().replace("_", "-"))
        cell = {} if zoo is None else {name: f"sg.cell({zoo.name!r})"}
        raise AttributeError(absent("module 'symgate'", name, SYMGATE | cell, __all__))
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


# What is frozen holds mappings that cannot be changed; they pickle as what they are made of.
copyreg.pickle(MappingProxyType, lambda fixed: (_fixed, (dict(fixed),)))


def _fixed(values: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(values)
