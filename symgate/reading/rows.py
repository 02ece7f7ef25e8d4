"""From the tokens of a formula to its equations: rows, columns, several equations in a row.

Also what people forget between equations: a lost line break is mended and noted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from symgate.reading.faults import Edit, FoundFault
from symgate.reading.remarks import (
    CLOSE,
    OPEN,
    OPERATORS,
    SPACES,
    remark_at,
    without_brackets,
    without_bullet,
)
from symgate.reading.source import Piece
from symgate.reading.tokens import Token

_LEFT = {"LETTER", "NAME", "MACRO", "ACCENT", "SUB", "SUP", "PRIME", "COMMA", "NUMBER"} | SPACES
_LINKING = {"where", "and", "with", "then"}
_TRAILING = SPACES | {"COMMA", "DOT", "SEMI", "COLON", "TEXT", "JUNK", "ROW"}


@dataclass(frozen=True)
class Equation:
    """The tokens of one equation: the sides between its equals signs, and faults so far."""

    sides: tuple[tuple[Token, ...], ...]
    start: int
    stop: int
    faults: tuple[FoundFault, ...] = ()
    remark: str = ""
    piece: Piece | None = field(default=None, repr=False)


def equations(piece: Piece, tokens: Sequence[Token]) -> Iterator[Equation]:
    """The equations of a formula, in order; what has no equals sign is left out."""
    for row in _rows(_layout(tokens)):
        for part, faults in _parts(piece, row):
            found = _equation(piece, part, (*faults, *_open_end(piece, part)))
            if found is not None:
                yield found


def _open_end(piece: Piece, part: Sequence[Token]) -> Iterator[FoundFault]:
    """The fault of a formula that nothing closes before the next begins."""
    kept = [t for t in part if t.kind not in _TRAILING]
    if piece.delimiters == ("$", "") and kept:
        at, why = kept[-1].stop, "nothing closes this formula before the next begins"
        edits = (Edit(at, at, "$"),)
        yield FoundFault(
            *("unbalanced_delimiter", why, kept[0].start, at, "", "", edits), certainty=0.9
        )


def _layout(tokens: Sequence[Token]) -> list[Token]:
    """Environments without an equals sign are matrices; the others only lay out lines."""
    tokens = _without_empty_groups(tokens)
    result = list(tokens)
    opened: list[int] = []
    for i, token in enumerate(tokens):
        if token.kind == "BEGIN":
            opened.append(i)
        elif token.kind == "END" and opened:
            start = opened.pop()
            inside = tokens[start + 1 : i]
            rows = any(t.kind in ("ROW", "AMP") for t in inside)
            if rows and not any(t.kind == "EQ" for t in inside):
                result[start] = replace(tokens[start], kind="MATRIX")
                result[i] = replace(token, kind="ENDMATRIX")
    return [t for t in result if t.kind not in ("BEGIN", "END")]


def _without_empty_groups(tokens: Sequence[Token]) -> list[Token]:
    """Without {}, which only keeps a sign from its neighbour, and + for {+}."""
    result: list[Token] = []
    for token in tokens:
        if token.kind == "RBRACE" and result and result[-1].kind == "LBRACE":
            result.pop()
        elif (
            token.kind == "RBRACE"
            and [t.kind in OPERATORS for t in result[-2:]] == [0, 1]
            and (result[-2].kind == "LBRACE")
        ):
            del result[-2]
        else:
            result.append(token)
    return result


def _rows(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Rows between line breaks; one that goes on in the next is joined to it."""
    rows: list[list[Token]] = [[]]
    depth = matrices = 0
    for i, token in enumerate(tokens):
        matrices += (token.kind == "MATRIX") - (token.kind == "ENDMATRIX")
        depth = max(0, depth + (token.kind in OPEN) - (token.kind in CLOSE))
        if token.kind != "ROW" or matrices > 0:
            rows[-1].append(token)
            continue
        if depth > 0 and not starts_equation(tokens, i + 1):
            rows[-1] = _without_last_plus(rows[-1], tokens[i + 1 :])
            continue
        depth = 0
        rows.append([])
    whole: list[list[Token]] = []
    for row in rows:
        first = next((t for t in row if t.kind not in SPACES), None)
        last = (
            next((t for t in reversed(whole[-1]) if t.kind not in SPACES), None) if whole else None
        )
        goes_on = first is not None and (
            first.kind in OPERATORS - {"COMMA"}
            or (last is not None and last.kind in OPERATORS - {"COMMA"})
        )
        if whole and goes_on and not starts_equation(row, 0):
            whole[-1] = [*_without_last_plus(whole[-1], row), *row]
        elif first is not None:
            whole.append(list(row))
    yield from whole


def _without_last_plus(row: list[Token], following: Sequence[Token]) -> list[Token]:
    """A row without the plus at its end, where the next row begins with that plus again."""
    last = max((i for i, t in enumerate(row) if t.kind not in SPACES), default=-1)
    first = next((t for t in following if t.kind not in SPACES), None)
    again = last >= 0 and first is not None and row[last].kind == first.kind == "PLUS"
    return row[:last] if again else row


def starts_equation(tokens: Sequence[Token], at: int) -> bool:
    """Whether a left side and an equals sign stand next: h_t =, or h(t) =."""
    depth = seen = 0
    previous = ""
    for token in tokens[at : at + 40]:
        if token.kind in OPEN:
            if (
                depth == 0
                and token.kind in ("LPAR", "LBRACKET")
                and previous not in _LEFT - {"COMMA"}
            ):
                return False
            depth += 1
        elif token.kind in CLOSE:
            depth -= 1
            if depth < 0:
                return False
        elif depth == 0:
            if token.kind == "EQ":
                return seen > 0
            if token.kind not in _LEFT or seen > 8:
                return False
            if token.kind in ("LETTER", "NAME", "MACRO"):
                seen += 1
        else:
            seen = max(seen, 1)
        previous = token.kind
    return False


def _parts(piece: Piece, row: list[Token]) -> Iterator[tuple[list[Token], tuple[FoundFault, ...]]]:
    """The equations of one row: between wide spaces, commas and forgotten line breaks."""
    parts: list[tuple[list[Token], tuple[FoundFault, ...]]] = [([], ())]
    depth, signs = 0, 0
    lone = [
        i
        for i, token in enumerate(row)
        if token.value == "\\ " and row[i - 1].kind in CLOSE | {"SUB", "SUP"}
    ]
    single = sum(starts_equation(row, i + 1) for i in lone) > 1
    for i, token in enumerate(row):
        depth += (token.kind in OPEN) - (token.kind in CLOSE)
        signs += token.kind == "EQ"
        wide = token.kind in ("WIDE", "SEMI", "COMMA", "SPACE", "GAP", "AMP")
        soft = token.kind in ("NEWLINE", "SOFTROW") or (single and token.value == "\\ ")
        soft = soft and not _is_wide(row, i + 1)
        if ((wide and depth <= 0) or soft) and signs > 0 and starts_equation(row, i + 1):
            parts.append(([], _forgotten_break(piece, row, i) if soft else ()))
            depth = signs = 0
            continue
        parts[-1][0].append(token)
    yield from parts


def _is_wide(row: Sequence[Token], at: int) -> bool:
    """Whether a wide space stands next, as \\quad at the start of a line."""
    return next((t.kind for t in row[at:] if t.kind != "NEWLINE"), "") == "WIDE"


def _forgotten_break(piece: Piece, row: Sequence[Token], at: int) -> tuple[FoundFault, ...]:
    """The fault of two equations with only a line end of the source between them."""
    source = piece.delimiters[0].startswith("`") and not piece.delimiters[0].endswith("math")
    if piece.kind == "plain" or not piece.display or source:
        return ()
    token = row[at]
    before = next((t for t in reversed(row[:at]) if t.kind not in SPACES), None)
    if before is None:
        return ()
    single = token.kind != "NEWLINE"
    kind = "broken_line_separator" if single else "missing_line_separator"
    why = (
        "a single backslash is a space: the equations run together"
        if single
        else "no line break stands between two equations: they run together"
    )
    edit = Edit(
        token.start, token.start + 1 if single else token.start, "\\\\" if single else " \\\\"
    )
    return (
        FoundFault(
            kind,
            why,
            *((token.start, token.start + 1) if single else (before.start, before.stop)),
            "",
            "",
            (edit,),
            0.95,
        ),
    )


def _equation(
    piece: Piece, tokens: Sequence[Token], faults: tuple[FoundFault, ...]
) -> Equation | None:
    """One equation cut at its equals signs, with its remark put aside."""
    tokens = list(tokens)
    if piece.kind == "plain":
        tokens = without_bullet(tokens)
        while tokens and (
            tokens[-1].kind in ("TIMES", *SPACES)
            or (tokens[-1].kind == "SUB" and not tokens[-1].inside)
        ):
            tokens.pop()
    remark = ""
    cut = remark_at(tokens, piece.kind == "plain")
    if cut is not None:
        remark = _text(piece, tokens[cut:])
        tokens = tokens[:cut]
    while tokens and (
        tokens[-1].kind in _TRAILING
        or tokens[-1].value in _LINKING
        or (cut and tokens[-1].value == "*")
    ):
        remark = remark or (tokens[-1].value if tokens[-1].kind == "TEXT" else "")
        tokens.pop()
    while tokens and tokens[0].kind in _TRAILING:
        tokens.pop(0)
    if _is_numbered(tokens, piece.kind == "plain"):
        return _equation(piece, tokens[:-3], faults)
    tokens = without_brackets(_without_lone_braces(tokens))
    sides: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token.kind in OPEN) - (token.kind in CLOSE)
        if token.kind == "EQ" and depth <= 0:
            sides.append([])
        else:
            sides[-1].append(token)
    sides[0] = _without_label(sides[0])
    if [t.value for t in sides[0][-2:]] == ["*", "*"]:  # **h_t** = …
        del sides[0][-2:]
    if len(sides) < 2 and piece.display and piece.kind == "latex":
        sides, lost = _without_equals(sides[0])
        faults = (*faults, *lost)
    if len(sides) < 2 or not any(t.kind not in SPACES for t in sides[0]):
        return None
    return Equation(
        tuple(map(tuple, sides)), tokens[0].start, tokens[-1].stop, faults, remark.strip(), piece
    )


def _is_numbered(tokens: Sequence[Token], plain: bool) -> bool:
    """Whether the number of the equation stands behind its full stop, or a space: e^k. (22)"""
    before, *rest = [t.kind for t in tokens[-4:]] or [""]
    if rest != ["LPAR", "NUMBER", "RPAR"]:
        return False
    ended = before in ("RPAR", "RBRACKET", "SUB", "SUP") and tokens[-2].value.isdigit()
    return before in ("DOT", "COMMA", "SEMI", "WIDE") or (plain and ended and tokens[-3].spaced)


def _without_label(tokens: list[Token]) -> list[Token]:
    """A left side without the words before it, as \\text{Reset gate: } r_t, or new memory c_t."""
    marks = (i for i, t in enumerate(tokens) if t.kind in ("TEXT", "WIDE", "COLON"))
    last = max(marks, default=-1)
    rest = tokens[last + 1 :]
    bare = next((i for i, t in enumerate(rest) if t.kind not in {"NAME", "COMMA"} | SPACES), 0)
    if bare and rest[bare].kind in ("LETTER", "ACCENT"):
        words = [t for t in rest[:bare] if t.kind not in SPACES]
        rest = rest[bare:] if words and words[-1].kind == "NAME" else rest
    return rest if any(t.kind not in SPACES for t in rest) else tokens


def _without_lone_braces(tokens: list[Token]) -> list[Token]:
    """Without a brace that opens at the start and closes nowhere, as \\left\\{ before cases."""
    balance = sum((t.kind == "LCURLY") - (t.kind == "RCURLY") for t in tokens)
    if balance > 0 and tokens and tokens[0].kind == "LCURLY":
        return tokens[1:]
    return tokens


def _without_equals(
    tokens: list[Token],
) -> tuple[list[list[Token]], tuple[FoundFault, ...]]:
    """Z_t σ(…): a symbol with a time and then an activation, where = was forgotten."""
    kept = [t for t in tokens if t.kind not in SPACES]
    for i, token in enumerate(kept[:5]):
        activation = token.kind == "FUNCTION" or token.value == "sigma"
        opened = i + 1 < len(kept) and kept[i + 1].kind in ("LPAR", "LBRACKET")
        lowered = (
            i >= 2 and kept[i - 1].kind in ("SUB", "SUP") and kept[0].kind in ("LETTER", "ACCENT")
        )
        if activation and opened and lowered and kept[-1].kind in CLOSE:
            at = kept[i - 1].stop
            fault = FoundFault(
                "missing_equals",
                "no equals sign stands between the symbol and its value",
                kept[0].start,
                at,
                "",
                "",
                (Edit(at, at, " ="),),
                0.85,
                ill_formed=True,
            )
            return [kept[:i], kept[i:]], (fault,)
    return [tokens], ()


def _text(piece: Piece, tokens: Sequence[Token]) -> str:
    words = [t.value for t in tokens if t.kind not in ("WIDE", "AMP", "ROW", "NEWLINE")]
    return " ".join(words).strip()
