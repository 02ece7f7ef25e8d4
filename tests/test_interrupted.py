"""Runs that meet in one place, are killed, or have nowhere to write to."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

import symgate as sg
from symgate.decaying.progress import Journal
from symgate.files import write_file
from symgate.reporting import folder as places
from symgate.reporting.folder import READY, opened, put
from symgate.writing import pdf

OLD = {"index.html": b"old", "figures/a.svg": b"old", "figures/gone.svg": b"old"}
NEW = {"index.html": b"new", "figures/a.svg": b"new", "data/b.json": b"new"}


class Killed(BaseException):
    """What ends a run at once."""


def whole(folder: Path) -> set[str]:
    """What stands in a folder: the one word of its files."""
    files = [p for p in folder.rglob("*") if p.is_file() and p.name != "files.json"]
    return {p.read_text(encoding="utf-8") for p in files}


def test_a_report_that_is_killed_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = ("os.replace", "os.rename", "pathlib.Path.write_bytes", "pathlib.Path.unlink")
    for name in calls:
        for moment in range(5):
            folder = tmp_path / f"{name}-{moment}"
            with opened(folder) as place:
                put(place, OLD, "index.html")
            with monkeypatch.context() as patch, suppress(Killed):
                die(patch, name, moment)
                patch.setattr("shutil.rmtree", lambda *a, **k: None)
                with opened(folder) as place:
                    put(place, NEW, "index.html")
            with opened(folder):
                assert whole(folder) - {f"{os.getpid()}\n"} in ({"old"}, {"new"})
                assert not list(folder.glob(".report-*"))
                assert (folder / "figures/gone.svg").exists() == ("old" in whole(folder))
            assert sorted(p.name for p in folder.glob(".*")) == []


def die(patch: pytest.MonkeyPatch, name: str, moment: int) -> None:
    """Let the call of a number be the last."""
    module, _, attribute = name.rpartition(".")
    owner = os if module == "os" else Path
    true, count = getattr(owner, attribute), iter(range(10**6))

    def call(*args: object, **kwargs: object) -> object:
        if args and ".lock" in str(args[0]):
            return true(*args, **kwargs)
        if next(count) >= moment:
            raise Killed
        return true(*args, **kwargs)

    patch.setattr(owner, attribute, call)


def test_two_reports_do_not_meet_in_a_folder(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(sg.SymgateError, match=f"process {os.getpid()}"):
        sg.report(["rnn"], tmp_path)
    (tmp_path / ".report-left").mkdir()
    (tmp_path / READY).mkdir()
    with opened(tmp_path):
        assert not list(tmp_path.glob(".report-*"))
    assert not (tmp_path / ".lock").exists()
    assert places.listed_in(tmp_path) == set()


def test_two_sweeps_do_not_meet_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    with Journal(path, {"a": 1}) as one:
        with pytest.raises(sg.SymgateError, match="another sweep"):
            Journal(path, {"a": 1})
        one.add({"b": 2})
    with Journal(path, {"a": 1}) as again:
        assert again.rows == [{"b": 2}]


@pytest.mark.parametrize("words", [["cells"], ["--help"], ["help", "decay"], ["cells", "--json"]])
def test_standard_output_that_is_full_or_closed(words: list[str]) -> None:
    command = [sys.executable, "-m", "symgate", *words]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        "symgate: standard output cannot be written: No space left on device\n",
    )
    if words == ["cells"]:
        shell = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
        done = subprocess.run(shell, stderr=subprocess.PIPE, text=True, check=False)
        assert (done.returncode, done.stderr) == (1, "symgate: standard output is closed\n")


@pytest.fixture
def slow_tex(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A latexmk that starts another program and waits for it."""
    started = tmp_path / "started"
    tool = tmp_path / "latexmk"
    tool.write_text(f"#!/bin/sh\nsleep 300 &\necho $! > {started}\nwait\n")
    tool.chmod(0o755)
    (tmp_path / "pdflatex").symlink_to(tool)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(pdf, "TIMEOUT", 3)
    return started


def test_what_latexmk_started_ends_with_it(slow_tex: Path, tmp_path: Path) -> None:
    with pytest.raises(sg.SymgateError, match="did not end within"):
        pdf.write_pdf("x", tmp_path / "a.pdf")
    number = int(slow_tex.read_text(encoding="utf-8"))
    for _ in range(600):
        if not alive(number):
            return
        time.sleep(0.05)
    raise AssertionError("what latexmk started is still running")


def alive(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text(encoding="utf-8").split()[2]
    except OSError:
        return False
    return state != "Z"


def test_nothing_that_steers_a_terminal_is_in_a_message(tmp_path: Path) -> None:
    for name in ("a\x1b[31m.cell", "b\x07.npz", "\x9b2J.md"):
        for verb in (sg.load, sg.read, sg.model):
            with pytest.raises(sg.SymgateError) as found:
                verb(tmp_path / name)
            assert str(found.value).isprintable()


def test_a_sweep_on_a_full_disk_says_so_and_spares_devices(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, hard))
    try:
        with (
            pytest.raises(sg.SymgateError, match=r"cannot write .*kept"),
            Journal(tmp_path / "kept", {}) as kept,
        ):
            kept.add({"rate": "1" * 99})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with pytest.raises(sg.SymgateError, match="a device"):
        Journal(os.devnull, {})


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    for name, target in {"loop": "loop", "dangling": "no/where"}.items():
        (tmp_path / name).symlink_to(target)
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for place, why in {
        "folder": "it is a folder",
        "file/a": "file is a file, not a folder",
        "no/a": "there is no folder .*no; make it first",
        "loop": "a link",
        "dangling": "a link to no/where, which is not there",
        "x" * 300: "too long",
    }.items():
        with pytest.raises(sg.SymgateError, match=why):
            write_file(tmp_path / place, "new")
    for place, why in {"file": "it is a file", "file/a": "not a folder", "loop": "a link"}.items():
        with pytest.raises(sg.SymgateError, match=why):
            sg.report(["rnn"], tmp_path / place)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dangling", "file", "folder", "loop"]


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        write_file(path, "through")
        assert os.read(pipe, 99) == b"through"
    finally:
        os.close(pipe)
    assert path.is_fifo()
