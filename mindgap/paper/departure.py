"""An experiment that the paper lacks: does training leave a compiled solution, and why?

BFS, Bellman-Ford and DFS are compiled into one and the same network, at four degrees of
sharpness, and trained on from there. Adam's first steps move every parameter by about
the learning rate, however small its gradient: its moments are new. So it is compared
with a rate a hundred times lower, with an Adam whose moments were gathered before the
first step, and with plain gradient steps no longer than the curvature allows.
"""

import dataclasses

from jax import random

from mindgap import tasks
from mindgap.experiments.base import TEST_16, CompiledStart, Experiment
from mindgap.measures import landscape
from mindgap.network import scoring
from mindgap.paper.trainability import EXPRESSIVE, OURS
from mindgap.tasks.base import TRAIN_PROBABILITIES
from mindgap.training import TrainConfig

SHARED = dataclasses.replace(EXPRESSIVE, edge_values="projected", self_bias=True)
"""The smallest network that all three compile to, for any number of nodes."""

ADAM = TrainConfig(
    steps=2000, skip_overflow=True, evaluate_every=100, snapshots=(1, 10, 100)
)

GATHERED = 100
"""In so many steps Adam's second moment comes to a tenth of its final value; the
correction of its start makes up for the rest."""

CURVATURES = {
    ("bfs", 5): 3.6e4,
    ("bfs", 10): 2.3e6,
    ("bfs", 15): 9.8e6,
    ("bfs", 20): 0.0,
    ("bellman_ford", 5): 3.4e9,
    ("bellman_ford", 10): 4.1e12,
    ("bellman_ford", 15): 3.2e8,
    ("bellman_ford", 20): 4.0e9,
    ("dfs", 15): 1.4e20,
    ("dfs", 20): 4.3e7,
}
"""What `curvature` returned, by task and the logarithm of the sharpness.

None for DFS at 2^5 and 2^10, where it is no float32 number.
"""

LARGEST_RATE = 1e-2
"""The rate of plain steps where the curvature is 0."""


def curvature(task: tasks.Task, sharpness: int) -> float:
    """Largest eigenvalue, by size, of the Hessian of a training loss at exact weights.

    The loss is that of 16 graphs of 16 nodes, drawn as for training, at the weights
    compiled with sharpness 2 to the power of `sharpness`; by 15 iterations of Lanczos.
    The rows' rates of plain steps come from it; float32 gives it to some digits.
    """
    graphs = task.sample(random.key(3), 16, 16, TRAIN_PROBABILITIES, True)
    losses = scoring.losses(task, SHARED, graphs)
    exact = CompiledStart(task.name, 2.0**sharpness).params(SHARED)
    largest = landscape.curvature(
        lambda params: losses(params).sum(), exact, random.key(0), 1, 15
    )
    return float(abs(largest[0]))


def _plain(task: str, sharpness: int) -> TrainConfig:
    """Gradient steps at a rate of one through the curvature, not clipped."""
    steepest = CURVATURES[task, sharpness]
    rate = min(LARGEST_RATE, 1 / steepest) if steepest else LARGEST_RATE
    return dataclasses.replace(ADAM, plain=True, learning_rate=rate, clip_norm=1e30)


def _row(task: tasks.Task, sharpness: int, way: str, train: TrainConfig) -> Experiment:
    name = task.name.replace("_", "-")
    return Experiment(
        name=f"departure/{name}-{sharpness}-{way}",
        source="section 3.4, no table: training from an exact solution",
        claim="Why training leaves a compiled solution, or stays.",
        task=task,
        model=SHARED,
        train=train,
        start=CompiledStart(task.name, 2.0**sharpness),
        beside=(TEST_16,),
        larger=0,
        headline="last",
        followed=False,
        keep=False,
        seeds=4,
        unsure=(*OURS, "2,000 steps, not 10,000", "steps that overflow are left out"),
    )


def _rows(task: tasks.Task, sharpness: int) -> list[Experiment]:
    ways = {
        "adam": ADAM,
        "slow": dataclasses.replace(ADAM, learning_rate=1e-6),
        "gathered": dataclasses.replace(
            ADAM, steps=ADAM.steps + GATHERED, gathered=GATHERED
        ),
    }
    if (task.name, sharpness) in CURVATURES:
        ways["plain"] = _plain(task.name, sharpness)
    return [_row(task, sharpness, *way) for way in ways.items()]


DEPARTURE = tuple(
    row
    for task in (tasks.bfs, tasks.bellman_ford, tasks.dfs)
    for sharpness in (5, 10, 15, 20)
    for row in _rows(task, sharpness)
)
