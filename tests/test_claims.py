"""The claims: their verdicts, by known truths; and that a broken formula changes them."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from importlib import resources
from itertools import pairwise

import numpy as np
import pytest

import symgate as sg
from symgate.cli.main import main
from symgate.judging.claims import Judgements, claims
from symgate.judging.deciding import VERBS, ClaimScope
from symgate.judging.finding import NOT_JUDGED, VERDICTS
from symgate.judging.verbs import LIBRARY
from symgate.numerals import power
from symgate.writing.mathml import mathml

PROVED, CONDITIONS, LIMIT, CONVENTION, FALSE = VERDICTS

#: Found by hand, with pen and the published numbers, before the checks were run.
EXPECTED = {
    "gru-vanishing": FALSE,
    "lstm-vanishing": FALSE,
    "lstm-exploding": FALSE,
    "addition-keeps-gradient": CONDITIONS,
    "rnn-10000-layers": CONDITIONS,
    "rnn-vanishes-or-explodes": CONDITIONS,
    "gates-improve-flow": CONDITIONS,
    "gates-in-unit-interval": PROVED,
    "forget-gate": LIMIT,
    "forget-gate-shrinks": CONDITIONS,
    "update-gate-keeps": CONVENTION,
    "update-gate-takes": CONVENTION,
    "reset-gate": LIMIT,
    "reset-opposite-of-update": FALSE,
    "same-inputs": PROVED,
    "output-gate-reads-cell": CONDITIONS,
    "lstm-four-gates": CONVENTION,
    "gru-weighted-mean": CONDITIONS,
    "lstm-no-weighted-mean": PROVED,
    "lstm-linear-cell": CONDITIONS,
    "gru-linear-state": FALSE,
    "gru-h-as-lstm-c": CONDITIONS,
    "gru-merges-states": CONDITIONS,
    "lstm-more-parameters": PROVED,
    "lstm-takes-longer": CONDITIONS,
    "gru-less-memory": PROVED,
    "lstm-more-powerful": CONDITIONS,
    "lstm-three-matrices": FALSE,
    "one-matrix-or-two": PROVED,
    "reset-before-or-after": CONDITIONS,
    "candidate-as-printed": FALSE,
    "output-of-previous-cell": FALSE,
    "delta-rule-slots": PROVED,
    "linear-attention-keeps": PROVED,
    "retnet-half-life": PROVED,
    "mlstm-forget-gate": PROVED,
}


@pytest.fixture(scope="module")
def judged() -> Judgements:
    return sg.judge()


def test_every_claim_has_the_verdict_that_is_known(judged: Judgements) -> None:
    assert {j.id: j.verdict for j in judged} == EXPECTED
    assert {j.id: j.expected for j in judged} == EXPECTED
    assert judged.unexpected == ()


def test_every_verb_is_used_and_every_claim_says_where_it_stands() -> None:
    data = resources.files("symgate.judging").joinpath("claims.toml").read_text(encoding="utf-8")
    own = VERBS.keys() - LIBRARY.keys()
    called = {*re.findall(r"\b(\w+)\(", data)}
    inner = {"listed", "named", "aligned", "recurrent_names"}  # called by others
    assert {n for n in own - called - inner if not n.startswith("_")} == set()
    for claim in claims():
        assert claim["notes"]
        assert all(re.fullmatch(r"[a-z0-9-]+", note) for note in claim["notes"])
        assert claim["statement"].endswith(".")


def test_an_expression_does_nothing_but_call_verbs() -> None:
    scope = ClaimScope({"given": {}, "let": {}, "text": {}}, {})
    for said in ("__import__('os')", "open('x')", "[n for n in [1]]", "(1).__class__", "lambda: 1"):
        with pytest.raises(sg.SymgateError, match="an expression of a claim"):
            scope.value(said)


# -- the numbers --------------------------------------------------------------------------


def test_numbers_against_closed_forms(judged: Judgements) -> None:
    def keep(bias: float) -> float:
        return 1 / (1 + math.exp(-bias))

    for name in ("gru-vanishing", "lstm-vanishing"):
        for bias in (0, 2, 5, 10):
            exact = math.log(2) / math.log1p(math.exp(-bias))
            found = judged[name].numbers[f"half_life_at_bias_{bias}"]
            assert found == pytest.approx(exact, rel=1e-6)
    kept = judged["addition-keeps-gradient"].numbers
    assert kept["log10_at_bias_0"] == pytest.approx(100 * math.log10(0.5))
    mean = judged["gru-weighted-mean"].numbers
    assert mean["left"] == pytest.approx(3 * keep(5) ** 100)
    share = judged["reset-gate"].numbers["share"]
    assert share == pytest.approx(keep(-5))
    forget = judged["forget-gate"].numbers
    assert keep(forget["bias"]) ** 1000 == pytest.approx(0.5)
    g = math.tanh(20)
    reached = keep(20) * g * sum(keep(20) ** k for k in range(100))
    assert judged["lstm-no-weighted-mean"].numbers["last"] == pytest.approx(reached, rel=1e-12)
    ends = judged["gates-in-unit-interval"].numbers
    assert keep(ends["one_from"]) == 1.0 > keep(ends["one_from"] - 1)


def test_numbers_of_the_counterexample_to_safety_from_exploding(judged: Judgements) -> None:
    """At the fixed point 0 the eigenvalue is σ(b_f) + σ(b_i) σ(b_o) u = 1/2 + u/4."""
    found = judged["lstm-exploding"].numbers
    assert found["growth"] == pytest.approx(0.5 + found["gain"] / 4)
    assert found["growth_at_gain_1"] == pytest.approx(0.75)
    assert found["threshold"] == 2  # where the eigenvalue is 1, not above it
    assert "It is 1 at u = 2 and larger for every larger u." in judged["lstm-exploding"].sentence
    assert found["log10_norm"] == pytest.approx(100 * math.log10(2.5), abs=1)


def test_numbers_of_size_and_work(judged: Judgements) -> None:
    size = judged["lstm-more-parameters"].numbers
    assert (size["parts"], size["of"]) == (4, 3)
    assert size["first_0"] == 4 * (128 * 128 * 2 + 128)
    assert size["second_1"] == 3 * (256 * 256 + 256 * 64 + 256)
    work = judged["lstm-takes-longer"].numbers
    assert work["work_ratio"] == pytest.approx(4 / 3)
    assert (work["stages_first"], work["stages_second"]) == (1, 2)  # r, then U (r h)
    assert not [name for name in work if "time" in name]  # a finding is no timing


def test_numbers_of_long_memories(judged: Judgements) -> None:
    deep = judged["rnn-10000-layers"].numbers
    assert deep["log10_with_identity"] == 0
    assert deep["log10_norm"] < -3000
    assert deep["log10_gru"] < -2000
    assert all(-1 < deep[f"log10_{cell}_chrono"] < 0 for cell in ("gru", "lstm"))
    assert judged["lstm-linear-cell"].numbers["around"] == 3  # f, i, g
    assert judged["gru-linear-state"].numbers["ways"] == 4


#: A number as it is printed; not the digits of a name (lstm-1997) or of an index (c_0).
_NUMERAL = re.compile(
    r"(?<![\w{^.])(?<![a-z]-)(-?\d[\d,]*(?:\.\d+)?(?:·10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?)(?<!,)(?!\w)"
)
_LEVEL = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def _log10(numeral: str) -> float:
    """The log10 of the size of a number as it is printed."""
    mantissa, _, power = numeral.partition("·10")
    value = abs(float(mantissa.replace(",", "")))
    return math.log10(value) + int(power.translate(_LEVEL) or 0) if value else -math.inf


def _says(numeral: str, name: str, value: float) -> bool:
    if not name.startswith("log10_"):
        value = math.log10(abs(value)) if value else -math.inf
    return _log10(numeral) == pytest.approx(value, abs=0.003)  # three digits or more


def test_sentences_and_data_hold_the_same_numbers(judged: Judgements) -> None:
    """But for 0 and 1, the ends of gates, that stand in sentences alone."""
    for judgement in judged:
        said = [n for s in judgement.sentences for n in _NUMERAL.findall(s)]
        numbers = judgement.numbers.items()
        loose = [n for n in said if not any(_says(n, *number) for number in numbers)]
        unsaid = [number for number in numbers if not any(_says(n, *number) for n in said)]
        assert not set(loose) - {"0", "1", "-1"}, judgement.id
        assert not unsaid, judgement.id
    assert sum(len(j.numbers) for j in judged) > 100


def test_formulas_are_portable(judged: Judgements) -> None:
    for judgement in judged:
        for formula in judgement.formulas:
            assert "<math>" in mathml(formula.latex)
            assert all("<math>" in mathml(row) for row in formula.rows)
        if judgement.formulas:
            shown = mathml(judgement.formula, display=True)
            assert "merror" not in shown
            assert "None" not in shown


def test_numbers_of_the_misprint(judged: Judgements) -> None:
    """As printed, z → 0 and each step multiplies by 4 tanh(4 + r); as meant, n = tanh(4 + …)."""
    found = judged["candidate-as-printed"].numbers
    assert found["log10_printed"] == pytest.approx(50 * math.log10(4 * math.tanh(4)), abs=0.02)
    assert math.tanh(4) < 10 ** found["log10_mended"] < 1
    assert found["log10_jacobian_printed"] == pytest.approx(math.log10(4 * math.tanh(4)), abs=0.01)
    assert found["log10_jacobian_mended"] < -3


def test_a_bias_opens_the_carry_in_both_conventions(judged: Judgements) -> None:
    other = sg.judge("gru-vanishing", cells=named("gru", "gru-z-takes-new"))["gru-vanishing"]
    assert other.verdict == FALSE
    assert other.formulas[-1].text.startswith("z_t → 0 ⇒")
    for bias in (2, 5):
        name = f"half_life_at_bias_{bias}"
        assert other.numbers[name] == pytest.approx(judged["gru-vanishing"].numbers[name])


def test_the_exact_jacobian_stands_beside_the_claim(judged: Judgements) -> None:
    found = judged["gru-vanishing"].formulas[0]
    assert found.latex.endswith(sg.latex(sg.jacobian(sg.cell("gru"))))
    assert judged["gru-vanishing"].formulas[-1].text == "z_t → 1 ⇒ ∂h_t/∂h_{t-1} → I"
    assert judged["reset-gate"].formulas[0].text == "r_t = 0 ⇒ n_t = tanh(W_n x_t + b_n)"
    assert judged["lstm-vanishing"].formulas[-1].text.startswith("i_t → 0, f_t → 1 ⇒")


# -- broken formulas ----------------------------------------------------------------------


def changed(name: str, *replaced: tuple[str, str]) -> dict[str, sg.Cell]:
    text = str(sg.cell(name))
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    return {name: sg.Cell.from_text(text, name)}


def named(name: str, other: str) -> dict[str, sg.Cell]:
    """A cell of the zoo in the place of another."""
    return {name: sg.Cell.from_text(str(sg.cell(other)), name)}


NO_FORGETTING = changed("lstm", ("f[t] * c[t-1]", "c[t-1]"))
SQUASHED = changed("lstm", ("f[t] * c[t-1] + i[t] * g[t]", "tanh(f[t] * c[t-1] + i[t] * g[t])"))
MULTIPLIED = changed("lstm", ("c[t-1] + i[t]", "c[t-1] * i[t]"))
DOUBLED = changed("lstm", ("f[t] * c[t-1]", "2 * f[t] * c[t-1]"))
NO_CARRY = changed("gru", ("h[t] = z[t] * h[t-1] +", "h[t] ="))
WHOLE_CARRY = changed("gru", ("z[t] * h[t-1]", "h[t-1]"))
GATE_TANH = changed("gru", ("z[t] = sigmoid", "z[t] = tanh"))
NO_RESET = changed("gru", ("r[t] * h[t-1]", "h[t-1]"))
RESET_IN_CARRY = changed("gru", ("z[t] * h[t-1]", "z[t] * r[t] * h[t-1]"))
NO_RECURRENCE = changed("gru", *((f" + U_{g} @ h[t-1]", "") for g in "zr"),
                        (" + U_n @ (r[t] * h[t-1])", ""))  # fmt: skip
LSTM_FEED_FORWARD = changed("lstm", *((f" + U_{g} @ h[t-1]", "") for g in "ifog"))
BLIND_FORGETTING = changed("lstm", (" + U_f @ h[t-1]", ""))
CANDIDATE_SIGMOID = changed("lstm", ("g[t] = tanh", "g[t] = sigmoid"))
SMALL_LSTM = changed("lstm", ("tanh(W_g @ x[t] + U_g @ h[t-1] + b_g)", "i[t]")) | changed(
    "gru", ("b_n", "b_n + V @ x[t] + V_1 @ h[t-1] + V_2 @ h[t-1]")
)
NO_CANDIDATE_WEIGHTS = changed("lstm-concat", ("W_g @ [h[t-1], x[t]]", "i[t]"))
RESIDUAL = changed("rnn", ("tanh(", "h[t-1] + 0.001 * tanh("))
AS_MEANT = {
    "gru-as-printed": sg.Cell.from_text(
        "z[t] = sigmoid(W_z @ x[t] + U_z @ h[t-1])\nr[t] = sigmoid(W_r @ x[t] + U_r @ h[t-1])\n"
        "n[t] = tanh(W_n @ x[t] + r[t] * (U_n @ h[t-1]))\n"
        "h[t] = z[t] * h[t-1] + (1 - z[t]) * n[t]"
    )
}

#: A formula broken on purpose, and what becomes of the claims that rest on it.
BROKEN = {
    "gru: z and 1 - z exchanged": (
        named("gru", "gru-z-takes-new"), {"update-gate-keeps": FALSE, "update-gate-takes": LIMIT}),
    "lstm: nothing is forgotten": (
        NO_FORGETTING, {"forget-gate": FALSE, "gru-h-as-lstm-c": FALSE, "one-matrix-or-two": FALSE,
                        "addition-keeps-gradient": PROVED, "lstm-vanishing": CONDITIONS}),
    "lstm: the cell state squashed": (
        SQUASHED, {"lstm-linear-cell": FALSE, "lstm-no-weighted-mean": FALSE,
                   "addition-keeps-gradient": FALSE, "lstm-more-powerful": FALSE}),
    "lstm: a product for the sum": (MULTIPLIED, {"addition-keeps-gradient": FALSE}),
    "lstm: a forget gate up to two": (DOUBLED, {"forget-gate-shrinks": FALSE}),
    "gru: a cell state more": (named("gru", "lstm"), {"gru-less-memory": FALSE}),
    "lstm: no recurrence": (LSTM_FEED_FORWARD, {"lstm-exploding": CONDITIONS}),
    "lstm: the forget gate blind": (BLIND_FORGETTING, {"same-inputs": FALSE}),
    "lstm: peepholes": (named("lstm", "lstm-peephole"), {"output-gate-reads-cell": PROVED}),
    "lstm: a sigmoid for the candidate": (CANDIDATE_SIGMOID, {"lstm-four-gates": PROVED}),
    "lstm-concat: no weights of the candidate": (
        NO_CANDIDATE_WEIGHTS, {"lstm-three-matrices": PROVED, "one-matrix-or-two": FALSE}),
    "gru: no carry": (NO_CARRY, {"gru-merges-states": FALSE, "gru-weighted-mean": FALSE}),
    "gru: the carry whole": (WHOLE_CARRY, {"gru-vanishing": CONDITIONS, "gru-weighted-mean": FALSE,
                                           "gru-h-as-lstm-c": FALSE}),
    "gru: tanh for the update gate": (
        GATE_TANH, {"gates-in-unit-interval": FALSE, "gru-weighted-mean": FALSE}),
    "gru: no reset": (NO_RESET, {"reset-gate": FALSE, "reset-before-or-after": FALSE}),
    "gru: the reset in the carry": (RESET_IN_CARRY, {"reset-opposite-of-update": CONDITIONS}),
    "gru: no recurrence": (NO_RECURRENCE, {"gru-linear-state": CONDITIONS}),
    "lstm small, gru large": (
        SMALL_LSTM, {"lstm-more-parameters": FALSE, "lstm-takes-longer": FALSE}),
    "rnn: residual": (RESIDUAL, {"rnn-10000-layers": FALSE, "rnn-vanishes-or-explodes": FALSE,
                                 "gates-improve-flow": FALSE}),
    "the misprint mended": (AS_MEANT, {"candidate-as-printed": PROVED}),
    "the output of the new cell": (
        named("lstm-previous-output", "lstm"), {"output-of-previous-cell": PROVED}),
    "deltanet: keys of any length": (
        changed("deltanet", ("u[t] / norm(u[t])", "u[t]")), {"delta-rule-slots": FALSE}),
    "linear attention: a tenth is lost": (
        changed("linear-attention", ("S[t-1]", "0.9 * S[t-1]")),
        {"linear-attention-keeps": FALSE}),
    "retnet: gamma squared": (
        changed("retnet", ("gamma * S", "gamma**2 * S")), {"retnet-half-life": FALSE}),
    "mlstm: the gate forgets where it is open": (
        changed("mlstm", ("f[t] * C[t-1]", "(1 - f[t]) * C[t-1]")),
        {"mlstm-forget-gate": FALSE}),
}  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_formula_changes_the_verdicts_that_rest_on_it(broken: str) -> None:
    cells, verdicts = BROKEN[broken]
    found = sg.judge(list(verdicts), cells=cells)
    assert {j.id: j.verdict for j in found} == verdicts
    assert len(found.unexpected) == len(verdicts)
    assert all("cells={" in j.command for j in found)


def test_each_verdict_can_be_changed_by_some_broken_formula() -> None:
    assert {name for _, verdicts in BROKEN.values() for name in verdicts} == set(EXPECTED)


def test_a_cell_that_cannot_be_judged_is_told() -> None:
    no_bias = changed("gru", (" + b_z", ""))
    found = sg.judge(["gru-vanishing", "reset-gate"], cells=no_bias)
    assert found["gru-vanishing"].verdict == NOT_JUDGED
    assert "no bias" in found["gru-vanishing"].sentence
    assert found["reset-gate"].verdict == LIMIT


def test_unknown_names_are_told() -> None:
    with pytest.raises(sg.UnknownName, match="did you mean 'gru-vanishing'"):
        sg.judge("gru-vanish")
    with pytest.raises(sg.UnknownName, match="did you mean"):
        sg.judge("gru-vanishing", cells={"grus": sg.cell("gru")})
    with pytest.raises(sg.SymgateError, match="expected a cell or its name"):
        sg.judge("gru-vanishing", cells={"gru": 5})  # type: ignore[dict-item]


# -- out ----------------------------------------------------------------------------------


def test_as_data(judged: Judgements) -> None:
    data = json.loads(json.dumps(judged.to_dict()))
    assert len(data["claims"]) == len(judged) == sum(data["counts"].values())
    first = data["claims"][0]
    assert first["command"] == "symgate claims gru-vanishing"
    assert first["formulas"][0].keys() == {"latex", "text", "cell"}
    with pytest.raises(AttributeError):
        judged["gru-vanishing"].verdict = PROVED  # type: ignore[misc]


def test_as_html(judged: Judgements) -> None:
    shown = judged._repr_html_()
    assert shown.count("<section ") == len(judged)
    partial = mathml(r"\partial h_t/\partial h_{t-k}")
    assert f"{partial} halves every" in shown
    assert "_{" not in re.sub(r"(?s)<math.*?</math>|<code>.*?</code>", "", shown)


def test_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["claims", "update-gate-keeps", "candidate-as-printed"]) == 0
    out = capsys.readouterr().out
    assert "A MATTER OF CONVENTION  update-gate-keeps, said in gru-review" in out
    assert "2 claims: 1 a matter of convention, 1 false" in out
    assert max(map(len, out.splitlines())) <= 80
    assert main(["claims", "forget-gate", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["claims"][0]["verdict"] == LIMIT
    assert main(["claims", "nonsense"]) == 3
    assert "nonsense" in capsys.readouterr().err


def test_exit_code_of_another_verdict(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = sg.judge("forget-gate", cells=NO_FORGETTING)
    monkeypatch.setattr("symgate.judging.claims.judge", lambda *_, **__: broken)
    assert main(["claims", "forget-gate"]) == 1
    assert "forget-gate is false; expected: true only in a limit" in capsys.readouterr().err


def test_the_same_again(judged: Judgements) -> None:
    """Another process says the same, letter by letter: no time is measured."""
    command = [sys.executable, "-m", "symgate", "claims", "--json"]
    again = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    here = json.loads(json.dumps(judged.to_dict()))
    for one, other in zip(here["claims"], again["claims"], strict=True):
        assert one == other


def test_powers_of_ten_rise() -> None:
    shown = [power(e, 3) for e in (-5000.3, -301, -4.0001, -3, 0, 5.9, 6, 301)]
    assert shown[0] == "5.01·10⁻⁵⁰⁰¹"
    assert shown[2] == "1.00·10⁻⁴"
    assert all(one != other for one, other in pairwise(shown))
    assert np.isclose(_log10(shown[-1]), 301)


def test_formulas_of_several_cells_say_whose_they_are() -> None:
    """Without it `z = 1 ⇒ h_t = h_{t-1}` and `z = 1 ⇒ h_t = n_t` contradict each other."""
    judged = sg.judge(["update-gate-keeps", "forget-gate"])
    rows = judged["update-gate-keeps"].formula.split(r"\\")
    assert r"h_t = h_{t-1} && \text{gru}" in rows[0]
    assert r"h_t = n_t && \text{gru-z-takes-new}" in rows[1]
    assert r"\text" not in judged["forget-gate"].formula


def test_the_map_below_a_claim_is_that_of_the_comparison() -> None:
    turned = sg.Cell.from_text(str(sg.cell("gru")).replace("W_z @", "W_z.T @"), name="turned")
    (found,) = sg.judge("one-matrix-or-two", cells={"lstm": "gru", "lstm-concat": turned})
    assert found.formula == sg.compare("gru", turned).latex()
