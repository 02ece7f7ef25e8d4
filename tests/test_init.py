"""`sg.init`: the parameters of any cell by every scheme."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import symgate as sg
from symgate.numerics.biases import double_biases
from symgate.numerics.initialise import SCHEMES
from tests.chosen import CELLS

#: Cells whose input is as long as their state.
AS_LONG = {"mut2", "rg-lru", "sru"}
#: What chrono has nothing to do for, and why.
NO_CHRONO = {
    "carries no state through a gate": {
        "antisymmetric-rnn", "antisymmetric-rnn-gated", "cfn", "cornn", "fast-rnn", "indrnn",
        "jordan-rnn", "leaky-rnn", "linear-rnn", "lipschitz-rnn", "lmu", "lru", "lstm-1997",
        "lstm-no-forget-gate", "mi-rnn", "multiplicative-rnn", "rate-rnn", "rnn",
        "rnn-pre-activation", "rnn-relu", "rnn-sigmoid", "scrn", "star", "unicornn", "cfc",
        "deltanet", "deltanet-row", "gla", "hgrn2", "hopfield", "lif", "linear-attention", "ltc",
        "retnet", "rwkv7", "s5", "ttt-linear",
    },
    "has no bias": {"atr", "brc", "gru2", "mgu2", "min-lstm", "mlstm", "nbrc", "qrnn"},
    "is exponential": {
        "gated-deltanet", "mamba2", "mamba2-row", "rg-lru", "slstm", "slstm-unstabilised",
    },
}  # fmt: skip


def drawn(name: str, scheme: str, hidden: int = 6, **options: Any) -> dict[str, Any]:
    width = None if name in AS_LONG else 3
    return sg.init(sg.cell(name), hidden, width, scheme=scheme, t_max=50, **options)


def has_chrono(name: str) -> bool:
    return not any(name in cells for cells in NO_CHRONO.values())


@pytest.mark.parametrize("name", CELLS)
def test_every_scheme_fits_every_cell(name: str) -> None:
    cell = sg.cell(name)
    numbers = {symbol: {"n": 6, "m": 3}.get(letter, 6) for letter, symbol in cell.sizes.items()}
    for scheme in SCHEMES:
        if scheme == "chrono" and not has_chrono(name):
            continue
        for dtype in (np.float32, np.float64):
            params = drawn(name, scheme, seed=5, dtype=dtype)
            again = drawn(name, scheme, seed=5, dtype=dtype)
            assert list(params) == list(cell.parameters)
            for key, array in params.items():
                expected = tuple(int(s.subs(numbers)) for s in cell.parameters[key].shape)
                assert isinstance(array, np.ndarray)
                assert array.shape == expected
                assert array.dtype == dtype
                assert np.isfinite(array).all()
                assert array.tobytes() == again[key].tobytes()
    other = drawn(name, "pytorch", seed=6)
    first = drawn(name, "pytorch", seed=5)
    assert any(not np.array_equal(first[k], other[k]) for k in first)


@pytest.mark.parametrize("name", CELLS)
def test_pytorch_is_uniform_within_its_bounds(name: str) -> None:
    params = drawn(name, "pytorch", hidden=400)
    for key, array in params.items():
        bound = 1 / math.sqrt(400)
        if array.ndim == 0:
            assert array == 0.5  # no scheme knows a leak or a step size
        elif key in double_biases(sg.cell(name)):  # a triangle on twice the width
            assert bound < np.abs(array).max() <= 2 * bound
            assert abs(array.var() / (2 * bound**2 / 3) - 1) < 0.3
        else:
            assert np.abs(array).max() <= bound
            assert np.abs(array).max() > 0.98 * bound
            assert abs(array.mean()) < 4 * bound / math.sqrt(3 * array.size)


@pytest.mark.parametrize("scheme", ["orthogonal", "keras", "chrono"])
@pytest.mark.parametrize("gain", [1.0, 1e-30, 0.7, 1e3])
def test_recurrent_matrices_are_orthogonal_times_the_gain(scheme: str, gain: float) -> None:
    params = sg.init(sg.cell("lstm"), 24, 10, scheme=scheme, gain=gain, t_max=10)
    for gate in "ifog":
        u = params[f"U_{gate}"] / gain
        np.testing.assert_allclose(u @ u.T, np.eye(24), atol=1e-14)
        bound = math.sqrt(6 / 34)  # Glorot: the input matrix is 24 by 10
        assert 0.9 * bound < np.abs(params[f"W_{gate}"]).max() <= bound


def test_a_matrix_that_is_not_square_has_orthonormal_rows_or_columns() -> None:
    params = sg.init(sg.cell("lstm-projected"), 5, 3, scheme="orthogonal", sizes={"p": 9})
    wide, tall = sorted((params["W_p"], params["U_f"]), key=len)
    assert (wide.shape, tall.shape) == ((5, 9), (9, 5))
    np.testing.assert_allclose(wide @ wide.T, np.eye(5), atol=1e-14)
    np.testing.assert_allclose(tall.T @ tall, np.eye(5), atol=1e-14)


def test_orthogonal_matrices_are_uniform_over_the_group() -> None:
    """With the sign of R fixed, the trace has mean 0 and variance 1 (Haar measure)."""
    cell = sg.cell("rnn")
    traces = [np.trace(sg.init(cell, 3, 1, "orthogonal", seed=s)["U"]) for s in range(600)]
    assert abs(np.mean(traces)) < 0.15
    assert abs(np.var(traces) - 1) < 0.2


@pytest.mark.parametrize("name", ["lstm", "lstm-concat", "gru"])
def test_pytorch_takes_a_gain_for_what_acts_on_the_state(name: str) -> None:
    one, three = (sg.init(sg.cell(name), 5, 3, gain=gain, seed=2) for gain in (1.0, 3.0))
    for key, array in one.items():
        ratio = three[key] / array
        if array.ndim == 1 or array.shape == (5, 3):
            assert (ratio == 1).all(), key
        elif array.shape == (5, 5):
            np.testing.assert_allclose(ratio, 3, err_msg=key)
        else:
            np.testing.assert_allclose(ratio, [[3] * 5 + [1] * 3] * 5, err_msg=key)


@pytest.mark.parametrize("gain", [0.5, 2.0])
def test_gaussian_has_the_variance_of_its_gain(gain: float) -> None:
    u = sg.init(sg.cell("rnn"), 300, 7, scheme="gaussian", gain=gain)["U"]
    assert abs(u.std() * math.sqrt(300) / gain - 1) < 0.02
    assert abs(u.mean()) < 4 * gain / 300**1.5


def test_identity_is_the_gain_times_the_identity() -> None:
    params = sg.init(sg.cell("irnn"), 4, 2, scheme="identity", gain=0.9)
    np.testing.assert_array_equal(params["U"], 0.9 * np.eye(4))
    np.testing.assert_array_equal(params["b"], np.zeros(4))


def test_a_matrix_on_a_concatenation_is_drawn_part_by_part() -> None:
    params = sg.init(sg.cell("lstm-concat"), 20, 5, scheme="orthogonal")
    on_state, on_input = params["W_f"][:, :20], params["W_f"][:, 20:]
    np.testing.assert_allclose(on_state.T @ on_state, np.eye(20), atol=1e-14)
    assert np.abs(on_input).max() <= math.sqrt(6 / 25)


def test_keras_forget_bias_is_the_lstms_alone() -> None:
    """1 where there is a forget gate with a bias, 0 for every other bias of every cell."""
    ones = {}
    for name in sg.zoo:
        params = drawn(name, "keras")
        ones[name] = {k for k, v in params.items() if v.ndim == 1 and (v == 1).all()}
        for key, array in params.items():
            weighs = (name, key) == ("s5", "b")  # b * w[t-1]: no bias
            if key.startswith("b") and array.ndim == 1 and key not in ones[name] and not weighs:
                assert (array == 0).all(), (name, key)
    assert ones["lstm"] == {"b_f"}
    with_forget_gate = {name for name, found in ones.items() if found}
    assert with_forget_gate == {
        "hgrn2", "janet", "layer-norm-lstm", "lstm", "lstm-concat", "lstm-coupled",
        "lstm-full-gate-recurrence",
        "lstm-no-input-activation", "lstm-no-input-gate", "lstm-no-output-activation",
        "lstm-no-output-gate", "lstm-peephole", "lstm-projected", "lstm-working-memory",
        "min-lstm", "multiplicative-lstm", "ran", "slstm", "slstm-unstabilised", "sru", "t-rnn",
    }  # fmt: skip
    assert all(ones[name] == {"b_f"} for name in with_forget_gate)


# -- chrono (Tallec and Ollivier 2018, eq. 16) ------------------------------------------------

T_MAX = 784


def chrono(name: str, hidden: int = 500) -> dict[str, Any]:
    return sg.init(sg.cell(name), hidden, scheme="chrono", t_max=T_MAX)


def assert_spread_over_time_scales(bias: Any) -> None:
    """exp(b) is uniform over 1 … t_max - 1."""
    times = np.exp(bias)
    assert times.min() >= 1
    assert times.max() <= T_MAX - 1
    assert abs(times.mean() / (T_MAX / 2) - 1) < 0.1
    assert abs(times.std() * math.sqrt(12) / (T_MAX - 2) - 1) < 0.1


@pytest.mark.parametrize("name", ["lstm", "lstm-peephole", "lstm-full-gate-recurrence", "ran"])
def test_chrono_opens_the_forget_gate_and_closes_the_input_gate(name: str) -> None:
    params = chrono(name, 100 if "full" in name else 500)
    if "full" not in name:
        assert_spread_over_time_scales(params["b_f"])
    assert (params["b_f"] > 0).all()
    np.testing.assert_array_equal(params["b_i"], -params["b_f"])
    if "b_o" in params:
        assert (params["b_o"] == 0).all()


@pytest.mark.parametrize(
    ("name", "bias", "sign"),
    [
        ("gru", "b_z", 1),  # z keeps
        ("gru-reset-after", "b_z", 1),
        ("gru-z-takes-new", "b_z", -1),  # z takes the new
        ("gru3", "b_z", -1),  # a gate that is a bias alone
        ("mgu", "b_f", -1),
        ("janet", "b_f", 1),  # by way of the named pre-activation
        ("lstm-coupled", "b_f", 1),
        ("lem", "b_d", -1),
        ("minimal-rnn", "b_u", 1),
        ("rhn", "b_k", -1),
    ],
)
def test_chrono_follows_which_way_a_gate_keeps(name: str, bias: str, sign: int) -> None:
    params = chrono(name)
    assert_spread_over_time_scales(sign * params[bias])
    if "b_r" in params:
        assert (params["b_r"] == 0).all()


def test_chrono_of_a_gate_that_serves_two_states_is_drawn_once() -> None:
    cell = sg.Cell.from_text("""
        i[t] = sigmoid(U_i @ h[t-1] + b_i)
        f[t] = sigmoid(U_f @ h[t-1] + b_f)
        h[t] = f[t] * h[t-1] + i[t] * tanh(U @ c[t-1])
        c[t] = f[t] * c[t-1] + i[t] * tanh(V @ h[t-1])
    """)
    params = sg.init(cell, 30, scheme="chrono", t_max=100)
    np.testing.assert_array_equal(params["b_i"], -params["b_f"])


def test_chrono_needs_a_longest_memory() -> None:
    for t_max in (None, 1.5, -3, math.nan, math.inf, "9"):
        with pytest.raises(sg.SymgateError, match="t_max"):
            sg.init(sg.cell("lstm"), 4, scheme="chrono", t_max=t_max)  # type: ignore[arg-type]
    params = sg.init(sg.cell("lstm"), 4, scheme="chrono", t_max=2)  # ln U[1, 1]
    assert (params["b_f"] == 0).all()


@pytest.mark.parametrize("name", [n for n in CELLS if not has_chrono(n)])
def test_chrono_says_why_it_does_not_apply(name: str) -> None:
    (reason,) = (reason for reason, cells in NO_CHRONO.items() if name in cells)
    with pytest.raises(sg.SymgateError, match=reason) as error:
        drawn(name, "chrono")
    assert name in str(error.value)


# -- overrides ----------------------------------------------------------------------------------


def test_a_bias_override_sets_the_gates_own_bias_and_nothing_else() -> None:
    cell = sg.cell("gru-reset-after")
    plain = sg.init(cell, 5, 2, seed=3)
    params = sg.init(cell, 5, 2, seed=3, bias={"z": 4, "n": -1.5})
    assert (params["b_z"] == 4).all()
    assert (params["b_n"] == -1.5).all()
    for key in set(plain) - {"b_z", "b_n"}:
        np.testing.assert_array_equal(params[key], plain[key])


@pytest.mark.parametrize(
    ("name", "gate", "bias"),
    [
        ("janet", "f", "b_f"),
        ("janet", "s", "b_f"),
        ("lem", "d", "b_d"),
        ("gru3", "z", "b_z"),
        ("rnn", "h", "b"),
        ("lstm-working-memory", "i", "b_i"),
        ("lstm-full-gate-recurrence", "f", "b_f"),
        ("slstm", "f", "b_f"),
        ("fast-grnn", "z", "b_z"),
        ("rhn", "k", "b_k"),
    ],
)
def test_the_bias_of_a_gate_is_found(name: str, gate: str, bias: str) -> None:
    params = sg.init(sg.cell(name), 3, bias={gate: 7})
    assert {k for k, v in params.items() if v.ndim and (v == 7).all()} == {bias}


def test_values_set_a_parameter_outright() -> None:
    u = np.arange(9.0).reshape(3, 3)
    params = sg.init(sg.cell("leaky-rnn"), 3, 2, values={"U": u, "alpha": 0.1, "b": 2})
    np.testing.assert_array_equal(params["U"], u)
    assert params["alpha"] == 0.1
    np.testing.assert_array_equal(params["b"], [2, 2, 2])
    params["U"][0, 0] = 9
    assert u[0, 0] == 0  # the caller's array stays his


# -- what is wrong is named ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scheme": "ortogonal"}, "the scheme 'ortogonal' is not known; did you mean 'orthogonal'"),
        ({"scheme": "xavier"}, "choose from 'chrono', 'gaussian'"),
        ({"bias": {"zz": 1}}, "a gate or a bias of gru named 'zz' is not known"),
        ({"bias": {"z": math.nan}}, "the bias of z must be a finite number, not nan"),
        ({"bias": {"z": "1"}}, "the bias of z must be a finite number, not '1'"),
        ({"values": {"U_q": 1}}, "a parameter of gru named 'U_q' .*did you mean 'U_"),
        ({"values": {"U_z": np.ones(7)}}, r"U_z has shape \(7,\); expected \(4, 4\)"),
        ({"values": {"U_z": math.inf}}, "U_z is inf; expected finite"),
        ({"values": {"U_z": None}}, "U_z must be an array of real numbers, not None"),
        ({"sizes": {"p": 3}}, "a size of gru named 'p' is not known"),
        ({"input": -1}, "the size m must be a whole number, 0 or more, not -1"),
        ({"input": 2.0}, "the size m must be a whole number, 0 or more, not 2.0"),
        ({"hidden": 0}, "the size n must be a whole number, 1 or more, not 0"),
        ({"hidden": True}, "the size n must be a whole number, 1 or more, not True"),
        (
            {"hidden": 10**6},
            "not 1000000: a matrix of that many rows and columns alone takes 7,450 GB",
        ),
        ({"hidden": None}, "the size n must be a whole number, 1 or more, not None"),
        ({"seed": -1}, "seed must be a whole number, 0 or more, not -1"),
        ({"seed": 1.5}, "seed must be a whole number, 0 or more, not 1.5"),
        ({"seed": None}, "seed must be a whole number, 0 or more, not None"),
        ({"gain": math.nan, "scheme": "gaussian"}, "gain must be a finite number, not nan"),
        ({"gain": "big"}, "gain must be a finite number, not 'big'"),
        ({"dtype": int}, "dtype is float32 or float64, not .*int"),
        ({"dtype": np.float16}, "dtype is float32 or float64, not .*float16"),
        ({"dtype": "no"}, "dtype is float32 or float64, not 'no'"),
    ],
)
def test_wrong_options(options: dict[str, Any], message: str) -> None:
    given = {"hidden": 4, "input": 2, **options}
    with pytest.raises(sg.SymgateError, match=message):
        sg.init(sg.cell("gru"), **given)


@pytest.mark.parametrize(("name", "gate"), [("gru2", "z"), ("lstm", "c"), ("lstm-coupled", "i")])
def test_a_gate_without_bias_takes_none(name: str, gate: str) -> None:
    with pytest.raises(sg.SymgateError, match=f"gate '{gate}' of {name} has no bias"):
        sg.init(sg.cell(name), 3, bias={gate: 1})


@pytest.mark.parametrize("name", sorted(AS_LONG))
def test_an_input_as_long_as_the_state_stays_so(name: str) -> None:
    assert sg.init(sg.cell(name), 4, 4)
    with pytest.raises(sg.SymgateError, match="input = 3 does not fit hidden = 4"):
        sg.init(sg.cell(name), 4, 3)


def test_no_input_and_one_unit() -> None:
    assert sg.init(sg.cell("gru"), 1, 0)["W_z"].shape == (1, 0)
    for scheme in SCHEMES:
        params = sg.init(sg.cell("lstm"), 1, 1, scheme=scheme, t_max=9)
        assert params["U_f"].shape == (1, 1)


def test_gaussian_is_scaled_by_what_a_unit_reads() -> None:
    cell = sg.cell("lstm-projected")
    params = sg.init(cell, 400, 5, "gaussian", sizes={"p": 100})
    tall = [a for n, a in params.items() if a.shape == (400, 100)]
    assert tall
    for array in tall:
        assert np.std(array) == pytest.approx(0.1, rel=0.03)


@pytest.mark.parametrize(
    "text",
    [
        "h[t] = tanh(W @ x[t] + U @ h[t-1] + b)",
        "a[t] = W @ x[t] + U @ h[t-1]\nh[t] = tanh(a[t] + b)",
        "a[t] = W @ x[t] + b\nh[t] = tanh(a[t] + U @ h[t-1])",
        "h[t] = tanh(W @ [h[t-1], x[t]] + b)",
    ],
)
def test_pytorch_sums_two_biases_however_the_sum_is_written(text: str) -> None:
    cell = sg.Cell.from_text(text)
    assert double_biases(cell) == {"b"}
    rng = np.random.default_rng([7, ord("b")])
    bound = 1 / math.sqrt(5)
    expected = rng.uniform(-bound, bound, 5) + rng.uniform(-bound, bound, 5)
    np.testing.assert_array_equal(sg.init(cell, 5, 3, seed=7)["b"], expected)


def test_pytorch_draws_one_bias_beside_one_matrix() -> None:
    assert double_biases(sg.cell("gru-reset-after")) == {"b_r", "b_z"}
    assert not double_biases(sg.cell("indrnn"))  # u times h, component by component
    text = "h[t] = tanh(W @ x[t] + r[t] * (U @ h[t-1]) + b)\nr[t] = sigmoid(V @ x[t])"
    assert not double_biases(sg.Cell.from_text(text))
