"""What a task is: named features, a graph distribution, an algorithm (CLRS §3).

A task says which inputs, hints and outputs an algorithm has, with CLRS's names, stages,
locations and types; how CLRS draws its graphs; and the algorithm itself, which gives
every hint at every step. Sampling and solving are plain JAX, so a training step can
draw its own data from a key.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from mindgap.graphs import AnyArray, Graphs, Trajectory
from mindgap.tasks.random import uniforms

Stage = Literal["input", "hint", "output"]
Location = Literal["node", "edge", "graph"]
Type = Literal["scalar", "mask", "mask_one", "categorical", "pointer"]

TRAIN_PROBABILITIES = tuple(k / 10 for k in range(1, 10))
"""Edge probabilities of upstream's run.py, one drawn per graph."""

BENCHMARK = {
    "train": {"seed": 1, "count": 1000, "nodes": 16},
    "val": {"seed": 2, "count": 32, "nodes": 16},
    "test": {"seed": 3, "count": 32, "nodes": 64},
}
"""CLRS-30's own sets (dm-clrs `CLRS30`): linear positions, edge probability 0.5."""


class Feature(NamedTuple):
    """One named signal of a task, as in CLRS: (stage, location, type)."""

    stage: Stage
    location: Location
    type: Type
    classes: int = 0
    """Number of classes of a categorical feature, 0 for every other type."""


POSITIONS = Feature("input", "node", "scalar")
SOURCE = Feature("input", "node", "mask_one")
WEIGHTS = Feature("input", "edge", "scalar")
ADJACENCY = Feature("input", "edge", "mask")
PARENTS = Feature("output", "node", "pointer")


@dataclasses.dataclass(frozen=True, eq=False)
class Task:
    """An algorithm to be learned or compiled, and the graphs it runs on."""

    name: str
    features: Mapping[str, Feature]
    solve: Callable[..., Trajectory]
    """One graph (weights (N, N), source (N,) or None, positions (N,)) to its
    trajectory; CLRS's algorithms do not look at positions."""
    most_hints: Callable[[int], int]
    """The largest number of hints on n nodes: the T of `solve`'s trajectories."""
    directed: bool = False
    acyclic: bool = False
    weighted: bool = False
    sourced: bool = True

    def stage(self, stage: Stage) -> dict[str, Feature]:
        """The features of one stage, in the task's order."""
        return {k: f for k, f in self.features.items() if f.stage == stage}

    def inputs(self, graphs: Graphs) -> dict[str, Array]:
        """The input features by CLRS's names: pos, A, adj, and s where there is one."""
        found = {
            "pos": graphs.positions,
            "A": graphs.weights,
            "adj": graphs.adjacency,
            "s": graphs.source,
        }
        return {name: jnp.asarray(found[name]) for name in self.stage("input")}

    def run(
        self,
        weights: Float[AnyArray, "B N N"],
        source: Float[AnyArray, "B N"] | None,
        positions: Float[AnyArray, "B N"] | None = None,
    ) -> Graphs:
        """Any graphs of yours, with the algorithm's trajectory on them.

        Positions default to CLRS's linear ones, i / N.
        """
        if (source is not None) != self.sourced:
            raise ValueError(
                f"{self.name} {'needs a' if self.sourced else 'has no'} source, "
                f"but source is {'missing' if source is None else 'given'}"
            )
        batch, nodes = weights.shape[:2]
        if positions is None:
            positions = jnp.broadcast_to(linear_positions(nodes), (batch, nodes))
        solved = _solved(self, weights, source, positions)
        return Graphs(positions, weights, source, solved)

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
        An undirected edge exists if both of its directions were drawn (so with
        probability p squared); the diagonal is kept, so real self-loops occur, but in
        tasks without cycles, where edges run along a random order of the nodes. Random
        positions are sorted uniforms, as run.py's `random_pos` makes them.
        """
        if nodes < 1 or batch < 1:
            raise ValueError(
                f"nodes and batch must be at least 1, got {nodes=}, {batch=}"
            )
        choices = jnp.atleast_1d(jnp.asarray(p, jnp.float32))
        kind = (self.directed, self.acyclic, self.weighted, self.sourced)
        weights, source, positions = _drawn(kind, nodes, batch, key, choices)
        return self.run(weights, source, positions if random_positions else None)

    def benchmark(self, split: Literal["train", "val", "test"]) -> Graphs:
        """CLRS-30's own graphs of a split, regenerated from dm-clrs's seed.

        Draws the same numbers from NumPy's legacy generator, in the same order, as
        dm-clrs's sampler; dm-clrs itself is not needed. Weights are rounded to float32.
        """
        if split not in BENCHMARK:
            raise ValueError(f"unknown split {split!r}: one of {', '.join(BENCHMARK)}")
        setting = BENCHMARK[split]
        rng = np.random.RandomState(setting["seed"])
        nodes, count = setting["nodes"], setting["count"]
        drawn = [self._draw_as_clrs(rng, nodes) for _ in range(count)]
        weights = jnp.asarray(np.stack([w for w, _ in drawn]), jnp.float32)
        source = None
        if self.sourced:
            source = jax.nn.one_hot(np.array([s for _, s in drawn]), nodes)
        return self.run(weights, source).trimmed()

    def _draw_as_clrs(
        self, rng: np.random.RandomState, nodes: int
    ) -> tuple[np.ndarray, int | None]:
        chance = rng.choice((0.5,))
        edges = rng.binomial(1, chance, size=(nodes, nodes))
        if not self.directed:
            edges *= edges.T
        if self.acyclic:
            place = rng.permutation(nodes)
            edges = np.triu(edges, k=1)[place][:, place]
        weights = edges.astype(float)
        if self.weighted:
            draw = rng.uniform(low=0.0, high=1.0, size=(nodes, nodes))
            weights *= draw if self.directed else np.sqrt(draw * draw.T + 1e-3)
        return weights, rng.choice(nodes) if self.sourced else None


@functools.partial(jax.jit, static_argnums=(0, 1, 2))
def _drawn(
    kind: tuple[bool, bool, bool, bool],
    nodes: int,
    batch: int,
    key: Key[Array, ""],
    choices: Float[Array, "chances"],
) -> tuple[Array, Array | None, Array]:
    """Weights, sources and sorted random positions of CLRS's distribution.

    `kind` says whether the graphs are directed, have no cycles, are weighted and have a
    source: tasks of one kind share what is compiled.
    """
    directed, acyclic, weighted, sourced = kind
    pairs = nodes**2
    # each kind leaves out what it has no use for, and keeps the others' places
    draw = functools.partial(uniforms, key, batch, 2 + 2 * pairs + nodes)
    across = 2 + np.arange(pairs).reshape(nodes, nodes)
    chance, start = draw(np.arange(2)).T
    chances = choices[(chance * len(choices)).astype(int)][:, None, None]
    edges = draw(across) < chances
    if not directed:
        # drawn once more: to transpose it is slower than to hash it
        edges &= draw(across.T) < chances
    if acyclic:
        place = draw(2 + pairs + np.arange(nodes))
        edges &= place[:, :, None] < place[:, None, :]
    weights = edges.astype(jnp.float32)
    if weighted:
        weight = draw(across + pairs)
        if not directed:
            weight = jnp.sqrt(weight * draw(across.T + pairs) + 1e-3)
        weights *= weight
    source = None
    if sourced:
        source = jax.nn.one_hot((start * nodes).astype(int), nodes)
    place = draw(2 + 2 * pairs + np.arange(nodes))
    return weights, source, _ascending(place)


def _ascending(numbers: Float[Array, "B N"]) -> Float[Array, "B N"]:
    """Sorted rows, by counting: on a few numbers faster than `jnp.sort`."""
    place = jnp.arange(numbers.shape[1])
    first, second = numbers[:, :, None], numbers[:, None, :]
    before = (second < first) | ((second == first) & (place < place[:, None]))
    rank = before.sum(2)
    return jnp.where(rank[:, :, None] == place, first, 0).sum(1)


@functools.partial(jax.jit, static_argnums=0)
def _solved(
    task: Task, weights: Array, source: Array | None, positions: Array
) -> Trajectory:
    """Compiled once for each shape, which eager `vmap` is not."""
    return jax.vmap(task.solve)(weights, source, positions)


def linear_positions(nodes: int) -> Float[Array, "N"]:
    """CLRS's positions, i / N."""
    return jnp.arange(nodes) / nodes


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
