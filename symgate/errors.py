"""The errors that symgate raises for a fault of its input.

Each one is made where the fault is known, says what is wrong and where, and how to
mend it. The command line prints them and exits with 3; nothing here is ever a bug.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import partial
from typing import Any


class SymgateError(ValueError):
    r"""A fault of the input: the base of every error of this package.

    Its text goes to a terminal, so that what steers one is left out of it:

    >>> print(SymgateError("there is no file \x1b[31mred"))
    there is no file �[31mred
    """

    def __str__(self) -> str:
        return harmless(brief(super().__str__()))


def brief(message: str) -> str:
    """A message in which no word is longer than what a screen holds."""
    return re.sub(r"(\S{200})\S{100,}", r"\1…", message)


def harmless(text: str) -> str:
    """A text in which nothing but the line breaks steers a terminal: other spaces than the
    plain one become it, and what is no letter or sign at all a question mark."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c == "\n" else " " if c.isspace() else "\ufffd" for c in text
    )


class EquationError(SymgateError):
    """A fault in the text of a cell, with its place.

    The message shows the line with a caret under the fault:

    >>> import symgate as sg
    >>> sg.Cell.from_text("h[t] = tahn(W @ x[t] + U @ h[t-1])")
    Traceback (most recent call last):
        ...
    symgate.errors.EquationError: line 1, column 8: 'tahn' is not a function; did you mean 'tanh'?
        h[t] = tahn(W @ x[t] + U @ h[t-1])
               ^^^^
    """

    def __init__(
        self,
        message: str,
        *,
        line: int = 1,
        column: int = 1,
        width: int = 1,
        shown: str = "",
        file: str = "",
    ) -> None:
        self.message, self.line, self.column = message, line, column
        self.width, self.shown, self.file = max(width, 1), shown, file
        super().__init__(message, line, column)

    def __reduce__(self) -> tuple[object, ...]:
        return partial(EquationError, **vars(self)), ()

    def in_file(self, file: str) -> EquationError:
        """The same error, with the file that the text was read from."""
        return EquationError(**{**vars(self), "file": file})

    def __str__(self) -> str:
        text = brief(f"line {self.line}, column {self.column}: {self.message}")
        if self.file:
            text = f"{self.file}: {text}"
        if not self.shown.strip():
            return harmless(text)
        excerpt, start = _excerpt(self.shown, self.column - 1)
        carets = "^" * max(1, min(self.width, len(excerpt) - start))
        return harmless(f"{text}\n    {excerpt}\n    {' ' * start}{carets}")


class EquationWarning(UserWarning):
    """Something in the text of a cell that is legal, and that its author seldom means."""


class ShapeError(SymgateError):
    """An array whose shape, type or values do not fit the cell."""


class Diverged(SymgateError):
    """A state that is no longer finite; the message names the step."""


class MissingTool(SymgateError):
    """An optional program is not installed; the message says what to install."""


class UnknownName(SymgateError):
    """A name that nothing has; the message offers the nearest, or says what lists them."""

    def __init__(self, what: str, name: str, known: Iterable[str], listed: str = "") -> None:
        self.name, self.known = str(name), tuple(known)
        offer = did_you_mean(self.name, self.known) or (listed and f"; {listed}")
        super().__init__(f"{what} {_shortened(self.name)!r} is not known{offer}")

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_unknown_name, (str(self), self.name, self.known)


def known_name(what: str, name: Any, known: Iterable[str]) -> str:
    """A name among those known; anything else is an error with the nearest of them."""
    names = tuple(known)
    if not isinstance(name, str) or name not in names:
        raise UnknownName(what, name, names)
    return name


def held(what: str, table: Mapping[str, Any], name: str) -> Any:
    """What a table holds under a name; `what` says what the name is of where it has none."""
    try:
        return table[name]
    except (KeyError, TypeError):
        raise UnknownName(what, name, table) from None


#: Names from other libraries, and symgate's for the same.
_ELSEWHERE = {
    **dict.fromkeys(("units", "num_units", "hidden_size", "n_hidden", "n"), "hidden"),
    **dict.fromkeys(("input_size", "input_dim", "features", "m"), "input"),
    **dict.fromkeys(("T", "timesteps", "seq_len", "length"), "steps"),
    **dict.fromkeys(("k", "max_lag", "K"), "lags"),
    **dict.fromkeys(("batch", "batch_size", "B", "n_samples"), "samples"),
    **dict.fromkeys(("num_layers", "n_layers", "depth"), "layers"),
    **dict.fromkeys(("random_state", "rng", "key"), "seed"),
    **dict.fromkeys(("initializer", "init"), "scheme"),
    **dict.fromkeys(("forget_bias", "biases"), "bias"),
}


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean …?", or the list where it is short, or nothing.

    >>> did_you_mean("tahn", ["tanh", "relu"])
    "; did you mean 'tanh'?"
    >>> did_you_mean("qqq", ["tanh", "relu"])
    "; choose from 'relu', 'tanh'"
    >>> did_you_mean("units", ["hidden", "input"])
    "; did you mean 'hidden'?"
    """
    names = sorted(set(known))
    if _ELSEWHERE.get(name) in names:
        return f"; did you mean {_ELSEWHERE[name]!r}?"
    bare = re.sub(r"(?<=\w)(_?\{.*\}|_t|\[.*\])$", "", name)  # h_t, h_{t-1}, h[t]
    close = [bare] if bare in names else get_close_matches(name, names, n=3, cutoff=0.6)
    near = close if len(name) <= 100 else []
    if near:
        return "; did you mean " + " or ".join(map(repr, near)) + "?"
    shown = map(repr, names) if len(names) <= 20 else names
    return "; choose from " + ", ".join(shown) if 0 < len(names) <= 40 else ""


def _shortened(name: str) -> str:
    return name if len(name) <= 60 else name[:57] + "…"


def _excerpt(line: str, column: int) -> tuple[str, int]:
    """Cut a window out of a long line and say where the column lies in it."""
    width = 76
    if len(line) <= width:
        return line, min(column, len(line))
    start = max(0, min(column - width // 2, len(line) - width))
    head, tail = "…" if start else "", "…" if start + width < len(line) else ""
    return head + line[start : start + width] + tail, column - start + len(head)


def _rebuild_unknown_name(text: str, name: str, known: tuple[str, ...]) -> UnknownName:
    error = UnknownName("", name, known)
    error.args = (text,)
    return error
