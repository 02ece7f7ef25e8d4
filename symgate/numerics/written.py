"""Functions from text: the one place where a text is run.

Whoever writes such a text makes every name in it; nothing from outside ever stands there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import CodeType
from typing import Any


def written(lines: list[str], constants: Mapping[str, Any]) -> Callable[..., Any]:
    """The function `run` that some lines define, over constants by their names.

    >>> written(["def run(v):", " return c + v"], {"c": 2})(3)
    5
    """
    space = dict(constants)
    exec(_compiled("\n".join(lines)), space)
    made: Callable[..., Any] = space.pop("run")  # so that nothing holds itself
    return made


@lru_cache(maxsize=512)
def _compiled(text: str) -> CodeType:
    return compile(text, "<symgate>", "exec")
