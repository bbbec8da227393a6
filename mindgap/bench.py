"""The same training step here and in dm-clrs, in turn, on this machine.

A step is sampling, forward, backward and update at the paper's settings (batch 32,
hidden size 128); times are medians of rounds, averaged over the five lengths. Both
sides run in every round, so that a slow moment of the machine hits both.
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
from mindgap.extras import require
from mindgap.network import ModelConfig, dm_clrs
from mindgap.tasks import random
from mindgap.tasks.base import TRAIN_PROBABILITIES, Task
from mindgap.training import TrainConfig

SPAN = 10
"""Steps of ours in one compiled call; training has more, and so less overhead."""
DRAWS = 100
"""Batches in one compiled call where nothing but sampling is timed."""


@dataclasses.dataclass(frozen=True)
class Timing:
    """Milliseconds per seed and step, and what a step needs beside its parameters."""

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
    """Arguments, results and temporaries of ours at the largest length."""
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
"""Takes a line of progress."""


def measure(
    chosen: Iterable[Task], rounds: int, report: Report = lambda line: None
) -> Iterator[Timing]:
    """Each task at the paper's size, and 256 networks of hidden size 4."""
    for task in chosen:
        report(f"{task.name}: compiling a training step here and in dm-clrs")
        yield against_dm_clrs(task, rounds, ModelConfig(), TrainConfig(), report)
        report(f"{task.name}: compiling a step of 256 minimal networks")
        yield alone(task, rounds, 4, 256, TrainConfig(), report)


def against_dm_clrs(
    task: Task,
    rounds: int,
    model: ModelConfig,
    config: TrainConfig,
    report: Report = lambda line: None,
) -> Timing:
    """A block of networks, and one of dm-clrs's, with its own sampler and step.

    The latter runs in a process of its own, on devices as JAX has them by default.
    """
    seeds = blocks.block_size(task, model, config)
    trained, sampled, memory = _ours(task, model, config, seeds)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn) as process:
        process.submit(_begin, task.name, model, config).result()

        def ask(kind: int) -> list[Step]:
            return [
                lambda length=length: process.submit(_take, kind, length).result()
                for length in range(len(config.lengths))
            ]

        times = _in_turn((trained, ask(0), sampled, ask(1)), rounds, report)
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
    """An ensemble, without dm-clrs, which has none; times are per seed."""
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
class Cost:
    """What a training step costs here in one setting, per seed, without dm-clrs."""

    varied: str
    """Which of the settings is not the usual one: nodes, hidden size, seeds, hints."""
    task: str
    nodes: int
    hidden_size: int
    seeds: int
    hints: float
    """The mean length of the trajectories."""
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
    """How the cost of a step grows from BFS of the paper's size on 16 nodes.

    With nodes, hidden size, seeds trained together, and hints, of which the variants of
    BFS have more on the same graphs.
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
    """Costs by what was varied, as a figure; the ending of its name says its format."""
    from mindgap import plots

    points = {}
    for cost in costs:
        at = getattr(cost, cost.varied.replace(" ", "_"))
        points.setdefault(cost.varied, []).append((at, cost.ms))
    figure = plots.growth({name: np.array(p).T for name, p in points.items()})
    figure.savefig(path, bbox_inches="tight")


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
"""Runs one or more steps; seconds per step."""


def _in_turn(
    sides: tuple[list[Step], ...], rounds: int, report: Report = lambda line: None
) -> list[list[list[float]]]:
    """Seconds of each side, length and round, after one round that is not counted."""
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
    """Training and sampling at each length, and GiB at the largest; times per seed.

    The seeds are trained in blocks, as `mindgap run` does it.
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
        states = [shared.out(trainer.begin(some)) for some in keys]
        advance = trainer.advance.lower(keys[0], states[0], jnp.array(1), SPAN)
        advance = advance.compile()
        if nodes == max(config.lengths):
            memory = blocks.footprint(advance) / 2**30
        trained.append(_span(advance, keys, states))
        sampled.append(_sampling(task, config.batch, nodes, keys[0]))
    return trained, sampled, memory


def _span(advance: Callable[..., Any], keys: list[Any], states: list[Any]) -> Step:
    seeds = sum(map(len, keys))

    def step() -> float:
        started = time.perf_counter()
        for part, some in enumerate(keys):
            # one block after the other, each on all devices
            states[part], _ = jax.block_until_ready(
                advance(some, states[part], jnp.array(1))
            )
        return (time.perf_counter() - started) / SPAN / seeds

    return step


def _sampling(task: Task, batch: int, nodes: int, keys: Key[Array, "seeds"]) -> Step:
    def sample(key):
        return task.sample(key, nodes, batch, TRAIN_PROBABILITIES, True)

    @jax.jit
    def span():
        each = jax.vmap(lambda key: jax.random.split(key, DRAWS))(keys)
        return jax.lax.map(jax.vmap(sample), each.swapaxes(0, 1))

    return _call(span, DRAWS * len(keys))


def _call(function: Callable[[], Any], steps: int) -> Step:
    def step() -> float:
        started = time.perf_counter()
        jax.block_until_ready(function())
        return (time.perf_counter() - started) / steps

    return step


_clrs_steps: tuple[list[Step], ...] = ()
"""In dm-clrs's process: training and sampling at each length."""


def _begin(name: str, model: ModelConfig, config: TrainConfig) -> None:
    global _clrs_steps
    _clrs_steps = _theirs(tasks.TASKS[name], model, config)


@dm_clrs.one_device()
def _take(kind: int, length: int) -> float:
    return _clrs_steps[kind][length]()


def _theirs(
    task: Task, model: ModelConfig, config: TrainConfig
) -> tuple[list[Step], list[Step]]:
    """dm-clrs's run.py in short: fresh graphs with random positions, then a step."""
    streams = [_stream(task, nodes, config.batch) for nodes in config.lengths]
    for stream in streams:
        # its hints are as long as the longest seen so far: until that settles, it
        # compiles again and again
        for _ in range(50):
            next(stream)
    made = dm_clrs.clrs_model(task, model, next(streams[-1]))
    key = jax.random.PRNGKey(0)
    trained = [
        _call(lambda s=stream: made.feedback(key, next(s)), 1) for stream in streams
    ]
    return trained, [_call(lambda s=stream: next(s), 1) for stream in streams]


def _stream(task: Task, nodes: int, batch: int) -> Iterator[Any]:
    require("clrs", "the comparison with dm-clrs", "clrs")
    import clrs
    import numpy as np

    sampler, _ = clrs.build_sampler(
        task.name, seed=nodes, num_samples=-1, length=nodes, p=TRAIN_PROBABILITIES
    )

    def batches():
        while True:
            yield sampler.next(batch)

    placed: Any = clrs.process_random_pos(batches(), np.random.RandomState(nodes))
    return placed
