"""What a derivation is about: the cell, its linearisation, and the words for its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from sympy import Expr, Indexed, Integer, MatrixExpr, Rational, Symbol
from sympy.core.basic import Basic

from symgate.algebra.marks import Ordered, Partial
from symgate.algebra.operators import product, transposed
from symgate.algebra.structure import addends, applied
from symgate.algebra.vectors import MatVec, Vector, name_of, shifted, time_of, variable
from symgate.bounds.intervals import Between
from symgate.bounds.ranges import CellRanges, ranges
from symgate.equations.cell import Cell
from symgate.linear.layers import seam
from symgate.linear.linearise import linearise
from symgate.linear.paths import MAX_PATHS, Path, count, paths
from symgate.linear.sums import operator
from symgate.linear.terms import Linearisation, Node
from symgate.linear.transition import roles_on
from symgate.writing.naming import Naming
from symgate.writing.notation import notation as notation_named
from symgate.writing.tree import NameWord, Part, ValueRange, Words, listed


@dataclass(frozen=True)
class Subject:
    """A cell with the choices that shape its derivation; the sections ask it for parts.

    `layout` is "numerator" or "transposed", `form` "diag" or "hadamard"; `lag` is the
    number of steps that are written out.
    """

    cell: Cell
    naming: Naming
    layout: str = "numerator"
    form: str = "diag"
    lag: int = 2
    hadamard: str = "odot"

    @classmethod
    def of(cls, cell: Cell, notation: str, hadamard: str | None = None, **form: Any) -> Subject:
        """A cell in a notation, by its name."""
        style = notation_named(notation)
        return cls(cell, Naming(cell, style), hadamard=hadamard or style.hadamard, **form)

    @property
    def sign(self) -> str:
        """The sign of the product by components, in sentences."""
        return {"odot": "⊙", "circ": "∘"}[self.hadamard]

    @cached_property
    def lin(self) -> Linearisation:
        return linearise(self.cell)

    @cached_property
    def ranges(self) -> CellRanges:
        return ranges(self.cell)

    @cached_property
    def order(self) -> dict[Basic, int]:
        """The places of symbols in sums, as typed, those of the last equation first."""
        order: dict[Basic, int] = {}
        for node in self.lin.backward():
            for symbol in sorted(node.order, key=lambda s: node.order[s]):
                order.setdefault(symbol, len(order))
            order.setdefault(variable(node.name), len(order))
        return order

    @property
    def is_scalar(self) -> bool:
        """Whether every value that the cell computes is one number."""
        return not any(map(self.cell.shapes.get, self.cell.equations))

    @property
    def states(self) -> tuple[str, ...]:
        return self.cell.states

    def partial(self, of: str, wrt: str, lag: Any = 1, at: Any = 0) -> Partial:
        """∂of_{t-at}/∂wrt_{t-lag}, as a symbol."""
        rows, cols = self.lin.size(of), self.lin.size(wrt)
        if self.layout == "transposed":
            rows, cols = cols, rows
        return Partial(_at(of, at), _at(wrt, lag), rows, cols)

    def by(self, of: str, wrt: Indexed) -> Partial:
        """∂of_t by a variable of the step or of the one before, as a symbol."""
        return self.partial(of, name_of(wrt), int(time_of(wrt) != 0))

    def block(self, of: str, wrt: str) -> MatrixExpr:
        """∂of_t/∂wrt_{t-1} as one operator, all its paths added up."""
        before = [self.lin.variable(s, 1) for s in self.states]
        return operator(self.lin, of, self.lin.variable(wrt, 1), before)

    def laid_out(self, found: MatrixExpr) -> MatrixExpr:
        """An operator in the layout that was chosen."""
        return found if self.layout == "numerator" else transposed(found)

    def seam(self, of: str, wrt: str) -> Indexed | None:
        """What the layer below sends up to that of a value, on the way from an old state."""
        return seam(self.cell, of, self.lin.variable(wrt, 1))

    def by_layers(self, of: str, wrt: str) -> MatrixExpr | None:
        """∂of_t/∂wrt_{t-1} as the layers' blocks by their names, where a seam lies between."""
        between = self.seam(of, wrt)
        if between is None:
            return None
        blocks = [self.partial(of, name_of(between), 0), self.partial(name_of(between), wrt)]
        return product(blocks[:: -1 if self.layout == "transposed" else 1], blocks[0].rows)

    def paths(self, of: str, wrt: str) -> list[Path] | None:
        """The paths of a block, or None where there are too many to write each."""
        if count(self.lin, of, wrt) > MAX_PATHS:
            return None
        return paths(self.lin, of, wrt)

    @cached_property
    def direction(self) -> Vector:
        """A letter for any vector, that no name of the cell has."""
        return Vector(f"letter:{self.free_letter('w', 'y', 'q', 'v')}", real=True)

    def free_letter(self, *wanted: str) -> str:
        taken = {*self.lin.nodes, *self.cell.inputs, *self.cell.parameters}
        shown = {glyph.base for glyph in self.naming.glyphs.values()}
        free = [w for w in wanted if w not in taken and w not in shown]
        return free[0] if free else f"{wanted[0]}_0"

    def acting(self, operator: MatrixExpr) -> Any:
        """An operator in the layout and the form that were chosen."""
        return self.written(self.laid_out(operator))

    def written(self, operator: MatrixExpr) -> Any:
        """An operator as it is written: diag(a) U, or a ⊙ (U v) where that was chosen."""
        return operator if self.form == "diag" else applied(operator, self.direction, _beside)

    def left(self, partial: MatrixExpr) -> Any:
        """The left side of an equation for a block: itself, or applied as its right side is."""
        return MatVec(partial, self.direction) if self.form == "hadamard" else partial

    def summands(self, block: MatrixExpr) -> tuple[Part, ...]:
        """A block as its right side is written, one summand a part."""
        return tuple(Part(self.acting(piece)) for piece in addends(block) or (block,))

    def by_path(self, found: list[Path]) -> tuple[Part, ...]:
        """The same with one part a path, and its name beside it."""
        return tuple(
            Part(self.acting(p.operator(self.lin)), self.path_name(p, found)) for p in found
        )

    # -- words ---------------------------------------------------------------------------

    def now(self, name: str) -> NameWord:
        return NameWord(name, Integer(0))

    def path_name(self, path: Path, among: Iterable[Path] = ()) -> Words:
        """What a path is called, so that it is told from those it stands among."""
        if path.is_carry:
            return ("carry",)
        if path.is_direct:
            return ("direct",)
        if not path.lines:
            inner = [(self.now(n.name),) for n in path.nodes[1:]]
            maps = any(t.map is not None and not t.map.plain for t in path.terms)
            return ("through ", *listed(inner if maps and inner else [(m,) for m in path.matrices]))
        others = [p for p in among if p is not path and not p.is_direct]
        namings: tuple[Callable[[Path], tuple[Node, ...]], ...] = (
            lambda p: p.gates or _only_gates(p) or p.lines,
            _only_gates,
            lambda p: p.lines,
            lambda p: tuple(node for node in p.nodes[1:] if node.kind != "pre"),
        )
        for naming in namings:
            way = naming(path)
            alone = bool(way) and all(naming(p) != way for p in others)
            if alone:
                break
        names = [n.name for n in way]
        roles = roles_on(self.cell, names)
        name = listed([(r or self.now(n),) for r, n in zip(roles, names, strict=True)])
        if not alone and path.matrices:
            same = {m for p in others if naming(p) == way for m in p.matrices}
            own = [m for m in path.matrices if m not in same] or path.matrices
            name = (*name, ", by ", own[-1])
        return name

    def span(self, interval: Between) -> ValueRange:
        return ValueRange(
            *(None if abs(e) == float("inf") else _number(e) for e in (interval.low, interval.high))
        )


def _only_gates(path: Path) -> tuple[Node, ...]:
    return tuple(node for node in path.lines if node.kind == "gate")


def _at(name: str, lag: Any) -> Indexed:
    return variable(name, lag) if isinstance(lag, int) else shifted(variable(name), lag)


def _number(end: Any) -> Expr:
    exact = Fraction(end)
    return Rational(exact.numerator, exact.denominator)


def _beside(diag: MatrixExpr, vector: Expr) -> Expr:
    return Ordered(*diag.factors, vector)


K = Symbol("k", integer=True, positive=True)
J = Symbol("j", integer=True, nonnegative=True)
