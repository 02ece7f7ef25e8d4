"""Products of matrices that occur only together, and so act as one matrix.

The blocks of a matrix are sums of numbers times words, products of matrix letters. All of its
cycles may be powers of one word X, as those of

    W_p U_g    W_p
    U_g         I

are of X = W_p U_g. Then the traces of its powers, and with them its eigenvalues other than 0,
are those of the matrix of numbers with μ, an eigenvalue of X, in place of X. Nothing is
inverted to find them: words are compared in the free group of their letters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from sympy import MatrixExpr

Word = tuple[MatrixExpr, ...]
Blocks = Mapping[tuple[str, str], Sequence[Word]]

#: An element of the free group: letters, each with 1 or, inverted, -1.
Element = tuple[tuple[MatrixExpr, int], ...]


def powers(blocks: Blocks, places: Sequence[str]) -> tuple[Word, dict[tuple[str, str, Word], int]]:
    """X, and the power of X that stands for each word; `places` all reach one another.

    Raises ValueError where there is no such X.

    >>> from sympy import symbols, MatrixSymbol
    >>> W, U = MatrixSymbol("W", 2, 3), MatrixSymbol("U", 3, 2)
    >>> words = {("h", "h"): [(W, U)], ("h", "c"): [(W,)], ("c", "h"): [(U,)], ("c", "c"): [()]}
    >>> found, power = powers(words, ["h", "c"])
    >>> found, power["h", "h", (W, U)], power["h", "c", (W,)], power["c", "h", (U,)]
    ((U, W), 1, 1, 0)
    """
    edges = {(i, j, word) for (i, j), words in blocks.items() for word in words}
    ordered = sorted(edges, key=str)
    root = next((p for p in places if (p, p, ()) in edges), places[0])
    way: dict[str, Element] = {root: ()}
    todo = [root]
    while todo:
        place = todo.pop(0)
        for i, j, word in ordered:
            if i == place and j not in way:
                way[j] = _times(way[i], _element(word))
                todo.append(j)
    cycles = {
        (i, j, word): _times(way[i], _element(word), _inverse(way[j])) for i, j, word in ordered
    }
    longer = [c for c in cycles.values() if c]
    one = _root(min(longer, key=len)) if longer else ()
    return tuple(m for m, _ in one), {key: _power(c, one) for key, c in cycles.items()}


def alike(one: Word, other: Word) -> bool:
    """Whether two products have the same eigenvalues because one is the other, turned."""
    return len(one) == len(other) and any(one[i:] + one[:i] == other for i in range(len(one)))


def connected(blocks: Blocks, places: Sequence[str]) -> Iterator[list[str]]:
    """The places in groups that reach one another; no cycle leaves its group."""
    reach = {p: {p} | {j for i, j in blocks if i == p and blocks[i, j]} for p in places}
    for middle in places:
        for p in places:
            if middle in reach[p]:
                reach[p] |= reach[middle]
    left = list(places)
    while left:
        group = [p for p in left if p in reach[left[0]] and left[0] in reach[p]]
        left = [p for p in left if p not in group]
        yield group


def _element(word: Word) -> Element:
    return tuple((matrix, 1) for matrix in word)


def _inverse(element: Element) -> Element:
    return tuple((matrix, -sign) for matrix, sign in reversed(element))


def _times(*elements: Element) -> Element:
    out: list[tuple[MatrixExpr, int]] = []
    for element in elements:
        for matrix, sign in element:
            if out and out[-1] == (matrix, -sign):
                out.pop()
            else:
                out.append((matrix, sign))
    return tuple(out)


def _root(element: Element) -> Element:
    """What an element is a power of, with its letters not inverted."""
    size = len(element)
    period = next(p for p in range(1, size + 1) if element == element[:p] * (size // p))
    root = element[:period]
    signs = [sign for sign, _ in groupby(sign for _, sign in root)]
    if len(signs) > 1:
        raise ValueError("no product of these matrices stands for all of them")
    return root if signs[0] == 1 else _inverse(root)


def _power(element: Element, one: Element) -> int:
    """k where an element is the k-th power of another."""
    count = len(element) // len(one) if one else 0
    for k in (count, -count):
        if element == (one if k > 0 else _inverse(one)) * abs(k):
            return k
    raise ValueError("the products are no powers of one of them")
