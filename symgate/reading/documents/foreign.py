"""Julia, Matlab and R as Python would have it, letter for letter: every place stays its own.

c = f.*c + i.*g;   h(:,t) = o.*tanh(c)      c = f* c + i* g    h[:,t] = o* tanh(c)
"""

from __future__ import annotations

import re

#: What Python does not have: an operator or a call with a dot, a column, R's product, a block.
_FOREIGN = re.compile(
    r"\.[*+/^]|\w\.\(|\(:, ?t|%\*%|^[ \t]*+function\b|\bend$|(?<=[\w\])])' ?\*|\.cwiseProduct\(",
    re.MULTILINE,
)
#: `*` and `'` of these languages are Python's `@` and a name that ends in ʹ.
_RULES = tuple(
    (re.compile(pattern), shown)
    for pattern, shown in (
        (r"(?<![.*])\*(?!\*)", "@"),
        (r"\.([*+\-/])", r"\1 "),
        (r"\.\^", "**"),
        (r"(?<=\w)\.\(", " ("),
        (r"(?<=[\w\])])'(?!\w)", "ʹ"),
        (r"′", "ʺ"),
        (r"(?m)(?<![ \t])[ \t]*+;(?=[^\]\n]{0,200}$)", lambda m: " " * len(m[0])),
        (r"(?<=[\w\])]);(?=[^\[\n]{0,200}\])", ","),
        (r"(?m)%[^\n]*+|\.\.\.$", lambda m: "#" + " " * (len(m[0]) - 1)),
        (r"\((?=(?:: ?, ?)?t(?: ?[-+] ?1)?\)|t(?: ?[-+] ?1)?, ?:\))([^()]*)\)", r"[\1]"),
        (r"(?m)^function\b", "def     "),
        (r"(?m)^[ \t]*(?:(?:const|auto|[A-Z]\w*)[ &]+)+(?=\w+ *=)", lambda m: " " * len(m[0])),
    )
)
#: In R the product of matrices has a mark of its own.
_R = ((re.compile(r"%\*%"), " @ "), (re.compile(r"<-"), "= "))


def as_python(block: str) -> str:
    """A block of code with the marks of Python, as long as it was; Python as it is.

    >>> as_python("h(:,t) = o.*tanh(W*c);")
    'h[:,t] = o* tanh(W@c) '
    """
    if _FOREIGN.search(block) is None or re.search(r"\bdef |\bimport |np\.|torch\.|tf\.", block):
        return block
    for pattern, shown in _R if "%*%" in block else _RULES:
        block = pattern.sub(shown, block)
    return block
