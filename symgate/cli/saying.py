"""What commands print: no name of a file, a cell or a layer steers the terminal."""

from __future__ import annotations

import sys
from typing import Any

from symgate.errors import harmless


def say(message: object) -> None:
    """Print a message under the program's name, on standard error."""
    print(harmless(f"symgate: {message}"), file=sys.stderr)


def show(text: object) -> None:
    """Print what was asked for."""
    print(harmless(str(text)))


def show_json(data: Any) -> None:
    """Print what was asked for as JSON."""
    import json

    show(json.dumps(data, indent=2, ensure_ascii=False))
