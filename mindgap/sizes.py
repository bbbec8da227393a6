"""Scores by number of nodes: what a network is worth beyond the sizes of its training.

On 64 fresh graphs of each size: pointer accuracy of each graph, and the step of its
first wrong hint. `beside` says how it is kept.
"""

import functools

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from mindgap import faithfulness
from mindgap.experiments.base import Experiment
from mindgap.graphs import Graphs
from mindgap.network import ModelConfig, Params
from mindgap.tasks.base import Task

KIND = "sizes"
"""What these records are called beside those of their experiment."""


@functools.partial(jax.jit, static_argnums=(0, 1))
def first_wrong(
    task: Task, model: ModelConfig, params: Params, graphs: Graphs
) -> dict[str, Int[Array, "B"]]:
    """The first step after which a hint of a graph is wrong at any node.

    Steps count from 1; a graph without a wrong hint has its number of hints, one more
    than it has steps. By hint, and as `any` of all; scalars, which are never just
    right, are left out. Empty for a network that decodes no such hint.
    """
    scores = faithfulness.trace_scores(task, model, params, graphs)
    wrong = {
        name: score < 1  # NaN, where a graph has no such step, is not
        for name, score in scores.items()
        if task.features[name].type != "scalar"
    }
    if not wrong:
        return {}
    wrong["any"] = jnp.stack(list(wrong.values())).any(0)
    lengths = jnp.asarray(graphs.trajectory.lengths)
    return {
        name: jnp.where(at.any(1), at.argmax(1) + 1, lengths)
        for name, at in wrong.items()
    }


def not_scored(experiment: Experiment) -> str:
    """Why a row has no scores by size, for an error message."""
    return (
        f"{experiment.name} is not scored by size: its networks have hidden size "
        f"{experiment.model.hidden_size} and take "
        f"{experiment.model.nodes or 'any number of'} nodes"
    )
