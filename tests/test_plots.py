"""Figures from synthetic input: what is drawn is what was given."""

import numpy as np

from mindgap import plots


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
