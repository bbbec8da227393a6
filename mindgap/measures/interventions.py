"""Does the answer depend on what attention selects? Coefficients changed on the way.

A learned network may look where the program looks and not use it, or look elsewhere and
do as well. Here its own coefficients are changed at every step, of every node whose
selection is not the program's default: all put on the selected node (`forced`), taken
from it (`without`), or taken from the other node whose coefficient is nearest in size
(`control`). What is left is scaled to add up to 1. The answer's accuracy is then that
of a network that runs freely otherwise.
"""

import functools
from collections.abc import Mapping
from typing import Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mindgap import network
from mindgap.graphs import Graphs
from mindgap.language.program import GraphProgram
from mindgap.measures import faithfulness
from mindgap.network import ModelConfig, Params
from mindgap.tasks.base import Task

Treatment = Literal["forced", "without", "matched", "control"]
TREATMENTS: tuple[Treatment, ...] = ("forced", "without", "matched", "control")
ALIKE = 2.0
"""How many times as large or small a coefficient of like size may be."""


def steer(
    treatment: Treatment,
    alpha: Float[Array, "*batch N N"],
    selected: Int[Array, "*batch N"],
    active: Bool[Array, "*batch N"],
) -> Float[Array, "*batch N N"]:
    """One head's coefficients, changed for active nodes; row i is the receiver.

    Only among nodes that the receiver may attend to: where the selected node is not one
    of them, or nothing would be left, the row stays as it is.
    """
    target = jax.nn.one_hot(selected, alpha.shape[-1])
    held = (alpha * target).sum(-1, keepdims=True)
    fits = active & (held[..., 0] > 0)
    if treatment == "forced":
        return jnp.where(fits[..., None], target, alpha)
    ratio = jnp.where(alpha > 0, alpha / jnp.where(held > 0, held, 1), jnp.inf)
    off = jnp.where((target > 0) | (alpha <= 0), jnp.inf, jnp.abs(alpha - held))
    other = jax.nn.one_hot(off.argmin(-1), alpha.shape[-1])
    size = jnp.where(jnp.isinf(ratio), 0, ratio * other).sum(-1)
    like = jnp.isfinite(off.min(-1)) & (1 / ALIKE <= size) & (size <= ALIKE)
    if treatment != "without":
        fits = fits & like
    rest = alpha * (1 - (other if treatment == "control" else target))
    left = rest.sum(-1, keepdims=True)
    new = rest / jnp.where(left > 0, left, 1)
    return jnp.where((fits & (left[..., 0] > 0))[..., None], new, alpha)


@functools.partial(jax.jit, static_argnums=(0, 1, 2))
def matched_heads(
    program: GraphProgram,
    task: Task,
    model: ModelConfig,
    params: Params,
    graphs: Graphs,
) -> dict[str, Int[Array, ""]]:
    """Of each selection of the program, the head that selects most as it does.

    To be found on other graphs than those that are scored.
    """
    by_head = network.apply(task, model, params, graphs).attention
    assert by_head is not None
    found = {}
    for name, (selected, active) in faithfulness.selections(program, graphs).items():
        each = [
            jnp.nanmean(
                faithfulness.attention_accuracy(by_head[:, :, head], selected, active)
            )
            for head in range(model.heads)
        ]
        found[name] = jnp.stack(each).argmax()
    return found


@functools.partial(jax.jit, static_argnums=(0, 1, 2, 5))
def accuracies(
    program: GraphProgram,
    task: Task,
    model: ModelConfig,
    params: Params,
    graphs: Graphs,
    treatment: Treatment,
    heads: Mapping[str, Int[Array, ""]],
) -> dict[str, Float[Array, "B"]]:
    """Pointer accuracy in [0, 1] of each graph, each selection treated in turn.

    `heads` says which head stands for which selection (`matched_heads`). Raises
    ValueError for a network that takes several steps of attention for a hint.
    """
    if model.message_steps != 1:
        raise ValueError(
            f"message_steps is {model.message_steps}, but a selection belongs to one "
            "step of attention"
        )
    found = {}
    for name, (selected, active) in faithfulness.selections(program, graphs).items():

        def change(alpha, time, selected=selected, active=active, head=heads[name]):
            changed = steer(
                treatment, alpha[:, head], selected[:, time], active[:, time]
            )
            return alpha.at[:, head].set(changed)

        answers = network.predict(
            task, model, params, graphs, None, lambda *_: {}, change
        ).outputs
        (truth,) = graphs.trajectory.outputs.values()
        (said,) = answers.values()
        found[name] = (said == jnp.asarray(truth)).mean(-1)
    return found
