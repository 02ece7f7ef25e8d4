"""Pictures of the decay, drawn with Matplotlib's objects: nothing global is changed.

Each function takes `ax=` or makes a figure of its own, and returns the Axes. `save` writes
SVG, PNG or PDF, with the same bytes for the same numbers; `sized` sets their width and the size
of their letters; `svg` gives the text of an SVG that stands inside a page, in its light or its
dark colours.
"""

from symgate.plots.curves import decay_curves, memory_curves
from symgate.plots.gates import gate_histograms
from symgate.plots.heat import lag_time_map, sweep_map
from symgate.plots.paths import path_curves
from symgate.plots.spectrum import singular_value_curves
from symgate.plots.style import save, sized, svg

__all__ = [
    "decay_curves",
    "gate_histograms",
    "lag_time_map",
    "memory_curves",
    "path_curves",
    "save",
    "singular_value_curves",
    "sized",
    "svg",
    "sweep_map",
]
