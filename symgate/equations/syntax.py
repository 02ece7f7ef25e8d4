"""The text of a cell, read with the standard library's `ast` and checked node by node.

Takes a text; gives its equations as (name, syntax tree) pairs that hold only allowed
nodes. Nothing is evaluated. Every fault becomes an EquationError with its place.
"""

from __future__ import annotations

import ast
import io
import tokenize
import unicodedata
import warnings
from collections.abc import Container
from dataclasses import dataclass

from symgate.algebra.functions import FUNCTIONS, WITH_CONSTANT
from symgate.errors import EquationError, did_you_mean

MAX_CHARACTERS = 50_000
MAX_EQUATIONS = 200
MAX_DEPTH = 60
MAX_NAME = 60

#: Names that mean something else in the language.
RESERVED = {"t": "the time", "I": "the identity matrix", "diag": "a diagonal matrix"}

_LOOK_ALIKES = {
    "σ": "sigmoid", "⊙": "*", "∘": "*", "·": "*", "×": "*", "−": "-", "–": "-", "⋅": "*",
    "∗": "*", "₋": "[t-1]", "ₜ": "[t]", "ᵀ": ".T", "√": "sqrt", "\u00a0": "a plain space",
}  # fmt: skip

_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.MatMult, ast.Pow)


class Source:
    """A text with its lines, which can make an error that shows a place in it."""

    def __init__(self, text: str) -> None:
        self.original = text.split("\n")
        stripped = [line.lstrip(" \t") for line in self.original]
        self.indents = [len(o) - len(s) for o, s in zip(self.original, stripped, strict=True)]
        self.text = "\n".join(stripped)

    def error(self, node: ast.AST, message: str) -> EquationError:
        """An error at a node of the syntax tree."""
        line = getattr(node, "lineno", 1)
        start = getattr(node, "col_offset", 0)
        last, stop = getattr(node, "end_lineno", line), getattr(node, "end_col_offset", start + 1)
        width = (stop if last == line else len(self.original[line - 1])) - start
        return self.error_at(line, start, message, width)

    def error_at(self, line: int, column: int, message: str, width: int = 1) -> EquationError:
        """An error at a line (from 1) and a column (from 0) of the stripped text."""
        line = min(max(line, 1), len(self.original))
        column = max(column, 0) + self.indents[line - 1]
        shown = self.original[line - 1].replace("\t", " ")
        return EquationError(
            message, line=line, column=column + 1, width=width, shown=shown.rstrip()
        )

    def line(self, number: int) -> str:
        return self.original[number - 1].strip()


@dataclass(frozen=True)
class Line:
    """One equation: the name it defines, where, and the tree of its right side."""

    name: str
    target: ast.expr
    right: ast.expr


def read_lines(source: Source) -> tuple[Line, ...]:
    """Read the equations of a text and check every node of them."""
    _check_text(source)
    tree = _parse(source)
    lines: dict[str, Line] = {}
    for statement in tree.body:
        line = _line(source, statement)
        if line.name in lines:
            first = lines[line.name].target.lineno
            raise source.error(line.target, f"{line.name!r} is already defined in line {first}")
        lines[line.name] = line
    if not lines:
        raise source.error_at(1, 0, "there is no equation here; expected one such as "
                              "h[t] = tanh(W @ x[t] + U @ h[t-1] + b)")  # fmt: skip
    if len(lines) > MAX_EQUATIONS:
        raise source.error_at(1, 0, f"more than {MAX_EQUATIONS} equations in one cell")
    timed = _Timed(lines)
    return tuple(Line(name, line.target, timed.visit(line.right)) for name, line in lines.items())


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


def _check_text(source: Source) -> None:
    if sum(map(len, source.original)) > MAX_CHARACTERS:
        raise source.error_at(
            1, 0, f"the text is longer than {MAX_CHARACTERS} characters; a cell is a few lines"
        )
    depth = 0
    for number, line in enumerate(source.text.split("\n"), start=1):
        code = line.split("#", 1)[0]
        for column, character in enumerate(code):
            if character > "~" or (character < " " and character not in "\t\r\n\f"):
                raise source.error_at(number, column, _strange(character))
            depth += (character in "([{") - (character in ")]}")
            if depth > MAX_DEPTH:
                raise source.error_at(
                    number, column, f"parentheses are nested more than {MAX_DEPTH} deep"
                )


def _strange(character: str) -> str:
    name = unicodedata.name(character, f"U+{ord(character):04X}")
    if character in _LOOK_ALIKES:
        return f"{character!r} ({name}) is not in the language; write {_LOOK_ALIKES[character]}"
    return f"{character!r} ({name}) is not in the language; names are plain ASCII letters"


def _parse(source: Source) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", SyntaxWarning)
            tree = ast.parse(source.text)
    except SyntaxError as error:
        raise _syntax_fault(source, error) from None
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        raise source.error_at(1, 0, f"the text cannot be read: {error or 'too deep'}") from None
    if _depth(tree) > 5 * MAX_DEPTH:
        raise source.error_at(1, 0, "an expression is too long; give its parts names")
    return tree


def _syntax_fault(source: Source, error: SyntaxError) -> EquationError:
    line, column = error.lineno or 1, (error.offset or 1) - 1
    message = (error.msg or "not an equation").split(" (<unknown>")[0]
    code = source.line(min(line, len(source.original))).split("#")[0].rstrip()
    if "was never closed" in message:
        message = f"{message}: the line is cut off, or a bracket is missing"
    elif "indent" in message:
        message = "unexpected indent"
    elif code.endswith(("=", "+", "-", "*", "@", "/", "(", ",")):
        message, column = "the line ends where an expression was expected", len(code)
    elif "Maybe you meant '=='" in message or "cannot assign" in message:
        message = "an equation starts with one name, as h[t] = …"
    elif message.startswith("invalid syntax"):
        found = _token_at(source, line, column)
        message = f"expected an operator or the end of the line{found}"
    return source.error_at(line, column, message, max((error.end_offset or 0) - column - 1, 1))


def _token_at(source: Source, line: int, column: int) -> str:
    try:
        for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
            if token.start == (line, column) and token.string.strip():
                return f", found {token.string!r}"
    except (tokenize.TokenError, SyntaxError):
        pass
    return ""


def _depth(tree: ast.AST) -> int:
    deepest, level = 0, [tree]
    while level:
        deepest += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return deepest


def _line(source: Source, statement: ast.stmt) -> Line:
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        raise source.error(statement, "expected an equation, as h[t] = tanh(U @ h[t-1])")
    target = statement.targets[0]
    found = reference(target)
    if found is None:
        raise source.error(target, "an equation defines one name, as h[t] = …")
    _check_reference(source, target)
    name, lag = found
    if lag == 1:
        raise source.error(
            target, f"the past cannot be defined; write {name}[t] = … and use {name}[t-1]"
        )
    if name in RESERVED and (lag is None or name == "t"):
        raise source.error(target, f"{name!r} is {RESERVED[name]} and cannot be defined")
    if name in FUNCTIONS and lag is None:
        raise source.error(target, f"{name!r} is a function and cannot be defined")
    _check(source, statement.value)
    return Line(name, target, statement.value)


def _check(source: Source, node: ast.expr) -> None:
    """Check a node and all below it against the whitelist."""
    match node:
        case ast.Name() | ast.Subscript():
            _check_reference(source, node)
        case ast.Constant():
            _check_number(source, node)
        case ast.BinOp(left=left, op=op, right=right):
            if not isinstance(op, _OPERATORS):
                raise source.error(
                    node, f"the operator {_name(op)} is not in the language; there are + - * / @ **"
                )
            _check(source, left)
            _check(source, right)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            _check(source, operand)
        case ast.List(elts=parts):
            if len(parts) < 1:
                raise source.error(node, "an empty concatenation")
            for part in parts:
                _check(source, part)
        case ast.Attribute(value=value, attr=attribute):
            if attribute != "T":
                raise source.error(node, f".{attribute} is not in the language; only .T is")
            _check(source, value)
        case ast.Call():
            _check_call(source, node)
        case ast.Tuple():
            raise source.error(node, "a comma makes no vector; concatenate with [a, b]")
        case _:
            raise source.error(node, f"{_name(node)} is not in the language of equations")


def _check_call(source: Source, node: ast.Call) -> None:
    if not isinstance(node.func, ast.Name):
        raise source.error(node.func, "only a named function can be called, as tanh(…)")
    name = node.func.id
    if name not in FUNCTIONS and name != "diag":
        raise source.error(node.func, f"{name!r} is not a function{did_you_mean(name, FUNCTIONS)}")
    allowed = 2 if name in WITH_CONSTANT else 1
    if node.keywords or not 1 <= len(node.args) <= allowed:
        extra = f" and, if you like, {WITH_CONSTANT[name]}" if allowed == 2 else ""
        raise source.error(node, f"{name} takes one argument{extra}")
    for argument in node.args:
        _check(source, argument)


def _check_reference(source: Source, node: ast.expr) -> None:
    name_node = node.value if isinstance(node, ast.Subscript) else node
    if not isinstance(name_node, ast.Name):
        raise source.error(node, "only a name takes a time, as h[t-1]")
    name = name_node.id
    if name.startswith("_") or name.endswith("__"):
        raise source.error(name_node, f"{name!r}: a name starts with a letter")
    if len(name) > MAX_NAME:
        raise source.error(name_node, f"a name is longer than {MAX_NAME} characters")
    if name == "t" and isinstance(node, ast.Name):
        raise source.error(node, "'t' is the time; it stands in brackets only, as h[t]")
    if not isinstance(node, ast.Subscript):
        if name in FUNCTIONS and isinstance(getattr(node, "ctx", None), ast.Load):
            raise source.error(node, f"{name!r} is a function; give it an argument: {name}(…)")
        return
    match node.slice:
        case ast.Name(id="t"):
            return
        case ast.BinOp(
            left=ast.Name(id="t"), op=ast.Sub(), right=ast.Constant(value=int() as lag)
        ) if not isinstance(lag, bool):
            if lag == 1:
                return
            raise source.error(
                node,
                f"only [t] and [t-1] are allowed; to reach {name}[t-{lag}] keep the earlier "
                f"value as a state of its own, as {name}_before[t] = {name}[t-1]",
            )
        case ast.BinOp(left=ast.Name(id="t"), op=ast.Add()):
            raise source.error(node, f"{name} is not known in the future; only [t] and [t-1] are")
        case _:
            raise source.error(node.slice, "the time is written [t] or [t-1]")


def _check_number(source: Source, node: ast.Constant) -> None:
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        shown = "this" if value is None or isinstance(value, bool) else "text"
        if isinstance(value, complex):
            shown = "an imaginary number"
        raise source.error(node, f"{shown} is not in the language of equations")
    if value != value or abs(value) > 1e100 or (value != 0 and abs(value) < 1e-100):
        raise source.error(node, "a number must lie between 1e-100 and 1e100")


def _name(node: ast.AST) -> str:
    words = {
        "Lambda": "a lambda", "Compare": "a comparison", "BoolOp": "and/or", "Dict": "a dict",
        "Set": "a set", "ListComp": "a comprehension", "IfExp": "a condition",
        "JoinedStr": "text", "Starred": "a star", "NamedExpr": "an assignment inside",
        "FloorDiv": "//", "Mod": "%", "LShift": "<<", "RShift": ">>", "BitOr": "|",
        "BitXor": "^", "BitAnd": "&", "Invert": "~", "Not": "not", "UnaryOp": "this operator",
        "Await": "await", "Yield": "yield", "GeneratorExp": "a comprehension",
    }  # fmt: skip
    return words.get(type(node).__name__, type(node).__name__)
