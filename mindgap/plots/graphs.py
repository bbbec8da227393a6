"""Figures in which graphs are drawn as graphs.

As everywhere in `plots`, functions take arrays and return a figure.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mindgap.plots.common import grid
from mindgap.plots.page import BLUE, GREY, INK, ORANGE, PAPER, for_pages

_RADIUS = 0.17
"""Of a node, where neighbours on the circle are about one apart."""


@for_pages
def storyboard(
    edges: Bool[np.ndarray, "N N"],
    reached: Bool[np.ndarray, "steps N"],
    pointers: Int[np.ndarray, "steps N"],
    titles: Sequence[str],
    places: Float[np.ndarray, "*panel N 2"] | None = None,
    labels: Sequence[str] | None = None,
) -> Figure:
    """The run of a program on one graph, a panel for each step.

    Reached nodes are filled, and an arrow goes from each node to the one that its
    pointer names. An edge of one direction has a small arrow head. `places` are the
    nodes' coordinates, of all steps or of each; by default nodes lie on a circle.
    `labels` are written in the nodes; by default they are numbered.
    """
    from matplotlib.patches import Circle

    steps, nodes = reached.shape
    if places is None:
        turns = np.pi / 2 - 2 * np.pi * np.arange(nodes) / nodes
        places = np.stack([np.cos(turns), np.sin(turns)], -1)
    labels = labels or [str(node) for node in range(nodes)]
    figure, panels = grid(steps, 4, (1.75, 2.0), least=1.6)
    every = np.broadcast_to(places, (steps, nodes, 2))
    for panel, held, named, title, at in zip(
        panels.flat, reached, pointers, titles, every, strict=False
    ):
        for i, j in np.argwhere(np.triu(edges | edges.T, 1)):
            panel.plot(*at[[i, j]].T, color=GREY, linewidth=1, alpha=0.6, zorder=1)
        for i, j in np.argwhere(edges & ~edges.T):
            _arrow(panel, at[i], at[j], GREY, 1)
        for i, j in enumerate(named):
            if i != j:
                _arrow(panel, at[i], at[j], ORANGE, 2)
        for node, place in enumerate(at):
            colour = BLUE if held[node] else PAPER
            panel.add_patch(
                Circle(place, _RADIUS, facecolor=colour, edgecolor=GREY, zorder=3)
            )
            ink = PAPER if held[node] else INK
            panel.text(
                *place, labels[node], color=ink, ha="center", va="center", fontsize=8,
                zorder=4,
            )  # fmt: skip
        panel.set(title=title, aspect="equal")
        panel.margins(0.14)
        panel.axis("off")
    return figure


def _arrow(
    panel: Axes,
    start: Float[np.ndarray, "2"],
    end: Float[np.ndarray, "2"],
    colour: str,
    width: int,
) -> None:
    """An arrow between two nodes, from border to border."""
    way = _RADIUS * 1.15 * (end - start) / np.hypot(*(end - start))
    props = {"arrowstyle": "-|>", "color": colour, "linewidth": width}
    panel.annotate("", end - way, start + way, arrowprops=props, zorder=width)
