"""`symgate check CELL FILE…`: derivations done by hand, judged."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from symgate.cli.options import add_cell, cell_of
from symgate.cli.saying import say, show, show_json
from symgate.files import unread, writable, write_file

if TYPE_CHECKING:
    from symgate.checking.check import Check

EXAMPLES = ("symgate check gru homework.tex", "symgate check lstm homeworks/ -o marked.html")

#: The exit code of each verdict; that of several homeworks is the worst.
_EXIT = {"right": 0, "transposed": 0, "wrong": 1, "not understood": 3}

#: What is read of a folder.
_ENDINGS = (".tex", ".md", ".txt")


def add(parser: argparse.ArgumentParser) -> None:
    add_cell(parser)
    parser.add_argument("claims", metavar="FILE", nargs="+", help="a .tex .md .txt, a folder, or -")
    parser.add_argument("--of", help="what the Jacobian is of, where the claim does not say")
    parser.add_argument("--wrt", help="with respect to what, where the claim does not say")
    parser.add_argument("--lag", type=int, help="over how many steps, where it does not say")
    parser.add_argument(
        "--layout", choices=("numerator", "transposed"), help="the layout required (either)"
    )
    parser.add_argument(
        "--names",
        metavar="A=B",
        action="append",
        default=[],
        help="another letter: h=s where the claim writes s for h",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="an .html page with the marks")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    from symgate.checking.check import Check, Fault, check
    from symgate.errors import SymgateError

    if arguments.file and arguments.cell:  # with --cell FILE the first word is a claim
        arguments.claims.insert(0, arguments.cell)
        arguments.cell = None
    if arguments.output is not None:
        if Path(arguments.output).suffix.lower() != ".html":
            raise SymgateError(f"a checked homework must be an .html page, not {arguments.output}")
        writable(arguments.output)
    cell, names = cell_of(arguments), _names(arguments)
    given = {name: getattr(arguments, name) for name in ("of", "wrt", "lag", "layout")}
    files = _files(arguments.claims)
    checked: list[tuple[str, Check]] = []
    refused: list[SymgateError] = []
    for name, path in files:
        try:
            claim = _text(path)
            if not claim.strip():
                raise SymgateError(f"{path} is empty")
            found = check(cell, claim, **given, names=names or None)
        except SymgateError as error:  # of several, one does not keep the others from theirs
            refused.append(error)
            found = Check("not understood", (), (Fault(0, 0, str(error)),))
        checked.append((name, found))
    if len(refused) == len(files):
        raise refused[0]
    if arguments.output is not None:
        from symgate.checking.page import page

        title = f"{cell.title}: checked"
        write_file(arguments.output, page(title, checked))
        say(f"wrote {arguments.output}")
    _show(checked, arguments.json)
    return max((_EXIT[found.verdict] for _, found in checked), key=(0, 3, 1).index)


def _show(checked: list[tuple[str, Check]], as_json: bool) -> None:
    if as_json:
        found = [{"file": name, **check.to_dict()} for name, check in checked]
        show_json(found if len(found) > 1 else found[0])
    elif len(checked) == 1:
        print(checked[0][1])
    else:
        width = max(len(name) for name, _ in checked)
        for name, check in checked:
            first = f"  {check.faults[0]}" if check.faults else ""
            show(f"{name:{width}}  {check.verdict:14}{first}".rstrip())


def _names(arguments: argparse.Namespace) -> dict[str, str]:
    pairs = [word.partition("=") for word in arguments.names]
    if any(not (name and letter) for name, _, letter in pairs):
        arguments.parser.error("--names takes NAME=LETTER, as in h=s")
    return {name: letter for name, _, letter in pairs}


def _files(paths: list[str]) -> list[tuple[str, str]]:
    """Where each homework lies, after its name; a folder holds one in each of its files."""
    from symgate.errors import SymgateError

    found: list[tuple[str, str]] = []
    for path in paths:
        if path != "-" and Path(path).is_dir():
            inside = sorted(f for f in Path(path).rglob("*") if f.suffix.lower() in _ENDINGS)
            if not inside:
                raise SymgateError(f"{path} holds no file that ends in {' '.join(_ENDINGS)}")
            found += [(str(file.relative_to(path)), str(file)) for file in inside]
        else:
            found.append((Path(path).name, path))
    return found


def _text(path: str) -> str:
    from symgate.errors import SymgateError

    try:
        if path == "-":
            return sys.stdin.read()
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except OSError as error:
        raise unread(path, error) from None
    except ValueError as error:
        why = "it is not in UTF-8" if isinstance(error, UnicodeError) else error
        raise SymgateError(f"{path} cannot be read as text: {why}") from None
