"""Published results, set up as their sources did, computed with symgate, and compared.

    python -m analysis.published              all rows, the table, and reports/published/index.html
    python -m analysis.published --fast       only the rows that take seconds
    python -m analysis.published wall minimal only these scripts

Each script holds `numbers()`, a mapping of row numbers to named values, and `draw()`, a figure.
What is expected, how far a value may be off and where it comes from stands in expected.toml.
"""
