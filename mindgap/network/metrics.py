"""Loss and accuracy of one batch, as dm-clrs defines them (its `losses`, `evaluation`).

Accuracies are returned per graph; `measures.statistics` averages them over graphs.
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
    """Loss of the outputs plus loss of every decoded hint, each a mean, in nats.

    `logits` are the predicted outputs. The loss of a hint is the mean over the graphs'
    nodes and their own steps; steps after the end of a graph do not count.
    """
    totals = {}
    if hints:
        by_time = {name: jnp.moveaxis(hint, 1, 0) for name, hint in hints.items()}
        times = jnp.arange(len(next(iter(by_time.values()))))
        errors_at = functools.partial(hint_errors, task, graphs.trajectory)
        totals = jax.vmap(errors_at)(by_time, times)
    return combined_loss(task, graphs, logits, totals)


def hint_errors(
    task: Task, trajectory: Trajectory, hints: Mapping[str, Array], time: Int[Array, ""]
) -> dict[str, Float[Array, ""]]:
    """The summed error of each predicted hint, (B, ...), after step `time`.

    The prediction after step `time` is compared with hint `time + 1`. Graphs whose
    trajectory ends before this hint do not count.
    """
    totals = {}
    for name, predicted in hints.items():
        hint = jnp.asarray(trajectory.hints[name])
        truth = jax.lax.dynamic_index_in_dim(hint, time + 1, 1, keepdims=False)
        error = error_of(task.features[name], truth, predicted)
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
    """`loss`, computed from the `hint_errors` of all steps.

    If the graphs are a part of a batch, `share` weights the loss of the outputs and
    `hint_share` that of the hints (see `training.by_length`).
    """
    total = jnp.float32(0)
    for name, predicted in logits.items():
        truth = jnp.asarray(graphs.trajectory.outputs[name])
        total += share * error_of(task.features[name], truth, predicted).mean()
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
    """Share of nodes with the right pointer, in [0, 1] (CLRS's score for `pi`)."""
    return (predicted == truth).mean(-1)


def accuracy(
    feature: Feature, predicted: Num[Array, "B *node"], truth: Num[Array, "B *truth"]
) -> Float[Array, "B"]:
    """Share of right predictions of an output on each graph, in [0, 1].

    As dm-clrs scores each type: for a pointer or a category (`predicted` are numbers;
    the truth of a category is one-hot, with one axis more), the share of nodes; for a
    `mask_one` (`predicted` are logits), 1 if the largest is at the right node, else 0.

    Raises ValueError for a scalar, whose score is an error, not a share, and for a
    mask, whose F1 score is of all graphs together.
    """
    if feature.type in ("pointer", "categorical"):
        if feature.type == "categorical":
            truth = truth.argmax(-1)
        return pointer_accuracy(predicted, truth)
    if feature.type == "mask_one":
        return (predicted.argmax(-1) == truth.argmax(-1)) * 1.0
    raise ValueError(
        f"an output of type {feature.type!r} has no score per graph: only pointer, "
        "categorical and mask_one have one"
    )


def decided(feature: Feature, predicted: AnyArray) -> AnyArray:
    """The decision of a prediction: a node or class by number, 0 or 1 for a mask.

    A scalar is returned unchanged.
    """
    if feature.type in ("pointer", "categorical", "mask_one"):
        return predicted.argmax(-1)
    return predicted if feature.type == "scalar" else (predicted > 0) * 1.0


def error_of(feature: Feature, truth: Array, predicted: Array) -> Array:
    """The loss of each element; of a `mask_one`, one loss for all nodes of a graph."""
    if feature.type == "scalar":
        return (predicted - truth) ** 2
    if feature.type == "mask":
        softplus = jnp.log1p(jnp.exp(-jnp.abs(predicted)))
        return jnp.maximum(predicted, 0) - predicted * truth + softplus
    if feature.type == "pointer":
        truth = jax.nn.one_hot(truth, predicted.shape[-1])
    return -jnp.sum(truth * jax.nn.log_softmax(predicted), -1)
