"""The figure of scores by number of nodes.

As everywhere in `plots`, functions take arrays and return a figure.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mindgap.plots.common import grid, key_below
from mindgap.plots.page import BLUE, GREEN, GREY, ORANGE, for_pages

_STYLES: dict[str, dict[str, Any]] = {
    "best": {"color": BLUE, "marker": "o", "label": "learned, best checkpoint"},
    "last": {"color": ORANGE, "marker": "s", "label": "learned, last checkpoint"},
}
TRAINED = 16
"""The largest number of nodes of the training graphs; sizes up to it are shaded."""


@for_pages
def by_nodes(
    learned: Mapping[str, Mapping[str, Float[np.ndarray, "sizes 5"]]],
    floors: Mapping[str, Float[np.ndarray, "sizes 2"]],
) -> Figure:
    """Percentage of right pointers by number of nodes, a panel for each task.

    `learned` has, for each task and checkpoint, one line per size: nodes, mean, lower
    and upper end of the 95 % interval (NaN for one seed), seeds. `floors` has, for each
    task, nodes and the score of the best one-line rule. The compiled network is the
    line at 100.
    """
    figure, panels = grid(len(learned), len(learned), (2.33, 2.5), below=0.4)
    for panel, (task, lines) in zip(panels.flat, learned.items(), strict=True):
        panel.axhline(100, color=GREEN, linewidth=1.6)
        panel.axvspan(0, TRAINED, color=GREY, alpha=0.12, linewidth=0)
        rule = floors[task]
        panel.plot(rule[:, 0], rule[:, 1], ":", color=GREY, linewidth=1.6)
        most = 0
        for checkpoint, values in lines.items():
            nodes, mean, low, high, seeds = values.T
            props = _STYLES[checkpoint]
            panel.plot(
                nodes, mean, marker=props["marker"], color=props["color"], markersize=4,
                linewidth=1.4,
            )  # fmt: skip
            panel.fill_between(
                nodes, low, high, color=props["color"], alpha=0.2, linewidth=0
            )
            most = max(most, int(seeds.max()))
        named = f"{most} network{'s' * (most != 1)}"
        panel.set(
            title=f"{task} ({named})", xlim=(12, 66), ylim=(0, 104),
            xlabel="nodes", xticks=(16, 24, 32, 48, 64),
        )  # fmt: skip
        panel.spines[["top", "right"]].set_visible(False)
    for panel in panels[:, 0]:
        panel.set_ylabel("pointers right (%)")
    handles: list[Any] = [
        Line2D([], [], color=GREEN, linewidth=1.6, label="compiled"),
        *(Line2D([], [], **props, markersize=4) for props in _STYLES.values()),
        Line2D([], [], color=GREY, linestyle=":", label="best one-line rule"),
    ]
    key_below(figure, {line.get_label(): line for line in handles}, 4)
    return figure
