"""A recurrence over time, in two forms with the same values.

`scan` takes all steps, and has every derivative. `unroll` is for training: it stops
early, and its derivative does too. Its number of steps is known only when the graphs
are, and the steps after it cost nothing, forward or backward. What the derivative needs
of each step is kept; what is the same at every step, the weights above all, is kept
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
"""(weights, constants, carry, time) to the next carry and what to report."""


def scan(
    step: Step, total: int, weights: Tree, constants: Tree, start: Tree, last: Array
) -> tuple[Tree, Tree, Tree]:
    """As `unroll` with all `total` steps; gradients go to constants, too."""
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
    zero. The leading axis of every carry is that of the graphs, which end with step
    `last`, counted from 0: what a graph ends with after `steps` is zero. All weights
    and carries are floats. Raises NotImplementedError where a gradient is asked for
    that of the constants; whatever else `step` closes over must not need one.
    """
    steps = jnp.minimum(steps, total)
    return _unrolled(step, total, weights, constants, start, steps, last)


def _plain(step, total, weights, constants, start, steps, last) -> Tree:
    def one(carry, time):
        return *step(weights, constants, carry, time), []

    return _loop(one, total, start, steps, last)[:3]


def _loop(
    one: Callable, total: int, start: Tree, steps: Int[Array, ""], last: Array
) -> Tree:
    """Ends and reports, and all that a step wants kept (its third answer)."""
    _, report, wanted = jax.eval_shape(one, start, steps)
    told = jax.tree.map(functools.partial(_reserve, total), report)
    leaves, tree = jax.tree.flatten(wanted)
    # each filled with another number, or XLA makes one array and copies it for each
    kept = jax.tree.unflatten(
        tree,
        [_reserve(total, leaf, number) for number, leaf in enumerate(leaves, start=1)],
    )
    none = jax.tree.map(jnp.zeros_like, start)

    def forward(loop):
        time, carry, before, after, told, kept = loop
        new, report, wanted = one(carry, time)
        before = _where(last == time, carry, before)
        after = _where(last == time, new, after)
        told, kept = _write(told, time, report), _write(kept, time, wanted)
        return time + 1, new, before, after, told, kept

    first = (jnp.zeros_like(steps), start, none, none, told, kept)
    return jax.lax.while_loop(lambda loop: loop[0] < steps, forward, first)[2:]


@jax.tree_util.register_static
@dataclasses.dataclass(frozen=True)
class _Derivative:
    """A step's derivative without its arrays, and where each of them is found."""

    tree: Any
    known: tuple[int | None, ...]
    """The number among the step's arguments, None for what is kept of each step."""


def _keep(step, total, *arguments):
    _, constants, *_ = arguments
    if any(leaf.perturbed for leaf in jax.tree.leaves(constants)):
        raise NotImplementedError(
            "network.predict has gradients of parameters only, for training; "
            "network.apply has those of graphs, too"
        )
    weights, constants, start, steps, last = jax.tree.map(
        lambda leaf: leaf.value, arguments
    )
    pulls = []

    def one(carry, time):
        (new, report), pull = jax.vjp(
            lambda weights, carry: step(weights, constants, carry, time),
            weights,
            carry,
        )
        leaves, tree = jax.tree.flatten(pull)
        arguments = jax.tree.leaves((weights, constants, carry, time))
        number = {id(leaf): index for index, leaf in enumerate(arguments)}
        known = tuple(number.get(id(leaf)) for leaf in leaves)
        pulls.append(_Derivative(tree, known))
        own = [leaf for leaf, at in zip(leaves, known, strict=True) if at is None]
        return new, report, (carry, own)

    before, after, told, kept = _loop(one, total, start, steps, last)
    residuals = (weights, constants, kept, steps, last, pulls[-1])
    return (before, after, told), residuals


def _pull(step, total, residuals, pulled):
    weights, constants, (carries, saved), steps, last, derivative = residuals
    of_before, of_after, of_told = jax.tree.map(_filled, pulled)

    def backward(loop):
        time, of_weights, of_carry = loop
        arguments = jax.tree.leaves((weights, constants, _read(carries, time), time))
        own = iter(_read(saved, time))
        leaves = [
            next(own) if index is None else arguments[index]
            for index in derivative.known
        ]
        pull = jax.tree.unflatten(derivative.tree, leaves)
        of_carry = _add(of_carry, _where(last == time, of_after, nothing))
        more, of_carry = pull((of_carry, _read(of_told, time)))
        of_carry = _add(of_carry, _where(last == time, of_before, nothing))
        return time - 1, _add(of_weights, more), of_carry

    nothing = jax.tree.map(jnp.zeros_like, of_after)
    start = (steps - 1, jax.tree.map(jnp.zeros_like, weights), nothing)
    _, of_weights, of_start = jax.lax.while_loop(
        lambda loop: loop[0] >= 0, backward, start
    )
    return of_weights, None, of_start, None, None


_unrolled = jax.custom_vjp(_plain, nondiff_argnums=(0, 1))
_unrolled.defvjp(_keep, _pull, symbolic_zeros=True)


def _filled(cotangent: Any) -> Any:
    """A cotangent as an array, also where JAX knows that it is zero."""
    if isinstance(cotangent, jax.custom_derivatives.SymbolicZero):
        zero: Any = cotangent
        return jnp.zeros(zero.shape, zero.dtype)
    return cotangent


def _add(tree: Tree, other: Tree) -> Tree:
    return jax.tree.map(jnp.add, tree, other)


def _where(graphs: Bool[Array, "B"], tree: Tree, other: Tree) -> Tree:
    """Of each graph what the first tree holds, or else the other."""

    def choose(leaf, instead):
        return jnp.where(graphs.reshape(-1, *[1] * (leaf.ndim - 1)), leaf, instead)

    return jax.tree.map(choose, tree, other)


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
