"""Depth-first search (paper §3.1; CLRS `dfs`).

CLRS's DFS is lexicographic: it visits roots and children in index order, on directed
graphs, and restarts until every node is black. Each hint records one event: choosing a
root, discovering the top of the stack, descending from the top to its lowest white
out-neighbour, or finishing the top. With R roots there are R choices, N discoveries,
N - R descents and N finishes: 3N hints on every graph.
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
"""Advance of CLRS's clock at each discovery and each finish."""


class Search(NamedTuple):
    """CLRS's variables; times are integer ticks, so that no rounding accumulates."""

    color: Int[Array, "*T N"]
    parents: Int[Array, "*T N"]
    discovered: Int[Array, "*T N"]
    finished: Int[Array, "*T N"]
    below: Int[Array, "*T N"]
    """CLRS's `s_prev`: the node below each node on the stack, else the node itself."""
    root: Int[Array, "*T"]
    top: Int[Array, "*T"]
    u: Int[Array, "*T"]
    v: Int[Array, "*T"]
    ticks: Int[Array, "*T"]
    searching: Bool[Array, "*T"]
    """Whether the tree of the current root is unfinished."""


def begin(nodes: int) -> Search:
    """Before the first event."""
    node = jnp.arange(nodes)
    zeros, zero = jnp.zeros(nodes, node.dtype), jnp.zeros((), node.dtype)
    return Search(
        zeros, node, zeros, zeros, node, zero, zero, zero, zero, zero, jnp.array(False)
    )


class Event(NamedTuple):
    """Which of CLRS's events comes next, of which one holds, and with whom."""

    choose: Bool[Array, ""]
    discover: Bool[Array, ""]
    descend: Bool[Array, ""]
    finish: Bool[Array, ""]
    root: Int[Array, ""]
    """The root that is chosen."""
    child: Int[Array, ""]
    """The node that is descended to."""


def happen(state: Search, event: Event) -> tuple[Search, Search]:
    """The state after CLRS's bookkeeping, and that which is recorded before it."""
    choose, discover, descend, finish, root, child = event
    nodes, top = state.color.shape[0], state.top
    node = jnp.arange(nodes)
    at_top, at_child = node == top, node == child
    root = jnp.where(choose, root, state.root)
    ticks = state.ticks + (discover | finish)
    recorded = Search(
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
        # if no neighbour is left, CLRS's loop variable v ends at the last node
        v=jnp.where(
            choose,
            root,
            jnp.where(descend, child, jnp.where(finish, nodes - 1, state.v)),
        ),
        ticks=ticks,
        searching=jnp.array(True),
    )
    below_top = recorded.below[top]
    popped = finish & (below_top != top)
    after = recorded._replace(
        below=jnp.where(popped & at_top, top, recorded.below),
        top=jnp.where(popped, below_top, recorded.top),
        searching=~(finish & (below_top == top)),
    )
    return after, recorded


def search(
    edges: Bool[Array, "N N"], start: Search, order: Int[Array, "N"] | None = None
) -> tuple[Search, Search]:
    """The state after 3N events, and each event as it is recorded.

    Roots are chosen in this order; by default, in that of the nodes. Where fewer events
    are needed, those after the last node is black mean nothing.
    """

    def next_event(state: Search, _) -> tuple[Search, Search]:
        top, white = state.top, state.color == WHITE
        white_out = edges[top] & white
        choose = ~state.searching
        new = (state.discovered[top] == 0) | (state.color[top] == WHITE)
        discover = ~choose & new
        descend = ~choose & ~discover & white_out.any()
        finish = ~choose & ~discover & ~descend
        if order is None:
            root = base.lowest(white)
        else:
            root = order[base.lowest(white[order])]
        child = base.lowest(white_out)
        return happen(state, Event(choose, discover, descend, finish, root, child))

    return jax.lax.scan(next_event, start, length=3 * edges.shape[0])


def shown(recorded: Search) -> dict[str, Array]:
    """The hints of CLRS, of events."""
    nodes = recorded.color.shape[-1]

    def one(marked: Int[Array, "T"]) -> Float[Array, "T N"]:
        return jax.nn.one_hot(marked, nodes, dtype=jnp.float32)

    return {
        "pi_h": recorded.parents,
        "color": jax.nn.one_hot(recorded.color, 3, dtype=jnp.float32),
        "d": recorded.discovered * TICK,
        "f": recorded.finished * TICK,
        "s_prev": recorded.below,
        "s": one(recorded.root),
        "u": one(recorded.u),
        "v": one(recorded.v),
        "s_last": one(recorded.top),
        "time": recorded.ticks * TICK,
    }


def solve(inputs: Inputs) -> Trajectory:
    """All ten hints of CLRS and the parents `pi` of one directed graph; T = 3N."""
    edges = edges_of(inputs)
    nodes = edges.shape[0]
    _, recorded = search(edges, begin(nodes))
    hints = shown(recorded)
    return Trajectory(hints, {"pi": recorded.parents[-1]}, jnp.array(3 * nodes))


def moved(hint: Float[Array, "T ..."]) -> Bool[Array, "T"]:
    """Which hints differ from the hint before them; False for hint 0."""
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
