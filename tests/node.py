"""The live page's engine in Node: settings in, what the page would show out."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from symgate.exploring.page import engine_script, script
from tests.tools import needs

TYPESET = (Path(__file__).parent / "data" / "typeset.js").read_text(encoding="utf-8")

_ASKED = """
const usual = { seed: 0, scheme: "pytorch", gain: 1, scale: 1, tMax: 200, norm: "spectral" };
const plain = (map) => Object.fromEntries([...map].map(([name, flat]) => [name, [...flat]]));
const shown = (values) => [...values].map((v) => (Number.isFinite(v) ? v : String(v)));
const answered = ({ text, told, settings }) => {
  try {
    const lesson = new Lesson(text, told);
    const all = { ...usual, values: {}, of: lesson.usual, wrt: lesson.usual, ...settings };
    const found = lesson.measure(all, { fully: true });
    const machine = lesson.machine(all).run(lesson.inputs(all), lesson.steps(all));
    const typeset = all.typeset && Object.fromEntries(lesson.cell.states.map((of) =>
      [of, termsInNumbers(lesson, machine, of, all.typeset)]));
    return { typeset, of: all.of, wrt: all.wrt, overflow: found.overflow ?? null,
      curve: shown(found.log10 ?? []), bound: shown(found.bound ?? []),
      shares: (found.shares ?? []).map((share) => Object.fromEntries(share)),
      parameters: plain(lesson.parameters(all)), inputs: plain(lesson.inputs(all)),
      states: lesson.cell.states, letters: lesson.cell.letters };
  } catch (error) {
    return { error: error.message, line: error.line, shown: error.shown?.(text) };
  }
};
const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(asked.map(answered)));
"""


def measured(asked: list[dict[str, Any]], before: str = "") -> list[dict[str, Any]]:
    """What the engine answers to { text, told, settings }; one process for all. `before` runs
    first."""
    whole = "\n".join((before, engine_script(), script("derivative"), TYPESET, _ASKED))
    done = subprocess.run(
        [needs("node"), "-e", whole],
        input=json.dumps(asked), check=True, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found
