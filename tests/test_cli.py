"""The command as a user types it."""

import json
import subprocess
import sys

import pytest

from mindgap import cli, paper, programs
from mindgap.experiments import learned
from mindgap.store import Store
from tests.store.test_records import put, rows


def mindgap(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["mindgap", *arguments])
    status = 0
    try:
        cli.main()
    except SystemExit as stop:
        status = stop.code or 0
    found = capsys.readouterr()
    return status, found.out, found.err


def test_parameters_are_listed_and_counted(monkeypatch, capsys):
    status, out, _ = mindgap(
        monkeypatch, capsys, "params", "--task", "bfs", "--hidden-size", "128"
    )
    assert status == 0 and out.rstrip().endswith("397,316")
    assert "attention/value/w" in out and "256 x 128" in out


@pytest.mark.slow
def test_verify_prints_shares_and_fails_where_a_program_is_not_its_task(
    monkeypatch, capsys
):
    asked = ("--nodes", "5", "--graphs", "20", "--json")
    status, out, _ = mindgap(monkeypatch, capsys, "verify", "bfs", *asked)
    found = json.loads(out)
    assert status == 0 and found["graphs"] == 40 and found["refused"] == 0
    assert found["outputs"] == found["hints"] == found["selections"] == 1
    assert found["limits"]["nodes"] == 5 and found["margin"] > 0.99
    status, out, _ = mindgap(monkeypatch, capsys, "verify", "listing_2", *asked)
    assert status == 1 and json.loads(out)["outputs"] < 1
    status, _, err = mindgap(monkeypatch, capsys, "verify", "floyd_warshall")
    assert status == 2 and "one of bfs, bellman_ford, listing_1" in err
    status, _, err = mindgap(
        monkeypatch, capsys, "verify", "bellman_ford", "--network", "clrs"
    )
    assert status == 2 and "without attention_bias" in err


@pytest.mark.slow
def test_all_programs_are_verified_one_after_the_other(monkeypatch, capsys):
    """Of two programs dm-clrs's network holds one; the other is said."""
    known = [*programs.PROGRAMS][:2]
    assert known == ["bfs", "bellman_ford"]
    # In place: a module that is first imported here keeps the dictionary it finds.
    for name in [*programs.PROGRAMS][:1:-1]:
        monkeypatch.delitem(programs.PROGRAMS, name)
    asked = ("verify", "all", "--nodes", "4", "--graphs", "5", "--json")
    status, out, _ = mindgap(monkeypatch, capsys, *asked)
    assert status == 0 and [one["program"] for one in json.loads(out)] == known
    status, out, err = mindgap(monkeypatch, capsys, *asked, "--network", "clrs")
    assert status == 0 and [one["program"] for one in json.loads(out)] == ["bfs"]
    assert "bellman_ford: no network of dm-clrs's kind holds it" in err


def test_status_has_a_line_for_every_row(monkeypatch, capsys, tmp_path):
    _, out, _ = mindgap(monkeypatch, capsys, "status", "--store", str(tmp_path))
    assert "table-1/bfs" in out and "128 (? h)" in out and "rows to eight seeds" in out
    _, out, _ = mindgap(
        monkeypatch, capsys, "status", "--json", "--store", str(tmp_path)
    )
    lines = {line["name"]: line for line in json.loads(out)}
    dfs = lines["table-1/dfs"]
    assert dfs["hours_to_least"] is None and dfs["least"] == 8
    assert dfs["wanted"] == 128 and dfs["equivalent"] == 49 and dfs["sized"] == 0
    assert (
        lines["table-13/bfs"]["first"] == 128 and lines["table-13/bfs"]["sized"] is None
    )


def test_a_table_without_results_is_strict_json(monkeypatch, capsys, tmp_path):
    _, out, _ = mindgap(
        monkeypatch, capsys, "table", "table-1", "--json", "--store", str(tmp_path)
    )
    rows = json.loads(out, parse_constant=pytest.fail)
    expected = {"name", "paper", "mean", "std", "sem", "interval", "max", "seeds"}
    assert len(rows) == 6 and expected | {"steps", "status"} <= rows[0].keys()
    assert rows[0]["mean"] is None and rows[1]["checkpoint"] == "last"
    assert [row["reading"] for row in rows] == ["primary", "sensitivity"] * 3


def test_stores_merge_into_the_last_one_named(monkeypatch, capsys, tmp_path):
    one, another, into = (tmp_path / name for name in ("one", "another", "into/new"))
    put(Store(one), 0)
    put(Store(one), 5)
    put(Store(another), 0, 1)
    asked = ("merge", str(one), str(another), str(into))
    _, out, _ = mindgap(monkeypatch, capsys, *asked)
    assert out == "t/x (abc): 3 seeds added, 0 there already\n"
    _, out, _ = mindgap(monkeypatch, capsys, *asked)
    assert out == "t/x (abc): 0 seeds added, 3 there already\n"


def test_a_row_that_grew_by_merging_keeps_its_best_network(
    monkeypatch, capsys, tmp_path
):
    row = paper.EXPERIMENTS["table-13/bfs"]
    one, into = tmp_path / "one", tmp_path / "into"
    Store(one).put(row.recorded, row.digest, [0], rows(0), {"steps": 7})
    kept = []
    monkeypatch.setattr(learned, "keep", lambda *given: kept.append(given))
    for _ in range(2):  # the second time there is nothing new
        mindgap(monkeypatch, capsys, "merge", str(one), str(into))
    ((found, store),) = kept
    assert found is row and store.folder == into


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["run", "table-99"],
            "no experiment 'table-99': `all`, one of table-1, table-2",
        ),
        (["run", "table-1", "--seeds", "4:2"], "--seeds '4:2' is neither first:end"),
        (["run", "table-1", "--steps", "0"], "steps is 0"),
        (["run", "all", "--time-limit", "25"], "--time-limit '25' is not a duration"),
        (["run", "all", "--time-limit", "m"], "as in 90s, 25m or 1h30m"),
        (
            ["run", "all", "--time-limit", "1m", "--seeds", "3"],
            "--seeds cannot be combined with --time-limit",
        ),
        (["run", "table-1/bfs", "--again"], "seeds [0] are not recorded"),
        (["sizes", "table-13/bfs"], "table-13/bfs is not scored by size"),
        (["sizes", "table-1"], "is several rows"),
        (["sizes", "table-2", "--figure", "a.svg"], "only table-1 can be drawn"),
        (
            ["export", "bsf"],
            "neither a row (table-1/bfs) nor one of the prog",
        ),
        (
            ["export", "table-1/bfs", "--store", "nowhere"],
            "no learned network in nowhere",
        ),
        (["params", "--task", "dsf"], "no task 'dsf': one of bfs"),
        (["params", "--hidden-size", "5", "--heads", "2"], "must divide hidden_size"),
        (["book", "run", "-p", "seeds"], "-p 'seeds' is not of the form name=value"),
        (["book", "run", "99"], "no chapter '99'"),
        (["merge", "results"], "merge needs two stores at least, got 1"),
        (["merge", "nowhere", "results"], "nowhere has no records to merge"),
    ],
)
def test_a_mistake_is_one_clear_line(monkeypatch, capsys, tmp_path, arguments, message):
    if arguments[0] in ("run", "sizes"):
        arguments = [*arguments, "--store", str(tmp_path)]
    status, _, err = mindgap(monkeypatch, capsys, *arguments)
    assert status == 2 and message in err and "Traceback" not in err


def test_a_dry_run_says_what_is_missing_and_trains_nothing(
    monkeypatch, capsys, tmp_path
):
    _, out, _ = mindgap(
        monkeypatch, capsys, "run", "table-1", "--dry", "--store", str(tmp_path)
    )
    for name in ("bfs", "bellman-ford", "dfs"):
        assert f"table-1/{name}: 0 of 8 seeds recorded" in out
    assert not list(tmp_path.iterdir())


def test_import_is_quick_to_load_and_leaves_the_heavy_libraries_alone():
    script = (
        "import sys, mindgap\n"
        "heavy = {'tensorflow', 'clrs', 'scipy', 'pandas', 'matplotlib', 'dask'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
        "mindgap.tasks, mindgap.ModelConfig, mindgap.apply, mindgap.make_train\n"
        "print(sorted({'tensorflow', 'clrs', 'matplotlib'} & set(sys.modules)))\n"
        "assert all(getattr(mindgap, name) is not None for name in mindgap.__all__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["[]", "[]"]


def test_progress_is_said_on_standard_error_beside_json(capsys, monkeypatch):
    arguments = ["verify", "bfs", "--nodes", "4", "--graphs", "5", "--json"]
    monkeypatch.setattr(sys, "argv", ["mindgap", *arguments])
    cli.main()
    shown = capsys.readouterr()
    assert json.loads(shown.out)["graphs"] == 10
    assert shown.err.splitlines() == [
        f"bfs: 5 graphs of 4 nodes, {kind} positions" for kind in ("linear", "random")
    ]
