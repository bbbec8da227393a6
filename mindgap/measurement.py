"""What is measured of a block of trained networks: the rows that the store keeps.

Of both checkpoints, best by validation and last: how effective they are, how faithful
(see `faithfulness`), whether they are right but for the order among equals (see
`validity`), how a learned bias is made, and how far they are from compiled weights that
they started from. And learning curves.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from mindgap import attention, faithfulness, training, validity
from mindgap.experiments.base import Experiment
from mindgap.graphs import Graphs
from mindgap.network import Params
from mindgap.store import COLUMNS

if TYPE_CHECKING:
    import pandas as pd

BLANK = {"data": "", "checkpoint": "", "step": -1, "graph": -1}


def measure(
    experiment: Experiment,
    seeds: Sequence[int],
    state: training.TrainState,
    curves: training.Curves,
) -> "pd.DataFrame":
    """The rows of one block; state and curves have a leading axis of seeds.

    Accuracies are in [0, 1]: of each graph of the named sets, and the mean over the
    larger test set. Measures of faithfulness are means over graphs, of each step and,
    where no step is named, of all.
    """
    import pandas as pd

    parts = []

    def add(seed: int, metric: str, value: Any, **where: Any) -> None:
        values = np.atleast_1d(value)
        columns = {"seed": seed, "metric": metric, **BLANK, **where, "value": values}
        parts.append(pd.DataFrame(columns)[list(COLUMNS)])

    traced = {data.name: data.draw(experiment.task) for data in experiment.traced}
    for checkpoint, params in (("best", state.best), ("last", state.params)):
        for data, scores in _scores(experiment, params):
            for seed, row in zip(seeds, scores, strict=True):
                graph = np.arange(len(row)) if len(row) > 1 else -1
                where = {"data": data, "checkpoint": checkpoint, "graph": graph}
                add(seed, "pointer_accuracy", row, **where)
        for index, seed in enumerate(seeds):
            one = jax.tree.map(lambda leaf, index=index: leaf[index], params)
            for data, graphs in traced.items():
                where = {"data": data, "checkpoint": checkpoint}
                for metric, values in _faithfulness(experiment, graphs, one):
                    steps, means = _by_step(values)
                    add(seed, metric, means, step=steps, **where)
                    add(seed, metric, np.nanmean(values), **where)
                for metric, values in _validity(experiment, graphs, one):
                    add(seed, metric, np.nanmean(values), **where)
            for metric, value in _of_parameters(experiment, one):
                add(seed, metric, value, checkpoint=checkpoint)
    for index, seed in enumerate(seeds):
        for metric, (steps, values) in _curves(experiment, curves, index).items():
            add(seed, metric, values, step=steps)
        add(seed, "best_step", state.best_step[index])
    return pd.concat(parts, ignore_index=True)


def distance(begun: Params, params: Params) -> float:
    """How far parameters moved, relative to the length of what they began as."""
    old, new = (
        np.concatenate([np.ravel(leaf).astype(float) for leaf in jax.tree.leaves(tree)])
        for tree in (begun, params)
    )
    return float(np.linalg.norm(new - old) / np.linalg.norm(old))


def _scores(
    experiment: Experiment, params: Params
) -> Iterator[tuple[str, Float[np.ndarray, "seeds graphs"]]]:
    """Pointer accuracy on the named sets; of the larger test, its mean."""

    def score(graphs: Graphs) -> np.ndarray:
        parts = experiment.task, experiment.model, params, graphs
        return np.asarray(training.evaluate(*parts))

    for data in (experiment.test, *experiment.beside):
        yield data.name, score(data.draw(experiment.task))
    if experiment.larger:
        found = np.concatenate([score(g) for g in experiment.larger_test()], 1)
        yield experiment.larger_name, found.mean(1, keepdims=True)


def _of_parameters(
    experiment: Experiment, params: Params
) -> Iterator[tuple[str, float]]:
    if experiment.start:
        begun = experiment.start.params(experiment.model)
        yield "distance", distance(begun, params)
    if experiment.model.attention_bias:
        learned = jnp.asarray(params["attention"]["bias"])
        for part, share in attention.bias_parts(learned).items():
            yield f"bias/{part}", float(share)


def _faithfulness(
    experiment: Experiment, graphs: Graphs, params: Params
) -> Iterator[tuple[str, Float[np.ndarray, "B T"]]]:
    """Each measure that says something of any graph and step."""
    task, model = experiment.task, experiment.model
    scores = faithfulness.trace_scores(task, model, params, graphs)
    found = {f"trace/{name}": score for name, score in scores.items()}
    if scores:
        found["trace"] = faithfulness.trace_accuracy(task, scores)
    if experiment.program is not None:
        looks = faithfulness.mechanism(experiment.program, task, model, params, graphs)
        found |= {f"attention/{name}": share for name, share in looks.items()}
    for metric, values in found.items():
        if np.isfinite(values).any():
            yield metric, np.asarray(values)


def _validity(
    experiment: Experiment, graphs: Graphs, params: Params
) -> Iterator[tuple[str, Float[np.ndarray, "B"]]]:
    """How much of an answer is right in some order, for BFS and for DFS."""
    task = experiment.task
    (parents,) = training.answers(task, experiment.model, params, graphs).values()
    if task.directed:
        yield "is_edge", validity.is_edge(graphs, parents)
        yield "is_dfs_forest", validity.is_dfs_forest(graphs, parents).astype(float)
    elif not task.weighted:
        yield "any_parent", validity.any_parent(graphs, parents)


def _by_step(values: Float[np.ndarray, "B T"]) -> tuple[np.ndarray, np.ndarray]:
    """Steps, counted from 1, and the means over those graphs that have a value."""
    taken = np.isfinite(values).any(0)
    return 1 + np.flatnonzero(taken), np.nanmean(values[:, taken], 0)


def _curves(
    experiment: Experiment, curves: training.Curves, index: int
) -> Mapping[str, tuple[np.ndarray, np.ndarray]]:
    """A seed's validation scores, and its loss as means between two of them."""
    every, validation = experiment.train.evaluate_every, curves.validation[index]
    evaluated = np.flatnonzero(~np.isnan(validation))
    starts = np.arange(0, len(validation), every)
    means = [np.mean(curves.loss[index, s : s + every]) for s in starts]
    return {
        "validation": (evaluated, np.asarray(validation[evaluated])),
        "loss": (starts, np.array(means)),
    }
