"""Sub- and superscripts with their arguments as one token, and signs that were spoilt.

This is where h_t-1, X*t W*{xr}, Ht-1 and x [h, x] become what they were meant to be.
"""

from __future__ import annotations

import re
from dataclasses import replace

from symgate.reading.lexer import Lexer
from symgate.reading.source import Piece
from symgate.reading.tokens import MAX_DEPTH, MAX_TOKENS, FormulaError, Token

_LABELLED = {"W", "U", "V", "R", "P", "b"}
_OPENING = {"LPAR", "LBRACKET", "LBRACE", "LANGLE", "LCURLY"}
_CLOSING = {"RPAR", "RBRACKET", "RBRACE", "RANGLE", "RCURLY"}


def tokens(piece: Piece) -> list[Token]:
    """The tokens of a formula, its scripts already gathered."""
    raw = _steps(list(Lexer(piece).run()))
    if len(raw) > MAX_TOKENS:
        raise FormulaError("the formula is too long", raw[0].start, raw[0].stop)
    if piece.kind == "plain":
        return gathered(_plain_signs(_with_bracketed_labels(raw)), plain=True)
    raw = _lost_underscores(_spoilt_signs(_short_fractions(_with_bracketed_labels(raw))))
    return gathered(_dotted_stars(raw))


def _steps(raw: list[Token]) -> list[Token]:
    r"""\Delta t is one number."""
    found: list[Token] = []
    for at, token in enumerate(raw):
        follows = raw[at + 1].kind if at + 1 < len(raw) else ""
        step = found and (found[-1].value, token.value) == ("Delta", "t")
        if step and found[-1].kind == token.kind == "LETTER" and follows not in ("SUB", "SUP"):
            found[-1] = replace(found[-1], kind="NAME", value="Delta_t", stop=token.stop)
        else:
            found.append(token)
    return found


def _short_fractions(raw: list[Token]) -> list[Token]:
    r"""\frac12, each of whose arguments is one digit."""
    found: list[Token] = []
    for token in raw:
        digits = token.value if found and found[-1].kind == "FRACTION" else ""
        if token.kind != "NUMBER" or len(digits) < 2 or not digits.isdigit():
            found.append(token)
            continue
        for first, last in ((0, 1), (1, 2), (2, len(digits))):
            if first < last:
                start, stop = token.start + first, token.start + last
                found.append(replace(token, value=digits[first:last], start=start, stop=stop))
    return found


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
    return (
        before.kind in ("LETTER", "RBRACE", "PRIME")
        and not after.spaced
        and (after.kind == "LBRACE" or after.value == "t")
        and not (at + 2 < len(raw) and raw[at + 2].kind == "ACCENT")
    )


def _lost_underscores(raw: list[Token]) -> list[Token]:
    r"""h{t-1} and \tilde{h}t, where an underscore was lost: the index is lowered again."""
    result: list[Token] = []
    for at, token in enumerate(raw):
        before = raw[at - 1] if at else None
        if before is not None and not token.spaced and _lost_one(raw, at, before):
            result.append(Token("SUB", "_?", token.start, token.start))
        result.append(token)
    return result


def _lost_one(raw: list[Token], at: int, before: Token) -> bool:
    inside = [t.value for t in raw[at + 1 : at + 5]]
    if before.kind == "LETTER" and raw[at].kind == "LBRACE" and before.stop == raw[at].start:
        command = at > 1 and raw[at - 2].kind in ("SUB", "SUP", "ACCENT")
        stepped = inside[:2] == ["t", "}"] or inside == ["t", "-", "1", "}"]
        return stepped and not command
    font = before.kind == "LETTER" and len(before.value) == 1 < before.stop - before.start
    closes = before.kind == "RBRACE"
    accented = font or (closes and [t.kind for t in raw[max(0, at - 4) : at]]) == [
        "ACCENT",
        "LBRACE",
        "LETTER",
        "RBRACE",
    ]
    follows = raw[at + 1].kind if at + 1 < len(raw) else ""
    return accented and raw[at].value == "t" and follows not in ("SUB", "SUP", "LBRACE", "PRIME")


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
        elif (
            kinds[:2] == ["DOT", "LETTER"]
            and raw[at + 1].value == "T"
            and not (token.spaced or raw[at + 1].spaced)
            and result
        ):
            result.append(replace(token, kind="SUP", value="^"))
            at += 1
        elif _is_raised_star(raw, at):
            result.extend((replace(token, kind="SUP", value="^"), replace(token, kind="LETTER")))
            at += 1
        elif token.kind == "DOT" and _is_broadcast(raw, at):
            at += 1
        elif kinds[:2] == ["DOT", "TIMES"] or (
            kinds[1:2] == ["DOT"] and token.value == "o" and token.spaced > raw[at + 1].spaced
        ):  # .* and the o. of AsciiMath
            result.append(replace(token, kind="HADAMARD", stop=raw[at + 1].stop, value=".*"))
            at += 2
        elif (token.value == "dot" and token.spaced and kinds[1:2] != ["LPAR"]) or (
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


def _is_broadcast(raw: list[Token], at: int) -> bool:
    """Whether a dot says of a sign or function that it goes by components: σ.(a .+ b)."""
    before, follows = raw[at - 1 : at], raw[at + 1 : at + 2]
    if not before or not follows or follows[0].spaced:
        return False
    function = before[0].kind == "FUNCTION" or before[0].value == "sigma"
    return follows[0].kind in ("PLUS", "MINUS") or (function and follows[0].kind == "LPAR")


def _with_bracketed_labels(raw: list[Token]) -> list[Token]:
    """W(x,f) x(t) + b(f), where brackets hold the labels of a weight: they are lowered."""
    result: list[Token] = []
    stop = -1
    for at, token in enumerate(raw):
        if token.kind == "LPAR" and (end := _labels_end(raw, at)) > 0:
            stop = end
            result += (replace(token, kind="SUB", value="_"), replace(token, kind="LBRACE"))
        else:
            result.append(replace(token, kind="RBRACE") if at == stop else token)
    return result


def _labels_end(raw: list[Token], at: int) -> int:
    """Where the bracket that opens here closes, if it holds the labels of a weight; else 0."""
    weight = raw[at - 1].value if at and not raw[at].spaced else ""
    labels = [t for t in raw[at + 1 : at + 6] if t.kind not in ("SPACE", "GAP")]
    kinds = "".join({"LETTER": "l", "COMMA": ",", "RPAR": ")"}.get(t.kind, "?") for t in labels)
    found = re.match(r"l(?:,l)?\)", kinds)
    if found is None or weight not in _LABELLED:
        return 0
    if {"t", "k"} & {t.value for t in labels[: found.end()]}:
        return 0
    end = raw.index(labels[found.end() - 1])
    follows = raw[end + 1 : end + 2]
    acts = bool(follows) and follows[0].kind in ("LETTER", "ACCENT")
    return end if weight == "b" or (acts and (found.end() > 2 or follows[0].spaced)) else 0


def _is_raised_star(raw: list[Token], at: int) -> bool:
    """Whether a star marks the symbol before it, as in c_t* = tanh(…) and at the end of a line."""
    token, after = raw[at], raw[at + 1] if at + 1 < len(raw) else None
    if token.value != "*" or token.spaced or at == 0 or raw[0].value == "*":
        return False
    if raw[at - 1].kind not in ("LETTER", "RBRACE") or "_" not in [t.value for t in raw[:at]]:
        return False
    return after is None or (after.kind == "EQ" and after.spaced)


def _dotted_stars(raw: list[Token]) -> list[Token]:
    """The .* of MATLAB is ⊙."""
    result: list[Token] = []
    for at, token in enumerate(raw):
        if token.value == "*" and result and result[-1].kind == "DOT":
            result[-1] = replace(token, kind="HADAMARD", value=".*", start=result[-1].start)
        elif _is_raised_star(raw, at):
            result.extend((replace(token, kind="SUP", value="^"), replace(token, kind="LETTER")))
        else:
            result.append(token)
    return result


def gathered(raw: list[Token], plain: bool = False) -> list[Token]:
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
        if plain and _is_hat(token, raw[at : at + 1]):
            hat = Token("ACCENT", "hat", token.start, token.stop)
            result.append(replace(token, inside=(hat,)))
            continue
        opened, (argument, at, braced) = [t.kind for t in raw[at : at + 1]], _argument(raw, at)
        if opened == ["LBRACE"] and not braced:
            token = replace(token, value="_{")
        stop = argument[-1].stop if argument else token.stop
        if braced and at <= len(raw):
            stop = max(stop, raw[at - 1].stop)
        if _each_lowered(argument, raw[at : at + 4]):  # h_t_-_1
            argument, stop, at = [*argument, raw[at + 1], raw[at + 3]], raw[at + 3].stop, at + 4
            token = replace(token, value="_-")
        if _is_second_letter(result, argument, raw, at, opened):  # W_ix x_t
            argument, stop, at = [*argument, raw[at]], raw[at].stop, at + 1
            token = replace(token, value="_2")
        follows = [t.kind for t in raw[at : at + 2]]
        opens = bool(argument) and argument[0].kind == "LT" and argument[-1].kind != "GT"
        if opens and follows[:1] == ["GT"]:  # ^{<t-1}>
            argument, stop, at = [*argument, raw[at]], raw[at].stop, at + 1
            token = replace(token, value="^}")
        elif _cut_off(token, argument, raw[at : at + 2]):  # h_t-1
            argument, stop, at = [*argument, *raw[at : at + 2]], raw[at + 1].stop, at + 2
            token = token if plain else replace(token, value="_-")
        if result and result[-1].kind in ("TIMES", "HADAMARD") and argument:
            continue  # the size of a kernel, \\star_n: the sign is the same
        result.append(
            Token(
                token.kind,
                token.value,
                token.start,
                stop,
                tuple(gathered(argument, plain)),
                token.spaced,
                braced,
            )
        )
    return result


def _is_second_letter(
    before: list[Token], argument: list[Token], raw: list[Token], at: int, opened: list[str]
) -> bool:
    """Whether the letter behind a script belongs to it: x in W_ix x_t, where braces are missing."""
    if not before or before[-1].value not in _LABELLED or opened != ["LETTER"]:
        return False
    own, *rest = [*raw[at : at + 3], *[Token("", "", 0, 0)] * 3][:3]
    while rest and rest[0].kind in ("TIMES", "SPACE"):
        rest.pop(0)
    beside = own.kind == "LETTER" and not own.spaced and own.start == argument[-1].stop
    apart = bool(rest) and (rest[0].spaced or rest[0].kind == "LPAR" or len(rest) < 2)
    return beside and apart and rest[0].kind in ("LETTER", "LPAR", "LBRACKET", "ACCENT")


def _cut_off(script: Token, argument: list[Token], follows: list[Token]) -> bool:
    """Whether - 1 stands right behind a lowered t, without braces around both."""
    return (
        script.kind == "SUB"
        and [t.value for t in argument] == ["t"]
        and argument[0].start == script.stop
        and [t.kind for t in follows] == ["MINUS", "NUMBER"]
        and follows[1].value == "1"
        and not any(t.spaced for t in follows)
        and argument[0].stop == follows[0].start
    )


def _is_hat(script: Token, follows: list[Token]) -> bool:
    """Whether a caret stands behind a symbol and above nothing, as in h_t^ = …"""
    ends = not follows or follows[0].spaced or follows[0].kind in ("EQ", "RPAR", "COMMA", "GAP")
    return script.kind == "SUP" and not script.spaced and ends


def _each_lowered(argument: list[Token], follows: list[Token]) -> bool:
    """Whether - and 1 have an underscore each behind a lowered t."""
    kinds = [t.kind for t in follows]
    return [t.value for t in argument] == ["t"] and kinds == ["SUB", "MINUS", "SUB", "NUMBER"]


def _argument(raw: list[Token], at: int) -> tuple[list[Token], int, bool]:
    """The argument of a script: a group without its braces, or one token."""
    while at < len(raw) and raw[at].kind in ("SPACE", "GAP", "NEWLINE"):
        at += 1
    if at >= len(raw):
        return [], at, False
    first = raw[at]
    closing = {
        "LBRACE": "RBRACE",
        "LPAR": "RPAR",
        "LT": "GT",
        "LANGLE": "RANGLE",
        "LBRACKET": "RBRACKET",
    }.get(first.kind)
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
    if first.kind == "LBRACE" and (end := _index_end(raw, at + 1)) > at + 1:
        return raw[at + 1 : end], end, False
    raise FormulaError("a bracket is not closed", first.start, first.stop, "unbalanced")


def _index_end(raw: list[Token], at: int) -> int:
    """Where an index ends whose brace is never closed: behind t-1, or where a space follows."""
    if [t.value for t in raw[at : at + 3]] == ["t", "-", "1"]:
        return at + 3
    kinds = ("LETTER", "NAME", "NUMBER", "COMMA")
    behind = (
        i for i in range(at, len(raw)) if raw[i].kind not in kinds or (raw[i].spaced and i > at)
    )
    return next(behind, len(raw))
