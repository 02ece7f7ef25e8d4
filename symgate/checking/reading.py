"""The operator grammar: what a formula says of a cell, as numbers, vectors and operators.

Sums, products, brackets, diag(…), Hadamard products (v ⊙ U scales the rows of U),
transposes, slopes such as σ′(a), and ∂a/∂b. Where a formula can be read in two ways, the
reader takes the one it is told and notes that there are two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction as Ratio
from typing import Any

from sympy import Expr, Identity, Integer, MatrixSymbol, Rational, Symbol

from symgate.algebra.activations import ACTIVATIONS
from symgate.algebra.operators import Diag
from symgate.algebra.vectors import MatVec, shifted
from symgate.checking.names import Names, key
from symgate.checking.summands import Summand, Summands, TooMany, expanded, multiplied
from symgate.equations.cell import Cell
from symgate.errors import SymgateError, did_you_mean
from symgate.linear.jacobian import jacobian
from symgate.linear.linearise import linearise
from symgate.linear.paths import operator
from symgate.reading.names import Indices, Reference, reference, tree_time
from symgate.reading.symbols import FUNCTIONS
from symgate.reading.trees import Fraction, Group, Number, Product, Root, Scripted, Sum, Tree
from symgate.reading.trees import Symbol as Sign

#: What may be read in two ways: the first way of each is the one that is meant as a rule.
WAYS = {
    "beside": ("diag", "product"),
    "broadcast": ("rows", "columns"),
    "partial": ("total", "direct"),
    "slope": ("as written", "of the gate"),
    "one": ("identity",),
    "time": ("now", "before"),
}

WHY = {
    "beside": "a vector beside a matrix may be meant as diag(…) or as a product",
    "broadcast": "a product by components may scale the matrix's rows or its columns",
    "partial": "a partial derivative may hold the other values fixed or not",
    "slope": "the slope is taken of a gate's value, not of what the gate acts on",
    "one": "a number stands where a matrix is due",
    "time": "a state stands without its time",
}


class NotUnderstood(Exception):
    """What a formula says is not clear; where."""

    def __init__(self, message: str, at: Any, mend: str = "") -> None:
        super().__init__(message)
        self.message, self.start, self.stop, self.mend = message, at.start, at.stop, mend


@dataclass(frozen=True)
class Vector:
    """A vector expression, or a number where it has no size."""

    expr: Expr
    size: Expr | None


@dataclass(frozen=True)
class Operator:
    """A matrix as a sum of products."""

    parts: Summands
    rows: Expr
    cols: Expr


Value = Vector | Operator


@dataclass(frozen=True)
class Span:
    """A place in the text: its first character, and the one behind its last."""

    start: int
    stop: int


Place = Tree | Span


@dataclass(frozen=True)
class Moment:
    """A name of the cell at a time: 0 for t, -1 for t - 1."""

    name: str
    time: int


class Reader:
    """Reads trees for one cell in one naming, by the ways chosen."""

    def __init__(
        self,
        cell: Cell,
        names: Names,
        indices: Indices,
        ways: Mapping[str, str],
        shift: int = 0,
        row: bool = False,
    ) -> None:
        self.cell, self.names, self.indices, self.ways, self.row = cell, names, indices, ways, row
        self.lin, self.shift = linearise(cell), shift
        self.chosen: dict[str, str] = {}
        self.seen: list[tuple[Moment, int, int]] = []
        self.main = self.lin.size(cell.output)

    def way(self, kind: str) -> str:
        """The way that something ambiguous is read; it is noted."""
        self.chosen[kind] = self.ways.get(kind, WAYS[kind][0])
        return self.chosen[kind]

    # -- values ----------------------------------------------------------------------------

    def operator(self, tree: Tree, rows: Expr, cols: Expr) -> Operator:
        """A side of a claim as an operator of a shape, which is that of a bare I."""
        if rows == cols:
            self.main = rows
        found = self._as_operator(self.value(tree), tree, rows)
        if (found.rows, found.cols) not in ((rows, cols), (cols, rows)):
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
            case Sum(terms=terms):
                return self._sum(terms, inside)
            case Product(factors=factors):
                return self._product(factors, tree, inside)
            case Fraction(above=above, below=below):
                partial = self.partial(tree)
                if partial is not None:
                    return self._partial(*partial, tree)
                return self._quotient(self.value(above, inside), self.value(below, inside), tree)
            case Scripted():
                return self._scripted(tree, inside)
            case Sign():
                return self._name(tree)
            case Root(inside=inner):
                found = self.value(inner, True)
                if isinstance(found, Vector):
                    return Vector(found.expr ** Rational(1, 2), found.size)
        raise NotUnderstood("this is not understood", tree)

    def _sum(self, terms: Sequence[tuple[int, Tree]], inside: bool) -> Value:
        values = [(sign, self.value(term, inside), term) for sign, term in terms]
        if all(isinstance(v, Vector) for _, v, _ in values):
            size = None
            total: Expr = Integer(0)
            for sign, v, term in values:
                assert isinstance(v, Vector)
                size = self._common(size, v.size, term)
                total += sign * v.expr
            return Vector(total, size)
        rows = next(v.rows for _, v, _ in values if isinstance(v, Operator))
        parts: list[Summand] = []
        shape = None
        for sign, v, term in values:
            found = self._as_operator(v, term, rows)
            shape = shape or (found.rows, found.cols)
            if (found.rows, found.cols) != shape:
                raise NotUnderstood(
                    f"a matrix of {found.rows} × {found.cols} cannot be added to one of "
                    f"{shape[0]} × {shape[1]}",
                    term,
                )
            parts += [s.scaled(Integer(sign)) for s in found.parts]
        assert shape is not None
        return Operator(tuple(parts), *shape)

    def _common(self, one: Expr | None, other: Expr | None, at: Place) -> Expr | None:
        if one is None or other is None:
            return one if other is None else other
        if one != other:
            raise NotUnderstood(f"a vector of {other} meets one of {one}", at)
        return one

    def _as_operator(self, value: Value, at: Place, rows: Expr) -> Operator:
        """A vector where a matrix is due is its diagonal."""
        if isinstance(value, Operator):
            return value
        if value.size is None:
            if value.expr == 0:
                return Operator((), rows, rows)
            self.way("one")
            part = Summand(value.expr, (), rows, rows, at.start, at.stop)
            return Operator((part,), rows, rows)
        if value.expr.has(MatVec):
            self.way("beside")
        return self._diag(value, at)

    def _diag(self, value: Vector, at: Any) -> Operator:
        size = self.main if value.size is None else value.size
        number, rest = value.expr.as_coeff_Mul()
        part = Summand(number, (Diag(size, rest),), size, size, at.start, at.stop)
        return Operator((part,), size, size)

    # -- products --------------------------------------------------------------------------

    def _product(self, factors: Sequence[tuple[str, Tree]], tree: Tree, inside: bool) -> Value:
        """Factors side by side bind before those with ⊙ between them."""
        items = self._items(factors, inside)
        segments: list[tuple[str, Value, Place]] = []
        for sign, value, at in items:
            if segments and sign in ("", "times", "/"):
                before = segments[-1]
                joined = (
                    self._quotient(before[1], value, at)
                    if sign == "/"
                    else self._beside(before[1], value, at, inside)
                )
                segments[-1] = (before[0], joined, at)
            elif sign in ("", "times", "hadamard", "star"):
                segments.append((sign, value, at))
            else:
                raise NotUnderstood("this sign is not understood", at)
        _, result, _ = segments[0]
        for sign, value, at in segments[1:]:
            result = self._by_components(result, value, at, sign)
        return result

    def _items(
        self, factors: Sequence[tuple[str, Tree]], inside: bool
    ) -> list[tuple[str, Value, Place]]:
        """The factors with what belongs together taken together: tanh (…), h [t-1], ∂a / ∂b."""
        found: list[tuple[str, Value, Place]] = []
        at = 0
        while at < len(factors):
            sign, tree = factors[at]
            after = factors[at + 1][1] if at + 1 < len(factors) else None
            beside = after is not None and factors[at + 1][0] == ""
            span = _partial_span(factors, at)
            if span:
                whole = Product(
                    tree.start, factors[at + span - 1][1].stop, tuple(factors[at : at + span])
                )
                partial = self.partial(replace(whole, factors=(("", tree), *whole.factors[1:])))
                if partial is not None:
                    found.append((sign, self._partial(*partial, whole), whole))
                    at += span
                    continue
            call = self._called(tree) if beside else None
            if call is not None and after is not None:
                name, order, power = call
                argument = after
                value = self._call(name, order, power, argument, tree)
                found.append((sign, value, Span(tree.start, after.stop)))
                at += 2
                continue
            moment = self._timed(tree, after) if beside and after is not None else None
            if moment is not None and after is not None:
                value = self._moment(moment, Span(tree.start, after.stop))
                found.append((sign, self._raised(value, _power_of(after), tree), after))
                at += 2
                continue
            found.append((sign, self.value(tree, inside), tree))
            at += 1
        return found

    def _beside(self, a: Value, b: Value, at: Place, inside: bool) -> Value:
        match a, b:
            case Vector(), Vector():
                return Vector(a.expr * b.expr, self._common(a.size, b.size, at))
            case Vector(size=None), Operator():
                return replace(b, parts=tuple(s.scaled(a.expr) for s in b.parts))
            case Operator(), Vector(size=None):
                return replace(a, parts=tuple(s.scaled(b.expr) for s in a.parts))
            case Vector(), Operator():
                self.way("beside")
                return self._times(self._diag(a, at), b, at)
            case Operator(), Vector():
                if inside or self.way("beside") == "product":
                    return self._applied(a, b, at)
                return self._times(a, self._diag(b, at), at)
        assert isinstance(a, Operator)
        assert isinstance(b, Operator)
        return self._times(a, b, at)

    def _by_components(self, a: Value, b: Value, at: Place, sign: str) -> Value:
        match a, b:
            case (Vector(), Vector()) | (Vector(size=None), _) | (_, Vector(size=None)):
                return self._beside(a, b, at, False)
            case Vector(), Operator():
                if sign == "star" and self.way("broadcast") == "columns":
                    return self._times(b, self._diag(a, at), at)
                return self._times(self._diag(a, at), b, at)
            case Operator(), Vector():
                if self.way("broadcast") == "columns":
                    return self._times(a, self._diag(b, at), at)
                return self._times(self._diag(b, at), a, at)
        if sign == "star":
            return self._beside(a, b, at, False)
        raise NotUnderstood("a product by components of two matrices", at)

    def _times(self, a: Operator, b: Operator, at: Place) -> Operator:
        if a.cols != b.rows:
            raise NotUnderstood(
                f"a matrix of {a.rows} × {a.cols} cannot stand before one of {b.rows} × {b.cols}",
                at,
            )
        try:
            return Operator(multiplied(a.parts, b.parts), a.rows, b.cols)
        except TooMany as error:
            raise NotUnderstood(str(error), at) from None

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
        return self._beside(a, Vector(1 / b.expr, b.size), at, False)

    # -- names, functions, powers ------------------------------------------------------------

    def _scripted(self, tree: Scripted, inside: bool) -> Value:
        """A name with its scripts; a power or a transpose of it, or of a bracket."""
        scripts = list(tree.scripts)
        raised: list[int | str] = []
        while scripts and (power := _exponent(scripts[-1])) is not None:
            raised.insert(0, power)
            scripts.pop()
        if not raised:
            return self._name(tree)
        base = tree.base if not scripts else replace(tree, scripts=tuple(scripts))
        value = self.value(base, inside)
        for power in raised:
            value = self._raised(value, power, tree)
        return value

    def _raised(self, value: Value, power: int | str | None, at: Place) -> Value:
        if power is None:
            return value
        if power == "T":
            if isinstance(value, Vector):
                raise NotUnderstood("a row vector is not understood", at)
            return Operator(tuple(s.turned() for s in value.parts), value.cols, value.rows)
        assert isinstance(power, int)
        if isinstance(value, Vector):
            return Vector(value.expr**power, value.size)
        if not 1 <= power <= 6:
            raise NotUnderstood("this power of a matrix is not understood", at)
        result = value
        for _ in range(power - 1):
            result = self._times(result, value, at)
        return result

    def _name(self, tree: Tree) -> Value:
        ref = reference(tree, self.indices)
        if ref is None or ref.component:
            raise NotUnderstood("this is not understood", tree)
        name = self.names.get(key(ref.name))
        if name is None:
            if key(ref.name) in ("I", "mathbbI") and ref.time is None:
                return Operator(
                    (Summand(Integer(1), (), self.main, self.main, tree.start, tree.stop),),
                    self.main,
                    self.main,
                )
            if key(ref.name) in ("one", "ones", "mathbb1"):
                return Vector(Integer(1), None)
            near = did_you_mean(ref.name, dict.fromkeys(self.names.values()))
            raise NotUnderstood(f"{ref.name!r} is no name of {self.cell.name}{near}", tree)
        value = self._moment(self._timed_as(name, ref), tree)
        return self._raised(value, "T", tree) if ref.transposed else value

    def _timed_as(self, name: str, ref: Reference) -> Moment:
        if ref.time is not None or name in self.cell.parameters:
            return Moment(name, (ref.time or 0) - self.shift)
        if name in self.cell.states and self.way("time") == "before":
            return Moment(name, -1)
        return Moment(name, 0)

    def _moment(self, moment: Moment, at: Any) -> Value:
        name, cell = moment.name, self.cell
        if name in cell.parameters:
            symbol = cell.parameters[name].symbol
            if isinstance(symbol, MatrixSymbol):
                part = Summand(Integer(1), (symbol,), symbol.rows, symbol.cols, at.start, at.stop)
                part = part.turned() if self.row else part
                return Operator((part,), part.rows, part.cols)
            shape = cell.parameters[name].shape
            return Vector(symbol, shape[0] if shape else None)
        if moment.time > 0:
            raise NotUnderstood("this lies in a later step", at)
        if moment.time < -8:
            raise NotUnderstood("this lies too many steps back", at)
        shape = self.lin.shape(name)
        if len(shape) > 1:
            raise NotUnderstood(f"{name} is a matrix of the step, which check does not read", at)
        self.seen.append((moment, at.start, at.stop))
        return Vector(self.lin.variable(name, -moment.time), shape[0] if shape else None)

    def _timed(self, tree: Tree, after: Tree) -> Moment | None:
        """h[t-1] and h(t-1), where the time stands in brackets behind the name."""
        bracket = after.base if isinstance(after, Scripted) else after
        if not (isinstance(bracket, Group) and bracket.opening in ("[", "(")):
            return None
        time = tree_time(bracket.items[0], self.indices) if len(bracket.items) == 1 else None
        ref = reference(tree, self.indices)
        name = self.names.get(key(ref.name)) if ref is not None else None
        if time is None or ref is None or name is None or ref.time is not None:
            return None
        if name in self.cell.parameters:
            return None
        return Moment(name, time - self.shift)

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
        if base.name == "diag" and order == 0:
            return "diag", 0, power
        if key(base.name) in self.names and base.kind != "FUNCTION":
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
            found = self._raised(self._diag(value, span), power, span)
            return self._raised(found, own, span)
        function = ACTIVATIONS[name].function
        result = function(value.expr)
        if order:
            inner = Symbol("u", real=True)
            slope = function(inner).diff(inner)
            result = slope.subs(inner, self._argument(value.expr, function))
        found = self._raised(Vector(result, value.size), power, span)
        return self._raised(found, own, span)

    def _argument(self, expr: Expr, function: Any) -> Expr:
        """σ′(z_t), where z_t is the value of σ itself: the slope there may be meant."""
        for node in self.lin:
            for lag in range(4):
                if expr == self.lin.variable(node.name, lag) and isinstance(
                    node.expression, function
                ):
                    if self.way("slope") == "as written":
                        return expr
                    return shifted(node.expression.args[0], lag)
        return expr

    # -- partial derivatives -----------------------------------------------------------------

    def partial(self, tree: Tree) -> tuple[Moment, Moment] | None:
        """What ∂a/∂b is of and with respect to; None where a tree is no such thing."""
        match tree:
            case Group(items=(item,)):
                return self.partial(item)
            case Fraction(above=above, below=below):
                one, other = _differential(above), _differential(below)
            case Product(factors=factors) if (at := _slash(factors)) > 0:
                one = _differential(_whole(factors[:at]))
                other = _differential(_whole(factors[at:]))
            case _:
                return None
        if one is None or other is None:
            return None
        first, second = self._named(one), self._named(other)
        return None if first is None or second is None else (first, second)

    def _named(self, tree: Tree) -> Moment | None:
        if isinstance(tree, Product) and len(tree.factors) == 2:
            return self._timed(tree.factors[0][1], tree.factors[1][1])
        ref = reference(tree, self.indices)
        name = self.names.get(key(ref.name)) if ref is not None else None
        if ref is None or name is None:
            return None
        if ref.time is None and name not in self.cell.parameters:
            return None
        return Moment(name, (ref.time or 0) - self.shift)

    def _partial(self, of: Moment, wrt: Moment, at: Any) -> Operator:
        lag = of.time - wrt.time
        if wrt.name in self.cell.parameters or of.name not in self.lin.nodes or lag < 0:
            raise NotUnderstood("this derivative is not understood here", at)
        if of.time > 0:
            raise NotUnderstood("this lies in a later step", at)
        try:
            found = jacobian(self.cell, of.name, wrt.name, lag=lag)
            total = expanded(found) if lag <= 1 else None
        except SymgateError as error:
            raise NotUnderstood(str(error), at) from None
        if total is None:
            from_steps = Summand(Integer(1), (found,), found.rows, found.cols)
            total = (from_steps,)
        direct = expanded(self.direct(of.name, wrt.name, lag)) if lag <= 1 else total
        if direct != total and self.way("partial") == "direct":
            total = direct
        parts = tuple(replace(s.shifted(-of.time), start=at.start, stop=at.stop) for s in total)
        return Operator(parts, self.lin.size(of.name), self.lin.size(wrt.name))

    def direct(self, of: str, wrt: str, lag: int) -> Any:
        """The derivative with all other states and gates held fixed."""
        goal = self.lin.variable(wrt, lag)
        if (of, 0) == (wrt, lag):
            return Identity(self.lin.size(of))
        values = [n.name for n in self.lin if n.kind in ("gate", "state") and n.name != of]
        ends = {self.lin.variable(name) for name in values}
        ends |= {self.lin.variable(s, 1) for s in self.cell.states} | {goal}
        return operator(self.lin, of, goal, ends)


def _exponent(script: Any) -> int | str | None:
    """A raised number or transpose; None for any other script."""
    if script.kind != "SUP":
        return None
    inside = [t for t in script.inside if t.kind not in ("SPACE", "GAP", "FONT")]
    if len(inside) == 1 and inside[0].value in ("T", "top", "intercal", "mathsf", "transpose"):
        return "T"
    text = "".join(t.value for t in inside)
    return int(text) if text.lstrip("-").isdigit() and len(text) < 3 else None


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


def _differential(tree: Tree) -> Tree | None:
    """What stands behind ∂ or d."""
    if isinstance(tree, Group) and len(tree.items) == 1:
        return _differential(tree.items[0])
    if not isinstance(tree, Product) or any(sign for sign, _ in tree.factors[1:]):
        word = _glued(tree)
        return word
    first = tree.factors[0][1]
    if isinstance(first, Sign) and (first.kind == "PARTIAL" or first.name == "d"):
        return _whole(tree.factors[1:])
    glued = _glued(first)
    return None if glued is None else _whole((("", glued), *tree.factors[1:]))


def _glued(tree: Tree) -> Tree | None:
    """dh, where the d and the name are one word."""
    base = tree.base if isinstance(tree, Scripted) else tree
    if not (isinstance(base, Sign) and base.name[:1] == "d" and len(base.name) > 1):
        return None
    rest = replace(base, name=base.name[1:], start=base.start + 1)
    return replace(tree, base=rest) if isinstance(tree, Scripted) else rest


def _whole(factors: Sequence[tuple[str, Tree]]) -> Tree:
    if len(factors) == 1:
        return factors[0][1]
    plain = (("", factors[0][1]), *factors[1:])
    return Product(factors[0][1].start, factors[-1][1].stop, plain)


def _slash(factors: Sequence[tuple[str, Tree]]) -> int:
    found = [i for i, (sign, _) in enumerate(factors) if sign == "/"]
    return found[0] if len(found) == 1 else 0


def _partial_span(factors: Sequence[tuple[str, Tree]], at: int) -> int:
    """How many factors from `at` on are ∂ a / ∂ b; 0 where they are something else."""
    first = factors[at][1]
    if not (isinstance(first, Sign) and first.kind == "PARTIAL"):
        return 0
    slash = next((i for i in range(at + 1, min(at + 4, len(factors))) if factors[i][0] == "/"), 0)
    if not slash:
        return 0
    second = factors[slash][1]
    if not (isinstance(second, Sign) and second.kind == "PARTIAL"):
        return 0
    stop = slash + 2
    if stop > len(factors):
        return 0
    behind = factors[stop][1] if stop < len(factors) else None
    bracketed = slash - at == 3
    if bracketed and isinstance(behind, Group) and factors[stop][0] == "":
        stop += 1
    return stop - at
