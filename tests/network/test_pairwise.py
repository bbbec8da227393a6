"""The hot primitive against its definition, value and every gradient."""

import jax
import jax.numpy as jnp
import pytest
from numpy.testing import assert_allclose

from mindgap.network import pairwise


def plain(kind, o: pairwise.Operands):
    offered = o.row[:, :, None] + jnp.einsum("kbij,kf->bijf", jnp.stack(o.edges), o.mix)
    held = o.column[:, None]
    if kind == "leaky":
        return jnp.einsum("bijf,f->bij", jax.nn.leaky_relu(held + offered), o.weight)
    return jnp.einsum("bijf,f->bij", jnp.maximum(held, offered), o.weight)


def operands(key, size, nodes=5, scalars=3):
    shapes = [(2, nodes, size), (2, nodes, size), (scalars, 2, nodes, nodes)]
    shapes += [(scalars, size), (size,)]
    keys = jax.random.split(key, len(shapes))
    draws = [jax.random.normal(k, s) for k, s in zip(keys, shapes, strict=True)]
    given = pairwise.Operands(*draws)
    return given._replace(edges=tuple(given.edges))


def same(ours, theirs):
    jax.tree.map(lambda a, b: assert_allclose(a, b, rtol=1e-4, atol=1e-4), ours, theirs)


# few features and many lie in another order
@pytest.fixture(params=[1, pairwise.FEW, pairwise.FEW + 1])
def size(request):
    return request.param


@pytest.mark.parametrize(
    ("kind", "function"), [("leaky", pairwise.leaky), ("largest", pairwise.largest)]
)
def test_value_and_gradients(kind, function, size, key):
    given, pulled = operands(key, size), jax.random.normal(key, (2, 5, 5))
    assert_allclose(function(given), plain(kind, given), rtol=1e-5, atol=1e-5)
    ours = jax.grad(lambda o: jnp.vdot(pulled, function(o)))(given)
    theirs = jax.grad(lambda o: jnp.vdot(pulled, plain(kind, o)))(given)
    same(ours, theirs)


def test_ties_take_the_subgradient_of_the_maximum(size, key):
    """Where row and column offer the same, each gets half."""
    given = operands(key, size)
    tied = given._replace(column=given.row[:, :1] * jnp.ones_like(given.row))
    tied = tied._replace(edges=tuple(map(jnp.zeros_like, tied.edges)))
    ours = jax.grad(lambda o: pairwise.largest(o).sum())(tied)
    theirs = jax.grad(lambda o: plain("largest", o).sum())(tied)
    same((ours.row, ours.column), (theirs.row, theirs.column))


def test_mapping_over_seeds_is_the_same_as_one_at_a_time(size, key):
    many = [operands(k, size) for k in jax.random.split(key, 3)]
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *many)
    gradient = jax.grad(lambda o: pairwise.leaky(o).sum())
    for index, one in enumerate(many):
        mapped = jax.tree.map(
            lambda leaf, i=index: leaf[i], jax.vmap(gradient)(stacked)
        )
        same(mapped, gradient(one))


@pytest.mark.parametrize(
    ("features", "graphs", "nodes", "size"),
    [(128, 32, 16, 8), (128, 32, 64, 1), (4, 32, 16, 2), (4, 9, 5, 9), (128, 7, 30, 1)],
)
def test_as_many_graphs_at_once_as_a_cache_holds(features, graphs, nodes, size):
    assert pairwise.at_once(features, graphs, nodes) == size
