"""A cell while it is being judged: its lines with what each reads, ready to be changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from symgate.reading.mending.sizes import stated
from symgate.reading.structure import (
    PrintedSummand,
    Structure,
    affine,
    complement,
    factors,
    structure,
    summands,
    variables,
)
from symgate.reading.terms import AnyTerm, Apply, Call, Par, Plus, Times, Var, subterms
from symgate.reading.understood import Understanding, Understood


@dataclass(frozen=True)
class WeightedSum:
    """A weighted sum, W x + U h + b, in a line; `call` is the function around it."""

    call: Call | None
    parts: tuple[PrintedSummand, ...]
    applied: tuple[Apply, ...]
    biases: tuple[Par, ...]

    @property
    def start(self) -> int:
        return self.parts[0].term.start

    @property
    def stop(self) -> int:
        return self.parts[-1].term.stop


@dataclass(frozen=True)
class Facts:
    """A line with what stands in it."""

    u: Understood
    term: AnyTerm
    terms: tuple[AnyTerm, ...]
    variables: tuple[Var, ...]
    sums: tuple[WeightedSum, ...]

    @property
    def name(self) -> str:
        return self.u.name


def facts(u: Understood, term: AnyTerm) -> Facts:
    """What stands in a line."""
    terms = tuple(subterms(term))
    calls = [t for t in terms if isinstance(t, Call) and affine(t)]
    sums = [_sum(c, c.argument) for c in calls]
    if not calls and affine(term):
        sums = [_sum(None, term)]
    return Facts(u, term, terms, tuple(t for t in terms if isinstance(t, Var)), tuple(sums))


def _sum(call: Call | None, term: AnyTerm) -> WeightedSum:
    parts = tuple(summands(term))
    applied = tuple(t for t in subterms(term) if isinstance(t, Apply))
    inner = [
        p
        for part in parts
        for f in part.factors
        for p in (summands(f) if isinstance(f, Plus) else ())
    ]
    biases = tuple(
        p.factors[0]
        for p in (*parts, *inner)
        if len(p.factors) == 1 and isinstance(p.factors[0], Par) and p.factors[0].kind != "matrix"
    )
    return WeightedSum(call, parts, applied, biases)


@dataclass(frozen=True)
class Sketch:
    """The lines of a cell by name, and the parts that they play.

    `spare` are gates that nothing reads as printed; `whole` says that every line was read;
    `sizes` are those that the document states, by names without marks.
    """

    lines: Mapping[str, Facts]
    parts: Structure
    found: Understanding = field(repr=False)
    spare: frozenset[str] = frozenset()
    whole: bool = True
    sizes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def size(self, term: AnyTerm) -> tuple[str, ...]:
        """The size of a weight or a value that the document states; () where it does not."""
        name = term.name.replace("_", "") if isinstance(term, Par | Var) else ""
        return self.sizes.get(name) or self.sizes.get(f"{name}t", ())

    def changed(self, name: str, term: AnyTerm) -> Sketch:
        """With another right side for one line."""
        return replace(self, lines={**self.lines, name: facts(self.lines[name].u, term)})

    def restructured(self) -> Sketch:
        """With the parts that the lines play now."""
        lines = [replace(own.u, term=own.term) for own in self.lines.values()]
        return replace(self, parts=structure(replace(self.found, lines=lines)))

    @cached_property
    def terms(self) -> dict[str, AnyTerm]:
        return {name: own.term for name, own in self.lines.items()}

    @cached_property
    def named(self) -> frozenset[str]:
        """Every name that a line defines, also a line that was not read."""
        return frozenset(self.lines) | {u.name for u in self.found.lines}

    def now(self, name: str) -> set[str]:
        """What a line reads of its own step; of a line that was not read what it names."""
        own = self.lines.get(name)
        if own is not None:
            return {v.name for v in own.variables if (v.time or 0) >= 0}
        line = self.found.line(name)
        ahead = {u.name for u in self.found.lines if u.line.target.time == 1}
        refs = line.line.references if line is not None else ()
        return {ref.name for ref in refs if (ref.time or 0) >= (ref.name in ahead)}

    @cached_property
    def reads(self) -> Counter[tuple[str, int]]:
        """How often each name is read, at which step."""
        return Counter((v.name, v.time or 0) for own in self.lines.values() for v in own.variables)

    def letter(self, name: str) -> str:
        """The letter of a line's name, without index and accent."""
        return self.lines[name].u.line.target.letter

    @cached_property
    def strangers(self) -> Counter[str]:
        """How often each parameter with an index stands that bears the letter of a variable."""
        letters = {*map(self.letter, self.lines), *self.entering}
        every = [t for own in self.lines.values() for t in own.terms if isinstance(t, Par)]
        return Counter(p.name for p in every if p.ref.labels and p.ref.letter in letters)

    def used(self, name: str) -> bool:
        """Whether any line reads a name, of this step or of the last."""
        return bool(self.reads[name, 0] or self.reads[name, -1])

    @cached_property
    def states(self) -> frozenset[str]:
        return frozenset(n for n in self.lines if self.reads[n, -1])

    @cached_property
    def entering(self) -> frozenset[str]:
        """The names that no line defines and that a weight acts on: inputs.

        In U (r ⊙ h) it acts on h: r is a gate without a line.
        """
        acted = [
            t
            for own in self.lines.values()
            for s in own.sums
            for a in s.applied
            for t in subterms(a.vector)
        ]
        gates = {
            v.name
            for t in acted
            if isinstance(t, Times) and any(isinstance(f, Var) and f.time == -1 for f in t.factors)
            for v in t.factors
            if isinstance(v, Var)
        }
        every = {v.name for v in acted if isinstance(v, Var)}
        return frozenset(every - gates - self.lines.keys())

    @cached_property
    def late(self) -> frozenset[str]:
        """The inputs that are read at t-1 alone, where all are: y_{t-1}, the last output, not x."""
        names = {n for n in self.entering if not self.reads[n, 0]}
        return frozenset(names if names == self.entering and not names & {"x", "X"} else ())

    @property
    def closes(self) -> bool:
        """Whether every line was read, and each name of this step is defined or an input."""
        now = {name for name, time in self.reads if time != -1}
        return self.whole and now <= self.named | self.entering

    def is_part(self, own: Facts) -> bool:
        """Whether a line is a gate or a candidate, or a state with its candidate in it."""
        inner = self.parts.gates | self.parts.candidates | self.spare
        return own.name in inner or own.name in self.parts.carried

    @cached_property
    def biases(self) -> frozenset[str]:
        """The letters of biases that bear the mark of their line."""
        every = [p for own in self.lines.values() for s in own.sums for p in s.biases]
        return frozenset(p.ref.letter for p in every if p.ref.labels)

    @cached_property
    def memories(self) -> frozenset[str]:
        """States that another state shows, as c in h = o tanh(c)."""
        shown = {self.parts.outputs.get(name) for name in self.parts.outputs if name in self.states}
        return frozenset(n for n in shown if n)

    def gates(self, term: AnyTerm) -> Iterator[Var]:
        """The variables of this step that a line defines, in a term."""
        for t in subterms(term):
            if (
                isinstance(t, Var)
                and t.time != -1
                and t.name in self.lines
                and t.name not in self.parts.states
            ):
                yield t

    def sources(self, own: WeightedSum) -> frozenset[str]:
        """What a weighted sum reads: inputs and last values, without memories and gates."""
        return (
            frozenset(
                v.name
                for a in own.applied
                for v in subterms(a.vector)
                if isinstance(v, Var) and (v.time == -1 or v.name not in self.lines)
            )
            - self.memories
        )

    def peepholes(self, own: WeightedSum) -> frozenset[str]:
        """The memories that a weighted sum reads."""
        names = {v.name for p in own.parts for v in subterms(p.term) if isinstance(v, Var)}
        return frozenset(names) & self.memories


def sketch(found: Understanding, parts: Structure, said: str = "") -> Sketch:
    """The sketch of a cell as it is printed; `said` is the document, which may state sizes."""
    spare = left_over(found, parts)
    lines = sorted([*found.lines, *spare], key=lambda u: (u.line.number, u.line.target.start))
    return Sketch(
        {u.name: facts(u, u.term) for u in lines if u.term is not None},
        parts,
        found,
        frozenset(u.name for u in (*spare, *unread(found, found.lines, parts))),
        all(u.term is not None for u in lines),
        stated(said),
    )


def left_over(found: Understanding, parts: Structure) -> list[Understood]:
    """Gates and candidates among the outputs that are defined and that nothing reads."""
    return unread(found, found.outputs, parts)


def unread(found: Understanding, lines: Sequence[Understood], parts: Structure) -> list[Understood]:
    """What is defined and nothing reads: a gate σ(W x + U h), σ(β - s), a product i ⊙ g."""
    every = [v for u in found.lines if u.term is not None for v in variables(u.term)]
    read = {v.name for v in every}
    states = {v.name for v in every if v.time == -1} | set(parts.states)
    made = {u.name for u in found.lines if u.name not in states}
    gates = {u.name for u in (*found.lines, *found.outputs) if isinstance(u.term, Call)} - states

    def gate(term: Call, own: str) -> bool:
        return any(
            (affine(term) and v.time == -1 and v.name in states)
            or (term.function == "sigmoid" and v.time != -1 and v.name in made - {own})
            for v in variables(term)
        )

    def product(term: Times) -> bool:
        return all(isinstance(f, Var) and f.time != -1 and f.name in gates for f in term.factors)

    def candidate(own: Understood) -> bool:
        now = {v.name for v in variables(own.term) if v.time != -1} if own.term else states
        return not now & states and any(own.line.is_candidate_of(u.line) for u in found.lines)

    return [
        u
        for u in lines
        if u.name not in read | states
        and (
            candidate(u)
            or (isinstance(u.term, Call) and gate(u.term, u.name))
            or (isinstance(u.term, Times) and product(u.term))
        )
    ]


def gate_of(term: AnyTerm) -> Var | None:
    """The variable that a factor is, also as 1 minus it."""
    inner = complement(term) or term
    return inner if isinstance(inner, Var) else None


def times(term: AnyTerm) -> Sequence[AnyTerm]:
    return factors(term) if isinstance(term, Times) else ()
