"""Each printed number has its readings, and the totals are what README says."""

import dataclasses
import math
from pathlib import Path

import pandas as pd
import pytest

from mindgap.book import pages
from mindgap.measures.statistics import Difference
from mindgap.paper import protocol, report, scoreboard, summary, verdicts
from mindgap.paper.discrepancies import DISCREPANCIES
from mindgap.paper.tables import find
from mindgap.store import Store

ROOT = Path(__file__).parents[2]


def number(name, verdict, reading="primary", checkpoint="best", seeds=8, off=1.0):
    (experiment,) = find(name)
    row = report.Row(
        name, checkpoint, "paper", 50.0, 2.0, 0.7, (49.0, 51.0), 53.0, seeds, 10_000
    )
    return verdicts.Number(
        experiment, row, reading, seeds, False, Difference(off, 0.5, 20.0), 1.0, 0.01,
        verdict, None, 49,
    )  # fmt: skip


def test_every_printed_number_has_one_primary_reading(tmp_path):
    found = verdicts.numbers(verdicts.judge_of(Store(tmp_path)))
    primary = [n for n in found if n.reading == "primary"]
    assert len(primary) == len({n.key for n in primary}) == 20
    assert {n.key for n in found} == {n.key for n in primary}
    tables = {n.experiment.table for n in found}
    assert tables == scoreboard.CHAPTERS.keys()
    assert sum(len(scoreboard.table(found, t)) for t in tables) == len(found)
    for key in {n.key for n in found}:
        assert next(n for n in found if n.key == key).reading == "primary"


def test_totals_count_primary_readings_only():
    found = [
        number("table-11/bias", "differs"),
        number("table-11/bias-pairwise", "equivalent", "sensitivity"),
        number("table-12/both", "inconclusive"),
        number("table-12/both", "differs", "sensitivity", "last"),
        number("table-3/bfs", "equivalent"),
        number("table-3/bfs", "equivalent", "sensitivity", "last"),
    ]
    totals = scoreboard.totals(found, [])
    assert sum(totals.printed.values()) == 3
    assert totals.printed["equivalent"] == totals.printed["differs"] == 1
    assert totals.sensitive == 1 and totals.discrepancies == 36


def test_the_sentence_says_the_totals():
    totals = scoreboard.totals([number("table-3/bfs", "equivalent")], [])
    claims = dict.fromkeys(protocol.CLAIM_VERDICTS, 0) | {"supported": 5}
    said = scoreboard.sentence(dataclasses.replace(totals, claims=claims))
    assert said.startswith("The paper's tables print 1 results.")
    assert "settings, 1 is equivalent, 0 differ, 0 are inconclusive, 0 have too" in said
    assert "would make a further result equivalent" in said
    assert "Of its 5 claims, 5 are supported by their main clause" in said
    assert "In 36 places" in said


def test_a_command_continues_to_the_seeds_that_a_verdict_needs():
    few = number("table-3/bfs", "too few seeds")
    assert scoreboard.command(few) == "mindgap run table-3/bfs --seeds 16:65"
    dear = dataclasses.replace(number("table-1/dfs", "inconclusive"), wanted=None)
    assert scoreboard.command(dear) == "mindgap run table-1/dfs --seeds 0:8"


def test_a_difference_has_the_half_of_its_interval():
    one = number("table-3/bfs", "differs", off=-3.0)
    found = scoreboard.differences([one]).iloc[0]
    assert found.by == -3.0 and math.isclose(found.error, 2.086 * 0.5, rel_tol=1e-3)
    alone = dataclasses.replace(one, difference=None)
    assert scoreboard.differences([alone]).empty
    assert isinstance(report.ages(Store("nowhere")), pd.DataFrame)


def test_why_rows_have_no_comparison_is_said_once():
    mixed = dataclasses.replace(number("table-1/bfs", "not comparable"))
    never = dataclasses.replace(number("table-12/both", "differs"), wanted=None)
    why = scoreboard.reasons([mixed, mixed, never])
    assert why.rows.tolist() == ["table-1/bfs", "table-12/both"]
    assert "mixes runs" in why.why[0] and "no number of seeds" in why.why[1]


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


@pytest.mark.slow
def test_the_first_page_shows_the_records(monkeypatch):
    """But for the line of the compiled networks, which takes long to compute."""
    monkeypatch.setattr(summary, "_compiled", lambda row: "?")
    made = summary.markdown(summary.table(Store(ROOT / "book" / "results")))
    page = (ROOT / "book" / "intro.md").read_text().splitlines()
    lines = [line for line in made.splitlines() if "?" not in line]
    assert len(lines) > 8 and not set(lines) - set(page)


def test_a_page_without_marks_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no marks for the table of results"):
        summary.publish("# T\n", Store(tmp_path), tmp_path)


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
