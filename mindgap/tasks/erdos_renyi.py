"""Random graphs as CLRS draws them, and graphs as CLRS's inputs (CLRS §3).

Four switches select the kind of an Erdős–Rényi graph: directed, acyclic, weighted, with
a source. The same class checks whether a user's own graphs are of the kind, since an
algorithm for undirected graphs, say, is not defined on directed ones.
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

LARGEST = float(np.finfo(np.float32).max)

Inputs = Mapping[str, AnyArray]
"""Inputs by CLRS's names."""


@dataclasses.dataclass(frozen=True)
class ErdosRenyi:
    """A distribution of graphs with inputs `pos`, `A`, `adj`, and `s` if sourced."""

    directed: bool = False
    acyclic: bool = False
    weighted: bool = False
    sourced: bool = True
    chance: float = 0.5
    """The edge probability of CLRS-30's sets."""

    @functools.partial(jax.jit, static_argnums=(0, 2, 3))
    def draw(
        self, key: Key[Array, ""], nodes: int, batch: int, chances: Float[Array, "any"]
    ) -> dict[str, Array]:
        """Inputs of random graphs, at random positions (sorted uniform numbers).

        Each graph draws its edge probability p from `chances`. An undirected edge
        exists if both of its directions were drawn, so with probability p squared. The
        diagonal is drawn like any other pair, so self-loops occur, except in acyclic
        graphs, where edges run along a random order of the nodes.
        """
        pairs = nodes**2
        # numbers that a kind does not need are not drawn; the others stay the same
        draw = functools.partial(uniforms, key, batch, 2 + 2 * pairs + nodes)
        across = 2 + np.arange(pairs).reshape(nodes, nodes)
        chance, start = draw(np.arange(2)).T
        chance = chances[(chance * len(chances)).astype(int)][:, None, None]
        edges = draw(across) < chance
        if not self.directed:
            # drawing the transposed numbers anew is faster than a transpose
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
        positions = ascending(draw(2 + 2 * pairs + np.arange(nodes)))
        return graph_inputs(positions, weights, edges, source)

    def draw_as_clrs(self, rng: np.random.RandomState, nodes: int) -> Inputs:
        """Inputs of one graph of CLRS-30's sets, as dm-clrs's sampler draws it.

        Draws the same numbers from NumPy's legacy generator, in the same order.
        """
        chance = rng.choice((self.chance,))
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
        """Why a batch of inputs is not of this kind: the first place of each fault."""
        edges, weights = np.asarray(edges_of(inputs)), np.asarray(inputs["A"])
        itself = np.diagonal(np.asarray(inputs["adj"]), axis1=1, axis2=2)
        for graph, node in np.argwhere(itself == 0)[:1]:
            yield (
                f"in graph {graph} adj is 0 from node {node} to itself, where CLRS's "
                "is 1 whether there is an edge or not"
            )
        for graph, i, j in np.argwhere(~edges & (weights != 0))[:1]:
            yield (
                f"in graph {graph} A is {weights[graph, i, j]:g} at {i} -> {j}, "
                "which is no edge in adj"
            )
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
            largest, nodes = weights.max((1, 2)), weights.shape[-1]
            for graph in np.flatnonzero(largest.astype(float) * nodes > LARGEST)[:1]:
                yield (
                    f"in graph {graph} an edge weighs {largest[graph]:g}: the sum of "
                    f"{nodes} such weights is not finite in float32"
                )
        if self.acyclic:
            to_cycles = _on_cycles(edges)
            for graph in np.flatnonzero(to_cycles.any((1, 2)))[:1]:
                cycle = " -> ".join(map(str, _cycle(to_cycles[graph])))
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
    """CLRS's inputs of graphs; `adj` has the edges and the whole diagonal."""
    diagonal = np.eye(weights.shape[-1], dtype=bool)
    inputs = {
        "pos": positions,
        "A": weights,
        "adj": (edges | diagonal).astype(np.float32),
    }
    return inputs if source is None else {**inputs, "s": source}


def linear_positions(nodes: int) -> Float[Array, "N"]:
    """CLRS's positions, i / N."""
    return jnp.arange(nodes, dtype=jnp.float32) / nodes


def linear_places(inputs: Inputs) -> Float[Array, "B N"]:
    """CLRS's positions of a batch: i / N, in each of two strings from 0 on."""
    batch, nodes = inputs["pos"].shape
    node = jnp.arange(nodes, dtype=jnp.float32)
    if "string" not in inputs:
        return jnp.broadcast_to(linear_positions(nodes), (batch, nodes))
    second = jnp.asarray(inputs["string"])
    many = second.sum(1, keepdims=True)
    first = nodes - many
    return jnp.where(second > 0, (node - first) / many, node / first)


def ascending(numbers: Float[Array, "B N"]) -> Float[Array, "B N"]:
    """Each row sorted, by counting: faster than `jnp.sort` on short rows."""
    place = jnp.arange(numbers.shape[1])
    first, second = numbers[:, :, None], numbers[:, None, :]
    before = (second < first) | ((second == first) & (place < place[:, None]))
    rank = before.sum(2)
    return jnp.where(rank[:, :, None] == place, first, 0).sum(1)


def _on_cycles(edges: Bool[np.ndarray, "B N N"]) -> Bool[np.ndarray, "B N N"]:
    """The edges from which a cycle can be reached: all others are removed."""
    remaining = edges.copy()
    while True:
        # nodes with incoming but without outgoing edges
        ends = remaining.any(1) & ~remaining.any(2)
        if not ends.any():
            return remaining
        remaining &= np.logical_not(ends)[:, None, :]


def _cycle(edges: Bool[np.ndarray, "N N"]) -> list[int]:
    """The nodes of a cycle in order; the first is repeated at the end.

    Every edge must lead to a node that has an outgoing edge (see `_on_cycles`).
    """
    path = [int(edges.any(1).argmax())]
    while path.count(path[-1]) < 2:
        path.append(int(edges[path[-1]].argmax()))
    return path[path.index(path[-1]) :]
