"""`symgate inspect FILE`: what is in a trained network, and how its gradient decays."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from symgate.cli.options import one_thread, whole
from symgate.cli.saying import show, show_json, show_table

if TYPE_CHECKING:
    from symgate.models.checking import ReplayCheck
    from symgate.models.inspecting import Inspection
    from symgate.models.network import Layer, Network

EXAMPLES = ("symgate inspect model.onnx", "symgate inspect model.pt --data x.npy")


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="a file of a trained network, or FILE#layer")
    parser.add_argument("other", nargs="?", help="another file, to compare their weights")
    parser.add_argument("--layer", metavar="NAME", help="only this layer, or layers one above it")
    parser.add_argument("--data", metavar="X.npy", help="inputs, (steps, inputs) or with samples")
    parser.add_argument("--outputs", metavar="Y.npy", help="its outputs, to check the replay")
    parser.add_argument("--batch-first", action="store_true", help="data is (samples, steps, …)")
    parser.add_argument("--lags", type=whole, help="how many lags (as many as take seconds)")
    parser.add_argument(
        "--say",
        action="append",
        default=[],
        metavar="WHAT=VALUE",
        help="what the file does not say, as in order='i f o g' or nonlinearity=relu",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    one_thread()
    if arguments.outputs and not arguments.data:
        arguments.parser.error("--outputs needs --data, the inputs that they came from")
    from symgate.cli.networks import data, network
    from symgate.models.inspecting import inspected

    net = network(arguments.file, **_said(arguments)).part(arguments.layer)
    if arguments.other:
        return _compared(net, network(arguments.other), arguments)
    found: dict[str, Any] = {"network": net, "check": None, "inspection": None}
    first = True if arguments.batch_first else None
    if arguments.data:
        x = data(arguments.data)
        if arguments.outputs:
            found["check"] = net.check(x, data(arguments.outputs), batch_first=first)
        made = net.simulate(x, batch_first=first)
        assert not isinstance(made, list)
        found["inspection"] = inspected(made, arguments.lags)
    if arguments.json:
        show_json(_plain(**found))
    else:
        _show(**found)
    check: ReplayCheck | None = found["check"]
    return 0 if check is None or check.holds else 1


def _said(arguments: argparse.Namespace) -> dict[str, Any]:
    """What --say says: numbers, true and false as such, all else as words."""
    said: dict[str, Any] = {}
    for text in arguments.say:
        name, sign, value = text.partition("=")
        if not sign:
            arguments.parser.error(f"--say takes WHAT=VALUE, not {text!r}")
        words = {"true": True, "false": False}
        try:
            said[name] = words[value.lower()] if value.lower() in words else float(value)
        except ValueError:
            said[name] = value
    return {"batch_first": True, **said} if arguments.batch_first else said


def _compared(one: Network, other: Network, arguments: argparse.Namespace) -> int:
    pairs = one.same_weights(other)
    if arguments.json:
        show_json({"same_weights": [list(p) for p in pairs]})
    elif not pairs:
        show(f"no layer of {arguments.file} has the weights of one of {arguments.other}")
    else:
        for a, b in pairs:
            show(f"{a} and {b} hold the same weights")
    return 0 if pairs else 1


def _plain(
    network: Network, check: ReplayCheck | None, inspection: Inspection | None
) -> dict[str, Any]:
    return {
        **network.to_dict(),
        "check": None if check is None else check.to_dict(),
        **({} if inspection is None else inspection.to_dict()),
    }


def _show(network: Network, check: ReplayCheck | None, inspection: Inspection | None) -> None:
    print(f"{network.origin}, {network.origin.kind}\n")
    table = [("layer", "inputs", "units", "output", "precision")]
    read: dict[str, list[str]] = {}
    for layer in network.layers:
        sizes = (str(layer.input), str(layer.hidden), str(layer.output))
        table.append((layer.name, *sizes, layer.dtype))
        read.setdefault(str(layer.reading), []).append(layer.name)
    show_table(table)
    for reading, names in read.items():
        print(f"{'' if len(read) == 1 else ', '.join(names) + ' '}read as: {reading}")
    if backwards := ", ".join(layer.name for layer in network.layers if layer.reverse):
        print(f"from the last step to the first: {backwards}")
    for group in network.groups:
        levels: dict[int, list[Layer]] = {}
        for layer in network.layers:
            if layer.group == group:
                levels.setdefault(layer.depth, []).append(layer)
        shown = [" and ".join(layer.name for layer in level) for level in levels.values()]
        if len(levels) > 1:
            print(f"one above the other: {', '.join(shown)}")
        merged = {a.merge for level in levels.values() if len(level) > 1 for a in level}
        if merged:
            print(f"both directions are merged by {', '.join(sorted(merged))}")
    if network.assumed:
        print("\nassumed, for nothing in it says so:")
        print("\n".join(f"- {text}" for text in network.assumed))
    if check is not None:
        print(f"\n{check}")
    if inspection is not None:
        _measured(inspection)
    elif len(network.groups) == 1:
        print("\nsymgate: --data x.npy shows how its gradient decays", file=sys.stderr)


def _measured(found: Inspection) -> None:
    from symgate.cli.chart import chart
    from symgate.decaying.table import HEADER, rows

    if found.decays:
        print()
        print("\n".join(chart([(f"∂{d.of}/∂{d.wrt}", d.median) for d in found.decays])))
        reaches = ("1/e until", *(str(d.reaches) for d in found.decays))
        table = [
            (*row[1:6], row[7], until)  # one cell, and few data fall to 1e-6: 80 columns
            for row, until in zip((HEADER, *rows(found.decays)), reaches, strict=True)
        ]
        print()
        show_table(table)
        print(found.decays[0].setting.averaged_over)
    elif (seen := found.reach) is not None:
        at, curve = seen.at, seen.log10_norm
        ways = [(f"∂y_{at}/∂x_{at}-k", curve[at::-1]), (f"∂y_{at}/∂x_{at}+k", curve[at:])]
        print("\n" + "\n".join(chart(ways)))
        back, ahead = seen.spans()
        print(
            f"the output at step {at} sees {back} steps back and {ahead} ahead: there its gradient "
            f"is last above 1/e of its largest ({seen.norm}); sg.reach(net, x, at=t) for others"
        )
    if found.paths is not None:
        table = [("path of the whole state", "share per step")]
        for path, share in found.paths.largest():  # what the gates are, where 80 columns hold it
            table.append((path if len(path) <= 62 else path.partition(" (")[0], share))
        print()
        show_table(table)
    if found.exponents:
        shown = ", ".join(f"{v:+.4f}" for v in found.exponents)
        print(f"\nlargest Lyapunov exponents, nats a step: {shown}")
    if found.saturations:
        gates = [("gate", "units", "open (mean above 0.95)", "closed (mean below 0.05)")]
        gates += [(s.gate, str(s.units), str(s.open), str(s.closed)) for s in found.saturations]
        print()
        show_table(gates)
