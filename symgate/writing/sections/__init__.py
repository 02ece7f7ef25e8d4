"""The sections of a derivation, one module each, in the order of a lecture.

Each has `TITLE` and `steps(subject)`. They read the linearisation, the paths, the bounds
and the adjoint, and never a cell's formulas.
"""

#: The sections by name, in order.
NAMES = ("cell", "activations", "partials", "step", "lags", "norms", "backward", "check")
