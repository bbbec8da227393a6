"""What a claim of the paper can be held against: numbers of ours, one against another.

A statement says that its left side is larger than its right side; its sides come from
the store, or are quickly computed. `statements` has those of each claim.
"""

import dataclasses
import functools
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from mindgap import (
    floors,
    landscape,
    learned,
    network,
    probing,
    report,
    scoring,
    verification,
)
from mindgap.compiler import compile
from mindgap.experiments import find
from mindgap.experiments.base import Data
from mindgap.programs import PROGRAMS
from mindgap.store import Store, StoreError

SPOKEN = {
    "bfs": "BFS",
    "dfs": "DFS",
    "bellman_ford": "Bellman-Ford",
    "bellman-ford": "Bellman-Ford",
}
"""Tasks and programs, and tasks in the names of rows, as text has them."""

SOFT = 8.0
"""The sharpness of Table 14's soft rows."""

Number = float | int
Scores = Float[np.ndarray, "_"] | Number
"""In percent: one number of each seed, or one that has no spread."""


@dataclasses.dataclass(frozen=True)
class Statement:
    """`left > right`, in percent or points unless it says otherwise."""

    says: str
    left: float
    right: float
    error: float = 0.0
    """Twice the standard error of the difference; NaN if both sides are one seed."""
    seeds: tuple[int, ...] = ()
    """Of the sides that are means over seeds."""
    decides: bool = True
    """Whether the claim stands or falls with it, or it is told beside."""

    @property
    def holds(self) -> bool | None:
        """None where nothing is recorded, or where the error is larger than the gap."""
        gap = self.left - self.right
        if math.isnan(gap) or math.isnan(self.error) or abs(gap) <= self.error:
            return None
        return gap > 0

    @property
    def answer(self) -> str:
        """In a word or two: `yes`, `no`, `within error`, `not recorded`."""
        if math.isnan(self.left - self.right):
            return "not recorded"
        if math.isnan(self.error):
            return "one seed each"
        return {True: "yes", False: "no", None: "within error"}[self.holds]


def more(
    says: str, left: Scores, right: Scores, by: Number = 0.0, decides: bool = True
) -> Statement:
    """That the mean of `left` is above that of `right`, by so many points.

    A side with one seed is taken to spread as the other does.
    """
    sides = [np.atleast_1d(np.asarray(side, float)) for side in (left, right)]
    counts = tuple(len(a) for a, s in zip(sides, (left, right)) if np.ndim(s))  # noqa: B905
    if not all(map(len, sides)):
        return Statement(says, math.nan, math.nan, math.nan, counts, decides)
    spreads = [float(a.std(ddof=1)) for a in sides if len(a) > 1]
    if len(spreads) < len(counts):
        spreads = [spreads[0] if spreads else math.nan] * len(counts)
    error = 2 * sum(s**2 / n for s, n in zip(spreads, counts, strict=True)) ** 0.5
    means = [float(a.mean()) for a in sides]
    return Statement(says, means[0], means[1] + by, error, counts, decides)


def plain(says: str, left: Number, right: Number, decides: bool = True) -> Statement:
    """A comparison of two numbers as they are: extremes of seeds, counts."""
    return Statement(says, float(left), float(right), decides=decides)


class Evidence:
    """What claims are judged from: recorded results, and what is quickly computed."""

    def __init__(self, store: Store):
        self.store = store

    @functools.cache  # noqa: B019
    def scores(
        self, name: str, data: Data | None = None, checkpoint: str = ""
    ) -> Float[np.ndarray, "seeds"]:
        """A row's scores, of its headline's checkpoint unless another is named."""
        (row,) = find(name)
        which = checkpoint or row.headline
        return report.seed_scores(row, self.store, data, which)

    @functools.cache  # noqa: B019
    def measured(self, name: str, metric: str) -> Float[np.ndarray, "seeds"]:
        """A measure of each seed, in percent."""
        return 100 * report.measured(find(name)[0], self.store, metric).to_numpy(float)

    @functools.cache  # noqa: B019
    def course(
        self, name: str, metric: str, data: Data | None = None
    ) -> Float[np.ndarray, "seeds steps"]:
        """A measure after each step of the algorithm, in percent."""
        wide = report.over_time(find(name)[0], self.store, metric, data)
        return 100 * wide.to_numpy(float)

    def worst(self, *names: str) -> float:
        """The lowest score of any seed of these rows; NaN without one."""
        found = np.concatenate([self.scores(name) for name in names])
        return float(found.min()) if len(found) else math.nan

    def best(self, *names: str) -> float:
        """The highest score of any seed of these rows; NaN without one."""
        found = np.concatenate([self.scores(name) for name in names])
        return float(found.max()) if len(found) else math.nan

    @functools.cache  # noqa: B019
    def exact(self, program: str, nodes: tuple[int, ...], count: int) -> float:
        """Percent of everything that is right in the compiled network's least share."""
        check = verification.verify(PROGRAMS[program], nodes=nodes, graphs=count)
        return 100 * min(check.outputs, check.hints, check.selections)

    @functools.cache  # noqa: B019
    def rule(self, task: str) -> float:
        """The best one-line rule for a row's task on its test set, in percent."""
        (row,) = find(f"table-1/{task}")
        graphs = row.test.draw(row.task)
        return max(100 * floors.score(r, graphs).mean() for r in floors.rules(row.task))

    @functools.cache  # noqa: B019
    def probed(self, name: str, hint: str, nodes: int, count: int) -> list[float]:
        """Variance of a hint that a probe of the kept network, and its decoder, shows.

        In percent, means over steps, cut at 0 from below; NaN if no network is kept.
        """
        (row,) = find(name)
        try:
            params = learned.load(row, self.store).params
        except StoreError:
            return [math.nan, math.nan]
        graphs = row.task.sample(jax.random.key(7), nodes, count).trimmed()
        given = np.asarray(probing.present(graphs))
        often = given.mean(0) >= 0.25
        given = given[:, often]
        run = network.apply(row.task, row.model, params, graphs)
        goal = np.asarray(probing.targets(row.task, graphs)[hint])[:, often]
        said = np.asarray(probing.decoded(row.task, graphs, run.hints)[hint])[:, often]
        states = np.asarray(run.states)[:, often]
        found = probing.probe(states, goal, given), probing.explained(said, goal, given)
        return [float(100 * np.nanmean(np.clip(f, 0, None))) for f in found]

    @functools.cache  # noqa: B019
    def rises(
        self,
        rows: tuple[str, ...],
        program: str = "",
        by: float = 0.25,
        soft: bool = False,
    ) -> Float[np.ndarray, "directions"]:
        """By how many nats the loss rises along random filter-normalised directions.

        Around the first kept network of these rows; or around a program, compiled for
        their test's size, exactly or with `soft` selections. On 32 fresh graphs of that
        size (of DFS 8 of 8 nodes), at so much of the parameters' own length. Empty if
        no network is kept.
        """
        for name in rows:
            (row,) = find(name)
            try:
                params, model = learned.load(row, self.store).params, row.model
                break
            except StoreError:
                continue
        else:
            return np.array([])
        if program:
            made = verification.suited(PROGRAMS[program], row.model.nodes or 16)
            if soft:
                made = compile(PROGRAMS[program], made.config, sharpness=SOFT)
            params, model = made.params, made.config
        nodes, count = (8, 8) if row.task.directed else (model.nodes or 16, 32)
        graphs = row.task.sample(jax.random.key(5), nodes, count).trimmed()
        losses = scoring.losses(row.task, model, graphs)
        params = jax.tree.map(jnp.asarray, params)
        ways = [landscape.direction(jax.random.key(k), params) for k in range(8)]
        loss = jax.jit(lambda p: losses(p).sum())
        there = [loss(landscape.moved(params, way, by)) for way in ways]
        return np.asarray(there, float) - float(loss(params))


Judge = Callable[[Evidence], list[Statement]]
"""What a claim comes down to."""
