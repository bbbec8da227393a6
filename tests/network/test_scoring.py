"""Scores against dm-clrs's own evaluation, for every type of output in use."""

import clrs
import jax
import numpy as np
import pytest

from mindgap import network, programs, suited, tasks
from mindgap.network import ModelConfig, dm_clrs, scoring

TASKS = (tasks.bfs, tasks.dijkstra, tasks.topological_sort)


def test_exact_topological_sorting_scores_1():
    made = suited(programs.topological_sort, 8)
    graphs = tasks.topological_sort.sample(jax.random.key(0), 8, 5).trimmed()
    right = scoring.score(made.task, made.config, made.params, graphs)
    np.testing.assert_array_equal(right, 1)


@pytest.mark.clrs
@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_score_is_that_of_clrs(task, key):
    model = ModelConfig(hidden_size=8)
    graphs = task.sample(key, 6, 40).trimmed()
    params = network.init(task, model, key)
    found = network.apply(task, model, params, graphs).outputs
    truth = dm_clrs.to_feedback(task, graphs).outputs
    said = {
        point.name: clrs.DataPoint(
            point.name, point.location, point.type_, np.asarray(found[point.name])
        )
        for point in truth
    }
    meant = clrs.evaluate(truth, said)["score"]
    assert 0 < meant < 1
    mine = scoring.score(task, model, params, graphs)
    assert mine.shape == (40,) and float(mine.mean()) == pytest.approx(meant, abs=1e-6)
