"""Tables for notebooks, as HTML and as pandas frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from importlib import import_module
from typing import Any

import symgate
from symgate.asked import shown
from symgate.errors import MissingTool


def html_table(
    rows: Iterable[Sequence[object]],
    header: Sequence[str] = (),
    *,
    caption: str = "",
    notes: Iterable[str] = (),
    printed: Iterable[str] = (),
    code: bool = False,
) -> str:
    """Rows of words as an HTML table, all of them escaped, with notes below.

    `header` names the columns, `caption` stands above; with `code` the first column is
    set as code. A word with line ends keeps them, as do the texts in `printed`, at the end.

    >>> print(html_table([("h", "<b>")], ("name", "role"), caption="gru"))
    <table><caption>gru</caption><thead><tr><th scope="col">name</th><th scope="col">role</th></tr>
    </thead><tbody><tr><td>h</td><td>&lt;b&gt;</td></tr>
    </tbody></table>
    """
    return symgate.notebook_table(rows, header, caption, notes, printed, code)


def fields_html(data: Any) -> str:
    """The fields of a data class as an HTML table for a notebook, each value in short."""
    rows = [(f.name, shown(getattr(data, f.name))) for f in fields(data) if f.repr]
    return html_table(rows, caption=type(data).__name__)


def log10_columns(name: str, values: Any) -> dict[str, Any]:
    """The columns of log10 values, a row a step or lag: of one curve, or of several by number.

    >>> import numpy as np
    >>> list(log10_columns("sample", np.zeros((5, 2))))
    ['sample_0_log10', 'sample_1_log10']
    """
    return {f"{name}_{i}_log10": line for i, line in enumerate(values.reshape(len(values), -1).T)}


def data_frame(columns: Mapping[str, Any], index: str | list[str] | None = None) -> Any:
    """A pandas DataFrame; pandas is asked for here and nowhere else."""
    try:
        pandas = import_module("pandas")
    except ImportError:
        raise MissingTool("to_frame needs pandas: pip install pandas") from None
    found = pandas.DataFrame(dict(columns))
    return found if index is None else found.set_index(index)
