"""Statistics over seeds: means and differences with their uncertainty.

The input is one score per seed. A standard deviation is over seeds and divides by
n - 1; a standard error is the standard deviation over sqrt(n). The two are always kept
apart.
"""

import dataclasses
import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from mindgap.extras import require

require("run", __name__, "scipy", "statsmodels")

CONFIDENCE = 0.95
"""Confidence of every reported interval."""
EQUIVALENCE = 0.90
"""Confidence of the interval that must lie within a margin for equivalence: this is the
same as two one-sided tests at 5 %."""
POWER = 0.80
"""Probability with which the seeds of `seeds_to_show` show equivalence."""
BOOTSTRAP_FROM = 20
"""Fewer seeds than this get Student's t interval: a bootstrap of few is too narrow."""


@dataclasses.dataclass(frozen=True)
class Description:
    """Statistics over seeds, in the units of the scores; NaN where undefined."""

    mean: float
    std: float
    """Standard deviation over seeds (n - 1); NaN for fewer than two."""
    sem: float
    """Standard error of the mean; NaN for fewer than two seeds."""
    interval: tuple[float, float]
    """95 % confidence interval of the mean; NaN for fewer than two seeds."""
    min: float
    max: float
    seeds: int


def describe(
    scores: Float[np.ndarray, "seeds"] | Sequence[float],
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> Description:
    """Mean, spread and 95 % interval of the mean, one score per seed.

    The interval is Student's t below 20 seeds and a BCa bootstrap (10,000 resamples,
    fixed random state) from there on, cut off at the `bounds` of possible scores; with
    no spread at all it is the mean itself. Raises ValueError without scores, or if one
    is not finite.
    """
    scores = np.asarray(scores, float)
    if scores.ndim != 1 or not len(scores):
        raise ValueError(f"needs one score per seed, got shape {scores.shape}")
    if not np.isfinite(scores).all():
        raise ValueError(
            f"seeds without a finite score: {np.flatnonzero(~np.isfinite(scores))}"
        )
    count, mean = len(scores), float(scores.mean())
    std = float(scores.std(ddof=1)) if count > 1 else math.nan
    sem = std / count**0.5
    low, high = _interval(scores, mean, sem)
    return Description(
        mean,
        std,
        sem,
        (max(low, bounds[0]), min(high, bounds[1])),
        float(scores.min()),
        float(scores.max()),
        count,
    )


def spread(mean: float, std: float) -> str:
    """`89.20 ± 1.92`; `89.20` if the spread is NaN; `–` if the mean is NaN."""
    if math.isnan(mean):
        return "–"
    return f"{mean:.2f}" + ("" if math.isnan(std) else f" ± {std:.2f}")


@dataclasses.dataclass(frozen=True)
class Side:
    """One side of a comparison of means: a sample, or a number without error."""

    mean: float
    std: float = 0.0
    """Standard deviation of the sample (n - 1), in the units of the mean."""
    count: float | int = math.inf
    """Size of the sample; infinite for a number without error."""

    @property
    def variance(self) -> float:
        """Variance of the mean: the squared standard error."""
        return 0.0 if math.isinf(self.count) else self.std**2 / self.count


def side(scores: Float[np.ndarray, "seeds"] | Sequence[float] | float) -> Side:
    """Mean, std and number of scores, or the number itself.

    Raises ValueError for fewer than two scores, which have no spread.
    """
    if np.ndim(scores) == 0:
        return Side(float(scores))  # pyright: ignore
    scores = np.asarray(scores, float)
    if len(scores) < 2:
        raise ValueError(f"needs at least two scores, got {len(scores)}")
    return Side(float(scores.mean()), float(scores.std(ddof=1)), len(scores))


@dataclasses.dataclass(frozen=True)
class Difference:
    """A difference of means with its uncertainty, in the units of the scores."""

    value: float
    error: float
    """Standard error; 0 if no side of the difference varies."""
    df: float
    """Degrees of freedom of the standard error (Welch and Satterthwaite)."""

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """The two-sided confidence interval, symmetric around the value."""
        from scipy import stats

        if self.error == 0:
            return self.value, self.value
        low, high = stats.t.interval(confidence, self.df, self.value, self.error)
        return float(low), float(high)

    @property
    def p(self) -> float:
        """Two-sided p-value of Welch's test of the hypothesis of no difference."""
        from scipy import stats

        if self.error == 0:
            return float(self.value == 0)
        return float(2 * stats.t.sf(abs(self.value) / self.error, self.df))

    def within(self, margin: float) -> bool:
        """Whether two one-sided tests at 5 % (TOST) place the difference in ± margin.

        The same as: whether the 90 % interval lies inside of ± margin.
        """
        low, high = self.interval(EQUIVALENCE)
        return -margin < low and high < margin


def difference(
    plus: Sequence[Side], minus: Sequence[Side], more: Sequence[Side] = ()
) -> Difference:
    """The sum of some means minus the sum of others, with Welch's error.

    There may be any number of sides. `more` are sources of variance that do not change
    the value, such as another choice of test graphs: their means are not used.
    """
    value = sum(s.mean for s in plus) - sum(s.mean for s in minus)
    sides = [s for s in (*plus, *minus, *more) if s.variance > 0]
    variance = sum(s.variance for s in sides)
    if not variance:
        return Difference(value, 0.0, math.inf)
    shares = sum(s.variance**2 / (s.count - 1) for s in sides)
    return Difference(value, variance**0.5, variance**2 / shares)


def adjusted(p: Sequence[float]) -> list[float]:
    """The p-values of a whole family after Holm's correction, in the same order."""
    from statsmodels.stats.multitest import multipletests

    if not len(p):
        return []
    corrected: Any = multipletests(p, method="holm")[1]
    return [float(q) for q in corrected]


def seeds_to_show(
    std: float, theirs: Side, margin: float, more: Sequence[Side] = ()
) -> int | None:
    """How many seeds show equivalence with 80 % power if there is no difference.

    `std` is the spread over these seeds, and `theirs` the other side of the comparison.
    The number is exact below 200 and a multiple of 50 from there; None if 5,000 seeds
    are not enough.
    """
    from scipy import special

    for count in itertools.chain(range(2, 200), range(200, 5001, 50)):
        expected = difference([Side(0.0, std, count)], [theirs], more)
        if expected.error == 0:
            return count
        # Student's t as a plain function: SciPy's distribution costs 1 ms per call
        needed = special.stdtrit(expected.df, (1 + EQUIVALENCE) / 2)
        room = margin / expected.error - needed
        if 2 * special.stdtr(expected.df, room) - 1 >= POWER:
            return count
    return None


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A statistic with its 95 % interval; NaN where it is undefined."""

    value: float
    interval: tuple[float, float]
    seeds: tuple[int, ...] = ()
    """Number of networks on each side of the statistic; empty if none are sampled."""


def spread_interval(scores: Float[np.ndarray, "seeds"]) -> tuple[float, float]:
    """95 % interval of a standard deviation that allows for heavy tails (Bonett 2006).

    Computed for the logarithm of the variance, whose error depends on the kurtosis.
    Raises ValueError for fewer than five scores, too few to estimate the kurtosis.
    """
    from scipy import stats

    scores = np.asarray(scores, float)
    count = len(scores)
    if count < 5:
        raise ValueError(f"needs at least five scores, got {count}")
    std = float(scores.std(ddof=1))
    if std == 0:
        return 0.0, 0.0
    middle = stats.trim_mean(scores, 1 / (2 * (count - 4) ** 0.5))
    deviation = scores - scores.mean()
    kurtosis = count * ((scores - middle) ** 4).sum() / (deviation**2).sum() ** 2
    z = stats.norm.ppf((1 + CONFIDENCE) / 2)
    correction = count / (count - z)
    error = correction * ((kurtosis - (count - 3) / count) / (count - 1)) ** 0.5
    middle_log = math.log(correction * std**2)
    low, high = middle_log - z * error, middle_log + z * error
    return math.exp(low / 2), math.exp(high / 2)


def spread_difference(
    first: Float[np.ndarray, "seeds"], second: Float[np.ndarray, "others"]
) -> tuple[float, float]:
    """95 % interval of the difference of two standard deviations.

    It combines the intervals of both (method of variance estimates recovery). Raises
    ValueError for fewer than five scores on a side.
    """
    stds = [float(np.std(scores, ddof=1)) for scores in (first, second)]
    (low, high), (least, most) = map(spread_interval, (first, second))
    value = stds[0] - stds[1]
    below = ((stds[0] - low) ** 2 + (most - stds[1]) ** 2) ** 0.5
    above = ((high - stds[0]) ** 2 + (stds[1] - least) ** 2) ** 0.5
    return value - below, value + above


def share(hits: Bool[np.ndarray, "seeds"] | Sequence[bool]) -> Estimate:
    """The share of true values, one per network, in percent, with an exact interval."""
    from scipy import stats

    count = len(hits)
    test = stats.binomtest(int(np.sum(hits)), count)
    low, high = test.proportion_ci(CONFIDENCE)
    return Estimate(100 * test.statistic, (100 * low, 100 * high), (count,))


@dataclasses.dataclass(frozen=True)
class Correlation:
    """Spearman's rank correlation over seeds, in [-1, 1]; NaN where undefined."""

    value: float
    interval: tuple[float, float]
    """95 % confidence interval, from a percentile bootstrap over seeds."""
    seeds: int


def rank_correlation(
    first: Float[np.ndarray, "seeds"] | Sequence[float],
    second: Float[np.ndarray, "seeds"] | Sequence[float],
) -> Correlation:
    """Spearman's rank correlation of two measures of the same seeds (Figures 5, 15).

    The interval comes from 10,000 resamples of the seeds with a fixed random state,
    without those in which a measure does not vary. NaN if a measure does not vary, or
    for fewer than three seeds. Raises ValueError unless there is one finite pair for
    each seed.
    """
    if np.shape(first) != np.shape(second) or np.ndim(first) != 1:
        raise ValueError(
            "needs two numbers for each seed, got shapes "
            f"{np.shape(first)} and {np.shape(second)}"
        )
    pairs = np.array([first, second], float)
    if not np.isfinite(pairs).all():
        raise ValueError("needs finite numbers, but some are NaN or infinite")
    count = pairs.shape[1]
    if count < 3 or (np.ptp(pairs, axis=1) == 0).any():
        return Correlation(math.nan, (math.nan, math.nan), count)
    from scipy import stats

    resamples = np.random.default_rng(0).integers(0, count, (10_000, count))
    resamples += count * np.arange(10_000)[:, None]
    counts = np.bincount(resamples.ravel(), minlength=resamples.size)
    counts = counts.reshape(resamples.shape)
    ranks = np.stack([_ranks(values, counts) for values in pairs])
    centred = ranks - (counts * ranks).sum(-1, keepdims=True) / count
    scale = np.sqrt((counts * centred**2).sum(-1).prod(0))
    defined = scale > 0
    resampled = (counts * centred.prod(0)).sum(-1)[defined] / scale[defined]
    low, high = np.quantile(resampled, ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2))
    value = float(np.corrcoef(stats.rankdata(pairs, axis=-1))[0, 1])
    return Correlation(value, (float(low), float(high)), count)


def _ranks(
    values: Float[np.ndarray, "seeds"], counts: Int[np.ndarray, "resamples seeds"]
) -> Float[np.ndarray, "resamples seeds"]:
    """The mean rank of each seed in each resample, computed without sorting.

    `counts` says how often a resample contains each seed.
    """
    _, group = np.unique(values, return_inverse=True)
    group_sizes = counts @ (group[:, None] == np.arange(group.max() + 1)).astype(float)
    return (np.cumsum(group_sizes, 1) - (group_sizes - 1) / 2)[:, group]


def _interval(
    scores: Float[np.ndarray, "seeds"], mean: float, sem: float
) -> tuple[float, float]:
    if len(scores) == 1:
        return math.nan, math.nan
    if sem == 0:
        return mean, mean
    from scipy import stats

    if len(scores) < BOOTSTRAP_FROM:
        low, high = stats.t.interval(CONFIDENCE, len(scores) - 1, mean, sem)
    else:
        low, high = stats.bootstrap(
            (scores,),
            np.mean,
            n_resamples=10_000,
            confidence_level=CONFIDENCE,
            rng=np.random.default_rng(0),
        ).confidence_interval
    return float(low), float(high)
