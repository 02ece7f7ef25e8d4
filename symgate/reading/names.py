"""What a symbol with its scripts is called, and at which time it stands.

A name is the base letter, then accents, then sub- and superscripts joined by `_`:
`W_x^{(f)}` is W_x_f, `\\tilde h_t` is h_tilde at time 0, `h'` is h_prime. Times, powers and
transposes in the scripts are no part of the name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from symgate.reading.indices import Indices, is_late, time_of
from symgate.reading.tokens import Token
from symgate.reading.trees import Accent, Group, Scripted, Spelled, Tree

#: Subscripts that say "the step before".
BEFORE = {"prev", "previous", "old", "last", "tminus1", "tm1"}
_NOW = {"new", "next", "curr", "current", "now", "cur"}
_TRANSPOSE = {"top", "intercal", "transpose", "T", "mathsf", "tr"}
_ARROWS = {"\\to": "fwd", "\\rightarrow": "fwd", "\\leftarrow": "bwd", "\\gets": "bwd"}
_ONES = {"one", "ones", "bone", "vone", "unit", "vunit", "bfone", "allone", "bones", "id"}
_WEIGHTS = {"A", "B", "R", "U", "V", "W"}
_WRAPPERS = {"LT": "GT"} | {
    left: left.replace("L", "R", 1) for left in ("LPAR", "LBRACE", "LANGLE", "LBRACKET", "LCURLY")
}


@dataclass(frozen=True)
class Reference:
    """A name where it stands.

    `time` is 0 for t, -1 for t-1, None where none stands; `style` says how it is written
    ("sub", "sup", "angle", "paren"). `component` is an index of its components, `power` an
    exponent. `letter` is the base letter; `labels` are the parts of the name behind it.
    """

    name: str
    letter: str
    start: int
    stop: int
    time: int | None = None
    style: str = ""
    labels: tuple[str, ...] = ()
    accents: tuple[str, ...] = ()
    component: str = ""
    transposed: bool = False
    power: str = ""
    kind: str = "LETTER"


def reference(tree: Tree, indices: Indices) -> Reference | None:
    """The reference that a tree is, or None where it is an expression."""
    found = _reference(tree, indices)
    meant = dict(indices.same).get(found.name) if found is not None and indices.same else None
    if found is None or meant is None:
        return found
    if found.accents and meant[:1] == found.letter[:1]:
        return replace(found, name=meant, accents=())
    return replace(found, name=meant, letter=found.letter.swapcase())


def _reference(tree: Tree, indices: Indices) -> Reference | None:
    match tree:
        case Spelled(name=name, kind=kind) if kind in ("LETTER", "NAME", "MACRO", "FUNCTION"):
            return Reference(name, name, tree.start, tree.stop, kind=kind)
        case Accent(accent=accent, base=base):
            inner = _reference(base, indices)
            if inner is None:
                return None
            return _named(
                replace(
                    inner,
                    accents=(*inner.accents, accent),
                    start=tree.start,
                    stop=tree.stop,
                    kind="LETTER",
                )
            )
        case Group(opening="{", items=(item,)):
            inner = _reference(item, indices)
            return None if inner is None else replace(inner, start=tree.start, stop=tree.stop)
        case Scripted(base=base, scripts=scripts):
            inner = _reference(base, indices)
            if inner is None or any(is_power(script, inner.letter, indices) for script in scripts):
                return None
            for script in scripts:
                inner = _with_script(inner, script, indices)
            signs = [t.kind for t in scripts[0].inside] if scripts[0].kind == "SUP" else []
            if signs in (["MINUS"], ["PLUS"]) and inner.time is None and inner.letter.islower():
                inner = replace(inner, labels=inner.labels[1:], time=-(signs == ["MINUS"]))
            return _named(_of_word(replace(inner, stop=tree.stop)))  # h^- is before, h^+ after
    return None


def is_power(script: Token, letter: str, indices: Indices) -> bool:
    """Whether a raised script is an exponent and no part of a name: a^{c · r}, λ^{r_t}."""
    inside = script.inside if script.kind == "SUP" and letter not in _WEIGHTS | {"b"} else ()
    steps = any(
        own.kind == "LETTER" and (own.spaced or not i) and time_of(list(lower.inside), indices) == 0
        for i, (own, lower) in enumerate(pairwise(inside))
        if lower.kind == "SUB"
    )
    return steps or any(t.kind in ("TIMES", "HADAMARD") for t in script.inside[1:-1])


def is_value(ref: Reference) -> bool:
    """Whether a name is that of a gate or a candidate wherever it stands: Γ_u, C̃."""
    marks = {*ref.accents, *ref.labels} if ref.letter not in _WEIGHTS else set()
    return ref.letter == "Gamma" or not marks.isdisjoint({"tilde", "hat", "candidate"})


def is_ones(ref: Reference) -> bool:
    """Whether a name stands for the vector of ones."""
    return ref.kind == "MACRO" and ref.name.lower() in _ONES


def _of_word(ref: Reference) -> Reference:
    """new_h and prev_h, where the word in front says the time."""
    if ref.time is not None or not ref.labels or ref.letter not in BEFORE | _NOW:
        return ref
    letter, *labels = ref.labels
    time = -1 if ref.letter in BEFORE else 0
    return replace(ref, letter=letter, labels=tuple(labels), time=time, style="word")


def _named(ref: Reference) -> Reference:
    parts = (ref.letter, *ref.accents, *ref.labels)
    return replace(ref, name="_".join(part for part in parts if part))


def _with_script(ref: Reference, script: Token, indices: Indices) -> Reference:
    if script.kind == "PRIME":
        return replace(ref, accents=(*ref.accents, "prime"))
    tokens = [t for t in script.inside if t.kind not in ("SPACE", "GAP", "NEWLINE", "FONT", "AMP")]
    raised = script.kind == "SUP"
    wrapped = ""
    while len(tokens) > 2 and _WRAPPERS.get(tokens[0].kind) == tokens[-1].kind:
        wrapped = tokens[0].kind if tokens[0].kind != "LBRACE" else wrapped
        tokens = tokens[1:-1]
    style = {"LT": "angle", "LANGLE": "angle", "LPAR": "paren", "LCURLY": "paren"}.get(
        wrapped, "sup" if raised else "sub"
    )
    for part in _split(tokens):
        inner = part[-1].inside if len(part) > 1 and part[-1].kind == "SUB" else ()
        time = time_of(list(inner), indices) if inner and ref.time is None else None
        if time is not None:  # v_{word_t}: the time stands below the word
            ref, part = replace(ref, time=time, style=style), part[:-1]
        ref = _with_part(ref, part, indices, raised, bool(wrapped), style)
    return ref


def _split(tokens: Sequence[Token]) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token.kind in ("COMMA", "SEMI", "COLON", "BAR", "DOT"):
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def _with_part(
    ref: Reference, part: list[Token], indices: Indices, raised: bool, wrapped: bool, style: str
) -> Reference:
    if part[0].kind == "ACCENT" and time_of(part[1:], indices) is not None:  # c^{\\tilde t}
        ref, part = replace(ref, accents=(*ref.accents, part[0].value)), part[1:]
    late = is_late(part) and not wrapped and not indices.below
    time = -1 if late else time_of(part, indices)
    if time is not None and ref.time is None:
        return replace(ref, time=time, style=style)
    first = part[0]
    if raised and len(part) == 1 and not wrapped:
        if first.value in _TRANSPOSE and first.kind in ("MACRO", "LETTER", "NAME"):
            return replace(ref, transposed=not ref.transposed)
        if first.kind == "ACCENT":
            return replace(ref, accents=(*ref.accents, first.value))
        if first.kind == "PRIME":
            return replace(ref, accents=(*ref.accents, "prime"))
        if first.value in ("star", "ast", "dagger", "*"):
            return replace(ref, labels=(*ref.labels, "star"))
    if raised and all(t.kind == "PRIME" for t in part):
        return replace(ref, accents=(*ref.accents, *["prime"] * len(part)))
    if raised and not wrapped and _is_number(part) and not _labels_with_numbers(ref):
        return replace(ref, power="".join(t.value for t in part))
    if wrapped and _is_shape(part):
        return ref
    label = label_text(part)
    if label and set(label) <= indices.components:
        return replace(ref, component=label)
    if label in BEFORE | _NOW and ref.time is None and f"{ref.letter}_{label}" not in indices.made:
        return replace(ref, time=-(label in BEFORE), style=style)
    return replace(ref, labels=(*ref.labels, label)) if label else ref


def _is_shape(part: Sequence[Token]) -> bool:
    """Whether a script tells the size of an array, as (n x m)."""
    middle = part[1:-1]
    return any(t.value in ("x", "\\times") for t in middle) and (
        part[0].kind in ("LPAR", "NUMBER") or part[0].value.isupper()
    )


def _is_number(part: Sequence[Token]) -> bool:
    return part[-1].kind == "NUMBER" and all(t.kind in ("MINUS", "NUMBER") for t in part)


def _labels_with_numbers(ref: Reference) -> bool:
    """Whether a raised number on this symbol numbers it: W^1 is a first matrix, h^2 a square."""
    return ref.letter[:1].isupper() and ref.time is None


def label_text(part: Sequence[Token]) -> str:
    """Tokens of a script as a part of a name: letters side by side, accents behind them."""
    text, accents = "", list[str]()
    for token in part:
        if token.kind == "ACCENT":
            accents.append(token.value)
        elif token.kind in ("LETTER", "NAME", "NUMBER", "MACRO", "FUNCTION", "TEXT"):
            piece = "".join(c for c in token.value if c.isalnum())
            if accents:
                text += ("_" if text else "") + "_".join([piece, *accents])
                accents = []
            elif len(piece) > 1 and text and token.kind != "NUMBER":
                text += f"_{piece}"
            else:
                text += piece
        elif token.kind in ("SUB", "SUP"):
            inner = label_text(token.inside)
            text += f"_{inner}" if inner else ""
        elif token.kind == "PRIME":
            text += "_prime"
        elif token.value in _ARROWS:
            text += ("_" if text else "") + _ARROWS[token.value]
        elif token.kind == "MINUS":
            text += "m"
        elif token.kind == "PLUS":
            text += "p"
    return text.strip("_")


def leaves(tokens: Sequence[Token]) -> Iterator[Token]:
    """Tokens with those inside scripts in the place of the scripts."""
    for token in tokens:
        yield from leaves(token.inside) if token.inside else (token,)


def is_transpose(script: Token) -> bool:
    """Whether a raised script is a transpose, in whatever font."""
    return script.kind == "SUP" and bool(
        {t.value for t in leaves(script.inside)} & _TRANSPOSE - {"mathsf"}
    )
