"""Tasks: named features, a distribution of graphs and an algorithm (CLRS §3).

A task lists the inputs, hints and outputs of an algorithm, with CLRS's names, stages,
locations and types. It samples graphs as CLRS does, and runs the algorithm, which
records every hint at every step. Sampling and solving are plain JAX, so a training step
can draw its own data from a key.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol, get_args, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from mindgap import checks
from mindgap.graphs import AnyArray, Graphs, Trajectory
from mindgap.tasks import given, random
from mindgap.tasks.erdos_renyi import ErdosRenyi, Inputs, linear_places
from mindgap.tasks.features import POSITIONS, Feature, Location, Stage, Type

TRAIN_PROBABILITIES = tuple(k / 10 for k in range(1, 10))
"""Edge probabilities of upstream's run.py, of which each graph draws one."""

BENCHMARK = {
    "train": {"seed": 1, "count": 1000, "nodes": 16},
    "val": {"seed": 2, "count": 32, "nodes": 16},
    "test": {"seed": 3, "count": 32, "nodes": 64},
}
"""CLRS-30's sets (dm-clrs `CLRS30`): linear positions, edge probability 0.5."""


UNDIRECTED = ErdosRenyi()
"""Undirected graphs without weights, with a source."""


@runtime_checkable
class Sampler(Protocol):
    """Draws inputs of a task; checks whether given inputs suit its algorithm."""

    @property
    def directed(self) -> bool:
        """Whether an edge i -> j may exist without j -> i."""
        ...

    @property
    def weighted(self) -> bool:
        """Whether the weights of edges matter to the algorithm."""
        ...

    def draw(
        self, key: Key[Array, ""], nodes: int, batch: int, chances: Float[Array, "any"]
    ) -> Inputs:
        """A batch of random inputs at random positions."""
        ...

    def draw_as_clrs(self, rng: np.random.RandomState, nodes: int) -> Inputs:
        """Inputs of one graph, from dm-clrs's random numbers, at linear positions."""
        ...

    def faults(self, inputs: Inputs) -> Iterator[str]:
        """Reasons why the algorithm is not defined on these inputs; none if it is."""
        ...


@dataclasses.dataclass(frozen=True, eq=False)
class Task:
    """An algorithm to be learned or compiled, with its features and its inputs."""

    name: str
    features: Mapping[str, Feature]
    solve: Callable[[Inputs], Trajectory]
    """Maps the inputs of one graph, by CLRS's names, to its trajectory. CLRS's
    algorithms ignore the positions."""
    most_hints: Callable[[int], int]
    """The largest number of hints on n nodes: the T of `solve`'s trajectories."""
    sampler: Sampler = UNDIRECTED
    test_sets: int = 1
    """How many times as many graphs CLRS-30 validates and tests on: more, for tasks
    whose answers are single nodes (dm-clrs `num_samples_multiplier`)."""
    left_out: tuple[str, ...] = ()
    """CLRS's hints of this algorithm that the task does not have: those of edges."""
    strict: bool = True
    """Whether inputs must pass `sampler.faults`; False if `solve` takes any inputs."""

    def __post_init__(self):
        """Raises ValueError for a feature of no kind and for missing ones."""
        for name, feature in self.features.items():
            kinds = zip(feature[:3], (Stage, Location, Type), strict=True)
            for got, kind in kinds:
                if got not in get_args(kind):
                    raise ValueError(
                        f"{self.name}: {got!r} of the feature {name} is none of "
                        f"{', '.join(get_args(kind))}"
                    )
            if (feature.type == "categorical") != (feature.classes > 0):
                raise ValueError(
                    f"{self.name}: the feature {name} is {feature.type} and has "
                    f"{feature.classes} classes: categorical ones have some"
                )
        if self.features.get("pos") != POSITIONS:
            raise ValueError(f"{self.name}: needs the input pos, {POSITIONS}")
        for stage in ("hint", "output"):
            if not self.stage(stage):
                raise ValueError(f"{self.name}: needs one {stage} at least")

    def stage(self, stage: Stage) -> dict[str, Feature]:
        """The features of one stage, in the task's order."""
        return {k: f for k, f in self.features.items() if f.stage == stage}

    def inputs(self, graphs: Graphs) -> dict[str, Array]:
        """The input features by CLRS's names, in the task's order.

        Raises TypeError if `graphs` is not a Graphs, ValueError if it is of another
        task, or of another one of the same name.
        """
        if not isinstance(graphs, Graphs):
            raise TypeError(
                f"{self.name} takes Graphs, as made by {self.name}.run or "
                f"{self.name}.sample, got a {type(graphs).__name__}"
            )
        if graphs.positions.ndim != 2 or not graphs.positions.size:
            raise ValueError(
                f"{self.name} takes a batch of graphs, at least one, with pos (B, N): "
                f"these have pos {graphs.positions.shape}; graphs.take([0]) is a batch "
                "of the first"
            )
        solved = {*graphs.trajectory.hints, *graphs.trajectory.outputs}
        own = {*self.stage("hint"), *self.stage("output")}
        if graphs.task != self.name or solved != own:
            raise ValueError(
                f"these are graphs of the task {graphs.task} with a trajectory of "
                f"{', '.join(sorted(solved))}; {self.name} has "
                f"{', '.join(sorted(own))}: solve them again with "
                f"{self.name}.solved(graphs.inputs)"
            )
        return {name: jnp.asarray(graphs.inputs[name]) for name in self.stage("input")}

    def run(
        self,
        weights: Any = None,
        source: Any = None,
        positions: Any = None,
        adjacency: Any = None,
    ) -> Graphs:
        """The user's own graphs, with the algorithm's trajectory on them.

        `weights` are (B, N, N). `adjacency`, (B, N, N), marks the edges that exist; by
        default these are the pairs whose weight is not 0. Without weights every edge
        weighs 1. `source` is one-hot, (B, N), or node numbers, (B,) or one for all
        graphs. `positions`, (B, N), default to CLRS's linear ones, i / N. All numbers
        are rounded to float32, unless JAX is set to float64: two that differ by less
        are equal for the algorithm, and sums are rounded as in the networks.

        Raises ValueError if a shape is wrong, if a value is not finite, or if the
        algorithm is not defined on a graph (a cycle in an acyclic task, an edge in one
        direction only in an undirected one). The message names graph and edge.
        """
        arguments = weights, source, positions, adjacency
        return self.solved(given.of_graphs(self.name, self.stage("input"), *arguments))

    def solved(self, inputs: Inputs) -> Graphs:
        """Graphs of inputs by CLRS's names, with the algorithm's trajectory on them.

        Shapes: node features (B, N), edge features (B, N, N), graph features (B,).
        Numbers are rounded as in `run`, and ValueError is raised as there. The
        trajectory has as many hints as the longest of the batch. Inside jit or grad,
        where JAX does not know the values yet, they are not checked, and the trajectory
        has `most_hints(N)` hints.
        """
        arrays = given.checked(self.name, self.features, inputs)
        if self.strict and not any(map(given.traced, arrays.values())):
            for fault in self.sampler.faults(arrays):
                raise ValueError(f"{self.name} is for {self.sampler}, but {fault}")
        graphs = Graphs(self.name, arrays, trajectories(self, arrays))
        if given.traced(graphs.trajectory.lengths):
            return graphs
        return graphs.trimmed()

    def sample(
        self,
        key: Key[Array, ""],
        nodes: int,
        batch: int,
        p: float | Sequence[float] = 0.5,
        random_positions: bool = False,
    ) -> Graphs:
        """Random graphs of CLRS's distribution for this task, with their trajectories.

        `p` is an edge probability in [0, 1], or several, of which each graph draws one.
        Random positions are sorted uniform numbers, as in run.py's `random_pos`; by
        default the positions are linear, i / N.

        Raises TypeError for what is no key, ValueError for sizes that are no whole
        numbers of at least 1 and for what is no probability.
        """
        random.prove_key(f"{self.name}.sample", key)
        nodes, batch = checks.whole("nodes", nodes), checks.whole("batch", batch)
        checks.truth("random_positions", random_positions)
        chances = given.probabilities(p)
        inputs = dict(self.sampler.draw(key, nodes, batch, chances))
        if not random_positions:
            inputs["pos"] = linear_places(inputs)
        return Graphs(self.name, inputs, trajectories(self, inputs))

    def benchmark(self, split: Literal["train", "val", "test"]) -> Graphs:
        """The graphs of a split of CLRS-30, drawn again from dm-clrs's seed.

        Draws the same numbers from NumPy's legacy generator, in the same order, as
        dm-clrs's sampler, without importing dm-clrs. Numbers are rounded to float32.
        Raises ValueError for an unknown split.
        """
        if split not in list(BENCHMARK):
            raise ValueError(f"unknown split {split!r}: one of {', '.join(BENCHMARK)}")
        setting = BENCHMARK[split]
        rng = np.random.RandomState(setting["seed"])
        count = setting["count"] * (1 if split == "train" else self.test_sets)
        drawn = [self.sampler.draw_as_clrs(rng, setting["nodes"]) for _ in range(count)]
        inputs = {
            name: jnp.asarray(np.stack([graph[name] for graph in drawn]), jnp.float32)
            for name in drawn[0]
        }
        return Graphs(self.name, inputs, _in_parts(self, inputs, count)).trimmed()


@functools.partial(jax.jit, static_argnums=0)
def trajectories(task: Task, inputs: Inputs) -> Trajectory:
    """The algorithm's trajectories on a batch of inputs, which are not checked.

    Each has `most_hints(N)` hints. Compiled once per shape, unlike an eager `vmap`.
    Raises ValueError if `solve` returns other features than the task has.
    """
    found = jax.vmap(task.solve)(inputs)
    named = {*task.stage("hint"), *task.stage("output")}
    if differing := named ^ {*found.hints, *found.outputs}:
        raise ValueError(
            f"{task.name}: solve must return the hints and outputs of its features, "
            f"but {', '.join(sorted(differing))} is only in one of the two"
        )
    return found


PART = 64
"""Graphs of a large set that are solved together: before they are trimmed, trajectories
have as many hints as any graph could need."""


def _in_parts(task: Task, inputs: Inputs, count: int) -> Trajectory:
    """The trajectories of many graphs, as long as the longest of them."""
    if count <= PART:
        return trajectories(task, dict(inputs))
    parts = []
    for first in range(0, count, PART):
        some = {name: array[first : first + PART] for name, array in inputs.items()}
        found = Graphs(task.name, some, trajectories(task, some)).trimmed()
        parts.append(jax.tree.map(np.asarray, found.trajectory))
    longest = max(int(part.lengths.max()) for part in parts)

    def padded(hint: np.ndarray) -> np.ndarray:
        width = [(0, 0), (0, longest - hint.shape[1]), *[(0, 0)] * (hint.ndim - 2)]
        return np.pad(hint, width)

    parts = [
        part._replace(hints={k: padded(v) for k, v in part.hints.items()})
        for part in parts
    ]
    return jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)


def lowest(marked: Bool[Array, "N *rest"]) -> Int[Array, "*rest"]:
    """The lowest marked row of each column, N if none is marked.

    Much faster than `argmax`.
    """
    nodes = marked.shape[0]
    index = jnp.arange(nodes).reshape(nodes, *(1,) * (marked.ndim - 1))
    return jnp.where(marked, index, nodes).min(0)


def precede(numbers: Float[Array, "N"]) -> Bool[Array, "N N"]:
    """Whether node i stands before node j in the order of their numbers; no ties."""
    node = jnp.arange(len(numbers))
    first, second = numbers[:, None], numbers[None]
    return (first < second) | ((first == second) & (node[:, None] < node))


def in_order(numbers: Float[Array, "N"]) -> Int[Array, "N"]:
    """The nodes in ascending order of their numbers; of equal ones the first first.

    As `argsort`, by counting, which is faster on short rows.
    """
    node = jnp.arange(len(numbers))
    rank = precede(numbers).sum(0)
    return (node[:, None] * (rank[:, None] == node)).sum(0)


def masked_after(
    hints: Mapping[str, Array], outputs: Mapping[str, AnyArray], length: Array
) -> Trajectory:
    """A trajectory whose hints from `length` on are zeros, as CLRS pads them."""
    steps = next(iter(hints.values())).shape[0]
    within = jnp.arange(steps) < length

    def pad(hint: Array) -> Array:
        mask = within.reshape((steps,) + (1,) * (hint.ndim - 1))
        return jnp.where(mask, hint, jnp.zeros_like(hint))

    return Trajectory({k: pad(v) for k, v in hints.items()}, outputs, length)
