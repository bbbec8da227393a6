"""What the book's first page shows of the results: a table and two figures.

Everything is read from a store, or computed by a compiled network. `publish` of
`scoreboard` writes it beside the totals.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mindgap import programs
from mindgap.compiler.smallest import suited
from mindgap.experiments.base import BY_SIZE, Experiment
from mindgap.measures import statistics
from mindgap.paper import by_size, report
from mindgap.paper.tables import find
from mindgap.plots import faithfulness, graphs
from mindgap.store import Store

if TYPE_CHECKING:
    import pandas as pd

    from mindgap.plots.page import Drawn

SIZES = 16, 32, 64

SHOWN = {
    "BFS": {
        "trained": "table-1/bfs",
        "trained without traces": "table-3/bfs",
        "minimal": "table-13/bfs",
    },
    "Bellman-Ford": {
        "trained": "table-1/bellman-ford",
        "trained without traces": "table-3/bellman-ford",
        "minimal": "table-13/bellman-ford",
        "with edge information": "table-10/edge-info",
    },
}
"""The rows of the figure of effectiveness and faithfulness, by task and kind."""

OTHERWISE = {"DFS": "reach/dfs"}
"""Rows of networks that are trained otherwise than the paper's, by task."""

START, END = (
    "<!-- results: made by mindgap.paper.summary -->",
    "<!-- end of results -->",
)
"""The marks before and after the table in a page."""

GRAPH = (0, 1), (0, 2), (1, 3), (2, 3), (2, 4), (4, 5), (3, 6), (5, 6)
"""The edges of the graph of the storyboard; BFS takes three steps on it from node 0."""

PLACES = np.array([(0, 0.5), (1, 1), (1, 0), (2, 1), (2, 0), (3, 0), (3, 1)], float)
"""Where its nodes are drawn."""


def table(store: Store) -> "pd.DataFrame":
    """What was found for each task: a column each, with intervals and networks.

    Trained networks are those of Table 1, at the best checkpoint but where the last
    is named. Scores are percent of
    pointers on fresh graphs, with the 95 % interval of the mean over networks, and
    their number.
    """
    import pandas as pd

    found = by_size.frame(store)
    best = found[found.checkpoint == "best"].set_index(["task", "nodes"])
    columns = {}
    for task, name in by_size.TASKS.items():
        (row,) = find(name)
        here, lines = report.row(row, store), {}
        lines["the paper, CLRS-30's test: mean ± std (maximum)"] = here.paper
        lines["trained here, CLRS-30's test"] = _words(
            here.mean, *here.interval, here.seeds
        )
        for nodes in SIZES:
            line = best.loc[(task, nodes)]
            lines[f"trained here, fresh graphs of {nodes} nodes"] = _words(
                line["mean"], line.low, line.high, int(line.seeds)
            )
        lines["trained on windows, CLRS-30's test"] = _other(task, store)
        floor = best.loc[(task, SIZES[-1])].floor
        lines["best rule of one line, 64 nodes"] = f"{floor:.1f}"
        lines["compiled, these fresh graphs"] = _compiled(row)
        lines["hints right along the way, CLRS-30's test"] = _share(row, store, "trace")
        looks = "attention where the algorithm looks, CLRS-30's test"
        lines[looks] = _share(row, store, "attention/accuracy")
        lines[f"{looks}, last checkpoint"] = _share(
            row, store, "attention/accuracy", "last"
        )
        columns[task] = lines
    return pd.DataFrame(columns)


def _compiled(row: Experiment) -> str:
    """The compiled network's score on all graphs of `SIZES` within its limits."""
    (program,) = (p for p in programs.PROGRAMS.values() if p.name == row.task.name)
    right, kept, given = [], 0, 0
    for nodes in SIZES:
        compiled = suited(program, nodes)
        batch = BY_SIZE[nodes].draw(row.task)
        within = [reason is None for reason in compiled.refusals(batch)]
        batch = batch.take(np.flatnonzero(within))
        found = compiled(batch, trace=False).outputs
        for name, truth in batch.trajectory.outputs.items():
            right.append((np.asarray(found[name]) == np.asarray(truth)).reshape(-1))
        kept, given = kept + batch.batch, given + len(within)
    score = 100 * np.concatenate(right).mean()
    refused = f" ({given - kept} of {given} graphs refused)" if kept < given else ""
    return f"{score:.1f}{refused}"


def _other(task: str, store: Store) -> str:
    """The score of a task's other training; a dash without one."""
    if task not in OTHERWISE:
        return "–"
    found = report.row(find(OTHERWISE[task])[0], store)
    return _words(found.mean, *found.interval, found.seeds) if found.seeds else "–"


def _share(row: Experiment, store: Store, metric: str, checkpoint: str = "best") -> str:
    """A measure of faithfulness in percent, as `_words`; a dash without one."""
    found = report.measured(row, store, metric, None, checkpoint)
    scores = 100 * found.to_numpy(float)
    if not len(scores):
        return "–"
    found = statistics.describe(scores, report.PERCENT)
    return _words(found.mean, *found.interval, found.seeds)


def _words(mean: float, low: float, high: float, networks: int) -> str:
    if networks < 2:
        return f"{mean:.1f} (n = 1)"
    return f"{mean:.1f} ({low:.1f} to {high:.1f}; n = {networks})"


def markdown(shown: "pd.DataFrame") -> str:
    """The table for a page."""
    lines = [["", *shown.columns], ["---"] * (1 + len(shown.columns))]
    lines += [[str(name), *map(str, cells)] for name, *cells in shown.itertuples()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def faithful(store: Store) -> "Drawn":
    """Effectiveness and attention on CLRS-30's test graphs; a dot is a network."""
    panels, floors = {}, {}
    for task, rows in SHOWN.items():
        panels[task] = {}
        for kind, name in rows.items():
            found = report.pairs(find(name)[0], store, "attention/accuracy")
            if len(found):
                panels[task][kind] = (
                    found.effective.to_numpy(),
                    found.faithful.to_numpy(),
                )
        panels[task]["compiled"] = np.array([100.0]), np.array([100.0])
        (row,) = find(rows["minimal"])
        chance = 100 * report.measured(row, store, "attention/chance").mean()
        floors[task] = {"chance": float(chance)}
    labels = ["attention where the algorithm looks (%)"] * 2
    return faithfulness.scatter(panels, "pointers right (%)", labels, floors)


def run_of_bfs() -> "Drawn":
    """The run of the compiled network of BFS on one graph, as a storyboard."""
    nodes = 1 + max(max(edge) for edge in GRAPH)
    edges = np.zeros((nodes, nodes), bool)
    for i, j in GRAPH:
        edges[i, j] = edges[j, i] = True
    compiled = suited(programs.bfs, nodes)
    batch = compiled.task.run(edges[None], 0)
    result = compiled(batch)
    assert result.states is not None
    start = np.arange(nodes) == 0
    reached = np.asarray(compiled.layout.read(result.states, "reach"))[0] > 0.5
    pointers = np.asarray(result.hints["pi_h"])[0].argmax(-1)
    return graphs.storyboard(
        edges,
        np.concatenate([start[None], reached]),
        np.concatenate([np.arange(nodes)[None], pointers]),
        ["start", *(f"step {step + 1}" for step in range(len(reached)))],
        PLACES,
    )


def publish(page: str, store: Store, static: Path) -> str:
    """The page with the table between its marks; the figures are written beside it.

    The same numbers make the same bytes. Raises ValueError for a page without marks.
    """
    if START not in page or END not in page:
        raise ValueError(f"no marks for the table of results: {START} ... {END}")
    faithful(store).publish(static / "faithful.svg")
    run_of_bfs().publish(static / "run-of-bfs.svg")
    before, after = page.split(START)[0], page.split(END, 1)[1]
    return f"{before}{START}\n{markdown(table(store))}\n{END}{after}"
