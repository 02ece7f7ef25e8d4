"""`python -m symgate`, and the `symgate` command: a process that answers once and ends."""

import gc
import sys

from symgate.cli.main import main


def process() -> None:
    """Run the command line and leave with its exit code.

    Formulas are many objects and hardly a cycle, so that garbage is looked for seldom, and
    not at all in a process that ends: a tenth of the time of a short command.
    """
    gc.set_threshold(100_000, 20, 20)
    code = main()
    gc.disable()
    sys.exit(code)


if __name__ == "__main__":
    process()
