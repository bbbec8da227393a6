"""The rule of the protocol: right at the stated rates, and fixed in what it names."""

import math

import numpy as np
import pytest
from scipy import stats

from mindgap.experiments.base import Reported
from mindgap.measures import statistics
from mindgap.measures.statistics import Estimate, Side
from mindgap.paper import protocol
from mindgap.paper.claims import CLAIMS
from mindgap.paper.protocol import Clause
from mindgap.paper.tables import EXPERIMENTS

PAPER = Reported(mean=80.0, std=4.0, max=90.0)  # 128 networks, margin 2 points


def judged(scores, paper=PAPER, correction=1):
    """The verdict on one row, as `verdicts` comes to it."""
    theirs = Side(paper.mean, paper.std, paper.seeds)
    found = None
    if len(scores) > 1:
        found = statistics.difference([statistics.side(scores)], [theirs])
    p = min(1.0, found.p * correction) if found else math.nan
    return protocol.judge_number(found, len(scores), protocol.margin(paper), p)


RATE = 0.05 + 2.5 * (0.05 * 0.95 / 500) ** 0.5
"""What five in a hundred may come to in 500 rounds."""


def shares(apart: float, seeds: int, rounds: int = 500, spread: float = 4.0):
    """How often each verdict is given if the true means are so far apart.

    The paper's mean is drawn anew, too: it is one sample of 128 networks.
    """
    rng = np.random.default_rng(round(1000 * (apart + 50)) + seeds)
    found = []
    for _ in range(rounds):
        mean = rng.normal(80, PAPER.std, PAPER.seeds).mean()
        paper = Reported(float(mean), PAPER.std, 100.0)
        found.append(judged(rng.normal(80 + apart, spread, seeds), paper))
    return {kind: found.count(kind) / rounds for kind in protocol.NUMBER_VERDICTS}


@pytest.mark.parametrize("seeds", [2, 3, 7])
@pytest.mark.parametrize("apart", [0, 10])
def test_few_seeds_have_no_verdict(seeds, apart):
    assert shares(apart, seeds, rounds=20)["too few seeds"] == 1


@pytest.mark.parametrize("seeds", [8, 36, 128])
def test_at_most_five_in_a_hundred_equal_rows_differ(seeds):
    assert shares(0, seeds)["differs"] <= RATE


@pytest.mark.parametrize("seeds", [8, 36, 128])
def test_at_most_five_in_a_hundred_rows_at_the_margin_are_equivalent(seeds):
    margin = protocol.margin(PAPER)
    for apart in (margin, -margin, 3):
        found = shares(apart, seeds)["equivalent"]
        assert found <= RATE


def test_true_differences_and_equal_rows_are_found_with_many_seeds():
    assert shares(10, 8)["differs"] > 0.95
    assert shares(3, 128)["differs"] > 0.95
    assert shares(0, 128)["equivalent"] > 0.95
    assert shares(1, 128)["differs"] < 0.6  # within the margin of 2: not called one
    assert shares(1, 8)["equivalent"] < 0.05


def test_the_number_that_equivalence_needs_gives_four_in_five():
    theirs = Side(PAPER.mean, PAPER.std, PAPER.seeds)
    enough = statistics.seeds_to_show(PAPER.std, theirs, protocol.margin(PAPER))
    assert enough is not None and 40 <= enough <= 55
    assert 0.74 < shares(0, enough, rounds=800)["equivalent"] < 0.86
    # against 1,024 networks nearly all of the error is ours: about 36
    assert statistics.seeds_to_show(4.0, Side(80.0, 4.0, 1024), 2.0) in range(34, 40)
    assert statistics.seeds_to_show(4.0, Side(80.0, 40.0, 128), 2.0) is None


def test_welch_and_tost_by_hand():
    """Means 83 and 80, variances of the means 16 / 8 = 2 and 16 / 128 = 0.125.

    Error sqrt(2.125); degrees of freedom 2.125^2 / (2^2 / 7 + 0.125^2 / 127) = 7.9007.
    """
    scores = 83 + 4 * np.array([-1, 1, -1, 1, -1, 1, -1, 1]) * math.sqrt(7 / 8)
    found = statistics.difference([statistics.side(scores)], [Side(80.0, 4.0, 128)])
    assert found.value == pytest.approx(3)
    assert found.error == pytest.approx(math.sqrt(2.125))
    assert found.df == pytest.approx(7.90067, abs=1e-4)
    low, high = found.interval(0.90)
    # t of 7.9 degrees of freedom: 1.8624 at 95 %
    half = 1.8624 * math.sqrt(2.125)
    assert (low, high) == (
        pytest.approx(3 - half, abs=2e-3),
        pytest.approx(3 + half, abs=2e-3),
    )
    assert not found.within(high - 0.01) and found.within(high + 0.01)


def test_welch_is_scipys_and_tost_is_statsmodels():
    from statsmodels.stats.weightstats import ttost_ind

    rng = np.random.default_rng(1)
    ours, theirs = rng.normal(80, 3, 9), rng.normal(81, 5, 40)
    found = statistics.difference([statistics.side(ours)], [statistics.side(theirs)])
    same = stats.ttest_ind(ours, theirs, equal_var=False)
    assert found.p == pytest.approx(same.pvalue)
    assert found.interval() == pytest.approx(same.confidence_interval(0.95))
    for margin in (1.0, 2.0, 4.0, 6.0):
        p, _, _ = ttost_ind(ours, theirs, -margin, margin, usevar="unequal")
        assert found.within(margin) == (p < 0.05)


def test_other_test_graphs_widen_the_error_and_do_not_move_the_mean():
    ours, theirs = Side(90.0, 2.0, 8), Side(91.0, 2.0, 128)
    graphs = Side(0.0, 8.0, 64)  # a mean over 64 graphs varies by 1
    plain = statistics.difference([ours], [theirs])
    wide = statistics.difference([ours], [theirs], [graphs, graphs])
    assert wide.value == plain.value == -1
    assert wide.error**2 == pytest.approx(plain.error**2 + 2)
    # two sets alone vary by sqrt(2) > 1: no number of seeds is enough for 1 point
    assert statistics.seeds_to_show(2.0, theirs, 1.0, [graphs, graphs]) is None


def test_holm_is_over_the_whole_family_whatever_is_recorded():
    name, other = protocol.FAMILY[:2]
    size = len(protocol.FAMILY)
    assert size == 17
    assert protocol.corrected({name: 0.001})[name] == pytest.approx(0.001 * size)
    both = protocol.corrected({name: 0.001, other: 0.002})
    assert both[other] == pytest.approx(max(0.001 * size, 0.002 * (size - 1)))
    assert protocol.corrected({}) == dict.fromkeys(protocol.FAMILY, 1.0)
    assert protocol.alone(0.001) == pytest.approx(0.001 * size)


def test_incomparable_rows_have_no_verdict():
    found = statistics.difference([Side(80.0, 4.0, 128)], [Side(80.0, 4.0, 128)])
    assert protocol.judge_number(found, 128, 2.0, 1.0, "mixed") == "not comparable"


def test_each_printed_number_has_one_primary_reading():
    keys = {}
    for name in protocol.PRIMARY:
        row = EXPERIMENTS[name]
        assert row.reported
        key = row.table, row.reported.mean, row.reported.std
        assert key not in keys, name
        keys[key] = name
    printed = {
        (e.table, e.reported.mean, e.reported.std)
        for e in EXPERIMENTS.values()
        if e.reported
    }
    assert keys.keys() == printed and len(printed) == 20
    for name in set(protocol.PRIMARY) - set(protocol.FAMILY):
        assert EXPERIMENTS[name].incomparable


def test_margins_are_half_of_the_printed_std_and_at_least_a_point():
    assert protocol.margin(Reported(94.82, 7.23, 99.71)) == 3.615
    assert protocol.margin(Reported(99.92, 0.28, 100.0)) == 1.0


ABOVE = Clause("x", "words", "above", 10.0, lambda see: Estimate(0.0, (0.0, 0.0)))


@pytest.mark.parametrize(
    ("side", "interval", "verdict"),
    [
        ("above", (11, 15), "supported"),
        ("above", (5, 9), "contradicted"),
        ("above", (9, 11), "inconclusive"),
        ("below", (11, 15), "contradicted"),
        ("below", (5, 9), "supported"),
        ("within", (-9, 9), "supported"),
        ("within", (11, 15), "contradicted"),
        ("within", (-15, -11), "contradicted"),
        ("within", (-11, 0), "inconclusive"),
        ("within", (-20, 20), "inconclusive"),
    ],
)
def test_an_interval_decides_a_clause(side, interval, verdict):
    interval = tuple(map(float, interval))
    clause = Clause("x", "words", side, 10.0, ABOVE.find)
    middle = sum(interval) / 2
    assert protocol.judge_clause(clause, Estimate(middle, interval, (8,))) == verdict
    # a side with seven networks does not count, whatever it says
    few = Estimate(middle, interval, (128, 7))
    assert protocol.judge_clause(clause, few) == "too few seeds"


def test_an_undefined_estimate_decides_nothing():
    nothing = Estimate(math.nan, (math.nan, math.nan), (128,))
    assert protocol.judge_clause(ABOVE, nothing) == "not measured"
    counted = Estimate(12.0, (12.0, 12.0))
    assert protocol.judge_clause(ABOVE, counted) == "supported"


def test_few_networks_never_favour_a_claim():
    """Of two unequal rows, of equal rows, and of the reverse: never a verdict."""
    from mindgap.paper import evidence

    rng = np.random.default_rng(0)
    for apart in (-30, 0, 30):
        left, right = rng.normal(50 + apart, 1, 7), rng.normal(50, 1, 128)
        found = protocol.judge_clause(ABOVE, evidence.minus(left, right))
        assert found == "too few seeds"


def test_equal_rows_support_a_claim_of_more_in_few_of_a_hundred():
    from mindgap.paper import evidence

    rng, found = np.random.default_rng(3), []
    for _ in range(400):
        estimate = evidence.minus(rng.normal(50, 4, 8), rng.normal(50, 9, 30))
        found.append(protocol.judge_clause(
            Clause("x", "words", "above", 0, ABOVE.find), estimate
        ))  # fmt: skip
    for kind in ("supported", "contradicted"):
        assert found.count(kind) / 400 <= 0.05


def test_the_protocol_is_what_its_last_change_says():
    """A change of a reading, a first new seed or a clause needs a line about it."""
    date, digest, what = protocol.CHANGES[-1]
    assert digest == protocol.digest() and date >= protocol.COMMITTED and what


def test_a_spread_at_its_threshold_is_decided_in_few_of_a_hundred():
    from mindgap.paper import evidence

    rng = np.random.default_rng(5)
    for seeds in (8, 36):
        found = []
        for _ in range(500):
            estimate = evidence.spread(rng.normal(50, 10.0, seeds))
            found.append(protocol.judge_clause(ABOVE, estimate))
        for kind in ("supported", "contradicted"):
            assert found.count(kind) / 500 <= RATE, (seeds, kind)
    found = []
    zero = Clause("x", "words", "above", 0, ABOVE.find)
    for _ in range(500):
        estimate = evidence.spread(rng.normal(0, 3, 8), rng.normal(9, 3, 36))
        found.append(protocol.judge_clause(zero, estimate))
    assert max(map(found.count, ("supported", "contradicted"))) / 500 <= RATE


def test_every_claim_has_clauses_with_the_papers_words():
    assert protocol.CLAUSES.keys() == CLAIMS.keys()
    for clauses in protocol.CLAUSES.values():
        for clause in clauses:
            assert clause.quote and clause.says and math.isfinite(clause.threshold)
        assert len({clause.says for clause in clauses}) == len(clauses)


def test_new_seeds_are_named_for_rows_that_exist_and_are_cheap():
    assert protocol.FIRST_NEW.keys() <= EXPERIMENTS.keys()
    for name in protocol.FIRST_NEW:
        row = EXPERIMENTS[name]
        assert not row.same_as
        cheap = ("bfs", "bfs_sequential", "bellman_ford")
        assert row.task.name in cheap or row.train.steps == 2000
