"""What the names of a block of array code stand for, and what its calls are."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from symgate.reading.documents.code_names import base_name, last_name, raw_name

#: A text with the place in the document that each part of it stands for. "\0" marks where a
#: parameter of several gates takes the name of one.
Shown = list[tuple[str, int]]

FUNCTIONS = {f: f for f in ("sigmoid", "tanh", "relu", "exp", "softplus", "silu", "gelu", "elu")}
FUNCTIONS |= {"hard_sigmoid": "hardsigmoid", "hardsigmoid": "hardsigmoid"}
FUNCTIONS |= {"phi": "phi", "φ": "phi", "feature_map": "phi"}
FUNCTIONS |= dict.fromkeys(("expit", "sigm", "σ", "sig", "sigmoid_fast", "logistic"), "sigmoid")
FUNCTIONS |= {"tanh_fast": "tanh"}
PRODUCTS = {"dot": "@", "matmul": "@", "mm": "@", "multiply": "*", "mul": "*", "add": "+"}
PRODUCTS |= {"bmm": "@", "mv": "@", "sub": "-", "subtract": "-"}
_MULTIPLY = {*PRODUCTS, "linear", "einsum", "outer"}


class NotInWhitelist(Exception):
    """Code outside the whitelist."""


@dataclass
class BlockNames:
    """What the names of a block stand for, while its statements are read in order.

    `assigned` are the names that the block assigns, `layers` the linear layers with whether
    they have a bias, `stacked` the names that are cut into gates, `ahead` those that are assigned
    at the step after, `inputs` those that each step is given, `last` the arguments
    that hold the last value of a name. `waiting` counts the assignments of a name to come, `parts`
    holds the places at which a parameter is cut.
    """

    assigned: set[str]
    layers: Mapping[str, bool]
    stacked: set[str]
    waiting: Counter[str] = field(default_factory=Counter)
    ahead: set[str] = field(default_factory=set)
    inputs: set[str] = field(default_factory=set)
    last: Mapping[str, str] = field(default_factory=dict)
    current: dict[str, str] = field(default_factory=dict)
    inlined: dict[str, Shown] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    made: list[tuple[str, Shown]] = field(default_factory=list)
    parts: dict[str, list[str]] = field(default_factory=dict)
    made_here: dict[str, bool] = field(default_factory=dict)
    wrapped: Mapping[str, str] = field(default_factory=dict)

    def forget(self, name: str) -> None:
        """A statement that was not read no longer assigns a name."""
        self.waiting[name] -= 1
        if self.waiting[name] <= 0 and name not in self.current:
            self.assigned.discard(name)


def multiplies(node: ast.AST) -> bool:
    """Whether a node is a product, as an operator or a call."""
    call = isinstance(node, ast.Call) and last_name(node.func) in _MULTIPLY
    return call or isinstance(node, ast.Mult | ast.MatMult)


def given(node: ast.AST, assigned: Container[str]) -> Iterator[str]:
    """The names of a node that each step is given: in outer(v, k), and q in S @ q of a state S."""
    match node:
        case ast.Call(args=[one, other]) if last_name(node.func) == "outer":
            inside = (*ast.walk(one), *ast.walk(other))
            yield from (n.id for n in inside if isinstance(n, ast.Name) and n.id not in assigned)
        case ast.BinOp(left=left, op=ast.MatMult(), right=ast.Name(id=name)):
            if base_name(left) in assigned:
                yield name


def acted_on(nodes: Sequence[ast.AST], arguments: Sequence[str]) -> set[str]:
    """The arguments of a function on which two matrices or more act that are none."""
    found: dict[str, set[str]] = {}
    for node in nodes:
        match node:
            case ast.BinOp(left=one, op=ast.MatMult(), right=other):
                pair = raw_name(one), raw_name(other)
            case ast.Call(args=[one, other]) if PRODUCTS.get(last_name(node.func)) == "@":
                pair = raw_name(one), raw_name(other)
            case _:
                continue
        for own, matrix in (pair, pair[::-1]):
            if own in arguments and own.islower() and matrix not in arguments:
                found.setdefault(own, set()).add(matrix)
    return {own for own, matrices in found.items() if len(matrices) > 1}
