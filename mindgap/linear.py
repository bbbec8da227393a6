"""Linear layers whose weights can be combined before they are applied.

The features of this network (paper Eq. 10) are encodings of a few scalars: pos, s,
reach_h and the like. A layer that reads them need not see all S dimensions: its weight
is folded into the encoder's first, which is equal up to rounding and much cheaper.
"""

from collections.abc import Sequence
from typing import NamedTuple

import haiku as hk
import jax.numpy as jnp
from jaxtyping import Array, Float


class Linear(NamedTuple):
    """The parameters of x @ w + b."""

    w: Float[Array, "inputs outputs"]
    b: Float[Array, "outputs"]


class Encoded(NamedTuple):
    """`scalars @ w + b`, kept as factors."""

    scalars: Float[Array, "*dims K"]
    w: Float[Array, "K S"]
    b: Float[Array, "S"]

    @property
    def dense(self) -> Float[Array, "*dims S"]:
        """The features themselves."""
        return self.scalars @ self.w + self.b

    def folded(self, weight: Float[Array, "S F"]) -> "Encoded":
        """These features times a weight, still as factors."""
        return Encoded(self.scalars, self.w @ weight, self.b @ weight)


def linear(
    name: str,
    inputs: int,
    outputs: int,
    w_init: hk.initializers.Initializer | None = None,
) -> Linear:
    """The parameters `name/w` (inputs, outputs) and `name/b`, drawn as `hk.Linear`'s.

    To be called under `hk.transform`. The weight defaults to a normal distribution
    truncated at two deviations, with deviation 1 / sqrt(inputs); the bias is zero.
    """
    return _Parameters(inputs, outputs, w_init, name=name)()


def project(
    layer: Linear, blocks: Sequence[Encoded | Float[Array, "*dims S"]]
) -> Float[Array, "*dims outputs"]:
    """The layer applied to the concatenation of the blocks, each S wide."""
    size = layer.w.shape[0] // len(blocks)
    total = layer.b
    for index, block in enumerate(blocks):
        rows = layer.w[index * size : (index + 1) * size]
        total = total + (
            block.folded(rows).dense if isinstance(block, Encoded) else block @ rows
        )
    return total


class _Parameters(hk.Module):
    def __init__(self, inputs, outputs, w_init, name):
        super().__init__(name=name)
        self._shape = (inputs, outputs)
        self._init = w_init or hk.initializers.TruncatedNormal(1 / inputs**0.5)

    def __call__(self) -> Linear:
        return Linear(
            hk.get_parameter("w", self._shape, init=self._init),
            hk.get_parameter("b", self._shape[1:], init=jnp.zeros),
        )
