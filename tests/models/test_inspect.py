"""`symgate inspect`, FILE#layer where a cell is taken; what other verbs say to weights."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symgate as sg
from symgate.cli import main
from symgate.models.inspecting import inspected
from symgate.models.running import output
from tests.tools import package

RNG = np.random.default_rng(0)


def gru(prefix: str = "encoder.rnn.", layers: int = 1) -> dict[str, Any]:
    """The weights of nn.GRU(3, 4, layers)."""
    found = {}
    for depth in range(layers):
        end = f"_l{depth}"
        found[f"{prefix}weight_ih{end}"] = RNG.normal(size=(12, 4 if depth else 3))
        found[f"{prefix}weight_hh{end}"] = RNG.normal(size=(12, 4))
        found[f"{prefix}bias_ih{end}"] = RNG.normal(size=12)
        found[f"{prefix}bias_hh{end}"] = RNG.normal(size=12)
    return found


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A network m.npz of two encoders' layers and a decoder, data x.npy, outputs y.npy."""
    np.savez(tmp_path / "m.npz", **gru(layers=2), **gru("decoder."))
    net = sg.model(tmp_path / "m.npz")["encoder.rnn"]
    assert isinstance(net, sg.Network)
    x = RNG.normal(size=(60, 3))
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", output(net, net.simulate(x)))
    return tmp_path


def test_the_tree(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(files / "m.npz")]) == 0
    shown = capsys.readouterr().out
    assert "an npz file" in shown
    assert "encoder.rnn.l1" in shown
    assert "gru-reset-after, gates in the order r z n" in shown
    assert "one above the other: encoder.rnn.l0, encoder.rnn.l1" in shown
    assert "assumed" in shown


def test_with_data(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["inspect", str(files / "m.npz"), "--layer", "encoder.rnn"]
    words += ["--data", str(files / "x.npy"), "--outputs", str(files / "y.npy")]
    assert main(words) == 0
    shown = capsys.readouterr().out
    for part in ("the replay agrees", "h2 / h2", "largest Lyapunov", "1/e until", "z1"):
        assert part in shown
    tables = [line for line in shown.splitlines() if "  " in line]
    assert max(map(len, tables)) <= 80
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["check"]["holds"] is True
    assert [d["of"] for d in found["decays"]] == ["h1", "h2"]
    assert len(found["origin"]["sha256"]) == 64
    assert main([*words, "--say", "order=z r n"]) == 1
    assert "this reading fits" in capsys.readouterr().out


def test_a_report_on_a_network(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["report", "--model", f"{files / 'm.npz'}#encoder.rnn", "--lags", "20"]
    words += ["--data", str(files / "x.npy"), "--outputs", str(files / "y.npy")]
    assert main([*words, "-o", str(files / "out")]) == 0
    page = (files / "out/index.html").read_text()
    for part in (
        "encoder.rnn.l1 above encoder.rnn.l0",
        "m.npz",
        "SHA-256",
        "replayed, off by",
        "x.npy",
        "∂h2/∂h2, untrained",
        "<svg",
    ):
        assert part in page
    net = sg.model(files / "m.npz")["decoder"]
    made = sg.report(
        runs=[net.simulate(np.ones((30, 3)))], output=files / "md", format="md", lags=9
    )
    assert "What a trained network remembers" in made.path.read_text()
    assert made.data["runs"][0]["untrained"][0]["of"] == "h"
    with pytest.raises(sg.SymgateError, match="runs must be a list of runs"):
        sg.report(runs=[net], output=files / "no")  # type: ignore[list-item]  # on purpose
    with pytest.raises(sg.SymgateError, match="html or md"):
        sg.report(runs=[], output=files / "no", format="pdf")


def test_two_directions(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No cell, so no lags: how far the output in the middle sees, back and ahead."""
    both = gru("rnn.")
    np.savez(files / "b.npz", **both, **{f"{n}_reverse": 0.5 * a for n, a in both.items()})
    words = [str(files / "b.npz"), "--data", str(files / "x.npy")]
    assert main(["inspect", *words]) == 0
    shown = capsys.readouterr().out
    assert "steps back and" in shown
    assert "z1_reverse" in shown
    assert "both directions are merged by concat" in shown
    assert "one above the other" not in shown
    assert main(["report", "--model", *words, "-o", str(files / "two"), "--format", "md"]) == 0
    page = (files / "two/report.md").read_text()
    assert "Untrained, with weights as PyTorch draws them" in page
    assert "x.npy" in page
    data = json.loads((files / "two/data/report.json").read_text())["runs"][0]
    net = sg.model(files / "b.npz")
    x = np.load(files / "x.npy")
    true = sg.reach(net, x, at=30, norm="frobenius").log10_norm
    assert np.allclose(data["reach"]["log10_norm"], true)
    assert data["untrained"]["log10_norm"] != data["reach"]["log10_norm"]
    assert main(["decay", *words]) == 3
    assert "through both directions" in capsys.readouterr().err


def test_two_files(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with np.load(files / "m.npz") as arrays:
        np.savez(files / "same.npz", **{f"module.{n}": a for n, a in arrays.items()})
    np.savez(files / "other.npz", **gru())
    assert main(["inspect", str(files / "m.npz"), str(files / "same.npz")]) == 0
    assert "decoder and module.decoder hold the same weights" in capsys.readouterr().out
    assert main(["inspect", str(files / "m.npz"), str(files / "other.npz")]) == 1


def test_a_network_where_a_cell_is_taken(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    word, x = f"{files / 'm.npz'}#decoder", str(files / "x.npy")
    assert main(["show", word]) == 0
    assert main(["decay", word, "--data", x, "--lags", "30", "--json"]) == 0
    shown = capsys.readouterr().out
    found = json.loads(shown[shown.index("[\n") :])
    net = sg.model(files / "m.npz")["decoder"]
    run = net.simulate(np.load(x))
    assert isinstance(run, sg.Run)
    assert np.allclose(found[0]["median_log10"], sg.decay(run, lags=30).median, atol=1e-12)
    assert "decoder from" in found[0]["setting"]["averaged_over"]
    assert main(["lyapunov", word, "--data", x, "--count", "1"]) == 0
    with pytest.raises(SystemExit):
        main(["decay", word, "--data", x, "--hidden", "3"])
    assert "a trained network has its sizes" in capsys.readouterr().err
    assert main(["decay", word]) == 3
    assert "--data x.npy" in capsys.readouterr().err
    assert main(["memory", word, "--steps", "20", "--data", x]) == 0
    assert sg.memory(run, 20).sentence().partition(" from ")[0] in capsys.readouterr().out
    assert main(["sweep", word]) == 3
    assert "draws weights of its own" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["m.npz", "--layer", "decodr"], 3, "did you mean 'decoder'"),
        (["none.pt"], 3, "there is no file"),
        (["m.npz", "--data", "x.npy"], 3, "2 recurrent networks"),
        (["x.npy"], 3, "not a file of a trained network"),
        (["m.npz", "--layer", "decoder", "--data", "wide.npy"], 3, "x has 5 numbers a step"),
        (["m.npz", "--layer", "decoder", "--data", "lies.npy"], 3, "claims"),
        (["m.npz", "--say", "oder=1"], 3, "did you mean 'order'"),
        (["m.npz", "--outputs", "y.npy"], 2, "--outputs needs --data"),
    ],
)
def test_bad_input(
    words: list[str], code: int, why: str, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(files / "wide.npy", np.ones((9, 5)))
    whole = io.BytesIO()
    np.save(whole, np.ones((9, 3)))
    (files / "lies.npy").write_bytes(whole.getvalue()[:-40])
    named = [str(files / w) if "." in w else w for w in words]
    try:
        found = main(["inspect", *named])
    except SystemExit as end:
        found = int(str(end.code))
    assert found == code
    assert why in capsys.readouterr().err


@pytest.mark.parametrize(
    ("package_", "head"), [("h5py", b"\x89HDF\r\n\x1a\n"), ("onnx", b"\x08\x08:\x00")]
)
def test_without_the_extra(
    package_: str,
    head: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, package_, None)
    (tmp_path / "m").write_bytes(head + b"\0" * 50)
    assert main(["inspect", str(tmp_path / "m")]) == 4
    assert "pip install 'symgate[models]'" in capsys.readouterr().err


def test_weights_in_the_wrong_place(files: Path) -> None:
    with pytest.raises(sg.ShapeError, match=r"nn\.GRU is gru-reset-after"):
        sg.simulate(sg.cell("gru"), gru(""), np.ones((5, 3)))
    params = sg.model(gru("")).layers[0].params
    with pytest.raises(sg.ShapeError, match="parameters of gru-reset-after"):
        sg.simulate(sg.cell("gru"), params, np.ones((5, 3)))
    with pytest.raises(sg.SymgateError, match=r"sg\.model\(path\)"):
        sg.load(files / "m.npz")
    assert sg.cell("torch-gru") == sg.cell("keras-gru") == sg.cell("gru-reset-after")
    assert sg.cell("torch-lstm") == sg.cell("lstm")


def test_arrays_of_frameworks_are_taken() -> None:
    torch, jax = package("torch"), package("jax")
    cell = sg.cell("gru")
    params = sg.init(cell, hidden=4, input=2)
    x = RNG.normal(size=(6, 2))
    true = sg.simulate(cell, params, x)["h"]
    tensors = {n: torch.tensor(a, requires_grad=True) for n, a in params.items()}
    assert np.array_equal(sg.simulate(cell, tensors, torch.tensor(x))["h"], true)
    arrays = {n: jax.numpy.asarray(a, dtype="float32") for n, a in params.items()}
    assert np.allclose(sg.simulate(cell, arrays, x)["h"], true, atol=1e-5)
    narrow = {n: t.detach().bfloat16() for n, t in tensors.items()}
    assert np.allclose(sg.simulate(cell, narrow, x)["h"], true, atol=0.05)


def test_a_run_of_a_network_brings_its_weights(files: Path) -> None:
    net = sg.model(files / "m.npz")["decoder"]
    run = net.simulate(np.load(files / "x.npy"))
    assert isinstance(run, sg.Run)
    found = sg.fixed_points(run, starts=8)
    assert any("mean over the run" in note for note in found.notes)
    plain = sg.fixed_points(run.cell, run.params, run["x"].mean(axis=0), starts=8)
    assert len(found) == len(plain) > 0
    assert np.allclose(found[0].state["h"], plain[0].state["h"])
    kept = sg.memory(run, steps=20)
    assert "decoder from" in kept.sentence()
    opened = {**run.params, "b_z": np.full(4, kept.value)}
    true = sg.decay(sg.simulate(run.cell, opened, run["x"]), lags=60)
    assert np.array_equal(kept.drawn.log10_norm, true.log10_norm)
    for wrong in (
        lambda: sg.fixed_points(run, run.params),
        lambda: sg.fixed_points(run, hidden=3),
        lambda: sg.memory(run, 20, hidden=3),
    ):
        with pytest.raises(sg.SymgateError):
            wrong()


def test_tensors_with_more_samples_than_steps_are_warned_about() -> None:
    torch = package("torch")
    params = sg.init("gru", hidden=4, input=2)
    x = torch.zeros(3, 5, 2, dtype=torch.float64)
    for given in (x, x.numpy()):
        with pytest.warns(UserWarning, match=r"3 steps of 5 samples.*batch_first"):
            sg.simulate("gru", params, given)
        assert sg.simulate("gru", params, given, batch_first=False).steps == 3
        assert sg.simulate("gru", params, given, batch_first=True).steps == 5
        sg.simulate("gru", params, given.swapaxes(0, 1))
    net = sg.model(torch.nn.GRU(2, 4).state_dict())
    with pytest.warns(UserWarning, match="3 steps of 5 samples"):
        net.simulate(x)


def test_commands_on_several_sequences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """decay without --lags, and one Lyapunov spectrum a sequence."""
    rng = np.random.default_rng(0)
    weights = {"weight_ih_l0": (12, 2), "weight_hh_l0": (12, 3)}
    np.savez(tmp_path / "m.npz", **{n: rng.normal(size=s) for n, s in weights.items()})
    np.save(tmp_path / "x.npy", rng.normal(size=(2, 40, 2)))
    for command in ("decay", "lyapunov"):
        words = [command, f"{tmp_path}/m.npz", "--data", f"{tmp_path}/x.npy", "--batch-first"]
        assert main(words) == 0
    assert " to " in capsys.readouterr().out


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_outputs_that_are_no_numbers_are_refused_with_their_place(value: float) -> None:
    rng = np.random.default_rng(0)
    sizes = {"weight_ih": (8, 3), "weight_hh": (8, 2)}
    net = sg.model({name: rng.normal(size=size) for name, size in sizes.items()}, order="i f g o")
    x = rng.normal(size=(5, 3))
    y = net.simulate(x)["h"].copy()
    y[3, 1] = value
    with pytest.raises(sg.SymgateError, match=r"y\[3, 1\] is (nan|inf); expected finite numbers"):
        net.check(x, y)


def test_the_exponents_are_those_of_the_run_also_of_two_inputs() -> None:
    cell = sg.Cell.from_text("h[t] = tanh(W @ x[t] + V @ u[t] + U @ h[t-1])")
    params, rng = sg.init(cell, 3, 2), np.random.default_rng(0)
    x = {name: rng.normal(size=(40, 2, params[w].shape[1])) for name, w in (("x", "W"), ("u", "V"))}
    run = sg.simulate(cell, params, x)
    found = inspected(run, 5).exponents
    np.testing.assert_allclose(found, sg.lyapunov(run).exponents[0])
