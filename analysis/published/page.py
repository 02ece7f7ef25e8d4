"""The table and the figures as one page that stands alone, and as data for the report."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from analysis.published.checks import FOLDER, Row, Verdict, remarks
from symgate.files import write_file
from symgate.writing.html import style


def rows_of(found: Sequence[Verdict]) -> list[Row]:
    """The rows that verdicts belong to, in the order of their numbers."""
    return sorted(dict.fromkeys(v.row for v in found), key=lambda row: row.number)


def results(found: Sequence[Verdict], captions: Mapping[str, str]) -> dict[str, Any]:
    """All that was found, as plain data."""
    return {
        "rows": [
            {
                "number": row.number, "title": row.title, "source": row.origin,
                "setup": row.setup, "remark": remarks(row.script).get(row.number, ""),
                "agrees": all(v.agrees for v in found if v.row is row),
                "figure": f"{row.script}.svg", "caption": captions[row.script],
                "command": f"python -m analysis.published.{row.script}",
                "values": [v.to_dict() for v in found if v.row is row],
            }
            for row in rows_of(found)
        ]
    }  # fmt: skip


def write_page(found: Sequence[Verdict], captions: Mapping[str, str], folder: Path) -> Path:
    """Write index.html and results.json beside the figures; `captions` are by script."""
    data = results(found, captions)
    write_file(folder / "results.json", json.dumps(data, indent=1, ensure_ascii=False) + "\n")
    groups = [_group(script, caption, found, folder) for script, caption in captions.items()]
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((FOLDER / "page.html").read_text(encoding="utf-8"))
    page = template.render(
        style=style(),
        groups=groups,
        rows=sorted((row for g in groups for row in g["rows"]), key=lambda row: row["number"]),
        count=len(found),
        off=sum(not v.agrees for v in found),
    )
    return write_file(folder / "index.html", page)


def _group(script: str, caption: str, found: Sequence[Verdict], folder: Path) -> dict[str, Any]:
    """A script's rows and its figure, for the template."""
    rows = []
    for row in rows_of([v for v in found if v.row.script == script]):
        mine = [v for v in found if v.row is row]
        rows.append({
            "number": row.number, "title": row.title, "source": row.origin, "setup": row.setup,
            "remark": remarks(script).get(row.number, ""), "count": len(mine),
            "derived": row.derived,
            "off": sum(not v.agrees for v in mine), "shown": [shown(v) for v in mine],
        })  # fmt: skip
    image = base64.b64encode((folder / f"{script}.svg").read_bytes()).decode()
    title = "; ".join(row["title"] for row in rows)
    return {"script": script, "rows": rows, "image": image, "caption": caption, "title": title}


def shown(v: Verdict) -> dict[str, Any]:
    """A verdict in the words of the table."""
    if isinstance(v.expected, bool):
        words = {"expected": "holds", "got": "holds" if v.got is v.expected else "fails",
                 "deviation": "", "tolerance": "exact"}  # fmt: skip
    else:
        kind = " (relative)" if v.relative else ""
        words = {
            "expected": f"{v.expected:.10g}", "got": f"{float(v.got):.10g}",
            "deviation": f"{v.deviation:.1e}" if v.deviation else "0",
            "tolerance": f"{v.tolerance:g}{kind}" if v.tolerance else "exact",
        }  # fmt: skip
    return {"name": v.name, "agrees": v.agrees, **words}
