"""Measures a block of trained networks, and returns the rows that the store keeps.

For each checkpoint, best by validation, last and snapshots: accuracy, faithfulness (see
`faithfulness`), whether answers are right except for how ties are broken (see
`validity`), and the parts of a learned attention bias. Also learning curves. After a
compiled start in addition the loss, the distance from the compiled weights, of each
layer, too, and the course of faithfulness and of each layer's movement.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mindgap import training
from mindgap.experiments.base import CompiledStart, Data, Experiment
from mindgap.graphs import Graphs
from mindgap.measures import faithfulness, validity
from mindgap.network import ModelConfig, Params, attention, scoring
from mindgap.programs import PROGRAMS
from mindgap.store import COLUMNS
from mindgap.tasks.base import Task

if TYPE_CHECKING:
    import pandas as pd

COURSE = "course"
"""Value of the column `data` for measures on validation graphs during training."""

COURSE_EVERY = 5
"""The course is recorded at every fifth validation and at the last: at all of them, it
would be three quarters of a record."""

BLANK = {"data": "", "checkpoint": "", "step": -1, "graph": -1}
"""Values of the columns of a row to which they do not apply."""


@jax.debug_nans(False)  # NaN says that a measure is not defined for a graph or step
def measure(
    experiment: Experiment,
    seeds: Sequence[int],
    begun: Params,
    state: training.TrainState,
    curves: training.Curves,
) -> "pd.DataFrame":
    """The rows of one block.

    `begun` has the initial parameters; it, `state` and `curves` have a leading axis of
    seeds. A compiled start is measured, too, as checkpoint `start`: compiled weights
    are exact only where they are sharp enough.

    Accuracies are in [0, 1]. They are recorded for each graph of the named sets, and as
    the mean of each part of the larger test set. Measures of faithfulness are means
    over graphs, one for each step, and one over all steps, where `step` is -1.
    """
    import pandas as pd

    parts = []

    def add(seed: int, metric: str, value: Any, **where: Any) -> None:
        values = np.atleast_1d(value)
        columns = {"seed": seed, "metric": metric, **BLANK, **where, "value": values}
        parts.append(pd.DataFrame(columns)[list(COLUMNS)])

    traced = {data.name: data.draw(experiment.task) for data in experiment.traced}
    losses = _losses(experiment) if experiment.start else {}
    checkpoints = {"best": state.best, "last": state.params}
    for count, kept in zip(experiment.train.snapshots, state.snapshots, strict=True):
        checkpoints[f"after-{count}"] = kept
    if experiment.start:
        checkpoints["start"] = begun
    for checkpoint, params in checkpoints.items():
        for data, scores in _scores(experiment, params):
            for seed, row in zip(seeds, scores, strict=True):
                graph = np.arange(len(row)) if len(row) > 1 else -1
                where = {"data": data, "checkpoint": checkpoint, "graph": graph}
                add(seed, "pointer_accuracy", row, **where)
        for data, loss_of in losses.items():
            for seed, loss in zip(seeds, loss_of(params), strict=True):
                add(seed, "test_loss", loss, data=data, checkpoint=checkpoint)
        for index, seed in enumerate(seeds):
            network = jax.tree.map(lambda leaf, index=index: leaf[index], params)
            for data, graphs in traced.items():
                where = {"data": data, "checkpoint": checkpoint}
                for metric, values in _faithfulness(experiment, graphs, network):
                    steps, means = _by_step(values)
                    add(seed, metric, means, step=steps, **where)
                    add(seed, metric, np.nanmean(values), **where)
                for metric, values in _validity(experiment, graphs, network):
                    if np.isfinite(values).any():
                        add(seed, metric, np.nanmean(values), **where)
            for metric, value in _parameter_measures(experiment, network):
                add(seed, metric, value, checkpoint=checkpoint)
    for index, seed in enumerate(seeds):
        for metric, (steps, values) in _curves(experiment, curves, index).items():
            add(seed, metric, values, step=steps)
        add(seed, "best_step", state.best_step[index])
        if experiment.start:
            course = np.asarray(curves.watched[index])
            # steps between validations are filled with -1
            (steps,) = np.nonzero(~(np.isnan(course) | (course == -1)).all(1))
            steps = np.union1d(steps[::COURSE_EVERY], steps[-1:])
            names = watched(experiment.model, experiment.start)
            for metric, values in zip(names, course[steps].T, strict=True):
                add(seed, metric, values, step=steps, data=COURSE)
    return pd.concat(parts, ignore_index=True)


def watch(task: Task, model: ModelConfig, start: CompiledStart) -> training.Watch:
    """What is measured at each validation after a compiled start (Table 14).

    Faithfulness on the validation graphs, and the root mean square distance that the
    parameters of each layer have moved. That is in the parameters' own units, since
    Adam moves all by about the learning rate, whatever their size. `watched` returns
    the measures' names in the same order.
    """
    program, exact = PROGRAMS[start.program], start.params(model)

    def measure_course(params: Params, graphs: Graphs) -> Float[Array, "K"]:
        scores = faithfulness.trace_scores(task, model, params, graphs)
        mechanism = faithfulness.mechanism(program, task, model, params, graphs)
        accuracies = [
            value for name, value in mechanism.items() if name.endswith("accuracy")
        ]
        agreement = jnp.nanmean(jnp.stack(accuracies), 0)
        means = [faithfulness.trace_accuracy(task, scores), agreement]
        moved = [_moved(exact[layer], params[layer]) for layer in sorted(exact)]
        return jnp.stack([*map(jnp.nanmean, means), *moved])

    return measure_course


def watched(model: ModelConfig, start: CompiledStart) -> list[str]:
    """Names of the metrics of `watch`: trace, attention, each layer's movement."""
    layers = sorted(start.params(model))
    return ["trace", "attention/accuracy", *(f"moved/{layer}" for layer in layers)]


def _relative_distance(begun: Any, params: Any) -> Float[Array, ""]:
    """Euclidean distance between the two, relative to the length of `begun`."""
    before, after = _flat(begun), _flat(params)
    return jnp.linalg.norm(after - before) / jnp.linalg.norm(before)


def _moved(begun: Any, params: Any) -> Float[Array, ""]:
    """Root mean square distance between the two."""
    return jnp.sqrt(jnp.mean((_flat(params) - _flat(begun)) ** 2))


def _flat(tree: Any) -> Float[Array, "parameters"]:
    return jnp.concatenate([jnp.ravel(leaf) for leaf in jax.tree.leaves(tree)])


def _scores(
    experiment: Experiment, params: Params
) -> Iterator[tuple[str, Float[np.ndarray, "seeds graphs"]]]:
    """Pointer accuracy on each named set, and of each part of the larger test set."""

    def score(graphs: Graphs) -> np.ndarray:
        arguments = experiment.task, experiment.model, params, graphs
        return np.asarray(scoring.evaluate(*arguments))

    for data in (experiment.test, *experiment.beside):
        yield data.name, score(data.draw(experiment.task))
    if experiment.larger:
        parts = [score(g).mean(1) for g in experiment.larger_test()]
        yield experiment.larger_name, np.stack(parts, 1)


def _losses(
    experiment: Experiment,
) -> dict[str, Callable[[Params], Float[np.ndarray, "seeds"]]]:
    """For each named set a function from networks to their losses, in nats."""

    def of_set(data: Data) -> Callable[[Params], Float[np.ndarray, "seeds"]]:
        graphs = data.draw(experiment.task)
        losses = scoring.losses(experiment.task, experiment.model, graphs)
        of_all = jax.jit(jax.vmap(lambda params: losses(params).sum()))
        return lambda params: np.asarray(of_all(jax.tree.map(jnp.asarray, params)))

    return {data.name: of_set(data) for data in (experiment.test, *experiment.beside)}


def _parameter_measures(
    experiment: Experiment, params: Params
) -> Iterator[tuple[str, float]]:
    if experiment.start:
        exact = experiment.start.params(experiment.model)
        yield "distance", float(_relative_distance(exact, params))
        for layer in sorted(exact):
            yield f"moved/{layer}", float(_moved(exact[layer], params[layer]))
    if experiment.model.attention_bias:
        bias = jnp.asarray(params["attention"]["bias"])
        for part, share in attention.bias_parts(bias).items():
            yield f"bias/{part}", float(share)


def _faithfulness(
    experiment: Experiment, graphs: Graphs, params: Params
) -> Iterator[tuple[str, Float[np.ndarray, "B T"]]]:
    """Each measure of faithfulness that is defined for some graph and step."""
    task, model = experiment.task, experiment.model
    scores = faithfulness.trace_scores(task, model, params, graphs)
    measures = {f"trace/{name}": score for name, score in scores.items()}
    if scores:
        measures["trace"] = faithfulness.trace_accuracy(task, scores)
    if experiment.program is not None and model.message_steps == 1:
        mechanism = faithfulness.mechanism(
            experiment.program, task, model, params, graphs
        )
        measures |= {f"attention/{name}": share for name, share in mechanism.items()}
    for metric, values in measures.items():
        if np.isfinite(values).any():
            yield metric, np.asarray(values)


def _validity(
    experiment: Experiment, graphs: Graphs, params: Params
) -> Iterator[tuple[str, Float[np.ndarray, "B"]]]:
    """For BFS and DFS, how much of an answer is right whatever the order of ties."""
    task = experiment.task
    if set(task.stage("output")) != {"pi"}:  # topological sorting's answer is an order
        return
    parents = scoring.answers(task, experiment.model, params, graphs)["pi"]
    if task.sampler.directed:
        yield "is_edge", validity.is_edge(graphs, parents)
        yield "is_dfs_forest", validity.is_dfs_forest(graphs, parents).astype(float)
    elif not task.sampler.weighted:
        yield "any_parent", validity.any_parent(graphs, parents)


def _by_step(values: Float[np.ndarray, "B T"]) -> tuple[np.ndarray, np.ndarray]:
    """Steps, counted from 1, and means over the graphs that have a value."""
    taken = np.isfinite(values).any(0)
    return 1 + np.flatnonzero(taken), np.nanmean(values[:, taken], 0)


def _curves(
    experiment: Experiment, curves: training.Curves, index: int
) -> Mapping[str, tuple[np.ndarray, np.ndarray]]:
    """Validation scores of a seed, and the means of its loss between validations."""
    every, validation = experiment.train.evaluate_every, curves.validation[index]
    evaluated = np.flatnonzero(validation >= 0)
    starts = np.arange(0, len(validation), every)
    means = [np.mean(curves.loss[index, s : s + every]) for s in starts]
    return {
        "validation": (evaluated, np.asarray(validation[evaluated])),
        "loss": (starts, np.array(means)),
    }
