"""How long does the curve of ‖∂h_t/∂h_{t-k}‖ over all lags take, and what else could one use?

    python -m analysis.benchmark_peers                        what the bars ask, ten minutes
    python -m analysis.benchmark_peers --whole                every row, twice as long
    python -m analysis.benchmark_peers --rows                 the rows alone, --others the rest
    python -m analysis.benchmark_peers --sizes 512 --lags 200 --add   beside those saved
    python -m analysis.benchmark_peers --slow --sizes 128 --lags 1000 --add

Every contender computes the Frobenius norm of the full Jacobian at every lag, for the same
default-initialised GRU and the same input, in double precision on one thread, each in a
process of its own. Curves are compared before any time is printed. The floor is nothing but
the matrix products of the textbook recursion, (3n × n)·(n × n) a step, with NumPy's BLAS.
Times are the best of some runs (a second of them, 3 at least; one where it takes over 5 s)
after a warm-up, in processor time; our time includes the forward run, JAX's leaves compilation out.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import platform
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from analysis.benchmark_peers.bars import asked_by_bars, key, verdicts
from analysis.benchmark_peers.contenders import CONTENDERS
from analysis.benchmark_peers.measuring import LIMIT, WORTH, row, work
from analysis.benchmark_peers.others import others
from analysis.benchmark_peers.picture import plot

SIZES, LAGS = (8, 32, 64, 128, 256, 512), (200, 1000, 10_000)

#: The rows of a network with slow modes: b_z = 4, U of gain 1.5.
SLOW = ((128, 1000), (256, 1000))

#: The rows of several sequences: n = 32, 200 lags.
SEQUENCES = (8, 32, 256)

HEAD = """{machine}; double precision, default-initialised GRU (slow: b_z = 4, U of gain 1.5),
1 thread, one processor, processor time, the least of runs taken in turn; {packages}; {kernel}.
Made by `python -m analysis.benchmark_peers`.

Columns: our time with the compiled engine and peak memory, our time over that of the matrix
products alone (NumPy's BLAS), each peer's time over ours and its memory (the NumPy engine among
them; jax scan under vmap for several sequences). "over": it was stopped after {limit:.0f} s."""


Row = tuple[int, int, bool, int]


def wanted(options: argparse.Namespace) -> dict[Row, set[str]]:
    """The rows to be measured, (n, lags, slow, sequences), with the peers that are asked."""
    if not (options.whole or options.sizes or options.lags or options.slow):
        found = asked_by_bars()
        return {row: peers & {*options.peers} for row, peers in found.items()}
    return {row: {*options.peers} for row in _all(options)}


def _all(options: argparse.Namespace) -> list[Row]:
    asked = [
        (n, k, options.slow, options.sequences)
        for n in options.sizes or SIZES
        for k in options.lags or LAGS
    ]
    if options.sizes or options.lags or options.slow:
        return asked
    slow = [(n, k, True, 1) for n, k in SLOW]
    return [*asked, *slow, *((32, 200, False, b) for b in SEQUENCES)]


def kernel() -> str:
    """The kernel of NumPy's BLAS on this machine, where it says so."""
    import numpy as np

    folder = Path(np.__file__).parent.parent / "numpy.libs"
    for path in folder.glob("*openblas*"):
        name = getattr(ctypes.CDLL(str(path)), "scipy_openblas_get_corename64_", None)
        if name is not None:
            name.restype = ctypes.c_char_p
            return f"OpenBLAS kernel {name().decode()}"
    return "BLAS kernel unknown"


def machine() -> str:
    """The processor, where the system names it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    vectors = "AVX-512" if any("avx512f" in line for line in lines) else ""
    return ", ".join(filter(None, [*named[:1], vectors])) or platform.processor()


def table(rows: list[dict], peers: list[str]) -> tuple[list[list[str]], list[str]]:
    """The lines of the table, and the reasons for what is left out, by number."""
    lines = [["n", "lags", "symgate", "memory", "/ products", *peers]]
    reasons: list[str] = []
    for found in rows:
        figures = found["figures"]
        ours = figures["symgate"]
        many = f" x {found['sequences']}" if found["sequences"] > 1 else ""
        cells = [str(found["n"]), f"{found['lags']}{' slow' if found['slow'] else ''}{many}"]
        cells += [f"{ours['seconds'] * 1e3:.1f} ms", f"{ours['peak_mb']:.0f} MB"]
        cells.append(f"{ours['seconds'] / figures['floor']['seconds']:.2f}")
        for name in peers:
            theirs = figures.get(name, "no bar is about it there (--whole)")
            if isinstance(theirs, dict):
                ratio = theirs["seconds"] / ours["seconds"]
                peak = theirs["peak_mb"]
                cells.append(f"{ratio:.2f}x {peak:.0f} MB" if peak else f"over {ratio:.0f}x")
                continue
            reason = f"{name} is left out: {theirs}"
            if reason not in reasons:
                reasons.append(reason)
            cells.append(f"({reasons.index(reason) + 1})")
        lines.append(cells)
    return lines, reasons


def markdown(lines: list[list[str]], texts: int = 0) -> str:
    """A table whose first columns are texts, the others numbers."""
    widths = [max(3, *map(len, column)) for column in zip(*lines, strict=True)]
    shown = []
    for line in lines:
        cells = [c.ljust(w) for c, w in zip(line[:texts], widths[:texts], strict=True)]
        cells += [c.rjust(w) for c, w in zip(line[texts:], widths[texts:], strict=True)]
        shown.append(" | ".join(cells))
    rule = " | ".join("-" * w if i < texts else "-" * (w - 1) + ":" for i, w in enumerate(widths))
    return "\n".join(f"| {line} |" for line in (shown[0], rule, *shown[1:]))


def page(rows: list[dict], packages: str, missing: list[str], more: list[list[str]]) -> str:
    """The table, why something is left out, and the bars with their verdicts."""
    peers = [p for p in WORTH if any(p in found["figures"] for found in rows)]
    lines, reasons = table(rows, peers)
    notes = [f"({i}) {reason}." for i, reason in enumerate(reasons, 1)]
    notes += [f"Left out: {name} is not installed." for name in missing]
    parts = [
        HEAD.format(machine=machine(), packages=packages, limit=LIMIT, kernel=kernel()),
        markdown(lines),
        "  \n".join(notes),
    ]
    parts.append(markdown([*verdicts(rows), *more], texts=2))
    return "\n\n".join(filter(None, parts)) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", help=f"n, by default {SIZES}")
    parser.add_argument("--lags", type=int, nargs="+", help=f"K, by default {LAGS}")
    parser.add_argument("--slow", action="store_true", help="b_z = 4, U of gain 1.5")
    parser.add_argument("--sequences", type=int, default=1, help="how many at once")
    parser.add_argument("--peers", nargs="*", default=list(WORTH), choices=list(WORTH))
    parser.add_argument("--whole", action="store_true", help="all sizes and lags")
    parser.add_argument("--rows", action="store_true", help="without what no peer does")
    parser.add_argument("--others", action="store_true", help="only what no peer does")
    parser.add_argument("--add", action="store_true", help="keep the other rows that are saved")
    parser.add_argument("-o", type=Path, default=Path("reports/benchmark.svg"), help="the plot")
    parser.add_argument("--one", choices=list(CONTENDERS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        work(options.one, options.sizes[0], options.lags[0], options.slow, options.sequences)
        return
    peers = [p for p in options.peers if find_spec(p.split()[0])]
    missing = sorted({p.split()[0] for p in options.peers} - {p.split()[0] for p in peers})
    names = dict.fromkeys(["numpy", *(p.split()[0] for p in peers)])
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    saved = options.o.with_suffix(".json")
    saved.parent.mkdir(parents=True, exist_ok=True)
    alone = options.sizes or options.lags or options.slow
    old = {"rows": [], "others": []}
    if (options.add or options.rows or options.others) and saved.exists():
        old |= json.loads(saved.read_text())
    more: list[list[str]] = old["others"]
    kept: list[dict] = [] if options.rows and not options.add else old["rows"]

    def save() -> None:
        rows, rest = (",\n".join(map(json.dumps, lines)) for lines in (kept, more))
        saved.write_text(f'{{"rows": [\n{rows}\n], "others": [\n{rest}\n]}}\n')

    for asked, names in ({} if options.others else wanted(options)).items():
        found = row(*asked, [p for p in peers if p in names])
        kept = [x for x in kept if key(x) != asked] + [found]
        kept.sort(key=lambda x: (x["slow"], x["sequences"], x["n"], x["lags"]))
        save()
        print("  ".join(table([found], peers)[0][1]), file=sys.stderr, flush=True)
    if not alone and not options.rows:
        more = others()
        save()
    text = page(kept, packages, missing, more)
    options.o.with_suffix(".md").write_text(text)
    plot(kept, options.o)
    print(text)
    print(f"figure: {options.o}", file=sys.stderr)


if __name__ == "__main__":
    main()
