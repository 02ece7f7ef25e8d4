"""What is wrong with numbers from outside is named before anything is computed with them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symgate as sg
from tests.chosen import CELLS
from tests.numbers import numbers

GRU = sg.cell("gru")
PARAMS = sg.init(GRU, 4, 2)
X = np.random.default_rng(0).normal(size=(10, 2))
NO_INPUT = sg.Cell.from_text("h[t] = tanh(U @ h[t-1])", name="free")
TWO = sg.Cell.from_text("h[t] = tanh(U @ h[t-1] + W @ x[t] + V @ u[t])", name="two")
LINEAR = sg.cell("linear-rnn")


def with_(**changed: Any) -> dict[str, Any]:
    return {**PARAMS, **changed}


def without(name: str) -> dict[str, Any]:
    return {key: array for key, array in PARAMS.items() if key != name}


def at(array: Any, place: tuple[int, ...], value: float) -> Any:
    changed = array.copy()
    changed[place] = value
    return changed


# -- parameters ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (with_(U_z=np.ones((3, 4))), r"U_z has shape (3, 4); expected (n, n) = (4, 4)"),
        (with_(W_z=np.ones((5, 2))), r"W_z has shape (5, 2); expected (n, m) = (4, 2)"),
        (with_(W_n=np.ones((4, 3))), r"W_n has shape (4, 3); expected (n, m) = (4, 2)"),
        (with_(b_z=np.ones(5)), r"b_z has shape (5,); expected (n,) = (4,)"),
        (with_(b_z=np.ones((4, 1))), "b_z has shape (4, 1); expected (n,)"),
        (with_(b_z=1.0), "b_z has shape (); expected (n,)"),
        (with_(U_z=np.ones(4)), "U_z has shape (4,); expected (n, n)"),
        (with_(U_z=np.ones((2, 4, 4))), "U_z has shape (2, 4, 4); expected (n, n)"),
        (without("U_r"), "gru needs the parameter 'U_r', which is not given"),
        (with_(Uz=1), "'Uz' is not a parameter of gru; did you mean 'U_z'?"),
        ({**PARAMS, 3: 1}, "3 is not a parameter of gru; choose from 'U_n', 'U_r'"),
        (None, "parameters must be a mapping of names to arrays, not NoneType"),
        ([X], "parameters must be a mapping of names to arrays, not list"),
        (with_(U_z=at(PARAMS["U_z"], (2, 1), np.nan)), "U_z[2, 1] is nan; expected finite"),
        (with_(b_n=at(PARAMS["b_n"], (3,), -np.inf)), "b_n[3] is -inf; expected finite"),
        (with_(b_n=np.full(4, 10**400)), "b_n holds object values; expected real numbers"),
        (with_(b_n=np.array(["1"] * 4)), "b_n holds <U1 values; expected real numbers"),
        (with_(b_n=np.ones(4, complex)), "b_n holds complex128 values; expected real"),
        (with_(b_n=np.ones(4, bool)), "b_n holds bool values; expected real numbers"),
        (with_(b_n=None), "b_n must be an array of real numbers, not None"),
        (with_(U_z=[[1.0, 2], [3]]), "U_z is not an array: its rows have different lengths"),
    ],
)
def test_parameters(params: Any, message: str) -> None:
    with pytest.raises(sg.ShapeError) as error:
        sg.simulate(GRU, params, X)
    assert message in str(error.value)
    with pytest.raises(sg.ShapeError):
        sg.lambdify(GRU, sg.jacobian(GRU))(params, x=X[0], h=np.ones((4, 4)))


def test_a_scalar_is_no_vector() -> None:
    cell = sg.cell("leaky-rnn")
    params = {**sg.init(cell, 4, 2), "alpha": np.ones(4)}
    with pytest.raises(sg.ShapeError, match=r"alpha has shape \(4,\); expected \(\)"):
        sg.simulate(cell, params, X)


@pytest.mark.parametrize("name", CELLS)
def test_every_parameter_of_every_cell_is_checked(name: str) -> None:
    """One row more, or a value that is not finite: the parameter is named."""
    drawn = numbers(sg.cell(name), n=4, m=4 if "m" not in sg.cell(name).sizes else 3)
    for key, array in drawn.params.items():
        if array.ndim:
            spoilt = {**drawn.params, key: np.full(array.shape, np.nan)}
            with pytest.raises(sg.ShapeError) as error:
                sg.simulate(drawn.cell, spoilt, drawn.inputs)
            assert str(error.value).startswith(f"{key}[")
        changed = {**drawn.params, key: np.ones((*array.shape, 1))}
        with pytest.raises(sg.ShapeError) as error:
            sg.simulate(drawn.cell, changed, drawn.inputs)
        assert str(error.value).startswith(f"{key} has shape {(*array.shape, 1)}; expected (")


# -- inputs and states --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.ones((10, 3)), "x has shape (10, 3); expected (…, m) = (…, 2) as for the other"),
        (np.ones(10), "x has shape (10,); expected (steps, m) or (steps, samples, m)"),
        (np.ones((1, 1, 1, 2)), "x has shape (1, 1, 1, 2); expected (steps, m) or"),
        (1.0, "x has shape (); expected (steps, m) or (steps, samples, m)"),
        (np.ones((0, 2)), "a sequence needs at least one step; x has 0"),
        (np.ones((0, 3, 2)), "a sequence needs at least one step; x has 0"),
        (None, "the input x of gru is not given"),
        ({}, "the input x of gru is not given"),
        ({"y": X}, "'y' is not an input of gru"),
        ({"x": X, "u": X}, "'u' is not an input of gru"),
        (at(X, (3, 1), np.inf), "x[3, 1] is inf; expected finite numbers"),
        (at(np.ones((5, 4, 2)), (4, 2, 0), np.nan), "x[4, 2, 0] is nan; expected finite"),
        (X.astype(object), "x holds object values; expected real numbers"),
        (X > 0, "x holds bool values; expected real numbers"),
        (X.astype(complex), "x holds complex128 values; expected real numbers"),
        ("abc", "x holds <U3 values; expected real numbers"),
        (np.zeros((3, 2), "datetime64[s]"), "x holds datetime64[s] values; expected real"),
        ([[1.0, 2], [3]], "x is not an array: its rows have different lengths"),
    ],
)
def test_the_input(x: Any, message: str) -> None:
    with pytest.raises(sg.ShapeError) as error:
        sg.simulate(GRU, PARAMS, x)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"hh": np.ones(4)}, "'hh' is not a state of gru; did you mean 'h'?"),
        ({"h": np.ones(5)}, "the initial h has shape (5,); expected (n,) = (4,)"),
        ({"h": np.ones((2, 4))}, "the initial h has shape (2, 4); expected (n,) or (3, n), for 3"),
        ({"h": np.ones((1, 3, 4))}, "the initial h has shape (1, 3, 4); expected (n,) or (3, n)"),
        ({"h": 1.0}, "the initial h has shape (); expected (n,)"),
        ({"h": at(np.ones(4), (2,), np.nan)}, "the initial h[2] is nan; expected finite numbers"),
        ({"h": None}, "the initial h must be an array of real numbers, not None"),
        (np.ones(4), "state must be a mapping of states to arrays, not ndarray"),
    ],
)
def test_the_state_before(state: Any, message: str) -> None:
    with pytest.raises(sg.ShapeError) as error:
        sg.simulate(GRU, PARAMS, np.ones((10, 3, 2)), state)
    assert message in str(error.value)


def test_the_state_of_a_single_sequence_has_no_samples() -> None:
    with pytest.raises(sg.ShapeError, match=r"h has shape \(2, 4\); expected \(n,\)$"):
        sg.simulate(GRU, PARAMS, X, {"h": np.ones((2, 4))})


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (None, "free has no input; say how many steps to run with steps=…"),
        (0, "steps must be a whole number, 1 or more, not 0"),
        (-1, "steps must be a whole number, 1 or more, not -1"),
        (2.5, "steps must be a whole number, 1 or more, not 2.5"),
        (True, "steps must be a whole number, 1 or more, not True"),
        ("3", "steps must be a whole number, 1 or more, not '3'"),
    ],
)
def test_steps(steps: Any, message: str) -> None:
    with pytest.raises(sg.SymgateError) as error:
        sg.simulate(NO_INPUT, {"U": np.eye(3)}, steps=steps, state={"h": np.ones(3)})
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (X, "two has the inputs x, u; give a mapping of names to arrays"),
        ({"x": X}, "the input u of two is not given"),
        ({"x": X, "u": X[:9]}, "x has 10 steps and u has 9 steps; all inputs go together"),
        ({"x": X, "u": X[:, None]}, "x has no axis of samples and u has 1 samples"),
        ({"x": X, "u": np.ones((10, 3))}, "u has shape (10, 3); expected (…, p) = (…, 2)"),
    ],
)
def test_several_inputs(x: Any, message: str) -> None:
    params = sg.init(TWO, 3, 2, sizes={"p": 2})
    with pytest.raises(sg.ShapeError) as error:
        sg.simulate(TWO, params, x)
    assert message in str(error.value)


def test_steps_beside_an_input_and_an_input_where_none_is_taken() -> None:
    assert sg.simulate(GRU, PARAMS, X, steps=10).steps == 10
    with pytest.raises(sg.ShapeError, match="the option steps has 9 steps and x has 10 steps"):
        sg.simulate(GRU, PARAMS, X, steps=9)
    with pytest.raises(sg.ShapeError, match="free has no input; leave x out and say steps=…"):
        sg.simulate(NO_INPUT, {"U": np.eye(3)}, X)


def test_integers_are_converted_and_said_so() -> None:
    whole = np.arange(20).reshape(10, 2) % 3
    expected = sg.simulate(GRU, PARAMS, whole.astype(float))["h"]
    with pytest.warns(UserWarning, match="^x held integers; they were taken as float64$") as said:
        run = sg.simulate(GRU, PARAMS, whole)
    assert said[0].filename == __file__  # the caller's line, not one of symgate's
    np.testing.assert_array_equal(run["h"], expected)
    with pytest.warns(UserWarning, match="^U_z, x, h held integers; they were taken as float64$"):
        run = sg.simulate(
            GRU, with_(U_z=np.eye(4, dtype=int)), whole.tolist(), {"h": np.ones(4, np.uint8)}
        )
    assert run["h"].dtype == np.float64
    single = {name: array.astype(np.float32) for name, array in PARAMS.items()}
    with pytest.warns(UserWarning, match="taken as float64"):
        assert sg.simulate(GRU, single, whole)["h"].dtype == np.float64


def test_other_floats_are_taken_as_double() -> None:
    for kind in (np.float16, np.longdouble, ">f8"):
        run = sg.simulate(GRU, PARAMS, X.astype(kind))
        assert run["h"].dtype == np.float64
        assert run["h"].dtype.isnative
    with pytest.raises(sg.ShapeError, match=r"x\[0, 0\] is inf"):
        sg.simulate(GRU, PARAMS, np.full((3, 2), np.longdouble("1e4000")))


# -- what explodes ------------------------------------------------------------------------------


def growing(factor: float, dtype: Any = float) -> dict[str, Any]:
    params = {"U": factor * np.eye(2), "W": np.ones((2, 1)), "b": np.zeros(2)}
    return {name: array.astype(dtype) for name, array in params.items()}


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize("samples", [None, 1, 90])
def test_the_step_of_overflow_is_named(checkpoint: bool, samples: int | None) -> None:
    """h_t = 2^(t+1) - 1 is first beyond the range of floats at step 1023."""
    shape = (1500, 1) if samples is None else (1500, samples, 1)
    with pytest.raises(sg.Diverged, match=r"the state h of linear-rnn .* step 1023 on \(of 1500\)"):
        sg.simulate(LINEAR, growing(2), np.ones(shape), checkpoint=checkpoint)
    with pytest.raises(sg.Diverged, match=r"from step 127 on"):
        sg.simulate(
            LINEAR, growing(2, np.float32), np.ones(shape, np.float32), checkpoint=checkpoint
        )


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize("line", ["1 / h[t-1]", "h[t-1]**-2", "log(h[t-1]**2)"])
def test_an_infinite_state_is_named_though_the_next_step_forgets_it(
    line: str, checkpoint: bool
) -> None:
    """1/0 was returned as a state, as only the last of many steps was looked at."""
    cell = sg.Cell.from_text(f"h[t] = tanh({line}) + W @ x[t] - 0.1 * ({line})")
    for count in (2, 300):
        with pytest.raises(sg.Diverged, match="the state h of cell is not finite from step 0 on"):
            sg.simulate(cell, {"W": np.ones((3, 1))}, np.ones((count, 1)), checkpoint=checkpoint)


def test_norms_stay_finite_while_the_state_does() -> None:
    run = sg.simulate(LINEAR, growing(2), np.ones((1023, 1)))
    found = sg.lag_norms(run, norm="spectral").log10_norm
    np.testing.assert_allclose(found, np.arange(1024) * np.log10(2), rtol=1e-14)


def test_a_slope_that_overflows_is_named() -> None:
    """The state is finite and its slope is not: nothing is computed through."""
    cell = sg.Cell.from_text("h[t] = sqrt(h[t-1]) - x[t]")
    run = sg.simulate(cell, {}, np.r_[np.zeros(6), 1, np.zeros(6)][:, None], {"h": np.ones(1)})
    message = r"the Jacobian of cell is not finite at step 7 \(of 13\)"
    with pytest.raises(sg.Diverged, match=message):
        sg.lag_norms(run)
    with pytest.raises(sg.Diverged, match=message):
        sg.tangent(run, {"h": np.ones(1)})
    with pytest.raises(sg.Diverged, match="∂L/∂h of cell is not finite from step 11 back"):
        sg.gradients(run, np.ones((13, 1)))
    assert np.isfinite(sg.lag_norms(run, at=6).log10_norm).all()


def test_gradients_that_explode_are_named() -> None:
    run = sg.simulate(LINEAR, growing(2), np.zeros((1500, 1)))
    with pytest.raises(sg.Diverged, match=r"∂L/∂h of linear-rnn .* from step 475 back \(of 1500\)"):
        sg.gradients(run, np.r_[np.zeros((1499, 2)), np.ones((1, 2))])
    found = sg.vector_norms(run, np.array([1.0, 0])).log10_norm
    np.testing.assert_allclose(found, np.arange(1501) * np.log10(2), rtol=1e-13)


# -- losses, vectors, directions ----------------------------------------------------------------


@pytest.fixture(scope="module")
def run() -> sg.Run:
    return sg.simulate(GRU, PARAMS, X)


Call = Callable[[sg.Run], Any]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: r["q"], "a value of gru named 'q' is not known; choose from"),
        (lambda r: sg.gradients(r, np.ones((9, 4))), "∂L/∂h has shape (9, 4); expected (10, 4)"),
        (lambda r: sg.gradients(r, np.ones((10, 4), object)), "∂L/∂h holds object values"),
        (lambda r: sg.gradients(r, "x"), "∂L/∂h holds <U1 values; expected real numbers"),
        (lambda r: sg.gradients(r, np.full((10, 4), np.nan)), "∂L/∂h[0, 0] is nan; expected"),
        (lambda r: sg.gradients(r, X, state="c"), "a state of gru named 'c' is not known"),
        (lambda r: sg.gradients(r, {"c": X}), "a state of gru named 'c' is not known"),
        (lambda r: sg.gradients(r, np.ones((10, 4)))["U_q"], "a gradient by 'U_q' is not known; d"),
        (lambda r: sg.gradients(7, X), "expected a run, such as sg.simulate(…) makes"),
        (lambda r: sg.vector_norms(r, np.ones(5)), "the loss vector has shape (5,); expected (4,)"),
        (lambda r: sg.vector_norms(r, [1.0, 2, np.inf, 0]), "the loss vector[2] is inf"),
        (lambda r: sg.vector_norms(r, ["a"] * 4), "the loss vector holds <U1 values"),
        (lambda r: sg.vector_norms(r, np.ones(4), lags=11), "lag 11 reaches before the start"),
        (lambda r: sg.tangent(r, {"q": np.ones(4)}), "a state of gru named 'q' is not known"),
        (lambda r: sg.tangent(r, {"h": np.ones(5)}), "dh has shape (5,); expected (4,)"),
        (lambda r: sg.tangent(r, {"h": np.full(4, np.nan)}), "dh[0] is nan; expected finite"),
        (lambda r: sg.tangent(r, {"h": ["a"] * 4}), "dh holds <U1 values; expected real"),
        (lambda r: sg.tangent(r, {"h": np.zeros(4)}), "the direction is zero"),
        (lambda r: sg.tangent(r, {}), "the direction is zero"),
        (lambda r: sg.tangent(r, np.ones(4)), "a direction must be a mapping of states to arrays"),
        (lambda r: sg.tangent(r, {"h": np.ones(4)}, since=11), "steps 11 to 10 are not in the run"),
        (lambda r: sg.tangent(r, {"h": np.ones(4)}, 3, 8), "steps 3 to 11 are not in the run"),
        (lambda r: sg.tangent(r, {"h": np.ones(4)}, 1.5), "since must be a whole number"),
        (lambda r: sg.tangent(r, {3: np.ones(4)}), "a state of gru named '3' is not known"),
        (lambda r: r[np.array(["h"])], 'a run is read by name, as run["h"], not by array'),
        (lambda r: sg.lag_norms(r, np.array(["h"])), "of must be a name, not array(['h']"),
        (lambda r: sg.lag_norms(r, wrt=3), "wrt must be a name, not 3"),
        (lambda r: sg.lag_norms(r, norm=["spectral"]), "the norm \"['spectral']\" is not known"),
        (lambda r: sg.lag_norms(r, singular="12"), "singular must be a whole number, 0 or more"),
        (lambda r: sg.lag_norms(r, progress=3), "progress must be a function"),
        (lambda r: sg.lag_norms(r, step=3), "step must be a transition of the cell, not int"),
        (lambda r: sg.vector_norms(r, np.ones(4), wrt=["h"]), "wrt must be a name, not ['h']"),
        (lambda r: sg.gradients(r, X, state=["h"]), "a state of gru named \"['h']\" is not known"),
        (lambda r: sg.gradients(r, np.ones((10, 4)))[["h"]], "a gradient by \"['h']\" is not"),
        (lambda r: sg.gradients(r, np.ones((10, 4)), progress=3), "progress must be a function"),
        (lambda r: sg.simulate(GRU, PARAMS, X, progress=3), "progress must be a function"),
        (lambda r: sg.simulate(GRU, PARAMS, X, checkpoint="no"), "must be True or False"),
        (lambda r: sg.init(GRU, 4, bias=[1]), "bias must be a mapping of names to values"),
        (lambda r: sg.init(GRU, 4, values=3), "values must be a mapping of names to values"),
        (lambda r: sg.init(GRU, 4, sizes=[4]), "sizes must be a mapping of names to values"),
        (lambda r: sg.init(GRU, 4, scheme=["keras"]), "scheme must be a name, not ['keras']"),
    ],
)  # fmt: skip
def test_what_a_run_is_asked(run: sg.Run, call: Call, message: str) -> None:
    with pytest.raises(sg.SymgateError) as error:
        call(run)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("of", "expression", "message"),
    [
        ("lstm", sg.jacobian(GRU), "U_z is not a parameter of lstm"),
        ("rnn", sg.jacobian(sg.cell("lstm"), "c", "c", lag=2), "c_{t-1} is not a parameter of rnn"),
        ("gru", sg.cell("leaky-rnn").equations["h"], "is not a parameter of gru"),
        ("gru", "h", "expected a SymPy expression of gru, not 'h'"),
    ],
)
def test_an_expression_of_another_cell(of: str, expression: Any, message: str) -> None:
    with pytest.raises(sg.SymgateError) as error:
        sg.lambdify(sg.cell(of), expression)
    assert message in str(error.value)


def test_arithmetic_on_a_jacobian() -> None:
    J = sg.jacobian(GRU)
    x, h = np.ones((3, 2)), np.random.default_rng(1).normal(size=(3, 4))

    def value(expression: Any) -> Any:
        return sg.lambdify(GRU, expression)(PARAMS, x=x, h=h)

    plain = value(J)
    same = {J.T: np.swapaxes(plain, 1, 2), 2 * J: 2 * plain, J * J: plain @ plain}
    same |= {J**3: plain @ plain @ plain, J - J.T: plain - np.swapaxes(plain, 1, 2)}
    for expression, expected in same.items():
        np.testing.assert_allclose(value(expression), expected, rtol=1e-12, atol=1e-15)
        for shown in (sg.text(expression), sg.latex(expression)):
            assert "**" not in shown
            assert "*" not in shown


# -- the smallest and the empty -----------------------------------------------------------------


@pytest.mark.parametrize("name", CELLS)
def test_one_unit_no_sample_one_step(name: str) -> None:
    cell = sg.cell(name)
    m = 1 if "m" not in cell.sizes else 0
    for batch in (None, 0, 1):
        for steps in (1, 3):
            drawn = numbers(cell, n=1, m=m, steps=steps, batch=batch)
            run = drawn.run()
            lead = (steps,) if batch is None else (steps, batch)
            state = cell.output
            assert run[state].shape[:-1] == lead
            for norm in ("frobenius", "spectral"):
                found = sg.lag_norms(run, norm=norm)
                assert found.log10_norm.shape == (steps + 1, *lead[1:])
                assert not np.isnan(found.log10_norm).any()
            loss = np.ones_like(run[state])
            back = sg.gradients(run, loss)
            assert all(back[key].shape == drawn.params[key].shape for key in drawn.params)
            assert all(back[x].shape == drawn.inputs[x].shape for x in cell.inputs)
            size = run[state].shape[-1]
            vector = sg.vector_norms(run, np.ones(size)).log10_norm
            assert vector.shape == (steps + 1, *lead[1:])
            forward = sg.tangent(run, {state: np.ones(size)})
            assert forward.log10_norm.shape == (steps + 1, *lead[1:])


def test_no_sample_of_a_large_cell() -> None:
    run = sg.simulate(GRU, sg.init(GRU, 64, 2), np.ones((400, 0, 2)))
    found = sg.lag_norms(run, norm="spectral", singular=(3,))
    assert found.log10_norm.shape == (401, 0)
    assert found.singular_values[3].shape == (0, 64)
    assert found.notes == ()


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(
    name=st.sampled_from(["gru", "lstm-concat", "scrn", "mut2", "linear-rnn"]),
    n=st.integers(1, 5),
    m=st.integers(0, 4),
    steps=st.integers(1, 7),
    batch=st.sampled_from([None, 0, 1, 3]),
    kinds=st.tuples(*[st.sampled_from(["f2", "f4", "f8", ">f8", "i4", "u1"])] * 3),
)
def test_shapes_and_types(
    name: str, n: int, m: int, steps: int, batch: int | None, kinds: tuple[str, str, str]
) -> None:
    """Whatever fits runs, in the precision of the most precise array; integers are told."""
    cell = sg.cell(name)
    drawn = numbers(cell, n=n, m=n if "m" not in cell.sizes else m, steps=steps, batch=batch)
    given_ = [
        {key: np.abs(8 * array).astype(kind) for key, array in part.items()}
        for kind, part in zip(kinds, (drawn.params, drawn.inputs, drawn.initial), strict=True)
    ]
    params, inputs, initial = given_
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        run = sg.simulate(cell, params, inputs, initial)
    arrays = [array for part in given_ for array in part.values()]
    integers = any(array.dtype.kind in "iu" and array.ndim for array in arrays)
    assert len(said) == integers
    single = all(array.dtype == np.float32 for array in arrays)
    state = cell.states[0]
    assert run[state].dtype == (np.float32 if single else np.float64)
    assert run[state].shape[:-1] == ((steps,) if batch is None else (steps, batch))
    double = [{key: np.asarray(array, run.dtype) for key, array in part.items()} for part in given_]
    again = sg.simulate(cell, *double)
    np.testing.assert_array_equal(run[state], again[state])
