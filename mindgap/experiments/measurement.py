"""What is measured of a block of trained networks: the rows that the store keeps.

Of both checkpoints, best by validation and last: how effective they are, how faithful
(see `faithfulness`), whether they are right but for the order among equals (see
`validity`), how a learned bias is made, and how far they are from compiled weights that
they started from. And learning curves; from compiled weights, also what happens to
faithfulness on the way, and which layers move first.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mindgap import training
from mindgap.experiments.base import CompiledStart, Experiment
from mindgap.graphs import Graphs
from mindgap.measures import faithfulness, validity
from mindgap.network import ModelConfig, Params, attention, scoring
from mindgap.programs import PROGRAMS
from mindgap.store import COLUMNS
from mindgap.tasks.base import Task

if TYPE_CHECKING:
    import pandas as pd

COURSE = "course"
"""In place of a data set: what was seen on validation graphs while training."""

COURSE_EVERY = 5
"""Of the validations, every fifth and the last are recorded with what was seen; all of
them would be three quarters of a record."""

BLANK = {"data": "", "checkpoint": "", "step": -1, "graph": -1}


def measure(
    experiment: Experiment,
    seeds: Sequence[int],
    begun: Params,
    state: training.TrainState,
    curves: training.Curves,
) -> "pd.DataFrame":
    """The rows of one block; all have a leading axis of seeds.

    What training began from is measured too if that is compiled weights: they are exact
    only where they are sharp enough. Accuracies are in [0, 1]: of each graph of the
    named sets, and of each part of the larger test set the mean. Measures of
    faithfulness are means over graphs, of each step and, where no step is named, of
    all.
    """
    import pandas as pd

    parts = []

    def add(seed: int, metric: str, value: Any, **where: Any) -> None:
        values = np.atleast_1d(value)
        columns = {"seed": seed, "metric": metric, **BLANK, **where, "value": values}
        parts.append(pd.DataFrame(columns)[list(COLUMNS)])

    traced = {data.name: data.draw(experiment.task) for data in experiment.traced}
    checkpoints = {"best": state.best, "last": state.params}
    if experiment.start:
        checkpoints["start"] = begun
    for checkpoint, params in checkpoints.items():
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
                    if np.isfinite(values).any():
                        add(seed, metric, np.nanmean(values), **where)
            for metric, value in _of_parameters(experiment, one):
                add(seed, metric, value, checkpoint=checkpoint)
    for index, seed in enumerate(seeds):
        for metric, (steps, values) in _curves(experiment, curves, index).items():
            add(seed, metric, values, step=steps)
        add(seed, "best_step", state.best_step[index])
        if experiment.start:
            course = np.asarray(curves.watched[index])
            # -1 fills the steps between validations
            (steps,) = np.nonzero(~(np.isnan(course) | (course == -1)).all(1))
            steps = np.union1d(steps[::COURSE_EVERY], steps[-1:])
            names = watched(experiment.model, experiment.start)
            for metric, values in zip(names, course[steps].T, strict=True):
                add(seed, metric, values, step=steps, data=COURSE)
    return pd.concat(parts, ignore_index=True)


def watch(task: Task, model: ModelConfig, start: CompiledStart) -> training.Watch:
    """What is followed while a network is trained from compiled weights (Table 14).

    Its faithfulness on the graphs of each validation, and by how much a parameter of
    each of its layers has moved, root mean square, in its own units: Adam moves all by
    about the learning rate, whatever their size. The names are `watched`'s, in order.
    """
    program, exact = PROGRAMS[start.program], start.params(model)

    def look(params: Params, graphs: Graphs) -> Float[Array, "K"]:
        scores = faithfulness.trace_scores(task, model, params, graphs)
        looks = faithfulness.mechanism(program, task, model, params, graphs)
        each = [value for name, value in looks.items() if name.endswith("accuracy")]
        looked = jnp.nanmean(jnp.stack(each), 0)
        means = [faithfulness.trace_accuracy(task, scores), looked]
        moved = [
            jnp.sqrt(jnp.mean((_flat(params[layer]) - _flat(exact[layer])) ** 2))
            for layer in sorted(exact)
        ]
        return jnp.stack([*map(jnp.nanmean, means), *moved])

    return look


def watched(model: ModelConfig, start: CompiledStart) -> list[str]:
    """Metrics by name: trace and attention accuracy, then each layer's movement."""
    layers = sorted(start.params(model))
    return ["trace", "attention/accuracy", *(f"moved/{layer}" for layer in layers)]


def _relative(begun: Any, params: Any) -> Float[Array, ""]:
    """Euclidean distance, relative to the length of `begun`."""
    old, new = _flat(begun), _flat(params)
    return jnp.linalg.norm(new - old) / jnp.linalg.norm(old)


def _flat(tree: Any) -> Float[Array, "parameters"]:
    return jnp.concatenate([jnp.ravel(leaf) for leaf in jax.tree.leaves(tree)])


def _scores(
    experiment: Experiment, params: Params
) -> Iterator[tuple[str, Float[np.ndarray, "seeds graphs"]]]:
    """Pointer accuracy on the named sets; of the larger test, the mean of each part."""

    def score(graphs: Graphs) -> np.ndarray:
        parts = experiment.task, experiment.model, params, graphs
        return np.asarray(scoring.evaluate(*parts))

    for data in (experiment.test, *experiment.beside):
        yield data.name, score(data.draw(experiment.task))
    if experiment.larger:
        parts = [score(g).mean(1) for g in experiment.larger_test()]
        yield experiment.larger_name, np.stack(parts, 1)


def _of_parameters(
    experiment: Experiment, params: Params
) -> Iterator[tuple[str, float]]:
    if experiment.start:
        exact = experiment.start.params(experiment.model)
        yield "distance", float(_relative(exact, params))
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
    if experiment.program is not None and model.message_steps == 1:
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
    (parents,) = scoring.answers(task, experiment.model, params, graphs).values()
    if task.sampler.directed:
        yield "is_edge", validity.is_edge(graphs, parents)
        yield "is_dfs_forest", validity.is_dfs_forest(graphs, parents).astype(float)
    elif not task.sampler.weighted:
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
    evaluated = np.flatnonzero(validation >= 0)
    starts = np.arange(0, len(validation), every)
    means = [np.mean(curves.loss[index, s : s + every]) for s in starts]
    return {
        "validation": (evaluated, np.asarray(validation[evaluated])),
        "loss": (starts, np.array(means)),
    }
