"""Arrays and summaries in, a figure out; one palette. Never loads, never computes.

Colours are Okabe and Ito's, which stay apart for colour-blind readers.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, PURPLE, GREY = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#666666",
)

_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, GREY)

Curves = tuple[Int[np.ndarray, "points"], Float[np.ndarray, "seeds points"]]
"""Training steps, and a value for each seed and step."""


def learning_curves(
    loss: Mapping[str, Curves], validation: Mapping[str, Curves]
) -> "Figure":
    """Loss (nats, logarithmic) and validation accuracy (percent) by training step.

    One thin line per seed, one colour per name; both mappings have the same names.
    """
    figure, (left, right) = _panels(1, 2, (9.0, 3.4))
    for name, colour in zip(loss, _COLOURS, strict=False):
        for panel, (steps, values) in ((left, loss[name]), (right, validation[name])):
            panel.plot(steps, values.T, color=colour, linewidth=0.9, alpha=0.8)
        right.plot([], [], color=colour, label=name)
    left.set(yscale="log", xlabel="training step", ylabel="training loss (nats)")
    right.set(xlabel="training step", ylabel="validation accuracy (%)", ylim=(0, 101))
    right.legend(loc="lower right", frameon=False)
    return figure


def scores_beside_paper(
    scores: Mapping[str, Float[np.ndarray, "seeds"]],
    paper: Mapping[str, tuple[float, float, float]],
    marks: Mapping[str, Mapping[str, float]],
) -> "Figure":
    """Every seed's score, the paper's mean ± std and maximum, and named marks.

    All in percent; one panel per name. `paper` is (mean, std, max); `marks` are floors
    and ceilings, drawn as labelled lines.
    """
    figure, panels = _panels(1, len(scores), (3.2 * len(scores), 4.2))
    for panel, (name, values) in zip(
        np.atleast_1d(panels), scores.items(), strict=True
    ):
        mean, std, largest = paper[name]
        panel.errorbar([0], [mean], yerr=[[std], [std]], fmt="s", color=GREY, capsize=5)
        panel.plot([0], [largest], marker="_", markersize=16, color=GREY)
        spread = np.linspace(-0.12, 0.12, len(values)) if len(values) > 1 else 0
        panel.plot(1 + spread + 0 * values, values, "o", color=BLUE, alpha=0.8)
        for label, height in marks.get(name, {}).items():
            panel.axhline(height, color=ORANGE, linewidth=0.8, linestyle=":")
            panel.annotate(
                label,
                (1.48, height),
                ha="right",
                va="bottom",
                fontsize=7,
                color=ORANGE,
            )
        panel.set(title=name, xlim=(-0.5, 1.5), ylim=(0, 103))
        panel.set_xticks(
            [0, 1], ["paper: mean, std,\nmax", f"ours: {len(values)} seeds"]
        )
    np.atleast_1d(panels)[0].set_ylabel("pointers right (%), CLRS-30 test, n = 64")
    return figure


def _panels(rows: int, columns: int, size: tuple[float, float]):
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(rows, columns, figsize=size, layout="constrained")
    for axis in np.atleast_1d(axes).flat:
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(axis="y", linewidth=0.4, alpha=0.5)
    plt.close(figure)
    return figure, axes
