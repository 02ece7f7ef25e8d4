"""The linearisation of a cell and what is read from it: Jacobians and the adjoint."""
