"""`report`: the whole way from cells to a page, one call a step."""

from __future__ import annotations

import json
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from symgate.asked import asked
from symgate.equations.cell import Cell
from symgate.errors import SymgateError, UnknownName
from symgate.instead import tells
from symgate.models.running import BothWays
from symgate.numerics.run import Run
from symgate.reporting.assembling import Gathered, failed, gather
from symgate.reporting.chapters import CHAPTERS
from symgate.reporting.findings import Findings
from symgate.reporting.folder import opened, put
from symgate.reporting.pieces import Store
from symgate.reporting.settings import DEFAULT_CELLS, FORMATS, Settings, chosen
from symgate.writing import html, markdown, tex
from symgate.writing.pdf import write_pdf
from symgate.writing.tree import Link, Page, listed

#: Where a page lies in the folder, by its format.
PAGES = {"html": "index.html", "md": "report.md", "tex": "report.tex", "pdf": "report.tex"}

#: The folder of what is kept between runs.
KEPT = ".pieces"

Progress = Callable[[str, int, int], None]


@tells("a report")
@dataclass(frozen=True)
class Report:
    """A report that was written: its page, the data of the page, the cells that failed."""

    path: Path
    data: Mapping[str, Any]
    failed: Mapping[str, str]

    def __repr__(self) -> str:
        return f"<Report {self.path}{'; failed: ' * bool(self.failed)}{', '.join(self.failed)}>"

    def to_dict(self) -> dict[str, Any]:
        """The data of the page, with its path."""
        return {"path": str(self.path), "failed": dict(self.failed), **self.data}

    def open(self) -> Path:
        """Show the page in the web browser; gives its path, for where there is no browser."""
        webbrowser.open(self.path.resolve().as_uri())
        return self.path

    def _repr_html_(self) -> str:
        return html.FORMAT.link(Link(str(self.path), str(self.path)))


@asked()
def report(
    cells: Sequence[Cell | str] = DEFAULT_CELLS,
    output: str | Path = "reports",
    *,
    format: str = "html",
    progress: Progress | None = None,
    words: Sequence[str] | None = None,
    runs: Sequence[Run | BothWays] | None = None,
    jobs: int = 1,
    **given: Any,
) -> Report:
    """Write a report on cells, named or given, to a folder; with `runs` one on these runs of
    trained networks, each beside the same cell untrained.

    `given` are the settings: hidden, input, sizes, networks, samples, lags, scheme and
    seed as of `decay`, with 128 units and 1000 lags; notation; long, the steps of the long curve.
    What was computed before with the same settings is used again; `jobs` is the number of
    processes that compute the rest, for the same bytes.

    >>> import tempfile
    >>> import symgate as sg
    >>> run = sg.simulate("rnn", sg.init("rnn", hidden=4, input=1), [[0.5], [1.0], [0.0]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = report(runs=[run], output=folder)
    ...     made.path.name, len(made.data["runs"])
    ('index.html', 1)
    """
    if format not in FORMATS:
        raise UnknownName("the format", str(format), FORMATS)
    if runs is not None:
        with opened(output) as folder:
            return _on_runs(runs, folder, format, given)
    settings = chosen(cells, words, **given)
    with opened(output) as folder:
        return _on_cells(settings, folder, format, progress, jobs)


def _on_cells(
    settings: Settings, folder: Path, format: str, progress: Progress | None, jobs: int
) -> Report:
    store = Store(folder / KEPT)
    gathered = gather(settings, store, folder, progress or (lambda *_: None), jobs)
    page = page_of(gathered.findings)
    written = written_as(format, page, gathered)
    put(folder, {**gathered.files, PAGES[format]: written}, PAGES[format])
    path = folder / PAGES[format]
    if format == "pdf":
        pictures = {n: content for n, content in gathered.files.items() if n.endswith(".pdf")}
        path = write_pdf(written.decode(), path.with_suffix(".pdf"), pictures)
    store.prune()
    return Report(path, gathered.findings.data, failed(gathered.findings))


def _on_runs(
    runs: Sequence[Run | BothWays], folder: Path, format: str, given: Mapping[str, Any]
) -> Report:
    if format not in ("html", "md"):
        raise SymgateError(f"a report on runs is written as html or md, not {format}")
    for name in given:
        if name != "lags":
            raise SymgateError(f"{name} is for a report on cells; runs have been made already")
    networks = import_module("symgate.reporting.networks")  # with the pictures, only now
    page, made = networks.gathered(list(runs), given.get("lags"))
    written = written_as(format, page, made)
    data = json.dumps(made.findings.data, indent=1, ensure_ascii=False).encode()
    files = {**made.files, "data/report.json": data, PAGES[format]: written}
    put(folder, files, PAGES[format])
    return Report(folder / PAGES[format], made.findings.data, {})


def page_of(findings: Findings) -> Page:
    """The chapters, one below the other."""
    sections = tuple(s for chapter in CHAPTERS if (s := chapter(findings)) is not None)
    return Page(title_of(findings.settings), summary_of(findings.settings), sections)


def title_of(settings: Settings) -> str:
    """What the page is called."""
    cells = settings.cells
    told = "".join(listed([(cell.name,) for cell in cells]))
    told = told if len(cells) <= 4 else f"{len(cells)} recurrent cells"
    return f"What {told} {'does' if len(cells) == 1 else 'do'} to gradients"


def summary_of(settings: Settings) -> str:
    """The page in a sentence, for search engines and previews."""
    names = ", ".join(cell.name for cell in settings.cells)
    return (
        f"How the gradient decays over the lag in {names}: equations, exact "
        "Jacobians, measured curves, bounds, memory, and claims judged by computation."
    )


def written_as(format: str, page: Page, gathered: Gathered) -> bytes:
    """The page in one of the formats."""
    files = gathered.findings.files
    if format == "html":
        return html.page(page, files, gathered.inline.__getitem__).encode()
    return (markdown if format == "md" else tex).page(page, files).encode()
