"""Python's own parser, also where several threads use it at once.

Before Python 3.13 it counts its depth in one place for all threads, and raises SystemError
where two of them meet there; it is asked again then.
"""

from __future__ import annotations

import ast
from contextlib import suppress


def parsed(text: str) -> ast.Module:
    """The tree of a text.

    >>> ast.unparse(parsed("a  *b"))
    'a * b'
    """
    for _ in range(100):
        with suppress(SystemError):
            return ast.parse(text)
    return ast.parse(text)


def expression(text: str) -> ast.expr:
    """The tree of one expression.

    >>> ast.unparse(expression("a  *b"))
    'a * b'
    """
    body = parsed(text.strip()).body
    if len(body) != 1 or not isinstance(body[0], ast.Expr):
        raise SyntaxError("this is no expression")
    return body[0].value
