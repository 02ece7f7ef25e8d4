"""What an assignment of array code says: equations, parts of a stack, columns, other names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from symgate.reading.documents.code_block import FUNCTIONS, BlockNames, NotInWhitelist, Shown
from symgate.reading.documents.code_names import (
    base_name,
    cut_by,
    last_name,
    raw_name,
    split_name,
    stack_of,
    step_of,
)
from symgate.reading.documents.expressions import COLUMNS, place_of, spell

_WEIGHT = re.compile(r"[WUVRwu](?![a-z]{3})|[a-z]*(?:weight|kernel|bias)|b(?:$|_|[a-z]$)")


def rendered(statement: ast.Assign, names: BlockNames) -> Iterator[tuple[str, Shown]]:
    """The equations that an assignment says: a name and a right side each."""
    target, value = statement.targets[0], statement.value
    names.made.clear()
    cut = stack_of(value)
    if isinstance(target, ast.Subscript) and cut_by(target) is not None:
        _filled(target, value, names)
        return
    if isinstance(target, ast.Tuple):
        inner = cut_by(value)
        if inner is None or not all(raw_name(t) for t in target.elts):
            raise NotInWhitelist
        at = value.col_offset
        whole = names.inlined.get(cut) if raw_name(inner) else spell(inner, names)
        made = whole is not None and whole[0][0][:-1] in FUNCTIONS.values()
        whole = whole if made and whole else whole or [("(", at), *spell(inner, names), (")", at)]
        parts = [raw_name(part) for part in target.elts]
        pieces = [split_name(part)[0].split("_") for part in parts]
        first = next((own for own in zip(*pieces, strict=False) if len({*own}) == len(own)), None)
        for i, part in enumerate(parts):
            _cut(whole, part, names, first[i] if first else "")
            if made:  # a part of σ(…) is a gate
                yield _gate(part, names)
        return
    raw = raw_name(target)
    name = split_name(raw)[0]
    if not raw:
        raise NotInWhitelist
    if cut in names.inlined:
        _cut(names.inlined[cut], raw, names)
        if names.inlined[raw][0][0][:-1] in FUNCTIONS.values():
            yield _gate(raw, names)
        return
    inside = [*value.args, value.func] if isinstance(value, ast.Call) else []
    inside = [n.value if isinstance(n, ast.Attribute) and n is inside[-1] else n for n in inside]
    gate = next((s for s in map(stack_of, inside[:2]) if s), "")
    if gate in names.inlined and name in names.stacked:
        function, at = _function(value), value.col_offset
        names.inlined[raw] = [(f"{function}(", at), *names.inlined[gate], (")", at)]
        names.waiting[name] -= 1
        return
    if gate in names.inlined:
        _cut(names.inlined[gate], raw, names)
        function = _function(value)
        at = value.col_offset
        shown = [(f"{function}(", at), *names.inlined[raw], (")", at)]
        del names.inlined[raw]
    elif base_name(value) == name or _is_parameter(value, names):
        names.forget(name)
        return
    elif isinstance(value, ast.Subscript) and _is_given(value, names):
        names.inlined[raw] = spell(value, names)
        names.forget(name)
        return
    else:
        shown = spell(value, names)
    names.waiting[name] -= 1
    yield from names.made
    if any(made == name for made, _ in names.made):
        return
    column = isinstance(value, ast.Call) and last_name(value.func) in COLUMNS
    if name in names.stacked or column or names.waiting[name] > 0:
        closed = shown if column else [("(", value.col_offset), *shown, (")", value.col_offset)]
        names.inlined[raw] = names.inlined[name] = closed
        return
    names.inlined.pop(raw, None)
    names.current[name] = raw
    yield name, shown


def _gate(raw: str, names: BlockNames) -> tuple[str, Shown]:
    name = split_name(raw)[0]
    names.current[name] = raw
    return name, names.inlined.pop(raw)


def _filled(target: ast.Subscript, value: ast.expr, names: BlockNames) -> None:
    """A column that is filled part by part: concat[:n] = h; concat[n:] = x."""
    name, at = raw_name(target.value), target.col_offset
    if not name or name in names.current:
        raise NotInWhitelist
    part = spell(value, names)
    before = names.inlined.get(name)
    names.inlined[name] = [("[", at), *part, ("]", at)]
    if before is not None and before[0][0] == "[":
        names.inlined[name] = [*before[:-1], (", ", at), *part, ("]", at)]


def _is_parameter(node: ast.expr, names: BlockNames) -> bool:
    """Whether a value is a parameter, or a part of one."""
    inner = node.value if isinstance(node, ast.Subscript) and cut_by(node) is not None else node
    raw = raw_name(inner)
    known = raw in names.inlined or base_name(inner) in names.assigned | names.inputs
    return raw != "" and not known and _WEIGHT.match(raw) is not None


def _is_given(node: ast.expr, names: BlockNames) -> bool:
    """Whether a value is one of the step that is not made here: k[t], states[0]."""
    if isinstance(node, ast.Subscript) and place_of(node) in names.last:
        return True
    return step_of(node) == 0 and base_name(node) not in names.assigned


def _cut(stack: Shown, raw: str, names: BlockNames, gate: str = "") -> None:
    """One part of a stack under a name: its parameters take the name of the gate."""
    base = split_name(raw)[0]
    letters = [p for p in base.split("_") if len(p) == 1]
    gate = gate or (letters[-1] if letters else base)
    names.inlined[raw] = [(text.replace("\0", f"_{gate}\0"), at) for text, at in stack]
    names.cut.add(raw)
    names.waiting[base] -= 1


def _function(node: ast.expr) -> str:
    """The activation that a call is of; Unknown for any other."""
    name = last_name(node.func).rstrip("_").lower() if isinstance(node, ast.Call) else ""
    if name not in FUNCTIONS:
        raise NotInWhitelist
    return FUNCTIONS[name]
