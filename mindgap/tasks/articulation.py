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


class _Step(NamedTuple):
    """An event of the search, and the neighbours that are looked at before it."""

    before: _State
    recorded: _State
    looked: Bool[Array, "*T N"]


def _next_event(edges: Bool[Array, "N N"], state: _State) -> tuple[_State, _Step]:
    """The state after CLRS's bookkeeping, and what is recorded of the event."""
    node = jnp.arange(edges.shape[0])
    old, top = state.search, state.search.top
    white, at_top = old.color == WHITE, node == top
    choose = ~old.searching
    discover = ~choose & (old.discovered[top] == 0)
    white_next = edges[top] & white
    descend = ~choose & ~discover & white_next.any()
    finish = ~choose & ~discover & ~descend
    child = base.lowest(white_next)
    looked = edges[top] & ~white & (node != old.parents[top]) & (node < child)
    looked &= descend | finish
    event = Event(choose, discover, descend, finish, base.lowest(white), child)
    after, recorded = happen(old, event)

    begun = old.discovered[top]
    below = (old.parents == top) & ~at_top
    low = jnp.where(looked, old.discovered, 2 * len(node)).min()  # the latest time
    low = jnp.where(finish & below, state.low, low).min()
    cuts = jnp.where(
        old.parents[top] == top,
        state.children[top] > 1,
        (below & (state.low >= begun)).any(),
    )
    told = _State(
        search=recorded,
        low=jnp.where(
            at_top & ~choose,
            jnp.where(discover, recorded.ticks, jnp.minimum(state.low, low)),
            state.low,
        ),
        children=state.children + (descend & at_top),
        cut=state.cut | (finish & at_top & cuts),
    )
    return told._replace(search=after), _Step(state, told, looked)


def _hint_by_hint(steps: _Step, hints: int) -> tuple[_State, Int[Array, "T"]]:
    """The state at each hint, and the number of the hint that records each event."""
    events, nodes = steps.looked.shape
    looks = steps.looked.sum(1)
    at = jnp.cumsum(looks + 1) - 1
    event = (at < jnp.arange(hints)[:, None]).sum(1)
    event = jnp.minimum(event, events - 1)
    nth = jnp.arange(hints) - (at - looks)[event] + 1
    is_look = nth <= looks[event]
    # a look has the state before its event, which comes first in `both`
    both = jax.tree.map(lambda *of: jnp.concatenate(of), steps.before, steps.recorded)
    state = jax.tree.map(lambda of: of[event + events * ~is_look], both)

    seen = jnp.cumsum(steps.looked, 1)[event]
    marked = steps.looked[event] & (seen <= nth[:, None])
    least = jnp.where(marked, state.search.discovered, 2 * nodes).min(1)
    top = state.search.top
    here = is_look[:, None] & (jnp.arange(nodes) == top[:, None])
    search = state.search._replace(
        u=jnp.where(is_look, top, state.search.u),
        v=jnp.where(is_look, base.lowest((seen == nth[:, None]).T), state.search.v),
    )
    low = jnp.where(here, jnp.minimum(state.low, least[:, None]), state.low)
    return state._replace(search=search, low=low), at


def solve(inputs: Inputs) -> Trajectory:
    """The hints and the output of one undirected graph."""
    edges = edges_of(inputs)
    nodes = edges.shape[0]
    zeros = jnp.zeros(nodes, int)
    start = _State(begin(nodes), zeros, zeros, zeros > 0)
    _, steps = jax.lax.scan(
        lambda state, _: _next_event(edges, state), start, length=3 * nodes
    )
    recorded, at = _hint_by_hint(steps, most_hints(nodes))
    cut = recorded.cut.astype(jnp.float32)
    common = shown(recorded.search)
    hints = {
        "is_cut_h": cut,
        **{name: common[name] for name in ("pi_h", "color", "d", "f")},
        "low": recorded.low * TICK,
        "child_cnt": recorded.children * TICK,
        **{name: common[name] for name in ("s_prev", "s", "u", "v", "s_last", "time")},
    }
    is_cut = steps.recorded.cut[-1].astype(jnp.float32)
    return base.masked_after(hints, {"is_cut": is_cut}, at[-1] + 1)


def most_hints(nodes: int) -> int:
    """As many events as DFS has, and before them, as many looks as there can be.

    Before its first child a node looks at those above it but its parent, and at itself
    if it has an edge to itself: N (N - 1) / 2 in all. After each child it looks at
    N - 1 nodes at most.
    """
    return 3 * nodes + nodes * (nodes - 1) // 2 + (nodes - 1) ** 2


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
