"""The algorithms as tasks: the paper's (`bfs`, `dfs`, `bellman_ford`) and others."""

from mindgap.tasks.base import Task
from mindgap.tasks.bellman_ford import bellman_ford
from mindgap.tasks.bfs import bfs
from mindgap.tasks.dfs import dfs
from mindgap.tasks.dijkstra import dijkstra, mst_prim
from mindgap.tasks.erdos_renyi import ErdosRenyi
from mindgap.tasks.features import Feature
from mindgap.tasks.topological_sort import topological_sort
from mindgap.tasks.variants import (
    bfs_padded,
    bfs_scan,
    bfs_sequential,
    dfs_simplified,
    dfs_unclocked,
)

TASKS = {task.name: task for task in (bfs, dfs, bellman_ford)}
"""CLRS tasks that the paper studies."""

BEYOND = {task.name: task for task in (dijkstra, mst_prim, topological_sort)}
"""CLRS tasks that the paper does not study."""

VARIANTS = {
    task.name: task
    for task in (bfs_sequential, bfs_scan, bfs_padded, dfs_simplified, dfs_unclocked)
}
"""BFS and DFS with other hints."""

__all__ = [
    "BEYOND",
    "TASKS",
    "VARIANTS",
    "ErdosRenyi",
    "Feature",
    "Task",
    "bellman_ford",
    "bfs",
    "bfs_padded",
    "bfs_scan",
    "bfs_sequential",
    "dfs",
    "dfs_simplified",
    "dfs_unclocked",
    "dijkstra",
    "mst_prim",
    "topological_sort",
]
