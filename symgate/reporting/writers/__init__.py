"""The writers: each sets the same page in one format, by a template of its own.

A format is a template and a few small functions: how words, mathematics, numbers and links
are written in it. Text is escaped by these functions, never by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from symgate.reporting.blocks import Code, Datum, Link, Maths, Strong, Words
from symgate.writing.derivation import Derivation
from symgate.writing.mathml import mathml

_POWER = re.compile(r"^(−?[0-9.]+)e(-?[0-9]+)$")


@dataclass(frozen=True)
class Format:
    """How the words of a sentence are written in one format."""

    text: Callable[[str], str]
    maths: Callable[[str], str]
    number: Callable[[Datum], str]
    code: Callable[[str], str]
    link: Callable[[Link], str]
    strong: Callable[[str], str]

    def words(self, words: Words) -> str:
        """A sentence."""
        return "".join(map(self.word, words))

    def word(self, word: Any) -> str:
        if isinstance(word, str):
            return self.text(word)
        rules: Mapping[type, Callable[[Any], str]] = {
            Maths: lambda w: self.maths(w.latex),
            Datum: self.number,
            Code: lambda w: self.code(w.text),
            Link: self.link,
            Strong: lambda w: self.strong(self.words(w.words)),
        }
        return rules[type(word)](word)


def written(
    template: str,
    format: Format,
    derived: Callable[[Derivation], str],
    given: Mapping[str, Any],
    *,
    signs: Mapping[str, Any] = MappingProxyType({}),
    mark: Callable[[str], str] = str,
) -> str:
    """A template of the report filled in; a name that is missing is an error.

    `format` writes words, `derived` a derivation; where a template escapes what it is given, `mark`
    says that these are written already. `signs` are what stands around a template's places.
    """
    made = Environment(
        loader=PackageLoader("symgate.reporting"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **signs,
    )
    made.filters["words"] = lambda words: mark(format.words(words))
    made.filters["text"] = format.text
    made.filters["plain"] = plain_words
    made.filters["display"] = lambda latex: mark(mathml(latex, display=True))
    made.filters["derived"] = lambda block: mark(derived(block.derivation))
    made.tests["kind"] = lambda block, name: type(block).__name__ == name
    return made.get_template(template).render(given)


def plain_words(words: Words) -> str:
    """A sentence for a place that holds text only."""
    return Format(str, str, lambda n: n.text, str, lambda w: w.text, str).words(words)


def in_powers(text: str, form: str) -> str:
    """A number such as 2.1e-333 with its digits and exponent set by a form.

    >>> in_powers("2.1e-333", "{0} times 10 to the {1}"), in_powers("1.43", "")
    ('2.1 times 10 to the -333', '1.43')
    """
    found = _POWER.match(text)
    return form.format(*found.groups()) if found else text
