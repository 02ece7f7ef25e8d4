"""What each name of a cell is: a state, an input, a gate, a matrix, a vector or a scalar.

Nothing is declared. A name used at [t-1] and defined at [t] is a state; one used at [t]
and never defined is an input; one without a time is a parameter, a matrix where it
stands left of `@`. Greek parameters are scalars, Latin ones vectors.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass, field
from itertools import chain

from symgate.algebra.names import is_scalar_name
from symgate.equations.ranks import Ranks
from symgate.equations.source import Source
from symgate.equations.syntax import MIXING, TO_NUMBER, ParsedLine, read_lines, reference
from symgate.errors import EquationError, EquationWarning, did_you_mean


@dataclass
class Names:
    """The names of a cell by what they are, each in order of first appearance."""

    targets: list[str]
    ranks: Ranks
    states: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)  # parameter -> matrix, vector, scalar

    def of_kind(self, kind: str) -> list[str]:
        return [name for name, its_kind in self.kinds.items() if its_kind == kind]


@dataclass(frozen=True)
class NameUse:
    """A name where it stands.

    `role` is "vector" in an element-wise expression, "matrix" or "scale" left of `@`,
    "diagonal" in a diag(…); `enters` says whether a matrix acts on it.
    """

    node: ast.expr
    name: str
    lag: int | None
    role: str
    enters: int


#: The functions whose value depends on all components of what they act on.
MIXES = (*TO_NUMBER, *MIXING, "outer")

#: How a name enters a step: by components, with others of its vector, by a parameter's matrix.
ALONE, MIXED, ENTERS = range(3)

#: A text without this has none of them, and is not parsed again.
_LIKELY = re.compile(r"\b[A-Z](?:_?\w*)\s*\*|\*\s*[A-Z]")
_MATRIX = re.compile(r"[A-Z](?:_\w+|\d*)")


def classify(source: Source, lines: tuple[ParsedLine, ...]) -> Names:
    """Find out what each name is; a name that is two things is an error."""
    names = Names([line.name for line in lines], Ranks(lines))
    _check_matrices(source, lines, names.ranks)
    note = _Uses(names.ranks)
    for line in lines:
        note(line.right, "vector", ALONE)
    uses = note.uses
    for use in uses:
        if use.lag is not None:
            _classify_variable(source, names, use)
    if not names.states:
        raise _no_state(source, lines)
    _check_inputs(source, names, uses)
    _classify_parameters(source, names, [use for use in uses if use.lag is None])
    return names


def rank(node: ast.expr, names: Names) -> int:
    """0 for a number, 1 for a vector, 2 for a matrix."""
    return 2 if is_matrix(node, names) else max(names.ranks.of(node), 0)


def of_matrix(source: Source, node: ast.expr, function: str) -> EquationError:
    """A matrix is given to a function of a vector."""
    return source.error(
        node,
        f"{function} takes a vector, and {source.written(node)} is a matrix; write the cell for "
        f"one row of it, or give {function} a vector made of it, as S[t] @ q[t]",
    )


def _check_matrices(source: Source, lines: tuple[ParsedLine, ...], ranks: Ranks) -> None:
    """Functions of a vector are not given a matrix of the step."""
    for node in chain.from_iterable(ast.walk(line.right) for line in lines):
        match node:
            case ast.Call(func=ast.Name(id=function), args=arguments) if function in MIXES:
                for argument in arguments:
                    if ranks.is_value(argument):
                        raise of_matrix(source, argument, function)
            case ast.Attribute(value=value) if ranks.has_variable(value) and ranks.of(value) == 1:
                shown = source.written(value)
                raise source.error(
                    node,
                    f"{shown} is a vector, which needs no .T: {shown} @ S[t] is the row vector "
                    f"times a matrix, dot(u, v) the number uᵀ v, outer(v, k) the matrix v kᵀ",
                )


def is_matrix(node: ast.expr, names: Names) -> bool:
    """Whether a checked node is a matrix of parameters, not a vector or a scalar."""
    match node:
        case ast.Name(id=name):
            return name == "I" or names.kinds.get(name) == "matrix"
        case ast.Attribute() | ast.Call(func=ast.Name(id="diag")):
            return True
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            return is_matrix(left, names) and is_matrix(right, names)
        case ast.BinOp(left=left, right=right):
            return is_matrix(left, names) or is_matrix(right, names)
        case ast.UnaryOp(operand=operand):
            return is_matrix(operand, names)
    return False


class _Uses:
    """Where each name stands, and as what."""

    def __init__(self, ranks: Ranks) -> None:
        self.ranks, self.uses = ranks, list[NameUse]()

    def __call__(self, node: ast.expr, role: str, enters: int) -> None:
        found = reference(node)
        if found is not None:
            self.uses.append(NameUse(node, *found, role, enters))
            return
        match node:
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                self.product(left, right, role)
            case ast.BinOp(left=left, op=ast.Mult() | ast.Div(), right=right) if role == "matrix":
                for factor, scale in self.scaled(left, right):
                    self(factor, "scale" if scale else "matrix", enters)
            case ast.BinOp(left=left, op=ast.Mult(), right=right) if self.is_matrix(node):
                for factor, other in ((left, right), (right, left)):
                    number = isinstance(factor, ast.Name) and self.is_matrix(other)
                    self(factor, "scale" if number else role, enters)
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
                beside = "scale" if role == "vector" and self.is_number(node) else role
                for part in (left, right):
                    bare = isinstance(part, ast.Name)
                    self(part, beside if bare else role, enters)
            case ast.BinOp(left=left, right=right):
                self(left, role, enters)
                self(right, role, enters)
            case ast.UnaryOp(operand=operand):
                self(operand, role, enters)
            case ast.Attribute(value=value):
                self(value, "matrix", enters)
            case ast.List(elts=parts):
                for part in parts:
                    self(part, "vector", enters)
            case ast.Call(func=ast.Name(id=function), args=arguments):
                inside = "scale" if role == "scale" and function not in TO_NUMBER else "vector"
                if function == "diag":
                    inside = "diagonal"
                mixes = max(enters, MIXED if function in MIXES else ALONE)
                for argument in arguments:
                    self(argument, inside, mixes)

    def product(self, left: ast.expr, right: ast.expr, role: str) -> None:
        if self.ranks.is_value(left) or self.ranks.is_value(right):
            for side in (left, right):
                kind = "matrix" if self.takes_matrix(side, left) else "vector"
                self(side, kind, MIXED)
            return
        row = role != "matrix" and _holds_variable(left)  # x[t] @ W, a row vector
        self(left, "vector" if row else "matrix", ENTERS if row else ALONE)
        kind = "matrix" if row or role == "matrix" else "vector"
        self(right, kind, ALONE if row else ENTERS)

    def is_matrix(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Name):
            return False
        return self.ranks.of(node) == 2

    def takes_matrix(self, side: ast.expr, left: ast.expr) -> bool:
        """Whether a side of @ is a matrix, where one of the sides is a matrix of the step."""
        if self.ranks.has_variable(side):
            return self.ranks.of(side) == 2
        if side is left or not isinstance(side, ast.Name):
            return True
        return side.id[:1].isupper()

    def is_number(self, node: ast.expr) -> bool:
        """Whether a sum is a number of the step, so that a parameter in it is one too."""
        return self.ranks.of(node) == 0

    def scaled(self, left: ast.expr, right: ast.expr) -> list[tuple[ast.expr, bool]]:
        """The factors of a product that is a matrix, each with whether it is the number."""
        number_of_the_step = any(self.ranks.is_number(side) for side in (left, right))
        if number_of_the_step or self.is_matrix(left) or self.is_matrix(right):
            return [(side, self.ranks.of(side) != 2) for side in (left, right)]
        return _scaled_matrix(left, right)


def _holds_variable(node: ast.expr) -> bool:
    """Whether a node left of `@` is a vector: it holds a state, gate or input."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "diag":
        return False
    if isinstance(node, ast.Subscript | ast.List):
        return True
    return any(
        _holds_variable(child)
        for child in ast.iter_child_nodes(node)
        if isinstance(child, ast.expr)
    )


def _scaled_matrix(left: ast.expr, right: ast.expr) -> list[tuple[ast.expr, bool]]:
    """The factors of a product left of `@`, each with whether it is the scalar one."""
    scale_left, scale_right = _may_be_scale(left), _may_be_scale(right)
    if scale_left and scale_right:  # as a * u: the second is the matrix
        scale_right = False
    return [(left, scale_left), (right, scale_right)]


def _may_be_scale(node: ast.expr) -> bool:
    """Whether a factor left of `@` can be a number: no name in it looks like a matrix."""
    for below in ast.walk(node):
        if isinstance(below, ast.MatMult | ast.Attribute | ast.Subscript):
            return False
        if isinstance(below, ast.Name) and below.id[0].isupper() and not is_scalar_name(below.id):
            return False
    return True


def _classify_variable(source: Source, names: Names, use: NameUse) -> None:
    fits = {"matrix": 2, "scale": 0}.get(use.role)
    if fits is not None and names.ranks[use.name] != fits:
        raise source.error(
            use.node,
            f"{source.written(use.node)} is a vector, and here a matrix is expected: @ stands "
            f"between a matrix and a vector; * between two vectors, dot(u, v) "
            f"makes a number and outer(v, k) a matrix",
        )
    defined = use.name in names.targets
    if use.lag == 1 and not defined:
        raise source.error(
            use.node,
            f"{use.name}[t-1] is used, but no line defines {use.name}[t]: give a state its "
            f"equation, a parameter no time; for an earlier input keep it in a line of its own, "
            f"{use.name}_kept[t] = {use.name}[t], and use {use.name}_kept[t-1]"
            f"{did_you_mean(use.name, names.targets)}",
        )
    found = names.states if use.lag == 1 else [] if defined else names.inputs
    if use.name not in found:
        found.append(use.name)


def _classify_parameters(source: Source, names: Names, uses: list[NameUse]) -> None:
    roles: dict[str, dict[str, ast.expr]] = {}
    for use in uses:
        if use.name == "I":
            if use.role != "matrix":
                raise source.error(
                    use.node, "I is the identity matrix and may stand only left of @"
                )
        elif use.name in names.inputs:
            raise source.error(use.node, f"{use.name} is an input; write {use.name}[t]")
        else:
            roles.setdefault(use.name, {}).setdefault(use.role, use.node)
    for name, found in roles.items():
        others = [node for role, node in found.items() if role != "matrix"]
        if "matrix" in found and others:
            raise source.error(
                others[0],
                f"{name!r} is a vector here and a matrix in line {found['matrix'].lineno}, "
                f"where it stands left of @; use two names",
            )
        if "matrix" in found:
            names.kinds[name] = "matrix"
        elif "diagonal" in found:
            names.kinds[name] = "vector"
        else:
            scalar = "scale" in found or is_scalar_name(name)
            names.kinds[name] = "scalar" if scalar else "vector"


def _no_state(source: Source, lines: tuple[ParsedLine, ...]) -> EquationError:
    line = lines[-1]
    return source.error(
        line.target,
        f"there is no state: nothing is used at [t-1]; a recurrent cell needs one, as "
        f"{line.name}[t] = tanh(W @ x[t] + U @ {line.name}[t-1])",
    )


def _check_inputs(source: Source, names: Names, uses: list[NameUse]) -> None:
    """A name that no matrix acts on, beside an input that one does, is a forgotten gate."""
    entering = {use.name for use in uses if use.lag == 0 and use.enters == ENTERS}
    mixed = {use.name for use in uses if use.lag == 0 and use.enters == MIXED}
    true_inputs = [name for name in names.inputs if name in entering]
    for use in uses if true_inputs else ():
        if use.lag == 0 and use.name in names.inputs and use.name not in entering | mixed:
            raise source.error(
                use.node,
                f"{use.name}[t] is used, but no line defines it"
                f"{did_you_mean(use.name, [*names.targets, *true_inputs])}"
                f" (if it is an input, write I @ {use.name}[t])",
            )


def warn_of_capitals(text: str, vectors: set[str]) -> None:
    """Warn of the first `W * x[t]`, which is no product with a matrix; `W @ x[t]` is."""
    if not _LIKELY.search(text):
        return
    source = Source(text)
    for line in read_lines(source):
        for node in ast.walk(line.right):
            match node:
                case ast.BinOp(ast.Name(name), ast.Mult(), ast.Subscript() as value) | ast.BinOp(
                    ast.Subscript() as value, ast.Mult(), ast.Name(name)
                ) if name in vectors and _MATRIX.fullmatch(name):
                    said = (
                        f"{name} is taken as a vector, which multiplies component by component; "
                        f"the product of a matrix is {name} @ {source.written(value)}"
                    )
                    warnings.warn(str(source.error(node, said)), EquationWarning, stacklevel=4)
                    return
