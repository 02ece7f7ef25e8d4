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
    "savefig": "d.plot() and plt.savefig(path), or d.save(path)",
    "show": "d.plot()",
    "to_numpy": "d.log10_norm, or np.asarray(d)",
    "to_pandas": "d.to_frame()",
}
RUN = {verb: f"sg.{verb}(run)" for verb in ("decay", "lag_norms", "lyapunov", "tangent")} | {
    "gates": "run.cell.gates for their names, run[name] for their values",
    "gradients": "sg.gradients(run, loss)",
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
