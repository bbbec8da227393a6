"""The one hot primitive: a score for every pair of nodes (paper Eq. 4-6 and 12-14).

Attention scores and pointer logits share a shape. Each pair of nodes combines what the
receiver holds, what the sender holds and a few edge scalars into F features, which a
nonlinearity and a weight vector reduce to one number:

    leaky(y, x, e)_ij = sum_f w_f leaky_relu(y_i + x_j + e_ij U)_f     (scores)
    largest(y, x, e)_ij = sum_f w_f max(y_i, x_j + e_ij U)_f           (pointers)

The (B, N, N, F) tensor in between is never stored for the backward pass. Both
functions are positively homogeneous in (y, x, U), so by Euler's theorem the gradient of
w follows from theirs: the derivative needs one tensor of slopes, and sums of it.

The sums are taken over at most a few scalars per edge (K), which is exact for this
network: its edge features are encodings of a few scalars (see `linear.fold`).
"""

import functools
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

LEAK = 0.01
"""Slope of `jax.nn.leaky_relu` below zero, which dm-clrs uses."""

Kind = Literal["leaky", "largest"]


class Operands(NamedTuple):
    """Everything a pair's score depends on."""

    receiver: Float[Array, "B N F"]
    sender: Float[Array, "B N F"]
    edges: Float[Array, "B N N K"]
    mix: Float[Array, "K F"]
    weight: Float[Array, "F"]


def leaky(operands: Operands) -> Float[Array, "B N N"]:
    """sum_f w_f leaky_relu(y_i + x_j + e_ij U)_f for receiver i and sender j."""
    return _pairwise("leaky", operands)


def largest(operands: Operands) -> Float[Array, "B N N"]:
    """sum_f w_f max(y_i, x_j + e_ij U)_f for receiver i and sender j."""
    return _pairwise("largest", operands)


def _offered(operands: Operands) -> Float[Array, "B N N F"]:
    """x_j + e_ij U, one edge scalar at a time so that XLA fuses it with its use."""
    offered = operands.sender[:, None, :, :]
    for scalar in range(operands.mix.shape[0]):
        offered = offered + operands.edges[..., scalar, None] * operands.mix[scalar]
    return offered


def _forward(kind: Kind, operands: Operands) -> Float[Array, "B N N"]:
    offered, held = _offered(operands), operands.receiver[:, :, None, :]
    if kind == "leaky":
        total = offered + held
        active = jnp.maximum(total, LEAK * total)
    else:
        active = jnp.maximum(held, offered)
    return active @ operands.weight


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _pairwise(kind: Kind, operands: Operands) -> Float[Array, "B N N"]:
    return _forward(kind, operands)


def _keep(kind: Kind, operands: Operands):
    return _forward(kind, operands), operands


def _pull(kind: Kind, operands: Operands, pulled: Float[Array, "B N N"]):
    """Slopes times cotangents, once; every gradient is a sum of them."""
    offered, held = _offered(operands), operands.receiver[:, :, None, :]
    if kind == "leaky":
        slope = jnp.where(offered + held >= 0, 1.0, LEAK)
    else:
        # the subgradient that jnp.maximum takes on ties
        slope = jnp.where(offered > held, 1.0, jnp.where(offered == held, 0.5, 0.0))
    # without the barrier XLA computes the slopes again for each of the four sums
    slope = jax.lax.optimization_barrier(slope * pulled[..., None])
    sender, receiver = slope.sum(1), slope.sum(2)
    if kind == "largest":
        receiver = pulled.sum(2)[..., None] - receiver
    mix = jnp.einsum("bijk,bijf->kf", operands.edges, slope)
    weight = (
        jnp.sum(sender * operands.sender, (0, 1))
        + jnp.sum(receiver * operands.receiver, (0, 1))
        + jnp.sum(mix * operands.mix, 0)
    )
    edges = slope @ (operands.mix * operands.weight).T
    w = operands.weight
    return (Operands(receiver * w, sender * w, edges, mix * w, weight),)


_pairwise.defvjp(_keep, _pull)
