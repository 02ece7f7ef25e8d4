"""Names, paths and documents in which something steers a terminal or turns the direction of
writing: no output holds it, in any format, and no message is longer than a screen."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symgate as sg
from symgate.cli.main import main
from symgate.plots.style import rendered

STEERS = (
    "\x1b[31m",
    "\x07",
    "\0",
    "\x9b2J",
    "\u202e",
    "\u2066",
    "\udc80",
    "\ud800",
    "\r",
    "\u2028",
)
HOSTILE = "a" + "b".join(STEERS)
TEXT = "f[t] = sigmoid(U_f @ h[t-1] + b_f)\nh[t] = f[t] * h[t-1] + tanh(W @ x[t] + U @ h[t-1])"
NOTE = r"$$h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \tanh(W x_t), z_t = \sigma(U h_{t-1})$$"
CLAIM = r"\frac{\partial h_t}{\partial h_{t-1}} = \operatorname{diag}(f_t) "


def cell() -> sg.Cell:
    return sg.Cell.from_text(TEXT, name=HOSTILE)


def network() -> sg.Network:
    w, u = np.ones((12, 2)), np.eye(12, 3)
    return sg.model({f"{HOSTILE}.weight_ih_l0": w, f"{HOSTILE}.weight_hh_l0": u})


def decay() -> sg.Decay:
    return sg.decay(cell(), hidden=2, input=2, lags=4, samples=1)


#: What carries the name or the text.
MADE: dict[str, Callable[[], Any]] = {
    "cell": cell,
    "title": lambda: sg.Cell.from_text(TEXT, name="a", title=HOSTILE),
    "diagram": lambda: sg.diagram(cell()),
    "derivation": lambda: sg.derive(cell(), sections=["cell", "step"]),
    "decay": decay,
    "sweep": lambda: sg.sweep(cell(), hidden=[2], input=2, lags=4, samples=1),
    "comparison": lambda: sg.compare(cell(), sg.Cell.from_text(TEXT, name="c" + HOSTILE)),
    "claim": lambda: sg.check(cell(), CLAIM + HOSTILE),
    "words in a claim": lambda: sg.check(cell(), rf"{CLAIM} + \text{{{HOSTILE}}}"),
    "exercises": lambda: sg.exercises([cell()], seed=1, count=1),
    "live page": lambda: sg.explore(cell()),
    "network": network,
    "layer": lambda: network().layers[0],
    "network's decay": lambda: sg.decay(network().simulate(np.ones((6, 2))), lags=3),
    "replay": lambda: network().check(np.ones((6, 2)), np.ones((6, 3))),
    "reading": lambda: sg.read(f"# {HOSTILE}\n\n{HOSTILE}\n\n{NOTE}\n\n{HOSTILE}"),
    "words in a formula": lambda: sg.read(NOTE.replace(r"\tanh", rf"\text{{{HOSTILE}}}\tanh")),
}
SHOWN = ("__str__", "__repr__", "latex", "tikz", "markdown", "html", "svg", "to_dict", "to_csv")
SHOWN += ("_repr_html_", "_repr_latex_", "_repr_svg_", "_repr_mimebundle_", "plot")
SAVED = (".txt", ".tex", ".md", ".html", ".svg", ".json", ".csv")


def outputs(made: Any, folder: Path) -> Iterator[tuple[str, str]]:
    """Every form in which a result is shown or saved as text."""
    for name in SHOWN:
        form = getattr(made, name, None)
        if form is not None:
            found = form() if callable(form) else form
            yield name, rendered(found, "svg").decode() if name == "plot" else "".join(texts(found))
    for ending in SAVED if hasattr(made, "save") and not isinstance(made, sg.Decay) else ():
        try:
            yield ending, made.save(folder / f"a{ending}").read_text(encoding="utf-8")
        except sg.SymgateError as error:  # a format that it has not
            yield ending, str(error)


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list | tuple):
        for each in value:
            yield from texts(each)
    elif isinstance(value, str):
        yield value


def steering(text: str) -> set[str]:
    """The characters that may not be there; function application and its like are formulas'."""
    kinds = {"Cc", "Cs", "Zl", "Zp", "Cf"}
    return {c for c in text if unicodedata.category(c) in kinds} - set("\n\t\u2061\u2062\u200b")


@pytest.mark.parametrize("what", MADE)
def test_no_output_steers(what: str, tmp_path: Path) -> None:
    made = MADE[what]()
    for each in made if isinstance(made, list | tuple) else [made]:
        for form, text in outputs(each, tmp_path):
            assert not steering(text), form


def test_no_command_steers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = HOSTILE.replace("\0", "").replace("\ud800", "")
    Path(f"{name}.cell").write_text(TEXT, encoding="utf-8")
    text = f"# {name}\n\n{NOTE}\n\n$${CLAIM}\\text{{{name}}}$$".encode("utf-8", "surrogateescape")
    Path(f"{name}.md").write_bytes(text)
    layer = "\x1b\x9b\u202e"
    arrays = {"weight_ih_l0": np.ones((12, 2)), "weight_hh_l0": np.eye(12, 3)}
    np.savez(f"{name}.npz", **{f"{layer}.{key}": value for key, value in arrays.items()})
    sizes = ["--hidden", "2", "--input", "2", "--lags", "3"]
    for words in (
        ["show", f"{name}.cell"],
        ["decay", f"{name}.cell", *sizes, "-o", f"{name}.svg"],
        ["decay", f"{name}.cell", *sizes, "--json"],
        ["diagram", f"{name}.cell", "-o", f"{name}.tex"],
        ["read", f"{name}.md"],
        ["read", f"{name}.md", "--json"],
        ["check", f"{name}.cell", f"{name}.md"],
        ["check", "gru", f"{name}.md", "--json"],
        ["inspect", f"{name}.npz"],
        ["derive", "rnn", "--title", name, "--author", name, "--sections", "cell"],
        ["derive", "rnn", "-o", f"no/{name}.tex"],
    ):
        main(words)
        said = capsys.readouterr()
        assert not steering(said.out + said.err), words
    for words in (["derive", "rnn", f"--{name}"], [name]):
        with pytest.raises(SystemExit):
            main(words)
        assert not steering(capsys.readouterr().err), words


@pytest.mark.parametrize("name", [HOSTILE, "x" * 5000])
def test_no_message_steers_or_fills_the_screen(name: str, tmp_path: Path) -> None:
    calls: list[Callable[[], Any]] = [
        *(lambda f=f: f(name) for f in (sg.cell, sg.load, sg.model, sg.stack, sg.explore)),
        lambda: sg.activation("own_of_this_test", f"a{name}"),
        lambda: sg.jacobian("rnn", of=name),
        lambda: sg.latex(sg.jacobian("rnn"), notation=name),
        lambda: sg.simulate("rnn", {name: 1}, np.ones((3, 2))),
        lambda: sg.init("rnn", 2, 2, bias={name: 1}),
        lambda: network()[f"{name}z"],
        lambda: getattr(sg.cell("rnn"), name),
        lambda: sg.Cell.from_text(TEXT.replace("U_f", name)),
        lambda: sg.read(Path(name)),
        lambda: decay().save(tmp_path / f"{name}.npz"),
    ]
    for call in calls:
        with pytest.raises((sg.SymgateError, AttributeError)) as found:
            call()
        assert not steering(str(found.value))
        assert len(str(found.value)) < 1500


def test_a_saved_curve_brings_no_steering_notes(tmp_path: Path) -> None:
    path = sg.decay("rnn", hidden=2, lags=3).save(tmp_path / "a.npz")
    arrays = dict(np.load(path))
    about = json.loads(str(arrays["about"]))
    for field, value in {"notes": ["\x1b[31m"], "of": "h\u202e"}.items():
        np.savez(path, **{**arrays, "about": np.array(json.dumps({**about, field: value}))})
        with pytest.raises(sg.SymgateError, match="not a whole file"):
            sg.load(path)
