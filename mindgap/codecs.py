"""Encoders and decoders (paper §2.2, Eq. 10-14, and Eq. 20), as dm-clrs builds them.

Encoders turn named inputs and fed-back hints into node, edge and graph features; a
pointer is an edge feature. Decoders read [x_i | h_i | new h_i], three hidden sizes
wide (the paper's Eq. 11-14 print h alone), and the edge features.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import haiku as hk
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mindgap import pairwise
from mindgap.linear import Encoded, Linear, linear, project
from mindgap.tasks.base import Feature

PointerDecoder = Literal["pairwise", "simple"]

SHARPEN = -1000.0
"""The constant c of Eq. 20."""


class Features(NamedTuple):
    """The encoded inputs of one processor step (Eq. 10)."""

    node: Encoded
    edge: Encoded
    meta: Float[Array, "B S"]
    neighbours: Float[Array, "B N N"]
    """Who may attend to whom, 0 or 1: edges either way, self, and strong pointers."""


def encoder(name: str, feature: Feature, hidden_size: int) -> Linear:
    """The parameters of one encoder: classes (or 1) inputs, hidden-size outputs."""
    init = None
    if feature.stage == "hint" and feature.type == "scalar":
        # CLRS's `xavier_on_scalars`
        init = hk.initializers.TruncatedNormal(1 / hidden_size**0.5)
    return linear(f"encoder_{name}", max(1, feature.classes), hidden_size, init)


def encode(
    encoders: Mapping[str, Linear],
    features: Mapping[str, Feature],
    values: Mapping[str, Float[Array, "B ..."]],
) -> Features:
    """Sum of all encodings (Eq. 10): v_i = sum_j W_j v_ij, and the same for edges.

    Pointers are (B, N, N) distributions over nodes; two nodes may attend to each other
    if p_ij + p_ji exceeds one half.
    """
    nodes = values["pos"].shape[1]
    neighbours = jnp.broadcast_to(jnp.eye(nodes, dtype=bool), values["adj"].shape)
    gathered: dict[str, list[tuple[Array, Linear]]] = {"node": [], "edge": []}
    some = next(iter(encoders.values()))
    meta = jnp.zeros((values["pos"].shape[0], some.w.shape[1]))
    for name, value in values.items():
        feature, layer = features[name], encoders[name]
        scalars = value if feature.type == "categorical" else value[..., None]
        if feature.location == "graph":
            meta = meta + project(layer, (scalars,))
            continue
        is_edge = feature.location == "edge" or feature.type == "pointer"
        gathered["edge" if is_edge else "node"].append((scalars, layer))
        if feature.type == "pointer":
            neighbours |= value + value.mT > 0.5
        elif is_edge and feature.type == "mask":
            neighbours |= value + value.mT > 0
    return Features(
        _join(gathered["node"]),
        _join(gathered["edge"]),
        meta,
        neighbours.astype(float),
    )


class Decoder(hk.Module):
    """Declares the parameters of one output's or hint's decoder."""

    def __init__(
        self,
        name: str,
        feature: Feature,
        hidden_size: int,
        simple_nodes: int | None = None,
    ):
        super().__init__(name=f"decoder_{name}")
        self._feature, self._size, self._simple = feature, hidden_size, simple_nodes

    def __call__(self) -> dict[str, Linear]:
        """The layers by name; `decode` applies them. `simple_nodes` selects Eq. 20."""
        feature, size, read = self._feature, self._size, 3 * self._size
        if feature.type == "pointer" and self._simple is not None:
            return {name: linear(name, read, self._simple) for name in ("p1", "p2")}
        if feature.type == "pointer":
            return {
                "receiver": linear("receiver", read, size),
                "sender": linear("sender", read, size),
                "edge": linear("edge", size, size),
                "score": linear("score", size, 1),
            }
        width = max(1, feature.classes)
        layers = {"node": linear("node", read, width)}
        if feature.location == "graph":
            layers["meta"] = linear("meta", size, width)
        return layers


def decode(
    layers: Mapping[str, Linear],
    feature: Feature,
    seen: Features,
    hidden: Float[Array, "B N S"],
    new: Float[Array, "B N S"],
) -> Float[Array, "B ..."]:
    """One prediction (Eq. 11-14): logits, or the value itself for a scalar.

    (B, N, N) for pointers, (B, N, classes) for categories, (B,) for the graph,
    else (B, N).
    """
    read = (seen.node, hidden, new)
    if "p1" in layers:
        return SHARPEN * jnp.maximum(  # Eq. 20
            project(layers["p1"], read), project(layers["p2"], read)
        )
    if feature.type == "pointer":
        edge = seen.edge.folded(layers["edge"].w)
        constant = layers["edge"].b + edge.b
        operands = pairwise.Operands(  # Eq. 12-14, with max(p_1, p_2 + p_e) in Eq. 13
            receiver=project(layers["receiver"], read),
            sender=project(layers["sender"], read) + constant,
            edges=edge.scalars.swapaxes(1, 2),
            mix=edge.w,
            weight=layers["score"].w[:, 0],
        )
        return pairwise.largest(operands) + layers["score"].b
    if feature.location == "graph":
        largest = [_largest(block) for block in (seen.node.dense, hidden, new)]
        answer = project(layers["node"], largest)
        answer = answer + project(layers["meta"], (seen.meta,))
    else:
        answer = project(layers["node"], read)  # Eq. 11
    return answer if feature.type == "categorical" else answer[..., 0]


def feed_back(
    feature: Feature, prediction: Float[Array, "B ..."]
) -> Float[Array, "B ..."]:
    """A decoded hint as the next step's input: soft, so that gradients flow."""
    if feature.type == "scalar":
        return prediction
    if feature.type == "mask":
        return jax.nn.sigmoid(prediction)
    return jax.nn.softmax(prediction, axis=-1)


def _largest(states: Float[Array, "B N S"]) -> Float[Array, "B S"]:
    """The maximum over nodes, whose gradient goes to one node that holds it.

    The gradient of `jnp.max` divides by the number of entries that equal the maximum.
    XLA may compute the entries twice and round them differently; then none is equal,
    and 0 / 0 makes every gradient NaN (dm-clrs has this at some hidden sizes).
    """
    holder = jax.lax.stop_gradient(states).argmax(1, keepdims=True)
    return jnp.take_along_axis(states, holder, 1)[:, 0]


def _join(parts: list[tuple[Array, Linear]]) -> Encoded:
    """Several encoders side by side: the sum of their encodings, as one."""
    return Encoded(
        jnp.concatenate([scalars for scalars, _ in parts], -1),
        jnp.concatenate([layer.w for _, layer in parts]),
        jnp.sum(jnp.stack([layer.b for _, layer in parts]), 0),
    )
