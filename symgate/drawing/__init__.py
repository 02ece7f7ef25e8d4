"""Diagrams of cells, drawn from their equations: graph, layers, lanes, scene, writers."""
