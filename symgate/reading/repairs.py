"""Lines whose brackets or signs cannot be right, mended so that the rest can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symgate.reading.faults import Edit, Fault
from symgate.reading.rows import Equation
from symgate.reading.tokens import Token

_PAIRS = {
    "LPAR": "RPAR",
    "LBRACKET": "RBRACKET",
    "LCURLY": "RCURLY",
    "LANGLE": "RANGLE",
    "LBRACE": "RBRACE",
}
_TEXT = {"RPAR": ")", "RBRACKET": "]", "RCURLY": "\\}", "RANGLE": "\\rangle", "RBRACE": "}"}


def repaired(equation: Equation) -> Equation:
    """The equation with its brackets balanced and with + for an = inside brackets."""
    sides: list[tuple[Token, ...]] = []
    faults = list(equation.faults)
    for side in equation.sides:
        tokens = _without_inner_equals(side, faults)
        tokens = _balanced(tokens, faults)
        tokens = _concatenated(tokens, faults)
        plain = equation.piece is not None and equation.piece.kind == "plain"
        if not plain:
            faults.extend(_script_faults(tokens))
        sides.append(tuple(tokens))
    return replace(equation, sides=tuple(sides), faults=tuple(faults))


def _without_inner_equals(tokens: Sequence[Token], faults: list[Fault]) -> list[Token]:
    result: list[Token] = []
    for token in tokens:
        if token.kind == "EQ":
            faults.append(
                Fault(
                    "wrong_operator",
                    "an equals sign stands inside brackets",
                    token.start,
                    token.stop,
                    token.value,
                    "+",
                    (Edit(token.start, token.stop, "+"),),
                    0.95,
                    ill_formed=True,
                )
            )
            token = replace(token, kind="PLUS", value="+")
        result.append(token)
    return result


def _balanced(tokens: Sequence[Token], faults: list[Fault]) -> list[Token]:
    """Closing brackets that nothing opened are dropped, missing ones are added at the end."""
    opened: list[Token] = []
    result: list[Token] = []
    for token in tokens:
        if token.kind in _PAIRS:
            opened.append(token)
        elif token.kind in _TEXT:
            if not opened and token.kind == "RPAR" and _bare_function(result):
                head = _bare_function(result)
                assert head is not None
                at = result.index(head) + 1
                faults.append(
                    Fault(
                        "missing_parenthesis",
                        f"no bracket opens after {head.value}",
                        head.start,
                        head.stop,
                        head.value,
                        f"{head.value}(",
                        (Edit(head.stop, head.stop, "("),),
                        0.9,
                        ill_formed=True,
                    )
                )
                result.insert(at, Token("LPAR", "(", head.stop, head.stop))
                result.append(token)
                continue
            if not opened:
                faults.append(
                    Fault(
                        "extra_parenthesis",
                        f"{token.value} closes what nothing opened",
                        token.start,
                        token.stop,
                        token.value,
                        "",
                        (Edit(token.start, token.stop, ""),),
                        0.95,
                        ill_formed=True,
                    )
                )
                continue
            before = opened.pop()
            wanted = _PAIRS[before.kind]
            if token.kind != wanted:
                faults.append(
                    Fault(
                        "mismatched_parenthesis",
                        f"{before.value} is closed by {token.value}",
                        token.start,
                        token.stop,
                        token.value,
                        _TEXT[wanted],
                        (Edit(token.start, token.stop, _TEXT[wanted]),),
                        0.8,
                        ill_formed=True,
                    )
                )
                token = replace(token, kind=wanted)
        result.append(token)
    for before in reversed(opened):
        last = result[-1]
        closing = _TEXT[_PAIRS[before.kind]]
        faults.append(
            Fault(
                "missing_parenthesis",
                f"{before.value} is never closed",
                before.start,
                before.stop,
                before.value,
                f"{before.value} … {closing}",
                (Edit(last.stop, last.stop, closing),),
                0.9,
                ill_formed=True,
            )
        )
        result.append(Token(_PAIRS[before.kind], closing, last.stop, last.stop))
    return result


def _concatenated(tokens: Sequence[Token], faults: list[Fault]) -> list[Token]:
    """sigma(W h, x + b): brackets are missing around what a matrix acts on."""
    kept = [i for i, t in enumerate(tokens) if t.kind not in ("SPACE", "GAP", "NEWLINE", "AMP")]
    kinds = [tokens[i].kind for i in kept]
    head = len(kinds) > 6 and (kinds[0] == "FUNCTION" or tokens[kept[0]].value == "sigma")
    if not head or kinds[1] != "LPAR" or kinds.count("COMMA") != 1:
        return list(tokens)
    comma = kinds.index("COMMA")
    depth = sum(k in _PAIRS for k in kinds[:comma]) - sum(k in _TEXT for k in kinds[:comma])
    first = comma - 1
    while first > 1 and kinds[first] in ("SUB", "SUP", "PRIME"):
        first -= 1
    last = comma + 1
    while last + 1 < len(kinds) and kinds[last + 1] in ("SUB", "SUP", "PRIME"):
        last += 1
    letters = ("LETTER", "NAME")
    two = kinds[first] in letters and kinds[2] in letters and first > 2
    if depth != 1 or not two or last >= len(kinds) or kinds[comma + 1] not in letters:
        return list(tokens)
    opening, closing = tokens[kept[first]], tokens[kept[last]]
    faults.append(
        Fault(
            "missing_brackets",
            "brackets are missing around what the matrix acts on",
            opening.start,
            closing.stop,
            "",
            "",
            (Edit(opening.start, opening.start, "["), Edit(closing.stop, closing.stop, "]")),
            0.85,
            ill_formed=True,
        )
    )
    result = list(tokens)
    result.insert(kept[last] + 1, Token("RBRACKET", "]", closing.stop, closing.stop))
    result.insert(kept[first], Token("LBRACKET", "[", opening.start, opening.start))
    return result


def _bare_function(tokens: Sequence[Token]) -> Token | None:
    """A function that no bracket follows, at the start of a side."""
    kept = [t for t in tokens if t.kind not in ("SPACE", "GAP", "NEWLINE", "AMP")]
    if len(kept) < 2 or not (kept[0].kind == "FUNCTION" or kept[0].value == "sigma"):
        return None
    return None if kept[1].kind in (*_PAIRS, "SUB", "SUP") else kept[0]


def _script_faults(tokens: Sequence[Token]) -> list[Fault]:
    """Scripts that a formatter or a forgotten brace has spoilt; one fault of a kind."""
    found: list[Fault] = []
    for token in tokens:
        if token.kind not in ("SUB", "SUP"):
            continue
        if token.value == "*":
            found.append(
                Fault(
                    "underscore_became_asterisk",
                    "a formatter took the underscores for emphasis and wrote asterisks",
                    token.start,
                    token.start + 1,
                    "*",
                    "_",
                    (Edit(token.start, token.start + 1, "_"),),
                    0.95,
                    ill_formed=True,
                )
            )
        elif token.value == "_-":
            start, stop = token.inside[0].start, token.stop
            found.append(
                Fault(
                    "missing_braces",
                    "only the t is lowered: braces are missing around t-1",
                    start,
                    stop,
                    "",
                    "",
                    (Edit(start, start, "{"), Edit(stop, stop, "}")),
                    0.85,
                    ill_formed=True,
                )
            )
        elif token.value == "_?":
            found.append(
                Fault(
                    "missing_underscore",
                    "the index is not lowered: an underscore is missing",
                    token.start,
                    token.stop,
                    "",
                    "_",
                    (Edit(token.start, token.start, "_"),),
                    0.9,
                    ill_formed=True,
                )
            )
        elif token.value == "^}":
            inside = token.inside
            found.append(
                Fault(
                    "misplaced_brace",
                    "the closing brace stands inside the angle brackets",
                    inside[0].start,
                    token.stop,
                    "",
                    "",
                    (Edit(inside[-2].stop, token.stop, ">}"),),
                    0.9,
                    ill_formed=True,
                )
            )
        elif token.value == "\\_":
            found.append(
                Fault(
                    "markdown_escape",
                    "\\_ prints an underscore and lowers nothing",
                    token.start,
                    token.start + 2,
                    "\\_",
                    "_",
                    (Edit(token.start, token.start + 2, "_"),),
                    0.9,
                )
            )
        elif not token.braced and token.inside and token.inside[0].kind == "LPAR":
            start, stop = token.inside[0].start, token.inside[-1].stop
            found.append(
                Fault(
                    "missing_braces",
                    "only the opening bracket is raised or lowered: braces are "
                    "missing around the index",
                    token.start,
                    stop,
                    "",
                    "",
                    (Edit(start, start, "{"), Edit(stop, stop, "}")),
                    0.9,
                    ill_formed=True,
                )
            )
    return _merged(found)


def _merged(faults: Sequence[Fault]) -> list[Fault]:
    """One fault for those of one kind, with the edits of all."""
    first: dict[str, Fault] = {}
    for fault in faults:
        known = first.get(fault.kind)
        first[fault.kind] = (
            fault if known is None else replace(known, edits=(*known.edits, *fault.edits))
        )
    return list(first.values())
