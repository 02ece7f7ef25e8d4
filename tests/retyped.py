"""Other ways to type the same cell: lines in another order, sums over more lines or fewer,
other names for the parameters. What is typed last is the same function.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from random import Random

_WORD = re.compile(r"[A-Za-z_]\w*")


def shuffled(text: str, rng: Random) -> str:
    """The lines in another order."""
    lines = text.split("\n")
    return "\n".join(rng.sample(lines, len(lines)))


def renamed(text: str, names: Mapping[str, str]) -> str:
    """The text with other names; functions, I and T keep theirs."""
    return _WORD.sub(lambda word: names.get(word[0], word[0]), text)


def split(text: str, rng: Random) -> str | None:
    """One part of a line on a line of its own; None where no part can stand alone."""
    lines = text.split("\n")
    found = [(i, part) for i, line in enumerate(lines) for part in _parts(line)]
    if not found:
        return None
    at, part = rng.choice(found)
    name = next(n for i in range(1, 99) if (n := f"part{i}") not in text)
    start, stop = part.col_offset, part.end_col_offset
    inner = lines[at][start:stop]
    lines[at] = f"{lines[at][:start]}{name}[t]{lines[at][stop:]}"
    lines.insert(rng.randint(0, len(lines)), f"{name}[t] = {inner}")
    return "\n".join(lines)


def joined(text: str, rng: Random, keep: frozenset[str]) -> str | None:
    """One gate put in where it is read; None where each is kept or read at the next step."""
    lines = text.split("\n")
    bodies = {line.split("[", 1)[0].strip(): line.split("=", 1)[1].strip() for line in lines}
    read = {name: len(re.findall(rf"\b{name}\[t\]", text)) - 1 for name in bodies}
    names = [
        name
        for name in bodies
        if name not in keep and f"{name}[t-1]" not in text and 1 <= read[name] <= 3
    ]
    if not names:
        return None
    name = rng.choice(names)
    kept = [line for line in lines if line.split("[", 1)[0].strip() != name]
    return re.sub(rf"\b{name}\[t\]", lambda _: f"({bodies[name]})", "\n".join(kept))


def _parts(line: str) -> Iterator[ast.expr]:
    """The vectors inside a line that have a time in them, without the whole right side."""
    statement = ast.parse(line).body[0]
    assert isinstance(statement, ast.Assign)
    for child in _below(statement.value):
        inside = [n for n in ast.walk(child) if isinstance(n, ast.Subscript)]
        if inside and not isinstance(child, ast.Subscript | ast.List | ast.Constant):
            yield child


def _below(node: ast.expr) -> Iterator[ast.expr]:
    """All expressions below one that are vectors: nothing on the left of a product by @."""
    match node:
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            children = [] if any(isinstance(n, ast.Subscript) for n in ast.walk(left)) else [right]
        case ast.BinOp(left=left, op=ast.Pow()):
            children = [left]
        case ast.BinOp(left=left, right=right):
            children = [left, right]
        case ast.UnaryOp(operand=operand):
            children = [operand]
        case ast.Call(func=ast.Name(id=name), args=args) if name != "diag":
            children = args[:1]
        case ast.List(elts=elts):
            children = elts
        case _:
            children = []
    for child in children:
        yield child
        yield from _below(child)
