"""Whether a mixture of two rows explains a printed mean, spread and maximum (§3).

The paper says that its rows of BFS and Bellman-Ford mix runs with and without
regularisation, and not in which shares. If a share of its networks were like our
regularised ones and the others like ours without, then the printed mean fixes the
share, and the share predicts the standard deviation and the maximum. Both are held
against the printed ones, with the uncertainty of our networks and of the paper's own
sample.
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
"""Networks of each kind without which nothing is concluded."""


@dataclasses.dataclass(frozen=True)
class Mixture:
    """What a mixture with the printed mean would look like, with 95 % intervals."""

    share: float
    """Of regularised networks, in [0, 1]; NaN if the mean lies beyond both rows."""
    share_interval: tuple[float, float]
    std: float
    std_interval: tuple[float, float]
    """Of the standard deviation of a sample as large as the paper's."""
    max_interval: tuple[float, float]
    """Of the maximum of such a sample."""
    networks: tuple[int, int]
    valid: float
    """Share of resamples in which the printed mean lies between both rows."""

    def explains(self, reported: Reported) -> Answer:
        """Whether the mixture has the printed spread and maximum.

        `explained` if both intervals lie within the margins of what is printed, a
        quarter of the standard deviation and two points of the maximum; `not explained`
        if one lies wholly beyond; else `inconclusive`, and with fewer than eight
        networks of either kind `too few seeds`.
        """
        if min(self.networks) < LEAST:
            return "too few seeds"
        if math.isnan(self.share) or self.valid < VALID:
            return "inconclusive"
        sides = (
            (self.std_interval, reported.std, STD_MARGIN * reported.std),
            (self.max_interval, reported.max, MAX_MARGIN),
        )
        off = [(low - at, high - at, room) for (low, high), at, room in sides]
        if any(low > room or high < -room for low, high, room in off):
            return "not explained"
        inside = all(-room <= low and high <= room for low, high, room in off)
        return "explained" if inside else "inconclusive"


def mixture(
    plain: Float[np.ndarray, "seeds"],
    regularised: Float[np.ndarray, "others"],
    reported: Reported,
) -> Mixture:
    """The mixture of two rows, in percent, that has the printed mean.

    Each resample draws both rows anew, finds the share from the mean (drawn anew with
    the paper's own standard error), and then draws as many networks as the paper has,
    each like a network of ours with a normal error of the kernel's width, cut off at
    100. Raises ValueError for fewer than two networks of either kind.
    """
    if min(len(plain), len(regularised)) < 2:
        raise ValueError(
            f"needs two networks of each kind, got {len(plain)} and {len(regularised)}"
        )
    rng = np.random.default_rng(0)
    printed = reported.mean
    error = reported.std / reported.seeds**0.5
    whole = _share(plain.mean(), regularised.mean(), printed)
    shares, spreads, largest = [], [], []
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
        spreads.append(drawn.std(ddof=1))
        largest.append(drawn.max())
    return Mixture(
        whole,
        _interval(shares),
        float(np.median(spreads)) if spreads else math.nan,
        _interval(spreads),
        _interval(largest),
        (len(plain), len(regularised)),
        len(shares) / RESAMPLES,
    )


def _share(plain: float, regularised: float, printed: float) -> float:
    """Of the regularised, so that the means mix to the printed one; NaN beyond both."""
    if plain == regularised:
        return math.nan
    share = (plain - printed) / (plain - regularised)
    return float(share) if 0 <= share <= 1 else math.nan


def _like(
    rng: np.random.Generator, scores: np.ndarray, count: int
) -> Float[np.ndarray, "count"]:
    """Networks like these: a kernel estimate of width std / n^(1/5), as wide as they
    are."""
    width = len(scores) ** -0.2
    std, mean = scores.std(ddof=1), scores.mean()
    drawn = rng.choice(scores, count) - mean + rng.normal(0, width * std, count)
    return np.clip(mean + drawn / (1 + width**2) ** 0.5, 0, 100)


def _interval(values: list[float]) -> tuple[float, float]:
    if not values:
        return math.nan, math.nan
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)
