"""All lines of a cell by their ranks: what is learnt of a name in one is known in the others."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from itertools import product

from symgate.reading.context import Context
from symgate.reading.lines import LaidOutLine
from symgate.reading.ranks import UNLIKE, RankedReader
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
    written = any(_of_itself(own) and own.target.letter.isupper() and _turns(own) for own in lines)
    for capitals, rows in product((memories, *single, *([] if written else [[]])), (False, True)):
        ranks = RankedReader(context, rows, capitals)
        for line in [*lines, *lines]:
            with suppress(FormulaError):
                ranks.line(line)  # what is learnt of a name in one line is known in the others
        with suppress(FormulaError):
            texts = {line.name: ranks.line(line) for line in lines}
            if not any(_loses_a_product(line, texts[line.name]) for line in lines):
                return InText(texts, ranks.kinds, ranks)
    return None


def unlike(lines: Sequence[LaidOutLine], context: Context) -> FormulaError | None:
    """The sum of a matrix and something else for which a memory's line is not read."""
    memories = [line for line in lines if _of_itself(line)]
    ranks = RankedReader(context, False, [line.name for line in memories])
    found: list[FormulaError] = []
    for line in [*lines, *lines, *memories]:
        try:
            ranks.line(line)
        except FormulaError as error:
            found.append(error)
    return next((error for error in found[-len(memories) :] if error.kind == UNLIKE), None)


def _turns(line: LaidOutLine) -> bool:
    """Whether a line reads a transposed vector of the step, as kᵀ in v kᵀ, or an outer product."""
    return any((r.transposed and r.time is not None) or r.name == "outer" for r in line.references)


def _loses_a_product(line: LaidOutLine, text: str) -> bool:
    """Whether v kᵀ stands in a line and neither an outer nor an inner product in its text."""
    return _turns(line) and re.search(r"outer\(|dot\(|@|\.T\b", text) is None


def _of_itself(line: LaidOutLine) -> bool:
    """Whether a line is made of itself and is a matrix by its capital letter or a transpose."""
    return (line.target.letter.isupper() or _turns(line)) and any(
        r.name == line.name for r in line.references
    )
