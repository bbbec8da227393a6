"""Training on short windows of true trajectories; not in the paper.

The usual training unrolls the network over the whole trajectory on the hints that it
predicts itself. Early in training these are noise, so what late steps could teach is
lost, and a gradient passes up to 3N steps. Here an update takes a few steps from
somewhere on the true trajectory. dm-clrs's chunked training has the same idea, without
true hints at the start of a chunk; training on true steps is also DNAR's.

Every graph of a batch is followed from its first window to its last. A window starts
from the hidden states in which the one before it ended, without their gradient: started
from zeros, it would lack what a state at that time holds. A graph that is done gives
its place to a fresh one.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from mindgap import network
from mindgap.graphs import Graphs, Trajectory
from mindgap.network import ModelConfig, Params, metrics
from mindgap.tasks.base import Task
from mindgap.training.settings import Windows

WHOLE = 0.3
"""Share of graphs whose positions are not zoomed."""


class Followed(NamedTuple):
    """Graphs that are trained on window by window, and how far each has come."""

    graphs: Graphs
    time: Int[Array, "B"]
    """Number of the hint that the next window starts from."""
    hidden: Float[Array, "B N D"]
    """Hidden states at that time."""


class Window(NamedTuple):
    """One window of every graph."""

    graphs: Graphs
    """With the hints of the window only, of which the first is given, not learned."""
    ends: Bool[Array, "B"]
    """Whether the trajectory ends in this window."""
    hidden: Float[Array, "B N D"]


def zoomed(
    key: Key[Array, ""], positions: Float[Array, "B N"], least: float
) -> Float[Array, "B N"]:
    """Positions in [0, 1] moved into an interval of [0, 1], for each graph its own.

    Widths are log-uniform from `least` to 1, or 1 for a share of `WHOLE`. So graphs of
    16 nodes have positions as close to each other as those of many more nodes are.
    """
    kept, wide, low = jax.random.split(key, 3)
    shape = len(positions), 1
    exact = positions.dtype
    width = jnp.exp(
        jax.random.uniform(wide, shape, exact, minval=jnp.log(least), maxval=0.0)
    )
    width = jnp.where(jax.random.uniform(kept, shape) < WHOLE, 1, width).astype(exact)
    return positions * width + jax.random.uniform(low, shape, exact) * (1 - width)


def chance_of_truth(
    settings: Windows, done: Float[Array, ""] | float
) -> Float[Array, ""]:
    """With which probability a step is given true hints, by share of training done."""
    first, last = settings.forced
    until = settings.forced_until
    falling = (done - until) / max(1 - until, 1e-6)
    return first + (last - first) * jnp.clip(falling, 0, 1)


def follow(key: Key[Array, ""], graphs: Graphs, size: int) -> Followed:
    """Graphs at random times, with hidden states of zero, of `size` components."""
    last = jnp.maximum(jnp.asarray(graphs.trajectory.lengths) - 1, 1)
    time = jnp.floor(jax.random.uniform(key, (graphs.batch,)) * last).astype(jnp.int32)
    hidden = jnp.zeros((graphs.batch, graphs.nodes, size), jnp.float32)
    return Followed(graphs, time, hidden)


def renew(
    key: Key[Array, ""], followed: Followed, fresh: Graphs, settings: Windows
) -> Followed:
    """Puts fresh graphs in the place of those that are done.

    Hidden states of others are set to zero or multiplied, as the settings say.
    """
    renewed, chosen, scale = jax.random.split(key, 3)
    done = followed.time >= jnp.asarray(followed.graphs.trajectory.lengths) - 1
    zero = done | (jax.random.uniform(renewed, done.shape) < settings.renewed)
    graphs = jax.tree.map(
        lambda new, old: jnp.where(_over(done, old), new, old), fresh, followed.graphs
    )
    hidden = jnp.where(_over(zero, followed.hidden), 0, followed.hidden)
    if settings.scaled:
        factors = jax.random.uniform(
            scale, hidden.shape[:2], hidden.dtype, maxval=settings.scaled
        )
        kept = jax.random.uniform(chosen, done.shape) < 0.5
        hidden = hidden * jnp.where(kept[:, None], 1, factors)[..., None]
    return Followed(graphs, jnp.where(done, 0, followed.time), hidden)


def cut(task: Task, followed: Followed, steps: int) -> Window:
    """The next window of each graph, of at most `steps` steps.

    An output that has a hint of its name (`pi` has `pi_h`) is to be, at the end of the
    window, what the hint is there. Other outputs are as they are at the end, and
    count in windows that reach it (`loss`).
    """
    graphs, time, hidden = followed
    trajectory = graphs.trajectory
    left = jnp.asarray(trajectory.lengths) - time  # hints from the window's first on

    def window(hint: Array) -> Array:
        room = jnp.pad(hint, ((0, 0), (0, steps), *[(0, 0)] * (hint.ndim - 2)))
        at = jnp.arange(steps + 1)
        return jax.vmap(lambda one, first: one[first + at])(room, time)

    hints = {name: window(jnp.asarray(h)) for name, h in trajectory.hints.items()}
    lengths = jnp.minimum(left, steps + 1)
    ends = left <= steps + 1
    outputs = {}
    for name, value in trajectory.outputs.items():
        outputs[name] = value
        if (hint := _shown(task, name)) is not None:
            at_end = jax.vmap(lambda one, at: one[at])(hints[hint], lengths - 1)
            outputs[name] = jnp.where(_over(ends, at_end), value, at_end)
    cropped = Graphs(task.name, graphs.inputs, Trajectory(hints, outputs, lengths))
    return Window(cropped, ends, hidden)


def loss(
    task: Task,
    model: ModelConfig,
    settings: Windows,
    params: Params,
    window: Window,
    forced: Bool[Array, "T B"],
) -> tuple[Float[Array, ""], Float[Array, "B N D"]]:
    """The loss of a window, and the hidden states at its end.

    As `metrics.loss`, but errors of the nodes of a graph are summed, not averaged: the
    one pointer that changes at a step of DFS then weighs as much on any number of
    nodes. Scalars are averaged. `forced` tells where the true hints are given.
    """
    graphs = window.graphs
    hints = {name for name in model.encodes(task) if name in task.stage("hint")}
    found = network.unroll(
        task,
        model,
        network.weights(task, model, params),
        graphs,
        trace=True,
        hidden=window.hidden,
        forced=dict.fromkeys(hints, forced),
    )
    assert found.states is not None
    total = settings.states * (found.states**2).mean()
    lengths, nodes = jnp.asarray(graphs.trajectory.lengths), graphs.nodes
    by_time = {name: jnp.moveaxis(hint, 1, 0) for name, hint in found.hints.items()}
    judge = functools.partial(metrics.hint_errors, task, graphs.trajectory)
    times = jnp.arange(graphs.trajectory.steps)
    for name, errors in jax.vmap(judge)(by_time, times).items():
        feature = task.features[name]
        mean = feature.type == "scalar" and feature.location == "node"
        total += errors.sum() / jnp.maximum((lengths - 1).sum(), 1) / nodes**mean
    for name, predicted in found.logits.items():
        truth = graphs.trajectory.outputs[name]
        error = metrics.error_of(task.features[name], jnp.asarray(truth), predicted)
        known = window.ends | (_shown(task, name) is not None)
        total += jnp.where(_over(known, error), error, 0).sum() / graphs.batch
    return total, jax.lax.stop_gradient(found.states[:, -1])


def _shown(task: Task, output: str) -> str | None:
    """The hint that is an output so far, as CLRS names it, if there is one."""
    hint = f"{output}_h"
    of_one_kind = hint in task.stage("hint") and (
        task.features[hint][1:] == task.features[output][1:]
    )
    return hint if of_one_kind else None


def _over(graphs: Bool[Array, "B"], leaf: Array) -> Bool[Array, "B ..."]:
    """One truth value for each graph, over the other axes of an array."""
    return graphs.reshape(-1, *[1] * (leaf.ndim - 1))
