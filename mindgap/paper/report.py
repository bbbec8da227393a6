"""The paper's number beside ours: rows of tables, and what stands behind them."""

import dataclasses
import math
from collections.abc import Sequence
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
    """A store named as the book's chapters name it: relative to `book/`.

    Works from the book's own folder and from the one above it. Shows the first `seeds`
    seeds only, or all with 0.
    """
    above = Path("book")
    home = (above if above.is_dir() else Path()) / folder
    return Store(home, only=range(seeds) if seeds else None)


@dataclasses.dataclass(frozen=True)
class Row:
    """One experiment at one checkpoint, in percent of pointers; NaN where undefined."""

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

    On the experiment's test set unless other `data` is named.
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
    """The numbers of `scores_by_seed`, without the seeds."""
    return scores_by_seed(experiment, store, data, checkpoint).to_numpy()


def larger(experiment: Experiment) -> Data:
    """The larger test set, as a set of its own."""
    count = 32 * experiment.larger
    return dataclasses.replace(
        experiment.test, name=experiment.larger_name, graphs=count
    )


def graph_scores(
    experiment: Experiment, store: Store, data: Data, checkpoint: str = "best"
) -> Float[np.ndarray, "graphs"]:
    """Pointer accuracy of each graph of a set in percent, means over seeds.

    Of the larger test set of each part, 32 graphs; none for records that have its mean
    alone.
    """
    rows: Any = _rows(experiment, store, "pointer_accuracy", data.name, checkpoint)
    return _percent(rows[rows.graph >= 0], "graph").to_numpy()


def size_scores(
    experiment: Experiment, store: Store, nodes: int, checkpoint: str = "best"
) -> Float[np.ndarray, "seeds"]:
    """Each seed's pointer accuracy in percent on graphs of so many nodes.

    As `sizes` records them; seeds that are not scored by size are not in it.
    """
    rows = rows_beside(experiment, store, beside.SIZES)
    rows = rows[rows.metric.eq("pointer_accuracy") & rows.checkpoint.eq(checkpoint)]
    return _percent(rows[rows.data == BY_SIZE[nodes].name], "seed").to_numpy()


def rows_beside(experiment: Experiment, store: Store, kind: str) -> "pd.DataFrame":
    """All rows of a measure that is kept beside the experiment's records."""
    return store.load(*beside.home(experiment, kind))


def _percent(rows: Any, by: str) -> "pd.Series":
    """Means of shares by seed or by graph, in percent, in order."""
    # in double precision: a mean of float32 shares would not be a multiple of 1/2048
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

    As `measurement` has it, shares in [0, 1]; on the test set unless other `data` is
    named, but for measures of parameters (`distance`, `bias/...`). Seeds that were
    recorded before there was such a measure are not in it.
    """
    name = (data or experiment.test).name
    if metric == "distance" or metric.startswith(
        ("bias/", "landscape/", "robustness/")
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


def after_steps(experiment: Experiment, store: Store) -> "pd.DataFrame":
    """Percent of wrong pointers by seed and size of a plain step (`robustness`).

    At the best checkpoint; of the one kept network where no seed has the measure, and
    empty where that has none either.
    """
    rows: Any
    rows, _ = beside.load(experiment, "robustness", store)
    name = "robustness/wrong-"
    rows = rows[rows.metric.str.startswith(name) & (rows.checkpoint == "best")]
    steps = rows.metric.str.removeprefix(name).astype(float)
    found = rows.assign(step=steps, value=100 * rows.value)
    return found.pivot(index="seed", columns="step", values="value")


def over_time(
    experiment: Experiment,
    store: Store,
    metric: str,
    data: Data | None = None,
    checkpoint: str = "best",
) -> "pd.DataFrame":
    """A measure after each step of the algorithm: a row of each seed, step by step.

    As `measured`, but the means over those graphs that take the step.
    """
    name = (data or experiment.test).name
    rows = _rows(experiment, store, metric, name, checkpoint)
    return rows[rows.step > 0].pivot(index="seed", columns="step", values="value")


def course(experiment: Experiment, store: Store, metric: str) -> "pd.DataFrame":
    """A measure along training from compiled weights: by seed and training step.

    At the steps that all seeds have: older records hold every validation.
    """
    rows = _rows(experiment, store, metric, COURSE, "")
    wide = rows.pivot(index="seed", columns="step", values="value")
    held: Any = rows.groupby("step").seed.nunique() == rows.seed.nunique()
    return wide.loc[:, held.to_numpy()]


def _rows(
    experiment: Experiment, store: Store, metric: str, data: str, checkpoint: str
) -> "pd.DataFrame":
    rows = store.load(experiment.recorded, experiment.digest)
    return rows.loc[
        (rows.metric == metric) & (rows.data == data) & (rows.checkpoint == checkpoint)
    ]


def curves(
    experiment: Experiment, store: Store, metric: Literal["loss", "validation"]
) -> tuple[Int[np.ndarray, "points"], Float[np.ndarray, "seeds points"]]:
    """Steps and, by seed, a learning curve: loss in nats or validation in percent."""
    rows = store.load(experiment.recorded, experiment.digest)
    wide = rows[rows.metric == metric].pivot(
        index="seed", columns="step", values="value"
    )
    scale = 100 if metric == "validation" else 1
    return wide.columns.to_numpy(), scale * wide.to_numpy(float)


def by_data(experiment: Experiment, store: Store) -> "pd.DataFrame":
    """Mean ± std over seeds, in percent, on each data set and for both checkpoints."""
    import pandas as pd

    lines = []
    large = larger(experiment)
    for data in (experiment.test, large, *experiment.beside):
        line = {"graphs": data.name, "nodes": data.nodes, "count": data.graphs}
        for checkpoint in ("best", "last"):
            scores = seed_scores(experiment, store, data, checkpoint)
            if len(scores):
                ours = statistics.describe(scores, PERCENT)
                line[checkpoint] = statistics.spread(ours.mean, ours.std)
                line["seeds"] = ours.seeds
        if data is not large or "seeds" in line:  # early records do not have it
            lines.append(line)
    return pd.DataFrame(lines).set_index("graphs")


def row(experiment: Experiment, store: Store, checkpoint: str = "") -> Row:
    """The paper's number and ours for one experiment, on its test set.

    At its headline's checkpoint unless another is named.
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
    """Which score a table shows, in words: `pointers right, % of 2048 (...)`."""
    test = experiment.test
    return (
        f"pointers right, % of {test.graphs * test.nodes} "
        f"({test.name}: {test.graphs} graphs of {test.nodes} nodes)"
    )


def spans(seeds: Sequence[int]) -> str:
    """Numbers in words: `0 to 15, 17`."""
    runs: list[list[int]] = []
    for seed in sorted(seeds):
        if runs and seed == runs[-1][-1] + 1:
            runs[-1].append(seed)
        else:
            runs.append([seed])
    return ", ".join(f"{r[0]} to {r[-1]}" if len(r) > 1 else f"{r[0]}" for r in runs)


def provenance(experiments: list[Experiment], store: Store) -> "pd.DataFrame":
    """Where recorded results come from: one line per record of the store."""
    import pandas as pd

    lines = []
    for experiment in experiments:
        records = store.records(experiment.recorded, experiment.digest)
        for record in filter(store.shows, records):
            made = record.certificate
            lines.append(
                {
                    "experiment": experiment.name,
                    "seeds": spans(record.seeds),
                    "steps": made["steps"],
                    "minutes": round(made["seconds"] / 60, 1),
                    "commit": made["commit"],
                    "jax": made["versions"]["jax"],
                    "device": made["device"],
                    "date": made["date"][:10],
                }
            )
    return pd.DataFrame(lines)


def ages(store: Store) -> "pd.DataFrame":
    """Of each row what is recorded: seeds, days, commits, machines, hours of work."""
    import pandas as pd

    lines = []
    for row in EXPERIMENTS.values():
        made = store.records(row.recorded, row.digest)
        told = [record.certificate for record in made]
        dates = sorted(about["date"][:10] for about in told)
        days = dates[:1] if dates[:1] == dates[-1:] else [*dates[:1], *dates[-1:]]
        hours = sum(about["seconds"] for about in told) / 3600
        lines.append(
            {
                "row": row.name,
                "seeds": sum(len(record.seeds) for record in made),
                "dates": " to ".join(days) or "nothing is recorded",
                "commits": ", ".join(dict.fromkeys(a["commit"] for a in told)),
                "machines": "; ".join(dict.fromkeys(a["device"] for a in told)),
                "hours": round(hours, 1),
            }
        )
    return pd.DataFrame(lines).set_index("row")


def steered(experiment: Experiment, store: Store) -> "pd.DataFrame":
    """Pointers right when attention is changed (`interventions`), less when it is free.

    In points, means over networks with the 95 % interval of the paired difference; a
    line for each number of nodes, checkpoint, treatment and selection. Of the kept
    network where no seed has the measure. Empty if nothing is recorded.
    """
    import pandas as pd

    rows, source = beside.load(experiment, "interventions", store)
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
            off = (scores.droplevel(keys[:3]) - free).to_numpy()
            line["change"] = f"{off.mean():+.1f}"
            if len(off) > 1:
                low, high = statistics.describe(off).interval
                line["change"] += f" ({low:+.1f} to {high:+.1f})"
        lines.append({**line, "networks": len(scores), "source": source})
    return pd.DataFrame(lines).fillna({"change": "–"}) if lines else pd.DataFrame()
