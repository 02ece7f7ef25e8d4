"""Claims about entries: ∂h_{t,i}/∂h_{t-1,j} = z_{t,i} δ_{ij} + Σ_k …, as claims about matrices.

A term leads from i to j: a vector at a letter is a diagonal, a matrix with two letters a step
from one to the other, δ_{ij} no step at all. The places in the text are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from symgate.checking.claims import Member, StatedEquality
from symgate.checking.partials import derivative, product_of, running, spoken
from symgate.checking.values import NotUnderstood
from symgate.reading.symbols import FUNCTIONS
from symgate.reading.tokens import Token
from symgate.reading.trees import Digits, Factors, Fraction, Group, Scripted, Terms, Tree, subtrees
from symgate.reading.trees import Spelled as Sign

Letters = frozenset[str]

#: The letters that count components.
COMPONENTS: Letters = frozenset("ijklmnpqrs")


def without_entries(equality: StatedEquality) -> StatedEquality:
    """The same about whole matrices, where its left side is an entry of a Jacobian."""
    left, *rest = equality.sides
    found = _entry(left.tree) if left.tree is not None else None
    if found is None:
        return equality
    tree, row, col = found
    sides = tuple(_without(side, row, col) for side in rest)
    return replace(equality, sides=(replace(left, tree=tree), *sides))


def _without(side: Member, row: str, col: str) -> Member:
    if side.tree is None:
        return side
    letters = {row, col, *(r.letter for n in subtrees(side.tree) if (r := running(n, {})))}
    try:
        if row == col:
            raise NotUnderstood("these are the entries on the diagonal alone", side)
        return replace(side, tree=_matrix(side.tree, row, col, frozenset(letters)))
    except NotUnderstood as fault:
        return Member(None, fault.start, fault.stop, fault.message)


def _entry(tree: Tree) -> tuple[Tree, str, str] | None:
    """∂a_i/∂b_j or [∂a/∂b]_{ij}: the derivative itself, and i and j."""
    if isinstance(tree, Scripted) and isinstance(tree.base, Group):
        pair = _pair(tree, COMPONENTS)
        return None if pair is None or derivative(tree.base) is None else (tree.base, *pair)
    parts = derivative(tree)
    found = [_single(part) for part in parts] if parts is not None else [""]
    if not all(found):
        return None
    return _stripped(tree, frozenset(found)), found[0], found[1]


def _single(tree: Tree) -> str:
    """The letter of a component behind the time, as i of h_{t-1,i}."""
    last = _last(tree.scripts[-1]) if isinstance(tree, Scripted) else []
    known = len(last) == 1 and last[0].kind == "LETTER" and last[0].value in COMPONENTS
    return last[0].value if known and len(_parts(tree.scripts[-1])) > 1 else ""  # type: ignore[union-attr]  # a script has it


def _parts(script: Token) -> list[list[Token]]:
    """What stands between the commas of a script."""
    parts: list[list[Token]] = [[]]
    for token in spoken(script.inside):
        if token.kind == "COMMA":
            parts.append([])
        elif token.kind == "NAME" and set(token.value) <= COMPONENTS:  # ij in plain text
            parts[-1] += [replace(token, kind="LETTER", value=letter) for letter in token.value]
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def _last(script: Token) -> list[Token]:
    parts = _parts(script)
    return parts[-1] if script.kind == "SUB" and parts else []


def _index(tree: Scripted, letters: Letters) -> tuple[int, tuple[str, ...]]:
    """Which script holds the letters of components, and these letters."""
    for at, script in enumerate(tree.scripts):
        last = _last(script)
        values = tuple(t.value for t in last)
        if script.kind == "SUB" and values and set(values) <= letters:
            parts = [tuple(t.value for t in part) for part in _parts(script)]
            if len(parts) > 1 and len(values) == 1 and set(parts[-2]) <= letters:
                values = (*parts[-2], *values)  # W_{i,j}
            return at, values
    return -1, ()


def _pair(tree: Tree, letters: Letters) -> tuple[str, str] | None:
    """i and j of A_{ij}."""
    if not isinstance(tree, Scripted):
        return None
    _, values = _index(tree, letters)
    return (values[0], values[1]) if len(values) == 2 else None


def _stripped(tree: Tree, letters: Letters) -> Tree:
    """A tree without the letters of components."""
    match tree:
        case Scripted(base=base, scripts=scripts):
            at, values = _index(tree, letters)
            if at < 0 or not isinstance(base, Group):  # [U_i]_{ij}: the first i is a name
                base = _stripped(base, letters)
            if at >= 0:
                kept = _shortened(scripts[at], len(values))
                scripts = (*scripts[:at], *kept, *scripts[at + 1 :])
            return replace(tree, base=base, scripts=scripts) if scripts else base
        case Terms(terms=terms):
            return replace(tree, terms=tuple((s, _stripped(t, letters)) for s, t in terms))
        case Factors(factors=factors):
            return replace(tree, factors=tuple((s, _stripped(t, letters)) for s, t in factors))
        case Group(items=items):
            return replace(tree, items=tuple(_stripped(t, letters) for t in items))
        case Fraction(above=above, below=below):
            return replace(tree, above=_stripped(above, letters), below=_stripped(below, letters))
    return tree


def _shortened(script: Token, count: int) -> tuple[Token, ...]:
    """A script without its last letters, and without the comma before them."""
    inside = list(script.inside)
    while count and inside:
        last = inside.pop()
        count -= len(last.value) if last.kind in ("LETTER", "NAME") else 0
    while inside and inside[-1].kind in ("COMMA", "SPACE", "GAP", "LBRACE"):
        inside.pop()
    return (replace(script, inside=tuple(inside)),) if inside else ()


@dataclass(frozen=True)
class Edge:
    """A matrix that leads from one letter to another; no tree for δ_{ij}."""

    row: str
    col: str
    tree: Tree | None


def _matrix(tree: Tree, row: str, col: str, letters: Letters) -> Tree:
    """A formula of the entry (row, col) as the whole matrix."""
    match tree:
        case Terms(terms=terms):
            return replace(tree, terms=tuple((s, _matrix(t, row, col, letters)) for s, t in terms))
        case Group(items=(item,)):
            return replace(tree, items=(_matrix(item, row, col, letters),))
        case Factors(factors=factors):
            return _path(list(_together(factors)), row, col, letters, tree)
    return _path([("", tree)], row, col, letters, tree)


def _together(factors: tuple[tuple[str, Tree], ...]) -> Iterator[tuple[str, Tree]]:
    """The factors, each function with its argument, without Σ over a letter."""
    at = 0
    while at < len(factors):
        sign, tree = factors[at]
        base = tree.base if isinstance(tree, Scripted) else tree
        named = isinstance(base, Sign) and (base.kind == "FUNCTION" or base.name in _CALLED)
        if named and at + 1 < len(factors) and factors[at + 1][0] == "":
            yield sign, product_of(factors[at : at + 2])
            at += 2
            continue
        if running(tree, {}) is None:
            yield sign, tree
        at += 1


_CALLED = {*FUNCTIONS, "sigma", "phi"}


def _path(factors: list[tuple[str, Tree]], row: str, col: str, letters: Letters, at: Tree) -> Tree:
    """The factors of one term, in the order in which they lead from row to col."""
    vectors: dict[str, list[Tree]] = {}
    edges: list[Edge] = []
    numbers: list[tuple[str, Tree]] = []
    for sign, tree in factors:
        used = {v for n in subtrees(tree) if isinstance(n, Scripted) for v in _index(n, letters)[1]}
        edge = _edge(tree, letters) if len(used) == 2 else None
        if not used:
            numbers.append((sign, tree))
        elif len(used) == 1:
            plain = _stripped(tree, letters)
            one = Digits(tree.start, tree.stop, "1")
            plain = Fraction(tree.start, tree.stop, one, plain) if sign == "/" else plain
            vectors.setdefault(used.pop(), []).append(plain)
        elif edge is not None and sign != "/":
            edges.append(edge)
        else:
            raise NotUnderstood("which entries these are is not clear", tree)
    found: list[tuple[str, Tree]] = [*numbers, *_diagonals(vectors.pop(row, []))]
    here = row
    while here != col:
        edge = next((e for e in edges if here in (e.row, e.col)), None)
        if edge is None:
            raise NotUnderstood(f"nothing here leads from {row} to {col}", at)
        edges.remove(edge)
        if edge.tree is not None:
            found.append(("", edge.tree if here == edge.row else _transposed(edge.tree)))
        here = edge.col if here == edge.row else edge.row
        found += _diagonals(vectors.pop(here, []))
    if edges or vectors:
        raise NotUnderstood("which entries are summed here is not clear", at)
    if all(tree in [t for _, t in numbers] for _, tree in found):
        found.append(("", Sign(at.start, at.stop, "I", "LETTER")))
    return Factors(at.start, at.stop, tuple(found))


def _edge(tree: Tree, letters: Letters) -> Edge | None:
    """A_{ij}, δ_{ij}, ∂a_i/∂b_j, or a bracket of such."""
    pair = derivative(tree)
    ends = [_single(part) for part in pair] if pair is not None else []
    if all(ends) and ends:
        return Edge(ends[0], ends[1], _stripped(tree, letters))
    own = _pair(tree, letters)
    if own is None or own[0] == own[1]:
        return None
    base = tree.base if isinstance(tree, Scripted) else tree
    if isinstance(base, Sign) and base.name == "delta":
        return Edge(*own, None)
    return Edge(*own, _stripped(tree, letters))


def _diagonals(vectors: list[Tree]) -> Iterator[tuple[str, Tree]]:
    for tree in vectors:
        yield "", Sign(tree.start, tree.start, "diag", "FUNCTION")
        yield "", Group(tree.start, tree.stop, "(", (tree,), ())


def _transposed(tree: Tree) -> Tree:
    letter = Token("LETTER", "T", tree.stop, tree.stop)
    script = Token("SUP", "^", tree.stop, tree.stop, (letter,))
    return Scripted(
        tree.start, tree.stop, Group(tree.start, tree.stop, "(", (tree,), ()), (script,)
    )
