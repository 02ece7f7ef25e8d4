"""Every symbol of a formula with its name and its time, in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from symgate.reading.grammar import tree as parsed
from symgate.reading.indices import Indices, tree_time
from symgate.reading.names import BEFORE, Reference, is_power, is_transpose, reference
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
    TimedSymbol,
    Tree,
    WrittenMatrix,
    WrittenRoot,
)


def references(tree: Tree, indices: Indices) -> Iterator[Reference]:
    """Every symbol in a tree with its name and time."""
    match tree:
        case Spelled() | Accent():
            ref = reference(tree, indices)
            if ref is not None:
                yield ref
        case Scripted(base=base, scripts=scripts):
            ref = reference(tree, indices)
            exponential = isinstance(base, Spelled) and base.name == "e" and len(scripts) == 1
            if exponential and scripts[0].kind == "SUP" and (ref is None or ref.labels):
                yield from _in_exponent(scripts[0], indices)
            elif ref is not None:
                yield ref
            else:
                yield from references(base, indices)
                for script in scripts:
                    if is_power(script, "", indices):
                        yield from _in_exponent(script, indices)
        case Factors(factors=factors):
            yield from _in_product(factors, indices)
        case Group(items=items):
            for item in items:
                yield from references(item, indices)
        case Terms(terms=terms):
            for _, term in terms:
                yield from references(term, indices)
        case Fraction(above=above, below=below):
            yield from references(above, indices)
            yield from references(below, indices)
        case WrittenRoot(inside=inside):
            yield from references(inside, indices)
        case WrittenMatrix(rows=rows):
            for row in rows:
                for cell in row:
                    if cell is not None:
                        yield from references(cell, indices)
        case Digits() | TimedSymbol():
            return


def _in_exponent(script: Token, indices: Indices) -> Iterator[Reference]:
    with suppress(FormulaError):
        for item in parsed(script.inside)[0]:
            yield from references(item, indices)


def _in_product(factors: Sequence[tuple[str, Tree]], indices: Indices) -> Iterator[Reference]:
    skip = False
    for i, (_, factor) in enumerate(factors):
        if skip:
            skip = False
            continue
        follows = factors[i + 1][1] if i + 1 < len(factors) else None
        group = follows.base if isinstance(follows, Scripted) else follows
        if isinstance(group, Group) and len(group.items) == 1 and factors[i + 1][0] == "":
            time = tree_time(group.items[0], indices)
            ref = reference(factor, indices) if time is not None else None
            if ref is not None and ref.time is None and ref.kind != "FUNCTION":
                turned = isinstance(follows, Scripted) and any(map(is_transpose, follows.scripts))
                yield replace(ref, time=time, transposed=turned or ref.transposed)
                skip = True
                continue
        yield from references(factor, indices)


def named_as_last(sides: Sequence[Sequence[Tree]], indices: Indices) -> set[str]:
    """v_old of v_old = S_{t-1} k_t, a value of this step, which its word calls one of the last."""
    own = reference(sides[0][0], indices)
    read = [r for item in sides[-1] for r in references(item, indices)]
    itself = own is not None and any((r.name, r.time) == (own.name, -1) for r in read)
    if own is None or own.time != -1 or len(read) < 2 or itself:
        return set()
    return {f"{own.name}_{word}" for word in BEFORE}
