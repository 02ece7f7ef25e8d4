"""How the words of a sentence are written in a format, and how its template is filled.

A format is a few small functions: how text, mathematics, numbers and links are written in it.
Text is escaped by these functions, never by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from symgate.writing.tree import Code, Datum, Link, Marked, Strong, Words
from symgate.writing.typesetter import GENERAL, Typesetter

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True)
class Format:
    """How the words of a sentence are written; what is not given is plain text."""

    text: Callable[[str], str] = str
    maths: Callable[[str], str] = str
    number: Callable[[Datum], str] = lambda n: n.text
    code: Callable[[str], str] = str
    link: Callable[[Link], str] = lambda link: link.text
    strong: Callable[[str], str] = str
    marked: Callable[[str, str], str] = lambda inside, kind: inside

    def words(self, words: Words, typesetter: Typesetter | None = None) -> str:
        """A sentence, its mathematics printed by a typesetter."""
        return "".join(self.word(word, typesetter or GENERAL) for word in words)

    def word(self, word: Any, typesetter: Typesetter) -> str:
        match word:
            case str():
                return self.text(word)
            case Datum():
                return self.number(word)
            case Code(text):
                return self.code(text)
            case Link():
                return self.link(word)
            case Marked(words, kind):
                return self.marked(self.words(words, typesetter), kind)
            case Strong(words):
                return self.strong(self.words(words, typesetter))
        return self.maths(typesetter.inline(word))


def environment(
    format: Format, filters: Mapping[str, Callable[..., Any]] = MappingProxyType({}), **signs: Any
) -> Environment:
    """What fills templates; a name that is missing is an error.

    `filters` write what the words of a format are not, `signs` say how templates are read.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined  # text does without

    made = Environment(
        loader=PackageLoader("symgate.writing"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **signs,
    )
    made.filters |= {"words": format.words, "text": format.text, **filters}
    made.tests["kind"] = lambda block, name: type(block).__name__ == name
    return made


def filled(made: Environment, template: str, **given: Any) -> str:
    """A template filled, with no more than one blank line at a place."""
    out: list[str] = []
    for line in made.get_template(template).render(given).split("\n"):
        if line.strip() or (out and out[-1]):
            out.append(line.rstrip())
    return "\n".join(out).strip() + "\n"
