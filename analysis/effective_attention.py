"""How much does an old value still weigh in the output? Five cells on one axis.

    python -m analysis.effective_attention

In a linear recurrence ∂o_t/∂v_{t-k} is what attention calls a weight: how much the value of k
steps ago counts in what is read now. In an LSTM and a GRU it is the derivative of h by the
candidate. The delta rule forgets by slots: with isotropic keys of length 1 the mean square falls
by 1 - (2β - β²)/n a step, whatever the time.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

import symgate as sg

#: Each cell with the output and the value that is followed.
FOLLOWED = {
    "lstm": ("h", "g"),
    "gru": ("h", "n"),
    "deltanet": ("o", "v"),
    "mamba2": ("o", "v"),
    "rwkv7": ("o", "v"),
}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--lags", type=int, default=100)
    parser.add_argument("--networks", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("reports/effective_attention.svg"))
    options = parser.parse_args(argv)
    curves, told = [], []
    for name, (of, wrt) in FOLLOWED.items():
        d = sg.decay(
            name,
            of,
            wrt,
            hidden=options.hidden,
            lags=options.lags,
            networks=options.networks,
            seed=options.seed,
        )
        curves.append(d)
        told.append(f"{name} {math.exp(-d.rate):.2g}" if d.rate < 0 else f"{name} none")
    options.output.parent.mkdir(exist_ok=True)
    sg.plots.save(sg.plots.decay_curves(curves), options.output)
    print(
        f"At default initialisation, {options.hidden} units, an old value loses this factor a "
        f"step in what is read now: {'; '.join(told)}."
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
