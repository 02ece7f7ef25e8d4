"""Records of activations against dual numbers: values, slopes, ranges, extreme arguments."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp

import symgate as sg
from symgate.algebra.activations import ACTIVATIONS
from symgate.algebra.elementwise import A, K, Y
from symgate.bounds.functions import slope_range, value_range
from tests.duals import FUNCTIONS, Dual

#: Where functions of any number are tried: near 0, beside kinks, far out.
PLACES = np.array(
    [-700.0, -40, -7.1, -3.01, -1.3, -0.51, -0.2, -1e-9, 1e-9, 0.3, 0.49, 0.99, 2.2, 3.1, 8, 700]
)
POSITIVE = ("log", "sqrt")
ENGINES = ["numpy", "auto"]  # auto is the compiled engine where there is a compiler


def calls() -> list[str]:
    """Every function of the language of one argument, with each constant."""
    found = []
    for name, record in ACTIVATIONS.items():
        if record.in_language and name not in ("max", "min", "spike"):
            found.append(f"{name}(x[t])")
            if record.constant:
                found += [f"{name}(x[t], 0.5)", f"{name}(x[t], 3)"]
    return found


def by_duals(call: str, x: Any) -> Dual:
    at = Dual(x, np.eye(len(x)))
    return eval(call.replace("[t]", ""), {**FUNCTIONS, "x": at})


def places(call: str) -> Any:
    far = PLACES[np.abs(PLACES) < 600] if call.startswith("exp(") else PLACES
    return np.abs(far) if call.startswith(POSITIVE) else far


@pytest.mark.parametrize("call", calls())
def test_value_and_slope(call: str) -> None:
    cell = sg.Cell.from_text(f"h[t] = {call} + 0.1 * h[t-1]")
    x = places(call)
    expected = by_duals(call, x)
    start = {"h": np.zeros(len(x))}
    for engine in ENGINES:
        run = sg.simulate(cell, {}, x[None], start, engine=engine)
        np.testing.assert_allclose(run["h"][0], expected.value, rtol=1e-12, atol=1e-15)
    slope = sg.lambdify(cell, sg.jacobian(cell, "h", "x"))({}, x=x, **start)
    diagonal = np.diag(slope) if slope.ndim == 2 else slope
    np.testing.assert_allclose(diagonal, np.diag(expected.slopes), rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("call", calls())
def test_ranges_hold_and_are_not_wide(call: str) -> None:
    """Nothing lies outside; a finite end is neared to 2%."""
    cell = sg.Cell.from_text(f"h[t] = {call} + 0.1 * h[t-1]")
    e = next(a for a in cell.equations["h"].args if a.has(cell.variable("x")))
    x = np.linspace(-300, 300, 300_001)
    x = np.abs(x[x != 0]) if call.startswith(POSITIVE) else x
    at = Dual(x, np.ones((1, len(x))))
    found = eval(call.replace("[t]", ""), {**FUNCTIONS, "x": at})
    if call.startswith(("identity", "sqrt", "exp(")):
        return
    for interval, values in ((value_range(e), found.value), (slope_range(e), found.slopes[0])):
        assert interval.low <= values.min() + 1e-12
        assert interval.high >= values.max() - 1e-12
        for end, nearest in ((interval.low, values.min()), (interval.high, values.max())):
            if isinstance(end, Fraction) and not call.startswith(POSITIVE):
                assert abs(float(end) - nearest) <= 0.02 * max(1, abs(float(end)))


def test_at_a_kink_the_slope_is_that_of_the_left() -> None:
    for call, slope in (("relu", 0.0), ("leaky_relu", 0.01), ("elu", 1.0)):
        cell = sg.Cell.from_text(f"h[t] = {call}(x[t]) + 0.1 * h[t-1]")
        found = sg.lambdify(cell, sg.jacobian(cell, "h", "x"))
        value = np.asarray(found({}, x=np.zeros(1), h=np.zeros(1))).ravel()[0]
        assert value == pytest.approx(slope), call


@pytest.mark.parametrize(
    "name", [n for n, r in ACTIVATIONS.items() if r.in_language and n in FUNCTIONS]
)
def test_forms_of_a_record(name: str) -> None:
    """The slope in the own value, the closed and the stable form, the inverse, each by itself."""
    record = ACTIVATIONS[name]
    for constant in (record.default, 0.5, 3) if record.constant else (1,):
        more = [float(constant)] if record.constant else []
        for a in (-2.3, -0.4, 0.2, 0.6, 1.7):
            a = abs(a) if name in POSITIVE else a
            at = FUNCTIONS[name](Dual(np.array([a]), np.eye(1)), *more)
            value, slope = at.value[0], at.slopes[0, 0]
            put_in = {A: sp.Float(a, 30), Y: sp.Float(value, 30), K: sp.Float(constant, 30)}
            for form, expected in (
                (record.slope, slope),
                (record.closed, value),
                (record.stable, value),
            ):
                if form is not None and not record.surrogate:
                    assert float(form.xreplace(put_in).evalf()) == pytest.approx(expected, rel=1e-9)
            if record.inverse is not None:
                back = np.array([float(record.inverse.xreplace(put_in).evalf())])
                again = FUNCTIONS[name](Dual(back, np.eye(1)), *more).value[0]
                assert again == pytest.approx(value, rel=1e-9)
