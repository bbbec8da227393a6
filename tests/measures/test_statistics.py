"""Statistics against hand values and coverage."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from mindgap.measures import statistics


def test_hand_values():
    found = statistics.describe([90.0, 92.0, 97.0])
    assert found.mean == 93 and found.max == 97 and found.min == 90 and found.seeds == 3
    assert_allclose(found.std, math.sqrt(13))  # n - 1, not n
    assert_allclose(found.sem, math.sqrt(13 / 3))
    # Student's t with 2 degrees of freedom: 4.3027
    half = 4.302653 * math.sqrt(13 / 3)
    assert_allclose(found.interval, (93 - half, 93 + half), rtol=1e-5)


def test_one_seed_has_no_spread_and_equal_seeds_have_none():
    alone = statistics.describe([5.0])
    assert math.isnan(alone.std) and math.isnan(alone.interval[0])
    for count in (3, 30):
        same = statistics.describe([7.0] * count)
        assert same.std == 0 and same.interval == (7, 7)


def test_a_spread_is_written_only_where_there_is_one():
    one, two = statistics.describe([93.125]), statistics.describe([0.0, 2.0])
    assert statistics.spread(one.mean, one.std) == "93.12"
    assert statistics.spread(two.mean, two.std) == "1.00 ± 1.41"
    assert statistics.spread(np.nan, np.nan) == "–"


def test_the_interval_stays_within_possible_scores():
    assert statistics.describe([99.0, 100.0], (0.0, 100.0)).interval[1] == 100


@pytest.mark.parametrize("seeds", [5, 25])
def test_intervals_cover_the_mean_about_95_times_in_100(seeds):
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(100):
        low, high = statistics.describe(rng.normal(3, 1, seeds)).interval
        hits += low <= 3 <= high
    assert 88 <= hits <= 100


@pytest.mark.parametrize("scores", [[], [1.0, math.nan], [math.inf]])
def test_scores_that_mean_nothing_are_refused(scores):
    with pytest.raises(ValueError):
        statistics.describe(np.array(scores))


def test_a_side_needs_a_spread_or_is_a_number():
    one = statistics.side([9.0, 11.0])
    assert one.mean == 10 and one.count == 2 and one.variance == pytest.approx(1)
    assert statistics.side(5.0).variance == 0
    with pytest.raises(ValueError, match="at least two scores, got 1"):
        statistics.side([5.0])


def test_a_difference_without_any_error_is_what_it_is():
    same = statistics.difference([statistics.side([7.0, 7.0])], [statistics.side(7.0)])
    assert same.interval() == (0, 0) and same.p == 1 and same.within(0.1)
    other = statistics.difference([statistics.side([7.0, 7.0])], [statistics.side(6.0)])
    assert other.interval() == (1, 1) and other.p == 0 and not other.within(1.0)


def test_sums_and_differences_of_several_rows():
    rng = np.random.default_rng(0)
    four = [statistics.side(rng.normal(10 * k, 2, 9)) for k in range(4)]
    found = statistics.difference(four[:2], four[2:])
    means = [s.mean for s in four]
    assert found.value == pytest.approx(means[0] + means[1] - means[2] - means[3])
    assert found.error**2 == pytest.approx(sum(s.std**2 / 9 for s in four))
    assert 8 < found.df <= 32


def test_holms_correction_by_hand():
    assert statistics.adjusted([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert statistics.adjusted([]) == []


def test_a_share_has_the_exact_interval():
    found = statistics.share(np.array([True] * 5 + [False] * 123))
    low, high = stats.beta.ppf([0.025, 0.975], [5, 6], [124, 123])
    assert found.value == pytest.approx(100 * 5 / 128) and found.seeds == (128,)
    assert found.interval == pytest.approx((100 * low, 100 * high))
    none = statistics.share([False] * 20)
    assert none.interval[0] == 0 and none.interval[1] > 10


@pytest.mark.parametrize("heavy", [False, True])
@pytest.mark.parametrize("count", [8, 40])
def test_the_interval_of_a_standard_deviation_holds_it(count, heavy):
    rng, hits = np.random.default_rng(2), 0
    for _ in range(400):
        drawn = rng.standard_t(6, count) if heavy else rng.normal(0, 3, count)
        low, high = statistics.spread_interval(drawn)
        hits += low <= (6 / 4) ** 0.5 <= high if heavy else low <= 3 <= high
    assert hits / 400 >= 0.9 - 0.02 * heavy
    assert statistics.spread_interval(np.full(9, 4.0)) == (0, 0)
    with pytest.raises(ValueError, match="at least five scores, got 4"):
        statistics.spread_interval(drawn[:4])


def test_the_difference_of_spreads_has_both_intervals_in_it():
    rng = np.random.default_rng(3)
    one, other = rng.normal(0, 9, 30), rng.normal(0, 2, 30)
    low, high = statistics.spread_difference(one, other)
    assert 3 < low < one.std(ddof=1) - other.std(ddof=1) < high < 14


@settings(max_examples=20)
@given(st.integers(0, 2**31 - 1), st.integers(4, 40))
def test_a_rank_correlation_is_scipys_and_its_interval_holds_it(seed, count):
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 20, count).astype(float)  # with ties
    second = first + rng.normal(0, 5, count)
    found = statistics.rank_correlation(first, second)
    expected = stats.spearmanr(first, second).statistic
    if np.isnan(expected):
        assert np.isnan(found.value)
        return
    assert found.value == pytest.approx(expected)
    assert found.seeds == count
    assert -1 <= found.interval[0] <= found.interval[1] <= 1 + 1e-12


def test_a_rank_correlation_tells_order_from_none():
    rng = np.random.default_rng(1)
    scores = rng.normal(size=60)
    assert statistics.rank_correlation(scores, np.exp(scores)).value == pytest.approx(1)
    assert statistics.rank_correlation(scores, -scores).interval[1] == pytest.approx(-1)
    low, high = statistics.rank_correlation(scores, rng.normal(size=60)).interval
    assert low < 0 < high
    same = statistics.rank_correlation([1.0, 2.0, 3.0], [5.0, 5.0, 5.0])
    assert np.isnan(same.value) and same.seeds == 3
    assert np.isnan(statistics.rank_correlation([1.0, 2.0], [1.0, 2.0]).value)
    for wrong in ([1.0, 2.0], [1.0, np.nan, 2.0]):
        with pytest.raises(ValueError, match="numbers"):
            statistics.rank_correlation([1.0, 2.0, 3.0], wrong)
