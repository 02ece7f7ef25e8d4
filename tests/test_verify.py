"""The derivation's check: it checks what is printed, and leaves mpmath's precision alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import mpmath
import pytest

import symgate as sg
from symgate.algebra.operators import total
from symgate.algebra.vectors import variable
from symgate.linear import verify
from symgate.linear.paths import MAX_PATHS, carries, count
from symgate.linear.verify import Verified, verified
from symgate.writing.gathered import gathered


def chained(gates: int) -> sg.Cell:
    """A cell whose every gate reads the state and the gate before it: three routes a gate."""
    lines = ["g0[t] = sigmoid(U0 @ h[t-1] + W @ x[t])"]
    lines += [
        f"g{i}[t] = sigmoid(U{i} @ h[t-1] + V{i} @ g{i - 1}[t] * h[t-1])" for i in range(1, gates)
    ]
    lines.append(f"h[t] = g{gates - 1}[t] * h[t-1] + (1 - g{gates - 1}[t]) * g0[t]")
    return sg.Cell.from_text("\n".join(lines), name=f"chained-{gates}")


@pytest.mark.parametrize("gates", [13, 24])
def test_a_block_of_many_paths_is_checked_as_it_is_printed(
    gates: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from symgate.linear import products

    cell = chained(gates)
    assert count(sg.linearise(cell), "h", "h") > MAX_PATHS
    assert verified(cell).holds
    monkeypatch.setattr(products, "total", lambda parts, *shape: total(list(parts)[:-1], *shape))
    broken = sg.Cell.from_text(str(cell), name="broken")
    assert not verified(broken).holds
    assert not sg.derive(broken, sections=["step"]).holds


def test_a_path_that_is_left_out_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from symgate.linear import verify

    whole = verify.paths
    monkeypatch.setattr(verify, "paths", lambda *given: whole(*given)[1:])
    found = verified(sg.Cell.from_text(str(sg.cell("gru")), name="less"))
    assert not found.holds
    assert found.one_step < 1e-20 < found.paths


def test_threads_agree_and_the_users_precision_stays() -> None:
    def largest(name: str) -> float:
        return verified(sg.Cell.from_text(str(sg.cell(name)), name=name)).largest

    with mpmath.workdps(17):
        before = mpmath.mp.prec
        names = ["gru", "lstm", "rnn", "mgu"] * 2
        alone = [largest(name) for name in names]
        with ThreadPoolExecutor(8) as pool:
            together = list(pool.map(largest, names))
        assert mpmath.mp.prec == before
    assert together == alone
    assert max(together) < 1e-20


def test_what_holds() -> None:
    """Each deviation counts, and only those of the differences themselves are let pass."""
    for place in range(4):
        deviations = [1e-20] * 4
        assert Verified({}, *deviations).holds
        deviations[place] = 1e-9
        assert not Verified({}, *deviations).holds


@pytest.mark.parametrize("name", ["deltanet", "mlstm", "rwkv7", "ttt-linear", "gru"])
def test_gradients_as_they_are_printed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written shorter is the same number."""
    cell = sg.cell(name)
    back = sg.adjoint(cell)
    told = replace(
        back,
        deltas={n: gathered(e) for n, e in back.deltas.items()},
        previous={n: gathered(e) for n, e in back.previous.items()},
        gradients={n: gathered(e) for n, e in back.gradients.items()},
    )
    monkeypatch.setattr(verify, "adjoint", lambda _: told)
    assert verified.__wrapped__(cell).holds


@pytest.mark.parametrize("line", ["log(-1 - h[t-1]**2)", "exp(exp(exp(5 + h[t-1]**2)))"])
def test_what_has_no_value_at_any_point_is_refused_in_words(line: str) -> None:
    """mpmath's own OverflowError came through."""
    with pytest.raises(sg.SymgateError, match="at any of 8 random points"):
        sg.derive(sg.Cell.from_text(f"h[t] = {line} + W @ x[t]"))


def doubled(gates: int) -> sg.Cell:
    """Each gate reads the one before it twice: 2^gates paths, a formula that grows by the gate."""
    lines = ["g1[t] = sigmoid(A1 @ h[t-1] + W @ x[t])"]
    lines += [
        f"g{i}[t] = sigmoid(A{i} @ g{i - 1}[t] + B{i} @ (g{i - 1}[t] * h[t-1]))"
        for i in range(2, gates + 1)
    ]
    lines.append(f"h[t] = g{gates}[t] * h[t-1] + (1 - g{gates}[t]) * tanh(U @ h[t-1])")
    return sg.Cell.from_text("\n".join(lines), name=f"doubled-{gates}")


def test_a_billion_paths_are_written_with_parentheses_and_bounded() -> None:
    cell = doubled(30)
    assert count(sg.linearise(cell), "h", "h") == 2**30 + 1
    assert len(sg.latex(sg.jacobian(cell, lag=3))) < 20_000
    found = sg.decay(cell, hidden=3, lags=8)
    assert (found.bounds.run_log10 >= found.log10_norm).all()
    assert (found.bounds.worst_log10 >= found.log10_norm.T).all()
    (carried,) = carries(sg.linearise(cell))
    assert carried.coefficient == variable("g30")
    assert verified(doubled(12)).holds


def test_a_sum_that_no_parentheses_shorten_is_refused_and_still_bounded() -> None:
    lines = ["g0[t] = tanh(A0 @ h[t-1] + W @ x[t])", "g1[t] = tanh(A1 @ g0[t] + B1 @ h[t-1])"]
    lines += [
        f"g{i}[t] = tanh({' + '.join(f'A{i}_{j} @ g{j}[t]' for j in range(i))})"
        for i in range(2, 16)
    ]
    cell = sg.Cell.from_text("\n".join([*lines, "h[t] = 0.5 * h[t-1] + g15[t]"]))
    with pytest.raises(sg.SymgateError, match=r"24,577 paths back from h: .* more than 1,000"):
        sg.jacobian(cell)
    found = sg.decay(cell, hidden=3, lags=8)
    assert found.bounds.formula == "the sum of the bounds of 24,577 paths"
    assert (found.bounds.run_log10 >= found.log10_norm).all()
