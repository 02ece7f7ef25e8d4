"""The compiled engine gives the numbers of NumPy, and stands back where it cannot be made."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import warnings
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

import symgate as sg
from symgate.errors import UnknownName
from symgate.numerics import native, threads
from symgate.numerics.block import AskedBlock
from symgate.numerics.product import block_norms, vector_norms
from symgate.numerics.tape import OPERATIONS, Bound, Place, Tape, packed
from tests.chosen import CELLS
from tests.numbers import Numbers, numbers
from tests.random_cells import random_cell

LIBRARY = native.engine("auto")
QUICK = ("-O0", "-std=gnu11", "-shared", "-fPIC")
needs_compiler = pytest.mark.skipif(LIBRARY is None, reason="there is no C compiler")


def both(given: Numbers) -> list[sg.Run]:
    return [given.run(engine=engine) for engine in ("numpy", "c")]


def assert_close(found: Any, expected: Any, what: str, tolerance: float = 1e-12) -> None:
    scale = max(1.0, float(np.abs(expected[np.isfinite(expected)]).max(initial=0)))
    np.testing.assert_allclose(
        found, expected, rtol=tolerance, atol=tolerance * scale, err_msg=what
    )


def assert_same_numbers(cell: sg.Cell, batch: int | None, n: int = 4) -> None:
    """Values, curves of all blocks in both norms, and singular values."""
    plain, compiled = both(numbers(cell, n=n, m=3, steps=70, batch=batch, scale=0.4))
    for name in (*sg.linearise(cell).nodes,):
        assert_close(compiled[name], plain[name], name)
    of = cell.states[-1]
    for norm in ("frobenius", "spectral"):
        curves = [
            block_norms(AskedBlock.of_run(plain, of, of, 70, norm=norm, engine=engine), cell.states)
            for engine in ("numpy", "c")
        ]
        for state in cell.states:
            cancels = 1e-9 if cell.name == "slstm" and state == "m" else 1e-12
            assert_close(curves[1][state], curves[0][state], f"∂{of}/∂{state}, {norm}", cancels)
    one, other = (
        sg.lag_norms(plain, of, of, 60, singular=[0, 7, 60], norm="spectral", engine=engine)
        for engine in ("numpy", "c")
    )
    for lag in one.singular_values:
        a, b = one.singular_values[lag], other.singular_values[lag]
        large = np.isfinite(a) & (a > np.max(a, axis=-1, keepdims=True) - 8)
        np.testing.assert_allclose(b[large], a[large], atol=1e-6)
    assert one.notes == other.notes


@needs_compiler
@pytest.mark.parametrize("name", CELLS)
def test_zoo(name: str) -> None:
    for batch in (None, 3):
        assert_same_numbers(sg.cell(name), batch)


@needs_compiler
@pytest.mark.parametrize("seed", range(12))
def test_random_cells(seed: int) -> None:
    cell = random_cell(Random(seed))
    given = numbers(cell, n=4, m=3, steps=8, batch=2, scale=0.4)
    try:
        plain = given.run(engine="numpy")
    except sg.errors.Diverged:
        with pytest.raises(sg.errors.Diverged):
            given.run(engine="c")
        return
    compiled = given.run(engine="c")
    for name in cell.equations:
        assert_close(compiled[name], plain[name], f"{name} of\n{cell}")
    asked = [AskedBlock.of_run(plain, None, None, 8, engine=e) for e in ("numpy", "c")]
    curves = [block_norms(one, cell.states) for one in asked]
    for state in cell.states:
        assert_close(curves[1][state], curves[0][state], f"{state} of\n{cell}")


@needs_compiler
@pytest.mark.parametrize("n", [50, 65, 130])
def test_wide_cells(n: int) -> None:
    """Dense, then thin, rows dropped on the way, spectral norms of many rows."""
    cell = sg.cell("gru")
    x = np.random.default_rng(0).normal(size=(300, 2, n))
    run = sg.simulate(cell, sg.init(cell, n, n), x)
    for norm in ("frobenius", "spectral"):
        one, other = (sg.lag_norms(run, lags=300, norm=norm, engine=e) for e in ("numpy", "c"))
        np.testing.assert_allclose(other.log10_norm, one.log10_norm, rtol=0, atol=1e-11)
        assert other.rank[300] < n
    loss = np.random.default_rng(1).normal(size=n)
    one, other = (vector_norms(run, loss, lags=300, engine=e) for e in ("numpy", "c"))
    np.testing.assert_allclose(other.log10_norm, one.log10_norm, rtol=0, atol=1e-11)


@needs_compiler
def test_guards() -> None:
    """Exact zeros, sizes beyond any number, divergence: as in NumPy."""
    cell = sg.Cell.from_text("h[t] = x[t] * h[t-1]")
    x = np.full((400, 3), 1e-3)
    x[100, 0] = 0
    x[:90] = 1e5
    x[300:] = 1e-120
    run = sg.simulate(cell, {}, x)
    found = sg.lag_norms(run, lags=400, norm="frobenius", engine="c").log10_norm
    np.testing.assert_allclose(
        found, sg.lag_norms(run, lags=400, norm="frobenius", engine="numpy").log10_norm
    )
    assert found[100] == pytest.approx(-12000 + 0.5 * np.log10(3))
    for x[:] in (0.0,):
        run = sg.simulate(cell, {}, x)
        found = sg.lag_norms(run, lags=5, engine="c")
        assert np.isneginf(found.log10_norm[1:]).all()
        assert found.notes
    for text, said in (
        ("h[t] = 2 * h[t-1] + x[t]", "h of cell is not finite from step 1023 "),
        ("g[t] = log(h[t-1] - 3 * x[t])\nh[t] = 0.5 * h[t-1] + g[t]", "value g of .* from step 0 "),
        ("g[t] = x[t] / h[t-1]\nh[t] = 0.5 * h[t-1] + sigmoid(g[t])", "0 is divided by 0"),
    ):
        x = np.ones((1100, 2)) if "log" not in text else np.ones((5, 2))
        x = 0 * x if "/" in text else x
        for engine in ("numpy", "c"):
            with pytest.raises(sg.errors.Diverged, match=said):
                sg.simulate(sg.Cell.from_text(text), {}, x, engine=engine)


@needs_compiler
@pytest.mark.parametrize("rows", [1, 2, 5, 12, 23])
@pytest.mark.parametrize("width", [1, 3, 8, 17, 40, 70])
def test_products(rows: int, width: int) -> None:
    assert LIBRARY is not None
    rng = np.random.default_rng(rows * width)
    a, b = rng.normal(size=(rows, 11)), rng.normal(size=(11, width))
    for name in ("times", "times_add", "apply", "apply_add"):
        tape = Tape(LIBRARY.symgate_vector())
        out = tape.rows(rows, width)
        spread = np.pad(b, ((0, 0), (0, 2 * tape.vector)))
        row = 0 if name.startswith("times") else spread.shape[1]
        tape.do(name, out, Place("a", 11, row=11), Place("b", width, row=row), k=11)
        right = packed(b, tape.vector) if name.startswith("times") else spread
        bound = Bound(tape, LIBRARY, {"a": a, "b": right})
        bound.view(out, rows)[:] = 1
        bound.run(0, 1, (0, 1), rows)
        found = bound.view(out, rows)
        np.testing.assert_allclose(found, a @ b + name.endswith("add"), atol=1e-13)


@needs_compiler
def test_functions() -> None:
    """Each function at ordinary and extreme numbers: within a few last digits of NumPy's."""
    assert LIBRARY is not None
    at = np.array([0.0, -0.0, 1e-300, 1e-9, -3e-5, 0.3, -0.7, 1.0, 2.5, -19.0, 40.0, -745.0,
                   -708.9, 709.7, 711.0, 1e4, -1e4, np.inf, -np.inf, np.nan])  # fmt: skip
    at = np.concatenate([at, np.random.default_rng(0).normal(scale=8, size=500)])
    other = np.roll(at, 7)
    with np.errstate(all="ignore"):
        expected = {
            "sigmoid": 1 / (1 + np.exp(-at)), "tanh": np.tanh(at), "exp": np.exp(at),
            "expm1": np.expm1(at), "log": np.log(at), "log1p": np.log1p(at), "sqrt": np.sqrt(at),
            "abs": np.abs(at), "sin": np.sin(at), "cos": np.cos(at), "neg": -at,
            "step": (at > 0) * 1.0, "sign": np.sign(at), "copy": at, "add": at + other,
            "sub": at - other, "mul": at * other, "div": at / other, "pow": np.power(at, other),
            "max": np.maximum(at, other), "min": np.minimum(at, other),
        }  # fmt: skip
    for name, value in expected.items():
        tape = Tape(LIBRARY.symgate_vector())
        out = tape.rows(1, len(at))
        tape.do(name, out, *(Place(source, len(at), row=0) for source in ("at", "other")))
        bound = Bound(tape, LIBRARY, {"at": at, "other": other})
        bound.run(0, 1, (0, 1))
        found = bound.view(out, 1)[0]
        np.testing.assert_allclose(found, value, rtol=2e-15, atol=1e-322, err_msg=name)
    assert set(OPERATIONS) >= set(expected)


@needs_compiler
def test_largest_singular_value() -> None:
    assert LIBRARY is not None
    rng = np.random.default_rng(3)
    for rows, cols in ((1, 1), (1, 9), (2, 2), (7, 30), (30, 7), (48, 64)):
        for kind in range(4):
            a = rng.normal(size=(rows, cols))
            if kind == 1:
                a[:, :] = np.outer(a[:, 0], a[0])  # rank one
            elif kind == 2:
                a *= 10.0 ** -np.arange(rows)[:, None]  # graded
            elif kind == 3:
                a = np.eye(rows, cols)  # all alike
            tape, found = Tape(LIBRARY.symgate_vector()), np.zeros((1, 2, 1))
            moved = tape.rows(rows, cols)
            out = Place("found", cols, moves=True)
            tape.do("spectral", out, Place("a", cols, row=cols), moved, k=1)
            Bound(tape, LIBRARY, {"a": a, "found": found}).run(0, 1, (0, 1), rows)
            assert found[0, 0, 0] == pytest.approx(np.linalg.norm(a, 2) ** 2, rel=1e-13)


def test_chosen_by_name() -> None:
    run = numbers(sg.cell("rnn"), steps=4).run(engine="numpy")
    for call in (
        lambda: sg.lag_norms(run, lags=2, engine="fortran"),
        lambda: numbers(sg.cell("rnn")).run(engine="C"),
        lambda: vector_norms(run, np.ones(5), engine="gpu"),
    ):
        with pytest.raises(UnknownName, match="engine"):
            call()


def test_the_environment_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMGATE_ENGINE", "numpy")
    assert native.engine() is None
    monkeypatch.setenv("SYMGATE_ENGINE", "quick")
    with pytest.raises(UnknownName, match="quick"):
        native.engine()


@pytest.fixture
def anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache folder of its own, and nothing loaded or said yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    native._loaded.cache_clear()
    native._say.cache_clear()
    yield tmp_path
    native._loaded.cache_clear()
    native._say.cache_clear()


def compiler(folder: Path, script: str) -> str:
    path = folder / "mycc"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo broken >&2; exit 3", "failed with 3: broken"),
        ("exit 0", "cannot be (used|written)"),
        ("sleep 60", "did not end within 1 seconds"),
        ('while [ "$1" != -o ]; do shift; done; echo no library > "$2"', "cannot be"),
    ],
)
def test_a_compiler_that_does_not_compile(
    script: str, said: str, anew: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", compiler(anew, script))
    monkeypatch.setattr(native, "PATIENCE", 1)
    with pytest.warns(UserWarning, match=said):
        assert native.engine("auto") is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert native.engine("auto") is None  # said once
    assert not [p for p in (anew / "cache" / "symgate").iterdir() if p.name.startswith("build")]


def test_no_compiler_is_no_fault(anew: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", str(anew / "none"))
    assert native.engine("auto") is None
    with pytest.warns(UserWarning, match="there is no C compiler"):
        assert native.engine("c") is None
    given = numbers(sg.cell("gru"), steps=5)
    assert_close(given.run()["h"], given.run(engine="numpy")["h"], "h")


@needs_compiler
def test_warnings_of_a_compiler_do_no_harm(anew: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = shutil.which("cc")
    monkeypatch.setenv("CC", compiler(anew, f'echo "warning: hm" >&2; exec {real} "$@"'))
    monkeypatch.setattr(native, "FLAGS", QUICK)
    assert native.engine("c") is not None
    folder = anew / "cache" / "symgate"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    kept = next(folder.glob("*.so"))
    cut = kept.read_bytes()[:5000]
    kept.unlink()  # the old one is in use
    kept.write_bytes(cut)
    native._loaded.cache_clear()
    assert native.engine("c") is not None
    kept.chmod(0o666)  # others may write to it
    native._loaded.cache_clear()
    with pytest.warns(UserWarning, match="not a file that only you can write"):
        assert native.engine("auto") is None


@pytest.mark.parametrize("kind", ["file", "link", "others"])
def test_a_folder_that_is_not_ones_own(
    kind: str, anew: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", compiler(anew, "exit 1"))
    cache = anew / "cache"
    cache.mkdir()
    if kind == "file":
        (cache / "symgate").write_text("in the way")
    elif kind == "link":
        (anew / "elsewhere").mkdir()
        (cache / "symgate").symlink_to(anew / "elsewhere")
    else:
        (cache / "symgate").mkdir()
        monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.warns(UserWarning, match="cannot be made|is not a folder of yours"):
        assert native.engine("auto") is None


@needs_compiler
def test_two_processes_at_once(anew: Path) -> None:
    code = f"""
from symgate.numerics import native, threads
native.FLAGS = {QUICK}
print(native.engine("c") is not None)
"""
    started = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [process.communicate(timeout=60)[0].strip() for process in started] == ["True", "True"]
    folder = anew / "cache" / "symgate"
    assert sorted(p.suffix for p in folder.iterdir()) == [".sha256", ".so"]


@needs_compiler
def test_threads_change_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """The samples of a walk on one core or on all: the same numbers, each sample in its place."""
    run = numbers(sg.cell("lstm"), n=48, m=3, steps=40, batch=5, scale=0.3).run(engine="c")
    taken: list[int] = []
    monkeypatch.setattr(threads, "cores", lambda: taken.append(1) or 4)
    for norm in ("frobenius", "spectral"):
        monkeypatch.setattr(threads, "WORTH", 1 << 62)
        alone = sg.lag_norms(run, lags=40, norm=norm, engine="c")
        assert not taken
        monkeypatch.setattr(threads, "WORTH", 0)
        many = sg.lag_norms(run, lags=40, norm=norm, engine="c")
        assert taken, "the walk of five wide samples is not split"
        np.testing.assert_array_equal(many.log10_norm, alone.log10_norm)
        taken.clear()


def test_one_thread_of_blas_while_any_walk_is_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Walks may overlap: the first sets one thread, the last sets back what was."""
    said: list[str] = []

    class Controller:
        def limit(self, *, limits: int, user_api: str) -> Controller:
            said.append(f"{user_api} {limits}")
            return self

        def restore_original_limits(self) -> None:
            said.append("back")

    found = Controller()
    monkeypatch.setattr(threads, "controller", lambda: found)
    guard = threads.OneThread()
    with guard, guard:
        assert said == ["blas 1"]
    assert said == ["blas 1", "back"]
    with pytest.raises(KeyError), guard:
        raise KeyError
    assert said == ["blas 1", "back"] * 2
    said.clear()
    sg.lag_norms(numbers(sg.cell("rnn"), steps=4).run(), lags=2)
    assert set(said) == {"blas 1", "back"}


@pytest.mark.parametrize("at", ["mkdtemp", "replace"])
def test_a_folder_that_is_full_or_cannot_be_written(
    at: str, anew: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NumPy does the work, said once, and nothing is left behind."""

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(native, "_call", lambda command: Path(command[-3]).write_bytes(b""))
    monkeypatch.setattr(native, "_opened", lambda path: None)
    monkeypatch.setattr(*((native.tempfile, at) if at == "mkdtemp" else (Path, at)), full)
    monkeypatch.setenv("CC", compiler(anew, "exit 1"))
    with pytest.warns(UserWarning, match="cannot be written .No space left on device"):
        assert native.engine("auto") is None
    assert not list((anew / "cache" / "symgate").iterdir())


@pytest.mark.parametrize("size", [1, 5, 32, 48, 64, 127])
def test_the_largest_singular_value_where_many_are_alike(size: int) -> None:
    """Products of I - β k kᵀ: most directions are still as they were."""
    library = native.engine()
    if library is None:
        pytest.skip("no compiler")
    rng, product, made = np.random.default_rng(0), np.eye(size), []
    for _ in range(40):
        key = rng.normal(size=size)
        product = product - 0.6 * np.outer(product @ key, key) / (key @ key)
        made.append(product)
    held, out = np.array(made), np.empty(len(made))
    library.symgate_spectral(held.ctypes.data, len(held), size, size, out.ctypes.data)
    np.testing.assert_allclose(np.sqrt(out), np.linalg.norm(held, 2, axis=(1, 2)), rtol=1e-14)
