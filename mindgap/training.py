"""Training as a pure function of a key (paper §B, Table 9; upstream's run.py).

Every step draws its own graphs from the seed's key, so a seed's whole course depends on
its number alone; an ensemble of seeds is one `vmap`. Lengths take turns, as in run.py;
validation every 50 steps (from step 0 on) redraws 64 graphs, with replacement and with
fresh positions, from a pool of 64, and keeps the parameters whose score is strictly
better than all before.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int, Key

from mindgap import network
from mindgap.config import added
from mindgap.graphs import Graphs
from mindgap.network import ModelConfig, Params, metrics, pairwise, scoring
from mindgap.tasks import random
from mindgap.tasks.base import TRAIN_PROBABILITIES, Task

SEEDS = "seeds"
"""Name of the mapped axis of an ensemble."""

OVERFLOW = 1e30
"""Shown as the loss of a step that is left out."""


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """How a network is trained (paper Table 9; the rest is run.py's default)."""

    steps: int = 10_000
    learning_rate: float = 1e-4
    clip_norm: float = 1.0
    batch: int = 32
    lengths: tuple[int, ...] = (4, 7, 11, 13, 16)
    evaluate_every: int = 50
    validation_graphs: int = 64
    l1: float = dataclasses.field(default=0.0, metadata=added(0.0))
    """Weight of the sum of all parameters' sizes in the loss (paper Table 6)."""
    skip_overflow: bool = dataclasses.field(default=False, metadata=added(False))
    """Whether a step whose loss or gradient is not finite is left out, and its loss
    shown as `OVERFLOW`; else it is the end of the run. For compiled starts, which lie
    beside states that grow without bounds."""

    def __post_init__(self):
        for field in ("steps", "batch", "evaluate_every", "validation_graphs"):
            if getattr(self, field) < 1:
                raise ValueError(
                    f"{field} is {getattr(self, field)}, but must be at least 1"
                )
        if not self.lengths or min(self.lengths) < 1:
            raise ValueError(
                f"lengths is {self.lengths}, but needs sizes of at least 1"
            )
        if self.learning_rate <= 0 or self.clip_norm <= 0:
            raise ValueError(
                "learning_rate and clip_norm must be positive, got "
                f"{self.learning_rate} and {self.clip_norm}"
            )
        if self.l1 < 0:
            raise ValueError(f"l1 is {self.l1}, but must not be negative")

    @property
    def optimiser(self) -> optax.GradientTransformation:
        """Clipping by global norm, then Adam, as dm-clrs chains them."""
        return optax.chain(
            optax.clip_by_global_norm(self.clip_norm),
            optax.scale_by_adam(),
            optax.scale(-self.learning_rate),
        )


class TrainState(NamedTuple):
    """All that a run carries from step to step."""

    params: Params
    optimiser: optax.OptState
    """Adam's, of all parameters in one vector."""
    best: Params
    """The parameters of the best validation score so far."""
    best_score: Float[Array, "*seeds"]
    best_step: Int[Array, "*seeds"]


class Curves(NamedTuple):
    """What a run reports of each step."""

    loss: Float[Array, "*seeds steps"]
    validation: Float[Array, "*seeds steps"]
    """Pointer accuracy in [0, 1]; -1 at steps that are not evaluated."""
    watched: Float[Array, "*seeds steps K"]
    """What `watch` says of the parameters then; -1 as above."""


Start = Callable[[Key[Array, ""]], Params]
"""Draws the parameters that a seed starts from."""

Watch = Callable[[Params, Graphs], Float[Array, "K"]]
"""Numbers to be kept of each validation: of the parameters and its graphs."""


class Trainer(NamedTuple):
    """The two halves of a run of one seed; map both over seeds for an ensemble."""

    begin: Callable[[Key[Array, ""]], TrainState]
    advance: Callable[
        [Key[Array, ""], TrainState, Int[Array, ""], int], tuple[TrainState, Curves]
    ]
    """(key, state, number of the next step, how many) to the state after them."""


def key_of(seed: Int[Array, ""] | int) -> Key[Array, ""]:
    """The key of a seed: asking for more seeds never changes earlier ones.

    Of JAX's usual generator, whatever its default is set to.
    """
    return jax.random.fold_in(random.key(0), seed)


def make_trainer(
    task: Task,
    model: ModelConfig,
    config: TrainConfig,
    axis: str | None = None,
    start: Start | None = None,
    watch: Watch | None = None,
) -> Trainer:
    """Pure functions that start and continue the training of one seed.

    It starts from `network.init`, or from what `start` draws. With `axis`, they are
    meant for `vmap` over seeds under that axis name, and seeds stop unrolling together:
    each part of a batch costs what its longest graph costs.
    """
    optimiser = config.optimiser
    draw = start or functools.partial(network.init, task, model)
    look = watch or (lambda *_: jnp.zeros(0))

    def begin(key: Key[Array, ""]) -> TrainState:
        params = draw(_stream(key, "init"))
        moments = optimiser.init(_flat(params))
        nothing = jnp.float32(-1), jnp.int32(-1)
        return TrainState(params, moments, params, *nothing)

    def needed(graphs: Graphs) -> Int[Array, ""]:
        steps = jnp.maximum(1, jnp.max(graphs.trajectory.lengths) - 1)
        return steps if axis is None else jax.lax.pmax(steps, axis)

    def loss(params: Params, graphs: Graphs, *shares) -> Float[Array, ""]:
        judge = jax.checkpoint(functools.partial(metrics.hint_errors, task))
        found = network.predict(task, model, params, graphs, needed(graphs), judge)
        return metrics.combined_loss(task, graphs, found.logits, found.hints, *shares)

    def descend(params: Params, graphs: Graphs):
        """Loss and flat gradient, part by part of the batch: see `by_length`."""

        def add(total, part):
            error, gradient = jax.value_and_grad(loss)(params, *part)
            return (total[0] + error, total[1] + _flat(gradient)), None

        size = pairwise.at_once(model.hidden_size, *graphs.positions.shape)
        nothing = jnp.zeros(()), jnp.zeros_like(_flat(params))
        return jax.lax.scan(add, nothing, by_length(graphs, size))[0]

    def learn(nodes: int, key: Key[Array, ""], params, moments):
        graphs = task.sample(key, nodes, config.batch, TRAIN_PROBABILITIES, True)
        error, gradient = descend(params, graphs)
        if config.l1:
            more, slope = jax.value_and_grad(_size)(params, config.l1)
            error, gradient = error + more, gradient + _flat(slope)
        if config.skip_overflow:
            fits = jnp.isfinite(error) & jnp.isfinite(gradient).all()
            error = jnp.where(fits, jnp.minimum(error, OVERFLOW), OVERFLOW)
            gradient = jnp.where(fits, gradient, 0)
        flat, tree = ravel_pytree(params)
        updates, moments = optimiser.update(gradient, moments)
        moved: Any = optax.apply_updates(flat, updates)
        return tree(moved), moments, error

    branches = [functools.partial(learn, nodes) for nodes in config.lengths]

    def validate(pool: Graphs, key: Key[Array, ""], state: TrainState, step):
        graphs = redraw(task, key, pool)
        scores = scoring.score(task, model, state.params, graphs, needed(graphs))
        found = scores.mean().astype(jnp.float32)
        better = found > state.best_score
        best = jax.tree.map(
            lambda new, old: jnp.where(better, new, old), state.params, state.best
        )
        state = state._replace(
            best=best,
            best_score=jnp.where(better, found, state.best_score),
            best_step=jnp.where(better, step.astype(jnp.int32), state.best_step),
        )
        return state, (found, look(state.params, graphs))

    def advance(
        key: Key[Array, ""], state: TrainState, first: Int[Array, ""], count: int
    ) -> tuple[TrainState, Curves]:
        pool = task.sample(
            _stream(key, "validation"),
            max(config.lengths),
            config.validation_graphs,
            TRAIN_PROBABILITIES,
            True,
        )

        def step(state: TrainState, number):
            params, moments, error = jax.lax.switch(
                number % len(config.lengths),
                branches,
                jax.random.fold_in(_stream(key, "train"), number),
                state.params,
                state.optimiser,
            )
            state = state._replace(params=params, optimiser=moments)
            again = functools.partial(
                validate, pool, jax.random.fold_in(_stream(key, "redraw"), number)
            )
            # of the same type: no NaN, which JAX may have been told to stop at
            unsaid = jax.tree.map(
                lambda leaf: jnp.full(leaf.shape, -1, leaf.dtype),
                jax.eval_shape(again, state, number)[1],
            )
            state, said = jax.lax.cond(
                number % config.evaluate_every == 0,
                again,
                lambda state, _: (state, unsaid),
                state,
                number,
            )
            return state, Curves(error, *said)

        return jax.lax.scan(step, state, first + jnp.arange(count))

    return Trainer(begin, advance)


def make_train(
    task: Task, model: ModelConfig, config: TrainConfig
) -> Callable[[Key[Array, ""]], tuple[TrainState, Curves]]:
    """A pure function from a key to a trained network and its curves."""
    trainer = make_trainer(task, model, config)

    def train(key: Key[Array, ""]) -> tuple[TrainState, Curves]:
        return trainer.advance(key, trainer.begin(key), jnp.array(0), config.steps)

    return train


def ensemble(trainer: Trainer, devices: jax.sharding.Mesh | None = None) -> Trainer:
    """The same over a leading axis of seeds; made with `axis=SEEDS`.

    The seeds are shared among `devices`, a mesh of one axis, whose number must divide
    theirs. Each device goes its own pace: none waits for another's graphs.
    """
    devices = devices or jax.sharding.Mesh(jax.devices()[:1], ("devices",))
    shared = jax.sharding.PartitionSpec(*devices.axis_names)

    def advance(keys, state, first, count):
        def one(key, state, first):
            return trainer.advance(key, state, first, count)

        return jax.shard_map(
            jax.vmap(one, (0, 0, None), axis_name=SEEDS),
            mesh=devices,
            in_specs=(shared, shared, jax.sharding.PartitionSpec()),
            out_specs=shared,
            check_vma=False,
        )(keys, state, first)

    return Trainer(
        jax.jit(jax.vmap(trainer.begin)),
        jax.jit(advance, static_argnums=3, donate_argnums=1),
    )


def by_length(
    graphs: Graphs, size: int
) -> tuple[Graphs, Float[Array, "parts"], Float[Array, "parts"]]:
    """A batch in parts of `size` graphs of like length, with their shares of the loss.

    A part unrolls as long as its own longest graph, so that graphs do not wait for the
    longest of the batch. The shares are of graphs and of steps with hints: losses
    weighted by them add up to the batch's.
    """
    batch = len(graphs.positions)
    lengths = jnp.asarray(graphs.trajectory.lengths)
    steps = graphs.trajectory.steps
    ordered = graphs.take(jnp.argsort(lengths))
    parts = jax.tree.map(lambda leaf: leaf.reshape(-1, size, *leaf.shape[1:]), ordered)
    reached = jnp.clip(parts.trajectory.lengths - 1, 0, steps).sum(1)
    return (
        parts,
        jnp.full(batch // size, size / batch),
        reached / jnp.maximum(reached.sum(), 1),
    )


def redraw(task: Task, key: Key[Array, ""], pool: Graphs) -> Graphs:
    """As many graphs as the pool has, drawn from it with replacement, moved.

    What run.py's validation does: it samples its fixed set anew each time, and
    `random_pos` places the nodes of each drawn graph anew.
    """
    pick, place = jax.random.split(key)
    some = jax.random.randint(pick, (pool.batch,), 0, pool.batch, jnp.int32)
    drawn = pool.take(some)
    places = jax.random.uniform(place, (pool.batch, pool.nodes), jnp.float32)
    positions = jnp.sort(places)
    return task.solved({**drawn.inputs, "pos": positions})


def _flat(params: Params) -> Float[Array, "parameters"]:
    """All in one: dozens of small layers would be dozens of small operations."""
    return ravel_pytree(params)[0]


def _size(params: Params, weight: float) -> Float[Array, ""]:
    leaves: list[Array] = jax.tree.leaves(params)
    return weight * sum((jnp.abs(leaf).sum() for leaf in leaves), jnp.zeros(()))


def _stream(key: Key[Array, ""], purpose: str) -> Key[Array, ""]:
    """Independent keys of one seed for its different uses."""
    purposes = ("init", "train", "validation", "redraw")
    return jax.random.fold_in(key, purposes.index(purpose))
