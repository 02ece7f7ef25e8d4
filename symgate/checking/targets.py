"""What a line of a claim is about: a Jacobian, over how many steps, a δ, a gradient, a limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from symgate.checking.claims import StatedEquality
from symgate.checking.exponents import exponent
from symgate.checking.names import Lexicon, key
from symgate.checking.partials import derivative, differential, whole
from symgate.checking.reader import Reader
from symgate.checking.scope import WayToRead
from symgate.checking.spoken import LOSSES, moments
from symgate.checking.values import Later, Mentions, NamedMoment, NotUnderstood
from symgate.equations.cell import Cell
from symgate.linear.linearise import linearise
from symgate.reading.indices import Indices
from symgate.reading.names import reference
from symgate.reading.tokens import Token
from symgate.reading.trees import Factors, Group, Scripted, Tree, subtrees
from symgate.reading.trees import Spelled as Sign

#: Time is t, and nothing else is known.
NO_INDICES = Indices()

#: The numbers of steps that stand for every k.
STEPS = (2, 3)


@dataclass(frozen=True)
class Target:
    """∂ of_t / ∂ wrt_{t-lag}; or the left side as it is read, where it is something else.

    `shift` says how many steps later than t the left side stands, `limits` which gates tend to
    0 or 1, `turned` that the left side is the transpose of the derivative.
    """

    about: str
    of: str = ""
    wrt: str = ""
    lag: int = 0
    left: Tree | None = None
    shift: int = 0
    indices: Indices = NO_INDICES
    limits: Mapping[str, int] = field(default_factory=dict)
    turned: bool = False

    @property
    def names(self) -> tuple[str, str, int]:
        return self.of, self.wrt, self.lag

    def __str__(self) -> str:
        return self.about


def jacobian(of: str, wrt: str, lag: int, shown: str = "") -> Target:
    """The target that a Jacobian is."""
    before = shown or (f"t-{lag}" if lag else "t")
    index = f"{{{before}}}" if before != "t" else before
    return Target(f"∂{of}_t/∂{wrt}_{index}", of, wrt, lag)


def targets(
    cell: Cell, equality: StatedEquality, names: tuple[Lexicon, ...], text: str
) -> tuple[Target, ...]:
    """What an equality is about: for a symbolic k once for each of some k; () for nothing."""
    left, *rest = equality.sides
    if left.tree is None or not rest:
        return ()
    tree, limits = _limit(left.tree)
    tree, turned = _turned(tree)
    for named in names:
        found = _jacobians(cell, tree, equality.indices, named)
        if found:
            tending = {n: v for letter, v in limits.items() if (n := named.names.get(letter))}
            if len(tending) < len(limits):
                return ()
            about = f"{'lim ' if limits else ''}{found[0].about}"
            about = f"({about})ᵀ" if turned else about
            return tuple(replace(f, limits=tending, about=about, turned=turned) for f in found)
    if limits or not _speaks_of_gradients(tree):
        return ()
    shown = " ".join(text[left.start : left.stop].split())
    for given, _ in _indices(tree, equality.indices):
        if all(any(_readable(cell, tree, each, named) for named in names) for each in given):
            return tuple(Target(shown, left=tree, indices=each) for each in given)
    return (Target(shown, left=tree, indices=equality.indices),) if equality.display else ()


def lacking(cell: Cell, found: Iterable[StatedEquality], names: tuple[Lexicon, ...]) -> str:
    """Why no line is about a derivative of the cell: a name that it lacks, or none at all."""
    for equality in found:
        tree = equality.sides[0].tree
        parts = (derivative(tree) if tree is not None else None) or ()
        refs = [(part, reference(part, equality.indices)) for part in parts]
        spelt = [(part, ref) for part, ref in refs if ref is not None and ref.name not in LOSSES]
        own = names[0].names
        if not any(all(key(ref.name) in n.names for _, ref in spelt) for n in names):
            for part, ref in spelt:
                if key(ref.name) not in own:
                    return WayToRead(cell, own).unknown(ref, part).message
        elif len(spelt) == 2 and own.get(key(by := spelt[1][1].name)) in cell.parameters:
            return f"a parameter's gradient is that of the loss; write ∂L/∂{by} = …"
    return "no line says what a derivative is; write ∂h_t/∂h_{t-1} = …"


def _jacobians(cell: Cell, tree: Tree, indices: Indices, named: Lexicon) -> tuple[Target, ...]:
    for given, shown in _indices(tree, indices):
        found: list[Target] = []
        for each in given:
            found_moments = moments(WayToRead(cell, named.names, indices=each), tree)
            if found_moments is None or not _is_derivative(cell, *found_moments):
                break
            of, wrt = found_moments
            lag = of.time - wrt.time
            if shown and lag < 1:
                break
            target = jacobian(of.name, wrt.name, lag, shown)
            found.append(replace(target, shift=of.time, indices=each))
        if found and len(found) == len(given):
            return tuple(found)
    return ()


def _is_derivative(cell: Cell, of: NamedMoment, wrt: NamedMoment) -> bool:
    known = of.name in linearise(cell).nodes and wrt.name not in cell.parameters
    return known and of.time >= wrt.time


def _indices(tree: Tree, indices: Indices) -> Iterator[tuple[tuple[Indices, ...], str]]:
    """How the letters of time may be meant: as they stand, or with a letter for steps."""
    yield (indices,), ""
    pair = derivative(tree)
    if pair is None:
        return
    later, earlier = (_letters(part) for part in pair)
    now = next(
        (letter for letter in later if letter in {*indices.time, "T", "τ", "tau", "i", "n"}), "t"
    )
    for letter in dict.fromkeys(e for e in earlier if e != now):
        for sign in (1, -1):
            made = tuple(Indices(numbers=((now, 0), (letter, sign * k))) for k in STEPS)
            yield made, f"{now}-{letter}" if sign > 0 else letter


def _letters(tree: Tree) -> list[str]:
    """The letters in the scripts of a tree."""

    def inside(tokens: tuple[Token, ...]) -> Iterator[str]:
        for token in tokens:
            if token.kind == "LETTER":
                yield token.value
            yield from inside(token.inside)

    nodes = (n for n in subtrees(tree) if isinstance(n, Scripted))
    return [letter for node in nodes for letter in inside(node.scripts)]


def _turned(tree: Tree) -> tuple[Tree, bool]:
    """(∂a/∂b)ᵀ: what stands inside, and that it is transposed."""
    match tree:
        case Scripted(base=Group(items=(inner,)), scripts=(script,)) if exponent(script) == "T":
            return (inner, True) if derivative(inner) is not None else (tree, False)
    return tree, False


def _limit(tree: Tree) -> tuple[Tree, dict[str, int]]:
    r"""\lim_{z_t \to 0} …: what stands behind it, and what tends where."""
    if not isinstance(tree, Factors):
        return tree, {}
    _, sign = tree.factors[0]
    if not (isinstance(sign, Scripted) and isinstance(sign.base, Sign) and sign.base.name == "lim"):
        return tree, {}
    found: dict[str, int] = {}
    name: list[str] = []
    for token in (t for script in sign.scripts for t in script.inside):
        if token.kind == "NUMBER" and name:
            found["".join(name)] = int(token.value) if token.value.isdigit() else -1
            name = []
        elif token.kind in ("LETTER", "NAME", "MACRO") and not name:
            name = [key(token.value)]
        elif token.kind in ("SUB", "SUP"):
            name += [
                t.value for t in token.inside if t.kind in ("LETTER", "NAME") and t.value != "t"
            ]
    rest = tree.factors[1:]
    if not rest:
        return tree, {}
    return whole(rest), found


def _speaks_of_gradients(tree: Tree) -> bool:
    """Whether a left side is a δ, a derivative of the loss, or a change."""
    while isinstance(tree, Group) and len(tree.items) == 1:
        tree = tree.items[0]
    pair = derivative(tree)
    if pair is not None:
        if isinstance(pair[0], Group) and len(pair[0].items) > 1:
            return True
        return any(isinstance(n, Sign) and n.name in LOSSES for n in subtrees(pair[0]))
    names = [n for n in subtrees(tree) if isinstance(n, Sign)]
    if any(n.name == "delta" or "nabla" in n.name for n in names[:2]):
        return True
    return differential(tree) is not None


def _readable(cell: Cell, tree: Tree, indices: Indices, named: Lexicon) -> bool:
    """Whether a left side is understood; one in running prose may speak of any cell."""
    try:
        Reader(WayToRead(cell, named.names, indices=indices, row=named.row)).value(tree)
    except (Later, Mentions):
        return True
    except NotUnderstood:
        return False
    return True
