"""What one-line rules score: floors under a network that learned nothing else.

A score means little until one knows what a rule that ignores the algorithm gets. Each
rule is a distribution over parents, so its accuracy is an exact expectation and no
random numbers are drawn. One rule is a ceiling: BFS that knows the levels but not
CLRS's order among the parents of one level.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float

from mindgap.graphs import Graphs
from mindgap.tasks.base import Task
from mindgap.tasks.bfs import bfs

Parents = Float[np.ndarray, "B N N"]
"""Row i: the probability of each node to be named the parent of i."""


@dataclasses.dataclass(frozen=True)
class Rule:
    """A way to name parents without running the algorithm."""

    name: str
    parents: Callable[[Graphs], Parents]


def score(rule: Rule, graphs: Graphs) -> Float[np.ndarray, "B"]:
    """Expected pointer accuracy of a rule on each graph, in [0, 1]."""
    truth = np.asarray(graphs.trajectory.outputs["pi"])
    named = rule.parents(graphs)
    return np.take_along_axis(named, truth[..., None], -1)[..., 0].mean(-1)


def rules(task: Task) -> tuple[Rule, ...]:
    """The rules that mean something for a task; an order-blind BFS for BFS only."""
    local = (
        Rule("parent = v - 1", _previous),
        Rule("largest smaller in-neighbour", _largest_smaller),
        Rule("lowest in-neighbour", _lowest),
        Rule("random in-neighbour", lambda graphs: _uniform(_senders(graphs))),
    )
    if task.sampler.directed:
        both = Rule(
            "largest smaller neighbour, either way",
            lambda graphs: _largest_smaller(graphs, either_way=True),
        )
        return (*local, both)
    if task.sampler.weighted:
        return (*local, Rule("nearest in-neighbour", _nearest), Rule("BFS", _bfs))
    return (*local, Rule("BFS, blind to order", _order_blind_bfs))


def best_one_line(task: Task, graphs: Graphs) -> tuple[str, float]:
    """The best rule that runs no algorithm, and its accuracy in percent."""
    found = {
        rule.name: 100 * float(score(rule, graphs).mean())
        for rule in rules(task)
        if not rule.name.startswith("BFS")
    }
    best = max(found, key=lambda name: found[name])
    return best, found[best]


def _senders(graphs: Graphs) -> Bool[np.ndarray, "B N N"]:
    """[b, i, j]: whether j has an edge to i, self-loops left out."""
    edges = np.asarray(graphs.edges).swapaxes(1, 2)
    return edges & ~np.eye(edges.shape[-1], dtype=bool)


def _uniform(candidates: Bool[np.ndarray, "B N N"]) -> Parents:
    """Any candidate alike; a node without one names itself."""
    alone = ~candidates.any(-1, keepdims=True)
    allowed = np.where(alone, np.eye(candidates.shape[-1], dtype=bool), candidates)
    return allowed / allowed.sum(-1, keepdims=True)


def _previous(graphs: Graphs) -> Parents:
    batch, nodes = graphs.positions.shape
    parents = np.maximum(np.arange(nodes) - 1, 0)
    return np.broadcast_to(np.eye(nodes)[parents], (batch, nodes, nodes))


def _largest_smaller(graphs: Graphs, either_way: bool = False) -> Parents:
    senders = _senders(graphs)
    if either_way:
        senders = senders | senders.swapaxes(1, 2)
    smaller = senders & np.tri(graphs.nodes, k=-1, dtype=bool)
    return _uniform(
        _only(smaller, smaller.shape[-1] - 1 - smaller[..., ::-1].argmax(-1))
    )


def _lowest(graphs: Graphs) -> Parents:
    senders = _senders(graphs)
    return _uniform(_only(senders, senders.argmax(-1)))


def _nearest(graphs: Graphs) -> Parents:
    senders = _senders(graphs)
    weights = np.where(senders, np.asarray(graphs.weights).swapaxes(1, 2), np.inf)
    return _with_root(_uniform(_only(senders, weights.argmin(-1))), graphs)


def _bfs(graphs: Graphs) -> Parents:
    solved = bfs.solved(graphs.inputs).trajectory
    return np.eye(graphs.positions.shape[1])[np.asarray(solved.outputs["pi"])]


def _order_blind_bfs(graphs: Graphs) -> Parents:
    """Any neighbour that was reached just before: right but for CLRS's tie-break."""
    reached = np.asarray(graphs.trajectory.hints["reach_h"]) > 0  # (B, T, N)
    level = np.where(reached.any(1), reached.argmax(1), -1)
    before = level[:, None, :] == level[:, :, None] - 1
    found = level[:, :, None] > 0
    return _uniform(_senders(graphs) & before & found)


def _with_root(parents: Parents, graphs: Graphs) -> Parents:
    """The same, but the source names itself."""
    source = np.asarray(graphs.source)[..., None] > 0
    return np.where(source, np.eye(parents.shape[-1]), parents)


def _only(
    candidates: Bool[np.ndarray, "B N N"], chosen: np.ndarray
) -> Bool[np.ndarray, "B N N"]:
    """At most the chosen candidate of each row."""
    return candidates & (np.arange(candidates.shape[-1]) == chosen[..., None])
