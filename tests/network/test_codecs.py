"""Encoders and decoders against their definitions, written out."""

import jax
import jax.numpy as jnp
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from mindgap import network, tasks
from mindgap.network import ModelConfig, codecs, linear, metrics
from mindgap.network.linear import Linear
from tests.cases import one_graph

OPTIMISED = {
    "xla_backend_optimization_level": 3,
    "xla_llvm_disable_expensive_passes": False,
}
UNOPTIMISED = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
}


@pytest.mark.parametrize(
    "options", [OPTIMISED, UNOPTIMISED], ids=["optimised", "plain"]
)
def test_the_gradient_of_dfs_is_finite_however_it_is_compiled(options, key):
    """A maximum over nodes that XLA computes twice must not divide by zero."""
    config = ModelConfig(hidden_size=32)
    graphs = tasks.dfs.sample(key, 3, 1)
    params = jax.tree.map(
        lambda leaf: leaf + 1e-3 * jnp.sign(jax.random.normal(key, leaf.shape)),
        network.init(tasks.dfs, config, key),
    )

    def loss(params):
        found = network.predict(tasks.dfs, config, params, graphs)
        return metrics.loss(tasks.dfs, graphs, found.logits, found.hints)

    gradient = jax.jit(jax.grad(loss), compiler_options=options)(params)
    for leaf in jax.tree.leaves(gradient):
        assert jnp.isfinite(leaf).all()


def test_the_maximum_over_nodes_and_its_gradient(key):
    states = jax.random.normal(key, (2, 5, 3))
    assert_array_equal(codecs._largest(states), states.max(1))
    ours = jax.grad(lambda s: (codecs._largest(s) ** 2).sum())(states)
    theirs = jax.grad(lambda s: (s.max(1) ** 2).sum())(states)
    assert_allclose(ours, theirs, rtol=1e-6)


def test_neighbours_are_edges_either_way_self_and_strong_pointers():
    weights = jnp.zeros((4, 4)).at[0, 1].set(1.0)
    graph = jax.tree.map(lambda leaf: leaf[None], one_graph(weights, jnp.eye(4)[0]))
    pointers = jnp.zeros((1, 4, 4)).at[0, 2, 3].set(0.3).at[0, 3, 2].set(0.25)
    values = {
        **graph,
        "pi_h": pointers.at[0, 1, 3].set(0.5),
        "reach_h": jnp.zeros((1, 4)),
    }
    features = {name: tasks.bfs.features[name] for name in values}
    seen = codecs.gather(features, values)
    expected = jnp.eye(4).at[0, 1].set(1).at[1, 0].set(1)
    # 0.3 + 0.25 exceeds one half, 0.5 alone does not
    expected = expected.at[2, 3].set(1).at[3, 2].set(1)
    assert_array_equal(seen.neighbours[0], expected)


def test_the_simple_pointer_decoder_is_equation_20(key):
    """With p1 = v - p and p2 = p - v, the answer is the position nearest to v."""
    positions = jnp.array([0.0, 0.25, 0.5, 0.75])
    read = jnp.zeros((3, 4)).at[0].set(1.0)  # reads v from the new state's first entry
    layers = {
        "p1": Linear(jnp.concatenate([jnp.zeros((2, 4)), read[:1]]), -positions),
        "p2": Linear(jnp.concatenate([jnp.zeros((2, 4)), -read[:1]]), positions),
    }
    nothing = Linear(jnp.zeros((1, 1)), jnp.zeros(1))
    features = {"pi": tasks.bfs.features["pi"]}
    decoders = codecs.fold({"pi": layers}, features, codecs.Encoders(*[nothing] * 3))
    seen = codecs.Features(
        jnp.zeros((1, 4, 1)),
        jnp.zeros((1, 4, 4, 1)),
        jnp.zeros((1, 1)),
        jnp.ones((1, 4, 4)),
    )
    new = jnp.array([[[0.25], [0.0], [0.75], [0.5]]])
    logits = codecs.decode(decoders, features, seen, jnp.zeros((1, 4, 1)), new)["pi"]
    assert_array_equal(logits.argmax(-1)[0], [1, 0, 3, 2])
    assert_allclose(logits[0, 0], -1000 * jnp.abs(positions - 0.25))


@pytest.mark.parametrize("term", ["hidden", "edge"])
def test_a_decoder_without_a_term_does_not_see_it_and_sees_the_other(term, key):
    config = ModelConfig(hidden_size=4)
    task, feature = tasks.bfs, {"pi": tasks.bfs.features["pi"]}
    read = network.weights(task, config, network.init(task, config, key))
    inputs = {n: f for n, f in task.features.items() if n in config.encodes(task)}
    encoders = codecs.join(read.encoders, inputs, 4)
    layers = codecs.without(read.decoders["pi"], term, 4)
    decoders = codecs.fold({"pi": layers}, feature, encoders)
    parts = jax.random.split(key, 4)
    node, hidden, new = (
        jax.random.normal(k, (2, 3, width))
        for k, width in zip(parts, (encoders.node.w.shape[0], 4, 4), strict=False)
    )
    planes = jax.random.normal(parts[3], (2 * encoders.edge.w.shape[0], 2, 3, 3))
    edges = tuple(planes[::2]), tuple(planes[1::2])

    def logits(edges, hidden):
        seen = codecs.Features(node, edges, jnp.zeros((2, 0)), jnp.ones((2, 3, 3)))
        return codecs.decode(decoders, feature, seen, hidden, new)["pi"]

    base = logits(edges[0], hidden)
    assert jnp.array_equal(base, logits(edges[1], hidden)) == (term == "edge")
    assert jnp.array_equal(base, logits(edges[0], -hidden)) == (term == "hidden")


def test_folding_is_exact_up_to_rounding(key):
    keys = jax.random.split(key, 5)
    shapes = [(2, 5, 3), (3, 8), (8,), (16, 7), (2, 5, 8)]
    scalars, w, b, weight, hidden = (
        jax.random.normal(k, s) for k, s in zip(keys, shapes, strict=True)
    )
    encoder, layer = Linear(w, b), Linear(weight, jnp.ones(7))
    folded = linear.fold([layer, Linear(-2 * weight, layer.b)], encoder)
    dense = jnp.concatenate([linear.apply(encoder, scalars), hidden], -1)
    one, two = linear.split(linear.apply(folded, scalars, hidden), 2)
    assert_allclose(one, dense @ weight + 1, rtol=1e-4, atol=1e-4)
    assert_allclose(two, -2 * dense @ weight + 1, rtol=1e-4, atol=2e-4)
