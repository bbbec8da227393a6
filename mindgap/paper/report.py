"""The paper's numbers beside the recorded ones, and the measures behind them."""

import dataclasses
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float, Int

from mindgap.experiments import beside
from mindgap.experiments.base import BY_SIZE, Data, Experiment
from mindgap.experiments.measurement import COURSE
from mindgap.measures import statistics
from mindgap.paper.tables import EXPERIMENTS
from mindgap.store import Store

if TYPE_CHECKING:
    import pandas as pd


PERCENT = (0.0, 100.0)


def book_store(folder: str, seeds: int = 0) -> Store:
    """The store in a folder that is given relative to `book/`, as chapters give it.

    Works in the folder `book` and in the one above it. The store shows the first
    `seeds` seeds only, or all seeds if `seeds` is 0.
    """
    below = Path("book")
    book = below if below.is_dir() else Path()
    return Store(book / folder, only=range(seeds) if seeds else None)


@dataclasses.dataclass(frozen=True)
class Row:
    """The scores of one experiment at one checkpoint, in percent of pointers.

    Numbers are NaN where they are undefined; `paper` is the printed number as text.
    """

    name: str
    checkpoint: str
    paper: str
    mean: float
    std: float
    sem: float
    interval: tuple[float, float]
    max: float
    seeds: int
    steps: int


def scores_by_seed(
    experiment: Experiment,
    store: Store,
    data: Data | None = None,
    checkpoint: str = "best",
) -> "pd.Series":
    """Each recorded seed's mean pointer accuracy in percent, in the order of seeds.

    The graphs are the experiment's test set, or `data` if given.
    """
    name = (data or experiment.test).name
    rows = _rows(experiment, store, "pointer_accuracy", name, checkpoint)
    return _percent(rows, "seed")


def seed_scores(
    experiment: Experiment,
    store: Store,
    data: Data | None = None,
    checkpoint: str = "best",
) -> Float[np.ndarray, "seeds"]:
    """The values of `scores_by_seed`, without the seeds."""
    return scores_by_seed(experiment, store, data, checkpoint).to_numpy()


def larger(experiment: Experiment) -> Data:
    """The larger test set of an experiment, which has `experiment.larger` parts."""
    count = 32 * experiment.larger
    return dataclasses.replace(
        experiment.test, name=experiment.larger_name, graphs=count
    )


def graph_scores(
    experiment: Experiment, store: Store, data: Data, checkpoint: str = "best"
) -> Float[np.ndarray, "graphs"]:
    """Pointer accuracy of each graph of a set in percent, the mean over seeds.

    On the larger test set there is one value for each part of 32 graphs, and none if
    the records have only the mean over that set.
    """
    rows: Any = _rows(experiment, store, "pointer_accuracy", data.name, checkpoint)
    return _percent(rows[rows.graph >= 0], "graph").to_numpy()


def size_scores(
    experiment: Experiment, store: Store, nodes: int, checkpoint: str = "best"
) -> Float[np.ndarray, "seeds"]:
    """Each seed's pointer accuracy in percent on graphs with that number of nodes.

    Seeds without scores by size (`beside.SIZES`) are left out.
    """
    rows = rows_beside(experiment, store, beside.SIZES)
    rows = rows[rows.metric.eq("pointer_accuracy") & rows.checkpoint.eq(checkpoint)]
    return _percent(rows[rows.data == BY_SIZE[nodes].name], "seed").to_numpy()


def rows_beside(experiment: Experiment, store: Store, kind: str) -> "pd.DataFrame":
    """All rows of a kind of measure that is stored beside the experiment's records."""
    return store.load(*beside.home(experiment, kind))


def _percent(rows: Any, by: str) -> "pd.Series":
    """Means of shares by seed or by graph, in percent, in the order of these."""
    # double precision: a mean of float32 shares would not be a multiple of 1/2048
    values = rows.assign(value=rows.value.astype(float)).groupby(by).value.mean()
    return 100 * values.sort_index()


def measured(
    experiment: Experiment,
    store: Store,
    metric: str,
    data: Data | None = None,
    checkpoint: str = "best",
) -> "pd.Series":
    """A measure of each recorded seed as one number, by seed: `trace`, `is_edge`, ...

    Shares are in [0, 1], as `measurement` records them. The graphs are the test set, or
    `data` if given; measures of parameters (`distance`, `moved/...`, `bias/...`,
    `landscape/...`, `robustness/...`) have no graphs. Seeds that were recorded before
    the measure existed are left out.
    """
    name = (data or experiment.test).name
    if metric == "distance" or metric.startswith(
        ("moved/", "bias/", "landscape/", "robustness/")
    ):
        name = ""
    rows: Any
    if kind := beside.kind_of(metric):
        rows = rows_beside(experiment, store, kind)
        chosen = rows.metric.eq(metric) & rows.data.eq(name)
        rows = rows[chosen & rows.checkpoint.eq(checkpoint)]
    else:
        rows = _rows(experiment, store, metric, name, checkpoint)
    return rows[rows.step == -1].groupby("seed").value.mean()


def pairs(
    experiment: Experiment,
    store: Store,
    metric: str,
    data: Data | None = None,
    checkpoint: str = "best",
) -> "pd.DataFrame":
    """Effectiveness and a measure of faithfulness in percent, by seed that has both."""
    import pandas as pd

    kinds = {"effective": "pointer_accuracy", "faithful": metric}
    found = {
        name: measured(experiment, store, kind, data, checkpoint)
        for name, kind in kinds.items()
    }
    return 100 * pd.DataFrame(found).dropna().astype(float)


def after_steps(experiment: Experiment, store: Store) -> "pd.DataFrame":
    """Percentage of wrong pointers by seed and size of a plain step (`robustness`).

    The networks are the best checkpoints; if no seed has the measure, the one kept
    network. The table is empty if that has no measure either.
    """
    rows: Any
    rows, _ = beside.load(experiment, "robustness", store)
    name = "robustness/wrong-"
    rows = rows[rows.metric.str.startswith(name) & (rows.checkpoint == "best")]
    steps = rows.metric.str.removeprefix(name).astype(float)
    percent = rows.assign(step=steps, value=100 * rows.value)
    return percent.pivot(index="seed", columns="step", values="value")


def over_time(
    experiment: Experiment,
    store: Store,
    metric: str,
    data: Data | None = None,
    checkpoint: str = "best",
) -> "pd.DataFrame":
    """A measure by seed (rows) and step of the algorithm (columns).

    As in `measured`, but each value is the mean over the graphs that take the step.
    """
    name = (data or experiment.test).name
    rows = _rows(experiment, store, metric, name, checkpoint)
    return rows[rows.step > 0].pivot(index="seed", columns="step", values="value")


def course(experiment: Experiment, store: Store, metric: str) -> "pd.DataFrame":
    """A measure during training from compiled weights, by seed and training step.

    Only steps that all seeds have are included, since older records have more steps
    (every validation) than newer ones.
    """
    rows = _rows(experiment, store, metric, COURSE, "")
    wide = rows.pivot(index="seed", columns="step", values="value")
    complete: Any = rows.groupby("step").seed.nunique() == rows.seed.nunique()
    return wide.loc[:, complete.to_numpy()]


def _rows(
    experiment: Experiment, store: Store, metric: str, data: str, checkpoint: str
) -> "pd.DataFrame":
    """The recorded rows of a metric on a data set (by name) at a checkpoint."""
    rows = store.load(experiment.recorded, experiment.digest)
    if not len(rows):
        return rows
    return rows.loc[
        (rows.metric == metric) & (rows.data == data) & (rows.checkpoint == checkpoint)
    ]


def curves(
    experiment: Experiment, store: Store, metric: Literal["loss", "validation"]
) -> tuple[Int[np.ndarray, "points"], Float[np.ndarray, "seeds points"]]:
    """Training steps, and each seed's loss (nats) or validation accuracy (percent)."""
    rows = store.load(experiment.recorded, experiment.digest)
    wide = rows[rows.metric == metric].pivot(
        index="seed", columns="step", values="value"
    )
    scale = 100 if metric == "validation" else 1
    return wide.columns.to_numpy(), scale * wide.to_numpy(float)


def by_data(experiment: Experiment, store: Store) -> "pd.DataFrame":
    """Mean ± std over seeds in percent, on each data set and of both checkpoints."""
    import pandas as pd

    lines = []
    large = larger(experiment)
    for data in (experiment.test, large, *experiment.beside):
        line = {"graphs": graphs_in_words(data), "nodes": data.nodes}
        line["count"] = data.graphs
        for checkpoint in ("best", "last"):
            scores = seed_scores(experiment, store, data, checkpoint)
            if len(scores):
                ours = statistics.describe(scores, PERCENT)
                line[checkpoint] = statistics.spread(ours.mean, ours.std)
                line["seeds"] = ours.seeds
        if data is not large or "seeds" in line:  # early records lack the larger set
            lines.append(line)
    return pd.DataFrame(lines).set_index("graphs")


def graphs_in_words(data: Data) -> str:
    """What a set of graphs is: "CLRS-30's test", "as in training"."""
    kinds = {
        "clrs30-": f"CLRS-30's {data.benchmark}",
        "in-distribution": "as in training",
        "larger-test": "as CLRS-30's test, more graphs",
        "size": "as CLRS-30's test",
        "test": "as CLRS-30's test",
    }
    named = (told for start, told in kinds.items() if data.name.startswith(start))
    return next(named, data.name)


ALGORITHMS = {
    "bfs": "BFS",
    "dfs": "DFS",
    "bellman-ford": "Bellman-Ford",
    "sequential-bfs": "sequential BFS",
    "scanning-bfs": "scanning BFS",
    "padded-bfs": "padded BFS",
    "simplified-dfs": "simplified DFS",
    "hard-dfs": "DFS with hard hints",
    "dijkstra": "Dijkstra",
    "mst-prim": "Prim",
    "topological-sort": "topological sort",
    "find-maximum-subarray-kadane": "maximum subarray (Kadane)",
    "floyd-warshall": "Floyd-Warshall",
    "mst-kruskal": "Kruskal",
    "dag-shortest-paths": "shortest paths in acyclic graphs",
    "matrix-chain-order": "order of a matrix chain",
    "optimal-bst": "optimal search tree",
    "lcs-length": "longest common subsequence",
    "naive-string-matcher": "naive string matching",
    "kmp-matcher": "Knuth-Morris-Pratt",
    "graham-scan": "Graham's scan",
    "jarvis-march": "Jarvis's march",
    "segments-intersect": "intersection of segments",
}
"""Algorithms by the first words of a row's name, or by CLRS's."""


def algorithm(name: str) -> str:
    """An algorithm in words, by CLRS's name or a row's: "naive string matching"."""
    name = name.replace("_", "-")
    return ALGORITHMS.get(name, name.replace("-", " "))


def part_of(layer: str) -> str:
    """The part of the network that a layer of parameters belongs to, in words."""
    if layer.startswith(("encoder", "decoder")):
        return f"{layer[:7]}s"
    values = ("value", "skip", "edge_info", "edge_reduce")
    return "values and skip" if layer.endswith(values) else "scores of attention"


SETTINGS = {
    "table-6": ["L1 weight {}"],
    "table-13": ["{} nodes"],
    "table-14": ["size {}", "sharpness {}", "rate {}"],
    "stability": ["radius {}"],
    "trainability": ["sharpness {}", "radius {}"],
    "departure": ["sharpness 2^{}", "{}"],
}
"""What the numbers in the names of a group's rows are."""


def _short(number: str) -> str:
    """A setting in a row's name; a large power of two as such."""
    power = int(number).bit_length() - 1 if number.isdigit() else 0
    return f"2^{power}" if power > 9 and number == str(2**power) else number


def title(name: str, group: bool = True) -> str:
    """A row's name in words: "Table 14: BFS, size 4, sharpness 2, rate 0.001".

    Without its table or group if not `group`.
    """
    first, _, rest = name.partition("/")
    of, scratch, size = rest.partition("-scratch-")
    words, rest = ([algorithm(of)], "") if scratch else ([], rest)
    for known, told in ALGORITHMS.items():
        if f"{rest}-".startswith(f"{known}-"):
            words, rest = [told], rest[len(known) + 1 :]
    parts = rest.split("-") if rest else []
    if scratch:
        words += ["from scratch", f"size {size}"]
    elif any(part[0].isdigit() for part in parts) and first in SETTINGS:
        words += [
            k.format(_short(v)) for k, v in zip(SETTINGS[first], parts, strict=True)
        ]
    elif parts:
        words.append(" ".join(parts).replace(" pairwise", ", pairwise"))
    told = ", ".join(words).replace("sharpness exact", "exact")
    return f"{first.replace('-', ' ').capitalize()}: {told}" if group else told


def row(experiment: Experiment, store: Store, checkpoint: str = "") -> Row:
    """The paper's number and the recorded scores of an experiment, on its test set.

    The networks are its headline checkpoint, or `checkpoint` if given.
    """
    checkpoint = checkpoint or experiment.headline
    scores = seed_scores(experiment, store, checkpoint=checkpoint)
    paper = experiment.reported
    printed = f"{paper.mean:.2f} ± {paper.std:.2f} ({paper.max:.2f})" if paper else "-"
    nan = math.nan
    ours = statistics.Description(nan, nan, nan, (nan, nan), nan, nan, 0)
    if len(scores):
        ours = statistics.describe(scores, PERCENT)
    return Row(
        experiment.name, checkpoint, printed, ours.mean, ours.std, ours.sem,
        ours.interval, ours.max, ours.seeds, experiment.train.steps,
    )  # fmt: skip


def scored(experiment: Experiment) -> str:
    """The score that a table shows, in words: `pointers right, % of 2048 (...)`."""
    test = experiment.test
    return (
        f"pointers right, % of {test.graphs * test.nodes} "
        f"({test.name}: {test.graphs} graphs of {test.nodes} nodes)"
    )


def spans(seeds: Sequence[int]) -> str:
    """Seeds in words: `0 to 15, 17`."""
    runs: list[list[int]] = []
    for seed in sorted(seeds):
        if runs and seed == runs[-1][-1] + 1:
            runs[-1].append(seed)
        else:
            runs.append([seed])
    return ", ".join(f"{r[0]} to {r[-1]}" if len(r) > 1 else f"{r[0]}" for r in runs)


def provenance(experiments: list[Experiment], store: Store) -> "pd.DataFrame":
    """The origin of recorded results, a line for each row that has any."""
    import pandas as pd

    lines = {}
    for experiment in experiments:
        every = store.records(experiment.recorded, experiment.digest)
        records = [record for record in every if store.shows(record)]
        abouts = [record.certificate for record in records]
        if not records:
            continue
        lines[experiment.name] = {
            "seeds": spans([seed for record in records for seed in record.seeds]),
            "steps": _few(f"{about['steps']:,}" for about in abouts),
            "minutes": round(sum(about["seconds"] for about in abouts) / 60),
            "commits": _few(about["commit"][:8] for about in abouts),
            "jax": _few(about["versions"]["jax"] for about in abouts),
            "device": _few(about["device"] for about in abouts),
            "dates": _few(sorted(about["date"][:10] for about in abouts)),
        }
    return pd.DataFrame(lines).T.rename_axis("row")


def _few(words: Iterable[str]) -> str:
    """The different ones; of more than two, the first and the last."""
    first, *others = dict.fromkeys(words)
    if not others:
        return first
    return f"{first} {'and' if len(others) == 1 else '…'} {others[-1]}"


def ages(store: Store) -> "pd.DataFrame":
    """The records of each row: seeds, first and last day, commits, machines, hours."""
    import pandas as pd

    lines = []
    for row in EXPERIMENTS.values():
        records = store.records(row.recorded, row.digest)
        abouts = [record.certificate for record in records]
        dates = sorted(about["date"][:10] for about in abouts)
        days = dates[:1] if dates[:1] == dates[-1:] else [*dates[:1], *dates[-1:]]
        hours = sum(about["seconds"] for about in abouts) / 3600
        lines.append(
            {
                "row": row.name,
                "seeds": sum(len(record.seeds) for record in records),
                "dates": " to ".join(days) or "nothing is recorded",
                "commits": ", ".join(dict.fromkeys(a["commit"] for a in abouts)),
                "machines": "; ".join(dict.fromkeys(a["device"] for a in abouts)),
                "hours": round(hours, 1),
            }
        )
    return pd.DataFrame(lines).set_index("row")


def lacking(
    rows: Sequence[Experiment],
    store: Store,
    wanted: int,
    like: Experiment | None = None,
) -> "pd.DataFrame":
    """The rows without all of the seeds from 0 to `wanted` - 1, and what these take.

    Hours of training are those at the median pace of the runs recorded on a CPU: of the
    row, or of rows of its kind (`paces`), or of the row `like` if both are trained on
    windows, or neither; NaN without any. Of the networks only those of the wanted seeds
    are counted.
    """
    import pandas as pd

    pace_of = paces(store)
    lines = {}
    for row in rows:
        left = store.missing(row.recorded, row.digest, range(wanted))
        alike = like is not None and bool(like.train.windows) == bool(row.train.windows)
        other = pace_of.get(like.name, math.nan) if like and alike else math.nan
        pace = pace_of.get(row.name, pace_of.get(_kind(row), other))
        hours = round(pace * row.train.steps * len(left) / 3600, 2)
        if left:
            seeds = f"{left[0]}:{left[-1] + 1}"
            lines[row.name] = (wanted - len(left), seeds, hours)
    columns = ["networks", "missing seeds", "hours"]
    return pd.DataFrame.from_dict(lines, orient="index", columns=columns)


def paces(store: Store) -> dict[str, float]:
    """Seconds of a step of one network on a CPU: the median of the runs of each row.

    Also of all rows that have a group, task, hidden size and way of training in common,
    with `/` between them.
    """
    found: dict[str, list[float]] = {}
    for row in EXPERIMENTS.values():
        for record in store.records(row.recorded, row.digest):
            if record.certificate["device"].startswith("cpu"):
                each = record.certificate["seconds"] / len(record.seeds)
                for key in (row.name, _kind(row)):
                    found.setdefault(key, []).append(each / row.train.steps)
    return {key: float(np.median(paces)) for key, paces in found.items()}


def _kind(row: Experiment) -> str:
    way = "windows" if row.train.windows else "runs"
    return f"{row.table}/{row.task.name}/{row.model.hidden_size}/{way}"


def steered(experiment: Experiment, store: Store) -> "pd.DataFrame":
    """Right pointers when attention is intervened on (`interventions`), and the change.

    `change` is the mean over networks, in points, of the difference to the same network
    with free attention, with its 95 % interval. There is a line for each number of
    nodes, checkpoint, treatment and selection. The kept network counts with the others
    where its seed was not measured; the table is empty if no network was.
    """
    import pandas as pd

    rows = beside.with_kept(experiment, "interventions", store)
    rows = rows.assign(value=100 * rows.value.astype(float))
    keys = ["data", "checkpoint", "metric", "seed"]
    each: Any = rows.groupby(keys).value.mean()
    lines = []
    for (data, checkpoint, metric), scores in each.groupby(keys[:3]):
        free = each[data, checkpoint, "steered/free"]
        _, treatment, *selection = metric.split("/")
        line = {
            "nodes": int(data.removeprefix("size-")),
            "checkpoint": checkpoint,
            "attention": treatment,
            "selection": "".join(selection),
            "pointers right": float(scores.mean()),
        }
        if treatment != "free":
            change = (scores.droplevel(keys[:3]) - free).to_numpy()
            line["change"] = f"{change.mean():+.1f}"
            if len(change) > 1:
                low, high = statistics.describe(change).interval
                line["change"] += f" ({low:+.1f} to {high:+.1f})"
        lines.append({**line, "networks": len(scores)})
    return pd.DataFrame(lines).fillna({"change": "–"}) if lines else pd.DataFrame()


def probed(experiment: Experiment, store: Store) -> "pd.DataFrame":
    """What a probe of the state and the decoder explain of a variable (`probes`).

    In percent of its variance, mean with 95 % interval over networks: a line for each
    number of nodes and checkpoint. The kept network counts with the others where its
    seed was not measured; the table is empty if no network was.
    """
    rows = beside.with_kept(experiment, "probes", store)
    variable = rows.metric.str.replace("/.*", "", regex=True)
    return _over_networks(rows.assign(metric=variable))


def exchanged(experiment: Experiment, store: Store) -> "pd.DataFrame":
    """What networks answer from the algorithm's state (`probing.Followed`).

    In percent of pointers, mean with 95 % interval over networks: a line for each
    number of nodes and checkpoint. If no seed has the measure, the numbers are those of
    the one kept network; empty if it has none either.
    """
    rows, _ = beside.load(experiment, "interchange", store)
    share = rows.metric.str.removeprefix("interchange/")
    return _over_networks(rows.assign(metric=share))


def _over_networks(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Mean and interval of each metric, in percent, by nodes and checkpoint."""
    import pandas as pd

    keys = ["data", "checkpoint", "metric"]
    rows = rows.assign(value=100 * rows.value.astype(float))
    each: Any = rows.groupby([*keys, "seed"]).value.mean().groupby(keys)
    lines: dict[tuple[int, str], dict[str, object]] = {}
    for (data, checkpoint, metric), values in each:
        line = lines.setdefault((int(data.removeprefix("size-")), checkpoint), {})
        found = statistics.describe(values.to_numpy(), PERCENT)
        low, high = found.interval
        spread = f" ({low:.1f} to {high:.1f})" if found.seeds > 1 else ""
        line |= {metric: f"{found.mean:.1f}{spread}", "networks": found.seeds}
    index = pd.MultiIndex.from_tuples(list(lines), names=["nodes", "checkpoint"])
    return pd.DataFrame(list(lines.values()), index)
