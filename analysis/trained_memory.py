"""What does a trained network remember, and how often should its state be reset?

    python -m analysis.trained_memory adding                     trains a small LSTM (PyTorch)
    python -m analysis.trained_memory silero silero_vad_16k_sequence.onnx [--sound a.wav]

`adding` trains an LSTM on the adding task (add the two marked numbers of a long sequence) and
watches the curve of ∂c_t/∂c_{t-k} open epoch by epoch. `silero` takes the voice detector of the
package silero-vad (`pip download --no-deps silero-vad`, open as a zip), runs it on a sound, or
on white noise, and says how long its memory is in seconds.
"""

from __future__ import annotations

import argparse
import math
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import symgate as sg

#: Samples of sound that the voice detector reads in a step: the step, and what it keeps before.
STEP, CONTEXT, RATE = 512, 64, 16_000


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    tasks = parser.add_subparsers(dest="task", required=True)
    adding = tasks.add_parser("adding")
    adding.add_argument("--hidden", type=int, default=32)
    adding.add_argument("--steps", type=int, default=50)
    adding.add_argument("--epochs", type=int, default=40)
    adding.add_argument("--output", type=Path, default=Path("reports/adding.svg"))
    silero = tasks.add_parser("silero")
    silero.add_argument("file", type=Path)
    silero.add_argument("--sound", type=Path, help="16 kHz, mono, 16 bits")
    silero.add_argument("--lags", type=int, default=400)
    options = parser.parse_args(argv)
    print(_adding(options) if options.task == "adding" else _silero(options))
    return 0


def _adding(options: Any) -> str:
    """Train, watch, and say what changed."""
    import torch

    torch.manual_seed(0)
    torch.set_num_threads(1)  # small products one after the other
    rng = np.random.default_rng(0)
    lstm = torch.nn.LSTM(2, options.hidden, batch_first=True)
    readout = torch.nn.Linear(options.hidden, 1)
    weights = [*lstm.parameters(), *readout.parameters()]
    optimiser = torch.optim.Adam(weights, lr=5e-3)
    probe, _ = _sums(rng, 8, options.steps)
    losses = []
    with sg.watch(lstm, torch.from_numpy(probe), lags=options.steps - 1) as watch:
        watch.epoch()
        for _ in range(options.epochs):
            total = 0.0
            for _ in range(40):
                x, y = map(torch.from_numpy, _sums(rng, 32, options.steps))
                loss = torch.mean((readout(lstm(x)[0][:, -1])[:, 0] - y) ** 2)
                optimiser.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(weights, 1.0)
                optimiser.step()
                total += loss.item() / 40
            losses.append(total)
            watch.epoch()
    options.output.parent.mkdir(exist_ok=True)
    sg.plots.save(watch.plot(), options.output)
    curve = watch.curve()
    run = sg.model(lstm).simulate(probe)
    d = sg.decay(run, "c", "c")
    return (
        f"The loss fell from {losses[0]:.3f} to {losses[-1]:.4f}. At lag {watch.lags[-1]} the "
        f"norm of ∂h_t/∂h_{{t-k}} was 10^{curve[0, -1]:.1f} before training and is "
        f"10^{curve[-1, -1]:.1f} now; ∂c_t/∂c_{{t-k}} is above 1/e of its start up to lag "
        f"{d.reaches}. {options.output} shows every epoch."
    )


def _sums(rng: np.random.Generator, samples: int, steps: int) -> tuple[Any, Any]:
    """Sequences of numbers in (0, 1), two of them marked, and the sum of the marked ones."""
    x = np.zeros((samples, steps, 2), np.float32)
    x[:, :, 0] = rng.uniform(size=(samples, steps))
    first = rng.integers(0, steps // 2, samples)
    second = rng.integers(steps // 2, steps, samples)
    rows = np.arange(samples)
    x[rows, first, 1] = x[rows, second, 1] = 1
    return x, x[rows, first, 0] + x[rows, second, 0]


def _silero(options: Any) -> str:
    """Run the voice detector's LSTM on what its own encoder makes of a sound."""
    net = sg.model(options.file)
    layer = net.layers[0]
    x, y = _heard(options.file, _sound(options.sound))
    check = layer.check(x, y)
    run = layer.simulate(x)
    assert isinstance(run, sg.Run)
    lags = min(options.lags, run.steps - 1)
    d = sg.decay(run, "h", "c", lags=lags, norm="frobenius")
    largest = float(sg.lyapunov(run, count=1).largest)
    forget = run["f"].mean(axis=0)
    seconds = STEP / RATE
    half = f"{d.half_life * seconds:.1f} s" if math.isfinite(d.half_life) else "longer than that"
    return (
        f"{check}\n"
        f"Over {run.steps * seconds:.0f} s of {options.sound or 'white noise'} "
        f"({seconds * 1000:.0f} ms a step): ∂h/∂c is above 1/e of its start for "
        f"{d.reaches * seconds:.1f} s of {lags * seconds:.1f} s measured, and its half-life is "
        f"{half}. {(forget > 0.95).sum()} of {len(forget)} forget gates have a mean above 0.95. "
        f"The largest Lyapunov exponent is {largest:+.4f} nats a step: an old state is "
        f"{'forgotten by itself' if largest < 0 else 'never quite forgotten'}. So what was heard "
        f"stays in the state for about {d.reaches * seconds:.0f} s: reset it where a new recording "
        f"begins; within one, each reset throws that much of the past away."
    )


def _sound(path: Path | None) -> Any:
    """The samples of a wav file, or half a minute of white noise."""
    if path is None:
        return 0.1 * np.random.default_rng(0).normal(size=30 * RATE)
    with wave.open(str(path)) as file:
        if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (RATE, 1, 2):
            raise SystemExit(f"{path} is not 16 kHz, mono, 16 bits")
        return np.frombuffer(file.readframes(file.getnframes()), np.int16) / 2**15


def _heard(path: Path, sound: Any) -> tuple[Any, Any]:
    """What the LSTM reads and gives out, taken from the model as it runs."""
    import onnx
    import onnxruntime

    model = onnx.load(path)
    node = next(n for n in model.graph.node if n.op_type == "LSTM")
    for name in (node.input[0], node.output[0]):
        model.graph.output.append(onnx.helper.make_tensor_value_info(name, 1, None))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    padded = np.concatenate([np.zeros(CONTEXT), sound]).astype(np.float32)
    count = len(sound) // STEP
    frames = np.stack([padded[k * STEP : k * STEP + STEP + CONTEXT] for k in range(count)])
    given = {i.name: i for i in session.get_inputs()}
    feed = {name: np.zeros([1, 1, 128], np.float32) for name in given if name in ("h", "c")}
    audio = next(name for name in given if name not in feed)
    shape = [len(frames), -1] if len(given[audio].shape) == 2 else [1, len(frames), -1]
    x, y = session.run([node.input[0], node.output[0]], {**feed, audio: frames.reshape(shape)})
    return np.asarray(x)[:, 0], np.asarray(y)[:, 0, 0]


if __name__ == "__main__":
    raise SystemExit(main())
