"""BFS and DFS with other hints: the controls of the paper's §3.1 (Table 2).

Graphs and outputs are those of the plain algorithm. Only the hints differ, and with
them the number of steps that the network unrolls.
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

CLOCKS = ("d", "f", "time")
"""The hints of DFS that are times."""


def solve_sequentially(inputs: Inputs) -> Trajectory:
    """BFS that reaches one node per hint: level by level, in a level by node number.

    The length is the number of reached nodes, including the source.
    """
    parallel = solve_bfs(inputs)
    nodes = inputs["adj"].shape[0]
    reached = jnp.asarray(parallel.hints["reach_h"]) > 0
    within = jnp.arange(nodes) < parallel.lengths
    ever = (reached & within[:, None]).any(0)
    level = jnp.where(ever, (reached & within[:, None]).argmax(0), nodes)
    place = jnp.argsort(jnp.argsort(level))  # in order of (level, number)
    so_far = (place <= jnp.arange(nodes)[:, None]) & ever
    parents = jnp.where(so_far, parallel.outputs["pi"], jnp.arange(nodes))
    hints = {"reach_h": so_far.astype(jnp.float32), "pi_h": parents}
    return base.masked_after(hints, parallel.outputs, ever.sum())


def solve_scanned(inputs: Inputs) -> Trajectory:
    """BFS with one hint before each scanned edge, as in the authors' code.

    A sweep scans all edges of the nodes that were reached before it, row by row,
    including the edges of earlier sweeps. The last sweep reaches no new node. `pi_h`
    changes with the scanned edge, `reach_h` only between sweeps. T is cut off at
    3N^2: random graphs need fewer hints, but from 16 nodes on, a clique with a long
    tail needs more.
    """
    parallel, edges = solve_bfs(inputs), edges_of(inputs)
    nodes = edges.shape[0]
    sweeps = jnp.arange(nodes) < parallel.lengths
    reached = (jnp.asarray(parallel.hints["reach_h"]) > 0) & sweeps[:, None]
    scans = jnp.where(reached, edges.sum(1), 0)  # edges scanned, by sweep and row
    ends = scans.sum(1).cumsum()
    before = scans.ravel().cumsum().reshape(scans.shape) - scans
    # a node gets its parent in the sweep before the first that starts with it reached
    parents = jnp.asarray(parallel.outputs["pi"])
    sweep = jnp.maximum(0, reached.argmax(0) - 1)
    within = edges.cumsum(1)[parents, jnp.arange(nodes)]
    set_by = before[sweep, parents] + within  # the first hint with this parent
    time = jnp.arange(3 * nodes**2)
    is_set = set_by <= time[:, None]
    running = jnp.searchsorted(ends, time, side="right")
    hints = {
        # the minimum is for a source without edges, which has no scans
        "reach_h": reached[jnp.minimum(running, parallel.lengths - 1)] * 1.0,
        "pi_h": jnp.where(is_set, parents, jnp.arange(nodes)),
    }
    length = jnp.clip(ends[-1], 1, len(time))
    return base.masked_after(hints, parallel.outputs, length)


def solve_padded(inputs: Inputs) -> Trajectory:
    """BFS whose last hint is repeated up to the number of hints of DFS, 3N."""
    plain, nodes = solve_bfs(inputs), inputs["adj"].shape[0]
    times = jnp.minimum(jnp.arange(3 * nodes), plain.lengths - 1)
    hints = {name: jnp.asarray(hint)[times] for name, hint in plain.hints.items()}
    return Trajectory(hints, plain.outputs, jnp.array(3 * nodes))


def solve_simplified(inputs: Inputs) -> Trajectory:
    """DFS with the hints `pi_h` and `color` alone.

    The discovery of a node that the search descended to changes neither hint, since
    the node is grey already. These events are left out, so the length is 2N + the
    number of roots.
    """
    full = solve_dfs(inputs)
    discovered, color = (jnp.asarray(full.hints[name]) for name in ("d", "color"))
    skipped = moved(discovered) & ~moved(color)
    order = jnp.argsort(skipped)  # a stable sort: recorded hints first
    hints = {"pi_h": jnp.asarray(full.hints["pi_h"])[order], "color": color[order]}
    return base.masked_after(hints, full.outputs, (~skipped).sum())


def solve_unclocked(inputs: Inputs) -> Trajectory:
    """DFS without the clock and the times that it gives: `d`, `f` and `time`.

    The other hints still tell each step what to do: a node that was just descended to
    is `s_last` but not yet `u`, and a root that was just chosen is white. On graphs
    larger than those of training, times are larger than any that a network has seen.
    """
    full = solve_dfs(inputs)
    hints = {name: h for name, h in full.hints.items() if name not in CLOCKS}
    return full._replace(hints=hints)


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
dfs_unclocked = dataclasses.replace(
    dfs,
    name="dfs_unclocked",
    solve=solve_unclocked,
    features={k: feature for k, feature in dfs.features.items() if k not in CLOCKS},
)
