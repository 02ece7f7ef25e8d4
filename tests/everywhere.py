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
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import symgate as sg
from symgate.plots.style import rendered
from tests.bad_calls import calls

NOTE = r"$$h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \tanh(W x_t), z_t = \sigma(U h_{t-1})$$"
CLAIM = r"\frac{\partial h_t}{\partial h_{t-1}} = \operatorname{diag}(1 - h_t^2) U"
#: Those that need PyTorch, and those that are no function of their arguments alone.
WITHOUT = {"trace", "watch", "activation", "load", "model", "read", "report", "explore"}


def verbs() -> dict[str, Callable[[Path], object]]:
    """By name, what is done; each gets a folder of its own."""
    done: dict[str, Callable[[Path], object]] = {
        name: (lambda _, f=function, g=given: f(**g))
        for name, (function, given) in calls().items()
        if name not in WITHOUT
    }
    small = {"hidden": 3, "input": 2, "lags": 5, "samples": 1}
    return done | {
        "check": lambda _: sg.check("rnn", CLAIM),
        "stack": lambda _: sg.stack("gru", "lstm"),
        "zoo": lambda _: [str(sg.zoo[name]) for name in sorted(sg.zoo)[:20]],
        "explicit": lambda _: str(sg.cell("gru").explicit(n=2, m=1).next_state),
        "symbolic lag": lambda _: sg.latex(sg.jacobian("lstm", lag="k"), notation="cho"),
        "page": lambda _: sg.explore("rnn").html,
        "picture": lambda _: rendered(sg.plots.decay_curves([sg.decay("gru", **small)]), "svg"),
        "drawing": lambda _: sg.diagram("gru").svg(),
        "saved": lambda folder: sg.load(saved(sg.decay("gru", **small), folder / "a.npz")),
        "file": lambda folder: sg.read(text(folder / "a.md")),
        "network": lambda _: sg.model(
            {"weight_ih_l0": np.ones((12, 2)), "weight_hh_l0": np.eye(12, 3)}
        ),
        "sheet": lambda _: sg.exercises(["rnn", "gru"], seed=3, count=3).html(),
    }


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
