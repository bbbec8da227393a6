"""The figure of scores by number of nodes.

As everywhere in `plots`, functions take arrays and return a figure.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from mindgap.plots.common import BLUE, GREEN, GREY, ORANGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STYLES: dict[str, dict[str, Any]] = {
    "best": {"color": BLUE, "marker": "o", "label": "learned, best checkpoint"},
    "last": {"color": ORANGE, "marker": "s", "label": "learned, last checkpoint"},
}
TRAINED = 16
"""The largest number of nodes of the training graphs; sizes up to it are shaded."""


def by_nodes(
    learned: Mapping[str, Mapping[str, Float[np.ndarray, "sizes 5"]]],
    floors: Mapping[str, Float[np.ndarray, "sizes 2"]],
) -> "Figure":
    """Percentage of right pointers by number of nodes, a panel for each task.

    `learned` has, for each task and checkpoint, one line per size: nodes, mean, lower
    and upper end of the 95 % interval (NaN for one seed), seeds. `floors` has, for each
    task, nodes and the score of the best one-line rule. The compiled network is the
    line at 100.
    """
    from matplotlib import pyplot as plt
    from matplotlib.lines import Line2D

    figure, panels = plt.subplots(
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
    plt.close(figure)
    panels[0][0].set_ylabel("pointers right (%)")
    handles: list[Any] = [
        Line2D([], [], color=GREEN, linewidth=1.6, label="compiled"),
        *(Line2D([], [], **props, markersize=4) for props in _STYLES.values()),
        Line2D([], [], color=GREY, linestyle=":", label="best one-line rule"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
    return figure
