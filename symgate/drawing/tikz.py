r"""The scene as TikZ: explicit places and no library, so that any LaTeX draws it."""

from __future__ import annotations

import re

from symgate.algebra.names import GREEK
from symgate.drawing.labels import Label
from symgate.drawing.lines import rounded
from symgate.drawing.number import number as n
from symgate.drawing.palette import INK
from symgate.drawing.scene import Caption, DrawnShape, Point, Polyline, Scene

_ACCENTS = {"\u0303": r"\tilde", "\u0302": r"\hat", "\u0304": r"\bar", "\u0307": r"\dot"}

#: Signs and Greek letters as TeX writes them in a formula.
_SIGNS = {
    "⊙": r"\odot ",
    "⊗": r"\otimes ",
    "÷": r"\div ",
    "×": r"\times ",
    "−": "-",
    "·": r"\cdot ",
    "√": r"\sqrt{\cdot}",
    "′": "'",
    "²": "^2",
    "…": r"\ldots ",
    "ᵀ": r"^{\top}",
    "ο": "o",
}
_SPECIAL = {c: f"\\{c}" for c in "#$%&{}"} | {
    "_": r"\_",
    "^": r"\wedge ",
    "~": r"\sim ",
    "\\": r"\backslash ",
}


def tikz(scene: Scene, title: str, *, standalone: bool = True, scale: float = 1.0) -> str:
    """A tikzpicture; with `standalone`, a document that compiles by itself."""
    body = [f"\\definecolor{{{_paint(c)}}}{{HTML}}{{{c[1:]}}}" for c in scene.colours() if c != INK]
    body += [rf"\begin{{tikzpicture}}[x=1pt,y=-1pt,line join=round] % {_comment(title)}"]
    body += [rf"\useasboundingbox (0,0) rectangle {_at((scene.width, scene.height))};"]
    body += [_shape(frame) for frame in scene.frames]
    body += map(_line, scene.lines)
    body += [
        rf"\fill[{_paint(line.colour)}] " + " -- ".join(map(_at, line.head())) + " -- cycle;"
        for line in scene.lines
        if line.arrow
    ]
    body += [
        rf"\fill[{_paint(d.colour)}] {_at(d.at)} circle[radius={n(d.radius)}pt];"
        for d in scene.dots
    ]
    body += map(_shape, scene.shapes)
    body += map(_text, scene.texts)
    body.append(r"\end{tikzpicture}")
    if scale != 1:
        body = [rf"\scalebox{{{n(scale)}}}{{%", *body, "}"]
    if not standalone:
        return "\n".join(body) + "\n"
    wide, tall = n(scale * scene.width + 4), n(scale * scene.height + 4)
    page = f"paperwidth={wide}pt,paperheight={tall}pt,margin=2pt"
    head = [
        "% needs TikZ, which is in the package pgf (texlive-pictures on Debian)",
        r"\documentclass{article}",
        rf"\usepackage[{page}]{{geometry}}",
        r"\usepackage{fix-cm,tikz}",
        r"\pagestyle{empty}\parindent=0pt\topskip=0pt",
        r"\begin{document}",
    ]
    return "\n".join([*head, *body, r"\end{document}"]) + "\n"


def _comment(text: str) -> str:
    """A title in one line of a comment, in the letters that any TeX takes there."""
    return " ".join(text.split()).encode("ascii", "replace").decode()


def _paint(colour: str) -> str:
    return "black" if colour == INK else f"symgate{colour[1:]}"


def _at(p: Point) -> str:
    return f"({n(p[0])},{n(p[1])})"


def _line(line: Polyline) -> str:
    path = ""
    for verb, points in rounded(line):
        if verb == "M":
            start = points[0]
            path = _at(start)
        elif verb == "L":
            path += f" -- {_at(points[0])}"
        else:  # a parabola as the cubic that it is
            (cx, cy), (ex, ey) = points
            one = ((start[0] + 2 * cx) / 3, (start[1] + 2 * cy) / 3)
            two = ((ex + 2 * cx) / 3, (ey + 2 * cy) / 3)
            path += f" .. controls {_at(one)} and {_at(two)} .. {_at((ex, ey))}"
        start = points[-1]
    return rf"\draw[{_paint(line.colour)},line width={n(line.weight)}pt] {path};"


def _shape(shape: DrawnShape) -> str:
    paint = _paint(shape.colour)
    style = f"draw={paint},fill={paint}!10!white,line width=1.5pt"
    if shape.kind == "frame":
        style = "draw=black!35!white,fill=black!3!white"
    if shape.kind == "circle":
        middle = _at((shape.x, shape.y))
        return rf"\draw[{style}] {middle} circle[radius={n(shape.width / 2)}pt];"
    left, top = shape.x - shape.width / 2, shape.y - shape.height / 2
    right, foot = left + shape.width, top + shape.height
    style += f",rounded corners={n(shape.corner)}pt"
    return rf"\draw[{style}] {_at((left, top))} rectangle {_at((right, foot))};"


def _text(text: Caption) -> str:
    size = f"\\fontsize{{{n(text.size)}}}{{{n(1.2 * text.size)}}}\\selectfont"
    content = f"{size} ${formula(text.label)}$"
    return rf"\node[inner sep=0pt,{_paint(text.colour)}] at {_at((text.x, text.y))} {{{content}}};"


def formula(label: Label) -> str:
    r"""A label as a formula of LaTeX.

    >>> from symgate.drawing.labels import name_label
    >>> formula(name_label("h_tilde", 1)), formula(name_label("Gamma_f", 0))
    ('\\tilde{h}_{t-1}', '\\Gamma_{f,t}')
    """
    parts = []
    for run in label:
        shown = _math(run.text)
        if run.level:
            parts.append(f"_{{{shown}}}")
        elif run.italic or not run.text.isascii() or not run.text.replace(" ", "").isalpha():
            parts.append(shown)
        else:
            parts.append(rf"\mathrm{{{run.text.replace(' ', '~')}}}")
    return "".join(parts)


#: The number of a layer as LaTeX writes it.
_LAYER = re.compile("⁽([⁰¹²³⁴⁵⁶⁷⁸⁹]+)⁾")
_LINE = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def _math(text: str) -> str:
    above = _LAYER.search(text)
    if above is not None:
        base, rest = text[: above.start()], text[above.end() :]
        return f"{_math(base)}^{{({above.group(1).translate(_LINE)})}}{_math(rest)}"
    greek = {letter: rf"\{name} " for name, letter in GREEK.items()}
    out = ""
    for character in text:
        if character in _ACCENTS:
            out = f"{_ACCENTS[character]}{{{out.strip()}}}"
        elif character in _SIGNS or character in greek:
            out += _SIGNS.get(character) or greek[character]
        elif character in _SPECIAL:
            out += _SPECIAL[character]
        else:
            out += character if character.isascii() else "?"
    out = re.sub(r"(?<![\\a-zA-Z])([a-z]{3,})(?![a-zA-Z])", r"\\mathrm{\1}", out)
    return out.replace(" ,", ",").strip()
