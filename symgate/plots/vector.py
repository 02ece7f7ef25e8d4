"""Matplotlib's SVG made small, and fit to stand inside a page.

Takes the text that Matplotlib writes; gives the same picture with words as text, colours as
attributes, lines without the points that no eye sees, and only the ids that something refers
to, each with the salt before it. It knows nothing of cells or curves.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html import escape
from typing import Any

import numpy as np
from matplotlib.colors import to_hex, to_rgb
from numpy.typing import NDArray

from symgate.drawing.number import number
from symgate.drawing.palette import LIGHTENED

Array = NDArray[Any]

#: How far a line may move, in points; a line is 1 to 2 points wide.
MOVED = 0.12

#: Lines of fewer points are left as they are.
FEW = 24

#: The fonts of all words: the first is the one that was measured, the second as wide.
FONTS = "DejaVu Sans, Verdana, sans-serif"

#: The page that colours for a dark page are made for, and how far they must stand out from it.
DARK_PAGE, CONTRAST = 0.11, 5.5

#: Whatever is drawn under a gid that begins so keeps its colours on a dark page.
FIXED = "fixed"

_SVG = "{http://www.w3.org/2000/svg}"
_XLINK = "{http://www.w3.org/1999/xlink}"
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_REFERENCE = re.compile(r"(?<=#)[\w.-]+")
_DEFAULTS = {("stroke-dashoffset", "0"), ("text-anchor", "start"), ("font-style", "normal")}
_LINE = re.compile(r"(?:[ML] -?[\d.]+(?:e-?\d+)? -?[\d.]+(?:e-?\d+)?\s*)+z?\s*")


def compact(svg: str, salt: str, title: str = "", *, dark: bool = False, ground: str = "") -> str:
    """One <svg> element. With `dark` its colours follow the page's `color-scheme`, and it
    shrinks with its place; `title` is read out where pictures are not seen; `ground` is the
    colour behind it."""
    root = ET.fromstring(svg)
    used = {name for e in root.iter() for name in _REFERENCE.findall(_links(e))}
    names = {
        name: f"{salt}-{number}"
        for number, name in enumerate(e.get("id", "") for e in root.iter() if e.get("id") in used)
    }
    colours: dict[tuple[str, str], str] = {}
    for mark in root.iterfind(f".//{_SVG}defs/{_SVG}path"):
        mark.attrib.pop("style", None)  # it is that of each <use>
    inside = "".join(_written(child, names, colours if dark else None) for child in root)
    width, height = (f"{float(root.get(side, '0pt')[:-2]):.0f}pt" for side in ("width", "height"))
    head = {
        "xmlns": "http://www.w3.org/2000/svg",
        "xmlns:xlink": "http://www.w3.org/1999/xlink",
        "id": salt,
        "width": width,
        "height": height,
        "viewBox": _rounded(root.get("viewBox", "")),
        "font-family": FONTS,
        "stroke-linejoin": "round",
    }
    if title:
        head |= {"role": "img", "aria-label": title}
    if dark:
        head["style"] = "max-width:100%;height:auto"
        rules = "".join(
            f"#{salt} .{name}{{{role}:light-dark({colour},{on_dark(colour)})}}"
            for (role, colour), name in colours.items()
        )
        inside = f"<style>{rules}</style>{inside}"
    if ground:
        inside = f'<rect width="100%" height="100%" fill="{ground}"/>{inside}'
    return f"<svg{_attributes(head)}>{inside}</svg>\n"


def _links(element: ET.Element) -> str:
    return " ".join(v for k, v in element.attrib.items() if k != "id" and "#" in v)


def _written(
    element: ET.Element, names: dict[str, str], colours: dict[tuple[str, str], str] | None
) -> str:
    tag = element.tag.rpartition("}")[2]
    if tag in ("metadata", "style"):
        return ""
    if element.get("id", "").startswith(FIXED):
        colours = None
    attributes = _plain(element, names)
    text = escape((element.text or "").strip("\n"), quote=False) if tag in _WORDS else ""
    inside = text + "".join(_written(child, names, colours) for child in element)
    if tag in ("g", "defs", "text") and not inside.strip():
        return ""
    if tag == "g" and not attributes:
        return inside
    if colours is not None:
        classes = [
            colours.setdefault((role, attributes[role]), f"k{len(colours)}")
            for role in ("fill", "stroke")
            if attributes.get(role, "").startswith("#")
        ]
        if tag == "text" and "fill" not in attributes:
            classes.append(colours.setdefault(("fill", "#000000"), f"k{len(colours)}"))
        if classes:
            attributes["class"] = " ".join(classes)
    return f"<{tag}{_attributes(attributes)}" + (f">{inside}</{tag}>" if inside else "/>")


_WORDS = ("text", "tspan")


def _plain(element: ET.Element, names: dict[str, str]) -> dict[str, str]:
    """The attributes of an element, its style among them; short numbers, salted names."""
    found: dict[str, str] = {}
    for key, value in element.attrib.items():
        if key == "style":
            parts = (part.partition(":") for part in value.split(";"))
            found |= {k.strip(): v.strip() for k, _, v in parts if v}
        elif key == "id":
            found |= {"id": names[value]} if value in names else {}
        else:
            found[key.replace(_XLINK, "xlink:")] = value
    found.pop("font-family", None)
    if found.get("transform", "").startswith("rotate(-0 "):
        del found["transform"]
    for key, value in list(found.items()):
        if (key, value) in _DEFAULTS:
            del found[key]
        elif key == "d":
            found[key] = _path(value)
        elif "#" in value and not value.startswith("#"):
            found[key] = _REFERENCE.sub(lambda m: names.get(m[0], m[0]), value)
        elif key == "xlink:href":
            found[key] = "#" + names.get(value[1:], value[1:]) if value[0] == "#" else value
        elif key not in ("fill", "stroke", "id", "class"):
            found[key] = _rounded(value)
    return found


def _attributes(values: dict[str, str]) -> str:
    return "".join(f' {key}="{escape(value)}"' for key, value in values.items())


def _rounded(text: str) -> str:
    """Numbers with two digits at most.

    >>> _rounded("translate(56.586211 299.600001) scale(0.1 -0.1)")
    'translate(56.59 299.6) scale(0.1 -0.1)'
    """
    return _NUMBER.sub(lambda m: number(float(m[0])), text)


def _path(d: str) -> str:
    """A path with short numbers, and a long line without the points that no eye sees."""
    d = d.strip()
    if d.count("L") < FEW or not _LINE.fullmatch(d):
        return _rounded(" ".join(d.split()))
    out = []
    for piece in filter(None, d.replace("z", "").split("M")):
        points = np.array(piece.replace("L", " ").split(), float).reshape(-1, 2)
        whole = np.round(thinned(points, MOVED) * 10).astype(int)
        steps = np.diff(whole, axis=0)
        first = f"M{_tenth(whole[0, 0])} {_tenth(whole[0, 1])}"
        out.append(first + "l" + " ".join(f"{_tenth(x)} {_tenth(y)}" for x, y in steps))
    return "".join(out).replace(" -", "-") + ("z" if d.endswith("z") else "")


def _tenth(value: int) -> str:
    """A tenth of a whole number: 12 is 1.2, and -3 is -.3."""
    text = number(value / 10, 1)
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def thinned(points: Array, apart: float) -> Array:
    """The points (n, 2) of a line without those that lie within `apart` of it.

    The rule of Ramer, Douglas and Peucker: keep the farthest from the chord, look again.

    >>> thinned(np.array([[0.0, 0], [1, 0.01], [2, 0], [3, 5]]), 0.1).tolist()
    [[0.0, 0.0], [2.0, 0.0], [3.0, 5.0]]
    """
    keep = np.zeros(len(points), bool)
    keep[[0, -1]] = True
    open_spans = [(0, len(points) - 1)]
    while open_spans:
        first, last = open_spans.pop()
        if last - first < 2:
            continue
        start, chord = points[first], points[last] - points[first]
        between = points[first + 1 : last] - start
        length = float(chord @ chord)
        if length > 0:
            along = np.clip(between @ chord / length, 0.0, 1.0)
            between = between - along[:, None] * chord
        distance = np.einsum("ij,ij->i", between, between)
        far = int(distance.argmax())
        if distance[far] > apart**2:
            middle = first + 1 + far
            keep[middle] = True
            open_spans += [(first, middle), (middle, last)]
    return points[keep]


def on_dark(colour: str) -> str:
    """The colour that does on a dark page what this one does on white.

    Those of the palette have theirs; greys change places, other hues get lighter until they
    stand out.

    >>> on_dark("#000000"), on_dark("#ffffff"), on_dark("#0072b2"), on_dark("#0000ff")
    ('#ededed', '#1c1c1c', '#4da9e0', '#8686ff')
    """
    known = LIGHTENED.get(to_hex(colour).upper())
    if known is not None:
        return known.lower()
    rgb = np.array(to_rgb(colour))
    if np.ptp(rgb) < 0.06:
        grey = 0.93 - 0.82 * float(rgb.mean())
        return to_hex((grey, grey, grey))
    page = luminance(np.full(3, DARK_PAGE)) + 0.05
    for lighter in np.linspace(0, 1, 41):
        found = rgb + (1 - rgb) * lighter
        if (luminance(found) + 0.05) / page >= CONTRAST:
            break
    return to_hex((found[0], found[1], found[2]))


def luminance(rgb: Any) -> float:
    """Relative luminance, as the guidelines for web contents define it."""
    rgb = np.asarray(rgb)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))
