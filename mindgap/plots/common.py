"""Figures of scores, curves and weights, and what all figures share.

Each function takes arrays or summaries and returns a figure; none loads or computes
results. Sizes are in inches; what a function asks for, `grid` makes fit the page.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from matplotlib.figure import Figure

from mindgap.plots.page import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    WIDE,
    Drawn,
    colours_of,
    for_pages,
    narrow,
    room,
    shade,
)

STYLES = ("-", "--", "-.", (0, (5, 1, 1, 1, 1, 1)), ":")

Curves = tuple[Int[np.ndarray, "points"], Float[np.ndarray, "seeds points"]]
"""Steps, and a value for each seed and step."""

Courses = tuple[Int[np.ndarray, "_"], Float[np.ndarray, "_ _"]]
"""Like `Curves`, but each line of a panel may have its own steps and seeds."""


@for_pages
def learning_curves(
    loss: Mapping[str, Curves], validation: Mapping[str, Curves]
) -> Figure:
    """Loss (nats, logarithmic) and validation accuracy (percent) by training step.

    There is one thin line per seed and one colour per name. Both mappings must have the
    same names.
    """
    figure, axes = grid(2, 2, (3.4, 2.7), light=True)
    left, right = axes.flat
    for name, colour in colours_of(loss).items():
        for panel, (steps, values) in ((left, loss[name]), (right, validation[name])):
            panel.plot(steps, values.T, color=colour, linewidth=0.9, alpha=0.8)
        right.plot([], [], color=colour, label=name)
    left.set(yscale="log", xlabel="training step", ylabel="training loss (nats)")
    right.set(xlabel="training step", ylabel="validation accuracy (%)", ylim=(0, 101))
    right.legend(loc="lower right", frameon=False)
    return figure


@for_pages
def scores_beside_paper(
    scores: Mapping[str, Float[np.ndarray, "seeds"]],
    paper: Mapping[str, tuple[float, float, float]],
    marks: Mapping[str, Mapping[str, float]],
) -> Figure:
    """Every seed's score beside the paper's mean ± std and maximum, one panel per name.

    All numbers are in percent. `paper` has (mean, std, max) of each name; `marks` has
    the heights of floors and ceilings by label, drawn as labelled lines.
    """
    figure, panels = grid(len(scores), len(scores), (2.26, 3.4), light=True)
    for panel, (name, values) in zip(panels.flat, scores.items(), strict=True):
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
    for panel in panels[:, 0]:
        panel.set_ylabel("pointers right (%), CLRS-30 test, n = 64")
    return figure


@for_pages
def growth(costs: Mapping[str, Float[np.ndarray, "2 points"]]) -> Figure:
    """Milliseconds per seed and step against each varied setting; logarithmic axes."""
    figure, axes = grid(len(costs), len(costs), (1.75, 2.4), least=1.7, light=True)
    panels = list(axes.flat)[: len(costs)]
    for panel, (name, (values, ms)) in zip(panels, costs.items(), strict=True):
        if panel is not panels[0]:
            panel.sharey(panels[0])
        panel.plot(values, ms, "o-", color=BLUE, markersize=4)
        panel.set(xscale="log", yscale="log", xlabel=name)
        panel.set_xticks(values, [f"{x:.0f}" for x in values])
        panel.set_xticks([], minor=True)
    for panel in axes[:, 0]:
        panel.set_ylabel("ms per seed and step")
    return figure


@for_pages
def program_run(
    states: Mapping[str, Float[np.ndarray, "steps N"]],
    attention: Float[np.ndarray, "steps N N"],
    titles: Sequence[str],
) -> Figure:
    """A run of a program: the nodes' states (above) and their attention (below).

    There is one column for each step, in as many lines as the page needs; `states` has
    each component's values after each step. In an attention matrix a row is a receiver
    and a column is a sender; the strongest shade is a coefficient of 1.
    """
    steps, nodes = len(attention), attention.shape[-1]
    rows, columns = len(states) + 1, min(steps, int((room() - 0.4) / 1.5))
    lines = math.ceil(steps / columns)
    figure, panels = _panels(
        lines * rows,
        columns,
        (room(), lines * (0.32 * len(states) + 2.1)),
        light=False,
        height_ratios=[*([1.0] * len(states)), 4.5] * lines,
    )
    panels = panels.reshape(lines, rows, columns).swapaxes(1, 2).reshape(-1, rows)
    for column in panels[steps:].flat:
        column.set_visible(False)
    for step, (*tops, matrix) in enumerate(panels[:steps]):
        for panel, (name, values) in zip(tops, states.items(), strict=True):
            top = max(1e-9, float(np.abs(values).max()))
            panel.imshow(values[step][None], cmap=shade(BLUE), vmin=0, vmax=top)
            for node, value in enumerate(values[step]):
                strong = bool(abs(value) > 0.6 * top)
                shown = f"{value:.2f}".rstrip("0").rstrip(".")
                _write(panel, node, 0, shown, strong, 7)
            _bare(panel)
            if step % columns == 0:
                panel.set_ylabel(name, rotation=0, ha="right", va="center")
        matrix.imshow(attention[step], cmap=shade(BLUE), vmin=0, vmax=1)
        matrix.set_xticks(range(nodes), range(nodes), fontsize=7)
        matrix.set_yticks(range(nodes), range(nodes), fontsize=7)
        matrix.set_xlabel("sender", fontsize=7)
        if step % columns == 0:
            matrix.set_ylabel("receiver")
        tops[0].set_title(titles[step])
    return figure


@for_pages
def parameters(
    panels: Sequence[tuple[str, np.ndarray, Sequence[str], Sequence[str]]],
    columns: int = 3,
) -> Figure:
    """Heat maps of weights with their values and labelled axes (Figures 8-11).

    Each panel is (name, values, row labels, column labels). The hue shows the sign of a
    weight and the shade the logarithm of its size; weights of 0 have no number. Arrays
    of more than 90 entries have neither numbers nor labels.
    """
    columns = min(columns, len(panels), int(room() / 2.2))
    tall = [max(len(rows), 2) for _, _, rows, _ in panels]
    lines = [max(tall[i : i + columns]) for i in range(0, len(tall), columns)]
    size = room(), 0.17 * sum(lines) + 0.85 * len(lines)
    figure, axes = _panels(len(lines), columns, size, light=False, height_ratios=lines)
    axes = np.reshape(axes, (len(lines), columns))
    for panel in list(axes.flat)[len(panels) :]:
        panel.set_visible(False)
    for panel, (name, values, rows, names) in zip(axes.flat, panels, strict=False):
        sizes = np.sign(values) * np.log1p(np.abs(values))
        top = max(1e-9, float(np.abs(sizes).max()))
        both = shade(ORANGE, BLUE)
        panel.imshow(sizes, cmap=both, vmin=-1.2 * top, vmax=1.2 * top, aspect="auto")
        if values.size <= 90:
            for (i, j), value in np.ndenumerate(values):
                if value:
                    strong = float(abs(sizes[i, j])) > 0.8 * top
                    _write(panel, j, i, f"{value:.4g}", strong, 7)
        _bare(panel)
        panel.set_title(name)
        if values.size <= 90:
            panel.set_yticks(range(len(rows)), rows)
            panel.set_xticks(range(len(names)), names, rotation=40, ha="right")
    return figure


@for_pages
def shares(
    values: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    xlabel: str,
    ylabel: str,
) -> Figure:
    """Percentages against a quantity on a logarithmic axis, one line for each name."""
    figure, axes = grid(1, 1, (4.8, 2.9), light=True)
    panel, colours = axes.item(), colours_of(values)
    for name, (places, heights) in values.items():
        props = {"color": colours[name], "label": name, "marker": "o", "markersize": 4}
        panel.plot(places, heights, linestyle=_style(values, name), **props)
    panel.set(xscale="log", xlabel=xlabel, ylabel=ylabel)
    panel.legend(frameon=False)
    return figure


@for_pages
def along(
    values: Mapping[
        str, tuple[Float[np.ndarray, "points"], Float[np.ndarray, "points"]]
    ],
    xlabel: str,
    ylabel: str,
) -> Figure:
    """Positive numbers along a path on a logarithmic axis, one line for each name.

    Numbers that are not finite are left out. Each point has a mark, so that a point
    between two gaps is visible.
    """
    figure, axes = grid(1, 1, (6.0, 3.1), below=0.3, light=True)
    panel, colours = axes.item(), colours_of(values)
    for name, (places, heights) in values.items():
        finite = np.where(np.isfinite(heights), heights, np.nan)
        props = {"color": colours[name], "label": name, "marker": "."}
        panel.plot(places, finite, linestyle=_style(values, name), **props)
    panel.set(yscale="log", xlabel=xlabel, ylabel=ylabel)
    lines, labels = panel.get_legend_handles_labels()
    key_below(figure, dict(zip(labels, lines, strict=True)), 4)
    return figure


@for_pages
def over_steps(
    panels: Mapping[str, Mapping[str, Courses]],
    ylabel: str,
    floors: Mapping[str, Mapping[str, Courses]] | None = None,
    ylim: tuple[float, float] = (0, 103),
    xlabel: str = "step of the algorithm",
    decades: bool = False,
    until: float | None = None,
) -> Figure:
    """A measure after each step, of an algorithm or of training; a panel per title.

    With `decades`, steps are on a logarithmic axis on which 0 has a place, too. At the
    step `until` there is a dotted vertical line.

    Each name has a thin line per seed, a thick line for their mean and a band of one
    standard deviation, and the same style in all panels. Floors are grey, dashed or
    dotted lines. NaN leaves a gap in a line.
    """
    count = len(panels)
    columns = 2 if count == 4 else min(count, 3)
    each = (2.26, 2.5) if columns == 3 else (3.4, 2.7)
    figure, axes = grid(count, columns, each, below=0.4, light=True)
    columns, flat = axes.shape[1], list(axes.flat)
    names = list(dict.fromkeys(name for shown in panels.values() for name in shown))
    colours = colours_of(names)
    for panel, (title, shown) in zip(flat, panels.items(), strict=False):
        for name, (steps, values) in shown.items():
            colour, style = colours[name], _style(names, name)
            mean = values.mean(0)
            if len(values) > 1:
                spread = values.std(0, ddof=1)
                panel.plot(steps, values.T, color=colour, linewidth=0.6, alpha=0.45)
                band = mean - spread, mean + spread
                panel.fill_between(steps, *band, color=colour, alpha=0.15, linewidth=0)
            mark = "." if len(steps) < 20 else ""
            props = {"color": colour, "linestyle": style, "marker": mark}
            panel.plot(steps, mean, label=name, linewidth=1.8, **props)
        below = (floors or {}).get(title, {})
        for place, (name, (steps, values)) in enumerate(below.items()):
            props = {"color": GREY, "linestyle": ("--", ":")[place % 2]}
            panel.plot(steps, values.mean(0), label=name, linewidth=1.2, **props)
        panel.set(title=title, xlabel=xlabel, ylim=ylim)
        if until is not None:
            panel.axvline(until, color=ORANGE, linewidth=0.9, linestyle=":")
        if decades:
            panel.set_xscale("symlog", linthresh=1)
            ticks = sorted({int(s) for steps, _ in shown.values() for s in steps})
            panel.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
            panel.minorticks_off()
            panel.set_xlim(min(ticks) - 0.3, 1.6 * max(ticks))
        elif max((len(steps) for steps, _ in shown.values()), default=0) < 12:
            panel.xaxis.get_major_locator().set_params(integer=True)
    for panel in flat[::columns]:
        panel.set_ylabel(ylabel)
    keys = {}
    for panel in flat:
        for line, name in zip(*panel.get_legend_handles_labels(), strict=True):
            keys.setdefault(name, line)
    key_below(figure, keys, 2 * columns)
    return figure


@for_pages
def dots(
    panels: Mapping[str, Mapping[str, Float[np.ndarray, "_"]]],
    xlabel: str,
    paper: Mapping[str, Mapping[str, tuple[float, float]]],
    marks: Mapping[str, Mapping[str, float]],
    xlim: tuple[float, float] = (-2, 103),
    crosses: Mapping[str, Mapping[str, float]] | None = None,
) -> Figure:
    """Every seed's score in percent as a dot: a panel for each title, a line per name.

    All panels have the same names, the first at the top. For each title, `paper` has
    (mean, std) by name, `crosses` a number by name, drawn as a cross, and `marks` the
    places of labelled vertical lines.
    """
    names, cross = list(next(iter(panels.values()))), crosses or {}
    each = max(WIDE / len(panels), 2.2), max(0.42 * len(names) + 1.0, 2.2)
    figure, axes = grid(len(panels), len(panels), each, light=True)
    for panel, (title, scores) in zip(axes.flat, panels.items(), strict=True):
        for place, name in enumerate(names):
            if name in paper.get(title, {}):
                mean, std = paper[title][name]
                props = {"fmt": "s", "color": GREY, "capsize": 3, "markersize": 5}
                panel.errorbar([mean], [place + 0.22], xerr=[[std], [std]], **props)
            values = scores[name]
            panel.plot(values, 0 * values + place - 0.1, "o", color=BLUE, alpha=0.6)
            crossed = cross.get(title, {}).get(name)
            props = {"color": ORANGE, "markeredgewidth": 1.8}
            if crossed is not None:
                panel.plot([crossed], [place - 0.1], "x", **props)
        places, label_room = marks.get(title, {}), (xlim[1] - xlim[0]) / 12
        for label, at in places.items():
            panel.axvline(at, color=ORANGE, linewidth=0.9, linestyle=":")
            # a label stands right of its line, or left where the next line is near
            near = any(0 < other - at < label_room for other in places.values())
            props = {"fontsize": 7, "color": ORANGE, "rotation": 90, "va": "top"}
            side = {"ha": "right"} if near else {}
            panel.text(at + (-0.6 if near else 0.6), -0.45, label, **props, **side)
        panel.set(title=title, xlabel=xlabel, xlim=xlim)
        panel.set_ylim(len(names) - 0.5, -0.5)
        shown = names if panel in axes[:, 0] else []
        panel.set_yticks(range(len(names)), shown, multialignment="right")
    return figure


def _style(names: Collection[str], name: str) -> Any:
    """The line's style, by the place of its name; the same again after thirty names."""
    place = list(names).index(name)
    return STYLES[(place + place // 6) % len(STYLES)]


def _write(panel, x: int, y: int, text: str, light: bool, size: int) -> None:
    """Write a centred text at (x, y): white if `light`, else as all text."""
    colour = "white" if light else INK
    panel.text(x, y, text, ha="center", va="center", fontsize=size, color=colour)


def _bare(panel) -> None:
    """Remove the ticks and the grid of a panel."""
    panel.set_xticks([])
    panel.set_yticks([])
    panel.grid(False)


def grid(
    count: int,
    columns: int,
    each: tuple[float, float],
    below: float = 0.0,
    least: float = 2.0,
    light: bool = False,
) -> tuple[Figure, np.ndarray]:
    """A figure of `count` panels, and its axes as an array of (lines, columns).

    There are at most so many `columns`, and fewer where a panel would be narrower than
    `least`. `each` is the width and height of a panel that fits; `below` is added for a
    legend. Surplus panels of the last line are hidden. `light` panels have horizontal
    grid lines and no frame above and to the right.
    """
    columns = max(1, min(columns, count, int(room() / least)))
    lines = math.ceil(count / columns)
    wide = min(room(), columns * each[0] * (1.5 if narrow() else 1.0))
    figure, axes = _panels(lines, columns, (wide, each[1] * lines + below), light)
    axes = np.reshape(axes, (lines, columns))
    for panel in list(axes.flat)[count:]:
        panel.set_visible(False)
    return figure, axes


def key_below(figure: Figure, keys: Mapping[str, Any], most: int) -> None:
    """Draw one legend for all panels below them, with at `most` so many columns."""
    letters = max(map(len, keys), default=1) + 6
    fit = max(1, int(room() * 72 / (4.2 * letters)))
    props = {"ncols": min(len(keys), most, fit), "frameon": False}
    figure.legend(keys.values(), keys, loc="outside lower center", **props)


def _panels(rows: int, columns: int, size: tuple[float, float], light: bool, **spec):
    """A figure of `size` inches and its axes; `spec` is matplotlib's grid layout.

    The figure is closed, so that a notebook shows it only where it is returned.
    """
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(
        rows, columns, figsize=size, layout="constrained", gridspec_kw=spec,
        FigureClass=Drawn,
    )  # fmt: skip
    for panel in np.atleast_1d(axes).flat if light else ():
        panel.spines[["top", "right"]].set_visible(False)
        panel.grid(axis="y", linewidth=0.4, alpha=0.5)
    plt.close(figure)
    return figure, axes
