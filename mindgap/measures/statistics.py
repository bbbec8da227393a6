"""From one score per seed to a mean with its uncertainty (and back to the paper's).

Scores stay arrays until here. A standard deviation is over seeds, with n - 1; a
standard error is that over sqrt(n); the two are never one column.
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
EQUIVALENCE = 0.90
"""Of the interval that must lie within a margin: two one-sided tests at 5 %."""
POWER = 0.80
BOOTSTRAP_FROM = 20
"""Fewer seeds than this get Student's t interval: a bootstrap of few is too narrow."""


@dataclasses.dataclass(frozen=True)
class Description:
    """Statistics over seeds, in the units of the scores; NaN where undefined."""

    mean: float
    std: float
    """Standard deviation over seeds (n - 1); NaN for fewer than two."""
    sem: float
    interval: tuple[float, float]
    """95 % confidence interval of the mean."""
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
    """`89.20 ± 1.92`, without the spread where there is none; – without a mean."""
    if math.isnan(mean):
        return "–"
    return f"{mean:.2f}" + ("" if math.isnan(std) else f" ± {std:.2f}")


@dataclasses.dataclass(frozen=True)
class Side:
    """One side of a comparison of means: a sample, or a number without error."""

    mean: float
    std: float = 0.0
    """Over the sample (n - 1), in the units of the mean."""
    count: float | int = math.inf

    @property
    def variance(self) -> float:
        """Of the mean."""
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
    """Standard error; 0 where nothing varies."""
    df: float
    """Degrees of freedom of that error (Welch and Satterthwaite)."""

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """The two-sided confidence interval, symmetric around the value."""
        from scipy import stats

        if self.error == 0:
            return self.value, self.value
        low, high = stats.t.interval(confidence, self.df, self.value, self.error)
        return float(low), float(high)

    @property
    def p(self) -> float:
        """Two-sided probability of so large a difference if there is none (Welch)."""
        from scipy import stats

        if self.error == 0:
            return float(self.value == 0)
        return float(2 * stats.t.sf(abs(self.value) / self.error, self.df))

    def within(self, margin: float) -> bool:
        """Whether two one-sided tests at 5 % put the difference within the margin.

        The same as a 90 % interval that lies inside of ± margin (TOST).
        """
        low, high = self.interval(EQUIVALENCE)
        return -margin < low and high < margin


def difference(
    plus: Sequence[Side], minus: Sequence[Side], more: Sequence[Side] = ()
) -> Difference:
    """The sum of some means less the sum of others: Welch's, for any number of sides.

    `more` are sources of variance that do not shift the value, as another choice of
    test graphs is: of these only spread and count are used.
    """
    value = sum(s.mean for s in plus) - sum(s.mean for s in minus)
    sides = [s for s in (*plus, *minus, *more) if s.variance > 0]
    variance = sum(s.variance for s in sides)
    if not variance:
        return Difference(value, 0.0, math.inf)
    shares = sum(s.variance**2 / (s.count - 1) for s in sides)
    return Difference(value, variance**0.5, variance**2 / shares)


def adjusted(p: Sequence[float]) -> list[float]:
    """Holm's correction of a whole family of probabilities, in their order."""
    from statsmodels.stats.multitest import multipletests

    if not len(p):
        return []
    corrected: Any = multipletests(p, method="holm")[1]
    return [float(q) for q in corrected]


def seeds_to_show(
    std: float, theirs: Side, margin: float, more: Sequence[Side] = ()
) -> int | None:
    """How many seeds show equivalence with 80 % power if there is no difference.

    With so large a spread over seeds, against the other side. None if no number does.
    """
    from scipy import special

    for count in itertools.chain(range(2, 200), range(200, 5001, 50)):
        found = difference([Side(0.0, std, count)], [theirs], more)
        if found.error == 0:
            return count
        # Student's t, without SciPy's object of it, which takes a millisecond to make
        needed = special.stdtrit(found.df, (1 + EQUIVALENCE) / 2)
        room = margin / found.error - needed
        if 2 * special.stdtr(found.df, room) - 1 >= POWER:
            return count
    return None


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A statistic with its 95 % interval; NaN where it is undefined."""

    value: float
    interval: tuple[float, float]
    seeds: tuple[int, ...] = ()
    """How many networks each side of it has; none if nothing is sampled."""


def spread_interval(scores: Float[np.ndarray, "seeds"]) -> tuple[float, float]:
    """95 % interval of a standard deviation that allows for heavy tails (Bonett 2006).

    From the logarithm of the variance, whose error depends on the kurtosis. Raises
    ValueError for fewer than five scores, of which the kurtosis says nothing.
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
    off = scores - scores.mean()
    kurtosis = count * ((scores - middle) ** 4).sum() / (off**2).sum() ** 2
    z = stats.norm.ppf((1 + CONFIDENCE) / 2)
    small = count / (count - z)
    error = small * ((kurtosis - (count - 3) / count) / (count - 1)) ** 0.5
    middle_log = math.log(small * std**2)
    low, high = middle_log - z * error, middle_log + z * error
    return math.exp(low / 2), math.exp(high / 2)


def spread_difference(
    first: Float[np.ndarray, "seeds"], second: Float[np.ndarray, "others"]
) -> tuple[float, float]:
    """95 % interval of the difference of two standard deviations.

    From the intervals of both (the method of variance estimates recovery).
    """
    stds = [float(np.std(scores, ddof=1)) for scores in (first, second)]
    (low, high), (least, most) = map(spread_interval, (first, second))
    value = stds[0] - stds[1]
    below = ((stds[0] - low) ** 2 + (most - stds[1]) ** 2) ** 0.5
    above = ((high - stds[0]) ** 2 + (stds[1] - least) ** 2) ** 0.5
    return value - below, value + above


def share(hits: Bool[np.ndarray, "seeds"] | Sequence[bool]) -> Estimate:
    """The share of networks of which something is true, in percent; exact interval."""
    from scipy import stats

    count = len(hits)
    found = stats.binomtest(int(np.sum(hits)), count)
    low, high = found.proportion_ci(CONFIDENCE)
    return Estimate(100 * found.statistic, (100 * low, 100 * high), (count,))


@dataclasses.dataclass(frozen=True)
class Correlation:
    """Spearman's rank correlation over seeds, in [-1, 1]; NaN where undefined."""

    value: float
    interval: tuple[float, float]
    """95 % confidence interval: a percentile bootstrap of seeds."""
    seeds: int


def rank_correlation(
    first: Float[np.ndarray, "seeds"] | Sequence[float],
    second: Float[np.ndarray, "seeds"] | Sequence[float],
) -> Correlation:
    """How far two measures order the seeds alike (Figures 5, 15).

    The interval comes from 10,000 resamples of seeds with a fixed random state, those
    in which a measure does not vary left out. Undefined if a measure does not vary, or
    for fewer than three seeds. Raises ValueError unless there is one finite pair for
    each seed.
    """
    if np.shape(first) != np.shape(second) or np.ndim(first) != 1:
        raise ValueError(
            "needs two numbers of each seed, got shapes "
            f"{np.shape(first)} and {np.shape(second)}"
        )
    pairs = np.array([first, second], float)
    if not np.isfinite(pairs).all():
        raise ValueError("needs finite numbers, but some are not")
    count = pairs.shape[1]
    if count < 3 or (np.ptp(pairs, axis=1) == 0).any():
        return Correlation(math.nan, (math.nan, math.nan), count)
    from scipy import stats

    drawn = np.random.default_rng(0).integers(0, count, (10_000, count))
    drawn += count * np.arange(10_000)[:, None]
    times = np.bincount(drawn.ravel(), minlength=drawn.size).reshape(drawn.shape)
    ranks = np.stack([_ranks(values, times) for values in pairs])
    centred = ranks - (times * ranks).sum(-1, keepdims=True) / count
    spread = np.sqrt((times * centred**2).sum(-1).prod(0))
    varied = spread > 0
    resampled = (times * centred.prod(0)).sum(-1)[varied] / spread[varied]
    low, high = np.quantile(resampled, ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2))
    value = float(np.corrcoef(stats.rankdata(pairs, axis=-1))[0, 1])
    return Correlation(value, (float(low), float(high)), count)


def _ranks(
    values: Float[np.ndarray, "seeds"], times: Int[np.ndarray, "resamples seeds"]
) -> Float[np.ndarray, "resamples seeds"]:
    """Each seed's mean rank in resamples that hold it so many times; no sorting."""
    _, which = np.unique(values, return_inverse=True)
    alike = times @ (which[:, None] == np.arange(which.max() + 1)).astype(float)
    return (np.cumsum(alike, 1) - (alike - 1) / 2)[:, which]


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
