"""Measures of faithfulness: compiled networks score 1, shuffled ones at chance."""

import dataclasses
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from mindgap import network, tasks
from mindgap.compiler.verification import suited
from mindgap.graphs import Graphs
from mindgap.measures import faithfulness
from mindgap.network import ModelConfig
from mindgap.programs import PROGRAMS, bellman_ford, bfs

SMALL = ModelConfig(hidden_size=8)


@pytest.fixture(params=[bfs, bellman_ford], ids=lambda program: program.name)
def compiled(request):
    made = suited(request.param, 8)
    graphs = made.task.sample(jax.random.key(1), nodes=8, batch=6, p=(0.2, 0.5))
    kept = [i for i, reason in enumerate(made.refusals(graphs)) if reason is None]
    assert len(kept) > 3
    return SimpleNamespace(
        program=made.program,
        parts=(made.task, made.config, made.params),
        graphs=graphs.take(np.array(kept)).trimmed(),
    )


def test_a_compiled_network_is_faithful(compiled):
    task, graphs = compiled.parts[0], compiled.graphs
    scores = faithfulness.trace_scores(*compiled.parts, graphs)
    told = jnp.arange(graphs.trajectory.steps) < graphs.trajectory.lengths[:, None] - 1
    for name, score in scores.items():
        assert_array_equal(jnp.isfinite(score), told)
        perfect = 0 if task.features[name].type == "scalar" else 1
        assert_allclose(score[told], perfect, atol=1e-4)
    assert_array_equal(faithfulness.trace_accuracy(task, scores)[told], 1)
    found = faithfulness.mechanism(compiled.program, *compiled.parts, graphs)
    some = jnp.isfinite(found["accuracy"])
    assert some.any() and not some[~told].any()
    assert_array_equal(found["accuracy"][some], 1)
    assert_allclose(found["mass"][some], 1, atol=1e-5)
    assert (found["chance"][some] < 1).all()


def test_a_shuffled_mechanism_is_at_chance(compiled, key):
    graphs, (task, config, params) = compiled.graphs, compiled.parts
    alpha = network.apply(task, config, params, graphs).attention[:, :, 0]
    selected, active = faithfulness.selections(compiled.program, graphs)["other"]
    neighbours = graphs.adjacency[:, None]
    chance = faithfulness.attention_chance(neighbours, active)
    measures = (faithfulness.attention_accuracy, faithfulness.attention_mass)
    found = []
    for part in jax.random.split(key, 400):
        dealt = faithfulness.shuffled(part, alpha, neighbours)
        found.append([measure(dealt, selected, active) for measure in measures])
    # of each of 400 deals a mean over the steps of several graphs: s.e.m. below 0.01
    expected = np.nanmean(chance)
    assert_allclose(np.nanmean(np.array(found), (0, 2, 3)), expected, atol=0.03)


def test_shuffling_keeps_each_nodes_coefficients_among_its_neighbours(key):
    graphs = tasks.bfs.sample(key, nodes=9, batch=4)
    alpha = jax.random.uniform(key, (4, 9, 9)) * graphs.adjacency
    dealt = faithfulness.shuffled(key, alpha, graphs.adjacency)
    assert_array_equal(dealt > 0, graphs.adjacency > 0)
    assert_array_equal(jnp.sort(dealt), jnp.sort(alpha))
    assert not jnp.array_equal(dealt, alpha)


def test_hints_of_another_graph_are_not_right(compiled):
    """The negative control of traces: what the graph next to it would say."""
    graphs, (task, config, params) = compiled.graphs, compiled.parts
    other = jax.tree.map(lambda leaf: jnp.roll(jnp.asarray(leaf), 1, 0), graphs)
    mixed = Graphs(graphs.task, graphs.inputs, other.trajectory)
    scores = faithfulness.trace_scores(task, config, params, mixed)
    assert np.nanmean(faithfulness.trace_accuracy(task, scores)) < 0.75


@pytest.mark.parametrize("task", tasks.TASKS.values(), ids=lambda task: task.name)
def test_scores_of_hints_are_those_of_a_plain_count(task, key):
    graphs = task.sample(key, nodes=5, batch=3, p=(0.3, 0.6)).trimmed()
    params = network.init(task, SMALL, key)
    told = network.predict(task, SMALL, params, graphs).hints
    scores = faithfulness.trace_scores(task, SMALL, params, graphs)
    assert scores.keys() == task.stage("hint").keys()
    for name, score in scores.items():
        feature = task.features[name]
        truths = np.asarray(graphs.trajectory.hints[name])
        for graph, length in enumerate(graphs.trajectory.lengths):
            assert np.isnan(score[graph, int(length) - 1 :]).all()
            for time in range(int(length) - 1):
                said, truth = told[name][graph, time], truths[graph, time + 1]
                if feature.type == "scalar":
                    expected = np.abs(said - truth).mean()
                elif feature.type == "mask":
                    expected = np.mean((np.asarray(said) > 0) == (truth > 0.5))
                else:
                    named = truth if feature.type == "pointer" else truth.argmax(-1)
                    expected = np.mean(np.asarray(said).argmax(-1) == named)
                assert_allclose(score[graph, time], expected, atol=1e-5)


@given(st.integers(0, 2**31 - 1))
def test_attention_accuracy_counts_active_nodes_alone(seed):
    rng = np.random.default_rng(seed)
    alpha = rng.dirichlet(np.ones(4), (3, 4)).astype(np.float32)
    selected, active = rng.integers(0, 4, (3, 4)), rng.random((3, 4)) < 0.5
    arguments = tuple(map(jnp.asarray, (alpha, selected, active)))
    accuracy = faithfulness.attention_accuracy(*arguments)
    mass = faithfulness.attention_mass(*arguments)
    for step in range(3):
        nodes = np.flatnonzero(active[step])
        if not len(nodes):
            assert np.isnan(accuracy[step]) and np.isnan(mass[step])
            continue
        rows = alpha[step][nodes]
        right = [
            max(r) == r[selected[step][n]] for n, r in zip(nodes, rows, strict=True)
        ]
        assert_allclose(accuracy[step], np.mean(right), rtol=1e-6)
        held = [r[selected[step][n]] for n, r in zip(nodes, rows, strict=True)]
        assert_allclose(mass[step], np.mean(held), rtol=1e-5)


def test_attention_that_sees_nothing_is_at_chance_whomever_the_program_selects(key):
    """BFS selects the lowest index, and so would the first of equal coefficients."""
    graphs = tasks.bfs.sample(key, nodes=10, batch=20).trimmed()
    neighbours = graphs.adjacency[:, None]
    selected, active = faithfulness.selections(bfs, graphs)["other"]
    flat = jnp.broadcast_to(
        neighbours / neighbours.sum(-1, keepdims=True), (*selected.shape, 10)
    )
    assert_allclose(
        faithfulness.attention_accuracy(flat, selected, active),
        faithfulness.attention_chance(neighbours, active),
        rtol=1e-5,
    )


def test_what_cannot_be_compared_is_refused(key):
    graphs = tasks.bfs.sample(key, nodes=4, batch=1)
    deep = dataclasses.replace(SMALL, message_steps=2)
    params = network.init(tasks.bfs, deep, key)
    with pytest.raises(ValueError, match="message_steps is 2"):
        faithfulness.mechanism(PROGRAMS["bfs"], tasks.bfs, deep, params, graphs)
    with pytest.raises(ValueError, match="none of"):
        faithfulness.trace_accuracy(tasks.bfs, {})


@pytest.mark.parametrize("task", [tasks.bfs, tasks.bellman_ford, tasks.dfs])
def test_a_prediction_that_never_moves_is_right_where_the_algorithm_has_not(task, key):
    graphs = task.sample(key, nodes=6, batch=5, p=0.5).trimmed()
    trajectory, steps = graphs.trajectory, graphs.trajectory.steps
    last = np.asarray(trajectory.lengths) - 1
    for at_end, still in ((False, 0 * last), (True, last)):
        found = faithfulness.unmoving_scores(task, graphs, at_end)
        assert set(found) == set(task.stage("hint"))
        for name, score in found.items():
            feature, hint = task.features[name], np.asarray(trajectory.hints[name])
            if feature.type in ("categorical", "mask_one"):
                hint = hint.argmax(-1)
            for graph in range(5):
                for time in range(steps):
                    now, then = hint[graph, time + 1], hint[graph, still[graph]]
                    off = np.abs(now - then)
                    right = (off if feature.type == "scalar" else off == 0).mean()
                    expected = right if time < last[graph] else np.nan
                    assert_allclose(score[graph, time], expected, atol=1e-6)
