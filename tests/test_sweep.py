"""`sweep`: the table, going on after an interruption, limits."""

from __future__ import annotations

import json
import math
import os
import signal
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import symgate as sg
from symgate.decaying import workers
from symgate.decaying.workers import in_order

GRID: dict[str, Any] = {
    "hidden": [3, 5], "bias": {"f": [0, 2]}, "gain": [0.5, 1.0], "scheme": "orthogonal",
    "lags": 20, "samples": 1,
}  # fmt: skip


def swept(**options: Any) -> sg.Sweep:
    return sg.sweep(sg.cell("lstm"), **{**GRID, **options})


def test_table() -> None:
    s = swept()
    assert list(s.axes) == ["hidden", "gain", "bias f"]
    assert s.grid().shape == (2, 2, 2)
    assert len(s.to_csv().splitlines()) == 9
    d = sg.decay(sg.cell("lstm"), hidden=5, lags=20, samples=1, gain=1.0, bias={"f": 2},
                 scheme="orthogonal")  # fmt: skip
    assert s.grid("rate")[1, 1, 1] == pytest.approx(d.rate, rel=1e-12)
    json.dumps(s.to_dict(), allow_nan=False)


def test_a_rate_is_worded_by_its_interval() -> None:
    """A rate above 0 whose interval holds 0 was said not to fall, in the table and the plot."""
    s = sg.sweep("gru", hidden=8, gain=[1, 6], lags=40)
    d = sg.decay("gru", hidden=8, gain=6, lags=40, networks=2)
    assert (s["rate_low"][1], s["rate_high"][1]) == pytest.approx(d.fit.interval, rel=1e-12)
    assert d.rate > 0 > s["rate_low"][1]
    assert "rate not settled" in s.table()[2]
    assert [text.get_text() for text in s.plot().texts] == ["rate not\nsettled"]


class Killed(Exception):
    """Stops a sweep in its middle."""


@pytest.mark.parametrize("after", [1, 4, 7])
def test_an_interrupted_sweep_ends_with_the_same_bytes(tmp_path: Path, after: int) -> None:
    whole, part = tmp_path / "whole.jsonl", tmp_path / "part.jsonl"
    table = swept(keep=whole).to_csv()

    def kill(done: int, total: int) -> None:
        if done == after:
            raise Killed

    with pytest.raises(Killed):
        swept(keep=part, progress=kill)
    assert len(part.read_text().splitlines()) == after + 1
    part.write_bytes(part.read_bytes()[:-7])  # the last line was being written
    seen: list[int] = []
    again = swept(keep=part, progress=lambda done, total: seen.append(done))
    assert part.read_bytes() == whole.read_bytes()
    assert again.to_csv() == table
    assert seen == list(range(1, 9))


def test_a_finished_sweep_is_not_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = tmp_path / "s.jsonl"
    first = swept(keep=keep)
    monkeypatch.setattr("symgate.decaying.sweep.decay", None)
    assert swept(keep=keep).to_csv() == first.to_csv()


def test_a_file_of_another_sweep(tmp_path: Path) -> None:
    keep = tmp_path / "s.jsonl"
    swept(keep=keep)
    before = keep.read_bytes()
    with pytest.raises(sg.SymgateError, match=r"holds another sweep .*lags is 20 there and 30"):
        swept(keep=keep, lags=30)
    assert keep.read_bytes() == before
    keep.write_text("something else\n")
    with pytest.raises(sg.SymgateError, match="is not a file of a sweep"):
        swept(keep=keep)
    assert keep.read_text() == "something else\n"
    with pytest.raises(sg.SymgateError, match="no folder"):
        swept(keep=tmp_path / "missing" / "s.jsonl")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden": []}, "the grid has no points: hidden has no values"),
        ({"bias": {"f": []}}, "bias f has no values"),
        ({"hidden": range(1, 1001), "gain": np.linspace(1, 2, 1000).tolist(),
          "bias": {"f": range(1000)}},
         "1000 × 1000 × 1 × 1000 = 1,000,000,000 points, more than the limit of 2,000"),
        ({"limit": 7}, "= 8 points, more than the limit of 7"),
        ({"bias": {"z": [1]}}, "a gate or a bias of lstm named 'z'"),
        ({"hidden": [0]}, "each of hidden must be a whole number, 1 or more"),
        ({"hidden": [2.5]}, "each of hidden must be a whole number, 1 or more"),
        ({"gain": [math.nan]}, "each of gain must be a finite number"),
        ({"gain": [1.0, 1.0]}, "gain names a value twice"),
        ({"scheme": ["magic"]}, "the scheme 'magic'"),
        ({"seed": 0.5}, "seed must be a whole number"),
        ({"of": "q"}, "a value of lstm named 'q'"),
        ({"lags": 0}, "lags must be a whole number, 1 or more"),
        ({"norm": "nuclear"}, "the norm 'nuclear'"),
    ],
)  # fmt: skip
def test_bad_input(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    keep = tmp_path / "s.jsonl"
    with pytest.raises(sg.SymgateError, match=message):
        swept(**{**options, "keep": keep})
    assert not keep.exists()


def test_a_point_that_diverges_does_not_stop_the_others() -> None:
    cell = sg.Cell.from_text("h[t] = U @ h[t-1] + (U @ h[t-1]) * (U @ h[t-1]) + x[t]")
    s = sg.sweep(cell, hidden=[2], gain=[0.01, 40.0], scheme="gaussian", lags=30, samples=1)
    rates = s.grid("rate")
    assert np.isfinite(rates[0])
    assert np.isnan(rates[1])
    assert "not finite" in s.rows[1]["note"]
    assert s.table()[2][1] == "diverged"
    lost = sg.sweep(cell, hidden=[2], gain=[40.0, 80.0], scheme="gaussian", lags=30, samples=1)
    assert np.isnan(lost.plot().get_lines()[0].get_ydata()).all()  # had no logarithms to draw


def test_an_unknown_result() -> None:
    with pytest.raises(sg.UnknownName, match="a result named 'speed'"):
        swept(hidden=3, gain=1.0, bias={}).grid("speed")


# -- executors, jobs, locks ----------------------------------------------------------------------


def test_the_same_bytes_whatever_runs_it(tmp_path: Path) -> None:
    alone, both, threads = (tmp_path / f"{name}.jsonl" for name in ("alone", "both", "threads"))
    table = swept(keep=alone).to_csv()
    assert swept(keep=both, jobs=2).to_csv() == table
    with ThreadPoolExecutor(3) as executor:
        assert swept(keep=threads, executor=executor).to_csv() == table
    assert alone.read_bytes() == both.read_bytes() == threads.read_bytes()


def _killed_once(task: Path) -> int:
    if not task.exists():
        task.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return len(task.name)


def _killed(task: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return task


def test_a_process_that_is_killed_is_replaced(tmp_path: Path) -> None:
    tasks = [tmp_path / ("a" * (i + 1)) for i in range(5)]
    for task in tasks:
        task.touch()
    tasks[2].unlink()
    assert list(in_order(_killed_once, tasks, jobs=2)) == [1, 2, 3, 4, 5]
    with pytest.raises(sg.SymgateError, match="task 1 of 2 died 3 times"):
        list(in_order(_killed, [1, 2], jobs=2))


def test_two_sweeps_do_not_write_one_file(tmp_path: Path) -> None:
    keep = tmp_path / "s.jsonl"

    def second(done: int, total: int) -> None:
        if done == 2:
            with pytest.raises(sg.SymgateError, match="is being written by another sweep"):
                swept(keep=keep)

    first = swept(keep=keep, progress=second)
    assert swept(keep=keep).to_csv() == first.to_csv()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"jobs": 0}, "jobs must be a whole number, 1 or more"),
        ({"jobs": 10**6}, "jobs may be at most 256"),
        ({"executor": 3}, "an executor must have a method submit"),
    ],
)
def test_bad_executors(options: dict[str, Any], message: str) -> None:
    with pytest.raises(sg.SymgateError, match=message):
        swept(**options)


def test_an_executor_that_dies() -> None:
    with (
        ProcessPoolExecutor(1, get_context("fork")) as executor,
        pytest.raises(sg.SymgateError, match=r"the executor died .*goes on from there"),
    ):
        list(in_order(_killed, [1, 2, 3], executor=executor))
    ended = ThreadPoolExecutor(1)
    ended.shutdown()
    with pytest.raises(sg.SymgateError, match=r"the executor takes no work: .*shutdown"):
        list(in_order(abs, [1], executor=ended))


def test_a_cluster_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dask is missing, or nothing answers at the address within the time that it is given."""

    def silent(address: str, timeout: float) -> None:
        assert timeout == workers.ANSWER
        raise TimeoutError(f"Timed out trying to connect to {address}")

    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(workers, "import_module", missing)
    with (
        pytest.raises(sg.errors.MissingTool, match=r"symgate\[dask\]"),
        workers.cluster("tcp://127.0.0.1:1"),
    ):
        pass
    monkeypatch.setattr(workers, "import_module", lambda name: SimpleNamespace(Client=silent))
    with (
        pytest.raises(sg.SymgateError, match=r"no Dask scheduler answered at tcp:.*within 10 s"),
        workers.cluster("tcp://127.0.0.1:1"),
    ):
        pass


def test_a_worker_of_a_cluster_is_killed(tmp_path: Path) -> None:
    """Two workers on this machine, one of which dies in the middle: the same table."""
    distributed = pytest.importorskip("distributed")
    tasks = [tmp_path / ("a" * (i + 1)) for i in range(5)]
    for task in tasks:
        task.touch()
    tasks[2].unlink()
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
        ) as local,
        workers.cluster(local.scheduler_address) as executor,
    ):
        assert list(in_order(_killed_once, tasks, executor=executor)) == [1, 2, 3, 4, 5]
