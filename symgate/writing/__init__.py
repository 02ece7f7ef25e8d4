"""Formulas for people: LaTeX. It knows no NumPy."""
