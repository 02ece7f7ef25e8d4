"""A report on runs of trained networks: the user's own network and data, beside it untrained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from symgate import __version__
from symgate.decaying.curve import Decay
from symgate.decaying.table import half_life
from symgate.drawing.palette import BLUE, RED
from symgate.equations.cell import Cell
from symgate.errors import SymgateError
from symgate.models.inspecting import Inspection, inspected
from symgate.models.running import BothWays
from symgate.numerals import power, whole
from symgate.numerics.initialise import init
from symgate.numerics.plain import plain
from symgate.numerics.run import Run
from symgate.numerics.setup import Setup
from symgate.numerics.simulate import simulate
from symgate.plots.curves import decay_curves
from symgate.plots.style import rendered, svg
from symgate.reporting import both_ways
from symgate.reporting.assembling import Gathered
from symgate.reporting.findings import Findings
from symgate.reporting.inspections import Told, beside, made_by
from symgate.reporting.settings import Settings
from symgate.writing.derivation import derive
from symgate.writing.tree import (
    Derived,
    Fold,
    Page,
    Paragraph,
    Picture,
    Section,
    Table,
    Words,
)

#: Cells with more equations than this are not derived on the page: stacks of layers.
MOST_EQUATIONS = 10


def gathered(runs: Sequence[Run | BothWays], lags: int | None) -> tuple[Page, Gathered]:
    """The page on runs, its figures and its data."""
    if not runs or not all(isinstance(run, Run | BothWays) for run in runs):
        raise SymgateError("runs must be a list of runs, such as net.simulate(x) gives")
    files: dict[str, bytes] = {}
    inline: dict[str, str] = {}
    data: dict[str, Any] = {"symgate": __version__, "runs": []}
    sections = []
    for place, run in enumerate(runs, 1):
        name = f"run-{place}"
        told = (
            both_ways.told(name, run, lags) if isinstance(run, BothWays) else _told(name, run, lags)
        )
        files[f"figures/{name}.svg"] = rendered(told.figure, "svg")
        inline[name] = svg(told.figure, name, title=told.title)
        data["runs"].append(told.data)
        sections.append(told.chapter)
    cells = tuple(dict.fromkeys(cell for run in runs for cell in _cells(run)))
    names = ", ".join(run.source or _cells(run)[0].name for run in runs)
    findings = Findings(Settings(tuple(map(Setup, cells))), {}, plain(data), frozenset(files))
    title = "What a trained network remembers" if len(runs) == 1 else "What networks remember"
    summary = f"How the gradient decays over the lag in {names}, on its own data."
    return Page(title, summary, tuple(sections)), Gathered(findings, files, inline)


def _cells(run: Run | BothWays) -> list[Cell]:
    return [run.cell] if isinstance(run, Run) else [a.cell for a in run.network.layers]


def _title(run: Run) -> str:
    """The layer that ran, or its cell."""
    return run.source.partition(" from ")[0] or run.cell.name


def _label(d: Decay) -> str:
    return f"∂{d.of}/∂{d.wrt}"


def _untrained(run: Run, lags: int | None) -> list[Decay]:
    """The same cell with fresh weights, on the same data."""
    sizes = {letter: run.size(size) for letter, size in run.cell.sizes.items()}
    hidden, width = sizes.pop("n"), sizes.pop("m", None)
    params = init(run.cell, hidden, width, sizes=sizes)
    made = simulate(run.cell, params, {n: run[n] for n in run.cell.inputs})
    made = replace(made, source=f"{run.cell.name}, untrained")
    return list(inspected(made, lags, exponents=False).decays)


def _told(name: str, run: Run, lags: int | None) -> Told:
    """Measure a run and its cell untrained."""
    trained, untrained = inspected(run, lags), _untrained(run, lags)
    drawn = [*map(_label, trained.decays), *(f"{_label(d)}, untrained" for d in untrained)]
    own = [BLUE] * len(trained.decays) + [RED] * len(untrained)
    ax = decay_curves([*trained.decays, *untrained], names=drawn, colours=own)
    data = {"source": run.source, "steps": run.steps, "samples": run.samples}
    data |= {**trained.to_dict(), "untrained": [d.to_dict() for d in untrained]}
    chapter = _section(name, run, trained, untrained)
    return Told(ax, f"Decay of the gradient in {_title(run)}", data, chapter)


def _section(name: str, run: Run, trained: Inspection, untrained: Sequence[Decay]) -> Section:
    first, fresh = trained.decays[-1], untrained[-1]
    said = (
        f"{run.source or run.cell.name}: the norm of {_label(first)} {_falls(first)}, and "
        f"is above 1/e of its start up to lag {first.reaches}. Untrained, with weights as "
        f"PyTorch draws them, it {_falls(fresh)} on the same data."
    )
    lead = Paragraph((said,), leads=True)
    about = made_by(first.setting.averaged_over)
    picture = Picture(
        name,
        f"The norm of {_label(first)} over the lag, trained and untrained.",
        (
            "The norm over the lag k, of the network and of the same cell untrained on the same "
            "data.",
        ),
    )
    blocks: list[Any] = [lead, picture, _rates(trained.decays, untrained), about]
    blocks += beside(trained)
    if len(run.cell.equations) <= MOST_EQUATIONS:
        derived = Derived(derive(run.cell))
        blocks.append(Fold(f"The Jacobian of {run.cell.name}, derived", (derived,)))
    return Section(name, _title(run), tuple(blocks))


def _falls(d: Decay) -> str:
    found = half_life(d.fit, int(d.lags[-1]))
    return found if d.rate >= 0 else f"halves in {found} steps"


def _rates(trained: Sequence[Decay], untrained: Sequence[Decay]) -> Table:
    def row(d: Decay, whose: str) -> tuple[Words, ...]:
        words = (
            f"{_label(d)}{whose}",
            half_life(d.fit, int(d.lags[-1])),
            str(d.reaches),
            whole(d.passes["1e-3"]),
            power(float(d.median[-1])),
        )
        return tuple((word,) for word in words)

    names = ("gradient", "half-life", "above 1/e until lag", "1e-3 at lag", "at the last lag")
    header = tuple((name,) for name in names)
    rows = (*(row(d, "") for d in trained), *(row(d, ", untrained") for d in untrained))
    caption = ("Half-lives in steps, on the second half of the lags.",)
    return Table(header, rows, "Rates", caption, frozenset({1, 2, 3, 4}))
