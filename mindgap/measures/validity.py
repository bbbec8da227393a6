"""Answers that are right except for how ties are broken (controls for §3.1, Table 2).

CLRS scores a pointer against one answer: the parent of lowest index in BFS, the forest
of the lexicographic order in DFS. A network that has learned to search, but not this
order, is scored as if it had learned nothing. These measures accept any order. They
distinguish the difficulty of breaking ties from that of a sequential algorithm.
"""

import graphlib

import numpy as np
from jaxtyping import Bool, Float, Int

from mindgap.graphs import AnyArray, Graphs


def any_parent(graphs: Graphs, parents: Int[AnyArray, "B N"]) -> Float[np.ndarray, "B"]:
    """Share of nodes whose parent is a neighbour one level nearer to the source.

    In [0, 1]. The source, and nodes that it does not reach, must name themselves.
    """
    edges, level = np.asarray(graphs.edges), levels(graphs)
    parents = _numbers(graphs, parents)
    parent_level = np.take_along_axis(level, parents, 1)
    has_edge = np.take_along_axis(edges.swapaxes(1, 2), parents[..., None], 2)[..., 0]
    nodes = np.arange(level.shape[1])
    right = np.where(
        level > 0, has_edge & (parent_level == level - 1), parents == nodes
    )
    return right.mean(1)


def is_edge(graphs: Graphs, parents: Int[AnyArray, "B N"]) -> Float[np.ndarray, "B"]:
    """Share of the nodes with another node as parent that have an edge from it.

    In [0, 1]; NaN if all nodes name themselves.
    """
    parents, edges = _numbers(graphs, parents), np.asarray(graphs.edges)
    batch, nodes = np.indices(parents.shape)
    has_parent = parents != nodes
    real = edges[batch, parents, nodes] & has_parent
    with np.errstate(invalid="ignore"):
        return real.sum(1) / has_parent.sum(1)


def is_dfs_forest(
    graphs: Graphs, parents: Int[AnyArray, "B N"]
) -> Bool[np.ndarray, "B"]:
    """Whether depth-first search in some order could return these parents.

    The roots, and the children of each node, may be visited in any order. The pointers
    must be edges and lead to roots. Siblings must have an order in which every edge
    between two of their subtrees leads from the later one to the earlier one; the
    search would have followed an edge from the earlier to the later (the white-path
    theorem, Cormen et al., ch. 22.3).
    """
    parents = _numbers(graphs, parents)
    pairs = zip(np.asarray(graphs.edges), parents, strict=True)
    return np.array([_is_forest(edges, pi) for edges, pi in pairs])


def levels(graphs: Graphs) -> Int[np.ndarray, "B N"]:
    """Number of edges from the source to each node; -1 if it does not reach it.

    Raises ValueError for graphs of a task without a source.
    """
    if graphs.source is None:
        raise ValueError(f"levels count from a source, but {graphs.task} has none")
    edges, reached = np.asarray(graphs.edges), np.asarray(graphs.source) > 0
    level = np.where(reached, 0, -1)
    for distance in range(1, reached.shape[1]):
        new = (edges & reached[:, :, None]).any(1) & ~reached
        level[new] = distance
        reached = reached | new
    return level


def _numbers(graphs: Graphs, parents: AnyArray) -> np.ndarray:
    """The parents, if they are node numbers of these graphs; else ValueError."""
    given, shape = np.asarray(parents), (graphs.batch, graphs.nodes)
    whole = np.issubdtype(given.dtype, np.integer) and given.shape == shape
    if not whole or ((given < 0) | (given >= graphs.nodes)).any():
        raise ValueError(
            f"parents must be node numbers from 0 to {graphs.nodes - 1}, here {shape}, "
            f"got {given.dtype} {given.shape}"
            + f" from {given.min()} to {given.max()}"
            * whole
        )
    return given


def _is_forest(edges: np.ndarray, parents: np.ndarray) -> bool:
    nodes = len(parents)
    roots = parents == np.arange(nodes)
    if not (edges[parents, np.arange(nodes)] | roots).all():
        return False
    paths = [_path_from_root(parents, node) for node in range(nodes)]
    if None in paths:
        return False
    # by the path to a parent, () for the roots: for each of its children, the other
    # children that must be searched earlier
    constraints: dict[tuple[int, ...], dict[int, set[int]]] = {}
    for u, v in zip(*np.nonzero(edges), strict=True):
        path_u, path_v = paths[u], paths[v]
        shared = sum(a == b for a, b in zip(path_u, path_v, strict=False))
        if shared < min(len(path_u), len(path_v)):  # neither is the other's ancestor
            earlier = constraints.setdefault(path_u[:shared], {})
            earlier.setdefault(path_u[shared], set()).add(path_v[shared])
    try:
        for earlier in constraints.values():
            graphlib.TopologicalSorter(earlier).prepare()
    except graphlib.CycleError:
        return False
    return True


def _path_from_root(parents: np.ndarray, node: int) -> tuple[int, ...] | None:
    """The nodes from the root down to a node; None if the pointers form a cycle."""
    path = [node]
    while parents[path[-1]] != path[-1]:
        path.append(int(parents[path[-1]]))
        if len(path) > len(parents):
            return None
    return tuple(path[::-1])
