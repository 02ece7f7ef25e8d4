"""How fast gradients decay: curves over the lag, paths, bounds, predictions, memory, sweeps.

It knows no plots, no LaTeX and no formula of any cell.
"""
