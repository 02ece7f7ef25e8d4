"""Comparing cells: the verdicts against a table made by hand, and every map put to numbers."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

import symgate as sg
from symgate.algebra.vectors import variable

E, S, C, D = "equal", "identical", "conditional", "different"

#: Made by hand. A special case of the other cell, or equal at n = 1, is "conditional".
TABLE = [
    ("gru", "gru", S),
    ("gru", "gru-z-takes-new", E),  # z ↔ 1 - z with the signs of z's parameters changed
    ("gru", "gru-concat", E),
    ("gru-z-takes-new", "gru-concat", E),  # matrices stacked
    ("gru", "gru-reset-after", C),  # n = 1 or U_n diagonal, and c_n = 0
    ("gru-z-takes-new", "gru-reset-after", C),
    ("gru", "gru1", C),  # W_z = W_r = 0
    ("gru", "gru2", C),
    ("gru", "gru3", C),
    ("gru1", "gru2", C),  # b_z = b_r = 0
    ("gru2", "gru3", D),  # gates of the state alone, and constant gates
    ("gru", "mgu", C),  # r = 1 - z: the gates tied
    ("gru", "ugrnn", D),  # no reset
    ("gru", "ligru", D),
    ("gru", "lstm", D),
    ("gru", "rnn", D),
    ("gru", "mut1", D),
    ("mgu", "mgu1", C),
    ("mgu", "mgu2", C),
    ("mgu", "ugrnn", D),
    ("mgu", "minimal-rnn", D),
    ("ugrnn", "janet", C),  # beta = 0
    ("ugrnn", "ligru", D),  # tanh and relu
    ("ugrnn", "rhn", D),
    ("lstm", "lstm", S),
    ("lstm", "lstm-concat", E),
    ("lstm", "lstm-peephole", C),  # p = 0
    ("lstm-concat", "lstm-peephole", C),
    ("lstm", "lstm-coupled", C),  # i = 1 - f: the parameters tied
    ("lstm-coupled", "lstm-peephole", C),
    ("lstm", "lstm-1997", D),  # no sigmoid is ever 1
    ("lstm", "lstm-projected", D),
    ("lstm", "lstm-no-output-activation", D),
    ("lstm", "janet", D),
    ("lstm", "ran", D),
    ("lstm", "multiplicative-lstm", D),
    ("lstm-1997", "lstm-no-forget-gate", C),  # p = 0
    ("lstm-peephole", "lstm-no-input-gate", D),
    ("rnn", "rnn", S),
    ("rnn", "rnn-relu", D),
    ("rnn", "rnn-sigmoid", D),
    ("rnn", "linear-rnn", D),
    ("rnn", "leaky-rnn", C),  # alpha = 1
    ("rnn", "jordan-rnn", D),
    ("rnn", "indrnn", D),
    ("rnn-relu", "indrnn", C),  # U diagonal
    ("linear-rnn", "lru", C),  # U diagonal, b = 0
    ("brc", "nbrc", C),
    ("min-gru", "t-rnn", C),
    ("sru", "t-rnn", D),  # one has an output beside its state
]


@pytest.mark.parametrize(("first", "second", "verdict"), TABLE)
def test_verdict_is_that_of_the_table(first: str, second: str, verdict: str) -> None:
    assert sg.compare(first, second).verdict == verdict
    assert sg.compare(second, first).verdict == verdict


PROVED = [(a, b) for a, b, verdict in TABLE if verdict in (E, S)]


@pytest.mark.parametrize(("first", "second"), PROVED)
def test_a_map_holds_in_numbers_for_three_steps_and_their_jacobians(
    first: str, second: str
) -> None:
    found = sg.compare(first, second)
    one, other = found.first, found.second
    rng = np.random.default_rng(7)
    n = 3
    three = dict.fromkeys(one.sizes.values(), n)
    params = {
        p.name: rng.normal(size=[int(s.subs(three)) for s in p.shape])
        for p in one.parameters.values()
    }
    there = found.parameters(params)
    x = rng.normal(size=(3, n))
    states = {s: rng.normal(size=n) for s in one.states}
    translated = {s: states[found.map.states[s]] for s in other.states}
    for state in other.states:
        mine = found.map.states[state]
        left = sg.lambdify(one, variable(mine))(params, x=x[0], **states)
        right = sg.lambdify(other, variable(state))(there, x=x[0], **translated)
        np.testing.assert_allclose(left, right, rtol=1e-12)
        left_j = sg.lambdify(one, sg.jacobian(one, mine, mine, lag=3))
        right_j = sg.lambdify(other, sg.jacobian(other, state, state, lag=3))
        np.testing.assert_allclose(
            left_j(params, x=_last(x, left_j), **states),
            right_j(there, x=_last(x, right_j), **translated),
            rtol=1e-9,
            atol=1e-12,
        )


@pytest.mark.parametrize(("first", "second"), [(a, b) for a, b, v in TABLE if v == D])
def test_a_counterexample_really_differs(first: str, second: str) -> None:
    example = sg.compare(first, second).counterexample
    assert example is not None
    assert example.n <= 2
    assert example.step == 1
    one, other = example.cells
    there = next(b for b, a in example.names.items() if a == example.name)
    left = sg.lambdify(one, variable(example.name))
    right = sg.lambdify(other, variable(there))
    value = left(example.first_parameters, **_needed(left, example.variables))
    value_there = right(example.second_parameters, **_needed(right, example.second_variables))
    at = example.component - 1
    assert value[at] == pytest.approx(example.first)
    assert value_there[at] == pytest.approx(example.second)
    assert abs(value[at] - value_there[at]) > 1e-8


def _last(x, f):  # type: ignore[no-untyped-def]
    return x[-f.steps :]


def _needed(f, arrays):  # type: ignore[no-untyped-def]
    return {name: value for name, value in arrays.items() if name in f.needs}


def test_conditions_are_named() -> None:
    found = sg.compare("gru", "gru-reset-after")
    assert found.conditions == (("n = 1", "c_n = 0"), ("U_n diagonal", "c_n = 0"))
    assert found.counterexample is not None
    assert sg.compare("lstm", "lstm-coupled").conditions == (
        ("W_i = -W_f", "U_i = -U_f", "b_i = -b_f"),
    )


def test_the_map_tells_the_complemented_gate_and_the_stacked_matrix() -> None:
    found = sg.compare("gru", "gru-concat")
    assert found.map.gates == {"z": "1 - z", "r": "r", "n": "n"}
    assert found.map.parameters["W_z"] == "[-U_z, -W_z]"
    assert found.map.parameters["W_r"] == "[U_r, W_r]"


def test_two_biases_are_one() -> None:
    two = sg.Cell.from_text("h[t] = tanh(W @ x[t] + b + U @ h[t-1] + c)", "two")
    assert sg.compare("rnn", two).verdict == "equal"
    assert sg.compare(two, "rnn").map.parameters["b"] == "b + c"


def test_names_states_and_order_do_not_matter() -> None:
    other = sg.Cell.from_text(
        """
        s[t] = (1 - g[t]) * cand[t] + g[t] * s[t-1]
        g[t] = sigmoid(v + B @ s[t-1] + A @ u[t])
        cand[t] = tanh(P @ u[t] + Q @ (q[t] * s[t-1]) + w)
        q[t] = sigmoid(R @ s[t-1] + S @ u[t] + k)
        """
    )
    found = sg.compare("gru", other)
    assert found.verdict == "identical"
    assert found.map.gates == {"g": "z", "q": "r", "cand": "n"}


def test_sigmoid_is_a_tanh() -> None:
    other = sg.Cell.from_text("h[t] = (1 + tanh((W @ x[t] + U @ h[t-1] + b) / 2)) / 2")
    assert sg.compare("rnn-sigmoid", other).verdict == "identical"


def test_row_vectors_and_transposes_are_maps_of_the_parameters() -> None:
    rows = sg.Cell.from_text("h[t] = tanh(x[t] @ W + h[t-1] @ U + b)")
    found = sg.compare("rnn", rows)
    assert found.verdict == "equal"
    assert found.map.parameters == {"W": "W.T", "U": "U.T", "b": "b"}


def test_a_doubled_state_is_one() -> None:
    other = sg.Cell.from_text(
        """
        f[t] = sigmoid(W_f @ x[t] + U_f @ h[t-1] + b_f)
        g[t] = tanh(W_g @ x[t] + U_g @ h[t-1] + b_g)
        c[t] = f[t] * c[t-1] + (1 - f[t]) * g[t]
        h[t] = c[t]
        """
    )
    assert sg.compare("ugrnn", other).verdict == "identical"


def test_quotients_are_compared_exactly() -> None:
    one = sg.Cell.from_text(
        """
        f[t] = sigmoid(W_f @ x[t] + b_f)
        i[t] = sigmoid(W_i @ x[t] + b_i)
        h[t] = (f[t] * h[t-1] + i[t] * (W_n @ x[t] + b_n)) / (f[t] + i[t])
        """
    )
    assert sg.compare("min-lstm", one)


def test_a_lost_factor_is_seen() -> None:
    other = sg.Cell.from_text(
        """
        z[t] = sigmoid(W_z @ x[t] + U_z @ h[t-1] + b_z)
        n[t] = tanh(W_n @ x[t] + U_n @ h[t-1] + b_n)
        h[t] = z[t] * h[t-1] + (1 - z[t]) * n[t] / 2
        """
    )
    found = sg.compare("ugrnn", other)
    assert found.verdict == "different"
    assert found.counterexample.jacobians.lag == 1


def test_a_cell_that_grows_too_large_is_undecided_and_says_so() -> None:
    lines = ["a[t] = tanh(W @ x[t] + U @ h[t-1])"]
    for i in range(1, 14):
        before = "a" if i == 1 else f"a{i - 1}"
        lines.append(f"a{i}[t] = ({before}[t] + h[t-1] + x[t]) * ({before}[t] + x[t] + b{i})")
    lines.append("h[t] = a13[t]")
    found = sg.compare(sg.Cell.from_text("\n".join(lines)), "rnn")
    assert found.verdict == "undecided"
    assert found.reason


def test_the_result_is_data() -> None:
    data = sg.compare("gru", "gru-reset-after").to_dict()
    assert data["verdict"] == "conditional"
    assert data["counterexample"]["jacobians"]["lag"] == 1


def test_no_two_zoo_cells_of_one_family_are_undecided() -> None:
    from symgate.cells import entries

    for family in ("rnn", "mgu", "linear"):
        cells = [e.name for e in entries().values() if e.family == family]
        for a, b in combinations(cells, 2):
            found = sg.compare(a, b)
            assert found.verdict != "undecided", (a, b)
            assert found.verdict in (E, S) or found.counterexample is not None
