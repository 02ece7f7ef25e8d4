"""The sections of a derivation, one module each, in the order of a lecture.

Each has `TITLE` and `steps(subject)`. They read the linearisation, the paths, the bounds
and the adjoint, and never a cell's formulas.
"""

from __future__ import annotations

from importlib import import_module

from symgate.errors import UnknownName
from symgate.writing.subject import Subject
from symgate.writing.tree import Section

#: The sections by name, in order.
NAMES = ("cell", "activations", "partials", "step", "lags", "norms", "backward", "check")


def section(name: str, subject: Subject) -> Section:
    """Make one section of the derivation of a subject."""
    if name not in NAMES:
        raise UnknownName("the section", name, NAMES)
    module = import_module(f"symgate.writing.sections.{name}")
    return Section(name, module.TITLE, tuple(module.steps(subject)))
