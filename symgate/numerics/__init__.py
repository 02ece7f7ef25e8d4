"""Numbers: NumPy functions made from expressions and from the linearisation.

It knows no LaTeX and no formula of any cell.
"""
