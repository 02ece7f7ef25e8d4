"""NumPy functions made from the linearisation: simulation, products over lags, gradients.

It knows no LaTeX and no formula of any cell.
"""
