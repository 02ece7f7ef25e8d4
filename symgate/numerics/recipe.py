"""The element-wise work of a step as a list of instructions, found once for a cell.

It is a semantics of `fold`: what an expression means is the register that holds it, a number,
or a scalar parameter's name. Arrays come later (forward.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sympy import Expr, Indexed, Rational

from symgate.algebra.fold import Semantics, fold, function_name
from symgate.algebra.structure import leaves
from symgate.algebra.vectors import MatVec, as_product, name_of, rank, time_of, variable
from symgate.equations.cell import Cell
from symgate.equations.zoo import once_a_cell
from symgate.linear.linearise import linearise
from symgate.numerics.schedule import ActivationBlock, ProductBlock, schedule
from symgate.numerics.tape import OPERATIONS


class NotForTape(Exception):
    """Something that the compiled engine has no instruction for."""


@dataclass(frozen=True)
class Leaf:
    """What is read: `kind` is parameter, now, before or product, or read where it is all one."""

    kind: str
    name: str
    expression: Expr
    size: Expr


@dataclass(frozen=True, eq=False)
class Register:
    """Holds a value of a step: one that is read, or one that an instruction makes."""

    leaf: Leaf | None = None


@dataclass(frozen=True)
class Minus:
    """The negative of a register, not yet worked out: a sum subtracts it."""

    of: Register


Value = float | Register | Minus


@dataclass
class Do:
    """One instruction; `out` is a register, or the node whose place it writes to."""

    name: str
    out: Register | str
    parts: tuple[float | Register, ...]


@dataclass
class Instructions:
    """The instructions of one operation of the schedule; `source` is what an activation acts
    on, in place, or what a product multiplies."""

    instructions: list[Do] = field(default_factory=list)
    source: Register | None = None


@once_a_cell
def recipe(cell: Cell) -> dict[int, Instructions]:
    """The instructions of each operation of a cell's schedule, by its place."""
    return _Recipe(cell).made


@lru_cache(maxsize=256)
def worked_out(expressions: tuple[Expr, ...]) -> tuple[Instructions, tuple[float | Register, ...]]:
    """The instructions for element-wise expressions, and where their values are."""
    made = _InstructionWriter()
    for e in expressions:
        made.read(e)
    return made.block, tuple(made.plain(fold(e, made)) for e in expressions)


def is_for_tape(expressions: tuple[Expr, ...]) -> bool:
    """Whether the compiled engine can work out all of some expressions."""
    try:
        worked_out(expressions)
    except NotForTape:
        return False
    return True


class _InstructionWriter(Semantics):
    """Writes what an expression means as instructions into `block`."""

    known: dict[Any, Any]

    def __init__(self) -> None:
        self.known, self.block = {}, Instructions()

    def leaf(self, e: Expr) -> Register:
        """A register for something that is read as it is."""
        if rank(e) > 1 or (rank(e) == 0 and not e.is_Symbol):
            raise NotForTape
        return Register(Leaf("read", "", e, e))

    def variable(self, e: Any) -> Register:
        return self.leaf(e)

    parameter = variable

    def read(self, e: Expr) -> None:
        """The variables, parameters and products of an expression are read, not worked out."""
        for leaf in leaves(e, Indexed, MatVec):
            if leaf not in self.known:
                self.known[leaf] = self.leaf(leaf)

    def number(self, e: Expr) -> float:
        return float(e.p) / float(e.q) if isinstance(e, Rational) else float(e)

    def add(self, parts: Sequence[Value], e: Any) -> Value:
        plus = [p for p in parts if not isinstance(p, Minus)]
        value = self.chained("add", plus) if plus else 0.0
        for part in parts:
            if isinstance(part, Minus):
                value = self.do("sub", [value, part.of])
        return value

    def multiply(self, parts: Sequence[Value], e: Any) -> Value:
        rest = [p for p in parts if p != -1.0]
        value = self.chained("mul", rest) if rest else 1.0
        if (len(parts) - len(rest)) % 2 == 0:
            return value
        return Minus(value) if isinstance(value, Register) else self.do("neg", [value])

    def chained(self, name: str, parts: Sequence[Value]) -> Value:
        value, *rest = sorted(parts, key=lambda p: isinstance(p, float))
        for part in rest:
            value = self.do(name, [value, part])
        return value

    def power(self, base: Value, exponent: Value, e: Any) -> Value:
        if not isinstance(exponent, float) or not exponent.is_integer() or abs(exponent) > 16:
            return self.do("sqrt", [base]) if exponent == 0.5 else self.do("pow", [base, exponent])
        if exponent < 0:
            return self.do("div", [1.0, self.power(base, -exponent, e)])
        if exponent == 1:
            return base
        half = self.power(base, exponent // 2, e)
        square = self.do("mul", [half, half])
        return self.do("mul", [square, base]) if exponent % 2 else square

    def apply(self, arguments: Sequence[Value], e: Any) -> Value:
        name = function_name(e)
        if name in OPERATIONS:
            return self.do(name, arguments)
        value: Value = super().apply(arguments, e)
        return value

    def plain(self, value: Value) -> float | Register:
        return self.do("neg", [value.of]) if isinstance(value, Minus) else value

    def do(self, name: str, parts: Sequence[Value]) -> Register:
        out = Register()
        self.block.instructions.append(Do(name, out, tuple(self.plain(p) for p in parts)))
        return out


class _Recipe(_InstructionWriter):
    """The instructions of a whole step."""

    def __init__(self, cell: Cell) -> None:
        super().__init__()
        self.lin = linearise(cell)
        self.made: dict[int, Instructions] = {}
        plan = schedule(cell)
        if any(len(shape) != 1 for shape in cell.shapes.values()):
            raise NotForTape
        for place, op in enumerate(plan.operations):
            self.block = self.made[place] = Instructions()
            if isinstance(op, ProductBlock):
                source = self.plain(self.known.get(op.source) or self.leaf(op.source))
                if isinstance(source, float):
                    raise NotForTape
                self.block.source = source
                continue
            if isinstance(op, ActivationBlock):
                self.block.source = source = Register()
                rest = [self.number(a) for a in op.function.args[1:]]
                self.write("", self.apply([source, *rest], op.function))
                continue
            for name, expression in zip(op.nodes, op.expressions, strict=True):
                self.read(expression)
                value = fold(expression, self)
                if name in plan.kept:
                    self.write(name, value)
                    value = self.leaf(variable(name))
                self.known[variable(name)] = value

    def leaf(self, e: Expr) -> Register:
        if rank(e) > 1 or (rank(e) == 0 and not e.is_Symbol):
            raise NotForTape
        if e.is_Symbol:
            return Register(Leaf("parameter", name_of(e), e, e))
        if (product := as_product(e)) is not None:
            return Register(Leaf("product", "", e, product.matrix.rows))
        name = name_of(e)
        kind = "before" if time_of(e) != 0 else "now"
        return Register(Leaf(kind, name, e, self.lin.size(name)))

    def write(self, name: str, value: Value) -> None:
        """Bring a value to a node's place; what has just been made goes there at once."""
        done = self.block.instructions
        if isinstance(value, Register) and done and done[-1].out is value:
            done[-1].out = name
            held = self.block.source if not name else None
            for key, known in self.known.items():
                if known is value:
                    self.known[key] = held or self.leaf(variable(name))
        elif value is not self.block.source:
            done.append(Do("copy", name, (self.plain(value),)))
