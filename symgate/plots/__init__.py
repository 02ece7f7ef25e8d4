"""Pictures of the decay, drawn with Matplotlib's objects: nothing global is changed.

Each function takes `ax=` or makes a figure of its own, and returns the Axes. `save` writes
SVG, PNG or PDF, with the same bytes for the same numbers; `sized` sets their width and the size
of their letters; `svg` gives the text of an SVG that stands inside a page, in its light or its
dark colours.
"""

from symgate.plots.curves import decay_curves, memory_curves
from symgate.plots.gates import gate_histograms
from symgate.plots.heat import lag_time_map, sweep_map, sweep_on
from symgate.plots.lines import curve, memory
from symgate.plots.networks import norms, reach_curve, watch_curves
from symgate.plots.paths import path_curves
from symgate.plots.spectrum import singular_value_curves
from symgate.plots.style import save, sized, svg
from symgate.plots.theory import growth_on, spectrum_on

__all__ = [
    "curve",
    "decay_curves",
    "gate_histograms",
    "growth_on",
    "lag_time_map",
    "memory",
    "memory_curves",
    "norms",
    "path_curves",
    "reach_curve",
    "save",
    "singular_value_curves",
    "sized",
    "spectrum_on",
    "svg",
    "sweep_map",
    "sweep_on",
    "watch_curves",
]
