"""The operator grammar: what a formula says of a cell, as numbers, vectors and operators.

Sums, products, brackets, diag(…), Hadamard products (v ⊙ U scales the rows of U),
transposes, outer products, slopes such as σ′(a), ∂a/∂b, δ_a, d a, products over steps. Where
a formula can be read in two ways, the reader takes the one it is told and notes it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction as Ratio
from itertools import pairwise

from sympy import Abs, Add, Expr, Integer, Rational

from symgate.algebra.values import Norm
from symgate.algebra.vectors import Stack
from symgate.checking import steps
from symgate.checking.calls import call, called, raised_by
from symgate.checking.derivatives import change, whole
from symgate.checking.exponents import ending, exponent, power_of
from symgate.checking.matrices import ONE
from symgate.checking.moved import around
from symgate.checking.names import key
from symgate.checking.partials import differential, leading_derivative, product_of, running
from symgate.checking.products import Item, Power, ProductReader
from symgate.checking.scope import WayToRead
from symgate.checking.spoken import delta_of, derivative_of, gradient_by, nabla, small
from symgate.checking.steps import Factor
from symgate.checking.summands import Addend
from symgate.checking.values import Extent, NotUnderstood, Transform, Value, VectorRead
from symgate.reading.trees import (
    Digits,
    Factors,
    Fraction,
    Group,
    Scripted,
    Terms,
    Tree,
    WrittenMatrix,
    WrittenRoot,
)
from symgate.reading.trees import Spelled as Sign

#: What a norm opens with; one bar is an absolute value.
_DOUBLE = re.compile(r"(?:\\(?:left|[bB]igg?l?))?\s*(?:\\\||‖|\\[lr]?Vert|\|\|)")

#: What makes of 1 the vector of ones.
_BOLD = re.compile(r"\\(?:mathbf|mathbb|boldsymbol|bm|mathbbm|symbf)\s*\{?\s*$")


class Reader:
    """Reads trees in one scope."""

    def __init__(self, scope: WayToRead) -> None:
        self.scope, self.cell, self.lin = scope, scope.cell, scope.lin
        self.products = ProductReader(scope)

    def within(self, scope: WayToRead) -> Reader:
        return Reader(scope)

    # -- values ----------------------------------------------------------------------------

    def operator(self, tree: Tree, rows: Expr | None = None, cols: Expr | None = None) -> Transform:
        """A side of a claim as an operator, of a shape where one is due."""
        found = self.products.as_operator(self.value(tree), tree, rows, cols)
        due = ((rows, cols), (cols, rows))
        if rows is not None and (found.rows, found.cols) not in due:
            shape = f"{found.rows} × {found.cols}, and {rows} × {cols} is expected"
            raise NotUnderstood(f"this is a matrix of {shape}", tree)
        return found

    def value(self, tree: Tree, inside: bool = False) -> Value:
        """What a tree says; `inside` a function or diag(…) a vector is due."""
        match tree:
            case Digits(text=digits):
                return VectorRead(Rational(Ratio(digits)), None)
            case Group(items=(Digits(text="1") as one,), opening="{") if self.is_bold(one):
                return VectorRead(ONE, None, ones="column")
            case Group(items=(item,), opening=opening) if opening in ("(", "[", "{", "\\{"):
                return self.value(item, inside)
            case Group(items=(item,), opening="|"):
                return self._in_bars(self.value(item, True), tree)
            case Group(items=items, opening="[", separators=signs) if len(items) > 1:
                return self._listed(items, signs, tree)
            case Terms(terms=terms):
                return self._sum(terms, inside)
            case Factors(factors=factors):
                return derivative_of(self.scope, tree) or self._product(factors, inside)
            case Fraction(above=above, below=below):
                partial_of = derivative_of(self.scope, tree)
                if partial_of is not None:
                    return partial_of
                return self.products.quotient(
                    self.value(above, inside), self.value(below, inside), tree
                )
            case Scripted():
                return self._scripted(tree, inside)
            case WrittenMatrix(rows=rows):
                return self._matrix(rows, tree)
            case WrittenRoot(inside=inner):
                found = self.value(inner, True)
                if isinstance(found, VectorRead):
                    return VectorRead(found.expr ** Rational(1, 2), found.size)
        return self._name(tree)

    def _in_bars(self, value: Value, tree: Tree) -> VectorRead:
        if not isinstance(value, VectorRead):
            raise NotUnderstood("a matrix stands where a vector belongs", tree)
        if _DOUBLE.match(self.scope.text, tree.start):
            return VectorRead(Norm(value.expr), None)
        return VectorRead(Abs(value.expr), value.size)

    def is_bold(self, tree: Tree) -> bool:
        """Whether a tree is set in bold, as 1 where it is the vector of ones."""
        return _BOLD.search(self.scope.text[max(0, tree.start - 16) : tree.start]) is not None

    def _listed(self, items: Sequence[Tree], signs: Sequence[str], tree: Tree) -> Value:
        """[h, x], one vector below the other; or [A, B; C, D], a matrix of matrices."""
        parts = [(self.value(item), item) for item in items]
        vectors = [(v.expr, v.size) for v, _ in parts if isinstance(v, VectorRead) and v.size]
        if len(vectors) == len(parts):
            sizes = [size for _, size in vectors]
            return VectorRead(Stack([e for e, _ in vectors], sizes), Add(*sizes))
        if not any(isinstance(v, Transform) or v.unit for v, _ in parts):
            raise NotUnderstood("a list of what are no vectors", tree)
        ends = [0, *(i for i, sign in enumerate(signs, 1) if sign == ";"), len(parts)]
        return self.products.blocks([parts[i:j] for i, j in pairwise(ends)], tree)

    def _matrix(self, rows: Sequence[Sequence[Tree | None]], tree: Tree) -> Transform:
        """A matrix whose entries are matrices."""
        if any(cell is None for row in rows for cell in row):
            raise NotUnderstood("an entry of this matrix is empty", tree)
        found = [[(self.value(cell), cell) for cell in row if cell is not None] for row in rows]
        return self.products.blocks(found, tree)

    def _sum(self, terms: Sequence[tuple[int, Tree]], inside: bool) -> Value:
        values = [(sign, self.value(term, inside), term) for sign, term in terms]
        if all(isinstance(v, VectorRead) for _, v, _ in values):
            size, unit = None, False
            total: Expr = Integer(0)
            for sign, v, term in values:
                assert isinstance(v, VectorRead)
                size, unit = self.products.common(size, v.size, term), unit or v.unit
                total += sign * v.expr
            return VectorRead(total, size, unit and size is None)
        shapes = [(v.rows, v.cols) for _, v, _ in values if isinstance(v, Transform)]
        shape = next((s for s in shapes if s != (ONE, ONE)), (ONE, ONE))
        parts: list[Addend] = []
        for sign, v, term in values:
            found = self.products.as_operator(v, term, *shape)
            if found.rows == found.cols == ONE in shape:
                found = self.products.everywhere(found, shape, term)
            if (found.rows, found.cols) != shape:
                raise NotUnderstood(
                    f"a matrix of {found.rows} × {found.cols} cannot be added to one of "
                    f"{shape[0]} × {shape[1]}",
                    term,
                )
            parts += [s.scaled(Integer(sign)) for s in found.parts]
        return Transform(tuple(parts), *shape)

    # -- products --------------------------------------------------------------------------

    def _product(self, factors: Sequence[tuple[str, Tree]], inside: bool) -> Value:
        """Factors side by side bind before those with ⊙ between them."""
        items = steps.filled(self._items(factors, inside))
        return self._multiplied(self.products.tensors(items), inside)

    def _multiplied(self, items: list[Item], inside: bool) -> Value:
        segments: list[Item] = []
        for sign, value, at in self.products.outer(around(self.products, items)):
            if segments and sign in ("", "times", "at", "/"):
                own, before, place = segments[-1]
                place = Extent(place.start, at.stop)
                made = (
                    self.products.quotient(before, value, at)
                    if sign == "/"
                    else self.products.beside(before, value, place, inside)
                )
                segments[-1] = (own, made, place)
            elif sign in ("", "times", "at", "hadamard", "star", "tensor"):
                segments.append((sign, value, at))
            else:
                raise NotUnderstood("this sign is not understood", at)
        _, result, _ = segments[0]
        for sign, value, at in segments[1:]:
            if sign == "tensor":
                result = self.products.kronecker(result, value, at)
            else:
                result = self.products.by_components(result, value, at, sign)
        return result

    def _items(self, factors: Sequence[tuple[str, Tree]], inside: bool) -> list[Factor]:
        """The factors with what belongs together taken together: tanh (…), h [t-1], ∂a / ∂b,
        d a. Dots have no value of their own."""
        found: list[Factor] = []
        at = 0
        while at < len(factors):
            sign, tree = factors[at]
            run = running(tree, self.scope.numbers)
            if run is None:
                taken, value = self._taken(factors[at:], inside)
            elif at + 1 == len(factors):
                raise NotUnderstood("nothing stands behind this", tree)
            else:
                stop = self._end(factors, at + 1)
                taken = stop - at
                value = steps.over(self, run, product_of(factors[at + 1 : stop]), inside)
            last = factors[at + taken - 1][1]
            ref = self.scope.reference(tree)
            time = None if ref is None else ref.time
            found.append(Factor(sign, value, Extent(tree.start, last.stop), time))
            at += taken
        return found

    def _end(self, factors: Sequence[tuple[str, Tree]], at: int) -> int:
        """Where what a product over steps runs over ends: with all factors, or with the bracket
        that it begins with."""
        match factors[at:]:
            case [(_, Group(opening="[") | WrittenMatrix()), ("", _), *_] if (
                self.scope.way("reach") == "the bracket"
            ):
                return at + 1
        return len(factors)

    def _taken(self, factors: Sequence[tuple[str, Tree]], inside: bool) -> tuple[int, Value | None]:
        """The first factor's value, and how many factors it takes."""
        tree = factors[0][1]
        if isinstance(tree, Sign) and tree.kind == "DOTS":
            return 1, None
        span = leading_derivative(factors)
        if span:
            whole = product_of(factors[:span])
            found = derivative_of(self.scope, whole)
            if found is not None:
                return span, found
        after = factors[1][1] if len(factors) > 1 and factors[1][0] == "" else None
        if after is None:
            return 1, self.value(tree, inside) if running(tree, {}) is None else None
        function = called(self, tree)
        if function is not None:
            return 2, call(self, *function, after, tree)
        if isinstance(tree, Scripted) and nabla(self.scope, tree) is not None:
            return 2, gradient_by(self.scope, tree, after)
        moment = self.scope.timed(tree, after)
        if moment is not None:
            value = self.scope.value_at(moment, Extent(tree.start, after.stop))
            return 2, self.products.raised(value, power_of(after), tree)
        moved = differential(product_of(factors[:2]))
        moment = self.scope.moment(moved) if moved is not None else None
        if moment is not None and isinstance(tree, Sign) and key(tree.name) == "d":
            ref, place = self.scope.reference(after), Extent(tree.start, after.stop)
            power = None if ref is None else ending(ref)
            return 2, self.products.raised(change(self.scope, moment, place), power, place)
        near = small(self.scope, tree, after)
        if near is not None:
            return 2, near
        if running(tree, self.scope.numbers) is not None:
            return 1, None
        return 1, self.value(tree, inside)

    # -- names, functions, powers ------------------------------------------------------------

    def _scripted(self, tree: Scripted, inside: bool) -> Value:
        """A name with its scripts; a power or a transpose of it, or of a bracket."""
        scripts = list(tree.scripts)
        raised: list[Power] = []
        if not self._is_named(tree):
            base = tree.base if len(scripts) == 1 else replace(tree, scripts=tuple(scripts[:-1]))
            power = (
                raised_by(self, scripts[-1])
                if isinstance(base, Group) or self._is_named(base)
                else None
            )
            if isinstance(power, VectorRead):
                return self.products.raised(self.value(base, inside), power, tree)
        while scripts and (power := exponent(scripts[-1], self.scope.numbers)) is not None:
            raised.insert(0, power)
            scripts.pop()
        if not raised:
            return self._name(tree)
        base = tree.base if not scripts else replace(tree, scripts=tuple(scripts))
        value = self.value(base, inside)
        for power in raised:
            value = self.products.raised(value, power, tree)
        return value

    def _is_named(self, tree: Tree) -> bool:
        """Whether a tree is a name of the cell."""
        ref = self.scope.reference(tree)
        return ref is not None and key(ref.name) in self.scope.names

    def _name(self, tree: Tree) -> Value:
        ref = self.scope.reference(tree)
        if ref is None or ref.component:
            raise NotUnderstood("this is not understood", tree)
        spelt = key(ref.name)
        name = self.scope.names.get(spelt)
        if spelt in ("I", "mathbbI") and ref.time is None:
            return VectorRead(ONE, None, True)
        if name is not None:
            return self.products.raised(self.scope.value_of(name, ref, tree), ending(ref), tree)
        block = self.scope.block(ref, tree)
        if block is not None:
            return self.products.raised(block, ending(ref), tree)
        given = self.scope.defined.get(spelt)
        if given is not None:
            back = 0 if given.time is None or ref.time is None else given.time - ref.time
            inner = replace(self.scope, indices=given.indices, defined={}).earlier(back)
            return self.products.raised(Reader(inner).value(given.tree), ending(ref), tree)
        found = delta_of(self.scope, ref, tree)
        if found is not None:
            return found
        moved = differential(tree)
        moment = self.scope.moment(moved) if moved is not None else None
        if moved is not None and moment is not None:
            return change(self.scope, moment, tree)
        if ref.name in self.cell.sizes and ref.time is None:
            return VectorRead(self.cell.sizes[ref.name], None)
        if spelt in ("one", "ones", "mathbb1"):
            return self.products.raised(VectorRead(ONE, None, ones="column"), ending(ref), tree)
        if spelt in ("J", "D", "M", "P", "Q") and ref.time is not None:
            time, states = ref.time - self.scope.shift, self.cell.states
            return whole(self.scope, states, states, time, time - 1, tree)
        raise self.scope.unknown(ref, tree)
