"""The functions of the language in JavaScript, written from their records.

`functions_text()` is a JavaScript object: the value and the slope of each function, and the
constant that it takes. Whatever has a record is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import Expr, Rational, diff

from symgate.algebra.activations import ACTIVATIONS, FUNCTIONS, OF_TWO, A, Activation, K, Y
from symgate.algebra.fold import Semantics, fold, function_name

#: What JavaScript has a word for; `erfc` is the page's own.
_WORDS = {
    name: f"Math.{name}"
    for name in (
        *("exp", "log", "sqrt", "abs", "sin", "cos", "tanh"),
        *("log1p", "expm1", "max", "min", "sign"),
    )
} | {"erfc": "erfc", "step": "step"}


class _JavaScript(Semantics):
    """What an expression in one number is in JavaScript."""

    def parameter(self, e: Any) -> str:
        return {A: "a", Y: "y", K: "k"}[e]

    def number(self, e: Expr) -> str:
        whole = isinstance(e, Rational) and e.q != 1
        return f"({e.p} / {e.q})" if whole else f"({float(e)!r})"

    def add(self, parts: Sequence[str], e: Any) -> str:
        return f"({' + '.join(parts)})"

    def multiply(self, parts: Sequence[str], e: Any) -> str:
        return f"({' * '.join(parts)})"

    def power(self, base: str, exponent: str, e: Any) -> str:
        if e.exp == 2:
            return f"({base} * {base})"
        return f"(1 / {base})" if e.exp == -1 else f"({base} ** {exponent})"

    def apply(self, arguments: Sequence[str], e: Any) -> str:
        name = function_name(e)
        word = _WORDS.get(name, f"of.{name}.value")
        return f"{word}({', '.join(arguments)})"


def functions_text() -> str:
    """The functions of the language as a JavaScript object, by name.

    >>> print(functions_text().splitlines()[3])
    of.tanh = { language: true, value: (a) => Math.tanh(a), slope: (a, y) => ...
    """
    lines = ["const FUNCTIONS = (() => {", "const of = {};"]
    lines += [_entry(r) for r in ACTIVATIONS.values() if r.name not in (*OF_TWO, "step", "sign")]
    return "\n".join([*lines, "return of;", "})();"])


def _entry(record: Activation) -> str:
    semantics = _JavaScript()
    form = record.stable if record.stable is not None else record.closed
    slope = record.slope if record.slope is not None else diff(record.function(A), A)
    value = fold(form, semantics) if form is not None else f"{_WORDS[record.name]}(a)"
    constant = f" k: {float(record.default)!r}," if record.constant else ""
    language = str(record.name in FUNCTIONS).lower()
    takes, of_value = ("a, k", "a, y, k") if record.constant else ("a", "a, y")
    return (
        f"of.{record.name} = {{ language: {language},{constant} value: ({takes}) => {value}, "
        f"slope: ({of_value}) => {fold(slope, semantics)} }};"
    )
