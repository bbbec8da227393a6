"""Random graphs as CLRS draws them, and one's own graphs as its inputs (CLRS §3).

Erdős–Rényi graphs in four kinds: directed or not, without cycles or not, weighted or
not, with a source or not. The same class says what a graph of one's own must be like,
since an algorithm on undirected graphs has no meaning on others.
"""

import dataclasses
import functools
from collections.abc import Iterator, Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Key

from mindgap.graphs import AnyArray, edges_of
from mindgap.tasks.random import uniforms

Inputs = Mapping[str, AnyArray]
"""Inputs by CLRS's names."""


@dataclasses.dataclass(frozen=True)
class ErdosRenyi:
    """A distribution of graphs with inputs `pos`, `A`, `adj`, and `s` if sourced."""

    directed: bool = False
    acyclic: bool = False
    weighted: bool = False
    sourced: bool = True

    @functools.partial(jax.jit, static_argnums=(0, 2, 3))
    def draw(
        self, key: Key[Array, ""], nodes: int, batch: int, chances: Float[Array, "any"]
    ) -> dict[str, Array]:
        """Inputs of random graphs, at random positions (sorted uniforms).

        Each graph draws one of the `chances` of an edge. An undirected edge exists if
        both of its directions were drawn (so with probability p squared); the diagonal
        is kept, so real self-loops occur, but in graphs without cycles, where edges run
        along a random order of the nodes.
        """
        pairs = nodes**2
        # each kind leaves out what it has no use for, and keeps the others' places
        draw = functools.partial(uniforms, key, batch, 2 + 2 * pairs + nodes)
        across = 2 + np.arange(pairs).reshape(nodes, nodes)
        chance, start = draw(np.arange(2)).T
        chance = chances[(chance * len(chances)).astype(int)][:, None, None]
        edges = draw(across) < chance
        if not self.directed:
            # drawn once more: to transpose it is slower than to hash it
            edges &= draw(across.T) < chance
        if self.acyclic:
            place = draw(2 + pairs + np.arange(nodes))
            edges &= place[:, :, None] < place[:, None, :]
        weights = edges.astype(jnp.float32)
        if self.weighted:
            weight = draw(across + pairs)
            if not self.directed:
                weight = jnp.sqrt(weight * draw(across.T + pairs) + 1e-3)
            weights *= weight
        source = None
        if self.sourced:
            node = (start * nodes).astype(int)
            source = jax.nn.one_hot(node, nodes, dtype=jnp.float32)
        positions = _ascending(draw(2 + 2 * pairs + np.arange(nodes)))
        return graph_inputs(positions, weights, edges, source)

    def draw_as_clrs(self, rng: np.random.RandomState, nodes: int) -> Inputs:
        """Inputs of one graph with edge probability 0.5, as dm-clrs's sampler draws it.

        The same numbers of NumPy's legacy generator in the same order.
        """
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
        source = np.eye(nodes)[rng.choice(nodes)] if self.sourced else None
        positions = linear_positions(nodes)
        return graph_inputs(positions, weights.astype(np.float32), edges > 0, source)

    def faults(self, inputs: Inputs) -> Iterator[str]:
        """What in a batch of inputs is not of this kind: the first of each fault."""
        edges, weights = np.asarray(edges_of(inputs)), np.asarray(inputs["A"])
        if not self.directed:
            for graph, i, j in np.argwhere(edges & ~edges.swapaxes(1, 2))[:1]:
                yield f"graph {graph} has the edge {i} -> {j} and not {j} -> {i}"
            unequal = edges & (weights != weights.swapaxes(1, 2))
            for graph, i, j in np.argwhere(unequal)[:1]:
                yield (
                    f"in graph {graph} the edge {i} -> {j} weighs "
                    f"{weights[graph, i, j]:g} and {j} -> {i} weighs "
                    f"{weights[graph, j, i]:g}"
                )
        if self.weighted:
            for graph, i, j in np.argwhere(edges & (weights < 0))[:1]:
                yield (
                    f"in graph {graph} the edge {i} -> {j} weighs "
                    f"{weights[graph, i, j]:g}"
                )
        if self.acyclic:
            within = _on_cycles(edges)
            for graph in np.flatnonzero(within.any((1, 2)))[:1]:
                cycle = " -> ".join(map(str, _cycle(within[graph])))
                yield f"graph {graph} has the cycle {cycle}"

    def __str__(self) -> str:
        kinds = (
            "directed" if self.directed else "undirected",
            "acyclic" * self.acyclic,
            "non-negatively weighted" * self.weighted,
        )
        return f"{' '.join(filter(None, kinds))} graphs"


def graph_inputs(
    positions: Float[AnyArray, "..."],
    weights: Float[AnyArray, "*batch N N"],
    edges: AnyArray,
    source: Float[AnyArray, "*batch N"] | None,
) -> dict:
    """CLRS's inputs of graphs: `adj` is the edges with every node beside itself."""
    looped = np.eye(weights.shape[-1], dtype=bool)
    inputs = {
        "pos": positions,
        "A": weights,
        "adj": (edges | looped).astype(np.float32),
    }
    return inputs if source is None else {**inputs, "s": source}


def linear_positions(nodes: int) -> Float[Array, "N"]:
    """CLRS's positions, i / N."""
    return jnp.arange(nodes, dtype=jnp.float32) / nodes


def _ascending(numbers: Float[Array, "B N"]) -> Float[Array, "B N"]:
    """Sorted rows, by counting: on a few numbers faster than `jnp.sort`."""
    place = jnp.arange(numbers.shape[1])
    first, second = numbers[:, :, None], numbers[:, None, :]
    before = (second < first) | ((second == first) & (place < place[:, None]))
    rank = before.sum(2)
    return jnp.where(rank[:, :, None] == place, first, 0).sum(1)


def _on_cycles(edges: Bool[np.ndarray, "B N N"]) -> Bool[np.ndarray, "B N N"]:
    """The edges from which a cycle can be reached."""
    left = edges.copy()
    while True:
        ends = left.any(1) & ~left.any(2)  # nodes with edges to them, none from them
        if not ends.any():
            return left
        left &= np.logical_not(ends)[:, None, :]


def _cycle(edges: Bool[np.ndarray, "N N"]) -> list[int]:
    """The nodes of a cycle in order, the first once more at the end.

    Every edge must lead to a node that has an edge.
    """
    path = [int(edges.any(1).argmax())]
    while path.count(path[-1]) < 2:
        path.append(int(edges[path[-1]].argmax()))
    return path[path.index(path[-1]) :]
