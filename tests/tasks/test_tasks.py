"""Traces are dm-clrs's at every step; graphs follow dm-clrs's distribution."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from mindgap import tasks
from mindgap.tasks.base import TRAIN_PROBABILITIES
from mindgap.tasks.random import uniforms
from tests import clrs_reference
from tests.cases import one_graph
from tests.strategies import weighted_digraphs

TOGETHER = [*tasks.TASKS.values(), *tasks.BEYOND.values()]
SOLVE = {task.name: jax.jit(task.solve) for task in TOGETHER}


@pytest.mark.clrs
@pytest.mark.parametrize("task", TOGETHER, ids=lambda t: t.name)
@given(data=st.data())
def test_every_hint_at_every_step_is_that_of_dm_clrs(task, data):
    weights = data.draw(weighted_digraphs(directed=task.sampler.directed))
    if task.sampler.acyclic:
        order = np.array(data.draw(st.permutations(range(len(weights)))))
        weights = np.where(order[:, None] < order, weights, 0).astype(np.float32)
    nodes = len(weights)
    source = data.draw(st.integers(0, nodes - 1))
    start = jax.nn.one_hot(source, nodes) if task.sampler.sourced else None
    found = SOLVE[task.name](one_graph(weights, start))
    inputs = [weights.astype(float)] + ([source] if task.sampler.sourced else [])
    clrs_reference.assert_traced(task, found, *inputs)


BENCHMARKS = [
    pytest.param(
        task,
        split,
        # dm-clrs takes minutes for it
        marks=[pytest.mark.large] * (split == "test" and task is tasks.quickselect),
        id=f"{task.name}-{split}",
    )
    for task in (*TOGETHER, *tasks.ROWS.values(), *tasks.STRINGS.values())
    for split in ("val", "test")
]


@pytest.mark.clrs
@pytest.mark.parametrize(("task", "split"), BENCHMARKS)
def test_the_benchmark_sets_are_dm_clrs_own(task, split):
    import clrs

    setting = clrs.CLRS30[split]
    times = clrs.CLRS_30_ALGS_SETTINGS[task.name]["num_samples_multiplier"]
    sampler, spec = clrs.build_sampler(
        task.name,
        seed=setting["seed"],
        num_samples=times * setting["num_samples"],
        length=setting["length"],
    )
    theirs, ours = sampler.next(), task.benchmark(split)
    for point in theirs.features.inputs:
        assert_allclose(task.inputs(ours)[point.name], point.data, atol=1e-7)
    # sums of a row are rounded to float32 with each number
    within = 1e-5 if task.name in tasks.ROWS else 1e-6
    for point in theirs.features.hints:
        if point.name in task.left_out:
            continue
        truth = np.swapaxes(point.data, 0, 1)
        assert_allclose(ours.trajectory.hints[point.name], truth, atol=within)
    for point in theirs.outputs:
        assert_array_equal(ours.trajectory.outputs[point.name], point.data)
    assert_array_equal(ours.trajectory.lengths, theirs.features.lengths)
    features = {name: tuple(f[:3]) for name, f in task.features.items()}
    # an order of nodes is a pointer at each node
    assert features == {
        name: (*entry[:2], str(entry[2]).replace("should_be_permutation", "pointer"))
        for name, entry in spec.items()
        if name not in task.left_out
    }


@pytest.mark.clrs
@pytest.mark.parametrize("task", TOGETHER, ids=lambda t: t.name)
def test_random_graphs_follow_the_distribution_of_dm_clrs(task, key):
    import clrs
    from scipy import stats

    nodes, count = 7, 2000
    sampler, _ = clrs.build_sampler(
        task.name, seed=0, num_samples=count, length=nodes, p=TRAIN_PROBABILITIES
    )
    theirs = sampler.next()
    ours = task.sample(key, nodes, count, TRAIN_PROBABILITIES, random_positions=True)
    inputs = {point.name: point.data for point in theirs.features.inputs}
    statistics = {
        "edges": lambda a: (a != 0).sum((1, 2)),
        "self-loops": lambda a: (np.diagonal(a, axis1=1, axis2=2) != 0).sum(1),
        "weight": lambda a: a.reshape(count, -1).max(1),
        "one way only": lambda a: ((a != 0) & (a.swapaxes(1, 2) == 0)).sum((1, 2)),
    }
    for name, statistic in statistics.items():
        a, b = statistic(np.asarray(ours.weights)), statistic(inputs["A"])
        assert stats.ks_2samp(a, b, method="asymp").pvalue > 1e-4, name
    if task.sampler.sourced:
        starts = np.asarray(ours.source).sum(0)
        assert stats.chisquare(starts).pvalue > 1e-4
    lengths = np.asarray(ours.trajectory.lengths), theirs.features.lengths
    assert stats.ks_2samp(*lengths, method="asymp").pvalue > 1e-4
    # sorted uniforms: the k-th of n has mean (k + 1) / (n + 1)
    expected = (np.arange(nodes) + 1) / (nodes + 1)
    assert_allclose(np.asarray(ours.positions).mean(0), expected, atol=0.02)
    assert (np.diff(ours.positions) > 0).all()


@pytest.mark.parametrize("task", TOGETHER, ids=lambda t: t.name)
def test_the_same_key_gives_the_same_graphs(task, key):
    a, b = (task.sample(key, 5, 3, (0.2, 0.8), True) for _ in range(2))
    jax.tree.map(assert_array_equal, a, b)
    other = task.sample(jax.random.key(1), 5, 3, (0.2, 0.8), True)
    assert not np.array_equal(a.positions, other.positions)


@given(weights=weighted_digraphs(most=10, directed=False))
def test_bellman_ford_finds_shortest_paths(weights):
    """Against scipy's Dijkstra, in double precision."""
    from scipy.sparse.csgraph import dijkstra

    weights = np.where(np.eye(len(weights), dtype=bool), 0, weights)
    truth = dijkstra(weights, indices=0)
    found = SOLVE["bellman_ford"](one_graph(weights, jax.nn.one_hot(0, len(weights))))
    last = int(found.lengths) - 1
    reached = np.asarray(found.hints["msk"][last]) > 0
    assert_array_equal(reached, np.isfinite(truth))
    assert_allclose(found.hints["d"][last][reached], truth[reached], rtol=1e-5)


def test_a_source_must_be_given_where_there_is_one():
    edges = jnp.ones((1, 3, 3))
    with pytest.raises(ValueError, match="bfs needs a source"):
        tasks.bfs.run(edges, None)
    with pytest.raises(ValueError, match="dfs has no source"):
        tasks.dfs.run(edges, jnp.ones((1, 3)))


def test_an_impossible_size_is_refused(key):
    with pytest.raises(ValueError, match="nodes is 0"):
        tasks.bfs.sample(key, nodes=0, batch=1)


@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.sampled_from([1, 4]),
    columns=st.sampled_from([1, 6, 50]).flatmap(  # few shapes to be compiled
        lambda count: st.lists(st.integers(0, 40), min_size=count, max_size=count)
    ),
)
def test_numbers_drawn_alone_are_those_that_jax_draws_together(seed, rows, columns):
    key, columns = jax.random.key(seed), np.array(columns)
    together = jax.random.uniform(key, (rows, 41))
    assert_array_equal(uniforms(key, rows, 41, columns), together[:, columns])


def test_another_generator_gives_its_own_numbers():
    key = jax.random.key(0, impl="rbg")
    columns = np.array([2, 0, 2])
    together = jax.random.uniform(key, (3, 4))
    assert_array_equal(uniforms(key, 3, 4, columns), together[:, columns])
