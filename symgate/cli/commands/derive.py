"""`symgate derive CELL…`: the derivation, to a file or to standard output."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from symgate.cli.options import NOTATIONS, SECTIONS, add_cells, cells_of, given, lag_of, names
from symgate.cli.saying import say

EXAMPLES = (
    "symgate derive lstm --notation ng -o lstm.pdf",
    'symgate derive gru --slides --title "Gates" -o gru.pdf',
)

FORMATS = ("text", "md", "tex", "html", "json")


def add(parser: argparse.ArgumentParser) -> None:
    add_cells(parser)
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="a .tex, .md, .html, .pdf or .txt file"
    )
    parser.add_argument("--notation", help=f"how gates are written: {NOTATIONS}")
    parser.add_argument("--layout", metavar="L", help="numerator or transposed ({layout})")
    parser.add_argument("--lag", type=lag_of, metavar="K", help="steps to write out ({lag})")
    parser.add_argument("--form", metavar="F", help="diag, or hadamard: a * (U v) ({form})")
    parser.add_argument("--hadamard", metavar="SIGN", help="odot or circ")
    parser.add_argument("--bold", action="store_true", help="vectors in bold")
    parser.add_argument("--sections", type=names, metavar="A,B", help=f"only some of: {SECTIONS}")
    parser.add_argument(
        "--fragment", action="store_true", help=r"LaTeX for \input, without a preamble"
    )
    parser.add_argument(
        "--slides", action="store_true", help="a beamer document, one frame per step"
    )
    parser.add_argument("--handout", action="store_true", help="the derivation on one page")
    parser.add_argument("--diagram", action="store_true", help="the cell's diagram at the top")
    parser.add_argument("--title", default="", help="a title other than the cell's")
    parser.add_argument("--author", default="", help="the author")
    parser.add_argument("--date", default="", help="the date, printed as given")
    parser.add_argument(
        "--format", choices=FORMATS, help=f"format on standard output ({FORMATS[0]})"
    )
    parser.add_argument("--json", action="store_true", help="print JSON: the same as --format json")


def run(arguments: argparse.Namespace) -> int:
    _check(arguments)
    from symgate.writing.derivation import derive
    from symgate.writing.document import Derivations, Head, check_ending

    if arguments.output is not None:
        check_ending(Path(arguments.output))
    derivations = tuple(
        derive(
            cell,
            bold=arguments.bold,
            **given(arguments, "notation", "layout", "lag", "form", "hadamard", "sections"),
        )
        for cell in cells_of(arguments)
    )
    pictures: tuple[str, ...] = ()
    if arguments.diagram:
        from symgate.drawing.diagram import diagram

        pictures = tuple(diagram(d.cell).tikz(standalone=False) for d in derivations)
    head = Head(arguments.title, arguments.author, arguments.date, pictures)
    document = Derivations(derivations, head)
    if arguments.output is not None:
        say(f"wrote {document.save(arguments.output, **_form(arguments))}")
    else:
        print(_shown(document, arguments), end="")
    failed = [d.cell.name for d in derivations if not d.holds]
    if failed:
        say(f"the check failed for {', '.join(failed)}")
    return 1 if failed else 0


def _check(arguments: argparse.Namespace) -> None:
    """Wrong usage, which the parser cannot know by itself."""
    usage = arguments.parser
    if arguments.output is not None and (arguments.format or arguments.json):
        usage.error("the ending of the output says the format; leave --format out")
    is_tex = (
        Path(arguments.output).suffix == ".tex" if arguments.output else (arguments.format == "tex")
    )
    if arguments.slides and arguments.handout:
        usage.error("--slides and --handout are two documents: make them one after the other")
    for name in ("slides", "handout", "diagram"):
        if getattr(arguments, name) and not (is_tex or str(arguments.output).endswith(".pdf")):
            usage.error(f"--{name} is LaTeX's: write to a .tex or .pdf file, or take --format tex")
    if arguments.fragment and (arguments.slides or arguments.handout or arguments.diagram):
        usage.error("--fragment stands alone: it is what you put into a document of your own")
    if arguments.fragment and not is_tex:
        usage.error("--fragment is LaTeX's: write to a .tex file, or take --format tex")


def _shown(document: Any, arguments: argparse.Namespace) -> str:
    kind = "json" if arguments.json else arguments.format or FORMATS[0]
    if kind == "json":
        import json

        data = [derivation.to_dict() for derivation in document.derivations]
        shown = data[0] if len(data) == 1 else data
        return json.dumps(shown, indent=2, ensure_ascii=False) + "\n"
    ending = {"text": ".txt", "md": ".md", "tex": ".tex", "html": ".html"}[kind]
    return str(document.write(ending, **_form(arguments)))


def _form(arguments: argparse.Namespace) -> dict[str, bool]:
    """What LaTeX is to make, as `Derivations.latex` takes it."""
    return {name: True for name in ("fragment", "slides", "handout") if getattr(arguments, name)}
