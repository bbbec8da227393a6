"""A mixture is found again, and one that is none is not."""

import numpy as np
import pytest

from mindgap.experiments.base import Reported
from mindgap.paper.mixture import mixture


def rows(seed, count=40):
    rng = np.random.default_rng(seed)
    return rng.normal(95, 1.2, count), rng.normal(80, 4, count)


def printed(share, seed, spread=1.0):
    """What a paper would print of 128 networks, a share of them regularised."""
    rng = np.random.default_rng(seed)
    few = rng.random(128) < share
    drawn = np.where(few, rng.normal(80, 4, 128), rng.normal(95, 1.2, 128))
    return Reported(
        float(drawn.mean()), float(spread * drawn.std(ddof=1)), float(drawn.max())
    )


@pytest.mark.parametrize(
    "share",
    [
        pytest.param(share, marks=[pytest.mark.large] * (share != 0.25))
        for share in (0.1, 0.25, 0.5)
    ],
)
def test_a_true_mixture_is_explained_and_its_share_found(share):
    hits, within = 0, 0
    for seed in range(8):
        paper = printed(share, 100 + seed)
        found = mixture(*rows(seed), paper)
        hits += found.explains(paper) != "not explained"
        low, high = found.share_interval
        within += low <= share <= high
    assert hits >= 5 and within >= 6


def test_another_spread_is_not_explained():
    for spread in (0.3, 2.5):
        paper = printed(0.25, 1, spread)
        assert mixture(*rows(0), paper).explains(paper) == "not explained"


def test_a_mean_beyond_both_rows_has_no_share():
    found = mixture(*rows(0), Reported(99.9, 0.05, 100.0))
    assert np.isnan(found.share)
    assert found.explains(Reported(99.9, 0.05, 100.0)) == "inconclusive"


def test_few_networks_conclude_nothing():
    paper = printed(0.25, 1)
    plain, regularised = rows(0)
    assert mixture(plain, regularised[:7], paper).explains(paper) == "too few seeds"
    with pytest.raises(ValueError, match="got 40 and 1"):
        mixture(plain, regularised[:1], paper)


def test_few_networks_do_not_favour_the_explanation():
    """A mixture of rows that spread far less than what is printed is no explanation."""
    paper, kinds = Reported(94.82, 7.23, 99.71), []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        plain, other = rng.normal(98, 1.2, 8), rng.normal(85, 4, 8)
        kinds.append(mixture(plain, other, paper).explains(paper))
    assert "explained" not in kinds
