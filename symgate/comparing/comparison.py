"""`compare`: what two cells have to do with each other, proved or refuted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from symgate.asked import asked, table
from symgate.comparing.counterexample import Counterexample, counterexample
from symgate.comparing.direction import Direction, direction
from symgate.comparing.effort import TooLarge, bounded
from symgate.comparing.formulas import map_latex
from symgate.comparing.normal import Normal
from symgate.comparing.normal_forms import BEYOND, normal_form
from symgate.comparing.polynomials import MatrixFactor
from symgate.comparing.reduced import in_one_language, reduced
from symgate.comparing.renamed import map_of, renamed, rows, special, twins
from symgate.comparing.search import ProvedMap, scaled_views, search
from symgate.comparing.separation import separated
from symgate.comparing.sums import best_summed
from symgate.comparing.translation import corresponding
from symgate.comparing.wording import CellMap, conditions_in_words, map_in_words
from symgate.equations.cell import Cell
from symgate.equations.zoo import cell as by_name
from symgate.errors import ShapeError
from symgate.instead import tells
from symgate.tables import html_table

NONE_FOUND = "no map found"
NOT_UNDERSTOOD = "not understood"
VERDICTS = ("identical", "equal", "conditional", "different", NONE_FOUND, NOT_UNDERSTOOD)

#: What was tried where nothing was found.
TRIED = (
    "renamed parameters, linear equations between them, parameters at zero or one, gates tied, "
    "diagonal matrices and states that are scaled or read through their activation give no map, "
    "and no proof that there is none was found"
)


@tells("a comparison")
@dataclass(frozen=True)
class Comparison:
    """The relation of two cells; `verdict` is one of six.

    "identical": equal up to names; "equal": under a change of parameters; "conditional":
    under one of the alternatives in `conditions`; these three are proved, for all sizes, and
    `map` tells the second cell's names in the first's. "different": proved that neither is a
    special case of the other, see `reason`. "no map found": none of these was proved.
    "not understood": see `reason`. `direction` says which cell is always the other, which is
    not, what is not known, and how their parameters correspond.
    """

    first: Cell
    second: Cell
    verdict: str
    map: CellMap | None = None
    conditions: tuple[tuple[str, ...], ...] = ()
    reason: str = ""
    found: ProvedMap | None = field(default=None, repr=False)
    contained: tuple[bool | None, bool | None] = (None, None)

    def __bool__(self) -> bool:
        return self.verdict in ("identical", "equal")

    @cached_property
    def direction(self) -> Direction | None:
        """Which cell is always the other, which is not, and what is not known."""
        if self.verdict == NOT_UNDERSTOOD or (self and self.found is None):
            return None
        if self.found is not None:
            return direction(normal_form(self.first), normal_form(self.second), self.found)
        return Direction(self.first.name, self.second.name, *self.contained)

    @cached_property
    def counterexample(self) -> Counterexample | None:
        """Numbers at which the cells differ, looked for when asked; None where none are found."""
        if self or self.verdict == NOT_UNDERSTOOD:
            return None
        try:
            pair = normal_form(self.first), normal_form(self.second)
            with bounded():
                if self.found is not None and not self.found.image:
                    return counterexample(*pair, self.found) or counterexample(*pair)
                return counterexample(*pair)
        except BEYOND:
            return None

    @asked(params=table())
    def parameters(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Numbers for the second cell's parameters that make it the first with `params`.

        >>> import numpy as np
        >>> params = {"W": np.ones((2, 3)), "U": np.eye(2), "b": np.zeros(2)}
        >>> there = compare("rnn", Cell.from_text("h[t] = tanh(W @ [h[t-1], x[t]] + b)"))
        >>> there.parameters(params)["W"].shape
        (2, 5)
        """
        if self.found is None or not self.found.unconditional:
            raise ShapeError(f"{self.verdict} cells have no map of their parameters")
        known = {name: np.asarray(value, dtype=float) for name, value in params.items()}
        return corresponding(normal_form(self.first), normal_form(self.second), self.found, known)

    @asked()
    def latex(self, notation: str = "symgate") -> str:
        """The map as LaTeX, in one of `symgate.notations`; "" where there is none."""
        if self.found is None or self.map is None:
            return ""
        return map_latex(normal_form(self.first), normal_form(self.second), self.found, notation)

    def rows(self) -> Iterator[tuple[str, str]]:
        """What there is to say, each with a heading, for people."""
        if self.map is not None:
            yield "map", f"{self.map}"
        for i, alternative in enumerate(self.conditions):
            yield "or if" if i else "if", " and ".join(alternative)
        if self.direction is not None and not (self.found and self.found.readings):
            yield "in words", str(self.direction)
        if self.reason:
            yield "why", self.reason
        if self.counterexample is not None:
            yield "otherwise" if self.conditions else "example", str(self.counterexample)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        example = self.counterexample
        return {
            "first": self.first.name,
            "second": self.second.name,
            "verdict": self.verdict,
            "map": None if self.map is None else self.map.to_dict(),
            "conditions": [list(alternative) for alternative in self.conditions],
            "direction": None if self.direction is None else self.direction.to_dict(),
            "counterexample": None if example is None else example.to_dict(),
            "reason": self.reason,
        }

    @property
    def _head(self) -> str:
        return f"{self.first.name} and {self.second.name}: {self.verdict}"

    def __str__(self) -> str:
        lines = [self._head]
        for heading, told in self.rows():
            lines.append(f"  {heading:<10} {told}".replace("\n", f"\n{'':13}"))
        return "\n".join(lines)

    def _repr_latex_(self) -> str:
        return f"$${self.latex()}$$" if self.map is not None else ""

    def _repr_html_(self) -> str:
        return html_table(self.rows(), caption=self._head)


@asked()
def compare(first: Cell | str, second: Cell | str) -> Comparison:
    """Compare two cells; zoo names and paths are taken too.

    >>> import symgate as sg
    >>> found = sg.compare(sg.cell("gru"), sg.cell("gru-z-takes-new"))
    >>> found.verdict, found.map.gates["z"], found.map.parameters["U_z"]
    ('equal', '1 - z', '-U_z')
    >>> sg.compare("gru", "gru-reset-after").conditions
    (('n = 1', 'c_n = 0'), ('U_n is diagonal', 'c_n = 0'))
    >>> print(sg.compare("lstm", "lstm-coupled").direction)
    lstm-coupled is a special case of lstm
    """
    one = by_name(first) if not isinstance(first, Cell) else first
    other = by_name(second) if not isinstance(second, Cell) else second
    one, other = in_one_language(one, other)
    try:
        left, right = normal_form(one), normal_form(other)
    except BEYOND as error:
        if one == other:
            return _same(one, other)
        if isinstance(error, TooLarge | RecursionError):
            return Comparison(one, other, NONE_FOUND, reason=_why(error))
        try:
            return _beyond_vectors(one, other, _why(error))
        except (TooLarge, RecursionError) as large:
            return Comparison(one, other, NONE_FOUND, reason=_why(large))
    try:
        with bounded():
            found = proved_maps(left, right)
            if found:
                return related(left, right, found)
            (less, why), (fewer, cause) = reduced(one), reduced(other)
            if not why and not cause:
                return _unrelated(left, right)
            plainer = compare(less, fewer)
            return replace(plainer, reason="; ".join(filter(None, (plainer.reason, *why, *cause))))
    except (TooLarge, RecursionError, ArithmeticError) as error:
        tired = _why(error)
    try:  # what tells them apart needs no search
        with bounded():
            return _unrelated(left, right, tired)
    except (TooLarge, RecursionError, ArithmeticError):
        return Comparison(one, other, NONE_FOUND, reason=tired)


def _same(one: Cell, other: Cell) -> Comparison:
    return Comparison(one, other, "identical", reason="their equations are the same")


def _beyond_vectors(one: Cell, other: Cell, why: str) -> Comparison:
    """What is proved of cells that have no normal form: equal up to names, transposes or rows,
    or with a parameter at 0 or 1."""
    if matched := renamed(one, other):
        told = map_of(other, matched.names)
        return Comparison(one, other, "identical" if matched.alike else "equal", told)
    if turned := twins(one, other):
        return Comparison(one, other, "equal", turned, reason="the matrices are transposed")
    if by_rows := rows(one, other):
        return Comparison(one, other, "equal", by_rows[0], reason=by_rows[1])
    if bound := special(one, other):
        told, condition, of_first = bound
        contained = (None, True) if of_first else (True, None)
        return Comparison(one, other, "conditional", told, ((condition,),), contained=contained)
    return Comparison(one, other, NOT_UNDERSTOOD, reason=why)


def _why(error: BaseException) -> str:
    match error:
        case RecursionError():
            return "the gates are nested too deeply"
        case ArithmeticError():
            return "a cell divides by zero"
    return str(error)


def proved_maps(one: Normal, other: Normal) -> list[ProvedMap]:
    """What was proved, the strongest first; with parameters joined where that helps."""
    found = list(search(one, other))
    if found and found[0].unconditional:
        return found
    whole = best_summed(one, other)
    return [whole] if whole is not None else found


def related(one: Normal, other: Normal, proved: list[ProvedMap]) -> Comparison:
    """The verdict where some relation was proved."""
    found = proved[-1]
    cells = (one.cell, other.cell)
    told = None if found.image == "first" else map_in_words(one, other, found)
    if found.unconditional:
        verdict = "identical" if _only_names(one, other, found) else "equal"
        return Comparison(*cells, verdict, told, (), _doubled(one, other), found)
    conditions = tuple(conditions_in_words(r, *cells) for r in proved)
    return Comparison(*cells, "conditional", told, conditions, found=found)


def _doubled(*normals: Normal) -> str:
    """States that are always another one; they have to start as it does."""
    return "; ".join(
        f"{name} of {normal.cell.name} is always {kept}, and has to start there"
        for normal in normals
        for name, kept in normal.merged.items()
    )


def _only_names(one: Normal, other: Normal, found: ProvedMap) -> bool:
    """Whether only names change; stacked matrices have to be stacked alike."""
    if not (found.there.renaming and found.back.renaming):
        return False
    if {n for n, _ in found.there.values} != set(other.cell.parameters):
        return False  # parameters that nothing reads
    if {n for n, _ in found.back.values} != set(one.cell.parameters):
        return False
    whole: dict[str, set[str]] = {}
    for (name, block), value in found.there.values.items():
        token = value[0][1][0]
        if bool(block) != (isinstance(token, MatrixFactor) and bool(token.block)):
            return False
        if isinstance(token, MatrixFactor) and block:
            if other.blocks[name].index(block) != one.blocks[token.name].index(token.block):
                return False
            whole.setdefault(name, set()).add(token.name)
    return all(len(names) == 1 for names in whole.values())


def _unrelated(one: Normal, other: Normal, tried: str = TRIED) -> Comparison:
    """The verdict where no relation was found: "different" only where both ways are excluded."""
    if one.cell == other.cell:
        return _same(one.cell, other.cell)
    excluded = separated(one, other), separated(other, one)
    said = (each for why in excluded for each in why.split("; ") if each)
    cells, reasons = (one.cell, other.cell), dict.fromkeys(said)
    there, back = (False if why else None for why in excluded)
    if all(excluded) and _apart_when_scaled(one, other):
        why = "; ".join(reasons)
        return Comparison(*cells, "different", reason=why, contained=(there, back))
    reason = "; ".join((*reasons, tried))
    return Comparison(*cells, NONE_FOUND, reason=reason, contained=(there, back))


def _apart_when_scaled(one: Normal, other: Normal) -> bool:
    """Whether neither cell is the other where one's states are scaled so that it may be."""
    for mine, theirs in ((one, other), (other, one)):
        for _, view in scaled_views(mine, theirs):
            if view is None or not (separated(mine, view) and separated(view, mine)):
                return False
    return True


__all__ = ["VERDICTS", "CellMap", "Comparison", "compare", "normal_form"]
