"""What the derivation writes reads back: the cells of the zoo, each in a notation of its turn."""

from __future__ import annotations

import pytest

import symgate as sg
from symgate.reading.reader import read_text
from symgate.writing.derivation import derive
from tests.chosen import PLAIN, in_turn

#: Cells with sums of one matrix and its transpose, of which `compare` finds no map where the
#: notation writes rows, and the stabilised sLSTM, whose maps it does not find in time.
UNDECIDED = {
    ("antisymmetric-rnn-gated", "keras"),
    ("antisymmetric-rnn-gated", "row"),
    ("lipschitz-rnn", "row"),
    ("lem", "row"),
}
CELLS = [name for name in PLAIN if name != "slstm"]
NOTATIONS = tuple(sg.notations)


def turns(part: int, of: int) -> list[tuple[str, str]]:
    common = [(c, n) for c in ("rnn", "gru", "lstm", "gru-reset-after") for n in NOTATIONS]
    each = [(name, NOTATIONS[i % len(NOTATIONS)]) for i, name in enumerate(CELLS)]
    pairs = [pair for pair in dict.fromkeys([*common, *each]) if pair not in UNDECIDED]
    return in_turn(pairs, len(pairs) // 2)[part::of]


@pytest.mark.parametrize("part", range(6))
def test_every_cell_reads_back(part: int) -> None:
    for name, notation in turns(part, 6):
        page = derive(sg.cell(name), notation, sections=["cell"]).markdown()
        (reading,) = read_text(page, "page.md")
        assert reading.cell is not None, (name, notation, reading.misprints)
        verdict = sg.compare(sg.cell(name), reading.cell).verdict
        assert verdict in ("identical", "equal"), (name, notation, verdict, str(reading.cell))
        assert reading.misprints == (), (name, notation)
