"""`sg.lag_norms`: the norm of the Jacobian over every lag, against slower ways to the same.

The references, in order of strength: mpmath with 50 digits over the whole sequence, JAX over
the whole sequence, and the plain product of compiled Jacobians in long double precision.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal, localcontext
from operator import mul
from typing import Any

import jax
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symgate as sg
from symgate.numerics import straight
from symgate.numerics.block import AskedBlock
from symgate.numerics.norms import Spectral
from symgate.numerics.product import block_norms
from symgate.numerics.steps import Steps
from tests.by_jax import FUNCTIONS
from tests.chosen import CELLS
from tests.numbers import Numbers, numbers
from tests.oracles import Text

NORMS = ("frobenius", "spectral")


# -- the ways through the steps -----------------------------------------------------------------

#: The engine, and whether NumPy forms the Jacobians first.
WAYS: dict[str, tuple[str, bool | None]] = {
    "compiled": ("auto", None),
    "dense": ("numpy", True),
    "thin": ("numpy", False),
}


@contextmanager
def forced(way: str) -> Iterator[None]:
    """Take one of the ways through the steps, whatever the sizes are."""
    engine, dense = WAYS[way]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYMGATE_ENGINE", engine)
        if dense is not None:
            patch.setattr(Steps, "prefers_dense", lambda self, rows: dense)
            patch.setattr(straight, "FEW", 40)  # so that a batch is many rows, one sequence few
        yield


# -- the plain product --------------------------------------------------------------------------


def jacobians(given: Numbers, run: sg.Run) -> dict[tuple[str, str], Any]:
    """∂ of_t / ∂ wrt_{t-1} of every step, by state: (T, n, n') or (T, B, n, n')."""
    before = {state: given.before(run, state) for state in given.cell.states}
    found = {}
    for of in given.cell.states:
        for wrt in given.cell.states:
            compiled = sg.lambdify(given.cell, sg.jacobian(given.cell, of, wrt, lag=1))
            value = compiled(given.params, **given.inputs, **before)
            lead = run[of].shape[:-1]
            found[of, wrt] = np.broadcast_to(value, (*lead, *value.shape[-2:]))
    return found


def whole_state(given: Numbers, run: sg.Run) -> tuple[Any, dict[str, slice]]:
    """The Jacobian of the whole state at every step, and where each state lies in it."""
    blocks = jacobians(given, run)
    states = given.cell.states
    joined = np.concatenate(
        [np.concatenate([blocks[a, b] for b in states], axis=-1) for a in states], axis=-2
    )
    ends = np.cumsum([run[s].shape[-1] for s in states])
    starts = [0, *ends[:-1]]
    return joined, {s: slice(a, b) for s, a, b in zip(states, starts, ends, strict=True)}


def plain_products(steps: Any, rows: Any, lags: int) -> Iterator[tuple[Any, Any]]:
    """rows J_t J_{t-1} …, the last lag of each step: (mantissa, log10 of what was divided).

    In long double, whose exponent reaches to ±4932: a block of the product that is far
    smaller than another is still there.
    """
    held = np.broadcast_to(rows, (*steps.shape[1:-2], *rows.shape)).astype(np.longdouble)
    log = np.zeros((*steps.shape[1:-2], 1, 1))
    for jacobian in steps[::-1][:lags].astype(np.longdouble):
        held = held @ jacobian
        size = np.abs(held).max(axis=(-1, -2), keepdims=True)
        size = np.where(size > 0, size, 1)
        held, log = held / size, log + np.log10(size).astype(float)
        yield held, log


def reference(given: Numbers, run: sg.Run, lags: int) -> dict[tuple[str, str, str], Any]:
    """log10 norms by (of, wrt, norm) for the lags 1 … K: (K,) or (K, B)."""
    steps, places = whole_state(given, run)
    found: dict[tuple[str, str, str], list[Any]] = {}
    for of in given.cell.states:
        rows = np.eye(steps.shape[-1])[places[of]]
        for held, log in plain_products(steps, rows, lags):
            for wrt in given.cell.states:
                block = held[..., places[wrt]]
                size = np.abs(block).max(axis=(-1, -2), keepdims=True)
                unit = (block / np.where(size > 0, size, 1)).astype(float)
                with np.errstate(divide="ignore"):
                    shift = (log + np.log10(size).astype(float))[..., 0, 0]
                    for norm, order in (("frobenius", "fro"), ("spectral", 2)):
                        value = np.linalg.norm(unit, order, axis=(-2, -1))
                        found.setdefault((of, wrt, norm), []).append(np.log10(value) + shift)
    return {key: np.array(values) for key, values in found.items()}


def assert_close(found: Any, expected: Any, tolerance: float, message: str = "") -> None:
    """log10 norms agree: relative for large ones, absolute near 0; -inf where the other is."""
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance, err_msg=message)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("batch", [None, 3])
def test_every_block_of_every_cell_by_every_way(name: str, batch: int | None) -> None:
    lags = 30
    given = numbers(sg.cell(name), n=4, m=2, steps=lags + 3, batch=batch)
    run = given.run()
    expected = reference(given, run, lags)
    for (of, wrt, norm), values in expected.items():
        for way in WAYS:
            with forced(way):
                found = sg.lag_norms(run, of, wrt, lags, norm=norm)
            assert found.log10_norm.shape == (lags + 1, *values.shape[1:])
            assert_close(found.log10_norm[1:], values, 1e-10, f"{of} {wrt} {norm} {way}")


@pytest.mark.parametrize("name", ["gru", "lstm-peephole", "scrn"])
def test_precisions_and_checkpoints(name: str) -> None:
    for batch in (None, 2):
        given = numbers(sg.cell(name), n=6, m=3, steps=120, batch=batch)
        exact = reference(given, given.run(), 120)
        single = numbers(sg.cell(name), n=6, m=3, steps=120, batch=batch, dtype=np.float32)
        for (of, wrt, norm), values in exact.items():
            for way in WAYS:
                with forced(way):
                    again = sg.lag_norms(given.run(checkpoint=True), of, wrt, norm=norm)
                    assert_close(again.log10_norm[1:], values, 1e-10, f"{of} {wrt} {norm} {way}")
                    short = sg.lag_norms(single.run(), of, wrt, norm=norm)
                    assert_close(short.log10_norm[1:], values, 1e-4, f"{of} {wrt} {norm} {way}")


@pytest.mark.parametrize("name", ["lstm", "lstm-peephole", "lem", "slstm", "jordan-rnn"])
def test_lag_zero_is_how_one_state_reads_another(name: str) -> None:
    given = numbers(sg.cell(name), batch=2)
    run, cell = given.run(), given.cell
    before = {state: given.before(run, state) for state in cell.states}
    for of in cell.states:
        for wrt in cell.states:
            found = sg.lag_norms(run, of, wrt, 1, norm="frobenius").log10_norm[0]
            if of == wrt:
                assert_close(found, np.full(2, 0.5 * np.log10(run[of].shape[-1])), 1e-14)
                continue
            value = sg.lambdify(cell, sg.jacobian(cell, of, wrt, lag=0))(
                given.params, **given.inputs, **before
            )
            size = np.linalg.norm(np.broadcast_to(value, (12, 2, *value.shape[-2:])), axis=(-2, -1))
            with np.errstate(divide="ignore"):
                np.testing.assert_allclose(10**found, size[-1], rtol=1e-12, atol=1e-14)


# -- 50 digits ----------------------------------------------------------------------------------

Matrix = list[list[Any]]


def sigmoid(a: Any) -> Any:
    return 1 / (1 + (mpmath.exp(-a) if isinstance(a, mpmath.mpf) else (-a).exp()))


def tanh(a: Any) -> Any:
    return 2 * sigmoid(2 * a) - 1


def dot(u: Any, v: Any) -> Any:
    return sum(map(mul, u, v))


class Exact:
    """RNN, GRU and LSTM written out with 50 digits: values and Jacobians of every step.

    The whole trajectory is computed from the same parameters and inputs, so that nothing of
    the product under test is in it. `number` is mpmath's or the standard library's, which
    is faster.
    """

    def __init__(self, number: Any, params: dict[str, Any], x: Any) -> None:
        self.number = number
        self.params = {
            name: [[number(float(v)) for v in row] for row in np.atleast_2d(array)]
            for name, array in params.items()
        }
        self.x = [[number(float(v)) for v in row] for row in x]
        self.n = max(map(len, self.params.values()))

    def affine(self, gate: str, x: list[Any], h: list[Any]) -> list[Any]:
        suffix = f"_{gate}" if gate else ""
        w, u = self.params["W" + suffix], self.params["U" + suffix]
        b = self.params["b" + suffix][0]
        return [dot(w[i], x) + dot(u[i], h) + b[i] for i in range(self.n)]

    def u(self, gate: str, i: int, j: int) -> Any:
        return self.params[f"U_{gate}" if gate else "U"][i][j]

    def rnn(self, x: list[Any], h: list[Any]) -> tuple[list[Any], Matrix]:
        new = [tanh(a) for a in self.affine("", x, h)]
        n = range(self.n)
        return new, [[(1 - new[i] ** 2) * self.u("", i, j) for j in n] for i in n]

    def gru(self, x: list[Any], h: list[Any]) -> tuple[list[Any], Matrix]:
        n = range(self.n)
        z = [sigmoid(a) for a in self.affine("z", x, h)]
        r = [sigmoid(a) for a in self.affine("r", x, h)]
        c = [tanh(a) for a in self.affine("n", x, [r[j] * h[j] for j in n])]
        new = [z[i] * h[i] + (1 - z[i]) * c[i] for i in n]
        dr = [[r[i] * (1 - r[i]) * h[i] * self.u("r", i, j) for j in n] for i in n]
        jacobian = []
        for i in n:
            dz = z[i] * (1 - z[i]) * (h[i] - c[i])
            dc = (1 - z[i]) * (1 - c[i] ** 2)
            row = []
            for j in n:
                through = self.u("n", i, j) * r[j] + dot(
                    [self.u("n", i, k) for k in n], [dr[k][j] for k in n]
                )
                row.append((z[i] if i == j else 0) + dz * self.u("z", i, j) + dc * through)
            jacobian.append(row)
        return new, jacobian

    def lstm(self, x: list[Any], state: list[Any]) -> tuple[list[Any], Matrix]:
        n = range(self.n)
        h, c = state[: self.n], state[self.n :]
        i, f, o = ([sigmoid(a) for a in self.affine(gate, x, h)] for gate in "ifo")
        g = [tanh(a) for a in self.affine("g", x, h)]
        new = [f[k] * c[k] + i[k] * g[k] for k in n]
        shown = [tanh(v) for v in new]
        by_h = [
            [
                c[k] * f[k] * (1 - f[k]) * self.u("f", k, j)
                + g[k] * i[k] * (1 - i[k]) * self.u("i", k, j)
                + i[k] * (1 - g[k] ** 2) * self.u("g", k, j)
                for j in n
            ]
            for k in n
        ]
        top, bottom = [], []
        for k in n:
            slope = o[k] * (1 - shown[k] ** 2)
            do = shown[k] * o[k] * (1 - o[k])
            top.append(
                [slope * by_h[k][j] + do * self.u("o", k, j) for j in n]
                + [slope * f[k] if j == k else self.number(0) for j in n]
            )
            bottom.append(by_h[k] + [f[k] if j == k else self.number(0) for j in n])
        return [o[k] * shown[k] for k in n] + new, top + bottom

    def log10_norms(self, name: str, at: dict[int, None]) -> dict[int, dict[str, Any]]:
        """At each lag wanted: log10 of the Frobenius norm of the top rows, h and whole."""
        step: Callable[..., Any] = getattr(self, name)
        state = [self.number(0)] * (2 * self.n if name == "lstm" else self.n)
        steps = []
        for x in self.x:
            state, jacobian = step(x, state)
            steps.append(list(zip(*jacobian, strict=True)))  # its columns
        rows = [[self.number(int(i == j)) for j in range(len(state))] for i in range(self.n)]
        found = {}
        for lag, columns in enumerate(reversed(steps), 1):
            rows = [[mpmath.fdot(row, column) for column in columns] for row in rows]
            if lag in at:
                found[lag] = {"h": self.norm10(row[: self.n] for row in rows)}
                if name == "lstm":
                    found[lag]["c"] = self.norm10(row[self.n :] for row in rows)
        return found

    def norm10(self, rows: Any) -> float:
        total = sum(v * v for row in rows for v in row)
        if isinstance(total, mpmath.mpf):
            return float(mpmath.log10(total) / 2)
        return float(total.log10() / 2)


@pytest.mark.parametrize(
    ("name", "number", "n", "lags"),
    [
        ("rnn", mpmath.mpf, 4, 2000),
        ("rnn", Decimal, 2, 10_000),
        ("gru", Decimal, 4, 1000),
        ("lstm", Decimal, 2, 1500),
    ],
)
def test_against_fifty_digits(name: str, number: Any, n: int, lags: int) -> None:
    at = (1, 2, 3, 10, 50, 137, 500, lags // 2, lags - 1, lags)
    cell = sg.cell(name)
    params = sg.init(cell, n, 2, seed=n)
    x = np.random.default_rng(n).normal(size=(lags, 2))
    with mpmath.workdps(50), localcontext(prec=50):
        expected = Exact(number, params, x).log10_norms(name, dict.fromkeys(at))
    run = sg.simulate(cell, params, x)
    for way in WAYS:
        with forced(way):
            for wrt in cell.states:
                found = sg.lag_norms(run, "h", wrt, lags, norm="frobenius").log10_norm
                for lag in at:
                    error = found[lag] - expected[lag][wrt]
                    scale = max(1.0, abs(expected[lag][wrt]))
                    assert abs(error) <= 1e-12 * scale, (way, wrt, lag, error)


# -- JAX ----------------------------------------------------------------------------------------


def by_jax(given: Numbers, run: sg.Run, of: str, lags: int) -> dict[str, Any]:
    """∂ of_T / ∂ s_{T-k} for k = K … 1 and each state s, (K, n, n'): one backward pass of
    JAX through the last K steps, every state read with a change that is 0."""
    cell = given.cell
    sizes = {name: run[name].shape[-1] for name in cell.equations}
    text = Text(cell.text, sizes, FUNCTIONS)
    first = run.steps - lags
    start = {s: given.before(run, s)[first] for s in cell.states}
    inputs = {x: array[first:] for x, array in given.inputs.items()}
    changes = {s: np.zeros((lags, sizes[s])) for s in cell.states}

    @jax.jit
    def last(changes: Any) -> Any:
        def step(before: Any, at: Any) -> Any:
            x, change = at
            now = text.step(given.params, x, {s: before[s] + change[s] for s in before})
            return {s: now[s] for s in before}, None

        return jax.lax.scan(step, start, (inputs, changes))[0][of]

    found = jax.jacrev(last)(changes)
    return {s: np.moveaxis(np.asarray(found[s]), 1, 0) for s in cell.states}


@pytest.mark.parametrize("name", ["rnn", "gru", "lstm"])
def test_against_jax(name: str) -> None:
    cell = sg.cell(name)
    given = numbers(cell, n=64, m=16, steps=120)
    run = given.run()
    for of in cell.states:
        exact = by_jax(given, run, of, 100)
        for wrt in cell.states:
            for norm, order in (("frobenius", "fro"), ("spectral", 2)):
                expected = np.log10(np.linalg.norm(exact[wrt], order, axis=(1, 2)))[::-1]
                for way in WAYS:
                    with forced(way):
                        found = sg.lag_norms(run, of, wrt, 100, norm=norm).log10_norm[1:]
                    assert_close(found, expected, 1e-10, f"{of} {wrt} {norm} {way}")


# -- the rank falls -----------------------------------------------------------------------------

SLOW = {"bias": {"z": 4}, "scheme": "gaussian", "gain": 1.5}


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("name", ["gru", "lstm"])
def test_dropping_what_is_negligible_changes_nothing(name: str, norm: str) -> None:
    cell = sg.cell(name)
    run = sg.simulate(
        cell, sg.init(cell, 64, 16), np.random.default_rng(0).normal(size=(800, 2, 16))
    )
    full = sg.lag_norms(run, norm=norm, tolerance=0)
    found = sg.lag_norms(run, norm=norm)
    assert (full.rank == 64).all()
    assert found.rank[0] == 64
    assert (np.diff(found.rank) <= 0).all()
    assert found.rank[-1] < 32
    assert_close(found.log10_norm, full.log10_norm, 1e-11)


@pytest.mark.parametrize("tolerance", [1e-3, 1e-6, 1e-9, 1e-13])
def test_a_looser_tolerance_stays_within_what_it_promises(tolerance: float) -> None:
    cell = sg.cell("gru")
    x = np.random.default_rng(1).normal(size=(600, 8))
    for options in ({}, {"gain": 1.2, "scheme": "gaussian", "bias": {"z": 2}}):
        run = sg.simulate(cell, sg.init(cell, 48, 8, seed=2, **options), x)
        full = sg.lag_norms(run, tolerance=0, norm="frobenius")
        found = sg.lag_norms(run, tolerance=tolerance, norm="frobenius")
        error = np.abs(10 ** (found.log10_norm - full.log10_norm) - 1)
        assert error.max() <= max(tolerance, 1e-12)


def test_a_looser_tolerance_leaves_a_lower_rank() -> None:
    cell = sg.cell("gru")
    run = sg.simulate(cell, sg.init(cell, 48, 8), np.random.default_rng(1).normal(size=(300, 8)))
    ranks = [sg.lag_norms(run, tolerance=t, norm="frobenius").rank for t in (0, 1e-13, 1e-6, 1e-2)]
    assert (ranks[0] == 48).all()
    for more, fewer in itertools.pairwise(ranks):
        assert (more >= fewer).all()
        assert more.sum() > fewer.sum()


def test_slow_modes_keep_the_rank() -> None:
    cell = sg.cell("gru")
    x = np.random.default_rng(1).normal(size=(400, 8))
    run = sg.simulate(cell, sg.init(cell, 64, 8, **SLOW), x)
    assert (sg.lag_norms(run, norm="frobenius").rank == 64).all()


@pytest.mark.parametrize("way", ["dense", "thin"])
def test_a_small_block_keeps_its_own_directions(way: str) -> None:
    """∂c/∂h is 1e-14 of ∂c/∂c and has the full rank; ∂c/∂c has soon rank one."""
    cell = sg.Cell.from_text("h[t] = tanh(V @ h[t-1])\nc[t] = v * c[t-1] + U @ h[t-1]")
    rng = np.random.default_rng(3)
    params = {
        "V": 0.97 * np.linalg.qr(rng.normal(size=(6, 6)))[0],
        "v": np.array([0.98, 0.3, 0.3, 0.3, 0.3, 0.3]),
        "U": 1e-14 * rng.normal(size=(6, 6)),
    }
    run = sg.simulate(cell, params, steps=300, state={"h": 0.01 * rng.normal(size=6)})
    for norm in NORMS:
        with forced(way):
            found = sg.lag_norms(run, "c", "h", norm=norm)
            full = sg.lag_norms(run, "c", "h", norm=norm, tolerance=0)
        assert_close(found.log10_norm, full.log10_norm, 1e-11)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("way", ["dense", "thin"])
def test_what_was_dropped_may_matter_again(way: str, norm: str) -> None:
    """All units but one are slow, until an input resets them: then the fast one is left."""
    cell = sg.cell("t-rnn")
    n, b = 6, np.array([5.0, 5, 5, 5, 5, 0])
    params = {"W_n": np.zeros((n, 1)), "W_f": np.array([[-800.0]] * 5 + [[0]]), "b_f": b}
    x = np.zeros((400, 1))
    x[250] = 1
    with forced(way):
        found = sg.lag_norms(sg.simulate(cell, params, x), norm=norm)
    slow, fast = 1 / (1 + np.exp(-5.0)), 0.5
    k = np.arange(401)
    size = np.hypot(np.sqrt(5) * slow**k, fast**k) if norm == "frobenius" else slow**k
    expected = np.where(k < 150, np.log10(size), k * np.log10(fast))
    assert_close(found.log10_norm, expected, 1e-11)
    assert not found.notes


@pytest.mark.parametrize("norm", NORMS)
def test_what_was_dropped_may_matter_at_one_lag_alone(norm: str) -> None:
    """A slow unit is all but shut off by one step, and brought back by the step before."""
    cell = sg.Cell.from_text("h[t] = x[t] * h[t-1]")
    x = np.full((400, 6), 0.5)
    x[:, 0] = 1
    x[99, 0], x[98, 0] = 2.0**-400, 2.0**400
    with forced("thin"):
        found = sg.lag_norms(sg.simulate(cell, {}, x), norm=norm).log10_norm
    assert_close(found[300], 0, 1e-12)
    fast = -301 * np.log10(2) + (np.log10(5) / 2 if norm == "frobenius" else 0)
    assert_close(found[301], fast, 1e-12)
    assert_close(found[302], 0, 1e-12)


def test_the_rank_falls_in_single_precision_too() -> None:
    cell = sg.cell("gru")
    params = {k: v.astype(np.float32) for k, v in sg.init(cell, 64, 8).items()}
    x = np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32)
    run = sg.simulate(cell, params, x)
    found, full = (
        sg.lag_norms(run, norm="frobenius"),
        sg.lag_norms(run, tolerance=0, norm="frobenius"),
    )
    assert found.rank[-1] < 12 < 64 == full.rank[-1]
    assert_close(found.log10_norm, full.log10_norm, 1e-5)


# -- singular values and the spectral norm ------------------------------------------------------


def explicit(given: Numbers, of: str, wrt: str, lags: int) -> Iterator[tuple[Any, float]]:
    """The block of the product at each lag from 1: (mantissa, log10 of its scale)."""
    steps, places = whole_state(given, given.run())
    rows = np.eye(steps.shape[-1])[places[of]]
    for held, log in plain_products(steps, rows, lags):
        yield held[..., places[wrt]].astype(float), float(log.squeeze())


@pytest.mark.parametrize("block", ["hh", "hc", "ch", "cc"])
def test_singular_values_at_chosen_lags(block: str) -> None:
    given = numbers(sg.cell("lstm"), n=10, steps=60)
    of, wrt = block
    chosen = (1, 2, 17, 60)
    for way in ("dense", "thin"):
        with forced(way):
            found = sg.lag_norms(
                given.run(), of, wrt, singular=chosen, tolerance=0, norm="frobenius"
            )
            some = sg.lag_norms(given.run(), of, wrt, singular=chosen, norm="frobenius")
        assert set(found.singular_values) == set(chosen)
        for lag, (product_, log) in enumerate(explicit(given, of, wrt, 60), 1):
            if lag in chosen:
                values = found.singular_values[lag]
                assert values.shape == (10,)
                expected = np.linalg.svd(product_, compute_uv=False) * 10**log
                np.testing.assert_allclose(
                    10**values, expected, rtol=1e-9, atol=1e-13 * expected[0]
                )
                np.testing.assert_allclose(
                    10 ** some.singular_values[lag], expected, rtol=1e-9, atol=1e-12 * expected[0]
                )


def test_singular_values_of_a_batch_and_of_lag_zero() -> None:
    given = numbers(sg.cell("lstm-projected"), n=4, steps=9, batch=2)
    found = sg.lag_norms(given.run(), "h", "c", singular=(0, 9), norm="frobenius")
    n = {s: given.run()[s].shape[-1] for s in "hc"}
    assert found.singular_values[9].shape == (2, min(n.values()))
    top = found.singular_values[9][:, 0]
    assert_close(top, sg.lag_norms(given.run(), "h", "c", norm="spectral").log10_norm[9], 1e-12)
    eye = sg.lag_norms(given.run(), singular=(0,), norm="frobenius").singular_values[0]
    np.testing.assert_array_equal(eye, np.zeros((2, n["h"])))


def sequences() -> dict[str, Numbers]:
    """Long products of 64 units: plain ones, ones with equal singular values, diagonal ones."""
    rng = np.random.default_rng(7)
    rotation = np.linalg.qr(rng.normal(size=(64, 64)))[0]
    found = {name: numbers(sg.cell(name), n=64, steps=120) for name in ("gru", "rnn", "lstm")}
    linear = numbers(sg.cell("linear-rnn"), n=64, steps=120)
    linear.params["U"][:] = 0.9 * rotation
    found["all equal"] = linear
    pair = numbers(sg.cell("linear-rnn"), n=64, steps=120)
    values = np.r_[1, 1 - 1e-9, 0.9 * rng.uniform(size=62)]
    pair.params["U"][:] = rotation * values @ rotation.T
    found["a pair nearly equal"] = pair
    found["diagonal"] = numbers(sg.cell("t-rnn"), n=64, steps=120)
    forget = numbers(sg.cell("lstm"), n=64, steps=120)
    for name, array in forget.params.items():
        array *= name == "b_f"
    found["diagonal blocks"] = forget
    return found


@pytest.mark.parametrize(("name", "given_"), list(sequences().items()), ids=list(sequences()))
def test_the_spectral_norm_at_every_lag(name: str, given_: Numbers) -> None:
    run = given_.run()
    of = given_.cell.states[-1]
    expected = [
        np.log10(np.linalg.norm(product_, 2)) + log
        for product_, log in explicit(given_, of, of, 120)
    ]
    for way in ("dense", "thin"):
        with forced(way):
            found = sg.lag_norms(run, of, of, norm="spectral").log10_norm
        assert_close(found[1:], expected, 1e-11, f"{name} {way}")


def test_the_spectral_norm_follows_a_change_of_direction() -> None:
    """Whatever vectors were followed, the next matrix may have its largest value elsewhere."""
    rng = np.random.default_rng(0)
    for trial in range(60):
        spectral = Spectral(60)
        for _ in range(4):
            values = np.sort(rng.uniform(size=60) ** rng.integers(1, 30))[::-1]
            values[: rng.integers(1, 12)] = values[0] * (1 - rng.uniform() * 1e-10)
            left, right = (np.linalg.qr(rng.normal(size=(60, 60)))[0] for _ in range(2))
            if trial % 2:  # all but diagonal, so that vectors that are followed may miss it
                left, right = np.eye(60)[rng.permutation(60)], np.eye(60)
            rows = left * values @ right.T
            assert abs(spectral.norm(rows) / values[0] - 1) < 1e-11


class Calls:
    """A progress hook that remembers its calls."""

    def __init__(self) -> None:
        self.made: list[tuple[int, int]] = []

    def __call__(self, done: int, total: int) -> None:
        self.made.append((done, total))


# -- zero, and never anything else that is not finite -------------------------------------------


def test_a_dead_relu_is_exactly_zero_and_said_so() -> None:
    cell = sg.cell("rnn-relu")
    params = {"W": np.array([[-1.0], [-1]]), "U": np.eye(2), "b": np.ones(2)}
    x = np.zeros((100, 1))
    x[60] = 1000
    run = sg.simulate(cell, params, x)
    for way in WAYS:
        for norm in NORMS:
            with forced(way):
                found = sg.lag_norms(run, norm=norm)
            assert np.isfinite(found.log10_norm[:40]).all()
            assert np.isneginf(found.log10_norm[40:]).all()
            assert found.notes == ("from lag 40 on ∂h/∂h is exactly zero",)
    both = sg.simulate(cell, params, np.stack([x, 0 * x], axis=1))
    found = sg.lag_norms(both, norm="frobenius")
    assert np.isneginf(found.log10_norm[40:, 0]).all()
    assert np.isfinite(found.log10_norm[:, 1]).all()
    assert found.notes == ("from lag 40 on ∂h/∂h is exactly zero in sample 0",)


def test_a_block_that_no_route_leads_to_is_zero() -> None:
    run = numbers(sg.cell("scrn"), steps=20).run()
    for way in WAYS:
        with forced(way):
            calls = Calls()
            found = sg.lag_norms(run, "s", "h", singular=(0, 5), progress=calls, norm="frobenius")
        assert np.isneginf(found.log10_norm).all()
        assert found.notes == ("from lag 1 on ∂s/∂h is exactly zero",)
        assert all(np.isneginf(values).all() for values in found.singular_values.values())
        assert set(found.singular_values) == {0, 5}
        assert calls.made[-1] == (20, 20)


def test_a_state_that_reads_no_state() -> None:
    cell = sg.Cell.from_text("h[t] = tanh(W @ x[t])\nc[t] = f * c[t-1] + h[t-1]")
    given = numbers(cell, steps=20)
    for way in WAYS:
        with forced(way):
            dead = sg.lag_norms(given.run(), "h", "h", norm="frobenius").log10_norm
            live = sg.lag_norms(given.run(), "c", "h", norm="frobenius").log10_norm
        assert np.isneginf(dead[1:]).all()
        f = given.params["f"]
        expected = [np.log10(np.linalg.norm(f ** (k - 1))) for k in range(1, 21)]
        assert_close(live[1:], expected, 1e-12)


@pytest.mark.parametrize("way", WAYS)
def test_a_fast_state_beside_a_slow_one(way: str) -> None:
    """∂h/∂h falls by 1/10 a step, ∂h/∂s hardly: their ratio leaves the range of floats."""
    cell = sg.cell("scrn")
    given = numbers(cell, n=4, steps=2000)
    given.params["alpha"] = np.array(0.999)
    with forced(way):
        found = sg.lag_norms(given.run(), "h", "h", norm="frobenius")
    steps, places = whole_state(given, given.run())
    block = steps[:, places["h"], places["h"]]
    *_, (held, log) = plain_products(block, np.eye(block.shape[-1]), 2000)
    expected = np.log10(np.linalg.norm(held.astype(float))) + float(log.squeeze())
    assert expected < -1000
    assert_close(found.log10_norm[-1], expected, 1e-10)
    assert not found.notes


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_blocks_of_very_different_sizes(dtype: Any) -> None:
    """An output gate that is all but closed: ∂h/∂c is 1e-30, ∂h/∂h smaller still."""
    for bias in (-12.0, -30.0, -70.0):
        given = numbers(sg.cell("lstm"), n=4, steps=50, dtype=dtype)
        given.params["b_o"][:] = bias
        double = numbers(sg.cell("lstm"), n=4, steps=50)
        double.params["b_o"][:] = bias
        for key, values in reference(double, double.run(), 50).items():
            for way in WAYS:
                with forced(way):
                    found = sg.lag_norms(given.run(), *key[:2], norm=key[2]).log10_norm
                tolerance = 1e-10 if dtype == np.float64 else 1e-4
                assert_close(found[1:], values, tolerance, f"{key} {way} {bias}")


@settings(max_examples=120, deadline=None, derandomize=True, database=None)
@given(
    name=st.sampled_from(CELLS),
    seed=st.integers(0, 2**32 - 1),
    scale=st.sampled_from([1e-30, 1e-12, 1e-3, 0.3, 1.0, 3.0, 30.0, 1e3]),
    precision=st.sampled_from(["float64", "float32"]),
    way=st.sampled_from(list(WAYS)),
    norm=st.sampled_from(NORMS),
    batch=st.sampled_from([None, 1, 3]),
    n=st.integers(1, 6),
)
def test_norms_are_finite_or_exactly_zero(
    name: str,
    seed: int,
    scale: float,
    precision: str,
    way: str,
    norm: str,
    batch: int | None,
    n: int,
) -> None:
    drawn = numbers(
        sg.cell(name), n=n, m=2, steps=70, seed=seed, scale=scale, batch=batch, dtype=precision
    )
    try:
        run = drawn.run()
    except sg.Diverged:
        return
    rng = np.random.default_rng(seed)
    of, wrt = rng.choice(run.cell.states, 2)
    with forced(way):
        found = sg.lag_norms(run, of, wrt, norm=norm)
    log = found.log10_norm
    assert log.shape == ((71,) if batch is None else (71, batch))
    assert not np.isnan(log).any()
    assert not np.isposinf(log).any()
    zero = np.isneginf(log[1:])
    assert bool(found.notes) == bool(zero.any())
    if precision == "float64" and scale <= 3 and zero.any():
        # with a gain of 30, one route may be 1e-308 of another, which no float holds
        expected = reference(drawn, run, 70)[of, wrt, norm]
        np.testing.assert_array_equal(zero, np.isneginf(expected))


# -- known numbers ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("b", "way"),
    [
        *((0.0, w) for w in WAYS),
        (1.0, "thin"),
        (2.0, "thin"),
        (1.0, "dense"),
        (5.0, "compiled"),
    ],
)
def test_all_weights_zero_leaves_the_forget_gate(b: float, way: str) -> None:
    """∂c_t/∂c_{t-k} = σ(b)^k (Jozefowicz et al. 2015): -3010.3 at lag 10000 for b = 0."""
    cell = sg.cell("lstm")
    params = {name: 0 * array for name, array in sg.init(cell, 3, 2).items()}
    params["b_f"][:] = b
    run = sg.simulate(cell, params, np.ones((10_000, 2)))
    with forced(way):
        found = sg.lag_norms(run, "c", "c", norm="spectral").log10_norm
    expected = np.arange(10_001) * np.log10(run["f"][0, 0])
    np.testing.assert_allclose(found, expected, rtol=4e-16 if b == 0 else 3e-15, atol=1e-15)
    if b == 0:
        assert round(float(found[-1]), 4) == -3010.3000
    known = {0.0: 0.5, 1.0: 0.7310585786, 2.0: 0.8807970780, 5.0: 0.9933071491}
    assert abs(10 ** (found[-1] / 10_000) - known[b]) < 1e-9


def test_the_whole_state_decays_slowly_where_its_blocks_do_not() -> None:
    """The (h, h) block of the product, not the product of the (h, h) blocks.

    LSTM of 16 units, weights N(0, 0.2²), forget bias 3: -0.033 per step, near ln σ(3). The
    product of the (h, h) blocks alone falls far faster: -3.19 by a published package's
    formula, -1.8 by its largest exponent and -2.4 by the mean of all here.
    """
    cell, rng = sg.cell("lstm"), np.random.default_rng(0)
    params = {k: 0.2 * rng.normal(size=v.shape) for k, v in sg.init(cell, 16, 16).items()}
    params = {k: 0 * v if k.startswith("b") else v for k, v in params.items()}
    params["b_f"][:] = 3
    run = sg.simulate(cell, params, rng.normal(size=(2000, 16)))
    found = sg.lag_norms(run, "h", "h", norm="frobenius").log10_norm
    slope = np.log(10) * (found[2000] - found[100]) / 1900
    assert abs(slope - -0.033) < 0.02
    before = {s: np.concatenate([np.zeros((1, 16)), run[s][:-1]]) for s in "hc"}
    alone = sg.lambdify(cell, sg.jacobian(cell, "h", "h", lag=1))(params, x=run["x"], **before)
    *_, (held, log) = plain_products(alone, np.eye(16), 2000)
    wrong = (np.log(np.linalg.norm(held.astype(float))) + np.log(10) * log.squeeze()) / 2000
    assert wrong < -1.5


def test_a_linear_cell_grows_as_its_largest_eigenvalue() -> None:
    """From 1e-3 to 10^+3000: nothing overflows."""
    cell = sg.cell("linear-rnn")
    params = {"U": np.diag([2.0, 1.5]), "W": np.zeros((2, 1)), "b": np.zeros(2)}
    run = sg.simulate(cell, params, np.zeros((10_000, 1)))
    for way in WAYS:
        with forced(way):
            found = sg.lag_norms(run, norm="spectral").log10_norm
        np.testing.assert_allclose(found, np.arange(10_001) * np.log10(2), rtol=1e-13)


# -- options ------------------------------------------------------------------------------------


def test_a_step_in_the_middle_and_fewer_lags() -> None:
    given = numbers(sg.cell("gru"), steps=50, batch=2)
    run = given.run()
    x = {"x": given.inputs["x"][:31]}
    short = sg.simulate(given.cell, given.params, x, given.initial)
    for way in WAYS:
        with forced(way):
            found = sg.lag_norms(run, at=30, norm="frobenius")
            assert found.at == 30
            np.testing.assert_array_equal(found.lags, np.arange(32))
            assert_close(found.log10_norm, sg.lag_norms(short, norm="frobenius").log10_norm, 1e-12)
            part = sg.lag_norms(run, lags=7, at=30, norm="frobenius")
            assert_close(part.log10_norm, found.log10_norm[:8], 1e-12)
            assert sg.lag_norms(run, lags=0, norm="frobenius").log10_norm.shape == (1, 2)


def test_names_are_the_first_state_where_left_out() -> None:
    found = sg.lag_norms(numbers(sg.cell("lstm")).run())
    assert (found.of, found.wrt, found.at, found.norm_name) == ("h", "h", 11, "spectral")
    data = found.to_dict()
    assert data["lags"] == list(range(13))
    assert data["rank"] == [5] * 13


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"of": "zz"}, "a value of gru named 'zz' is not known; did you mean 'z'"),
        ({"wrt": "hh"}, "a value of gru named 'hh' is not known; did you mean 'h'"),
        ({"lags": 13}, "lag 13 reaches before the start: from step 11 there are 12 lags"),
        ({"lags": 5, "at": 3}, "lag 5 reaches before the start: from step 3 there are 4 lags"),
        ({"lags": -1}, "lags must be a whole number, 0 or more, not -1"),
        ({"lags": 2.5}, "lags must be a whole number, 0 or more, not 2.5"),
        ({"lags": True}, "lags must be a whole number, 0 or more, not True"),
        ({"at": 12}, "at must be a step from 0 to 11, not 12"),
        ({"at": -1}, "at must be a whole number, 0 or more, not -1"),
        ({"at": 1.0}, "at must be a whole number, 0 or more, not 1.0"),
        ({"norm": "spectal"}, "the norm 'spectal' is not known; did you mean 'spectral'"),
        ({"norm": 2}, "the norm '2' is not known"),
        ({"tolerance": -1e-3}, "tolerance must be a finite number from 0 to 0.5, not -0.001"),
        ({"tolerance": 1.0}, "tolerance must be a finite number from 0 to 0.5, not 1.0"),
        ({"tolerance": float("nan")}, "tolerance must be a finite number from 0 to 0.5, not nan"),
        ({"tolerance": "1"}, "tolerance must be a finite number from 0 to 0.5, not '1'"),
        ({"singular": (3, 40)}, "singular values are wanted at lag 40, and there are 12 lags"),
        ({"singular": (-1,)}, "each of singular must be a whole number, 0 or more, not -1"),
        ({"singular": (1.5,)}, "each of singular must be a whole number, 0 or more, not 1.5"),
    ],
)
def test_wrong_options(options: dict[str, Any], message: str) -> None:
    run = numbers(sg.cell("gru")).run()
    with pytest.raises(sg.SymgateError, match=message):
        sg.lag_norms(run, **options)


@pytest.mark.parametrize("hidden", [4, 64])
def test_progress_and_interruption(hidden: int) -> None:
    cell = sg.cell("gru")
    run = sg.simulate(cell, sg.init(cell, hidden, 2), np.zeros((1500, 2)))
    calls = Calls()
    sg.lag_norms(run, lags=1200, progress=calls, norm="frobenius")
    assert calls.made[-1] == (1200, 1200)
    assert calls.made == sorted(calls.made)

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sg.lag_norms(run, progress=interrupt, norm="frobenius")


def test_a_dropped_direction_that_matters_in_the_tenth_digit_is_noticed() -> None:
    """Half of the directions are dropped; then the others shrink until 1e-9 is missing, and
    those dropped fall together, so that their weighted sum no longer has their size."""
    cell = sg.Cell.from_text("h[t] = x[t] * h[t-1] + y[t] * (M @ h[t-1])")
    half, lags = 32, 49
    x, y, together = np.ones((lags, 2 * half)), np.zeros((lags, 2 * half)), np.zeros(2 * half)
    x[-25:, half:] = 10 ** (-12 / 25)
    x[:-25, :half] = 10 ** (-7.5 / 24)
    logs = np.cumsum(np.log10(x[::-1]), axis=0)
    x[10, half:], y[10, half:], together[-1] = 0, 1, 1
    run = sg.simulate(cell, {"M": np.tile(together, (2 * half, 1))}, {"x": x, "y": y})
    expected = 0.5 * np.log10(half * (10.0 ** (2 * logs[:, 0]) + 10.0 ** (2 * logs[:, -1])))
    np.testing.assert_allclose(
        sg.lag_norms(run, lags=lags, norm="frobenius").log10_norm[1:], expected, rtol=0, atol=2e-12
    )


def test_a_stretch_without_a_noted_lag_is_walked_on_numpy() -> None:
    run = sg.simulate("gru", sg.init("gru", 60, 2), np.ones((200, 2)))
    noted = np.array([0, 1, 200])
    asked = [
        AskedBlock.of_run(run, "h", "h", 200, None, "spectral", lags, "numpy")
        for lags in (noted, None)
    ]
    found, whole = (block_norms(one, ["h"])["h"] for one in asked)
    np.testing.assert_array_equal(found, whole[noted])


@pytest.mark.parametrize("name", sg.zoo)
def test_every_verb_takes_the_same_state_by_default(name: str) -> None:
    cell = sg.cell(name)
    d = sg.decay(cell, hidden=4, input=4, networks=1, lags=2)
    (run,) = d.runs
    norms = [sg.lag_norms(run, name, lags=1) for name in (None, cell.states[-1])]
    norms.append(sg.vector_norms(run, np.ones(run.shape(d.of)), lags=1))
    swept = sg.sweep(cell, hidden=[4], input=4, networks=1, lags=2).setting["wrt"]
    assert {d.of, d.wrt, swept, *(n.wrt for n in norms)} == {cell.output}
    same = sg.gradients(run, np.ones_like(run[cell.output]))
    for parameter, gradient in sg.gradients(
        run, {d.of: np.ones_like(run[d.of])}
    ).parameters.items():
        assert np.array_equal(same.parameters[parameter], gradient)


def test_the_last_state_of_a_step_is_given_out() -> None:
    lines = ["h1[t] = tanh(W @ x[t] + U @ h1[t-1])", "h2[t] = tanh(V @ h1[t] + R @ h2[t-1])"]
    for text in (lines, lines[::-1]):
        cell = sg.Cell.from_text("\n".join(text))
        assert (cell.output, cell.shapes["h1"]) == ("h2", (cell.sizes["n"],))
    assert sg.cell("lif").output == sg.stack("lif").output == "s"
    assert sg.stack("lif", "lif").output == "s2"
