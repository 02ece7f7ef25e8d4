"""From tokens to syntax trees, by the grammar in formula.lark: LALR, so linear in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

from lark import Lark, Transformer, v_args
from lark import Token as LarkToken
from lark.exceptions import UnexpectedInput
from lark.lexer import Lexer

from symgate.reading.characters import words
from symgate.reading.tokens import FormulaError, Token
from symgate.reading.trees import (
    Accent,
    Digits,
    Factors,
    Fraction,
    Group,
    Scripted,
    Spelled,
    Terms,
    Tree,
    WrittenMatrix,
    WrittenRoot,
)

#: The most tokens that one side of an equation may have.
MAX_SIDE = 1_500

_DROPPED = {"SPACE", "GAP", "NEWLINE", "AMP", "WIDE", "SOFTROW", "ROW", "JUNK", "FONT"}
_IN_MATRIX = _DROPPED - {"AMP", "ROW"}
_WORDS = {
    "COMMA": "a comma",
    "RPAR": "a closing bracket",
    "EQ": "an equals sign",
    "$END": "the end",
    "RELATION": "a relation",
    "TEXT": "words",
    "BAR": "a bar",
    "DOUBLE": "a norm",
}


class _TokenLexer(Lexer):
    """Hands our tokens to lark as they are."""

    def __init__(self, conf: Any) -> None:
        pass

    def lex(self, lexer_state: Any, parser_state: Any = None) -> Iterator[LarkToken]:
        for token in lexer_state:
            yield LarkToken(token.kind, token)


def _unwrapped(function: Any, data: str, children: list[Any], meta: Any) -> Any:
    return function([c.value if isinstance(c, LarkToken) else c for c in children])


@v_args(wrapper=_unwrapped)
class _Build(Transformer[LarkToken, Any]):
    """Builds the trees bottom up, while lark parses."""

    def start(self, children: list[Any]) -> Any:
        return children[0]

    def items(self, children: list[Any]) -> tuple[tuple[Tree, ...], tuple[str, ...]]:
        items = tuple(c for c in children if not isinstance(c, Token))
        return items, tuple(c.value for c in children if isinstance(c, Token))

    def sign(self, children: list[Token]) -> Token:
        return children[0]

    def sum(self, children: list[Any]) -> Tree:
        terms: list[tuple[int, Tree]] = []
        sign, start = 1, None
        for child in children:
            if isinstance(child, Token):
                sign = -1 if child.kind == "MINUS" else 1
                start = child.start if start is None and not terms else start
                continue
            terms.append((sign, child))
            sign = 1
        if len(terms) == 1 and terms[0][0] == 1:
            return terms[0][1]
        first = terms[0][1].start if start is None else start
        return Terms(first, terms[-1][1].stop, tuple(terms))

    def times(self, children: list[Token]) -> tuple[str, Token | None]:
        if not children:
            return "", None
        kind = children[0].kind
        names = {"HADAMARD": "hadamard", "SLASH": "/", "OPLUS": "concat"}
        if children[0].value == "@":
            return "at", children[0]
        if children[0].value == "\\otimes":
            return "tensor", children[0]
        return names.get(kind, "times"), children[0]

    def product(self, children: list[Any]) -> Tree:
        if len(children) == 1:
            return children[0]
        factors: list[tuple[str, Tree]] = [("", children[0])]
        for (sign, token), factor in zip(children[1::2], children[2::2], strict=True):
            own = "star" if token is not None and token.value in _STARS else sign
            factors.append((own, factor))
        return Factors(factors[0][1].start, factors[-1][1].stop, tuple(factors))

    def script(self, children: list[Token]) -> Token:
        return children[0]

    def factor(self, children: list[Any]) -> Tree:
        if len(children) == 1:
            return children[0]
        return Scripted(children[0].start, children[-1].stop, children[0], tuple(children[1:]))

    def base(self, children: list[Token]) -> Tree:
        token = children[0]
        if token.kind == "NUMBER":
            return Digits(token.start, token.stop, token.value)
        return Spelled(token.start, token.stop, token.value, token.kind)

    plain = base

    def accent(self, children: list[Any]) -> Tree:
        token, base = children
        return Accent(token.start, base.stop, token.value, base)

    def fraction(self, children: list[Any]) -> Tree:
        token, above, below = children
        return Fraction(token.start, below.stop, above, below)

    def root(self, children: list[Any]) -> Tree:
        return WrittenRoot(children[0].start, children[1].stop, children[1])

    def group(self, children: list[Any]) -> Tree:
        opening, (items, separators), closing = children
        return Group(opening.start, closing.stop, _BRACKETS[opening.kind], items, separators)

    def empty(self, children: list[Token]) -> Tree:
        return Group(children[0].start, children[1].stop, _BRACKETS[children[0].kind], (), ())

    def cell(self, children: list[Any]) -> Tree | None:
        if not children:
            return None
        items, separators = children[0]
        if len(items) == 1:
            return items[0]
        return Group(items[0].start, items[-1].stop, "", items, separators)

    def row(self, children: list[Any]) -> tuple[Tree | None, ...]:
        return tuple(c for c in children if not isinstance(c, Token))

    def rows(self, children: list[Any]) -> tuple[tuple[Tree | None, ...], ...]:
        found = [c for c in children if not isinstance(c, Token)]
        return tuple(row for row in found if any(cell is not None for cell in row))

    def matrix(self, children: list[Any]) -> Tree:
        begin, rows, end = children
        return WrittenMatrix(begin.start, end.stop, rows)


#: Signs that are convolutions in some cells, and products in most.
_STARS = ("*", "\\*", "\\ast", "\\star")

_BRACKETS = {
    "LBRACE": "{",
    "LPAR": "(",
    "LBRACKET": "[",
    "LCURLY": "\\{",
    "LANGLE": "<",
    "LBAR": "|",
}


@lru_cache(maxsize=1)
def _parser() -> Lark:
    text = resources.files("symgate.reading").joinpath("formula.lark").read_text("utf-8")
    return Lark(text, parser="lalr", lexer=_TokenLexer, transformer=_Build())


def tree(tokens: Sequence[Token]) -> tuple[tuple[Tree, ...], tuple[str, ...]]:
    """The trees of one side of an equation: its parts at commas, and the commas.

    A side that is not a formula raises a FormulaError with the place.
    """
    kept = _cleaned(tokens)
    if not kept:
        where = tokens[0] if tokens else None
        start, stop = (where.start, where.stop) if where else (0, 0)
        raise FormulaError("nothing stands on this side", start, stop, "truncated")
    if len(kept) > MAX_SIDE:
        raise FormulaError("the formula is too long", kept[0].start, kept[-1].stop)
    try:
        found: Any = _parser().parse(kept)
        return found
    except UnexpectedInput as error:
        bad: Any = getattr(error, "token", None)
        bad = bad.value if isinstance(bad, LarkToken) else None
        if isinstance(bad, Token):
            shown = _WORDS.get(bad.kind, repr(bad.value))
            raise FormulaError(f"{shown} cannot stand here", bad.start, bad.stop) from None
        last = kept[-1]
        raise FormulaError(
            "the formula ends too early", last.start, last.stop, "truncated"
        ) from None


def _cleaned(tokens: Sequence[Token]) -> list[Token]:
    """Without spaces and marks; bars become opening and closing ones."""
    kept: list[Token] = []
    matrices = 0
    for token in _with_commas(tokens):
        matrices += (token.kind == "MATRIX") - (token.kind == "ENDMATRIX")
        if token.kind in (_IN_MATRIX if matrices else _DROPPED):
            continue
        if token.kind in ("BAR", "DOUBLE"):
            open_bars = sum((t.kind == "LBAR") - (t.kind == "RBAR") for t in kept)
            kind = "RBAR" if open_bars and kept and kept[-1].kind not in _EXPECTING else "LBAR"
            token = Token(kind, token.value, token.start, token.stop)
        kept.append(token)
    return kept


def _with_commas(tokens: Sequence[Token]) -> list[Token]:
    r"""[x \| h], where a lone double bar stands between vectors: it is a comma."""
    result = list(tokens)
    opened: list[tuple[str, list[int]]] = [("", [])]
    for at, token in enumerate(tokens):
        if token.kind in ("LPAR", "LBRACKET", "LBRACE"):
            opened.append((token.kind, []))
        elif token.kind == "DOUBLE":
            opened[-1][1].append(at)
        elif token.kind in ("RPAR", "RBRACKET", "RBRACE") and len(opened) > 1:
            kind, bars = opened.pop()
            if kind != "LBRACE" and len(bars) == 1:
                result[bars[0]] = Token("COMMA", ",", tokens[bars[0]].start, tokens[bars[0]].stop)
    return result


_EXPECTING = words(
    "PLUS MINUS TIMES HADAMARD SLASH LPAR LBRACKET LBRACE LBAR COMMA EQ LCURLY OPLUS SEMI"
)
