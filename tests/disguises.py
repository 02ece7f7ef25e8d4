"""Other ways to write a cell, and cells that differ from it in one place.

`disguised` keeps the function: names, order of lines, signs of parameters, gates taken as
one minus themselves, biases split. `mutated` changes one thing as a misprint does.
"""

from __future__ import annotations

import random
import re

import symgate as sg
from symgate.errors import EquationError

_WORD = re.compile(r"[A-Za-z_]\w*")
_GATE = re.compile(r"^(\w+)\[t\] = sigmoid\((.*)\)$")


def disguised(cell: sg.Cell, rng: random.Random) -> sg.Cell:
    """The same cell under other names, with other signs, gates and biases."""
    lines = str(cell).split("\n")
    lines = _complemented(lines, cell, rng)
    text = "\n".join(lines)
    for p in cell.parameters.values():
        if rng.random() < 0.3:
            text = _replaced(text, {p.name: f"(-{p.name})"})
        if p.kind == "vector" and rng.random() < 0.3 and len(_uses(text, p.name)) == 1:
            text = _replaced(text, {p.name: f"({p.name} + {p.name}_too)"})
    made = sg.Cell.from_text(text)
    scalars = [p.name for p in made.parameters.values() if p.kind == "scalar"]
    names = [n for n in (*made.equations, *made.inputs, *made.parameters) if n not in scalars]
    fresh = [f"q{i}" for i in range(len(names))]
    rng.shuffle(fresh)
    turned = dict(zip(scalars, reversed(scalars), strict=True))  # their names tell what they are
    turned |= dict(zip(names, fresh, strict=True))
    lines = _replaced(str(made), turned).split("\n")
    rng.shuffle(lines)
    return sg.Cell.from_text("\n".join(lines), "disguised")


def _complemented(lines: list[str], cell: sg.Cell, rng: random.Random) -> list[str]:
    """Some gates as one minus themselves; only gates that the next step does not read."""
    for name in cell.gates:
        at = next(i for i, line in enumerate(lines) if line.startswith(f"{name}[t] ="))
        match = _GATE.match(lines[at])
        read = len(_uses("\n".join(lines), name)) > 1  # else it is an output
        if match and read and rng.random() < 0.5 and _one_call(match[2]):
            lines = [re.sub(rf"\b{name}\[t\]", f"(1 - {name}[t])", line) for line in lines]
            lines[at] = f"{name}[t] = sigmoid(-({match[2]}))"
    return lines


def _one_call(inside: str) -> bool:
    """Whether the parentheses of sigmoid(…) close at the end of the line."""
    depth = 0
    for character in inside:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0:
            return False
    return True


def mutated(cell: sg.Cell, rng: random.Random) -> sg.Cell | None:
    """The cell with one thing changed; None where no change makes a cell."""
    text = str(cell)
    changes = [
        (m.start(), m.end(), new)
        for old, new in ((r"\[t-1\]", "[t]"), (r"\bsigmoid\b", "tanh"), (r"\btanh\b", "sigmoid"),
                         (r"\btanh\b", "relu"), (r" \+ [a-zA-Z]\w*(?= |\)|$)", ""),
                         (r"\b1 - ", ""))
        for m in re.finditer(old, text)
    ]  # fmt: skip
    rng.shuffle(changes)
    for start, stop, new in changes[:5]:
        try:
            other = sg.Cell.from_text(text[:start] + new + text[stop:], "mutated")
        except EquationError:
            continue
        if other.states == cell.states and other != cell:
            return other
    return None


def _uses(text: str, name: str) -> list[str]:
    return re.findall(rf"\b{name}\b", text)


def _replaced(text: str, names: dict[str, str]) -> str:
    return _WORD.sub(lambda m: names.get(m[0], m[0]), text)
