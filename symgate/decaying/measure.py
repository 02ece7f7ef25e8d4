"""`decay`: measure how fast a cell's gradient decays over the lag."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from symgate import __version__
from symgate.asked import ASKED, asked, whole, word
from symgate.decaying.command import command
from symgate.decaying.curve import Decay, Setting
from symgate.decaying.samples import by_lag, side_by_side
from symgate.equations.cell import Cell
from symgate.equations.zoo import cell_of
from symgate.errors import SymgateError, known_name
from symgate.linear.linearise import linearise
from symgate.numerics.arrays import draws_of, number_of
from symgate.numerics.block import chosen_lags, ends
from symgate.numerics.general import is_general, is_linear
from symgate.numerics.initialise import chosen_sizes, parameters_of, seed_of
from symgate.numerics.norms import NORMS
from symgate.numerics.product import LagNorms, lag_norms
from symgate.numerics.room import must_fit
from symgate.numerics.run import Run
from symgate.numerics.setup import DRAWN, Setup, SetupOptions, lags_before, positions, setup
from symgate.numerics.simulate import simulate

Array = NDArray[Any]
Progress = Callable[[int, int], None]

#: Above this number of bytes a run keeps every √T-th state only.
KEPT = 1 << 28

#: Above this number of bytes nothing is drawn at all.
MOST = 1 << 32

#: What is said to weights, or to an input, in place of options.
WEIGHTS = (
    "{} of your own are run first, and the run is measured: "
    "sg.decay(sg.simulate(cell, params, x), lags=…), or sg.decay(net.simulate(x))"
)

#: The inputs of a run that `decay` makes.
INPUTS, STARTS = "independent standard normal inputs", "starts uniform in (-1, 1) and no input"


def _no_weights(name: str, value: Any) -> str:
    """A value of the cell by its name, and no weights: those go into a run."""
    if isinstance(value, Mapping) or hasattr(value, "shape"):
        raise SymgateError(WEIGHTS.format("weights"))
    return word(name, value)


@asked(of=_no_weights)
def decay(
    what: str | Cell | Setup | Run,
    of: str | None = None,
    wrt: str | None = None,
    *,
    norm: str = "spectral",
    singular: Iterable[int] | None = None,
    progress: Progress | None = None,
    engine: str | None = None,
    **options: Unpack[SetupOptions],
) -> Decay:
    """Measure ∂of_t/∂wrt_{t-k} for k = 0 … lags.

    A cell, or one of the zoo by name, is drawn as networks and run as a `Setup` says; its
    keywords are those of `setup`: hidden (64), input, sizes, scheme, seed, gain, bias, t_max,
    networks (4), samples (sequences of each network, 1), lags (200), steps (as many), at (the
    last). A run is taken as it is, with `lags` and `at`. `of` is a state or a gate, `wrt` a
    state, a gate or an input of step t - k; the cell's output where left out. A bias may be
    given by its name, as b_f=5. `norm` is
    "spectral" or "frobenius"; `singular` lists the lags at which all singular values are kept;
    `engine` is "c", "numpy" or "auto", as in `lag_norms`.

    >>> import symgate as sg
    >>> d = sg.decay("lstm", "c", "c", hidden=8, lags=50, bias={"f": 3})
    >>> d.log10_norm.shape
    (51, 4)
    >>> print(d.setting.averaged_over)
    4 networks, with a sequence of independent standard normal inputs each, 50 steps, ...
    """
    known_name("the norm", norm, NORMS)
    if isinstance(what, Run):
        run, made = what, None
        for name, value in options.items():
            if name in (*DRAWN, *run.cell.parameters) and value is not None:
                raise SymgateError(f"{name} is for a cell; a run has been made already")
            known_name("the option", name, sorted(SetupOptions.__optional_keys__))
        of, wrt = ends(run.cell, of, wrt)
        given = {k: ASKED[k](k, v) for k in ("lags", "at") if (v := options.get(k)) is not None}
        usual = lags_before(None, run.steps - 1, of_state=wrt in run.cell.states)
        lags = whole(1)("lags", given.get("lags", usual))
        at = positions(given.get("at"), run.steps, lags)
        runs = [run]
    else:
        cell = what.cell if isinstance(what, Setup) else cell_of(what)
        if {"params", "x"} & {*options}:
            raise SymgateError(WEIGHTS.format("weights" if "params" in options else "inputs"))
        of, wrt = ends(cell, of, wrt)
        if wrt not in cell.states and options.get("steps") is None:
            k = options.get("lags")
            options["steps"] = (Setup.lags if k is None else whole(1)("lags", k)) + 1
        made = what if isinstance(what, Setup) else setup(cell, **options)
        lags, at = made.lags, made.at
        runs = [run_of(made, network) for network in range(made.networks)]
    lags_before(lags, min(at), of_state=wrt in runs[0].cell.states)
    wanted = chosen_lags(singular, lags)
    count = len(runs) * len(at)
    parts: list[LagNorms] = []
    for one in runs:
        for t in at:
            hook = progress and _part(progress, len(parts), count)
            parts.append(
                lag_norms(
                    one,
                    of,
                    wrt,
                    lags,
                    at=t,
                    norm=norm,
                    singular=wanted,
                    progress=hook,
                    engine=engine,
                )
            )
    return Decay(
        _setting(runs[0], made, at, of, wrt, lags, norm),
        of,
        wrt,
        norm,
        np.arange(lags + 1),
        side_by_side([p.log10_norm.reshape(lags + 1, -1) for p in parts], len(at), 1),
        None if singular is None else by_lag(parts, wanted, len(at)),
        tuple(dict.fromkeys(note for p in parts for note in p.notes)),
        tuple(runs),
    )


def run_of(made: Setup, network: int = 0) -> Run:
    """One of the networks that a `Setup` draws, run on sequences of its own."""
    sizes = chosen_sizes(made.cell, made.hidden, made.input, made.sizes)
    _affordable(made, sizes)
    params = parameters_of(made, network)
    return run_on_noise(made.cell, params, made.steps, made.samples, seed_of(made, network), sizes)


def _affordable(made: Setup, sizes: Mapping[str, int]) -> None:
    """Raise before anything is drawn where it would not fit into memory."""
    cell, sequences = made.cell, made.networks * made.samples
    numbers = {cell.sizes[letter]: n for letter, n in sizes.items()}
    widths = sum(int(number_of(cell.size(name), numbers)) for name in cell.inputs)
    shapes = [[int(number_of(n, numbers)) for n in p.shape] for p in cell.parameters.values()]
    weights = made.networks * sum(map(math.prod, shapes))
    for what, count in (
        (f"the parameters of {cell.name} with {made.hidden} units", weights),
        (f"{sequences} sequences of {made.steps} steps", made.steps * sequences * widths),
        (f"the curves of {sequences} sequences over {made.lags} lags", made.lags * sequences * 8),
    ):
        must_fit(what, count, "take fewer units, lags, networks or samples", MOST)


def run_on_noise(
    cell: Cell,
    params: Mapping[str, Array],
    steps: int,
    sequences: int,
    seed: int,
    sizes: Mapping[str, int],
) -> Run:
    """Run a cell on standard normal inputs, `sizes` by letter; without inputs, from
    states uniform in (-1, 1). Each is drawn by the seed and its own name. A long run keeps
    only some of its states."""
    numbers = {cell.sizes[letter]: n for letter, n in sizes.items()}

    def shape(name: str) -> tuple[int, int]:
        return sequences, int(number_of(cell.size(name), numbers))

    if not cell.inputs:
        start = {s: draws_of(s, seed).uniform(-1, 1, shape(s)) for s in cell.states}
        return simulate(cell, params, state=start, steps=steps)
    x = {name: draws_of(name, seed).normal(size=(steps, *shape(name))) for name in cell.inputs}
    width = sum(int(number_of(node.size, numbers)) for node in linearise(cell))
    shapes = [p.shape for p in cell.parameters.values()] + [cell.shapes[n] for n in cell.inputs]
    said = {size for shape in shapes for size in shape}
    unsaid = {s: np.zeros(shape(s)) for s in cell.states if not said.issuperset(cell.shapes[s])}
    long = 8 * steps * sequences * width > KEPT
    kept_apart = long or (is_general(cell) and is_linear(cell))
    return simulate(cell, params, x, unsaid, checkpoint=kept_apart)


def _setting(
    run: Run,
    made: Setup | None,
    at: tuple[int, ...],
    of: str,
    wrt: str,
    lags: int,
    norm: str,
) -> Setting:
    """What is measured: networks that were drawn, or a run as it was given."""
    cell = run.cell
    inputs = f"data read by {run.source}" if run.source else "the inputs of a run"
    again = f"sg.decay(run, {of!r}, {wrt!r}, lags={lags}, norm={norm!r})"
    needs = "run is the run measured"
    drawn: dict[str, Any] = dict.fromkeys(("scheme", "seed", "gain", "t_max"))
    if made is not None:
        inputs = INPUTS if cell.inputs else STARTS
        again, needs = command(made, of, wrt, norm)
        drawn = {name: getattr(made, name) for name in drawn}
    return Setting(
        cell=cell.name,
        equations=cell.text,
        sizes={k: run.size(size) for k, size in cell.sizes.items() if size in run.sizes},
        networks=1 if made is None else made.networks,
        sequences=run.samples,
        steps=run.steps,
        positions=at,
        inputs=inputs,
        bias={} if made is None else dict(made.bias),
        command=again,
        needs=needs,
        version=__version__,
        **drawn,
    )


def _part(progress: Progress, place: int, count: int) -> Progress:
    return lambda done, total: progress(place * total + done, count * total)
