"""What every public function gives, as bytes: by 8 threads at once, in forked and spawned
processes, with no home, a clock that jumps back.

    python -m tests.everywhere                       # one thread
    python -m tests.everywhere --threads 8 --clock   # the same digests
    python -m tests.everywhere --processes spawn
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import multiprocessing
import sys
import threading
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import symgate as sg
from symgate.plots.style import axes, rendered
from tests.bad_calls import TEXT, calls

NOTE = r"$$h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \tanh(W x_t), z_t = \sigma(U h_{t-1})$$"
CLAIM = r"\frac{\partial h_t}{\partial h_{t-1}} = \operatorname{diag}(1 - h_t^2) U"
#: What of `sg.__all__` no verb stands for, with the reason.
WITHOUT = {
    "__version__": "a text",
    "plots": "each of its functions is a verb of its own",
    **dict.fromkeys(
        ("Diverged", "EquationError", "ShapeError", "SymgateError", "UnknownName"),
        "errors: what a call that is refused says is what is told",
    ),
    "EquationWarning": "a warning",
    **dict.fromkeys(("trace", "watch"), "PyTorch is not installed"),
}
#: The classes of results, each by the verb that makes it.
MADE_BY = {
    "BackwardStep": "adjoint",
    "Cell": "from text",
    "Check": "check",
    "Comparison": "compare",
    "Decay": "decay",
    "Derivation": "derive",
    "Diagram": "diagram",
    "Exercises": "exercises",
    "Explore": "explore",
    "FixedPoints": "fixed_points",
    "Gradients": "gradients",
    "Growth": "measured_growth",
    "Judgement": "judge",
    "Judgements": "judge",
    "LagNorms": "lag_norms",
    "Linearisation": "linearise",
    "Lyapunov": "lyapunov",
    "MeanField": "mean_field",
    "Memory": "memory",
    "Network": "model",
    "Origin": "origin",
    "Report": "report",
    "Run": "simulate",
    "Sweep": "sweep",
    "Tangent": "tangent",
}
SMALL = {"hidden": 3, "input": 2, "lags": 5, "samples": 1}


def verbs() -> dict[str, Callable[[Path], object]]:
    """By name, what is done; each gets a folder of its own."""
    called: dict[str, Callable[[Path], object]] = {
        name: (lambda _, f=function, g=given: f(**g)) for name, (function, given) in calls().items()
    }
    for name in ("trace", "watch"):
        del called[name]
    own: dict[str, Callable[[Path], object]] = {
        "activation": lambda _: slope_of_mine(),
        "check": lambda _: sg.check("rnn", CLAIM),
        "explicit": lambda _: str(sg.cell("gru").explicit(n=2, m=1).next_state),
        "exercises": lambda _: sg.exercises(["rnn", "gru"], seed=3, count=3).html(),
        "explore": lambda _: sg.explore("rnn").html,
        "from text": lambda _: str(sg.Cell.from_text(TEXT, "mine")),
        "judge": lambda _: sg.judge("mlstm-forget-gate"),
        "load": lambda folder: sg.load(saved(sg.decay("gru", **SMALL), folder / "a.npz")),
        "memory of a network": lambda _: sg.memory(network().simulate(series()), steps=9),
        "model": lambda _: network(),
        "notations": lambda _: str(sorted(sg.notations)),
        "read": lambda folder: sg.read(text(folder / "a.md")),
        "replay": lambda _: network().check(series(), np.zeros((6, 3))),
        "report": lambda folder: files(
            sg.report(["rnn"], folder, hidden=4, lags=20, long=30, samples=1), folder
        ),
        "stack": lambda _: sg.stack("gru", "lstm"),
        "symbolic lag": lambda _: sg.latex(sg.jacobian("lstm", lag="k"), notation="cho"),
        "zoo": lambda _: [str(sg.zoo[name]) for name in sorted(sg.zoo)[:20]],
    }
    drawn = {f"plots.{name}": drawing(draw) for name, draw in pictures().items()}
    return called | own | drawn | (BY_TORCH if find_spec("torch") else {})


def pictures() -> dict[str, Callable[[], Any]]:
    """By name of a function of `sg.plots`, what it draws."""
    p = sg.plots

    def decay() -> sg.Decay:
        return sg.decay("gru", **SMALL)

    def sweep() -> sg.Sweep:
        return sg.sweep("rnn", hidden=[3, 4], gain=[0.5, 1.0], lags=4, input=2, samples=1)

    def growth() -> sg.Growth:
        return sg.measured_growth("rnn", hidden=4, lags=3, samples=1, burn_in=2)

    def run() -> sg.Run:
        return sg.simulate("gru", sg.init("gru", 3, 2), series())

    return {
        "curve": lambda: p.curve(decay(), axes(None)),
        "decay_curves": lambda: p.decay_curves([decay()]),
        "gate_histograms": lambda: p.gate_histograms(run()),
        "growth_on": lambda: p.growth_on(
            None, calls()["measured_growth"][0]("rnn", hidden=4), None
        ),
        "lag_time_map": lambda: p.lag_time_map(sg.decay(run(), lags=4)),
        "memory": lambda: p.memory(sg.memory("lstm", steps=5), axes(None)),
        "memory_curves": lambda: p.memory_curves(sg.memory("lstm", steps=5)),
        "norms": lambda: p.norms(sg.lag_norms(run(), lags=4), axes(None)),
        "path_curves": lambda: p.path_curves(decay().paths),
        "reach_curve": lambda: p.reach_curve(sg.reach(network(), series(), at=3), axes(None)),
        "singular_value_curves": lambda: p.singular_value_curves(decay()),
        "spectrum_on": lambda: p.spectrum_on(axes(None), sg.lyapunov(run())),
        "sweep_map": lambda: p.sweep_map(sweep()),
        "sweep_on": lambda: p.sweep_on(axes(None), sweep()),
    }


def drawing(draw: Callable[[], Any]) -> Callable[[Path], object]:
    return lambda _: rendered(draw(), "svg")


def by_torch() -> dict[str, Callable[[Path], object]]:
    """What needs PyTorch: a step of one's own, and a network that is watched."""
    torch = import_module("torch")

    class Step(torch.nn.Module):  # type: ignore[misc,name-defined]  # torch may be missing
        def __init__(self) -> None:
            super().__init__()
            self.own = torch.nn.Linear(5, 3)

        def forward(self, x: Any, h: Any) -> Any:
            z = torch.sigmoid(self.own(torch.cat([x, h], -1)))
            return z * h + (1 - z) * torch.tanh(h)

    class Reader(torch.nn.Module):  # type: ignore[misc,name-defined]  # torch may be missing
        def __init__(self) -> None:
            super().__init__()
            self.rnn = torch.nn.GRU(2, 3)
            self.out = torch.nn.Linear(3, 1)

        def forward(self, x: Any) -> Any:
            return self.out(self.rnn(x)[0])

    def filled(module: Any) -> Any:
        with torch.no_grad():
            for k, weights in enumerate(module.parameters()):
                weights.copy_(torch.linspace(-0.5, 0.6 + k / 9, weights.numel()).view_as(weights))
        return module

    def traced(_: Path) -> object:
        cell, params = sg.trace(filled(Step()))
        return [str(cell), params]

    def watched(_: Path) -> object:
        with sg.watch(filled(Reader()), torch.ones(6, 1, 2), lags=5) as watch:
            watch.epoch()
        return [watch.labels, watch.curve(), rendered(watch.plot(axes(None)), "svg")]

    return {"trace": traced, "watch": watched}


#: The same, with PyTorch imported when they are called.
BY_TORCH: dict[str, Callable[[Path], object]] = {
    "trace": lambda folder: by_torch()["trace"](folder),
    "watch": lambda folder: by_torch()["watch"](folder),
}


def slope_of_mine() -> str:
    sg.activation("bent", "a * sigmoid(a) + tanh(a)")
    return sg.text(sg.jacobian(sg.Cell.from_text("h[t] = bent(U @ h[t-1] + W @ x[t])")))


def series() -> Any:
    return np.linspace(-1, 1, 12).reshape(6, 2)


def network() -> sg.Network:
    bias = {"bias_ih_l0": np.full(12, 0.5), "bias_hh_l0": np.zeros(12)}
    return sg.model({"weight_ih_l0": np.ones((12, 2)), "weight_hh_l0": np.eye(12, 3), **bias})


def files(_: object, folder: Path) -> dict[str, bytes]:
    """All that was written, by its path."""
    found = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): p.read_bytes() for p in found}


def saved(curve: sg.Decay, path: Path) -> Path:
    curve.save(path)
    return path


def text(path: Path) -> Path:
    path.write_text(NOTE, encoding="utf-8")
    return path


def told(found: object) -> object:
    """A result as what JSON can hold, each number whole."""
    for name in ("latex", "to_dict", "html"):
        made = getattr(found, name, None)
        if callable(made) and not isinstance(found, type):
            return told(made())
    if isinstance(found, np.ndarray):
        return [str(found.dtype), found.shape, sha256(found.tobytes()).hexdigest()]
    if isinstance(found, bytes):
        return sha256(found).hexdigest()
    if isinstance(found, Mapping):
        return {str(key): told(value) for key, value in found.items()}
    if isinstance(found, (list, tuple)):
        return [told(each) for each in found]
    if isinstance(found, sg.Run):
        return {name: told(found[name]) for name in found.cell.states}
    return repr(found)


def digest(name: str) -> str:
    with TemporaryDirectory() as folder:
        try:
            made = json.dumps(told(verbs()[name](Path(folder))), sort_keys=True)
        except sg.SymgateError as error:
            made = str(error)
        return sha256(made.replace(folder, "").encode()).hexdigest()


def by_threads(number: int, names: list[str]) -> dict[str, set[str]]:
    """Each digest by so many threads, all of which begin one verb at the same moment."""
    barrier = threading.Barrier(number)
    found: dict[str, set[str]] = {name: set() for name in names}

    def one() -> None:
        for name in names:
            barrier.wait(600)
            try:
                found[name].add(digest(name))
            except BaseException as error:
                found[name].add(f"{type(error).__name__}: {error}")

    threads = [threading.Thread(target=one) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def jumping() -> Callable[[], float]:
    """A clock each of whose answers is an hour before the last."""
    start, ticks = time.time(), count()
    return lambda: start - 3600 * next(ticks)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--processes", choices=("fork", "spawn"))
    parser.add_argument("--clock", action="store_true")
    parser.add_argument("names", nargs="*", help="of what; of all where none is given")
    arguments = parser.parse_args()
    names = arguments.names or list(verbs())
    if arguments.clock:
        time.time = jumping()
    if arguments.processes:
        if arguments.processes == "fork":
            by_threads(1, names)
        context = multiprocessing.get_context(arguments.processes)
        with context.Pool(2) as pool:
            found = dict(zip(names, ({d} for d in pool.map(digest, names, 1)), strict=True))
    else:
        sys.setswitchinterval(1e-5 if arguments.threads > 1 else 5e-3)
        with contextlib.redirect_stderr(io.StringIO()):
            found = by_threads(arguments.threads, names)
    print(json.dumps({name: sorted(each) for name, each in found.items()}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
