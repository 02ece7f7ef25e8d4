"""`judge`: run the check of each claim and say whether it holds."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from symgate.asked import asked, is_whole, table, words
from symgate.equations.cell import Cell, cell_of_text
from symgate.equations.zoo import cell_of
from symgate.errors import SymgateError, UnknownName
from symgate.instead import signs, tells
from symgate.judging.deciding import ClaimScope
from symgate.judging.finding import NOT_JUDGED, VERDICTS, Decision, Number
from symgate.judging.formulas import FormulaText, named
from symgate.judging.page import html
from symgate.numerals import counted
from symgate.writing.width import beneath

#: All that the data says of a claim.
Entry = Mapping[str, Any]


@signs("a judgement")
@dataclass(frozen=True)
class Judgement:
    """A claim with its verdict and the reason, made by the run.

    `statement` is the claim in our own words, `notes` the labels of those that say it, `cells`
    what it is about, `expected` the verdict that was worked out by hand. `sentences` say why,
    and name each number that stands in `numbers`, log10_… being the logarithm of what is said.
    `formulas` are what the sentences rest on, `formula` all of them in one LaTeX block.
    """

    id: str
    statement: str
    notes: tuple[str, ...]
    cells: tuple[str, ...]
    verdict: str
    expected: str
    sentences: tuple[str, ...]
    formulas: tuple[FormulaText, ...]
    numbers: Mapping[str, Number]
    command: str

    def __repr__(self) -> str:
        return f"<Judgement {self.id}: {self.verdict}>"

    @property
    def as_expected(self) -> bool:
        return self.verdict == self.expected

    @property
    def sentence(self) -> str:
        """All sentences in one."""
        return " ".join(self.sentences)

    @property
    def formula(self) -> str:
        r"""The formulas as one block of LaTeX, without signs around it. Where they are about
        several cells, the name of its cell stands beside each.

        >>> import symgate as sg
        >>> print(sg.judge("gru-vanishing")["gru-vanishing"].formula.splitlines()[0])
        \begin{aligned}
        """
        rows = []
        for formula, cell in self.labelled:
            first, *rest = formula.rows
            rows += [first + (rf" && {named(cell)}" if cell else ""), *rest]
        return beneath(rows) if rows else ""

    @property
    def labelled(self) -> list[tuple[FormulaText, str]]:
        """The formulas, each with the name of its cell where they are about several."""
        several = len({f.cell for f in self.formulas if f.cell}) > 1
        return [(f, f.cell if several else "") for f in self.formulas]

    def _repr_html_(self) -> str:
        return html([self])

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        lists = {n: list(v) for n, v in vars(self).items() if isinstance(v, tuple)}
        shown = {"formulas": [f.to_dict() for f in self.formulas], "numbers": dict(self.numbers)}
        return {**vars(self), **lists, **shown}


@tells("judgements")
@dataclass(frozen=True)
class Judgements:
    """All judgements, in the order of the claims; by id: `judged["gru-vanishing"]`."""

    judgements: tuple[Judgement, ...]

    def __iter__(self) -> Iterator[Judgement]:
        return iter(self.judgements)

    def __len__(self) -> int:
        return len(self.judgements)

    def __getitem__(self, name: str | int) -> Judgement:
        if is_whole(name):
            return self.judgements[name]
        for judgement in self.judgements:
            if judgement.id == name:
                return judgement
        raise UnknownName("the claim", str(name), [j.id for j in self.judgements])

    @property
    def unexpected(self) -> tuple[Judgement, ...]:
        """Those whose verdict is not the one that was worked out by hand."""
        return tuple(j for j in self.judgements if not j.as_expected)

    def __repr__(self) -> str:
        told = ", ".join(f"{n} {verdict}" for verdict, n in self.counts().items() if n)
        return f"<Judgements of {counted(len(self), 'claim')}: {told}>"

    def counts(self) -> dict[str, int]:
        """How many claims have each verdict."""
        found = {v: sum(j.verdict == v for j in self.judgements) for v in (*VERDICTS, NOT_JUDGED)}
        return {v: n for v, n in found.items() if n or v in VERDICTS}

    def _repr_html_(self) -> str:
        return html(self.judgements)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"claims": [j.to_dict() for j in self.judgements], "counts": self.counts()}


@lru_cache(maxsize=1)
def _data() -> tuple[tuple[Entry, ...], Mapping[str, Cell]]:
    read = resources.files(__package__).joinpath("claims.toml").read_text(encoding="utf-8")
    data = tomllib.loads(read)
    printed = {name: cell_of_text(text, name) for name, text in data["cells"].items()}
    by_id = {entry["id"]: entry for entry in data["claims"]}
    return tuple(_claim(entry, by_id, data["shared"]) for entry in data["claims"]), printed


def _claim(own: Entry, by_id: Mapping[str, Any], shared: Entry) -> Entry:
    """All that the data says of a claim: its own, what it is `like`, what all share."""
    other = by_id.get(own.get("like", ""), {})
    layers = (shared, other, own)
    entry = other | own
    for part in ("given", "let", "text"):
        entry |= {part: {k: v for layer in layers for k, v in layer.get(part, {}).items()}}
    return entry


def claims() -> tuple[Entry, ...]:
    """The claims, in the order of the data.

    >>> claims()[0]["statement"]
    'A GRU removes the vanishing gradient.'
    """
    return _data()[0]


@asked(names=words, cells=table())
def judge(
    names: Iterable[str] | str | None = None,
    *,
    cells: Mapping[str, Cell | str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Judgements:
    """Judge claims by running their checks: all, or those named.

    `cells` puts other cells in the place of those of the zoo, by name. A check that cannot
    be run on a cell gives the verdict "not judged" and says why.

    >>> import symgate as sg
    >>> found = sg.judge("reset-before-or-after")["reset-before-or-after"]
    >>> found.verdict
    'true under stated conditions'
    >>> print(found.sentences[0])
    It makes no difference if n = 1 and c_n = 0, or if U_n is diagonal and c_n = 0: ...
    """
    known = {claim["id"]: claim for claim in claims()}
    wanted = list(known) if names is None else [names] if isinstance(names, str) else list(names)
    for name in wanted:
        if name not in known:
            raise UnknownName("the claim", name, known, "`symgate claims` lists all")
    put, printed = {name: cell_of(given) for name, given in (cells or {}).items()}, _data()[1]
    about = sorted({name for claim in known.values() for name in claim["cells"]})
    for name in put:
        if name not in about:
            raise UnknownName("the claims' cell", name, about)
    found = []
    for i, name in enumerate(wanted):
        claim = known[name]
        chosen = [put.get(c) or printed.get(c) or cell_of(c) for c in claim["cells"]]
        found.append(_judgement(claim, chosen, put))
        if progress is not None:
            progress(i + 1, len(wanted))
    return Judgements(tuple(found))


def _judgement(claim: Entry, chosen: list[Cell], put: Mapping[str, Cell]) -> Judgement:
    cells = dict(zip(("one", "two", "three"), chosen, strict=False))
    try:
        found = ClaimScope(claim, cells).decided()
    except SymgateError as error:
        found = Decision(NOT_JUDGED, (str(error).replace("{", "(").replace("}", ")"),))
    command = f"symgate claims {claim['id']}"
    if replaced := ", ".join(f"{c!r}: …" for c in claim["cells"] if c in put):
        command = f"sg.judge({claim['id']!r}, cells={{{replaced}}})"
    said: dict[str, Any] = {name: claim[name] for name in ("id", "statement", "expected")}
    said |= {name: tuple(claim[name]) for name in ("notes", "cells")}
    return Judgement(**said, **vars(found), command=command)
