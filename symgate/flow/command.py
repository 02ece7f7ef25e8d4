"""The command that makes a result again."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from symgate.flow.curve import Setting


def command(setting: Setting, of: str, wrt: str, lags: int, norm: str) -> str:
    """The command line of a measurement; for a run that was given, the call."""
    if setting.scheme is None:
        return f"sg.decay(run, {of!r}, {wrt!r}, lags={lags}, norm={norm!r})"
    sizes = dict(setting.sizes)
    words = ["symgate", "decay", setting.cell, "--of", of, "--wrt", wrt]
    words += ["--hidden", str(sizes.pop("n", 0))]
    if "m" in sizes:
        words += ["--input", str(sizes.pop("m"))]
    words += [f"--lags={lags}", f"--steps={setting.steps}", f"--samples={setting.sequences}"]
    words += [f"--scheme={setting.scheme}", f"--seed={setting.seed}"]
    if setting.gain != 1:
        words.append(f"--gain={setting.gain:g}")
    words += [f"--bias={gate}={value:g}" for gate, value in setting.bias.items()]
    if setting.t_max is not None:
        words.append(f"--t-max={setting.t_max:g}")
    if setting.positions != (setting.steps - 1,):
        words += [f"--at={','.join(map(str, setting.positions))}"]
    words.append(f"--norm={norm}")
    return shlex.join(words)
