"""What to type in place of a name that is not there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from symgate.errors import did_you_mean

#: What people type who know other libraries, and what stands in symgate for it.
SYMGATE = {
    "draw": "sg.diagram(cell)",
    "from_torch": "sg.model(module)",
    "grad": "sg.gradients(run, loss)",
    "inspect": "sg.model(file), or `symgate inspect FILE` in a terminal",
    "load_model": "sg.model(file)",
    "plot": "sg.decay(cell).plot(), or sg.plots.decay_curves([…]) for several",
    "run": "sg.simulate(cell, params, x)",
    "show": "sg.cell(name), which a notebook shows, or `symgate show CELL` in a terminal",
}

_VERBS = (
    *("compare", "decay", "derive", "diagram", "explore", "init", "jacobian", "latex"),
    *("lyapunov", "memory", "simulate", "stack", "sweep"),
)

#: The same for the methods of a cell, and of a run.
CELL = {verb: f"sg.{verb}(cell)" for verb in _VERBS} | {
    "draw": "sg.diagram(cell)",
    "forward": "sg.simulate(cell, params, x)",
    "n_params": "cell.parameter_count(hidden=…, input=…)",
    "params": "cell.parameters for their shapes, sg.init(cell) for values",
    "show": "sg.latex(cell) or print(cell); `symgate show CELL` in a terminal",
    "plot": "sg.decay(cell).plot(), or sg.diagram(cell)",
}
DECAY = {
    "df": "d.to_frame()",
    "halflife": "d.half_life",
    "iloc": "d.to_frame().iloc[…]",
    "mean": "d.log10_norm.mean(axis=1), or d.median",
    "rate_interval": "d.fit.interval",
    "savefig": "d.plot() and plt.savefig(path), or d.save(path)",
    "show": "d.plot()",
    "to_numpy": "d.log10_norm, or np.asarray(d)",
    "to_pandas": "d.to_frame()",
}
RUN = {verb: f"sg.{verb}(run)" for verb in ("decay", "lag_norms", "lyapunov", "tangent")} | {
    "gates": "run.cell.gates for their names, run[name] for their values",
    "gradients": "sg.gradients(run, loss)",
    "inputs": "run.cell.inputs for their names, run[name] for their values",
    "states": "run.cell.states for their names, run[name] for their values",
    "plot": "sg.decay(run).plot(), or plt.plot(run[name]) for a state or a gate",
}
NETWORK = {
    "forward": "net.simulate(x)",
    "parameters": "layer.params of each layer in net.layers",
    "plot": "sg.decay(net.simulate(x)).plot()",
    "predict": "net.simulate(x)",
    "state_dict": "layer.params of each layer in net.layers",
    "weights": "layer.params of each layer in net.layers",
} | {verb: f"sg.{verb}(net.simulate(x))" for verb in ("decay", "lyapunov")}


LAYER = {"cell_type": "layer.cell", "hidden_size": "layer.hidden", "input_size": "layer.input"}
LAYER |= dict.fromkeys(("weights", "state_dict", "parameters", "get_weights"), "layer.params")

_SAVED = "sg.diagram(cell).save(path, {0}=…)"

#: The same for an argument that a function lacks, or that a call left out.
ARGUMENTS = {
    ("cell", "hidden"): "a cell has no sizes: give them to sg.init or sg.decay",
    ("diagram", "notation"): "a diagram shows the names of the equations",
    ("exercises", "n"): "take count=…",
    ("gradients", "loss"): "it is ∂L/∂h at every step, as np.ones_like(run['h'])",
    ("latex", "mode"): "it returns the formula alone; put $…$ around it",
    ("parameter_count", ""): "sizes go by name, as in parameter_count(hidden=…, input=…)",
    ("save", "format"): "the ending of the path says the format, as in save('a.svg')",
} | {("diagram", name): f"take {_SAVED.format(name)}" for name in ("dpi", "font_size", "width")}


def absent(what: str, name: str, instead: Mapping[str, str], known: Iterable[str]) -> str:
    """That something has no attribute of this name, and what to take.

    >>> absent("a cell", "latex", CELL, ())
    "a cell has no attribute 'latex'; take sg.latex(cell)"
    >>> absent("a cell", "gatse", CELL, ["gates"])
    "a cell has no attribute 'gatse'; did you mean 'gates'?"
    """
    if name.startswith("_"):
        mend = ""
    else:
        mend = f"; take {instead[name]}" if name in instead else did_you_mean(name, known)
    return f"{what} has no attribute {name!r}{mend}"
