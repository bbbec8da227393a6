"""Rules against loops over nodes, and against the algorithms they come from."""

import jax
import numpy as np
import pytest

from mindgap import tasks
from mindgap.measures import floors


def rule(task, name):
    return next(r for r in floors.rules(task) if r.name == name)


@pytest.mark.parametrize("task", tasks.TASKS.values(), ids=lambda t: t.name)
def test_every_rule_is_a_distribution(task, key):
    graphs = task.sample(key, 9, 20, (0.2, 0.6)).trimmed()
    for each in floors.rules(task):
        parents = each.parents(graphs)
        np.testing.assert_allclose(parents.sum(-1), 1)
        assert (parents >= 0).all()


def test_rules_by_hand(key):
    graphs = tasks.dfs.sample(key, 8, 30, 0.4)
    pi = np.asarray(graphs.trajectory.outputs["pi"])
    hits = dict.fromkeys(("largest", "lowest", "random", "either"), 0.0)
    for weights, parents in zip(np.asarray(graphs.weights), pi, strict=True):
        for v in range(8):
            near = [u for u in range(8) if u != v and weights[u, v]]
            ways = [u for u in range(v) if weights[u, v] or weights[v, u]]
            smaller = [u for u in near if u < v]
            hits["largest"] += (max(smaller) if smaller else v) == parents[v]
            hits["lowest"] += (min(near) if near else v) == parents[v]
            hits["random"] += np.mean([u == parents[v] for u in near or [v]])
            hits["either"] += (max(ways) if ways else v) == parents[v]
    for key_word, name in (
        ("largest", "largest smaller in-neighbour"),
        ("lowest", "lowest in-neighbour"),
        ("random", "random in-neighbour"),
        ("either", "largest smaller neighbour, either way"),
    ):
        found = floors.score(rule(tasks.dfs, name), graphs).mean()
        np.testing.assert_allclose(found, hits[key_word] / pi.size, err_msg=name)


def test_the_order_blind_search_names_every_valid_parent(key):
    graphs = tasks.bfs.sample(key, 10, 40, (0.3, 0.6)).trimmed()
    parents = rule(tasks.bfs, "BFS, blind to order").parents(graphs)
    truth = np.asarray(graphs.trajectory.outputs["pi"])
    right = np.take_along_axis(parents, truth[..., None], -1)
    assert (right > 0).all()  # so it is wrong about order only
    lowest = np.where(parents > 0, np.arange(10), 10).min(-1)
    np.testing.assert_array_equal(lowest, truth)


def test_on_a_tree_every_search_agrees():
    """A star around the source: every rule that looks at edges is right."""
    star = np.zeros((1, 5, 5), np.float32)
    star[0, 0, 1:] = star[0, 1:, 0] = 1
    graphs = tasks.bfs.run(star, jax.nn.one_hot(np.array([0]), 5))
    assert floors.score(rule(tasks.bfs, "BFS, blind to order"), graphs) == 1
    # the source has no smaller neighbour, so it names itself
    assert floors.score(rule(tasks.bfs, "largest smaller in-neighbour"), graphs) == 1
    assert floors.score(rule(tasks.bfs, "parent = v - 1"), graphs) == 2 / 5


def test_the_best_one_line_rule_runs_no_algorithm():
    for task in (tasks.bfs, tasks.bellman_ford, tasks.dfs):
        graphs = task.benchmark("test")
        name, height = floors.best_one_line(task, graphs)
        scores = {
            r.name: 100 * floors.score(r, graphs).mean() for r in floors.rules(task)
        }
        assert height == pytest.approx(scores[name]) and "BFS" not in name
        assert height == pytest.approx(
            max(value for rule, value in scores.items() if "BFS" not in rule)
        )
