"""A claim's verdict follows from its statements, and each claim has some."""

import math
from pathlib import Path

import numpy as np
import pytest

from mindgap import verdicts
from mindgap.evidence import Evidence, Statement, more, plain
from mindgap.experiments import CLAIMS, find
from mindgap.statements import JUDGES
from mindgap.store import Store

ROOT = Path(__file__).parents[1]
YES, NO = plain("yes", 2, 1), plain("no", 1, 2)
CLOSE = more("close", np.array([1.0, 3.0]), np.array([1.5, 3.5]))
LOST = more("lost", np.array([]), np.array([1.0, 2.0]))
BESIDE = plain("beside", 1, 2, decides=False)


def test_a_difference_counts_beyond_twice_its_standard_error():
    left, right = np.array([5.0, 7.0]), np.array([1.0, 3.0])
    found = more("", left, right, by=1)
    assert (found.left, found.right) == (6.0, 3.0) and found.seeds == (2, 2)
    assert math.isclose(found.error, 2 * (2 / 2 + 2 / 2) ** 0.5)
    assert found.holds is True
    assert more("", left, right, by=2).holds is None  # the gap is 2, the error 2.8
    assert more("", left, right, by=7).holds is False


def test_one_seed_is_taken_to_spread_as_the_other_side_does():
    many = np.array([1.0, 3.0])
    found = more("", np.array([9.0]), many)
    assert math.isclose(found.error, 2 * (2 + 2 / 2) ** 0.5) and found.holds
    assert more("", np.array([9.0]), np.array([1.0])).answer == "one seed each"
    assert math.isclose(more("", many, 0.0).error, 2)  # a threshold has no spread
    assert more("", many, 0.0).seeds == (2,)


@pytest.mark.parametrize(
    ("statements", "kind"),
    [
        ([YES, YES], "supported"),
        ([YES, BESIDE], "supported"),
        ([NO, NO], "contradicted"),
        ([NO, CLOSE], "contradicted"),
        ([YES, NO], "mixed"),
        ([YES, CLOSE], "mixed"),
        ([YES, NO, LOST], "mixed"),
        ([CLOSE], "undecided"),
        ([YES, LOST], "undecided"),
        ([NO, LOST], "undecided"),
        ([BESIDE], "undecided"),
        ([], "undecided"),
    ],
)
def test_verdict(statements: list[Statement], kind: str):
    assert verdicts.kind(statements) == kind


def test_the_reason_is_made_of_what_speaks_against():
    assert verdicts.reason([YES, NO]) == "1 of 2 hold; no: no (1.00 against 2.00)"
    assert verdicts.reason([YES, LOST]) == "1 of 2 hold; lost: not recorded (–)"
    assert verdicts.reason([YES]) == "1 of 1 hold; yes: yes (2.00 against 1.00)"
    assert verdicts.sides(CLOSE) == "2.00 against 2.50 ± 2.83"


def test_every_claim_is_judged_and_told_in_a_chapter():
    assert list(CLAIMS) == list(verdicts.CHAPTERS) and CLAIMS.keys() == JUDGES.keys()
    assert verdicts.CAVEATS.keys() <= CLAIMS.keys()
    stems = {path.stem for path in (ROOT / "book").glob("*.py")}
    assert {*verdicts.CHAPTERS.values()} <= stems


def test_without_results_what_rests_on_them_is_undecided(tmp_path):
    """Certificates of compiled weights need no results."""
    see = Evidence(Store(tmp_path))
    free = {"expressible", "five-hundred-parameters"}
    for name in set(CLAIMS) - free - {"expressible-dfs"}:
        found = verdicts.judge(name, see)
        assert found.kind == "undecided", name
        assert "nan" not in found.reason


@pytest.mark.slow
def test_compiling_is_exact_but_for_ties(tmp_path):
    found = verdicts.judge("expressible", Evidence(Store(tmp_path)))
    assert [s.holds for s in found.statements] == [True, True, False]


def test_statements_follow_the_results(monkeypatch):
    """BFS far above DFS supports the claim, the reverse contradicts it."""
    high, low = np.array([98.0, 99.0]), np.array([9.0, 10.0])
    see = Evidence(Store("nowhere"))
    monkeypatch.setattr(see, "rule", lambda task: 33.0)
    for bfs, dfs, kind in ((high, low, "supported"), (low, high, "contradicted")):
        scores = {"table-1/bfs": bfs, "table-1/dfs": dfs}
        monkeypatch.setattr(see, "scores", lambda name, *_, told=scores: told[name])
        assert verdicts.kind(JUDGES["bfs-not-dfs"](see)) == kind
    monkeypatch.setattr(
        see, "scores", lambda name, *_: high - (20 if "without-edge" in name else 0)
    )
    assert verdicts.kind(JUDGES["decoders-compute"](see)) == "supported"
    monkeypatch.setattr(see, "scores", lambda *_: high)
    assert verdicts.kind(JUDGES["decoders-compute"](see)) == "contradicted"


def test_tables_of_verdicts():
    claim = CLAIMS["edge-information"]
    one = verdicts.Verdict(claim, "mixed", "1 of 2 hold", (YES, BESIDE), "09_ablations")
    table = verdicts.table([one])
    assert table.verdict.tolist() == ["mixed"] and "C.1" in table.claim[0]
    detail = verdicts.detail([one])
    assert detail.holds.tolist() == ["yes", "no"]
    assert detail.decides.tolist() == ["yes", "beside"]
    assert find("table-10")
