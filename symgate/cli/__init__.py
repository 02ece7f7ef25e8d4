"""The command line. Heavy imports happen inside the commands, so that --help is quick."""

from __future__ import annotations

from symgate.cli.main import main

__all__ = ["main"]
