"""What small random steps in parameter space do to a network's answers (§3.4, C.7).

How high a loss rises around a network says as much about the scale of its logits as
about its place. The share of pointers that are wrong does not depend on that scale, and
a *plain* step, which moves every entry of every matrix by a normal number of the same
standard deviation, asks the same of all networks of a shape.
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
GRAPHS = 32


def after_steps(
    task: Task, model: ModelConfig, params: Params, graphs: Graphs
) -> Float[np.ndarray, "steps directions 2"]:
    """Loss (nats) and share of wrong pointers after each of `STEPS`.

    Along the same `DIRECTIONS` for all networks of one shape, on the first `GRAPHS` of
    the graphs. Biases stay. NaN where a loss is no float32 number.
    """
    params = jax.tree.map(jnp.asarray, params)
    ones = jax.tree.map(jnp.ones_like, params)
    graphs = graphs.take(slice(0, GRAPHS)).trimmed()
    found = [
        _along(
            task,
            model,
            params,
            graphs,
            landscape.direction(random.key(seed), ones, normalised=False),
        )
        for seed in range(DIRECTIONS)
    ]
    return np.stack(found, 1)


@functools.partial(jax.jit, static_argnums=(0, 1))
def _along(
    task: Task, model: ModelConfig, params: Params, graphs: Graphs, way: Params
) -> Float[Array, "steps 2"]:
    parts = scoring.loss_and_errors(task, model, graphs)

    def judge(by: Array) -> Float[Array, "2"]:
        outputs, hints, wrong = parts(landscape.moved(params, way, by))
        loss = outputs + hints
        return jnp.where(jnp.isfinite(loss), jnp.stack([loss, wrong]), jnp.nan)

    return jax.lax.map(judge, jnp.array(STEPS))
