"""The notebook of the examples: its 30 cells run, and its page shows what it should."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import browser

NOTEBOOK = Path(__file__).parents[1] / "analysis" / "tour.ipynb"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the notebook, run with any warning as an error."""
    made = tmp_path_factory.mktemp("notebook") / "page.html"
    words = [sys.executable, "-W", "error", "-m", "tests.notebook", str(NOTEBOOK), str(made)]
    done = subprocess.run(
        words, cwd=NOTEBOOK.parents[1], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    return made


def test_it_has_thirty_cells_and_no_output_of_its_own() -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    assert len(cells) == 30
    assert not any(cell["outputs"] or cell["execution_count"] for cell in cells)


@pytest.mark.parametrize("dark", [False, True])
def test_the_page_shows_tables_formulas_and_pictures(page: Path, dark: bool) -> None:
    with browser.open(page, width=900, dark=dark) as shown:
        assert (shown.errors, shown.requests) == ([], [])
        apart = shown.evaluate(
            "[...document.querySelectorAll('mtable[displaystyle=true]')].filter(table => new Set("
            "[...table.children].map(row => row.children[1]?.firstElementChild)"
            ".filter(sign => sign?.textContent === '=')"
            ".map(sign => Math.round(sign.getBoundingClientRect().x))).size > 1).length"
        )
        assert apart == 0  # the = signs of a formula line up
        for what, least in {"table": 15, "math": 60, "img": 4, "svg": 1}.items():
            assert shown.evaluate(f"document.querySelectorAll('{what}').length") >= least
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert shown.evaluate(wide) <= 0
        black = "getComputedStyle(document.querySelector('td')).color"
        assert (shown.evaluate(black) == "rgb(221, 221, 221)") is dark
        blank = "[...document.querySelectorAll('img')].filter(i => i.naturalWidth < 100).length"
        assert shown.evaluate(blank) == 0
