"""The hot primitive against its definition, value and every gradient."""

import jax
import jax.numpy as jnp
import pytest
from numpy.testing import assert_allclose

from mindgap import pairwise


def plain(kind, o: pairwise.Operands):
    offered = o.sender[:, None] + jnp.einsum("bijk,kf->bijf", o.edges, o.mix)
    held = o.receiver[:, :, None]
    if kind == "leaky":
        return jnp.einsum("bijf,f->bij", jax.nn.leaky_relu(held + offered), o.weight)
    return jnp.einsum("bijf,f->bij", jnp.maximum(held, offered), o.weight)


def operands(key, nodes=5, scalars=3, size=7):
    shapes = [(2, nodes, size), (2, nodes, size), (2, nodes, nodes, scalars)]
    shapes += [(scalars, size), (size,)]
    keys = jax.random.split(key, len(shapes))
    draws = [jax.random.normal(k, s) for k, s in zip(keys, shapes, strict=True)]
    return pairwise.Operands(*draws)


@pytest.mark.parametrize(
    ("kind", "function"), [("leaky", pairwise.leaky), ("largest", pairwise.largest)]
)
def test_value_and_gradients(kind, function, key):
    given, pulled = operands(key), jax.random.normal(key, (2, 5, 5))
    assert_allclose(function(given), plain(kind, given), rtol=1e-5, atol=1e-5)
    ours = jax.grad(lambda o: jnp.vdot(pulled, function(o)))(given)
    theirs = jax.grad(lambda o: jnp.vdot(pulled, plain(kind, o)))(given)
    for a, b in zip(ours, theirs, strict=True):
        assert_allclose(a, b, rtol=1e-4, atol=1e-4)


def test_ties_take_the_subgradient_of_the_maximum(key):
    """Where receiver and sender offer the same, each gets half."""
    given = operands(key)
    tied = given._replace(receiver=given.sender[:, :1] * jnp.ones_like(given.sender))
    tied = tied._replace(edges=jnp.zeros_like(tied.edges))
    ours = jax.grad(lambda o: pairwise.largest(o).sum())(tied)
    theirs = jax.grad(lambda o: plain("largest", o).sum())(tied)
    assert_allclose(ours.receiver, theirs.receiver, rtol=1e-4, atol=1e-5)
    assert_allclose(ours.sender, theirs.sender, rtol=1e-4, atol=1e-5)


def test_mapping_over_seeds_is_the_same_as_one_at_a_time(key):
    many = [operands(k) for k in jax.random.split(key, 3)]
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *many)
    gradient = jax.grad(lambda o: pairwise.leaky(o).sum())
    for index, one in enumerate(many):
        mapped = jax.tree.map(
            lambda leaf, i=index: leaf[i], jax.vmap(gradient)(stacked)
        )
        for a, b in zip(mapped, gradient(one), strict=True):
            assert_allclose(a, b, rtol=1e-4, atol=1e-4)
