"""The scene as PNG and PDF, through Matplotlib; labels are drawn as outlines of glyphs."""

from __future__ import annotations

import io
import warnings
from functools import cache
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.patches import Circle, FancyBboxPatch, PathPatch, Polygon
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D

from symgate.asked import drawable
from symgate.drawing.labels import DROP, SCRIPT, TextRun, middle
from symgate.drawing.lines import rounded
from symgate.drawing.palette import INK
from symgate.drawing.scene import Caption, DrawnShape, Polyline, Scene
from symgate.drawing.settings import settings

_CODES = {"M": [Path.MOVETO], "L": [Path.LINETO], "Q": [Path.CURVE3, Path.CURVE3]}
#: Both come with Matplotlib.
FONTS = ("STIXGeneral", "DejaVu Sans")

_METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def scene_image(scene: Scene, kind: str, dpi: int, scale: float) -> bytes:
    """The bytes of a PNG or PDF of a scene, black on white."""
    size = scale * scene.width / 72, scale * scene.height / 72
    drawable(max(size), dpi)
    figure = Figure(figsize=size, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, scene.width)
    axes.set_ylim(scene.height, 0)
    patches = [
        *(_rounded(frame, fc="0.97", ec="0.65", lw=1.0) for frame in scene.frames),
        *map(_line, scene.lines),
        *(
            Polygon(line.head(), closed=True, fc=_paint(line.colour), ec="none")
            for line in scene.lines
            if line.arrow
        ),
        *(Circle(d.at, d.radius, fc=_paint(d.colour), ec="none") for d in scene.dots),
        *map(_shape, scene.shapes),
        *(patch for text in scene.texts for patch in _text(text)),
    ]
    for order, patch in enumerate(patches):
        patch.set_zorder(order)
        patch.set_linewidth(scale * patch.get_linewidth())
        axes.add_patch(patch)
    out = io.BytesIO()
    with settings({"svg.hashsalt": "symgate", "pdf.compression": 6}):
        figure.savefig(out, format=kind, dpi=dpi, metadata=_METADATA[kind])
    return out.getvalue()


def _paint(colour: str) -> str:
    return "black" if colour == INK else colour


def _line(line: Polyline) -> PathPatch:
    points, codes = [], []
    for verb, found in rounded(line):
        points += list(found)
        codes += _CODES[verb]
    return PathPatch(
        Path(points, codes), fill=False, ec=_paint(line.colour), lw=line.weight, capstyle="butt"
    )


def _shape(shape: DrawnShape) -> Circle | FancyBboxPatch:
    paint = _paint(shape.colour)
    style: dict[str, Any] = {"fc": _pale(paint), "ec": paint, "lw": 1.5}
    if shape.kind == "circle":
        return Circle((shape.x, shape.y), shape.width / 2, **style)
    return _rounded(shape, **style)


def _rounded(shape: DrawnShape, **style: Any) -> FancyBboxPatch:
    return FancyBboxPatch(
        (shape.x - shape.width / 2, shape.y - shape.height / 2),
        shape.width,
        shape.height,
        boxstyle=f"round,pad=0,rounding_size={shape.corner}",
        **style,
    )


def _pale(colour: str) -> tuple[float, float, float]:
    """A tenth of a colour on white."""
    from matplotlib.colors import to_rgb

    r, g, b = to_rgb(colour)
    return 0.9 + 0.1 * r, 0.9 + 0.1 * g, 0.9 + 0.1 * b


@cache
def _letters(italic: bool) -> frozenset[int]:
    """The characters that the first of the fonts has."""
    font = FontProperties(family=FONTS[0], style="italic" if italic else "normal")
    return frozenset(get_font(findfont(font)).get_charmap())


def _font(run: TextRun) -> FontProperties:
    """The first font that has all characters of a run."""
    has_all = _letters(run.italic).issuperset(map(ord, run.text))
    family = FONTS[0] if has_all else FONTS[1]
    return FontProperties(family=family, style="italic" if run.italic else "normal")


def _text(text: Caption) -> list[PathPatch]:
    pieces: list[tuple[Path, float]] = []
    x = 0.0
    for run in text.label:
        size = text.size * (SCRIPT if run.level else 1.0)
        font = _font(run)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # glyphs that the font does not have
            path = TextPath((0, 0), run.text, size=size, prop=font)
        drop = text.size * DROP if run.level else 0.0
        pieces.append((path.transformed(Affine2D().scale(1, -1).translate(x, drop)), size))
        x += _advance(run.text, size, font)
    shift = Affine2D().translate(text.x - x / 2, text.y + middle(text.label) * text.size)
    return [
        PathPatch(path.transformed(shift), fc=_paint(text.colour), ec="none") for path, _ in pieces
    ]


def _advance(content: str, size: float, font: FontProperties) -> float:
    from matplotlib.textpath import text_to_path

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wide, _, _ = text_to_path.get_text_width_height_descent(
            content,
            FontProperties(family=font.get_family(), style=font.get_style(), size=size),
            ismath=False,
        )
    return float(wide)
