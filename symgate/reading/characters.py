"""Signs of Unicode, and the LaTeX that they stand for."""

from __future__ import annotations

from collections.abc import Mapping

from symgate.algebra.names import GREEK


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def spelled(meanings: Mapping[str, str]) -> dict[str, str]:
    """Words by what they mean, where each meaning is given with all its words."""
    return {word: meaning for meaning, own in meanings.items() for word in own.split()}


#: Unicode characters as the LaTeX that means the same.
UNICODE: dict[str, str] = {symbol: f"\\{name} " for name, symbol in GREEK.items()}
UNICODE |= {
    sign: f"\\{name} "
    for name, signs in {
        "phi": "ϕ",
        "epsilon": "ϵ",
        "sigma": "ς",
        "partial": "∂",
        "odot": "⊙⨀",
        "circ": "∘○◦",
        "bullet": "•",
        "cdot": "∙·⋅",
        "times": "×",
        "otimes": "⊗",
        "oplus": "⊕",
        "langle": "⟨〈",
        "rangle": "⟩〉",
        "sqrt": "√",
        "sum": "∑",
        "prod": "∏",
        "infty": "∞",
        "|": "∥‖",
        "in": "∈",
        "to": "→",
        "Rightarrow": "⇒",
        "dots": "…⋯",
        "neg": "¬",
        "approx": "≈",
    }.items()
    for sign in signs
}
UNICODE |= {
    sign: plain
    for plain, signs in {
        "*": "∗⁎",
        "-": "−–—",
        "'": "′’",
        "''": "″",
        "^T": "ᵀ⊤",
        "=": "≔≜≡←⟵",
        ",": "，",
        ";": "；",
        ":": "：",
        " ": "\u00a0\u2009\u202f",
        "": "\u200b\u2062\u2061\ufeff",
        "h": "ℎ",
        "1": "𝟏𝟙",
    }.items()
    for sign in signs
}

_DOWN = "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₒₓₔₕₖₗₘₙₚₛₜᵢᵣᵤᵥⱼᵦᵧᵨᵩᵪ"


_DOWN_TO = "0123456789+-=()aeoxəhklmnpstiruvjβγρφχ"


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
