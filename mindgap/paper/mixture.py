"""Whether a mixture of two rows explains a printed mean, spread and maximum (§3).

The paper's rows of BFS and Bellman-Ford mix runs with and without regularisation, in
shares that the paper does not give. Assume that a share of its networks is distributed
like the regularised networks here and the rest like the networks without
regularisation. Then the printed mean fixes the share, and the share predicts the
standard deviation and the maximum. Both predictions are compared with the printed
numbers, with the uncertainty of the networks here and of the paper's own sample.
"""

import dataclasses
import math
from typing import Literal

import numpy as np
from jaxtyping import Float

from mindgap.experiments.base import Reported

RESAMPLES = 4_000
Answer = Literal["explained", "not explained", "inconclusive", "too few seeds"]
STD_MARGIN, MAX_MARGIN, VALID = 0.25, 2.0, 0.95
LEAST = 8
"""Least number of networks of each kind for a conclusion."""


@dataclasses.dataclass(frozen=True)
class Mixture:
    """The mixture that has the printed mean; its predictions have 95 % intervals."""

    share: float
    """Share of regularised networks, in [0, 1]; NaN if the printed mean is not between
    the means of both rows."""
    share_interval: tuple[float, float]
    std: float
    """Predicted standard deviation: the median over resamples."""
    std_interval: tuple[float, float]
    """Interval of the standard deviation of a sample as large as the paper's."""
    max_interval: tuple[float, float]
    """Interval of the maximum of such a sample."""
    networks: tuple[int, int]
    """Numbers of networks without and with regularisation."""
    valid: float
    """Share of resamples in which the printed mean lies between both rows."""

    def explains(self, reported: Reported) -> Answer:
        """Whether the mixture predicts the printed spread and maximum.

        The margins are a quarter of the printed standard deviation, and two points of
        the printed maximum. The answer is `explained` if both intervals lie within
        their margins, `not explained` if one lies entirely outside its margin, and
        `inconclusive` otherwise. It is `inconclusive`, too, if `share` is NaN or if
        fewer than 95 % of the resamples are valid, and `too few seeds` with fewer than
        eight networks of either kind.
        """
        if min(self.networks) < LEAST:
            return "too few seeds"
        if math.isnan(self.share) or self.valid < VALID:
            return "inconclusive"
        sides = (
            (self.std_interval, reported.std, STD_MARGIN * reported.std),
            (self.max_interval, reported.max, MAX_MARGIN),
        )
        errors = [
            (low - printed, high - printed, margin)
            for (low, high), printed, margin in sides
        ]
        if any(low > margin or high < -margin for low, high, margin in errors):
            return "not explained"
        inside = all(-margin <= low and high <= margin for low, high, margin in errors)
        return "explained" if inside else "inconclusive"


def mixture(
    plain: Float[np.ndarray, "seeds"],
    regularised: Float[np.ndarray, "others"],
    reported: Reported,
) -> Mixture:
    """The mixture of two rows, in percent, that has the printed mean.

    Each resample draws both rows with replacement, draws the printed mean from a normal
    distribution with the paper's standard error, and computes the share from these
    means. It then draws as many networks as the paper has from kernel estimates of both
    rows' distributions, cut off at 0 and 100. Raises ValueError for fewer than two
    networks of either kind.
    """
    if min(len(plain), len(regularised)) < 2:
        raise ValueError(
            f"needs two networks of each kind, got {len(plain)} and {len(regularised)}"
        )
    rng = np.random.default_rng(0)
    printed = reported.mean
    error = reported.std / reported.seeds**0.5
    point = _share(plain.mean(), regularised.mean(), printed)
    shares, stds, maxima = [], [], []
    for _ in range(RESAMPLES):
        one, other = (
            rng.choice(plain, len(plain)),
            rng.choice(regularised, len(regularised)),
        )
        share = _share(one.mean(), other.mean(), rng.normal(printed, error))
        if math.isnan(share):
            continue
        drawn = np.where(
            rng.random(reported.seeds) < share,
            _like(rng, other, reported.seeds),
            _like(rng, one, reported.seeds),
        )
        shares.append(share)
        stds.append(drawn.std(ddof=1))
        maxima.append(drawn.max())
    return Mixture(
        point,
        _interval(shares),
        float(np.median(stds)) if stds else math.nan,
        _interval(stds),
        _interval(maxima),
        (len(plain), len(regularised)),
        len(shares) / RESAMPLES,
    )


def _share(plain: float, regularised: float, printed: float) -> float:
    """The share of regularised networks at which the mixture has the printed mean.

    NaN if that mean is not between the others, or if both others are the same.
    """
    if plain == regularised:
        return math.nan
    share = (plain - printed) / (plain - regularised)
    return float(share) if 0 <= share <= 1 else math.nan


def _like(
    rng: np.random.Generator, scores: np.ndarray, count: int
) -> Float[np.ndarray, "count"]:
    """Scores of new networks, drawn from a kernel estimate of the scores' distribution.

    The kernel is normal, of width std / n^(1/5). Draws are shrunk towards the mean, so
    that they have the scores' standard deviation, and are cut off at 0 and 100.
    """
    width = len(scores) ** -0.2
    std, mean = scores.std(ddof=1), scores.mean()
    drawn = rng.choice(scores, count) - mean + rng.normal(0, width * std, count)
    return np.clip(mean + drawn / (1 + width**2) ** 0.5, 0, 100)


def _interval(values: list[float]) -> tuple[float, float]:
    """The middle 95 % of some values; NaN without any."""
    if not values:
        return math.nan, math.nan
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)
