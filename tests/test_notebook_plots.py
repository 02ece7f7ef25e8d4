"""`.plot()` as a notebook has it: pyplot's axes, the user's style, keywords of a line."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("agg")

from matplotlib import pyplot as plt  # after the choice of a backend

import symgate as sg
from symgate.plots.vector import luminance


@pytest.fixture(scope="module")
def d() -> sg.Decay:
    return sg.decay("rnn", hidden=6, lags=40)


def test_the_picture_is_pyplots(d: sg.Decay, tmp_path: Path) -> None:
    ax = d.plot()
    assert ax is plt.gca()
    plt.savefig(tmp_path / "a.png")
    assert len((tmp_path / "a.png").read_bytes()) > 5000


def test_keywords_go_to_the_line_and_labels_to_the_legend(d: sg.Decay) -> None:
    d.plot(color="green", lw=3, label="mine")
    sg.decay("gru", hidden=6, lags=40).plot()
    line = plt.gca().get_lines()[0]
    assert (line.get_color(), line.get_linewidth()) == ("green", 3)
    assert [text.get_text() for text in plt.legend().get_texts()] == ["mine", "gru"]


def test_the_axis_is_truly_logarithmic(d: sg.Decay) -> None:
    ax = d.plot()
    assert ax.get_yscale() == "log"
    np.testing.assert_allclose(ax.get_lines()[0].get_ydata(), 10**d.median)


def test_what_no_float_holds_stands_on_an_axis_of_powers() -> None:
    deep = sg.decay("rnn", hidden=4, lags=900, scheme="gaussian", gain=0.2)
    assert deep.median[-1] < -320
    ax = deep.plot()
    assert ax.get_yscale() == "linear"
    np.testing.assert_array_equal(ax.get_lines()[0].get_ydata(), deep.median)
    plt.gcf().canvas.draw()
    assert "10^{" in ax.get_yticklabels()[1].get_text()
    shallow = sg.decay("rnn", hidden=4, lags=40)
    shallow.plot(ax)
    last = [line for line in ax.get_lines() if len(line.get_xdata()) == 41][-1]
    np.testing.assert_array_equal(last.get_ydata(), shallow.median)


def test_the_users_style_holds(d: sg.Decay) -> None:
    with plt.style.context("dark_background"):
        plt.rcParams["font.size"] = 17
        _, axes = plt.subplots(1, 2)
        ax = d.plot(axes[0], bounds=True, predictions=True)
        assert ax.xaxis.label.get_size() == 17
        assert ax.get_facecolor() == (0, 0, 0, 1)
        assert all(mpl.colors.to_rgb(line.get_color()) != (0, 0, 0) for line in ax.get_lines())
        assert not ax.texts  # nothing that could run into the axes beside it
    labels = [line.get_label() for line in ax.get_lines()]
    assert {"rnn", "worst case", "bound for these runs"} <= set(labels)
    labels = [line.get_label() for line in d.plot(ax, bounds=True).get_lines()]
    assert "rnn: worst case" in labels  # of a second cell it says whose


def test_a_curve_that_is_zero_says_so_and_keeps_its_lags() -> None:
    ax = sg.decay("rnn-relu", hidden=3, lags=40, gain=0).plot()
    assert [text.get_text() for text in ax.texts] == ["zero after lag 0"]
    assert ax.get_xlim()[1] >= 40


def test_long_names_leave_room_for_the_curves() -> None:
    name = "a-cell-with-a-name-of-more-than-thirty-letters"
    cell = sg.Cell.from_text("h[t] = tanh(W @ x[t] + U @ h[t-1])", name=name)
    long = sg.decay(cell, hidden=3, lags=20)
    _, ax = plt.subplots(figsize=(300 / 72, 200 / 72))
    sg.plots.decay_curves([long], ax)
    assert ax.get_position().width > 0.3
    plt.figure(figsize=(300 / 72, 200 / 72))
    ax = sg.sweep(cell, hidden=[2, 3], bias={}, lags=10).plot()
    assert ax.title.get_window_extent().x0 > 0


def test_memory_and_sweep_draw_there_too() -> None:
    m = sg.memory("lstm", 20, hidden=3)
    assert m.plot() is plt.gca()
    assert "1/e after T steps" in [t.get_text() for t in plt.legend().get_texts()]
    plt.figure()
    s = sg.sweep("lstm", hidden=[2, 3], bias={"f": [0, 1]}, lags=10)
    assert s.plot() is not None
    assert len(plt.gcf().axes) == 2  # the map and its colours
    plt.figure()
    assert sg.sweep("rnn", hidden=[2, 3], lags=10).plot() is plt.gca()


def test_the_theory_draws_there_too() -> None:
    run = sg.decay("gru", hidden=4, lags=40, networks=1).run
    found = sg.lyapunov(run)  # type: ignore[arg-type]
    assert found.plot(color="red") is plt.gca()
    assert plt.gca().get_lines()[0].get_color() == "red"
    plt.figure()
    growth = sg.measured_growth("rnn", hidden=8, lags=10)
    assert growth.plot() is plt.gca()


def test_a_watch_and_a_reach_draw_there_too() -> None:
    watch = SimpleNamespace(
        lags=np.arange(5), epochs=[0, 1], norm="frobenius", curve=lambda _: -np.ones((2, 5))
    )
    assert sg.plots.watch_curves(watch, "rnn") is plt.gca()  # type: ignore[arg-type]
    plt.figure()
    reach = SimpleNamespace(at=3, norm="spectral", log10_norm=np.array([-3.0, -2, -1, 0, -np.inf]))
    assert sg.plots.reach_curve(reach, color="red") is plt.gca()  # type: ignore[arg-type]
    assert plt.gca().get_yscale() == "log"


def test_a_sweep_over_one_axis_says_where_the_gradient_does_not_fall() -> None:
    ax = sg.sweep("lstm", hidden=8, bias={"f": [0, 1, 9]}, lags=20, samples=1).plot(color="red")
    assert ax.get_lines()[0].get_color() == "red"
    assert [text.get_text() for text in ax.texts] == ["does not\nfall"]


PAIRS = {
    "user": lambda d, ax: d.plot(ax),
    "house": lambda d, ax: sg.plots.decay_curves([d], ax, bounds=True),
    "gates": lambda d, ax: sg.plots.gate_histograms(d.run, ax=ax),
}


@pytest.mark.parametrize("kind", PAIRS)
def test_pictures_side_by_side_do_not_run_into_each_other(kind: str) -> None:
    d = sg.decay("gru", hidden=6, lags=40)
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.5))
    for ax in axes:
        PAIRS[kind](d, ax)
    figure.canvas.draw()
    left, right = (ax.get_tightbbox() for ax in axes)
    assert left.x0 >= 0
    assert left.x1 <= right.x0
    assert min(left.y0, right.y0) >= 0
    assert max(left.y1, right.y1) <= figure.bbox.y1


@pytest.mark.parametrize("kind", ["house", "gates"])
def test_pictures_of_the_house_stand_out_on_a_dark_ground(kind: str) -> None:
    with plt.style.context("dark_background"):
        ax = plt.figure().add_subplot()
        PAIRS[kind](sg.decay("gru", hidden=6, lags=40), ax)
        drawn = [*ax.get_lines(), *ax.texts, ax.title, ax._left_title]  # type: ignore[attr-defined]
        assert all(luminance(mpl.colors.to_rgb(part.get_color())) > 0.15 for part in drawn)
        own = PAIRS[kind](sg.decay("gru", hidden=6, lags=40), None)  # on white, as ever
        assert own.xaxis.label.get_color() == "black"
