"""Messages on standard error, in which no name of a file steers the terminal."""

from __future__ import annotations

import sys

from symgate.errors import harmless


def say(message: object) -> None:
    """Print a message under the program's name."""
    print(harmless(f"symgate: {message}"), file=sys.stderr)
