"""Articulation points by depth-first search (CLRS; Hopcroft and Tarjan 1973).

Not in the paper. A node is a cut if the graph falls apart without it. `low` is the
earliest discovery that a node, or one below it in the tree, has an edge to. CLRS
records each neighbour that is looked at, and looks through them from the first again
whenever the search comes back to a node.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from mindgap.graphs import Trajectory, edges_of
from mindgap.tasks import base, features
from mindgap.tasks.dfs import (
    BLACK,
    TICK,
    WHITE,
    Event,
    Search,
    begin,
    dfs,
    happen,
    shown,
)
from mindgap.tasks.erdos_renyi import ErdosRenyi, Inputs


class _State(NamedTuple):
    """CLRS's variables; times and counts are whole numbers."""

    search: Search
    low: Int[Array, "*T N"]
    children: Int[Array, "*T N"]
    cut: Bool[Array, "*T N"]
    seen_to: Int[Array, "*T"]
    """How many of all nodes have been looked at since the search came to the top."""


def _next_event(edges: Bool[Array, "N N"], state: _State) -> tuple[_State, _State]:
    """The state after CLRS's bookkeeping, and that which is recorded before it."""
    node = jnp.arange(edges.shape[0])
    old, top = state.search, state.search.top
    white, at_top = old.color == WHITE, node == top
    choose = ~old.searching
    discover = ~choose & (old.discovered[top] == 0)
    looked_at = (node < state.seen_to) | (~white & (node == old.parents[top]))
    open_to = edges[top] & ~looked_at
    v = base.lowest(open_to)
    goes_on = ~choose & ~discover & open_to.any()
    descend, looks = goes_on & white[v], goes_on & ~white[v]
    finish = ~choose & ~discover & ~goes_on
    event = Event(choose, discover, descend, finish, base.lowest(white), v, looks)
    after, recorded = happen(old, event)

    low, begun = state.low, old.discovered[top]
    below = (old.parents == top) & ~at_top
    least = jnp.where(below, low, low[top]).min()
    cuts = jnp.where(
        old.parents[top] == top,
        state.children[top] > 1,
        (below & (low >= begun)).any(),
    )
    told = _State(
        search=recorded,
        low=jnp.select(
            [discover & at_top, looks & at_top, finish & at_top],
            [recorded.ticks, jnp.minimum(low, old.discovered[v]), least],
            low,
        ),
        children=state.children + (descend & at_top),
        cut=state.cut | (finish & at_top & cuts),
        seen_to=jnp.where(looks, v + 1, 0),
    )
    return told._replace(search=after), told


def solve(inputs: Inputs) -> Trajectory:
    """The hints and the output of one undirected graph."""
    edges = edges_of(inputs)
    nodes = edges.shape[0]
    zeros = jnp.zeros(nodes, int)
    start = _State(begin(nodes), zeros, zeros, zeros > 0, jnp.array(0))
    _, recorded = jax.lax.scan(
        lambda state, _: _next_event(edges, state), start, length=most_hints(nodes)
    )
    length = (recorded.search.color == BLACK).all(1).argmax() + 1
    cut = recorded.cut.astype(jnp.float32)
    common = shown(recorded.search)
    hints = {
        "is_cut_h": cut,
        **{name: common[name] for name in ("pi_h", "color", "d", "f")},
        "low": recorded.low * TICK,
        "child_cnt": recorded.children * TICK,
        **{name: common[name] for name in ("s_prev", "s", "u", "v", "s_last", "time")},
    }
    return base.masked_after(hints, {"is_cut": cut[length - 1]}, length)


def most_hints(nodes: int) -> int:
    """Every node looks at all others once, and again after each of its children."""
    return 2 * nodes * (nodes + 1)


_number = features.Feature("hint", "node", "scalar")

articulation_points = base.Task(
    name="articulation_points",
    features={
        "pos": features.POSITIONS,
        "A": features.WEIGHTS,
        "adj": features.ADJACENCY,
        "is_cut": features.Feature("output", "node", "mask"),
        "is_cut_h": features.Feature("hint", "node", "mask"),
        **{name: dfs.features[name] for name in ("pi_h", "color", "d", "f")},
        "low": _number,
        "child_cnt": _number,
        **{
            name: dfs.features[name]
            for name in ("s_prev", "s", "u", "v", "s_last", "time")
        },
    },
    solve=solve,
    most_hints=most_hints,
    sampler=ErdosRenyi(sourced=False, chance=0.2),
)
