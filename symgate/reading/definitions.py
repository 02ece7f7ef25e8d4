"""What a document says of its own functions and numbers: φ(x) = elu(x) + 1, σ is the ReLU.

Where a line uses one of them, what it stands for is put in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TypeGuard

from symgate.reading.characters import spelled
from symgate.reading.grammar import tree as parsed
from symgate.reading.indices import Indices, tree_time
from symgate.reading.lines import LaidOutLine
from symgate.reading.names import Reference, leaves, reference
from symgate.reading.references import references
from symgate.reading.rows import Equation
from symgate.reading.symbols import ACTIVATION_LETTERS, FUNCTIONS
from symgate.reading.tokens import FormulaError
from symgate.reading.trees import (
    Accent,
    Factors,
    Group,
    Scripted,
    Spelled,
    Terms,
    Tree,
    exchanged,
    subtrees,
)

#: The functions that a document defines, by name: the letter of the argument, and the value.
Functions = Mapping[str, tuple[str, Tree]]

_LETTERS = spelled({"sigma": r"\sigma σ", "phi": r"\phi \varphi φ ϕ", "psi": r"\psi ψ"})
_WORDS = {"rectified linear": "relu", "rectifier": "relu", "hyperbolic tangent": "tanh"}
_TOLD = re.compile(
    rf"(?P<name>{'|'.join(map(re.escape, _LETTERS))}|(?<![\w\\])[fg])(?:_\{{?(?P<label>\w)\}}?)?\$?"
    r"\s+(?:is|denotes|stands for)\s+(?:the\s|an?\s)?\s*(?:element-?wise\s|usual\s)*\s*"
    r"\$?\\?(?:(?:mathrm|text|operatorname)\{)?"
    rf"(?P<function>{'|'.join(sorted({*FUNCTIONS, *_WORDS}, key=len, reverse=True))})(?![A-Za-z])"
)


def told(text: str) -> dict[str, str]:
    """The functions that words give to letters, as in "where σ is the ReLU".

    >>> told(r"where $\\sigma$ is the ReLU")
    {'sigma': 'relu'}
    """
    found: dict[str, str] = {}
    for said in _TOLD.finditer(text):
        name = "_".join(filter(None, (_LETTERS.get(said["name"], said["name"]), said["label"])))
        found.setdefault(name, _WORDS.get(said["function"]) or FUNCTIONS[said["function"]])
    return found


def functions(equations: Iterable[Equation], indices: Indices) -> Functions:
    """The functions that equations define; a sigmoid in full stays one."""
    found: dict[str, tuple[str, Tree]] = {}
    for equation in equations:
        with suppress(FormulaError):
            left, *values = (parsed(side)[0] for side in equation.sides)
            match left:
                case (
                    Factors(
                        factors=((_, head), ("", Group(opening="(", items=(Spelled() as own,))))
                    ),
                ):
                    ref = reference(head, indices)
                case _:
                    continue
            body = exchanged(values[-1][0], _exponential)
            read = list(references(body, indices))
            if ref is None or ref.kind == "FUNCTION" or ref.letter not in ACTIVATION_LETTERS:
                continue
            sums = [n for n in subtrees(body) if isinstance(n, Terms) and len(n.terms) > 1]
            in_full = ref.letter == "sigma" and bool(sums) and any(r.name == "exp" for r in read)
            scripts = [s for n in subtrees(body) if isinstance(n, Scripted) for s in n.scripts]
            raised = {token.value for token in leaves(scripts)}
            plain = all(r.time is None for r in read) and own.name not in raised | indices.time
            if plain and not in_full:
                found.setdefault(ref.name, (own.name, body))
    return found


def _exponential(tree: Tree) -> Tree | None:
    """exp(-x) for e^{-x}."""
    match tree:
        case Scripted(start, stop, Spelled(name="e"), (script,)) if script.kind == "SUP":
            head, inside = Spelled(start, stop, "exp", "FUNCTION"), parsed(script.inside)[0]
            return Factors(start, stop, (("", head), ("", Group(start, stop, "(", inside, ()))))
    return None


def written_out(
    lines: Iterable[LaidOutLine],
    functions: Functions,
    numbers: Mapping[str, Tree],
    indices: Indices,
) -> Iterator[LaidOutLine]:
    """The lines with what functions and numbers stand for; `numbers` are made of parameters."""
    known = _Definitions(functions, numbers, indices)
    for line in lines:
        right = None if line.right is None else exchanged(line.right, known.meant)
        if right is None or right == line.right:
            yield line
        else:
            yield replace(line, right=right, references=tuple(references(right, indices)))


class _Definitions:
    """Puts in what functions and numbers stand for."""

    def __init__(self, functions: Functions, numbers: Mapping[str, Tree], indices: Indices) -> None:
        self.functions, self.numbers, self.indices = functions, numbers, indices

    def meant(self, tree: Tree) -> Tree | None:
        """What stands for a node; None for one that is looked through."""
        match tree:
            case Scripted() | Accent() if reference(tree, self.indices) is not None:
                return tree
            case Spelled(name=name) if name in self.numbers:
                return _placed(self.numbers[name], tree)
            case Factors(factors=pairs):
                parts = tuple(self.product(pairs))
                return parts[0][1] if len(parts) == 1 else replace(tree, factors=parts)
        return None

    def product(self, pairs: tuple[tuple[str, Tree], ...]) -> Iterator[tuple[str, Tree]]:
        """Factors, each function with its bracket as one."""
        waiting = list(pairs)
        while waiting:
            sign, head = waiting.pop(0)
            follows = waiting[0][1] if waiting and waiting[0][0] == "" else None
            group = follows.base if isinstance(follows, Scripted) else follows
            items = group.items if isinstance(group, Group) else ()
            ref = reference(head, self.indices) if len(items) == 1 else None
            timed = ref is not None and tree_time(items[0], self.indices) is not None  # a(t)
            if timed or not isinstance(group, Group) or not self.is_function(ref):
                yield sign, head if timed else exchanged(head, self.meant)
                continue
            del waiting[0]
            inner = exchanged(replace(group, opening="("), self.meant)
            name, body = self.functions[ref.name]
            value = _put(name, body, inner, replace(group, start=head.start))
            yield sign, replace(follows, base=value) if isinstance(follows, Scripted) else value

    def is_function(self, ref: Reference | None) -> TypeGuard[Reference]:
        """Whether a name is one of the functions, and no gate f_t."""
        return ref is not None and ref.name in self.functions and ref.time is None


def _put(name: str, body: Tree, inner: Tree, place: Tree) -> Tree:
    """The value of a function at what it is applied to."""
    own = _placed(body, place)
    return exchanged(own, lambda t: inner if isinstance(t, Spelled) and t.name == name else None)


def _placed(tree: Tree, place: Tree) -> Tree:
    """A tree in brackets, with all its nodes at the place where it is used."""

    def moved(node: Tree) -> Tree:
        inside = exchanged(node, lambda t: moved(t) if t is not node else None)
        return replace(inside, start=place.start, stop=place.stop)

    return Group(place.start, place.stop, "(", (moved(tree),), ())
