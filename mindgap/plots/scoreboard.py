"""The scoreboard's figure: the difference to the paper's mean, row by row.

As everywhere in `plots`, functions take arrays and return a figure.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from mindgap.plots.common import grid
from mindgap.plots.page import BLUE, GREEN, GREY, INK, ORANGE, PAPER, for_pages, narrow

_STYLES = {
    "equivalent": {"color": BLUE, "marker": "o"},
    "differs": {"color": ORANGE, "marker": "s"},
    "inconclusive": {"color": GREEN, "marker": "^"},
    "too few seeds": {"color": GREY, "marker": "v", "markerfacecolor": PAPER},
    "not comparable": {"color": GREY, "marker": "D", "markerfacecolor": PAPER},
}


@for_pages
def forest(
    groups: Mapping[str, Sequence[str]],
    by: Float[np.ndarray, "rows"],
    error: Float[np.ndarray, "rows"],
    status: Sequence[str],
    linear: float = 5.0,
) -> Figure:
    """Differences in points with their errors, one line each, under group headings.

    `groups` has the names of rows by heading; the arrays have one entry for each row,
    in the same order. `by` is the difference, `error` half the width of its interval
    (not drawn if NaN), `status` the verdict. The axis is linear up to `linear` points
    and logarithmic beyond.
    """
    count = sum(map(len, groups.values()))
    lines = count + len(groups)
    figure, axes = grid(1, 1, (7.0, 0.2 * lines + 0.9))
    panel = axes.item()
    ticks, row, place = [], 0, 0
    for group, names in groups.items():
        where = {"ha": "right", "va": "center", "fontsize": 9, "weight": "bold"}
        across = panel.get_yaxis_transform()
        panel.text(-0.02, place, group, transform=across, **where)
        panel.axhline(place - 0.5, color=GREY, linewidth=0.4)
        for name in names:
            place += 1
            half = error[row]
            props = {
                "linestyle": "none",
                "markersize": 5,
                "capsize": 2,
                "linewidth": 1,
            }
            props |= _STYLES[status[row]]
            width = None if np.isnan(half) else [[half], [half]]
            panel.errorbar([by[row]], [place], xerr=width, **props)
            ticks.append((place, name))
            row += 1
        place += 1
    for name, props in _STYLES.items():
        if name not in status:
            continue
        shown = {"linestyle": "none", "markersize": 5, **props}
        panel.plot([], [], label=name, **shown)
    panel.axvline(0, color=INK, linewidth=0.8)
    panel.set_xscale("symlog", linthresh=linear, linscale=1.2)
    ticks_at = [-50, -20, -10, -5, -2, 0, 2, 5, 10, 20, 50]
    if narrow():
        ticks_at = [-50, -10, 0, 10, 50]
    panel.set_xticks(ticks_at, [f"{x}".replace("-", "−") for x in ticks_at])
    panel.set_xticks([], minor=True)
    panel.set(xlim=(-130, 60), xlabel="ours minus the paper's mean (points)")
    places = [place for place, _ in ticks]
    panel.set_yticks(places, [name for _, name in ticks], fontsize=7.5)
    panel.set_ylim(lines - 0.5, -0.7)
    panel.grid(axis="x", linewidth=0.4, alpha=0.5)
    panel.spines[["top", "right"]].set_visible(False)
    props = {
        "ncols": 2 if narrow() else 5,
        "frameon": False,
        "loc": "outside upper left",
    }
    figure.legend(*panel.get_legend_handles_labels(), **props)
    return figure
