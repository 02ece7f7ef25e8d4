"""Trained networks: from a file or a module to cells with their weights."""
