"""`watch`: how the gradient's curve moves while a network trains.

At each epoch one probe batch goes through the module, the recurrent layers' inputs are kept
(a reference, no copy), and the curve is measured on a grid of lags.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

import symgate
from symgate.asked import asked
from symgate.decaying.fields import fitting
from symgate.errors import SymgateError, UnknownName
from symgate.files import write_file
from symgate.models.model import model
from symgate.models.network import Network
from symgate.models.resting import resting
from symgate.models.running import BothWays
from symgate.numerics.arrays import as_array
from symgate.numerics.block import AskedBlock
from symgate.numerics.norms import NORMS
from symgate.numerics.product import block_norms
from symgate.numerics.run import Run
from symgate.stored import npz
from symgate.stored.archive import Archive

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[Any]

#: Sequences of the probe batch that are followed, and lags of the grid.
SEQUENCES, POINTS = 2, 24


class Watch:
    """What `sg.watch` returns: call `epoch()` after each epoch.

    `lags` is the grid, `epochs` the numbers of the epochs measured, `curve(label)` an array
    (epochs, lags) of log10 norms, the median over the probe's sequences; `labels` names the
    layers. `plot` draws one, `save` keeps all.
    """

    def __init__(self, module: Any, x: Any, lags: int, norm: str, batch_first: bool | None) -> None:
        self.module, self.x, self.norm, self.batch_first = module, x, norm, batch_first
        self.lags = grid(lags)
        self.epochs: list[int] = []
        self._curves: dict[str, list[Array]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __repr__(self) -> str:
        return f"<Watch of {', '.join(self.labels) or 'nothing yet'}: {len(self.epochs)} epochs>"

    @property
    def labels(self) -> tuple[str, ...]:
        """The layers that are watched, each with its state: "rnn: ∂h/∂h"."""
        return tuple(self._curves)

    def curve(self, label: str | None = None) -> Array:
        """(epochs, lags) of log10 norms of a layer; the first where none is named."""
        if label is None and self.labels:
            label = self.labels[0]
        if not self._curves:
            raise SymgateError("nothing was measured yet; call watch.epoch() after each epoch")
        if label not in self._curves:
            raise UnknownName("a curve named", str(label), self.labels)
        return np.stack(self._curves[label])

    def epoch(self, number: int | None = None) -> None:
        """Measure now; epochs count on from the last, or have the number given."""
        found = self._measured()
        if self._curves and found.keys() != self._curves.keys():
            raise SymgateError(
                f"the module has the layers {', '.join(found)}, and {', '.join(self._curves)} were "
                f"watched before"
            )
        for label, curve in found.items():
            self._curves.setdefault(label, []).append(curve)
        last = self.epochs[-1] + 1 if self.epochs else 0
        self.epochs.append(last if number is None else number)

    def rehearse(self) -> None:
        """Measure once and keep nothing: the cell is linearised and its step compiled now, and
        a probe that does not fit is refused now, not after an epoch."""
        self._measured()

    def _measured(self) -> dict[str, Array]:
        """The curve of each layer, now."""
        found = {}
        for label, run, state in self._runs():
            lags = self.lags[self.lags <= run.steps]
            asked = AskedBlock.of_run(run, state, state, int(lags[-1]), None, self.norm, lags)
            norms = block_norms(asked, [state])[state]
            curve = np.full(len(self.lags), np.nan)
            curve[: len(lags)] = np.median(norms.reshape(len(lags), -1), axis=1)
            found[label] = curve
        return found

    def _runs(self) -> Iterator[tuple[str, Run, str]]:
        """Each network inside the module, run on what the probe gives it."""
        net = model(self.module)
        fed = _fed(self.module, self.x)
        for group in net.groups:
            part = net.part(group)
            given = fed.get(group, fed.get(""))
            if given is None:
                continue
            made = part.simulate(_few(given, part, self.batch_first), batch_first=False)
            title = group or "network"
            if isinstance(made, BothWays):
                for layer in part.layers:
                    state = layer.cell.output
                    yield f"{layer.name}: ∂{state}/∂{state}", made.runs[layer.name], state
            elif isinstance(made, Run):
                depth = len(part.levels)
                names = [level[0].cell.output for level in part.levels]
                for k, name in enumerate(names, 1):
                    state = name if depth == 1 else f"{name}{k}"
                    yield f"{title}: ∂{state}/∂{state}", made, state

    def callback(self) -> Any:
        """A callback for Keras: model.fit(…, callbacks=[watch.callback()])."""
        watch = self
        base = import_module("keras").callbacks.Callback

        class Epochs(base):  # type: ignore[misc,valid-type]  # Keras may be missing
            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                watch.epoch(epoch)

        return Epochs()

    def plot(self, ax: Axes | None = None, label: str | None = None, **line: Any) -> Axes:
        """Draw the curve of a layer (the first where none is named) over the epochs, on `ax`
        or on pyplot's axes; other keywords go to the lines."""
        return symgate.plots.watch_curves(self, label or next(iter(self.labels), ""), ax, **line)

    def save(self, path: str | Path) -> Path:
        """Write all curves to a file that `sg.watch(…, resume=path)` goes on from."""
        about = {"symgate watch": 1, "labels": list(self.labels), "norm": self.norm}
        arrays = {f"curve/{k}": self.curve(label) for k, label in enumerate(self.labels)}
        arrays |= {"lags": self.lags, "epochs": np.array(self.epochs)}
        return write_file(path, npz.packed(about, arrays))

    def resumed(self, path: str | Path) -> Self:
        """This watch, with the epochs of a file before its own."""
        try:
            stored = npz.arrays(Archive(Path(path)))
            about = npz.about(stored)
            lags, epochs = stored["lags"].read(), stored["epochs"].read()
            labels = fitting(tuple[str, ...], about["labels"], "labels")
            norm = fitting(str, about["norm"], "norm")
            curves = [stored[f"curve/{k}"].read() for k in range(len(labels))]
            form = (len(epochs), len(lags))
            if epochs.dtype.kind != "i" or any(c.shape != form or c.dtype != float for c in curves):
                raise ValueError("curves that do not fit its epochs and lags")
        except (OSError, LookupError, ValueError, TypeError, RecursionError) as error:
            raise SymgateError(f"{path} holds no watch of symgate: {error}") from None
        if not np.array_equal(lags, self.lags) or norm != self.norm:
            raise SymgateError(
                f"{path} was measured at other lags or in another norm; watch with lags="
                f"{int(lags[-1])} and norm={norm!r}"
            )
        self.epochs = [int(e) for e in epochs]
        self._curves = {n: list(c) for n, c in zip(labels, curves, strict=True)}
        return self


@asked(x=None, norm=None)
def watch(
    module: Any,
    x: Any,
    lags: int = 100,
    *,
    norm: str = "frobenius",
    batch_first: bool | None = None,
    resume: str | Path | None = None,
) -> Watch:
    """Watch how the gradient of a module decays while it trains.

    `module` is a module of PyTorch or a model of Keras with recurrent layers inside, `x` one
    probe batch as the module takes it, `lags` how far back to look (on a grid). `norm` is
    "frobenius", or "spectral" as in `decay`, which takes three times as long. `batch_first` is
    for what the layers read, where their module does not say it. `resume` goes on from a file
    that `save` wrote.

        with sg.watch(net, probe, lags=100) as watch:
            for epoch in range(20):
                train(net)
                watch.epoch()
        watch.plot()
    """
    if not isinstance(norm, str) or norm not in NORMS:
        raise UnknownName("the norm", str(norm), NORMS)
    if not hasattr(module, "named_modules") and not hasattr(module, "weights"):
        raise SymgateError(
            f"watch takes a module of PyTorch or a model of Keras, not {type(module).__name__}"
        )
    made = Watch(module, x, lags, norm, batch_first)
    if getattr(module, "built", True):
        made.rehearse()
    return made if resume is None else made.resumed(resume)


def grid(lags: int) -> Array:
    """Lags from 0, dense at first, the last one in.

    >>> grid(100)[:6].tolist(), int(grid(100)[-1])
    ([0, 1, 2, 3, 4, 5], 100)
    """
    if not 1 <= lags <= 10**7:
        raise SymgateError(f"lags must be a whole number from 1 to 10000000, not {lags}")
    wide = np.unique(np.round(np.geomspace(1, lags, POINTS)).astype(int))
    return np.concatenate([[0], wide])


def _few(given: Any, part: Network, batch_first: bool | None) -> Array:
    """A few sequences of a batch, (T, B, m)."""
    array: Array = given
    first = part.batch_first if batch_first is None else batch_first
    if array.ndim == 3 and first:
        array = np.swapaxes(array, 0, 1)
    return array if array.ndim == 2 else array[:, :SEQUENCES]


def _fed(module: Any, x: Any) -> dict[str, Array]:
    """What each recurrent layer reads when the probe goes through the module, by its name."""
    if hasattr(module, "named_modules"):
        return {name: as_array(name, value) for name, value in _fed_torch(module, x).items()}
    keras = import_module("keras")
    layers = [
        layer
        for layer in getattr(module, "layers", [module])
        if hasattr(layer, "cell") or hasattr(layer, "forward_layer")
    ]
    given = module.inputs if len(module.inputs) > 1 else module.inputs[0]
    inner = keras.Model(given, [layer.input for layer in layers])
    found = inner(x)
    listed = found if isinstance(found, list | tuple) else [found]
    return {
        layer.name: as_array(layer.name, value) for layer, value in zip(layers, listed, strict=True)
    }


class _Enough(BaseException):
    """Ends a forward pass: all recurrent layers have been called."""


@contextmanager
def _hooked(module: Any, found: dict[str, Any]) -> Iterator[None]:
    """Hooks on the recurrent layers that keep what they are called with at first."""
    hooks: list[Any] = []

    def kept(name: str) -> Any:
        def hook(_: Any, args: Any, kwargs: Any) -> None:
            found.setdefault(name, args[0] if args else kwargs["input"])
            if len(found) == len(hooks):
                raise _Enough

        return hook

    for name, inner in module.named_modules():
        if hasattr(inner, "weight_hh_l0"):
            hooks.append(inner.register_forward_pre_hook(kept(name), with_kwargs=True))
    try:
        yield
    except _Enough:
        return
    finally:
        for hook in hooks:
            hook.remove()


def _fed_torch(module: Any, x: Any) -> dict[str, Any]:
    if hasattr(module, "weight_hh_l0"):  # the module reads x itself
        return {"": x}
    torch, found = import_module("torch"), dict[str, Any]()
    with torch.no_grad(), resting(module), _hooked(module, found):
        module(x)
    if not found:
        raise SymgateError(f"{type(module).__name__} calls no nn.RNN, nn.GRU or nn.LSTM on x")
    return found
