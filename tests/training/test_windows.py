"""Windows of a trajectory are its parts, and a network goes on where it stopped."""

import dataclasses

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.testing import assert_allclose, assert_array_equal

from mindgap import network, tasks, training
from mindgap.graphs import Graphs
from mindgap.network import ModelConfig, metrics
from mindgap.training import TrainConfig, Windows, windows
from mindgap.training.windows import Followed

HARD = ModelConfig(hidden_size=8, heads=2, layer_norm=False, feedback="hard")
SHORT = TrainConfig(
    steps=8,
    learning_rate=1e-2,
    lengths=(3, 4),
    batch=4,
    evaluate_every=2,
    validation_graphs=8,
    decay=True,
    zoom=0.2,
    windows=Windows(steps=2),
)


def at_start(graphs: Graphs, size: int = 8) -> Followed:
    hidden = jnp.zeros((graphs.batch, graphs.nodes, size))
    return Followed(graphs, jnp.zeros(graphs.batch, jnp.int32), hidden)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), steps=st.integers(1, 5))
def test_a_window_is_a_part_of_the_trajectory(seed, steps):
    task = tasks.bfs_sequential  # of many lengths, some of a single hint
    graphs = task.sample(jax.random.key(seed), 5, 6, (0.1, 0.9))
    lengths = np.asarray(graphs.trajectory.lengths)
    time = np.random.default_rng(seed).integers(0, np.maximum(lengths - 1, 1))
    followed = at_start(graphs)._replace(time=jnp.asarray(time, jnp.int32))
    window = windows.cut(task, followed, steps)
    found = window.graphs.trajectory
    for b, (first, length) in enumerate(zip(time, lengths, strict=True)):
        last = min(first + steps, length - 1)
        assert found.lengths[b] == last - first + 1
        assert window.ends[b] == (last == length - 1)
        for name, hint in graphs.trajectory.hints.items():
            part = np.asarray(hint)[b, first : last + 1]
            assert_array_equal(np.asarray(found.hints[name])[b, : len(part)], part)
        so_far = np.asarray(graphs.trajectory.hints["pi_h"])[b, last]
        assert_array_equal(found.outputs["pi"][b], so_far)


def test_window_by_window_a_network_is_as_in_one_run(key):
    """States at the ends of windows, the true hints given, and none left out."""
    task = tasks.dfs
    graphs = task.sample(key, 4, 3)
    params = network.init(task, HARD, key)
    hints = [n for n in HARD.encodes(task) if n in task.stage("hint")]

    def forced(steps):
        return dict.fromkeys(hints, jnp.ones((steps + 1, 3), bool))

    by_role = network.weights(task, HARD, params)
    total = graphs.trajectory.steps
    whole = network.unroll(task, HARD, by_role, graphs, True, forced=forced(total))
    assert whole.states is not None
    followed, reached = at_start(graphs), 0
    while reached < total:
        window = windows.cut(task, followed, 4)
        took = int(window.graphs.trajectory.lengths[0]) - 1
        given = jnp.ones((5, 3), bool)
        _, hidden = windows.loss(task, HARD, Windows(), params, window, given)
        reached += took
        if took == 4:
            assert_allclose(hidden, whole.states[:, reached - 1], atol=1e-4)
        followed = Followed(graphs, followed.time + took, hidden)
    assert reached == total and window.ends.all()


@pytest.mark.parametrize(
    "task", [tasks.bfs, tasks.topological_sort, tasks.dfs, tasks.bellman_ford]
)
def test_of_a_whole_trajectory_the_loss_is_the_usual_of_each_node(task, key):
    """A sum over nodes where that has their mean, but for scalars."""
    graphs = task.sample(key, 5, 6, (0.3, 0.7))
    params, steps = network.init(task, HARD, key), graphs.trajectory.steps
    window = windows.cut(task, at_start(graphs), steps)
    free = jnp.zeros((steps + 1, 6), bool)
    found, _ = windows.loss(task, HARD, Windows(), params, window, free)
    result = network.predict(task, HARD, params, graphs)
    usual = metrics.loss(task, graphs, result.logits, result.hints)
    single = [n for n in (*result.logits, *result.hints) if _single(task.features[n])]
    once = {n: v for n, v in result.hints.items() if n in single}
    outputs = {n: v for n, v in result.logits.items() if n in single}
    of_graphs = metrics.loss(task, graphs, outputs, once)
    assert_allclose(found, 5 * (usual - of_graphs) + of_graphs, rtol=1e-5)


def _single(feature) -> bool:
    """Whether the loss is one of the graph, or a mean over its nodes."""
    return feature.type in ("mask_one", "scalar") or feature.location == "graph"


def test_states_weigh_in_the_loss(key):
    graphs = tasks.bfs.sample(key, 4, 3)
    params = network.init(tasks.bfs, HARD, key)
    window = windows.cut(tasks.bfs, at_start(graphs), 2)
    given = jnp.ones((3, 3), bool)
    plain, light = (
        windows.loss(tasks.bfs, HARD, Windows(states=w), params, window, given)[0]
        for w in (0.0, 0.5)
    )
    forced = dict.fromkeys(("reach_h", "pi_h"), given)
    by_role = network.weights(tasks.bfs, HARD, params)
    run = network.unroll(tasks.bfs, HARD, by_role, window.graphs, True, forced=forced)
    assert run.states is not None
    assert_allclose(light - plain, 0.5 * (run.states**2).mean(), rtol=1e-4)


def test_done_graphs_give_place_to_fresh_ones(key):
    old, fresh = (tasks.dfs.sample(jax.random.key(i), 4, 3) for i in (1, 2))
    time = jnp.array([11, 4, 12], jnp.int32)
    followed = Followed(old, time, jnp.ones((3, 4, 8)))
    kept = windows.renew(key, followed, fresh, Windows())
    assert kept.time.tolist() == [0, 4, 0]
    adjacency = [np.asarray(g.adjacency) for g in (kept.graphs, old, fresh)]
    assert_array_equal(adjacency[0][[0, 2]], adjacency[2][[0, 2]])
    assert_array_equal(adjacency[0][1], adjacency[1][1])
    assert_array_equal(kept.hidden[:, 0, 0], [0, 1, 0])
    renewed = windows.renew(key, followed, fresh, Windows(renewed=1.0))
    assert renewed.time.tolist() == [0, 4, 0] and not renewed.hidden.any()


def test_hidden_states_of_half_the_graphs_are_scaled_node_by_node(key):
    graphs = tasks.bfs_padded.sample(key, 4, 400)
    followed = at_start(graphs)._replace(hidden=jnp.ones((400, 4, 8)))
    found = windows.renew(key, followed, graphs, Windows(scaled=3.0)).hidden
    one = np.asarray(found[..., 0])
    assert_array_equal(found, np.repeat(one[..., None], 8, -1))
    moved = (one != 1).all(1)
    assert ((one == 1).all(1) | moved).all() and 150 < moved.sum() < 250
    assert one[moved].min() >= 0 and one[moved].max() <= 3
    assert 1.4 < one[moved].mean() < 1.6 and one[moved].std(1).mean() > 0.5


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), least=st.floats(0.05, 1))
def test_zoomed_positions_keep_their_order_and_proportions(seed, least):
    key = jax.random.key(seed)
    positions = jnp.sort(jax.random.uniform(key, (40, 6)))
    moved = np.asarray(windows.zoomed(key, positions, least))
    assert moved.min() >= 0 and moved.max() <= 1
    gaps = np.diff(moved) / np.diff(np.asarray(positions))
    assert (gaps > least * 0.98).all() and (gaps < 1.02).all()
    assert_allclose(gaps, gaps.mean(1, keepdims=True) * np.ones(5), rtol=0.2)


def test_true_hints_become_rarer():
    plan = Windows(forced=(0.9, 0.3), forced_until=0.5)
    chances = [float(windows.chance_of_truth(plan, x)) for x in (0.0, 0.5, 0.75, 1.0)]
    assert_allclose(chances, [0.9, 0.9, 0.6, 0.3], rtol=1e-6)


def test_training_that_was_stopped_goes_on_as_one_that_was_not():
    trainer = training.make_trainer(tasks.dfs, HARD, SHORT)
    advance, key = jax.jit(trainer.advance, static_argnums=3), training.key_of(1)
    start = jax.jit(trainer.begin)(key)
    assert [f.graphs.nodes for f in start.followed] == [3, 4]
    first, before = advance(key, start, jnp.array(0), 4)
    second, after = advance(key, first, jnp.array(4), 4)
    assert not np.isnan(before.loss).any() and (after.loss != before.loss).all()
    whole, curve = jax.jit(training.make_train(tasks.dfs, HARD, SHORT))(key)
    # Two compilations round differently, and each of Adam's first steps makes that
    # larger, by an amount that depends on the processor.
    joined = np.concatenate([before.loss, after.loss])
    assert_allclose(curve.loss[0], joined[0], rtol=1e-5)
    assert_allclose(curve.loss, joined, rtol=2e-3)
    for x, y in zip(whole.followed, second.followed, strict=True):
        assert_array_equal(x.time, y.time)
        assert_array_equal(x.graphs.adjacency, y.graphs.adjacency)
        assert_allclose(x.hidden, y.hidden, atol=0.05)
    forgotten = first._replace(followed=start.followed)
    other = advance(key, forgotten, jnp.array(4), 4)[1]
    assert np.abs(other.loss / after.loss - 1).max() > 0.02


def test_windows_work_where_numbers_are_of_64_bits():
    config = dataclasses.replace(SHORT, windows=Windows(steps=2, scaled=2.0))
    with jax.enable_x64(True):
        train = jax.jit(training.make_train(tasks.dfs, HARD, config))
        state, curves = train(training.key_of(0))
    assert np.isfinite(curves.loss).all()
    assert {f.hidden.dtype for f in state.followed} == {np.dtype("float32")}


def test_windows_need_hints_that_are_fed_back():
    model = dataclasses.replace(HARD, hint_mode="none")
    with pytest.raises(ValueError, match="but with hint_mode 'none' the network is"):
        training.make_trainer(tasks.dfs, model, SHORT)


def test_windows_learn():
    config = dataclasses.replace(SHORT, steps=200, lengths=(5,), batch=16)
    train = jax.jit(training.make_train(tasks.bfs, HARD, config))
    state, curves = train(training.key_of(0))
    assert curves.loss[-20:].mean() < 0.5 * curves.loss[:20].mean()
    assert state.best_score > 0.8


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"forced": (1.0, 1.5)}, "one of forced is 1.5"),
        ({"steps": 0}, "steps of windows is 0"),
        ({"renewed": -0.1}, "renewed is -0.1"),
        ({"states": -1.0}, "states is -1.0"),
        ({"scaled": -1.0}, "scaled is -1.0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        Windows(**wrong)


@pytest.mark.parametrize("zoom", [0.0, 1.5])
def test_a_zoom_is_a_width(zoom):
    with pytest.raises(ValueError, match=f"zoom is {zoom}"):
        TrainConfig(zoom=zoom)
