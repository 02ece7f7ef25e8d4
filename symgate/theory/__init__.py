"""The theory beside the curves: Lyapunov exponents, fixed points, mean fields.

It stands on the numerics and on the linearisation, and knows no formula of any cell.
"""
