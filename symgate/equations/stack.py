"""Cells one above the other are a cell: the output of one is the input of the next.

The names of a layer get its number behind their letter: h1, c1, W1_i, b1_i, h2, …, which LaTeX
prints as an upper index. The whole is an ordinary cell, so that everything else follows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sympy import Indexed

from symgate.algebra.names import name_parts
from symgate.algebra.vectors import name_of, time_of
from symgate.asked import asked, whole
from symgate.equations.cell import Cell, cell_of_text
from symgate.equations.syntax import MAX_EQUATIONS
from symgate.equations.zoo import cell as zoo_cell
from symgate.errors import EquationError, ShapeError, SymgateError

MAX_LAYERS = 64

#: What may stand between two layers: the function of the language, or nothing.
BETWEEN = ("", "layer_norm", "rms_norm")


@asked(layers=whole(1, MAX_LAYERS))
def stack(
    *cells: Cell | str, layers: int | None = None, residual: bool = False, norm: str = ""
) -> Cell:
    """Cells one above the other, as one cell.

    `cells` are cells or names of the zoo, from the bottom up; `layers` repeats a single one so
    many times. With `residual` a layer's input is added to its output before it goes up (the
    sizes must agree); `norm` is "layer_norm" or "rms_norm", what acts on what goes up.

    >>> deep = stack("rnn", layers=2)
    >>> print(deep)
    h1[t] = tanh(W1 @ x[t] + U1 @ h1[t-1] + b1)
    h2[t] = tanh(W2 @ h1[t] + U2 @ h2[t-1] + b2)
    >>> deep.outputs, deep.output
    (('h1', 'h2'), 'h2')
    """
    if not cells:
        raise SymgateError('stack takes cells or their names, as in stack("lstm", layers=2)')
    if counts := [c for c in cells if isinstance(c, int)]:
        raise SymgateError(f"stack takes cells or their names; layers={counts[0]} stacks one")
    found = [*map(zoo_cell, cells)]
    if layers is not None:
        if len(found) not in (1, layers):
            raise SymgateError(
                f"{len(found)} cells were given and layers={layers}; give one cell, or leave "
                f"layers out"
            )
        found = found * layers if len(found) == 1 else found
    if norm not in BETWEEN:
        raise SymgateError(f'norm must be "layer_norm", "rms_norm" or "", not {norm!r}')
    return _stacked(found, residual, norm)


def layers_of(cell: Cell) -> tuple[Cell, ...]:
    """The layers of a cell, from the bottom up: itself alone where it has none.

    What a layer reads of those below is an input of it. The number behind a letter says which
    layer a value is of, and a value without one stands with what it reads.

    >>> [layer.inputs for layer in layers_of(stack("lstm", layers=3))]
    [('x',), ('h1',), ('h2',)]
    """
    of: dict[str, int] = {}
    for name, expression in cell.equations.items():
        own = name_parts(name).layer
        below = [of.get(name_of(v), 0) for v in expression.atoms(Indexed) if not time_of(v)]
        of[name] = int(own) if own else max(below, default=0)
    found = sorted(set(of.values()))
    if len(found) < 2 or not all(name_parts(state).layer for state in cell.states):
        return (cell,)
    feeds = {found[0]}
    for name, expression in cell.equations.items():
        for value in expression.atoms(Indexed):
            source = of.get(name_of(value), of[name])
            if source > of[name] or (time_of(value) and source != of[name]):
                return (cell,)
            feeds |= {of[name]} if source < of[name] else set()
    lines = [[cell.equation(n) for n in cell.equations if of[n] == place] for place in found]
    try:
        layers = [
            cell_of_text("\n".join(text), f"{cell.name}, layer {n}")
            for n, text in zip(found, lines, strict=True)
        ]
    except SymgateError:  # what a name is shows in another layer only
        return (cell,)
    return tuple(layers) if feeds == set(found) else (cell,)


def numbered(name: str, layer: int) -> str:
    """A name in a layer: W_i is W1_i in the first.

    >>> numbered("W_i", 1), numbered("h_tilde", 2), numbered("b", 3)
    ('W1_i', 'h2_tilde', 'b3')
    """
    head, line, tail = name.partition("_")
    return f"{head}{layer}{line}{tail}"


def _stacked(cells: Sequence[Cell], residual: bool, norm: str) -> Cell:
    if len(cells) == 1:
        return cells[0]
    lines: list[str] = []
    roles: dict[str, str] = {}
    outputs: list[str] = []
    below = ""
    for layer, cell in enumerate(cells, 1):
        if below and len(cell.inputs) != 1:
            raise SymgateError(
                f"{cell.name} takes {len(cell.inputs)} inputs, and a layer above another takes "
                f"one: the output of the layer below"
            )
        names = {n: numbered(n, layer) for n in (*cell.equations, *cell.parameters)}
        if below:
            names[cell.inputs[0]] = below
        lines += [_renamed(line, names) for line in str(cell).splitlines()]
        roles |= {names[n]: _in_layer(role, layer) for n, role in cell.roles.items()}
        outputs.append(names[sent_up(cell)])
        if layer < len(cells):
            _fits(cell, cells[layer])
        source = below or (cell.inputs[0] if cell.inputs else "")
        below = outputs[-1]
        if layer < len(cells) and (residual or norm):
            sent = f"{below}[t] + {source}[t]" if residual and source else f"{below}[t]"
            below = numbered("y", layer)
            lines.append(f"{below}[t] = {f'{norm}({sent})' if norm else sent}")
            roles[below] = f"what goes up from layer {layer}"
    same = len({cell.name for cell in cells}) == 1
    name = f"{cells[0].name}-{len(cells)}" if same else "-".join(c.name for c in cells)
    title = (
        f"{cells[0].title}, {len(cells)} layers"
        if same
        else " above ".join(c.title for c in reversed(cells))
    )
    if len(lines) > MAX_EQUATIONS:
        raise SymgateError(
            f"{len(cells)} layers have {len(lines)} equations, and a cell has at most "
            f"{MAX_EQUATIONS}: take {MAX_EQUATIONS * len(cells) // len(lines)} layers or fewer"
        )
    try:
        return cell_of_text("\n".join(lines), name, title=title, roles=roles, outputs=outputs)
    except EquationError as error:
        raise SymgateError(f"the cells do not fit one above the other: {error.message}") from None


_KINDS = ("a number", "a vector", "a matrix")


def _fits(cell: Cell, above: Cell) -> None:
    """Raise where what a layer gives is no kind of value that the next one reads."""
    if len(above.inputs) != 1:
        return  # said where that layer is joined
    out, into = sent_up(cell), above.inputs[0]
    given, taken = len(cell.shapes[out]), len(above.shapes[into])
    if given == taken:
        return
    mend = (
        f"; give {cell.name} a line for what goes up, such as o[t] = {out}[t] @ q[t]"
        if (given, taken) == (2, 1)
        else f"; give {cell.name} a vector to send up"
        if taken == 1
        else "; a layer sends a vector up: write the upper cell for a vector"
    )
    raise ShapeError(
        f"the layer {cell.name} sends {out} up, {_KINDS[given]}, and {above.name} above it reads "
        f"{into} as {_KINDS[taken]}{mend}"
    )


def _in_layer(role: str, layer: int) -> str:
    """input gate: how much enters → input gate of layer 2: how much enters"""
    what = re.match(r"[^:,;(]*", role)
    head = what[0].rstrip() if what else ""
    return f"{head} of layer {layer}{role[len(head) :]}"


def sent_up(cell: Cell) -> str:
    """What a layer gives to the one above it: h, else a vector that nothing reads in its step:
    the state that is the cell's output, or the first by name.

    >>> sent_up(zoo_cell("lstm")), sent_up(zoo_cell("deltanet"))
    ('h', 'o')
    """
    vectors = {name for name in cell.equations if len(cell.shapes[name]) == 1}
    read = {name_of(v) for e in cell.equations.values() for v in e.atoms(Indexed) if not time_of(v)}
    last = vectors - read or {cell.output}
    return "h" if "h" in vectors else cell.output if cell.output in last else min(last)


def _renamed(line: str, names: Mapping[str, str]) -> str:
    return re.sub(r"[A-Za-z_]\w*", lambda m: names.get(m[0], m[0]), line)
