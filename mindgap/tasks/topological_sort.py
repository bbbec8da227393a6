"""Topological sorting by depth-first search (CLRS `topological_sort`).

Not in the paper. For directed acyclic graphs. `topo` points from each node to its
successor in the order, the node that was finished just before it (the last node points
to itself); `topo_head` marks the first node. The search colours a node grey when it
descends to it, so only the discovery of a root changes a hint and is recorded. The
length is 2N + the number of roots.
"""

import jax
import jax.numpy as jnp

from mindgap.graphs import Trajectory
from mindgap.tasks import base, features
from mindgap.tasks.dfs import dfs, moved
from mindgap.tasks.dfs import solve as search
from mindgap.tasks.erdos_renyi import ErdosRenyi, Inputs

KEPT = ("color", "s_prev", "s", "u", "v", "s_last")
"""Hints that are taken from DFS unchanged."""


def solve(inputs: Inputs) -> Trajectory:
    """The hints and the outputs of one graph; edges run from row to column."""
    nodes = inputs["adj"].shape[0]
    search_hints = {
        name: jnp.asarray(hint) for name, hint in search(inputs).hints.items()
    }
    finished, color = search_hints["f"], search_hints["color"]
    done = finished > 0
    latest = finished.argmax(1)  # node 0 before any is finished
    rank = jnp.argsort(jnp.argsort(finished[-1]))
    by_finish = jnp.argsort(rank)  # the nodes in the order of their finish
    successor = jnp.where(rank == 0, jnp.arange(nodes), by_finish[rank - 1])
    topo = jnp.where(done, successor, jnp.arange(nodes))
    skipped = moved(search_hints["d"]) & ~moved(color)
    order = jnp.argsort(skipped)  # a stable sort: recorded hints first
    head = jax.nn.one_hot(latest, nodes, dtype=jnp.float32)
    hints = {
        "topo_h": topo[order],
        "topo_head_h": head[order],
        **{name: search_hints[name][order] for name in KEPT},
    }
    outputs = {"topo": topo[-1], "topo_head": head[-1]}
    return base.masked_after(hints, outputs, (~skipped).sum())


topological_sort = base.Task(
    name="topological_sort",
    features={
        "pos": features.POSITIONS,
        "A": features.WEIGHTS,
        "adj": features.ADJACENCY,
        "topo": features.PARENTS,
        "topo_head": features.Feature("output", "node", "mask_one"),
        "topo_h": features.Feature("hint", "node", "pointer"),
        "topo_head_h": features.Feature("hint", "node", "mask_one"),
        **{name: dfs.features[name] for name in KEPT},
    },
    solve=solve,
    most_hints=lambda nodes: 3 * nodes,
    sampler=ErdosRenyi(directed=True, acyclic=True, sourced=False),
)
