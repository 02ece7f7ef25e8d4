"""My LSTM's cell gradient falls by 0.73 a step: what is wrong?

    python -m analysis.cell_gradient_factor
    symgate decay lstm --of c --wrt c --scheme keras --bias f=1     the same on the command line
    symgate memory lstm --steps 100                                 and what to do about it

A cell state is multiplied by its forget gate at each step, so that a factor names a bias:
σ(b) = 0.73 is forget bias 1, the usual default. It holds for two or three steps, not hundreds.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import symgate as sg

LSTM = sg.cell("lstm")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--factor", type=float, default=0.731, help="what a step leaves (0.731)")
    parser.add_argument("--steps", type=float, default=100.0, help="the memory wanted (100)")
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--lags", type=int, default=80)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("reports/cell_gradient_factor.svg"))
    options = parser.parse_args(argv)
    if not 0 < options.factor < 1:
        parser.error(f"a factor of decay lies between 0 and 1, and {options.factor:g} does not")
    bias = math.log(options.factor / (1 - options.factor))
    cure = sg.memory(LSTM, options.steps, hidden=options.hidden, seed=options.seed)
    carry = carry_alone(bias, options.hidden, options.lags)
    drawn = [
        sg.decay(
            LSTM, "c", "c", hidden=options.hidden, lags=options.lags, seed=options.seed,
            scheme="keras", bias=biases,
        )
        for biases in ({"f": bias}, {"f": cure.value, "i": -cure.value})
    ]  # fmt: skip
    names = [f"b_f = {bias:.2f}, weights 0", f"b_f = {bias:.2f}", f"b_f = {cure.value:.2f}"]
    options.output.parent.mkdir(exist_ok=True)
    sg.plots.save(sg.plots.decay_curves([carry, *drawn], names=names), options.output)
    print(
        f"Nothing is wrong: a factor of {options.factor:g} per step is the forget gate at bias "
        f"{bias:.2f}, σ({bias:.2f}) = {math.exp(carry.rate):.3f}, which halves the gradient every "
        f"{carry.half_life:.1f} steps (with random weights {said(drawn[0])}); for a memory of "
        f"{options.steps:g} steps set b_f = {cure.formula} = {cure.value:.3f} and the input bias "
        f"to {-cure.value:.3f}, which keeps {cure.carry:g} per step (random weights: "
        f"{said(drawn[1])})."
    )
    return 0


def carry_alone(bias: float, hidden: int, lags: int) -> sg.Decay:
    """The decay with all weights zero: the forget gate alone."""
    zero = {name: 0 * array for name, array in sg.init(LSTM, hidden=hidden).items()}
    params = {**zero, "b_f": np.full(hidden, bias)}
    return sg.decay(sg.simulate(LSTM, params, np.zeros((lags, hidden))), "c", "c")


def said(d: sg.Decay) -> str:
    return f"{math.exp(d.rate):.3f} a step"


if __name__ == "__main__":
    raise SystemExit(main())
