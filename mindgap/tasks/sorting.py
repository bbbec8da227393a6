"""Sorting a row of numbers (CLRS `insertion_sort`). Not in the paper.

`pred` points from each node to the one before it in the order; the first points to
itself.
"""

import jax
import jax.numpy as jnp

from mindgap.graphs import Trajectory
from mindgap.tasks import base
from mindgap.tasks.erdos_renyi import Inputs
from mindgap.tasks.features import Feature
from mindgap.tasks.sequences import ONE, ORDER, Sequences


def predecessors(order):
    """Who stands before each node, for nodes in this order."""
    before = jnp.concatenate([order[:1], order[:-1]])
    return jnp.zeros_like(order).at[order].set(before)


def _insertion(inputs: Inputs) -> Trajectory:
    """Hint j: nodes 0 to j are sorted; `i` is who stands behind j, or j if nobody."""
    keys = jnp.asarray(inputs["key"])
    nodes = keys.shape[0]
    node = jnp.arange(nodes)

    def at(j):
        within = node <= j
        order = jnp.argsort(jnp.where(within, keys, jnp.inf))  # stable
        # all others come after, in the order of the row
        place = jnp.argsort(order)
        behind = order[jnp.minimum(place[j] + 1, nodes - 1)]
        return predecessors(order), jnp.where(place[j] < j, behind, j)

    preds, later = jax.vmap(at)(node)
    hints = {
        "pred_h": preds,
        "i": jax.nn.one_hot(later, nodes),
        "j": jnp.eye(nodes),
    }
    return Trajectory(hints, {"pred": preds[-1]}, jnp.array(nodes))


_ROW = Sequences()

insertion_sort = base.Task(
    name="insertion_sort",
    features={
        **_ROW.features,
        "pred": Feature("output", "node", "pointer"),
        "pred_h": ORDER,
        "i": ONE,
        "j": ONE,
    },
    solve=_insertion,
    most_hints=lambda nodes: nodes,
    sampler=_ROW,
)
