"""Hand derivations: right ones are never called wrong, wrong ones are, in the right place."""

from __future__ import annotations

import json
import re
import tomllib
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

import symgate as sg
from symgate.cli.main import main
from tests.chosen import ROTATION

NOTATIONS = list(sg.notations)

KNOWN = (
    *("rnn", "gru", "lstm", "ugrnn", "gru-reset-after"),
    *("jordan-rnn", "star", "scrn", "fastgrnn"),
)


def left(of: str, wrt: str, lag: int = 1) -> str:
    return rf"\frac{{\partial {of}_t}}{{\partial {wrt}_{{t-{lag}}}}} = "


def pairs(name: str) -> list[tuple[str, str]]:
    cell = sg.cell(name)
    return [(of, wrt) for of in cell.states[:2] for wrt in cell.states[:1]]


def claim(name: str, of: str, wrt: str, lag: int = 1, notation: str = "symgate") -> str:
    return sg.latex(sg.jacobian(name, of, wrt, lag), notation=notation, cell=name)


def summands(latex: str) -> list[str]:
    """The summands of a sum that is not in brackets."""
    parts, depth, at = [], 0, 0
    for i, sign in enumerate(latex):
        depth += (sign in "({") - (sign in ")}")
        if depth == 0 and latex[i : i + 3] == " + ":
            parts.append(latex[at:i])
            at = i + 3
    return [*parts, latex[at:]]


def rewritings(latex: str) -> list[str]:
    """The same said in other ways."""
    parts = summands(latex)
    Random(len(latex)).shuffle(parts)
    first, *rest = summands(latex)
    signs = re.sub(r"(\w_t) \\odot \(1 - \1\)", r"(\1 - \1^2)", latex)
    return [
        " + ".join(parts),
        rf"\left({latex}\right)",
        "2 ({}) - ({})".format(latex, " + ".join(parts)),
        " + ".join([*rest, first]) if rest else f"I ({first})",
        latex.replace(r"\odot", r"\circ").replace(r"\operatorname{diag}", r"\mathrm{diag}"),
        latex.replace(r" \odot ", " "),
        re.sub(r"\\operatorname\{diag\}", r"diag", latex),
        signs,
        latex.replace(r"\, ", " \\\\\n & \\quad "),
    ]


@pytest.mark.parametrize("name", KNOWN)
def test_rewritings_are_never_called_wrong(name: str) -> None:
    verdicts = []
    for of, wrt in pairs(name):
        for rewritten in rewritings(claim(name, of, wrt)):
            found = sg.check(name, left(of, wrt) + rewritten)
            verdicts.append(found.verdict)
            assert found.verdict in ("right", "not understood"), f"{rewritten}\n{found}"
    assert verdicts.count("right") >= 0.9 * len(verdicts)


@pytest.mark.parametrize("notation", ["symgate", "cho", "chung", "pytorch"])
@pytest.mark.parametrize("name", KNOWN)
def test_what_symgate_writes_is_read_back(name: str, notation: str) -> None:
    for of, wrt in pairs(name):
        found = sg.check(name, claim(name, of, wrt, notation=notation), of=of, wrt=wrt)
        assert found.verdict == "right", str(found)


@pytest.mark.parametrize("name", ["rnn", "gru", "lstm", "mgu"])
def test_two_steps_and_unicode(name: str) -> None:
    for lag in (1, 2):
        jacobian = sg.jacobian(name, lag=lag)
        if name != "lstm" or lag == 1:
            found = sg.check(name, f"∂h_t/∂h_{{t-{lag}}} = {sg.text(jacobian)}")
            assert found.verdict == "right", str(found)


GRU = left("h", "h") + claim("gru", "h", "h")

RIGHT = {
    "slopes": (
        r"z_t + (h_{t-1}-n_t) \odot \sigma'(a_{z,t}) \odot U_z + (1-z_t)\odot\tanh'(a_{n,t}) "
        r"\odot U_n(\operatorname{diag}(r_t) + \operatorname{diag}(h_{t-1}\odot r_t(1-r_t))U_r)"
    ),
    "arguments": (
        r"\operatorname{diag}(z_t) + \operatorname{diag}((h_{t-1}-n_t) \odot "
        r"\sigma'(W_z x_t + U_z h_{t-1} + b_z)) U_z + \operatorname{diag}((1-z_t)(1-n_t^2)) U_n "
        r"(I + \operatorname{diag}(h_{t-1} \odot (1-r_t)) U_r)"
    ),
    "partials": (
        r"\frac{\partial h_t}{\partial z_t}\frac{\partial z_t}{\partial h_{t-1}} + "
        r"\frac{\partial h_t}{\partial n_t}\frac{\partial n_t}{\partial h_{t-1}}"
        r" + \operatorname{diag}(z_t)"
    ),
}
RIGHT["arguments"] = RIGHT["arguments"].replace(
    r"(I + \operatorname{diag}(h_{t-1} \odot (1-r_t)) U_r)",
    r"\operatorname{diag}(r_t) (I + \operatorname{diag}(h_{t-1} \odot (1-r_t)) U_r)",
)


RIGHT["halves"] = rf"\frac12 ({RIGHT['slopes']}) + \tfrac 12 ({RIGHT['partials']})"


@pytest.mark.parametrize("key", RIGHT)
def test_forms_of_people(key: str) -> None:
    found = sg.check("gru", left("h", "h") + RIGHT[key])
    assert found.verdict == "right", str(found)


def test_the_transposed_layout() -> None:
    turned = r"\operatorname{diag}(z_t) + U_z^T \operatorname{diag}((h_{t-1}-n_t) z_t (1-z_t)) + "
    turned += r"(\operatorname{diag}(r_t) + U_r^T \operatorname{diag}(h_{t-1} r_t (1 - r_t)))"
    turned = left("h", "h") + turned + r"U_n^\top \operatorname{diag}((1-z_t)(1-n_t^2))"
    assert sg.check("gru", turned).verdict == "transposed"
    assert bool(sg.check("gru", turned))
    assert sg.check("gru", turned, layout="transposed").verdict == "right"
    assert sg.check("gru", turned, layout="numerator").verdict == "wrong"


#: What to change in the GRU's Jacobian, what to put there, and what the answer must say.
SLIPS = [
    (r"+ \operatorname{diag}((h_", r"- \operatorname{diag}((h_", "sign"),
    ("(h_{t-1} - n_t)", "(n_t - h_{t-1})", "sign"),
    (r"z_t \odot (1 - z_t)", "(1 - z_t)", "z_t is missing"),
    (r"h_{t-1} \odot r_t \odot", r"r_t \odot", "h_{t-1} is missing"),
    (r"U_n \operatorname{diag}(r_t)", r"\operatorname{diag}(r_t) U_n", "wrong side of U_n"),
    (r"\operatorname{diag}(z_t) +", r"\operatorname{diag}(1 - z_t) +", "z_t belongs"),
    (r"\operatorname{diag}(z_t) +", r"\operatorname{diag}(r_t) +", "z_t belongs"),
    (r"\operatorname{diag}(z_t) +", r"\operatorname{diag}(z_{t-1}) +", "time index"),
    ("(h_{t-1} - n_t)", "(h_t - n_t)", "time index"),
    ("U_z", r"U_z^\top", "U_z belongs"),
    ("U_r", "U_z", "U_r belongs"),
    ("1 - n_t^{2}", "1 - n_t", "1 - n_t² belongs"),
    (r"\operatorname{diag}(z_t) +", "", "missing"),
    (
        r"\operatorname{diag}(z_t) +",
        r"\operatorname{diag}(z_t) + \operatorname{diag}(z_t) +",
        "once too often",
    ),
]


@pytest.mark.parametrize(("old", "new", "said"), SLIPS)
def test_slips_are_named(old: str, new: str, said: str) -> None:
    found = sg.check("gru", GRU.replace(old, new))
    assert found.verdict == "wrong"
    assert not found
    assert said in found.faults[0].message, str(found)
    assert found.line == 1
    assert found.faults[0].mend


def over_steps(change: tuple[str, str], which: int, lag: int = 3) -> str:
    """The GRU's Jacobian over some steps, a bracket a step, one of them changed."""
    body, brackets = claim("gru", "h", "h"), []
    for step in range(lag):
        now = re.sub(r"_t(?![a-z])", "_{t}", body).replace("t-1}", f"t-{step + 1}}}")
        text = now.replace("_{t}", f"_{{t-{step}}}" if step else "_t")
        brackets.append(f"[{text.replace(*change) if step == which else text}]")
    return left("h", "h", lag) + " ".join(brackets)


@pytest.mark.parametrize(
    ("change", "which", "said"),
    [
        ((r"\odot z_{t-1} \odot", r"\odot"), 1, "z_{t-1} is missing"),
        (("^{2}", ""), 0, "1 - n_t² belongs"),
        (("U_r", "U_z"), 2, "U_n … U_r belongs"),
        ((r"\operatorname{diag}(z_{t-1}) + ", ""), 1, "missing: the path that passes no matrix"),
    ],
)
def test_the_wrong_bracket_of_a_product_over_steps(
    change: tuple[str, str], which: int, said: str
) -> None:
    assert sg.check("gru", over_steps(("", ""), 0)).verdict == "right"
    text = over_steps(change, which)
    found = sg.check("gru", text)
    assert found.verdict == "wrong"
    assert said in str(found.faults[0]), str(found)
    start = text.index("[") + sum(len(b) + 2 for b in text.split("[")[1 : which + 1]) - which
    assert start <= found.faults[0].column <= start + len(text.split("[")[which + 1]) + 1


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ("+ (dc[t]/dc[t-1]) @ (dc[t-1]/dh[t-2])", ""),
        ("- (dc[t]/dc[t-1]) @ (dc[t-1]/dh[t-2])", "the sign is turned"),
        ("", "missing: the path through ∂c_t/∂c_{t-1} ∂c_{t-1}/∂h_{t-2}"),
        ("+ dc[t]/dc[t-1] @ dc[t]/dh[t-1]", "∂c_t/∂c_{t-1} ∂c_{t-1}/∂h_{t-2} is missing here"),
    ],
)
def test_a_sum_over_the_states_between_two_steps(second: str, said: str) -> None:
    found = sg.check("lstm", f"dc[t]/dh[t-2] = (dc[t]/dh[t-1]) @ (dh[t-1]/dh[t-2]) {second}")
    assert found.verdict == ("wrong" if said else "right"), str(found)
    assert [f.message for f in found.faults] == ([said] if said else [])


def slips(latex: str, names: list[str]) -> list[tuple[int, str]]:
    """A claim with one slip each, and the summand that it is in."""
    found: list[tuple[int, str]] = []
    parts = summands(latex)

    def put(i: int, new: str) -> None:
        if new != parts[i]:
            found.append((i, " + ".join([*parts[:i], new, *parts[i + 1 :]])))

    for i, part in enumerate(parts):
        put(i, f"(-1) {part}")
        put(i, f"{part} + {part}")
        if len(parts) > 1:
            found.append((-1, " + ".join([*parts[:i], *parts[i + 1 :]])))
        put(i, re.sub(r"\(1 - (\w)_t\)", r"\1_t", part, count=1))
        put(i, part.replace(r" \odot (1 - ", r" \odot (1 + ", 1))
        put(i, re.sub(r"\(\w_t \\odot ", "(", part, count=1))
        put(i, re.sub(r"(\b[a-z])_t\b", r"\1_{t-1}", part, count=1))
        put(i, re.sub(r"\b(U_\w)", r"\1^{\\top}", part, count=1))
        put(i, part.replace("^{2}", "", 1))
        for one, other in pairwise(names):
            put(i, part.replace(f"{one}_t", f"{other}_t"))
    return found


@pytest.mark.parametrize("name", ["rnn", "gru", "lstm"])
def test_slips_are_called_wrong_in_the_right_summand(name: str) -> None:
    cell = sg.cell(name)
    hits = total = 0
    for of, wrt in pairs(name):
        head, whole = left(of, wrt), claim(name, of, wrt)
        found = slips(whole, list(cell.gates))
        for at, wrong in Random(0).sample(found, min(8, len(found))):
            judged = sg.check(name, head + wrong)
            assert judged.verdict in ("wrong", "not understood"), wrong
            total += 1
            if at < 0:
                hits += judged.faults[0].message.startswith("missing")
            elif judged.verdict == "wrong":
                parts = summands(wrong)
                start = len(head) + sum(len(p) + 3 for p in parts[:at])
                column = judged.faults[0].column - 1
                hits += start <= column <= start + 2 * len(parts[at])
    assert hits >= 0.9 * total, f"{hits} of {total}"


def test_documents_and_places() -> None:
    text = (
        "Dear student,\n\n\\begin{align}\n" + left("h", "h").replace("=", "&=") + "z_t \\\\\n"
        " & + \\operatorname{diag}((n_t - h_{t-1}) z_t (1-z_t)) U_z \\\\\n"
        " & + \\operatorname{diag}((1-z_t)(1-n_t^2)) U_n \\operatorname{diag}(r_t)"
        " (I + \\operatorname{diag}(h_{t-1}(1-r_t)) U_r)\n\\end{align}\n"
    )
    found = sg.check("gru", text)
    assert (found.verdict, found.line) == ("wrong", 5)
    assert "U_z" in str(found)
    assert sg.check("gru", text.replace("n_t - h_{t-1}", "h_{t-1} - n_t")).verdict == "right"


def test_the_total_derivative_of_a_cell_state_is_known() -> None:
    through = r"\operatorname{diag}(f_t) + \frac{\partial c_t}{\partial h_{t-1}} "
    through += r"\operatorname{diag}(o_{t-1} \odot (1 - \tanh^2(c_{t-1})))"
    found = sg.check("lstm", left("c", "c") + through)
    assert found.verdict == "right"
    assert found.notes
    assert sg.check("lstm", left("c", "c") + "f_t").verdict == "right"
    assert sg.check("lstm", left("c", "c") + "i_t").faults[0].mend == "write f_t"


UNCLEAR = [
    "",
    "The cat sat on the mat.",
    "(" * 3000,
    left("h", "h"),
    left("h", "h") + r"\operatorname{diag}(q_t) U_z",
    left("h", "h") + r"U_z W_z",
    left("h", "h") + r"\frac{1}{U_z}",
    left("s", "s") + "U_z",
    left("h", "h") + r"\prod_j U_z",
    left("h", "h") + r"\prod_{j=0}^{2}" * 20 + "U_z",  # 3 to the 20 products
    "z_t = \\sigma(a_t)",
    "\\frac{\\partial h_t}{\\partial",
]


@pytest.mark.parametrize("text", UNCLEAR)
def test_what_is_not_understood_is_not_called_wrong(text: str) -> None:
    found = sg.check("gru", text)
    assert found.verdict == "not understood"
    assert not found
    assert found.faults[0].message


def test_equations_of_another_cell_are_seen() -> None:
    lines = (
        r"\[ h_t = (1 - z_t) \odot h_{t-1} + z_t \odot n_t \]",
        rf"\[ {left('h', 'h')} \operatorname{{diag}}(1 - z_t) \]",
    )
    found = sg.check("gru", "\n".join(lines))
    assert found.verdict == "not understood"
    assert "defined otherwise" in str(found)
    lines = (r"\[ h_t = z_t \odot h_{t-1} + (1 - z_t) \odot n_t \]", lines[1])
    assert sg.check("gru", "\n".join(lines)).verdict == "wrong"


def test_both_shapes_are_said() -> None:
    found = sg.check("gru", left("h", "h") + "U_z W_z U_z")
    assert "n × m" in str(found)
    assert "n × n" in str(found)


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("∂h_t/∂c_{t-1} = diag(z_t)", "'c' is not a name of gru"),
        ("∂h_t/∂U_z = diag(z_t)", "write ∂L/∂U_z = …"),
    ],
)
def test_why_a_derivative_is_none_of_the_cell(claim: str, said: str) -> None:
    found = sg.check("gru", claim)
    assert found.verdict == "not understood"
    assert said in found.faults[0].message


def test_spoilt_claims_end_in_words() -> None:
    random = Random(0)
    for _ in range(60):
        signs = list(GRU)
        for _ in range(random.randrange(1, 6)):
            at = random.randrange(len(signs))
            signs[at : at + random.randrange(3)] = random.choice(list("(){}_^\\+-=∂'$&zU1 \n[]/"))
        found = sg.check("gru", "".join(signs))
        assert str(found)
        assert found.to_dict()["verdict"] == found.verdict


def test_bad_arguments_are_refused() -> None:
    for wrong in ({"of": "q"}, {"wrt": "q"}, {"layout": "up"}, {"lag": -1}, {"lag": True}):
        with pytest.raises(sg.SymgateError):
            sg.check("gru", GRU, **wrong)
    with pytest.raises(sg.SymgateError):
        sg.check("gru", 5)  # type: ignore[arg-type]  # a wrong call


def test_the_command(tmp_path, capsys) -> None:  # type: ignore[no-untyped-def]  # fixtures
    file = tmp_path / "homework.tex"
    codes = {}
    for verdict, text in {
        "right": GRU,
        "wrong": GRU.replace(r"+ \operatorname{diag}((h_", r"- \operatorname{diag}((h_"),
        "not understood": "prose",
    }.items():
        file.write_text(text, encoding="utf-8")
        codes[verdict] = main(["check", "gru", str(file), "--json"])
        assert json.loads(capsys.readouterr().out)["verdict"] == verdict
    assert codes == {"right": 0, "wrong": 1, "not understood": 3}
    assert main(["check", "gru", str(tmp_path / "none.tex")]) == 3


#: Cells that say something of their own where a derivation is read back, and a few in turn.
READ_BACK = [
    ("retnet", "symgate"),
    ("gru", "symgate"),
    ("rnn", "keras"),
    ("mgu", "row"),
    ("deltanet", "keras"),
]
READ_BACK += [
    (
        Random(f"{ROTATION}{turn}").choice(list(sg.zoo)),
        Random(f"{turn}{ROTATION}").choice(NOTATIONS),
    )
    for turn in range(1)
]


@pytest.mark.parametrize(
    "last",
    [
        "1e-12 * tanh(V @ h[t-1])",
        "1e-20 * tanh(V @ h[t-1])",
        "relu(tanh(V @ h[t-1]) - 0.99)",
        "(1 - sigmoid(V @ h[t-1] + 40)) * h[t-1]",
    ],
)
def test_what_is_lost_in_the_whole_is_never_called_right(last: str) -> None:
    cell = sg.Cell.from_text(f"h[t] = tanh(W @ x[t] + U @ h[t-1]) + {last}")
    jacobian = sg.jacobian(cell)
    assert sg.check(cell, f"∂h[t]/∂h[t-1] = {sg.text(jacobian)}").verdict == "right"
    for part in jacobian.args:
        for claim in (jacobian - part, jacobian + part):
            assert not sg.check(cell, f"∂h[t]/∂h[t-1] = {sg.text(claim)}")


def test_a_cell_that_grows_fast_is_judged() -> None:
    cell = sg.Cell.from_text("h[t] = exp(3 * (W @ x[t]) + 5 * (U @ h[t-1])) + 0.5 * h[t-1]")
    jacobian = sg.text(sg.jacobian(cell))
    assert sg.check(cell, f"∂h[t]/∂h[t-1] = {jacobian}").verdict == "right"
    assert sg.check(cell, f"∂h[t]/∂h[t-1] = 2 ({jacobian})").verdict == "wrong"


LAGS = [("lstm", 2), ("lstm", 3), ("lstm", "k"), ("lstm-projected", 2)]


def test_a_matrix_that_stands_for_one_of_another_summand_is_named() -> None:
    cell = sg.Cell.from_text("h[t] = x[t] * (V @ x[t]) + tanh(U @ h[t-1]) + sin(U @ h[t-1])")
    right = f"∂h_t/∂h_{{t-1}} = {sg.text(sg.jacobian(cell))}"
    first, _, last = right.rpartition("U")
    found = sg.check(cell, f"{first}V{last}")
    assert [fault.message for fault in found.faults] == ["V stands where U belongs"]


@pytest.mark.parametrize(("name", "lag"), LAGS)
def test_matrices_of_matrices_are_read_as_they_print(name: str, lag: int | str) -> None:
    cell = sg.cell(name)
    text = f"∂h_t/∂h_{{t-{lag}}} = {sg.text(sg.jacobian(cell, lag=lag))}"
    assert sg.check(cell, text).verdict == "right"
    wrong = sg.check(cell, text.replace("U_i", "U_o", 1))
    assert wrong.verdict == "wrong"
    assert lag == "k" or any("U_i" in fault.message for fault in wrong.faults)


def test_zeros_are_as_large_as_their_states() -> None:
    deep = sg.stack("rnn", layers=2)
    for lag in (2, "k"):
        text = sg.text(sg.jacobian(deep, lag=lag))
        assert sg.check(deep, f"∂h2_t/∂h2_{{t-{lag}}} = {text}").verdict == "right"
    latex = sg.latex(sg.jacobian(deep, lag="k"))
    side = r"\frac{\partial h_t^{(2)}}{\partial h_{t-k}^{(2)}}"
    assert sg.check(deep, f"{side} = {latex}").verdict == "right"
    assert sg.check("lstm", "∂h_t/∂h_{t-2} = [U_i, 1; 2, 3]").verdict == "not understood"


def test_a_parameter_that_a_line_gives_another_value_is_told() -> None:
    step = "∂h_t/∂h_{t-1} = diag(1 - h_t²) U"
    found = sg.check("rnn", f"{step}\nU = 2 U")
    assert (found.verdict, found.line) == ("not understood", 2)
    assert sg.check("rnn", f"{step}\nU = U").verdict == "right"


def test_remarks_behind_two_ampersands_are_no_part_of_a_line() -> None:
    deep = sg.stack("gru", "rnn")
    found = sg.check(deep, sg.derive(deep, sections=["step", "lags"]).markdown())
    assert found.verdict == "right", str(found)


def test_a_lag_that_is_too_long_is_mended() -> None:
    found = sg.check("rnn", "∂h_t/∂h_{t-7} = U")
    assert found.verdict == "not understood"
    assert "a lag of 6 or less" in found.faults[0].mend


def test_a_name_of_another_notation_may_be_defined_in_a_claim() -> None:
    cell = sg.Cell.from_text("h[t] = (W @ x[t] + U @ h[t-1] + b)**7 + 0.3 * h[t-1]")
    step = "∂h_t/∂h_{t-1} = 7 * diag(a**6) @ U + 0.3 * I"
    assert sg.check(cell, f"a = W @ x[t] + U @ h[t-1] + b\n{step}").verdict == "right"
    assert sg.check(cell, f"a = W @ x[t] - U @ h[t-1] + b\n{step}").verdict != "right"


@pytest.mark.parametrize(("name", "notation"), READ_BACK)
def test_whole_derivations_are_read_back_line_by_line(name: str, notation: str) -> None:
    found = sg.check(name, sg.derive(name, notation=notation).latex())
    assert found.verdict == "right", str(found)
    assert len(found.about) >= 5
    assert all(said.verdict == "right" for said in found.lines)


ENTRIES = [
    ("right", "ran", "∂c_{t,i}/∂c_{t-1,j} = f_{t,i} δ_{ij}"),
    ("right", "rnn", r"\frac{\partial h_{t,i}}{\partial h_{t-1,j}} = (1 - h_{t,i}^2) U_{ij}"),
    ("wrong", "rnn", r"\frac{\partial h_{t,i}}{\partial h_{t-1,j}} = (1 - h_{t,j}^2) U_{ij}"),
    (
        "right",
        "rnn",
        r"\frac{\partial h_{t,i}}{\partial h_{t-2,j}} = "
        r"\sum_k (1 - h_{t,i}^2) U_{ik} (1 - h_{t-1,k}^2) U_{kj}",
    ),
    ("right", "lstm", r"[\frac{\partial c_t}{\partial c_{t-1}}]_{ij} = \delta_{ij} f_{t,i}"),
    ("wrong", "lstm", r"[\frac{\partial c_t}{\partial c_{t-1}}]_{ij} = \delta_{ij} i_{t,i}"),
    ("not understood", "rnn", r"\frac{\partial h_{t,i}}{\partial h_{t-1,j}} = 1 - h_{t,i}^2"),
]


@pytest.mark.parametrize(("verdict", "name", "text"), ENTRIES)
def test_entries_of_a_jacobian(verdict: str, name: str, text: str) -> None:
    found = sg.check(name, text)
    assert found.verdict == verdict, str(found)


def test_delta_of_a_state_may_leave_out_the_other_states_of_its_step() -> None:
    text = r"\hat\delta_{c,t-1} = f_t (1 - h_t^2) \delta_{h,t} + f_t \delta_{c,t}"
    found = sg.check("ran", text)
    assert found.verdict == "right", str(found)
    assert found.notes


CASES = tomllib.loads(
    (Path(__file__).parent / "data" / "derivations.toml").read_text(encoding="utf-8")
)["case"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["cell"])
def test_derivations_from_public_notes(case: dict[str, Any]) -> None:
    found = sg.check(case["cell"], case["claim"], names=case.get("names"))
    assert found.verdict == case["verdict"], f"{case['why']}\n{found}"


BACKWARD = {
    "right": [
        (
            "rnn",
            r"\left(\frac{\partial h_t}{\partial h_{t-1}}\right)^{\top}"
            r" = U^\top \operatorname{diag}(1-h_t^2)",
        ),
        ("rnn", r"\delta_{t-1} = U^\top ((1 - h_t^2) \odot \delta_t)"),
        ("rnn", r"\delta h_t = \operatorname{diag}(1 - h_t^2) U \delta h_{t-1}"),
        ("lstm", r"\delta o_t = \delta h_t \odot \tanh(c_t) \odot o_t (1 - o_t)"),
        ("lstm", r"\frac{\partial L}{\partial U_i} = \sum_t \delta_{i,t} h_{t-1}^\top"),
        (
            "lstm",
            r"\delta c_t = \delta h_t \odot o_t \odot (1 - \tanh^2(c_t))"
            r" + \delta c_{t+1} \odot f_{t+1}",
        ),
        ("gru", r"\delta_{a_z,t} = z_t (1 - z_t) \odot (h_{t-1} - n_t) \odot \delta_{h,t}"),
        ("lstm", r"\frac{\partial L}{\partial U_f} = \sum_t \delta_{a_f,t} h_{t-1}^\top"),
        ("lstm", r"\hat\delta_{c,t-1} = f_t \odot \delta_{c,t}"),
        (
            "lstm",
            r"\mathrm{d}c_t = \operatorname{diag}(f_t) \mathrm{d}c_{t-1} + i_t \odot \mathrm{d}g_t"
            r" + g_t \odot \mathrm{d}i_t + c_{t-1} \odot \mathrm{d}f_t",
        ),
        ("gru", r"\lim_{z_t \to 1} \frac{\partial h_t}{\partial h_{t-1}} = I"),
        (
            "deltanet",
            r"\frac{\partial S_t}{\partial S_{t-1}} = I \otimes (I - \beta_t k_t k_t^\top)",
        ),
        (
            "rnn",
            r"J_t = \operatorname{diag}(1 - h_t^2) U \\ "
            r"\frac{\partial h_t}{\partial h_{t-k}} = J_t J_{t-1} \cdots J_{t-k+1}",
        ),
    ],
    "wrong": [
        ("rnn", "(dh[t]/dh[t-1]).T = U.T @ diag(1 - h[t-1]**2)"),
        ("rnn", r"\delta_{t-1} = U ((1 - h_t^2) \odot \delta_t)"),
        ("rnn", r"\delta h_t = \operatorname{diag}(1 - h_t) U \delta h_{t-1}"),
        ("lstm", r"\delta f_t = \delta c_t \odot c_t"),
        ("gru", r"\delta_{a_z,t} = z_t \odot (h_{t-1} - n_t) \odot \delta_{h,t}"),
        ("lstm", r"\frac{\partial L}{\partial U_f} = \sum_t \delta_{a_f,t} h_t^\top"),
        ("lstm", r"\hat\delta_{c,t-1} = i_t \odot \delta_{c,t}"),
        ("gru", r"\lim_{z_t \to 0} \frac{\partial h_t}{\partial h_{t-1}} = I"),
        (
            "deltanet",
            r"\frac{\partial S_t}{\partial S_{t-1}} = I \otimes (I - \beta_t k_t q_t^\top)",
        ),
    ],
}


@pytest.mark.parametrize(
    ("verdict", "name", "text"),
    [(verdict, *case) for verdict, cases in BACKWARD.items() for case in cases],
)
def test_back_propagation_gradients_changes_limits(verdict: str, name: str, text: str) -> None:
    found = sg.check(name, text)
    assert found.verdict == verdict, str(found)


def test_a_square_for_its_slope_is_named() -> None:
    found = sg.check("rnn", "∂h_t/∂h_{t-1} = diag(h_t²) U")
    assert "h_t² stands where 1 - h_t² belongs" in str(found)


def test_a_product_of_matrix_and_vector_that_stands_twice_is_read_alike() -> None:
    cell = sg.Cell.from_text("z[t] = sigmoid(W @ x[t])\nh[t] = z[t] * (U @ h[t-1])")
    claim = r"\delta_{z,t} = U h_{t-1} \odot \delta_{h,t}"
    assert sg.check(cell, claim).verdict == "right"
    assert sg.check(cell, claim + r" + U h_{t-1} \odot \delta_{h,t}").verdict == "wrong"


def test_a_function_of_two_words_is_read() -> None:
    cell = sg.Cell.from_text("z[t] = sigmoid(W @ x[t])\nh[t] = z[t] * hard_tanh(h[t-1])")
    assert sg.check(cell, "∂h_t/∂z_t = diag(hard_tanh(h_{t-1}))").verdict == "right"


def test_rows_are_no_error_where_nothing_says_so() -> None:
    text = sg.derive("gru", notation="keras", sections=["partials"]).latex()
    assert sg.check("gru", text).verdict == "not understood"


def test_scalars_of_a_step_are_shifted_with_it() -> None:
    found = sg.check("deltanet-row", sg.derive("deltanet-row", sections=["lags"]).latex())
    assert found.verdict == "right", str(found)


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (r"\mathrm{d}o_t = \mathrm{d}S_t q_t", "right"),
        (r"\mathrm{d}o_t = \mathrm{d}S_t k_t", "wrong"),
        (
            r"\mathrm{d}S_t = \mathrm{d}S_{t-1} - \beta_t \mathrm{d}S_{t-1} k_t k_t^\top",
            "right",
        ),
        (r"\mathrm{d}S_t = \mathrm{d}S_{t-1} (I - \beta_t k_t k_t^\top)", "right"),
        (
            r"\mathrm{d}S_t = \mathrm{d}S_{t-1} + \beta_t \mathrm{d}S_{t-1} k_t k_t^\top",
            "wrong",
        ),
        (
            r"dS_t = dS_{t-1} (I - \beta_t k_t k_t^T) + \beta_t dv_t k_t^T"
            r" - \beta_t (S_{t-1} k_t - v_t) dk_t^T - \beta_t S_{t-1} dk_t k_t^T"
            r" - d\beta_t (S_{t-1} k_t - v_t) k_t^T",
            "right",
        ),
        (r"dS_t = dS_{t-1} (I - \beta_t k_t k_t^T) + \beta_t dv_t k_t^T", "wrong"),
        (r"\mathrm{d}o_t = \mathrm{d}S_t q_t - S_t \mathrm{d}q_t", "wrong"),
        (
            r"\frac{\partial o_t}{\partial v_{t-1}}"
            r" = \beta_{t-1} k_{t-1}^\top (I - \beta_t k_t k_t^\top) q_t I",
            "right",
        ),
    ],
)
def test_a_change_of_a_matrix_stands_among_its_factors(line: str, verdict: str) -> None:
    assert sg.check("deltanet", line).verdict == verdict


@pytest.mark.parametrize("sign", ["+", "-"])
def test_the_change_of_a_diagonal(sign: str) -> None:
    line = f"dS_t = dS_{{t-1}} diag(α_t) + dv_t k_tᵀ {sign} S_{{t-1}} diag(dα_t) + v_t dk_tᵀ"
    assert sg.check("gla", line).verdict == ("right" if sign == "+" else "wrong")


def test_powers_behind_a_function_and_by_a_formula() -> None:
    cell = sg.Cell.from_text(
        "r[t] = sigmoid(V @ x[t])\nh[t] = sigmoid(c) ** r[t] * h[t-1] / (1 + mean(x[t])**2)"
    )
    line = "∂h_t/∂h_{t-1} = diag(σ(c)^{r_t}) / (1 + mean(x_t)²)"
    assert sg.check(cell, line).verdict == "right"
    assert sg.check(cell, line.replace("²", "")).verdict == "wrong"
    assert sg.check(cell, line.replace("r_t", "1 - r_t")).verdict == "wrong"


def test_a_gradient_without_what_comes_back_is_right_at_the_last_step() -> None:
    line = (
        r"\frac{\partial L}{\partial c_t} = o_t (1 - \tanh^2(c_t)) \frac{\partial L}{\partial h_t}"
    )
    found = sg.check("lstm", line)
    assert found.verdict == "not understood"
    assert "right at the last step" in str(found)
    assert sg.check("lstm", line.replace("_t", "_T")).verdict == "right"
    assert sg.check("lstm", line.replace("o_t", "i_t")).verdict == "wrong"


def test_a_mend_counts_from_the_step_of_the_claim() -> None:
    found = sg.check(
        "rnn", r"\frac{\partial h_{t+1}}{\partial h_t} = \operatorname{diag}(1-h_t^2) U"
    )
    assert found.faults[0].mend == "write h_{t+1}"


def test_the_marked_page_writes_corrections_as_formulas() -> None:
    page = sg.check("rnn", "∂h_t/∂h_{t-1} = diag(1 - h_t) U").html()
    note = page[page.index("▲") : page.index("</pre>")]
    assert "<msubsup><mi>h</mi><mi>t</mi><mn>2</mn></msubsup>" in note
    assert "h_t" not in note
