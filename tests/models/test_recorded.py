"""Conventions of frameworks that do not install beside the others: recorded pairs.

`recorded.json` has, for each row of conventions.toml that no installed framework has, random
weights, an input and what the framework itself gave for it: the cells of TensorFlow 1 and the
weights of CuDNN and of Keras 1, as TensorFlow 2.15 and its Keras run and convert them; Haiku.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symgate as sg

PAIRS = json.loads(Path(__file__).with_name("recorded.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("pair", PAIRS, ids=[f"{p['row']}-{k}" for k, p in enumerate(PAIRS)])
def test_recorded(pair: dict[str, Any]) -> None:
    arrays = {name: np.array(a, np.float32) for name, a in pair["arrays"].items()}
    net = sg.model(arrays, batch_first=False, **pair["said"])
    assert net.layers[0].row == pair["row"], pair["source"]
    found = net.check(np.array(pair["x"], np.float32), np.array(pair["y"], np.float32))
    assert found.error < 1e-6
    own = net.layers[0].reading
    assert [(f.reading.order, f.reading.add) for f in found.readings] == [(own.order, own.add)]
    assert found.margin > 1e-3


def test_a_recorded_forget_bias_is_found() -> None:
    """The weights of a TensorFlow cell with forget_bias=0 are read with 1, which is said."""
    pair = next(p for p in PAIRS if p["said"] == {"forget_bias": 0})
    net = sg.model({name: np.array(a, np.float32) for name, a in pair["arrays"].items()})
    assert any("forget_bias=0" in text for text in net.assumed)
    found = net.check(np.array(pair["x"], np.float32), np.array(pair["y"], np.float32))
    assert not found.holds
    assert [f.reading.add for f in found.readings] == [{}]
