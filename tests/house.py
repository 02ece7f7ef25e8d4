"""What the house is, read from its files: modules, rooms, arrows; and its picture.

python -m tests.house        draws it again
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from functools import cache
from html import escape
from pathlib import Path

ROOT = Path(__file__).parent.parent / "symgate"
#: Where pickle looks for the activations of a user, which nothing imports.
REGISTERED = "symgate.algebra.registered"

PICTURE = ROOT.parent / "reports" / "house.svg"


@cache
def files() -> dict[str, str]:
    """Every module of the package by its dotted name."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        name = ".".join(parts).removesuffix(".__init__")
        found[name] = path.read_text(encoding="utf-8")
    return found


@cache
def trees() -> dict[str, ast.Module]:
    return {name: ast.parse(text) for name, text in files().items()}


def imports(tree: ast.AST, inside: bool = False) -> Iterator[tuple[str, bool]]:
    """The modules of the package that a module imports, and whether inside a function."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.expr):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.Import):
            yield from ((alias.name, inside) for alias in child.names if _is_ours(alias.name))
        if isinstance(child, ast.ImportFrom) and _is_ours(child.module or ""):
            for alias in child.names:
                full = f"{child.module}.{alias.name}"
                yield (full if full in files() else child.module or ""), inside
        yield from imports(child, inside or isinstance(child, ast.FunctionDef))


def _is_ours(module: str) -> bool:
    return module.split(".")[0] == "symgate"


def named(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    """The modules that a module names in strings, to load them later; of a string that is put
    together, all that may come of it."""
    for node in ast.walk(tree):
        start = node.values[0] if isinstance(node, ast.JoinedStr) else node
        text = start.value if isinstance(start, ast.Constant) else None
        if start is not node and isinstance(text, str) and text.startswith("symgate."):
            yield from ((name, False) for name in files() if name.startswith(text))
        elif text in files() and text != REGISTERED:
            yield str(text), False


@cache
def arrows() -> dict[str, set[tuple[str, bool]]]:
    return {name: {*imports(tree), *named(tree)} for name, tree in trees().items()}


@cache
def below() -> dict[str, set[str]]:
    """The rooms that each room imports."""
    found: dict[str, set[str]] = {p.parent.name: set() for p in ROOT.glob("*/__init__.py")}
    for name, to in ((name, to) for name, targets in arrows().items() for to, _ in targets):
        one, other = (f"{n}..".split(".")[1] for n in (name, to))
        if one in found and other in found and one != other:
            found[one].add(other)
    return found


def storeys() -> list[list[str]]:
    """The rooms from the top down: each stands above all that it imports."""

    @cache
    def height(room: str) -> int:
        return max((1 + height(other) for other in below()[room]), default=0)

    rooms = sorted(below())
    heights = sorted({height(room) for room in rooms}, reverse=True)
    return [[room for room in rooms if height(room) == at] for at in heights]


WIDTH, NAME, WORDS = 1000, 30, 21


def picture() -> str:
    """The storeys as an SVG, in each room its name and what its docstring begins with."""
    boxes, top = [], 2
    for storey in storeys():
        wide = (WIDTH - 4) // len(storey)
        told = {room: textwrap.wrap(_words(room), int(wide / (0.6 * WORDS))) for room in storey}
        high = 22 + NAME + (WORDS + 4) * max(map(len, told.values()))
        for i, (room, lines) in enumerate(told.items()):
            left, y = 2 + wide * i, top + NAME + 4
            boxes.append(f'<rect x="{left}" y="{top}" width="{wide}" height="{high}"/>')
            middle = f'x="{left + wide // 2}"'
            boxes.append(f'<text {middle} y="{y}" class="name">{room}</text>')
            for n, line in enumerate(lines, 1):
                boxes.append(f'<text {middle} y="{y + (WORDS + 4) * n}">{escape(line)}</text>')
        top += high
    inside = "\n".join(boxes)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + 2}">
<style>
rect {{ fill: #fff; stroke: #222; stroke-width: 2 }}
text {{ font: {WORDS}px sans-serif; text-anchor: middle; fill: #222 }}
.name {{ font-size: {NAME}px; font-weight: bold }}
</style>
{inside}
</svg>
"""


def _words(room: str) -> str:
    first = (ast.get_docstring(trees()[f"symgate.{room}"]) or "").split("\n")[0]
    return re.split(r"[:,]|\. ", first)[0].rstrip(".").replace("`", "")


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
