"""Expressions of array code in the language of equations, by a whitelist of their nodes."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import replace

from symgate.reading.documents.code_block import (
    FUNCTIONS,
    PRODUCTS,
    BlockNames,
    NotInWhitelist,
    Shown,
)
from symgate.reading.documents.code_names import (
    INPUT,
    MODULES,
    SPLITS,
    last_name,
    raw_name,
    split_name,
    step_of,
)

DENSE = {"Dense", "Linear", "DenseGeneral"}
COLUMNS = {"cat", "concat", "concatenate", "hstack", "vstack", "row_stack", "column_stack"}
PLAIN = {"dropout", "squeeze", "contiguous", "array", "asarray", "reshape"}
_OPERATORS = {ast.Add: ("+", 1), ast.Sub: ("-", 1), ast.Mult: ("*", 2), ast.Div: ("/", 2)}
_OPERATORS |= {ast.MatMult: ("@", 2)}
#: Products of einsum: of a matrix and a vector, of a vector and a matrix, with batches before.
_EINSUM = re.compile(
    r"(?P<at>(?P<m>\w)(?P<n>\w),(?P<b>\w?)(?P=n)->(?P=b)(?P=m))"
    r"|(?P<left>(?P<c>\w?)(?P<i>\w),(?P=i)(?P<j>\w)->(?P=c)(?P=j))"
    r"|(?P<turned>(?P<d>\w?)(?P<k>\w),(?P<l>\w)(?P=k)->(?P=d)(?P=l))"
    r"|(?P<times>(?P<e>\w{1,2}),(?P=e)->(?P=e))"
)


def spell(node: ast.expr, names: BlockNames, level: int = 0) -> Shown:
    at, end = node.col_offset, (node.end_col_offset or 1) - 1
    """An expression in the language, with the places of its parts."""
    match node:
        case ast.Constant(value=number) if type(number) in (int, float):
            return [(repr(number), at)]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return [("-", at), *spell(inner, names, 3)]
        case ast.BinOp() if (logit := _logistic(node)) is not None:
            return [("sigmoid(", at), *spell(logit, names), (")", end)]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            sign, own = _OPERATORS[type(op)]
            if sign == "*" and isinstance(left, ast.Subscript) and _spreads(left.slice):
                row = spell(left.value, names)
                return [("diag(", at), *row, (") @ ", at), *spell(right, names, 3)]
            return _operation(left, sign, right, names, at, own, level)
        case ast.Attribute(value=inner, attr="T"):
            return [*spell(inner, names, 9), (".T", at)]
        case ast.Call(func=ast.Attribute(value=inner, attr="t"), args=[]):
            return [*spell(inner, names, 9), (".T", at)]
        case ast.Call():
            return _call(node, names, level)
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return _column(parts, names, at)
        case ast.Name() | ast.Attribute() | ast.Subscript():
            return _variable(node, names)
    raise NotInWhitelist


def _spreads(index: ast.expr) -> bool:
    """Whether an index is [:, None]: a vector with one entry for each row of a matrix."""
    match index:
        case ast.Tuple(elts=[ast.Slice(lower=None, upper=None), ast.Constant(value=None)]):
            return True
    return False


def _operation(
    left: ast.expr, sign: str, right: ast.expr, names: BlockNames, at: int, own: int, level: int
) -> Shown:
    between, end = left.end_col_offset or at, (right.end_col_offset or at + 1) - 1
    inner = [
        *spell(left, names, own),
        (f" {sign} ", between),
        *spell(right, names, own + 1),
    ]
    return [("(", at), *inner, (")", end)] if own < level else inner


def _logistic(node: ast.BinOp) -> ast.expr | None:
    """The a in 1 / (1 + exp(-a))."""
    match node:
        case ast.BinOp(
            left=ast.Constant(value=1),
            op=ast.Div(),
            right=ast.BinOp(
                left=ast.Constant(value=1),
                op=ast.Add(),
                right=ast.Call(func=function, args=[ast.UnaryOp(op=ast.USub(), operand=inner)]),
            ),
        ) if last_name(function) == "exp":
            return inner
    return None


def _call(node: ast.Call, names: BlockNames, level: int) -> Shown:
    end, called = (node.end_col_offset or 1) - 1, last_name(node.func)
    at = (node.func.end_col_offset or len(called)) - len(called)
    name, args = called.rstrip("_"), list(node.args)
    value = node.func.value if isinstance(node.func, ast.Attribute) else None
    own = (
        raw_name(node.func) == ""
        or name.lower() in FUNCTIONS
        or name in {*PRODUCTS, *PLAIN}
        or (name == "linear" and len(args) == 2)
    )
    whole = len(args) == (1 if name.lower() in FUNCTIONS else 2 if name in PRODUCTS else 0)
    if value is not None and not _is_module(value) and own and not whole:
        args = [value, *args]  # a method: x.sigmoid(), h.dot(W)
    if name.lower() in FUNCTIONS and len(args) == 1:
        function = FUNCTIONS[name.lower()]
        raw = raw_name(args[0])
        match args[0]:  # σ(f + 1) of a part f of a stack is a gate too
            case ast.BinOp(left=part, op=ast.Add(), right=ast.Constant()):
                raw = raw_name(part)
        if raw in names.cut and raw in names.inlined:
            base = split_name(raw)[0]
            shown = spell(args[0], names)
            del names.inlined[raw]
            names.made.append((base, [(f"{function}(", at), *shown, (")", at)]))
            names.current[base] = raw
            return [(f"{base}[t]", at)]
        return [(f"{function}(", at), *spell(args[0], names), (")", end)]
    if name in PRODUCTS and len(args) == 2:
        bound = 1 if PRODUCTS[name] in "+-" else 2
        return _operation(args[0], PRODUCTS[name], args[1], names, at, bound, level)
    if name == "einsum" and len(args) == 3 and isinstance(args[0], ast.Constant):
        return _einsum(str(args[0].value), args[1], args[2], names, level)
    if name == "linear" and len(args) in (2, 3):
        inner = [
            *spell(args[0], names, 2),
            (" @ ", at),
            *spell(args[1], names, 9),
            (".T", at),
        ]
        inner += [(" + ", at), *spell(args[2], names, 2)] if len(args) == 3 else []
        return [("(", at), *inner, (")", at)] if level > 1 and len(args) == 3 else inner
    if name in COLUMNS and args and isinstance(args[0], ast.List | ast.Tuple):
        return _column(args[0].elts, names, at)
    if name == "outer" and len(args) == 2:
        one, other = (spell(a, names, 2) for a in args)
        if len(other) > 1:
            one, other = (spell(a, names, 9) for a in args)
            return [*one, (" @ ", at), *other, ("^T", at)]
        if not other[0][0].endswith("[t]"):
            raise NotInWhitelist
        return [*one, (" @ ", at), (other[0][0].replace("[t]", "^T[t]"), other[0][1])]
    if name == "lerp" and len(args) == 3:  # a + w (b - a)
        one, other, weight = (spell(a, names, 3) for a in args)
        inner = [*one, (" + ", at), *weight, (" * (", at), *other, (" - ", at), *one, (")", end)]
        return [("(", at), *inner, (")", end)] if level > 1 else inner
    if name == "addmm" and len(args) == 3:
        inner = [*spell(args[0], names, 2), (" + ", at)]
        inner += _operation(args[1], "@", args[2], names, at, 2, 2)
        return [("(", at), *inner, (")", end)] if level > 1 else inner
    if name in ("abs", "absolute") and len(args) == 1:
        return [("|", at), *spell(args[0], names), ("|", end)]
    if name in ("max", "maximum") and len(args) == 2:
        one, other = (spell(a, names) for a in args)
        return [("max(", at), *one, (", ", at), *other, (")", end)]
    if name in PLAIN and args:
        return spell(args[0], names, level)
    if isinstance(node.func, ast.Call) and last_name(node.func.func) in DENSE and len(args) == 1:
        return _dense(node.func, args[0], names, at, level)
    bare = value is None and (called in names.layers or re.match("(linear|lin|fc|dense)_", called))
    layer = raw_name(node.func) if value is not None or bare else ""
    applied_here = bare or (value is not None and (name not in SPLITS or _is_module(value)))
    if layer and len(args) == 1 and applied_here:
        return _layer(layer, args[0], names, at, level)
    raise NotInWhitelist


def _einsum(indices: str, one: ast.expr, other: ast.expr, names: BlockNames, level: int) -> Shown:
    """A product of two by its indices."""
    found = _EINSUM.fullmatch(re.sub(r"[ .]", "", indices))
    if found is None:
        raise NotInWhitelist
    first, second = (other, one) if found["turned"] else (one, other)
    return _operation(
        first, "*" if found["times"] else "@", second, names, one.col_offset, 2, level
    )


def _is_module(node: ast.expr) -> bool:
    name = last_name(node)
    return name in MODULES or name == "self"


def _layer(name: str, argument: ast.expr, names: BlockNames, at: int, level: int) -> Shown:
    """A linear layer: its weight and, unless it has none, its bias."""
    shown = re.sub(r"(?<=[a-z])2(?=[a-z])", "_", name)  # x2h, from x to h
    weight = name if re.match(r"[WUV](?:_|\d|[a-z]?\b)", name) else f"W_{shown}"
    inner = [(f"{weight}\0 @ ", at), *spell(argument, names, 9)]
    inner += [(f" + b_{shown}\0", at)] * names.layers.get(name, True)
    if name in names.wrapped:
        return [(f"{names.wrapped[name]}(", at), *inner, (")", at)]
    return [("(", at), *inner, (")", at)] if level > 1 and len(inner) > 2 else inner


def _dense(made: ast.Call, argument: ast.expr, names: BlockNames, at: int, level: int) -> Shown:
    """A layer that is made where it is used, under its name or the number of its place."""
    said = {k.arg: k.value.value for k in made.keywords if isinstance(k.value, ast.Constant)}
    name = str(said.get("name", f"{len(names.made_here) + 1}"))
    names.made_here[name] = said.get("use_bias", said.get("bias", True)) is not False
    return _layer(name, argument, replace(names, layers=names.made_here), at, level)


def _column(parts: Sequence[ast.expr], names: BlockNames, at: int) -> Shown:
    shown: Shown = [("[", at)]
    for i, part in enumerate(parts):
        shown += [(", ", at)] * (i > 0) + spell(part, names)
    return [*shown, ("]", at)]


def place_of(node: ast.Subscript) -> str:
    return f"{raw_name(node.value)}_{ast.unparse(node.slice)}"


def _part(node: ast.Subscript, names: BlockNames) -> Shown:
    """A part of a parameter, under a number of its own; of an argument with states the state."""
    owner, place, shown = raw_name(node.value), ast.unparse(node.slice), place_of(node)
    if shown in names.last:
        return [(f"{names.last[shown]}[t-1]", node.col_offset)]
    if owner in names.inlined and owner in names.stacked:
        return names.inlined[owner]  # σ(z[:, :n]), which is cut further
    if not owner or owner in names.inlined or owner in names.assigned:
        raise NotInWhitelist
    parts = names.parts.setdefault(owner, [])
    parts += [place] * (place not in parts)
    return [(f"{owner}_{parts.index(place) + 1}", node.col_offset)]


def _variable(node: ast.expr, names: BlockNames) -> Shown:
    """A name at its step."""
    raw = raw_name(node)
    if not raw and isinstance(node, ast.Subscript):
        return _part(node, names)
    if not raw or raw == "self":
        raise NotInWhitelist
    base, step = split_name(raw)
    if isinstance(node, ast.Subscript) and (said := step_of(node)) is not None:
        step = said - (base in names.ahead)
        if base in names.assigned and raw not in names.inlined:
            return [(f"{base}[t{step or ''}]", node.col_offset)]
    if raw in names.last and base not in names.assigned:
        base, step = names.last[raw], -1
    at = node.col_offset + len("self.") * isinstance(node, ast.Attribute)
    if isinstance(node, ast.Subscript):
        at = node.slice.col_offset + 1
    if raw in names.inlined and step != -1:
        return names.inlined[raw]
    if step == -1 or base in names.assigned:
        now = names.current.get(base)
        late = step == -1 or now is None or (step is None and now != raw)
        return [(f"{base}[t-1]" if late else f"{base}[t]", at)]
    if step == 0 or base in names.inputs or INPUT.fullmatch(base):
        return [(f"{base}[t]", at)]
    return [(f"{raw}\0", at)]
