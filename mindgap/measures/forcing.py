"""Does a network fail at single steps, or do small errors add up?

At test time a network is given the hints that it predicted itself, so an error at one
step is an input of the next. Here it is given true hints instead, all or some of them
(teacher forcing, which dm-clrs has for training). Its hidden state stays its own. Other
parts of a run that may be at fault are repaired one at a time, too: hints that are not
decided, and scores that tell too little apart what is to be chosen.
"""

import dataclasses
import functools
from collections.abc import Collection
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

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
    return _given(task, model, params, graphs, always(task, model, graphs, hints))


def always(task: Task, model: ModelConfig, graphs: Graphs, hints: Collection) -> Forced:
    """These hints are given as they are, at every step; all others are not.

    Names all hints that are inputs, so that one compiled function serves every choice.
    """
    fed_back = set(model.encodes(task)) & set(task.stage("hint"))
    shape = graphs.trajectory.steps + 1, graphs.batch
    return {name: jnp.full(shape, name in hints) for name in fed_back | set(hints)}


EACH = 8
"""Only one of so many steps is taken in `remembered` without memory."""


def remembered(
    task: Task,
    model: ModelConfig,
    params: Params,
    graphs: Graphs,
    hint: str,
    hints: Collection = (),
    memory: bool = True,
) -> Float[np.ndarray, "B S"]:
    """Share of a hint's pointers that are right after each step, in [0, 1].

    Of the nodes whose true pointer is to another node, for `pi_h` of DFS those that are
    discovered; NaN without any and after a graph's end. The network is given these
    `hints` as they truly are. Without `memory` it is given all of them, and each step
    starts from a hidden state of zero: then what is right is read from hints and
    inputs. One of `EACH` steps is taken then, the others are NaN. Raises ValueError for
    what is no pointer among the hints.
    """
    feature = task.features.get(hint)
    if feature is None or (feature.stage, feature.type) != ("hint", "pointer"):
        raise ValueError(f"{hint!r} is no hint of {task.name} that is a pointer")
    trajectory, steps = graphs.trajectory, graphs.trajectory.steps
    truth = np.asarray(trajectory.hints[hint])[:, 1:]
    told = np.full(truth.shape, -1)
    if memory:
        forced = always(task, model, graphs, hints)
        told = np.asarray(_decoded(task, model, params, graphs, hint, forced))
    else:
        begun = range(0, steps, EACH)
        single = [_single(task, graphs, time) for time in begun]
        every = jax.tree.map(lambda *parts: np.concatenate(parts), *single)
        found = np.asarray(_decoded(task, model, params, every, hint, {}))
        told[:, ::EACH] = found.reshape(len(begun), *truth.shape[::2]).swapaxes(0, 1)
    goes_on = 1 + np.arange(steps) < np.asarray(trajectory.lengths)[:, None]
    counted = (truth != np.arange(graphs.nodes)) & goes_on[..., None] & (told >= 0)
    number = counted.sum(-1)
    right = ((told == truth) & counted).sum(-1)
    return np.where(number > 0, right / np.maximum(number, 1), np.nan)


def _single(task: Task, graphs: Graphs, time: int) -> Graphs:
    """The step after hint `time` alone, which starts from the true hints."""
    trajectory = graphs.trajectory
    hints = {k: np.asarray(v)[:, time : time + 2] for k, v in trajectory.hints.items()}
    lengths = np.full(graphs.batch, 2, np.int32)
    return Graphs(
        task.name, graphs.inputs, trajectory._replace(hints=hints, lengths=lengths)
    )


@functools.partial(jax.jit, static_argnums=(0, 1, 4))
def _decoded(
    task: Task,
    model: ModelConfig,
    params: Params,
    graphs: Graphs,
    hint: str,
    forced: Forced,
) -> Int[Array, "B S N"]:
    """The nodes that a hint points to after each step."""

    def pointer(trajectory, hints, time):
        return {hint: hints[hint].argmax(-1)}

    found = network.predict(
        task, model, params, graphs, summarise=pointer, forced=forced
    )
    return jnp.moveaxis(found.hints[hint], 0, 1)


FACTORS = (2.0, 3.0)
"""How much steeper the scores are made in `repairs`."""


def repairs(
    task: Task, model: ModelConfig, params: Params, graphs: Graphs
) -> dict[str, Steps]:
    """What a network does with one part of its run repaired, by what is repaired.

    First its own run, then with one true hint at a time, with all hints that are
    scalars true (`clocks`), with all hints true, with hints decided before they are fed
    back, and with steeper scores (`sharper`). For tasks with hints that are scalars.
    """
    hints = task.stage("hint")
    clocks = [name for name, feature in hints.items() if feature.type == "scalar"]
    told: dict[str, Collection] = {"own run": ()}
    told |= {f"{name} true": (name,) for name in hints if name not in clocks}
    told |= {"clocks true": clocks, "all hints true": tuple(hints)}
    found = {k: given(task, model, params, graphs, v) for k, v in told.items()}
    decided = dataclasses.replace(model, feedback="hard")
    found["decided hints"] = given(task, decided, params, graphs, ())
    for factor in FACTORS:
        steeper = sharper(params, factor)
        found[f"scores x {factor:g}"] = given(task, model, steeper, graphs, ())
    return found


def sharper(params: Params, factor: float) -> Params:
    """All scores, those of attention and of pointers, times a factor.

    The order of the scores of one set of states stays. What attention gives to the
    largest of them, and how decided a pointer is, grows with the factor.
    """
    return {
        module: jax.tree.map(lambda leaf: leaf * factor, leaves)
        if module.rpartition("/")[2].startswith("score")
        else leaves
        for module, leaves in params.items()
    }


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
