"""Scores of one-line rules: the floor above which a network must have learned more.

A network's score means little without the score of rules that ignore the algorithm.
Each rule is a distribution over parents, so its accuracy is an exact expectation and no
random numbers are drawn. One rule is a ceiling instead: a BFS that knows every node's
level, but not CLRS's order among the possible parents in the level before.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float

from mindgap import checks
from mindgap.graphs import Graphs
from mindgap.tasks.base import Task
from mindgap.tasks.bfs import bfs

Parents = Float[np.ndarray, "B N N"]
"""Row i: for each node the probability that a rule names it as the parent of i."""


@dataclasses.dataclass(frozen=True)
class Rule:
    """A way to name the parent of each node without running the task's algorithm."""

    name: str
    parents: Callable[[Graphs], Parents]


def score(rule: Rule, graphs: Graphs) -> Float[np.ndarray, "B"]:
    """Expected pointer accuracy of a rule on each graph, in [0, 1].

    Raises ValueError for graphs of a task whose answer is not the parents `pi`.
    """
    checks.kind("score", rule, Rule, "a Rule, as in rules(task)")
    if "pi" not in graphs.trajectory.outputs:
        raise ValueError(
            f"rules name parents, the output pi, but {graphs.task} has "
            f"{', '.join(graphs.trajectory.outputs)}"
        )
    truth = np.asarray(graphs.trajectory.outputs["pi"])
    probabilities = rule.parents(graphs)
    return np.take_along_axis(probabilities, truth[..., None], -1)[..., 0].mean(-1)


def rules(task: Task) -> tuple[Rule, ...]:
    """The rules that make sense for a task; the order-blind BFS is for BFS only."""
    checks.kind("rules", task, Task, "a task, as in mindgap.tasks")
    common = (
        Rule("parent = v - 1", _previous),
        Rule("largest smaller in-neighbour", _largest_smaller),
        Rule("lowest in-neighbour", _lowest),
        Rule("random in-neighbour", lambda graphs: _uniform(_senders(graphs))),
    )
    if task.sampler.directed:
        either_way = Rule(
            "largest smaller neighbour, either way",
            lambda graphs: _largest_smaller(graphs, either_way=True),
        )
        return (*common, either_way)
    if task.sampler.weighted:
        return (*common, Rule("nearest in-neighbour", _nearest), Rule("BFS", _bfs))
    return (*common, Rule("BFS, blind to order", _order_blind_bfs))


def best_one_line(task: Task, graphs: Graphs) -> tuple[str, float]:
    """The name of the best rule that runs no algorithm, and its accuracy in percent."""
    accuracies = {
        rule.name: 100 * float(score(rule, graphs).mean())
        for rule in rules(task)
        if not rule.name.startswith("BFS")
    }
    best = max(accuracies, key=lambda name: accuracies[name])
    return best, accuracies[best]


def _senders(graphs: Graphs) -> Bool[np.ndarray, "B N N"]:
    """[b, i, j]: whether there is an edge from j to i, without self-loops."""
    edges = np.asarray(graphs.edges).swapaxes(1, 2)
    return edges & ~np.eye(edges.shape[-1], dtype=bool)


def _uniform(candidates: Bool[np.ndarray, "B N N"]) -> Parents:
    """The same probability for each candidate; a node without any names itself."""
    without = ~candidates.any(-1, keepdims=True)
    allowed = np.where(without, np.eye(candidates.shape[-1], dtype=bool), candidates)
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
    """Any neighbour one level before: BFS without CLRS's way of breaking ties."""
    if "reach_h" not in graphs.trajectory.hints:
        raise ValueError(f"BFS, blind to order, is a rule for bfs, not {graphs.task}")
    reached = np.asarray(graphs.trajectory.hints["reach_h"]) > 0  # (B, T, N)
    level = np.where(reached.any(1), reached.argmax(1), -1)
    one_level_before = level[:, None, :] == level[:, :, None] - 1
    has_parent = level[:, :, None] > 0
    return _uniform(_senders(graphs) & one_level_before & has_parent)


def _with_root(parents: Parents, graphs: Graphs) -> Parents:
    """The same probabilities, except that the source names itself."""
    source = np.asarray(graphs.source)[..., None] > 0
    return np.where(source, np.eye(parents.shape[-1]), parents)


def _only(
    candidates: Bool[np.ndarray, "B N N"], chosen: np.ndarray
) -> Bool[np.ndarray, "B N N"]:
    """In each row only the chosen node, and only if it is a candidate."""
    return candidates & (np.arange(candidates.shape[-1]) == chosen[..., None])
