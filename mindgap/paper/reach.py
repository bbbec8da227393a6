"""An experiment that goes beyond the paper: DFS learned so that it carries over.

The network is of the kind to which DFS compiles exactly: four heads, attention to all
nodes, no layer norm; its hints are decided before they are fed back, at test as well,
and its task has no clocks. It is trained on windows of true trajectories, on graphs of
up to 32 nodes, at zoomed positions, with a higher rate that falls to zero. Further rows
leave one part out, or have another in its place. Three rows train BFS, Bellman-Ford and
topological sorting in the same way, in networks that hold these.
"""

import dataclasses

from mindgap import tasks
from mindgap.experiments.base import IN_DISTRIBUTION, Data, Experiment
from mindgap.network import ModelConfig
from mindgap.paper.departure import SHARED
from mindgap.paper.trainability import EXPRESSIVE, HOLDING, OURS
from mindgap.training import TrainConfig, Windows

LARGE = tuple(Data(f"size-{n}", n, 32, seed=20_000 + n) for n in (96, 128))
"""Graphs as in CLRS-30's test, three and four times the largest of training."""

HARD = dataclasses.replace(EXPRESSIVE, hidden_size=64, feedback="hard")

_OTHERS = dataclasses.replace(SHARED, hidden_size=64, feedback="hard")
WIDE = {
    tasks.bfs: _OTHERS,
    tasks.bellman_ford: _OTHERS,
    tasks.topological_sort: dataclasses.replace(
        HOLDING[tasks.topological_sort], hidden_size=65, feedback="hard"
    ),
}
"""Networks that hold other algorithms, about as large as `HARD`."""

RECIPE = TrainConfig(
    steps=24_000,
    learning_rate=1.5e-3,
    batch=16,
    lengths=(8, 16, 32),
    evaluate_every=300,
    validation_graphs=32,
    decay=True,
    zoom=0.1,
    windows=Windows(renewed=0.2, scaled=3.0, states=1e-3),
)


def _windows(**changes) -> TrainConfig:
    """The recipe with other windows."""
    assert RECIPE.windows
    windows = dataclasses.replace(RECIPE.windows, **changes)
    return dataclasses.replace(RECIPE, windows=windows)


def _row(
    name: str,
    train: TrainConfig = RECIPE,
    model: ModelConfig = HARD,
    task: tasks.Task = tasks.dfs_unclocked,
) -> Experiment:
    return Experiment(
        name=f"reach/{name}",
        source="section 1.1, no table: what it takes to learn DFS",
        claim="A network that can express an algorithm learns it so that it carries "
        "over to larger graphs.",
        task=task,
        model=model,
        train=train,
        beside=(*IN_DISTRIBUTION, *LARGE),
        larger=0,
        sized=True,
        seeds=4,
        unsure=OURS,
    )


REACH = (
    _row("dfs"),
    _row("dfs-size-32", model=dataclasses.replace(HARD, hidden_size=32)),
    _row("dfs-to-16-nodes", dataclasses.replace(RECIPE, lengths=(4, 7, 11, 13, 16))),
    _row("dfs-without-own-hints", _windows(forced=(1.0, 1.0))),
    _row("dfs-without-renewal", _windows(renewed=0.0)),
    _row("dfs-without-scaling", _windows(scaled=0.0)),
    _row("dfs-without-bound", _windows(states=0.0)),
    _row("dfs-without-zoom", dataclasses.replace(RECIPE, zoom=1.0)),
    _row("dfs-without-decay", dataclasses.replace(RECIPE, decay=False)),
    _row("dfs-with-clocks", task=tasks.dfs),
    _row("dfs-with-layer-norm", model=dataclasses.replace(HARD, layer_norm=True)),
    _row("dfs-size-128", model=dataclasses.replace(HARD, hidden_size=128)),
    _row("dfs-whole-runs", dataclasses.replace(RECIPE, windows=None)),
    _row(
        "dfs-soft-hints",
        _windows(forced=(1.0, 1.0)),
        dataclasses.replace(HARD, feedback="soft"),
    ),
    *(
        _row(task.name.replace("_", "-"), model=wide, task=task)
        for task, wide in WIDE.items()
    ),
)
