"""Every verb of the package on one cell, each held against an oracle that knows nothing of it.

`VERBS` maps the name of a verb to a check: a function of a `Case` that raises AssertionError
where the verb is wrong. A check may end in a SymgateError where the verb has a right to
refuse (`REFUSALS`); every other exception is a fault. By hand, with the smallest cell that
still shows each fault:

    python -m tests.verbs --cells 500 --seed 7
"""

from __future__ import annotations

import argparse
import contextlib
import io
import pickle
import sys
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

import numpy as np
import sympy as sp

import symgate as sg
from symgate.bounds.origin import MU
from symgate.linear.paths import paths
from tests.disguises import disguised
from tests.numbers import Numbers, numbers
from tests.oracles import Text
from tests.random_cells import random_cell
from tests.shrinking import shrunk

STEPS, N, M = 4, 3, 2


@dataclass(frozen=True)
class Case:
    """A cell with numbers, a run, and what the oracle says of it: the same for all verbs."""

    cell: sg.Cell
    seed: int

    @property
    def rng(self) -> Random:
        """What a verb draws does not depend on the verbs before it."""
        return Random(self.seed)

    @cached_property
    def given(self) -> Numbers:
        return numbers(self.cell, n=N, m=M, steps=STEPS, seed=self.rng.randrange(10**6))

    @cached_property
    def run(self) -> sg.Run:
        return self.given.run()

    @cached_property
    def oracle(self) -> Text:
        return Text(self.cell.text, {name: self.run[name].shape[-1] for name in self.run.values})

    @cached_property
    def inputs(self) -> list[dict[str, Any]]:
        """The inputs of each step."""
        return [{k: a[t] for k, a in self.given.inputs.items()} for t in range(STEPS)]

    @cached_property
    def jacobian(self) -> Callable[[str, str, int], Any]:
        """∂ of_t / ∂ wrt_{t-lag} by the oracle, with t the step `lag` from the start."""
        return self.oracle.jacobians(self.given.params, self.inputs, self.given.initial)

    @cached_property
    def ends(self) -> tuple[str, str]:
        """Two states, drawn."""
        rng = self.rng
        return rng.choice(self.cell.states), rng.choice(self.cell.states)


def close(mine: Any, other: Any, tolerance: float = 1e-9) -> None:
    """Equal shapes, and values equal relative to the largest."""
    mine, other = np.asarray(mine, float), np.asarray(other, float)
    assert mine.shape == other.shape
    scale = max(1e-3, np.abs(other).max(initial=0))
    np.testing.assert_allclose(mine, other, rtol=0, atol=tolerance * scale)


# -- the checks ------------------------------------------------------------------------------


def reads_back(case: Case) -> None:
    cell = case.cell
    assert sg.Cell.from_text(str(cell)) == cell
    assert pickle.loads(pickle.dumps(cell)) == cell


def simulate(case: Case) -> None:
    before = case.given.initial
    expected = case.oracle.values(case.given.params, case.inputs, before)
    for t, values in enumerate(expected):
        for name, value in values.items():
            if name in case.run.values:
                close(case.run[name][t], value, 1e-11)


def jacobian(case: Case) -> None:
    """One step for every block, and two and three steps for one of them."""
    cell, given = case.cell, case.given
    first = {k: a[0] for k, a in given.inputs.items()}
    for of in cell.equations:
        for wrt in cell.states:
            found = sg.lambdify(cell, sg.jacobian(cell, of, wrt, lag=1))
            close(found(given.params, **first, **given.initial), case.jacobian(of, wrt, 1))
    of, wrt = case.ends
    if len(cell.text) < 250:
        found = sg.lambdify(cell, sg.jacobian(cell, of, wrt, lag=2))
        first, stop = 2 - found.steps, 2
        rows = {k: a[first] if found.steps == 1 else a[first:stop] for k, a in given.inputs.items()}
        before = {s: given.before(case.run, s)[first] for s in cell.states}
        close(found(given.params, **rows, **before), case.jacobian(of, wrt, 2))


def gradients(case: Case) -> None:
    rng = np.random.default_rng(5)
    weights = {s: rng.normal(size=case.run[s].shape) for s in case.cell.states}
    found = sg.gradients(case.run, weights)
    by_step = [{s: w[t] for s, w in weights.items()} for t in range(STEPS)]
    given = case.given
    params, inputs, first = case.oracle.gradients(given.params, case.inputs, given.initial, by_step)
    for name, array in params.items():
        close(found.parameters[name], array)
    for name in given.inputs:
        close(found.inputs[name], np.stack([at[name] for at in inputs]))
    for name, array in first.items():
        close(found.initial[name], array)


def lag_norms(case: Case) -> None:
    of, wrt = case.ends
    found = sg.lag_norms(case.run, of, wrt, norm="frobenius")
    for k in range(1, STEPS + 1):
        expected = np.linalg.norm(_last(case, of, wrt, k))
        close(10 ** found.log10_norm[k], expected)


def _last(case: Case, of: str, wrt: str, lag: int) -> Any:
    """∂ of_T / ∂ wrt_{T-lag} by the oracle, from the state that the run had there."""
    first = STEPS - lag
    before = {s: case.given.before(case.run, s)[first] for s in case.cell.states}
    inputs = case.inputs[first:]
    return case.oracle.jacobians(case.given.params, inputs, before)(of, wrt, lag)


def tangent(case: Case) -> None:
    rng = np.random.default_rng(6)
    start = {s: rng.normal(size=a.shape) for s, a in case.given.initial.items()}
    found = sg.tangent(case.run, start)
    expected = {
        of: sum(case.jacobian(of, s, STEPS) @ v for s, v in start.items())
        for of in case.cell.states
    }
    size = np.linalg.norm(np.concatenate([*expected.values()]))
    close(10 ** found.log10_norm[-1], size / np.linalg.norm(np.concatenate([*start.values()])))
    if size > 0:
        for of, pushed in expected.items():
            close(found.direction[of], pushed / size)


def decay(case: Case) -> None:
    """Bounds hold at every lag; the paths are parts of the whole."""
    of, wrt = case.ends
    d = sg.decay(case.cell, of, wrt, hidden=4, lags=12, samples=2, seed=case.rng.randrange(100))
    assert not np.isnan(d.log10_norm).any()
    bounds = d.bounds
    assert bounds is not None
    assert (d.log10_norm <= bounds.run_log10).all(), "the run's own bound"
    assert (d.log10_norm <= bounds.worst_log10[:, None]).all(), "the worst case"
    if d.paths is not None:
        assert abs(sum(d.paths.share.values()) - 1) < 1e-9 or not d.paths.share
        block = d.paths[of, wrt]
        at = list(d.paths.lags)
        np.testing.assert_allclose(
            block.whole, [d.median[d.lags.tolist().index(k)] for k in at], atol=1e-9
        )
    d.summary(), d.to_dict(), repr(d), d.predictions


def derive(case: Case) -> None:
    document = sg.derive(case.cell, lag=1 if len(case.cell.text) > 250 else 2)
    assert document.holds
    for written in (document.latex(), document.markdown(), document.html(), document.text()):
        assert written
        assert "nan" not in written.split()


def memory(case: Case) -> None:
    """At rest, with all weights 0, the state that is kept loses 1/T a step."""
    cell = case.cell
    found = sg.memory(cell, steps=20, hidden=N)
    state, values = found.exact.of, {**found.kept, **found.values}
    params = sg.init(cell, N, values=values)
    rest = {k: a if k in values or not a.ndim else 0 * a for k, a in params.items()}
    run = found.exact.run
    oracle = Text(cell.text, {name: run[name].shape[-1] for name in run.values})
    start = {s: np.zeros(run[s].shape[-1]) for s in cell.states}
    x = {name: np.zeros(run[name].shape[-1]) for name in cell.inputs}
    whole = oracle.jacobians(rest, [x], start)(state, state, 1)
    if all(p.matrices or p.is_carry for p in paths(sg.linearise(cell), state, state)):
        close(whole, 0.95 * np.eye(len(start[state])))
    assert found.sentence()


def compare(case: Case) -> None:
    cell = case.cell
    assert sg.compare(cell, sg.Cell.from_text(str(cell), "again")).verdict in ("identical",)
    found = sg.compare(cell, disguised(cell, case.rng))
    assert str(found)


def diagram(case: Case) -> None:
    drawn = sg.diagram(case.cell)
    assert drawn.svg().startswith("<")
    assert "tikzpicture" in drawn.tikz()


def origin(case: Case) -> None:
    """The eigenvalues of the formula are those of the Jacobian that the oracle finds at 0."""
    cell = case.cell
    found = sg.origin(cell)
    assert found.text()
    assert found.latex()
    rng = np.random.default_rng(4)
    given = numbers(cell, n=N, m=M, steps=1, seed=3)
    params, values = dict(given.params), {}
    for p in cell.parameters.values():
        if p.kind != "matrix":
            value = 0.0 if p.name in found.zero else rng.uniform(0.2, 0.8)
            params[p.name] = np.full_like(params[p.name], value)
            values[sp.Symbol(p.name, real=True)] = value
    still = {s: 0 * a for s, a in given.initial.items()}
    inputs = [{k: 0 * a[0] for k, a in given.inputs.items()}]
    run = given.run()
    oracle = Text(cell.text, {name: run[name].shape[-1] for name in run.values})
    at = oracle.values(params, inputs, still)[0]
    for state in cell.states:
        np.testing.assert_allclose(at[state], still[state], atol=1e-12)
    block = oracle.jacobians(params, inputs, still)
    whole = np.block([[block(a, b, 1) for b in cell.states] for a in cell.states])
    mu = np.zeros(1)
    if found.matrix is not None:
        mu = np.linalg.eigvals(sg.lambdify(cell, found.matrix)(params))
    for value in found.eigenvalues:
        put_in = value.subs(values).rewrite(sp.exp).subs(values)
        for one in mu:
            told = complex(put_in.subs(MU, complex(one)).evalf())
            shifted = whole - told * np.eye(len(whole))
            assert np.linalg.svd(shifted, compute_uv=False)[-1] < 1e-6


def shown(case: Case) -> None:
    """LaTeX in every notation, plain text, and `symgate show` and `show --latex`."""
    from symgate.cli.commands.show import described

    cell = case.cell
    J = sg.jacobian(cell, *case.ends)
    for notation in sg.notations:
        assert sg.latex(J, notation, cell=cell)
    assert sg.text(J)
    assert described(cell)
    assert cell._repr_html_()


def lyapunov(case: Case) -> None:
    found = sg.lyapunov(case.run, burn_in=0)
    assert found.to_dict()


def adjoint(case: Case) -> None:
    back = sg.adjoint(case.cell)
    for expression in (*back.deltas.values(), *back.gradients.values()):
        assert sg.latex(expression, cell=case.cell)
        assert sg.text(expression)


#: Every verb with its check.
VERBS: dict[str, Callable[[Case], None]] = {
    check.__name__: check
    for check in (
        reads_back,
        simulate,
        jacobian,
        gradients,
        lag_norms,
        tangent,
        lyapunov,
        decay,
        derive,
        adjoint,
        memory,
        compare,
        diagram,
        origin,
        shown,
    )
}
#: The verbs that may refuse a cell in words.
REFUSALS = ("memory", "origin")


@dataclass(frozen=True)
class Fault:
    """What is wrong with a verb on a cell; equal where it is the same fault."""

    verb: str
    kind: str
    place: str

    def __str__(self) -> str:
        return f"{self.verb}: {self.kind} at {self.place}"


def fault(case: Case, verb: str) -> tuple[Fault, str] | None:
    """The fault of a verb on a cell, with its traceback; None where all is well."""
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("error")
            VERBS[verb](case)
    except sg.Diverged:
        return None
    except Exception as error:
        if isinstance(error, sg.SymgateError) and verb in REFUSALS:
            return None
        frames = traceback.extract_tb(error.__traceback__)
        inner = [f for f in frames if "/symgate/" in f.filename or "/tests/" in f.filename]
        at = inner[-1]
        place = f"{at.filename.split('/')[-1]}:{at.name}"
        if isinstance(error, RecursionError):
            place = "too deep"
        return Fault(verb, type(error).__name__, place), "".join(
            traceback.format_exception(error)[-6:]
        )
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description="random cells through every verb")
    parser.add_argument("--cells", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="of the first cell")
    parser.add_argument("--verbs", nargs="*", default=list(VERBS))
    parser.add_argument("--whole", action="store_true", help="print tracebacks")
    wanted = parser.parse_args()
    found: Counter[Fault] = Counter()
    for seed in range(wanted.seed, wanted.seed + wanted.cells):
        case = Case(random_cell(Random(seed)), seed)
        for verb in wanted.verbs:
            wrong = fault(case, verb)
            if wrong is None:
                continue
            what, trace = wrong
            found[what] += 1
            if found[what] > 1:
                continue

            def same(other: str, verb: str = verb, seed: int = seed, what: Fault = what) -> bool:
                again = fault(Case(sg.Cell.from_text(other), seed), verb)
                return again is not None and again[0] == what

            small = shrunk(case.cell.text, same)
            if wanted.whole:
                print(trace)
            print(
                f"{what}   (seed {seed})\n{trace.strip().splitlines()[-1][:300]}\n{small}\n",
                flush=True,
            )
    for what, count in found.most_common():
        print(f"{count:5}  {what}")
    print(f"{wanted.cells} cells, {sum(found.values())} faults")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
