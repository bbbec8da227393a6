"""Scores by number of nodes from the store: recorded, completed, told and drawn."""

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
    from matplotlib.figure import Figure


@dataclasses.dataclass(frozen=True)
class Line:
    """What networks of a row score on graphs of so many nodes, in percent."""

    nodes: int
    checkpoint: str
    mean: float
    std: float
    """Over seeds (n - 1); NaN for one."""
    interval: tuple[float, float]
    """95 % of the mean; NaN for one seed."""
    seeds: int
    first_wrong: float
    """Mean step of the first wrong hint; NaN for networks that decode none."""
    steps: float
    """Mean number of hints of these graphs."""
    source: Source


def table(experiment: Experiment, store: Store) -> list[Line]:
    """Scores by size and checkpoint, of all seeds that are scored.

    Where none is, of the one network that is kept of the experiment (best checkpoint,
    rounded as it is kept). Raises ValueError for a row that is not scored by size.
    """
    if not experiment.by_size:
        raise ValueError(_not_scored(experiment))
    rows: Any
    rows, source = beside.load(experiment, beside.SIZES, store)
    if not len(rows):
        raise StoreError(
            f"{experiment.name}: no scores by size in {store.folder}; mindgap run "
            "trains and scores networks, mindgap measure scores trained ones"
        )
    rows = rows.assign(value=rows.value.astype(float))
    found = []
    for data in experiment.by_size:
        lengths = np.asarray(data.draw(experiment.task).trajectory.lengths)
        for checkpoint in ("best", "last"):
            part = rows[(rows.data == data.name) & (rows.checkpoint == checkpoint)]
            right = part[part.metric == "pointer_accuracy"]
            scores = 100 * right.groupby("seed").value.mean().to_numpy()
            if not len(scores):
                continue
            told = statistics.describe(scores, (0.0, 100.0))
            wrong = part[part.metric == "first_wrong/any"].value.mean()
            found.append(
                Line(
                    data.nodes, checkpoint, told.mean, told.std, told.interval,
                    told.seeds, float(wrong), float(lengths.mean()), source,
                )
            )  # fmt: skip
    return found


TASKS = {
    "BFS": "table-1/bfs",
    "Bellman-Ford": "table-1/bellman-ford",
    "DFS": "table-1/dfs",
}
"""The rows of the figure, by what they are called there."""


def held(store: Store, rows: Iterable[str]) -> Store:
    """The store, or the book's own results where it has no scores by size of any row.

    For pages that are run again into a store of one's own; says so.
    """
    if any(
        len(beside.load(row, beside.SIZES, store)[0]) for n in rows for row in find(n)
    ):
        return store
    print(f"no scores by size in {store.folder}: shown are the book's own")
    return report.book_store("results")


def floor(task_row: str, nodes: int) -> tuple[str, float]:
    """The best one-line rule on the graphs of that size, and its score in percent."""
    (row,) = find(task_row)
    return floors.best_one_line(row.task, BY_SIZE[nodes].draw(row.task))


def frame(store: Store, rows: Mapping[str, str] | None = None) -> "pd.DataFrame":
    """The figure's numbers: each line of each row, with the floor at its size.

    Rows without any scores by size are left out. Raises StoreError if all are.
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


def figure(found: Any) -> "Figure":
    """Pointers right by number of nodes: a panel for each task, from `frame`."""
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
    """Writes the figure of the three tasks of Table 1; the same numbers, the same
    bytes."""
    from matplotlib import rc_context

    with rc_context({"svg.hashsalt": "mindgap"}):
        drawn = figure(frame(store))
        drawn.savefig(path, bbox_inches="tight", metadata={"Date": None})


def _not_scored(experiment: Experiment) -> str:
    """Why a row has no scores by size, for an error message."""
    return (
        f"{experiment.name} is not scored by size: its networks have hidden size "
        f"{experiment.model.hidden_size} and take "
        f"{experiment.model.nodes or 'any number of'} nodes"
    )
