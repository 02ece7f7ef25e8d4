"""Rows of expected.toml, and the verdict on what was computed for them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@dataclass(frozen=True, eq=False)
class Row:
    """One result: `values` maps names to (expected, tolerance, is it relative).

    `derived` says that it is worked out here, from what `source` says. `rivals` are the
    values that a trivial mistake would give, which the tolerance has to exclude.
    """

    number: int
    title: str
    source: str
    setup: str
    script: str
    slow: bool
    derived: bool
    values: Mapping[str, tuple[Any, float, bool]]
    rivals: Mapping[str, float]

    @property
    def origin(self) -> str:
        """The source in a table: with the mark of what is derived here."""
        return f"derived here: {self.source}" if self.derived else self.source


@dataclass(frozen=True)
class Verdict:
    """One value: what was expected, what was computed, and whether they agree."""

    row: Row
    name: str
    expected: Any
    got: Any
    tolerance: float
    relative: bool

    @property
    def deviation(self) -> float:
        if isinstance(self.expected, bool):
            return float(self.got is not self.expected)
        off = abs(float(self.got) - self.expected)
        return off / abs(self.expected) if self.relative else off

    @property
    def agrees(self) -> bool:
        return self.deviation <= self.tolerance

    def to_dict(self) -> dict[str, Any]:
        got = self.got if isinstance(self.got, bool) else float(self.got)
        return {
            "row": self.row.number, "name": self.name, "expected": self.expected, "got": got,
            "deviation": self.deviation, "tolerance": self.tolerance,
            "relative": self.relative, "agrees": self.agrees,
        }  # fmt: skip


@lru_cache(maxsize=1)
def rows() -> tuple[Row, ...]:
    """All rows, in the order of their numbers."""
    data = tomllib.loads((FOLDER / "expected.toml").read_text(encoding="utf-8"))
    out = []
    for row in sorted(data["row"], key=lambda row: row["number"]):
        common = float(row.pop("tolerance", 0)), bool(row.pop("relative", False))
        given = row.pop("values")
        values = {name: _value(value, *common) for name, value in given.items()}
        rivals = {n: v["rival"] for n, v in given.items() if isinstance(v, dict) and "rival" in v}
        out.append(Row(**{"slow": False, "derived": False, **row}, values=values, rivals=rivals))
    return tuple(out)


def _value(value: Any, tolerance: float, relative: bool) -> tuple[Any, float, bool]:
    if isinstance(value, Mapping):
        return value["expected"], value["tolerance"], value.get("relative", relative)
    return value, 0.0 if isinstance(value, bool) else tolerance, relative


def scripts(fast: bool = False) -> list[str]:
    """The scripts in the order of their rows; without the slow ones if `fast`."""
    return list(dict.fromkeys(row.script for row in rows() if not (fast and row.slow)))


def script(name: str) -> Any:
    """The module of a script."""
    return import_module(f"analysis.published.{name}")


def verdicts(name: str) -> list[Verdict]:
    """Compute a script's numbers and hold them against what is expected.

    A value that is not computed, or not expected, is an error: nothing passes unseen.
    """
    found = script(name).numbers()
    mine = [row for row in rows() if row.script == name]
    if {row.number: set(row.values) for row in mine} != {n: set(v) for n, v in found.items()}:
        raise ValueError(f"{name} computes other values than expected.toml lists")
    return [
        Verdict(row, key, expected, found[row.number][key], tolerance, relative)
        for row in mine
        for key, (expected, tolerance, relative) in row.values.items()
    ]


def remarks(name: str) -> Mapping[int, str]:
    """What a script has to say of its rows beside the numbers, by row."""
    found = getattr(script(name), "remarks", None)
    return found() if found else {}


def sentence(row: Row, of_row: list[Verdict]) -> str:
    """The verdict line of a row."""
    off = [v for v in of_row if not v.agrees]
    if not off:
        values = "1 value" if len(of_row) == 1 else f"{len(of_row)} values"
        return f"row {row.number}: {row.title}: agrees ({values})"
    shown = "; ".join(f"{v.name}: expected {v.expected}, got {v.got}" for v in off)
    return f"row {row.number}: {row.title}: DOES NOT AGREE ({shown})"


def main(name: str) -> int:
    """Run one script: print its verdict lines and write its figure."""
    from analysis.published.drawing import write

    found = verdicts(name)
    for row in dict.fromkeys(v.row for v in found):
        print(sentence(row, [v for v in found if v.row is row]))
    for row_number, remark in remarks(name).items():
        print(f"row {row_number}: {remark}")
    write(script(name).draw(), name)
    return 0 if all(v.agrees for v in found) else 1
