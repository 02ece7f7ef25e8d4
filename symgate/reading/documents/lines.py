"""Equations in lines of plain text: h_t = tanh(W x_t + U h_(t-1) + b), wherever they begin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from symgate.reading.source import Piece
from symgate.reading.symbols import FUNCTIONS

#: The longest equation in plain text, and the longest line that is looked through.
MAX_EQUATION = 400
MAX_LINE = 4_000
#: The most lines on which an equation of plain text goes on.
MAX_CONTINUED = 8

#: A symbol and a sign of definition behind it: perhaps with scripts, accents, a time.
_START = re.compile(
    r"(?:(?<![\w\])}])\[[\w{}]{1,12}+(?:[ ,;]{1,3}+[\w{}]{1,12}+){1,7}+\]\s*+|"
    r"(?:(?<=[^\\]\\\\)|(?<![\w\\}.$∂~̃̂̄]))~?(?:\\[A-Za-z]+\s*\{?|ilde\s){0,3}[^\W\d_](?: [̃̂̄])?"
    r"(?:&#(?:x30|7[67])\d;)?[\w'′’̃̂̄^~}⁽⁾⁻₍₎₋]{0,12}+(?:(?<=\^)\\prime)?+"
    r"(?:<su[bp]>[^<>]{1,12}</su[bp]>){0,2}+"
    r"(?:[_^]?[({\[<⟨]{1,2}[^(){}\[\]<>=]{1,12}[)}\]>⟩]{1,2}){0,3}+[\w'′_^]{0,8}+\*{0,2}\s*+"
    r"(?:&(?:amp;)?)?+)(?::\s?=|=|≔|<-|←)(?!=)"
)
#: What an equation of a cell has on its right side and prose or code seldom has.
_NAMES = "|".join(n for n, own in FUNCTIONS.items() if own in ("sigmoid", "tanh", "relu"))
_CALL = (
    rf"(?i:\b(?:{_NAMES}|sigma|softmax)\b\.?\s*[(\[])|[σ𝜎𝛔φϕ]\.?\s*\(|[⊙∘⨀]|\(\.\)"
    r"|\(1\s?[-−–]\s?\w"
)
_RIGHT = re.compile(
    rf"\\(?:sigma|tanh|odot|Gamma|tilde)\b|{_CALL}|[ₜᵗ]|_\{{?\(?t\b|\w\[t\]|t-1|t−1|<sub>t|_\{{[a-z]-1\}}"
)
#: What it may be right below another equation.
_PRODUCT = re.compile(r"\s*\w+(?:\(\w\))?\s?(?:[*·]|\\(?:times|cdot|circ|odot)\b)\s?\w")
#: What it has where words stand before it: a function, or a value of the step times another.
_SURE = re.compile(
    rf"\\(?:sigma|tanh|odot)\b|{_CALL}|[_<({{>]{{1,2}}t(?:</su[bp]>|[)}}>]{{0,2}})\s?(?:[*·×∘]|\\circ|\\cdot|\\times)\s?\S"
)
_CODE = re.compile(
    r"\b(?:self|torch|np|tf|nn|jax|return|def|for|import|lambda|math)\b[.\s]|\(\s*&|\(\Z|==|!=|^[^σ⊙·ₜ{]*;\s*$|\w\.(?!dot\()\w+\("
)
_COMMAND = re.compile(r"\\(?:sigma|tilde|hat|Gamma|odot|tanh|cdot|mathbf|circ|times|text|bar)\b")
#: What may end an equation: a mark of a comment, words behind a dash or a wide gap, words in
#: brackets that end its line.
_COMMENT = re.compile(
    r"(?:\s|&nbsp;)(?:#|//|--|←|<--?)\s|[│┃║]|(?<=[\w)}\]])\t+(?=\w+\s*(?m:$))"
    r"|(?:\s[—–-]\s|(?<![ \t])[ \t]{3,}+|\t)(?=[^\W\d_]{3,}(?:[\s,]|\Z)(?!\s*[-+*/=·⊙]))"
    r"|\s[(（](?=[^\W\d_]{2,}[\s,])[^()=+*·⊙_]{8,}[)）]\W*(?m:$)"
)
#: What may stand before an equation with nothing more said: bullets, tags, a label.
_BEFORE = re.compile(r"\A(?:<[^<>]{0,80}>|[\W\d_])*+\Z|[:：]\W{0,12}\Z")
#: Words between two equations in one line: ", and finally".
_BETWEEN = re.compile(
    r"(?:[,.;，。；、]|\s(?:and|where|with|then)\b)[^=,.;，。；、()\[\]{}]{0,80}\Z"
)
#: A quote that opens a string of code and is not closed.
_QUOTE = re.compile(r"(?:^|[\s([{,=])[rfb]?([\"'])(?:(?!\1).)*\Z")
_WORD = re.compile(r"[^\W\d_]\w*")
#: A function of a sum, where a line defines what another reads: z = foo(W x + U h).
_FUNCTION = re.compile(r"[=←]\s*[^\W\d_]{2,}\s?\([^()]*\w[^()]*\+")
_SIGN = re.compile("[=≔←]|<-")
#: A star that closes the emphasis of a name, *h_t* = …, or of all, *h_t = …*: one opens it.
_EMPHASIS = re.compile(
    r"(?<=[\w})\]>])\*(?=\s*+(?::?=|≔|←|<-))|\*{1,2}(?=\s*+(?:\([^()]{0,60}\)\s*+)?\Z)"
)

#: An operator at the end of a line that goes on, and at the start of one that does.
_OPEN_END = re.compile(r"(?:[-−+*·⊙∘×=]|\\(?:odot|cdot|circ|times))\Z")
_GOES_ON = re.compile(r"(?:[+⊙∘×·−]|[-*](?=\s))(?=\s*[\w(\\\[{])")
#: A word of prose, no function and no name with an index; a mark of what explains.
_PROSE = re.compile(r"[:—]|(?<![\\\w])(?!sigma|tanh)[^\W\d_]{4,}(?![\w({\[]|\s\()")
#: What stands before an equation in each line of a comment or a frame.
_LEADER = re.compile(r"[ \t]*((?:[>#%*;!|│┃║/]|--)*)[ \t]*")

_BRACKETS = re.compile(r"[(\[{]|[)\]}]")


def plain_lines(text: str, start: int, stop: int) -> Iterator[Piece]:
    """The equations in the lines between two places, one piece each."""
    every = list(_likely_lines(text, start, stop))
    sure = [piece.text for piece, likely in every if likely]
    read = {name for own in sure for name in _WORD.findall(_SIGN.split(own, maxsplit=1)[-1])}
    for piece, likely in every:
        name = _WORD.match(piece.text)
        if likely or (name is not None and name[0] in read and _FUNCTION.search(piece.text)):
            yield piece


def _likely_lines(text: str, start: int, stop: int) -> Iterator[tuple[Piece, bool]]:
    """What may be an equation of a cell, and whether it looks like one by itself."""
    at, before = start, -1
    while at < stop:
        sign = _SIGN.search(text, at, stop)
        if sign is None:
            return
        found = sign.start()
        first = text.rfind("\n", start, found) + 1 or start
        last = text.find("\n", found, stop)
        last = stop if last < 0 else last
        if last - first <= MAX_LINE:
            pieces = list(_in_line(text, first, last, stop, first == before))
            before = last + 1 if any(likely for _, likely in pieces) else -1
            yield from pieces
        at = last + 1


def _in_line(
    text: str, first: int, last: int, stop: int, below: bool
) -> Iterator[tuple[Piece, bool]]:
    """The equations of one line; `below` says whether it stands right below another.

    What goes on in the lines that follow, up to `stop`, is read to its end.
    """
    starts: list[re.Match[str]] = []
    at, depth = first, 0
    for found in _START.finditer(text, first, last):
        depth += sum(
            1 if b[0] in "([{" else -1 for b in _BRACKETS.finditer(text, at, found.start())
        )
        at = found.start()
        before = text[max(first, at - 8) : at].rstrip()[-1:]
        if not starts or (depth <= 0 and before not in tuple("=+-−*/·⊙∘×")):
            starts.append(found)
            depth = 0
    for i, found in enumerate(starts):
        behind = "" if below and i else text[first : found.start()]
        end = starts[i + 1].start() if i + 1 < len(starts) else last
        between = _BETWEEN.search(text, found.end(), end) if end < last else None
        end = end if between is None else between.start()
        opened = _QUOTE.search(text, first, found.start())
        closing = text.find(opened[1], found.end(), end) if opened is not None else -1
        framed = text[first : found.start()].rstrip()[-1:] in ("(", "[")
        end = closing if closing > 0 else _end(text, found.end(), end, framed)
        spans = [(found.start(), end)]
        if i + 1 == len(starts) and closing < 0 and between is None and not framed:
            spans += _continued(text, first, found.start(), end, stop)
        own, places = "", list[int]()
        for one, other in spans:
            part = _bare(text[one:other]) if len(spans) > 1 else text[one:other].rstrip()
            own += " " * bool(own) + part
            places += [
                *([one] * (len(own) - len(part) - len(places))),
                *range(one, one + len(part)),
            ]
        behind = "" if closing > 0 else behind
        if len(own) <= MAX_EQUATION and _CODE.search(own) is None:
            likely = _is_one(own, behind, below)
            below |= likely
            kind = "latex" if _COMMAND.search(own) else "plain"
            piece = Piece(own, places, kind, display=False)
            if text[found.start() - 1 : found.start()] == "*":
                piece = replace(piece, text=_EMPHASIS.sub(" ", piece.text, count=1))
            yield piece, likely


def _continued(text: str, first: int, start: int, end: int, stop: int) -> list[tuple[int, int]]:
    """Where an equation from start to end goes on in the lines below: + i_t * g_t."""
    spans: list[tuple[int, int]] = []
    kept, own = 0, text[start:end]
    leader = _LEADER.match(text, first, start)
    mark = leader[1] if leader is not None and leader.end() == start else ""
    while len(spans) < MAX_CONTINUED:
        after = text.find("\n", end, stop) + 1
        opened = sum(1 if b[0] in "([{" else -1 for b in _BRACKETS.finditer(own))
        due = _OPEN_END.search(_bare(own)) is not None or opened > 0
        kept = kept if opened > 0 else len(spans)
        if after and due and not text[after : _line_end(text, after, stop)].strip(f" \t{mark}"):
            after = text.find("\n", after, stop) + 1
        if not after:
            break
        last = _line_end(text, after, stop)
        if last - after > MAX_LINE:
            break
        found = _LEADER.match(text, after, last)
        at = after
        if mark and found is not None and found[1].startswith(mark):
            at = found.start(1) + len(mark)
        while at < last and text[at] in " \t":
            at += 1
        end = _end(text, at, last, False)
        line = text[at:end]
        deeper = at - after > start - first or line[:1] not in "-*"
        goes_on = (_GOES_ON.match(line) is not None and deeper) or due
        if not line or not goes_on or _SIGN.search(line) or _PROSE.search(line):
            break
        spans.append((at, end))
        own += f" {line}"
    else:
        kept = len(spans)
    return spans[:kept]


def _bare(line: str) -> str:
    """A line without the sign of a programming language that it goes on: ... or a backslash."""
    return line.rstrip().removesuffix("...").rstrip("\\& ")


def _line_end(text: str, at: int, stop: int) -> int:
    end = text.find("\n", at, stop)
    return stop if end < 0 else end


def _end(text: str, start: int, stop: int, framed: bool) -> int:
    """Where the right side of an equation ends: its comment, or the bracket around it all."""
    depth = 0
    comments = {found.start() for found in _COMMENT.finditer(text, start, stop)}
    for at in range(start, stop):
        if at in comments and depth <= 0:
            return at
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if depth < 0 and framed:
            return at
    return stop


def _is_one(own: str, before: str, below: bool) -> bool:
    """Whether an equation of a cell stands here, behind what stands before it."""
    right = own[_START.match(own).end() :]  # type: ignore[union-attr]  # it began here
    marks = _RIGHT if _BEFORE.search(before) else _SURE
    return marks.search(right) is not None or (below and _PRODUCT.match(right) is not None)
