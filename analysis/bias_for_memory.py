"""Which forget bias for a memory of T steps?

    python -m analysis.bias_for_memory
    symgate memory lstm --steps 100 -o memory.svg        the same on the command line

The carry has to keep 1 - 1/T per step. The formula is solved from the cell's equations, then
measured with all weights zero, and with random weights, which change it (analysis.forget_bias
asks the other way round: what does a given bias hold?).
"""

from __future__ import annotations

import argparse
import itertools
import math
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

import symgate as sg
from symgate.plots.style import BLUE, DASHES, GREEN, GREY, RED, styled


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cell", default="lstm", help="a cell of the zoo (lstm)")
    parser.add_argument("--steps", type=float, nargs="+", default=[10.0, 100.0, 1000.0])
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("reports/bias_for_memory.svg"))
    options = parser.parse_args(argv)
    cell = sg.cell(options.cell)
    found = [
        sg.memory(cell, steps, hidden=options.hidden, seed=options.seed) for steps in options.steps
    ]
    options.output.parent.mkdir(exist_ok=True)
    sg.plots.save(draw(found), options.output)
    told = "; ".join(
        f"T = {m.steps:g}: {m.value:.3f} (measured {math.exp(m.exact.rate):.6f} per step, "
        f"1 - 1/T = {m.carry:.6f})"
        for m in found
    )
    print(
        f"For a memory of T steps {cell.name} needs {found[0].parameter} = {found[0].formula}, "
        f"exact with all weights zero: {told}. With random weights {lasting(found[-1])}."
    )
    return 0


@styled
def draw(found: Sequence[sg.Memory]) -> Figure:
    """The measured carries over the lag; each crosses 1/e at its T."""
    figure = Figure(figsize=(7.2, 4.2), layout="constrained")
    ax = figure.subplots()
    dashes = itertools.cycle(DASHES)
    for m, colour in zip(found, itertools.cycle((BLUE, RED, GREEN)), strict=False):
        label = f"T = {m.steps:g}: {m.parameter} = {m.value:.2f}"
        ax.plot(m.exact.lags, 10**m.exact.median, color=colour, ls=next(dashes), label=label)
        ax.plot([m.steps], [math.exp(-1)], "o", color=colour, mfc="white")
    ax.axhline(math.exp(-1), color=GREY, lw=0.8)
    ax.set_xscale("log")
    ax.set_xlim(left=1)
    ax.set_xlabel("lag $k$")
    ax.set_ylabel(rf"$\partial {found[0].state}_t / \partial {found[0].state}_{{t-k}}$, weights 0")
    ax.legend(frameon=False, title="thin: 1/e")
    return figure


def lasting(m: sg.Memory) -> str:
    """What the drawn cell does in place of the promise."""
    d = m.paired or m.drawn
    beside = ", ".join(f"{name} = {value:.2f}" for name, value in m.partner.items())
    with_it = f" and {beside} of the input gate" if m.paired else ""
    if d.rate >= 0:
        return f"{with_it} its gradient does not decay".strip()
    return f"{m.parameter} = {m.value:.2f}{with_it} lasts {d.time_constant:.0f} steps"


if __name__ == "__main__":
    raise SystemExit(main())
