"""How the words of a sentence are written in a format, and how its template is filled.

A format is a few small functions: how text, mathematics, numbers and links are written in it.
Text is escaped by these functions, never by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from symgate.writing.tree import Code, Datum, Link, Strong, Words
from symgate.writing.typesetter import GENERAL, Typesetter


@dataclass(frozen=True)
class Format:
    """How the words of a sentence are written; what is not given is plain text."""

    text: Callable[[str], str] = str
    maths: Callable[[str], str] = str
    number: Callable[[Datum], str] = lambda n: n.text
    code: Callable[[str], str] = str
    link: Callable[[Link], str] = lambda link: link.text
    strong: Callable[[str], str] = str

    def words(self, words: Words, typesetter: Typesetter = GENERAL) -> str:
        """A sentence, its mathematics printed by a typesetter."""
        return "".join(self.word(word, typesetter) for word in words)

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
            case Strong(words):
                return self.strong(self.words(words, typesetter))
        return self.maths(typesetter.inline(word))


def filled(
    template: str,
    format: Format,
    blocks: Mapping[str, Callable[..., str]],
    given: Mapping[str, Any],
    *,
    signs: Mapping[str, Any] = MappingProxyType({}),
    mark: Callable[[str], str] = str,
) -> str:
    """A template filled in; a name that is missing is an error.

    `format` writes words, `blocks` what derivations hold as well; where a template escapes what
    it is given, `mark` says that these are written already. `signs` are what stands around a
    template's places.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined  # derivations do without

    made = Environment(
        loader=PackageLoader("symgate.writing"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **signs,
    )
    made.filters["words"] = lambda words: mark(format.words(words))
    made.filters["text"] = format.text
    for name, block in blocks.items():
        made.filters[name] = lambda *held, block=block: mark(block(*held))
    made.tests["kind"] = lambda block, name: type(block).__name__ == name
    return made.get_template(template).render(given)
