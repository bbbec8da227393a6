"""What small random steps in parameter space do to a network's answers (§3.4, C.7).

How far the loss rises around a network depends on the scale of its logits as much as on
its position. The share of wrong pointers does not depend on that scale. A *plain* step
adds to every entry of every matrix a normal number of the same standard deviation, so
it is the same test for all networks of a shape.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mindgap.graphs import Graphs
from mindgap.measures import landscape
from mindgap.network import ModelConfig, Params, scoring
from mindgap.tasks import random
from mindgap.tasks.base import Task

STEPS = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1)
"""Standard deviations of the steps, in the parameters' own units. Adam at the rate 1e-3
moves an entry by at most about 0.001 in one step."""
DIRECTIONS = 8
"""Random directions along which every network of one shape is moved."""
GRAPHS = 32
"""Graphs on which each moved network is scored."""


def after_steps(
    task: Task, model: ModelConfig, params: Params, graphs: Graphs
) -> Float[np.ndarray, "steps directions 2"]:
    """Loss (nats) and share of wrong pointers after each of `STEPS`.

    Along `DIRECTIONS` directions, the same for all networks of one shape, on the first
    `GRAPHS` graphs. Biases are not moved. NaN where the loss is not finite in float32.
    """
    params = jax.tree.map(jnp.asarray, params)
    ones = jax.tree.map(jnp.ones_like, params)
    graphs = graphs.take(slice(0, GRAPHS)).trimmed()
    by_direction = [
        _along(
            task,
            model,
            params,
            graphs,
            landscape.direction(random.key(seed), ones, normalised=False),
        )
        for seed in range(DIRECTIONS)
    ]
    return np.stack(by_direction, 1)


@functools.partial(jax.jit, static_argnums=(0, 1))
def _along(
    task: Task, model: ModelConfig, params: Params, graphs: Graphs, way: Params
) -> Float[Array, "steps 2"]:
    loss_and_errors = scoring.loss_and_errors(task, model, graphs)

    def score_after(by: Array) -> Float[Array, "2"]:
        outputs, hints, wrong = loss_and_errors(landscape.moved(params, way, by))
        loss = outputs + hints
        return jnp.where(jnp.isfinite(loss), jnp.stack([loss, wrong]), jnp.nan)

    return jax.lax.map(score_after, jnp.array(STEPS))
