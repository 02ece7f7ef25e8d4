"""z keeps the old state, or z takes the new one: do the two readings decay alike?

    python -m analysis.update_convention

The second reading with W_z, U_z and b_z negated is the first: σ(-a) = 1 - σ(a). The curves
must agree to rounding; with the same numbers and no negation they must not.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import symgate as sg


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--lags", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("reports/update_convention.svg"))
    options = parser.parse_args(argv)
    keeps, takes = sg.cell("gru"), sg.cell("gru-z-takes-new")
    params = sg.init(keeps, hidden=options.hidden, seed=options.seed, bias={"z": 2})
    negated = {name: -v if name.endswith("_z") else v for name, v in params.items()}
    rng = np.random.default_rng(options.seed)
    x = rng.normal(size=(options.lags, 2, options.hidden))
    one, two, wrong = (
        sg.decay(sg.simulate(cell, numbers, x))
        for cell, numbers in ((keeps, params), (takes, negated), (takes, params))
    )
    apart = float(np.abs(one.log10_norm - two.log10_norm).max())
    options.output.parent.mkdir(exist_ok=True)
    names = ["z keeps, b_z = 2", "z takes, b_z = -2", "z takes, b_z = 2"]
    sg.plots.save(sg.plots.decay_curves([one, two, wrong], names=names), options.output)
    same = "give the same curve" if apart < 1e-9 else "DIFFER"
    print(
        f"The two readings of z {same} once W_z, U_z and b_z change sign (log10 differs by "
        f"at most {apart:.0e} over {options.lags} lags, half-life {one.half_life:.1f}); without "
        f"that the half-life is {wrong.half_life:.2f}."
    )
    return 0 if apart < 1e-9 else 1


if __name__ == "__main__":
    raise SystemExit(main())
