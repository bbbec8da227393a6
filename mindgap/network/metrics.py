"""Loss and accuracy of one batch, as dm-clrs defines them (its `losses`, `evaluation`).

Accuracies are per graph and never averaged further here (see `measures.statistics`).
"""

import functools
from collections.abc import Mapping

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Num

from mindgap.graphs import AnyArray, Graphs, Trajectory
from mindgap.tasks.base import Task
from mindgap.tasks.features import Feature


def loss(
    task: Task, graphs: Graphs, logits: Mapping[str, Array], hints: Mapping[str, Array]
) -> Float[Array, ""]:
    """Output loss plus one loss for every decoded hint, each a mean, in nats.

    A hint's loss is the mean over the steps and nodes that its graph reaches.
    """
    totals = {}
    if hints:
        told = {name: jnp.moveaxis(hint, 1, 0) for name, hint in hints.items()}
        times = jnp.arange(len(next(iter(told.values()))))
        of_step = functools.partial(hint_errors, task, graphs.trajectory)
        totals = jax.vmap(of_step)(told, times)
    return combined_loss(task, graphs, logits, totals)


def hint_errors(
    task: Task, trajectory: Trajectory, hints: Mapping[str, Array], time: Int[Array, ""]
) -> dict[str, Float[Array, ""]]:
    """Of each predicted hint after step `time`, (B, ...), the sum of its errors.

    Graphs that have no such hint do not count.
    """
    totals = {}
    for name, predicted in hints.items():
        hint = jnp.asarray(trajectory.hints[name])
        truth = jax.lax.dynamic_index_in_dim(hint, time + 1, 1, keepdims=False)
        error = _error(task.features[name], truth, predicted)
        reached = jnp.asarray(trajectory.lengths) > time + 1
        reached = reached.reshape(-1, *[1] * (error.ndim - 1))
        totals[name] = jnp.where(reached, error, 0).sum()
    return totals


def combined_loss(
    task: Task,
    graphs: Graphs,
    logits: Mapping[str, Array],
    totals: Mapping[str, Float[Array, "steps"]],
    share: Float[Array, ""] | float = 1.0,
    hint_share: Float[Array, ""] | float = 1.0,
) -> Float[Array, ""]:
    """`loss` from the `hint_errors` of all steps.

    The shares weigh outputs and hints, for graphs that are a part of a batch.
    """
    total = jnp.float32(0)
    for name, predicted in logits.items():
        truth = jnp.asarray(graphs.trajectory.outputs[name])
        total += share * _error(task.features[name], truth, predicted).mean()
    steps = jnp.maximum(jnp.asarray(graphs.trajectory.lengths) - 1, 0).sum()
    for name, errors in totals.items():
        feature = task.features[name]
        single = feature.location == "graph" or feature.type == "mask_one"
        count = steps * (1 if single else graphs.positions.shape[-1])
        total += hint_share * errors.sum() / jnp.maximum(count, 1)
    return total


def pointer_accuracy(
    predicted: Int[Array, "*batch N"], truth: Int[Array, "*batch N"]
) -> Float[Array, "*batch"]:
    """Share of nodes whose pointer is right, in [0, 1] (CLRS's score for `pi`)."""
    return (predicted == truth).mean(-1)


def accuracy(
    feature: Feature, predicted: Num[Array, "B *node"], truth: Num[Array, "B *node"]
) -> Float[Array, "B"]:
    """Share of each graph's predictions of an output that are right, in [0, 1].

    As dm-clrs scores its type: of a pointer or a class (by number) the share of nodes,
    of a `mask_one` (logits) whether the one node is right. Raises ValueError for a
    scalar, whose score is an error and no share, and for a mask, whose F1 score is one
    of all graphs together.
    """
    if feature.type in ("pointer", "categorical"):
        if feature.type == "categorical":
            truth = truth.argmax(-1)
        return pointer_accuracy(predicted, truth)
    if feature.type == "mask_one":
        return (predicted.argmax(-1) == truth.argmax(-1)) * 1.0
    raise ValueError(
        f"an output of type {feature.type!r} has no score of each graph: it is one of "
        "pointer, categorical, mask_one"
    )


def decided(feature: Feature, predicted: AnyArray) -> AnyArray:
    """What a prediction says: a node or a class by number, 0 or 1 for a mask."""
    if feature.type in ("pointer", "categorical", "mask_one"):
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
