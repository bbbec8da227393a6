"""Does a network fail at single steps, or do small errors add up?

At test time a network is given the hints that it predicted itself, so an error at one
step is an input of the next. Here it is given true hints instead, all or some of them
(teacher forcing, which dm-clrs has for training). Its hidden state stays its own.
"""

import functools
from collections.abc import Collection
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mindgap import network
from mindgap.graphs import Graphs
from mindgap.measures import faithfulness
from mindgap.network import Forced, ModelConfig, Params, metrics
from mindgap.tasks.base import Task


class Steps(NamedTuple):
    """How right a network is that is given true hints."""

    answer: Float[Array, "B"]
    """Share of nodes with the right output, in [0, 1]."""
    exact: dict[str, Float[Array, "B"]]
    """For each hint but scalars, the share of steps after which it is right at every
    node, in [0, 1]; `all` is the share after which all of them are. NaN for a graph
    whose trajectory has no step."""


def given(
    task: Task, model: ModelConfig, params: Params, graphs: Graphs, hints: Collection
) -> Steps:
    """Runs a network that is given these hints as they truly are, at every step.

    No names: the network runs freely. Raises ValueError for a name that is no hint of
    the task, or for hints that the network is not given.
    """
    # of all hints that are inputs, so that one compiled function serves every choice
    fed_back = set(model.encodes(task)) & set(task.stage("hint"))
    shape = graphs.trajectory.steps + 1, graphs.batch
    forced = {name: jnp.full(shape, name in hints) for name in fed_back | set(hints)}
    return _given(task, model, params, graphs, forced)


@functools.partial(jax.jit, static_argnums=(0, 1))
def _given(
    task: Task, model: ModelConfig, params: Params, graphs: Graphs, forced: Forced
) -> Steps:
    score = functools.partial(faithfulness.hint_scores, task)
    found = network.predict(task, model, params, graphs, summarise=score, forced=forced)
    right = {
        name: jnp.where(jnp.isnan(shares), jnp.nan, shares == 1)
        for name, shares in found.hints.items()
        if task.features[name].type != "scalar"
    }
    if right:
        right["all"] = jnp.stack(list(right.values())).min(0)
    (name, predicted), *_ = found.outputs.items()
    truth = jnp.asarray(graphs.trajectory.outputs[name])
    answer = metrics.accuracy(task.features[name], predicted, truth)
    return Steps(answer, {k: jnp.nanmean(v, 0) for k, v in right.items()})
