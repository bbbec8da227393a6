"""A recurrence that stops early is the loop that takes as many steps."""

import jax
import jax.numpy as jnp
import pytest
from numpy.testing import assert_allclose

from mindgap.network import recurrence

TOTAL = 4


def step(weights, constants, carry, time):
    state, tally = carry
    state = jnp.tanh(state @ weights["mix"] + constants * weights["scale"] + time / 8)
    return (state, tally + state.sum(-1)), {"state": state**2, "time": time}


def written_out(weights, constants, start, steps, last):
    carries, reports = [start], []
    for time in range(steps):
        carry, report = step(weights, constants, carries[-1], time)
        carries.append(carry)
        reports.append(report["state"])

    def at(offset):
        return [
            jnp.stack(
                [
                    carries[t + offset][part][graph]
                    if t < steps
                    else jnp.zeros_like(start[part][graph])
                    for graph, t in enumerate(last)
                ]
            )
            for part in range(2)
        ]

    return at(0), at(1), reports


@pytest.fixture
def given(key):
    mix, constants, state = jax.random.normal(key, (3, 5, 5))
    return {"mix": mix, "scale": jnp.array(0.5)}, constants, (state, jnp.ones(5))


LAST = [0, 3, 1, 1, 2]


@pytest.mark.parametrize("steps", range(TOTAL + 1))
def test_values_and_gradients_are_those_of_the_loop(given, steps, as_users_run):
    weights, constants, start = given

    def ours(weights, start):
        before, after, told = recurrence.unroll(
            step, TOTAL, weights, constants, start, jnp.array(steps), jnp.array(LAST)
        )
        found = list(before), list(after), list(told["state"][:steps])
        # what belongs to no step is zero, and no gradient comes from it
        rest = [told["state"][steps:], told["time"][steps:]]
        return weigh(found) + sum(map(jnp.sum, rest)), (found, rest)

    def weigh(found):
        return sum(
            (index + 1) * jnp.sum(jnp.sin(leaf))
            for index, leaf in enumerate(jax.tree.leaves(found))
        )

    def plain(weights, start):
        found = written_out(weights, constants, start, steps, LAST)
        return weigh(found), found

    (value, (found, rest)), gradient = jax.value_and_grad(ours, (0, 1), has_aux=True)(
        weights, start
    )
    (error, written), by_hand = jax.value_and_grad(plain, (0, 1), has_aux=True)(
        weights, start
    )
    # without a gradient another, leaner loop runs
    lean, (found_lean, _) = ours(weights, start)
    jax.tree.map(
        lambda a, b: assert_allclose(a, b, rtol=1e-4, atol=1e-5),
        (value, found, gradient, lean, found_lean),
        (error, written, by_hand, error, written),
    )
    assert not any(leaf.any() for leaf in rest)


def test_it_maps_over_weights(given):
    weights, constants, start = given
    many = jax.tree.map(lambda leaf: jnp.stack([leaf, 2 * leaf]), weights)

    def loss(weights):
        _, (states, _), _ = recurrence.unroll(
            step, TOTAL, weights, constants, start, jnp.array(3), jnp.array(LAST)
        )
        return jnp.sum(states**2)

    together = jax.jit(jax.vmap(jax.grad(loss)))(many)
    one_by_one = jax.lax.map(jax.grad(loss), many)
    jax.tree.map(lambda a, b: assert_allclose(a, b, rtol=1e-4), together, one_by_one)


def test_what_does_not_change_is_not_kept_at_every_step(given):
    _, constants, (state, tally) = given
    weights = {"mix": jnp.ones((5, 5)), "scale": jnp.array(1.0)}

    def loss(weights):
        _, (states, _), _ = recurrence.unroll(
            step,
            100,
            weights,
            constants[:2],
            (state[:2], tally[:2]),
            jnp.array(3),
            jnp.array([2, 2]),
        )
        return jnp.sum(states)

    text = str(jax.make_jaxpr(jax.grad(loss))(weights))
    assert "f32[100,5,5]" not in text
    # beside the report, the carry and a state of the step's own are kept for a
    # derivative, and nothing without one
    assert text.count("f32[100,2,5]") > 3
    assert "f32[100,2]" not in str(jax.make_jaxpr(loss)(weights))
