"""Whether a text has the form of equations, token by token.

Takes a `Source`; raises an EquationError at the first token that cannot stand where it
stands. What passes is valid Python, so that no wording of Python's own parser ever reaches
a user. What the names and functions are is not known here.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from symgate.algebra.names import GREEK
from symgate.equations.source import Source
from symgate.errors import EquationError

MAX_NESTING = 60
MAX_TOKENS = 1000
MAX_NAME = 60

EXAMPLE = "h[t] = tanh(U @ h[t-1])"
_OPERATORS = "the operators are + - * / @ **"
_LATEX = "sg.read and Cell.from_latex read LaTeX"
_NOT_LATEX = f"equations are not LaTeX, but such as {EXAMPLE}; {_LATEX}"
_BRACES = (
    f"a time is written in square brackets, h[t-1], and an index belongs to the name, U_z; {_LATEX}"
)

#: What to write for a character that the language does not have.
INSTEAD = {
    **dict.fromkeys("⊙∘·×⋅∗", "write *"),
    **dict.fromkeys("−–", "write -"),
    **dict.fromkeys("∂$", _NOT_LATEX),
    **dict.fromkeys("{}", _BRACES),
    **dict.fromkeys("<:", "an equation is written with ="),
    **dict.fromkeys("%&|~>!?`", _OPERATORS),
    "²": "write **2",
    "³": "write **3",
    "σ": "write sigmoid(…), or sigma for a number",
    "√": "write sqrt(…)",
    "ᵀ": "write .T",
    "ₜ": "write [t]",
    "₋": "write [t-1]",
    "\u00a0": "write a plain space",
    "\\": f"{_NOT_LATEX}; a line goes on inside brackets",
    "^": "a power is written **",
    ";": "each equation has a line of its own",
    "'": "a prime is written h_prime",
    '"': "there are names and numbers only",
    ".": "the point is for decimals and .T",
}

#: The words of a keyword that people mean as a name.
_SPELLED = {"lambda": "; write lamda, which prints as λ"}

_TOKEN = re.compile(
    r"""(?P<space>[ \t]+)
    | (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<name>[A-Za-z_][A-Za-z_0-9]*)
    | (?P<attribute>\.[ \t]*[A-Za-z_][A-Za-z_0-9]*)
    | (?P<operator>\*\*|//|[-+*/@])
    | (?P<open>[(\[]) | (?P<close>[)\]]) | (?P<comma>,) | (?P<equals>=)
    | (?P<strange>.)""",
    re.VERBOSE | re.DOTALL,
)

_CLOSES = {"(": ")", "[": "]"}


@dataclass(frozen=True)
class SourceToken:
    """A piece of a line, with its line (from 1) and column (from 0)."""

    kind: str
    text: str
    line: int
    column: int


def check_form(source: Source) -> None:
    """Raise an error unless every line has the form `name[t] = expression`."""
    scan = _Scan(source)
    for token in _tokens(source):
        scan.take(token)
    if scan.open:
        raise scan.never_closed()


def _tokens(source: Source) -> Iterator[SourceToken]:
    """The tokens of the code; each line that holds any ends with one of kind "end"."""
    for number, code in enumerate(source.code, start=1):
        for match in _TOKEN.finditer(code):
            if match.lastgroup != "space":
                yield SourceToken(str(match.lastgroup), match.group(), number, match.start())
        if code:
            yield SourceToken("end", "", number, len(code))


class _Scan:
    """Reads one equation after another; `wants_value` says what may come next."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.start_equation()

    def start_equation(self) -> None:
        self.tokens: list[SourceToken] = []
        self.open: list[SourceToken] = []
        self.wants_value, self.has_equals = True, False

    def take(self, token: SourceToken) -> None:
        getattr(self, f"take_{token.kind}")(token)
        if self.tokens and token.kind != "end" and len(self.tokens) >= MAX_TOKENS:
            raise self.error(token, "this equation is too long; give its parts names")
        self.tokens.append(token)
        if token.kind == "end" and not self.open:
            self.start_equation()

    def error(self, token: SourceToken, message: str) -> EquationError:
        return self.source.error_at(token.line, token.column, message, len(token.text))

    def take_strange(self, token: SourceToken) -> None:
        raise self.error(token, _strange(token.text))

    def take_name(self, token: SourceToken) -> None:
        if keyword.iskeyword(token.text):
            mend = _SPELLED.get(token.text, "")
            raise self.error(
                token, f"{token.text!r} is a keyword of Python and cannot be used here{mend}"
            )
        self.take_value(token)
        if token.text.startswith("_"):
            raise self.error(token, "a name must start with a letter")
        if token.text.endswith("__"):
            raise self.error(token, "a name must not end with two underscores")
        if len(token.text) > MAX_NAME:
            raise self.error(token, f"this name is longer than {MAX_NAME} characters")

    def take_number(self, token: SourceToken) -> None:
        self.take_value(token)
        if re.fullmatch("0[0-9]+", token.text):
            raise self.error(token, "a whole number must not start with 0")
        is_zero = not re.match("[0.]*[1-9]", token.text)
        if not is_zero and not 1e-100 <= float(token.text) <= 1e100:
            raise self.error(token, "a number must lie between 1e-100 and 1e100")

    def take_value(self, token: SourceToken) -> None:
        if self.wants_value:
            self.wants_value = False
            return
        before = self.tokens[-1]
        if self.open and before.kind == "end" and "=" in self.source.code[token.line - 1]:
            raise self.never_closed()
        raise self.error(
            token,
            f"expected an operator before {token.text!r}: * multiplies component by component, "
            f"@ is a matrix times a vector",
        )

    def take_attribute(self, token: SourceToken) -> None:
        if self.wants_value:
            raise self.no_value(token)
        attribute = "".join(token.text.split())
        if attribute != ".T":
            raise self.error(
                token,
                f"{attribute!r} is not in the language; only .T is, the transpose of a matrix",
            )

    def take_operator(self, token: SourceToken) -> None:
        if token.text == "//":
            raise self.error(token, "'//' is not in the language; a division is written /")
        if self.wants_value and token.text not in "+-":
            raise self.no_value(token)
        self.wants_value = True

    def take_comma(self, token: SourceToken) -> None:
        if self.wants_value:
            raise self.no_value(token)
        if not self.open:
            raise self.error(token, "a comma may stand only inside brackets, as in W @ [a, b]")
        self.wants_value = True

    def take_open(self, token: SourceToken) -> None:
        if not self.wants_value and token.text == "(" and self.tokens[-1].kind != "name":
            self.take_value(token)
        self.open.append(token)
        if len(self.open) > MAX_NESTING:
            raise self.error(token, f"brackets are nested more than {MAX_NESTING} deep")
        self.wants_value = True

    def take_close(self, token: SourceToken) -> None:
        if not self.open:
            raise self.error(token, f"{token.text!r} closes no bracket; leave it out")
        opened = self.open[-1]
        if _CLOSES[opened.text] != token.text:
            place = f"column {self.column(opened)}"
            if opened.line != token.line:
                place = f"line {opened.line}, {place}"
            raise self.error(
                token,
                f"{token.text!r} cannot close the {opened.text!r} of {place}; "
                f"expected {_CLOSES[opened.text]!r}",
            )
        if self.wants_value:
            raise self.no_value(token)
        self.open.pop()

    def take_equals(self, token: SourceToken) -> None:
        if self.open and self.open[-1].line < token.line:
            raise self.never_closed()
        if self.open:
            raise self.error(
                token,
                "'=' stands inside brackets; the '=' of an equation follows "
                "the name that it defines",
            )
        if self.has_equals:
            raise self.error(token, "a second '='; an equation has one, and a line of its own")
        if self.wants_value:
            raise self.no_value(token)
        self.check_target(token)
        self.wants_value = self.has_equals = True

    def check_target(self, equals: SourceToken) -> None:
        """The left side is a name, or a name and something in square brackets."""
        left = "".join(token.text for token in self.tokens)
        if re.fullmatch(r"\w+(\[[^\[\]]*\])?", left) and self.tokens[0].kind == "name":
            return
        name = re.match(r"[A-Za-z]\w*", left)
        first = self.tokens[0]
        width = equals.column - first.column if equals.line == first.line else 1
        left = self.source.code[first.line - 1][first.column : first.column + width]
        raise self.source.error_at(
            first.line,
            first.column,
            f"the left of '=' must be one name with its time: {name.group() if name else 'h'}[t]",
            len(left.rstrip()),
        )

    def take_end(self, token: SourceToken) -> None:
        if self.open:
            return
        if not self.has_equals:
            first = self.tokens[0]
            raise self.source.error_at(
                first.line,
                first.column,
                f"this is not an equation such as {EXAMPLE}",
                len(self.source.code[first.line - 1]) - first.column,
            )
        if self.wants_value:
            raise self.error(token, "the line ends where an expression was expected")

    def no_value(self, token: SourceToken) -> EquationError:
        return self.error(token, f"expected a name, a number or '(', found {token.text!r}")

    def never_closed(self) -> EquationError:
        opened = self.open[-1]
        return self.error(
            opened,
            f"{opened.text!r} is never closed: {_CLOSES[opened.text]!r} is missing, or "
            f"the text is cut off",
        )

    def column(self, token: SourceToken) -> int:
        return token.column + self.source.indents[token.line - 1] + 1


_GREEK_NAMES = {letter: name for name, letter in GREEK.items()} | {"λ": "lamda", "Λ": "Lamda"}


def _strange(character: str) -> str:
    """What to say of a character that is in no token."""
    if " " < character <= "~":
        shown = repr(character).replace("\\\\", "\\")
        return f"{shown} is not in the language; {INSTEAD[character]}"
    name = unicodedata.name(character, "an unnamed character")
    sign = repr(character) if character.isprintable() else f"U+{ord(character):04X}"
    shown = f"{sign} ({name})"
    plain = unicodedata.normalize("NFKC", character)
    mend = "leave it out"
    if character.isalpha():
        mend = "names are made of plain ASCII letters"
    if plain != character and re.fullmatch("[ -~]+", plain):
        mend = f"write {plain}"
    if character in _GREEK_NAMES:
        mend = f"write {_GREEK_NAMES[character]}"
    return f"{shown} is not in the language; {INSTEAD.get(character, mend)}"
