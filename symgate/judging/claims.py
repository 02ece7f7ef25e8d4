"""`judge`: run the check of each claim and say whether it holds."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from symgate.cells import cell as by_name
from symgate.equations.cell import Cell
from symgate.errors import UnknownName
from symgate.judging import gates, gradients, sameness, states
from symgate.judging.finding import VERDICTS, Finding

Check = Callable[..., Finding]

#: The checks by the name that the data gives them.
CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        gradients.addition_keeps, gradients.deep_and_untrainable, states.linear_in_state,
        states.misprinted_candidate, sameness.more_work, gradients.removes_vanishing,
        gradients.safe_from_exploding, states.state_without_bound, gates.convention,
        gates.gate_ends, sameness.more_parameters, sameness.one_state,
        sameness.plays_part, gates.reset_gate, sameness.same_cell,
        gates.weighted_mean, gates.within_unit,
    )
}  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """A sentence of the notes in our own words, the cells it is about, and its check.

    `notes` are the files that say it; `given` are the parameters of the check.
    """

    name: str
    says: str
    notes: tuple[str, ...]
    cells: tuple[str, ...]
    check: str
    given: Mapping[str, Any]


@dataclass(frozen=True)
class Judgement:
    """A claim with its verdict and the reason, made by the run."""

    claim: Claim
    finding: Finding

    @property
    def verdict(self) -> str:
        return self.finding.verdict

    @property
    def reason(self) -> str:
        return self.finding.reason

    def to_dict(self) -> dict[str, Any]:
        return {
            "claim": self.claim.name,
            "says": self.claim.says,
            "notes": list(self.claim.notes),
            "cells": list(self.claim.cells),
            "verdict": self.verdict,
            "reason": self.reason,
            "numbers": dict(self.finding.numbers),
        }


@dataclass(frozen=True)
class Judgements:
    """All judgements, in the order of the claims; by name: `judged["gru-vanishing"]`."""

    judgements: tuple[Judgement, ...]

    def __iter__(self) -> Iterator[Judgement]:
        return iter(self.judgements)

    def __len__(self) -> int:
        return len(self.judgements)

    def __getitem__(self, name: str) -> Judgement:
        for judgement in self.judgements:
            if judgement.claim.name == name:
                return judgement
        raise UnknownName("the claim", name, [j.claim.name for j in self.judgements])

    def counts(self) -> dict[str, int]:
        """How many claims have each verdict."""
        return {v: sum(j.verdict == v for j in self.judgements) for v in VERDICTS}

    def to_dict(self) -> dict[str, Any]:
        return {"claims": [j.to_dict() for j in self.judgements], "counts": self.counts()}


@lru_cache(maxsize=1)
def _data() -> tuple[tuple[Claim, ...], Mapping[str, Cell]]:
    read = resources.files(__package__).joinpath("claims.toml").read_text(encoding="utf-8")
    data = tomllib.loads(read)
    printed = {name: Cell.from_text(text, name) for name, text in data["cells"].items()}
    claims = tuple(
        Claim(
            entry["name"],
            entry["says"],
            tuple(entry["notes"]),
            tuple(entry["cells"]),
            entry["check"],
            entry.get("given", {}),
        )
        for entry in data["claims"]
    )
    return claims, printed


def claims() -> tuple[Claim, ...]:
    """The claims, in the order of the data.

    >>> claims()[0].says
    'A GRU removes the vanishing gradient.'
    """
    return _data()[0]


def judge(
    names: Iterable[str] | str | None = None,
    *,
    cells: Mapping[str, Cell] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Judgements:
    """Judge claims by running their checks: all, or those named.

    `cells` puts other cells in the place of those of the zoo, by name.

    >>> import symgate as sg
    >>> found = sg.judge("reset-before-or-after")["reset-before-or-after"]
    >>> found.verdict
    'true under stated conditions'
    """
    known = {claim.name: claim for claim in claims()}
    wanted = list(known) if names is None else [names] if isinstance(names, str) else list(names)
    for name in wanted:
        if name not in known:
            raise UnknownName("the claim", name, known)
    found = []
    for i, name in enumerate(wanted):
        claim = known[name]
        chosen = [_chosen(cell, cells or {}) for cell in claim.cells]
        found.append(Judgement(claim, CHECKS[claim.check](chosen, **claim.given)))
        if progress is not None:
            progress(i + 1, len(wanted))
    return Judgements(tuple(found))


def _chosen(name: str, put: Mapping[str, Cell]) -> Cell:
    printed = _data()[1]
    return put[name] if name in put else printed[name] if name in printed else by_name(name)
