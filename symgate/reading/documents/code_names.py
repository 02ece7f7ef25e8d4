"""What the names of array code say: which step they hold, and which state."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Sequence

from symgate.reading.characters import words

MODULES = words("np jnp torch F tf nn jax K special functional keras mx")
SPLITS = {"chunk", "split", "unbind", "array_split", "gate", "multigate"}
#: Names of the last state beside `hy` and `cy`, or `h` and `c`, for the next.
STATES = {"hx": "h", "cx": "c", "hidden": "h", "cell": "c"}
_BEFORE = r"prev|previous|old|last|tm1|t_1|t_minus_1|t_prev|prev_t"
_BEFORE_IN_NAME = re.compile(
    rf"(?:prev|previous|old|last)_?(?P<a>\w+)|(?P<b>\w+?)_(?:{_BEFORE})|(?P<c>[A-Za-z])(?:prev|tm1)"
    r"|(?P<d>[hsuxyc])_k_?m?1"
)
_NOW_IN_NAME = re.compile(
    r"(?:next|new|curr?|current)_(?P<a>\w+)|(?P<b>\w+?)_(?:t|next|new|curr?|current)"
    r"|(?P<c>[A-Za-z])(?:t|next|new)|(?P<d>[hc])y|(?P<e>[hsuxyc])_k"
)
INPUT = re.compile(r"(?:[xX]|xs|us|inp|inputs?(?:_\w)?|embed\w*|features?)")
_WEIGHT = re.compile(r"[WUVRbwu][a-z]?")
_GATES = re.compile(r"sigm|tanh|expit")
_OUTPUT = re.compile(r"o|y|out\w*|outputs?(?:_\w+)?")
#: Names of a state among the arguments of a function.
_STATE = re.compile(r"[hsac]|[hc]x|carry|hidden\w*|state\w*|\w+_(?:h|state|hidden)|memory")

_SIGNATURE = re.compile(
    r"\s*(?:async )?def\b([^#\n]*?(?:\n[^#\n]*?){0,9}?\))[ \t]*(?:->[^\n:]*)?:?[ \t]*$", re.M
)


def split_name(raw: str) -> tuple[str, int | None]:
    """A name without its step, and the step that it says."""
    for pattern, step in ((_BEFORE_IN_NAME, -1), (_NOW_IN_NAME, 0)):
        found = pattern.fullmatch(raw)
        if found is not None:
            return next(filter(None, found.groups())), step
    return raw, None


def raw_name(node: ast.expr) -> str:
    """The name that a node is, also as an attribute of self or at a step; "" for none."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner not in MODULES:
            return name.lstrip("_") or name
        case ast.Subscript(value=owner, slice=ast.Constant(value=str() as name)):
            kind = raw_name(owner)
            name = f"{kind}_{name}" if _WEIGHT.fullmatch(kind) else name  # W["z"]
            return name if name.isidentifier() else ""
        case ast.Subscript(value=inner) if step_of(node) is not None:
            return raw_name(inner)
    return ""


def base_name(node: ast.expr) -> str:
    """The name that a node is, without its step."""
    return split_name(raw_name(node))[0]


def step_of(node: ast.expr) -> int | None:
    """The step in x[t], h[t - 1], x[:, t, :]; None for any other index."""
    if not isinstance(node, ast.Subscript):
        return None
    index = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    inner = [i for i in index if not (isinstance(i, ast.Slice) and ast.unparse(i) == ":")]
    shown = ast.unparse(inner[0]) if len(inner) == 1 else ""
    return {"t": 0, "t - 1": -1, "t + 1": 1}.get(re.sub(r"\b(?:i|k|n|step)\b", "t", shown))


def stack_of(node: ast.AST) -> str:
    """The name that a node cuts into gates: z[:, :n], gates.chunk(4), split(z, 4)."""
    inner = cut_by(node)
    match inner:
        case ast.Call(
            func=function, args=[(ast.Name() as whole) | ast.Subscript(value=ast.Name() as whole)]
        ) if _GATES.search(last_name(function)):
            inner = whole  # σ(z) is cut where z is
    return base_name(inner) if inner is not None else ""


def cut_by(node: ast.AST) -> ast.expr | None:
    """The value that a node cuts into gates."""
    match node:
        case ast.Subscript(value=inner) if step_of(node) is None:
            return inner
        case ast.Call(func=ast.Attribute(value=value, attr=name), args=args) if name in SPLITS:
            if last_name(value) == "self":
                return None  # a layer that is named so
            return value if last_name(value) not in MODULES else next(iter(args), None)
        case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in SPLITS:
            return first
    return None


def arguments(block: str) -> list[str]:
    """The names between the brackets of the function that a block is."""
    head = _SIGNATURE.match(block)
    shown = re.sub(r"\[[^\[\]]*\]", "", head[1]) if head is not None else ""
    return re.findall(r"[(,]\s*([^\W\d]\w*)", shown)


def state_of(value: ast.expr, others: Sequence[ast.expr], given: Sequence[str]) -> str | None:
    """The state that a value without a name is: an argument that it is made of.

    It is none of the others that are returned beside it under a name of their own.
    """
    names = {raw_name(node) for node in ast.walk(value) if isinstance(node, ast.Name)}
    beside = {base_name(node) for node in others}
    given = [n for n in given if split_name(n)[0] not in beside]
    inside = sorted((n for n in given if n in names), key=given.index)
    before = [n for n in given if split_name(n)[1] == -1]
    likely = [*before, *(n for n in [*inside, *given] if _STATE.fullmatch(n))]
    likely += [n for n in given if _OUTPUT.fullmatch(n)]
    return split_name(likely[0])[0] if likely else None


def returned(value: ast.expr) -> list[ast.expr]:
    """The parts of a returned value; of a tuple in a tuple those of the first."""
    if not isinstance(value, ast.Tuple) or not value.elts:
        return [value]
    return [*returned(value.elts[0]), *value.elts[1:]]


def last_values(given: Sequence[str], block: str, assigned: Collection[str]) -> dict[str, str]:
    """The arguments of a function that hold the last value of what it returns.

    >>> last_values(["x", "o"], "return h", {"h"})
    {'o': 'h'}
    """
    told = [s for s in STATES if s in given or s in assigned or not given]
    found = {raw: STATES[raw] for raw in told if STATES[raw] in assigned}
    names = re.findall(r"\breturn\b[ (]*(\w+)(?:, *(\w+))?", block)
    new = [n for n in (split_name(name)[0] for name in (names or [()])[-1]) if n in assigned]
    old = {split_name(n)[0] for n in given}
    left = [n for n in given if (_STATE.fullmatch(n) or _OUTPUT.fullmatch(n)) and n not in assigned]
    left = [n for n in left if n not in found]
    if not given and not found:  # output = z * g + (1 - z) * state, in a block without a function
        words = dict.fromkeys(re.findall(r"(?<![\w.\"'])[a-z]\w{2,}(?![\w(\"'=])", block))
        left = [n for n in words if _STATE.fullmatch(n) and n not in assigned]
        known = any(split_name(n)[1] == -1 for n in words)
        return {} if known or not left else {left[0]: list(assigned)[-1]}
    cut = set(re.findall(r"\b(\w+)\[[01]\]", block))
    pairs = [n for n in given if n in cut and n not in assigned]
    if pairs and new and (len(new) > 1 or _STATE.fullmatch(pairs[0])):  # state[0], state[1]
        return found | {f"{pairs[0]}_{i}": name for i, name in enumerate(new)}
    return found | dict(
        zip(left, (n for n in new if n not in old | {*found.values()}), strict=False)
    )


def last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
