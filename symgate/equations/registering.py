"""An activation of one's own: its formula makes the record that everybody reads."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import sympy as sp
from sympy import Expr, Rational

from symgate.algebra.activations import ACTIVATIONS, known_record, register
from symgate.algebra.elementwise import A, Activation
from symgate.algebra.vectors import Opaque, variable
from symgate.asked import asked
from symgate.equations.cell import cell_of_text
from symgate.equations.syntax import RESERVED, is_function
from symgate.errors import EquationError, SymgateError

#: The letter that stands for what an activation acts on.
_ARGUMENT = re.compile(r"\ba\b")


@asked(formula=None, values=None, slopes=None, name=None)
def activation(
    name: str,
    formula: str,
    *,
    values: tuple[float, float] | None = None,
    slopes: tuple[float, float] | None = None,
    latex: str = "",
) -> Activation:
    """Add an activation to the language, for this process: every verb knows it from then on.

    `name` is what equations call it, and `formula` its value in the language of equations,
    with `a` for what it acts on. `values` and `slopes` are the lowest and the highest value of
    the function and of its derivative (infinite unless given; bounds use them, and values
    outside are an error), `latex` is how it is typeset. The same name with another formula is
    refused. The slope is derived from the formula.

    >>> import symgate as sg
    >>> mish = sg.activation("mish", "a * tanh(softplus(a))")
    >>> cell = sg.Cell.from_text("h[t] = mish(U @ h[t-1] + W @ x[t])")
    >>> sg.text(sg.jacobian(cell)).startswith("diag(")
    True
    >>> sg.activation("tanh", "a")
    Traceback (most recent call last):
        ...
    symgate.errors.SymgateError: 'tanh' is a function of the language already
    """
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,39}", name):
        raise SymgateError(
            f"the name of an activation may hold letters, digits and _, not {name!r:.60}"
        )
    if not isinstance(formula, str):
        raise SymgateError(f"a formula must be a text in the letter a, not {formula!r:.60}")
    if not isinstance(latex, str) or len(latex) > 200 or not latex.isprintable():
        raise SymgateError(
            f"latex must be a short text, such as \\operatorname{{mish}}, not {latex!r:.60}"
        )
    if name in RESERVED or name in ("a", "T"):
        raise SymgateError(f"{name!r} has a meaning in the language already")
    closed = _expression(name, formula)
    slope = _slope(name, closed)
    ends = _ends("values", values, name, closed), _ends("slopes", slopes, name, slope)
    before = ACTIVATIONS.get(name)
    if before is not None and before.formula:
        if before.closed != closed:
            raise SymgateError(f"{name!r} is registered already, as {before.formula}")
        return before
    if is_function(name):
        raise SymgateError(f"{name!r} is a function of the language already")
    return register(
        name=name,
        closed=closed,
        slope=slope,
        range=ends[0],
        slopes=ends[1],
        parity=_parity(closed),
        rising=bool(ends[1][0] >= 0),
        kinks=tuple(dict.fromkeys(_kinks(closed))),
        latex=latex,
        formula=formula,
    )


def _expression(name: str, formula: str) -> Expr:
    """The formula in A, read as the equation of a state a."""
    try:
        cell = cell_of_text(f"a[t] = {_ARGUMENT.sub('a[t-1]', formula)}")
    except EquationError as error:
        why = "it holds no a" if "there is no state" in error.message else error.message
        raise EquationError(f"{formula!r} is not a formula in a for {name}: {why}") from None
    whole = cell.equations["a"].xreplace({variable("a", 1): A})
    plain = whole.free_symbols == {A} and not whole.has(Opaque)
    functions = whole.atoms(sp.Function)
    if not plain or any(known_record(f) is None for f in functions):
        raise EquationError(
            f"{formula!r} is not a formula in a for {name}: it may hold only numbers, a and "
            f"functions that act component by component"
        )
    return whole


def _slope(name: str, closed: Expr) -> Expr:
    try:
        slope = closed.diff(A)
    except ValueError as error:
        raise SymgateError(f"{name} has no slope: {error}") from None
    if slope.has(sp.Derivative, sp.Subs):
        raise SymgateError(f"{name} has no slope in functions of the language")
    return slope


def _ends(what: str, given: tuple[float, float] | None, name: str, e: Expr) -> tuple[Expr, Expr]:
    """What a caller says of the lowest and highest value, held against some values."""
    if given is None:
        return -sp.oo, sp.oo
    try:
        low, high = (sp.Float(end) if math.isfinite(end) else sp.sympify(end) for end in given)
    except (TypeError, ValueError):
        raise SymgateError(
            f"{what} must be a pair of numbers, the lowest and the highest, not {given!r:.60}"
        ) from None
    found = [float(e.xreplace({A: Rational(k, 2)}).evalf()) for k in range(-39, 40)]
    slack = 1e-9 * max(map(abs, found))
    if min(found) < low - slack or max(found) > high + slack:
        raise SymgateError(
            f"{what} of {name} are said to lie between {given[0]} and {given[1]}, and there are "
            f"{min(found):.6g} and {max(found):.6g}"
        )
    return low, high


def _parity(closed: Expr) -> str:
    turned = closed.xreplace({A: -A})
    for parity, rest in (("odd", turned + closed), ("even", turned - closed)):
        if sp.expand(rest) == 0:
            return parity
    return ""


def _kinks(closed: Expr) -> Iterator[Expr]:
    """Where the argument of a function with a kink meets it."""
    for function in sorted(closed.atoms(sp.Function), key=str):
        record = known_record(function)
        if record is None:
            continue
        for kink in record.kinks:
            found = sp.solve(function.args[0] - record.bound(kink, function), A)
            yield from (point for point in found if point.is_real)
