"""Bellman-Ford shortest paths (paper §2.4, Listing 1; CLRS `bellman_ford`).

Every hint is one sweep, in which all nodes read the distances of the sweep before. Each
reached neighbour offers a node the sum of its own distance and the edge's weight. If
the least offer is strictly less than the node's distance, or if the node was unreached,
the node takes the offer as its distance and the neighbour as its parent. Of equal
offers it takes that of the neighbour of lowest index.
"""

import jax
import jax.numpy as jnp

from mindgap.graphs import Trajectory, edges_of
from mindgap.tasks import base, features
from mindgap.tasks.erdos_renyi import ErdosRenyi, Inputs


def solve(inputs: Inputs) -> Trajectory:
    """Hints `pi_h`, `d` (0 while unreached) and `msk`, and the parents `pi`.

    Takes one graph; edges run from row to column, weights are not negative. T is N: a
    shortest path has at most N - 1 edges, so N - 1 sweeps after hint 0 are enough.
    """
    edges, weights = edges_of(inputs), inputs["A"]
    nodes = edges.shape[0]

    def sweep(state, _):
        parents, distance, reached = state
        offered = edges & reached[:, None]
        offers = jnp.where(offered, distance[:, None] + weights, jnp.inf)
        best = offers.min(0)
        giver = base.lowest(offered & (offers == best))
        better = jnp.where(reached, best < distance, offered.any(0))
        after = (
            jnp.where(better, giver, parents),
            jnp.where(better, best, distance),
            reached | better,
        )
        return after, (state, better.any())

    start = (jnp.arange(nodes), jnp.zeros_like(weights[0]), inputs["s"] > 0)
    (parents, _, _), ((parents_then, distance, reached), changed) = jax.lax.scan(
        sweep, start, length=nodes
    )
    hints = {"pi_h": parents_then, "d": distance, "msk": reached.astype(jnp.float32)}
    return base.masked_after(hints, {"pi": parents}, changed.sum() + 1)


bellman_ford = base.Task(
    name="bellman_ford",
    features={
        **features.SOURCED,
        "pi": features.PARENTS,
        "pi_h": features.Feature("hint", "node", "pointer"),
        "d": features.Feature("hint", "node", "scalar"),
        "msk": features.Feature("hint", "node", "mask"),
    },
    solve=solve,
    most_hints=lambda nodes: nodes,
    sampler=ErdosRenyi(weighted=True),
)
