"""Predictions of networks, their losses and scores (CLRS's score of each type)."""

import functools
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec
from jaxtyping import Array, Float, Int

from mindgap import network
from mindgap.graphs import Graphs
from mindgap.network import ModelConfig, Params, metrics, pairwise
from mindgap.tasks.base import Task


def score(
    task: Task,
    model: ModelConfig,
    params: Params,
    graphs: Graphs,
    steps: Int[Array, ""] | None = None,
) -> Float[Array, "B"]:
    """CLRS's score of each graph: the share of right predictions, mean over outputs.

    Raises ValueError for an output whose type has no such score (`metrics.accuracy`).
    """

    def nothing(*hints):
        return {}

    result = network.predict(task, model, params, graphs, steps, nothing)
    return _right(task, graphs, result.outputs)


@functools.partial(jax.jit, static_argnums=(0, 1))
def evaluate(
    task: Task, model: ModelConfig, params: Params, graphs: Graphs
) -> Float[Array, "seeds B"]:
    """The score of each network of an ensemble on each graph.

    The graphs are distributed over this process's devices: over gcd(graphs, devices)
    of them.
    """
    batch, nodes = graphs.positions.shape
    devices = jax.devices()[: math.gcd(batch, len(jax.devices()))]
    size = pairwise.at_once(model.hidden_size, batch // len(devices), nodes)

    def share(params: Params, parts: Graphs) -> Float[Array, "seeds parts graphs"]:
        def one(params: Params) -> Float[Array, "parts graphs"]:
            return jax.lax.map(functools.partial(of_part, params), parts)

        return jax.lax.map(one, params)

    def of_part(params: Params, graphs: Graphs) -> Float[Array, "graphs"]:
        steps = jnp.maximum(1, jnp.max(graphs.trajectory.lengths) - 1)
        return score(task, model, params, graphs, steps)

    parts = jax.tree.map(
        lambda leaf: jnp.reshape(leaf, (-1, size, *leaf.shape[1:])), graphs
    )
    scores = jax.shard_map(
        share,
        mesh=jax.sharding.Mesh(np.array(devices), ("devices",)),
        in_specs=(PartitionSpec(), PartitionSpec("devices")),
        out_specs=PartitionSpec(None, "devices"),
        check_vma=False,
    )(params, parts)
    return scores.reshape(-1, batch)


@functools.partial(jax.jit, static_argnums=(0, 1))
def answers(
    task: Task, model: ModelConfig, params: Params, graphs: Graphs
) -> dict[str, Int[Array, "B N"]]:
    """The predicted pointers of one network on each graph."""
    return network.predict(task, model, params, graphs, None, lambda *_: {}).outputs


def losses(
    task: Task, model: ModelConfig, graphs: Graphs
) -> Callable[[Params], Float[Array, "2"]]:
    """A function from parameters to the losses of outputs and of hints, in nats.

    Their sum is `metrics.loss`. The loss of hints is 0 for a network without hints.
    """
    measure = loss_and_errors(task, model, graphs)
    return lambda params: measure(params)[:2]


def loss_and_errors(
    task: Task, model: ModelConfig, graphs: Graphs
) -> Callable[[Params], Float[Array, "3"]]:
    """As `losses`, with a third number: the share of wrong pointers, 1 - score."""

    def of(params: Params) -> Float[Array, "3"]:
        judge = functools.partial(metrics.hint_errors, task)
        result = network.predict(task, model, params, graphs, summarise=judge)
        parts = functools.partial(
            metrics.combined_loss, task, graphs, result.logits, result.hints
        )
        right = _right(task, graphs, result.outputs).mean()
        return jnp.stack([parts(1.0, 0.0), parts(0.0, 1.0), 1 - right])

    return of


def _right(task: Task, graphs: Graphs, answers: dict[str, Array]) -> Float[Array, "B"]:
    """The share of right predictions on each graph, mean over outputs."""
    truth = graphs.trajectory.outputs
    scores = [
        metrics.accuracy(task.features[name], predicted, jnp.asarray(truth[name]))
        for name, predicted in answers.items()
    ]
    return jnp.stack(scores).mean(0)
