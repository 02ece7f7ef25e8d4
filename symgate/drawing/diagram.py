"""`diagram`: a cell as a picture, in any of four formats from one scene."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import symgate
from symgate.asked import asked, switch, word
from symgate.drawing.layered import layered
from symgate.drawing.scene import Scene
from symgate.drawing.svg import svg
from symgate.drawing.tikz import tikz
from symgate.equations.cell import Cell
from symgate.equations.stack import layers_of
from symgate.equations.zoo import cell as by_name
from symgate.errors import SymgateError, UnknownName
from symgate.files import write_file
from symgate.instead import tells

#: The endings of files that a diagram is written to.
ENDINGS = (".svg", ".png", ".pdf", ".tex", ".tikz")


@tells("a diagram")
@dataclass(frozen=True)
class Diagram:
    """The picture of a cell: the scene, and what a reader who cannot see it is told."""

    title: str
    description: str
    scene: Scene

    def svg(self) -> str:
        """An SVG element that can stand in a page: light and dark, with title and desc."""
        return self._svg(alone=False)

    def _svg(self, *, alone: bool, scale: float = 1.0) -> str:
        return svg(self.scene, self.title, self.description, alone=alone, scale=scale)

    @asked(standalone=switch)
    def tikz(self, *, standalone: bool = True, scale: float = 1.0) -> str:
        """A tikzpicture, in a document of its own unless `standalone` is false."""
        return tikz(self.scene, self.title, standalone=standalone, scale=scale)

    @asked(kind=word)
    def image(self, kind: str, dpi: int = 200, scale: float = 1.0) -> bytes:
        """The bytes of a "png" or a "pdf"."""
        if kind not in ("png", "pdf"):
            raise UnknownName("the kind of image", kind, ("png", "pdf"))
        return symgate.scene_image(self.scene, kind, dpi, scale)

    @asked()
    def save(
        self,
        path: str | Path,
        *,
        dpi: int = 200,
        width: float | None = None,
        font_size: float | None = None,
    ) -> Path:
        """Write the diagram; the ending says how: .svg, .png, .pdf, .tex for a document with
        TikZ, .tikz for the picture alone. `dpi` is of a .png; the picture is drawn `width`
        inches wide, or so that its letters have `font_size` points."""

        if width is not None and font_size is not None:
            raise SymgateError(
                "give width or font_size, not both: either one sets the scale of a diagram"
            )
        scale = 72 * width / self.scene.width if width is not None else 1.0
        if font_size is not None:
            scale = font_size / max(text.size for text in self.scene.texts)
        ending = check_ending(path)
        if ending == ".svg":
            head = '<?xml version="1.0" encoding="UTF-8"?>\n'
            return write_file(path, head + self._svg(alone=True, scale=scale) + "\n")
        if ending in (".tex", ".tikz"):
            return write_file(path, self.tikz(standalone=ending == ".tex", scale=scale))
        return write_file(path, self.image(ending[1:], dpi, scale))

    def to_dict(self) -> dict[str, Any]:
        """Title, description, size and the SVG."""
        return {
            "title": self.title,
            "description": self.description,
            "width": self.scene.width,
            "height": self.scene.height,
            "svg": self.svg(),
        }

    def __repr__(self) -> str:
        return f"<Diagram of {self.title}>"

    def _repr_svg_(self) -> str:
        return self.svg()


def check_ending(path: str | Path) -> str:
    """The ending of a path, if it is one that a diagram can be written to."""
    ending = Path(path).suffix.lower()
    if ending not in ENDINGS:
        raise SymgateError(
            f"{path}: the file of a diagram must end in .svg, .png, .pdf, .tex or .tikz"
        )
    return ending


@asked()
def diagram(cell: Cell | str) -> Diagram:
    """Draw a cell from its equations; a zoo name or a path is taken too.

    >>> import symgate as sg
    >>> picture = sg.diagram(sg.cell("gru"))
    >>> picture.title, picture.svg()[:4]
    ('Gated recurrent unit', '<svg')
    """
    chosen = cell if isinstance(cell, Cell) else by_name(cell)
    layers = layers_of(chosen)
    scene, carried = layered(layers)
    return Diagram(chosen.title, _description(chosen, len(layers), carried), scene)


def _description(cell: Cell, layers: int, carried: bool) -> str:
    """The picture in words."""
    states, inputs = ", ".join(cell.states), ", ".join(cell.inputs)
    parts = [f"States {states} enter at the left and leave at the right"]
    if layers > 1:
        parts.insert(0, f"{layers} layers stand one above the other, the first at the bottom")
    if inputs:
        parts.append(f"inputs {inputs} enter from below")
    if cell.gates:
        parts.append(f"in between: {', '.join(cell.gates)}")
    line = "a heavy line is the carry path" if carried else "there is no carry path"
    equations = "; ".join(map(cell.equation, cell.equations))
    return f"{'; '.join(parts)}; {line}. The equations: {equations}."
