"""Scores by number of nodes: what a network is worth beyond the sizes of its training.

Of both checkpoints, on 64 fresh graphs of each size: pointer accuracy of each graph,
and the step of its first wrong hint. Kept beside the experiment's records as records of
their own, so that networks can be scored that were trained before there was such a
measure.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from mindgap import faithfulness, scoring
from mindgap.experiments.base import Experiment
from mindgap.graphs import Graphs
from mindgap.network import ModelConfig, Params
from mindgap.store import COLUMNS
from mindgap.tasks.base import Task

if TYPE_CHECKING:
    import pandas as pd

KIND = "sizes"
"""What these records are called beside those of their experiment."""

KEPT = "sizes-of-kept"
"""The same of the one network that is kept of each experiment, rounded as it is."""


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


def measure(
    experiment: Experiment, seeds: Sequence[int], checkpoints: Mapping[str, Params]
) -> "pd.DataFrame":
    """Rows of networks, whose parameters have a leading axis of seeds.

    Accuracies are in [0, 1], of each graph; the step of the first wrong hint of each
    graph too, and of single hints as means over graphs. Raises ValueError for a row
    whose networks are tied to one number of nodes.
    """
    import pandas as pd

    if not experiment.by_size:
        raise ValueError(not_scored(experiment))
    parts = []

    def add(seed: int, metric: str, data: str, checkpoint: str, values: Any):
        values = np.atleast_1d(values)
        graph = np.arange(len(values)) if len(values) > 1 else -1
        columns = {"seed": seed, "metric": metric, "data": data, "step": -1}
        columns |= {"checkpoint": checkpoint, "graph": graph, "value": values}
        parts.append(pd.DataFrame(columns)[list(COLUMNS)])

    task, model = experiment.task, experiment.model
    for data in experiment.by_size:
        graphs = data.draw(task)
        for checkpoint, params in checkpoints.items():
            scores = np.asarray(scoring.evaluate(task, model, params, graphs))
            for index, seed in enumerate(seeds):
                add(seed, "pointer_accuracy", data.name, checkpoint, scores[index])
                one = jax.tree.map(lambda leaf, at=index: jnp.asarray(leaf[at]), params)
                for hint, steps in first_wrong(task, model, one, graphs).items():
                    whole = np.asarray(steps)
                    kept = whole if hint == "any" else whole.mean()
                    add(seed, f"first_wrong/{hint}", data.name, checkpoint, kept)
    return pd.concat(parts, ignore_index=True)


def home(experiment: Experiment, kind: str = KIND) -> tuple[str, str]:
    """Under which name and digest the store has the records of such a measure."""
    return f"{experiment.recorded}/{experiment.digest}", kind


def not_scored(experiment: Experiment) -> str:
    """Why a row has no scores by size, for an error message."""
    return (
        f"{experiment.name} is not scored by size: its networks have hidden size "
        f"{experiment.model.hidden_size} and take "
        f"{experiment.model.nodes or 'any number of'} nodes"
    )
