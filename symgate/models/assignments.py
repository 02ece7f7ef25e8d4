"""Where in the user's source a traced node comes from, and what it is called there."""

from __future__ import annotations

import ast
import linecache
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from symgate.parsing import parsed


@dataclass(frozen=True)
class SourceLine:
    """Where a node comes from: file and line, and the statement there."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"line {self.line}: {linecache.getline(self.file, self.line).strip()}"


def place_of(node: Any) -> SourceLine | None:
    """The line of the user's source that made a node."""
    frames = re.findall(r'File "([^"]+)", line (\d+)', node.stack_trace or "")
    own = [(f, int(n)) for f, n in frames if "/torch/" not in f.replace("\\", "/")]
    own = [(f, n) for f, n in own if Path(f).parent != Path(__file__).parent]
    return SourceLine(*own[-1]) if own else None


@lru_cache(maxsize=16)
def _assignments(file: str) -> tuple[tuple[int, int, tuple[str, ...]], ...]:
    """The assignments of a source file: first line, last line, the names on the left."""
    try:
        tree = parsed("".join(linecache.getlines(file)))
    except SyntaxError:
        return ()
    found = []
    for statement in ast.walk(tree):
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            parts = target.elts if isinstance(target, ast.Tuple) else [target]
            names = tuple(p.id if isinstance(p, ast.Name) else "" for p in parts)
            found.append((statement.lineno, statement.end_lineno or statement.lineno, names))
    return tuple(found)


def names_of(nodes: list[Any]) -> dict[Any, str]:
    """The name that the source gives to a node: the last of its assignment."""
    last: dict[tuple[str, int], list[Any]] = {}
    names: dict[tuple[str, int], tuple[str, ...]] = {}
    for node in nodes:
        place = place_of(node)
        if place is None:
            continue
        for first, end, found in _assignments(place.file):
            if first <= place.line <= end:
                last.setdefault((place.file, first), []).append(node)
                names[place.file, first] = found
    out: dict[Any, str] = {}
    for key, found in names.items():
        own = last[key]
        for name, node in zip(found, own[-len(found) :], strict=False):
            if name.isidentifier() and not name.startswith("_"):
                out[node] = name
    return out
