"""Loss around a point in parameter space: planes, lines, curvature (§3.4, C.7).

Figures 6, 7 and 17-19 show the loss over a plane through compiled, learned or initial
parameters. Directions are random and *filter-normalised* (Li et al. 2018, "Visualizing
the loss landscape of neural nets"): every filter of a direction has the length of the
parameters' filter, so that planes of networks of different scale can be compared. Here
a filter is what flows into one unit of a linear layer, a column of its matrix; vectors
(biases) are left where they are, as Li et al. leave theirs.

Functions here take any loss of any tree of parameters, not only those of networks.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

Tree = Any
"""A tree of float arrays, of the parameters' shapes."""

Loss = Callable[[Tree], Float[Array, "*losses"]]
"""One or more losses (output and hints, say) of some parameters."""


def direction(key: Key[Array, ""], params: Tree, normalised: bool = True) -> Tree:
    """A random direction, with the parameters' filter norms if `normalised`.

    Otherwise a Gaussian direction whose total length is that of the parameters'
    matrices: all its entries have the same variance. Zero where the parameters are
    vectors; if `normalised`, also where a filter of the parameters is zero.
    """
    leaves, tree = jax.tree.flatten(params)
    keys = jax.random.split(key, len(leaves))
    drawn = [
        jax.random.normal(k, leaf.shape) * (leaf.ndim > 1)
        for k, leaf in zip(keys, leaves, strict=True)
    ]
    if normalised:
        scaled = [
            d * _ratio(_filter_norms(leaf), _filter_norms(d))
            for d, leaf in zip(drawn, leaves, strict=True)
        ]
    else:
        matrices = [leaf for leaf in leaves if leaf.ndim > 1]
        ratio = _ratio(_length(matrices), _length(drawn))
        scaled = [d * ratio for d in drawn]
    return jax.tree.unflatten(tree, scaled)


def moved(params: Tree, along: Tree, by: Float[Array, ""] | float) -> Tree:
    """The parameters plus `by` times the direction `along`."""
    return jax.tree.map(lambda leaf, d: leaf + by * d, params, along)


def plane(
    loss: Loss,
    params: Tree,
    first: Tree,
    second: Tree,
    reach: float = 1.0,
    points: int = 25,
) -> tuple[Float[np.ndarray, "P"], Float[np.ndarray, "P P *losses"]]:
    """Losses over a square around the parameters.

    Returns the offsets, `points` of them from -reach to reach in lengths of the
    directions, and the losses: [i, j] is at offset i along `first` and j along
    `second`. With an odd number of points the middle one is the parameters' own loss.
    Raises ValueError for fewer than two points or a reach that is not positive.
    """
    _check_grid(points, reach)
    offsets = np.linspace(-reach, reach, points)
    starts = (moved(params, first, by) for by in jnp.array(offsets))
    return offsets, np.stack([ray(loss, s, second, offsets) for s in starts])


def ray(
    loss: Loss, params: Tree, along: Tree, offsets: Float[np.ndarray, "P"]
) -> Float[np.ndarray, "P *losses"]:
    """Losses at the parameters plus each offset times the direction `along`.

    Compiles once for each function `loss`: pass the same function object again for
    other parameters and directions.
    """
    return np.asarray(_ray(loss, params, along, jnp.array(offsets)))


@functools.partial(jax.jit, static_argnums=0)
def _ray(loss: Loss, params: Tree, along: Tree, offsets: Array) -> Array:
    return jax.lax.map(lambda by: loss(moved(params, along, by)), offsets)


def line(
    loss: Loss, start: Tree, end: Tree, points: int = 25, beyond: float = 0.0
) -> tuple[Float[np.ndarray, "P"], Float[np.ndarray, "P *losses"]]:
    """Offsets on the straight line from `start` (0) to `end` (1), and their losses.

    The line extends by `beyond`, as a share of its length, before the start and after
    the end. Raises ValueError for fewer than two points.
    """
    _check_grid(points, 1.0 + beyond)
    offsets = np.linspace(-beyond, 1 + beyond, points)

    @jax.jit
    def losses_at(at: Array) -> Array:
        # not start + by * (end - start): if one end has large parameters and the other
        # small ones, the difference would round the small ones away
        def interpolated(by: Array) -> Tree:
            return jax.tree.map(lambda a, b: (1 - by) * a + by * b, start, end)

        return jax.lax.map(lambda by: loss(interpolated(by)), at)

    return offsets, np.asarray(losses_at(jnp.array(offsets)))


def barrier(losses: Float[np.ndarray, "P"]) -> float:
    """How far the loss on a line rises above the higher of its two ends."""
    return float(np.max(losses) - max(losses[0], losses[-1]))


def curvature(
    loss: Callable[[Tree], Float[Array, ""]],
    params: Tree,
    key: Key[Array, ""],
    count: int = 3,
    iterations: int = 30,
) -> Float[np.ndarray, "count"]:
    """The Hessian's `count` largest eigenvalues by size, the largest first.

    Lanczos with full reorthogonalisation, on products of the Hessian with a vector
    (Pearlmutter 1994), which are exact. More iterations separate close eigenvalues
    better. The units are those of the loss per squared unit of parameter: to compare
    networks of different scale, see `relative`. Compiles once for each `loss`.
    Raises ValueError unless count is from 1 to the iterations and to the number of
    parameters, FloatingPointError if second derivatives are no finite numbers.
    """
    from jax.flatten_util import ravel_pytree

    flat, _ = ravel_pytree(params)
    if not 1 <= count <= min(iterations, len(flat)):
        raise ValueError(
            "count must be from 1 to iterations and to the number of parameters, got "
            f"{count}, {iterations} and {len(flat)}"
        )

    generator = np.random.default_rng(np.asarray(jax.random.bits(key, (4,))))
    basis = [_unit_remainder(generator.normal(size=len(flat)), [])]
    diagonal, off_diagonal = [], []
    for step in range(min(iterations, len(flat))):
        vector = jnp.asarray(basis[-1], flat.dtype)
        product = np.asarray(_hessian_product(loss, params, vector), float)
        if not np.isfinite(product).all():
            raise FloatingPointError(
                f"the Hessian times vector {step + 1} is not finite: the curvature here"
                f" is beyond {flat.dtype}"
            )
        diagonal.append(product @ basis[-1])
        if step + 1 == min(iterations, len(flat)):
            break
        rest = _orthogonal(product, basis)
        off_diagonal.append(np.linalg.norm(rest))
        if off_diagonal[-1] <= 1e-6 * max(map(abs, diagonal)):
            # the basis spans all that the first vector can reach: go on from another
            # random one, else an eigenvalue that occurs several times is found once
            off_diagonal[-1], rest = 0.0, generator.normal(size=len(flat))
        basis.append(_unit_remainder(rest, basis))
    matrix = np.diag(diagonal) + sum(
        np.diag(off_diagonal, offset) for offset in (1, -1)
    )
    values = np.linalg.eigvalsh(matrix)
    return values[np.argsort(-np.abs(values))][:count]


@functools.partial(jax.jit, static_argnums=0)
def _hessian_product(
    loss: Loss, params: Tree, vector: Float[Array, "parameters"]
) -> Float[Array, "parameters"]:
    """The Hessian times a vector."""
    from jax.flatten_util import ravel_pytree

    flat, unravel = ravel_pytree(params)
    return jax.jvp(jax.grad(lambda point: loss(unravel(point))), (flat,), (vector,))[1]


def relative(loss: Loss, params: Tree) -> Loss:
    """The loss as a function of relative changes u: the loss of params * (1 + u).

    Its curvature at u = 0 does not depend on the scale of the parameters.
    """

    def relative_loss(changes: Tree) -> Array:
        return loss(jax.tree.map(lambda leaf, u: leaf * (1 + u), params, changes))

    return relative_loss


def _orthogonal(vector: np.ndarray, basis: list[np.ndarray]) -> np.ndarray:
    for _ in range(2):  # twice, since the first pass leaves rounding errors
        for other in basis:
            vector = vector - (vector @ other) * other
    return vector


def _unit_remainder(vector: np.ndarray, basis: list[np.ndarray]) -> np.ndarray:
    """The part of a vector that is orthogonal to the basis, scaled to length 1."""
    rest = _orthogonal(vector, basis)
    return rest / np.linalg.norm(rest)


def _check_grid(points: int, reach: float) -> None:
    if points < 2 or reach <= 0:
        raise ValueError(
            f"needs at least 2 points and a reach above 0, got {points} and {reach}"
        )


def _filter_norms(leaf: Array) -> Array:
    """The length of each column; zero for the entries of a vector, which stays."""
    if leaf.ndim < 2:
        return jnp.zeros_like(leaf)
    return jnp.linalg.norm(leaf, axis=0, keepdims=True)


def _length(leaves: list[Array]) -> Array:
    return jnp.sqrt(sum((jnp.sum(leaf**2) for leaf in leaves), jnp.zeros(())))


def _ratio(of: Array, to: Array) -> Array:
    return jnp.where(to > 0, of / jnp.where(to > 0, to, 1), 0.0)
