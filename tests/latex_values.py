"""What a formula of the portable LaTeX subset is worth, in numbers.

It shares nothing with the printer: it reads the LaTeX as a person would. Columns are
arrays (n, 1), rows (1, n), scalars have no shape; side by side is the matrix product.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|\d+\.?\d*|\s+|.", re.DOTALL)

#: The commands that pdflatex, math-core and KaTeX all take.
PORTABLE = re.compile(
    r"\\(left|right|operatorname|begin|end|frac|tfrac|partial|mathrm|mathsf|mathit|mathbf|mathtt"
    r"|mathbb|boldsymbol|odot|circ|cdot|cdots|prod|sum|lim|to|leq|sigma|tanh|exp|log|sin|cos|Phi"
    r"|varphi|delta|Gamma|Delta|Theta|langle|rangle|infty|text|quad|qquad|tilde|hat|bar|dot|times"
    r"|sqrt|alpha|beta|gamma|epsilon|zeta|eta|theta|kappa|lambda|nu|xi|mu|rho)(?![a-zA-Z])|\\[\\,|_]"
)

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sigma": lambda a: 1 / (1 + np.exp(-a)),
    "tanh": np.tanh,
    "exp": np.exp,
    "log": np.log,
    "sin": np.sin,
    "cos": np.cos,
    "relu": lambda a: np.maximum(a, 0),
    "step": lambda a: (np.asarray(a) > 0).astype(float),
    "softplus": lambda a: np.log1p(np.exp(a)),
    "softsign": lambda a: a / (1 + np.abs(a)),
    "silu": lambda a: a / (1 + np.exp(-a)),
    "elu": lambda a, k=1.0: np.where(a > 0, a, k * (np.exp(a) - 1)),
    "leaky_relu": lambda a, k=0.01: np.where(a > 0, a, k * a),
    "hard_sigmoid": lambda a, k=1 / 6: np.clip(k * a + 0.5, 0, 1),
    "hard_tanh": lambda a, k=1.0: np.clip(k * a, -1, 1),
    "gelu": lambda a: a * FUNCTIONS["Phi"](a),
    "Phi": np.vectorize(lambda a: (1 + math.erf(a / math.sqrt(2))) / 2),
    "varphi": lambda a: np.exp(-(a**2) / 2) / math.sqrt(2 * math.pi),
}


def rows(formula: str) -> list[tuple[str, str, str]]:
    """The lines of a formula as (left, relation, right), labels and row breaks taken out."""
    body = formula
    if body.startswith(r"\begin{aligned}"):
        body = body.removeprefix(r"\begin{aligned}").removesuffix(r"\end{aligned}")
        pieces = _split(body, r"\\")
    else:
        pieces = [body]
    out: list[list[str]] = []
    for cells in _lines(pieces):
        left = cells[0] if len(cells) > 1 else ""
        right = cells[1] if len(cells) > 1 else cells[0]
        right = re.sub(r"\\q?quad (?!\{\}).*$", "", right)  # a label
        relation = ""
        if len(cells) == 1:
            left, relation, right = _at_relation(right)
        else:
            found = re.match(r"\s*(=|<|\\leq)(?![a-z])", right)
            if found:
                relation, right = found.group(1), right[found.end() :]
        if left.strip() or relation or not out:
            out.append([left.strip(), relation, right.strip()])
        else:
            out[-1][2] += " " + right.strip()
    return [tuple(line) for line in out]  # type: ignore[misc]


def _lines(pieces: list[str]) -> Iterator[list[str]]:
    """The cells of each line; where several stand side by side, of each in turn."""
    for piece in pieces:
        cells = _split(piece, "&")
        beside = len(cells) > 2 and all(re.match(r"\s*(=|<|\\leq)", c) for c in cells[1::2])
        for i in range(0, len(cells) if beside else 1, 2):
            first = cells[i].removeprefix(r"\quad")
            yield [first, cells[i + 1]] if beside else cells


def _at_relation(text: str) -> tuple[str, str, str]:
    for sign in (" = ", r" \leq "):
        left, found, right = _rsplit(text, sign)
        if found:
            return left, sign.strip(), right
    return "", "", text


def _rsplit(text: str, sign: str) -> tuple[str, str, str]:
    """Split at the last sign outside of braces (limits of products hold "=")."""
    depth, at = 0, -1
    for i, c in enumerate(text):
        depth += (c in "{(") - (c in "})")
        if depth == 0 and text.startswith(sign, i):
            at = i
    return ("", "", text) if at < 0 else (text[:at], sign, text[at + len(sign) :])


def _split(text: str, sign: str) -> list[str]:
    """Split outside of inner environments."""
    out, depth = [""], 0
    for piece in re.split(rf"(\\begin\{{|\\end\{{|{re.escape(sign)})", text):
        depth += (piece == r"\begin{") - (piece == r"\end{")
        if depth == 0 and piece == sign:
            out.append("")
        else:
            out[-1] += piece
    return out


#: The vector of ones, of whatever size: its product with a vector is the sum.
ONES = object()


class Values:
    """Evaluates formulas; `symbols` maps what is printed to its value.

    `span` is the number of factors of a product over k steps.
    """

    def __init__(self, symbols: Mapping[str, Any], span: int = 3) -> None:
        self.symbols, self.span = symbols, span
        by_start: dict[str, list[str]] = {}
        for name in sorted(symbols, key=len, reverse=True):
            by_start.setdefault(name[:2], []).append(name)
        self.by_start = by_start

    def __call__(self, formula: str) -> Any:
        reader = _Reader(self, formula)
        value = reader.sum()
        reader.skip()
        assert reader.at == len(formula), f"not read: {formula[reader.at :]!r} of {formula!r}"
        return value

    def symbol(self, text: str, at: int) -> str | None:
        """The longest symbol that stands here and does not go on."""
        for name in self.by_start.get(text[at : at + 2], ()):
            if text.startswith(name, at):
                rest = text[at + len(name) :]
                if not re.match(r"[_']|\^\{?(\(|\\langle)", rest):
                    return name
        for name in self.by_start.get(text[at : at + 1], ()):
            rest = text[at + 1 :]
            if text.startswith(name, at) and not re.match(r"[_']|\^\{?(\(|\\langle)", rest):
                return name
        return None


class _Reader:
    def __init__(self, values: Values, text: str) -> None:
        self.values, self.text, self.at = values, text, 0

    def skip(self) -> None:
        while True:
            found = re.match(r"\s+|\\,|\\quad|\\qquad|\{\}", self.text[self.at :])
            if not found:
                return
            self.at += found.end()

    def looking_at(self, *signs: str) -> str | None:
        self.skip()
        for sign in signs:
            if self.text.startswith(sign, self.at):
                after = self.text[self.at + len(sign) :][:1]
                if not (sign[-1].isalpha() and sign[0] == "\\" and after.isalpha()):
                    return sign
        return None

    def take(self, *signs: str) -> str | None:
        found = self.looking_at(*signs)
        if found is not None:
            self.at += len(found)
        return found

    def expect(self, sign: str) -> None:
        assert self.take(sign), f"{sign!r} expected at {self.text[self.at : self.at + 40]!r}"

    def sum(self) -> Any:
        total = -self.hadamard() if self.take("-") else (self.take("+"), self.hadamard())[1]
        while sign := self.take("+", "-"):
            term = self.hadamard()
            total = total + term if sign == "+" else total - term
        return total

    def hadamard(self) -> Any:
        product = self.juxtaposed()
        while self.take(r"\odot", r"\circ"):
            product = product * self.juxtaposed()
        return product

    def juxtaposed(self) -> Any:
        product = self.factor()
        assert product is not None, f"a factor expected at {self.text[self.at : self.at + 40]!r}"
        while True:
            dot = self.take(r"\cdot")
            factor = self.factor()
            if factor is None:
                assert not dot
                return product
            product = times(product, factor)

    def factor(self) -> Any:
        value = self.atom()
        if value is None:
            return None
        while self.take("^"):
            value = self.raised(value)
        return value

    def raised(self, value: Any) -> Any:
        if self.take(r"{\mathsf{T}}"):
            return value if value is ONES else np.asarray(value).T
        self.expect("{")
        sign = -1 if self.take("-") else 1
        number = self.number()
        if number is None:
            assert self.take("k")
            number = self.values.span
        self.expect("}")
        return value ** (sign * number)

    def number(self) -> float | None:
        self.skip()
        found = re.match(r"\d+(\.\d+)?", self.text[self.at :])
        if not found:
            return None
        self.at += found.end()
        shown = found.group(0)
        return float(shown) if "." in shown else int(shown)

    def atom(self) -> Any:
        self.skip()
        name = self.values.symbol(self.text, self.at)
        if name is not None:
            self.at += len(name)
            return self.values.symbols[name]
        number = self.number()
        if number is not None:
            return number
        if self.take(r"\left("):
            return self.group(r"\right)")
        if self.take("("):
            return self.group(")")
        if self.take(r"\left\|"):
            return self.norm()
        if self.take(r"\left|"):
            return np.abs(self.group(r"\right|"))
        if self.take(r"\left["):
            return self.stacked(r"\right]")
        if self.take("["):
            return self.stacked("]")
        if self.take(r"\frac", r"\tfrac"):
            above, below = self.braced(), self.braced()
            return above / below
        if self.take(r"\sqrt"):
            return np.sqrt(self.braced())
        if self.take(r"\sum_{t=1}^{T}", r"\sum_{t=1}^{N}"):
            return self.juxtaposed()
        if self.take(r"\prod_{j=0}^{k-1}"):
            return self.over_time()
        if self.take(r"\begin{bmatrix}"):
            return self.matrix()
        if self.take(r"\begin{aligned}"):
            return self.inner_lines()
        return self.call()

    def group(self, end: str) -> Any:
        value = self.inner_lines() if self.take(r"\begin{aligned}") else self.sum()
        self.expect(end)
        return value

    def inner_lines(self) -> Any:
        """Lines that are one expression, broken."""
        start, depth = self.at, 1
        while depth:
            found = re.compile(r"\\(begin|end)\{aligned\}").search(self.text, self.at)
            assert found
            depth += 1 if found.group(1) == "begin" else -1
            self.at = found.end()
        body = self.text[start : self.at - len(r"\end{aligned}")]
        joined = " ".join(cell for piece in _split(body, r"\\") for cell in _split(piece, "&"))
        return self.values(joined)

    def braced(self) -> Any:
        self.expect("{")
        value = self.sum()
        self.expect("}")
        return value

    def norm(self) -> Any:
        value = np.asarray(self.group(r"\right\|"))
        if self.take(r"_{\infty}"):
            return np.abs(value).max()
        self.expect("_{2}")
        return np.linalg.norm(value, 2)

    def stacked(self, end: str) -> Any:
        parts = [self.sum()]
        while self.take(","):
            parts.append(self.sum())
        self.expect(end)
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts, axis=0 if parts[0].shape[1] == 1 else 1)

    def matrix(self) -> Any:
        end = self.text.index(r"\end{bmatrix}", self.at)
        body = self.text[self.at : end]
        self.at = end + len(r"\end{bmatrix}")
        cells = [[cell.strip() for cell in row.split("&")] for row in body.split(r"\\")]
        names = [[_function_name(cell) for cell in row] for row in cells]
        if all(name in FUNCTIONS for row in names for name in row):  # act(…) one by one
            self.skip()
            inside = self.factor()
            pieces = np.split(inside, len(names), axis=0)
            values = [FUNCTIONS[row[0]](piece) for row, piece in zip(names, pieces, strict=True)]
            return np.concatenate(values)
        return np.block([[self.values(cell) for cell in row] for row in cells])

    def over_time(self) -> Any:
        """∏ over j of what follows, with t - j put in."""
        start = self.at
        self.juxtaposed_at_time(0, start)
        end = self.at
        body = self.text[start:end]
        result = None
        for j in range(self.values.span):
            moved = re.sub(r"t-j-(\d)", lambda m, j=j: f"t-{j + int(m.group(1))}", body)
            moved = moved.replace("t-j", f"t-{j}" if j else "t")
            value = np.asarray(self.values(moved.replace("_{t}", "_t")))
            square = value.ndim == 2 and value.shape[0] == value.shape[1]
            result = value if result is None else (result @ value if square else result * value)
        return result

    def juxtaposed_at_time(self, j: int, start: int) -> None:
        """Move past one factor, whose symbols have t - j in them."""
        depth, at = 0, start
        text = self.text
        while at < len(text):
            if depth == 0 and re.match(r"\s*(\)|\\right|\\odot|[+]|$)", text[at:]):
                break
            depth += text[at] in "{(["
            depth -= text[at] in "})]"
            at += 1
        self.at = at

    def call(self) -> Any:
        found = re.match(r"\\operatorname\{([a-zA-Z_\\]+)\}|\\([a-zA-Z]+)", self.text[self.at :])
        name = _function_name(found.group(0)) if found else None
        if found is None or name not in (*FUNCTIONS, "diag"):
            return None
        self.at += found.end()
        power = None
        if self.take("^"):
            self.expect("{")
            power = self.number()
            self.expect("}")
        arguments = self.arguments()
        if name == "diag":
            return np.diagflat(arguments[0])
        value = FUNCTIONS[str(name)](*arguments)
        return value if power is None else value**power

    def arguments(self) -> list[Any]:
        end = ")" if self.take("(") else None
        if end is None:
            self.expect(r"\left(")
            end = r"\right)"
        if self.looking_at(r"\begin{aligned}"):
            self.take(r"\begin{aligned}")
            found = [self.inner_lines()]
        else:
            found = [self.sum()]
        while self.take(","):
            found.append(self.sum())
        self.expect(end)
        return found


def _function_name(text: str) -> str:
    found = re.fullmatch(r"\\operatorname\{([a-zA-Z_\\]+)\}|\\?([a-zA-Z_]+)", text.strip())
    return (found.group(1) or found.group(2)).replace("\\", "") if found else ""


def times(a: Any, b: Any) -> Any:
    if a is ONES or b is ONES:
        return np.sum(b if a is ONES else a)
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return a * b
    return a @ b
