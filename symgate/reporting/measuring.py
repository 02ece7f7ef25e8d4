"""What is computed for a report: one piece for each cell and each question.

Each function takes what its piece depends on and gives plain data and files. Nothing here
knows how the page looks; nothing on the page is computed elsewhere.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sympy import Expr, sympify
from sympy import latex as sympy_latex

from symgate.algebra.norms import SpectralNorm
from symgate.algebra.text import text
from symgate.bounds.norms import bounds
from symgate.decaying.curve import Decay
from symgate.decaying.loading import load
from symgate.decaying.measure import decay
from symgate.decaying.memory import Memory, T, lasts, memory
from symgate.decaying.solve import solved
from symgate.decaying.sweep import sweep
from symgate.drawing.diagram import diagram
from symgate.equations.cell import Cell
from symgate.errors import SymgateError
from symgate.judging.verbs import work
from symgate.linear.linearise import linearise
from symgate.linear.paths import carries
from symgate.numerics.initialise import chosen_sizes
from symgate.numerics.setup import Setup
from symgate.plots import (
    decay_curves,
    gate_histograms,
    path_curves,
    singular_value_curves,
    sweep_map,
)
from symgate.plots.style import WIDTH, every_form, page, styled, subtitle
from symgate.reporting.pieces import Made, ReportPiece
from symgate.reporting.settings import SWEEP_HIDDEN
from symgate.writing.sections.norms import bound_step
from symgate.writing.subject import Subject
from symgate.writing.tree import Formula
from symgate.writing.typesetter import Typesetter

#: Units of the long curve, and lags of the heat map, whose runs are many.
LONG_HIDDEN, SWEEP_LAGS = 64, 300

#: The grid of the heat map: how far the carry's bias opens it, and g of N(0, g²/n).
OPEN, GAINS = (-2.0, 0.0, 2.0, 4.0, 6.0), (0.5, 1.0, 1.5, 2.0, 3.0)

#: The memories of the table, in steps; the one in the middle is checked by simulation.
MEMORIES = (10, 100, 1000, 10_000)
CHECKED = 100

#: The most cells whose bounds are drawn in one picture.
MOST_BOUNDS = 4

#: The forms of a figure beside the page: for the web, for slides, for papers.
IMAGE_FORMATS = ("svg", "png", "pdf")

Files = dict[str, bytes]


def drawn(name: str, drawing: Axes | Figure, title: str = "") -> Files:
    """A figure for the page, and in its forms beside it, by file name."""
    inside, files = every_form(drawing, f"f-{name}", title)
    beside = {f"figures/{name}.{form}": content for form, content in files.items()}
    return {f"inline/{name}.svg": inside.encode(), **beside}


def of_cell(made: Setup, slug: str, notation: str) -> Made:
    """The curve of a cell, its paths, gates and singular values, and what they amount to."""
    cell = made.cell
    data: dict[str, Any] = {"name": cell.name, "title": cell.title, "slug": slug}
    picture = diagram(cell)
    files: Files = {
        f"inline/{slug}-diagram.svg": picture.svg().encode(),
        f"figures/{slug}-diagram.svg": picture.svg().encode(),
        f"figures/{slug}-diagram.tex": picture.tikz().encode(),
        **{f"figures/{slug}-diagram.{form}": picture.image(form) for form in IMAGE_FORMATS[1:]},
    }
    data["diagram"] = picture.description
    data |= _counts(made)
    try:
        d = decay(made)
        data |= _of_curve(d, cell, notation)
        files[f"data/{slug}.csv"] = d.to_csv().encode()
        files[f"data/{slug}.npz"] = _saved(d)
        assert d.run is not None
        run = d.run
        figures: dict[str, Callable[[], Axes]] = {
            "paths": lambda: path_curves(d.paths or d.measure_paths()),
            "gates": lambda: gate_histograms(run),
            "singular": lambda: _singular(d),
        }
        data["left_out"] = {}
        for name, draw in figures.items():
            try:
                files |= drawn(f"{slug}-{name}", draw())
            except SymgateError as error:
                data["left_out"][name] = str(error)
    except SymgateError as error:
        data["failed"] = str(error)
    return data, files


def _singular(d: Decay) -> Axes:
    if not d.singular_values:
        raise SymgateError(f"The singular values of {d.cell} are not worked out")
    if not d.effective_rank:
        raise SymgateError(f"The gradient of {d.cell} is exactly zero, with all singular values")
    return singular_value_curves(d)


def _counts(made: Setup) -> dict[str, Any]:
    """Parameters and work, in symbols and for the sizes at hand."""
    cell = made.cell
    sizes = chosen_sizes(cell, made.hidden, made.input, made.sizes)
    numbers = {cell.sizes[letter]: size for letter, size in sizes.items()}
    parameters, products = sympify(cell.parameter_count()).expand(), work(cell)
    return {
        "sizes": sizes,
        "parameters": str(parameters),
        "parameters_here": int(parameters.subs(numbers)),
        "work": str(products),
        "work_here": int(products.subs(numbers)),
        "latex": {"parameters": _latex(parameters), "work": _latex(products)},
    }


def _latex(count: Expr) -> str:
    return str(sympy_latex(count, order="grlex"))


def _of_curve(d: Decay, cell: Cell, notation: str) -> dict[str, Any]:
    """The numbers of a curve and of its paths."""
    assert d.bounds is not None
    assert d.predictions is not None
    told = {entry.name: entry for entry in d.predictions.entries}
    biases = told.get("biases")
    return {
        **d.summary(),
        "of": d.of,
        "wrt": d.wrt,
        "norm": d.norm_name,
        "averaged_over": d.setting.averaged_over,
        "command": d.setting.command,
        "command_needs": d.setting.needs,
        "above_millionth": _above(d, 6.0),
        "time_constant_from_biases": None if biases is None else _time_constant(biases.rate),
        "predictions": {
            name: {"rate": e.rate, "rate_off": e.rate_off, "decades_off": e.decades_off}
            for name, e in told.items()
        },
        "bound": {
            "latex": _bound(cell, notation, d.of, d.wrt),
            "one_step": 10 ** float(d.bounds.worst_log10[1] - d.bounds.worst_log10[0]),
            "notes": list(d.bounds.notes),
            "of_run": list(d.bounds.of_run),
            "run_last_log10": float(d.bounds.run_log10[-1].max()),
        },
        "effective_rank": d.effective_rank,
        "notes": list(d.notes),
        **_of_paths(d),
    }


def _bound(cell: Cell, notation: str, of: str, wrt: str) -> list[str]:
    """The bound of a block path by path, as in the derivation, as LaTeX for display."""
    subject = Subject.of(cell, notation)
    step = bound_step(subject, bounds(cell))
    left = SpectralNorm(subject.partial(of, wrt))
    row = next(row for f in step.formulas for row in f.lines if row.left == left)
    return [one.latex for one in Typesetter(subject.naming).formula(Formula((row,)))]


def _above(d: Decay, decades: float) -> int | None:
    """The largest lag at which the median is no more than some decades below its start; None
    where it is so at every lag."""
    held = np.isfinite(d.median)
    if not held.any():
        return 0
    lags = np.flatnonzero(d.median > d.median[held][0] - decades)
    return None if lags[-1] == len(d.lags) - 1 else int(lags[-1])


def _time_constant(rate: float) -> float | None:
    return -1 / rate if rate < 0 else None


def _of_paths(d: Decay) -> dict[str, Any]:
    """Each path's share in one step of the whole state, and in each block what is left at
    the last lag without it."""
    paths = d.paths
    if paths is None:
        return {"paths": {}, "share": {}, "carry_share": None, "blocks": {}}
    blocks = {
        f"{of},{wrt}": {
            "last_log10": float(b.whole[-1]),
            "carry_last_log10": None if b.carry is None else float(b.carry[-1]),
            "without_last_log10": {name: float(v[-1]) for name, v in b.without.items()},
        }
        for (of, wrt), b in paths.blocks.items()
    }
    return {
        "paths": dict(paths.titles),
        "share": dict(paths.share),
        "carry_share": paths.share.get("carry"),
        "blocks": blocks,
    }


def _saved(d: Decay) -> bytes:
    with tempfile.TemporaryDirectory(prefix="symgate-") as folder:
        return d.save(Path(folder, "curve.npz")).read_bytes()


def answer(pieces: Sequence[ReportPiece]) -> Made:
    """The figure at the top: all curves beside each other."""
    decays = [
        load(piece.path(f"data/{piece.data['slug']}.npz"))
        for piece in pieces
        if "failed" not in piece.data
    ]
    if not decays:
        return {}, {}
    figure, near = together(decays)
    files = drawn("decay", figure)
    if len(decays) <= MOST_BOUNDS:
        lags = len(decays[0].lags) - 1 if near is None else near
        files |= drawn("bounds", bounded([_first(d, lags) for d in decays]))
    return {"near": near}, files


@styled
def together(decays: Sequence[Decay]) -> tuple[Figure, int | None]:
    """All curves over all lags, below them the first lags; how many of them, or None where the
    curves last over all lags."""
    falls = [lag for d in decays if (lag := _above(d, 6.0)) is not None]
    near = max(2 * max(falls, default=0), 8)
    whole = len(decays[0].lags) - 1
    if not falls or 2 * near > whole:
        figure = decay_curves(decays).get_figure(root=True)
        assert isinstance(figure, Figure)
        return figure, None
    figure = page(WIDTH, 7.6)
    above, below = figure.subplots(2, 1)
    decay_curves(decays, above)
    decay_curves([_first(d, near) for d in decays], below)
    subtitle(below, f"the first {near} lags")
    return figure, near


@styled
def bounded(decays: Sequence[Decay]) -> Axes:
    """The curves with their bounds, which leave the picture soon."""
    return decay_curves(decays, bounds=True)


def _first(d: Decay, lags: int) -> Decay:
    """The first lags of a curve, with its bounds and the half-life of the whole."""
    beside: dict[str, Any] = {}
    if d.bounds is not None:
        worst, run = d.bounds.worst_log10[: lags + 1], d.bounds.run_log10[: lags + 1]
        beside["bounds"] = replace(d.bounds, worst_log10=worst, run_log10=run, radius_log10=None)
    few, log10 = d.lags[: lags + 1], d.log10_norm[: lags + 1]
    return replace(d, lags=few, log10_norm=log10, singular={}, whole=d.fit, beside=beside)


def carrying(cell: Cell) -> str:
    """The state that is carried, else the one that `decay` takes."""
    found = [c.state for c in carries(linearise(cell))]
    return found[0] if found else cell.output


def long_curve(setups: Sequence[Setup], steps: int) -> Made:
    """The gradient over a sequence as long as the notes speak of, for each cell twice: as
    initialised, and with the biases of chrono initialisation."""
    rows: list[dict[str, Any]] = []
    curves: list[Decay] = []
    names: list[str] = []
    files: Files = {}
    for made in setups:
        cell = made.cell
        state = carrying(cell)
        for scheme in (made.scheme, "chrono"):
            row: dict[str, Any] = {"cell": cell.name, "state": state, "scheme": scheme}
            try:
                d = decay(
                    cell,
                    state,
                    state,
                    hidden=LONG_HIDDEN,
                    lags=steps,
                    networks=1,
                    scheme=scheme,
                    seed=made.seed,
                    singular=(),
                    t_max=steps if scheme == "chrono" else None,
                )
            except SymgateError as error:
                rows.append({**row, "failed": str(error)})
                continue
            below = {
                name: int(found[0]) if len(found := (d.median < level).nonzero()[0]) else None
                for name, level in (("single", LOG10_SINGLE), ("double", LOG10_DOUBLE))
            }
            rows.append({**row, **d.summary(), "below": below, "command": d.setting.command})
            curves.append(d)
            names.append(cell.name if scheme == made.scheme else f"{cell.name}, chrono")
    if curves:
        files = drawn("long", decay_curves(curves, names=names))
    return {"steps": steps, "hidden": LONG_HIDDEN, "curves": rows}, files


#: log10 of the smallest normal numbers.
LOG10_SINGLE, LOG10_DOUBLE = -37.92977945366162, -307.65265556858884


def remembering(made: Setup, slug: str) -> Made:
    """Which bias gives which memory, and the half-life over that bias and the gain."""
    cell = made.cell
    try:
        m = memory(cell, CHECKED, hidden=LONG_HIDDEN, seed=made.seed)
    except SymgateError as error:
        return {"cell": cell.name, "refused": str(error)}, {}
    data: dict[str, Any] = {
        "cell": cell.name,
        "state": m.state,
        "gate": m.gate,
        "parameter": m.parameter,
        "formula": text(m.formula),
        "latex": _formula(m.formula),
        "values": biases(cell, m.state, m.parameter),
        "with": dict(m.kept),
        "checked": {"steps": CHECKED, "carry": m.carry, **_factors(m)},
    }
    files: Files = {}
    keeps = {g: up for c in carries(linearise(cell)) for g, up in c.gates.items()}
    if m.gate is not None:
        opened = [v if keeps.get(m.gate, True) else -v for v in OPEN]
        try:
            s = sweep(
                cell,
                hidden=SWEEP_HIDDEN,
                gain=GAINS,
                bias={m.gate: opened},
                scheme="gaussian",
                of=m.state,
                wrt=m.state,
                lags=SWEEP_LAGS,
                seed=made.seed,
            )
        except SymgateError as error:
            data["no_map"] = str(error)
        else:
            files[f"data/{slug}-half-life.csv"] = s.to_csv().encode()
            files |= drawn(f"{slug}-half-life", sweep_map(s))
            data["grid"] = {"bias": opened, "gain": list(GAINS), "half_life": s.grid().tolist()}
    return data, files


def biases(cell: Cell, state: str, parameter: str) -> dict[str, float]:
    """The bias for each memory of the table, all else as it is initialised.

    >>> import symgate as sg
    >>> {steps: round(bias, 2) for steps, bias in biases(sg.cell("lem"), "h", "b_e").items()}
    {'10': -1.39, '100': -3.89, '1000': -6.21, '10000': -8.52}
    """
    return {str(k): solved(cell, T, float(k), state).values[parameter] for k in MEMORIES}


def _factors(m: Memory) -> Mapping[str, Any]:
    """What a step keeps, measured: weights zero, drawn weights, the input gate closed."""
    return {
        "exact": math.exp(m.exact.rate),
        "drawn": m.drawn.time_constant,
        "drawn_lasts": lasts(m.drawn),
        "paired": None if m.paired is None else m.paired.time_constant,
        "paired_lasts": None if m.paired is None else lasts(m.paired),
        "partner": dict(m.partner),
    }


def _formula(formula: Expr) -> str:
    return str(sympy_latex(formula)).replace(r"\log", r"\ln")
