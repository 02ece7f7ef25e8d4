"""A step of equations as a list of NumPy calls: folded once, run at every step.

Folding an expression costs more than a small array's arithmetic. Here the fold notes which
method of `Arrays` each node calls with which results; what holds parameters alone is worked
out at once, and the rest is a list that runs from top to bottom.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, reduce
from typing import Any

import numpy as np
from sympy import Expr
from sympy.core.basic import Basic

from symgate.algebra.fold import Semantics, fold
from symgate.algebra.vectors import rank
from symgate.numerics.values import Arrays
from symgate.numerics.written import written


class _Result:
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

    @cached_property
    def run(self) -> Callable[[Sequence[Any]], list[Any]]:
        """Gives the results from the values of `needs` in order: the calls written out, in a
        text that holds nothing but names made here."""
        constants: list[Any] = []

        def name(argument: Any) -> str:
            if isinstance(argument, _Result):
                return f"v{argument.at}"
            if isinstance(argument, list):
                return f"[{', '.join(map(name, argument))}]"
            constants.append(argument)
            return f"c{len(constants) - 1}"

        lines = ["def run(given):"]
        if self.needs:
            lines.append(f" {', '.join(f'v{at}' for at in self.needs.values())}, = given")
        for at, call, arguments in self.calls:
            lines.append(f" v{at} = {name(call)}({', '.join(map(name, arguments))})")
        lines.append(f" return {name(self.results)}")
        return written(lines, {f"c{i}": constant for i, constant in enumerate(constants)})

    def variable(self, e: Any) -> Any:
        return self.arrays.unknown(e)

    def parameter(self, e: Any) -> Any:
        return self.fixed[e] if e in self.fixed else self.arrays.parameter(e)

    def symbol(self, e: Any) -> Any:
        return self.fixed[e]

    def number(self, e: Expr) -> Any:
        return self.arrays.number(e)

    def add(self, parts: Any, e: Any) -> Any:
        return reduce(self._later(np.add), parts)

    def multiply(self, parts: Any, e: Any) -> Any:
        return reduce(self._later(np.multiply), parts)

    def matvec(self, matrix: Any, vector: Any, e: Any) -> Any:
        have = rank(e.vector)
        if have == 2 or not isinstance(matrix, np.ndarray) or matrix.ndim != 2:
            return self._call(self.arrays.matvec, matrix, vector, e)
        sized = self._call(self.arrays.in_shape, vector, have, matrix.shape[1:])
        return self._call(np.matmul, sized, matrix.T)

    def _later(self, method: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments: self._call(method, *arguments)

    def _place(self) -> _Result:
        self.count += 1
        return _Result(self.count - 1)

    def _call(self, method: Callable[..., Any], *arguments: Any) -> Any:
        """A call for later; at once where all that it takes is known."""
        if not any(isinstance(a, _Result) for a in _leaves(list(arguments))):
            return method(*arguments)
        place = self._place()
        self.calls.append((place.at, method, arguments))
        return place


def _leaves(part: Any) -> list[Any]:
    return [a for one in part for a in _leaves(one)] if isinstance(part, list) else [part]


def _as_call(name: str) -> Callable[..., Any]:
    def method(self: Program, *arguments: Any) -> Any:
        return self._call(getattr(self.arrays, name), *arguments)

    return method


for _name in vars(Semantics).keys() - vars(Program).keys() - {"apply", "unknown"}:
    if callable(getattr(Semantics, _name)):
        setattr(Program, _name, _as_call(_name))
