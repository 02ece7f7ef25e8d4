"""Diagrams: every cell of the zoo, by what can be measured on the scene and in the files."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

import symgate as sg
from symgate.drawing.bundles import bundled
from symgate.drawing.graph import Graph, graph_of
from symgate.drawing.labels import SCRIPT
from symgate.drawing.scene import Caption, DrawnShape, Point, Polyline, Scene
from symgate.drawing.textbook import MERGE
from symgate.drawing.tikz import formula
from symgate.equations.stack import layers_of
from symgate.linear.paths import carries
from tests.chosen import CELLS
from tests.tools import missing, needs

#: Cells with too many lines for a picture as in textbooks.
Box = tuple[float, float, float, float]


@cache
def picture_of(name: str) -> sg.Diagram:
    return sg.diagram(name)


def scene(name: str) -> Scene:
    return picture_of(name).scene


# -- geometry -------------------------------------------------------------------------------


def parts(line: Polyline) -> list[tuple[Point, Point]]:
    return list(pairwise(line.points))


def box_of(shape: DrawnShape | Caption, slack: float = 0.0) -> Box:
    wide = shape.width / 2 - slack
    tall = (shape.height if isinstance(shape, DrawnShape) else 0.9 * shape.size) / 2 - slack
    return shape.x - wide, shape.y - tall, shape.x + wide, shape.y + tall


def meets(part: tuple[Point, Point], box: Box) -> bool:
    """Whether a level or upright part enters a box."""
    (x0, y0), (x1, y1) = part
    left, top, right, foot = box
    return min(x0, x1) < right and max(x0, x1) > left and min(y0, y1) < foot and max(y0, y1) > top


def overlap(a: tuple[Point, Point], b: tuple[Point, Point]) -> float:
    """How long two parts run on one another."""
    for axis in (0, 1):
        across = 1 - axis
        if a[0][across] == a[1][across] and b[0][across] == b[1][across]:
            if abs(a[0][across] - b[0][across]) >= 2:
                return 0.0
            low = max(min(p[axis] for p in a), min(p[axis] for p in b))
            high = min(max(p[axis] for p in a), max(p[axis] for p in b))
            return max(0.0, high - low)
    return 0.0


def crossings(drawn: Scene) -> int:
    """How many places there are where lines of different nets cross."""
    places = set()
    for one, other in combinations(drawn.lines, 2):
        if one.points[0] == other.points[0]:
            continue
        for a in parts(one):
            for b in parts(other):
                level, upright = (a, b) if a[0][1] == a[1][1] else (b, a)
                if level[0][1] != level[1][1] or upright[0][0] != upright[1][0]:
                    continue
                x, y = upright[0][0], level[0][1]
                inside = min(level[0][0], level[1][0]) < x < max(level[0][0], level[1][0])
                if inside and min(upright[0][1], upright[1][1]) < y < max(
                    upright[0][1], upright[1][1]
                ):
                    places.add((x, y))
    return len(places)


@pytest.mark.parametrize("name", CELLS)
def test_nothing_lies_on_anything_else(name: str) -> None:
    nothing_lies_on_anything(scene(name))


def nothing_lies_on_anything(drawn: Scene) -> None:
    texts = [box_of(text) for text in drawn.texts]
    shapes = [box_of(shape, slack=0.6) for shape in drawn.shapes]
    for line in drawn.lines:
        for part in parts(line):
            assert part[0][0] == part[1][0] or part[0][1] == part[1][1], "a slanted line"
            assert not any(meets(part, text) for text in texts), "a line through a text"
            assert not any(meets(part, shape) for shape in shapes), "a line through a shape"
    for boxes in (texts, [box_of(shape, slack=-3) for shape in drawn.shapes]):
        for a, b in combinations(boxes, 2):
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    for box in (*texts, *shapes):
        assert box[0] >= 0
        assert box[1] >= 0
        assert box[2] <= drawn.width
        assert box[3] <= drawn.height


@pytest.mark.parametrize("name", CELLS)
def test_lines_of_different_sources_never_run_on_one_another(name: str) -> None:
    for one, other in combinations(scene(name).lines, 2):
        if one.points[0] != other.points[0]:
            most = 1 if one.arrow and other.arrow else MERGE + 1  # where a line joins a bus
            assert all(overlap(a, b) < most for a in parts(one) for b in parts(other))


@pytest.mark.parametrize("name", CELLS)
def test_a_label_fits_into_its_node(name: str) -> None:
    drawn = scene(name)
    for text in drawn.texts:
        wide = 0.0
        for run in text.label:
            style = "italic" if run.italic else "normal"
            size = text.size * (SCRIPT if run.level else 1.0)
            font = FontProperties(family="DejaVu Sans", style=style, size=size)
            wide += text_to_path.get_text_width_height_descent(run.text, font, ismath=False)[0]
        around = [s for s in drawn.shapes if abs(s.x - text.x) < 1 and abs(s.y - text.y) < 12]
        room = around[0].width - 3 if around else text.width + 4
        assert wide <= room


#: Counted on pictures that were looked at; a change that adds one is looked at again.
CROSSINGS = {
    "rnn": 0, "lstm": 0, "gru": 2, "lstm-peephole": 1, "min-gru": 0,
    "leaky-rnn": 0, "mgu": 3, "ugrnn": 1, "gru-reset-after": 2, "lstm-coupled": 0,
}  # fmt: skip


@pytest.mark.parametrize(("name", "most"), CROSSINGS.items())
def test_few_lines_cross(name: str, most: int) -> None:
    assert crossings(scene(name)) <= most


def test_crossings_are_counted() -> None:
    flat = Polyline(((0, 5), (10, 5)), "ink", 1, True)
    upright = Polyline(((5, 0), (5, 10)), "ink", 1, True)
    assert crossings(Scene(10, 10, (flat, upright), (), (), ())) == 1


# -- the graph ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CELLS)
def test_the_graph_reads_what_the_equations_read(name: str) -> None:
    cell = sg.cell(name)
    graph = graph_of(cell)
    assert leaves(graph) == dependence(cell)


def leaves(graph: Graph) -> dict[str, set[str]]:
    """For each state after the step, the states before and inputs that reach it."""
    reach: list[set[str]] = []
    for node in graph.nodes:
        own = {f"{node.kind} {node.name}"} if node.kind in ("before", "input") else set()
        reach.append(own.union(*(reach[s] for s in node.sources)))
    return {n.name: r for n, r in zip(graph.nodes, reach, strict=True) if n.kind == "after"}


def dependence(cell: sg.Cell) -> dict[str, set[str]]:
    """The same from the equations' own symbols."""
    from sympy import Indexed

    found: dict[str, set[str]] = {}
    used: set[str] = set()
    for name, expression in cell.equations.items():
        found[name] = set()
        for atom in expression.atoms(Indexed):
            source = str(atom.base.label)
            if str(atom.indices[0]) != "t":
                found[name].add(f"before {source}")
            elif source in cell.inputs:
                found[name].add(f"input {source}")
            else:
                found[name] |= found[source]
                used.add(source)
    return {n: found[n] for n in found if n in cell.states or n not in used}


@pytest.mark.parametrize("name", CELLS)
def test_every_dependence_is_drawn(name: str) -> None:
    drawn = scene(name)
    graph = graph_of(sg.cell(name))
    joined = bundled(graph)
    assert leaves(joined) == leaves(graph)
    shown = joined if drawn.frames else graph
    assert len(drawn.lines) == sum(len(set(node.sources)) for node in shown.nodes)


@pytest.mark.parametrize("name", CELLS)
def test_states_enter_left_and_leave_right_at_one_height(name: str) -> None:
    cell, drawn = sg.cell(name), scene(name)
    (frame,) = drawn.frames
    left = frame.x - frame.width / 2
    right, foot = left + frame.width, frame.y + frame.height / 2
    by_place: dict[str, dict[str, float]] = {"left": {}, "right": {}, "below": {}}
    for text in drawn.texts:
        name_of = "".join(run.text for run in text.label)
        if text.x + text.width / 2 < left:
            by_place["left"][name_of.replace("t−1", "t")] = text.y
        elif text.x - text.width / 2 > right:
            by_place["right"][name_of] = text.y
        elif text.y > foot:
            by_place["below"][name_of] = text.x
    assert len(by_place["left"]) == len(cell.states)
    assert by_place["left"].items() <= by_place["right"].items()
    assert len(by_place["below"]) == len(cell.inputs)


@pytest.mark.parametrize("name", CELLS)
def test_the_heavy_line_is_the_carry(name: str) -> None:
    cell = sg.cell(name)
    drawn = {graph_of(cell).nodes[way[0]].name for way in graph_of(cell).carries}
    carried = {carry.state for carry in carries(sg.linearise(cell))}
    assert drawn == carried
    heavy = [line for line in scene(name).lines if line.weight > 3]
    assert bool(heavy) == bool(drawn)


#: Layers that share what they read, that skip one, and that are not alike.
LAYERED = {
    "lstm, two layers": sg.stack("lstm", layers=2),
    "three, with what goes round": sg.stack("rnn", layers=3, residual=True, norm="rms_norm"),
    "mixed": sg.stack("lstm", "rnn", "min-gru"),
    "skips": sg.Cell.from_text(
        "h1[t] = tanh(W1 @ x[t] + U1 @ h1[t-1])\n"
        "h2[t] = tanh(W2 @ x[t] + V2 @ h1[t] + U2 @ h2[t-1])\n"
        "h3[t] = tanh(V3 @ h2[t] + Q3 @ h1[t] + U3 @ h3[t-1])\n"
        "y[t] = A @ h1[t] + B @ h3[t]"
    ),
}


@pytest.mark.parametrize("deep", LAYERED.values(), ids=LAYERED)
def test_layers_stand_one_above_the_other(deep: sg.Cell) -> None:
    """A frame for each, joined by lines in the gaps that cross nothing."""
    drawn = sg.diagram(deep).scene
    nothing_lies_on_anything(drawn)
    layers = layers_of(deep)
    frames = sorted(drawn.frames, key=lambda frame: -frame.y)
    assert len(frames) == len(layers)
    assert len({(frame.x, frame.width) for frame in frames}) == 1
    for below, above in pairwise(frames):
        assert above.y + above.height / 2 + 30 < below.y - below.height / 2
    read = [(i, name) for i, layer in enumerate(layers) for name in layer.inputs]
    rising = [(i, name) for i, name in read if name in deep.equations]
    right = frames[0].x + frames[0].width / 2
    between = [line for line in drawn.lines if not line.arrow and line.points[0][0] > right]
    assert len(between) == len(rising)
    for line, (i, _) in zip(
        sorted(between, key=lambda one: -one.points[-1][1]), rising, strict=True
    ):
        x, y = line.points[-1]
        assert y == frames[i].y + frames[i].height / 2 + 12
        assert any(inner.points[0] == (x, y) for inner in drawn.lines if inner is not line)
    skipping = len(rising) - (len(layers) - 1)  # what skips a layer may cross another on its way in
    assert crossings(replace(drawn, lines=tuple(between))) <= skipping
    inside = [line for line in drawn.lines if line not in between]
    assert crossings(drawn) <= crossings(replace(drawn, lines=tuple(inside))) + skipping


def test_only_layers_are_drawn_as_layers() -> None:
    for text in (
        "h1[t] = tanh(U1 @ h1[t-1] + V @ h2[t-1])\nh2[t] = tanh(U2 @ h2[t-1] + W @ h1[t])",
        "h1[t] = tanh(U1 @ h1[t-1] + x[t])\nh2[t] = tanh(U2 @ h2[t-1] + x[t])",
        "c1[t] = tanh(U1 @ c1[t-1])\nh[t] = tanh(U @ h[t-1] + W @ c1[t])",
    ):
        cell = sg.Cell.from_text(text)
        assert layers_of(cell) == (cell,)
    assert all(len(layers_of(sg.cell(name))) == 1 for name in sg.zoo)


def test_kinds_of_nodes() -> None:
    kinds = [(n.kind, n.label, n.name) for n in graph_of(sg.cell("gru")).nodes]
    assert kinds.count(("op", "⊙", "")) == 3
    assert ("box", "σ", "z") in kinds
    assert ("box", "tanh", "n") in kinds
    assert ("op", "1−", "") in kinds
    assert ("op", "+", "") in kinds


def test_a_cell_that_is_too_large_says_so() -> None:
    lines = [f"g{i}[t] = exp(1 - tanh(W{i} @ g{i - 1}[t]))" for i in range(1, 100)]
    text = "\n".join(["g0[t] = tanh(W @ h[t-1])", *lines, "h[t] = g99[t] * h[t-1]"])
    cell = sg.Cell.from_text(text, "huge")
    with pytest.raises(sg.SymgateError, match="huge is too large to draw"):
        sg.diagram(cell)


def test_a_cell_of_forty_gates_is_drawn_more_plainly() -> None:
    gates = [f"g{i}[t] = sigmoid(W{i} @ x[t] + U{i} @ h[t-1])" for i in range(40)]
    total = " + ".join(f"g{i}[t]" for i in range(1, 40))
    cell = sg.Cell.from_text("\n".join([*gates, f"h[t] = g0[t] * h[t-1] + {total}"]), "wide")
    drawn = sg.diagram(cell).scene
    assert not drawn.frames
    assert len(drawn.shapes) == 42


# -- files ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rnn", "lstm", "slstm", "rg-lru"])
def test_svg_is_sound_accessible_and_without_black(name: str) -> None:
    picture = picture_of(name)
    root = ElementTree.fromstring(picture.svg())
    space = "{http://www.w3.org/2000/svg}"
    assert root.attrib["role"] == "img"
    title, described = root.find(f"{space}title"), root.find(f"{space}desc")
    assert title is not None
    assert described is not None
    assert title.text == sg.cell(name).title
    assert root.attrib["aria-labelledby"] == f"{title.attrib['id']} {described.attrib['id']}"
    assert "black" not in picture.svg()
    assert "<script" not in picture.svg()
    assert "url(" not in picture.svg()
    assert len(picture.svg()) < 40_000
    assert "currentColor" in picture.svg()
    assert picture._repr_svg_() == picture.svg()


@pytest.mark.parametrize("kind", [".svg", ".png", ".pdf", ".tex"])
def test_bytes_are_the_same_each_time(kind: str, tmp_path: Path) -> None:
    one, two = tmp_path / f"one{kind}", tmp_path / f"two{kind}"
    sg.diagram("gru").save(one)
    sg.diagram(sg.Cell.from_text(str(sg.cell("gru")), title=sg.cell("gru").title)).save(two)
    assert one.read_bytes() == two.read_bytes()
    heads = {".svg": b"<?xml", ".png": b"\x89PNG", ".pdf": b"%PDF", ".tex": b"% needs TikZ"}
    assert one.read_bytes().startswith(heads[kind])
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"one{kind}", f"two{kind}"]


def test_tikz_is_balanced_and_names_no_library() -> None:
    for name in CELLS:
        source = picture_of(name).tikz()
        for opening, closing in ("{}", "()", "[]"):
            assert source.count(opening) == source.count(closing)
        assert source.count("$") % 2 == 0
        assert source.isascii()
        assert "usetikzlibrary" not in source
        body = source.split("\\begin{tikzpicture}")[1]
        drawn = [line for line in body.splitlines()[1:] if line.startswith(("\\draw", "\\fill"))]
        assert all(line.endswith(";") for line in drawn)
    assert not sg.diagram("rnn").tikz(standalone=False).startswith("\\documentclass")


def test_tikz_compiles(tmp_path: Path) -> None:
    program = needs("pdflatex")
    if not subprocess.run([needs("kpsewhich"), "tikz.sty"], capture_output=True).stdout:
        missing("TikZ (texlive-pictures)")
    sg.diagram("lstm-peephole").save(tmp_path / "cell.tex")
    words = [program, "-interaction=nonstopmode", "-halt-on-error", "cell.tex"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "cell.pdf").stat().st_size > 1000


def test_names_are_escaped() -> None:
    text = "h[t] = tanh(W @ x[t] + U @ h[t-1])"
    wicked = sg.Cell.from_text(text, title='<script>alert("1")</script> & \x07\n\\input{x}')
    svg = sg.diagram(wicked).svg()
    assert "<script" not in svg
    title = ElementTree.fromstring(svg).find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert title.text == '<script>alert("1")</script> & \ufffd\n\\input{x}'
    lines = sg.diagram(wicked).tikz().splitlines()
    assert [re.sub("%.*", "", line) for line in lines if "\\input" in line] == [
        "\\begin{tikzpicture}[x=1pt,y=-1pt,line join=round] "
    ]


def test_labels_in_formulas() -> None:
    from symgate.drawing.labels import name_label, plain_label

    assert formula(name_label("h_tilde", 1)) == r"\tilde{h}_{t-1}"
    assert formula(plain_label("⊙")) == r"\odot"
    assert formula(plain_label("leaky relu")) == r"\mathrm{leaky~relu}"
    assert formula(plain_label("×−8 softplus(v)")) == r"\times -8 \mathrm{softplus}(v)"
    assert formula(plain_label("σ(b_z)")) == r"\sigma (b_{z})"


def test_the_colours_are_those_of_the_path_figure() -> None:
    from symgate.drawing import palette
    from symgate.plots import style

    figure = (style.BLUE, style.RED, style.GREEN, style.PURPLE, style.ORANGE, style.SKY)
    assert (palette.CARRY, *palette.GATES) == figure


MODERN = ("linear-attention", "deltanet", "mamba2", "layer-norm-lstm", "hopfield", "lif")


@pytest.mark.parametrize("name", MODERN)
def test_cells_with_scalars_and_matrices_are_drawn(name: str) -> None:
    """Every value is drawn, and what it reads leads to it."""
    cell = sg.cell(name)
    nodes = graph_of(cell).nodes
    drawn = {node.name for node in nodes if node.name}
    assert set(cell.states) <= drawn
    read = {source for node in nodes for source in node.sources}
    assert all(i in read for i, node in enumerate(nodes) if node.kind != "after")
    assert picture_of(name).svg().startswith("<svg")


def test_a_layer_is_an_upper_index_in_tex() -> None:
    """Every letter of a stack's TikZ is one that LaTeX knows."""
    written = sg.diagram(sg.stack("mlstm", layers=2)).tikz()
    assert "C^{(2)}_{t-1}" in written
    assert r"\mathrm{max}(\cdot, 1)" in written
    assert "?" not in written.split("\\begin{tikzpicture}")[1]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("h[t] = tanh(U @ h[t-1]) + max(W @ x[t], layer_norm(h[t-1]))", {"h", "x"}),
        ("h[t] = tanh(W @ x[t]) + min(0.5, h[t-1])*c", {"h"}),
    ],
)
def test_both_arguments_of_max_and_min_reach_its_node(line: str, names: set[str]) -> None:
    nodes = graph_of(sg.Cell.from_text(line)).nodes
    (place,) = (i for i, node in enumerate(nodes) if node.label.startswith(("max", "min")))
    reached = [place]
    for i in reached:
        reached += nodes[i].sources
    assert {nodes[i].name for i in reached if nodes[i].name} == names
