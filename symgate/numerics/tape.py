"""A tape: the instructions of one step, as engine.c runs them over many steps.

An instruction works on rows of arrays; a `Place` says where they lie at a step. Whoever
writes a tape knows equations or terms; who runs it knows neither.
"""

from __future__ import annotations

import ctypes
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_NAMES = """
    copy add sub mul div muladd pow max min neg sigmoid tanh exp expm1 log log1p sqrt abs sin cos
    erf erfc step sign times times_add apply apply_add scale scale_add diagonal_add squares
    spectral
"""

#: In the order of the enum in engine.c.
OPERATIONS = {name: place for place, name in enumerate(_NAMES.split())}

#: The instructions on numbers alone.
NUMBERS: dict[str, Callable[..., Any]] = {
    "copy": float, "add": operator.add, "sub": operator.sub, "mul": operator.mul,
    "div": np.divide, "neg": operator.neg, "pow": np.power, "max": max, "min": min, "abs": abs,
    "erf": math.erf, "erfc": math.erfc, "step": lambda a: a > 0, "sign": np.sign,
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    **{n: getattr(np, n) for n in ("tanh", "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos")},
}  # fmt: skip

#: Row i of sample b is row b · height + i, row b, or row i of an array.
EACH, SAMPLE, ROW = 0, 1, 2

#: Up to how many rows the spectral norm is worked out by the engine.
FEW = 48


class Place:
    """Columns first … first + n - 1 of an array (rows, width), or (steps, rows, width) if it
    moves with the steps, of which step 0 is at `origin`. By its `key` it can be moved.

    One row that stands for all has no rows: an array (width,) or (steps, width). `words` are
    its address, the distances of the steps and of the rows in numbers, and the mode.
    """

    __slots__ = ("array", "first", "key", "mode", "moves", "n", "origin", "words")

    def __init__(
        self,
        array: Array,
        n: int,
        moves: bool = False,
        first: int = 0,
        mode: int = EACH,
        origin: int = 0,
        key: Any = None,
    ) -> None:
        self.array, self.n, self.moves, self.first = array, n, moves, first
        self.mode, self.origin, self.key = mode, origin, key
        strides = array.strides
        assert strides[-1] == 8 or array.shape[-1] < 2 or not array.size
        step = strides[0] // 8 if moves else 0
        row = strides[-2] // 8 if array.ndim == 2 + moves else 0
        address = array.__array_interface__["data"][0] + 8 * (origin * step + first)
        self.words = (address, step, row, mode)

    def but(self, array: Array | None = None, mode: int | None = None) -> Place:
        """The same place in another array, or in another mode."""
        return Place(
            self.array if array is None else array,
            self.n,
            self.moves,
            self.first,
            self.mode if mode is None else mode,
            self.origin,
            self.key,
        )


class Tape:
    """Instructions in the order in which they run; keeps the arrays they point to."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
        self.vector = int(library.symgate_vector())
        self.words: list[tuple[int, ...]] = []
        self.held: list[Any] = []
        self.uses: list[tuple[int, int, Place]] = []
        self.longest = 1
        self._code: Array | None = None

    def do(
        self, name: str, out: Place, a: Place, b: Place | None = None, *, k: int = 0,
        height: int = 0,
    ) -> None:  # fmt: skip
        """One instruction: out = name(a, b); `height` rows a sample, 0 for as many as a call
        says."""
        other = (0, 0, 0, 0) if b is None else b.words
        head = (OPERATIONS[name], out.n, k, height)
        self.words.append((*head, *out.words, *a.words, *other))
        self.held += [out.array, a, b]
        for place, column in ((a, 8), (b, 12)):
            if place is not None and place.key is not None:
                self.uses.append((len(self.words) - 1, column, place))
        self.longest = max(self.longest, k)
        self._code = None

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
        made = Place(np.empty((samples, width)), width) if out is None else out
        spread = (p if isinstance(p, Place) else Place(np.full(width, p), width) for p in parts)
        self.do(name, made, *spread, height=1)
        return made

    def point(self, array: Callable[[Any], Array]) -> None:
        """Let the places that have a key lie in other arrays, by key."""
        for row, column, place in self.uses:
            words = place.but(array(place.key)).words
            self.code[row, column : column + 4] = words

    @property
    def code(self) -> Array:
        """The instructions as the engine reads them."""
        if self._code is None:
            self._code = np.array(self.words, np.int64).reshape(-1, 16)
            self._space = np.empty(max(self.longest * 2 * self.vector, FEW * FEW))
        return self._code

    def rows(self, rows: int, width: int) -> Array:
        """Zeros whose rows are wide enough for whole vectors."""
        return np.zeros((rows, -(-width // self.vector) * self.vector))

    def packed(self, matrix: Array) -> Place:
        """A matrix (k, n) panel by panel, as products take it from the right."""
        k, n = matrix.shape
        panel = 2 * self.vector
        whole = np.zeros((k, -(-n // panel) * panel))
        whole[:, :n] = matrix
        array = np.ascontiguousarray(whole.reshape(k, -1, panel).transpose(1, 0, 2))
        return Place(array.reshape(1, -1), n)

    def run(
        self, first: int, stop: int, samples: tuple[int, int], rows: int = 1,
        low: float = -1.0, high: float = np.inf,
    ) -> int:  # fmt: skip
        """Run the steps from `first` to before `stop`, back where that is less; gives how many
        were done before a sum of squares left (low, high)."""
        code = self.code.__array_interface__["data"][0]
        space = self._space.__array_interface__["data"][0]
        run = self.library.symgate_run
        return int(
            run(code, len(self.words), first, stop, *samples, rows, low, high, space),
        )
