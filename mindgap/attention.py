"""Graph attention with GATv2 scores (paper §2.1, Eq. 1-9, and §2.3, Eq. 15-17).

A layer lets every node i look at its neighbours j and take a weighted average of what
they hold. Two modifications depart from the benchmark's layer: edge information in the
values (Eq. 15-16) and a bias on the pre-attention (Eq. 17).

The paper prints the leaky ReLU of Eq. 6 and the ReLU of Eq. 9 as one sigma, and omits
biases; both are dm-clrs's here. Eq. 16 is printed after Eq. 9; we add its term inside
the activation, so that a node's own state and the edge's arrive together.
"""

from typing import Literal, NamedTuple

import haiku as hk
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mindgap import pairwise
from mindgap.linear import Encoded, Linear, linear, project

EdgeValues = Literal["none", "projected", "first_component"]

NO_EDGE = 1e9
"""The constant c of Eq. 7, as in dm-clrs."""


class AttentionWeights(NamedTuple):
    """The parameters of Eq. 2; W_in reads the sender, W_out the receiver."""

    value: Linear
    skip: Linear
    sender: Linear
    receiver: Linear
    edge: Linear
    meta: Linear
    scores: list[Linear]
    norm: Linear | None
    """Scale and offset of the layer norm, both (S,)."""
    bias: Float[Array, "N N"] | None
    edge_info: Linear | None
    edge_reduce: Linear | None


class Attention(hk.Module):
    """Declares the layer's parameters, under the paper's names."""

    def __init__(
        self,
        hidden_size: int,
        heads: int,
        layer_norm: bool,
        edge_values: EdgeValues,
        bias_nodes: int | None,
    ):
        super().__init__(name="attention")
        self._size, self._heads = hidden_size, heads
        self._layer_norm, self._edge_values = layer_norm, edge_values
        self._bias_nodes = bias_nodes

    def __call__(self) -> AttentionWeights:
        """The parameters; `attend` applies them."""
        size, heads, nodes = self._size, self._heads, self._bias_nodes
        projected = self._edge_values == "projected"
        return AttentionWeights(
            value=linear("value", 2 * size, size),
            skip=linear("skip", 2 * size, size),
            sender=linear("in", 2 * size, size),
            receiver=linear("out", 2 * size, size),
            edge=linear("edge", size, size),
            meta=linear("meta", size, size),
            scores=[linear(f"score_{k}", size // heads, 1) for k in range(heads)],
            norm=self._norm() if self._layer_norm else None,
            bias=hk.get_parameter("bias", (nodes, nodes), init=jnp.zeros)
            if nodes is not None
            else None,
            edge_info=linear("edge_info", size, size) if projected else None,
            edge_reduce=linear("edge_reduce", size, size) if projected else None,
        )

    def _norm(self) -> Linear:
        shape = (self._size,)
        return Linear(
            hk.get_parameter("norm_scale", shape, init=jnp.ones),
            hk.get_parameter("norm_offset", shape, init=jnp.zeros),
        )


def attend(
    weights: AttentionWeights,
    edge_values: EdgeValues,
    node: Encoded,
    edge: Encoded,
    meta: Float[Array, "B S"],
    hidden: Float[Array, "B N S"],
    neighbours: Float[Array, "B N N"],
) -> tuple[Float[Array, "B N S"], Float[Array, "B H N N"]]:
    """One step of attention: new hidden states, and the coefficients alpha.

    `node` is (B, N), `edge` (B, N, N) many encoded features: receiver i reads edge ij.
    `neighbours` is A of Eq. 7 as 0 or 1.
    """
    both = (node, hidden)  # [x_i | h_i]
    values = project(weights.value, both)  # Eq. 3
    scores = pre_attention_scores(weights, both, edge, meta)  # Eq. 4-6, 17
    allowed = NO_EDGE * (neighbours - 1)  # Eq. 7
    alpha = jax.nn.softmax(scores + allowed[:, None], axis=-1)  # Eq. 8
    heads = values.reshape(*values.shape[:2], alpha.shape[1], -1)
    attended = jnp.einsum("bhij,bjhf->bihf", alpha, heads).reshape(values.shape)
    attended += edge_information(weights, edge_values, alpha, edge)  # Eq. 15-16
    new = jax.nn.relu(attended + project(weights.skip, both))  # Eq. 9
    if weights.norm is not None:
        new = _normalise(weights.norm, new)
    return new, alpha


def pre_attention_scores(
    weights: AttentionWeights,
    both: tuple[Encoded, Float[Array, "B N S"]],
    edge: Encoded,
    meta: Float[Array, "B S"],
) -> Float[Array, "B H N N"]:
    """Unnormalised scores a (Eq. 4-6), with the bias B of Eq. 17 where there is one.

    Written with `pairwise.leaky`: zeta itself, (B, N, N, S), is not formed. B is one
    more edge scalar, which every feature receives with weight 1.
    """
    z_in = project(weights.sender, both)
    z_edge = edge.folded(weights.edge.w)
    z_meta = project(weights.meta, (meta,))
    constant = weights.edge.b + z_edge.b
    z_out = project(weights.receiver, both) + z_meta[:, None] + constant
    scalars, mix = z_edge.scalars, z_edge.w
    if weights.bias is not None:
        bias = jnp.broadcast_to(weights.bias, scalars.shape[:-1])[..., None]
        scalars = jnp.concatenate([scalars, bias], -1)
        mix = jnp.concatenate([mix, jnp.ones_like(mix[:1])])
    size = z_in.shape[-1] // len(weights.scores)
    scores = []
    for head, omega in enumerate(weights.scores):
        part = slice(head * size, (head + 1) * size)
        operands = pairwise.Operands(
            z_out[..., part], z_in[..., part], scalars, mix[:, part], omega.w[:, 0]
        )
        scores.append(pairwise.leaky(operands) + omega.b)
    return jnp.stack(scores, 1)


def edge_information(
    weights: AttentionWeights,
    edge_values: EdgeValues,
    alpha: Float[Array, "B H N N"],
    edge: Encoded,
) -> Float[Array, "B N S"] | float:
    """What the edges add to the attended values (Eq. 15-16), in a form free of N.

    `projected`: W_reduce (sum_j alpha_ij W_info e_ij), each head over its own features.
    `first_component`: feature 0 gains sum_j alpha_ij e_ij0, the first form in the
    authors' code, which has no parameters.
    """
    if edge_values == "none":
        return 0.0
    seen = jnp.einsum("bhij,bijk->bihk", alpha, edge.scalars)
    if edge_values == "first_component":
        first = seen[:, :, 0] @ edge.w[:, 0] + edge.b[0]
        return jnp.zeros((*first.shape, edge.w.shape[1])).at[..., 0].set(first)
    assert weights.edge_info is not None and weights.edge_reduce is not None
    info = edge.folded(weights.edge_info.w)
    by_head = info.w.reshape(info.w.shape[0], alpha.shape[1], -1)
    middle = jnp.einsum("bihk,khf->bihf", seen, by_head)
    middle = middle.reshape(*middle.shape[:2], -1) + info.b + weights.edge_info.b
    return project(weights.edge_reduce, (middle,))


def _normalise(norm: Linear, hidden: Float[Array, "B N S"]) -> Float[Array, "B N S"]:
    """Haiku's layer norm over the hidden size (epsilon 1e-5)."""
    mean = hidden.mean(-1, keepdims=True)
    scale = norm.w * jax.lax.rsqrt(hidden.var(-1, keepdims=True) + 1e-5)
    return scale * (hidden - mean) + norm.b
