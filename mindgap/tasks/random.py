"""The numbers of `jax.random.uniform`, drawn only where they are needed.

JAX's generator is counter-based: a number is a hash of the key and of its place among
all numbers of the call. So a task can skip the numbers that it does not need, and get
the others unchanged, bit for bit. The hash is Threefry-2x32 with 20 rounds (Salmon
et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). Written out as
here, XLA fuses its rounds into one loop over the numbers; on CPUs, JAX's own makes a
pass over all numbers for each round.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key, UInt32

from mindgap import checks

USUAL = "threefry2x32"
"""JAX's default generator, unless the user sets another."""

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = 0x1BD11BDA


def key(seed: int) -> Key[Array, ""]:
    """The Threefry key of a seed, even if JAX's default generator is set to another."""
    return jax.random.key(seed, impl=USUAL)


def prove_key(taker: str, key: Any) -> None:
    """Raises TypeError unless it is one key of JAX, of the new kind or the old."""
    dtype, ndim = getattr(key, "dtype", None), getattr(key, "ndim", None)
    new = ndim == 0 and jnp.issubdtype(key.dtype, jax.dtypes.prng_key)
    if not (new or (ndim == 1 and dtype == np.uint32)):
        raise TypeError(
            f"{taker} takes one key, such as mg.key_of(0) or jax.random.key(0), got "
            f"{checks.shown(key)}"
        )


def uniforms(
    key: Key[Array, ""], rows: int, width: int, columns: Int[np.ndarray, "*shape"]
) -> Float[Array, "rows *shape"]:
    """`jax.random.uniform(key, (rows, width))[:, columns]`; columns may repeat.

    For a key of another generator than Threefry, it calls `jax.random.uniform`.
    """
    if str(jax.random.key_impl(key)) != USUAL:
        return jax.random.uniform(key, (rows, width), jnp.float32)[:, columns]
    low, high = jax.random.key_data(key)
    row = jnp.arange(rows, dtype=jnp.uint32).reshape(rows, *(1,) * columns.ndim)
    bits = _hashed(low, high, row * width + jnp.asarray(columns, jnp.uint32))
    # in [0, 1): the upper 23 bits as the mantissa of a number in [1, 2), minus one
    mantissa = (bits >> 9) | jnp.uint32(0x3F800000)
    return jax.lax.bitcast_convert_type(mantissa, jnp.float32) - 1


def _hashed(
    first: UInt32[Array, ""], second: UInt32[Array, ""], place: UInt32[Array, "*shape"]
) -> UInt32[Array, "*shape"]:
    """The two words of the hash of (0, place), combined as JAX combines them."""
    keys = (first, second, first ^ second ^ jnp.uint32(PARITY))
    left, right = jnp.zeros_like(place) + keys[0], place + keys[1]
    for group in range(5):
        for distance in ROTATIONS[group % 2]:
            left = left + right
            right = (right << distance) | (right >> (32 - distance))
            right = right ^ left
        left = left + keys[(group + 1) % 3]
        right = right + keys[(group + 2) % 3] + jnp.uint32(group + 1)
    return left ^ right
