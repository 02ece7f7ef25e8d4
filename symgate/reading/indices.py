"""Which letter is the time in a document, and which time tokens and trees say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from symgate.reading.tokens import Token
from symgate.reading.trees import Digits, Scripted, Spelled, Terms, Tree


@dataclass(frozen=True)
class Indices:
    """Which letters are the time and which number components, in one document.

    `same` are pairs of names of which the first is written for the second, as c for C.
    `numbers` say what other letters are counted from t: k is 2 in h_{t-k}. `below` stands below
    the time of this step, as 1 in t_0 and t_1, or k in t_{k-1} and t_k. `made` are names such as
    v_old that an equation defines.
    """

    time: frozenset[str] = frozenset({"t"})
    numbers: tuple[tuple[str, int], ...] = ()
    components: frozenset[str] = frozenset()
    same: frozenset[tuple[str, str]] = frozenset()
    below: str = ""
    made: frozenset[str] = frozenset()


def indices(sides: Iterable[Sequence[Token]]) -> Indices:
    """Find the time letter: the one from which 1 is taken in the scripts; t unless shown."""
    steps, alone, lowered = Counter[str](), Counter[str](), set[str]()
    for group in (group for tokens in sides for group in _script_groups(tokens)):
        for one, script in pairwise(group):
            if one.value == "t" and script.kind == "SUB":
                lowered.add("".join(t.value for t in script.inside))
        alone.update(token.value for token in group if len(group) == 1)
        for a, b, c in zip(group, group[1:], group[2:], strict=False):
            if a.kind == "LETTER" and b.kind in ("MINUS", "PLUS") and c.kind == "NUMBER":
                steps[a.value] += 1
    if not steps and not alone["t"] and (letters := [s for s in "kn" if alone[s] > 3]):
        return Indices(frozenset(letters[:1]))  # x_k = A x_k + B u_k, which lacks its step
    if below := next((n for n in lowered if {f"{n}-1", f"{n}+1"} & lowered), ""):
        return Indices(below=below)
    if {"0", "1"} <= lowered:
        return Indices(below="1")
    if "t" in steps or not steps:
        return Indices()
    best = max(steps, key=lambda letter: (letter not in "lL", steps[letter]))
    return Indices(frozenset({best}) if best in "nkijtsτTLN" or best == "tau" else frozenset({"t"}))


def _script_groups(tokens: Sequence[Token]) -> Iterable[Sequence[Token]]:
    for i, token in enumerate(tokens):
        if token.inside:
            yield token.inside
            yield from _script_groups(token.inside)
        if token.kind in ("LPAR", "LBRACKET", "LANGLE"):
            yield tokens[i + 1 : i + 4]


def time_of(part: Sequence[Token], indices: Indices) -> int | None:
    """The time that tokens say: t is 0, t - 1 is -1; None for anything else."""
    values = [t for t in part if t.kind not in ("SPACE", "GAP", "NEWLINE")]
    if indices.numbers:
        letters = any(t.kind == "LETTER" for t in values)
        return linear(values, dict(indices.numbers)) if letters else None
    if not values or values[0].value not in indices.time or values[0].inside:
        return None
    if len(values) == 2 and indices.below and values[1].kind == "SUB":
        return _time_below(values[1], indices.below)
    if len(values) == 1:
        return 0
    if len(values) == 3 and values[1].kind in ("MINUS", "PLUS") and _is_step(values[2].value):
        step = int(values[2].value) if values[2].value.isdigit() else 1
        return -step if values[1].kind == "MINUS" else step
    return None


def _is_step(text: str) -> bool:
    """Whether a number of steps, or the length of one, is taken from the time: t - Δt."""
    return text.isdigit() or text in ("Delta_t", "dt")


def _time_below(script: Token, now: str) -> int | None:
    """The time that is numbered below a t: -1 is said by t_0 beside t_1, and by t_{k-1}."""
    if now.isdigit():
        number = "".join(t.value for t in script.inside)
        return int(number) - int(now) if number.isdigit() else None
    return time_of(script.inside, Indices(frozenset({now})))


def is_late(values: Sequence[Token]) -> bool:
    """Whether t_1 stands where t-1 was meant, with the underscore of the minus sign's key."""
    return (
        len(values) == 2
        and (values[0].value, values[1].kind) == ("t", "SUB")
        and [t.value for t in values[1].inside] == ["1"]
    )


def linear(part: Sequence[Token], numbers: Mapping[str, int]) -> int | None:
    """What a sum of letters and numbers is, as t - k + 1; None where a letter is not known."""
    total, sign, due = 0, 1, True
    for token in part:
        if token.kind in ("PLUS", "MINUS"):
            sign, due = (-1 if token.kind == "MINUS" else 1), True
        elif not due or token.inside:
            return None
        elif token.kind == "NUMBER" and token.value.isdigit():
            total, due = total + sign * int(token.value), False
        elif token.kind == "LETTER" and token.value in numbers:
            total, due = total + sign * numbers[token.value], False
        else:
            return None
    return None if due else total


def tree_time(tree: Tree, indices: Indices) -> int | None:
    """The time that an expression in brackets says, as in h(t-1)."""
    match tree:
        case Spelled(name=name) if name in indices.time:
            return 0
        case Scripted(base=Spelled(name=name), scripts=(script,)) if indices.below:
            return _time_below(script, indices.below) if name in indices.time else None
        case Terms(terms=((1, Spelled(name=name)), (sign, Digits(text=text)))) if (
            name in indices.time and text.isdigit()
        ):
            return sign * int(text)
        case Terms(terms=((1, Spelled(name="t")), (sign, Spelled(name=step)))) if _is_step(step):
            return sign
    return None
