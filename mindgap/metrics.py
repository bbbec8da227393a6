"""Loss and accuracy of one batch, as dm-clrs defines them (its `losses`, `evaluation`).

Accuracies are per graph and never averaged further here (see `summary`).
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mindgap.graphs import AnyArray, Graphs
from mindgap.tasks.base import Feature, Task


def loss(
    task: Task,
    graphs: Graphs,
    logits: Mapping[str, Array],
    hints: Mapping[str, Array],
    share: Float[Array, ""] | float = 1.0,
    hint_share: Float[Array, ""] | float = 1.0,
) -> Float[Array, ""]:
    """Output loss plus one loss for every decoded hint, each a mean, in nats.

    A hint's loss is the mean over the steps and nodes that its graph reaches. The
    shares weigh outputs and hints, for graphs that are a part of a batch.
    """
    total = jnp.zeros(())
    for name, predicted in logits.items():
        truth = jnp.asarray(graphs.trajectory.outputs[name])
        total += share * _error(task.features[name], truth, predicted).mean()
    lengths = jnp.asarray(graphs.trajectory.lengths)
    for name, predicted in hints.items():
        truth = jnp.asarray(graphs.trajectory.hints[name])[:, 1:]
        error = _error(task.features[name], truth, predicted[:, : truth.shape[1]])
        reached = lengths[:, None] > jnp.arange(truth.shape[1]) + 1
        reached = reached.reshape(reached.shape + (1,) * (error.ndim - 2))
        mask = jnp.broadcast_to(reached, error.shape)
        mean = jnp.where(mask, error, 0).sum() / jnp.maximum(mask.sum(), 1e-12)
        total += hint_share * mean
    return total


def pointer_accuracy(
    predicted: Int[Array, "*batch N"], truth: Int[Array, "*batch N"]
) -> Float[Array, "*batch"]:
    """Share of nodes whose pointer is right, in [0, 1] (CLRS's score for `pi`)."""
    return (predicted == truth).mean(-1)


def decided(feature: Feature, predicted: AnyArray) -> AnyArray:
    """What a prediction says: a node for a pointer, a class, 0 or 1 for a mask."""
    if feature.type in ("pointer", "categorical"):
        return predicted.argmax(-1)
    return predicted if feature.type == "scalar" else (predicted > 0) * 1.0


def _error(feature: Feature, truth: Array, predicted: Array) -> Array:
    """Loss of each element; one per graph and step for a `mask_one`."""
    if feature.type == "scalar":
        return (predicted - truth) ** 2
    if feature.type == "mask":
        softplus = jnp.log1p(jnp.exp(-jnp.abs(predicted)))
        return jnp.maximum(predicted, 0) - predicted * truth + softplus
    if feature.type == "pointer":
        truth = jax.nn.one_hot(truth, predicted.shape[-1])
    return -jnp.sum(truth * jax.nn.log_softmax(predicted), -1)
