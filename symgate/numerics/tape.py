"""A tape: the instructions of one step, as engine.c runs them over many steps.

An instruction works on rows of arrays. A `Place` says which array and where in it, by a name:
a tape holds no array, is written once, and is bound to arrays for every run. Whoever writes a
tape knows equations or terms; who runs it knows neither.
"""

from __future__ import annotations

import ctypes
import math
import operator
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from symgate.numerics.norms import FEW_COMPILED

Array = NDArray[Any]
Kind = TypeVar("Kind")

_NAMES = """
    copy add sub mul div muladd pow max min neg sigmoid tanh exp expm1 log log1p sqrt abs sin cos
    erf erfc step sign times times_add apply apply_add scale scale_add diagonal_add squares
    spectral
"""

#: In the order of the enum in engine.c.
OPERATIONS = {name: place for place, name in enumerate(_NAMES.split())}

#: The instructions on numbers alone.
NUMBERS: dict[str, Callable[..., Any]] = {
    "copy": float,
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": np.divide,
    "neg": operator.neg,
    "pow": np.power,
    "max": max,
    "min": min,
    "abs": abs,
    "erf": math.erf,
    "erfc": math.erfc,
    "step": lambda a: a > 0,
    "sign": np.sign,
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    **{n: getattr(np, n) for n in ("tanh", "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos")},
}

#: Row i of sample b is row b · height + i, row b, or row i of an array.
EACH, SAMPLE, ROW = 0, 1, 2

#: The names of the arrays of the tape itself: what it works in, and its numbers.
SPACE, FIXED, NOTHING = "space", "fixed", "nothing"

#: In how many numbers arrays are aligned: a vector never lies across two lines of the cache.
LINE = 8


class Same(Generic[Kind]):
    """Something as a key that is equal to itself alone, found without looking into it."""

    def __init__(self, of: Kind) -> None:
        self.of = of

    def __hash__(self) -> int:
        return id(self.of)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.of is self.of


class Tapes:
    """The tapes written so far, by what they were written for; those used last stay."""

    def __init__(self, most: int) -> None:
        self.most, self.lock = most, Lock()
        self.made: OrderedDict[Any, Any] = OrderedDict()

    def get(self, key: Any, write: Callable[[], Kind]) -> Kind:
        """What was written for a key, or what `write` gives now."""
        with self.lock:
            if key in self.made:
                self.made.move_to_end(key)
                known: Kind = self.made[key]
                return known
        fresh = write()
        with self.lock:
            self.made[key] = fresh
            if len(self.made) > self.most:
                self.made.popitem(last=False)
        return fresh


TAPES = Tapes(256)


@dataclass(frozen=True, slots=True)
class Place:
    """n columns from number `first` of an array; the array is called `source`.

    Its rows are `row` numbers apart; where that is None the array, (steps, n, samples), says.
    It may move with the steps, of which step 0 is at `origin`.
    """

    source: Hashable
    n: int
    first: int = 0
    row: int | None = None
    moves: bool = False
    origin: int = 0
    mode: int = EACH

    def part(self, first: int, n: int) -> Place:
        """Some of its columns."""
        return replace(self, first=self.first + first, n=n)


_NONE = Place(NOTHING, 0, row=0)


class Tape:
    """Instructions in the order in which they run, for vectors of so many numbers."""

    def __init__(self, vector: int) -> None:
        self.vector = vector
        self.heads: list[tuple[int, int, int, int]] = []
        self.places: list[tuple[Place, Place, Place]] = []
        self.size, self.longest = 0, 1
        self.fixed: list[Array] = []
        self._fixed = 0
        self._text: _Text | None = None

    def do(
        self,
        name: str,
        out: Place,
        a: Place,
        b: Place | None = None,
        *,
        k: int = 0,
        height: int = 0,
    ) -> None:
        """One instruction: out = name(a, b); `height` rows a sample, 0 for as many as a call
        says."""
        self.heads.append((OPERATIONS[name], out.n, k, height))
        self.places.append((out, a, b or _NONE))
        self.longest = max(self.longest, k)
        self._text = None

    def element(
        self, name: str, parts: Sequence[float | Place], samples: int, out: Place | None = None
    ) -> float | Place:
        """A function of values of one width, one row a sample; of numbers alone, a number."""
        widths = {p.n for p in parts if isinstance(p, Place)}
        if not widths:
            number = float(NUMBERS[name](*parts))
            if out is None:
                return number
            parts, name = [number], "copy"
        width = max(widths, default=out.n if out else 0)
        made = self.rows(samples, width) if out is None else out
        spread = (p if isinstance(p, Place) else self.number(p, width) for p in parts)
        self.do(name, made, *spread, height=1)
        return made

    def rows(self, rows: int, width: int) -> Place:
        """Zeros to work in, whose rows are wide enough for whole vectors."""
        row = -(-width // self.vector) * self.vector
        place = Place(SPACE, width, self.size, row)
        self.size += -(-rows * row // LINE) * LINE
        return place

    def number(self, value: float, width: int) -> Place:
        """A row that is one number."""
        place = Place(FIXED, width, self._fixed, 0)
        self.fixed.append(np.full(width, value, float))
        self._fixed += width
        return place

    def text(self) -> _Text:
        """The instructions in arrays, but for the addresses."""
        if self._text is None:
            self._text = _Text(self)
        return self._text


class _Text:
    """A tape's instructions in arrays: what is the same for all runs."""

    def __init__(self, tape: Tape) -> None:
        flat = [place for three in tape.places for place in three]
        self.sources = list(dict.fromkeys([NOTHING, SPACE, FIXED, *(p.source for p in flat)]))
        number = {source: i for i, source in enumerate(self.sources)}
        shape = (len(tape.heads), 3)

        def column(values: list[int]) -> Array:
            return np.array(values, np.int64).reshape(shape)

        self.source = column([number[p.source] for p in flat])
        self.first = column([8 * p.first for p in flat])
        self.origin = column([8 * p.origin for p in flat])
        self.moves = column([int(p.moves) for p in flat])
        self.row = column([0 if p.row is None else p.row for p in flat])
        self.own_row = np.array([p.row is not None for p in flat]).reshape(shape)
        self.words = np.zeros((len(tape.heads), 4, 4), np.int64)
        self.words[:, 0] = np.array(tape.heads, np.int64).reshape(-1, 4)
        self.words[:, 1:, 3] = column([p.mode for p in flat])
        self.fixed = np.concatenate([*tape.fixed, np.zeros(1)])


class Bound:
    """A tape with arrays: what it runs on. `library` is the compiled engine."""

    def __init__(self, tape: Tape, library: ctypes.CDLL, arrays: Mapping[Any, Array]) -> None:
        self.library, self.written = library, tape.text()
        self.space = aligned(tape.size)
        self.space[:] = 0
        self.scratch = max(tape.longest * 2 * tape.vector, FEW_COMPILED * (FEW_COMPILED + 8))
        self.free: list[Array] = []
        self.words = self.written.words.copy()
        self.arrays: dict[Any, Array] = {}
        self.point({SPACE: self.space, FIXED: self.written.fixed, **arrays})

    def point(self, arrays: Mapping[Any, Array]) -> None:
        """Let the tape run on other arrays, by name: (steps, n, samples), or plain numbers."""
        self.arrays.update({k: along_units(a) if a.ndim == 3 else a for k, a in arrays.items()})
        text = self.written
        table = [_where(self.arrays.get(source)) for source in text.sources]
        at, steps, rows = np.array(table, np.int64).T[:, text.source]
        self.words[:, 1:, 0] = at + text.first + text.origin * steps
        self.words[:, 1:, 1] = steps * text.moves
        self.words[:, 1:, 2] = np.where(text.own_row, text.row, rows)
        self.at = _address(self.words), len(self.words)

    def view(self, place: Place, rows: int) -> Array:
        """Rows of the space, (rows, n)."""
        row = place.row or 0
        held = self.space[place.first : place.first + rows * row]
        return held.reshape(rows, row)[:, : place.n]

    def run(
        self,
        first: int,
        stop: int,
        samples: tuple[int, int],
        rows: int = 1,
        low: float = -1.0,
        high: float = np.inf,
    ) -> int:
        """Run the steps from `first` to before `stop`, back where that is less; gives how many
        were done before a sum of squares left (low, high). Other samples may run meanwhile."""
        try:
            scratch = self.free.pop()
        except IndexError:
            scratch = aligned(self.scratch)
        run, beside = self.library.symgate_run, _address(scratch)
        done = int(run(*self.at, first, stop, *samples, rows, low, high, beside))
        self.free.append(scratch)
        return done


def packed(matrix: Array, vector: int) -> Array:
    """A matrix (k, n) panel by panel, as products take it from the right."""
    k, n = matrix.shape
    panel = 2 * vector
    count = -(-n // panel)
    flat = aligned(count * k * panel)
    out = flat.reshape(count, k, panel).swapaxes(0, 1)
    whole = n // panel
    out[:, :whole] = matrix[:, : whole * panel].reshape(k, whole, panel)
    if whole < count:
        out[:, whole] = 0
        out[:, whole, : n - whole * panel] = matrix[:, whole * panel :]
    return flat


def aligned(count: int) -> Array:
    """So many numbers at the beginning of a line of the cache."""
    held = np.empty(count + LINE)
    skip = -(_address(held) // 8) % LINE
    return held[skip : skip + count]


def along_units(array: Array) -> Array:
    """An array (steps, n, samples) whose components lie side by side."""
    if array.strides[1] == 8 or array.shape[1] < 2:
        return array
    return np.ascontiguousarray(array.swapaxes(1, 2)).swapaxes(1, 2)


def _where(array: Array | None) -> tuple[int, int, int]:
    """Where an array begins, how far its steps are apart in bytes / 8 and its samples."""
    if array is None:
        return 0, 0, 0
    if array.ndim != 3:
        return _address(array), 0, 0
    (steps, _, samples), (step, _, row) = array.shape, array.strides
    return _address(array), step // 8 if steps > 1 else 0, row // 8 if samples > 1 else 0


def _address(array: Array) -> int:
    found: int = array.__array_interface__["data"][0]
    return found
