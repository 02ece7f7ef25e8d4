"""The rows of published results that lie beside a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

#: The most rows of published results that a page shows.
MOST_KNOWN = 500


def known(folder: Path) -> list[dict[str, Any]]:
    """The rows of published results beside the page; none where there is no such file."""
    beside = folder / "published"
    try:
        data = json.loads((beside / "results.json").read_text(encoding="utf-8"))
        return [_known(row, beside) for row in data["rows"][:MOST_KNOWN]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _known(row: dict[str, Any], beside: Path) -> dict[str, Any]:
    figure = str(row["figure"])
    there = figure == Path(figure).name and (beside / figure).is_file()
    return {
        "row": int(row["number"]),
        "title": str(row["title"]),
        "source": str(row["source"]),
        "values": len(row["values"]),
        "agrees": row["agrees"] is True,
        "remark": bool(row.get("remark")),
        "figure": f"published/{figure}" if there else None,
    }
