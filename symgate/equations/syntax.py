"""The text of a cell, read with the standard library's `ast` and checked node by node.

Takes a source; gives its equations as (name, syntax tree) pairs that hold only allowed
nodes. Nothing is evaluated. Every fault becomes an EquationError with its place.
"""

from __future__ import annotations

import ast
from collections.abc import Container
from dataclasses import dataclass

from symgate.algebra.activations import FUNCTIONS, OF_TWO, WITH_CONSTANT
from symgate.algebra.values import Dot, Dyad, LayerNorm, Mean, Norm, RmsNorm, Softmax
from symgate.algebra.vectors import Total
from symgate.equations.source import Source
from symgate.equations.tokens import check_form
from symgate.errors import did_you_mean
from symgate.parsing import parsed

MAX_CHARACTERS = 50_000
MAX_EQUATIONS = 200
MAX_DEPTH = 300

#: Names that mean something else in the language.
RESERVED = {"t": "the time", "I": "the identity matrix"}

#: What makes a number of vectors, a matrix of vectors, and a vector of all of a vector.
TO_NUMBER = {"dot": Dot, "sum": Total, "mean": Mean, "norm": Norm}
TO_MATRIX = {"outer": Dyad, "diag": None}
MIXING = {"softmax": Softmax, "layer_norm": LayerNorm, "rms_norm": RmsNorm}

#: The functions of the language beside the element-wise ones.
OTHERS = (*TO_NUMBER, *TO_MATRIX, *MIXING)
_TWO = {*OF_TWO, "dot", "outer"}
_CONSTANTS = {
    **WITH_CONSTANT,
    **dict.fromkeys(("layer_norm", "rms_norm"), "what is added to the mean square"),
}

_OPERATORS = ast.Add | ast.Sub | ast.Mult | ast.Div | ast.MatMult | ast.Pow


def is_function(name: str) -> bool:
    """Whether a name is a function of the language, or of a user who registered it."""
    return name in FUNCTIONS or name in OTHERS


@dataclass(frozen=True)
class ParsedLine:
    """One equation: the name it defines, where, and the tree of its right side."""

    name: str
    target: ast.expr
    right: ast.expr


def read_lines(source: Source) -> tuple[ParsedLine, ...]:
    """Read the equations of a text and check every node of them."""
    if source.length > MAX_CHARACTERS:
        raise source.error_at(
            1, 0, f"the text is longer than {MAX_CHARACTERS} characters; a cell is a few lines"
        )
    check_form(source)
    lines: dict[str, ParsedLine] = {}
    for statement in parsed("\n".join(source.code)).body:
        line = _line(source, statement)
        if line.name in lines:
            first = lines[line.name].target.lineno
            raise source.error(
                line.target,
                f"{line.name!r} is already defined in line {first}; leave one of the two out, "
                f"or rename it",
            )
        lines[line.name] = line
        if len(lines) > MAX_EQUATIONS:
            raise source.error(line.target, f"more than {MAX_EQUATIONS} equations in one cell")
    if not lines:
        raise source.error_at(
            1,
            0,
            "there is no equation here; expected one such as "
            "h[t] = tanh(W @ x[t] + U @ h[t-1] + b)",
        )
    timed = _Timed(lines)
    return tuple(
        ParsedLine(name, line.target, timed.visit(line.right)) for name, line in lines.items()
    )


class _Timed(ast.NodeTransformer):
    """Writes [t] behind the names of equations that stand without it."""

    def __init__(self, targets: Container[str]) -> None:
        self.targets = targets

    def visit_Subscript(self, node: ast.Subscript) -> ast.Subscript:
        return node

    def visit_Call(self, node: ast.Call) -> ast.Call:
        node.args = [self.visit(argument) for argument in node.args]
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.targets:
            return node
        timed = ast.Subscript(node, ast.Name("t", ast.Load()), ast.Load())
        return ast.copy_location(timed, node)


def reference(node: ast.expr) -> tuple[str, int | None] | None:
    """The (name, lag) that a node refers to: lag 0 for [t], 1 for [t-1], None without."""
    if isinstance(node, ast.Name):
        return node.id, None
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        return node.value.id, 0 if isinstance(node.slice, ast.Name) else 1
    return None


def _line(source: Source, statement: ast.stmt) -> ParsedLine:
    if not isinstance(statement, ast.Assign):
        raise source.error(statement, "expected an equation such as h[t] = tanh(U @ h[t-1])")
    target = statement.targets[0]
    if _depth(statement) > MAX_DEPTH:
        raise source.error(target, "this equation is too long; give its parts names")
    _check_reference(source, target)
    name, lag = reference(target) or ("", None)
    if lag == 1:
        raise source.error(
            target, f"the past cannot be defined; write {name}[t] = … and use {name}[t-1]"
        )
    if name in RESERVED and (lag is None or name == "t"):
        raise source.error(target, f"{name!r} is {RESERVED[name]} and cannot be defined")
    if is_function(name) and lag is None:
        raise source.error(target, f"{name!r} is a function and cannot be defined")
    _check(source, statement.value)
    return ParsedLine(name, target, statement.value)


def _depth(tree: ast.AST) -> int:
    deepest, level = 0, [tree]
    while level:
        deepest += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return deepest


def _check(source: Source, node: ast.expr) -> None:
    """Check a node and all below it against the whitelist."""
    match node:
        case ast.Name() | ast.Subscript():
            _check_reference(source, node)
        case ast.Constant(value=int() | float()):
            pass
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            for side in (left, right):
                for part in _stacked(source, side):
                    _check(source, part)
        case ast.BinOp(left=left, op=op, right=right) if isinstance(op, _OPERATORS):
            _check(source, left)
            _check(source, right)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            _check(source, operand)
        case ast.Attribute(value=value, attr="T"):
            _check(source, value)
        case ast.Call(func=ast.Name(id=name)):
            _check_call(source, node, name)
        case ast.List():
            raise source.error(
                node, "a concatenation may stand only to the right of @, as in W @ [h[t-1], x[t]]"
            )
        case ast.Tuple():
            raise source.error(node, "a comma makes no vector; concatenate with [a, b]")
        case _:
            raise source.error(node, "this is not in the language of equations")


def _stacked(source: Source, node: ast.expr) -> list[ast.expr]:
    """The parts of a concatenation, or the node itself."""
    if not isinstance(node, ast.List):
        return [node]
    for part in node.elts:
        if isinstance(part, ast.List):
            raise source.error(part, "a concatenation stands inside another; write them as one")
    return node.elts


def _check_call(source: Source, node: ast.Call, name: str) -> None:
    if not is_function(name):
        if any(map(_is_time, node.args)):
            raise source.error(
                node, f"a time is written in square brackets, as in {name}[t] or {name}[t-1]"
            )
        raise source.error(
            node.func, f"{name!r} is not a function{did_you_mean(name, (*FUNCTIONS, *OTHERS))}"
        )
    least = 2 if name in _TWO else 1
    if not least <= len(node.args) <= (2 if name in _CONSTANTS else least):
        takes = "two arguments" if least == 2 else "one argument"
        extra = f", or two: the second is {_CONSTANTS[name]}" if name in _CONSTANTS else ""
        raise source.error(node, f"{name} takes {takes}{extra}")
    for argument in node.args:
        _check(source, argument)


def _is_time(node: ast.expr) -> bool:
    """Whether a node is t or t plus or minus something."""
    inner = node.left if isinstance(node, ast.BinOp) else node
    return isinstance(inner, ast.Name) and inner.id == "t"


def _check_reference(source: Source, node: ast.expr) -> None:
    name_node = node.value if isinstance(node, ast.Subscript) else node
    if not isinstance(name_node, ast.Name):
        raise source.error(node, "only a name takes a time, as in h[t-1]")
    name = name_node.id
    if not isinstance(node, ast.Subscript):
        if name == "t":
            raise source.error(node, "'t' is the time; it may stand only in brackets, as in h[t]")
        if is_function(name) and isinstance(name_node.ctx, ast.Load):
            raise source.error(node, f"{name!r} is a function; give it an argument: {name}(…)")
        return
    match node.slice:
        case ast.Name(id="t"):
            return
        case ast.BinOp(left=ast.Name(id="t"), op=ast.Sub(), right=ast.Constant(value=int(1))):
            return
        case ast.BinOp(left=ast.Name(id="t"), op=ast.Sub(), right=ast.Constant(value=int(0))):
            raise source.error(node, f"write {name}[t]")
        case ast.BinOp(left=ast.Name(id="t"), op=ast.Sub(), right=ast.Constant(value=int())):
            raise source.error(
                node,
                f"only [t] and [t-1] are allowed; to reach further back keep the earlier value "
                f"as a state of its own, {name}_before[t] = {name}[t-1], and use "
                f"{name}_before[t-1]",
            )
        case ast.BinOp(left=ast.Name(id="t"), op=ast.Add()):
            raise source.error(
                node,
                f"{name} is not known in the future; shift the times so that the "
                f"equations contain only [t] and [t-1]",
            )
        case _:
            raise source.error(node.slice, "the time is written [t] or [t-1]")
