"""From the layout of a formula to its meaning: what is multiplied with what, and how.

A symbol with a time, or one that an equation defines, is a vector. Of the others a matrix
is what stands before a vector (or behind it, for row vectors), a vector what is added or
multiplied component by component, a scalar what is Greek. Capital letters are matrices
unless their place says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from symgate.algebra.names import GREEK, name_parts
from symgate.reading import symbols
from symgate.reading.calls import Calls
from symgate.reading.components import is_sum
from symgate.reading.context import Context, Foreign
from symgate.reading.indices import tree_time
from symgate.reading.names import Reference, is_ones, is_power, is_transpose, is_value, reference
from symgate.reading.products import Factor, TermProducts, sort
from symgate.reading.terms import AnyTerm, Call, Cat, Num, Par, Plus, Quot, Raised, Var
from symgate.reading.tokens import FormulaError
from symgate.reading.trees import (
    Digits,
    Factors,
    Fraction,
    Group,
    Scripted,
    Spelled,
    Terms,
    TimedSymbol,
    Tree,
    WrittenMatrix,
    WrittenRoot,
    subtrees,
)


class Meaning:
    """Reads trees in a context."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.calls = Calls(context, self.term)
        self.products = TermProducts(context)

    def term(self, node: Tree) -> AnyTerm:
        self.context.step(node)
        match node:
            case Terms(terms=terms):
                return self.sum(node, terms)
            case Factors(factors=factors):
                return self.product(node, factors)
            case Digits(text=value):
                return Num(node.start, node.stop, value)
            case Fraction(above=above, below=below):
                if any(isinstance(n, Spelled) and n.kind == "PARTIAL" for n in subtrees(node)):
                    raise Foreign("a derivative", node)
                return Quot(node.start, node.stop, self.term(above), self.term(below))
            case WrittenRoot(inside=inside):
                inner = self.term(inside)
                return Call(
                    node.start, node.stop, "sqrt", "sqrt", inner, (node.start, node.start + 5)
                )
            case WrittenMatrix(rows=rows):
                cells = [cell for row in rows for cell in row if cell is not None]
                parts = tuple(map(self.term, cells))
                if len(rows) == 1 and list(map(sort, parts)) == ["M", "V"]:  # laid out in columns
                    return self.products.chained(node, [("", part) for part in parts])
                return Cat(node.start, node.stop, parts)
            case Group():
                return self.group(node)
        exponential = self.calls.exponential(node)
        if exponential is not None:
            return exponential
        ref = reference(node, self.context.indices)
        if ref is None and isinstance(node, Scripted):
            raised = [s for s in node.scripts if is_power(s, "", self.context.indices)]
            if raised:
                kept = tuple(s for s in node.scripts if s not in raised)
                base = self.term(replace(node, scripts=kept) if kept else node.base)
                return self.calls.power(base, raised[0])
            if isinstance(node.base, Group | WrittenMatrix):
                return self.scripted_group(node, node.base)
        if ref is None:
            raise FormulaError("this is not a symbol", node.start, node.stop)
        return self.symbol(ref, node)

    def sum(self, node: Terms, terms: Sequence[tuple[int, Tree]]) -> AnyTerm:
        found = [(sign, self.term(inner)) for sign, inner in terms]
        vectors = any(sort(term) == "V" for _, term in found)
        for i, (sign, term) in enumerate(found):
            if isinstance(term, Par) and vectors:
                self.context.saw(term.name, "alone")
                found[i] = (sign, self.par(term.ref, term, "alone"))
        return Plus(node.start, node.stop, tuple(found))

    def group(self, node: Group) -> AnyTerm:
        if node.opening == "|":
            if len(node.items) != 1:
                raise Foreign("a norm", node)
            return Call(
                node.start,
                node.stop,
                "abs",
                "|",
                self.term(node.items[0]),
                (node.start, node.start + 1),
            )
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
                elif label in GREEK or label == "lamda":
                    inner = self.calls.power(inner, script)
        return inner

    def symbol(self, ref: Reference, node: Tree) -> AnyTerm:
        context = self.context
        if is_ones(ref):
            return Num(ref.start, ref.stop, "1")
        if ref.kind == "FUNCTION" and ref.letter not in symbols.LINEAR:
            raise Foreign(f"{ref.name} without an argument", node)
        if ref.letter in context.indices.time and not ref.labels and ref.time is None:
            raise FormulaError("the time stands here as a number", ref.start, ref.stop)
        past = ref.name in context.olds or (context.target, ref.name) in context.past
        if past and ref.time is None:
            return Var(ref.start, ref.stop, ref.name, -1, ref)
        if ref.time is not None or ref.name in context.defined or ref.name in context.inputs:
            time = ref.time
            if time is None and ref.name in context.inputs and ref.name not in context.defined:
                time = 0
            var: AnyTerm = Var(ref.start, ref.stop, ref.name, time, ref)
            return Raised(ref.start, ref.stop, var, ref.power) if ref.power else var
        return self.par(ref, node)

    def par(self, ref: Reference, node: object, place: str = "") -> Par:
        kind = "vector" if is_value(ref) else self.context.kinds.get(ref.name) or self.guess(ref)
        if place == "alone" and kind == "matrix":
            kind = "vector"
        return Par(ref.start, ref.stop, ref.name, kind, ref, ref.transposed)

    def guess(self, ref: Reference) -> str:
        """What a parameter is by its letter alone."""
        if ref.letter == "lamda" or name_parts(ref.letter).greek:
            return (
                "matrix"
                if ref.letter[0].isupper() and not ref.letter.startswith("Delta")
                else "scalar"
            )
        return "matrix" if ref.letter[0].isupper() else "vector"

    def product(self, node: Factors, factors: Sequence[tuple[str, Tree]]) -> AnyTerm:
        """Functions take their arguments, then matrices act, then components multiply."""
        timed = [
            ("hadamard" if sign == "tensor" else sign, factor)
            for sign, factor in self.without_sums(self.with_times(factors), node)
        ]
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
            call = self.calls.call(factor, timed, at)
            if call is not None:
                value, at = call
            else:
                value = self.term(factor)
                turned = (
                    isinstance(factor, Scripted)
                    and isinstance(factor.base, Group)
                    and any(map(is_transpose, factor.scripts))
                )
                if turned and values and sort(values[-1][1]) == "V" == sort(value):
                    raise Foreign("an outer product", factor)
            values.append((sign, value))
        return self.products.chained(node, values)

    def circled_sum(self, node: Factors, factors: Sequence[tuple[str, Tree]]) -> AnyTerm:
        """f ⊗ c ⊕ i ⊗ g: circled signs are those of sums and products component by component."""
        groups: list[list[tuple[str, Tree]]] = [[]]
        for sign, factor in factors:
            if sign == "concat":
                groups.append([("", factor)])
            else:
                groups[-1].append((sign, factor))
        terms: list[tuple[int, Tree]] = [
            (1, g[0][1] if len(g) == 1 else Factors(g[0][1].start, g[-1][1].stop, tuple(g)))
            for g in groups
        ]
        return self.term(Terms(node.start, node.stop, tuple(terms)))

    def without_sums(self, factors: list[tuple[str, Tree]], node: Tree) -> list[tuple[str, Tree]]:
        """Without the sign of a sum over components: sum_j A_ij v_j is A v."""
        kept: list[tuple[str, Tree]] = []
        for sign, factor in factors:
            if not is_sum(factor):
                kept.append(("" if not kept else sign, factor))
                continue
            below = (
                [s.inside[0].value for s in factor.scripts if s.kind == "SUB" and s.inside]
                if isinstance(factor, Scripted)
                else []
            )
            if not below or below[0] not in self.context.indices.components:
                raise Foreign("a sum", node)
        if not kept:
            raise FormulaError("the sum ends too early", node.start, node.stop, "truncated")
        return kept

    def with_times(self, factors: Sequence[tuple[str, Tree]]) -> list[tuple[str, Tree]]:
        """Factors in which h and (t-1) side by side are one symbol."""
        result: list[Any] = []
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
                    symbol = before
                    if isinstance(factor, Scripted):  # k[t]^T
                        symbol = Scripted(before.start, before.stop, before, factor.scripts)
                    result[-1] = (result[-1][0], TimedSymbol(symbol, factor, time or 0))
                    continue
            result.append((sign, factor))
        return result
