"""Lines of plain text that look like equations: h_t = tanh(W x_t + U h_(t-1) + b)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from symgate.reading.source import Piece

MAX_LINE = 400

#: The tags of a paragraph, an item or a cell of a table, in which a line may stand.
_TAGS = r"(?:\s*<(?:p|li|div|td|br|dd|dt|center)\b[^<>]{0,80}>)*"
#: Words and a colon before an equation: "**Forget gate**: f_t = …".
_LABEL = re.compile(
    _TAGS
    + r"[\s>*\-+•–#/|(]*(?:\(?\d{1,2}[.)]\s*)?[*_]{0,2}[^\W\d_][\w \-/()（）'’&]{1,50}?[*_]{0,2}"
    r"\s?[:：](?!\s?=)[*_]{0,2}\s*(?=[^\s=])"
)
#: Words without a colon before an equation, one of which says which part it is.
_WORDS = re.compile(
    _TAGS + r"[\s>*\-+•–#/|(;%!]*(?:\(?\d{1,2}[.)]\s*)?[*_]{0,2}(?=[^=]{0,50}"
    r"\b(?i:gate|state|memory|cell|candidate|hidden|update|reset|forget|output|input|layer)\b)"
    r"[A-Za-z][A-Za-z \-/()]{1,50}[*_]{0,2}[\s–-]+(?=[^\W\d]\S{0,24}\s*(?:=|≔|←))"
)
#: One symbol before the equals sign, perhaps with scripts, an accent, a time.
_LEFT = re.compile(
    r"^" + _TAGS + r"[\s>*\-+•–#/|(;%!]*(?:\(?\d{1,2}[.)]\s*)?(?:\*\*|__)?"
    r"(?:\\[A-Za-z]+\s*\{?)*[^\W\d_]?[\w'′’̃̂̄^~}]{0,12}(?:<su[bp]>[^<>]{1,12}</su[bp]>)*"
    r"(?:[_^]?[({\[<⟨][^(){}\[\]<>=]{1,12}[)}\]>⟩])*[\w'′_^]{0,8}\*?\s*(?::\s?=|=|≔|<-|←)(?!=)"
)
#: What an equation of a cell has on its right side and prose or code seldom has.
_RIGHT = re.compile(
    r"\\(?:sigma|tanh|odot|Gamma|tilde)\b|(?i:\b(?:sigmoid|sigma|tanh|relu|sigm|softmax)\b\s*[(\[])|[σ𝜎𝛔φϕ]\s*\(|[⊙∘⨀ₜ]|\(\.\)|_\{?\(?t\b|t-1|t−1"
    r"|<sub>t"
)
_CODE = re.compile(
    r"\b(?:self|torch|np|tf|nn|jax|return|def|for|import|lambda|math)\b[.\s]|==|!=|;\s*$|\w\.\w+\("
)


_COMMAND = re.compile(r"\\(?:sigma|tilde|hat|Gamma|odot|tanh|cdot|mathbf|circ|times|text|bar)\b")
_COMMENT = re.compile(r"\s(?:#|//|--)\s.*$")


def plain_lines(text: str, start: int, stop: int) -> Iterator[Piece]:
    """The lines between two places that look like equations."""
    at = start
    while at < stop:
        found = text.find("=", at, stop)
        if found < 0:
            found = text.find("≔", at, stop)
        if found < 0:
            return
        first = text.rfind("\n", start, found) + 1 or start
        last = text.find("\n", found, stop)
        last = stop if last < 0 else last
        if last - first > 4 * MAX_LINE:
            at = last + 1
            continue
        label = _LABEL.match(text, first, found)
        label = label or _WORDS.match(text, first, found + 1)
        first = first if label is None else label.end()
        line = text[first:found] + _COMMENT.sub("", text[found:last])
        if len(line) <= MAX_LINE and _looks_like_one(line):
            latex = _COMMAND.search(line) is not None
            yield Piece.slice(text, first, last, kind="latex" if latex else "plain", display=False)
        at = last + 1


def _looks_like_one(line: str) -> bool:
    return (
        _LEFT.match(line) is not None
        and _RIGHT.search(line) is not None
        and _CODE.search(line) is None
    )
