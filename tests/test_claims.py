"""The claims: their verdicts, by known truths; and that a broken formula changes them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

import symgate as sg
from symgate.cli.main import main
from symgate.judging.claims import CHECKS, Judgements, claims, judge
from symgate.judging.finding import VERDICTS, power_of_ten

PROVED, CONDITIONS, LIMIT, CONVENTION, FALSE = VERDICTS

#: Found by hand, with pen and the published numbers, before the checks were run.
EXPECTED = {
    "gru-vanishing": LIMIT,
    "lstm-vanishing": LIMIT,
    "gates-in-unit-interval": PROVED,
    "forget-gate": LIMIT,
    "update-gate-keeps": CONVENTION,
    "update-gate-takes": CONVENTION,
    "reset-gate": LIMIT,
    "gru-weighted-mean": CONDITIONS,
    "lstm-no-weighted-mean": PROVED,
    "lstm-linear-cell": CONDITIONS,
    "gru-linear-state": CONDITIONS,
    "addition-keeps-gradient": CONDITIONS,
    "gru-h-as-lstm-c": CONDITIONS,
    "gru-merges-states": CONDITIONS,
    "lstm-more-parameters": PROVED,
    "lstm-takes-longer": CONDITIONS,
    "lstm-exploding": FALSE,
    "rnn-10000-layers": CONDITIONS,
    "one-matrix-or-two": PROVED,
    "reset-before-or-after": CONDITIONS,
    "candidate-as-printed": FALSE,
}


@pytest.fixture(scope="module")
def judged() -> Judgements:
    return sg.judge()


def test_every_claim_has_the_verdict_that_is_known(judged: Judgements) -> None:
    assert {j.claim.name: j.verdict for j in judged} == EXPECTED


def test_every_check_is_used_and_every_claim_says_where_it_stands() -> None:
    assert {claim.check for claim in claims()} == set(CHECKS)
    for claim in claims():
        assert claim.notes
        assert all(re.fullmatch(r"[a-z0-9-]+\.md", note) for note in claim.notes)
        assert claim.says.endswith(".")


def test_numbers_against_published_ones(judged: Judgements) -> None:
    """Forget bias b alone: the half-life is ln 2 / ln(1 / σ(b)); GRU to LSTM is 3 to 4."""
    for name in ("gru-vanishing", "lstm-vanishing"):
        numbers = judged[name].finding.numbers
        assert numbers["half-life at bias 0"] == pytest.approx(1.0)
        exact = np.log(2) / np.log1p(np.exp(-5))
        assert numbers["half-life at bias 5"] == pytest.approx(exact, rel=1e-6)
    kept = judged["addition-keeps-gradient"].finding.numbers
    assert kept["log10 at bias 0"] == pytest.approx(100 * np.log10(0.5))
    assert "ratio 4/3" in judged["lstm-more-parameters"].reason
    assert judged["lstm-takes-longer"].finding.numbers["ratio of work"] == pytest.approx(4 / 3)
    # at the fixed point 0: σ(b_f) + σ(b_i) σ(b_o) μ(U_g) = 1/2 + 8/4, once the zero modes are gone
    grown = judged["lstm-exploding"].finding.numbers["log10 of the norm"]
    assert grown == pytest.approx(100 * np.log10(2.5), abs=1.0)
    deep = judged["rnn-10000-layers"].finding.numbers
    assert deep["log10 with U = I"] == 0
    assert deep["log10 as initialised"] < -1000


def changed(name: str, old: str, new: str) -> dict[str, sg.Cell]:
    text = str(sg.cell(name))
    assert old in text
    return {name: sg.Cell.from_text(text.replace(old, new), name)}


def swapped() -> dict[str, sg.Cell]:
    """A GRU with z and 1 - z exchanged."""
    return {"gru": sg.Cell.from_text(str(sg.cell("gru-z-takes-new")), "gru")}


NO_FORGETTING = ("lstm", "f[t] * c[t-1]", "c[t-1]")
SQUASHED = ("lstm", "f[t] * c[t-1] + i[t] * g[t]", "tanh(f[t] * c[t-1] + i[t] * g[t])")
NO_CARRY = ("gru", "z[t] * h[t-1]", "z[t] * tanh(h[t-1])")
GATE_TANH = ("gru", "z[t] = sigmoid", "z[t] = tanh")

#: A formula broken on purpose, and what becomes of each claim that rests on it.
BROKEN = [
    (swapped(), "update-gate-keeps", FALSE),
    (swapped(), "update-gate-takes", LIMIT),
    (changed(*NO_FORGETTING), "forget-gate", FALSE),
    (changed(*NO_FORGETTING), "gru-h-as-lstm-c", FALSE),
    (changed(*NO_FORGETTING), "addition-keeps-gradient", PROVED),
    (changed(*NO_FORGETTING), "one-matrix-or-two", FALSE),
    (changed(*NO_FORGETTING), "lstm-vanishing", CONDITIONS),
    (changed(*SQUASHED), "lstm-linear-cell", FALSE),
    (changed(*SQUASHED), "lstm-no-weighted-mean", FALSE),
    (changed(*SQUASHED), "addition-keeps-gradient", FALSE),
    (changed(*NO_CARRY), "gru-linear-state", FALSE),
    (changed(*NO_CARRY), "gru-weighted-mean", FALSE),
    (changed("gru", "h[t] = z[t] * h[t-1] +", "h[t] ="), "gru-vanishing", FALSE),
    (changed("gru", "h[t] = z[t] * h[t-1] +", "h[t] ="), "gru-merges-states", FALSE),
    (changed(*GATE_TANH), "gates-in-unit-interval", FALSE),
    (changed(*GATE_TANH), "gru-weighted-mean", FALSE),
    (changed("gru", "r[t] * h[t-1]", "h[t-1]"), "reset-gate", FALSE),
    (changed("gru", "r[t] * h[t-1]", "h[t-1]"), "reset-before-or-after", FALSE),
    (changed("lstm", "c[t-1] + i[t]", "c[t-1] * i[t]"), "addition-keeps-gradient", FALSE),
    (changed("lstm", "g[t] = tanh(W_g @ x[t] + U_g @ h[t-1] + b_g)", "g[t] = i[t]")
     | changed("gru", "b_n", "b_n + V @ x[t] + V_1 @ h[t-1] + V_2 @ h[t-1]"),
     "lstm-more-parameters", FALSE),
    (changed("lstm", "g[t] = tanh(W_g @ x[t] + U_g @ h[t-1] + b_g)", "g[t] = i[t]")
     | changed("gru", "b_n", "b_n + V @ x[t] + V_1 @ h[t-1] + V_2 @ h[t-1]"),
     "lstm-takes-longer", FALSE),
    ({"lstm": sg.Cell.from_text(
        "f[t] = sigmoid(W_f @ x[t] + b_f)\ni[t] = sigmoid(W_i @ x[t] + b_i)\n"
        "c[t] = f[t] * c[t-1] + i[t] * tanh(W_g @ x[t] + b_g)\nh[t] = tanh(c[t])", "lstm")},
     "lstm-exploding", CONDITIONS),
    (changed("rnn", "tanh(", "h[t-1] + 0.001 * tanh("), "rnn-10000-layers", FALSE),
    ({"gru-as-printed": sg.Cell.from_text(
        "z[t] = sigmoid(W_z @ x[t] + U_z @ h[t-1])\nr[t] = sigmoid(W_r @ x[t] + U_r @ h[t-1])\n"
        "n[t] = tanh(W_n @ x[t] + r[t] * (U_n @ h[t-1]))\n"
        "h[t] = z[t] * h[t-1] + (1 - z[t]) * n[t]")},
     "candidate-as-printed", PROVED),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "name", "verdict"), BROKEN)
def test_a_broken_formula_changes_the_verdicts_that_rest_on_it(
    cells: dict[str, sg.Cell], name: str, verdict: str
) -> None:
    assert verdict != EXPECTED[name]
    assert judge(name, cells=cells)[name].verdict == verdict


def test_each_claim_can_be_changed_by_some_broken_formula() -> None:
    assert {name for _, name, _ in BROKEN} == set(EXPECTED)


def test_unknown_claims_are_told() -> None:
    with pytest.raises(sg.UnknownName, match="did you mean 'gru-vanishing'"):
        judge("gru-vanish")


def test_as_data(judged: Judgements) -> None:
    data = json.loads(json.dumps(judged.to_dict()))
    assert len(data["claims"]) == len(judged) == sum(data["counts"].values())
    assert set(data["claims"][0]) >= {"claim", "says", "notes", "cells", "verdict", "reason"}


def test_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["claims", "update-gate-keeps", "candidate-as-printed"]) == 0
    out = capsys.readouterr().out
    assert "A MATTER OF CONVENTION  (update-gate-keeps)" in out
    assert "2 claims: 1 a matter of convention, 1 false" in out
    assert max(map(len, out.splitlines())) <= 80
    assert main(["claims", "forget-gate", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["claims"][0]["verdict"] == LIMIT
    assert main(["claims", "nonsense"]) == 3
    assert "nonsense" in capsys.readouterr().err


def test_the_same_again_but_for_measured_time() -> None:
    """Two processes say the same, letter by letter, where no time is measured."""
    names = [name for name in EXPECTED if name not in ("lstm-takes-longer", "rnn-10000-layers")]
    command = [sys.executable, "-m", "symgate", "claims", *names[::5]]
    outs = [subprocess.run(command, capture_output=True, check=True).stdout for _ in range(2)]
    assert outs[0] == outs[1]


def test_powers_of_ten_rise() -> None:
    shown = [power_of_ten(e) for e in (-5000.3, -301, -299, 0, 299, 301)]
    assert shown[0] == "5e-5001"
    assert all(one != other for one, other in pairwise(shown))
