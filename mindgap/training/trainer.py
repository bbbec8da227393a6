"""Training as a pure function of a key (paper §B, Table 9; upstream's run.py).

Every step draws its own graphs from the seed's key, so the training of a seed depends
on its number alone; an ensemble of seeds is one `vmap`. The lengths (graph sizes)
alternate from step to step, as in run.py. Validation every 50 steps (from step 0 on)
draws 64 graphs from a pool of 64, with replacement and with new positions, and keeps
the parameters if their score is strictly better than every earlier one.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.core
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int, Key

from mindgap import checks, network
from mindgap.graphs import Graphs
from mindgap.network import ModelConfig, Params, metrics, pairwise, scoring
from mindgap.tasks import random
from mindgap.tasks.base import TRAIN_PROBABILITIES, Task
from mindgap.training import windows
from mindgap.training.settings import OVERFLOW, TrainConfig, Windows

SEEDS = "seeds"
"""Name of the `vmap` axis of an ensemble."""


class TrainState(NamedTuple):
    """The state of a training run between two steps."""

    params: Params
    optimiser: optax.OptState
    """State of the optimiser; Adam's moments are of all parameters in one vector."""
    best: Params
    """The parameters with the best validation score so far."""
    best_score: Float[Array, "*seeds"]
    best_step: Int[Array, "*seeds"]
    followed: tuple[windows.Followed, ...] = ()
    """With `TrainConfig.windows`: the graphs of each length that are trained on."""
    snapshots: tuple[Params, ...] = ()
    """The parameters after the numbers of steps in `TrainConfig.snapshots`."""


class Curves(NamedTuple):
    """The numbers that a run reports for each step."""

    loss: Float[Array, "*seeds steps"]
    validation: Float[Array, "*seeds steps"]
    """Pointer accuracy in [0, 1]; -1 at steps without validation."""
    watched: Float[Array, "*seeds steps K"]
    """The K numbers of `watch` at each validation; -1 at steps without validation."""


Start = Callable[[Key[Array, ""]], Params]
"""Draws the initial parameters of a seed from its key."""

Watch = Callable[[Params, Graphs], Float[Array, "K"]]
"""(parameters, validation graphs) to K numbers, reported at each validation."""


class Trainer(NamedTuple):
    """Start and continuation of one seed's run; an ensemble maps both over seeds."""

    begin: Callable[[Key[Array, ""]], TrainState]
    advance: Callable[
        [Key[Array, ""], TrainState, Int[Array, ""], int], tuple[TrainState, Curves]
    ]
    """(key, state, number of the next step, number of steps) to the state after these
    steps and their curves."""


def key_of(seed: Int[Array, ""] | int) -> Key[Array, ""]:
    """The key of a seed, from its number alone: more seeds never change earlier ones.

    Always a Threefry key, even if JAX's default generator is set to another. Raises
    ValueError for what is no whole number from 0 to 2^32 - 1.
    """
    if not isinstance(seed, jax.core.Tracer):
        seed = checks.whole("seed", seed, 0, 2**32 - 1)
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

    The initial parameters come from `start`, by default `network.init`. With `axis`,
    use the functions under `vmap` over seeds with that axis name: then all seeds unroll
    a part of their batches for the same number of steps, that of its longest graph in
    any seed.

    Raises TypeError for what is no task or no configuration.
    """
    network.model.prove("training", task, model)
    checks.kind("training", config, TrainConfig, "a TrainConfig")
    if config.windows and model.hint_mode != "encoded_decoded":
        raise ValueError(
            f"windows start from true hints, but with hint_mode {model.hint_mode!r} "
            "the network is given none: it must be 'encoded_decoded'"
        )
    optimiser = config.optimiser
    taken_after = [config.gathered + count for count in config.snapshots]
    draw = start or functools.partial(network.init, task, model)
    report = watch or (lambda *_: jnp.zeros(0))

    def begin(key: Key[Array, ""]) -> TrainState:
        params = draw(_stream(key, "init"))
        moments = optimiser.init(_flat(params))
        no_best = jnp.float32(-1), jnp.int32(-1)
        followed = ()
        if config.windows:
            first = jax.random.split(_stream(key, "follow"), len(config.lengths))
            followed = tuple(map(begin_following, config.lengths, first))
        snapshots = (params,) * len(config.snapshots)
        return TrainState(params, moments, params, *no_best, followed, snapshots)

    def begin_following(nodes: int, key: Key[Array, ""]) -> windows.Followed:
        drawn, placed = jax.random.split(key)
        return windows.follow(placed, draw_graphs(nodes, drawn), model.hidden_size)

    def draw_graphs(nodes: int, key: Key[Array, ""]) -> Graphs:
        graphs = task.sample(key, nodes, config.batch, TRAIN_PROBABILITIES, True)
        return _zoomed(jax.random.fold_in(key, 1), graphs, config.zoom)

    def steps_of(graphs: Graphs) -> Int[Array, ""]:
        """The steps that these graphs need; with `axis`, the most of any seed."""
        steps = jnp.maximum(1, jnp.max(graphs.trajectory.lengths) - 1)
        return steps if axis is None else jax.lax.pmax(steps, axis)

    def loss(params: Params, graphs: Graphs, *shares) -> Float[Array, ""]:
        judge = jax.checkpoint(functools.partial(metrics.hint_errors, task))
        result = network.predict(task, model, params, graphs, steps_of(graphs), judge)
        return metrics.combined_loss(task, graphs, result.logits, result.hints, *shares)

    def descend(params: Params, graphs: Graphs):
        """Loss and flat gradient, summed over the parts of the batch (`by_length`)."""

        def add(total, part):
            error, gradient = jax.value_and_grad(loss)(params, *part)
            return (total[0] + error, total[1] + _flat(gradient)), None

        size = pairwise.at_once(model.hidden_size, *graphs.positions.shape)
        zero = jnp.zeros(()), jnp.zeros_like(_flat(params))
        return jax.lax.scan(add, zero, by_length(graphs, size))[0]

    def descend_window(place: int, key: Key[Array, ""], number, params, followed):
        """As `descend`, of one window of the graphs of this length, and their next."""
        plan, lasting = config.windows or Windows(), followed[place]
        renewed, forcing = jax.random.split(jax.random.fold_in(key, 2))
        fresh = draw_graphs(config.lengths[place], key)
        lasting = windows.renew(renewed, lasting, fresh, plan)
        window = windows.cut(task, lasting, plan.steps)
        chance = windows.chance_of_truth(plan, number / config.steps)
        shape = plan.steps + 1, config.batch
        forced = jax.random.uniform(forcing, shape) < chance
        judge = functools.partial(windows.loss, task, model, plan)
        (error, hidden), gradient = jax.value_and_grad(judge, has_aux=True)(
            params, window, forced
        )
        time = lasting.time + jnp.asarray(window.graphs.trajectory.lengths) - 1
        if config.skip_overflow:  # else every later window of the graph is lost
            hidden = jnp.where(jnp.isfinite(hidden), hidden, 0)
        after = lasting._replace(time=time, hidden=hidden)
        followed = (*followed[:place], after, *followed[place + 1 :])
        return (error, _flat(gradient)), followed

    def learn(place: int, key: Key[Array, ""], number, params, moments, followed):
        if config.windows:
            found, followed = descend_window(place, key, number, params, followed)
        else:
            found = descend(params, draw_graphs(config.lengths[place], key))
        error, gradient = found
        if config.l1:
            penalty, slope = jax.value_and_grad(_l1)(params, config.l1)
            error, gradient = error + penalty, gradient + _flat(slope)
        if config.skip_overflow:
            finite = jnp.isfinite(error) & jnp.isfinite(gradient).all()
            error = jnp.where(finite, jnp.minimum(error, OVERFLOW), OVERFLOW)
            gradient = jnp.where(finite, gradient, 0)
        flat, unflatten = ravel_pytree(params)
        updates: Any
        updates, moments = optimiser.update(gradient, moments)
        if config.gathered:
            updates = jnp.where(number < config.gathered, 0, updates)
        updated: Any = optax.apply_updates(flat, updates)
        return unflatten(updated), moments, followed, error

    branches = [functools.partial(learn, i) for i in range(len(config.lengths))]

    def validate(pool: Graphs, key: Key[Array, ""], state: TrainState, step):
        graphs = redraw(task, key, pool)
        graphs = _zoomed(jax.random.fold_in(key, 1), graphs, config.zoom)
        scores = scoring.score(task, model, state.params, graphs, steps_of(graphs))
        mean_score = scores.mean().astype(jnp.float32)
        better = mean_score > state.best_score
        best = jax.tree.map(
            lambda new, old: jnp.where(better, new, old), state.params, state.best
        )
        state = state._replace(
            best=best,
            best_score=jnp.where(better, mean_score, state.best_score),
            best_step=jnp.where(better, step.astype(jnp.int32), state.best_step),
        )
        return state, (mean_score, report(state.params, graphs))

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
            params, moments, followed, error = jax.lax.switch(
                number % len(config.lengths),
                branches,
                jax.random.fold_in(_stream(key, "train"), number),
                number,
                state.params,
                state.optimiser,
                state.followed,
            )
            snapshots = tuple(
                jax.tree.map(
                    lambda new, old, at=at: jnp.where(number + 1 == at, new, old),
                    params,
                    kept,
                )
                for at, kept in zip(taken_after, state.snapshots, strict=True)
            )
            state = state._replace(
                params=params, optimiser=moments, followed=followed, snapshots=snapshots
            )
            validation = functools.partial(
                validate, pool, jax.random.fold_in(_stream(key, "redraw"), number)
            )
            # -1 and not NaN: with jax_debug_nans, JAX would stop at a NaN
            skipped = jax.tree.map(
                lambda leaf: jnp.full(leaf.shape, -1, leaf.dtype),
                jax.eval_shape(validation, state, number)[1],
            )
            state, reported = jax.lax.cond(
                number % config.evaluate_every == 0,
                validation,
                lambda state, _: (state, skipped),
                state,
                number,
            )
            return state, Curves(error, *reported)

        return jax.lax.scan(step, state, first + jnp.arange(count))

    return Trainer(begin, advance)


def make_train(
    task: Task, model: ModelConfig, config: TrainConfig
) -> Callable[[Key[Array, ""]], tuple[TrainState, Curves]]:
    """A pure function from a key to a trained network and its curves.

    Raises TypeError for what is no task or no configuration.
    """
    trainer = make_trainer(task, model, config)

    def train(key: Key[Array, ""]) -> tuple[TrainState, Curves]:
        random.prove_key("a training run", key)
        return trainer.advance(key, trainer.begin(key), jnp.array(0), config.steps)

    return train


def ensemble(trainer: Trainer, devices: jax.sharding.Mesh | None = None) -> Trainer:
    """The trainer over a leading axis of seeds; `trainer` must have `axis=SEEDS`.

    The seeds are distributed over `devices`, a mesh of one axis (by default the first
    device). The number of devices must divide the number of seeds. Devices run
    independently: none waits for the graphs of another.
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
    """Splits a batch into parts of `size` graphs of similar length.

    Returns the parts, each part's share of the graphs, and its share of the steps that
    have hints. Each part is unrolled only as long as its own longest graph, not as the
    longest of the batch. The losses of the parts, outputs weighted by the first share
    and hints by the second, add up to the loss of the batch.
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
    """Draws as many graphs as the pool has, with replacement and new positions.

    As run.py's validation does: each validation samples from a fixed set, and
    `random_pos` draws new node positions for each sampled graph.
    """
    pick, place = jax.random.split(key)
    chosen = jax.random.randint(pick, (pool.batch,), 0, pool.batch, jnp.int32)
    drawn = pool.take(chosen)
    unsorted = jax.random.uniform(place, (pool.batch, pool.nodes), jnp.float32)
    positions = jnp.sort(unsorted)
    return task.solved({**drawn.inputs, "pos": positions})


def _zoomed(key: Key[Array, ""], graphs: Graphs, least: float) -> Graphs:
    """Graphs at zoomed positions, which no algorithm of CLRS reads (`windows`)."""
    if least == 1:
        return graphs
    positions = windows.zoomed(key, jnp.asarray(graphs.positions), least)
    inputs = {**graphs.inputs, "pos": positions}
    return Graphs(graphs.task, inputs, graphs.trajectory)


def _flat(params: Params) -> Float[Array, "parameters"]:
    """All parameters as one vector, to update them in one operation, not dozens."""
    return ravel_pytree(params)[0]


def _l1(params: Params, weight: float) -> Float[Array, ""]:
    """`weight` times the sum of all parameters' absolute values."""
    leaves: list[Array] = jax.tree.leaves(params)
    return weight * sum((jnp.abs(leaf).sum() for leaf in leaves), jnp.zeros(()))


def _stream(key: Key[Array, ""], purpose: str) -> Key[Array, ""]:
    """An independent key of one seed for each purpose."""
    purposes = ("init", "train", "validation", "redraw", "follow")
    return jax.random.fold_in(key, purposes.index(purpose))
