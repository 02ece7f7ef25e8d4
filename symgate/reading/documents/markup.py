r"""Formulas in Markdown, TeX, RST, HTML and plain text: one scanner for all of them.

    $…$  $$…$$  \(…\)  \[…\]  \\(…\\)  ```math  `$…$`  \begin{align}…  .. math::  :math:`…`
    \f$…\f$  \f[…\f]  \f{align}{…\f} of Doxygen
    images of formulas by their URL, attributes such as math="…", MathML annotations

What is left over is looked at line by line: a line that looks like an equation is one.
The scanner passes over the text once; every search for a closing mark is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from symgate.reading.characters import words
from symgate.reading.documents.addresses import in_address
from symgate.reading.documents.lines import plain_lines
from symgate.reading.source import Piece
from symgate.reading.symbols import LAYOUTS, MATRICES

#: How far a closing mark is looked for.
MAX_FORMULA = 20_000
MAX_INLINE = 2_000
#: How deep fences may stand in fences.
MAX_NESTED = 20

_ENVIRONMENTS = "|".join(
    re.escape(name)
    for name in sorted((LAYOUTS | MATRICES) - {"center", "tabular"}, key=len, reverse=True)
)
_OPENERS = re.compile(
    r"(?P<fence>(?m:^)[ \t>]*+(?:[-*+] ++|\d++\. ++)?+(?P<ticks>`{3,}+|~{3,}+)[ \t]*+"
    r"(?P<language>[^\n`]*+)\n)"
    r"|(?P<directive>(?m:^)(?P<indent>[ \t]*+)\.\.[ \t]++math[ \t]?::)"
    r"|(?P<role>:math:`)"
    r"|(?P<dollars>\$\$)"
    r"|(?P<environment>\\begin[ \t]*+\{(?P<name>" + _ENVIRONMENTS + r")\})"
    r"|(?P<framed>\\startformula\b|@displaymath\b)"
    r"|(?P<square>\\{1,2}\[)"
    r"|(?P<round>\\{1,2}\()"
    r"|(?P<doxygen>[\\@]f(?:[$\[(]|\{\w{1,20}+\*?\}\{?))"
    r"|(?P<code>`+)"
    r"|(?P<escaped>\\[\\$])"
    r"|(?P<dollar>\$)"
    r"|(?P<url>https?://)"
    r"|(?P<attribute>\b(?:math|tex|formula|expression|latex|equation)(?:=|: ?)"
    r"(?P<quote>[\"']|\{[\"'`]|\{String\.raw`))"
    r"|(?P<annotation><annotation[^<>]{0,80}tex[^<>]{0,40}>|<script[^<>]{0,40}math/tex[^<>]{0,40}>|"
    r"<math\b[^<>]{0,80}>(?!\s*<)|<(?P<tag>d-math|katex|latex|tex|eq|math-block|BlockMath|InlineMath|Math|M)\b[^<>]{0,80}>)"
    r"|(?P<shortcode>\[(?P<word>katex|latex|math|tex)[^\[\]\n]{0,40}\])"
)

#: The blank line between two equations of a directive.
_BLANK = re.compile(r"(?<=[^\s])[ \t]*+\n[ \t]*+\n(?=[ \t]*+\S)")

#: The mark before each line of a quotation, and a formula of which each further line has it.
_QUOTE = re.compile(r"(?<=\n)[ \t]*+>(?=[\s\\]|$)")
_QUOTED = re.compile(r"[^\n]*+(?:\n[ \t]*+>(?=[\s\\]|$)[^\n]*+)++")

#: The star before a line of a comment.
_STAR = re.compile(r"(?<=\n)[ \t]*+\*(?=\s)")
_STARRED = re.compile(r"[^\n]*+(?:\n[ \t]*+\*(?=\s)[^\n]*+)++")

#: A dollar that is not escaped.
_CLOSING_DOLLAR = re.compile(r"(?<!\\)\$")

_MATHS = ("math", "latex", "tex", "katex", "mathjax", "amsmath", "{math}", "{latex}")
_TEXTS = {""} | words(
    "text txt plain plaintext none nohighlight console ascii raw asciimath unicode output "
    "pseudo pseudocode"
)


#: What no programming language has: a fence with it holds formulas, whatever it is called.
_NO_CODE = re.compile(r"_\{t|\{t-1\}|σ\(|⊙|ₜ")


def pieces(
    text: str, start: int = 0, stop: int | None = None, plain: bool = True, depth: int = 0
) -> Iterator[Piece]:
    """The pieces of a text from start to stop that may be formulas, in order.

    `depth` counts the fences around it: from `MAX_NESTED` on, what is inside is not read.
    """
    stop = len(text) if stop is None else stop
    if depth > MAX_NESTED:
        return
    at = rest = start
    while True:
        found = _OPENERS.search(text, at, stop)
        if found is None:
            break
        if found.group("escaped") is not None:
            at = found.end()
            continue
        inside = _inside(text, found, stop, depth)
        if inside is None:
            whole = found.group("fence") is None and found.group("annotation") is None
            at = (
                found.end()
                if whole
                else found.start() + len(found.group()) - len(found.group().lstrip(" \t><")) + 1
            )
            continue
        body, end = inside
        if plain:
            yield from plain_lines(text, rest, found.start())
        yield from body
        at = rest = end
    if plain:
        yield from plain_lines(text, rest, stop)


def _inside(
    text: str, found: re.Match[str], stop: int, depth: int
) -> tuple[list[Piece], int] | None:
    """The pieces that an opening mark begins, and where they end; None where none closes it."""
    kind = next(k for k in _ORDER if found.group(k) is not None)
    if kind == "fence":
        return _fence(text, found, stop, depth)
    return _READERS[kind](text, found, stop)


def _closed(text: str, start: int, stop: int, mark: str, most: int = MAX_FORMULA) -> int:
    limit = min(stop, start + most)
    return text.find(mark, start, limit) if text.find(mark[-1], start, limit) >= 0 else -1


def _latex(text: str, start: int, stop: int, opening: str, closing: str, display: bool) -> Piece:
    if text[start : start + 1] == "]" and text[max(start, stop - 2) : stop] == "[/":  # [$$]…[/$$]
        start, stop = start + 1, stop - 2
    piece = Piece.slice(text, start, stop, display=display, delimiters=(opening, closing))
    before = text[text.rfind("\n", 0, start) + 1 : start].lstrip()
    if before.startswith("*") and _STARRED.fullmatch(piece.text):
        return _without(_STAR, piece)
    return _without(_QUOTE, piece) if _QUOTED.fullmatch(piece.text) else piece


def _without(mark: re.Pattern[str], piece: Piece) -> Piece:
    """A formula with spaces where marks stand before its lines."""
    return replace(piece, text=mark.sub(lambda found: " " * len(found[0]), piece.text))


def _fence(
    text: str, found: re.Match[str], stop: int, depth: int
) -> tuple[list[Piece], int] | None:
    ticks = found.group("ticks")
    closing = re.compile(r"^[ \t>]*+" + re.escape(ticks), re.MULTILINE).search(
        text, found.end(), min(stop, found.end() + 10 * MAX_FORMULA)
    )
    end = stop if closing is None else closing.end()
    body = (found.end(), stop if closing is None else closing.start())
    language = found.group("language").strip().lower().split(" ")[0]
    if language in _MATHS:
        content = text[body[0] : body[1]]
        if re.search(r"\$|\\\[|\\documentclass|\\begin\{document\}", content):
            return list(pieces(text, *body, plain=False, depth=depth + 1)), end
        return [_latex(text, *body, ticks + language, ticks, True)], end
    plain = language in _TEXTS or _NO_CODE.search(text, *body) is not None
    return list(pieces(text, *body, plain=plain, depth=depth + 1)), end


def _directive(text: str, found: re.Match[str], stop: int) -> tuple[list[Piece], int] | None:
    """`.. math::` with what is on its line and the block indented under it."""
    indent = len(found.group("indent").expandtabs())
    line_end = _line_end(text, found.end(), stop)
    start, end, at = found.end(), line_end, line_end + 1
    blank_only = not text[start:line_end].strip()
    while at < stop and end - start < MAX_FORMULA:
        stop_line = _line_end(text, at, stop)
        line = text[at:stop_line]
        if line.strip():
            own = len(line.expandtabs()) - len(line.expandtabs().lstrip())
            if own <= indent:
                break
            if blank_only and re.match(r"\s*+:[a-z]+:", line):
                start = stop_line
            else:
                blank_only = False
            end = stop_line
        at = stop_line + 1
    paragraphs = [start, *(m.end() for m in _BLANK.finditer(text, start, end)), end]
    spans = [(a, b) for a, b in pairwise(paragraphs) if text[a:b].strip()]
    whole = any(text.count("\\begin", a, b) != text.count("\\end", a, b) for a, b in spans)
    spans = [(start, end)] if whole or any("=" not in text[a:b] for a, b in spans) else spans
    return [_latex(text, a, b, ".. math::", "", True) for a, b in spans or [(start, end)]], end


def _line_end(text: str, at: int, stop: int) -> int:
    end = text.find("\n", at, stop)
    return stop if end < 0 else end


def _role(text: str, found: re.Match[str], stop: int) -> tuple[list[Piece], int] | None:
    end = _closed(text, found.end(), stop, "`", MAX_INLINE)
    if end < 0:
        return None
    return [_latex(text, found.end(), end, ":math:`", "`", False)], end + 1


def _dollars(text: str, found: re.Match[str], stop: int) -> tuple[list[Piece], int] | None:
    end = _closed(text, found.end(), stop, "$$")
    if end < 0:
        return None
    return [_latex(text, found.end(), end, "$$", "$$", True)], end + 2


def _dollar(text: str, found: re.Match[str], stop: int) -> tuple[list[Piece], int] | None:
    start = found.end()
    closing = _CLOSING_DOLLAR.search(text, start, min(stop, start + MAX_INLINE))
    if closing is None:
        return None
    end = closing.start()
    content = text[start:end]
    if "\n\n" in content.replace("\r", "") or not content.strip():
        return None
    loose = content[0] in " \t" and content[-1] in " \t"
    if content[0].isdigit() and not re.search(r"[\\_^=]", content):
        return None
    if (
        (content[0] in " \t" or content[-1] in " \t")
        and not loose
        and not re.search(r"[\\_^=]", content)
    ):
        return None
    start += content.startswith("`")
    if content[-1] in " \t" and content[0] not in " \t" and text[end + 1 : end + 2].isalpha():
        return [_latex(text, start, end, "$", "", False)], end  # the next formula begins here
    return [_latex(text, start, end, "$", "$", "\n" in content)], end + 1


def _square(text: str, found: re.Match[str], stop: int) -> tuple[list[Piece], int] | None:
    slashes = found.group()[:-1]
    end = _closed(text, found.end(), stop, slashes + "]")
    if end < 0 or "\n\n\n" in text[found.end() : end]:
        return None
    return [_latex(text, found.end(), end, found.group(), slashes + "]", True)], end + len(
        slashes
    ) + 1


def _round(text: str, found: re.Match[str], stop: int) -> tuple[list[Piece], int] | None:
    slashes = found.group()[:-1]
    end = _closed(text, found.end(), stop, slashes + ")", MAX_INLINE)
    if end < 0 or "\n\n" in text[found.end() : end]:
        return None
    return [_latex(text, found.end(), end, found.group(), slashes + ")", False)], end + len(
        slashes
    ) + 1


def _doxygen(text: str, found: re.Match[str], stop: int) -> tuple[list[Piece], int] | None:
    r"""`\f$ … \f$`, `\f[ … \f]`, `\f{align}{ … \f}`, in a comment with a star before each line."""
    opening = found.group()
    display = opening[2] in "[{"
    closing = opening[:2] + {"[": "]", "(": ")", "{": "}"}.get(opening[2], "$")
    end = _closed(text, found.end(), stop, closing, MAX_FORMULA if display else MAX_INLINE)
    if end < 0:
        return None
    piece = _latex(text, found.end(), end, opening, closing, display)
    return [_without(_STAR, piece)], end + len(closing)


def _environment(text: str, found: re.Match[str], stop: int) -> tuple[list[Piece], int] | None:
    name = found.group("name")
    depth, at = 1, found.end()
    limit = min(stop, at + MAX_FORMULA)
    if text.find("\\end", at, limit) < 0:
        return None
    mark = re.compile(r"\\(begin|end)[ \t]*+\{" + re.escape(name) + r"\}")
    while depth:
        step = mark.search(text, at, limit)
        if step is None:
            return None
        depth += 1 if step.group(1) == "begin" else -1
        at = step.end()
    return [_latex(text, found.start(), at, found.group(), "", True)], at


def _framed(text: str, found: re.Match[str], stop: int) -> tuple[list[Piece], int] | None:
    closing = {"\\startformula": "\\stopformula"}.get(found.group(), "@end displaymath")
    end = _closed(text, found.end(), stop, closing)
    if end < 0:
        return None
    return [_latex(text, found.end(), end, found.group(), closing, True)], end + len(closing)


def _code(text: str, found: re.Match[str], stop: int) -> tuple[list[Piece], int] | None:
    ticks = found.group()
    end = _closed(text, found.end(), stop, ticks, MAX_INLINE)
    if end < 0 or "\n\n" in text[found.end() : end]:
        return None
    content = text[found.end() : end]
    after = end + len(ticks)
    if "$" in content:
        return list(pieces(text, found.end(), end, plain=False)), after
    if "=" not in content:
        return [], after
    kind = "latex" if "\\" in content else "plain"
    piece = Piece.slice(text, found.end(), end, kind=kind, display=False, delimiters=(ticks, ticks))
    return [piece], after


def _url(text: str, found: re.Match[str], stop: int) -> tuple[list[Piece], int] | None:
    return in_address(text, found.start(), found.end(), min(stop, found.end() + MAX_FORMULA))


def _attribute(text: str, found: re.Match[str], stop: int) -> tuple[list[Piece], int] | None:
    closing = found.group("quote")[-1]
    end = _closed(text, found.end(), stop, closing)
    if end < 0:
        return None
    return [_latex(text, found.end(), end, found.group(), closing, True)], end + 1


def _annotation(text: str, found: re.Match[str], stop: int) -> tuple[list[Piece], int] | None:
    end = _closed(text, found.end(), stop, "</")
    if end < 0 or end == found.end():
        return None
    return [_latex(text, found.end(), end, found.group(), "</", True)], end


def _shortcode(text: str, found: re.Match[str], stop: int) -> tuple[list[Piece], int] | None:
    closing = f"[/{found.group('word')}]"
    end = _closed(text, found.end(), stop, closing)
    if end < 0:
        return None
    return [_latex(text, found.end(), end, found.group(), closing, True)], end + len(closing)


_READERS = {
    "directive": _directive,
    "role": _role,
    "dollars": _dollars,
    "environment": _environment,
    "framed": _framed,
    "square": _square,
    "round": _round,
    "doxygen": _doxygen,
    "code": _code,
    "dollar": _dollar,
    "url": _url,
    "attribute": _attribute,
    "annotation": _annotation,
    "shortcode": _shortcode,
}
_ORDER = ("fence", *_READERS)
