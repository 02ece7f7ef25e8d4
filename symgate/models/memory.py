"""Networks that are in memory: modules of PyTorch, models of Keras, trees of Flax, mappings.

No framework is imported here: what a thing is, its class says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from symgate.errors import SymgateError
from symgate.models.keras_config import RECURRENT, chains_of, facts_of, unread
from symgate.stored.arrays import Contents, in_memory, wide


def _family(source: Any) -> set[str]:
    """The packages that a thing's classes come from."""
    return {kind.__module__.split(".")[0] for kind in type(source).__mro__}


def contents(source: Any) -> Contents:
    """What a module, a model or a mapping holds."""
    family = _family(source)
    if "torch" in family and hasattr(source, "named_modules"):
        return _of_torch(source)
    if family & {"keras", "tf_keras"} and hasattr(source, "weights"):
        return _of_keras(source)
    if "flax" in family and not isinstance(source, Mapping):
        if hasattr(source, "apply") and hasattr(source, "init"):
            raise SymgateError(
                f"a module of Flax's linen, as {type(source).__name__} is, holds no weights; give "
                f"the variables that its init gave, or the trained ones"
            )
        return _of_nnx(source)
    if "equinox" in family:
        return _of_equinox(source)
    if isinstance(source, Mapping):
        tree = {n: in_memory(wide(n, a)) for n, a in _flat(source)}
        if not tree:
            raise SymgateError("the mapping holds no arrays")
        return Contents("a mapping of arrays", tree)
    if hasattr(source, "SerializeToString"):
        raise SymgateError("an ONNX model is read from its file; give the path")
    raise SymgateError(
        f"a network is a file, a module of PyTorch, a layer or model of Keras, a tree of Flax or "
        f"a mapping of arrays, not {type(source).__name__}"
    )


def _flat(tree: Any, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """The arrays of nested mappings by name, with points between."""
    if depth > 30:
        raise SymgateError("mappings are nested more than 30 deep")
    for name, value in tree.items():
        text = ".".join(map(str, name)) if isinstance(name, tuple) else str(name)
        path = f"{prefix}{text}".replace("/", ".").removesuffix(":0").removesuffix(".value")
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}.", depth + 1)
        elif isinstance(value, list | tuple) and any(isinstance(v, Mapping) for v in value):
            parts = {k: v for k, v in enumerate(value) if isinstance(v, Mapping)}
            yield from _flat(parts, f"{path}.", depth + 1)
        elif hasattr(value, "shape") or (isinstance(value, list) and _numbers(value)):
            yield path, value


def _numbers(value: Any) -> bool:
    """Whether nested lists hold numbers, and not words or settings."""
    if isinstance(value, list):
        return bool(value) and all(_numbers(v) for v in value)
    return isinstance(value, int | float)


def _of_torch(module: Any) -> Contents:
    facts: dict[str, dict[str, Any]] = {}
    batch_first: list[bool] = []
    for name, inner in module.named_modules():
        kind = type(inner).__name__
        if "parametrizations" in dict(inner.named_children()):
            raise SymgateError(
                f"{name or kind} is parametrised (weight_norm, spectral_norm, …); remove it first "
                f"with torch.nn.utils.parametrize.remove_parametrizations"
            )
        if hasattr(inner, "weight_hh_l0") or hasattr(inner, "weight_hh"):
            notes = (*_own_class(inner), *_calls(module, name))
            said: dict[str, Any] = {"torch": kind, "notes": notes}
            if getattr(inner, "nonlinearity", "tanh") == "relu":
                said["candidate"] = "relu"
            facts[name] = said
            if hasattr(inner, "batch_first"):
                batch_first.append(bool(inner.batch_first))
    arrays = {
        n: in_memory(wide(n, a)) for n, a in module.state_dict().items() if hasattr(a, "shape")
    }
    agreed = batch_first[0] if len(set(batch_first)) == 1 else None
    return Contents(
        f"the module {type(module).__name__}",
        arrays,
        facts,
        batch_first=agreed,
        inside=tuple(sorted({type(m).__name__ for m in module.modules()})),
    )


def _calls(module: Any, name: str) -> tuple[str, ...]:
    """That the code around a layer is not read, where it is a user's own."""
    if not name or type(module).forward.__module__.split(".")[0] == "torch":
        return ()
    return (
        f"{type(module).__name__}.forward is not read: the layer is taken to be called once, on "
        f"the data that you give",
    )


def _own_class(layer: Any) -> tuple[str, ...]:
    """That a layer is of a class of the user's, if it is: its weights only look like PyTorch's."""
    kind = getattr(layer, "original_name", type(layer).__name__)
    scripted = hasattr(layer, "original_name")
    forward = "torch" if scripted else type(layer).forward.__module__
    if re.fullmatch("(RNN|GRU|LSTM)(Cell)?", kind) and forward.split(".")[0] == "torch":
        hooks = ("_forward_hooks", "_forward_pre_hooks")
        hooked = any(getattr(layer, name, ()) for name in hooks)
        return ("it has forward hooks: what they do is not read",) if hooked else ()
    return (
        f"{kind} is no layer of PyTorch's own: it is taken for the one that has such weights; "
        f"sg.trace(module) reads what a cell computes",
    )


def _of_keras(source: Any) -> Contents:
    import sys

    keras = next(sys.modules[m] for m in ("keras", "tf_keras") if m in sys.modules)
    version = str(getattr(keras, "__version__", "3"))
    arrays = {}
    for name, layer in _keras_layers(source, ""):
        for direction, core in _directions(layer):
            roles = ("kernel", "recurrent_kernel", "bias")
            cell = getattr(core, "cell", core)
            for role in roles:
                value = getattr(cell, role, None)
                if value is not None:
                    key = ".".join(filter(None, (name, direction, role)))
                    arrays[key] = in_memory(wide(key, value))
    config = _config(source)
    return Contents(
        f"the {type(source).__name__} {source.name}",
        arrays,
        facts_of(config, version),
        chains=chains_of(config),
        notes=unread(config),
        batch_first=True,
        inside=tuple(sorted({type(layer).__name__ for _, layer in _keras_layers(source, "")})),
    )


def _config(source: Any) -> dict[str, Any]:
    """The configuration in the form that files have: class_name, config, inbound_nodes."""
    if hasattr(source, "layers") and hasattr(source, "get_config"):
        return {"class_name": type(source).__name__, "config": source.get_config()}
    config = {"class_name": type(source).__name__, "config": dict(source.get_config())}
    return {"class_name": "Sequential", "config": {"layers": [config]}}


def _keras_layers(source: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for layer in getattr(source, "layers", [source]):
        if hasattr(layer, "layers"):
            yield from _keras_layers(layer, f"{prefix}{layer.name}.")
        else:
            yield f"{prefix}{layer.name}", layer


def _directions(layer: Any) -> Iterator[tuple[str, Any]]:
    if hasattr(layer, "forward_layer"):
        yield "forward", layer.forward_layer
        yield "backward", layer.backward_layer
    elif type(layer).__name__ in (*RECURRENT, "RNN"):
        yield "", layer


def _of_equinox(module: Any) -> Contents:
    arrays, facts = {}, {}
    for path, part in _parts(module, ()):
        name = ".".join(path)
        if hasattr(part, "shape"):
            arrays[name] = in_memory(wide(name, part))
        elif type(part).__module__.startswith("equinox.nn"):
            facts[name] = {"equinox": type(part).__name__}
    return Contents(f"the module {type(module).__name__}", arrays, facts)


def _parts(whole: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """A module of Equinox and everything that its fields hold, by its path."""
    yield path, whole
    parts: Mapping[Any, Any] = {}
    if _family(whole) & {"equinox"}:
        parts = {
            k: v for k, v in vars(whole).items() if not callable(v) or _family(v) & {"equinox"}
        }
    elif isinstance(whole, Mapping):
        parts = whole
    elif isinstance(whole, list | tuple):
        parts = dict(enumerate(whole))
    for name, part in parts.items() if len(path) < 20 else ():
        yield from _parts(part, (*path, str(name)))


def _of_nnx(module: Any) -> Contents:
    import sys

    nnx = sys.modules["flax.nnx"]
    state = nnx.state(module, nnx.Param)
    flat = {".".join(map(str, path)): leaf for path, leaf in nnx.to_flat_state(state)}
    arrays = {}
    for name, leaf in flat.items():
        value = leaf.get_value() if hasattr(leaf, "get_value") else getattr(leaf, "value", leaf)
        arrays[name] = in_memory(wide(name, value))
    said = [v for _, v in nnx.iter_graph(module) if hasattr(v, "time_major")]
    major = {bool(v.time_major) for v in said if type(v).__name__ == "RNN"}
    return Contents(
        f"the module {type(module).__name__}",
        arrays,
        {
            ".".join(map(str, path)): _facts_of_nnx(module, path, cell)
            for path, cell in nnx.iter_graph(module)
            if hasattr(cell, "initialize_carry") and hasattr(cell, "activation_fn")
        },
        batch_first=None if len(major) != 1 else not major.pop(),
    )


def _facts_of_nnx(module: Any, path: tuple[Any, ...], cell: Any) -> dict[str, Any]:
    """What a cell of nnx says, and the nnx.RNN and nnx.Bidirectional around it."""
    name = ".".join(map(str, path)) or type(cell).__name__
    if getattr(cell, "residual", False):
        raise SymgateError(f"{name} adds its state to its pre-activation (residual); not read")
    found: dict[str, Any] = {"flax": True}
    if type(cell).__module__.split(".")[0] != "flax":
        found["notes"] = (
            f"{type(cell).__name__} is no cell of Flax's own: it is taken for the one that has "
            f"such weights",
        )
    for roles, given in (("gates", "gate_fn"), ("candidate output", "activation_fn")):
        if (function := getattr(cell, given, None)) is None:
            continue
        said = str(getattr(function, "__name__", function)).replace("soft_sign", "softsign")
        if said == "gelu":
            raise SymgateError(f"{name} has Flax's approximate gelu; no cell here has")
        found |= dict.fromkeys(roles.split(), said)
    around = [module]
    for part in path:
        whole = around[-1]
        by_place = isinstance(whole, Mapping | list) or not isinstance(part, str)
        around.append(whole[part] if by_place else getattr(whole, part))
    for place, outer in enumerate(around[:-1]):
        if type(outer).__name__ == "Bidirectional":
            merge = getattr(outer.merge_fn, "__name__", "a function")
            if merge != "_concatenate":
                raise SymgateError(f"{name}: its directions are merged by {merge}; not read")
            found["group"] = ".".join(map(str, path[:place]))
            found["reverse"] = path[place] == "backward_rnn"
        elif type(outer).__name__ == "RNN" and outer.reverse:
            found["reverse"], found["backwards"] = True, not outer.keep_order
    return found
