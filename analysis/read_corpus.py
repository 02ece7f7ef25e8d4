"""How well labelled sets of equations are read: family, conventions, equations, misprints.

    python analysis/read_corpus.py FOLDER … [--failures] [--certainty FILE]

FOLDER holds JSON files, each with `latex` (the set as printed) and labels: `family`,
`convention`, `row_vectors`, `biases`, `expected_equations` and `misprints` (where, kind). A
label that is null is not judged; an equation that is null is a line that may be read or not.
Prints one line a set and the totals; --failures prints only the sets with a failure, with what
was wrong. --certainty writes, for each kind of mark, how many were told at a labelled place
and how many were told in all: the table from which a mark takes how sure it is.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import symgate as sg
from symgate.errors import SymgateError
from symgate.reading.reader import read_text
from symgate.reading.reading import Misprint, Reading, ReadLine

#: What the language does not have, in an expected line: it is not compared. So are functions
#: of a vector that are matrices, convolutions with a state, indices that are misprints.
FOREIGN = re.compile(
    r"\b(softmax|max|norm|argmax)\b|\bx\[i\]|\bf\(x\b|@ T\(\w*[\[(]|\bT\((?!concat|stack)\w+\("
    r"|\bconv\(\w+\[|\b[A-Z]\w*_bar\(|\[\w+_1\]|\bsum_\w+\("
)


#: Functions of the language that are no activations.
MEANT = {"diag", "outer", "dot", "sum", "mean"}


@dataclass
class Result:
    """What was right of one set; None where there was nothing to judge."""

    name: str
    family: bool = False
    conventions: bool = False
    equations: bool | None = None
    misprints: int = 0
    found: int = 0
    accused: bool = False
    told: list[tuple[str, bool]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    seconds: float = 0.0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="+", help="folders of labelled sets, *.json")
    parser.add_argument("--certainty", type=Path, metavar="FILE", help="write the table of marks")
    parser.add_argument("--failures", action="store_true", help="print what was wrong")
    arguments = parser.parse_args()
    files = sorted(file for folder in arguments.folder for file in folder.glob("*.json"))
    if not files:
        print(f"there are no *.json in {arguments.folder[0]}", file=sys.stderr)
        return 3
    results = [judged(json.loads(f.read_text(encoding="utf-8")), f.stem) for f in files]
    print(f"{'set':8} family conventions equations misprints accused")
    for r in results:
        if arguments.failures and not r.complaints:
            continue
        shown = [
            mark(r.family),
            mark(r.conventions),
            mark(r.equations),
            f"{r.found}/{r.misprints}" if r.misprints else "-",
            "yes" if r.accused else "-",
        ]
        print(f"{r.name:8} {shown[0]:6} {shown[1]:11} {shown[2]:9} {shown[3]:9} {shown[4]}")
        if arguments.failures:
            for complaint in r.complaints:
                print(f"         {complaint}")
    print(totals(results))
    if arguments.certainty is not None:
        arguments.certainty.write_text(table(results), encoding="utf-8")
    return 0


def table(results: Sequence[Result]) -> str:
    """For each kind of mark how many were right, and how many were told."""
    told = [own for r in results for own in r.told]
    lines = [
        f"{kind} = [{sum(right for k, right in told if k == kind)}, "
        f"{sum(k == kind for k, _ in told)}]"
        for kind in sorted({k for k, _ in told})
    ]
    head = f"# Marks at a labelled place, and all that were told, on {len(results)} labelled sets."
    return "\n".join([head, *lines, ""])


def mark(value: bool | None) -> str:
    return "-" if value is None else "ok" if value else "NO"


def totals(results: Sequence[Result]) -> str:
    count = len(results)
    judged_equations = [r.equations for r in results if r.equations is not None]
    clean = [r for r in results if r.misprints == 0]
    labelled = sum(r.misprints for r in results)
    found = sum(r.found for r in results)
    rows = [
        ("family", sum(r.family for r in results), count),
        ("conventions", sum(r.conventions for r in results), count),
        ("equations", sum(map(bool, judged_equations)), len(judged_equations)),
        ("misprints found", found, labelled),
        ("clean sets accused", sum(r.accused for r in clean), len(clean)),
    ]
    lines = [f"{name:20} {n:4} of {of:4}  {100 * n / max(of, 1):5.1f}%" for name, n, of in rows]
    slowest = max(results, key=lambda r: r.seconds)
    lines.append(f"slowest: {slowest.name}, {slowest.seconds:.2f} s")
    return "\n" + "\n".join(lines)


def judged(data: Mapping[str, Any], name: str) -> Result:
    """Read one set and hold it against its labels."""
    result = Result(name, misprints=len(data["misprints"]))
    started = time.perf_counter()
    try:
        cells = read_text(data["latex"], f"{name}.md").cells
    except SymgateError as error:
        result.complaints.append(f"not read: {error}")
        return result
    finally:
        result.seconds = time.perf_counter() - started
    if not cells:
        result.complaints.append("no cell found")
        return result
    reading = max(cells, key=lambda c: len(c.lines))
    if len(cells) > 1:
        result.complaints.append(f"{len(cells)} cells found")
    result.family = data["family"] in (None, reading.family)
    if not result.family:
        result.complaints.append(f"family {reading.family}, labelled {data['family']}")
    result.conventions = conventions_right(reading, data, result.complaints)
    result.equations = equations_right(reading, data, result.complaints)
    places = matched(reading, data, result)
    result.found = places
    result.accused = result.misprints == 0 and bool(reading.misprints)
    if result.accused:
        result.complaints.append(f"accused: {[(m.kind, m.printed) for m in reading.misprints]}")
    return result


# -- conventions -------------------------------------------------------------------------


def conventions_right(reading: Reading, data: Mapping[str, Any], complaints: list[str]) -> bool:
    wanted = {
        **data["convention"],
        "row_vectors": data["row_vectors"],
        "biases": data["biases"],
        "concatenated": data["concatenated"],
    }
    own = reading.conventions.to_dict()
    right = True
    for name, value in wanted.items():
        if value is None:
            continue
        value = value.removeprefix("z_") if isinstance(value, str) else value
        if own.get(name) != value:
            complaints.append(f"{name} {own.get(name)}, labelled {value}")
            right = False
    return right


# -- equations ---------------------------------------------------------------------------


def equations_right(
    reading: Reading, data: Mapping[str, Any], complaints: list[str]
) -> bool | None:
    """Whether the lines are those of the label: as a cell, or else each line by itself."""
    expected = data["expected_equations"]
    if not expected:
        return None
    open_lines = sum(line is None or bool(FOREIGN.search(line)) for line in expected)
    lines = [line for e in expected if e is not None for line in converted(e)]
    lines = inlined(shifted(once_each(lines)))
    own = inlined([split(line.text) for line in reading.lines if line.text is not None])
    if not any("[" in line for line in expected if line):  # no times are printed
        lines, own = ([(a, b.replace("[t]", "")) for a, b in every] for every in (lines, own))
    for name in re.findall(r"diag\((\w+)\) @", " ".join(text for _, text in own)):
        # a plain name that is spelt like a Greek letter is a scalar in the label's text
        lines = [
            (a, re.sub(rf"\b{name} \* (\w+\[t(?:-1)?\])", rf"diag({name}) @ \1", b))
            for a, b in lines
        ]
    wanted = needed(lines, {line.name for line in reading.lines})
    if not wanted and not own:
        return None
    if same_cell(wanted, own):
        return True
    return same_lines(wanted, own, complaints, open_lines)


def needed(lines: Sequence[tuple[str, str]], names: set[str]) -> list[tuple[str, str]]:
    """The labelled lines of the names that were read, of states, and of all these are made of."""
    late = {name for _, right in lines for name in re.findall(r"(\w+)\[t-1\]", right)}
    names = names | late
    while True:
        used = " ".join(right for left, right in lines if base(left) in names)
        more = {base(left) for left, _ in lines if re.search(rf"\b{re.escape(base(left))}\b", used)}
        if more <= names:
            return [(left, right) for left, right in lines if base(left) in names]
        names |= more


def once_each(lines: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Lines without times that change a state in place, h = h * g; h = h + u, as one of each."""
    last = {left: i for i, (left, _) in enumerate(lines)}
    so_far: dict[str, str] = {}
    result = []
    for i, (left, right) in enumerate(lines):
        for name, value in so_far.items():
            right = re.sub(rf"\b{name}\b(?![\[(])", f"({value})", right)
        if "[" not in left and i < last[left] and re.search(rf"\b{left}\b", right):
            so_far[left] = right
        else:
            result.append((left, right))
            so_far.pop(left, None)
    return result


def converted(line: str) -> Iterator[tuple[str, str]]:
    """A labelled line in the language of equations; none for one outside it."""
    if FOREIGN.search(line):
        return
    left, right = (part.strip() for part in line.split(" = ", 1))
    stacked = re.match(r"stack\((.*?)\)$", left)
    if stacked:
        applied = re.match(r"stack\((.*?)\)\((.*)\)$", right)
        if applied is None:
            return
        functions, inner = applied.groups()
        for gate, function in zip(stacked[1].split(", "), functions.split(", "), strict=True):
            own = re.sub(r"\b([Wb])\b", rf"\1_{base(gate)}", inner)
            yield gate, translated(f"{function}({own})", gate)
        return
    left = left.split(", ")[-1]
    yield translated(left, ""), translated(right, base(left))


def translated(text: str, target: str) -> str:
    """Concatenations, transposes, convolutions and components as the language has them."""
    column = r"\bT\((?=(?:concat|stack)\()((?:\w+\()(?:T\([^()]*\)|[^()])*\))\)"  # [xᵀ, hᵀ]ᵀ
    text = re.sub(column, lambda m: re.sub(r"\bT\(([^()]*)\)", r"\1", m[1]), text)
    text = re.sub(r"\b(\w+)\[(t(?:-1)?), (\w+)-1\]", r"\1_\3m1[\2]", text)
    text = re.sub(r"\b(\w+)\[(t(?:-1)?), (\w+)\]", r"\1_\3[\2]", text)
    while (found := re.search(r"\b(?:concat|stack)\(", text)) is not None:
        depth = 0
        for i in range(found.end() - 1, len(text)):
            depth += {"(": 1, ")": -1}.get(text[i], 0)
            if depth == 0:
                inside = text[found.end() : i]
                text = f"{text[: found.start()]}[{inside}]{text[i + 1 :]}"
                break
    text = re.sub(r"\bT\((\w+)\)", r"\1.T", text)
    text = re.sub(r"\bconv\((\w+), (\w+\[t(?:-1)?\])\)", r"\1 @ \2", text)
    text = re.sub(r"\bconv\((\w+), ", r"\1 @ (", text)
    text = re.sub(r"\b(Linear\w*)\(", rf"\1_{target} @ (", text)
    text = re.sub(r"\b(?:GN|clip)\(", "(", text)
    text = re.sub(r"(?<=[\w\])])\[[ij](?:, [ij])?\]", "", text)
    text = re.sub(r"\b([AB]) \* (?=[a-z]+\[t)", r"\1 @ ", text)
    return text


def base(left: str) -> str:
    return left.split("[")[0]


def split(text: str) -> tuple[str, str]:
    left, right = text.split(" = ", 1)
    return left, right


def shifted(lines: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """States that are defined at t+1, and inputs, are at t, and the last states at t-1."""
    ahead = {base(left) for left, _ in lines if "[t+1]" in left}
    result = []
    for left, right in lines:
        for name in ahead:
            left = left.replace(f"{name}[t+1]", f"{name}[t]")
            right = re.sub(rf"\b{name}\[t\]", f"{name}[t-1]", right)
            right = right.replace(f"{name}[t+1]", f"{name}[t]")
        result.append((left, right.replace("[t+1]", "[t]" if ahead else "[t-1]")))
    if not any("[t" in left + right for left, right in result):
        states = {"h"} | {a.removesuffix("_prime") for a, _ in result if a.endswith("_prime")}
        states -= {a for a, _ in result if f"{a}_prime" in dict(result)}
        for i, (left, right) in enumerate(result):
            result[i] = timeless(left, right, states)
            if left in states:  # the lines that follow read the new state
                states = states - {left}
                after = [(a, re.sub(rf"\b{left}\b", f"{left}[t]", b)) for a, b in result[i + 1 :]]
                result[i + 1 :] = after
    return result


def timeless(left: str, right: str, states: set[str]) -> tuple[str, str]:
    """No times are printed: h' is the new state, h the old one, x the input."""
    for name in states:
        right = re.sub(rf"\b{name}\b", f"{name}[t-1]", right)
        right = re.sub(rf"\b{name}_prime\b", f"{name}[t]", right)
        left = f"{name}[t]" if left in (name, f"{name}_prime") else left
    return left, re.sub(r"\bx\b", "x[t]", right)


def inlined(lines: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Concatenations with a name are put where they are used; x without a time is x[t]."""
    cats = {base(left): right for left, right in lines if right.startswith("[")}
    result = []
    for left, right in lines:
        if base(left) in cats:
            continue
        for name, value in cats.items():
            right = re.sub(rf"\b{name}\b(?:\[t\])?", value, right)
        result.append((left, re.sub(r"(?<=@ )([xX])\b(?!\[|_)", r"\1[t]", right)))
    return result


def with_functions(
    lines: Sequence[tuple[str, str]], own: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Functions without a meaning of their own as the reader takes them in the same line.

    The label leaves them open; what is compared is all the rest. One that the reader has for a
    matrix is one, and one for which it has nothing stays what it is, which equals nothing.
    """
    from symgate.algebra.activations import FUNCTIONS

    result = []
    for left, right in lines:
        text = own.get(base(left), "")
        known = re.findall(r"\b(\w+)(?=\()", text)

        def named(match: re.Match[str], known: list[str] = known, text: str = text) -> str:
            word = match[1]
            if word in FUNCTIONS or word in MEANT:
                if word in known:
                    known.remove(word)
                return match[0]
            if re.search(rf"\b{word} @", text):
                return f"{word} @ ("
            return f"{known.pop(0)}(" if known else match[0]

        result.append((left, re.sub(r"\b([A-Za-z]\w*)\(", named, right)))
    return result


def same_cell(wanted: Sequence[tuple[str, str]], own: Sequence[tuple[str, str]]) -> bool:
    ready = with_functions(wanted, {base(a): b for a, b in own})
    try:
        one = sg.Cell.from_text("\n".join(f"{a} = {b}" for a, b in ready))
        other = sg.Cell.from_text("\n".join(f"{a} = {b}" for a, b in own))
    except SymgateError:
        return False
    return sg.compare(one, other).verdict == "identical"


def same_lines(
    wanted: Sequence[tuple[str, str]],
    own: Sequence[tuple[str, str]],
    complaints: list[str],
    open_lines: int,
) -> bool:
    """Every labelled line against the one read for the same name: equal as expressions."""
    ready = with_functions(wanted, {base(a): b for a, b in own})
    defined = {base(left) for left, _ in [*ready, *own]}
    left_over = list(own)
    right = True
    for left, value in ready:
        match = next(
            (
                line
                for line in left_over
                if base(line[0]) == base(left) and same_expression(value, line[1], defined)
            ),
            None,
        )
        if match is None:
            near = next((line for line in left_over if base(line[0]) == base(left)), None)
            complaints.append(f"expected {left} = {value}; read {near}")
            right = False
        else:
            left_over.remove(match)
    too_many = len(left_over) > open_lines
    if too_many:
        complaints.append(f"read too much: {left_over}")
    return right and not too_many


def same_expression(one: str, other: str, defined: set[str]) -> bool:
    if one == other:
        return True
    try:
        cells = [sg.Cell.from_text(f"q_[t] = q_[t-1] + {opened(e, defined)}") for e in (one, other)]
    except SymgateError:
        return False
    found = sg.compare(*cells)
    return found.verdict == "identical" and str(found.map) == "the same names"


def opened(expression: str, defined: set[str]) -> str:
    """An expression by itself: every variable an input of its own name."""
    expression = re.sub(r"\b(\w+)\[t-1\]", r"(I @ \1_before[t])", expression)
    expression = re.sub(r"(?<!@ )\b(\w+)(?<!_before)\[t\]", r"(I @ \1[t])", expression)
    for name in defined:
        expression = re.sub(rf"\b{name}\b(?![\[_(])", f"(I @ {name}[t])", expression)
    return f"({expression.replace('W_f * [', 'W_f @ [').replace('W_g * [', 'W_g @ [')})"


# -- misprints ---------------------------------------------------------------------------


def matched(reading: Reading, data: Mapping[str, Any], result: Result) -> int:
    """How many labelled misprints were found, each at a line that the label names."""
    free = list(reading.misprints)
    count = 0
    for label in sorted(data["misprints"], key=lambda m: len(places(m["where"], reading))):
        names = places(label["where"], reading)
        candidates = [m for m in free if m.kind == label["kind"]] + list(free)
        hit = next(
            (
                m
                for m in candidates
                if at(reading, m) & names or (not names and m.kind == label["kind"])
            ),
            None,
        )
        if hit is None:
            result.complaints.append(f"not found: {label['kind']} ({label['where']})")
        else:
            count += 1
            result.told.append((hit.kind, True))
            free = [m for m in free if m is not hit]
    for m in free:
        result.told.append((m.kind, False))
        if data["misprints"]:
            result.complaints.append(f"also reported: {m.kind} {m.printed!r} line {m.line}")
    return count


def at(reading: Reading, misprint: Misprint) -> set[str]:
    """The names of the lines that share the place of a misprint."""
    before = [
        line
        for line in reading.lines
        if (line.line, line.column) <= (misprint.line, misprint.column)
    ]
    if not before:
        return set()
    last = max(before, key=lambda line: (line.line, line.column))
    return {key(line) for line in before if (line.line, line.column) == (last.line, last.column)}


def key(line: ReadLine) -> str:
    return f"{line.line}:{line.column}:{line.name}"


_GATES = {"forget": "f", "input": "i", "output": "o", "update": "z", "reset": "r"}


def places(where: str, reading: Reading) -> set[str]:
    """The lines that a label's words name; none where they name no line."""
    lines = sorted(reading.lines, key=lambda line: (line.line, line.column))
    found: set[str] = set()
    words = where.lower()
    for match in re.finditer(r"(?:equation|line) (\d+)", words):
        number = int(match[1])
        found |= {key(line) for line in lines[number - 1 : number]}
    if "first line" in words:
        found |= {key(line) for line in lines[:1]}
    if "last line" in words:
        found |= {key(line) for line in lines[-1:]}
    for word, letter in _GATES.items():
        if f"{word} gate" in words:
            found |= {
                key(line)
                for line in lines
                if letter in (line.name.lower().split("_")[0], line.name.split("_")[-1])
            }
    if "gates" in words:
        found |= {key(line) for line in lines if line.part == "gate"}
    if "candidate" in words:
        found |= {key(line) for line in lines if line.part == "candidate"}
        if not any(line.part == "candidate" for line in lines):
            found |= {key(line) for line in lines if line.part == "state"}
    if any(word in words for word in ("state equation", "both products", "recurrent", "shapes")):
        found |= {key(line) for line in lines}
    for line in lines:
        letter, *labels = line.name.split("_")
        shown = {
            f"{letter}_t",
            line.name,
            f"{letter}_<t>",
            f"{letter}^<t>",
            f"{letter}^(t)",
            "_".join([letter, *labels]),
        }
        if any(re.search(rf"(?<![\w\\]){re.escape(s)}(?![\w])", where) for s in shown):
            if "tilde" in labels and "tilde" not in where and letter != where[:1]:
                continue
            found.add(key(line))
    return found


if __name__ == "__main__":
    sys.exit(main())
