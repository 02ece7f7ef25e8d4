"""`symgate`: which commands there are, and how faults become messages and exit codes.

A command is a line here and a module of `symgate.cli.commands` with `EXAMPLES`, two things to
type, `add(parser)` and `run(arguments)`, which returns an exit code: 0 done, 1 a check failed,
2 wrong usage, 3 bad input, 4 an optional tool is missing.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from inspect import signature
from io import TextIOWrapper
from types import ModuleType
from typing import Any, NoReturn

import symgate
from symgate import __version__
from symgate.cli.saying import say
from symgate.errors import MissingTool, SymgateError, did_you_mean, harmless
from symgate.instead import COMMANDS as OTHERS
from symgate.instead import OPTIONS

#: Each command with its line in --help; the module of its name is loaded when it is called.
COMMANDS = {
    "cells": "list the cells of the zoo",
    "show": "print a cell: equations, shapes, parameters, one-step Jacobian",
    "jacobian": "print exact Jacobians: of any value with respect to any other, over any lag",
    "derive": "write a cell's derivation: .tex .md .html .pdf .txt",
    "diagram": "draw a cell from its equations: SVG, PNG, PDF or TikZ",
    "check": "judge derivations done by hand: right, wrong (and where) or not understood",
    "exercises": "write a sheet of exercises about cells, and its solutions",
    "compare": "compare two cells: equal under a map, or where they differ",
    "claims": "judge claims of lecture notes by running a check for each",
    "decay": "measure how fast a cell's gradient decays over the lag",
    "explore": "write the live page: move a gate's bias and see the gradient live or die",
    "inspect": "look into a trained network: its layers, a replay, and how its gradient decays",
    "lyapunov": "measure the Lyapunov exponents of a cell: whether it is chaotic",
    "memory": "work out which bias gives a memory of a given length",
    "sweep": "measure half-lives over a grid of sizes, gains and biases",
    "read": "read the cells in documents: what they are and what is misprinted",
    "report": "write the report: one page with curves, derivations and claims",
    "examples": "copy the worked examples into a folder",
    "completion": "print a script that lets bash, zsh or fish complete commands and cells",
    "help": "print the help of a command",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115  # for as long as the process lives
    if sys.stdout is None:
        say("standard output is closed")
        return 1
    try:
        try:
            return _run(list(sys.argv[1:] if argv is None else argv))
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        code = 0
    except OSError as error:
        with suppress(OSError):
            said = error.strerror or error
            say(f"standard output cannot be written: {said}")
        code = 1
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _run(words: list[str]) -> int:
    if words[:1] == ["help"]:
        words = [*words[1:2], "--help"]
    command = next((word for word in words if not word.startswith("-")), None)
    parser = _parser(command)
    if command is not None and words[0].startswith("--") and words[0] != "--help":
        parser.error(f"{words[0]} stands first; options stand behind a command")
    if command is not None and command not in COMMANDS:
        parser.error(f"{command!r} is not a command{_in_place_of(command)}")
    arguments, left = parser.parse_known_args(words)
    if left:
        arguments.parser.error(_unknown(left[0], arguments.parser))
    if arguments.command is None:
        _parser(None).print_help(sys.stderr)
        return 2
    if isinstance(sys.stdout, TextIOWrapper):  # formulas go to any encoding
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warned
            code: int = module_of(arguments.command).run(arguments)
        return code
    except MissingTool as error:
        return _fault(error, 4)
    except SymgateError as error:
        return _fault(error, 3)
    except KeyboardInterrupt:
        say("stopped")
        return 130


def _warned(message: Warning | str, *_: Any, **__: Any) -> None:
    say(message)


def _fault(error: Exception, code: int) -> int:
    say(error)
    return code


class _Parser(argparse.ArgumentParser):
    """A parser whose help that could not be printed is a fault as any other."""

    example = ""

    def format_help(self) -> str:
        """The help, {name} being the default of that argument of the command's function."""
        open_ends = [a for a in self._actions if a.help and "{" in a.help]
        if open_ends:
            form = signature(getattr(symgate, self.prog.split()[-1]))
            found = ((name, parameter.default) for name, parameter in form.parameters.items())
            usual = {n: " ".join(d) if isinstance(d, tuple) else d for n, d in found}
            for action in open_ends:
                action.help = str(action.help).format_map(usual)
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        if "are required" in message:
            message += f"; as in `{self.example}`"
        super().error(harmless(message))

    def _print_message(self, message: str, file: Any = None) -> None:
        print(message, end="", file=file or sys.stderr)


def _in_place_of(command: str) -> str:
    """What to type in place of a command that there is not."""
    if symgate.named(command) is not None or os.path.exists(command):
        return f"; take `symgate show {command}`"
    mend = OTHERS.get(command)
    return f"; take `{mend}`" if mend else did_you_mean(command, COMMANDS)


def _unknown(word: str, parser: argparse.ArgumentParser) -> str:
    """What is said of a word that no option of a command takes."""
    if not word.startswith("-"):
        return f"{word!r} is one word more than it takes"
    option = word.partition("=")[0]
    known = [string for action in parser._actions for string in action.option_strings]
    if option in ("-o", "--output"):
        return f"{option} is not an option here; what is printed goes into a file with > FILE"
    mend = OPTIONS.get(option, "")
    options = set(re.findall(r"--?\w[\w-]*", mend))
    if mend and (not options or options & set(known)):
        return f"{option} is not an option; take {mend}"
    offer = did_you_mean(option.lstrip("-"), [name[2:] for name in known if name[2:]])
    return f"{option} is not an option" + re.sub(r"'(\S+?)'", r"--\1", offer)


def module_of(command: str) -> ModuleType:
    return import_module(f"symgate.cli.commands.{command}")


def _parser(command: str | None) -> _Parser:
    """The parser; only the command that is called loads its options."""
    parser = _Parser(
        prog="symgate",
        description="Gate equations in; exact Jacobians, derivations and gradient curves out.",
        epilog="Name a cell of the zoo, or give a file of equations; - reads standard input. "
        "`symgate help COMMAND` shows what a command takes, with examples.",
    )
    parser.add_argument("-V", "--version", action="version", version=f"symgate {__version__}")
    parser.set_defaults(parser=parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name, line in COMMANDS.items():
        sub = commands.add_parser(
            name,
            help=line,
            description=f"{line[0].upper()}{line[1:]}.",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == command and name != "help":
            module = module_of(name)
            module.add(sub)
            sub.set_defaults(parser=sub)
            sub.example = module.EXAMPLES[0]
            examples = "\n  ".join(["examples:", *module.EXAMPLES])
            sub.epilog = "\n\n".join(filter(None, [sub.epilog, examples]))
    return parser
