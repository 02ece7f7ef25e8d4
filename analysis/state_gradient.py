"""∂h_t/∂h_0 apart from dL/dW: what of a gradient comes from far back?

    python -m analysis.state_gradient
    symgate decay rnn --lags 100 -o decay.svg            ∂h_t/∂h_{t-k} on the command line

dL/dW adds up what every step gives, so that it looks healthy when nothing arrives from far
back. Beside ∂h_t/∂h_{t-k}: dL/dU from the last k steps alone, which is all of it very soon.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import symgate as sg
from symgate.plots.style import BLUE, DASHED, RED, styled


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--lags", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("reports/state_gradient.svg"))
    options = parser.parse_args(argv)
    cell, n, lags = sg.cell("rnn"), options.hidden, options.lags
    params = sg.init(cell, hidden=n, scheme="orthogonal", seed=options.seed)
    x = np.random.default_rng(options.seed).normal(size=(lags, n)) * 0.5
    run = sg.simulate(cell, params, x)
    norms = sg.lag_norms(run, lags=lags, norm="spectral").log10_norm
    whole = weight_gradient(run, x, 0)
    counted = np.unique(np.geomspace(1, lags - 1, 24).astype(int))
    late = [weight_gradient(run, x, lags - k) for k in counted]
    missing = np.array([np.linalg.norm(whole - part) for part in late]) / np.linalg.norm(whole)
    draw(norms, counted, np.log10([np.linalg.norm(part) for part in late]), options.output)
    enough = int(counted[np.argmax(missing < 0.01)])
    print(
        f"dL/dU hides it: in an RNN of {n} units its norm is {np.linalg.norm(whole):.3g}, and 99% "
        f"of it comes from the last {enough} steps, while ∂h_t/∂h_0 over {lags} steps has the norm "
        f"10^{norms[-1]:.1f}; ask for the Jacobian, not for the weights' gradient."
    )
    return 0


@styled
def draw(state: np.ndarray, counted: np.ndarray, weights: np.ndarray, output: Path) -> None:
    figure = Figure(figsize=(7.2, 4.2), layout="constrained")
    ax = figure.subplots()
    ax.plot(state, color=BLUE, label=r"$\|\partial h_t / \partial h_{t-k}\|_2$")
    ax.plot(counted, weights, color=RED, ls=DASHED, marker="s", ms=4,
            label=r"$\|dL/dU\|$ from the last $k$ steps")  # fmt: skip
    ax.set_xlabel("lag $k$")
    ax.set_ylabel(r"$\log_{10}$ of the norm")
    ax.legend(frameon=False, loc="lower left")
    output.parent.mkdir(exist_ok=True)
    sg.plots.save(figure, output)


def weight_gradient(run: sg.Run, x: np.ndarray, first: int) -> np.ndarray:
    """dL/dU for L = Σ h_T, counting only the steps from `first` on."""
    before = run["h"][first - 1] if first else np.zeros_like(run["h"][0])
    late = sg.simulate(run.cell, run.params, x[first:], {"h": before})
    loss = np.zeros_like(late["h"])
    loss[-1] = 1.0
    return np.asarray(sg.gradients(late, loss)["U"])


if __name__ == "__main__":
    raise SystemExit(main())
