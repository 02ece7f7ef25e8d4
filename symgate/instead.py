"""What to type in place of a name that is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from sys import modules
from types import ModuleType
from typing import Any, TypeVar

from symgate.errors import brief, did_you_mean

Class = TypeVar("Class", bound=type)

#: What people type who know other libraries, and what stands in symgate for it.
SYMGATE = {
    "bounds": "sg.decay(cell).bounds",
    "draw": "sg.diagram(cell)",
    "from_torch": "sg.model(module)",
    "grad": "sg.gradients(run, loss)",
    "inspect": "sg.model(file), or `symgate inspect FILE` in a terminal",
    "load_model": "sg.model(file)",
    "plot": "sg.decay(cell).plot(), or sg.plots.decay_curves([…]) for several",
    "run": "sg.simulate(cell, params, x)",
    "show": "sg.cell(name), which a notebook shows, or `symgate show CELL` in a terminal",
} | dict.fromkeys(("available", "cells", "list_cells", "models", "names"), "list(sg.zoo)")

_VERBS = (
    *("compare", "decay", "derive", "diagram", "explore", "init", "jacobian", "latex"),
    *("lyapunov", "memory", "simulate", "stack", "sweep"),
)

#: The same for the methods of what was read, of a cell, and of a run.
READINGS = {"cell": "readings[0].cell"}
CELL = {verb: f"sg.{verb}(cell)" for verb in _VERBS} | {
    "draw": "sg.diagram(cell)",
    "forward": "sg.simulate(cell, params, x)",
    "n_params": "cell.parameter_count(hidden=…, input=…)",
    "source": "sg.zoo.to_frame(), which says where each was published",
    "params": "cell.parameters for their shapes, sg.init(cell) for values",
    "show": "sg.latex(cell) or print(cell); `symgate show CELL` in a terminal",
    "plot": "sg.decay(cell).plot(), or sg.diagram(cell)",
}
DECAY = {
    **dict.fromkeys(("df", "to_pandas"), "d.to_frame()"),
    "halflife": "d.half_life",
    "cells": "d.cell for its name, d.run.cell for the cell",
    "iloc": "d.to_frame().iloc[…]",
    "mean": "d.log10_norm.mean(axis=1), or d.median",
    "rate_interval": "d.fit.interval",
    "quantile": "np.quantile(d.log10_norm, q, axis=1), or d.band",
    "samples": "d.log10_norm.shape[1], or d.setting for what was drawn",
    "to_numpy": "d.log10_norm, or np.asarray(d)",
}
RUN = (
    {verb: f"sg.{verb}(run)" for verb in ("decay", "lag_norms", "lyapunov", "tangent")}
    | {
        "gates": "run.cell.gates for their names, run[name] for their values",
        "gradients": "sg.gradients(run, loss)",
        "inputs": "run.cell.inputs for their names, run[name] for their values",
        "states": "run.cell.states for their names, run[name] for their values",
        "plot": "sg.decay(run).plot(), or plt.plot(run[name]) for a state or a gate",
    }
    | {name: f"sg.decay(run).{name}" for name in ("half_life", "log10_norm", "rate")}
)
NETWORK = {
    "forward": "net.simulate(x)",
    "parameters": "layer.params of each layer in net.layers",
    "plot": "sg.decay(net.simulate(x)).plot()",
    "predict": "net.simulate(x)",
    "run": "net.simulate(x)",
    "state_dict": "layer.params of each layer in net.layers",
    "weights": "layer.params of each layer in net.layers",
} | {verb: f"sg.{verb}(net.simulate(x))" for verb in ("decay", "lyapunov")}


LAYER = {verb: f"sg.{verb}(layer.simulate(x))" for verb in ("decay", "lyapunov")}
LAYER |= {"cell_type": "layer.cell", "hidden_size": "layer.hidden", "input_size": "layer.input"}
LAYER |= dict.fromkeys(("weights", "state_dict", "parameters", "get_weights"), "layer.params")

_SAVED = "sg.diagram(cell).save(path, {0}=…)"

#: The same for an argument that a function lacks, or that a call left out.
ARGUMENTS = {
    ("mean_field", "sigma_b"): "b is the bias itself: take bias={gate: …}",
    ("mean_field", "sigma_w"): "take gain=…, which is σ_w of the recurrent matrices",
    ("latex", "layout"): "take .T of the formula, or derive(cell, layout='transposed')",
    ("derive", "language"): "what is written is in English",
    (
        "diagram",
        "title",
    ): "a caption stands where the picture does: derive(cell).save(path, title=…)",
    ("lyapunov", "exponents"): "take count=…",
    ("cell", "hidden"): "a cell has no sizes: give them to sg.init or sg.decay",
    ("diagram", "notation"): "a diagram shows the names of the equations",
    ("exercises", "n"): "take count=…",
    ("gradients", "loss"): "it is ∂L/∂h at every step, as np.ones_like(run['h'])",
    ("latex", "mode"): "it returns the formula alone; put $…$ around it",
    ("parameter_count", ""): "sizes go by name, as in parameter_count(hidden=…, input=…)",
    ("save", "format"): "the ending of the path says the format, as in save('a.svg')",
} | {("diagram", name): f"take {_SAVED.format(name)}" for name in ("dpi", "font_size", "width")}


#: What people type of any result: the method that it must have, and what to take.
_COMMON = {
    **dict.fromkeys(("dataframe", "df", "frame", "to_pandas"), ("to_frame", ".to_frame()")),
    **dict.fromkeys(("export", "pdf", "to_pdf", "write"), ("save", ".save('name.pdf')")),
    **dict.fromkeys(("json", "to_json"), ("to_dict", ".to_dict() and json.dump")),
    **dict.fromkeys(("draw", "figure", "hist", "show"), ("plot", ".plot()")),
    "savefig": ("plot", ".plot() and plt.savefig(path)"),
    "summary": ("__repr__", "its repr: print it"),
    "table": ("to_dict", ".to_dict(), or print it"),
    "to_html": ("html", ".html()"),
    "to_latex": ("latex", ".latex()"),
    "to_markdown": ("markdown", ".markdown()"),
}

#: Commands and options that people type, and what to type in their place.
COMMANDS = {
    **{name: f"symgate derive CELL --{name}" for name in ("handout", "slides")},
    "latex": "symgate show CELL --latex",
    **dict.fromkeys(("draw", "picture"), "symgate diagram CELL -o cell.svg"),
    **dict.fromkeys(("list", "ls", "zoo"), "symgate cells"),
    **dict.fromkeys(
        ("growth", "mean-field"), "python -c 'import symgate as sg; print(sg.mean_field(\"rnn\"))'"
    ),
    **dict.fromkeys(("cell", "equations"), "symgate show CELL"),
    **dict.fromkeys(("curve", "measure", "plot"), "symgate decay CELL -o decay.svg"),
    **dict.fromkeys(("load", "model", "open"), "symgate inspect FILE"),
    **dict.fromkeys(("print", "view"), "symgate show CELL"),
}
OPTIONS = {
    **dict.fromkeys(("--beamer", "--presentation"), "--slides"),
    **{f"--{end}": f"-o NAME.{end}" for end in ("csv", "html", "pdf", "png", "svg", "tex", "tikz")},
    **dict.fromkeys(("--lang", "--language"), "what is written as it is: it is in English"),
    **dict.fromkeys(("--out", "--outfile", "--save-to"), "-o FILE"),
    **dict.fromkeys(("--figsize", "--size"), "--width INCHES"),
    **dict.fromkeys(("--fontsize", "--fs"), "--font-size POINTS"),
    **dict.fromkeys(("--theme", "--color", "--style"), "-o with .tex or .svg, and change that"),
    **dict.fromkeys(("--units", "--hidden-size", "--n"), "--hidden N"),
    **dict.fromkeys(("--steps", "--max-lag", "--k", "--T"), "--lags K, or --lag K of a derivation"),
}


def tells(what: str, instead: Mapping[str, str] = {}) -> Callable[[Class], Class]:
    """Let a class of results say what to type in place of an attribute that it lacks.

    >>> @tells("a curve", {"mean": "d.median"})
    ... class Curve:
    ...     def plot(self) -> None: ...
    >>> Curve().hist
    Traceback (most recent call last):
        ...
    AttributeError: a curve has no attribute 'hist'; take .plot()
    """

    def over(own: Class) -> Class:
        known = [*dir(own), *getattr(own, "__dataclass_fields__", ())]
        mends = dict.fromkeys(("print", "show"), "print(…), or its name alone in a notebook")
        mends |= {name: mend for name, (must, mend) in _COMMON.items() if must in known}

        def missing(self: Any, name: str) -> Any:
            raise AttributeError(absent(what, name, mends | dict(instead), known))

        setattr(own, "__getattr__", missing)  # noqa: B010  # else all attributes pass for known
        return signs(what)(own)

    return over


#: What is said of a result under a sign of Python that it has no meaning for.
_SIGNS = {
    "__call__": "is not called: take one of its methods",
    "__getitem__": "is not indexed: take {part}",
    "__len__": "has no length",
}


def signs(what: str, part: str = "one of its attributes") -> Callable[[Class], Class]:
    """Let a class say what it is where a sign of Python has no meaning for it.

    >>> @signs("a curve")
    ... class Curve: ...
    >>> Curve()[0]
    Traceback (most recent call last):
        ...
    TypeError: a curve is not indexed: take one of its attributes
    """

    def over(own: Class) -> Class:
        def refusal(said: str) -> Callable[..., Any]:
            def refuse(self: Any, *_: Any, **__: Any) -> Any:
                raise TypeError(f"{what} {said.format(part=part)}")

            return refuse

        if not hasattr(own, "__bool__") and not hasattr(own, "__len__"):
            setattr(own, "__bool__", lambda self: True)  # noqa: B010
        for sign, said in _SIGNS.items():
            if sign not in dir(own):
                setattr(own, sign, refusal(said))
        return own

    return over


def not_called(room: str, mend: str) -> None:
    """Let a module that passes for a function say what to type."""

    class Room(ModuleType):
        def __call__(self, *_: object, **__: object) -> None:
            raise TypeError(f"{room} is a module; take {mend}")

    modules[room].__class__ = Room


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
        public = [each for each in known if not each.startswith("_")]
        mend = f"; take {instead[name]}" if name in instead else did_you_mean(name, public)
    return brief(f"{what} has no attribute {name!r}{mend}")
