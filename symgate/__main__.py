"""`python -m symgate`: the same as the `symgate` command."""

import sys

from symgate.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
