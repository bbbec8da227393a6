"""Dijkstra's shortest paths and Prim's spanning tree (CLRS `dijkstra`, `mst_prim`).

Not in the paper. Beside DFS, these tasks test graph programs of several selections,
since both find the least key of all nodes in the queue again and again. Each hint after
hint 0 is one round: the node `u` of least key leaves the queue, and the keys of its
neighbours are lowered.

Of equal keys that of the lowest node leaves first. dm-clrs sorts with NumPy's
`argsort`, which is not stable: among equal keys its choice depends on the number of
nodes and on the processor, so that no two machines need agree there.
"""

import functools

import jax
import jax.numpy as jnp

from mindgap.graphs import Trajectory, edges_of
from mindgap.tasks import base, features
from mindgap.tasks.erdos_renyi import ErdosRenyi, Inputs


def _solve(key_name: str, total: bool, inputs: Inputs) -> Trajectory:
    """The trajectory of one graph; the length is the number of reached nodes plus one.

    The key of a node, reported as the hint `key_name`, is the weight of the edge to it
    or, if `total`, its distance from the source.
    """
    edges, weights, source = edges_of(inputs), inputs["A"], inputs["s"]
    nodes = edges.shape[0]
    node = jnp.arange(nodes)

    def extract(state, _):
        parents, key, closed, queued, _ = state
        u = jnp.where(queued, key, jnp.inf).argmin()
        offers = edges[u] & queued.any()
        closed, queued = closed | (queued & (node == u)), queued & (node != u)
        offer = weights[u] + (key[u] if total else 0.0)
        better = offers & ~closed & (~queued | (offer < key))
        after = (
            jnp.where(better, u, parents),
            jnp.where(better, offer, key),
            closed,
            queued | better,
            u,
        )
        return after, after

    none = jnp.zeros(nodes, bool)
    start = (node, jnp.zeros_like(weights[0]), none, source > 0, source.argmax())
    _, rounds = jax.lax.scan(extract, start, length=nodes)
    with_start = (
        jnp.concatenate([jnp.asarray(first)[None], later])
        for first, later in zip(start, rounds, strict=True)
    )
    parents, key, closed, queued, u = with_start
    hints = {
        "pi_h": parents,
        key_name: key,
        "mark": closed.astype(jnp.float32),
        "in_queue": queued.astype(jnp.float32),
        "u": jax.nn.one_hot(u, nodes, dtype=jnp.float32),
    }
    # a round counts only if the queue was not empty before it
    length = 1 + queued[:-1].any(1).sum()
    return base.masked_after(hints, {"pi": parents[length - 1]}, length)


def _task(name: str, key: str, total: bool) -> base.Task:
    return base.Task(
        name=name,
        features={
            **features.SOURCED,
            "pi": features.PARENTS,
            "pi_h": features.Feature("hint", "node", "pointer"),
            key: features.Feature("hint", "node", "scalar"),
            "mark": features.Feature("hint", "node", "mask"),
            "in_queue": features.Feature("hint", "node", "mask"),
            "u": features.Feature("hint", "node", "mask_one"),
        },
        solve=functools.partial(_solve, key, total),
        most_hints=lambda nodes: nodes + 1,
        sampler=ErdosRenyi(weighted=True),
    )


dijkstra = _task("dijkstra", "d", True)
mst_prim = _task("mst_prim", "key", False)
