"""The zoo by what its cells are: which of them some lines define, by their polynomials."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache

from symgate.algebra.names import is_scalar_name
from symgate.cells import entries
from symgate.parsing import parsed
from symgate.reading.mending.polynomials import (
    Polynomial,
    TooLong,
    frozen,
    polynomial,
    unmarked,
    without_biases,
)
from symgate.reading.names import Reference
from symgate.reading.structure import complement
from symgate.reading.terms import (
    AnyTerm,
    Apply,
    Call,
    Cat,
    Num,
    Par,
    Plus,
    Quot,
    Raised,
    Times,
    Var,
    mapped,
    subterms,
)

#: The lines of a cell: what each name is, at step t or without a step.
Lines = Mapping[str, AnyTerm]
#: The cells that people mean to write.
MEANT = {
    "lstm",
    "lstm-peephole",
    "lstm-coupled",
    "lstm-no-output-activation",
    "gru",
    "gru-z-takes-new",
    "gru-reset-after",
    "mgu",
}
#: Functions whose values weigh others: which of them stands where tells cells apart.
WEIGHING = ("sigmoid", "hard_sigmoid", "exp")


def known(lines: Lines) -> str:
    """The cell of the zoo that some lines define, or "" where it is none."""
    lines = _under_one_name(lines)
    for coarse in (False, True):
        own = Outline(lines, coarse)
        if coarse and len(own.order) < 2:
            continue
        found = _book(coarse, len(own.order)).get(own.signature, ())
        name = next((name for name, other in found if other.uses == own.uses), "")
        if name:
            return name
    return ""


def _under_one_name(lines: Lines) -> Lines:
    """Without lines that only give another name, as h = c."""
    same = {
        name: term.name
        for name, term in lines.items()
        if isinstance(term, Var) and term.time != -1 and term.name in lines and term.name != name
    }
    if not same or set(same.values()) & same.keys():
        return lines

    def put(term: AnyTerm) -> AnyTerm:
        return replace(term, name=same.get(term.name, term.name)) if isinstance(term, Var) else term

    return {name: mapped(term, put) for name, term in lines.items() if name not in same}


class Outline:
    """What a cell is, without its names: equal for equal cells; "" for one that does not close."""

    def __init__(self, lines: Lines, coarse: bool = False) -> None:
        self.lines, self.coarse = lines, coarse
        reads = {name: [v for v in subterms(t) if isinstance(v, Var)] for name, t in lines.items()}
        every = [v for own in reads.values() for v in own]
        self.states = {v.name for v in every if v.time == -1 and v.name in lines}
        now = {
            v.name for name, own in reads.items() for v in own if v.time != -1 and v.name != name
        }
        heads = [name for name in lines if name in self.states or name not in now]
        marks = {v.name: "x" for v in every if v.name not in lines}
        self.names, self.order = marks, heads

    @cached_property
    def signature(self) -> str:
        """The lines of the states under names that every cell shares."""
        try:
            blank = {**self.names, **dict.fromkeys(self.states, "s")}
            first = {n: self.written_out(n, {**blank, n: "own"}) for n in self.order}
            self.order = sorted(self.order, key=lambda n: (first[n], n))
            self.names |= {n: f"s{i}" for i, n in enumerate(self.order)}
            return "; ".join(self.written_out(n, self.names) for n in self.order)
        except (TooLong, RecursionError):
            return ""

    @cached_property
    def uses(self) -> tuple[str, ...]:
        """Where each gate stands that stands in two places or more."""
        found = []
        for name, term in self.lines.items():
            if isinstance(term, Call) and term.function in WEIGHING and name not in self.states:
                shown = "; ".join(self.written_out(n, self.names, name) for n in self.order)
                found.append(shown if shown.count("@") > 1 else "")
        return tuple(sorted(filter(None, found)))

    def written_out(self, name: str, names: Mapping[str, str], marked: str = "") -> str:
        """One line with its gates written out but the marked one, under other names."""
        opened: list[str] = []

        def value(var: Var) -> Polynomial:
            shown = names.get(var.name, var.name)
            if var.time == -1:
                return {(f"{shown}-",): 1.0}
            if var.name == marked:
                return {("@",): 1.0}
            if var.name in self.states or var.name not in self.lines:
                return {(shown,): 1.0}
            if var.name in opened or len(opened) > 12:
                raise TooLong
            opened.append(var.name)
            found = without_biases(polynomial(self.lines[var.name], value, self.coarse))
            opened.pop()
            return found

        return unmarked(frozen(without_biases(polynomial(self.lines[name], value, self.coarse))))


def _plainest(item: tuple[str, object]) -> tuple[bool, int]:
    return item[0].endswith("-concat"), len(item[0])


@lru_cache(maxsize=1)
def _zoo() -> Sequence[tuple[str, Lines]]:
    """The zoo's cells, then each with its gates turned round."""
    shown = [(name, of_text(e.equations)) for name, e in sorted(entries().items(), key=_plainest)]
    return [*shown, *((name, other) for name, lines in shown for other in _turned(lines))]


def forms() -> Iterator[Lines]:
    """The lines of the zoo's cells, also with their gates turned round."""
    return (lines for _, lines in _zoo())


@lru_cache(maxsize=16)
def _book(coarse: bool, states: int) -> Mapping[str, Sequence[tuple[str, Outline]]]:
    """The zoo's cells with so many states, by signature."""
    found: dict[str, list[tuple[str, Outline]]] = {}
    for name, lines in _zoo():
        own = Outline(lines, coarse)
        if len(own.order) == states and own.signature:
            found.setdefault(own.signature, []).append((name, own))
    return found


def _turned(lines: Lines) -> Iterator[Lines]:
    """A cell with 1 - z for each gate z that stands as 1 - z somewhere: z keeps, or z takes."""
    every = [t for term in lines.values() for t in subterms(term)]
    for gate in {inner.name for t in every if isinstance(inner := complement(t), Var)}:

        def other(term: AnyTerm, gate: str = gate) -> AnyTerm:
            if isinstance(term, Var) and term.name == gate:
                return _one_minus(term)
            twice = isinstance(term, Plus) and len(term.terms) == 2 and complement(term.terms[1][1])
            return (
                twice if isinstance(twice, Var) and term == _one_minus(_one_minus(twice)) else term
            )

        if isinstance(lines.get(gate), Call):
            yield {name: mapped(term, other) for name, term in lines.items()}
    for name, term in lines.items():
        gate_of = complement(term)
        if isinstance(gate_of, Var) and isinstance(lines.get(gate_of.name), Call):
            own = Var(0, 0, name, gate_of.time, _reference(name))
            yield {**lines, name: lines[gate_of.name], gate_of.name: _one_minus(own)}


def _one_minus(term: AnyTerm) -> Plus:
    return Plus(0, 0, ((1, Num(0, 0, "1")), (-1, term)))


# -- the language's text as terms ---------------------------------------------------------


def of_text(equations: str) -> dict[str, AnyTerm]:
    """The lines of a text in the language of equations, as terms.

    >>> sorted(of_text("h[t] = tanh(W @ x[t] + U @ h[t-1])"))
    ['h']
    """
    body = parsed("\n".join(line.strip() for line in equations.splitlines())).body
    pairs = [(s.targets[0], s.value) for s in body if isinstance(s, ast.Assign)]
    names = [t.value if isinstance(t, ast.Subscript) else t for t, _ in pairs]
    defined = {n.id for n in names if isinstance(n, ast.Name)}
    return {
        name.id: _term(value, defined)
        for name, (_, value) in zip(names, pairs, strict=True)
        if isinstance(name, ast.Name)
    }


def _term(node: ast.expr, defined: set[str]) -> AnyTerm:
    def of(inner: ast.expr) -> AnyTerm:
        return _term(inner, defined)

    match node:
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            row = isinstance(left, ast.Subscript) or (
                isinstance(left, ast.Name) and left.id in defined
            )
            matrix, vector = (right, left) if row else (left, right)
            return Apply(0, 0, _as_matrix(of(matrix)), of(vector), row)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            sign = 1 if isinstance(node.op, ast.Add) else -1
            return Plus(0, 0, ((1, of(left)), (sign, of(right))))
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return Quot(0, 0, of(left), of(right))
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return Raised(0, 0, of(left), ast.unparse(right))
        case ast.BinOp(left=left, right=right):
            return Times(0, 0, (of(left), of(right)))
        case ast.UnaryOp(operand=operand):
            return Plus(0, 0, ((-1, of(operand)),))
        case ast.Constant(value=value):
            return Num(0, 0, str(value))
        case ast.List(elts=parts):
            return Cat(0, 0, tuple(map(of, parts)))
        case ast.Call(func=function, args=args):
            inner = of(args[0]) if len(args) == 1 else Cat(0, 0, tuple(map(of, args)))
            return Call(0, 0, ast.unparse(function), "", inner, (0, 0))
        case ast.Subscript(value=ast.Name(id=name), slice=index):
            return Var(0, 0, name, 0 if isinstance(index, ast.Name) else -1, _reference(name))
        case ast.Attribute(value=value):
            return of(value)
        case ast.Name(id=name) if name in defined:
            return Var(0, 0, name, None, _reference(name))
        case ast.Name(id=name):
            return Par(0, 0, name, "scalar" if is_scalar_name(name) else "vector", _reference(name))
    return Num(0, 0, ast.unparse(node))


def _as_matrix(term: AnyTerm) -> AnyTerm:
    return Par(0, 0, term.name, "matrix", term.ref) if isinstance(term, Par) else term


def _reference(name: str) -> Reference:
    return Reference(name, name, 0, 0)
