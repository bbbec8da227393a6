"""The figure of scores by number of nodes.

As in `plots`: arrays in, a figure out; never loads, never computes.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from mindgap.plots.common import BLUE, GREEN, GREY, ORANGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LOOKS: dict[str, dict[str, Any]] = {
    "best": {"color": BLUE, "marker": "o", "label": "learned, best checkpoint"},
    "last": {"color": ORANGE, "marker": "s", "label": "learned, last checkpoint"},
}
TRAINED = 16
"""The largest number of nodes in training."""


def by_nodes(
    learned: Mapping[str, Mapping[str, Float[np.ndarray, "sizes 5"]]],
    floors: Mapping[str, Float[np.ndarray, "sizes 2"]],
) -> "Figure":
    """Pointers right (percent) by number of nodes, a panel for each task.

    `learned` has, for each task and checkpoint, lines of nodes, mean, the 95 %
    interval's ends (NaN for one seed) and seeds; `floors` nodes and the best one-line
    rule. The compiled network is the line at 100.
    """
    from matplotlib import pyplot as plt
    from matplotlib.lines import Line2D

    drawn, panels = plt.subplots(
        1, len(learned), figsize=(2.9 * len(learned) + 0.4, 3.3), sharey=True,
        squeeze=False, layout="constrained",
    )  # fmt: skip
    for panel, (task, lines) in zip(panels[0], learned.items(), strict=True):
        panel.axhline(100, color=GREEN, linewidth=1.6)
        panel.axvspan(0, TRAINED, color=GREY, alpha=0.12, linewidth=0)
        rule = floors[task]
        panel.plot(rule[:, 0], rule[:, 1], ":", color=GREY, linewidth=1.6)
        most = 0
        for checkpoint, values in lines.items():
            nodes, mean, low, high, seeds = values.T
            look = _LOOKS[checkpoint]
            panel.plot(
                nodes, mean, marker=look["marker"], color=look["color"], markersize=4,
                linewidth=1.4,
            )  # fmt: skip
            panel.fill_between(
                nodes, low, high, color=look["color"], alpha=0.2, linewidth=0
            )
            most = max(most, int(seeds.max()))
        named = f"{most} network{'s' * (most != 1)}"
        panel.set(
            title=f"{task} ({named})", xlim=(12, 66), ylim=(0, 104),
            xlabel="nodes", xticks=(16, 24, 32, 48, 64),
        )  # fmt: skip
        panel.spines[["top", "right"]].set_visible(False)
    plt.close(drawn)
    panels[0][0].set_ylabel("pointers right (%)")
    handles: list[Any] = [
        Line2D([], [], color=GREEN, linewidth=1.6, label="compiled"),
        *(Line2D([], [], **look, markersize=4) for look in _LOOKS.values()),
        Line2D([], [], color=GREY, linestyle=":", label="best one-line rule"),
    ]
    drawn.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
    return drawn
