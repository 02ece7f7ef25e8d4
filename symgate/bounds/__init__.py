"""What follows from the terms alone: ranges, bounds of norms, limits, eigenvalues at rest.

It reads the linearisation and knows no NumPy and no LaTeX.
"""

from symgate.instead import not_called

not_called(__name__, "sg.decay(cell).bounds")
