"""Bounds and predictions of several networks together."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from symgate.decaying.ceilings import Ceilings, ceilings
from symgate.decaying.curve import Decay
from symgate.decaying.predictions import Prediction, Predictions, predictions


def bounds_of(decay: Decay) -> Ceilings:
    """The bounds of every network: the worst case is that of the worst of them."""
    found = [ceilings(part) for part in decay.parts]
    radii = [c.radius_log10 for c in found if c.radius_log10 is not None]
    names = dict.fromkeys(name for c in found for name in c.values)
    return replace(
        found[0],
        values={name: max(c.values[name] for c in found if name in c.values) for name in names},
        worst_log10=np.max([c.worst_log10 for c in found], axis=0),
        run_log10=np.concatenate([c.run_log10 for c in found], axis=1),
        radius_log10=np.max(radii, axis=0) if len(radii) == len(found) else None,
        notes=_notes(found),
        of_run=tuple(dict.fromkeys(name for c in found for name in c.of_run)),
    )


def _notes(found: list[Ceilings]) -> tuple[str, ...]:
    """What is worth saying of the networks: each remark once, and of how many it is true."""
    alike: dict[str, list[str]] = {}
    for note in (note for c in found for note in c.notes):
        alike.setdefault(re.sub(r"\d[\d.e+-]*", "", note), []).append(note)
    out = []
    for notes in alike.values():
        few = "" if len(notes) == len(found) else f"In {len(notes)} of the {len(found)} networks, "
        of_one = "" if len(set(notes)) == 1 else "; these are the numbers of one network"
        out.append(f"{few}{notes[0]}{of_one}")
    return tuple(out)


def predictions_of(decay: Decay) -> Predictions:
    """The predictions, each the mean over the networks."""
    found = [predictions(part) for part in decay.parts]
    if len(found) == 1:
        return found[0]
    entries = []
    for name in (entry.name for entry in found[0].entries):
        each = [p[name] for p in found]
        rate = float(np.mean([e.rate for e in each]))
        line = np.mean([e.log10_norm for e in each], axis=0)
        with np.errstate(invalid="ignore"):
            off = rate - decay.rate, float(line[-1] - decay.median[-1])
        entries.append(Prediction(name, rate, line, *off))
    notes = dict.fromkeys(note for p in found for note in p.notes)
    return Predictions(tuple(entries), tuple(notes))
