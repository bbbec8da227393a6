"""Settings of a training run."""

import dataclasses

import optax

from mindgap import checks
from mindgap.config import added

OVERFLOW = 1e30
"""Reported as the loss of a step that overflows (see `TrainConfig.skip_overflow`)."""


@dataclasses.dataclass(frozen=True)
class Windows:
    """Training on short windows of true trajectories, not on whole runs (`windows`).

    The paper has none of it. `mindgap.paper.reach` has the settings that DFS was
    learned with.
    """

    steps: int = 6
    """Steps of the network in a window, at most: shorter at a trajectory's end."""
    forced: tuple[float, float] = (1.0, 0.5)
    """With which probability a step is given the true hints, not the network's own: at
    first, and at the end of training."""
    forced_until: float = 0.4
    """Share of the training steps after which the probability begins to fall."""
    renewed: float = 0.0
    """With which probability a window starts from hidden states of zero, and not from
    those at the end of the window before it."""
    scaled: float = 0.0
    """Half of the windows, drawn at random, start from hidden states multiplied by
    numbers between 0 and this, one for each node; 0 to multiply none. Runs longer than
    those of training have larger states."""
    states: float = 0.0
    """Weight in the loss of the hidden states' squares, averaged over all steps of the
    windows, those after the end of a trajectory, too."""

    def __post_init__(self):
        checks.whole("steps of windows", self.steps)
        if not isinstance(self.forced, tuple) or len(self.forced) != 2:
            raise ValueError(
                f"forced is {self.forced!r}, but must be two probabilities, "
                "as in (1.0, 0.5)"
            )
        for chance in self.forced:
            checks.number("one of forced", chance, positive=False, most=1.0)
        for name in ("forced_until", "renewed"):
            checks.number(name, getattr(self, name), positive=False, most=1.0)
        for name in ("scaled", "states"):
            checks.number(name, getattr(self, name), positive=False)


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """Training settings (paper Table 9; where it is silent, defaults of run.py)."""

    steps: int = 10_000
    learning_rate: float = 1e-4
    clip_norm: float = 1.0
    batch: int = 32
    lengths: tuple[int, ...] = (4, 7, 11, 13, 16)
    evaluate_every: int = 50
    validation_graphs: int = 64
    l1: float = dataclasses.field(default=0.0, metadata=added(0.0))
    """Weight in the loss of the parameters' absolute values, summed (paper Table 6)."""
    skip_overflow: bool = dataclasses.field(default=False, metadata=added(False))
    """Whether a step whose loss or gradient is not finite counts as a step of gradient
    zero, with `OVERFLOW` reported as its loss. If False, such a step ends the run. For
    training that starts from compiled weights, near which states can grow without
    bound."""
    plain: bool = dataclasses.field(default=False, metadata=added(False))
    """Whether a step is the clipped gradient times the learning rate, without Adam."""
    gathered: int = dataclasses.field(default=0, metadata=added(0))
    """Steps at first that move no parameter: Adam's moments are gathered in them."""
    snapshots: tuple[int, ...] = dataclasses.field(default=(), metadata=added(()))
    """After how many steps, those that move no parameter not counted, the parameters
    are kept to be measured, besides the best and the last."""
    decay: bool = dataclasses.field(default=False, metadata=added(False))
    """Whether the learning rate falls to 0 over the steps, along half a cosine."""
    zoom: float = dataclasses.field(default=1.0, metadata=added(1.0))
    """Least width of the interval in which the positions of a training or validation
    graph lie: see `windows.zoomed`. 1 is the usual, the whole of [0, 1]."""
    windows: Windows | None = dataclasses.field(default=None, metadata=added(None))
    """Train on windows of true trajectories; None to unroll the network's own run."""

    def __post_init__(self):
        for field in ("steps", "batch", "evaluate_every", "validation_graphs"):
            checks.whole(field, getattr(self, field))
        if not isinstance(self.lengths, tuple) or not self.lengths:
            raise ValueError(
                f"lengths is {self.lengths!r}, but must be a tuple, as in (16,)"
            )
        for length in self.lengths:
            checks.whole("one of lengths", length)
        checks.number("learning_rate", self.learning_rate)
        checks.number("clip_norm", self.clip_norm)
        checks.number("l1", self.l1, positive=False)
        checks.truth("skip_overflow", self.skip_overflow)
        checks.truth("decay", self.decay)
        checks.truth("plain", self.plain)
        checks.whole("gathered", self.gathered, 0, self.steps)
        if not isinstance(self.snapshots, tuple):
            raise ValueError(
                f"snapshots is {self.snapshots!r}, but must be a tuple, as in (1, 10)"
            )
        for count in self.snapshots:
            checks.whole("one of snapshots", count, 1, self.steps - self.gathered)
        checks.number("zoom", self.zoom, most=1.0)
        if self.windows is not None:
            checks.kind("TrainConfig", self.windows, Windows, "Windows or None")

    @property
    def optimiser(self) -> optax.GradientTransformation:
        """Clipping by global norm, then Adam, as dm-clrs chains them."""
        return optax.chain(
            optax.clip_by_global_norm(self.clip_norm),
            optax.identity() if self.plain else optax.scale_by_adam(),
            optax.scale_by_learning_rate(self._rate),
        )

    @property
    def _rate(self) -> float | optax.Schedule:
        if not self.decay:
            return self.learning_rate
        return optax.cosine_decay_schedule(self.learning_rate, self.steps)
