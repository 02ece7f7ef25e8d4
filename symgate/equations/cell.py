"""The cell: an immutable mapping of equations, from which everything else follows."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from sympy import Add, Expr, Function, Indexed, MatrixExpr, MatrixSymbol, Mul, Symbol
from sympy.core.basic import Basic

import symgate
from symgate.algebra.activations import known_record
from symgate.algebra.elementwise import Activation
from symgate.algebra.language import language
from symgate.algebra.values import Dot, Mean, Norm
from symgate.algebra.vectors import Total, Vector, variable
from symgate.asked import asked, moment, several, table, whole, word
from symgate.equations.build import Builder
from symgate.equations.explicit import Explicit, explicit
from symgate.equations.names import classify, warn_of_capitals
from symgate.equations.ranks import Ranks
from symgate.equations.shapes import infer
from symgate.equations.source import Source
from symgate.equations.syntax import MAX_CHARACTERS, ParsedLine, read_lines, reference
from symgate.errors import EquationError, SymgateError, harmless, held
from symgate.files import unread
from symgate.instead import CELL, absent, signs

if TYPE_CHECKING:
    from symgate.equations.explicit import Explicit


@dataclass(frozen=True)
class Parameter:
    """A parameter of a cell: `kind` is matrix, vector or scalar; `shape` is symbolic."""

    name: str
    kind: str
    shape: tuple[Expr, ...]

    @property
    def count(self) -> Expr:
        """How many numbers it holds."""
        return Mul(*self.shape)

    @property
    def symbol(self) -> Expr | MatrixExpr:
        """The parameter as it stands in the equations."""
        if self.kind == "matrix":
            return MatrixSymbol(self.name, *self.shape)
        return (Vector if self.kind == "vector" else Symbol)(self.name, real=True)


@signs("a cell")
@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Cell:
    """A recurrent cell: its equations, and what each name in them is.

    Make one with `symgate.cell` (from the zoo), `Cell.from_text` or `Cell.from_file`.
    Cells are immutable, hashable and picklable; two cells are equal when their equations
    are. `str(cell)` prints equations that read back to an equal cell.

    >>> cell = Cell.from_text("h[t] = tanh(W @ x[t] + U @ h[t-1] + b)")
    >>> cell.states, cell.inputs, cell.gates
    (('h',), ('x',), ())
    >>> print(cell)
    h[t] = tanh(W @ x[t] + U @ h[t-1] + b)
    >>> cell.parameter_count()
    m*n + n**2 + n
    """

    name: str
    title: str
    roles: Mapping[str, str]
    text: str
    equations: Mapping[str, Expr]
    orders: Mapping[str, Mapping[Basic, int]]
    states: tuple[str, ...]
    inputs: tuple[str, ...]
    gates: tuple[str, ...]
    outputs: tuple[str, ...]
    output: str  # the state that the cell gives out: what every verb takes by default
    parameters: Mapping[str, Parameter]
    shapes: Mapping[str, tuple[Expr, ...]]
    sizes: Mapping[str, Symbol]  # the letters of the sizes: n units, m inputs, and so on
    made: dict[Any, Any] = field(init=False, default_factory=dict)  # what `once_a_cell` keeps

    def __new__(cls, *text: object, **fields: object) -> Self:
        if text or not fields:
            raise SymgateError("sg.Cell.from_text(text) reads a cell, sg.cell(name) finds one")
        return super().__new__(cls)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(absent("a cell", name, CELL, dir(self)))

    @asked(name=word)
    def role(self, name: str) -> str:
        """What a gate or state is called: the first words of what it does.

        >>> import symgate as sg
        >>> sg.cell("gru").roles["z"], sg.cell("gru").role("z")
        ('update gate: how much of the old state is kept', 'update gate')
        """
        return " ".join(re.split("[:,(;]", self.roles.get(name, ""), maxsplit=1)[0].split())

    @classmethod
    def from_text(
        cls,
        text: str,
        name: str = "cell",
        *,
        title: str = "",
        roles: Mapping[str, str] | None = None,
        outputs: Sequence[str] = (),
    ) -> Cell:
        """Read a cell from its equations, one a line.

        `roles` says in words what gates and states do; derivations and `show` print it.
        `outputs` names the output of each layer, of cells one above the other.
        A fault in the text raises an `EquationError` with line, column and mend; what is
        legal and seldom meant, as `W * x[t]`, an `EquationWarning`.
        """
        if roles is not None:
            table(word)("roles", roles)
        outputs = several(word)("outputs", outputs)
        cell = cell_of_text(text, name, title=title, roles=roles, outputs=outputs)
        for output in cell.outputs:
            held(f"a state of {cell.name} named", cell.shapes, output)
        warn_of_capitals(text, {p.name for p in cell.parameters.values() if p.kind == "vector"})
        return cell

    @classmethod
    @asked()
    def from_file(cls, path: str | Path, name: str | None = None) -> Cell:
        """Read a cell from a file of equations; its name is the file's unless given."""
        path = Path(path)
        try:
            with path.open(encoding="utf-8-sig") as file:
                text = file.read(MAX_CHARACTERS + 1)
            return cls.from_text(text, name=name or path.stem)
        except OSError as error:
            raise unread(path, error) from None
        except UnicodeDecodeError:
            raise EquationError("this is not a text in UTF-8", file=str(path)) from None
        except EquationError as error:
            raise error.in_file(str(path)) from None

    @classmethod
    def from_latex(cls, latex: str, name: str = "cell") -> Cell:
        r"""Read a cell from its equations in LaTeX, or in Unicode, as people write them.

        >>> print(Cell.from_latex(r"h_t = \tanh(W_{hh} h_{t-1} + W_{xh} x_t + b_h)"))
        h[t] = tanh(W_hh @ h[t-1] + W_xh @ x[t] + b_h)

        Formulas that define no cell, or more than one, raise an `EquationError`. What is
        misprinted, `symgate.read` says.
        """
        return symgate.cell_of_latex(latex, name)

    def size(self, name: str) -> Expr:
        """How many numbers a state, gate or input holds, in the letters of the sizes."""
        return Mul(*self._held(self.shapes, name))

    @asked(lag=moment)
    def variable(self, name: str, lag: int = 0) -> Indexed:
        """A state, gate or input at t - lag, as it stands in the equations."""
        return variable(name, lag, len(self._held(self.shapes, name)))

    @asked()
    def parameter_count(self, **sizes: int) -> Expr | int:
        """How many numbers the parameters hold, symbolic or for given sizes: `hidden` (or n),
        `input` (or m), and any other by its letter.

        >>> import symgate as sg
        >>> sg.cell("gru").parameter_count(hidden=128, input=64)
        74112
        """
        sizes = {{"hidden": "n", "input": "m"}.get(name, name): v for name, v in sizes.items()}
        count = Add(*(parameter.count for parameter in self.parameters.values()))
        unknown = set(sizes) - set(self.sizes)
        if unknown:
            known = ", ".join(self.sizes)
            raise SymgateError(f"{sorted(unknown)[0]!r} is not a size of {self.name}: {known}")
        for letter, value in sizes.items():
            whole()(f"the size {letter}", value)
        result = count.subs({self.sizes[letter]: value for letter, value in sizes.items()})
        return int(result) if result.is_Integer and sizes else result.expand()

    @asked(n=None, m=None)
    def explicit(self, n: int, m: int | None = None, **sizes: int) -> Explicit:
        """The component form as plain SymPy matrices, for n units and m inputs.

        Other sizes are n where they are not given.
        """
        return explicit(self, {"n": n, **({} if m is None else {"m": m}), **sizes})

    @cached_property
    def _key(self) -> frozenset[tuple[str, Expr]]:
        """The equations, whatever their order and the letters of the sizes, which follow."""
        sizes = dict.fromkeys(self.sizes.values(), Symbol("size", integer=True, positive=True))
        return frozenset((name, e.xreplace(sizes)) for name, e in self.equations.items())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cell) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __reduce__(self) -> tuple[Any, ...]:
        held = (self.text, self.name, self.title, tuple(self.roles.items()), self.outputs)
        return _from_text, (*held, self.registered)

    @property
    def registered(self) -> tuple[Activation, ...]:
        """The functions in it that a user registered; another process has to know them too."""
        functions = {f for e in self.equations.values() for f in e.atoms(Function)}
        found = {r.name: r for f in functions if (r := known_record(f)) and r.formula}
        return tuple(found[name] for name in sorted(found))

    def __getitem__(self, name: str) -> None:
        raise TypeError(f"a cell is not indexed; take cell.equations[{name!r}], or .equation(…)")

    def equation(self, name: str) -> str:
        """One equation in the language."""
        written = language(self._held(self.equations, name), self.orders[name])
        return f"{name}[t] = {written}"

    def _held(self, table: Mapping[str, Any], name: str) -> Any:
        """What a table of this cell holds under a name."""
        return held(f"a value of {self.name} named", table, name)

    def __str__(self) -> str:
        """The equations; a vector that nothing in them tells from a number is marked by I @."""
        lines = {name: self.equation(name) for name in self.equations}
        if any(e.has(Dot, Mean, Norm, Total) for e in self.equations.values()):
            found = Ranks(read_lines(Source("\n".join(lines.values()))))
            unlike = [n for n in lines if found[n] < len(self.shapes[n])]
            a_name = re.compile(rf"\b({'|'.join(unlike)})\[t(-1)?\](?! =)")
            for name in unlike:
                lines[name] = a_name.sub(r"(I @ \g<0>)", lines[name], count=1)
        return "\n".join(lines.values())

    def __repr__(self) -> str:
        gates = f"; gates {', '.join(self.gates)}" if self.gates else ""
        return f"<Cell {self.name}: states {', '.join(self.states)}{gates}>"

    def _repr_latex_(self) -> str:
        return f"$${symgate.latex(self)}$$"

    def _repr_html_(self) -> str:
        return symgate.cell_html(self)


def cell_of_text(
    text: str,
    name: str = "cell",
    *,
    title: str = "",
    roles: Mapping[str, str] | None = None,
    outputs: Sequence[str] = (),
) -> Cell:
    """A cell from its equations, which nobody has just typed: without a word on slips."""
    if not isinstance(text, str):
        raise EquationError(f"equations must be a text, not {type(text).__name__}")
    source = Source(text)
    lines = _sorted(source, read_lines(source))
    names = classify(source, lines)
    first, output = _first_and_output(lines, names.states)
    shapes = infer(source, lines, names, outputs[0] if outputs else first)
    builder = Builder(source, names, shapes)
    built = {line.name: builder.equation(line) for line in lines}
    for role in roles or ():
        if role not in names.targets:
            raise SymgateError(f"a role is given for {role!r}, which no equation defines")
    parameters = {}
    for parameter, kind in names.kinds.items():
        shape: tuple[Expr, ...] = ()
        if kind == "matrix":
            shape = shapes.matrices[parameter]
        elif kind == "vector":
            shape = shapes.values[parameter]
        parameters[parameter] = Parameter(parameter, kind, shape)
    variables = [*names.targets, *names.inputs]
    return Cell(
        name=harmless(str(name)),
        title=harmless(title or str(name)),
        roles=MappingProxyType(dict(roles or {})),
        text=text,
        equations=MappingProxyType({n: expression for n, (expression, _) in built.items()}),
        orders=MappingProxyType({n: order for n, (_, order) in built.items()}),
        states=tuple(names.states),
        inputs=tuple(names.inputs),
        gates=tuple(n for n in built if n not in names.states),
        outputs=tuple(outputs),
        output=output,
        parameters=MappingProxyType(parameters),
        shapes=MappingProxyType({n: shapes.values[n] for n in variables}),
        sizes=MappingProxyType(shapes.sizes),
    )


@lru_cache(maxsize=64)
def _from_text(
    text: str,
    name: str,
    title: str,
    roles: tuple[tuple[str, str], ...],
    outputs: tuple[str, ...],
    registered: tuple[Activation, ...],
) -> Cell:
    """A cell that was pickled. A worker gets it with each of its tasks, and keeps what was
    made of it for the first."""
    return cell_of_text(text, name, title=title, roles=dict(roles), outputs=outputs)


def _sorted(source: Source, lines: tuple[ParsedLine, ...]) -> tuple[ParsedLine, ...]:
    """Sort equations so that each follows those it reads; a cycle is an error."""
    by_name = {line.name: line for line in lines}
    needs = {line.name: _reads(line, by_name) for line in lines}
    done: dict[str, ParsedLine] = {}
    while len(done) < len(lines):
        ready = next((n for n in by_name if n not in done and needs[n] <= done.keys()), None)
        if ready is None:
            raise _cycle(source, by_name, needs, done)
        done[ready] = by_name[ready]
    return tuple(done.values())


def _first_and_output(lines: tuple[ParsedLine, ...], states: Sequence[str]) -> tuple[str, str]:
    """The state that has n units, and the one that a cell gives out: h is both; else the first
    by name of those that the fewest, and that the most, others precede within a step."""
    if "h" in states:
        return "h", "h"
    before: dict[str, set[str]] = {}  # the states that each value reads at the same step
    for line in lines:
        reads = _reads(line, before)
        before[line.name] = reads.intersection(states).union(*(before[name] for name in reads))
    names = sorted(states)
    found = [len(before[name]) for name in names]
    return names[found.index(min(found))], names[found.index(max(found))]


def _reads(line: ParsedLine, by_name: Collection[str]) -> set[str]:
    found = (reference(n) for n in ast.walk(line.right) if isinstance(n, ast.Subscript))
    return {name for name, lag in filter(None, found) if lag == 0 and name in by_name}


def _cycle(
    source: Source,
    by_name: Mapping[str, ParsedLine],
    needs: Mapping[str, set[str]],
    done: Mapping[str, ParsedLine],
) -> EquationError:
    name = next(n for n in by_name if n not in done)
    path = [name]
    while True:
        name = next(n for n in by_name if n in needs[name] and n not in done)
        if name in path:
            path = [*path[path.index(name) :], name]
            break
        path.append(name)
    if len(path) == 2:
        message = (
            f"{name}[t] is defined by itself; the earlier value is {name}[t-1], and an "
            f"input gets no equation"
        )
    else:
        message = (
            "these equations need each other in the same step: "
            + " → ".join(path)
            + "; one of them must use a value at [t-1]"
        )
    return source.error(by_name[path[0]].target, message)
