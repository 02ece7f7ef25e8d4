"""How wide and how high a formula is, and where it may be broken: at + and − first, at ⊙ and
between factors where that is not enough.

Printers leave invisible marks where a line may end. A group in parentheses resolves those
inside it, so that a finished group has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

#: A line may end here: before a + or −, before ⊙, between factors that no sign stands between.
HARD, SOFT, FACTOR = MARKS = "\x01\x02\x03"

_TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|.", re.DOTALL)

#: Widths in em of what is not an ordinary letter, about those of Computer Modern.
_WIDTHS = {
    "+": 1.22,
    "-": 1.22,
    "=": 1.33,
    r"\leq": 1.33,
    r"\odot": 1.22,
    r"\circ": 0.95,
    ",": 0.45,
    "(": 0.42,
    ")": 0.42,
    "[": 0.36,
    "]": 0.36,
    "|": 0.28,
    r"\|": 0.5,
    r"\,": 0.17,
    r"\quad": 1.0,
    r"\qquad": 2.0,
    r"\sum": 1.6,
    r"\prod": 1.4,
    r"\cdot": 0.72,
    r"\cdots": 1.5,
    r"\tanh": 2.4,
    r"\exp": 1.7,
    r"\log": 1.5,
    r"\sin": 1.4,
    r"\cos": 1.5,
    "W": 0.95,
    "M": 0.97,
    "U": 0.7,
    "m": 0.88,
    "w": 0.72,
    "i": 0.36,
    "j": 0.42,
    "l": 0.31,
    "f": 0.55,
    "t": 0.37,
    "r": 0.46,
    r"\rangle": 0.39,
    r"\langle": 0.39,
    r"\infty": 1.0,
    r"\ ": 0.33,
    "'": 0.28,
    r"\left": 0.3,
    r"\right": 0.25,
    r"\rightarrow": 1.6,
    r"\to": 1.6,
    r"\dots": 1.2,
    r"\in": 1.2,
    r"\times": 1.22,
    "<": 1.33,
}
_NOTHING = {
    "{",
    "}",
    "&",
    r"\mathit",
    r"\mathbf",
    r"\mathrm",
    r"\mathsf",
    r"\operatorname",
    r"\text",
    r"\mathtt",
    r"\boldsymbol",
    r"\tilde",
    r"\hat",
    r"\bar",
    r"\dot",
    r"\begin",
    r"\end",
    *MARKS,
    " ",
    "\n",
    r"\mathcal",
}


def plain(tex: str) -> str:
    """Without marks: on one line."""
    return tex.translate(dict.fromkeys(map(ord, MARKS)))


@lru_cache(maxsize=8192)
def measure(tex: str) -> float:
    """About how wide a formula is, in em of its font.

    >>> measure("U_z h_{t-1}") < measure("U_z h_{t-1} + b_z") < 6
    True
    """
    return _Measure(_TOKEN.findall(tex)).all()


@lru_cache(maxsize=1024)
def height(tex: str) -> int:
    r"""About how high a formula is, in lines.

    >>> height(r"\frac{a}{b} + c"), height(aligned("abc"))
    (2, 3)
    """
    found = _Measure(_TOKEN.findall(tex))
    found.all()
    return found.high


class _Measure:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens, self.at, self.high = tokens, 0, 1

    def all(self) -> float:
        total = 0.0
        while self.at < len(self.tokens):
            total += self.one()
        return total

    def one(self) -> float:
        token = self.tokens[self.at]
        self.at += 1
        if token in ("_", "^"):
            width = self.scripts(token)
            return width
        if token in (r"\frac", r"\tfrac"):
            if token == r"\tfrac":
                return 0.75 * max(self.argument(), self.argument()) + 0.25
            self.high = max(self.high, 2)
            return max(self.argument(), self.argument()) + 0.25
        if token == r"\begin":
            return self.environment()
        if token in (r"\text", r"\mathtt", r"\mathit", r"\operatorname"):
            return 0.45 * len(self.raw()) + (0.35 if token == r"\operatorname" else 0)
        if token == "{":
            self.at -= 1
            return self.argument()
        if token in _NOTHING:
            return 0.0
        return _WIDTHS.get(token, 0.75 if token.isupper() else 0.55)

    def scripts(self, first: str) -> float:
        """A subscript and a superscript stand above each other."""
        width = 0.72 * self.argument() - 0.05
        if self.at < len(self.tokens) and self.tokens[self.at] in ("_", "^"):
            self.at += 1
            width = max(width, 0.72 * self.argument() - 0.05)
        return width

    def argument(self) -> float:
        while self.at < len(self.tokens) and self.tokens[self.at] == " ":
            self.at += 1
        if self.at < len(self.tokens) and self.tokens[self.at] == "{":
            self.at += 1
            total = 0.0
            while self.at < len(self.tokens) and self.tokens[self.at] != "}":
                total += self.one()
            self.at += 1
            return total
        return self.one() if self.at < len(self.tokens) else 0.0

    def raw(self) -> str:
        out, depth = "", 0
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            depth += (token == "{") - (token == "}")
            if token not in "{}":
                out += token if len(token) == 1 else "x"
            if depth == 0:
                break
        return out

    def environment(self) -> float:
        """An aligned or a matrix: for each column its widest cell."""
        extra = 1.2 if "matrix" in self.raw() else 0.0
        columns, column, width = [0.0], 0, 0.0
        around, above, self.high = self.high, 0, 1
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            if token == r"\end":
                self.at += 1
                self.raw()
                break
            if token in ("&", r"\\"):
                self.at += 1
                columns[column] = max(columns[column], width)
                column, width = (column + 1, 0.0) if token == "&" else (0, 0.0)
                if not column:
                    above, self.high = above + self.high, 1
                if column == len(columns):
                    columns.append(0.0)
            else:
                width += self.one()
        columns[column] = max(columns[column], width)
        self.high = max(around, above + self.high)
        return sum(columns) + (0.5 + 0.5 * bool(extra)) * (len(columns) - 1) + extra


def lines(tex: str, width: float, indent: float = 1.0) -> list[str]:
    """Break a marked formula into lines of at most `width` em, as few as will do.

    It is broken at HARD marks; a piece that is still too wide is broken at the others.
    """
    if measure(tex) <= width:
        return [plain(tex)]
    out: list[str] = []
    for piece in _filled(tex, HARD, width):
        narrow = measure(piece) <= width
        out += [piece] if narrow else _balanced(piece, width - indent)
    return list(map(_line, out))


def _line(piece: str) -> str:
    """A line as it stands; one that goes on with a product says so with a dot where the product
    has no sign."""
    shown = plain(piece).strip()
    if piece[:1] not in tuple(MARKS):
        return shown
    return rf"{{}} \cdot {shown}" if piece[0] == FACTOR else f"{{}} {shown}"


def _balanced(tex: str, width: float) -> list[str]:
    """Lines within a product, about equally long rather than the last one short."""
    best = _filled(tex, SOFT + FACTOR, width)
    narrow, wide = width / 2, width
    for _ in range(5):
        middle = (narrow + wide) / 2
        found = _filled(tex, SOFT + FACTOR, middle)
        if len(found) == len(best) and all(measure(line) <= width for line in found):
            best, wide = found, middle
        else:
            narrow = middle
    return best


def _filled(tex: str, marks: str, width: float) -> list[str]:
    """What stands between some marks, put together as long as it fits."""
    first, *pieces = re.split(f"(?=[{marks}])", tex)
    out = [first]
    for piece in pieces:
        if measure(out[-1] + piece) <= width:
            out[-1] += piece
        else:
            out.append(piece)
    return out


def aligned(rows: Iterable[str]) -> str:
    """Rows with & where they are aligned, one a line for those who read the source."""
    return "\n".join([r"\begin{aligned}", " \\\\\n".join(rows), r"\end{aligned}"])


def beneath(rows: Sequence[str]) -> str:
    """The lines of one formula, below each other where there are several."""
    return rows[0] if len(rows) == 1 else aligned(f"& {row}" for row in rows)
