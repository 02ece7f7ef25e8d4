"""Reading cells from what people write: LaTeX and plain formulas in documents of many kinds.

    document -> fragments -> tokens -> trees -> lines -> cells -> readings

Every step keeps the place in the source, so that each fault can be shown where it stands.
"""
