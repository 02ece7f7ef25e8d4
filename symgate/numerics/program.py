"""A step of equations as a list of NumPy calls: folded once, run at every step.

Folding an expression costs more than a small array's arithmetic. Here the fold notes which
method of `Arrays` each node calls with which results; what holds parameters alone is worked
out at once, and the rest is a list that runs from top to bottom.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sympy import Expr
from sympy.core.basic import Basic

from symgate.algebra.fold import Semantics, fold
from symgate.algebra.vectors import rank
from symgate.numerics.values import Arrays


class _Slot:
    """Where a result will stand."""

    def __init__(self, at: int) -> None:
        self.at = at


class Program(Semantics):
    """The calls that work out some values from others.

    `arrays` has the values of the parameters. A value is added by `add`, in the order in which
    they are worked out; `run` takes what `needs` lists and gives the results in that order.
    """

    def __init__(self, arrays: Arrays) -> None:
        self.arrays, self.fixed = arrays, dict(arrays.known or {})
        self.functions = {name: self._later(own) for name, own in arrays.functions.items()}
        self.known: dict[Basic, Any] = {}
        self.needs: dict[Basic, int] = {}
        self.calls: list[tuple[int, Callable[..., Any], tuple[Any, ...]]] = []
        self.results: list[Any] = []
        self.count = 0

    def take(self, symbol: Basic) -> None:
        """A value that is given at each step."""
        self.known[symbol] = self._place()
        self.needs[symbol] = self.known[symbol].at

    def put(self, symbol: Basic, expression: Expr, shape: Sequence[Expr]) -> None:
        """A value that is worked out, in its shape."""
        want = tuple(map(self.arrays.size, shape))
        found = fold(expression, self)
        self.known[symbol] = self._call(self.arrays.in_shape, found, rank(expression), want)
        self.results.append(self.known[symbol])

    def run(self, given: Sequence[Any]) -> list[Any]:
        """The results, from the values of `needs` in order."""
        held: list[Any] = [None] * self.count
        for at, value in zip(self.needs.values(), given, strict=True):
            held[at] = value
        for at, call, arguments in self.calls:
            held[at] = call(*(_got(a, held) for a in arguments))
        return [_got(result, held) for result in self.results]

    def variable(self, e: Any) -> Any:
        return self.arrays.unknown(e)

    def parameter(self, e: Any) -> Any:
        return self.fixed[e] if e in self.fixed else self.arrays.parameter(e)

    def symbol(self, e: Any) -> Any:
        return self.fixed[e]

    def number(self, e: Expr) -> Any:
        return self.arrays.number(e)

    def _later(self, method: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments: self._call(method, *arguments)

    def _place(self) -> _Slot:
        self.count += 1
        return _Slot(self.count - 1)

    def _call(self, method: Callable[..., Any], *arguments: Any) -> Any:
        """A call for later; at once where all that it takes is known."""
        flat = [a for part in arguments for a in (part if isinstance(part, list) else [part])]
        if not any(isinstance(a, _Slot) for a in flat):
            return method(*arguments)
        place = self._place()
        self.calls.append((place.at, method, arguments))
        return place


def _as_call(name: str) -> Callable[..., Any]:
    def method(self: Program, *arguments: Any) -> Any:
        return self._call(getattr(self.arrays, name), *arguments)

    return method


for _name in (
    "add",
    "multiply",
    "power",
    "matvec",
    "stack",
    "total",
    "dot",
    "mean",
    "norm",
    "spread",
    "mixing",
    "dyad",
    "act",
    "right_times",
    "across",
    "down",
    "lifted",
    "transpose",
    "identity",
    "zeros",
    "ones",
    "diagonal",
    "columns",
    "outer",
    "gram",
    "column",
    "row",
    "matrix_of",
    "kronecker",
    "matadd",
    "matmul",
    "matpow",
):
    setattr(Program, _name, _as_call(_name))


def _got(argument: Any, held: list[Any]) -> Any:
    if isinstance(argument, _Slot):
        return held[argument.at]
    if isinstance(argument, list):
        return [_got(a, held) for a in argument]
    return argument
