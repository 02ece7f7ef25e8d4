"""The vector algebra: element-wise expressions, operators, and how they print.

A vector expression is an ordinary SymPy expression in which every symbol stands for
a vector and every operation acts component by component. Only `MatVec(A, v)` mixes
components. An operator is a SymPy matrix expression with `Diag(...)` in it.
"""
