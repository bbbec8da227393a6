"""What a task is: named features, a graph distribution, an algorithm (CLRS §3).

A task says which inputs, hints and outputs an algorithm has, with CLRS's names, stages,
locations and types; how CLRS draws its graphs; and the algorithm itself, which gives
every hint at every step. Sampling and solving are plain JAX, so a training step can
draw its own data from a key.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from mindgap.graphs import AnyArray, Graphs, Trajectory
from mindgap.tasks import given
from mindgap.tasks.erdos_renyi import ErdosRenyi, Inputs, linear_positions
from mindgap.tasks.features import Feature, Stage

TRAIN_PROBABILITIES = tuple(k / 10 for k in range(1, 10))
"""Edge probabilities of upstream's run.py, one drawn per graph."""

BENCHMARK = {
    "train": {"seed": 1, "count": 1000, "nodes": 16},
    "val": {"seed": 2, "count": 32, "nodes": 16},
    "test": {"seed": 3, "count": 32, "nodes": 64},
}
"""CLRS-30's own sets (dm-clrs `CLRS30`): linear positions, edge probability 0.5."""


UNDIRECTED = ErdosRenyi()
"""Undirected graphs without weights, with a source."""


@runtime_checkable
class Sampler(Protocol):
    """Where a task's inputs come from, and what they must be like."""

    @property
    def directed(self) -> bool:
        """Whether an edge need not have its opposite."""
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
        """One graph's inputs, with dm-clrs's random numbers and linear positions."""
        ...

    def faults(self, inputs: Inputs) -> Iterator[str]:
        """What in a batch of inputs the algorithm has no meaning for."""
        ...


@dataclasses.dataclass(frozen=True, eq=False)
class Task:
    """An algorithm to be learned or compiled, and the inputs it runs on."""

    name: str
    features: Mapping[str, Feature]
    solve: Callable[[Inputs], Trajectory]
    """One graph's inputs by CLRS's names to its trajectory. CLRS's algorithms do not
    look at positions."""
    most_hints: Callable[[int], int]
    """The largest number of hints on n nodes: the T of `solve`'s trajectories."""
    sampler: Sampler = UNDIRECTED
    strict: bool = True
    """Whether inputs must be of the sampler's kind; False if `solve` takes others."""

    def stage(self, stage: Stage) -> dict[str, Feature]:
        """The features of one stage, in the task's order."""
        return {k: f for k, f in self.features.items() if f.stage == stage}

    def inputs(self, graphs: Graphs) -> dict[str, Array]:
        """The input features by CLRS's names, in the task's order.

        Raises TypeError for what are no Graphs, ValueError for another task's.
        """
        if not isinstance(graphs, Graphs):
            raise TypeError(
                f"{self.name} takes Graphs, as made by {self.name}.run or "
                f"{self.name}.sample, got a {type(graphs).__name__}"
            )
        if graphs.task != self.name:
            raise ValueError(
                f"these are graphs of the task {graphs.task}, solved as such, and "
                f"{self.name} needs its own: {self.name}.solved(graphs.inputs)"
            )
        return {name: jnp.asarray(graphs.inputs[name]) for name in self.stage("input")}

    def run(
        self,
        weights: Any = None,
        source: Any = None,
        positions: Any = None,
        adjacency: Any = None,
    ) -> Graphs:
        """Graphs of one's own, with the algorithm's trajectory on them.

        `weights` are (B, N, N). `adjacency`, (B, N, N), says which edges exist; without
        it those whose weight is not 0 do, without weights every edge weighs 1. `source`
        is one-hot, (B, N), or node numbers, (B,) or one for all. Positions, (B, N),
        default to CLRS's linear ones, i / N.

        Raises ValueError for another shape, for values that are not finite, and for
        graphs that the algorithm has no meaning for (a cycle in an acyclic task, an
        edge one way only in an undirected one), naming graph and edge.
        """
        own = weights, source, positions, adjacency
        return self.solved(given.of_graphs(self.name, self.stage("input"), *own))

    def solved(self, inputs: Inputs) -> Graphs:
        """Any inputs by CLRS's names, with the algorithm's trajectory on them.

        At nodes (B, N), at edges (B, N, N), of the graph (B,). Raises ValueError as
        `run` does. What JAX has not computed yet (inside jit or grad) is not checked,
        and has as many hints as there could be; else there are those of the longest.
        """
        arrays = given.checked(self.name, self.features, inputs)
        if self.strict and not any(map(given.traced, arrays.values())):
            for fault in self.sampler.faults(arrays):
                raise ValueError(f"{self.name} is for {self.sampler}, but {fault}")
        graphs = Graphs(self.name, arrays, _solved(self, arrays))
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
        """Random graphs of CLRS's distribution for this task, solved.

        `p` is an edge probability in [0, 1], or several, of which each graph draws one.
        Random positions are sorted uniforms, as run.py's `random_pos` makes them.
        """
        if nodes < 1 or batch < 1:
            raise ValueError(
                f"nodes and batch must be at least 1, got {nodes=}, {batch=}"
            )
        chances = jnp.atleast_1d(jnp.asarray(p, jnp.float32))
        inputs = dict(self.sampler.draw(key, nodes, batch, chances))
        if not random_positions:
            inputs["pos"] = jnp.broadcast_to(linear_positions(nodes), (batch, nodes))
        return Graphs(self.name, inputs, _solved(self, inputs))

    def benchmark(self, split: Literal["train", "val", "test"]) -> Graphs:
        """CLRS-30's own graphs of a split, regenerated from dm-clrs's seed.

        Draws the same numbers from NumPy's legacy generator, in the same order, as
        dm-clrs's sampler; dm-clrs itself is not needed. Weights are rounded to float32.
        """
        if split not in BENCHMARK:
            raise ValueError(f"unknown split {split!r}: one of {', '.join(BENCHMARK)}")
        setting = BENCHMARK[split]
        rng = np.random.RandomState(setting["seed"])
        drawn = [
            self.sampler.draw_as_clrs(rng, setting["nodes"])
            for _ in range(setting["count"])
        ]
        inputs = {
            name: jnp.asarray(np.stack([graph[name] for graph in drawn]), jnp.float32)
            for name in drawn[0]
        }
        return Graphs(self.name, inputs, _solved(self, inputs)).trimmed()


@functools.partial(jax.jit, static_argnums=0)
def _solved(task: Task, inputs: dict[str, Array]) -> Trajectory:
    """Compiled once for each shape, which eager `vmap` is not."""
    return jax.vmap(task.solve)(inputs)


def lowest(marked: Bool[Array, "N *rest"]) -> Int[Array, "*rest"]:
    """The lowest marked row of each column, N if none is; `argmax` is much slower."""
    nodes = marked.shape[0]
    index = jnp.arange(nodes).reshape(nodes, *(1,) * (marked.ndim - 1))
    return jnp.where(marked, index, nodes).min(0)


def masked_after(
    hints: Mapping[str, Array], outputs: Mapping[str, AnyArray], length: Array
) -> Trajectory:
    """A trajectory whose hints from `length` on are zeros, as CLRS pads them."""
    steps = next(iter(hints.values())).shape[0]
    used = jnp.arange(steps) < length

    def pad(hint: Array) -> Array:
        mask = used.reshape((steps,) + (1,) * (hint.ndim - 1))
        return jnp.where(mask, hint, jnp.zeros_like(hint))

    return Trajectory({k: pad(v) for k, v in hints.items()}, outputs, length)
