"""What math-core makes of our formulas, letter by letter.

The dependency is a range: a version within it that writes something else shows here first,
before a page looks different.
"""

from __future__ import annotations

import pytest

from symgate.writing.mathml import mathml

WRITTEN = {
    r"z_t": ("<math><msub><mi>z</mi><mi>t</mi></msub></math>"),
    r"\frac{\partial h_t}{\partial h_{t-1}}": (
        "<math><mfrac><mrow><mi>∂</mi><msub><mi>h</mi><mi>t</mi></msub></mrow><mrow><mi>∂"
        "</mi><msub><mi>h</mi><mi>𝑡−1</mi></msub></mrow></mfrac></math>"
    ),
    r"\operatorname{diag}(1 - h_t^{2}) \, U": (
        "<math><mrow><mrow><mi>diag</mi></mrow><mo>&ApplyFunction;</mo><mrow><mo stretchy"
        '="false">(</mo><mn>1</mn><mo>−</mo><msubsup><mi>h</mi><mi>t</mi><mn>2</mn></msub'
        'sup><mo stretchy="false">)</mo></mrow></mrow><mspace width=".17em"/><mi>U</mi></'
        "math>"
    ),
    r"\left\| U_f \right\|_{2} \leq 1": (
        "<math><msub><mrow><mo>‖</mo><msub><mi>U</mi><mi>f</mi></msub><mo>‖</mo></mrow><m"
        "n>2</mn></msub><mo>≤</mo><mn>1</mn></math>"
    ),
    r"\prod_{j=0}^{k-1} f_{t-j}": (
        '<math><munderover><mo lspace="0">∏</mo><mrow><mi>j</mi><mo lspace="0" rspace="0"'
        ">=</mo><mn>0</mn></mrow><mi>𝑘−1</mi></munderover><msub><mi>f</mi><mi>𝑡−𝑗</mi></m"
        "sub></math>"
    ),
    r"\tilde{h}_t \odot \Gamma_u^{\langle t-1 \rangle}": (
        '<math><msub><mover accent="true"><mi>h</mi><mo stretchy="false">˜</mo></mover><m'
        'i>t</mi></msub><mo>⊙</mo><msubsup><mi mathvariant="normal">Γ</mi><m'
        "i>u</mi><mi>⟨𝑡−1⟩</mi></msubsup></math>"
    ),
    r"\begin{bmatrix} a & b \\ c & d \end{bmatrix}": (
        '<math><mrow><mo>[</mo><mtable displaystyle="false"><mtr><mtd><mi>a</mi></mtd><mt'
        "d><mi>b</mi></mtd></mtr><mtr><mtd><mi>c</mi></mtd><mtd><mi>d</mi></mtd></mtr></m"
        "table><mo>]</mo></mrow></math>"
    ),
    r"\begin{aligned} a &= b \\ &\quad {} + \mathsf{T} && \text{x y} \end{aligned}": (
        '<math><mtable displaystyle="true"><mtr><mtd><mi>a</mi></mtd><mtd><mo>=</mo><mi>b'
        '</mi></mtd></mtr><mtr><mtd></mtd><mtd><mspace width="1em"/><mrow/><mo>+</mo><mi>'
        "𝖳</mi></mtd><mtd></mtd><mtd><mtext>x\xa0y</mtext></mtd></mtr></mtable></math>"
    ),
}


@pytest.mark.parametrize("formula", WRITTEN)
def test_mathml_is_what_it_was(formula: str) -> None:
    assert mathml(formula) == WRITTEN[formula]
