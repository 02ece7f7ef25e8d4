"""What all printers of a notation share: names by role, rows, concatenated matrices, words.

A notation (symgate.writing.notation) says which letter a gate has, whether vectors are rows
and whether W and U of a gate are one matrix. How that looks in Unicode or in LaTeX is for the
printers in `plain` and `latex`.
"""

from __future__ import annotations

from copy import copy
from typing import Any

from sympy import Add, Expr, Indexed, MatrixExpr, MatrixSymbol, Rational, Symbol

from symgate.algebra.marks import Partial
from symgate.algebra.matrices import ColumnBlock
from symgate.algebra.norms import SpectralNorm
from symgate.algebra.operators import transposed as adjoint_of
from symgate.algebra.shown import ATOM, MATVEC, POWER, PRODUCT, SUM, Order, Shown, made
from symgate.algebra.text import Unicode
from symgate.algebra.vectors import MatVec, as_product, name_of, parts_of, t, time_of
from symgate.writing.marks import Acting, Concatenation, Equal
from symgate.writing.naming import Naming
from symgate.writing.notation import Glyph
from symgate.writing.tree import Count, NameWord, Shape


class Noted(Unicode):
    """A printer that writes in a notation; a language says how glyphs look."""

    bold = False

    def __init__(self, order: Order | None, naming: Naming) -> None:
        super().__init__(order)
        self.naming, self.notation = naming, naming.notation

    # -- what a language decides -------------------------------------------------------------

    def glyph(self, glyph: Glyph, time: Expr | None = None, *, bold: bool = False) -> str:
        """A letter with its indices, at a time."""
        raise NotImplementedError

    def of_loss(self, shown: Shown) -> Shown:
        """The derivative of what one step adds to the loss."""
        return made(ATOM, "∂L_t/∂", shown)

    #: Whether a quarter is 1/4 and not 0.25.
    fractions = True

    # -- names -------------------------------------------------------------------------------

    def name(self, name: str, time: Expr | None) -> str:
        return self.named(name, time).text

    def named(self, name: str, time: Expr | None) -> Shown:
        """A name of the cell, of the engine or of the document."""
        if name.startswith("loss:"):
            return self.of_loss(self.named(name[5:], time))
        return self.lettered(self.naming.glyph(name), time, bold=self.is_bold(name, time))

    def lettered(self, glyph: Glyph, time: Expr | None = None, *, bold: bool = False) -> Shown:
        """A glyph, with whether its upper index is taken."""
        raised = bool(glyph.above) or (time is not None and self.notation.time == "above")
        return Shown(self.glyph(glyph, time, bold=bold), raised=raised)

    def is_bold(self, name: str, time: Expr | None) -> bool:
        """Whether a name is a vector's; a parameter is one where the cell says so."""
        if not self.bold:
            return False
        cell = self.naming.cell
        known = cell.parameters.get(name) if cell is not None else None
        return time is not None or (known is not None and known.kind == "vector")

    def print_Indexed(self, e: Indexed) -> Shown:
        return self.named(name_of(e), time_of(e))

    def print_Symbol(self, e: Symbol) -> Shown:
        if e.is_integer:  # a size, a lag: no name of the cell
            return self.lettered(Glyph.of(e.name))
        return self.named(e.name, None)

    def print_OneStep(self, e: Any) -> Shown:
        return self.lettered(Glyph(self.naming.jacobian), e.time - t)

    # -- numbers and products ----------------------------------------------------------------

    def print_Rational(self, e: Rational) -> Shown:
        if self.fractions and e.q in (2, 4, 8, 16):
            shown = self.ratio(abs(e.p), e.q)
            return made(SUM, self.minus, shown) if e.is_negative else shown
        return super().print_Rational(e)

    def in_product(self, factor: Expr) -> int:
        return 0 if factor.is_Rational and factor.is_positive else MATVEC + 1

    def print_Add(self, e: Add) -> Shown:
        """A sum; U h + W x is W [h, x] where the notation has one matrix for both."""
        found = [p for a in e.args if (p := as_product(a)) is not None]
        products = [p for p in found if isinstance(p.matrix, MatrixSymbol)]
        for one in products:
            for other in products:
                glyph = self.naming.joint(one.matrix, other.matrix)
                after_input = self.naming.uses and self._kind(one) == "input"
                if glyph is None or one is other or after_input:
                    continue
                inside = self.bracketed([self.at(one.vector, 0), self.at(other.vector, 0)])
                first = made(MATVEC, self.lettered(glyph), self.matvec_times, inside)
                rest = [self.signed(a) for a in e.args if a not in (one, other)]
                return self.summed([(False, first), *sorted(rest, key=lambda term: term[0])])
        return super().print_Add(e)

    def _kind(self, product: MatVec) -> str:
        use = self.naming.uses.get(product.matrix.name)
        return use.kind if use is not None else ""

    # -- vectors as rows ---------------------------------------------------------------------

    def acting(self, matrix: MatrixExpr, vector: Expr, level: int) -> Shown:
        if self.notation.row:
            bits = [self.at(vector, POWER), self.at(adjoint_of(matrix), level)]
        else:
            bits = [self.at(matrix, level), self.at(vector, POWER)]
        return made(MATVEC, bits[0], self.times(vector), bits[1])

    def times(self, vector: Expr) -> str:
        """What stands between a matrix and a vector."""
        return self.matvec_times

    def print_SpectralNorm(self, e: SpectralNorm) -> Shown:
        turned = self.notation.row and not isinstance(e.matrix, Partial)
        return super().print_SpectralNorm(SpectralNorm(adjoint_of(e.matrix)) if turned else e)

    def print_MatrixSymbol(self, e: MatrixSymbol) -> Shown:
        shown = self.named(e.name, None)
        return self.transposed(shown) if self.notation.row else shown

    def print_Transpose(self, e: Any) -> Shown:
        if self.notation.row and isinstance(e.arg, MatrixSymbol):
            return self.named(e.arg.name, None)
        if self.notation.row and isinstance(e.arg, ColumnBlock):
            return self.block_name(e.arg)
        return super().print_Transpose(e)

    def print_ColumnBlock(self, e: ColumnBlock) -> Shown:
        shown = self.block_name(e)
        return self.transposed(shown) if self.notation.row else shown

    def block_name(self, block: ColumnBlock) -> Shown:
        """The name of the columns of a matrix that act on one of its sources."""
        if isinstance(block.matrix, MatrixSymbol):
            return self.lettered(self.naming.block(block.matrix.name, block.source.name))
        return made(ATOM, self.at(block.matrix, ATOM), f"_{{{self.name(block.source.name, None)}}}")

    def print_Outer(self, e: Any) -> Shown:
        left, right = map(self.factor, e.args[:2])
        left, right = (
            (self.transposed(left), right) if self.notation.row else (left, self.transposed(right))
        )
        return made(ATOM, left, self.scalar_times, right, raised=True)

    print_Dyad = print_Outer

    def factor(self, e: Expr) -> Shown:
        """A factor of an outer product."""
        return self.at(e, 0) if parts_of(e) else self.of_vector(e, ATOM)

    def print_Dot(self, e: Any) -> Shown:
        if not self.notation.row:
            return super().print_Dot(e)
        u, v = e.args
        turned = self.transposed(self.of_vector(v, ATOM))
        return made(MATVEC, self.of_vector(u, POWER), " ", turned)

    def print_Column(self, e: Any) -> Shown:
        return super().print_Row(e) if self.notation.row else super().print_Column(e)

    def print_Row(self, e: Any) -> Shown:
        return super().print_Column(e) if self.notation.row else super().print_Row(e)

    def print_StepProduct(self, e: Any) -> Shown:
        """S q, which is q Sᵀ where vectors are rows."""
        if not self.notation.row:
            return super().print_StepProduct(e)
        matrix = self.at(e.matrix, POWER if e.transposed else ATOM)
        matrix = matrix if e.transposed else self.transposed(matrix)
        return made(MATVEC, self.of_vector(e.operand, MATVEC), self.matvec_times, matrix)

    # -- words -------------------------------------------------------------------------------

    def print_NameWord(self, e: NameWord) -> Shown:
        return self.named(e.name, e.time)

    def print_Equal(self, e: Equal) -> Shown:
        return made(0, *[bit for part in e.parts for bit in (" = ", self.at(part, 0))][1:])

    def print_Acting(self, e: Acting) -> Shown:
        return made(MATVEC, self.at(e.operator, 0), self.scalar_times, self.at(e.vector, 0))

    def print_Concatenation(self, e: Concatenation) -> Shown:
        if e.glyph is None:
            return self.blocks(e.rows)
        return self.lettered(e.glyph, bold=self.bold and e.is_vector)

    def print_Count(self, e: Count) -> Shown:
        close = copy(self)
        close.scalar_times = " "
        return close.summed([close.signed(term) for term in e.of.as_ordered_terms()])

    def print_Shape(self, e: Shape) -> Shown:
        shown = [self.at(size, PRODUCT) for size in e.sizes]
        return made(0, *[bit for s in shown for bit in (self.by, s)][1:]) if shown else Shown("1")

    #: The sign between the sizes of a shape.
    by = " × "
