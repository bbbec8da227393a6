"""Searching a row of numbers (CLRS `minimum`). Not in the paper."""

import jax
import jax.numpy as jnp

from mindgap.graphs import Trajectory
from mindgap.tasks import base
from mindgap.tasks.erdos_renyi import Inputs
from mindgap.tasks.features import Feature
from mindgap.tasks.sequences import ONE, ORDER, Sequences, in_a_row


def _minimum(inputs: Inputs) -> Trajectory:
    """Hint i: the least of nodes 0 to i, the first of equal ones, and node i."""
    nodes = inputs["key"].shape[0]
    seen = jnp.where(jnp.tri(nodes, dtype=bool), inputs["key"], jnp.inf)
    least = jax.nn.one_hot(seen.argmin(1), nodes)
    hints = {
        "pred_h": in_a_row(nodes, nodes),
        "min_h": least,
        "i": jnp.eye(nodes),
    }
    return Trajectory(hints, {"min": least[-1]}, jnp.array(nodes))


_ROW = Sequences()

minimum = base.Task(
    name="minimum",
    features={
        **_ROW.features,
        "min": Feature("output", "node", "mask_one"),
        "pred_h": ORDER,
        "min_h": ONE,
        "i": ONE,
    },
    solve=_minimum,
    most_hints=lambda nodes: nodes,
    sampler=_ROW,
    test_sets=64,
)
