"""The live page in Chromium, from a file: what it asks for, what it says, what moves it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symgate as sg
from symgate.cli.main import main
from symgate.errors import harmless
from tests import browser
from tests.tools import axe

MINE = "f[t] = sigmoid(U_f @ h[t-1] + b_f)\nh[t] = f[t] * h[t-1] + tanh(W @ x[t])"

#: A name that would leave the place where it stands, if it could.
HOSTILE = "</script><img src=x onerror=window.harmed=1>\u2028 'a'"

_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    mine = sg.Cell.from_text(MINE, name=HOSTILE)
    page = sg.explore("rnn", "lstm", "gru", "retnet", mine)
    return page.save(tmp_path_factory.mktemp("explore") / "page.html")


@pytest.fixture(scope="module")
def shown(path: Path) -> Any:
    with browser.open(path) as page:
        yield page


def slide(page: browser.Page, name: str, value: float) -> None:
    page.evaluate(
        f"(() => {{ const e = document.querySelector('input[name={name}]'); e.value = {value};"
        "e.dispatchEvent(new Event('input', { bubbles: true })); })()"
    )


def test_it_is_small_and_allows_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert path.stat().st_size < 150_000
    assert "default-src 'none'" in text
    assert "<img" not in text
    assert "http://" not in text.replace("http://www.w3.org/", "")
    assert text.count("<math") >= 5  # without JavaScript: the equations
    assert '<svg viewBox="0 0 720 320"' in text  # and a still picture


def test_the_curve_is_that_of_symgate(shown: browser.Page) -> None:
    for name, settings in (
        ("lstm", {"hidden": 8, "lags": 120, "bias": {"f": 1.5}}),
        ("retnet", {"hidden": 4, "lags": 120, "seed": 2}),
        (harmless(HOSTILE), {"hidden": 6, "lags": 120, "norm": "frobenius"}),
    ):
        cell = sg.cell(name) if name != harmless(HOSTILE) else sg.Cell.from_text(MINE)
        shown.evaluate(f"symgate.choose({json.dumps(name)}); symgate.set({json.dumps(settings)})")
        of, wrt, norm, curve, parameters, inputs = shown.evaluate(
            "(symgate.draw(), [symgate.of, symgate.wrt, symgate.norm, symgate.curve(),"
            " symgate.parameters(), symgate.inputs()])"
        )
        params = {parameter: np.array(value) for parameter, value in parameters.items()}
        x = {name: np.array(value) for name, value in inputs.items()}
        right = sg.lag_norms(sg.simulate(cell, params, x), of, wrt, 120, norm=norm).log10_norm
        assert np.max(np.abs(np.array(curve, float) - right)) < 1e-9
    assert shown.evaluate("symgate.frame()") > 0


def test_the_python_line_is_that_of_the_settings_of_now(shown: browser.Page) -> None:
    set_ = "symgate.set({hidden: 7, lags: 30, seed: 5, gain: 1.2, values: {b_f: 2}})"
    line, curve = shown.evaluate(
        f"(symgate.choose('lstm'), {set_}, [symgate.python(), symgate.curve()])"
    )
    *before, last = line.splitlines()
    names: dict[str, Any] = {}
    exec("\n".join(before), names)
    assert np.allclose(eval(last, names), np.array(curve, float), rtol=0, atol=1e-9)


def test_more_forgetting_keeps_more(shown: browser.Page) -> None:
    shown.evaluate("symgate.choose('lstm'); symgate.set({hidden: 16, lags: 60, values: {b_f: 0}})")
    found = []
    for value in (0, 1, 2, 3):
        slide(shown, "b_f", value)
        found.append(shown.evaluate("symgate.curve()[40]"))
    assert found == sorted(found)
    assert shown.evaluate("symgate.python()").endswith("d.log10_norm[:, 0]")
    assert '"f": 3' in shown.evaluate("symgate.python()")


def test_what_is_wrong_is_said(shown: browser.Page) -> None:
    notice = "document.getElementById('notice').textContent"
    shown.evaluate("symgate.choose('rnn'); symgate.set({hidden: 1000, lags: 10})")
    assert "128, not 1000" in shown.evaluate(notice)
    shown.evaluate("symgate.set({hidden: 8}); symgate.type('h[t] = U @ h[t-1] * 1e90 + b')")
    shown.evaluate("symgate.draw()")
    assert "overflows at step" in shown.evaluate("document.getElementById('story').textContent")
    assert shown.evaluate("document.getElementById('chart').children.length") == 0
    shown.evaluate("symgate.type('h[t] = tanh(U @ h[t-1])'); symgate.draw()")
    shown.until("document.querySelectorAll('#shares button').length")
    shown.evaluate("symgate.type('h[t] = U @ h[t-1] * 1e90 + b'); symgate.draw()")
    shown.evaluate("symgate.type('h[t] = tanh(U @ h[t-1])'); symgate.draw()")
    shown.until("document.querySelectorAll('#shares button').length")
    shown.evaluate("symgate.type('h[t] = h[t-1] + sqrt(h[t-1])'); symgate.draw()")
    assert "The gradient overflows" in shown.evaluate(
        "document.getElementById('story').textContent"
    )
    with pytest.raises(RuntimeError, match="a number must lie between"):
        shown.evaluate("symgate.type('h[t] = tanh(U @ h[t-1] + 1e400)')")
    with pytest.raises(RuntimeError, match=r"(?s)line 1, column 12: '\(' is never closed.*\^"):
        shown.evaluate("symgate.type('h[t] = tanh(U @ h[t-1] + b')")
    with pytest.raises(RuntimeError, match="there is no setting units"):
        shown.evaluate("symgate.set({units: 3})")
    shown.evaluate("symgate.choose('gru'); symgate.draw()")
    assert len(shown.evaluate("symgate.curve()")) == 201


def test_a_parameter_may_be_called_as_anything_is(shown: browser.Page) -> None:
    for name in ("gain", "scale", "seed", "constructor"):
        shown.evaluate(f"symgate.type('h[t] = tanh(U @ h[t-1] + {name})')")
        slide(shown, f"{name}][id^=value", 3)
        settings = shown.evaluate("(symgate.draw(), symgate.settings)")
        assert settings["values"] == {name: 3}
        assert (settings["gain"], settings["scale"], settings["seed"]) == (1, 1, 0)
        assert f'"{name}": 3' in shown.evaluate("symgate.python()")
    assert shown.errors == []


def test_a_guess_needs_no_curve_and_shows_none(shown: browser.Page) -> None:
    def click(name: str) -> None:
        shown.evaluate(f"document.getElementById({name!r}).click()")

    shown.evaluate("symgate.choose('lstm'); symgate.draw()")
    click("predict")
    assert "·" not in shown.evaluate("document.getElementById('lag').ariaValueText ?? ''")
    assert shown.evaluate("document.getElementById('numbers').offsetParent === null")
    shown.evaluate("symgate.choose('gru'); symgate.draw()")
    click("reveal")
    assert shown.evaluate("document.getElementById('verdict').textContent") != ""
    shown.evaluate("symgate.type('h[t] = U @ h[t-1] * 1e90 + b'); symgate.draw()")
    for name in ("predict", "reveal", "save-csv", "projector", "projector"):
        click(name)
    shown.evaluate("symgate.choose('gru'); symgate.draw()")
    assert shown.errors == []


def test_a_typed_cell_is_typeset_and_drawn(shown: browser.Page) -> None:
    shown.evaluate(f"symgate.type({json.dumps(MINE)}); symgate.draw()")
    terms = "[...document.querySelectorAll('#jacobian .term')].map(e => e.dataset.path)"
    assert shown.evaluate(terms) == ["f", "carry"]
    assert shown.evaluate("document.querySelectorAll('#diagram rect').length") == 4
    shown.evaluate("symgate.type('h[t] = softmax(U @ h[t-1])')")
    assert shown.evaluate(terms) == []  # and no formula that is not exact


def test_light_and_dark_go_by_the_system_until_a_reader_turns_them(shown: browser.Page) -> None:
    page = "getComputedStyle(document.documentElement).backgroundColor"
    shown.dark(False)
    shown.until("matchMedia('(prefers-color-scheme: light)').matches")
    light = shown.evaluate(page)
    shown.evaluate("document.getElementById('theme').click()")
    dark = shown.evaluate(page)
    shown.evaluate("document.getElementById('theme').click()")
    assert shown.evaluate(page) == light != dark
    shown.dark(True)
    shown.until(f"{page} === {json.dumps(dark)}")
    shown.dark(False)


def test_it_asks_for_nothing_and_fits_every_width(shown: browser.Page) -> None:
    shown.evaluate("symgate.choose('lstm'); symgate.draw()")
    shown.until("document.querySelectorAll('#shares button').length")  # they come from the worker
    for width in (375, 768, 1280, 1920):
        shown.resize(width)
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
    rules = axe().read_text(encoding="utf-8")
    shown.evaluate(rules + ";true")
    for dark in (False, True):
        shown.dark(dark)
        faults = shown.evaluate(
            f"axe.run(document, {{runOnly: {_RULES}}})"
            ".then(r => r.violations.map(v => v.id + ': ' + v.nodes[0].html))"
        )
        assert faults == []
    assert shown.evaluate("window.harmed === undefined")
    assert (shown.requests, shown.errors) == ([], [])


def test_a_bookmark_is_a_view(path: Path) -> None:
    address = "#v=0&cell=gru&hidden=12&lags=50&p.b_z=2.5&k=7&seed=nonsense&of=nothing&scale="
    with browser.open(path, at=address) as page:
        assert page.evaluate("symgate.cell") == "gru"
        settings = page.evaluate("symgate.settings")
        assert (settings["hidden"], settings["lags"], settings["values"]) == (12, 50, {"b_z": 2.5})
        assert (settings["scale"], settings["tMax"]) == (1, 200)
        assert "another version" in page.evaluate("document.getElementById('notice').textContent")
        page.evaluate("location.hash = '#cell=rnn&hidden=9'")
        page.until("symgate.cell === 'rnn' && symgate.settings.hidden === 9")
        page.evaluate("symgate.choose('gru'); symgate.set({scheme: 'chrono', tMax: 50})")
        page.until("location.hash.includes('tMax=50')")
        page.evaluate("symgate.set({gain: 2.5, scheme: 'orthogonal'}); symgate.choose('lstm')")
        page.evaluate("symgate.set({gain: 2.5, lags: 50, values: {b_f: 1}})")
        page.evaluate("location.hash = '#v=1&cell=lstm&hidden=16&theme=dark&projector=1'")
        page.until("symgate.cell === 'lstm' && symgate.settings.hidden === 16")
        settings = page.evaluate("symgate.settings")  # the rest as a page begins
        assert (settings["gain"], settings["lags"], settings["values"]) == (1, 200, {})
        assert page.evaluate("THEME.dark && document.documentElement.className") == "big"
        assert page.evaluate("PAGE.address().includes('theme=dark&projector=1')")
        assert page.errors == []


def test_without_a_worker_it_makes_the_shares_itself(shown: browser.Page) -> None:
    shown.evaluate("PAGE.held = PAGE.worker, PAGE.worker = null, symgate.choose('gru')")
    shown.evaluate("symgate.set({hidden: 4, lags: 20})")
    shown.until("PAGE.last?.rest < 0 && PAGE.last.shares.length === 20")
    shown.evaluate("PAGE.worker = PAGE.held, document.getElementById('play').click()")
    assert shown.evaluate("document.getElementById('play').textContent") in ("Stop", "Next step")
    shown.evaluate("symgate.choose('lstm')")
    assert shown.evaluate("document.getElementById('play').textContent") != "Stop"
    shown.evaluate("document.getElementById('set-hidden').value = ''")
    shown.evaluate("document.getElementById('set-hidden').dispatchEvent(new Event('change'))")
    assert "1 to 128 belongs here" in shown.evaluate(
        "document.getElementById('notice').textContent"
    )
    assert shown.errors == []


def test_a_file_called_typed_is_not_the_typed_cell(tmp_path: Path) -> None:
    mine = sg.Cell.from_text(MINE, name="typed")
    with browser.open(sg.explore(mine).save(tmp_path / "page.html")) as page:
        page.evaluate(
            "symgate.type('a_very_long_gate[t] = sigmoid(U @ h[t-1] * 1e90)"
            "\\nh[t] = a_very_long_gate[t] * h[t-1]')"
        )
        assert page.evaluate("symgate.cells") == ["typed", "typed here"]
        assert "<mn>10</mn>" in page.evaluate("document.getElementById('equations').innerHTML")
        assert "…" in page.evaluate("document.querySelector('#diagram').textContent")
        assert page.errors == []


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "mine.cell"
    mine.write_text(MINE)
    page = tmp_path / "page.html"
    assert main(["explore", "gru", str(mine), "-o", str(page)]) == 0
    assert "<title>Live gradients: gru, mine</title>" in page.read_text(encoding="utf-8")
    assert main(["explore", "gru", "-o", str(tmp_path / "page.pdf")]) == 3
    assert main(["explore", "gru", "gru", "-o", str(page)]) == 3
    assert "two cells are called 'gru'" in capsys.readouterr().err


def test_a_notebook_shows_the_page_in_a_frame() -> None:
    shown = sg.explore(sg.Cell.from_text(MINE, name=HOSTILE))._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert "<script" not in shown
    assert "<img" not in shown
