r"""Macros that a document defines: simple ones are expanded, nothing is ever executed.

\newcommand, \renewcommand, \providecommand, \def with #1 … #9 and \DeclareMathOperator are
read. Expansion stops after a number of steps and a number of characters, whatever a macro
says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from symgate.reading.source import Piece

MAX_EXPANSIONS = 2_000
MAX_CHARACTERS = 40_000
MAX_MACROS = 2_000

_DEFINITION = re.compile(
    r"\\(?:(?:re|provide)?newcommand|providecommand|renewcommand|def|gdef|DeclareMathOperator"
    r"|DeclareRobustCommand)\s*+(?:\*\s*+)?+(?:\{\s*+\\([A-Za-z]{1,40})\s*+\}|\\([A-Za-z]{1,40}))"
)
_COUNT = re.compile(r"\s*+\[(\d)\](?:\s*+\[([^\[\]]{0,80})\])?|\s*+((?:#\d)*+)")
_MARK = re.compile(r"#(\d)")
_COMMAND = re.compile(r"\\([A-Za-z]+)")


@dataclass(frozen=True)
class Macro:
    arguments: int
    body: str
    default: str | None = None


def definitions(text: str) -> dict[str, Macro]:
    """The macros that a text defines; a macro that calls itself is left out.

    >>> definitions(r"\\newcommand{\\vh}{\\mathbf{h}}")["vh"].body
    '\\\\mathbf{h}'
    """
    found: dict[str, Macro] = {}
    for match in _DEFINITION.finditer(text):
        name = match.group(1) or match.group(2)
        count = _COUNT.match(text, match.end())
        assert count is not None
        number = int(count.group(1) or 0) or (count.group(3) or "").count("#")
        body = group(text, count.end())
        if body is None or len(found) >= MAX_MACROS:
            continue
        content = text[body[0] : body[1]]
        if "DeclareMathOperator" in match.group():
            content = f"\\operatorname{{{content}}}"
        if re.search(rf"\\{name}(?![A-Za-z])", content) is None:
            found[name] = Macro(number, content, count.group(2))
    return found


def group(text: str, at: int) -> tuple[int, int] | None:
    """The inside of the {group} that starts at or after a place; None where there is none."""
    while at < len(text) and text[at].isspace():
        at += 1
    if at >= len(text) or text[at] != "{":
        return None
    depth, start = 0, at + 1
    for i in range(at, min(len(text), at + 4_000)):
        if text[i] == "{" and text[i - 1 : i] != "\\":
            depth += 1
        elif text[i] == "}" and text[i - 1 : i] != "\\":
            depth -= 1
            if depth == 0:
                return start, i
    return None


@dataclass
class Budget:
    """What the macros of one document may still cost: expansions, and characters written."""

    expansions: int = MAX_EXPANSIONS
    characters: int = 20 * MAX_CHARACTERS


def expanded(piece: Piece, macros: Mapping[str, Macro], budget: Budget) -> Piece:
    """The piece with its macros written out, within a budget; the rest stays as it is."""
    if not macros or "\\" not in piece.text:
        return piece
    text, offsets = piece.text, list(piece.offsets)
    at = 0
    while (found := _COMMAND.search(text, at)) is not None:
        macro = macros.get(found.group(1))
        spent = min(budget.expansions, budget.characters) <= 0
        if macro is None or spent or len(text) > MAX_CHARACTERS:
            at = found.end()
            continue
        body, end = _applied(text, found.end(), macro)
        budget.expansions -= 1
        budget.characters -= len(text)
        here, last = offsets[found.start()], offsets[end - 1]
        text = text[: found.start()] + body + text[end:]
        offsets[found.start() : end] = [here, *[here] * (len(body) - 2), last][: len(body)]
        at = found.start()
    return replace(piece, text=text, offsets=offsets)


def _applied(text: str, at: int, macro: Macro) -> tuple[str, int]:
    """The body of a macro with its arguments, and where they end."""
    arguments = []
    if macro.default is not None:
        optional = re.compile(r"\s*+\[([^\[\]]{0,200})\]").match(text, at)
        arguments.append(optional.group(1) if optional else macro.default)
        at = optional.end() if optional else at
    while len(arguments) < macro.arguments:
        inside = group(text, at)
        if inside is not None:
            arguments.append(text[inside[0] : inside[1]])
            at = inside[1] + 1
            continue
        single = re.compile(r"\s*+(\\[A-Za-z]+|\S)").match(text, at)
        if single is None:
            break
        arguments.append(single.group(1))
        at = single.end()
    body = _filled(macro.body, arguments)
    return (body if macro.arguments else f"{body} " if body[-1:].isalpha() else body), at


def _filled(body: str, arguments: Sequence[str]) -> str:
    """A body with its arguments, all at once; the body alone where that would be too long."""
    marks = [int(found[1]) for found in _MARK.finditer(body)]
    length = len(body) + sum(len(arguments[n - 1]) for n in marks if 0 < n <= len(arguments))
    if length > MAX_CHARACTERS:
        return body

    def own(found: re.Match[str]) -> str:
        number = int(found[1])
        return arguments[number - 1] if 0 < number <= len(arguments) else found[0]

    return _MARK.sub(own, body)
