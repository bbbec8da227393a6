"""Each printed number has its row, and the totals are what README says."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mindgap import pages, report, scoreboard
from mindgap.experiments import EXPERIMENTS, find
from mindgap.experiments.discrepancies import DISCREPANCIES
from mindgap.store import Store

ROOT = Path(__file__).parents[1]


def number(name: str, status: str, seeds: int = 8, mean: float = 50.0):
    (experiment,) = find(name)
    row = report.Row(
        name, "paper", mean, 2.0, 2 / seeds**0.5, (mean - 1, mean + 1), mean + 3,
        seeds, 10_000, status, "why" * (status == "not comparable"),
    )  # fmt: skip
    return scoreboard.Number(experiment, row)


def test_every_printed_number_has_a_row(tmp_path):
    found = scoreboard.numbers(Store(tmp_path))
    assert [n.experiment for n in found] == [
        e for e in EXPERIMENTS.values() if e.reported
    ]
    assert len(scoreboard.printed(found)) == 20  # 3 + 2 + 3 + 2 + 2 + 2 + 4 + 2
    assert {n.status for n in found} == {"not comparable"}
    tables = {n.experiment.table for n in found}
    assert tables == scoreboard.CHAPTERS.keys()
    assert sum(len(scoreboard.table(found, t)) for t in tables) == len(found)


def test_a_printed_number_is_as_good_as_its_best_reading():
    one = number("table-11/bias", "differs")
    other = number("table-11/bias-pairwise", "agrees")
    alone = number("table-12/both", "not comparable")
    found = scoreboard.printed([one, other, alone])
    assert sorted(found.values()) == ["agrees", "not comparable"]
    assert scoreboard.printed([other, one]) == scoreboard.printed([one, other])


def test_seeds_that_are_lacking_are_told_with_the_command():
    few = number("table-13/bfs", "differs", seeds=128)
    assert few.told == "differs; 896 seeds below the paper's"
    assert few.command == "mindgap run table-13/bfs --seeds 0:1024"
    full = number("table-13/bfs", "not comparable", seeds=2000)
    assert full.short == 0 and full.told == "not comparable: why"
    why = scoreboard.reasons([few, full])
    assert why.to_dict("records") == [{"rows": "table-13/bfs", "why": "why"}]
    table = scoreboard.table([few, full], "table-13")
    assert table.status.tolist() == ["differs", "not comparable"]
    assert table.seeds.tolist() == ["128 of 1024", "2000 of 2000"]


def test_totals_count_and_the_sentence_says_them():
    found = [number("table-11/bias", "differs"), number("table-12/both", "agrees")]
    totals = scoreboard.totals(found, [])
    assert totals.readings == {"agrees": 1, "differs": 1, "not comparable": 0}
    assert totals.discrepancies == 36 and totals.full == 0
    claims = {"supported": 5, "mixed": 3, "contradicted": 2, "undecided": 1}
    said = scoreboard.sentence(dataclasses.replace(totals, claims=claims))
    assert said.startswith("Of the 2 results") and "1 agree with ours" in said
    assert "11 claims, 5 are supported and 3 hold in part" in said
    assert "contradicted: 2, undecided: 1. In 36 places" in said


def test_a_difference_and_its_error():
    one = number("table-3/bfs", "differs", seeds=4, mean=95.74)
    found = scoreboard.differences([one]).iloc[0]
    assert math.isclose(found.by, -3.0, abs_tol=1e-9)
    error = 2 * np.hypot(0.98 / 128**0.5, 1.0)
    assert math.isclose(found.error, error)
    assert isinstance(report.ages(Store("nowhere")), pd.DataFrame)


def test_discrepancies_are_numbered_and_told_in_chapters():
    assert [d.number for d in DISCREPANCIES] == list(range(1, 37))
    stems = {path.stem for path in (ROOT / "book").glob("*.py")}
    assert {d.chapter for d in DISCREPANCIES} <= stems - {"scoreboard"}
    assert {*scoreboard.CHAPTERS.values()} <= stems
    for d in DISCREPANCIES:
        assert d.paper.endswith(".") and d.here.endswith(".")


def test_the_line_of_totals_is_found_in_a_page():
    page = f"# T\n{scoreboard.START}\nOf the\n20 results\n{scoreboard.END}\nmore"
    assert scoreboard.shown(page) == "Of the 20 results"
    assert scoreboard.shown("nothing") is None


@pytest.mark.slow
def test_pages_show_the_totals_as_they_are():
    files = [ROOT / "README.md", ROOT / "book" / "intro.md"]
    lines = [scoreboard.shown(path.read_text()) for path in files]
    if not any(lines):
        pytest.skip("no page shows the totals")
    said = scoreboard.sentence(scoreboard.compute(Store(ROOT / "book" / "results")))
    assert {line for line in lines if line} == {said}


def test_chapters_become_links_where_they_are_pages():
    table = pd.DataFrame({"says": ["a < b", 60 * "c"], "chapter": ["01_one", "02_two"]})
    html = pages.linked(table, pages={"01_one"})._repr_html_()
    assert '<a href="01_one.html">01 one</a>' in html and "a &lt; b" in html
    assert 60 * "c" in html  # nothing is cut
    assert "02_two.html" not in html and "02_two" in html


def test_a_note_is_text():
    assert pages.note("Of **two**.")._repr_markdown_() == "Of **two**."


def test_seeds_are_told_as_spans():
    assert report.spans([0, 1, 2, 5, 8, 7]) == "0 to 2, 5, 7 to 8"
    assert report.spans([]) == ""
