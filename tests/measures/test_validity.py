"""Answers in any order, against all orders of a plain search."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mindgap import tasks
from mindgap.measures import floors, validity
from tests.strategies import weighted_digraphs


def forests(edges):
    """Every parents that depth-first search gives in some order of its choices."""
    found = set()

    def go(stack, seen, parents):
        if not stack:
            left = [n for n in range(len(edges)) if n not in seen]
            if not left:
                found.add(parents)
            for root in left:
                go((root,), seen | {root}, parents)
            return
        top = stack[-1]
        white = [v for v in np.flatnonzero(edges[top]) if v not in seen]
        if not white:
            go(stack[:-1], seen, parents)
        for child in white:
            after = (*parents[:child], top, *parents[child + 1 :])
            go((*stack, child), seen | {child}, after)

    go((), frozenset(), tuple(range(len(edges))))
    return found


def as_graphs(task, edges, count):
    weights = jnp.broadcast_to(jnp.asarray(edges, float), (count, *edges.shape))
    return task.run(weights, 0 if "s" in task.stage("input") else None)


@given(st.integers(1, 4), st.integers(0, 2**16 - 1))
def test_a_dfs_forest_is_one_that_some_order_gives(nodes, bits):
    edges = np.array([bits >> k & 1 for k in range(nodes**2)], bool)
    edges = edges.reshape(nodes, nodes)
    answers = np.array(list(itertools.product(range(nodes), repeat=nodes)))
    graphs = as_graphs(tasks.dfs, edges, len(answers))
    expected = forests(edges)
    found = validity.is_dfs_forest(graphs, answers)
    assert {tuple(a) for a in answers[found].tolist()} == expected


@given(weighted_digraphs(most=12, directed=True))
def test_the_algorithms_own_forest_is_one_and_its_edges_exist(weights):
    graphs = tasks.dfs.run(jnp.asarray(weights)[None], None)
    parents = graphs.trajectory.outputs["pi"]
    assert validity.is_dfs_forest(graphs, parents).all()
    assert np.nan_to_num(validity.is_edge(graphs, parents), nan=1.0) == 1.0


@given(weighted_digraphs(most=10, directed=False), st.data())
def test_any_bfs_parent_is_right_and_no_other(weights, data):
    nodes = len(weights)
    source = data.draw(st.integers(0, nodes - 1))
    start = jnp.zeros((1, nodes)).at[0, source].set(1)
    graphs = tasks.bfs.run(jnp.asarray(weights)[None], start)
    level, frontier = {source: 0}, [source]
    while frontier:
        new = {
            v: level[u] + 1
            for u in frontier
            for v in np.flatnonzero(weights[u])
            if v not in level
        }
        level |= new
        frontier = list(new)
    named = data.draw(
        st.lists(st.integers(0, nodes - 1), min_size=nodes, max_size=nodes)
    )
    right = 0
    for node, parent in enumerate(named):
        if level.get(node, 0) == 0:
            right += parent == node
        else:
            near = weights[parent, node] and parent in level
            right += bool(near and level[parent] == level[node] - 1)
    found = validity.any_parent(graphs, np.array([named]))
    assert found[0] == pytest.approx(right / nodes)


def test_an_order_blind_bfs_is_right_in_any_order_and_a_random_parent_is_not(key):
    graphs = tasks.bfs.sample(key, nodes=16, batch=32).trimmed()
    rng = np.random.default_rng(0)
    blind, random = (
        next(r for r in floors.rules(tasks.bfs) if r.name.startswith(name))
        for name in ("BFS, blind", "random in")
    )

    def drawn(rule):
        shares = rule.parents(graphs)
        return (shares.cumsum(-1) > rng.random((*shares.shape[:2], 1))).argmax(-1)

    assert validity.any_parent(graphs, drawn(blind)).min() == 1.0
    assert validity.any_parent(graphs, drawn(random)).mean() < 0.9
    assert floors.score(blind, graphs).mean() < 0.95


def test_random_parents_are_edges_but_no_forest_and_the_algorithms_own_are_both(key):
    graphs = tasks.dfs.sample(key, nodes=16, batch=32, p=0.5).trimmed()
    random = next(r for r in floors.rules(tasks.dfs) if r.name.startswith("random in"))
    shares = random.parents(graphs)
    draw = np.random.default_rng(0).random((*shares.shape[:2], 1))
    drawn = (shares.cumsum(-1) > draw).argmax(-1)
    assert np.nanmin(validity.is_edge(graphs, drawn)) == 1.0
    assert validity.is_dfs_forest(graphs, drawn).mean() < 0.05
    own = graphs.trajectory.outputs["pi"]
    assert validity.is_dfs_forest(graphs, own).all()
    assert np.nanmin(validity.is_edge(graphs, own)) == 1.0
    anyone = np.random.default_rng(0).integers(0, 16, drawn.shape)
    assert abs(np.nanmean(validity.is_edge(graphs, anyone)) - 0.5) < 0.1


def test_a_forest_that_no_search_gives():
    """0 → 1, 0 → 2, 1 → 2: after 1, search goes on to 2, unless 2 came first."""
    edges = np.zeros((3, 3), bool)
    edges[0, 1] = edges[0, 2] = edges[1, 2] = True
    answers = np.array([[0, 0, 0], [0, 0, 1], [0, 1, 1], [0, 1, 0], [1, 0, 0]])
    graphs = as_graphs(tasks.dfs, edges, len(answers))
    # the fourth: 1 first as a root would take 2, so 0 must take 2 alone, after 1
    expected = [True, True, True, False, False]
    assert validity.is_dfs_forest(graphs, answers).tolist() == expected
    share = validity.is_edge(
        graphs, np.array([[0, 0, 0], [1, 2, 0], [0, 1, 2]] + [[0, 0, 1]] * 2)
    )
    assert share[:2].tolist() == [1.0, pytest.approx(1 / 3)] and np.isnan(share[2])
