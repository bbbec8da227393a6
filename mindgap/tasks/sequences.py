"""Rows of numbers as CLRS draws them, for tasks whose nodes have no edges (CLRS §3).

A node has a number in each row. All are independent and uniform; some rows are rounded
up to whole numbers, and some nodes' numbers are put in order.
"""

import dataclasses
from collections.abc import Iterator

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from mindgap.tasks.erdos_renyi import Inputs, ascending, linear_positions
from mindgap.tasks.features import POSITIONS, Feature
from mindgap.tasks.random import uniforms

ORDER = Feature("hint", "node", "pointer")
"""CLRS's `pred_h`: who stands before a node in the row; the first points to itself."""
ONE = Feature("hint", "node", "mask_one")


def in_a_row(steps: int, nodes: int) -> Int[Array, "steps nodes"]:
    """`pred_h` where nobody moves: node i stands behind node i - 1."""
    return jnp.broadcast_to(jnp.maximum(jnp.arange(nodes) - 1, 0), (steps, nodes))


@dataclasses.dataclass(frozen=True)
class Sequences:
    """A distribution of rows of numbers, one row for each name in `names`."""

    names: tuple[str, ...] = ("key",)
    least: float = 0.0
    """The numbers are from this to 1, which is not reached."""
    ordered: bool = False
    """Whether the second number of a node is not below the first; of two names."""
    whole: frozenset[str] = frozenset()
    """Rows of whole numbers, from 1 to the number of nodes."""

    directed = weighted = False

    def draw(
        self, key: Key[Array, ""], nodes: int, batch: int, chances: Float[Array, "any"]
    ) -> dict[str, Array]:
        """Random rows at random positions; `chances`, those of edges, are not used."""
        shape = 1 + len(self.names), nodes
        places = np.arange(shape[0] * nodes).reshape(shape)
        drawn = uniforms(key, batch, places.size, places)
        rows = [
            1 + jnp.floor(nodes * row)
            if name in self.whole
            else self.least + (1 - self.least) * row
            for name, row in zip(self.names, jnp.moveaxis(drawn, 1, 0)[1:], strict=True)
        ]
        return self._inputs(ascending(drawn[:, 0]), rows)

    def draw_as_clrs(self, rng: np.random.RandomState, nodes: int) -> Inputs:
        """The rows of one sequence, as dm-clrs's sampler draws them."""
        rows = [
            1.0 + rng.randint(0, high=nodes, size=(nodes,))
            if name in self.whole
            else rng.uniform(low=self.least, high=1.0, size=(nodes,))
            for name in self.names
        ]
        return self._inputs(linear_positions(nodes), rows)

    def _inputs(self, positions: Array, rows: list) -> dict:
        if self.ordered:
            first, second = rows
            rows = [jnp.minimum(first, second), jnp.maximum(first, second)]
        return {"pos": positions, **dict(zip(self.names, rows, strict=True))}

    def faults(self, inputs: Inputs) -> Iterator[str]:
        """Why a batch of rows is not of this kind: the first place of each fault."""
        rows = {name: np.asarray(inputs[name]) for name in self.names}
        for name in self.whole:
            row = rows[name]
            for place in np.argwhere((row != np.round(row)) | (row < 1))[:1]:
                yield f"{name} is {row[tuple(place)]:g} in {_at(place)}"
        if self.ordered:
            for before, after in zip(self.names, self.names[1:], strict=False):
                for place in np.argwhere(rows[before] > rows[after])[:1]:
                    yield (
                        f"{before} is {rows[before][tuple(place)]:g} and {after} is "
                        f"{rows[after][tuple(place)]:g} in {_at(place)}"
                    )

    def __str__(self) -> str:
        kinds = [f"{name} of whole numbers from 1" for name in sorted(self.whole)]
        if self.ordered:
            kinds.append(" at most ".join(self.names))
        return ", ".join(["rows of numbers", *kinds])

    @property
    def features(self) -> dict[str, Feature]:
        """The inputs, in CLRS's order."""
        row = Feature("input", "node", "scalar")
        return {"pos": POSITIONS, **dict.fromkeys(self.names, row)}


@dataclasses.dataclass(frozen=True)
class Sorted(Sequences):
    """A row of ascending numbers, and a number of the whole graph to be found in it."""

    def draw(
        self, key: Key[Array, ""], nodes: int, batch: int, chances: Float[Array, "any"]
    ) -> dict[str, Array]:
        """Random rows, and the number to be found, which is uniform, too."""
        drawn = uniforms(key, batch, 2 * nodes + 1, np.arange(2 * nodes + 1))
        positions = ascending(drawn[:, 1 : 1 + nodes])
        row = ascending(drawn[:, 1 + nodes :])
        return {"pos": positions, "key": row, "target": drawn[:, 0]}

    def draw_as_clrs(self, rng: np.random.RandomState, nodes: int) -> Inputs:
        """A row and a number as dm-clrs's sampler draws them."""
        row = np.sort(rng.uniform(low=0.0, high=1.0, size=(nodes,)))
        target = np.array(rng.uniform(low=0.0, high=1.0))
        return {"pos": linear_positions(nodes), "key": row, "target": target}

    def faults(self, inputs: Inputs) -> Iterator[str]:
        """Why rows are not sorted: the first place."""
        row = np.asarray(inputs["key"])
        for graph, node in np.argwhere(np.diff(row) < 0)[:1]:
            yield (
                f"key falls from {row[graph, node]:g} to {row[graph, node + 1]:g} in "
                f"graph {graph}, node {node + 1}"
            )

    def __str__(self) -> str:
        return "rows of ascending numbers"

    @property
    def features(self) -> dict[str, Feature]:
        """The inputs, in CLRS's order."""
        return {**super().features, "target": Feature("input", "graph", "scalar")}


def _at(place: np.ndarray) -> str:
    return f"graph {place[0]}, node {place[1]}"
