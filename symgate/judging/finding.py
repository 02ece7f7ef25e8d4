"""The verdicts, and what a check finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from symgate.judging.formulas import FormulaText

FALSE = "false"

#: The five verdicts.
VERDICTS = (
    "proved",
    "true under stated conditions",
    "true only in a limit",
    "a matter of convention",
    FALSE,
)

#: In place of a verdict where the check could not be run on a cell; the sentence says why.
NOT_JUDGED = "not judged"

Number = float | int


@dataclass(frozen=True)
class Decision:
    """What a check found: a verdict, sentences, the numbers that they say, and formulas."""

    verdict: str
    sentences: tuple[str, ...]
    numbers: Mapping[str, Number] = field(default_factory=lambda: MappingProxyType({}))
    formulas: tuple[FormulaText, ...] = ()
