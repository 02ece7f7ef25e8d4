"""What was found: the data that lies beside the page, and sentences with numbers taken from it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from symgate.equations.cell import Cell
from symgate.numerals import amount, power, rate, share, steps, whole
from symgate.reporting.settings import Settings
from symgate.writing.tree import Code, Datum, Link, Words, Written

#: What stands in a sentence: {name} or {key:form}, $mathematics$, `code`, [words](target).
_PLACE = re.compile(r"\{([^{}:]+)(?::(\w+))?\}|\$([^$]+)\$|`([^`]+)`|\[([^\]]+)\]\(([^)]+)\)")

#: How numbers of the data are written on the page, each way under a name. A test reads page and
#: data, and writes each number again.
NUMBER_FORMATS: Mapping[str, Callable[[Any], str]] = {
    "steps": steps,
    "rate": rate,
    "whole": whole,
    "share": share,
    "power": power,
    "value": lambda value: "–" if value is None else amount(value, 4),
    "words": str,
}


@dataclass(frozen=True)
class Findings:
    """The data of a report, and the figures and files that there are.

    `here` is the place in the data that keys are under; a key with / in front is under none.
    """

    settings: Settings
    slugs: Mapping[str, str]
    data: Mapping[str, Any]
    files: frozenset[str] = field(default_factory=frozenset)
    here: str = ""

    def at(self, place: str | Cell) -> Findings:
        """The same, its keys under a place of the data, or under what was found of a cell."""
        key = place if isinstance(place, str) else f"/cells/{self.slugs[place.name]}"
        return replace(self, here=self.key(key) + "/")

    def key(self, key: str) -> str:
        """Where a key leads from here, in the whole of the data."""
        return key[1:] if key.startswith("/") else self.here + key

    def __getitem__(self, key: str) -> Any:
        found: Any = self.data
        for part in self.key(key).strip("/").split("/"):
            found = found[int(part)] if isinstance(found, list) else found[part]
        return found

    def number(self, key: str, form: str) -> Datum:
        """A number of the data, written in a form; it remembers where it is from."""
        return Datum(self.key(key), form, NUMBER_FORMATS[form](self[key]), self[key])

    def said(self, template: str, **values: Any) -> Words:
        """A sentence: {key:form} is a number of the data, {name} a word, or words in a row.

        >>> f = Findings(Settings(()), {}, {"long": {"steps": 10000}})
        >>> f.at("long").said("Over {steps:whole} {what}.", what="steps")[1]
        Datum(key='long/steps', form='whole', text='10,000', value=10000)
        >>> f.said("Bias $0$, see [Memory](#memory).")[1::2]
        (Written(latex='0', text=''), Link(text='Memory', target='#memory'))
        """
        words: list[Any] = []
        end = 0
        for found in _PLACE.finditer(template):
            words.append(template[end : found.start()])
            name, form, latex, code, text, target = found.groups()
            if name and not form:
                held = values[name]
                words += held if isinstance(held, tuple) else [held]
            elif name:
                words.append(self.number(name, form))
            else:
                shown = Written(latex) if latex else Code(code) if code else Link(text, target)
                words.append(shown)
            end = found.end()
        return tuple(word for word in (*words, template[end:]) if word != "")

    @property
    def cells(self) -> Sequence[Cell]:
        return self.settings.cells

    @property
    def measured(self) -> list[Cell]:
        """The cells that could be simulated."""
        return [c for c in self.cells if "failed" not in self[f"/cells/{self.slugs[c.name]}"]]

    @property
    def slowest_first(self) -> list[Cell]:
        """The measured cells, the gradient that lasts longest first, exact zeros last."""
        rates = {c.name: self.at(c)["rate"] for c in self.measured}
        return sorted(
            self.measured, key=lambda c: math.inf if rates[c.name] is None else -rates[c.name]
        )

    def has(self, name: str) -> bool:
        """Whether there is a figure of this name."""
        return f"figures/{name}.svg" in self.files


def slugs(cells: Sequence[Cell]) -> dict[str, str]:
    """Names for files and places on the page: letters, digits and hyphens, each once.

    >>> import symgate as sg
    >>> slugs([sg.cell("gru"), sg.Cell.from_text("h[t] = tanh(h[t-1])", name="<b>A/b</b>")])
    {'gru': 'gru', '<b>A/b</b>': 'b-a-b-b'}
    """
    found: dict[str, str] = {}
    for cell in cells:
        base = re.sub(r"[^a-z0-9]+", "-", cell.name.lower()).strip("-")[:40] or "cell"
        taken, slug, count = set(found.values()), base, 2
        while slug in taken:
            slug, count = f"{base}-{count}", count + 1
        found[cell.name] = slug
    return found
