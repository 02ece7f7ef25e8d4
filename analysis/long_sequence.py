"""What is left of the gradient after 10,000 steps, where notes say it is hopeless?

    python -m analysis.long_sequence

Each cell with its default initialisation, and with the biases that chrono initialisation
gives its carry gate for memories of up to as many steps. The RNN has no carry gate.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import symgate as sg


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--lags", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("reports/long_sequence.svg"))
    options = parser.parse_args(argv)
    curves, names = [], []
    for name in ("rnn", "lstm", "gru"):
        for scheme in ("pytorch", "chrono") if name != "rnn" else ("pytorch",):
            state = "c" if name == "lstm" else "h"
            curves.append(
                sg.decay(
                    sg.cell(name), state, state, hidden=options.hidden, lags=options.lags,
                    samples=2, scheme=scheme, seed=options.seed, singular=(),
                    t_max=options.lags if scheme == "chrono" else None,
                )
            )  # fmt: skip
            names.append(f"{name}, {'default' if scheme == 'pytorch' else scheme}")
    options.output.parent.mkdir(exist_ok=True)
    sg.plots.save(sg.plots.decay_curves(curves, names=names), options.output)
    told = "; ".join(
        f"{name} 10^{d.median[-1]:.1f}" for name, d in zip(names, curves, strict=True)
    )  # fmt: skip
    print(f"After {options.lags:,} steps, what remains of the gradient (LSTM: of c) is {told}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
