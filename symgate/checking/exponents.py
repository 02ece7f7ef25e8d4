"""What stands raised behind a name or a bracket: a number, a transpose, a prime."""

from __future__ import annotations

from typing import Any

from sympy import Rational

from symgate.checking.partials import spoken
from symgate.checking.products import Power
from symgate.checking.values import NotUnderstood
from symgate.reading.indices import linear
from symgate.reading.names import Reference
from symgate.reading.trees import Scripted, Tree
from symgate.reading.trees import Spelled as Sign


def ending(ref: Reference) -> Power:
    """A transpose or a power that stands among the scripts of a name."""
    if ref.transposed:
        return "T"
    return int(ref.power) if ref.power.lstrip("-").isdigit() else None


def exponent(script: Any, numbers: Any = None) -> Power:
    """A raised number or transpose; None for any other script."""
    if script.kind != "SUP":
        return None
    inside = spoken(script.inside)
    if len(inside) == 1 and inside[0].value in ("T", "top", "intercal", "mathsf", "transpose"):
        return "T"
    text = "".join(t.value for t in inside)
    numbers_inside = [t.value for t in inside if t.kind == "NUMBER"]
    kinds = [t.kind for t in inside if t.kind not in ("NUMBER", "FRACTION", "SLASH")]
    if len(numbers_inside) == 2 and not kinds and all(n.isdigit() for n in numbers_inside):
        return Rational(int(numbers_inside[0]), int(numbers_inside[1]) or 1)
    if text.lstrip("-").isdigit() and len(text) < 3:
        return int(text)
    if numbers and text and text != "t" and any(t.value == "k" for t in inside):
        return linear(inside, numbers)
    return None


def primes(script: Any) -> int:
    if script.kind == "PRIME":
        return 1
    raised = script.kind == "SUP" and script.inside
    return len(script.inside) if raised and all(t.kind == "PRIME" for t in script.inside) else 0


def spelt(base: Tree, script: Any) -> str:
    """A name in two words, as hard_tanh, of which the second is read as an index."""
    words = [t.value for t in script.inside if t.kind in ("NAME", "FUNCTION", "LETTER")]
    return f"{base.name}_{words[0]}" if isinstance(base, Sign) and len(words) == 1 else ""


def power_of(tree: Tree) -> Power:
    if not isinstance(tree, Scripted):
        return None
    if len(tree.scripts) > 1 or exponent(tree.scripts[0]) is None:
        raise NotUnderstood("this script is not understood", tree)
    return exponent(tree.scripts[0])
