"""Formulas and derivations in every notation: as LaTeX, Markdown, HTML, text. It knows no NumPy."""
