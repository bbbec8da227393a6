"""Graphs and trajectories: what every task, network and measure exchanges.

The glossary of axis letters, used in every shape of this library:

B graphs, N nodes (i receives, j sends; an edge points from row to column), T hints
(time), S processor steps, D hidden size, H heads, K scalar inputs of an encoder.
"""

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

AnyArray = Array | np.ndarray


class Trajectory(NamedTuple):
    """What an algorithm did on each graph (CLRS: hints and outputs).

    `hints[name]` is (B, T, N), (B, T, N, classes) or (B, T), whatever its feature says;
    pointers are node numbers. Hint 0 is the state before the first step. A graph uses
    its first `lengths` hints; the rest are zeros.
    """

    hints: Mapping[str, AnyArray]
    outputs: Mapping[str, AnyArray]
    lengths: Int[AnyArray, "*batch"]

    @property
    def steps(self) -> int:
        """How many steps there is room for after hint 0, of any graph of the batch."""
        return next(iter(self.hints.values())).shape[1] - 1


class Graphs(NamedTuple):
    """A batch of graphs with the trajectory of one task on them.

    `positions` are in [0, 1) and increase with the node number; `weights` are 0 where
    there is no edge; `source` is one-hot, or None where the task has no source.
    """

    positions: Float[AnyArray, "*batch N"]
    weights: Float[AnyArray, "*batch N N"]
    source: Float[AnyArray, "*batch N"] | None
    trajectory: Trajectory

    @property
    def edges(self) -> Bool[AnyArray, "*batch N N"]:
        """Which directed edges exist, self-loops of the graph included."""
        return self.weights != 0

    @property
    def adjacency(self) -> Float[Array, "*batch N N"]:
        """CLRS's `adj` input: edges, and every node beside itself, as 0 or 1."""
        nodes = self.weights.shape[-1]
        return jnp.where(self.edges | jnp.eye(nodes, dtype=bool), 1.0, 0.0)

    def trimmed(self, longest: int = 0) -> "Graphs":
        """The same graphs, without the hints that no graph of the batch reaches.

        With `longest`, at least so many hints are kept.
        """
        longest = max(1, longest, int(np.max(self.trajectory.lengths)))
        hints = {k: v[:, :longest] for k, v in self.trajectory.hints.items()}
        return self._replace(trajectory=self.trajectory._replace(hints=hints))

    def later(self, time: int) -> "Graphs":
        """The same graphs with the rest of their trajectory, from hint `time` on."""
        hints = {name: hint[:, time:] for name, hint in self.trajectory.hints.items()}
        lengths = jnp.asarray(self.trajectory.lengths) - time
        rest = Trajectory(hints, self.trajectory.outputs, lengths)
        return self._replace(trajectory=rest)

    def take(self, index: Int[AnyArray, "picked"] | slice) -> "Graphs":
        """The graphs that `index` picks from the batch."""
        return jax.tree.map(lambda leaf: leaf[index], self)
