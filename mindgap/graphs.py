"""Graphs and trajectories: what every task, network and measure exchanges.

The glossary of axis letters, used in every shape of this library:

B graphs, N nodes (i receives, j sends; an edge points from row to column), T hints
(time), S processor steps, D hidden size, H heads, K scalar inputs of an encoder.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.export
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


@jax.tree_util.register_pytree_with_keys_class
class Graphs:
    """A batch of one task's inputs, with the task's trajectory on them.

    Made by `task.run`, `task.sample`, `task.solved` and `task.benchmark`. Neither part
    can be exchanged alone, since a trajectory belongs to its inputs: other inputs are
    solved again (`task.solved({**graphs.inputs, "A": other})`).
    """

    __slots__ = ("_inputs", "task", "trajectory")

    task: str
    """The name of the task."""
    trajectory: Trajectory

    def __init__(
        self, task: str, inputs: Mapping[str, AnyArray], trajectory: Trajectory
    ):
        self._set(task, dict(inputs), trajectory)

    def _set(self, task: str, inputs: Any, trajectory: Any) -> None:
        for name, value in (
            ("task", task),
            ("_inputs", inputs),
            ("trajectory", trajectory),
        ):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(
            f"{name} of Graphs cannot be set: the trajectory belongs to the inputs; "
            "solve other inputs with task.run or task.solved"
        )

    def __repr__(self) -> str:
        inputs = ", ".join(f"{k} {np.shape(v)}" for k, v in self._inputs.items())
        return f"Graphs of {self.task}: {inputs}"

    def __getstate__(self) -> tuple:
        return self.task, self._inputs, self.trajectory

    def __setstate__(self, state: tuple) -> None:
        self._set(*state)

    def tree_flatten_with_keys(self) -> tuple:
        """For JAX: inputs and trajectory are arrays, the task's name is not."""
        key = jax.tree_util.GetAttrKey
        children = (key("inputs"), self._inputs), (key("trajectory"), self.trajectory)
        return children, self.task

    @classmethod
    def tree_unflatten(cls, task: str, children: Any) -> "Graphs":
        """For JAX, whose leaves need not be arrays."""
        made = cls.__new__(cls)
        made._set(task, *children)
        return made

    @property
    def inputs(self) -> Mapping[str, AnyArray]:
        """The inputs by CLRS's names, as the task's features say.

        At nodes (B, N), at edges (B, N, N), of the graph (B,).
        """
        return MappingProxyType(self._inputs)

    @property
    def batch(self) -> int:
        """How many graphs there are."""
        return self.positions.shape[0]

    @property
    def nodes(self) -> int:
        """How many nodes each graph has."""
        return self.positions.shape[-1]

    @property
    def positions(self) -> Float[AnyArray, "*batch N"]:
        """CLRS's `pos`: in [0, 1), increasing with the node number."""
        return self._inputs["pos"]

    @property
    def weights(self) -> Float[AnyArray, "*batch N N"]:
        """CLRS's `A`: the weight of each edge, 0 where there is none."""
        return self._inputs["A"]

    @property
    def adjacency(self) -> Float[AnyArray, "*batch N N"]:
        """CLRS's `adj`: edges, and every node beside itself, as 0 or 1."""
        return self._inputs["adj"]

    @property
    def source(self) -> Float[AnyArray, "*batch N"] | None:
        """CLRS's `s`: one-hot, or None where the task has no source."""
        return self._inputs.get("s")

    @property
    def edges(self) -> Bool[Array, "*batch N N"]:
        """Which directed edges exist; self-loops are those that have a weight."""
        return edges_of(self._inputs)

    def trimmed(self, longest: int = 0) -> "Graphs":
        """The same graphs, without the hints that no graph of the batch reaches.

        With `longest`, at least so many hints are kept.
        """
        longest = max(1, longest, int(np.max(self.trajectory.lengths)))
        hints = {k: v[:, :longest] for k, v in self.trajectory.hints.items()}
        return Graphs(self.task, self._inputs, self.trajectory._replace(hints=hints))

    def later(self, time: int) -> "Graphs":
        """The same graphs with the rest of their trajectory, from hint `time` on."""
        hints = {name: hint[:, time:] for name, hint in self.trajectory.hints.items()}
        lengths = jnp.asarray(self.trajectory.lengths) - time
        rest = Trajectory(hints, self.trajectory.outputs, lengths)
        return Graphs(self.task, self._inputs, rest)

    def take(self, index: Int[AnyArray, "picked"] | slice) -> "Graphs":
        """The graphs that `index` picks from the batch."""
        return jax.tree.map(lambda leaf: leaf[index], self)


jax.export.register_namedtuple_serialization(
    Trajectory, serialized_name="mindgap.Trajectory"
)
jax.export.register_pytree_node_serialization(
    Graphs,
    serialized_name="mindgap.Graphs",
    serialize_auxdata=str.encode,
    deserialize_auxdata=bytes.decode,
)


def edges_of(inputs: Mapping[str, AnyArray]) -> Bool[Array, "*batch N N"]:
    """Which directed edges the inputs of one graph, or of several, describe.

    CLRS's `adj` has every node beside itself, so that self-loops show in `A` alone.
    """
    looped = jnp.eye(inputs["adj"].shape[-1], dtype=bool)
    return jnp.where(looped, inputs["A"] != 0, inputs["adj"] != 0)
