"""How many single typos in textbook forms are found, and mended to the cell that was meant.

    python analysis/read_typos.py [--cells NAME …] [--most N] [--missed]

Every cell is written in five notations, and every slip of a stated list is made in it, one at a
time. A slip that leaves an equal cell, or one that is published as it stands, is no typo and is
left out. A typo is found where a misprint is told in its equation; it is mended to the wrong
cell where what is told to be meant is proved to be another cell of the zoo. --most bounds the
typos of a cell in a notation (an even choice of all); --missed prints those not found.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

import symgate as sg
from symgate.cells import entry
from symgate.reading.mending.book import known, of_text
from symgate.reading.reader import read_text

#: The cells that are written and spoilt.
CELLS = (
    "rnn",
    "gru",
    "gru-z-takes-new",
    "gru-reset-after",
    "lstm",
    "lstm-peephole",
    "lstm-coupled",
    "lstm-projected",
    "mgu",
    "ugrnn",
    "janet",
    "ligru",
    "min-gru",
    "sru",
    "minimal-rnn",
    "ran",
    "cfn",
    "star",
    "rnn-sigmoid",
    "lstm-no-output-activation",
)

Tree = ast.Module


@dataclass
class Totals:
    """What became of the typos: counts by outcome, of each kind."""

    made: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    mended: int = 0
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    clean: int = 0
    accused: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        made, found = self.made.total(), self.found.total()
        kinds = "\n".join(
            f"  {kind:18} {self.found[kind]:4} of {n:4}" for kind, n in sorted(self.made.items())
        )
        return (
            f"{kinds}\n"
            f"typos found          {found:4} of {made:4}  {100 * found / max(made, 1):5.1f}%\n"
            f"mended to the cell   {self.mended:4} of {made:4}  "
            f"{100 * self.mended / max(made, 1):5.1f}%\n"
            f"mended to another    {len(self.wrong):4}\n"
            f"clean forms accused  {len(self.accused):4} of {self.clean:4}"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cells", nargs="+", default=CELLS, metavar="NAME")
    parser.add_argument("--most", type=int, default=25, help="typos of a cell in a notation")
    parser.add_argument("--missed", action="store_true", help="print what was not found")
    arguments = parser.parse_args()
    totals = Totals()
    for name in arguments.cells:
        measure(name, arguments.most, totals)
    if arguments.missed:
        print("\n\n".join([*totals.missed, *totals.wrong, *totals.accused]))
    print(totals)
    return 0


def measure(name: str, most: int, totals: Totals) -> None:
    """Write a cell in every notation, clean and with each typo."""
    tree = ast.parse(entry(name).equations.strip())
    typos = [t for t in slips(tree) if is_typo(written(t[2], LANGUAGE))]
    for number, notation in enumerate(NOTATIONS):
        text = written(tree, notation)
        found = read_text(text, "a.md").cells
        totals.clean += 1
        if len(found) != 1 or found[0].misprints:
            told = [(m.kind, m.printed, m.meant) for c in found for m in c.misprints]
            totals.accused.append(f"{name}, clean, {told}\n{text}")
        step = max(1, len(typos) // most)
        for kind, line, spoilt in typos[number % step :: step][:most]:
            judge(name, kind, line, written(spoilt, notation), totals)


def is_typo(text: str) -> bool:
    """Whether equations are still those of a recurrent cell, and of none that is published."""
    return "[t-1]" in text and known(of_text(text)) == ""


def judge(name: str, kind: str, line: int, text: str, totals: Totals) -> None:
    """Read one text with a typo in a line."""
    totals.made[kind] += 1
    readings = read_text(text, "a.md").cells
    misprints = [m for reading in readings for m in reading.misprints]
    first = NOTATION_HEAD + 1
    if not any(m.line == first + line for m in misprints):
        totals.missed.append(f"{name}, {kind}, equation {line + 1}\n{text}")
        return
    totals.found[kind] += 1
    zoo = readings[0].zoo
    if zoo is None or zoo.as_meant not in ("identical", "equal", "conditional"):
        return
    if zoo.name == name or sg.compare(zoo.name, name).verdict in ("identical", "equal"):
        totals.mended += 1
    elif zoo.as_meant != "conditional":
        told = [(m.kind, m.printed, m.meant) for m in misprints]
        totals.wrong.append(f"{name}, {kind}: mended to {zoo.name} {told}\n{text}")


# -- slips -------------------------------------------------------------------------------


def slips(tree: Tree) -> Iterator[tuple[str, int, Tree]]:
    """Every slip: its kind, the number of its equation, and the equations with it."""
    gates = [s.targets[0].value.id for s in tree.body if _is_gate(s)]  # type: ignore[attr-defined]
    for number, statement in enumerate(tree.body):
        for at, node in enumerate(ast.walk(statement.value)):  # type: ignore[attr-defined]
            for kind, change in _changes(node, gates, statement):
                spoilt = deepcopy(tree)
                same = list(ast.walk(spoilt.body[number].value))[at]  # type: ignore[attr-defined]
                new = change(same)
                if new is not None:
                    _Exchange(same, new).visit(spoilt.body[number])
                yield kind, number, spoilt


def _is_gate(statement: ast.stmt) -> bool:
    assert isinstance(statement, ast.Assign)
    value = statement.value
    return isinstance(value, ast.Call) and getattr(value.func, "id", "") == "sigmoid"


Change = Callable[[ast.AST], ast.AST | None]


def _changes(node: ast.AST, gates: list[str], statement: ast.stmt) -> Iterator[tuple[str, Change]]:
    """The slips that may happen at one node."""
    own = statement.targets[0].value.id  # type: ignore[attr-defined]
    match node:
        case ast.Subscript(value=ast.Name(id=name), slice=index):
            past = not isinstance(index, ast.Name)
            yield "time", lambda n: _variable(n.value.id, not past)  # type: ignore[attr-defined]
            for gate in gates:
                if name in gates and gate not in (name, own):
                    yield "gate", lambda n, gate=gate: _variable(gate, False)  # type: ignore[misc]
            if name in gates:
                yield "undefined", lambda n: _variable("q", False)
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            yield "sign", _flipped
            yield "operator", lambda n: _with_sign(n, ast.Mult())
            if _weighs(node.right):
                yield "dropped term", lambda n: n.left  # type: ignore[attr-defined]
        case ast.BinOp(op=ast.Mult()):
            yield "operator", lambda n: _with_sign(n, ast.Add())
            yield "dropped factor", lambda n: n.right  # type: ignore[attr-defined]
            if isinstance(node.left, ast.BinOp) and isinstance(node.left.op, ast.Sub):
                yield "complement", lambda n: ast.BinOp(n.left.right, n.op, n.right)  # type: ignore[attr-defined]
        case ast.Call(func=ast.Name(id="sigmoid" | "tanh" as function)):
            other = "tanh" if function == "sigmoid" else "sigmoid"
            yield "activation", lambda n: ast.Call(ast.Name(other), n.args, [])  # type: ignore[attr-defined]
            if isinstance(node.args[0], ast.BinOp) and isinstance(node.args[0].right, ast.Name):
                yield "bracket", _bias_outside
        case ast.Name(id=name) if "_" in name and name.split("_")[-1] in (own, own[:1]):
            for gate in gates:
                if gate != own and name.startswith(("W_", "U_", "b_")):
                    yield "index", lambda n, g=gate: ast.Name(f"{n.id.split('_')[0]}_{g}")  # type: ignore[misc,attr-defined]


def _variable(name: str, past: bool) -> ast.expr:
    return ast.parse(f"{name}[t{'-1' if past else ''}]", mode="eval").body


def _flipped(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.BinOp)
    other = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
    return ast.BinOp(node.left, other, node.right)


class Slipped(ast.BinOp):
    """A sum with the sign of a product, or a product with that of a sum: brackets as meant."""


def _with_sign(node: ast.AST, sign: ast.operator) -> ast.AST:
    assert isinstance(node, ast.BinOp)
    return Slipped(node.left, sign, node.right)


def _weighs(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)


def _bias_outside(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Call)
    inner = node.args[0]
    assert isinstance(inner, ast.BinOp)
    return ast.BinOp(ast.Call(node.func, [inner.left], []), inner.op, inner.right)


class _Exchange(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


# -- notations ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Notation:
    """How names, times and signs are written, and what stands around a line and around all."""

    now: str
    past: str
    product: str
    acts: str = " "
    functions: Mapping[str, str] = field(default_factory=dict)
    line: tuple[str, str] = ("$$", "$$")
    around: tuple[str, str] = ("", "")
    latex: bool = True
    indices: bool = True


_UPRIGHT = {"sigmoid": "\\mathrm{sigm}", "tanh": "\\mathrm{tanh}", "relu": "\\mathrm{relu}"}
_LATEX = {"sigmoid": "\\sigma", "tanh": "\\tanh", "relu": "\\mathrm{ReLU}"}
#: Lines of a text before its first equation.
NOTATION_HEAD = 1
NOTATIONS = (
    Notation("_t", "_{t-1}", " \\odot ", functions=_LATEX),
    Notation(
        "_t",
        "_{t-1}",
        " \\circ ",
        " \\cdot ",
        _LATEX,
        ("", " \\\\"),
        ("\\begin{align}", "\\end{align}"),
    ),
    Notation("^{<t>}", "^{<t-1>}", " * ", functions=_LATEX),
    Notation(
        "_t",
        "_{t-1}",
        " ⊙ ",
        functions={"sigmoid": "σ", "tanh": "tanh"},
        line=("", ""),
        around=("```", "```"),
        latex=False,
    ),
    Notation("^{(t)}", "^{(t-1)}", " \\odot ", functions=_UPRIGHT, line=("\\[", "\\]")),
)


#: The language of equations itself, to see what a slip leaves.
LANGUAGE = Notation("[t]", "[t-1]", " * ", " @ ", line=("", ""), latex=False, indices=False)


def written(tree: Tree, notation: Notation) -> str:
    """The equations in a notation, one a line, behind one line of words or an opening."""
    opening, closing = notation.line
    lines = [
        opening + f"{_shown(s.targets[0], notation)[0]} = {_shown(s.value, notation)[0]}" + closing
        for s in tree.body
        if isinstance(s, ast.Assign)
    ]
    return "\n".join([notation.around[0], *lines, notation.around[1]])


def _shown(node: ast.expr, how: Notation) -> tuple[str, int]:
    """An expression, and how tightly it binds: 1 a sum, 2 a product, 3 a matrix, 4 a symbol."""

    def inner(e: ast.expr, binds: int) -> str:
        shown, own = _shown(e, how)
        return f"({shown})" if own < binds else shown

    match node:
        case Slipped(left=left, op=ast.Add(), right=right):
            return f"{inner(left, 2)} + {inner(right, 2)}", 2
        case Slipped(left=left, right=right):
            return f"{inner(left, 1)}{how.product}{inner(right, 2)}", 1
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return f"{inner(left, 1)} + {inner(right, 1)}", 1
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return f"{inner(left, 1)} - {inner(right, 2)}", 1
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return f"{inner(left, 2)}{how.product}{inner(right, 2)}", 2
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            return f"{inner(left, 3)}{how.acts}{inner(right, 4)}", 3
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return f"{inner(left, 2)} / {inner(right, 4)}", 2
        case ast.Call(func=ast.Name(id=function), args=[argument]):
            return f"{how.functions.get(function, function)}({inner(argument, 0)})", 4
        case ast.Subscript(value=ast.Name(id=name), slice=index):
            return _name(name, how) + (how.now if isinstance(index, ast.Name) else how.past), 4
        case ast.Name(id=name):
            return _name(name, how), 4
    return ast.unparse(node), 4


def _name(name: str, how: Notation) -> str:
    if not how.indices:
        return name
    letter, *labels = name.split("_")
    if labels == ["tilde"]:
        return f"\\tilde{{{letter}}}" if how.latex else f"{letter}̃"
    greek = f"\\{letter}" if len(letter) > 2 and how.latex else letter
    label = "".join(labels)
    return f"{greek}_{{{label}}}" if len(label) > 1 else f"{greek}_{label}" if label else greek


if __name__ == "__main__":
    sys.exit(main())
