"""From the text of a formula to tokens, each with its place in the document.

Commands that only change looks are dropped, sub- and superscripts become one token that
holds its own tokens, and words are told from letters. This is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from symgate.algebra.names import GREEK
from symgate.reading import symbols
from symgate.reading.source import Piece

MAX_TOKENS = 6_000
MAX_DEPTH = 60


class FormulaError(Exception):
    """A formula that cannot be read: what is wrong, and where in the document."""

    def __init__(self, message: str, start: int, stop: int, kind: str = "unreadable") -> None:
        super().__init__(message)
        self.message, self.start, self.stop, self.kind = message, start, stop, kind


@dataclass(frozen=True)
class Token:
    """`kind` is a terminal of the grammar; `inside` holds a script's own tokens."""

    kind: str
    value: str
    start: int
    stop: int
    inside: tuple[Token, ...] = field(default=())
    spaced: bool = False
    braced: bool = True

    def __str__(self) -> str:
        return self.value


_PATTERN = re.compile(
    r"(?P<row>\\\\(?:\*?\s{0,3}\[\s*-?[\d.]+\s*[a-z]{2}\s*\])?)"
    r"|(?P<environment>\\(?:begin|end)\s*\{\s*[A-Za-z]+\*?\s*\})"
    r"|(?P<command>\\[A-Za-z]+\*?|\\[^A-Za-z])"
    r"|(?P<number>\d+(?:\.\d+)?|\.\d+)"
    r"|(?P<word>[A-Za-z]+)"
    r"|(?P<newline>[ \t\r]*\n\s*)"
    r"|(?P<space>[ \t\r]+)"
    r"|(?P<other>.)",
    re.DOTALL,
)

_SIGNS = {
    "_": "SUB", "^": "SUP", "{": "LBRACE", "}": "RBRACE", "(": "LPAR", ")": "RPAR",
    "[": "LBRACKET", "]": "RBRACKET", "<": "LT", ">": "GT", ",": "COMMA", ";": "SEMI",
    "=": "EQ", "+": "PLUS", "-": "MINUS", "*": "TIMES", "/": "SLASH", "'": "PRIME",
    "&": "AMP", "|": "BAR", "@": "TIMES", "~": "SPACE",
}  # fmt: skip

_OPENING = {"LPAR", "LBRACKET", "LBRACE", "LANGLE", "LCURLY"}
_CLOSING = {"RPAR", "RBRACKET", "RBRACE", "RANGLE", "RCURLY"}


def tokens(piece: Piece) -> list[Token]:
    """The tokens of a formula, its scripts already gathered."""
    raw = list(_Lexer(piece).run())
    if len(raw) > MAX_TOKENS:
        raise FormulaError("the formula is too long", raw[0].start, raw[0].stop)
    return gathered(_plain_signs(raw) if piece.kind == "plain" else _spoilt_signs(raw))


class _Lexer:
    """One pass over the text; some commands take their argument with them."""

    def __init__(self, piece: Piece) -> None:
        self.piece, self.text = piece, piece.text
        self.plain = piece.kind == "plain"
        self.at = 0
        self.spaced = False

    def run(self) -> Iterator[Token]:
        count = 0
        while self.at < len(self.text):
            found = _PATTERN.match(self.text, self.at)
            assert found is not None
            start, self.at = self.at, found.end()
            kind = str(found.lastgroup)
            count += 1
            if count > 4 * MAX_TOKENS:
                return
            yield from getattr(self, f"_{kind}")(found.group(), start)
            self.spaced = kind in ("space", "newline")

    def token(self, kind: str, value: str, start: int, stop: int | None = None) -> Token:
        stop = self.at if stop is None else stop
        return Token(
            kind, value, self.piece.at(start), self.piece.at(stop - 1) + 1, spaced=self.spaced
        )

    def _row(self, text: str, start: int) -> Iterator[Token]:
        yield self.token("ROW", text, start)

    def _environment(self, text: str, start: int) -> Iterator[Token]:
        name = text[text.index("{") + 1 : -1].strip()
        begin = text.startswith("\\begin")
        if name in symbols.MATRICES:
            yield self.token("MATRIX" if begin else "ENDMATRIX", name, start)
            return
        if begin and name.rstrip("*") in symbols.WITH_ARGUMENT:
            self.skip_option()
            self.skip_group()
        yield self.token("BEGIN" if begin else "END", name, start)

    def skip_option(self) -> None:
        found = re.compile(r"\s*\[[^\[\]\n]{0,40}\]").match(self.text, self.at)
        self.at = found.end() if found else self.at

    def skip_group(self) -> str:
        """Pass over a {group}; returns what it holds."""
        start = self.at
        while start < len(self.text) and self.text[start] in " \t\n":
            start += 1
        if start >= len(self.text) or self.text[start] != "{":
            return ""
        depth = 0
        for i in range(start, len(self.text)):
            depth += {"{": 1, "}": -1}.get(self.text[i], 0)
            if depth == 0:
                self.at = i + 1
                return self.text[start + 1 : i]
        self.at = len(self.text)
        return self.text[start + 1 :]

    def _command(self, text: str, start: int) -> Iterator[Token]:
        name = text[1:]
        if name in symbols.IGNORED:
            if name in ("left", "right", "middle") and self.text[self.at : self.at + 1] in "|.":
                yield from self.delimiter(name, start)
                return
            for _ in range(symbols.IGNORED[name]):
                self.skip_group()
            if name in ("label", "tag", "tag*"):
                yield self.token("SPACE", name, start)
        elif name in symbols.FONTS:
            return
        elif name in symbols.BOXES:
            yield from self.boxed(start)
        elif name in symbols.WORDS:
            yield from self.words(start)
        elif name in symbols.WIDE:
            if name.startswith("hs"):
                self.skip_group()
            yield self.token("WIDE", name, start)
        elif name in symbols.HADAMARD:
            yield self.token("HADAMARD", text, start)
        elif name in symbols.TIMES:
            yield self.token("TIMES", text, start)
        elif name in symbols.ACCENTS:
            yield self.token("ACCENT", symbols.ACCENTS[name], start)
        else:
            yield from self.other_command(name, text, start)

    def other_command(self, name: str, text: str, start: int) -> Iterator[Token]:
        if text in ("\\ ", "\\\n", "\\\t", "\\\r"):
            yield self.token("SOFTROW" if "\n" in text else "SPACE", text, start)
        elif name in symbols.TERMINALS:
            yield self.token(symbols.TERMINALS[name], text, start)
        elif name in symbols.RELATIONS:
            yield self.token("RELATION", text, start)
        elif name in ("_", "*", "&", "#", "%", "$", "^"):
            kind = {"_": "SUB", "*": "TIMES", "^": "SUP"}.get(name, "SPACE")
            yield self.token(kind, "\\" + name, start)
        elif name in symbols.FUNCTIONS or name in (
            "max",
            "min",
            "arg",
            "argmax",
            "det",
            "dim",
            "sup",
        ):
            yield self.token("FUNCTION", name, start)
        elif name in ("varnothing", "emptyset", "infty", "blacksquare", "square"):
            yield self.token("JUNK", text, start)
        elif not name[:1].isalpha():
            yield self.token("SPACE", text, start)
        else:
            letter = symbols.LETTERS.get(name, name)
            known = letter in GREEK or letter == "lamda" or len(letter) == 1
            if name in symbols.OUTPUT_FUNCTIONS | symbols.CONCATENATIONS:
                yield self.token("FUNCTION", name, start)
            else:
                yield self.token("LETTER" if known else "MACRO", letter, start)

    def delimiter(self, name: str, start: int) -> Iterator[Token]:
        """`\\left|` opens and `\\right|` closes; a full stop stands for nothing."""
        sign = self.text[self.at]
        self.at += 1
        if sign == "|":
            yield self.token("LBAR" if name == "left" else "RBAR", "|", start)

    def boxed(self, start: int) -> Iterator[Token]:
        """What a box holds, without the braces around it."""
        before = self.at
        content = self.skip_group()
        if self.at == before:
            return
        inner = self.text.index(content, before) if content else before
        end, self.at = self.at, inner
        text, self.text = self.text, self.text[: inner + len(content)]
        yield from self.run()
        self.text, self.at = text, end

    def words(self, start: int) -> Iterator[Token]:
        r"""The argument of `\text` or `\mathrm`: a function, a name, or a remark."""
        before = self.at
        content = self.skip_group()
        if self.at == before:  # \rm without a group
            return
        word = content.replace("\\", "").strip(" ~$,.")
        plain = word.replace("-", "_").replace(" ", "_")
        if not word:
            return
        if is_function(plain):
            yield self.token("FUNCTION", plain, start)
        elif re.fullmatch(r"[A-Za-z][A-Za-z0-9]{0,11}", word) and len(word) <= 2:
            yield self.token("LETTER", word, start)
        elif re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,20}", word):
            yield self.token("NAME", word.replace("_", ""), start)
        elif "_" in content or "^" in content or "\\" in content:
            self.at = before
            yield from self.boxed(start)
        elif re.fullmatch(r"[-\d.\s]+", word):
            yield self.token("NUMBER", word, start)
        else:
            yield self.token("TEXT", content, start)

    def _number(self, text: str, start: int) -> Iterator[Token]:
        yield self.token("NUMBER", text, start)

    def _word(self, text: str, start: int) -> Iterator[Token]:
        if is_function(text) and (self.plain or len(text) > 3 or text in symbols.FUNCTIONS):
            yield self.token("FUNCTION", text, start)
        elif self.plain and text in GREEK and len(text) > 2:
            yield self.token("LETTER", text, start)
        elif self.plain:
            tail = re.compile(r"\d+").match(self.text, self.at)
            if tail:
                self.at = tail.end()
                text += tail.group()
            yield self.token("NAME" if len(text) > 1 else "LETTER", text, start)
        else:
            yield from self.letters(text, start)

    def letters(self, text: str, start: int) -> Iterator[Token]:
        """Letters side by side: each a symbol of its own, but for functions among them."""
        i = 0
        while i < len(text):
            head = next((f for f in ("tanh", "sigmoid", "softmax", "relu", "ReLU", "sigm", "exp")
                         if text.startswith(f, i)), None)  # fmt: skip
            if head is None and text.startswith("sigma", i):
                yield self.token("LETTER", "sigma", start + i, start + i + 5)
                i += 5
            elif head is not None:
                yield self.token("FUNCTION", head, start + i, start + i + len(head))
                i += len(head)
            else:
                yield self.token("LETTER", text[i], start + i, start + i + 1)
                i += 1
            self.spaced = False

    def _newline(self, text: str, start: int) -> Iterator[Token]:
        yield self.token("NEWLINE", "\n", start)

    def _space(self, text: str, start: int) -> Iterator[Token]:
        if self.plain and len(text) > 1:
            yield self.token("GAP", text, start)

    def _other(self, text: str, start: int) -> Iterator[Token]:
        if text == "%" and not self.plain:
            stop = self.text.find("\n", self.at)
            self.at = len(self.text) if stop < 0 else stop
            return
        if text in _SIGNS:
            yield self.token(_SIGNS[text], text, start)
        elif text == ":":
            follows = re.compile(r"\s{0,2}=").match(self.text, self.at)
            if follows is None:
                yield self.token("COLON", text, start)
        elif text == ".":
            yield self.token("DOT", text, start)
        else:
            yield self.token("JUNK", text, start)


def _spoilt_signs(raw: list[Token]) -> list[Token]:
    """X*t W*{xr}, where a formatter took underscores for emphasis: they are scripts again."""
    spoilt = any(_spoilt(raw, at) and raw[at + 1].kind == "LBRACE" for at in range(len(raw) - 1))
    if not spoilt:
        return raw
    return [
        replace(token, kind="SUB") if _spoilt(raw, at) else token for at, token in enumerate(raw)
    ]


def _spoilt(raw: list[Token], at: int) -> bool:
    if raw[at].value != "*" or raw[at].spaced or at == 0 or at + 1 >= len(raw):
        return False
    before, after = raw[at - 1], raw[at + 1]
    return before.kind in ("LETTER", "RBRACE") and not after.spaced and (
        after.kind == "LBRACE" or after.value == "t"
    )  # fmt: skip


_GLUED = re.compile(r"(?<![A-Za-z_])[A-Za-z]t-1(?![A-Za-z\d])")


def with_glued_times(piece: Piece) -> Piece:
    """Plain text in which Ht-1 is H at t-1 and it is i at t, with the scripts written out."""
    parts: list[str] = []
    offsets: list[int] = []
    at = 0
    for found in re.compile(r"(?<![A-Za-z_\\])([A-Za-z])t(-1)?(?![A-Za-z\d_])").finditer(
        piece.text
    ):
        cut = found.end(1)
        parts.append(piece.text[at:cut])
        offsets.extend(piece.at(i) for i in range(at, cut))
        script = f"_{{t{found.group(2) or ''}}}"
        parts.append(script)
        offsets.extend([piece.at(cut)] * len(script))
        at = found.end()
    parts.append(piece.text[at:])
    offsets.extend(piece.at(i) for i in range(at, len(piece.text)))
    return replace(piece, text="".join(parts), offsets=offsets)


def has_glued_times(text: str) -> bool:
    return _GLUED.search(text) is not None


def _plain_signs(raw: list[Token]) -> list[Token]:
    """Signs of plain text: (.) and .* are ⊙, x between a matrix and a bracket is a product."""
    result: list[Token] = []
    at = 0
    while at < len(raw):
        kinds = [t.kind for t in raw[at : at + 3]]
        token = raw[at]
        if kinds == ["LPAR", "DOT", "RPAR"]:
            result.append(replace(token, kind="HADAMARD", stop=raw[at + 2].stop, value="(.)"))
            at += 3
        elif kinds[:2] == ["DOT", "TIMES"]:
            result.append(replace(token, kind="HADAMARD", stop=raw[at + 1].stop, value=".*"))
            at += 2
        elif (
            token.value in ("x", "X")
            and token.spaced
            and kinds[1:2] in (["LPAR"], ["LBRACKET"])
            and raw[at + 1].spaced
        ):
            result.append(replace(token, kind="TIMES"))
            at += 1
        else:
            result.append(token)
            at += 1
    return result


def is_function(word: str) -> bool:
    """Whether a word is a function that formulas use."""
    return (
        word in symbols.FUNCTIONS
        or word in symbols.OUTPUT_FUNCTIONS
        or word in symbols.CONCATENATIONS
        or word in symbols.NORMALISATIONS
        or word in symbols.LINEAR
        or word in ("max", "min", "argmax", "diag")
    )


def gathered(raw: list[Token]) -> list[Token]:
    """Scripts with their arguments as one token each; brackets are not too deep."""
    depth = deepest = 0
    for token in raw:
        depth += (token.kind in _OPENING) - (token.kind in _CLOSING)
        deepest = max(deepest, depth)
        if deepest > MAX_DEPTH:
            raise FormulaError(
                f"brackets are nested more than {MAX_DEPTH} deep", token.start, token.stop
            )
    result: list[Token] = []
    at = 0
    while at < len(raw):
        token = raw[at]
        at += 1
        if token.kind not in ("SUB", "SUP"):
            result.append(token)
            continue
        argument, at, braced = _argument(raw, at)
        stop = argument[-1].stop if argument else token.stop
        if braced and at <= len(raw):
            stop = max(stop, raw[at - 1].stop)
        if argument and argument[0].kind == "LT" and argument[-1].kind != "GT":
            if at < len(raw) and raw[at].kind == "GT":  # ^{<t-1}>
                argument, stop, at = [*argument, raw[at]], raw[at].stop, at + 1
                token = replace(token, value="^}")
        result.append(
            Token(token.kind, token.value, token.start, stop, tuple(gathered(argument)),
                  token.spaced, braced)
        )  # fmt: skip
    return result


def _argument(raw: list[Token], at: int) -> tuple[list[Token], int, bool]:
    """The argument of a script: a group without its braces, or one token."""
    while at < len(raw) and raw[at].kind in ("SPACE", "GAP", "NEWLINE"):
        at += 1
    if at >= len(raw):
        return [], at, False
    first = raw[at]
    closing = {"LBRACE": "RBRACE", "LPAR": "RPAR", "LT": "GT", "LANGLE": "RANGLE",
               "LBRACKET": "RBRACKET"}.get(first.kind)  # fmt: skip
    if first.kind == "ACCENT":
        rest, end, _ = _argument(raw, at + 1)
        return [first, *rest], end, True
    if closing is None:
        return [first], at + 1, first.kind != "MINUS"
    depth = 0
    for i in range(at, len(raw)):
        depth += (raw[i].kind == first.kind) - (raw[i].kind == closing)
        if depth == 0:
            if first.kind == "LBRACE":
                return raw[at + 1 : i], i + 1, True
            return raw[at : i + 1], i + 1, False
    raise FormulaError("a bracket is not closed", first.start, first.stop, "unbalanced")
