"""Every printed formula, read back from its LaTeX by itself, has the engine's value.

The LaTeX of each step is evaluated at random points by `latex_values`, which knows the
printer's symbols and nothing else of it; what stands left of the sign is the engine's.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest
import sympy as sp

import symgate as sg
from symgate.algebra.marks import Differential, Gradient, OneStep
from symgate.algebra.vectors import Total, name_of, t, variable
from symgate.bounds.limits import limits
from symgate.bounds.origin import origin
from symgate.linear.paths import paths
from symgate.writing.format import Format
from symgate.writing.marks import Acting, AtLimit
from symgate.writing.mathml import mathml
from symgate.writing.sections.backward import LATER, LOSS
from symgate.writing.sections.fixed_point import HEADING
from symgate.writing.subject import Subject
from symgate.writing.width import plain
from tests.chosen import CELLS, in_turn
from tests.latex_values import ONES, PORTABLE, Values, rows

DEPTH = 3  # steps back that formulas reach


class Point:
    """The values of a cell at four steps in a row, at a random point, from the engine."""

    def __init__(self, cell: sg.Cell) -> None:
        self.cell, self.lin = cell, sg.linearise(cell)
        rng = np.random.default_rng(zlib.crc32(cell.name.encode()))
        self.sizes = {symbol: 2 + i for i, symbol in enumerate(cell.sizes.values())}
        self.parameters = {
            p.name: rng.uniform(0.2, 0.8, tuple(int(s.subs(self.sizes)) for s in p.shape))
            * (1 if p.kind == "scalar" else rng.choice([-1, 1]))
            for p in cell.parameters.values()
        }
        self.rng = rng
        self.known: dict[Any, Any] = {}
        functions = {n: sg.lambdify(cell, variable(n)) for n in self.lin.nodes}
        state = {s: rng.uniform(0.1, 0.9, self.size(s)) for s in cell.states}
        self.now: list[dict[str, Any]] = []
        for _ in range(DEPTH + 1):
            inputs = {x: rng.uniform(-1, 1, self.size(x)) for x in cell.inputs}
            given = {**inputs, **state}
            values = {n: f(self.parameters, **given) for n, f in functions.items()}
            self.now.insert(0, {**inputs, **values, "before": state})
            state = {s: values[s] for s in cell.states}
        self.moves = {s: rng.uniform(-1, 1, self.size(s)) for s in cell.states}
        self.direction = rng.uniform(-1, 1, 16)

    def size(self, name: str) -> int:
        return int(self.lin.size(name).subs(self.sizes))

    def given(self, back: int = 0) -> dict[str, Any]:
        at = self.now[back]
        return {**{x: at[x] for x in self.cell.inputs}, **at["before"]}

    def evaluate(self, expression: Any, back: int = 0, **extra: Any) -> Any:
        key = expression, back, tuple(extra)
        if key not in self.known:
            function = sg.lambdify(self.cell, expression)
            self.known[key] = function(self.parameters, **self.given(back), **extra)
        return self.known[key]

    @cache  # noqa: B019
    def jacobian(self, of: str, wrt: str, back: int = 0) -> Any:
        return self.evaluate(sg.jacobian(self.cell, of, wrt), back)

    @cache  # noqa: B019
    def whole(self, back: int = 0) -> Any:
        states = self.cell.states
        return np.block([[self.jacobian(a, b, back) for b in states] for a in states])

    def product(self, of: str, wrt: str, steps: int) -> Any:
        """A block of the product of whole Jacobians."""
        result = self.whole(0)
        for back in range(1, steps):
            result = result @ self.whole(back)
        return self.block(result, of, wrt)

    def block(self, whole: Any, of: str, wrt: str) -> Any:
        starts = np.cumsum([0, *(self.size(s) for s in self.cell.states)])
        i, j = self.cell.states.index(of), self.cell.states.index(wrt)
        return whole[starts[i] : starts[i + 1], starts[j] : starts[j + 1]]

    @cache  # noqa: B019
    def tangents(self) -> dict[str, Any]:
        """d of every value of step t, for the moves of the old states."""
        return {
            n: sum(self.jacobian(n, s) @ self.moves[s] for s in self.cell.states)
            for n in self.lin.nodes
        }

    @cache  # noqa: B019
    def adjoints(self) -> dict[str, Any]:
        """δ of every value at step t, for random losses and what is handed back."""
        out: dict[str, Any] = {}
        back = sg.adjoint(self.cell)
        read = {name_of(term.source) for node in self.lin for term in node.terms}
        for s in self.cell.states:
            out[LOSS + s] = self.rng.uniform(-1, 1, self.size(s))
            out[LATER + s] = self.rng.uniform(-1, 1, self.size(s))
        for name, expression in back.deltas.items():
            value = np.broadcast_to(self.with_deltas(expression, out), (self.size(name),))
            if name in self.cell.states:
                value = value + out[LOSS + name] + out[LATER + name]
            elif name not in read and name in self.cell.equations:  # an output: the loss alone
                value = out[LOSS + name] = self.rng.uniform(-1, 1, self.size(name))
            out[f"delta_{name}"] = value
        return out

    def at_limit(self, block: Any, fixed: set[str]) -> Any:
        """A block in which some values have been set: they stand in no coefficient."""
        found = {str(v.base.label) for v in block.atoms(sp.Indexed)}
        assert not found & fixed, "a value that was set is still there"
        return self.evaluate(block)

    def with_deltas(self, expression: Any, known: dict[str, Any]) -> Any:
        if isinstance(expression, Total):
            return np.sum(self.with_deltas(expression.args[0], known))
        if isinstance(expression, sp.Add | sp.Mul) and expression.has(Total):
            parts = [self.with_deltas(part, known) for part in expression.args]
            return sum(parts) if isinstance(expression, sp.Add) else np.prod(parts)
        if not isinstance(expression, sp.MatrixExpr) and not expression.has(sp.Indexed):
            scalars = {p: v for p, v in self.parameters.items() if np.ndim(v) == 0}
            return float(expression.subs(scalars))
        needed = {str(v.base.label) for v in sp.sympify(expression).atoms(sp.Indexed)}
        extra = {n: known[n] for n in needed if n.startswith("delta_") and n in known}
        return self.evaluate(sp.sympify(expression), **extra)


_POINTS: dict[str, Point] = {}


def point(name: str) -> Point:
    if name not in _POINTS:
        _POINTS[name] = Point(sg.cell(name))
    return _POINTS[name]


class Page:
    """The symbols of one derivation, as its typesetter prints them, with their values."""

    def __init__(self, derivation: sg.Derivation, at: Point) -> None:
        self.typesetter, self.at, self.derivation = derivation.typesetter, at, derivation
        self.row = derivation.naming.notation.row
        self.subject = Subject(at.cell, derivation.naming, derivation.layout, derivation.form)
        self.symbols: dict[str, Any] = {}
        printer = self.typesetter.printer()
        for name, value in at.parameters.items():
            kind = at.cell.parameters[name].kind
            if kind == "matrix":  # a row-vector notation writes the transposed matrix
                self.put(printer.name(name, None), value.T if self.row else value)
            else:
                self.put(
                    printer.name(name, None), self.vector(value) if kind == "vector" else value
                )
        for back in range(DEPTH + 1):
            for name, value in at.now[back].items():
                if name != "before":
                    self.put(printer.name(name, sp.Integer(-back)), self.vector(value))
            self.put(printer.show(_step(back, at)), self.laid(at.whole(back)))
        before = at.now[-1]["before"]
        for s in at.cell.states:
            self.put(printer.name(s, sp.Integer(-DEPTH - 1)), self.vector(before[s]))
        self.concatenated()
        self.differentials(printer)
        self.partials(printer)
        known = at.adjoints()
        for name, value in known.items():
            self.put(printer.name(name, sp.S.Zero), self.vector(value))
        self.adjoints = known
        self.put(r"\mathbf{1}", ONES)
        self.symbols.setdefault("I", np.eye(at.size(at.cell.states[0])))
        if derivation.form == "hadamard":
            shown = plain(printer.show(self.subject.direction))
            self.put(shown, self.vector(at.direction[: at.size(at.cell.states[0])]))
        self.values = Values(self.symbols)
        self.others = self.elsewhere(printer)
        self.carried = 0
        self.eigenvalues: list[str] = []

    def put(self, shown: str, value: Any) -> None:
        shown = shown.replace("\x01", "").replace("\x02", "")
        if shown in self.symbols and shown != "I":
            assert np.array_equal(self.symbols[shown], value), f"{shown} is two things"
        self.symbols.setdefault(shown, value)

    def vector(self, value: Any) -> Any:
        column = np.asarray(value).reshape(-1, 1)
        return column.T if self.row else column

    def laid(self, matrix: Any) -> Any:
        return matrix.T if self.derivation.layout == "transposed" else matrix

    def concatenated(self) -> None:
        naming = self.derivation.naming
        printer = self.typesetter.printer()
        for pair, glyph in naming.concatenated.items():
            u, w = sorted(pair, key=lambda p: naming.uses[p].kind, reverse=True)
            both = np.concatenate([self.at.parameters[u], self.at.parameters[w]], axis=1)
            self.put(printer.glyph(glyph), both.T if self.row else both)
        for matrix in self.at.lin:
            for term in matrix.terms:
                if term.matrix is not None and hasattr(term.matrix, "source"):
                    name = printer.block_name(term.matrix).text
                    value = self.at.evaluate(term.matrix)
                    self.put(name, value.T if self.row else value)

    def differentials(self, printer: Any) -> None:
        for name, value in self.at.tangents().items():
            self.put(printer.show(Differential(variable(name))), self.vector(value))
        for s, value in self.at.moves.items():
            self.put(printer.show(Differential(variable(s, 1))), self.vector(value))

    def partials(self, printer: Any) -> None:
        states = self.at.cell.states
        for of in dict.fromkeys((*self.at.cell.gates, *states)):
            for wrt in states:
                value = self.laid(self.at.jacobian(of, wrt))
                shown = printer.derivative(of, wrt, sp.Integer(1))
                self.put(shown, value)
                slanted = shown.replace(r"\frac{", "").replace("}{", " / ").removesuffix("}")
                if len(states) > 1:
                    self.put(slanted, value)
        for of in states:
            for wrt in states:
                for back in range(DEPTH):
                    for lag in range(back + 1, DEPTH + 1):
                        shown = plain(printer.show(self.subject.partial(of, wrt, lag=lag, at=back)))
                        steps = self.at.whole(back)
                        for b in range(back + 1, lag):
                            steps = steps @ self.at.whole(b)
                        self.put(shown, self.laid(self.at.block(steps, of, wrt)))

    def elsewhere(self, printer: Any) -> dict[str, list[Any]]:
        """Left sides that stand in no other formula: limits, gradients, what is handed on."""
        at, out = self.at, {}
        for limit in limits(at.cell):
            for (of, wrt), block in limit.blocks.items():
                partial = self.subject.partial(of, wrt)
                left: Any = AtLimit(variable(limit.gate), limit.value, partial)
                fixed = {name_of(v) for v in limit.set if isinstance(v, sp.Indexed)}
                value = self.laid(at.at_limit(block, fixed))
                if self.derivation.form == "hadamard":
                    left = Acting(left, self.subject.direction)
                    value = value @ self.direction(value.shape[1])
                out[plain(printer.show(left))] = [value]
        back = sg.adjoint(at.cell)
        for s in at.cell.states:
            shown = plain(printer.name(LATER + s, sp.Integer(-1)))
            value = np.broadcast_to(at.with_deltas(back.previous[s], self.adjoints), at.size(s))
            out[shown] = [self.vector(value)]
        for p in at.cell.parameters.values():
            value = np.asarray(at.with_deltas(back.gradients[p.name], self.adjoints))
            value = (value.T if self.row else value) if p.kind == "matrix" else (
                self.vector(value) if p.kind == "vector" else value.sum()
            )  # fmt: skip
            shown = plain(printer.show(Gradient(sp.Symbol(p.name, real=True))))
            out[shown] = [value]
        return out

    def direction(self, size: int) -> Any:
        return self.at.direction[:size].reshape(-1, 1)

    def wanted(self, section: str, heading: str, left: str) -> list[Any]:
        """What the right side of a line must be worth."""
        if section == "activations":
            return [self.slope(left)]
        if heading == "The carry alone":
            self.carried += 1
            return [self.carry(self.carried - 1)]
        if heading == "The product":
            whole = self.at.whole(0) @ self.at.whole(1) @ self.at.whole(2)
            return [self.laid(whole)]
        if left in self.others:
            return self.others[left]
        return [self.values(part) for part in left.split(" = ")]

    def slope(self, left: str) -> Any:
        found = re.fullmatch(r"(.*)'\((.)\)", left)
        assert found is not None
        x, step = 0.37, 1e-5
        self.symbols[found.group(2)] = x
        self.values = Values(self.symbols)
        ends = [self.values(f"{found.group(1)}({x + s:.6f})") for s in (step, -step)]
        return (ends[0] - ends[1]) / (2 * step)

    def carry(self, which: int) -> Any:
        """The product of the carry of a state over the steps, from the engine's paths."""
        at = self.at
        found = [s for s in at.cell.states if any(p.is_carry for p in paths(at.lin, s, s))]
        state = found[which]
        result = np.eye(at.size(state))
        for back in range(DEPTH):
            kept = [p for p in paths(at.lin, state, state) if p.is_carry]
            result = result @ sum(at.evaluate(p.operator(at.lin), back) for p in kept)
        return result

    def lines(self) -> Iterator[tuple[str, str, str, str, str]]:
        """(section, heading, left, relation, right) of every line of every formula."""
        for section in self.derivation.sections:
            for step in section.steps:
                heading = Format().words(step.heading, self.typesetter)
                table = step.table.rows if step.table else ()
                for words in (step.heading, step.reason, *(cell for row in table for cell in row)):
                    Format(maths=lambda formula: converts(formula) or "").words(
                        words, self.typesetter
                    )
                for formula in step.formulas:
                    found: list[tuple[str, str, str]] = []
                    for shown in self.typesetter.formula(formula):  # a high one comes in parts
                        converts(shown.latex)
                        for left, relation, right in rows(shown.latex):
                            if found and not left and not relation:
                                before = found.pop()
                                found.append((*before[:2], f"{before[2]} {right}"))
                            else:
                                found.append(
                                    (left or (found[-1][0] if found else ""), relation, right)
                                )
                    for line in found:
                        yield section.name, heading, *line


def converts(formula: str) -> None:
    """It keeps to the portable subset, and becomes MathML with no error in it."""
    rest = PORTABLE.sub("", formula)
    assert "\\" not in rest, re.findall(r"\\[a-zA-Z]*", rest)
    shown = mathml(formula, display=True)
    assert "merror" not in shown, formula
    assert "\\" not in shown, formula


def _step(back: int, at: Point) -> Any:
    return OneStep(t - back, sp.Symbol("N"))


def close(a: Any, b: Any, tolerance: float = 1e-9) -> bool:
    """Equal but for the shape that a zero or a scalar matrix leaves open."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.size == b.size:
        a = a.reshape(b.shape)
    return bool(np.allclose(np.broadcast_to(a, b.shape), b, rtol=tolerance, atol=tolerance / 10))


def check(derivation: sg.Derivation) -> int:
    """Compare all lines of a derivation with the engine; returns how many there were."""
    page = Page(derivation, point(derivation.cell.name))
    lines = list(page.lines())
    for _, heading, left, _, right in lines:  # what a notation names only here
        if heading == "Stacked" and not left.startswith(r"\begin"):
            page.put(left, page.values(right))
    page.values = Values(page.symbols)
    for section, heading, left, relation, right in lines:
        where = (
            f"{derivation.cell.name}, {derivation.notation}, {section}: {left} {relation} {right}"
        )
        with np.errstate(all="ignore"):
            if heading == "The product":
                right = right.replace(r"\cdots", "").replace("t-k+1", "t-2")
            if relation == "<":  # the condition on a bound of one step
                assert 0 < norm(page, 1) <= page.values(left) * (1 + 1e-12), where
                continue
            if heading == HEADING:
                assert eigenvalue(page, left, right), where
                continue
            wanted = [] if relation == r"\leq" else page.wanted(section, heading, left)
            if wanted and np.ndim(wanted[0]) == 2:
                page.symbols["I"] = np.eye(max(np.shape(wanted[0])))
            value = page.values(right)
            if relation == r"\leq":
                assert bounded(page, left, right, value), where
            else:
                for expected in wanted:
                    tolerance = 1e-6 if section == "activations" else 1e-9
                    assert close(value, expected, tolerance), f"{where}\n{value}\n{expected}"
    return len(lines)


def eigenvalue(page: Page, left: str, right: str) -> bool:
    """At the state 0, λ is an eigenvalue of the Jacobian, and 1 where μ has the value shown."""
    at, printer = page.at, page.typesetter.printer()
    found = origin(at.cell)
    parameters = {
        name: np.full_like(value, 0 if name in found.zero else value[0])
        if at.cell.parameters[name].kind == "vector" else value
        for name, value in at.parameters.items()
    }  # fmt: skip
    zeros = {x: np.zeros(at.size(x)) for x in (*at.cell.inputs, *at.cell.states)}
    whole = np.block([
        [sg.lambdify(at.cell, sg.jacobian(at.cell, a, b))(parameters, **zeros)
         for b in at.cell.states] for a in at.cell.states
    ])  # fmt: skip
    symbols = {
        plain(printer.name(name, None)): value if np.ndim(value) == 0 else value.flat[0]
        for name, value in parameters.items()
    }
    letter = r"\nu" if r"\mu" in symbols else r"\mu"
    if left == letter:
        at_one = {**symbols, letter: Values(symbols)(right)}
        return any(close(Values(at_one)(e), 1) for e in page.eigenvalues)
    page.eigenvalues.append(right)
    matrix = np.zeros((1, 1)) if found.matrix is None else at.evaluate(found.matrix)
    known = np.linalg.eigvals(whole)
    values = [Values({**symbols, letter: mu})(right) for mu in np.linalg.eigvals(matrix)]
    return all(np.abs(known - value).min() < 1e-6 for value in values)


def bounded(page: Page, left: str, right: str, value: Any) -> bool:
    if "t-k" not in left:
        return bool(page.values(left) <= value * (1 + 1e-12))
    return norm(page, DEPTH) <= value * (1 + 1e-12)


def norm(page: Page, steps: int) -> float:
    """The norm of the Jacobian of the one state over some steps."""
    (state,) = page.at.cell.states
    return float(np.linalg.norm(page.at.product(state, state, steps), 2))


NOTATIONS = [n for n in sg.notations if n != "symgate"]


@pytest.mark.parametrize("name", CELLS)
def test_each_formula_of_the_zoo_has_the_engines_value(name: str) -> None:
    assert check(sg.derive(sg.cell(name))) > 5


#: Three cells in every notation, the others in one of them in turn.
IN_TURN = [
    (name, notation)
    for i, name in enumerate(CELLS)
    for j, notation in enumerate(NOTATIONS)
    if name in ("rnn", "gru", "lstm") or (j - i) % len(NOTATIONS) < 1
]


@pytest.mark.parametrize(("name", "notation"), IN_TURN)
def test_each_formula_in_each_notation(name: str, notation: str) -> None:
    assert check(sg.derive(sg.cell(name), notation)) > 5


@pytest.mark.parametrize("choices", [
    {"layout": "transposed"}, {"form": "hadamard"}, {"hadamard": "circ"}, {"bold": True},
    {"lag": 3}, {"layout": "transposed", "form": "hadamard"},
], ids=str)  # fmt: skip
@pytest.mark.parametrize(("name", "notation"), in_turn([
    *product(["gru", "lstm"], ["symgate", "ng", "row", "colah"]),
    ("rnn", "row"), ("lstm-peephole", "ng"), ("cornn", "symgate"),
], 5))  # fmt: skip
def test_each_formula_under_each_choice(name: str, notation: str, choices: dict[str, Any]) -> None:
    assert check(sg.derive(sg.cell(name), notation, **choices)) > 5


@pytest.mark.parametrize(("formula", "value"), [
    (r"a + U \, b", [[1 + 3], [2 + 5]]), (r"a \odot (U b)", [[3], [10]]),
    (r"\operatorname{diag}(a) U", [[1, 2], [6, 2]]), (r"a \, b^{\mathsf{T}}", [[1, 1], [2, 2]]),
    (r"\tfrac{1}{2} \, \left\| U \right\|_{2}", None),
    (r"\left(\begin{aligned} & a \\ & {} - b \end{aligned}\right)", [[0], [1]]),
])  # fmt: skip
def test_the_reader_of_formulas(formula: str, value: Any) -> None:
    u = np.array([[1.0, 2.0], [3.0, 1.0]])
    u[1] = [3, 1]
    symbols = {"a": np.array([[1.0], [2.0]]), "b": np.ones((2, 1)), "U": u}
    found = Values(symbols)(formula)
    if value is None:
        assert found == np.linalg.norm(u, 2) / 2
    elif formula.startswith("a + U"):
        assert (found == [[4], [6]]).all()
    elif r"\odot" in formula:
        assert (found == [[3], [8]]).all()
    else:
        assert (found == np.array(value)).all()


def test_the_reader_finds_a_wrong_formula() -> None:
    """A formula that is not the engine's must not pass."""
    derivation = sg.derive(sg.cell("gru"), sections=["step"])
    page = Page(derivation, point("gru"))
    right = r"\operatorname{diag}(z_t) + \operatorname{diag}((h_{t-1} - n_t) \odot z_t) U_z"
    assert not close(page.values(right), page.values(r"\frac{\partial h_t}{\partial h_{t-1}}"))
