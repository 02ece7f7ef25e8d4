"""Random cells with scalars, matrices and mixing functions of the step, through every verb.

By hand, a line for each fault:

    python -m tests.random_modern --cells 60 --seed 0
"""

from __future__ import annotations

import argparse
import contextlib
import traceback
from collections.abc import Callable
from random import Random
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import symgate as sg
from tests import by_step

STEPS = 3
#: Numbers of the step from a vector v and w of one size; each gets a weight of its own.
NUMBERS = ("dot({v}, {w})", "mean({v})", "norm({v}) / 3", "sum({v}) / 4")
BOUNDED = ("sigmoid({})", "tanh({})", "exp(-softplus({}))", "sigmoid({}) ** 0.5")


class _Writer:
    def __init__(self, rng: Random) -> None:
        self.rng, self.lines, self.numbers = rng, list[str](), list[str]()
        self.count = 0

    def name(self, letter: str) -> str:
        self.count += 1
        return f"{letter}_{self.count}"

    def pick(self, *choices: str) -> str:
        return self.rng.choice(choices)

    def gate(self, of: str) -> str:
        """A number between 0 and 1."""
        name = self.pick("alpha", "beta", "eta") + f"_{len(self.numbers)}"
        made = self.pick(*NUMBERS).format(v=f"{self.name('W')} @ {of}", w=self.name("b"))
        self.lines.append(f"{name}[t] = sigmoid({made} + {self.name('c')})")
        self.numbers.append(f"{name}[t]")
        return self.numbers[-1]

    def vector(self, name: str) -> str:
        inner = f"{self.name('W')} @ x[t]"
        made = self.pick(
            inner,
            f"softmax({inner})",
            f"layer_norm({inner})",
            f"rms_norm({inner}, 0.1)",
            f"silu({inner})",
            f"max({inner}, {self.name('W')} @ x[t])",
            self.pick(*BOUNDED).format(inner),
        )
        self.lines.append(f"{name}[t] = {made}")
        return f"{name}[t]"

    def matrix_state(self, keys: str) -> None:
        """S with one of the ways to forget, and what reads it."""
        k, v, q = self.vector("k"), self.vector("v"), self.vector("q")
        old, a = keys, self.gate("x[t]")
        self.lines.append(
            "S[t] = "
            + self.pick(
                f"{a} * {old} + outer({v}, {k})",
                f"{old} @ (I - {a} * outer({k}, {k}) / (1 + dot({k}, {k}))) + outer({v}, {k})",
                f"{old} @ diag(sigmoid({q})) + {a} * outer({v}, {k})",
                f"diag(sigmoid({v})) @ {old} + outer({v}, {k})",
                f"{old} - {a} * outer({old} @ {k} - {v}, {k}) / (1 + dot({k}, {k}))",
                f"tanh({old} + outer({v}, {k})) * {a}",
                f"{old} @ ({a} * I) + outer({v}, softmax({k}))",
            )
        )
        read = f"S[t] @ {q}"
        if self.rng.random() < 0.5:
            self.lines.append(
                f"n[t] = {a} * n[t-1] + {k}\no[t] = {read} / max(abs(dot(n[t], {q})), 1)"
            )
        else:
            self.lines.append(
                f"o[t] = {self.pick('{}', 'tanh({})', 'rms_norm({}, 0.1)').format(read)}"
            )

    def vector_state(self) -> None:
        a = self.gate(self.pick("x[t]", "h[t-1]"))
        inner = f"{self.name('W')} @ x[t] + {self.name('U')} @ h[t-1]"
        self.lines.append(
            "h[t] = "
            + self.pick(
                f"{a} * h[t-1] + (1 - {a}) * tanh({inner})",
                f"tanh(layer_norm({inner}))",
                f"softmax({inner}) * {a} + 0.5 * h[t-1]",
                f"min(tanh({inner}), {a} * h[t-1] + 1)",
                f"{a} * h[t-1] - dot({self.name('b')}, h[t-1]) * tanh({inner}) / 4",
                f"sigmoid(rho) ** {a} * h[t-1] + tanh({inner})",
            )
        )


def modern_text(rng: Random) -> str:
    """The text of a random cell with a matrix state, or a vector state and numbers."""
    write = _Writer(rng)
    if rng.random() < 0.6:
        write.matrix_state("S[t-1]")
    else:
        write.vector_state()
        if rng.random() < 0.3:
            write.lines.append("m[t] = 0.5 * m[t-1] + tanh(mean(h[t]))")
    return "\n".join(write.lines)


class Case:
    """A cell with numbers, its run, and JAX's."""

    def __init__(self, text: str, seed: int) -> None:
        self.cell = cell = sg.Cell.from_text(text)
        rng = np.random.default_rng(seed)
        self.sizes = {s: 2 + i for i, s in enumerate(cell.sizes.values())}

        def draw(shape: Any) -> Any:
            return rng.normal(size=[int(s.subs(self.sizes)) for s in shape]) * 0.6

        self.params = {p.name: draw(p.shape) for p in cell.parameters.values()}
        self.x = {x: np.stack([draw(cell.shapes[x]) for _ in range(STEPS)]) for x in cell.inputs}
        self.start = {s: draw(cell.shapes[s]) for s in cell.states}
        self.run = sg.simulate(cell, self.params, self.x, self.start)

    def values(self, params: Any = None, push: Any = None) -> Any:
        p = params or self.params
        return by_step.run(self.cell, p, self.x, self.start, (STEPS - 2, push or {}))


def reads_back(case: Case) -> None:
    assert sg.Cell.from_text(str(case.cell)) == case.cell


def simulate(case: Case) -> None:
    for t, values in enumerate(case.values()):
        for name in case.cell.equations:
            np.testing.assert_allclose(case.run[name][t], values[name], rtol=1e-11, atol=1e-12)


def jacobian(case: Case) -> None:
    cell, run = case.cell, case.run
    given = {x: a[-1] for x, a in case.x.items()}
    before = {s: run[s][-2] for s in cell.states}
    still = {s: np.zeros(run[s].shape[1:]) for s in cell.states}
    by_jax = jax.jit(jax.jacfwd(lambda push: case.values(push=push)[-1]))(still)
    for of in cell.equations:
        for wrt in cell.states:
            found = sg.lambdify(cell, sg.jacobian(cell, of, wrt, lag=1))(
                case.params, **given, **before
            )
            expected = by_jax[of][wrt]
            rows = int(np.prod(run[of].shape[1:]))
            np.testing.assert_allclose(
                np.reshape(found, (rows, -1)), np.reshape(expected, (rows, -1)), atol=1e-10
            )
            norm = 10 ** sg.lag_norms(run, of, wrt, lags=1, norm="frobenius").log10_norm[1]
            np.testing.assert_allclose(norm, np.linalg.norm(expected), rtol=1e-9, atol=1e-12)


def gradients(case: Case) -> None:
    rng = np.random.default_rng(2)
    weights = {s: rng.normal(size=case.run[s].shape) for s in case.cell.states}

    def loss(params: Any) -> Any:
        values = case.values(params)
        return sum(jnp.sum(weights[s][t] * values[t][s]) for s in weights for t in range(STEPS))

    found = sg.gradients(case.run, weights).parameters
    for name, expected in jax.grad(loss)(case.params).items():
        np.testing.assert_allclose(found[name], expected, rtol=1e-9, atol=1e-10)


def written(case: Case) -> None:
    document = sg.derive(case.cell, lag=1)
    assert document.holds
    for text in (document.latex(), document.html(), document.markdown(), document.text()):
        assert text
    assert sg.diagram(case.cell).svg().startswith("<")
    for notation in sg.notations:
        sg.latex(sg.jacobian(case.cell), notation, cell=case.cell)


def measured(case: Case) -> None:
    cell = case.cell
    d = sg.decay(cell, hidden=3, lags=8, networks=2)
    assert d.bounds is not None
    assert (d.log10_norm <= d.bounds.run_log10 + 1e-9).all()
    assert (d.log10_norm <= d.bounds.worst_log10[:, None] + 1e-9).all()
    assert d.predictions is not None
    sg.lyapunov(case.run, burn_in=0).to_dict()
    sg.tangent(case.run, {s: np.ones(case.run.shape(s)) for s in cell.states})
    assert sg.compare(cell, sg.Cell.from_text(str(cell))).verdict == "identical"


def memory(case: Case) -> None:
    with contextlib.suppress(sg.SymgateError):  # it may refuse, in words
        assert sg.memory(case.cell, steps=20, hidden=3).sentence()


VERBS: tuple[Callable[[Case], None], ...] = (
    reads_back,
    simulate,
    jacobian,
    gradients,
    written,
    measured,
    memory,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()
    faults = 0
    for seed in range(wanted.seed, wanted.seed + wanted.cells):
        text = modern_text(Random(seed))
        try:
            case = Case(text, seed)
        except Exception as error:
            faults += 1
            print(f"seed {seed}: {type(error).__name__}: {error}\n{text}\n", flush=True)
            continue
        for verb in VERBS:
            try:
                verb(case)
            except Exception as error:
                faults += 1
                place = traceback.extract_tb(error.__traceback__)[-1]
                print(
                    f"seed {seed} {verb.__name__}: {type(error).__name__} at "
                    f"{place.filename.split('/')[-1]}:{place.lineno}: {str(error)[:300]}\n{text}\n",
                    flush=True,
                )
    print(f"{wanted.cells} cells, {faults} faults")


if __name__ == "__main__":
    main()
