"""A claim of the data decided: its expressions worked out, its sentences filled in.

An expression is a call of verbs by their names; it is read by `ast` and walked here, so that
the data can do nothing but what a verb does.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Iterator, Mapping
from functools import cache
from inspect import isfunction
from itertools import pairwise
from typing import Any

from sympy import Expr

from symgate.equations.cell import Cell
from symgate.errors import SymgateError, UnknownName
from symgate.judging import formulas, measures, verbs
from symgate.judging.finding import FALSE, Decision, Number
from symgate.judging.formulas import FormulaText
from symgate.judging.verbs import LIBRARY, listed
from symgate.numerals import amount, power

_PLACE = re.compile(r"\{(\w+(?:\.\w+)?)(?::(\d+))?\}")

#: Every verb by its name.
VERBS = (
    LIBRARY
    | measures.ARRAYS
    | {
        name: found
        for module in (formulas, measures, verbs)
        for name, found in vars(module).items()
        if isfunction(found) and found.__module__ == module.__name__
    }
)

_SIGNS: dict[type[ast.AST], Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.MatMult: operator.matmul,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}


class ClaimScope:
    """The names of a claim: its cells and given values, what it computes, the verbs.

    What is computed is worked out once, when it is first asked for.
    """

    def __init__(self, entry: Mapping[str, Any], cells: Mapping[str, Cell]) -> None:
        self.entry = entry
        self.values: dict[str, Any] = {"inf": math.inf, **entry["given"], **cells}
        self.said: dict[str, Number] = {}

    def decided(self) -> Decision:
        """The first case that applies."""
        case = next(c for c in self.entry["cases"] if self.holds(c))
        verdict = case["verdict"] if self.value(case.get("holds", "True")) else FALSE
        sentences = tuple(map(self.filled, self._there(case["say"], "say")))
        shows = [*self.entry.get("formulas", ()), *case.get("formulas", ())]
        found = [self.value(show) for show in self._there(shows, "show")]
        formulas = [
            f for one in found for f in ([one] if isinstance(one, FormulaText) else one or ())
        ]
        return Decision(verdict, sentences, self.said, tuple(formulas))

    def holds(self, entry: Mapping[str, Any]) -> bool:
        return bool(self.value(entry.get("when", "True")))

    def _there(self, entries: list[Any], key: str) -> Iterator[str]:
        for entry in entries:
            if isinstance(entry, str):
                yield entry
            elif self.holds(entry):
                yield entry[key]

    def filled(self, sentence: str) -> str:
        """A sentence with the values of its places."""
        return _PLACE.sub(self._place, sentence)

    def _place(self, place: re.Match[str]) -> str:
        name, digits = place[1], int(place[2] or 3)
        if name in self.entry["text"]:
            text = self.entry["text"][name]
            parts = [text] if isinstance(text, str) else self._there(text, "say")
            return " ".join(map(self.filled, parts))
        value = self.value(name)
        if isinstance(value, str | Expr):
            return str(value)
        if isinstance(value, list | tuple):
            return listed(value)
        if isinstance(value, Cell):
            return value.name
        number = self.said[name] = value if isinstance(value, int) else float(value)
        log10 = name.startswith("log10_")
        return power(number, digits) if log10 else amount(number, digits)

    def value(self, expression: str) -> Any:
        """What an expression says."""
        return self._evaluated(_parsed(expression))

    def _named(self, name: str) -> Any:
        if name not in self.values:
            self.values[name] = self.value(self.entry["let"][name])
        return self.values[name]

    def _evaluated(self, node: ast.expr) -> Any:
        evaluated = self._evaluated
        match node:
            case ast.Constant(value):
                return value
            case ast.Name(name):
                return self._named(name)
            case ast.Attribute(inner, name) if not name.startswith("_"):
                return getattr(evaluated(inner), name)
            case ast.Subscript(inner, ast.Slice(lower=ast.Constant(start))):
                return evaluated(inner)[start:]
            case ast.Subscript(inner, index):
                return _item(evaluated(inner), evaluated(index))
            case ast.Call(function, arguments, keywords):
                named = {k.arg: evaluated(k.value) for k in keywords if k.arg}
                verb = _verb(function.id) if isinstance(function, ast.Name) else evaluated(function)
                return verb(*map(evaluated, arguments), **named)
            case ast.BinOp(left, sign, right):
                return _SIGNS[type(sign)](evaluated(left), evaluated(right))
            case ast.UnaryOp(sign, inner):
                return _SIGNS[type(sign)](evaluated(inner))
            case ast.Compare(left, signs, rights):
                pairs = zip(signs, pairwise(map(evaluated, [left, *rights])), strict=True)
                return all(_SIGNS[type(sign)](*pair) for sign, pair in pairs)
            case ast.BoolOp(ast.And(), parts):
                return all(map(evaluated, parts))
            case ast.BoolOp(_, parts):
                return next((v for v in map(evaluated, parts) if v), None)
            case ast.IfExp(test, yes, no):
                return evaluated(yes if evaluated(test) else no)
            case ast.List(parts):
                return [*map(evaluated, parts)]
            case ast.Dict(keys, values):
                return {evaluated(k): evaluated(v) for k, v in zip(keys, values, strict=True) if k}
        raise SymgateError(f"an expression of a claim cannot be read: {ast.unparse(node)}")


def _verb(name: str) -> Any:
    if name not in VERBS:
        raise UnknownName("the verb of an expression of a claim", name, VERBS)
    return VERBS[name]


def _item(values: Any, index: Any) -> Any:
    try:
        return values[index]
    except KeyError:
        raise SymgateError(f"the cell has no {index}") from None


@cache
def _parsed(expression: str) -> ast.expr:
    return ast.parse(expression.strip(), mode="eval").body
