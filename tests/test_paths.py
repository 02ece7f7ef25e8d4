"""Paths: they sum to the whole, the carry is a product of diagonals, closing one is exact."""

from __future__ import annotations

import numpy as np
import pytest

import symgate as sg
from symgate.decaying import paths
from symgate.decaying.paths import places, step_jacobian
from symgate.decaying.tail import quantile
from symgate.linear.paths import paths as paths_of_step
from symgate.linear.transition import named_paths
from symgate.numerics.block import AskedBlock
from symgate.numerics.product import block_norms, lag_norms
from symgate.numerics.steps import Steps
from symgate.plots import path_curves

MANY = ["lstm", "gru", "gru-reset-after", "rnn", "lstm-peephole", "lstm-coupled",
        "lstm-projected", "lem", "janet", "cornn", "mut1", "slstm", "lstm-full-gate-recurrence",
        "multiplicative-lstm", "star", "scrn", "lmu"]  # fmt: skip


def measured(name: str, n: int = 6, lags: int = 25, **options: object) -> sg.Decay:
    return sg.decay(sg.cell(name), hidden=n, lags=lags, samples=2, seed=1, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", MANY)
def test_the_parts_of_a_step_sum_to_the_whole(name: str) -> None:
    run = measured(name).run
    assert run is not None
    routes = named_paths(run.cell)
    for t in (0, 7, 24):
        total = step_jacobian(Steps(run), t)
        parts = [
            step_jacobian(Steps(run, routes.step(lambda other, kept=kept: other == kept)), t)
            for kept in routes.names
        ]
        np.testing.assert_allclose(np.sum(parts, axis=0), total, atol=1e-12, rtol=0)


@pytest.mark.parametrize("scale", ["mean(h[t-1])", "norm(h[t-1] + 1)", "(U @ h[t-1])"])
def test_a_number_made_of_a_state_scales_a_function_of_it(scale: str) -> None:
    cell = sg.Cell.from_text(f"h[t] = {scale} * tanh(h[t-1]) + W @ x[t]")
    routes = paths_of_step(sg.linearise(cell), "h", "h")
    assert len(routes) == 2
    assert sg.derive(cell).latex()


def test_names() -> None:
    assert named_paths(sg.cell("lstm")).names == ("carry", "f", "i", "g", "o")
    assert named_paths(sg.cell("gru")).names == ("carry", "z", "n", "n, r")
    assert named_paths(sg.cell("rnn")).names == ("U",)
    titles = measured("gru").paths.titles  # type: ignore[union-attr]
    assert titles["n, r"] == "candidate and reset gate"


def test_the_lstm_has_the_four_blocks_of_the_facts() -> None:
    """J_cc = diag(f), J_ch and J_hh term by term, J_hc = diag(k f)."""
    run = measured("lstm").run
    assert run is not None
    at, t = places(run), 9
    i, f, o, g, c = (run[name][t, 1] for name in "ifogc")
    c_before = run["c"][t - 1, 1]
    U = {gate: run.params[f"U_{gate}"] for gate in "ifog"}
    k = o * (1 - np.tanh(c) ** 2)
    expected = {
        ("carry", "c", "c"): np.diag(f),
        ("carry", "h", "c"): np.diag(k * f),
        ("f", "c", "h"): np.diag(c_before * f * (1 - f)) @ U["f"],
        ("i", "c", "h"): np.diag(g * i * (1 - i)) @ U["i"],
        ("g", "c", "h"): np.diag(i * (1 - g**2)) @ U["g"],
        ("o", "h", "h"): np.diag(np.tanh(c) * o * (1 - o)) @ U["o"],
        ("f", "h", "h"): np.diag(k * c_before * f * (1 - f)) @ U["f"],
    }
    routes = named_paths(run.cell)
    for name in routes.names:
        steps = Steps(run, routes.step(lambda other, name=name: other == name))
        whole = step_jacobian(steps, t)[1]
        for (path, a, b), block in expected.items():
            if path == name:
                np.testing.assert_allclose(whole[at[a], at[b]], block, atol=1e-14)
    assert set(measured("lstm").paths.blocks) == {  # type: ignore[union-attr]
        ("h", "h"), ("h", "c"), ("c", "h"), ("c", "c"),
    }  # fmt: skip


def test_the_carry_alone_is_a_sum_of_logs() -> None:
    d = measured("lstm", lags=60)
    assert d.run is not None
    assert d.paths is not None
    logs = np.cumsum(np.log10(d.run["f"][::-1]), axis=0).max(axis=2)
    carry = d.paths["c", "c"].carry
    assert carry is not None
    np.testing.assert_allclose(carry[1:], quantile(logs, 0.5), atol=1e-12)
    none = d.paths["h", "h"].carry
    assert none is not None
    assert np.isneginf(none[1:]).all()


def test_closing_a_path_is_the_product_without_its_terms() -> None:
    d = measured("gru", lags=12)
    assert d.run is not None
    assert d.paths is not None
    routes = named_paths(d.run.cell)
    np.testing.assert_allclose(d.paths["h", "h"].whole, d.median, atol=1e-13)
    for name in routes.names:
        steps = Steps(d.run, routes.step(lambda other, name=name: other != name))
        product = np.eye(6)[None]
        for k in range(1, 13):
            product = product @ step_jacobian(steps, 12 - k)
            expected = np.median(np.log10(np.linalg.norm(product, 2, axis=(1, 2))))
            assert d.paths["h", "h"].without[name][k] == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("name", ["gru", "lstm", "lem"])
def test_shares_sum_to_one(name: str) -> None:
    found = measured(name).paths
    assert found is not None
    assert sum(found.share.values()) == pytest.approx(1, abs=1e-12)
    for block in found.blocks.values():
        total = sum(block.share.values())
        assert total == pytest.approx(1, abs=1e-12) or total == 0


def test_a_share_of_the_whole_state_is_of_all_blocks_together() -> None:
    """The (c, c) block of an LSTM is carry alone; the whole state's step is not."""
    d = measured("lstm")
    assert d.run is not None
    assert d.paths is not None
    assert d.paths["c", "c"].share["carry"] == pytest.approx(1, abs=1e-12)
    routes, shares = named_paths(d.run.cell), []
    for t in np.unique(np.linspace(0, 24, 8).astype(int)):
        total = step_jacobian(Steps(d.run), t)
        carry = step_jacobian(Steps(d.run, routes.step(lambda name: name == "carry")), t)
        shares.append((carry * total).sum(axis=(1, 2)) / (total**2).sum(axis=(1, 2)))
    assert d.paths.share["carry"] == pytest.approx(np.mean(shares), abs=1e-12)
    assert 0.3 < d.paths.share["carry"] < 0.95


@pytest.mark.parametrize("name", ["gru", "lstm", "cornn"])
def test_the_ways_of_general_cells_tell_the_same_paths(name: str) -> None:
    """Two engines: sums of diagonals and matrices, and adjoints folded term by term."""
    run = measured(name, lags=12).run
    assert run is not None
    named, noted = named_paths(run.cell), np.arange(13)
    for keep in (None, *(n.__ne__ for n in named.names)):
        for of in run.cell.states:
            block = AskedBlock.of_run(run, of, of, 12, None, "spectral", noted)
            asked = (block, named, keep, run.cell.states)
            found, expected = paths._general_norms(*asked), paths._vector_norms(*asked)
            for wrt in run.cell.states:
                np.testing.assert_allclose(found[wrt], expected[wrt], atol=1e-10)
    split, whole = paths._general_parts(run, named)(5)[1], paths._vector_parts(run, named)(5)[1]
    for pair, part in whole.items():
        np.testing.assert_allclose(split[pair], part, atol=1e-13)


def test_paths_of_a_matrix_state() -> None:
    """DeltaNet carries I and takes β k kᵀ off it: without that path nothing is forgotten."""
    d = sg.decay("deltanet", hidden=5, lags=12)
    found = d.paths
    assert found is not None
    assert found.names == ("carry", "direct")
    block = found["S", "S"]
    np.testing.assert_allclose(block.whole, d.median, atol=1e-12)
    assert (block.without["direct"] == 0).all()
    np.testing.assert_allclose(block.without["direct"], block.carry, atol=0)
    shares = []
    for run in d.runs:
        for t in np.unique(np.linspace(0, 11, 8).astype(int)):
            k, beta = run["k"][t], run["beta"][t]
            whole = np.eye(5) - beta * np.outer(k, k)
            shares.append(np.trace(whole) / (whole**2).sum())
    assert found.share["carry"] == pytest.approx(np.mean(shares), abs=1e-12)


@pytest.mark.parametrize("norm", ["spectral", "frobenius"])
@pytest.mark.parametrize("n", [5, 48])
def test_one_pass_for_a_row_of_blocks_is_as_one_for_each(n: int, norm: str) -> None:
    """At some lags, for diagonal products, and where a state does not see another."""
    for name, kept in (("lstm", "carry"), ("lstm", "g"), ("scrn", ""), ("lem", "")):
        d = measured(name, n=n, lags=70)
        assert d.run is not None
        cell, noted = d.run.cell, np.array([0, 1, 7, 40, 64, 70])
        routes = named_paths(cell)
        for step in (
            None,
            routes.step(lambda other, kept=kept: (other == kept) == (kept == "carry")),
        ):
            for of in cell.states:
                asked = AskedBlock.of_run(d.run, of, of, 70, None, norm, noted)
                found = block_norms(asked, cell.states, step)
                for wrt in cell.states:
                    alone = lag_norms(d.run, of, wrt, 70, norm=norm, step=step).log10_norm
                    np.testing.assert_allclose(found[wrt], alone[noted], rtol=1e-12, atol=1e-12)


def test_the_lags_of_long_curves_are_spread() -> None:
    d = measured("rnn", lags=400)
    assert d.paths is not None
    assert len(d.paths.lags) == 193
    assert d.paths.lags[-1] == 400
    np.testing.assert_allclose(d.paths["h", "h"].whole, d.median[d.paths.lags], atol=1e-10)


@pytest.mark.parametrize("n", [6, 48])
def test_a_cell_with_one_path_is_zero_without_it(n: int) -> None:
    found = measured("rnn", n=n, lags=60).paths
    assert found is not None
    block = found["h", "h"]
    assert block.carry is None
    assert block.without["U"][0] == 0
    assert np.isneginf(block.without["U"][1:]).all()


def test_checkpointed_runs_have_the_same_paths() -> None:
    cell = sg.cell("gru")
    params = sg.init(cell, hidden=5, input=3)
    x = np.random.default_rng(0).normal(size=(40, 2, 3))
    kept, again = (sg.simulate(cell, params, x, checkpoint=flag) for flag in (False, True))
    one, two = sg.decay(kept).paths, sg.decay(again).paths
    assert one is not None
    assert two is not None
    np.testing.assert_allclose(
        one["h", "h"].without["z"], two["h", "h"].without["z"], atol=1e-12
    )  # fmt: skip


def test_a_cell_without_a_path_has_no_parts() -> None:
    cell = sg.Cell.from_text("z[t] = sigmoid(U @ h[t-1] + b)\nh[t] = tanh(W @ x[t])", name="none")
    d = sg.decay(cell, hidden=3, lags=5)
    assert d.paths is not None
    assert d.paths.names == ()
    assert dict(d.paths.share) == {}
    assert np.isneginf(d.paths["h", "h"].whole[1:]).all()
    path_curves(d.paths)


def test_a_path_through_an_activation_alone_is_no_carry() -> None:
    cell = sg.Cell.from_text("h[t] = 0.5 * tanh(h[t-1]) + W @ x[t]")
    (path,) = paths_of_step(sg.linearise(cell), "h", "h")
    assert path.is_direct
    assert not path.is_carry
