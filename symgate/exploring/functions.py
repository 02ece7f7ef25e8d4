"""The functions of the language in JavaScript, written from their records.

`functions_text()` is a JavaScript object: the value and the slope of each function as loops over
numbers, and the constant that it takes. Whatever has a record is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import Expr, Rational, diff

from symgate.algebra.activations import ACTIVATIONS, FUNCTIONS, OF_TWO
from symgate.algebra.elementwise import A, Activation, K, Y
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

    Each has its `value`, and two loops: `run` fills m from `o` on with the values at x, x + d,
    …, and `pull` adds D times the slope to A.

    >>> print(functions_text().splitlines()[5])
    of.tanh = { language: true, value: (a) => Math.tanh(a),
    """
    lines = ["const FUNCTIONS = (() => {", "const of = {};"]
    lines += [_entry(r) for r in ACTIVATIONS.values() if r.name not in (*OF_TWO, "step", "sign")]
    return "\n".join([*lines, "return of;", "})();"])


def _entry(record: Activation) -> str:
    semantics = _JavaScript()
    form = record.stable if record.stable is not None else record.closed
    slope = record.slope if record.slope is not None else diff(record.function(A), A)
    value = fold(form, semantics) if form is not None else f"{_WORDS[record.name]}(a)"
    language = str(record.name in FUNCTIONS).lower()
    k, argument = (f" k: {float(record.default)!r},", ", k") if record.constant else ("", "")
    made, pulled = value, fold(slope, semantics)
    return (
        f"of.{record.name} = {{ language: {language},{k} value: (a{argument}) => {made},\n"
        f"run(m, o, x, d, n, k) {{ for (let i = 0; i < n; i++, x += d) {{ "
        f"const a = m[x]; m[o + i] = {made}; }} }},\n"
        f"pull(D, A, n, m, o, x, e, d, k) {{ for (let i = 0; i < n; i++, o += e, x += d) {{ "
        f"const a = m[x], y = m[o]; A[i] += D[i] * {pulled}; }} }} }};"
    )
