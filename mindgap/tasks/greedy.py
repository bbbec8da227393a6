"""Greedy choices along an order (CLRS `activity_selector`, `task_scheduling`).

Not in the paper. Activities are taken by their finish, each if it starts when the one
selected last has finished. Unit tasks are taken by their penalty, each if its deadline
is later than the number of those selected. Hint 1 is the first in the order, and each
later hint one more. Of equal finishes or penalties the first node comes first; in
dm-clrs it is the one that NumPy's sort, which keeps no order of equals, has first.
"""

import jax
import jax.numpy as jnp

from mindgap.graphs import Trajectory
from mindgap.tasks import base
from mindgap.tasks.erdos_renyi import Inputs
from mindgap.tasks.features import Feature
from mindgap.tasks.sequences import ONE, ORDER, Sequences, in_a_row


def _choose(order, allowed, start):
    """Goes along `order`; `allowed` maps what was carried and a node to what is next.

    Returns what was selected, (N + 1, N), and each carry, both with the start.
    """
    nodes = order.shape[0]

    def step(state, node):
        selected, carry = state
        fits, after = allowed(carry, node)
        marked = selected | (fits & (jnp.arange(nodes) == node))
        carry = jnp.where(fits, after, carry)
        return (marked, carry), (marked, carry)

    none = jnp.zeros(nodes, bool)
    _, (selected, carried) = jax.lax.scan(step, (none, start), order)
    selected = jnp.concatenate([none[None], selected]).astype(jnp.float32)
    return selected, carried


def _with_start(numbers):
    """One-hot, where hint 0 marks node 0."""
    return jax.nn.one_hot(jnp.concatenate([jnp.zeros(1, int), numbers]), len(numbers))


def _activities(inputs: Inputs) -> Trajectory:
    starts, finishes = jnp.asarray(inputs["s"]), jnp.asarray(inputs["f"])
    nodes = starts.shape[0]
    order = base.in_order(finishes)

    def allowed(last, node):
        free = (last < 0) | (starts[node] >= finishes[last])
        return free, node

    selected, last = _choose(order, allowed, jnp.array(-1))
    hints = {
        "pred_h": in_a_row(nodes + 1, nodes),
        "selected_h": selected,
        "m": _with_start(order),
        "k": _with_start(last),
    }
    return Trajectory(hints, {"selected": selected[-1]}, jnp.array(nodes + 1))


def _tasks(inputs: Inputs) -> Trajectory:
    deadlines, penalties = jnp.asarray(inputs["d"]), jnp.asarray(inputs["w"])
    nodes = deadlines.shape[0]
    order = base.in_order(-penalties)

    def allowed(done, node):
        return done < deadlines[node], done + 1

    selected, done = _choose(order, allowed, jnp.array(0))
    hints = {
        "pred_h": in_a_row(nodes + 1, nodes),
        "selected_h": selected,
        "i": _with_start(order),
        "t": jnp.concatenate([jnp.zeros(1), done]).astype(jnp.float32),
    }
    return Trajectory(hints, {"selected": selected[-1]}, jnp.array(nodes + 1))


_TIMES = Sequences(("s", "f"), ordered=True)
_JOBS = Sequences(("d", "w"), whole=frozenset({"d"}))
_SELECTED = {
    "selected": Feature("output", "node", "mask"),
    "pred_h": ORDER,
    "selected_h": Feature("hint", "node", "mask"),
}

activity_selector = base.Task(
    name="activity_selector",
    features={**_TIMES.features, **_SELECTED, "m": ONE, "k": ONE},
    solve=_activities,
    most_hints=lambda nodes: nodes + 1,
    sampler=_TIMES,
)

task_scheduling = base.Task(
    name="task_scheduling",
    features={
        **_JOBS.features,
        **_SELECTED,
        "i": ONE,
        "t": Feature("hint", "graph", "scalar"),
    },
    solve=_tasks,
    most_hints=lambda nodes: nodes + 1,
    sampler=_JOBS,
)
