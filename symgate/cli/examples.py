"""Two things to type for each command, as its --help shows them."""

from __future__ import annotations

EXAMPLES: dict[str, tuple[str, str]] = {
    "cells": ("symgate cells", "symgate cells lstm"),
    "show": ("symgate show gru", "symgate show mine.cell --lag 2"),
    "jacobian": ("symgate jacobian lstm --of h --wrt c", "symgate jacobian gru --lag k --latex"),
    "derive": (
        "symgate derive lstm --notation ng -o lstm.pdf",
        'symgate derive gru --slides --title "Gates" -o gru.pdf',
    ),
    "diagram": ("symgate diagram gru -o gru.svg", "symgate diagram mine.cell -o mine.pdf"),
    "check": ("symgate check gru homework.tex", "symgate check lstm homeworks/ -o marked.html"),
    "exercises": (
        "symgate exercises lstm gru -o sheet.pdf --solutions solutions.pdf",
        "symgate exercises gru --students 30 --seed 1 -o sheets.pdf",
    ),
    "compare": ("symgate compare gru gru-reset-after", "symgate compare mine.cell"),
    "claims": ("symgate claims", "symgate claims forget-gate --json"),
    "decay": (
        "symgate decay rnn lstm gru --hidden 128 --lags 1000 -o decay.svg",
        "symgate decay lstm --of c --wrt c --bias f=2 --bounds",
    ),
    "lyapunov": ("symgate lyapunov gru", "symgate lyapunov rnn --hidden 64 --steps 500"),
    "memory": ("symgate memory lstm --steps 100", "symgate memory gru --steps 1000 --json"),
    "sweep": ("symgate sweep gru --bias z=0,2,4", "symgate sweep rnn --hidden 16,32 --gain 1,2"),
    "read": ("symgate read lecture.md", "symgate read notes.tex --json"),
    "explore": (
        "symgate explore rnn lstm gru -o page.html",
        "symgate explore gru mine.cell -o page.html",
    ),
    "inspect": ("symgate inspect model.onnx", "symgate inspect model.pt --data x.npy"),
    "report": ("symgate report", "symgate report gru mine.cell -o reports --format pdf"),
    "examples": ("symgate examples", "symgate examples my-folder"),
    "completion": (
        'eval "$(symgate completion bash)"',
        "symgate completion fish > ~/.config/fish/completions/symgate.fish",
    ),
    "help": ("symgate help", "symgate help decay"),
}


def epilog(command: str) -> str:
    """The examples of a command, for the foot of its help.

    >>> print(epilog("claims"))
    examples:
      symgate claims
      symgate claims forget-gate --json
    """
    return "\n  ".join(["examples:", *EXAMPLES.get(command, ())])
