"""Searching a row of numbers (CLRS `minimum`, `binary_search`). Not in the paper."""

import jax
import jax.numpy as jnp

from mindgap.graphs import Trajectory
from mindgap.tasks import base
from mindgap.tasks.erdos_renyi import Inputs
from mindgap.tasks.features import Feature
from mindgap.tasks.sequences import ONE, ORDER, Sequences, Sorted, in_a_row


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


def _binary(inputs: Inputs) -> Trajectory:
    """A hint for each halving: what is sought lies between `low` and `high`."""
    keys, target = jnp.asarray(inputs["key"]), jnp.asarray(inputs["target"])
    nodes = keys.shape[0]

    def halve(state, _):
        low, high = state
        mid, open_ = (low + high) // 2, low < high
        below = target <= keys[mid]
        after = (
            jnp.where(open_ & ~below, mid + 1, low),
            jnp.where(open_ & below, mid, high),
        )
        return after, (*after, open_)

    start = jnp.array(0), jnp.array(nodes - 1)
    _, (low, high, halved) = jax.lax.scan(halve, start, length=_halvings(nodes))
    low = jnp.concatenate([start[0][None], low])
    high = jnp.concatenate([start[1][None], high])
    marks = {"low": low, "high": high, "mid": (low + high) // 2}
    hints = {name: jax.nn.one_hot(at, nodes) for name, at in marks.items()}
    hints["pred_h"] = in_a_row(len(low), nodes)
    return base.masked_after(hints, {"return": hints["high"][-1]}, 1 + halved.sum())


def _halvings(nodes: int) -> int:
    """Of a row until one node is left, at most."""
    return max(1, (nodes - 1).bit_length())


_SORTED = Sorted()

binary_search = base.Task(
    name="binary_search",
    features={
        **_SORTED.features,
        "return": Feature("output", "node", "mask_one"),
        "pred_h": ORDER,
        "low": ONE,
        "high": ONE,
        "mid": ONE,
    },
    solve=_binary,
    most_hints=lambda nodes: 1 + _halvings(nodes),
    sampler=_SORTED,
    test_sets=64,
)
