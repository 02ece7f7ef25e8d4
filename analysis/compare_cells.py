"""How fast does the gradient decay in an RNN, an LSTM and a GRU, side by side?

    python -m analysis.compare_cells

The curves of ∂h_t/∂h_{t-k} as they come out of the default initialisation, and for the LSTM
and the GRU with their carry gate's bias at 3.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import symgate as sg

CARRY = {"rnn": {}, "lstm": {"f": 3.0}, "gru": {"z": 3.0}}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--lags", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("reports/compare_cells.svg"))
    options = parser.parse_args(argv)
    curves, names = [], []
    for name, bias in CARRY.items():
        for chosen in [{}, bias] if bias else [{}]:
            curves.append(
                sg.decay(
                    sg.cell(name), hidden=options.hidden, lags=options.lags, seed=options.seed,
                    bias=chosen,
                )
            )  # fmt: skip
            names.append(name + "".join(f", b_{gate} = {b:g}" for gate, b in chosen.items()))
    options.output.parent.mkdir(exist_ok=True)
    sg.plots.save(sg.plots.decay_curves(curves, names=names), options.output)
    told = "; ".join(_said(name, d) for name, d in zip(names, curves, strict=True))
    print(f"With {options.hidden} units the gradient halves every so many steps: {told}.")
    return 0


def _said(name: str, d: sg.Decay) -> str:
    return f"{name} {d.half_life:.2f}" if d.rate < 0 else f"{name} never (it grows)"


if __name__ == "__main__":
    raise SystemExit(main())
