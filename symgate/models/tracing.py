"""`trace`: a recurrent cell that a user wrote in PyTorch, as equations with its weights.

torch.fx follows one step of the module symbolically. Each assignment of its source becomes an
equation of that name; what is only a matrix product stays where it is used.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol, solve

from symgate.asked import asked, is_number
from symgate.equations.cell import Cell, cell_of_text
from symgate.errors import SymgateError
from symgate.models.assignments import names_of, place_of
from symgate.models.model import model
from symgate.models.operations import FUNCTIONS, OPERATIONS
from symgate.models.resting import resting
from symgate.models.traced import (
    Affine,
    TracedCall,
    TracedNumber,
    TracedWriter,
    Uncut,
    Variable,
    Weights,
    is_plain,
    rows,
)
from symgate.numerics.arrays import as_array, number_of
from symgate.numerics.simulate import simulate

Array = NDArray[Any]

#: A name in an equation, with its time.
TOKEN = re.compile(r"[A-Za-z_]\w*(?:\[t(?:-1)?\])?")

#: Cells of PyTorch itself, which are those of the zoo.
CELLS = ("RNNCell", "GRUCell", "LSTMCell")

#: Modules that do nothing when a network runs.
PASSING = ("Identity", "Dropout")


@asked()
def trace(
    module: Any, inputs: Sequence[str | Sequence[str]] = ("x", "h")
) -> tuple[Cell, dict[str, Array]]:
    """One step of a module of PyTorch as a cell, and its weights by the cell's parameters.

    `inputs` names what the module's forward takes: the first is the input of the step, the
    others are states, in the order in which forward returns their next values; a state that
    comes as a tuple is a tuple here, ("x", ("h", "c")). Where forward returns more, its last
    values are the states. The equations are named as the module's source names its variables,
    and are replayed against the module before they are given out. Operations that no equation
    has are refused, with their line.
    """
    if not any(k.__module__.startswith("torch") for k in type(module).__mro__):
        raise SymgateError(f"trace takes a module of PyTorch, not {type(module).__name__}")
    names, flat = (inputs, tuple(_flat(inputs))) if isinstance(inputs, tuple | list) else ((), ())
    if len(flat) < 2 or len(set(flat)) < len(flat) or not all(isinstance(n, str) for n in flat):
        raise SymgateError(
            f'inputs must name the input and the states, as in ("x", "h"), not {inputs!r}'
        )
    graph = _TracedGraph(module, names, flat[:1], flat[1:])
    if type(module).__name__ in CELLS:
        graph.zoo_cell(module, [graph.placeholder() for _ in names], list(flat[1:]))
    else:
        graph.run(_graph(module))
    cell = cell_of_text("\n".join(graph.lines), type(module).__name__.lower())
    params = {name: graph.writer.params[name] for name in cell.parameters}
    _replayed(module, cell, params, names)
    return cell, params


def _flat(inputs: Any) -> list[Any]:
    return [n for part in inputs for n in ([part] if isinstance(part, str) else _flat(part))]


def _graph(module: Any) -> Any:
    fx = import_module("torch.fx")
    tracer = fx.Tracer()
    tracer.record_stack_traces = True
    try:
        with resting(module):
            return tracer.trace(module)
    except Exception as error:  # torch.fx raises many kinds
        raise SymgateError(
            f"{type(module).__name__} cannot be followed symbolically: {error}; a step that "
            f"branches on values is no set of equations. sg.model reads nn.LSTM, nn.GRU, nn.RNN "
            f"and their cells"
        ) from None


class _TracedGraph:
    def __init__(
        self, module: Any, names: Sequence[Any], x: tuple[str, ...], states: tuple[str, ...]
    ) -> None:
        self.module, self.names, self.states = module, list(names), states
        self.writer = TracedWriter(x)
        self.x = x
        self.values: dict[Any, Any] = {}
        self.lines: list[str] = []
        self.taken: set[str] = {*x, *states, "t", "I", "diag"}
        self.final: dict[Any, str] = {}
        self.outputs: list[Any] = []

    def run(self, graph: Any) -> None:
        nodes = list(graph.nodes)
        self.final = names_of(nodes)
        outputs = _outputs(next(n for n in nodes if n.op == "output"), self.states)
        self.outputs = outputs
        for node in nodes:
            if node.op == "output":
                break
            value = self.value(node)
            if node in self.final and not is_plain(value):
                value = self.equation(node, value, outputs)
            elif node in self.final:
                self.writer.hints[id(value)] = self.final[node]
            self.values[node] = value
        for state, node in zip(self.states, outputs, strict=True):
            if f"{state}[t] = " not in "\n".join(self.lines):
                self.lines.append(f"{state}[t] = {self.writer.text(self.values[node], state)}")

    def equation(self, node: Any, value: Any, outputs: Sequence[Any]) -> Any:
        """Write an assignment as an equation; a new state has the state's name."""
        if node in outputs:
            name = self.states[list(outputs).index(node)]
            self.taken.add(name)
        else:
            name = self.free(self.final[node])
        self.lines.append(f"{name}[t] = {self.writer.text(value, name)}")
        return Variable(f"{name}[t]", rows(value))

    def free(self, wanted: str) -> str:
        """A name that no equation has as yet: h, then h_2."""
        name, count = wanted, 2
        while name in self.taken:
            name, count = f"{wanted}_{count}", count + 1
        self.taken.add(name)
        return name

    def zoo_cell(self, inner: Any, args: list[Any], states: list[str]) -> Any:
        """The equations of a cell of PyTorch, from the zoo, under free names; `states` are
        those that it gives out, "" for one that is none of the module's."""
        layer = model(inner).layers[0]
        cell = layer.cell
        before = args[1] if isinstance(args[1], tuple) else (args[1],)
        own = (cell.output, *(s for s in cell.states if s != cell.output))
        if len(own) != len(states):
            raise SymgateError(f"the module has {len(own)} states, and inputs names {len(states)}")
        names = dict(zip(own, states, strict=True))
        new = {n: names.get(n) or self.free(n) for n in cell.equations}
        known = self.writer.params
        ends = ("", *(f"_{k}" for k in range(2, 100)))
        end = next(e for e in ends if known.keys().isdisjoint(f"{n}{e}" for n in cell.parameters))
        known |= {f"{name}{end}": a for name, a in layer.params.items()}
        told = {f"{s}[t-1]": self.writer.text(v, s, True) for s, v in zip(own, before, strict=True)}
        told |= {f"{x}[t]": self.writer.text(args[0], new[own[0]], True) for x in cell.inputs}
        told |= {f"{n}[t]": f"{new[n]}[t]" for n in cell.equations}
        told |= {name: f"{name}{end}" for name in cell.parameters}
        for line in str(cell).splitlines():
            self.lines.append(TOKEN.sub(lambda m: told.get(m[0], m[0]), line))
        found = tuple(Variable(f"{new[s]}[t]", layer.hidden) for s in own)
        return found if len(found) > 1 else found[0]

    def given_out(self, node: Any, count: int) -> list[str]:
        """The states that the values of a node are, or what the source calls them, or ""."""
        nodes = [node] if count == 1 else [None] * count
        for user in node.users:
            if count > 1 and getattr(user.target, "__name__", "") == "getitem":
                nodes[user.args[1]] = user
        states = dict(zip(self.outputs, self.states, strict=True))
        named = {n: self.free(self.final[n]) for n in nodes if n in self.final and n not in states}
        return [states.get(n) or named.get(n, "") for n in nodes]

    def value(self, node: Any) -> Any:
        try:
            return self.known(node)
        except (Uncut, KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
            if isinstance(error, SymgateError):
                raise
            raise self.refused(node) from None

    def refused(self, node: Any) -> SymgateError:
        what = getattr(node.target, "__name__", str(node.target))
        if node.op == "call_module":
            what = type(self.module.get_submodule(node.target)).__name__
        place = place_of(node)
        where = f" ({place})" if place else ""
        return SymgateError(
            f"{type(self.module).__name__} uses {what}{where}, which is not traced here; known are "
            f"Linear, {', '.join(CELLS)}, matrix products, chunk, split, cat, + - * /, powers "
            f"and {', '.join(sorted(FUNCTIONS))}"
        )

    def known(self, node: Any) -> Any:
        if node.op == "placeholder":
            return self.placeholder()
        if node.op == "get_attr":
            found = self.module
            for part in node.target.split("."):
                found = getattr(found, part)
            return Weights(as_array(node.target, found).astype(np.float64))
        args = [self.argument(a) for a in node.args]
        if node.op == "call_module":
            return self.submodule(self.module.get_submodule(node.target), args, node)
        name = getattr(node.target, "__name__", str(node.target))
        options = {k: self.argument(v) for k, v in node.kwargs.items()}
        return self.operation(name.strip("_"), args, options, node)

    def placeholder(self) -> Any:
        name = self.names.pop(0)

        def variable(n: Any) -> Any:
            if not isinstance(n, str):
                return tuple(variable(part) for part in n)
            return Variable(f"{n}[t]" if n in self.x else f"{n}[t-1]")

        return variable(name)

    def argument(self, a: Any) -> Any:
        if isinstance(a, list | tuple):
            return type(a)(self.argument(part) for part in a)
        if is_number(a):
            return TracedNumber(float(a))
        return self.values.get(a, a)

    def submodule(self, inner: Any, args: list[Any], node: Any) -> Any:
        kind = type(inner).__name__
        if kind == "Linear":
            bias = None if inner.bias is None else as_array("bias", inner.bias).astype(np.float64)
            return Affine(((as_array("weight", inner.weight).astype(np.float64), args[0]),), bias)
        if kind in PASSING:
            return args[0]
        if kind in CELLS:
            return self.zoo_cell(inner, args, self.given_out(node, 2 if kind == "LSTMCell" else 1))
        return self.operation(kind.lower(), args, {}, node)

    def operation(self, name: str, args: list[Any], options: dict[str, Any], node: Any) -> Any:
        if name in FUNCTIONS:
            return TracedCall(f"{FUNCTIONS[name]}({{}})", (args[0],))
        return OPERATIONS[name](args, options)


def _outputs(node: Any, states: tuple[str, ...]) -> list[Any]:
    """The nodes of the states' next values: the last that forward returns."""
    found: list[Any] = []

    def collect(value: Any) -> None:
        if isinstance(value, list | tuple):
            for part in value:
                collect(part)
        elif isinstance(value, dict):
            for part in value.values():
                collect(part)
        else:
            found.append(value)

    collect(node.args[0])
    if len(found) < len(states) or not all(hasattr(n, "op") for n in found):
        raise SymgateError(
            f"forward returns {len(found)} values and there are {len(states)} states, "
            f"{', '.join(states)}; name what it takes with inputs=(…)"
        )
    return found[-len(states) :]


def _sizes(cell: Cell, params: dict[str, Array]) -> dict[Symbol, int]:
    """The numbers of the sizes: a matrix of [x, h] has m + n columns, and n is known."""
    found: dict[Symbol, int] = {}
    pairs = [
        pair
        for name, array in params.items()
        for pair in zip(cell.parameters[name].shape, array.shape, strict=True)
    ]
    for size, number in sorted(pairs, key=lambda p: len(p[0].free_symbols)):
        rest = number - size.subs(found)
        if len(rest.free_symbols) == 1:
            symbol = next(iter(rest.free_symbols))
            found[symbol] = int(solve(rest, symbol)[0])
    return found


def _tensors(found: Any) -> list[Any]:
    """What a step gives out, out of its tuples."""
    if isinstance(found, list | tuple):
        return [tensor for part in found for tensor in _tensors(part)]
    return [found]


def _replayed(module: Any, cell: Cell, params: dict[str, Array], names: Sequence[Any]) -> None:
    """One step of the module and of the cell, on the same numbers."""
    torch = import_module("torch")
    sizes = _sizes(cell, params)
    rng = np.random.default_rng(0)
    flat = _flat(names)
    values = {n: rng.normal(size=(2, int(number_of(cell.size(n), sizes)))) for n in flat}
    kind = next((p.dtype for p in module.parameters()), torch.float64)

    def given(n: Any) -> Any:
        if not isinstance(n, str):
            return tuple(given(part) for part in n)
        return torch.tensor(values[n], dtype=kind)

    with torch.no_grad(), resting(module):
        found: Any = module(*(given(n) for n in names))
    tensors = _tensors(found)[-len(flat[1:]) :]
    if len(tensors) != len(flat) - 1:
        raise SymgateError(
            f"the module gives {len(tensors)} values, and inputs names {len(flat) - 1} states"
        )
    x = {n: values[n][None] for n in cell.inputs}
    run = simulate(cell, params, x, {n: values[n] for n in flat[1:]})
    tolerance = 1e-10 if kind == torch.float64 else 1e-3
    for state, tensor in zip(flat[1:], tensors, strict=True):
        off = float(np.abs(run[state][0] - as_array(state, tensor)).max())
        if off > tolerance:
            raise SymgateError(
                f"the traced equations give another {state} than the module, off by {off:.2g}; "
                f"please report this module"
            )
