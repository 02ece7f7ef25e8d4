"""Checks of gradients over many steps."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import sympy as sp

from symgate.algebra.activations import sigmoid
from symgate.algebra.norms import SpectralNorm
from symgate.algebra.vectors import variable
from symgate.bounds.norms import bounds
from symgate.bounds.ranges import ranges
from symgate.equations.cell import Cell
from symgate.judging.finding import CONDITIONS, FALSE, PROVED, Finding, Number
from symgate.judging.formulas import Board, Formula
from symgate.judging.gates import listed
from symgate.judging.probes import (
    at_rest,
    biased,
    carry_of,
    curve,
    half_life,
    holding,
    keeping,
    on_noise,
    recurrent,
    recurrent_names,
    slope,
)
from symgate.linear.linearise import linearise
from symgate.linear.paths import count

#: The weight of all recurrent connections of a single unit.
U = sp.Symbol("u")

#: A gradient is taken as lost where its norm is below this power of ten.
LOST = -1.0

#: log10 of the smallest positive numbers of both precisions.
SINGLE, DOUBLE = math.log10(1.4e-45), math.log10(4.94e-324)

#: Biases of the carry gate at which half-lives are told.
BIASES = (0, 2, 5, 10)

#: How PyTorch draws parameters is what most people have; the inputs are white noise.
USUAL = "with PyTorch's default initialisation, {hidden} units and white noise as input"


def removes_vanishing(cells: Sequence[Cell], state: str, hidden: int, lags: int) -> Finding:
    """Whether a gradient survives: as initialised, and as its carry gate is opened."""
    (cell,) = cells
    measured = curve(on_noise(cell, hidden, lags), state)
    numbers: dict[str, Number] = {
        "hidden": hidden,
        "lags": lags,
        "half_life": half_life(measured),
        "log10_norm": float(measured[-1]),
    }
    norm = f"the norm of ∂{state}_t/∂{state}_{{t-k}}"
    formulas = _one_step(cell, state)
    if measured[-1] > LOST:
        told = [f"{USUAL}, {norm} is {{log10_norm}} at lag {{lags}}: it does not vanish there."]
        return Finding(CONDITIONS, tuple(map(_sentence, told)), numbers, formulas)
    told = [
        f"{USUAL}, {norm} halves every {{half_life}} steps and is {{log10_norm}} at lag {{lags}}."
    ]
    ends = holding(cell, state)
    if not ends or carry_of(cell, state) is None:
        told.append(f"No gate can hold {state}.")
        return Finding(FALSE, tuple(map(_sentence, told)), numbers, formulas)
    for bias in BIASES:
        run = at_rest(cell, biased(cell, 1, keeping(cell, state, bias)), 50)
        numbers |= {f"bias_{bias}": bias, f"half_life_at_bias_{bias}": half_life(curve(run, state))}
    lives, at = (
        listed(f"{{{name}_{b}}}" for b in BIASES) for name in ("half_life_at_bias", "bias")
    )
    opener = " and ".join(f"{gate} → {value}" for gate, value in ends.items())
    still = _held(cell, state, ends) == cell.variable(state, 1)
    told += [
        "with all weights 0 it is σ(b)^k, where b is the bias that opens the carry: it decays for "
        f"every finite b, with half-lives of {lives} steps at b = {at}.",
        f"in the limit {opener}, ∂{state}_t/∂{state}_{{t-k}} is the identity, whatever the weights"
        + (f"; then nothing new enters {state} either." if still else "."),
    ]
    formulas = (*formulas, _limit(cell, state, ends))
    return Finding(FALSE, tuple(map(_sentence, told)), numbers, formulas)


def safe_from_exploding(cells: Sequence[Cell], state: str, gain: float, lags: int) -> Finding:
    """Looks for weights with which the gradient grows: recurrent matrices gain · I."""
    (cell,) = cells
    grown, small = (curve(at_rest(cell, recurrent(cell, 1, g), lags), state) for g in (gain, 1.0))
    numbers: dict[str, Number] = {
        "gain": float(gain),
        "lags": lags,
        "growth": 10 ** slope(grown),
        "log10_norm": float(grown[-1]),
        "growth_at_gain_1": 10 ** slope(small),
    }
    partial = f"∂{state}_t/∂{state}_{{t-k}}"
    told = [
        f"Take one unit, each recurrent weight u = {{gain}}, and zero biases, input and start: "
        f"{partial} grows by a factor of {{growth}} per step and is {{log10_norm}} after "
        "{lags} steps."
    ]
    board = Board(cell)
    formulas = tuple(
        board.jacobian(state, wrt) for wrt in cell.states if count(linearise(cell), state, wrt)
    )
    if grown[-1] <= 3:
        told[0] = (
            f"Take one unit, each recurrent weight u = {{gain}}, and zero biases, input and start: "
            f"{partial} is {{log10_norm}} after {{lags}} steps. No weights were found that make it "
            "grow."
        )
        return Finding(CONDITIONS, tuple(told), numbers, formulas)
    eigenvalue = _eigenvalue_at_rest(cell)
    if eigenvalue is not None:
        numbers["threshold"] = float(sp.solve(eigenvalue - 1, U)[0])
        told.append(
            "At the state 0, the only non-zero eigenvalue of a step is the λ below. It is 1 at "
            "u = {threshold} and larger for every larger u. At u = 1 the factor is "
            "{growth_at_gain_1}."
        )
        formulas += (board.write(sp.Symbol("lambda"), "=", eigenvalue),)
    carry = carry_of(cell, state)
    if carry is not None and ranges(cell).of(carry.coefficient).within(0, 1):
        told.append(
            "The carry alone never grows, since its factor lies in [0, 1]; the paths through the "
            "gates and the candidate contain weight matrices and have no such bound."
        )
    return Finding(FALSE, tuple(told), numbers, formulas)


def deep_and_untrainable(
    cells: Sequence[Cell], states: Sequence[str], hidden: int, lags: int
) -> Finding:
    """The gradient over very many steps: as initialised, and with weights that keep it."""
    cell, *gated = cells
    state, *held = states
    start = curve(on_noise(cell, hidden, lags), state)
    kept = curve(at_rest(cell, recurrent(cell, 1, 1.0), lags), state)[-1]
    numbers: dict[str, Number] = {
        "hidden": hidden,
        "lags": lags,
        "log10_norm": float(start[-1]),
        "log10_with_identity": float(kept),
    }
    board = Board(cell)
    bound = board.write(
        SpectralNorm(board.partial(state, state)), "≤", bounds(cell).total(state, state)
    )
    told = [
        "unrolled, it is {lags} layers deep, all with the same weights.",
        f"{USUAL}, ∂{state}_t/∂{state}_{{t-k}} is {{log10_norm}} over {{lags}} steps",
    ]
    if start[-1] > LOST:
        told[-1] += ": nothing is lost."
        return Finding(FALSE, tuple(map(_sentence, told)), numbers, (bound,))
    for name, smallest in (("single", SINGLE), ("double", DOUBLE)):
        below = np.flatnonzero(start < smallest)
        if len(below):
            numbers[f"lost_in_{name}"] = int(below[0])
    if "lost_in_double" in numbers:
        told[-1] += "; a float32 underflows at lag {lost_in_single}, a float64 at {lost_in_double}."
    else:
        told[-1] += "."
    if kept <= LOST:
        told.append("With U = I at rest it is {log10_with_identity}.")
        return Finding(PROVED, tuple(map(_sentence, told)), numbers, (bound,))
    told.append("It depends on the weights: with U = I, at rest, it is {log10_with_identity}.")
    said = []
    for other, own in zip(gated, held, strict=True):
        plain = curve(on_noise(other, hidden, lags), own)[-1]
        chrono = curve(on_noise(other, hidden, lags, scheme="chrono", t_max=lags), own)[-1]
        key = f"log10_{other.name.replace('-', '_')}"
        numbers |= {key: float(plain), f"{key}_chrono": float(chrono)}
        said.append(
            f"∂{own}_t/∂{own}_{{t-k}} of {other.name} is {{{key}}} with default biases and "
            f"{{{key}_chrono}} with chrono biases for T = {{lags}}"
        )
    if said:
        told.append(f"{'; '.join(said)}.")
    told.append(
        "the gradient of the weights also sums over short lags, so training goes on, blind to "
        "anything that far back."
    )
    return Finding(CONDITIONS, tuple(map(_sentence, told)), numbers, (bound,))


def addition_keeps(cells: Sequence[Cell], state: str, lags: int) -> Finding:
    """Whether what is added leaves the gradient alone, and what the factor before it does."""
    cell, *plain = cells
    board = Board(cell)
    equation = board.equation(state)
    carry = carry_of(cell, state)
    if carry is None:
        return Finding(
            FALSE, (f"{state}_t has no direct term in {state}_{{t-1}}.",), {}, (equation,)
        )
    product = carry.coefficient
    if sp.expand(cell.equations[state] - product * cell.variable(state, 1)) == 0:
        return Finding(FALSE, ("Nothing is added in this cell.",), {}, (equation,))
    formulas: tuple[Formula, ...] = (equation, board.jacobian(state, state))
    if not carry.gates:
        said = "The direct term has no gate as its factor: the sum passes the gradient on whole."
        return Finding(PROVED, (said,), {}, formulas)
    numbers: dict[str, Number] = {"lags": lags}
    for bias in (0, 5):
        run = at_rest(cell, biased(cell, 1, keeping(cell, state, bias)), lags)
        numbers |= {f"bias_{bias}": bias, f"log10_at_bias_{bias}": float(curve(run, state)[-1])}
    told = [
        "A sum passes the gradient on to each of its terms with factor 1, through no matrix and "
        f"no activation. How much survives is then decided by the factor of {state}_{{t-1}}, the "
        f"gate {' and '.join(carry.gates)}.",
        "With all weights 0, the same addition keeps {log10_at_bias_0} over {lags} steps at bias "
        "{bias_0} and {log10_at_bias_5} at bias {bias_5}.",
    ]
    for other in plain:
        bare = carry_of(other, state)
        if bare is not None and not bare.gates:
            told.append(f"Without a gate there ({other.name}), the carry keeps all of it: proved.")
            formulas = (*formulas, Board(other).jacobian(state, state))
    return Finding(CONDITIONS, tuple(told), numbers, formulas)


def vanishes_or_explodes(
    cells: Sequence[Cell], state: str, hidden: int, lags: int, gains: Sequence[float]
) -> Finding:
    """A plain network at rest with orthogonal weights, times a gain below, at and above 1."""
    (cell,) = cells
    board, bound = Board(cell), bounds(cell).total(state, state)
    formula = board.write(SpectralNorm(board.partial(state, state)), "≤", bound)
    numbers: dict[str, Number] = {"lags": lags}
    found, parts = [], []
    for name, gain in zip(("small", "one", "large"), gains, strict=True):
        end = float(curve(at_rest(cell, recurrent(cell, hidden, gain), lags), state)[-1])
        numbers |= {f"gain_{name}": float(gain), f"log10_at_{name}": end}
        found.append(end)
        parts.append(f"{{log10_at_{name}}} for g = {{gain_{name}}}")
    told = f"With U = g I, at rest, the gradient over {{lags}} steps is {listed(parts)}."
    if not (found[0] < -3 and found[2] > 3):
        return Finding(FALSE, (told,), numbers, (formula,))
    only_norms = bound.has(SpectralNorm) and not bound.is_number
    proof = (
        "A largest singular value below 1 proves that it vanishes; one above 1 allows it to "
        "explode, but the slopes of tanh may prevent it. At 1 it may do neither."
        if only_norms
        else "No bound by the weights alone is known."
    )
    return Finding(CONDITIONS, (proof, told), numbers, (formula,))


def lasts_longer(cells: Sequence[Cell], states: Sequence[str], hidden: int, lags: int) -> Finding:
    """Whether the first cell's gradient has the shortest half-life, all drawn in one way."""
    lives = {
        cell.name: half_life(curve(on_noise(cell, hidden, lags), state))
        for cell, state in zip(cells, states, strict=True)
    }
    first, *others = cells
    numbers: dict[str, Number] = {"hidden": hidden}
    numbers |= {f"half_life_{name.replace('-', '_')}": life for name, life in lives.items()}
    parts = [
        f"{{half_life_{cell.name.replace('-', '_')}}} steps for {state} of {cell.name}"
        for cell, state in zip(cells, states, strict=True)
    ]
    told = [f"{USUAL}, the half-life of the gradient is {listed(parts)}."]
    if all(lives[other.name] > lives[first.name] for other in others):
        if all(map(math.isfinite, lives.values())):
            told.append("all of them vanish; how long a gate remembers is set by its bias.")
        return Finding(CONDITIONS, tuple(map(_sentence, told)), numbers)
    return Finding(FALSE, tuple(map(_sentence, told)), numbers)


def _eigenvalue_at_rest(cell: Cell) -> sp.Expr | None:
    """The eigenvalue of the step of one unit at 0, where it is a single one, linear in U.

    >>> import symgate as sg
    >>> _eigenvalue_at_rest(sg.cell("lstm"))
    u/4 + 1/2
    """
    tiny = cell.explicit(n=1, m=1)
    names = recurrent_names(cell)
    at = {
        entry: U if name in names else sp.S.Zero
        for name, matrix in tiny.parameters.items()
        for entry in matrix
    }
    at |= dict.fromkeys((*tiny.state, *tiny.input), sp.S.Zero)
    if any(entry.subs(at) != 0 for entry in tiny.next_state):
        return None
    step = tiny.jacobian().subs(at).subs(sigmoid(0), sp.Rational(1, 2))
    found = [e for e in step.eigenvals() if e != 0]
    linear = len(found) == 1 and found[0].has(U) and found[0].is_polynomial(U)
    return sp.expand(found[0]) if linear and sp.degree(found[0], U) == 1 else None


def _one_step(cell: Cell, state: str) -> tuple[Formula, ...]:
    """The exact Jacobian of a state by each state that it depends on."""
    board, lin = Board(cell), linearise(cell)
    return tuple(board.jacobian(state, wrt) for wrt in cell.states if count(lin, state, wrt))


def _held(cell: Cell, state: str, ends: dict[str, int]) -> sp.Expr:
    fixed = {variable(gate): sp.Integer(value) for gate, value in ends.items()}
    return cell.equations[state].xreplace(fixed)


def _limit(cell: Cell, state: str, ends: dict[str, int]) -> Formula:
    """The gates that hold a state, and what its Jacobian then is."""
    board = Board(cell)
    given: list[object] = []
    for gate, value in ends.items():
        given += [",", variable(gate), "→", value] if given else [variable(gate), "→", value]
    given += ["⇒", board.partial(state, state), "→", sp.Identity(cell.size(state))]
    lin = linearise(cell)
    for other in cell.states:
        if other != state and count(lin, state, other):
            zero = sp.ZeroMatrix(cell.size(state), cell.size(other))
            given += [",", board.partial(state, other), "→", zero]
    return board.write(*given)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
