"""`Setup`: what is drawn and measured. The one record of it, and its defaults.

It knows the cell and the choices, and draws nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from symgate.asked import ASKED, whole
from symgate.errors import ShapeError, SymgateError, UnknownName

if TYPE_CHECKING:
    from symgate.equations.cell import Cell


class Drawing(TypedDict, total=False):
    """What every verb that draws takes. A keyword that is left out or None is usual."""

    input: int | None
    sizes: Mapping[str, int] | None
    seed: int | None
    t_max: float | None


class OneNetwork(Drawing, total=False):
    """What `memory` takes."""

    hidden: int | Sequence[int] | None
    scheme: str | None


class Drawn(OneNetwork, total=False):
    """What `lyapunov` takes of a set-up."""

    gain: float | None
    bias: Mapping[str, float] | None


class Measuring(Drawing, total=False):
    """What `sweep` takes beside its grid."""

    networks: int | None
    samples: int | None
    lags: int | None
    steps: int | None
    at: int | Sequence[int] | None


class SetupOptions(Drawn, Measuring, total=False):
    """All keywords from which a `Setup` is made."""


@dataclass(frozen=True)
class Setup:
    """Networks of a cell, and the sequences that they are run on.

    `hidden` sets the size n, `input` the size m (as n where it is None), `sizes` any other by
    its letter. `scheme`, `seed`, `gain`, `t_max` and `bias` (by gate) say how parameters are
    drawn (see `init`): those of `networks` networks, each with `samples` sequences of its own.
    The gradient is followed over `lags` lags from the steps `at` of a run of `steps` steps.
    """

    cell: Cell
    hidden: int | Sequence[int] = 64
    input: int | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    scheme: str = "pytorch"
    seed: int = 0
    gain: float = 1.0
    bias: Mapping[str, float] = field(default_factory=dict)
    t_max: float | None = None
    networks: int = 4
    samples: int = 1
    lags: int = 200
    steps: int = 200
    at: tuple[int, ...] = (199,)


#: What is usual for verbs that do much at once, or little.
USUAL: Mapping[str, Mapping[str, Any]] = {
    "lyapunov": {"steps": 1000},
    "report": {"hidden": 128, "lags": 1000},
    "sweep": {"networks": 2},
}

#: What a report takes of a set-up.
REPORTED = ("hidden", "input", "sizes", "networks", "samples", "lags", "scheme", "seed")

#: Steps of the long curve of a report.
LONG = 10_000

#: What a run that was made already has settled.
DRAWN = tuple(f.name for f in fields(Setup) if f.name not in ("cell", "lags", "at"))


def setup(cell: Cell, **given: Unpack[SetupOptions]) -> Setup:
    """A `Setup` of checked choices.

    Where only `samples` is given, one network is drawn: several sequences of it are asked
    for. There are as many steps as lags, and the last step is followed back, unless `steps`
    and `at` say otherwise. A bias may be given by its name: b_f=5.

    >>> import symgate as sg
    >>> made = setup(sg.cell("gru"), lags=50, bias={"z": 2})
    >>> made.networks, made.samples, made.steps, made.at
    (4, 1, 50, (49,))
    """
    options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    biases = {name: options.pop(name) for name in [*options] if name in cell.parameters}
    if biases:
        options["bias"] = {**options.get("bias", {}), **biases}
    for name, value in options.items():
        if name not in SetupOptions.__optional_keys__:
            beside = name in ("bounds", "paths", "predictions")
            known = () if beside else sorted(SetupOptions.__optional_keys__)
            raise UnknownName("the option", name, known, f"the curve has it, as d.{name}")
        options[name] = (whole(1) if name == "lags" else ASKED[name])(name, value)
    alone = "samples" in options and "networks" not in options
    options.setdefault("networks", 1 if alone else Setup.networks)
    lags = options.setdefault("lags", Setup.lags)
    steps = options.setdefault("steps", lags)
    options["at"] = positions(options.get("at"), steps, lags)
    for name in ("sizes", "bias"):
        options[name] = dict(options.get(name, {}))
    return Setup(cell, **options)


def positions(at: int | Sequence[int] | None, steps: int, lags: int) -> tuple[int, ...]:
    """The steps that are followed back, each with `lags` steps before it."""
    if lags > steps:
        raise ShapeError(
            f"lag {lags} reaches before the start of a run of {steps} steps; give steps={lags} "
            f"or more, or fewer lags"
        )
    given = [step_in(t, steps) for t in (at if isinstance(at, Sequence) else [at])]
    for t in given:
        lags_before(lags, t)
    if len(set(given)) != len(given):
        raise SymgateError(f"at names a step twice: {', '.join(map(str, given))}")
    if not given:
        raise SymgateError("at names no step to follow back from")
    return tuple(given)


def step_in(at: int | None, steps: int) -> int:
    """A step of a run: the last where none is named."""
    if at is None:
        return steps - 1
    if not 0 <= at < steps:
        raise ShapeError(f"at must be a step from 0 to {steps - 1}, not {at!r}")
    return at


def lags_before(lags: int | None, at: int, *, of_state: bool = True) -> int:
    """Lags from a step back: all that there are where no number is named. A step sees a state
    from before the first step, all else from its own."""
    there = at + of_state
    if lags is not None and lags > there:
        raise ShapeError(
            f"lag {lags} reaches before the start: from step {at} there are {there} lags"
        )
    return there if lags is None else lags


def option_of(name: str) -> str:
    """How a field of a `Setup` is spelled on the command line."""
    return "--" + {"sizes": "size"}.get(name, name).replace("_", "-")
