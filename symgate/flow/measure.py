"""`decay`: measure how fast a cell's gradient decays over the lag."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgate import __version__
from symgate.asked import asked, whole
from symgate.cells import cell_of
from symgate.equations.cell import Cell
from symgate.errors import ShapeError, SymgateError, UnknownName
from symgate.flow.command import command
from symgate.flow.curve import Decay, Setting
from symgate.linear.linearise import linearise
from symgate.numerics.arrays import number_of
from symgate.numerics.initialise import chosen_sizes, init
from symgate.numerics.product import NORMS, lag_norms
from symgate.numerics.run import Run
from symgate.numerics.simulate import simulate

Array = NDArray[Any]
Progress = Callable[[int, int], None]

#: Above this number of bytes a run keeps every √T-th state only.
KEPT = 1 << 28

#: Above this number of bytes nothing is drawn at all.
MOST = 1 << 32

HIDDEN, LAGS, SAMPLES = 64, 200, 4

#: The inputs of a run that `decay` makes.
INPUTS, STARTS = "independent standard normal inputs", "starts uniform in (-1, 1) and no input"


@asked(lags=whole(1))
def decay(
    what: Cell | Run | str,
    of: str | None = None,
    wrt: str | None = None,
    *,
    hidden: int | None = None,
    input: int | None = None,
    lags: int | None = None,
    samples: int | None = None,
    steps: int | None = None,
    at: int | Sequence[int] | None = None,
    scheme: str | None = None,
    seed: int | None = None,
    gain: float | None = None,
    bias: Mapping[str, float] | None = None,
    t_max: float | None = None,
    sizes: Mapping[str, int] | None = None,
    norm: str = "spectral",
    singular: Iterable[int] | None = None,
    progress: Progress | None = None,
) -> Decay:
    """Measure ∂of_t/∂wrt_{t-k} for k = 0 … lags.

    A cell gets parameters by `scheme` and `seed` (see `init`) and `samples` sequences of
    independent standard normal inputs; a run is taken as it is. `of` and `wrt` are states,
    h where there is one. `at` is the step t, or several (the last where it is left out).
    `singular` lists the lags at which all singular values are kept. The defaults are 64
    units, 200 lags, as many steps, 4 sequences.

    >>> import symgate as sg
    >>> d = sg.decay(sg.cell("lstm"), "c", "c", hidden=8, lags=50, bias={"f": 3})
    >>> print(d.setting.averaged_over)
    4 sequences of independent standard normal inputs, 50 steps each, followed back from ...
    """
    what = what if isinstance(what, Run) else cell_of(what)
    if isinstance(what, Run):
        made = {
            "hidden": hidden, "input": input, "samples": samples, "steps": steps,
            "scheme": scheme, "seed": seed, "gain": gain, "bias": bias, "t_max": t_max,
            "sizes": sizes,
        }  # fmt: skip
        for name, value in made.items():
            if value is not None:
                raise SymgateError(f"{name} is for a cell; a run has been made already")
        run, cell = what, what.cell
        of, wrt = chosen_states(cell, of, wrt)
        count = run.steps if lags is None else _whole("lags", lags, 1)
        setting = _setting_of_run(run, _positions(at, run.steps, count))
    elif isinstance(what, Cell):
        cell = what
        of, wrt = chosen_states(cell, of, wrt)
        count = _whole("lags", LAGS if lags is None else lags, 1)
        length = count if steps is None else _whole("steps", steps, 1)
        sequences = _whole("samples", SAMPLES if samples is None else samples, 1)
        positions = _positions(at, length, count)
        _checked_norm(norm)
        numbers = chosen_sizes(cell, HIDDEN if hidden is None else hidden, input, sizes)
        _affordable(cell, numbers, length, sequences, count)
        params = init(
            cell, HIDDEN if hidden is None else hidden, input, scheme or "pytorch",
            0 if seed is None else seed, gain=1.0 if gain is None else gain, t_max=t_max,
            bias=bias, sizes=sizes,
        )  # fmt: skip
        run = run_on_noise(cell, params, length, sequences, seed or 0, numbers)
        setting = Setting(
            cell.name, cell.text, _sizes(run), length, positions, sequences,
            INPUTS if cell.inputs else STARTS,
            scheme or "pytorch", seed or 0, 1.0 if gain is None else float(gain),
            dict(bias or {}), t_max, "", __version__,
        )  # fmt: skip
    else:
        raise SymgateError(
            f"decay takes a cell or a run, not {what!r}; name a cell by sg.cell('gru')"
        )
    _checked_norm(norm)
    return _measured(run, setting, of, wrt, count, norm, singular, progress)


def _measured(
    run: Run,
    setting: Setting,
    of: str,
    wrt: str,
    count: int,
    norm: str,
    singular: Iterable[int] | None,
    progress: Progress | None,
) -> Decay:
    wanted = spread_lags(count) if singular is None else sorted({int(k) for k in singular})
    if wanted and not 0 <= wanted[0] <= wanted[-1] <= count:
        raise SymgateError(f"singular values are wanted at lags from 0 to {count}")
    parts = []
    for place, t in enumerate(setting.positions):
        hook = progress and _part(progress, place, len(setting.positions))
        parts.append(
            lag_norms(run, of, wrt, count, at=t, norm=norm, singular=wanted, progress=hook)
        )
    norms = np.stack([p.log10_norm.reshape(count + 1, -1) for p in parts], axis=2)
    values = {
        k: np.stack([np.atleast_2d(p.singular_values[k]) for p in parts], axis=1)
        for k in wanted
    }  # fmt: skip
    setting = replace(setting, command=command(setting, of, wrt, count, norm))
    return Decay(
        setting, of, wrt, norm, np.arange(count + 1), norms.reshape(count + 1, -1),
        {k: v.reshape(-1, v.shape[-1]) for k, v in values.items()}, parts[-1].notes, run,
    )  # fmt: skip


def _affordable(
    cell: Cell, sizes: Mapping[str, int], steps: int, sequences: int, lags: int
) -> None:
    """Raise before anything is drawn where it would not fit into memory."""
    numbers = {cell.sizes[letter]: n for letter, n in sizes.items()}
    widths = sum(int(number_of(cell.size(name), numbers)) for name in cell.inputs)
    weights = int(cell.parameter_count(**sizes))
    for what, count in (
        (f"the parameters of {cell.name} with {sizes['n']} units", weights),
        (f"{sequences} sequences of {steps} steps", steps * sequences * widths),
        (f"the curves of {sequences} sequences over {lags} lags", lags * sequences * 8),
    ):
        if 8 * count > MOST:
            raise SymgateError(
                f"{what} would take {8 * count / 2**30:,.0f} GB of memory, more than the limit "
                f"of {MOST >> 30}; take fewer units, lags or samples"
            )


def run_on_noise(
    cell: Cell,
    params: Mapping[str, Array],
    steps: int,
    sequences: int,
    seed: int,
    sizes: Mapping[str, int],
) -> Run:
    """Run a cell on standard normal inputs, `sizes` by letter; without inputs, from
    states uniform in (-1, 1). A long run keeps only some of its states."""
    numbers = {cell.sizes[letter]: n for letter, n in sizes.items()}
    rng = np.random.default_rng([seed, 1])

    def shape(name: str) -> tuple[int, int]:
        return sequences, int(number_of(cell.size(name), numbers))

    if not cell.inputs:
        start = {s: rng.uniform(-1, 1, shape(s)) for s in cell.states}
        return simulate(cell, params, state=start, steps=steps)
    x = {name: rng.normal(size=(steps, *shape(name))) for name in cell.inputs}
    width = sum(int(number_of(node.size, numbers)) for node in linearise(cell))
    return simulate(cell, params, x, checkpoint=8 * steps * sequences * width > KEPT)


def chosen_states(cell: Cell, of: str | None, wrt: str | None) -> tuple[str, str]:
    """The states that are asked for; h where there is one, else the first."""
    usual = "h" if "h" in cell.states else cell.states[0]
    for name in (of, wrt):
        if name is not None and name not in cell.states:
            raise UnknownName(f"a state of {cell.name} named", name, cell.states)
    return of or usual, wrt or usual


def spread_lags(count: int) -> list[int]:
    """1, 2, 5, 10, … up to the last lag."""
    decades = range(len(str(count)))
    found = {step * 10**d for d in decades for step in (1, 2, 5)}
    return sorted({k for k in found if k <= count} | {count})


def _positions(at: int | Sequence[int] | None, steps: int, lags: int) -> tuple[int, ...]:
    if lags > steps:
        raise ShapeError(
            f"lag {lags} reaches before the start of a run of {steps} steps; give steps={lags} "
            f"or more, or fewer lags"
        )
    given = [steps - 1] if at is None else [at] if isinstance(at, int | np.integer) else list(at)
    for t in given:
        if isinstance(t, bool) or not isinstance(t, int | np.integer) or not 0 <= t < steps:
            raise ShapeError(f"a position is a step from 0 to {steps - 1}, not {t!r}")
        if lags > t + 1:
            raise ShapeError(
                f"lag {lags} reaches before the start: from step {t} there are {t + 1} lags"
            )
    if not given:
        raise SymgateError("at names no step to follow back from")
    return tuple(int(t) for t in given)


def _setting_of_run(run: Run, positions: tuple[int, ...]) -> Setting:
    return Setting(
        run.cell.name, run.cell.text, _sizes(run), run.steps, positions, run.samples,
        f"data read by {run.source}" if run.source else "the inputs of a run",
        None, None, None, {}, None, "", __version__,
    )  # fmt: skip


def _sizes(run: Run) -> dict[str, int]:
    return {
        letter: run.size(size) for letter, size in run.cell.sizes.items() if size in run.sizes
    }  # fmt: skip


def _whole(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise SymgateError(f"{name} is a whole number from {least}, not {value!r}")
    return int(value)


def _checked_norm(norm: str) -> None:
    if norm not in NORMS:
        raise UnknownName("the norm", norm, NORMS)


def _part(progress: Progress, place: int, count: int) -> Progress:
    return lambda done, total: progress(place * total + done, count * total)
