"""Whether a network works as the algorithm does, not only whether its answer is right.

The paper's two measures (§3.2-3.3, C.2, C.5, C.6). *Trace prediction accuracy*: do the
predicted hints, fed back as at test time, equal the algorithm's (Figures 3, 12)?
*Attention mechanism accuracy*: does a node attend most to the node that the graph
program selects (Figures 4, 13, 14, 16)? Values are not averaged over graphs or steps:
each belongs to one graph and one step. It is NaN where the graph has nothing to
compare with: no hint after that step, or no active node.
"""

import functools
from collections.abc import Mapping

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from mindgap import network
from mindgap.graphs import Graphs, Trajectory
from mindgap.language.interpreter import interpret
from mindgap.language.program import GraphProgram
from mindgap.network import ModelConfig, Params, metrics
from mindgap.tasks.base import Task


def hint_scores(
    task: Task, trajectory: Trajectory, hints: Mapping[str, Array], time: Int[Array, ""]
) -> dict[str, Float[Array, "B"]]:
    """For each predicted hint after step `time`, (B, ...), the share that is right.

    In [0, 1], over nodes. A pointer or class is right if the true one has the largest
    logit, a mask if its logit has the right sign. A scalar is hardly ever exactly
    right: its score is the mean absolute error. NaN for graphs whose trajectory has
    ended before that hint.
    """
    scores = {}
    has_hint = jnp.asarray(trajectory.lengths) > time + 1
    for name, predicted in hints.items():
        feature = task.features[name]
        hint = jnp.asarray(trajectory.hints[name])
        truth = jax.lax.dynamic_index_in_dim(hint, time + 1, 1, keepdims=False)
        if feature.type in ("categorical", "mask_one"):
            truth = truth.argmax(-1)
        error = jnp.abs(metrics.decided(feature, predicted) - truth)
        score = error if feature.type == "scalar" else error == 0
        node_mean = score.reshape(len(score), -1).mean(-1)
        scores[name] = jnp.where(has_hint, node_mean, jnp.nan)
    return scores


@functools.partial(jax.jit, static_argnums=(0, 1))
def trace_scores(
    task: Task, model: ModelConfig, params: Params, graphs: Graphs
) -> dict[str, Float[Array, "B T"]]:
    """`hint_scores` of every decoded hint after each step.

    The network runs freely, as at test time. Empty if it decodes no hints.
    """
    score_hints = functools.partial(hint_scores, task)
    prediction = network.predict(task, model, params, graphs, summarise=score_hints)
    return {name: scores.T for name, scores in prediction.hints.items()}


def trace_accuracy(
    task: Task, scores: Mapping[str, Float[Array, "B T"]]
) -> Float[Array, "B T"]:
    """Trace prediction accuracy: the mean of `trace_scores` over hints, in [0, 1].

    Scalars are left out. Raises ValueError if no other hint is there.
    """
    shares = [s for name, s in scores.items() if task.features[name].type != "scalar"]
    if not shares:
        raise ValueError(
            f"{task.name}: none of {list(scores)} is a hint that can be right or wrong"
        )
    return jnp.stack(shares).mean(0)


def unmoving_scores(
    task: Task, graphs: Graphs, at_end: bool = False
) -> dict[str, Float[Array, "B T"]]:
    """`trace_scores` of a constant prediction, a floor under those of networks.

    At every step it predicts the algorithm's hints from before the first step; or, with
    `at_end`, those after the last step, which take a network that knows the answer.
    """
    trajectory = graphs.trajectory
    lengths = jnp.asarray(trajectory.lengths)
    shown_step = lengths - 1 if at_end else jnp.zeros_like(lengths)
    predicted = {}
    for name, feature in task.stage("hint").items():
        hint = jnp.asarray(trajectory.hints[name])[
            jnp.arange(len(shown_step)), shown_step
        ]
        if feature.type == "pointer":
            hint = jax.nn.one_hot(hint, graphs.positions.shape[-1])
        predicted[name] = hint
    score_after = functools.partial(hint_scores, task, trajectory, predicted)
    scores_by_hint = jax.lax.map(score_after, jnp.arange(max(1, trajectory.steps)))
    return {name: scores.T for name, scores in scores_by_hint.items()}


def attention_accuracy(
    coefficients: Float[Array, "*batch N N"],
    selected: Int[Array, "*batch N"],
    active: Bool[Array, "*batch N"],
) -> Float[Array, "*batch"]:
    """Share of active nodes whose largest coefficient is on the selected node.

    In [0, 1] (§3.3). Row i of `coefficients` belongs to receiver i. A node is active if
    its selection is not the default; without an active node the share is NaN, not 1. If
    k coefficients tie for the largest, each counts 1 / k. A program breaks ties by
    index, and uniform attention, which sees nothing, must not be credited with that: to
    four neighbours it scores 1/4.
    """
    largest = coefficients == coefficients.max(-1, keepdims=True)
    hit = jnp.take_along_axis(largest, selected[..., None], -1)[..., 0]
    return _share(hit / largest.sum(-1), active)


def attention_mass(
    coefficients: Float[Array, "*batch N N"],
    selected: Int[Array, "*batch N"],
    active: Bool[Array, "*batch N"],
) -> Float[Array, "*batch"]:
    """Mean coefficient of active nodes on the selected node, in [0, 1].

    NaN without an active node. Unlike `attention_accuracy`, it is lower for attention
    that is right but soft.
    """
    coefficient = jnp.take_along_axis(coefficients, selected[..., None], -1)[..., 0]
    return _share(coefficient, active)


def attention_chance(
    neighbours: Float[Array, "*#batch N N"], active: Bool[Array, "*#batch N"]
) -> Float[Array, "*batch"]:
    """Expected `attention_accuracy` if each node attends to a random neighbour.

    A node is a neighbour of itself, as in the network. Ignores that fed-back pointers
    may let a network attend to further pairs. NaN without an active node.
    """
    return _share(1 / neighbours.sum(-1), active)


def shuffled(
    key: Key[Array, ""],
    coefficients: Float[Array, "*#batch N N"],
    neighbours: Float[Array, "*#batch N N"],
) -> Float[Array, "*#batch N N"]:
    """The same coefficients, permuted at random among each node's neighbours.

    The negative control of the measures of attention: equally sharp, but independent of
    what is selected.
    """
    allowed = jnp.broadcast_to(neighbours > 0, coefficients.shape)
    noise = jnp.where(allowed, jax.random.uniform(key, coefficients.shape), jnp.inf)
    rank = noise.argsort(-1).argsort(-1)
    neighbours_first = jnp.argsort(~allowed, -1)  # stable: neighbours first
    packed = jnp.take_along_axis(coefficients, neighbours_first, -1)
    return jnp.where(allowed, jnp.take_along_axis(packed, rank, -1), 0.0)


def selections(
    program: GraphProgram, graphs: Graphs
) -> dict[str, tuple[Int[Array, "B T N"], Bool[Array, "B T N"]]]:
    """The node that each node selects at each step, and whether the latter is active.

    Keyed by the name of the program's selection. Nodes are inactive at steps after the
    end of their graph's trajectory.
    """
    steps = max(1, graphs.trajectory.steps)
    run = interpret(program, graphs, steps)
    has_step = jnp.arange(steps) < jnp.asarray(graphs.trajectory.lengths)[:, None] - 1
    return {
        name: (selection.selected, selection.active & has_step[..., None])
        for name, selection in run.looks.items()
    }


@functools.partial(jax.jit, static_argnums=(0, 1, 2))
def mechanism(
    program: GraphProgram,
    task: Task,
    model: ModelConfig,
    params: Params,
    graphs: Graphs,
) -> dict[str, Float[Array, "B T"]]:
    """Attention's `accuracy`, `mass` and `chance` on each graph at each step.

    For a program of one selection, coefficients are means over heads. For a program of
    several, each selection has measures of its own (`child/accuracy`), of the head that
    agrees with it most often. Raises ValueError for a network that takes several steps
    of attention for each step of the program.
    """
    if model.message_steps != 1:
        raise ValueError(
            f"message_steps is {model.message_steps}, but a selection can be compared "
            "with one step of attention only"
        )
    by_head = network.apply(task, model, params, graphs).attention
    assert by_head is not None
    neighbours = jnp.maximum(graphs.adjacency, graphs.adjacency.mT)[:, None]
    if model.attend_to == "all":
        neighbours = jnp.ones_like(neighbours)
    measures: dict[str, Array] = {}
    by_selection = selections(program, graphs)
    for name, (selected, active) in by_selection.items():
        alpha, prefix = by_head.mean(2), ""
        if len(by_selection) > 1:
            agreement = [
                jnp.nanmean(attention_accuracy(by_head[:, :, head], selected, active))
                for head in range(model.heads)
            ]
            alpha, prefix = by_head[:, :, jnp.stack(agreement).argmax()], f"{name}/"
        measures[f"{prefix}accuracy"] = attention_accuracy(alpha, selected, active)
        measures[f"{prefix}mass"] = attention_mass(alpha, selected, active)
        measures[f"{prefix}chance"] = attention_chance(neighbours, active)
    return measures


def _share(
    value: Float[Array, "*#batch N"] | Bool[Array, "*#batch N"],
    active: Bool[Array, "*#batch N"],
) -> Float[Array, "*#batch"]:
    """The mean over active nodes; NaN (0 / 0) if there are none."""
    return jnp.where(active, value, 0).sum(-1) / active.sum(-1)


@functools.partial(jax.jit, static_argnums=(0, 1))
def first_wrong(
    task: Task, model: ModelConfig, params: Params, graphs: Graphs
) -> dict[str, Int[Array, "B"]]:
    """For each graph, the first step after which a hint is wrong at any node.

    Steps count from 1. A graph without a wrong hint gets its number of hints, one more
    than its number of steps. Keyed by hint; `any` is the first step after which any
    hint is wrong. Scalars, which are hardly ever exactly right, are left out. Empty for
    a network that decodes no other hint.
    """
    scores = trace_scores(task, model, params, graphs)
    wrong = {
        name: score < 1  # NaN, where a graph has no such step, is not < 1
        for name, score in scores.items()
        if task.features[name].type != "scalar"
    }
    if not wrong:
        return {}
    wrong["any"] = jnp.stack(list(wrong.values())).any(0)
    lengths = jnp.asarray(graphs.trajectory.lengths)
    return {
        name: jnp.where(is_wrong.any(1), is_wrong.argmax(1) + 1, lengths)
        for name, is_wrong in wrong.items()
    }
