"""The cells of the zoo that a test over cells runs on: one for each thing that is special,
and a few others in turn.

ROTATION says which others; it is the day unless it is set, and stands in pytest's header.
ROTATION=all runs every cell.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import date
from random import Random
from typing import Any

from symgate.cells import entries

#: What a cell is here for: its states, its reads, its nodes.
REPRESENTATIVES = (
    "rnn",
    "rnn-relu",  # a kink; no bound
    "gru",
    "gru-concat",  # a matrix on a stack
    "lstm",
    "lstm-peephole",  # gates that read a state component by component
    "lstm-projected",  # states of two sizes
    "lstm-full-gate-recurrence",  # gates that are read at the next step; the most paths
    "slstm",  # exponentials, quotients, four states
    "antisymmetric-rnn-gated",  # matrix expressions with transposes and I
    "lem",  # two states, each through the other in one step
    "lru",  # a diagonal matrix
    "lmu",  # vectors left of matrices, several matrices
    "fast-rnn",  # scalars in functions
    "rhn",  # gates in a chain
    "rg-lru",  # roots, no matrix on the state
)
#: Families with scalars or matrices of the step, or a surrogate slope.
ELSEWHERE = ("linear attention", "memory", "spiking")

#: The other cells: vectors only, and no norm.
PLAIN = [
    name
    for name, entry in entries().items()
    if entry.family not in ELSEWHERE and name != "layer-norm-lstm"
]

ROTATION = os.environ.setdefault("ROTATION", str(date.today().toordinal()))


def chosen(others: int = 5) -> list[str]:
    """The representatives and some other cells of vectors; tests/test_modern.py has the rest."""
    rest = [name for name in PLAIN if name not in REPRESENTATIVES]
    if ROTATION == "all":
        return PLAIN
    return [*REPRESENTATIVES, *sorted(Random(ROTATION).sample(rest, others))]


def in_turn(things: Iterable[Any], count: int) -> list[Any]:
    """Some of the things that a test runs on, other ones each day; all with ROTATION=all."""
    every = list(things)
    return every if ROTATION == "all" else sorted(Random(ROTATION).sample(every, count))


CELLS = chosen()
