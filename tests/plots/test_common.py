"""Figures from synthetic input: what is drawn is what was given."""

import numpy as np
import pytest

from mindgap import plots
from mindgap.plots import scoreboard


def test_every_seed_is_a_line():
    steps, values = np.arange(4), np.arange(1.0, 13.0).reshape(3, 4)
    figure = plots.learning_curves({"bfs": (steps, values)}, {"bfs": (steps, values)})
    left, right = figure.axes
    assert [list(line.get_ydata()) for line in left.lines] == values.tolist()
    assert [text.get_text() for text in right.get_legend().get_texts()] == ["bfs"]


def test_every_score_is_a_dot_and_the_paper_stands_beside():
    scores = {"bfs": np.array([90.0, 95.0]), "dfs": np.array([])}
    paper = {"bfs": (94.0, 7.0, 99.0), "dfs": (11.0, 3.0, 21.0)}
    figure = plots.scores_beside_paper(scores, paper, {"dfs": {"a rule": 20.0}})
    first, second = figure.axes
    drawn = [list(line.get_ydata()) for line in first.lines]
    assert [90.0, 95.0] in drawn and [94.0] in drawn and [99.0] in drawn
    assert [text.get_text() for text in second.texts] == ["a rule"]
    assert second.get_xticklabels()[1].get_text() == "ours: 0 seeds"


def test_a_run_shows_every_state_and_all_attention():
    states = {"dist": np.array([[0, 0.5, 1.25], [0, 0.5, 1]]), "reach": np.ones((2, 3))}
    attention = np.stack([np.eye(3), np.roll(np.eye(3), 1, 0)])
    figure = plots.program_run(states, attention, ["step 1", "step 2"])
    first, second = figure.axes[0], figure.axes[1]
    assert [t.get_text() for t in first.texts] == ["0", "0.5", "1.25"]
    assert first.get_ylabel() == "dist" and second.get_title() == "step 2"
    drawn = [np.asarray(p.images[0].get_array()) for p in figure.axes[-2:]]
    np.testing.assert_array_equal(np.stack(drawn), attention)


def test_weights_are_written_where_they_are_not_zero():
    weights = np.array([[8.0, 0.0], [0.0, -0.5]])
    figure = plots.parameters([("W", weights, ["a", "b"], ["key", "mask"])] * 4)
    panel = figure.axes[0]
    written = {t.get_position(): t.get_text() for t in panel.texts}
    assert written == {(0, 0): "8", (1, 1): "-0.5"}
    assert [t.get_text() for t in panel.get_yticklabels()] == ["a", "b"]
    assert [panel.get_visible() for panel in figure.axes] == [True] * 4 + [False] * 2


def test_shares_are_lines():
    figure = plots.shares({"soft": ([4.0, 16.0], [10.0, 50.0])}, "nodes", "%")
    assert list(figure.axes[0].lines[0].get_ydata()) == [10.0, 50.0]


def test_seeds_mean_and_floor_are_lines_over_steps():
    steps, values = np.arange(1, 4), np.array([[90.0, 80, 70], [100, 90, 60]])
    panels = {"test": {"a": (steps, values)}, "val": {"b": (steps, values[:1])}}
    floors = {"test": {"still": (steps, values[1:])}}
    figure = plots.over_steps(panels, "%", floors)
    first, second = figure.axes
    drawn = [list(line.get_ydata()) for line in first.lines]
    assert drawn == [*values.tolist(), [95, 85, 65], values[1].tolist()]
    (band,) = first.collections
    assert np.isclose(band.get_paths()[0].vertices[:, 1].max(), 95 + 50**0.5)
    assert [list(line.get_ydata()) for line in second.lines] == [values[0].tolist()]
    assert not second.collections and second.get_title() == "val"
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["a", "still", "b"]


def test_dots_are_seeds_in_the_order_of_names():
    scores = {"bfs": np.array([90.0, 95.0]), "dfs": np.array([])}
    other = {"bfs": np.array([99.0]), "dfs": np.array([50.0])}
    figure = plots.dots(
        {"64": scores, "16": other},
        "%",
        {"64": {"dfs": (11.0, 3.0)}},
        {"16": {"r": 20.0}},
    )
    first, second = figure.axes
    dots = [list(line.get_xdata()) for line in first.lines if line.get_marker() == "o"]
    assert dots == [[90, 95], []]
    assert [11.0] in [list(line.get_xdata()) for line in first.lines]
    assert [t.get_text() for t in first.get_yticklabels()] == ["bfs", "dfs"]
    assert [text.get_text() for text in second.texts] == ["r"]
    top, bottom = (np.asarray(line.get_ydata())[0] for line in second.lines[:2])
    assert top < bottom and first.get_ylim()[0] > first.get_ylim()[1]


@pytest.mark.parametrize("second", [21.0, 24.0, 60.0])
def test_labels_of_marks_do_not_meet(second):
    marks = {"64": {"one rule": 20.0, "another": second}}
    figure = plots.dots({"64": {"dfs": np.array([90.0])}}, "%", {}, marks)
    figure.canvas.draw()
    first, other = (text.get_window_extent() for text in figure.axes[0].texts)
    assert not first.overlaps(other)


def test_dots_can_be_looked_at_closely():
    figure = plots.dots(
        {"64": {"bfs": np.array([90.0])}}, "%", {}, {}, xlim=(80.0, 101.0)
    )
    assert figure.axes[0].get_xlim() == (80, 101)


def test_differences_are_marks_in_the_order_of_groups():
    figure = scoreboard.forest(
        {"Table 1": ["bfs", "dfs"], "Table 2": ["seq"]},
        np.array([1.0, -2.0, 30.0]),
        np.array([0.5, np.nan, 3.0]),
        ["equivalent", "not comparable", "differs"],
    )
    (panel,) = figure.axes
    assert [t.get_text() for t in panel.get_yticklabels()] == ["bfs", "dfs", "seq"]
    drawn = [tuple(bars.lines[0].get_xdata()) for bars in panel.containers]
    assert drawn == [(1.0,), (-2.0,), (30.0,)]
    assert [bars.has_xerr for bars in panel.containers] == [True, False, True]
    at = [bars.lines[0].get_ydata()[0] for bars in panel.containers]
    assert at == list(panel.get_yticks()) and at == sorted(at)
    assert panel.get_ylim()[0] > panel.get_ylim()[1]
    assert "Table 2" in [text.get_text() for text in panel.texts]


def test_a_storyboard_has_a_drawing_for_each_step_and_an_arrow_for_each_pointer():
    edges = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]) > 0
    pointers = np.array([[0, 1, 2], [0, 0, 2], [0, 0, 1]])
    reached = np.array([[1, 0, 0], [1, 1, 0], [1, 1, 1]]) > 0
    figure = plots.graphs.storyboard(edges, reached, pointers, ["a", "b", "c"])
    drawn = [panel for panel in figure.axes if panel.get_title()]
    assert [panel.get_title() for panel in drawn] == ["a", "b", "c"]
    arrows = [[t for t in panel.texts if not t.get_text()] for panel in drawn]
    assert [len(each) for each in arrows] == [0, 1, 2]
    filled = [[p.get_facecolor()[:3] for p in panel.patches] for panel in drawn]
    assert [len({*colours[:2]}) for colours in filled] == [2, 1, 1]
    assert all(len(panel.lines) == 2 for panel in drawn)  # each edge once

    one_way = plots.graphs.storyboard(np.triu(edges), reached, pointers, ["a"] * 3)
    for panel, before in zip(one_way.axes, arrows, strict=False):
        heads = [text for text in panel.texts if not text.get_text()]
        assert len(heads) == len(before) + 2  # two edges of one direction
