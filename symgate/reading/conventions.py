"""Which of the published conventions a cell follows: what its gates keep, how it is written."""

from __future__ import annotations

from dataclasses import dataclass, replace

from symgate.reading.family import Classifier
from symgate.reading.structure import affine, complement, factors, gate_name, summands, variables
from symgate.reading.terms import AnyTerm, Apply, Call, Cat, Par, Plus, Times, Var, subterms
from symgate.reading.understood import Understood


@dataclass(frozen=True)
class Conventions:
    """The conventions of a cell; None for one that does not apply."""

    update: str | None = None
    reset: str | None = None
    peephole: bool | None = None
    coupled: bool | None = None
    concatenated: bool | None = None
    row_vectors: bool | None = None
    biases: str | None = None

    def completed(self, mended: Conventions) -> Conventions:
        """With what only the mended lines show: a reset whose bracket was misplaced."""
        reset = mended.reset if self.reset in (None, "none") else self.reset
        return replace(self, reset=reset, update=self.update or mended.update)

    def to_dict(self) -> dict[str, object]:
        return {name: value for name, value in vars(self).items() if value is not None}


LSTM_LIKE = {"lstm", "lstmp", "slstm", "mlstm", "convlstm", "minlstm"}
UPDATED = {"gru", "mgu", "ugrnn", "janet", "lightru", "mingru", "sru", "sgu", "convgru", "gated"}
GRU_LIKE = {"gru", "mgu", "ugrnn", "lightru", "mingru", "sgu", "convgru", "sru", "janet", "gated"}
#: Families without affine maps, and so without biases.
MEMORIES = {"linear_attention", "delta_rule"}


def conventions(cell: Classifier, family: str) -> Conventions:
    """The conventions of a cell of a family."""
    return _Habits(cell).conventions(family)


class _Habits:
    """Reads the conventions off the parts of a cell."""

    def __init__(self, cell: Classifier) -> None:
        self.cell, self.found, self.parts = cell, cell.found, cell.parts
        self.lines, self.everything = cell.lines, cell.everything

    def conventions(self, family: str) -> Conventions:
        lstm = family in LSTM_LIKE
        return Conventions(
            update=self.update() if family in UPDATED else None,
            reset=self.reset(family) if family in GRU_LIKE else None,
            peephole=self.peephole() if lstm else None,
            coupled=self.coupled() if lstm else None,
            concatenated=self.concatenated(),
            row_vectors=self.row_vectors(),
            biases=self.biases() or ("none" if family in MEMORIES else None),
        )

    def update(self) -> str | None:
        for state in self.parts.carried:
            for keeper in self.parts.keepers[state]:
                inner = complement(keeper)
                if inner is not None:
                    return "takes_new"
                if gate_name(keeper) in self.parts.gates - self.parts.resets or isinstance(
                    keeper, Call
                ):
                    return "keeps_old"
            for keeper in self.parts.keepers[state]:
                if gate_name(keeper):
                    return "keeps_old"
        return None

    def reset(self, family: str) -> str | None:
        """Where the reset gate stands: before the matrix or after it."""
        if family in ("lightru", "mingru", "ugrnn", "sru", "janet", "sgu"):
            return "none"
        names = set(self.parts.states) | self.undefined_states()
        kinds = {self.reset_kind(t, names) for c in self.reset_terms() for t in subterms(c)}
        kinds.discard(None)
        if not kinds:
            return None if self.parts.resets else "none"
        return "before" if "before" in kinds else "after" if "after" in kinds else None

    def undefined_states(self) -> set[str]:
        return {
            v.name
            for u in self.found.lines
            if u.term is not None
            for v in variables(u.term)
            if v.time == -1
        }

    def reset_terms(self) -> list[AnyTerm]:
        candidates = [t for s in self.parts.carried for t in self.cell.candidate_terms(s)]
        return candidates or [u.term for u in self.found.lines if u.term is not None]

    def reset_kind(self, term: AnyTerm, states: set[str]) -> str | None:
        if isinstance(term, Apply):
            inner = term.vector.parts if isinstance(term.vector, Cat) else (term.vector,)
            for vector in map(self.put_in, inner):
                for part in summands(vector):
                    names = {gate_name(f) for f in part.factors}
                    if (
                        len(part.factors) > 1
                        and names & (set(self.lines) | self.parts.resets)
                        and any(
                            isinstance(f, Var) and f.name in states and f.time == -1
                            for f in part.factors
                        )
                    ):
                        return "before"
        if isinstance(term, Times):
            parts = factors(term)
            gated = {gate_name(f) for f in parts} & set(self.lines)
            for factor in parts:
                acted = [t for t in (factor, *_terms(factor)) if isinstance(t, Apply)]
                if gated and any(
                    v.name in states and v.time == -1 for t in acted for v in variables(t)
                ):
                    return "after"
        return None

    def put_in(self, term: AnyTerm) -> AnyTerm:
        """A product that has a line of its own, as s = r ⊙ h in W [s, x]."""
        line = self.lines.get(term.name) if isinstance(term, Var) and term.time != -1 else None
        return line.term if line is not None and isinstance(line.term, Times) else term

    def peephole(self) -> bool:
        memory = set(self.parts.carried) - set(self.parts.outputs)
        gates = self.cell.gate_lines() or [u for u in self.found.lines if isinstance(u.term, Call)]
        terms = [u.term for u in gates if u.term is not None]
        seen = {v.name for term in terms for v in variables(term) if v.time == -1}
        if len(seen & (set(self.parts.states) or self.undefined_states())) > 1:
            return True
        for u in self.found.lines:
            if u.name in self.parts.carried or u.name in self.parts.outputs or u.term is None:
                continue
            if u.name not in self.parts.gates:
                continue
            others = self.parts.outputs or self.undefined_states() - {*self.lines}
            if others and any(v.name in memory for v in variables(u.term)):
                return True
        return False

    def coupled(self) -> bool:
        return any(
            self.cell.is_complementary(state) or self.writes_complement(state)
            for state in self.parts.carried
        )

    def writes_complement(self, state: str) -> bool:
        """Whether the content gate has a line that says 1 minus the keep gate."""
        keep = self.cell.keep_gates(state)
        return any(
            u.term is not None
            and isinstance(complement(u.term), Var)
            and getattr(complement(u.term), "name", "") in keep
            for u in self.found.lines
        )

    def concatenated(self) -> bool:
        """Whether a matrix acts on a state and an input together; two inputs are one."""
        return any(
            isinstance(t, Apply)
            and isinstance(t.vector, Cat)
            and any(v.time == -1 or v.name in self.lines for v in variables(t.vector))
            for u in self.found.lines
            if u.term is not None
            for t in subterms(u.term)
        )

    def row_vectors(self) -> bool:
        rows = columns = 0
        for u in self.everything:
            for term in subterms(u.term) if u.term is not None else ():
                if isinstance(term, Apply):
                    rows += term.row
                    columns += not term.row
        return rows > columns

    def biases(self) -> str | None:
        counts = [self.bias_count(term) for term in self.affine_terms()]
        if not counts:
            return None
        if all(c == counts[0] for c in counts):
            return ("none", "one", "two")[min(counts[0], 2)]
        return "partial"

    def affine_terms(self) -> list[AnyTerm]:
        """The pre-activations of a cell, and candidates without an activation."""
        found: list[AnyTerm] = []
        for u in self.found.lines:
            if u.term is None:
                continue
            calls = [t for t in subterms(u.term) if isinstance(t, Call) and affine(t)]
            found += [self.with_outside(u, c) for c in calls]
            if not calls and affine(u.term) and self.multiplies(u):
                found.append(u.term)
        return found

    def with_outside(self, u: Understood, call: Call) -> AnyTerm:
        """A pre-activation; a bias that stands outside its function counts with it."""
        if isinstance(u.term, Plus) and any(t is call for _, t in u.term.terms):
            outside = [(s, t) for s, t in u.term.terms if isinstance(t, Par)]
            inner = (
                call.argument
                if isinstance(call.argument, Plus)
                else Plus(call.start, call.stop, ((1, call.argument),))
            )
            return Plus(call.start, call.stop, (*inner.terms, *outside))
        return call.argument

    def multiplies(self, u: Understood) -> bool:
        """Whether a line without an activation is a pre-activation or multiplied in an update."""
        for other in self.found.lines:
            if other.term is None or other is u:
                continue
            for term in subterms(other.term):
                if isinstance(term, Call) and any(
                    isinstance(f, Var) and f.name == u.name
                    for s in summands(term.argument)
                    for f in s.factors
                ):
                    return True
                if isinstance(term, Times) and any(
                    isinstance(f, Var) and f.name == u.name for f in factors(term)
                ):
                    return True
        return not self.parts.gates and u.name in self.parts.states

    def bias_count(self, term: AnyTerm) -> int:
        inner = term.argument if isinstance(term, Call) else term
        count = 0
        for part in summands(inner):
            if len(part.factors) == 1 and isinstance(part.factors[0], Par):
                count += part.factors[0].name not in ("W", "U")
                continue
            for factor in part.factors:
                if isinstance(factor, Plus) and len(part.factors) > 1 and affine(factor):
                    count += self.bias_count(factor)
                elif isinstance(factor, Apply) and isinstance(factor.vector, Plus):  # U (h + b)
                    count += self.bias_count(factor.vector)
        return count


def _terms(term: AnyTerm) -> list[AnyTerm]:
    return [f for s in summands(term) for f in s.factors] if isinstance(term, Plus) else []
