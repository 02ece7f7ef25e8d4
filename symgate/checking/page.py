"""Checked homework as one page: each formula with its verdict, the text with marks in place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from symgate.errors import SymgateError
from symgate.writing.escape import html_text
from symgate.writing.html import framed
from symgate.writing.mathml import mathml

if TYPE_CHECKING:
    from symgate.checking.check import Check, Fault

#: The sign of each verdict.
SIGNS = {"right": "✓", "transposed": "✓", "wrong": "✗", "not understood": "?"}

_STYLE = """
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:.85rem/1.7 ui-monospace,Consolas,monospace}
mark{background:#fbb9;color:inherit;border-bottom:2px solid #c22}
.right,.transposed{color:#1a7a35}.wrong{color:#c22}.not{color:#8a6d00}
@media(prefers-color-scheme:dark){.right,.transposed{color:#6c6}.wrong{color:#f77}.not{color:#dc6}}
.note{margin:.1rem 0 .6rem 1rem;font:.95rem/1.5 Georgia,serif}
td.sign{font-weight:700;white-space:nowrap}
"""


#: ∂h_t/∂h_{t-1}, where each name is one letter.
_PLAIN = re.compile(r"^∂(\w_(?:t|\{[^}]*\}))/∂(\w_(?:t|\{[^}]*\}))$")


def page(title: str, checked: Sequence[tuple[str, Check]]) -> str:
    """A page of its own, of one homework or several."""
    table = _table(checked) if len(checked) > 1 else ""
    inside = table + "".join(body(name, check) for name, check in checked)
    return framed(title, inside, _STYLE)


def _table(checked: Sequence[tuple[str, Check]]) -> str:
    rows = "".join(
        f"<tr><td>{html_text(name)}</td><td>{_verdict(check.verdict)}</td>"
        f"<td>{html_text(_first(check))}</td></tr>"
        for name, check in checked
    )
    head = "<tr><th>homework</th><th>verdict</th><th>first fault</th></tr>"
    return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>\n"


def _first(check: Check) -> str:
    return str(check.faults[0]) if check.faults else ""


def _verdict(verdict: str) -> str:
    return f'<span class="{verdict}">{SIGNS[verdict]} {html_text(verdict)}</span>'


def body(name: str, check: Check) -> str:
    """One homework: its verdict, each judged formula with its sign, the text with marks."""
    title = f"<h2>{html_text(name)}</h2>\n" if name else ""
    notes = "".join(f'<p class="note">{html_text(note)}</p>' for note in check.notes)
    return (
        f'<article class="derivation">\n{title}<p><b>{_verdict(check.verdict)}</b></p>\n{notes}'
        f"{_lines(check)}<pre>{_marked(check)}</pre>\n</article>\n"
    )


def _lines(check: Check) -> str:
    rows = "".join(
        f'<tr><td class="sign">{_verdict(said.verdict)}</td><td>line {said.line}</td>'
        f"<td>{_formula(said.about)}</td></tr>"
        for said in check.lines
    )
    return f"<table><tbody>{rows}</tbody></table>\n" if rows else ""


def _formula(source: str) -> str:
    """A left side as it reads, or as it stands where it is no LaTeX that converts."""
    source = _PLAIN.sub(r"\\dfrac{\\partial \1}{\\partial \2}", source)
    try:
        return mathml(source) if "\\" in source else html_text(source)
    except SymgateError:
        return html_text(source)


def _marked(check: Check) -> str:
    """The text of the claim, with each fault marked and explained below its line."""
    out: list[str] = []
    for number, line in enumerate(check.claim.splitlines() or [""], 1):
        here = [fault for fault in check.faults if fault.line == number]
        out.append(_with_marks(line, here))
        for fault in here:
            mend = f" ({fault.mend})" if fault.mend else ""
            sign = check.verdict.split()[0]
            said = html_text(f"{fault.message}{mend}")
            out.append(f'<span class="note {sign}">▲ {said}</span>')
    return "\n".join(out)


def _with_marks(line: str, faults: Sequence[Fault]) -> str:
    out, at = "", 0
    for fault in sorted(faults, key=lambda f: f.column):
        start = fault.column - 1
        stop = min(len(line), start + max(fault.length, 1))
        if start >= at:
            marked = html_text(line[start:stop])
            out += f"{html_text(line[at:start])}<mark>{marked}</mark>"
            at = stop
    return out + html_text(line[at:])
