"""Trained networks: from a file or a module to cells with their weights."""

from symgate.instead import not_called

not_called(__name__, "sg.model(file) for a trained network, list(sg.zoo) for the cells")
