"""The table and the figures as one page that stands alone, and as data for the report."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import jinja2

from analysis.published.checks import Verdict
from symgate.writing.files import write_file

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Published results, reproduced</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { border-top: 1px solid #ccc; padding: .25rem .6rem; text-align: left; vertical-align: top }
caption { text-align: left; font-weight: 600; padding: 1.2rem 0 .2rem }
.source { color: #555; font-weight: 400; font-size: .9rem; display: block }
.off { font-weight: 700; color: #a33a00 } img { max-width: 100%; margin: 1rem 0 }
</style></head><body>
<h1>Published results, reproduced</h1>
<p>{{ off or "None" }} of {{ count }} values in {{ rows | length }} rows
{{ "disagrees" if off == 1 else "disagree" }} with what is published or derived. Made with
<code>python -m analysis.published</code>.</p>
{% for group in groups %}
{% for row, values in group.rows %}
<table><caption>{{ row.number }}. {{ row.title }}
<span class="source">{{ row.setup }}<br>{{ row.source }}</span></caption>
<tr><th>value</th><th>expected</th><th>got</th><th>deviation</th><th>tolerance</th><th>agrees</th></tr>
{% for v in values %}
<tr><td>{{ v.name }}</td><td>{{ v.shown }}</td><td>{{ v.got }}</td><td>{{ v.deviation }}</td>
<td>{{ v.tolerance }}</td><td{% if not v.agrees %} class="off"{% endif %}>{{ "yes" if v.agrees
else "NO" }}</td></tr>
{% endfor %}</table>
{% endfor %}
<img alt="{{ group.alt }}" src="data:image/svg+xml;base64,{{ group.image }}">
{% endfor %}
</body></html>
"""


def write_page(found: list[Verdict], chosen: list[str], folder: Path) -> Path:
    """Write index.html and results.json beside the figures."""
    groups = []
    for name in chosen:
        mine = [v for v in found if v.row.script == name]
        rows = [
            (row, [shown(v) for v in mine if v.row is row])
            for row in dict.fromkeys(v.row for v in mine)
        ]
        image = base64.b64encode((folder / f"{name}.svg").read_bytes()).decode()
        alt = "Figure: " + "; ".join(row.title for row, _ in rows)
        groups.append({"rows": rows, "image": image, "alt": alt})
    off = sum(not v.agrees for v in found)
    template = jinja2.Environment(autoescape=True).from_string(PAGE)
    every = list(dict.fromkeys(v.row for v in found))
    data = {
        "rows": [
            {"number": r.number, "title": r.title, "source": r.source, "setup": r.setup,
             "figure": f"{r.script}.svg", "command": f"python -m analysis.published.{r.script}",
             "values": [v.to_dict() for v in found if v.row is r]}
            for r in every
        ]
    }  # fmt: skip
    write_file(folder / "results.json", json.dumps(data, indent=1, ensure_ascii=False) + "\n")
    return write_file(
        folder / "index.html",
        template.render(groups=groups, rows=every, count=len(found), off=off),
    )


def shown(v: Verdict) -> dict[str, Any]:
    """A verdict in the words of the table."""
    if isinstance(v.expected, bool):
        words = {"shown": "holds", "got": "holds" if v.got is v.expected else "fails",
                 "deviation": "", "tolerance": "exact"}  # fmt: skip
    else:
        kind = " (relative)" if v.relative else ""
        words = {
            "shown": f"{v.expected:.10g}", "got": f"{float(v.got):.10g}",
            "deviation": f"{v.deviation:.1e}" if v.deviation else "0",
            "tolerance": f"{v.tolerance:g}{kind}" if v.tolerance else "exact",
        }  # fmt: skip
    return {"name": v.name, "agrees": v.agrees, **words}
