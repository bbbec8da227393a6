"""Random graphs in communities, as CLRS draws them for connected components."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Key

from mindgap.tasks.erdos_renyi import (
    ErdosRenyi,
    Inputs,
    ascending,
    graph_inputs,
    linear_positions,
)
from mindgap.tasks.random import uniforms

COMMUNITIES = 4
SWITCHED = 0.01
"""The probability with which an edge is switched on or off afterwards, but none from a
community to an earlier one is switched on, which could join two into one component."""


@dataclasses.dataclass(frozen=True)
class Communities(ErdosRenyi):
    """Four parts with random edges inside, a few from earlier to later parts, shuffled.

    On less than four nodes there is a part for each node (dm-clrs refuses these).
    """

    directed: bool = True
    sourced: bool = False

    @functools.partial(jax.jit, static_argnums=(0, 2, 3))
    def draw(
        self, key: Key[Array, ""], nodes: int, batch: int, chances: Float[Array, "any"]
    ) -> dict[str, Array]:
        """Inputs of random graphs, at random positions (sorted uniform numbers).

        Each graph draws the edge probability inside of its parts from `chances`.
        """
        pairs = nodes**2
        draw = functools.partial(uniforms, key, batch, 1 + 2 * pairs + 2 * nodes)
        across = 1 + np.arange(pairs).reshape(nodes, nodes)
        chance = draw(np.arange(1))[:, 0]
        chance = chances[(chance * len(chances)).astype(int)][:, None, None]
        inside, onward = _parts(nodes)
        edges = inside & (draw(across) < chance)
        edges ^= (inside | onward) & (draw(across + pairs) < SWITCHED)
        place = jnp.argsort(draw(1 + 2 * pairs + np.arange(nodes)), -1)
        edges = jax.vmap(lambda of, at: of[at][:, at])(edges, place)
        positions = ascending(draw(1 + 2 * pairs + nodes + np.arange(nodes)))
        return graph_inputs(positions, edges.astype(jnp.float32), edges, None)

    def draw_as_clrs(self, rng: np.random.RandomState, nodes: int) -> Inputs:
        """Inputs of one graph with edge probability 0.5, as dm-clrs's sampler draws it.

        Draws the same numbers from NumPy's legacy generator, in the same order.
        """
        chance = rng.choice((0.5,))
        inside, onward = _parts(nodes)
        edges = np.zeros((nodes, nodes), bool)
        first = 0
        for size in _sizes(nodes):
            part = slice(first, first + size)
            edges[part, part] = rng.binomial(1, chance, size=(size, size)) > 0
            first += size
        switched = rng.binomial(1, SWITCHED, size=(nodes, nodes)) > 0
        edges ^= switched & (inside | onward)
        place = rng.permutation(nodes)
        edges = edges[place][:, place]
        positions = linear_positions(nodes)
        return graph_inputs(positions, edges.astype(np.float32), edges, None)


def _sizes(nodes: int) -> list[int]:
    """The numbers of nodes of the parts; the last has what is left."""
    parts = min(COMMUNITIES, nodes)
    sizes = [nodes // parts] * parts
    sizes[-1] += nodes % parts
    return sizes


def _parts(nodes: int) -> tuple[Bool[np.ndarray, "N N"], Bool[np.ndarray, "N N"]]:
    """Which pairs are of one part, and which go from an earlier part to a later one."""
    sizes = _sizes(nodes)
    part = np.repeat(np.arange(len(sizes)), sizes)
    return part[:, None] == part, part[:, None] < part
