"""What public functions ask of their arguments, checked by name before anything runs.

`hidden=`, `lags=`, `bias=`, … mean the same in every function, so that one table says what
each may be. `@asked()` goes over a function; a name that means something else in it gets a
check of its own: `@asked(steps=number(above=1))`. A default is never checked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from inspect import Signature, signature
from itertools import islice
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from typing import Any, ParamSpec, TypeGuard, TypeVar

from symgate.errors import SymgateError, did_you_mean
from symgate.instead import ARGUMENTS

P = ParamSpec("P")
R = TypeVar("R")

#: Takes the name and the value of an argument; returns the value or raises.
Check = Callable[[str, Any], Any]

#: What no count reaches: more units, lags or steps do not fit into any memory.
MOST = 10**12

#: The most units that a cell may have.
MOST_UNITS = 100_000

#: The most dots that a picture has along a side.
MOST_DOTS = 20_000

#: What lists several values lists at most so many.
MANY = 10**6


def asked(**own: Check | None) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Check the arguments of a function by their names; `own` overrides the table,
    None where the function checks for itself.

    >>> @asked()
    ... def double(lags: int) -> int:
    ...     return 2 * lags
    >>> double(3)
    6
    >>> double(True)
    Traceback (most recent call last):
        ...
    symgate.errors.SymgateError: lags must be a whole number, 0 or more, not True
    """

    def over(function: Callable[P, R]) -> Callable[P, R]:
        form = signature(function)
        checks = {
            name: check
            for name in form.parameters
            if (check := own.get(name, ASKED.get(name))) is not None
        }

        @wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                given = form.bind(*args, **kwargs)
            except TypeError as error:
                mend = _instead(function.__name__, form, args, kwargs)
                raise TypeError(f"{function.__name__}: {error}{mend}") from None
            for name, value in given.arguments.items():
                if name in checks and value is not form.parameters[name].default:
                    given.arguments[name] = checks[name](name, value)
            return function(*given.args, **given.kwargs)

        return checked

    return over


#: What says how parameters are drawn.
_DRAWN = ("bias", "gain", "hidden", "input", "scheme")


def _instead(name: str, form: Signature, args: Any, kwargs: Mapping[str, Any]) -> str:
    """What to type in place of an argument that a function lacks, or that a call left out."""
    unknown = [name for name in kwargs if name not in form.parameters]
    missing = [*form.parameters][len(args) :] or [""] if not unknown else []
    for argument in (*unknown, *missing):
        if (name, argument) in ARGUMENTS:
            return f"; {ARGUMENTS[name, argument]}"
    if unknown and unknown[0] in _DRAWN and "params" in form.parameters:
        return f"; parameters are drawn with it: sg.init(cell, …, {unknown[0]}=…)"
    near = did_you_mean(unknown[0], set(form.parameters) - {"self"}) if unknown else ""
    return near or _form(name, form)


def _form(name: str, form: Signature) -> str:
    """How a function is called: what it must have, and the first that it may have."""
    named = [p for p in form.parameters.values() if p.name not in ("self", "cls")]
    must = [p.name for p in named if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    may = [f"{p.name}=…" for p in named if p.name not in must and p.kind is not p.VAR_KEYWORD]
    more = ["…"] if len(may) > 4 or len(must) + len(may) < len(named) else []
    return f"; call it as {name}({', '.join([*must, *may[:4], *more])})"


def is_whole(value: object) -> TypeGuard[int]:
    """Whether a value is a whole number; NumPy's are, True is not."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a real number; NumPy's are, True is not."""
    return isinstance(value, Real) and not isinstance(value, bool)


def in_a_square(size: object) -> str:
    """What a matrix takes that has so many rows and columns, to go on in a sentence.

    >>> in_a_square(10**6)
    ': a matrix of that many rows and columns alone takes 7,450 GB of memory'
    """
    if not is_whole(size) or int(size) < 2:
        return ""
    gigabytes = 8 * int(size) ** 2 // 2**30
    return f": a matrix of that many rows and columns alone takes {gigabytes:,} GB of memory"


def whole(least: int = 0, most: int = MOST, beyond: Callable[[object], str] | None = None) -> Check:
    """A whole number; NumPy's are taken, True is not. `beyond` goes on about one above `most`."""

    def check(name: str, value: Any) -> int:
        if not is_whole(value) or int(value) < least:
            raise SymgateError(
                f"{name} must be a whole number, {least} or more, not {shown(value)}"
            )
        if int(value) > most:
            more = "" if beyond is None else beyond(value)
            raise SymgateError(f"{name} may be at most {most:,}, not {shown(value)}{more}")
        return int(value)

    return check


def units(least: int) -> Check:
    """A size of a cell; what is too large says the memory that it would take."""
    return whole(least, MOST_UNITS, in_a_square)


def number(above: float = -math.inf, *, least: float = -math.inf, most: float = math.inf) -> Check:
    """A finite number above `above`, or from `least` to `most`."""
    where = f" above {above:g}" if above > -math.inf else ""
    where = f" from {least:g}" if least > -math.inf else where
    where += f" to {most:g}" if most < math.inf else ""

    def check(name: str, value: Any) -> float:
        finite = is_number(value) and math.isfinite(value)
        if not finite or value <= above or not least <= value <= most:
            raise SymgateError(f"{name} must be a finite number{where}, not {shown(value)}")
        return float(value)

    return check


def word(name: str, value: Any) -> str:
    """A name, as text."""
    if not isinstance(value, str) or not value:
        raise SymgateError(f"{name} must be a name, not {shown(value)}")
    return value


def words(name: str, value: Any) -> Any:
    """Names, or one of them."""
    return several(word)(name, value) if not isinstance(value, str) else value


def several(check: Check) -> Check:
    """One value or several, each of them checked."""

    def checked(name: str, value: Any) -> Any:
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
            return check(name, value)
        found = list(islice(value, MANY + 1))
        if len(found) > MANY:
            raise SymgateError(f"{name} has more than {MANY:,} values")
        return [check(f"each of {name}", each) for each in found]

    return checked


def moment(name: str, value: Any) -> Any:
    """Steps back: a whole number, or an expression of symbols."""
    if not is_whole(value) and not hasattr(value, "free_symbols"):
        raise SymgateError(f"{name} must be a whole number or a symbol, not {shown(value)}")
    return value


def having(attribute: str, what: str) -> Check:
    """What has an attribute, which tells it from anything else."""

    def check(name: str, value: Any) -> Any:
        if not hasattr(value, attribute):
            raise SymgateError(f"{name} must be {what}, not {shown(value)}")
        return value

    return check


def formula(name: str, value: Any) -> Any:
    """A formula, or a number."""
    if not hasattr(value, "free_symbols") and not is_number(value):
        mend = "a formula, such as sg.jacobian(cell) gives"
        raise SymgateError(f"{name} must be {mend}, not {shown(value)}")
    return value


def letter(name: str, value: Any) -> str:
    """One character."""
    if not isinstance(value, str) or len(value) != 1:
        raise SymgateError(f"{name} must be one character, such as ',', not {shown(value)}")
    return value


def table(check: Check | None = None) -> Check:
    """A mapping of names to values."""

    def checked(name: str, value: Any) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise SymgateError(f"{name} must be a mapping of names to values, not {shown(value)}")
        for key in value:
            word(f"each name of {name}", key)
        if check is None:
            return value
        return {key: check(f"{name} of {key}", each) for key, each in value.items()}

    return checked


def either(one: Check, other: Check) -> Check:
    """A mapping for which one check stands, or what the other takes."""
    return lambda name, value: (one if isinstance(value, Mapping) else other)(name, value)


def path(name: str, value: Any) -> Any:
    """A file or a folder."""
    if not isinstance(value, str | PathLike) or not str(value) or "\0" in str(value):
        raise SymgateError(f"{name} must be the path of a file, not {shown(value)}")
    if any("\ud800" <= c <= "\udc7f" or "\udd00" <= c <= "\udfff" for c in str(value)):
        raise SymgateError(f"{name} has half a character in it: {shown(value)}")
    if any(len(part.encode("utf-8", "replace")) > 255 for part in Path(value).parts):
        raise SymgateError(
            f"{name} must be the path of a file, and {shown(value)} is too long for one"
        )
    return value


def axes(name: str, value: Any) -> Any:
    """Axes of Matplotlib, one of them."""
    if value is not None and not hasattr(value, "yaxis"):
        many = hasattr(value, "__getitem__") and not isinstance(value, str | bytes)
        mend = "; take one of them, as in ax=axes[0]" if many else ""
        raise SymgateError(f"{name} must be axes of Matplotlib, not {shown(value)}{mend}")
    return value


def hook(name: str, value: Any) -> Any:
    """A function that is called back."""
    if value is not None and not callable(value):
        raise SymgateError(f"{name} must be a function, not {shown(value)}")
    return value


def ordered(name: str, value: Any) -> Any:
    """An order of symbols, as a mapping of each to its place."""
    if value is not None and not isinstance(value, Mapping):
        raise SymgateError(f"{name} must be a mapping of symbols to places, not {shown(value)}")
    return value


def drawable(inches: float, dpi: float) -> None:
    """Raise where a picture with a side of so many inches has more dots than are drawn."""
    if inches * dpi > MOST_DOTS:
        raise SymgateError(
            f"{inches:g} inches at {dpi:g} dots an inch are more than {MOST_DOTS:,} dots; take a "
            f"smaller width, smaller letters or fewer dots an inch"
        )


def switch(name: str, value: Any) -> bool:
    """True or False, and no text or number that Python takes for one."""
    if not isinstance(value, bool) and type(value).__name__ != "bool":  # that of NumPy
        raise SymgateError(f"{name} must be True or False, not {shown(value)}")
    return bool(value)


def shown(value: Any) -> str:
    """A value in a message: short, and on one line.

    >>> shown([1] * 100)
    '[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, …'
    """
    written = " ".join(repr(value).split())
    return written if len(written) <= 60 else f"{written[:58]} …".replace(",  …", ", …")


#: What each name asks for, whatever function it is given to.
ASKED: Mapping[str, Check] = {
    "at": several(whole()),
    "ax": axes,
    "batch_first": switch,
    "bias": table(number()),
    "bold": switch,
    "burn_in": whole(),
    "checkpoint": switch,
    "count": whole(1),
    "dpi": whole(10, 2400),
    "dt": number(above=0),
    "expression": formula,
    "font_size": number(least=1, most=300),
    "form": word,
    "format": word,
    "gain": number(),
    "hadamard": word,
    "hidden": several(units(1)),
    "high": number(least=0),
    "input": units(0),
    "input_variance": number(least=0),
    "jobs": whole(1, 256),
    "keep": path,
    "lags": whole(),
    "layout": word,
    "limit": whole(1),
    "low": number(least=0),
    "networks": whole(1),
    "notation": word,
    "of": word,
    "order": ordered,
    "output": path,
    "path": path,
    "progress": hook,
    "residual": switch,
    "resume": path,
    "samples": whole(1),
    "scale": number(above=0),
    "scheme": word,
    "sections": words,
    "seed": whole(),
    "since": whole(),
    "singular": several(whole()),
    "sizes": table(units(1)),
    "start": number(),
    "starts": whole(1, 10**6),
    "step": hook,
    "steps": whole(1),
    "t_max": number(least=2),
    "tolerance": number(least=0, most=0.5),
    "values": table(),
    "width": number(least=1, most=60),
    "words": words,
    "wrt": word,
}
