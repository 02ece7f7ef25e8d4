"""LaTeX to PDF through latexmk or pdflatex, in a folder of its own, with no shell access."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from symgate.errors import MissingTool, SymgateError
from symgate.files import writable, write_file

TIMEOUT = 120
PACKAGES = "texlive-latex-base texlive-latex-recommended"


def write_pdf(source: str, path: Path, beside: Mapping[str, bytes] | None = None) -> Path:
    """Typeset a document and write the PDF; without TeX, keep the .tex and say what to do.

    `beside` are the pictures that the document includes, by their path.
    """
    tool = shutil.which("latexmk") or shutil.which("pdflatex")
    if tool is None or shutil.which("pdflatex") is None:
        kept = write_file(path.with_suffix(".tex"), source)
        raise MissingTool(
            f"a PDF needs pdflatex, which is not installed. The LaTeX is in {kept}. On Debian "
            f"and Ubuntu: apt install {PACKAGES}. Or write {path.with_suffix('.html').name}, "
            f"which needs nothing."
        )
    writable(path)
    with tempfile.TemporaryDirectory(prefix="symgate-") as folder:
        for name, content in (beside or {}).items():
            picture = Path(folder, name)
            picture.parent.mkdir(parents=True, exist_ok=True)
            picture.write_bytes(content)
        return write_file(path, _typeset(tool, source, Path(folder), path))


def _typeset(tool: str, source: str, folder: Path, path: Path) -> bytes:
    (folder / "derivation.tex").write_text(source, encoding="utf-8")
    options = ["-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "-file-line-error"]
    kind = ["-pdf", "-norc"] if Path(tool).name == "latexmk" else []
    environment = {
        **os.environ,
        "SOURCE_DATE_EPOCH": "0",
        "FORCE_SOURCE_DATE": "1",
        "openin_any": "p",
        "openout_any": "p",
        "TEXMFOUTPUT": str(folder),
    }
    command = [tool, *kind, *options, "derivation.tex"]
    try:
        code, printed = _run(command, folder, environment)
    except subprocess.TimeoutExpired:
        raise SymgateError(f"{Path(tool).name} did not end within {TIMEOUT} s") from None
    except OSError as error:
        raise SymgateError(f"{tool} could not be started: {error.strerror or error}") from None
    made = folder / "derivation.pdf"
    if code == 0 and made.exists():
        return made.read_bytes()
    log = folder / "derivation.log"
    said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    said = said or printed.decode("utf-8", errors="replace")
    kept = write_file(path.with_suffix(".log"), said)
    write_file(path.with_suffix(".tex"), source)
    raise SymgateError(
        f"{Path(tool).name} failed: {_first_error(said)}. The log is {kept}, the LaTeX "
        f"{path.with_suffix('.tex')}."
    )


def _run(command: list[str], folder: Path, environment: Mapping[str, str]) -> tuple[int, bytes]:
    """The exit code of a program and what it printed; whatever it started ends with it."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            printed, _ = process.communicate(timeout=TIMEOUT)
        except BaseException:  # also when the user stops it
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            raise
    return process.returncode, printed


def _first_error(log: str) -> str:
    """The first line of a log that tells an error."""
    found = re.search(r"^(?:\S*?:\d+: .*|! .*)$", log, re.MULTILINE)
    if found:
        return found.group(0).strip()
    last = [line for line in log.splitlines() if line.strip()]
    return last[-1].strip() if last else "it said nothing"
