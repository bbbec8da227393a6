"""The evidence for verdicts: measures of the networks trained here, and statistics.

Scores and measures are read from the store; certificates of compiled networks and
scores of one-line rules are computed. A statistic is an estimate with an interval over
networks; `protocol` compares it with a threshold.
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
"""The names of tasks in text, by their names in code and in the names of rows."""

Number = float | int
Scores = Float[np.ndarray, "_"]
"""One number of each network, in percent."""


class Evidence:
    """Measures of the networks in a store, each computed once.

    `first` has, for some rows, the first seed that counts; earlier seeds of these rows
    are left out.
    """

    def __init__(self, store: Store, first: Mapping[str, int] | None = None):
        self.store = store
        self._first = first or {}

    def of(self, name: str) -> Store:
        """The store, restricted to the deciding seeds of a row."""
        (row,) = find(name)
        return self.store.since(self._first.get(row.recorded, 0))

    @functools.cache  # noqa: B019
    def scores(
        self, name: str, data: Data | None = None, checkpoint: str = ""
    ) -> Scores:
        """A row's scores on its test set, or on `data` if given.

        They are those of the row's headline checkpoint, or of `checkpoint` if given.
        """
        (row,) = find(name)
        checkpoint = checkpoint or row.headline
        return report.seed_scores(row, self.of(name), data, checkpoint)

    @functools.cache  # noqa: B019
    def at(self, name: str, nodes: int, checkpoint: str = "best") -> Scores:
        """A row's scores on fresh graphs with that number of nodes."""
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
        """Two measures of the networks that have both; `score` names the score."""
        (row,) = find(name)
        measures = [
            report.scores_by_seed(row, self.of(name), data)
            if metric == "score"
            else self.measured(name, metric, data=data)
            for metric in (first, second)
        ]
        seeds = measures[0].index.intersection(measures[1].index)
        one, other = (series.loc[seeds].to_numpy(float) for series in measures)
        return one, other

    def lost(self, name: str) -> Scores:
        """The score that each compiled network loses by training: start less end."""
        (row,) = find(name)
        store = self.of(name)
        pair = [report.scores_by_seed(row, store, None, c) for c in ("start", "last")]
        return (pair[0] - pair[1]).dropna().to_numpy(float)

    @functools.cache  # noqa: B019
    def course(
        self, name: str, metric: str, checkpoint: str = "best"
    ) -> Float[np.ndarray, "seeds steps"]:
        """A measure in percent after each step that half of the graphs or more take."""
        (row,) = find(name)
        wide = report.over_time(row, self.of(name), metric, checkpoint=checkpoint)
        steps = np.asarray(row.test.draw(row.task).trajectory.lengths) - 1
        kept = [s for s in wide.columns if (steps >= s).mean() >= 0.5]
        return 100 * wide[kept].to_numpy(float)

    @functools.cache  # noqa: B019
    def exact(self, program: str, nodes: tuple[int, ...], count: int) -> float:
        """The percentage that the compiled network has right of outputs, hints or
        selections, whichever is least, on `count` graphs of each size."""
        result = verification.verify(PROGRAMS[program], nodes=nodes, graphs=count)
        return 100 * min(result.outputs, result.hints, result.selections)

    @functools.cache  # noqa: B019
    def rule(self, task: str, nodes: int = 64) -> float:
        """The score of the best one-line rule for a task of Table 1, in percent.

        The graphs are CLRS-30's test set for 64 nodes, else `BY_SIZE`'s of that size.
        """
        (row,) = find(f"table-1/{task}")
        data = row.test if nodes == row.test.nodes else BY_SIZE[nodes]
        return floors.best_one_line(row.task, data.draw(row.task))[1]


def exactly(value: Number) -> Estimate:
    """An estimate without uncertainty, of a number that was counted or computed."""
    return Estimate(float(value), (float(value), float(value)))


def mean(scores: Scores, less: Number = 0.0) -> Estimate:
    """The mean over networks, less a number; undefined for fewer than two networks."""
    counts = (len(scores),)
    if len(scores) < 2:
        return undefined(*counts)
    summary = statistics.describe(np.asarray(scores, float) - less)
    return Estimate(summary.mean, summary.interval, counts)


def minus(left: Scores, right: Scores) -> Estimate:
    """The difference of the means of two rows, with Welch's interval."""
    return sum_of([left], [right])


def sum_of(plus: Sequence[Scores], less: Sequence[Scores]) -> Estimate:
    """The sum of the means of some rows less that of others (`statistics.difference`).

    Undefined if one row has fewer than two networks.
    """
    counts = tuple(len(scores) for scores in (*plus, *less))
    if min(counts) < 2:
        return undefined(*counts)
    difference = statistics.difference(
        [statistics.side(s) for s in plus], [statistics.side(s) for s in less]
    )
    return Estimate(difference.value, difference.interval(), counts)


def drop(first: Scores, last: Scores) -> Estimate:
    """The mean over networks of the difference `first - last` of each network."""
    return mean(first - last)


def spread(scores: Scores, other: Scores | None = None) -> Estimate:
    """The standard deviation over networks, less that of another row if given.

    Undefined if a row has fewer than five networks.
    """
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
    """Spearman's rank correlation over networks, in [-1, 1], with a bootstrap interval.

    Undefined for fewer than three networks.
    """
    if len(first) < 3:
        return undefined(len(first))
    result = statistics.rank_correlation(first, second)
    return Estimate(result.value, result.interval, (result.seeds,))


def undefined(*counts: int) -> Estimate:
    """The estimate of a statistic that is undefined for rows of so many networks."""
    return Estimate(math.nan, (math.nan, math.nan), counts)


def refused_tie() -> int:
    """1 if compiled Bellman-Ford refuses a graph in which the paths 0-1 and 0-2-1 are
    equally long, else 0."""
    bellman_ford = PROGRAMS["bellman_ford"]
    weights, source = np.zeros((1, 5, 5), np.float32), np.eye(5, dtype=np.float32)[:1]
    edges = ((0, 1, 0.5), (0, 2, 0.25), (2, 1, 0.25), (1, 3, 0.3), (3, 4, 0.2))
    for i, j, length in edges:
        weights[0, i, j] = weights[0, j, i] = length
    assert bellman_ford.task
    graphs = bellman_ford.task.run(weights, source).trimmed()
    refusals = verification.suited(bellman_ford, 5).refusals(graphs)
    return sum(refusal is not None for refusal in refusals)
