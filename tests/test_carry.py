"""The carry: one definition, however a cell is typed; everything that speaks of it agrees."""

from __future__ import annotations

import pytest
from sympy import expand

import symgate as sg
from symgate.algebra.vectors import variable
from symgate.drawing.graph import graph_of
from symgate.linear.paths import CARRY, carries, paths
from symgate.linear.transition import named_paths
from tests.chosen import CELLS

GRU = str(sg.cell("gru"))
TYPED = {
    "gru in one line": GRU,
    "gru, what is kept on a line of its own": GRU.replace(
        "h[t] = z[t] * h[t-1]", "keep[t] = z[t] * h[t-1]\nh[t] = keep[t]"
    ),
    "gru, what is added on a line of its own": GRU.replace(
        "h[t] = z[t] * h[t-1] + (1 - z[t]) * n[t]",
        "new[t] = n[t] - z[t] * n[t]\nkeep[t] = h[t-1]\nh[t] = new[t] + z[t] * keep[t]",
    ),
}


def speaking(cell: sg.Cell) -> list[set[str]]:
    """The carried states as the paths, the parts of a step, the diagram and the carry say."""
    lin = sg.linearise(cell)
    alone = named_paths(cell).step(lambda name: name == CARRY)
    drawn = graph_of(cell)
    return [
        {c.state for c in carries(lin)},
        {s for s in cell.states if any(p.is_carry for p in paths(lin, s, s))},
        {a for a, b, form in alone.across if a == b},
        {drawn.nodes[way[-1]].name for way in drawn.carries},
    ]


@pytest.mark.parametrize("name", CELLS)
def test_all_that_speak_of_the_carry_agree(name: str) -> None:
    cell = sg.cell(name)
    first, *rest = speaking(cell)
    assert all(found == first for found in rest)
    told = sg.derive(cell, sections=["lags"]).text()
    assert ("There is no carry" in told) == (not first)
    for found in carries(sg.linearise(cell)):
        assert all(not path.matrices for path in found.paths)


def test_the_carry_of_cells_that_disagreed() -> None:
    def coefficients(name: str) -> dict[str, str]:
        return {c.state: str(c.coefficient) for c in carries(sg.linearise(sg.cell(name)))}

    assert coefficients("rhn") == {"h": "(1 - k_t)*(1 - z_t)"}
    assert coefficients("star") == coefficients("indrnn") == coefficients("cfn") == {}
    assert coefficients("lstm") == {"c": "f_t"}
    assert [p.name for p in paths(sg.linearise(sg.cell("star")), "h", "h")] == ["direct", "k"]


@pytest.mark.parametrize("lines", TYPED.values(), ids=TYPED)
def test_a_carry_over_several_lines_is_the_same(lines: str) -> None:
    cell = sg.Cell.from_text(lines, name="typed")
    lin = sg.linearise(cell)
    (found,) = carries(lin)
    assert expand(found.coefficient - variable("z")) == 0
    assert dict(found.gates) == {"z": True}
    assert speaking(cell) == [{"h"}] * 4
    assert set(named_paths(cell).names) == set(named_paths(sg.cell("gru")).names)
    m = sg.memory(cell, steps=40, hidden=3)
    assert (m.gate, m.parameter, str(m.formula)) == ("z", "b_z", "log(T - 1)")
    d = sg.decay(cell, hidden=4, lags=20, bias={"z": 2})
    assert d.paths is not None
    assert d.predictions is not None
    whole = sg.decay(sg.cell("gru"), hidden=4, lags=20, bias={"z": 2})
    assert set(d.paths.names) == set(whole.paths.names)  # type: ignore[union-attr]
    assert d.predictions.entries[0].name == "biases"


def test_beside_a_function_of_itself_a_state_is_carried_all_the_same() -> None:
    one = sg.Cell.from_text("h[t] = h[t-1] + tanh(h[t-1]) + W @ x[t]", name="one")
    two = sg.Cell.from_text("g[t] = tanh(h[t-1])\nh[t] = h[t-1] + g[t] + W @ x[t]", name="two")
    for cell in (one, two):
        (found,) = carries(sg.linearise(cell))
        assert found.coefficient == 1
        assert sg.derive(cell, sections=["step"]).holds
    nothing = sg.Cell.from_text("h[t] = 2 * tanh(h[t-1]) + W @ x[t]", name="none")
    assert carries(sg.linearise(nothing)) == ()


def test_a_gate_that_another_line_renames_is_the_gate() -> None:
    text = """
        i[t] = sigmoid(W_i @ x[t] + U_i @ c[t-1] + b_i)
        f[t] = 1 - i[t]
        c[t] = f[t] * c[t-1] + i[t] * tanh(W @ x[t])
    """
    (found,) = carries(sg.linearise(sg.Cell.from_text(text, name="leak")))
    assert dict(found.gates) == {"i": False}


def test_the_carry_beside_an_activation_of_the_same_state() -> None:
    cell = sg.Cell.from_text("z[t] = sigmoid(W @ x[t])\nh[t] = z[t] * h[t-1] + tanh(u * h[t-1])")
    (carry,) = carries(sg.linearise(cell))
    assert carry.coefficient == cell.variable("z")
