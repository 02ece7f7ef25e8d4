"""The scene as SVG: text stays text, and takes the colour of the page around it."""

from __future__ import annotations

from hashlib import sha256
from xml.sax.saxutils import escape

from symgate.drawing.labels import DROP, SCRIPT, middle
from symgate.drawing.lines import rounded
from symgate.drawing.number import number as n
from symgate.drawing.palette import INK, LIGHTENED
from symgate.drawing.scene import Caption, DrawnShape, Polyline, Scene

FONT = "'STIX Two Text','STIX Two Math','Cambria Math','Latin Modern Math','DejaVu Serif',serif"


def svg(
    scene: Scene, title: str, description: str, *, alone: bool = False, scale: float = 1.0
) -> str:
    """An <svg> element without a header, so that it can stand in HTML.

    Its ink is that of the page, and its colours grow lighter where the page is dark; one that
    is to stand `alone` has a white ground instead.
    """
    mark = "d" + sha256(f"{title}{description}".encode()).hexdigest()[:8]
    body = [_shape(frame) for frame in scene.frames]
    body += [_line(line) for line in scene.lines]
    body += [_arrow(line) for line in scene.lines if line.arrow]
    body += [
        f'<circle cx="{n(d.at[0])}" cy="{n(d.at[1])}" r="{n(d.radius)}" '
        f'fill="currentColor"{_colour(d.colour)}/>'
        for d in scene.dots
    ]
    body += [_shape(shape) for shape in scene.shapes]
    body += [_text(text) for text in scene.texts]
    inner = "\n".join(body)
    box = f"0 0 {n(scene.width)} {n(scene.height)}"
    wide, tall = n(scale * scene.width), n(scale * scene.height)
    ground = ";background:#fff" if alone else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{mark}" viewBox="{box}" '
        f'width="{wide}" height="{tall}" role="img" aria-labelledby="{mark}t {mark}d" '
        f'style="max-width:100%;height:auto{ground}">\n'
        f'<title id="{mark}t">{escape(_clean(title))}</title>\n'
        f'<desc id="{mark}d">{escape(_clean(description))}</desc>\n'
        f"{'' if alone else _dark(scene, mark)}"
        f'<g fill="none" stroke-linejoin="round" font-family="{FONT}" text-anchor="middle">\n'
        f"{inner}\n</g>\n</svg>"
    )


def _dark(scene: Scene, mark: str) -> str:
    """The rule that makes colours lighter on a dark page, for this element only."""
    found = [colour for colour in scene.colours() if colour != INK]
    rules = "".join(f"#{mark} .c{c[1:]}{{color:{LIGHTENED[c]}}}" for c in found)
    return f"<style>@media(prefers-color-scheme:dark){{{rules}}}</style>\n" if rules else ""


def _clean(text: str) -> str:
    """Without the characters that XML has no place for."""
    return "".join(c for c in text if c in "\t\n" or (c >= " " and c not in "\ufffe\uffff"))


def _colour(colour: str) -> str:
    """What an element's currentColor is: the page's, or a colour of its own."""
    return "" if colour == INK else f' color="{colour}" class="c{colour[1:]}"'


def _line(line: Polyline) -> str:
    steps = []
    for verb, points in rounded(line):
        steps.append(verb + " ".join(f"{n(x)} {n(y)}" for x, y in points))
    return (
        f'<path d="{"".join(steps)}" stroke="currentColor" '
        f'stroke-width="{n(line.weight)}"{_colour(line.colour)}/>'
    )


def _arrow(line: Polyline) -> str:
    corners = " ".join(f"{n(x)},{n(y)}" for x, y in line.head())
    return f'<polygon points="{corners}" fill="currentColor"{_colour(line.colour)}/>'


def _shape(shape: DrawnShape) -> str:
    style = (
        'fill="currentColor" fill-opacity="0.1" stroke="currentColor" stroke-width="1.5"'
        f"{_colour(shape.colour)}"
    )
    if shape.kind == "frame":
        style = (
            'fill="currentColor" fill-opacity="0.035" stroke="currentColor" stroke-opacity="0.35"'
        )
    if shape.kind == "circle":
        return f'<circle cx="{n(shape.x)}" cy="{n(shape.y)}" r="{n(shape.width / 2)}" {style}/>'
    left, top = shape.x - shape.width / 2, shape.y - shape.height / 2
    return (
        f'<rect x="{n(left)}" y="{n(top)}" width="{n(shape.width)}" height="{n(shape.height)}" '
        f'rx="{n(shape.corner)}" {style}/>'
    )


def _text(text: Caption) -> str:
    spans, lowered = [], False
    for run in text.label:
        style = ' font-style="italic"' if run.italic else ""
        if run.level:
            style += f' font-size="{n(text.size * SCRIPT)}" dy="{n(text.size * DROP)}"'
        elif lowered:
            style += f' dy="{n(-text.size * DROP)}"'
        lowered = bool(run.level)
        content = escape(run.text)
        spans.append(f"<tspan{style}>{content}</tspan>" if style else content)
    return (
        f'<text x="{n(text.x)}" y="{n(text.y + middle(text.label) * text.size)}" '
        f'font-size="{n(text.size)}" fill="currentColor"{_colour(text.colour)}>'
        f"{''.join(spans)}</text>"
    )
