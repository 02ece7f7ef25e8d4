"""Other languages as Python would have it, letter for letter: every place stays its own.

c = f.*c + i.*g;   h(:,t) = o.*tanh(c)      c = f* c + i* g    h[:,t] = o* tanh(c)
let h = &z * &n;   c[j] = f * c[j]          h =  z *  n        c    = f * c
"""

from __future__ import annotations

import re
from collections.abc import Callable

_PYTHON = re.compile(r"\bdef |\bimport |np\.|torch\.|tf\.")
#: Julia, Matlab and Eigen: an operator or a call with a dot, a column, a block.
_DOTTED = re.compile(
    r"\.[*+/^]|\w\.\(|\(:, ?t|^[ \t]*+function\b|\bend$|(?<=[\w\])])' ?\*|\.cwiseProduct\(",
    re.MULTILINE,
)
_R = re.compile(r"%\*%|\w\$\w|<-")
_DECLARED = (
    r"(?m)^[ \t]*(?:(?:let|mut|const|var|val|auto|float|double|[A-Z]\w*(?:<[\w, ]{1,30}>)?)[ &]+)+"
    r"(?=\w+(?:: ?[\w<>]{1,30})? *=)"
)
_TYPED = re.compile(r"(?m)^[ \t]*(?:let|const|var|val|float|double)[ \t]")
_LOOP = re.compile(r"\bfor *\(\w+ (\w) *= *0")

_Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _rules(*pairs: tuple[str, str | Callable[[re.Match[str]], str]]) -> tuple[_Rule, ...]:
    return tuple((re.compile(pattern), shown) for pattern, shown in pairs)


#: `*` and `'` of these languages are Python's `@` and a name that ends in ʹ.
_OF_DOTTED = _rules(
    (r"(?<![.*])\*(?!\*)", "@"),
    (r"\.([*+\-/])", r"\1 "),
    (r"\.\^", "**"),
    (r"(?<=\w)\.\(", " ("),
    (r"(?<=[\w\])])'(?!\w)", "ʹ"),
    (r"′", "ʺ"),
    (r"(?m)(?<![ \t])[ \t]*+;(?=[^\]\n]{0,200}$)", _blank),
    (r"(?<=[\w\])]);(?=[^\[\n]{0,200}\])", ","),
    (r"(?m)%[^\n]*+|\.\.\.$", lambda m: "#" + " " * (len(m[0]) - 1)),
    (r"\((?=(?:: ?, ?)?t(?: ?[-+] ?1)?\)|t(?: ?[-+] ?1)?, ?:\))([^()]*)\)", r"[\1]"),
    (r"(?m)^function\b", "def     "),
    (_DECLARED, _blank),
)
#: In R the product of matrices has a mark of its own, and torch has its functions.
_OF_R = _rules(
    (r"%\*%", " @ "),
    (r"<-", "= "),
    (r"\$", "."),
    (r"\btorch_", "torch."),
    (r"(?m)^([ \t]*)\w+ *= *(?=function\b)", lambda m: m[1] + "def".ljust(len(m[0]) - len(m[1]))),
    (r"(?m)\{$", ":"),
)
#: Rust, C, JavaScript and the like: a word before a name, a reference, a path.
_OF_TYPED = _rules(
    (_DECLARED, _blank),
    (r"(?<![&\w])&(?!&)", " "),
    (r"\bthis\.", "self."),
    (r"//", "# "),
    (r"(?m);(?=[ \t]*(?:#|$))", " "),
    (r"(?<=[\d.])f\b", " "),
)


def as_python(block: str) -> str:
    """A block of code with the marks of Python, as long as it was; Python as it is.

    >>> as_python("h(:,t) = o.*tanh(W*c);")
    'h[:,t] = o* tanh(W@c) '
    """
    typed = _TYPED.search(block) is not None
    if not typed and _PYTHON.search(block):
        return block
    dotted = _DOTTED.search(block) is not None and not (typed and ".dot(" in block)
    rules = _OF_R if _R.search(block) else _OF_DOTTED if dotted else _OF_TYPED if typed else ()
    for pattern, shown in rules:
        block = pattern.sub(shown, block)
    loop = _LOOP.search(block) if typed else None
    return block if loop is None else _without_component(block, loop[1])


def _without_component(block: str, letter: str) -> str:
    """A loop over components says of each what it says of the vector; z[n + j] is a part of z."""
    cut = {*re.findall(rf"\b(\w+)\[[^\[\]]{{1,20}}\+ *{letter}\]", block)}
    every = re.compile(rf"\b(\w+)\[{letter}\]")
    return every.sub(lambda m: m[0] if m[1] in cut else m[1].ljust(len(m[0])), block)
