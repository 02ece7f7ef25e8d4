"""Every single slip that may have made a line what it is, taken back, one at a time.

A change knows the term that it puts in place of another and the characters that it edits, so
that the same slip is mended in the sketch and in the document. Each kind of slip has one
function; none knows which cell is meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import Any

from symgate.reading.faults import Edit
from symgate.reading.mending.printing import Printing
from symgate.reading.mending.sketch import Facts, Sketch, Sum, gate_of, times
from symgate.reading.structure import affine, complement, summands
from symgate.reading.terms import Add, AnyTerm, Apply, Call, Cat, Num, Par, Times, Var, children

#: How likely each kind of slip is, beside the others.
PRIOR = {
    "wrong_time_index": 0.9,
    "extra_tilde": 0.9,
    "missing_tilde": 0.9,
    "wrong_activation": 0.85,
    "wrong_sign": 0.8,
    "missing_complement": 0.8,
    "wrong_operator": 0.8,
    "missing_factor": 0.7,
    "spurious_factor": 0.65,
    "missing_term": 0.7,
    "spurious_term": 0.5,
    "wrong_gate": 0.75,
    "wrong_state": 0.6,
    "wrong_symbol": 0.6,
    "swapped_gates": 0.55,
    "misplaced_parenthesis": 0.75,
    "missing_weight": 0.7,
    "concatenation_became_sum": 0.7,
    "bias_outside_activation": 0.85,
    "spurious_activation": 0.7,
    "missing_tanh": 0.6,
    "misplaced_reset": 0.75,
    "misplaced_factor": 0.75,
    "case_mismatch": 0.8,
    "symbol_reused": 0.7,
    "shape_mismatch": 0.8,
}


@dataclass(frozen=True)
class Change:
    """One slip taken back: in which line, what was meant, and how it is written."""

    line: str
    old: AnyTerm
    term: AnyTerm
    kind: str
    edits: tuple[Edit, ...]
    start: int
    stop: int
    meant: str

    @property
    def prior(self) -> float:
        return PRIOR.get(self.kind, 0.5)


def changes(sketch: Sketch, printing: Printing) -> Iterator[Change]:
    """Every change of every line."""
    for own in sketch.lines.values():
        yield from in_line(sketch, own, printing)


def in_line(sketch: Sketch, own: Facts, printing: Printing) -> Iterator[Change]:
    """Every change of one line."""
    maker = _Maker(sketch, own, printing)
    for term in own.terms:
        match term:
            case Var():
                yield from maker.names(term)
                yield from maker.inserted_gates(term)
            case Add():
                yield from maker.signs(term)
                yield from maker.sums_for_products(term)
                yield from maker.dropped_terms(term)
                yield from maker.brackets_closed_late(term)
                yield from maker.resets_beside(term)
            case Times():
                yield from maker.complements(term)
                yield from maker.products_for_sums(term)
                yield from maker.dropped_factors(term)
                yield from maker.brackets_closed_early(term)
                yield from maker.moved_gates(term)
            case Call():
                yield from maker.functions(term)
                if not affine(term):
                    yield from maker.inserted_gates(term)
            case Apply():
                yield from maker.joined(term)
                yield from maker.turned(term)
                yield from maker.renamed(term)
    yield from maker.updates()
    yield from maker.lone_gates()
    yield from maker.inserted_terms()
    yield from maker.biases()
    yield from maker.swaps()


class _Maker:
    """Makes the changes of one line."""

    def __init__(self, sketch: Sketch, own: Facts, printing: Printing) -> None:
        self.sketch, self.own, self.printing = sketch, own, printing

    def change(self, old: AnyTerm, new: AnyTerm, kind: str, meant: str, *edits: Edit) -> Change:
        """The line with one term exchanged; without edits the term's own text is replaced."""
        edits = edits or (Edit(old.start, old.stop, meant),)
        term = exchanged(self.own.term, old, new)
        return Change(self.own.name, old, term, kind, edits, old.start, old.stop, meant)

    def shown(self, term: AnyTerm) -> str:
        return self.printing.printed(term.start, term.stop)

    # -- names ---------------------------------------------------------------------------

    def names(self, var: Var) -> Iterator[Change]:
        """h_{t-1} for h_t, c̃ for c, r for z, x for h."""
        sketch, now = self.sketch, 0 if var.time is None else var.time
        wanted: dict[tuple[str, int], None] = {}
        if var.name in sketch.lines or now == -1:
            wanted[var.name, -1 - now] = None
        for name, own in sketch.lines.items():
            if name in sketch.states:
                wanted[name, -1] = None
            alike = own.u.line.target.letter == var.ref.letter
            if alike:
                wanted[name, -1] = None
            if name != self.own.name and (now == 0 or alike):
                wanted[name, 0] = None
        for name in sketch.entering:
            wanted[name, 0] = None
        for name, time in wanted:
            if (name, time) == (var.name, now):
                continue
            printed = self.printing.name(name, time)
            if printed:
                line = sketch.lines.get(name)
                shift = line.u.time if line is not None and time == 0 else time
                new = replace(var, name=name, time=shift)
                yield self.change(var, new, self.kind_of_name(var, name, time), printed)

    def kind_of_name(self, var: Var, name: str, time: int) -> str:
        if name == var.name:
            return "wrong_time_index"
        line = self.sketch.lines.get(name)
        if line is not None and line.u.line.target.letter == var.ref.letter:
            return "extra_tilde" if var.ref.accents else "missing_tilde"
        if name.lower() == var.name.lower():
            return "case_mismatch"
        spare = line.term if line is not None and name in self.sketch.spare else None
        gate = isinstance(spare, Call) and spare.function == "sigmoid"
        if (gate or name in self.sketch.parts.gates) and var.time != -1:
            return "wrong_gate"
        return "wrong_state" if time == -1 or name in self.sketch.entering else "wrong_symbol"

    def inserted_gates(self, var: Var | Call) -> Iterator[Change]:
        """U (r ⊙ h) for U h, i ⊙ g for g, θ ⊙ tanh(h) for tanh(h), r ⊙ (U h + c) for U h + c."""
        beside = any(var in t.factors for t in self.own.terms if isinstance(t, Times))
        for name in self.sketch.parts.gates | self.sketch.spare:
            own = name in (self.own.name, getattr(var, "name", ""))
            if own or name not in self.sketch.lines or beside:
                continue
            sums = [s for s in self.own.sums if any(a.vector is var for a in s.applied)]
            if any(len(s.biases) > 1 for s in sums):
                yield from self.beside_biases(name, var, sums[0])
                continue
            new, meant = self.multiplied(name, var)
            yield self.change(var, new, "missing_factor", meant)
            if sums:
                yield self.change(var, new, "missing_factor", f"({meant})")

    def beside_biases(self, gate: str, var: AnyTerm, own: Sum) -> Iterator[Change]:
        """r ⊙ (U h + c) for U h + c, in a sum with a bias of the input's own."""
        terms = own.call.argument.terms if own.call and isinstance(own.call.argument, Add) else ()
        for (s1, acted), (s2, bias) in pairwise(terms):
            if not (isinstance(acted, Apply) and acted.vector is var and isinstance(bias, Par)):
                continue
            inner = Add(acted.start, bias.stop, ((s1, acted), (s2, bias)))
            shown = self.printing.printed(acted.start, bias.stop)
            product, _ = self.multiplied(gate, inner)
            meant = f"{self.printing.name(gate, 0)} {self.printing.sign} ({shown})"
            rest = tuple((s, t) for s, t in terms if t is not bias)
            whole = Add(terms[0][1].start, terms[-1][1].stop, rest)
            whole = replace(whole, terms=tuple((s, product if t is acted else t) for s, t in rest))
            assert own.call is not None
            change = self.change(
                own.call.argument,
                whole,
                "missing_factor",
                meant,
                Edit(acted.start, bias.stop, meant),
            )
            yield replace(change, start=acted.start, stop=bias.stop)

    def complemented(self, product: AnyTerm, meant: str) -> tuple[AnyTerm, str]:
        """(1 - z) ⊙ g for z ⊙ g."""
        assert isinstance(product, Times)
        gate, *rest = product.factors
        other = Add(0, 0, ((1, Num(0, 0, "1")), (-1, gate)))
        shown, sign, tail = meant.partition(f" {self.printing.sign} ")
        return replace(product, factors=(other, *rest)), f"(1 - {shown}){sign}{tail}"

    def multiplied(self, gate: str, term: AnyTerm) -> tuple[AnyTerm, str]:
        line = self.sketch.lines[gate].u
        own = Var(0, 0, gate, line.time, line.line.target)
        meant = f"{self.printing.name(gate, 0)} {self.printing.sign} {self.shown(term)}"
        return Times(term.start, term.stop, (own, term), ("hadamard",)), meant

    # -- sums ----------------------------------------------------------------------------

    def signs(self, term: Add) -> Iterator[Change]:
        """W x + U h for W x - U h, 1 - z for 1 + z."""
        for i, (sign, inner) in enumerate(term.terms):
            at = self.printing.sign_before(term, i)
            if at is None or (sign > 0 and not isinstance(term.terms[0][1], Num)):
                continue
            new = replace(term, terms=(*term.terms[:i], (-sign, inner), *term.terms[i + 1 :]))
            other = "+" if sign < 0 and i else "" if sign < 0 else "-"
            meant = self.printing.edited(term, Edit(at, at + 1, other))
            yield self.change(term, new, "wrong_sign", meant, Edit(at, at + 1, other))

    def sums_for_products(self, term: Add) -> Iterator[Change]:
        """(1 - z) ⊙ h for (1 - z) + h, o ⊙ tanh(c) for o + tanh(c)."""
        for i, ((s1, one), (s2, other)) in enumerate(pairwise(term.terms)):
            at = self.printing.sign_before(term, i + 1)
            if at is None or s2 < 0 or isinstance(one, Num):
                continue
            product = Times(one.start, other.stop, (one, other), ("hadamard",))
            rest = (*term.terms[:i], (s1, product), *term.terms[i + 2 :])
            new = replace(term, terms=rest) if len(rest) > 1 else product
            edit = Edit(at, at + 1, f" {self.printing.sign} ")
            yield self.change(term, new, "wrong_operator", self.printing.edited(term, edit), edit)

    def dropped_terms(self, term: Add) -> Iterator[Change]:
        """W x + U h + b for W x + U h + U h + b."""
        if len(term.terms) < 3:
            return
        for i, (_, inner) in enumerate(term.terms):
            at = self.printing.sign_before(term, i)
            if i and at is not None:
                new = replace(term, terms=(*term.terms[:i], *term.terms[i + 1 :]))
                dropped = self.change(term, new, "spurious_term", "", Edit(at, inner.stop, ""))
                yield replace(dropped, start=inner.start, stop=inner.stop)

    def brackets_closed_late(self, term: Add) -> Iterator[Change]:
        """U (r ⊙ h) + W x for U (r ⊙ h + W x); W [x, h] and W x + U h for W (x + h)."""
        holders = [t for t in self.own.terms if isinstance(t, Apply) and t.vector is term]
        for holder in holders:
            (sign, first), *rest = term.terms
            inside = [t for _, t in rest if affine(t)]
            if inside and sign > 0:
                short = replace(holder, vector=first, stop=first.stop)
                new = Add(holder.start, holder.stop, ((1, short), *rest))
                yield self.change(
                    holder, new, "misplaced_parenthesis", *self.printing.closed(first, holder)
                )
            elif all(s > 0 for s, _ in term.terms):
                cat = Cat(term.start, term.stop, tuple(t for _, t in term.terms))
                inner = ", ".join(self.printing.bare(t) for _, t in term.terms)
                yield self.change(
                    holder,
                    replace(holder, vector=cat),
                    "concatenation_became_sum",
                    f"{self.shown(holder.matrix)} [{inner}]",
                )

    def resets_beside(self, term: Add) -> Iterator[Change]:
        """W x + U (r ⊙ h) for W x + r ⊙ h + U h, and for W x + r + U h."""
        applied = [
            t
            for _, t in term.terms
            if isinstance(t, Apply) and isinstance(t.vector, Var) and t.vector.time == -1
        ]
        for i, (_, inner) in enumerate(term.terms):
            gates = [v for v in self.sketch.gates(inner) if v.name in self.sketch.parts.gates]
            at = self.printing.sign_before(term, i)
            if len(gates) != 1 or at is None or not applied:
                continue
            if not isinstance(inner, Times) and inner is not gates[0]:
                continue
            target = applied[0]
            state = target.vector
            product = Times(state.start, state.stop, (gates[0], state), ("hadamard",))
            bare = f"{self.shown(gates[0])} {self.printing.sign} {self.shown(state)}"
            rest = tuple(
                (s, replace(t, vector=product) if t is target else t)
                for s, t in term.terms
                if t is not inner
            )
            meant = f"{self.shown(target.matrix)} ({bare})"
            edits = (Edit(at, inner.stop, ""), Edit(target.start, target.stop, meant))
            yield replace(
                self.change(term, replace(term, terms=rest), "misplaced_reset", meant, *edits),
                start=inner.start,
                stop=inner.stop,
            )

    def inserted_terms(self) -> Iterator[Change]:
        """W x + U h for W x, where the other lines have U h; a weight before a bare x."""
        for s in self.own.sums:
            missing = self.printing.missing(self.sketch, self.own, s)
            for term, printed in missing:
                last = s.parts[-1].term
                whole = s.call.argument if s.call is not None else self.own.term
                before = whole.terms if isinstance(whole, Add) else ((1, whole),)
                new = Add(whole.start, whole.stop, (*before, (1, term)))
                yield replace(
                    self.change(
                        whole,
                        new,
                        "missing_term",
                        f"{self.shown(last)} + {printed}",
                        Edit(last.stop, last.stop, f" + {printed}"),
                    ),
                    start=last.start,
                    stop=last.stop,
                )
            for part in s.parts:
                bare = part.factors[-1]
                if isinstance(bare, Var) and all(isinstance(f, Var) for f in part.factors):
                    matrix = self.printing.weight(self.sketch, self.own, bare)
                    if matrix is not None:
                        par, printed = matrix
                        long = len(part.factors) > 1
                        shown = self.shown(part.term)
                        meant = f"{printed} ({shown})" if long else f"{printed} {shown}"
                        par = replace(par, name=printed)
                        act = Apply(part.term.start, part.term.stop, par, part.term)
                        yield self.change(part.term, act, "missing_weight", meant)
            yield from self.parts_of_columns(s.applied)

    def parts_of_columns(self, applied: Sequence[Apply]) -> Iterator[Change]:
        """W [h, x] for W x, where the other lines have columns."""
        model = self.printing.column(self.sketch, self.own)
        for a in applied:
            if model is not None and isinstance(a.vector, Var) and len(applied) == 1:
                cat, printed = model
                vector = replace(cat, start=a.vector.start, stop=a.vector.stop)
                yield self.change(a.vector, vector, "missing_term", printed)

    # -- products ------------------------------------------------------------------------

    def complements(self, term: Times) -> Iterator[Change]:
        """1 - z for z, and z for 1 - z."""
        for factor in term.factors:
            inner = complement(factor)
            if inner is not None:
                yield self.change(factor, inner, "missing_complement", self.shown(inner))
                for name in self.sketch.spare & self.sketch.lines.keys():
                    line, meant = self.sketch.lines[name].u, self.printing.name(name, 0)
                    gate = Var(factor.start, factor.stop, name, line.time, line.line.target)
                    yield self.change(factor, gate, "wrong_gate", meant)
            elif isinstance(factor, Var) and factor.name in self.sketch.parts.gates:
                new = Add(factor.start, factor.stop, ((1, Num(0, 0, "1")), (-1, factor)))
                yield self.change(factor, new, "missing_complement", f"(1 - {self.shown(factor)})")

    def products_for_sums(self, term: Times) -> Iterator[Change]:
        """f ⊙ c + i ⊙ g for f ⊙ c ⊙ i ⊙ g."""
        for i, (one, other) in enumerate(pairwise(term.factors)):
            sign = self.printing.between(one, other)
            left, right = term.factors[: i + 1], term.factors[i + 1 :]
            if sign is None or (len(left) == 1) != (len(right) == 1) or isinstance(one, Par):
                continue
            parts = [
                p[0] if len(p) == 1 else replace(term, factors=p, start=p[0].start, stop=p[-1].stop)
                for p in (left, right)
            ]
            new = Add(term.start, term.stop, ((1, parts[0]), (1, parts[1])))
            edit = Edit(*sign, " + ")
            kind = "missing_operator" if isinstance(other, Par) else "wrong_operator"
            yield replace(
                self.change(term, new, kind, self.printing.edited(term, edit), edit),
                start=other.start if isinstance(other, Par) else term.start,
            )

    def dropped_factors(self, term: Times) -> Iterator[Change]:
        """h for r ⊙ h."""
        for i, factor in enumerate(term.factors):
            if gate_of(factor) is None or len(term.factors) < 2:
                continue
            left = (*term.factors[:i], *term.factors[i + 1 :])
            new = left[0] if len(left) == 1 else replace(term, factors=left)
            edit = self.printing.without(term.factors, i)
            yield replace(
                self.change(term, new, "spurious_factor", "", edit),
                start=factor.start,
                stop=factor.stop,
            )

    def brackets_closed_early(self, term: Times) -> Iterator[Change]:
        """tanh(W x + r ⊙ U h) for tanh(W x + r) ⊙ U h; tanh(W x + b) for tanh(W x) b."""
        call = term.factors[0]
        if not isinstance(call, Call) or not isinstance(call.argument, Add):
            return
        (sign, last), rest = call.argument.terms[-1], term.factors[1:]
        product = Times(last.start, term.stop, (last, *rest), ("hadamard",) * len(rest))
        argument = replace(call.argument, terms=(*call.argument.terms[:-1], (sign, product)))
        new = replace(call, argument=argument, stop=term.stop)
        yield self.change(term, new, "misplaced_parenthesis", *self.printing.reopened(call, term))

    def moved_gates(self, term: Times) -> Iterator[Change]:
        """W [r ⊙ h, x] for r ⊙ W [h, x]."""
        if len(term.factors) != 2:
            return
        gate, acted = term.factors
        if (
            gate_of(gate) is None
            or not isinstance(acted, Apply)
            or not isinstance(acted.vector, Cat)
        ):
            return
        for part in acted.vector.parts:
            if isinstance(part, Var) and part.time == -1:
                inner = gate_of(gate) or gate
                sign = self.printing.sign
                meant = f"{self.shown(inner)} {sign} {self.shown(part)}"
                product = Times(part.start, part.stop, (inner, part), ("hadamard",))
                new = exchanged(acted, part, product)
                edits = (Edit(term.start, acted.start, ""), Edit(part.start, part.stop, meant))
                yield self.change(
                    term, new, "misplaced_factor", self.printing.edited(term, *edits), *edits
                )

    # -- functions and the rest ----------------------------------------------------------

    def functions(self, call: Call) -> Iterator[Change]:
        """tanh for σ and σ for tanh; the argument alone."""
        other = {"sigmoid": "tanh", "tanh": "sigmoid"}.get(call.function)
        if other is not None and not call.assumed:
            head, (start, stop) = self.printing.function(call, other), call.head
            new = replace(call, function=other)
            yield replace(
                self.change(call, new, "wrong_activation", head, Edit(start, stop, head)),
                start=start,
                stop=stop,
            )
        if isinstance(call.argument, Add) and not affine(call):
            meant = self.shown(call.argument).strip()
            meant = meant[1:-1].strip() if meant[:1] == "(" and meant[-1:] == ")" else meant
            yield self.change(call, call.argument, "spurious_activation", meant)

    def lone_gates(self) -> Iterator[Change]:
        """z ⊙ h for z, (1 - z) ⊙ g for 1 - z: a gate in a state's line that weighs nothing."""
        for part in summands(self.own.term) if self.own.name in self.sketch.states else ():
            gate = gate_of(part.term)
            if gate is None or gate.time == -1 or gate.name not in self.sketch.parts.gates:
                continue
            printed = self.printing.name(self.own.name, -1)
            target = self.own.u.line.target
            last = Var(part.term.start, part.term.stop, self.own.name, -1, target)
            new = Times(part.term.start, part.term.stop, (part.term, last), ("hadamard",))
            meant = f"{self.shown(part.term)} {self.printing.sign} {printed}"
            if printed:
                yield self.change(part.term, new, "missing_factor", meant)

    def updates(self) -> Iterator[Change]:
        """i ⊙ g for g, z ⊙ h for h, o ⊙ tanh(c) for tanh(c): whole terms that lack a gate."""
        if self.own.name not in {*self.sketch.parts.carried, *self.sketch.parts.outputs}:
            return
        for part in summands(self.own.term):
            for name in self.sketch.parts.gates | self.sketch.spare:
                if len(part.factors) > 2 or name not in self.sketch.lines or name == self.own.name:
                    continue
                new, meant = self.multiplied(name, part.term)
                if not isinstance(part.term, Var):
                    yield self.change(part.term, new, "missing_factor", meant)
                turned, meant = self.complemented(new, meant)
                yield self.change(part.term, turned, "missing_factor", meant)
        for term in self.own.terms:
            if isinstance(term, Var) and term.name in self.sketch.memories and term.time != -1:
                new = Call(term.start, term.stop, "tanh", "", term, (term.start, term.start))
                meant = f"{self.printing.tanh}({self.shown(term)})"
                yield self.change(term, new, "missing_tanh", meant)

    def biases(self) -> Iterator[Change]:
        """σ(W x + b) for σ(W x) + b."""
        term = self.own.term
        if not isinstance(term, Add):
            return
        calls = [t for _, t in term.terms if isinstance(t, Call) and affine(t)]
        outside = [(i, t) for i, (_, t) in enumerate(term.terms) if isinstance(t, Par)]
        if len(calls) != 1 or len(outside) != 1:
            return
        call, (i, bias) = calls[0], outside[0]
        inner = call.argument.terms if isinstance(call.argument, Add) else ((1, call.argument),)
        sign = term.terms[i][0]
        argument = Add(call.argument.start, call.argument.stop, (*inner, (sign, bias)))
        whole = replace(call, argument=argument)
        rest = tuple(t for k, t in enumerate(term.terms) if k != i)
        new = (
            whole
            if len(rest) == 1
            else replace(term, terms=tuple((s, whole if t is call else t) for s, t in rest))
        )
        edits = self.printing.taken_in(term, call, bias)
        if edits:
            yield replace(
                self.change(
                    term,
                    new,
                    "bias_outside_activation",
                    f"{self.shown(bias)} inside the brackets",
                    *edits,
                ),
                start=bias.start,
                stop=bias.stop,
            )

    def joined(self, term: Apply) -> Iterator[Change]:
        """W [r ⊙ h, x] for W [r, h, x], W [h, x] for W [h x]."""
        vector = term.vector
        if isinstance(vector, Cat) and len(vector.parts) > 2:
            for i, (one, other) in enumerate(pairwise(vector.parts)):
                product = Times(one.start, other.stop, (one, other), ("hadamard",))
                parts = (*vector.parts[:i], product, *vector.parts[i + 2 :])
                edit = Edit(one.stop, other.start, f" {self.printing.sign} ")
                yield replace(
                    self.change(
                        vector,
                        replace(vector, parts=parts),
                        "wrong_operator",
                        self.printing.sign,
                        edit,
                    ),
                    start=one.stop,
                    stop=other.start,
                )
        if isinstance(vector, Times) and len(vector.factors) == 2:
            one, other = vector.factors
            sign = self.printing.between(one, other)
            if isinstance(other, Apply) and sign is not None and term.matrix.stop <= one.start:
                new = Add(term.start, term.stop, ((1, replace(term, vector=one)), (1, other)))
                edit = Edit(*sign, " + ")
                meant = self.printing.edited(term, edit)
                yield self.change(term, new, "wrong_operator", meant, edit)
        if isinstance(vector, Times) and all(isinstance(f, Var) for f in vector.factors):
            one, other = vector.factors[0], vector.factors[-1]
            cat = Cat(vector.start, vector.stop, vector.factors)
            if len(vector.factors) == 2:
                yield self.change(
                    vector, cat, "missing_comma", "", Edit(one.stop, other.start, ", ")
                )

    def turned(self, term: Apply) -> Iterator[Change]:
        """x W for W x."""
        new = replace(term, row=not term.row)
        first, second = (term.vector, term.matrix) if not term.row else (term.matrix, term.vector)
        yield self.change(term, new, "shape_mismatch", f"{self.shown(first)} {self.shown(second)}")

    def renamed(self, term: Apply) -> Iterator[Change]:
        """U h for W h, where W acts on the input in the same line."""
        matrix, vector = term.matrix, term.vector
        if not isinstance(matrix, Par) or not isinstance(vector, Var):
            return
        uses = [a for s in self.own.sums for a in s.applied if isinstance(a.matrix, Par)]
        if sum(a.matrix.name == matrix.name for a in uses if isinstance(a.matrix, Par)) > 1:
            model = self.printing.weight(self.sketch, self.own, vector)
            if model is not None:
                new = replace(matrix, name=model[1])
                yield self.change(matrix, new, "symbol_reused", model[1])

    def swaps(self) -> Iterator[Change]:
        """f ⊙ c + i ⊙ g for i ⊙ c + f ⊙ g."""
        gates = [
            gate
            for t in self.own.terms
            for f in times(t)
            if (gate := gate_of(f)) is not None and gate.name in self.sketch.lines
        ]
        for one, other in combinations(gates, 2):
            if one.name == other.name or -1 in (one.time, other.time):
                continue
            first, second = self.shown(one), self.shown(other)
            changed = exchanged(self.own.term, one, replace(other, start=one.start, stop=one.stop))
            changed = exchanged(changed, other, replace(one, start=other.start, stop=other.stop))
            edits = (Edit(one.start, one.stop, second), Edit(other.start, other.stop, first))
            yield Change(
                self.own.name, one, changed, "swapped_gates", edits, one.start, one.stop, second
            )


def exchanged(term: AnyTerm, old: AnyTerm, new: AnyTerm) -> AnyTerm:
    """A term with one of its terms, known by its identity, exchanged for another."""
    if term is old:
        return new
    if not any(term_holds(child, old) for child in children(term)):
        return term
    values: dict[str, Any] = {}
    for name in ("matrix", "vector", "argument", "above", "below", "base"):
        inner = getattr(term, name, None)
        if inner is not None and not isinstance(inner, str):
            values[name] = exchanged(inner, old, new)
    for name in ("factors", "parts"):
        inner = getattr(term, name, None)
        if inner is not None:
            values[name] = tuple(exchanged(t, old, new) for t in inner)
    if isinstance(term, Add):
        values["terms"] = tuple((sign, exchanged(t, old, new)) for sign, t in term.terms)
    return replace(term, **values)


def term_holds(term: AnyTerm, old: AnyTerm) -> bool:
    """Whether a term stands in another, known by its identity."""
    return term is old or any(term_holds(child, old) for child in children(term))
