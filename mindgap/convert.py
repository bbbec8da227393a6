"""Graphs as people have them, and results as tables and graphs with the same labels.

    mine = convert.labelled(mg.tasks.bellman_ford, graph, source="Rome")
    result = compiled(mine.graphs)
    mine.nodes(result, step=2)     # a table with a row for each node
    mine.edges(result, step=2)     # and one for each pair that attends
    mine.to_networkx(result)

No other library is imported here before an object of it is given, or asked for.
"""

import dataclasses
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Float

from mindgap import checks
from mindgap.extras import require
from mindgap.graphs import Graphs
from mindgap.network import Result, metrics
from mindgap.tasks.base import Task

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

SEEN = 1e-6
"""A coefficient of attention above this is shown, if there is no edge, too."""

KINDS = (
    "a networkx graph, a SciPy sparse or a square NumPy array, PyG Data, or a list of "
    "edges (u, v) or (u, v, weight)"
)


class _Read(NamedTuple):
    """One graph as it was given: labels, and its edges by number."""

    labels: tuple[Hashable, ...]
    edges: dict[tuple[int, int], float]


@dataclasses.dataclass(frozen=True)
class Labelled:
    """Graphs of a task whose nodes have labels, made by `labelled`."""

    task: Task
    graphs: Graphs
    labels: tuple[tuple[Hashable, ...], ...]
    """Of each graph; nodes that only fill it up to the size of the batch have none."""
    factors: Float[np.ndarray, "B"]
    """What the weights of each graph were multiplied by."""
    scaled: frozenset[str] = frozenset()
    """The features that grow with the weights; tables have them at their own scale."""

    def nodes(
        self, result: Result, graph: int = 0, step: int | None = None
    ) -> "pd.DataFrame":
        """A row for each node: what the network says, and what the algorithm does.

        Without `step` the columns are the outputs; with one, counted from 1, the hints
        after it. Pointers are labels. The algorithm's own are in columns that end in
        `(algorithm)`. Raises ValueError for a step or graph that is not there.
        """
        require("run", "a table of nodes", "pandas")
        import pandas as pd

        graph, labels = self._graph(graph)
        trajectory = self.graphs.trajectory
        if step is None:
            said, truths = result.logits, trajectory.outputs
            said = {name: np.asarray(logits[graph]) for name, logits in said.items()}
            truths = {name: np.asarray(truths[name][graph]) for name in said}
        else:
            step = self._step(graph, step)
            said = {n: np.asarray(h[graph, step - 1]) for n, h in result.hints.items()}
            truths = {n: np.asarray(trajectory.hints[n][graph, step]) for n in said}
        columns: dict[str, list] = {}
        for name in said:
            feature = self.task.features[name]
            truth = truths[name]
            if feature.type in ("mask_one", "categorical"):
                truth = truth.argmax(-1)
            decided = np.asarray(metrics.decided(feature, said[name][None]))[0]
            for column, values in ((name, decided), (f"{name} (algorithm)", truth)):
                columns[column] = self._shown(graph, name, np.asarray(values))
        return pd.DataFrame(columns, pd.Index(labels, name="node", tupleize_cols=False))

    def edges(
        self, result: Result, graph: int = 0, step: int | None = None
    ) -> "pd.DataFrame":
        """A row for each pair of nodes that attend: weight and coefficients.

        `node` attends to `other`, with one coefficient for each head, at a step that is
        counted from 1; without it, at the last one. `edge` says whether there is an
        edge from `node` to `other`. Raises ValueError for a result without attention.
        """
        require("run", "a table of edges", "pandas")
        import pandas as pd

        graph, labels = self._graph(graph)
        rows = [
            {"node": labels[i], "other": labels[j], **about}
            for i, j, about in self._pairs(result, graph, step)
        ]
        return pd.DataFrame(rows)

    def to_networkx(
        self, result: Result, graph: int = 0, step: int | None = None
    ) -> "nx.DiGraph":
        """The graph with the columns of `nodes` and `edges` as attributes."""
        require("test", "a networkx graph", "networkx")
        import networkx as nx

        graph, labels = self._graph(graph)
        drawn = nx.DiGraph()
        for label, row in self.nodes(result, graph, step).iterrows():
            drawn.add_node(label, **row.to_dict())
        for i, j, about in self._pairs(result, graph, step):
            if about.pop("edge"):
                drawn.add_edge(labels[i], labels[j], **about)
        return drawn

    def _graph(self, graph: int) -> tuple[int, tuple[Hashable, ...]]:
        graph = checks.whole("graph", graph, 0, len(self.labels) - 1)
        return graph, self.labels[graph]

    def _step(self, graph: int, step: int | None) -> int:
        most = max(1, int(self.graphs.trajectory.lengths[graph]) - 1)
        return most if step is None else checks.whole("step", step, 1, most)

    def _shown(self, graph: int, name: str, values: np.ndarray) -> list:
        """A feature's values at the nodes that have labels; a graph's for each of them.

        Pointers are labels; None where they point to a node without one.
        """
        feature, labels = self.task.features[name], self.labels[graph]
        if feature.location == "graph":
            values = np.broadcast_to(values, len(labels))
        if feature.type == "mask_one":
            return [node == values for node in range(len(labels))]
        values = values[: len(labels)]
        if feature.type == "pointer":
            ends = (*labels, *[None] * (self.graphs.nodes - len(labels)))
            return [ends[int(node)] for node in values]
        if feature.type == "mask":
            return [bool(value) for value in values]
        if name in self.scaled:
            values = values / self.factors[graph]
        return values.tolist()

    def _pairs(
        self, result: Result, graph: int, step: int | None
    ) -> Iterator[tuple[int, int, dict[str, Any]]]:
        if result.attention is None:
            raise ValueError(
                "this result has no attention: compiled(graphs), without trace=False, "
                "and mg.apply have it"
            )
        count = len(self.labels[graph])
        edges = np.asarray(self.graphs.edges[graph])[:count, :count]
        weights = np.asarray(self.graphs.weights[graph]) / self.factors[graph]
        # a hint may take several steps of attention, of which this is the last
        each = result.attention.shape[1] // max(1, self.graphs.trajectory.steps)
        time = max(1, each) * self._step(graph, step) - 1
        coefficients = np.asarray(result.attention[graph, time])
        heads = len(coefficients)
        names = ["attention" + f" {head}" * (heads > 1) for head in range(heads)]
        attends = (coefficients[:, :count, :count] > SEEN).any(0)
        for i, j in np.argwhere(edges | attends).tolist():
            seen = dict(zip(names, coefficients[:, i, j].tolist(), strict=True))
            weight = float(weights[i, j])
            yield i, j, {"edge": bool(edges[i, j]), "weight": weight, **seen}


def labelled(
    task: Task,
    given: Any,
    source: Any = None,
    *,
    weight: str | None = "weight",
    directed: bool | None = None,
    nodes: int | None = None,
    largest: float | None = None,
) -> Labelled:
    """Graphs of other libraries as graphs of a task; one, or a list of them.

    One graph is a networkx graph, a SciPy sparse or a square NumPy array, a PyTorch
    Geometric `Data`, or a list of edges (u, v) or (u, v, weight). What is given as an
    edge is one, also if it weighs 0; in an array without zeros stored it is what is not
    0. `source` is the label of a node, or a list of one for each graph. `weight` names
    networkx's attribute; edges without it weigh 1, and with None all do.

    An edge in a list goes both ways unless the task is one of directed graphs, or
    `directed` says otherwise. Smaller graphs of a list are filled up with nodes without
    edges and labels, to the largest or to `nodes`. With `largest`, the weights of each
    graph are multiplied so that this is the largest of them, as the safe range of
    compiled networks asks for; tables have the results at their own scale again.

    Raises ValueError, naming graph and edge, for what is no graph, for an edge that is
    there twice with different weights, for labels that are not there, and as `run`.
    """
    checks.kind("labelled", task, Task, "a task, as in mindgap.tasks")
    single = not isinstance(given, list | tuple) or _is_edges(given)
    several = [given] if single else list(given)
    if not several:
        raise ValueError(f"labelled takes one graph at least: {KINDS}")
    both_ways = not (task.sampler.directed if directed is None else directed)
    read = [
        _read(f"graph {number}", one, weight, both_ways)
        for number, one in enumerate(several)
    ]
    smallest = max(1, *(len(one.labels) for one in read))
    size = smallest if nodes is None else checks.whole("nodes", nodes, smallest)
    weights = np.zeros((len(read), size, size))
    adjacency = np.zeros(weights.shape, bool)
    for number, one in enumerate(read):
        for (i, j), value in one.edges.items():
            weights[number, i, j], adjacency[number, i, j] = value, True
    sources = _sources(read, source, single)
    factors = np.ones(len(read))
    if largest is not None:
        checks.number("largest", largest)
        most = np.abs(weights).max((1, 2))
        factors = np.where(most > 0, largest / np.where(most > 0, most, 1), 1.0)
    scaled = weights * factors[:, None, None]
    graphs = task.run(scaled, sources, adjacency=adjacency)
    growing: frozenset[str] = frozenset()
    if (factors != 1).any():
        original = task.run(weights, sources, adjacency=adjacency)
        growing = _growing(task, original, graphs, factors)
    return Labelled(task, graphs, tuple(one.labels for one in read), factors, growing)


def _growing(
    task: Task, original: Graphs, scaled: Graphs, factors: Float[np.ndarray, "B"]
) -> frozenset[str]:
    """The scalars that grow as the weights do.

    Raises ValueError if the course is another.
    """
    found = set()
    before, after = original.trajectory, scaled.trajectory
    same = np.array_equal(before.lengths, after.lengths)
    for name, feature in task.features.items():
        if feature.stage == "input" or not same:
            continue
        one, other = (
            np.asarray({**part.hints, **part.outputs}[name]) for part in (before, after)
        )
        if np.array_equal(one, other):
            continue
        by_graph = factors.reshape(-1, *[1] * (one.ndim - 1))
        close = np.allclose(one * by_graph, other, rtol=1e-4, atol=1e-6)
        same &= feature.type == "scalar" and close
        found.add(name)
    if not same:
        raise ValueError(
            f"{task.name} takes another course if all weights are multiplied, so "
            "`largest` cannot be used with it"
        )
    return frozenset(found)


def _sources(read: Sequence[_Read], source: Any, single: bool) -> np.ndarray | None:
    """The numbers of the sources. Raises ValueError for one that is no label."""
    if source is None:
        return None
    asked = [source] * len(read) if single or not isinstance(source, list) else source
    if len(asked) != len(read):
        raise ValueError(f"{len(asked)} sources are given for {len(read)} graphs")
    numbers = []
    for number, (one, label) in enumerate(zip(read, asked, strict=True)):
        if label not in one.labels:
            some = ", ".join(map(repr, one.labels[:5]))
            raise ValueError(
                f"graph {number} has no node {label!r} to be its source; its nodes are "
                f"{some}" + ", ..." * (len(one.labels) > 5)
            )
        numbers.append(one.labels.index(label))
    return np.array(numbers)


def _is_edges(given: Sequence) -> bool:
    """Whether a list is one of edges: pairs or triples."""
    return bool(given) and all(
        isinstance(edge, tuple) and len(edge) in (2, 3) for edge in given
    )


def _read(place: str, given: Any, weight: str | None, both_ways: bool) -> _Read:
    """One graph of any library. Raises ValueError for what is none."""
    if hasattr(given, "is_multigraph"):  # networkx
        if given.is_multigraph():
            raise ValueError(f"{place} has several edges between nodes: a multigraph")
        edges = (
            (u, v, 1.0 if weight is None else about.get(weight, 1.0))
            for u, v, about in given.edges(data=True)
        )
        return _joined(place, given.nodes, edges, not given.is_directed())
    if hasattr(given, "edge_index"):  # PyTorch Geometric
        heads, tails = np.asarray(given.edge_index).tolist()
        values = getattr(given, "edge_weight", None)
        values = given.edge_attr if values is None else values
        values = np.ones(len(heads)) if values is None else np.asarray(values)
        if values.size != len(heads):
            raise ValueError(
                f"{place} has {values.shape} numbers at {len(heads)} edges, but one "
                "weight for each is allowed"
            )
        triples = zip(heads, tails, values.reshape(-1).tolist(), strict=True)
        return _joined(place, range(given.num_nodes), triples, False)
    if hasattr(given, "tocoo"):  # SciPy
        entries = given.tocoo()
        triples = zip(entries.row, entries.col, entries.data, strict=True)
        return _joined(place, range(_square(place, entries.shape)), triples, False)
    if isinstance(given, list | tuple) and _is_edges(given):
        triples = [edge if len(edge) == 3 else (*edge, 1.0) for edge in given]
        labels = dict.fromkeys(end for edge in given for end in edge[:2])
        return _joined(place, labels, triples, both_ways)
    if hasattr(given, "__array__"):
        matrix = np.asarray(given)
        nodes = _square(place, matrix.shape)
        triples = ((i, j, matrix[i, j]) for i, j in np.argwhere(matrix != 0))
        return _joined(place, range(nodes), triples, False)
    raise ValueError(f"{place} is {checks.shown(given)}, but must be {KINDS}")


def _square(place: str, shape: tuple[int, ...]) -> int:
    if len(shape) != 2 or shape[0] != shape[1] or not shape[0]:
        raise ValueError(f"{place} is an array {shape}, but must be square")
    return shape[0]


def _joined(
    place: str, labels: Iterable[Hashable], triples: Iterable, both_ways: bool
) -> _Read:
    """Labels, and edges by number. Raises ValueError for two weights of one edge."""
    names = tuple(labels)
    numbers = {label: number for number, label in enumerate(names)}
    edges: dict[tuple[int, int], float] = {}
    for u, v, value in triples:
        ends = numbers[u], numbers[v]
        try:
            value = float(value)
        except (TypeError, ValueError):
            raise ValueError(
                f"{place}: the edge {u!r} -> {v!r} weighs {value!r}, no number"
            ) from None
        if u == v and not value:
            raise ValueError(
                f"{place}: the edge from {u!r} to itself weighs 0; a self-loop is one "
                "by its weight"
            )
        for pair in {ends, ends[::-1]} if both_ways else {ends}:
            if edges.setdefault(pair, value) != value:
                raise ValueError(
                    f"{place}: the edge {u!r} -> {v!r} weighs {value:g} and "
                    f"{edges[pair]:g}"
                )
    return _Read(names, edges)
