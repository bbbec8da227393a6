"""Breadth-first search (paper §2.4, Listing 2; CLRS `bfs`).

Every hint is one parallel expansion: all unreached neighbours of reached nodes become
reached, and each takes its reached neighbour of lowest index as its parent.
"""

import jax
import jax.numpy as jnp

from mindgap.graphs import Trajectory, edges_of
from mindgap.tasks import base, features
from mindgap.tasks.erdos_renyi import Inputs


def solve(inputs: Inputs) -> Trajectory:
    """Hints `reach_h` and `pi_h` until nothing changes, and the parents `pi`.

    Takes one graph; edges run from row to column. T is N: a path from the source to the
    farthest node has at most N - 1 edges.
    """
    edges = edges_of(inputs)
    nodes = edges.shape[0]

    def expand(state, _):
        reached, parents = state
        offered = edges & reached[:, None]
        new = offered.any(0) & ~reached
        after = (reached | new, jnp.where(new, base.lowest(offered), parents))
        return after, (state, new.any())

    start = (jnp.asarray(inputs["s"]) > 0, jnp.arange(nodes))
    (_, parents), ((reached, parents_then), changed) = jax.lax.scan(
        expand, start, length=nodes
    )
    hints = {"reach_h": reached.astype(jnp.float32), "pi_h": parents_then}
    return base.masked_after(hints, {"pi": parents}, changed.sum() + 1)


bfs = base.Task(
    name="bfs",
    features={
        **features.SOURCED,
        "pi": features.PARENTS,
        "reach_h": features.Feature("hint", "node", "mask"),
        "pi_h": features.Feature("hint", "node", "pointer"),
    },
    solve=solve,
    most_hints=lambda nodes: nodes,
)
