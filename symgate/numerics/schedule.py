"""The order of work of one step, found once for a cell: what runs for all steps at once,
what runs step by step, which matrices share a source and become one product.

A node is *driven* where it reads only inputs and parameters: it is computed for all
steps before the loop. An affine node a = (drive) + A v, followed by its activation, is
the common case; all that share v and become ready together are one stacked product.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sympy import Add, Expr, Function, Indexed, MatrixExpr
from sympy.core.basic import Basic

from symgate.algebra.length import MOST_WRITTEN, length
from symgate.algebra.matrices import pieces
from symgate.algebra.structure import leaves
from symgate.algebra.vectors import MatVec, as_product, name_of, time_of, variable
from symgate.equations.cell import Cell
from symgate.equations.zoo import once_a_cell
from symgate.linear.linearise import linearise
from symgate.linear.terms import Linearisation

#: As deep nodes are written into each other: SymPy's questions of signs double with each level.
DEEPEST = 8


@dataclass(frozen=True)
class ProductBlock:
    """matrices, one below the other, times one vector; `targets` are the MatVecs."""

    source: Expr
    matrices: tuple[MatrixExpr, ...]
    targets: tuple[MatVec, ...]


@dataclass(frozen=True)
class ActivationBlock:
    """A block of nodes that are one activation of (drive + rows of a product)."""

    function: Function
    nodes: tuple[str, ...]
    products: tuple[MatVec | None, ...]
    drives: tuple[Expr, ...]


@dataclass(frozen=True)
class ElementwiseBlock:
    """Nodes that are element-wise in what is known."""

    nodes: tuple[str, ...]
    expressions: tuple[Expr, ...]


@dataclass(frozen=True)
class Schedule:
    """`driven` nodes and the drives of the others, then the operations of a step."""

    lin: Linearisation
    driven: tuple[str, ...]
    operations: tuple[ProductBlock | ActivationBlock | ElementwiseBlock, ...]
    kept: tuple[str, ...]
    input_products: dict[Expr, tuple[MatVec, ...]]


@once_a_cell
def schedule(cell: Cell) -> Schedule:
    """Plan a step of a cell."""
    lin = linearise(cell)
    plan = _LoopPlan(lin)
    return Schedule(
        lin, tuple(plan.driven), tuple(plan.operations()), kept_nodes(lin), plan.input_products()
    )


def kept_nodes(lin: Linearisation) -> tuple[str, ...]:
    """The nodes whose values a run keeps: states, gates and named parts."""
    return tuple(node.name for node in lin if node.kind in ("state", "gate", "part"))


def split_stacks(expression: Expr) -> Expr:
    """W [h, x] written as W_h h + W_x x."""
    stacked = {
        e: Add(*(MatVec(matrix, vector) for matrix, vector in pieces(e)))
        for e in expression.atoms(MatVec)
        if len(e.parts) > 1
    }
    return expression.xreplace(stacked) if stacked else expression


class _LoopPlan:
    def __init__(self, lin: Linearisation) -> None:
        self.lin = lin
        self.body = {node.name: split_stacks(node.expression) for node in lin}
        self.driven: list[str] = []
        for node in lin:
            if not self.is_sequential(self.body[node.name]):
                self.driven.append(node.name)

    def input_products(self) -> dict[Expr, tuple[MatVec, ...]]:
        """The products of each input, for all steps in one product."""
        found: dict[Expr, list[MatVec]] = {}
        for body in self.body.values():
            for product in _in_order(body):
                known = found.setdefault(product.vector, [])
                if product not in known:
                    known.append(product)
        inputs = [variable(x) for x in self.lin.cell.inputs]
        return {x: tuple(found[x]) for x in inputs if x in found}

    def is_sequential(self, e: Basic) -> bool:
        """Whether a value depends on the states of the step before."""
        return any(
            time_of(v) != 0 or (name_of(v) in self.body and name_of(v) not in self.driven)
            for v in e.atoms(Indexed)
        )

    def operations(self) -> Iterable[ProductBlock | ActivationBlock | ElementwiseBlock]:
        known: set[Basic] = {variable(s, 1) for s in self.lin.cell.states}
        waiting = [n for n in self.body if n not in self.driven]
        affine = {n: parts for n in waiting if (parts := self.affine(n)) is not None}
        while waiting:
            products = self.ready_products(_blockwise(waiting, affine), known)
            known.update(target for product in products for target in product.targets)
            yield from products
            blocks, done = self.ready_activations(waiting, affine, known)
            yield from blocks
            known.update(map(variable, done))
            waiting = [n for n in waiting if n not in done]
            ready = self.ready_elementwise(waiting, known)
            if ready:
                yield self.elementwise(ready, known)
            waiting = [n for n in waiting if n not in ready]

    def affine(self, name: str) -> _Affine | None:
        """A pre-activation that is (drive) + at most one product, with its activation."""
        node = self.lin[name]
        if node.kind != "pre":
            return None
        terms = Add.make_args(self.body[name])
        moving = [term for term in terms if self.is_sequential(term)]
        if len(moving) > 1 or (moving and not as_product(moving[0])):
            return None
        symbol = variable(name)
        followers = [
            n
            for n, e in self.body.items()
            if self.lin[n].argument == symbol and all(constant.is_number for constant in e.args[1:])
        ]
        readers = [n for n, e in self.body.items() if e.has(symbol)]
        if len(followers) != 1 or readers != followers:
            return None
        drive = Add(*(term for term in terms if term not in moving))
        return (moving[0] if moving else None), drive, self.body[followers[0]], followers[0]

    def ready_products(self, waiting: list[str], known: set[Basic]) -> list[ProductBlock]:
        """The products that can be formed now, those of one vector stacked."""
        by_source: dict[Expr, list[MatVec]] = {}
        for name in waiting:
            for product in _in_order(self.body[name]):
                source = product.vector
                if product in known or not self.is_sequential(source):
                    continue
                if source in known:
                    targets = by_source.setdefault(source, [])
                    if product not in targets:
                        targets.append(product)
        return [
            ProductBlock(source, tuple(t.matrix for t in targets), tuple(targets))
            for source, targets in by_source.items()
        ]

    def ready_activations(
        self,
        waiting: list[str],
        affine: dict[str, _Affine],
        known: set[Basic],
    ) -> tuple[list[ActivationBlock], set[str]]:
        groups: dict[tuple[object, ...], list[tuple[str, MatVec | None, Expr, Function, str]]] = {}
        for name in waiting:
            if name in affine:
                product, drive, function, follower = affine[name]
                if product is None or product in known:
                    key = _block(affine[name])
                    groups.setdefault(key, []).append((name, product, drive, function, follower))
        blocks, done = [], set()
        for members in groups.values():
            blocks.append(
                ActivationBlock(
                    members[0][3],
                    tuple(m[4] for m in members),
                    tuple(m[1] for m in members),
                    tuple(m[2] for m in members),
                )
            )
            for member in members:
                done |= {member[0], member[4]}
        return blocks, done

    def ready_elementwise(self, waiting: list[str], known: set[Basic]) -> list[str]:
        """Nodes of which everything is known, and those that these make known."""
        ready: dict[Basic, int] = {}  # each with its length where the others are written in
        deep: dict[Basic, int] = {}
        for name in waiting:
            inside = leaves(self.body[name], Indexed, MatVec)
            written = length([self.body[name]], ready)
            depth = 1 + max((deep.get(e, 0) for e in inside), default=0)
            fits = not ready or (written <= MOST_WRITTEN and depth <= DEEPEST)
            if fits and all(self.is_known(e, known) for e in inside):
                ready[variable(name)], deep[variable(name)] = written, depth
                known.add(variable(name))
        return list(map(name_of, ready))

    def elementwise(self, names: list[str], known: set[Basic]) -> ElementwiseBlock:
        """The expressions of nodes, with those of the others among them written in."""
        inside: dict[Basic, Expr] = {}
        for name in names:
            inside[variable(name)] = e = _substituted(self.body[name], inside)
            if not all(self.is_known(leaf, known) for leaf in leaves(e, Indexed, MatVec)):
                raise AssertionError(f"{name} reads what no operation has made: {e}")
        return ElementwiseBlock(tuple(names), tuple(inside.values()))

    def is_known(self, e: Expr, known: set[Basic]) -> bool:
        return e in known or not self.is_sequential(e)


#: An affine node: its product, its drive, its activation and the node that holds that.
_Affine = tuple[MatVec | None, Expr, Function, str]


def _block(parts: _Affine) -> tuple[object, ...]:
    """Nodes of one block have the same activation and products of one vector."""
    product, _, function, _ = parts
    return function.func, function.args[1:], product and product.vector


def _blockwise(names: list[str], affine: Mapping[str, _Affine]) -> list[str]:
    """Those of one block beside each other, so that their products lie in its order."""
    blocks: dict[object, list[str]] = {}
    for name in names:
        blocks.setdefault(_block(affine[name]) if name in affine else None, []).append(name)
    rest = blocks.pop(None, [])
    return [name for block in (*blocks.values(), rest) for name in block]


def _substituted(e: Expr, inside: dict[Basic, Expr]) -> Expr:
    """xreplace that leaves matrix products as they are: SymPy's |a| would rewrite those in a."""
    if e in inside:
        return inside[e]
    if as_product(e) or not e.args:
        return e
    parts = [_substituted(a, inside) for a in e.args]
    return e.func(*parts, evaluate=False) if isinstance(e, Function) else e.func(*parts)


def _in_order(e: Basic) -> list[MatVec]:
    """The products of an expression, in a fixed order."""
    return sorted(e.atoms(MatVec), key=str)
