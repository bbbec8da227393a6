"""What claims and printed numbers are judged from: our networks, and statistics of
them.

Scores come from the store, certificates and rules are quickly computed. A statistic is
an estimate with an interval over networks; what it is held against is `protocol`'s.
"""

import functools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from mindgap.compiler import verification
from mindgap.experiments.base import BY_SIZE, Data
from mindgap.measures import floors, statistics
from mindgap.measures.statistics import Estimate
from mindgap.paper import report
from mindgap.paper.tables import find
from mindgap.programs import PROGRAMS
from mindgap.store import Store

if TYPE_CHECKING:
    import pandas as pd

SPOKEN = {
    "bfs": "BFS",
    "dfs": "DFS",
    "bellman_ford": "Bellman-Ford",
    "bellman-ford": "Bellman-Ford",
}
"""Tasks and programs, and tasks in the names of rows, as text has them."""

Number = float | int
Scores = Float[np.ndarray, "_"]
"""One number of each network, in percent."""


class Evidence:
    """Numbers of our networks, each computed once.

    Of the rows in `first`, seeds below the number given there are left out.
    """

    def __init__(self, store: Store, first: Mapping[str, int] | None = None):
        self.store = store
        self._first = first or {}

    def of(self, name: str) -> Store:
        """The store, with the deciding seeds of a row alone."""
        (row,) = find(name)
        return self.store.since(self._first.get(row.recorded, 0))

    @functools.cache  # noqa: B019
    def scores(
        self, name: str, data: Data | None = None, checkpoint: str = ""
    ) -> Scores:
        """A row's scores, of its headline's checkpoint unless another is named."""
        (row,) = find(name)
        which = checkpoint or row.headline
        return report.seed_scores(row, self.of(name), data, which)

    @functools.cache  # noqa: B019
    def at(self, name: str, nodes: int, checkpoint: str = "best") -> Scores:
        """A row's scores on fresh graphs of another number of nodes."""
        (row,) = find(name)
        return report.size_scores(row, self.of(name), nodes, checkpoint)

    @functools.cache  # noqa: B019
    def measured(
        self,
        name: str,
        metric: str,
        checkpoint: str = "best",
        data: Data | None = None,
    ) -> "pd.Series":
        """A measure of each network by seed, in percent."""
        (row,) = find(name)
        return 100 * report.measured(row, self.of(name), metric, data, checkpoint)

    def together(
        self, name: str, first: str, second: str, data: Data | None = None
    ) -> tuple[Scores, Scores]:
        """Two measures of those networks that have both; `score` is the score."""
        (row,) = find(name)
        found = [
            report.scores_by_seed(row, self.of(name), data)
            if metric == "score"
            else self.measured(name, metric, data=data)
            for metric in (first, second)
        ]
        both = found[0].index.intersection(found[1].index)
        one, other = (series.loc[both].to_numpy(float) for series in found)
        return one, other

    def lost(self, name: str) -> Scores:
        """What training loses of the score that each compiled network starts with."""
        (row,) = find(name)
        store = self.of(name)
        pair = [report.scores_by_seed(row, store, None, c) for c in ("start", "last")]
        return (pair[0] - pair[1]).dropna().to_numpy(float)

    @functools.cache  # noqa: B019
    def course(
        self, name: str, metric: str, checkpoint: str = "best"
    ) -> Float[np.ndarray, "seeds steps"]:
        """A measure after each step that half of the graphs take, in percent."""
        (row,) = find(name)
        wide = report.over_time(row, self.of(name), metric, checkpoint=checkpoint)
        steps = np.asarray(row.test.draw(row.task).trajectory.lengths) - 1
        kept = [s for s in wide.columns if (steps >= s).mean() >= 0.5]
        return 100 * wide[kept].to_numpy(float)

    @functools.cache  # noqa: B019
    def exact(self, program: str, nodes: tuple[int, ...], count: int) -> float:
        """Percent of everything that is right in the compiled network's least share."""
        check = verification.verify(PROGRAMS[program], nodes=nodes, graphs=count)
        return 100 * min(check.outputs, check.hints, check.selections)

    @functools.cache  # noqa: B019
    def rule(self, task: str, nodes: int = 64) -> float:
        """The best one-line rule for a task of Table 1, in percent.

        On CLRS-30's test set for 64 nodes, else on the graphs of that size.
        """
        (row,) = find(f"table-1/{task}")
        data = row.test if nodes == row.test.nodes else BY_SIZE[nodes]
        return floors.best_one_line(row.task, data.draw(row.task))[1]


def exactly(value: Number) -> Estimate:
    """A number without uncertainty: counted, or computed of every case."""
    return Estimate(float(value), (float(value), float(value)))


def mean(scores: Scores, less: Number = 0.0) -> Estimate:
    """The mean over networks, less a number."""
    counts = (len(scores),)
    if len(scores) < 2:
        return undefined(*counts)
    found = statistics.describe(np.asarray(scores, float) - less)
    return Estimate(found.mean, found.interval, counts)


def minus(left: Scores, right: Scores) -> Estimate:
    """The difference of two rows' means (Welch)."""
    return sum_of([left], [right])


def sum_of(plus: Sequence[Scores], less: Sequence[Scores]) -> Estimate:
    """The sum of some rows' means less the sum of others', as `summary.difference`."""
    counts = tuple(len(scores) for scores in (*plus, *less))
    if min(counts) < 2:
        return undefined(*counts)
    found = statistics.difference(
        [statistics.side(s) for s in plus], [statistics.side(s) for s in less]
    )
    return Estimate(found.value, found.interval(), counts)


def drop(first: Scores, last: Scores) -> Estimate:
    """The mean over networks of what each loses from the first to the last."""
    return mean(first - last)


def spread(scores: Scores, other: Scores | None = None) -> Estimate:
    """The standard deviation over networks, less that of another row if given."""
    samples = [scores] if other is None else [scores, other]
    counts = tuple(map(len, samples))
    if min(counts) < 5:
        return undefined(*counts)
    stds = [float(np.std(sample, ddof=1)) for sample in samples]
    if other is None:
        return Estimate(stds[0], statistics.spread_interval(scores), counts)
    interval = statistics.spread_difference(scores, other)
    return Estimate(stds[0] - stds[1], interval, counts)


def correlation(first: Scores, second: Scores) -> Estimate:
    """Spearman's over networks, in [-1, 1]; a bootstrap over networks."""
    if len(first) < 3:
        return undefined(len(first))
    found = statistics.rank_correlation(first, second)
    return Estimate(found.value, found.interval, (found.seeds,))


def undefined(*counts: int) -> Estimate:
    """No statistic, of so many networks."""
    return Estimate(math.nan, (math.nan, math.nan), counts)


def refused_tie() -> int:
    """1 if compiled Bellman-Ford refuses a graph in which 0-1 is as long as 0-2-1."""
    bellman_ford = PROGRAMS["bellman_ford"]
    weights, source = np.zeros((1, 5, 5), np.float32), np.eye(5, dtype=np.float32)[:1]
    ways = ((0, 1, 0.5), (0, 2, 0.25), (2, 1, 0.25), (1, 3, 0.3), (3, 4, 0.2))
    for i, j, length in ways:
        weights[0, i, j] = weights[0, j, i] = length
    assert bellman_ford.task
    graphs = bellman_ford.task.run(weights, source).trimmed()
    refusals = verification.suited(bellman_ford, 5).refusals(graphs)
    return sum(refusal is not None for refusal in refusals)
