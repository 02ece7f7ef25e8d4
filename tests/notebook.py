"""Runs a notebook in IPython, and writes what it shows as a page, as Jupyter lays it out.

    python -m tests.notebook analysis/tour.ipynb page.html

It is a process of its own, so that the settings of a shell reach no other test. It ends with
the first cell that fails.
"""

from __future__ import annotations

import base64
import json
import sys
from html import escape
from pathlib import Path
from typing import Any, ClassVar

from IPython.core.displayhook import DisplayHook
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets import Type

from symgate.writing.mathml import mathml

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>notebook</title><style>
:root {{ color-scheme: light dark; }}
body {{ font: 14px/1.4 sans-serif; max-width: 60rem; margin: 1rem auto; }}
body {{ background: light-dark(#fff, #111); color: light-dark(#222, #ddd); }}
pre.in {{ background: light-dark(#f5f5f5, #222); padding: .5em; }}
pre {{ white-space: pre-wrap; }}
td, th {{ text-align: right; padding: .3em .6em; }}
</style></head><body>{cells}</body></html>"""


def shown(data: dict[str, Any]) -> str:
    """An output in the richest of its forms."""
    if "text/html" in data:
        return str(data["text/html"])
    if "image/svg+xml" in data:
        return str(data["image/svg+xml"])
    if "image/png" in data:
        png = data["image/png"]
        text = png if isinstance(png, str) else base64.b64encode(png).decode()
        return f'<img alt="a picture" src="data:image/png;base64,{text}">'
    if "text/latex" in data:
        return str(mathml(str(data["text/latex"]).strip("$"), display=True))
    return f"<pre>{escape(str(data.get('text/plain', '')))}</pre>"


class Hook(DisplayHook):  # type: ignore[misc]
    """Keeps the value of a cell in all its forms."""

    kept: ClassVar[list[dict[str, Any]]] = []

    def write_output_prompt(self) -> None:
        """There is no prompt."""

    def write_format_data(self, format_dict: dict[str, Any], md_dict: Any = None) -> None:
        self.kept.append(format_dict)

    def finish_displayhook(self) -> None:
        """There is no line to end."""


class Shell(InteractiveShell):  # type: ignore[misc]
    """A shell without a terminal, whose figures are shown as in a notebook."""

    displayhook_class = Type(Hook)

    def enable_gui(self, gui: Any = None) -> None:
        """There is no window."""


def main(notebook: str, page: str) -> int:
    shell = Shell.instance()
    out = []
    for cell in json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        with capture_output() as found:
            result = shell.run_cell(source, store_history=True)
            if not result.success:
                raise SystemExit(f"{source}\n{result.error_before_exec or result.error_in_exec}")
        shows = [*map(shown, Hook.kept), *(shown(o.data) for o in found.outputs)]
        Hook.kept.clear()
        if found.stdout.strip():
            shows.insert(0, f"<pre>{escape(found.stdout)}</pre>")
        out.append(f'<pre class="in">{escape(source)}</pre><div>{"".join(shows)}</div>')
        if found.stderr.strip():
            raise SystemExit(f"{source}\nwrote to standard error: {found.stderr}")
    Path(page).write_text(PAGE.format(cells="\n".join(out)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
