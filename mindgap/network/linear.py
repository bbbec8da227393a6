"""Linear layers whose weights can be combined before they are applied.

The features of this network (paper Eq. 10) are linear encodings of a few scalars, such
as pos, s and reach_h. So a layer that reads them need not compute all D dimensions: the
product of encoder weight and layer weight is computed once, and applied to the scalars
themselves. Layers with the same input are put side by side, into one matrix product.
The results are equal up to rounding, and much cheaper.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import haiku as hk
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key


class Linear(NamedTuple):
    """The parameters of x @ w + b."""

    w: Float[Array, "inputs outputs"]
    b: Float[Array, "outputs"]


def declare(
    name: str,
    inputs: int,
    outputs: int,
    w_init: hk.initializers.Initializer | None = None,
) -> Linear:
    """The parameters `name/w` (inputs, outputs) and `name/b`, drawn as `hk.Linear`'s.

    Call it under `hk.transform`. The weight defaults to a normal distribution
    truncated at two deviations, with deviation 1 / sqrt(inputs); the bias is zero.
    """
    return _Parameters(inputs, outputs, w_init, name=name)()


@functools.partial(jax.checkpoint, prevent_cse=False)
def apply(
    layer: Linear, *blocks: Float[Array, "*dims _"]
) -> Float[Array, "*dims outputs"]:
    """The layer applied to the blocks side by side."""
    return beside(*blocks) @ layer.w + layer.b


def beside(*blocks: Float[Array, "*dims _"]) -> Float[Array, "*dims features"]:
    """The blocks side by side, along the feature axis."""
    return blocks[0] if len(blocks) == 1 else jnp.concatenate(blocks, -1)


def fold(layers: Sequence[Linear], encoder: Linear) -> Linear:
    """The layers side by side, for the scalars instead of their encoding.

    Each layer reads [encoded | rest], of which D entries are encoded. The folded layer
    reads [scalars | rest], with equal results up to rounding.
    """
    w = jnp.concatenate([layer.w for layer in layers], 1)
    b = jnp.concatenate([layer.b for layer in layers])
    size = encoder.w.shape[1]
    return Linear(
        jnp.concatenate([encoder.w @ w[:size], w[size:]]), b + encoder.b @ w[:size]
    )


def split(
    outputs: Float[Array, "*dims outputs"], layers: int
) -> list[Float[Array, "*dims D"]]:
    """The outputs of each of several folded layers of equal width."""
    return [outputs] if layers == 1 else jnp.split(outputs, layers, axis=-1)


def draw(
    declare: Callable[[], Any], key: Key[Array, ""]
) -> dict[str, dict[str, Float[Array, "..."]]]:
    """Draws the same parameters as `hk.transform(declare).init(key)`.

    All normal weights are drawn in one operation: drawing them one after the other
    takes longer to compile than the rest of a small network.
    """
    normals: list[tuple[str, str, Any]] = []

    def defer(make, shape, dtype, init, context):
        if not isinstance(init, hk.initializers.TruncatedNormal):
            return make(shape, dtype, init)
        normals.append((context.module.module_name, context.name, init.stddev))
        return jnp.zeros(shape, dtype)

    def deferred():
        with hk.custom_creator(defer):
            declare()

    params: Any = hk.transform(deferred).init(key)
    # the keys that Haiku would use: it splits its key once for each weight
    _, keys = jax.lax.scan(
        lambda k, _: tuple(jax.random.split(k)), key, length=len(normals)
    )
    largest = max(params[module][name].size for module, name, _ in normals)
    # the first numbers of a key do not depend on how many are drawn
    drawn = jax.vmap(
        lambda k: jax.random.truncated_normal(k, -2, 2, (largest,), jnp.float32)
    )(keys)
    for (module, name, deviation), numbers in zip(normals, drawn, strict=True):
        shape = params[module][name].shape
        weights = numbers[: math.prod(shape)].reshape(shape)
        params[module][name] = float(deviation) * weights
    return params


class _Parameters(hk.Module):
    """Haiku module that holds `w` and `b` of one linear layer."""

    def __init__(self, inputs, outputs, w_init, name):
        super().__init__(name=name)
        self._shape = (inputs, outputs)
        self._init = w_init or hk.initializers.TruncatedNormal(1 / inputs**0.5)

    def __call__(self) -> Linear:
        return Linear(
            hk.get_parameter("w", self._shape, jnp.float32, self._init),
            hk.get_parameter("b", self._shape[1:], jnp.float32, jnp.zeros),
        )
