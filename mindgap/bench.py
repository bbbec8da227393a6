"""Times of the same training step here and in dm-clrs, on one machine.

A step consists of sampling, forward pass, backward pass and update at the paper's
settings (batch 32, hidden size 128). Times are medians over rounds, averaged over the
five training lengths. Both libraries run in every round, so that a slow moment of the
machine affects both.
"""

import dataclasses
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from mindgap import tasks, training
from mindgap.experiments import blocks
from mindgap.network import ModelConfig, dm_clrs
from mindgap.tasks import random
from mindgap.tasks.base import TRAIN_PROBABILITIES, Task
from mindgap.training import TrainConfig

SPAN = 10
"""Training steps of this library in one compiled call; `mindgap run` compiles more
steps into a call, and so has less overhead."""
DRAWS = 100
"""Batches in one compiled call when sampling alone is timed."""


@dataclasses.dataclass(frozen=True)
class Timing:
    """Milliseconds per seed and step of both libraries, and the memory of a step here.

    `ours` is this library; numbers of dm-clrs are None where only `ours` is timed.
    """

    task: str
    hidden_size: int
    seeds: int
    ours_ms: float
    dm_clrs_ms: float | None
    ratio: float | None
    sampling_ours_ms: float
    sampling_dm_clrs_ms: float | None
    sampling_ratio: float | None
    memory_gib: float
    """Of this library's step at the largest length: arguments, results, temporaries."""
    device: str

    def __str__(self) -> str:
        line = (
            f"{self.task}, hidden size {self.hidden_size}, seeds {self.seeds}: "
            f"{self.ours_ms:.2f} ms ({self.sampling_ours_ms:.3f} ms of it sampling)"
        )
        if self.ratio is not None:
            line += (
                f", dm-clrs {self.dm_clrs_ms:.0f} ms ({self.sampling_dm_clrs_ms:.1f} "
                f"ms), {self.ratio:.1f} times as much ({self.sampling_ratio:.0f} times)"
            )
        return f"{line}; {self.memory_gib:.2f} GiB"


Report = Callable[[str], None]
"""A function that is called with each line of progress."""


def measure(
    chosen: Iterable[Task], rounds: int, report: Report = lambda line: None
) -> Iterator[Timing]:
    """Timings of each task at the paper's size and of networks of hidden size 4.

    The small networks are a block as `mindgap run` trains it, of 256 seeds at most.
    """
    for task in chosen:
        report(f"{task.name}: compiling a training step here and in dm-clrs")
        yield against_dm_clrs(task, rounds, ModelConfig(), TrainConfig(), report)
        small = ModelConfig(hidden_size=4)
        seeds = min(256, blocks.block_size(task, small, TrainConfig()))
        report(f"{task.name}: compiling a step of {seeds} minimal networks")
        yield alone(task, rounds, small.hidden_size, seeds, TrainConfig(), report)


def against_dm_clrs(
    task: Task,
    rounds: int,
    model: ModelConfig,
    config: TrainConfig,
    report: Report = lambda line: None,
) -> Timing:
    """The timing of a block of networks here, and of one network of dm-clrs.

    dm-clrs uses its own sampler and training step. It runs in a process of its own, on
    the devices that JAX uses by default.
    """
    seeds = blocks.block_size(task, model, config)
    trained, sampled, memory = _ours(task, model, config, seeds)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn) as process:
        process.submit(_start_clrs, task.name, model, config).result()

        def remote(kind: int) -> list[Step]:
            return [
                lambda length=length: process.submit(_clrs_step, kind, length).result()
                for length in range(len(config.lengths))
            ]

        times = _in_turn((trained, remote(0), sampled, remote(1)), rounds, report)
    ours, theirs, our_data, their_data = (
        1000 * statistics.mean(statistics.median(times) for times in side)
        for side in times
    )
    return Timing(
        task.name,
        model.hidden_size,
        seeds,
        ours,
        theirs,
        theirs / ours,
        our_data,
        their_data,
        their_data / our_data,
        memory,
        jax.devices()[0].device_kind,
    )


def alone(
    task: Task,
    rounds: int,
    hidden_size: int,
    seeds: int,
    config: TrainConfig,
    report: Report = lambda line: None,
) -> Timing:
    """The timing of an ensemble per seed, without dm-clrs, which has no ensembles."""
    model = ModelConfig(hidden_size=hidden_size)
    trained, sampled, memory = _ours(task, model, config, seeds)
    ours, data = (
        1000 * statistics.mean(statistics.median(times) for times in side)
        for side in _in_turn((trained, sampled), rounds, report)
    )
    device = jax.devices()[0].device_kind
    return Timing(
        task.name,
        hidden_size,
        seeds,
        ours,
        None,
        None,
        data,
        None,
        None,
        memory,
        device,
    )


@dataclasses.dataclass(frozen=True)
class Sampling:
    """Milliseconds for a batch of 32 inputs of 16 nodes with traces, on both sides."""

    task: str
    ours_ms: float
    dm_clrs_ms: float
    ratio: float

    def __str__(self) -> str:
        return (
            f"{self.task}: {self.ours_ms:.3f} ms a batch, dm-clrs "
            f"{self.dm_clrs_ms:.1f} ms, {self.ratio:.0f} times as much"
        )


def sampling(
    chosen: Iterable[Task], rounds: int, report: Report = lambda line: None
) -> Iterator[Sampling]:
    """Times of sampling alone, of any task of CLRS, with random positions."""
    batch, nodes, keys = 32, 16, random.key(0)[None]
    for task in chosen:
        report(f"{task.name}: sampling here and in dm-clrs")
        stream = _stream(task, nodes, batch)
        sides = (
            [_sampling(task, batch, nodes, keys)],
            [_call(lambda stream=stream: next(stream), 1)],
        )
        ours, theirs = (
            1000 * statistics.median(times) for (times,) in _in_turn(sides, rounds)
        )
        yield Sampling(task.name, ours, theirs, theirs / ours)


@dataclasses.dataclass(frozen=True)
class Cost:
    """The cost per seed of a training step of this library in one setting."""

    varied: str
    """The setting that differs from the default: nodes, hidden size, seeds or hints."""
    task: str
    nodes: int
    hidden_size: int
    seeds: int
    hints: float
    """Mean number of hints of a trajectory."""
    ms: float
    memory_gib: float
    device: str

    def __str__(self) -> str:
        return (
            f"{self.varied:<12} {self.task:<15} {self.nodes:>3} nodes, hidden size "
            f"{self.hidden_size:>3}, {self.seeds:>4} seeds, {self.hints:5.1f} hints: "
            f"{self.ms:8.2f} ms, {self.memory_gib:.2f} GiB"
        )


def growth(rounds: int, report: Report = lambda line: None) -> Iterator[Cost]:
    """Costs of a step when one setting varies and the others keep their default.

    The default is BFS on 16 nodes at the paper's size. What varies is the number of
    nodes, the hidden size, the number of seeds trained together, or the number of
    hints: variants of BFS have more hints on the same graphs.
    """
    usual = blocks.block_size(tasks.bfs, ModelConfig(), TrainConfig())
    settings = [
        *(("nodes", tasks.bfs, nodes, 128, usual) for nodes in (4, 8, 16, 32, 64)),
        *(("hidden size", tasks.bfs, 16, size, usual) for size in (4, 16, 64, 128)),
        *(("seeds", tasks.bfs, 16, 128, seeds) for seeds in (1, 2, 4, 8, 16, 32)),
        *(
            ("hints", variant, 16, 128, usual)
            for variant in (tasks.bfs, tasks.bfs_sequential, tasks.bfs_padded)
        ),
    ]
    for number, setting in enumerate(settings, start=1):
        report(f"setting {number} of {len(settings)}")
        yield _cost(*setting, rounds)


def draw(costs: Sequence[Cost], path: Path) -> None:
    """Draw costs against the varied setting to a file; its suffix sets the format."""
    from mindgap import plots

    points = {}
    for cost in costs:
        value = getattr(cost, cost.varied.replace(" ", "_"))
        points.setdefault(cost.varied, []).append((value, cost.ms))
    figure = plots.growth({name: np.array(p).T for name, p in points.items()})
    (figure.publish if path.suffix == ".svg" else figure.save)(path)


def _cost(
    varied: str, task: Task, nodes: int, size: int, seeds: int, rounds: int
) -> Cost:
    model, config = ModelConfig(hidden_size=size), TrainConfig(lengths=(nodes,))
    trained, _, memory = _ours(task, model, config, seeds)
    ((times,),) = _in_turn((trained,), rounds)
    drawn = task.sample(random.key(0), nodes, 256, TRAIN_PROBABILITIES)
    return Cost(
        varied,
        task.name,
        nodes,
        size,
        seeds,
        float(jnp.asarray(drawn.trajectory.lengths).mean()),
        1000 * statistics.median(times),
        memory,
        jax.devices()[0].device_kind,
    )


Step = Callable[[], float]
"""A function that runs one or more steps and returns the seconds per step."""


def _in_turn(
    sides: tuple[list[Step], ...], rounds: int, report: Report = lambda line: None
) -> list[list[list[float]]]:
    """Seconds per step by side, length and round; each round times every side.

    The first of `rounds` + 1 rounds warms up and is not in the result. A side is a list
    of steps, one for each length.
    """
    times = [[[] for _ in side] for side in sides]
    for turn in range(rounds + 1):
        started = time.monotonic()
        for length in range(len(sides[0])):
            for side, steps in enumerate(sides):
                seconds = steps[length]()
                if turn:
                    times[side][length].append(seconds)
        took = time.monotonic() - started
        left = (rounds - turn) * took
        report(f"round {turn} of {rounds} took {took:.0f} s, about {left:.0f} s left")
    return times


def _ours(
    task: Task, model: ModelConfig, config: TrainConfig, seeds: int
) -> tuple[list[Step], list[Step], float]:
    """Training and sampling steps at each length, and the GiB of the largest length.

    Times are per seed. The seeds are trained in blocks, as `mindgap run` trains them.
    """
    size = blocks.block_size(task, model, config)
    parts = blocks.cut(range(seeds), size)
    shared = blocks.Shared(len(parts[0]))
    keys = [shared.out(jax.vmap(training.key_of)(jnp.array(p))) for p in parts]
    trained, sampled, memory = [], [], 0.0
    for nodes in config.lengths:
        # the span starts at step 1, so that validation is never due
        one = dataclasses.replace(config, lengths=(nodes,), evaluate_every=10**9)
        trainer = blocks.trainer_of(task, model, one, shared.devices)
        states = [shared.out(trainer.begin(block)) for block in keys]
        advance = trainer.advance.lower(keys[0], states[0], jnp.array(1), SPAN)
        advance = advance.compile()
        if nodes == max(config.lengths):
            memory = blocks.footprint(advance) / 2**30
        trained.append(_span(advance, keys, states))
        sampled.append(_sampling(task, config.batch, nodes, keys[0]))
    return trained, sampled, memory


def _span(advance: Callable[..., Any], keys: list[Any], states: list[Any]) -> Step:
    """`SPAN` training steps of all blocks; `keys` and `states` have one item a block.

    Each call replaces `states` by the states after the span.
    """
    seeds = sum(map(len, keys))

    def step() -> float:
        started = time.perf_counter()
        for index, block in enumerate(keys):
            # one block after the other, each on all devices
            states[index], _ = jax.block_until_ready(
                advance(block, states[index], jnp.array(1))
            )
        return (time.perf_counter() - started) / SPAN / seeds

    return step


def _sampling(task: Task, batch: int, nodes: int, keys: Key[Array, "seeds"]) -> Step:
    """Sampling of `DRAWS` batches of each seed, with random positions."""

    def sample(key):
        return task.sample(key, nodes, batch, TRAIN_PROBABILITIES, True)

    @jax.jit
    def span():
        draws = jax.vmap(lambda key: jax.random.split(key, DRAWS))(keys)
        return jax.lax.map(jax.vmap(sample), draws.swapaxes(0, 1))

    return _call(span, DRAWS * len(keys))


def _call(function: Callable[[], Any], steps: int) -> Step:
    def step() -> float:
        started = time.perf_counter()
        jax.block_until_ready(function())
        return (time.perf_counter() - started) / steps

    return step


_clrs_steps: tuple[list[Step], ...] = ()
"""Training and sampling steps at each length; set in dm-clrs's process only."""


def _start_clrs(name: str, model: ModelConfig, config: TrainConfig) -> None:
    global _clrs_steps
    _clrs_steps = _theirs(tasks.TASKS[name], model, config)


@dm_clrs.one_device()
def _clrs_step(kind: int, length: int) -> float:
    """Seconds of a step in dm-clrs's process: `kind` 0 trains, 1 samples."""
    return _clrs_steps[kind][length]()


def _theirs(
    task: Task, model: ModelConfig, config: TrainConfig
) -> tuple[list[Step], list[Step]]:
    """Training and sampling steps of dm-clrs, as its run.py does them.

    A training step samples fresh graphs, replaces their positions by random ones and
    updates the network; a sampling step does the first two.
    """
    streams = [_stream(task, nodes, config.batch) for nodes in config.lengths]
    for stream in streams:
        # dm-clrs pads hints to the longest trajectory sampled so far and compiles anew
        # whenever that grows: 50 batches make it settle
        for _ in range(50):
            next(stream)
    network = dm_clrs.clrs_model(task, model, next(streams[-1]))
    key = jax.random.PRNGKey(0)
    trained = [
        _call(lambda s=stream: network.feedback(key, next(s)), 1) for stream in streams
    ]
    return trained, [_call(lambda s=stream: next(s), 1) for stream in streams]


def _stream(task: Task, nodes: int, batch: int) -> Iterator[Any]:
    """Endless batches of dm-clrs's sampler, with random positions."""
    import numpy as np

    clrs = dm_clrs.library("the comparison with dm-clrs")
    sampler, _ = clrs.build_sampler(
        task.name, seed=nodes, num_samples=-1, length=nodes, p=TRAIN_PROBABILITIES
    )

    def batches():
        while True:
            yield sampler.next(batch)

    repositioned: Any = clrs.process_random_pos(batches(), np.random.RandomState(nodes))
    return repositioned
