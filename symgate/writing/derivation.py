"""`derive`: the derivation of a cell, as a list of steps that the writers print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from symgate.asked import asked
from symgate.cells import cell_of
from symgate.equations.cell import Cell
from symgate.errors import SymgateError, UnknownName
from symgate.linear.linearise import Term
from symgate.linear.verify import verified
from symgate.writing.formulas import Section, Step
from symgate.writing.latex import HADAMARD
from symgate.writing.naming import Naming
from symgate.writing.notation import notation as notation_named
from symgate.writing.sections import NAMES, section
from symgate.writing.subject import Subject

LAYOUTS = ("numerator", "transposed")
FORMS = ("diag", "hadamard")
MAX_LAG = 8


@dataclass(frozen=True)
class Derivation:
    """The derivation of one cell, step by step; nothing in it is LaTeX yet.

    `sections` holds the steps, each with a heading, a reason, formulas, and the terms of
    the linearisation that it shows. `latex`, `markdown`, `html`, `text` and `save` write it.
    """

    cell: Cell
    notation: str
    layout: str
    form: str
    lag: int
    hadamard: str
    bold: bool
    sections: tuple[Section, ...]

    @property
    def title(self) -> str:
        return self.cell.title

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps, in order."""
        return tuple(step for section in self.sections for step in section.steps)

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms of the linearisation that the derivation shows, each once."""
        return tuple(dict.fromkeys(t for step in self.steps for t in step.terms))

    @property
    def holds(self) -> bool:
        """Whether the check against the equations passed."""
        return verified(self.cell).holds

    @cached_property
    def naming(self) -> Naming:
        return Naming(self.cell, notation_named(self.notation))

    def latex(self, *, fragment: bool = False, slides: bool = False) -> str:
        r"""A complete article, a fragment to \input (which needs amsmath and booktabs), or
        slides for beamer, a frame a step."""
        return self._document().latex(fragment=fragment, slides=slides)

    def markdown(self) -> str:
        """Markdown with $…$ and $$…$$."""
        return self._document().markdown()

    def html(self) -> str:
        """A page of its own, with static MathML and no script."""
        return self._document().html()

    def text(self) -> str:
        """Plain Unicode, for a terminal."""
        return self._document().text()

    def save(self, path: str | Path, *, fragment: bool = False, slides: bool = False) -> Path:
        """Write to a file; its ending says how: .tex .md .html .pdf .txt."""
        return self._document().save(path, fragment=fragment, slides=slides)

    def to_dict(self) -> dict[str, Any]:
        """The derivation as data: sections, steps, and every formula as LaTeX."""
        from symgate.writing.data import derivation_data

        return derivation_data(self)

    def _document(self) -> Any:
        from symgate.writing.document import Document

        return Document((self,))

    def _repr_html_(self) -> str:
        from symgate.writing.html import body

        return body((self,))

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def __repr__(self) -> str:
        return f"<Derivation of {self.cell.name} in {self.notation}: {len(self.steps)} steps>"


@asked()
def derive(
    cell: Cell | str,
    notation: str = "symgate",
    layout: str = "numerator",
    lag: int | str = 2,
    *,
    form: str = "diag",
    hadamard: str | None = None,
    bold: bool = False,
    sections: Sequence[str] | None = None,
) -> Derivation:
    """Derive a cell's Jacobian step by step, as a lecturer would write it.

    `notation` is one of `symgate.notations`; `layout` is "numerator" or "transposed"; `lag`
    the number of steps that are written out beside the general k; `form` is "diag" for
    diag(a) U or "hadamard" for a ⊙ (U v); `hadamard` is "odot" or "circ"; `bold` sets
    vectors in bold; `sections` picks some of the sections by name.

    >>> import symgate as sg
    >>> doc = sg.derive(sg.cell("gru"), notation="cho")
    >>> [section.name for section in doc.sections]
    ['cell', 'activations', 'partials', 'step', 'lags', 'norms', 'backward', 'check']
    >>> len(doc.terms), doc.holds
    (14, True)
    """
    cell = cell_of(cell)
    if not isinstance(cell, Cell):
        raise SymgateError(f"derive takes a cell, as symgate.cell('gru'), not {cell!r}")
    style = notation_named(notation)
    for what, value, known in (
        ("the layout", layout, LAYOUTS),
        ("the form", form, FORMS),
        ("the sign of the Hadamard product", hadamard or style.hadamard, tuple(HADAMARD)),
    ):
        if value not in known:
            raise UnknownName(what, str(value), known)
    wanted = NAMES if sections is None else tuple(dict.fromkeys(sections))
    if not wanted:
        raise SymgateError(f"no section is named; there are {', '.join(NAMES)}")
    for name in wanted:
        if name not in NAMES:
            raise UnknownName("the section", str(name), NAMES)
    subject = Subject(
        cell, Naming(cell, style), layout, form, _lag(lag), hadamard or style.hadamard
    )
    return Derivation(
        cell,
        notation,
        layout,
        form,
        subject.lag,
        subject.hadamard,
        bold,
        tuple(section(name, subject) for name in NAMES if name in wanted),
    )


def _lag(lag: int | str) -> int:
    """How many steps to write out; a symbol asks for the general product, with two."""
    if isinstance(lag, str) and lag.isidentifier():
        return 2
    if isinstance(lag, bool) or not isinstance(lag, int) or not 1 <= lag <= MAX_LAG:
        raise SymgateError(f"the lag is a whole number from 1 to {MAX_LAG} or k, not {lag!r}")
    return lag
