"""The README tells the truth: its Python runs, and its commands print what stands there.

Python blocks run in order, in one namespace; those with >>> as doctests. Below a line
`$ symgate …` of a console block stands what it prints, with ... for what is left out;
where nothing stands, it only has to succeed.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "GUIDE.md")}
README = PAGES["README.md"]
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    """What stands between two fences, and the line at which it starts."""

    language: str
    code: str
    line: int


def blocks(text: str, language: str) -> list[Block]:
    found = re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    every = (Block(m[1], m[2], text[: m.start(2)].count("\n") + 1) for m in found)
    return [block for block in every if block.language == language]


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Each `$ symgate …` of the console blocks, with what stands below it."""
    for block in blocks(text, "console"):
        for part in re.split(r"^\$ ", block.code, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            if command.startswith("symgate"):
                yield command, output


def run_python(text: str, name: str) -> None:
    """Run the Python blocks of a text; the line numbers of faults are those of the text."""
    namespace: dict[str, object] = {"__name__": name}
    runner = doctest.DocTestRunner(optionflags=OPTIONS)
    for block in blocks(text, "python"):
        if ">>>" in block.code:
            test = doctest.DocTestParser().get_doctest(
                block.code, namespace, name, name, block.line - 1
            )
            said: list[str] = []
            runner.run(test, out=said.append, clear_globs=False)
            assert not said, "".join(said)
            namespace = test.globs
        else:
            exec(compile("\n" * (block.line - 1) + block.code, name, "exec"), namespace)


def run_command(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    script = f'symgate() {{ "{sys.executable}" -m symgate "$@"; }}\n{command}'
    return subprocess.run(
        ["sh", "-c", script], cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
    )  # fmt: skip


def check_command(command: str, expected: str, folder: Path) -> None:
    done = run_command(command, folder)
    if expected.strip():
        example = doctest.Example(command, expected)
        checker = doctest.OutputChecker()
        assert checker.check_output(expected, done.stdout, OPTIONS), (
            f"$ {command}\n{checker.output_difference(example, done.stdout, OPTIONS)}"
        )
    else:
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("page", PAGES)
def test_python(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    run_python(PAGES[page], page)


@pytest.mark.parametrize("page", [*PAGES, "CONTRIBUTING.md"])
def test_links_lead_to_files(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)\)", text)
    assert [t for t in targets if "://" not in t and not (ROOT / t).exists()] == []


def test_what_contributing_names_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`(symgate/[\w/.]+|analysis/[\w/.]+)`", text)
    assert len(named) > 6
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize(
    ("command", "expected"), [pair for text in PAGES.values() for pair in commands(text)]
)
def test_command(command: str, expected: str, tmp_path: Path) -> None:
    check_command(command, expected, tmp_path)


SAMPLE = """\
# A page

```python
x = 1
```

```text
not run
```

```python
>>> x + 1
2
>>> print("a b  c")
a ... c
```

```console
$ symgate --version
symgate 0...
$ ls
$ symgate cells | head -1
$ symgate show nosuch
symgate: the cell 'nosuch' is not known; ...
```
"""


def test_the_runner_finds_what_it_must() -> None:
    assert next((b.line, b.code) for b in blocks(SAMPLE, "python")) == (4, "x = 1\n")
    assert list(commands(SAMPLE)) == [
        ("symgate --version", "symgate 0...\n"),
        ("symgate cells | head -1", ""),
        ("symgate show nosuch", "symgate: the cell 'nosuch' is not known; ...\n"),
    ]


def test_the_runner_passes_what_is_true(tmp_path: Path) -> None:
    run_python(SAMPLE, "sample.md")
    for command, expected in commands(SAMPLE):
        check_command(command, expected, tmp_path)


@pytest.mark.parametrize("text", ["```python\n1 / 0\n```", "```python\n>>> 1 + 1\n3\n```"])
def test_the_runner_fails_what_is_false(text: str) -> None:
    with pytest.raises((AssertionError, ZeroDivisionError)):
        run_python(text, "sample.md")


@pytest.mark.parametrize(
    ("command", "expected"), [("symgate --version", "symgate 9\n"), ("symgate show nosuch", "")]
)
def test_the_runner_fails_wrong_commands(command: str, expected: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        check_command(command, expected, tmp_path)
