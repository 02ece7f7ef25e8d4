"""The house keeps its order: arrows one way, imports at the top, files of one thought."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from statistics import median

import sympy

from tests.house import PICTURE, ROOT, arrows, below, files, picture, trees
from tests.mutants import mutants

#: The classes of the algebra that only its own rooms tell apart.
KINDS = {"MatVec", "Stack", "Transpose"}


def circle(graph: dict[str, set[str]]) -> list[str]:
    """A circle in a graph, or nothing."""
    done: set[str] = set()

    def walk(at: str, way: list[str]) -> list[str]:
        if at in way:
            return [*way[way.index(at) :], at]
        if at in done:
            return []
        for other in sorted(graph.get(at, ())):
            if found := walk(other, [*way, at]):
                return found
        done.add(at)
        return []

    for start in sorted(graph):
        if found := walk(start, []):
            return found
    return []


def test_no_circle_of_modules() -> None:
    graph = {n: {to for to, _ in found if to != "symgate"} for n, found in arrows().items()}
    for door in ("symgate", "symgate.cli.main"):  # they lead everywhere, when they are asked
        graph.pop(door)
    assert circle(graph) == []


def test_no_circle_of_rooms() -> None:
    assert circle(below()) == []


def test_the_picture_shows_the_rooms() -> None:
    drawn = PICTURE.read_text(encoding="utf-8")
    assert drawn == picture(), "make it again: python -m tests.house"
    assert PICTURE.relative_to(ROOT.parent).as_posix() in (ROOT.parent / "README.md").read_text()


def test_functions_import_nothing_of_the_house() -> None:
    inner = {
        name
        for name, found in arrows().items()
        if any(inside for _, inside in found) and not name.startswith("symgate.cli.commands")
    }
    assert inner <= {"symgate"}  # the front door, which is lazy


def test_no_file_is_long() -> None:
    lines = {name: len(text.splitlines()) for name, text in files().items()}
    assert {n: count for n, count in lines.items() if count > 400} == {}
    assert median(lines.values()) < 150


def test_the_formatter_and_the_types_are_obeyed() -> None:
    whole = "\n".join(files().values())
    assert not re.search(r"# fmt: *(skip|off)", whole)
    ignores = re.findall(r"# type: ignore.*", whole)
    assert len(ignores) <= 5
    assert all(re.search(r"\]  # \w", line) for line in ignores)  # each with its reason
    assert ".__dict__[" not in whole
    assert "vars(self).update" not in whole


def test_one_checker_of_numbers() -> None:
    found = [n for n, text in files().items() if re.search(r"isinstance\([^()]*, bool\)", text)]
    assert set(found) <= {"symgate.asked", "symgate.decaying.fields", "symgate.linear.jacobian"}


def test_every_mutant_still_has_its_place() -> None:
    assert [str(m) for m in mutants() if m.is_stale] == []


def test_few_modules_tell_nodes_apart() -> None:
    """The rest go through `fold`; none may join them."""
    found = {name for name, tree in trees().items() if _tells(tree)}
    assert len(found) <= MODULES, sorted(found)


#: How many modules still do.
MODULES = 4


def test_ever_fewer_places_ask_for_any_kind_of_node() -> None:
    """Outside the algebra; the numbers may only fall."""
    places = {
        name: count
        for name, tree in trees().items()
        if not name.startswith("symgate.algebra.") and (count := _asked(tree, _nodes(tree)))
    }
    assert len(places) <= 36, sorted(places)
    assert sum(places.values()) <= 103, places


def _nodes(tree: ast.AST) -> set[str]:
    """The classes of nodes that a module imports, from the algebra or from SymPy."""
    rooms = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    named = {a.name: n.module or "" for n in rooms for a in n.names}
    found = {n for n, m in named.items() if m.startswith("symgate.algebra") and n[0].isupper()}
    return found | {n for n, m in named.items() if m.split(".")[0] == "sympy"}


def _tells(tree: ast.AST) -> bool:
    return _asked(tree, KINDS) > 0


def _asked(tree: ast.AST, kinds: set[str]) -> int:
    """In how many places a module asks whether something is of some kinds."""
    asked = 0
    for node in ast.walk(tree):
        if isinstance(node, ast.MatchClass):
            asked += ast.unparse(node.cls) in kinds
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance":
            named = {n.id for n in ast.walk(node.args[1]) if isinstance(n, ast.Name)}
            asked += bool(kinds & named)
    return asked


#: Names that say nothing of what a module holds.
VAGUE = {
    *("aside", "board", "filling", "flow", "forms", "frame", "joined", "natural", "pen"),
    *("record", "records", "relation", "settling", "slots", "stretch", "telling", "tied", "walk"),
}


def test_modules_bear_names_of_the_field() -> None:
    parts = {part for name in files() for part in name.split(".")}
    assert not parts & VAGUE


#: Those that do mean something: the record of an activation, the sign of a relation, the forms
#: of a derivation, a frame that is drawn, and __slots__.
MEANT = {"record", "records", "relation", "frame", "forms", "slots"}


def test_what_is_defined_bears_names_of_the_field() -> None:
    names = {name.lower() for text in files().values() for name in _defined(ast.parse(text))}
    assert {name for name in names if name.strip("_") in VAGUE - MEANT} == set()


def _defined(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.arg):
            yield node.arg
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def test_no_class_name_stands_twice() -> None:
    names = Counter(
        node.name.lstrip("_")
        for tree in trees().values()
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    )
    assert {name for name, count in names.items() if count > 1} == set()


#: Classes that are called as SymPy's because they mean the same.
SAME = {"ShapeError"}


def test_no_class_bears_a_name_of_sympys_with_another_meaning() -> None:
    names = {
        node.name
        for tree in trees().values()
        for node in tree.body
        if isinstance(node, ast.ClassDef) and isinstance(getattr(sympy, node.name, None), type)
    }
    assert names <= SAME
