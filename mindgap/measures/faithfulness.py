"""Whether a network works as the algorithm does, not only whether its answer is right.

The paper's two measures (§3.2-3.3, C.2, C.5, C.6). *Trace prediction accuracy*: do the
predicted hints, fed back as at test time, follow the algorithm's (Figures 3, 12)?
*Attention mechanism accuracy*: does a node attend most to the node that the graph
program selects (Figures 4, 13, 14, 16)? Nothing is averaged here: values are of one
graph and one step, NaN where there is nothing to be right about.
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
    """Of each predicted hint after step `time`, (B, ...), the share that is right.

    In [0, 1], over nodes; pointers and classes are right if their logit is the largest,
    masks if the logit's sign is. A scalar is never just right: of scalars it is the
    mean absolute error. NaN for graphs that have no such hint any more.
    """
    scores = {}
    reached = jnp.asarray(trajectory.lengths) > time + 1
    for name, predicted in hints.items():
        feature = task.features[name]
        hint = jnp.asarray(trajectory.hints[name])
        truth = jax.lax.dynamic_index_in_dim(hint, time + 1, 1, keepdims=False)
        if feature.type in ("categorical", "mask_one"):
            truth = truth.argmax(-1)
        off = jnp.abs(metrics.decided(feature, predicted) - truth)
        score = off if feature.type == "scalar" else off == 0
        mean = score.reshape(len(score), -1).mean(-1)
        scores[name] = jnp.where(reached, mean, jnp.nan)
    return scores


@functools.partial(jax.jit, static_argnums=(0, 1))
def trace_scores(
    task: Task, model: ModelConfig, params: Params, graphs: Graphs
) -> dict[str, Float[Array, "B T"]]:
    """`hint_scores` of every decoded hint after each step.

    The network runs freely, as at test time. Empty for one that decodes no hints.
    """
    judge = functools.partial(hint_scores, task)
    found = network.predict(task, model, params, graphs, summarise=judge)
    return {name: scores.T for name, scores in found.hints.items()}


def trace_accuracy(
    task: Task, scores: Mapping[str, Float[Array, "B T"]]
) -> Float[Array, "B T"]:
    """Trace prediction accuracy: the mean over all hints that are not scalars.

    In [0, 1], from `trace_scores`. Raises ValueError without such a hint.
    """
    found = [s for name, s in scores.items() if task.features[name].type != "scalar"]
    if not found:
        raise ValueError(f"{task.name}: none of {list(scores)} can be right or wrong")
    return jnp.stack(found).mean(0)


def unmoving_scores(
    task: Task, graphs: Graphs, at_end: bool = False
) -> dict[str, Float[Array, "B T"]]:
    """`trace_scores` of a prediction that never moves, a floor under those of networks.

    It shows the algorithm's hints as they are before the first step; or, `at_end`, as
    they are after the last, which only a network that knows the answer could.
    """
    trajectory = graphs.trajectory
    lengths = jnp.asarray(trajectory.lengths)
    still = lengths - 1 if at_end else jnp.zeros_like(lengths)
    told = {}
    for name, feature in task.stage("hint").items():
        hint = jnp.asarray(trajectory.hints[name])[jnp.arange(len(still)), still]
        if feature.type == "pointer":
            hint = jax.nn.one_hot(hint, graphs.positions.shape[-1])
        told[name] = hint
    judge = functools.partial(hint_scores, task, trajectory, told)
    found = jax.lax.map(judge, jnp.arange(max(1, trajectory.steps)))
    return {name: scores.T for name, scores in found.items()}


def attention_accuracy(
    coefficients: Float[Array, "*batch N N"],
    selected: Int[Array, "*batch N"],
    active: Bool[Array, "*batch N"],
) -> Float[Array, "*batch"]:
    """Share of active nodes whose largest coefficient is on the node that is selected.

    In [0, 1] (§3.3). Row i of `coefficients` is the receiver. A node is active if its
    selection is not the default; without an active node the share is NaN, not 1. Of k
    coefficients that are equally the largest each counts 1 / k: a program breaks its
    ties by index, and attention that sees nothing must not be credited with that.
    """
    largest = coefficients == coefficients.max(-1, keepdims=True)
    hit = jnp.take_along_axis(largest, selected[..., None], -1)[..., 0]
    return _share(hit / largest.sum(-1), active)


def attention_mass(
    coefficients: Float[Array, "*batch N N"],
    selected: Int[Array, "*batch N"],
    active: Bool[Array, "*batch N"],
) -> Float[Array, "*batch"]:
    """Mean coefficient of active nodes on the node that is selected, in [0, 1].

    NaN without an active node. It also sees a mechanism that is right but soft.
    """
    held = jnp.take_along_axis(coefficients, selected[..., None], -1)[..., 0]
    return _share(held, active)


def attention_chance(
    neighbours: Float[Array, "*#batch N N"], active: Bool[Array, "*#batch N"]
) -> Float[Array, "*batch"]:
    """`attention_accuracy` that is expected of attention to a random neighbour.

    A node is a neighbour of itself, as in the network; that fed-back pointers may open
    further pairs there is left out. NaN without an active node.
    """
    return _share(1 / neighbours.sum(-1), active)


def shuffled(
    key: Key[Array, ""],
    coefficients: Float[Array, "*#batch N N"],
    neighbours: Float[Array, "*#batch N N"],
) -> Float[Array, "*#batch N N"]:
    """The same coefficients dealt anew among each node's neighbours.

    The negative control of the measures of attention: as sharp, but blind.
    """
    allowed = jnp.broadcast_to(neighbours > 0, coefficients.shape)
    drawn = jnp.where(allowed, jax.random.uniform(key, coefficients.shape), jnp.inf)
    rank = drawn.argsort(-1).argsort(-1)
    places = jnp.argsort(~allowed, -1)  # stable: neighbours first
    dealt = jnp.take_along_axis(coefficients, places, -1)
    return jnp.where(allowed, jnp.take_along_axis(dealt, rank, -1), 0.0)


def selections(
    program: GraphProgram, graphs: Graphs
) -> dict[str, tuple[Int[Array, "B T N"], Bool[Array, "B T N"]]]:
    """Whom each node selects at each step of the program, and whether it is active.

    By the name of the selection. Nodes are not active at steps that their graph's
    trajectory does not have.
    """
    steps = max(1, graphs.trajectory.steps)
    meant = interpret(program, graphs, steps)
    taken = jnp.arange(steps) < jnp.asarray(graphs.trajectory.lengths)[:, None] - 1
    return {
        name: (look.selected, look.active & taken[..., None])
        for name, look in meant.looks.items()
    }


@functools.partial(jax.jit, static_argnums=(0, 1, 2))
def mechanism(
    program: GraphProgram,
    task: Task,
    model: ModelConfig,
    params: Params,
    graphs: Graphs,
) -> dict[str, Float[Array, "B T"]]:
    """Attention's `accuracy`, `mass` and `chance` on each graph after each step.

    Coefficients are means over heads. Of a program of several selections each has its
    measures (`child/accuracy`), by the head that selects most as it does. The network
    takes one step of attention for each step of the program; raises ValueError for one
    that takes several.
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
    found: dict[str, Array] = {}
    meant = selections(program, graphs)
    for name, (selected, active) in meant.items():
        alpha, prefix = by_head.mean(2), ""
        if len(meant) > 1:
            each = [
                jnp.nanmean(attention_accuracy(by_head[:, :, head], selected, active))
                for head in range(model.heads)
            ]
            alpha, prefix = by_head[:, :, jnp.stack(each).argmax()], f"{name}/"
        found[f"{prefix}accuracy"] = attention_accuracy(alpha, selected, active)
        found[f"{prefix}mass"] = attention_mass(alpha, selected, active)
        found[f"{prefix}chance"] = attention_chance(neighbours, active)
    return found


def _share(
    value: Float[Array, "*#batch N"] | Bool[Array, "*#batch N"],
    active: Bool[Array, "*#batch N"],
) -> Float[Array, "*#batch"]:
    """The mean over active nodes; 0 / 0, NaN, without any."""
    return jnp.where(active, value, 0).sum(-1) / active.sum(-1)


@functools.partial(jax.jit, static_argnums=(0, 1))
def first_wrong(
    task: Task, model: ModelConfig, params: Params, graphs: Graphs
) -> dict[str, Int[Array, "B"]]:
    """The first step after which a hint of a graph is wrong at any node.

    Steps count from 1; a graph without a wrong hint has its number of hints, one more
    than it has steps. By hint, and as `any` of all; scalars, which are never just
    right, are left out. Empty for a network that decodes no such hint.
    """
    scores = trace_scores(task, model, params, graphs)
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
