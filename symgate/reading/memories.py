"""Cells with a memory that is a matrix, or one row of it: which of them some lines are.

A memory's update is written out as a sum of chains, S k kᵀ, and the names in it are forgotten.
What is left tells linear attention, a decay, a delta rule from one another, however they are
factored, and whether vectors are written as columns or as rows.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice, permutations, product

from symgate.cells import entries
from symgate.equations.zoo import cell as zoo_cell
from symgate.parsing import expression, parsed
from symgate.reading.characters import spelled

#: Numbers in front and a chain of matrices and vectors, with its coefficient.
Chains = dict[tuple[tuple[str, ...], tuple[str, ...]], float]
#: Updates that are printed too where the zoo has a special one; s and r are numbers.
UPDATES = {
    "s[t] * S[t-1] + outer(v[t], k[t])": "mamba2",
    "gamma * S[t-1] + eta * outer(v[t], k[t])": "retnet",
    "S[t-1] @ diag(w[t]) + outer(v[t], k[t])": "gla",
    "s[t] * S[t-1] + r[t] * outer(v[t] - S[t-1] @ k[t], k[t])": "gated-deltanet",
    "S[t-1] @ diag(w[t]) @ (I - r[t] * outer(k[t], k[t])) + r[t] * outer(v[t], k[t])": (
        "gated-deltanet"
    ),
    "diag(w[t]) @ S[t-1] + S[t-1] @ G[t] + outer(v[t], k[t])": "rwkv7",
    "S[t-1] @ diag(w[t]) + S[t-1] @ G[t] + outer(v[t], k[t])": "rwkv7",
    "S[t-1] @ (I - outer(k[t], u[t])) + outer(v[t], u[t])": "rwkv7",
    "S[t-1] @ (diag(w[t]) + outer(a[t], b[t])) + outer(v[t], k[t])": "rwkv7",
}
#: The families of cells with such a memory, by the zoo's names.
FAMILIES = spelled(
    {"linear_attention": "linear-attention retnet gla hgrn2"}
    | {"delta_rule": "deltanet gated-deltanet"}
)


def family(lines: Mapping[str, str], ranks: Mapping[str, int]) -> str:
    """The cell of the zoo that lines with a matrix memory are; "" where they are none.

    A state that is made of matrices times vectors alone is a state space.

    `lines` are texts in the language by name; `ranks` says of names at a step whether they are
    numbers, 0, or matrices, 2. All others are vectors.

    >>> family({"S": "S[t] = S[t-1] + outer(v[t], k[t])"}, {})
    'linear-attention'
    """
    states = {name: text for name, text in lines.items() if f"{name}[t-1]" in text}
    memory = next((name for name in states if "outer(" in states[name]), None)
    if memory is None:
        linear = bool(states) and all(map(_is_linear, states.values()))
        return "ssm" if linear else ""
    value = states[memory].split(" = ", 1)[1]
    read = {memory}
    for name, text in lines.items():  # v_pred = S k in outer(v - v_pred, k)
        right = text.split(" = ", 1)[1]
        if name not in states and any(re.search(rf"\b{own}\b", right) for own in read):
            read.add(name)
    for name in reversed([name for name in lines if name in read - {memory}]):
        right = lines[name].split(" = ", 1)[1]
        value = re.sub(rf"\b{name}\b(?:\[t\])?(?!\[)", f"({right})", value)
    numbers = "|".join(name for name, rank in ranks.items() if rank == 0) or "$"
    stepped = re.sub(rf"\b({numbers})\b(?!\[)", r"\1[t]", value)  # notes without times
    found = next(
        filter(None, (_book().get(_signature(v, memory, ranks)) for v in (value, stepped))), ""
    )
    divides = any(other != memory and "outer(" not in states[other] for other in states)
    if found in ("mamba2", "mlstm"):
        return "mlstm" if divides else "mamba2"
    return found


def _is_linear(line: str) -> bool:
    nodes = [n for n in ast.walk(expression(line.split(" = ", 1)[1])) if isinstance(n, ast.expr)]
    return all(isinstance(n, ast.BinOp | ast.Subscript | ast.Name | ast.Constant) for n in nodes)


@lru_cache(maxsize=1)
def _book() -> Mapping[str, str]:
    """The zoo's memories by the signatures of their updates."""
    found: dict[str, str] = {}
    for name, entry in entries().items():
        line = next((x for x in entry.equations.splitlines() if "outer(" in x), "")
        if line:
            memory, value = line.split(" = ")
            shapes = zoo_cell(name).shapes
            ranks = {own: len(shape) for own, shape in shapes.items()}
            found[_signature(value, memory.split("[")[0].strip(), ranks)] = name
    for value, name in UPDATES.items():
        found.setdefault(_signature(value, "S", {"s": 0, "r": 0, "G": 2}), name)
    return found


def turned(lines: Sequence[str], memory: str) -> list[str]:
    """The lines of a memory that is written the other way up, with what multiplies it behind it."""
    return [ast.unparse(_TurnedOver(memory).visit(parsed(line))) for line in lines]


class _TurnedOver(ast.NodeTransformer):
    """Turns every matrix of the step over: q @ S is S @ q, and outer(k, v) is outer(v, k)."""

    def __init__(self, memory: str) -> None:
        self.memory = memory

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if ast.unparse(node.func) == "outer":
            node.args.reverse()
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        held = isinstance(node.op, ast.MatMult) and any(
            f"{self.memory}[" in shown or shown.startswith(("outer(", "diag("))
            for shown in (ast.unparse(node.left), ast.unparse(node.right))
        )
        self.generic_visit(node)
        return ast.BinOp(node.right, node.op, node.left) if held else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return node.value if ast.unparse(node.value).startswith(f"{self.memory}[") else node


# -- signatures --------------------------------------------------------------------------


def chains(text: str, memory: str, ranks: Mapping[str, int]) -> Chains:
    """An update as a sum of chains; none where it is made of something else."""
    try:
        return _Chains(memory, ranks).of(expression(text))
    except (SyntaxError, KeyError):
        return {}


def _signature(text: str, memory: str, ranks: Mapping[str, int]) -> str:
    """The update of a memory without its names, the same for equal ones either way up."""
    found = chains(text, memory, ranks)
    over = {(scalars, _over(chain)): c for (scalars, chain), c in found.items()}
    numbers = {s for scalars, _ in found for s in scalars}
    orders = islice(
        permutations(sorted(numbers)), 24
    )  # which number comes first says its name alone
    return min(_renamed(own, order) for order in orders for own in (found, over))


def _over(chain: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(t if t[0] in "<S" else t[:-1] if t.endswith("'") else f"{t}'" for t in chain[::-1])


def _renamed(found: Chains, numbers: Sequence[str]) -> str:
    """Chains in an order that does not know of names, and then the names by their places."""
    names: dict[str, str] = {}

    def name(token: str) -> str:
        core = token.strip("<>'")
        if core == "S":
            return core
        return token.replace(core, names.setdefault(core, f"{core[0]}{len(names)}"))

    rows = [
        (
            c,
            [s[0] for s in scalars],
            ["'" if t[-1] == "'" else t[0] * (t[0] in "<S") for t in chain],
        )
        for (scalars, chain), c in found.items()
    ]
    order = sorted(zip(rows, found, strict=True))
    first = dict(zip(numbers, range(len(numbers)), strict=True))
    parts = []
    for (c, _, _), (scalars, chain) in order:
        own = sorted(scalars, key=lambda s: (s[0], first[s]))
        parts.append(f"{c:g} {' '.join(map(name, chain))} * {' '.join(map(name, own))}")
    return "; ".join(parts)


class _Chains:
    """An expression as a sum of chains: columns are names, rows have a prime behind them."""

    def __init__(self, memory: str, ranks: Mapping[str, int]) -> None:
        self.memory, self.ranks = memory, ranks

    def of(self, node: ast.expr) -> Chains:
        match node:
            case ast.BinOp(left=ast.Call() as inner, op=ast.Add(), right=ast.Constant(value=value)):
                return self.of(ast.Call(inner.func, [*inner.args, ast.Name(f"plus{value!r}")], []))
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
                sign = 1.0 if isinstance(op, ast.Add) else -1.0
                return _added(self.of(left), self.of(right), sign)
            case ast.BinOp(left=left, op=ast.Mult() | ast.MatMult(), right=right):
                return _multiplied(self.of(left), self.of(right))
            case ast.UnaryOp(operand=operand):
                return _added({}, self.of(operand), -1.0)
            case ast.Call(func=ast.Name(id="outer"), args=[one, other]):
                rows = {(s, _over(c)): k for (s, c), k in self.of(other).items()}
                return _multiplied(self.of(one), rows)
            case ast.Call(func=ast.Name(id="diag"), args=[inner]):
                return {((), (f"<v{ast.unparse(inner).split('[')[0]}>",)): 1.0}
            case ast.Call():  # a function of a vector is a vector, φ(k), of a number a number
                names = [n.id for n in ast.walk(node) if isinstance(n, ast.Name)][1:]
                own = re.sub(r"[^a-zA-Z]", "", ast.unparse(node))
                number = all(self.ranks.get(name, 1) == 0 for name in names if name != "t")
                return {((f"t{own}",), ()): 1.0} if number else {((), (f"v{own}",)): 1.0}
            case ast.Attribute(value=inner, attr="T"):
                return self.of(inner)
            case ast.Constant(value=int() | float() as value):
                return {((), ()): float(value)}
            case ast.Name(id="I"):
                return {((), ()): 1.0}
            case ast.Name(id=name) if self.ranks.get(name, 0) == 1:
                return {((), (f"v{name}",)): 1.0}
            case ast.Name(id=name):
                return {((f"p{name}",), ()): 1.0}
            case ast.Subscript(value=ast.Name(id=name)) if name == self.memory:
                return {((), ("S",)): 1.0}
            case ast.Subscript(value=ast.Name(id=name)) if self.ranks.get(name, 1) == 0:
                return {((f"t{name}",), ()): 1.0}
            case ast.Subscript(value=ast.Name(id=name)):
                own = f"v{name}"
                return {((), (own if self.ranks.get(name, 1) == 1 else f"<{own}>",)): 1.0}
        raise KeyError(ast.unparse(node))


def _added(one: Chains, other: Chains, sign: float) -> Chains:
    found = dict(one)
    for key, c in other.items():
        found[key] = found.get(key, 0.0) + sign * c
    return {key: c for key, c in found.items() if c}


def _multiplied(one: Chains, other: Chains) -> Chains:
    found: Chains = {}
    for ((s1, c1), k1), ((s2, c2), k2) in product(one.items(), other.items()):
        key = (tuple(sorted((*s1, *s2))), (*c1, *c2))
        found[key] = found.get(key, 0.0) + k1 * k2
    return {key: c for key, c in found.items() if c}
