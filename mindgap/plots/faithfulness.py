"""More figures, for how networks work beside how well (Figures 1, 4, 5, 13-16).

As in `plots`: arrays in, a figure out; never loads, never computes.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from mindgap.plots.common import COLOURS, GREY, ORANGE, grid, key_below

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Points = tuple[Float[np.ndarray, "_"], Float[np.ndarray, "_"]]
"""Of each network two numbers: how far to the right, how high."""

Look = tuple[Float[np.ndarray, "columns N N"], Int[np.ndarray, "columns N"]]
"""A network's attention, and whom the program selects, negative for nobody."""

_MARKS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")


def attention_maps(
    rows: Mapping[str, Look],
    titles: Sequence[str],
    notes: Mapping[str, Sequence[str]],
) -> "Figure":
    """Attention of several networks (rows) at the same steps (columns).

    In a picture a line is a receiver, a column a sender; dark is a coefficient of 1. A
    ring marks whom the program selects. Of each row, `notes` stand below its pictures.
    """
    columns = len(titles)
    figure, axes = grid(len(rows) * columns, columns, (1.75, 2.0), (0.6, 0.4))
    for line, (name, (attention, selected)) in zip(axes, rows.items(), strict=True):
        nodes = attention.shape[-1]
        for place, panel in enumerate(line):
            panel.imshow(attention[place], cmap="Blues", vmin=0, vmax=1)
            (receivers,) = np.nonzero(selected[place] >= 0)
            senders = selected[place][receivers]
            look = {"mfc": "none", "color": ORANGE, "markersize": 60 / nodes}
            panel.plot(senders, receivers, "o", markeredgewidth=0.9, **look)
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
    """A dot for each network, in percent both ways; a panel for each title.

    A name looks the same in all panels. Of each column a label of its height; `floors`
    are labelled lines across a panel. With `corners` these are named as in Figure 1.
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
            look = {"color": colour, "alpha": 0.55 if len(right) > 20 else 0.9}
            mark = _MARKS[index % len(_MARKS)]
            size = {"markersize": 4 if len(right) > 20 else 6}
            (keys[name],) = panel.plot(
                right, high, mark, markeredgewidth=0, label=name, **look, **size
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
                    look = {"fontsize": 8, "style": "italic", "color": GREY, "ha": to}
                    panel.text(x, y, f"{side},\n{kind}", va="center", zorder=0, **look)
        panel.set(title=title, xlabel=xlabel, xlim=(-3, 103), ylim=(-3, 103))
        panel.set_ylabel(ylabels[place % columns])
        panel.spines[["top", "right"]].set_visible(False)
    key_below(figure, keys, 4)
    return figure
