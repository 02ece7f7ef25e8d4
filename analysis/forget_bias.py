"""How long does an LSTM remember with forget bias b: is it σ(b)^k?

    python -m analysis.forget_bias

The half-life of ∂c_t/∂c_{t-k} over the bias, beside ln 2 / -ln σ(b), which holds exactly with
all weights zero. Drawn weights change it; the sentence says by how much.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

import symgate as sg


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--lags", type=int, default=300)
    parser.add_argument("--biases", type=float, nargs="+", default=[0.0, 1.0, 2.0, 3.0, 5.0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("reports/forget_bias.svg"))
    options = parser.parse_args(argv)
    lstm = sg.cell("lstm")
    curves, told = [], []
    for b in options.biases:
        d = sg.decay(
            lstm, "c", "c", hidden=options.hidden, lags=options.lags, seed=options.seed,
            bias={"f": b},
        )  # fmt: skip
        promised = math.log(2) / math.log1p(math.exp(-b))
        measured = f"{d.half_life:.1f}" if d.rate < 0 else "none, it grows"
        told.append(f"b = {b:g} promises {promised:.1f} ({measured})")
        curves.append(d)
    options.output.parent.mkdir(exist_ok=True)
    names = [f"b = {b:g}" for b in options.biases]
    sg.plots.save(sg.plots.decay_curves(curves, names=names), options.output)
    print(
        f"The half-life that the forget bias promises, and in brackets the measured one of an "
        f"LSTM of {options.hidden} units: {'; '.join(told)} steps."
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
