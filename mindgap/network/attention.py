"""Graph attention with GATv2 scores (paper §2.1, Eq. 1-9, and §2.3, Eq. 15-17).

Every node i attends to its neighbours j and takes a weighted average of their values.
Two optional modifications depart from the benchmark's layer: edge information in the
values (Eq. 15-16) and a bias on the pre-attention scores (Eq. 17).

The paper prints the leaky ReLU of Eq. 6 and the ReLU of Eq. 9 as one sigma, and omits
the biases of linear layers; activations and biases are dm-clrs's here. Eq. 16 is
printed after Eq. 9; here its term is added inside the activation, together with the
values and the skip connection.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import haiku as hk
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mindgap.network import linear, pairwise
from mindgap.network.codecs import Encoders, Features
from mindgap.network.linear import Linear, declare

EdgeValues = Literal["none", "projected", "first_component"]

NO_EDGE = 1e9
"""The constant c of Eq. 7, as in dm-clrs."""


class AttentionWeights(NamedTuple):
    """The parameters of Eq. 2; W_in acts on the sender, W_out on the receiver."""

    value: Linear
    skip: Linear
    sender: Linear
    receiver: Linear
    edge: Linear
    meta: Linear
    scores: list[Linear]
    norm: Linear | None
    """Scale and offset of the layer norm, both (D,)."""
    bias: Float[Array, "N N"] | Float[Array, "1"] | None
    """Of each pair of nodes, or one for all pairs of a node with itself."""
    edge_info: Linear | None
    edge_reduce: Linear | None


class Attention(hk.Module):
    """Declares the parameters of the layer, under the paper's names."""

    def __init__(
        self,
        hidden_size: int,
        heads: int,
        layer_norm: bool,
        edge_values: EdgeValues,
        bias_shape: tuple[int, ...] | None,
    ):
        super().__init__(name="attention")
        self._size, self._heads = hidden_size, heads
        self._layer_norm, self._edge_values = layer_norm, edge_values
        self._bias_shape = bias_shape

    def __call__(self) -> AttentionWeights:
        """The parameters of the layer; `attend` applies them."""
        size, heads, shape = self._size, self._heads, self._bias_shape
        projected = self._edge_values == "projected"
        return AttentionWeights(
            value=declare("value", 2 * size, size),
            skip=declare("skip", 2 * size, size),
            sender=declare("in", 2 * size, size),
            receiver=declare("out", 2 * size, size),
            edge=declare("edge", size, size),
            meta=declare("meta", size, size),
            scores=[declare(f"score_{k}", size // heads, 1) for k in range(heads)],
            norm=self._norm() if self._layer_norm else None,
            bias=hk.get_parameter("bias", shape, jnp.float32, jnp.zeros)
            if shape is not None
            else None,
            edge_info=declare("edge_info", size, size) if projected else None,
            edge_reduce=declare("edge_reduce", size, size) if projected else None,
        )

    def _norm(self) -> Linear:
        shape = (self._size,)
        return Linear(
            hk.get_parameter("norm_scale", shape, jnp.float32, jnp.ones),
            hk.get_parameter("norm_offset", shape, jnp.float32, jnp.zeros),
        )


class Layer(NamedTuple):
    """The layer's parameters with the encoders folded in (see `linear.fold`)."""

    reads: Linear
    """[node scalars | hidden] to value, skip, sender and receiver, D features each."""
    edge: Linear
    """Edge scalars to D features."""
    meta: Linear
    """Graph scalars to D features."""
    scores: list[tuple[Float[Array, "F"], Float[Array, "1"]]]
    """Of each head, omega with F = D / H entries, and its bias."""
    norm: Linear | None
    bias: Float[Array, "N N"] | Float[Array, "1"] | None
    info: Linear | None
    """Edge scalars to the edge information of Eq. 15-16: D features, or feature 0."""
    reduce: Linear | None


def fold(weights: AttentionWeights, encoders: Encoders, kind: EdgeValues) -> Layer:
    """The layer's parameters, combined with the encoders of its inputs."""
    edge = linear.fold([weights.edge], encoders.edge)
    meta = linear.fold([weights.meta], encoders.graph)
    at_nodes = [weights.value, weights.skip, weights.sender, weights.receiver]
    info = None
    if kind == "first_component":
        info = Linear(encoders.edge.w[:, :1], encoders.edge.b[:1])
    elif weights.edge_info is not None:
        info = linear.fold([weights.edge_info], encoders.edge)
    return Layer(
        linear.fold(at_nodes, encoders.node),
        edge,
        meta,
        [(omega.w[:, 0], omega.b) for omega in weights.scores],
        weights.norm,
        weights.bias,
        info,
        weights.edge_reduce,
    )


Steer = Callable[[Float[Array, "B H N N"]], Float[Array, "B H N N"]]
"""Changes the attention coefficients before they are used (see `interventions`)."""


def attend(
    layer: Layer,
    seen: Features,
    hidden: Float[Array, "B N D"],
    steer: Steer | None = None,
) -> tuple[Float[Array, "B N D"], Float[Array, "B H N N"]]:
    """One step of attention: new hidden states, and the coefficients alpha."""
    projected = linear.apply(layer.reads, seen.node, hidden)  # [x_i | h_i]
    values, skip, z_in, z_out = linear.split(projected, 4)  # Eq. 3
    scores = pre_attention_scores(layer, z_in, z_out, seen)  # Eq. 4-6, 17
    mask = NO_EDGE * (seen.neighbours - 1)  # Eq. 7
    alphas = [jax.nn.softmax(head + mask, axis=-1) for head in scores]  # Eq. 8
    if steer is not None:
        alphas = list(jnp.moveaxis(steer(jnp.stack(alphas, 1)), 1, 0))
    heads = linear.split(values, len(alphas))
    attended = [alpha @ head for alpha, head in zip(alphas, heads, strict=True)]
    alpha = jnp.stack(alphas, 1)
    new = linear.beside(*attended) + edge_information(layer, alpha, seen.edges)
    new = jax.nn.relu(new + skip)  # Eq. 9, 15-16
    if layer.norm is not None:
        new = _normalise(layer.norm, new)
    return new, alpha


def pre_attention_scores(
    layer: Layer,
    z_in: Float[Array, "B N D"],
    z_out: Float[Array, "B N D"],
    seen: Features,
) -> list[Float[Array, "B N N"]]:
    """The unnormalised scores a of each head (Eq. 4-6), with any bias of Eq. 17.

    `pairwise.leaky` computes them without storing zeta, (B, N, N, D). The bias is
    treated as one more edge scalar, added to every feature with weight 1.
    """
    z_meta = linear.apply(layer.meta, seen.graph)
    z_out = z_out + (z_meta + layer.edge.b)[:, None]
    scalars, mix = seen.edges, layer.edge.w
    if layer.bias is not None:
        bias, pairs = layer.bias, seen.neighbours.shape
        if bias.shape == (1,):
            bias = bias * jnp.eye(pairs[-1])
        scalars += (jnp.broadcast_to(bias, pairs),)
        mix = jnp.concatenate([mix, jnp.ones_like(mix[:1])])
    sides = (linear.split(side, len(layer.scores)) for side in (z_out, z_in, mix))
    return [
        pairwise.leaky(pairwise.Operands(receiver, sender, scalars, part, omega)) + b
        for receiver, sender, part, (omega, b) in zip(*sides, layer.scores, strict=True)
    ]


def edge_information(
    layer: Layer,
    alpha: Float[Array, "B H N N"],
    edges: Sequence[Float[Array, "B N N"]],
) -> Float[Array, "B N D"] | float:
    """The edges' term of the attended values (Eq. 15-16); its parameters suit any N.

    `projected`: W_reduce (sum_j alpha_ij W_info e_ij), each head over its own features.
    `first_component`: sum_j alpha_ij e_ij0 is added to feature 0; this is the first
    form in the authors' code, and has no parameters. 0 if edge values are `none`.
    """
    if layer.info is None:
        return 0.0
    each = [jnp.einsum("bhij,bij->bih", alpha, scalar) for scalar in edges]
    averaged = jnp.stack(each, -1)
    if layer.reduce is None:
        first = linear.apply(layer.info, averaged[:, :, 0])
        return jnp.pad(first, ((0, 0), (0, 0), (0, layer.edge.w.shape[1] - 1)))
    by_head = layer.info.w.reshape(layer.info.w.shape[0], alpha.shape[1], -1)
    middle = jnp.einsum("bihk,khf->bihf", averaged, by_head)
    middle = middle.reshape(*middle.shape[:2], -1) + layer.info.b
    return linear.apply(layer.reduce, middle)


@functools.partial(jax.checkpoint, prevent_cse=False)
def _normalise(norm: Linear, hidden: Float[Array, "B N D"]) -> Float[Array, "B N D"]:
    """Haiku's layer norm over the hidden size (epsilon 1e-5)."""
    mean = hidden.mean(-1, keepdims=True)
    scale = norm.w * jax.lax.rsqrt(hidden.var(-1, keepdims=True) + 1e-5)
    return scale * (hidden - mean) + norm.b


def bias_parts(bias: Float[Array, "N N"]) -> dict[str, Float[Array, ""]]:
    """Decomposes the variance of a bias matrix into shares (Eq. 17; C.1).

    The parts are the effects of the `receiver` (row means) and the `sender` (column
    means), then the effect of the `diagonal`, and the `residual`. They are orthogonal:
    the shares are in [0, 1] and add up to 1. NaN for a constant matrix.
    """
    centred = bias - bias.mean()
    receiver, sender = centred.mean(1, keepdims=True), centred.mean(0, keepdims=True)
    remainder = centred - receiver - sender
    # the diagonal without its own row and column means
    pure = jnp.eye(len(bias)) - 1 / len(bias)
    diagonal = pure * (remainder * pure).sum() / (pure**2).sum()
    parts = {
        "receiver": jnp.broadcast_to(receiver, bias.shape),
        "sender": jnp.broadcast_to(sender, bias.shape),
        "diagonal": diagonal,
        "residual": remainder - diagonal,
    }
    return {name: (p**2).sum() / (centred**2).sum() for name, p in parts.items()}
