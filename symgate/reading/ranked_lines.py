"""All lines of a cell by their ranks: what is learnt of a name in one is known in the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from itertools import product

from symgate.reading.context import Context
from symgate.reading.lines import LaidOutLine
from symgate.reading.ranks import RankedReader
from symgate.reading.tokens import FormulaError


@dataclass(frozen=True)
class InText:
    """Lines by name in the language, what each name is, and how they were read."""

    texts: Mapping[str, str]
    kinds: Mapping[str, str]
    reader: RankedReader

    def changed(self, line: LaidOutLine) -> InText | None:
        """With another form of one line, all names being what they are; None without meaning."""
        reader = copy(self.reader)
        reader.kinds, reader.numbers = dict(self.kinds), {*self.reader.numbers}
        with suppress(FormulaError):
            return InText({**self.texts, line.name: reader.line(line)}, reader.kinds, reader)
        return None


def in_text(lines: Sequence[LaidOutLine], context: Context) -> InText | None:
    """The lines by name in the language, and what each name is; None where one has no meaning."""
    memories = [line.name for line in lines if _of_itself(line)]
    single = [[name] for name in memories[:4] if len(memories) > 1]  # the others are vectors
    for capitals, rows in product((memories, *single, []), (False, True)):
        ranks = RankedReader(context, rows, capitals)
        for line in [*lines, *lines]:
            with suppress(FormulaError):
                ranks.line(line)  # what is learnt of a name in one line is known in the others
        try:
            return InText({line.name: ranks.line(line) for line in lines}, ranks.kinds, ranks)
        except FormulaError:
            continue
    return None


def _of_itself(line: LaidOutLine) -> bool:
    """Whether a line is made of itself and is a matrix by its capital letter or a transpose."""
    turned = any(
        (r.transposed and r.time is not None) or r.name == "outer" for r in line.references
    )
    capital = line.target.letter.isupper()
    return (capital or turned) and any(r.name == line.name for r in line.references)
