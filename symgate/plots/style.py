"""How pictures look: colours that colour-blind people tell apart, dashes, sizes, saving."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from zlib import crc32

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font

from symgate.asked import asked, drawable, having
from symgate.drawing.palette import BLUE, GREEN, ORANGE, PURPLE, RED, SKY
from symgate.drawing.settings import settings
from symgate.errors import SymgateError
from symgate.files import write_file
from symgate.plots.ground import fold_title, ground_of
from symgate.plots.vector import compact

P = ParamSpec("P")
R = TypeVar("R")

#: Beside the hues: what is drawn, what is less, and what small words say.
BLACK, GREY, SOFT = "#000000", "#666666", "#444444"

SOLID: Any = "solid"
DASHED, DOTTED, DASH_DOT = (0, (6, 2)), (0, (1.2, 1.6)), (0, (7, 2, 1.2, 2))
LONG, DOUBLE_DOT = (0, (11, 3)), (0, (7, 2, 1.2, 1.6, 1.2, 2))

#: The cells that are drawn most; any other gets its look from its name.
CELLS: dict[str, tuple[str, Any]] = {
    "rnn": (RED, DASHED),
    "lstm": (BLUE, SOLID),
    "gru": (GREEN, DASH_DOT),
}
OTHERS = (PURPLE, ORANGE, SKY, BLACK)
DASHES = (LONG, DOUBLE_DOT, DOTTED, SOLID, DASHED, DASH_DOT)

#: The width of a picture in inches, and the size of its letters in points.
WIDTH, LETTERS = 7.2, 10.0

STYLE: Any = {
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor"), "black"),
    **dict.fromkeys(("xtick.color", "ytick.color"), "black"),
    "font.family": "DejaVu Sans",
    "font.size": LETTERS,
    "axes.titlesize": 11.0,
    "axes.labelsize": 10.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.9,
    "axes.grid": False,
    "axes.unicode_minus": True,
    "axes.titlelocation": "left",
    "xtick.labelsize": 10.0,
    "ytick.labelsize": 10.0,
    "lines.linewidth": 2.0,
    "figure.facecolor": "white",
    "axes.facecolor": "none",
    "savefig.facecolor": "white",
    "savefig.pad_inches": 0.08,
    "savefig.dpi": 150,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.7,
    "svg.hashsalt": "symgate",
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    "pdf.compression": 6,
    "mathtext.fontset": "dejavusans",
}


@dataclass(frozen=True)
class Look:
    """A colour and a dash."""

    colour: str
    dash: Any


def look(cell: str) -> Look:
    """The look of a cell, the same in every picture.

    >>> look("lstm").colour, look("mine") == look("mine")
    ('#0072B2', True)
    """
    if cell in CELLS:
        return Look(*CELLS[cell])
    number = crc32(cell.encode(errors="replace"))
    return Look(OTHERS[number % len(OTHERS)], DASHES[number // len(OTHERS) % len(DASHES)])


def looks(cells: list[str]) -> list[Look]:
    """Looks for the curves of one picture: colours by cell, and dashes that no other curve
    has as long as there are enough, then none of the same colour.

    >>> [str(found.dash) for found in looks(["lstm", "gru", "lstm"])]
    ['solid', '(0, (7, 2, 1.2, 2))', '(0, (11, 3))']
    """
    own = {cell: look(cell).dash for cell in cells}
    out: list[Look] = []
    for cell in cells:
        colour = look(cell).colour
        used = [found.dash for found in out] + [d for name, d in own.items() if name != cell]
        beside = [found.dash for found in out if found.colour == colour]
        wanted = [own[cell], *DASHES]
        free = [d for d in wanted if d not in used] + [d for d in wanted if d not in beside]
        out.append(Look(colour, free[0] if free else own[cell]))
    return out


def caption(cell: str) -> str:
    """A cell's name as a picture can hold it: one line, not long, never a formula, and what
    the font lacks by its number.

    >>> caption("a$b\\n"), caption("循環"), caption("σ-RNN")
    ('a\\\\$b?', '\\\\u5faa\\\\u74b0', 'σ-RNN')
    """
    short = cell if len(cell) <= 40 else cell[:39] + "…"
    drawn = "".join(_drawn(c) for c in short)
    return drawn.replace("$", r"\$")


def _drawn(c: str) -> str:
    if not c.isprintable():
        return "?"
    return c if ord(c) in _glyphs() else c.encode("ascii", "backslashreplace").decode()


@cache
def _glyphs() -> frozenset[int]:
    """The characters that pictures can hold, in plain and in bold."""
    family = STYLE["font.family"]
    plain, bold = (
        get_font(findfont(FontProperties(family=family, weight=weight))).get_charmap()
        for weight in ("normal", "bold")
    )
    return frozenset(plain.keys() & bold.keys())


#: How much wider pictures are drawn than is usual, and with how much larger letters.
_SIZE: ContextVar[tuple[float, float]] = ContextVar("_SIZE", default=(1.0, 1.0))


@contextmanager
@asked()
def sized(width: float | None = None, font_size: float | None = None) -> Iterator[None]:
    """Pictures of another width in inches (the height goes with it), or with letters of
    another size in points, as a column of a paper or a slide asks for.

    >>> import symgate as sg
    >>> with sized(width=3.4, font_size=7):
    ...     ax = sg.plots.decay_curves([sg.decay("rnn", hidden=4, lags=20)])
    >>> float(ax.figure.get_figwidth()), ax.xaxis.label.get_size()
    (3.4, 7.35)
    """
    wide, high = (width or WIDTH) / WIDTH, (font_size or LETTERS) / LETTERS
    before = _SIZE.set((wide, high))
    try:
        yield
    finally:
        _SIZE.reset(before)


def points(size: float) -> float:
    """The size of letters that are this large where letters are as large as is usual."""
    return size * _SIZE.get()[1]


def style() -> Any:
    """The settings of the house, in the size that is asked for."""
    return {k: points(v) if k.endswith("size") and "." in k else v for k, v in STYLE.items()}


#: What is drawn, for the check of arguments.
CURVE = having("setting", "a curve, such as sg.decay(cell) gives")
DRAWING = having("get_tightbbox", "axes or a figure of Matplotlib")


def styled(function: Callable[P, R]) -> Callable[P, R]:
    """Draw with the style of the house, and leave Matplotlib's settings as they were. On axes
    that were given, the colours fit a dark ground and the words find room."""

    @wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        given = next((a for a in (*args, *kwargs.values()) if isinstance(a, Axes)), None)
        with settings(style()):
            if given is None:
                made = function(*args, **kwargs)
                for ax in [made] if isinstance(made, Axes) else getattr(made, "axes", ()):
                    fold_title(ax)
                return made
            with ground_of(given):
                return function(*args, **kwargs)

    return inside


def subtitle(ax: Axes, words: str, **options: Any) -> None:
    """What was drawn, in small grey letters above it."""
    ax.set_title(words, fontsize=points(9.5), color=SOFT, **options)


def axes(ax: Axes | None, height: float = 4.4) -> Axes:
    """The Axes that was given, or a new one on a figure of its own."""
    return ax if ax is not None else page(WIDTH, height).add_subplot()


def page(width: float, height: float) -> Figure:
    """An empty figure of a size in inches, or larger or smaller where that is asked for."""
    wide = _SIZE.get()[0]
    figure = Figure(figsize=(width * wide, height * wide), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


#: What each format must not hold, for the same bytes at any time.
_METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def rendered(drawing: Axes | Figure, kind: str, **options: Any) -> bytes:
    """A picture as the bytes of an SVG, PNG or PDF file, on white."""
    found = _saved(drawing, (kind,), **options)[kind]
    return _alone(found) if kind == "svg" else found


def every_form(drawing: Axes | Figure, salt: str, title: str = "") -> tuple[str, dict[str, bytes]]:
    """A picture for a page, as by `svg`, and its files by their endings, laid out once."""
    files = _saved(drawing, tuple(_METADATA))
    inside = _inside(files["svg"], salt, title)
    return inside, {**files, "svg": _alone(files["svg"])}


def svg(drawing: Axes | Figure, salt: str, title: str = "") -> str:
    """A picture as an <svg> element to stand inside a page of HTML.

    `salt` goes before each of its ids, so that no two pictures of a page share one: give
    each picture its own. The picture has no ground; its colours are those for a white page,
    or for a dark one where the page has `color-scheme: dark` (or `light dark`, and the
    reader's system is dark). Words are text. `title` is read out to who does not see.

    >>> import symgate as sg
    >>> d = sg.decay(sg.cell("rnn"), hidden=4, lags=20)
    >>> sg.plots.svg(sg.plots.decay_curves([d]), salt="rnn").startswith("<svg ")
    True
    """
    return _inside(_saved(drawing, ("svg",))["svg"], salt, title)


def _inside(drawn: bytes, salt: str, title: str) -> str:
    if not re.fullmatch(r"[A-Za-z][\w-]*", salt, re.ASCII):
        raise SymgateError(
            f"a salt must be a letter followed by letters, digits, - or _, not {salt!r}"
        )
    return compact(drawn.decode(), salt, title, dark=True)


def _alone(drawn: bytes) -> bytes:
    head = '<?xml version="1.0" encoding="utf-8"?>\n'
    return (head + compact(drawn.decode(), "figure", ground="#ffffff")).encode()


def _saved(drawing: Axes | Figure, kinds: Sequence[str], **options: Any) -> dict[str, bytes]:
    """The bytes of a figure in some formats, that of SVG without a ground: laid out once."""
    figure = drawing.get_figure(root=True) if isinstance(drawing, Axes) else drawing
    assert isinstance(figure, Figure)
    made = {kind: io.BytesIO() for kind in kinds}
    layout = figure.get_layout_engine()
    places = [(a, a.get_position(original=True).frozen()) for a in figure.axes]
    dpi = figure.dpi
    drawable(max(figure.get_size_inches()), options.get("dpi", STYLE["savefig.dpi"]))
    with settings(style()):
        figure.dpi = STYLE["savefig.dpi"]  # words are a little wider than on a coarse screen
        figure.draw_without_rendering()
        figure.draw_without_rendering()  # words beside the axes have found their place
        box = figure.get_tightbbox().padded(STYLE["savefig.pad_inches"])
        figure.set_layout_engine("none")
        try:
            for kind, out in made.items():
                about: dict[str, Any] = {"format": kind, "metadata": _METADATA[kind]}
                about |= {"facecolor": "none"} if kind == "svg" else {}
                figure.savefig(out, bbox_inches=box, **about, **options)
        finally:
            figure.set_layout_engine(layout)
            figure.dpi = dpi
            for ax, place in places:  # so that saved again it is laid out as it was
                held = ax.get_in_layout()
                ax.set_position(place)
                ax.set_in_layout(held)
    return {kind: out.getvalue() for kind, out in made.items()}


@asked(drawing=DRAWING)
def save(drawing: Axes | Figure, path: str | Path, dpi: int | None = None) -> Path:
    """Write a picture; the format goes by the ending: .svg, .png or .pdf; `dpi` (150) says
    how many dots an inch a .png has. See `sized` for its width and its letters."""

    options = {} if dpi is None else {"dpi": dpi}
    return write_file(path, rendered(drawing, format_of(path), **options))


def format_of(path: str | Path) -> str:
    """The format that an ending names.

    >>> format_of("decay.svg")
    'svg'
    """
    kind = Path(path).suffix.lower().removeprefix(".")
    if kind not in _METADATA:
        raise SymgateError(f"{path}: the file of a picture must end in .svg, .png or .pdf")
    return kind
