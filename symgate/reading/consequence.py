"""What a misprint changes: the range of the states, the Jacobian, how the gradient decays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import symgate
from symgate.algebra.text import text
from symgate.bounds.ranges import ranges
from symgate.equations.cell import Cell
from symgate.linear.jacobian import jacobian

if TYPE_CHECKING:
    from sympy import MatrixExpr

    from symgate.decaying.curve import Decay


@dataclass(frozen=True)
class Consequence:
    """The cell with one misprint beside the cell without any.

    `printed` is None where the misprint leaves no cell. Everything is computed when it is
    asked for, each a pair: as printed, as meant.

    >>> from symgate.reading.reader import read_text
    >>> found = read_text(
    ...     r"$z_t = \\sigma(W_z x_t + U_z h_{t-1})$, $n_t = \\tanh(W x_t + U h_{t-1})$, "
    ...     r"$h_t = z_t h_{t-1} + z_t n_t$"
    ... )
    >>> found[0].misprints[0].consequence.ranges["h"]
    ('[-oo, oo]', '[-1, 1]')
    """

    make: Callable[[], tuple[Cell | None, Cell | None]] = field(repr=False, compare=False)

    @cached_property
    def cells(self) -> tuple[Cell | None, Cell | None]:
        """The cell with the misprint, and the one that was meant."""
        return self.make()

    @property
    def printed(self) -> Cell | None:
        return self.cells[0]

    @property
    def meant(self) -> Cell | None:
        return self.cells[1]

    @cached_property
    def ranges(self) -> dict[str, tuple[str, str]]:
        """For each state the interval that it stays in, as text."""
        names = self._states()
        one, other = ({} if c is None else ranges(c).before for c in self.cells)

        def said(own: Any, name: str) -> str:
            return _shown(own[name]) if name in own else "none"

        return {name: (said(one, name), said(other, name)) for name in names}

    @cached_property
    def jacobian(self) -> tuple[MatrixExpr | None, MatrixExpr | None]:
        """The derivative of the output by its last value, in one step."""
        name = next(reversed(self._states()), "")
        one, other = (
            None if c is None or name not in c.states else jacobian(c, name, name)
            for c in self.cells
        )
        return one, other

    def decay(self, **settings: Any) -> tuple[Decay | None, Decay | None]:
        """The decay of the gradient over the lag; settings are those of `symgate.decay`."""
        name = next(reversed(self._states()), "")
        one, other = (
            None if c is None or name not in c.states else symgate.decay(c, name, name, **settings)
            for c in self.cells
        )
        return one, other

    def to_dict(self) -> dict[str, Any]:
        jacobians = [None if j is None else text(j) for j in self.jacobian]
        return {
            "ranges": {name: list(pair) for name, pair in self.ranges.items()},
            "jacobian": jacobians,
        }

    def _states(self) -> list[str]:
        known = [c for c in reversed(self.cells) if c is not None]
        return list(known[0].states) if known else []


def _shown(interval: Any) -> str:
    """An interval in the letters of SymPy."""
    return f"[{float(interval.low):g}, {float(interval.high):g}]".replace("inf", "oo")
