"""The shapes of ∂a/∂b, of d a and of a product over steps, in a syntax tree.

Nothing here knows what a name stands for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from symgate.reading.indices import linear
from symgate.reading.tokens import Token
from symgate.reading.trees import Factors, Fraction, Group, Scripted, Tree
from symgate.reading.trees import Spelled as Sign

#: The signs of a product over steps.
PRODUCTS = ("\\prod", "∏", "Pi")

_SPACE = ("SPACE", "GAP", "FONT", "NEWLINE", "LBRACE", "RBRACE")


def spoken(tokens: Iterable[Token]) -> list[Token]:
    """Tokens without those that only set a formula."""
    return [t for t in tokens if t.kind not in _SPACE]


def derivative(tree: Tree) -> tuple[Tree, Tree] | None:
    """a and b of ∂a/∂b, of a fraction or in one line, and of ∇_b a."""
    match tree:
        case Group(items=(item,)):
            return derivative(item)
        case Fraction(above=above, below=below):
            one, other = differential(above), differential(below)
        case Factors(factors=factors) if (at := _slash(factors)) > 0:
            one, other = differential(whole(factors[:at])), differential(whole(factors[at:]))
        case _:
            return None
    return None if one is None or other is None else (one, other)


def differential(tree: Tree) -> Tree | None:
    """What stands behind ∂ or d."""
    if isinstance(tree, Group) and len(tree.items) == 1:
        return differential(tree.items[0])
    if not isinstance(tree, Factors) or any(sign for sign, _ in tree.factors[1:]):
        return _glued(tree)
    first = tree.factors[0][1]
    if isinstance(first, Sign) and (first.kind == "PARTIAL" or first.name == "d"):
        return whole(tree.factors[1:])
    glued = _glued(first)
    return None if glued is None else whole((("", glued), *tree.factors[1:]))


def _glued(tree: Tree) -> Tree | None:
    """dh, where the d and the name are one word."""
    base = tree.base if isinstance(tree, Scripted) else tree
    if not (isinstance(base, Sign) and base.name[:1] == "d" and len(base.name) > 1):
        return None
    rest = replace(base, name=base.name[1:], start=base.start + 1)
    return replace(tree, base=rest) if isinstance(tree, Scripted) else rest


def whole(factors: Sequence[tuple[str, Tree]]) -> Tree:
    """Some factors of a product as one tree: a single one by itself."""
    return factors[0][1] if len(factors) == 1 else product_of(factors)


def _slash(factors: Sequence[tuple[str, Tree]]) -> int:
    found = [i for i, (sign, _) in enumerate(factors) if sign == "/"]
    return found[0] if len(found) == 1 else 0


def leading_derivative(factors: Sequence[tuple[str, Tree]]) -> int:
    """How many factors at the start are ∂ a / ∂ b; 0 where they are something else."""
    slash = next((i for i in range(1, min(4, len(factors))) if factors[i][0] == "/"), 0)
    lengths = [_length(factors[0][1]), _length(factors[slash][1])]
    timed = slash - lengths[0]  # 1 where a time in brackets stands behind the name
    stop = slash + lengths[1] + timed
    if not slash or not all(lengths) or timed not in (0, 1) or stop > len(factors):
        return 0
    bracket = timed == 0 or isinstance(factors[stop - 1][1], Group)
    return stop if bracket else 0


def _length(tree: Tree) -> int:
    """How many factors ∂a is, which begins here; 0 where it does not."""
    if isinstance(tree, Sign) and tree.kind == "PARTIAL":
        return 2
    return int(_glued(tree) is not None)


def product_of(factors: Sequence[tuple[str, Tree]]) -> Factors:
    """Some factors of a product as one."""
    (_, first), *rest = factors
    return Factors(first.start, factors[-1][1].stop, (("", first), *rest))


@dataclass(frozen=True)
class Running:
    """∏ or Σ over a letter, from `first` to `last`; no bounds where none are said."""

    sign: str
    letter: str
    first: int | None
    last: int | None


def running(tree: Tree, numbers: Mapping[str, int]) -> Running | None:
    """∏_{j=0}^{k-1} and Σ_t: over what it runs; None where a tree is no such sign."""
    base = tree.base if isinstance(tree, Scripted) else tree
    named = isinstance(base, Sign) and base.name in ("Sigma", "Pi") and base is not tree
    if not isinstance(base, Sign) or not (base.kind == "SUM" or named):
        return None
    sign = "product" if base.name in PRODUCTS else "sum"
    below: list[Token] = []
    above: list[Token] = []
    for script in tree.scripts if isinstance(tree, Scripted) else ():
        (above if script.kind == "SUP" else below).extend(spoken(script.inside))
    marks = [i for i, t in enumerate(below) if t.kind in ("EQ", "RELATION", "GT", "LT")]
    if not marks:
        letter = below[0].value if len(below) == 1 else ""
        return Running(sign, letter, None, None)
    if len(marks) == 1:
        first, last = linear(below[marks[0] + 1 :], numbers), linear(above, numbers)
        return Running(sign, below[0].value, first, last)
    middle = below[marks[0] + 1].value
    low = linear(below[: marks[0]], numbers)
    high = linear(below[marks[1] + 1 :], numbers)
    if low is None or high is None or len(marks) != 2:
        return Running(sign, middle, None, None)
    strict = [below[m].kind in ("GT", "LT") for m in marks]
    down = below[marks[0]].value in (">", "\\ge", "\\geq", "\\gt", "≥", "\\geqslant")
    if down:
        low, high, strict = high, low, strict[::-1]
    return Running(sign, middle, low + strict[0], high - strict[1])
