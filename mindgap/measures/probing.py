"""Is the trace in the hidden state, or lost? Linear probes of every step (beyond §3.3).

A network may predict hints badly because its state does not hold them, or because its
decoder does not find them; the paper leaves open which (C.2). A linear map from the
state to the algorithm's own variables, fitted on some graphs and tested on others,
tells the two apart (Alain and Bengio 2016). Its score means something beside three
others: of labels from another graph, which hold nothing (control tasks, Hewitt and
Liang 2019), of the inputs alone, and of a compiled network, which holds its program's
variables by construction.

What a probe finds need not be used. An *interchange intervention* (Geiger et al. 2021)
asks that: the state of the algorithm for another source is put into the network,
through a linear map that is fitted as a probe is, only the other way round. Does the
output follow?
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mindgap import network
from mindgap.graphs import Graphs
from mindgap.language.interpreter import BatchState, interpret
from mindgap.language.program import GraphProgram
from mindgap.measures import validity
from mindgap.network import ModelConfig, Params, metrics
from mindgap.tasks.base import Task

RIDGE = 1e-3
"""Penalty of a probe's weights, for standardised states, per example."""


def targets(task: Task, graphs: Graphs) -> dict[str, Float[Array, "B T N"]]:
    """What a probe looks for after each step: the algorithm's variables of every node.

    Hints at nodes as numbers: masks as 0 and 1, pointers as the position they point to.
    For a task whose hints say who is reached but not how far, also `distance`: in
    edges from the source, 0 before a node is reached.
    """
    found = {}
    positions = jnp.asarray(graphs.positions)
    for name, feature in task.stage("hint").items():
        hint = jnp.asarray(graphs.trajectory.hints[name])[:, 1:]
        if feature.location != "node" or feature.type == "categorical":
            continue
        if feature.type == "pointer":
            hint = jax.vmap(lambda at, hint: at[hint])(positions, hint)
        found[name] = hint.astype(float)
    if "reach_h" in found:
        reached = jnp.asarray(graphs.trajectory.hints["reach_h"]) > 0
        level = jnp.asarray(validity.levels(graphs))[:, None]
        found["distance"] = jnp.where(reached, level, 0.0)[:, 1:]
    return found


def present(graphs: Graphs) -> Bool[Array, "B T"]:
    """After which steps a graph has a hint: the others are no examples."""
    steps = jnp.arange(graphs.trajectory.steps)
    return steps < jnp.asarray(graphs.trajectory.lengths)[:, None] - 1


def of_another(values: Any) -> Any:
    """Control labels: each graph gets those of the one before it in the batch."""
    return jax.tree.map(lambda leaf: jnp.roll(jnp.asarray(leaf), 1, 0), values)


def decoded(
    task: Task, graphs: Graphs, hints: Mapping[str, Array]
) -> dict[str, Float[Array, "B T N"]]:
    """Predicted hints as numbers, as `targets` has the algorithm's.

    What the network's own decoders say where a probe is asked.
    """
    found = {}
    positions = jnp.asarray(graphs.positions)
    for name, predicted in hints.items():
        feature = task.features[name]
        if feature.location != "node" or feature.type == "categorical":
            continue
        said = metrics.decided(feature, predicted)
        if feature.type == "pointer":
            said = jax.vmap(lambda at, said: at[said])(positions, said)
        if feature.type == "mask_one":
            said = jax.nn.one_hot(said, positions.shape[1])
        found[name] = jnp.asarray(said).astype(float)
    return found


def explained(
    said: Float[Array | np.ndarray, "B T N"],
    target: Float[Array | np.ndarray, "B T N"],
    given: Bool[Array | np.ndarray, "B T"],
) -> Float[np.ndarray, "T"]:
    """Share of a target's variance that a prediction explains, by step.

    On the second half of the graphs and in the sense of `probe`, so that the two can be
    compared. NaN at steps that fewer than two of these graphs have, or at which the
    target does not vary.
    """
    said, target, given = (np.asarray(a) for a in (said, target, given))
    tested = np.arange(len(target)) >= len(target) // 2
    scores = np.full(given.shape[1], np.nan)
    for time in range(given.shape[1]):
        at = given[:, time] & tested
        if at.sum() >= 2:
            scores[time] = _explained(said[at, time], target[at, time])
    return scores


def probe(
    states: Float[Array | np.ndarray, "B T N D"],
    target: Float[Array | np.ndarray, "B T N"],
    given: Bool[Array | np.ndarray, "B T"],
    ridge: float = RIDGE,
) -> Float[np.ndarray, "T"]:
    """Share of a target's variance that a linear map of the state explains, by step.

    Fitted by ridge regression, with a constant, on the nodes of the first half of the
    graphs, tested on those of the second: R squared, at most 1, and below 0 for a map
    that is worse than the mean. NaN at steps where either half has fewer than two
    graphs, or the target does not vary. Raises ValueError for fewer than four graphs.
    """
    count = len(states)
    if count < 4:
        raise ValueError(f"a probe needs at least 4 graphs, got {count}")
    states, target, given = (np.asarray(a) for a in (states, target, given))
    first = np.arange(count) < count // 2
    scores = np.full(given.shape[1], np.nan)
    for time in range(given.shape[1]):
        halves = [given[:, time] & half for half in (first, ~first)]
        if min(half.sum() for half in halves) < 2:
            continue
        (seen, known), (unseen, truth) = (
            (
                states[half, time].reshape(-1, states.shape[-1]).astype(float),
                target[half, time].ravel().astype(float),
            )
            for half in halves
        )
        if np.ptp(known):
            said = _fitted(seen, known, ridge)(unseen)
            scores[time] = _explained(said, truth)
    return scores


class Followed(NamedTuple):
    """Shares of pointers after an intervention, of each graph, in [0, 1]."""

    own: Float[np.ndarray, "B"]
    """Given the state of its own source, the network gives its own answer."""
    swapped: Float[np.ndarray, "B"]
    """Given that of another source, it gives the program's answer from there on."""
    unmoved: Float[np.ndarray, "B"]
    """Given that of another source, it gives its own answer all the same."""
    alike: Float[np.ndarray, "B"]
    """The program's answer and its own are the same: what `swapped` is by chance."""


def interchange(
    program: GraphProgram,
    model: ModelConfig,
    params: Params,
    graphs: Graphs,
    time: int,
) -> Followed:
    """What a network answers after the program's state was put into it.

    The map from the program's components to hidden states after step `time` (from 1) is
    fitted on the first half of the graphs, and the second half is intervened on. Hints
    that are fed back then are the program's, too; graph, positions and source stay. A
    graph's other source is the node after its own. Its own answer is what it gives when
    nothing is put into it.

    Graphs that are done by then, from either source, are left out. Raises ValueError if
    fewer than four are left, for a time below 1, for a network that takes several steps
    of attention for each of the program's, and for a program that is not of a task with
    a source.
    """
    task = program.task
    if model.message_steps != 1:
        raise ValueError(f"message_steps is {model.message_steps}, but must be 1")
    if task is None or graphs.source is None or time < 1:
        raise ValueError(
            f"{program.name}: interchange needs a task with a source and a time of at "
            f"least 1, got time {time}"
        )
    other = task.solved({**graphs.inputs, "s": jnp.roll(graphs.source, 1, 1)})
    kept = np.flatnonzero(
        np.minimum(graphs.trajectory.lengths, other.trajectory.lengths) > time + 1
    )
    if len(kept) < 4:
        raise ValueError(
            f"{program.name}: only {len(kept)} graphs go on after step {time}, but "
            "interchange needs at least 4"
        )
    graphs, other, half = graphs.take(kept), other.take(kept), len(kept) // 2
    unmoved = network.apply(task, model, params, graphs)
    assert unmoved.states is not None

    def described(told: Graphs) -> Float[np.ndarray, "B N K"]:
        """The program's components on other graphs, and what a node is given here."""
        state = _state(program, told, time).values()
        given = jnp.asarray(graphs.positions), jnp.asarray(graphs.source)
        columns = jnp.stack([*state, *given, jnp.ones_like(given[0])], -1)
        return np.asarray(columns, float)

    # few numbers of many nodes: no penalty, which would also blur what is exact
    into, *_ = np.linalg.lstsq(
        _flat(described(graphs)[:half]),
        _flat(np.asarray(unmoved.states[:half, time - 1])),
    )

    def answer(told: Graphs) -> np.ndarray:
        then = Graphs(task.name, graphs.inputs, told.later(time).trajectory)
        given = jnp.asarray(described(told) @ into, jnp.float32)
        (found,) = network.apply(task, model, params, then, given).outputs.values()
        return np.asarray(found)[half:]

    (mine,) = (np.asarray(found)[half:] for found in unmoved.outputs.values())
    expected = _continued(program, graphs, other, time)[half:]
    own, swapped = answer(graphs), answer(other)
    return Followed(
        (own == mine).mean(1),
        (swapped == expected).mean(1),
        (swapped == mine).mean(1),
        (mine == expected).mean(1),
    )


def _flat(values: Float[np.ndarray, "B N K"]) -> Float[np.ndarray, "nodes K"]:
    return values.reshape(-1, values.shape[-1]).astype(float)


def _state(program: GraphProgram, graphs: Graphs, time: int) -> BatchState:
    states = interpret(program, graphs, time).states
    return {name: values[:, time] for name, values in states.items()}


def _continued(
    program: GraphProgram, graphs: Graphs, other: Graphs, time: int
) -> Int[np.ndarray, "B N"]:
    """The program's answer on `graphs`, from the state that it has on `other` then."""
    then = other.later(time)
    start = _state(program, other, time)
    steps = then.trajectory.steps
    mixed = Graphs(graphs.task, graphs.inputs, then.trajectory)
    run = interpret(program, mixed, steps, start)
    (component,) = program.outputs.values()
    assert isinstance(component, str)
    places = np.asarray(run.states[component])
    last = np.asarray(then.trajectory.lengths) - 1
    ends = places[np.arange(len(last)), last]
    positions = np.asarray(graphs.positions)
    return np.abs(ends[..., None] - positions[:, None]).argmin(-1)


def _explained(said: np.ndarray, truth: np.ndarray) -> float:
    """R squared; NaN if the truth does not vary."""
    truth = truth.astype(float)
    spread = ((truth - truth.mean()) ** 2).sum()
    return 1 - ((said - truth) ** 2).sum() / spread if spread else np.nan


def _fitted(
    seen: Float[np.ndarray, "E D"], known: Float[np.ndarray, "E"], ridge: float
) -> Callable[[np.ndarray], np.ndarray]:
    """Ridge regression on standardised inputs."""
    mean, scale = seen.mean(0), seen.std(0)
    scale = np.where(scale > 1e-9 * max(1.0, np.abs(seen).max()), scale, np.inf)
    inputs, centre = (seen - mean) / scale, known.mean(0)
    penalty = ridge * len(seen) * np.eye(inputs.shape[1])
    slope = np.linalg.solve(inputs.T @ inputs + penalty, inputs.T @ (known - centre))
    return lambda states: (states - mean) / scale @ slope + centre
