"""Training is a pure function of a seed: mapped, stopped or alone, it is the same."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from mindgap import network, tasks, training
from mindgap.network import ModelConfig, metrics, pairwise
from mindgap.training import TrainConfig, trainer

SMALL = ModelConfig(hidden_size=8)
SHORT = TrainConfig(
    steps=6, lengths=(3, 4), batch=4, evaluate_every=2, validation_graphs=8
)


@pytest.fixture(scope="module")
def mapped():
    """Seeds 3 and 5 together, six steps."""
    trainer = training.ensemble(
        training.make_trainer(tasks.bfs, SMALL, SHORT, training.SEEDS)
    )
    keys = jax.vmap(training.key_of)(jnp.array([3, 5]))
    state, curves = trainer.advance(keys, trainer.begin(keys), jnp.array(0), 6)
    return trainer, keys, jax.device_get(state), jax.device_get(curves)


def close(a, b):
    """Equal but for the few entries whose gradient is rounding noise.

    Adam moves those by up to the learning rate (1e-4), whatever their size.
    """
    for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        assert_allclose(x, y, atol=2e-4)
    x, y = (
        np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(t)]) for t in (a, b)
    )
    # another key, or a step more or less, moves nearly all of them
    assert np.mean(np.abs(x - y) > 1e-6) < 0.1


@pytest.mark.slow
def test_a_mapped_seed_is_that_seed_alone(mapped):
    _, _, state, curves = mapped
    alone, curve = jax.jit(training.make_train(tasks.bfs, SMALL, SHORT))(
        training.key_of(5)
    )
    close(jax.tree.map(lambda leaf: leaf[1], state.params), alone.params)
    close(jax.tree.map(lambda leaf: leaf[1], state.best), alone.best)
    assert_allclose(curves.loss[1], curve.loss, rtol=1e-4)
    assert_array_equal(curves.validation[1], curve.validation)


@pytest.mark.slow
def test_stopping_and_going_on_is_the_same_as_not_stopping(mapped):
    trainer, keys, state, curves = mapped
    half, first = trainer.advance(keys, trainer.begin(keys), jnp.array(0), 3)
    whole, second = trainer.advance(keys, half, jnp.array(3), 3)
    close(state, jax.device_get(whole))
    joined = np.concatenate([first.loss, second.loss], 1)
    assert_allclose(joined, curves.loss, rtol=1e-5)


def test_validation_comes_every_so_often_from_step_0_on(mapped):
    _, _, state, curves = mapped
    assert_array_equal(curves.validation[0] < 0, [0, 1, 0, 1, 0, 1])
    assert (state.best_score == np.max(curves.validation, 1)).all()
    # replaced on strict improvement only: the first of equal scores is kept
    assert_array_equal(state.best_step, np.argmax(curves.validation, 1))


def test_seeds_differ(mapped):
    _, _, state, curves = mapped
    assert not np.allclose(curves.loss[0], curves.loss[1])
    assert not np.allclose(*state.params["encoder_pos"]["w"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pairs", "plain"), [(18, False), (99, False), (99, True)],
    ids=["two-parts", "whole", "without Adam"],
)  # fmt: skip
def test_a_step_is_clipped_adam_on_the_loss(pairs, plain, key, monkeypatch):
    """One step written out by hand, with the data that the seed draws."""
    monkeypatch.setattr(pairwise, "PAIRS", pairs)
    config = dataclasses.replace(
        SHORT, steps=1, learning_rate=0.01, clip_norm=0.1, plain=plain
    )
    seed = training.key_of(0)
    state, curves = jax.jit(training.make_train(tasks.bfs, SMALL, config))(seed)
    params = network.init(tasks.bfs, SMALL, trainer._stream(seed, "init"))
    draw = jax.random.fold_in(trainer._stream(seed, "train"), 0)
    graphs = tasks.bfs.sample(draw, 3, 4, tuple(k / 10 for k in range(1, 10)), True)

    def loss(params):
        found = network.predict(tasks.bfs, SMALL, params, graphs)
        return metrics.loss(tasks.bfs, graphs, found.logits, found.hints)

    value, gradient = jax.jit(jax.value_and_grad(loss))(params)
    norm = jnp.sqrt(sum((g**2).sum() for g in jax.tree.leaves(gradient)))
    assert norm > 0.1
    clipped = jax.tree.map(lambda g: g * 0.1 / norm, gradient)
    # Adam's first step, its moments corrected for their zero start
    expected = jax.tree.map(
        lambda p, g: p - 0.01 * g / (1 if plain else jnp.abs(g) + 1e-8), params, clipped
    )
    tolerance = 1e-6 if plain else 2e-4
    assert_allclose(curves.loss[0], value, rtol=1e-5)
    for module, leaves in expected.items():
        for leaf, array in leaves.items():
            moved = jnp.abs(clipped[module][leaf]) > 1e-6  # else rounding decides
            difference = jnp.where(moved, state.params[module][leaf] - array, 0)
            told = f"{module}/{leaf}"
            assert_allclose(difference, 0, atol=tolerance, err_msg=told)


def trained(**changes):
    config = dataclasses.replace(SHORT, **changes)
    return jax.jit(training.make_train(tasks.bfs, SMALL, config))(training.key_of(2))[0]


@pytest.mark.slow
def test_a_snapshot_is_a_shorter_run():
    whole = trained(steps=5, snapshots=(1, 3))
    for count, snapshot in zip((1, 3), whole.snapshots, strict=True):
        close(snapshot, trained(steps=count).params)


@pytest.mark.slow
def test_gathering_moves_nothing_and_tames_the_first_step():
    def flat(params):
        return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(params)])

    start = flat(training.make_trainer(tasks.bfs, SMALL, SHORT).begin(
        training.key_of(2)
    ).params)  # fmt: skip
    rate = SHORT.learning_rate
    # drawn in another compilation, so equal but for rounding
    assert_allclose(flat(trained(steps=4, gathered=4).params), start, atol=1e-6)
    state = trained(steps=6, gathered=4, snapshots=(1, 2))
    first, second = (np.abs(flat(p) - start) for p in state.snapshots)
    assert_array_equal(flat(state.params), flat(state.snapshots[1]))
    usual = np.abs(flat(trained(steps=1).params) - start)
    moved = usual > 0.9 * rate  # Adam's first step is the rate, whatever the gradient
    assert moved.mean() > 0.5 and usual.max() < 1.01 * rate
    assert first[moved].mean() < 0.8 * rate and second.mean() > first.mean() > 0


def test_snapshots_are_within_the_run():
    with pytest.raises(ValueError, match=r"one of snapshots is 5, but .* at most 4"):
        dataclasses.replace(SHORT, gathered=2, snapshots=(1, 5))


@pytest.mark.slow
def test_it_learns():
    config = TrainConfig(
        steps=300, learning_rate=3e-3, lengths=(5,), batch=16, validation_graphs=32
    )
    _, curves = jax.jit(
        training.make_train(tasks.bfs, ModelConfig(hidden_size=16), config)
    )(training.key_of(0))
    assert curves.loss[-20:].mean() < 0.5 * curves.loss[:20].mean()
    assert np.max(curves.validation) > 0.8


@pytest.mark.parametrize("size", [1, pytest.param(2, marks=pytest.mark.large), 3, 12])
def test_the_parts_of_a_batch_add_up_to_it(size, key):
    """Loss and gradient, against the whole batch at once."""
    graphs = tasks.bellman_ford.sample(key, 5, 12, (0.2, 0.9))
    params = network.init(tasks.bellman_ford, SMALL, key)

    def loss(params, graphs, *shares):
        errors = functools.partial(metrics.hint_errors, tasks.bellman_ford)
        found = network.predict(
            tasks.bellman_ford, SMALL, params, graphs, summarise=errors
        )
        return metrics.combined_loss(
            tasks.bellman_ford, graphs, found.logits, found.hints, *shares
        )

    parts = training.by_length(graphs, size)
    assert parts[0].positions.shape[1] == size
    lengths = parts[0].trajectory.lengths
    assert (np.diff(lengths.ravel()) >= 0).all()
    assert lengths.min() == 1  # a graph that gives no hint to be learned
    judge = jax.jit(jax.value_and_grad(loss))
    found = jax.lax.map(lambda part: judge(params, *part), parts)
    total = jax.tree.map(lambda leaf: leaf.sum(0), found)
    jax.tree.map(
        lambda a, b: assert_allclose(a, b, rtol=1e-4, atol=1e-5),
        total,
        judge(params, graphs),
    )


def test_a_redraw_keeps_each_graph_with_its_trajectory(key):
    pool = tasks.bfs.sample(key, 6, 12)
    redraw = jax.jit(functools.partial(training.redraw, tasks.bfs))
    drawn = redraw(jax.random.key(1), pool)
    again = jax.vmap(tasks.bfs.solve)(dict(drawn.inputs))
    jax.tree.map(assert_array_equal, drawn.trajectory, again)
    assert (np.diff(drawn.positions) > 0).all()
    chosen = {np.asarray(w).tobytes() for w in drawn.weights}
    assert 1 < len(chosen) < 12  # with replacement


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": 0}, "steps is 0"),
        ({"lengths": ()}, "lengths is"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0, but must be a finite number"),
    ],
)
def test_impossible_settings_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        TrainConfig(**changes)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(tasks.TASKS))
def test_training_compiles_for_cuda(name, monkeypatch):
    """Nothing that only a CPU has creeps into a span of steps."""
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    trainer = training.ensemble(
        training.make_trainer(tasks.TASKS[name], SMALL, SHORT, training.SEEDS)
    )

    def train(seeds):
        keys = jax.vmap(training.key_of)(seeds)
        return trainer.advance(keys, trainer.begin(keys), jnp.array(0), 3)

    exported = jax.export.export(jax.jit(train), platforms=["cuda"])(jnp.arange(2))
    assert exported.platforms == ("cuda",)
    assert "callback" not in exported.mlir_module()
    assert "while" in exported.mlir_module()


def test_the_first_of_equal_checkpoints_is_the_best():
    """On graphs of one node every answer is right, so all scores are equal."""
    config = TrainConfig(
        steps=3, lengths=(1,), batch=2, evaluate_every=1, validation_graphs=2
    )
    train = training.make_train(tasks.bfs, ModelConfig(hidden_size=4), config)
    state, curves = train(training.key_of(0))
    assert list(curves.validation) == [1, 1, 1]
    assert int(state.best_step) == 0


def test_every_step_draws_graphs_of_its_own():
    """With parameters that stand still, only the graphs can change the loss."""
    config = TrainConfig(
        steps=4, lengths=(4, 5), batch=4, learning_rate=1e-30, validation_graphs=2
    )
    train = training.make_train(tasks.bfs, ModelConfig(hidden_size=4), config)
    _, curves = train(training.key_of(0))
    assert len(set(np.asarray(curves.loss).tolist())) == 4
