"""A document: one derivation or several, in any of the formats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from symgate.errors import SymgateError, did_you_mean
from symgate.files import write_file
from symgate.writing import html, markdown, plain, slides, tex
from symgate.writing.pdf import write_pdf

if TYPE_CHECKING:
    from symgate.writing.derivation import Derivation

#: The formats by the ending of a file.
ENDINGS = (".tex", ".md", ".html", ".pdf", ".txt")


class Form(TypedDict, total=False):
    """What LaTeX is made of a derivation in place of an article."""

    fragment: bool
    slides: bool
    handout: bool


@dataclass(frozen=True)
class Head:
    """What stands at the top: a title in place of the cell's, who wrote it and when, a
    picture of each cell as TikZ; and which of the derivations begin a new page."""

    title: str = ""
    author: str = ""
    date: str = ""
    pictures: tuple[str, ...] = ()
    breaks: frozenset[int] = frozenset()

    def title_of(self, derivations: Sequence[Derivation]) -> str:
        """The title that was given, else that of the cell."""
        own = derivations[0].title if len(derivations) == 1 else "Recurrent cells, derived"
        return self.title or own


@dataclass(frozen=True)
class Derivations:
    """Derivations to be written together.

    >>> import symgate as sg
    >>> both = Derivations((sg.derive(sg.cell("rnn")), sg.derive(sg.cell("gru"))))
    >>> print(both.markdown().splitlines()[0])
    # Recurrent cells, derived
    """

    derivations: tuple[Derivation, ...]
    head: Head = Head()

    def latex(self, **form: Unpack[Form]) -> str:
        r"""An article; a fragment to \input; slides for beamer, a frame a step; or a handout,
        a page a cell."""
        if form.get("slides"):
            return slides.slides(self.derivations, self.head)
        if form.get("handout"):
            return tex.written("handout", [*map(shortened, self.derivations)], self.head)
        kind = "fragment" if form.get("fragment") else "article"
        return tex.written(kind, self.derivations, self.head)

    def markdown(self) -> str:
        return markdown.article(self.derivations, self.head)

    def html(self) -> str:
        return html.article(self.derivations, self.head)

    def text(self) -> str:
        return plain.text(self.derivations)

    def write(self, ending: str, **form: Unpack[Form]) -> str:
        """The document as text, by the ending of a file: .tex .md .html .txt."""
        if ending == ".tex":
            return self.latex(**form)
        if any(form.values()):
            raise SymgateError(
                f"{' and '.join(form)} is LaTeX's: write to a .tex or .pdf file, not to {ending}"
            )
        return {".md": self.markdown, ".html": self.html, ".txt": self.text}[ending]()

    def save(self, path: str | Path, **form: Unpack[Form]) -> Path:
        """Write to a file; its ending says how: .tex .md .html .pdf .txt."""
        path = Path(path)
        ending = check_ending(path)
        if ending == ".pdf":
            return write_pdf(self.latex(**form), path)
        return write_file(path, self.write(ending, **form))


def check_ending(path: Path, known: Sequence[str] = ENDINGS) -> str:
    """The ending of a file, if it is one that can be written."""
    ending = path.suffix.lower()
    if ending not in known:
        shown = f"the ending {ending!r}" if ending else "a file without an ending"
        near = did_you_mean(ending, known) if ending else f"; choose from {', '.join(known)}"
        raise SymgateError(f"{shown} says no format{near}: {path}")
    return ending


def shortened(derivation: Derivation) -> Derivation:
    """The same derivation with its core steps alone.

    >>> import symgate as sg
    >>> [s.name for s in shortened(sg.derive("gru")).sections]
    ['cell', 'step', 'lags', 'norms', 'backward']
    """
    kept = []
    for section in derivation.sections:
        core = tuple(step for step in section.steps if step.core)
        kept += [replace(section, blocks=core)] if core else []
    return replace(derivation, sections=tuple(kept))
