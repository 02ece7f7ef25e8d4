"""What is multiplied with what: matrices act on what stands beside them, then components."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from symgate.reading.context import Context, Foreign
from symgate.reading.terms import (
    AnyTerm,
    Apply,
    Call,
    Cat,
    Num,
    Par,
    Plus,
    Quot,
    Raised,
    Times,
    Var,
    subterms,
    text,
)
from symgate.reading.trees import Tree

#: A factor behind the sign before it: "" for none, hadamard, times, star, / or concat.
Factor = tuple[str, AnyTerm]

#: The signs between a matrix and what it acts on.
ACTING = ("", "times", "at")


def sort(term: AnyTerm) -> str:
    """M for a matrix, V for a vector, S for a number or a scalar."""
    match term:
        case Par(kind=kind):
            return {"matrix": "M", "vector": "V", "scalar": "S"}[kind]
        case Num():
            return "S"
        case Var() | Apply() | Cat() | Call():
            return "V"
        case Plus(terms=terms):
            sorts = {sort(inner) for _, inner in terms}
            return "V" if "V" in sorts else "M" if "M" in sorts else "S"
        case Times(factors=factors):
            sorts = {sort(f) for f in factors}
            return "V" if "V" in sorts else "M" if "M" in sorts else "S"
        case Quot(above=above):
            return sort(above)
        case Raised(base=base):
            return sort(base)


class TermProducts:
    """Reads products of terms in a context."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def chained(self, node: Tree, values: Sequence[Factor]) -> AnyTerm:
        """The value of a product: segments between ⊙ are multiplied component by component."""
        segments: list[list[Factor]] = [[]]
        signs: list[str] = []
        for sign, value in values:
            if sign == "hadamard" and segments[-1]:
                segments.append([])
                signs.append(sign)
            segments[-1].append((sign, value))
        self.with_reset_states(segments)
        parts = [self.segment(node, segment) for segment in segments]
        if len(parts) == 1:
            return parts[0]
        return self.hadamard(node, parts, signs)

    def with_reset_states(self, segments: list[list[Factor]]) -> None:
        """U r ⊙ h, where r is a gate and h the last state: the matrix acts on the product."""
        for at, segment in enumerate(segments[:-1]):
            if len(segment) < 2 or len(segments[at + 1]) != 1:
                continue
            (_, matrix), (sign, gate) = segment[-2:]
            hadamard, state = segments[at + 1][0]
            if not (
                isinstance(matrix, Par)
                and sort(matrix) == "M"
                and sign in ACTING
                and isinstance(gate, Var)
                and gate.time != -1
                and gate.name in self.context.defined
                and isinstance(state, Var)
                and state.time == -1
            ):
                continue
            product = Times(gate.start, state.stop, (gate, state), (hadamard,))
            segment[-1] = (sign, product)
            self.context.notes[text(product)] = "reset"
            del segments[at + 1]
            return

    def hadamard(self, node: Tree, parts: list[AnyTerm], signs: list[str]) -> AnyTerm:
        """Component by component; a matrix ⊙ a concatenation cannot be that and acts on it."""
        for i, part in enumerate(parts):
            if not isinstance(part, Par):
                continue
            if sort(part) != "M":
                self.context.saw(part.name, "hadamard")
                continue
            other = parts[i + 1] if i + 1 < len(parts) else parts[i - 1]
            if self.acts_on(part, other):
                row = i > 0 and other is parts[i - 1]
                applied = Apply(part.start, other.stop, part, other, row, "hadamard")
                rest = [p for p in parts if p is not part and p is not other]
                if not rest:
                    return replace(applied, start=node.start, stop=node.stop)
                return Times(node.start, node.stop, (applied, *rest), tuple(signs))
            self.context.saw(part.name, "hadamard")
            parts[i] = replace(part, kind="vector")
        return Times(node.start, node.stop, tuple(parts), tuple(signs))

    def acts_on(self, matrix: Par, other: AnyTerm) -> bool:
        """Whether ⊙ can only have been meant as a product with a matrix."""
        if isinstance(other, Cat):
            return True
        names = {v.name for v in subterms(other) if isinstance(v, Var)}
        given = self.context.inputs - self.context.late
        return bool(names & given) and not (names & self.context.defined)

    def segment(self, node: Tree, values: Sequence[Factor]) -> AnyTerm:
        """A run of factors without ⊙: matrices act on what stands beside them."""
        self.context.step(node, len(values))
        for i, (sign, value) in enumerate(values):
            if sign == "/" and i:
                above = self.segment(node, values[:i])
                rest = [("", value), *values[i + 1 :]]
                below, after = rest[0][1], rest[1:]
                result: AnyTerm = Quot(above.start, below.stop, above, below)
                if not after:
                    return result
                return self.segment(node, [("", result), *after])
        values = [(sign, self.placed(values, i)) for i, (sign, _) in enumerate(values)]
        self.note_kinds(values)
        sorts = [sort(value) for _, value in values]
        self.check_transposes(node, values)
        self.check_matrices(node, values)
        if len(values) == 1:
            return values[0][1]
        if self.is_row(sorts, values):
            return self.folded_left(values)
        return self.folded_right(values)

    def note_kinds(self, values: Sequence[Factor]) -> None:
        for (_, one), (sign, other) in pairwise(values):
            for value, beside in ((one, other), (other, one)) if sign == "at" else ():
                if isinstance(value, Par) and sort(beside) == "V":
                    self.context.saw(value.name, "acts")
        for i, (_, value) in enumerate(values[:-1]):
            after = values[i + 1][1]
            if isinstance(value, Par) and sort(after) == "V":
                self.context.saw(value.name, "acts" if isinstance(after, Cat) else "before")
                if isinstance(after, Var) and after.name in self.context.inputs:
                    self.context.saw(value.name, f"before {after.name}")  # w_f x beside W_i x
        for i, (_, value) in enumerate(values[1:], start=1):
            if isinstance(value, Par) and sort(values[i - 1][1]) == "V":
                self.context.saw(value.name, "behind")

    def placed(self, values: Sequence[Factor], at: int) -> AnyTerm:
        """What a factor is where it stands; wᵀ before a vector is a row."""
        value = values[at][1]
        if isinstance(value, Par) and value.transposed and value.kind != "matrix":
            return replace(value, kind="matrix")
        signs = {sign for sign, _ in values[max(at, 1) : at + 2]}
        if isinstance(value, Par) and signs == {"star"} and self.context.spelled_products:
            self.context.saw(value.name, "hadamard")
            return replace(value, kind="vector")  # D * x beside W @ x
        return value

    def check_transposes(self, node: Tree, values: Sequence[Factor]) -> None:
        for (_, one), (_, other) in pairwise(values):
            if isinstance(other, Var) and other.ref.transposed and sort(one) == "V":
                raise Foreign("an outer product", node)
            if isinstance(one, Var) and one.ref.transposed and sort(other) == "V":
                raise Foreign("an inner product", node)

    def check_matrices(self, node: Tree, values: Sequence[Factor]) -> None:
        """C_t h_t, where C is defined nowhere and all vectors are lower-case: a matrix."""
        for (_, one), (sign, other) in pairwise(values):
            if not (isinstance(one, Var) and isinstance(other, Var)) or sign not in ACTING:
                continue
            given = (sign != "at" and one.name in self.context.defined) or one.time is None
            if one.ref.letter.isupper() and other.ref.letter.islower() and not given:
                raise Foreign("a matrix that each step has anew", node)

    def is_row(self, sorts: Sequence[str], values: Sequence[Factor]) -> bool:
        """Whether vectors stand left of their matrices here."""
        before = any(a == "M" and b == "V" for a, b in pairwise(sorts))
        behind = any(a == "V" and b == "M" for a, b in pairwise(sorts))
        self.context.row_votes += behind and not before
        self.context.column_votes += before and not behind
        if before and behind:
            return self.context.row
        return behind

    def folded_right(self, values: Sequence[Factor]) -> AnyTerm:
        result = values[-1][1]
        sign = values[-1][0]
        for own, value in reversed(values[:-1]):
            if (sort(value) == "M" and sort(result) == "V") or (
                sort(value) == "M" and sort(result) == "M"
            ):
                result = Apply(value.start, result.stop, value, result, False, sign)
            else:
                result = self.times(value, result, sign)
            sign = own
        return result

    def folded_left(self, values: Sequence[Factor]) -> AnyTerm:
        result = values[0][1]
        for sign, value in values[1:]:
            if sort(value) == "M" and sort(result) == "V":
                result = Apply(result.start, value.stop, value, result, True, sign)
            else:
                result = self.times(result, value, sign)
        return result

    def times(self, one: AnyTerm, other: AnyTerm, sign: str) -> AnyTerm:
        left = one.factors if isinstance(one, Times) else (one,)
        right = other.factors if isinstance(other, Times) else (other,)
        return Times(one.start, other.stop, (*left, *right), (sign,))
