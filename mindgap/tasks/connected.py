"""Strongly connected components by two searches (CLRS; Kosaraju, Aho et al. 1974).

Not in the paper. The first search is DFS. The second follows edges backwards and
chooses its roots latest finished first; every node that it finds is of its root's
component. The times of the first search stay, so that in the second only roots are
discovered. CLRS's hint `A_t`, the transposed graph, is an edge's, never changes, and is
left out.
"""

import jax.numpy as jnp

from mindgap.graphs import Trajectory, edges_of
from mindgap.tasks import base, features
from mindgap.tasks.communities import Communities
from mindgap.tasks.dfs import BLACK, WHITE, begin, dfs, search, shown
from mindgap.tasks.erdos_renyi import Inputs

KEPT = ("color", "d", "f", "s_prev", "s", "u", "v", "s_last", "time")
"""Hints that are taken from the searches unchanged."""


def solve(inputs: Inputs) -> Trajectory:
    """The hints and the output of one directed graph; 5N events and one a root."""
    edges = edges_of(inputs)
    nodes = edges.shape[0]
    node = jnp.arange(nodes)
    after, there = search(edges, begin(nodes))
    fresh = begin(nodes)
    again = fresh._replace(
        discovered=after.discovered, finished=after.finished, ticks=after.ticks
    )
    _, back = search(edges.T, again, jnp.argsort(-after.finished))
    # a root is chosen where u is white; in all other events u is of its root
    chosen = back.color[jnp.arange(3 * nodes), back.u] == WHITE
    acts = (back.u[:, None] == node) & ~chosen[:, None]
    found = jnp.cumsum(acts, 0) > 0
    component = jnp.where(found, back.root[acts.argmax(0)], node)
    length = 3 * nodes + (back.color == BLACK).all(1).argmax() + 1
    hints = {
        "scc_id_h": jnp.concatenate(
            [jnp.broadcast_to(node, (3 * nodes, nodes)), component]
        ),
        **{
            name: jnp.concatenate([hint, shown(back)[name]])
            for name, hint in shown(there).items()
            if name in KEPT
        },
        "phase": jnp.repeat(jnp.array([0.0, 1.0]), 3 * nodes),
    }
    return base.masked_after(hints, {"scc_id": component[-1]}, length)


strongly_connected_components = base.Task(
    name="strongly_connected_components",
    features={
        "pos": features.POSITIONS,
        "A": features.WEIGHTS,
        "adj": features.ADJACENCY,
        "scc_id": features.PARENTS,
        "scc_id_h": features.Feature("hint", "node", "pointer"),
        **{name: dfs.features[name] for name in KEPT},
        "phase": features.Feature("hint", "graph", "mask"),
    },
    solve=solve,
    most_hints=lambda nodes: 6 * nodes,
    sampler=Communities(),
    left_out=("A_t",),
)
