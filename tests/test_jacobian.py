"""Jacobians against four oracles: what people write, SymPy, many digits, and dual numbers."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import mpmath
import numpy as np
import pytest
import sympy as sp

import symgate as sg
from symgate.algebra.vectors import variable
from tests.chosen import CELLS, in_turn
from tests.exact import Components, Decimals, Meaning, Residues, composed, is_exact
from tests.oracles import Sample, sample
from tests.random_cells import random_cell

LAGS = (1, 2, 3, 4)


RNN = {("h", "h"): ("diag(1 - h_t²) U", r"\operatorname{diag}(1 - h_t^{2}) \, U")}
GRU = {
    ("h", "h"): (
        "diag(z_t) + diag((h_{t-1} - n_t) ⊙ z_t ⊙ (1 - z_t)) U_z"
        " + diag((1 - z_t) ⊙ (1 - n_t²)) U_n diag(r_t)"
        " + diag((1 - z_t) ⊙ (1 - n_t²)) U_n diag(h_{t-1} ⊙ r_t ⊙ (1 - r_t)) U_r",
        r"\operatorname{diag}(z_t)"
        r" + \operatorname{diag}((h_{t-1} - n_t) \odot z_t"
        r" \odot (1 - z_t)) \, U_z"
        r" + \operatorname{diag}((1 - z_t)"
        r" \odot (1 - n_t^{2})) \, U_n \operatorname{diag}(r_t)"
        r" + \operatorname{diag}((1 - z_t)"
        r" \odot (1 - n_t^{2})) \, U_n"
        r" \operatorname{diag}(h_{t-1} \odot r_t \odot (1 - r_t)) \, U_r",
    )
}
LSTM = {
    ("c", "c"): ("diag(f_t)", r"\operatorname{diag}(f_t)"),
    ("h", "c"): (
        "diag(o_t ⊙ (1 - tanh(c_t)²) ⊙ f_t)",
        r"\operatorname{diag}(o_t \odot (1 - \tanh^{2}(c_t))"
        r" \odot f_t)",
    ),
    ("c", "h"): (
        "diag(c_{t-1} ⊙ f_t ⊙ (1 - f_t)) U_f + diag(g_t ⊙ i_t ⊙ (1 - i_t)) U_i"
        " + diag(i_t ⊙ (1 - g_t²)) U_g",
        r"\operatorname{diag}(c_{t-1} \odot f_t \odot (1 - f_t)) \, U_f"
        r" + \operatorname{diag}(g_t \odot i_t \odot (1 - i_t)) \, U_i"
        r" + \operatorname{diag}(i_t \odot (1 - g_t^{2})) \, U_g",
    ),
    ("h", "h"): (
        "diag(tanh(c_t) ⊙ o_t ⊙ (1 - o_t)) U_o"
        " + diag(o_t ⊙ (1 - tanh(c_t)²) ⊙ c_{t-1} ⊙ f_t ⊙ (1 - f_t)) U_f"
        " + diag(o_t ⊙ (1 - tanh(c_t)²) ⊙ g_t ⊙ i_t ⊙ (1 - i_t)) U_i"
        " + diag(o_t ⊙ (1 - tanh(c_t)²) ⊙ i_t ⊙ (1 - g_t²)) U_g",
        r"\operatorname{diag}(\tanh(c_t) \odot o_t"
        r" \odot (1 - o_t)) \, U_o"
        r" + \operatorname{diag}(o_t \odot (1 - \tanh^{2}(c_t))"
        r" \odot c_{t-1} \odot f_t \odot (1 - f_t)) \, U_f"
        r" + \operatorname{diag}(o_t \odot (1 - \tanh^{2}(c_t))"
        r" \odot g_t \odot i_t \odot (1 - i_t)) \, U_i"
        r" + \operatorname{diag}(o_t \odot (1 - \tanh^{2}(c_t))"
        r" \odot i_t \odot (1 - g_t^{2})) \, U_g",
    ),
}
PRINTED = [
    pytest.param(name, block, *shown, id=f"{name}-{'-'.join(block)}")
    for name, blocks in {"rnn": RNN, "gru": GRU, "lstm": LSTM}.items()
    for block, shown in blocks.items()
]


# -- what people write -----------------------------------------------------------------------


@pytest.mark.parametrize(("name", "block", "text", "latex"), PRINTED)
def test_prints_as_on_a_board(name: str, block: tuple[str, str], text: str, latex: str) -> None:
    jacobian = sg.jacobian(sg.cell(name), *block)
    assert str(jacobian) == text
    assert sg.text(jacobian) == text
    assert sg.latex(jacobian) == latex


def test_lag_two_carries_its_time_indices() -> None:
    assert str(sg.jacobian(sg.cell("rnn"), lag=2)) == "diag(1 - h_t²) U diag(1 - h_{t-1}²) U"
    now, before = (
        f"diag(z_{t}) + diag((h_{{{past}}} - n_{t}) ⊙ z_{t} ⊙ (1 - z_{t})) U_z"
        f" + diag((1 - z_{t}) ⊙ (1 - n_{t}²)) U_n diag(r_{t})"
        f" + diag((1 - z_{t}) ⊙ (1 - n_{t}²)) U_n diag(h_{{{past}}} ⊙ r_{t} ⊙ (1 - r_{t})) U_r"
        for t, past in (("t", "t-1"), ("{t-1}", "t-2"))
    )
    assert str(sg.jacobian(sg.cell("gru"), lag=2)) == f"({now}) ({before})"
    assert str(sg.jacobian(sg.cell("lstm-coupled"), of="c", wrt="c", lag=2)) == (
        "[diag((c_{t-1} - g_t) ⊙ f_t ⊙ (1 - f_t)) U_f + diag(i_t ⊙ (1 - g_t²)) U_g, diag(f_t)]"
        " [diag(o_{t-1} ⊙ (1 - tanh(c_{t-1})²) ⊙ f_{t-1}); diag(f_{t-1})]"
    )


def test_symbolic_lag_is_a_product() -> None:
    rnn = sg.cell("rnn")
    product = sg.jacobian(rnn, lag="k")
    assert str(product) == "∏_{j=0}^{k-1} [diag(1 - h_{t-j}²) U]"
    assert sg.latex(product) == (
        r"\prod_{j=0}^{k-1} \left[\operatorname{diag}(1 - h_{t-j}^{2}) \, U\right]"
    )
    assert str(sg.jacobian(rnn, wrt="x", lag="k")) == (
        "∏_{j=0}^{k-1} [diag(1 - h_{t-j}²) U] diag(1 - h_{t-k}²) W"
    )
    assert str(sg.jacobian(rnn, of="a_h", lag="k")) == ("U ∏_{j=0}^{k-2} [diag(1 - h_{t-j-1}²) U]")
    lag = sp.Symbol("lag", integer=True, positive=True)
    assert sg.jacobian(rnn, lag=lag).free_symbols >= {lag}
    with pytest.raises(sg.SymgateError, match="j is the index over which the product of the steps"):
        sg.jacobian(rnn, lag="j")


@pytest.mark.parametrize("name", ["rnn", "gru", "mgu", "leaky-rnn"])
def test_symbolic_lag_becomes_the_integer_one(name: str) -> None:
    cell = sg.cell(name)
    assert sg.jacobian(cell, lag="k").subs("k", 3) == sg.jacobian(cell, lag=3)
    assert sg.jacobian(cell, lag="k").subs("k", 3).doit() == sg.jacobian(cell, lag=3).doit()


@pytest.mark.parametrize("name", ["gru", "lstm", "lstm-projected", "lstm-full-gate-recurrence"])
def test_symbolic_lag_has_the_same_value(name: str) -> None:
    """Every kind of block, where the two forms differ: exactly, modulo a prime."""
    cell = sg.cell(name)
    component = Components(cell, Residues())
    names = [*cell.equations, *cell.inputs]
    for lag in (1, 2, 3):
        meaning = component.vectors([component.start] * (lag + 1))
        for of, wrt in [*_covering(cell.equations, names, lag), ("h", "h")]:
            product = sg.jacobian(cell, of, wrt, lag="k").subs("k", lag)
            written_out = sg.jacobian(cell, of, wrt, lag=lag)
            assert meaning.matrix(product) == meaning.matrix(written_out)


# -- SymPy -----------------------------------------------------------------------------------


def _covering(ofs: Iterable[str], wrts: Iterable[str], turn: int = 0) -> list[tuple[str, str]]:
    """Pairs in which each name stands at least once; other pairs at each turn."""
    rows, columns = list(ofs), list(wrts)
    count = max(len(rows), len(columns)) if columns else 0
    return [(rows[i % len(rows)], columns[(i + turn) % len(columns)]) for i in range(count)]


def assert_equals_sympy(cell: sg.Cell) -> None:
    """Every block of one step is SymPy's own `Matrix.jacobian` of the component form.

    Where activations are polynomial in their values, both are evaluated modulo a prime with
    a random function for each activation: equal there means equal as rational functions.
    Where a cell holds exp, a root or |a|, whose laws a random function does not obey, both
    are evaluated at a random rational point with 60 digits and agree to 1e-35.
    """
    if is_exact(cell):
        _compare_with_sympy(Components(cell, Residues()))
    else:
        with mpmath.workdps(60):
            _compare_with_sympy(Components(cell, Decimals()))


def _compare_with_sympy(components: Components) -> None:
    cell, numbers = components.cell, components.numbers
    engine = components.vectors([components.start])
    component_form = Meaning(numbers, components.symbols, {})
    for of in cell.equations:
        column = components.explicit.values[of]
        for got, entry in zip(engine.vector(variable(of)), column, strict=True):
            assert numbers.equal(got, component_form.vector(entry)), of
    small = [name for name, p in cell.parameters.items() if p.kind != "matrix"]
    by_variable = [(of, wrt) for of in cell.equations for wrt in (*cell.states, *cell.inputs)]
    for of, wrt in [*by_variable, *_covering(cell.equations, small)]:
        symbols = components.columns.get(wrt) or list(components.explicit.parameters[wrt])
        expected = components.explicit.values[of].jacobian(sp.Matrix(symbols))
        found = engine.matrix(sg.jacobian(cell, of, wrt))
        assert (len(found), len(found[0])) == expected.shape
        for i, row in enumerate(found):
            for j, entry in enumerate(row):
                wanted = component_form.vector(expected[i, j])
                assert numbers.equal(entry, wanted), f"∂{of}/∂{wrt}[{i}, {j}] of\n{cell}"


@pytest.mark.parametrize("name", CELLS)
def test_zoo_equals_sympy(name: str) -> None:
    assert_equals_sympy(sg.cell(name))


@pytest.mark.parametrize("seed", range(25))
def test_random_cells_equal_sympy(seed: int) -> None:
    assert_equals_sympy(random_cell(Random(seed)))


# -- high precision --------------------------------------------------------------------------


@pytest.mark.parametrize("name", in_turn(CELLS, 10))
def test_zoo_equals_differences_of_the_composed_cell(name: str) -> None:
    """Lags 1 to 4: the component form, composed with itself and differentiated by nothing
    but central differences with 120 digits and a step of 1e-40."""
    cell = sg.cell(name)
    with mpmath.workdps(120):
        components = Components(cell, Decimals(), n=2 if len(cell.states) < 3 else 1)
        difference, steps = composed(components, max(LAGS))
        for lag in LAGS:
            for of, wrt in _covering(cell.equations, [*cell.states, *cell.inputs], lag):
                engine = components.vectors(steps[: lag + (wrt in cell.inputs)])
                found = engine.matrix(sg.jacobian(cell, of, wrt, lag))
                expected = difference(of, wrt, lag)
                for got, wanted in zip(found, expected, strict=True):
                    assert all(map(components.numbers.equal, got, wanted)), (of, wrt, lag)


# -- duals -----------------------------------------------------------------------------------


def assert_close(found: np.ndarray, expected: np.ndarray, message: str = "") -> None:
    """Equal to 1e-12 of the largest entry; entries that are zero by cancellation, to 1e-15."""
    assert found.shape == expected.shape, message
    largest = np.abs(expected).max(initial=0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * largest + 1e-15,
                               err_msg=message)  # fmt: skip


def assert_equals_duals(
    cell: sg.Cell, numbers: Sample, pairs: dict[int, list[tuple[str, str]]]
) -> None:
    """The blocks that are asked for, by lag, equal those of the duals."""
    jacobian = numbers.text.jacobians(*numbers.given)
    for lag, blocks in pairs.items():
        for of, wrt in blocks:
            compiled = sg.lambdify(cell, sg.jacobian(cell, of, wrt, lag))
            last = lag - 1 if wrt in cell.states and lag else lag
            found = compiled(numbers.parameters, **numbers.window(compiled.steps, last))
            assert_close(found, jacobian(of, wrt, lag), f"∂{of}/∂{wrt} at lag {lag} of\n{cell}")


def _blocks(cell: sg.Cell, numbers: Sample) -> dict[int, list[tuple[str, str]]]:
    """All pairs of names within a step, of states beyond, and a covering of the rest.

    A cell of many names has some of the pairs within a step, other ones each day; one of many
    states a fourth of their pairs at each lag.
    """
    known = sg.linearise(cell).nodes
    pre = [name for name in numbers.text.pre_activations if name in known]
    ofs, wrts = [*cell.equations, *pre], [*cell.equations, *pre, *cell.inputs]
    within = [(of, wrt) for of in ofs for wrt in wrts]
    pairs = {0: in_turn(within, 60) if len(within) > 60 else within}
    for lag in LAGS:
        states = [(of, wrt) for of in cell.states for wrt in cell.states]
        if len(states) > 4:
            states = states[lag - 1 :: len(LAGS)]
        pairs[lag] = list(dict.fromkeys([*states, *_covering(ofs, wrts, lag)]))
    return pairs


@pytest.mark.parametrize("name", CELLS)
def test_zoo_equals_duals(name: str) -> None:
    cell = sg.cell(name)
    numbers = sample(cell, seed=1, steps=max(LAGS) + 1)
    assert_equals_duals(cell, numbers, _blocks(cell, numbers))


@pytest.mark.parametrize("seed", range(100, 128))  # test_every_verb.py has those before
def test_random_cells_by_duals(seed: int) -> None:
    """Each cell over one step, and within a step or over two, three or four in turn."""
    cell, lag = random_cell(Random(seed)), (0, *LAGS[1:])[seed % 4]
    numbers = sample(cell, seed=1, steps=lag + 2)
    if max(np.abs(value).max() for at in numbers.values for value in at.values()) > 1e4:
        return
    names = [*cell.equations, *cell.inputs] if lag == 0 else [*cell.states, *cell.inputs]
    pairs = {
        1: _covering(cell.equations, cell.states, lag),
        lag: _covering(cell.equations, names, lag),
    }
    assert_equals_duals(cell, numbers, pairs)


# -- arithmetic and SymPy's own printers ------------------------------------------------------


@pytest.mark.parametrize("name", ["rnn", "gru", "lstm"])
def test_arithmetic_on_jacobians_is_that_of_their_values(name: str) -> None:
    cell = sg.cell(name)
    params = sg.init(cell, hidden=3, input=2, seed=0)
    rng = np.random.default_rng(0)
    given = {s: rng.normal(size=3) for s in cell.states} | {"x": rng.normal(size=2)}
    step = sg.jacobian(cell)
    value = sg.lambdify(cell, step)(params, **given)
    for expression, expected in (
        (step.T, value.T), (2 * step - step.T, 2 * value - value.T), (step**2, value @ value),
        (-step / 3, -value / 3), (step * step.T, value @ value.T), ((step / 3).evalf(), value / 3),
        (step.inv(), np.linalg.inv(value)), (step**-2, np.linalg.matrix_power(value, -2)),
        ((step * (step - 2 * step.T)).expand(), value @ (value - 2 * value.T)),
    ):  # fmt: skip
        found = sg.lambdify(cell, expression)(params, **given)
        np.testing.assert_allclose(found, expected, 1e-9, 1e-12)


@pytest.mark.parametrize("name", in_turn(sg.zoo, 30))
def test_sympy_prints_every_object(name: str) -> None:
    cell = sg.cell(name)
    of = cell.states[0]
    objects = [
        sg.jacobian(cell, of, of),
        sg.jacobian(cell, of, of, lag="k"),
        *cell.equations.values(),
    ]
    for e in objects:
        assert sp.pretty(e)
        assert sp.latex(e)
    if isinstance(objects[0], sp.Identity):  # SymPy's own, in its own style
        return
    assert sp.latex(objects[0]) == sg.latex(objects[0])
    assert sp.pretty(objects[0], wrap_line=False) == sg.text(objects[0])


def test_no_class_of_ours_has_a_name_of_sympy() -> None:
    from symgate.algebra import marks, norms, operators, printing, text, vectors

    for module in (marks, norms, operators, printing, text, vectors):
        own = {
            n
            for n, v in vars(module).items()
            if isinstance(v, type) and v.__module__ == module.__name__
        }
        assert not own & set(dir(sp)), module.__name__


def test_twice_turned_a_multiple_of_a_matrix_is_itself() -> None:
    """SymPy's abs turns signs until nothing changes; it would never have ended on a product."""
    triple = sg.jacobian(sg.Cell.from_text("h[t] = (3 * B) @ h[t-1]"))
    opposite = -triple
    assert opposite != triple
    assert -opposite == triple
    cell = sg.Cell.from_text("h[t] = abs(h[t-1] * (3 * B @ x[t]))")
    rng = np.random.default_rng(0)
    params, x, h = {"B": rng.normal(size=(2, 3))}, rng.normal(size=(1, 3)), rng.normal(size=2)
    found = sg.simulate(cell, params, x, {"h": h})["h"][0]
    np.testing.assert_allclose(found, abs(h * (3 * params["B"] @ x[0])))
