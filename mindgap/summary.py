"""From one score per seed to a mean with its uncertainty (and back to the paper's).

Scores stay arrays until here. A standard deviation is over seeds, with n - 1; a
standard error is that over sqrt(n); the two are never one column.
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float

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
