"""A cell's text evaluated by JAX: values, Jacobians and gradients by automatic differentiation.

It takes the text of a cell and the sizes of its names, and nothing else of symgate: the
text is rewritten with Python's own `ast` and evaluated with `jax.numpy`, so that neither
the parser nor the linearisation can be wrong here in the same way.
"""

from __future__ import annotations

import ast
import os
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from symgate import Cell

# each function is compiled for one call: to optimise it costs more than it gains
os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
)
jax.config.update("jax_enable_x64", True)

#: Derivatives are taken in multiples of so many directions: JAX compiles an operation once a width.
WIDTH = 64

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
        return other + self.scale * jnp.eye(other.shape[0])

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __matmul__(self, other: Any) -> Any:
        return other * self.scale

    __rmatmul__ = __matmul__


#: The functions of the language; at a kink, the slope that symgate states.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "relu": lambda a: jnp.where(a > 0, a, 0.0),
    "leaky_relu": lambda a, k=0.01: jnp.where(a > 0, a, k * a),
    "elu": lambda a, k=1.0: jnp.where(a > 0, a, k * jnp.expm1(jnp.where(a > 0, 0.0, a))),
    "gelu": lambda a: jax.nn.gelu(a, approximate=False),
    "silu": lambda a: a * jax.nn.sigmoid(a),
    "softplus": jax.nn.softplus,
    "softsign": lambda a: a / (1 + jnp.abs(a)),
    "hard_sigmoid": lambda a, k=1 / 6: _between(k * a + 0.5, 0.0, 1.0),
    "hard_tanh": lambda a, k=1.0: _between(k * a, -1.0, 1.0),
    "exp": jnp.exp,
    "log": jnp.log,
    "sqrt": jnp.sqrt,
    "abs": jnp.abs,
    "sin": jnp.sin,
    "cos": jnp.cos,
    "identity": lambda a: a,
    "diag": jnp.diag,
    "stack": lambda *parts: jnp.concatenate([jnp.atleast_1d(part) for part in parts]),
}


def _between(a: Any, low: float, high: float) -> Any:
    return jnp.where(a <= low, low, jnp.where(a >= high, high, a))


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
    """The equations of a text as a JAX function of one step.

    `sizes` gives the number of components of each name that the text defines.
    """

    def __init__(self, text: str, sizes: Mapping[str, int]) -> None:
        statements = ast.parse(textwrap.dedent(text)).body
        targets = [_defined(statement) for statement in statements]
        self.sizes = dict(sizes)
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

        def pre(name: str, value: Any) -> Any:
            shape = (self.sizes[name.removeprefix("a_")],)
            now[name] = jnp.broadcast_to(value, shape) + pushes.get(name, 0.0)
            return now[name]

        known = {"now": now, "before": before, "parameter": parameters, "pre": pre}
        for line in self.lines:
            value = eval(line.code, {**FUNCTIONS, "I": Identity(), **known})
            shape = (self.sizes[line.name],)
            now[line.name] = jnp.broadcast_to(value, shape) + pushes.get(line.name, 0.0)
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

    def jacobians(
        self, parameters: Arrays, inputs: list[Arrays], before: Arrays
    ) -> Callable[[str, str, int], Any]:
        """A function (of, wrt, lag) -> ∂ of / ∂ wrt, by one forward sweep.

        The trajectory starts `lag` steps before the step of `of`: a state is varied as the
        first step reads it, all else (and a state at lag 0) as the first step computes it.
        """
        parameters, inputs, before = on_device((parameters, inputs, before))
        sizes = {("before", name): array.size for name, array in before.items()}
        sizes |= {("push", name): array.size for name, array in inputs[0].items()}
        sizes |= {("push", line.name): self.sizes[line.name] for line in self.lines}
        sizes |= {("push", name): self.sizes[name[2:]] for name in self.pre_activations}
        stops = dict(zip(sizes, np.cumsum([*sizes.values()]), strict=True))
        varied = jnp.eye(-(-sum(sizes.values()) // WIDTH) * WIDTH)

        def values(z: Any) -> list[Arrays]:
            part = {key: varied[stops[key] - size : stops[key]] @ z for key, size in sizes.items()}
            start = {name: array + part["before", name] for name, array in before.items()}
            pushes = {name: vector for (kind, name), vector in part.items() if kind == "push"}
            return self.run(parameters, inputs, start, pushes)

        by_step = jax.tree.map(np.asarray, jax.jacfwd(values)(jnp.zeros(len(varied))))

        def jacobian(of: str, wrt: str, lag: int) -> Any:
            carried = wrt in before and lag > 0
            key = ("before" if carried else "push", wrt)
            return by_step[lag - carried][of][:, stops[key] - sizes[key] : stops[key]]

        return jacobian

    def by_parameter(self, parameters: Arrays, inputs: Arrays, before: Arrays, wrt: str) -> Arrays:
        """The Jacobians of all values of one step by a parameter."""

        def values(varied: Any) -> Arrays:
            return self.step({**parameters, wrt: varied}, inputs, before)

        parameters, inputs, before = on_device((parameters, inputs, before))
        return jax.tree.map(np.asarray, jax.jacfwd(values)(parameters[wrt]))

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

        def loss(parameters: Arrays, inputs: list[Arrays], before: Arrays) -> Any:
            values = self.run(parameters, inputs, before)
            return sum(
                jnp.vdot(weight, at[name])
                for at, given in zip(values, weights, strict=True)
                for name, weight in given.items()
            )

        return jax.grad(loss, argnums=(0, 1, 2))(*on_device((parameters, inputs, before)))


def on_device(arrays: Any) -> Any:
    """The same nest of lists and dicts with JAX arrays in it."""
    return jax.tree.map(jnp.asarray, arrays)


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
        return jax.tree.map(np.asarray, self.text.run(*on_device(self.given)))

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
