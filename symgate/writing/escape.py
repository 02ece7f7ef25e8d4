"""Text of users made harmless: in LaTeX, in HTML, in Markdown."""

from __future__ import annotations

import html
import unicodedata

from symgate.algebra.names import GREEK

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "`": "'",
    "–": "--",
    "—": "---",
    "“": "``",
    "”": "''",
    "‘": "`",
    "’": "'",
    "…": r"\dots{}",
    "⊙": r"$\odot$",
    "∘": r"$\circ$",
    "∂": r"$\partial$",
    "δ": r"$\delta$",
    "Γ": r"$\Gamma$",
    "ᵀ": r"$^{\mathsf{T}}$",
    "→": r"$\rightarrow$",
    "−": r"$-$",
    "·": r"$\cdot$",
    "≤": r"$\leq$",
    "∞": r"$\infty$",
    "×": r"$\times$",
    "\u00a0": "~",
}
_GREEK = {letter: name for name, letter in GREEK.items()}


def latex_text(text: str) -> str:
    r"""Text for LaTeX outside of formulas; what its fonts do not have is named by number.

    >>> print(latex_text("50% of $x_1$, \\input{a}"))
    50\% of \$x\_1\$, \textbackslash{}input\{a\}
    """
    return "".join(_LATEX.get(c) or _other(c) for c in text)


def _other(character: str) -> str:
    if character in _GREEK:
        name = _GREEK[character]
        return "$o$" if name == "omicron" else rf"$\{name}$"
    if character.isascii():
        return character if character.isprintable() else " "
    base = unicodedata.normalize("NFD", character)
    if "LATIN" in unicodedata.name(character, "") and ord(character) < 0x180 and len(base) > 1:
        return character
    if character in "ßæøåÆØÅœŒłŁ":
        return character
    return rf"\texttt{{U+{ord(character):04X}}}"


def label_text(text: str) -> str:
    r"""Text for \text{…} inside a formula, which converters to MathML read as well.

    Backslashes, braces and dollars go, as not all of them know their escapes.

    >>> label_text("a_b & c")
    'a b and c'
    """
    out = text.replace("&", "and").replace("_", " ")
    kept = (c for c in out if c not in '\\{}$#%^~<>`|"' and c.isprintable())
    return "".join(c if c.isascii() else _plain(c) for c in kept)


def _plain(character: str) -> str:
    base = unicodedata.normalize("NFD", character)[0]
    return base if base.isascii() else "?"


def html_text(text: str) -> str:
    """Text for HTML.

    >>> html_text("<b> & co")
    '&lt;b&gt; &amp; co'
    """
    return html.escape(printable(text))


def printable(text: str) -> str:
    """A text without characters that nothing shows, but with its lines."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)


def markdown_text(text: str) -> str:
    r"""Text for Markdown, with what has a meaning there escaped.

    >>> print(markdown_text("a*b_c <i>"))
    a\*b\_c &lt;i&gt;
    """
    out = "".join(c if c.isprintable() else " " for c in text)
    for sign in "\\`*_[]#|~$":
        out = out.replace(sign, f"\\{sign}")
    return out.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
