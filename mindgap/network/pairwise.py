"""The hot primitive: a score for every pair of nodes (paper Eq. 4-6 and 12-14).

Attention scores and pointer logits have the same form. For each pair of nodes, the
features of one node (row i), those of the other (column j) and a few edge scalars are
combined into F features, which a nonlinearity and a weight vector reduce to one number:

    leaky(x, y, e)_ij = sum_f w_f leaky_relu(x_i + e_ij U + y_j)_f     (scores)
    largest(x, y, e)_ij = sum_f w_f max(x_i + e_ij U, y_j)_f           (pointers)

The tensor of all pairs' features is never stored for the backward pass. Both functions
are positively homogeneous in (x, y, U), so by Euler's theorem the gradient of w follows
from those of x, y and U: the derivative needs one tensor of slopes, and sums of it.

An edge is given by K scalars and not by F features. This is exact for this network,
whose edge features are encodings of a few scalars (see `linear.fold`). Each scalar is
an array of its own, so that a scalar that needs no gradient costs none.
"""

import functools
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

LEAK = 0.01
"""Slope of `jax.nn.leaky_relu` below zero, which is dm-clrs's activation."""

Kind = Literal["leaky", "largest"]

FEW = 8
"""Up to this number of features, it is faster to vectorise along the nodes."""

PAIRS, FEW_PAIRS = 2048, 512
"""How many pairs of nodes to compute at once so that they fit a CPU's cache: in
networks of the paper's size, and in tiny ones (`FEW` features), of which several are
trained side by side."""


class Operands(NamedTuple):
    """All arguments of the scores: x (row), y (column), e (edges), U (mix), w."""

    row: Float[Array, "B N F"]
    column: Float[Array, "B N F"]
    edges: tuple[Float[Array, "B N N"], ...]
    """K scalars of each pair."""
    mix: Float[Array, "K F"]
    weight: Float[Array, "F"]


def leaky(operands: Operands) -> Float[Array, "B N N"]:
    """sum_f w_f leaky_relu(x_i + e_ij U + y_j)_f for row i and column j."""
    return _pairwise("leaky", operands)


def largest(operands: Operands) -> Float[Array, "B N N"]:
    """sum_f w_f max(x_i + e_ij U, y_j)_f for row i and column j."""
    return _pairwise("largest", operands)


def at_once(features: int, graphs: int, nodes: int) -> int:
    """How many of `graphs` graphs to compute together: a divisor of their number.

    On a CPU the largest divisor whose pairs fit the cache, at least 1: of 32 graphs
    with 16 nodes and 128 features, 8. On an accelerator all graphs, since small parts
    one after the other would leave it idle.
    """
    if jax.default_backend() != "cpu":
        return graphs
    most = max(1, (FEW_PAIRS if features <= FEW else PAIRS) // nodes**2)
    return max(n for n in range(1, graphs + 1) if graphs % n == 0 and n <= most)


def _axes(operands: Operands) -> str:
    """The order of the axes of arrays with F features of every pair."""
    return "bfij" if operands.weight.shape[0] <= FEW else "bijf"


def _spread(array: Array, has: str, axes: str) -> Array:
    """The array, whose axes are `has`, with all `axes`; new ones have length 1."""
    array = array.transpose([has.index(axis) for axis in axes if axis in has])
    return jnp.expand_dims(array, [n for n, axis in enumerate(axes) if axis not in has])


def _sides(operands: Operands, axes: str) -> tuple[Array, Array]:
    """The two sides x_i + e_ij U and y_j, with all axes.

    Edge scalars are added one at a time, so that XLA fuses the sum with its use.
    """
    rows = _spread(operands.row, "bif", axes)
    for scalar, mix in zip(operands.edges, operands.mix, strict=True):
        rows = rows + _spread(scalar, "bij", axes) * _spread(mix, "f", axes)
    return rows, _spread(operands.column, "bjf", axes)


def _forward(kind: Kind, operands: Operands) -> Float[Array, "B N N"]:
    axes = _axes(operands)
    rows, columns = _sides(operands, axes)
    if kind == "leaky":
        total = rows + columns
        active = jnp.maximum(total, LEAK * total)
    else:
        active = jnp.maximum(columns, rows)
    return _weighed(active, axes, operands.weight)


def _weighed(pairs: Array, axes: str, weight: Array) -> Float[Array, "B N N"]:
    """The sum over f of w_f times feature f of every pair."""
    if axes == "bijf":
        return pairs @ weight
    return sum(
        (pairs[:, f] * weight[f] for f in range(1, weight.size)),
        pairs[:, 0] * weight[0],
    )


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _pairwise(kind: Kind, operands: Operands) -> Float[Array, "B N N"]:
    return _forward(kind, operands)


def _vjp_forward(kind: Kind, operands: Operands):
    return _forward(kind, operands), operands


def _vjp_backward(kind: Kind, operands: Operands, cotangent: Float[Array, "B N N"]):
    """The gradients: each is a sum of slopes times cotangents, computed once."""
    axes, w = _axes(operands), operands.weight
    rows, columns = _sides(operands, axes)
    if kind == "leaky":
        slope = jnp.where(rows + columns >= 0, 1.0, LEAK)
    else:
        # the subgradient that jnp.maximum takes on ties
        slope = jnp.where(rows > columns, 1.0, jnp.where(rows == columns, 0.5, 0.0))
    # without the barrier XLA would compute the slopes again for each of the sums
    slope = jax.lax.optimization_barrier(slope * _spread(cotangent, "bij", axes))
    row = jnp.einsum(f"{axes}->bif", slope)
    column = jnp.einsum(f"{axes}->bjf", slope)
    if kind == "largest":
        column = cotangent.sum(1)[..., None] - column
    mix = jnp.zeros_like(operands.mix)
    if operands.edges:
        # the sum over graphs is last: one product would transpose all slopes
        edges = jnp.stack(operands.edges, 1)
        mix = jnp.einsum(f"bkij,{axes}->bkf", edges, slope).sum(0)
    weight = (
        jnp.sum(row * operands.row, (0, 1))
        + jnp.sum(column * operands.column, (0, 1))
        + jnp.sum(mix * operands.mix, 0)
    )
    edges = tuple(_weighed(slope, axes, each * w) for each in operands.mix)
    return (Operands(row * w, column * w, edges, mix * w, weight),)


_pairwise.defvjp(_vjp_forward, _vjp_backward)
