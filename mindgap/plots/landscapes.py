"""Figures of the loss around networks: maps and cuts (Figures 6, 7 and 17-19).

As everywhere in `plots`, functions take arrays and return a figure.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from mindgap.plots.common import STYLES, grid, key_below
from mindgap.plots.page import ORANGE, colours_of, for_pages, narrow


class Surface(NamedTuple):
    """Losses over a plane, at the points of a grid."""

    right: Float[np.ndarray, "_"]
    """Horizontal coordinates."""
    up: Float[np.ndarray, "_"]
    """Vertical coordinates, the lowest first."""
    losses: Float[np.ndarray, "_ _"]
    """Losses by vertical (row) and horizontal (column) coordinate. Losses that are not
    finite are hatched."""


Cut = tuple[Float[np.ndarray, "_"], Float[np.ndarray, "_ _"]]
"""Distances along a direction, and a number for each direction (row) and distance."""


@for_pages
def surfaces(
    panels: Mapping[str, Surface],
    labels: tuple[str, str],
    shades: tuple[float, float],
    points: Mapping[str, tuple[float, float]] | None = None,
    columns: int = 3,
) -> Figure:
    """Contour maps, one for each title, with the loss written on the contour lines.

    The least and the largest loss are below each title. All maps share one logarithmic
    colour scale from `shades[0]` to `shades[1]` nats; losses beyond an end have its
    colour. `points` are marked and named in every map; without them, a cross marks the
    middle.
    """
    from matplotlib import colors, patheffects, ticker
    from matplotlib import pyplot as plt

    figure, axes = grid(len(panels), columns, (2.3, 2.3), below=0.2, least=1.9)
    scale, fine = colors.LogNorm(*shades), np.geomspace(*shades, 41)
    halo = [patheffects.withStroke(linewidth=2.5, foreground="white")]
    for panel, (title, (right, up, losses)) in zip(
        axes.flat, panels.items(), strict=False
    ):
        panel.set_facecolor("#eeeeee")
        panel.patch.set(hatch="///", edgecolor="#bbbbbb")
        known = np.ma.masked_invalid(np.asarray(losses, float))
        shown = np.ma.array(np.clip(known.filled(1), *shades), mask=known.mask)
        panel.contourf(right, up, shown, fine, cmap="Blues", norm=scale)
        finite = known.compressed()
        if len(finite) and finite.min() < finite.max():
            props = {"colors": "black", "linewidths": 0.7}
            lines = levels(finite, 3 if narrow() else 6)  # labels need room
            contours = panel.contour(right, up, known, lines, **props)
            for text in panel.clabel(contours, fmt=_short, fontsize=7, inline=False):
                text.set_path_effects(halo)
        if len(finite):
            title += f"\n{_short(finite.min())} to {_short(finite.max())} nats"
        middle = (right[0] + right[-1]) / 2
        for name, (x, y) in (points or {"": (middle, (up[0] + up[-1]) / 2)}).items():
            mark, size = ("o", 6) if name else ("+", 9)
            panel.plot([x], [y], mark, color=ORANGE, markersize=size)
            side = "right" if x > middle else "left"
            props = {
                "fontsize": 8,
                "color": "black",
                "path_effects": halo,
                "ha": side,
            }
            panel.annotate(name, (x, y), (0, 6), textcoords="offset points", **props)
        panel.set_title(title, fontsize=8)
        panel.tick_params(labelsize=7)
    for panel in axes[-1]:
        panel.set_xlabel(labels[0])
    for panel in axes[:, 0]:
        panel.set_ylabel(labels[1])
    key = plt.cm.ScalarMappable(norm=scale, cmap="Blues")
    bar = figure.colorbar(key, ax=axes, shrink=0.7, pad=0.02, extend="both")
    bar.set_label("loss (nats)")
    bar.ax.tick_params(labelsize=7)
    bar.ax.yaxis.set_major_formatter(ticker.FuncFormatter(lambda x, _: _short(x)))
    return figure


def levels(values: Float[np.ndarray, "_"], most: int = 6) -> Float[np.ndarray, "_"]:
    """At `most` so many round numbers strictly between the least and largest value.

    They are powers of ten and their multiples by 2 and 5, or fewer of these; if the
    largest value is less than five times the least, they are evenly spaced.
    """
    from matplotlib import ticker

    low, high = float(values.min()), float(values.max())
    if low > 0 and high < 5 * low:
        even = ticker.MaxNLocator(most - 1, steps=[1, 2, 5, 10])
        even = np.asarray(even.tick_values(low, high))
        return even[(even > low) & (even < high)][:most]
    inside = np.array([])
    first = np.floor(np.log10(max(low, 1e-30)))
    powers = np.arange(first, np.ceil(np.log10(max(high, 1e-30))) + 1)
    for steps, every in (((1, 2, 5), 1), ((1, 3), 1), ((1,), 1), ((1,), 2), ((1,), 4)):
        candidates = np.outer(10.0 ** powers[powers % every == 0], steps).ravel()
        inside = candidates[(candidates > low) & (candidates < high)]
        if len(inside) <= most:
            break
    return inside[-most:]


@for_pages
def cuts(
    panels: Mapping[str, Mapping[str, Cut]],
    xlabel: str,
    ylabels: Sequence[str],
    scales: Sequence[Literal["linear", "log"]],
    columns: int = 3,
) -> Figure:
    """Numbers along many directions by distance (logarithmic), a panel for each title.

    Each name has a line for the median over directions and a band from the least to the
    largest, at those distances where all directions are finite, and the same style in
    all panels. `ylabels` and `scales` have one entry for each line of panels.
    """
    figure, axes = grid(len(panels), columns, (2.33, 2.3), below=0.4, light=True)
    names = list(dict.fromkeys(name for shown in panels.values() for name in shown))
    colours, keys = colours_of(names), {}
    for place, (panel, (title, shown)) in enumerate(
        zip(axes.flat, panels.items(), strict=False)
    ):
        for name, (distances, values) in shown.items():
            colour, style = colours[name], STYLES[names.index(name) % len(STYLES)]
            finite = np.isfinite(values).all(0)
            distances, values = distances[finite], values[:, finite]
            band = values.min(0), values.max(0)
            panel.fill_between(distances, *band, color=colour, alpha=0.15, linewidth=0)
            props = {"color": colour, "linestyle": style, "linewidth": 1.6}
            (keys[name],) = panel.plot(distances, np.median(values, 0), **props)
        panel.set_xscale("log")
        panel.set_yscale(scales[place // columns])
        panel.set_title(title)
        if panel in axes[:, 0]:
            panel.set_ylabel(ylabels[place // columns])
    for panel in axes[-1]:
        panel.set_xlabel(xlabel)
    key_below(figure, keys, 4)
    return figure


def _short(value: float) -> str:
    """A loss in few digits: `0.14`, `20`, `1e8`."""
    if 1e-3 <= value < 1e4 or value == 0:
        return f"{value:.3g}" if value < 100 else f"{value:.0f}"
    mantissa, power = f"{value:.0e}".split("e")
    return f"{mantissa}e{int(power)}"
