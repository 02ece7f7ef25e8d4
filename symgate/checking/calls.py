"""Functions in front of an argument: tanh² (a), σ′(z_t), diag(v), and what stands raised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sympy import Expr, Rational, Symbol

from symgate.algebra.activations import ACTIVATIONS
from symgate.algebra.values import EPSILON, Mean, Norm, Spread
from symgate.algebra.vectors import Total, shifted
from symgate.checking.exponents import exponent, primes, spelt
from symgate.checking.matrices import ONE
from symgate.checking.moved import moves, spread
from symgate.checking.names import key
from symgate.checking.products import Power
from symgate.checking.values import Extent, NotUnderstood, Place, Transform, Value, VectorRead
from symgate.reading.grammar import tree as parsed
from symgate.reading.symbols import FUNCTIONS
from symgate.reading.tokens import FormulaError
from symgate.reading.trees import Group, Scripted, Tree
from symgate.reading.trees import Spelled as Sign

if TYPE_CHECKING:
    from symgate.checking.reader import Reader

#: What of a vector is one number.
NUMBERS: Mapping[str, Callable[[Expr], Expr]] = {
    "mean": Mean,
    "sum": Total,
    "norm": Norm,
    "sd": lambda vector: Spread(vector, EPSILON, True),
    "rms": lambda vector: Spread(vector, EPSILON, False),
}


def called(reader: Reader, tree: Tree) -> tuple[str, int, int | None] | None:
    """A function's name in front of its argument: which, how often differentiated, raised."""
    base, order, power = tree, 0, None
    if isinstance(tree, Scripted):
        base = tree.base
        for script in tree.scripts:
            strokes = primes(script)
            raised = exponent(script)
            if strokes:
                order += strokes
            elif isinstance(raised, int) and power is None:
                power = raised
            elif (whole := spelt(base, script)) in ACTIVATIONS and isinstance(base, Sign):
                base = replace(base, name=whole, kind="FUNCTION")  # hard_tanh
            else:
                return None
    if not isinstance(base, Sign):
        return None
    if base.name.lower() == "diag" and order == 0:
        return "diag", 0, power
    if key(base.name) in reader.scope.names and base.kind != "FUNCTION":
        return None
    if base.name == "sigma" and not _has_sigmoid(reader):
        raise NotUnderstood(f"{reader.cell.name} has no sigmoid, so that σ is not clear", tree)
    name = FUNCTIONS.get(base.name, "sigmoid" if base.name == "sigma" else base.name)
    known = order <= 1 if name in ACTIVATIONS else name in (*NUMBERS, "sech") and order == 0
    return (name, order, power) if known else None


def _has_sigmoid(reader: Reader) -> bool:
    """Whether the cell has a sigmoid, be it as the slope of another function."""
    factors = [f for node in reader.lin for term in node.terms for f in term.coefficient]
    found = (*reader.cell.equations.values(), *factors)
    return any(e.has(ACTIVATIONS["sigmoid"].function) for e in found)


def call(
    reader: Reader, name: str, order: int, raised: int | None, argument: Tree, at: Place
) -> Value:
    span, own = Extent(at.start, argument.stop), None
    if isinstance(argument, Scripted) and isinstance(argument.base, Group):
        if len(argument.scripts) == 1:
            own = raised_by(reader, argument.scripts[0])
        argument = argument if own is None else argument.base
    found = _function(reader, name, order, argument, span)
    return reader.products.raised(reader.products.raised(found, raised, span), own, span)


def raised_by(reader: Reader, script: Any) -> Power:
    """What stands raised: a number, a transpose, or a formula as in a^{r_t}."""
    found = exponent(script, reader.scope.numbers)
    if found is not None or script.kind != "SUP" or not script.inside:
        return found
    try:
        trees, _ = parsed(script.inside)
        value = reader.value(trees[0], True) if len(trees) == 1 else None
    except (NotUnderstood, FormulaError):
        return None
    return value if isinstance(value, VectorRead) else None


def _function(reader: Reader, name: str, order: int, argument: Tree, span: Extent) -> Value:
    if name in ("max", "min") and isinstance(argument, Group) and len(argument.items) == 2:
        one, other = (reader.value(item, True) for item in argument.items)
        if isinstance(one, VectorRead) and isinstance(other, VectorRead):
            size = reader.products.common(one.size, other.size, argument)
            return VectorRead(ACTIVATIONS[name].function(one.expr, other.expr), size)
    constants: tuple[Expr, ...] = ()
    if isinstance(argument, Group) and len(argument.items) == 2:
        argument, constants = _constant(reader, name, argument)
    value = reader.value(argument, True)
    if isinstance(value, Transform):
        if name == "diag" and moves(value):
            return reader.scope.line(spread(value))
        if name not in ("sum", "mean") or ONE not in (value.rows, value.cols):
            raise NotUnderstood("a matrix stands where a vector belongs", argument)
        column = value if value.cols == ONE else value.turned
        return reader.products.summed(column, name == "mean", span)
    if name == "diag":
        return reader.products.diag(value, span)
    if name in NUMBERS:
        return VectorRead(NUMBERS[name](value.expr), None)
    if name == "sech":  # the root of the slope of tanh
        slope = 1 - ACTIVATIONS["tanh"].function(value.expr) ** 2
        return VectorRead(slope ** Rational(1, 2), value.size)
    function = ACTIVATIONS[name].function
    result = function(value.expr, *constants)
    if order:
        inner = Symbol("u", real=True)
        slope = function(inner, *constants).diff(inner)
        result = slope.subs(inner, _argument(reader, value.expr, function))
    return VectorRead(result, value.size)


def _constant(reader: Reader, name: str, given: Group) -> tuple[Tree, tuple[Expr, ...]]:
    """The argument and the constant of elu(a, 0.5)."""
    value, record = reader.value(given.items[1], True), ACTIVATIONS.get(name)
    if record and record.constant and not isinstance(value, Transform) and value.expr.is_number:
        return given.items[0], (value.expr,)
    raise NotUnderstood(f"{name} of two values is not understood", given)


def _argument(reader: Reader, expr: Expr, function: Any) -> Expr:
    """σ′(z_t), where z_t is the value of σ itself: the slope there may be meant."""
    for node in reader.lin:
        for lag in range(4):
            if expr == reader.lin.variable(node.name, lag) and isinstance(
                node.expression, function
            ):
                if reader.scope.way("slope") == "as written":
                    return expr
                return shifted(node.expression.args[0], lag)
    return expr
