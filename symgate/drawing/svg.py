"""The scene as SVG: text stays text, and takes the colour of the page around it."""

from __future__ import annotations

from hashlib import sha256
from xml.sax.saxutils import escape

from symgate.drawing.corners import rounded
from symgate.drawing.labels import DROP, SCRIPT
from symgate.drawing.number import number as n
from symgate.drawing.palette import INK
from symgate.drawing.scene import Line, Scene, Shape, Text

FONT = "'STIX Two Text','STIX Two Math','Cambria Math','Latin Modern Math','DejaVu Serif',serif"


def svg(scene: Scene, title: str, description: str) -> str:
    """An <svg> element without a header, so that it can stand in HTML."""
    mark = "d" + sha256(f"{title}{description}".encode()).hexdigest()[:8]
    body = [_frame(scene.frame)] if scene.frame else []
    body += [_line(line) for line in scene.lines]
    body += [_arrow(line) for line in scene.lines if line.arrow]
    body += [
        f'<circle cx="{n(d.at[0])}" cy="{n(d.at[1])}" r="{n(d.radius)}" fill="{_paint(d.colour)}"/>'
        for d in scene.dots
    ]
    body += [_shape(shape) for shape in scene.shapes]
    body += [_text(text) for text in scene.texts]
    inner = "\n".join(body)
    wide, tall = n(scene.width), n(scene.height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {tall}" width="{wide}" '
        f'height="{tall}" role="img" aria-labelledby="{mark}t {mark}d" '
        f'style="max-width:100%;height:auto" color="currentColor">\n'
        f'<title id="{mark}t">{escape(_clean(title))}</title>\n'
        f'<desc id="{mark}d">{escape(_clean(description))}</desc>\n'
        f'<g fill="none" stroke-linejoin="round" font-family="{FONT}" text-anchor="middle">\n'
        f"{inner}\n</g>\n</svg>"
    )


def _clean(text: str) -> str:
    """Without the characters that XML has no place for."""
    return "".join(c for c in text if c in "\t\n" or (c >= " " and c not in "\ufffe\uffff"))


def _paint(colour: str) -> str:
    return "currentColor" if colour == INK else colour


def _line(line: Line) -> str:
    steps = []
    for verb, points in rounded(line):
        steps.append(verb + " ".join(f"{n(x)} {n(y)}" for x, y in points))
    return (
        f'<path d="{"".join(steps)}" stroke="{_paint(line.colour)}" '
        f'stroke-width="{n(line.weight)}"/>'
    )


def _arrow(line: Line) -> str:
    corners = " ".join(f"{n(x)},{n(y)}" for x, y in line.head())
    return f'<polygon points="{corners}" fill="{_paint(line.colour)}"/>'


def _shape(shape: Shape) -> str:
    paint = _paint(shape.colour)
    style = f'fill="{paint}" fill-opacity="0.1" stroke="{paint}" stroke-width="1.5"'
    if shape.kind == "circle":
        return f'<circle cx="{n(shape.x)}" cy="{n(shape.y)}" r="{n(shape.width / 2)}" {style}/>'
    left, top = shape.x - shape.width / 2, shape.y - shape.height / 2
    return (
        f'<rect x="{n(left)}" y="{n(top)}" width="{n(shape.width)}" '
        f'height="{n(shape.height)}" rx="{n(shape.corner)}" {style}/>'
    )


def _frame(shape: Shape) -> str:
    left, top = shape.x - shape.width / 2, shape.y - shape.height / 2
    return (
        f'<rect x="{n(left)}" y="{n(top)}" width="{n(shape.width)}" height="{n(shape.height)}" '
        f'rx="{n(shape.corner)}" fill="currentColor" fill-opacity="0.035" '
        'stroke="currentColor" stroke-opacity="0.35"/>'
    )


def _text(text: Text) -> str:
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
        f'<text x="{n(text.x)}" y="{n(text.y + 0.33 * text.size)}" '
        f'font-size="{n(text.size)}" fill="{_paint(text.colour)}">{"".join(spans)}</text>'
    )
