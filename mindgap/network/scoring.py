"""What networks answer, and how much of it is right (CLRS's score, by type)."""

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
    """CLRS's score of each graph: the mean over outputs of what is right of each.

    Raises ValueError for an output whose type has no such score (`metrics.accuracy`).
    """

    def nothing(*hints):
        return {}

    found = network.predict(task, model, params, graphs, steps, nothing)
    return _right(task, graphs, found.outputs)


@functools.partial(jax.jit, static_argnums=(0, 1))
def evaluate(
    task: Task, model: ModelConfig, params: Params, graphs: Graphs
) -> Float[Array, "seeds B"]:
    """Pointer accuracy of each of an ensemble's networks on each graph.

    The devices of this process share the graphs, if their number allows it.
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
    found = jax.shard_map(
        share,
        mesh=jax.sharding.Mesh(np.array(devices), ("devices",)),
        in_specs=(PartitionSpec(), PartitionSpec("devices")),
        out_specs=PartitionSpec(None, "devices"),
        check_vma=False,
    )(params, parts)
    return found.reshape(-1, batch)


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
    judge = loss_and_errors(task, model, graphs)
    return lambda params: judge(params)[:2]


def loss_and_errors(
    task: Task, model: ModelConfig, graphs: Graphs
) -> Callable[[Params], Float[Array, "3"]]:
    """As `losses`, and third the share of pointers that are wrong, 1 less the score."""

    def of(params: Params) -> Float[Array, "3"]:
        judge = functools.partial(metrics.hint_errors, task)
        found = network.predict(task, model, params, graphs, summarise=judge)
        parts = functools.partial(
            metrics.combined_loss, task, graphs, found.logits, found.hints
        )
        right = _right(task, graphs, found.outputs).mean()
        return jnp.stack([parts(1.0, 0.0), parts(0.0, 1.0), 1 - right])

    return of


def _right(task: Task, graphs: Graphs, answers: dict[str, Array]) -> Float[Array, "B"]:
    """Of each graph the share of right answers, mean over outputs."""
    truth = graphs.trajectory.outputs
    scores = [
        metrics.accuracy(task.features[name], predicted, jnp.asarray(truth[name]))
        for name, predicted in answers.items()
    ]
    return jnp.stack(scores).mean(0)
