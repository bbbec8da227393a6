"""Planes, lines and curvature against functions whose values are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from mindgap import network, tasks
from mindgap.measures import landscape
from mindgap.network import ModelConfig, metrics


@pytest.fixture
def params(key):
    """Filters of very different lengths, one of zeros, and a bias."""
    w = jax.random.normal(key, (5, 4)) * jnp.array([0.0, 0.1, 1.0, 50.0])
    return {"layer": {"w": w, "b": jnp.arange(4.0)}}


@given(st.integers(0, 2**31 - 1))
def test_every_filter_of_a_direction_has_its_filters_norm(seed):
    rng = np.random.default_rng(seed)
    params = {"w": jnp.asarray(rng.normal(size=(6, 3)) * rng.exponential(5, 3))}
    found = landscape.direction(jax.random.key(seed), params)
    norms = [np.linalg.norm(np.asarray(t["w"]), axis=0) for t in (found, params)]
    assert_allclose(*norms, rtol=1e-5)


def test_directions_leave_biases_and_empty_filters_alone(params, key):
    found = landscape.direction(key, params)["layer"]
    assert_array_equal(found["b"], 0)
    assert_array_equal(found["w"][:, 0], 0)
    assert (found["w"][:, 1:] != 0).all()


def test_a_plain_direction_has_the_length_of_all_and_filters_alike(params, key):
    found = landscape.direction(key, params, normalised=False)["layer"]
    assert_array_equal(found["b"], 0)
    lengths = [jnp.linalg.norm(w) for w in (found["w"], params["layer"]["w"])]
    assert_allclose(*lengths, rtol=1e-5)
    columns = np.linalg.norm(np.asarray(found["w"]), axis=0)
    assert columns.max() / columns.min() < 5


def test_a_plane_is_the_loss_at_each_of_its_points(params, key):
    first, second = (landscape.direction(k, params) for k in jax.random.split(key))

    def loss(p):
        return jnp.stack([jnp.sum(p["layer"]["w"] ** 2), jnp.sum(p["layer"]["b"])])

    offsets, surface = landscape.plane(loss, params, first, second, 0.5, 5)
    assert_allclose(offsets, [-0.5, -0.25, 0, 0.25, 0.5])
    assert surface.shape == (5, 5, 2)
    assert_allclose(surface[2, 2], loss(params), rtol=1e-6)
    w, f, s = (np.asarray(t["layer"]["w"]) for t in (params, first, second))
    expected = np.sum((w - 0.25 * f + 0.5 * s) ** 2)
    assert_allclose(surface[1, 4, 0], expected, rtol=1e-5)
    assert_allclose(surface[..., 1], 6, rtol=1e-6)


def test_a_ray_is_the_loss_at_multiples_and_a_loss_is_compiled_once():
    traced = []

    def loss(p):
        traced.append(1)
        return jnp.stack([p["x"][0] ** 2, p["x"][1]])

    params, along = {"x": jnp.array([1.0, 2.0])}, {"x": jnp.array([2.0, -1.0])}
    at = np.array([-0.5, 0.0, 3.0])
    found = landscape.ray(loss, params, along, at)
    assert_allclose(found, [[0, 2.5], [1, 2], [49, -1]], atol=1e-6)
    before = len(traced)
    assert_allclose(landscape.ray(loss, along, params, at)[1], [4, -1], atol=1e-6)
    assert len(traced) == before


def test_a_line_runs_from_start_to_end_and_shows_what_lies_between():
    def bump(p):
        return (p["x"][0] ** 2 - 1) ** 2

    start, end = ({"x": jnp.array([x])} for x in (-1.0, 1.0))
    offsets, losses = landscape.line(bump, start, end, points=5)
    assert_allclose(offsets, [0, 0.25, 0.5, 0.75, 1])
    assert_allclose(losses, [0, 0.5625, 1, 0.5625, 0], atol=1e-6)
    assert landscape.barrier(losses) == pytest.approx(1.0)
    offsets, losses = landscape.line(bump, start, end, points=4, beyond=1.0)
    assert_allclose(offsets, [-1, 0, 1, 2])
    assert landscape.barrier(losses[1:3]) == pytest.approx(0.0, abs=1e-6)


@given(st.lists(st.floats(-100, 100), min_size=4, max_size=12, unique=True))
def test_curvature_finds_the_eigenvalues_of_a_quadratic(values):
    rng = np.random.default_rng(len(values))
    turn, _ = np.linalg.qr(rng.normal(size=(len(values), len(values))))
    hessian = jnp.asarray(turn @ np.diag(values) @ turn.T)

    def loss(p):
        x = jnp.concatenate([p["a"], p["b"]])
        return 0.5 * x @ hessian @ x

    params = {"a": jnp.ones(2), "b": jnp.zeros(len(values) - 2)}
    found = landscape.curvature(loss, params, jax.random.key(0), 2, 30)
    expected = sorted(values, key=abs, reverse=True)[:2]
    scale = max(1e-3, abs(expected[0]))
    assert_allclose(np.abs(found), np.abs(expected), atol=1e-3 * scale)


@pytest.mark.parametrize(
    ("diagonal", "expected"),
    [
        ([0.0] * 4, [0, 0, 0]),
        ([1.0] * 6, [1, 1, 1]),
        ([5.0, 5.0, 1.0, 1.0, -7.0], [-7, 5, 5]),
    ],
)
def test_curvature_finds_flat_places_and_repeated_eigenvalues(diagonal, expected, key):
    def loss(p):
        return jnp.sum(p) + 0.5 * jnp.sum(jnp.array(diagonal) * p**2)

    found = landscape.curvature(loss, jnp.ones(len(diagonal)), key, 3, 30)
    assert_allclose(found, expected, atol=1e-4)


def test_relative_curvature_does_not_depend_on_the_scale(key):
    def loss(p):
        return jnp.sum(p["a"] ** 2) ** 2

    found = []
    for scale in (1.0, 1000.0):
        params = {"a": scale * jnp.array([1.0, 2.0, 3.0])}

        def scaled(p, scale=scale):
            return loss(jax.tree.map(lambda leaf: leaf / scale, p))

        zeros = jax.tree.map(jnp.zeros_like, params)
        of = landscape.relative(scaled, params)
        assert_allclose(of(zeros), scaled(params))
        found.append(landscape.curvature(of, zeros, key, 2))
    assert_allclose(*found, rtol=1e-3)


def test_curvature_of_a_network_is_that_of_its_gradients(key):
    """Products with the Hessian pass through the network's own derivatives."""
    task, config = tasks.bellman_ford, ModelConfig(hidden_size=4)
    graphs = task.sample(key, nodes=4, batch=4).trimmed()
    # off the kinks that zero biases would put every unit on
    params = jax.tree.map(
        lambda leaf: leaf + 0.1 * jax.random.normal(key, leaf.shape),
        network.init(task, config, key),
    )

    def loss(p):
        found = network.predict(task, config, p, graphs)
        return metrics.loss(task, graphs, found.logits, found.hints)

    top = landscape.curvature(loss, params, key, count=1, iterations=40)[0]
    with jax.enable_x64():
        exact = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf, float)), params)
        flat, shaped = jax.flatten_util.ravel_pytree(exact)
        slope = jax.jit(lambda p: jax.grad(lambda q: loss(shaped(q)))(p))
        rows = [
            (slope(flat + 1e-7 * e) - slope(flat - 1e-7 * e)) / 2e-7
            for e in jnp.eye(len(flat))
        ]
        values = np.linalg.eigvalsh((np.array(rows) + np.array(rows).T) / 2)
    largest = values[np.abs(values).argmax()]
    assert_allclose(top, largest, rtol=0.02)


def test_what_makes_no_landscape_is_refused(params, key):
    def nothing(p):
        return jnp.zeros(())

    with pytest.raises(ValueError, match="got 1 and"):
        landscape.plane(nothing, params, params, params, 1.0, 1)
    with pytest.raises(ValueError, match=r"got 5 and -1"):
        landscape.plane(nothing, params, params, params, -1.0, 5)
    with pytest.raises(ValueError, match="got 4, 2 and 24"):
        landscape.curvature(nothing, params, key, 4, 2)


def test_curvature_beyond_the_precision_is_refused(key):
    steep = {"a": jnp.ones(3)}
    with pytest.raises(FloatingPointError, match=r"vector 1 is not finite: .* float32"):
        landscape.curvature(lambda p: jnp.exp(100 * p["a"]).sum(), steep, key)
