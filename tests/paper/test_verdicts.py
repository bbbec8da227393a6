"""Numbers and claims get their verdicts from the store and from nothing else."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mindgap.experiments import beside
from mindgap.measures import statistics
from mindgap.paper import protocol, report, verdicts
from mindgap.paper.claims import CLAIMS
from mindgap.paper.evidence import Evidence
from mindgap.paper.tables import EXPERIMENTS
from mindgap.store import COLUMNS, Store

ROOT = Path(__file__).parents[2]


def put(store, name, scores, first=0, checkpoint="best", **other):
    """Records of a row: a score for each seed, in percent, on each of its sets."""
    row = EXPERIMENTS[name]
    seeds = range(first, first + len(scores))
    rows = pd.DataFrame(
        {
            "seed": seed,
            "metric": "pointer_accuracy",
            "data": data.name,
            "checkpoint": kind,
            "step": -1,
            "graph": graph,
            "value": score / 100,
        }
        for seed, score in zip(seeds, scores, strict=True)
        for data in (row.test, *row.beside)
        for kind in ("best", "last")
        for graph in range(2)
    )[list(COLUMNS)]
    store.put(row.recorded, row.digest, list(seeds), rows, {"steps": 1, **other})


def test_every_claim_is_told_in_a_chapter():
    assert list(CLAIMS) == list(verdicts.CHAPTERS)
    stems = {path.stem for path in (ROOT / "book").glob("*.py")}
    assert {*verdicts.CHAPTERS.values()} <= stems


def test_without_results_what_rests_on_them_has_too_few_seeds(tmp_path):
    """Certificates of compiled weights need no results."""
    see = verdicts.judge_of(Store(tmp_path))
    for name in set(CLAIMS) - {"expressible", "five-hundred-parameters"}:
        found = verdicts.judge(name, see)
        assert {j.verdict for j in found.clauses} <= {"too few seeds"}, name
        assert not any("nan" in j.told for j in found.clauses)
    numbers = verdicts.numbers(see)
    primary = [n for n in numbers if n.reading == "primary"]
    assert [n.experiment.name for n in primary if n.verdict == "too few seeds"] == [
        name for name in protocol.PRIMARY if name in protocol.FAMILY
    ]
    assert {n.verdict for n in numbers} == {"too few seeds", "not comparable"}


@pytest.mark.slow
def test_compiling_is_exact_but_for_ties(tmp_path):
    found = verdicts.judge("expressible", Evidence(Store(tmp_path)))
    assert [j.verdict for j in found.clauses] == ["supported", "contradicted"]
    assert found.kind == "supported"


def test_verdicts_follow_the_results(tmp_path):
    """BFS far above DFS supports the claim, the reverse contradicts it."""
    rng = np.random.default_rng(0)
    high, low = rng.normal(98, 1, 8), rng.normal(10, 1, 8)
    for folder, bfs, dfs, kind in (
        ("one", high, low, "supported"),
        ("other", low, high, "contradicted"),
    ):
        store = Store(tmp_path / folder)
        put(store, "table-1/bfs", bfs, first=10)
        put(store, "table-1/dfs", dfs)
        found = verdicts.judge("bfs-not-dfs", verdicts.judge_of(store))
        assert found.kind == kind
        assert found.clauses[0].estimate.seeds == (8, 8)
        assert found.clauses[1].verdict == "too few seeds"  # no scores by size


CHECKPOINTS = ("best", "last", "start")
BESIDE = {
    "sizes": lambda row: [("pointer_accuracy", d.name) for d in row.by_size],
    "interventions": lambda row: [("steered/free", "size-16")],
    "probes": lambda row: [
        (f"{kind}/{hint}", "size-64")
        for kind in ("probe", "decoder")
        for hint in ("reach_h", "d")
    ],
    "interchange": lambda row: [("interchange/swapped", "size-64")],
    "landscape": lambda row: [
        ("landscape/rise-8", ""),
        *(
            (f"landscape/{kind}-{point}", "")
            for kind in ("plain", "filter")
            for point in ("exact", "soft", "learned")
        ),
    ],
    "robustness": lambda row: [("robustness/wrong-0.01", "")],
}
"""Metric and data set of what each kind of measure records."""


def of_any_row(row):
    """Metric, data set and step of what a record of a row may hold."""
    yield from (("pointer_accuracy", d.name, -1) for d in (row.test, *row.beside))
    for metric in ("attention/accuracy", "trace"):
        yield from ((metric, row.test.name, step) for step in (-1, 1, 2))
    yield from ((f"bias/{part}", "", -1) for part in ("receiver", "sender"))


def random_rows(rng, seeds, lines):
    lines = list(dict.fromkeys(lines))
    return pd.DataFrame(
        [
            (seed, metric, data, kind, step, -1, rng.uniform(0.2, 0.9))
            for seed in seeds
            for kind in CHECKPOINTS
            for metric, data, step in lines
        ],
        columns=list(COLUMNS),
    )


def test_every_clause_can_be_decided_from_records(tmp_path):
    """With records of every row and measure, no clause is left without an estimate."""
    store, rng = Store(tmp_path), np.random.default_rng(0)
    for row in EXPERIMENTS.values():
        if row.same_as:
            continue
        first = protocol.FIRST_NEW.get(row.recorded, 0)
        seeds = list(range(first, first + 9))
        rows = random_rows(rng, seeds, of_any_row(row))
        store.put(row.recorded, row.digest, seeds, rows, {"steps": 1})
        for kind in beside.of(row):
            lines = [(metric, data, -1) for metric, data in BESIDE[kind.name](row)]
            rows = random_rows(rng, seeds, lines)
            store.put(*beside.home(row, kind.name), seeds, rows, {"steps": 1})
    see = verdicts.judge_of(store)
    for name in CLAIMS:
        for judged in verdicts.judge(name, see).clauses:
            told = f"{name}: {judged.clause.says}"
            assert judged.verdict not in ("too few seeds", "not measured"), told
            assert math.isfinite(judged.estimate.value), told
    assert "too few seeds" not in {n.verdict for n in verdicts.numbers(see)}


def test_seeds_from_before_the_protocol_decide_only_where_new_ones_are_dear(
    tmp_path,
):
    store, rng = Store(tmp_path), np.random.default_rng(1)
    put(store, "table-3/bfs", rng.normal(50, 1, 16))
    by_name = {
        (n.experiment.name, n.row.checkpoint): n
        for n in verdicts.numbers(verdicts.judge_of(store))
    }
    found = by_name["table-3/bfs", "best"]
    assert found.row.seeds == 16 and found.deciding == 0 and found.new
    assert found.verdict == "too few seeds" and "0 new seeds" in found.told
    put(store, "table-3/bfs", rng.normal(98.74, 0.98, 40), first=16)
    by_name = {
        (n.experiment.name, n.row.checkpoint): n
        for n in verdicts.numbers(verdicts.judge_of(store))
    }
    found = by_name["table-3/bfs", "best"]
    assert found.deciding == 40 and found.verdict == "equivalent"
    assert abs(found.difference.value) < 0.6 and found.row.seeds == 56
    # dear rows rest on all their seeds
    put(store, "table-1/dfs", rng.normal(50, 1, 8))
    (dfs,) = [
        n
        for n in verdicts.numbers(verdicts.judge_of(store))
        if n.experiment.name == "table-1/dfs" and n.reading == "primary"
    ]
    assert dfs.deciding == 8 and not dfs.new and dfs.verdict == "differs"


def test_a_number_has_the_same_verdict_in_table_chapter_and_scoreboard(tmp_path):
    store, rng = Store(tmp_path), np.random.default_rng(2)
    put(store, "table-3/dfs", rng.normal(16.5, 2.4, 60))
    see = verdicts.judge_of(store)
    (row,) = [EXPERIMENTS["table-3/dfs"]]
    (shown,) = verdicts.beside([row], store)
    listed = {
        (n.experiment.name, n.row.checkpoint): n.verdict for n in verdicts.numbers(see)
    }
    data = [
        line
        for line in map(verdicts.data_of, verdicts.rows("table-3", store))
        if line["name"] == "table-3/dfs" and line["reading"] == "primary"
    ]
    assert shown.verdict == listed["table-3/dfs", "best"] == data[0]["status"]
    assert shown.verdict == "equivalent" and data[0]["deciding_seeds"] == 60
    assert data[0]["seeds"] == 60 and data[0]["margin"] == 1.225
    low, high = data[0]["difference_90"]
    assert -1.225 < low < high < 1.225


def test_rows_outside_of_the_registry_have_no_verdict(tmp_path):
    store, row = Store(tmp_path), EXPERIMENTS["table-1/bfs"]
    (shown,) = verdicts.beside([row.with_steps(3)], store)
    assert isinstance(shown, report.Row)
    table = verdicts.compare([shown])
    assert table.verdict.tolist() == ["–"] and "nan" not in table.to_string()


def test_unknown_test_graphs_are_said_where_they_decide(tmp_path):
    """Graphs that differ by more than the margin: no number of seeds is enough."""
    store = Store(tmp_path)
    row = EXPERIMENTS["table-11/default-pairwise"]
    rows = pd.DataFrame(
        {
            "seed": seed,
            "metric": "pointer_accuracy",
            "data": row.test.name,
            "checkpoint": "best",
            "step": -1,
            "graph": graph,
            "value": 0.5 + 0.4 * (graph % 2),
        }
        for seed in range(8, 20)
        for graph in range(64)
    )[list(COLUMNS)]
    store.put(row.name, row.digest, list(range(8, 20)), rows, {"steps": 1})
    found = verdicts.numbers(verdicts.judge_of(store))
    (one,) = [n for n in found if n.experiment == row and n.row.checkpoint == "best"]
    assert one.wanted is None and "no number of seeds" in one.told
    assert one.difference.error**2 == pytest.approx(
        2 * np.var([50, 90] * 32, ddof=1) / 64 + 0.28**2 / 128
    )


def test_what_is_lacking_has_seeds_and_hours(tmp_path):
    """At the pace of the row, of one like it, of a given row, or unknown."""
    store = Store(tmp_path)
    slow = {"device": "cpu, 2 cores", "seconds": 7200.0}
    put(store, "table-1/bfs", [90.0, 91.0], **slow)
    put(store, "table-1/bfs", [92.0], 3, device="cpu, 4 cores", seconds=1800.0)
    put(store, "table-1/bellman-ford", [80.0], device="an accelerator", seconds=1.0)
    put(store, "departure/bfs-20-adam", [80.0], **slow)
    names = "table-1/bfs", "table-1/bellman-ford", "departure/bfs-10-adam"
    rows = [EXPERIMENTS[name] for name in names]
    found = report.lacking(rows, store, 4)
    assert found["missing seeds"].tolist() == ["2:3", "1:4", "0:4"]
    assert found["networks"].tolist() == [3, 1, 0]
    assert found["hours"].tolist() == pytest.approx([0.75, math.nan, 8.0], nan_ok=True)
    assert report.lacking(rows, store, 4, like=rows[0]).hours.iloc[1] == 2.25
    assert report.lacking(rows, store, 1).index.tolist() == [names[2]]


def test_tables_of_verdicts():
    clause = protocol.CLAUSES["edge-information"][0]
    estimate = dataclasses.replace(
        statistics.Estimate(math.nan, (math.nan, math.nan), (8, 8)),
        value=3.0,
        interval=(2.0, 4.0),
    )
    one = verdicts.Verdict(
        CLAIMS["edge-information"], (verdicts.Judged(clause, estimate, "supported"),)
    )
    table = verdicts.table([one])
    assert table.verdict.tolist() == ["supported"] and "C.1" in table.claim[0]
    detail = verdicts.detail([one])
    assert detail.ours.tolist() == ["3.00 [2.00, 4.00] > 0 points"]
    assert detail.clause.tolist()[0].startswith("main: ")
    assert detail.networks.tolist() == ["8, 8"]
