"""The operator grammar: what a formula says of a cell, as numbers, vectors and operators.

Sums, products, brackets, diag(…), Hadamard products (v ⊙ U scales the rows of U),
transposes, outer products, slopes such as σ′(a), ∂a/∂b, δ_a, d a, products over steps. Where
a formula can be read in two ways, the reader takes the one it is told and notes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction as Ratio
from typing import Any

from sympy import Add, Expr, Integer, Rational, Symbol

from symgate.algebra.activations import ACTIVATIONS
from symgate.algebra.operators import Column, Diag, Row, kronecker
from symgate.algebra.values import Dot
from symgate.algebra.vectors import MatVec, Stack, Total, shifted
from symgate.checking import steps
from symgate.checking.derivatives import blocks, change, delta, partial, whole
from symgate.checking.names import key
from symgate.checking.partials import derivative, derivative_at, differential, joined, running
from symgate.checking.scope import Scope
from symgate.checking.steps import Factor
from symgate.checking.summands import Summand, TooMany, added, expanded, multiplied
from symgate.checking.values import (
    Moment,
    NotUnderstood,
    Operator,
    Place,
    Span,
    Value,
    Vector,
)
from symgate.reading.names import Reference, linear
from symgate.reading.symbols import FUNCTIONS
from symgate.reading.trees import Column as Matrix
from symgate.reading.trees import Fraction, Group, Number, Product, Root, Scripted, Sum, Tree
from symgate.reading.trees import Symbol as Sign

ONE = Integer(1)

#: What a loss is called, where the cell has no such name.
LOSSES = {"L", "E", "J", "C", "ell", "loss", "Loss", "mathcalL", "mathcalE", "S", "cost", "l"}


class Reader:
    """Reads trees in one scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope, self.cell, self.lin = scope, scope.cell, scope.lin

    def within(self, scope: Scope) -> Reader:
        return Reader(scope)

    # -- values ----------------------------------------------------------------------------

    def operator(self, tree: Tree, rows: Expr | None = None, cols: Expr | None = None) -> Operator:
        """A side of a claim as an operator, of a shape where one is due."""
        found = self.as_operator(self.value(tree), tree, rows, cols)
        due = ((rows, cols), (cols, rows))
        if rows is not None and (found.rows, found.cols) not in due:
            shape = f"{found.rows} × {found.cols}, and {rows} × {cols} is due"
            raise NotUnderstood(f"this is a matrix of {shape}", tree)
        return found

    def value(self, tree: Tree, inside: bool = False) -> Value:
        """What a tree says; `inside` a function or diag(…) a vector is due."""
        match tree:
            case Number(text=digits):
                return Vector(Rational(Ratio(digits)), None)
            case Group(items=(item,), opening=opening) if opening in ("(", "[", "{", "\\{"):
                return self.value(item, inside)
            case Group(items=items, opening="[") if len(items) > 1:
                return self._stacked(items, tree)
            case Sum(terms=terms):
                return self._sum(terms, inside)
            case Product(factors=factors):
                return self._product(factors, inside)
            case Fraction(above=above, below=below):
                partial_of = self.derivative(tree)
                if partial_of is not None:
                    return partial_of
                return self._quotient(self.value(above, inside), self.value(below, inside), tree)
            case Scripted():
                return self._scripted(tree, inside)
            case Matrix(rows=rows):
                return self._blocks(rows, tree)
            case Root(inside=inner):
                found = self.value(inner, True)
                if isinstance(found, Vector):
                    return Vector(found.expr ** Rational(1, 2), found.size)
        return self._name(tree)

    def _stacked(self, items: Sequence[Tree], tree: Tree) -> Vector:
        """[h, x], one vector below the other."""
        parts = [self.value(item, True) for item in items]
        if not all(isinstance(p, Vector) and p.size is not None for p in parts):
            raise NotUnderstood("a list of what are no vectors", tree)
        vectors = [(p.expr, p.size) for p in parts if isinstance(p, Vector) and p.size is not None]
        sizes = [size for _, size in vectors]
        return Vector(Stack([e for e, _ in vectors], sizes), Add(*sizes))

    def _blocks(self, rows: Sequence[Sequence[Tree | None]], tree: Tree) -> Operator:
        """A matrix whose entries are matrices."""
        if any(cell is None for row in rows for cell in row):
            raise NotUnderstood("an entry of this matrix is empty", tree)
        found = [[self.operator(cell) for cell in row if cell is not None] for row in rows]
        return blocks(found, tree)

    def _sum(self, terms: Sequence[tuple[int, Tree]], inside: bool) -> Value:
        values = [(sign, self.value(term, inside), term) for sign, term in terms]
        if all(isinstance(v, Vector) for _, v, _ in values):
            size, unit = None, False
            total: Expr = Integer(0)
            for sign, v, term in values:
                assert isinstance(v, Vector)
                size, unit = self._common(size, v.size, term), unit or v.unit
                total += sign * v.expr
            return Vector(total, size, unit and size is None)
        shape = next((v.rows, v.cols) for _, v, _ in values if isinstance(v, Operator))
        parts: list[Summand] = []
        for sign, v, term in values:
            found = self.as_operator(v, term, *shape)
            if (found.rows, found.cols) != shape:
                raise NotUnderstood(
                    f"a matrix of {found.rows} × {found.cols} cannot be added to one of "
                    f"{shape[0]} × {shape[1]}",
                    term,
                )
            parts += [s.scaled(Integer(sign)) for s in found.parts]
        return Operator(tuple(parts), *shape)

    def _common(self, one: Expr | None, other: Expr | None, at: Place) -> Expr | None:
        if one is None or other is None:
            return one if other is None else other
        if one != other:
            raise NotUnderstood(f"a vector of {other} meets one of {one}", at)
        return one

    def as_operator(
        self, value: Value, at: Place, rows: Expr | None = None, cols: Expr | None = None
    ) -> Operator:
        """A vector where a matrix is due is its diagonal; where a column is, that column."""
        if isinstance(value, Operator):
            return value
        if value.size is None:
            size = self.lin.size(self.cell.output) if rows is None else rows
            if value.expr == 0:
                return Operator((), size, size if cols is None else cols)
            if not value.unit and size != ONE:
                self.scope.way("one")
            return Operator((Summand(value.expr, (), size, size, at.start, at.stop),), size, size)
        if ONE in (rows, cols) and value.size in (rows, cols):
            column = Operator(
                (Summand(ONE, (Column(value.size, value.expr),), value.size, ONE),),
                value.size,
                ONE,
            ).at(at)
            return column if cols == ONE else column.turned
        if value.expr.has(MatVec):
            self.scope.way("beside", again=True)
        return self._diag(value, at)

    def _diag(self, value: Vector, at: Any) -> Operator:
        size = self.lin.size(self.cell.output) if value.size is None else value.size
        number, rest = value.expr.as_coeff_Mul()
        part = Summand(number, (Diag(size, rest),), size, size, at.start, at.stop)
        return Operator((part,), size, size)

    # -- products --------------------------------------------------------------------------

    def _product(self, factors: Sequence[tuple[str, Tree]], inside: bool) -> Value:
        """Factors side by side bind before those with ⊙ between them."""
        run = running(factors[0][1], self.scope.numbers)
        if run is not None and len(factors) > 1:
            return steps.over(self, run, joined(factors[1:]), inside)
        items = steps.filled(self._items(factors, inside))
        return self._joined(self._tensors(items), inside)

    def _joined(self, items: list[tuple[str, Value, Place]], inside: bool) -> Value:
        segments: list[tuple[str, Value, Place]] = []
        for sign, value, at in items:
            if segments and sign in ("", "times", "/"):
                own, before, place = segments[-1]
                place = Span(place.start, at.stop)
                made = (
                    self._quotient(before, value, at)
                    if sign == "/"
                    else self.beside(before, value, place, inside)
                )
                segments[-1] = (own, made, place)
            elif sign in ("", "times", "hadamard", "star", "tensor"):
                segments.append((sign, value, at))
            else:
                raise NotUnderstood("this sign is not understood", at)
        _, result, _ = segments[0]
        for sign, value, at in segments[1:]:
            if sign == "tensor":
                result = self._kronecker(result, value, at)
            else:
                result = self._by_components(result, value, at, sign)
        return result

    def _tensors(self, items: list[tuple[str, Value, Place]]) -> list[tuple[str, Value, Place]]:
        """With A ⊗ B told from ⊙, and taken together where it is to bind first."""
        found: list[tuple[str, Value, Place]] = []
        for sign, value, at in items:
            between = self.scope.text[found[-1][2].stop : at.start] if found else ""
            if sign != "hadamard" or not ("⊗" in between or "\\otimes" in between):
                found.append((sign, value, at))
            elif len(items) > 2 and self.scope.way("tensor") == "of factors":
                own, before, place = found[-1]
                found[-1] = (own, self._kronecker(before, value, at), Span(place.start, at.stop))
            else:
                found.append(("tensor", value, at))
        return found

    def _items(self, factors: Sequence[tuple[str, Tree]], inside: bool) -> list[Factor]:
        """The factors with what belongs together taken together: tanh (…), h [t-1], ∂a / ∂b,
        d a. Dots have no value of their own."""
        found: list[Factor] = []
        at = 0
        while at < len(factors):
            sign, tree = factors[at]
            taken, value = self._taken(factors[at:], inside)
            last = factors[at + taken - 1][1]
            if at and (run := running(tree, self.scope.numbers)) is not None:
                rest = joined(factors[at + 1 :]) if at + 1 < len(factors) else None
                if rest is None:
                    raise NotUnderstood("nothing stands behind this", tree)
                taken, last = len(factors) - at, rest
                value = steps.over(self, run, rest, inside)
            ref = self.scope.reference(tree)
            time = None if ref is None else ref.time
            found.append(Factor(sign, value, Span(tree.start, last.stop), time))
            at += taken
        return found

    def _taken(self, factors: Sequence[tuple[str, Tree]], inside: bool) -> tuple[int, Value | None]:
        """The first factor's value, and how many factors it takes."""
        tree = factors[0][1]
        if isinstance(tree, Sign) and tree.kind == "DOTS":
            return 1, None
        span = derivative_at(factors, 0)
        if span:
            whole = joined(factors[:span])
            found = self.derivative(whole)
            if found is not None:
                return span, found
        after = factors[1][1] if len(factors) > 1 and factors[1][0] == "" else None
        if after is None:
            return 1, self.value(tree, inside) if running(tree, {}) is None else None
        call = self._called(tree)
        if call is not None:
            return 2, self._call(*call, after, tree)
        if isinstance(tree, Scripted) and self._nabla(tree) is not None:
            return 2, self._gradient_by(tree, after)
        moment = self.scope.timed(tree, after)
        if moment is not None:
            value = self.scope.value_at(moment, Span(tree.start, after.stop))
            return 2, self.raised(value, _power_of(after), tree)
        moved = differential(joined(factors[:2]))
        moment = self.scope.moment(moved) if moved is not None else None
        if moment is not None and isinstance(tree, Sign) and key(tree.name) == "d":
            return 2, change(self.scope, moment, Span(tree.start, after.stop))
        if running(tree, self.scope.numbers) is not None:
            return 1, None
        return 1, self.value(tree, inside)

    def beside(self, a: Value, b: Value, at: Place, inside: bool) -> Value:
        match a, b:
            case Vector(ones=True), Vector(size=size) if size is not None:
                return Vector(Total(b.expr), None)
            case Vector(ones=True), Operator(cols=cols) if cols == ONE:
                row = (Summand(ONE, (Row(b.rows, ONE),), ONE, b.rows),)
                return self.times(Operator(row, ONE, b.rows), b, at)
            case Vector(), Vector():
                size = self._common(a.size, b.size, at)
                return Vector(a.expr * b.expr, size, (a.unit or b.unit) and size is None)
            case Vector(size=None), Operator():
                return replace(b, parts=tuple(s.scaled(a.expr) for s in b.parts))
            case Operator(), Vector(size=None):
                return replace(a, parts=tuple(s.scaled(b.expr) for s in a.parts))
            case Vector(size=size), Operator(rows=rows) if rows == ONE and size is not None:
                return self.times(self.as_operator(a, at, size, ONE), b, at)
            case Operator(cols=cols), Vector(size=size) if cols == ONE and size is not None:
                if self.scope.row:
                    return self.times(a, self.as_operator(b, at, ONE, size), at)
                return self.times(self._diag(b, at), a, at)
            case Operator(rows=rows), Vector(size=size) if rows == ONE and a.cols == size:
                assert size is not None
                return self.times(a, self.as_operator(b, at, size, ONE), at)
            case Vector(), Operator(cols=cols) if cols == ONE:
                return self.times(self._diag(a, at), b, at)
            case Vector(), Operator():
                if self.scope.row and inside:
                    return self._applied(b.turned, a, at)
                self.scope.way("beside")
                return self.times(self._diag(a, at), b, at)
            case Operator(), Vector():
                if inside or self.scope.way("beside") == "product":
                    return self._applied(a, b, at)
                return self.times(a, self._diag(b, at), at)
        assert isinstance(a, Operator)
        assert isinstance(b, Operator)
        return self.times(a, b, at)

    def _by_components(self, a: Value, b: Value, at: Place, sign: str) -> Value:
        match a, b:
            case (Vector(), Vector()) | (Vector(size=None), _) | (_, Vector(size=None)):
                return self.beside(a, b, at, False)
            case (Vector() as v, Operator() as line) | (Operator() as line, Vector() as v) if (
                ONE in (line.rows, line.cols)
            ):
                scale = self._diag(v, at)
                column = line.cols == ONE
                return self.times(scale, line, at) if column else self.times(line, scale, at)
            case Vector(), Operator():
                if sign == "star" and self.scope.way("broadcast") == "columns":
                    return self.times(b, self._diag(a, at), at)
                return self.times(self._diag(a, at), b, at)
            case Operator(), Vector():
                if self.scope.way("broadcast") == "columns":
                    return self.times(a, self._diag(b, at), at)
                return self.times(self._diag(b, at), a, at)
        if sign == "star":
            return self.beside(a, b, at, False)
        raise NotUnderstood("a product by components of two matrices", at)

    def _kronecker(self, a: Value, b: Value, at: Place) -> Value:
        """A ⊗ B; an I on one side is as large as the other leaves room for."""
        if isinstance(a, Vector) and isinstance(b, Vector) and not (a.unit or b.unit):
            return self.beside(a, b, at, False)
        shapes = [self.lin.shape(s) for s in self.cell.states]
        sizes = next((shape for shape in shapes if len(shape) == 2), None)
        if sizes is None:
            raise NotUnderstood(f"{self.cell.name} has no matrix of the step", at)
        left, right = (self._side(v, at, size) for v, size in zip((a, b), sizes, strict=True))
        found = kronecker(*(added(p.parts, p.rows, p.cols) for p in (left, right)))
        return Operator(expanded(found), *found.shape).at(at)

    def _side(self, value: Value, at: Place, size: Expr) -> Operator:
        """A side of ⊗: a vector is a column."""
        if isinstance(value, Operator) or value.size is None:
            return self.as_operator(value, at, size)
        column = self.as_operator(value, at, value.size, ONE)
        return column.turned if self.scope.row else column

    def times(self, a: Operator, b: Operator, at: Place) -> Value:
        if a.cols != b.rows:
            raise NotUnderstood(
                f"a matrix of {a.rows} × {a.cols} cannot stand before one of {b.rows} × {b.cols}",
                at,
            )
        try:
            found = Operator(multiplied(a.parts, b.parts), a.rows, b.cols)
        except TooMany as error:
            raise NotUnderstood(str(error), at) from None
        return _scalar(found) or found

    def _applied(self, a: Operator, b: Vector, at: Place) -> Vector:
        assert b.size is not None
        if a.cols != b.size:
            raise NotUnderstood(
                f"a matrix of {a.rows} × {a.cols} cannot act on a vector of {b.size}", at
            )
        made = [MatVec(s.operator, b.expr) for s in a.parts]
        return Vector(sum(made, Integer(0)), a.rows)

    def _quotient(self, a: Value, b: Value, at: Place) -> Value:
        if isinstance(b, Operator):
            raise NotUnderstood("nothing can be divided by a matrix", at)
        if b.expr == 0:
            raise NotUnderstood("this divides by zero", at)
        return self.beside(a, Vector(1 / b.expr, b.size), at, False)

    # -- names, functions, powers ------------------------------------------------------------

    def _scripted(self, tree: Scripted, inside: bool) -> Value:
        """A name with its scripts; a power or a transpose of it, or of a bracket."""
        scripts = list(tree.scripts)
        raised: list[int | str] = []
        while scripts and (power := _exponent(scripts[-1], self.scope.numbers)) is not None:
            raised.insert(0, power)
            scripts.pop()
        if not raised:
            return self._name(tree)
        base = tree.base if not scripts else replace(tree, scripts=tuple(scripts))
        value = self.value(base, inside)
        for power in raised:
            value = self.raised(value, power, tree)
        return value

    def raised(self, value: Value, power: int | str | None, at: Place) -> Value:
        if power is None:
            return value
        if power == "T":
            if isinstance(value, Operator):
                return value.turned
            if value.size is None:
                return replace(value, ones=value.expr == 1)
            column = self.as_operator(value, at, value.size, ONE)
            return column if self.scope.row else column.turned
        assert isinstance(power, int)
        if isinstance(value, Vector):
            return Vector(value.expr**power, value.size, value.unit)
        if not 1 <= power <= 6:
            raise NotUnderstood("this power of a matrix is not understood", at)
        result: Value = value
        for _ in range(power - 1):
            result = self.beside(result, value, at, False)
        return result

    def _name(self, tree: Tree) -> Value:
        ref = self.scope.reference(tree)
        if ref is None or ref.component:
            raise NotUnderstood("this is not understood", tree)
        spelt = key(ref.name)
        name = self.scope.names.get(spelt)
        if name is not None:
            return self.raised(self.scope.value_of(name, ref, tree), _ending(ref), tree)
        block = self.scope.block(ref, tree)
        if block is not None:
            return self.raised(block, _ending(ref), tree)
        given = self.scope.defined.get(spelt)
        if given is not None:
            back = 0 if given.time is None or ref.time is None else given.time - ref.time
            inner = replace(self.scope, indices=given.indices, defined={}).earlier(back)
            return self.raised(Reader(inner).value(given.tree), _ending(ref), tree)
        found = self._delta(ref, tree)
        if found is not None:
            return found
        moved = differential(tree)
        moment = self.scope.moment(moved) if moved is not None else None
        if moved is not None and moment is not None:
            return change(self.scope, moment, tree)
        if spelt in ("I", "mathbbI") and ref.time is None:
            return Vector(ONE, None, True)
        if spelt in ("one", "ones", "mathbb1"):
            return Vector(ONE, None)
        if spelt in ("J", "D", "M", "P", "Q") and ref.time is not None:
            return whole(self.scope, ref.time - self.scope.shift, 1, tree)
        raise self.scope.unknown(ref, tree)

    def _called(self, tree: Tree) -> tuple[str, int, int | None] | None:
        """A function's name in front of its argument: which, how often differentiated, raised."""
        base, order, power = tree, 0, None
        if isinstance(tree, Scripted):
            base = tree.base
            for script in tree.scripts:
                primes = _primes(script)
                raised = _exponent(script)
                if primes:
                    order += primes
                elif isinstance(raised, int) and power is None:
                    power = raised
                else:
                    return None
        if not isinstance(base, Sign):
            return None
        if base.name.lower() == "diag" and order == 0:
            return "diag", 0, power
        if key(base.name) in self.scope.names and base.kind != "FUNCTION":
            return None
        if base.name == "sigma" and not any(
            e.has(ACTIVATIONS["sigmoid"].function) for e in self.cell.equations.values()
        ):
            raise NotUnderstood(f"{self.cell.name} has no sigmoid, so that σ is not clear", tree)
        name = FUNCTIONS.get(base.name, "sigmoid" if base.name == "sigma" else base.name)
        return (name, order, power) if name in ACTIVATIONS and order <= 1 else None

    def _call(self, name: str, order: int, power: int | None, argument: Tree, at: Place) -> Value:
        own = None
        if isinstance(argument, Scripted) and isinstance(argument.base, Group):
            raised = [_exponent(script) for script in argument.scripts]
            if len(raised) == 1 and raised[0] is not None:
                argument, own = argument.base, raised[0]
        value = self.value(argument, True)
        span = Span(at.start, argument.stop)
        if isinstance(value, Operator):
            raise NotUnderstood("a matrix stands where a vector is due", argument)
        if name == "diag":
            return self.raised(self.raised(self._diag(value, span), power, span), own, span)
        function = ACTIVATIONS[name].function
        result = function(value.expr)
        if order:
            inner = Symbol("u", real=True)
            slope = function(inner).diff(inner)
            result = slope.subs(inner, self._argument(value.expr, function))
        found = self.raised(Vector(result, value.size), power, span)
        return self.raised(found, own, span)

    def _argument(self, expr: Expr, function: Any) -> Expr:
        """σ′(z_t), where z_t is the value of σ itself: the slope there may be meant."""
        for node in self.lin:
            for lag in range(4):
                if expr == self.lin.variable(node.name, lag) and isinstance(
                    node.expression, function
                ):
                    if self.scope.way("slope") == "as written":
                        return expr
                    return shifted(node.expression.args[0], lag)
        return expr

    # -- derivatives -------------------------------------------------------------------------

    def derivative(self, tree: Tree) -> Operator | None:
        """∂a/∂b of two values, or of the loss by one; None where a tree is no such thing."""
        found = derivative(tree)
        if found is None:
            return None
        above, below = found
        of, wrt = self._list(above), self._list(below)
        if of and wrt:
            return self._of_the_state(of, wrt, tree)
        one, other = self._at(above), self._at(below)
        if other is None:
            return None
        if one is not None:
            return partial(self.scope, one, other, tree)
        loss = self._loss(above)
        return None if loss is None else delta(self.scope, other, tree, loss)

    def moments(self, tree: Tree) -> tuple[Moment, Moment] | None:
        """a and b of ∂a/∂b, where both are values of the cell."""
        found = derivative(tree)
        pair = [self._at(part) for part in found] if found is not None else [None]
        return None if None in pair else (pair[0], pair[1])  # type: ignore[return-value]  # both are there

    def _list(self, tree: Tree) -> list[Moment]:
        """The values in [h_t, c_t], where it lists all states at one time."""
        if not (isinstance(tree, Group) and len(tree.items) > 1):
            return []
        moments = [self.scope.moment(item) for item in tree.items]
        return [m for m in moments if m is not None]

    def _of_the_state(self, of: list[Moment], wrt: list[Moment], tree: Tree) -> Operator:
        """∂[h_t, c_t]/∂[h_{t-k}, c_{t-k}], the Jacobian of the whole state."""
        names = [[m.name for m in side] for side in (of, wrt)]
        times = [{m.time for m in side} for side in (of, wrt)]
        if any(sorted(n) != sorted(self.cell.states) for n in names) or any(
            len(t) > 1 for t in times
        ):
            raise NotUnderstood("this derivative is not understood here", tree)
        now, before = times[0].pop(), times[1].pop()
        rows = [
            [partial(self.scope, Moment(a, now), Moment(b, before), tree) for b in names[1]]
            for a in names[0]
        ]
        return blocks(rows, tree)

    def _at(self, tree: Tree) -> Moment | None:
        if isinstance(tree, Product) and len(tree.factors) == 2:
            return self.scope.timed(tree.factors[0][1], tree.factors[1][1])
        return self.scope.moment(tree)

    def _loss(self, tree: Tree) -> str | None:
        """Whether a name is the loss: "" for all of it, "loss" for what it reads at t."""
        ref = self.scope.reference(tree)
        if ref is None or ref.name not in LOSSES or key(ref.name) in self.scope.names:
            return None
        return "loss" if ref.time is not None and ref.time - self.scope.shift <= 0 else ""

    def _nabla(self, tree: Tree) -> Reference | None:
        base = tree.base if isinstance(tree, Scripted) else tree
        if not (isinstance(base, Sign) and base.kind == "PARTIAL" and "nabla" in base.name):
            return None
        letter = replace(base, kind="LETTER")
        return self.scope.reference(
            replace(tree, base=letter) if isinstance(tree, Scripted) else letter
        )

    def _gradient_by(self, tree: Scripted, after: Tree) -> Value:
        """∇_{h_t} L."""
        ref, loss = self._nabla(tree), self._loss(after)
        assert ref is not None
        name = self.scope.names.get(key("_".join(ref.labels)))
        if name is None or loss is None:
            raise NotUnderstood("this gradient is not understood", tree)
        return delta(self.scope, Moment(name, (ref.time or 0) - self.scope.shift), tree, loss)

    def _delta(self, ref: Reference, tree: Tree) -> Operator | None:
        """δ_t, δ_{h,t} and δ̂_{h,t}, which is what step t + 1 passes back."""
        if ref.letter != "delta" or set(ref.accents) - {"hat"}:
            return None
        time = (ref.time or 0) - self.scope.shift
        part = "later" if ref.accents else ""
        if ref.labels:
            name = self.scope.names.get(key("_".join(ref.labels)))
            if name is None:
                raise NotUnderstood(f"δ of {'_'.join(ref.labels)!r} is not understood", tree)
        else:
            name = self.cell.output if self.cell.output in self.lin.nodes else self.cell.states[0]
            if f"a_{name}" in self.lin.nodes and self.scope.way("delta") == "argument":
                name = f"a_{name}"
        found = delta(self.scope, Moment(name, time), tree, part)
        return found.turned if ref.transposed else found


def _ending(ref: Reference) -> int | str | None:
    """A transpose or a power that stands among the scripts of a name."""
    if ref.transposed:
        return "T"
    return int(ref.power) if ref.power.lstrip("-").isdigit() else None


def _scalar(found: Operator) -> Vector | None:
    """uᵀ v, which is a number."""
    if (found.rows, found.cols) != (ONE, ONE):
        return None
    total: Expr = Integer(0)
    for s in found.parts:
        match s.factors:
            case (Row() as row, Column() as column):
                total += s.number * _dot(row.vector, column.vector)
            case (Row() as row, Diag() as diag, Column() as column):
                total += s.number * _dot(row.vector, diag.vector * column.vector)
            case _:
                return None
    return Vector(total, None)


def _dot(u: Expr, v: Expr) -> Expr:
    return Total(v) if u == ONE else Dot(u, v)


def _exponent(script: Any, numbers: Any = None) -> int | str | None:
    """A raised number or transpose; None for any other script."""
    if script.kind != "SUP":
        return None
    inside = [
        t for t in script.inside if t.kind not in ("SPACE", "GAP", "FONT", "LBRACE", "RBRACE")
    ]
    if len(inside) == 1 and inside[0].value in ("T", "top", "intercal", "mathsf", "transpose"):
        return "T"
    text = "".join(t.value for t in inside)
    if text.lstrip("-").isdigit() and len(text) < 3:
        return int(text)
    if numbers and text and text != "t" and any(t.value == "k" for t in inside):
        return linear(inside, numbers)
    return None


def _primes(script: Any) -> int:
    if script.kind == "PRIME":
        return 1
    raised = script.kind == "SUP" and script.inside
    return len(script.inside) if raised and all(t.kind == "PRIME" for t in script.inside) else 0


def _power_of(tree: Tree) -> int | str | None:
    if not isinstance(tree, Scripted):
        return None
    if len(tree.scripts) > 1 or _exponent(tree.scripts[0]) is None:
        raise NotUnderstood("this script is not understood", tree)
    return _exponent(tree.scripts[0])
