"""Fixed points by Newton, and the eigenvalues at the origin as formulas."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
import pytest
import sympy as sp

import symgate as sg
from symgate.bounds.origin import MU

TANH = sg.Cell.from_text("h[t] = tanh(U @ h[t-1] + b)")


def test_points_stand_still_and_have_the_eigenvalues_of_their_jacobian() -> None:
    rng = np.random.default_rng(2)
    params = {"U": 2.5 * rng.normal(size=(3, 3)), "b": 0.1 * rng.normal(size=3)}
    found = sg.fixed_points(TANH, params, starts=80)
    assert len(found) > 1
    assert sum(p.found for p in found.points) + found.not_converged == 80
    for p in found.points:
        h = p.state["h"]
        np.testing.assert_allclose(np.tanh(params["U"] @ h + params["b"]), h, atol=1e-10)
        expected = np.linalg.eigvals((1 - h**2)[:, None] * params["U"])
        np.testing.assert_allclose(np.sort(np.abs(p.eigenvalues)), np.sort(np.abs(expected)))
        outside = int((np.abs(expected) > 1).sum())
        assert p.unstable_directions == outside
        assert p.stability == ("unstable" if outside else "stable")


@pytest.mark.parametrize(("b", "points"), [(-2.9, 1), (-2.5, 3), (-2.1, 1)])
def test_the_unit_of_the_wall_has_three_points_between_its_bifurcations(
    b: float, points: int
) -> None:
    unit = sg.Cell.from_text("h[t] = U @ sigmoid(h[t-1]) + b")
    found = sg.fixed_points(unit, {"U": np.array([[5.0]]), "b": np.array([b])})
    assert len(found) == points
    assert [p.stability for p in found.points].count("stable") == (points + 1) // 2


def test_a_rotation_is_marginal_and_an_lstm_has_its_whole_state() -> None:
    linear = sg.Cell.from_text("h[t] = U @ h[t-1]")
    found = sg.fixed_points(linear, {"U": np.array([[0.0, -1.0], [1.0, 0.0]])})
    assert [p.stability for p in found.points] == ["marginal"]
    lstm = sg.cell("lstm")
    params = sg.init(lstm, hidden=4, input=2, seed=1)
    point = sg.fixed_points(lstm, params, x=[1.0, -1.0], starts=8)[0]
    assert set(point.state) == {"h", "c"}
    assert len(point.eigenvalues) == 8
    run = sg.simulate(lstm, params, np.array([[1.0, -1.0]]), point.state)
    for s in lstm.states:
        np.testing.assert_allclose(run[s][0], point.state[s], atol=1e-10)
    assert point.to_dict()["stability"] == "stable"


@pytest.mark.parametrize("text", ["h[t] = h[t-1] + b", "h[t] = h[t-1]**2 + b"])
def test_newton_that_does_not_converge_is_counted(text: str) -> None:
    found = sg.fixed_points(sg.Cell.from_text(text), {"b": np.ones(1)}, starts=10)
    assert (len(found), found.not_converged) == (0, 10)
    assert found.notes[0] == "Newton did not converge from 10 of 10 starts"
    assert "no fixed point was found" in found.notes[1]
    assert found.to_dict()["not_converged"] == 10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"starts": 0}, "starts must be a whole number, 1 or more"),
        ({"tolerance": 2.0}, "tolerance must be a finite number"),
        ({"x": np.zeros(7)}, "expected"),
        ({"x": "abc"}, "expected real numbers"),
        ({"x": {"q": [1.0]}}, "an input of rnn named 'q'"),
        ({"scale": "a"}, "scale must be a finite number from 0"),
        ({"tolerance": "a"}, "tolerance must be a finite number"),
    ],
)
def test_bad_input_is_told(options: Any, message: str) -> None:
    cell = sg.cell("rnn")
    with pytest.raises(sg.SymgateError, match=message):
        sg.fixed_points(cell, sg.init(cell, hidden=3, input=2), **options)


# -- the origin -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["rnn", "leaky-rnn", "gru", "gru-reset-after", "mgu", "lstm", "janet"]
)
def test_the_formula_at_the_origin_gives_the_eigenvalues(name: str) -> None:
    cell = sg.cell(name)
    found = sg.origin(cell)
    n, rng = 5, np.random.default_rng(0)
    params = sg.init(cell, hidden=n, input=1, scheme="gaussian", seed=3)
    values = {}
    for p in cell.parameters.values():
        if p.kind != "matrix":
            value = 0.0 if p.name in found.zero else rng.uniform(0.2, 0.8)
            params[p.name] = np.full_like(params[p.name], value)
            values[sp.Symbol(p.name, real=True)] = value
    at_zero = sg.fixed_points(cell, params, starts=1)[0]
    assert all(np.abs(v).max() < 1e-12 for v in at_zero.state.values())
    mu = np.linalg.eigvals(params[str(found.matrix)])
    formula = np.concatenate(
        [
            np.full(n, complex(0)) + sp.lambdify(MU, e.subs(values).rewrite(sp.exp).evalf())(mu)
            for e, count in found.eigenvalues.items()
            for _ in range(count)
        ]
    )
    assert len(formula) == len(at_zero.eigenvalues)
    for e in at_zero.eigenvalues:
        assert np.abs(formula - e).min() < 1e-7  # zeros of a defective matrix are known to 1e-8
    for value in found.marginal:
        ones = [e.subs(MU, value) for e in found.eigenvalues]
        assert any(sp.simplify(e.rewrite(sp.exp) - 1) == 0 for e in ones)


def test_the_formula_is_written_in_every_notation() -> None:
    found = sg.origin(sg.cell("gru"))
    assert r"\mu = \frac{1}{\sigma(b_r)}" in found.latex()
    assert r"\operatorname{eig}\left(W_{cc}\right)" in found.latex("ng")
    assert found.to_dict()["marginal"] == ["1 / σ(b_r)"]
    assert found._repr_latex_() == f"$${found.latex()}$$"


def test_the_imaginary_unit_is_not_the_identity() -> None:
    found = sg.origin(
        sg.Cell.from_text(
            "u[t] = cos(theta) * u[t-1] - sin(theta) * v[t-1]\n"
            "v[t] = sin(theta) * u[t-1] + cos(theta) * v[t-1]"
        )
    )
    assert found.text() == "λ = cos(θ) - i sin(θ), λ = cos(θ) + i sin(θ)"
    assert r"+ i \, \sin(\theta)" in found.latex()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("rnn-relu", "jumps at 0"),
        ("cornn", "no closed form was found .* several matrices"),
        ("rnn-sigmoid", "0 is no fixed point of rnn-sigmoid"),
    ],
)
def test_an_origin_without_a_formula_is_refused(name: str, message: str) -> None:
    with pytest.raises(sg.SymgateError, match=message):
        sg.origin(sg.cell(name))


@pytest.mark.parametrize(
    ("text", "matrix"),
    [
        (sg.cell("lstm-projected").text, "U_g W_p"),
        (sg.cell("lem").text, None),
        ("h[t] = tanh(U @ (V @ h[t-1]))", "U V"),
        ("h[t] = tanh(U @ c[t-1])\nc[t] = tanh(V @ h[t-1] + Q @ x[t])", None),
        ("h[t] = 0.5 * h[t-1] + tanh(U @ V @ h[t-1])\nc[t] = A @ h[t-1] + 0.25 * c[t-1]", "U V"),
        ("h[t] = sin(U @ tanh(V @ h[t-1]) - 2 * U @ V @ h[t-1])", "U V"),
        ("h[t] = tanh(U @ c[t-1] + b) / 2 + U @ (V @ h[t-1])\nc[t] = c[t-1] / 4 + V @ h[t]", None),
    ],
)
def test_products_that_occur_only_together_are_one_matrix(text: str, matrix: str | None) -> None:
    cell = sg.Cell.from_text(text)
    found = sg.origin(cell)
    assert matrix is None or str(found.matrix) == matrix
    sizes = dict.fromkeys(cell.sizes, 4) | {"n": 5}
    rng = np.random.default_rng(1)
    params, values = {}, {}
    for p in cell.parameters.values():
        shape = tuple(sizes[str(s)] for s in p.shape)
        params[p.name] = rng.normal(size=shape) / 2
        if p.kind != "matrix":
            value = 0.0 if p.name in found.zero else rng.uniform(0.2, 0.8)
            params[p.name] = np.full(shape, value)
            values[sp.Symbol(p.name, real=True)] = value
    blocks = []
    at = {n: np.zeros(sizes[str(cell.shapes[n][0])]) for n in (*cell.states, *cell.inputs)}
    for of in cell.states:
        made = [sg.lambdify(cell, sg.jacobian(cell, of, wrt)) for wrt in cell.states]
        blocks.append([f(params, **{name: at[name] for name in f.needs}) for f in made])
    true = np.linalg.eigvals(np.block(blocks))
    mu = np.linalg.eigvals(reduce(np.matmul, [params[m] for m in str(found.matrix).split()]))

    def formula(mu: Any) -> Any:
        made = [sp.lambdify(MU, e.subs(values).rewrite(sp.exp)) for e in found.eigenvalues]
        return np.concatenate([np.full(len(mu), complex(0)) + f(mu + 0j) for f in made])

    not_0 = mu[np.abs(mu) > 1e-9]  # a product of n × p has n - p of them, where n > p
    for mine, other in ((true, formula(np.append(mu, 1e-300))), (formula(not_0), true)):
        for value in mine[np.abs(mine) > 1e-3]:
            assert np.abs(other - value).min() < 1e-8


@pytest.mark.parametrize("text", ["h[t] = abs(U @ h[t-1])", "h[t] = U @ relu(h[t-1])"])
def test_a_slope_that_jumps_at_zero_is_refused(text: str) -> None:
    with pytest.raises(sg.SymgateError, match="jumps at 0"):
        sg.origin(sg.Cell.from_text(text))


def test_slopes_that_differ_from_unit_to_unit_are_refused() -> None:
    cell = sg.Cell.from_text("h[t] = sigmoid(A @ d + b) * h[t-1] + tanh(U @ h[t-1])")
    with pytest.raises(sg.SymgateError, match="its units differ there"):
        sg.origin(cell)


def test_saturated_gates_are_no_fixed_points() -> None:
    """A GRU stands still where h = n only, so that |h| < 1: further out its gates are 1."""
    gru = sg.cell("gru")
    flat = 0
    for seed in range(3):
        params = sg.init(gru, hidden=8, input=4, scheme="gaussian", gain=3.0, seed=seed)
        found = sg.fixed_points(gru, params)
        assert len(found) >= 1
        assert all(np.abs(p.state["h"]).max() < 1 for p in found.points)
        flat += any("saturated gates" in note for note in found.notes)
    assert flat == 3
    keeps = sg.Cell.from_text("h[t] = U @ h[t-1]")
    line = sg.fixed_points(keeps, {"U": np.eye(2)}, starts=5)
    assert len(line) == 0
    assert "a line of fixed points" in line.notes[1]


@pytest.mark.parametrize(
    ("text", "params", "point", "within"),
    [
        ("h[t] = tanh(U @ h[t-1] + b)", {"U": np.eye(1), "b": np.zeros(1)}, 0.0, 1e-4),
        ("h[t] = tanh(U @ h[t-1] + b)", {"U": np.eye(3), "b": np.zeros(3)}, 0.0, 1e-4),
        ("h[t] = h[t-1] + b * (h[t-1] - 1)**2", {"b": np.ones(1)}, 1.0, 1e-6),
        ("h[t] = h[t-1] - b * (h[t-1] - 0.3)**3", {"b": np.ones(1)}, 0.3, 1e-4),
    ],
)
def test_a_degenerate_point_is_one_point_found_to_honest_accuracy(
    text: str, params: Any, point: float, within: float
) -> None:
    (found,) = sg.fixed_points(sg.Cell.from_text(text), params, seed=1).points
    assert found.stability == "marginal"
    assert found.found > 10
    off = float(np.abs(found.state["h"] - point).max())
    assert off <= 1.001 * found.accuracy <= within
    assert found.to_dict()["accuracy"] == found.accuracy


@pytest.mark.parametrize("beyond", [1e-7, 1e-5, 1e-3])
def test_points_that_lie_close_together_are_told_apart(beyond: float) -> None:
    """tanh(u h) has three points beyond u = 1, at 0 and about ±√(3 (u - 1))."""
    found = sg.fixed_points(TANH, {"U": (1 + beyond) * np.eye(1), "b": np.zeros(1)})
    at = sorted(float(p.state["h"][0]) for p in found.points)
    np.testing.assert_allclose(at, np.sqrt(3 * beyond) * np.array([-1, 0, 1]), rtol=2e-3)
    assert sum(p.found for p in found.points) == 64


def test_points_are_shown_in_short() -> None:
    found = sg.fixed_points(TANH, {"U": np.eye(2) * 0.5, "b": np.zeros(2)}, starts=3)
    assert repr(found) == (
        "<FixedPoints of cell: 1\n  <FixedPoint: stable, spectral radius 0.5, found from 3 starts>>"
    )
    assert "<td>stable</td>" in found._repr_html_()


def test_a_name_and_sizes_are_drawn_as_by_init() -> None:
    drawn = sg.fixed_points("gru", hidden=3, seed=2, b_z=1.0, starts=4)  # type: ignore[call-arg]
    given = sg.fixed_points("gru", sg.init("gru", 3, seed=2, b_z=1.0), seed=2, starts=4)
    assert np.array_equal(drawn[0].state["h"], given[0].state["h"])
    with pytest.raises(sg.SymgateError, match="hidden is for parameters that are drawn"):
        sg.fixed_points("gru", sg.init("gru", 3), hidden=3)
