"""Bytes that become a text, a document, a claim, a trained network, a saved curve, a journal.

    python -m tests.fuzzing read --seconds 600              # random changes of the stored corpus
    python -m tests.fuzzing read --seconds 600 --atheris    # led by coverage, with atheris

Whatever the bytes are, the answer is a result or a `SymgateError` without control characters,
within 5 s of processor time and 1 GB. What breaks that is written to --finds; put into
`tests/data/fuzz/<target>`, it is run by `test_fuzzing` from then on.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import random
import re
import resource
import signal
import sys
import time
import traceback
import unicodedata
import warnings
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir

import symgate as sg
from symgate.checking.check import check
from symgate.decaying.progress import Journal
from symgate.reading.reader import read_text

CORPUS = Path(__file__).parent / "data" / "fuzz"

#: Seconds of processor time, and bytes.
TIME, MEMORY = 5.0, 1 << 30

KINDS = ("a.md", "a.tex", "a.py", "a.ipynb", "a.html", "a.txt")
CELLS = ("rnn", "lstm", "gru", "deltanet")

#: What the journal of the corpus is about.
ABOUT = {"cell": "rnn", "axes": {"hidden": [2, 3]}}


def scratch(data: bytes, ending: str) -> Path:
    """A file with these bytes, the same one each time."""
    path = Path(gettempdir(), f"symgate-fuzz-{id(CORPUS):x}{ending}")
    path.write_bytes(data)
    return path


def text(data: bytes) -> object:
    cell = sg.Cell.from_text(data.decode("utf-8", "surrogateescape"))
    return str(cell), cell.parameter_count(), sg.linearise(cell)


def read(data: bytes) -> object:
    kind = KINDS[data[0] % len(KINDS)] if data else KINDS[0]
    found = read_text(data[1:].decode("utf-8", "surrogateescape"), kind)
    return str(found), [(str(r), r.to_dict()) for r in found]


def claim(data: bytes) -> object:
    cell = CELLS[data[0] % len(CELLS)] if data else CELLS[0]
    judged = check(cell, data[1:].decode("utf-8", "surrogateescape"))
    return str(judged.verdict), judged.to_dict()


def model(data: bytes) -> object:
    return repr(sg.model(scratch(data, ".model")))


def curve(data: bytes) -> object:
    found = sg.load(scratch(data, ".npz"))
    return repr(found), found.rate, found.half_life, found.to_dict()


def journal(data: bytes) -> object:
    with Journal(scratch(data, ".jsonl"), ABOUT) as kept:
        return kept.known(0, {"hidden": 2})


TARGETS: dict[str, Callable[[bytes], object]] = {
    "text": text,
    "read": read,
    "claim": claim,
    "model": model,
    "curve": curve,
    "journal": journal,
}

#: Pieces that mean something in each kind of input.
WORDS: dict[str, tuple[str, ...]] = {
    "text": (
        *("h[t]", "h[t-1]", "x[t]", "z[t]", "c[t-1]", "S[t-1]", "U", "W", "W.T", "b", "I", "="),
        *("@", "*", "**", "/", "-", "(", ")", "[", "]", ",", "\n", "diag(", "outer(", "softmax("),
        *("norm(", "tanh(", "exp(", "log(", "sqrt(", "leaky_relu(", "0", "1e100", "0.5", "#"),
    ),
    "read": (
        *(
            "$$",
            "$",
            "\\[",
            "\\]",
            "```",
            "~~~",
            "\\begin{align}",
            "\\end{align}",
            "h_t",
            "h_{t-1}",
        ),
        *(
            "\\tanh",
            "\\sigma(",
            "\\odot",
            "{",
            "}",
            "_{",
            "^{",
            "\\frac",
            "\\def\\a#1",
            "#1",
            "\\a",
        ),
        *("\\newcommand{\\a}[2]{", "\\text{", "\\left(", "\\right)", "&", "\\\\", "<sub>", '"""'),
        *("/*", "http://", "chart?", "<annotation tex>", "\\begin{cases}", "\\label{", "|", "'"),
        *("\x1b[31m", "\x07", "\u2028", "W x_t", "=", "1 -", ".. math::", '{"cells": [', "\\u0041"),
    ),
    "claim": (
        *("\\frac{\\partial h_t}{\\partial h_{t-1}}", "∂h_t/∂h_{t-1}", "=", "\\operatorname{diag}"),
        *("(z_t)", "\\odot", "U_z", "W^\\top", "\\left(", "\\right)", "1 -", "^2", "h_{t-1}", "+"),
        *("\\prod_{j=1}^{k}", "\\sum_i", "\\begin{bmatrix}", "&", "\\\\", "\\text{", "I", "'", "²"),
    ),
    "model": ("weight_ih_l0", "\xff" * 8, "\0" * 8, "weight_hh_l0_reverse", "<f8", "(1000000,)"),
    "curve": ('"array"', "nan", "<f8", "<U9", "(10000000000,)", "null", "[]", "1e999", "\0" * 8),
    "journal": (
        "{",
        "}",
        "[]",
        "\n",
        "null",
        '"hidden": 2',
        ":",
        "NaN",
        "1e999",
        "\\ud800",
        "[" * 99,
    ),
}


class Stalled(BaseException):
    """An input took so long that nobody waits for its end."""


def _stalled(*_: object) -> None:
    raise Stalled("takes too long")


def broken(target: str, data: bytes, most: float = TIME) -> str:
    """What is wrong with how an input was taken; empty where nothing is."""
    start = time.process_time()
    signal.signal(signal.SIGVTALRM, _stalled)
    signal.setitimer(signal.ITIMER_VIRTUAL, 4 * most)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", sg.EquationWarning)  # words, as an error's
            said = TARGETS[target](data)
    except sg.SymgateError as error:
        said = str(error)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        places = [f for f in traceback.extract_tb(error.__traceback__) if "symgate" in f.filename]
        where = f"{Path(places[-1].filename).name}:{places[-1].lineno}" if places else "?"
        return f"{type(error).__name__} at {where}: {str(error)[:120]!r}"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    spent = time.process_time() - start
    if spent > most:
        return f"{spent:.1f} s"
    shown = said if isinstance(said, str) else said[0] if isinstance(said, tuple) else ""
    steering = [c for c in str(shown) if unicodedata.category(c) in ("Cc", "Cs") and c != "\n"]
    return f"steers a terminal: {steering[:3]!r}" if steering else ""


def seeds(target: str) -> list[bytes]:
    """The stored corpus of a target, in one order."""
    return [path.read_bytes() for path in sorted((CORPUS / target).iterdir())]


def changed(target: str, data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """An input with a few changes; those of a zip are made within one of its entries."""
    if data[:2] == b"PK" and rng.random() < 0.7:
        with contextlib.suppress(zipfile.BadZipFile, ValueError, OSError, RuntimeError):
            return _within(target, data, others, rng)
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        at = rng.randint(0, len(data))
        stop = min(len(data), at + rng.choice((0, 1, 1, 4, 30)))
        kind = rng.randrange(7)
        if kind == 0:
            new = rng.choice(WORDS[target]).encode("utf-8", "surrogatepass")
        elif kind == 1:
            new = bytes(rng.choice((0, 255, 128, 10, 32, rng.randrange(256))) for _ in range(2))
        elif kind == 2:
            new = b""
        elif kind == 3:
            new = data[at:stop] * rng.choice((2, 3, 100))
        elif kind == 4:
            new = data[at : at + 1 + rng.randrange(60)]
            at = stop = rng.randint(0, len(data))
        elif kind == 5:
            other = rng.choice(others)
            start = rng.randint(0, len(other))
            new = other[start : start + rng.randrange(200)]
        else:
            new, found = data[at:stop], list(re.finditer(rb"\d+", data))
            if found:
                number = rng.choice(found)
                at, stop = number.span()
                new = str(rng.choice((0, 1, -1, 2, 10**9, 10**18, 10**400, 1e999))).encode()
        data = (data[:at] + new + data[stop:])[:200_000]
    return data


def _within(target: str, data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    name = rng.choice(sorted(entries))
    entries[name] = changed(target, entries[name], others, rng)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for each, content in entries.items():
            archive.writestr(each, content)
    return out.getvalue()


class Hunt:
    """Runs inputs and keeps the first of each kind of find."""

    def __init__(self, target: str, finds: Path | None = None, most: float = TIME) -> None:
        self.target, self.finds, self.most = target, finds, most
        self.tried, self.slowest = 0, 0.0
        self.found: dict[str, bytes] = {}

    def run(self, data: bytes) -> None:
        start = time.process_time()
        wrong = broken(self.target, data, self.most)
        self.slowest = max(self.slowest, time.process_time() - start)
        self.tried += 1
        key = re.sub(r"(?<=\d)\.\d+(?= s$)|: .*", "", wrong)
        if wrong and key not in self.found:
            self.found[key] = data
            if self.finds is not None:
                self.finds.mkdir(parents=True, exist_ok=True)
                (self.finds / f"{self.target}-{sha256(data).hexdigest()[:12]}").write_bytes(data)
                print(f"{self.target}: {wrong}", flush=True)


def hunt(
    target: str, seconds: float, seed: int, finds: Path | None = None, most: int = 10**9
) -> Hunt:
    """Change the corpus at random for so long, or so often."""
    rng, corpus, end = random.Random(seed), seeds(target), time.monotonic() + seconds
    found = Hunt(target, finds)
    while time.monotonic() < end and found.tried < most:
        found.run(changed(target, rng.choice(corpus), corpus, rng))
    return found


def limited() -> None:
    """No more memory than what is there and `MEMORY`: more is a find."""
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, now + MEMORY))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--finds", type=Path, default=Path("build/fuzz"))
    parser.add_argument("--atheris", action="store_true", help="led by coverage")
    arguments = parser.parse_args()
    for data in seeds(arguments.target):  # whatever is imported late is there now
        broken(arguments.target, data)
    limited()
    if arguments.atheris:
        return led(arguments.target, arguments.seconds, arguments.seed, arguments.finds)
    found = hunt(arguments.target, arguments.seconds, arguments.seed, arguments.finds)
    print(f"{found.target}: {found.tried:,} inputs, {len(found.found)} finds, ", end="")
    print(f"the slowest {found.slowest:.1f} s")
    return bool(found.found)


def led(target: str, seconds: int, seed: int, finds: Path) -> int:
    """libFuzzer's search for new coverage, our changes beside its own."""
    import atheris

    corpus, found = seeds(target), Hunt(target, finds)

    def mutate(data: bytes, most: int, number: int) -> bytes:
        rng = random.Random(number)
        own = rng.random() < 0.6
        made = changed(target, data, corpus, rng) if own else atheris.Mutate(data, most)
        return made[:most]

    def one(data: bytes) -> None:
        found.run(data)
        if found.tried % 2000 == 0:
            print(f"{target}: {found.tried:,} inputs, {len(found.found)} finds", flush=True)

    for name, module in sorted(sys.modules.items()):
        if name.startswith("symgate."):
            for each in vars(module).values():
                if getattr(each, "__module__", None) == name and callable(each):
                    with contextlib.suppress(Exception):
                        atheris.instrument_func(each)
    grown = finds / f"corpus-{target}"
    grown.mkdir(parents=True, exist_ok=True)
    words = [sys.argv[0], str(grown), str(CORPUS / target), f"-max_total_time={seconds}"]
    words += [f"-seed={seed}", "-max_len=20000", "-timeout=120", "-rss_limit_mb=6000"]
    atheris.Setup(words, one, custom_mutator=mutate)
    atheris.Fuzz()
    return bool(found.found)


if __name__ == "__main__":
    sys.exit(main())
