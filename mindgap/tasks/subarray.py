"""The run of greatest sum in a row (CLRS `find_maximum_subarray_kadane`).

Not in the paper. Hint j has the best run that ends at node j, from node `i` on and with
the sum `sum`, and the best of all runs up to there.
"""

import jax
import jax.numpy as jnp

from mindgap.graphs import Trajectory
from mindgap.tasks import base
from mindgap.tasks.erdos_renyi import Inputs
from mindgap.tasks.features import Feature
from mindgap.tasks.sequences import ONE, ORDER, Sequences, in_a_row


def _kadane(inputs: Inputs) -> Trajectory:
    keys = jnp.asarray(inputs["key"])
    nodes = keys.shape[0]

    def step(state, node):
        low, total, best_low, best_high, best = state
        extends = total + keys[node] >= keys[node]
        low = jnp.where(extends, low, node)
        total = jnp.where(extends, total, 0) + keys[node]
        better = total > best
        after = (
            low,
            total,
            jnp.where(better, low, best_low),
            jnp.where(better, node, best_high),
            jnp.where(better, total, best),
        )
        return after, after

    first = jnp.array(0)
    start = (first, keys[0], first, first, keys[0])
    _, steps = jax.lax.scan(step, start, jnp.arange(1, nodes))
    low, total, best_low, best_high, best = (
        jnp.concatenate([jnp.asarray(one)[None], later])
        for one, later in zip(start, steps, strict=True)
    )
    marks = {"best_low": best_low, "best_high": best_high, "i": low}
    hints = {name: jax.nn.one_hot(at, nodes) for name, at in marks.items()}
    outputs = {"start": hints["best_low"][-1], "end": hints["best_high"][-1]}
    hints |= {
        "pred_h": in_a_row(nodes, nodes),
        "best_sum": best,
        "j": jnp.eye(nodes),
        "sum": total,
    }
    return Trajectory(hints, outputs, jnp.array(nodes))


_ROW = Sequences(least=-1.0)

find_maximum_subarray_kadane = base.Task(
    name="find_maximum_subarray_kadane",
    features={
        **_ROW.features,
        "start": Feature("output", "node", "mask_one"),
        "end": Feature("output", "node", "mask_one"),
        "pred_h": ORDER,
        "best_low": ONE,
        "best_high": ONE,
        "best_sum": Feature("hint", "graph", "scalar"),
        "i": ONE,
        "j": ONE,
        "sum": Feature("hint", "graph", "scalar"),
    },
    solve=_kadane,
    most_hints=lambda nodes: nodes,
    sampler=_ROW,
    test_sets=32,
)
