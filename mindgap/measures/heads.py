"""Which head of a network looks where a selection of DFS's program looks.

A learned network has no reason to give each selection a head of its own, as the
compiled one does. So a selection is held against all heads, of which the best counts.
Since the best of several is above chance, an untrained network of the same kind should
stand beside.
"""

import functools
from collections.abc import Collection, Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int

from mindgap import network
from mindgap.graphs import Graphs
from mindgap.language.interpreter import interpret
from mindgap.measures import faithfulness, forcing
from mindgap.network import Forced, ModelConfig, Params
from mindgap.programs import dfs
from mindgap.tasks.base import Task

Goals = Mapping[str, tuple[Int[Array, "B T N"], Bool[Array, "B T N"]]]
"""By name: the node to look at, and which nodes have to look."""


def of_dfs(graphs: Graphs) -> Goals:
    """Whom each selection of the program names, and for which nodes that counts.

    All nodes look for a child at each step, but the search needs only that of the node
    that is new or has the token: that one is told apart, at steps at which it has a
    child. These must be graphs of the task dfs.
    """
    found = faithfulness.selections(dfs, graphs)
    states = interpret(dfs, graphs, graphs.trajectory.steps).states
    held = {name: states[name][:, :-1] > 0.5 for name in ("new", "token", "seen")}
    child, active = found["child"]
    free = ~jnp.take_along_axis(held["seen"], child, -1)
    holder = active & free & (held["new"] | held["token"])
    return {**found, "child, of the holder": (child, holder)}


def best(
    task: Task, model: ModelConfig, params: Params, graphs: Graphs, goals: Goals
) -> dict[str, float]:
    """Attention accuracy in percent of the head that is best at each goal.

    A mean over graphs and steps at which somebody has to look; NaN without any. The
    graphs of `goals` and of the network must have the same inputs, and one message step
    per hint. The head is chosen on the graphs that it is scored on: see `choose`.
    """
    found = _by_head(task, model, params, graphs, goals)
    return {name: 100 * float(np.max(each)) for name, each in found.items()}


def choose(
    task: Task, model: ModelConfig, params: Params, graphs: Graphs, goals: Goals
) -> dict[str, int]:
    """The head that is best at each goal, to be scored on other graphs."""
    found = _by_head(task, model, params, graphs, goals)
    return {name: int(np.argmax(each)) for name, each in found.items()}


def score(
    task: Task,
    model: ModelConfig,
    params: Params,
    graphs: Graphs,
    goals: Goals,
    chosen: Mapping[str, int],
    hints: Collection[str] = (),
) -> dict[str, float]:
    """Attention accuracy in percent of a chosen head at each goal, as in `best`.

    The network is given these `hints` as they truly are, at every step.
    """
    found = _by_head(task, model, params, graphs, goals, hints)
    return {name: 100 * each[chosen[name]] for name, each in found.items()}


def _by_head(
    task: Task,
    model: ModelConfig,
    params: Params,
    graphs: Graphs,
    goals: Goals,
    hints: Collection[str] = (),
) -> dict[str, list[float]]:
    """The share of right nodes of each head, by goal."""
    told = forcing.always(task, model, graphs, hints)
    alpha = _attention(task, model, params, graphs, told)
    return {
        name: [
            float(jnp.nanmean(faithfulness.attention_accuracy(alpha[:, :, h], *goal)))
            for h in range(alpha.shape[2])
        ]
        for name, goal in goals.items()
    }


@functools.partial(jax.jit, static_argnums=(0, 1))
def _attention(
    task: Task, model: ModelConfig, params: Params, graphs: Graphs, told: Forced
) -> Array:
    weights = network.weights(task, model, params)
    found = network.unroll(task, model, weights, graphs, trace=True, forced=told)
    assert found.attention is not None
    return found.attention
