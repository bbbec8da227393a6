"""What networks answer, and how much of it is right (CLRS's score for pointers)."""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mindgap import metrics, network
from mindgap.graphs import Graphs
from mindgap.network import ModelConfig, Params
from mindgap.tasks.base import Task


def score(
    task: Task,
    model: ModelConfig,
    params: Params,
    graphs: Graphs,
    steps: Int[Array, ""] | None = None,
) -> Float[Array, "B"]:
    """CLRS's score of each graph: the mean over outputs of their pointer accuracy."""

    def nothing(*hints):
        return {}

    found = network.predict(task, model, params, graphs, steps, nothing)
    scores = [
        metrics.pointer_accuracy(
            predicted, jnp.asarray(graphs.trajectory.outputs[name])
        )
        for name, predicted in found.outputs.items()
    ]
    return jnp.stack(scores).mean(0)


@functools.partial(jax.jit, static_argnums=(0, 1))
def evaluate(
    task: Task, model: ModelConfig, params: Params, graphs: Graphs
) -> Float[Array, "seeds B"]:
    """Pointer accuracy of each of an ensemble's networks on each graph."""
    steps = jnp.maximum(1, jnp.max(graphs.trajectory.lengths) - 1)
    return jax.lax.map(lambda one: score(task, model, one, graphs, steps), params)


@functools.partial(jax.jit, static_argnums=(0, 1))
def answers(
    task: Task, model: ModelConfig, params: Params, graphs: Graphs
) -> dict[str, Int[Array, "B N"]]:
    """The pointers that one network names on each graph."""
    return network.predict(task, model, params, graphs, None, lambda *_: {}).outputs


def losses(
    task: Task, model: ModelConfig, graphs: Graphs
) -> Callable[[Params], Float[Array, "2"]]:
    """The loss of parameters on these graphs: of outputs, and of hints, in nats.

    They add up to `metrics.loss`; that of a network without hints is 0.
    """

    def of(params: Params) -> Float[Array, "2"]:
        judge = functools.partial(metrics.hint_errors, task)
        found = network.predict(task, model, params, graphs, summarise=judge)
        parts = functools.partial(
            metrics.combined_loss, task, graphs, found.logits, found.hints
        )
        return jnp.stack([parts(1.0, 0.0), parts(0.0, 1.0)])

    return of
