"""Reading equations as people write them: labelled sets, documents, misprints, consequences.

The sets in tests/data/reading are equations alone, as they stand in papers, course pages and
documentation, a third of them with a misprint put in; labels were made by eye.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

import symgate as sg
from analysis.read_corpus import judged
from symgate.errors import EquationError, SymgateError
from symgate.reading.reader import read_text
from tests.chosen import in_turn

#: A third of the labelled notes, other ones each day.
EVERY = sorted((Path(__file__).parent / "data" / "reading").glob("*.json"))
SETS = in_turn(EVERY, len(EVERY) // 3)


@pytest.mark.parametrize("part", range(6))
def test_labelled_sets(part: int) -> None:
    for path in SETS[part::6]:
        data = json.loads(path.read_text(encoding="utf-8"))
        result = judged(data, path.stem)
        assert result.family, (path.stem, result.complaints)
        assert result.conventions, (path.stem, result.complaints)
        assert result.equations in (True, None), (path.stem, result.complaints)
        assert result.found == result.misprints, (path.stem, result.complaints)
        assert not result.accused, (path.stem, result.complaints)
        if data["misprints"] and data["meant"]:
            name, verdict = data["meant"]
            zoo = max(read_text(data["latex"], f"{path.stem}.md"), key=lambda c: len(c.lines)).zoo
            assert zoo is not None
            assert (zoo.name, zoo.as_meant or zoo.verdict) == (name, verdict)


NOTE = r"""# A lecture

$$ z_t = \sigma (W^{(z)}x_t + U^{(z)}h_{t-1})$$
words $r_t = \sigma(W^{(r)}x_t + U^{(r)}h_{t-1})$ and more words
$$ h_t' = tanh(Wx_t + r_t ) \bigodot U h_{t-1} $$
$$ h_t = z_t \bigodot h_{t-1} + (1 - z_t) \bigodot h_t'$$
$$ y_t = \mathrm{softmax}(V h_t) $$
"""


def test_a_note_with_a_misprint() -> None:
    found = sg.read(NOTE)
    (reading,) = found
    assert reading.family == "gru"
    assert reading.conventions.update == "keeps_old"
    assert reading.conventions.reset == "after"
    (misprint,) = reading.misprints
    assert (misprint.line, misprint.column) == (5, 11)
    assert misprint.printed == r"tanh(Wx_t + r_t ) \bigodot U h_{t-1}"
    assert misprint.meant == r"tanh(Wx_t + r_t \bigodot U h_{t-1})"
    assert misprint.kind == "misplaced_parenthesis"
    assert 0.5 < misprint.certainty <= 1
    assert reading.meant is not None
    assert sg.compare(sg.cell("gru-reset-after"), reading.meant).verdict == "conditional"
    assert any("output" in str(item["why"]) for item in found.files[0].skipped)


def test_what_is_printed_may_be_no_cell() -> None:
    (found,) = read_text(
        r"$$z_t = \sigma(W_z x_{t-1} + U_z h_{t-1})$$ $$n_t = \tanh(W x_t + U h_{t-1})$$"
        r"$$h_t = z_t h_{t-1} + (1 - z_t) n_t$$"
    )
    assert found.zoo is not None
    assert (found.zoo.name, found.zoo.verdict) == ("ugrnn", "near")
    assert found.zoo.as_meant == "conditional"


def test_what_a_misprint_changes() -> None:
    (misprint,) = sg.read(NOTE)[0].misprints
    changed = misprint.consequence
    assert changed.ranges["h"] == ("[-oo, oo]", "[-1, 1]")
    printed, meant = changed.jacobian
    assert printed != meant
    one, other = changed.decay(hidden=4, lags=5, samples=1)
    assert one is not None
    assert other is not None
    assert not np.allclose(one.log10_norm[1:], other.log10_norm[1:])


def test_the_data_of_a_reading() -> None:
    data = json.loads(json.dumps(sg.read(NOTE).to_dict()))
    assert data["schema"] == 1
    (file,) = data["files"]
    assert set(file) == {"path", "cells", "skipped"}
    (cell,) = file["cells"]
    assert {"family", "conventions", "states", "text", "zoo", "misprints"} <= set(cell)
    assert cell["conventions"] == {
        "update": "keeps_old",
        "reset": "after",
        "concatenated": False,
        "row_vectors": False,
        "biases": "none",
    }
    assert cell["states"] == ["h"]
    assert cell["text"][0] == "z[t] = sigmoid(W_z @ x[t] + U_z @ h[t-1])"
    assert {"name", "verdict", "map"} <= set(cell["zoo"])
    assert {"line", "column", "printed", "meant", "kind", "certainty"} <= set(cell["misprints"][0])


def test_an_ill_formed_line_has_no_text() -> None:
    (reading,) = sg.read(NOTE.replace("h_{t-1})$ and", "h_{t-1}$ and"))
    assert None in reading.text
    assert reading.cell is None
    assert "missing_parenthesis" in {m.kind for m in reading.misprints}


def test_from_latex_is_a_cell_like_any_other() -> None:
    cell = sg.Cell.from_latex(
        r"""\begin{align}
        f_t &= \sigma(W_f x_t + U_f h_{t-1} + b_f) \\
        h_t &= f_t \odot h_{t-1} + (1 - f_t) \odot \tanh(W x_t + U h_{t-1} + b)
        \end{align}""",
        "mine",
    )
    assert cell.name == "mine"
    assert sg.compare("ugrnn", cell).verdict in ("identical", "equal")
    assert sg.derive(cell, sections=["step"]).holds
    with pytest.raises(EquationError, match="no cell"):
        sg.Cell.from_latex(r"E = m c^2")
    with pytest.raises(EquationError):
        sg.Cell.from_latex(r"h_t = \tanh(W x_t + U h_{t-1}")


GRU = r"$$z_t = \sigma(W_z x_t + U_z h_{t-1}),\quad h_t = z_t h_{t-1} + (1-z_t) \tanh(W x_t)$$"


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        (".md", f"words\n\n{GRU}\n"),
        (".md", f"```math\n{GRU.strip('$')}\n```\n"),
        (".md", f"\\\\({GRU.strip('$')}\\\\)"),
        (".tex", f"\\begin{{equation}}{GRU.strip('$')}\\label{{a}}\\end{{equation}}"),
        (".rst", f".. math::\n\n   {GRU.strip('$')}\n"),
        (".py", f'def f():\n    r"""Words.\n\n    .. math:: {GRU.strip("$")}\n    """\n'),
        (".html", f"<p>words</p><script type='math/tex'>{GRU.strip('$')}</script>"),
        (".ipynb", json.dumps({"cells": [{"cell_type": "markdown", "source": ["a\n", GRU]}]})),
        (".txt", "z_t = σ(W_z x_t + U_z h_{t-1})\nh_t = z_t ⊙ h_{t-1} + (1-z_t) ⊙ tanh(W x_t)\n"),
    ],
)
def test_kinds_of_documents(tmp_path: Path, ending: str, text: str) -> None:
    path = tmp_path / f"a{ending}"
    path.write_text(text, encoding="utf-8")
    (reading,) = sg.read(path)
    assert reading.family == "lightru"
    assert [line.split(" = ")[1] for line in reading.text if line] == [
        "sigmoid(W_z @ x[t] + U_z @ h[t-1])",
        "z[t] * h[t-1] + (1 - z[t]) * tanh(W @ x[t])",
    ]


def test_a_folder_and_a_broken_file(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(GRU, encoding="utf-8")
    (tmp_path / "b.ipynb").write_text("{", encoding="utf-8")
    (tmp_path / "c.md").write_bytes(bytes(range(256)))
    (tmp_path / "d.md").write_text("![a](b.png)", encoding="utf-8")
    (tmp_path / "loop").symlink_to(tmp_path)
    found = sg.read(tmp_path)
    assert [len(file.cells) for file in found.files] == [1, 0, 0, 0]
    assert [bool(file.error) for file in found.files] == [False, True, True, False]
    assert "picture" in str(found.files[3].skipped[0]["why"])
    with pytest.raises(SymgateError, match="JSON"):
        sg.read(tmp_path / "b.ipynb")
    with pytest.raises(SymgateError, match="there is no file"):
        sg.read(tmp_path / "none.md")


GATES = (
    "z = sigmoid(W_z @ [h, x] + b_z)",
    "r = sigmoid(W_r @ [h, x] + b_r)",
    "n = tanh(W @ [r * h, x] + b)",
    "h = (1 - z) * h + z * n",
)


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(GATES),
        "A GRU has " + ", ".join(GATES[:3]) + ", and finally " + GATES[3] + ".",
        "\n".join(f'    print("Step {i}: {line}")' for i, line in enumerate(GATES)),
        "\n".join(f"        ('{i}. Step', '{line}', '#F44336')," for i, line in enumerate(GATES)),
        "\n".join(f"| a gate | {line} | words |" for line in GATES),
        "\n".join(f"   * {line}  ← what it does" for line in GATES),
        "\n".join(f"   * {line} [gate vector]" for line in GATES),
        "\n".join(rf"$${i}. \quad \text{{A gate: }} {line}$$" for i, line in enumerate(GATES)),
        "\n".join(f"    {line}      cổng — giữ lại bao nhiêu (1)" for line in GATES),
        "\n".join(f"    {line}   — what the gate does" for line in GATES),
        "\n".join(f'  {{ tex: "{line}", note: "a gate" }},' for line in GATES),
        "\n".join(f"- **{line.replace(' =', '** =', 1)} - Some gate" for line in GATES),
        "\n".join(f"It is: [{line}]" for line in GATES),
        "\n".join(f"- *{line.replace(' =', '* =', 1)}" for line in GATES),
        "\n".join(f"- *{line}*  (Some Step)" for line in GATES),
        "\n".join(f"{line}    [Estado oculto]" for line in GATES),
        "\n".join(line.replace("=", "<-", 1) for line in GATES),
        "\n".join(["/// ```text", *(f"/// {line}" for line in GATES), "/// ```"]),
    ],
)
def test_an_equation_begins_wherever_a_line_has_one(text: str) -> None:
    """Also without times: what would close a circle is the last value."""
    (reading,) = sg.read(text + "\n")
    assert (reading.family, reading.conventions.update) == ("gru", "takes_new")
    assert reading.text[-1] == "h[t] = (1 - z) * h[t-1] + z * n"
    assert len(reading.lines) == 4
    assert not reading.misprints


def test_a_memory_without_times_is_shown_as_it_is_now() -> None:
    gates = [f"{g} = sigmoid(W_{g} @ x + U_{g} @ h + b_{g})" for g in "ifo"]
    text = "\n".join([*gates, "g = tanh(W @ x + U @ h + b)", "c = f * c + i * g"])
    (reading,) = sg.read(text + "\nh = o * tanh(c)")
    assert reading.zoo is not None
    assert reading.zoo.name == "lstm"
    assert reading.text[-2:] == ("c[t] = f * c[t-1] + i * g", "h[t] = o * tanh(c)")


@pytest.mark.parametrize(
    ("text", "zoo"),
    [
        pytest.param(
            ".. math::\n\n    z_t &= \\sigma(W x_t + U h_{t-1})\n\n"
            "    n_t &= \\tanh(V x_t + R h_{t-1})\n\n"
            "    h_t &= z_t \\circ h_{t-1} + (1 - z_t) \\circ n_t\n",
            "ugrnn",
            id="blank lines in a directive",
        ),
        pytest.param(
            "z⁽ᵗ⁾ = σ(W x⁽ᵗ⁾ + U h⁽ᵗ⁻¹⁾)\nn⁽ᵗ⁾ = tanh(V x⁽ᵗ⁾ + R h⁽ᵗ⁻¹⁾)\n"
            "h⁽ᵗ⁾ = z⁽ᵗ⁾ ⊙ h⁽ᵗ⁻¹⁾ + (1 − z⁽ᵗ⁾) ⊙ n⁽ᵗ⁾\n",
            "ugrnn",
            id="raised times in brackets",
        ),
        pytest.param(
            "$$z_t = \\sigma(W_z [h_{t-1}, x_t] + b_z)$$\n"
            "$$r_t = \\sigma(W_r [h_{t-1}, x_t] + b_r)$$\n"
            "$$\\text{Faded} = r_t * h_{t-1}$$\n$$n_t = \\tanh(W_n [Faded, x_t] + b_n)$$\n"
            "$$h_t = (1 - z_t) * h_{t-1} + z_t * n_t$$\n",
            "gru-z-takes-new",
            id="a word that an equation defines",
        ),
        pytest.param(
            "$$\\mathbf{h}_t = \\tanh\\mathbf{a}_t$$\n"
            "$$\\mathbf{a}_t = \\mathbf{W} \\mathbf{x}_t + \\mathbf{U} \\mathbf{h}_{t-1}$$\n",
            "rnn",
            id="a function before a bold name",
        ),
        pytest.param(
            "Γu = σ(Wu·[c⟨t-1⟩, x⟨t⟩])\nc⟨t⟩ = Γu * tanh(Wc·[c⟨t-1⟩, x⟨t⟩]) + (1 - Γu) * c⟨t-1⟩\n",
            "ugrnn",
            id="a gate against its index",
        ),
        pytest.param(
            '<img src="https://render.githubusercontent.com/render/math?math='
            'h^{<t>}=\\tanh(W[h^{<t-1>},x^{<t>}]%2bb)">',
            "rnn",
            id="an address in quotes",
        ),
        pytest.param(
            "![](https://latex.codecogs.com/svg.latex?h_t%20=%20\\tanh(W%20x_t%20+%20U%20h_{t-1}))",
            "rnn",
            id="a plus in an address with %20",
        ),
        pytest.param(
            "![](https://latex.codecogs.com/svg.latex?h_t+%3D+\\tanh(W+x_t+%2B+U+h_{t-1}))",
            "rnn",
            id="a plus for a space in an address",
        ),
        pytest.param(
            "$$\\begin{array}{l} z_t = \\sigma(W x_t + U h_{t-1}) \\\\ the gate\n"
            "n_t = \\tanh(V x_t + R h_{t-1}) \\\\ new content, scaled\n"
            "h_t = z_t \\circ h_{t-1} + (1 - z_t) \\circ n_t \\\\ a blend\n\\end{array}$$\n",
            "ugrnn",
            id="words behind the break of a row",
        ),
        pytest.param(
            " * The cell is\n *\n * \\f[ z_t = \\sigma(W x_t +\n * U h_{t-1}) \\f]\n"
            " * - \\f$n_t = \\tanh(V x_t\n * + R h_{t-1})\\f$\n"
            " * - \\f$h_t = z_t \\circ h_{t-1} + (1 - z_t) \\circ n_t\\f$\n",
            "ugrnn",
            id="a comment of Doxygen",
        ),
        pytest.param(
            "/*!\n * \\f{align*}{\n *   z_t &= \\sigma(W x_t + U h_{t-1})\\\\\n"
            " *   n_t &= \\tanh(V x_t\n *     + R h_{t-1})\\\\\n"
            " *   h_t &= z_t \\odot h_{t-1} + (1 - z_t) \\odot n_t\n * \\f}\n */\n",
            "ugrnn",
            id="an environment of Doxygen",
        ),
        pytest.param(
            "    z_t = sigmoid(W x_t + U h_{t-1})     (gate z_t ∈ (0,1)^d)\n"
            "    n_t = tanh(V x_t + R h_{t-1})\n"
            "    h_t = z_t ⊙ h_{t-1} + (1 - z_t) ⊙ n_t     (state h_t ∈ R^d per sequence)\n",
            "ugrnn",
            id="a remark with a relation in it",
        ),
        pytest.param(
            "$$z = \\sigma(W \\star_k x_t + U \\star_k h_{t-1})$$\n"
            "$$n = \\tanh(V \\star_k x_t + R \\star_k h_{t-1})$$\n"
            "$$h_t = z \\odot h_{t-1} + (1 - z) \\odot n$$\n",
            "ugrnn",
            id="a sign with the size of a kernel",
        ),
        pytest.param(
            "$$z_t = \\sigma(W h_{t,l-1} + U h_{t-1,l})$$\n"
            "$$n_t = \\tanh(V h_{t,l-1} + R h_{t-1,l})$$\n"
            "$$h_t = z_t \\odot h_{t-1,l} + (1 - z_t) \\odot n_t$$\n",
            "ugrnn",
            id="a left side without its layer",
        ),
        pytest.param(
            "$$\\begin{array}l\nz_t = \\sigma(W x_t + U h_{t-1}) \\\\"
            " n_t = \\tanh(V x_t + R h_{t-1})"
            "\\\\ h_t = z_t \\circ h_{t-1} + (1 - z_t) \\circ n_t \\end{array}$$",
            "ugrnn",
            id="columns of an array without braces",
        ),
        pytest.param(
            "$$z_t = \\sigma(W x_t + U h_{t-1}) ~~ \\cdots (1)$$\n"
            "$$\\~n_t = \\tanh(V x_t + R h_{t-1}) \\ldots (2)$$\n"
            "$$h_t = z_t \\circ h_{t-1} + (1 - z_t) \\circ \\~{n}_t ~~ \\cdots (3)$$\n",
            "ugrnn",
            id="numbers behind dots, and the accent of a text",
        ),
        pytest.param(
            "$$z_t = \\sigma(W x_{t+1} + U h_t)$$\n$$n_t = \\tanh(V x_{t+1} + R h_t)$$\n"
            "$$h_{t+1} = z_t \\circ h_t + (1 - z_t) \\circ n_t$$\n",
            "ugrnn",
            id="a state and an input at the next step",
        ),
        pytest.param(
            "the gate z_t = \\sigma(W x_t + U h_{t-1})\n"
            "the new one n^\\prime_t = tanh(V x_t + R h_{t-1})\n"
            "Next Hidden h_t = z_t \\circ h_{t-1} + (1 - z_t) \\circ n^\\prime_t\n",
            "ugrnn",
            id="words before a product, and a prime in TeX",
        ),
        pytest.param(
            "- Gate: z_t = sigmoid(W × [h_{t-1}, x_t])\n- New: ~h_t = tanh(V × [h_{t-1}, x_t])\n"
            "- Blend: h_t = z_t × h_{t-1} + (1 - z_t) × ~h_t   ← a sum, ∂h_t/∂h_{t-1} = z_t + …\n"
            "```\nas product: h_t = h_{t-1} × anything\n```\n",
            "ugrnn",
            id="a tilde before a name, a derivative in a remark, and words in a formula",
        ),
        pytest.param(
            "z<t> = σ(Wz[h<t-1>, x<t>])\nn<t> = tanh(Wn[h<t-1>, x<t>])\n"
            "h<t> = z<t> * h<t-1> + (1 - z<t>) * n<t>\n",
            "ugrnn",
            id="times in angle brackets beside their symbols",
        ),
        pytest.param(
            "$$h_t = \\tanh(\\begin{array}{c} W & [h_{t-1}, x_t] \\end{array}). (22)$$",
            "rnn",
            id="a number behind a full stop, and a product in columns",
        ),
        pytest.param(
            "$$h_t = \\phi_h(W x_t + U h_{t-1} + b)$$\nHere $\\phi_h = \\text{ReLU}$, or"
            " $\\phi_h = \\tanh$, and $\\phi_y = \\text{softmax}$.",
            "rnn-relu",
            id="an activation that the text names",
        ),
        pytest.param("h(t) = tanh(W(h) h(t-1) + W(e) x(t) + b)", "rnn", id="labels in brackets"),
        pytest.param(
            "// n_t = tanh(W_n * x_t + U_n * h_{t-1})\nlet n = tanh(\n    &(self.w.dot(&x)),\n);\n"
            "// z_t = σ(W_z * x_t + U_z * h_{t-1})\n// h_t = z_t ⊙ h_{t-1} + (1 - z_t) ⊙ n_t\n",
            "ugrnn",
            id="a call of code that is not closed on its line",
        ),
        pytest.param(
            "Where $h_t != n_t$: $z_t = \\sigma(W x_t + U h_{t-1})$, "
            "$n_t = \\tanh(V x_t + R h_{t-1})$\n"
            "$$\\begin{aligned} h_t &= z_t \\odot h_{t-1} + (1 - z_t) \\odot n_t \\\\"
            " h_t &= \\sigma(W x_t + U h_{t-1}) \\odot h_{t-1} + (1 - \\sigma(W x_t + U h_{t-1}))"
            " \\odot \\tanh(V x_t + R h_{t-1}) \\end{aligned}$$\n",
            "ugrnn",
            id="an inequality, and an update that is written out once more",
        ),
        pytest.param(
            "z_t = sigma(W_z x_t + U_z h_{t-1} + b_z)\nr_t = sigma(W_r x_t + U_r h_{t-1} + b_r)\n"
            "g_t = tanh(W_g x_t + U_g (r_t o h_{t-1}) + b_g)\n"
            "h_t = (1 - z_t) o h_{t-1} + z_t o g_t\n",
            "gru-z-takes-new",
            id="an o for the sign of the product",
        ),
        *(
            pytest.param(
                f"1. z = {sigmoid}(W x + U h + b)\n2. n = tanh(V x + R h + d)\n"
                "3. h' = z∘h + (1-z)∘n\n",
                "ugrnn",
                id=f"a sigmoid that is called {sigmoid}",
            )
            for sigmoid in ("sig", "squash")
        ),
        pytest.param(
            r"In one paper $h_t = z_t \odot h_{t-1} + (1 - z_t) \odot n_t$, others write "
            r"$h_t = (1 - z_t) \odot h_{t-1} + z_t \odot n_t$, with "
            r"$z_t = \sigma(W x_t + U h_{t-1} + b)$ and $n_t = \tanh(V x_t + R h_{t-1} + d)$.",
            "ugrnn",
            id="two forms of one update with words between",
        ),
    ],
)
def test_ways_to_write(text: str, zoo: str) -> None:
    (found,) = read_text(text, "note.rst")
    assert found.zoo is not None
    assert (found.zoo.name, found.misprints) == (zoo, ())


@pytest.mark.parametrize(
    ("text", "family", "told"),
    [
        pytest.param(
            r"$$f_t=\sigma(W x_t+U h_{t-1}) \ c_t=f_t\odot c_{t_1}+(1-f_t)\odot x_t"
            r" \ h_t=\tanh(c_t)$$",
            "lstm",
            ["broken_line_separator", "time_index_notation"],
            id="one backslash for two, and the minus of a time",
        ),
        pytest.param(
            r"$$\Gamma_u=\sigma(W_u [c^{<t-1>}, x^{<t>}])$$"
            r"$$\Gamma_r=\sigma(W_r [c^{<t-1>}, x^{<t>}])$$"
            r"$$\tilde{c}^{<t>}=\tanh(W [\Gamma_R * c^{<t-1>}, x^{<t>}])$$"
            r"$$c^{<t>}=\Gamma_u*\tilde{c}^{<t>}+(1-\Gamma_u)*c^{<t-1>}$$",
            "gru",
            ["case_mismatch"],
            id="a gate in two cases",
        ),
        pytest.param(
            r"$$h_t = \tanh(x_t W + h_{t-1} U_{hh+b_h})$$",
            "rnn",
            ["misplaced_brace"],
            id="a bias in a subscript",
        ),
        pytest.param(
            r"$$\overrightarrow{h}_t = RNN(x_t, \overrightarrow{h}_{t-1})$$"
            r"$$\overleftarrow{h}_t = RNN(x_t, \overleftarrow{h}_{t+1})$$",
            "birnn",
            [],
            id="two directions without their formulas",
        ),
        pytest.param(
            r"$$f_t = \sigma(W_f [h_{t-1}, x_t] + P_f \odot c_{t-1})$$"
            r"$$o_t = \sigma(W_o [h_{t-1}, x_t] + P_o \odot c_t)$$",
            "lstm",
            [],
            id="peepholes alone",
        ),
        pytest.param(
            r"$$z_t = \sigma(W_z x_t + U_z h_{t-1}), where$$ $$n_t = \tanh(W x_t + U h_{t-1})$$"
            r"$$h_t = z_t h_{t-1} + (1 - z_t) n_t$$ With $z_t = 1$ it is kept, with $z_t = 0$ not.",
            "ugrnn",
            [],
            id="a word behind, and values that a gate may have",
        ),
        pytest.param(
            "```undefined\n"
            r"z_t = \sigma(W x_t + U h_{t-1})\\h_t = z_t \circ h_{t-1} + (1-z_t) \circ \tanh(V x_t)"
            "\n```",
            "lightru",
            [],
            id="rows on one line of a fence",
        ),
        pytest.param(
            "c<t> = Γu * n<t> + (1 - Γu) * c<t-1>\nn<t> = tanh(W[Γr * c<t-1>, x<t>] + b)\n",
            "gru",
            [],
            id="gates whose lines are not printed",
        ),
        pytest.param(
            r"$$a_t = \sigma(W_a x_t + U_a h_{t-1})$$ $$\Delta h_t = \tanh(W_h x_t + U_h h_{t-1})$$"
            r"$$h_t = a_t \odot h_{t-1} + (1 - a_t) \odot \Delta h_t$$",
            "ugrnn",
            [],
            id="a difference that is defined",
        ),
        pytest.param(
            "A convolutional LSTM:\nf_t = σ(W_f * X_t + U_f * H_{t-1})\n"
            "i_t = σ(W_i * X_t + U_i * H_{t-1})\ng_t = tanh(W_g * X_t + U_g * H_{t-1})\n"
            "C_t = f_t ⊙ C_{t-1} + i_t ⊙ g_t\nH_t = tanh(C_t)\n",
            "convlstm",
            [],
            id="stars that the document calls convolutions",
        ),
        pytest.param(
            r"$$z_t = \sigma(W x_t + U h_{t-1} + b_z)$$ $$n_t = \tanh(W x_t + U h_{t-1} + b_n)$$"
            r"$$h_t = (\zeta (1 - z_t) + \nu) \odot n_t + z_t \odot h_{t-1}$$",
            "ugrnn",
            [],
            id="a complement that is scaled and shifted",
        ),
        pytest.param(
            r"$$\begin{pmatrix} f_t \\ i_t \\ g_t \end{pmatrix}"
            r" = LN(W x_t; \alpha, \beta) + U h_{t-1}$$"
            r"$$c_t = \sigma(f_t) c_{t-1} + \sigma(i_t) \tanh(g_t)$$ $$h_t = \tanh(c_t)$$",
            "lstm",
            [],
            id="a column of sums without functions",
        ),
        pytest.param(
            "$$h_t = \\sigma(W_h [h_{t-1}, x_t])$$\n\n$$f_t = \\sigma(W_f [h_{t-1}, x_t])$$\n\n"
            "$$c_t = f_t c_{t-1} + (1 - f_t) \\tanh(W_c x_t)$$\n\n$$h_t = f_t \\tanh(c_t)$$",
            "lstm",
            ["symbol_defined_twice"],
            id="a name that is defined again without a word between",
        ),
        pytest.param(
            "$$x_k = \\bar{A} x_k + \\bar{B} u_k$$\n\n$$y_k = C x_k$$\n",
            "ssm",
            ["wrong_time_index"],
            id="a step that stands nowhere",
        ),
    ],
)
def test_what_is_told(text: str, family: str, told: list[str]) -> None:
    (found,) = read_text(text)
    assert (found.family, sorted({m.kind for m in found.misprints})) == (family, told)


def test_what_no_document_is(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b" " * 20_000_001)
    os.mkfifo(tmp_path / "b.md")
    with pytest.raises(SymgateError, match="larger than"):
        sg.read(tmp_path / "a.md")
    with pytest.raises(SymgateError, match="not a file"):
        sg.read(tmp_path / "b.md")


def test_a_step_that_scales_an_exponent() -> None:
    (found,) = read_text(
        "$$\\Delta_t = \\mathrm{softplus}(W_\\Delta x_t + b_\\Delta)$$\n"
        "$$\\bar A_t = \\exp(\\Delta_t A), \\quad \\bar B_t = \\Delta_t B_t$$\n"
        "$$B_t = W_B x_t, \\quad C_t = W_C x_t$$\n"
        "$$h_t = \\bar A_t h_{t-1} + \\bar B_t x_t$$\n$$y_t = C_t h_t$$\n"
    )
    assert (found.family, found.misprints) == ("ssm", ())


def test_a_gate_that_weighs_nothing() -> None:
    (found,) = read_text(
        "$$r_t = \\sigma(W_r x_t + U_r h_{t-1})$$\n$$z_t = \\sigma(W_z x_t + U_z h_{t-1})$$\n"
        "$$n_t = \\tanh(W x_t + U (r_t \\circ h_{t-1}))$$\n$$h_t = z_t + (1 - z_t) \\circ n_t$$\n"
    )
    (mark,) = found.misprints
    assert (found.family, mark.kind, mark.meant) == ("gru", "missing_factor", "z_t \\circ h_{t-1}")


LSTM_NOTE = (
    "".join(
        f"$${gate}_t = \\{act}(W_{gate} x_t + U_{gate} h_{{t-1}} + b_{gate})$$\n"
        for gate, act in (("f", "sigma"), ("i", "sigma"), ("o", "sigma"), ("g", "tanh"))
    )
    + "$$c_t = f_t \\odot c_{t-1} + i_t \\odot g_t$$\n$$h_t = o_t \\odot \\tanh(c_t)$$\n"
)


@pytest.mark.parametrize(
    "beside",
    [
        r"If $f_t=0.9$, $c_{t-1}=2$ then $c_t = 0.9 \cdot 2 + 0.5 \cdot (-1) = 1.3$.",
        r"Let $W_f = 0.5$, $b_f = 0$, $x_t = 1$.",
        r"Initialise $b_f = 1$ and $U_i = I$.",
        r"If $o_t = 0$ then $h_t = h_{t-1}$; at $x_t = h_{t-1} = 0$, and $c_t = c_{t-1} = c^*$.",
        r"$$\delta_t = U^\top \operatorname{diag}(1 - h_{t+1}^2) \delta_{t+1} + y_t - d_t$$",
    ],
)
def test_examples_beside_a_cell_are_none_of_its_lines(beside: str) -> None:
    (found,) = read_text(LSTM_NOTE + beside)
    assert (found.family, found.misprints) == ("lstm", ())
    assert found.zoo is not None
    assert (found.zoo.name, found.zoo.verdict) == ("lstm", "identical")


def test_a_font_belongs_to_what_is_printed() -> None:
    h, z, n = (f"\\mathbf{{{letter}}}" for letter in "hzn")
    (found,) = read_text(
        f"$${z}_t = \\sigma(W_z x_t + U_z {h}_{{t-1}})$$ $${n}_t = \\tanh(W x_t + U {h}_{{t-1}})$$"
        f"$${h}_t = {z}_t \\odot {h}_{{t-1}} + {z}_t \\odot {n}_t$$"
    )
    (slip,) = found.misprints
    assert (slip.printed, slip.meant) == (f"{z}_t", f"(1 - {z}_t)")


def test_a_skip_and_a_number_without_end() -> None:
    (found,) = read_text(r"$$h_t = \tanh(W x_t + U h_{t-3} + b)$$")
    assert found.misprints == ()
    assert list(read_text("$$h_t = h_{t-" + "9" * 5000 + "} + x_t$$")) == []


def test_names_that_differ_by_one_letter_in_plain_text() -> None:
    (found,) = read_text(
        "zₜ = σ(Wz xₜ + Uz hₜ₋₁ + bz)\nrₜ = σ(Wr xₜ + Uz hₜ₋₁ + br)\n"
        "h̃ₜ = tanh(Wh xₜ + Uh(rₜ ⊙ hₜ₋₁) + bh)\nhₜ = (1 − zₜ) ⊙ hₜ₋₁ + zₜ ⊙ h̃ₜ\n"
    )
    (slip,) = found.misprints
    assert (slip.kind, slip.printed, slip.meant) == ("wrong_weight_index", "Uz", "Ur")


def test_a_formula_in_a_quotation() -> None:
    (found,) = read_text("> $$\n> h_t = \\tanh(W x_t\n> + U h_{t-1} + b)\n> $$\n")
    assert found.family == "rnn"
