"""The plot: time against lags and against n, ours and the floor's, with their slopes."""

from __future__ import annotations

from pathlib import Path


def plot(lines: list[dict], path: Path) -> None:
    """Time against lags and against n, ours and the floor's, with the slopes of the fits."""
    import matplotlib
    from matplotlib.figure import Figure

    lines = [line for line in lines if not line["slow"] and line["sequences"] == 1]
    figure = Figure(figsize=(10, 5), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, along, apart in ((left, "lags", "n"), (right, "n", "lags")):
        for place, value in enumerate(sorted({line[apart] for line in lines})):
            chosen = sorted((x for x in lines if x[apart] == value), key=lambda x: x[along])
            draw(axes, chosen, along, f"{apart} = {value}", place)
        axes.set_xlabel(along)
        values = sorted({line[along] for line in lines})
        axes.set_xticks(values, labels=list(map(str, values)))
        axes.minorticks_off()
        axes.grid(alpha=0.3, linewidth=0.5)
        axes.legend(
            fontsize=7.5,
            handlelength=1.2,
            columnspacing=1,
            frameon=False,
            ncol=2,
            loc="upper center",
            bbox_to_anchor=(0.5, -0.13),
            title="slopes of the log-log fits",
            title_fontsize=8,
        )
    left.set_ylabel("seconds (solid: symgate, dotted: products alone)")
    path.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context({"svg.hashsalt": "symgate", "svg.fonttype": "none"}):
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def draw(axes, lines: list[dict], along: str, label: str, place: int) -> None:
    """One curve of ours and one of the floor's, each with its slope in the legend."""
    import matplotlib
    import numpy as np

    colour = matplotlib.colormaps["viridis"](0.05 + 0.16 * place)
    x = [line[along] for line in lines]
    slopes = []
    for name, style in (("symgate", "o-"), ("floor", ":")):
        y = [line["figures"][name]["seconds"] for line in lines]
        if len(x) > 1:
            slopes.append(np.polyfit(np.log(x), np.log(y), 1)[0])
        axes.loglog(x, y, style, color=colour, markersize=3 + place)
    told = f": {slopes[0]:.2f}, products {slopes[1]:.2f}" if slopes else ""
    axes.plot([], [], "o-", color=colour, markersize=3 + place, label=label + told)
