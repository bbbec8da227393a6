"""Encoders and decoders (paper §2.2, Eq. 10-14, and Eq. 20), as dm-clrs builds them.

Encoders map named inputs and fed-back hints to node, edge and graph features; a pointer
is encoded as an edge feature. Decoders read [x_i | h_i | new h_i], three times the
hidden size (the paper's Eq. 11-14 print h alone), and the edge features.
"""

import itertools
from collections.abc import Mapping
from typing import Literal, NamedTuple

import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mindgap.network import linear, pairwise
from mindgap.network.linear import Linear, declare
from mindgap.tasks.features import Feature

PointerDecoder = Literal["pairwise", "simple"]
Feedback = Literal["soft", "hard"]
"""How a predicted hint becomes an input (see `feed_back`)."""
Term = Literal["none", "hidden", "edge"]
"""Input that a pointer decoder does not read (see `without`)."""

SHARPEN = -1000.0
"""The constant c of Eq. 20."""


class Encoders(NamedTuple):
    """The encoders of each location side by side: together they compute Eq. 10."""

    node: Linear
    edge: Linear
    graph: Linear


class Features(NamedTuple):
    """The inputs of one processor step, not yet encoded, in the order of `Encoders`."""

    node: Float[Array, "B N K"]
    edges: tuple[Float[Array, "B N N"], ...]
    graph: Float[Array, "B K"]
    neighbours: Float[Array, "B N N"]
    """1 where two nodes may attend to each other, else 0: at edges either way,
    on the diagonal, and at strong pointers (`gather`)."""


def encoder(name: str, feature: Feature, hidden_size: int) -> Linear:
    """The parameters of one encoder: hidden-size outputs of 1 input, or 1 per class."""
    init = None
    if feature.stage == "hint" and feature.type == "scalar":
        # CLRS's `xavier_on_scalars`
        init = hk.initializers.TruncatedNormal(1 / hidden_size**0.5)
    return declare(f"encoder_{name}", max(1, feature.classes), hidden_size, init)


def join(
    encoders: Mapping[str, Linear], features: Mapping[str, Feature], hidden_size: int
) -> Encoders:
    """The encoders of the features, side by side for each location (Eq. 10)."""
    layers: dict[str, list[Linear]] = {"node": [], "edge": [], "graph": []}
    for name, feature in features.items():
        layers[_place(feature)].append(encoders[name])
    precision = next(iter(encoders.values())).w.dtype
    none = Linear(
        jnp.zeros((0, hidden_size), precision), jnp.zeros(hidden_size, precision)
    )
    return Encoders(
        *(
            Linear(
                jnp.concatenate([none.w, *(layer.w for layer in side)]),
                sum((layer.b for layer in side), none.b),
            )
            for side in layers.values()
        )
    )


def gather(
    features: Mapping[str, Feature], values: Mapping[str, Float[Array, "B ..."]]
) -> Features:
    """The scalars to encode at each node, edge and graph, and the attention mask.

    Pointers are (B, N, N) distributions over nodes; they let two nodes attend to each
    other if p_ij + p_ji exceeds one half. For example, p_ij = 0.3 and p_ji = 0.25 do.
    """
    batch, nodes = values["pos"].shape
    neighbours = jnp.broadcast_to(np.eye(nodes, dtype=bool), (batch, nodes, nodes))
    precision = values["pos"].dtype
    node = [jnp.zeros((batch, nodes, 0), precision)]
    graph = [jnp.zeros((batch, 0), precision)]
    edges: list[Array] = []
    for name, feature in features.items():
        value, place = values[name], _place(feature)
        if place == "edge":
            edges.append(value)
        else:
            scalars = value if feature.type == "categorical" else value[..., None]
            (node if place == "node" else graph).append(scalars)
        if feature.type == "pointer":
            neighbours |= value + value.mT > 0.5
        elif place == "edge" and feature.type == "mask":
            neighbours |= value + value.mT > 0
    return Features(
        jnp.concatenate(node, -1),
        tuple(edges),
        jnp.concatenate(graph, -1),
        neighbours.astype(precision),
    )


class Decoder(hk.Module):
    """Declares the parameters of the decoder of one output or hint."""

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
        feature, size, inputs = self._feature, self._size, 3 * self._size
        if feature.type == "pointer" and self._simple is not None:
            return {name: declare(name, inputs, self._simple) for name in ("p1", "p2")}
        if feature.type == "pointer":
            return {
                "receiver": declare("receiver", inputs, size),
                "sender": declare("sender", inputs, size),
                "edge": declare("edge", size, size),
                "score": declare("score", size, 1),
            }
        width = max(1, feature.classes)
        layers = {"node": declare("node", inputs, width)}
        if feature.location == "graph":
            layers["meta"] = declare("meta", size, width)
        return layers


class Decoders(NamedTuple):
    """The decoders of several features with the encoders folded in (see `linear.fold`).

    The layers of all pointers are side by side, and those of all other predictions at
    nodes, each in the order of the features.
    """

    pointers: Linear | None
    """[node scalars | hidden | new] to receiver and sender (or p1 and p2) of each
    pointer."""
    edges: dict[str, Linear]
    """Of each pointer by name: edge scalars to D features (Eq. 12-14)."""
    scores: dict[str, tuple[Float[Array, "D"], Float[Array, "1"]]]
    nodes: Linear | None
    """[node scalars | hidden | new] to every prediction at nodes that is no pointer."""
    graphs: dict[str, tuple[Linear, Linear]]
    """Of each prediction at the graph, two layers whose results are added: one reads
    the maximum over nodes of [encoded node | hidden | new], one the graph scalars."""
    encoder: Linear
    """The encoder of nodes, for the maximum that predictions at the graph read."""


def without(
    layers: Mapping[str, Linear], term: Term, hidden_size: int
) -> dict[str, Linear]:
    """A pointer decoder that does not read the states, or not the edges (Eq. 12).

    The weights of this term are set to zero; their shapes stay the same. Without the
    states, the decoder still reads a node's encoded inputs, and so the hints that were
    predicted from the states one step before.
    """
    reduced = dict(layers)
    for name, layer in layers.items():
        if term == "edge" and name == "edge":
            reduced[name] = Linear(*map(jnp.zeros_like, layer))
        elif term == "hidden" and layer.w.shape[0] == 3 * hidden_size:
            reduced[name] = layer._replace(w=layer.w.at[hidden_size:].set(0))
    return reduced


def fold(
    layers: Mapping[str, Mapping[str, Linear]],
    features: Mapping[str, Feature],
    encoders: Encoders,
) -> Decoders:
    """The decoders of the features, combined with the encoders of their inputs."""
    pointers, nodes, edges, scores, graphs = [], [], {}, {}, {}
    for name, feature in features.items():
        layer = layers[name]
        if "p1" in layer:
            pointers += [layer["p1"], layer["p2"]]
        elif feature.type == "pointer":
            edges[name] = edge = linear.fold([layer["edge"]], encoders.edge)
            scores[name] = layer["score"].w[:, 0], layer["score"].b
            sender = layer["sender"]._replace(b=layer["sender"].b + edge.b)
            pointers += [layer["receiver"], sender]
        elif feature.location == "graph":
            meta = linear.fold([layer["meta"]], encoders.graph)
            graphs[name] = layer["node"], meta
        else:
            nodes.append(layer["node"])
    return Decoders(
        linear.fold(pointers, encoders.node) if pointers else None,
        edges,
        scores,
        linear.fold(nodes, encoders.node) if nodes else None,
        graphs,
        encoders.node,
    )


def decode(
    decoders: Decoders,
    features: Mapping[str, Feature],
    seen: Features,
    hidden: Float[Array, "B N D"],
    new: Float[Array, "B N D"],
) -> dict[str, Float[Array, "B ..."]]:
    """The predictions (Eq. 11-14): logits, or the value itself for a scalar.

    Shapes: pointers (B, N, N), categories (B, N, classes), scalars of the graph (B,),
    else (B, N).
    """
    blocks, predicted = (seen.node, hidden, new), {}
    pointers = [name for name, f in features.items() if f.type == "pointer"]
    if decoders.pointers is not None:
        sides = linear.split(
            linear.apply(decoders.pointers, *blocks), 2 * len(pointers)
        )
        for name, first, second in zip(pointers, sides[::2], sides[1::2], strict=True):
            predicted[name] = _pointer_logits(decoders, name, seen, first, second)
    at_nodes = {
        name: max(1, f.classes)
        for name, f in features.items()
        if f.location == "node" and f.type != "pointer"
    }
    if decoders.nodes is not None:
        ends = list(itertools.accumulate(at_nodes.values()))[:-1]
        # Eq. 11
        by_feature = jnp.split(linear.apply(decoders.nodes, *blocks), ends, -1)
        predicted |= dict(zip(at_nodes, by_feature, strict=True))
    for name, (node, meta) in decoders.graphs.items():
        encoded = linear.apply(decoders.encoder, seen.node)
        largest = [_largest(block) for block in (encoded, hidden, new)]
        predicted[name] = linear.apply(node, *largest) + linear.apply(meta, seen.graph)
    return {
        name: predicted[name]
        if feature.type in ("pointer", "categorical")
        else predicted[name][..., 0]
        for name, feature in features.items()
    }


def _pointer_logits(
    decoders: Decoders,
    name: str,
    seen: Features,
    first: Float[Array, "B N D"],
    second: Float[Array, "B N D"],
) -> Float[Array, "B N N"]:
    """The logits of one pointer, from receiver and sender, or from p1 and p2."""
    if name not in decoders.edges:
        return SHARPEN * jnp.maximum(first, second)  # Eq. 20
    weight, constant = decoders.scores[name]
    operands = pairwise.Operands(  # Eq. 12-14, with max(p_1, p_2 + p_e) in Eq. 13
        row=second,
        column=first,
        edges=seen.edges,
        mix=decoders.edges[name].w,
        weight=weight,
    )
    # the pointer from i to j is scored with the edge e_ji, so senders are the rows
    return pairwise.largest(operands).mT + constant


def feed_back(
    feature: Feature, prediction: Float[Array, "B ..."], feedback: Feedback
) -> Float[Array, "B ..."]:
    """A decoded hint as an input of the next step (dm-clrs's `hint_repred_mode`).

    If `soft`, masks and choices stay probabilities, so that gradients pass. If `hard`,
    they are decided, each to 0 or 1, and no gradient passes, nor one of scalars.
    """
    if feedback == "hard":
        prediction = jax.lax.stop_gradient(prediction)
    if feature.type == "scalar":
        return prediction
    if feature.type == "mask":
        soft = jax.nn.sigmoid(prediction)
        return soft if feedback == "soft" else (prediction > 0).astype(soft.dtype)
    if feedback == "soft":
        return jax.nn.softmax(prediction, axis=-1)
    classes = prediction.shape[-1]
    return jax.nn.one_hot(prediction.argmax(-1), classes, dtype=prediction.dtype)


def _largest(states: Float[Array, "B N D"]) -> Float[Array, "B D"]:
    """The maximum over nodes, whose gradient goes to one node that attains it.

    The gradient of `jnp.max` divides by the number of entries that equal the maximum.
    XLA may compute the entries twice and round them differently; then none is equal,
    and 0 / 0 makes every gradient NaN (as in dm-clrs at some hidden sizes).
    """
    argmax = jax.lax.stop_gradient(states).argmax(1, keepdims=True)
    return jnp.take_along_axis(states, argmax, 1)[:, 0]


def _place(feature: Feature) -> str:
    """The location where a feature is encoded: for a pointer the edges."""
    return "edge" if feature.type == "pointer" else feature.location
