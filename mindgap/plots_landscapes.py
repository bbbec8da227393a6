"""Figures of the loss around networks: maps and cuts (Figures 6, 7 and 17-19).

As in `plots`: arrays in, a figure out; never loads, never computes.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float

from mindgap.plots import BLUE, GREEN, GREY, ORANGE, PURPLE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, GREY)
_STYLES = ("-", "--", "-.", (0, (5, 1, 1, 1, 1, 1)), ":")


class Surface(NamedTuple):
    """Losses over a plane."""

    right: Float[np.ndarray, "P"]
    up: Float[np.ndarray, "Q"]
    losses: Float[np.ndarray, "Q P"]
    """Of each height a row, lowest first. What is no number is left hatched."""


Cut = tuple[Float[np.ndarray, "_"], Float[np.ndarray, "_ _"]]
"""How far, and of each direction (a row) a positive number there."""


def surfaces(
    panels: Mapping[str, Surface],
    labels: tuple[str, str],
    shades: tuple[float, float] = (0.1, 100.0),
    points: Mapping[str, tuple[float, float]] | None = None,
    columns: int = 3,
    called: str = "loss (nats)",
) -> "Figure":
    """Contour maps, one for each title, with the numbers on the lines.

    One logarithmic scale of colours for all, from and to `shades`, and the end's colour
    beyond. Points are named in every panel; without any, the middle has a cross.
    """
    from matplotlib import colors, ticker
    from matplotlib import pyplot as plt

    lines, columns = -(-len(panels) // columns), min(columns, len(panels))
    figure, axes = plt.subplots(
        lines,
        columns,
        figsize=(2.9 * columns + 0.5, 2.75 * lines + 0.6),
        layout="constrained",
        squeeze=False,
    )
    plt.close(figure)
    scale = colors.LogNorm(*shades, clip=True)
    maps = plt.get_cmap("Blues").with_extremes(bad=(0, 0, 0, 0))
    fine = np.geomspace(*shades, 41)
    for panel, (title, (right, up, losses)) in zip(
        axes.flat, panels.items(), strict=False
    ):
        panel.set_facecolor("#eeeeee")
        panel.patch.set(hatch="///", edgecolor="#bbbbbb")
        known = np.ma.masked_invalid(np.asarray(losses, float))
        shown = np.ma.clip(known, *shades)
        panel.contourf(right, up, shown, fine, cmap=maps, norm=scale, extend="neither")
        values = levels(known.compressed())
        if len(values):
            drawn = panel.contour(right, up, known, values, colors="k", linewidths=0.7)
            panel.clabel(drawn, fmt=lambda value: f"{value:.3g}", fontsize=7)
        for name, place in (points or {"": (0.0, 0.0)}).items():
            mark = "o" if name else "+"
            panel.plot(*place, mark, color=ORANGE, markersize=6 if name else 9)
            look = {"fontsize": 8, "color": ORANGE, "weight": "bold"}
            panel.annotate(
                name, place, (4, 4), textcoords="offset points", **look
            )
        panel.set_title(title, fontsize=9)
        panel.tick_params(labelsize=7)
    for panel in list(axes.flat)[len(panels) :]:
        panel.set_visible(False)
    for panel in axes[-1]:
        panel.set_xlabel(labels[0], fontsize=8)
    for panel in axes[:, 0]:
        panel.set_ylabel(labels[1], fontsize=8)
    key = plt.cm.ScalarMappable(norm=scale, cmap=maps)
    bar = figure.colorbar(key, ax=axes, shrink=0.7, pad=0.02, extend="both")
    bar.set_label(called, fontsize=8)
    bar.ax.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    return figure


def levels(values: Float[np.ndarray, "_"], most: int = 6) -> Float[np.ndarray, "_"]:
    """Round numbers strictly between the least and the largest of some values.

    From 1, 2 and 5 times powers of ten, or, where that is too many, fewer.
    """
    positive = values[values > 0]
    if not len(positive):
        return positive
    low, high = float(positive.min()), float(positive.max())
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    for steps, every in (((1, 2, 5), 1), ((1, 3), 1), ((1,), 1), ((1,), 2), ((1,), 4)):
        found = [
            s * 10.0**p for p in powers if p % every == 0 for s in steps
        ]
        inside = np.array([f for f in found if low < f < high])
        if len(inside) <= most:
            break
    return inside


def cuts(
    panels: Mapping[str, Mapping[str, Cut]],
    xlabel: str,
    ylabels: tuple[str, ...],
    scales: tuple[str, ...] = ("log",),
    columns: int = 2,
) -> "Figure":
    """Numbers along many directions; a panel for each title, a label for each line of
    panels.

    Of each name the median over directions, and a band from the least to the largest; a
    name looks the same in all panels. Logarithmic to the right.
    """
    from matplotlib import pyplot as plt

    lines = -(-len(panels) // columns)
    figure, axes = plt.subplots(
        lines,
        columns,
        figsize=(4.0 * columns, 2.9 * lines + 0.5),
        layout="constrained",
        squeeze=False,
    )
    plt.close(figure)
    names = list(dict.fromkeys(name for shown in panels.values() for name in shown))
    keys = {}
    for place, (panel, (title, shown)) in enumerate(
        zip(axes.flat, panels.items(), strict=False)
    ):
        for name, (at, values) in shown.items():
            index = names.index(name)
            look = {"color": _COLOURS[index % 5]}
            low, middle, high = (
                function(values, axis=0) for function in (np.min, np.median, np.max)
            )
            panel.fill_between(at, low, high, alpha=0.15, linewidth=0, **look)
            (keys[name],) = panel.plot(
                at, middle, linestyle=_STYLES[index % 5], linewidth=1.6, **look
            )
        panel.set(title=title, xscale="log", yscale=scales[place // columns])
        panel.grid(axis="y", linewidth=0.4, alpha=0.5)
        panel.spines[["top", "right"]].set_visible(False)
    for panel in list(axes.flat)[len(panels) :]:
        panel.set_visible(False)
    for panel in axes[-1]:
        panel.set_xlabel(xlabel)
    for panel, label in zip(axes[:, 0], ylabels, strict=True):
        panel.set_ylabel(label)
    look = {"ncols": min(len(keys), 3), "frameon": False, "fontsize": 8}
    figure.legend(keys.values(), keys, loc="outside lower center", **look)
    return figure
