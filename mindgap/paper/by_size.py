"""Scores by number of nodes: read from the store, summarised, and drawn."""

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mindgap.experiments import beside
from mindgap.experiments.base import BY_SIZE, Experiment
from mindgap.experiments.beside import Source
from mindgap.measures import floors, statistics
from mindgap.paper import report
from mindgap.paper.tables import find
from mindgap.plots import sizes
from mindgap.store import Store, StoreError

if TYPE_CHECKING:
    import pandas as pd

    from mindgap.plots.page import Drawn


@dataclasses.dataclass(frozen=True)
class Line:
    """The scores of a row's networks on graphs of one size, in percent of pointers."""

    nodes: int
    checkpoint: str
    mean: float
    std: float
    """Standard deviation over seeds (n - 1); NaN for one seed."""
    interval: tuple[float, float]
    """95 % interval of the mean; NaN for one seed."""
    seeds: int
    first_wrong: float
    """Mean step of the first wrong hint; NaN for networks that decode no hints."""
    steps: float
    """Mean number of hints of these graphs."""
    source: Source


def table(experiment: Experiment, store: Store) -> list[Line]:
    """Scores by size and checkpoint over all seeds that have them.

    If no seed has them, the scores are those of the one network that is kept of the
    experiment: its best checkpoint, with weights rounded as they are kept. Raises
    ValueError for a row that is not scored by size, and StoreError if nothing is
    recorded.
    """
    if not experiment.by_size:
        raise ValueError(_not_scored(experiment))
    rows: Any
    rows, source = beside.load(experiment, beside.SIZES, store)
    if not len(rows):
        raise StoreError(
            f"{experiment.name}: no scores by size in {store.folder}; `mindgap run` "
            "trains and scores networks, `mindgap measure` scores trained ones"
        )
    rows = rows.assign(value=rows.value.astype(float))
    lines = []
    for data in experiment.by_size:
        lengths = np.asarray(data.draw(experiment.task).trajectory.lengths)
        for checkpoint in ("best", "last"):
            part = rows[(rows.data == data.name) & (rows.checkpoint == checkpoint)]
            right = part[part.metric == "pointer_accuracy"]
            scores = 100 * right.groupby("seed").value.mean().to_numpy()
            if not len(scores):
                continue
            summary = statistics.describe(scores, (0.0, 100.0))
            wrong = part[part.metric == "first_wrong/any"].value.mean()
            lines.append(
                Line(
                    data.nodes, checkpoint, summary.mean, summary.std, summary.interval,
                    summary.seeds, float(wrong), float(lengths.mean()), source,
                )
            )  # fmt: skip
    return lines


TASKS = {
    "BFS": "table-1/bfs",
    "Bellman-Ford": "table-1/bellman-ford",
    "DFS": "table-1/dfs",
}
"""The rows of the figure, by their titles."""


def held(store: Store, rows: Iterable[str]) -> Store:
    """The store if it has scores by size of any of the rows, else the book's results.

    Prints a line in the second case. Pages use this when a reader runs them with
    another store.
    """
    if any(
        len(beside.load(row, beside.SIZES, store)[0]) for n in rows for row in find(n)
    ):
        return store
    print(f"no scores by size in {store.folder}: shown are the book's own")
    return report.book_store("results")


def floor(task_row: str, nodes: int) -> tuple[str, float]:
    """The name of the best one-line rule on graphs of that size, and its score in %."""
    (row,) = find(task_row)
    return floors.best_one_line(row.task, BY_SIZE[nodes].draw(row.task))


def frame(store: Store, rows: Mapping[str, str] | None = None) -> "pd.DataFrame":
    """The figure's numbers: the lines of each row, with the floor at each size.

    The floor is the score of the best one-line rule. `rows` has the names of rows by
    title. Rows without scores by size are left out; raises StoreError if none is left.
    """
    import pandas as pd

    lines = []
    for label, name in (rows or TASKS).items():
        (row,) = find(name)
        if not len(beside.load(row, beside.SIZES, store)[0]):
            continue
        for line in table(row, store):
            rule, height = floor(name, line.nodes)
            low, high = line.interval
            lines.append(
                {
                    "task": label,
                    "row": name,
                    **dataclasses.asdict(line),
                    "interval": f"{low:.2f} to {high:.2f}" if line.seeds > 1 else "–",
                    "low": low,
                    "high": high,
                    "rule": rule,
                    "floor": height,
                }
            )
    if not lines:
        raise StoreError(f"no scores by size of these rows in {store.folder}")
    return pd.DataFrame(lines)


def figure(found: Any) -> "Drawn":
    """Right pointers by number of nodes, a panel per task; `found` is from `frame`."""
    return sizes.by_nodes(
        {
            str(task): {
                str(checkpoint): part[["nodes", "mean", "low", "high", "seeds"]]
                .sort_values("nodes")
                .to_numpy(float)
                for checkpoint, part in of_task.groupby("checkpoint")
            }
            for task, of_task in found.groupby("task", sort=False)
        },
        {
            str(task): of_task.drop_duplicates("nodes")[["nodes", "floor"]].to_numpy(
                float
            )
            for task, of_task in found.groupby("task", sort=False)
        },
    )


def draw(store: Store, path: Path) -> None:
    """Write the figure of the three tasks of Table 1 to a file.

    The same numbers make the same bytes. Raises StoreError as `frame` does.
    """
    figure(frame(store)).save(path)


def _not_scored(experiment: Experiment) -> str:
    """An error message for a row that is not scored by size, with the reason."""
    return (
        f"{experiment.name} is not scored by size: its networks have hidden size "
        f"{experiment.model.hidden_size} and take "
        f"{experiment.model.nodes or 'any number of'} nodes"
    )
