"""What follows from the terms alone: ranges, bounds of norms, limits, eigenvalues at rest.

It reads the linearisation and knows no NumPy and no LaTeX.
"""
