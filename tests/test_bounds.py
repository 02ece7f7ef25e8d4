"""Ranges, bounds and limits against numbers: simulated values, norms, saturated gates."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp

import symgate as sg
from symgate.algebra import activations
from symgate.algebra.activations import FUNCTIONS, record_of, sigmoid
from symgate.algebra.elementwise import Y
from symgate.algebra.norms import MaxNorm, SpectralNorm
from symgate.algebra.vectors import variable
from symgate.bounds import norms
from symgate.bounds.functions import slope_range
from symgate.bounds.growth import growths
from symgate.bounds.intervals import Between, enclosed, rational
from symgate.bounds.limits import gates, limits
from symgate.bounds.norms import bounds
from symgate.bounds.ranges import ranges
from symgate.linear.layers import seams
from symgate.linear.paths import count, paths
from symgate.linear.verify import verified
from tests.chosen import CELLS
from tests.random_cells import random_cell


def sizes_of(cell: sg.Cell) -> dict[sp.Symbol, int]:
    return {symbol: 3 + i for i, symbol in enumerate(cell.sizes.values())}


def draws(
    cell: sg.Cell, number: int, scale: float
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Random parameters, inputs and old states inside their ranges."""
    rng = np.random.default_rng(zlib.crc32(cell.name.encode()))
    sizes = sizes_of(cell)

    def size(e: Any) -> int:
        return int(sp.sympify(e).subs(sizes))

    known = ranges(cell)
    for _ in range(number):
        params = {
            p.name: rng.normal(0, scale, tuple(map(size, p.shape)))
            for p in cell.parameters.values()
        }
        given = {x: rng.normal(0, 2, size(cell.size(x))) for x in cell.inputs}
        for s in cell.states:
            low, high = known.before[s].low, known.before[s].high
            shape = tuple(map(size, sg.linearise(cell).shape(s)))
            value = rng.uniform(max(low, -5), min(high, 5), shape)
            given[s] = np.where(value == 0, 0.1, value)
        yield params, given


def number(cell: sg.Cell, bound: sp.Expr, params: dict[str, Any], given: dict[str, Any]) -> float:
    """The value of a bound: norms of matrices and largest components put in."""
    values: dict[Any, float] = {}
    for norm in bound.atoms(SpectralNorm):
        matrix = sg.lambdify(cell, norm.args[0])(params, **given)
        values[norm] = float(np.linalg.norm(matrix, 2))
    for norm in bound.atoms(MaxNorm):
        vector = sg.lambdify(cell, norm.args[0])(params, **given)
        values[norm] = float(np.abs(vector).max())
    scalars = {sp.Symbol(n, real=True): float(v) for n, v in params.items() if np.ndim(v) == 0}
    return float(sp.sympify(bound.xreplace(values)).subs(scalars))


@pytest.mark.parametrize("name", CELLS)
def test_no_norm_is_above_its_bound(name: str) -> None:
    cell = sg.cell(name)
    found = bounds(cell)
    blocks = {k: sg.lambdify(cell, sg.jacobian(cell, *k)) for k in found.blocks}
    for params, given in draws(cell, 4, 1.5):
        for (of, wrt), block in blocks.items():
            norm = np.linalg.norm(block(params, **given), 2)
            bound = number(cell, found.total(of, wrt), params, given)
            assert norm <= bound * (1 + 1e-12), (of, wrt)


@pytest.mark.parametrize("name", ["rnn", "gru", "lstm", "rhn", "lstm-peephole", "slstm", "cornn"])
def test_no_path_is_above_its_bound(name: str) -> None:
    cell = sg.cell(name)
    lin = sg.linearise(cell)
    for params, given in draws(cell, 4, 1.0):
        for entries in bounds(cell).blocks.values():
            for entry in entries:
                value = sg.lambdify(cell, entry.path.operator(lin))(params, **given)
                bound = number(cell, entry.bound, params, given)
                assert np.linalg.norm(value, 2) <= bound * (1 + 1e-12)


@pytest.mark.parametrize("name", CELLS)
def test_values_stay_in_their_ranges(name: str) -> None:
    cell = sg.cell(name)
    known, functions = ranges(cell), {}
    for node in sg.linearise(cell):
        if known[node.name].low > -np.inf or known[node.name].high < np.inf:
            functions[node.name] = sg.lambdify(cell, variable(node.name))
    for params, given in draws(cell, 2, 3.0):
        state = {s: given[s] for s in cell.states}
        inputs = {x: given[x] for x in cell.inputs}
        for _ in range(4):
            if not all(np.isfinite(v).all() for v in state.values()):
                break
            with np.errstate(all="ignore"):
                values = {n: f(params, **inputs, **state) for n, f in functions.items()}
            for n, value in values.items():
                finite = value[np.isfinite(value)]
                assert (finite >= float(known[n].low)).all(), n
                assert (finite <= float(known[n].high)).all(), n
            state = {s: values[s] for s in cell.states if s in values} | {
                s: state[s] for s in cell.states if s not in values
            }


@pytest.mark.parametrize(("name", "expected"), [
    ("rnn", "‖U‖₂"), ("rnn-sigmoid", "‖U‖₂/4"), ("linear-rnn", "‖U‖₂"), ("min-gru", "1"),
    ("gru", "‖U_n‖₂*‖U_r‖₂/4 + ‖U_n‖₂ + ‖U_z‖₂/2 + 1"),
    ("leaky-rnn", "Abs(alpha)*‖U‖₂ + Abs(alpha - 1)"),
])  # fmt: skip
def test_bounds_that_are_known(name: str, expected: str) -> None:
    assert str(bounds(sg.cell(name)).total("h", "h")) == expected


def test_bounds_of_the_lstm() -> None:
    found = bounds(sg.cell("lstm"))
    assert str(found.total("c", "h")) == "‖c_{t-1}‖_∞*‖U_f‖₂/4 + ‖U_g‖₂ + ‖U_i‖₂/4"
    assert found.total("c", "c") == found.total("h", "c") == 1
    assert found.matrix().shape == (2, 2)


@pytest.mark.parametrize(("name", "value", "low", "high"), [
    ("gru", "h", -1, 1), ("rhn", "s", -1, 1), ("qrnn", "c", -1, 1), ("lstm", "h", -1, 1),
    ("lstm", "c", -np.inf, np.inf), ("rnn-sigmoid", "h", 0, 1), ("min-lstm", "f_hat", 0, 1),
    ("rg-lru", "a", 0, 1), ("brc", "a", 0, 2), ("rnn-relu", "h", 0, np.inf),
])  # fmt: skip
def test_ranges_that_are_known(name: str, value: str, low: float, high: float) -> None:
    assert ranges(sg.cell(name))[value] == Between(low, high)


#: Every function of the language, and those with a constant with two others.
WRITTEN = (
    *(f"{name}({{}})" for name in FUNCTIONS if name not in ("log", "sqrt", "max", "min")),
    *("max({}, 0.5 * h[t-1])", "min({}, 0.5 * h[t-1])"),
    *("log(1 + ({})**2)", "sqrt(1 + ({})**2)", "elu({}, 0.5)", "elu({}, 2)"),
    *("leaky_relu({}, 0.2)", "leaky_relu({}, 3)", "hard_sigmoid({}, 0.5)", "hard_tanh({}, 2)"),
)


@pytest.mark.parametrize("function", WRITTEN)
def test_every_function_has_a_true_range_and_slope(function: str) -> None:
    cell = sg.Cell.from_text(f"h[t] = {function.format('W @ x[t] + U @ h[t-1]')}", name=function)
    known, found = ranges(cell), bounds(cell)
    least, most = np.inf, -np.inf
    for params, given in draws(cell, 20, 2.0):
        value = sg.lambdify(cell, variable("h"))(params, **given)
        least, most = min(least, value.min()), max(most, value.max())
        norm = np.linalg.norm(sg.lambdify(cell, sg.jacobian(cell))(params, **given), 2)
        assert norm <= number(cell, found.total("h", "h"), params, given) * (1 + 1e-12)
    low, high = float(known["h"].low), float(known["h"].high)
    assert low - 1e-12 <= least
    assert most <= high + 1e-12
    assert not np.isfinite(low) or least < low + 0.3 * max(1, abs(low))


@pytest.mark.parametrize("written", WRITTEN)
def test_the_record_of_a_function_holds_its_slopes(written: str) -> None:
    """Slopes on a fine grid fill the range that the record names."""
    cell = sg.Cell.from_text(f"h[t] = {written.format('h[t-1]')}")
    if written.startswith(("log", "sqrt", "identity", "exp", "max", "min", "spike")):
        return
    at = np.linspace(-12, 12, 24_000)
    slopes = np.diff(sg.lambdify(cell, variable("h"))({}, h=at)) / np.diff(at)
    span = slope_range(cell.equations["h"])
    assert float(span.low) - 1e-9 <= slopes.min() < float(span.low) + 0.02
    assert 0.97 * float(span.high) <= slopes.max() <= float(span.high) + 1e-9


@pytest.mark.parametrize(
    "name", [n for n in FUNCTIONS if n not in ("log", "sqrt", "max", "min", "spike")]
)
def test_every_function_goes_through_every_reading(name: str) -> None:
    cell = sg.Cell.from_text(
        f"z[t] = {name}(U @ h[t-1] + b)\nh[t] = tanh({name}(h[t-1])) * z[t] + {name}(z[t]) * b"
    )
    assert sg.derive(cell).holds
    limits(cell)
    growths(cell)
    with suppress(sg.SymgateError):
        sg.origin(cell).to_dict()
    d = sg.decay(cell, hidden=3, lags=3, gain=0.2, networks=1, singular=())
    assert d.bounds is not None
    assert (d.log10_norm <= d.bounds.run_log10).all()
    assert (d.log10_norm <= d.bounds.worst_log10[:, None]).all()


# -- intervals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number", [sp.pi, sp.E, sp.sqrt(2), sp.log(2), -sp.pi / 1000, sp.exp(30), sp.exp(-30)]
)
def test_what_is_irrational_is_rounded_outward(number: sp.Expr) -> None:
    found = enclosed(number)
    assert rational(found.low) < number < rational(found.high)
    assert float(found.high - found.low) <= 0.0011 * abs(float(number))


def test_what_is_rational_is_exact() -> None:
    third = enclosed(sp.Rational(1, 3))
    assert third.low == third.high == Fraction(1, 3)
    cell = sg.Cell.from_text("h[t] = exp(tanh(U @ h[t-1])) + log(1 + sigmoid(U @ h[t-1]))")
    known = ranges(cell)["h"]
    most = float(mpmath.e + mpmath.log(2))
    assert float(known.low) < float(mpmath.exp(-1))
    assert most < float(known.high) < 1.002 * most


@pytest.mark.parametrize(("text", "low", "high"), [
    ("h[t] = z[t] * h[t-1] + (1 - z[t]) * 2 * tanh(U @ h[t-1])", -2, 2),
    ("h[t] = 0.5 * h[t-1] + tanh(U @ h[t-1])", -2, 2),
    ("h[t] = h[t-1] / 3 + z[t]", 0, 1.5),
    ("h[t] = (h[t-1]**2 + tanh(U @ h[t-1])) / 2", -0.5, 1),
    ("h[t] = z[t] * h[t-1] + tanh(U @ h[t-1])", -np.inf, np.inf),
    ("h[t] = z[t] * h[t-1] + (1 - z[t]) * z[t] / (1 + z[t]**2)", 0, 0.5),
    ("h[t] = h[t-1] * z[t]", -1, 1),
    ("c[t] = tanh(h[t-1])\nh[t] = c[t-1] / 2 + h[t-1] / 4 + 0.5 * z[t]", -np.inf, np.inf),
    ("h[t] = h[t-1] + W @ x[t]\nc[t] = h[t-1] / (1 + h[t-1]**2)", -np.inf, np.inf),
])  # fmt: skip
def test_invariants_are_found_from_the_start(text: str, low: float, high: float) -> None:
    cell = sg.Cell.from_text(f"z[t] = sigmoid(W @ x[t])\n{text}")
    found = ranges(cell).before["h"]
    if np.isfinite(low) or not found.is_bounded:
        assert (float(found.low), float(found.high)) == (low, high)
    params = sg.init(cell, hidden=4, input=3, scheme="gaussian", gain=3, seed=1)
    x = 5 * np.random.default_rng(0).normal(size=(50, 3))
    run = sg.simulate(cell, params, x)
    known = ranges(cell)
    for name in known.values:
        if name in cell.equations:
            assert (run[name] >= float(known[name].low)).all(), name
            assert (run[name] <= float(known[name].high)).all(), name


def test_a_fraction_of_one_value_has_its_exact_range() -> None:
    cell = sg.Cell.from_text("s[t] = s[t-1] + W @ x[t]\nh[t] = s[t-1] / (1 + s[t-1]**2)")
    assert ranges(cell)["h"] == Between(Fraction(-1, 2), Fraction(1, 2))


def test_a_share_needs_both_parts_to_be_positive() -> None:
    text = "f[t] = {}(U @ h[t-1])\ni[t] = sigmoid(W @ h[t-1])\nh[t] = f[t] / (f[t] + i[t])"
    assert ranges(sg.Cell.from_text(text.format("sigmoid")))["h"] == Between(0, 1)
    assert not ranges(sg.Cell.from_text(text.format("tanh")))["h"].within(0, 1)
    minus = "f[t] = sigmoid(U @ h[t-1])\nh[t] = f[t] / (f[t] + tanh(W @ h[t-1]))"
    assert not ranges(sg.Cell.from_text(minus))["h"].within(0, 1)


@pytest.mark.parametrize(("written", "factor"), [
    ("2 * U", 2), ("-U / 2", 0.5), ("U.T", 1), ("-3 * U.T", 3), ("I", 0), ("U @ V", 1),
    ("2 * U @ V.T", 2), ("(U + V)", 1), ("(alpha * U)", 1), ("diag(b) @ U", 1),
])  # fmt: skip
def test_a_matrix_is_bounded_with_its_factor(written: str, factor: float) -> None:
    """No looser than the product of norms, and never below the norm."""
    cell = sg.Cell.from_text(f"h[t] = {written} @ h[t-1] + V @ x[t] + U @ x[t] + alpha * b")
    bound = bounds(cell).total("h", "h")
    for params, given in draws(cell, 5, 1.0):
        norm = np.linalg.norm(sg.lambdify(cell, sg.jacobian(cell))(params, **given), 2)
        size = {k: np.linalg.norm(v, 2) for k, v in params.items() if np.ndim(v) == 2}
        size["alpha"], size["b"] = abs(params["alpha"]), np.abs(params["b"]).max()
        most = factor * size["U"] if factor else 1.0
        for name in ("V", "alpha", "b"):
            most *= size[name] if name in written and "+" not in written else 1.0
        assert norm <= number(cell, bound, params, given) * (1 + 1e-12)
        if "+" not in written:
            assert number(cell, bound, params, given) == pytest.approx(most)


@pytest.mark.parametrize("text", [
    "h[t] = tanh(U @ h[t-1]) / (1 + h[t-1]**2)",
    "s[t] = s[t-1] + W @ x[t]\nh[t] = s[t-1] * (1 - s[t-1]) * tanh(U @ h[t-1])",
    "h[t] = W @ x[t]\nc[t] = h[t] / (1 + c[t-1]**2)",
])  # fmt: skip
def test_a_product_in_one_unbounded_value_is_bounded(text: str) -> None:
    cell = sg.Cell.from_text(text)
    found = bounds(cell)
    for params, given in draws(cell, 5, 1.0):
        for of, wrt in found.blocks:
            norm = np.linalg.norm(sg.lambdify(cell, sg.jacobian(cell, of, wrt))(params, **given), 2)
            assert norm <= number(cell, found.total(of, wrt), params, given) * (1 + 1e-12)
    assert sg.derive(cell).holds


@pytest.mark.parametrize("seed", range(25))
def test_bounds_hold_for_random_cells_at_every_lag(seed: int) -> None:
    cell = random_cell(Random(seed))
    known = ranges(cell)
    limits(cell)
    growths(cell)
    for gain in (0.5, 2.0):
        try:
            norm = ("spectral", "frobenius")[seed % 2]
            given = {"hidden": 3, "input": 2, "lags": 10, "scheme": "gaussian", "seed": seed}
            d = sg.decay(cell, **given, gain=gain, norm=norm, singular=())
        except sg.SymgateError:
            continue
        assert d.bounds is not None
        assert d.run is not None
        assert (d.log10_norm <= d.bounds.run_log10).all()
        assert (d.log10_norm <= d.bounds.worst_log10[:, None]).all()
        if not np.isposinf(d.bounds.worst_log10).any():  # the run starts in the ranges
            for name in cell.equations:
                assert (d.run[name] >= float(known[name].low) - 1e-12).all()
                assert (d.run[name] <= float(known[name].high) + 1e-12).all()


def saturating(cell: sg.Cell, gate: str) -> str | None:
    """The bias that acts on a gate alone."""
    lin = sg.linearise(cell)
    pre = lin[gate].expression.args[0]
    for name, parameter in cell.parameters.items():
        uses = [(n, t) for n in lin for t in n.parameter_terms if t.parameter == name]
        alone = len(uses) == 1 and variable(uses[0][0].name) == pre
        if parameter.kind == "vector" and alone and not uses[0][1].coefficient:
            return name
    return None


@pytest.mark.parametrize("name", sorted({*CELLS, "rwkv7"}))
def test_limits_are_what_saturated_gates_leave(name: str) -> None:
    """With the bias of a gate at ±60, the Jacobian is the limit to all digits."""
    cell = sg.cell(name)
    for limit in limits(cell):
        bias = saturating(cell, limit.gate)
        if bias is None:
            continue
        for params, given in draws(cell, 1, 0.3):
            far = {**params, bias: np.full(params[bias].shape, 200.0 * (2 * limit.value - 1))}
            for (of, wrt), block in limit.blocks.items():
                full = sg.lambdify(cell, sg.jacobian(cell, of, wrt))(far, **given)
                left = sg.lambdify(cell, block)(far, **given)
                assert np.allclose(full, left, rtol=1e-12, atol=1e-12), (limit.gate, of, wrt)


@pytest.mark.parametrize("name", ["rnn", "gru", "lstm", "lstm-peephole", "lstm-coupled", "mgu"])
def test_a_block_that_no_limit_names_does_not_depend_on_the_gate(name: str) -> None:
    """f_t → 0 closes ∂h_t/∂c_{t-1} of the LSTM, although f acts on c alone."""
    cell = sg.cell(name)
    for limit in limits(cell):
        left_out = {(o, w) for o in cell.states for w in cell.states} - set(limit.blocks)
        for of, wrt in left_out:
            assert not sg.jacobian(cell, of, wrt).has(variable(limit.gate)), (limit.gate, of, wrt)
    if name == "lstm":
        closed = next(x for x in limits(cell) if (x.gate, x.value) == ("f", 0))
        assert closed.blocks["h", "c"].is_ZeroMatrix


def test_gates() -> None:
    assert gates(sg.cell("lstm")) == ["i", "f", "o"]
    assert gates(sg.cell("gru")) == ["z", "r"]
    assert gates(sg.cell("rnn")) == gates(sg.cell("rnn-sigmoid")) == []


def test_a_gate_that_follows_from_another_is_set_with_it() -> None:
    closed = next(x for x in limits(sg.cell("lstm-coupled")) if (x.gate, x.value) == ("f", 0))
    assert str(closed.blocks["c", "h"]) == "diag(1 - g_t²) U_g"


def test_a_gate_at_its_limit_is_put_into_maps() -> None:
    """rwkv7's a acts through outer products: at 0 nothing is removed. Its w stays above 0.54."""
    found = {(x.gate, x.value): str(x.blocks["S", "S"]) for x in limits(sg.cell("rwkv7"))}
    assert found == {
        ("w", 1): "I ⊗ (I - s_{S,2,t} κ_tᵀ)",
        ("a", 0): "I ⊗ diag(w_t)",
        ("a", 1): "I ⊗ (diag(w_t) - κ_t κ_tᵀ)",
    }


@pytest.mark.parametrize("name", CELLS)
def test_the_sum_over_the_paths_is_the_jacobian(name: str) -> None:
    cell = sg.cell(name)
    lin = sg.linearise(cell)
    ((params, given),) = draws(cell, 1, 0.7)
    for of in cell.states:
        for wrt in cell.states:
            found = paths(lin, of, wrt)
            assert len(found) == count(lin, of, wrt)
            whole = sg.lambdify(cell, sg.jacobian(cell, of, wrt))(params, **given)
            parts = [sg.lambdify(cell, p.operator(lin))(params, **given) for p in found]
            assert np.allclose(sum(parts, np.zeros_like(whole)), whole, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("name", "of", "wrt", "expected"), [
    ("gru", "h", "h", ["carry", "z", "n", "n>r"]), ("lstm", "h", "h", ["o", "f", "i", "g"]),
    ("lstm", "c", "h", ["f", "i", "g"]), ("lstm", "c", "c", ["carry"]),
    ("lstm", "h", "c", ["carry"]), ("cornn", "z", "h", ["direct", "n"]), ("rnn", "h", "h", [""]),
])  # fmt: skip
def test_what_paths_pass_through(name: str, of: str, wrt: str, expected: list[str]) -> None:
    found = paths(sg.linearise(sg.cell(name)), of, wrt)
    names = ["carry" if p.is_carry else "direct" if p.is_direct else
             ">".join(n.name for n in p.gates) for p in found]  # fmt: skip
    assert names == expected


@pytest.mark.parametrize("name", CELLS)
def test_the_zoo_is_verified(name: str) -> None:
    check = verified(sg.cell(name))
    assert check.holds
    assert check.largest < 1e-20


def test_a_wrong_derivative_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = replace(record_of(sigmoid), slope=Y)
    monkeypatch.setitem(activations.RECORDS, sigmoid, wrong)
    cell = sg.Cell.from_text("h[t] = sigmoid(U @ h[t-1] + 0.123 * W @ x[t])", name="wrong")
    assert not verified(cell).holds
    assert not sg.derive(cell).holds
    assert "THE CHECK FAILED" in sg.derive(cell).text()


def test_a_cell_that_has_no_real_value_says_so() -> None:
    bad = sg.Cell.from_text("h[t] = log(-1 - (U @ h[t-1])**2) + W @ x[t]", name="bad")
    with pytest.raises(sg.SymgateError, match="bad could not be evaluated"):
        verified(bad)


@pytest.mark.parametrize(("text", "expected"), [
    ("h[t] = V @ softmax(beta * (K @ h[t-1]))", "Abs(beta)*‖K‖₂*‖V‖₂/2"),
    ("h[t] = tanh(layer_norm(W @ x[t] + U @ h[t-1] + b))", "100*sqrt(10)*‖U‖₂"),
    ("h[t] = W @ x[t] + U @ rms_norm(h[t-1], 0.1)", "sqrt(10)*‖U‖₂"),
    ("S[t] = S[t-1] @ (I - outer(k[t], k[t])) + outer(v[t], k[t])", "n*‖k_t‖_∞**2 + 1"),
    ("S[t] = tanh(U @ S[t-1] @ V) * 0.5 + outer(a[t], b[t])", "‖U‖₂*‖V‖₂/2"),
    ("a[t] = sigmoid(dot(w, x[t]))\nS[t] = a[t] * S[t-1] + outer(W @ x[t], V @ x[t])", "1"),
])  # fmt: skip
def test_bounds_of_values_that_mix_their_components(text: str, expected: str) -> None:
    cell = sg.Cell.from_text(text)
    (state,) = cell.states
    assert str(bounds(cell).total(state, state)) == expected
    limits(cell)
    growths(cell)
    d = sg.decay(cell, hidden=3, lags=6, gain=1.5, singular=())
    assert d.bounds is not None
    assert (d.log10_norm <= d.bounds.run_log10).all()
    assert (d.log10_norm <= d.bounds.worst_log10[:, None]).all()
    with pytest.raises(sg.SymgateError, match="no vectors, or that mix"):
        sg.mean_field(cell)


@pytest.mark.parametrize("name", ["lstm", "gru", "scrn"])
def test_a_sum_over_paths_is_the_same_without_following_each(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = str(sg.stack(name, layers=2))
    told = bounds(sg.Cell.from_text(text)).matrix()
    monkeypatch.setattr(norms, "MAX_PATHS", 0)
    summed = bounds(sg.Cell.from_text(text))
    assert summed.many
    assert sp.expand(summed.matrix()) == sp.expand(told)


def test_the_length_of_one_vector_bounds_no_other() -> None:
    cell = sg.Cell.from_text(
        "u[t] = tanh(W @ x[t])\n"
        "k[t] = W_k @ x[t]\n"
        "v[t] = k[t] / norm(k[t])\n"
        "h[t] = h[t-1] + u[t] * dot(u[t], h[t-1]) + v[t] * dot(v[t], h[t-1])"
    )
    ones = np.ones((4, 4))  # u uᵀ where all of tanh is 1, and v vᵀ along it
    largest = np.linalg.norm(np.eye(4) + ones + ones / 4, 2)
    assert bounds(cell).total("h", "h").subs(cell.sizes["n"], 4) >= largest


def test_layers_that_were_typed_are_taken_apart_as_those_of_a_stack() -> None:
    deep = sg.stack("lstm", layers=3)
    typed = sg.Cell.from_text(str(deep))
    assert dict(seams(typed)) == dict(seams(deep)) != {}
    assert dict(seams(sg.cell("lstm"))) == {}
    both = "h1[t] = tanh(U1 @ h1[t-1] + V1 @ h2[t-1])\nh2[t] = tanh(U2 @ h2[t-1] + V2 @ h1[t-1])"
    assert dict(seams(sg.Cell.from_text(both))) == {}


def test_a_part_of_an_equation_is_told_what_it_is() -> None:
    cell = sg.Cell.from_text("h[t] = sigmoid(A @ h[t-1]) * relu(U @ h[t-1] + b)")
    found = sg.decay(cell, hidden=3, lags=3, networks=1).bounds
    assert found is not None
    assert found.formula.endswith(", where v_{h,t} = relu(b + U h_{t-1})")
