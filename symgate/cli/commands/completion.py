"""`symgate completion SHELL`: the line or file that lets a shell complete our commands."""

from __future__ import annotations

import argparse

from symgate.cells import entries
from symgate.cli.main import COMMANDS

BASH = """_symgate() {
    local words="@CELLS@"
    [ "$COMP_CWORD" -eq 1 ] && words="@COMMANDS@"
    COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _symgate symgate
"""
ZSH = """#compdef symgate
_symgate() {
    if (( CURRENT == 2 )); then compadd -- @COMMANDS@; else compadd -- @CELLS@; _files; fi
}
compdef _symgate symgate
"""
FISH = """complete -c symgate -n __fish_use_subcommand -f -a "@COMMANDS@"
complete -c symgate -n "not __fish_use_subcommand" -a "@CELLS@"
"""
SHELLS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=list(SHELLS), help="bash, zsh or fish")


def run(arguments: argparse.Namespace) -> int:
    script = SHELLS[arguments.shell].replace("@COMMANDS@", " ".join(COMMANDS))
    print(script.replace("@CELLS@", " ".join(entries())), end="")
    return 0
