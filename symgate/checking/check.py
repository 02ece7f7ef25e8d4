"""`check`: is a hand-derived Jacobian right, and if not, where does it go wrong?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from symgate.asked import asked, is_whole, table, word
from symgate.checking.claims import MAX_TEXT
from symgate.checking.functions import judged, place
from symgate.checking.judging import Judge
from symgate.checking.locating import Flaw
from symgate.checking.names import namings, renamed
from symgate.checking.page import body, page
from symgate.checking.readings import RIGHT, TRANSPOSED, UNCLEAR, WRONG, ClaimContext
from symgate.checking.targets import jacobian
from symgate.equations.cell import Cell
from symgate.equations.zoo import cell_of
from symgate.errors import SymgateError, UnknownName, harmless
from symgate.instead import tells
from symgate.linear.linearise import linearise
from symgate.reading.source import Document
from symgate.writing.tree import Words

LAYOUTS = ("numerator", "transposed")


@dataclass(frozen=True)
class Fault:
    """What is wrong at a place of the claim: line and column count from 1, and are 0 in a
    function."""

    line: int
    column: int
    message: str
    mend: str = ""
    length: int = 1
    words: Words = field(default=(), repr=False, compare=False)  # both, with their formulas

    def __str__(self) -> str:
        mend = f" ({self.mend})" if self.mend else ""
        if not self.line:
            return f"{self.message}{mend}"
        return f"line {self.line}, column {self.column}: {self.message}{mend}"


@dataclass(frozen=True)
class Said:
    """One side of an equality that was judged: what it is about, and where it stands."""

    line: int
    column: int
    about: str
    verdict: str
    source: str


@tells("a check")
@dataclass(frozen=True)
class Check:
    """The judgement of a claim: `bool` of it is true where the claim is right or transposed."""

    verdict: str
    about: tuple[str, ...]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...] = ()
    claim: str = field(default="", repr=False)
    lines: tuple[Said, ...] = field(default=(), repr=False)

    def __bool__(self) -> bool:
        return self.verdict in (RIGHT, TRANSPOSED)

    @property
    def line(self) -> int | None:
        """The line of the first fault."""
        return self.faults[0].line or None if self.faults else None

    @property
    def column(self) -> int | None:
        """The column of the first fault."""
        return self.faults[0].column or None if self.faults else None

    def __str__(self) -> str:
        document = Document(self.claim)
        head = f"{', '.join(self.about)}: {self.verdict}" if self.about else self.verdict
        lines = [head]
        if len(self.lines) > 1:
            lines += [f"line {said.line}: {said.about}: {said.verdict}" for said in self.lines]
        for fault in self.faults:
            if not fault.line:
                lines.append(str(fault))
                continue
            shown = document.line(fault.line)
            start = max(0, fault.column - 50)
            lines += [str(fault), f"    {shown[start : start + 90]}"]
            lines += [f"    {' ' * (fault.column - 1 - start)}^"]
        return harmless("\n".join([*lines, *self.notes]))

    @asked(title=word)
    def html(self, title: str = "") -> str:
        """A page of its own: the text with a mark beside each line and at each fault."""
        return page(title or "Checked", [(title, self)])

    def _repr_html_(self) -> str:
        return body(self)

    def to_dict(self) -> dict[str, object]:
        """The judgement as plain data."""
        faults = [{k: v for k, v in vars(f).items() if k != "words"} for f in self.faults]
        return {
            "verdict": self.verdict,
            "about": list(self.about),
            "line": self.line,
            "column": self.column,
            "faults": faults,
            "lines": [dict(vars(said)) for said in self.lines],
            "notes": list(self.notes),
        }


@asked(lag=None, names=table(word))
def check(
    cell: Cell | str,
    claim: str | Callable[..., Any],
    of: str | None = None,
    wrt: str | None = None,
    lag: int | None = None,
    layout: str | None = None,
    names: Mapping[str, str] | None = None,
) -> Check:
    r"""Judge a derivation that was done by hand, or a function that computes a Jacobian.

    `claim` is LaTeX, Unicode or symgate's own text, or a document that holds such formulas:
    ∂a_t/∂b_{t-1} = …, over k steps, a step of back-propagation δ_{z,t} = …, ∂L/∂W = …, a
    differential, a limit; also chains of equalities and several lines. Or it is a function
    (params, x, state) → matrix of NumPy, PyTorch or JAX, where state maps names to arrays, or
    is the array of the only state. `of`, `wrt` and `lag` say
    what a claim without a left side is about; with one, only claims about these are judged.
    `layout` is "numerator" or "transposed"; without it either is taken, and the verdict says
    which. `names` says what the claim writes for some names of the cell: {"h": "s"}. A claim
    is called wrong only where the numbers at random points say so and nothing
    in it can be read in two ways.

    >>> import symgate as sg
    >>> claim = r"\frac{\partial c_t}{\partial c_{t-1}} = \operatorname{diag}(i_t)"
    >>> print(sg.check("lstm", claim))
    ∂c_t/∂c_{t-1}: wrong
    line 1, column 61: i_t stands where f_t belongs (write f_t)
        ial c_t}{\partial c_{t-1}} = \operatorname{diag}(i_t)
                                                         ^
    >>> print(sg.check("rnn", lambda params, x, h: params["U"]))
    ∂h_t/∂h_{t-1}: wrong
    in the path through U, the factor 1 - h_t² is missing (multiply by 1 - h_t²)
    >>> bool(sg.check("rnn", "∂h_t/∂h_{t-1} = (1 - h_t²) ⊙ U"))
    True
    """
    cell = cell_of(cell)
    if not isinstance(claim, str) and not callable(claim):
        raise SymgateError(f"a claim must be a text or a function, not {type(claim).__name__}")
    if isinstance(claim, str) and len(claim) > MAX_TEXT:
        raise SymgateError(f"the claim is longer than {MAX_TEXT:,} characters")
    known = (*linearise(cell).nodes, *cell.inputs)
    for name in (of, wrt):
        if name is not None and name not in known:
            raise UnknownName(f"a value of {cell.name} named", str(name), known)
    if layout not in (None, *LAYOUTS):
        raise UnknownName("the layout", str(layout), LAYOUTS)
    if lag is not None and (not is_whole(lag) or lag < 0):
        raise SymgateError(f"lag must be a whole number, 0 or more, not {lag!r}")
    if not isinstance(claim, str):
        return _of_function(cell, claim, of, wrt, lag)
    known_names = (*((renamed(cell, names),) if names else ()), *namings(cell))
    judge = Judge(cell, claim, ClaimContext(of, wrt, lag, layout), known_names)
    judge.run()
    return _result(judge)


def _of_function(
    cell: Cell, function: Callable[..., Any], of: str | None, wrt: str | None, lag: int | None
) -> Check:
    """The judgement of code: which path of the exact Jacobian it has otherwise."""
    wrt = wrt or of or cell.output
    target = jacobian(of or cell.output, wrt, int(wrt in cell.states) if lag is None else lag)
    found = judged(cell, function, *target.names)
    faults = tuple(Fault(0, 0, message, mend) for message, mend in found.said)
    return Check(found.verdict, (str(target),), faults, (), place(function))


def _result(judge: Judge) -> Check:
    """The judgement of all lines together: the worst verdict, and every fault in its place."""
    verdicts = [j.verdict for j in judge.judged]
    verdict = next(v for v in (WRONG, UNCLEAR, TRANSPOSED, RIGHT) if v in verdicts)
    document = Document(judge.claim)
    once: dict[tuple[int, int, Words], Flaw] = {}  # several lines and paths may share a fault
    for found in sorted((f for j in judge.judged for f in j.faults), key=lambda f: f.start):
        once.setdefault((found.start, found.stop, found.mend), found)
    faults = []
    for found in once.values():
        line, column = document.place(found.start)
        message, mend = _text(found.message), _text(found.mend)
        words = (*found.message, *((" (", *found.mend, ")") if found.mend else ()))
        faults.append(Fault(line, column, message, mend, found.stop - found.start, words))
    notes = tuple(dict.fromkeys(note for j in judge.judged for note in j.notes))
    about = tuple(dict.fromkeys(judge.about))
    lines = tuple(
        Said(*document.place(j.start), j.about, j.verdict, harmless(judge.claim[j.start : j.stop]))
        for j in judge.judged
        if j.about
    )
    return Check(verdict, about, tuple(faults), notes, judge.claim, lines)


def _text(words: Words) -> str:
    return harmless("".join(word if isinstance(word, str) else word.text for word in words))
