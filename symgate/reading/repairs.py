"""Lines whose brackets or signs cannot be right, mended so that the rest can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from symgate.reading.faults import Edit, FoundFault
from symgate.reading.indices import is_late
from symgate.reading.rows import Equation
from symgate.reading.tokens import Token

_PAIRS = {
    "LPAR": "RPAR",
    "LBRACKET": "RBRACKET",
    "LCURLY": "RCURLY",
    "LANGLE": "RANGLE",
    "LBRACE": "RBRACE",
}
_OPENING = ("LPAR", "LBRACKET")
_TEXT = {"RPAR": ")", "RBRACKET": "]", "RCURLY": "\\}", "RANGLE": "\\rangle", "RBRACE": "}"}


def repaired(equation: Equation) -> Equation:
    """The equation with its brackets balanced and with + for an = inside brackets."""
    sides: list[tuple[Token, ...]] = []
    faults = list(equation.faults)
    for side in equation.sides:
        tokens = _without_inner_equals(_with_products(side, faults), faults)
        tokens = _balanced(tokens, faults)
        plain = equation.piece is not None and equation.piece.kind == "plain"
        if not plain:
            now = any(is_late(t.inside) for t in equation.sides[0])  # t_1 is this step
            faults.extend(_script_faults(tokens, now))
        sides.append(tuple(tokens))
    return replace(equation, sides=tuple(sides), faults=tuple(faults))


def _with_products(tokens: Sequence[Token], faults: list[FoundFault]) -> list[Token]:
    """A dot above a bracket is one for a product: W \\dot [h, x]."""
    result = list(tokens)
    for at, (token, follows) in enumerate(pairwise(tokens)):
        if token.kind == "ACCENT" and token.value == "dot" and follows.kind in _OPENING:
            why = "a dot stands above a bracket"
            edits = (Edit(token.start, token.stop, "\\cdot"),)
            fault = FoundFault(
                *("wrong_operator", why, token.start, token.stop, "\\dot", "\\cdot", edits, 0.9)
            )
            faults.append(fault)
            result[at] = replace(token, kind="TIMES", value="\\cdot")
    return result


def _without_inner_equals(tokens: Sequence[Token], faults: list[FoundFault]) -> list[Token]:
    result: list[Token] = []
    for token in tokens:
        if token.kind == "EQ":
            start, stop, why = token.start, token.stop, "an equals sign stands inside brackets"
            edits = (Edit(start, stop, "+"),)
            fault = FoundFault(
                "wrong_operator", why, start, stop, token.value, "+", edits, 0.95, True
            )
            faults.append(fault)
            token = replace(token, kind="PLUS", value="+")
        result.append(token)
    return result


def _balanced(tokens: Sequence[Token], faults: list[FoundFault]) -> list[Token]:
    """Closing brackets that nothing opened are dropped, missing ones are added at the end.

    In W [h, x + b) with one bracket too few it is [ that is never closed.
    """
    opened: list[Token] = []
    result: list[Token] = []
    few = sum((t.kind in _PAIRS) - (t.kind in _TEXT) for t in tokens)
    for token in tokens:
        if token.kind in _PAIRS:
            opened.append(token)
        elif token.kind in _TEXT:
            head = _bare_function(result) if not opened and token.kind == "RPAR" else None
            if head is not None:
                why, meant = f"no bracket opens after {head.value}", f"{head.value}("
                edits = (Edit(head.stop, head.stop, "("),)
                faults.append(_bracket("missing", why, head, head.value, meant, edits, 0.9))
                result.insert(result.index(head) + 1, Token("LPAR", "(", head.stop, head.stop))
                result.append(token)
                continue
            if not opened:
                why = f"{token.value} closes what nothing opened"
                edits = (Edit(token.start, token.stop, ""),)
                faults.append(_bracket("extra", why, token, token.value, "", edits, 0.95))
                continue
            before = opened.pop()
            if few > 0 and opened and _PAIRS[before.kind] != token.kind == _PAIRS[opened[-1].kind]:
                result.append(_end(before, result[-1], faults))
                before, few = opened.pop(), few - 1
            wanted = _PAIRS[before.kind]
            if token.kind != wanted:
                why, meant = f"{before.value} is closed by {token.value}", _TEXT[wanted]
                edits = (Edit(token.start, token.stop, meant),)
                faults.append(_bracket("mismatched", why, token, token.value, meant, edits, 0.8))
                token = replace(token, kind=wanted)
        result.append(token)
    for before in reversed(opened):
        result.append(_end(before, result[-1], faults))
    return result


def _end(before: Token, last: Token, faults: list[FoundFault]) -> Token:
    """The end of a bracket that has none, behind the last token that stands in it."""
    kind, stop = _PAIRS[before.kind], last.stop
    why, edits = f"{before.value} is never closed", (Edit(stop, stop, _TEXT[kind]),)
    faults.append(_bracket("missing", why, replace(before, stop=stop), "", "", edits, 0.9))
    return Token(kind, _TEXT[kind], stop, stop)


def _bracket(
    what: str, why: str, at: Token, printed: str, meant: str, edits: tuple[Edit, ...], sure: float
) -> FoundFault:
    kind = f"{what}_parenthesis"
    return FoundFault(kind, why, at.start, at.stop, printed, meant, edits, sure, True)


def _bare_function(tokens: Sequence[Token]) -> Token | None:
    """A function that no bracket follows, at the start of a side."""
    kept = [t for t in tokens if t.kind not in ("SPACE", "GAP", "NEWLINE", "AMP")]
    if len(kept) < 2 or not (kept[0].kind == "FUNCTION" or kept[0].value == "sigma"):
        return None
    return None if kept[1].kind in (*_PAIRS, "SUB", "SUP") else kept[0]


#: The faults of a spoilt script by its value: kind, why, printed, meant, certainty, ill formed.
_SPOILT = {
    "*": (
        "underscore_became_asterisk",
        "a formatter took the underscores for emphasis and wrote asterisks",
        ("*", "_", 0.95, True),
    ),
    "_?": (
        "missing_underscore",
        "the index is not lowered: an underscore is missing",
        ("", "_", 0.9, True),
    ),
    "\\_": (
        "markdown_escape",
        "\\_ prints an underscore and lowers nothing",
        ("\\_", "_", 0.9, False),
    ),
}


def _script_faults(tokens: Sequence[Token], now: bool) -> list[FoundFault]:
    """Scripts that a formatter or a forgotten brace has spoilt; one fault of a kind.

    `now` says that t_1 is no t-1 here.
    """
    found: list[FoundFault] = []
    for before, token in pairwise(tokens):
        if token.kind not in ("SUB", "SUP"):
            continue
        inside, start, stop = token.inside, token.start, token.stop
        if token.value in _SPOILT:
            kind, why, (printed, meant, certainty, broken) = _SPOILT[token.value]
            edits = (Edit(start, start + len(printed), meant),)
            end = edits[0].stop if printed else stop
            found.append(
                FoundFault(kind, why, start, end, printed, meant, edits, certainty, broken)
            )
        elif token.value == "_-":
            why = "only the t is lowered: braces are missing around t-1"
            found.append(_unbraced(why, inside[0].start, inside[0].start, stop, 0.85))
        elif token.value == "_2":
            why = "only the first letter is lowered: braces are missing around both"
            found.append(_unbraced(why, inside[0].start, inside[0].start, stop, 0.85))
        elif [t.kind for t in inside] == ["ACCENT", "LETTER"] and inside[1].value == "t":
            why, accent = "the accent stands above the time: it is one of the name", inside[0]
            moved = (
                Edit(before.start, before.start, f"\\{accent.value}{{"),
                Edit(before.stop, before.stop, "}"),
                Edit(accent.start, accent.stop, ""),
            )
            at = before.start
            found.append(FoundFault("misplaced_accent", why, at, stop, "", "", moved, 0.8, True))
        elif token.value == "_{":
            why, mend = "the brace of this index is never closed", (Edit(stop, stop, "}"),)
            found.append(FoundFault("missing_braces", why, start, stop, "", "", mend, 0.9, True))
        elif token.value == "^}":
            why = "the closing brace stands inside the angle brackets"
            edits = (Edit(inside[-2].stop, stop, ">}"),)
            fault = FoundFault(
                "misplaced_brace", why, inside[0].start, stop, "", "", edits, 0.9, True
            )
            found.append(fault)
        elif (plus := _bias_inside(token)) is not None:
            why = "the bias stands in the subscript: the brace closes too late"
            late = (Edit(plus.start, plus.start, "}"), Edit(stop - 1, stop, ""))
            found.append(FoundFault("misplaced_brace", why, start, stop, "", "", late, 0.9, True))
        elif is_late(inside) and not now:
            why, at = "the 1 is lowered again: t_1 for t-1", inside[1].start
            minus = (Edit(at, at + 1, "-"),)
            found.append(
                FoundFault("time_index_notation", why, start, stop, "", "", minus, 0.85, True)
            )
        elif not token.braced and inside and inside[0].kind == "LPAR":
            why = (
                "only the opening bracket is raised or lowered: braces are missing around the index"
            )
            found.append(_unbraced(why, start, inside[0].start, inside[-1].stop, 0.9))
    return _merged(found)


def _bias_inside(token: Token) -> Token | None:
    """The plus of W_{hh+b_h}, where the bias was drawn into the script."""
    signs = [i for i, t in enumerate(token.inside) if t.kind == "PLUS"]
    behind = token.inside[signs[0] + 1 :] if signs and token.braced else ()
    bias = len(behind) == 2 and behind[0].value == "b" and behind[1].kind == "SUB"
    return token.inside[signs[0]] if bias else None


def _unbraced(why: str, start: int, first: int, stop: int, certainty: float) -> FoundFault:
    edits = (Edit(first, first, "{"), Edit(stop, stop, "}"))
    return FoundFault("missing_braces", why, start, stop, "", "", edits, certainty, True)


def _merged(faults: Sequence[FoundFault]) -> list[FoundFault]:
    """One fault for those of one kind, with the edits of all."""
    first: dict[str, FoundFault] = {}
    for fault in faults:
        known = first.get(fault.kind)
        first[fault.kind] = (
            fault
            if known is None
            else replace(known, stop=fault.stop, edits=(*known.edits, *fault.edits))
        )
    return list(first.values())
