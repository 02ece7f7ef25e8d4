"""Pictures: no global state, same bytes, labels that do not overlap, nothing cut off."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import symgate as sg
from symgate import plots
from symgate.decaying.tail import Rate
from symgate.plots.decades import UNDERFLOW, spread
from symgate.plots.style import every_form, look, looks, rendered


@cache
def measured(name: str, lags: int = 60) -> sg.Decay:
    return sg.decay(sg.cell(name), hidden=10, lags=lags, samples=3)


@cache
def swept() -> sg.Sweep:
    return sg.sweep(sg.cell("lstm"), hidden=[3, 5], bias={"f": [0, 2, 9]}, lags=30, samples=1)


@cache
def over_time() -> sg.Decay:
    return sg.decay(sg.cell("gru"), hidden=5, lags=10, steps=40, at=range(9, 40), samples=1)


def remembered() -> sg.Memory:
    return sg.memory(sg.cell("lstm"), 50, hidden=6)


FAMILY = ("rnn", "lstm", "gru")
DRAWINGS: dict[str, Callable[[Axes | None], Axes]] = {
    "curves": lambda ax: plots.decay_curves([measured(n) for n in FAMILY], ax),
    "bounds": lambda ax: plots.decay_curves([measured(n) for n in FAMILY], ax, bounds=True),
    "predictions": lambda ax: plots.decay_curves(
        [measured("lstm")], ax, bounds=True, predictions=True
    ),
    "underflow": lambda ax: plots.decay_curves([measured("rnn", 900)], ax),
    "far": lambda ax: plots.decay_curves([measured("rnn", 3000)], ax),
    "paths": lambda ax: plots.path_curves(measured("lstm").paths, ax=ax),  # type: ignore[arg-type]
    "spectrum": lambda ax: plots.singular_value_curves(measured("gru"), ax),
    "gates": lambda ax: plots.gate_histograms(measured("lstm").run, ax=ax),  # type: ignore[arg-type]
    "time": lambda ax: plots.lag_time_map(over_time(), ax),
    "sweep": lambda ax: plots.sweep_map(swept(), ax=ax),
    "memory": lambda ax: plots.memory_curves(remembered(), ax),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_picture_takes_ax_and_changes_no_setting(name: str) -> None:
    before = dict(mpl.rcParams)
    figure = Figure()
    FigureCanvasAgg(figure)
    ax = figure.add_subplot()
    assert DRAWINGS[name](ax) is ax
    own = DRAWINGS[name](None)
    assert own.figure is not figure
    rendered(own, "png")
    assert dict(mpl.rcParams) == before
    assert "matplotlib.pyplot" not in sys.modules or not mpl.pyplot.get_fignums()


@pytest.mark.parametrize("name", DRAWINGS)
def test_no_label_overlaps_another(name: str) -> None:
    ax = DRAWINGS[name](None)
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    texts = [t for t in (*ax.texts, ax.title) if t.get_text().strip()]
    boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in texts]
    for (one, a), (two, b) in itertools.combinations(boxes, 2):
        width = min(a.x1, b.x1) - max(a.x0, b.x0)
        height = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert width <= 1 or height <= 1, (one, two)


def test_same_bytes() -> None:
    made = [plots.decay_curves([measured(n) for n in FAMILY]) for _ in "ab"]
    one, two, again = (every_form(ax, "a")[1] for ax in (*made, made[0]))
    assert one == two == again  # saving moves nothing
    assert set(one) == {"svg", "png", "pdf"}
    for kind, found in one.items():
        assert b"Date" not in found
        assert found == rendered(made[0], kind)


def test_same_bytes_in_another_process(tmp_path: Path) -> None:
    code = (
        "import symgate as sg, sys; d = sg.decay(sg.cell('gru'), hidden=5, lags=30);"
        "sg.plots.save(sg.plots.decay_curves([d]), sys.argv[1])"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.svg")], check=True)
    here = plots.decay_curves([sg.decay(sg.cell("gru"), hidden=5, lags=30)])
    assert (tmp_path / "a.svg").read_bytes() == rendered(here, "svg")


def test_nothing_is_cut_at_the_end_of_double_precision() -> None:
    d = measured("rnn", 1200)
    assert d.median[-1] < -320
    ax = plots.decay_curves([d])
    assert ax.get_ylim()[0] < d.median[-1]
    line = max(ax.lines, key=lambda line: len(line.get_xdata()))
    np.testing.assert_array_equal(line.get_ydata(), d.median)
    words = [t.get_text() for t in ax.texts]
    assert "smallest float64" in words
    assert "smallest float32" in words
    marks = [line for line in ax.lines if line.get_marker() == "X"]
    lags = sorted(float(m.get_xdata()[0]) for m in marks)  # type: ignore[index]
    expected = sorted(int(np.argmax(d.median < level)) for level in UNDERFLOW.values())
    assert lags == expected


def test_a_cell_always_has_its_colour() -> None:
    assert look("gru").colour == looks(["rnn", "gru"])[1].colour
    assert len({(k.colour, str(k.dash)) for k in looks(["lstm"] * 5)}) == 5


def test_palette_is_told_apart_in_grey_or_by_dashes() -> None:
    shown = [look(name) for name in FAMILY]
    assert len({str(k.dash) for k in shown}) == len({k.colour for k in shown}) == 3


def test_spread_keeps_the_order_and_the_distance() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        wanted, heights = rng.uniform(0, 1, 8).tolist(), rng.uniform(0.03, 0.1, 8).tolist()
        found = spread(wanted, heights)
        order = np.argsort(found)
        assert order.tolist() == np.argsort(wanted).tolist()
        for a, b in itertools.pairwise(order):
            assert found[b] - found[a] >= (heights[a] + heights[b]) / 2 - 1e-9


def test_curves_of_zeros_can_be_drawn() -> None:
    cell = sg.Cell.from_text("h[t] = N @ h[t-1] + W @ x[t]", name="nilpotent")
    params = {"N": np.diag([1.0], 1), "W": np.eye(2)}
    d = sg.decay(sg.simulate(cell, params, np.zeros((6, 2))), singular=[1, 2, 6])
    rendered(d.plot(bounds=True, predictions=True), "png")
    assert d.paths is not None
    rendered(plots.path_curves(d.paths), "png")


@pytest.mark.parametrize("name", ["a$x_{$b\x01\n\ud800", "循環<b>&" + "x" * 300])
def test_any_name_of_a_cell_can_be_drawn(name: str) -> None:
    cell = sg.Cell.from_text("h[t] = tanh(U @ h[t-1] + W @ x[t])", name=name)
    d = sg.decay(cell, hidden=3, lags=8)
    assert d.paths is not None
    for ax in (plots.decay_curves([d]), plots.path_curves(d.paths), plots.singular_value_curves(d)):
        assert "<b>" not in plots.svg(ax, "a")
        rendered(ax, "png")


def test_what_cannot_be_drawn(tmp_path: Path) -> None:
    d = measured("lstm")
    with pytest.raises(sg.SymgateError, match=r"end in \.svg, \.png or \.pdf"):
        plots.save(plots.decay_curves([d]), tmp_path / "a.bmp")
    with pytest.raises(sg.SymgateError, match="no folder"):
        plots.save(plots.decay_curves([d]), tmp_path / "missing" / "a.svg")
    with pytest.raises(sg.SymgateError, match="several positions"):
        plots.lag_time_map(d)
    with pytest.raises(sg.SymgateError, match="no curve"):
        plots.decay_curves([])
    with pytest.raises(sg.UnknownName, match="a bounded gate of lstm named 'z'"):
        plots.gate_histograms(d.run, ["z"])  # type: ignore[arg-type]
    with pytest.raises(sg.SymgateError, match="no gates with bounded values"):
        plots.gate_histograms(measured("rnn").run)  # type: ignore[arg-type]
    with pytest.raises(sg.SymgateError, match="fewer than two lags"):
        plots.singular_value_curves(sg.decay(sg.cell("rnn"), hidden=3, lags=5, singular=[]))
    s = sg.sweep(sg.cell("lstm"), hidden=[2, 3], gain=[1, 2], bias={"f": [0, 1]}, lags=5)
    with pytest.raises(sg.SymgateError, match="a map has two axes"):
        plots.sweep_map(s)
    rendered(plots.sweep_map(s, fix={"gain": 2}), "png")
    assert list(tmp_path.iterdir()) == []


def test_a_rate_whose_interval_holds_zero_is_no_verdict() -> None:
    d = sg.decay("rnn", hidden=3, lags=20)
    unsure = Rate(0.0162, (-0.5, 0.5356), (10, 20))
    ax = plots.decay_curves([replace(d, whole=unsure)])
    told = " ".join(t.get_text() for t in ax.texts)
    assert "rate not settled" in told
    assert "does not fall" not in told
