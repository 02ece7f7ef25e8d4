r"""One line for several gates, as `\Gamma_{u,r} = σ(W_{u,r} x + b_{u,r})`: a line for each.

And two letters for one name, as Δh_t, a letter for a sign, as r_t o h_{t-1}, and W_i [·] for
what the bracket before it holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

from symgate.reading.rows import Equation
from symgate.reading.tokens import Token

#: The kinds of tokens that end a factor, and those that begin one.
_ENDS = ("LETTER", "NAME", "MACRO", "SUB", "SUP", "PRIME", "RPAR", "RBRACKET", "RBRACE")
_STARTS = ("LETTER", "NAME", "MACRO", "FUNCTION", "ACCENT", "FONT", "LPAR", "LBRACKET", "LBRACE")
#: What stands for something that was printed before.
_ABBREVIATED = {"TIMES", "DOTS", "DOT", "HADAMARD"}


def separated(equation: Equation) -> Iterator[Equation]:
    """The equations that one equation stands for; itself where it is one."""
    lists = dict.fromkeys(marks for t in equation.sides[-1] if (marks := _marks(t)))
    names = _parts(equation.sides[0])
    for marks in lists:
        grouped = any(_marks(t) == marks for t in equation.sides[0])
        if len(equation.sides) == 2 and (grouped or len(names) == len(marks)):
            for i, mark in enumerate(marks):
                left = equation.sides[0] if grouped else names[i]
                sides = (_with(left, marks, mark), _with(equation.sides[1], marks, mark))
                yield replace(equation, sides=sides)
            return
    yield equation


def with_differences(equations: Sequence[Equation]) -> list[Equation]:
    """The equations with Δh_t as one name where one of them defines it."""
    heads = [e.sides[0] for e in equations]
    named = [h[1] for h in heads if len(h) > 1 and h[0].value == "Delta"]
    letters = {token.value for token in named if token.kind == "LETTER"}
    return [replace(e, sides=tuple(_with_deltas(s, letters) for s in e.sides)) for e in equations]


def with_circles(equations: Sequence[Equation]) -> list[Equation]:
    """The equations with a lone o between two factors as ∘, where none of them defines o."""
    if any([t.value for t in e.sides[0]] == ["o"] for e in equations):
        return list(equations)
    return [replace(e, sides=tuple(map(_circled, e.sides))) for e in equations]


def with_brackets(equations: Sequence[Equation]) -> list[Equation]:
    """The equations with what a list in brackets held where a bracket holds a dot: W_i [·] + b."""
    held: tuple[Token, ...] = ()
    result = []
    for equation in equations:
        own, opened = list[Token](), [0]
        for token in equation.sides[-1]:
            own.append(token)
            if token.kind in ("LPAR", "LBRACKET"):
                opened.append(len(own))
            if token.kind not in ("RPAR", "RBRACKET") or len(opened) < 2:
                continue
            at = opened.pop()
            inside = own[at:-1]
            kinds = {t.kind for t in inside}
            if "COMMA" in kinds and not kinds & {"RPAR", "RBRACKET"}:
                held = tuple(inside)
            elif held and kinds and kinds <= _ABBREVIATED:
                start, stop = inside[0].start, inside[-1].stop
                own[at:-1] = [replace(t, start=start, stop=stop) for t in held]
        result.append(replace(equation, sides=(*equation.sides[:-1], tuple(own))))
    return result


def _circled(side: Sequence[Token]) -> tuple[Token, ...]:
    result = list(side)
    for i, (before, own, after) in enumerate(zip(side, side[1:], side[2:], strict=False), start=1):
        lone = (own.kind, own.value) == ("LETTER", "o") and own.spaced and after.spaced
        if lone and before.kind in _ENDS and after.kind in _STARTS:
            result[i] = replace(own, kind="HADAMARD")
    return tuple(result)


def _with_deltas(side: Sequence[Token], letters: set[str]) -> tuple[Token, ...]:
    return tuple(
        replace(t, kind="ACCENT")
        if t.value == "Delta" and after is not None and after.value in letters
        else t
        for t, after in zip_longest(side, side[1:])
    )


def _marks(token: Token) -> tuple[str, ...]:
    """The letters of an index that lists several: u and r of _{u,r}."""
    kept = [t for t in token.inside if t.kind not in ("SPACE", "GAP")]
    letters, commas = kept[::2], kept[1::2]
    listed = token.kind in ("SUB", "SUP") and len(letters) > 1 and len(kept) % 2
    plain = all(t.kind == "LETTER" for t in letters) and all(t.kind == "COMMA" for t in commas)
    marks = tuple(t.value for t in letters) if listed and plain else ()
    return marks if len(set(marks)) == len(marks) and "t" not in marks else ()


def _with(side: Sequence[Token], marks: tuple[str, ...], mark: str) -> tuple[Token, ...]:
    at = marks.index(mark)
    result = []
    for token in side:
        if _marks(token) == marks:
            own = [t for t in token.inside if t.kind == "LETTER"][at]
            token = replace(token, inside=(own,))
        result.append(token)
    return tuple(result)


def _parts(side: Sequence[Token]) -> list[tuple[Token, ...]]:
    """The parts of a left side between its commas."""
    parts: list[list[Token]] = [[]]
    for token in side:
        if token.kind == "COMMA":
            parts.append([])
        else:
            parts[-1].append(token)
    return [tuple(part) for part in parts]
