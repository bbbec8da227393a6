"""Depth-first search (paper §3.1; CLRS `dfs`).

CLRS's DFS is the lexicographic one: roots and children in index order, on directed
graphs, restarted until every node is black. It records one event per hint: a root is
chosen, the top of the stack is discovered, the top passes to its lowest white
out-neighbour, or the top finishes. Roots + N discoveries + (N - roots) passes + N
finishes make 3N hints on every graph.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mindgap.graphs import Trajectory, edges_of
from mindgap.tasks import base, features
from mindgap.tasks.erdos_renyi import ErdosRenyi, Inputs

WHITE, GREY, BLACK = 0, 1, 2
TICK = 0.01
"""CLRS's clock advances by this at each discovery and each finish."""


class _State(NamedTuple):
    """CLRS's variables; clocks are counted in ticks, so that no rounding builds up."""

    color: Int[Array, "N"]
    parents: Int[Array, "N"]
    discovered: Int[Array, "N"]
    finished: Int[Array, "N"]
    below: Int[Array, "N"]
    """CLRS's `s_prev`: who lies below a node on the stack."""
    root: Int[Array, ""]
    top: Int[Array, ""]
    u: Int[Array, ""]
    v: Int[Array, ""]
    ticks: Int[Array, ""]
    searching: Bool[Array, ""]
    """Whether the current root's tree is unfinished."""


def solve(inputs: Inputs) -> Trajectory:
    """All ten hints of CLRS and the parents `pi`; on one directed graph, T = 3N."""
    edges = edges_of(inputs)
    nodes = edges.shape[0]
    node = jnp.arange(nodes)

    def event(state: _State, _) -> tuple[_State, _State]:
        """The next event as CLRS records it, and CLRS's bookkeeping after it."""
        top = state.top
        white_out = edges[top] & (state.color == WHITE)
        choose = ~state.searching
        discover = ~choose & (state.discovered[top] == 0)
        descend = ~choose & ~discover & white_out.any()
        finish = ~choose & ~discover & ~descend

        root = jnp.where(choose, base.lowest(state.color == WHITE), state.root)
        child = base.lowest(white_out)
        at_top, at_child = node == top, node == child
        ticks = state.ticks + (discover | finish)
        shown = _State(
            color=jnp.where(
                (discover & at_top) | (descend & at_child),
                GREY,
                jnp.where(finish & at_top, BLACK, state.color),
            ),
            parents=jnp.where(descend & at_child, top, state.parents),
            discovered=jnp.where(discover & at_top, ticks, state.discovered),
            finished=jnp.where(finish & at_top, ticks, state.finished),
            below=jnp.where(descend & at_child, top, state.below),
            root=root,
            top=jnp.where(choose, root, jnp.where(descend, child, top)),
            u=jnp.where(choose, root, top),
            # CLRS's loop variable is left at the last node when no neighbour is white
            v=jnp.where(
                choose,
                root,
                jnp.where(descend, child, jnp.where(finish, nodes - 1, state.v)),
            ),
            ticks=ticks,
            searching=jnp.array(True),
        )
        under = shown.below[top]
        popped = finish & (under != top)
        after = shown._replace(
            below=jnp.where(popped & at_top, top, shown.below),
            top=jnp.where(popped, under, shown.top),
            searching=~(finish & (under == top)),
        )
        return after, shown

    zeros = jnp.zeros(nodes, node.dtype)
    zero = jnp.zeros((), node.dtype)
    start = _State(
        zeros, node, zeros, zeros, node, zero, zero, zero, zero, zero, jnp.array(False)
    )
    _, shown = jax.lax.scan(event, start, length=3 * nodes)
    hints = {
        "pi_h": shown.parents,
        "color": jax.nn.one_hot(shown.color, 3, dtype=jnp.float32),
        "d": shown.discovered * TICK,
        "f": shown.finished * TICK,
        "s_prev": shown.below,
        "s": jax.nn.one_hot(shown.root, nodes, dtype=jnp.float32),
        "u": jax.nn.one_hot(shown.u, nodes, dtype=jnp.float32),
        "v": jax.nn.one_hot(shown.v, nodes, dtype=jnp.float32),
        "s_last": jax.nn.one_hot(shown.top, nodes, dtype=jnp.float32),
        "time": shown.ticks * TICK,
    }
    return Trajectory(hints, {"pi": shown.parents[-1]}, jnp.array(3 * nodes))


def moved(hint: Float[Array, "T ..."]) -> Bool[Array, "T"]:
    """At which hints something differs from the hint before."""
    flat = hint.reshape(hint.shape[0], -1)
    return jnp.concatenate([jnp.zeros(1, bool), (flat[1:] != flat[:-1]).any(1)])


_mask_one = features.Feature("hint", "node", "mask_one")
_pointer = features.Feature("hint", "node", "pointer")
_scalar = features.Feature("hint", "node", "scalar")

dfs = base.Task(
    name="dfs",
    features={
        "pos": features.POSITIONS,
        "A": features.WEIGHTS,
        "adj": features.ADJACENCY,
        "pi": features.PARENTS,
        "pi_h": _pointer,
        "color": features.Feature("hint", "node", "categorical", classes=3),
        "d": _scalar,
        "f": _scalar,
        "s_prev": _pointer,
        "s": _mask_one,
        "u": _mask_one,
        "v": _mask_one,
        "s_last": _mask_one,
        "time": features.Feature("hint", "graph", "scalar"),
    },
    solve=solve,
    most_hints=lambda nodes: 3 * nodes,
    sampler=ErdosRenyi(directed=True, sourced=False),
)
