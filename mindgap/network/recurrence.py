"""A recurrence over time, in two forms with the same values.

`scan` takes all steps and is differentiable in weights, constants and start. `unroll`
is for training: it takes a number of steps that may depend on the graphs, and later
steps cost nothing, forward or backward. It stores the residuals of each step for its
derivative; values that are the same at every step, above all the weights, are stored
once.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

Tree = Any
Step = Callable[[Tree, Tree, Tree, Int[Array, ""]], tuple[Tree, Tree]]
"""(weights, constants, carry, time) to the next carry and the report of the step."""


def scan(
    step: Step, total: int, weights: Tree, constants: Tree, start: Tree, last: Array
) -> tuple[Tree, Tree, Tree]:
    """As `unroll` with all `total` steps, but also differentiable in the constants."""
    none = jax.tree.map(jnp.zeros_like, start)

    def forward(loop, time):
        carry, before, after = loop
        new, report = step(weights, constants, carry, time)
        before = _where(last == time, carry, before)
        after = _where(last == time, new, after)
        return (new, before, after), report

    loop, reports = jax.lax.scan(forward, (start, none, none), jnp.arange(total))
    _, before, after = loop
    return before, after, reports


def unroll(
    step: Step,
    total: int,
    weights: Tree,
    constants: Tree,
    start: Tree,
    steps: Int[Array, ""],
    last: Int[Array, "B"],
) -> tuple[Tree, Tree, Tree]:
    """The carries before and after each graph's last step, and all steps' reports.

    Takes the first `steps` of `total` steps; reports, (total, ...), of later ones are
    zero. The leading axis of every carry is that of the graphs. `last` is the number
    of each graph's last step, counted from 0; the carries of a graph whose last step
    is not taken are zero. All weights and carries must be floats. Raises
    NotImplementedError for a gradient of the constants; other arrays that `step`
    closes over must not need one.
    """
    steps = jnp.minimum(steps, total)
    return _unrolled(step, total, weights, constants, start, steps, last)


def _without_residuals(step, total, weights, constants, start, steps, last) -> Tree:
    """`unroll` outside of derivatives."""

    def one(carry, time):
        return *step(weights, constants, carry, time), []

    return _loop(one, total, start, steps, last)[:3]


def _loop(
    one: Callable, total: int, start: Tree, steps: Int[Array, ""], last: Array
) -> Tree:
    """The carries before and after the last steps, the reports, and the residuals.

    `one` maps (carry, time) to the next carry, the report and the residuals.
    """
    _, report, residual = jax.eval_shape(one, start, steps)
    reports = jax.tree.map(functools.partial(_reserve, total), report)
    leaves, tree = jax.tree.flatten(residual)
    # each filled with another number: of equal arrays, XLA would make one, and copies
    residuals = jax.tree.unflatten(
        tree,
        [_reserve(total, leaf, number) for number, leaf in enumerate(leaves, start=1)],
    )
    none = jax.tree.map(jnp.zeros_like, start)

    def forward(loop):
        time, carry, before, after, reports, residuals = loop
        new, report, residual = one(carry, time)
        before = _where(last == time, carry, before)
        after = _where(last == time, new, after)
        reports = _write(reports, time, report)
        residuals = _write(residuals, time, residual)
        return time + 1, new, before, after, reports, residuals

    first = (jnp.zeros_like(steps), start, none, none, reports, residuals)
    return jax.lax.while_loop(lambda loop: loop[0] < steps, forward, first)[2:]


@jax.tree_util.register_static
@dataclasses.dataclass(frozen=True)
class _Derivative:
    """A step's derivative (its pullback) without its arrays, and where these are."""

    tree: Any
    sources: tuple[int | None, ...]
    """Of each array, its number among the leaves of the step's arguments; None if it is
    a residual, stored at each step."""


def _vjp_forward(step, total, *arguments):
    """`unroll`, with the residuals of its derivative."""
    _, constants, *_ = arguments
    if any(leaf.perturbed for leaf in jax.tree.leaves(constants)):
        raise NotImplementedError(
            "network.predict has gradients of the parameters only, for training; "
            "network.apply has those of graphs, too"
        )
    weights, constants, start, steps, last = jax.tree.map(
        lambda leaf: leaf.value, arguments
    )
    derivatives = []

    def one(carry, time):
        (new, report), pull = jax.vjp(
            lambda weights, carry: step(weights, constants, carry, time),
            weights,
            carry,
        )
        leaves, tree = jax.tree.flatten(pull)
        arguments = jax.tree.leaves((weights, constants, carry, time))
        number = {id(leaf): index for index, leaf in enumerate(arguments)}
        sources = tuple(number.get(id(leaf)) for leaf in leaves)
        derivatives.append(_Derivative(tree, sources))
        own = [leaf for leaf, at in zip(leaves, sources, strict=True) if at is None]
        return new, report, (carry, own)

    before, after, reports, stored = _loop(one, total, start, steps, last)
    residuals = (weights, constants, stored, steps, last, derivatives[-1])
    return (before, after, reports), residuals


def _vjp_backward(step, total, residuals, cotangents):
    """The gradients of weights and start, by pulling back one step after the other."""
    weights, constants, (carries, stored), steps, last, derivative = residuals
    of_before, of_after, of_reports = jax.tree.map(_filled, cotangents)

    def backward(loop):
        time, of_weights, of_carry = loop
        arguments = jax.tree.leaves((weights, constants, _read(carries, time), time))
        own = iter(_read(stored, time))
        leaves = [
            next(own) if index is None else arguments[index]
            for index in derivative.sources
        ]
        pull = jax.tree.unflatten(derivative.tree, leaves)
        of_carry = _add(of_carry, _where(last == time, of_after, zeros))
        more, of_carry = pull((of_carry, _read(of_reports, time)))
        of_carry = _add(of_carry, _where(last == time, of_before, zeros))
        return time - 1, _add(of_weights, more), of_carry

    zeros = jax.tree.map(jnp.zeros_like, of_after)
    start = (steps - 1, jax.tree.map(jnp.zeros_like, weights), zeros)
    _, of_weights, of_start = jax.lax.while_loop(
        lambda loop: loop[0] >= 0, backward, start
    )
    return of_weights, None, of_start, None, None


_unrolled = jax.custom_vjp(_without_residuals, nondiff_argnums=(0, 1))
_unrolled.defvjp(_vjp_forward, _vjp_backward, symbolic_zeros=True)


def _filled(cotangent: Any) -> Any:
    """A cotangent as an array; JAX passes a symbol for one that is zero."""
    if isinstance(cotangent, jax.custom_derivatives.SymbolicZero):
        zero: Any = cotangent
        return jnp.zeros(zero.shape, zero.dtype)
    return cotangent


def _add(tree: Tree, other: Tree) -> Tree:
    return jax.tree.map(jnp.add, tree, other)


def _where(graphs: Bool[Array, "B"], tree: Tree, other: Tree) -> Tree:
    """For each graph the entries of `tree` where `graphs` is True, else of `other`."""

    def choose(leaf, instead):
        return jnp.where(graphs.reshape(-1, *[1] * (leaf.ndim - 1)), leaf, instead)

    return jax.tree.map(choose, tree, other)


def _reserve(steps: int, leaf: Any, number: int = 0) -> Array:
    """An array with room for a leaf of each step, filled with `number`."""
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
