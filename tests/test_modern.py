"""Cells with scalars, matrices and mixing functions of the step, held against JAX."""

from __future__ import annotations

import pickle
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sympy import Identity

import symgate as sg
from symgate.algebra.operators import kronecker
from symgate.algebra.vectors import Opaque, variable
from symgate.bounds.norms import bounds
from symgate.equations.row import row_of
from symgate.linear.ways import Dependences
from tests import by_step
from tests.chosen import in_turn

#: One cell for each kind of node, beside those of the zoo.
TEXTS = {
    "rows": """
        s[t] = s[t-1] - sigmoid(dot(w, k[t])) * (dot(k[t], s[t-1]) - v[t]) * k[t]
        o[t] = dot(q[t], s[t])
    """,
    "layer norm": "h[t] = tanh(layer_norm(W @ x[t] + U @ h[t-1] + b))",
    "rms norm": "h[t] = W @ x[t] + U @ rms_norm(h[t-1], 0.1)",
    "numbers": "h[t] = max(U @ h[t-1], W @ x[t]) * norm(h[t-1]) + mean(h[t-1]) + sum(x[t])",
    "from both sides": """
        S[t] = 0.5 * tanh(U @ S[t-1] @ V) + outer(a[t], b[t])
        o[t] = S[t].T @ r[t]
    """,
    "exponent": """
        h[t] = a[t] ** (8 * r[t]) * h[t-1] + (1 - r[t]) ** tanh(h[t-1]) * x[t]
        r[t] = sigmoid(W @ x[t] + U @ h[t-1] + b)
        a[t] = sigmoid(lam + V @ x[t])
    """,
    "spikes": """
        v[t] = 0.9 * v[t-1] + W @ x[t] - s[t-1]
        s[t] = spike(v[t] - 1, 2)
    """,
    "hebbian": """
        m[t] = tanh(dot(w, h[t-1]))
        h[t] = tanh(U @ h[t-1] + H[t-1] @ h[t-1] + V @ x[t])
        H[t] = H[t-1] + m[t] * outer(h[t], h[t-1])
    """,
    "key by key": """
        b[t] = sigmoid(dot(w, x[t]))
        a[t] = sigmoid(V @ x[t])
        S[t] = (I - b[t] * outer(x[t], x[t])) @ diag(a[t]) @ S[t-1] + outer(x[t], x[t])
        o[t] = S[t].T @ x[t]
    """,
    "column by column": """
        a[t] = exp(-softplus(A @ x[t]))
        S[t] = diag(a[t]) @ S[t-1] + outer(K @ x[t], x[t])
        o[t] = S[t].T @ (Q @ x[t])
    """,
    "matrix gate": """
        G[t] = sigmoid(outer(W @ x[t], V @ x[t]))
        S[t] = G[t] * S[t-1] + outer(x[t], V @ x[t])
        o[t] = S[t] @ (V @ x[t])
    """,
}
STEPS = 3


def cell_of(name: str) -> sg.Cell:
    return sg.Cell.from_text(TEXTS[name], name=name) if name in TEXTS else sg.cell(name)


ZOO = [
    "linear-attention",
    "retnet",
    "gla",
    "deltanet",
    "deltanet-row",
    "gated-deltanet",
    "mamba2",
    "mamba2-row",
    "rwkv7",
    "mlstm",
    "hgrn2",
    "ttt-linear",
    "s5",
    "cfc",
    "ltc",
    "layer-norm-lstm",
    "hopfield",
    "lif",
]
NAMES = [*TEXTS, *in_turn(ZOO, 5)]


class Drawn:
    """A cell with random arrays, and its run by both."""

    def __init__(self, name: str) -> None:
        self.cell = cell = cell_of(name)
        rng = np.random.default_rng(sum(map(ord, name)))
        self.sizes = {symbol: 3 + i for i, symbol in enumerate(cell.sizes.values())}

        def draw(shape: Any) -> Any:
            return rng.normal(size=[int(s.subs(self.sizes)) for s in shape]) * 0.6

        self.params = {p.name: draw(p.shape) for p in cell.parameters.values()}
        self.xs = {x: np.stack([draw(cell.shapes[x]) for _ in range(STEPS)]) for x in cell.inputs}
        self.start = {s: np.abs(draw(cell.shapes[s])) for s in cell.states}
        given = self.xs or None
        steps = None if self.xs else STEPS
        self.run = sg.simulate(cell, self.params, given, self.start, steps=steps)

    def by_jax(self, params: Any = None, xs: Any = None) -> list[Any]:
        xs = xs or self.xs or {"": np.zeros(STEPS)}
        return by_step.run(self.cell, params or self.params, xs, self.start)

    @cached_property
    def by_step(self) -> list[tuple[Any, Any]]:
        """By JAX, for each step: all values by the states before it, and by each other."""
        names = [*self.cell.equations, *self.cell.inputs]
        still = {name: np.zeros(self.run[name].shape[1:]) for name in names}

        def moved(before: Any, push: Any, xs: Any) -> Any:
            return by_step.run(self.cell, self.params, xs, before, (0, push))[0]

        slopes = jax.jit(jax.jacfwd(moved, argnums=(0, 1)))
        found = []
        for t in range(STEPS):
            before = {s: self.run[s][t - 1] if t else a for s, a in self.start.items()}
            xs = {x: a[t : t + 1] for x, a in self.xs.items()} or {"": np.zeros(1)}
            ways = slopes(before, still, xs)
            found.append(({n: v[0] for n, v in ways.items()}, {n: v[1] for n, v in ways.items()}))
        return found

    def jacobian(self, of: str, wrt: str, lag: int) -> Any:
        """At the last step: the product of the steps that JAX differentiates."""

        def matrix(ways: Any, of: str, wrt: str) -> Any:
            rows, columns = (int(np.prod(self.run[name].shape[1:])) for name in (of, wrt))
            return np.reshape(ways[of][wrt], (rows, columns))

        if lag == 0:
            return matrix(self.by_step[-1][1], of, wrt)
        states = self.cell.states
        row = {s: matrix(self.by_step[-1][0], of, s) for s in states}
        for before, _ in self.by_step[-2 : -lag - 1 : -1]:
            row = {s: sum(row[a] @ matrix(before, a, s) for a in states) for s in states}
        if wrt in states:
            return row[wrt]
        return sum(row[s] @ matrix(self.by_step[-1 - lag][1], s, wrt) for s in states)


@pytest.fixture(scope="module", params=NAMES)
def drawn(request: pytest.FixtureRequest) -> Drawn:
    return Drawn(request.param)


def test_values(drawn: Drawn) -> None:
    expected = drawn.by_jax()
    for name in drawn.cell.equations:
        found = drawn.run[name]
        np.testing.assert_allclose(
            found, np.broadcast_to([v[name] for v in expected], found.shape), rtol=1e-12, atol=1e-13
        )


def test_gradients(drawn: Drawn) -> None:
    rng = np.random.default_rng(1)
    weights = {s: rng.normal(size=drawn.run[s].shape) for s in drawn.cell.states}

    def loss(params: Any, xs: Any) -> Any:
        values = drawn.by_jax(params, xs)
        return sum(jnp.sum(weights[s][t] * values[t][s]) for s in weights for t in range(STEPS))

    xs = drawn.xs or {"": np.zeros(STEPS)}
    by_params, by_inputs = jax.jit(jax.grad(loss, argnums=(0, 1)))(drawn.params, xs)
    found = sg.gradients(drawn.run, weights)
    for name in drawn.cell.parameters:
        np.testing.assert_allclose(found.parameters[name], by_params[name], rtol=1e-9, atol=1e-10)
    for name in drawn.cell.inputs:
        np.testing.assert_allclose(found.inputs[name], by_inputs[name], rtol=1e-9, atol=1e-10)


def test_norms_by_any_value(drawn: Drawn) -> None:
    """Of every state and of the last equation, by every state, gate and input."""
    cell = drawn.cell
    last, few = [*cell.equations][-1], cell.name in ZOO
    for of in (last,) if few else dict.fromkeys((*cell.states, last)):
        for wrt in (*(cell.states if few else cell.equations), *cell.inputs):
            if of == wrt and of not in cell.states:
                continue
            for norm, k in (("frobenius", 2), ("spectral", 0)):
                if k == 0 and wrt in cell.states and of in cell.states:
                    continue
                curve = sg.lag_norms(drawn.run, of, wrt, lags=2, norm=norm).log10_norm
                expected = drawn.jacobian(of, wrt, k)
                size = np.linalg.norm(expected, 2 if norm == "spectral" else None)
                np.testing.assert_allclose(10 ** curve[k], size, rtol=1e-9, atol=1e-12)


def test_the_printed_jacobian_has_these_values(drawn: Drawn) -> None:
    cell = drawn.cell
    x = {name: array[-1] for name, array in drawn.xs.items()}
    before = {s: drawn.run[s][-2] for s in cell.states}
    for of in cell.states:
        for wrt in cell.states:
            J = sg.lambdify(cell, sg.jacobian(cell, of, wrt))
            expected = drawn.jacobian(of, wrt, 1)
            np.testing.assert_allclose(
                J(drawn.params, **x, **before), expected, rtol=1e-9, atol=1e-11
            )


def test_a_matrix_by_a_number_by_a_vector_is_laid_out_row_by_row() -> None:
    assert sg.derive(cell_of("hebbian")).holds


#: The transition matrices of the papers, as they are printed.
PRINTED = {
    "linear-attention": "I",
    "retnet": "γ I",
    "gla": "I ⊗ diag(α_t)",
    "hgrn2": "I ⊗ diag(f_t)",
    "deltanet": "I ⊗ (I - β_t k_t k_tᵀ)",
    "deltanet-row": "I - β_t k_t k_tᵀ",
    "gated-deltanet": "α_t I ⊗ (I - β_t k_t k_tᵀ)",
    "mamba2": "a_t I",
    "mamba2-row": "a_t I",
    "rwkv7": "I ⊗ (diag(w_t) - (a_t ⊙ κ_t) κ_tᵀ)",
    "ttt-linear": "I ⊗ (I - η k_t k_tᵀ)",
    "mlstm": "f_t I",
    "hopfield": "β Mᵀ (diag(p_t) - p_t p_tᵀ) M",
}


@pytest.mark.parametrize("name", PRINTED)
def test_the_papers_transition_matrices(name: str) -> None:
    cell = sg.cell(name)
    assert str(sg.jacobian(cell, cell.states[0], cell.states[0])) == PRINTED[name]


@pytest.mark.parametrize("matrix", ["deltanet", "mamba2"])
def test_rows_of_a_matrix_state_are_the_cell_of_one_row(matrix: str) -> None:
    """J of S is I ⊗ J of the row, as an expression and in numbers."""
    whole, row = sg.cell(matrix), sg.cell(f"{matrix}-row")
    params = sg.init(whole, 3, 2, sizes={"p": 4}, seed=1)
    x = np.random.default_rng(0).normal(size=(30, 2))
    run = sg.simulate(whole, params, x)
    one = {n: v for n, v in params.items() if n in row.parameters} | {"w_v": params["W_v"][1]}
    alone = sg.simulate(row, one, x)
    np.testing.assert_allclose(run["S"][:, 1], alone["s"], rtol=1e-12)
    by_row = sg.lag_norms(alone, "s", "s", norm="spectral").log10_norm
    np.testing.assert_allclose(
        sg.lag_norms(run, "S", "S", norm="spectral").log10_norm, by_row, atol=1e-10
    )
    in_all = sg.lag_norms(run, "S", "S", norm="frobenius").log10_norm
    of_row = sg.lag_norms(alone, "s", "s", norm="frobenius").log10_norm
    np.testing.assert_allclose(in_all, of_row + np.log10(4) / 2, atol=1e-10)


ROWS = ["linear-attention", "retnet", "gla", "deltanet", "gated-deltanet", "mamba2", "rwkv7",
        "hgrn2", "ttt-linear"]  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_the_row_form_of_a_matrix_state(name: str) -> None:
    """J of S is I ⊗ J of the row, and compare proves that the row is one of S."""
    cell = sg.cell(name)
    row, names = row_of(cell)
    alone = sg.jacobian(row, names["S"], names["S"])
    whole = str(sg.jacobian(cell, "S", "S"))
    if name == "gated-deltanet":  # alpha is multiplied into the row's
        whole = whole.replace("α_t I ⊗ (I - β_t", "I ⊗ (α_t I - α_t β_t")
    assert whole in (str(kronecker(Identity(row.sizes["n"]), alone)), str(alone))
    assert sg.compare(cell, row).verdict == sg.compare(row, cell).verdict == "equal"


def test_compare_proves_no_more_than_holds() -> None:
    found = sg.compare("mamba2", "mamba2-row")
    assert found.verdict == "equal"
    assert found.map is not None
    assert found.map.parameters["w_v"] == "row i of W_v"
    row = str(sg.cell("deltanet-row"))
    swapped = sg.Cell.from_text(row.replace("W_k", "W").replace("beta", "b"))
    assert sg.compare("deltanet-row", swapped).verdict == "identical"
    for wrong in (row.replace("s[t-1] +", "s[t-1] -"), row.replace("dot(w_v, x[t])", "norm(x[t])")):
        assert wrong != row
        assert not sg.compare("deltanet-row", sg.Cell.from_text(wrong))
        assert not sg.compare("deltanet", sg.Cell.from_text(wrong))
    bound = sg.compare("retnet", "linear-attention")
    assert (bound.verdict, bound.conditions) == ("conditional", (("gamma = 1",),))
    assert str(bound.direction) == "linear-attention is a special case of retnet"
    for mixed in ("hopfield", "layer-norm-lstm"):
        with pytest.raises(sg.SymgateError, match="whose rows are alike"):
            row_of(sg.cell(mixed))


#: The lines of a cell whose state is S transposed: k vᵀ for v kᵀ, and qᵀ S for S q.
TURNED = {
    "retnet": {"outer(v[t], k[t])": "outer(k[t], v[t])"},
    "deltanet": {
        "outer(S[t-1] @ k[t], k[t])": "outer(k[t], k[t] @ S[t-1])",
        "outer(v[t], k[t])": "outer(k[t], v[t])",
    },
    "gla": {
        "S[t-1] @ diag(alpha[t])": "diag(alpha[t]) @ S[t-1]",
        "outer(v[t], k[t])": "outer(k[t], v[t])",
    },
}


@pytest.mark.parametrize("name", TURNED)
def test_the_transposed_state_is_the_same_cell(name: str) -> None:
    cell, turned = sg.cell(name), str(sg.cell(name))
    for before, after in {**TURNED[name], "S[t] @ q[t]": "q[t] @ S[t]"}.items():
        assert before in turned
        turned = turned.replace(before, after)
    other = sg.Cell.from_text(turned)
    found = sg.compare(cell, other)
    assert found.verdict == "equal"
    assert found.map is not None
    assert found.map.states["S"] == "Sᵀ"
    params, x = sg.init(other, 4, seed=1), np.random.default_rng(2).normal(size=(6, 4))
    one, two = sg.simulate(cell, params, x), sg.simulate(other, params, x)
    np.testing.assert_allclose(one["S"].swapaxes(-1, -2), two["S"], atol=1e-12)
    np.testing.assert_allclose(one["o"], two["o"], atol=1e-12)
    assert not sg.compare(
        cell, sg.Cell.from_text(turned.replace("q[t] @ S[t]", "tanh(q[t]) @ S[t]"))
    )


#: Lines that were refused, or printed as another cell, or with a number behind a vector.
LINES = {
    "S[t] = diag(sigmoid(a) ** norm(x[t])) @ S[t-1] + outer(x[t], x[t])": "diag(σ(a)^‖x_t‖) ⊗ I",
    "S[t] = (1 - b[t]) * (2 - c[t]) * S[t-1] / d[t] + outer(x[t], x[t])": (
        "(1 - b_t) (2 - c_t) (1 / d_t) I"
    ),
    "S[t] = S[t-1] @ diag(sigmoid(A @ x[t])) + outer(x[t], x[t])": "I ⊗ diag(v_{S,t})",
    "h[t] = x[t] @ S[t] + h[t-1] * mean(x[t]) + x[t]": "mean(x_t) I",
    "c[t] = (v - x[t]) @ outer(x[t], c[t-1])": "((v - x_t)ᵀ x_t) I",
    "S[t] = S[t-1] @ (dot(w, x[t]) * I - outer(x[t], x[t])) + outer(x[t], x[t])": (
        "I ⊗ ((wᵀ x_t) I - x_t x_tᵀ)"
    ),
    "S[t] = S[t-1] - diag(a[t]) @ S[t-1] @ diag(k[t]**2) + outer(a[t], k[t])": (
        "I - diag(a_t) ⊗ diag(k_t²)"
    ),
    "v[t] = v[t-1] * (1 - spike(v[t-1] - 1, 2)) + W @ x[t]": (
        "diag(1 - spike(v_{t-1} - 1, 2) - v_{t-1} ⊙ surrogate(v_{t-1} - 1, 2))"
    ),
}


@pytest.mark.parametrize("text", LINES)
def test_lines_and_their_jacobians(text: str) -> None:
    cell = sg.Cell.from_text(text)
    assert sg.Cell.from_text(str(cell)) == cell
    assert str(sg.jacobian(cell)) == LINES[text]


def test_a_scalar_state() -> None:
    cell = sg.Cell.from_text("m[t] = max(m[t-1] + dot(w, x[t]), dot(v, x[t]))")
    run = sg.simulate(cell, {"w": np.ones(2), "v": np.ones(2)}, np.ones((3, 2)))
    found = sg.gradients(run, {"m": np.ones(3)})
    assert found.initial["m"].shape == ()
    np.testing.assert_allclose(sg.lag_norms(run, lags=2).log10_norm, 0)


@pytest.mark.parametrize(
    ("name", "most"), [("deltanet", 1), ("deltanet-row", 1), ("gated-deltanet", 1), ("mamba2", 1),
                       ("rwkv7", 2)]
)  # fmt: skip
def test_bounds_of_matrix_states(name: str, most: int) -> None:
    """‖I - β k kᵀ‖ ≤ 1 where ‖k‖ = 1 and β < 1; both bounds hold on a run."""
    cell = sg.cell(name)
    state = cell.states[0]
    assert bounds(cell).total(state, state) == most
    d = sg.decay(cell, hidden=4, lags=12)
    assert d.bounds is not None
    assert (d.bounds.run_log10 >= d.log10_norm).all()
    assert (d.bounds.worst_log10[:, None] >= d.log10_norm).all()


def test_a_run_that_keeps_some_states_is_the_same() -> None:
    cell = sg.cell("mlstm")
    params = sg.init(cell, 4, 3, seed=1)
    x = np.random.default_rng(0).normal(size=(31, 2, 3))
    whole = sg.simulate(cell, params, x)
    some = pickle.loads(pickle.dumps(sg.simulate(cell, params, x, checkpoint=True)))
    for name in cell.equations:
        np.testing.assert_array_equal(whole[name], some[name])
    for of, wrt in (("C", "C"), ("h", "v")):
        found, expected = (sg.lag_norms(run, of, wrt).log10_norm for run in (some, whole))
        np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("name", ["deltanet", "mlstm", "hopfield", "layer-norm-lstm"])
def test_lyapunov_and_tangent_by_the_printed_jacobians(name: str) -> None:
    """The product of the step's Jacobians, as jacobian prints them, step by step."""
    cell = sg.cell(name)
    params = sg.init(cell, 3, 3, seed=1)
    x = np.random.default_rng(0).normal(size=(12, 3)) if cell.inputs else None
    run = sg.simulate(cell, params, x, steps=None if cell.inputs else 12)
    blocks = {
        (a, b): sg.lambdify(cell, sg.jacobian(cell, a, b, lag=1))
        for a in cell.states
        for b in cell.states
    }
    product = np.eye(sum(run[s][0].size for s in cell.states))
    for t in range(12):
        given = {x: run[x][t] for x in cell.inputs}
        before = {s: run[s][t - 1] if t else 0 * run[s][0] for s in cell.states}
        step = [
            [np.atleast_2d(blocks[a, b](params, **given, **before)) for b in cell.states]
            for a in cell.states
        ]
        product = np.block(step) @ product
    ones = {s: np.ones(run[s][0].shape) for s in cell.states}
    grown = np.linalg.norm(product.sum(axis=1)) / np.sqrt(len(product))
    np.testing.assert_allclose(10 ** sg.tangent(run, ones).log10_norm[-1], grown, rtol=1e-9)
    found = sg.lyapunov(run, burn_in=0)
    if np.isfinite(log := np.linalg.slogdet(product)[1]) and name != "layer-norm-lstm":
        np.testing.assert_allclose(found.sum * 12, log, rtol=1e-6)


def test_what_divides_by_zero_is_named() -> None:
    cell = sg.cell("deltanet")
    with pytest.raises(sg.Diverged, match=r"from step 0 on .* through k = u\[t\] / norm"):
        sg.simulate(cell, sg.init(cell, 3, 3), np.zeros((4, 3)))


def test_a_normaliser_of_zero_is_named() -> None:
    """0/0 in what no state reads is refused as well, with the step and the line."""
    cell = sg.Cell.from_text("""
        k[t] = W @ x[t]
        S[t] = S[t-1] + outer(x[t], k[t])
        n[t] = n[t-1] + k[t]
        o[t] = S[t] @ k[t] / dot(n[t], k[t])
    """)
    with pytest.raises(sg.Diverged, match=r"output o .* from step 0 on .* through o = S\[t\] @"):
        sg.simulate(cell, sg.init(cell, 3), np.zeros((4, 3)))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("softmax(S[t-1])", r"softmax takes a vector, and S\[t-1\] is a matrix"),
        ("S[t-1] + u[t]", r"u\[t\] is a vector, and a matrix is expected"),
        ("S[t-1] @ u[t]", r"S\[t-1\] @ u\[t\] is a vector, .* beside the matrix outer\(u"),
        ("max(S[t-1], u[t])", r"u\[t\] is a vector, .* beside the matrix S\[t-1\]"),
        ("S[t-1].T", r"S.T may stand only beside @"),
        ("S[t-1] + u[t] @ x[t].T", r"x\[t\] is a vector, which needs no \.T: .* outer\(v, k\)"),
        ("V[t] @ S[t-1]", r"line 2, column 8: two matrices of the step"),
    ],
)
def test_a_vector_and_a_matrix_are_told_apart(line: str, said: str) -> None:
    with pytest.raises(sg.EquationError, match=said):
        sg.Cell.from_text(f"u[t] = W @ x[t]\nS[t] = {line} + outer(u[t], x[t])")


def test_thirty_chained_gates_end_within_reason() -> None:
    """The Jacobian keeps its sums in parentheses instead of multiplying 2^30 routes out."""
    lines = ["g1[t] = sigmoid(W @ x[t] + U @ h[t-1])"]
    lines += [f"g{i}[t] = tanh(A @ g{i - 1}[t] + B @ h[t-1])" for i in range(2, 31)]
    cell = sg.Cell.from_text("\n".join([*lines, "h[t] = g30[t] * h[t-1]"]))
    assert len(str(sg.jacobian(cell))) < 20_000


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("v[t] = h[t-1] / norm(h[t-1])\nh[t] = v[t] + x[t]", r"step 0 .*‖h_\{t-1\}‖, which is 0"),
        (
            "z[t] = z[t-1] + relu(x[t])\no[t] = x[t] / dot(z[t], z[t])",
            r"output o .* through o = x\[t\] / dot.* z_tᵀ z_t, which is 0 there",
        ),
    ],
)
def test_a_division_by_zero_names_what_is_zero(text: str, says: str) -> None:
    cell = sg.Cell.from_text(text)
    with pytest.raises(sg.Diverged, match=says):
        sg.simulate(cell, {}, -np.ones((4, 3)))


def test_a_page_on_a_matrix_state_says_what_the_paper_says() -> None:
    """J in one piece, differentials as people write them, what a gate at 0 leaves of a matrix."""
    page = sg.derive(sg.cell("deltanet")).latex()
    assert r"J_t = I \otimes (I - \beta_t \, k_t \, k_t^{\mathsf{T}})" in page
    assert r"\mathrm{d}S_t &= \mathrm{d}S_{t-1} - \beta_t \, \mathrm{d}s_{S,t} \, k_t" in page
    page = sg.derive(sg.cell("mlstm")).latex()
    assert r"\lim_{f_t \to 0} \frac{\partial C_t}{\partial C_{t-1}} &= 0" in page


def test_the_larger_of_two_products_is_no_activation_with_a_constant() -> None:
    """max(U h, W x) was taken for an activation whose constant is W x: a raw TypeError."""
    cell = sg.Cell.from_text("h[t] = max(U @ h[t-1], W @ x[t])")
    params = sg.init(cell, 4, input=3, seed=1)
    x = np.random.default_rng(0).normal(size=(6, 3))
    run, h = sg.simulate(cell, params, x), np.zeros(4)
    for t in range(6):
        h = np.maximum(params["U"] @ h, params["W"] @ x[t])
        assert np.abs(run["h"][t] - h).max() < 1e-12


def test_a_path_that_carries_nothing_is_told_with_the_others() -> None:
    """A route whose adjoint is 0 in symbols has no rows; it ended in an AxisError."""
    cell = sg.Cell.from_text("""
        q[t] = Q @ x[t]
        S[t] = S[t-1] @ diag(g[t]) + outer(x[t], spike(U @ h[t-1]))
        g[t] = sigmoid(G @ x[t] + layer_norm(S[t-1] @ q[t]))
        h[t] = g[t] * h[t-1] + (1 - g[t]) * sigmoid(c)**(U @ h[t-1] * sigmoid(U @ h[t-1]))
    """)
    assert "direct 0.0%" in str(sg.decay(cell, hidden=3, lags=4).paths)


def test_the_square_of_a_sum_is_not_the_sum_of_squares_in_print() -> None:
    for line, shown in {
        "sum(U @ h[t-1])**2": r"(\mathbf{1}^{\mathsf{T}} (U h_{t-1}))^{2}",
        "sum((U @ h[t-1])**2)": r"\mathbf{1}^{\mathsf{T}} ((U h_{t-1})^{2})",
    }.items():
        assert shown in sg.latex(sg.Cell.from_text(f"h[t] = {line} * x[t]"))


def test_a_root_of_a_sigmoid_is_a_gate() -> None:
    text = sg.derive("gla", sections=["norms"]).markdown()
    assert r"\lim_{\alpha_t \to 1} \frac{\partial S_t}{\partial S_{t-1}} &= I" in text


class Unruled(Opaque):
    rank = 0


def test_a_node_without_rules_is_no_constant_and_says_what_it_lacks() -> None:
    with pytest.raises(TypeError, match="has no print_Unruled"):
        Dependences(lambda name: ())(Unruled(variable("h", 1)))
