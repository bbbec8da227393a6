"""BFS and DFS with other traces: the controls of the paper's §3.1 (Table 2).

The graphs and the answers are those of the algorithm itself; only the hints differ, and
with them how long the network unrolls.
"""

import dataclasses

import jax.numpy as jnp

from mindgap.graphs import Trajectory, edges_of
from mindgap.tasks import base
from mindgap.tasks.bfs import bfs
from mindgap.tasks.bfs import solve as solve_bfs
from mindgap.tasks.dfs import dfs, moved
from mindgap.tasks.dfs import solve as solve_dfs
from mindgap.tasks.erdos_renyi import Inputs


def solve_sequentially(inputs: Inputs) -> Trajectory:
    """BFS that reaches one node per hint: level by level, in each by node number.

    T is the number of nodes that are reached, the source among them.
    """
    found = solve_bfs(inputs)
    nodes = inputs["adj"].shape[0]
    reached = jnp.asarray(found.hints["reach_h"]) > 0
    used = jnp.arange(nodes) < found.lengths
    ever = (reached & used[:, None]).any(0)
    level = jnp.where(ever, (reached & used[:, None]).argmax(0), nodes)
    place = jnp.argsort(jnp.argsort(level))  # in order of (level, number)
    shown = (place <= jnp.arange(nodes)[:, None]) & ever
    parents = jnp.where(shown, found.outputs["pi"], jnp.arange(nodes))
    hints = {"reach_h": shown.astype(jnp.float32), "pi_h": parents}
    return base.masked_after(hints, found.outputs, ever.sum())


def solve_scanned(inputs: Inputs) -> Trajectory:
    """BFS with a hint before every edge that is scanned, as the authors' code has it.

    A sweep scans all edges of the nodes that were reached before it, row by row, those
    of earlier sweeps again; the last finds nothing new. `pi_h` changes at once,
    `reach_h` between sweeps. T is cut off at 3N^2, which, from 16 nodes on, a clique
    with a long tail exceeds; a random graph does not.
    """
    found, edges = solve_bfs(inputs), edges_of(inputs)
    nodes = edges.shape[0]
    sweeps = jnp.arange(nodes) < found.lengths
    reached = (jnp.asarray(found.hints["reach_h"]) > 0) & sweeps[:, None]
    scans = jnp.where(reached, edges.sum(1), 0)  # of each sweep and row
    ends = scans.sum(1).cumsum()
    before = scans.ravel().cumsum().reshape(scans.shape) - scans
    # a node's parent is set in the sweep before the first that has it reached
    parents = jnp.asarray(found.outputs["pi"])
    sweep = jnp.maximum(0, reached.argmax(0) - 1)
    within = edges.cumsum(1)[parents, jnp.arange(nodes)]
    set_by = before[sweep, parents] + within  # the first hint that shows it
    time = jnp.arange(3 * nodes**2)
    shown = set_by <= time[:, None]
    running = jnp.searchsorted(ends, time, side="right")
    hints = {
        # a source without edges scans none
        "reach_h": reached[jnp.minimum(running, found.lengths - 1)] * 1.0,
        "pi_h": jnp.where(shown, parents, jnp.arange(nodes)),
    }
    length = jnp.clip(ends[-1], 1, len(time))
    return base.masked_after(hints, found.outputs, length)


def solve_padded(inputs: Inputs) -> Trajectory:
    """BFS as it is, its last hint repeated until there are as many as DFS has, 3N."""
    found, nodes = solve_bfs(inputs), inputs["adj"].shape[0]
    shown = jnp.minimum(jnp.arange(3 * nodes), found.lengths - 1)
    hints = {name: jnp.asarray(hint)[shown] for name, hint in found.hints.items()}
    return Trajectory(hints, found.outputs, jnp.array(3 * nodes))


def solve_simplified(inputs: Inputs) -> Trajectory:
    """DFS with the hints `pi_h` and `color` alone.

    Discovering a node that was descended to changes neither, so these events have no
    hint of their own: T is 2N + the number of roots.
    """
    found = solve_dfs(inputs)
    discovered, color = (jnp.asarray(found.hints[name]) for name in ("d", "color"))
    unseen = moved(discovered) & ~moved(color)
    order = jnp.argsort(unseen)  # a stable sort: what is seen comes first
    hints = {"pi_h": jnp.asarray(found.hints["pi_h"])[order], "color": color[order]}
    return base.masked_after(hints, found.outputs, (~unseen).sum())


bfs_sequential = dataclasses.replace(
    bfs, name="bfs_sequential", solve=solve_sequentially
)
bfs_scan = dataclasses.replace(
    bfs,
    name="bfs_scan",
    solve=solve_scanned,
    most_hints=lambda nodes: 3 * nodes**2,
)
bfs_padded = dataclasses.replace(
    bfs, name="bfs_padded", solve=solve_padded, most_hints=lambda nodes: 3 * nodes
)
dfs_simplified = dataclasses.replace(
    dfs,
    name="dfs_simplified",
    solve=solve_simplified,
    features={
        name: feature
        for name, feature in dfs.features.items()
        if feature.stage != "hint" or name in ("pi_h", "color")
    },
)
