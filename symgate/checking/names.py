"""The names of a cell as the notations print them, read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sympy import Expr, Integer, MatrixExpr, MatrixSymbol

from symgate.algebra.matrices import ColumnBlock, pieces
from symgate.algebra.vectors import MatVec
from symgate.equations.cell import Cell
from symgate.equations.zoo import once_a_cell
from symgate.errors import SymgateError, UnknownName
from symgate.linear.linearise import linearise
from symgate.reading.grammar import tree
from symgate.reading.indices import Indices
from symgate.reading.names import Reference, reference
from symgate.reading.plain import written_in_latex
from symgate.reading.scripts import tokens
from symgate.reading.source import Piece
from symgate.reading.tokens import FormulaError
from symgate.writing.glyphs import glyph_latex
from symgate.writing.naming import Naming
from symgate.writing.notation import names as notation_names
from symgate.writing.notation import notation
from symgate.writing.plain import TextPrinter
from symgate.writing.tree import Written
from symgate.writing.typesetter import Typesetter

Names = Mapping[str, str]


@dataclass(frozen=True)
class Lexicon:
    """What the names of one notation stand for, and how an expression reads in it."""

    names: Names
    blocks: Mapping[str, ColumnBlock]
    naming: Naming

    @property
    def row(self) -> bool:
        """Whether vectors are rows, so that a matrix is the transpose of what acts."""
        return self.naming.notation.row

    def say(self, expression: Expr | MatrixExpr) -> Written:
        text = TextPrinter(None, self.naming, self.naming.notation.hadamard).show(expression)
        return Written(Typesetter(self.naming).inline(expression), text)


def key(name: str) -> str:
    r"""A name without what only sets it: W_hz, W_{hz} and W_h_z are one.

    >>> key("W_h_z")
    'Whz'
    """
    return name.replace("_", "")


@once_a_cell
def namings(cell: Cell) -> tuple[Lexicon, ...]:
    """For each notation, what each printed name stands for; the cell's own names come first.

    A notation that prints a name as the cell calls another one has its own meaning of it.
    """
    lin = linearise(cell)
    timed = [*lin.nodes, *cell.inputs]
    own = {key(name): name for name in (*timed, *cell.parameters)}
    plain = Naming(cell, notation("symgate"))
    found = [Lexicon(own, _blocks(cell, plain), plain)]
    for style in notation_names():
        naming = Naming(cell, notation(style))
        above = naming.notation.time == "above"
        printed: dict[str, str] = {}
        for name in (*timed, *cell.parameters):
            glyph = naming.glyph(name)
            time = Integer(0) if name in timed else None
            ref = _reference(glyph_latex(glyph, time, above=above))
            if ref is not None:
                printed[key(ref.name)] = name
        if naming.notation.row or all(printed != known.names for known in found):
            found.append(Lexicon(printed, _blocks(cell, naming), naming))
    return tuple(found)


def renamed(cell: Cell, names: Mapping[str, str]) -> Lexicon:
    """The cell's own names, with other letters for some: {"h": "s", "U_z": "R_z"}."""
    own = namings(cell)[0]
    spelt = {name: letter for letter, name in own.names.items()}
    for name, letter in names.items():
        if name not in spelt:
            raise UnknownName(f"a value of {cell.name} named", str(name), tuple(spelt))
        ref = _reference(letter) if isinstance(letter, str) else None
        if ref is None:
            raise SymgateError(f"{letter!r} is not a name that {name} could have")
        spelt[name] = key(ref.name)
    return Lexicon({letter: name for name, letter in spelt.items()}, own.blocks, own.naming)


def _blocks(cell: Cell, naming: Naming) -> dict[str, ColumnBlock]:
    """The columns of matrices that act on one part of a concatenation, by how they print."""
    found: dict[str, ColumnBlock] = {}
    for node in linearise(cell):
        for atom in node.expression.atoms(MatVec):
            for block, _ in pieces(atom):
                if isinstance(block, ColumnBlock) and isinstance(block.matrix, MatrixSymbol):
                    glyph = naming.block(block.matrix.name, block.source.name)
                    ref = _reference(glyph_latex(glyph, None))
                    if ref is not None:
                        found[key(ref.name)] = block
    return found


def _reference(latex: str) -> Reference | None:
    piece = written_in_latex(Piece(latex, range(len(latex))))
    try:
        items, _ = tree(tokens(piece))
    except FormulaError:
        return None
    return reference(items[0], Indices()) if len(items) == 1 else None
