"""Figures of faithfulness beside effectiveness (Figures 1, 4, 5, 13-16).

As everywhere in `plots`, functions take arrays and return a figure.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from mindgap.plots.common import COLOURS, GREY, ORANGE, grid, key_below

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Points = tuple[Float[np.ndarray, "_"], Float[np.ndarray, "_"]]
"""Two numbers of each network: its horizontal and its vertical coordinate."""

Look = tuple[Float[np.ndarray, "columns N N"], Int[np.ndarray, "columns N"]]
"""A network's attention, and the sender that the program selects for each receiver.

The selected sender is negative where the program selects none.
"""

_MARKS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")


def attention_maps(
    rows: Mapping[str, Look],
    titles: Sequence[str],
    notes: Mapping[str, Sequence[str]],
) -> "Figure":
    """Attention of several networks (rows) at the same steps (columns).

    In a matrix a row is a receiver and a column a sender; the darkest shade is a
    coefficient of 1. A ring marks the sender that the program selects. `notes` has, for
    each network, a text to write below each of its matrices.
    """
    columns = len(titles)
    figure, axes = grid(len(rows) * columns, columns, (1.75, 2.0), (0.6, 0.4))
    for line, (name, (attention, selected)) in zip(axes, rows.items(), strict=True):
        nodes = attention.shape[-1]
        for place, panel in enumerate(line):
            panel.imshow(attention[place], cmap="Blues", vmin=0, vmax=1)
            (receivers,) = np.nonzero(selected[place] >= 0)
            senders = selected[place][receivers]
            props = {"mfc": "none", "color": ORANGE, "markersize": 60 / nodes}
            panel.plot(senders, receivers, "o", markeredgewidth=0.9, **props)
            panel.set_xticks([])
            panel.set_yticks([])
            panel.set_xlabel(notes[name][place], fontsize=8)
        line[0].set_ylabel(f"{name}\n(receivers)", fontsize=8)
    for panel, title in zip(axes[0], titles, strict=True):
        panel.set_title(title, fontsize=9)
    return figure


def scatter(
    panels: Mapping[str, Mapping[str, Points]],
    xlabel: str,
    ylabels: Sequence[str],
    floors: Mapping[str, Mapping[str, float]],
    columns: int = 2,
    corners: bool = False,
) -> "Figure":
    """A dot for each network, both coordinates in percent; a panel for each title.

    A name has the same style in all panels. `ylabels` has one label for each column of
    panels; `floors` has the heights of labelled horizontal lines. `corners` names the
    four quarters of each panel as in Figure 1 (effective or not, faithful or not).
    """
    figure, axes = grid(len(panels), columns, (4.3, 3.5), (0.0, 0.5))
    names = list(dict.fromkeys(name for shown in panels.values() for name in shown))
    keys = {}
    for place, (panel, (title, shown)) in enumerate(
        zip(axes.flat, panels.items(), strict=False)
    ):
        for name, (right, high) in shown.items():
            index = names.index(name)
            colour = COLOURS[(index + index // 5) % 5]
            props = {"color": colour, "alpha": 0.55 if len(right) > 20 else 0.9}
            mark = _MARKS[index % len(_MARKS)]
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
