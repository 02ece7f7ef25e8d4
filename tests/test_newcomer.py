"""What CONTRIBUTING says of each addition, done: the files of its row, and every verb knows it.

All additions are made in one copy of the package, and one process tries them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

#: Where a text is put: a file of its own, or behind all that is in one.
NEW, END = "new", "end"


@dataclass(frozen=True)
class Addition:
    """What a newcomer adds: its row in CONTRIBUTING, the text that is put into each file, before
    a place in it, at its end or as a new file; and expressions that hold then."""

    row: str
    written: tuple[tuple[str, str, str], ...]
    holds: tuple[str, ...]


ADDITIONS = {
    "activation": Addition(
        "an activation",
        (
            ("algebra/activations.py", "\n_ZERO = S.Zero", 'squash = _made("squash")\n'),
            (
                "algebra/activations.py",
                '    Activation(\n        "tanh",',
                """
    Activation(
        "squash",
        squash,
        closed=A / sp.sqrt(1 + A**2),
        slope=(1 - Y**2) ** Rational(3, 2),
        range=(-S.One, S.One),
        slopes=(_ZERO, S.One),
        parity="odd",
        rising=True,
        reduced=A / sp.sqrt(1 + A**2),
    ),
""",
            ),
        ),
        (
            "sg.decay(cell(OWN), hidden=4, lags=9, networks=1).log10_norm[-1, 0] < 0",
            "close(run(OWN, 'c')['h'], run(OWN, 'numpy')['h'])",
            "close(float(activations.squash(1.5)), 1.5 / 3.25**0.5)",
            "sg.derive(cell(OWN)).holds",
            "sg.compare(cell(OWN), cell(ROOT))",
            "r'\\operatorname{squash}' in sg.latex(cell(OWN))",
            "sg.read(sg.latex(cell(OWN)))[0].cell == cell(OWN)",
            "sg.check(cell(OWN), '∂h_t/∂h_{t-1} = diag((1 - h_t^2)^{3/2}) U')",
            "'squash' in sg.explore(cell(OWN)).html",
        ),
    ),
    "activation of a session": Addition(
        "an activation",
        (),
        (
            "sg.activation('mish', 'a * tanh(softplus(a))').name == 'mish'",
            "sg.decay(cell(MISH), hidden=4, lags=9, networks=1).log10_norm.shape == (10, 1)",
            "sg.derive(cell(MISH)).holds",
            "sg.compare(cell(MISH), cell(str(cell(MISH))))",
            "r'\\operatorname{mish}' in sg.latex(cell(MISH))",
        ),
    ),
    "cell": Addition(
        "a cell",
        (
            (
                "cells/data/halving.toml",
                NEW,
                '''
name = "halving"
title = "Half of the state is kept"
aliases = ["half"]
family = "rnn"
source = "This test"
year = 2026
equations = """
h[t] = h[t-1] / 2 + tanh(W @ x[t] + U @ h[t-1]) / 2
"""
remarks = """Nothing to add."""

[roles]
h = "new state"
''',
            ),
        ),
        (
            "'halving' in sg.zoo and sg.cell('half').name == 'halving'",
            "sg.decay('halving', hidden=4, lags=9).log10_norm.shape == (10, 4)",
            "sg.derive('halving').holds",
            "not sg.compare('halving', 'rnn')",
            "sg.read(sg.latex(sg.cell('halving')))[0].zoo.name == 'halving'",
            "'halving' in said('cells')",
        ),
    ),
    "notation": Addition(
        "a notation",
        (
            (
                "writing/notations/mine.toml",
                NEW,
                """
title = "Mine, the update gate a u"

[letters]
"update gate" = { letter = "u" }

[parameters]
input = "V_*"
recurrent = "W_*"
""",
            ),
        ),
        (
            "'mine' in sg.notations",
            "'u_t = ' in sg.latex(sg.cell('gru'), notation='mine').replace('&', '')",
            "'W_u h_{t-1}' in sg.derive('gru', notation='mine').latex()",
            "'mine' in said('derive', '--help')",
        ),
    ),
    "norm": Addition(
        "a norm",
        (
            (
                "numerics/norms.py",
                '    "frobenius": MatrixNorm(',
                """
    "nuclear": MatrixNorm(
        "nuclear",
        "*",
        "nuclear (sum of the singular values); the spectral norm is at least 1/{size} of it",
        lambda held, library: singular_values(held).sum(axis=-1) ** 2,
        lambda rows: np.abs(rows).sum(axis=(-2, -1)) ** 2,
        lambda rows, columns: min(rows, columns) ** 2,
    ),
""",
            ),
        ),
        (
            "close(sg.decay('rnn', norm='nuclear', hidden=4, lags=3).log10_norm[0], np.log10(4.0))",
            "'nuclear' in said('decay', '--help')",
            "'nuclear' in said('decay', 'rnn', '--lags', '9', '--norm', 'nuclear')",
        ),
    ),
    "plot": Addition(
        "a plot",
        (
            (
                "plots/ranks.py",
                NEW,
                '''
"""How many directions of the gradient are left."""

from __future__ import annotations

from matplotlib.axes import Axes

from symgate.numerics.product import LagNorms
from symgate.plots.lines import chosen


def rank_curve(norms: LagNorms, ax: Axes | None = None) -> Axes:
    """Draw the rank over the lag."""
    ax = chosen(ax)
    ax.plot(norms.lags, norms.rank)
    return ax
''',
            ),
            (
                "plots/__init__.py",
                "from symgate.plots.spectrum",
                "from symgate.plots.ranks import rank_curve\n",
            ),
            ("plots/__init__.py", '    "save",', '    "rank_curve",\n'),
        ),
        ("len(sg.plots.rank_curve(sg.lag_norms(run(), lags=5)).get_lines()) == 1",),
    ),
    "misprint": Addition(
        "a rule for misprints",
        (
            (
                "reading/mending/holding_sums.py",
                END,
                '''

def numberless(sketch: Sketch) -> Iterator[Broken]:
    """What a gate sums has no number in it: not σ(W x + U h + 7)."""
    for own in sketch.lines.values():
        for s in own.sums:
            for number in (f for p in s.parts for f in p.factors if isinstance(f, Num)):
                yield at(own, number, "extra_term", f"{own.name} adds a number", True)
''',
            ),
            (
                "reading/mending/holding_sums.py",
                "from symgate.reading.terms",
                "from symgate.reading.terms import Num\n",
            ),
            (
                "reading/mending/invariants.py",
                "    Invariant(sums.siblings",
                "    Invariant(sums.numberless, unseen=True),\n",
            ),
        ),
        (
            "[m.why for m in sg.read(SEVEN)[0].misprints] == ['z adds a number']",
            "sg.read(SEVEN.replace('+ 7', '+ b_z'))[0].misprints == ()",
        ),
    ),
    "section": Addition(
        "a section of the derivation",
        (
            (
                "writing/sections/count.py",
                NEW,
                '''
"""How many parameters there are."""

from __future__ import annotations

from collections.abc import Iterator

from symgate.writing.subject import Subject
from symgate.writing.tree import Step

TITLE = "Parameters counted"


def steps(subject: Subject) -> Iterator[Step]:
    yield Step(("All",), (f"There are {subject.cell.parameter_count()}.",))
''',
            ),
            ("writing/sections/__init__.py", ', "check")', ', "count"'),
        ),
        (
            "'There are 2*m*n' in sg.derive('mgu', sections=['count']).text()",
            "'Parameters counted' in sg.derive('mgu').latex()",
            "'count' in said('derive', '--help')",
        ),
    ),
    "command": Addition(
        "a command",
        (
            (
                "cli/commands/count.py",
                NEW,
                '''
"""`symgate count CELL`: how many parameters a cell has."""

from __future__ import annotations

import argparse

from symgate.cli.options import add_cell, cell_of

EXAMPLES = ("symgate count gru", "symgate count mine.cell")


def add(parser: argparse.ArgumentParser) -> None:
    add_cell(parser)


def run(arguments: argparse.Namespace) -> int:
    print(cell_of(arguments).parameter_count())
    return 0
''',
            ),
            ("cli/main.py", '    "decay":', '    "count": "count the parameters of a cell",\n'),
        ),
        (
            "'count the parameters' in said('--help')",
            "'symgate count gru' in said('count', '--help')",
            "said('count', 'rnn') == 'm*n + n**2 + n\\n'",
        ),
    ),
    "claim": Addition(
        "a claim",
        (
            (
                "judging/claims.toml",
                END,
                """
[[claims]]
id = "rnn-carries-nothing"
statement = "A plain RNN has no carry."
notes = ["vanishing-gradients"]
cells = ["rnn"]
expected = "proved"
given = { state = "h" }
[[claims.cases]]
holds = "carry(one, state) is None"
verdict = "proved"
say = ["No term of {state}_t is {state}_{t-1} times an element-wise factor."]
""",
            ),
        ),
        (
            "sg.judge('rnn-carries-nothing')['rnn-carries-nothing'].as_expected",
            "'has no carry' in said('claims', 'rnn-carries-nothing')",
        ),
    ),
}

#: What the expressions speak of.
BEFORE = r"""
import io, json, sys, traceback
from contextlib import redirect_stdout, suppress

import matplotlib
import numpy as np

import symgate as sg
from symgate.algebra import activations
from symgate.cli.main import main

matplotlib.use("agg")
OWN = "h[t] = squash(W @ x[t] + U @ h[t-1])"
ROOT = "p[t] = W @ x[t] + U @ h[t-1]\nh[t] = p[t] / (1 + p[t] ** 2) ** 0.5"
MISH = "h[t] = mish(W @ x[t] + U @ h[t-1])"
SEVEN = (
    r"$$ z_t = \sigma(W_z x_t + U_z h_{t-1} + 7) $$ "
    r"$$ h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \tanh(W x_t + U h_{t-1}) $$"
)


def cell(text):
    return sg.Cell.from_text(text, name="mine")


def run(text="h[t] = tanh(W @ x[t] + U @ h[t-1])", engine="auto"):
    x = np.random.default_rng(0).normal(size=(9, 3))
    return sg.simulate(cell(text), sg.init(cell(text), 4, 3), x, engine=engine)


def close(one, other):
    return bool(np.allclose(one, other, rtol=1e-12))


def said(*words):
    with redirect_stdout(io.StringIO()) as out, suppress(SystemExit):
        main(words)
    return out.getvalue()


found = {}
for expression in json.load(sys.stdin):
    try:
        found[expression] = repr(bool(eval(expression)))
    except Exception:
        found[expression] = traceback.format_exc()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each expression gives in a package that has all additions."""
    home = tmp_path_factory.mktemp("newcomer")
    shutil.copytree(ROOT / "symgate", home / "symgate", ignore=lambda *_: ["__pycache__"])
    for addition in ADDITIONS.values():
        for name, before, new in addition.written:
            path = home / "symgate" / name
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            assert path.exists() == (before != NEW), name
            assert before in (NEW, END) or text.count(before) == 1, (name, before)
            at = len(text) if before in (NEW, END) else text.index(before)
            path.write_text(text[:at] + new + text[at:], encoding="utf-8")
    asked = [e for addition in ADDITIONS.values() for e in addition.holds]
    done = subprocess.run(
        [sys.executable, "-c", BEFORE],
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(home)},
        input=json.dumps(asked),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", ADDITIONS)
def test_an_addition_is_known_to_every_verb(name: str, found: dict[str, str]) -> None:
    for expression in ADDITIONS[name].holds:
        assert found[expression] == "True", f"{expression}\n{found[expression]}"


@pytest.mark.parametrize("name", ADDITIONS)
def test_contributing_names_the_files(name: str) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (row,) = (line for line in text.splitlines() if line.startswith(f"| {ADDITIONS[name].row} |"))
    for file, _, _ in ADDITIONS[name].written:
        assert file in row or f"symgate/{Path(file).parent}/" in row, file
