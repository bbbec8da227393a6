"""Inputs at the edge, larger than those drawn at random, step by step as in dm-clrs."""

import jax
import numpy as np
import pytest

from mindgap import tasks
from tests import clrs_reference
from tests.cases import one_graph
from tests.tasks.test_strings import as_inputs

LONG = {"bubble_sort", "heapsort", "quicksort", "quickselect", "articulation_points"}
"""On 64 nodes dm-clrs takes minutes for these."""
UNSTABLE = {"dijkstra", "mst_prim"}
ON_GRAPHS = [*tasks.TASKS, *tasks.BEYOND]


def sizes(names):
    """Each task on 23 nodes; on 64, which takes longer, where all tests are run."""
    return [
        pytest.param(
            tasks.CLRS[name],
            nodes,
            marks=[pytest.mark.large] * (nodes == 64 or name in LONG),
            id=f"{name}-{nodes}",
        )
        for name in names
        for nodes in (23, 64)
        if (name, nodes) not in {(long, 64) for long in LONG}
    ]


def graphs(n):
    """Weights of graphs without edges, with all, and of the plainest shapes."""
    place = np.arange(n)
    path = (place[:, None] + 1 == place).astype(float)
    circle = np.roll(np.eye(n), 1, axis=1)
    star = np.zeros((n, n))
    star[n // 2] = 1
    star[n // 2, n // 2] = 0
    half = np.kron(np.eye(2), np.ones((n, n)))[:n, n // 2 : n // 2 + n]
    yield from (np.zeros((n, n)), np.ones((n, n)) - np.eye(n), np.ones((n, n)))
    yield from (path, path.T, circle, star, star.T, half * (1 - np.eye(n)))


@pytest.mark.clrs
@pytest.mark.parametrize(("task", "nodes"), sizes(ON_GRAPHS))
def test_graphs_at_the_edge(task, nodes):
    """Weights are equal, so that every choice among several is a tie.

    But for Dijkstra and Prim: dm-clrs sorts their keys with NumPy's `argsort`, which is
    not stable, so that its choice depends on the size and on the processor.
    """
    sampler, solve = task.sampler, jax.jit(task.solve)
    drawn = np.random.default_rng(0).random((nodes, nodes))
    others = np.maximum(drawn, drawn.T) if task.name in UNSTABLE else 1.0
    for edges in graphs(nodes):
        weights = edges if sampler.directed else np.maximum(edges, edges.T)
        if sampler.acyclic:
            weights = np.triu(weights, 1)
        source = nodes - 1 if sampler.sourced else None
        start = jax.nn.one_hot(source, nodes) if sampler.sourced else None
        weights = (weights * others / 2).astype(np.float32)
        found = solve(one_graph(weights, start))
        given = [weights.astype(float)] + ([source] if sampler.sourced else [])
        clrs_reference.assert_traced(task, found, *given)


def rows(task, n):
    """Ascending, descending, alternating, and equal where ties have an order."""
    rising = (1 + np.arange(n)) / (2 * n)
    zigzag = np.where(np.arange(n) % 2, rising, 1 - rising)
    shapes = [rising, rising[::-1], zigzag]
    if task.name not in ("activity_selector", "task_scheduling"):
        shapes.append(np.full(n, 0.5))
    for row in shapes:
        if task is tasks.binary_search:
            for target in (-1.0, 0.25, 0.5, 2.0):
                yield {"target": np.array(target), "key": np.sort(row)}
        elif task is tasks.activity_selector:
            yield {"s": row / 2, "f": row}
        elif task is tasks.task_scheduling:
            for due in (np.ones(n), 1.0 + np.arange(n), np.full(n, float(n))):
                yield {"d": due, "w": row}
        else:
            least = task.sampler.least
            yield {"key": row if least == 0 else row - 0.5}
            yield {"key": row if least == 0 else -row}


@pytest.mark.clrs
@pytest.mark.parametrize(("task", "nodes"), sizes(tasks.ROWS))
def test_rows_at_the_edge(task, nodes):
    solve = jax.jit(task.solve)
    for given in rows(task, nodes):
        found = solve({"pos": np.arange(nodes) / nodes, **given})
        clrs_reference.assert_traced(task, found, *given.values())


@pytest.mark.clrs
@pytest.mark.parametrize(("task", "nodes"), sizes(tasks.STRINGS))
def test_strings_at_the_edge(task, nodes):
    """Found at the very end, nowhere, with every prefix found before, and in itself."""
    solve, size = jax.jit(task.solve), nodes // 4
    text, sought = [0] * (nodes - size), [0] * size
    for both in (
        (text, sought),
        (text, [*sought[:-1], 1]),
        ([*text[:-1], 1], [*sought[:-1], 1]),
        (text, [1, *sought[1:]]),
        ([0, 1] * (len(text) // 2) + [3] * (len(text) % 2), [0, 1] * (size // 2) + [2]),
    ):
        first, second = both
        first = first[: nodes - len(second)]
        found = solve(as_inputs(first, second))
        clrs_reference.assert_traced(task, found, np.array(first), np.array(second))
