"""Is the trace in the hidden state, or lost? Linear probes of every step (beyond §3.3).

A network may predict hints badly because its state does not contain them, or because
its decoder does not read them out; the paper leaves open which (C.2). A *probe*
distinguishes the two (Alain and Bengio 2016): a linear map from the state to the
algorithm's own variables, fitted on some graphs and tested on others. Its score is to
be compared with three others: for labels of another graph, of which the state contains
nothing (control tasks, Hewitt and Liang 2019); for the inputs alone; and for a compiled
network, whose state contains its program's variables by construction.

The network need not use what a probe reads from its state. An *interchange
intervention* (Geiger et al. 2021) tests whether it does: the algorithm's state for
another source is written into the network's, through a linear map that is fitted from
variables to states, the reverse of a probe. Does the output change accordingly?
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
    """A probe's targets: the algorithm's variables of every node after each step.

    They are the hints at nodes as numbers: masks as 0 and 1, a pointer as the position
    of the node that it points to. For a task with a hint `reach_h`, which lacks
    distances, also `distance`: in edges from the source, 0 until a node is reached.
    """
    variables = {}
    positions = jnp.asarray(graphs.positions)
    for name, feature in task.stage("hint").items():
        hint = jnp.asarray(graphs.trajectory.hints[name])[:, 1:]
        if feature.location != "node" or feature.type == "categorical":
            continue
        if feature.type == "pointer":
            hint = jax.vmap(lambda at, hint: at[hint])(positions, hint)
        variables[name] = hint.astype(float)
    if "reach_h" in variables:
        reached = jnp.asarray(graphs.trajectory.hints["reach_h"]) > 0
        level = jnp.asarray(validity.levels(graphs))[:, None]
        variables["distance"] = jnp.where(reached, level, 0.0)[:, 1:]
    return variables


def present(graphs: Graphs) -> Bool[Array, "B T"]:
    """After which steps a graph has a hint; only these are examples for a probe."""
    steps = jnp.arange(graphs.trajectory.steps)
    return steps < jnp.asarray(graphs.trajectory.lengths)[:, None] - 1


def of_another(values: Any) -> Any:
    """Control labels: each graph gets those of the graph before it in the batch."""
    return jax.tree.map(lambda leaf: jnp.roll(jnp.asarray(leaf), 1, 0), values)


def decoded(
    task: Task, graphs: Graphs, hints: Mapping[str, Array]
) -> dict[str, Float[Array, "B T N"]]:
    """The network's decoded hints as numbers, in the form of `targets`.

    They can be compared with the predictions of a probe.
    """
    variables = {}
    positions = jnp.asarray(graphs.positions)
    for name, predicted in hints.items():
        feature = task.features[name]
        if feature.location != "node" or feature.type == "categorical":
            continue
        value = metrics.decided(feature, predicted)
        if feature.type == "pointer":
            value = jax.vmap(lambda at, value: at[value])(positions, value)
        if feature.type == "mask_one":
            value = jax.nn.one_hot(value, positions.shape[1])
        variables[name] = jnp.asarray(value).astype(float)
    return variables


def explained(
    said: Float[Array | np.ndarray, "B T N"],
    target: Float[Array | np.ndarray, "B T N"],
    given: Bool[Array | np.ndarray, "B T"],
) -> Float[np.ndarray, "T"]:
    """Share of a target's variance that a prediction explains, by step.

    `said` is the prediction. As in `probe`, the score is R squared on the second half
    of the graphs, so that the two can be compared. NaN at steps that fewer than two of
    these graphs have, or at which the target does not vary.
    """
    said, target, given = (np.asarray(a) for a in (said, target, given))
    tested = np.arange(len(target)) >= len(target) // 2
    scores = np.full(given.shape[1], np.nan)
    for time in range(given.shape[1]):
        at = given[:, time] & tested
        if at.sum() >= 2:
            scores[time] = _r_squared(said[at, time], target[at, time])
    return scores


def probe(
    states: Float[Array | np.ndarray, "B T N D"],
    target: Float[Array | np.ndarray, "B T N"],
    given: Bool[Array | np.ndarray, "B T"],
    ridge: float = RIDGE,
) -> Float[np.ndarray, "T"]:
    """Share of a target's variance that a linear map of the state explains, by step.

    The map is fitted by ridge regression, with a constant, on the nodes of the first
    half of the graphs, and tested on those of the second. The score is R squared: at
    most 1, and below 0 for a map that is worse than the mean. NaN at steps where either
    half has fewer than two graphs, or the target does not vary in one of them. Raises
    ValueError for fewer than four graphs.
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
        (fit_states, fit_target), (test_states, test_target) = (
            (
                states[half, time].reshape(-1, states.shape[-1]).astype(float),
                target[half, time].ravel().astype(float),
            )
            for half in halves
        )
        if np.ptp(fit_target):
            predicted = _ridge(fit_states, fit_target, ridge)(test_states)
            scores[time] = _r_squared(predicted, test_target)
    return scores


class Followed(NamedTuple):
    """Shares of each graph's pointers after an intervention, in [0, 1].

    The network's own answer is the one without an intervention.
    """

    own: Float[np.ndarray, "B"]
    """Given the state for the graph's own source: equal to the network's own answer."""
    swapped: Float[np.ndarray, "B"]
    """Given the state for another source: equal to the program's answer from there."""
    unmoved: Float[np.ndarray, "B"]
    """Given the state for another source: still equal to the network's own answer."""
    alike: Float[np.ndarray, "B"]
    """The network's own answer is equal to the program's from the other state: what
    `swapped` would be if the network ignored the intervention."""


def interchange(
    program: GraphProgram,
    model: ModelConfig,
    params: Params,
    graphs: Graphs,
    time: int,
) -> Followed:
    """What a network answers after the program's state is written into its own.

    A linear map from the program's components to the hidden states after step `time`
    (counted from 1) is fitted on the first half of the graphs; the intervention is on
    the second half. The hints that are fed back at that step are the program's, too;
    graph, positions and source stay. A graph's other source is the node after its own.

    Graphs whose trajectory has ended by then, from either source, are left out. Raises
    ValueError if fewer than four are left, for a time below 1, for a network that takes
    several steps of attention for each step of the program, and for a program whose
    task has no source.
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
    free = network.apply(task, model, params, graphs)
    assert free.states is not None

    def description(donor: Graphs) -> Float[np.ndarray, "B N K"]:
        """The program's components on `donor`; position and source of `graphs`."""
        state = _program_state(program, donor, time).values()
        given = jnp.asarray(graphs.positions), jnp.asarray(graphs.source)
        columns = jnp.stack([*state, *given, jnp.ones_like(given[0])], -1)
        return np.asarray(columns, float)

    # a few columns and many nodes need no penalty, which would blur an exact map
    to_states, *_ = np.linalg.lstsq(
        _flat(description(graphs)[:half]),
        _flat(np.asarray(free.states[:half, time - 1])),
    )

    def answer(donor: Graphs) -> np.ndarray:
        continued = Graphs(task.name, graphs.inputs, donor.later(time).trajectory)
        states = jnp.asarray(description(donor) @ to_states, jnp.float32)
        changed = network.apply(task, model, params, continued, states)
        (output,) = changed.outputs.values()
        return np.asarray(output)[half:]

    (own_answer,) = (np.asarray(output)[half:] for output in free.outputs.values())
    expected = _continued(program, graphs, other, time)[half:]
    own, swapped = answer(graphs), answer(other)
    return Followed(
        (own == own_answer).mean(1),
        (swapped == expected).mean(1),
        (swapped == own_answer).mean(1),
        (own_answer == expected).mean(1),
    )


def _flat(values: Float[np.ndarray, "B N K"]) -> Float[np.ndarray, "nodes K"]:
    return values.reshape(-1, values.shape[-1]).astype(float)


def _program_state(program: GraphProgram, graphs: Graphs, time: int) -> BatchState:
    states = interpret(program, graphs, time).states
    return {name: values[:, time] for name, values in states.items()}


def _continued(
    program: GraphProgram, graphs: Graphs, other: Graphs, time: int
) -> Int[np.ndarray, "B N"]:
    """The program's answer on `graphs` from its state on `other` at step `time`."""
    rest = other.later(time)
    start = _program_state(program, other, time)
    steps = rest.trajectory.steps
    mixed = Graphs(graphs.task, graphs.inputs, rest.trajectory)
    run = interpret(program, mixed, steps, start)
    (component,) = program.outputs.values()
    assert isinstance(component, str)
    places = np.asarray(run.states[component])
    last = np.asarray(rest.trajectory.lengths) - 1
    final = places[np.arange(len(last)), last]
    positions = np.asarray(graphs.positions)
    return np.abs(final[..., None] - positions[:, None]).argmin(-1)


def _r_squared(predicted: np.ndarray, truth: np.ndarray) -> float:
    """R squared of a prediction; NaN if the truth does not vary."""
    truth = truth.astype(float)
    spread = ((truth - truth.mean()) ** 2).sum()
    return 1 - ((predicted - truth) ** 2).sum() / spread if spread else np.nan


def _ridge(
    states: Float[np.ndarray, "E D"], target: Float[np.ndarray, "E"], ridge: float
) -> Callable[[np.ndarray], np.ndarray]:
    """Ridge regression on standardised inputs."""
    mean, scale = states.mean(0), states.std(0)
    scale = np.where(scale > 1e-9 * max(1.0, np.abs(states).max()), scale, np.inf)
    inputs, centre = (states - mean) / scale, target.mean(0)
    penalty = ridge * len(states) * np.eye(inputs.shape[1])
    slope = np.linalg.solve(inputs.T @ inputs + penalty, inputs.T @ (target - centre))
    return lambda unseen: (unseen - mean) / scale @ slope + centre
