"""Mean fields from a cell's terms, against the formulas of the literature by quadrature."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import symgate as sg
from symgate.theory.laws import Laws

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(200)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def mean(function: Any, q: float, mu: float = 0.0) -> float:
    return float(WEIGHTS @ function(mu + np.sqrt(q) * NODES))


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


@pytest.mark.parametrize(("g", "s"), [(1.5, 0.5), (2.0, 1.0), (0.9, 0.25), (1.3, 0.0)])
def test_a_tanh_network(g: float, s: float) -> None:
    q = 1.0
    for _ in range(5000):
        q = g**2 * mean(lambda a: np.tanh(a) ** 2, q) + s
    found = sg.mean_field(sg.cell("rnn"), g, s)
    assert found.variance["a_h"] == pytest.approx(q, rel=1e-6)
    chi = g**2 * mean(lambda a: np.cosh(a) ** -4, q)
    assert found.chi == pytest.approx(chi, rel=1e-6)  # the quadrature's own error
    assert found.xi == pytest.approx(-1 / np.log(chi), rel=1e-4)
    assert found.exponent == pytest.approx(0.5 * np.log(chi), rel=1e-4)
    assert found.notes == ()


@pytest.mark.parametrize("case", [(1.0, 1.0, 1.0, 0.0), (4.0, 1.0, 1.0, 4.0), (2.0, 0.5, 0.7, 1.0)])
def test_a_minimal_rnn(case: tuple[float, float, float, float]) -> None:
    w, v, r, mu = case
    cell = sg.Cell.from_text(
        "u[t] = sigmoid(U @ h[t-1] + V @ z[t] + b)\nh[t] = u[t] * h[t-1] + (1 - u[t]) * z[t]"
    )
    q = 1.0
    for _ in range(5000):
        u2, left = mean(lambda a: sigmoid(a) ** 2, q, mu), mean(lambda a: sigmoid(-a) ** 2, q, mu)
        second = r * left / (1 - u2)
        q = w * second + v * r
    slope = mean(lambda a: (sigmoid(a) * sigmoid(-a)) ** 2, q, mu)
    found = sg.mean_field(cell, {"U": w**0.5, "V": v**0.5}, r, {"u": mu})
    assert found.second["h"] == pytest.approx(second, rel=1e-8)
    assert found.chi == pytest.approx(u2 + w * slope * (second + r), rel=1e-8)
    assert "meets the same weights again" in found.notes[0]


def test_a_leak_and_the_state_before_the_activation() -> None:
    """Whether the state stands before or after tanh makes no difference to χ."""
    one = sg.mean_field(sg.cell("rnn"), 1.7, 0.3)
    other = sg.mean_field(sg.cell("rnn-pre-activation"), 1.7, 0.3)
    assert other.chi == pytest.approx(one.chi)
    leaky = sg.mean_field(sg.cell("leaky-rnn"), 1.7, 0.3, values={"alpha": 1.0})
    assert leaky.chi == pytest.approx(one.chi)


def test_weights_drawn_anew_are_measured_as_predicted() -> None:
    """A GRU of 300 units whose weights change at every step: what the averages assume."""
    gru, n = sg.cell("gru"), 300
    rng, step = np.random.default_rng(0), sg.lambdify(gru, sg.jacobian(gru))
    h, product, curve = np.zeros(n), np.eye(n), []
    for t in range(40):
        params = sg.init(gru, n, n, "gaussian", t, gain=1.2)
        params |= {k: rng.normal(size=(n, n)) / n**0.5 for k in ("W_z", "W_r", "W_n")}
        x = rng.normal(size=n) * 0.5**0.5
        if t >= 25:
            product = step(params, x=x, h=h) @ product
            curve.append(np.log((product**2).sum() / n))
        h = sg.simulate(gru, params, x[None], {"h": h})["h"][0]
    found = sg.mean_field(gru, 1.2, 0.5)
    assert float((h**2).mean()) == pytest.approx(found.second["h"], rel=0.15)
    assert np.exp(curve[-1] / len(curve)) == pytest.approx(found.chi, rel=0.03)


def test_the_critical_gain_without_input_is_found_in_few_iterations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At rest h is 0, so that χ = (1 + g²)/4 where z is 1/2 and one matrix serves both gates."""
    shared = sg.Cell.from_text(
        """
        z[t] = sigmoid(W_z @ x[t] + U @ h[t-1] + b_z)
        n[t] = tanh(W_n @ x[t] + U @ h[t-1] + b_n)
        h[t] = z[t] * h[t-1] + (1 - z[t]) * n[t]
        """
    )
    steps = []
    step = Laws.step
    monkeypatch.setattr(Laws, "step", lambda laws, before: steps.append(0) or step(laws, before))
    assert sg.critical_gain(shared) == pytest.approx(3**0.5, abs=1e-3)
    assert len(steps) < 3500  # 2726 here, and 5047 with chords of ends that had not settled
    assert sg.mean_field(sg.cell("rnn"), 1.0005).second["h"] == pytest.approx(5e-4, rel=0.01)


def test_the_critical_line() -> None:
    for gain, variance in ((2.0, 1.63596), (1.5, 0.18614)):
        assert sg.critical_gain(sg.cell("rnn"), variance) == pytest.approx(gain, abs=1e-4)
    with pytest.raises(sg.SymgateError, match="does not cross 1"):
        sg.critical_gain(sg.cell("rnn"), 1.0, low=0.1, high=0.2)
    with pytest.raises(sg.SymgateError, match="0 <= low < high"):
        sg.critical_gain(sg.cell("rnn"), 1.0, low=2, high=1)


@pytest.mark.parametrize(
    ("name", "gain", "message"),
    [
        ("rnn-relu", 2.0, "no solution at this gain"),
        ("lstm", 1.0, "does not close"),
        ("gru-reset-after", 1.0, "does not close"),
        ("lru", 1.0, "takes matrices as independent draws"),
        ("rnn", -1.0, "gain must be a finite number from 0"),
        ("rnn", "two", "gain must be a finite number"),
        ("rnn", {"V": 1.0}, "a matrix of rnn named"),
    ],
)
def test_what_has_no_mean_field_is_refused(name: str, gain: Any, message: str) -> None:
    with pytest.raises(sg.SymgateError, match=message):
        sg.mean_field(sg.cell(name), gain, 0.5)


def test_an_iteration_without_end_is_told() -> None:
    with pytest.raises(sg.SymgateError, match="did not settle in 3000 iterations"):
        sg.mean_field(sg.cell("linear-rnn"), 1.0, 0.5)
    with pytest.raises(sg.SymgateError, match="a vector or scalar of rnn"):
        sg.mean_field(sg.cell("rnn"), 1.0, values={"W": 1.0})
    with pytest.raises(sg.SymgateError, match="values of b must be a finite number"):
        sg.mean_field(sg.cell("rnn"), 1.0, values={"b": float("nan")})


def test_a_product_of_matrix_products_has_a_law() -> None:
    found = sg.mean_field(sg.cell("multiplicative-rnn"), 1.0, 0.5)
    assert 0 < found.chi < 1
    assert found.to_dict()["xi"] == found.xi


def test_a_simulated_network_stands_beside() -> None:
    found = sg.mean_field(sg.cell("rnn"), 1.0, 0.1)
    measured = found.measured(hidden=300, lags=16)
    assert measured.chi == pytest.approx(found.chi, rel=0.05)
    assert measured.second["h"] == pytest.approx(found.second["h"], rel=0.1)
    assert repr(measured).startswith("<Growth of rnn: χ = 0.6")
    assert len(measured.to_dict()["log_square"]) == 17
    axes = found.plot(Figure().subplots(), measured)
    points, line = axes.lines
    np.testing.assert_allclose(points.get_ydata(), np.exp(measured.log_square))
    np.testing.assert_allclose(line.get_ydata(), found.chi ** np.arange(17))


def test_one_network_keeps_more_than_weights_drawn_anew() -> None:
    """h ← αx + (1 - α)h adds routes that keep to routes that mix: (√keep + √mix)² at most."""
    found = sg.mean_field(sg.cell("leaky-rnn"), 1.2, 0.3)
    keep = 0.25
    mix = found.chi - keep
    measured = found.measured(hidden=200).chi
    assert 1.5 * found.chi < measured < (keep**0.5 + mix**0.5) ** 2 * 1.1
    assert "can grow much faster" in found.notes[0]
    assert "<p>a state that carries over" in found._repr_html_()


def test_a_cell_without_a_mean_field_is_measured() -> None:
    lstm = sg.cell("lstm")
    with pytest.raises(sg.SymgateError, match="measure it with sg"):
        sg.mean_field(lstm, 1.2, 0.3)
    found = sg.measured_growth(lstm, 1.0, 0.3, {"f": 2.0}, hidden=60, lags=20)
    assert 0 < found.chi < 1
    assert len(found.plot(ax=Figure().subplots()).lines) == 1
    assert found.chi > sg.measured_growth(lstm, 1.0, 0.3, hidden=60, lags=20).chi


def test_a_vector_that_multiplies_is_not_0_in_silence() -> None:
    gated = sg.Cell.from_text("h[t] = tanh(u * (U @ h[t-1]) + W @ x[t] + b)")
    found = sg.mean_field(gated, 1.2, 0.3)
    assert (found.chi, found.notes[0][:40]) == (0.0, "taken as 0, though it multiplies: u; set")
    given = sg.mean_field(gated, 1.2, 0.3, values={"u": 1.0})
    assert given.chi == pytest.approx(sg.mean_field(sg.cell("rnn"), 1.2, 0.3).chi)
    assert given.notes == ()


@pytest.mark.parametrize(
    ("line", "factors"),
    [
        ("sigmoid(C @ d + b)", ()),
        ("sigmoid(d * h[t-1] + b)", ("d",)),
        ("d * tanh(W @ x[t]) + sigmoid(b)", ("d",)),
    ],
)
def test_a_vector_that_multiplies_is_named(line: str, factors: tuple[str, ...]) -> None:
    cell = sg.Cell.from_text(f"z[t] = {line}\nh[t] = tanh(U @ h[t-1] + V @ z[t] + W @ x[t])")
    laws = Laws(cell, 1.0, 0.5, {}, {})
    assert tuple(v for v in "bd" if laws.multiplies(v)) == factors
