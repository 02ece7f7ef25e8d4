"""What pytest says at its start, and what no test leaves to the next."""

import gc
import os
import sys
from collections.abc import Iterator

import pytest

from tests.chosen import CELLS, REPRESENTATIVES, ROTATION

#: SymPy makes many small objects; looked for circles after each 700 of them, with JAX's own
#: search each time, the tests take a tenth longer.
gc.set_threshold(50_000, 20, 20)

#: What JAX compiles runs once or twice: it is not worth making fast.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")


def pytest_report_header() -> str:
    others = ", ".join(name for name in CELLS if name not in REPRESENTATIVES)
    return f"ROTATION={ROTATION}: cells of the zoo beside the representatives: {others}"


@pytest.fixture(autouse=True)
def no_figure_is_left_open() -> Iterator[None]:
    """A picture without axes is drawn in pyplot's own: in those of another test, if one is open."""
    _close()
    yield
    _close()


def _close() -> None:
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
