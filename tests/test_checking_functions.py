"""Code held against the exact Jacobian, and homework checked from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symgate as sg
from symgate.cli.main import main


def sigma(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def gru(slip: str) -> Any:
    """The GRU's Jacobian as somebody would write it in NumPy, with a slip."""

    def jacobian(p: Any, x: Any, h: Any) -> Any:
        z = sigma(p["W_z"] @ x + p["U_z"] @ h + p["b_z"])
        r = sigma(p["W_r"] @ x + p["U_r"] @ h + p["b_r"])
        n = np.tanh(p["W_n"] @ x + p["U_n"] @ (r * h) + p["b_n"])
        update = (n - h if slip == "sign" else h - n) * (n if slip == "gate" else z) * (1 - z)
        reset = h * (1 - r) if slip == "factor" else h * r * (1 - r)
        inner = np.diag(reset) @ p["U_r"] + (0 if slip == "path" else np.diag(r))
        found = np.diag(z) + np.diag(update) @ p["U_z"]
        found = found + np.diag((1 - z) * (1 - n**2)) @ p["U_n"] @ inner
        return found.T if slip == "transposed" else found[:2] if slip == "shape" else found

    return jacobian


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        (np.matrix, "right"),
        (np.ma.masked_array, "right"),
        (lambda a: a.astype(np.float32), "right"),
        (lambda a: a > 0, "wrong"),
    ],
)
@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_arrays_of_any_kind_are_held_against_it(given: Any, verdict: str) -> None:
    assert sg.check("gru", lambda *at: given(gru("")(*at))).verdict == verdict


@pytest.mark.parametrize(
    ("slip", "verdict", "said"),
    [
        ("", "right", "right"),
        ("transposed", "transposed", "transposed"),
        ("sign", "wrong", "the sign of the path through U_z is turned"),
        ("gate", "wrong", "in the path through U_z, n_t stands where z_t belongs"),
        ("factor", "wrong", "in the path through U_n … U_r, the factor r_t is missing"),
        ("path", "wrong", "the path through U_n is missing"),
        ("shape", "wrong", "2 × 5, and 5 × 5 is expected"),
    ],
)
def test_code_says_which_path_is_off(slip: str, verdict: str, said: str) -> None:
    found = sg.check("gru", gru(slip))
    assert found.verdict == verdict
    assert said in str(found)
    assert found.line is None


def test_a_matrix_transposed_or_on_the_wrong_side() -> None:
    def slope(p: Any, x: Any, h: Any) -> Any:
        return np.diag(1 - np.tanh(p["W"] @ x + p["U"] @ h + p["b"]) ** 2)

    found = sg.check("rnn", lambda p, x, h: slope(p, x, h) @ p["U"].T)
    assert "in the path through U, Uᵀ stands where U belongs" in str(found)
    found = sg.check("rnn", lambda p, x, h: p["U"] @ slope(p, x, h))
    assert "are the wrong way round" in str(found)


def test_a_fault_that_was_published() -> None:
    """An LSTM whose input gate had i · i (1 − i) where g · i (1 − i) is due."""

    def jacobian(p: Any, x: Any, state: Any) -> Any:
        h, c = state["h"], state["c"]
        i, f, g = (
            act(p[f"W_{k}"] @ x + p[f"U_{k}"] @ h + p[f"b_{k}"])
            for k, act in (("i", sigma), ("f", sigma), ("g", np.tanh))
        )
        rows = {"i": i * i * (1 - i), "f": c * f * (1 - f), "g": i * (1 - g**2)}
        return sum(np.diag(row) @ p[f"U_{k}"] for k, row in rows.items())

    found = sg.check("lstm", jacobian, of="c", wrt="h")
    assert "in the path through U_i, i_t stands where g_t belongs" in str(found)


def test_our_own_function_is_right() -> None:
    for name in ("rnn", "lstm", "mgu"):
        assert sg.check(name, sg.lambdify(name, sg.jacobian(name))).verdict == "right"


def test_functions_of_torch_and_jax() -> None:
    torch = pytest.importorskip("torch")

    def by_torch(p: Any, x: Any, h: Any) -> Any:
        step = lambda h: torch.tanh(p["W"] @ x + p["U"] @ h + p["b"])  # noqa: E731
        return torch.autograd.functional.jacobian(step, h)

    assert sg.check("rnn", by_torch).verdict == "right"


@pytest.mark.parametrize("function", [lambda p, x, h: 1 / 0, lambda: 3])
def test_a_function_that_fails_ends_in_words(function: Any) -> None:
    with pytest.raises(sg.SymgateError, match="the function fails"):
        sg.check("rnn", function)


@pytest.mark.parametrize("value", ["abc", None, np.full((5, 5), np.nan)])
def test_what_is_no_matrix_is_wrong(value: Any) -> None:
    assert sg.check("rnn", lambda p, x, h: value).verdict == "wrong"
    with pytest.raises(sg.SymgateError, match="one step"):
        sg.check("rnn", lambda p, x, h: value, lag=2)


RIGHT = r"\[ \frac{\partial c_t}{\partial c_{t-1}} = \operatorname{diag}(f_t) \]"


def test_a_folder_is_a_table_and_a_page(tmp_path: Path, capsys: Any) -> None:
    for name, text in {
        "a.tex": RIGHT,
        "b.md": RIGHT.replace("f_t", "i_t"),
        "c.txt": "prose",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    page = tmp_path / "marked.html"
    assert main(["check", "lstm", str(tmp_path), "-o", str(page)]) == 1
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[:2] for row in rows] == [
        ["a.tex", "right"],
        ["b.md", "wrong"],
        ["c.txt", "not"],
    ]
    assert "i_t stands where f_t belongs" in rows[1]
    written = page.read_text(encoding="utf-8")
    assert "<mark>i_t</mark>" in written
    assert "✗ wrong" in written
    (tmp_path / "b.md").unlink()
    assert main(["check", "lstm", str(tmp_path), "--json"]) == 3
    assert [f["verdict"] for f in json.loads(capsys.readouterr().out)] == [
        "right",
        "not understood",
    ]


def test_bad_homework_ends_in_words(tmp_path: Path, capsys: Any) -> None:
    assert main(["check", "lstm", str(tmp_path)]) == 3
    assert "holds no file" in capsys.readouterr().err
    picture = tmp_path / "scan.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xd8")
    assert main(["check", "lstm", str(picture)]) == 3
    assert "cannot be read as text" in capsys.readouterr().err
    (tmp_path / "a.tex").write_text(RIGHT, encoding="utf-8")
    assert main(["check", "lstm", str(tmp_path / "a.tex"), "-o", str(tmp_path / "a.pdf")]) == 3
    with pytest.raises(SystemExit):
        main(["check", "lstm", str(tmp_path / "a.tex"), "--names", "h"])


def test_other_letters(tmp_path: Path) -> None:
    claim = tmp_path / "claim.txt"
    claim.write_text("∂s_t/∂s_{t-1} = diag(1 - s_t²) R", encoding="utf-8")
    assert main(["check", "rnn", str(claim), "--names", "h=s", "--names", "U=R"]) == 0
    assert sg.check("rnn", claim.read_text(encoding="utf-8")).verdict == "not understood"


def _parts(p: Any, x: Any, h: Any) -> Any:
    z, r = (1 / (1 + np.exp(-(p[f"W_{g}"] @ x + p[f"U_{g}"] @ h + p[f"b_{g}"]))) for g in "zr")
    n = np.tanh(p["W_n"] @ x + p["U_n"] @ (r * h) + p["b_n"])
    return z, r, n


def _gru(z: Any, r: Any, n: Any, h: Any, p: Any, kept: Any) -> Any:
    candidate = np.diag(kept * (1 - n**2)) @ p["U_n"]
    inner = np.diag(r) + np.diag(h * r * (1 - r)) @ p["U_r"]
    return np.diag(z) + np.diag((h - n) * z * (1 - z)) @ p["U_z"] + candidate @ inner


def test_a_slip_that_several_paths_share_is_named() -> None:
    def jacobian(p: Any, x: Any, h: Any) -> Any:
        z, r, n = _parts(p, x, h)
        return _gru(z, r, n, h, p, z)

    assert "U_n … U_r: z_t stands where 1 - z_t belongs" in str(sg.check("gru", jacobian))


def test_a_function_may_spoil_what_it_was_given() -> None:
    def jacobian(p: Any, x: Any, h: Any) -> Any:
        z, r, n = _parts(p, x, h)
        found = _gru(z, r, n, h, p, 1 - z)
        h *= 0
        p["U_z"][:] = 0
        return found

    assert sg.check("gru", jacobian).verdict == "right"


def test_what_a_function_gives_is_said() -> None:
    random = np.random.default_rng(0)
    assert "another matrix" in str(sg.check("rnn", lambda p, x, h: random.random(p["U"].shape)))
    assert "no real numbers" in str(sg.check("rnn", lambda p, x, h: None))
    lem = sg.check("lem", lambda p, x, s: np.ones((len(s["h"]), len(s["h"]))))
    assert lem.verdict == "wrong"
    many = sg.check("layer-norm-lstm", lambda p, x, s: np.ones((5, 5)), of="h", wrt="h")
    assert "which of the 30 paths" in str(many)
    none = sg.check("lstm", lambda p, x, s: np.ones((5, 5)), of="o", wrt="c")
    assert "every entry is 0" in str(none)


def test_one_bad_file_of_a_folder_leaves_the_others_their_verdict(
    tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "a.tex").write_text("∂h_t/∂h_{t-1} = diag(1 - h_t²) U", encoding="utf-8")
    (tmp_path / "b.tex").write_text("(" * 300_000)
    (tmp_path / "c.tex").write_bytes(bytes([0x89, 0xFF]))
    assert main(["check", "rnn", str(tmp_path), "-o", str(tmp_path / "m.html")]) == 3
    rows = capsys.readouterr().out.splitlines()
    assert [" ".join(row.split()[1:3]) for row in rows] == ["right"] + 2 * ["not understood"]
    assert "longer than" in rows[1]
    assert "cannot be read" in rows[2]
