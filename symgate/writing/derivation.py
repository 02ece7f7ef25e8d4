"""`derive`: the derivation of a cell, as a list of steps that the writers print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from symgate.asked import asked, is_whole, shown, switch
from symgate.equations.cell import Cell
from symgate.equations.zoo import cell_of
from symgate.errors import SymgateError, UnknownName, did_you_mean, known_name
from symgate.instead import absent, signs
from symgate.linear.terms import Term
from symgate.linear.verify import verified
from symgate.writing.data import derivation_data
from symgate.writing.document import Derivations, Form, Head
from symgate.writing.html import notebook
from symgate.writing.latex import HADAMARD
from symgate.writing.naming import Naming
from symgate.writing.notation import notation as notation_named
from symgate.writing.sections import NAMES
from symgate.writing.subject import Subject
from symgate.writing.tree import Derived, Section, Step
from symgate.writing.typesetter import Typesetter

LAYOUTS = ("numerator", "transposed")
FORMS = ("diag", "hadamard")
MAX_LAG = 8

#: What stands above a derivation.
HEAD = ("title", "author", "date", "diagram")


@signs("a derivation", "one of its .steps, or .sections")
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
    sections: tuple[Section, ...]
    bold: bool = False
    heading: str = ""

    @property
    def title(self) -> str:
        return self.heading or self.cell.title

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

    @cached_property
    def typesetter(self) -> Typesetter:
        """Prints its formulas, each once."""
        return Typesetter(self.naming, self.hadamard, self.bold)

    def latex(self, **options: Any) -> str:
        r"""A complete article; or, where one of these is true: `fragment`, sections to \input
        (they need amsmath and booktabs); `slides` for beamer, a frame a step; `handout`, one
        page. `title`, `author` and `date` stand at the top, and `diagram=sg.diagram(cell)`.

        >>> import symgate as sg
        >>> doc = sg.derive("gru")
        >>> "beamer" in doc.latex(slides=True), "Gates" in doc.latex(title="Gates")
        (True, True)
        """
        document, form = self._written(options)
        return document.latex(**form)

    def __getattr__(self, name: str) -> Any:
        """What to type for a form that has no method of its own."""
        if name in Form.__optional_keys__ or name == "pdf":
            mend = "save(path), which ends in .pdf" if name == "pdf" else f"save(path, {name}=True)"
            raise AttributeError(f"a derivation has no method {name!r}; take {mend}")
        raise AttributeError(absent("a derivation", name, {}, dir(type(self))))

    def markdown(self) -> str:
        """Markdown with $…$ and $$…$$."""
        return Derivations((self,)).markdown()

    def html(self) -> str:
        """A page of its own, with static MathML and no script."""
        return Derivations((self,)).html()

    def text(self) -> str:
        """Plain Unicode, for a terminal."""
        return Derivations((self,)).text()

    @asked()
    def save(self, path: str | Path, **options: Any) -> Path:
        """Write to a file; its ending says how: .tex .md .html .pdf .txt. The options are those
        of `latex`."""
        document, form = self._written(options)
        return document.save(path, **form)

    def to_dict(self) -> dict[str, Any]:
        """The derivation as data: sections, steps, and every formula as LaTeX."""
        return derivation_data(self)

    def _written(self, options: dict[str, Any]) -> tuple[Derivations, Form]:
        """The document and its form, by the options of `latex`."""
        known = [*Form.__optional_keys__, *HEAD]
        for name in options:
            known_name("the option", name, known)
        form: Any = {k: v for k, v in options.items() if k in Form.__optional_keys__}
        for name in form:
            switch(name, form[name])
        if form.get("slides") and form.get("handout"):
            raise SymgateError("slides and a handout are two documents: save one after the other")
        words = {k: options.get(k, "") for k in ("title", "author", "date")}
        for name, text in words.items():
            if not isinstance(text, str):
                raise SymgateError(f"{name} must be a text, not {shown(text)}")
        diagram = options.get("diagram")
        if diagram is not None and not hasattr(diagram, "tikz"):
            raise SymgateError(
                f"diagram must be a picture of the cell, sg.diagram(cell), not {diagram}"
            )
        pictures = () if diagram is None else (diagram.tikz(standalone=False),)
        return Derivations((self,), Head(**words, pictures=pictures)), form

    def _repr_html_(self) -> str:
        return notebook(Derived(self))

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
    **head: Any,
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
        raise SymgateError(f"derive takes a cell, such as symgate.cell('gru'), not {cell!r}")
    if head:
        name = next(iter(head))
        mend = did_you_mean(name, ("form", "hadamard", "bold", "sections", "notation", "layout"))
        if name in (*HEAD, *Form.__optional_keys__):
            mend = f"; it goes to the file: derive(…).save(path, {name}=…)"
        if name in ("of", "wrt", "lag"):
            mend = "; a derivation shows every block: sg.jacobian(cell, of=…, wrt=…) is one of them"
        raise TypeError(f"derive has no argument {name!r}{mend}")
    style = notation_named(notation)
    for what, value, known in (
        ("the layout", layout, LAYOUTS),
        ("the form", form, FORMS),
        ("the sign of the Hadamard product", hadamard or style.hadamard, tuple(HADAMARD)),
    ):
        if value not in known:
            raise UnknownName(what, str(value), known)
    named = [sections] if isinstance(sections, str) else sections
    wanted = NAMES if named is None else tuple(dict.fromkeys(named))
    if not wanted:
        raise SymgateError(f"no section is named; choose from {', '.join(NAMES)}")
    for name in wanted:
        if name not in NAMES:
            raise UnknownName("the section", str(name), NAMES)
    subject = Subject.of(cell, notation, hadamard, layout=layout, form=form, lag=_lag(lag))
    made = tuple(_section(name, subject) for name in NAMES if name in wanted)
    return of_sections(subject, made, bold=bold)


def _section(name: str, subject: Subject) -> Section:
    module = import_module(f"symgate.writing.sections.{name}")
    return Section(name, module.TITLE, tuple(module.steps(subject)))


def _lag(lag: int | str) -> int:
    """How many steps to write out; a symbol asks for the general product, with two."""
    if isinstance(lag, str) and lag.isidentifier():
        return 2
    if not is_whole(lag) or not 1 <= lag <= MAX_LAG:
        raise SymgateError(f"the lag must be a whole number from 1 to {MAX_LAG} or k, not {lag!r}")
    return lag


def of_sections(subject: Subject, sections: tuple[Section, ...], **more: Any) -> Derivation:
    """Sections about a subject as a derivation; `more` are bold and heading."""
    chosen = {n: getattr(subject, n) for n in ("cell", "layout", "form", "lag", "hadamard")}
    notation = subject.naming.notation.name
    return Derivation(**chosen, notation=notation, sections=sections, **more)
