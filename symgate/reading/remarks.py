"""What stands beside an equation and is no part of it: frames, bullets, remarks in words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from symgate.algebra.names import GREEK
from symgate.reading.characters import words
from symgate.reading.tokens import Token

SPACES = {"SPACE", "GAP", "NEWLINE", "SOFTROW", "AMP", "WIDE"}
OPEN = {"LPAR", "LBRACKET", "LBRACE", "LCURLY", "LANGLE", "MATRIX"}
CLOSE = {"RPAR", "RBRACKET", "RBRACE", "RCURLY", "RANGLE", "ENDMATRIX"}
OPERATORS = {"PLUS", "MINUS", "TIMES", "HADAMARD", "SLASH", "EQ", "COMMA", "OPLUS"}


def without_brackets(tokens: list[Token]) -> list[Token]:
    """Without brackets around a whole equation, as [ h_t = … ]."""
    kept = [t for t in tokens if t.kind not in SPACES]
    if len(kept) < 4 or (kept[0].kind, kept[-1].kind) not in (
        ("LBRACKET", "RBRACKET"),
        ("LBRACE", "RBRACE"),
    ):
        return tokens
    return kept[1:-1] if _closing(kept[1:]) == len(kept) - 2 else tokens


_BULLETS = words("TIMES MINUS SPACE GAP GT SLASH DOT JUNK NEWLINE BAR COLON")


def without_bullet(tokens: list[Token]) -> list[Token]:
    """Without what stands before a formula in a list: a star, a dash, (1), //, >."""
    at = 0
    while at < len(tokens) and tokens[at].kind in _BULLETS:
        at += 1
    rest = tokens[at:]
    if len(rest) > 2 and rest[0].kind == "NUMBER" and rest[1].kind in ("DOT", "RPAR"):
        return without_bullet(rest[2:])
    if len(rest) > 3 and [t.kind for t in rest[:3]] == ["LPAR", "NUMBER", "RPAR"]:
        return without_bullet(rest[3:])
    return rest


def remark_at(tokens: Sequence[Token], plain: bool) -> int | None:
    """Where words begin that tell what the equation is: after a wide space, or a comment."""
    depth = signs = gap = 0
    for i, token in enumerate(tokens):
        outside = depth <= 0
        gap = i if outside and token.kind == "GAP" else gap
        depth += (token.kind in OPEN) - (token.kind in CLOSE)
        signs += token.kind == "EQ"
        if not outside or not signs:
            continue
        if token.kind == "RELATION":  # what stands behind a gap tells how it is used: h(t) -> h
            return gap if plain and any(t.kind == "EQ" for t in tokens[:gap]) else i
        if plain and token.kind == "BAR" and token.spaced:
            return i
        if token.kind == "TEXT" and i > 0:
            return i
        if token.kind == "JUNK" and i > 0 and token.value not in ("!", "?", '"'):
            return i
        if token.kind in ("WIDE", "AMP") and _only_words(tokens[i + 1 :]):
            return i
        if token.kind == "WIDE" and _is_size(tokens[i + 1 :]):
            return i
        if token.kind == "DOTS" and [t.kind for t in tokens[i + 1 : i + 4]] == _NUMBERED:
            return i
        if (
            plain
            and token.kind == "SLASH"
            and i + 1 < len(tokens)
            and tokens[i + 1].kind == "SLASH"
        ):
            return i
        if token.kind in _REMARKS and i > 0 and _is_bracketed_remark(tokens, i):
            return i
        if plain and is_remark(tokens, i):
            return i
    return None


#: The number of an equation behind its dots, as in \\cdots (1).
_NUMBERED = ["LPAR", "NUMBER", "RPAR"]


#: Brackets around a remark.
_REMARKS = {"LPAR": "RPAR", "LBRACKET": "RBRACKET"}


#: Words that say what an equation is for, at its end: (forget gate), (new memory).
_PARTS = words(
    "gate gates memory state cell candidate content update output input reset forget hidden "
    "activation step vector layer block"
)


def _is_bracketed_remark(tokens: Sequence[Token], at: int) -> bool:
    """Whether the bracket that opens here closes the equation and holds words alone."""
    before = next((t for t in reversed(tokens[:at]) if t.kind not in SPACES), tokens[at])
    rest = [t for t in tokens[at + 1 :] if t.kind not in SPACES]
    while rest and rest[-1].kind in ("COMMA", "DOT", "SEMI"):
        rest.pop()
    if rest and any(t.kind == "RELATION" for t in rest) and _closing(rest) == len(rest) - 1:
        return True
    named = before.kind in ("LETTER", "NAME") and len(rest) > 2
    if before.kind not in ("RPAR", "RBRACKET", "SUB", "SUP", "GAP", "TIMES", "PRIME") and not named:
        return False
    if rest and rest[0].kind == "JUNK" and rest[0].value.isalpha():
        return True
    if len(rest) < 2 or rest[-1].kind != _REMARKS[tokens[at].kind]:
        return False
    if any(t.kind not in ("LETTER", "NAME", "MINUS", "SLASH") for t in rest[:-1]):
        return False
    if [t.kind for t in rest[:-1]] == ["NAME"] and tokens[at].spaced and len(rest[0].value) > 2:
        return rest[0].value.isupper() or rest[0].value in _PARTS
    shown = "".join(f" {t.value}" if t.spaced else t.value for t in tokens[at + 1 :])
    return bool(_PARTS & set(re.split(r"[^a-z]+", shown.lower())))


def _closing(tokens: Sequence[Token]) -> int:
    """Where the bracket that stands before them closes; -1 where none does."""
    depth = 1
    for i, token in enumerate(tokens):
        depth += (token.kind in OPEN) - (token.kind in CLOSE)
        if depth == 0:
            return i
    return -1


def _only_words(tokens: Sequence[Token]) -> bool:
    kinds = [t.kind for t in tokens if t.kind not in SPACES]
    formula = {"EQ", "PLUS", "TIMES", "HADAMARD", "FUNCTION", "SUB"}
    words = {"TEXT", "NAME", "JUNK", "LPAR", "RELATION", "LETTER"}
    return not formula & set(kinds) and bool(words & set(kinds))


def _is_size(tokens: Sequence[Token]) -> bool:
    """Whether tokens tell the size of what was defined: (n × 1)."""
    kept = [t for t in tokens if t.kind not in SPACES]
    while kept and kept[-1].kind in ("COMMA", "DOT", "SEMI"):
        kept.pop()
    if len(kept) != 5 or kept[0].kind not in _REMARKS or kept[-1].kind != _REMARKS[kept[0].kind]:
        return False
    one, sign, other = kept[1:-1]
    return sign.value in ("\\times", "×", "x") and all(
        t.kind in ("LETTER", "NUMBER") for t in (one, other)
    )


def is_remark(tokens: Sequence[Token], at: int) -> bool:
    """Whether words of prose begin here, in plain text."""
    token = tokens[at]
    before = tokens[at - 1].kind if at else ""
    after = tokens[at + 1].kind if at + 1 < len(tokens) else ""
    if before == "GAP" and token.kind in _REMARKS:
        inside = [t.kind for t in tokens[at + 1 : at + 8]]
        closing = inside.index(end) if (end := _REMARKS[token.kind]) in inside else None
        words = {"NUMBER", "NAME", "LETTER", "GAP", "MINUS", "COMMA", "SLASH", "DOT"}
        if closing is None or not set(inside[:closing]) <= words:
            return False
        if token.kind == "LBRACKET" and not any(len(t.value) > 2 for t in tokens[at + 1 :]):
            return False
        return at + 2 + closing == len(tokens) or inside[0] == "NUMBER"
    if token.kind != "NAME" or (not token.spaced and before != "GAP"):
        return False
    word = token.value
    return (
        len(word) >= 4
        and word.isalpha()
        and (word.islower() or word.istitle())
        and word.lower() not in GREEK
        and after not in ("SUB", "SUP", "PRIME", "TIMES", "HADAMARD", "PLUS", "MINUS")
        and before not in OPERATORS
    )
