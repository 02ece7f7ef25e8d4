"""A module of PyTorch while symgate looks at it: not training, and by one thread at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

#: torch.fx changes PyTorch's own classes while it follows a module.
_ONE = RLock()


@contextmanager
def resting(module: Any) -> Iterator[None]:
    """Inside, a module and its parts are as in use; afterwards each trains as it did before."""
    with _ONE:
        training = [(part, part.training) for part in module.modules()]
        module.eval()
        try:
            yield
        finally:
            for part, before in training:
                part.training = before
