"""From the text of a formula to tokens, each with its place in the document.

Commands that only change looks are dropped, sub- and superscripts become one token that
holds its own tokens, and words are told from letters. This is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from symgate.algebra.names import GREEK
from symgate.reading import symbols
from symgate.reading.characters import spelled
from symgate.reading.source import Piece
from symgate.reading.tokens import MAX_TOKENS, FormulaError, Token

#: How many digits a number may have.
MAX_DIGITS = 400
#: How deep boxes may stand in boxes.
MAX_BOXES = 40

_PATTERN = re.compile(
    r"(?P<row>\\\\(?:cr(?![A-Za-z])|\*?\s{0,3}\[\s*-?[\d.]+\s*[a-z]{2}\s*\]|\*(?=\s*\n))?)"
    r"|(?P<environment>\\(?:begin|end)\s*\{\s*[A-Za-z]+\*?\s*\})"
    r"|(?P<command>\\[A-Za-z]+\*?|\\[^A-Za-z])"
    r"|(?P<number>\d+(?:\.\d+)?|\.\d+)"
    r"|(?P<word>[A-Za-z]+)"
    r"|(?P<newline>[ \t\r]*\n\s*)"
    r"|(?P<space>[ \t\r]+)"
    r"|(?P<other>.)",
    re.DOTALL,
)

_SIGNS = spelled(
    {"SUB": "_", "SUP": "^", "LBRACE": "{", "RBRACE": "}", "LPAR": "(", "RPAR": ")"}
    | {"LBRACKET": "[", "RBRACKET": "]", "LT": "<", "GT": ">", "COMMA": ",", "SEMI": ";"}
    | {"EQ": "=", "PLUS": "+", "MINUS": "-", "TIMES": "* @", "SLASH": "/", "PRIME": "'"}
    | {"AMP": "&", "BAR": "|", "SPACE": "~"}
)

#: An angle bracket that opens a script, so that an escaped one closes it: h^{<t\\>}.
_OPEN_ANGLE = re.compile(r"[_^]\{?\s?\\?<[^<>{}]{0,8}$")
#: On which slides something is shown, <2->, and what a label below or above a brace begins with.
_OVERLAY, _LABEL = re.compile(r"<[\d,+.| -]{1,20}>"), re.compile(r"\s*[_^]")
#: One letter with one below it, as in \\mathit{W_f}, and what is one word, as update_gate.
_SCRIPTED = re.compile(r"[A-Za-z][_^](?:[A-Za-z\d]$|\{)")
_ONE_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,20}")
#: A word that is a name as it stands: Bias.
_NAMED = re.compile(r"[A-Z](?=[a-z]*[aeiou])[a-z]{3,}[^A-Za-z_^'(]?")


class Lexer:
    """One pass over the text; some commands take their argument with them."""

    def __init__(self, piece: Piece) -> None:
        self.piece, self.text = piece, piece.text
        self.plain = piece.kind == "plain"
        self.at = self.boxes = 0
        self.spaced = False
        self.font: int | None = None

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
        stop = stop or self.at
        if self.font is not None and kind not in ("SPACE", "GAP", "NEWLINE"):
            start, self.font = self.font, None
        return Token(
            kind, value, self.piece.at(start), self.piece.at(stop - 1) + 1, spaced=self.spaced
        )

    def _row(self, text: str, start: int) -> Iterator[Token]:
        yield self.token("ROW", text, start)

    def _environment(self, text: str, start: int) -> Iterator[Token]:
        name, begin = text[text.index("{") + 1 : -1].strip(), text.startswith("\\begin")
        if name in symbols.MATRICES:
            yield self.token("MATRIX" if begin else "ENDMATRIX", name, start)
            return
        if begin and name.rstrip("*") in symbols.WITH_ARGUMENT:
            self.skip_option()
            if not self.skip_group():  # \begin{array}l
                found = re.compile(r"[ \t]*+[lcr](?=\s)").match(self.text, self.at)
                self.at = found.end() if found else self.at
        yield self.token("BEGIN" if begin else "END", name, start)

    def skip_option(self) -> None:
        found = re.compile(r"\s*+\[[^\[\]\n]{0,40}\]").match(self.text, self.at)
        self.at = found.end() if found else self.at

    def skip_group(self) -> str:
        """Pass over a {group}; returns what it holds."""
        start = self.at
        while self.text[start : start + 1] in (" ", "\t", "\n"):
            start += 1
        if self.text[start : start + 1] != "{":
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
        if name == ">" and _OPEN_ANGLE.search(self.text, max(0, start - 12), start):
            yield self.token("GT", ">", start)
            return
        if name in symbols.IGNORED:
            sized = name in ("left", "right", "middle")
            if sized and self.text.startswith(("|", "."), self.at):
                yield from self.delimiter(name, start)
                return
            above = ""
            for _ in range(symbols.IGNORED[name]):
                above = self.skip_group().strip()
            if name in ("overset", "stackrel") and above in symbols.ABOVE:
                yield self.token("ACCENT", symbols.ABOVE[above], start)
            if name in ("label", "tag", "tag*", "eqno", "leqno"):
                self.at = len(self.text) if name.endswith("eqno") else self.at
                yield self.token("SPACE", name, start)
        elif name in ("mathcal", "mathscr") and self._has_twin():
            yield self.token("ACCENT", "cal", start)
        elif name in symbols.FONTS or (name in ("vb", "vb*") and self.text[self.at :][:1] == "{"):
            self.font = start if self.font is None else self.font
        elif name in symbols.BOXES:
            yield from self.boxed(start)
        elif name in symbols.FRAMES and self.text[self.at : self.at + 1] == "{":
            opening, closing = symbols.FRAMES[name]
            yield self.token(opening, text, start)
            yield from self.boxed(start)
            yield self.token(closing, "}", self.at - 1)
            if name.startswith(("under", "over")) and (found := _LABEL.match(self.text, self.at)):
                self.at = found.end()
                self.skip_group()
        elif name in symbols.WORDS:
            yield from self.words(start)
        elif name in symbols.WIDE:
            if name.startswith("hs"):
                self.skip_group()
            yield self.token("WIDE", name, start)
        elif name in symbols.ACCENTS:
            yield self.token("ACCENT", symbols.ACCENTS[name], start)
        else:
            yield from self.other_command(name, text, start)

    def _has_twin(self) -> bool:
        r"""Whether a letter stands in this formula in another font too: \mathcal{W} beside W."""
        letter = re.compile(r"\s*\{?\s*([A-Z])(?:\b|_)").match(self.text, self.at)
        own = letter and letter[1]
        plain = rf"(?<![A-Za-z\\{{])(?<!\\mathcal )(?<!\\mathscr ){own}(?![A-Za-z])"
        return bool(own) and re.search(plain, self.text) is not None

    def other_command(self, name: str, text: str, start: int) -> Iterator[Token]:
        if text in ("\\ ", "\\\n", "\\\t", "\\\r"):
            yield self.token("SOFTROW" if "\n" in text else "SPACE", text, start)
        elif name in symbols.TERMINALS:
            yield self.token(symbols.TERMINALS[name], text, start)
        elif name in symbols.RELATIONS:
            yield self.token("RELATION", text, start)
        elif name == "_" and (word := re.compile(r"[A-Za-z]{2,12}").match(self.text, self.at)):
            yield from (self.token("SUB", "\\_", start), self.token("LBRACE", "{", start))
            self.at = word.end()  # c\_in is c with in, no c_i beside n
            yield from (self.token("NAME", word[0], start), self.token("RBRACE", "}", start))
        elif name in ("_", "*", "&", "#", "%", "$", "^"):
            kind = {"_": "SUB", "*": "TIMES", "^": "SUP"}.get(name, "SPACE")
            yield self.token(kind, "\\" + name, start)
        elif name in symbols.FUNCTIONS or name in symbols.UNKNOWN_FUNCTIONS:
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
        overlay = _OVERLAY.match(self.text, self.at)
        before = self.at = overlay.end() if overlay else self.at
        content = self.skip_group()
        if self.at == before:
            return
        inner = self.text.index(content, before) if content else before
        end, self.at = self.at, inner
        text, self.text = self.text, self.text[: inner + len(content)]
        self.boxes += 1
        if self.boxes > MAX_BOXES:
            place = self.piece.at(start)
            raise FormulaError("texts and boxes are nested too deep", place, place + 1)
        yield from self.run()
        self.boxes -= 1
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
        elif _SCRIPTED.match(word) or (
            set(content) & set("_^\\") and not _ONE_WORD.fullmatch(word)
        ):
            self.at = before
            yield from self.boxed(start)
        elif word.lower() in symbols.REMARKS:
            yield self.token("TEXT", content, start)
        elif _ONE_WORD.fullmatch(word) and len(word) <= 2 and "_" not in word:
            yield self.token("LETTER", word, start)
        elif _ONE_WORD.fullmatch(word):
            yield self.token("NAME", word.replace("_", ""), start)
        elif re.fullmatch(r"[-\d.\s]+", word):
            yield self.token("NUMBER", word, start)
        else:
            yield self.token("TEXT", content, start)

    def _number(self, text: str, start: int) -> Iterator[Token]:
        if len(text) > MAX_DIGITS:
            raise FormulaError(f"a number has more than {MAX_DIGITS} digits", start, self.at)
        yield self.token("NUMBER", text, start)

    def _word(self, text: str, start: int) -> Iterator[Token]:
        if text in symbols.LOST and self.text[start - 1 : start] not in ("_", "{", "^"):
            yield from self._command(f"\\{text}", start)
            return
        called = text in symbols.NORMALISATIONS and self.text.startswith("(", self.at)
        lowered = self.text[start - 1 : start] in ("_", "^")
        if lowered and len(text) == 2 and not self.plain:  # z_th_{t-1} is z_t and h_{t-1}
            yield from self.letters(text, start)
            return
        long = self.plain or len(text) > 3 or text in symbols.FUNCTIONS
        if is_function(text) and (long or called):
            yield self.token("FUNCTION", text, start)
        elif self.plain and text in GREEK and len(text) > 2:
            yield self.token("LETTER", text, start)
        elif self.plain:
            tail = re.compile(r"\d+").match(self.text, self.at)
            if tail:
                self.at = tail.end()
                text += tail.group()
            yield self.token("NAME" if len(text) > 1 else "LETTER", text, start)
        elif self.two_letters(text) or (
            (
                len(text) >= 3
                and text.islower() | text.isupper()
                and not any(f in text for f in ("sigma", *_INSIDE))
            )
            or (not lowered and _NAMED.fullmatch(text + self.text[self.at : self.at + 1]))
        ):
            yield self.token("NAME", text, start)
        else:
            yield from self.letters(text, start)

    def two_letters(self, text: str) -> bool:
        """Whether two letters are one weight, as in Wf [h, x] + bf."""
        after = self.text[self.at : self.at + 1]
        if re.fullmatch(r"b[xh]", text) and re.match(r"_\{?[^t{]", self.text[self.at :]):
            return True  # bx_i + bh_i
        return re.fullmatch(r"[WUb][fiouzrcg]", text) is not None and after not in ("_", "^", "'")

    def letters(self, text: str, start: int) -> Iterator[Token]:
        """Letters side by side: each a symbol of its own, but for functions among them."""
        i = 0
        while i < len(text):
            head = next((f for f in _INSIDE if text.startswith(f, i)), None)
            if head in (None, "sigm") and text.startswith("sigma", i):
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
        arrow = text + self.text[self.at : self.at + 1] if self.plain else ""
        if arrow in ("->", "=>") or self.text[start - 1 : start + 3] == f" {arrow} " == " <- ":
            self.at += 1
            yield self.token("EQ" if text == "<" else "RELATION", arrow, start)
        elif text in _SIGNS:
            yield self.token(_SIGNS[text], text, start)
        elif text in ".:":
            if text == "." or re.compile(r"\s{0,2}=").match(self.text, self.at) is None:
                yield self.token("DOT" if text == "." else "COLON", text, start)
        elif text == "!" and self.text.startswith("=", self.at):
            self.at += 1
            yield self.token("RELATION", "!=", start)
        else:
            yield self.token("JUNK", text, start)


#: Functions that are found among letters side by side.
_INSIDE = ("tanh", "sigmoid", "softmax", "relu", "ReLU", "sigm", "exp")


_TABLES = (
    *(symbols.FUNCTIONS, symbols.OUTPUT_FUNCTIONS, symbols.CONCATENATIONS),
    *(symbols.NORMALISATIONS, symbols.LINEAR, {"max", "min", "argmax", "diag", "spike"}),
)


def is_function(word: str) -> bool:
    """Whether a word is a function that formulas use."""
    return any(word in table for table in _TABLES)
