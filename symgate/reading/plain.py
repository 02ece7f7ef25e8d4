"""Characters beyond ASCII, HTML marks and double escapes, rewritten as LaTeX.

Every rewriting keeps, for each character of the result, where it came from.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import unescape

from symgate.algebra.names import GREEK
from symgate.reading.characters import COMBINING, LOWERED, RAISED, UNICODE
from symgate.reading.source import Piece

#: So many words are names of a document at the most.
MAX_WORDS = 50

_MARK = re.compile(
    r"<\s*(/?)\s*(sub|sup|b|i|em|strong|var|span|code|p|li|div|t[dhr]|table|br|dd|dt|ul|ol|pre|font|center)\b[^<>]{0,80}>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\d{1,6}|#x[0-9a-fA-F]{1,5}|[A-Za-z]{2,12});")
_ESCAPED_TWICE = re.compile(
    r"(?<!\\)\\\\(?:sigma|odot|tanh|cdot|text|tilde|begin|mathbf|mathrm|left|frac|circ|hat|"
    r"operatorname|times|quad|qquad|bar|Gamma|phi|over\w+|wide\w+)(?![a-zA-Z])"
)
#: Commands whose backslash and first letter a programming language read as a tab or the like.
_EATEN = re.compile(
    r"(?<![\\A-Za-z])[\t\b\f\r]?(?:(?P<t>ilde(?=\{|\s[A-Za-z]_)|anh(?=\s?\()|ext(?=\{))"
    r"|(?P<f>rac(?=\{))|(?P<b>ar(?=\{)|oldsymbol(?=\{)|egin(?=\{)))"
)
_PLAIN_BREAK = re.compile(r"\\([_*\[\](){}#+.!~-])")


def written_in_latex(piece: Piece) -> Piece:
    """The piece in plain ASCII: `hₜ₋₁` is `h_{t-1}`, `h̃` is `\\tilde{h}`.

    >>> written_in_latex(Piece.slice("σ(hₜ₋₁)", 0, 7)).text
    '\\\\sigma (h_{t-1})'
    """
    if _TYPST.search(piece.text) and "\\" not in piece.text.replace("\\\n", ""):
        piece = _replaced(piece, _from_typst(piece.text))
    if not piece.text.isascii() and _ACCENT_APART.search(piece.text):
        parts = _between(piece.text, _ACCENT_APART)
        piece = _replaced(piece, ((p if m is None else "", at) for p, at, m in parts))
    if _ESCAPED_TWICE.search(piece.text):
        piece = _replaced(piece, _unescaped_twice(piece.text))
    if _EATEN.search(piece.text):
        piece = _replaced(piece, _restored(piece.text))
    if "&" in piece.text and _ENTITY.search(piece.text):
        piece = _replaced(piece, _entities(piece.text))
    if "<" in piece.text and _MARK.search(piece.text):
        piece = _replaced(piece, _marks(piece.text))
    if piece.kind == "plain" and "\\" in piece.text:
        piece = _replaced(piece, _markdown_escapes(piece.text))
    if piece.kind == "plain" and _ACCENTED.search(piece.text):
        piece = _replaced(piece, _ascii_accents(piece.text))
    if not piece.text.isascii():
        piece = _replaced(piece, _ascii(piece.text))
    if piece.kind == "plain" and ".dot(" in piece.text:
        piece = _replaced(piece, _called_products(piece.text))
    if piece.kind == "plain" and _GLUED.search(piece.text):
        piece = _replaced(piece, _apart(piece.text))
    if _BESIDE.search(piece.text):
        piece = _replaced(piece, _raised(piece.text))
    return piece


#: The space before an accent in the linear form of a word processor: h ̃.
_ACCENT_APART = re.compile(r"(?<=[^\W\d_]) (?=[\u0300-\u036f])")
#: What only Typst writes in a formula, and all that it writes in another way than LaTeX.
_TYPST = re.compile(r"\b(?:dot|times|ast)\.(?:o|circle)\b|\b(?:tilde|hat|bold|upright|cal)\(\w+\)")
_OF_TYPST = re.compile(
    r"(?P<circled>\b(?:dot|times|ast)\.(?:o|circle)\b|\bcompose\b)|(?P<dot>\bdot\b(?:\.op|\.c)?)"
    r"|\b(?P<over>tilde|hat|overline|bold|upright|cal|sans|italic)\((?P<inside>\w+)\)"
    r"|(?P<script>[_^])\((?P<low>[^()]{1,30})\)|(?P<row>\\(?=\s*\n))|\"(?P<text>[^\"\n]*)\""
    rf"|(?<![A-Za-z])(?P<greek>{'|'.join(GREEK)})(?![A-Za-z])"
)


def _from_typst(text: str) -> Iterator[tuple[str, int]]:
    """Formulas of Typst: tilde(h)_t, h_(t-1), dot.o, a backslash at the end of a line."""
    for part, at, found in _between(text, _OF_TYPST):
        if found is None:
            yield part, at
        elif found["over"]:
            font = found["over"] not in ("tilde", "hat", "overline")
            over = "mathbf" if font else found["over"]
            yield f"\\{over}{{{found['inside']}}}", at
        elif found["script"]:
            yield f"{found['script']}{{{found['low']}}}", at
        else:
            marks = {"circled": "\\odot ", "dot": "\\cdot ", "row": "\\\\"}
            word = f"\\{part} " if found["greek"] else f"\\text{{{found['text']}}}"
            yield marks.get(found.lastgroup or "", word), at


#: A weight that stands against a value of the step, Wx_t, a gate against its index, Γf, and a
#: value against another, z_th_{t-1}.
_GLUED = re.compile(
    r"(?<![\w\\{^])(?:[WUV][fiouzrcghx]?|[ABCD])(?=[a-z]_\{?t\b)"
    r"|\\Gamma (?=[a-z](?![A-Za-z]))|(?<=[a-z]_t)(?=[a-z]_\{?t\b)"
)


def _apart(text: str) -> Iterator[tuple[str, int]]:
    for part, at, found in _between(text, _GLUED):
        gate = found is not None and found.group().startswith("\\")
        yield part.rstrip() if gate else part, at
        if found is not None:
            yield "_" if gate else " ", at


_GLUED_STEP = re.compile(r"(?<![A-Za-z_])[A-Za-z]t-1(?![A-Za-z\d])")
_GLUED_TIME = re.compile(
    r"(?:(?<=[A-Za-z])(?<![A-Za-z_\\][A-Za-z])|(?<=\}))t(?:-1)?(?![A-Za-z\d_])"
)


def with_glued_times(piece: Piece) -> Piece:
    """Plain text in which Ht-1 is H at t-1 and it is i at t, with the scripts written out."""
    parts = _between(piece.text, _GLUED_TIME)
    return _replaced(piece, ((p if m is None else f"_{{{p}}}", at) for p, at, m in parts))


def has_glued_times(text: str) -> bool:
    return _GLUED_STEP.search(text) is not None


#: A time in angle brackets that stands beside its symbol, c<t-1>.
_BESIDE = re.compile(r"(?<=[\w}])(?=<t(?:\s?[-+]\s?1)?>)")


def _raised(text: str) -> Iterator[tuple[str, int]]:
    at = 0
    for found in _BESIDE.finditer(text):
        yield text[at : found.start()], at
        at = found.start()
        yield "^", at
    yield text[at:], at


def bare_words(words: Sequence[str]) -> re.Pattern[str] | None:
    """Where words stand bare that equations define as \\text{…}; None without such words."""
    shown = "|".join(sorted({*words})[:MAX_WORDS])
    return re.compile(rf"(?<![A-Za-z{{\\])(?:{shown})(?![A-Za-z}}])") if words else None


def with_words(piece: Piece, bare: re.Pattern[str]) -> Piece:
    """The piece with bare words as what their equations define."""
    if piece.kind != "latex" or not bare.search(piece.text):
        return piece
    parts = _between(piece.text, bare)
    return _replaced(piece, ((p if m is None else f"\\text{{{p}}}", at) for p, at, m in parts))


def _replaced(piece: Piece, parts: Iterator[tuple[str, int]]) -> Piece:
    """A piece from (text, index of the character it stands for) pairs.

    What stands for several characters ends where the last of them ends.
    """
    every = list(parts)
    text: list[str] = []
    offsets: list[int] = []
    after = [index for _, index in every[1:]] + [len(piece.text)]
    for (part, index), stop in zip(every, after, strict=True):
        text.append(part)
        if len(part) > 1 and piece.text[index : index + len(part)] == part:
            offsets.extend(piece.at(index + i) for i in range(len(part)))
        else:
            offsets.extend([piece.at(index)] * len(part))
            if len(part) > 1:
                offsets[-1] = piece.at(max(index, stop - 1))
    return replace(piece, text="".join(text), offsets=offsets)


def _between(
    text: str, pattern: re.Pattern[str]
) -> Iterator[tuple[str, int, re.Match[str] | None]]:
    """The text between matches, and the matches."""
    at = 0
    for found in pattern.finditer(text):
        if found.start() > at:
            yield text[at : found.start()], at, None
        yield found.group(), found.start(), found
        at = found.end()
    if at < len(text):
        yield text[at:], at, None


def _unescaped_twice(text: str) -> Iterator[tuple[str, int]]:
    for part, at, found in _between(text, re.compile(r"\\\\(\\\\)?")):
        if found is None:
            yield part, at
        else:
            yield ("\\\\" if found.group(1) else "\\"), at


def _restored(text: str) -> Iterator[tuple[str, int]]:
    """A tab and ilde are the command for a tilde."""
    for part, at, found in _between(text, _EATEN):
        yield (part if found is None else f"\\{found.lastgroup}{found[found.lastgroup or 0]}"), at


def _entities(text: str) -> Iterator[tuple[str, int]]:
    for part, at, found in _between(text, _ENTITY):
        yield (part if found is None else unescape(part)), at


def _marks(text: str) -> Iterator[tuple[str, int]]:
    for part, at, found in _between(text, _MARK):
        if found is None:
            yield part, at
            continue
        closing, tag = found.group(1), found.group(2).lower()
        if tag in ("sub", "sup") and closing:
            yield "}", at + len(found.group()) - 1
        elif tag in ("sub", "sup"):
            yield "_{" if tag == "sub" else "^{", at


def _markdown_escapes(text: str) -> Iterator[tuple[str, int]]:
    for part, at, found in _between(text, _PLAIN_BREAK):
        if found is None:
            yield part, at
        else:
            yield found.group(1), at + 1


def _called_products(text: str) -> Iterator[tuple[str, int]]:
    """x.dot(W) is x @ (W)."""
    for part, at, found in _between(text, re.compile(r"(?<=[\w)}\]])\.dot(?=\()")):
        yield (part if found is None else " @ "), at


_ACCENTED = re.compile(
    r"(?P<tilde>(?<![A-Za-z])[A-Za-z])~(?=t?(?:[_\s<(\[=*]|$))|(?<![\w)\]}])~(?P<before>[A-Za-z])(?=[_<\s])"
    r"|(?<![\w)\]}])_(?P<bar>[A-Za-z])(?=_)"
)


def _ascii_accents(text: str) -> Iterator[tuple[str, int]]:
    """h~_t and ~h_t carry a tilde, _h_t a bar."""
    for part, at, found in _between(text, _ACCENTED):
        if found is None:
            yield part, at
        elif found.group("bar"):
            yield f"\\bar{{{found.group('bar')}}}", at
        else:
            yield f"\\tilde{{{found.group('tilde') or found.group('before')}}}", at


def _ascii(text: str) -> Iterator[tuple[str, int]]:
    at = 0
    while at < len(text):
        end = at + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        decomposed = unicodedata.normalize("NFD", text[at:end])
        character, marks = decomposed[0], [m for m in decomposed[1:] if m in COMBINING]
        if character in LOWERED or character in RAISED:
            table, head = (LOWERED, "_") if character in LOWERED else (RAISED, "^")
            stop = at
            while stop < len(text) and text[stop] in table:
                stop += 1
            yield head + "{" + "".join(map(table.__getitem__, text[at:stop])) + "}", at
            at = stop
            continue
        shown = _character(character)
        for mark in marks:
            shown = f"\\{COMBINING[mark]}{{{shown.strip()}}}"
        yield shown, at
        at = end


def _character(character: str) -> str:
    if character.isascii():
        return character
    if character in UNICODE:
        return UNICODE[character]
    simple = unicodedata.normalize("NFKC", character)
    if simple != character:
        return "".join(UNICODE.get(c, c) for c in simple)
    return character
