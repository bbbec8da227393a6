"""Graph programs as values: the paper's two, and others beyond the paper."""

from mindgap.programs.articulation import articulation_points
from mindgap.programs.connected import strongly_connected_components
from mindgap.programs.dfs import dfs, dfs_one_tree
from mindgap.programs.growing import dijkstra, prim
from mindgap.programs.heap import heapsort
from mindgap.programs.paper import (
    bellman_ford,
    bfs,
    listing_1,
    listing_1_other,
    listing_2,
)
from mindgap.programs.quick import quickselect, quicksort
from mindgap.programs.rows import (
    activity_selector,
    bubble_sort,
    find_maximum_subarray_kadane,
    insertion_sort,
    minimum,
    task_scheduling,
)
from mindgap.programs.search import binary_search
from mindgap.programs.small import (
    components,
    hop_count,
    nearest_neighbour,
    reachability,
)
from mindgap.programs.strings import kmp_matcher, naive_string_matcher
from mindgap.programs.topological_sort import topological_sort

PROGRAMS = {
    program.name: program
    for program in (
        bfs,
        bellman_ford,
        listing_1,
        listing_1_other,
        listing_2,
        reachability,
        hop_count,
        components,
        nearest_neighbour,
        dfs,
        dijkstra,
        prim,
        topological_sort,
        strongly_connected_components,
        articulation_points,
        minimum,
        binary_search,
        insertion_sort,
        bubble_sort,
        heapsort,
        quicksort,
        quickselect,
        find_maximum_subarray_kadane,
        activity_selector,
        task_scheduling,
        naive_string_matcher,
        kmp_matcher,
    )
}
"""By name, in the order in which `mindgap verify` lists them."""

__all__ = [
    "PROGRAMS",
    "activity_selector",
    "articulation_points",
    "bellman_ford",
    "bfs",
    "binary_search",
    "bubble_sort",
    "components",
    "dfs",
    "dfs_one_tree",
    "dijkstra",
    "find_maximum_subarray_kadane",
    "heapsort",
    "hop_count",
    "insertion_sort",
    "kmp_matcher",
    "listing_1",
    "listing_1_other",
    "listing_2",
    "minimum",
    "naive_string_matcher",
    "nearest_neighbour",
    "prim",
    "quickselect",
    "quicksort",
    "reachability",
    "strongly_connected_components",
    "task_scheduling",
    "topological_sort",
]
