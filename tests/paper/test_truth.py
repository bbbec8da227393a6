"""The book's numbers and verdicts, computed again from the Parquet files.

By plain pandas and SciPy, with no function of the library that makes numbers: only the
registry (what the paper prints, which sets a row is scored on) and the protocol's
tables.
"""

import math
from pathlib import Path

import pandas as pd
import pytest
from scipy import stats

from mindgap import tasks
from mindgap.paper import protocol, verdicts
from mindgap.paper.tables import EXPERIMENTS
from mindgap.store import Store

RESULTS = Path(__file__).parents[2] / "book" / "results"


def frame(row) -> pd.DataFrame:
    """All rows of an experiment's files."""
    folder = RESULTS / (row.same_as or row.name) / row.digest
    files = sorted(folder.glob("seeds-*.parquet"))
    parts = [pd.read_parquet(path) for path in files]
    return pd.concat(parts) if parts else pd.DataFrame({"metric": []})


def scores(row, checkpoint) -> pd.Series:
    found = frame(row)
    if not len(found):
        return pd.Series(dtype=float)
    found = found[
        (found.metric == "pointer_accuracy")
        & (found.data == row.test.name)
        & (found.checkpoint == checkpoint)
    ]
    each = 100 * found.value.astype(float).groupby(found.seed).mean()
    return pd.Series(each)


def graph_variance(row, checkpoint, first) -> tuple[float, int]:
    """Of two means over other test graphs, where the paper's are unknown; its df."""
    if row.test.benchmark:
        return 0.0, 1
    found = frame(row)
    found = found[
        (found.metric == "pointer_accuracy")
        & (found.checkpoint == checkpoint)
        & (found.seed >= first)
        & (found.graph >= 0)
    ]
    for data, graphs in (("larger-test-16", 32), (row.test.name, 1)):
        part = found[found.data == data]
        each = pd.Series(100 * part.value.astype(float).groupby(part.graph).mean())
        if len(each) > 1:
            one = float(each.var(ddof=1)) * graphs / row.test.graphs
            return 2 * one, len(each) - 1
    return 0.0, 1


def verdict(row, ours: pd.Series, sets: tuple[float, int], p: float) -> str:
    if row.incomparable:
        return "not comparable"
    if len(ours) < 8:
        return "too few seeds"
    low, high, _ = welch(row, ours, sets, 0.90)
    margin = max(1.0, row.reported.std / 2)
    if -margin < low and high < margin:
        return "equivalent"
    return "differs" if p < 0.05 else "inconclusive"


def welch(row, ours, sets, confidence):
    """Interval and probability of the difference, test graphs counted on both sides."""
    paper, n = row.reported, len(ours)
    parts = [
        (ours.var(ddof=1) / n, n - 1),
        (paper.std**2 / paper.seeds, paper.seeds - 1),
    ]
    if sets[0]:
        parts += [sets]
    variance = sum(v for v, _ in parts)
    df = variance**2 / sum(v**2 / d for v, d in parts)
    off = ours.mean() - paper.mean
    half = stats.t.ppf((1 + confidence) / 2, df) * variance**0.5
    p = 2 * stats.t.sf(abs(off) / variance**0.5, df)
    return off - half, off + half, p


def holm(p: dict[str, float]) -> dict[str, float]:
    """Step down over the whole family; members without a p count as 1."""
    found, worst = {}, 0.0
    members = sorted(protocol.FAMILY, key=lambda name: p.get(name, 1.0))
    for rank, name in enumerate(members):
        worst = max(worst, min(1.0, (len(members) - rank) * p.get(name, 1.0)))
        found[name] = worst
    return found


@pytest.fixture(scope="module")
def found():
    if not RESULTS.is_dir():
        pytest.skip("no results here")
    return verdicts.numbers(verdicts.judge_of(Store(RESULTS)))


def test_means_and_spreads_are_those_of_the_files(found):
    for n in found:
        ours = scores(n.experiment, n.row.checkpoint)
        assert n.row.seeds == len(ours)
        if len(ours):
            assert n.row.mean == pytest.approx(ours.mean(), abs=1e-9)
            assert n.row.max == pytest.approx(ours.max(), abs=1e-9)
        if len(ours) > 1:
            assert n.row.std == pytest.approx(ours.std(ddof=1), abs=1e-9)
            assert n.row.sem == pytest.approx(ours.std(ddof=1) / len(ours) ** 0.5)
        if 1 < len(ours) < 20 and float(ours.std(ddof=1)) > 0:
            low, high = stats.t.interval(0.95, len(ours) - 1, ours.mean(), ours.sem())
            expected = (max(0.0, low), min(100.0, high))
            assert n.row.interval == pytest.approx(expected, abs=1e-9)


def test_verdicts_are_those_of_the_files(found):
    p, inputs = {}, {}
    for n in found:
        row, checkpoint = n.experiment, n.row.checkpoint
        first = protocol.FIRST_NEW.get(row.same_as or row.name, 0)
        ours = scores(row, checkpoint)
        ours = ours[ours.index >= first]
        sets = graph_variance(row, checkpoint, first) if len(ours) else (0.0, 1)
        inputs[row.name, checkpoint] = ours, sets
        assert n.deciding == len(ours)
        if len(ours) > 1:
            low, high, own = welch(row, ours, sets, 0.95)
            assert n.difference.interval() == pytest.approx((low, high), abs=1e-6)
            if n.reading == "primary" and len(ours) >= 8:
                p[row.name] = own
    family = holm(p)
    for n in found:
        row = n.experiment
        ours, sets = inputs[row.name, n.row.checkpoint]
        if n.reading == "primary" and row.name in family:
            corrected = family[row.name]
        elif len(ours) > 1:
            _, _, own = welch(row, ours, sets, 0.95)
            corrected = min(1.0, own * len(protocol.FAMILY))
        else:
            corrected = math.nan
        assert n.verdict == verdict(row, ours, sets, corrected), row.name


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.large)])
def test_scores_by_size_are_those_of_the_files(every):
    """Of the rows of the paper's three tasks, or of all rows."""
    from mindgap.paper import by_size

    checked = 0
    for name, row in EXPERIMENTS.items():
        if not row.by_size or not (every or row.task.name in tasks.TASKS):
            continue
        folder = RESULTS / (row.same_as or name) / row.digest
        kinds = {file.parent for file in folder.glob("sizes-*/seeds-*.parquet")}
        kinds = [kind for kind in kinds if not kind.name.endswith("-of-kept")]
        if not kinds:
            continue
        (kind,) = kinds  # measured in one way
        files = sorted(kind.glob("seeds-*.parquet"))
        rows = pd.concat([pd.read_parquet(path) for path in files])
        for line in by_size.table(row, Store(RESULTS)):
            part = rows[
                (rows.metric == "pointer_accuracy")
                & (rows.data == f"size-{line.nodes}")
                & (rows.checkpoint == line.checkpoint)
            ]
            assert set(part.groupby("seed").size()) == {64}
            each = 100 * part.value.astype(float).groupby(part.seed).mean()
            assert line.mean == pytest.approx(each.mean()) and line.seeds == len(each)
            checked += 1
    assert checked > (200 if every else 100)


def test_seeds_from_processors_and_accelerators_are_of_one_distribution():
    """Rows with at least three of each: no score tells them apart, Holm-corrected."""
    p = {}
    for name, row in EXPERIMENTS.items():
        if row.same_as:
            continue
        kinds = {"cpu": [], "gpu": []}
        ours = scores(row, "last")
        for record in Store(RESULTS).records(row.name, row.digest):
            device = record.certificate["device"]
            kind = "cpu" if device.startswith("cpu") else "gpu"
            kinds[kind] += [float(ours[seed]) for seed in record.seeds]
        if min(map(len, kinds.values())) >= 3:
            p[name] = stats.mannwhitneyu(kinds["cpu"], kinds["gpu"]).pvalue
    if not p:
        pytest.skip("no row has three networks of both kinds yet")
    for rank, name in enumerate(sorted(p, key=p.get)):
        assert p[name] * (len(p) - rank) > 0.01, name


def test_a_claim_of_a_difference_is_that_of_the_files():
    """BFS less DFS on 64 nodes, by SciPy alone, from the seeds that decide."""
    bfs, dfs = (EXPERIMENTS[f"table-1/{name}"] for name in ("bfs", "dfs"))
    sides = []
    for row in (bfs, dfs):
        ours = scores(row, "best")
        sides.append(ours[ours.index >= protocol.FIRST_NEW.get(row.name, 0)])
    found = verdicts.judge("bfs-not-dfs", verdicts.judge_of(Store(RESULTS))).clauses[0]
    assert found.estimate.seeds == tuple(map(len, sides))
    if min(map(len, sides)) < 8:
        assert found.verdict == "too few seeds"
        return
    low, high = stats.ttest_ind(*sides, equal_var=False).confidence_interval(0.95)
    assert found.estimate.interval == pytest.approx((low, high))
    expected = "supported" if low > 10 else "contradicted" if high < 10 else None
    assert found.verdict == (expected or "inconclusive")


def test_what_probes_explain_is_that_of_the_files():
    from mindgap.paper import report

    row = EXPERIMENTS["table-1/bellman-ford"]
    folder = RESULTS / row.name / row.digest
    files = sorted(folder.glob("probes-*/seeds-*.parquet"))
    rows = pd.concat([pd.read_parquet(path) for path in files])
    rows = rows[(rows.data == "size-64") & (rows.checkpoint == "best")]
    line = report.probed(row, Store(RESULTS)).loc[(64, "best")]
    for kind in ("probe", "decoder"):
        each = 100 * rows[rows.metric == f"{kind}/d"].value.astype(float)
        assert line[kind].split(" ")[0] == f"{each.mean():.1f}"
        assert line.networks == len(each)
