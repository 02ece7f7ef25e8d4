"""What was found: the data that lies beside the page, and numbers taken from it by name."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from symgate.equations.cell import Cell
from symgate.reporting.blocks import Datum
from symgate.reporting.numbers import FORMS
from symgate.reporting.settings import Settings


@dataclass(frozen=True)
class Findings:
    """The data of a report, and the figures and files that there are."""

    settings: Settings
    slugs: Mapping[str, str]
    data: Mapping[str, Any]
    files: frozenset[str] = field(default_factory=frozenset)

    def __getitem__(self, key: str) -> Any:
        found: Any = self.data
        for part in key.split("/"):
            found = found[int(part)] if isinstance(found, list) else found[part]
        return found

    def number(self, key: str, form: str) -> Datum:
        """A number of the data, written in a form; it remembers where it is from."""
        return Datum(key, form, FORMS[form](self[key]))

    @property
    def cells(self) -> Sequence[Cell]:
        return self.settings.cells

    @property
    def measured(self) -> list[Cell]:
        """The cells that could be simulated."""
        return [c for c in self.cells if "failed" not in self[f"cells/{self.slugs[c.name]}"]]

    @property
    def slowest_first(self) -> list[Cell]:
        """The measured cells, the gradient that lasts longest first, exact zeros last."""
        rates = {c.name: self[f"cells/{self.slugs[c.name]}/rate"] for c in self.measured}
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
