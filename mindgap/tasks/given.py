"""Checks and converts a user's own inputs into the arrays that a task runs on.

Every mistake raises ValueError with one sentence, which names the input, its value or
shape, and what it should be. Inside jit or grad, where JAX does not know the values
yet, values are not checked.
"""

from collections.abc import Mapping
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mindgap import checks
from mindgap.tasks.erdos_renyi import Inputs, graph_inputs, linear_positions
from mindgap.tasks.features import Feature

ADVICE = {
    "networkx": "mindgap.convert.labelled takes it, and "
    "networkx.to_numpy_array(graph)[None] is a batch of one graph",
    "scipy": "mindgap.convert.labelled takes it, and matrix.toarray()[None] is a batch "
    "of one graph",
    "torch_geometric": "mindgap.convert.labelled takes it",
    "torch": "tensor.numpy() is an array",
    "pandas": "frame.to_numpy()[None] is a batch of one graph",
}
"""How to convert the objects of other libraries to arrays."""


def of_graphs(
    task: str,
    features: Mapping[str, Feature],
    weights: Any,
    source: Any,
    positions: Any,
    adjacency: Any,
) -> Inputs:
    """The inputs `pos`, `A`, `adj` and, if the task has a source, `s` of graphs.

    See `Task.run`. Raises ValueError for an input of another shape or kind.
    """
    if weights is None and adjacency is None:
        raise ValueError(
            f"{task}.run needs weights, or the adjacency, of shape (B, N, N)"
        )
    if adjacency is None:
        weights = _matrices(task, "weights", weights)
        edges = weights != 0
    else:
        edges = _matrices(task, "adjacency", adjacency)
        if not traced(edges):
            for place in np.argwhere(~np.isin(edges, (0, 1)))[:1]:
                raise ValueError(
                    f"{task}: adjacency is {edges[tuple(place)]:g} at {_at(place)}, "
                    "but must be 0 or 1 (or False or True)"
                )
        edges = edges != 0
        if weights is None:
            weights = edges * 1.0
        weights = _matrices(task, "weights", weights)
        if edges.shape != weights.shape:
            raise ValueError(
                f"adjacency is {edges.shape}, but weights are {weights.shape}"
            )
        weights = jnp.where(edges, weights, 0)
    batch, nodes = weights.shape[:2]
    if positions is None:
        positions = jnp.broadcast_to(linear_positions(nodes), (batch, nodes))
    if ("s" in features) != (source is not None):
        raise ValueError(
            f"{task} {'needs a' if source is None else 'has no'} source, "
            f"but source is {'missing' if source is None else 'given'}"
        )
    if source is not None:
        source = _one_hot(task, source, batch, nodes)
    return graph_inputs(positions, weights, edges, source)


def probabilities(p: Any) -> Float[Array, "any"]:
    """The probabilities as an array. Raises ValueError if one is outside [0, 1]."""
    if not traced(p):
        try:
            chances = np.atleast_1d(np.asarray(p, np.float32))
        except (TypeError, ValueError):
            chances = np.array([np.nan])
        within = (chances >= 0) & (chances <= 1)
        if chances.ndim != 1 or not chances.size or not within.all():
            raise ValueError(
                f"p is {p!r}, but must be one probability in [0, 1], or several"
            )
    return jnp.atleast_1d(jnp.asarray(p, jnp.float32))


def checked(
    task: str, features: Mapping[str, Feature], inputs: Inputs
) -> dict[str, Array]:
    """The inputs as arrays, checked against the input features.

    Raises ValueError for an input that is missing or unknown, whose shape does not fit
    its location, or whose values do not fit its type.
    """
    if not isinstance(inputs, Mapping):
        raise TypeError(
            f"{task}.solved takes a mapping from the names of inputs to arrays, such "
            f"as graphs.inputs, got {checks.shown(inputs)}"
        )
    expected = {name: f for name, f in features.items() if f.stage == "input"}
    for problem, names in (
        ("is missing the input", expected.keys() - inputs.keys()),
        ("has no input", inputs.keys() - expected.keys()),
    ):
        if names:
            raise ValueError(f"{task} {problem} {', '.join(sorted(map(str, names)))}")
    arrays = {name: _array(task, name, inputs[name]) for name in expected}
    if arrays["pos"].ndim != 2 or not arrays["pos"].size:
        raise ValueError(
            f"{task}: input pos must be (B, N), B graphs of N nodes each and at least "
            f"one, got {arrays['pos'].shape}"
        )
    sizes = {"node": 2, "edge": 3, "graph": 1}
    shape = (*arrays["pos"].shape, arrays["pos"].shape[-1])
    for name, feature in expected.items():
        array, needed = arrays[name], shape[: sizes[feature.location]]
        if feature.type == "categorical":
            needed = (*needed, feature.classes)
        if array.shape != needed:
            raise ValueError(
                f"{task}: input {name} must be {_shape_of(feature)}, here {needed}, "
                f"got {array.shape}"
            )
        if not traced(array):
            _check_values(task, name, feature, np.asarray(array))
    return arrays


def _check_values(task: str, name: str, feature: Feature, array: np.ndarray) -> None:
    """Raises ValueError for the first value that the feature's type cannot have."""
    for place in np.argwhere(~np.isfinite(array))[:1]:
        raise ValueError(
            f"{task}: input {name} is {array[tuple(place)]} at {_at(place)}, but must "
            f"be finite in {array.dtype}"
        )
    if feature.type == "pointer":
        valid = (array >= 0) & (array < array.shape[1]) & (array == np.round(array))
    elif feature.type == "scalar":
        return
    else:
        valid = (array == 0) | (array == 1)
    for place in np.argwhere(~valid)[:1]:
        allowed = "a node number" if feature.type == "pointer" else "0 or 1"
        raise ValueError(
            f"{task}: input {name} is {array[tuple(place)]:g} at {_at(place)}, but "
            f"must be {allowed}"
        )
    if feature.type in ("mask_one", "categorical"):
        for place in np.argwhere(array.sum(-1) != 1)[:1]:
            raise ValueError(
                f"{task}: input {name} must be 1 in one place and 0 elsewhere, but is "
                f"{array[tuple(place)].tolist()} in {_at(place)}"
            )


def _at(place: np.ndarray) -> str:
    """A place in words: `graph 0, node 3` or `graph 0, edge 1 -> 2`."""
    graph, *nodes = map(str, place)
    kind = ("", "node ", "edge ")[min(2, len(nodes))]
    return ", ".join([f"graph {graph}", *([kind + " -> ".join(nodes)] * bool(nodes))])


def _shape_of(feature: Feature) -> str:
    """The shape of a feature by axis letters, for messages: `(B, N)`."""
    axes = {"node": "(B, N", "edge": "(B, N, N", "graph": "(B"}[feature.location]
    return axes + (", classes)" if feature.type == "categorical" else ")")


def _matrices(task: str, name: str, given: Any) -> Array:
    """The input as an array (B, N, N). Raises ValueError for another shape."""
    array = _array(task, name, given)
    if array.ndim == 2:
        raise ValueError(
            f"{name} must be (B, N, N), got {array.shape}: {name}[None] is a batch of "
            "one graph"
        )
    if array.ndim != 3 or array.shape[1] != array.shape[2] or not array.size:
        raise ValueError(
            f"{name} must be (B, N, N), B graphs of N nodes each and at least one, got "
            f"{array.shape}"
        )
    return array


def _one_hot(task: str, source: Any, batch: int, nodes: int) -> Array:
    """The sources as one-hot, (B, N), from one-hot or node numbers."""
    array = _array(task, "source", source)
    if jnp.issubdtype(jnp.asarray(source).dtype, jnp.integer) and array.ndim < 2:
        if not traced(array) and ((array < 0) | (array >= nodes)).any():
            raise ValueError(
                f"{task}: source must be node numbers from 0 to {nodes - 1}, got "
                f"{source}"
            )
        if array.shape in ((), (batch,)):
            numbers = jnp.broadcast_to(array, (batch,)).astype(int)
            array = jax.nn.one_hot(numbers, nodes, dtype=jnp.float32)
    if array.shape != (batch, nodes):
        raise ValueError(
            f"{task}: source must be one-hot, here {(batch, nodes)}, or node numbers, "
            f"here ({batch},) or one for all, got {array.shape}"
        )
    return array


def _array(task: str, name: str, given: Any) -> Array:
    """The input as an array of floats: float32, or float64 where JAX is set to it.

    Raises ValueError if it is no array of real numbers, and for a number that is 0
    only in that type.
    """
    inner = given
    while isinstance(inner, list | tuple) and inner:
        inner = inner[0]  # a list of matrices of another library is no array either
    known = jax.Array | np.ndarray | np.generic | list | tuple | int | float
    if not isinstance(inner, known):
        library = type(inner).__module__.split(".")[0]
        advice = ADVICE.get(library, "convert it, for example with numpy.asarray")
        got = f"{library} {type(inner).__name__}".removeprefix("builtins ")
        raise ValueError(f"{task}: {name} must be an array, got a {got}: {advice}")
    try:
        array = given if isinstance(given, jax.Array) else np.asarray(given)
    except ValueError as error:
        raise ValueError(
            f"{task}: {name} must be an array, got rows of unequal length"
        ) from error
    if array.dtype == object or not jnp.issubdtype(array.dtype, np.number):
        if array.dtype != bool:
            raise ValueError(
                f"{task}: {name} must be numbers, got an array of {array.dtype}"
            )
    if jnp.issubdtype(array.dtype, jnp.complexfloating):
        raise ValueError(f"{task}: {name} must be real, got {array.dtype}")
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float32)
    kept = jnp.asarray(array)
    if isinstance(array, np.ndarray) and array.ndim and array.dtype != kept.dtype:
        for place in np.argwhere((array != 0) & (np.asarray(kept) == 0))[:1]:
            raise ValueError(
                f"{task}: {name} is {array[tuple(place)]:g} at {_at(place)}, but "
                f"{kept.dtype} has no number so small beside 0"
            )
    return kept


def traced(array: object) -> bool:
    """Whether JAX does not know the values yet, inside jit or grad."""
    return isinstance(array, jax.core.Tracer)
