"""A run in two directions on a page: how far the output in the middle sees, back and ahead.

Such a network is not a cell, so that there is no ∂h_t/∂h_{t-k}: what is shown is ∂y_t/∂x_s for
every step s, beside the same network with fresh weights.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from symgate.drawing.palette import BLUE, RED
from symgate.models.inspecting import inspected
from symgate.models.network import Layer, Network
from symgate.models.reach import Reach, of_the_middle
from symgate.models.running import BothWays
from symgate.numerals import counted
from symgate.numerics.initialise import init
from symgate.plots.style import axes
from symgate.reporting.inspections import Told, beside, made_by
from symgate.writing.tree import Paragraph, Picture, Section, Table


def told(name: str, run: BothWays, lags: int | None) -> Told:
    """Measure a run and its network untrained."""
    found = inspected(run, lags)
    fresh = of_the_middle(_untrained(run.network), run.x)
    assert found.reach is not None
    ax = found.reach.plot(axes(None), label="trained", color=BLUE)
    fresh.plot(ax, label="untrained", color=RED, linestyle="--")
    ax.legend(frameon=False)
    first = next(iter(run.runs.values()))
    data = {"source": run.source, "steps": first.steps, "samples": first.samples}
    data |= {**found.to_dict(), "untrained": fresh.to_dict()}
    layers = run.source.partition(" from ")[0]
    chapter = Section(name, layers, (*_blocks(name, run, found.reach, fresh), *beside(found)))
    return Told(ax, f"How far step {found.reach.at} sees in {layers}", data, chapter)


def _untrained(network: Network) -> Network:
    """The same layers with weights as PyTorch draws them."""

    def drawn(layer: Layer, seed: int) -> Layer:
        sizes = {"p": layer.output} if "p" in layer.cell.sizes else None
        params = init(layer.cell, layer.hidden, layer.input, sizes=sizes, seed=seed)
        return replace(layer, params=params)

    return replace(network, layers=tuple(drawn(a, k) for k, a in enumerate(network.layers)))


def _seen(reach: Reach) -> str:
    back, ahead = reach.spans()
    return f"{counted(back, 'step')} back and {ahead} ahead"


def _blocks(name: str, run: BothWays, trained: Reach, fresh: Reach) -> list[Any]:
    said = (
        f"{run.source}: the output at step {trained.at} sees {_seen(trained)}, where its gradient "
        f"is last above 1/e of its largest. Untrained, with weights as PyTorch draws them, it "
        f"sees {_seen(fresh)} on the same data."
    )
    rows = []
    for whose, reach in (("trained", trained), ("untrained", fresh)):
        numbers = [n for part in (0.3678794, 1e-3, 1e-6) for n in reach.spans(part)]
        rows.append(((whose,), *((str(n),) for n in numbers)))
    parts = ("1/e", "1e-3", "1e-6")
    header = (("network",), *((f"{p}, {way}",) for p in parts for way in ("back", "ahead")))
    caption = ("Steps until which the gradient is above a part of its largest value.",)
    picture = Picture(
        name,
        f"The norm of ∂y/∂x over the steps of the sequence, for the output at step {trained.at}.",
        (f"The norm ({trained.norm}) of ∂y at step {trained.at} by ∂x at each step.",),
    )
    table = Table(header, tuple(rows), "Reach", caption, frozenset(range(1, 7)))
    return [Paragraph((said,), leads=True), picture, table, made_by("the first sequence")]
