"""The file of a live page put together from the scripts and styles beside this module.

The scripts and what they are told of the cells are packed, and unpacked by the page. What comes
from a cell is escaped for where it stands; the policy in the page's head lets it
run its own scripts, by their hashes, and ask for nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from symgate import __version__
from symgate.drawing.palette import ON_DARK
from symgate.equations.cell import Cell
from symgate.exploring.describing import description, still_curve
from symgate.exploring.functions import functions_text
from symgate.exploring.still import still_picture
from symgate.writing.format import environment
from symgate.writing.html import FORMAT

FILES = Path(__file__).parent / "parts"

#: What the worker runs as well as the page, in this order.
ENGINE = (
    "kernel",
    "drawing",
    "language",
    "names",
    "sizes",
    "adjoints",
    "compiler",
    "engine",
    "pulling",
    "lesson",
)
PAGE = (
    *("theme", "typeset", "derivative", "plain", "chart", "story", "controls"),
    *("seeing", "guessing", "taking", "app", "scripting"),
)

#: What stands around the places of the template.
SIGNS = {
    "variable_start_string": "<!--{",
    "variable_end_string": "}-->",
    "block_start_string": "<!--%",
    "block_end_string": "%-->",
    "comment_start_string": "<!--#",
    "comment_end_string": "#-->",
}


def page(cells: Sequence[Cell]) -> str:
    """The whole page of some cells."""
    told: dict[str, Any] = {"version": __version__, "cells": [description(cell) for cell in cells]}
    engine = engine_script()
    hues = f"const HUES = {json.dumps([*ON_DARK.items()])};"
    app = "\n".join(["'use strict';", hues, *map(script, PAGE)])
    unpack = script("unpack")
    inside = "\0".join([json.dumps(told, ensure_ascii=False), engine, app]).encode()
    curves = {cell.name: still_curve(cell) for cell in cells}
    filled = {
        "policy": _policy((engine, app, unpack)),
        "cells": told["cells"],
        "styles": _lean((FILES / "style.css").read_text(encoding="utf-8")),
        "still": still_picture(curves),
        "size": len(inside),
        "packed": _packed(inside),
        "unpack": unpack,
    }
    template = (FILES / "page.html").read_text(encoding="utf-8")
    return environment(FORMAT, {}, **SIGNS).from_string(template).render(filled)


def engine_script() -> str:
    """What reads cells and measures them, as one script: it needs no page."""
    return "\n".join(["'use strict';", functions_text(), *map(script, ENGINE)])


@lru_cache(maxsize=32)
def script(name: str) -> str:
    """One of the page's scripts, without its comments and the spaces before its lines."""
    text = (FILES / f"{name}.js").read_text(encoding="utf-8")
    return _lean(text.replace('"use strict";\n', "", 1))


def _lean(text: str) -> str:
    """A script or style without comments of whole lines, empty lines and indents."""
    text = re.sub(r"^\s*/\*.*?\*/\s*?$", "", text, flags=re.DOTALL | re.MULTILINE)
    lines = (re.sub(r"\s+// .*$", "", line).strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def _packed(inside: bytes) -> str:
    """Deflated, in base64: nothing in it can end the element that it stands in."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.b64encode(squeeze.compress(inside) + squeeze.flush()).decode()


def _policy(scripts: Sequence[str]) -> str:
    """Nothing from anywhere; the page's own scripts by their hashes, and the worker's."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'"
        for s in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes} 'wasm-unsafe-eval' blob:; worker-src blob:; "
        f"style-src 'unsafe-inline'; img-src data: blob:; form-action 'none'; base-uri 'none'"
    )
