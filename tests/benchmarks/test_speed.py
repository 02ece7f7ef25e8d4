"""How long the symbolic work takes, with SymPy's component route beside it.

`make bench` prints the table; in the tests each runs once. No test asserts a time.
"""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest

import symgate as sg


def fresh(name: str) -> sg.Cell:
    """A cell with nothing worked out yet."""
    return sg.Cell.from_text(sg.cell(name).text, name)


def blocks(cell: sg.Cell, lag: int = 1) -> list[object]:
    return [sg.jacobian(cell, of, wrt, lag) for of in cell.states for wrt in cell.states]


@pytest.mark.benchmark(group="lstm, one step: the block Jacobian")
def test_lstm_one_step(benchmark) -> None:
    benchmark.pedantic(blocks, setup=lambda: ((fresh("lstm"),), {}), rounds=20)


@pytest.mark.benchmark(group="lstm, one step: the block Jacobian")
def test_lstm_one_step_by_components(benchmark) -> None:
    """SymPy's Matrix.jacobian for two units: the size matters here, and not above."""
    benchmark.pedantic(lambda: sg.cell("lstm").explicit(n=2, m=2).jacobian(), rounds=1)


@pytest.mark.benchmark(group="lstm, lag 10")
def test_lstm_lag_ten(benchmark) -> None:
    benchmark.pedantic(blocks, setup=lambda: ((fresh("lstm"), 10), {}), rounds=5)


@pytest.mark.benchmark(group="reading a cell")
def test_read(benchmark) -> None:
    benchmark(fresh, "gru")


def test_time_grows_with_the_lag(capsys) -> None:
    """Print the slope of time against lag, both in logarithms: 1 is linear."""
    lags = [10, 20, 40, 80]
    times = []
    for lag in lags:
        cell = fresh("lstm")
        start = time.perf_counter()
        sg.jacobian(cell, "h", "h", lag)
        times.append(time.perf_counter() - start)
    slope = np.polyfit(np.log(lags), np.log(times), 1)[0]
    with capsys.disabled():
        print(f"\nlstm, lags {lags}: {[f'{t:.3f} s' for t in times]}, slope {slope:.2f}")


@pytest.mark.benchmark(group="symgate --help")
def test_help(benchmark) -> None:
    command = [sys.executable, "-m", "symgate", "--help"]
    benchmark.pedantic(lambda: subprocess.run(command, check=True, capture_output=True), rounds=5)
