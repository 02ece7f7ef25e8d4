"""Formulas in the addresses of their pictures: …codecogs.com/svg?h_t%20%3D%20…, decoded."""

from __future__ import annotations

import re
from urllib.parse import unquote

from symgate.reading.source import Piece

#: An address up to where it ends in running text.
_ADDRESS = re.compile(r"[^\s\"'<>)]*")

#: What an address of a picture of a formula holds, and what stands before the formula in it.
_PICTURES = (
    ("codecogs.com/", "?"),
    ("upmath.me/svg/", ""),
    ("upmath.me/png/", ""),
    ("vercel.app/?from=", ""),
    ("vercel.app/?inline=", ""),
    ("chart?", "chl="),
    ("forkosh.com/mathtex.cgi?", ""),
    *((f"?{name}=", "") for name in ("math", "latex", "tex", "formula")),
)


def in_address(text: str, start: int, begun: int, limit: int) -> tuple[list[Piece], int]:
    """The formula in the address of its picture, and where it ends; any other is passed over.

    `start` is where the address starts, `begun` the place behind its https://.
    """
    end = _ADDRESS.match(text, begun, limit)
    last = begun if end is None else end.end()
    for mark, before in _PICTURES:
        at = text.find(mark, start, last)
        at = at if at < 0 or not before else text.find(before, at + len(mark), last)
        if at >= 0:
            return _formula(text, at + len(before or mark), start, limit)
    return [], last


def _formula(text: str, start: int, head: int, limit: int) -> tuple[list[Piece], int]:
    """The rest of an address, decoded; one in round brackets ends with them."""
    before = text[max(head - 2, 0) : head]
    ends = "\n" if before == "](" else before[-1:] if before[-1:] in ('"', "'") else " \n\t\"'<>"
    end, depth = start, 0
    while end < limit and text[end] not in ends and (text[end] != ")" or depth):
        depth += (text[end] == "(") - (text[end] == ")")
        end += 1
    decoded, offsets = _unquoted(text, start, end)
    return [Piece(decoded, offsets, delimiters=(text[head:start], ""))], end


def _unquoted(text: str, start: int, stop: int) -> tuple[str, list[int]]:
    """A URL's text with its %xx decoded, and where each character stood.

    A plus is a space in an encoded URL, but where spaces are %20 and no plus is %2B.
    """
    result: list[str] = []
    offsets: list[int] = []
    own = text[start:stop].upper()
    spaced = "%" in own and ("%20" not in own or "%2B" in own)
    for found in re.compile(r"(?:%[0-9A-Fa-f]{2})+|&[a-z]{2,6};|.", re.DOTALL).finditer(
        text, start, stop
    ):
        part = found.group()
        plain = (
            unquote(part)
            if part[0] == "%"
            else {"&plus;": "+", "&space;": " ", "&amp;": "&"}.get(
                part, " " if part == "+" and spaced else part
            )
        )
        result.append(plain)
        offsets.extend([found.start()] * len(plain))
    return "".join(result), offsets
