"""From the text of a cell to an immutable `Cell`: syntax, names, sizes, expressions."""
