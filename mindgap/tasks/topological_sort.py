"""Topological sorting by depth-first search (CLRS `topological_sort`).

Not in the paper. On directed graphs without cycles; `topo` names each node's successor
in the order, that which was finished before it, and `topo_head` the first of all. A
node is grey as soon as it is descended to, so that only roots are discovered by a hint
of their own: T is 2N + the number of roots.
"""

import jax
import jax.numpy as jnp

from mindgap.graphs import Trajectory
from mindgap.tasks import base, features
from mindgap.tasks.dfs import dfs, moved
from mindgap.tasks.dfs import solve as search
from mindgap.tasks.erdos_renyi import ErdosRenyi, Inputs

KEPT = ("color", "s_prev", "s", "u", "v", "s_last")
"""Hints that are those of the search."""


def solve(inputs: Inputs) -> Trajectory:
    """The hints and the order of one graph; edges run from row to column."""
    nodes = inputs["adj"].shape[0]
    found = {name: jnp.asarray(hint) for name, hint in search(inputs).hints.items()}
    finished, color = found["f"], found["color"]
    done = finished > 0
    last = finished.argmax(1)  # node 0 before any is finished
    rank = jnp.argsort(jnp.argsort(finished[-1]))
    at = jnp.argsort(rank)  # the nodes in the order in which they are finished
    after = jnp.where(rank == 0, jnp.arange(nodes), at[rank - 1])
    topo = jnp.where(done, after, jnp.arange(nodes))
    unseen = moved(found["d"]) & ~moved(color)
    order = jnp.argsort(unseen)  # a stable sort: what is seen comes first
    head = jax.nn.one_hot(last, nodes, dtype=jnp.float32)
    hints = {
        "topo_h": topo[order],
        "topo_head_h": head[order],
        **{name: found[name][order] for name in KEPT},
    }
    outputs = {"topo": topo[-1], "topo_head": head[-1]}
    return base.masked_after(hints, outputs, (~unseen).sum())


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
