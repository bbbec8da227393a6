"""The algorithms as tasks: the paper's (`bfs`, `dfs`, `bellman_ford`) and others."""

from mindgap.tasks.articulation import articulation_points
from mindgap.tasks.base import Task
from mindgap.tasks.bellman_ford import bellman_ford
from mindgap.tasks.bfs import bfs
from mindgap.tasks.connected import strongly_connected_components
from mindgap.tasks.dfs import dfs
from mindgap.tasks.dijkstra import dijkstra, mst_prim
from mindgap.tasks.erdos_renyi import ErdosRenyi
from mindgap.tasks.features import Feature
from mindgap.tasks.greedy import activity_selector, task_scheduling
from mindgap.tasks.searching import binary_search, minimum
from mindgap.tasks.sequences import Sequences
from mindgap.tasks.sorting import (
    bubble_sort,
    heapsort,
    insertion_sort,
    quickselect,
    quicksort,
)
from mindgap.tasks.strings import kmp_matcher, naive_string_matcher
from mindgap.tasks.subarray import find_maximum_subarray_kadane
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

BEYOND = {
    task.name: task
    for task in (
        dijkstra,
        mst_prim,
        topological_sort,
        strongly_connected_components,
        articulation_points,
    )
}
"""CLRS tasks that the paper does not study."""

ROWS = {
    task.name: task
    for task in (
        minimum,
        binary_search,
        insertion_sort,
        bubble_sort,
        heapsort,
        quicksort,
        quickselect,
        activity_selector,
        task_scheduling,
        find_maximum_subarray_kadane,
    )
}
"""CLRS tasks on rows of numbers, without edges."""

STRINGS = {task.name: task for task in (naive_string_matcher, kmp_matcher)}
"""CLRS tasks on two strings."""

CLRS = {**TASKS, **BEYOND, **ROWS, **STRINGS}
"""All tasks of CLRS that there are here."""

VARIANTS = {
    task.name: task
    for task in (bfs_sequential, bfs_scan, bfs_padded, dfs_simplified, dfs_unclocked)
}
"""BFS and DFS with other hints."""

__all__ = [
    "BEYOND",
    "CLRS",
    "ROWS",
    "STRINGS",
    "TASKS",
    "VARIANTS",
    "ErdosRenyi",
    "Feature",
    "Sequences",
    "Task",
    "activity_selector",
    "articulation_points",
    "bellman_ford",
    "bfs",
    "bfs_padded",
    "bfs_scan",
    "bfs_sequential",
    "binary_search",
    "bubble_sort",
    "dfs",
    "dfs_simplified",
    "dfs_unclocked",
    "dijkstra",
    "find_maximum_subarray_kadane",
    "heapsort",
    "insertion_sort",
    "kmp_matcher",
    "minimum",
    "mst_prim",
    "naive_string_matcher",
    "quickselect",
    "quicksort",
    "strongly_connected_components",
    "task_scheduling",
    "topological_sort",
]
