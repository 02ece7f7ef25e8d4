"""A cell's text evaluated on its own: values, Jacobians and gradients by automatic differentiation.

It takes the text of a cell and the sizes of its names, and nothing else of symgate: the
text is rewritten with Python's own `ast` and evaluated with numbers that carry their slopes
(`tests/duals.py`), so that neither the parser nor the linearisation can be wrong here in the
same way. With `tests/by_jax.py` the same text is evaluated by JAX.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from symgate import Cell
from tests import duals

Arrays = dict[str, Any]


class Identity:
    """A number times the identity matrix, whatever its size is."""

    def __init__(self, scale: Any = 1.0) -> None:
        self.scale = scale

    T = property(lambda self: self)
    __array_ufunc__ = None  # so that NumPy leaves its operators to this class

    def __neg__(self) -> Identity:
        return Identity(-self.scale)

    def __mul__(self, number: Any) -> Identity:
        return Identity(self.scale * number)

    __rmul__ = __mul__

    def __truediv__(self, number: Any) -> Identity:
        return Identity(self.scale / number)

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Identity):
            return Identity(self.scale + other.scale)
        return other + self.scale * np.eye(other.shape[0])

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __matmul__(self, other: Any) -> Any:
        return other * self.scale

    __rmatmul__ = __matmul__


class _Rewritten(ast.NodeTransformer):
    """h[t] becomes now["h"], h[t-1] before["h"], b parameter["b"], [a, b] stack(a, b)."""

    def __init__(self, targets: list[str]) -> None:
        self.targets = targets
        self.reads: set[str] = set()

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        assert isinstance(node.value, ast.Name)
        if isinstance(node.slice, ast.Name):
            return self.present(node.value.id)
        return ast.parse(f"before[{node.value.id!r}]", mode="eval").body

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.targets:
            return self.present(node.id)
        if node.id == "I":
            return node
        return ast.parse(f"parameter[{node.id!r}]", mode="eval").body

    def visit_Call(self, node: ast.Call) -> ast.expr:
        return ast.Call(node.func, [self.visit(argument) for argument in node.args], [])

    def visit_List(self, node: ast.List) -> ast.expr:
        parts = [self.visit(part) for part in node.elts]
        return ast.Call(ast.Name("stack", ast.Load()), parts, [])

    def present(self, name: str) -> ast.expr:
        self.reads.add(name)
        return ast.parse(f"now[{name!r}]", mode="eval").body


@dataclass(frozen=True)
class _Line:
    name: str
    reads: frozenset[str]
    code: Any
    has_pre: bool


class Text:
    """The equations of a text as a function of one step.

    `sizes` gives the number of components of each name that the text defines; `functions`
    say what the functions of the language do with numbers.
    """

    def __init__(
        self,
        text: str,
        sizes: Mapping[str, int],
        functions: Mapping[str, Callable[..., Any]] = duals.FUNCTIONS,
    ) -> None:
        statements = ast.parse(textwrap.dedent(text)).body
        targets = [_defined(statement) for statement in statements]
        self.text, self.sizes, self.functions = text, dict(sizes), functions
        waiting = [_line(name, s, targets) for name, s in zip(targets, statements, strict=True)]
        self.lines: list[_Line] = []
        while waiting:
            done = {line.name for line in self.lines}
            ready = [line for line in waiting if not (line.reads & set(targets)) - done]
            assert ready, "the equations need each other"
            self.lines.extend(ready)
            waiting = [line for line in waiting if line not in ready]

    @property
    def pre_activations(self) -> list[str]:
        """The names a_z of what an activation acts on, for the lines that are one."""
        return [f"a_{line.name}" for line in self.lines if line.has_pre]

    def step(
        self, parameters: Arrays, inputs: Arrays, before: Arrays, pushes: Arrays | None = None
    ) -> Arrays:
        """All values of one step. `pushes` are added to values as they are computed."""
        pushes = pushes or {}
        now = {name: value + pushes.get(name, 0.0) for name, value in inputs.items()}
        broadcast = self.functions["broadcast"]

        def pre(name: str, value: Any) -> Any:
            shape = (self.sizes[name.removeprefix("a_")],)
            now[name] = broadcast(value, shape) + pushes.get(name, 0.0)
            return now[name]

        known = {"now": now, "before": before, "parameter": parameters, "pre": pre}
        for line in self.lines:
            value = eval(line.code, {**self.functions, "I": Identity(), **known})
            shape = (self.sizes[line.name],)
            now[line.name] = broadcast(value, shape) + pushes.get(line.name, 0.0)
        return now

    def run(
        self, parameters: Arrays, inputs: list[Arrays], before: Arrays, pushes: Arrays | None = None
    ) -> list[Arrays]:
        """The values of every step, for the inputs of each; pushes act in the first step."""
        values: list[Arrays] = []
        for i, at in enumerate(inputs):
            values.append(self.step(parameters, at, before, pushes if i == 0 else None))
            before = {name: values[-1][name] for name in before}
        return values

    def values(self, parameters: Arrays, inputs: list[Arrays], before: Arrays) -> list[Arrays]:
        """The values of every step, as plain arrays."""
        return [
            {name: duals.plain(value) for name, value in at.items()}
            for at in self.run(parameters, inputs, before)
        ]

    def jacobians(
        self, parameters: Arrays, inputs: list[Arrays], before: Arrays
    ) -> Callable[[str, str, int], Any]:
        """A function (of, wrt, lag) -> ∂ of / ∂ wrt, by one forward sweep.

        The trajectory starts `lag` steps before the step of `of`: a state is varied as the
        first step reads it, all else (and a state at lag 0) as the first step computes it.
        """
        zero = {("push", name): np.zeros_like(array) for name, array in inputs[0].items()}
        zero |= {("push", line.name): np.zeros(self.sizes[line.name]) for line in self.lines}
        zero |= {("push", name): np.zeros(self.sizes[name[2:]]) for name in self.pre_activations}
        start = {("before", name): array for name, array in before.items()}
        varied, places = duals.varied({**start, **zero})
        count = sum(place.stop - place.start for place in places.values())
        by_step = self.run(
            parameters,
            inputs,
            {name: varied["before", name] for name in before},
            {name: varied[kind, name] for kind, name in zero},
        )

        def jacobian(of: str, wrt: str, lag: int) -> Any:
            carried = wrt in before and lag > 0
            found = duals.slopes(by_step[lag - carried][of], count)
            return found[places["before" if carried else "push", wrt]].T

        return jacobian

    def by_parameter(self, parameters: Arrays, inputs: Arrays, before: Arrays, wrt: str) -> Arrays:
        """The Jacobians of all values of one step by a parameter."""
        varied, _ = duals.varied({wrt: parameters[wrt]})
        shape = np.shape(parameters[wrt])
        values = self.step({**parameters, **varied}, inputs, before)
        return {
            name: duals.slopes(value, np.size(parameters[wrt])).T.reshape(*value.shape, *shape)
            for name, value in values.items()
        }

    def gradients(
        self,
        parameters: Arrays,
        inputs: list[Arrays],
        before: Arrays,
        weights: list[Arrays],
    ) -> tuple[Arrays, list[Arrays], Arrays]:
        """The gradients of a loss by the parameters, the inputs and the first states.

        The loss is the sum over steps and names of weight · value.
        """
        given = {("parameter", name): array for name, array in parameters.items()}
        given |= {("before", name): array for name, array in before.items()}
        given |= {(t, name): array for t, at in enumerate(inputs) for name, array in at.items()}
        varied, places = duals.varied(given)
        count = sum(place.stop - place.start for place in places.values())
        values = self.run(
            {name: varied["parameter", name] for name in parameters},
            [{name: varied[t, name] for name in at} for t, at in enumerate(inputs)],
            {name: varied["before", name] for name in before},
        )
        loss = sum(
            duals.slopes(at[name], count) @ weight
            for at, given in zip(values, weights, strict=True)
            for name, weight in given.items()
        )

        def part(kind: Any, name: str, array: Any) -> Any:
            return loss[places[kind, name]].reshape(np.shape(array))

        return (
            {name: part("parameter", name, array) for name, array in parameters.items()},
            [{x: part(t, x, array) for x, array in at.items()} for t, at in enumerate(inputs)],
            {name: part("before", name, array) for name, array in before.items()},
        )


def _defined(statement: ast.stmt) -> str:
    assert isinstance(statement, ast.Assign)
    target = statement.targets[0]
    name = target.value if isinstance(target, ast.Subscript) else target
    assert isinstance(name, ast.Name)
    return name.id


def _line(name: str, statement: ast.stmt, targets: list[str]) -> _Line:
    assert isinstance(statement, ast.Assign)
    rewritten = _Rewritten(targets)
    right = rewritten.visit(statement.value)
    has_pre = isinstance(right, ast.Call) and right.func.id not in ("identity", "diag")  # type: ignore[attr-defined]
    if has_pre:
        label = ast.Constant(f"a_{name}")
        right.args[0] = ast.Call(ast.Name("pre", ast.Load()), [label, right.args[0]], [])
    code = compile(ast.fix_missing_locations(ast.Expression(right)), name, "eval")
    return _Line(name, frozenset(rewritten.reads), code, has_pre)


@dataclass(frozen=True)
class Sample:
    """Random numbers for a cell: parameters, inputs of each step, states before the first."""

    text: Text
    parameters: Arrays
    inputs: list[Arrays]
    before: Arrays

    @property
    def given(self) -> tuple[Arrays, list[Arrays], Arrays]:
        return self.parameters, self.inputs, self.before

    @cached_property
    def values(self) -> list[Arrays]:
        """All values of each step, as NumPy arrays."""
        return self.text.values(*self.given)

    def window(self, reach: int, last: int) -> Arrays:
        """The arguments of an expression at step `last` that reaches over so many steps."""
        first = last + 1 - reach
        rows = {
            name: np.stack([at[name] for at in self.inputs[first : last + 1]])
            for name in self.inputs[0]
        }
        if reach == 1:
            rows = {name: row[0] for name, row in rows.items()}
        return {**rows, **self.states_before(first)}

    def states_before(self, step: int) -> Arrays:
        at = self.values[step - 1] if step else self.before
        return {state: at[state] for state in self.before}


def sample(cell: Cell, seed: int = 0, *, n: int = 7, m: int = 3, steps: int = 1) -> Sample:
    """Random numbers for a cell of n units and m inputs, away from all kinks and poles.

    Further sizes are 4, 5, …. A normal number meets a kink with probability zero; a
    normaliser n (of sLSTM) is divided by and therefore positive.
    """
    rng = np.random.default_rng(seed)
    numbers = {"n": n, "m": m}
    sizes = {
        symbol: numbers.get(letter, min(2 + i, n))
        for i, (letter, symbol) in enumerate(cell.sizes.items())
    }

    def number(size: Any) -> int:
        return int(size.subs(sizes))

    parameters: Arrays = {}
    for name, parameter in cell.parameters.items():
        shape = tuple(map(number, parameter.shape))
        if parameter.kind == "scalar":
            parameters[name] = np.asarray(rng.uniform(0.2, 0.9))
        else:
            parameters[name] = rng.normal(size=shape) / np.sqrt(shape[-1])
    inputs = [{x: rng.normal(size=number(cell.size(x))) for x in cell.inputs} for _ in range(steps)]
    before = {name: rng.normal(size=number(cell.size(name))) for name in cell.states}
    if "n" in before:
        before["n"] = np.abs(before["n"]) + 0.5
    lengths = {name: number(cell.size(name)) for name in cell.equations}
    return Sample(Text(cell.text, lengths), parameters, inputs, before)
