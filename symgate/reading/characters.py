"""Signs of Unicode, and the LaTeX that they stand for."""

from __future__ import annotations

from symgate.algebra.names import GREEK


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Unicode characters as the LaTeX that means the same.
UNICODE: dict[str, str] = {
    **{symbol: f"\\{name} " for name, symbol in GREEK.items()},
    "ϕ": "\\phi ",
    "ϵ": "\\epsilon ",
    "ε": "\\epsilon ",
    "ς": "\\sigma ",
    "∂": "\\partial ",
    "⊙": "\\odot ",
    "⨀": "\\odot ",
    "∘": "\\circ ",
    "○": "\\circ ",
    "◦": "\\circ ",
    "•": "\\bullet ",
    "∙": "\\cdot ",
    "·": "\\cdot ",
    "⋅": "\\cdot ",
    "×": "\\times ",
    "⊗": "\\otimes ",
    "⊕": "\\oplus ",
    "∗": "*",
    "⁎": "*",
    "−": "-",
    "–": "-",
    "—": "-",
    "⟨": "\\langle ",
    "⟩": "\\rangle ",
    "〈": "\\langle ",
    "〉": "\\rangle ",
    "′": "'",
    "’": "'",
    "″": "''",
    "ᵀ": "^T",
    "⊤": "^T",
    "√": "\\sqrt ",
    "∑": "\\sum ",
    "∏": "\\prod ",
    "∞": "\\infty ",
    "≔": "=",
    "≜": "=",
    "≡": "=",
    "∥": "\\| ",
    "‖": "\\| ",
    "∈": "\\in ",
    "←": "=",
    "⟵": "=",
    "→": "\\to ",
    "⇒": "\\Rightarrow ",
    "…": "\\dots ",
    "⋯": "\\dots ",
    "，": ",",
    "；": ";",
    "（": "(",
    "）": ")",
    "［": "[",
    "］": "]",
    "＝": "=",
    "＋": "+",
    "：": ":",
    "\u00a0": " ",
    "\u200b": "",
    "\u2062": "",
    "\u2061": "",
    "\ufeff": "",
    "\u2009": " ",
    "\u202f": " ",
    "¬": "\\neg ",
    "≈": "\\approx ",
    "ℎ": "h",
    "𝟏": "1",
    "𝟙": "1",
}


_DOWN = "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₒₓₔₕₖₗₘₙₚₛₜᵢᵣᵤᵥⱼᵦᵧ"


_DOWN_TO = "0123456789+-=()aeoxəhklmnpstiruvjβγ"


_UP = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵃᵇᶜᵈᵉᶠᵍʰʲᵏˡᵐᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"


_UP_TO = "0123456789+-=()niabcdefghjklmoprstuvwxyz"


#: Lowered and raised characters as what they stand for.
LOWERED = dict(zip(_DOWN, _DOWN_TO, strict=True))


RAISED = dict(zip(_UP, _UP_TO, strict=True))


#: Combining marks as accents.
COMBINING = {
    "\u0303": "tilde",
    "\u0302": "hat",
    "\u0304": "bar",
    "\u0305": "bar",
    "\u0307": "dot",
    "\u20d7": "vec",
    "\u030c": "check",
    "\u0306": "breve",
}
