"""A derivation as plain data, for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from symgate.algebra.vectors import name_of
from symgate.writing.format import Format
from symgate.writing.typesetter import Typesetter

if TYPE_CHECKING:
    from symgate.writing.derivation import Derivation
    from symgate.writing.tree import Step, Words

#: Words as they are, mathematics as LaTeX.
FORMAT = Format(maths=lambda formula: f"${formula}$")


def derivation_data(derivation: Derivation) -> dict[str, Any]:
    """Sections, steps, and every formula as LaTeX."""
    typesetter = derivation.typesetter
    return {
        "cell": derivation.cell.name,
        "title": derivation.title,
        "notation": derivation.notation,
        "layout": derivation.layout,
        "form": derivation.form,
        "lag": derivation.lag,
        "sections": [
            {
                "name": s.name,
                "title": s.title,
                "steps": [_step(typesetter, step) for step in s.steps],
            }
            for s in derivation.sections
        ],
    }


def _step(typesetter: Typesetter, step: Step) -> dict[str, Any]:
    def said(words: Words) -> str:
        return FORMAT.words(words, typesetter)

    return {
        "heading": said(step.heading),
        "reason": said(step.reason),
        "formulas": [shown.latex for f in step.formulas for shown in typesetter.formula(f)],
        "table": None
        if step.table is None
        else {
            "header": [said(h) for h in step.table.header],
            "rows": [[said(cell) for cell in row] for row in step.table.rows],
        },
        "terms": [
            {
                "reads": name_of(t.source),
                "coefficient": [str(f) for f in t.coefficient],
                "matrix": None if t.matrix is None else str(t.matrix),
            }
            for t in step.terms
        ],
    }
