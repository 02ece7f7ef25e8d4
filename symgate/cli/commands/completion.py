"""`symgate completion SHELL`: a script that lets a shell complete our words.

It knows the commands, the options of each, what an option with a choice takes, the cells, and
where a file is asked for: all of it read from the parsers.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from symgate.cells import entries
from symgate.cli.main import COMMANDS, module_of
from symgate.cli.options import CHOICES

EXAMPLES = (
    'eval "$(symgate completion bash)"',
    "symgate completion fish > ~/.config/fish/completions/symgate.fish",
)

SHELLS = ("bash", "zsh", "fish")


@dataclass(frozen=True)
class Option:
    """An option of a command: its spellings, its help, and what stands after it.

    `takes` is "nothing", "one" or "several" of `values`, with commas between, "a file" or "text".
    """

    command: str
    spelled: tuple[str, ...]
    told: str
    takes: str
    values: tuple[str, ...] = ()


@cache
def parser_of(command: str) -> argparse.ArgumentParser:
    """The parser of one command."""
    parser = argparse.ArgumentParser()
    if command != "help":
        module_of(command).add(parser)
    return parser


def options() -> Iterator[Option]:
    """Every option of every command."""
    for command in COMMANDS:
        for action in parser_of(command)._actions:
            if spelled := tuple(action.option_strings):
                yield Option(command, spelled, str(action.help), *_after(command, action))


def _after(command: str, action: argparse.Action) -> tuple[str, tuple[str, ...]]:
    """What stands after an option: the kind, and the values where they are known."""
    from symgate.numerics.norms import NORMS

    known = {**CHOICES, "--norm": tuple(NORMS)}
    values = tuple(action.choices or known.get(action.option_strings[-1], ()))
    if action.nargs == 0:
        return "nothing", ()
    if values:
        many = action.dest == "sections" or (command, action.dest) == ("sweep", "scheme")
        return "several" if many else "one", values
    name = str(action.metavar)
    return ("a file" if name in ("FILE", "FOLDER") or ".npy" in name else "text"), ()


def positional() -> dict[str, tuple[str, ...]]:
    """The words that stand alone after some commands; after all others there are files."""
    found = {"help": tuple(COMMANDS), "completion": SHELLS, "cells": (), "claims": ()}
    names = {c: {a.dest for a in parser_of(c)._actions if not a.option_strings} for c in COMMANDS}
    return found | {c: tuple(entries()) for c in COMMANDS if names[c] & {"cell", "cells"}}


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS, help="bash, zsh or fish")


def run(arguments: argparse.Namespace) -> int:
    print({"bash": _bash, "zsh": _zsh, "fish": _fish}[arguments.shell]())
    return 0


BASH = """_symgate() {
    local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" words="" before=""
    local command="${COMP_WORDS[1]}" files=""
    if [ "$prev" = "=" ]; then prev="${COMP_WORDS[COMP_CWORD-2]}"; fi
    if [ "$cur" = "=" ]; then cur=""; fi
    if [ "$COMP_CWORD" -eq 1 ]; then
        words="@COMMANDS@ --help --version"
    else
        case "$command $prev" in
@AFTER@
        *) case "$cur" in
            -*) case "$command" in
@OPTIONS@
                esac ;;
            *) case "$command" in
@POSITIONAL@
                *) files=1 ;;
                esac ;;
            esac ;;
        esac
    fi
    COMPREPLY=($(compgen -P "$before" -W "$words" -- "$cur"))
    if [ -n "$files" ]; then
        local IFS=$'\\n'
        COMPREPLY+=($(compgen -f -- "$cur"))
    fi
}
complete -o filenames -F _symgate symgate"""

ZSH = """#compdef symgate
_symgate() {
    local prev=$words[CURRENT-1]
    if (( CURRENT == 2 )); then compadd -- @COMMANDS@ --help --version; return; fi
    if [[ $PREFIX == --*=* ]]; then prev=${PREFIX%%=*}; compset -P '*='; fi
    case "$words[2] $prev" in
@AFTER@
    esac
    if [[ $PREFIX == -* ]]; then
        case $words[2] in
@OPTIONS@
        esac
        return
    fi
    case $words[2] in
@POSITIONAL@
    *) _files ;;
    esac
}
if [[ $funcstack[1] == _symgate ]]; then _symgate; else compdef _symgate symgate; fi"""

FISH = """function __symgate_after
    set -l words (commandline -opc)
    test (count $words) -gt 1; and contains -- $words[2] $argv
end
function __symgate_list
    set -l typed (string replace -r '^--[a-z-]+=' '' -- (commandline -ct))
    set -l before (string match -r '^.*,' -- $typed)
    for word in $argv; echo "$before$word"; end
end
complete -c symgate -f"""


def _grouped(lines: Iterator[tuple[str, str]]) -> str:
    """Cases of a shell: those with the same body as one."""
    bodies: dict[str, list[str]] = {}
    for pattern, body in lines:
        bodies.setdefault(body, []).append(pattern)
    return "\n".join(f"            {'|'.join(p)}) {body} ;;" for body, p in bodies.items())


def _filled(script: str, after: dict[str, str], option: str, alone: tuple[str, str]) -> str:
    """A script with its cases: what follows an option, the options, the words without one."""
    known = list(options())
    follows = (
        (f'"{o.command} {name}"', after[o.takes].replace("@VALUES@", " ".join(o.values)))
        for o in known
        if o.takes != "nothing"
        for name in o.spelled
    )
    listed = (
        (
            c,
            option.replace(
                "@WORDS@", " ".join(s for o in known if o.command == c for s in o.spelled)
            ),
        )
        for c in COMMANDS
    )
    words = (
        (c, alone[words == tuple(entries())].replace("@WORDS@", " ".join(words)))
        for c, words in positional().items()
    )
    return (
        script.replace("@COMMANDS@", " ".join(COMMANDS))
        .replace("@AFTER@", _grouped(follows))
        .replace("@OPTIONS@", _grouped(listed))
        .replace("@POSITIONAL@", _grouped(words))
    )


def _bash() -> str:
    several = 'words="@VALUES@"; case "$cur" in *,*) before="${cur%,*},"; cur="${cur##*,}" ;; esac'
    after = {"one": 'words="@VALUES@"', "several": several, "a file": "files=1", "text": ":"}
    return _filled(BASH, after, 'words="@WORDS@"', ('words="@WORDS@"', 'words="@WORDS@"; files=1'))


def _zsh() -> str:
    after = {
        "one": "compadd -- @VALUES@; return",
        "several": "compset -P '*,'; compadd -- @VALUES@; return",
        "a file": "_files; return",
        "text": "return",
    }
    alone = ("compadd -- @WORDS@", "compadd -- @WORDS@; _files")
    return _filled(ZSH, after, "compadd -- @WORDS@", alone)


def _fish() -> str:
    lines = [FISH]
    for command, told in COMMANDS.items():
        lines.append(
            f"complete -c symgate -n __fish_use_subcommand -a {command} -d '{_quoted(told)}'"
        )
    cells = tuple(entries())
    for command in COMMANDS:
        words = positional().get(command)
        to_file = " -F" if words in (None, cells) else ""
        given = f' -a "{" ".join(words)}"' if words else ""
        lines.append(f"complete -c symgate -n '__symgate_after {command}'{to_file}{given}")
    after = {"nothing": "", "a file": " -r -F", "text": " -x", "one": ' -x -a "@"'}
    after["several"] = ' -x -a "(__symgate_list @)"'
    for o in options():
        names = "".join(f" -{'l' if n[1] == '-' else 's'} {n.lstrip('-')}" for n in o.spelled)
        takes = after[o.takes].replace("@", " ".join(o.values))
        when = f"-n '__symgate_after {o.command}'"
        lines.append(f"complete -c symgate {when}{names}{takes} -d '{_quoted(o.told)}'")
    return "\n".join(lines)


def _quoted(told: str) -> str:
    """Help between single quotes."""
    return told.replace("%%", "%").replace("'", "’")
