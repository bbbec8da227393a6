"""From one score per seed to a mean with its uncertainty (and back to the paper's).

Scores stay arrays until here. A standard deviation is over seeds, with n - 1; a
standard error is that over sqrt(n); the two are never one column.
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

Status = Literal["agrees", "differs", "not comparable"]

CONFIDENCE = 0.95
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


def agrees(
    ours: Description, mean: float, std: float, seeds: int, reason: str = ""
) -> Status:
    """Whether two means differ by at most twice the standard error of a difference.

    `mean`, `std` and `seeds` are the paper's, in the same units. `not comparable` with
    a reason why the two measure different things, or with fewer than two seeds of ours.
    """
    if reason or ours.seeds < 2:
        return "not comparable"
    error = (std**2 / seeds + ours.std**2 / ours.seeds) ** 0.5
    return "agrees" if abs(ours.mean - mean) <= 2 * error else "differs"


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
