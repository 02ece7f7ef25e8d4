"""The report: what stands on the page is what stands in the data, and a failure harms nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
from matplotlib.figure import Figure

import symgate as sg
from symgate.cli.main import main
from symgate.decaying.workers import START
from symgate.files import write_file
from symgate.judging.verbs import work
from symgate.plots.style import rendered, svg
from symgate.reporting import homework, measuring, pieces, report, texts
from symgate.reporting.findings import NUMBER_FORMATS
from symgate.reporting.report import Report
from tests import browser
from tests.tools import axe, needs

ROOT = Path(__file__).parent.parent
KEPT = ROOT / "reports" / "sample"
SMALL: dict[str, Any] = {"hidden": 6, "lags": 40, "long": 60, "networks": 2}

Page = Element


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The default report, with the published results of the repository beside it. Its pictures
    are drawn for the page alone; the files of a picture are looked at elsewhere."""
    folder = tmp_path_factory.mktemp("report")
    shutil.copytree(KEPT / "published", folder / "published")
    beside = {form: rendered(Figure(), form) for form in measuring.IMAGE_FORMATS}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measuring, "every_form", lambda *given: (svg(*given), beside))
        return sg.report(output=folder)


@pytest.fixture(scope="module")
def page(made: Report) -> Page:
    return parsed(made.path)


def parsed(path: Path) -> Page:
    """The page, strictly: any fault of its HTML is an error."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    found: Page = parser.parse(path.read_text(encoding="utf-8"))
    return found


def text(element: Page, without: tuple[str, ...] = ()) -> str:
    """The text of an element, leaving some elements out."""
    out = [element.text or ""]
    for child in element:
        if str(child.tag).split("}")[-1] not in without:
            out.append(text(child, without))
        out.append(child.tail or "")
    return "".join(out)


def value(data: Any, key: str) -> Any:
    for part in key.split("/"):
        data = data[int(part)] if isinstance(data, list) else data[part]
    return data


# -- the numbers --------------------------------------------------------------------------------


def test_every_number_of_the_page_is_one_of_the_data(made: Report, page: Page) -> None:
    data = json.loads(made.path.with_name("data").joinpath("report.json").read_text())
    found = list(page.iter("data"))
    assert len(found) > 100
    for element in found:
        number = value(data, element.get("data-key", ""))
        assert json.loads(element.get("value", "")) == number
        assert text(element) == NUMBER_FORMATS[element.get("data-form", "")](number)


def test_no_number_stands_in_a_sentence_of_the_answer_or_a_table_by_itself(page: Page) -> None:
    beside = ("data", "math", "code", "a")
    leads = [e for e in page.iter("p") if e.get("class") == "lead"]
    cells = [e for e in page.iter("td") if e.get("class") == "n"]
    assert len(leads) == 2
    assert len(cells) > 30
    for element in (*leads, *cells):
        assert not re.search(r"\d", text(element, beside)), text(element)


def test_the_curves_beside_the_page_are_those_of_the_table(made: Report) -> None:
    for slug, cell in made.data["cells"].items():
        d = sg.load(made.path.parent / "data" / f"{slug}.npz")
        assert d.rate == pytest.approx(cell["rate"], rel=1e-12)
        assert float(d.median[-1]) == pytest.approx(cell["last_log10"], rel=1e-12)
        table = (made.path.parent / "data" / f"{slug}.csv").read_text().splitlines()
        assert len(table) == made.data["settings"]["lags"] + 2
        assert float(table[-1].split(",")[2]) == pytest.approx(cell["last_log10"], rel=1e-12)


def test_the_slowest_gradient_stands_first(made: Report, page: Page) -> None:
    table = next(e for e in page.iter("table"))
    names = [text(row).strip() for row in table.iter("th") if row.get("scope") == "row"]
    rates = {c["name"]: c["rate"] for c in made.data["cells"].values()}
    assert names == sorted(rates, key=lambda name: -rates[name])


def test_work_is_the_multiplications_of_the_matrices() -> None:
    n, m = sg.cell("lstm").sizes["n"], sg.cell("lstm").sizes["m"]
    assert work(sg.cell("lstm")) == 4 * n**2 + 4 * n * m
    assert work(sg.cell("lstm-concat")) == 4 * n**2 + 4 * n * m
    assert work(sg.cell("gru")) == 3 * n**2 + 3 * n * m
    assert work(sg.cell("indrnn")) == n * m
    assert work(sg.cell("antisymmetric-rnn-gated")) == n**2 + 2 * n * m  # one is read twice


def test_a_misprint_says_what_follows_from_it() -> None:
    notes = texts.notes()[0]["notes"]
    (misprint,) = [m for note in notes for cell in note["cells"] for m in cell["misprints"]]
    found = misprint["consequence"]
    assert found["ranges"] == {"h": ["[-oo, oo]", "[-1, 1]"]}
    assert all(r"\frac{\partial h_t}" in jacobian for jacobian in found["jacobians"])
    printed, meant = found["decays"][-1]["last_log10"]
    assert printed > meant + 6  # what nothing squashes grows


# -- the report of the repository ---------------------------------------------------------------


#: What differs from run to run: measured times.
TIMES = ("seconds",)


def test_the_data_of_the_repository_are_these(made: Report) -> None:
    """Made again, every number is the same within rounding."""
    kept = json.loads((KEPT / "data" / "report.json").read_text(encoding="utf-8"))
    again = json.loads((made.path.parent / "data" / "report.json").read_text(encoding="utf-8"))
    assert same(kept, again, "") == []


def same(one: Any, other: Any, where: str) -> list[str]:
    """Where two structures part by more than rounding."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return [w for k in one if k not in TIMES for w in same(one[k], other[k], f"{where}/{k}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [w for i, (a, b) in enumerate(zip(one, other, strict=True))
                for w in same(a, b, f"{where}/{i}")]  # fmt: skip
    if isinstance(one, float) and isinstance(other, float):
        return [] if one == pytest.approx(other, rel=1e-5, abs=1e-8) else [where]
    if isinstance(one, str) and isinstance(other, str) and one != other:
        return [] if alike(one, other) else [f"{where}: {one!r}, {other!r}"]
    return [] if one == other else [f"{where}: {one!r}, {other!r}"]


NUMBER = re.compile(r"[-−]?\d[\d,]*(?:\.\d+)?")


LOWERED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def alike(one: str, other: str) -> bool:
    """The same words, and numbers that differ by rounding only."""
    one, other = one.translate(LOWERED), other.translate(LOWERED)
    if NUMBER.split(one) != NUMBER.split(other):
        return False
    pairs = zip(NUMBER.findall(one), NUMBER.findall(other), strict=True)
    return all(float(plain(a)) == pytest.approx(float(plain(b)), rel=0.02) for a, b in pairs)


def plain(number: str) -> str:
    return number.replace(",", "").replace("−", "-")


def test_the_page_of_the_repository_says_the_same(made: Report, page: Page) -> None:
    kept = parsed(KEPT / "index.html")
    formulas = [[text(e) for e in p.iter("code")] for p in (kept, page)]
    assert [f for f in formulas[0] if "\\" in f] == [f for f in formulas[1] if "\\" in f]
    for name in ("p", "li", "td", "th", "figcaption", "h2", "h3", "summary"):
        said = [[text(e) for e in p.iter(name)] for p in (kept, page)]
        assert len(said[0]) == len(said[1]), name
        parted = [(a, b) for a, b in zip(*said, strict=True) if not alike(a, b)]
        assert not parted


# -- the page -----------------------------------------------------------------------------------


def test_every_link_leads_somewhere(made: Report, page: Page) -> None:
    places = {e.get("id") for e in page.iter() if e.get("id")}
    ids = [e.get("id") for e in page.iter() if e.get("id")]
    assert len(ids) == len(places)
    for link in page.iter("a"):
        target = link.get("href", "")
        if target.startswith("#"):
            assert target[1:] in places, target
        else:
            assert (made.path.parent / target).is_file(), target


def test_a_browser_shows_it_whole(made: Report) -> None:
    with browser.open(made.path, width=1440) as shown:
        assert shown.requests == []
        assert shown.evaluate("document.querySelectorAll('math').length") > 100
        hidden = (
            "document.querySelectorAll('details').forEach(d => d.open = true);"
            "[...document.querySelectorAll('math')].filter(m => m.getBoundingClientRect().width "
            "< 2 || m.getBoundingClientRect().height < 2).map(m => m.outerHTML)"
        )
        assert shown.evaluate(hidden) == []
        assert shown.evaluate("document.querySelectorAll('merror').length") == 0
        for width in (375, 768, 1440):
            shown.resize(width)
            wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert shown.evaluate(wide) <= 0, width
        assert shown.errors == []


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(made: Report, dark: bool) -> None:
    rules = axe().read_text(encoding="utf-8")
    with browser.open(made.path, width=375 if dark else 1280, dark=dark) as shown:
        shown.evaluate(rules + ";true")
        folds = "[...document.querySelectorAll('details.fold')].slice(0, 2)"  # all are alike
        shown.evaluate(f"{folds}.forEach(d => d.open = true)")
        rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
        asked = ["color-contrast"] if dark else rules  # colours are all that differs in the dark
        run = (
            f"axe.run(document, {{runOnly: {asked}}})"
            ".then(r => r.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html + "
            "' ' + n.failureSummary).join(' | ')))"
        )
        assert shown.evaluate(run) == []


def test_on_paper_open_folds_and_all_proofs_are_there(made: Report) -> None:
    """A closed derivation stays closed, an open one is printed; nothing is cut off."""
    with browser.open(made.path, width=720) as shown:
        shown.evaluate("document.querySelector('details.fold').open = true")
        shown.printing()
        seen = (
            "[...document.querySelectorAll('{}')].map(e => e.checkVisibility("
            "{{contentVisibilityAuto: true}}) && e.getBoundingClientRect().height > 2)"
        )
        assert all(shown.evaluate(seen.format(".claim math")))
        first, *others = shown.evaluate(seen.format("details.fold > .derivation"))
        assert first
        assert not any(others)
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert shown.evaluate(wide) <= 0


def test_it_is_small(made: Report) -> None:
    assert made.path.stat().st_size < 2_000_000
    shown = made.path.read_text(encoding="utf-8")
    assert "<script" not in shown
    assert re.search(r" (src|href)=\"(?!#|figures/|data/|derivations/|published/)", shown) is None


@pytest.mark.parametrize(("form", "page"), [("md", "report.md"), ("tex", "report.tex")])
def test_other_formats_say_the_same(made: Report, tmp_path: Path, form: str, page: str) -> None:
    found = sg.report(output=made.path.parent, format=form)
    assert found.path.name == page
    shown = found.path.read_text(encoding="utf-8")
    for cell in made.data["cells"].values():
        assert cell["title"] in shown
        assert NUMBER_FORMATS["steps"](cell["half_life"]) in shown
    for claim in made.data["claims"]["claims"]:
        assert claim["verdict"] in shown


def test_the_pdf(made: Report) -> None:
    needs("pdflatex")
    found = sg.report(output=made.path.parent, format="pdf")
    assert found.path.read_bytes().startswith(b"%PDF")


# -- runs ---------------------------------------------------------------------------------------


def test_a_second_run_computes_nothing(made: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    before = made.path.read_bytes()

    def never(*_: Any) -> Any:
        raise AssertionError("computed again")

    for name in ("of_cell", "remembering", "long_curve", "answer"):
        monkeypatch.setattr(measuring, name, never)
    assert sg.report(output=made.path.parent).path.read_bytes() == before


def test_a_piece_that_was_changed_is_made_again(tmp_path: Path) -> None:
    store = pieces.Store(tmp_path)
    piece = store.keep({"of": "x"}, ({"a": 1}, {"inline/x.svg": b"<svg></svg>"}))
    assert store.found({"of": "x"}) == piece
    piece.path("inline/x.svg").write_bytes(b"<svg><script>alert(1)</script></svg>")
    assert store.found({"of": "x"}) is None
    with pytest.raises(AssertionError):
        store.keep({"of": "y"}, ({}, {"inline/x.svg": b"<svg onload=''></svg>"}))


@pytest.mark.usefixtures("no_pictures")
def test_an_interrupted_run_leaves_the_old_page_whole(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("old")

    def stop(title: str, done: int, total: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sg.report(["rnn"], tmp_path, progress=stop, **SMALL)
    assert (tmp_path / "index.html").read_text() == "old"
    assert {p.name for p in tmp_path.iterdir()} == {"index.html", ".pieces"}


def test_a_full_disk_leaves_the_old_page_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "index.html").write_text("old")
    sg_files: Mapping[str, bytes] = {"figures/a.svg": b"", "index.html": b"new"}
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.name == "index.html":
            raise OSError(28, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(sg.SymgateError, match="disk is full"):
        report.put(tmp_path, sg_files, "index.html")
    assert [p.name for p in tmp_path.iterdir()] == ["index.html"]
    assert (tmp_path / "index.html").read_text() == "old"


def test_a_list_of_files_cannot_name_others(tmp_path: Path) -> None:
    outside = write_file(tmp_path / "mine.txt", "keep")
    folder = tmp_path / "report"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "files.json").write_text(json.dumps(["../mine.txt", "data/../../mine.txt"]))
    report.put(folder, {"index.html": b"new"}, "index.html")
    assert outside.read_text() == "keep"


# -- bad input ----------------------------------------------------------------------------------


@pytest.fixture
def no_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the claims and the notes, which have tests of their own."""
    monkeypatch.setattr(texts, "claims", lambda: ({"claims": [], "counts": {}}, {}))
    monkeypatch.setattr(texts, "notes", lambda: ({"notes": []}, {}))


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without laying out the pictures, which other tests look at."""
    for room in (measuring, homework):
        monkeypatch.setattr(room, "drawn", lambda name, *_: {f"inline/{name}.svg": b"<svg/>"})


@pytest.mark.skipif(START != "fork", reason="the patches live in this process alone")
@pytest.mark.usefixtures("no_claims", "no_pictures")
def test_two_processes_write_the_same_bytes_though_one_dies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def written(name: str, jobs: int) -> dict[str, bytes]:
        folder = sg.report(["rnn"], tmp_path / name, jobs=jobs, **SMALL).path.parent
        shutil.rmtree(folder / ".pieces")
        files = (path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    monkeypatch.setattr(texts, "derivation", lambda *_: ({"holds": True}, {}))
    alone, live = written("one", 1), texts.live

    def dies_once(cells: Any) -> pieces.Made:
        try:
            (tmp_path / "died").touch(exist_ok=False)
        except FileExistsError:
            return live(cells)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    monkeypatch.setattr(texts, "live", dies_once)
    assert written("two", 2) == alone
    assert (tmp_path / "died").exists()


BLOWS_UP = "h[t] = 1e30 * h[t-1] * h[t-1] * h[t-1] + W @ x[t] + 3"


@pytest.mark.usefixtures("no_claims", "no_pictures")
def test_a_cell_that_cannot_be_simulated_has_a_section_that_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "up.cell").write_text(BLOWS_UP)
    words = [
        "report", "rnn", str(tmp_path / "up.cell"), "-o", str(tmp_path / "out"), "--hidden=4",
        "--lags=20", "--long=30", "--networks=1",
    ]  # fmt: skip
    assert main(words) == 1
    out, err = capsys.readouterr()
    assert out.strip() == str(tmp_path / "out" / "index.html")
    assert "up could not be simulated" in err
    shown = text(parsed(tmp_path / "out" / "index.html"))
    assert "It could not be simulated: " in shown
    assert "rnn" in shown


@pytest.mark.usefixtures("no_claims")
def test_a_gradient_that_is_exactly_zero_has_a_report(tmp_path: Path) -> None:
    dead = sg.Cell.from_text("h[t] = relu(U @ h[t-1] + W @ x[t] - 50)", name="dead")
    found = sg.report([dead], tmp_path, hidden=3, lags=10, long=20, networks=1)
    assert found.failed == {}
    shown = text(parsed(found.path))
    assert "is exactly zero in the end in dead" in shown
    assert found.data["cells"]["dead"]["last_log10"] is None


@pytest.mark.usefixtures("no_claims", "no_pictures")
def test_names_are_escaped_and_told_apart(tmp_path: Path) -> None:
    one = "h[t] = tanh(U @ h[t-1] + W @ x[t])"
    name = '<b onclick="x">&$#_{}'
    cells = [
        sg.Cell.from_text(one, name=name),
        sg.Cell.from_text(one.replace("tanh", "sigmoid"), name=name),
        sg.Cell.from_text(one, name=name),
    ]
    found = sg.report(cells, tmp_path, hidden=3, lags=10, long=20, networks=1)
    assert list(found.data["cells"]) == ["b-onclick-x", "b-onclick-x-2"]
    shown = parsed(found.path)
    assert not [e for e in shown.iter("b") if e.get("onclick")]
    titles = [text(e) for e in shown.iter("h3")]
    assert any(name in title for title in titles)
    assert any(f"{name} (2)" in title for title in titles)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["gruu"], 3, "did you mean 'gru'"),
        (["gru", "--format=doc"], 3, "the format 'doc' is not known"),
        (["gru", "--lags=0"], 3, "lags must be a whole number, 2 or more"),
        (["gru", "--hidden=100000"], 3, "hidden may be at most 1,024"),
        (["gru", "--notation=chu"], 3, "did you mean"),
        (["gru", "--scheme=he"], 3, "the scheme 'he' is not known"),
        (["gru", "--hidden=x"], 2, "'x' is not a whole number"),
        (["gru", "-o", "FILE"], 3, "it is a file"),
    ],
)
def test_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, said: str
) -> None:
    file = write_file(tmp_path / "file", "x")
    words = [str(file) if word == "FILE" else word for word in words]
    if "-o" not in words:
        words += ["-o", str(tmp_path / "out")]
    if code == 2:
        with pytest.raises(SystemExit, match="2"):
            main(["report", *words])
    else:
        assert main(["report", *words]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert "Traceback" not in err
    assert not (tmp_path / "out" / "index.html").exists()


def test_the_homework_on_the_page_has_one_slip_that_is_found(made: Report, page: Page) -> None:
    told = made.data["homework"]
    file = made.path.parent / "data" / "homework.tex"
    again = sg.check(told["cell"], file.read_text())
    assert [line["verdict"] for line in told["lines"]].count("wrong") == 1
    assert again.to_dict()["faults"] == told["faults"]
    figure = next(e for e in page.iter("figure") if e.get("id") == "figure-homework")
    assert told["faults"][0]["message"].split()[-1] in text(figure)
