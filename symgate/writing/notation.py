"""Notations: how people write the same cell, as data files in `notations/`.

A notation gives letters to gates by their role, and templates to parameters by their use.
In a template `*` is the tag of the gate (the f of W_f), `@` the letter of what a matrix
acts on:  "W_*", "W^(*)", "W_*@", "W_i*".
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources

from symgate.algebra.names import GREEK, name_parts
from symgate.errors import UnknownName


@dataclass(frozen=True)
class Glyph:
    """A name as it is written: letter, accents, what stands below, what above.

    Parts below and above are names or glyphs; `tight` sets them without commas. A
    `verbatim` name is written as it is typed, the last way to tell two names apart.
    """

    base: str
    accents: tuple[str, ...] = ()
    below: tuple[str | Glyph, ...] = ()
    above: tuple[str | Glyph, ...] = ()
    tight: bool = False
    verbatim: bool = False

    @classmethod
    def of(cls, name: str) -> Glyph:
        """The glyph of a name by rule.

        >>> Glyph.of("Gamma_f").below
        ('f',)
        """
        parts = name_parts(name)
        above = (parts.layer,) if parts.layer else ()
        below = tuple(cls.of(part) if "_" in part else part for part in parts.subscripts)
        return cls(parts.greek or parts.base, parts.accents, below, above)

    @property
    def flat(self) -> str:
        """How it looks: glyphs that look alike have the same, however they were made.

        >>> Glyph("a", below=(Glyph("h"),)).flat == Glyph("a", below=("h",)).flat
        True
        """
        comma = "" if self.tight else ","
        below = comma.join(p if isinstance(p, str) else p.flat for p in self.below)
        above = "".join(p if isinstance(p, str) else p.flat for p in self.above)
        flat = ("!" if self.verbatim else "") + self.base + "".join(self.accents)
        return flat + (f"_{{{below}}}" if below else "") + (f"^{{{above}}}" if above else "")

    def in_layer(self, own: Glyph) -> Glyph:
        """The same with the layer that a name's own glyph has above."""
        return replace(self, above=own.above) if own.above and not self.above else self

    def upper(self) -> Glyph:
        """The same in capitals, where there is a capital letter."""
        capital = self.base[:1].upper() + self.base[1:]
        known = capital in GREEK if self.base in GREEK else len(self.base) == 1
        return Glyph(capital, self.accents, self.below, self.above) if known else self


@dataclass(frozen=True)
class Letter:
    """How a gate or state is written, and the tag it lends to its parameters.

    `head` is how a rule-made name of the engine (a_z) refers to it.
    """

    glyph: Glyph
    tag: tuple[str | Glyph, ...]
    known: bool = True


@dataclass(frozen=True)
class Notation:
    """One style of writing cells; `symgate.notations` lists them.

    `time` is "below" (h_t) or "above" (h^<t>), `hadamard` the sign of the product by
    components, `row` says that vectors are rows, `concatenates` that U h + W x is one W [h, x],
    `stack` that gates of one kind are computed together.
    """

    name: str
    title: str
    time: str = "below"
    hadamard: str = "odot"
    matvec: str = ""
    row: bool = False
    concatenates: bool = False
    stack: bool = False
    upper: bool = False
    blocks: bool = False
    order: tuple[str, ...] = ()
    pre: str = "a"
    inner: str = "s"
    part: str = "v"
    letters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    families: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(self.name)


def _folder() -> resources.abc.Traversable:
    return resources.files("symgate.writing").joinpath("notations")


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """The notations there are, the default first."""
    found = sorted(
        f.name.removesuffix(".toml")
        for f in _folder().iterdir()
        if f.name.endswith(".toml") and not f.name.startswith("_")
    )
    return ("symgate", *(name for name in found if name != "symgate"))


@lru_cache(maxsize=32)
def notation(name: str) -> Notation:
    """A notation by name; an unknown one offers the nearest.

    >>> notation("ng").time
    'above'
    """
    if name not in names():
        raise UnknownName("the notation", str(name), names())
    data = tomllib.loads(_folder().joinpath(f"{name}.toml").read_text(encoding="utf-8"))
    data["order"] = tuple(data.get("order", ()))
    return Notation(name=name, **data)


@lru_cache(maxsize=1)
def conventions() -> Mapping[str, Mapping[str, str]]:
    """What people mean by a gate's bare letter, where its role is not given."""
    return tomllib.loads(_folder().joinpath("_conventions.toml").read_text(encoding="utf-8"))
