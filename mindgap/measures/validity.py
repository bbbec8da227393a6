"""Answers that are right but for the order among equals (controls for §3.1, Table 2).

CLRS scores a pointer against one answer: the parent of lowest index in BFS, the forest
of the lexicographic order in DFS. A network that has learned to search, but not this
order, is scored as if it had learned nothing. These measures accept any order, so that
breaking ties and being sequential can be told apart.
"""

import graphlib

import numpy as np
from jaxtyping import Bool, Float, Int

from mindgap.graphs import AnyArray, Graphs


def any_parent(graphs: Graphs, parents: Int[AnyArray, "B N"]) -> Float[np.ndarray, "B"]:
    """Share of nodes whose BFS parent is any neighbour one level nearer to the source.

    In [0, 1]. The source and nodes that it does not reach must name themselves.
    """
    assert graphs.source is not None
    edges, level = np.asarray(graphs.edges), levels(graphs)
    parents = np.asarray(parents)
    above = np.take_along_axis(level, parents, 1)
    offered = np.take_along_axis(edges.swapaxes(1, 2), parents[..., None], 2)[..., 0]
    nodes = np.arange(level.shape[1])
    right = np.where(level > 0, offered & (above == level - 1), parents == nodes)
    return right.mean(1)


def is_edge(graphs: Graphs, parents: Int[AnyArray, "B N"]) -> Float[np.ndarray, "B"]:
    """Share of the pointers to another node that are edges from there, in [0, 1].

    NaN if all nodes name themselves.
    """
    parents, edges = np.asarray(parents), np.asarray(graphs.edges)
    batch, nodes = np.indices(parents.shape)
    named = parents != nodes
    exist = edges[batch, parents, nodes] & named
    with np.errstate(invalid="ignore"):
        return exist.sum(1) / named.sum(1)


def is_dfs_forest(
    graphs: Graphs, parents: Int[AnyArray, "B N"]
) -> Bool[np.ndarray, "B"]:
    """Whether depth-first search could give these parents, whatever it chose first.

    Any order of roots and of the children of each node. The pointers must be edges and
    end in roots; and siblings must have an order in which every edge between two of
    their subtrees leads from the later to the earlier one: else search would have
    followed it (the white-path theorem, Cormen et al., ch. 22.3).
    """
    pairs = zip(np.asarray(graphs.edges), np.asarray(parents), strict=True)
    return np.array([_is_forest(edges, pi) for edges, pi in pairs])


def levels(graphs: Graphs) -> Int[np.ndarray, "B N"]:
    """Edges from the source to each node, -1 for nodes that it does not reach."""
    edges, reached = np.asarray(graphs.edges), np.asarray(graphs.source) > 0
    level = np.where(reached, 0, -1)
    for distance in range(1, reached.shape[1]):
        new = (edges & reached[:, :, None]).any(1) & ~reached
        level[new] = distance
        reached = reached | new
    return level


def _is_forest(edges: np.ndarray, parents: np.ndarray) -> bool:
    nodes = len(parents)
    roots = parents == np.arange(nodes)
    if not (edges[parents, np.arange(nodes)] | roots).all():
        return False
    lines = [_line(parents, node) for node in range(nodes)]
    if None in lines:
        return False
    # of the children of each node, and of the roots: who must be searched before whom
    before: dict[tuple[int, ...], dict[int, set[int]]] = {}
    for u, v in zip(*np.nonzero(edges), strict=True):
        ours, theirs = lines[u], lines[v]
        shared = sum(a == b for a, b in zip(ours, theirs, strict=False))
        if shared < min(len(ours), len(theirs)):  # neither is the other's ancestor
            earlier = before.setdefault(ours[:shared], {})
            earlier.setdefault(ours[shared], set()).add(theirs[shared])
    try:
        for earlier in before.values():
            graphlib.TopologicalSorter(earlier).prepare()
    except graphlib.CycleError:
        return False
    return True


def _line(parents: np.ndarray, node: int) -> tuple[int, ...] | None:
    """From the root down to a node; None if its pointers run in a circle."""
    line = [node]
    while parents[line[-1]] != line[-1]:
        line.append(int(parents[line[-1]]))
        if len(line) > len(parents):
            return None
    return tuple(line[::-1])
