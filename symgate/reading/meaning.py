"""From the layout of a formula to its meaning: what is multiplied with what, and how.

A symbol with a time, or one that an equation defines, is a vector. Of the others a matrix
is what stands before a vector (or behind it, for row vectors), a vector what is added or
multiplied component by component, a scalar what is Greek. Capital letters are matrices
unless their place says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from symgate.algebra.names import is_scalar_name, name_parts
from symgate.reading import symbols
from symgate.reading.grammar import tree as parsed
from symgate.reading.names import (
    Indices,
    Reference,
    is_ones,
    is_sum,
    reference,
    tree_time,
)
from symgate.reading.terms import (
    Add,
    AnyTerm,
    Apply,
    Call,
    Cat,
    Num,
    Par,
    Quot,
    Raised,
    Times,
    Var,
)
from symgate.reading.tokens import FormulaError
from symgate.reading.trees import (
    Column,
    Fraction,
    Group,
    Number,
    Product,
    Root,
    Scripted,
    Sum,
    Symbol,
    Tree,
    walk,
)


class Foreign(FormulaError):
    """A formula that is well formed, but not of the language: softmax, a norm, v kᵀ."""

    def __init__(self, what: str, tree: Tree) -> None:
        super().__init__(what, tree.start, tree.stop, "foreign")


@dataclass
class Context:
    """What is known of the symbols of a group of equations.

    `defined` are the names on left sides, `timed` those that stand with a time anywhere;
    `kinds` says what each parameter is, `row` whether vectors stand left of matrices.
    """

    indices: Indices = field(default_factory=Indices)
    defined: frozenset[str] = frozenset()
    defined_untimed: frozenset[str] = frozenset()
    timed: frozenset[str] = frozenset()
    inputs: frozenset[str] = frozenset()
    kinds: dict[str, str] = field(default_factory=dict)
    olds: frozenset[str] = frozenset()
    row: bool = False
    target: str = ""
    evidence: dict[str, set[str]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    row_votes: int = 0
    column_votes: int = 0

    def saw(self, name: str, what: str) -> None:
        self.evidence.setdefault(name, set()).add(what)


Factor = tuple[str, AnyTerm]


class Meaning:
    """Reads trees in a context."""

    def __init__(self, context: Context) -> None:
        self.context = context

    # -- trees ---------------------------------------------------------------------------

    def term(self, node: Tree) -> AnyTerm:
        match node:
            case Sum(terms=terms):
                return self.sum(node, terms)
            case Product(factors=factors):
                return self.product(node, factors)
            case Number(text=value):
                return Num(node.start, node.stop, value)
            case Fraction(above=above, below=below):
                if any(isinstance(n, Symbol) and n.kind == "PARTIAL" for n in walk(node)):
                    raise Foreign("a derivative", node)
                return Quot(node.start, node.stop, self.term(above), self.term(below))
            case Root(inside=inside):
                inner = self.term(inside)
                return Call(
                    node.start, node.stop, "sqrt", "sqrt", inner, (node.start, node.start + 5)
                )
            case Column(rows=rows):
                cells = [cell for row in rows for cell in row if cell is not None]
                return Cat(node.start, node.stop, tuple(map(self.term, cells)))
            case Group():
                return self.group(node)
        ref = reference(node, self.context.indices)
        if ref is None and isinstance(node, Scripted) and isinstance(node.base, Group | Column):
            return self.scripted_group(node, node.base)
        if ref is None:
            raise FormulaError("this is not a symbol", node.start, node.stop)
        return self.symbol(ref, node)

    def sum(self, node: Sum, terms: Sequence[tuple[int, Tree]]) -> AnyTerm:
        found = [(sign, self.term(inner)) for sign, inner in terms]
        vectors = any(self.sort(term) == "V" for _, term in found)
        for i, (sign, term) in enumerate(found):
            if isinstance(term, Par) and vectors and not self.is_matrix_sum(found):
                self.context.saw(term.name, "alone")
                found[i] = (sign, self.par(term.ref, term, "alone"))
        return Add(node.start, node.stop, tuple(found))

    def is_matrix_sum(self, found: Sequence[tuple[int, AnyTerm]]) -> bool:
        return all(self.sort(term) in ("M", "S") for _, term in found)

    def group(self, node: Group) -> AnyTerm:
        if node.opening == "|":
            if len(node.items) != 1:
                raise Foreign("a norm", node)
            return Call(node.start, node.stop, "abs", "|", self.term(node.items[0]),
                        (node.start, node.start + 1))  # fmt: skip
        if not node.items:
            raise FormulaError("empty brackets", node.start, node.stop)
        if len(node.items) > 1:
            return Cat(node.start, node.stop, tuple(map(self.term, node.items)))
        inner = self.term(node.items[0])
        if isinstance(inner, Var | Par | Num | Call):
            return inner
        return replace(inner, start=node.start, stop=node.stop)

    def scripted_group(self, node: Scripted, base: Tree) -> AnyTerm:
        inner = self.term(base)
        for script in node.scripts:
            label = "".join(t.value for t in script.inside)
            if script.kind == "SUP" and label not in ("T", "top", "intercal", "transpose", "prime"):
                number = label.replace("(", "").replace(")", "")
                if number.lstrip("-").replace(".", "").isdigit():
                    inner = Raised(node.start, node.stop, inner, number)
        return inner

    # -- symbols -------------------------------------------------------------------------

    def symbol(self, ref: Reference, node: Tree) -> AnyTerm:
        context = self.context
        if is_ones(ref):
            return Num(ref.start, ref.stop, "1")
        if ref.kind == "FUNCTION":
            raise Foreign(f"{ref.name} without an argument", node)
        if ref.name in context.indices.time and ref.time is None:
            raise FormulaError("the time stands here as a number", ref.start, ref.stop)
        if ref.name in context.olds and ref.time is None:
            return Var(ref.start, ref.stop, ref.name, -1, ref)
        if ref.time is not None or ref.name in context.defined or ref.name in context.inputs:
            time = ref.time
            if time is None and ref.name in context.inputs and ref.name not in context.defined:
                time = 0
            var: AnyTerm = Var(ref.start, ref.stop, ref.name, time, ref)
            return Raised(ref.start, ref.stop, var, ref.power) if ref.power else var
        return self.par(ref, node)

    def par(self, ref: Reference, node: object, place: str = "") -> Par:
        kind = self.context.kinds.get(ref.name) or self.guess(ref)
        if place == "alone" and kind == "matrix":
            kind = "vector"
        return Par(ref.start, ref.stop, ref.name, kind, ref, ref.transposed)

    def guess(self, ref: Reference) -> str:
        """What a parameter is by its letter alone."""
        if ref.letter == "lamda" or name_parts(ref.letter).greek:
            return "matrix" if ref.letter[0].isupper() and ref.letter != "Delta" else "scalar"
        return "matrix" if ref.letter[0].isupper() else "vector"

    def sort(self, term: AnyTerm) -> str:
        """M for a matrix, V for a vector, S for a number or a scalar."""
        match term:
            case Par(kind=kind):
                return {"matrix": "M", "vector": "V", "scalar": "S"}[kind]
            case Num():
                return "S"
            case Var() | Apply() | Cat() | Call():
                return "V"
            case Add(terms=terms):
                sorts = {self.sort(inner) for _, inner in terms}
                return "V" if "V" in sorts else "M" if "M" in sorts else "S"
            case Times(factors=factors):
                sorts = {self.sort(f) for f in factors}
                return "V" if "V" in sorts else "M" if "M" in sorts else "S"
            case Quot(above=above):
                return self.sort(above)
            case Raised(base=base):
                return self.sort(base)

    # -- products ------------------------------------------------------------------------

    def product(self, node: Product, factors: Sequence[tuple[str, Tree]]) -> AnyTerm:
        """Functions take their arguments, then matrices act, then components multiply."""
        timed = self.without_sums(self.with_times(factors), node)
        if any(sign == "concat" for sign, _ in timed):
            if any(sign == "hadamard" for sign, _ in timed):
                return self.circled_sum(node, timed)
            parts = tuple(self.term(f) for _, f in timed)
            return Cat(node.start, node.stop, parts)
        values: list[Factor] = []
        at = 0
        while at < len(timed):
            sign, factor = timed[at]
            at += 1
            call = self.call(factor, timed, at)
            if call is not None:
                value, at = call
            else:
                value = self.term(factor)
            values.append((sign, value))
        return self.chained(node, values)

    def circled_sum(self, node: Product, factors: Sequence[tuple[str, Tree]]) -> AnyTerm:
        """f ⊗ c ⊕ i ⊗ g: circled signs are those of sums and products component by component."""
        groups: list[list[tuple[str, Tree]]] = [[]]
        for sign, factor in factors:
            if sign == "concat":
                groups.append([("", factor)])
            else:
                groups[-1].append((sign, factor))
        terms: list[tuple[int, Tree]] = [
            (1, g[0][1] if len(g) == 1 else Product(g[0][1].start, g[-1][1].stop, tuple(g)))
            for g in groups
        ]
        return self.term(Sum(node.start, node.stop, tuple(terms)))

    def without_sums(self, factors: list[tuple[str, Tree]], node: Tree) -> list[tuple[str, Tree]]:
        """Without the sign of a sum over components: sum_j A_ij v_j is A v."""
        kept: list[tuple[str, Tree]] = []
        for sign, factor in factors:
            if not is_sum(factor):
                kept.append(("" if not kept else sign, factor))
                continue
            below = [s.inside[0].value for s in factor.scripts if s.kind == "SUB" and s.inside] \
                if isinstance(factor, Scripted) else []  # fmt: skip
            if not below or below[0] not in self.context.indices.components:
                raise Foreign("a sum", node)
        if not kept:
            raise FormulaError("the sum ends too early", node.start, node.stop, "truncated")
        return kept

    def with_times(self, factors: Sequence[tuple[str, Tree]]) -> list[tuple[str, Tree]]:
        """Factors in which h and (t-1) side by side are one symbol."""
        result: list[tuple[str, Tree]] = []
        for sign, factor in factors:
            group = factor.base if isinstance(factor, Scripted) else factor
            if (
                result
                and sign == ""
                and isinstance(group, Group)
                and group.opening in "([<"
                and len(group.items) == 1
            ):
                before = result[-1][1]
                time = tree_time(group.items[0], self.context.indices)
                ref = reference(before, self.context.indices) if time is not None else None
                if ref is not None and ref.time is None and ref.kind != "FUNCTION":
                    result[-1] = (result[-1][0], TimedSymbol(before, factor, time or 0))  # type: ignore[assignment]
                    continue
            result.append((sign, factor))
        return result

    def call(
        self, factor: Tree, factors: Sequence[tuple[str, Tree]], at: int
    ) -> tuple[AnyTerm, int] | None:
        """A function and its argument, and how far they reach; None where there is none."""
        if isinstance(factor, TimedSymbol):
            return self.timed(factor), at
        exponential = self.exponential(factor)
        if exponential is not None:
            return exponential, at
        ref = reference(factor, self.context.indices)
        if ref is None:
            return None
        follows = factors[at] if at < len(factors) else None
        group = follows[1] if follows is not None and follows[0] == "" else None
        raised = None
        if isinstance(group, Scripted) and isinstance(group.base, Group):
            raised, group = group, group.base
        bracket = isinstance(group, Group) and group.opening in "([{\\{|"
        if not self.is_function(ref, bracket) and not (
            isinstance(group, Group) and self.is_outer(ref, group)
        ):
            return None
        if bracket:
            assert isinstance(group, Group)
            value = self.applied(ref, factor, list(group.items), group)
            if raised is not None:
                value = replace_exponent(value, raised)
            return value, at + 1
        argument: list[tuple[str, Tree]] = []
        while at < len(factors) and (factors[at][0] == "" or not argument):
            inner = reference(factors[at][1], self.context.indices)
            if argument and inner is not None and self.is_function(inner, False):
                break
            argument.append(("" if not argument else factors[at][0], factors[at][1]))
            at += 1
        if not argument:
            raise Foreign(f"{ref.name} without an argument", factor)
        whole: Tree = argument[0][1]
        if len(argument) > 1:
            whole = Product(whole.start, argument[-1][1].stop, tuple(argument))
        return self.applied(ref, factor, [whole], whole), at

    def timed(self, factor: TimedSymbol) -> AnyTerm:
        ref = reference(factor.symbol, self.context.indices)
        assert ref is not None
        ref = replace(ref, time=factor.time, stop=factor.stop, style="call")
        return Var(ref.start, ref.stop, ref.name, ref.time, ref)

    def exponential(self, factor: Tree) -> AnyTerm | None:
        """e with an expression above it."""
        if not isinstance(factor, Scripted) or len(factor.scripts) != 1:
            return None
        base, script = factor.base, factor.scripts[0]
        if not (isinstance(base, Symbol) and base.name == "e" and script.kind == "SUP"):
            return None
        if "e" in self.context.defined or len(script.inside) < 2:
            return None
        items, _ = parsed(script.inside)
        return Call(factor.start, factor.stop, "exp", "e", self.term(items[0]),
                    (base.start, base.stop))  # fmt: skip

    def is_function(self, ref: Reference, bracket: bool) -> bool:
        if ref.kind == "FUNCTION":
            return True
        if ref.time is not None or ref.power:
            return False
        if ref.letter == "sigma" and ref.name not in self.context.defined:
            return bracket or not ref.labels
        word = ref.kind == "NAME" and (
            ref.letter in symbols.LINEAR or ref.letter in symbols.NORMALISATIONS
            or ref.letter in symbols.PRODUCTS
        )  # fmt: skip
        if word:
            return bracket
        if not bracket or ref.accents:
            return False
        if ref.letter not in symbols.ACTIVATION_LETTERS:
            return False
        if ref.name in self.context.defined_untimed or ref.name in self.context.inputs:
            return False
        return not (ref.letter in "ahk" and ref.name in self.context.defined)

    def is_outer(self, ref: Reference, group: Group) -> bool:
        """Whether a bare capital stands before W x + U h + b: a function, as in H(…)."""
        bare = ref.name == ref.letter and len(ref.name) == 1 and ref.name.isupper()
        known = ref.name in self.context.defined | self.context.inputs | self.context.timed
        if not bare or known or ref.time is not None or len(group.items) != 1:
            return False
        inner = group.items[0]
        if not isinstance(inner, Sum):
            return False
        matrices = 0
        for _, part in inner.terms:
            first = part.factors[0][1] if isinstance(part, Product) else None
            found = reference(first, self.context.indices) if first is not None else None
            matrices += found is not None and found.time is None and found.letter.isupper()
        return matrices >= 2

    def applied(self, ref: Reference, head: Tree, items: Sequence[Tree], group: Tree) -> AnyTerm:
        """A function at its argument."""
        letter = ref.letter
        start, stop = head.start, max(group.stop, head.stop)
        if letter == "max" and len(items) == 2:
            return self.greater(head, items, stop)
        if letter in symbols.OUTPUT_FUNCTIONS or letter in symbols.UNKNOWN_FUNCTIONS:
            raise Foreign(f"the function {letter}", head)
        if letter in symbols.CONCATENATIONS:
            return Cat(start, stop, tuple(map(self.term, items)))
        if letter in symbols.PRODUCTS and len(items) == 2:
            one, other = items
            return self.product(
                Product(start, stop, (("", one), ("times", other))), (("", one), ("times", other))
            )
        if letter in symbols.LINEAR:
            return self.linear(ref, items, start, stop)
        if len(items) != 1:
            return self.several(ref, head, items, stop)
        argument = self.term(items[0])
        if isinstance(argument, Par) and argument.kind == "matrix" and letter != "diag":
            argument = replace(argument, kind="vector")
        return self.wrapped(ref, head, argument, stop)

    def wrapped(self, ref: Reference, head: Tree, argument: AnyTerm, stop: int = 0) -> AnyTerm:
        """A function of one argument that has been read."""
        place, letter, start = (head.start, head.stop), ref.letter, head.start
        if "prime" in ref.accents:
            raise Foreign("the derivative of a function", head)
        stop = max(stop, argument.stop)
        if letter in symbols.NORMALISATIONS:
            self.context.notes[ref.name] = "normalisation"
            return argument
        if letter == "diag":
            if isinstance(argument, Par):
                self.context.saw(argument.name, "hadamard")
                return replace(argument, kind="vector")
            return argument
        function = symbols.FUNCTIONS.get(letter)
        if letter == "sigma":
            function = "sigmoid"
        assumed = function is None or bool(ref.labels and letter == "sigma")
        call: AnyTerm = Call(start, stop, function or "?", ref.name, argument, place, assumed)
        return Raised(start, stop, call, ref.power) if ref.power else call

    def greater(self, head: Tree, items: Sequence[Tree], stop: int) -> AnyTerm:
        """The greater of two values, b + relu(a - b)."""
        one, other = map(self.term, items)
        for zero, value in ((one, other), (other, one)):
            if isinstance(zero, Num) and float(zero.text) == 0:
                return Call(head.start, stop, "relu", "max", value, (head.start, head.stop))
        gap = Add(one.start, other.stop, ((1, one), (-1, other)))
        place = (head.start, head.stop)
        return Add(
            head.start, stop, ((1, other), (1, Call(head.start, stop, "relu", "max", gap, place)))
        )

    def several(self, ref: Reference, head: Tree, items: Sequence[Tree], stop: int) -> AnyTerm:
        """A function of several arguments: an input, if no state is among them."""
        names = [reference(item, self.context.indices) for item in items]
        own = self.context.defined | self.context.olds
        if any(n is None or n.time == -1 or n.name in own for n in names) or ref.kind == "FUNCTION":
            raise Foreign(f"{ref.name} of several arguments", head)
        name = "_".join([ref.name, *(n.name for n in names if n is not None)])
        self.context.notes[name] = "input"
        return Var(head.start, stop, name, 0, replace(ref, name=name, time=0))

    def linear(self, ref: Reference, items: Sequence[Tree], start: int, stop: int) -> AnyTerm:
        """`Linear(x)`: a matrix of its own in each equation."""
        parts = tuple(map(self.term, items))
        vector: AnyTerm = parts[0] if len(parts) == 1 else Cat(start, stop, parts)
        if "onv" in ref.letter:
            self.context.notes["convolution"] = ref.letter
        name = "_".join(p for p in (ref.name, self.context.target) if p)
        par = Par(start, stop, name, "matrix", replace(ref, name=name))
        return Apply(start, stop, par, vector)

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
                isinstance(matrix, Par) and self.sort(matrix) == "M" and sign in ("", "times")
                and isinstance(gate, Var) and gate.time != -1
                and gate.name in self.context.defined
                and isinstance(state, Var) and state.time == -1
            ):  # fmt: skip
                continue
            product = Times(gate.start, state.stop, (gate, state), (hadamard,))
            segment[-1] = (sign, product)
            self.context.notes[product_text(product)] = "reset"
            del segments[at + 1]
            return

    def hadamard(self, node: Tree, parts: list[AnyTerm], signs: list[str]) -> AnyTerm:
        """Component by component; a matrix ⊙ a concatenation cannot be that and acts on it."""
        for i, part in enumerate(parts):
            if not isinstance(part, Par):
                continue
            if self.sort(part) != "M":
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
        names = {v.name for v in _variables(other)}
        return bool(names & self.context.inputs) and not (names & self.context.defined)

    def segment(self, node: Tree, values: Sequence[Factor]) -> AnyTerm:
        """A run of factors without ⊙: matrices act on what stands beside them."""
        for i, (sign, value) in enumerate(values):
            if sign == "/" and i:
                above = self.segment(node, values[:i])
                rest = [("", value), *values[i + 1 :]]
                below, after = rest[0][1], rest[1:]
                result: AnyTerm = Quot(above.start, below.stop, above, below)
                if not after:
                    return result
                return self.segment(node, [("", result), *after])
        self.note_kinds(values)
        values = [(sign, self.placed(values, i)) for i, (sign, _) in enumerate(values)]
        sorts = [self.sort(value) for _, value in values]
        self.check_transposes(node, values)
        if len(values) == 1:
            return values[0][1]
        if self.is_row(sorts, values):
            return self.folded_left(values)
        return self.folded_right(values)

    def note_kinds(self, values: Sequence[Factor]) -> None:
        for i, (_, value) in enumerate(values[:-1]):
            if isinstance(value, Par) and self.sort(values[i + 1][1]) == "V":
                self.context.saw(value.name, "before")
        for i, (_, value) in enumerate(values[1:], start=1):
            if isinstance(value, Par) and self.sort(values[i - 1][1]) == "V":
                self.context.saw(value.name, "behind")

    def placed(self, values: Sequence[Factor], at: int) -> AnyTerm:
        """A lone capital between vectors is what its kind says; wᵀ before a vector is a row."""
        value = values[at][1]
        if isinstance(value, Par) and value.transposed and value.kind == "vector":
            return replace(value, kind="matrix")
        return value

    def check_transposes(self, node: Tree, values: Sequence[Factor]) -> None:
        for (_, one), (_, other) in pairwise(values):
            if isinstance(other, Var) and other.ref.transposed and self.sort(one) == "V":
                raise Foreign("an outer product", node)
            if isinstance(one, Var) and one.ref.transposed and self.sort(other) == "V":
                raise Foreign("an inner product", node)

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
            if (self.sort(value) == "M" and self.sort(result) == "V") or (
                self.sort(value) == "M" and self.sort(result) == "M"
            ):
                result = Apply(value.start, result.stop, value, result, False, sign)
            else:
                result = self.times(value, result, sign)
            sign = own
        return result

    def folded_left(self, values: Sequence[Factor]) -> AnyTerm:
        result = values[0][1]
        for sign, value in values[1:]:
            if self.sort(value) == "M" and self.sort(result) == "V":
                result = Apply(result.start, value.stop, value, result, True, sign)
            else:
                result = self.times(result, value, sign)
        return result

    def times(self, one: AnyTerm, other: AnyTerm, sign: str) -> AnyTerm:
        left = one.factors if isinstance(one, Times) else (one,)
        right = other.factors if isinstance(other, Times) else (other,)
        return Times(one.start, other.stop, (*left, *right), (sign,))


@dataclass(frozen=True)
class TimedSymbol:
    """A symbol with its time in brackets behind it, as h(t-1)."""

    symbol: Tree
    bracket: Tree
    time: int

    @property
    def start(self) -> int:
        return self.symbol.start

    @property
    def stop(self) -> int:
        return self.bracket.stop


def replace_exponent(value: AnyTerm, raised: Scripted) -> AnyTerm:
    label = "".join(t.value for s in raised.scripts if s.kind == "SUP" for t in s.inside)
    if label.lstrip("-").isdigit():
        return Raised(value.start, raised.stop, value, label)
    return value


def product_text(term: Times) -> str:
    from symgate.reading.terms import text

    return text(term)


def _variables(term: AnyTerm) -> list[Var]:
    from symgate.reading.terms import walk as terms

    return [t for t in terms(term) if isinstance(t, Var)]


def settled(context: Context) -> Mapping[str, str]:
    """What each parameter is, from all the places where it stands."""
    kinds: dict[str, str] = {}
    capitals = any(
        name[:1].isupper() and places & {"before", "behind"}
        for name, places in context.evidence.items()
    )
    for name, places in context.evidence.items():
        scalar = is_scalar_name(name)
        capital = name[:1].isupper()
        if scalar:
            if "hadamard" in places:
                kinds[name] = "vector"
            elif "alone" in places and not capital and "before" not in places:
                kinds[name] = "scalar"
            continue
        if "alone" in places or "hadamard" in places:
            kinds[name] = "vector"
        elif places & {"before", "behind"}:
            kinds[name] = "matrix" if capital or not capitals else "vector"
    return kinds
