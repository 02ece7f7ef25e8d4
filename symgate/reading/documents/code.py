"""Assignments in array code as equations of the language; nothing is run.

    z = torch.sigmoid(x @ W_z + h @ U_z + b_z)     z[t] = sigmoid(x[t] @ W_z + h[t-1] @ U_z + b_z)

A statement outside the whitelist is passed over. A name that is read before it is assigned
holds the value of the step before; `h_prev` and `h_next` say themselves which one they hold.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from symgate.errors import SymgateError
from symgate.parsing import parsed
from symgate.reading.documents.code_block import (
    BlockNames,
    NotInWhitelist,
    Shown,
    acted_on,
    given,
    multiplies,
)
from symgate.reading.documents.code_names import (
    arguments,
    base_name,
    last_name,
    last_values,
    raw_name,
    returned,
    split_name,
    stack_of,
    state_of,
    step_of,
)
from symgate.reading.documents.statements import rendered
from symgate.reading.faults import Edit
from symgate.reading.source import Piece

#: The longest statement, and the most statements of one block.
MAX_STATEMENT = 400
MAX_STATEMENTS = 200

_FENCE = re.compile(r"^[ \t]*(?P<ticks>`{3,}+|~{3,}+)[^\n`]*+\n", re.MULTILINE)
_TARGET = r"[^\W\d][\w.\u0300-\u036f]*(?:\[[^\]\n=]{0,40}\])?"
_ASSIGNED = re.compile(
    rf"^[ \t]*(?:>>> )?(?=return\b|\(?{_TARGET}(?:\s*,\s*{_TARGET})*\)?\s*[-+*]?=(?!=))"
)
_BLOCK = re.compile(r"^[ \t]*(?:async )?(?:def|class)\b", re.MULTILINE)
_NAME = re.compile(r"\w+")
_LAYER = re.compile(r"\b(\w++)\s*+=\s*+(?:\w++\.)*+(?:Linear|Dense)\(([^\n;]*)")

#: A linear layer with an activation behind it.
_WRAPPED = re.compile(
    r"self\.(\w+)\s*=\s*[\w.]*Sequential\(\s*[\w.]*(?:Linear|Dense)\([^()\n]{0,200}\)\s*,"
    r"\s*[\w.]*(Sigmoid|Tanh|ReLU|SiLU)\(\)\s*,?\s*\)"
)


def pieces(text: str, edits: Sequence[Edit] = ()) -> Iterator[Piece]:
    """The assignments of a document's code that may be equations of a cell.

    With edits the code is read as it is after them; places are those before them.
    """
    parts, origin, at = [], [], 0
    for edit in sorted(set(edits), key=lambda e: (e.start, e.stop)):
        if edit.start >= at:
            parts += [text[at : edit.start], edit.text]
            origin += [*range(at, edit.start), *[edit.start] * len(edit.text)]
            at = edit.stop
    origin += range(at, len(text) + 1)
    for piece in _pieces("".join(parts) + text[at:]):
        yield replace(piece, offsets=[origin[i] for i in piece.offsets])


def _pieces(text: str) -> Iterator[Piece]:
    layers = {name: not re.search(r"bias\s*=\s*False", rest) for name, rest in _LAYER.findall(text)}
    for start, stop in _blocks(text):
        for first, last in _functions(text, start, stop):
            found = list(_statements(text, first, last))
            nodes = [node for statement in found for node in ast.walk(statement)]
            if any(multiplies(n) or _acts(n, layers) for n in nodes):
                yield from _read(text, text[first:last], found, layers)


def _acts(node: ast.AST, layers: Mapping[str, bool]) -> bool:
    """Whether a linear layer of the document is applied here."""
    return isinstance(node, ast.Call) and last_name(node.func) in layers


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """The insides of fences, or the whole text where there are none."""
    inside: list[tuple[int, int]] = []
    at = 0
    while (opening := _FENCE.search(text, at)) is not None:
        close = text.find(f"\n{opening['ticks']}", opening.end() - 1)
        stop = len(text) if close < 0 else close + 1
        inside.append((opening.end(), stop))
        at = stop + len(opening["ticks"])
    yield from inside or [(0, len(text))]


def _functions(code: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """The functions of a block, each a block of its own, and what stands behind them."""
    cuts: set[int] = set()
    for found in _BLOCK.finditer(code, start, stop):
        deep = len(found[0]) - len(found[0].lstrip())
        behind = re.compile(rf"^[ \t]{{0,{deep}}}+[^\s)]", re.MULTILINE)
        after = behind.search(code, found.end(), stop)
        cuts |= {found.start(), stop if after is None else after.start()}
    ends = sorted(cuts | {start, stop})
    yield from pairwise(ends)


def _statements(text: str, start: int, stop: int) -> Iterator[ast.Assign]:
    """The assignments of a block; their columns are places in the document."""
    at, count = start, 0
    while at < stop and count < MAX_STATEMENTS:
        end = text.find("\n", at, stop)
        end = stop if end < 0 else end
        head = _ASSIGNED.match(text[at:end])
        if head is not None:
            end = _whole(text, at, end, stop)
            own = text[at + head.end() : end]
            count += 1
            if len(own) <= MAX_STATEMENT and "\\" not in own:
                flat = re.sub(r"#[^\n]*|\n", lambda m: " " * len(m[0]), own)
                yield from _assignment(flat, at + head.end(), text[start:stop])
        at = end + 1


def _assignment(shown: str, start: int, block: str) -> Iterator[ast.Assign]:
    """The assignment that one statement is; `z += a` and `return a` are made one."""
    try:
        body = parsed(re.sub(r"\Areturn\b", "_    =", shown).rstrip()).body
    except (SyntaxError, ValueError, SymgateError):
        return
    statement, returns = body[0] if body else None, shown.startswith("return")
    if isinstance(statement, ast.AugAssign):
        old, value = statement.target, statement.value
        whole = ast.copy_location(ast.BinOp(old, statement.op, value), statement)
        statement = ast.Assign([old], whole)
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        _place(statement, shown, start)
        yield from _returned(statement, block) if returns else _each(statement)


def _each(statement: ast.Assign) -> Iterator[ast.Assign]:
    """a, b = c, d as a = c and b = d, where nothing reads what it has just made."""
    left, right = statement.targets[0], statement.value
    match left, right:
        case ast.Tuple(elts=names), ast.Tuple(elts=values) if len(names) == len(values):
            yield from (ast.Assign([n], v) for n, v in zip(names, values, strict=True))
        case _:
            yield statement


def _returned(statement: ast.Assign, block: str) -> Iterator[ast.Assign]:
    """What a function returns without a name is the state among its arguments."""
    first, *others = returned(statement.value)
    state = state_of(first, others, arguments(block))
    if state is not None and not raw_name(first):
        yield ast.Assign([ast.copy_location(ast.Name(state), first)], first)


def _place(statement: ast.Assign, text: str, start: int) -> None:
    """Let every node of a statement say where in the document it stands."""
    coded = text.encode()
    for node in ast.walk(statement):
        if isinstance(node, ast.expr):
            node.col_offset = start + len(coded[: node.col_offset].decode())
            node.end_col_offset = start + len(coded[: node.end_col_offset].decode())


def _whole(text: str, start: int, end: int, stop: int) -> int:
    """The end of a statement that begins at `start`: its brackets are closed there."""
    while end < stop and end - start <= MAX_STATEMENT:
        own = re.sub(r"#[^\n]*", "", text[start:end])
        if sum(map(own.count, "([{")) <= sum(map(own.count, ")]}")):
            break
        following = text.find("\n", end + 1, stop)
        end = stop if following < 0 else following
    return end


def _read(
    text: str, block: str, found: Sequence[ast.Assign], layers: Mapping[str, bool]
) -> Iterator[Piece]:
    """The equations that the assignments of one block say."""
    targets = Counter(base_name(t) for statement in found for t in _targets(statement))
    _with_own_names(found, targets)
    targets = Counter(base_name(t) for statement in found for t in _targets(statement))
    stacked = {stack_of(n) for statement in found for n in ast.walk(statement.value)} - {""}
    names = BlockNames(set(targets), layers, stacked, targets)
    names.ahead = {base_name(t) for s in found for t in _targets(s) if step_of(t) == 1}
    every, own = [n for statement in found for n in ast.walk(statement)], arguments(block)
    names.inputs = acted_on(every, own)
    if any(isinstance(n, ast.Call) and last_name(n.func) == "outer" for n in every):
        names.inputs |= {g for n in every for g in given(n, targets)}
        names.inputs |= {n for n in own if n.islower() and not re.match("gamma|decay|lam", n)}
    names.wrapped = {name: function.lower() for name, function in _WRAPPED.findall(text)}
    names.last = last_values(own, block, targets)
    for statement in found:
        try:
            for name, shown in rendered(statement, names):
                yield _piece(f"{name}[t] = ", shown, statement, text)
        except NotInWhitelist:
            for target in _targets(statement):
                names.forget(base_name(target))


def _with_own_names(found: Sequence[ast.Assign], targets: Mapping[str, int]) -> None:
    """v_old = S k is a value of its own, none of the step before: v_read."""
    nodes = [n for s in found for n in ast.walk(s) if isinstance(n, ast.Name)]
    read: set[str] = set()
    for statement in found:
        read |= {n.id for n in ast.walk(statement.value) if isinstance(n, ast.Name)}
        raw = getattr(statement.targets[0], "id", "")
        base, step = split_name(raw)
        made = any(map(multiplies, ast.walk(statement.value)))
        if step == -1 and made and raw not in read and targets[base] == 1:
            for node in (n for n in nodes if n.id == raw):
                node.id = f"{base}_read"


def _targets(statement: ast.Assign) -> list[ast.expr]:
    target = statement.targets[0]
    return list(target.elts) if isinstance(target, ast.Tuple) else [target]


def _piece(head: str, shown: Shown, statement: ast.Assign, text: str) -> Piece:
    first = statement.targets[0].col_offset
    own, offsets = head, [first] * len(head)
    for marked, at in shown:
        part = marked.replace("\0", "")
        own += part
        offsets += _places(text, part, at)
    offsets[-1] = (statement.value.end_col_offset or first + 1) - 1
    return Piece(own, offsets, kind="plain", display=False)


def _places(text: str, part: str, at: int) -> list[int]:
    """Where the characters of a part stand; those of a name end where it ends in the code."""
    if text[at : at + len(part)] == part:
        return list(range(at, at + len(part)))
    code = _NAME.match(text, at) if part[-1:] in "](" and part[0].isalpha() else None
    last = code.end() - 1 if code is not None else at
    return [*(min(at + i, last) for i in range(len(part) - 1)), last]
