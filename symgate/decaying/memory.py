"""`memory`: which bias gives a cell a memory of T steps, worked out and then measured.

A carry that multiplies the state by 1 - 1/T at each step has the time constant T. The carry
is written in the biases alone (inputs and states 0) and solved for one of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from sympy import Expr, Symbol

import symgate
from symgate.algebra.text import text
from symgate.algebra.vectors import name_of
from symgate.asked import asked, number, word
from symgate.decaying.curve import Decay
from symgate.decaying.measure import decay, run_on_noise
from symgate.decaying.solve import BiasSolution, solved
from symgate.equations.cell import Cell
from symgate.equations.zoo import cell_of
from symgate.errors import SymgateError, known_name
from symgate.instead import tells
from symgate.linear.linearise import linearise
from symgate.linear.paths import carry
from symgate.linear.terms import reached
from symgate.numerals import steps
from symgate.numerics.arrays import number_of
from symgate.numerics.biases import bias_of
from symgate.numerics.general import is_linear
from symgate.numerics.initialise import chosen_sizes, init
from symgate.numerics.plain import plain
from symgate.numerics.room import must_end
from symgate.numerics.run import Run
from symgate.numerics.setup import OneNetwork, setup
from symgate.numerics.simulate import simulate
from symgate.tables import html_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: The symbol of the memory in formulas, the longest run that checks it, on how many
#: sequences, and with how many units where a matrix of n × n numbers mixes them all.
T = Symbol("T", positive=True)
LONGEST = 4000
FEW = 8
SEQUENCES = 4


@tells("a memory")
@dataclass(frozen=True, eq=False)
class Memory:
    """What to set for a memory of `steps` steps.

    `parameter` gets `value` = `formula` at T = steps; it is the bias of `gate`, or a weight
    or a leak where `gate` is None. `others` are set with it; `kept` were taken to be what
    they are. `exact` is the decay with all weights zero, `drawn` that with random weights and
    noise as input, `paired` the same with the input gate closed as far as the carry is open
    (`partner`: its bias), None for a cell without an input gate. `source` says whose weights
    and data stand for the drawn ones, where a run was given.
    """

    cell: str
    steps: float
    state: str
    gate: str | None
    parameter: str
    formula: Expr
    value: float
    others: Mapping[str, float]
    kept: Mapping[str, float]
    exact: Decay
    drawn: Decay
    partner: Mapping[str, float]
    paired: Decay | None
    source: str = ""

    def __repr__(self) -> str:
        return (
            f"<Memory of {self.cell}: {self.parameter} = {text(self.formula)} = {self.value:.4g} "
            f"keeps {self.state} for T = {self.steps:g} steps>"
        )

    @property
    def values(self) -> dict[str, float]:
        """All that is set, for `init(…, values=…)`."""
        return {self.parameter: self.value, **self.others}

    @property
    def carry(self) -> float:
        """What is left after a step: 1 - 1/T."""
        return 1 - 1 / self.steps

    def sentence(self) -> str:
        """The answer in words."""
        what = f"the bias {self.parameter} of gate {self.gate}" if self.gate else self.parameter
        others = "".join(f", {name} = {value:.4f}" for name, value in self.others.items())
        kept = ", ".join(f"{name} = {value:g}" for name, value in self.kept.items())
        parts = [
            f"{self.cell}: with {what} = {text(self.formula)} = {self.value:.4f}{others}"
            f"{f' (and {kept})' if kept else ''}, each step keeps 1 - 1/T of {self.state} "
            f"(T = {self.steps:g}).",
            f"Measured with all weights zero: {math.exp(self.exact.rate):.8f} per step "
            f"(1 - 1/T = {self.carry:.8f}).",
            f"With {self.source or 'random weights and noise as input'}, {lasts(self.drawn)}"
            + ("." if self.paired is None else f"; {self._pair()}."),
        ]
        return " ".join(parts)

    def _pair(self) -> str:
        assert self.paired is not None
        name, value = next(iter(self.partner.items()))
        return f"with {name} = {value:.4f} for the input gate as well, {lasts(self.paired)}"

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        found: dict[str, Any] = plain(
            {
                "cell": self.cell,
                "steps": self.steps,
                "state": self.state,
                "gate": self.gate,
                "parameter": self.parameter,
                "formula": text(self.formula),
                "value": self.value,
                "others": self.others,
                "carry": self.carry,
                "exact": self.exact.summary(),
                "partner": self.partner,
                "paired": None if self.paired is None else self.paired.summary(),
                "drawn": {**self.drawn.summary(), "command": self.drawn.setting.command},
                "sentence": self.sentence(),
            }
        )
        return found

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the measured curves on `ax`, or on pyplot's axes, with 1/e after T steps."""
        return symgate.plots.memory(self, ax, **options)

    def _repr_html_(self) -> str:

        return html_table((), notes=[self.sentence()])


@asked(steps=number(above=1, most=1e12), state=word)
def memory(
    cell: Run | Cell | str,
    steps: float,
    *,
    state: str | None = None,
    **options: Unpack[OneNetwork],
) -> Memory:
    """Work out which bias of which carry gate gives the time constant `steps`.

    `state` names the state that is to remember, where a cell carries several. The answer is
    checked on a network with hidden, input, scheme, seed, t_max and sizes as in `init` (of a
    matrix whose rows mix, 8 units); for a run, as of a trained network, on its own weights and
    its own data.

    >>> import symgate as sg
    >>> m = sg.memory(sg.cell("lstm"), steps=500, hidden=8)
    >>> m.parameter, m.formula, round(m.value, 4)
    ('b_f', log(T - 1), 6.2126)
    >>> sg.memory(sg.cell("rnn"), steps=500)
    Traceback (most recent call last):
        ...
    symgate.errors.SymgateError: rnn has no carry: each path from a state to itself passes \
through a matrix or an activation, so no bias sets its memory
    """
    own = cell if isinstance(cell, Run) else None
    cell = cell.cell if isinstance(cell, Run) else cell_of(cell)
    if own:
        if options:
            raise SymgateError(
                f"a run has its sizes and weights; {next(iter(options))} is for a cell"
            )
        numbers = {letter: own.size(size) for letter, size in cell.sizes.items()}
        n, m = numbers.pop("n"), numbers.pop("m", None)
        options = {"hidden": n, "input": m, "sizes": numbers}
    for name in options:
        known_name("the option", name, sorted(OneNetwork.__optional_keys__))
    found = solved(cell, T, float(steps), state)
    if "hidden" not in options and linearise(cell)[found.state].rank == 2 and not is_linear(cell):
        options["hidden"] = FEW
    made = setup(cell, **options)
    lags = max(2, min(math.ceil(3 * steps), own.steps if own else LONGEST))
    numbers = chosen_sizes(cell, made.hidden, made.input, made.sizes)
    if len(cell.shapes[found.state]) == 1:
        size = cell.size(found.state)
        size = int(number_of(size, {cell.sizes[letter]: n for letter, n in numbers.items()}))
        what = f"to follow {size:,} units over {lags:,} lags, with {SEQUENCES} sequences twice,"
        must_end(what, 2 * SEQUENCES * lags * size**3, "take fewer units")
    parameter = found.parameter
    params = init(
        cell,
        made.hidden,
        made.input,
        made.scheme,
        made.seed,
        t_max=made.t_max,
        sizes=made.sizes,
        values=found.values,
    )
    if own:
        params = {n: np.full_like(a, found.values.get(n, a)) for n, a in own.params.items()}
    still = {
        name: array if name in found.values or not array.ndim else 0 * array
        for name, array in params.items()
    }
    for name, value in found.kept.items():
        still[name] = np.full_like(params[name], value)

    def measured(weights: Mapping[str, Any], sequences: int) -> Decay:
        if own and sequences > 1:
            run = simulate(cell, weights, {n: own[n] for n in cell.inputs} or None, steps=own.steps)
        else:
            run = run_on_noise(cell, weights, lags, sequences, made.seed, numbers)
        return decay(run, found.state, found.state, lags=lags)

    partner = _partner(cell, found)
    closed = {**params, **{name: np.full_like(params[name], v) for name, v in partner.items()}}
    return Memory(
        cell.name,
        float(steps),
        found.state,
        _gate(cell, found),
        parameter,
        found.formula,
        found.values[parameter],
        {name: v for name, v in found.values.items() if name != parameter},
        found.kept,
        exact=measured(still, 1),
        drawn=measured(params, SEQUENCES),
        partner=partner,
        paired=measured(closed, SEQUENCES) if partner else None,
        source="" if own is None else own.source or "the weights and the data of the run",
    )


def _gate(cell: Cell, found: BiasSolution) -> str | None:
    """The gate of the carry that the parameter sets, over whatever lines."""
    lin = linearise(cell)
    carried = carry(lin, found.state)
    if carried is None:
        return None
    for gate in carried.gates:
        sets = reached(
            [gate],
            lambda name: (
                {name_of(t.source) for t in lin[name].terms if t.source in lin.symbols}
                - {*carried.gates}
            ),
        )
        if any(t.parameter == found.parameter for n in sets for t in lin[n].parameter_terms):
            return gate
    return None


def _partner(cell: Cell, found: BiasSolution) -> dict[str, float]:
    """The input gate's bias: minus the carry's, as chrono initialisation sets it."""
    for gate in cell.gates:
        if "input gate" in cell.roles.get(gate, ""):
            try:
                name = bias_of(cell, gate)
            except SymgateError:
                continue
            if name not in found.values and name not in found.kept:
                return {name: -found.values[found.parameter]}
    return {}


def lasts(decay: Decay) -> str:
    """How long the gradient of a measured `decay` lasts, in words."""
    if math.isinf(decay.time_constant):
        if not decay.fit.is_settled:
            return "the gradient grows on some sequences and falls on others"
        return "the gradient grows, as the paths through the gates outweigh the carry"
    return f"the time constant is {steps(decay.time_constant)} steps"
