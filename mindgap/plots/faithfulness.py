"""Figures of faithfulness beside effectiveness (Figures 1, 4, 5, 13-16).

As everywhere in `plots`, functions take arrays and return a figure.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.figure import Figure

from mindgap.plots.common import grid, key_below
from mindgap.plots.page import (
    BLUE,
    GREY,
    NARROW,
    ORANGE,
    WIDE,
    colours_of,
    for_pages,
    narrow,
    shade,
)

Points = tuple[Float[np.ndarray, "_"], Float[np.ndarray, "_"]]
"""Two numbers of each network: its horizontal and its vertical coordinate."""

Look = tuple[Float[np.ndarray, "columns N N"], Int[np.ndarray, "columns N"]]
"""A network's attention, and the sender that the program selects for each receiver.

The selected sender is negative where the program selects none.
"""

_MARKS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")


@for_pages
def attention_maps(
    rows: Mapping[str, Look],
    titles: Sequence[str],
    notes: Mapping[str, Sequence[str]],
) -> Figure:
    """Attention of several networks (rows) at the same steps (columns).

    In a matrix a row is a receiver and a column a sender; the darkest shade is a
    coefficient of 1. A ring marks the sender that the program selects. `notes` has, for
    each network, a text to write below each of its matrices. A phone shows the first,
    the middle and the last of more than three steps.
    """
    places = list(range(len(titles)))
    if narrow() and len(places) > 3:
        places = [0, len(places) // 2, len(places) - 1]
    columns = len(places)
    each = WIDE / max(columns, 4), WIDE / max(columns, 4) + 0.2
    if narrow():
        each = NARROW / columns, NARROW / columns + 0.25
    figure, axes = grid(len(rows) * columns, columns, each, below=0.2, least=0.5)
    for line, (name, (attention, selected)) in zip(axes, rows.items(), strict=True):
        nodes = attention.shape[-1]
        for place, panel in zip(places, line, strict=True):
            panel.imshow(attention[place], cmap=shade(BLUE), vmin=0, vmax=1)
            (receivers,) = np.nonzero(selected[place] >= 0)
            senders = selected[place][receivers]
            props = {"mfc": "none", "color": ORANGE, "markersize": 50 / nodes}
            panel.plot(senders, receivers, "o", markeredgewidth=0.9, **props)
            panel.set_xticks([])
            panel.set_yticks([])
            panel.set_xlabel(notes[name][place], fontsize=7)
        line[0].set_ylabel(f"{name}\n(receivers)", fontsize=7)
    for panel, place in zip(axes[0], places, strict=True):
        panel.set_title(titles[place], fontsize=8)
    return figure


@for_pages
def scatter(
    panels: Mapping[str, Mapping[str, Points]],
    xlabel: str,
    ylabels: Sequence[str],
    floors: Mapping[str, Mapping[str, float]],
    columns: int = 2,
    corners: bool = False,
) -> Figure:
    """A dot for each network, both coordinates in percent; a panel for each title.

    A name has the same style in all panels. `ylabels` has one label for each column of
    panels; `floors` has the heights of labelled horizontal lines. `corners` names the
    four quarters of each panel as in Figure 1 (effective or not, faithful or not).
    """
    figure, axes = grid(len(panels), columns, (3.5, 3.0), below=0.4)
    names = list(dict.fromkeys(name for shown in panels.values() for name in shown))
    colours, keys = colours_of(names), {}
    for place, (panel, (title, shown)) in enumerate(
        zip(axes.flat, panels.items(), strict=False)
    ):
        for name, (right, high) in shown.items():
            props = {"alpha": 0.55 if len(right) > 20 else 0.9, "color": colours[name]}
            mark = _MARKS[names.index(name) % len(_MARKS)]
            mark = "*" if name == "compiled" else mark
            size = {"markersize": 4 if len(right) > 20 else 6}
            (keys[name],) = panel.plot(
                right, high, mark, markeredgewidth=0, label=name, **props, **size
            )
        for label, height in floors.get(title, {}).items():
            panel.axhline(height, color=GREY, linewidth=0.9, linestyle=":")
            panel.text(1, height + 0.8, label, fontsize=7, color=GREY)
        if corners:
            panel.axhline(50, color=GREY, linewidth=0.5)
            panel.axvline(50, color=GREY, linewidth=0.5)
            for x, side, to in (
                (48, "not effective", "right"),
                (52, "effective", "left"),
            ):
                for y, kind in ((7, "not faithful"), (94, "faithful")):
                    props = {
                        "fontsize": 8,
                        "style": "italic",
                        "color": GREY,
                        "ha": to,
                    }
                    panel.text(x, y, f"{side},\n{kind}", va="center", zorder=0, **props)
        panel.set(title=title, xlabel=xlabel, xlim=(-3, 103), ylim=(-3, 103))
        panel.set_ylabel(ylabels[place % columns])
        panel.spines[["top", "right"]].set_visible(False)
    key_below(figure, keys, 4)
    return figure
