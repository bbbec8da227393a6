"""A recurrence that stops early, and whose derivative does too.

`lax.scan` unrolls a batch for as many steps as a trajectory may ever take. Here the
number of steps is known only when the graphs are, and the steps after it cost nothing,
forward or backward. What the derivative needs of each step is kept; what is the same at
every step, the weights above all, is kept once.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

Tree = Any
Step = Callable[[Tree, Tree, Tree, Int[Array, ""]], tuple[Tree, Tree]]
"""(weights, constants, carry, time) to the next carry and what to report."""


def unroll(
    step: Step,
    total: int,
    weights: Tree,
    constants: Tree,
    start: Tree,
    steps: Int[Array, ""],
) -> tuple[Tree, Tree]:
    """The carries before each step and after the last, (total + 1, ...), and reports.

    Takes the first `steps` of `total` steps; what belongs to later ones is zero. All
    weights and carries are floats. No gradient goes to the constants; whatever else
    `step` closes over must not need one.
    """
    steps = jnp.minimum(steps, total)
    return _unrolled(step, total, weights, constants, start, steps)


def _plain(step, total, weights, constants, start, steps) -> tuple[Tree, Tree]:
    def one(carry, time):
        return *step(weights, constants, carry, time), []

    kept, told, _ = _loop(one, total, start, steps)
    return kept, told


def _loop(one: Callable, total: int, start: Tree, steps: Int[Array, ""]) -> Tree:
    """Carries, reports and residuals of a step that gives all three."""
    _, report, residuals = jax.eval_shape(one, start, steps)
    kept = jax.tree.map(lambda leaf: _reserve(total + 1, leaf).at[0].set(leaf), start)
    told = jax.tree.map(functools.partial(_reserve, total), report)
    # each filled with another number, or XLA makes one array and copies it for each
    saved = [
        _reserve(total, leaf, number) for number, leaf in enumerate(residuals, start=1)
    ]

    def forward(loop):
        time, carry, kept, told, saved = loop
        carry, report, residuals = one(carry, time)
        kept = _write(kept, time + 1, carry)
        told = _write(told, time, report)
        return time + 1, carry, kept, told, _write(saved, time, residuals)

    first = (jnp.zeros_like(steps), start, kept, told, saved)
    return jax.lax.while_loop(lambda loop: loop[0] < steps, forward, first)[2:]


@jax.tree_util.register_static
@dataclasses.dataclass(frozen=True)
class _Derivative:
    """A step's derivative without its arrays, and where each of them is found."""

    tree: Any
    known: tuple[int | None, ...]
    """The number among the step's arguments, None for what is kept of each step."""


def _keep(step, total, weights, constants, start, steps):
    pulls = []

    def one(carry, time):
        (carry_after, report), pull = jax.vjp(
            lambda weights, carry: step(weights, constants, carry, time),
            weights,
            carry,
        )
        leaves, tree = jax.tree.flatten(pull)
        arguments = jax.tree.leaves((weights, constants, carry, time))
        number = {id(leaf): index for index, leaf in enumerate(arguments)}
        known = tuple(number.get(id(leaf)) for leaf in leaves)
        pulls.append(_Derivative(tree, known))
        return (
            carry_after,
            report,
            [leaf for leaf, index in zip(leaves, known, strict=True) if index is None],
        )

    kept, told, saved = _loop(one, total, start, steps)
    return (kept, told), (weights, constants, kept, saved, steps, pulls[-1])


def _pull(step, total, residuals, pulled):
    weights, constants, kept, saved, steps, derivative = residuals
    of_kept, of_told = pulled

    def backward(loop):
        time, of_weights, of_carry = loop
        arguments = jax.tree.leaves((weights, constants, _read(kept, time), time))
        own = iter(_read(saved, time))
        leaves = [
            next(own) if index is None else arguments[index]
            for index in derivative.known
        ]
        pull = jax.tree.unflatten(derivative.tree, leaves)
        more, of_carry = pull((of_carry, _read(of_told, time)))
        of_carry = jax.tree.map(jnp.add, of_carry, _read(of_kept, time))
        return time - 1, jax.tree.map(jnp.add, of_weights, more), of_carry

    last = (steps - 1, jax.tree.map(jnp.zeros_like, weights), _read(of_kept, steps))
    _, of_weights, of_start = jax.lax.while_loop(
        lambda loop: loop[0] >= 0, backward, last
    )
    return of_weights, None, of_start, None


_unrolled = jax.custom_vjp(_plain, nondiff_argnums=(0, 1))
_unrolled.defvjp(_keep, _pull)


def _reserve(steps: int, leaf: Any, number: int = 0) -> Array:
    return jnp.full((steps, *leaf.shape), number, leaf.dtype)


def _read(tree: Tree, time: Int[Array, ""]) -> Tree:
    return jax.tree.map(
        lambda leaf: jax.lax.dynamic_index_in_dim(leaf, time, keepdims=False), tree
    )


def _write(tree: Tree, time: Int[Array, ""], new: Tree) -> Tree:
    return jax.tree.map(
        lambda leaf, value: jax.lax.dynamic_update_index_in_dim(leaf, value, time, 0),
        tree,
        new,
    )
