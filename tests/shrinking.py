"""Make the text of a cell smaller as long as something stays true of it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

import symgate as sg


def shrunk(text: str, holds: Callable[[str], bool], tries: int = 150) -> str:
    """The smallest text found of which `holds` is true, by leaving out parts of it."""
    seen = {text}
    progress = True
    while progress and tries > 0:
        progress = False
        for smaller in sorted(_smaller(text), key=len):
            if smaller in seen or tries <= 0:
                continue
            seen.add(smaller)
            try:
                sg.Cell.from_text(smaller)
            except (sg.SymgateError, RecursionError):
                continue
            tries -= 1
            if holds(smaller):
                text, progress = smaller, True
                break
    return text


def _smaller(text: str) -> Iterator[str]:
    lines = text.split("\n")
    for i in range(len(lines)):
        if len(lines) > 1:
            yield "\n".join(lines[:i] + lines[i + 1 :])
    for i, line in enumerate(lines):
        for node in ast.walk(ast.parse(line).body[0].value):  # type: ignore[attr-defined]
            for child in _inside(node):
                start, stop = node.col_offset, node.end_col_offset
                piece = ast.unparse(child)
                if isinstance(child, ast.BinOp):
                    piece = f"({piece})"
                made = f"{line[:start]}{piece}{line[stop:]}"
                yield "\n".join([*lines[:i], made, *lines[i + 1 :]])


def _inside(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call):
        yield from node.args
    elif isinstance(node, ast.expr) and not isinstance(node, ast.Subscript):
        yield from (c for c in ast.iter_child_nodes(node) if isinstance(c, ast.expr))
