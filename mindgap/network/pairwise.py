"""The one hot primitive: a score for every pair of nodes (paper Eq. 4-6 and 12-14).

Attention scores and pointer logits share a shape. Each pair of nodes combines what one
holds (row i), what the other holds (column j) and a few edge scalars into F features,
which a nonlinearity and a weight vector reduce to one number:

    leaky(x, y, e)_ij = sum_f w_f leaky_relu(x_i + e_ij U + y_j)_f     (scores)
    largest(x, y, e)_ij = sum_f w_f max(x_i + e_ij U, y_j)_f           (pointers)

The tensor of all pairs' features is never stored for the backward pass. Both functions
are positively homogeneous in (x, y, U), so by Euler's theorem the gradient of w follows
from theirs: the derivative needs one tensor of slopes, and sums of it.

The sums are taken over at most a few scalars per edge (K), which is exact for this
network: its edge features are encodings of a few scalars (see `linear.fold`). Each
scalar is an array of its own, so that those which need no gradient cost none.
"""

import functools
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

LEAK = 0.01
"""Slope of `jax.nn.leaky_relu` below zero, which dm-clrs uses."""

Kind = Literal["leaky", "largest"]


FEW = 8
"""With at most so many features a vector unit is better used along the nodes."""

PAIRS, FEW_PAIRS = 2048, 512
"""Pairs of nodes at once, at most, that suit a CPU's cache: in networks of the paper's
size, and in tiny ones, of which several are trained side by side."""


class Operands(NamedTuple):
    """Everything a pair's score depends on."""

    row: Float[Array, "B N F"]
    column: Float[Array, "B N F"]
    edges: tuple[Float[Array, "B N N"], ...]
    """K scalars."""
    mix: Float[Array, "K F"]
    weight: Float[Array, "F"]


def leaky(operands: Operands) -> Float[Array, "B N N"]:
    """sum_f w_f leaky_relu(x_i + e_ij U + y_j)_f for row i and column j."""
    return _pairwise("leaky", operands)


def largest(operands: Operands) -> Float[Array, "B N N"]:
    """sum_f w_f max(x_i + e_ij U, y_j)_f for row i and column j."""
    return _pairwise("largest", operands)


def at_once(features: int, graphs: int, nodes: int) -> int:
    """Of so many graphs, how many to work on together: a divisor of their number.

    On a CPU as many as its cache holds, but at least one (few numbers divide an odd
    batch). On an accelerator all: small parts one after another would leave it idle.
    """
    if jax.default_backend() != "cpu":
        return graphs
    most = max(1, (FEW_PAIRS if features <= FEW else PAIRS) // nodes**2)
    return max(n for n in range(1, graphs + 1) if graphs % n == 0 and n <= most)


def _axes(operands: Operands) -> str:
    """The order of the axes of what is held of every pair."""
    return "bfij" if operands.weight.shape[0] <= FEW else "bijf"


def _spread(array: Array, has: str, axes: str) -> Array:
    """The array with all axes, of length 1 where it has none."""
    array = array.transpose([has.index(axis) for axis in axes if axis in has])
    return jnp.expand_dims(array, [n for n, axis in enumerate(axes) if axis not in has])


def _sides(operands: Operands, axes: str) -> tuple[Array, Array]:
    """x_i + e_ij U, an edge scalar at a time so that XLA fuses it with its use; y_j."""
    offered = _spread(operands.row, "bif", axes)
    for scalar, mix in zip(operands.edges, operands.mix, strict=True):
        offered = offered + _spread(scalar, "bij", axes) * _spread(mix, "f", axes)
    return offered, _spread(operands.column, "bjf", axes)


def _forward(kind: Kind, operands: Operands) -> Float[Array, "B N N"]:
    axes = _axes(operands)
    offered, held = _sides(operands, axes)
    if kind == "leaky":
        total = offered + held
        active = jnp.maximum(total, LEAK * total)
    else:
        active = jnp.maximum(held, offered)
    return _weighed(active, axes, operands.weight)


def _weighed(pairs: Array, axes: str, weight: Array) -> Float[Array, "B N N"]:
    """sum_f w_f of what is held of every pair."""
    if axes == "bijf":
        return pairs @ weight
    return sum(
        (pairs[:, f] * weight[f] for f in range(1, weight.size)),
        pairs[:, 0] * weight[0],
    )


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _pairwise(kind: Kind, operands: Operands) -> Float[Array, "B N N"]:
    return _forward(kind, operands)


def _keep(kind: Kind, operands: Operands):
    return _forward(kind, operands), operands


def _pull(kind: Kind, operands: Operands, pulled: Float[Array, "B N N"]):
    """Slopes times cotangents, once; every gradient is a sum of them."""
    axes, w = _axes(operands), operands.weight
    offered, held = _sides(operands, axes)
    if kind == "leaky":
        slope = jnp.where(offered + held >= 0, 1.0, LEAK)
    else:
        # the subgradient that jnp.maximum takes on ties
        slope = jnp.where(offered > held, 1.0, jnp.where(offered == held, 0.5, 0.0))
    # without the barrier XLA computes the slopes again for each of the sums
    slope = jax.lax.optimization_barrier(slope * _spread(pulled, "bij", axes))
    row = jnp.einsum(f"{axes}->bif", slope)
    column = jnp.einsum(f"{axes}->bjf", slope)
    if kind == "largest":
        column = pulled.sum(1)[..., None] - column
    mix = jnp.zeros_like(operands.mix)
    if operands.edges:
        # summed over graphs afterwards: one product would transpose all slopes
        edges = jnp.stack(operands.edges, 1)
        mix = jnp.einsum(f"bkij,{axes}->bkf", edges, slope).sum(0)
    weight = (
        jnp.sum(row * operands.row, (0, 1))
        + jnp.sum(column * operands.column, (0, 1))
        + jnp.sum(mix * operands.mix, 0)
    )
    edges = tuple(_weighed(slope, axes, each * w) for each in operands.mix)
    return (Operands(row * w, column * w, edges, mix * w, weight),)


_pairwise.defvjp(_keep, _pull)
