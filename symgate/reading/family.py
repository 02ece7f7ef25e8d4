"""Which family a cell is of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from symgate.reading.state_spaces import is_of_norm_one, is_state_space, normalised
from symgate.reading.structure import (
    PrintedSummand,
    Structure,
    affine,
    complement,
    factors,
    gate_name,
    summands,
    variables,
    weighs,
)
from symgate.reading.terms import (
    AnyTerm,
    Apply,
    Call,
    Par,
    Plus,
    Quot,
    Times,
    Var,
    mapped,
    subterms,
)
from symgate.reading.understood import Understanding, Understood


def _put_together(found: Understanding, parts: Structure) -> list[Understood]:
    """The lines of a cell with those put in where they are read that are parts of a sum.

    a = W x + b and s = U h + d in z = σ(a + s) are W x + b + U h + d there.
    """
    named = {*parts.states, *parts.gates, *parts.candidates, *parts.outputs}
    sums = {
        u.name: u.term
        for u in found.lines
        if u.name not in named and u.term is not None and not isinstance(u.term, Call)
        if affine(u.term) and u.name not in {v.name for v in variables(u.term)}
    }
    read = Counter(v.name for u in found.lines if u.term is not None for v in variables(u.term))
    sums = {name: term for name, term in sums.items() if read[name] == 1}

    def put_in(term: AnyTerm) -> AnyTerm:
        own = sums.get(term.name) if isinstance(term, Var) and term.time != -1 else None
        return term if own is None else mapped(own, put_in)

    kept = [u for u in found.lines if u.name not in sums]
    return [u if u.term is None else replace(u, term=mapped(u.term, put_in)) for u in kept]


class Classifier:
    """Reads the family and the conventions off the parts of a cell."""

    def __init__(self, found: Understanding, parts: Structure) -> None:
        self.found, self.parts = replace(found, lines=_put_together(found, parts)), parts
        self.lines = {u.name: u for u in self.found.lines}
        self.everything = [*found.lines, *found.outputs]

    # -- family --------------------------------------------------------------------------

    def family(self) -> str:
        accents = {a for u in self.found.lines for a in u.line.target.accents}
        if self.found.backwards or {"fwd", "bwd"} <= accents:
            return "birnn"
        errors = ((u, u.error) for u in self.found.lines)
        outer = next((u for u, e in errors if e is not None and "outer" in e.message), None)
        if outer is not None:
            return "mlstm" if self.parts.carried else "linear_attention"  # beside a normaliser
        if is_state_space(self.found, self.parts):
            return "ssm"
        base = self.carried_family() if self.parts.carried else self.uncarried_family()
        if self.found.convolution and base in ("lstm", "gru"):
            return f"conv{base}"
        windowed = self.found.convolution or self.reads_window()
        return "qrnn" if windowed and base in ("mingru", "sru") else base

    def reads_window(self) -> bool:
        """Whether a gate has weights for an input of the step before."""
        return any(
            isinstance(v, Var) and v.time == -1 and v.name not in self.lines
            for u in self.gate_lines()
            for t in (subterms(u.term) if u.term is not None else ())
            if isinstance(t, Apply)
            for v in variables(t.vector)
        )

    def uncarried_family(self) -> str:
        if not self.parts.states:
            return self.incomplete_family()
        for name in self.parts.states:
            term = self.lines[name].term
            if term is None:
                continue
            for part in self.leaves(term):
                if part.holds(name, -1) and all(isinstance(f, Var | Par) for f in part.factors):
                    return "indrnn" if len(part.factors) > 1 else "rnn"
        return "rnn" if (family := self.incomplete_family()) == "unknown" else family

    def incomplete_family(self) -> str:
        """A cell without its update: by the names and number of its gates."""
        letters = {u.line.target.letter[:1].lower() for u in self.everything}
        if "r" in letters and letters & {"z", "u"}:
            return "gru"
        if {"i", "f", "o"} <= letters or {"f", "o"} <= letters:
            return "lstm"
        return "unknown"

    def leaves(self, term: AnyTerm) -> Iterator[PrintedSummand]:
        inner = term.argument if isinstance(term, Call) else term
        yield from summands(inner)

    def carried_family(self) -> str:
        carried = self.parts.carried
        if len(carried) >= 2 and normalised(self.everything, carried):
            kept = [k for name in carried for k in self.parts.keepers[name]]
            return "slstm" if any(v for k in kept for v in variables(k)) else "rwkv"
        if any(is_of_norm_one(self.parts, s, self.keep_gates(s)) for s in carried):
            return "rg-lru"
        cells = [name for name in carried if self.is_memory(name)]
        if cells:
            return self.memory_family(cells[0])
        return self.single_family(carried[0])

    def is_memory(self, name: str) -> bool:
        """Whether a carried state is read by an output line, as c in h = o tanh(c)."""
        return any(
            state == name and u in self.parts.outputs for u, state in self.parts.outputs.items()
        ) or any(
            u.term is not None
            and not affine(u.term)
            and any(v.name == name and v.time in (0, None) for v in variables(u.term))
            for u in self.found.outputs
        )

    def memory_family(self, cell: str) -> str:
        output = next((o for o, state in self.parts.outputs.items() if state == cell), None)
        line = self.lines.get(output) if output else None
        if line is None:
            line = next(
                (
                    u
                    for u in self.found.outputs
                    if u.term is not None and any(v.name == cell for v in variables(u.term))
                ),
                None,
            )
        plain_copy = line is not None and isinstance(line.term, Var)
        input_only = not any(self.reads_states(g) for g in self.gate_lines())
        if plain_copy and self.is_complementary(cell):
            named = {g[:1] for g in self.keep_gates(cell)} == {"f"} and not self.parts.resets
            return "janet" if named or self.pre_activated(cell) else self.single_family(cell)
        if plain_copy:
            return self.single_family(cell)
        term = line.term if line is not None else None
        if input_only and self.is_complementary(cell) and term is not None:
            highway = any(complement(f) is not None for s in summands(term) for f in s.factors)
            return "sru" if highway or not self.candidate_reads_state(cell) else "lstm"
        if self.projected(output):
            return "lstmp"
        if isinstance(term, Times) and all(isinstance(f, Var) for f in factors(term)):
            return "lstm" if self.gate_lines() else "qrnn"
        return "lstm" if self.parts.keepers.get(cell) or self.parts.gates else "rnn"

    def projected(self, output: str | None) -> bool:
        """Whether the recurrent state, or what is read out, is a matrix times the output."""
        read = {r.name for u in self.found.outputs for r in u.line.references}
        terms = [self.lines[name].term for name in self.parts.states]
        terms += [u.term for u in self.found.outputs if u.name in read]
        return any(
            isinstance(t, Apply) and any(v.name == output for v in variables(t)) for t in terms
        )

    def pre_activated(self, cell: str) -> bool:
        """Whether the gates of an update are functions written in it, σ(s - β)."""
        term = self.lines[cell].term
        return term is not None and any(
            isinstance(t, Call) and isinstance(complement(p), Call)
            for p in subterms(term)
            for t in subterms(p)
        )

    def single_family(self, state: str) -> str:
        keep = self.keep_gates(state)
        if self.quotient_gates():
            return "minlstm"
        if not keep and not self.parts.gates:
            return "rnn"
        if self.pre_activated(state):
            return "janet"
        recurrent = self.candidate_reads_state(state)
        resets = self.parts.resets
        unsaid = all(isinstance(t, Var) for t in self.candidate_terms(state))
        if not recurrent and unsaid and (named := self.incomplete_family()) != "unknown":
            return named  # the line of its candidate is not printed
        if self.projected_reset(state):
            return "sgu"
        if recurrent and resets:
            sigmoids = [u for u in self.everything if isinstance(u.term, Call) and affine(u.term)]
            single = len([u for u in sigmoids if u.name not in self.parts.candidates]) <= 1
            return "mgu" if resets <= keep and len(self.parts.gates) == 1 and single else "gru"
        if (
            keep
            and not self.is_complementary(state)
            and not resets
            and self.own_gates(state) - keep
        ):
            return "lstm"
        if recurrent:
            gates = self.parts.gates | {
                u.name
                for u in self.found.lines
                if isinstance(u.term, Call)
                and u.term.function == "sigmoid"
                and u.name not in self.parts.candidates
                and self.reads_states(u)
            }
            return "gru" if gates - keep and len(gates) >= 2 else "ugrnn"
        if any(self.reads_states(g) for g in self.gate_lines()):
            return "lightru"
        if any(self.peeps(g, state) for g in self.gate_lines()):
            return "sru"
        bent = any(
            isinstance(t, Call) and t.function == "tanh" for t in self.candidate_terms(state)
        )
        return "qrnn" if bent else "mingru"

    def quotient_gates(self) -> bool:
        return any(
            isinstance(u.term, Quot) and isinstance(u.term.below, Plus) for u in self.found.lines
        )

    def projected_reset(self, state: str) -> bool:
        """Whether the state is multiplied by a projection of the input, as in SGU."""
        for u in self.found.lines:
            if u.term is None or u.name == state:
                continue
            for term in subterms(u.term):
                parts = factors(term) if isinstance(term, Times) else ()
                names = [f.name for f in parts if isinstance(f, Var) and f.time != -1]
                last = any(isinstance(f, Var) and f.name == state and f.time == -1 for f in parts)
                if last and any(map(self.is_projection, names)):
                    return True
        return False

    def is_projection(self, name: str) -> bool:
        """Whether a line is W x + b without a function."""
        line = self.lines.get(name)
        term = line.term if line is not None else None
        return term is not None and not isinstance(term, Call) and affine(term)

    def keep_gates(self, state: str) -> set[str]:
        found = {gate_name(k) for k in self.parts.keepers.get(state, ())}
        return {name for name in found if name}

    def own_gates(self, state: str) -> set[str]:
        """The gates that multiply what is new."""
        parts = self.parts.news.get(state, ())
        return {gate_name(f) for part in parts for f in part.factors} & self.parts.gates

    def gate_lines(self) -> list[Understood]:
        return [self.lines[g] for g in self.parts.gates if g in self.lines]

    def reads_states(self, u: Understood) -> bool:
        """Whether a line has a matrix acting on a state of the step before."""
        if u.term is None:
            return False
        names = {*self.parts.states}
        for term in subterms(u.term):
            if isinstance(term, Apply):
                for v in variables(term.vector):
                    if v.name in names and v.time == -1:
                        return True
        inner = [
            v.name
            for v in variables(u.term)
            if v.name in self.lines
            and v.name not in names
            and v.name != u.name
            and v.time in (0, None)
        ]
        return any(
            self.reads_states(self.lines[n])
            for n in inner
            if n not in self.parts.gates and n not in self.parts.candidates
        )

    def peeps(self, u: Understood, state: str) -> bool:
        return u.term is not None and any(
            v.name == state and v.time == -1 for v in variables(u.term)
        )

    def candidate_terms(self, state: str) -> list[AnyTerm]:
        found: list[AnyTerm] = []
        for part in self.parts.news.get(state, ()):
            for factor in part.factors:
                if weighs(factor) or gate_name(factor) in self.parts.gates:
                    continue
                if isinstance(factor, Var) and factor.name in self.lines:
                    term = self.lines[factor.name].term
                    if term is not None:
                        found.append(term)
                else:
                    found.append(factor)
        return found

    def candidate_reads_state(self, state: str) -> bool:
        names = set(self.parts.states)
        return any(self.term_reads(t, names, set()) for t in self.candidate_terms(state))

    def term_reads(self, term: AnyTerm, names: set[str], seen: set[str]) -> bool:
        for v in variables(term):
            if v.name in names and v.time == -1:
                return True
            line = self.lines.get(v.name)
            if line is None or line.term is None or v.name in seen or v.time == -1:
                continue
            if v.name in self.parts.gates or v.name in names:
                continue
            if self.term_reads(line.term, names, seen | {v.name}):
                return True
        return False

    def is_complementary(self, state: str) -> bool:
        """Whether what is taken is 1 minus what is kept."""
        keep = self.keep_gates(state)
        for part in self.parts.news.get(state, ()):
            for factor in part.factors:
                for inner in map(complement, subterms(factor)):
                    if isinstance(inner, Call) or (isinstance(inner, Var) and inner.name in keep):
                        return True
        keepers = self.parts.keepers.get(state, ())
        return any(complement(k) is not None for k in keepers)
