"""Graphs and trajectories: the data that tasks, networks and measures exchange.

Axis letters in the shapes of this library:

B graphs, N nodes (i receives, j sends; an edge points from row to column), T hints
(time), S processor steps, D hidden size, H heads, K scalar inputs of an encoder.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.core
import jax.export
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mindgap import checks

AnyArray = Array | np.ndarray


class Trajectory(NamedTuple):
    """The course of an algorithm on each graph (CLRS: hints and outputs).

    `hints[name]` is (B, T, N), (B, T, N, classes) or (B, T), depending on the feature;
    pointers are node numbers. Hint 0 is the state before the first step. A graph uses
    its first `lengths` hints; the rest are zeros.
    """

    hints: Mapping[str, AnyArray]
    outputs: Mapping[str, AnyArray]
    lengths: Int[AnyArray, "*batch"]

    @property
    def steps(self) -> int:
        """How many steps after hint 0 the arrays have room for: T - 1."""
        return next(iter(self.hints.values())).shape[1] - 1


def index_of(inputs: Mapping[str, AnyArray]) -> AnyArray:
    """By what nodes are told apart: their positions, increasing, in [0, 1).

    In two strings, which have positions of their own, the places of the first are below
    1/2, and those of the second from there on.
    """
    if "string" in inputs:
        return (inputs["pos"] + inputs["string"]) / 2
    return inputs["pos"]


@jax.tree_util.register_pytree_with_keys_class
class Graphs:
    """A batch of one task's inputs, with the algorithm's trajectory on them.

    Made by `task.run`, `task.sample`, `task.solved` and `task.benchmark`. Immutable,
    since a trajectory is correct for its own inputs only. To change an input, solve
    the task again: `task.solved({**graphs.inputs, "A": other})`.
    """

    __slots__ = ("_inputs", "task", "trajectory")

    task: str
    """The name of the task."""
    trajectory: Trajectory

    def __init__(
        self, task: str, inputs: Mapping[str, AnyArray], trajectory: Trajectory
    ):
        checks.kind("Graphs, as made by task.run,", task, str, "the name of a task")
        checks.kind("Graphs", inputs, Mapping, "a mapping of inputs by CLRS's names")
        checks.kind("Graphs", trajectory, Trajectory, "the trajectory of its inputs")
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
        """For JAX: inputs and trajectory are children, the task's name is static."""
        key = jax.tree_util.GetAttrKey
        children = (key("inputs"), self._inputs), (key("trajectory"), self.trajectory)
        return children, self.task

    @classmethod
    def tree_unflatten(cls, task: str, children: Any) -> "Graphs":
        """For JAX, which also builds trees whose leaves are not arrays."""
        graphs = cls.__new__(cls)
        graphs._set(task, *children)
        return graphs

    @property
    def inputs(self) -> Mapping[str, AnyArray]:
        """The input arrays by CLRS's names, one for each input feature of the task.

        Shapes: node features (B, N), edge features (B, N, N), graph features (B,).
        """
        return MappingProxyType(self._inputs)

    @property
    def index(self) -> Float[AnyArray, "*batch N"]:
        """By what programs tell nodes apart (see `index_of`)."""
        return index_of(self._inputs)

    @property
    def batch(self) -> int:
        """The number of graphs."""
        return self.positions.shape[0]

    @property
    def nodes(self) -> int:
        """The number of nodes of each graph."""
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
        """CLRS's `adj`: 1 for every edge and on the whole diagonal, else 0."""
        return self._inputs["adj"]

    @property
    def source(self) -> Float[AnyArray, "*batch N"] | None:
        """CLRS's `s`: the source as one-hot, or None if the task has no source."""
        return self._inputs.get("s")

    @property
    def edges(self) -> Bool[Array, "*batch N N"]:
        """Which directed edges exist; a self-loop exists if its weight is not 0."""
        return edges_of(self._inputs)

    def trimmed(self, longest: int = 0) -> "Graphs":
        """The same graphs, without the hints that no graph of the batch reaches.

        Keeps at least `longest` hints, as far as there are so many.
        """
        longest = max(1, longest, int(np.max(self.trajectory.lengths)))
        hints = {
            k: _indexed(v, np.s_[:, :longest]) for k, v in self.trajectory.hints.items()
        }
        return Graphs(self.task, self._inputs, self.trajectory._replace(hints=hints))

    def later(self, time: int) -> "Graphs":
        """The same graphs with the part of their trajectory from hint `time` on."""
        time = checks.whole("time", time, 0, self.trajectory.steps)
        hints = {name: hint[:, time:] for name, hint in self.trajectory.hints.items()}
        lengths = jnp.asarray(self.trajectory.lengths) - time
        remainder = Trajectory(hints, self.trajectory.outputs, lengths)
        return Graphs(self.task, self._inputs, remainder)

    def take(self, index: Int[AnyArray, "picked"] | Sequence[int] | slice) -> "Graphs":
        """The graphs at the positions `index` of the batch.

        Raises ValueError if `index` is no slice and no positions in the batch.
        """
        if not isinstance(index, slice | jax.core.Tracer):
            try:
                picked = np.arange(self.batch)[np.asarray(index)]
            except IndexError:
                picked = None
            if picked is None or picked.ndim != 1:
                raise ValueError(
                    f"take is given {index!r}, but takes a slice or several positions "
                    f"in the batch, here from 0 to {self.batch - 1}, as in take([0])"
                )
            index = picked
        return jax.tree.map(lambda leaf: _indexed(leaf, index), self)


def _indexed(array: AnyArray, index: Any) -> AnyArray:
    """array[index], by NumPy outside jit: JAX would compile it for every shape."""
    if isinstance(array, jax.core.Tracer) or isinstance(index, jax.core.Tracer):
        return jnp.asarray(array)[index]
    picked = np.asarray(array)[index]
    return jnp.asarray(picked) if isinstance(array, jax.Array) else picked


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
    """Which directed edges exist in the inputs of one graph, or of a batch.

    CLRS's `adj` is 1 on the whole diagonal, so only a weight in `A` that is not 0
    shows that a node has a self-loop.
    """
    diagonal = jnp.eye(inputs["adj"].shape[-1], dtype=bool)
    return jnp.where(diagonal, inputs["A"] != 0, inputs["adj"] != 0)
